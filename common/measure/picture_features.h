/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much one set of pictures resembles another, by an image network: Frechet
 * distance, precision and recall of its last features.
 *
 *     s2vi_picture_features_open(&real, vision, N, err);
 *     for each picture {
 *         fill s2vi_picture_features_room(&real), (N,N,3) in [0, 1];
 *         s2vi_picture_features_take(&real, err);
 *     }
 *     s2vi_picture_features_end(&real, err);
 *     s2vi_picture_features_compare(&real, &made, &resemblance, err);
 */
#ifndef S2VI_MEASURE_PICTURE_FEATURES_H
#define S2VI_MEASURE_PICTURE_FEATURES_H

#include "measure/frechet.h"
#include "measure/manifold.h"
#include "measure/vision.h"

typedef struct s2vi_picture_features {
    s2vi_vision *vision; /* not owned */
    size_t numbers;      /* of a picture */
    s2vi_feature_stats stats;
    s2vi_manifold manifold;
    float *picture[2], *feature[2]; /* two are looked at in one run */
    int waiting;
} s2vi_picture_features;

typedef struct s2vi_resemblance {
    double frechet, precision, recall;
} s2vi_resemblance;

/** @param side of the pictures; s2vi_picture_features_close() also after a
 *              failure */
int s2vi_picture_features_open(s2vi_picture_features *f, s2vi_vision *vision,
                               int side, s2v_error *err);
void s2vi_picture_features_close(s2vi_picture_features *f);

/** Where the next picture goes; and take what is there. */
float *s2vi_picture_features_room(s2vi_picture_features *f);
int s2vi_picture_features_take(s2vi_picture_features *f, s2v_error *err);

/** The same of a picture of 8 bits. */
int s2vi_picture_features_take_rgb(s2vi_picture_features *f, const uint8_t *rgb,
                                   s2v_error *err);

/** After the last picture. */
int s2vi_picture_features_end(s2vi_picture_features *f, s2v_error *err);

/** Both ended. */
int s2vi_picture_features_compare(const s2vi_picture_features *real,
                                  const s2vi_picture_features *made,
                                  s2vi_resemblance *out, s2v_error *err);

#endif
