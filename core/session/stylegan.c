/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models and streams of the families stylegan2, stylegan3 and semantic. */
#include "session/stylegan.h"

#include "base/error.h"
#include "base/philox.h"
#include "graph/build.h"
#include "models/param_file.h"
#include "session/frame_stream.h"

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of both an importer's files, beside the parameters. */
static const char *const others[] = {"mapping.w_std", NULL};

/* -------------------------------------------------------------- models -- */

/* (w) numbers; the file has them from scripts/import-stylegan. */
static int read_numbers(const s2v_weights *w, const char *prefix,
                        const char *own, int n, float **out, s2v_error *err)
{
    char name[2 * S2VI_PARAM_NAME];
    snprintf(name, sizeof(name), "%s%s", prefix, own);
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

static int refuse_names(const s2v_weights *w, int classes, s2v_error *err)
{
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: metadata '" S2VI_STYLEGAN_CLASSES
                      "' is no JSON list of %d texts",
                      s2v_weights_get_path(w, NULL), classes);
}

/* The classes' names, where the file has them. */
static int read_names(s2vi_stylegan *m, const s2v_weights *w, s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(w, S2VI_STYLEGAN_CLASSES);
    const int n = m->shape.classes;
    if (!text || !n)
        return S2V_OK;
    json_t *names = json_loads(text, 0, NULL);
    m->class_name = calloc((size_t)n, sizeof(*m->class_name));
    int ret = !m->class_name ? s2vi_error_nomem(err, "names of classes")
              : json_array_size(names) == (size_t)n ? S2V_OK
                                                    : refuse_names(w, n, err);
    for (int i = 0; i < n && !ret; i++) {
        const json_t *name = json_array_get(names, (size_t)i);
        if (!json_is_string(name))
            ret = refuse_names(w, n, err);
        else if (!(m->class_name[i] = strdup(json_string_value(name))))
            ret = s2vi_error_nomem(err, "names of classes");
    }
    json_decref(names);
    return ret;
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

int s2vi_stylegan_prepare(s2vi_stylegan *m, const s2v_weights *w,
                          const char *prefix, const s2vi_open_params *params,
                          s2v_error *err)
{
    const int n = m->shape.w;
    int ret = read_numbers(w, prefix, "mapping.w_avg", n, &m->w_avg, err);
    if (!ret)
        ret = read_numbers(w, prefix, "mapping.w_std", n, &m->w_std, err);
    if (!ret)
        ret = read_names(m, w, err);
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

/* "12" or "30000/1001". */
static bool parse_rate(const char *text, s2vi_frame_rate *rate)
{
    const int most_num = 60000, most_den = 1001;
    guint64 num, den = 1;
    char *end;
    num = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(*text))
        return false;
    if (*end == '/' && g_ascii_isdigit(end[1]))
        den = g_ascii_strtoull(end + 1, &end, 10);
    if (*end || num > (guint64)most_num || den > (guint64)most_den)
        return false;
    *rate = (s2vi_frame_rate){(int)num, (int)den};
    return den && num >= den && num <= S2VI_MUSIC_MOST * den;
}

/* As a fraction without common factors, by which models are compared. */
static s2vi_frame_rate reduced(s2vi_frame_rate rate)
{
    int a = rate.num, b = rate.den;
    while (b) {
        const int rest = a % b;
        a = b;
        b = rest;
    }
    return (s2vi_frame_rate){rate.num / a, rate.den / a};
}

static int set_rate(s2vi_stylegan *m, const char *fps, s2v_error *err)
{
    m->rate = (s2vi_frame_rate){S2VI_WALK_FPS, 1};
    if (fps && !parse_rate(fps, &m->rate))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "fps: expected 1 to %d frames a second, as 12 or "
                          "30000/1001, found '%.40s'",
                          S2VI_MUSIC_MOST, fps);
    m->rate = reduced(m->rate);
    return S2V_OK;
}

int s2vi_stylegan_load(s2vi_stylegan *m, s2vi_param_list *list,
                       const s2v_weights *w, const s2vi_open_params *params,
                       s2v_error *err)
{
    int ret = set_rate(m, params->fps, err);
    if (!ret)
        ret = s2vi_param_list_check(list, w, others, err);
    if (!ret)
        ret = s2vi_param_list_load(list, w, params->store, err);
    return ret < 0 ? ret : s2vi_stylegan_prepare(m, w, "", params, err);
}

/* ---- recording ---- */

/* The noise of `plane` and `plane_name`, which are set, from the file. */
static int read_planes(s2vi_stylegan *m, const s2v_weights *w,
                       const char *prefix, s2v_error *err)
{
    char name[2 * S2VI_PARAM_NAME];
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
        snprintf(name, sizeof(name), "%s%s", prefix, m->plane_name[i]);
        const s2vi_tensor *t = s2vi_weights_find(w, name);
        ret = s2vi_weights_read_f32(w, t, m->planes + at, err);
        at += t->count;
    }
    return ret;
}

/* A picture of `size` pixels, a block's side below the whole. */
static int check_size(const s2vi_stylegan2_config *c, int size, s2v_error *err)
{
    if (!size || (size >= 4 && size <= c->size && !(size & (size - 1))))
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "size: the model makes frames of %d pixels, expected a "
                      "power of 2 from 4 to that, found %d",
                      c->size, size);
}

int s2vi_stylegan_record2(s2vi_stylegan *m, const s2vi_stylegan2_config *c,
                          int size, const s2v_weights *w, const char *prefix,
                          s2v_error *err)
{
    const s2vi_stylegan2_params params = {
        .size = size, .noise = S2VI_STYLEGAN2_NOISE_GIVEN, .strips = true};
    s2vi_stylegan2_graph g;
    int ret = check_size(c, size, err);
    if (!ret)
        ret = s2vi_stylegan2_build(m->graph, c, &params, m->ws, &g, err);
    if (ret < 0)
        return ret;
    m->video = g.video;
    for (int i = 0; i < 2 * S2VI_STYLEGAN2_BLOCKS; i++) {
        s2vi_node *plane = g.noise[i / 2][i % 2];
        if (!plane)
            continue;
        snprintf(m->plane_name[m->n_planes], S2VI_PARAM_NAME,
                 "synthesis.b%d.conv%d.noise_const", s2vi_stylegan2_side(i / 2),
                 i % 2);
        m->plane[m->n_planes++] = plane;
    }
    return read_planes(m, w, prefix, err);
}

int s2vi_stylegan_record3(s2vi_stylegan *m, const s2vi_stylegan3_config *c,
                          s2v_error *err)
{
    s2vi_stylegan3_graph g;
    const int ret = s2vi_stylegan3_build(m->graph, c, true, m->ws, &g, err);
    if (ret < 0)
        return ret;
    m->video = g.video;
    m->transform = g.transform;
    return S2V_OK;
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

void s2vi_stylegan_clear(s2vi_stylegan *m)
{
    s2vi_plan_close(&m->plan);
    s2vi_plan_close(&m->mapping_plan);
    s2vi_graph_close(&m->graph);
    s2vi_graph_close(&m->mapping_graph);
    free(m->w_avg);
    free(m->w_std);
    for (int i = 0; m->class_name && i < m->shape.classes; i++)
        free(m->class_name[i]);
    free(m->class_name);
    free(m->planes);
}

void s2vi_stylegan_close(void *model)
{
    if (model)
        s2vi_stylegan_clear(model);
    free(model);
}

void s2vi_stylegan_info(const void *model, s2v_model_info *info)
{
    const s2vi_stylegan *m = model;
    info->sample_rate = S2VI_MUSIC_RATE;
    info->width = info->height = (int)m->video->shape.dim[1];
    info->fps_num = m->rate.num;
    info->fps_den = m->rate.den;
    info->latency_samples = S2VI_MUSIC_SPAN;
}

static double fps_of(const s2vi_stylegan *m)
{
    return (double)m->rate.num / m->rate.den;
}

s2vi_planned s2vi_stylegan_planned(const void *model, int index)
{
    const s2vi_stylegan *m = model;
    const s2vi_plan *const plan[] = {m->plan, m->mapping_plan};
    return index < 2 ? (s2vi_planned){plan[index], fps_of(m)}
                     : (s2vi_planned){0};
}

/* ------------------------------------------------------------ features -- */

/* `rate` is a model's frame rate. */
static int create_music(void **self, const void *rate,
                        const s2vi_logger *logger, s2v_error *err)
{
    s2vi_music *m = NULL;
    (void)logger;
    const int ret = s2vi_music_create(&m, *(const s2vi_frame_rate *)rate, err);
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

static void pass_music(void *self, s2vi_state *state)
{
    s2vi_music_pass_state(self, state);
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
    .pass_state = pass_music,
};

/* ------------------------------------------------------------- streams -- */

typedef s2vi_stylegan_stream stream;

enum {
    NOISE_STREAM = 0x59, /* of random numbers; plane i's is NOISE_STREAM + i */
    NOISE_SIDE = 256,    /* planes up to there turn: those that show */
};

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

/* The inverse of what the camera does at a loudness: the picture is looked up
 * there. Then it turns on by a frame's part of a second. */
static void look(s2vi_stylegan_camera *c, double level, double fps, float u[9])
{
    const double least = 0.1; /* as the option zoom */
    const double angle = c->angle * acos(-1) / 180;
    const double zoom = fmax(c->zoom + c->zoom_react * level, least);
    const double x = c->pan_x + c->pan_x_react * level;
    const double y = c->pan_y + c->pan_y_react * level;
    const double cosine = cos(angle) / zoom, sine = sin(angle) / zoom;
    const double row[2][2] = {{cosine, sine}, {-sine, cosine}};
    memset(u, 0, 9 * sizeof(*u));
    for (int i = 0; i < 2; i++) {
        u[3 * i] = (float)row[i][0];
        u[3 * i + 1] = (float)row[i][1];
        u[3 * i + 2] = (float)-(row[i][0] * x + row[i][1] * y);
    }
    u[8] = 1;
    const double turn = c->rotate + c->rotate_react * level;
    c->angle = fmod(c->angle + turn / fps, 360);
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
static int write_noise(stream *s, const float *music_of, s2vi_exec *exec)
{
    const s2vi_stylegan *m = s->model;
    const uint64_t seed = s2vi_walk_get_options(s->walk)->seed;
    const bool react = s->noise == S2VI_STYLEGAN_NOISE_REACT;
    if (!react && s->noise_written)
        return S2V_OK;
    if (react && seed != s->noise_seed)
        draw_other(s, seed);
    if (react)
        s->turned += S2VI_WALK_FPS / fps_of(m) *
                     fmax((double)music_of[S2VI_MUSIC_LOW],
                          (double)music_of[S2VI_MUSIC_HIGH]);
    const float a = s->noise == S2VI_STYLEGAN_NOISE_NONE ? 0
                    : react                              ? (float)cos(s->turned)
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

/* The frame's codes, of keyframes or of the source. */
static int make_codes(stream *s, const float *features, const float *music_of,
                      s2v_error *err)
{
    const s2vi_stylegan *m = s->model;
    if (!s->source)
        return s2vi_walk_next(s->walk, music_of, s->ws, err);
    int ret = s->source->codes(s, features, s->ws, err);
    if (!ret)
        ret = s2vi_walk_react(s->walk, music_of, s->ws, err);
    if (s->camera.still && m->transform) /* the first code moves it alone */
        memcpy(s->ws, m->w_avg, (size_t)m->shape.w * sizeof(*s->ws));
    return ret;
}

static int feed(void *opaque, const float *features, s2vi_exec *exec,
                s2v_error *err)
{
    stream *s = opaque;
    const float *music_of = features;
    float u[9];
    if (s->source)
        music_of += s->source->extractor->count - S2VI_MUSIC_COUNT;
    int ret = make_codes(s, features, music_of, err);
    if (!ret)
        ret = s2vi_exec_write(exec, s->model->ws, s->ws);
    if (!ret && s->model->n_planes)
        ret = write_noise(s, music_of, exec);
    if (ret < 0 || !s->model->transform)
        return ret;
    look(&s->camera, s2vi_walk_level(s->walk), fps_of(s->model), u);
    return s2vi_exec_write(exec, s->model->transform, u);
}

int s2vi_stylegan_picture(const s2vi_stylegan *m, s2vi_exec *exec,
                          const float *ws, s2v_error *err)
{
    s2vi_stylegan_camera camera = {.zoom = 1};
    const float *plane = m->planes;
    float u[9];
    int ret = s2vi_exec_write(exec, m->ws, ws);
    for (int i = 0; i < m->n_planes && !ret; i++) {
        ret = s2vi_exec_write(exec, m->plane[i], plane);
        plane += s2vi_shape_count(&m->plane[i]->shape);
    }
    look(&camera, 0, fps_of(m), u);
    if (!ret && m->transform)
        ret = s2vi_exec_write(exec, m->transform, u);
    return ret < 0 ? ret : s2vi_exec_run(exec, &(s2vi_clock){0}, err);
}

static void grade(void *opaque, float *video, size_t n)
{
    const stream *s = opaque;
    s2vi_walk_grade(s->walk, video, n);
}

static int create_frames(stream *s, const s2vi_logger *logger, s2v_error *err)
{
    const s2vi_stylegan_source *source = s->source;
    const s2vi_frame_network network = {
        .plan = s->model->plan,
        .video = s->model->video,
        .extractor = source ? source->extractor : &music,
        .trained = source ? source->trained : &s->model->rate,
        .level = source ? source->level : NAN,
        .feed = feed,
        .grade = grade,
        .opaque = s};
    return s2vi_frame_stream_create(&s->frames, &network, logger, err);
}

int s2vi_stylegan_begin(s2vi_stylegan_stream *s, const s2vi_stylegan *m,
                        const s2vi_stylegan_source *source,
                        const s2vi_logger *logger, s2v_error *err)
{
    const s2vi_walk_space space = {.rate = m->rate,
                                   .z = m->shape.z,
                                   .w = m->shape.w,
                                   .codes = m->codes,
                                   .classes = m->shape.classes,
                                   .w_avg = m->w_avg,
                                   .w_std = m->w_std,
                                   .class_name = m->class_name,
                                   .map = map,
                                   .opaque = s};
    s->model = m;
    s->source = source;
    s->ws = malloc((size_t)(m->codes * m->shape.w) * sizeof(*s->ws));
    s->other = calloc(m->plane_numbers + 1, sizeof(*s->other));
    s->mixed = malloc((m->largest_plane + 1) * sizeof(*s->mixed));
    if (!s->ws || !s->other || !s->mixed)
        return s2vi_error_nomem(err, "a stream");
    draw_other(s, 0);
    int ret = create_frames(s, logger, err);
    if (!ret)
        ret = s2vi_walk_create(&s->walk, &space, err);
    if (!ret)
        ret = s2vi_exec_create(&s->mapping, m->mapping_plan, err);
    return ret;
}

void s2vi_stylegan_end(s2vi_stylegan_stream *s)
{
    s2vi_frame_stream_close(s->frames);
    s2vi_walk_close(&s->walk);
    s2vi_exec_close(&s->mapping);
    free(s->ws);
    free(s->other);
    free(s->mixed);
}

int s2vi_stylegan_create(void **out, const void *model,
                         const s2vi_logger *logger, s2v_error *err)
{
    stream *s = *out = calloc(1, sizeof(*s));
    return s ? s2vi_stylegan_begin(s, model, NULL, logger, err)
             : s2vi_error_nomem(err, "a stream");
}

void s2vi_stylegan_close_stream(void *opaque)
{
    if (opaque)
        s2vi_stylegan_end(opaque);
    free(opaque);
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

void s2vi_stylegan_pass_state(void *opaque, s2vi_state *state)
{
    stream *s = opaque;
    s2vi_frame_stream_pass_state(s->frames, state);
    s2vi_walk_pass_state(s->walk, state);
    s2vi_state_number(state, "camera.angle", &s->camera.angle, -360, 360);
    s2vi_state_number(state, "noise.turned", &s->turned, 0, 1e15);
    if (state->restoring)
        s->noise_written = false;
}

void s2vi_stylegan_report(const void *opaque, const s2vi_logger *logger)
{
    const stream *s = opaque;
    if (s->frames)
        s2vi_frame_stream_report(s->frames, logger);
}
