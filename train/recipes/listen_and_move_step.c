/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The training steps of "Listen and Move"; see listen_and_move_step.h. */
#include "recipes/listen_and_move_step.h"

#include "base/error.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "loss.h"

#include <math.h>
#include <stdlib.h>

/* Adam as in the paper, sec. 5.1. */
static const s2vi_adam_factors adam = {
    .beta1 = 0.3, .beta2 = 0.999, .eps = 1e-8};

/* --------------------------------------------------------- recording -- */

int s2vi_lm_step_begin(s2vi_lm_step *p, s2vi_train_step *step,
                       const s2vi_lm_config *config,
                       const s2vi_lm_options *options, s2v_error *err)
{
    const int T = options->frames;
    *p = (s2vi_lm_step){.step = step};
    int ret = s2vi_lm_build(step->graph, config, options, &p->lm, err);
    if (ret < 0)
        return ret;
    step->output = p->lm.video;
    s2vi_adversarial *a = &p->adversarial;
    s2vi_disc_mirror(&a->image, config, S2VI_DISC_IMAGE, T);
    s2vi_disc_mirror(&a->video, config, S2VI_DISC_VIDEO, T);
    p->real = s2vi_input(p->step->graph, "real", p->lm.video->shape);
    a->lambda = S2VI_ADVERSARIAL_LAMBDA;
    a->real = p->real;
    a->fake = p->lm.video;
    return s2vi_graph_status(p->step->graph, err);
}

int s2vi_lm_step_record_frames(s2vi_lm_step *p, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < p->lm.n_carry && !ret; i++)
        ret = s2vi_train_step_add_effect(p->step, p->lm.carry[i], err);
    return ret;
}

/* The term that wants made frames to be like the real ones. */
static s2vi_node *reconstruction(s2vi_lm_step *p,
                                 const s2vi_lm_loss_config *config)
{
    s2vi_node *loss;
    if (config->phi)
        loss = s2vi_perceptual_distance(
            config->phi, p->step->graph, p->real, p->lm.video,
            s2vi_perceptual_default_layer(config->phi));
    else if (config->squares)
        loss = s2vi_loss_multiscale_l2(p->real, p->lm.video);
    else
        loss = s2vi_loss_multiscale_l1(p->real, p->lm.video);
    s2vi_train_step_add_term(p->step,
                             config->phi       ? "perceptual"
                             : config->squares ? "L2"
                                               : "L1",
                             loss);
    return loss;
}

/*
 * Beside the critics the term counts as a distance of videos, as eq. (6)'s norm
 * does, and as theirs do, whose slope over that distance the penalty makes 1:
 * mean differences times the root of how many numbers a video has. Without
 * this the critics' gradients are tenfold the term's and more, and what is made
 * stays a collage.
 */
static double unit_of(const s2vi_node *video)
{
    return sqrt((double)s2vi_shape_count(&video->shape));
}

int s2vi_lm_step_record_generator(s2vi_lm_step *p,
                                  const s2vi_lm_loss_config *config,
                                  const s2vi_trained *g, s2v_error *err)
{
    s2vi_node *same = reconstruction(p, config), *loss = same;
    if (config->adversarial) {
        s2vi_generator_loss adversarial;
        s2vi_adversarial_inputs(p->step->graph, &p->adversarial);
        p->adversarial.order = NULL; /* nothing is shuffled here */
        int ret = s2vi_adversarial_generator(p->step->graph, &p->adversarial,
                                             &adversarial, err);
        if (ret < 0)
            return ret;
        loss = s2vi_add(adversarial.loss,
                        s2vi_scale(same, config->alpha * unit_of(p->real)));
        s2vi_train_step_add_term(p->step, "g.image", adversarial.image);
        s2vi_train_step_add_term(p->step, "g.video", adversarial.video);
        s2vi_train_step_add_term(p->step, "g.loss", loss);
    }
    s2vi_adam_factors factors = adam;
    if (config->beta1 > 0)
        factors.beta1 = config->beta1;
    int ret = s2vi_train_step_learn(p->step, loss, g, &factors, err);
    return ret < 0 ? ret : s2vi_lm_step_record_frames(p, err);
}

int s2vi_lm_step_record_critics(s2vi_lm_step *p, const s2vi_trained *d_i,
                                const s2vi_trained *d_v, s2v_error *err)
{
    s2vi_critic image, video;
    s2vi_adversarial_inputs(p->step->graph, &p->adversarial);
    int ret =
        s2vi_adversarial_image(p->step->graph, &p->adversarial, &image, err);
    if (!ret)
        ret = s2vi_adversarial_video(p->step->graph, &p->adversarial, &video,
                                     err);
    if (ret < 0)
        return ret;
    s2vi_train_step_add_term(p->step, "d_i.loss", image.loss);
    s2vi_train_step_add_term(p->step, "d_i.real", image.real);
    s2vi_train_step_add_term(p->step, "d_i.fake", image.fake);
    s2vi_train_step_add_term(p->step, "d_i.penalty", image.penalty);
    s2vi_train_step_add_term(p->step, "d_v.loss", video.loss);
    s2vi_train_step_add_term(p->step, "d_v.real", video.real);
    s2vi_train_step_add_term(p->step, "d_v.fake", video.fake);
    s2vi_train_step_add_term(p->step, "d_v.shuffled", video.shuffled);
    s2vi_train_step_add_term(p->step, "d_v.penalty", video.penalty);
    ret = s2vi_train_step_learn(p->step, image.loss, d_i, &adam, err);
    return ret < 0
               ? ret
               : s2vi_train_step_learn(p->step, video.loss, d_v, &adam, err);
}

/* ------------------------------------------------------------- running -- */

static int write_choices(s2vi_lm_step *p, const s2vi_clock *clock,
                         s2v_error *err)
{
    const s2vi_adversarial *a = &p->adversarial;
    const int T = a->video.frames;
    float frame, *order = malloc((size_t)T * sizeof(*order));
    if (!order)
        return s2vi_error_nomem(err, "a sequence");
    s2vi_adversarial_draw(clock->seed, clock->frame, T, &frame, order);
    int ret = s2vi_train_step_write(p->step, a->frame, &frame, err);
    if (!ret && a->order)
        ret = s2vi_train_step_write(p->step, a->order, order, err);
    free(order);
    return ret;
}

int s2vi_lm_step_feed(s2vi_lm_step *p, const s2vi_batch *batch,
                      const s2vi_clock *clock, s2v_error *err)
{
    int ret =
        s2vi_train_step_write(p->step, p->lm.features, batch->features, err);
    if (!ret && p->step->n_counts)
        ret = s2vi_train_step_write(p->step, p->real, batch->real, err);
    return ret < 0 || !p->adversarial.frame ? ret
                                            : write_choices(p, clock, err);
}
