/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Losses of the joint embedding and of sound-guided semantic video generation,
 * as graphs; see semantic_loss.c.
 */
#ifndef S2VI_TRAIN_SEMANTIC_LOSS_H
#define S2VI_TRAIN_SEMANTIC_LOSS_H

#include "models/joint_embedding.h"
#include "networks/semantic_discriminator.h"

/* ------------------------------------------------- the joint embedding -- */

/**
 * What each of n should be near to, (n,n): all of its own group, evenly, so
 * that a row has the sum 1.
 */
void s2vi_soft_targets(const int *group, int n, float *out);

/**
 * InfoNCE (van den Oord et al. 2018) with soft targets, the mean of both ways:
 * cross entropy of the rows, and of the columns, of scale a b^T.
 *
 * @param a, b    (n,E), rows of length 1
 * @param targets (n,n), symmetric
 * @param scale   (1)
 * @return (1)
 */
s2vi_node *s2vi_info_nce(s2vi_node *a, s2vi_node *b, s2vi_node *targets,
                         s2vi_node *scale);

/* ----------------------------------------------------------- adversaries -- */

/** Least squares (Mao et al. 2017) of one map: (1). */
s2vi_node *s2vi_least_squares(s2vi_node *real, s2vi_node *made);

/** What D_V learns by: the sum over scales. */
s2vi_node *s2vi_semantic_dv_loss(const s2vi_semantic_dv_graph *real,
                                 const s2vi_semantic_dv_graph *made);

/** What a generator learns by, of one map; and of D_V. */
s2vi_node *s2vi_least_squares_generator(s2vi_node *made);
s2vi_node *s2vi_semantic_dv_generator(const s2vi_semantic_dv_graph *made);

/* ----------------------------------------------------------- eq. 2 and 3 -- */

/** 1 - the mean cosine of rows of length 1, (n,E) each: (1). */
s2vi_node *s2vi_semantic_distance(s2vi_node *a, s2vi_node *b);

/** mean (w^t - their mean over t)^2 of codes (n,T,L,w): (1). */
s2vi_node *s2vi_semantic_identity(s2vi_node *codes);

/** pSp's regularisation: |delta w| of a frame's codes (n,L,w) together, the
 * mean over n: (1). */
s2vi_node *s2vi_semantic_length(s2vi_node *delta);

/** How far a frame's codes (n,T,L,w) are from their mean over the L layers, for
 * all of which a generator is trained with one: mean squares (1). (Tov et al.
 * 2021, "Designing an Encoder for StyleGAN Image Manipulation", have the
 * distance from the first one.) */
s2vi_node *s2vi_semantic_spread(s2vi_node *codes);

#endif
