/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams of the families stylegan2 and stylegan3. */
#include "session/stylegan.h"

#include "base/error.h"
#include "base/philox.h"
#include "graph/build.h"
#include "models/param_file.h"
#include "session/frame_stream.h"
#include "session/walk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of both an importer's files, beside the parameters. */
static const char *const others[] = {"mapping.w_std", NULL};

/* -------------------------------------------------------------- models -- */

/* (w) numbers; the file has them from scripts/import-stylegan. */
static int read_numbers(const s2v_weights *w, const char *name, int n,
                        float **out, s2v_error *err)
{
    const s2vi_tensor *t = s2vi_weights_find(w, name);
    if (!t || t->count != (size_t)n)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: tensor '%s' is %s: scripts/import-stylegan "
                          "makes files that have it",
                          s2v_weights_get_path(w, NULL), name,
                          t ? "of another size" : "missing");
    *out = malloc((size_t)n * sizeof(**out));
    return *out ? s2vi_weights_read_f32(w, t, *out, err)
                : s2vi_error_nomem(err, name);
}

static int plan_mapping(s2vi_stylegan *m, s2vi_store *store, s2v_error *err)
{
    m->mapping_graph = s2vi_graph_create();
    if (!m->mapping_graph)
        return s2vi_error_nomem(err, "a model's graph");
    const int ret = s2vi_stylegan_mapping_build(m->mapping_graph, &m->shape, 1,
                                                &m->mapping, err);
    const s2vi_plan_params params = {.outputs = &m->mapping.w,
                                     .n_outputs = 1,
                                     .frozen = true,
                                     .resumes = true};
    return ret < 0 ? ret
                   : s2vi_plan_create(&m->mapping_plan, m->mapping_graph, store,
                                      &params, err);
}

int s2vi_stylegan_load(s2vi_stylegan *m, s2vi_param_list *list,
                       const s2v_weights *w, const s2vi_open_params *params,
                       s2v_error *err)
{
    int ret = s2vi_param_list_check(list, w, others, err);
    if (!ret)
        ret = read_numbers(w, "mapping.w_avg", m->shape.w, &m->w_avg, err);
    if (!ret)
        ret = read_numbers(w, "mapping.w_std", m->shape.w, &m->w_std, err);
    if (!ret)
        ret = s2vi_param_list_load(list, w, params->store, err);
    if (!ret)
        ret = plan_mapping(m, params->store, err);
    if (ret < 0)
        return ret;
    m->graph = s2vi_graph_create();
    if (!m->graph)
        return s2vi_error_nomem(err, "a model's graph");
    m->ws = s2vi_input(m->graph, "ws", S2VI_SHAPE(1, m->codes, m->shape.w));
    return s2vi_progress_report(params->progress, 0.2, err);
}

int s2vi_stylegan_read_planes(s2vi_stylegan *m, const s2v_weights *w,
                              s2v_error *err)
{
    size_t at = 0;
    int ret = S2V_OK;
    for (int i = 0; i < m->n_planes; i++) {
        const size_t n = (size_t)s2vi_shape_count(&m->plane[i]->shape);
        m->plane_numbers += n;
        m->largest_plane = n > m->largest_plane ? n : m->largest_plane;
    }
    m->planes = malloc((m->plane_numbers + 1) * sizeof(*m->planes));
    if (!m->planes)
        return s2vi_error_nomem(err, "noise");
    for (int i = 0; i < m->n_planes && !ret; i++) {
        const s2vi_tensor *t = s2vi_weights_find(w, m->plane_name[i]);
        ret = s2vi_weights_read_f32(w, t, m->planes + at, err);
        at += t->count;
    }
    return ret;
}

int s2vi_stylegan_plan(s2vi_stylegan *m, const s2vi_open_params *params,
                       s2v_error *err)
{
    const s2vi_plan_params plan = {.outputs = &m->video,
                                   .n_outputs = 1,
                                   .frozen = true,
                                   .owns = true,
                                   .resumes = true};
    return s2vi_plan_create(&m->plan, m->graph, params->store, &plan, err);
}

void s2vi_stylegan_close(void *model)
{
    s2vi_stylegan *m = model;
    if (!m)
        return;
    s2vi_plan_close(&m->plan);
    s2vi_plan_close(&m->mapping_plan);
    s2vi_graph_close(&m->graph);
    s2vi_graph_close(&m->mapping_graph);
    free(m->w_avg);
    free(m->w_std);
    free(m->planes);
    free(m);
}

void s2vi_stylegan_info(const void *model, s2v_model_info *info)
{
    const s2vi_stylegan *m = model;
    info->sample_rate = S2VI_MUSIC_RATE;
    info->width = info->height = (int)m->video->shape.dim[1];
    info->fps_num = S2VI_WALK_FPS;
    info->fps_den = 1;
    info->latency_samples = S2VI_MUSIC_SPAN;
}

s2vi_planned s2vi_stylegan_planned(const void *model, int index)
{
    const s2vi_stylegan *m = model;
    const s2vi_plan *const plan[] = {m->plan, m->mapping_plan};
    return index < 2 ? (s2vi_planned){plan[index], S2VI_WALK_FPS}
                     : (s2vi_planned){0};
}

/* ------------------------------------------------------------ features -- */

static int create_music(void **self, const void *trained,
                        const s2vi_logger *logger, s2v_error *err)
{
    s2vi_music *m = NULL;
    (void)trained, (void)logger;
    const int ret = s2vi_music_create(&m, err);
    *self = m;
    return ret;
}

static void close_music(void *self)
{
    s2vi_music *m = self;
    s2vi_music_close(&m);
}

static int reserve_music(void *self, size_t n)
{
    return s2vi_music_reserve(self, n);
}

static int send_music(void *self, const float *samples, size_t n)
{
    return s2vi_music_send(self, samples, n);
}

static void drain_music(void *self)
{
    s2vi_music_drain(self);
}

static int receive_music(void *self, float *features)
{
    return s2vi_music_receive(self, features);
}

static void flush_music(void *self)
{
    s2vi_music_flush(self);
}

static const s2vi_extractor music = {
    .count = S2VI_MUSIC_COUNT,
    .create = create_music,
    .close = close_music,
    .reserve = reserve_music,
    .send = send_music,
    .drain = drain_music,
    .receive = receive_music,
    .flush = flush_music,
};

/* ------------------------------------------------------------- streams -- */

typedef enum noise_kind { NOISE_CONST, NOISE_NONE, NOISE_REACT } noise_kind;

enum {
    NOISE_STREAM = 0x59, /* of random numbers; plane i's is NOISE_STREAM + i */
    NOISE_SIDE = 256,    /* planes up to there turn: those that show */
};

/* Where the camera is, and how it moves (StyleGAN3). */
typedef struct camera {
    double zoom, rotate, pan_x, pan_y;
    double angle; /* so far, degrees */
} camera;

typedef struct stream {
    const s2vi_stylegan *model;
    void *frames; /* a frame stream */
    s2vi_walk *walk;
    s2vi_exec *mapping;
    float *ws; /* (codes,w) */
    camera camera;
    noise_kind noise;
    float *other; /* planes to turn to, one after another as the file's */
    float *mixed; /* the largest plane, as it is written */
    bool noise_written;
    uint64_t noise_seed; /* of `other` */
    double turned;       /* from the one to the other, radians */
} stream;

static int map(void *opaque, const float *z, const float *classes, float *w,
               s2v_error *err)
{
    const stream *s = opaque;
    const s2vi_stylegan *m = s->model;
    int ret = s2vi_exec_write(s->mapping, m->mapping.z, z);
    if (!ret && m->mapping.c)
        ret = s2vi_exec_write(s->mapping, m->mapping.c, classes);
    if (!ret)
        ret = s2vi_exec_run(s->mapping, &(s2vi_clock){0}, err);
    return ret < 0 ? ret : s2vi_exec_read(s->mapping, m->mapping.w, w);
}

/* The inverse of what the camera does: the picture is looked up there. */
static void look(camera *c, float u[9])
{
    const double angle = c->angle * acos(-1) / 180;
    const double cosine = cos(angle) / c->zoom, sine = sin(angle) / c->zoom;
    const double row[2][2] = {{cosine, sine}, {-sine, cosine}};
    memset(u, 0, 9 * sizeof(*u));
    for (int i = 0; i < 2; i++) {
        u[3 * i] = (float)row[i][0];
        u[3 * i + 1] = (float)row[i][1];
        u[3 * i + 2] = (float)-(row[i][0] * c->pan_x + row[i][1] * c->pan_y);
    }
    u[8] = 1;
    c->angle = fmod(c->angle + c->rotate / S2VI_WALK_FPS, 360);
}

static void draw_other(stream *s, uint64_t seed)
{
    const s2vi_stylegan *m = s->model;
    size_t at = 0;
    for (int i = 0; i < m->n_planes; i++) {
        const s2vi_philox key = {.seed = seed,
                                 .stream = NOISE_STREAM + (uint32_t)i};
        const size_t n = (size_t)s2vi_shape_count(&m->plane[i]->shape);
        s2vi_philox_normal(&key, 0, n, s->other + at);
        at += n;
    }
    s->noise_seed = seed;
}

/* cos n0 + sin n1 has n0's deviation at any angle: no new noise each frame,
 * which would flicker. */
static int write_noise(stream *s, const float *features, s2vi_exec *exec)
{
    const s2vi_stylegan *m = s->model;
    const uint64_t seed = s2vi_walk_get_options(s->walk)->seed;
    const bool react = s->noise == NOISE_REACT;
    if (!react && s->noise_written)
        return S2V_OK;
    if (react && seed != s->noise_seed)
        draw_other(s, seed);
    if (react)
        s->turned += fmax((double)features[S2VI_MUSIC_LOW],
                          (double)features[S2VI_MUSIC_HIGH]);
    const float a = s->noise == NOISE_NONE ? 0
                    : react                ? (float)cos(s->turned)
                                           : 1;
    const float b = react ? (float)sin(s->turned) : 0;
    const float *plane = m->planes, *other = s->other;
    int ret = S2V_OK;
    for (int i = 0; i < m->n_planes && !ret; i++) {
        const int64_t n = s2vi_shape_count(&m->plane[i]->shape);
        const bool turns = m->plane[i]->shape.dim[1] <= NOISE_SIDE;
        for (int64_t k = 0; k < n; k++)
            s->mixed[k] =
                turns || !react ? a * plane[k] + b * other[k] : plane[k];
        ret = s2vi_exec_write(exec, m->plane[i], s->mixed);
        plane += n;
        other += n;
    }
    s->noise_written = true;
    return ret;
}

static int feed(void *opaque, const float *features, s2vi_exec *exec,
                s2v_error *err)
{
    stream *s = opaque;
    float u[9];
    int ret = s2vi_walk_next(s->walk, features, s->ws, err);
    if (!ret)
        ret = s2vi_exec_write(exec, s->model->ws, s->ws);
    if (!ret && s->model->n_planes)
        ret = write_noise(s, features, exec);
    if (ret < 0 || !s->model->transform)
        return ret;
    look(&s->camera, u);
    return s2vi_exec_write(exec, s->model->transform, u);
}

static void grade(void *opaque, float *video, size_t n)
{
    const stream *s = opaque;
    s2vi_walk_grade(s->walk, video, n);
}

int s2vi_stylegan_create(void **out, const void *model,
                         const s2vi_logger *logger, s2v_error *err)
{
    const s2vi_stylegan *m = model;
    stream *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "a stream");
    const s2vi_frame_network network = {.plan = m->plan,
                                        .video = m->video,
                                        .extractor = &music,
                                        .level = NAN,
                                        .feed = feed,
                                        .grade = grade,
                                        .opaque = s};
    const s2vi_walk_space space = {.z = m->shape.z,
                                   .w = m->shape.w,
                                   .codes = m->codes,
                                   .classes = m->shape.classes,
                                   .w_avg = m->w_avg,
                                   .w_std = m->w_std,
                                   .map = map,
                                   .opaque = s};
    s->model = m;
    s->ws = malloc((size_t)(m->codes * m->shape.w) * sizeof(*s->ws));
    s->other = calloc(m->plane_numbers + 1, sizeof(*s->other));
    s->mixed = malloc((m->largest_plane + 1) * sizeof(*s->mixed));
    if (!s->ws || !s->other || !s->mixed)
        return s2vi_error_nomem(err, "a stream");
    draw_other(s, 0);
    int ret = s2vi_frame_stream_create(&s->frames, &network, logger, err);
    if (!ret)
        ret = s2vi_walk_create(&s->walk, &space, err);
    if (!ret)
        ret = s2vi_exec_create(&s->mapping, m->mapping_plan, err);
    return ret;
}

void s2vi_stylegan_close_stream(void *opaque)
{
    stream *s = opaque;
    if (!s)
        return;
    s2vi_frame_stream_close(s->frames);
    s2vi_walk_close(&s->walk);
    s2vi_exec_close(&s->mapping);
    free(s->ws);
    free(s->other);
    free(s->mixed);
    free(s);
}

int s2vi_stylegan_send(void *opaque, const float *samples, size_t count,
                       s2v_error *err)
{
    const stream *s = opaque;
    return s2vi_frame_stream_send(s->frames, samples, count, err);
}

int s2vi_stylegan_drain(void *opaque, s2v_error *err)
{
    const stream *s = opaque;
    return s2vi_frame_stream_drain(s->frames, err);
}

int s2vi_stylegan_receive(void *opaque, s2v_video_frame *frame, s2v_error *err)
{
    const stream *s = opaque;
    return s2vi_frame_stream_receive(s->frames, frame, err);
}

void s2vi_stylegan_flush(void *opaque)
{
    stream *s = opaque;
    s2vi_frame_stream_flush(s->frames);
    s2vi_walk_reset(s->walk);
    s->camera.angle = 0;
    s->turned = 0;
    s->noise_written = false;
}

void s2vi_stylegan_report(const void *opaque, const s2vi_logger *logger)
{
    const stream *s = opaque;
    if (s->frames)
        s2vi_frame_stream_report(s->frames, logger);
}

/* ------------------------------------------------------------- options -- */

static s2vi_walk_options *of(void *opaque)
{
    const stream *s = opaque;
    return s2vi_walk_get_options(s->walk);
}

/* Setters of numbers and whole numbers. */
#define SETTER(name, place, value_of)                                          \
    static int set_##name(void *opaque, const s2vi_value *value,               \
                          s2v_error *err)                                      \
    {                                                                          \
        (void)err;                                                             \
        place = value->value_of;                                               \
        return S2V_OK;                                                         \
    }

SETTER(seed, of(opaque)->seed, integer)
SETTER(psi, of(opaque)->psi, number)
SETTER(psi_react, of(opaque)->psi_react, number)
SETTER(pulse, of(opaque)->pulse, number)
SETTER(release, of(opaque)->release, number)
SETTER(motion, of(opaque)->motion, number)
SETTER(motion_random, of(opaque)->motion_random, number)
SETTER(chroma, of(opaque)->chroma, number)
SETTER(class_react, of(opaque)->class_react, number)
SETTER(class_smooth, of(opaque)->class_smooth, number)
SETTER(contrast, of(opaque)->contrast, number)
SETTER(flash, of(opaque)->flash, number)
SETTER(zoom, ((stream *)opaque)->camera.zoom, number)
SETTER(rotate, ((stream *)opaque)->camera.rotate, number)
SETTER(pan_x, ((stream *)opaque)->camera.pan_x, number)
SETTER(pan_y, ((stream *)opaque)->camera.pan_y, number)

static int set_loop(void *opaque, const s2vi_value *value, s2v_error *err)
{
    (void)err;
    of(opaque)->loop = value->integer != 0;
    return S2V_OK;
}

static int set_cutoff(void *opaque, const s2vi_value *value, s2v_error *err)
{
    (void)err;
    of(opaque)->cutoff = (int)value->number;
    return S2V_OK;
}

static int set_class(void *opaque, const s2vi_value *value, s2v_error *err)
{
    const stream *s = opaque;
    const int classes = s->model->shape.classes;
    if (value->number > 0 && !classes)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "class: the model has no classes, found '%s'",
                          value->text);
    if (value->number > 0 && value->number >= classes)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "class: the model has %d classes, expected 0 to %d, "
                          "found '%s'",
                          classes, classes - 1, value->text);
    of(opaque)->class = (int)value->number;
    return S2V_OK;
}

/* One of some words. */
static int set_word(const char *name, const char *const *words,
                    const char *text, int *found, s2v_error *err)
{
    char list[80] = "";
    for (int i = 0; words[i]; i++) {
        if (!strcmp(words[i], text)) {
            *found = i;
            return S2V_OK;
        }
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
                 i ? ", " : "", words[i]);
    }
    return s2vi_error(err, S2V_ERR_INVALID, "%s: expected %s, found '%.40s'",
                      name, list, text);
}

static int set_interp(void *opaque, const s2vi_value *value, s2v_error *err)
{
    static const char *const words[] = {"slerp", "spline", NULL};
    int found = 0;
    const int ret = set_word("interp", words, value->text, &found, err);
    if (!ret)
        of(opaque)->spline = found;
    return ret;
}

static int set_noise(void *opaque, const s2vi_value *value, s2v_error *err)
{
    static const char *const words[] = {"const", "none", "react", NULL};
    stream *s = opaque;
    int found = 0;
    const int ret = set_word("noise", words, value->text, &found, err);
    if (!ret) {
        s->noise = (noise_kind)found;
        s->noise_written = false;
    }
    return ret;
}

static int set_source(const char *name, const s2vi_value *value,
                      s2vi_walk_source *source, s2v_error *err)
{
    static const char *const words[] = {"perc", "low",  "high",
                                        "full", "harm", NULL};
    int found = 0;
    const int ret = set_word(name, words, value->text, &found, err);
    if (!ret)
        *source = (s2vi_walk_source)found;
    return ret;
}

static int set_pulse_source(void *opaque, const s2vi_value *v, s2v_error *err)
{
    return set_source("pulse_source", v, &of(opaque)->pulse_source, err);
}

static int set_motion_source(void *opaque, const s2vi_value *v, s2v_error *err)
{
    return set_source("motion_source", v, &of(opaque)->motion_source, err);
}

static int set_pulse_layers(void *opaque, const s2vi_value *v, s2v_error *err)
{
    const stream *s = opaque;
    return s2vi_walk_parse_layers("pulse_layers", v->text, s->model->codes,
                                  &of(opaque)->pulse_layers, err);
}

static int set_chroma_layers(void *opaque, const s2vi_value *v, s2v_error *err)
{
    const stream *s = opaque;
    return s2vi_walk_parse_layers("chroma_layers", v->text, s->model->codes,
                                  &of(opaque)->chroma_layers, err);
}

/* Texts that the walk reads. */
#define TEXT_SETTER(name)                                                      \
    static int set_##name(void *opaque, const s2vi_value *value,               \
                          s2v_error *err)                                      \
    {                                                                          \
        const stream *s = opaque;                                              \
        return s2vi_walk_set_##name(s->walk, value->text, err);                \
    }

TEXT_SETTER(seeds)
TEXT_SETTER(classes)
TEXT_SETTER(chroma_seeds)
TEXT_SETTER(speed)
TEXT_SETTER(bpm)
TEXT_SETTER(mix)

#define SEED_SETTER(name)                                                      \
    static int set_##name(void *opaque, const s2vi_value *value,               \
                          s2v_error *err)                                      \
    {                                                                          \
        return s2vi_walk_parse_seed(#name, value->text, &of(opaque)->name,     \
                                    err);                                      \
    }

SEED_SETTER(center)
SEED_SETTER(kick)
SEED_SETTER(snare)

/* Rows of the table. */
#define ROW(option, type, low, high, value, of_unit, text)                     \
    {                                                                          \
        .about = {.name = #option,                                             \
                  .kind = S2V_OPTION_##type,                                   \
                  .when = S2V_OPTION_RUNNING,                                  \
                  .minimum = (low),                                            \
                  .maximum = (high),                                           \
                  .default_value = (value),                                    \
                  .unit = (of_unit),                                           \
                  .help = (text)},                                             \
        .set = set_##option                                                    \
    }
#define NUMBER(option, low, high, value, unit, text)                           \
    ROW(option, NUMBER, low, high, value, unit, text)
#define TEXT(option, value, text) ROW(option, TEXT, 0, 0, value, NULL, text)

#define BOTH                                                                   \
    S2VI_STYLEGAN_SEED,                                                        \
        TEXT(seeds, "0-11",                                                    \
             "set the keyframes: seeds and ranges of them, as 0-11 or "        \
             "3,7,12-15"),                                                     \
        TEXT(speed, "12",                                                      \
             "set the speed: keyframes a minute, or what one lasts, as 4beat " \
             "or "                                                             \
             "1bar"),                                                          \
        TEXT(bpm, "auto",                                                      \
             "set the tempo that beats and bars are of: auto (the audio's), "  \
             "off "                                                            \
             "(120) or a number"),                                             \
        TEXT(interp, "slerp",                                                  \
             "set the way between keyframes: slerp (of z) or spline (of w)"),  \
        ROW(loop, INTEGER, 0, 1, "1", NULL,                                    \
            "set whether the last keyframe is followed by the first"),         \
        NUMBER(psi, -2, 2, "0.7", NULL,                                        \
               "set the truncation: distance from the average picture"),       \
        NUMBER(psi_react, -2, 2, "0", NULL,                                    \
               "set what the loudness adds to psi"),                           \
        ROW(cutoff, INTEGER, -1, S2VI_WALK_CODES, "-1", NULL,                  \
            "set the style codes that are truncated: those below; -1: all"),   \
        TEXT(center, "average",                                                \
             "set the picture that psi is the distance from: average or a "    \
             "seed"),                                                          \
        ROW(class, INTEGER, 0, 4095, "0", NULL,                                \
            "set the class, of a model that has some"),                        \
        TEXT(classes, "none",                                                  \
             "set the classes of the tones from C on: none or twelve"),        \
        NUMBER(class_react, 0, 1, "0.5", NULL,                                 \
               "set how much tones mix their classes in"),                     \
        NUMBER(class_smooth, 0, 60, "1", "s",                                  \
               "set how slowly classes change"),                               \
        NUMBER(release, 0, 10000, "150", "ms",                                 \
               "set how slowly what the audio does fades"),                    \
        NUMBER(pulse, 0, 10, "0.5", NULL,                                      \
               "set how far onsets move the picture"),                         \
        TEXT(pulse_source, "perc",                                             \
             "set what the pulse follows: perc, low, high, full or harm"),     \
        TEXT(pulse_layers, "coarse+mid",                                       \
             "set the layers of the pulse: coarse, mid, fine, all, or as "     \
             "0-3,8-"),                                                        \
        NUMBER(motion, 0, 10, "0", NULL,                                       \
               "set how fast the audio moves the picture on"),                 \
        TEXT(motion_source, "harm",                                            \
             "set what the motion follows: perc, low, high, full or harm"),    \
        NUMBER(motion_random, 0, 1, "0.5", NULL,                               \
               "set how unevenly the motion moves"),                           \
        NUMBER(chroma, 0, 1, "0", NULL,                                        \
               "set how much tones mix the pictures of chroma_seeds in"),      \
        TEXT(chroma_seeds, "100-111",                                          \
             "set the pictures of the tones from C on: twelve seeds"),         \
        TEXT(chroma_layers, "fine", "set the layers of chroma"),               \
        TEXT(kick, "none",                                                     \
             "set the picture that low onsets show: none or a seed"),          \
        TEXT(snare, "none",                                                    \
             "set the picture that high onsets show: none or a seed"),         \
        TEXT(mix, "none",                                                      \
             "set layers that are of other pictures, as 0-3:SEED,8-:SEED"),    \
        NUMBER(contrast, 0, 10, "0", NULL,                                     \
               "set what the loudness adds to the contrast"),                  \
        NUMBER(flash, 0, 2, "0", NULL,                                         \
               "set what the loudness adds to the brightness")

#define S2VI_STYLEGAN_SEED                                                     \
    ROW(seed, INTEGER, 0, (double)UINT64_MAX, "0", NULL,                       \
        "set the seed of the random numbers")

const s2vi_option s2vi_stylegan2_options[] = {
    BOTH,
    TEXT(noise, "const",
         "set the noise: const (the file's planes), none or react (turned by "
         "onsets)"),
    {{.name = "size",
      .kind = S2V_OPTION_INTEGER,
      .when = S2V_OPTION_OPEN,
      .maximum = 1024,
      .default_value = "0",
      .help = "set the size of the frames, a smaller power of 2; 0: whole"},
     NULL},
    {{0}, NULL}};

const s2vi_option s2vi_stylegan3_options[] = {
    BOTH,
    NUMBER(zoom, 0.1, 10, "1", NULL, "set the camera's magnification"),
    NUMBER(rotate, -3600, 3600, "0", "degrees/s",
           "set how fast the camera turns"),
    NUMBER(pan_x, -10, 10, "0", NULL,
           "set where the camera looks, in widths of the picture"),
    NUMBER(pan_y, -10, 10, "0", NULL,
           "set where the camera looks, in heights of the picture"),
    {{0}, NULL}};
