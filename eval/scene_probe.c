/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small network that learns scenes and their intensity on real frames. */
#include "scene_probe.h"

#include "base/error.h"
#include "base/philox.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "models/joint_embedding.h"
#include "nn/sequence.h"
#include "run/exec.h"
#include "terminal/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 64, /* of pictures, as the embedding's */
    BATCH = 32,
    STREAM = 0x5c, /* of random numbers */
    MOST = 64,     /* parameters */
};

static const int widths[S2VI_RESIDUAL_BLOCKS] = {16, 32, 48, 64};
static const double rate = 2e-3;
#define JITTER 0.3 /* of colours: from 1 - half of it to 1 + half of it */
static const double of_intensity = 4; /* its term's weight */

/* One recording. */
typedef struct recording {
    s2vi_graph *graph;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *x;     /* (n,side,side,3) */
    s2vi_node *part;  /* (n,scenes): logarithms */
    s2vi_node *level; /* (n,1) */
} recording;

struct s2vi_scene_probe {
    s2vi_scene_probe_params params;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_param_list list;
    recording training, looking;
    s2vi_node *scene, *wish, *known, *step; /* of the training */
    float *batch, *parts;
};

static s2vi_residual_net declare(const s2vi_scope *scope, int scenes)
{
    return s2vi_residual_net_declare(scope, 3, widths, scenes + 1);
}

/* ------------------------------------------------------------ recording -- */

static int record(s2vi_scene_probe *p, recording *r, int n, s2v_error *err)
{
    const int N = p->params.data->side, scenes = p->params.data->scenes;
    r->graph = s2vi_graph_create();
    if (!r->graph)
        return s2vi_error_nomem(err, "a probe");
    const s2vi_scope scope = s2vi_scope_under("probe.", NULL, r->graph);
    const s2vi_residual_net net = declare(&scope, scenes);
    r->x = s2vi_input(r->graph, "x", S2VI_SHAPE(n, N, N, 3));
    s2vi_node *y = s2vi_residual_net_record(
        &net, s2vi_embedding_picture(r->x, N < SIDE ? N : SIDE));
    s2vi_node *scene = s2vi_slice(y, 1, 0, scenes);
    r->part = s2vi_reshape(
        s2vi_nn_log_softmax(s2vi_reshape(scene, S2VI_SHAPE(1, n, scenes))),
        S2VI_SHAPE(n, scenes));
    r->level = s2vi_sigmoid(s2vi_slice(y, 1, scenes, 1));
    return s2vi_graph_status(r->graph, err);
}

/* Cross entropy, and the squared error of known intensities. */
static s2vi_node *record_loss(s2vi_scene_probe *p)
{
    recording *r = &p->training;
    const int scenes = p->params.data->scenes;
    p->scene = s2vi_input(r->graph, "scene", S2VI_SHAPE(BATCH, scenes));
    p->wish = s2vi_input(r->graph, "wish", S2VI_SHAPE(BATCH, 1));
    p->known = s2vi_input(r->graph, "known", S2VI_SHAPE(BATCH, 1));
    s2vi_node *off = s2vi_square(s2vi_sub(r->level, p->wish));
    return s2vi_add(
        s2vi_scale(s2vi_sum_all(s2vi_mul(p->scene, r->part)), -1.0 / BATCH),
        s2vi_scale(s2vi_sum_all(s2vi_mul(p->known, off)),
                   of_intensity / BATCH));
}

static s2vi_node *slot(s2vi_graph *g, const char *which, const s2vi_param *q)
{
    char name[80];
    snprintf(name, sizeof(name), "%s.%s", which, q->name);
    return s2vi_var(g, S2VI_VAR_SLOT, name, q->shape);
}

static int plan_training(s2vi_scene_probe *p, s2v_error *err)
{
    recording *r = &p->training;
    s2vi_node *param[MOST], *gradient[MOST], *effect[MOST];
    const int n = p->list.count;
    int ret = record(p, r, BATCH, err);
    if (ret < 0)
        return ret;
    s2vi_node *loss = record_loss(p);
    p->step = s2vi_input(r->graph, "step", S2VI_SHAPE(1));
    for (int i = 0; i < n; i++)
        param[i] = s2vi_graph_param(r->graph, p->list.param[i].name,
                                    p->list.param[i].shape);
    s2vi_gradients(loss, NULL, param, n, gradient);
    for (int i = 0; i < n; i++)
        effect[i] = s2vi_adam(param[i], slot(r->graph, "m", &p->list.param[i]),
                              slot(r->graph, "v", &p->list.param[i]),
                              gradient[i], p->step, rate, 0.9, 0.999, 1e-8);
    ret = s2vi_graph_status(r->graph, err);
    const s2vi_plan_params plan = {
        .outputs = &loss, .n_outputs = 1, .effects = effect, .n_effects = n};
    if (!ret)
        ret = s2vi_plan_create(&r->plan, r->graph, p->store, &plan, err);
    return ret < 0 ? ret : s2vi_exec_create(&r->exec, r->plan, err);
}

static int plan_looking(s2vi_scene_probe *p, s2v_error *err)
{
    recording *r = &p->looking;
    int ret = record(p, r, 1, err);
    s2vi_node *out[] = {r->part, r->level};
    const s2vi_plan_params plan = {
        .outputs = out, .n_outputs = 2, .frozen = true};
    if (!ret)
        ret = s2vi_plan_create(&r->plan, r->graph, p->store, &plan, err);
    return ret < 0 ? ret : s2vi_exec_create(&r->exec, r->plan, err);
}

static void close_recording(recording *r)
{
    s2vi_exec_close(&r->exec);
    s2vi_plan_close(&r->plan);
    s2vi_graph_close(&r->graph);
}

/* ------------------------------------------------------------- learning -- */

/* Mirrored or not, and brighter, darker or of another colour, by `word`: scenes
 * are to be known by more than the colours of few clips. */
static void fill_picture(const s2vi_scene_probe *p, const uint8_t *rgb,
                         const uint32_t word[4], float *out)
{
    const int N = p->params.data->side;
    float gain[3], more[3];
    for (int c = 0; c < 3; c++) {
        const double a = (double)(word[c] & 0xffff) / 65536 - 0.5;
        const double b = (double)(word[c] >> 16) / 65536 - 0.5;
        gain[c] = (float)(1 + JITTER * a);
        more[c] = (float)(JITTER * b);
    }
    for (int y = 0; y < N; y++)
        for (int x = 0; x < N; x++)
            for (int c = 0; c < 3; c++) {
                const int from = word[3] & 1 ? N - 1 - x : x;
                const float v = (float)rgb[(y * N + from) * 3 + c] / 127.5f - 1;
                out[(y * N + x) * 3 + c] = gain[c] * v + more[c];
            }
}

/* Frames of all scenes alike, drawn with replacement: they follow from the
 * step's number. */
static int feed(s2vi_scene_probe *p, int64_t step)
{
    const s2vi_scene_clips *d = p->params.data;
    const size_t n = 3 * (size_t)d->side * (size_t)d->side;
    const s2vi_philox key = {p->params.seed, STREAM, (uint64_t)step};
    float *scene = calloc(BATCH * (size_t)d->scenes, sizeof(*scene));
    float wish[BATCH], known[BATCH];
    if (!scene)
        return S2V_ERR_NOMEM;
    for (int i = 0; i < BATCH; i++) {
        uint32_t word[4];
        int64_t t;
        s2vi_philox_block(&key, (uint32_t)i, word);
        const s2vi_scene_clip *c = s2vi_scene_frame(
            d, false, (int64_t)(word[0] % (uint64_t)d->train), &t);
        s2vi_philox_block(&key, (uint32_t)(BATCH + i), word);
        fill_picture(p, c->rgb + (size_t)t * n, word, p->batch + (size_t)i * n);
        scene[i * d->scenes + c->scene] = 1;
        known[i] = c->intensity != NULL;
        wish[i] = c->intensity ? c->intensity[t] : 0;
    }
    s2vi_exec *exec = p->training.exec;
    const float number = (float)(step + 1);
    int ret = s2vi_exec_write(exec, p->training.x, p->batch);
    if (!ret)
        ret = s2vi_exec_write(exec, p->scene, scene);
    if (!ret)
        ret = s2vi_exec_write(exec, p->wish, wish);
    if (!ret)
        ret = s2vi_exec_write(exec, p->known, known);
    free(scene);
    return ret < 0 ? ret : s2vi_exec_write(exec, p->step, &number);
}

static int init_params(s2vi_scene_probe *p, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < p->list.count && !ret; i++) {
        const s2vi_param *q = &p->list.param[i];
        float *x = malloc((size_t)s2vi_shape_count(&q->shape) * sizeof(*x));
        ret = x ? s2vi_param_init(&p->list, i, p->params.seed, x, err)
                : s2vi_error_nomem(err, "a probe");
        if (!ret)
            ret = s2vi_store_write(p->store, q->name, x, err);
        free(x);
    }
    return ret;
}

static int learn(s2vi_scene_probe *p, s2v_error *err)
{
    s2vi_progress *bar = s2vi_progress_new(&(s2vi_progress_params){
        .total = p->params.steps, .unit = "it", .quiet = p->params.quiet});
    int ret = init_params(p, err);
    for (int64_t i = 0; i < p->params.steps && !ret; i++) {
        ret = feed(p, i);
        if (ret < 0)
            s2vi_error(err, ret, "a probe's batch cannot be written");
        else
            ret = s2vi_exec_run(p->training.exec, &(s2vi_clock){0}, err);
        s2vi_progress_update(bar, i + 1, NULL, 0);
    }
    s2vi_progress_close(&bar);
    return ret;
}

/* ------------------------------------------------------------- lifetime -- */

static int open_probe(s2vi_scene_probe *p, s2v_error *err)
{
    const s2vi_scene_clips *d = p->params.data;
    const s2vi_scope scope = s2vi_scope_under("probe.", &p->list, NULL);
    p->batch = malloc(BATCH * 3 * (size_t)d->side * (size_t)d->side *
                      sizeof(*p->batch));
    p->parts = calloc((size_t)d->scenes, sizeof(*p->parts));
    if (!p->batch || !p->parts)
        return s2vi_error_nomem(err, "a probe");
    declare(&scope, d->scenes);
    int ret = s2vi_param_list_end(&p->list, 0, err);
    if (!ret)
        ret = s2vi_backend_open(&p->backend,
                                p->params.device ? p->params.device : "auto",
                                S2VI_F32, p->params.threads, err);
    if (!ret)
        ret = s2vi_store_create(&p->store, p->backend, err);
    if (!ret)
        ret = plan_training(p, err);
    if (!ret)
        ret = learn(p, err);
    close_recording(&p->training);
    return ret < 0 ? ret : plan_looking(p, err);
}

int s2vi_scene_probe_open(s2vi_scene_probe **out,
                          const s2vi_scene_probe_params *params, s2v_error *err)
{
    s2vi_scene_probe *p = *out = calloc(1, sizeof(*p));
    if (!p)
        return s2vi_error_nomem(err, "a probe");
    p->params = *params;
    const int ret = open_probe(p, err);
    if (ret < 0)
        s2vi_scene_probe_close(out);
    return ret;
}

void s2vi_scene_probe_close(s2vi_scene_probe **out)
{
    s2vi_scene_probe *p = out ? *out : NULL;
    if (!p)
        return;
    close_recording(&p->looking);
    s2vi_store_close(&p->store);
    s2vi_backend_close(&p->backend);
    s2vi_param_list_close(&p->list);
    free(p->batch);
    free(p->parts);
    free(p);
    *out = NULL;
}

int s2vi_scene_probe_look(s2vi_scene_probe *p, const float *picture,
                          s2vi_scene_seen *seen, s2v_error *err)
{
    const recording *r = &p->looking;
    float level = 0;
    int ret = s2vi_exec_write(r->exec, r->x, picture);
    if (!ret)
        ret = s2vi_exec_run(r->exec, &(s2vi_clock){0}, err);
    if (!ret)
        ret = s2vi_exec_read(r->exec, r->part, p->parts);
    if (!ret)
        ret = s2vi_exec_read(r->exec, r->level, &level);
    *seen = (s2vi_scene_seen){.part = p->parts, .intensity = (double)level};
    for (int i = 0; i < p->params.data->scenes; i++) {
        p->parts[i] = expf(p->parts[i]);
        if (p->parts[i] > p->parts[seen->scene])
            seen->scene = i;
    }
    return ret;
}
