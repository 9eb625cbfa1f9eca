/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StyleGAN2's discriminator, as a graph; see stylegan2_discriminator.c. */
#ifndef S2VI_NETWORKS_STYLEGAN2_DISCRIMINATOR_H
#define S2VI_NETWORKS_STYLEGAN2_DISCRIMINATOR_H

#include "models/stylegan2.h"

enum { S2VI_STYLEGAN2_D_MAPPING = 8 }; /* layers, of a class */

typedef struct s2vi_stylegan2_discriminator {
    s2vi_node *x[S2VI_STYLEGAN2_BLOCKS]; /* behind each block but that of 4 */
    s2vi_node *deviation;                /* (n,1,1,1), of the minibatch */
    s2vi_node *logits;                   /* (n,1) */
} s2vi_stylegan2_discriminator;

/**
 * Append the parameters, named as published: "b32.fromrgb.weight", ...
 *
 * @param mapping what the names of its mapping network, of classes, begin with:
 *                "mapping", or another word beside a generator
 */
int s2vi_stylegan2_discriminator_params(const s2vi_stylegan2_config *config,
                                        const char *mapping,
                                        s2vi_param_list *list, s2v_error *err);

/**
 * @param config its size, classes, base, max, kernel, slope and clamp count
 * @param images  (n,N,N,3): black -1, white 1
 * @param classes (n,classes), or NULL
 * @param group   pictures that the minibatch deviation is of; the number of
 *                pictures, if that is less, else it divides that
 */
int s2vi_stylegan2_discriminator_build(s2vi_graph *graph,
                                       const s2vi_stylegan2_config *config,
                                       const char *mapping, s2vi_node *images,
                                       s2vi_node *classes, int group,
                                       s2vi_stylegan2_discriminator *out,
                                       s2v_error *err);

#endif
