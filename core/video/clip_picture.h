/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures as CLIP's picture tower has them: the shorter side brought to the
 * tower's, the middle square of that, each colour normalised.
 *
 * The interpolation is Pillow's bicubic (a = -0.5), which smooths what it
 * reduces: first across, then down, each in whole numbers and rounded to 8
 * bits, so that the levels are equal to the published code's.
 */
#ifndef S2VI_VIDEO_CLIP_PICTURE_H
#define S2VI_VIDEO_CLIP_PICTURE_H

#include "video/face.h"

/** The largest side of a picture. */
enum { S2VI_CLIP_PICTURE_MOST = 32768 };

/**
 * The square's 8-bit levels.
 *
 * @param side of the square, 1 to 4096
 * @param out  (side,side,3)
 * @return S2V_OK; S2V_ERR_INVALID: no picture, or too large; S2V_ERR_NOMEM
 */
int s2vi_clip_levels(const s2vi_image *picture, int side, uint8_t *out,
                     s2v_error *err);

/** Levels as the tower's numbers: (level / 255 - mean) / deviation of its
 * colour. @param out (pixels,3) */
void s2vi_clip_normalise(const uint8_t *levels, size_t pixels, float *out);

/** Both: out (side,side,3). */
int s2vi_clip_picture(const s2vi_image *picture, int side, float *out,
                      s2v_error *err);

#endif
