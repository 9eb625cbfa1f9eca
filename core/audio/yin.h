/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YIN, an estimator of the fundamental frequency of a window of speech (de
 * Cheveigne and Kawahara 2002), at 16 kHz, for 71 to 500 Hz.
 *
 * d(l) = sum over j < 798 of (x[j] - x[j + l])^2 is normalised by its mean over
 * the lags so far: d'(l) = l d(l) / (d(1) + ... + d(l)). A candidate is a lag
 * from 32 to 225 with d'(l) < d'(l - 1) and d'(l) <= d'(l + 1). The first below
 * 0.15 counts; without one, the least if it is below 0.30. A parabola through
 * d' at three lags refines it. Otherwise, or if the window's root mean square
 * is below -50 dB of full scale, it has no pitch.
 *
 * Where a voice fades, d' rises to 0.3 to 0.5. s2vi_yin_follow() goes on there
 * with the pitch of the window before.
 */
#ifndef S2VI_AUDIO_YIN_H
#define S2VI_AUDIO_YIN_H

#include <stdbool.h>

enum {
    S2VI_YIN_RATE = 16000,  /* samples a second */
    S2VI_YIN_WINDOW = 1024, /* samples */
    S2VI_YIN_LAGS = 227,    /* 0 ... 226 */
};

/**
 * The normalised difference function.
 *
 * @param samples    (1024), finite
 * @param difference (227), 1 at lag 0 and where there is no difference at all
 */
void s2vi_yin_difference(const float *samples,
                         double difference[S2VI_YIN_LAGS]);

/** The pitch in hertz of a window of 1024 samples; 0: unvoiced. */
double s2vi_yin_pitch(const float *samples);

/**
 * The same; in a window that is loud enough, but has no pitch, the candidate
 * that has the least d', if that is below 0.50 and its pitch within 20 % of
 * `before`.
 *
 * @param before   the pitch of the window before; 0: it is not followed
 * @param followed set to whether it was
 */
double s2vi_yin_follow(const float *samples, double before, bool *followed);

#endif
