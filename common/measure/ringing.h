/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a struck body rings: the strongest partials of the loudest stroke of a
 * sound, and how fast it decays. Sound is mono at 22,050 Hz.
 */
#ifndef S2VI_MEASURE_RINGING_H
#define S2VI_MEASURE_RINGING_H

#include <stdbool.h>

#include "s2v/s2v.h"

enum { S2VI_RINGING_PARTIALS = 3 };

/** How far apart two partials are that are the same, relative. */
#define S2VI_RINGING_TOLERANCE 0.03

typedef struct s2vi_ringing {
    int count; /**< of partials; 0: there is no stroke */
    double partial[S2VI_RINGING_PARTIALS]; /**< Hz, the strongest first */
    double decay; /**< seconds to -60 dB; NaN: it does not decay */
} s2vi_ringing;

/**
 * Measure the stroke whose first 0.2 s have most energy.
 *
 * Partials are the highest local maxima, from 60 Hz to 10 kHz and at most 20 dB
 * below the highest, of the spectrum of 4096 samples (Hann) from 20 ms after
 * the onset on, interpolated between bins. The decay is that of a line through
 * the level of each 256 samples, in decibels, from the highest down to 25 dB
 * below it, or to the next onset.
 *
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_ringing_of_sound(s2vi_ringing *ringing, const float *samples, size_t n,
                          s2v_error *err);

/** Whether the strongest partial of `made` is one of the reference's. */
bool s2vi_ringing_same_pitch(const s2vi_ringing *made,
                             const s2vi_ringing *reference);

#endif
