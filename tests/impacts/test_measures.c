/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The measures of sound on rendered clips, whose truth is known: onsets are
 * found, materials are told apart. Other seeds than the detector was set on. */
#include "impacts.h"
#include "measure/motion_onsets.h"
#include "measure/onsets.h"
#include "measure/timbre.h"

#include "check.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 8, FIRST = 700, SECONDS = 8, MOST = 64, SIDE = 64 };

static const unsigned any = (1u << IMPACTS_MATERIALS) - 1;

/* Samples at 22,050 Hz, and the truth. */
struct clip {
    float *samples;
    size_t n;
    double times[MOST];
    s2vi_onsets truth;
};

static void make_clip(struct clip *c, uint64_t seed, int material,
                      double background)
{
    const struct impacts_sound_params params = {material, background};
    struct impacts_scene s;
    size_t n = 0;
    impacts_scene_compose(&s, seed, SECONDS, any);
    int16_t *x = impacts_sound(&s, &params, &n);
    c->n = n / 2;
    c->samples = calloc(c->n, sizeof(float));
    for (size_t i = 0; i < c->n; i++) /* as plain as it may be: a mean of two */
        c->samples[i] = (float)(x[2 * i] + x[2 * i + 1]) / 65536.0f;
    c->truth = (s2vi_onsets){c->times, 0};
    for (int i = 0; i < s.event_count && c->truth.count < MOST; i++)
        if (s.events[i].hit)
            c->times[c->truth.count++] = s.events[i].time;
    free(x);
    impacts_scene_free(&s);
}

static void score(struct clip *c, double shift, s2vi_onset_score *sound,
                  s2vi_onset_score *mel)
{
    const size_t columns = s2vi_foley_mel_columns(c->n);
    float *spectrum = calloc(columns * S2VI_FOLEY_MEL_BANDS, sizeof(float));
    s2vi_onsets found;
    for (size_t i = 0; i < c->truth.count; i++)
        c->times[i] += shift;
    s2vi_onsets_of_sound(&found, c->samples, c->n, NULL);
    s2vi_onset_match(sound, &c->truth, &found, S2VI_ONSET_TOLERANCE);
    s2vi_onsets_free(&found);
    s2vi_foley_mel(c->samples, c->n, spectrum, columns, NULL);
    s2vi_onsets_of_mel(&found, spectrum, columns, NULL);
    s2vi_onset_match(mel, &c->truth, &found, S2VI_ONSET_TOLERANCE);
    s2vi_onsets_free(&found);
    free(spectrum);
}

static void check_onsets(int material, double background, double least)
{
    const char *name =
        material < 0 ? "each its own"
                     : impacts_material_name((enum impacts_material)material);
    s2vi_onset_score sound = {0}, mel = {0};
    for (uint64_t i = 0; i < SEEDS; i++) {
        struct clip c;
        make_clip(&c, FIRST + i, material, background);
        score(&c, 0, &sound, &mel);
        free(c.samples);
    }
    const double n = (double)sound.matched;
    printf("%s, %g dB: F1 %.3f, off by %.1f ms; of the mel %.3f, %.1f ms\n",
           name, background, s2vi_onset_f1(&sound), 1e3 * sound.off / n,
           s2vi_onset_f1(&mel), 1e3 * mel.off / (double)mel.matched);
    CHECK(sound.truth > 30, "%zu onsets", sound.truth);
    CHECK(s2vi_onset_f1(&sound) >= least, "%s, %g dB: F1 %.3f", name,
          background, s2vi_onset_f1(&sound));
    CHECK(s2vi_onset_f1(&mel) >= least, "%s, %g dB: F1 of the mel %.3f", name,
          background, s2vi_onset_f1(&mel));
    CHECK(sound.off / n < 0.003 && fabs(sound.early) / n < 0.002,
          "%s: off by %g s, early by %g s", name, sound.off / n,
          sound.early / n);
    CHECK(mel.off / (double)mel.matched < 0.006, "%s: the mel's off by %g s",
          name, mel.off / (double)mel.matched);
}

/* With a wrong truth the same measure says so. */
static void test_wrong_truth(void)
{
    s2vi_onset_score sound = {0}, mel = {0};
    for (uint64_t i = 0; i < SEEDS; i++) {
        struct clip c;
        make_clip(&c, FIRST + i, -1, 0);
        score(&c, 0.15, &sound, &mel);
        free(c.samples);
    }
    CHECK(s2vi_onset_f1(&sound) < 0.4, "F1 %.3f", s2vi_onset_f1(&sound));
}

/* Of all other scenes' sounds, the likest is one of the same material. */
static void test_timbre(void)
{
    enum { ALL = IMPACTS_MATERIALS * SEEDS };
    static s2vi_timbre timbre[ALL];
    int right = 0;
    for (int i = 0; i < ALL; i++) {
        struct clip c;
        make_clip(&c, FIRST + (uint64_t)(i % SEEDS), i / SEEDS, 0);
        const size_t columns = s2vi_foley_mel_columns(c.n);
        float *mel = calloc(columns * S2VI_FOLEY_MEL_BANDS, sizeof(float));
        s2vi_foley_mel(c.samples, c.n, mel, columns, NULL);
        s2vi_timbre_of_mel(&timbre[i], mel, columns);
        free(mel);
        free(c.samples);
    }
    for (int i = 0; i < ALL; i++) {
        int likest = -1;
        double best = -2;
        for (int k = 0; k < ALL; k++) {
            const double like = s2vi_timbre_cosine(&timbre[i], &timbre[k]);
            if (k % SEEDS != i % SEEDS && like > best) {
                best = like;
                likest = k;
            }
        }
        right += likest / SEEDS == i / SEEDS;
    }
    printf("%d of %d sounds are likest to one of their material\n", right, ALL);
    CHECK(right >= ALL * 9 / 10, "%d of %d", right, ALL);
}

/* ---------------------------------------------------------- the frames -- */

/* The frames of a scene, as RGB. */
static void draw_frames(const struct impacts_scene *s, uint8_t *rgb, int frames,
                        double fps)
{
    struct impacts_picture *picture = impacts_picture_new(s, SIDE);
    for (int k = 0; k < frames; k++) {
        int stride;
        const uint8_t *p =
            impacts_picture_draw(picture, k / fps, 1 / fps, &stride);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++, rgb += 3) {
                uint32_t pixel;
                memcpy(&pixel, p + y * stride + 4 * x, 4);
                rgb[0] = (uint8_t)(pixel >> 16);
                rgb[1] = (uint8_t)(pixel >> 8);
                rgb[2] = (uint8_t)pixel;
            }
    }
    impacts_picture_free(&picture);
}

/* A square that flickers for a while: found where it stops. */
static void test_stops(uint8_t *rgb)
{
    static const int stops[] = {20, 47, 75, 110};
    const size_t bytes = (size_t)SIDE * SIDE * 3;
    s2vi_onsets found;
    memset(rgb, 60, 130 * bytes);
    for (int k = 0, stop = 0; k < 130; k++) {
        const bool moves = stop < 4 && k > stops[stop] - 8;
        stop += stop < 4 && k == stops[stop];
        for (int y = 30; y < 38; y++)
            memset(rgb + (size_t)k * bytes + 3 * (size_t)(y * SIDE + 20),
                   moves && k % 2 ? 200 : 100, 24);
    }
    CHECK(!s2vi_onsets_of_motion(&found, rgb, 130, SIDE, 25, NULL) &&
              found.count == 4,
          "%zu stops", found.count);
    for (size_t i = 0; i < found.count && i < 4; i++)
        CHECK(fabs(found.times[i] - (stops[i] + 1 + stops[i] % 2) / 25.0) <
                  1e-9,
              "stop %zu: %g s", i, found.times[i]);
    s2vi_onsets_free(&found);
}

/* The plain detector finds some of the impacts of rendered frames, more than by
 * chance; nothing in a still; and the frame after a cut. */
static void test_motion(void)
{
    enum { FRAMES = 215 };
    const double fps = 21.5;
    const size_t bytes = (size_t)SIDE * SIDE * 3;
    uint8_t *rgb = malloc(FRAMES * bytes);
    s2vi_onset_score score = {0}, wrong = {0};
    s2vi_onsets found;
    for (uint64_t i = 0; i < SEEDS; i++) {
        struct impacts_scene s;
        s2vi_onsets truth = {0};
        impacts_scene_compose(&s, FIRST + i, 10, any);
        draw_frames(&s, rgb, FRAMES, fps);
        truth.times = calloc((size_t)s.event_count + 1, sizeof(double));
        for (int k = 0; k < s.event_count; k++)
            if (s.events[k].hit)
                truth.times[truth.count++] = s.events[k].time;
        CHECK(!s2vi_onsets_of_motion(&found, rgb, FRAMES, SIDE, fps, NULL),
              "onsets of motion");
        s2vi_onset_match(&score, &truth, &found, 0.05);
        for (size_t k = 0; k < truth.count; k++)
            truth.times[k] += 0.15;
        s2vi_onset_match(&wrong, &truth, &found, 0.05);
        s2vi_onsets_free(&found);
        s2vi_onsets_free(&truth);
        impacts_scene_free(&s);
    }
    printf(
        "motion energy: F1 %.3f, %.3f with a wrong truth, early by %.1f ms\n",
        s2vi_onset_f1(&score), s2vi_onset_f1(&wrong),
        1e3 * score.early / (double)score.matched);
    CHECK(s2vi_onset_f1(&score) > 0.28, "F1 %.3f", s2vi_onset_f1(&score));
    CHECK(s2vi_onset_f1(&wrong) < s2vi_onset_f1(&score) - 0.05, "F1 %.3f",
          s2vi_onset_f1(&wrong));
    CHECK(fabs(score.early) / (double)score.matched < 0.01, "early by %g s",
          score.early / (double)score.matched);

    test_stops(rgb);
    memset(rgb, 90, FRAMES * bytes);
    CHECK(!s2vi_onsets_of_motion(&found, rgb, FRAMES, SIDE, fps, NULL) &&
              !found.count,
          "%zu onsets of a still", found.count);
    s2vi_onsets_free(&found);
    memset(rgb + 100 * bytes, 200, (FRAMES - 100) * bytes);
    CHECK(!s2vi_onsets_of_motion(&found, rgb, FRAMES, SIDE, fps, NULL) &&
              found.count == 1 && fabs(found.times[0] - 101 / fps) < 1e-9,
          "%zu onsets of a cut", found.count);
    s2vi_onsets_free(&found);
    CHECK(!s2vi_onsets_of_motion(&found, rgb, 1, SIDE, fps, NULL) &&
              !found.count,
          "of one frame");
    s2vi_onsets_free(&found);
    free(rgb);
}

int main(void)
{
    for (int m = -1; m < IMPACTS_MATERIALS; m++)
        check_onsets(m, 0, 0.98);
    check_onsets(-1, -50, 0.97);
    test_wrong_truth();
    test_timbre();
    test_motion();
    return check_done();
}
