/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Grouped convolutions in every place where a plain one would be fused or run
 * by tiles: the same as on `ref`, and in f32 and bf16 alike.
 */
#include "../check.h"
#include "../must.h"
#include "backend/backend.h"
#include "graph/build.h"
#include "run/exec.h"

#include "../graph/rng.h"

#include <math.h>
#include <stdlib.h>

#define SHAPE     S2VI_SHAPE
#define TOLERANCE 2e-5

enum { SIDE = 14, CHANNELS = 32, GROUPS = 2, OUTPUTS = 8 };

typedef struct recording {
    s2vi_graph *graph;
    s2vi_node *input, *output[OUTPUTS];
    int outputs;
} recording;

/* A grouped convolution by a window of side k, zero padded to the same size. */
static s2vi_node *conv(s2vi_node *x, const char *name, int64_t cout, int k)
{
    char bias[32];
    const int64_t cin = s2vi_shape_channels(&x->shape) / GROUPS;
    const s2vi_window w = {.rank = 2,
                           .stride = {1, 1},
                           .pad_lo = {k / 2, k / 2},
                           .pad_hi = {k / 2, k / 2}};
    snprintf(bias, sizeof(bias), "%s.bias", name);
    return s2vi_conv_grouped(
        x, s2vi_var(x->graph, S2VI_VAR_PARAM, name, SHAPE(cout, k, k, cin)),
        s2vi_var(x->graph, S2VI_VAR_PARAM, bias, SHAPE(cout)), &w, GROUPS);
}

static void record(recording *r)
{
    enum { C = CHANNELS };
    s2vi_graph *g = r->graph = s2vi_graph_create();
    const s2vi_shape image = SHAPE(1, SIDE, SIDE, C);
    s2vi_node *x = r->input = s2vi_input(g, "input", image);
    s2vi_node *h = s2vi_lrelu(x, 0.5);
    s2vi_node *plane = s2vi_slice(s2vi_tanh(x), 3, 0, 1);
    s2vi_node *scale = s2vi_var(g, S2VI_VAR_PARAM, "scale", SHAPE(1, 1, 1, C));
    /* Winograd's; after an upsampling; with a plane; with what is fused */
    r->output[r->outputs++] = conv(x, "plain", C, 3);
    r->output[r->outputs++] =
        conv(s2vi_upsample(s2vi_abs(x), (const int[]){2, 2}), "up", C, 3);
    r->output[r->outputs++] =
        s2vi_add(conv(x, "plane", C, 3), s2vi_mul(plane, scale));
    r->output[r->outputs++] = s2vi_tanh(conv(x, "tanh", C, 3));
    r->output[r->outputs++] = s2vi_add(conv(x, "sum", C, 3), h);
    /* a recurrent cell; a blend; colours */
    r->output[r->outputs++] =
        s2vi_gru(conv(x, "a", 3 * C, 3), conv(h, "b", 3 * C, 3), h);
    s2vi_node *const both[] = {x, h};
    s2vi_node *all = s2vi_concat(both, 2, 3);
    s2vi_node *xp = conv(all, "blend", C, 1);
    s2vi_node *mask =
        s2vi_sigmoid(s2vi_slice(conv(all, "mask", 2, 1), 3, 0, 1));
    r->output[r->outputs++] = s2vi_add(xp, s2vi_mul(mask, s2vi_sub(h, xp)));
    r->output[r->outputs++] = conv(x, "colours", 4, 1);
}

static void fill(float *to, int64_t n, uint64_t seed)
{
    rng r = {seed};
    for (int64_t i = 0; i < n; i++) /* of 5 bits: the same in bf16 */
        to[i] = (float)(rng_int(&r, 33) - 16) / 64;
}

static void fill_store(s2vi_store *store, const recording *r)
{
    s2v_error err;
    for (int id = 0; id < s2vi_graph_count(r->graph); id++) {
        const s2vi_node *node = s2vi_graph_node(r->graph, id);
        if (node->op != S2VI_OP_VAR)
            continue;
        const int64_t n = s2vi_shape_count(&node->shape);
        float *w = malloc((size_t)n * sizeof(*w));
        fill(w, n, (uint64_t)id + 1);
        must(s2vi_store_add(store, node->name, &node->shape, &err), &err);
        must(s2vi_store_write(store, node->name, w, &err), &err);
        free(w);
    }
}

static float *run(const char *device, s2vi_dtype dtype, int64_t *count)
{
    s2v_error err;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
    recording r = {0};
    record(&r);
    must(s2vi_graph_status(r.graph, &err), &err);
    must(s2vi_backend_open(&backend, device, dtype, 2, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    fill_store(store, &r);
    const s2vi_plan_params params = {
        .outputs = r.output, .n_outputs = r.outputs, .frozen = true};
    must(s2vi_plan_create(&plan, r.graph, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    *count = 0;
    for (int i = 0; i < r.outputs; i++)
        *count += s2vi_shape_count(&r.output[i]->shape);
    float *result = malloc((size_t)*count * sizeof(*result)), *to = result;
    float input[SIDE * SIDE * CHANNELS];
    fill(input, SIDE * SIDE * CHANNELS, 1000);
    must(s2vi_exec_write(exec, r.input, input), &err);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    for (int i = 0; i < r.outputs; i++) {
        must(s2vi_exec_read(exec, r.output[i], to), &err);
        to += s2vi_shape_count(&r.output[i]->shape);
    }
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    s2vi_graph_close(&r.graph);
    return result;
}

static void test_device(const char *device, s2vi_dtype dtype,
                        const float *right, int64_t n)
{
    int64_t m;
    double most = 0;
    float *got = run(device, dtype, &m);
    for (int64_t i = 0; i < n && m == n; i++) {
        const double d = fabs((double)got[i] - right[i]);
        most = d > most || isnan(d) ? d : most;
    }
    CHECK(m == n && most <= TOLERANCE, "%s: off by %g", device, most);
    free(got);
}

int main(int argc, char **argv)
{
    s2v_error err;
    s2vi_backend *backend;
    int64_t n;
    float *right = run("ref", S2VI_F32, &n);
    const char *device = argc > 1 ? argv[1] : "cpu";
    test_device(device, S2VI_F32, right, n);
    if (s2vi_backend_open(&backend, device, S2VI_BF16, 1, &err) >= 0) {
        s2vi_backend_close(&backend);
        test_device(device, S2VI_BF16, right, n);
    } else {
        printf("bf16: skipped: %s\n", err.message);
    }
    free(right);
    return check_done();
}
