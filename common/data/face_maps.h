/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maps of a face's geometry from its landmarks, as the predictor of MAN makes
 * and the generator takes them: 15 maps, side x side, channels last.
 *
 * Landmarks are 68 pairs of x, y in the order of iBUG (0-based; 36 to 41 is the
 * talker's right eye), in pixels of the map; pixel i spans i to i + 1, and its
 * value is taken at i + 0.5.
 */
#ifndef S2VI_DATA_FACE_MAPS_H
#define S2VI_DATA_FACE_MAPS_H

#include <stdint.h>

enum { S2VI_FACE_LANDMARKS = 68, S2VI_FACE_MAPS = 15 };

/**
 * The points of the maps below: centres of left and right eye; left eye inner,
 * outer; right inner, outer; left brow inner, outer; right inner, outer; tip of
 * the nose; mouth left, right; top lip, bottom lip.
 *
 * @param points (15,2)
 */
void s2vi_face_points(float *points, const float *landmarks);

/**
 * A gaussian around each point, of deviation 5/96 of the side.
 *
 * @param maps    (side,side,15)
 * @param visible (15) or NULL; where it is 0, the map is 0
 */
void s2vi_face_points_map(float *maps, int side, const float *points,
                          const uint8_t *visible);

/**
 * The distance from each of 15 contours through a gaussian of deviation 1.5/64
 * of the side: jaw right, left; brows right, left; bridge, base of the nose;
 * lids right upper, lower, left upper, lower; outer lips upper, lower; inner
 * lips upper, lower; both irises, which are points.
 *
 * @param maps   (side,side,15)
 * @param irises (2,2) or NULL: the eyes' centres stand for them
 */
void s2vi_face_contours_map(float *maps, int side, const float *landmarks,
                            const float *irises);

#endif
