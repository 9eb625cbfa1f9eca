/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Projected critics: discriminators over the features of an image network; see
 * projected_critic.c. */
#ifndef S2VI_NETWORKS_PROJECTED_CRITIC_H
#define S2VI_NETWORKS_PROJECTED_CRITIC_H

#include "networks/perceptual.h"
#include "nn/param.h"

enum {
    S2VI_PROJECTED_DEPTHS = 4, /* of features, and discriminators, at most */
    S2VI_PROJECTED_DOWN = 6,   /* blocks of one, at most */
};

/** What follows from the image network and the size of the pictures. */
typedef struct s2vi_projected_config {
    int classes; /* 0: none */
    int depths;
    int layer[S2VI_PROJECTED_DEPTHS];    /* of phi; the first is the finest */
    int side[S2VI_PROJECTED_DEPTHS];     /* of its features */
    int channels[S2VI_PROJECTED_DEPTHS]; /* likewise */
} s2vi_projected_config;

typedef struct s2vi_projected_critic {
    s2vi_node *mixed[S2VI_PROJECTED_DEPTHS];  /* (n,r,r,64): the projections */
    s2vi_node *logits[S2VI_PROJECTED_DEPTHS]; /* (n,r,r,1) */
    /* ASSIGNs of what the spectral norms keep, for the discriminators' step. */
    s2vi_node *effect[S2VI_PROJECTED_DEPTHS * (S2VI_PROJECTED_DOWN + 1)];
    int n_effects;
} s2vi_projected_critic;

/** @param size of the pictures, at least 32 */
int s2vi_projected_config_of(s2vi_projected_config *config,
                             const s2vi_perceptual *phi, int size, int classes,
                             s2v_error *err);

/** Append the parameters, "critic.d0.down0.weight" ..., and the projections,
 * which are random and do not learn: "critic.mix0.weight" ... */
int s2vi_projected_critic_params(const s2vi_projected_config *config,
                                 s2vi_param_list *list, s2v_error *err);

/**
 * @param images  (n,N,N,3): black -1, white 1
 * @param classes (n,classes), or NULL
 */
int s2vi_projected_critic_build(s2vi_graph *graph,
                                const s2vi_projected_config *config,
                                const s2vi_perceptual *phi, s2vi_node *images,
                                s2vi_node *classes, s2vi_projected_critic *out,
                                s2v_error *err);

/** The hinge of what is `real` or not, and what a generator lessens: sums over
 * the depths of means. */
s2vi_node *s2vi_projected_critic_loss(const s2vi_projected_critic *critic,
                                      bool real);
s2vi_node *s2vi_projected_generator_loss(const s2vi_projected_critic *critic);

/** The mean of all logits, for the curves. */
s2vi_node *s2vi_projected_mean(const s2vi_projected_critic *critic);

#endif
