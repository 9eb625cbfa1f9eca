/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faces of clips: the crop of a talking head, and its landmarks from frame to
 * frame, by the networks of face.bin (session/face_finder.h). Pictures are
 * squares, (side,side,3), 8 bits, rows packed.
 */
#ifndef S2VI_DATA_FACE_TRACKER_H
#define S2VI_DATA_FACE_TRACKER_H

#include "measure/face_measure.h"

/** A square of a picture, turned: as s2vi_region. */
typedef struct s2vi_head_crop {
    double x, y, side, angle;
} s2vi_head_crop;

/** The crop that training takes of a head with these landmarks. */
s2vi_head_crop s2vi_head_crop_of(const s2vi_face_marks marks);

/** All of a picture. */
s2vi_head_crop s2vi_head_crop_all(int side);

/** Read a crop, `to` pixels wide; what is outside is mirrored.
 *
 * @param scratch (to,to,3) */
void s2vi_head_crop_read(const s2vi_head_crop *crop, const uint8_t *rgb,
                         int side, int to, float *scratch, uint8_t *out);

/** A place in the picture, in sides of the crop; may be the same memory. */
void s2vi_head_crop_place(const s2vi_head_crop *crop, const double place[2],
                          double at[2]);

/** Landmarks in the picture become those in the crop. */
void s2vi_head_crop_move(const s2vi_head_crop *crop, int to,
                         s2vi_face_marks marks);

/** One thread at a time. */
typedef struct s2vi_face_tracker s2vi_face_tracker;

/**
 * @param path   face.bin, found as any weight file
 * @param device NULL: auto. One thread: more of them would wait for each other
 */
int s2vi_face_tracker_open(s2vi_face_tracker **tracker, const char *path,
                           const char *device, s2v_error *err);
void s2vi_face_tracker_close(s2vi_face_tracker **tracker);

/**
 * The largest face of a picture. s2vi_face_tracker_next() begins there.
 *
 * @param name of the clip whose first frame it is, for messages
 * @param crop set to its crop; may be NULL
 * @return S2V_OK; S2V_ERR_FORMAT: there is no face; others
 */
int s2vi_face_tracker_start(s2vi_face_tracker *tracker, const uint8_t *rgb,
                            int side, const char *name, s2vi_head_crop *crop,
                            s2v_error *err);

/** Begin again with the face of the last s2vi_face_tracker_start(). */
void s2vi_face_tracker_rewind(s2vi_face_tracker *tracker);

/** The same face in the next frame. NaN where it is lost; the next frame is
 * searched where it was last. */
int s2vi_face_tracker_next(s2vi_face_tracker *tracker, const uint8_t *rgb,
                           int side, s2vi_face_marks marks, s2v_error *err);

enum { S2VI_FACE_MESH = 468 /* points of FaceMesh */ };

/** All points where the face was seen last, (468,2), in pixels. */
void s2vi_face_tracker_mesh(const s2vi_face_tracker *tracker,
                            double (*mesh)[2]);

#endif
