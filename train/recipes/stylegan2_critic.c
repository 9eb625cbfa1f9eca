/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What StyleGAN2's generator learns against; see stylegan2_critic.h. */
#include "recipes/stylegan2_critic.h"

#include "base/error.h"
#include "graph/build.h"
#include "loss.h"
#include "networks/stylegan2_discriminator.h"

enum { GROUP = 4 }; /* pictures of the minibatch deviation, at most */

/* The discriminator's mapping network: not the generator's name. */
static const char *const of_classes = "classes";

/* The largest group that divides the batch. */
static int group_of(int batch)
{
    int group = GROUP < batch ? GROUP : batch;
    while (batch % group)
        group--;
    return group;
}

int s2vi_stylegan2_critic_open(s2vi_stylegan2_critic *c,
                               const s2vi_stylegan2_config *config, int batch,
                               const char *network, s2v_error *err)
{
    *c = (s2vi_stylegan2_critic){.config = *config, .group = group_of(batch)};
    if (!network)
        return S2V_OK;
    const int ret = s2vi_perceptual_open(&c->phi, network, err);
    return ret < 0
               ? ret
               : s2vi_projected_config_of(&c->projected, c->phi, config->size,
                                          config->classes, err);
}

void s2vi_stylegan2_critic_close(s2vi_stylegan2_critic *c)
{
    s2vi_perceptual_close(&c->phi);
}

int s2vi_stylegan2_critic_params(const s2vi_stylegan2_critic *c,
                                 s2vi_param_list *list, s2v_error *err)
{
    return c->phi ? s2vi_projected_critic_params(&c->projected, list, err)
                  : s2vi_stylegan2_discriminator_params(&c->config, of_classes,
                                                        list, err);
}

int s2vi_stylegan2_critic_build(const s2vi_stylegan2_critic *c,
                                s2vi_node *images, s2vi_node *classes,
                                s2vi_stylegan2_opinion *out, s2v_error *err)
{
    s2vi_stylegan2_discriminator d;
    *out = (s2vi_stylegan2_opinion){0};
    if (!images)
        return s2vi_error_nomem(err, "the training graph");
    if (c->phi)
        return s2vi_projected_critic_build(images->graph, &c->projected, c->phi,
                                           images, classes, &out->projected,
                                           err);
    const int ret = s2vi_stylegan2_discriminator_build(
        images->graph, &c->config, of_classes, images, classes, c->group, &d,
        err);
    out->logits = d.logits;
    return ret;
}

s2vi_node *s2vi_stylegan2_mean_logit(const s2vi_stylegan2_opinion *o)
{
    return o->logits ? s2vi_mean_all(o->logits)
                     : s2vi_projected_mean(&o->projected);
}

s2vi_node *s2vi_stylegan2_critic_loss(const s2vi_stylegan2_opinion *made,
                                      const s2vi_stylegan2_opinion *real)
{
    if (!made->logits)
        return s2vi_add(s2vi_projected_critic_loss(&made->projected, false),
                        s2vi_projected_critic_loss(&real->projected, true));
    return s2vi_add(s2vi_mean_all(s2vi_softplus(made->logits)),
                    s2vi_mean_all(s2vi_softplus(s2vi_scale(real->logits, -1))));
}

s2vi_node *s2vi_stylegan2_generator_loss(const s2vi_stylegan2_opinion *made)
{
    return made->logits
               ? s2vi_mean_all(s2vi_softplus(s2vi_scale(made->logits, -1)))
               : s2vi_projected_generator_loss(&made->projected);
}
