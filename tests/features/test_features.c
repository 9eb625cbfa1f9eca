/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_features S2V-FEATURES S2V-IMPACTS S2V-TRAIN: BN-Inception's features of
 * pictures and of known motion, on made-up weights; and the program, from a
 * rendered clip to a training on its feature set.
 */
#include "bn_file.h"
#include "feature_set.h"
#include "video/flow.h"
#include "scratch.h"

#include "graph/build.h"
#include "run/exec.h"
#include "weights/weights.h"

#include <math.h>
#include <unistd.h>

enum { SIDE = S2VI_BN_SIDE, PIXELS = SIDE * SIDE, WIDE = S2VI_BN_FEATURES };

/* ------------------------------------------------------------ features -- */

/* The network by itself on one input. */
static void look(const char *path, int planes, const float *x, float *out)
{
    const s2vi_clock clock = {0};
    s2vi_bn_inception *net;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *y;
    s2v_error err = {0};
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_input(g, "x", S2VI_SHAPE(1, SIDE, SIDE, planes));
    int ret = s2vi_bn_inception_open(&net, path, planes, &err);
    ret = ret ? ret : s2vi_backend_open(&backend, "auto", S2VI_F32, 1, &err);
    ret = ret ? ret : s2vi_store_create(&store, backend, &err);
    ret = ret ? ret : s2vi_bn_inception_load(net, store, &err);
    ret = ret ? ret : s2vi_bn_inception_build(g, planes, in, &y, &err);
    const s2vi_plan_params params = {
        .outputs = &y, .n_outputs = 1, .frozen = true};
    ret = ret ? ret : s2vi_plan_create(&plan, g, store, &params, &err);
    ret = ret ? ret : s2vi_exec_create(&exec, plan, &err);
    CHECK(!ret, "%s", err.message);
    if (ret)
        exit(check_done());
    s2vi_exec_write(exec, in, x);
    s2vi_exec_run(exec, &clock, &err);
    s2vi_exec_read(exec, y, out);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    s2vi_bn_inception_close(&net);
}

/* No motion anywhere, as the published planes have it: 127.5 is rounded to the
 * even 128, which is the mean. */
static void look_at_stillness(const char *path, float *out)
{
    float *x = calloc(2 * PIXELS, sizeof(*x));
    look(path, 2, x, out);
    free(x);
}

/* The same network on the same device: measured are the same bits, whatever
 * instructions the processor has. */
#define SAME 1e-7

/* The flow between two pictures: that of a picture of 340x256 within 20 pixels
 * as 0 .. 255. It is (right, down), but for the edges, to three times what is
 * measured: 0.0212 and 0.0062 pixels. */
static void look_at_flow(const char *path, const uint8_t *from,
                         const uint8_t *to, double right, double down,
                         float *out)
{
    enum { EDGE = 32 };
    float *grey = malloc(2 * PIXELS * sizeof(*grey));
    float *x = malloc(2 * PIXELS * sizeof(*x));
    double mean[2] = {0};
    s2vi_flow *flow;
    s2vi_flow_create(&flow, SIDE, SIDE, NULL);
    s2vi_flow_grey(from, PIXELS, grey);
    s2vi_flow_grey(to, PIXELS, grey + PIXELS);
    s2vi_flow_run(flow, grey, grey + PIXELS, x);
    s2vi_flow_close(&flow);
    for (int i = 0; i < 2 * PIXELS; i++) {
        const int column = i / 2 % SIDE, row = i / 2 / SIDE;
        if (column >= EDGE && column < SIDE - EDGE && row >= EDGE &&
            row < SIDE - EDGE)
            mean[i % 2] += x[i] / ((SIDE - 2 * EDGE) * (SIDE - 2 * EDGE));
        const double published = x[i] * (i % 2 ? 256.0 : 340.0) / 224;
        const double within = fmin(20, fmax(-20, published));
        x[i] = (float)(rint((within + 20) * 255 / 40) - 128);
    }
    CHECK(fabs(mean[0] - right) < 3 * 0.0212 &&
              fabs(mean[1] - down) < 3 * 0.0062,
          "the flow is %g, %g", mean[0], mean[1]);
    look(path, 2, x, out);
    free(grey);
    free(x);
}

/* Waves in three colours, moved by (right, down). */
static void paint(uint8_t *rgb, int right, int down)
{
    for (int i = 0; i < PIXELS; i++) {
        const int x = i % SIDE - right, y = i / SIDE - down;
        const double v = sin(x * 0.21) + sin(y * 0.17) + sin((x + y) * 0.07);
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] = (uint8_t)(128 + (30 + 10 * c) * v / 3);
    }
}

static double apart(const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < WIDE; i++)
        sum += (a[i] - (double)b[i]) * (a[i] - (double)b[i]);
    return sqrt(sum);
}

static double length(const float *a)
{
    static const float none[WIDE];
    return apart(a, none);
}

/* Three pictures: still, then 6 to the right and 4 up. */
static void test_features(const char *weights)
{
    const features_params params = {.rgb = weights, .threads = 1};
    uint8_t *rgb = malloc(3 * 3 * PIXELS);
    float *x = malloc(3 * PIXELS * sizeof(*x));
    float made[2 * FEATURES_WIDTH], want[WIDE];
    features *f;
    s2v_error err = {0};
    paint(rgb, 0, 0);
    paint(rgb + 3 * PIXELS, 0, 0);
    paint(rgb + 6 * PIXELS, 6, -4);
    CHECK(!features_open(&f, &params, &err) &&
              !features_run(f, rgb, 2, made, &err),
          "%s", err.message);
    features_close(&f);
    for (int k = 0; k < 2; k++) { /* of picture k + 1: B, G, R less the mean */
        const uint8_t *p = rgb + 3 * PIXELS * (k + 1);
        static const float mean[3] = {104, 117, 128};
        for (int i = 0; i < 3 * PIXELS; i++)
            x[i] = (float)p[i - i % 3 + 2 - i % 3] - mean[i % 3];
        look(weights, 3, x, want);
        CHECK(apart(made + k * FEATURES_WIDTH, want) < SAME * length(want),
              "picture %d: %g of %g", k, apart(made + k * FEATURES_WIDTH, want),
              length(want));
    }
    look_at_stillness(weights, want);
    CHECK(apart(made + WIDE, want) < SAME * length(want), "still: %g of %g",
          apart(made + WIDE, want), length(want));
    const float *moved = made + FEATURES_WIDTH + WIDE;
    /* measured: 25 */
    CHECK(apart(moved, want) > 8 * length(want), "moved as still: %g of %g",
          apart(moved, want), length(want));
    look_at_flow(weights, rgb + 3 * PIXELS, rgb + 6 * PIXELS, 6, -4, want);
    CHECK(apart(moved, want) < SAME * length(want), "moved: %g of %g",
          apart(moved, want), length(want));
    free(rgb);
    free(x);
}

/* ------------------------------------------------------------- program -- */

static void expect(const char *program, const char *line, int status,
                   const char *part)
{
    char *err = NULL;
    const int found = run_program(program, line, NULL, &err);
    CHECK(found == status && strstr(err, part), "%s: %d, '%s'", line, found,
          err);
    g_free(err);
}

static void test_program(const char *features, const char *impacts,
                         const char *train)
{
    char *path = in_folder("sets/clip.safetensors");
    s2v_weights *w;
    s2v_error err = {0};
    expect(impacts, "--size 32 --seconds 1.2 --seed 5 -o clip.mkv", 0, "");
    expect(features, "--rgb net.bin -o sets clip.mkv -q --threads 1", 0, "");
    CHECK(!s2v_weights_open(&w, path, &err), "%s", err.message);
    const s2vi_tensor *f = s2vi_weights_find(w, "features");
    const s2vi_tensor *m = s2vi_weights_find(w, "mel");
    /* 1.2 s are 26 pictures, of which the first is only moved from. */
    CHECK(f && f->shape[0] == 25 && f->shape[1] == FEATURES_WIDTH, "features");
    CHECK(m && m->shape[0] == 80 && m->shape[1] == 100, "mel");
    s2v_weights_close(&w);
    expect(train,
           "varietysound sets -o v.bin --iterations 1 --sequence 64 --batch 2 "
           "--width 16 --threads 1 -q --split 1",
           0, "");
    expect(features, "-o sets clip.mkv", 2, "--rgb");
    expect(features, "--rgb net.bin -o sets none.mkv -q", 1, "none.mkv");
    expect(features, "--rgb net.bin -o sets clip.mkv -q --track 1", 1,
           "'clip.mkv' has no audio track 1: found 1");
    expect(features, "--rgb net.bin -o sets clip.mkv --track x", 2, "--track");
    expect(features, "--rgb net.bin -o sets net.bin clip.mkv -q --skip-bad", 0,
           "clips left out (--skip-bad): 1\n  'net.bin'");
    expect(features, "--rgb clip.mkv -o sets clip.mkv -q", 1, "clip.mkv");
    g_free(path);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr,
                "usage: test_features S2V-FEATURES S2V-IMPACTS S2V-TRAIN\n");
        return 2;
    }
    char *here = g_get_current_dir(), *program[3];
    for (int i = 0; i < 3; i++)
        program[i] = g_canonicalize_filename(argv[1 + i], here);
    make_folder();
    char *weights = in_folder("net.bin");
    bn_file_write(weights, &(bn_file){.planes = 3});
    test_features(weights);
    test_program(program[0], program[1], program[2]);
    remove_folder();
    for (int i = 0; i < 3; i++)
        g_free(program[i]);
    g_free(weights);
    g_free(here);
    return check_done();
}
