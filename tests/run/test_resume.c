/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs that resume where inputs changed, against runs of the same plan that do
 * not: the same bytes, and the work that is left out, counted by the steps that
 * are run. On StyleGAN2 and StyleGAN3, whose pictures walks change in part.
 */
#include "../check.h"
#include "../must.h"
#include "graph/build.h"
#include "models/stylegan2.h"
#include "models/stylegan3.h"
#include "run/exec.h"

#include "../graph/rng.h"

enum { PLANES = 2 * S2VI_STYLEGAN2_BLOCKS, W = 16 };

typedef struct network {
    s2vi_graph *graph;
    int codes;
    s2vi_node *ws, *video, *transform, *plane[PLANES];
} network;

/* A network, twice: one whose runs resume, and one whose are whole. */
typedef struct pair {
    network net;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_plan *plan[2];
    s2vi_exec *exec[2];
    float *ws, *video[2], *planes;
    double flops; /* of the last run that may resume */
    int runs;     /* its steps */
} pair;

/* The proportions of 256 pixels at base 16384, an eighth as wide. */
static network stylegan2(int size)
{
    network n = {.graph = s2vi_graph_create()};
    s2vi_stylegan2_graph g;
    s2vi_stylegan2_config c;
    s2v_error err;
    s2vi_stylegan2_defaults(&c, 256);
    c.base = 2048;
    c.max = 64;
    c.w = W;
    n.codes = c.codes;
    n.ws = s2vi_input(n.graph, "ws", S2VI_SHAPE(1, c.codes, c.w));
    const s2vi_stylegan2_params params = {.size = size,
                                          .noise = S2VI_STYLEGAN2_NOISE_GIVEN};
    must(s2vi_stylegan2_build(n.graph, &c, &params, n.ws, &g, &err), &err);
    n.video = g.video;
    for (int i = 0; i < PLANES; i++)
        n.plane[i] = g.noise[i / 2][i % 2];
    return n;
}

static network stylegan3(void)
{
    network n = {.graph = s2vi_graph_create()};
    s2vi_stylegan3_graph g;
    s2vi_stylegan3_config c;
    s2v_error err;
    s2vi_stylegan3_defaults(&c, 32);
    c.base = 512;
    c.max = 16;
    c.w = W;
    n.codes = c.codes;
    n.ws = s2vi_input(n.graph, "ws", S2VI_SHAPE(1, c.codes, c.w));
    must(s2vi_stylegan3_build(n.graph, &c, true, n.ws, &g, &err), &err);
    n.video = g.video;
    n.transform = g.transform;
    return n;
}

static void fill(float *to, int64_t n, uint64_t seed)
{
    rng r = {seed};
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)rng_range(&r, -0.5, 1);
}

static int64_t count_of(const s2vi_node *node)
{
    return s2vi_shape_count(&node->shape);
}

static void fill_store(s2vi_store *store, const s2vi_graph *graph)
{
    s2v_error err;
    for (int id = 0; id < s2vi_graph_count(graph); id++) {
        const s2vi_node *node = s2vi_graph_node(graph, id);
        if (node->op != S2VI_OP_VAR)
            continue;
        float *w = malloc((size_t)count_of(node) * sizeof(*w));
        fill(w, count_of(node), (uint64_t)id + 1);
        if (strstr(node->name, "magnitude"))
            *w = 1;
        must(s2vi_store_add(store, node->name, &node->shape, &err), &err);
        must(s2vi_store_write(store, node->name, w, &err), &err);
        free(w);
    }
}

static void count(void *opaque, const s2vi_node *const *nodes, int n,
                  double seconds)
{
    pair *p = opaque;
    (void)seconds;
    p->runs++;
    for (int i = 0; i < n; i++)
        p->flops += s2vi_op_get(nodes[i]->op)->flops(nodes[i]);
}

static void write_both(pair *p, const s2vi_node *node, const float *data)
{
    for (int k = 0; k < 2; k++)
        CHECK(!s2vi_exec_write(p->exec[k], node, data), "%s", node->name);
}

static void write_plane(pair *p, int i, uint64_t seed)
{
    fill(p->planes, count_of(p->net.plane[i]), seed);
    write_both(p, p->net.plane[i], p->planes);
}

static void look(pair *p, float zoom)
{
    const float u[9] = {zoom, 0, 0, 0, zoom, 0, 0, 0, 1};
    write_both(p, p->net.transform, u);
}

static pair start(network net)
{
    pair p = {.net = net};
    s2v_error err;
    must(s2vi_backend_open(&p.backend, "cpu", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&p.store, p.backend, &err), &err);
    fill_store(p.store, net.graph);
    const size_t pixels = (size_t)count_of(net.video);
    for (int k = 0; k < 2; k++) {
        const s2vi_plan_params params = {.outputs = &net.video,
                                         .n_outputs = 1,
                                         .frozen = true,
                                         .resumes = !k};
        must(s2vi_plan_create(&p.plan[k], net.graph, p.store, &params, &err),
             &err);
        must(s2vi_exec_create(&p.exec[k], p.plan[k], &err), &err);
        p.video[k] = malloc(pixels * sizeof(float));
    }
    p.ws = malloc((size_t)(net.codes * W) * sizeof(*p.ws));
    p.planes = malloc(pixels * sizeof(*p.planes));
    fill(p.ws, net.codes * W, 1);
    for (int i = 0; i < PLANES; i++)
        if (net.plane[i])
            write_plane(&p, i, (uint64_t)i + 100);
    if (net.transform)
        look(&p, 1);
    return p;
}

static void stop(pair *p)
{
    for (int k = 0; k < 2; k++) {
        s2vi_exec_close(&p->exec[k]); /* NULL where there is one only */
        s2vi_plan_close(&p->plan[k]);
        free(p->video[k]);
    }
    s2vi_store_close(&p->store);
    s2vi_backend_close(&p->backend);
    s2vi_graph_close(&p->net.graph);
    free(p->ws);
    free(p->planes);
}

/* Change the codes from `code` on, run both: the part of the work that was
 * done. */
static double frame(pair *p, int code, uint64_t seed)
{
    const s2vi_clock clock = {0};
    const size_t bytes = (size_t)count_of(p->net.video) * sizeof(float);
    s2v_error err = {0};
    fill(p->ws + code * W, (p->net.codes - code) * W, seed);
    write_both(p, p->net.ws, p->ws);
    p->runs = 0;
    p->flops = 0;
    for (int k = 0; k < 2; k++) {
        /* Once watched, once not. */
        s2vi_exec_set_watch(p->exec[k], k ? NULL : count, p);
        must(s2vi_exec_run(p->exec[k], &clock, &err), &err);
        must(s2vi_exec_read(p->exec[k], p->net.video, p->video[k]), &err);
    }
    CHECK(!memcmp(p->video[0], p->video[1], bytes),
          "codes from %d on, seed %d: other pixels", code, (int)seed);
    return p->flops / s2vi_plan_flops(p->plan[0]);
}

/* The work of the third frame of some whose codes change from `code` on. */
static double work_from(pair *p, int code)
{
    frame(p, code, 2);
    frame(p, code, 3);
    return frame(p, code, 4);
}

/* At 256 pixels the layers of 64 pixels and more, from code 8 on, are two
 * thirds of the work, and those from 128 pixels on less than half. */
static void test_work(void)
{
    static const struct {
        int code;
        double least, most;
    } parts[] = {{0, 1, 1},        {4, 0.9, 0.99}, {8, 0.6, 0.68},
                 {10, 0.38, 0.43}, {12, 0.1, 0.2}, {13, 0, 0.02}};
    pair p = start(stylegan2(256));
    for (int i = 0; i < 6; i++) {
        const double part = work_from(&p, parts[i].code);
        printf("codes from %d on: %.3f of the work\n", parts[i].code, part);
        CHECK(part >= parts[i].least && part <= parts[i].most,
              "codes from %d on: %.3f", parts[i].code, part);
    }
    frame(&p, 13, 4);
    CHECK(p.runs == 0, "nothing changes: %d steps", p.runs);
    CHECK(frame(&p, 4, 5) > 0.99, "an early change after late ones");
    CHECK(frame(&p, 13, 6) < 0.02, "a late change after an early one");
    CHECK(frame(&p, 4, 7) > 0.99 && frame(&p, 4, 8) > 0.99 &&
              frame(&p, 4, 9) < 0.99,
          "early changes after late ones");
    stop(&p);
}

/* Anything changes, in any order. */
static void test_any(network net)
{
    pair p = start(net);
    rng r = {9};
    double work = 0;
    enum { FRAMES = 60 };
    for (int i = 0; i < FRAMES; i++) {
        const int last = p.net.codes - 1, what = rng_int(&r, 4);
        if (what == 0 && net.transform)
            look(&p, rng_bool(&r) ? 1 : 0.5f);
        if (what == 1 && !net.transform) {
            int plane = 1 + rng_int(&r, PLANES - 1);
            while (!net.plane[plane])
                plane--;
            write_plane(&p, plane, (uint64_t)rng_int(&r, 3));
        }
        if (what == 2)
            s2vi_exec_reset(p.exec[0]);
        work += frame(
            &p, rng_int(&r, 4) ? last - rng_int(&r, 4) : rng_int(&r, last),
            (uint64_t)rng_int(&r, 2));
    }
    CHECK(work < 0.95 * FRAMES, "%.2f of the work", work / FRAMES);
    stop(&p);
}

/* a W b W: what the first changed step alone reads, and the last one's result
 * lies over, is restored; and numbers of another type have changed. */
static void test_by_hand(void)
{
    enum { N = 4 };
    const s2vi_clock clock = {0};
    const s2vi_shape square = S2VI_SHAPE(N, N);
    float eye[N * N] = {0}, ones[N * N], numbers[N * N];
    double doubles[N * N];
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *a = s2vi_input(g, "a", square), *b = s2vi_input(g, "b", square);
    s2vi_node *w = s2vi_var(g, S2VI_VAR_PARAM, "w", square);
    s2vi_node *y =
        s2vi_matmul(s2vi_matmul(a, w, false, false), b, false, false);
    y = s2vi_matmul(y, w, false, false);
    pair p = {.net = {.graph = g, .video = y}};
    const s2vi_plan_params params = {
        .outputs = &y, .n_outputs = 1, .frozen = true, .resumes = true};
    s2v_error err;
    for (int i = 0; i < N * N; i++) {
        eye[i] = i % (N + 1) ? 0 : 1;
        ones[i] = 1;
        doubles[i] = 7;
    }
    must(s2vi_backend_open(&p.backend, "cpu", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&p.store, p.backend, &err), &err);
    must(s2vi_store_add(p.store, "w", &w->shape, &err), &err);
    must(s2vi_store_write(p.store, "w", eye, &err), &err);
    must(s2vi_plan_create(&p.plan[0], g, p.store, &params, &err), &err);
    must(s2vi_exec_create(&p.exec[0], p.plan[0], &err), &err);
    s2vi_exec_set_watch(p.exec[0], count, &p);
    must(s2vi_exec_write(p.exec[0], a, ones), &err);
    for (int i = 0; i < 6; i++) {
        const float want = (float)(N * (i < 5 ? i : 7));
        float found[N * N];
        for (int k = 0; k < N * N; k++)
            numbers[k] = i < 5 ? (float)i : 0;
        p.runs = 0;
        must(i < 5 ? s2vi_exec_write(p.exec[0], b, numbers)
                   : s2vi_exec_write_f64(p.exec[0], b, doubles),
             &err);
        must(s2vi_exec_run(p.exec[0], &clock, &err), &err);
        must(s2vi_exec_read(p.exec[0], y, found), &err);
        CHECK(p.runs == (i < 2 || i == 5 ? 3 : 2), "run %d: %d steps", i,
              p.runs);
        CHECK(found[0] == want && found[N] == found[0], "run %d: %g and %g", i,
              (double)found[0], (double)found[N]);
    }
    stop(&p);
}

int main(void)
{
    test_by_hand();
    test_work();
    test_any(stylegan2(64));
    test_any(stylegan2(32));
    test_any(stylegan3());
    return check_done();
}
