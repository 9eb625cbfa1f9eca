/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loudness of training sounds, EBU R 128, and bringing them to it. */
#ifndef S2VI_MEASURE_LOUDNESS_H
#define S2VI_MEASURE_LOUDNESS_H

#include "s2v/s2v.h"

/** Mono sound at 16 kHz. */
typedef struct s2vi_sound_span {
    const float *samples;
    int64_t count;
} s2vi_sound_span;

/**
 * The loudness of all spans together.
 *
 * @param lufs rounded to 0.1, as a weight file has it
 * @return S2V_OK; S2V_ERR_INVALID: all of it is silence; S2V_ERR_NOMEM
 */
int s2vi_loudness_measure(const s2vi_sound_span *span, int n, double *lufs,
                          s2v_error *err);

/** The same; `after`, unless NULL, is called after each span. */
int s2vi_loudness_measure_each(const s2vi_sound_span *span, int n,
                               void (*after)(void *self), void *self,
                               double *lufs, s2v_error *err);

/**
 * Level a clip's sound as a session does (audio/level.h).
 *
 * @param sound of `count` samples, from malloc(); replaced by another
 */
int s2vi_loudness_level(float **sound, int64_t count, double lufs,
                        s2v_error *err);

#endif
