/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DiffAugment: each of its changes on a small picture, by hand. */
#include "check.h"
#include "diffaugment.h"
#include "graph/build.h"
#include "graph/gradient.h"

#include <string.h>

enum { N = 8, NUMBERS = N * N * 3 };

static const float eps = 1e-5f;

/* Numbers that change nothing: no brightness, saturation and contrast x 1, no
 * shift, and a square to cut whose corner is in the lower right corner. */
static const float nothing[S2VI_DIFFAUGMENT_UNIFORMS] = {
    0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.99f, 0.99f};

static void fill(float *x)
{
    for (int i = 0; i < NUMBERS; i++)
        x[i] = (float)((i * 7) % 11) / 8 - 0.5f;
}

/* What comes of x by u, and the gradient of its sum in x. */
static void run(const float *x, const float *u, float *out, float *gradient)
{
    s2v_error err;
    s2vi_backend *backend = NULL;
    s2vi_store *store = NULL;
    s2vi_train_step step = {0};
    s2vi_diffaugment d = {0};
    float room[NUMBERS];
    s2vi_node *gx = NULL;
    int ret = s2vi_backend_open(&backend, "ref", S2VI_F32, 1, &err);
    if (!ret)
        ret = s2vi_store_create(&store, backend, &err);
    if (!ret)
        ret = s2vi_train_step_begin(&step, &err);
    CHECK(!ret, "%s", err.message);
    s2vi_node *in = s2vi_input(step.graph, "x", S2VI_SHAPE(1, N, N, 3));
    step.output = s2vi_diffaugment_record(in, "x", &d);
    CHECK(!s2vi_gradients(step.output, NULL, &in, 1, &gx), "gradient");
    s2vi_train_step_add_term(&step, "gradient", gx);
    ret = s2vi_train_step_plan(&step, store, &err);
    if (!ret)
        ret = s2vi_train_step_write(&step, in, x, &err);
    if (!ret)
        ret = s2vi_diffaugment_feed(&d, &step, u, room, &err);
    const s2vi_clock clock = {0};
    if (!ret)
        ret = s2vi_train_step_run(&step, 1, 0, &clock, &err);
    CHECK(!ret, "%s", err.message);
    s2vi_exec_read(step.exec, step.output, out);
    s2vi_exec_read(step.exec, gx, gradient);
    s2vi_train_step_close(&step);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
}

static bool is_cut(int x, int y)
{
    return x >= N / 2 + N / 4 && y >= N / 2 + N / 4;
}

static bool near(float a, float b)
{
    return a - b < eps && b - a < eps;
}

/* Nothing but the corner that is cut out, 2x2 pixels: its middle is the
 * picture's corner, and half the side of 4 lies outside. */
static void test_cutout(void)
{
    float x[NUMBERS], out[NUMBERS], g[NUMBERS];
    int bad = 0;
    fill(x);
    run(x, nothing, out, g);
    for (int i = 0; i < NUMBERS; i++) {
        const bool cut = is_cut(i / 3 % N, i / 3 / N);
        bad += !near(out[i], cut ? 0 : x[i]) || !near(g[i], cut ? 0 : 1);
    }
    CHECK(!bad, "cutout: %d of %d numbers differ", bad, NUMBERS);
}

/* By one pixel to the right and up; zeros come in. */
static void test_translation(void)
{
    float x[NUMBERS], out[NUMBERS], g[NUMBERS], u[S2VI_DIFFAUGMENT_UNIFORMS];
    int bad = 0;
    memcpy(u, nothing, sizeof(u));
    u[3] = 0.9f;
    u[4] = 0.1f;
    fill(x);
    run(x, u, out, g);
    for (int y = 0; y < N; y++)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < 3; k++) {
                const bool none = i == 0 || y == N - 1 || is_cut(i, y);
                const float want = none ? 0 : x[((y + 1) * N + i - 1) * 3 + k];
                bad += !near(out[(y * N + i) * 3 + k], want);
            }
    CHECK(!bad, "translation: %d of %d numbers differ", bad, NUMBERS);
    CHECK(near(g[0], 0) && near(g[(N + 0) * 3], 1),
          "translation: what leaves has no gradient: %g, %g", g[0], g[N * 3]);
}

/* (x + 0.25), half as far from its grey, then 1.25 times from its mean. */
static void test_colours(void)
{
    float x[NUMBERS], out[NUMBERS], g[NUMBERS], u[S2VI_DIFFAUGMENT_UNIFORMS];
    double mean = 0;
    int bad = 0;
    memcpy(u, nothing, sizeof(u));
    u[0] = 0.75f;
    u[1] = 0.25f;
    u[2] = 0.75f;
    fill(x);
    run(x, u, out, g);
    for (int i = 0; i < NUMBERS; i++)
        mean += ((double)x[i] + 0.25) / NUMBERS;
    for (int i = 0; i < NUMBERS; i++) {
        const float *p = x + i / 3 * 3;
        const float grey = (p[0] + p[1] + p[2]) / 3 + 0.25f;
        const float pale = grey + 0.5f * (x[i] + 0.25f - grey);
        const float want = (float)mean + 1.25f * (pale - (float)mean);
        bad += !near(out[i], is_cut(i / 3 % N, i / 3 / N) ? 0 : want);
    }
    CHECK(!bad, "colours: %d of %d numbers differ", bad, NUMBERS);
}

int main(void)
{
    test_cutout();
    test_translation();
    test_colours();
    return check_done();
}
