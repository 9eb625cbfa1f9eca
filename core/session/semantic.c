/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The family semantic: audio in, the scene that sounds out.
 *
 * A frame: E_a of the window of sound that ends 95 ms after the frame's
 * beginning (the last 0.64 s; of a pSp encoder ten seconds), a step of E_RNN
 * (eq. 4), a blend with the codes of the frame before, what a walk's options do
 * to codes, and the generator. What those options do is not fed back.
 *
 * A stream starts with codes of the gallery or of a seed. Another start, while
 * it plays, is walked to within `morph` seconds: the codes of the frame before
 * move by what the start has moved. Where neither text nor name nor number says
 * what it is, the sound does (semantic_listen.c): the first window of sound,
 * and then any other scene that is heard.
 *
 * A window without sound makes no step: the scene rests.
 */
#include "session/semantic.h"

#include "audio/decibel_window.h"
#include "audio/mel_window.h"
#include "base/error.h"
#include "graph/build.h"
#include "session/frame_stream.h"

#include <glib.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef s2vi_semantic_model network;

/* ------------------------------------------------------------ features -- */

/* A frame's window of sound; what a pSp encoder sees, if there is one; what a
 * walk follows. All hear as far, and have as many frames. */
enum { LONG = S2VI_MEL_WINDOW_NUMBERS, FEATURES = LONG + S2VI_MUSIC_COUNT };

typedef struct extractor {
    s2vi_mel_window *window;
    s2vi_decibel_window *psp; /* NULL: none */
    size_t numbers;           /* of its picture */
    s2vi_music *music;
} extractor;

static int create_extractor(void **self, const void *trained,
                            const s2vi_logger *logger, s2v_error *err)
{
    const s2vi_inversion_config *inversion = trained;
    extractor *x = *self = calloc(1, sizeof(*x));
    (void)logger;
    if (!x)
        return s2vi_error_nomem(err, "sound features");
    int ret = s2vi_mel_window_create(&x->window, err);
    if (!ret && inversion->kind == S2VI_INVERSION_PSP) {
        const size_t side = (size_t)inversion->size;
        x->numbers = side * side;
        ret = s2vi_decibel_window_create(&x->psp, side, err);
    }
    const s2vi_frame_rate rate = {S2VI_WALK_FPS, 1};
    return ret < 0 ? ret : s2vi_music_create(&x->music, rate, err);
}

static void close_extractor(void *self)
{
    extractor *x = self;
    if (!x)
        return;
    s2vi_mel_window_close(&x->window);
    s2vi_decibel_window_close(&x->psp);
    s2vi_music_close(&x->music);
    free(x);
}

static int reserve(void *self, size_t n)
{
    const extractor *x = self;
    int ret = s2vi_mel_window_send(x->window, NULL, 0); /* drained? */
    if (!ret)
        ret = s2vi_mel_window_reserve(x->window, n);
    if (!ret && x->psp)
        ret = s2vi_decibel_window_reserve(x->psp, n);
    return ret < 0 ? ret : s2vi_music_reserve(x->music, n);
}

static int send(void *self, const float *samples, size_t n)
{
    const extractor *x = self;
    const int ret = reserve(self, n);
    if (ret < 0)
        return ret;
    s2vi_mel_window_send(x->window, samples, n);
    if (x->psp)
        s2vi_decibel_window_send(x->psp, samples, n);
    return s2vi_music_send(x->music, samples, n);
}

static void drain(void *self)
{
    const extractor *x = self;
    s2vi_mel_window_drain(x->window);
    if (x->psp)
        s2vi_decibel_window_drain(x->psp);
    s2vi_music_drain(x->music);
}

static int receive(void *self, float *features)
{
    const extractor *x = self;
    int ret = s2vi_mel_window_receive(x->window, features);
    if (!ret && x->psp)
        ret = s2vi_decibel_window_receive(x->psp, features + LONG);
    return ret < 0 ? ret
                   : s2vi_music_receive(x->music, features + LONG + x->numbers);
}

static void flush(void *self)
{
    const extractor *x = self;
    s2vi_mel_window_flush(x->window);
    if (x->psp)
        s2vi_decibel_window_flush(x->psp);
    s2vi_music_flush(x->music);
}

static void pass_extractor(void *self, s2vi_state *state)
{
    const extractor *x = self;
    s2vi_mel_window_pass_state(x->window, state);
    if (x->psp)
        s2vi_decibel_window_pass_state(x->psp, state);
    s2vi_music_pass_state(x->music, state);
}

static const s2vi_extractor features_of_scene = {
    .count = FEATURES,
    .create = create_extractor,
    .close = close_extractor,
    .reserve = reserve,
    .send = send,
    .drain = drain,
    .receive = receive,
    .flush = flush,
    .pass_state = pass_extractor,
};

/* -------------------------------------------------------------- models -- */

static int check_inversion(const network *n, const char *path, s2v_error *err)
{
    const s2vi_inversion_config *c = &n->config.inversion;
    if (c->kind == S2VI_INVERSION_PSP)
        return S2V_OK;
    if (c->bands != S2VI_MEL_WINDOW_BANDS ||
        c->columns != S2VI_MEL_WINDOW_COLUMNS)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: windows of sound of %d bands and %d columns, "
                          "expected %d and %d",
                          path, c->bands, c->columns, S2VI_MEL_WINDOW_BANDS,
                          S2VI_MEL_WINDOW_COLUMNS);
    return S2V_OK;
}

static int open_generator(network *n, const s2v_weights *w,
                          const s2vi_open_params *params, s2v_error *err)
{
    const s2vi_semantic_generator *c = &n->config.generator;
    s2vi_stylegan *m = &n->generator;
    m->rate = (s2vi_frame_rate){S2VI_WALK_FPS, 1}; /* as it was trained */
    m->shape = s2vi_semantic_mapping(c);
    m->codes = s2vi_semantic_codes(c);
    m->size = s2vi_semantic_size(c);
    if (c->alias_free && params->size)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "size: the model's generator is a stylegan3, which "
                          "has one size, found %d",
                          params->size);
    int ret = s2vi_stylegan_prepare(m, w, S2VI_SEMANTIC_GENERATOR, params, err);
    if (!ret)
        ret = c->alias_free
                  ? s2vi_stylegan_record3(m, &c->three, err)
                  : s2vi_stylegan_record2(m, &c->two, params->size, w,
                                          S2VI_SEMANTIC_GENERATOR, err);
    return ret < 0 ? ret : s2vi_stylegan_plan(m, params, err);
}

/* What E_a sees of a frame; of pSp the same in three channels. */
static s2vi_node *record_sound(network *n)
{
    const s2vi_inversion_config *c = &n->config.inversion;
    const bool psp = c->kind == S2VI_INVERSION_PSP;
    s2vi_node *x = n->sound =
        s2vi_input(n->graph, "sound",
                   psp ? S2VI_SHAPE(1, c->size, c->size, 1)
                       : S2VI_SHAPE(1, c->bands, c->columns, 1));
    return psp ? s2vi_concat((s2vi_node *[]){x, x, x}, 3, 3) : x;
}

static int record_step(network *n, s2vi_node **effects, s2v_error *err)
{
    const s2vi_inversion_config *c = &n->config.inversion;
    s2vi_recurrent_config whole = n->config.recurrent;
    s2vi_graph *g = n->graph;
    const s2vi_shape codes = S2VI_SHAPE(1, c->codes, c->w);
    s2vi_inversion_graph inversion;
    char name[16];
    whole.blend = 1; /* the stream's is */
    s2vi_node *sound = record_sound(n);
    n->start = s2vi_input(g, "start", codes);
    n->previous = s2vi_input(g, "previous", codes);
    int ret = s2vi_inversion_build(g, c, S2VI_SEMANTIC_INVERSION, sound, false,
                                   &inversion, err);
    if (ret < 0)
        return ret;
    s2vi_recurrent_step step = {
        .sound = inversion.codes, .start = n->start, .previous = n->previous};
    s2vi_node *state[S2VI_RECURRENT_GROUPS];
    for (int i = 0; i < whole.groups; i++) {
        snprintf(name, sizeof(name), "h%d", i);
        step.h[i] = state[i] =
            s2vi_var(g, S2VI_VAR_STATE, name,
                     S2VI_SHAPE(1, s2vi_recurrent_state(&whole)));
    }
    ret = s2vi_recurrent_build(g, &whole, S2VI_SEMANTIC_RECURRENT, &step,
                               &n->codes, err);
    for (int i = 0; i < whole.groups && !ret; i++)
        effects[i] = s2vi_assign(state[i], step.h[i]);
    return ret < 0 ? ret : s2vi_graph_status(g, err);
}

static int plan_step(network *n, s2v_error *err)
{
    s2vi_node *effects[S2VI_RECURRENT_GROUPS];
    n->graph = s2vi_graph_create();
    if (!n->graph)
        return s2vi_error_nomem(err, "a model's graph");
    const int ret = record_step(n, effects, err);
    const s2vi_plan_params params = {.outputs = &n->codes,
                                     .n_outputs = 1,
                                     .effects = effects,
                                     .n_effects = n->config.recurrent.groups,
                                     .frozen = true};
    return ret < 0
               ? ret
               : s2vi_plan_create(&n->plan, n->graph, n->store, &params, err);
}

static int make_codes(void *opaque, const float *features, float *ws,
                      s2v_error *err);

static int read_level(network *n, const s2v_weights *w,
                      const s2vi_open_params *params, s2v_error *err)
{
    const s2vi_inversion_config *c = &n->config.inversion;
    n->extractor = features_of_scene;
    if (c->kind == S2VI_INVERSION_PSP)
        n->extractor.count += c->size * c->size;
    n->source = (s2vi_stylegan_source){
        .extractor = &n->extractor, .trained = c, .codes = make_codes};
    const int ret = s2vi_trained_level_read(&n->source.level, w, err);
    if (!ret && isnan(n->source.level))
        s2vi_log(params->logger, S2V_LOG_INFO,
                 "%s: the file has no training loudness (s2v.level): the audio "
                 "is not normalised",
                 params->path);
    return ret;
}

static int open_network(void **out, const s2v_weights *w,
                        const s2vi_open_params *params, s2v_error *err)
{
    network *n = *out = calloc(1, sizeof(*n));
    if (!n)
        return s2vi_error_nomem(err, "a model");
    n->store = params->store;
    int ret = s2vi_semantic_read(&n->config, w, err);
    if (!ret)
        ret = check_inversion(n, params->path, err);
    if (!ret)
        ret = read_level(n, w, params, err);
    if (!ret)
        ret = s2vi_semantic_load(&n->config, w, params->store, err);
    if (!ret)
        ret = open_generator(n, w, params, err);
    if (!ret)
        ret = plan_step(n, err);
    if (!ret)
        ret = s2vi_starts_read(&n->starts, w, n->generator.codes,
                               n->generator.shape.w, err);
    if (!ret)
        ret = s2vi_semantic_open_texts(n, w, err);
    return ret < 0 ? ret : s2vi_semantic_open_listening(n, err);
}

static void close_network(void *opaque)
{
    network *n = opaque;
    if (!n)
        return;
    s2vi_plan_close(&n->listening_plan);
    s2vi_graph_close(&n->listening_graph);
    s2vi_plan_close(&n->embedding_plan);
    s2vi_graph_close(&n->embedding_graph);
    s2vi_plan_close(&n->plan);
    s2vi_graph_close(&n->graph);
    s2vi_stylegan_clear(&n->generator);
    s2vi_vocabulary_close(&n->words);
    s2vi_starts_close(&n->starts);
    free(n->place);
    free(n);
}

static s2vi_planned get_plan(const void *opaque, int index)
{
    const network *n = opaque;
    const s2vi_planned plans[] = {{n->generator.plan, S2VI_WALK_FPS},
                                  {n->plan, S2VI_WALK_FPS},
                                  {n->listening_plan, S2VI_LISTENING_FPS},
                                  {n->generator.mapping_plan, S2VI_WALK_FPS},
                                  {n->embedding_plan, 0}};
    return index < 5 ? plans[index] : (s2vi_planned){0};
}

/* ------------------------------------------------------------- streams -- */

typedef struct stream {
    s2vi_stylegan_stream base; /* first: setters of a walk's options take it */
    const network *model;
    const s2vi_logger *logger;
    s2vi_exec *step;
    /* Options: */
    uint64_t seed;
    bool automatic;    /* the start is one of the scene that is heard; if none
                          is, */
    bool seeded;       /* that of `seed` */
    uint32_t own_seed; /* else of this one, */
    int entry;         /* or of the gallery; < 0: of a seed */
    char *text;        /* NULL: none; else it chooses: */
    int chosen;        /* of the gallery */
    double morph;      /* s */
    double blend;      /* NaN: the file's */
    s2vi_walk_layers layers; /* that the sound moves */
    char *clip_path, *merges;
    s2vi_semantic_clip *clip;
    s2vi_listener *listener; /* NULL: the model does not listen */
    /* (L,w): the start as it is, as it was a frame ago, where a walk to another
     * one began, that one; the codes of the frame before */
    float *start, *before, *from, *goal, *codes;
    int elapsed; /* frames of the walk; < 0: there is none */
    bool begun;
} stream;

static size_t numbers(const stream *s)
{
    return s->model->starts.numbers;
}

/* ---- the start ---- */

/* The place in the gallery, by text, sound or name; < 0: a seed's. */
static int find_entry(const stream *s)
{
    const int scene = s->automatic ? s2vi_listener_scene(s->listener) : -1;
    if (s->text)
        return s->chosen;
    return scene >= 0 ? s2vi_starts_of_scene(&s->model->starts, scene, s->seed)
                      : s->entry;
}

/* The codes that are to be started with. */
static int find_goal(stream *s, s2v_error *err)
{
    const s2vi_starts *g = &s->model->starts;
    const int entry = find_entry(s);
    if (entry >= 0) {
        memcpy(s->goal, g->codes + (size_t)entry * g->numbers,
               g->numbers * sizeof(*s->goal));
        return S2V_OK;
    }
    return s2vi_walk_start(s->base.walk,
                           s->seeded ? (uint32_t)s->seed : s->own_seed, s->goal,
                           err);
}

/* Another start, from the next frame on. */
static void move_start(stream *s)
{
    if (!s->begun)
        return;
    memcpy(s->from, s->start, numbers(s) * sizeof(*s->from));
    s->elapsed = 0;
}

/* Whatever the start is, the scene that is heard is known. */
static int listen(stream *s, const float *window, s2v_error *err)
{
    if (!s->listener)
        return S2V_OK;
    const int before = find_entry(s);
    const int ret = s2vi_listener_hear(s->listener, window, err);
    if (!ret && find_entry(s) != before)
        move_start(s);
    return ret;
}

/* How much of the way to another start is gone, and one frame further. */
static double advance(stream *s)
{
    if (s->elapsed < 0)
        return 1;
    const double t = ++s->elapsed / (s->morph * S2VI_WALK_FPS);
    if (!(t < 1)) {
        s->elapsed = -1;
        return 1;
    }
    return t * t * (3 - 2 * t);
}

static int follow_start(stream *s, s2v_error *err)
{
    const size_t n = numbers(s);
    const int ret = find_goal(s, err);
    if (ret < 0)
        return ret;
    const float part = (float)advance(s);
    memcpy(s->before, s->start, n * sizeof(*s->before));
    for (size_t i = 0; i < n; i++)
        s->start[i] = part < 1 ? s->from[i] + part * (s->goal[i] - s->from[i])
                               : s->goal[i];
    for (size_t i = 0; i < n; i++)
        s->codes[i] =
            s->begun ? s->codes[i] + (s->start[i] - s->before[i]) : s->start[i];
    s->begun = true;
    return S2V_OK;
}

/* ---- a frame ---- */

/* Eq. 4, and the blend. */
static int make_step(stream *s, const float *features, float *out,
                     s2v_error *err)
{
    const network *n = s->model;
    const float blend =
        (float)(isnan(s->blend) ? n->config.recurrent.blend : s->blend);
    const bool from_start =
        n->config.recurrent.feedback == S2VI_RECURRENT_FEEDBACK_START;
    const bool psp = n->config.inversion.kind == S2VI_INVERSION_PSP;
    int ret = s2vi_exec_write(s->step, n->sound, features + (psp ? LONG : 0));
    if (!ret) /* the other one is not in the plan */
        ret = from_start ? s2vi_exec_write(s->step, n->start, s->start)
                         : s2vi_exec_write(s->step, n->previous, s->codes);
    if (!ret)
        ret = s2vi_exec_run(s->step, &(s2vi_clock){0}, err);
    if (!ret)
        ret = s2vi_exec_read(s->step, n->codes, out);
    for (size_t i = 0; i < numbers(s) && !ret; i++)
        s->codes[i] =
            blend < 1 ? s->codes[i] + blend * (out[i] - s->codes[i]) : out[i];
    return ret;
}

static int make_codes(void *opaque, const float *features, float *ws,
                      s2v_error *err)
{
    stream *s = opaque;
    const bool silent = s2vi_mel_window_is_silent(features);
    int ret = silent ? S2V_OK : listen(s, features, err);
    if (!ret)
        ret = follow_start(s, err);
    if (!ret && !silent)
        ret = make_step(s, features, ws, err);
    const size_t w = (size_t)s->model->generator.shape.w;
    for (size_t i = 0; i < numbers(s); i++)
        ws[i] = s->layers & 1u << i / w ? s->codes[i] : s->start[i];
    return ret;
}

/* ---- lifetime ---- */

static int create(void **out, const void *model, const s2vi_logger *logger,
                  s2v_error *err)
{
    const network *n = model;
    stream *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "a stream");
    float **const of_codes[] = {&s->start, &s->before, &s->from, &s->goal,
                                &s->codes};
    s->model = n;
    s->logger = logger;
    s->entry = s->elapsed = -1;
    s->seeded = s->automatic = true;
    for (int i = 0; i < 5; i++) {
        *of_codes[i] = calloc(numbers(s), sizeof(float));
        if (!*of_codes[i])
            return s2vi_error_nomem(err, "a stream");
    }
    int ret =
        s2vi_stylegan_begin(&s->base, &n->generator, &n->source, logger, err);
    if (!ret)
        ret = s2vi_listener_create(&s->listener, n, err);
    return ret < 0 ? ret : s2vi_exec_create(&s->step, n->plan, err);
}

static void close_stream(void *opaque)
{
    stream *s = opaque;
    if (!s)
        return;
    s2vi_stylegan_end(&s->base);
    s2vi_exec_close(&s->step);
    s2vi_listener_close(&s->listener);
    s2vi_semantic_clip_close(&s->clip);
    free(s->text);
    free(s->clip_path);
    free(s->merges);
    free(s->start);
    free(s->before);
    free(s->from);
    free(s->goal);
    free(s->codes);
    free(s);
}

static void flush_stream(void *opaque)
{
    stream *s = opaque;
    s2vi_stylegan_flush(&s->base);
    s2vi_exec_reset(s->step);
    s2vi_listener_reset(s->listener);
    s->elapsed = -1;
    s->begun = false;
}

/* The goal is found again, by the options. */
static void pass_stream(void *opaque, s2vi_state *state)
{
    stream *s = opaque;
    s2vi_stylegan_pass_state(&s->base, state);
    s2vi_exec_pass_state(s->step, state);
    s2vi_listener_pass_state(s->listener, state);
    s2vi_state_floats(state, "scene.start", s->start, numbers(s), 1e30);
    s2vi_state_floats(state, "scene.from", s->from, numbers(s), 1e30);
    s2vi_state_floats(state, "scene.codes", s->codes, numbers(s), 1e30);
    s2vi_state_int(state, "scene.elapsed", &s->elapsed, -1, INT_MAX - 1);
    s2vi_state_bool(state, "scene.begun", &s->begun);
}

/* ------------------------------------------------------------- options -- */

int s2vi_semantic_set_seed(void *opaque, const s2vi_value *value,
                           s2v_error *err)
{
    stream *s = opaque;
    (void)err;
    s2vi_walk_get_options(s->base.walk)->seed = value->integer;
    if (s->seeded && !s->text && s->entry < 0 && s->seed != value->integer)
        move_start(s);
    s->seed = value->integer;
    return S2V_OK;
}

int s2vi_semantic_set_level(void *opaque, const s2vi_value *value,
                            s2v_error *err)
{
    const stream *s = opaque;
    return s2vi_frame_stream_set_level(s->base.frames, value, err);
}

/* "auto", "seed", a number, or a name of the gallery. */
int s2vi_semantic_set_start(void *opaque, const s2vi_value *value,
                            s2v_error *err)
{
    stream *s = opaque;
    const s2vi_starts *g = &s->model->starts;
    const char *text = value->text;
    const bool automatic = !strcmp(text, "auto");
    const bool seeded = automatic || !strcmp(text, "seed");
    char names[S2VI_STARTS_TEXT];
    s2vi_walk_seed seed = {0};
    const int entry = s2vi_starts_find(g, text);
    if (entry < 0 && !seeded &&
        (!g_ascii_isdigit(*text) ||
         s2vi_walk_parse_seed("start", text, &seed, NULL) < 0))
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "start: expected auto, seed, a number from 0 to %u%s%s, "
            "found '%.40s'",
            UINT32_MAX, g->count ? " or one of the gallery: " : "",
            s2vi_starts_text(g, names), text);
    const bool same = s->entry == entry && s->automatic == automatic &&
                      s->seeded == seeded && s->own_seed == seed.seed;
    s->automatic = automatic;
    s->entry = entry;
    s->seeded = seeded;
    s->own_seed = seed.seed;
    if (!same && !s->text)
        move_start(s);
    return S2V_OK;
}

/* A text, or NULL, that the entry was chosen for. */
static int take_text(stream *s, const char *text, int chosen, s2v_error *err)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        return s2vi_error_nomem(err, "a text");
    free(s->text);
    s->text = copy;
    s->chosen = chosen;
    move_start(s);
    return S2V_OK;
}

int s2vi_semantic_set_text(void *opaque, const s2vi_value *value,
                           s2v_error *err)
{
    stream *s = opaque;
    const char *text = strcmp(value->text, "none") ? value->text : NULL;
    int chosen = -1;
    if (text ? s->text && !strcmp(text, s->text) : !s->text)
        return S2V_OK;
    const int ret = text ? s2vi_semantic_choose(s->model, s->clip, text,
                                                s->logger, &chosen, err)
                         : S2V_OK;
    return ret < 0 ? ret : take_text(s, text, chosen, err);
}

/* CLIP of other files; the text's choice follows. Takes the paths if it can. */
static int change_clip(stream *s, char *path, char *merges, s2v_error *err)
{
    s2vi_semantic_clip *clip = NULL;
    int chosen = s->chosen;
    int ret = path && merges ? S2V_OK : s2vi_error_nomem(err, "a path");
    if (!ret && *path)
        ret = s2vi_semantic_clip_open(&clip, s->model, path, merges, err);
    if (!ret && s->text)
        ret = s2vi_semantic_choose(s->model, clip, s->text, s->logger, &chosen,
                                   err);
    if (ret < 0) {
        s2vi_semantic_clip_close(&clip);
        free(path);
        free(merges);
        return ret;
    }
    s2vi_semantic_clip_close(&s->clip);
    free(s->clip_path);
    free(s->merges);
    s->clip = clip;
    s->chosen = chosen;
    s->clip_path = path;
    s->merges = merges;
    return S2V_OK;
}

int s2vi_semantic_set_clip(void *opaque, const s2vi_value *value,
                           s2v_error *err)
{
    stream *s = opaque;
    return change_clip(s, strdup(value->text),
                       strdup(s->merges ? s->merges : ""), err);
}

int s2vi_semantic_set_merges(void *opaque, const s2vi_value *value,
                             s2v_error *err)
{
    stream *s = opaque;
    return change_clip(s, strdup(s->clip_path ? s->clip_path : ""),
                       strdup(value->text), err);
}

int s2vi_semantic_set_morph(void *opaque, const s2vi_value *value,
                            s2v_error *err)
{
    stream *s = opaque;
    (void)err;
    s->morph = value->number;
    return S2V_OK;
}

int s2vi_semantic_set_layers(void *opaque, const s2vi_value *value,
                             s2v_error *err)
{
    stream *s = opaque;
    return s2vi_walk_parse_layers("layers", value->text,
                                  s->model->generator.codes, &s->layers, err);
}

int s2vi_semantic_set_blend(void *opaque, const s2vi_value *value,
                            s2v_error *err)
{
    stream *s = opaque;
    char *end;
    const double blend = g_ascii_strtod(value->text, &end);
    const bool automatic = !strcmp(value->text, "auto");
    if (!automatic &&
        (end == value->text || *end || !(blend > 0 && blend <= 1)))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "blend: expected auto (the model's) or a number "
                          "above 0, up to 1, found '%.40s'",
                          value->text);
    s->blend = automatic ? NAN : blend;
    return S2V_OK;
}

/* The same as option text; an empty one is none. */
static int set_text(void *opaque, const char *text, s2v_error *err)
{
    const s2vi_value value = {.text = *text ? text : "none"};
    return s2vi_semantic_set_text(opaque, &value, err);
}

const s2vi_family s2vi_family_semantic = {
    .name = S2VI_SEMANTIC_NAME,
    .inputs = S2V_MEDIUM_AUDIO | S2V_MEDIUM_TEXT,
    .required = S2V_MEDIUM_AUDIO,
    .outputs = S2V_MEDIUM_VIDEO,
    .options = s2vi_semantic_options,
    .open = open_network,
    .close = close_network,
    .info = s2vi_stylegan_info,
    .plan = get_plan,
    .create = create,
    .close_stream = close_stream,
    .send_audio = s2vi_stylegan_send,
    .set_text = set_text,
    .drain = s2vi_stylegan_drain,
    .receive_video = s2vi_stylegan_receive,
    .flush = flush_stream,
    .pass_state = pass_stream,
    .report = s2vi_stylegan_report,
};
