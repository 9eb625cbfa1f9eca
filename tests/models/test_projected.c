/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The projected critic against the PyTorch reference's golden: logits of each
 * depth, spectral norms, losses and their gradients. Weights are those of
 * tests/reference/README.md.
 *
 * usage: test_projected DEVICE f64|f32 GOLDEN FOLDER
 */
#include "check.h"
#include "golden.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "network_file.h"
#include "networks/projected_critic.h"

#include <math.h>

enum {
    SIZE = 36,
    PICTURES = 4,
    CLASSES = 3,
    SEED = 40,
    SAMPLES = 240,
    LEARNED = 64,
    OUTPUTS = 96,
};

typedef struct output {
    char name[80]; /* in the golden */
    s2vi_node *node;
} output;

typedef struct bench {
    golden g;
    s2vi_perceptual *phi;
    s2vi_projected_config config;
    s2vi_projected_critic critic;
    s2vi_graph *graph;
    s2vi_node *images, *classes;
    output out[OUTPUTS];
    int n;
    double bound, gradient_bound;
} bench;

static void output_of(bench *b, s2vi_node *node, const char *name,
                      const char *ending)
{
    output *o = &b->out[b->n++];
    snprintf(o->name, sizeof(o->name), "%s%s", name, ending);
    o->node = node;
}

/* ----------------------------------------------------------- recording -- */

static int by_name(const void *a, const void *b)
{
    const s2vi_param *const *p = a, *const *q = b;
    return strcmp((*p)->name, (*q)->name);
}

/* Those that learn, by name: the length of each one's gradient, images first.
 */
static s2vi_node *norms(bench *b, s2vi_node *const *gradient, int n)
{
    s2vi_node *length[LEARNED + 1];
    for (int i = 0; i < n; i++)
        length[i] = s2vi_sqrt(s2vi_sum_all(s2vi_square(gradient[i])));
    (void)b;
    return s2vi_concat(length, n, 0);
}

static void record_loss(bench *b, s2vi_node *loss, const char *name)
{
    const s2vi_param *learned[LEARNED];
    s2vi_node *of[LEARNED + 1] = {b->images}, *gradient[LEARNED + 1];
    s2v_error err;
    int n = 0;
    for (int i = 0; i < b->g.params.count; i++)
        if (!b->g.params.param[i].buffer)
            learned[n++] = &b->g.params.param[i];
    qsort(learned, (size_t)n, sizeof(*learned), by_name);
    for (int i = 0; i < n; i++)
        of[i + 1] =
            s2vi_graph_param(b->graph, learned[i]->name, learned[i]->shape);
    golden_must(s2vi_gradients(loss, NULL, of, n + 1, gradient), &err, name);
    output_of(b, loss, name, "");
    output_of(b, gradient[0], name, ".grad");
    output_of(b, norms(b, gradient, n + 1), name, ".norms");
}

static void record(bench *b)
{
    char name[32];
    s2v_error err;
    b->images =
        s2vi_input(b->graph, "images", S2VI_SHAPE(PICTURES, SIZE, SIZE, 3));
    b->classes = s2vi_input(b->graph, "c", S2VI_SHAPE(PICTURES, CLASSES));
    golden_must(s2vi_projected_critic_build(b->graph, &b->config, b->phi,
                                            b->images, b->classes, &b->critic,
                                            &err),
                &err, "critic");
    for (int l = 0; l < b->config.depths; l++) {
        snprintf(name, sizeof(name), "logits%d", l);
        output_of(b, b->critic.logits[l], name, "");
    }
    record_loss(b, s2vi_projected_critic_loss(&b->critic, true), "real");
    record_loss(b, s2vi_projected_critic_loss(&b->critic, false), "made");
    record_loss(b, s2vi_projected_generator_loss(&b->critic), "generator");
    golden_must(s2vi_graph_status(b->graph, &err), &err, "graph");
}

/* ------------------------------------------------------------- running -- */

static void write_images(const bench *b, s2vi_exec *exec)
{
    const int64_t n = (int64_t)SIZE * SIZE * 3;
    float *x = malloc((size_t)(PICTURES * n) * sizeof(*x));
    float c[PICTURES * CLASSES] = {0};
    for (int i = 0; i < PICTURES; i++) {
        const s2vi_philox key = {SEED, 0, (uint64_t)i};
        golden_normal(&key, n, x + i * n);
        c[i * CLASSES + i % CLASSES] = 1;
    }
    for (int64_t i = 0; i < PICTURES * n; i++)
        x[i] = fmaxf(-1, fminf(1, 0.5F * x[i]));
    s2vi_exec_write(exec, b->images, x);
    s2vi_exec_write(exec, b->classes, c);
    free(x);
}

static void compare(const bench *b, const output *o, s2vi_exec *exec)
{
    int64_t count;
    float *want = golden_read(&b->g, o->name, &count);
    const int64_t n = s2vi_shape_count(&o->node->shape);
    float *found = malloc((size_t)n * sizeof(*found));
    const bool gradient = strchr(o->name, '.') != NULL;
    CHECK(want && (count == n || (count == SAMPLES && gradient)),
          "%s has %d numbers", o->name, want ? (int)count : -1);
    s2vi_exec_read(exec, o->node, found);
    for (int64_t k = 0; want && k < count; k++)
        found[k] = found[k * n / count];
    const double off = want ? golden_error(found, want, count) : 0;
    CHECK(off <= (gradient ? b->gradient_bound : b->bound), "%s is off by %.1e",
          o->name, off);
    printf("%-16s %.1e\n", o->name, off);
    free(found);
    free(want);
}

/* What the ASSIGNs leave: "next.critic.d0.out.u". */
static void compare_kept(const bench *b)
{
    for (int i = 0; i < b->g.params.count; i++) {
        const s2vi_param *p = &b->g.params.param[i];
        char name[80];
        float u[256];
        int64_t count = 0;
        if (!p->buffer || p->file_shape.rank > 1)
            continue;
        snprintf(name, sizeof(name), "next.%s", p->name);
        float *want = golden_read(&b->g, name, &count);
        s2vi_store_read(b->g.store, p->name, u, NULL);
        const double off = want ? golden_error(u, want, count) : 1;
        CHECK(off <= b->bound, "%s is off by %.1e", name, off);
        free(want);
    }
}

static void run(bench *b)
{
    s2vi_node *all[2 * OUTPUTS];
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    s2v_error err;
    int n = 0;
    for (int i = 0; i < b->n; i++)
        all[n++] = b->out[i].node;
    for (int i = 0; i < b->critic.n_effects; i++)
        all[n++] = b->critic.effect[i];
    const s2vi_plan_params params = {.outputs = all, .n_outputs = n};
    golden_must(s2vi_plan_create(&plan, b->graph, b->g.store, &params, &err),
                &err, "plan");
    golden_must(s2vi_exec_create(&exec, plan, &err), &err, "exec");
    write_images(b, exec);
    golden_must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err, "run");
    for (int i = 0; i < b->n; i++)
        compare(b, &b->out[i], exec);
    compare_kept(b);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
}

/* Depths, of sizes that odd maps come of. */
static void test_config(const s2vi_perceptual *phi)
{
    static const struct {
        int size, side[4];
    } cases[] = {{32, {15, 7, 3, 1}},
                 {36, {17, 8, 4, 2}},
                 {64, {31, 15, 7, 3}},
                 {128, {63, 31, 15, 7}},
                 {256, {127, 63, 31, 15}}};
    s2vi_projected_config c;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        s2vi_projected_config_of(&c, phi, cases[i].size, 0, NULL);
        CHECK(c.depths == 4 && !memcmp(c.side, cases[i].side, sizeof(c.side)),
              "%d pixels: %d depths, of %d %d %d %d", cases[i].size, c.depths,
              c.side[0], c.side[1], c.side[2], c.side[3]);
        CHECK(c.layer[0] == 0 && c.layer[1] == 1 && c.layer[2] == 2 &&
                  c.layer[3] == 6,
              "layers %d %d %d %d", c.layer[0], c.layer[1], c.layer[2],
              c.layer[3]);
    }
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    const bool exact = !strcmp(argv[2], "f64");
    bench b = {.bound = exact ? 2e-6 : 1e-4,
               .gradient_bound = exact ? 2e-6 : 1e-3};
    char path[512];
    s2v_error err;
    snprintf(path, sizeof(path), "%s/projected-%s.safetensors", argv[4],
             argv[1]);
    network_file_write(path, "squeezenet1.1", NULL, false);
    golden_must(s2v_weights_open(&b.g.file, argv[3], &err), &err, argv[3]);
    golden_must(s2vi_perceptual_open(&b.phi, path, &err), &err, path);
    golden_must(s2vi_projected_config_of(&b.config, b.phi, SIZE, CLASSES, &err),
                &err, "config");
    golden_must(s2vi_projected_critic_params(&b.config, &b.g.params, &err),
                &err, "params");
    golden_must(s2vi_backend_open(&b.g.backend, argv[1],
                                  exact ? S2VI_F64 : S2VI_F32, 2, &err),
                &err, argv[1]);
    golden_must(s2vi_store_create(&b.g.store, b.g.backend, &err), &err,
                "store");
    golden_must(s2vi_perceptual_load(b.phi, b.g.store, &err), &err, "load");
    golden_fill(b.g.store, &b.g.params, 1234);
    b.graph = s2vi_graph_create();
    record(&b);
    run(&b);
    test_config(b.phi);
    s2vi_graph_close(&b.graph);
    s2vi_perceptual_close(&b.phi);
    golden_close(&b.g);
    remove(path);
    return check_done();
}
