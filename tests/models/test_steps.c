/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ten whole training steps, loss for loss, against the PyTorch reference's
 * (tests/reference/adversarial.py says what a step is): the critics' and the
 * generator's losses as train/ records them, alternating in two graphs over
 * one store. Largest difference as a part of the numbers' rms.
 *
 * usage: test_steps DEVICE f32|f64 GOLDEN
 *
 * Bounds: f64 1e-6, since the file holds float32. f32 1e-3, and only on files
 * of slow rates: with the paper's, rounding grows about tenfold a step
 * (tests/reference/README.md).
 */
#include "adversarial.h"
#include "golden.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 10, T = 8, N = 32, SEED = 5, SEED_REAL = 21 };
enum { SEED_G = 1234, SEED_D_I, SEED_D_V };
enum { MAX_EFFECTS = 256, MAX_VALUES = 16 };

#define RATE_G 1e-4
#define RATE_D 4e-4

/* A number that each step gives, and its name in the golden. */
typedef struct value {
    const char *name;
    s2vi_node *node;
    float made[STEPS];
} value;

/* One of a step's two halves: a graph of its own. */
typedef struct half {
    s2vi_graph *graph;
    s2vi_lm_graph lm;
    s2vi_adversarial a;
    s2vi_node *step;
    s2vi_node *effect[MAX_EFFECTS];
    int n_effects;
    value value[MAX_VALUES];
    int n_values;
    s2vi_plan *plan;
    s2vi_exec *exec;
} half;

static int passed, failed;

typedef struct bench {
    double rate; /* what both rates are multiplied by */
    s2vi_lm_config config;
    s2vi_param_list g, d_i, d_v;
    s2vi_backend *backend;
    s2vi_store *store;
    half critics, generator;
} bench;

/* ----------------------------------------------------------- recording -- */

static void add_value(half *h, const char *name, s2vi_node *node)
{
    h->value[h->n_values++] = (value){.name = name, .node = node};
}

static s2vi_node *slot(half *h, const char *which, const s2vi_param *p)
{
    char name[80];
    snprintf(name, sizeof(name), "%s.%s", which, p->name);
    return s2vi_var(h->graph, S2VI_VAR_SLOT, name, p->shape);
}

static void add_updates(half *h, s2vi_node *loss, const s2vi_param_list *list,
                        double rate)
{
    s2vi_node *param[MAX_EFFECTS], *gradient[MAX_EFFECTS];
    for (int i = 0; i < list->count; i++)
        param[i] = s2vi_graph_find(h->graph, list->param[i].name);
    s2vi_gradients(loss, NULL, param, list->count, gradient);
    for (int i = 0; i < list->count; i++) {
        const s2vi_param *p = &list->param[i];
        h->effect[h->n_effects++] =
            s2vi_adam(param[i], slot(h, "m", p), slot(h, "v", p), gradient[i],
                      h->step, rate, 0.3, 0.999, 1e-8);
    }
}

/* What both halves begin with: v, v~, t, the order. */
static void record_videos(half *h, const s2vi_lm_config *config)
{
    s2v_error err;
    const s2vi_lm_options options = {.frames = T};
    h->graph = s2vi_graph_create();
    golden_must(s2vi_lm_build(h->graph, config, &options, &h->lm, &err), &err,
                "generator");
    s2vi_disc_mirror(&h->a.image, config, S2VI_DISC_IMAGE, T);
    s2vi_disc_mirror(&h->a.video, config, S2VI_DISC_VIDEO, T);
    h->a.lambda = S2VI_ADVERSARIAL_LAMBDA;
    h->a.real = s2vi_input(h->graph, "real", S2VI_SHAPE(T, N, N, 3));
    h->a.fake = h->lm.video;
    h->step = s2vi_input(h->graph, "step", S2VI_SHAPE(1));
    s2vi_adversarial_inputs(h->graph, &h->a);
}

static void plan(half *h, s2vi_store *store)
{
    s2v_error err;
    s2vi_node *outputs[MAX_VALUES];
    for (int i = 0; i < h->n_values; i++)
        outputs[i] = h->value[i].node;
    const s2vi_plan_params params = {.outputs = outputs,
                                     .n_outputs = h->n_values,
                                     .effects = h->effect,
                                     .n_effects = h->n_effects};
    golden_must(s2vi_graph_status(h->graph, &err), &err, "graph");
    golden_must(s2vi_plan_create(&h->plan, h->graph, store, &params, &err),
                &err, "plan");
    golden_must(s2vi_exec_create(&h->exec, h->plan, &err), &err, "exec");
}

static void record_critics(bench *b)
{
    s2v_error err;
    s2vi_critic image, video;
    half *h = &b->critics;
    record_videos(h, &b->config);
    golden_must(s2vi_adversarial_image(h->graph, &h->a, &image, &err), &err,
                "D_I");
    golden_must(s2vi_adversarial_video(h->graph, &h->a, &video, &err), &err,
                "D_V");
    add_value(h, "d_i.real", image.real);
    add_value(h, "d_i.fake", image.fake);
    add_value(h, "d_i.penalty", image.penalty);
    add_value(h, "d_i.loss", image.loss);
    add_value(h, "d_v.real", video.real);
    add_value(h, "d_v.fake", video.fake);
    add_value(h, "d_v.shuffled", video.shuffled);
    add_value(h, "d_v.penalty", video.penalty);
    add_value(h, "d_v.loss", video.loss);
    add_updates(h, image.loss, &b->d_i, b->rate * RATE_D);
    add_updates(h, video.loss, &b->d_v, b->rate * RATE_D);
    plan(h, b->store);
}

static void record_generator(bench *b)
{
    s2v_error err;
    s2vi_deceit deceit;
    half *h = &b->generator;
    record_videos(h, &b->config);
    golden_must(s2vi_adversarial_generator(h->graph, &h->a, &deceit, &err),
                &err, "deceit");
    s2vi_node *l1 = s2vi_loss_multiscale_l1(h->a.real, h->a.fake);
    s2vi_node *loss =
        s2vi_add(deceit.loss, s2vi_scale(l1, S2VI_ADVERSARIAL_ALPHA));
    add_value(h, "g.image", deceit.image);
    add_value(h, "g.video", deceit.video);
    add_value(h, "g.reconstruction", l1);
    add_value(h, "g.loss", loss);
    add_updates(h, loss, &b->g, b->rate * RATE_G);
    for (int i = 0; i < h->lm.n_carry; i++)
        h->effect[h->n_effects++] = h->lm.carry[i];
    plan(h, b->store);
}

static bench bench_open(const golden *g, const char *device, s2vi_dtype dtype)
{
    s2v_error err;
    bench b = {.rate = atof(s2v_weights_get_metadata(g->file, "rate"))};
    s2vi_disc_config image, video;
    s2vi_lm_defaults(&b.config);
    b.config.size = N;
    b.config.channels_max = 32;
    s2vi_disc_mirror(&image, &b.config, S2VI_DISC_IMAGE, T);
    s2vi_disc_mirror(&video, &b.config, S2VI_DISC_VIDEO, T);
    golden_must(s2vi_lm_params(&b.config, &b.g, &err), &err, "G");
    golden_must(s2vi_disc_params(&image, &b.d_i, &err), &err, "D_I");
    golden_must(s2vi_disc_params(&video, &b.d_v, &err), &err, "D_V");
    golden_must(s2vi_backend_open(&b.backend, device, dtype, 2, &err), &err,
                device);
    golden_must(s2vi_store_create(&b.store, b.backend, &err), &err, "store");
    golden_fill(b.store, &b.g, SEED_G);
    golden_fill(b.store, &b.d_i, SEED_D_I);
    golden_fill(b.store, &b.d_v, SEED_D_V);
    record_critics(&b);
    record_generator(&b);
    return b;
}

static void half_close(half *h)
{
    s2vi_exec_close(&h->exec);
    s2vi_plan_close(&h->plan);
    s2vi_graph_close(&h->graph);
}

static void bench_close(bench *b)
{
    half_close(&b->critics);
    half_close(&b->generator);
    s2vi_store_close(&b->store);
    s2vi_backend_close(&b->backend);
    s2vi_param_list_close(&b->g);
    s2vi_param_list_close(&b->d_i);
    s2vi_param_list_close(&b->d_v);
}

/* ------------------------------------------------------------- running -- */

/* Frame t: clip(normal(21, stream 0, frame t) / 2, -1, 1). */
static void real_frames(int64_t first, float *v)
{
    const int64_t frame = N * N * 3;
    for (int64_t t = 0; t < T; t++) {
        const s2vi_philox key = {SEED_REAL, 0, (uint64_t)(first + t)};
        golden_normal(&key, frame, v + t * frame);
    }
    for (int64_t i = 0; i < T * frame; i++)
        v[i] = fmaxf(-1, fminf(1, v[i] * 0.5f));
}

static void run_half(half *h, int k)
{
    static float features[T * 64], real[T * N * N * 3];
    s2v_error err;
    float frame, order[T], step = (float)(k + 1);
    const s2vi_clock clock = {.seed = SEED, .frame = (uint64_t)k * T};
    golden_features(k * T, T, features);
    real_frames(k * T, real);
    s2vi_adversarial_draw(SEED, clock.frame, T, &frame, order);
    s2vi_exec_write(h->exec, h->lm.features, features);
    s2vi_exec_write(h->exec, h->a.real, real);
    s2vi_exec_write(h->exec, h->a.frame, &frame);
    s2vi_exec_write(h->exec, h->a.order, order);
    s2vi_exec_write(h->exec, h->step, &step);
    golden_must(s2vi_exec_run(h->exec, &clock, &err), &err, "run");
    for (int i = 0; i < h->n_values; i++)
        s2vi_exec_read(h->exec, h->value[i].node, &h->value[i].made[k]);
}

/* The generator's states are those of both. */
static void copy_states(bench *b)
{
    const s2vi_plan *from = b->generator.plan, *to = b->critics.plan;
    for (int i = 0; i < s2vi_plan_state_count(to); i++) {
        const s2vi_node *state = s2vi_plan_state(to, i);
        double *v =
            malloc((size_t)s2vi_shape_count(&state->shape) * sizeof(*v));
        for (int j = 0; j < s2vi_plan_state_count(from); j++)
            if (!strcmp(s2vi_plan_state(from, j)->name, state->name))
                s2vi_exec_read_f64(b->generator.exec, s2vi_plan_state(from, j),
                                   v);
        s2vi_exec_write_f64(b->critics.exec, state, v);
        free(v);
    }
}

/* ----------------------------------------------------------- comparing -- */

static void compare(const half *h, const golden *g, double bound)
{
    for (int i = 0; i < h->n_values; i++) {
        const value *v = &h->value[i];
        int64_t n = 0;
        float *want = golden_read(g, v->name, &n);
        double error = n == STEPS ? golden_error(v->made, want, n) : NAN;
        bool ok = error <= bound;
        printf("%s: %s, %d steps: error %.2e, at most %.0e\n",
               ok ? "ok" : "FAIL", v->name, STEPS, error, bound);
        *(ok ? &passed : &failed) += 1;
        free(want);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return printf("usage: %s DEVICE f32|f64 GOLDEN\n", argv[0]), 2;
    s2v_error err;
    golden g = {0};
    const bool f64 = !strcmp(argv[2], "f64");
    golden_must(s2v_weights_open(&g.file, argv[3], &err), &err, argv[3]);
    bench b = bench_open(&g, argv[1], f64 ? S2VI_F64 : S2VI_F32);
    for (int k = 0; k < STEPS; k++) {
        run_half(&b.critics, k);
        run_half(&b.generator, k);
        copy_states(&b);
    }
    compare(&b.critics, &g, f64 ? 1e-6 : 1e-3);
    compare(&b.generator, &g, f64 ? 1e-6 : 1e-3);
    printf("%d passed, %d failed\n", passed, failed);
    bench_close(&b);
    s2v_weights_close(&g.file);
    return failed || !passed;
}
