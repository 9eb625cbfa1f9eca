/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Picture and sound agree with the truth: both follow the intensity, and events
 * begin in both at once. */
#include <ebur128.h>
#include <math.h>

#include "check.h"
#include "sound.h"
#include "truth.h"
#include "view.h"

enum { SIZE = 32, RATE = 16000 };

static struct land_clip_params params_of(int scene, int number, double seconds,
                                         double intensity)
{
    return (struct land_clip_params){.seed = 9,
                                     .scene = (enum land_scene)scene,
                                     .time = LAND_ANY_TIME,
                                     .number = number,
                                     .seconds = seconds,
                                     .intensity = intensity};
}

static void make(struct land_clip *c, const struct land_clip_params *p)
{
    if (land_clip_make(c, p) < 0)
        abort();
}

static int16_t *sound_of(const struct land_clip *c, size_t *n)
{
    int16_t *sound = land_sound(c, LAND_SYNTH / RATE, n);

    if (!sound)
        abort();
    return sound;
}

static double correlation(const double *a, const double *b, int n)
{
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;

    for (int i = 0; i < n; i++) {
        ma += a[i] / n;
        mb += b[i] / n;
    }
    for (int i = 0; i < n; i++) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return ab / sqrt(aa * bb + 1e-30);
}

/* ------------------------------------------------------------- loudness -- */

/* EBU R 128 over some clips at one intensity. */
static double loudness_of(int scene, double intensity)
{
    ebur128_state *state = ebur128_init(1, RATE, EBUR128_MODE_I);
    const int clips = scene == LAND_THUNDER ? 8 : 4;
    double loudness = 0;

    for (int number = 1; number <= clips; number++) {
        const struct land_clip_params p =
            params_of(scene, number, 20, intensity);
        struct land_clip c;
        size_t n;
        make(&c, &p);
        int16_t *sound = sound_of(&c, &n);
        ebur128_add_frames_short(state, sound, n);
        free(sound);
        land_clip_free(&c);
    }
    ebur128_loudness_global(state, &loudness);
    ebur128_destroy(&state);
    return loudness;
}

/* -23 LUFS at 0.5, 24 dB from 0 to 1. Where events are few, the loudness of
 * some minutes varies with them. */
static void test_loudness(void)
{
    for (int scene = 0; scene < LAND_SCENES; scene++)
        for (int k = 0; k <= 2; k++) {
            const struct land_kind *kind = land_kind((enum land_scene)scene);
            const double events = 80 * (kind->rate + kind->rate_more * k / 2);
            const double near = events < 50 ? 4 : kind->rate < 5 ? 2.5 : 1;
            const double expected = -35 + 12 * k;
            const double found = loudness_of(scene, k / 2.0);
            CHECK(fabs(found - expected) < near,
                  "%s at %g: %.1f LUFS, expected %.0f", kind->name, k / 2.0,
                  found, expected);
        }
}

/* --------------------------------------------------- sound and picture -- */

enum measure {
    MOTION, /* mean difference to the frame after */
    LIGHT,
    WARMTH, /* red above blue */
};

/* Pixel i of rows of native 0xXXRRGGBB; c: 0 blue, 1 green, 2 red. */
static double part(const uint8_t *pixels, int i, int c)
{
    uint32_t p;

    memcpy(&p, pixels + 4 * (size_t)i, sizeof(p));
    return p >> 8 * c & 255;
}

static double luma(const uint8_t *pixels, int i)
{
    return 0.11 * part(pixels, i, 0) + 0.59 * part(pixels, i, 1) +
           0.30 * part(pixels, i, 2);
}

static double measure(struct land_view *v, enum measure what, double time)
{
    static uint8_t before[4 * SIZE * SIZE];
    const uint8_t *now = land_view_draw(v, time, time + 0.025);
    double sum = 0;

    memcpy(before, now, sizeof(before));
    if (what == MOTION)
        now = land_view_draw(v, time + 0.05, time + 0.075);
    for (int i = 0; i < SIZE * SIZE; i++) {
        if (what == MOTION)
            sum += fabs(luma(now, i) - luma(before, i));
        else if (what == LIGHT)
            sum += luma(now, i);
        else
            sum += fmax(part(now, i, 2) - part(now, i, 0), 0);
    }
    return sum / (SIZE * SIZE);
}

/* Means over `reach` steps either way. */
static void smooth(double *to, const double *from, int n, int reach)
{
    for (int i = 0; i < n; i++) {
        double sum = 0;
        int count = 0;
        for (int k = i - reach; k <= i + reach; k++)
            if (k >= 0 && k < n) {
                sum += from[k];
                count++;
            }
        to[i] = sum / count;
    }
}

/* Of a scene: what to look at, over how many seconds either way, and how
 * closely it and the sound's level have to follow. A wave takes some seconds,
 * and strikes and bursts of bubbles are some seconds apart. */
static const struct {
    enum measure what;
    double reach, least, least_sound;
} scenes[LAND_SCENES] = {
    [LAND_RAIN] = {MOTION, 0.5, 0.9, 0.9},
    [LAND_THUNDER] = {MOTION, 2, 0.5, 0.5},
    [LAND_WIND] = {MOTION, 2, 0.7, 0.8},
    [LAND_FIRE] = {WARMTH, 0.5, 0.9, 0.9},
    [LAND_VOLCANO] = {WARMTH, 0.5, 0.8, 0.8},
    [LAND_WATERFALL] = {LIGHT, 0.5, 0.9, 0.9},
    [LAND_BROOK] = {MOTION, 0.5, 0.9, 0.9},
    [LAND_UNDERWATER] = {MOTION, 2, 0.7, 0.7},
    [LAND_WAVES] = {MOTION, 4, 0.7, 0.6},
};

static double level_of(const int16_t *sound, size_t n, double from, double to)
{
    const size_t a = (size_t)(from * RATE), b = (size_t)(to * RATE);
    double sum = 1e-3;

    for (size_t i = a; i < b && i < n; i++)
        sum += (double)sound[i] * sound[i] / (double)(b - a);
    return 10 * log10(sum);
}

static void test_scene(int scene)
{
    enum { SECONDS = 40, EACH = 4, STEPS = EACH * SECONDS };
    static double intensity[STEPS], seen[STEPS], heard[STEPS], mean[3][STEPS];
    const struct land_clip_params p = params_of(scene, 4, SECONDS, -1);
    const int reach = (int)(scenes[scene].reach * EACH);
    struct land_clip c;
    size_t n;

    make(&c, &p);
    struct land_view *v = land_view_new(&c, SIZE);
    int16_t *sound = sound_of(&c, &n);
    for (int i = 0; i < STEPS; i++) {
        const double t = (double)i / EACH;
        intensity[i] = land_at(&c, c.intensity, t + 0.5 / EACH);
        seen[i] = measure(v, scenes[scene].what, t);
        heard[i] = level_of(sound, n, t, t + 1.0 / EACH);
    }
    smooth(mean[0], intensity, STEPS, reach);
    smooth(mean[1], seen, STEPS, reach);
    smooth(mean[2], heard, STEPS, reach);
    const double eye = correlation(mean[0], mean[1], STEPS);
    const double ear = correlation(mean[0], mean[2], STEPS);
    const char *name = land_kind((enum land_scene)scene)->name;
    CHECK(eye > scenes[scene].least, "%s: picture %.3f", name, eye);
    CHECK(ear > scenes[scene].least_sound, "%s: sound %.3f", name, ear);
    printf("%s: intensity and picture %.3f, and sound %.3f\n", name, eye, ear);
    free(sound);
    land_view_free(&v);
    land_clip_free(&c);
}

/* --------------------------------------------------------------- events -- */

/* A strike's light and its crack begin in the same frame, not before. */
static void test_strikes(void)
{
    int found = 0;

    for (int number = 1; number < 40 && found < 5; number++) {
        const struct land_clip_params p =
            params_of(LAND_THUNDER, number, 20, 0.3);
        struct land_clip c;
        size_t n;
        make(&c, &p);
        struct land_view *v = land_view_new(&c, SIZE);
        int16_t *sound = sound_of(&c, &n);
        for (int k = 1; k < c.event_count; k++) {
            const struct land_event *e = &c.events[k];
            const int frame = (int)(e->time * LAND_FPS);
            if (e->time < 1 || e->time > 19 ||
                e->time - c.events[k - 1].time < 3 || e->seed % 10 >= 8)
                continue;
            const double at = (double)frame / LAND_FPS;
            const double before = measure(v, LIGHT, at - 0.025);
            const uint8_t *now = land_view_draw(v, at + 0.025, at + 0.05);
            double after = 0;
            for (int i = 0; i < SIZE * SIZE; i++)
                after += luma(now, i) / (SIZE * SIZE);
            CHECK(after > before + 8, "%d: light from %.1f to %.1f", number,
                  before, after);
            const double quiet = level_of(sound, n, e->time - 0.03, e->time);
            const double loud = level_of(sound, n, e->time, e->time + 0.03);
            CHECK(loud > quiet + 6, "%d: level from %.1f to %.1f dB", number,
                  quiet, loud);
            found++;
        }
        free(sound);
        land_view_free(&v);
        land_clip_free(&c);
    }
    CHECK(found >= 3, "%d strikes", found);
}

/* A bubble of 1 mm sounds at 3 kHz, and its pitch rises where it should. */
static void test_bubble(void)
{
    static float out[LAND_SYNTH];
    const double rises[2] = {0, 0.1};

    for (int k = 0; k < 2; k++) {
        int crossings[2] = {0};
        memset(out, 0, sizeof(out));
        add_bubble(out, LAND_SYNTH, 0.1, 0.004, 1, rises[k]);
        for (int i = 0; i < LAND_SYNTH / 10; i++)
            CHECK(out[i] == 0, "sound before the bubble");
        for (int part = 0; part < 2; part++) {
            const int from = LAND_SYNTH / 10 + part * LAND_SYNTH / 50;
            for (int i = from; i < from + LAND_SYNTH / 50; i++)
                crossings[part] += (out[i] > 0) != (out[i + 1] > 0);
        }
        /* 750 Hz: 30 crossings in 20 ms; rising by 0.1 * 61 / s: 33.7. */
        CHECK(abs(crossings[0] - (k ? 34 : 30)) <= 1, "%d crossings",
              crossings[0]);
        CHECK(k ? crossings[1] > crossings[0] + 1
                : abs(crossings[1] - crossings[0]) <= 1,
              "then %d, first %d", crossings[1], crossings[0]);
    }
}

int main(void)
{
    test_bubble();
    test_strikes();
    for (int scene = 0; scene < LAND_SCENES; scene++)
        test_scene(scene);
    test_loudness();
    return check_done();
}
