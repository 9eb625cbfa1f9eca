/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The families stylegan2 and stylegan3: walks through pictures of random
 * weights, on synthetic sound. */
#include "base/numpy_random.h"
#include "run/plan_internal.h"
#include "session/session.h"
#include "session/stylegan.h"
#include "session/walk.h"
#include "stylegan_kit.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE = 16000,
    SECONDS = 6,
    SAMPLES = SECONDS * RATE,
    FRAMES = SAMPLES / STEP,
};

/* -------------------------------------------------------------- models -- */

static const char *const names[STYLEGAN_KINDS] = {
    "stylegan2", "stylegan2, classes", "stylegan3"};

static s2v_model *open_with(stylegan_kind kind, int size, const char *fps)
{
    const s2v_model_params params = {.size = sizeof(params),
                                     .device = "cpu",
                                     .threads = 1,
                                     .video_size = size,
                                     .fps = fps};
    s2v_model *model = NULL;
    s2v_error err = {0};
    if (s2v_model_open(&model, write_stylegan(kind, true), &params, &err) < 0) {
        printf("cannot open a model: %s\n", err.message);
        exit(1);
    }
    return model;
}

static s2v_model *open_sized(stylegan_kind kind, int size)
{
    return open_with(kind, size, NULL);
}

static s2v_model *open_kind(stylegan_kind kind)
{
    return open_sized(kind, 0);
}

/* A session with options, as "pulse=0 speed=60". */
static s2v_session *session_with(s2v_model *model, const char *options)
{
    s2v_session *session = open_session(model, 7);
    set_all_options(session, options, ' ');
    return session;
}

/* All of the sound: as many frames as last as long. */
static take play_with(s2v_model *model, const char *options, const float *sound,
                      size_t piece)
{
    s2v_model_info info = {.size = sizeof(info)};
    s2v_session *session = session_with(model, options);
    const take t = play(session, sound, SAMPLES, piece);
    s2v_model_get_info(model, &info);
    const int frames =
        (SECONDS * info.fps_num + info.fps_den - 1) / info.fps_den;
    CHECK(t.count == frames && t.status == S2V_ERR_EOF, "%d frames of %d, %d",
          t.count, frames, t.status);
    s2v_session_close(&session);
    return t;
}

/* --------------------------------------------------------------- sound -- */

static float sound[SAMPLES];

static void silence(void)
{
    memset(sound, 0, sizeof(sound));
}

static void clicks(void) /* 120 a minute, 20 ms after a frame's start */
{
    silence();
    for (int at = 320 + RATE / 4; at + 80 < SAMPLES; at += RATE / 2)
        for (int i = 0; i < 80; i++)
            sound[at + i] = (float)(0.5 * sin(i) * (80 - i) / 80);
}

/* The same, over a tone that changes each second and swells. */
static void song(void)
{
    static const double hertz[] = {262, 330, 392, 294, 349, 440};
    clicks();
    for (int i = 0; i < SAMPLES; i++)
        sound[i] += (float)((0.2 + 0.1 * sin(0.0003 * i)) *
                            sin(6.283185307 * hertz[i / RATE] * i / RATE));
}

static void music(void)
{
    float *x = make_sound(SAMPLES, 3);
    memcpy(sound, x, sizeof(sound));
    free(x);
}

/* --------------------------------------------------------------- tests -- */

static void test_info(s2v_model *model, stylegan_kind kind)
{
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(model, &info);
    CHECK(info.width == 32 && info.height == 32 && info.sample_rate == RATE &&
              info.fps_num == 20 && info.fps_den == 1 &&
              info.latency_samples == SPAN &&
              !strncmp(info.name, names[kind], 9),
          "%s: %dx%d", info.name, info.width, info.height);
}

static const char all[] =
    "seeds=3,5-7 speed=60 pulse=1 motion=0.2 chroma=0.4 kick=20 snare=21 "
    "mix=2-3:30 contrast=0.5 flash=0.2 psi_react=0.2 center=40";

static void test_pieces(s2v_model *model)
{
    static const size_t pieces[] = {0, 160, SAMPLES};
    music();
    const take want = play_with(model, all, sound, 1000);
    CHECK(want.hash[10] != want.hash[60], "nothing moves");
    for (int i = 0; i < 3; i++) {
        const take t = play_with(model, all, sound, pieces[i]);
        CHECK(same(&t, &want), "pieces of %zu: other frames", pieces[i]);
    }
    s2v_session *session = session_with(model, all);
    play(session, sound, SAMPLES / 2, 1000);
    s2v_session_flush(session);
    const take again = play(session, sound, SAMPLES, 1000);
    CHECK(same(&again, &want), "after a flush: other frames");
    s2v_session_close(&session);
}

static void test_silence(s2v_model *model)
{
    silence();
    const take t =
        play_with(model, "speed=0 motion=1 pulse=1 chroma=1", sound, 1000);
    for (int i = 1; i < t.count; i++)
        CHECK(t.hash[i] == t.hash[0], "silence: frame %d moves", i);
    music();
    const take moved =
        play_with(model, "speed=0 motion=1 pulse=0", sound, 1000);
    CHECK(moved.hash[t.count - 1] != t.hash[0], "motion: nothing moves");
}

/* Three keyframes of a second: the fourth second is the first again; seeds
 * that come once more are the same picture, on the way too. */
static void test_loop(s2v_model *model)
{
    static const char *const ways[] = {"slerp", "spline"};
    silence();
    for (int k = 0; k < 2; k++) {
        char options[100];
        snprintf(options, sizeof(options),
                 "seeds=4-6 speed=60 pulse=0 interp=%s", ways[k]);
        const take t = play_with(model, options, sound, 1000);
        for (int i = 0; i + 60 < FRAMES; i++)
            CHECK(t.hash[i] == t.hash[i + 60], "%s: frame %d", ways[k], i);
        CHECK(t.hash[0] != t.hash[10] && t.hash[0] != t.hash[20], "no way");
    }
    const take once =
        play_with(model, "seeds=4-6 speed=60 pulse=0 loop=0", sound, 1000);
    CHECK(once.hash[40] != once.hash[39] &&
              once.hash[41] == once.hash[FRAMES - 1],
          "loop=0: does not stay");
}

/* 120 beats a minute, of which four last a keyframe: two seconds. */
static void test_beats(s2v_model *model)
{
    silence();
    const take bars =
        play_with(model, "seeds=4-5 speed=1bar bpm=120 pulse=0", sound, 1000);
    const take minute =
        play_with(model, "seeds=4-5 speed=30 pulse=0", sound, 1000);
    CHECK(same(&bars, &minute), "bars: another speed");
    clicks();
    const take found =
        play_with(model, "seeds=4-5 speed=4beat bpm=auto pulse=0", sound, 1000);
    CHECK(found.hash[FRAMES - 1] != found.hash[FRAMES - 2], "auto: stands");
}

/* Frames that a click begins in differ, and no others. */
static void test_pulse(s2v_model *model)
{
    clicks();
    const take t = play_with(
        model, "speed=0 pulse=1 pulse_source=high release=0", sound, 1000);
    for (int i = 0; i < FRAMES - 1; i++) {
        const bool beat = i % 10 == 5;
        CHECK((t.hash[i] != t.hash[0]) == beat, "frame %d %s", i,
              beat ? "has no pulse" : "moves");
    }
    const take off = play_with(model, "speed=0 pulse=0", sound, 1000);
    for (int i = 0; i < FRAMES; i++)
        CHECK(off.hash[i] == t.hash[0], "without pulse: frame %d moves", i);
}

/* All layers of a seed are that seed. */
static void test_mix(s2v_model *model)
{
    silence();
    const take five = play_with(model, "seeds=5 speed=0", sound, 1000);
    const take mixed =
        play_with(model, "seeds=9 speed=0 mix=0-:5", sound, 1000);
    const take part =
        play_with(model, "seeds=9 speed=0 mix=0-3:5", sound, 1000);
    const take bar =
        play_with(model, "seeds=9 speed=0 mix=0-3|5,4-|5", sound, 1000);
    CHECK(mixed.hash[0] == five.hash[0] && bar.hash[0] == five.hash[0],
          "mix: another picture");
    CHECK(part.hash[0] != five.hash[0], "mix of some layers: of all");
    const take average = play_with(model, "seeds=5 psi=0", sound, 1000);
    const take other = play_with(model, "seeds=6 psi=0", sound, 1000);
    CHECK(average.hash[0] == other.hash[0], "psi=0: not the average");
}

/* An option that changes between frames counts from the next on, at any
 * pieces of sound before it. */
static void test_change(s2v_model *model)
{
    s2v_session *session = session_with(model, "speed=0 pulse=0");
    take t = {0};
    silence();
    s2v_session_send_audio(session, sound, 10 * STEP, NULL);
    receive_all(session, &t);
    const int before = t.count;
    CHECK(!s2v_session_set_option(session, "psi", "0", NULL), "psi");
    s2v_session_send_audio(session, sound, 10 * STEP, NULL);
    receive_all(session, &t);
    CHECK(t.hash[before - 1] == t.hash[0] && t.hash[before] != t.hash[0] &&
              t.hash[t.count - 1] == t.hash[before],
          "the change is not at frame %d", before);
    s2v_session_close(&session);
}

/* A walk that is stopped stays where it is, and goes on from there. */
static void test_stop(s2v_model *model)
{
    silence();
    const take whole = play_with(model, "speed=60 pulse=0", sound, 1000);
    s2v_session *session = session_with(model, "speed=60 pulse=0");
    take t = {0};
    s2v_session_send_audio(session, sound, 10 * STEP, NULL);
    receive_all(session, &t);
    const int before = t.count;
    CHECK(!s2v_session_set_option(session, "speed", "0", NULL), "stop");
    s2v_session_send_audio(session, sound, 4 * STEP, NULL);
    receive_all(session, &t);
    const int stopped = t.count;
    CHECK(!s2v_session_set_option(session, "speed", "60", NULL), "go on");
    s2v_session_send_audio(session, sound, 4 * STEP, NULL);
    receive_all(session, &t);
    for (int i = 0; i < t.count; i++) {
        const int at = i < before    ? i
                       : i < stopped ? before
                                     : i - (stopped - before);
        CHECK(t.hash[i] == whole.hash[at], "frame %d is not frame %d", i, at);
    }
    CHECK(before > 2 && stopped > before + 2 && t.count > stopped + 2,
          "%d, %d, %d frames", before, stopped, t.count);
    s2v_session_close(&session);
}

static void refused(s2v_model *model, const char *name, const char *value,
                    const char *sentence)
{
    s2v_session *session = open_session(model, 0);
    s2v_error err = {0};
    const int ret = s2v_session_set_option(session, name, value, &err);
    CHECK(ret == S2V_ERR_INVALID && !strcmp(err.message, sentence),
          "%s=%s: %d, %s", name, value, ret, err.message);
    s2v_session_close(&session);
}

static void test_refused(s2v_model *two, s2v_model *classes, s2v_model *three)
{
    static const char *const lists[] = {"",     "a",   "1-", "3-1",
                                        "1,,2", "1 2", "-1", "4294967296"};
    char sentence[200];
    for (int i = 0; i < 8; i++) {
        snprintf(sentence, sizeof(sentence),
                 "seeds: expected seeds as 0-11 or 3,7,12-15, found '%s'",
                 lists[i]);
        refused(two, "seeds", lists[i], sentence);
    }
    refused(two, "seeds", "0-300", "seeds: more than 256 seeds in '0-300'");
    refused(two, "class", "1", "class: the model has no classes, found '1'");
    refused(classes, "class", "3",
            "class: the model has 3 classes, expected 0 to 2, or fire, rain, "
            "wind, found '3'");
    refused(classes, "class", "fir",
            "class: the model has 3 classes, expected 0 to 2, or fire, rain, "
            "wind, found 'fir'");
    refused(classes, "class", "",
            "class: the model has 3 classes, expected 0 to 2, or fire, rain, "
            "wind, found ''");
    refused(two, "classes", "1",
            "classes: the model has no classes, found '1'");
    refused(classes, "classes", "0,1,2,3",
            "classes: expected none or 12 classes with commas, 0 to 2, or "
            "fire, rain, wind, found '0,1,2,3'");
    refused(two, "noise", "some",
            "noise: expected const, none, react, found 'some'");
    refused(three, "noise", "none",
            "a 'stylegan3' model has no option 'noise': it is one of "
            "'stylegan2', 'semantic' models");
    refused(two, "speed", "fast",
            "speed: expected keyframes a minute, or how many beats or bars one "
            "lasts, as 12, 4beat or 1bar, found 'fast'");
    refused(two, "bpm", "1000",
            "bpm: expected auto, off or 20 to 400 beats a minute, found "
            "'1000'");
    refused(two, "interp", "linear",
            "interp: expected slerp, spline, found 'linear'");
    refused(two, "pulse_layers", "8",
            "pulse_layers: expected coarse, mid, fine or all, or layers of 0 "
            "to 7 as 0-3,8-, found '8'");
    refused(two, "mix", "0-3",
            "mix: expected layers of 0 to 7 and seeds as 0-3:SEED,8-:SEED, "
            "found '0-3'");
    refused(two, "kick", "drum",
            "kick: expected none or a seed from 0 to 4294967295, found 'drum'");
    refused(two, "chroma_seeds", "0-3",
            "chroma_seeds: expected 12 seeds, one a tone, found 4");
    refused(two, "psi", "3", "psi: expected a number from -2 to 2, found '3'");
    refused(two, "center", "x",
            "center: expected average or a seed from 0 to 4294967295, found "
            "'x'");
    refused(two, "zoom", "2",
            "a 'stylegan2' model has no option 'zoom': it is one of "
            "'stylegan3', 'semantic' models");
    refused(two, "blink", "2",
            "a 'stylegan2' model has no option 'blink': it is one of 'man' "
            "models");
    refused(two, "pluse", "2",
            "a 'stylegan2' model has no option 'pluse': did you mean 'pulse'?");
    refused(two, "fps", "12",
            "fps: it is set when the model is opened, in s2v_model_params");
    refused(three, "zoom", "0",
            "zoom: expected a number from 0.1 to 10, found '0'");
}

static void test_classes(s2v_model *model)
{
    static const char tones[] =
        "seeds=5 speed=0 class_react=1 classes=0,1,2,0,1,"
        "2,0,1,2,0,1,2 class_smooth=0";
    silence();
    const take a = play_with(model, "seeds=5 speed=0", sound, 1000);
    const take b = play_with(model, "seeds=5 speed=0 class=2", sound, 1000);
    CHECK(a.hash[0] != b.hash[0], "another class: the same picture");
    const take named =
        play_with(model, "seeds=5 speed=0 class=wind", sound, 1000);
    CHECK(same(&b, &named), "a class by its name: another picture");
    const take still = play_with(model, tones, sound, 1000);
    CHECK(still.hash[0] == a.hash[0] && still.hash[50] == a.hash[0],
          "silence: another class");
    for (int i = 0; i < SAMPLES; i++) /* D: class 2 */
        sound[i] = (float)(0.3 * sin(6.283185307 * 587.33 * i / RATE));
    const take d =
        play_with(model,
                  "seeds=5 speed=0 pulse=0 class_react=1 class_smooth=0 "
                  "classes=0,fire,wind,0,0,0,0,0,0,0,0,0",
                  sound, 1000);
    const take soft =
        play_with(model,
                  "seeds=5 speed=0 pulse=0 class_react=0.5 class_smooth=1 "
                  "classes=0,0,2,0,0,0,0,0,0,0,0,0",
                  sound, 1000);
    CHECK(d.hash[60] != a.hash[0] && soft.hash[60] != a.hash[0] &&
              soft.hash[60] != d.hash[60],
          "a tone: the same class");
}

/* The planes turn with onsets alone, and from seed to seed elsewhere. */
static void test_noise(s2v_model *model)
{
    clicks();
    const take file = play_with(model, "speed=0 pulse=0", sound, 1000);
    const take none =
        play_with(model, "speed=0 pulse=0 noise=none", sound, 1000);
    const take react =
        play_with(model, "speed=0 pulse=0 noise=react", sound, 1000);
    const take again =
        play_with(model, "speed=0 pulse=0 noise=react", sound, 333);
    CHECK(none.hash[0] != file.hash[0] && none.hash[50] == none.hash[0],
          "none: noise");
    CHECK(react.hash[0] == file.hash[0], "react: other noise before a sound");
    CHECK(same(&react, &again), "react: other frames of other pieces");
    for (int i = 1; i < FRAMES - 1; i++)
        CHECK((react.hash[i] != react.hash[i - 1]) == (i % 10 == 5),
              "react: frame %d", i);
}

/* Half the size is the picture up to there: as large, and exact. */
static void test_size(void)
{
    s2v_model *half = open_sized(STYLEGAN2, 16);
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model *wrong = NULL;
    s2v_error err = {0};
    s2v_model_params params = {.size = sizeof(params), .video_size = 24};
    s2v_model_get_info(half, &info);
    CHECK(info.width == 16 && info.height == 16, "%dx%d", info.width,
          info.height);
    silence();
    const take t = play_with(half, "speed=60", sound, 1000);
    CHECK(t.hash[0] != t.hash[10], "half the size: nothing moves");
    s2v_model_close(&half);
    CHECK(s2v_model_open(&wrong, scratch("stylegan.bin"), &params, &err) ==
                  S2V_ERR_INVALID &&
              !strcmp(err.message,
                      "size: the model makes frames of 32 pixels, expected a "
                      "power of 2 from 4 to that, found 24"),
          "%s", err.message);
    params.video_size = -1;
    CHECK(s2v_model_open(&wrong, scratch("stylegan.bin"), &params, &err) ==
                  S2V_ERR_INVALID &&
              !strcmp(err.message, "video_size is -1, expected 0 (the model's) "
                                   "or more"),
          "%s", err.message);
    params.video_size = 16;
    CHECK(s2v_model_open(&wrong, write_stylegan(STYLEGAN3, true), &params,
                         &err) == S2V_ERR_INVALID &&
              !strcmp(err.message,
                      "a 'stylegan3' model has no option 'size': "
                      "it is one of 'stylegan2', 'semantic' models"),
          "%s", err.message);
}

static void test_camera(s2v_model *model)
{
    static const char *const options[] = {"zoom=2", "pan_x=0.1", "pan_y=0.1"};
    silence();
    const take still = play_with(model, "seeds=5 speed=0", sound, 1000);
    for (int i = 0; i < 3; i++) {
        char text[60];
        snprintf(text, sizeof(text), "seeds=5 speed=0 %s", options[i]);
        const take t = play_with(model, text, sound, 1000);
        CHECK(t.hash[0] != still.hash[0] && t.hash[1] == t.hash[0],
              "%s: the same picture, or it moves", options[i]);
    }
    const take turned =
        play_with(model, "seeds=5 speed=0 rotate=90", sound, 1000);
    CHECK(turned.hash[0] == still.hash[0] && turned.hash[20] != still.hash[0] &&
              turned.hash[80] == still.hash[0],
          "rotate: not once in four seconds");
}

/* In silence it stands; a loud sound, which is at 1, adds all of it: as the
 * sums are. */
static void test_camera_reacts(s2v_model *model)
{
    static const char *const options[][2] = {
        {"zoom=1.5 zoom_react=0.5", "zoom=2"},
        {"pan_x_react=0.1", "pan_x=0.1"},
        {"pan_y_react=-0.1", "pan_y=-0.1"},
        {"zoom_react=-5", "zoom=0.1"},
        {"rotate=45 rotate_react=45", "rotate=90"}};
    for (int i = 0; i < SAMPLES; i++) /* a square wave's level is its height */
        sound[i] = i / 20 % 2 ? 0.5f : -0.5f;
    for (int i = 0; i < 5; i++) {
        char reacts[100], fixed[100];
        snprintf(reacts, sizeof(reacts), "seeds=5 speed=0 pulse=0 %s",
                 options[i][0]);
        snprintf(fixed, sizeof(fixed), "seeds=5 speed=0 pulse=0 %s",
                 options[i][1]);
        const take a = play_with(model, reacts, sound, 1000);
        const take b = play_with(model, fixed, sound, 1000);
        const take off =
            play_with(model, "seeds=5 speed=0 pulse=0", sound, 1000);
        CHECK(a.hash[20] == b.hash[20] && a.hash[20] != off.hash[20],
              "%s: not as %s", options[i][0], options[i][1]);
    }
    silence();
    const take still = play_with(model, "seeds=5 speed=0", sound, 1000);
    const take quiet = play_with(model,
                                 "seeds=5 speed=0 zoom_react=1 "
                                 "rotate_react=90 pan_x_react=1 pan_y_react=1",
                                 sound, 1000);
    CHECK(same(&still, &quiet), "in silence: the camera moves");
}

/* A network that gives w = z. */
static int map_alike(void *opaque, const float *z, const float *classes,
                     float *w, s2v_error *err)
{
    (void)opaque, (void)classes, (void)err;
    memcpy(w, z, 4 * sizeof(*w));
    return S2V_OK;
}

/* Layers of a seed of their own are the same to the bit in each frame, however
 * the others move: nothing of them is computed again. */
static void test_standing_layers(void)
{
    static const float average[4] = {0.1f, -0.2f, 0.3f, 0.7f};
    static const float music_of_silence[S2VI_MUSIC_COUNT];
    const s2vi_walk_space space = {.rate = {S2VI_WALK_FPS, 1},
                                   .z = 4,
                                   .w = 4,
                                   .codes = 8,
                                   .w_avg = average,
                                   .w_std = average,
                                   .map = map_alike};
    s2vi_walk *walk = NULL;
    s2v_error err = {0};
    float ws[2][8 * 4];
    CHECK(!s2vi_walk_create(&walk, &space, &err) &&
              !s2vi_walk_set_seeds(walk, "0-9", &err) &&
              !s2vi_walk_set_speed(walk, "60", &err) &&
              !s2vi_walk_set_mix(walk, "0-5:33", &err),
          "%s", err.message);
    s2vi_walk_get_options(walk)->psi = 0.7;
    s2vi_walk_get_options(walk)->cutoff = -1;
    for (int i = 0; i < 100; i++) {
        CHECK(!s2vi_walk_next(walk, music_of_silence, ws[i % 2], &err), "%s",
              err.message);
        CHECK(!i || !memcmp(ws[0], ws[1], 6 * 4 * sizeof(float)),
              "frame %d: layers that stand move", i);
        CHECK(!i || memcmp(ws[0] + 24, ws[1] + 24, 8 * sizeof(float)) != 0,
              "frame %d: layers that move stand", i);
    }
    s2vi_walk_close(&walk);
}

/* A keyframe a beat: where the sound's beats are, which the walk does not begin
 * with. Only with the sound's tempo; at any rate. */
static void check_on_beats(s2vi_frame_rate rate)
{
    static const float average[4];
    const s2vi_walk_space space = {.rate = rate,
                                   .z = 4,
                                   .w = 4,
                                   .codes = 1,
                                   .w_avg = average,
                                   .w_std = average,
                                   .map = map_alike};
    const double fps = (double)rate.num / rate.den;
    double z[2][4];
    for (int k = 0; k < 2; k++)
        s2vi_numpy_randn((uint32_t)k, 4, z[k]);
    for (int k = 0; k < 2; k++) {
        s2vi_walk *walk = NULL;
        s2v_error err = {0};
        float ws[4];
        double nearest = HUGE_VAL;
        CHECK(!s2vi_walk_create(&walk, &space, &err) &&
                  !s2vi_walk_set_seeds(walk, "0-1", &err) &&
                  !s2vi_walk_set_bpm(walk, k ? "120" : "auto", &err) &&
                  !s2vi_walk_set_speed(walk, "1beat", &err),
              "%s", err.message);
        *s2vi_walk_get_options(walk) = (s2vi_walk_options){
            .psi = 1, .cutoff = -1, .loop = true, .beats = 1, .bpm = k * 120};
        for (int t = 0; t <= lround(5.3 * fps); t++) {
            float music_of[S2VI_MUSIC_COUNT] = {[S2VI_MUSIC_TEMPO] = 120};
            music_of[S2VI_MUSIC_PHASE] = (float)fmod(2 * t / fps + 0.4, 1);
            CHECK(!s2vi_walk_next(walk, music_of, ws, &err), "%s", err.message);
        }
        for (int i = 0; i < 2; i++) {
            double away = 0;
            for (int c = 0; c < 4; c++)
                away += fabs((double)ws[c] - z[i][c]);
            nearest = fmin(nearest, away);
        }
        CHECK(k ? nearest > 0.5 : nearest < 0.02,
              "%s: on a beat, a keyframe is %g away at %g frames/s",
              k ? "120" : "auto", nearest, fps);
        s2vi_walk_close(&walk);
    }
}

static void test_on_beats(void)
{
    check_on_beats((s2vi_frame_rate){S2VI_WALK_FPS, 1});
    check_on_beats((s2vi_frame_rate){10, 1});
    check_on_beats((s2vi_frame_rate){40, 1});
}

/* ---- frame rates ---- */

static const char *const rates[] = {"12", "20", "25", "30", "30000/1001", "60"};
enum { RATES = sizeof(rates) / sizeof(*rates) };

static void test_rate_of_model(void)
{
    static const struct {
        const char *fps;
        int num, den;
    } right[] = {{"1", 1, 1},
                 {"12", 12, 1},
                 {"24/2", 12, 1},
                 {"20", 20, 1},
                 {"60", 60, 1},
                 {"7/3", 7, 3},
                 {"30000/1001", 30000, 1001}};
    static const char *const wrong[] = {"",
                                        "0",
                                        "61",
                                        "12.5",
                                        "-12",
                                        "12/",
                                        "12/0",
                                        "1/2",
                                        "fast",
                                        " 12",
                                        "12 ",
                                        "30/1/1",
                                        "999999999999/1",
                                        "12/1002"};
    s2v_model_info info = {.size = sizeof(info)};
    for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
        s2v_model *model =
            open_with(i % 2 ? STYLEGAN2 : STYLEGAN3, 0, right[i].fps);
        s2v_model_get_info(model, &info);
        CHECK(info.fps_num == right[i].num && info.fps_den == right[i].den &&
                  info.latency_samples == SPAN,
              "%s: %d/%d, %d samples", right[i].fps, info.fps_num, info.fps_den,
              (int)info.latency_samples);
        s2v_model_close(&model);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        const s2v_model_params params = {.size = sizeof(params),
                                         .fps = wrong[i]};
        char sentence[200];
        s2v_model *model = NULL;
        s2v_error err = {0};
        snprintf(sentence, sizeof(sentence),
                 "fps: expected 1 to 60 frames a second, as 12 or 30000/1001, "
                 "found '%s'",
                 wrong[i]);
        const int ret = s2v_model_open(&model, write_stylegan(STYLEGAN2, true),
                                       &params, &err);
        CHECK(ret == S2V_ERR_INVALID && !strcmp(err.message, sentence),
              "%s: %d, %s", wrong[i], ret, err.message);
        s2v_model_close(&model);
    }
}

/* s from the click before a time and to the one after it. */
static void near_clicks(double time, double *since, double *until)
{
    const double beats = (time - 0.27) * 2, before = floor(beats);
    *since = before < 0 ? HUGE_VAL : (beats - before) / 2;
    *until = (before + 1 - beats) / 2;
}

/* A pulse is in the frame that is seen while the click begins, and within 30 ms
 * after it: an onset lasts as long. */
static void check_pulses(s2v_model *model, double fps)
{
    clicks();
    const take t = play_with(
        model, "speed=0 pulse=1 pulse_source=high release=0", sound, 1000);
    for (int i = 0; i + 1 < t.count; i++) {
        const bool moved = t.hash[i] != t.hash[0];
        double since, until;
        near_clicks(i / fps, &since, &until);
        if (until > 0.01 && until < 1 / fps - 0.012)
            CHECK(moved, "%g frames/s: frame %d, %g s before a click: no pulse",
                  fps, i, until);
        if (since > 0.032 && until > 1 / fps + 0.008)
            CHECK(!moved,
                  "%g frames/s: frame %d, %g s after a click and %g s before "
                  "one: a pulse",
                  fps, i, since, until);
    }
}

static void test_rates(void)
{
    for (int r = 0; r < RATES; r++) {
        s2v_model *model = open_with(STYLEGAN2, 0, rates[r]);
        s2v_model_info info = {.size = sizeof(info)};
        s2v_model_get_info(model, &info);
        check_pulses(model, (double)info.fps_num / info.fps_den);
        test_silence(model);
        test_pieces(model);
        s2v_model_close(&model);
    }
}

/* Three keyframes of a second each, as test_loop() has them at 20: they close
 * on the frame, and the first of a second is the same picture at any rate. */
static void test_loop_of_rates(s2v_model *usual)
{
    silence();
    const char *const options = "seeds=4-6 speed=60 pulse=0";
    const take want = play_with(usual, options, sound, 1000);
    for (int r = 0; r < RATES; r++) {
        s2v_model *model = open_with(STYLEGAN2, 0, rates[r]);
        s2v_model_info info = {.size = sizeof(info)};
        s2v_model_get_info(model, &info);
        const take t = play_with(model, options, sound, 1000);
        const int second = info.fps_num;
        for (int i = 0; info.fps_den == 1 && i < t.count; i++) {
            CHECK(i < 3 * second || t.hash[i] == t.hash[i - 3 * second],
                  "%s: frame %d", rates[r], i);
            CHECK(i % second || t.hash[i] == want.hash[i / second * 20],
                  "%s: second %d is another picture", rates[r], i / second);
        }
        s2v_model_close(&model);
    }
}

/* A camera that turns once in four seconds. */
static void test_camera_of_rates(void)
{
    static const char *const some[] = {"5", "12", "40"};
    silence();
    for (int r = 0; r < 3; r++) {
        s2v_model *model = open_with(STYLEGAN3, 0, some[r]);
        const int second = atoi(some[r]);
        const take t =
            play_with(model, "seeds=5 speed=0 rotate=90", sound, 1000);
        CHECK(t.hash[4 * second] == t.hash[0] && t.hash[second] != t.hash[0],
              "%s: not once in four seconds", some[r]);
        s2v_model_close(&model);
    }
}

/* ---- of walks alone, w being z ---- */

enum { WIDE = 64 };

static int map_wide(void *opaque, const float *z, const float *classes,
                    float *w, s2v_error *err)
{
    float *seen = opaque;
    (void)err;
    memcpy(w, z, WIDE * sizeof(*w));
    if (seen)
        memcpy(seen, classes, 2 * sizeof(*seen));
    return S2V_OK;
}

static s2vi_walk *wide_walk(s2vi_frame_rate rate, float *classes)
{
    static const float average[WIDE];
    const s2vi_walk_space space = {.rate = rate,
                                   .z = WIDE,
                                   .w = WIDE,
                                   .codes = 1,
                                   .classes = classes ? 2 : 0,
                                   .w_avg = average,
                                   .w_std = average,
                                   .map = map_wide,
                                   .opaque = classes};
    s2vi_walk *walk = NULL;
    s2v_error err = {0};
    CHECK(!s2vi_walk_create(&walk, &space, &err), "%s", err.message);
    *s2vi_walk_get_options(walk) = (s2vi_walk_options){
        .psi = 1, .cutoff = -1, .release = 150, .motion_random = 0.5};
    s2vi_walk_get_options(walk)->motion_source = S2VI_WALK_HARM;
    return walk;
}

/* How far the sound's motion goes, all numbers of z together, and how far out
 * one is at most. */
static double distance(s2vi_frame_rate rate, double motion, double *farthest)
{
    s2vi_music *front = NULL;
    s2vi_walk *walk = wide_walk(rate, NULL);
    s2v_error err = {0};
    float of[S2VI_MUSIC_COUNT], ws[2][WIDE];
    double sum = 0, start[WIDE];
    s2vi_numpy_randn(0, WIDE, start);
    CHECK(!s2vi_music_create(&front, rate, &err), "%s", err.message);
    s2vi_walk_get_options(walk)->motion = motion;
    s2vi_music_send(front, sound, SAMPLES);
    s2vi_music_drain(front);
    *farthest = 0;
    for (int i = 0; i < WIDE; i++)
        ws[1][i] = (float)start[i];
    for (int t = 0; !s2vi_music_receive(front, of); t++) {
        CHECK(!s2vi_walk_next(walk, of, ws[t % 2], &err), "%s", err.message);
        for (int i = 0; i < WIDE; i++) {
            sum += fabs((double)ws[1][i] - (double)ws[0][i]);
            *farthest = fmax(*farthest, fabs((double)ws[t % 2][i]));
        }
    }
    s2vi_walk_close(&walk);
    s2vi_music_close(&front);
    return sum;
}

static void test_motion_of_rates(void)
{
    static const s2vi_frame_rate other[] = {
        {10, 1}, {12, 1}, {30000, 1001}, {60, 1}};
    double out, way;
    song();
    const double usual =
        distance((s2vi_frame_rate){S2VI_WALK_FPS, 1}, 0.02, &out);
    for (int i = 0; i < 4; i++) {
        way = distance(other[i], 0.02, &out);
        CHECK(fabs(way / usual - 1) < 0.02,
              "%d/%d frames/s: the motion goes %g, %g at 20", other[i].num,
              other[i].den, way, usual);
    }
    /* Steps of a long frame do not leave the range. */
    distance((s2vi_frame_rate){S2VI_WALK_FPS, 1}, 0.5, &out);
    const double range = out;
    distance((s2vi_frame_rate){1, 1}, 0.5, &out);
    CHECK(out < range + 0.1, "at 1 frame/s z goes to %g, %g at 20", out, range);
}

/* A second after an onset and half a second after another tone, what is left of
 * them is the same. */
static void test_smoothing_of_rates(void)
{
    static const int fps[] = {2, 12, 20, 60};
    for (int r = 0; r < 4; r++) {
        float classes[2] = {0}, ws[WIDE];
        s2v_error err = {0};
        s2vi_walk *walk = wide_walk((s2vi_frame_rate){fps[r], 1}, classes);
        s2vi_walk_options *o = s2vi_walk_get_options(walk);
        CHECK(!s2vi_walk_set_classes(walk, "0,1,1,1,1,1,1,1,1,1,1,1", &err),
              "%s", err.message);
        o->class_react = o->class_smooth = 1;
        for (int t = 0; t <= fps[r]; t++) {
            const float level = t ? 0 : 1;
            const int tone = t > fps[r] / 2 ? 1 : 0;
            const float of[S2VI_MUSIC_COUNT] = {
                [S2VI_MUSIC_LEVEL] = level,
                [S2VI_MUSIC_CHROMA] = tone ? 0.0f : 1.0f,
                [S2VI_MUSIC_CHROMA + 1] = tone ? 1.0f : 0.0f};
            CHECK(!s2vi_walk_next(walk, of, ws, &err), "%s", err.message);
        }
        CHECK(fabs(s2vi_walk_level(walk) / exp(-1000.0 / 150) - 1) < 1e-6,
              "%d frames/s: the level is %g", fps[r], s2vi_walk_level(walk));
        CHECK(fabs((double)classes[0] - exp(-0.5)) < 1e-5,
              "%d frames/s: the part of the class before is %g", fps[r],
              (double)classes[0]);
        s2vi_walk_close(&walk);
    }
}

/* A model whose runs leave nothing out. */
static s2v_model *open_whole(stylegan_kind kind, int size)
{
    s2v_model *model = open_sized(kind, size);
    s2vi_stylegan *m = model->network;
    m->plan->resumes = false;
    return model;
}

/* Layers, noise and the camera that stand still, for a while: the frames are
 * those of whole runs, also after a flush. */
static void compare_whole(stylegan_kind kind, int size,
                          const char *const *options)
{
    s2v_model *model[2] = {open_sized(kind, size), open_whole(kind, size)};
    for (; *options; options++) {
        take t[2][2] = {{{0}}};
        for (int k = 0; k < 2; k++) {
            s2v_session *session = session_with(model[k], *options);
            t[k][0] = play(session, sound, SAMPLES / 4, 1000);
            s2v_session_flush(session);
            t[k][1] = play(session, sound, SAMPLES / 2, 1000);
            s2v_session_close(&session);
        }
        CHECK(t[0][0].count && same(&t[0][0], &t[1][0]) &&
                  same(&t[0][1], &t[1][1]),
              "%s: other frames than of whole runs", *options);
    }
    s2v_model_close(&model[0]);
    s2v_model_close(&model[1]);
}

static void test_unchanged_layers(void)
{
    static const char *const two[] = {
        "seeds=1-4 speed=0 pulse=1 pulse_layers=6-",
        "seeds=1-4 speed=60 pulse=0 mix=0-3:9",
        "seeds=1 speed=0 pulse=0 kick=3 chroma=0.5 chroma_layers=5-",
        "speed=0 pulse=0 noise=react",
        "speed=0 pulse=0 noise=react mix=0-:4 contrast=0.5 flash=0.3",
        NULL};
    static const char *const three[] = {
        "speed=0 pulse=1 pulse_layers=9-", "speed=0 pulse=0 rotate=20",
        "speed=30 pulse=0 zoom=2 mix=0-7:5", NULL};
    clicks();
    for (int i = SAMPLES / 4; i < SAMPLES * 3 / 8; i++)
        sound[i] += (float)(0.2 * sin(0.2 * i));
    compare_whole(STYLEGAN2, 0, two);
    compare_whole(STYLEGAN2, 16, two);
    compare_whole(STYLEGAN3, 0, three);
}

static void test_bad_file(void)
{
    s2v_model *model = NULL;
    s2v_error err = {0};
    CHECK(s2v_model_open(&model, write_stylegan(STYLEGAN2, false), NULL,
                         &err) == S2V_ERR_MODEL &&
              strstr(err.message, "tensor 'mapping.w_std' is missing: "
                                  "scripts/import-stylegan makes"),
          "%s", err.message);
    s2v_model_close(&model);
    /* The header, as text, without the list's end. */
    char *data, *path = g_strdup(write_stylegan(STYLEGAN2_CLASSES, true));
    gsize size;
    CHECK(g_file_get_contents(path, &data, &size, NULL), "%s", path);
    char *end = g_strstr_len(data + 8, 4000, "wind\\\"]");
    CHECK(end, "no names of classes");
    if (end)
        end[6] = ' ';
    g_file_set_contents(path, data, (gssize)size, NULL);
    CHECK(s2v_model_open(&model, path, NULL, &err) == S2V_ERR_MODEL &&
              strstr(err.message,
                     "metadata 's2v.classes' is no JSON list of 3 texts"),
          "%s", err.message);
    s2v_model_close(&model);
    g_free(data);
    g_free(path);
}

int main(void)
{
    s2v_model *models[STYLEGAN_KINDS];
    for (int k = 0; k < STYLEGAN_KINDS; k++) {
        models[k] = open_kind((stylegan_kind)k);
        test_info(models[k], (stylegan_kind)k);
    }
    s2v_model *two = models[STYLEGAN2], *three = models[STYLEGAN3];
    test_pieces(two);
    test_silence(two);
    test_loop(two);
    test_beats(two);
    test_pulse(two);
    test_mix(two);
    test_change(two);
    test_stop(two);
    test_noise(two);
    test_size();
    test_standing_layers();
    test_on_beats();
    test_rate_of_model();
    test_rates();
    test_loop_of_rates(two);
    test_camera_of_rates();
    test_motion_of_rates();
    test_smoothing_of_rates();
    test_unchanged_layers();
    test_pieces(three);
    test_mix(three);
    test_camera(three);
    test_camera_reacts(three);
    test_classes(models[STYLEGAN2_CLASSES]);
    test_refused(two, models[STYLEGAN2_CLASSES], three);
    test_bad_file();
    for (int k = 0; k < STYLEGAN_KINDS; k++)
        s2v_model_close(&models[k]);
    return report("stylegan");
}
