/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Onsets of motion in frames, without any model: peaks of the change of motion
 * energy. What a model finds in the same frames has to be better than this.
 */
#ifndef S2VI_MEASURE_MOTION_ONSETS_H
#define S2VI_MEASURE_MOTION_ONSETS_H

#include <stdint.h>

#include "measure/onsets.h"

/**
 * The motion energy of a block, a 16th of the frame each way, is the mean
 * absolute difference of its luminance from that in the frame before. An onset
 * is where it falls most, in one of the blocks, relative to the block's mean
 * over all frames: what moves and is stopped. Onsets stand out from the mean
 * around them.
 *
 * @param onsets for s2vi_onsets_free(); empty on failure
 * @param rgb    (frames, size, size, 3)
 * @param fps    frames per second
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_onsets_of_motion(s2vi_onsets *onsets, const uint8_t *rgb,
                          int64_t frames, int size, double fps, s2v_error *err);

#endif
