/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The timbre of a reference: its mel, amplified where it is quiet, without what
 * does not sound, and the mean of what the network says of its windows.
 */
#include "session/foley_reference.h"

#include "audio/foley_mel.h"
#include "base/error.h"
#include "base/sentence.h"
#include "run/exec.h"

#include <math.h>
#include <stdlib.h>

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    RATE = S2VI_FOLEY_RATE,
    RATIO = S2VI_VS_RATIO,
    LEAST_REFERENCE = 1024,     /* samples: one window of the mel */
    MOST_REFERENCE = 60 * RATE, /* samples that are listened to */
};

static const float SILENCE = 1e-4f; /* -80 dB */
static const float QUIET = 0.1f;    /* -20 dB: quieter references are amplified;
                                       the mel cuts what is below -80 dB */

static float *floats(size_t n)
{
    return calloc(n ? n : 1, sizeof(float));
}

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
static int sounding(const s2vi_foley_model *model, const float *whole,
                    size_t all, float **mel, size_t *columns, s2v_error *err)
{
    const size_t window = RATIO * (size_t)model->windows.length;
    *columns = all < window ? window : all;
    *mel = floats(*columns * BANDS);
    if (!*mel)
        return s2vi_error_nomem(err, "a reference");
    const size_t n = s2vi_foley_mel_sounding(whole, all, *mel, *columns);
    *columns = n < window ? window : n;
    return S2V_OK;
}

/* Add the timbre of each whole window of the columns; their number. */
static int add_timbres(const s2vi_foley_model *model, s2vi_exec *exec,
                       const float *mel, size_t columns, float *sum,
                       int *windows, s2v_error *err)
{
    const s2vi_foley_part *part = &model->timbre;
    const size_t window = RATIO * (size_t)model->windows.length;
    const size_t D = s2vi_foley_timbre_size(model);
    float *one = floats(D);
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
        for (size_t i = 0; i < D && !ret; i++)
            sum[i] += one[i];
    }
    free(one);
    return ret;
}

size_t s2vi_foley_timbre_size(const s2vi_foley_model *model)
{
    return 2 * (size_t)model->config.generator.acoustic_lstm;
}

int s2vi_foley_reference_read(const s2vi_foley_model *model,
                              const float *samples, size_t count, float *timbre,
                              s2vi_foley_onsets *onsets,
                              s2vi_foley_strokes *strokes, s2v_error *err)
{
    const size_t D = s2vi_foley_timbre_size(model);
    s2vi_exec *exec = NULL;
    float *sum = NULL, *whole = NULL, *mel = NULL;
    size_t all, columns;
    int windows = 0;
    int ret = check_reference(samples, count, err);
    if (ret < 0)
        return ret;
    count = count < MOST_REFERENCE ? count : MOST_REFERENCE;
    all = s2vi_foley_mel_columns(count);
    sum = floats(D);
    whole = floats(all * BANDS);
    ret = sum && whole ? s2vi_exec_create(&exec, model->timbre.plan, err)
                       : s2vi_error_nomem(err, "a timbre");
    if (!ret)
        ret = reference_mel(samples, count, whole, all, err);
    if (!ret)
        ret = sounding(model, whole, all, &mel, &columns, err);
    if (!ret)
        ret = add_timbres(model, exec, mel, columns, sum, &windows, err);
    if (!ret && onsets)
        s2vi_foley_onsets_learn(onsets, mel, columns);
    if (!ret && strokes)
        ret =
            s2vi_foley_strokes_learn(strokes, samples, count, whole, all, err);
    for (size_t i = 0; i < D && !ret; i++)
        timbre[i] = sum[i] / (float)windows;
    s2vi_exec_close(&exec);
    free(mel);
    free(whole);
    free(sum);
    return ret;
}
