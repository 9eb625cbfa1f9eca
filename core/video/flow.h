/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dense optical flow from one frame to the next: for each pixel, how far what
 * it shows has moved.
 *
 * @code
 * s2vi_flow *flow;
 * if (s2vi_flow_create(&flow, 256, 256, err) < 0)
 *     goto fail;
 * s2vi_flow_run(flow, before, after, motion);
 * s2vi_flow_close(&flow);
 * @endcode
 */
#ifndef S2VI_VIDEO_FLOW_H
#define S2VI_VIDEO_FLOW_H

#include "s2v/s2v.h"

/** The smallest and the largest side of a frame. */
enum { S2VI_FLOW_LEAST = 16, S2VI_FLOW_MOST = 4096 };

/** Memory for frames of one size; one thread at a time. */
typedef struct s2vi_flow s2vi_flow;

/**
 * @param flow          set to new memory, which the caller closes; NULL on
 *                      failure
 * @param width, height of the frames
 * @return S2V_OK; S2V_ERR_INVALID: a side not from 16 to 4096; S2V_ERR_NOMEM
 */
int s2vi_flow_create(s2vi_flow **flow, int width, int height, s2v_error *err);

/** Free it and set the pointer to NULL. NULL is fine. */
void s2vi_flow_close(s2vi_flow **flow);

/**
 * The flow from `a` to `b`: a(x, y) is seen again at b(x + u, y + v). Nothing
 * is allocated; equal frames give equal bits.
 *
 * @param a, b (height, width) grey, finite, nominally in [0, 1], top row first
 * @param out  (height, width, 2) u to the right, v downwards, pixels; 0 where
 *             nothing around has any texture
 */
void s2vi_flow_run(s2vi_flow *flow, const float *a, const float *b, float *out);

/** Luma (ITU-R BT.601) in [0, 1] of RGB bytes, (pixels, 3). */
void s2vi_flow_grey(const uint8_t *rgb, size_t pixels, float *grey);

#endif
