/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One half of a training iteration; see pass.h. */
#include "pass.h"

#include "base/error.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "loss.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adam as in the paper, sec. 5.1. */
#define BETA1 0.3
#define BETA2 0.999
#define EPS   1e-8

/* --------------------------------------------------------- recording -- */

int s2vi_pass_begin(s2vi_pass *p, const s2vi_lm_config *config, int T,
                    s2v_error *err)
{
    const s2vi_lm_options options = {.frames = T};
    *p = (s2vi_pass){.graph = s2vi_graph_create()};
    if (!p->graph)
        return s2vi_error_nomem(err, "the training graph");
    int ret = s2vi_lm_build(p->graph, config, &options, &p->lm, err);
    if (ret < 0)
        return ret;
    s2vi_adversarial *a = &p->adversarial;
    s2vi_disc_mirror(&a->image, config, S2VI_DISC_IMAGE, T);
    s2vi_disc_mirror(&a->video, config, S2VI_DISC_VIDEO, T);
    p->real = s2vi_input(p->graph, "real", p->lm.video->shape);
    p->step = s2vi_input(p->graph, "step", S2VI_SHAPE(1));
    a->lambda = S2VI_ADVERSARIAL_LAMBDA;
    a->real = p->real;
    a->fake = p->lm.video;
    return s2vi_graph_status(p->graph, err);
}

static void add_term(s2vi_pass *p, const char *name, s2vi_node *node)
{
    p->term[p->n_terms++] = (s2vi_pass_term){name, node};
}

static int reserve(s2vi_pass *p, int count, s2v_error *err)
{
    size_t n = (size_t)(p->n_effects + count);
    s2vi_node **more = realloc(p->effect, n * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, "the training graph");
    p->effect = more;
    return S2V_OK;
}

static s2vi_node *slot(s2vi_pass *p, const char *which, const s2vi_param *q)
{
    char name[80];
    snprintf(name, sizeof(name), "%s.%s", which, q->name);
    return s2vi_var(p->graph, S2VI_VAR_SLOT, name, q->shape);
}

/* Effects come after all values: the average is of the parameter before this
 * iteration's step. */
static s2vi_node *average(s2vi_pass *p, const s2vi_param *q, s2vi_node *param)
{
    const s2vi_shape one = {.rank = q->shape.rank, .dim = {1, 1, 1, 1, 1}};
    s2vi_node *mean = slot(p, "ema", q);
    s2vi_node *change =
        s2vi_mul(s2vi_reshape(p->keep, one), s2vi_sub(mean, param));
    return s2vi_assign(mean, s2vi_add(param, change));
}

static int add_updates(s2vi_pass *p, s2vi_node *loss, const s2vi_trained *t,
                       s2v_error *err)
{
    s2vi_node **param = calloc(2 * (size_t)t->count, sizeof(*param));
    int ret = reserve(p, 2 * t->count, err);
    if (!ret && !param)
        ret = s2vi_error_nomem(err, "the training graph");
    if (ret < 0)
        goto out;
    s2vi_node **gradient = param + t->count;
    p->learns = true;
    for (int i = 0; i < t->count; i++)
        param[i] = s2vi_graph_find(p->graph, t->param[i].name);
    if (s2vi_gradients(loss, NULL, param, t->count, gradient) < 0) {
        ret = s2vi_graph_status(p->graph, err);
        goto out;
    }
    for (int i = 0; i < t->count; i++) {
        const s2vi_param *q = &t->param[i];
        p->effect[p->n_effects++] =
            s2vi_adam(param[i], slot(p, "m", q), slot(p, "v", q), gradient[i],
                      p->step, t->rate, BETA1, BETA2, EPS);
        if (t->average)
            p->effect[p->n_effects++] = average(p, q, param[i]);
    }
    ret = s2vi_graph_status(p->graph, err);
out:
    free(param);
    return ret;
}

int s2vi_pass_record_frames(s2vi_pass *p, s2v_error *err)
{
    int ret = reserve(p, p->lm.n_carry, err);
    for (int i = 0; i < p->lm.n_carry && !ret; i++)
        p->effect[p->n_effects++] = p->lm.carry[i];
    return ret;
}

/* The term that wants made frames to be like the real ones. */
static s2vi_node *reconstruction(s2vi_pass *p, const s2vi_aim *aim)
{
    s2vi_node *loss;
    if (aim->phi)
        loss =
            s2vi_perceptual_distance(aim->phi, p->graph, p->real, p->lm.video,
                                     s2vi_perceptual_default_layer(aim->phi));
    else if (aim->squares)
        loss = s2vi_loss_multiscale_l2(p->real, p->lm.video);
    else
        loss = s2vi_loss_multiscale_l1(p->real, p->lm.video);
    add_term(p, aim->phi ? "perceptual" : aim->squares ? "L2" : "L1", loss);
    return loss;
}

int s2vi_pass_record_generator(s2vi_pass *p, const s2vi_aim *aim,
                               const s2vi_trained *g, s2v_error *err)
{
    s2vi_node *same = reconstruction(p, aim), *loss = same;
    if (aim->adversarial) {
        s2vi_deceit deceit;
        s2vi_adversarial_inputs(p->graph, &p->adversarial);
        p->adversarial.order = NULL; /* nothing is shuffled here */
        int ret =
            s2vi_adversarial_generator(p->graph, &p->adversarial, &deceit, err);
        if (ret < 0)
            return ret;
        loss = s2vi_add(deceit.loss, s2vi_scale(same, S2VI_ADVERSARIAL_ALPHA));
        add_term(p, "g.image", deceit.image);
        add_term(p, "g.video", deceit.video);
        add_term(p, "g.loss", loss);
    }
    if (g->average)
        p->keep = s2vi_input(p->graph, "keep", S2VI_SHAPE(1));
    int ret = add_updates(p, loss, g, err);
    return ret < 0 ? ret : s2vi_pass_record_frames(p, err);
}

int s2vi_pass_record_critics(s2vi_pass *p, const s2vi_trained *d_i,
                             const s2vi_trained *d_v, s2v_error *err)
{
    s2vi_critic image, video;
    s2vi_adversarial_inputs(p->graph, &p->adversarial);
    int ret = s2vi_adversarial_image(p->graph, &p->adversarial, &image, err);
    if (!ret)
        ret = s2vi_adversarial_video(p->graph, &p->adversarial, &video, err);
    if (ret < 0)
        return ret;
    add_term(p, "d_i.loss", image.loss);
    add_term(p, "d_i.real", image.real);
    add_term(p, "d_i.fake", image.fake);
    add_term(p, "d_i.penalty", image.penalty);
    add_term(p, "d_v.loss", video.loss);
    add_term(p, "d_v.real", video.real);
    add_term(p, "d_v.fake", video.fake);
    add_term(p, "d_v.shuffled", video.shuffled);
    add_term(p, "d_v.penalty", video.penalty);
    ret = add_updates(p, image.loss, d_i, err);
    return ret < 0 ? ret : add_updates(p, video.loss, d_v, err);
}

int s2vi_pass_plan(s2vi_pass *p, s2vi_store *store, s2v_error *err)
{
    s2vi_node *outputs[S2VI_PASS_TERMS + 1] = {p->lm.video};
    for (int i = 0; i < p->n_terms; i++)
        outputs[1 + i] = p->term[i].node;
    const s2vi_plan_params params = {.outputs = outputs,
                                     .n_outputs = 1 + p->n_terms,
                                     .effects = p->effect,
                                     .n_effects = p->n_effects};
    int ret = s2vi_plan_create(&p->plan, p->graph, store, &params, err);
    return ret < 0 ? ret : s2vi_exec_create(&p->exec, p->plan, err);
}

void s2vi_pass_close(s2vi_pass *p)
{
    s2vi_exec_close(&p->exec);
    s2vi_plan_close(&p->plan);
    s2vi_graph_close(&p->graph);
    free(p->effect);
    *p = (s2vi_pass){0};
}

/* ------------------------------------------------------------- running -- */

static int write_input(s2vi_pass *p, const s2vi_node *input, const float *data,
                       s2v_error *err)
{
    int ret = s2vi_exec_write(p->exec, input, data);
    return ret < 0 ? s2vi_error(err, ret, "the training graph's input '%s'",
                                input->name)
                   : S2V_OK;
}

static int write_choices(s2vi_pass *p, const s2vi_clock *clock, s2v_error *err)
{
    const s2vi_adversarial *a = &p->adversarial;
    const int T = a->video.frames;
    float frame, *order = malloc((size_t)T * sizeof(*order));
    if (!order)
        return s2vi_error_nomem(err, "a sequence");
    s2vi_adversarial_draw(clock->seed, clock->frame, T, &frame, order);
    int ret = write_input(p, a->frame, &frame, err);
    if (!ret && a->order)
        ret = write_input(p, a->order, order, err);
    free(order);
    return ret;
}

int s2vi_pass_run(s2vi_pass *p, const s2vi_batch *batch,
                  const s2vi_clock *clock, s2v_error *err)
{
    const float step = (float)batch->step, keep = (float)batch->keep;
    int ret = write_input(p, p->lm.features, batch->features, err);
    if (!ret && p->learns)
        ret = write_input(p, p->real, batch->real, err);
    if (!ret && p->learns)
        ret = write_input(p, p->step, &step, err);
    if (!ret && p->keep)
        ret = write_input(p, p->keep, &keep, err);
    if (!ret && p->adversarial.frame)
        ret = write_choices(p, clock, err);
    return ret < 0 ? ret : s2vi_exec_run(p->exec, clock, err);
}

static const s2vi_node *state_named(const s2vi_pass *p, const char *name)
{
    for (int i = 0; i < s2vi_plan_state_count(p->plan); i++)
        if (!strcmp(s2vi_plan_state(p->plan, i)->name, name))
            return s2vi_plan_state(p->plan, i);
    return NULL;
}

int s2vi_pass_follow(s2vi_pass *to, const s2vi_pass *from, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < s2vi_plan_state_count(to->plan) && !ret; i++) {
        const s2vi_node *state = s2vi_plan_state(to->plan, i);
        const s2vi_node *source = state_named(from, state->name);
        double *value =
            malloc((size_t)s2vi_shape_count(&state->shape) * sizeof(*value));
        if (!value)
            return s2vi_error_nomem(err, state->name);
        ret = source ? s2vi_exec_read_f64(from->exec, source, value)
                     : s2vi_error(err, S2V_ERR_INTERNAL, "no state '%s'",
                                  state->name);
        if (!ret)
            ret = s2vi_exec_write_f64(to->exec, state, value);
        free(value);
    }
    return ret;
}
