/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * StyleGANs of large pictures, made in strips of rows and with channels of
 * whole vectors, against the same networks made whole; and a plan that owns its
 * parameters drops what it has packed.
 */
#include "../check.h"
#include "../must.h"
#include "graph/build.h"
#include "models/stylegan3.h"
#include "run/exec.h"

#include "../graph/rng.h"

#include <math.h>

enum { W = 8 };

typedef struct network {
    s2vi_graph *graph;
    s2vi_node *ws, *video;
    int codes;
} network;

static network stylegan2(bool strips)
{
    network n = {.graph = s2vi_graph_create()};
    const s2vi_stylegan2_params params = {.noise = S2VI_STYLEGAN2_NOISE_FILE,
                                          .strips = strips};
    s2vi_stylegan2_graph g;
    s2vi_stylegan2_config c;
    s2v_error err;
    s2vi_stylegan2_defaults(&c, 512);
    c.base = 8192;
    c.max = 16;
    c.w = W;
    n.codes = c.codes;
    n.ws = s2vi_input(n.graph, "ws", S2VI_SHAPE(1, c.codes, W));
    must(s2vi_stylegan2_build(n.graph, &c, &params, n.ws, &g, &err), &err);
    n.video = g.video;
    return n;
}

/* Two pictures are made whole, one is in strips. */
static network stylegan3(int size, int base, int max, bool strips)
{
    network n = {.graph = s2vi_graph_create()};
    s2vi_stylegan3_graph g;
    s2vi_stylegan3_config c;
    s2v_error err;
    s2vi_stylegan3_defaults(&c, size);
    c.base = base;
    c.max = max;
    c.w = W;
    n.codes = c.codes;
    n.ws = s2vi_input(n.graph, "ws", S2VI_SHAPE(strips ? 1 : 2, c.codes, W));
    must(s2vi_stylegan3_build(n.graph, &c, false, n.ws, &g, &err), &err);
    n.video = g.video;
    return n;
}

static void fill_store(s2vi_store *store, const s2vi_graph *graph)
{
    s2v_error err;
    for (int id = 0; id < s2vi_graph_count(graph); id++) {
        const s2vi_node *node = s2vi_graph_node(graph, id);
        if (node->op != S2VI_OP_VAR)
            continue;
        const int64_t n = s2vi_shape_count(&node->shape);
        float *w = malloc((size_t)n * sizeof(*w));
        rng r = {0};
        for (const char *c = node->name; *c; c++) /* the same in any graph */
            r.state = r.state * 31 + (unsigned char)*c;
        for (int64_t i = 0; i < n; i++)
            w[i] = (float)rng_range(&r, -1, 1);
        if (strstr(node->name, "magnitude"))
            *w = 1;
        for (int64_t i = 0; strstr(node->name, "_filter") && i < n; i++)
            w[i] = (float)(fabs((double)w[i]) * 2 / (double)n); /* sum: 1 */
        must(s2vi_store_add(store, node->name, &node->shape, &err), &err);
        must(s2vi_store_write(store, node->name, w, &err), &err);
        free(w);
    }
}

/* The first picture; the caller frees it. */
static float *run(network n, bool owns, const char *packed, const char *read)
{
    const s2vi_clock clock = {0};
    const s2vi_plan_params params = {
        .outputs = &n.video, .n_outputs = 1, .frozen = true, .owns = owns};
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2v_error err;
    float ws[2 * 18 * W];
    const int64_t count = n.codes * W;
    rng r = {7};
    for (int64_t i = 0; i < count; i++)
        ws[i] = ws[count + i] = (float)rng_range(&r, -1, 1);
    must(s2vi_graph_status(n.graph, &err), &err);
    must(s2vi_backend_open(&backend, "cpu", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    fill_store(store, n.graph);
    must(s2vi_plan_create(&plan, n.graph, store, &params, &err), &err);
    CHECK(!s2vi_store_memory(store, packed) == owns, "%s: dropped %d", packed,
          !owns);
    CHECK(s2vi_store_memory(store, read) != NULL, "%s: dropped", read);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    must(s2vi_exec_write(exec, n.ws, ws), &err);
    must(s2vi_exec_run(exec, &clock, &err), &err);
    float *video =
        malloc((size_t)(s2vi_shape_count(&n.video->shape)) * sizeof(*video));
    must(s2vi_exec_read(exec, n.video, video), &err);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    return video;
}

/* more: nodes of the second graph, at least */
static void compare(network whole, network strips, int more, const char *packed,
                    const char *read)
{
    const int64_t n = s2vi_shape_count(&strips.video->shape);
    CHECK(s2vi_graph_count(strips.graph) > s2vi_graph_count(whole.graph) + more,
          "the same graphs");
    float *a = run(whole, false, packed, read);
    float *b = run(strips, true, packed, read);
    double most = 0, worst = 0;
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)a[i]));
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    }
    CHECK(most > 0 && worst <= 1e-5 * most, "strips: off by %g of %g", worst,
          most);
    printf("off by %g of %g\n", worst, most);
    free(a);
    free(b);
    s2vi_graph_close(&whole.graph);
    s2vi_graph_close(&strips.graph);
}

int main(void)
{
    compare(stylegan2(false), stylegan2(true), 20, "synthesis.b32.conv1.weight",
            "synthesis.b32.conv1.bias");
    compare(stylegan3(256, 16384, 32, false), stylegan3(256, 16384, 32, true),
            20, "synthesis.L3_52_32.weight", "synthesis.L3_52_32.bias");
    /* 91 and 65 channels among others: not whole vectors. */
    compare(stylegan3(32, 1450, 181, false), stylegan3(32, 1450, 181, true), 4,
            "synthesis.L3_36_181.weight", "synthesis.L14_32_3.bias");
    return check_done();
}
