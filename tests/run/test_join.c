/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recurrent cells, their blend and the colours in one step, strip by strip,
 * against the same graph on `ref`: several frames, numbers of threads, images
 * that no strip divides; with and without readers of what the step overwrites.
 */
#include "../check.h"
#include "../must.h"
#include "backend/backend.h"
#include "graph/build.h"
#include "run/exec.h"

#include "../graph/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAPE     S2VI_SHAPE
#define CELLS     5
#define CHANNELS  16
#define FRAMES    4
#define TOLERANCE 2e-5

/* What is tried: the image, whether its colours follow, and what else reads x
 * and the first state. */
typedef struct variant {
    int64_t height, width;
    bool colours, x_is_output, state_is_read;
} variant;

/* Windows of the cells: around the pixel, and two deep each way. */
static const struct {
    int kernel[2], lo[2];
} windows[CELLS] = {
    {{3, 2}, {1, 1}}, {{3, 2}, {1, 0}}, {{3, 3}, {1, 1}},
    {{2, 3}, {1, 1}}, {{2, 3}, {0, 1}},
};

typedef struct recording {
    s2vi_graph *graph;
    s2vi_node *input, *output[3], *effect[CELLS];
    int outputs;
} recording;

static s2vi_node *param(s2vi_graph *g, const char *name, int i, s2vi_shape s)
{
    char text[64];
    snprintf(text, sizeof(text), "%s%d", name, i);
    return s2vi_var(g, S2VI_VAR_PARAM, text, s);
}

static s2vi_node *half(s2vi_graph *g, const char *name, int i, s2vi_node *x)
{
    char bias[32];
    snprintf(bias, sizeof(bias), "%s.bias", name);
    s2vi_window w = {.rank = 2, .stride = {1, 1}};
    for (int k = 0; k < 2; k++) {
        w.pad_lo[k] = windows[i].lo[k];
        w.pad_hi[k] = windows[i].kernel[k] - 1 - windows[i].lo[k];
    }
    s2vi_node *weight = param(g, name, i,
                              SHAPE(3 * CHANNELS, windows[i].kernel[0],
                                    windows[i].kernel[1], CHANNELS));
    return s2vi_conv(x, weight, param(g, bias, i, SHAPE(3 * CHANNELS)), &w);
}

static s2vi_node *pointwise(s2vi_graph *g, const char *name, s2vi_node *x,
                            int64_t channels)
{
    char bias[32];
    snprintf(bias, sizeof(bias), "%s.bias", name);
    const s2vi_window one = {.rank = 2, .stride = {1, 1}};
    s2vi_node *w = param(g, name, 0,
                         SHAPE(channels, 1, 1, s2vi_shape_channels(&x->shape)));
    return s2vi_conv(x, w, param(g, bias, 0, SHAPE(channels)), &one);
}

static recording record(const variant *v)
{
    recording r = {.graph = s2vi_graph_create()};
    s2vi_graph *g = r.graph;
    const s2vi_shape image = SHAPE(1, v->height, v->width, CHANNELS);
    s2vi_node *made[CELLS], *first = NULL;
    r.input = s2vi_input(g, "input", image);
    s2vi_node *x = s2vi_lrelu(r.input, 0.5);
    for (int i = 0; i < CELLS; i++) {
        char name[16];
        snprintf(name, sizeof(name), "state%d", i);
        s2vi_node *h = s2vi_var(g, S2VI_VAR_STATE, name, image);
        made[i] = s2vi_gru(half(g, "wx", i, x), half(g, "wh", i, h), h);
        r.effect[i] = s2vi_assign(h, made[i]);
        first = first ? first : h;
    }
    s2vi_node *all = s2vi_concat(made, CELLS, 3);
    s2vi_node *xp = pointwise(g, "blend", all, CHANNELS);
    s2vi_node *mask = s2vi_sigmoid(pointwise(g, "mask", all, 1));
    s2vi_node *y = s2vi_add(xp, s2vi_mul(mask, s2vi_sub(x, xp)));
    r.output[r.outputs++] =
        v->colours ? s2vi_tanh(pointwise(g, "rgb", y, 3)) : y;
    if (v->x_is_output)
        r.output[r.outputs++] = x;
    if (v->state_is_read)
        r.output[r.outputs++] = s2vi_scale(first, 2);
    return r;
}

static void fill(float *to, int64_t n, uint64_t seed, double scale)
{
    rng r = {seed};
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)rng_range(&r, -scale, scale);
}

static void fill_store(s2vi_store *store, const recording *r)
{
    s2v_error err;
    for (int id = 0; id < s2vi_graph_count(r->graph); id++) {
        const s2vi_node *node = s2vi_graph_node(r->graph, id);
        if (node->op != S2VI_OP_VAR || node->var_kind != S2VI_VAR_PARAM)
            continue;
        const int64_t n = s2vi_shape_count(&node->shape);
        float *w = malloc((size_t)n * sizeof(*w));
        fill(w, n, (uint64_t)id + 1, 0.15);
        must(s2vi_store_add(store, node->name, &node->shape, &err), &err);
        must(s2vi_store_write(store, node->name, w, &err), &err);
        free(w);
    }
}

static void count_cells(void *opaque, const s2vi_node *const *nodes, int n,
                        double seconds)
{
    (void)seconds;
    *(int *)opaque += n == 1 && nodes[0]->op == S2VI_OP_GRU_CELL;
}

/* All outputs of all frames; the steps that were a cell by itself. */
static float *run(const variant *v, const char *device, int threads,
                  int64_t *count, int *cells)
{
    s2v_error err;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
    recording r = record(v);
    must(s2vi_graph_status(r.graph, &err), &err);
    must(s2vi_backend_open(&backend, device, S2VI_F32, threads, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    fill_store(store, &r);
    const s2vi_plan_params params = {.outputs = r.output,
                                     .n_outputs = r.outputs,
                                     .effects = r.effect,
                                     .n_effects = CELLS,
                                     .frozen = true};
    must(s2vi_plan_create(&plan, r.graph, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    s2vi_exec_set_watch(exec, count_cells, cells);
    const int64_t pixels = v->height * v->width, n = pixels * CHANNELS;
    *count = 0;
    for (int i = 0; i < r.outputs; i++)
        *count += FRAMES * s2vi_shape_count(&r.output[i]->shape);
    float *result = malloc((size_t)*count * sizeof(*result)), *to = result;
    float *input = malloc((size_t)n * sizeof(*input));
    for (int t = 0; t < FRAMES; t++) {
        fill(input, n, 1000 + (uint64_t)t, 1);
        must(s2vi_exec_write(exec, r.input, input), &err);
        must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
        for (int i = 0; i < r.outputs; i++) {
            must(s2vi_exec_read(exec, r.output[i], to), &err);
            to += s2vi_shape_count(&r.output[i]->shape);
        }
    }
    free(input);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    s2vi_graph_close(&r.graph);
    return result;
}

/* The state as it was before the first frame, which is the last output. */
static double before_first(const variant *v, const float *result)
{
    const int64_t pixels = v->height * v->width;
    const float *state = result + pixels * ((v->colours ? 3 : CHANNELS) +
                                            (v->x_is_output ? CHANNELS : 0));
    double most = 0;
    for (int64_t i = 0; i < pixels * CHANNELS; i++)
        most = fmax(most, fabs((double)state[i]));
    return most;
}

static double error_of(const float *a, const float *b, int64_t n)
{
    double most = 0, square = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs((double)a[i] - b[i]);
        most = d > most || isnan(d) ? d : most;
        square += (double)b[i] * b[i];
    }
    return most / (sqrt(square / (double)n) + 1e-6);
}

static void test_variant(const variant *v)
{
    int64_t n, m;
    int cells = 0;
    float *right = run(v, "ref", 1, &n, &cells), *alone = NULL;
    for (int threads = 1; threads <= 3; threads++) {
        char what[100];
        snprintf(what, sizeof(what), "%dx%d%s%s%s, %d threads", (int)v->height,
                 (int)v->width, v->colours ? ", colours" : "",
                 v->x_is_output ? ", x kept" : "",
                 v->state_is_read ? ", state read" : "", threads);
        cells = 0;
        float *got = run(v, "cpu", threads, &m, &cells);
        CHECK(m == n, "%s: %g", what, (double)m);
        CHECK(cells == 0, "%d cells run by themselves", cells);
        const double error = error_of(got, right, n);
        CHECK(error <= TOLERANCE, "%s: %g", what, error);
        if (v->state_is_read)
            CHECK(before_first(v, got) == 0, "the state is read too late: %g",
                  before_first(v, got));
        if (alone)
            CHECK(!memcmp(alone, got, (size_t)n * sizeof(*got)),
                  "bytes with %d threads", threads);
        else
            alone = got;
        if (alone != got)
            free(got);
    }
    free(alone);
    free(right);
}

int main(void)
{
    static const variant variants[] = {
        {16, 16, true, false, false}, {13, 10, true, false, false},
        {13, 10, true, true, false},  {13, 10, false, false, true},
        {3, 40, true, true, true},    {37, 5, false, false, false},
    };
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
        test_variant(&variants[i]);
    return check_done();
}
