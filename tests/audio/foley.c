/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VarietySound's mel spectrum against the reference, and at its edges. */
#include "audio/foley_mel.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../front_end.h"
#include "../worst.h"
#include "foley_golden.h"

enum { BANDS = S2VI_FOLEY_MEL_BANDS, MOST = 1 + LENGTH / 256 };

/* As triangle() and signal() of tests/reference/foley_mel.py. */
static int triangle(unsigned phase)
{
    int p = (int)(phase % 1024);
    return 64 * (p < 512 ? p : 1024 - p) - 16384;
}

static void make_signal(float *x)
{
    uint32_t state = 7, phase = 0, step = 0;
    for (int i = 0; i < LENGTH; i++) {
        state = state * 1664525u + 1013904223u;
        int noise = (int)(state >> 16) - 32768, v = 0;
        if (i < 1500) {
            v = noise;
        } else if (i >= 3000 && i < 4500) {
            v = triangle((unsigned)i * 20) +
                (int)floor(triangle((unsigned)i * 207) / 2.0);
        } else if (i == 5300) {
            v = 32767;
        } else if (i >= 6000 && i < 7800) {
            step += 190;
            phase = (phase + step) & 0xFFFFF;
            v = triangle(phase >> 10);
        } else if (i >= 7800) {
            v = (int)floor(noise / 512.0);
        }
        x[i] = (float)v / 32768.0f;
    }
}

/* KISS FFT computes in float: an error of 1e-7 of a column's energy, which in a
 * band near the floor of 1e-5 is some thousandths of a decibel. */
static void check_golden(const char *name, const float *x, size_t n,
                         const double *expected, size_t count)
{
    static float out[MOST * BANDS];
    double worst = 0.0, sum = 0.0;
    CHECK(s2vi_foley_mel_columns(n) == count, "%s: %zu columns, expected %zu",
          name, s2vi_foley_mel_columns(n), count);
    CHECK(s2vi_foley_mel(x, n, out, count, NULL) == S2V_OK, "%s", name);
    for (size_t i = 0; i < count * BANDS; i++) {
        double error = fabs(out[i] - expected[i]);
        CHECK(error <= 3e-5, "%s: column %zu band %zu: %.7f, expected %.7f",
              name, i / BANDS, i % BANDS, out[i], expected[i]);
        worst = worse(worst, error);
        sum += error;
    }
    double mean = sum / (double)(count * BANDS);
    CHECK(mean < 2e-7, "%s: mean error %.2g", name, mean);
    printf("%s: largest error %.2g, mean %.2g\n", name, worst, mean);
}

/* Silence, and columns that the sound does not have. */
static void test_silence(const float *x)
{
    static const float silence[3000];
    static float out[40 * BANDS];
    CHECK(s2vi_foley_mel_columns(0) == 0 && s2vi_foley_mel_columns(1) == 1 &&
              s2vi_foley_mel_columns(255) == 1 &&
              s2vi_foley_mel_columns(256) == 2,
          "columns");
    memset(out, 0x55, sizeof(out));
    s2vi_foley_mel(silence, 3000, out, 12, NULL);
    for (int i = 0; i < 12 * BANDS; i++)
        CHECK(out[i] == 0.0f, "silence %d: %g", i, out[i]);
    CHECK(out[12 * BANDS] != 0.0f, "a column too many");
    s2vi_foley_mel(x, 500, out, 40, NULL);
    for (int i = 2 * BANDS; i < 40 * BANDS; i++)
        CHECK(out[i] == 0.0f, "beyond the end, %d: %g", i, out[i]);
    CHECK(out[2 * BANDS - 1] > 0.5f, "noise: %g", out[2 * BANDS - 1]);
    s2vi_foley_mel(NULL, 0, out, 1, NULL);
    CHECK(out[0] == 0.0f, "no sound: %g", out[0]);
}

/* Of any length, however few samples there are to reflect. */
static void test_lengths(const float *x)
{
    static const size_t lengths[] = {1, 2, 3, 17, 256, 511, 512, 513, 514};
    static float out[4 * BANDS];
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        int ret = s2vi_foley_mel(x, lengths[i], out, 3, NULL);
        CHECK(ret == S2V_OK, "%zu samples: status %d", lengths[i], ret);
        for (int b = 0; b < 3 * BANDS; b++)
            CHECK(out[b] >= 0.0f && out[b] <= 1.0f, "%zu samples, %d: %g",
                  lengths[i], b, out[b]);
    }
}

static void test_not_finite(const float *x)
{
    static float dirty[LENGTH], clean[LENGTH];
    static float a[MOST * BANDS], b[MOST * BANDS];
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < LENGTH; i++) {
        dirty[i] = i % 11 ? x[i] : bad[i % 3];
        clean[i] = i % 11 ? x[i] : 0.0f;
    }
    s2vi_foley_mel(dirty, LENGTH, a, MOST, NULL);
    s2vi_foley_mel(clean, LENGTH, b, MOST, NULL);
    CHECK(!memcmp(a, b, sizeof(a)), "not taken as 0");
    for (int i = 0; i < LENGTH; i++)
        dirty[i] = i % 2 ? 3.4e38f : i % 3 ? -3.4e38f : 1e-45f;
    s2vi_foley_mel(dirty, LENGTH, a, MOST, NULL);
    for (int i = 0; i < MOST * BANDS; i++)
        CHECK(a[i] >= 0.0f && a[i] <= 1.0f, "huge samples, %d: %f", i, a[i]);
}

static void test_no_memory(const float *x)
{
    static float out[BANDS];
    unsigned long k = 0;
    int ret;
    do {
        failing_allocation = ++k;
        ret = s2vi_foley_mel(x, 100, out, 1, NULL);
        CHECK(ret == S2V_OK || ret == S2V_ERR_NOMEM, "allocation %lu: %d", k,
              ret);
    } while (ret != S2V_OK && k < 100);
    failing_allocation = 0;
    CHECK(k > 5, "%lu allocations", k);
}

static void test_log(void)
{
    CHECK(fabs(s2vi_foley_mel_log(0.8)) < 1e-12, "%g", s2vi_foley_mel_log(0.8));
    CHECK(fabs(s2vi_foley_mel_log(0.0) - log(1e-4)) < 1e-12, "%g",
          s2vi_foley_mel_log(0.0));
    CHECK(fabs(s2vi_foley_mel_log(1.0) - log(10.0)) < 1e-12, "%g",
          s2vi_foley_mel_log(1.0));
}

/* A column by hand: Hann, Fourier, the filters as a matrix. */
/* Columns that differ in their first band only: 0.3 is 30 dB below 0.6. */
static void test_sounding(void)
{
    static const float level[6] = {0, 0.3f, 0, 0.6f, 0.1f, 0.5f};
    static const float want[8] = {0.3f, 0.6f, 0.5f, 0.3f,
                                  0.6f, 0.5f, 0.3f, 0.6f};
    float mel[6 * BANDS] = {0}, out[8 * BANDS];
    for (int t = 0; t < 6; t++)
        mel[t * BANDS] = level[t];
    CHECK(s2vi_foley_mel_sounding(mel, 6, out, 8) == 3, "three sound");
    for (int t = 0; t < 8; t++)
        CHECK(out[t * BANDS] == want[t] && out[t * BANDS + 1] == 0,
              "column %d: %g", t, out[t * BANDS]);
    /* want[1], not 0.6f, which may be wider than a float (FLT_EVAL_METHOD). */
    CHECK(s2vi_foley_mel_sounding(mel, 6, out, 2) == 2 && out[BANDS] == want[1],
          "the first two of three");
    memset(mel, 0, sizeof(mel));
    CHECK(s2vi_foley_mel_sounding(mel, 6, out, 8) == 6 && out[7 * BANDS] == 0,
          "silence stays");
}

static void test_filters(const float *x)
{
    enum { FFT = S2VI_FOLEY_MEL_FFT, BINS = S2VI_FOLEY_MEL_BINS, COLUMN = 4 };
    static float filters[BANDS * BINS], mel[(COLUMN + 1) * BANDS];
    static double magnitude[BINS];
    const double turn = 2 * acos(-1.0) / FFT;
    const float *from = x + COLUMN * 256 - FFT / 2;
    for (int k = 0; k < BINS; k++) {
        double re = 0, im = 0;
        for (int i = 0; i < FFT; i++) {
            const double v = from[i] * (0.5 - 0.5 * cos(turn * i));
            re += v * cos(turn * ((double)i * k));
            im += v * sin(turn * ((double)i * k));
        }
        magnitude[k] = sqrt(re * re + im * im);
    }
    CHECK(s2vi_foley_mel_filters(filters, NULL) == S2V_OK, "filters");
    s2vi_foley_mel(x, LENGTH, mel, COLUMN + 1, NULL);
    for (int b = 0; b < BANDS; b++) {
        double m = 0;
        for (int k = 0; k < BINS; k++)
            m += filters[b * BINS + k] * magnitude[k];
        const double v = (20 * log10(fmax(m, 1e-5)) + 80) / 100;
        const double want = fmin(1, fmax(0, v)), got = mel[COLUMN * BANDS + b];
        CHECK(fabs(want - got) < 1e-5, "band %d: %g %g", b, want, got);
    }
}

int main(void)
{
    static float x[LENGTH];
    make_signal(x);
    check_golden("golden", x, LENGTH, golden, MOST);
    check_golden("short", x + 6000, SHORT, golden_short, 2);
    check_golden("tiny", x, TINY, golden_tiny, 1);
    test_silence(x);
    test_lengths(x);
    test_not_finite(x);
    test_no_memory(x);
    test_sounding();
    test_log();
    test_filters(x);
    return check_done();
}
