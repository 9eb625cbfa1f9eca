/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips made in memory, whose picture follows their sound. */
#ifndef S2V_TESTS_TRAIN_MAKE_CLIP_H
#define S2V_TESTS_TRAIN_MAKE_CLIP_H

#include "data/dataset.h"

/**
 * A clip of `frames` frames: a square that is as bright as the tone is loud.
 *
 * @param number the clip's own: another one, another clip and hash
 */
s2vi_clip *make_clip(int size, int64_t frames, unsigned number);

/** Add a clip to a data set; aborts on failure. */
void add_clip(s2vi_dataset *data, int size, int64_t frames, unsigned number);

#endif
