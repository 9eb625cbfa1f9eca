/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A causal leveller: brings mono sound to a given loudness, without looking
 * ahead, in steps of its own, so that the result does not depend on how the
 * sound was cut.
 *
 * Loudness is that of EBU R 128 (ITU-R BS.1770-4; k_meter.h), of one channel
 * of weight 1: K-weighted, in blocks of 400 ms, one each 100 ms from the first
 * audible step on. A step or a block is audible at -70 LUFS or above. What
 * counts is the last minute that is audible: the energy of the last 600 such
 * blocks, then the mean of those within 10 LU of their mean. Until the fourth
 * block has counted it is the mean of all audible steps.
 *
 * The gain changes each 5 ms, towards target - loudness, between -30 and +20
 * dB: down by at most 20 dB a second, up by at most 3. It is free until the
 * fourth block has counted, so that a beginning is levelled, too. It is 0 dB
 * until there is a loudness; silence does not change the loudness, and the gain
 * goes on to what the sound before the silence asked for.
 *
 * A step's gain holds at its end and takes the step itself into account. Within
 * a step the factor, not the dB, goes straight from the last step's gain to its
 * own; the first step of all has its own throughout, and a part of a step that
 * is drained keeps the last one's.
 *
 * @code
 * float block[S2VI_LEVEL_STEP];
 * while ((m = s2vi_level_send(level, &samples, &n, block)) > 0)
 *     use(block, m);
 * ... at the end:
 * m = s2vi_level_drain(level, block);
 * @endcode
 */
#ifndef S2VI_AUDIO_LEVEL_H
#define S2VI_AUDIO_LEVEL_H

#include "base/state.h"

enum {
    S2VI_LEVEL_RATE = 16000, /* samples a second */
    S2VI_LEVEL_STEP = 80,    /* samples with one gain: 5 ms */
};

/** One stream of sound; one thread at a time. */
typedef struct s2vi_level s2vi_level;

/**
 * Start a leveller.
 *
 * @param level  set to a new leveller, which the caller closes; NULL on failure
 * @param target LUFS that sound is brought to
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_level_create(s2vi_level **level, double target, s2v_error *err);

/** Close a leveller and set the pointer to NULL. NULL is fine. */
void s2vi_level_close(s2vi_level **level);

/**
 * Take samples until a step is whole, and give it, levelled. Samples that are
 * not finite count as 0, those beyond +-1e15 as that.
 *
 * @param samples (n) mono at 16 kHz; moved past what was taken, as `n` is
 * @param out     a step, levelled
 * @return samples in `out`: S2VI_LEVEL_STEP, or 0: all are taken, and the step
 *         is not whole
 */
size_t s2vi_level_send(s2vi_level *level, const float **samples, size_t *n,
                       float out[S2VI_LEVEL_STEP]);

/** The rest, less than a step; no more may be sent until a flush. */
size_t s2vi_level_drain(s2vi_level *level, float out[S2VI_LEVEL_STEP]);

/** Forget all that was sent: as new. */
void s2vi_level_flush(s2vi_level *level);

/** Save what was heard, or restore it: with the same target. */
void s2vi_level_pass_state(s2vi_level *level, s2vi_state *state);

/** The gain at the end of the last step, dB. */
double s2vi_level_gain(const s2vi_level *level);

/**
 * Level a whole clip.
 *
 * @param out (n)
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_level_clip(const float *samples, size_t n, double target, float *out);

#endif
