/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The generator against the PyTorch reference's goldens, over 20 recurrent
 * frames: recorded frame by frame and as one sequence, with the economies and
 * plain, on a device. Largest difference, of the golden's rms: three times what
 * is measured, and at most 1e-4. Then R alone for a minute of sound: nothing in
 * it may grow with time.
 *
 * usage: test_outputs DEVICE GOLDEN...
 */
#include "../device.h"
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const golden_errors measured[] = {
    {.name = "acin32", .f32 = 9.1e-6},     {.name = "acin64", .f32 = 1.6e-5},
    {.name = "baseline64", .f32 = 1.1e-5}, {.name = "full32", .f32 = 9.7e-6},
    {.name = "full64", .f32 = 3.8e-5},     {.name = "none64", .f32 = 2.8e-5},
    {.name = "sac32", .f32 = 1.1e-5},      {.name = "sac64", .f32 = 1.2e-5},
    {.name = "skip64", .f32 = 2.2e-5},     {.name = "full128", .f32 = 2.6e-5},
    {.name = "full256", .f32 = 6.1e-5},
};

enum { MEASURED = sizeof(measured) / sizeof(measured[0]) };

static int passed, failed;
static double bound; /* of the golden at hand */

static void report(const char *path, const char *form, const char *what,
                   double error)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    bool ok = error <= bound;
    printf("%s: %s, %s, %s: error %.2e\n", ok ? "ok" : "FAIL", name, form, what,
           error);
    *(ok ? &passed : &failed) += 1;
}

/* Frames (20,N,N,3) and motion (20,M) of a generator that makes `at_once`
 * frames a run. */
static void generate(golden *g, int at_once, bool plain, float *video,
                     float *motion)
{
    s2v_error err;
    s2vi_graph *graph = s2vi_graph_create();
    s2vi_lm_options options = {.frames = at_once, .plain = plain};
    s2vi_lm_graph lm;
    s2vi_plan *plan;
    s2vi_exec *exec;
    golden_must(s2vi_lm_build(graph, &g->config, &options, &lm, &err), &err,
                "build");
    s2vi_node *const outputs[] = {lm.video, lm.motion};
    s2vi_plan_params params = {.outputs = outputs,
                               .n_outputs = 2,
                               .effects = lm.carry,
                               .n_effects = lm.n_carry,
                               .frozen = true};
    golden_must(s2vi_plan_create(&plan, graph, g->store, &params, &err), &err,
                "plan");
    golden_must(s2vi_exec_create(&exec, plan, &err), &err, "exec");
    float features[GOLDEN_FRAMES * 64];
    for (int t = 0; t < GOLDEN_FRAMES; t += at_once) {
        s2vi_clock clock = {.seed = 5, .frame = (uint64_t)t};
        golden_features(t, at_once, features);
        s2vi_exec_write(exec, lm.features, features);
        golden_must(s2vi_exec_run(exec, &clock, &err), &err, "run");
        s2vi_exec_read(exec, lm.video,
                       video +
                           (int64_t)t * g->config.size * g->config.size * 3);
        s2vi_exec_read(exec, lm.motion, motion + t * lm.motion->shape.dim[1]);
    }
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&graph);
}

/* The reference's grid of pixels, (20,3,16,16), out of whole frames. */
static float *pick_grid(const float *video, int size)
{
    int step = size / 16;
    float *grid = malloc(GOLDEN_FRAMES * 3 * 256 * sizeof(*grid)), *to = grid;
    for (int t = 0; t < GOLDEN_FRAMES; t++)
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 16; i++)
                for (int j = 0; j < 16; j++)
                    *to++ = video[(((int64_t)t * size + 1 + i * step) * size +
                                   1 + j * step) *
                                      3 +
                                  c];
    return grid;
}

static void compare(golden *g, const char *path, const char *form,
                    const float *video, const float *motion)
{
    int64_t n;
    float *grid = pick_grid(video, g->config.size);
    float *frames = golden_read(g, "frames", &n);
    report(path, form, "frames", golden_error(grid, frames, n));
    float *m = golden_read(g, "m", &n);
    report(path, form, "m", golden_error(motion, m, n));
    free(grid);
    free(frames);
    free(m);
}

/* After 1,200 frames |m| <= max |r| + 1 a layer: a GRU's result is within 1. */
static void check_bounded(golden *g, const char *path)
{
    enum { T = GOLDEN_FRAMES };
    s2v_error err;
    s2vi_graph *graph = s2vi_graph_create();
    s2vi_lm_options options = {.frames = T};
    s2vi_lm_graph lm;
    s2vi_plan *plan;
    s2vi_exec *exec;
    float features[T * 64], motion[T * 256], most = 0;
    const float loud = 4, noise = 6; /* no normal of a minute is above 6 */
    golden_must(s2vi_lm_build(graph, &g->config, &options, &lm, &err), &err,
                "build");
    s2vi_plan_params params = {.outputs = &lm.motion,
                               .n_outputs = 1,
                               .effects = lm.carry,
                               .n_effects = g->config.motion_layers};
    golden_must(s2vi_plan_create(&plan, graph, g->store, &params, &err), &err,
                "plan");
    golden_must(s2vi_exec_create(&exec, plan, &err), &err, "exec");
    for (int i = 0; i < T * 64; i++)
        features[i] = loud;
    for (int t = 0; t < 60 * T; t += T) {
        s2vi_clock clock = {.seed = 5, .frame = (uint64_t)t};
        s2vi_exec_write(exec, lm.features, features);
        golden_must(s2vi_exec_run(exec, &clock, &err), &err, "run");
    }
    s2vi_exec_read(exec, lm.motion, motion);
    int64_t n = s2vi_shape_count(&lm.motion->shape);
    for (int64_t i = 0; i < n; i++)
        most = fabsf(motion[i]) > most ? fabsf(motion[i]) : most;
    const float bound = noise + (float)g->config.motion_layers;
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    bool ok = most > 0 && most <= bound;
    printf("%s: %s, |m| after %d frames: %.2f, at most %.2f\n",
           ok ? "ok" : "FAIL", name, 60 * T, most, bound);
    *(ok ? &passed : &failed) += 1;
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&graph);
}

static void check(const char *path, const char *device)
{
    golden g = golden_open(path, device, S2VI_F32);
    static const struct {
        const char *name;
        int at_once;
        bool plain;
    } forms[] = {
        {"frame by frame", 1, false},
        {"frame by frame, plain", 1, true},
        {"one sequence", GOLDEN_FRAMES, false},
        {"sequences of 5", 5, false},
    };
    size_t pixels = (size_t)g.config.size * (size_t)g.config.size * 3;
    float *video = malloc(GOLDEN_FRAMES * pixels * sizeof(*video));
    float *motion = malloc(GOLDEN_FRAMES * 256 * sizeof(*motion));
    /* Large pictures: once is enough for what does not depend on size. */
    int n = g.config.size > 128 ? 1 : 4;
    for (int i = 0; i < n; i++) {
        generate(&g, forms[i].at_once, forms[i].plain, video, motion);
        compare(&g, path, forms[i].name, video, motion);
    }
    free(video);
    free(motion);
    if (g.config.size <= 64)
        check_bounded(&g, path);
    golden_close(&g);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        device_is_needed(argv[1]);
    for (int i = 2; i < argc; i++) {
        bound = golden_bound(argv[i], argv[1], S2VI_F32, false, measured,
                             MEASURED, 1e-4);
        check(argv[i], argv[1]);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
