/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Frechet distance between two sets of features, each taken for normally
 * distributed:
 *
 *     |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))
 *
 * (D. Dowson, B. Landau, "The Frechet distance between multivariate normal
 * distributions", 1982). With Inception-v3's features it would be the FID of
 * M. Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a
 * Local Nash Equilibrium", 2017; with others, it is named after their network.
 */
#ifndef S2VI_MEASURE_FRECHET_H
#define S2VI_MEASURE_FRECHET_H

#include "s2v/s2v.h"

/** Mean and covariance of features, gathered one by one. */
typedef struct s2vi_feature_stats {
    int channels;
    int64_t count;
    double *mean;    /* (channels) */
    double *scatter; /* (channels, channels): sum of outer products about it */
    double *delta;   /* scratch (channels) */
} s2vi_feature_stats;

/** Start with none; s2vi_feature_stats_free() also after a failure. */
int s2vi_feature_stats_init(s2vi_feature_stats *stats, int channels,
                            s2v_error *err);
void s2vi_feature_stats_free(s2vi_feature_stats *stats);

/** @param feature (channels) */
void s2vi_feature_stats_add(s2vi_feature_stats *stats, const float *feature);

/**
 * The distance between two sets of features of the same channels; covariances
 * divide by the count less one. NaN for fewer than two features on either side.
 *
 * @return S2V_OK, or S2V_ERR_NOMEM
 */
int s2vi_frechet(const s2vi_feature_stats *a, const s2vi_feature_stats *b,
                 double *distance, s2v_error *err);

#endif
