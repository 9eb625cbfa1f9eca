/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of the face of a real clip: found by face.bin. */
#ifndef S2VI_DATA_TALKING_FACES_H
#define S2VI_DATA_TALKING_FACES_H

#include "data/talking_heads.h"

/** Side of the pictures in which a face is looked for, for crops of S pixels.
 */
int s2vi_talking_faces_side(int S);

/**
 * Cut the head out of a clip, by the face of its first frame, and find the face
 * in each frame. Where it is lost, it is as in the frame before. What was found
 * is kept in the user's cache folder, by the clip's hash.
 *
 * @param head has a path; gets pictures of side S, landmarks, controls, mesh
 * @param clip of side s2vi_talking_faces_side(S)
 * @param S    side of the pictures
 * @param crop its pictures are the head's already
 * @return S2V_OK; S2V_ERR_FORMAT: there is no face, or in less than half of
 *         the frames; S2V_ERR_MODEL, _IO: face.bin
 */
int s2vi_talking_faces_read(s2vi_talking_head *head, const s2vi_clip *clip,
                            int S, bool crop, s2v_error *err);

#endif
