/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * D_I, D_V and the adversarial loss against the PyTorch reference's goldens:
 * decision maps, every part of the losses, the gradient of every parameter of
 * either, that of the penalty alone (second order), and the generator's in the
 * generated video. Largest difference of an element as a part of the golden's
 * rms.
 *
 * usage: test_discriminator DEVICE f32|f64 GOLDEN...
 *
 * Bounds: three times what is measured, in the table below, and at most 1e-4
 * for outputs, 1e-3 for gradients, what the project asks of the engine. In f64
 * the files' own rounding is what differs: half a last digit is 6e-8 of the
 * largest element, which may be some ten times the rms.
 */
#include "../device.h"
#include "recipes/listen_and_move_adversarial.h"
#include "golden.h"
#include "graph/build.h"
#include "graph/gradient.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED_D_I = 1235, SEED_D_V = 1236, MAX_SAMPLES = 240, MAX_ORDER = 64 };

static int passed, failed;
static double output_bound, gradient_bound;

static const golden_errors measured[] = {
    {"disc_skip32", 4.1e-6, 7.1e-8, 4.1e-5, 7.1e-8},
    {"disc_residual32", 4.6e-5, 2.5e-7, 1.7e-5, 2.5e-7},
    {"disc_none32", 4.3e-6, 6.6e-8, 4.7e-5, 6.6e-8},
};

enum { MEASURED = sizeof(measured) / sizeof(measured[0]) };

static void check(bool ok, const char *label, const char *what, double error)
{
    printf("%s: %s, %s: error %.2e\n", ok ? "ok" : "FAIL", label, what, error);
    *(ok ? &passed : &failed) += 1;
}

/* A critic and its gradients. */
typedef struct half {
    const char *prefix;
    s2vi_param_list params;
    s2vi_node *map;
    s2vi_critic critic;
    s2vi_node **gradient; /* of the loss, then of the penalty */
} half;

typedef struct bench {
    s2v_weights *file;
    char label[80];
    uint64_t seed;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_graph *graph;
    s2vi_adversarial a;
    half half[2]; /* D_I, D_V */
    s2vi_generator_loss g_loss;
    s2vi_node *fake_gradient;
    s2vi_plan *plan;
    s2vi_exec *exec;
} bench;

/* ----------------------------------------------------------- recording -- */

static int number(const bench *b, const char *key)
{
    return atoi(s2v_weights_get_metadata(b->file, key));
}

static s2vi_disc_config config_of(const bench *b, s2vi_disc_kind kind)
{
    const char *word = s2v_weights_get_metadata(b->file, "connection");
    return (s2vi_disc_config){
        .kind = kind,
        .size = number(b, "size"),
        .frames = number(b, "frames"),
        .channels_min = number(b, "channels_min"),
        .channels_max = number(b, "channels_max"),
        .connection = !strcmp(word, "skip")       ? S2VI_LM_SKIP
                      : !strcmp(word, "residual") ? S2VI_LM_RESIDUAL
                                                  : S2VI_LM_NONE,
    };
}

static void record_gradients(bench *b, half *h)
{
    const int n = h->params.count;
    s2vi_node **param = calloc((size_t)n, sizeof(*param));
    h->gradient = calloc(2 * (size_t)n, sizeof(*h->gradient));
    for (int i = 0; i < n; i++)
        param[i] = s2vi_graph_find(b->graph, h->params.param[i].name);
    s2vi_gradients(h->critic.loss, NULL, param, n, h->gradient);
    s2vi_gradients(h->critic.penalty, NULL, param, n, h->gradient + n);
    free(param);
}

static void record(bench *b)
{
    s2v_error err;
    s2vi_adversarial *a = &b->a;
    s2vi_graph *g = b->graph = s2vi_graph_create();
    a->image = config_of(b, S2VI_DISC_IMAGE);
    a->video = config_of(b, S2VI_DISC_VIDEO);
    a->lambda = S2VI_ADVERSARIAL_LAMBDA;
    const int64_t T = a->video.frames, N = a->video.size;
    a->real = s2vi_input(g, "real", S2VI_SHAPE(T, N, N, 3));
    a->fake = s2vi_input(g, "fake", S2VI_SHAPE(T, N, N, 3));
    s2vi_adversarial_inputs(g, a);
    half *di = &b->half[0], *dv = &b->half[1];
    *di = (half){.prefix = "d_i."};
    *dv = (half){.prefix = "d_v."};
    golden_must(s2vi_disc_params(&a->image, &di->params, &err), &err, "D_I");
    golden_must(s2vi_disc_params(&a->video, &dv->params, &err), &err, "D_V");
    s2vi_disc_build(g, &a->image, s2vi_gather(a->real, a->frame), &di->map,
                    &err);
    s2vi_disc_build(g, &a->video,
                    s2vi_reshape(a->real, S2VI_SHAPE(1, T, N, N, 3)), &dv->map,
                    &err);
    s2vi_adversarial_image(g, a, &di->critic, &err);
    s2vi_adversarial_video(g, a, &dv->critic, &err);
    s2vi_adversarial_generator(g, a, &b->g_loss, &err);
    golden_must(s2vi_graph_status(g, &err), &err, "graph");
    record_gradients(b, di);
    record_gradients(b, dv);
    s2vi_gradients(b->g_loss.loss, NULL, &a->fake, 1, &b->fake_gradient);
    golden_must(s2vi_graph_status(g, &err), &err, "gradients");
}

static void plan(bench *b)
{
    s2v_error err;
    s2vi_node *outputs[256];
    int n = 0;
    for (int i = 0; i < 2; i++) {
        const half *h = &b->half[i];
        outputs[n++] = h->map;
        outputs[n++] = h->critic.loss;
        outputs[n++] = h->critic.real;
        outputs[n++] = h->critic.fake;
        outputs[n++] = h->critic.penalty;
        if (h->critic.shuffled)
            outputs[n++] = h->critic.shuffled;
        for (int k = 0; k < 2 * h->params.count; k++)
            outputs[n++] = h->gradient[k];
    }
    outputs[n++] = b->g_loss.loss;
    outputs[n++] = b->g_loss.image;
    outputs[n++] = b->g_loss.video;
    outputs[n++] = b->fake_gradient;
    const s2vi_plan_params params = {.outputs = outputs, .n_outputs = n};
    golden_must(s2vi_plan_create(&b->plan, b->graph, b->store, &params, &err),
                &err, "plan");
    golden_must(s2vi_exec_create(&b->exec, b->plan, &err), &err, "exec");
}

/* ------------------------------------------------------------- running -- */

static void write_video(bench *b, uint32_t stream, const s2vi_node *node)
{
    const int64_t frame = s2vi_shape_count(&node->shape) / node->shape.dim[0];
    float *v = malloc((size_t)(frame * node->shape.dim[0]) * sizeof(*v));
    for (int64_t t = 0; t < node->shape.dim[0]; t++) {
        const s2vi_philox key = {b->seed, stream, (uint64_t)t};
        float *to = v + t * frame;
        golden_normal(&key, frame, to);
        for (int64_t i = 0; i < frame; i++)
            to[i] = fmaxf(-1, fminf(1, to[i] * 0.5f));
    }
    s2vi_exec_write(b->exec, node, v);
    free(v);
}

static void run(bench *b)
{
    s2v_error err;
    float frame, order[MAX_ORDER];
    const s2vi_clock clock = {.seed = b->seed};
    s2vi_adversarial_draw(b->seed, 0, b->a.video.frames, &frame, order);
    write_video(b, 0, b->a.real);
    write_video(b, 1, b->a.fake);
    s2vi_exec_write(b->exec, b->a.frame, &frame);
    s2vi_exec_write(b->exec, b->a.order, order);
    golden_must(s2vi_exec_run(b->exec, &clock, &err), &err, "run");
}

static bench bench_open(const char *path, const char *device, s2vi_dtype dtype)
{
    s2v_error err;
    bench b = {0};
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    golden_must(s2v_weights_open(&b.file, path, &err), &err, path);
    snprintf(b.label, sizeof(b.label), "%s", name);
    b.seed = (uint64_t)number(&b, "seed");
    golden_must(s2vi_backend_open(&b.backend, device, dtype, 2, &err), &err,
                device);
    golden_must(s2vi_store_create(&b.store, b.backend, &err), &err, "store");
    record(&b);
    golden_fill(b.store, &b.half[0].params, SEED_D_I);
    golden_fill(b.store, &b.half[1].params, SEED_D_V);
    plan(&b);
    run(&b);
    return b;
}

static void bench_close(bench *b)
{
    for (int i = 0; i < 2; i++) {
        free(b->half[i].gradient);
        s2vi_param_list_close(&b->half[i].params);
    }
    s2vi_exec_close(&b->exec);
    s2vi_plan_close(&b->plan);
    s2vi_graph_close(&b->graph);
    s2vi_store_close(&b->store);
    s2vi_backend_close(&b->backend);
    s2v_weights_close(&b->file);
}

/* ----------------------------------------------------------- comparing -- */

/* The golden's tensor PREFIX WHAT, to be freed; exits if there is none. */
static float *read_golden(const bench *b, const char *prefix, const char *what,
                          const char *name, int64_t *n)
{
    char full[128];
    const golden g = {.file = b->file};
    snprintf(full, sizeof(full), "%s%s%s", prefix, what, name);
    float *values = golden_read(&g, full, n);
    if (!values) {
        printf("FAIL: %s: no tensor '%s'\n", b->label, full);
        exit(1);
    }
    return values;
}

static void compare_output(const bench *b, const char *prefix, const char *what,
                           const s2vi_node *node)
{
    char name[40];
    int64_t n, count = s2vi_shape_count(&node->shape);
    float *want = read_golden(b, prefix, what, "", &n);
    float *made = malloc((size_t)count * sizeof(*made));
    s2vi_exec_read(b->exec, node, made);
    double error = n == count ? golden_error(made, want, n) : NAN;
    snprintf(name, sizeof(name), "%s%s", prefix, what);
    check(error <= output_bound, b->label, name, error);
    free(want);
    free(made);
}

/* At the places that the golden holds, and the whole's norm: the worse. */
static double gradient_error(const bench *b, const char *label,
                             const char *name, const float *made, int64_t n)
{
    char norm_label[40];
    float picked[MAX_SAMPLES];
    int64_t count, one;
    double square = 0;
    snprintf(norm_label, sizeof(norm_label), "%snorm%s", label,
             strchr(name, '.') ? "." : "");
    float *want = read_golden(b, label, *name ? "." : "", name, &count);
    float *norm = read_golden(b, norm_label, "", name, &one);
    for (int64_t k = 0; k < count && k < MAX_SAMPLES; k++)
        picked[k] = made[n > MAX_SAMPLES ? k * n / MAX_SAMPLES : k];
    for (int64_t i = 0; i < n; i++)
        square += (double)made[i] * made[i];
    double error = count == (n > MAX_SAMPLES ? MAX_SAMPLES : n)
                       ? golden_error(picked, want, count)
                       : NAN;
    /* The penalty's in the last norm's beta is zero: no activation moves. */
    double of_norm =
        norm[0] > 0 ? fabs(sqrt(square) / norm[0] - 1) : sqrt(square);
    free(want);
    free(norm);
    return error > of_norm || !(error == error) ? error : of_norm;
}

/* Of every parameter: `label` is "grad" or "penalty.grad". */
static void compare_gradients(const bench *b, const half *h, const char *label,
                              s2vi_node *const *gradient)
{
    char what[200];
    double worst = 0;
    const char *where = "";
    for (int i = 0; i < h->params.count; i++) {
        const s2vi_param *p = &h->params.param[i];
        int64_t n = s2vi_shape_count(&p->shape);
        float *made = malloc(2 * (size_t)n * sizeof(*made));
        s2vi_exec_read(b->exec, gradient[i], made);
        s2vi_param_to_file(p, made, made + n);
        double error = gradient_error(b, label, p->name, made + n, n);
        if (!(error <= worst)) {
            worst = error == error ? error : HUGE_VAL;
            where = p->name;
        }
        free(made);
    }
    snprintf(what, sizeof(what), "%s%s: %d gradients, worst %s", h->prefix,
             label, h->params.count, where);
    check(worst <= gradient_bound && worst > 0, b->label, what, worst);
}

static void compare_draw(const bench *b)
{
    int64_t n, one;
    float frame, order[MAX_ORDER];
    float *want_frame = read_golden(b, "frame", "", "", &one);
    float *want = read_golden(b, "order", "", "", &n);
    s2vi_adversarial_draw(b->seed, 0, (int)n, &frame, order);
    bool same = n == b->a.video.frames && frame == want_frame[0] &&
                !memcmp(order, want, (size_t)n * sizeof(*order));
    check(same, b->label, "frame and order", !same);
    free(want_frame);
    free(want);
}

static void compare(const bench *b)
{
    compare_draw(b);
    for (int i = 0; i < 2; i++) {
        const half *h = &b->half[i];
        compare_output(b, h->prefix, "map", h->map);
        compare_output(b, h->prefix, "real", h->critic.real);
        compare_output(b, h->prefix, "fake", h->critic.fake);
        if (h->critic.shuffled)
            compare_output(b, h->prefix, "shuffled", h->critic.shuffled);
        compare_output(b, h->prefix, "penalty", h->critic.penalty);
        compare_output(b, h->prefix, "loss", h->critic.loss);
        compare_gradients(b, h, "grad", h->gradient);
        compare_gradients(b, h, "penalty.grad", h->gradient + h->params.count);
    }
    compare_output(b, "g.", "image", b->g_loss.image);
    compare_output(b, "g.", "video", b->g_loss.video);
    compare_output(b, "g.", "loss", b->g_loss.loss);
    int64_t n = s2vi_shape_count(&b->fake_gradient->shape);
    float *made = malloc((size_t)n * sizeof(*made));
    s2vi_exec_read(b->exec, b->fake_gradient, made);
    double error = gradient_error(b, "g.grad", "", made, n);
    check(error <= gradient_bound, b->label, "g.grad", error);
    free(made);
}

/* ------------------------------------------------------------ mistakes -- */

static void check_refused(s2vi_disc_config config, const char *part)
{
    s2v_error err = {0};
    s2vi_param_list list = {0};
    int ret = s2vi_disc_params(&config, &list, &err);
    bool ok = ret == S2V_ERR_INVALID && !list.count && !list.param &&
              strstr(err.message, part);
    check(ok, "refused", err.message, !ok);
}

static void check_mistakes(void)
{
    const s2vi_disc_config good = {.kind = S2VI_DISC_VIDEO,
                                   .size = 32,
                                   .frames = 8,
                                   .channels_min = 2,
                                   .channels_max = 4};
    s2vi_disc_config c = good;
    c.size = 48;
    check_refused(c, "size is 48");
    c = good;
    c.frames = 12 - 2;
    check_refused(c, "a multiple of 8");
    c = good;
    c.frames = 0;
    check_refused(c, "a sequence of 0 frames");
    c = good;
    c.channels_max = 1;
    check_refused(c, "channels from 2 to 1");
    s2v_error err = {0};
    s2vi_node *map;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *x = s2vi_input(g, "x", S2VI_SHAPE(1, 32, 32, 3));
    int ret = s2vi_disc_build(g, &good, x, &map, &err);
    check(ret < 0 && !map, "another shape", err.message, ret >= 0);
    s2vi_graph_close(&g);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        device_is_needed(argv[1]);
    if (argc < 4)
        return printf("usage: %s DEVICE f32|f64 GOLDEN...\n", argv[0]), 2;
    const s2vi_dtype dtype = strcmp(argv[2], "f64") ? S2VI_F32 : S2VI_F64;
    const bool exact = dtype == S2VI_F64;
    for (int i = 3; i < argc; i++) {
        output_bound = golden_bound(argv[i], argv[1], dtype, false, measured,
                                    MEASURED, exact ? 1e-6 : 1e-4);
        gradient_bound = golden_bound(argv[i], argv[1], dtype, true, measured,
                                      MEASURED, exact ? 1e-6 : 1e-3);
        bench b = bench_open(argv[i], argv[1], dtype);
        compare(&b);
        bench_close(&b);
    }
    check_mistakes();
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
