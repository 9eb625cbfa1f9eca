/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Networks that find faces and their landmarks, as graphs: BlazeFace short
 * range and FaceMesh of MediaPipe; see face.c. video/face.h has what goes on
 * between picture and networks.
 */
#ifndef S2VI_MODELS_FACE_H
#define S2VI_MODELS_FACE_H

#include "nn/param.h"
#include "video/face.h"

/** Append the parameters; `prefix` of their names: "" or "blazeface.". */
int s2vi_blazeface_params(const char *prefix, s2vi_param_list *list,
                          s2v_error *err);
int s2vi_facemesh_params(const char *prefix, s2vi_param_list *list,
                         s2v_error *err);

/**
 * Record BlazeFace.
 *
 * @param pictures (n,128,128,3) RGB in [-1, 1]
 * @param score set to (n,896), before the sigmoid
 * @param box   set to (n,896,16): s2vi_face_decode() reads both
 */
int s2vi_blazeface_build(s2vi_graph *graph, const char *prefix,
                         s2vi_node *pictures, s2vi_node **score,
                         s2vi_node **box, s2v_error *err);

/**
 * Record FaceMesh.
 *
 * @param crops (n,192,192,3) RGB in [0, 1]
 * @param mesh  set to (n,468,3): x, y and z in pixels of the crop
 * @param flag  set to (n,1): a face is there where its sigmoid is above 0.5
 */
int s2vi_facemesh_build(s2vi_graph *graph, const char *prefix, s2vi_node *crops,
                        s2vi_node **mesh, s2vi_node **flag, s2v_error *err);

#endif
