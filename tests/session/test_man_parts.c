/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of a talking head's session: features at rest in silence, blinks and
 * head, the paste into the image. */
#include "harness.h"
#include "tiny_man.h"

#include "base/philox.h"
#include "models/man_predictor.h"
#include "run/exec.h"
#include "session/man_frame.h"
#include "session/man_paste.h"
#include "session/speech_extractor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MSTEP = S2VI_SPEECH_STEP,
    NUMBERS = S2VI_SPEECH_NUMBERS,
    FEATURES = S2VI_SPEECH_FEATURES,
    PIECE = 1000, /* samples sent at once */
};

/* -------------------------------------------------------------- silence -- */

/* Features of n samples, frames x FEATURES; the caller frees. */
static float *hear(const float *samples, int n, int *frames)
{
    s2vi_man_controls controls = {.blink = 1, .motion = 1};
    const s2vi_speech_setting setting = {&controls};
    const s2vi_extractor *x = &s2vi_speech_extractor;
    float *all = calloc((size_t)(n / MSTEP + 2) * FEATURES, sizeof(*all));
    void *self = NULL;
    CHECK(!x->create(&self, &setting, &(s2vi_logger){0}, NULL), "no extractor");
    *frames = 0;
    for (int at = 0; at < n; at += PIECE) {
        x->send(self, samples + at, (size_t)(n - at < PIECE ? n - at : PIECE));
        while (!x->receive(self, all + *frames * FEATURES))
            ++*frames;
    }
    x->drain(self);
    while (!x->receive(self, all + *frames * FEATURES))
        ++*frames;
    x->close(self);
    return all;
}

/* The largest difference of the sound's features of a frame. */
static double apart(const float *a, const float *b)
{
    double most = 0;
    for (int i = 0; i < NUMBERS; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

/* Half a second of tones, one and a half of noise at -60 dBFS, tones. */
static float *make_sounds(int n)
{
    float *s = calloc((size_t)n, sizeof(*s));
    uint32_t state = 5;
    for (int i = 0; i < n; i++) {
        const bool loud = i < n / 5 || i >= n * 4 / 5;
        const double noise = (double)next_random(&state, 65536) / 32768 - 1;
        s[i] = (float)(loud ? 0.3 * sin(0.05 * i) : 0.001 * 1.7 * noise);
    }
    return s;
}

/*
 * Tones end and begin at 0.5 and 2 s. A frame's middle is at 40 t + 20 ms. Up
 * to 200 ms after the tones the noise is heard as it is; from 320 ms on, and up
 * to 120 ms before they begin again, there is silence.
 */
static void test_rest(void)
{
    enum { N = 40000, FRAMES = 63 };
    static float zeros[20 * MSTEP];
    int n, m;
    float *sound = make_sounds(N);
    float *a = hear(sound, N, &n), *zero = hear(zeros, 20 * MSTEP, &m);
    s2vi_speech *plain;
    CHECK(n == FRAMES && m == 20, "%d and %d frames", n, m);
    s2vi_speech_create(&plain, NULL);
    s2vi_speech_send(plain, sound, N);
    s2vi_speech_drain(plain);
    for (int t = 0; t < n; t++) {
        float own[NUMBERS];
        const double rest = apart(a + t * FEATURES, zero + 10 * FEATURES);
        const int ms = 40 * t + 20;
        s2vi_speech_receive(plain, own);
        const double changed = apart(a + t * FEATURES, own);
        if (ms <= 700 || ms >= 2000)
            CHECK(changed == 0, "frame %d is changed by %g", t, changed);
        else if (ms >= 820 && ms <= 1870)
            CHECK(rest < 1e-6, "frame %d is %g from silence", t, rest);
        else
            CHECK(changed > 0 && rest > 0, "frame %d: no change", t);
        for (int i = S2VI_SPEECH_PITCH; i < NUMBERS; i++) {
            const float level = a[t * FEATURES + i];
            CHECK(level == rintf(level) && level >= 0 && level < 256,
                  "frame %d, level %d is %g", t, i, (double)level);
        }
    }
    s2vi_speech_close(&plain);
    free(sound);
    free(a);
    free(zero);
}

/* ------------------------------------------------------------- controls -- */

/* Blinks that begin in so many frames. */
static int count_blinks(s2vi_man_controls *c, const s2vi_man_heard *heard,
                        int frames, int *longest)
{
    int n = 0, lasts = 0;
    float q[4];
    *longest = 0;
    for (int t = 0; t < frames; t++) {
        s2vi_man_controls_next(c, heard, q);
        CHECK(q[0] >= 0 && q[0] <= 1, "closure %g", (double)q[0]);
        n += q[0] > 0 && !lasts;
        lasts = q[0] > 0 ? lasts + 1 : 0;
        *longest = lasts > *longest ? lasts : *longest;
    }
    return n;
}

/* 0.43 a second in speech, 0.28 in silence, within what 20 minutes of them
 * vary. */
static void test_blinks(void)
{
    enum { SECONDS = 1200 };
    static const struct {
        bool talking;
        double blink, rate;
    } cases[] = {{true, 1, 0.43}, {false, 1, 0.28}, {true, 0, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        s2vi_man_controls c = {.seed = 7, .blink = cases[i].blink};
        const s2vi_man_heard heard = {.talking = cases[i].talking};
        int longest;
        s2vi_man_controls_restart(&c);
        const double rate =
            (double)count_blinks(&c, &heard, 25 * SECONDS, &longest) / SECONDS;
        printf("talking %d: %.3f blinks/s, at most %d frames\n",
               cases[i].talking, rate, longest);
        CHECK(fabs(rate - cases[i].rate) < 0.05,
              "%.3f blinks a second, not "
              "%.2f",
              rate, cases[i].rate);
        CHECK(longest <= 20, "a blink of %d frames", longest);
    }
}

/* Deviations in degrees: 3.5, 2.5 and 1.5 times `scale`, within 20 %. */
static void check_head(s2vi_man_controls *c, const s2vi_man_heard *heard,
                       double scale, const char *what)
{
    enum { N = 25 * 1200 };
    static const double deviation[] = {3.5, 2.5, 1.5};
    double sum[3] = {0}, step = 0, before = 0;
    float q[4];
    s2vi_man_controls_restart(c);
    for (int t = 0; t < N; t++) {
        s2vi_man_controls_next(c, heard, q);
        if (!t)
            CHECK(q[1] == 0 && q[2] == 0 && q[3] == 0,
                  "%s: not the portrait's head at first", what);
        for (int i = 0; i < 3; i++)
            sum[i] += 400.0 * (double)q[1 + i] * (double)q[1 + i];
        step = fmax(step, fabs(20.0 * (double)q[1] - before));
        before = 20.0 * (double)q[1];
    }
    for (int i = 0; i < 3; i++) {
        const double found = sqrt(sum[i] / N), right = scale * deviation[i];
        CHECK(fabs(found - right) <= 0.2 * right, "%s: angle %d, %g, not %g",
              what, i, found, right);
    }
    CHECK(step < 2.5, "%s: %g degrees from frame to frame", what, step);
}

static void test_head(void)
{
    const s2vi_man_heard talking = {.talking = true}, silent = {0};
    s2vi_man_controls c = {.seed = 3, .blink = 1, .motion = 1};
    check_head(&c, &talking, 0.93, "talking"); /* the filter takes some */
    check_head(&c, &silent, 0.37, "silent");
    c.motion = 0.5;
    check_head(&c, &talking, 0.465, "half");
    c.still = true;
    check_head(&c, &talking, 0, "still");
}

/* ---------------------------------------------------------------- frame -- */

static s2vi_backend *backend;
static s2vi_store *store;

/* A tiny model's parameters in a store. */
static void load(const s2vi_man_config *config)
{
    s2vi_param_list list = {0};
    CHECK(!s2vi_backend_open(&backend, "ref", S2VI_F32, 1, NULL) &&
              !s2vi_store_create(&store, backend, NULL),
          "no store");
    s2vi_man_generator_params(config, &list, NULL);
    s2vi_man_predictor_params(config, &list, NULL);
    for (int i = 0; i < list.count; i++) {
        const s2vi_param *p = &list.param[i];
        float *values =
            calloc((size_t)s2vi_shape_count(&p->shape), sizeof(*values));
        s2vi_param_init(&list, i, 1, values, NULL);
        s2vi_store_add(store, p->name, &p->shape, NULL);
        s2vi_store_write(store, p->name, values, NULL);
        free(values);
    }
    s2vi_param_list_close(&list);
}

/* By how much one of the five frames of a state differs from a frame, of which
 * each of its pixels is the mean of 2x2. */
static double differs(const float *state, int frame, const float *rgb, int P)
{
    double most = 0;
    for (int y = 0; y < P; y++)
        for (int x = 0; x < P; x++)
            for (int c = 0; c < 3; c++) {
                const float *p = rgb + (2 * y * 2 * P + 2 * x) * 3 + c;
                const double mean = ((double)p[0] + (double)p[3] +
                                     (double)p[6 * P] + (double)p[6 * P + 3]) /
                                    4;
                const float kept = state[(y * P + x) * 15 + 3 * frame + c];
                most = fmax(most, fabs(mean - (double)kept));
            }
    return most;
}

/* z_0 = e_0, z_t = 0.9 z_{t-1} + 0.436 e_t of the clock's seed and frame; the
 * five frames before are the portrait, then those that were made. */
static void test_states(void)
{
    enum { N = 32, P = 16, Z = 4, RUNS = 3 };
    static float portrait[N * N * 3], video[RUNS][N * N * 3];
    static float features[FEATURES], previous[P * P * 15];
    const tiny_man spec = tiny_man_defaults();
    s2vi_graph *graph = s2vi_graph_create();
    s2vi_man_frame f;
    s2vi_plan *plan;
    s2vi_exec *exec;
    const float scale = 0.5f;
    double wanted[Z] = {0};
    load(&spec.config);
    CHECK(!s2vi_man_frame_build(graph, &spec.config, &f, NULL), "no frame");
    const s2vi_plan_params params = {.outputs = &f.video,
                                     .n_outputs = 1,
                                     .effects = f.carry,
                                     .n_effects = f.n_carry,
                                     .frozen = true};
    CHECK(!s2vi_plan_create(&plan, graph, store, &params, NULL) &&
              !s2vi_exec_create(&exec, plan, NULL),
          "no plan");
    for (int i = 0; i < N * N * 3; i++)
        portrait[i] = (float)sin(0.37 * i);
    s2vi_exec_write(exec, f.features, features);
    s2vi_exec_write(exec, f.portrait, portrait);
    s2vi_exec_write(exec, f.z, &scale);
    for (int t = 0; t < RUNS; t++) {
        const s2vi_philox key = {9, S2VI_MAN_STREAM_Z, (uint64_t)t};
        float noise[Z], z[Z];
        s2vi_exec_run(exec, &(s2vi_clock){.seed = 9, .frame = (uint64_t)t},
                      NULL);
        s2vi_exec_read(exec, f.video, video[t]);
        s2vi_philox_normal(&key, 0, Z, noise);
        for (int i = 0; i < s2vi_plan_state_count(plan); i++) {
            const s2vi_node *state = s2vi_plan_state(plan, i);
            const int64_t n = s2vi_shape_count(&state->shape);
            s2vi_exec_read(exec, state, n == Z ? z : previous);
        }
        for (int i = 0; i < Z; i++) {
            wanted[i] = t ? 0.9 * wanted[i] + 0.436 * (double)noise[i]
                          : (double)noise[i];
            CHECK(fabs((double)z[i] - wanted[i]) < 1e-5, "z_%d is %g, not %g",
                  t, (double)z[i], wanted[i]);
        }
        for (int i = 0; i < 5; i++) {
            const int made = i - 4 + t;
            const double by =
                differs(previous, i, made < 0 ? portrait : video[made], P);
            CHECK(by < 1e-5, "run %d, frame %d of five: by %g", t, i, by);
        }
    }
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&graph);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
}

/* ---------------------------------------------------------------- paste -- */

/* Frames that are the portrait itself leave the image nearly as it is: a
 * gradient, which no resolution spoils. */
static void test_seam(void)
{
    enum { W = 200, H = 160, SIDE = 32 };
    static uint8_t rgb[W * H * 3];
    static float small[SIDE * SIDE * 3];
    for (int i = 0; i < W * H; i++)
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] = (uint8_t)(20 + i % W + (c ? i / W / 3 : 0));
    const s2vi_image image = {rgb, 3 * W, W, H};
    for (int turned = 0; turned < 2; turned++) {
        const s2vi_man_portrait portrait = {
            .crop = {.x = 100, .y = 80, .side = 100, .angle = 0.2 * turned}};
        s2vi_man_paste *paste;
        s2v_video_frame frame = {.pts = 3};
        int most = 0;
        s2vi_face_read(&image, &portrait.crop, SIDE, small);
        for (int i = 0; i < SIDE * SIDE * 3; i++)
            small[i] = 2 * small[i] - 1;
        CHECK(!s2vi_man_paste_create(&paste, &image, &portrait, small, SIDE,
                                     false, NULL),
              "no paste");
        s2vi_man_paste_make(paste, small, NULL, 0, &frame);
        CHECK(frame.width == W && frame.height == H && frame.pts == 3, "%dx%d",
              frame.width, frame.height);
        for (int i = 0; i < W * H * 3; i++) {
            const int by = abs(frame.data[i] - rgb[i]);
            most = by > most ? by : most;
        }
        CHECK(most <= 2, "turned %d: by up to %d", turned, most);
        s2vi_man_paste_close(&paste);
    }
}

/* White frames in a black image: none at the crop's edge, all in its middle,
 * and no step from pixel to pixel. */
static void test_mask(void)
{
    enum { SIDE = 16, S = 200 };
    static uint8_t rgb[S * S * 3];
    static float white[SIDE * SIDE * 3];
    const s2vi_image image = {rgb, 3 * S, S, S};
    const s2vi_man_portrait portrait = {
        .crop = {.x = 100, .y = 100, .side = 200}};
    s2vi_man_paste *paste;
    s2v_video_frame frame = {0};
    int step = 0;
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        white[i] = 1;
    s2vi_man_paste_create(&paste, &image, &portrait, white, SIDE, false, NULL);
    s2vi_man_paste_make(paste, white, NULL, 0, &frame);
    const uint8_t *row = frame.data + 3 * S * (S / 2);
    for (int x = 1; x < S; x++)
        step = abs(row[3 * x] - row[3 * x - 3]) > step
                   ? abs(row[3 * x] - row[3 * x - 3])
                   : step;
    CHECK(row[0] == 0 && row[3 * (S - 1)] == 0, "edges %d and %d", row[0],
          row[3 * (S - 1)]);
    CHECK(row[3 * S / 2] == 255 && frame.data[0] == 0, "middle %d, corner %d",
          row[3 * S / 2], frame.data[0]);
    CHECK(step < 40, "a step of %d", step);
    s2vi_man_paste_close(&paste);
}

int main(void)
{
    test_rest();
    test_blinks();
    test_head();
    test_states();
    test_seam();
    test_mask();
    return report("parts of man");
}
