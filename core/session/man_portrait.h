/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The portrait of a talking head: where the face is in an image, and its crop.
 *
 * The face is found by the networks of face.bin (face_finder.h), which lies
 * beside the model or where models are found. With a crop it is not needed.
 */
#ifndef S2VI_SESSION_MAN_PORTRAIT_H
#define S2VI_SESSION_MAN_PORTRAIT_H

#include "base/log.h"
#include "session/face_finder.h"

/** What the options of an image say. */
typedef struct s2vi_man_framing {
    bool has_crop;
    int crop[4];      /* x, y, width, height */
    int face;         /* number, the largest is 1 */
    double pad;       /* factor of the crop's side */
    char *face_model; /* NULL: face.bin */
    const char *name; /* of the image, for messages */
} s2vi_man_framing;

typedef struct s2vi_man_portrait {
    s2vi_region crop;                        /* in the image */
    bool has_landmarks;                      /* without: the crop was given */
    double landmark[S2VI_FACE_LANDMARKS][2]; /* parts of the crop's side,
                                                from its upper left */
    double mesh[S2VI_FACEMESH_POINTS][2];    /* likewise */
} s2vi_man_portrait;

/** Parse x:y:width:height, or "": none. A '|' serves for a ':', which separates
 * options in FFmpeg's filter graphs. */
int s2vi_man_framing_set_crop(s2vi_man_framing *framing, const char *text,
                              s2v_error *err);

/**
 * Find the portrait in an image.
 *
 * @param model   path of the weight file, beside which face.bin may lie
 * @param backend the networks run on it, and are closed again
 * @param side    of the model's frames, for warnings
 * @return S2V_OK; S2V_ERR_INVALID: no face, or fewer; not inside the image;
 *         S2V_ERR_IO: no face.bin; others
 */
int s2vi_man_portrait_find(s2vi_man_portrait *portrait, const s2vi_image *image,
                           const s2vi_man_framing *framing, const char *model,
                           s2vi_backend *backend, int side,
                           const s2vi_logger *logger, s2v_error *err);

#endif
