/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Precision and recall of generated pictures:
 *   T. Kynkaanniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila, "Improved
 *   Precision and Recall Metric for Assessing Generative Models", NeurIPS 2019.
 *
 * The manifold of a set of features is the union of balls around each, as large
 * as the distance to its k-th nearest neighbour. Precision is the part of the
 * generated features that the manifold of the real ones covers, recall the part
 * of the real ones that the manifold of the generated ones covers.
 *
 *     s2vi_manifold real = {.channels = C}, made = {.channels = C};
 *     s2vi_manifold_add(&real, feature, err); ...
 *     s2vi_manifold_measure(&real, S2VI_MANIFOLD_NEIGHBOUR, err);
 *     s2vi_manifold_measure(&made, S2VI_MANIFOLD_NEIGHBOUR, err);
 *     precision = s2vi_manifold_covers(&real, &made);
 *     recall = s2vi_manifold_covers(&made, &real);
 */
#ifndef S2VI_MEASURE_MANIFOLD_H
#define S2VI_MEASURE_MANIFOLD_H

#include "s2v/s2v.h"

enum { S2VI_MANIFOLD_NEIGHBOUR = 3 }; /* the paper's k */

/** Features of a set of pictures; zeroed but for `channels` before the first.
 */
typedef struct s2vi_manifold {
    int channels;
    int64_t count, room;
    float *feature;  /**< (count, channels) */
    double *radius2; /**< (count): squares, after s2vi_manifold_measure() */
} s2vi_manifold;

/** Add (channels) numbers: S2V_OK or S2V_ERR_NOMEM. */
int s2vi_manifold_add(s2vi_manifold *m, const float *feature, s2v_error *err);

/** The radii: distances to the k-th nearest other feature, or to the farthest
 * where there are fewer others. */
int s2vi_manifold_measure(s2vi_manifold *m, int k, s2v_error *err);

/** The part of `points`, 0 to 1, that is in a measured manifold of the same
 * channels, its surface included; NaN where either has none. */
double s2vi_manifold_covers(const s2vi_manifold *m,
                            const s2vi_manifold *points);

void s2vi_manifold_free(s2vi_manifold *m);

#endif
