/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How training hears: one level, and gains drawn for each stretch. */
#include "check.h"
#include "hearing.h"

#include <math.h>

enum { SIZE = 4, T = 8, FRAMES = 400, BANDS = S2VI_LMS_BANDS };

/* A second clip is the first one's sound, ten times as loud. */
static s2vi_clip *make_clip(int64_t frames, double gain)
{
    s2vi_clip *c = calloc(1, sizeof(*c));
    c->size = SIZE;
    c->frames = frames;
    c->samples = frames * S2VI_LMS_STEP + S2VI_CLIP_LOOK_AHEAD;
    c->rgb = calloc((size_t)frames, SIZE * SIZE * 3);
    c->sound = malloc((size_t)c->samples * sizeof(*c->sound));
    unsigned state = 1;
    for (int64_t i = 0; i < c->samples; i++) {
        state = state * 1664525u + 1013904223u;
        c->sound[i] = (float)(gain * ((double)(state >> 16) / 32768.0 - 1.0));
    }
    c->path = strdup("clip");
    return c;
}

static void make(s2vi_dataset *data, double first, double second)
{
    *data = (s2vi_dataset){0};
    for (int i = 0; i < 2; i++) {
        s2vi_clip *c = make_clip(FRAMES, i ? second : first);
        s2vi_dataset_add(data, &c, NULL);
    }
    s2vi_dataset_split(data, 0.75, T, NULL);
}

static double mean_of(const float *rows, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n * BANDS; i++)
        sum += rows[i];
    return sum / (double)(n * BANDS);
}

/* Both clips end at the loudness of the two together; what is held out, too. */
static void test_level(void)
{
    s2vi_dataset data;
    s2vi_hearing h = {.levelled = true};
    make(&data, 0.02, 0.2);
    CHECK(!s2vi_hearing_prepare(&h, &data, NULL), "prepare");
    /* The louder one alone counts, the other is 20 LU below it: white noise of
     * 0.2 sqrt(1/3) has -18.75 dB, and K-weighting at 16 kHz adds 2.6 LU. */
    CHECK(fabs(h.level + 16.1) < 0.5, "%g LUFS", h.level);
    const double a = mean_of(data.clip[0].features + 200 * BANDS, 200);
    const double b = mean_of(data.clip[1].features + 200 * BANDS, 200);
    CHECK(fabs(a - b) < 0.02, "%g and %g", a, b);
    s2vi_dataset_close(&data);
}

/* A session that hears what was trained on has next to nothing to equalise. */
static void test_average(void)
{
    s2vi_dataset data;
    s2vi_hearing h = {
        .levelled = true, .level_jitter = 6, .spectrum_jitter = 6};
    s2vi_equaliser equaliser;
    double gain[BANDS] = {0};
    make(&data, 0.02, 0.2);
    CHECK(!s2vi_hearing_prepare(&h, &data, NULL), "prepare");
    s2vi_equaliser_start(&equaliser, &h.spectrum);
    for (int t = 0; t < FRAMES; t++)
        s2vi_equaliser_apply(&equaliser, data.clip[0].features + t * BANDS,
                             gain);
    for (int b = 0; b < BANDS; b++)
        CHECK(fabs(gain[b]) < 0.3, "band %d: %g dB", b, gain[b]);
    s2vi_dataset_close(&data);
}

static void test_silence(void)
{
    s2vi_dataset data;
    s2v_error err;
    s2vi_hearing h = {.levelled = true};
    make(&data, 0, 0);
    CHECK(s2vi_hearing_prepare(&h, &data, &err) == S2V_ERR_INVALID, "silence");
    CHECK(strstr(err.message, "is silent (below -70 LUFS)"), "%s", err.message);
    s2vi_dataset_close(&data);
}

/* A bright clip and a dull one are equalised towards each other, with gains
 * drawn or without. */
static void test_equalised(void)
{
    s2vi_dataset data;
    double brightness[2][2]; /* with nearly no gains, none; clips */
    for (int i = 0; i < 2; i++) {
        s2vi_hearing h = {.levelled = true, .level_jitter = i ? 0 : 1e-9};
        make(&data, 0.2, 0.2);
        float *dull = data.clip[1].clip->sound;
        for (int64_t k = data.clip[1].clip->samples - 1; k > 0; k--)
            dull[k] = 0.5f * (dull[k] + dull[k - 1]);
        CHECK(!s2vi_hearing_prepare(&h, &data, NULL), "prepare");
        for (int c = 0; c < 2; c++) {
            const s2vi_sequence s = {.from = &data.clip[c], .frame = 200};
            float f[T * BANDS];
            s2vi_hearing_features(&h, &s, 0, T, f, NULL);
            brightness[i][c] = 0;
            for (int k = 0; k < T * BANDS; k++)
                brightness[i][c] +=
                    f[k] * (k % BANDS < BANDS / 2 ? -1 : 1) / (T * BANDS / 2);
        }
        s2vi_dataset_close(&data);
    }
    for (int i = 0; i < 2; i++)
        CHECK(fabs(brightness[i][0] - brightness[i][1]) < 0.1, "%g and %g",
              brightness[i][0], brightness[i][1]);
}

/* Without a level and gains, features are the clips' own to the bit. */
static void test_plain(void)
{
    s2vi_dataset data;
    s2vi_hearing h = {0};
    float out[T * BANDS];
    make(&data, 0.02, 0.2);
    CHECK(!s2vi_hearing_prepare(&h, &data, NULL), "prepare");
    const s2vi_sequence s = {&data.clip[0], 16, false};
    CHECK(!s2vi_hearing_features(&h, &s, 0, T, out, NULL), "features");
    CHECK(!memcmp(out, data.clip[0].features + 16 * BANDS, sizeof(out)),
          "the clip's own");
    s2vi_dataset_close(&data);
}

/* Gains are those of the place, within their bounds, and all over them. */
static void test_gains(void)
{
    s2vi_dataset data;
    s2vi_hearing h = {.level_jitter = 6, .seed = 3};
    float out[T * BANDS], again[T * BANDS];
    double least = INFINITY, most = -INFINITY;
    make(&data, 0.2, 0.2);
    CHECK(!s2vi_hearing_prepare(&h, &data, NULL), "prepare");
    const s2vi_sequence s = {&data.clip[0], 16, false};
    const float *own = data.clip[0].features + 16 * BANDS;
    for (uint64_t place = 0; place < 64; place++) {
        s2vi_hearing_features(&h, &s, place, T, out, NULL);
        s2vi_hearing_features(&h, &s, place, T, again, NULL);
        CHECK(!memcmp(out, again, sizeof(out)), "the same again");
        /* The sound is far above the logarithm's floor of 0.01. */
        const double db =
            20.0 / log(10.0) * (mean_of(out, T) - mean_of(own, T));
        least = fmin(least, db);
        most = fmax(most, db);
    }
    CHECK(least > -6.05 && least < -5, "%g dB", least);
    CHECK(most < 6.05 && most > 5, "%g dB", most);
    s2vi_dataset_close(&data);
}

/* The tilt: bands at either end go opposite ways, by at most 6 dB and what the
 * finer curves add. */
static void test_spectrum(void)
{
    s2vi_dataset data;
    s2vi_hearing h = {.spectrum_jitter = 6, .seed = 3};
    float out[T * BANDS];
    double opposite = 0, most = 0;
    make(&data, 0.2, 0.2);
    CHECK(!s2vi_hearing_prepare(&h, &data, NULL), "prepare");
    const s2vi_sequence s = {&data.clip[0], 16, false};
    const float *own = data.clip[0].features + 16 * BANDS;
    for (uint64_t place = 0; place < 64; place++) {
        s2vi_hearing_features(&h, &s, place, T, out, NULL);
        const double low = out[0] - own[0];
        const double high = out[BANDS - 1] - own[BANDS - 1];
        opposite += low * high < 0;
        most = fmax(most, fabs(low));
    }
    CHECK(opposite > 40, "%g of 64", opposite);
    CHECK(most > 0.69 && most < 12.5 * log(10.0) / 20, "%g", most);
    s2vi_dataset_close(&data);
}

/* The range covers what is heard, and no more than the gains allow. */
static void test_range(void)
{
    s2vi_dataset data;
    s2vi_hearing plain = {0}, h = {.level_jitter = 6, .seed = 3};
    make(&data, 0.2, 0.2);
    s2vi_hearing_prepare(&plain, &data, NULL);
    s2vi_hearing_prepare(&h, &data, NULL);
    const double six = 6 * log(10.0) / 20;
    for (int b = 0; b < BANDS; b++) {
        const double up = h.range.high[b] - plain.range.high[b];
        const double down = plain.range.low[b] - h.range.low[b];
        CHECK(up > 0.2 && up < six + 0.1, "band %d: %g", b, up);
        CHECK(down > 0.2 && down < six + 0.3, "band %d: %g", b, down);
    }
    s2vi_dataset_close(&data);
}

/* Any number of threads hears the same. */
static void test_threads(void)
{
    enum { CLIPS = 5 };
    s2vi_dataset data[2];
    s2vi_hearing h[2];
    for (int k = 0; k < 2; k++) {
        data[k] = (s2vi_dataset){.threads = k ? 3 : 1};
        h[k] = (s2vi_hearing){.levelled = true,
                              .level_jitter = 6,
                              .spectrum_jitter = 6,
                              .normalised = true};
        for (int i = 0; i < CLIPS; i++) {
            s2vi_clip *c = make_clip(FRAMES - 7 * i, 0.05 * (i + 1));
            s2vi_dataset_add(&data[k], &c, NULL);
        }
        s2vi_dataset_split(&data[k], 0.9, T, NULL);
        CHECK(!s2vi_hearing_prepare(&h[k], &data[k], NULL), "prepare");
    }
    CHECK(!memcmp(&h[0].range, &h[1].range, sizeof(h[0].range)), "range");
    CHECK(h[0].level == h[1].level, "level");
    for (int i = 0; i < CLIPS; i++) {
        const s2vi_dataset_clip *a = &data[0].clip[i], *b = &data[1].clip[i];
        const size_t n = (size_t)(a->clip->frames * BANDS) * sizeof(float);
        CHECK(!memcmp(a->features, b->features, n), "features of clip %d", i);
        CHECK(!memcmp(a->gain, b->gain, n), "gains of clip %d", i);
    }
    s2vi_dataset_close(&data[0]);
    s2vi_dataset_close(&data[1]);
}

int main(void)
{
    test_threads();
    test_level();
    test_average();
    test_silence();
    test_equalised();
    test_plain();
    test_gains();
    test_spectrum();
    test_range();
    return check_done();
}
