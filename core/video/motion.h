/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Motion in a film, picture after picture: what a visual encoder sees that has
 * to carry over from one film to another. Colours and what stands still are not
 * in it, and each plane is relative to its own recent mean, so that exposure,
 * gain, noise and the size of what moves do not set its scale.
 *
 * @code
 * s2vi_motion *motion;
 * if (s2vi_motion_create(&motion, S2VI_MOTION_FLOW, 64, err) < 0)
 *     goto fail;
 * while (next(picture))
 *     s2vi_motion_push(motion, picture, planes);
 * s2vi_motion_close(&motion);
 * @endcode
 */
#ifndef S2VI_VIDEO_MOTION_H
#define S2VI_VIDEO_MOTION_H

#include "base/state.h"

/** Kinds of planes; any of them together, in this order. */
enum {
    S2VI_MOTION_DIFFERENCES = 1, /**< temporal, of a pyramid of luma */
    S2VI_MOTION_FLOW = 2,        /**< optical flow */
};

enum {
    S2VI_MOTION_LEAST = 8, /**< side of a picture */
    S2VI_MOTION_LEAST_FLOW = 32,
    S2VI_MOTION_MOST = 256,
    S2VI_MOTION_RECENT = 20, /**< pictures of a recent mean */
};

/** The memory of a film; one thread at a time. */
typedef struct s2vi_motion s2vi_motion;

/** Planes of these kinds: 7 of differences, 5 of flow. */
int s2vi_motion_planes(int kinds);

/**
 * @param motion set to a new one, before a film's first picture; the caller
 *               closes it; NULL on failure
 * @param size   N: side of a picture, a power of 2
 * @return S2V_OK; S2V_ERR_INVALID: a size that cannot be; S2V_ERR_NOMEM
 */
int s2vi_motion_create(s2vi_motion **motion, int kinds, int size,
                       s2v_error *err);

/** Free it and set the pointer to NULL. NULL is fine. */
void s2vi_motion_close(s2vi_motion **motion);

/** Begin another film. */
void s2vi_motion_flush(s2vi_motion *motion);

/** What the next pictures' planes depend on. */
void s2vi_motion_pass_state(s2vi_motion *motion, s2vi_state *state);

/**
 * See the next picture. What is made depends on it and the RECENT before it:
 * any film that ends in these gives the same bits. Before the first picture
 * nothing moves. Nothing is allocated.
 *
 * @param picture (N,N,3) in [-1, 1]
 * @param planes  (N/2,N/2,P), each within (-8, 8)
 */
void s2vi_motion_push(s2vi_motion *motion, const float *picture, float *planes);

#endif
