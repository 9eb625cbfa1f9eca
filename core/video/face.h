/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faces in pictures: what goes into the networks of models/face.h and comes out
 * of them, and squares of a picture that may be turned.
 *
 * Places are in pixels, x to the right, y down; pixel i covers [i, i + 1].
 * Right and left are the person's: a right eye is at the picture's left.
 */
#ifndef S2VI_VIDEO_FACE_H
#define S2VI_VIDEO_FACE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    S2VI_BLAZEFACE_SIDE = 128, /* of BlazeFace's picture */
    S2VI_FACE_ANCHORS = 896,   /* boxes that it proposes... */
    S2VI_FACE_NUMBERS = 16,    /* ...each of so many numbers */
    S2VI_FACE_POINTS = 6, /* right eye, left eye, nose, mouth, right ear, left
                             ear */
    S2VI_FACE_MOST = 64,  /* faces of a picture */
    S2VI_FACEMESH_SIDE = 192, /* of FaceMesh's crop */
    S2VI_FACEMESH_POINTS = 468,
    S2VI_FACE_LANDMARKS = 68, /* iBUG's */
};

/** A picture of 8-bit R, G, B; `stride` bytes from row to row, which may be
 * negative. */
typedef struct s2vi_image {
    const uint8_t *rgb;
    ptrdiff_t stride;
    int width, height;
} s2vi_image;

/** A region of a picture: a square around (x,y), whose rows are turned by
 * `angle` from right to down. */
typedef struct s2vi_region {
    double x, y, side, angle;
} s2vi_region;

/** A face; its box around (x,y). */
typedef struct s2vi_face {
    double score; /* 0.5 to 1 */
    double x, y, width, height;
    double point[S2VI_FACE_POINTS][2];
} s2vi_face;

/* ---------------------------------------------------------- detecting -- */

/**
 * The whole picture in the middle of a square, black around it: each of the
 * square's pixels is the mean of what it covers.
 *
 * @param out (side,side,3) in [-1, 1]; side at most S2VI_FACEMESH_SIDE
 */
void s2vi_face_letterbox(const s2vi_image *picture, int side, float *out);

/**
 * The faces among BlazeFace's proposals, surest first: boxes of a score above
 * 0.5, those that overlap the surest of them (intersection over union above
 * 0.3) averaged by score.
 *
 * @param score (896), before the sigmoid
 * @param box   (896,16)
 * @param face  room for S2VI_FACE_MOST; in parts of the square's side
 * @return how many
 */
int s2vi_face_decode(const float *score, const float *box, s2vi_face *face);

/** From parts of the letterbox's side to pixels of the picture. */
void s2vi_face_to_picture(s2vi_face *face, int width, int height);

/* ------------------------------------------------------------ squares -- */

/** FaceMesh's crop of a face: 1.5 times the box's longer side, eyes level. */
s2vi_region s2vi_face_mesh_region(const s2vi_face *face);

/** The same in a film, from the picture before: its mesh (468,2). */
s2vi_region s2vi_face_next_region(const double (*mesh)[2]);

/** What is outside of a picture. */
typedef enum s2vi_outside {
    S2VI_OUTSIDE_BLACK,
    S2VI_OUTSIDE_MIRROR, /* the edge's pixels again, backwards */
} s2vi_outside;

/**
 * A square of the picture as side x side pixels, each of them the mean of
 * samples x samples places, read between pixels (bilinear).
 *
 * @param out (side,side,3) in [0, 1]
 */
void s2vi_region_read(const s2vi_image *picture, const s2vi_region *square,
                      s2vi_outside outside, int samples, int side, float *out);

/** Place (u,v) of a square, 0 to 1 from its upper left corner, in the picture;
 * and back. */
void s2vi_region_to_picture(const s2vi_region *square, const double at[2],
                            double place[2]);
void s2vi_region_from_picture(const s2vi_region *square, const double place[2],
                              double at[2]);

/* ---------------------------------------------------------- landmarks -- */

/** FaceMesh's points (468,3), in pixels of its crop, as places (468,2). */
void s2vi_face_mesh_to_picture(const float *mesh, const s2vi_region *square,
                               double (*place)[2]);

/** iBUG's 68 landmarks among those. */
void s2vi_face_landmarks(const double (*mesh)[2], double (*landmark)[2]);

/* --------------------------------------------------------------- crops -- */

/** Sides of a talking head's crop, in distances of the eyes. */
#define S2VI_FACE_CROP 4.9

/** The square of a talking head: `scale` times the distance of the eyes'
 * centres, around a place 0.2 of it below their middle, eyes level. */
s2vi_region s2vi_face_crop(const double right_eye[2], const double left_eye[2],
                           double scale);

/** The eyes' centres of 68 landmarks. */
void s2vi_face_eyes(const double (*landmark)[2], double right_eye[2],
                    double left_eye[2]);

/**
 * The square that a user asks for, x:y:width:height; of a rectangle, the
 * largest square in its middle.
 *
 * @return S2V_OK; S2V_ERR_INVALID: it is not inside the picture
 */
int s2vi_face_given_crop(const s2vi_image *picture, const int crop[4],
                         s2vi_region *square, s2v_error *err);

#endif
