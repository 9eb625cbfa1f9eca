/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The equaliser: against the reference, its measure, and its text. */
#include "audio/equaliser.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../front_end.h"
#include "equaliser_golden.h"

enum { BANDS = S2VI_LMS_BANDS };

static s2vi_spectrum make_target(void)
{
    s2vi_spectrum target;
    for (int b = 0; b < BANDS; b++)
        target.db[b] = 20.0f - (float)b / 4.0f;
    return target;
}

/* As magnitudes() in tests/reference/equaliser.py. */
static double magnitude(int t, int b)
{
    const double m = ((t * 7 + b * 13 + t * b) % 29 + 1) * (b + 8) / 64.0;
    if (t < 10 || (t >= 1450 && (b < 5 || b > 8)))
        return 0.0;
    return t >= 300 && t < 320 ? m / 1024.0 : m;
}

static void make_features(int t, float *features)
{
    for (int b = 0; b < BANDS; b++)
        features[b] = (float)log(magnitude(t, b) + 0.01);
}

/* ----------------------------------------------------------- equalising -- */

/*
 * Three times the largest errors that are measured: of a gain in double, given
 * with nine digits behind the point, 5e-10 dB; of a feature, rounded to float,
 * 2.4e-7.
 */
static const double GAIN_ERROR = 3 * 5e-10, FEATURE_ERROR = 3 * 2.4e-7;

static void compare(int p, const double *gain, const float *features)
{
    for (int b = 0; b < BANDS; b++) {
        const double g = golden_gain[p * BANDS + b];
        const double x = golden_feature[p * BANDS + b];
        CHECK(fabs(gain[b] - g) <= GAIN_ERROR,
              "frame %d, band %d: %.9f dB, expected %.9f", place[p], b, gain[b],
              g);
        CHECK(fabs((double)features[b] - x) <= FEATURE_ERROR,
              "frame %d, band %d: %.9f, expected %.9f", place[p], b,
              (double)features[b], x);
    }
}

/* Twice: starting anew forgets. */
static void test_golden(void)
{
    const s2vi_spectrum target = make_target();
    s2vi_equaliser e;
    for (int turn = 0; turn < 2; turn++) {
        s2vi_equaliser_start(&e, &target);
        for (int t = 0, p = 0; t < FRAMES; t++) {
            float features[BANDS];
            double gain[BANDS];
            make_features(t, features);
            s2vi_equaliser_apply(&e, features, gain);
            if (t == place[p])
                compare(p++, gain, features);
        }
    }
}

/* Sound of the target's spectrum stays as it is, at any loudness, and so does
 * silence. */
static void test_same(void)
{
    const s2vi_spectrum target = make_target();
    for (int db = -40; db <= 40; db += 20) {
        s2vi_equaliser e;
        s2vi_equaliser_start(&e, &target);
        for (int t = 0; t < 1500; t++) {
            float features[BANDS], silence = (float)log(0.01);
            for (int b = 0; b < BANDS; b++)
                features[b] =
                    t % 3 ? (float)log(pow(10.0, (target.db[b] + db) / 20.0) +
                                       0.01)
                          : silence;
            float same[BANDS];
            memcpy(same, features, sizeof(same));
            s2vi_equaliser_apply(&e, features, NULL);
            for (int b = 0; b < BANDS; b++)
                CHECK(fabsf(features[b] - same[b]) < 2e-6f,
                      "%d dB, frame %d, band %d: %g becomes %g", db, t, b,
                      (double)same[b], (double)features[b]);
        }
    }
}

/* Whatever is heard, features are numbers and gains have their bounds: 22 dB
 * and a half, a third and a quarter of it, and the common factor. */
static void test_extremes(void)
{
    static const float values[] = {-4.7f, -4.6f, 0.0f, 70.0f, 80.0f};
    const s2vi_spectrum target = make_target();
    s2vi_equaliser e;
    uint32_t state = 1;
    s2vi_equaliser_start(&e, &target);
    for (int t = 0; t < 20000; t++) {
        float features[BANDS];
        double gain[BANDS], least = 1e9, most = -1e9;
        for (int b = 0; b < BANDS; b++) {
            state = state * 1664525u + 1013904223u;
            features[b] = values[(state >> 16) % 5];
        }
        s2vi_equaliser_apply(&e, features, gain);
        for (int b = 0; b < BANDS; b++) {
            CHECK(isfinite(features[b]), "frame %d, band %d: %g", t, b,
                  (double)features[b]);
            least = fmin(least, gain[b]);
            most = fmax(most, gain[b]);
        }
        CHECK(most - least <= 2.0 * 22.0 * (1.0 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4),
              "frame %d: gains from %g to %g dB", t, least, most);
    }
}

/* No jump where a sound becomes 24 dB brighter. */
static void test_slow(void)
{
    const s2vi_spectrum target = make_target();
    s2vi_equaliser e;
    double gain[BANDS], most = 0.0;
    s2vi_equaliser_start(&e, &target);
    for (int t = 0; t < 1200; t++) {
        const s2vi_equaliser last = e;
        float features[BANDS];
        for (int b = 0; b < BANDS; b++) {
            const double tilt = t < 200 ? 0.0 : 24.0 * b / BANDS;
            features[b] =
                (float)log(pow(10.0, (target.db[b] + tilt) / 20.0) + 0.01);
        }
        s2vi_equaliser_apply(&e, features, gain);
        for (int k = 0; k < S2VI_EQUALISER_COSINES; k++)
            most = fmax(most, fabs(e.amplitude[k] - last.amplitude[k]));
    }
    CHECK(gain[0] - gain[BANDS - 1] > 15.0,
          "gains from %g to %g dB: the sound is not equalised", gain[0],
          gain[BANDS - 1]);
    CHECK(most > 0.4 && most <= 0.5 + 1e-12, "a cosine changes by %g dB", most);
}

/* ------------------------------------------------------------ measuring -- */

static void test_measure(void)
{
    enum { N = 40 };
    static float rows[N * BANDS];
    s2vi_spectrum spectrum;
    for (int t = 0; t < N; t++) /* a quarter is faint; a band is empty */
        for (int b = 0; b < BANDS; b++) {
            const double m = t % 4 == 0 ? 1e-3 : t % 4 + b;
            rows[t * BANDS + b] = (float)log((b == 9 ? 0.0 : m) + 0.01);
        }
    const s2vi_feature_rows parts[2] = {{rows, 10},
                                        {rows + 10 * BANDS, N - 10}};
    s2vi_spectrum_measure(&spectrum, parts, 2);
    for (int b = 0; b < BANDS; b++) {
        const double x = b + 1.0, y = b + 2.0, z = b + 3.0;
        double expected = 10.0 * log10((x * x + y * y + z * z) / 3.0);
        if (b == 9) {
            const double top = (64.0 * 64.0 + 65.0 * 65.0 + 66.0 * 66.0) / 3.0;
            expected = 10.0 * log10(top) - 50.0;
        }
        CHECK(fabs((double)spectrum.db[b] - expected) < 1e-5,
              "band %d: %.6f dB, expected %.6f", b, (double)spectrum.db[b],
              expected);
    }
    float silence[BANDS];
    for (int b = 0; b < BANDS; b++)
        silence[b] = (float)log(0.01);
    s2vi_spectrum_measure(&spectrum, &(s2vi_feature_rows){silence, 1}, 1);
    for (int b = 0; b < BANDS; b++)
        CHECK(isfinite(spectrum.db[b]), "silence: %g dB",
              (double)spectrum.db[b]);
}

/* ----------------------------------------------------------------- text -- */

static void test_text(void)
{
    s2vi_spectrum spectrum = make_target(), again;
    s2v_error err;
    spectrum.db[3] = -12.3456f;
    char *text = s2vi_spectrum_text(&spectrum);
    CHECK(text && !strncmp(text, "[20.0,19.75,19.5,-12.35,19.0,", 29), "'%s'",
          text);
    CHECK(s2vi_spectrum_parse(&again, text, &err) == S2V_OK, "%s", err.message);
    for (int b = 0; b < BANDS; b++)
        CHECK(fabsf(again.db[b] - spectrum.db[b]) <= 0.005001f,
              "band %d: %g, expected %g", b, (double)again.db[b],
              (double)spectrum.db[b]);
    free(text);
}

static void refused(const char *text, const char *says)
{
    s2vi_spectrum spectrum;
    s2v_error err = {0};
    int ret = s2vi_spectrum_parse(&spectrum, text, &err);
    CHECK(ret == S2V_ERR_MODEL && !strcmp(err.message, says),
          "'%s': status %d, \"%s\", expected \"%s\"", text, ret, err.message,
          says);
}

static void test_refused(void)
{
    static const char *const entry[] = {"1e9", "\"a\"", "null", "-301"};
    refused("", "'s2v.spectrum': expected a JSON list of 64 numbers, found ''");
    refused("{}",
            "'s2v.spectrum': expected a JSON list of 64 numbers, found '{}'");
    refused("[1,2]", "'s2v.spectrum': expected a JSON list of 64 numbers, "
                     "found '[1,2]'");
    for (size_t i = 0; i < sizeof(entry) / sizeof(*entry); i++) {
        char text[400] = "[0";
        for (int b = 1; b < BANDS; b++) {
            strcat(text, ",");
            strcat(text, b == 5 ? entry[i] : "0");
        }
        strcat(text, "]");
        refused(text,
                "'s2v.spectrum': entry 5 is not a number of dB from -300 to "
                "300");
    }
}

int main(void)
{
    test_golden();
    test_same();
    test_extremes();
    test_slow();
    test_measure();
    test_text();
    test_refused();
    return check_done();
}
