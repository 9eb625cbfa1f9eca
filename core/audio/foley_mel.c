/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mel spectrum of VarietySound.
 *
 * Its parameters stand in no paper: they are those with which the published
 * mels of VAS come out of the published clips (tests/train/test_real_mels.c).
 */
#include "audio/foley_mel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/mel.h"
#include "audio/stft.h"
#include "base/error.h"

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    HOP = S2VI_FOLEY_MEL_HOP,
    FFT = S2VI_FOLEY_MEL_FFT,
};

static const double LOW = 125.0, HIGH = 7600.0, FLOOR = 1e-5;
static const float LOUDEST = 1e30f; /* its transform's square is finite */

size_t s2vi_foley_mel_columns(size_t n)
{
    return n ? 1 + n / HOP : 0;
}

static float scaled(double m)
{
    double v = (20.0 * log10(m > FLOOR ? m : FLOOR) - 20.0 + 100.0) / 100.0;
    v = v > 0.0 ? v : 0.0;
    return (float)(v < 1.0 ? v : 1.0);
}

int s2vi_foley_mel(const float *samples, size_t n, float *out, size_t columns,
                   s2v_error *err)
{
    int ret = S2V_OK;
    const size_t own = s2vi_foley_mel_columns(n);
    s2vi_stft *stft = s2vi_stft_create(FFT, FFT);
    s2vi_mel *mel =
        s2vi_mel_create_slaney(BANDS, FFT, S2VI_FOLEY_RATE, LOW, HIGH);
    if (!stft || !mel) {
        ret = s2vi_error_nomem(err, "the mel spectrum");
        goto fail;
    }
    for (size_t k = 0; k < columns && k < own; k++) {
        float window[FFT];
        double bands[BANDS];
        s2vi_stft_centred(samples, n, k * HOP, FFT, true, LOUDEST, window);
        s2vi_mel_apply(mel, s2vi_stft_column(stft, window, FFT), bands);
        for (int b = 0; b < BANDS; b++)
            out[k * BANDS + (size_t)b] = scaled(bands[b]);
    }
    if (columns > own)
        memset(out + own * BANDS, 0, (columns - own) * BANDS * sizeof(*out));
fail:
    s2vi_stft_close(&stft);
    s2vi_mel_close(&mel);
    return ret;
}

/* A bin by itself shows its weight in each band. */
int s2vi_foley_mel_filters(float *out, s2v_error *err)
{
    double magnitude[S2VI_FOLEY_MEL_BINS] = {0}, bands[BANDS];
    s2vi_mel *mel =
        s2vi_mel_create_slaney(BANDS, FFT, S2VI_FOLEY_RATE, LOW, HIGH);
    if (!mel)
        return s2vi_error_nomem(err, "the mel filters");
    for (int k = 0; k < S2VI_FOLEY_MEL_BINS; k++) {
        magnitude[k] = 1;
        s2vi_mel_apply(mel, magnitude, bands);
        magnitude[k] = 0;
        for (int b = 0; b < BANDS; b++)
            out[b * S2VI_FOLEY_MEL_BINS + k] = (float)bands[b];
    }
    s2vi_mel_close(&mel);
    return S2V_OK;
}

double s2vi_foley_mel_decibel(double v)
{
    return 100.0 * v - 80.0;
}

double s2vi_foley_mel_log(double v)
{
    return s2vi_foley_mel_decibel(v) / 20.0 * log(10.0);
}

double s2vi_foley_mel_power(const float *column)
{
    double sum = 0;
    for (int b = 0; b < BANDS; b++)
        sum += pow(10, s2vi_foley_mel_decibel((double)column[b]) / 10);
    return sum;
}

double s2vi_foley_mel_least(const float *mel, size_t columns)
{
    double most = 0, silence = BANDS * pow(10, s2vi_foley_mel_decibel(0) / 10) *
                               (1 + 1e-9);
    for (size_t t = 0; t < columns; t++)
        most = fmax(most, s2vi_foley_mel_power(mel + t * BANDS));
    return fmax(silence, most * pow(10, -S2VI_FOLEY_MEL_RANGE / 10.0));
}

size_t s2vi_foley_mel_sounding(const float *mel, size_t columns, float *out,
                               size_t wanted)
{
    const double least = s2vi_foley_mel_least(mel, columns);
    const size_t size = BANDS * sizeof(*out);
    size_t n = 0;
    for (size_t t = 0; t < columns && n < wanted; t++)
        if (s2vi_foley_mel_power(mel + t * BANDS) >= least)
            memcpy(out + n++ * BANDS, mel + t * BANDS, size);
    for (size_t t = 0; !n && t < columns && t < wanted; t++)
        memcpy(out + t * BANDS, mel + t * BANDS, size);
    const size_t differ = n ? n : columns;
    for (size_t t = differ; t < wanted; t++)
        memcpy(out + t * BANDS, out + (t - differ) * BANDS, size);
    return differ;
}
