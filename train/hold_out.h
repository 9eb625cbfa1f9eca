/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How well a training does on the part that is held out of it. */
#ifndef S2VI_TRAIN_HOLD_OUT_H
#define S2VI_TRAIN_HOLD_OUT_H

#include "recipes/listen_and_move_trainer.h"
#include "measure/vision.h"

typedef struct s2vi_held_out {
    int64_t frames;    /* that were made; 0: no clip has a sequence there */
    double ssim, psnr; /* metrics.h's; NaN for no frames */
    double lpips;      /* NaN without a network as well */
} s2vi_held_out;

/**
 * Make the held-out frames and measure them.
 *
 * @param size   of the frames
 * @param vision with LPIPS's heads, for frames of that size; NULL: no LPIPS
 */
int s2vi_hold_out(s2vi_lm_trainer *trainer, int size, s2vi_vision *vision,
                  s2vi_held_out *out, s2v_error *err);

#endif
