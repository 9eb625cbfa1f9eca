/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For nccl.sh, in each of some processes: a network learns on this process's
 * part of the batch, with gradients that the devices' library sums; then the
 * same, summed by MPI. Prints what summed, and whether the weights are the same
 * to the bit; or what was refused.
 *
 * usage: test_cuda_nccl [DEVICE]
 */
#include "../../must.h"
#include "graph/build.h"
#include "group.h"
#include "train_step.h"

#include <string.h>

enum { WIDTH = 40, ROWS = 4, LAYERS = 3, STEPS = 3, MOST = 8192 };

static s2vi_node *x, *y;

/* x through layers, then the squared distance from y. */
static s2vi_node *record(s2vi_train_step *step, const s2vi_param_list *list)
{
    x = s2vi_input(step->graph, "x", S2VI_SHAPE(ROWS, WIDTH));
    y = s2vi_input(step->graph, "y", S2VI_SHAPE(ROWS, WIDTH));
    s2vi_node *h = x, *of[2 * LAYERS];
    for (int i = 0; i < list->count; i++)
        of[i] = s2vi_graph_param(step->graph, list->param[i].name,
                                 list->param[i].shape);
    for (int i = 0; i < LAYERS; i++)
        h = s2vi_tanh(
            s2vi_add(s2vi_matmul(h, of[2 * i], false, true), of[2 * i + 1]));
    return s2vi_mean_all(s2vi_square(s2vi_sub(h, y)));
}

/* All weights, after some steps on what this process has. */
static size_t learn(const s2vi_ranks *ranks, s2vi_backend *backend,
                    const s2vi_param_list *list, float *out)
{
    static const s2vi_adam_factors adam = {0.9, 0.999, 1e-8, 0};
    const s2vi_trained trained = {
        .param = list->param, .count = list->count, .rate = 0.01};
    const s2vi_clock clock = {0};
    s2vi_train_step step;
    s2vi_store *store = NULL;
    s2v_error err;
    float data[ROWS * WIDTH];
    size_t n = 0;
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2vi_train_step_init_params(list, 1, store, &err), &err);
    must(s2vi_train_step_begin(&step, &err), &err);
    step.ranks = ranks;
    s2vi_node *loss = record(&step, list);
    must(s2vi_train_step_learn(&step, loss, &trained, &adam, &err), &err);
    must(s2vi_train_step_plan(&step, store, &err), &err);
    for (int k = 0; k < STEPS; k++) {
        for (int i = 0; i < ROWS * WIDTH; i++)
            data[i] = (float)((i * 37 + k + 5 * ranks->rank) % 11) / 11 - 0.5F;
        must(s2vi_train_step_write(&step, x, data, &err), &err);
        must(s2vi_train_step_write(&step, y, data, &err), &err);
        must(s2vi_train_step_run(&step, k + 1, 0, &clock, &err), &err);
    }
    for (int i = 0; i < list->count; i++) {
        must(s2vi_store_read(store, list->param[i].name, out + n, &err), &err);
        n += (size_t)s2vi_shape_count(&list->param[i].shape);
    }
    s2vi_train_step_close(&step);
    s2vi_store_close(&store);
    return n;
}

static s2vi_backend *open_device(const s2vi_ranks *ranks, const char *device)
{
    s2vi_backend *backend = NULL;
    s2v_error err;
    char name[64];
    s2vi_group_device(ranks, device, name, sizeof(name));
    must(s2vi_backend_open(&backend, name, S2VI_F32, 1, &err), &err);
    return backend;
}

/* Learn twice, on two backends of one device. */
static void compare(s2vi_ranks *ranks, s2vi_backend *group, s2vi_backend *alone)
{
    static float weights[2][MOST];
    s2vi_param_list list = {0};
    const s2vi_scope scope = {.list = &list};
    s2v_error err;
    for (int i = 0; i < LAYERS; i++) {
        s2vi_declare(&scope, S2VI_SHAPE(WIDTH, WIDTH), S2VI_INIT_HE, "w%d", i);
        s2vi_declare(&scope, S2VI_SHAPE(1, WIDTH), S2VI_INIT_ZERO, "b%d", i);
    }
    must(s2vi_param_list_end(&list, 0, &err), &err);
    const size_t n = learn(ranks, group, &list, weights[0]);
    learn(ranks, alone, &list, weights[1]);
    double differ = memcmp(weights[0], weights[1], n * sizeof(float)) != 0;
    s2vi_ranks_max(ranks, &differ, 1);
    if (!ranks->rank)
        printf("weights: %s\n", differ > 0 ? "others" : "the same");
    s2vi_param_list_close(&list);
}

int main(int argc, char **argv)
{
    const char *device = argc > 1 ? argv[1] : "cuda";
    s2vi_ranks ranks;
    s2v_error err, why = {0};
    must(s2vi_ranks_open(&ranks, &err), &err);
    s2vi_backend *group = open_device(&ranks, device);
    s2vi_backend *alone = open_device(&ranks, device);
    int ret = s2vi_group_join(&ranks, group, &why, &err);
    if (!ranks.rank && ret < 0)
        printf("refused: %s\n", err.message);
    if (!ranks.rank && !ret)
        printf("by: %s%s\n", *group->group ? group->group : "MPI, ",
               why.message);
    if (!ret && *group->group)
        compare(&ranks, group, alone);
    s2vi_backend_close(&group);
    s2vi_backend_close(&alone);
    s2vi_ranks_close(&ranks);
    return 0;
}
