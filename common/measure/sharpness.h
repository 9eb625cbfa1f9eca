/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sharpness of a frame without a reference: CPBD.
 */
#ifndef S2VI_TRAIN_SHARPNESS_H
#define S2VI_TRAIN_SHARPNESS_H

#include <stddef.h>

/** Floats that s2vi_cpbd() needs as `scratch`. */
size_t s2vi_cpbd_scratch(int width, int height);

/**
 * Cumulative probability of blur detection (Narvekar and Karam, "A no-reference
 * image blur metric based on the cumulative probability of blur detection",
 * 2011): the share of edge pixels whose blur nobody would notice, 0 ... 1.
 *
 * An edge's width w is Marziliano's, from luma's least to its greatest value
 * along the row. Its blur is noticed with probability
 * 1 - exp(-(w / w_JNB)^3.6), which is at most 63 % where w <= w_JNB: 5 pixels
 * in blocks of contrast up to 50 (of 255), else 3. Only blocks of 64 x 64 count
 * of which more than 0.2 % are edges; what does not fill a block is left out,
 * but a frame less than 64 wide or high has blocks as wide or high as itself.
 * The paper finds these blocks by Canny's edges; here they are Sobel's, whose
 * widths are measured.
 *
 * @param rgb     (height, width, 3) in [0, 1], rows packed
 * @param scratch s2vi_cpbd_scratch() floats
 * @return 0 where there is no edge at all
 */
double s2vi_cpbd(const float *rgb, int width, int height, float *scratch);

#endif
