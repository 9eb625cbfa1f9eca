/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The geometry that MAN's predictor learns to draw: maps of points and of
 * contours of a face, from its landmarks, and optical flow in the unit of the
 * network. Pictures are squares of side P, channels last.
 *
 * Landmarks are (68,2), in iBUG's order: x, y in pixels of side P. Pixel i
 * spans i to i + 1; a map is sampled at i + 0.5.
 */
#ifndef S2VI_DATA_FACE_MAPS_H
#define S2VI_DATA_FACE_MAPS_H

#include "video/face.h"

#define S2VI_FACE_FLOW_UNIT 8.0F /* pixels of side P */

enum { S2VI_FACE_MAPS = 15 /* of points, and of contours */ };

/** The points that there are maps of: the middles of the left and the right
 * eye; the corners of the left eye, the inner first, of the right; ends of the
 * left eyebrow, the inner first, of the right; the tip of the nose; the corners
 * of the mouth, the left first; its top and bottom. Left is the face's own.
 *
 * @param points set to (15,2) */
void s2vi_face_points(const float *landmarks, float *points);

/**
 * A Gaussian around each point, of 1 at it and sigma = 5 P / 96.
 *
 * @param hidden bit i: point i is out of sight; its map is 0
 * @param out    the first map's first pixel
 * @param stride numbers from a pixel to the next, at least S2VI_FACE_MAPS
 */
void s2vi_face_draw_points(const float *landmarks, uint32_t hidden, int side,
                           float *out, int stride);

/**
 * Lines of 1 that fall off as a Gaussian, sigma = 1.5 P / 64, of: the jaw's
 * right and left half; the right and the left eyebrow; the nose's bridge and
 * base; the upper and the lower lid of the right eye, of the left; the outer
 * edge of the upper lip, of the lower; the inner edges likewise; and, as
 * points, both irises.
 *
 * @param irises (2,2), the right and the left; NULL: unknown, the eyes' middles
 * @param out, stride as above
 */
void s2vi_face_draw_contours(const float *landmarks, const float *irises,
                             int side, float *out, int stride);

/**
 * A flow in units of S2VI_FACE_FLOW_UNIT pixels, clipped to [-1, 1].
 *
 * @param flow   (side,side,2): (u, v) in pixels
 * @param scale  what turns those into pixels of side P
 * @param out, stride as above; u and v
 */
void s2vi_face_draw_flow(const float *flow, double scale, int side, float *out,
                         int stride);

#endif
