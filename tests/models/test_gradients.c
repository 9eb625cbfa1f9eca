/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gradient of every parameter against the PyTorch reference's goldens:
 * of sum_t mean(v_t w_t) through a whole sequence recorded as one graph, with
 * the economies and plain. Largest difference of an element relative to the
 * golden's rms, and of the whole gradient's norm.
 *
 * usage: test_gradients DEVICE f32|f64 exact|corners GOLDEN...
 *
 * Bounds on the largest difference of an element:
 *   f64  1e-6: the files hold float32, of which half a last digit is 6e-8 of
 *        the largest element, which may be some ten times the rms. Measured is
 *        9.5e-7.
 *   f32  three times what is measured, in the table below; on a GPU 1e-3, what
 *        the project asks of the engine.
 * "corners" is for float32 on the goldens of size 64: of some million
 * activations a few are so near to the leaky ReLU's corner that float32 takes
 * the other side of it, which moves a few elements of a gradient much.
 * PyTorch's own float32 is up to 7.7e-2 off in a parameter's L2 norm there
 * (tests/reference/README.md). So it is the L2 difference that is bounded
 * there, by 0.1: which corners are taken otherwise depends on the processor,
 * and 9e-4 to 7.9e-2 was measured. Two more checks say that the corners alone
 * are to blame: the same files in float64 keep the bound of 1e-6; and with
 * every leaky ReLU made straight (slope 1) float32 keeps that of the table,
 * against the reference backend in float64.
 */
#include "../device.h"
#include "golden.h"

#include "graph/build.h"
#include "graph/gradient.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_F64   1e-6
#define EXACT_F32   1e-3
#define CORNERS     0.1
#define LOSS        1.3e-5 /* measured: the largest of all, in f32 */
#define MAX_SAMPLES 300    /* of a gradient, in a golden file */

/* Gradients as golden_errors has them, with 1 to 3 threads; of size 64 those of
 * slope 1. */
static const golden_errors measured[] = {
    {.name = "acin32", .gradient_f32 = 3.5e-5},
    {.name = "full32", .gradient_f32 = 4.7e-5},
    {.name = "sac32", .gradient_f32 = 6.4e-5},
    {.name = "acin64", .gradient_f32 = 8.2e-5},
    {.name = "baseline64", .gradient_f32 = 5.1e-5},
    {.name = "full64", .gradient_f32 = 1.3e-4},
    {.name = "none64", .gradient_f32 = 1.1e-4},
    {.name = "sac64", .gradient_f32 = 4.7e-5},
    {.name = "skip64", .gradient_f32 = 9.0e-5},
};

enum { MEASURED = sizeof(measured) / sizeof(measured[0]) };

typedef struct bench {
    golden g;
    int frames;
    s2vi_graph *graph;
    s2vi_lm_graph lm;
    s2vi_node *weights;  /* w: (T,N,N,3) */
    s2vi_node **outputs; /* the loss, then each parameter's gradient */
    float **gradient;    /* of each parameter, in the file's layout */
    s2vi_plan *plan;
    s2vi_exec *exec;
} bench;

/* Differences seen. */
typedef struct tally {
    double worst; /* error of an element or a norm */
    char where[120];
    double worst_l2; /* of a whole gradient */
} tally;

static bool corners;
static double exact, loss_bound; /* of the golden at hand */
static int passed, failed;

static void check(bool ok, const char *label, const char *what, double error,
                  double bound)
{
    printf("%s: %s, %s: error %.2e, at most %.1e\n", ok ? "ok" : "FAIL", label,
           what, error, bound);
    *(ok ? &passed : &failed) += 1;
}

/* ----------------------------------------------------------- recording -- */

/* sum over t of the mean over a picture of v_t w_t: (1). */
static s2vi_node *record_loss(bench *b)
{
    const int64_t N = b->g.config.size;
    b->weights =
        s2vi_input(b->graph, "w", S2VI_SHAPE(b->frames, N, N, 3)); /* w_t */
    s2vi_node *sum = s2vi_sum_all(s2vi_mul(b->lm.video, b->weights));
    return s2vi_scale(sum, 1.0 / (double)(3 * N * N));
}

/* No corners: y = x. */
static void straighten(s2vi_graph *graph)
{
    for (int i = 0; i < s2vi_graph_count(graph); i++) {
        s2vi_node *node = s2vi_graph_node(graph, i);
        if (node->op == S2VI_OP_LRELU)
            node->attr.slope = 1;
    }
}

static void record(bench *b, bool plain, bool straight)
{
    s2v_error err;
    const int n = b->g.params.count;
    const s2vi_lm_options options = {.frames = b->frames, .plain = plain};
    s2vi_node **param = calloc((size_t)n, sizeof(*param));
    b->graph = s2vi_graph_create();
    golden_must(s2vi_lm_build(b->graph, &b->g.config, &options, &b->lm, &err),
                &err, "build");
    if (straight)
        straighten(b->graph);
    b->outputs = calloc((size_t)n + 1, sizeof(*b->outputs));
    b->outputs[0] = record_loss(b);
    for (int i = 0; i < n; i++)
        param[i] = s2vi_graph_find(b->graph, b->g.params.param[i].name);
    s2vi_gradients(b->outputs[0], NULL, param, n, b->outputs + 1);
    golden_must(s2vi_graph_status(b->graph, &err), &err, "gradients");
    free(param);
}

static void plan(bench *b)
{
    s2v_error err;
    const s2vi_plan_params params = {.outputs = b->outputs,
                                     .n_outputs = b->g.params.count + 1};
    golden_must(s2vi_plan_create(&b->plan, b->graph, b->g.store, &params, &err),
                &err, "plan");
    golden_must(s2vi_exec_create(&b->exec, b->plan, &err), &err, "exec");
}

/* ------------------------------------------------------------- running -- */

/* w_t: normal(seed 9, stream 0, frame t) in the order (3,N,N), to (T,N,N,3). */
static void write_weights(bench *b)
{
    const size_t area = (size_t)b->g.config.size * (size_t)b->g.config.size;
    float *planes = malloc(3 * area * sizeof(*planes));
    float *w = malloc((size_t)b->frames * 3 * area * sizeof(*w)), *to = w;
    for (int t = 0; t < b->frames; t++) {
        const s2vi_philox key = {9, 0, (uint64_t)t};
        golden_normal(&key, (int64_t)(3 * area), planes);
        for (size_t i = 0; i < area; i++)
            for (size_t c = 0; c < 3; c++)
                *to++ = planes[c * area + i];
    }
    s2vi_exec_write(b->exec, b->weights, w);
    free(planes);
    free(w);
}

static void read_gradients(bench *b)
{
    const int n = b->g.params.count;
    b->gradient = calloc((size_t)n, sizeof(*b->gradient));
    for (int i = 0; i < n; i++) {
        const s2vi_param *p = &b->g.params.param[i];
        size_t count = (size_t)s2vi_shape_count(&p->shape);
        float *mine = malloc(count * sizeof(*mine));
        b->gradient[i] = malloc(count * sizeof(**b->gradient));
        s2vi_exec_read(b->exec, b->outputs[1 + i], mine);
        s2vi_param_to_file(p, mine, b->gradient[i]);
        free(mine);
    }
}

static void run(bench *b)
{
    s2v_error err;
    const s2vi_clock clock = {.seed = 5};
    float features[GOLDEN_FRAMES * 64];
    golden_features(0, b->frames, features);
    s2vi_exec_write(b->exec, b->lm.features, features);
    write_weights(b);
    golden_must(s2vi_exec_run(b->exec, &clock, &err), &err, "run");
    read_gradients(b);
}

static bench bench_open(const char *path, const char *device, s2vi_dtype dtype,
                        bool plain, bool straight)
{
    bench b = {.g = golden_open(path, device, dtype)};
    b.frames = (int)s2vi_weights_find(b.g.file, "frames")->shape[0];
    record(&b, plain, straight);
    plan(&b);
    run(&b);
    return b;
}

static void bench_close(bench *b)
{
    for (int i = 0; i < b->g.params.count; i++)
        free(b->gradient[i]);
    free(b->gradient);
    free(b->outputs);
    s2vi_exec_close(&b->exec);
    s2vi_plan_close(&b->plan);
    s2vi_graph_close(&b->graph);
    golden_close(&b->g);
}

/* ----------------------------------------------------------- comparing -- */

/* A NaN is the worst of all. */
static void note(tally *t, double error, const char *name, const char *what)
{
    if (error <= t->worst)
        return;
    t->worst = error == error ? error : HUGE_VAL;
    snprintf(t->where, sizeof(t->where), "%s%s", name, what);
}

/* `made` at the places that the golden holds: at most 300, evenly spread. */
static void pick(const float *made, int64_t n, float *picked)
{
    const int64_t count = n > MAX_SAMPLES ? MAX_SAMPLES : n;
    for (int64_t k = 0; k < count; k++)
        picked[k] = made[n > MAX_SAMPLES ? k * n / MAX_SAMPLES : k];
}

static double norm_of(const float *x, int64_t n)
{
    double square = 0;
    for (int64_t i = 0; i < n; i++)
        square += (double)x[i] * x[i];
    return sqrt(square);
}

/* One number of a golden file. */
static double read_one(const golden *g, const char *prefix, const char *name)
{
    char full[96];
    int64_t n = 0;
    snprintf(full, sizeof(full), "%s%s", prefix, name);
    float *value = golden_read(g, full, &n);
    double one = n == 1 ? value[0] : NAN;
    free(value);
    return one;
}

static void note_l2(tally *t, const float *a, const float *b, int64_t n)
{
    double square = 0;
    for (int64_t i = 0; i < n; i++)
        square += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    double l2 = sqrt(square) / norm_of(b, n);
    if (!(l2 <= t->worst_l2))
        t->worst_l2 = l2 == l2 ? l2 : HUGE_VAL;
}

/* Gradient `made` of parameter p against the golden. */
static void compare_param(const golden *g, const s2vi_param *p,
                          const float *made, tally *t)
{
    char name[96];
    float picked[MAX_SAMPLES];
    int64_t n = s2vi_shape_count(&p->shape), count = 0;
    snprintf(name, sizeof(name), "grad.%s", p->name);
    float *expected = golden_read(g, name, &count);
    if (!expected || count != (n > MAX_SAMPLES ? MAX_SAMPLES : n)) {
        note(t, NAN, p->name, ", missing or of another size");
    } else {
        pick(made, n, picked);
        note(t, golden_error(picked, expected, count), p->name, "");
        double norm = read_one(g, "gradnorm.", p->name);
        note(t, fabs(norm_of(made, n) / norm - 1), p->name, ", its norm");
        note_l2(t, picked, expected, count);
    }
    free(expected);
}

static void compare_loss(const bench *b, const char *label)
{
    float loss;
    s2vi_exec_read(b->exec, b->outputs[0], &loss);
    double error = fabs(loss / read_one(&b->g, "loss", "") - 1);
    check(error <= loss_bound, label, "loss", error, loss_bound);
}

static void compare(const bench *b, const char *label)
{
    char what[160];
    tally t = {0};
    const int n = b->g.params.count;
    for (int i = 0; i < n; i++)
        compare_param(&b->g, &b->g.params.param[i], b->gradient[i], &t);
    snprintf(what, sizeof(what), "%d gradients, worst %s", n, t.where);
    if (corners)
        check(t.worst_l2 <= CORNERS, label, "the worst gradient's L2",
              t.worst_l2, CORNERS);
    else
        check(t.worst <= exact && t.worst > 0, label, what, t.worst, exact);
}

/* Without corners: against the reference backend in float64. */
static void compare_straight(const bench *a, const bench *b, const char *label)
{
    char what[160];
    tally t = {0};
    const int n = a->g.params.count;
    for (int i = 0; i < n; i++) {
        const s2vi_param *p = &a->g.params.param[i];
        note(&t,
             golden_error(a->gradient[i], b->gradient[i],
                          s2vi_shape_count(&p->shape)),
             p->name, "");
    }
    snprintf(what, sizeof(what), "%d gradients of slope 1, worst %s", n,
             t.where);
    check(t.worst <= exact && t.worst > 0, label, what, t.worst, exact);
}

static void test(const char *path, const char *device, s2vi_dtype dtype,
                 bool plain)
{
    char label[120];
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    snprintf(label, sizeof(label), "%s, %s", name,
             plain ? "plain" : "economies");
    bench b = bench_open(path, device, dtype, plain, false);
    compare_loss(&b, label);
    compare(&b, label);
    bench_close(&b);
    if (!corners)
        return;
    b = bench_open(path, device, dtype, plain, true);
    bench ref = bench_open(path, "ref", S2VI_F64, plain, true);
    compare_straight(&b, &ref, label);
    bench_close(&b);
    bench_close(&ref);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        device_is_needed(argv[1]);
    if (argc < 5)
        return printf("usage: %s DEVICE f32|f64 exact|corners GOLDEN...\n",
                      argv[0]),
               2;
    const s2vi_dtype dtype = strcmp(argv[2], "f64") ? S2VI_F32 : S2VI_F64;
    const double asked = dtype == S2VI_F64 ? EXACT_F64 : EXACT_F32;
    corners = !strcmp(argv[3], "corners");
    for (int i = 4; i < argc; i++) {
        exact = dtype == S2VI_F64 ? EXACT_F64
                                  : golden_bound(argv[i], argv[1], dtype, true,
                                                 measured, MEASURED, asked);
        loss_bound = exact == asked ? asked : 3 * LOSS;
        for (int plain = 0; plain < 2; plain++)
            test(argv[i], argv[1], dtype, plain);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
