/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MCD, timbre and onsets against NumPy's (tests/reference/sound_measures.py),
 * and what they must be on sounds that need no computation. */
#include "measure/onsets.h"
#include "measure/ringing.h"
#include "measure/timbre.h"

#include "check.h"
#include "sound_golden.h"

#include <math.h>

enum { BANDS = S2VI_FOLEY_MEL_BANDS, RATE = S2VI_FOLEY_RATE };

static int below(uint32_t *state, int n)
{
    *state = *state * 1664525u + 1013904223u;
    return (int)(*state >> 16) % n;
}

/* As mel() of the Python file. */
static void make_mel(uint32_t seed, float *mel)
{
    uint32_t state = seed;
    for (int t = 0; t < COLUMNS; t++)
        for (int b = 0; b < BANDS; b++) {
            int v = 120 + (int)(seed % 7) * b / 3 + 3 * (t < 20 ? t : 20) +
                    below(&state, 60);
            v = t % 10 == 9 ? 0 : t % 10 == 8 ? v / 8 : v;
            *mel++ = (float)(v < 255 ? v : 255) / 256;
        }
}

static void test_mcd(const float *a, const float *b)
{
    static float louder[COLUMNS * BANDS], softer[COLUMNS * BANDS];
    double found = s2vi_mcd(a, b, COLUMNS);
    CHECK(fabs(found - golden_mcd) < 1e-9, "%.12f, expected %.12f", found,
          golden_mcd);
    CHECK(s2vi_mcd(a, a, COLUMNS) == 0, "%g", s2vi_mcd(a, a, COLUMNS));
    CHECK(s2vi_mcd(b, a, COLUMNS) == found, "not symmetric");
    CHECK(isnan(s2vi_mcd(a, b, 0)), "of nothing: %g", s2vi_mcd(a, b, 0));
    for (int i = 0; i < COLUMNS * BANDS; i++) {
        softer[i] = a[i] / 2;
        louder[i] = softer[i] + 0.25f;
    }
    found = s2vi_mcd(softer, louder, COLUMNS);
    CHECK(found < 1e-4, "of loudness alone: %g", found);
}

static void test_timbre(const float *a, const float *b)
{
    static const float silence[COLUMNS * BANDS];
    static float softer[COLUMNS * BANDS];
    s2vi_timbre ta, tb, ts, none;
    s2vi_timbre_of_mel(&ta, a, COLUMNS);
    s2vi_timbre_of_mel(&tb, b, COLUMNS);
    CHECK(ta.columns == SOUNDING, "%zu columns", ta.columns);
    for (int i = 0; i < BANDS; i++)
        CHECK(fabs(ta.mean[i] - golden_mean[i]) < 1e-8 &&
                  fabs(ta.deviation[i] - golden_deviation[i]) < 1e-8,
              "band %d: %.9f, %.9f", i, ta.mean[i], ta.deviation[i]);
    CHECK(fabs(s2vi_timbre_cosine(&ta, &tb) - golden_cosine) < 1e-9, "%.12f",
          s2vi_timbre_cosine(&ta, &tb));
    CHECK(fabs(s2vi_timbre_distance(&ta, &tb) - golden_distance) < 1e-9,
          "%.12f", s2vi_timbre_distance(&ta, &tb));
    CHECK(fabs(s2vi_timbre_cosine(&ta, &ta) - 1) < 1e-12 &&
              s2vi_timbre_distance(&ta, &ta) == 0,
          "of a sound and itself");
    for (int i = 0; i < COLUMNS * BANDS; i++)
        softer[i] = a[i] > 0.2f ? a[i] - 0.1f : a[i]; /* 10 dB */
    s2vi_timbre_of_mel(&ts, softer, COLUMNS);
    CHECK(fabs(s2vi_timbre_cosine(&ta, &ts) - 1) < 1e-4 &&
              s2vi_timbre_distance(&ta, &ts) < 1e-4,
          "of a level: %g, %g", s2vi_timbre_cosine(&ta, &ts),
          s2vi_timbre_distance(&ta, &ts));
    s2vi_timbre_of_mel(&none, silence, COLUMNS);
    CHECK(none.columns == 0 && isnan(s2vi_timbre_cosine(&ta, &none)) &&
              isnan(s2vi_timbre_distance(&none, &ta)),
          "of silence: %zu", none.columns);
}

/* -------------------------------------------------------------- onsets -- */

/* As onsets() of the Python file, in seconds. */
static size_t make_onsets(uint32_t seed, double *times)
{
    uint32_t state = seed;
    const int n = below(&state, 25);
    int at = 0;
    for (int i = 0; i < n; i++) {
        at += 1 + below(&state, 90);
        times[i] = at / 1000.0;
    }
    return (size_t)n;
}

static void test_matching(void)
{
    s2vi_onset_score all = {0};
    size_t pairs = 0;
    for (uint32_t i = 0; i < 60; i++) {
        double a[25], b[25];
        const s2vi_onsets truth = {a, make_onsets(2 * i, a)};
        const s2vi_onsets found = {b, make_onsets(2 * i + 1, b)};
        s2vi_onset_score one = {0};
        /* Whole milliseconds: what is exactly at the edge counts. */
        s2vi_onset_match(&one, &truth, &found, 0.05 + 1e-9);
        s2vi_onset_match(&all, &truth, &found, 0.05 + 1e-9);
        CHECK(one.matched == (size_t)golden_pairs[i], "lists %u: %zu pairs", i,
              one.matched);
        CHECK(one.truth == truth.count && one.found == found.count, "counts");
        pairs += one.matched;
    }
    CHECK(all.matched == pairs, "pooled: %zu pairs of %zu", all.matched, pairs);
}

static void test_scores(void)
{
    double a[] = {1, 2, 3, 4}, b[] = {1.01, 2.97, 3.5};
    const s2vi_onsets truth = {a, 4}, found = {b, 3}, none = {NULL, 0};
    s2vi_onset_score s = {0}, t = {0}, u = {0};
    s2vi_onset_match(&s, &truth, &found, S2VI_ONSET_TOLERANCE);
    CHECK(s.matched == 2 && s2vi_onset_precision(&s) == 2 / 3.0 &&
              s2vi_onset_recall(&s) == 0.5 && s2vi_onset_f1(&s) == 4 / 7.0,
          "%zu, %g, %g, %g", s.matched, s2vi_onset_precision(&s),
          s2vi_onset_recall(&s), s2vi_onset_f1(&s));
    CHECK(fabs(s.early - 0.02) < 1e-12 && fabs(s.off - 0.04) < 1e-12, "%g, %g",
          s.early, s.off);
    s2vi_onset_match(&t, &truth, &none, 1);
    CHECK(isnan(s2vi_onset_precision(&t)) && s2vi_onset_recall(&t) == 0 &&
              s2vi_onset_f1(&t) == 0,
          "nothing found");
    s2vi_onset_match(&u, &none, &none, 1);
    CHECK(isnan(s2vi_onset_f1(&u)), "nothing at all: %g", s2vi_onset_f1(&u));
}

/* Bursts of noise in silence, and none in a steady tone. */
static void test_detection(void)
{
    static const double at[] = {0.1, 0.5, 0.62, 1.3};
    static float x[2 * RATE];
    uint32_t state = 3;
    for (int i = 0; i < 2 * RATE; i++) {
        x[i] = 0;
        for (int k = 0; k < 4; k++) {
            const double t = i / (double)RATE - at[k];
            if (t >= 0)
                x[i] += (float)((below(&state, 2001) / 1000.0 - 1) * 0.3 *
                                exp(-t / 0.01));
        }
    }
    s2vi_onsets found;
    CHECK(!s2vi_onsets_of_sound(&found, x, 2 * RATE, NULL), "no memory");
    CHECK(found.count == 4, "%zu onsets", found.count);
    for (size_t i = 0; i < found.count && i < 4; i++)
        CHECK(fabs(found.times[i] - at[i]) < 0.002, "%g, expected %g",
              found.times[i], at[i]);
    s2vi_onsets_free(&found);
    CHECK(!found.times && !found.count, "free leaves the list");
    for (int i = 0; i < 2 * RATE; i++)
        x[i] = (float)(0.3 * sin(i * 0.2) + 0.1 * sin(i * 0.71));
    s2vi_onsets_of_sound(&found, x, 2 * RATE, NULL);
    CHECK(found.count == 0, "%zu onsets in a steady tone", found.count);
    s2vi_onsets_free(&found);
    for (size_t n = 0; n < 1500; n += 499) {
        CHECK(!s2vi_onsets_of_sound(&found, x, n, NULL) && !found.count,
              "%zu samples: %zu onsets", n, found.count);
        s2vi_onsets_free(&found);
    }
}

/* A faint stroke, and one of three partials that decay in 0.8 s. */
static void test_ringing(void)
{
    static float x[2 * RATE];
    static const double partial[] = {1234, 440, 3000};
    s2vi_ringing r, other = {.count = 1};
    for (int i = 0; i < 2 * RATE; i++) {
        const double t = (double)i / RATE - 0.8, early = t + 0.5;
        const double fall = t < 0 ? 0 : pow(10, -3 * t / 0.8);
        x[i] = (float)(early < 0 ? 0 : 0.02 * exp(-50 * early) * sin(5000 * t));
        for (int k = 0; k < 3; k++)
            x[i] += (float)(fall * (0.5 - 0.15 * k) *
                            sin(6.283185307 * partial[k] * t));
    }
    CHECK(!s2vi_ringing_of_sound(&r, x, 2 * RATE, NULL) && r.count == 3,
          "%d partials", r.count);
    for (int k = 0; k < 3; k++)
        CHECK(fabs(r.partial[k] / partial[k] - 1) < 1e-3, "%g Hz, expected %g",
              r.partial[k], partial[k]);
    CHECK(fabs(r.decay / 0.8 - 1) < 0.05, "decays in %g s", r.decay);
    other.partial[0] = 440 * 1.029;
    CHECK(s2vi_ringing_same_pitch(&other, &r), "2.9 %% off");
    other.partial[0] = 440 * 1.032;
    CHECK(!s2vi_ringing_same_pitch(&other, &r), "3.2 %% off");
    for (int i = 0; i < 2 * RATE; i++)
        x[i] = 0;
    CHECK(!s2vi_ringing_of_sound(&r, x, 2 * RATE, NULL) && !r.count &&
              isnan(r.decay),
          "silence rings");
    CHECK(!s2vi_ringing_same_pitch(&r, &other), "of silence");
    CHECK(!s2vi_ringing_of_sound(&r, x, 0, NULL) && !r.count, "of nothing");
}

int main(void)
{
    static float a[COLUMNS * BANDS], b[COLUMNS * BANDS];
    make_mel(5, a);
    make_mel(9, b);
    test_mcd(a, b);
    test_timbre(a, b);
    test_matching();
    test_scores();
    test_detection();
    test_ringing();
    return check_done();
}
