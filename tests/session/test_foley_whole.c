/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream against the networks run over a whole film: all features at once,
 * windows cut from them here, one mel, and one run of the vocoder over it. So
 * no seam can be heard that the whole would not have.
 */
#include "../must.h"
#include "../device.h"
#include "../worst.h"
#include "foley_kit.h"

#include "audio/foley_mel.h"
#include "graph/build.h"
#include "run/exec.h"
#include "session/foley.h"
#include "video/area_downscale.h"
#include "weights/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS = 80, HOP = 1024, COLUMN = 256, SILENT = 64 /* columns */ };

typedef struct whole {
    s2vi_foley_config config;
    s2vi_backend *backend;
    s2vi_store *store;
} whole;

static float *numbers(int64_t n)
{
    float *x = calloc((size_t)n, sizeof(*x));
    if (!x)
        abort();
    return x;
}

static void load(whole *w, const char *path)
{
    s2v_weights *file = NULL;
    s2v_error err = {0};
    must(s2v_weights_open(&file, path, &err), &err);
    must(s2vi_backend_open(&w->backend, "auto", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&w->store, w->backend, &err), &err);
    must(s2vi_foley_read(&w->config, file, &err), &err);
    must(s2vi_foley_load(&w->config, file, w->store, &err), &err);
    s2v_weights_close(&file);
}

/* Run a graph once; closes it. */
static float *run(const whole *w, s2vi_graph *graph, s2vi_node *in,
                  const float *x, s2vi_node *in2, const float *x2,
                  s2vi_node *out)
{
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    s2v_error err = {0};
    const s2vi_plan_params params = {
        .outputs = &out, .n_outputs = 1, .frozen = true};
    const s2vi_clock clock = {0};
    must(s2vi_plan_create(&plan, graph, w->store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    must(s2vi_exec_write(exec, in, x), &err);
    if (in2)
        must(s2vi_exec_write(exec, in2, x2), &err);
    must(s2vi_exec_run(exec, &clock, &err), &err);
    float *y = numbers(s2vi_shape_count(&out->shape));
    must(s2vi_exec_read(exec, out, y), &err);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&graph);
    return y;
}

/* The picture on display at the time of feature k: the last one that began,
 * the first before the film, the last after it. */
static int shown(const film *f, int k)
{
    int at = 0;
    for (int i = 0; i < f->count; i++)
        if ((double)i * f->num / f->den <= (double)k * HOP / FOLEY_RATE + 1e-9)
            at = i;
    return at;
}

/* Picture k, as the network sees it. */
static void see(const whole *w, const film *f, int k, float *out)
{
    uint8_t rgb[3 * WIDTH * HEIGHT];
    uint32_t sums[3 * WIDTH];
    (void)picture_of(f, shown(f, k), rgb);
    s2vi_area_downscale(rgb, 3 * WIDTH, WIDTH, HEIGHT, sums,
                        w->config.sight.size, out);
}

/* What the network sees for features first .. first + n - 1; before the film's
 * beginning that of its first picture. */
static float *seen(const whole *w, const film *f, int first, int n)
{
    const int side = w->config.sight.size, size = side * side * 3;
    const int kinds = s2vi_front_end_motion(w->config.sight.front_end);
    const s2vi_shape one = s2vi_visual_encoder_input(&w->config.sight, 1, 1);
    float *x = numbers((int64_t)(n + 1) * size), *picture = numbers(size);
    s2vi_motion *motion = NULL;
    s2v_error err = {0};
    for (int k = 0; k <= n && !kinds; k++)
        see(w, f, first + k - 1, x + (ptrdiff_t)k * size);
    if (kinds)
        must(s2vi_motion_create(&motion, kinds, side, &err), &err);
    for (int k = 0; k < n && kinds; k++) {
        float *to = x + k * s2vi_shape_count(&one);
        if (first + k <= 0)
            s2vi_motion_flush(motion);
        see(w, f, first + k, picture);
        s2vi_motion_push(motion, picture, to);
    }
    s2vi_motion_close(&motion);
    free(picture);
    return x;
}

/* Features first .. first + n - 1 of a film, in one run. */
static float *features(const whole *w, const film *f, int first, int n)
{
    const s2vi_shape shape = s2vi_visual_encoder_input(&w->config.sight, 1, n);
    s2v_error err = {0};
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_input(g, "x", shape), *out = NULL;
    float *x = seen(w, f, first, n);
    must(s2vi_visual_encoder_build(g, &w->config.sight, in, &out, &err), &err);
    float *y = run(w, g, in, x, NULL, NULL, out);
    free(x);
    return y;
}

/* The timbre of columns of mel. */
static float *timbre_of(const whole *w, const float *mel, int columns)
{
    s2v_error err = {0};
    s2vi_vs_graph net = {0};
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_input(g, "x", S2VI_SHAPE(1, columns, BANDS));
    must(s2vi_vs_record_timbre(g, &w->config.generator, NULL, in, &net, &err),
         &err);
    return run(w, g, in, mel, NULL, NULL, net.timbre);
}

/* The mean of its whole windows of what sounds; of no reference, the file's.
 * *windows is how many there are. */
static float *wanted_timbre(const whole *w, int length, const float *reference,
                            size_t n, int *windows)
{
    const int D = 2 * w->config.generator.acoustic_lstm, T = 4 * length;
    const size_t all = s2vi_foley_mel_columns(n);
    float *timbre = numbers(D), *mel = numbers((int64_t)(2 * all) * BANDS);
    float *sounding = mel + all * BANDS;
    s2v_error err = {0};
    *windows = 0;
    if (reference) {
        must(s2vi_foley_mel(reference, n, mel, all, &err), &err);
        *windows = (int)s2vi_foley_mel_sounding(mel, all, sounding, all) / T;
    } else
        must(s2vi_store_read(w->store, S2VI_FOLEY_TIMBRE, timbre, &err), &err);
    for (int i = 0; i < *windows; i++) {
        float *one = timbre_of(w, sounding + (ptrdiff_t)i * T * BANDS, T);
        for (int k = 0; k < D; k++)
            timbre[k] += one[k] / (float)*windows;
        free(one);
    }
    free(mel);
    return timbre;
}

static float *window_mel(const whole *w, const float *x, int length,
                         const float *timbre)
{
    const s2vi_vs_config *c = &w->config.generator;
    s2v_error err = {0};
    s2vi_vs_graph net = {0};
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_input(g, "x", S2VI_SHAPE(1, length, c->features));
    s2vi_node *t = s2vi_input(g, "t", S2VI_SHAPE(1, 2 * c->acoustic_lstm));
    net.timbre = t;
    must(s2vi_vs_record_background(
             g, c, s2vi_fill(g, 0, S2VI_SHAPE(1, 4 * length, BANDS)), &net,
             &err),
         &err);
    must(s2vi_vs_record_mel(g, c, NULL, in, &net, &err), &err);
    return run(w, g, in, x, t, timbre, net.mel);
}

/* How much of window i is heard at feature column j / 4, and of the others. */
static double share(const s2vi_foley_windows *w, int i, int last, double at)
{
    const double from = i * w->hop, to = from + w->hop;
    double in = i ? (at - from) / w->fade : 1, out = 1 - (at - to) / w->fade;
    in = in < 0 ? 0 : in > 1 ? 1 : in;
    out = i == last || out > 1 ? 1 : out < 0 ? 0 : out;
    return in < out ? in : out;
}

/* SILENT columns of silence, the film's mel to the last window's end, SILENT
 * more of silence. */
static float *mel_of(const whole *w, const film *f, const s2vi_foley_windows *g,
                     const float *timbre, int64_t total, int *columns)
{
    const int F = w->config.generator.features;
    int last = 0;
    while ((int64_t)(last * g->hop - g->past + g->length) * HOP < total)
        last++;
    const int end = last * g->hop - g->past + g->length;
    float *x = features(w, f, -g->past, end + g->past);
    *columns = 4 * end + 2 * SILENT;
    float *mel = numbers((int64_t)*columns * BANDS);
    for (int i = 0; i <= last; i++) {
        float *own =
            window_mel(w, x + (ptrdiff_t)i * g->hop * F, g->length, timbre);
        for (int j = 0; j < 4 * g->length * BANDS; j++) {
            const int column = 4 * (i * g->hop - g->past) + j / BANDS;
            if (column < 0)
                continue;
            const double v = own[j] < 0 ? 0 : own[j] > 1 ? 1 : (double)own[j];
            mel[(SILENT + column) * BANDS + j % BANDS] +=
                (float)(v * share(g, i, last, (column + 0.5) / 4));
        }
        free(own);
    }
    free(x);
    return mel;
}

static float *sound_of(const whole *w, const film *f,
                       const s2vi_foley_windows *g, const float *timbre,
                       int64_t total, float **all)
{
    int columns;
    s2v_error err = {0};
    s2vi_graph *graph = s2vi_graph_create();
    float *mel = mel_of(w, f, g, timbre, total, &columns);
    s2vi_node *in = s2vi_input(graph, "m", S2VI_SHAPE(1, columns, BANDS));
    s2vi_node *out = NULL;
    must(s2vi_hifigan_build(graph, &w->config.vocoder, in, &out, &err), &err);
    *all = run(w, graph, in, mel, NULL, NULL, out);
    free(mel);
    return *all + SILENT * COLUMN;
}

/* With a reference of n samples, of several windows, or NULL. */
static void test_whole_like(const tiny_foley *spec, int latency, const film *f,
                            const float *reference, size_t n)
{
    s2v_model *model = open_foley(spec, "auto", 1, latency);
    s2v_session *session = open_session(model, 0);
    whole w = {0};
    s2vi_foley_windows g;
    s2v_error err = {0};
    float *all;
    int windows;
    double worst = 0;
    load(&w, scratch("foley.bin"));
    must(s2vi_foley_cut(&g, atoi(spec->window),
                        s2vi_foley_context(&w.config.vocoder), latency, &err),
         &err);
    if (reference)
        must(s2v_session_set_reference(session, reference, n, &err), &err);
    float *timbre = wanted_timbre(&w, g.length, reference, n, &windows);
    sound got = play_film(session, f, 1);
    const float *wanted = sound_of(&w, f, &g, timbre, (int64_t)got.count, &all);
    for (size_t i = 0; i < got.count; i++) {
        const double off = fabs((double)got.sample[i] - wanted[i]);
        worst = worse(worst, off);
    }
    CHECK(got.count && worst < 2e-5 && loudness(&got) > 0.01,
          "latency %d ms, %d pictures: %zu samples, off by %g at loudness %g",
          latency, f->count, got.count, worst, loudness(&got));
    CHECK(!reference || windows > 2, "the reference has %d windows", windows);
    free(all);
    free(timbre);
    free(got.sample);
    s2v_session_close(&session);
    s2vi_store_close(&w.store);
    s2vi_backend_close(&w.backend);
    s2v_model_close(&model);
}

static void test_whole(const tiny_foley *spec, int latency, const film *f)
{
    test_whole_like(spec, latency, f, NULL, 0);
}

/* A column changes no sample further away than the context says, in either
 * direction, and does change one so near: of the published versions and of the
 * tiny model. */
static void test_context(const s2vi_hifigan_config *config)
{
    const int context = s2vi_foley_context(config), T = 2 * context + 9;
    tiny_foley spec = tiny_foley_defaults();
    s2v_error err = {0};
    whole w = {0};
    float *x = numbers((int64_t)T * BANDS), *y[2];
    spec.config.vocoder = *config;
    must(tiny_foley_write(scratch("context.bin"), &spec, &err), &err);
    load(&w, scratch("context.bin"));
    for (int i = 0; i < T * BANDS; i++)
        x[i] = (float)(i % 97) / 97;
    for (int k = 0; k < 2; k++) {
        s2vi_graph *graph = s2vi_graph_create();
        s2vi_node *in = s2vi_input(graph, "m", S2VI_SHAPE(1, T, BANDS));
        s2vi_node *out = NULL;
        must(s2vi_hifigan_build(graph, config, in, &out, &err), &err);
        y[k] = run(&w, graph, in, x, NULL, NULL, out);
        for (int b = 0; b < BANDS; b++) /* the column in the middle */
            x[(T / 2) * BANDS + b] = 1 - x[(T / 2) * BANDS + b];
    }
    int first = T * COLUMN, last = 0;
    for (int i = 0; i < T * COLUMN; i++)
        if (y[0][i] != y[1][i]) {
            first = i < first ? i : first;
            last = i;
        }
    const int before = T / 2 - first / COLUMN, after = last / COLUMN - T / 2;
    CHECK(before <= context && after <= context &&
              (before >= context - 1 || after >= context - 1),
          "a column reaches %d before and %d after, the context is %d", before,
          after, context);
    free(x);
    free(y[0]);
    free(y[1]);
    s2vi_store_close(&w.store);
    s2vi_backend_close(&w.backend);
}

int main(void)
{
    device_is_automatic(S2VI_F32);
    tiny_foley spec = tiny_foley_defaults();
    const film brief = film_at(25, 1, 7);
    const film one = film_at(30000, 1001, 44), longer = film_at(24, 1, 130);
    s2vi_hifigan_config v3;
    s2vi_hifigan_version(&v3, 3);
    v3.channels = 16; /* as far as V3, in less time */
    test_context(&spec.config.vocoder);
    test_context(&v3);
    s2vi_hifigan_version(&v3, 2);
    v3.channels = 16;
    test_context(&v3);
    test_whole(&spec, 0, &brief);
    test_whole(&spec, 0, &one);
    test_whole(&spec, 0, &longer);
    test_whole(&spec, 500, &brief);
    test_whole(&spec, 500, &longer);
    test_whole(&spec, 1000, &longer);
    /* Every ninth picture appears exactly when a feature is made. */
    const film exact = film_at(9 * 11025, 512, 500);
    test_whole(&spec, 0, &exact);
    float *reference = make_sound(10 * FOLEY_RATE, 5);
    test_whole_like(&spec, 0, &one, reference, 10 * FOLEY_RATE);
    free(reference);
    for (int i = S2VI_FRONT_END_DIFFERENCES; i <= S2VI_FRONT_END_MOTION; i++) {
        tiny_foley moving = spec;
        moving.config.sight.size = 32;
        moving.config.sight.front_end = (s2vi_front_end)i;
        test_whole(&moving, 0, &longer);
        test_whole(&moving, 700, &longer);
    }
    spec.window = "215";
    test_whole(&spec, 0, &longer);
    spec.window = "33"; /* whose hop has few divisors */
    test_whole(&spec, 0, &longer);
    return report("foley against the whole");
}
