/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the sound of clips is heard in training. */
#include "hearing.h"

#include "base/error.h"
#include "audio/level.h"
#include "base/philox.h"
#include "data/parallel.h"
#include "measure/loudness.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BANDS = S2VI_LMS_BANDS,
    STEP = S2VI_LMS_STEP,
    CURVES = S2VI_EQUALISER_COSINES, /* that bend a spectrum; the first is the
                                        tilt */
    RANGE_SPAN = 32,    /* frames with the same gains, for the range */
    RANGE_DRAWS = 4,    /* times that all clips are heard for it */
    RANGE_MOST = 16384, /* frames that are heard of shards each time */
};

/* Beside the streams of dataset.c. */
static const uint32_t HEARING_STREAM = 0x20002u, RANGE_STREAM = 0x20003u;
static const double RANGE_PART = 0.001;

/* ---------------------------------------------------------------- level -- */

/* The loudness of all that is trained on, LUFS. */
static int measure_loudness(const s2vi_dataset *data, double *lufs,
                            s2v_error *err)
{
    s2vi_sound_span *span = malloc((size_t)data->count * sizeof(*span));
    if (!span)
        return s2vi_error_nomem(err, "a loudness meter");
    for (int i = 0; i < data->count; i++) {
        const s2vi_dataset_clip *c = &data->clip[i];
        const int64_t n = c->train * STEP;
        span[i] = (s2vi_sound_span){
            c->clip->sound, n < c->clip->samples ? n : c->clip->samples};
    }
    const int ret =
        s2vi_shards_loudness(data->shards, span, data->count, lufs, err);
    free(span);
    return ret;
}

/* ---------------------------------------------------------------- gains -- */

static bool jitters(const s2vi_hearing *h)
{
    return h->level_jitter > 0 || h->spectrum_jitter > 0;
}

/* Factors of the bands, drawn from a stream at one place. */
static void draw_gains(const s2vi_hearing *h, uint32_t stream, uint64_t place,
                       double gain[BANDS])
{
    const s2vi_philox key = {h->seed, stream, place};
    float u[1 + CURVES];
    double amplitude[CURVES], db[BANDS];
    s2vi_philox_uniform(&key, 0, 1 + CURVES, u);
    for (int k = 1; k <= CURVES; k++)
        amplitude[k - 1] = h->spectrum_jitter / k * (2.0 * u[k] - 1.0);
    for (int b = 0; b < BANDS; b++)
        db[b] = h->level_jitter * (2.0 * u[0] - 1.0);
    s2vi_cosines_add(&h->cosines, amplitude, db);
    for (int b = 0; b < BANDS; b++)
        gain[b] = pow(10.0, db[b] / 20.0);
}

/* The features of frames [frame, frame + n) of a clip. An equaliser's gains
 * change slowly: those of the first frame are taken for all. */
static int hear(const s2vi_dataset_clip *c, int64_t frame, int64_t n,
                const double *gain, float *out, s2v_error *err)
{
    double all[BANDS];
    for (int b = 0; b < BANDS; b++)
        all[b] = gain[b] *
                 (c->gain ? pow(10.0, c->gain[frame * BANDS + b] / 20.0) : 1.0);
    const int64_t first = frame * STEP;
    const int64_t left = c->clip->samples - first;
    const int64_t span = n * STEP + S2VI_LMS_SPAN - STEP;
    return s2vi_lms_features(c->clip->sound + first,
                             (size_t)(span < left ? span : left), out, n,
                             all) < 0
               ? s2vi_error_nomem(err, "sound features")
               : S2V_OK;
}

int s2vi_hearing_features(const s2vi_hearing *h, const s2vi_sequence *s,
                          uint64_t place, int T, float *out, s2v_error *err)
{
    double gain[BANDS];
    int ret = S2V_OK;
    if (jitters(h)) {
        draw_gains(h, HEARING_STREAM, place, gain);
        ret = hear(s->from, s->frame, T, gain, out, err);
    } else {
        memcpy(out, s->from->features + s->frame * BANDS,
               (size_t)T * BANDS * sizeof(*out));
    }
    if (!ret)
        s2vi_hearing_normalise(h, out, T);
    return ret;
}

void s2vi_hearing_normalise(const s2vi_hearing *h, float *features, int64_t n)
{
    if (h->normalised)
        s2vi_feature_range_normalise(&h->range, features, n);
}

/* ---------------------------------------------------------------- range -- */

/* Of shards there may be more than memory holds: so many of every span. */
static int64_t span_stride(const s2vi_dataset *data)
{
    return data->shards ? (data->train + RANGE_MOST - 1) / RANGE_MOST : 1;
}

/* What several threads prepare, a clip at a time. */
typedef struct preparing {
    s2vi_hearing *h;
    s2vi_dataset *data;
    float **levelled; /* memory for sound, of clips of shards */
    /* Of the range: of each clip the number of its first span and row among
     * those of a draw. */
    int64_t *span, *row;
    uint64_t draw;
    float *rows;
} preparing;

/* Hear the training part of clip i in spans, with gains as in training. */
static int hear_clip(void *self, int i, s2v_error *err)
{
    const preparing *p = self;
    const s2vi_dataset_clip *c = &p->data->clip[i];
    const int64_t stride = span_stride(p->data);
    int64_t span = p->span[i], row = p->row[i];
    double gain[BANDS];
    int ret = S2V_OK;
    for (int64_t t = 0; t < c->train && !ret; t += RANGE_SPAN, span++) {
        const int64_t left = c->train - t;
        const int64_t n = left < RANGE_SPAN ? left : RANGE_SPAN;
        if (span % stride)
            continue;
        draw_gains(p->h, RANGE_STREAM, (p->draw << 32) + (uint64_t)span, gain);
        ret = hear(c, t, n, gain, p->rows + row * BANDS, err);
        row += n;
    }
    s2vi_shards_trim(p->data->shards);
    return ret;
}

/* Number spans and rows; rows of a draw. */
static int64_t number_spans(preparing *p)
{
    const int64_t stride = span_stride(p->data);
    int64_t span = 0, row = 0;
    for (int i = 0; i < p->data->count; i++) {
        const int64_t train = p->data->clip[i].train;
        p->span[i] = span;
        p->row[i] = row;
        for (int64_t t = 0; t < train; t += RANGE_SPAN, span++)
            if (span % stride == 0)
                row += train - t < RANGE_SPAN ? train - t : RANGE_SPAN;
    }
    return row;
}

static int measure_range(s2vi_hearing *h, s2vi_dataset *data, s2v_error *err)
{
    const int draws = jitters(h) ? RANGE_DRAWS : 1;
    preparing p = {.h = h,
                   .data = data,
                   .span = calloc((size_t)data->count, sizeof(*p.span)),
                   .row = calloc((size_t)data->count, sizeof(*p.row))};
    const int64_t n = p.span && p.row ? number_spans(&p) : 0;
    float *rows = malloc((size_t)(n * draws * BANDS) * sizeof(*rows) + 1);
    int ret = p.span && p.row && rows ? S2V_OK
                                      : s2vi_error_nomem(err, "sound features");
    for (int k = 0; k < draws && !ret; k++) {
        p.draw = (uint64_t)k;
        p.rows = rows + n * k * BANDS;
        ret = s2vi_parallel(data->count, data->threads, hear_clip, &p, err);
    }
    if (!ret &&
        s2vi_feature_range_measure(&h->range, rows, n * draws, RANGE_PART) < 0)
        ret = s2vi_error_nomem(err, "sound features");
    if (!ret && h->normalised)
        s2vi_feature_range_measure_normal(&h->range, rows, n * draws);
    free(rows);
    free(p.span);
    free(p.row);
    return ret;
}

/* The average spectrum of the training part of all clips, without jitter. */
static int measure_spectrum(s2vi_hearing *h, const s2vi_dataset *data,
                            s2v_error *err)
{
    s2vi_feature_rows *rows = malloc((size_t)data->count * sizeof(*rows));
    if (!rows)
        return s2vi_error_nomem(err, "sound features");
    for (int i = 0; i < data->count; i++)
        rows[i] =
            (s2vi_feature_rows){data->clip[i].features, data->clip[i].train};
    s2vi_spectrum_measure(&h->spectrum, rows, data->count);
    free(rows);
    return S2V_OK;
}

/* As a session will. */
static int equalise_clip(void *self, int i, s2v_error *err)
{
    const preparing *p = self;
    s2vi_dataset_clip *c = &p->data->clip[i];
    s2vi_equaliser equaliser;
    double db[BANDS];
    (void)err;
    s2vi_equaliser_start(&equaliser, &p->h->spectrum);
    for (int64_t t = 0; t < c->clip->frames; t++) {
        s2vi_equaliser_apply(&equaliser, c->features + t * BANDS, db);
        for (int b = 0; b < BANDS; b++)
            c->gain[t * BANDS + b] = (float)db[b];
    }
    s2vi_shards_trim(p->data->shards);
    return S2V_OK;
}

static int equalise_clips(s2vi_hearing *h, s2vi_dataset *data, s2v_error *err)
{
    preparing p = {.h = h, .data = data};
    for (int i = 0; i < data->count; i++) {
        s2vi_dataset_clip *c = &data->clip[i];
        c->gain = s2vi_shards_alloc(
            data->shards, c->clip->mapped,
            (size_t)(c->clip->frames * BANDS) * sizeof(*c->gain), err);
        if (!c->gain)
            return c->clip->mapped ? S2V_ERR_IO : S2V_ERR_NOMEM;
    }
    return s2vi_parallel(data->count, data->threads, equalise_clip, &p, err);
}

static int level_clip(void *self, int i, s2v_error *err)
{
    const preparing *p = self;
    s2vi_clip *c = p->data->clip[i].clip;
    if (!c->mapped)
        return s2vi_loudness_level(&c->sound, c->samples, p->h->level, err);
    if (s2vi_level_clip(c->sound, (size_t)c->samples, p->h->level,
                        p->levelled[i]) < 0)
        return s2vi_error_nomem(err, "sound");
    c->sound = p->levelled[i];
    s2vi_shards_trim(p->data->shards);
    return S2V_OK;
}

static int level_clips(s2vi_hearing *h, s2vi_dataset *data, s2v_error *err)
{
    preparing p = {.h = h,
                   .data = data,
                   .levelled =
                       calloc((size_t)data->count, sizeof(*p.levelled))};
    int ret = p.levelled ? S2V_OK : s2vi_error_nomem(err, "sound");
    for (int i = 0; i < data->count && !ret; i++) {
        const s2vi_clip *c = data->clip[i].clip;
        if (c->mapped)
            p.levelled[i] = s2vi_shards_memory(
                data->shards, (size_t)c->samples * sizeof(**p.levelled), err);
        ret = c->mapped && !p.levelled[i] ? S2V_ERR_IO : S2V_OK;
    }
    if (!ret)
        ret = s2vi_parallel(data->count, data->threads, level_clip, &p, err);
    free(p.levelled);
    return ret;
}

static int hear_clips(s2vi_hearing *h, s2vi_dataset *data, s2v_error *err)
{
    int ret = S2V_OK;
    if (h->levelled)
        ret = measure_loudness(data, &h->level, err);
    if (!ret && h->levelled)
        ret = level_clips(h, data, err);
    if (!ret)
        ret = s2vi_dataset_features(data, err);
    if (!ret)
        ret = measure_spectrum(h, data, err);
    if (!ret && h->levelled)
        ret = equalise_clips(h, data, err);
    return ret < 0 ? ret : measure_range(h, data, err);
}

/* -------------------------------------------------------------- shards -- */

/* All that is measured and computed comes from; whether it is there already. */
static bool is_prepared(const s2vi_hearing *h, const s2vi_dataset *data)
{
    GString *what = g_string_new(NULL);
    bool mapped = true;
    g_string_printf(what, "hearing %s %s %d %.17g %.17g %d %llu", s2v_version(),
                    data->hash, h->levelled, h->level_jitter,
                    h->spectrum_jitter, h->normalised,
                    (unsigned long long)h->seed);
    for (int i = 0; i < data->count; i++) {
        g_string_append_printf(what, " %lld", (long long)data->clip[i].train);
        mapped &= data->clip[i].clip->mapped;
    }
    const bool prepared =
        mapped && s2vi_shards_prepare_begin(data->shards, what->str);
    g_string_free(what, TRUE);
    return prepared;
}

/* Arrays of an earlier run, asked for as hear_clips() does. */
static int take_prepared(const s2vi_hearing *h, s2vi_dataset *data,
                         s2v_error *err)
{
    bool good = true;
    for (int i = 0; i < data->count && h->levelled && good; i++) {
        s2vi_clip *c = data->clip[i].clip;
        c->sound = s2vi_shards_memory(
            data->shards, (size_t)c->samples * sizeof(*c->sound), err);
        good = c->sound != NULL;
    }
    for (int k = 0; k < 1 + h->levelled; k++)
        for (int i = 0; i < data->count && good; i++) {
            s2vi_dataset_clip *c = &data->clip[i];
            float *rows = s2vi_shards_memory(
                data->shards, (size_t)(c->clip->frames * BANDS) * sizeof(*rows),
                err);
            *(k ? &c->gain : &c->features) = rows;
            good = rows != NULL;
        }
    return good ? S2V_OK : S2V_ERR_IO;
}

int s2vi_hearing_prepare(s2vi_hearing *h, s2vi_dataset *data, s2v_error *err)
{
    s2vi_cosines_init(&h->cosines);
    const bool prepared = is_prepared(h, data);
    s2vi_hearing *kept =
        data->shards ? s2vi_shards_memory(data->shards, sizeof(*kept), err)
                     : NULL;
    if (data->shards && !kept)
        return S2V_ERR_IO;
    const int ret =
        prepared ? take_prepared(h, data, err) : hear_clips(h, data, err);
    if (!ret && prepared)
        *h = *kept;
    else if (!ret && kept)
        *kept = *h;
    if (!ret)
        s2vi_shards_prepare_end(data->shards);
    return ret;
}
