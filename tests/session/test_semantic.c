/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The family semantic: scenes of random weights, on synthetic sound. */
#include "audio/decibel_window.h"
#include "audio/mel_window.h"
#include "base/numpy_random.h"
#include "graph/build.h"
#include "harness.h"
#include "run/exec.h"
#include "session/clip_encoder.h"
#include "session/session.h"
#include "tiny_clip.h"
#include "tiny_semantic.h"
#include "video/pixel.h"

#include "../must.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE = 16000,
    FRAMES = 60,
    SAMPLES = FRAMES * STEP,
    SIDE = 32,
    NUMBERS = 3 * SIDE * SIDE,
    WINDOW = S2VI_MEL_WINDOW_NUMBERS,
};

/* -------------------------------------------------------------- models -- */

static int try_model(s2v_model **model, const tiny_semantic *spec, int size,
                     s2v_error *err)
{
    const s2v_model_params params = {.size = sizeof(params),
                                     .device = "cpu",
                                     .threads = 1,
                                     .video_size = size};
    const char *path = scratch("semantic.bin");
    must(tiny_semantic_write(path, spec, err), err);
    return s2v_model_open(model, path, &params, err);
}

static s2v_model *open_spec(const tiny_semantic *spec)
{
    s2v_model *model = NULL;
    s2v_error err = {0};
    must(try_model(&model, spec, 0, &err), &err);
    return model;
}

/* With options, as "start=rain|psi=0.5". */
static s2v_session *session_with(s2v_model *model, const char *options)
{
    s2v_session *session = open_session(model, 7);
    set_all_options(session, options, '|');
    return session;
}

/* --------------------------------------------------------------- sound -- */

static float sound[SAMPLES];

static void silence(void)
{
    memset(sound, 0, sizeof(sound));
}

static void music(void)
{
    float *x = make_sound(SAMPLES, 3);
    memcpy(sound, x, sizeof(sound));
    free(x);
}

static take play_with(s2v_model *model, const char *options, size_t piece)
{
    s2v_session *session = session_with(model, options);
    const take t = play(session, sound, SAMPLES, piece);
    CHECK(t.count == FRAMES && t.status == S2V_ERR_EOF, "%d frames, %d",
          t.count, t.status);
    s2v_session_close(&session);
    return t;
}

/* The next frame, after sound for it was sent. */
static void next_frame(s2v_session *session, const float *samples,
                       uint8_t rgb[NUMBERS])
{
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    int ret = S2V_ERR_AGAIN;
    for (int sent = 0; ret == S2V_ERR_AGAIN && sent < 4; sent++) {
        ret = s2v_session_receive_video(session, &frame, &err);
        if (ret == S2V_ERR_AGAIN)
            must(s2v_session_send_audio(session, samples, STEP, &err), &err);
    }
    must(ret, &err);
    memcpy(rgb, frame.data, NUMBERS);
}

/* The picture of a start: the first frame, in silence. */
static void picture_of(s2v_model *model, const char *options,
                       uint8_t rgb[NUMBERS])
{
    static const float none[STEP];
    s2v_session *session = session_with(model, options);
    next_frame(session, none, rgb);
    s2v_session_close(&session);
}

static double distance(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;
    for (int i = 0; i < NUMBERS; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum / NUMBERS);
}

/* --------------------------------------------------------------- tests -- */

static void test_info(s2v_model *model)
{
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(model, &info);
    CHECK(info.width == SIDE && info.height == SIDE &&
              info.sample_rate == RATE && info.fps_num == 20 &&
              info.fps_den == 1 && info.latency_samples == SPAN &&
              !strcmp(info.name, "semantic") &&
              info.inputs == (S2V_MEDIUM_AUDIO | S2V_MEDIUM_TEXT) &&
              info.required == S2V_MEDIUM_AUDIO,
          "%s: %dx%d", info.name, info.width, info.height);
}

static const char all[] = "start=rain|blend=0.7|pulse=1|chroma=0.4|kick=20|"
                          "snare=21|mix=2-3:30|contrast=0.5|flash=0.2|"
                          "psi_react=0.2|center=40|release=200";

static void test_pieces(s2v_model *model, const char *options)
{
    static const size_t pieces[] = {0, 160, SAMPLES};
    music();
    const take want = play_with(model, options, 1000);
    CHECK(want.hash[20] != want.hash[40], "nothing moves");
    for (int i = 0; i < 3; i++) {
        const take t = play_with(model, options, pieces[i]);
        CHECK(same(&t, &want), "pieces of %zu: other frames", pieces[i]);
    }
    s2v_session *session = session_with(model, options);
    play(session, sound, SAMPLES / 2, 1000);
    s2v_session_flush(session);
    const take again = play(session, sound, SAMPLES, 1000);
    CHECK(same(&again, &want), "after a flush: other frames");
    s2v_session_close(&session);
}

/* ---- the same frames, recorded in one piece as for training ---- */

enum { T = 12 };

typedef struct whole {
    s2vi_node *sound, *start, *video;
} whole;

static s2vi_graph *record_whole(const s2vi_semantic_config *c, whole *in)
{
    const int L = c->inversion.codes, w = c->inversion.w;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_inversion_graph inversion;
    s2vi_node *codes[T];
    s2v_error err;
    const int size = c->inversion.size; /* of a pSp encoder's pictures */
    in->sound = s2vi_input(g, "sound",
                           size ? S2VI_SHAPE(T, size, size, 3)
                                : S2VI_SHAPE(T, 64, 64, 1));
    in->start = s2vi_input(g, "start", S2VI_SHAPE(1, L, w));
    must(s2vi_inversion_build(g, &c->inversion, S2VI_SEMANTIC_INVERSION,
                              in->sound, false, &inversion, &err),
         &err);
    s2vi_recurrent_step step = {.start = in->start, .previous = in->start};
    for (int i = 0; i < c->recurrent.groups; i++)
        step.h[i] =
            s2vi_fill(g, 0, S2VI_SHAPE(1, s2vi_recurrent_state(&c->recurrent)));
    for (int t = 0; t < T; t++) {
        step.sound = s2vi_slice(inversion.codes, 0, t, 1);
        must(s2vi_recurrent_build(g, &c->recurrent, S2VI_SEMANTIC_RECURRENT,
                                  &step, &step.previous, &err),
             &err);
        codes[t] = step.previous;
    }
    must(s2vi_semantic_generate(g, &c->generator, s2vi_concat(codes, T, 0),
                                &in->video, &err),
         &err);
    return g;
}

/* w of the seed's z, drawn towards the average by 0.7, for each layer. */
static void start_of(const s2vi_semantic_config *c, s2vi_store *store,
                     uint32_t seed, float *start)
{
    const s2vi_stylegan_mapping m = s2vi_semantic_mapping(&c->generator);
    s2vi_graph *g = s2vi_graph_create();
    s2vi_stylegan_mapping_graph mapping;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2v_error err;
    double numbers[64];
    float z[64];
    must(s2vi_stylegan_mapping_build(g, &m, 1, &mapping, &err), &err);
    s2vi_node *out =
        s2vi_stylegan_truncate(mapping.w, c->inversion.codes, 0.7, -1);
    const s2vi_plan_params params = {.outputs = &out, .n_outputs = 1};
    must(s2vi_plan_create(&plan, g, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    s2vi_numpy_randn(seed, (size_t)m.z, numbers);
    for (int i = 0; i < m.z; i++)
        z[i] = (float)numbers[i];
    s2vi_exec_write(exec, mapping.z, z);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    s2vi_exec_read(exec, out, start);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
}

/* What E_a hears of all frames. */
static void hear_whole(const s2vi_semantic_config *c, float *windows)
{
    const int size = c->inversion.size;
    static float column[(T * 5 + 8) * 64], picture[64 * 64];
    s2vi_decibel_window *w = NULL;
    s2v_error err;
    must(s2vi_mel_columns(sound, SAMPLES, T, column, &err), &err);
    for (int t = 0; t < T && !size; t++)
        s2vi_mel_window_of(column, t, windows + t * WINDOW);
    if (!size)
        return;
    must(s2vi_decibel_window_create(&w, (size_t)size, &err), &err);
    must(s2vi_decibel_window_send(w, sound, SAMPLES), NULL);
    for (int t = 0; t < T; t++) {
        must(s2vi_decibel_window_receive(w, picture), NULL);
        for (int i = 0; i < 3 * size * size; i++)
            *windows++ = picture[i / 3];
    }
    s2vi_decibel_window_close(&w);
}

static void make_whole(const s2vi_semantic_config *c, uint32_t seed,
                       float *video)
{
    static float windows[T * WINDOW];
    float start[512];
    s2vi_backend *backend = NULL;
    s2vi_store *store = NULL;
    s2v_weights *w = NULL;
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    s2v_error err;
    whole in;
    must(s2vi_backend_open(&backend, "cpu", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2v_weights_open(&w, scratch("semantic.bin"), &err), &err);
    must(s2vi_semantic_load(c, w, store, &err), &err);
    start_of(c, store, seed, start);
    s2vi_graph *g = record_whole(c, &in);
    const s2vi_plan_params params = {.outputs = &in.video, .n_outputs = 1};
    must(s2vi_plan_create(&plan, g, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    hear_whole(c, windows);
    s2vi_exec_write(exec, in.sound, windows);
    s2vi_exec_write(exec, in.start, start);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    s2vi_exec_read(exec, in.video, video);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    s2v_weights_close(&w);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
}

/* A stream's frames are those of the networks over the whole sound. */
static void test_whole(const tiny_semantic *spec)
{
    static float video[T * NUMBERS];
    const s2vi_semantic_config c = tiny_semantic_config(spec);
    s2v_model *model = open_spec(spec);
    s2v_session *session = session_with(model, "level=off|start=seed|seed=5");
    uint8_t rgb[NUMBERS], first[NUMBERS];
    music();
    for (int i = 0; i < SAMPLES; i++) /* no window without sound */
        sound[i] += 0.3f * (float)sin(0.2 * i);
    make_whole(&c, 5, video);
    s2v_session_send_audio(session, sound, (T + 2) * (size_t)STEP, NULL);
    for (int t = 0; t < T; t++) {
        int worst = 0;
        next_frame(session, sound, rgb);
        if (!t)
            memcpy(first, rgb, sizeof(rgb));
        for (int i = 0; i < NUMBERS; i++) {
            const int off =
                abs(rgb[i] - s2vi_pixel_byte(video[t * NUMBERS + i]));
            worst = off > worst ? off : worst;
        }
        CHECK(worst <= 1, "frame %d: %d levels off", t, worst);
    }
    CHECK(distance(first, rgb) > 1, "the frames are all alike");
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* ---- silence ---- */

/* Without sound, the start stands; after sound the scene rests, once 64 columns
 * are without. */
static void test_silence(s2v_model *model, const char *options)
{
    silence();
    const take still = play_with(model, options, 1000);
    for (int i = 1; i < FRAMES; i++)
        CHECK(still.hash[i] == still.hash[0], "silence: frame %d moves", i);
    music();
    memset(sound + SAMPLES / 3, 0, sizeof(sound) - sizeof(sound) / 3);
    const take t = play_with(model, options, 1000);
    const int rests = FRAMES / 3 + 13;
    CHECK(t.hash[FRAMES / 3 - 1] != t.hash[FRAMES / 3 - 2] &&
              t.hash[rests] != t.hash[0],
          "sound: nothing moves");
    for (int i = rests + 1; i < FRAMES; i++)
        CHECK(t.hash[i] == t.hash[rests], "after sound: frame %d moves", i);
}

/* ---- starts ---- */

static void test_starts(s2v_model *model)
{
    uint8_t a[NUMBERS], b[NUMBERS];
    for (int i = 0; i < TINY_STARTS; i++) {
        char option[40];
        snprintf(option, sizeof(option), "start=%s", tiny_starts[i]);
        picture_of(model, option, a);
        picture_of(model, i ? "start=deep" : "start=rain", b);
        CHECK(distance(a, b) > 1, "start %s: as another", option);
    }
    picture_of(model, "start=5", a);
    picture_of(model, "seed=5", b);
    CHECK(!distance(a, b), "a seed: another picture");
    picture_of(model, "start=5|psi=0", a);
    picture_of(model, "start=6|psi=0", b);
    CHECK(!distance(a, b), "psi=0: not the average");
    picture_of(model, "text=rain|start=5", a);
    picture_of(model, "text=rain|start=6", b);
    CHECK(!distance(a, b), "a text: the start counts");
    picture_of(model, "text=rain|text=none|start=5", a);
    picture_of(model, "start=5", b);
    CHECK(!distance(a, b), "no text: the start does not count");
}

/* In silence nothing but the start moves: from one picture to the other, within
 * so many frames, and never by a jump. */
static void test_morph(s2v_model *model, const char *change, const char *other)
{
    static const float none[STEP];
    s2v_session *session = session_with(model, "start=deep|morph=1");
    uint8_t from[NUMBERS], to[NUMBERS], now[NUMBERS], last[NUMBERS];
    picture_of(model, "start=deep", from);
    picture_of(model, other, to);
    const double way = distance(from, to);
    CHECK(way > 1, "%s: the same picture", change);
    for (int i = 0; i < 3; i++)
        next_frame(session, none, now);
    CHECK(!distance(now, from), "%s: not the start", change);
    set_all_options(session, change, '|');
    for (int i = 0; i < 20; i++) {
        memcpy(last, now, sizeof(now));
        next_frame(session, none, now);
        CHECK(distance(now, last) < 0.4 * way, "%s: a jump at frame %d", change,
              i);
        CHECK(i > 16 || distance(now, to) > 0, "%s: there at frame %d", change,
              i);
    }
    CHECK(!distance(now, to), "%s: not there after a second", change);
    next_frame(session, none, now);
    CHECK(!distance(now, to), "%s: it goes on", change);
    set_all_options(session, "morph=0|start=deep|text=none", '|');
    next_frame(session, none, now);
    CHECK(!distance(now, from), "%s: no jump", change);
    set_all_options(session, "morph=5|start=rain", '|');
    next_frame(session, none, now);
    s2v_session_flush(session);
    next_frame(session, none, now);
    picture_of(model, "start=rain", to);
    CHECK(!distance(now, to), "%s: a flush does not end a walk", change);
    s2v_session_close(&session);
}

/* What was set between frames counts from the next on, in any pieces. */
static void test_change(s2v_model *model)
{
    take t[2] = {{0}};
    music();
    for (int k = 0; k < 2; k++) {
        s2v_session *session = session_with(model, "start=fire");
        const size_t half = SAMPLES / 2;
        for (size_t at = 0; at < half; at += k ? 160 : half)
            s2v_session_send_audio(session, sound + at, k ? 160 : half, NULL);
        receive_all(session, &t[k]);
        set_all_options(session, "start=waves|blend=0.5|morph=0.5|pulse=1",
                        '|');
        s2v_session_send_audio(session, sound + half, half, NULL);
        receive_all(session, &t[k]);
        s2v_session_close(&session);
    }
    CHECK(t[0].count > FRAMES - 3 && same(&t[0], &t[1]), "other frames");
}

static void check_same(s2v_model *model, const char *options, const char *other)
{
    const take a = play_with(model, options, 1000);
    const take b = play_with(model, other, 1000);
    CHECK(same(&a, &b), "%s: not %s", options, other);
}

/* Layers that sound does not move stay as they are; in silence, all do. */
static void test_layers(s2v_model *model)
{
    music();
    check_same(model, "start=rain", "start=rain|layers=0-3,4-7");
    const take all_of = play_with(model, "start=rain", 1000);
    const take coarse = play_with(model, "start=rain|layers=0-3", 1000);
    const take fine = play_with(model, "start=rain|layers=4-", 1000);
    CHECK(coarse.hash[30] != all_of.hash[30] &&
              fine.hash[30] != all_of.hash[30] &&
              coarse.hash[30] != fine.hash[30] &&
              coarse.hash[30] != coarse.hash[40],
          "layers: as others");
    silence();
    check_same(model, "start=rain", "start=rain|layers=4-");
}

/* ---- texts ---- */

/* The start whose picture has the largest cosine with the text, by the
 * embedding of the file. */
static int nearest(const s2v_model *model, int word)
{
    const s2vi_semantic_config c = tiny_semantic_config(&(tiny_semantic){0});
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *x = s2vi_input(g, "x", S2VI_SHAPE(1, SIDE, SIDE, 3));
    s2vi_node *text = s2vi_input(g, "text", S2VI_SHAPE(1, c.embedding.words));
    const s2vi_embedding_inputs in = {
        .picture = s2vi_avgpool(x, (const int[]){2, 2}), .text = text};
    s2vi_embedding_graph e;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2v_error err;
    float share[8] = {0}, video[NUMBERS], cosine;
    double most = -2;
    int best = -1;
    must(s2vi_embedding_build(g, &c.embedding, S2VI_SEMANTIC_EMBEDDING, &in, &e,
                              &err),
         &err);
    s2vi_node *out = s2vi_sum_all(s2vi_mul(e.picture, e.text));
    const s2vi_plan_params params = {.outputs = &out, .n_outputs = 1};
    must(s2vi_plan_create(&plan, g, model->store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    share[word] = 1;
    s2vi_exec_write(exec, text, share);
    for (int i = 0; i < TINY_STARTS; i++) {
        uint8_t rgb[NUMBERS];
        char option[40];
        snprintf(option, sizeof(option), "start=%s", tiny_starts[i]);
        picture_of((s2v_model *)model, option, rgb);
        for (int k = 0; k < NUMBERS; k++)
            video[k] = (float)rgb[k] / 127.5f - 1;
        s2vi_exec_write(exec, x, video);
        must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
        s2vi_exec_read(exec, out, &cosine);
        if ((double)cosine > most) {
            most = (double)cosine;
            best = i;
        }
    }
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    return best;
}

static bool shows(s2v_model *model, const char *options, int start)
{
    uint8_t a[NUMBERS], b[NUMBERS];
    char option[40];
    snprintf(option, sizeof(option), "start=%s", tiny_starts[start]);
    picture_of(model, options, a);
    picture_of(model, option, b);
    return !distance(a, b);
}

static void test_texts(s2v_model *model)
{
    static const char *const texts[] = {"text=Blue, the", "text=deep!",
                                        "text=FIRE by a road", "text=gentle"};
    int found[TINY_STARTS] = {0};
    for (int i = 0; i < 4; i++) {
        const int want = nearest(model, i);
        found[want]++;
        CHECK(shows(model, texts[i], want), "%s: not %s", texts[i],
              tiny_starts[want]);
    }
    CHECK(found[0] < 4 && found[1] < 4 && found[2] < 4 && found[3] < 4,
          "all texts are alike: no test");
    s2v_session *session = open_session(model, 7);
    uint8_t a[NUMBERS], b[NUMBERS];
    static const float none[STEP];
    CHECK(!s2v_session_set_text(session, "fire", NULL), "set_text");
    next_frame(session, none, a);
    picture_of(model, "text=fire", b);
    CHECK(!distance(a, b), "set_text: another picture");
    s2v_session_close(&session);
}

/* Where the file says where the starts' pictures lie, that counts: here on
 * axes, so that a text's start is that of its largest number among the first
 * four. */
static void test_seen(void)
{
    const tiny_semantic spec = {.seen = true};
    const s2vi_semantic_config c = tiny_semantic_config(&spec);
    s2v_model *model = open_spec(&spec);
    s2vi_graph *g = s2vi_graph_create();
    const s2vi_embedding_inputs in = {
        .text = s2vi_input(g, "text", S2VI_SHAPE(1, c.embedding.words))};
    s2vi_embedding_graph e;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2v_error err;
    float share[8] = {0, 0, 1}, said[TINY_WIDTH];
    int best = 0;
    must(s2vi_embedding_build(g, &c.embedding, S2VI_SEMANTIC_EMBEDDING, &in, &e,
                              &err),
         &err);
    const s2vi_plan_params params = {.outputs = &e.text, .n_outputs = 1};
    must(s2vi_plan_create(&plan, g, model->store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    s2vi_exec_write(exec, in.text, share);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    s2vi_exec_read(exec, e.text, said);
    for (int i = 1; i < TINY_STARTS; i++)
        best = said[i] > said[best] ? i : best;
    CHECK(shows(model, "text=fire", best), "not %s", tiny_starts[best]);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    s2v_model_close(&model);
}

/* ---- CLIP ---- */

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(scratch(name), "w");
    fputs(text, f);
    fclose(f);
}

static int nearest_by_clip(s2v_model *model, const char *text)
{
    s2vi_clip_encoder *e = NULL;
    s2v_weights *w = NULL;
    s2v_error err;
    float said[TINY_CLIP_EMBEDDING], seen[TINY_CLIP_EMBEDDING];
    double most = -2;
    int tokens, best = -1;
    char list[1500];
    must(s2v_weights_open(&w, scratch("clip.bin"), &err), &err);
    snprintf(list, sizeof(list), "%s", scratch("merges"));
    must(s2vi_clip_encoder_open(&e, w, S2VI_CLIP_BOTH, list, model->backend,
                                &err),
         &err);
    must(s2vi_clip_encode_text(e, text, said, &tokens, &err), &err);
    for (int i = 0; i < TINY_STARTS; i++) {
        uint8_t rgb[NUMBERS];
        char option[40];
        double cosine = 0;
        snprintf(option, sizeof(option), "start=%s", tiny_starts[i]);
        picture_of(model, option, rgb);
        const s2vi_image image = {rgb, (ptrdiff_t)SIDE * 3, SIDE, SIDE};
        must(s2vi_clip_encode_picture(e, &image, seen, &err), &err);
        for (int k = 0; k < TINY_CLIP_EMBEDDING; k++)
            cosine += (double)said[k] * (double)seen[k];
        if (cosine > most) {
            most = cosine;
            best = i;
        }
    }
    s2vi_clip_encoder_close(&e);
    s2v_weights_close(&w);
    return best;
}

static void refused_on(s2v_session *session, const char *name,
                       const char *value, const char *sentence)
{
    s2v_error err = {0};
    const int ret = s2v_session_set_option(session, name, value, &err);
    CHECK(ret < 0 && strstr(err.message, sentence), "%s=%.50s: %d, %s", name,
          value, ret, err.message);
}

static void refused(s2v_model *model, const char *name, const char *value,
                    const char *sentence)
{
    s2v_session *session = open_session(model, 0);
    refused_on(session, name, value, sentence);
    s2v_session_close(&session);
}

/* Any words, in whichever order text, clip and merges are set. */
static void test_clip(s2v_model *model)
{
    char options[4000], clip[1500], list[1500];
    s2v_error err;
    must(tiny_clip_write(scratch("clip.bin"), S2VI_CLIP_BOTH, &err), &err);
    write_file("merges", tiny_clip_merges);
    snprintf(clip, sizeof(clip), "%s", scratch("clip.bin"));
    snprintf(list, sizeof(list), "%s", scratch("merges"));
    static const char *const texts[] = {"rain", "a dragon at noon", "x y z",
                                        "waves"};
    for (int i = 0; i < 4; i++) {
        const int want = nearest_by_clip(model, texts[i]);
        snprintf(options, sizeof(options), "merges=%s|clip=%s|text=%s", list,
                 clip, texts[i]);
        CHECK(shows(model, options, want), "%s: not %s", texts[i],
              tiny_starts[want]);
    }
    snprintf(options, sizeof(options), "text=rain|merges=%s|clip=%s", list,
             clip);
    CHECK(shows(model, options, nearest_by_clip(model, "rain")),
          "CLIP after the text: by the embedding");
    refused(model, "clip", clip,
            "merges: CLIP's list of merges, bpe_simple_vocab_16e6.txt.gz, is "
            "not beside ");
    refused(model, "clip", scratch("none.bin"), "none.bin");
    refused(model, "clip", scratch("semantic.bin"), "semantic.bin: ");
    s2v_session *session = session_with(model, "");
    s2v_session_set_option(session, "merges", list, NULL);
    must(tiny_clip_write(scratch("half.bin"), S2VI_CLIP_PICTURE, &err), &err);
    refused_on(session, "clip", scratch("half.bin"), "half.bin");
    s2v_session_send_audio(session, sound, STEP, NULL);
    refused_on(session, "clip", clip,
               "clip: it was set after the first input: flush the session to "
               "start anew with it");
    s2v_session_close(&session);
}

/* ---- states ---- */

/* A stream that was saved after half of its sound goes on as if it had not. */
static void test_saved(s2v_model *model, const char *options)
{
    music();
    const take want = play_with(model, options, 1000);
    s2v_session *a = session_with(model, options);
    s2v_session *b = session_with(model, options);
    const void *state;
    size_t size;
    s2v_error err;
    take t = {0};
    s2v_session_send_audio(a, sound, SAMPLES / 2, NULL);
    receive_all(a, &t);
    must(s2v_session_save(a, NULL, &state, &size, &err), &err);
    must(s2v_session_restore(b, state, size, NULL, &err), &err);
    s2v_session_send_audio(b, sound + SAMPLES / 2, SAMPLES / 2, NULL);
    s2v_session_drain(b, NULL);
    t.status = receive_all(b, &t);
    CHECK(t.count == want.count &&
              !memcmp(t.hash, want.hash, (size_t)t.count * sizeof(*t.hash)),
          "%s: a restored stream goes on otherwise", options);
    s2v_session_close(&a);
    s2v_session_close(&b);
}

/* ---- what is heard ---- */

/* A low buzz, or noise. */
static void make_scene(bool noise, float *out, int n)
{
    uint32_t x = 1;
    for (int i = 0; i < n; i++) {
        x = x * 1664525 + 1013904223;
        out[i] = noise ? ((float)(x >> 8) / (1 << 24) - 0.5f) * 0.4f
                       : (i % 160 < 8 ? 0.5f : -0.02f);
    }
}

/* Where a sound lies in the embedding: that of a window in the middle. */
static void place_of(bool noise, float *place)
{
    const s2vi_semantic_config c = tiny_semantic_config(&(tiny_semantic){0});
    static float column[(FRAMES * 5 + 8) * 64], window[WINDOW];
    s2v_model *model = open_spec(&(tiny_semantic){0});
    s2vi_graph *g = s2vi_graph_create();
    const s2vi_embedding_inputs in = {
        .sound = s2vi_input(g, "x", S2VI_SHAPE(1, 64, 64, 1))};
    s2vi_embedding_graph e;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2v_error err;
    must(s2vi_embedding_build(g, &c.embedding, S2VI_SEMANTIC_EMBEDDING, &in, &e,
                              &err),
         &err);
    const s2vi_plan_params params = {.outputs = &e.sound, .n_outputs = 1};
    must(s2vi_plan_create(&plan, g, model->store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    make_scene(noise, sound, SAMPLES);
    must(s2vi_mel_columns(sound, SAMPLES, FRAMES, column, &err), &err);
    s2vi_mel_window_of(column, FRAMES / 2, window);
    s2vi_exec_write(exec, in.sound, window);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    s2vi_exec_read(exec, e.sound, place);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    s2v_model_close(&model);
}

/* Buzz for a second and a half, then noise: the scene changes once the noise is
 * more probable than the buzz, and is then that which was asked for there. */
static void test_new_scene(s2v_model *model)
{
    static const char buzz[] = "level=off|morph=0|start=fire";
    int changed = 0;
    make_scene(false, sound, SAMPLES / 2);
    make_scene(true, sound + SAMPLES / 2, SAMPLES / 2);
    const take heard = play_with(model, "level=off|morph=0", 1000);
    const take fire = play_with(model, buzz, 1000);
    while (changed < FRAMES && heard.hash[changed] == fire.hash[changed])
        changed++;
    CHECK(changed > FRAMES / 2 + 10 && changed < FRAMES - 2,
          "another scene from frame %d", changed);
    take want = {0};
    s2v_session *session = session_with(model, buzz);
    s2v_session_send_audio(session, sound, SAMPLES, NULL);
    s2v_session_drain(session, NULL);
    for (int t = 0; t < FRAMES; t++) {
        s2v_video_frame frame = {.size = sizeof(frame)};
        if (t == changed) /* the session's seed is 7 */
            set_all_options(session, "start=rain-2", '|');
        must(s2v_session_receive_video(session, &frame, NULL), NULL);
        want.hash[want.count++] = hash_frame(&frame);
    }
    want.status = heard.status;
    s2v_session_close(&session);
    CHECK(same(&want, &heard), "it is not the scene that is heard");
}

/* Sound alone chooses the start, from the first window on; the seed says which
 * of a scene's; a text, a name or a number count more. */
static void test_listening(void)
{
    float heard[2][TINY_WIDTH];
    place_of(false, heard[0]);
    place_of(true, heard[1]);
    double sum = 0;
    for (int i = 0; i < TINY_WIDTH; i++) {
        const float way = heard[0][i] - heard[1][i];
        sum += (double)way * (double)way;
    }
    CHECK(sum > 1e-4, "random weights hear no difference: %g", sum);
    for (int i = 0; i < TINY_WIDTH; i++) { /* two ends of the way */
        heard[0][i] = (heard[0][i] - heard[1][i]) / (float)sqrt(sum);
        heard[1][i] = -heard[0][i];
    }
    s2v_model *model = open_spec(&(tiny_semantic){.heard = heard[0]});
    uint8_t a[NUMBERS], b[NUMBERS];
    make_scene(false, sound, SAMPLES);
    check_same(model, "level=off", "level=off|start=fire");
    check_same(model, "level=off|start=seed|seed=2", "level=off|start=2");
    check_same(model, "level=off|text=deep", "level=off|text=deep|start=rain");
    make_scene(true, sound, SAMPLES);
    check_same(model, "level=off|seed=0", "level=off|seed=0|start=rain");
    check_same(model, "level=off|seed=1", "level=off|seed=1|start=rain-2");
    check_same(model, "level=off|seed=6", "level=off|seed=6|start=rain");
    test_pieces(model, "start=auto|morph=0.5");
    test_new_scene(model);
    picture_of(model, "seed=5", a);
    picture_of(model, "start=5", b);
    CHECK(!distance(a, b), "in silence: not the seed's picture");
    refused(model, "start", "dragon",
            "or one of the gallery: deep, fire, rain, waves, found 'dragon'");
    s2v_model_close(&model);
}

/* ---- generators ---- */

static void test_three(void)
{
    static const char *const options[] = {"zoom=2", "rotate=30|zoom=1.5",
                                          "pan_x=0.3", "pan_y=0.2"};
    s2v_model *model = open_spec(&(tiny_semantic){.three = true});
    uint8_t a[NUMBERS], b[NUMBERS];
    test_pieces(model, "start=fire|pulse=1|rotate=20|camera=still");
    test_silence(model, "start=rain");
    picture_of(model, "start=fire", a);
    for (int i = 0; i < 4; i++) {
        picture_of(model, options[i], b);
        CHECK(distance(a, b) > 0, "%s: the camera stands", options[i]);
    }
    picture_of(model, "start=fire|camera=still", b);
    CHECK(distance(a, b) > 0, "a still camera: as a free one");
    refused(model, "noise", "none",
            "noise: the model's generator is a stylegan3, which has none, "
            "found 'none'");
    s2v_model_close(&model);
    s2v_error err = {0};
    CHECK(try_model(&model, &(tiny_semantic){.three = true}, 16, &err) ==
                  S2V_ERR_INVALID &&
              !strcmp(err.message,
                      "size: the model's generator is a stylegan3, which has "
                      "one size, found 16"),
          "%s", err.message);
}

static void test_size(void)
{
    s2v_model *model = NULL;
    s2v_error err = {0};
    s2v_model_info info = {.size = sizeof(info)};
    must(try_model(&model, &(tiny_semantic){0}, 16, &err), &err);
    s2v_model_get_info(model, &info);
    CHECK(info.width == 16 && info.height == 16, "%dx%d", info.width,
          info.height);
    music();
    const take t = play_with(model, "text=rain", 1000);
    CHECK(t.hash[10] != t.hash[40], "half the size: nothing moves");
    s2v_model_close(&model);
}

/* ---- bad input ---- */

static void test_refused(s2v_model *model)
{
    static char text[10001];
    refused(model, "text", "dragon",
            "text: expected a word that the model knows (blue, deep, fire, "
            "gentle, rain, waves), found none");
    refused(model, "text", "", "text: expected words, found none");
    refused(model, "text", "?!", "text: expected words, found none");
    refused(model, "text", "rain \xff",
            "text: expected UTF-8, found other bytes");
    memset(text, 'a', sizeof(text) - 1);
    refused(model, "text", text,
            "text: expected at most 2000 bytes, found 10000");
    refused(model, "start", "dragon",
            "start: expected auto, seed, a number from 0 to 4294967295 or one "
            "of the "
            "gallery: deep, fire, rain, waves, found 'dragon'");
    refused(model, "start", "-1", "start: expected auto, seed, a number");
    refused(model, "start", "4294967296",
            "start: expected auto, seed, a number");
    refused(model, "blend", "0",
            "blend: expected auto (the model's) or a number above 0, up to 1, "
            "found '0'");
    refused(model, "layers", "9",
            "layers: expected coarse, mid, fine or all, or layers of 0 to 7 as "
            "0-3,8-, found '9'");
    refused(model, "morph", "-1",
            "morph: expected a number from 0 to 600 s, found '-1'");
    refused(model, "camera", "wild",
            "camera: expected free, still, found 'wild'");
    refused(model, "zoom", "2",
            "zoom: the model's generator is a stylegan2, which has no camera, "
            "found '2'");
    refused(model, "seeds", "1",
            "a 'semantic' model has no option 'seeds': it is one of "
            "'stylegan2', 'stylegan3' models");
}

/* It was trained at 20 frames a second. */
static void other_rate(const tiny_semantic *spec)
{
    const s2v_model_params params = {.size = sizeof(params), .fps = "20"};
    const char *path = scratch("semantic.bin");
    s2v_model *model = NULL;
    s2v_error err = {0};
    must(tiny_semantic_write(path, spec, &err), &err);
    CHECK(s2v_model_open(&model, path, &params, &err) == S2V_ERR_INVALID &&
              !strcmp(err.message,
                      "a 'semantic' model has no option 'fps': it is one of "
                      "'stylegan2', 'stylegan3' models"),
          "%s", err.message);
}

static void bad_file(const tiny_semantic *spec, const char *sentence)
{
    s2v_model *model = NULL;
    s2v_error err = {0};
    const int ret = try_model(&model, spec, 0, &err);
    CHECK(ret == S2V_ERR_MODEL && strstr(err.message, sentence), "%d, %s", ret,
          err.message);
    s2v_model_close(&model);
}

static void test_files(void)
{
    bad_file(&(tiny_semantic){.no_deviation = true},
             "tensor 'generator.mapping.w_std' is missing");
    bad_file(&(tiny_semantic){.bad_start = true},
             "tensor 'gallery.deep' is not of 8 style codes of 10 numbers, "
             "which the generator takes");
    bad_file(&(tiny_semantic){.codes = 1},
             "the recurrent groups have 9 codes of 10 numbers, the generator "
             "takes 8 of 10");
    bad_file(&(tiny_semantic){.columns = 32},
             "windows of sound of 64 bands and 32 columns, expected 64 and 64");
    s2v_model *model = open_spec(&(tiny_semantic){.no_embedding = true});
    refused(model, "text", "rain",
            "text: the model has no gallery of pictures to choose from");
    refused(model, "start", "rain",
            "start: expected auto, seed, a number from 0 to 4294967295, found "
            "'rain'");
    s2v_model_close(&model);
}

int main(void)
{
    const tiny_semantic previous = {.previous = true};
    s2v_model *model = open_spec(&(tiny_semantic){0});
    test_info(model);
    test_pieces(model, all);
    test_pieces(model, "seed=4|noise=react|pulse=0");
    test_silence(model, "start=rain");
    test_starts(model);
    test_morph(model, "start=waves", "start=waves");
    test_morph(model, "seed=9|start=seed", "seed=9");
    test_morph(model, "text=rain", "text=rain");
    test_change(model);
    test_layers(model);
    test_texts(model);
    test_clip(model);
    test_refused(model);
    s2v_model_close(&model);
    test_whole(&(tiny_semantic){0});
    test_whole(&previous);
    model = open_spec(&previous);
    test_pieces(model, "start=fire");
    test_silence(model, "start=rain");
    test_morph(model, "start=waves", "start=waves");
    s2v_model_close(&model);
    const tiny_semantic psp = {.psp = true};
    test_whole(&psp);
    model = open_spec(&psp);
    test_pieces(model, "start=fire");
    test_silence(model, "start=rain");
    test_saved(model, "start=fire");
    s2v_model_close(&model);
    test_listening();
    test_seen();
    test_three();
    test_size();
    other_rate(&(tiny_semantic){0});
    test_files();
    return report("semantic");
}
