/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds faces in pictures, their landmarks and the square crop of a talking
 * head, by the networks of models/face.h. Their weights are one file, face.bin,
 * which scripts/import-face makes.
 *
 *     s2vi_face_finder_open(&finder, weights, backend, err);
 *     s2vi_face_find(finder, &picture, "face.png", found, 8, &n, err);
 *     s2vi_face_choose(found, n, 1, "face.png", &crop, err);
 *     s2vi_face_read(&picture, &crop, 128, out);
 */
#ifndef S2VI_SESSION_FACE_FINDER_H
#define S2VI_SESSION_FACE_FINDER_H

#include "run/store.h"
#include "video/face.h"
#include "weights/weights.h"

#define S2VI_FACE_MODEL "face" /* "s2v.model" of its weight file */

/** One thread at a time. */
typedef struct s2vi_face_finder s2vi_face_finder;

/** A face, in pixels of the picture. */
typedef struct s2vi_found_face {
    s2vi_face face;
    bool has_mesh; /* FaceMesh agrees that it is one: */
    double mesh[S2VI_FACEMESH_POINTS][2];
    double landmark[S2VI_FACE_LANDMARKS][2];
} s2vi_found_face;

/**
 * @param weights read here, not kept
 * @param backend must outlive the finder
 * @return S2V_OK; S2V_ERR_MODEL: not such a file; others
 */
int s2vi_face_finder_open(s2vi_face_finder **finder, const s2v_weights *weights,
                          s2vi_backend *backend, s2v_error *err);
void s2vi_face_finder_close(s2vi_face_finder **finder);

/**
 * All faces, largest first.
 *
 * @param name  of the picture, for messages
 * @param found room for `most`; of more faces, the largest
 * @param n     set to how many there are in `found`
 * @return S2V_OK; S2V_ERR_INVALID: there is none; S2V_ERR_DEVICE
 */
int s2vi_face_find(s2vi_face_finder *finder, const s2vi_image *picture,
                   const char *name, s2vi_found_face *found, int most, int *n,
                   s2v_error *err);

/**
 * The same face in the next picture of a film, near its mesh in the one before.
 * `found` is both; its member `face` stays.
 *
 * @return S2V_OK, also where it is lost: has_mesh is false
 */
int s2vi_face_follow(s2vi_face_finder *finder, const s2vi_image *picture,
                     s2vi_found_face *found, s2v_error *err);

/**
 * The crop of face number `number`, from 1, the largest. It may reach beyond
 * the picture's edges, where s2vi_face_read() mirrors it.
 *
 * @return S2V_OK; S2V_ERR_INVALID: there are fewer faces; the crop's middle
 *         lies outside of the picture
 */
int s2vi_face_choose(const s2vi_image *picture, const s2vi_found_face *found,
                     int n, int number, const char *name, double scale,
                     s2vi_region *crop, s2v_error *err);

/** Read a crop by areas, edges mirrored: (side,side,3) in [0, 1]. */
void s2vi_face_read(const s2vi_image *picture, const s2vi_region *crop,
                    int side, float *out);

#endif
