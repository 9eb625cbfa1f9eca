/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The picture of a talker: what is painted once, carried by the mesh, and what
 * is drawn anew for each frame: eyes, mouth, and the camera's noise. */
#ifndef S2V_TOOLS_TALKERS_PICTURE_H
#define S2V_TOOLS_TALKERS_PICTURE_H

#include "face.h"

struct talkers_picture;

/* For frames of size x size of one identity, which outlives it; sets *face,
 * whose view is that of a head at rest. NULL without memory. */
struct talkers_picture *talkers_picture_new(const struct talkers_identity *id,
                                            int size,
                                            struct talkers_face *face);
void talkers_picture_free(struct talkers_picture **picture);

/* Draws a state as frame `number`; the pixels (native 0xXXRRGGBB, rows of 4
 * size bytes) stay the picture's and change with the next call. NULL if cairo
 * fails. */
const uint8_t *talkers_picture_draw(struct talkers_picture *picture,
                                    const struct talkers_state *state,
                                    uint64_t number);

/* Width and height of a frame. */
int talkers_picture_size(const struct talkers_picture *picture);

/* Eyes and mouth, in a frame of side 1. */
void talkers_draw_eyes(cairo_t *cr, const struct talkers_face *face,
                       const struct talkers_state *state,
                       const struct face_frame *frame);
void talkers_draw_mouth(cairo_t *cr, const struct talkers_face *face,
                        const struct talkers_state *state,
                        const struct face_frame *frame);

#endif
