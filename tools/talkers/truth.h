/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of a rendered clip, frame by frame: NAME.safetensors holds the
 * numbers, NAME.json the words. T frames, of size x size pixels; pixel i spans
 * i to i + 1; the portrait is frame 0.
 *
 *     landmarks      (T, 68, 2) F32  pixels of the frame, iBUG's order
 *     irises         (T, 2, 2) F32   talker's right, left
 *     visible        (T, 70) U8      landmarks and irises in sight
 *     q              (T, 4) F32      lids 0 open to 1 shut, yaw / 20 degrees,
 *                                    pitch / 20, roll / 20
 *     face           (T, 12) F32     struct talkers_expression
 *     mesh           (T, V, 2) F32   its points, pixels of the frame
 *     triangles      (M, 3) I32      its triangles
 *     flow_portrait  (T, 64, 64, 2) F16
 *     flow_previous  (T, 64, 64, 2) F16
 *
 * A flow's (u, v) are pixels of a map of side 64. flow_portrait: for each pixel
 * of frame t, where what is there lies in the portrait, relative to the pixel.
 * flow_previous: for each pixel of frame t - 1, where it lies in frame t; 0 in
 * the first frame.
 */
#ifndef S2V_TOOLS_TALKERS_TRUTH_H
#define S2V_TOOLS_TALKERS_TRUTH_H

#include "clip.h"
#include "face.h"

struct talkers_truth_params {
    const char *clip; /* the film's name, without folders */
    uint64_t seed;
    int size;
    bool held_out;
    double motion;
};

/* Writes STEM.safetensors and STEM.json. 0, or -1 after a message. */
int talkers_truth_write(const char *stem, const struct talkers_clip *clip,
                        const struct talkers_face *face,
                        const struct talkers_truth_params *params);

#endif
