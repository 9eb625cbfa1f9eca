/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ten whole training steps, loss for loss, against the PyTorch reference's
 * (tests/reference/adversarial.py says what a step is): the critics' and the
 * generator's steps as train/ records them, alternating over one store.
 * Largest difference as a part of the numbers' rms.
 *
 * usage: test_steps DEVICE f32|f64 GOLDEN
 *
 * Bounds: f64 1e-6, since the file holds float32. f32 1e-3, and only on files
 * of slow rates: with the paper's, rounding grows about tenfold a step
 * (tests/reference/README.md).
 */
#include "../device.h"
#include "golden.h"
#include "recipes/listen_and_move_step.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 10, T = 8, N = 32, SEED = 5, SEED_REAL = 21 };
enum { SEED_G = 1234, SEED_D_I, SEED_D_V };

#define RATE_G 1e-4
#define RATE_D 4e-4

/* A training step of one network, and what its terms were. */
typedef struct network_step {
    s2vi_lm_step inputs;
    s2vi_train_step step;
    float made[S2VI_TRAIN_STEP_TERMS][STEPS];
} network_step;

static int passed, failed;

typedef struct bench {
    double rate; /* what both rates are multiplied by */
    s2vi_lm_config config;
    s2vi_param_list g, d_i, d_v;
    s2vi_backend *backend;
    s2vi_store *store;
    network_step critics, generator;
} bench;

/* ----------------------------------------------------------- recording -- */

static void record_critics(bench *b)
{
    s2v_error err;
    const s2vi_lm_options options = {.frames = T};
    s2vi_lm_step *p = &b->critics.inputs;
    s2vi_train_step *step = &b->critics.step;
    const s2vi_trained image = {b->d_i.param, b->d_i.count, b->rate * RATE_D,
                                false, NULL};
    const s2vi_trained video = {b->d_v.param, b->d_v.count, b->rate * RATE_D,
                                false, NULL};
    golden_must(s2vi_train_step_begin(step, &err), &err, "step");
    golden_must(s2vi_lm_step_begin(p, step, &b->config, &options, &err), &err,
                "graph");
    golden_must(s2vi_lm_step_record_critics(p, &image, &video, &err), &err,
                "critics");
    golden_must(s2vi_train_step_plan(step, b->store, &err), &err, "plan");
}

static void record_generator(bench *b)
{
    s2v_error err;
    const s2vi_lm_options options = {.frames = T};
    s2vi_lm_step *p = &b->generator.inputs;
    s2vi_train_step *step = &b->generator.step;
    const s2vi_lm_loss_config loss = {.adversarial = true,
                                      .alpha = S2VI_ADVERSARIAL_ALPHA};
    const s2vi_trained g = {b->g.param, b->g.count, b->rate * RATE_G, false,
                            NULL};
    golden_must(s2vi_train_step_begin(step, &err), &err, "step");
    golden_must(s2vi_lm_step_begin(p, step, &b->config, &options, &err), &err,
                "graph");
    golden_must(s2vi_lm_step_record_generator(p, &loss, &g, &err), &err,
                "generator");
    golden_must(s2vi_train_step_plan(step, b->store, &err), &err, "plan");
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

static void bench_close(bench *b)
{
    s2vi_train_step_close(&b->critics.step);
    s2vi_train_step_close(&b->generator.step);
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

static void run_step(network_step *h, int k)
{
    static float features[T * 64], real[T * N * N * 3];
    s2v_error err;
    s2vi_train_step *step = &h->step;
    const s2vi_clock clock = {.seed = SEED, .frame = (uint64_t)k * T};
    const s2vi_batch batch = {.real = real, .features = features};
    golden_features(k * T, T, features);
    real_frames(k * T, real);
    golden_must(s2vi_lm_step_feed(&h->inputs, &batch, &clock, &err), &err,
                "inputs");
    golden_must(s2vi_train_step_run(step, k + 1, 0, &clock, &err), &err, "run");
    for (int i = 0; i < step->n_terms; i++)
        s2vi_exec_read(step->exec, step->term[i].node, &h->made[i][k]);
}

/* ----------------------------------------------------------- comparing -- */

static void compare(const network_step *h, const golden *g, double bound)
{
    for (int i = 0; i < h->step.n_terms; i++) {
        const char *name = h->step.term[i].name;
        int64_t n = 0;
        if (!strcmp(name, "L1"))
            name = "g.reconstruction";
        float *want = golden_read(g, name, &n);
        double error = n == STEPS ? golden_error(h->made[i], want, n) : NAN;
        bool ok = error <= bound;
        printf("%s: %s, %d steps: error %.2e, at most %.0e\n",
               ok ? "ok" : "FAIL", name, STEPS, error, bound);
        *(ok ? &passed : &failed) += 1;
        free(want);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        device_is_needed(argv[1]);
    if (argc != 4)
        return printf("usage: %s DEVICE f32|f64 GOLDEN\n", argv[0]), 2;
    s2v_error err;
    golden g = {0};
    const bool f64 = !strcmp(argv[2], "f64");
    golden_must(s2v_weights_open(&g.file, argv[3], &err), &err, argv[3]);
    bench b = bench_open(&g, argv[1], f64 ? S2VI_F64 : S2VI_F32);
    for (int k = 0; k < STEPS; k++) {
        run_step(&b.critics, k);
        run_step(&b.generator, k);
        golden_must(
            s2vi_train_step_follow(&b.critics.step, &b.generator.step, &err),
            &err, "states");
    }
    compare(&b.critics, &g, f64 ? 1e-6 : 1e-3);
    compare(&b.generator, &g, f64 ? 1e-6 : 1e-3);
    printf("%d passed, %d failed\n", passed, failed);
    bench_close(&b);
    s2v_weights_close(&g.file);
    return failed || !passed;
}
