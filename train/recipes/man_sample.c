/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Samples of talking heads.
 *
 * Choices, where the paper is silent:
 * - The portrait is any frame of the clip, one with the mouth shut in 70 % of
 *   the runs. In half of the runs all frames before are the portrait, as where
 *   a stream begins: frames before tell nearly where the mouth is next, and the
 *   sound would be learned late.
 * - A quarter of the runs of speech begin within a blink; of the frames, about
 *   one in twenty is, and the eyes would be left open.
 * - A crop is moved and scaled by up to 4 %, mirrored in half of the runs; its
 *   colours are changed by up to 10 %: alike in all pictures of a run.
 * - The head's controls are its turn since the portrait: of any picture 0 means
 *   the pose that it has, which a user's portrait does not tell.
 * - Sound is 18 dB softer to 6 dB louder, in 15 % of the runs with an echo, in
 *   20 % with noise or tones 5 to 30 dB below it; in another 15 % silence,
 *   noise or tones stand for it, and the mouth is shut in these frames.
 * - Frames before, real ones, have noise, blur and another gain, as made ones
 *   differ from real ones.
 */
#include "recipes/man_sample.h"

#include "base/error.h"
#include "base/philox.h"
#include "data/face_maps.h"
#include "data/mesh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM_RUNS = 0x301,   /* where a run begins */
    STREAM_CHOICE = 0x302, /* what a run is of */
    STREAM_SPOIL = 0x303,  /* of the frames before */
    STREAM_HISS = 0x304,
    STREAM_HEARD = 0x305, /* what is heard without a picture... */
    STREAM_HEARD_HISS = 0x306,
    LANDMARKS = S2VI_FACE_LANDMARKS,
    PREVIOUS = S2VI_MAN_PREVIOUS,
    HEARD = S2VI_SPEECH_LEAD + S2VI_SPEECH_SPAN, /* samples, by a frame */
    ECHO = 3,
};

/* Closure of the eyes from which on a frame is of a blink: below it are the
 * lids of real eyes that look down. */
static const float BLINKING = 0.5F;

/* What is drawn for a run, each uniform in (0, 1). */
enum {
    U_FRAME,
    U_START,
    U_PORTRAIT_SHUT,
    U_PORTRAIT,
    U_MIRROR,
    U_ZOOM,
    U_X,
    U_Y,
    U_GAIN,
    U_RED,
    U_BLUE,
    U_LIGHT,
    U_LEVEL,
    U_ALONE,
    U_MIXED,
    U_KIND,
    U_RATIO,
    U_TONE,
    U_TEMPO,
    U_ECHO,
    U_BLINK,
    U_COUNT
};

typedef enum sound_kind {
    SPEECH,
    SILENCE,
    HISS,
    TONES,
} sound_kind;

/* Where a run begins. */
typedef enum start_kind {
    ANYWHERE,
    SHUT,  /* the mouth is, throughout */
    BLINK, /* the first frame is of one */
    START_KINDS,
} start_kind;

typedef struct run_start {
    const s2vi_talking_head *clip;
    int64_t frame;
} run_start;

/* A square of the clip's own, mirrored or not. */
typedef struct view {
    double x, y, side; /* its middle and side, in sides of the clip's square */
    bool mirrored;
    float gain[3], light; /* of colours in [-1, 1] */
} view;

typedef struct run {
    const s2vi_talking_head *clip;
    int64_t frame; /* the first */
    int64_t portrait;
    bool start; /* the frames before are the portrait */
    view view;
    double level;     /* factor */
    sound_kind added; /* beside speech, or instead of it */
    double part;      /* its amplitude */
    bool alone, echoes;
    double tone, tempo; /* Hz; beats a second */
    s2vi_philox noise;
} run;

struct s2vi_man_sampler {
    s2vi_man_sampler_params params;
    s2vi_speech *speech;
    float sound[HEARD], hiss[HEARD];
    float *pixels;               /* (N,N,3) */
    float *flow;                 /* (P,P,2) */
    float *before;               /* (P,P,15) of noise */
    double (*at)[2], (*then)[2]; /* a mesh's points */
    run_start *starts[START_KINDS];
    int64_t count[START_KINDS];
    s2vi_man_mouths mouths;
};

/* ----------------------------------------------------------- what there is */

static bool blinks(const s2vi_talking_head *c, int64_t t)
{
    return c->controls[t * S2VI_TALKING_CONTROLS] > BLINKING;
}

/* A run can begin at frame t of what is trained on, whatever its length. */
static bool fits(const s2vi_talking_head *c, int64_t t, start_kind kind)
{
    bool good = t + S2VI_MAN_RUN <= c->train;
    for (int i = 0; i < S2VI_MAN_RUN && good && kind == SHUT; i++)
        good = c->shut[t + i];
    return good && (kind != BLINK || blinks(c, t));
}

/* Their number; into `list`, unless it is NULL. */
static int64_t list_starts(const s2vi_talking_heads *data, start_kind kind,
                           run_start *list)
{
    int64_t n = 0;
    for (int i = 0; i < data->count; i++) {
        for (int64_t t = 0; t < data->clip[i].train; t++)
            if (fits(&data->clip[i], t, kind)) {
                if (list)
                    list[n] = (run_start){&data->clip[i], t};
                n++;
            }
        s2vi_shards_trim(data->shards);
    }
    return n;
}

static int find_starts(s2vi_man_sampler *s, start_kind kind, s2v_error *err)
{
    const s2vi_talking_heads *data = s->params.data;
    const bool mapped = data->shards != NULL;
    const int64_t n = list_starts(data, kind, NULL);
    run_start *list = s2vi_shards_alloc(data->shards, mapped,
                                        ((size_t)n + 1) * sizeof(*list), err);
    if (!list)
        return mapped ? S2V_ERR_IO : S2V_ERR_NOMEM;
    s->starts[kind] = list;
    s->count[kind] = list_starts(data, kind, list);
    return S2V_OK;
}

/* A frame of the clip, with the mouth shut if there is one and it is wanted. */
static int64_t pick_portrait(const s2vi_talking_head *c, bool shut, double u)
{
    int64_t n = 0;
    for (int64_t t = 0; t < c->train; t++)
        n += c->shut[t];
    if (!shut || !n)
        return (int64_t)(u * (double)c->train);
    int64_t left = (int64_t)(u * (double)n);
    for (int64_t t = 0; t < c->train; t++)
        if (c->shut[t] && left-- == 0)
            return t;
    return 0;
}

/* ------------------------------------------------------------------ runs -- */

/* Runs of an iteration's block of S2VI_MAN_RUN: each frame but the first goes
 * on with probability 0.7. Returns the run's place in the block. */
static int find_run(const s2vi_man_sampler *s, int64_t step, int place,
                    int *first, int *count)
{
    const int64_t block = step / S2VI_MAN_RUN;
    const int at = (int)(step % S2VI_MAN_RUN);
    const s2vi_philox key = {s->params.seed, STREAM_RUNS,
                             (uint64_t)block * (uint64_t)s->params.batch +
                                 (uint64_t)place};
    float u[S2VI_MAN_RUN];
    int end = at + 1;
    s2vi_philox_uniform(&key, 0, S2VI_MAN_RUN, u);
    *first = at;
    while (*first > 0 && u[*first] < 0.7F)
        --*first;
    while (end < S2VI_MAN_RUN && u[end] < 0.7F)
        end++;
    *count = end - *first;
    return at - *first;
}

static double between(double u, double lo, double hi)
{
    return lo + (hi - lo) * u;
}

static view draw_view(const float *u)
{
    view v = {.x = between((double)u[U_X], 0.46, 0.54),
              .y = between((double)u[U_Y], 0.46, 0.54),
              .side = between((double)u[U_ZOOM], 0.96, 1.04),
              .mirrored = u[U_MIRROR] < 0.5F};
    const double all = between((double)u[U_GAIN], 0.9, 1.1);
    v.gain[0] = (float)(all * between((double)u[U_RED], 0.95, 1.05));
    v.gain[1] = (float)all;
    v.gain[2] = (float)(all * between((double)u[U_BLUE], 0.95, 1.05));
    v.light = (float)between((double)u[U_LIGHT], -0.1, 0.1);
    return v;
}

static void draw_sound(run *r, const float *u)
{
    const double kind = (double)u[U_KIND];
    r->level = pow(10, between((double)u[U_LEVEL], -18, 6) / 20);
    r->alone = u[U_ALONE] < 0.15F;
    r->echoes = u[U_ECHO] < 0.15F;
    if (r->alone)
        r->added = kind < 0.4 ? SILENCE : kind < 0.7 ? HISS : TONES;
    else if (u[U_MIXED] < 0.2F)
        r->added = kind < 0.5 ? HISS : TONES;
    r->part = r->alone
                  ? pow(10, between((double)u[U_RATIO], -40, -8) / 20)
                  : 0.1 * pow(10, between((double)u[U_RATIO], -30, -5) / 20);
    r->tone = 110 * pow(2, between((double)u[U_TONE], 0, 3));
    r->tempo = between((double)u[U_TEMPO], 1, 4);
}

/* Where it begins; where sound stands for speech, the mouth is shut. */
static void draw_start(const s2vi_man_sampler *s, start_kind kind, double u,
                       run *r)
{
    r->alone = r->alone && s->count[SHUT];
    kind = r->alone ? SHUT : s->count[kind] ? kind : ANYWHERE;
    const run_start *at =
        &s->starts[kind][(int64_t)(u * (double)s->count[kind])];
    r->clip = at->clip;
    r->frame = at->frame;
}

static void draw_run(const s2vi_man_sampler *s, int64_t begin, int place,
                     run *r)
{
    const s2vi_philox key = {s->params.seed, STREAM_CHOICE,
                             (uint64_t)begin * (uint64_t)s->params.batch +
                                 (uint64_t)place};
    float u[U_COUNT];
    s2vi_philox_uniform(&key, 0, U_COUNT, u);
    *r = (run){.view = draw_view(u), .start = u[U_START] < 0.5F};
    r->noise = (s2vi_philox){key.seed, STREAM_HISS, key.frame};
    draw_sound(r, u);
    draw_start(s, u[U_BLINK] < 0.25F ? BLINK : ANYWHERE, (double)u[U_FRAME], r);
    r->portrait = pick_portrait(r->clip, u[U_PORTRAIT_SHUT] < 0.7F,
                                (double)u[U_PORTRAIT]);
}

/* -------------------------------------------------------------- pictures -- */

/* Frame t through a view, (side,side,3) in [-1, 1]. */
static void read_frame(const s2vi_man_sampler *s, const s2vi_talking_head *c,
                       int64_t t, const view *v, int side, float *out)
{
    const int S = s->params.data->side;
    const s2vi_image picture = {c->rgb + t * S * S * 3, (ptrdiff_t)S * 3, S, S};
    const s2vi_region region = {v->x * S, v->y * S, v->side * S, 0};
    s2vi_region_read(&picture, &region, S2VI_OUTSIDE_MIRROR,
                     side * 3 / 2 < S ? 2 : 1, side, out);
    for (int y = 0; y < side; y++) {
        float *row = out + (ptrdiff_t)y * side * 3;
        for (int x = 0; x < side * 3; x++) {
            const float value = (2 * row[x] - 1) * v->gain[x % 3] + v->light;
            row[x] = fmaxf(-1, fminf(1, value));
        }
        for (int x = 0; x < side / 2 && v->mirrored; x++)
            for (int k = 0; k < 3; k++) {
                const float left = row[3 * x + k];
                row[3 * x + k] = row[3 * (side - 1 - x) + k];
                row[3 * (side - 1 - x) + k] = left;
            }
    }
}

/* One pass of [a, 1 - 2a, a] along an axis, of `count` lines of n numbers. */
static void blur_line(float *x, int n, ptrdiff_t stride, float a)
{
    float before = x[0];
    for (int i = 0; i < n; i++) {
        const float here = x[i * stride];
        const float after = x[(i + 1 < n ? i + 1 : i) * stride];
        x[i * stride] = here + a * (before + after - 2 * here);
        before = here;
    }
}

static void blur(float *picture, int side, int channels, double sigma)
{
    const double variance = sigma * sigma;
    const int passes = (int)ceil(variance / 0.5);
    const float a = passes ? (float)(variance / (2 * passes)) : 0;
    for (int p = 0; p < passes; p++)
        for (int i = 0; i < side; i++)
            for (int k = 0; k < channels; k++) {
                blur_line(picture + (ptrdiff_t)i * side * channels + k, side,
                          channels, a);
                blur_line(picture + (ptrdiff_t)i * channels + k, side,
                          (ptrdiff_t)side * channels, a);
            }
}

/* The frames before t, the oldest first, side by side in channels. */
static void read_previous(s2vi_man_sampler *s, const run *r, int64_t t,
                          float *out)
{
    const int P = s->params.config->geometry_size;
    for (int i = 0; i < PREVIOUS; i++) {
        int64_t at = t - PREVIOUS + i;
        at = r->start && at < r->frame ? r->portrait : at < 0 ? 0 : at;
        read_frame(s, r->clip, at, &r->view, P, s->pixels);
        for (int p = 0; p < P * P; p++)
            memcpy(out + ((ptrdiff_t)p * PREVIOUS + i) * 3, s->pixels + 3 * p,
                   3 * sizeof(*out));
    }
}

static void spoil(s2vi_man_sampler *s, uint64_t clock, float *previous)
{
    const int P = s->params.config->geometry_size;
    const size_t n = (size_t)P * (size_t)P * 3 * PREVIOUS;
    const s2vi_philox key = {s->params.seed, STREAM_SPOIL, clock};
    float u[4];
    s2vi_philox_uniform(&key, 0, 4, u);
    blur(previous, P, 3 * PREVIOUS, 1.5 * (double)u[0]);
    s2vi_philox_normal(&key, 4, n, s->before);
    for (size_t i = 0; i < n; i++)
        previous[i] =
            previous[i] * (0.9F + 0.2F * u[1]) + 0.08F * u[2] * s->before[i];
}

/* -------------------------------------------------------------- geometry -- */

static void place_in_view(const view *v, const float *from, float *to)
{
    const double x = ((double)from[0] - v->x) / v->side + 0.5;
    to[0] = (float)(v->mirrored ? 1 - x : x);
    to[1] = (float)(((double)from[1] - v->y) / v->side + 0.5);
}

/* The landmark that is `i` of the mirrored face. */
static int mirrored(int i)
{
    static const struct {
        int last, sum;
    } spans[] = {{16, 16},  {26, 43},  {30, 0},   {35, 66},
                 {39, 81},  {41, 87},  {45, 81},  {47, 87},
                 {54, 102}, {59, 114}, {64, 124}, {67, 132}};
    int k = 0;
    while (i > spans[k].last)
        k++;
    return spans[k].sum ? spans[k].sum - i : i;
}

/* Landmarks and irises of a frame in pixels of side P. */
static void marks(const s2vi_talking_head *c, int64_t t, const view *v, int P,
                  float *landmarks, float *irises)
{
    for (int i = 0; i < LANDMARKS; i++)
        place_in_view(v,
                      c->landmarks +
                          2 * (t * LANDMARKS + (v->mirrored ? mirrored(i) : i)),
                      landmarks + 2 * (ptrdiff_t)i);
    for (int i = 0; i < 2 && c->irises; i++)
        place_in_view(v, c->irises + 2 * (2 * t + (v->mirrored ? 1 - i : i)),
                      irises + 2 * (ptrdiff_t)i);
    for (int i = 0; i < 2 * LANDMARKS; i++)
        landmarks[i] *= (float)P;
    for (int i = 0; i < 4; i++)
        irises[i] *= (float)P;
}

static void mesh_at(const s2vi_talking_head *c, int64_t t, const view *v,
                    double (*out)[2])
{
    for (int i = 0; i < c->points; i++) {
        float place[2];
        place_in_view(v, c->mesh + 2 * (t * c->points + i), place);
        out[i][0] = (double)place[0];
        out[i][1] = (double)place[1];
    }
}

/* Where frame t's pixels lie in the portrait, or, of the other kind of flow,
 * where those of the frame before lie in it. */
static void draw_flow(s2vi_man_sampler *s, const run *r, int64_t t, float *out,
                      int stride)
{
    const s2vi_man_config *c = s->params.config;
    const bool portrait = c->flow == S2VI_MAN_FLOW_PORTRAIT;
    const s2vi_talking_head *clip = r->clip;
    mesh_at(clip, portrait ? t : t > 0 ? t - 1 : 0, &r->view, s->at);
    mesh_at(clip, portrait ? r->portrait : t, &r->view, s->then);
    s2vi_mesh_flow(s->flow, c->geometry_size,
                   (const int32_t(*)[3])clip->triangle, clip->triangles,
                   (const double(*)[2])s->at, (const double(*)[2])s->then);
    s2vi_face_draw_flow(s->flow, 1, c->geometry_size, out, stride);
}

static void draw_geometry(s2vi_man_sampler *s, const run *r, int64_t t,
                          float *out)
{
    const s2vi_man_config *c = s->params.config;
    const int stride = s2vi_man_geometry_channels(c);
    float landmarks[2 * LANDMARKS], irises[4] = {0};
    if (s2vi_man_has_flow(c)) {
        draw_flow(s, r, t, out, stride);
        out += 2;
    }
    if (c->geometry == S2VI_MAN_FLOW)
        return;
    marks(r->clip, t, &r->view, c->geometry_size, landmarks, irises);
    if (c->geometry == S2VI_MAN_KEYPOINTS)
        s2vi_face_draw_points(landmarks, 0, c->geometry_size, out, stride);
    else
        s2vi_face_draw_contours(landmarks, r->clip->irises ? irises : NULL,
                                c->geometry_size, out, stride);
}

/* Closure of the eyes; how far the head has turned from the portrait's pose. */
static void put_controls(const run *r, int64_t t, float *out)
{
    const float sign = r->view.mirrored ? -1 : 1;
    const float *q = r->clip->controls + t * S2VI_TALKING_CONTROLS;
    const float *from = r->clip->controls + r->portrait * S2VI_TALKING_CONTROLS;
    out[0] = q[0];
    out[1] = sign * (q[1] - from[1]);
    out[2] = q[2] - from[2];
    out[3] = sign * (q[3] - from[3]);
}

/* ----------------------------------------------------------------- sound -- */

/* Three tones that are struck again and again; `i` counts samples. */
static double tones(const run *r, int64_t i)
{
    static const double turn = 6.283185307179586;
    static const double interval[] = {1, 1.25, 1.5};
    const double t = (double)(i + 16000) / S2VI_SPEECH_RATE;
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += sin(turn * r->tone * interval[k] * t) +
               0.3 * sin(2 * turn * r->tone * interval[k] * t);
    return sum / 2.3 * exp(-4 * fmod(t * r->tempo, 1));
}

static float sample_at(const s2vi_talking_head *c, int64_t i)
{
    return i >= 0 && i < c->samples ? c->sound[i] : 0;
}

static float speech_at(const run *r, int64_t i)
{
    static const struct {
        int delay;
        float gain;
    } echo[ECHO] = {{311, 0.4F}, {743, 0.25F}, {1471, 0.15F}};
    float x = sample_at(r->clip, i);
    for (int k = 0; k < ECHO && r->echoes; k++)
        x += echo[k].gain * sample_at(r->clip, i - echo[k].delay);
    return x;
}

/* The sound that frame t hears. */
static void fill_sound(s2vi_man_sampler *s, const run *r, int64_t t)
{
    const int64_t first = t * S2VI_SPEECH_STEP - S2VI_SPEECH_LEAD;
    /* Noise is numbered from the run's first sample on. */
    const int64_t offset = (t - r->frame) * S2VI_SPEECH_STEP;
    if (r->added == HISS)
        s2vi_philox_normal(&r->noise, (uint32_t)offset, HEARD, s->hiss);
    for (int i = 0; i < HEARD; i++) {
        double x = r->alone ? 0 : (double)speech_at(r, first + i);
        if (r->added == HISS)
            x += r->part * (double)s->hiss[i];
        else if (r->added == TONES)
            x += r->part * tones(r, offset + i);
        s->sound[i] = (float)(r->level * x);
    }
}

static void hear(s2vi_man_sampler *s, const run *r, int64_t t, float *out)
{
    fill_sound(s, r, t);
    s2vi_speech_frame(s->speech, s->sound, out);
}

/* --------------------------------------------------------------- samples -- */

static void fill(s2vi_man_sampler *s, const run *r, int64_t t,
                 s2vi_man_sample *out)
{
    const int N = s->params.config->size;
    read_frame(s, r->clip, r->portrait, &r->view, N, out->portrait);
    read_frame(s, r->clip, t, &r->view, N, out->real);
    read_previous(s, r, t, out->previous);
    draw_geometry(s, r, t, out->geometry);
    put_controls(r, t, out->controls);
    hear(s, r, t, out->speech);
}

void s2vi_man_sampler_draw(s2vi_man_sampler *s, int64_t step, int place,
                           s2vi_man_sample *out, bool *first)
{
    run r;
    int begin, count;
    const int at = find_run(s, step, place, &begin, &count);
    draw_run(s, step - at, place, &r);
    *first = at == 0;
    fill(s, &r, r.frame + at, out);
    spoil(s, (uint64_t)step * (uint64_t)s->params.batch + (uint64_t)place,
          out->previous);
}

void s2vi_man_sampler_hear(s2vi_man_sampler *s, uint64_t number, float *speech,
                           float *mouth)
{
    const s2vi_philox key = {s->params.seed, STREAM_HEARD, number};
    float u[U_COUNT];
    run r = {.noise = {key.seed, STREAM_HEARD_HISS, number}};
    s2vi_philox_uniform(&key, 0, U_COUNT, u);
    draw_sound(&r, u);
    draw_start(s, ANYWHERE, (double)u[U_FRAME], &r);
    memcpy(mouth,
           s->mouths.clip[r.clip - s->params.data->clip] +
               r.frame * S2VI_MAN_MOUTH,
           S2VI_MAN_MOUTH * sizeof(*mouth));
    hear(s, &r, r.frame, speech);
}

void s2vi_man_sampler_plain(s2vi_man_sampler *s, const s2vi_talking_head *clip,
                            int64_t t, s2vi_man_sample *out)
{
    const run r = {.clip = clip,
                   .frame = clip->frames,
                   .start = true,
                   .view = {0.5, 0.5, 1, false, {1, 1, 1}, 0},
                   .level = 1};
    fill(s, &r, t, out);
}

/* -------------------------------------------------------------- starting -- */

static int allocate(s2vi_man_sampler *s, s2v_error *err)
{
    const size_t N = (size_t)s->params.config->size;
    const size_t P = (size_t)s->params.config->geometry_size;
    size_t points = 1;
    for (int i = 0; i < s->params.data->count; i++)
        if ((size_t)s->params.data->clip[i].points > points)
            points = (size_t)s->params.data->clip[i].points;
    s->pixels = malloc(N * N * 3 * sizeof(float));
    s->flow = malloc(P * P * 2 * sizeof(float));
    s->before = malloc(P * P * 3 * PREVIOUS * sizeof(float));
    s->at = malloc(points * sizeof(*s->at));
    s->then = malloc(points * sizeof(*s->then));
    return s->pixels && s->flow && s->before && s->at && s->then
               ? s2vi_speech_create(&s->speech, err)
               : s2vi_error_nomem(err, "a sampler");
}

int s2vi_man_sampler_create(s2vi_man_sampler **out,
                            const s2vi_man_sampler_params *params,
                            s2v_error *err)
{
    s2vi_man_sampler *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "a sampler");
    s->params = *params;
    int ret = allocate(s, err);
    if (!ret)
        ret = s2vi_man_mouths_measure(&s->mouths, params->data, err);
    for (int i = 0; i < START_KINDS && !ret; i++)
        ret = find_starts(s, (start_kind)i, err);
    if (!ret && !s->count[ANYWHERE])
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "expected a clip of at least %d frames (%.2f s) in "
                         "the training set, found none",
                         S2VI_MAN_RUN, S2VI_MAN_RUN / (double)S2VI_MAN_RATE);
    if (ret < 0)
        s2vi_man_sampler_close(out);
    return ret;
}

void s2vi_man_sampler_close(s2vi_man_sampler **sampler)
{
    s2vi_man_sampler *s = *sampler;
    if (!s)
        return;
    s2vi_speech_close(&s->speech);
    s2vi_man_mouths_free(&s->mouths);
    free(s->pixels);
    free(s->flow);
    free(s->before);
    free(s->at);
    free(s->then);
    for (int i = 0; i < START_KINDS; i++)
        if (!s->params.data->shards)
            free(s->starts[i]);
    free(s);
    *sampler = NULL;
}
