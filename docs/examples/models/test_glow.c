/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The example model on one backend: test_glow ref|cpu. */
#include "models/glow.h"
#include "run/exec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { T = 2, B = 64, N = 8 };

static int load(s2vi_store *store, const s2vi_glow_config *config,
                s2v_error *err)
{
    float values[3 * B];
    s2vi_param_list list = {0};
    int ret = s2vi_glow_params(config, &list, err);
    for (int i = 0; i < list.count && !ret; i++) {
        const s2vi_param *p = &list.param[i];
        ret = s2vi_param_init(&list, i, 7, values, err);
        if (!ret)
            ret = s2vi_store_add(store, p->name, &p->shape, err);
        if (!ret)
            ret = s2vi_store_write(store, p->name, values, err);
    }
    s2vi_param_list_close(&list);
    return ret;
}

int main(int argc, char **argv)
{
    const s2vi_glow_config config = {.size = N, .bands = B};
    static float features[T * B], video[T * N * N * 3];
    s2vi_backend *backend = NULL;
    s2vi_store *store = NULL;
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    s2vi_glow_graph glow;
    s2v_error err;
    s2vi_graph *graph = s2vi_graph_create();
    int ret = s2vi_backend_open(&backend, argc > 1 ? argv[1] : "ref", S2VI_F32,
                                0, &err);
    if (!ret)
        ret = s2vi_store_create(&store, backend, &err);
    if (!ret)
        ret = load(store, &config, &err);
    if (!ret)
        ret = s2vi_glow_build(graph, &config, T, &glow, &err);
    const s2vi_plan_params params = {
        .outputs = &glow.video, .n_outputs = 1, .frozen = true};
    if (!ret)
        ret = s2vi_plan_create(&plan, graph, store, &params, &err);
    if (!ret)
        ret = s2vi_exec_create(&exec, plan, &err);
    for (int i = 0; i < T * B; i++)
        features[i] = (float)(i % 7) / 7;
    if (!ret)
        ret = s2vi_exec_write(exec, glow.features, features);
    if (!ret)
        ret = s2vi_exec_run(exec, &(s2vi_clock){0}, &err);
    if (!ret)
        ret = s2vi_exec_read(exec, glow.video, video);
    if (ret < 0)
        printf("FAIL: %s\n", err.message);
    else
        printf("%.6f %.6f %.6f\n", video[0], video[1], video[2]);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&graph);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    return ret < 0;
}
