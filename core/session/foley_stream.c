/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound for pictures: from pictures, as they come, to samples. */
#include "session/foley.h"

#include "audio/foley_mel.h"
#include "base/sentence.h"
#include "run/profile.h"
#include "session/family.h"
#include "session/foley_edit.h"
#include "session/foley_strokes.h"
#include "video/area_downscale.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOP = S2VI_VISUAL_ENCODER_HOP,
    COLUMN = S2VI_FOLEY_MEL_HOP,
    BANDS = S2VI_FOLEY_MEL_BANDS,
    RATE = S2VI_FOLEY_RATE,
    RATIO = S2VI_VS_RATIO,
    LEAST_REFERENCE = 1024,     /* samples: one window of the mel */
    MOST_REFERENCE = 60 * RATE, /* samples that are listened to */
    MOST_NUM = 65535,           /* of a time base */
    FIRST_ROOM = 8,             /* pictures */
};

static const float SILENCE = 1e-4f; /* -80 dB */
static const float QUIET = 0.1f;    /* -20 dB: quieter references are amplified;
                                       the mel cuts what is below -80 dB */

/* A picture that waits to be seen. */
typedef struct waiting {
    int64_t at; /* the sample at which it appears, rounded up */
    float *pixels;
} waiting;

struct s2vi_foley_stream {
    const s2vi_foley_model *model;
    s2vi_exec *visual_encoder, *mel, *vocoder;
    s2vi_profile *profile[3]; /* theirs; NULL: not wanted */
    float *timbre;            /* (D) */

    /* pictures: a ring */
    waiting *ring;
    int room, first, count;
    uint32_t *sums; /* for pictures of `sums_width` */
    int sums_width;
    bool began;
    int num, den;                   /* the time base of what follows */
    int64_t start, last, step, end; /* times: the first picture's, the last
                                       one's, what lies before it, its end */
    bool drained;
    int64_t total; /* samples in all, once drained */

    /* features */
    s2vi_motion *motion; /* NULL: the network sees pictures */
    float *seen;     /* what it sees: (2,N,N,3), the picture before, and this
                        one; or this one's planes */
    bool still;      /* both are the same, and so is the feature */
    int64_t feature; /* number of the next */
    float *features; /* (length,F) of the next window */
    int n_features;

    /* mel */
    int64_t window; /* number of the next */
    float *columns; /* (4 length,80) of the last one */
    int column,
        columns_end; /* what of them is to be heard next, and till where */
    float *faded;    /* (4 fade,80): the end of the one before */
    float *heard;    /* (vocoder + 2 context,80): the vocoder's input */
    int n_heard;

    /* samples */
    float *samples;          /* (COLUMN (vocoder + 2 context)) */
    int sample, samples_end; /* those to be given out */
    int skip;                /* before the film's beginning */
    int64_t made;            /* given out */
    float gain;              /* of what is given out */

    /* as an editor has it */
    float sensitivity; /* factor of motion */
    float *moved;      /* `seen`, with that motion */
    s2vi_foley_regions regions;
    int width, height;           /* of the last picture; 0: there was none */
    s2vi_foley_onsets *onsets;   /* NULL: no file */
    s2vi_foley_strokes *strokes; /* NULL: the vocoder makes the sound */
};

/* ----------------------------------------------------------- lifetime -- */

static size_t pixels(const s2vi_foley_stream *s)
{
    const size_t N = (size_t)s->model->config.sight.size;
    return N * N * 3;
}

/* Numbers that the network sees for a feature. */
static size_t seen_size(const s2vi_foley_stream *s)
{
    const s2vi_shape in =
        s2vi_visual_encoder_input(&s->model->config.sight, 1, 1);
    return (size_t)s2vi_shape_count(&in);
}

static int heard_columns(const s2vi_foley_stream *s)
{
    return s->model->windows.vocoder + 2 * s->model->windows.context;
}

static size_t timbre_size(const s2vi_foley_stream *s)
{
    return 2 * (size_t)s->model->config.generator.acoustic_lstm;
}

static float *floats(size_t n)
{
    return calloc(n ? n : 1, sizeof(float));
}

static bool allocate(s2vi_foley_stream *s)
{
    const s2vi_foley_windows *w = &s->model->windows;
    const size_t F = (size_t)s->model->config.generator.features;
    const size_t length = (size_t)w->length, heard = (size_t)heard_columns(s);
    s->timbre = floats(timbre_size(s));
    s->seen = floats(seen_size(s));
    s->moved = floats(seen_size(s));
    s->features = floats(length * F);
    s->columns = floats(RATIO * length * BANDS);
    s->faded = floats(RATIO * (size_t)w->fade * BANDS);
    s->heard = floats(heard * BANDS);
    s->samples = floats(heard * COLUMN);
    return s->timbre && s->seen && s->moved && s->features && s->columns &&
           s->faded && s->heard && s->samples;
}

/* Room for `room` pictures; those that wait come first in it. */
static int make_room(s2vi_foley_stream *s, int room, s2v_error *err)
{
    waiting *ring = calloc((size_t)room, sizeof(*ring));
    if (!ring)
        return s2vi_error_nomem(err, "queued frames");
    for (int i = 0; i < s->room; i++)
        ring[i] = s->ring[(s->first + i) % s->room];
    free(s->ring);
    s->ring = ring;
    s->first = 0;
    for (; s->room < room; s->room++) {
        ring[s->room].pixels = floats(pixels(s));
        if (!ring[s->room].pixels)
            return s2vi_error_nomem(err, "queued frames");
    }
    return S2V_OK;
}

static int create_motion(s2vi_foley_stream *s, s2v_error *err)
{
    const s2vi_visual_encoder_config *c = &s->model->config.sight;
    const int kinds = s2vi_front_end_motion(c->front_end);
    return kinds ? s2vi_motion_create(&s->motion, kinds, c->size, err) : S2V_OK;
}

static int watch(s2vi_foley_stream *s, s2v_error *err)
{
    s2vi_exec *const exec[] = {s->visual_encoder, s->mel, s->vocoder};
    int ret = S2V_OK;
    for (int i = 0; i < 3 && !ret; i++)
        ret = s2vi_profile_create(&s->profile[i], exec[i], err);
    return ret;
}

void s2vi_foley_stream_report(const s2vi_foley_stream *s,
                              const s2vi_logger *logger)
{
    static const char *const name[] = {"profile of visual encoder",
                                       "profile of mel", "profile of vocoder"};
    for (int i = 0; i < 3 && s->profile[i]; i++)
        s2vi_profile_report(s->profile[i], name[i], logger);
}

int s2vi_foley_stream_create(s2vi_foley_stream **out,
                             const s2vi_foley_model *model, s2v_error *err)
{
    s2vi_foley_stream *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "a stream");
    s->model = model;
    s->gain = s->sensitivity = 1.0f;
    int ret = allocate(s) ? S2V_OK : s2vi_error_nomem(err, "a stream's arrays");
    if (!ret)
        ret = make_room(s, FIRST_ROOM, err);
    if (!ret)
        ret = create_motion(s, err);
    if (!ret)
        ret = s2vi_exec_create(&s->visual_encoder, model->visual_encoder.plan,
                               err);
    if (!ret)
        ret = s2vi_exec_create(&s->mel, model->mel.plan, err);
    if (!ret)
        ret = s2vi_exec_create(&s->vocoder, model->vocoder.plan, err);
    if (!ret && getenv("S2V_PROFILE"))
        ret = watch(s, err);
    if (ret < 0) {
        s2vi_foley_stream_close(out);
        return ret;
    }
    memcpy(s->timbre, model->mean, timbre_size(s) * sizeof(*s->timbre));
    s2vi_foley_stream_flush(s);
    return S2V_OK;
}

void s2vi_foley_stream_close(s2vi_foley_stream **out)
{
    s2vi_foley_stream *s = out ? *out : NULL;
    if (!s)
        return;
    for (int i = 0; i < 3; i++)
        s2vi_profile_close(&s->profile[i]);
    for (int i = 0; i < s->room; i++)
        free(s->ring[i].pixels);
    s2vi_motion_close(&s->motion);
    s2vi_exec_close(&s->visual_encoder);
    s2vi_exec_close(&s->mel);
    s2vi_exec_close(&s->vocoder);
    free(s->ring);
    free(s->sums);
    free(s->timbre);
    free(s->seen);
    free(s->moved);
    s2vi_foley_onsets_close(&s->onsets);
    s2vi_foley_strokes_close(&s->strokes);
    free(s->features);
    free(s->columns);
    free(s->faded);
    free(s->heard);
    free(s->samples);
    free(s);
    *out = NULL;
}

void s2vi_foley_stream_flush(s2vi_foley_stream *s)
{
    const s2vi_foley_windows *w = &s->model->windows;
    s->first = s->count = 0;
    s->width = s->height = 0;
    s->began = s->drained = s->still = false;
    s->feature = s->window = s->made = 0;
    s->n_features = 0;
    s->column = s->columns_end = s->sample = s->samples_end = 0;
    s->n_heard = 2 * w->context;
    s->skip = w->context * COLUMN;
    memset(s->heard, 0, (size_t)s->n_heard * BANDS * sizeof(*s->heard));
    if (s->motion)
        s2vi_motion_flush(s->motion);
    if (s->onsets)
        s2vi_foley_onsets_flush(s->onsets);
    if (s->strokes)
        s2vi_foley_strokes_flush(s->strokes);
}

/* ---------------------------------------------------------- reference -- */

static float peak_of(const float *samples, size_t count)
{
    float peak = 0;
    for (size_t i = 0; i < count; i++) {
        const float x = fabsf(samples[i]);
        peak = x > peak ? x : peak; /* false of NaN */
    }
    return peak;
}

static int check_reference(const float *samples, size_t count, s2v_error *err)
{
    if (count < LEAST_REFERENCE)
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "the reference has %zu sample%s, expected at least %d "
            "(%.2f s)",
            count, S2VI_PLURAL(count), LEAST_REFERENCE,
            (double)LEAST_REFERENCE / RATE);
    const float peak = peak_of(samples, count);
    if (!(peak >= SILENCE))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "the reference is silent: its loudest sample is %g, "
                          "expected at least %g",
                          (double)peak, (double)SILENCE);
    return S2V_OK;
}

/* The mel of a reference, as if its loudest sample had been QUIET at least. */
static int reference_mel(const float *samples, size_t count, float *out,
                         size_t columns, s2v_error *err)
{
    const float peak = peak_of(samples, count);
    if (peak >= QUIET)
        return s2vi_foley_mel(samples, count, out, columns, err);
    float *louder = floats(count);
    if (!louder)
        return s2vi_error_nomem(err, "a reference");
    for (size_t i = 0; i < count; i++)
        louder[i] = samples[i] * (QUIET / peak);
    int ret = s2vi_foley_mel(louder, count, out, columns, err);
    free(louder);
    return ret;
}

/* What sounds of a reference's mel, (all, 80), of a window at least: how many
 * columns. A short sound begins again and again. */
static int sounding(const s2vi_foley_stream *s, const float *whole, size_t all,
                    float **mel, size_t *columns, s2v_error *err)
{
    const size_t window = RATIO * (size_t)s->model->windows.length;
    *columns = all < window ? window : all;
    *mel = floats(*columns * BANDS);
    if (!*mel)
        return s2vi_error_nomem(err, "a reference");
    const size_t n = s2vi_foley_mel_sounding(whole, all, *mel, *columns);
    *columns = n < window ? window : n;
    return S2V_OK;
}

/* Add the timbre of each whole window of the columns; their number. */
static int add_timbres(s2vi_foley_stream *s, s2vi_exec *exec, const float *mel,
                       size_t columns, float *sum, int *windows, s2v_error *err)
{
    const s2vi_foley_part *part = &s->model->timbre;
    const size_t window = RATIO * (size_t)s->model->windows.length;
    float *one = floats(timbre_size(s));
    int ret = one ? S2V_OK : s2vi_error_nomem(err, "a timbre");
    const s2vi_clock clock = {0};
    *windows = 0;
    for (size_t from = 0; !ret && from + window <= columns;
         from += window, (*windows)++) {
        ret = s2vi_exec_write(exec, part->in, mel + from * BANDS);
        if (!ret)
            ret = s2vi_exec_run(exec, &clock, err);
        if (!ret)
            ret = s2vi_exec_read(exec, part->out, one);
        for (size_t i = 0; i < timbre_size(s) && !ret; i++)
            sum[i] += one[i];
    }
    free(one);
    return ret;
}

int s2vi_foley_stream_set_reference(s2vi_foley_stream *s, const float *samples,
                                    size_t count, s2v_error *err)
{
    s2vi_exec *exec = NULL;
    float *sum = NULL, *whole = NULL, *mel = NULL;
    size_t all, columns;
    int windows = 0;
    int ret = check_reference(samples, count, err);
    if (ret < 0)
        return ret;
    count = count < MOST_REFERENCE ? count : MOST_REFERENCE;
    all = s2vi_foley_mel_columns(count);
    sum = floats(timbre_size(s));
    whole = floats(all * BANDS);
    ret = sum && whole ? s2vi_exec_create(&exec, s->model->timbre.plan, err)
                       : s2vi_error_nomem(err, "a timbre");
    if (!ret)
        ret = reference_mel(samples, count, whole, all, err);
    if (!ret)
        ret = sounding(s, whole, all, &mel, &columns, err);
    if (!ret)
        ret = add_timbres(s, exec, mel, columns, sum, &windows, err);
    if (!ret && s->onsets)
        s2vi_foley_onsets_learn(s->onsets, mel, columns);
    if (!ret && s->strokes)
        ret = s2vi_foley_strokes_learn(s->strokes, samples, count, whole, all,
                                       err);
    for (size_t i = 0; i < timbre_size(s) && !ret; i++)
        s->timbre[i] = sum[i] / (float)windows;
    s2vi_exec_close(&exec);
    free(mel);
    free(whole);
    free(sum);
    return ret;
}

/* ----------------------------------------------------------- pictures -- */

static int check_picture(const s2vi_foley_stream *s, const s2v_picture *p,
                         s2v_error *err)
{
    if (s->drained)
        return s2vi_error(err, S2V_ERR_EOF,
                          "a frame was sent after the drain: flush the session "
                          "to start anew");
    if (s->strokes && !s2vi_foley_strokes_count(s->strokes))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "synthesis: expected a reference, set after it, "
                          "whose strokes are to be played; found none");
    const int ret = s2vi_picture_check(p, err);
    if (ret < 0)
        return ret;
    if (p->time_num < 1 || p->time_num > MOST_NUM || p->time_den < 1)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a time base of %d/%d, expected 1 to %d over 1 or "
                          "more",
                          p->time_num, p->time_den, MOST_NUM);
    if (s->began && (p->time_num != s->num || p->time_den != s->den))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a time base of %d/%d after one of %d/%d: expected "
                          "the same throughout a stream",
                          p->time_num, p->time_den, s->num, s->den);
    return S2V_OK;
}

/*
 * Samples in so many units of the time base, rounded up, exactly: whole
 * seconds times num first. Of what would not fit, the most that does.
 */
static int64_t to_samples(const s2vi_foley_stream *s, int64_t time)
{
    const int64_t each = (int64_t)s->num * RATE; /* below 2^31 */
    const int64_t whole = time / s->den, rest = time % s->den;
    if (whole > (INT64_MAX >> 2) / each)
        return INT64_MAX >> 2;
    return whole * each + (rest * each + s->den - 1) / s->den;
}

/* a - b, where a >= b, or the most there is. */
static int64_t between(int64_t a, int64_t b)
{
    return b < 0 && a > INT64_MAX + b ? INT64_MAX : a - b;
}

/* Times never go back: what would is taken as simultaneous. */
static void take_time(s2vi_foley_stream *s, const s2v_picture *p)
{
    if (!s->began) {
        s->began = true;
        s->num = p->time_num;
        s->den = p->time_den;
        s->start = s->last = s->end = p->pts;
        s->step = 0;
    }
    const int64_t pts = p->pts > s->last ? p->pts : s->last;
    if (pts > s->last)
        s->step = between(pts, s->last);
    s->last = pts;
    const int64_t duration = p->duration > 0 ? p->duration : s->step;
    s->end = pts < INT64_MAX - duration ? pts + duration : INT64_MAX;
}

int s2vi_foley_stream_send(s2vi_foley_stream *s, const s2v_picture *p,
                           s2v_error *err)
{
    s2vi_foley_view view;
    int ret = check_picture(s, p, err);
    if (!ret)
        ret = s2vi_foley_regions_view(&s->regions, p->width, p->height, &view,
                                      err);
    if (!ret && s->count == s->room)
        ret = make_room(s, 2 * s->room, err);
    if (!ret && s->sums_width < p->width) {
        uint32_t *sums = realloc(s->sums, (size_t)p->width * 3 * sizeof(*sums));
        if (!sums)
            return s2vi_error_nomem(err, "a picture's row");
        s->sums = sums;
        s->sums_width = p->width;
    }
    if (ret < 0)
        return ret;
    s->width = p->width;
    s->height = p->height;
    waiting *w = &s->ring[(s->first + s->count++) % s->room];
    take_time(s, p);
    w->at = to_samples(s, between(s->last, s->start));
    if (s->onsets)
        w->at = s2vi_foley_onsets_warp(s->onsets, w->at);
    const int side = s->model->config.sight.size;
    s2vi_area_downscale(p->data + view.y * p->stride + (ptrdiff_t)view.x * 3,
                        p->stride, view.w, view.h, s->sums, side, w->pixels);
    s2vi_foley_regions_mask(&s->regions, p->width, p->height, &view, side,
                            w->pixels);
    return S2V_OK;
}

void s2vi_foley_stream_drain(s2vi_foley_stream *s)
{
    if (s->drained)
        return;
    s->drained = true;
    s->total = s->began ? to_samples(s, between(s->end, s->start)) : 0;
}

/* ----------------------------------------------------------- features -- */

/* The picture on display at the next feature's time, or NULL: not known. */
static const float *look(s2vi_foley_stream *s)
{
    const int64_t now = s->feature * HOP;
    while (s->count > 1) {
        if (s->ring[(s->first + 1) % s->room].at > now)
            return s->ring[s->first].pixels;
        s->first = (s->first + 1) % s->room;
        s->count--;
    }
    return s->count && s->drained ? s->ring[s->first].pixels : NULL;
}

/* The planes of motion into the picture. */
static void see_motion(s2vi_foley_stream *s, const float *now, bool *same)
{
    const size_t size = seen_size(s) * sizeof(*now);
    s2vi_motion_push(s->motion, now, s->moved);
    *same = s->feature && !memcmp(s->seen, s->moved, size);
    memcpy(s->seen, s->moved, size);
}

/* What is seen now, after what was seen before; at the beginning, nothing has
 * moved. */
static void see(s2vi_foley_stream *s, const float *now, bool *same)
{
    if (s->motion) {
        see_motion(s, now, same);
        return;
    }
    const size_t n = pixels(s), size = n * sizeof(*now);
    const float *before = s->feature ? s->seen + n : now;
    *same = s->feature && s->still && !memcmp(before, now, size);
    if (*same)
        return;
    memmove(s->seen, before, size);
    memcpy(s->seen + n, now, size);
    s->still = !memcmp(s->seen, s->seen + n, size);
}

/* What the network sees of `seen`: its motion larger, or smaller. */
static const float *magnify(s2vi_foley_stream *s)
{
    const size_t n = pixels(s);
    if (s->sensitivity == 1.0f)
        return s->seen;
    if (s->motion) {
        for (size_t i = 0; i < seen_size(s); i++)
            s->moved[i] = s->sensitivity * s->seen[i];
        return s->moved;
    }
    const float *before = s->seen, *now = s->seen + n;
    for (size_t i = 0; i < n; i++)
        s->moved[i] = now[i] - s->sensitivity * (now[i] - before[i]);
    memcpy(s->moved + n, now, n * sizeof(*now));
    return s->moved;
}

static float *feature_at(const s2vi_foley_stream *s, int i)
{
    return s->features + (ptrdiff_t)i * s->model->config.generator.features;
}

/* The next feature; of what stands still, it is the one before. */
static int make_feature(s2vi_foley_stream *s, s2v_error *err)
{
    const s2vi_foley_part *part = &s->model->visual_encoder;
    const s2vi_clock clock = {0};
    const size_t size =
        (size_t)s->model->config.generator.features * sizeof(float);
    float *to = feature_at(s, s->n_features);
    const float *now = look(s);
    bool same;
    int ret = S2V_OK;
    if (!now)
        return S2V_ERR_AGAIN;
    see(s, now, &same);
    if (same && s->n_features) {
        memcpy(to, feature_at(s, s->n_features - 1), size);
    } else {
        ret = s2vi_exec_write(s->visual_encoder, part->in, magnify(s));
        if (!ret)
            ret = s2vi_exec_run(s->visual_encoder, &clock, err);
        if (!ret)
            ret = s2vi_exec_read(s->visual_encoder, part->out, to);
    }
    s->n_features++;
    for (int i = 0; !s->feature && i < s->model->windows.past; i++)
        memcpy(feature_at(s, s->n_features++), to, size);
    s->feature++;
    return ret;
}

/* ---------------------------------------------------------------- mel -- */

/* Where the last window ends, in features. */
static int64_t window_end(const s2vi_foley_stream *s)
{
    const s2vi_foley_windows *w = &s->model->windows;
    return (s->window - 1) * w->hop - w->past + w->length;
}

/* Columns of mel are within [0, 1], as the vocoder knows them. */
static void clip(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = x[i] > 0.0f ? x[i] : 0.0f; /* NaN becomes 0, too */
        x[i] = x[i] < 1.0f ? x[i] : 1.0f;
    }
}

/* In place of the end of the window before comes the beginning of this one. */
static void cross_fade(s2vi_foley_stream *s)
{
    const s2vi_foley_windows *w = &s->model->windows;
    const int n = RATIO * w->fade;
    float *to = s->columns + (ptrdiff_t)RATIO * w->past * BANDS;
    for (int j = 0; j < n; j++) {
        const float in = ((float)j + 0.5f) / (float)n;
        for (int b = 0; b < BANDS; b++) {
            const float old = s->faded[j * BANDS + b];
            to[j * BANDS + b] = old + in * (to[j * BANDS + b] - old);
        }
    }
}

/* Strokes at the onsets of the columns up to the next ones' end. */
static int find_strokes(s2vi_foley_stream *s, s2v_error *err)
{
    const int n = s->columns_end - s->column;
    const float *columns = s->columns + (ptrdiff_t)s->column * BANDS;
    return s2vi_foley_strokes_columns(
        s->strokes, columns, n, columns + (ptrdiff_t)n * BANDS,
        RATIO * s->model->windows.length - s->columns_end, s->onsets, err);
}

static int make_window(s2vi_foley_stream *s, s2v_error *err)
{
    const s2vi_foley_windows *w = &s->model->windows;
    const s2vi_foley_model *m = s->model;
    const s2vi_clock clock = {0};
    const int fading = RATIO * (w->past + w->hop);
    int ret = s2vi_exec_write(s->mel, m->mel.in, s->features);
    if (!ret)
        ret = s2vi_exec_write(s->mel, m->mel_timbre, s->timbre);
    if (!ret)
        ret = s2vi_exec_run(s->mel, &clock, err);
    memcpy(s->faded, s->columns + (ptrdiff_t)fading * BANDS,
           (size_t)(RATIO * w->fade * BANDS) * sizeof(*s->faded));
    if (!ret)
        ret = s2vi_exec_read(s->mel, m->mel.out, s->columns);
    if (ret < 0)
        return ret;
    clip(s->columns, (size_t)(RATIO * w->length * BANDS));
    if (s->window++)
        cross_fade(s);
    s->column = RATIO * w->past;
    s->columns_end = fading;
    s->n_features = w->length - w->hop;
    memmove(s->features, feature_at(s, w->hop),
            (size_t)s->n_features * (size_t)m->config.generator.features *
                sizeof(*s->features));
    return s->strokes ? find_strokes(s, err) : S2V_OK;
}

/* What a window leaves to the next one is heard where there is none. */
static bool is_last(const s2vi_foley_stream *s)
{
    return s->drained && s->window && window_end(s) * HOP >= s->total;
}

/* ------------------------------------------------------------ samples -- */

static int make_samples(s2vi_foley_stream *s, s2v_error *err)
{
    const s2vi_foley_windows *w = &s->model->windows;
    const s2vi_foley_part *part = &s->model->vocoder;
    const s2vi_clock clock = {0};
    const int kept = 2 * w->context;
    int ret = S2V_OK;
    if (!s->strokes) {
        ret = s2vi_exec_write(s->vocoder, part->in, s->heard);
        if (!ret)
            ret = s2vi_exec_run(s->vocoder, &clock, err);
        if (!ret)
            ret = s2vi_exec_read(s->vocoder, part->out, s->samples);
    }
    if (ret < 0)
        return ret;
    memmove(s->heard, s->heard + (ptrdiff_t)(s->n_heard - kept) * BANDS,
            (size_t)(kept * BANDS) * sizeof(*s->heard));
    s->n_heard = kept;
    const int all = w->vocoder * COLUMN, skip = s->skip < all ? s->skip : all;
    s->skip -= skip;
    s->sample = w->context * COLUMN + skip;
    s->samples_end = w->context * COLUMN + all;
    return S2V_OK;
}

/* Hand columns on to the vocoder, or silence. */
static int hear(s2vi_foley_stream *s, const float *columns, int n,
                s2v_error *err)
{
    float *to = s->heard + (ptrdiff_t)s->n_heard * BANDS;
    const size_t size = (size_t)(n * BANDS) * sizeof(*to);
    if (columns)
        memcpy(to, columns, size);
    else
        memset(to, 0, size);
    s->n_heard += n;
    return s->n_heard == heard_columns(s) ? make_samples(s, err) : S2V_OK;
}

/* The next thing that can be done. */
static int advance(s2vi_foley_stream *s, s2v_error *err)
{
    const int length = s->model->windows.length;
    const int room = heard_columns(s) - s->n_heard;
    if (s->column == s->columns_end && s->columns_end < RATIO * length &&
        is_last(s)) {
        s->columns_end = RATIO * length;
        const int ret = s->strokes ? find_strokes(s, err) : S2V_OK;
        if (ret < 0)
            return ret;
    }
    if (s->column < s->columns_end) {
        const int left = s->columns_end - s->column;
        const int n = left < room ? left : room;
        float *from = s->columns + (ptrdiff_t)s->column * BANDS;
        if (s->onsets && !s->strokes)
            s2vi_foley_onsets_pass(s->onsets, from, n);
        s->column += n;
        return hear(s, from, n, err);
    }
    if (is_last(s))
        return hear(s, NULL, room, err);
    return s->n_features == length ? make_window(s, err) : make_feature(s, err);
}

void s2vi_foley_stream_set_gain(s2vi_foley_stream *s, float gain)
{
    s->gain = gain;
}

void s2vi_foley_stream_set_sensitivity(s2vi_foley_stream *s, float factor)
{
    s->sensitivity = factor;
}

int s2vi_foley_stream_set_regions(s2vi_foley_stream *s, const char *text,
                                  s2v_error *err)
{
    s2vi_foley_regions regions;
    s2vi_foley_view view;
    int ret = s2vi_foley_regions_parse(&regions, text, err);
    if (!ret && s->width && !s->drained)
        ret =
            s2vi_foley_regions_view(&regions, s->width, s->height, &view, err);
    if (!ret)
        s->regions = regions;
    return ret;
}

int s2vi_foley_stream_set_onsets(s2vi_foley_stream *s, const char *path,
                                 s2v_error *err)
{
    s2vi_foley_onsets *onsets = NULL;
    if (*path && strcmp(path, "none")) {
        const int ret = s2vi_foley_onsets_open(&onsets, path, err);
        if (ret < 0)
            return ret;
    }
    s2vi_foley_onsets_close(&s->onsets);
    s->onsets = onsets;
    return S2V_OK;
}

int s2vi_foley_stream_set_synthesis(s2vi_foley_stream *s, const char *name,
                                    s2v_error *err)
{
    const bool strokes = !strcmp(name, "strokes");
    if (!strokes && strcmp(name, "vocoder"))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "synthesis: expected 'vocoder' or 'strokes', found "
                          "'%.40s'",
                          name);
    if (strokes)
        return s->strokes ? S2V_OK
                          : s2vi_foley_strokes_create(&s->strokes, err);
    s2vi_foley_strokes_close(&s->strokes);
    return S2V_OK;
}

/* Each sample is given out once. */
static void amplify(const s2vi_foley_stream *s, int64_t n)
{
    for (int64_t i = 0; s->gain != 1.0f && i < n; i++)
        s->samples[s->sample + i] *= s->gain;
}

/* All samples were given out. */
static int end(s2vi_foley_stream *s, s2v_error *err)
{
    const int ret =
        s->onsets ? s2vi_foley_onsets_finish(s->onsets, err) : S2V_OK;
    return ret < 0 ? ret : S2V_ERR_EOF;
}

int s2vi_foley_stream_receive(s2vi_foley_stream *s, s2v_audio_frame *frame,
                              s2v_error *err)
{
    while (s->sample == s->samples_end) {
        if (s->drained && s->made == s->total)
            return end(s, err);
        const int ret = advance(s, err);
        if (ret)
            return ret;
    }
    int64_t n = s->samples_end - s->sample;
    if (s->drained && n > s->total - s->made)
        n = s->total - s->made;
    if (!n)
        return end(s, err);
    if (s->strokes)
        s2vi_foley_strokes_render(s->strokes, s->samples + s->sample, s->made,
                                  n);
    amplify(s, n);
    *frame = (s2v_audio_frame){
        .samples = s->samples + s->sample, .count = (size_t)n, .pts = s->made};
    s->sample += (int)n;
    s->made += n;
    return S2V_OK;
}

/* -------------------------------------------------------------- state -- */

/* The pictures that wait, in turn. */
static void pass_ring(s2vi_foley_stream *s, s2vi_state *state)
{
    const size_t each = pixels(s);
    const size_t n = s2vi_state_count(state, "pictures.at", S2VI_STATE_INTEGER,
                                      (size_t)s->count, 1 << 20);
    const size_t numbers = s2vi_state_count(state, "pictures", S2VI_STATE_FLOAT,
                                            n * each, SIZE_MAX / 8);
    if (numbers != n * each)
        s2vi_state_fail(state, S2V_ERR_FORMAT,
                        "the state's 'pictures' has %zu elements, expected %zu",
                        numbers, n * each);
    int64_t *at = s2vi_state_ok(state) ? calloc(n + 1, sizeof(*at)) : NULL;
    float *all = at ? floats(n * each) : NULL;
    if (state->restoring) {
        s2v_error err;
        s->first = s->count = 0;
        if (all && (int)n > s->room && make_room(s, (int)n, &err) < 0)
            s2vi_state_fail(state, S2V_ERR_NOMEM, "%s", err.message);
    } else {
        for (size_t i = 0; i < n && all; i++) {
            const waiting *w =
                &s->ring[((size_t)s->first + i) % (size_t)s->room];
            at[i] = w->at;
            memcpy(all + i * each, w->pixels, each * sizeof(*all));
        }
    }
    if (s2vi_state_ok(state) && !all)
        s2vi_state_fail(state, S2V_ERR_NOMEM, "out of memory for pictures");
    s2vi_state_integers(state, "pictures.at", at, n, INT64_MIN / 4,
                        INT64_MAX / 4);
    s2vi_state_floats(state, "pictures", all, n * each, 1e3);
    for (size_t i = 0; i < n && state->restoring && s2vi_state_ok(state); i++) {
        s->ring[i].at = at[i];
        memcpy(s->ring[i].pixels, all + i * each, each * sizeof(*all));
        s->count = (int)i + 1;
    }
    free(at);
    free(all);
}

static void pass_clock(s2vi_foley_stream *s, s2vi_state *state)
{
    const int64_t most = INT64_MAX >> 1;
    s2vi_state_int(state, "film.width", &s->width, 0, 32768);
    s2vi_state_int(state, "film.height", &s->height, 0, 32768);
    s2vi_state_bool(state, "film.began", &s->began);
    s2vi_state_int(state, "film.num", &s->num, s->began, MOST_NUM);
    s2vi_state_int(state, "film.den", &s->den, s->began, INT32_MAX);
    s2vi_state_int64(state, "film.start", &s->start, INT64_MIN, INT64_MAX);
    s2vi_state_int64(state, "film.last", &s->last, s->start, INT64_MAX);
    s2vi_state_int64(state, "film.step", &s->step, 0, INT64_MAX);
    s2vi_state_int64(state, "film.end", &s->end, s->start, INT64_MAX);
    s2vi_state_bool(state, "film.drained", &s->drained);
    s2vi_state_int64(state, "film.total", &s->total, 0, most);
    s2vi_state_int64(state, "film.made", &s->made, 0,
                     s->drained ? s->total : most);
}

/* How far each network has come: within the arrays, as advance() needs it. */
static void pass_places(s2vi_foley_stream *s, s2vi_state *state)
{
    const int columns = RATIO * s->model->windows.length;
    const int64_t most = (int64_t)1 << 40;
    const int samples = heard_columns(s) * COLUMN;
    s2vi_state_bool(state, "film.still", &s->still);
    s2vi_state_int64(state, "film.feature", &s->feature, 0, most);
    s2vi_state_int(state, "film.features", &s->n_features, 0,
                   s->feature ? s->model->windows.length : 0);
    s2vi_state_int64(state, "film.window", &s->window, 0, most);
    s2vi_state_int(state, "film.columns_end", &s->columns_end, 0, columns);
    s2vi_state_int(state, "film.column", &s->column, 0, s->columns_end);
    s2vi_state_int(state, "film.heard", &s->n_heard, 0, heard_columns(s) - 1);
    s2vi_state_int(state, "film.samples_end", &s->samples_end, 0, samples);
    s2vi_state_int(state, "film.sample", &s->sample, 0, s->samples_end);
    s2vi_state_int(state, "film.skip", &s->skip, 0, samples);
}

void s2vi_foley_stream_pass_state(s2vi_foley_stream *s, s2vi_state *state)
{
    const s2vi_foley_windows *w = &s->model->windows;
    const size_t F = (size_t)s->model->config.generator.features;
    const size_t length = (size_t)w->length, heard = (size_t)heard_columns(s);
    const double most = 1e6;
    pass_ring(s, state);
    pass_clock(s, state);
    pass_places(s, state);
    s2vi_state_floats(state, "seen", s->seen, 2 * pixels(s), most);
    s2vi_state_floats(state, "features", s->features, length * F, FLT_MAX);
    s2vi_state_floats(state, "columns", s->columns, RATIO * length * BANDS,
                      most);
    s2vi_state_floats(state, "faded", s->faded, RATIO * (size_t)w->fade * BANDS,
                      most);
    s2vi_state_floats(state, "heard", s->heard, heard * BANDS, most);
    s2vi_state_floats(state, "samples", s->samples, heard * COLUMN, FLT_MAX);
    if (s->onsets)
        s2vi_foley_onsets_pass_state(s->onsets, state);
    if (s->strokes)
        s2vi_foley_strokes_pass_state(s->strokes, state);
}
