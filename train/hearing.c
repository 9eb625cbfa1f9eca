/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the sound of clips is heard in training. */
#include "hearing.h"

#include "base/error.h"
#include "base/philox.h"
#include "measure/loudness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BANDS = S2VI_LMS_BANDS,
    STEP = S2VI_LMS_STEP,
    CURVES = S2VI_EQUALISER_COSINES, /* that bend a spectrum; the first is the
                                        tilt */
    RANGE_SPAN = 32, /* frames with the same gains, for the range */
    RANGE_DRAWS = 4, /* times that all clips are heard for it */
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
    const int ret = s2vi_loudness_measure(span, data->count, lufs, err);
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

/* Hear the training part of all clips in spans, with gains as in training. */
static int hear_all(const s2vi_hearing *h, const s2vi_dataset *data,
                    uint64_t draw, float *rows, s2v_error *err)
{
    uint64_t place = draw << 32;
    double gain[BANDS];
    int ret = S2V_OK;
    for (int i = 0; i < data->count; i++) {
        const s2vi_dataset_clip *c = &data->clip[i];
        for (int64_t t = 0; t < c->train && !ret; t += RANGE_SPAN) {
            const int64_t left = c->train - t;
            const int64_t n = left < RANGE_SPAN ? left : RANGE_SPAN;
            draw_gains(h, RANGE_STREAM, place++, gain);
            ret = hear(c, t, n, gain, rows, err);
            rows += n * BANDS;
        }
    }
    return ret;
}

static int measure_range(s2vi_hearing *h, const s2vi_dataset *data,
                         s2v_error *err)
{
    const int draws = jitters(h) ? RANGE_DRAWS : 1;
    const int64_t n = data->train;
    float *rows = malloc((size_t)(n * draws * BANDS) * sizeof(*rows));
    if (!rows)
        return s2vi_error_nomem(err, "sound features");
    int ret = S2V_OK;
    for (int k = 0; k < draws && !ret; k++)
        ret = hear_all(h, data, (uint64_t)k, rows + n * k * BANDS, err);
    if (!ret &&
        s2vi_feature_range_measure(&h->range, rows, n * draws, RANGE_PART) < 0)
        ret = s2vi_error_nomem(err, "sound features");
    if (!ret && h->normalised)
        s2vi_feature_range_measure_normal(&h->range, rows, n * draws);
    free(rows);
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
static int equalise_clip(const s2vi_hearing *h, s2vi_dataset_clip *c,
                         s2v_error *err)
{
    s2vi_equaliser equaliser;
    double db[BANDS];
    c->gain = malloc((size_t)(c->clip->frames * BANDS) * sizeof(*c->gain));
    if (!c->gain)
        return s2vi_error_nomem(err, "gains of an equaliser");
    s2vi_equaliser_start(&equaliser, &h->spectrum);
    for (int64_t t = 0; t < c->clip->frames; t++) {
        s2vi_equaliser_apply(&equaliser, c->features + t * BANDS, db);
        for (int b = 0; b < BANDS; b++)
            c->gain[t * BANDS + b] = (float)db[b];
    }
    return S2V_OK;
}

int s2vi_hearing_prepare(s2vi_hearing *h, s2vi_dataset *data, s2v_error *err)
{
    int ret = S2V_OK;
    s2vi_cosines_init(&h->cosines);
    if (h->levelled)
        ret = measure_loudness(data, &h->level, err);
    for (int i = 0; i < data->count && h->levelled && !ret; i++)
        ret = s2vi_loudness_level(&data->clip[i].clip->sound,
                                  data->clip[i].clip->samples, h->level, err);
    if (!ret)
        ret = s2vi_dataset_features(data, err);
    if (!ret)
        ret = measure_spectrum(h, data, err);
    for (int i = 0; i < data->count && h->levelled && !ret; i++)
        ret = equalise_clip(h, &data->clip[i], err);
    return ret < 0 ? ret : measure_range(h, data, err);
}
