/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames of a talking head in the whole image: the generated square, brought to
 * the crop's size by bicubic interpolation, through a mask over the image.
 *
 * The mask is FaceMesh's oval, 12 % wider, and lower at the chin, which moves;
 * its border is a raised cosine of 8 % of the distance of the eyes. Of a crop
 * that was given it is the square with round corners.
 *
 * With `detail`, what the model's resolution loses of the portrait (the image
 * less the portrait brought to the same size) is added where the flow moves it,
 * but not at mouth and lids, which change.
 */
#ifndef S2VI_SESSION_MAN_PASTE_H
#define S2VI_SESSION_MAN_PASTE_H

#include "session/man_portrait.h"

typedef struct s2vi_man_paste s2vi_man_paste;

/**
 * @param portrait in the image, which is copied
 * @param small    (side,side,3) in [-1, 1]: the portrait as the model sees it
 * @param detail   needs landmarks
 * @return S2V_OK; S2V_ERR_INVALID: no landmarks; S2V_ERR_NOMEM
 */
int s2vi_man_paste_create(s2vi_man_paste **paste, const s2vi_image *image,
                          const s2vi_man_portrait *portrait, const float *small,
                          int side, bool detail, s2v_error *err);
void s2vi_man_paste_close(s2vi_man_paste **paste);

/** The image's size. */
void s2vi_man_paste_size(const s2vi_man_paste *paste, int *width, int *height);

/**
 * Make a frame.
 *
 * @param video (side,side,3) in [-1, 1]
 * @param flow  (flow_side,flow_side,2): by how much of the crop's side each
 *              place lies elsewhere in the portrait; NULL: nothing moves
 * @param frame set to the image's size and the paste's own memory; pts stays
 */
void s2vi_man_paste_make(s2vi_man_paste *paste, const float *video,
                         const float *flow, int flow_side,
                         s2v_video_frame *frame);

#endif
