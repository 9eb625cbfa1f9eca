/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The training iteration: recorded once, run as often as asked. */
#include "trainer_internal.h"

#include "audio/lms.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Adam as in the paper, sec. 5.1. */
#define BETA1 0.3
#define BETA2 0.999
#define EPS   1e-8

/* --------------------------------------------------------- recording -- */

static s2vi_node *slot(s2vi_trainer *t, const char *which, const s2vi_param *p)
{
    char name[80];
    snprintf(name, sizeof(name), "%s.%s", which, p->name);
    return s2vi_var(t->graph, S2VI_VAR_SLOT, name, p->shape);
}

static s2vi_node *adam(s2vi_trainer *t, int i, s2vi_node *param,
                       s2vi_node *gradient)
{
    const s2vi_param *p = &t->list.param[i];
    return s2vi_adam(param, slot(t, "m", p), slot(t, "v", p), gradient,
                     t->step_input, t->params.rate, BETA1, BETA2, EPS);
}

/* The effects of an iteration: every parameter's step, every state's value. */
static s2vi_node **record_effects(s2vi_trainer *t, int *count, s2v_error *err)
{
    int n = t->list.count;
    s2vi_node **effect =
        calloc((size_t)n + S2VI_LM_MAX_STATES, sizeof(*effect));
    s2vi_node **param = calloc(2 * (size_t)n, sizeof(*param));
    if (!effect || !param) {
        s2vi_error_nomem(err, "the training graph");
        goto fail;
    }
    for (int i = 0; i < n; i++)
        param[i] = s2vi_graph_find(t->graph, t->list.param[i].name);
    if (s2vi_gradients(t->loss, NULL, param, n, param + n) < 0) {
        s2vi_graph_status(t->graph, err);
        goto fail;
    }
    for (int i = 0; i < n; i++)
        effect[i] = adam(t, i, param[i], param[n + i]);
    for (int i = 0; i < t->lm.n_carry; i++)
        effect[n + i] = t->lm.carry[i];
    free(param);
    *count = n + t->lm.n_carry;
    return effect;
fail:
    free(effect);
    free(param);
    return NULL;
}

static int record(s2vi_trainer *t, s2v_error *err)
{
    const int64_t T = t->params.sequence, N = t->params.config.size;
    const s2vi_lm_options options = {.frames = t->params.sequence};
    t->graph = s2vi_graph_create();
    if (!t->graph)
        return s2vi_error_nomem(err, "the training graph");
    int ret = s2vi_lm_build(t->graph, &t->params.config, &options, &t->lm, err);
    if (ret < 0)
        return ret;
    t->real = s2vi_input(t->graph, "real", S2VI_SHAPE(T, N, N, 3));
    t->step_input = s2vi_input(t->graph, "step", S2VI_SHAPE(1));
    t->loss =
        t->phi
            ? s2vi_perceptual_distance(t->phi, t->graph, t->real, t->lm.video,
                                       s2vi_perceptual_default_layer(t->phi))
            : s2vi_loss_multiscale_l1(t->real, t->lm.video);
    return s2vi_graph_status(t->graph, err);
}

static int plan(s2vi_trainer *t, s2v_error *err)
{
    int n;
    s2vi_node **effect = record_effects(t, &n, err);
    if (!effect)
        return S2V_ERR_INTERNAL;
    s2vi_node *const outputs[] = {t->loss, t->lm.video};
    const s2vi_plan_params params = {
        .outputs = outputs, .n_outputs = 2, .effects = effect, .n_effects = n};
    int ret = s2vi_plan_create(&t->plan, t->graph, t->store, &params, err);
    free(effect);
    return ret < 0 ? ret : s2vi_exec_create(&t->exec, t->plan, err);
}

/* ------------------------------------------------------------ starting -- */

static int init_params(s2vi_trainer *t, s2v_error *err)
{
    int ret = s2vi_lm_params(&t->params.config, &t->list, err);
    for (int i = 0; i < t->list.count && !ret; i++) {
        const s2vi_param *p = &t->list.param[i];
        float *w = malloc((size_t)s2vi_shape_count(&p->shape) * sizeof(*w));
        ret = w ? s2vi_param_init(&t->list, i, t->params.seed, w, err)
                : s2vi_error_nomem(err, p->name);
        if (!ret)
            ret = s2vi_store_add(t->store, p->name, &p->shape, err);
        if (!ret)
            ret = s2vi_store_write(t->store, p->name, w, err);
        free(w);
    }
    return ret;
}

static int start(s2vi_trainer *t, s2v_error *err)
{
    const s2vi_trainer_params *p = &t->params;
    size_t pixels = (size_t)p->sequence * (size_t)p->config.size *
                    (size_t)p->config.size * 3;
    t->upload = malloc(pixels * sizeof(float));
    t->video = malloc(pixels * sizeof(float));
    if (!t->upload || !t->video)
        return s2vi_error_nomem(err, "a sequence");
    int ret = s2vi_lm_config_check(&p->config, err);
    if (!ret)
        ret = s2vi_backend_open(&t->backend, p->device ? p->device : "auto",
                                S2VI_F32, p->threads, err);
    if (!ret)
        ret = s2vi_store_create(&t->store, t->backend, err);
    if (!ret)
        ret = init_params(t, err);
    if (!ret && p->perceptual)
        ret = s2vi_perceptual_open(&t->phi, p->perceptual, err);
    if (!ret && t->phi)
        ret = s2vi_perceptual_load(t->phi, t->store, err);
    if (!ret)
        ret = record(t, err);
    return ret < 0 ? ret : plan(t, err);
}

int s2vi_trainer_create(s2vi_trainer **out, const s2vi_trainer_params *params,
                        s2v_error *err)
{
    s2vi_trainer *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->params = *params;
    if (!t->params.store)
        t->params.store = S2VI_STORED_F32;
    t->cursor.frame = -1;
    int ret = start(t, err);
    if (ret < 0)
        s2vi_trainer_close(out);
    return ret;
}

void s2vi_trainer_close(s2vi_trainer **out)
{
    s2vi_trainer *t = out ? *out : NULL;
    if (!t)
        return;
    s2vi_exec_close(&t->exec);
    s2vi_plan_close(&t->plan);
    s2vi_graph_close(&t->graph);
    s2vi_perceptual_close(&t->phi);
    s2vi_store_close(&t->store);
    s2vi_backend_close(&t->backend);
    s2vi_param_list_close(&t->list);
    free(t->upload);
    free(t->video);
    free(t);
    *out = NULL;
}

/* ----------------------------------------------------------- iterating -- */

int64_t s2vi_trainer_step(const s2vi_trainer *trainer)
{
    return trainer->step;
}

static size_t frame_bytes(const s2vi_trainer *t)
{
    return (size_t)t->params.config.size * (size_t)t->params.config.size * 3;
}

void s2vi_trainer_frames(const s2vi_trainer *t, const uint8_t **real,
                         const float **made)
{
    *real = t->last.from ? t->last.from->clip->rgb +
                               (size_t)t->last.frame * frame_bytes(t)
                         : NULL;
    *made = t->video;
}

static int write_sequence(s2vi_trainer *t)
{
    const s2vi_sequence *s = &t->last;
    const uint8_t *rgb = s->from->clip->rgb + (size_t)s->frame * frame_bytes(t);
    size_t n = (size_t)t->params.sequence * frame_bytes(t);
    for (size_t i = 0; i < n; i++)
        t->upload[i] = (float)rgb[i] / 127.5f - 1.0f;
    float step = (float)(t->step + 1);
    if (s->fresh)
        s2vi_exec_reset(t->exec);
    int ret = s2vi_exec_write(t->exec, t->real, t->upload);
    if (!ret)
        ret = s2vi_exec_write(t->exec, t->lm.features,
                              s->from->features + s->frame * S2VI_LMS_BANDS);
    return ret < 0 ? ret : s2vi_exec_write(t->exec, t->step_input, &step);
}

int s2vi_trainer_iterate(s2vi_trainer *t, s2vi_trainer_loss *loss, int *n,
                         s2v_error *err)
{
    const int T = t->params.sequence;
    float value = 0;
    t->last = s2vi_dataset_next(t->params.data, &t->cursor, T, t->params.seed);
    const s2vi_clock clock = {
        .seed = t->params.seed,
        .frame = (uint64_t)t->step * (uint64_t)T,
    };
    int ret = write_sequence(t);
    if (!ret)
        ret = s2vi_exec_run(t->exec, &clock, err);
    if (!ret)
        ret = s2vi_exec_read(t->exec, t->loss, &value);
    if (!ret)
        ret = s2vi_exec_read(t->exec, t->lm.video, t->video);
    if (ret < 0)
        return ret;
    t->step++;
    const char *name = t->phi ? "perceptual" : "L1";
    if (*n > 0)
        loss[0] = (s2vi_trainer_loss){name, value};
    *n = *n > 0;
    return isfinite(value)
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_DEVICE,
                            "iteration %lld: the %s loss is not finite; try a "
                            "smaller --rate",
                            (long long)t->step, name);
}
