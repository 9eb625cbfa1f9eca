/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What StyleGAN2's generator learns against, and the losses: its discriminator
 * with the non-saturating logistic loss, or a projected critic with a hinge. */
#ifndef S2VI_RECIPES_STYLEGAN2_CRITIC_H
#define S2VI_RECIPES_STYLEGAN2_CRITIC_H

#include "models/stylegan2.h"
#include "networks/projected_critic.h"

typedef struct s2vi_stylegan2_critic {
    s2vi_stylegan2_config config;
    int group;            /* of the minibatch deviation */
    s2vi_perceptual *phi; /* of a projected critic; NULL: the discriminator */
    s2vi_projected_config projected;
} s2vi_stylegan2_critic;

/** What is said of pictures. */
typedef struct s2vi_stylegan2_opinion {
    s2vi_node *logits; /* (n,1), the discriminator's; or NULL: */
    s2vi_projected_critic projected;
} s2vi_stylegan2_opinion;

/**
 * @param network weight file of the image network of a projected critic, or
 *                NULL
 */
int s2vi_stylegan2_critic_open(s2vi_stylegan2_critic *critic,
                               const s2vi_stylegan2_config *config, int batch,
                               const char *network, s2v_error *err);
void s2vi_stylegan2_critic_close(s2vi_stylegan2_critic *critic);

int s2vi_stylegan2_critic_params(const s2vi_stylegan2_critic *critic,
                                 s2vi_param_list *list, s2v_error *err);

/**
 * @param images  (n,N,N,3)
 * @param classes (n,classes), or NULL
 */
int s2vi_stylegan2_critic_build(const s2vi_stylegan2_critic *critic,
                                s2vi_node *images, s2vi_node *classes,
                                s2vi_stylegan2_opinion *out, s2v_error *err);

/** The mean of all logits. */
s2vi_node *s2vi_stylegan2_mean_logit(const s2vi_stylegan2_opinion *opinion);

s2vi_node *s2vi_stylegan2_critic_loss(const s2vi_stylegan2_opinion *made,
                                      const s2vi_stylegan2_opinion *real);
s2vi_node *s2vi_stylegan2_generator_loss(const s2vi_stylegan2_opinion *made);

#endif
