/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Area downscaling of pictures of any size to squares: the input of
 * a visual encoder.
 *
 * The whole picture becomes the square, so that its sides are stretched
 * differently: the source of a sound may be at an edge, which a centred square
 * would cut off, and all frames of a video are stretched alike.
 */
#ifndef S2VI_VIDEO_AREA_DOWNSCALE_H
#define S2VI_VIDEO_AREA_DOWNSCALE_H

#include <stddef.h>
#include <stdint.h>

/** The largest side of a picture. */
enum { S2VI_DOWNSCALE_MOST = 32768 };

/**
 * Each pixel of the square is the mean of what it covers of the picture, parts
 * of pixels by their area. Sums are of whole numbers: the same bits everywhere.
 *
 * @param rgb    rows of width * 3 bytes, `stride` bytes apart, which may be
 *               negative
 * @param width,height 1 to S2VI_DOWNSCALE_MOST
 * @param sums   room for width * 3 numbers
 * @param side   of the square
 * @param out    (side,side,3) in [-1, 1]
 */
void s2vi_area_downscale(const uint8_t *rgb, ptrdiff_t stride, int width,
                         int height, uint32_t *sums, int side, float *out);

#endif
