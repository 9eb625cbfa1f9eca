/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mel spectrum in decibels below its maximum. */
#include "audio/decibel_mel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/mel.h"
#include "audio/stft.h"
#include "base/error.h"

enum {
    FFT = S2VI_DECIBEL_MEL_FFT,
    HOP = S2VI_DECIBEL_MEL_HOP,
    BINS = FFT / 2 + 1,
    WINDOW = S2VI_DECIBEL_MEL_WINDOW,
};

static const double LEAST = 1e-10, RANGE = 80; /* dB */
static const float LOUDEST = 1e15f;            /* its power is a finite float */

/* ---------------------------------------------------------- one column -- */

struct s2vi_power_mel {
    s2vi_stft *stft;
    s2vi_mel *bank;
    double power[BINS];
};

s2vi_power_mel *s2vi_power_mel_create(size_t bands)
{
    s2vi_power_mel *mel = calloc(1, sizeof(*mel));
    if (!mel)
        return NULL;
    mel->stft = s2vi_stft_create(FFT, FFT);
    mel->bank = s2vi_mel_create_slaney(bands, FFT, S2VI_DECIBEL_MEL_RATE, 0,
                                       S2VI_DECIBEL_MEL_RATE / 2.0);
    if (!mel->stft || !mel->bank)
        s2vi_power_mel_close(&mel);
    return mel;
}

void s2vi_power_mel_close(s2vi_power_mel **mel)
{
    if (!mel || !*mel)
        return;
    s2vi_stft_close(&(*mel)->stft);
    s2vi_mel_close(&(*mel)->bank);
    free(*mel);
    *mel = NULL;
}

void s2vi_power_mel_column(s2vi_power_mel *mel, const float *samples,
                           double *out)
{
    const double *magnitude = s2vi_stft_column(mel->stft, samples, FFT);
    for (int i = 0; i < BINS; i++)
        mel->power[i] = magnitude[i] * magnitude[i];
    s2vi_mel_apply(mel->bank, mel->power, out);
}

float s2vi_decibel_mel_scaled(double S, double most)
{
    const double dB =
        10 * log10(fmax(S, LEAST)) - 10 * log10(fmax(most, LEAST));
    return (float)(fmax(dB, -RANGE) / RANGE + 1);
}

/* --------------------------------------------------------- whole sounds -- */

size_t s2vi_decibel_mel_columns(size_t n)
{
    return n ? 1 + n / HOP : 0;
}

int s2vi_decibel_mel(const float *samples, size_t n, size_t bands, bool reflect,
                     float *out, s2v_error *err)
{
    const size_t columns = s2vi_decibel_mel_columns(n);
    int ret = S2V_OK;
    double most = 0;
    double *S = malloc((columns ? columns : 1) * bands * sizeof(*S));
    s2vi_power_mel *mel = s2vi_power_mel_create(bands);
    if (!S || !mel) {
        ret = s2vi_error_nomem(err, "the mel spectrum");
        goto fail;
    }
    for (size_t k = 0; k < columns; k++) {
        float window[FFT];
        s2vi_stft_centred(samples, n, k * HOP, FFT, reflect, LOUDEST, window);
        s2vi_power_mel_column(mel, window, S + k * bands);
        for (size_t b = 0; b < bands; b++)
            most = fmax(most, S[k * bands + b]);
    }
    for (size_t i = 0; i < columns * bands; i++)
        out[i] = s2vi_decibel_mel_scaled(S[i], most);
fail:
    s2vi_power_mel_close(&mel);
    free(S);
    return ret;
}

void s2vi_decibel_mel_window(const float *mel, size_t columns, size_t bands,
                             float *out)
{
    const size_t first = columns > WINDOW ? (columns - WINDOW) / 2 : 0;
    const size_t n = columns > WINDOW ? WINDOW : columns;
    if (n)
        memcpy(out, mel + first * bands, n * bands * sizeof(*out));
    memset(out + n * bands, 0, (WINDOW - n) * bands * sizeof(*out));
}

/* Where pixel i of `to` reads among `from`: between `low` and the next. */
typedef struct place {
    size_t low, high;
    double part; /* of the next */
} place;

static place place_of(size_t i, size_t from, size_t to)
{
    const double at =
        fmax(((double)i + 0.5) * (double)from / (double)to - 0.5, 0);
    const size_t low = (size_t)at < from - 1 ? (size_t)at : from - 1;
    return (place){.low = low,
                   .high = low + 1 < from ? low + 1 : low,
                   .part = at - (double)low};
}

static double between(double a, double b, double part)
{
    return a + (b - a) * part;
}

void s2vi_decibel_mel_image(const float *mel, size_t columns, size_t bands,
                            size_t height, size_t width, float *out)
{
    for (size_t y = 0; y < height; y++) {
        const place row = place_of(y, bands, height);
        for (size_t x = 0; x < width; x++) {
            const place at = place_of(x, columns, width);
            const float *a = mel + at.low * bands, *b = mel + at.high * bands;
            const double low =
                between((double)a[row.low], (double)b[row.low], at.part);
            const double high =
                between((double)a[row.high], (double)b[row.high], at.part);
            out[y * width + x] = (float)between(low, high, row.part);
        }
    }
}

int s2vi_sound_clip_image(const float *mel, size_t columns, float *out,
                          s2v_error *err)
{
    enum { BANDS = S2VI_SOUND_CLIP_BANDS };
    float *window = malloc(sizeof(*window) * WINDOW * BANDS);
    if (!window)
        return s2vi_error_nomem(err, "the sound encoder's image");
    s2vi_decibel_mel_window(mel, columns, BANDS, window);
    s2vi_decibel_mel_image(window, WINDOW, BANDS, S2VI_SOUND_CLIP_WIDTH,
                           S2VI_SOUND_CLIP_HEIGHT, out);
    free(window);
    return S2V_OK;
}
