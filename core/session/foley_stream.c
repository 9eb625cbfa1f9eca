/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sound for pictures: from what is seen of them (foley_pictures.h) to features,
 * a mel in windows, and samples.
 */
#include "session/foley.h"

#include "audio/foley_mel.h"
#include "run/profile.h"
#include "session/family.h"
#include "session/foley_edit.h"
#include "session/foley_pictures.h"
#include "session/foley_reference.h"
#include "session/foley_strokes.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOP = S2VI_VISUAL_ENCODER_HOP,
    COLUMN = S2VI_FOLEY_MEL_HOP,
    BANDS = S2VI_FOLEY_MEL_BANDS,
    RATIO = S2VI_VS_RATIO,
};

struct s2vi_foley_stream {
    const s2vi_foley_model *model;
    s2vi_exec *visual_encoder, *mel, *vocoder;
    s2vi_profile *profile[3]; /* theirs; NULL: not wanted */
    float *timbre;            /* (D) */

    s2vi_foley_pictures pictures;

    /* features */
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
    s2vi_foley_onsets *onsets;   /* NULL: no file */
    s2vi_foley_strokes *strokes; /* NULL: the vocoder makes the sound */
};

/* ----------------------------------------------------------- lifetime -- */

static int heard_columns(const s2vi_foley_stream *s)
{
    return s->model->windows.vocoder + 2 * s->model->windows.context;
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
    s->timbre = floats(s2vi_foley_timbre_size(s->model));
    s->features = floats(length * F);
    s->columns = floats(RATIO * length * BANDS);
    s->faded = floats(RATIO * (size_t)w->fade * BANDS);
    s->heard = floats(heard * BANDS);
    s->samples = floats(heard * COLUMN);
    return s->timbre && s->features && s->columns && s->faded && s->heard &&
           s->samples;
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
    s->gain = 1.0f;
    int ret = allocate(s) ? S2V_OK : s2vi_error_nomem(err, "a stream's arrays");
    if (!ret)
        ret =
            s2vi_foley_pictures_create(&s->pictures, &model->config.sight, err);
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
    memcpy(s->timbre, model->mean,
           s2vi_foley_timbre_size(s->model) * sizeof(*s->timbre));
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
    s2vi_foley_pictures_close(&s->pictures);
    s2vi_exec_close(&s->visual_encoder);
    s2vi_exec_close(&s->mel);
    s2vi_exec_close(&s->vocoder);
    free(s->timbre);
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
    s2vi_foley_pictures_flush(&s->pictures);
    s->window = s->made = 0;
    s->n_features = 0;
    s->column = s->columns_end = s->sample = s->samples_end = 0;
    s->n_heard = 2 * w->context;
    s->skip = w->context * COLUMN;
    memset(s->heard, 0, (size_t)s->n_heard * BANDS * sizeof(*s->heard));
    if (s->onsets)
        s2vi_foley_onsets_flush(s->onsets);
    if (s->strokes)
        s2vi_foley_strokes_flush(s->strokes);
}

/* -------------------------------------------------------------- input -- */

int s2vi_foley_stream_set_reference(s2vi_foley_stream *s, const float *samples,
                                    size_t count, s2v_error *err)
{
    return s2vi_foley_reference_read(s->model, samples, count, s->timbre,
                                     s->onsets, s->strokes, err);
}

int s2vi_foley_stream_send(s2vi_foley_stream *s, const s2v_picture *p,
                           s2v_error *err)
{
    if (!s->pictures.drained && s->strokes &&
        !s2vi_foley_strokes_count(s->strokes))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "synthesis: expected a reference, set after it, "
                          "whose strokes are to be played; found none");
    return s2vi_foley_pictures_send(&s->pictures, p, s->onsets, err);
}

void s2vi_foley_stream_drain(s2vi_foley_stream *s)
{
    s2vi_foley_pictures_drain(&s->pictures);
}

/* ----------------------------------------------------------- features -- */

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
    bool same;
    int ret = S2V_OK;
    if (!s2vi_foley_pictures_look(&s->pictures, &same))
        return S2V_ERR_AGAIN;
    if (same && s->n_features) {
        memcpy(to, feature_at(s, s->n_features - 1), size);
    } else {
        ret = s2vi_exec_write(s->visual_encoder, part->in,
                              s2vi_foley_pictures_seen(&s->pictures));
        if (!ret)
            ret = s2vi_exec_run(s->visual_encoder, &clock, err);
        if (!ret)
            ret = s2vi_exec_read(s->visual_encoder, part->out, to);
    }
    s->n_features++;
    for (int i = 0; s->pictures.feature == 1 && i < s->model->windows.past; i++)
        memcpy(feature_at(s, s->n_features++), to, size);
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
    return s->pictures.drained && s->window &&
           window_end(s) * HOP >= s->pictures.total;
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
    s->pictures.sensitivity = factor;
}

int s2vi_foley_stream_set_regions(s2vi_foley_stream *s, const char *text,
                                  s2v_error *err)
{
    return s2vi_foley_pictures_set_regions(&s->pictures, text, err);
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
        if (s->pictures.drained && s->made == s->pictures.total)
            return end(s, err);
        const int ret = advance(s, err);
        if (ret)
            return ret;
    }
    int64_t n = s->samples_end - s->sample;
    if (s->pictures.drained && n > s->pictures.total - s->made)
        n = s->pictures.total - s->made;
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

/* How far each network has come: within the arrays, as advance() needs it. */
static void pass_places(s2vi_foley_stream *s, s2vi_state *state)
{
    const int columns = RATIO * s->model->windows.length;
    const int64_t most = (int64_t)1 << 40;
    const int samples = heard_columns(s) * COLUMN;
    s2vi_state_int(state, "film.features", &s->n_features, 0,
                   s->pictures.feature ? s->model->windows.length : 0);
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
    s2vi_foley_pictures_pass_state(&s->pictures, state);
    s2vi_state_int64(state, "film.made", &s->made, 0,
                     s->pictures.drained ? s->pictures.total : INT64_MAX >> 1);
    pass_places(s, state);
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
