/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The leveller: against the reference, and the streaming contract. */
#include "audio/level.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../front_end.h"
#include "../worst.h"
#include "level_golden.h"

enum { STEP = S2VI_LEVEL_STEP, SECOND = S2VI_LEVEL_RATE };

static const double TARGET = -23.0;

/* As signal() in tests/reference/level.py. */
static void make_signal(float *x)
{
    uint32_t state = 1;
    for (int i = 0; i < LENGTH; i++) {
        state = state * 1664525u + 1013904223u;
        const int noise = (int)(state >> 16) - 32768,
                  tone = sine[i * 64 % 1024];
        const double t = i / (double)SECOND;
        double v = 0.0;
        if (t >= 1.2 && t < 1.5)
            v = floor(noise / 8192.0);
        else if (t >= 1.5 && t < 5.0)
            v = floor(tone / 64.0);
        else if ((t >= 5.0 && t < 6.0) || (t >= 8.0 && t < 17.0))
            v = noise;
        else if (t >= 19.0 && t < 28.0)
            v = floor(tone / 16.0);
        else if (t >= 28.0 && t < 34.0)
            v = i / 64 % 2 ? -32768 : 32767;
        else if (t >= 34.0 && t < 50.0)
            v = floor(noise / (i / SECOND % 2 ? 2.0 : 512.0));
        else if (t >= 50.0)
            v = floor(noise / 128.0);
        x[i] = (float)(v / 32768.0);
    }
}

static s2vi_level *new_level(double target)
{
    s2vi_level *level = NULL;
    if (s2vi_level_create(&level, target, NULL) < 0) {
        fprintf(stderr, "no memory\n");
        exit(2);
    }
    return level;
}

static uint32_t next_random(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)*state * below >> 32);
}

/* The steps of x in pieces (0: random ones); samples got. `gain`, where wanted,
 * has one for each step. */
static size_t stream(s2vi_level *level, const float *x, size_t n, size_t piece,
                     float *out, double *gain)
{
    size_t have = 0, m;
    uint32_t state = 7;
    for (size_t i = 0, take; i < n; i += take) {
        take = piece ? piece : 1 + next_random(&state, 3000);
        take = take < n - i ? take : n - i;
        const float *at = x + i;
        size_t left = take;
        while ((m = s2vi_level_send(level, &at, &left, out + have)) > 0) {
            CHECK(m == STEP, "%zu samples", m);
            if (gain)
                gain[have / STEP] = s2vi_level_gain(level);
            have += m;
        }
        CHECK(!left && at == x + i + take, "%zu of %zu are left", left, take);
        CHECK(have == (i + take) / STEP * STEP, "%zu samples of %zu", have,
              i + take);
    }
    m = s2vi_level_drain(level, out + have);
    CHECK(m == n % STEP, "drained: %zu samples", m);
    if (gain && m)
        gain[have / STEP] = s2vi_level_gain(level);
    return have + m;
}

/* --------------------------------------------------------------- golden -- */

/*
 * Three times the largest errors that are measured. A gain is computed in
 * double on both sides, and the file has ten digits behind the point: 5e-11 dB.
 * A sample is rounded to float, by 2^-24 of it at the most, 6e-8.
 */
static const double GAIN_ERROR = 3 * 5.3e-11, SAMPLE_ERROR = 3 * 6e-8;

/* As places() in tests/reference/level.py. */
static bool is_place(int step, int steps)
{
    return step < 100 || step % 50 == 17 || step == steps - 1;
}

static void test_golden(const float *x)
{
    static float out[LENGTH + STEP];
    static double gain[LENGTH / STEP + 1];
    double worst_gain = 0.0, worst_sample = 0.0;
    int place = 0;
    for (int r = 0; r < RUNS; r++) {
        const int n = runs[r][2], steps = (n + STEP - 1) / STEP;
        s2vi_level *level = new_level(runs[r][0]);
        stream(level, x + runs[r][1], (size_t)n, (size_t)n, out, gain);
        for (int k = 0; k < steps; k++) {
            if (!is_place(k, steps))
                continue;
            const int i = STEP * k + 7 * k % STEP;
            const double y = out[i < n ? i : n - 1];
            const double g = golden_gain[place], s = golden_sample[place++];
            const double off = fabs(gain[k] - g), wrong = fabs(y - s);
            CHECK(off <= GAIN_ERROR,
                  "run %d, step %d: gain %.10f, expected "
                  "%.10f",
                  r, k, gain[k], g);
            CHECK(wrong <= SAMPLE_ERROR * fabs(s),
                  "run %d, step %d: %.9g, "
                  "expected %.9g",
                  r, k, y, s);
            worst_gain = worse(worst_gain, off);
            if (s != 0.0)
                worst_sample = worse(worst_sample, wrong / fabs(s));
        }
        s2vi_level_close(&level);
        CHECK(!level, "close leaves the pointer");
    }
    CHECK(place == PLACES, "%d places, expected %d", place, PLACES);
    s2vi_level *none = NULL;
    s2vi_level_close(&none);
    printf("golden: largest error of a gain %.2g dB, of a sample %.2g of it\n",
           worst_gain, worst_sample);
}

/* ------------------------------------------------------------ streaming -- */

static void test_chunks(const float *x)
{
    static const size_t pieces[] = {1, 7, 80, 333, 16000, 0};
    static float whole[LENGTH + STEP], out[LENGTH + STEP];
    s2vi_level *level = new_level(TARGET);
    CHECK(s2vi_level_clip(x, LENGTH, TARGET, whole) == S2V_OK, "clip");
    for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
        memset(out, 0x55, sizeof(out));
        size_t n = stream(level, x, LENGTH, pieces[p], out, NULL);
        CHECK(n == LENGTH, "pieces of %zu: %zu samples", pieces[p], n);
        CHECK(!memcmp(out, whole, LENGTH * sizeof(*out)),
              "pieces of %zu: other bytes", pieces[p]);
        s2vi_level_flush(level);
    }
    s2vi_level_close(&level);
}

/* Lengths around a step, a hop and a block; what came before stays as it is. */
static void test_lengths(const float *x)
{
    static const size_t lengths[] = {0,    1,    79,   80,   81,    1599, 1600,
                                     1601, 6399, 6400, 6401, 16000, 16079};
    static float whole[16080 + STEP], out[16080 + STEP];
    const float *loud = x + 4 * SECOND;
    s2vi_level *level = new_level(TARGET);
    s2vi_level_clip(loud, 16080, TARGET, whole);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        const size_t n = lengths[i], steps = n / STEP * STEP;
        size_t got = stream(level, loud, n, 100, out, NULL);
        CHECK(got == n, "%zu samples of %zu", got, n);
        CHECK(!memcmp(out, whole, steps * sizeof(*out)),
              "%zu samples: the whole steps differ", n);
        float factor = (float)pow(10.0, s2vi_level_gain(level) / 20.0);
        for (size_t k = steps; k < n; k++)
            CHECK(fabsf(out[k] - loud[k] * factor) <= 2e-7f * fabsf(out[k]),
                  "%zu samples, the rest: %.9g, expected %.9g", n,
                  (double)out[k], (double)(loud[k] * factor));
        CHECK(!s2vi_level_drain(level, out), "a second drain gives more");
        s2vi_level_flush(level);
    }
    s2vi_level_close(&level);
}

/* In mid-step, in mid-stream, and after a drain; twice is once. */
static void test_flush(const float *x)
{
    enum { N = 12 * SECOND + 31 };
    static float fresh[N + STEP], out[N + STEP];
    static const size_t before[] = {0, 13, 5 * SECOND + 40, 30 * SECOND};
    s2vi_level_clip(x, N, TARGET, fresh);
    s2vi_level *level = new_level(TARGET);
    for (size_t i = 0; i < 2 * sizeof(before) / sizeof(*before); i++) {
        const float *at = x + 3 * SECOND;
        size_t n = before[i / 2];
        while (s2vi_level_send(level, &at, &n, out))
            ;
        if (i % 2)
            s2vi_level_drain(level, out);
        s2vi_level_flush(level);
        CHECK(s2vi_level_gain(level) == 0.0, "a gain of %g dB after the flush",
              s2vi_level_gain(level));
        if (i % 2)
            s2vi_level_flush(level);
        stream(level, x, N, 1000, out, NULL);
        CHECK(!memcmp(out, fresh, N * sizeof(*out)),
              "other bytes after %zu samples and a flush", before[i / 2]);
        s2vi_level_flush(level);
    }
    s2vi_level_close(&level);
}

static void test_not_finite(const float *x)
{
    enum { N = 12 * SECOND };
    static float dirty[N], clean[N], a[N + STEP], b[N + STEP];
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < N; i++) {
        dirty[i] = i % 11 ? x[i] : bad[i % 3];
        clean[i] = i % 11 ? x[i] : 0.0f;
    }
    s2vi_level_clip(dirty, N, TARGET, a);
    s2vi_level_clip(clean, N, TARGET, b);
    CHECK(!memcmp(a, b, sizeof(clean)), "not taken as 0");
    /* Faint sound first: then the gain is above 0 dB. */
    for (int i = 0; i < N; i++)
        dirty[i] = i < 3 * SECOND ? x[2 * SECOND + i] / 8.0f
                   : i % 2        ? FLT_MAX
                   : i % 3        ? -FLT_MAX
                                  : 1e-45f;
    s2vi_level_clip(dirty, N, TARGET, a);
    for (int i = 0; i < N; i++)
        CHECK(isfinite(a[i]), "sample %d of huge ones: %f", i, (double)a[i]);
    for (int i = 0; i < N; i++)
        dirty[i] = NAN;
    s2vi_level_clip(dirty, N, TARGET, a);
    for (int i = 0; i < N; i++)
        CHECK(a[i] == 0.0f, "sample %d of no numbers: %f", i, (double)a[i]);
}

/* --------------------------------------------------------- the contract -- */

/* No step's gain is further from the last one's than the rates allow, from
 * four blocks on; nor outside its bounds ever. */
static void test_rates(const float *x)
{
    static float out[LENGTH + STEP];
    static double gain[LENGTH / STEP + 1];
    for (int target = -60; target <= 0; target += 20) {
        s2vi_level *level = new_level(target);
        double least = 0.0, most = 0.0, down = 0.0, up = 0.0;
        stream(level, x, LENGTH, LENGTH, out, gain);
        for (int k = 0; k < LENGTH / STEP; k++) {
            least = fmin(least, gain[k]);
            most = fmax(most, gain[k]);
            if (k < 500) /* four blocks have counted at 1.9 s */
                continue;
            down = fmin(down, gain[k] - gain[k - 1]);
            up = fmax(up, gain[k] - gain[k - 1]);
        }
        CHECK(least >= -30.0 && most <= 20.0, "target %d: gains %g to %g dB",
              target, least, most);
        CHECK(down >= -0.1 - 1e-12 && up <= 0.015 + 1e-12,
              "target %d: steps of %g and %g dB", target, down, up);
        s2vi_level_close(&level);
    }
}

/* Silence before the first sound, or between first sounds that are short, does
 * not make what follows louder. */
static void test_silence_first(const float *x)
{
    enum { N = 3 * SECOND, SILENT = 2 * SECOND, SHORT = SECOND / 10 };
    static float sound[SILENT + N], out[SILENT + N + STEP];
    static double wanted[N / STEP], gain[(SILENT + N) / STEP];
    const float *noise = x + 8 * SECOND;
    s2vi_level *level = new_level(TARGET);
    stream(level, noise, N, N, out, wanted);
    for (int silent = STEP; silent <= SILENT; silent *= 5) {
        memset(sound, 0, (size_t)silent * sizeof(*sound));
        memcpy(sound + silent, noise, N * sizeof(*sound));
        s2vi_level_flush(level);
        stream(level, sound, (size_t)silent + N, 1000, out, gain);
        for (int k = 0; k < N / STEP; k++)
            CHECK(fabs(gain[silent / STEP + k] - wanted[k]) < 1e-9,
                  "%d silent samples, step %d: %.3f dB, expected %.3f", silent,
                  k, gain[silent / STEP + k], wanted[k]);
    }
    /* A tenth of a second of the noise, then silence, then more of it: blocks
     * that are partly silent count, and take up to 2 dB off the loudness. */
    memcpy(sound, noise, SHORT * sizeof(*sound));
    memset(sound + SHORT, 0, SILENT * sizeof(*sound));
    s2vi_level_flush(level);
    stream(level, sound, SILENT + N, 1000, out, gain);
    for (int k = 0; k < (SILENT + N) / STEP; k++)
        CHECK(fabs(gain[k] - wanted[N / STEP - 1]) < 2.0,
              "a short sound first, step %d: %.3f dB, expected %.3f", k,
              gain[k], wanted[N / STEP - 1]);
    s2vi_level_close(&level);
}

/* The same sound at any loudness comes out the same, as far as the gain goes,
 * and sound that is brought to the target has its loudness. */
static void test_levels(void)
{
    enum { N = 5 * SECOND };
    static float tone[N], out[N + STEP], wanted[N + STEP];
    for (int db = -36; db <= 0; db += 12) {
        const double scale = pow(10.0, db / 20.0) / 32768.0;
        double energy = 0.0;
        for (int i = 0; i < N; i++)
            tone[i] = (float)(scale * sine[i * 64 % 1024]);
        s2vi_level_clip(tone, N, TARGET, out);
        for (int i = 0; i < N; i++) {
            energy += (double)out[i] * out[i] / N;
            if (db > -36)
                CHECK(fabsf(out[i] - wanted[i]) < 1e-6f,
                      "%d dB, sample %d: %g, expected %g", db, i,
                      (double)out[i], (double)wanted[i]);
        }
        /* At 1 kHz K-weighting adds what -0.691 takes, bar 0.04 dB. */
        CHECK(fabs(10.0 * log10(energy) - TARGET) < 0.1,
              "%d dB becomes %.2f dB", db, 10.0 * log10(energy));
        if (db == -36)
            memcpy(wanted, out, sizeof(out));
    }
}

/* --------------------------------------------------------------- memory -- */

static void test_allocations(const float *x)
{
    static float out[LENGTH + STEP];
    s2vi_level *level = new_level(TARGET);
    CHECK(allocations > 0, "allocations are not counted");
    unsigned long before = allocations;
    for (size_t piece = 1; piece < 5000; piece = piece * 9 + 1) {
        const float *at = x;
        size_t n = LENGTH;
        while (s2vi_level_send(level, &at, &n, out))
            ;
    }
    s2vi_level_drain(level, out);
    CHECK(allocations == before, "%lu allocations while it runs",
          allocations - before);
    s2vi_level_close(&level);
}

static void test_no_memory(void)
{
    s2v_error err = {0};
    s2vi_level *level;
    failing_allocation = 1;
    int ret = s2vi_level_create(&level, TARGET, &err);
    CHECK(ret == S2V_ERR_NOMEM && !level && err.code == ret, "status %d", ret);
    failing_allocation = 0;
}

int main(void)
{
    static float x[LENGTH];
    make_signal(x);
    test_golden(x);
    test_chunks(x);
    test_lengths(x);
    test_flush(x);
    test_not_finite(x);
    test_rates(x);
    test_silence_first(x);
    test_levels();
    test_allocations(x);
    test_no_memory();
    return check_done();
}
