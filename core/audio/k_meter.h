/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Momentary loudness of mono sound (EBU R 128, ITU-R BS.1770-4): K-weighted,
 * over windows of up to 400 ms. The numbers are those of libebur128 1.2.6 to
 * the bit (a test compares them), whose state cannot be saved or restored; this
 * one's is plain numbers.
 */
#ifndef S2VI_AUDIO_K_METER_H
#define S2VI_AUDIO_K_METER_H

#include "base/state.h"

enum {
    S2VI_K_METER_RATE = 16000,  /* samples a second */
    S2VI_K_METER_WINDOW = 6400, /* samples of the longest window */
    S2VI_K_METER_ORDER = 4,     /* of the filter: two of second order */
};

/** One stream of sound. Nothing in it is allocated. */
typedef struct s2vi_k_meter {
    double a[S2VI_K_METER_ORDER + 1], b[S2VI_K_METER_ORDER + 1];
    double v[S2VI_K_METER_ORDER + 1];     /* the filter's delay line */
    double weighted[S2VI_K_METER_WINDOW]; /* a ring, the next one at: */
    size_t next;
} s2vi_k_meter;

/** Start a stream, or start it anew. */
void s2vi_k_meter_start(s2vi_k_meter *meter);

/** Take `n` samples, a divisor of the window. */
void s2vi_k_meter_add(s2vi_k_meter *meter, const float *samples, size_t n);

/** Loudness of the last `n` samples, as many as were taken at once or a
 * multiple, at most a window: LUFS; -HUGE_VAL for digital silence. */
double s2vi_k_meter_loudness(const s2vi_k_meter *meter, size_t n);

void s2vi_k_meter_pass_state(s2vi_k_meter *meter, s2vi_state *state);

#endif
