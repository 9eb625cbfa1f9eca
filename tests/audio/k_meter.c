/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loudness of windows: that of libebur128, to the bit. */
#include "audio/k_meter.h"

#include <ebur128.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../front_end.h"

enum { STEP = 80, RATE = S2VI_K_METER_RATE, STEPS = 4000 };

/* Noise, tones, clicks and silence, at levels from -100 dB to beyond 0. */
static void make_step(int k, float *x)
{
    static uint32_t state = 7;
    const int part = k / 200 % 8;
    for (int i = 0; i < STEP; i++) {
        state = state * 1664525u + 1013904223u;
        const double noise = (double)(state >> 8) / 8388608.0 - 1;
        const double t = (double)k * STEP + i;
        const double value[] = {noise,           0,
                                sin(t * 0.1),    noise * 1e-5,
                                i == 40 ? 1 : 0, 0.01 * sin(t * 2),
                                noise * 1e-30,   noise * 100};
        x[i] = (float)value[part];
    }
}

/* Contracted sums, where a processor has them, are other ones. */
static bool equal(double a, double b)
{
#if defined(__x86_64__) && !defined(__FMA__)
    return a == b;
#else
    return a == b || fabs(a - b) < 1e-9;
#endif
}

static void test_against_libebur128(void)
{
    static s2vi_k_meter meter;
    ebur128_state *theirs = ebur128_init(1, RATE, EBUR128_MODE_M);
    int heard = 0;
    s2vi_k_meter_start(&meter);
    CHECK(theirs, "no meter");
    for (int k = 0; k < STEPS; k++) {
        static const unsigned steps[] = {1, 80};
        float x[STEP];
        make_step(k, x);
        ebur128_add_frames_float(theirs, x, STEP);
        s2vi_k_meter_add(&meter, x, STEP);
        for (int i = 0; i < 2; i++) {
            double expected = -HUGE_VAL;
            const double found =
                s2vi_k_meter_loudness(&meter, (size_t)steps[i] * STEP);
            ebur128_loudness_window(theirs, 5UL * steps[i], &expected);
            CHECK(equal(found, expected), "step %d, %u steps: %.17g, not %.17g",
                  k, steps[i], found, expected);
            heard += found > -70;
        }
    }
    CHECK(heard > STEPS, "only %d windows are loud", heard);
    ebur128_destroy(&theirs);
}

/* 997 Hz at -23 dBFS is -23 LUFS in two channels, 3 dB less in one. */
static void test_tone(void)
{
    static s2vi_k_meter meter;
    float x[STEP];
    s2vi_k_meter_start(&meter);
    for (int k = 0; k < 200; k++) {
        for (int i = 0; i < STEP; i++)
            x[i] = (float)(pow(10, -23 / 20.0) *
                           sin(2 * acos(-1) * 997 * (k * STEP + i) / RATE));
        s2vi_k_meter_add(&meter, x, STEP);
    }
    const double found = s2vi_k_meter_loudness(&meter, S2VI_K_METER_WINDOW);
    CHECK(fabs(found + 26.01) < 0.05, "%g LUFS, expected -26.01", found);
}

int main(void)
{
    test_against_libebur128();
    test_tone();
    return check_done();
}
