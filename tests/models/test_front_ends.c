/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VarietySound's front-ends of motion: their planes, and the features that the
 * visual encoder makes of these, against goldens computed in numpy
 * (tests/reference/motion.py); what a feature depends on; what cannot be.
 *
 * usage: test_front_ends DEVICE GOLDEN...
 */
#include "../device.h"
#include "../worst.h"
#include "golden.h"
#include "models/visual_encoder.h"
#include "models/param_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 64,
    HALF = SIDE / 2,
    PICTURE = SIDE * SIDE * 3,
    PICTURES = 25,
    KEPT = 5, /* pictures of a golden */
    STEP = 3, /* of their pixels */
    FEATURES = 6,
};

static const int kept[KEPT] = {0, 1, 5, 14, 24};

/* Largest errors measured, of differences, flow and motion: the planes on
 * x86-64, features with `ref` and `cpu`. A bound is three times that. */
static const double measured_planes[] = {0, 1.9e-5, 1.3e-5, 1.9e-5};
static const double measured_features[] = {0, 1.0e-6, 1.5e-6, 1.2e-6};

static int passed, failed;

static void check(bool ok, const char *what, const char *found)
{
    printf("%s: %s: %s\n", ok ? "ok" : "FAIL", what, found);
    *(ok ? &passed : &failed) += 1;
}

static void check_error(double error, double measured, const char *what)
{
    char text[40];
    snprintf(text, sizeof(text), "error %.2e", error);
    check(error < 3 * measured, what, text);
}

/* A texture that pans, a disc that bounces, slow exposure, a cut at picture 14:
 * tests/reference/motion.py has the same formula. */
static void draw(int k, float *picture)
{
    for (int i = 0; i < PICTURE; i++) {
        const int c = i % 3, x = i / 3 % SIDE, y = i / 3 / SIDE;
        const double pan = x - 0.4 * k + 21.0 * (k >= 14);
        const double texture = 0.3 * sin(0.5 * pan + 0.25 * y + 0.2 * c) +
                               0.25 * sin(0.21 * pan - 0.35 * y);
        const double dx = x - 32 - 16 * sin(0.5 * k);
        const double dy = y - 20 - 20 * fabs(cos(0.4 * k));
        const double value = (0.8 + 0.1 * sin(0.3 * k)) *
                             (texture + 0.8 * exp(-(dx * dx + dy * dy) / 40));
        picture[i] = (float)(value < -1 ? -1 : value > 1 ? 1 : value);
    }
}

static s2vi_motion *open_motion(int kinds)
{
    s2v_error err;
    s2vi_motion *motion;
    golden_must(s2vi_motion_create(&motion, kinds, SIDE, &err), &err, "motion");
    return motion;
}

/* Planes of pictures [first, first + n) of the film, as a film of its own. */
static float *see(int kinds, int first, int n)
{
    static float picture[PICTURE];
    const size_t size = (size_t)(HALF * HALF * s2vi_motion_planes(kinds));
    float *planes = malloc((size_t)n * size * sizeof(*planes));
    s2vi_motion *motion = open_motion(kinds);
    for (int k = 0; k < n; k++) {
        draw(first + k, picture);
        s2vi_motion_push(motion, picture, planes + (size_t)k * size);
    }
    s2vi_motion_close(&motion);
    return planes;
}

static float *values(const s2v_weights *file, const char *name)
{
    s2v_error err;
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    if (!t) {
        printf("FAIL: the golden has no %s\n", name);
        exit(1);
    }
    float *out = malloc(t->count * sizeof(*out));
    golden_must(s2vi_weights_read_f32(file, t, out, &err), &err, name);
    return out;
}

/* ------------------------------------------------------------- goldens -- */

/* Every STEP-th pixel of the kept pictures. */
static void check_planes(const s2v_weights *file, int front_end,
                         const float *planes)
{
    const int P = s2vi_motion_planes(s2vi_front_end_motion(front_end));
    float *want = values(file, "planes");
    double worst = 0;
    int i = 0;
    for (int k = 0; k < KEPT; k++)
        for (int y = 0; y < HALF; y += STEP)
            for (int x = 0; x < HALF; x += STEP)
                for (int p = 0; p < P; p++, i++) {
                    const int at = (kept[k] * HALF + y) * HALF + x;
                    worst = worse(worst, fabs((double)planes[at * P + p] -
                                              (double)want[i]));
                }
    check_error(worst, measured_planes[front_end], "planes");
    free(want);
}

static float *run(s2vi_store *store, const s2vi_visual_encoder_config *config,
                  const float *planes)
{
    s2v_error err;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *out;
    const s2vi_clock clock = {0};
    s2vi_graph *g = s2vi_graph_create();
    const s2vi_shape shape = s2vi_visual_encoder_input(config, 1, PICTURES);
    s2vi_node *in = s2vi_node_create(g, S2VI_OP_INPUT, NULL, 0, NULL, &shape);
    float *features = malloc(PICTURES * FEATURES * sizeof(*features));
    golden_must(s2vi_visual_encoder_build(g, config, in, &out, &err), &err,
                "encoder");
    const s2vi_plan_params params = {.outputs = &out, .n_outputs = 1};
    golden_must(s2vi_plan_create(&plan, g, store, &params, &err), &err, "plan");
    golden_must(s2vi_exec_create(&exec, plan, &err), &err, "exec");
    s2vi_exec_write(exec, in, planes);
    golden_must(s2vi_exec_run(exec, &clock, &err), &err, "run");
    s2vi_exec_read(exec, out, features);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    return features;
}

static void check_features(s2vi_backend *backend, const s2v_weights *file,
                           const s2vi_visual_encoder_config *config,
                           const float *planes)
{
    s2v_error err;
    s2vi_store *store;
    s2vi_param_list list = {0};
    float *want = values(file, "features");
    double worst = 0;
    golden_must(s2vi_store_create(&store, backend, &err), &err, "store");
    golden_must(s2vi_visual_encoder_params(config, &list, &err), &err,
                "parameters");
    golden_must(s2vi_param_list_load(&list, file, store, &err), &err, "load");
    float *made = run(store, config, planes);
    for (int k = 0; k < KEPT; k++)
        worst = worse(worst, golden_error(made + kept[k] * FEATURES,
                                          want + k * FEATURES, FEATURES));
    check_error(worst, measured_features[config->front_end], "features");
    free(made);
    free(want);
    s2vi_param_list_close(&list);
    s2vi_store_close(&store);
}

/* A film that ends in the same pictures ends in the same planes; a motion that
 * is flushed begins a film. */
static void check_memory(int kinds, const float *planes)
{
    const size_t size = (size_t)(HALF * HALF * s2vi_motion_planes(kinds));
    const int n = S2VI_MOTION_RECENT + 1;
    float *late = see(kinds, PICTURES - n, n);
    check(!memcmp(late + (size_t)(n - 1) * size,
                  planes + (size_t)(PICTURES - 1) * size, size * sizeof(*late)),
          "planes depend on the recent pictures alone", "bits");
    free(late);
    static float picture[PICTURE];
    float *again = malloc(size * sizeof(*again));
    s2vi_motion *motion = open_motion(kinds);
    for (int k = 3; k >= 0; k--) {
        if (!k)
            s2vi_motion_flush(motion);
        draw(k, picture);
        s2vi_motion_push(motion, picture, again);
    }
    check(!memcmp(again, planes, size * sizeof(*again)), "flush", "bits");
    s2vi_motion_close(&motion);
    free(again);
}

static void check_golden(s2vi_backend *backend, const char *path)
{
    s2v_error err;
    s2v_weights *file;
    int front_end = 0;
    golden_must(s2v_weights_open(&file, path, &err), &err, path);
    const char *name = s2v_weights_get_metadata(file, "front_end");
    while (strcmp(s2vi_front_end_words[front_end], name))
        front_end++;
    printf("%s\n", name);
    const s2vi_visual_encoder_config config = {
        SIDE, atoi(s2v_weights_get_metadata(file, "channels")), FEATURES,
        (s2vi_front_end)front_end};
    const int kinds = s2vi_front_end_motion(config.front_end);
    float *planes = see(kinds, 0, PICTURES);
    check_planes(file, front_end, planes);
    check_features(backend, file, &config, planes);
    check_memory(kinds, planes);
    free(planes);
    s2v_weights_close(&file);
}

/* After ten hours of pictures the planes are those of a film that has only the
 * last of them. */
static void check_hours(void)
{
    enum { N = 16, SIZE = N * N * 3, KINDS = 8, HOURS = 10 };
    enum { PLANES = N / 2 * (N / 2) * 7 };
    const int n = (int)((int64_t)HOURS * 3600 * 11025 / 512); /* pictures */
    static float picture[KINDS][SIZE], late[PLANES], fresh[PLANES];
    s2v_error err;
    s2vi_motion *motion[2];
    for (int k = 0; k < KINDS; k++)
        golden_normal(&(s2vi_philox){.seed = 9, .frame = (uint64_t)k}, SIZE,
                      picture[k]);
    for (int i = 0; i < 2; i++)
        golden_must(
            s2vi_motion_create(&motion[i], S2VI_MOTION_DIFFERENCES, N, &err),
            &err, "motion");
    for (int i = 0; i < n; i++)
        s2vi_motion_push(motion[0], picture[i % 7], late);
    for (int i = n - S2VI_MOTION_RECENT - 1; i < n; i++)
        s2vi_motion_push(motion[1], picture[i % 7], fresh);
    check(n > 775000 && !memcmp(late, fresh, sizeof(late)),
          "after ten hours the planes are those of the last second", "bits");
    s2vi_motion_close(&motion[0]);
    s2vi_motion_close(&motion[1]);
}

/* ------------------------------------------------------------- refused -- */

static void refused(int ret, int code, const s2v_error *err, const char *part)
{
    check(ret == code && strstr(err->message, part), "refused", err->message);
}

static void check_refusals(void)
{
    s2v_error err;
    s2vi_motion *motion;
    s2vi_visual_encoder_config c = {16, 2, 4, S2VI_FRONT_END_FLOW};
    refused(s2vi_motion_create(&motion, S2VI_MOTION_FLOW, 16, &err),
            S2V_ERR_INVALID, &err,
            "16 pixels a side, expected a power of 2 "
            "from 32 to 256");
    refused(s2vi_motion_create(&motion, S2VI_MOTION_DIFFERENCES, 48, &err),
            S2V_ERR_INVALID, &err, "48 pixels a side, expected a power of 2");
    check(!motion, "no motion", "NULL");
    refused(s2vi_visual_encoder_config_check(&c, &err), S2V_ERR_MODEL, &err,
            "size is 16, expected 32 to 256");
    c.front_end = S2VI_FRONT_END_DIFFERENCES;
    check(s2vi_visual_encoder_config_check(&c, &err) == S2V_OK,
          "differences of 16 pixels", "accepted");
    c.size = 8;
    refused(s2vi_visual_encoder_config_check(&c, &err), S2V_ERR_MODEL, &err,
            "size is 8, expected 16 to 256");
    s2vi_motion_close(&motion);
    s2vi_motion_close(NULL);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        device_is_needed(argv[1]);
    s2v_error err;
    s2vi_backend *backend;
    if (argc < 3) {
        fprintf(stderr, "usage: test_front_ends DEVICE GOLDEN...\n");
        return 2;
    }
    golden_must(s2vi_backend_open(&backend, argv[1], S2VI_F32, 1, &err), &err,
                argv[1]);
    for (int i = 2; i < argc; i++)
        check_golden(backend, argv[i]);
    check_hours();
    check_refusals();
    s2vi_backend_close(&backend);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}
