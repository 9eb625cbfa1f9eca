/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image network that looks at one pair of frames at a time. */
#include "measure/vision.h"

#include "base/error.h"
#include "graph/build.h"
#include "networks/lpips.h"
#include "run/exec.h"

#include <math.h>
#include <stdlib.h>

struct s2vi_vision {
    int64_t values; /* of a frame */
    s2vi_perceptual *phi;
    s2vi_lpips *lpips;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_graph *graph;
    s2vi_node *frame[2];   /* inputs: real, made */
    s2vi_node *feature[2]; /* (1,1,1,C) */
    s2vi_node *distance;   /* NULL without heads */
    s2vi_plan *plan;
    s2vi_exec *exec;
    float *scaled; /* a frame in [-1,1] */
};

static int last_layer(const s2vi_vision *v)
{
    return s2vi_perceptual_layers(v->phi) - 1;
}

static int record(s2vi_vision *v, const s2vi_vision_params *p, s2v_error *err)
{
    static const char *const names[] = {"real", "made"};
    const uint32_t places = 1u << 1 | 1u << 2;
    v->graph = s2vi_graph_create();
    if (!v->graph)
        return s2vi_error_nomem(err, "an image network");
    for (int i = 0; i < 2; i++) {
        v->frame[i] = s2vi_input(v->graph, names[i],
                                 S2VI_SHAPE(1, p->height, p->width, 3));
        v->feature[i] =
            s2vi_mean(s2vi_perceptual_features(v->phi, v->graph, v->frame[i],
                                               last_layer(v)),
                      places);
    }
    if (v->lpips)
        v->distance =
            s2vi_lpips_record(v->lpips, v->graph, v->frame[0], v->frame[1]);
    return s2vi_graph_status(v->graph, err);
}

static int plan(s2vi_vision *v, s2v_error *err)
{
    s2vi_node *const outputs[] = {v->feature[0], v->feature[1], v->distance};
    const s2vi_plan_params params = {
        .outputs = outputs, .n_outputs = v->distance ? 3 : 2, .frozen = true};
    int ret = s2vi_plan_create(&v->plan, v->graph, v->store, &params, err);
    return ret < 0 ? ret : s2vi_exec_create(&v->exec, v->plan, err);
}

static int load(s2vi_vision *v, const s2vi_vision_params *p, s2v_error *err)
{
    int ret = s2vi_perceptual_open(&v->phi, p->network, err);
    if (!ret && p->heads)
        ret = s2vi_lpips_open(&v->lpips, v->phi, p->heads, err);
    if (!ret)
        ret = s2vi_backend_open(&v->backend, p->device ? p->device : "auto",
                                S2VI_F32, p->threads, err);
    if (!ret)
        ret = s2vi_store_create(&v->store, v->backend, err);
    if (!ret)
        ret = s2vi_perceptual_load(v->phi, v->store, err);
    if (!ret && v->lpips)
        ret = s2vi_lpips_load(v->lpips, v->store, err);
    return ret;
}

int s2vi_vision_open(s2vi_vision **vision, const s2vi_vision_params *params,
                     s2v_error *err)
{
    s2vi_vision *v = *vision = calloc(1, sizeof(*v));
    if (!v)
        return s2vi_error_nomem(err, "an image network");
    v->values = 3 * (int64_t)params->width * params->height;
    v->scaled = malloc((size_t)v->values * sizeof(*v->scaled));
    int ret = v->scaled ? load(v, params, err)
                        : s2vi_error_nomem(err, "an image network");
    if (!ret)
        ret = record(v, params, err);
    if (!ret)
        ret = plan(v, err);
    if (ret < 0)
        s2vi_vision_close(vision);
    return ret;
}

void s2vi_vision_close(s2vi_vision **vision)
{
    s2vi_vision *v = vision ? *vision : NULL;
    if (!v)
        return;
    s2vi_exec_close(&v->exec);
    s2vi_plan_close(&v->plan);
    s2vi_graph_close(&v->graph);
    s2vi_store_close(&v->store);
    s2vi_backend_close(&v->backend);
    s2vi_lpips_close(&v->lpips);
    s2vi_perceptual_close(&v->phi);
    free(v->scaled);
    free(v);
    *vision = NULL;
}

const char *s2vi_vision_network(const s2vi_vision *v)
{
    return s2vi_perceptual_name(v->phi);
}

const char *s2vi_vision_layer(const s2vi_vision *v)
{
    return s2vi_perceptual_layer_name(v->phi, last_layer(v));
}

int s2vi_vision_channels(const s2vi_vision *v)
{
    return s2vi_perceptual_layer_channels(v->phi, last_layer(v));
}

int s2vi_vision_compare(s2vi_vision *v, const float *real, const float *made,
                        double *lpips, float *of_real, float *of_made,
                        s2v_error *err)
{
    const float *const frame[2] = {real, made};
    float *const feature[2] = {of_real, of_made};
    const s2vi_clock clock = {0};
    float distance = NAN;
    int ret = S2V_OK;
    for (int i = 0; i < 2 && !ret; i++) {
        for (int64_t k = 0; k < v->values; k++)
            v->scaled[k] = 2 * frame[i][k] - 1;
        ret = s2vi_exec_write(v->exec, v->frame[i], v->scaled);
    }
    if (!ret)
        ret = s2vi_exec_run(v->exec, &clock, err);
    for (int i = 0; i < 2 && !ret; i++)
        if (feature[i])
            ret = s2vi_exec_read(v->exec, v->feature[i], feature[i]);
    if (!ret && v->distance)
        ret = s2vi_exec_read(v->exec, v->distance, &distance);
    *lpips = (double)distance;
    return ret;
}
