/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mel filter bank, as in HTK and VGGish (the sound features of AudioSet).
 *
 * A filter covers few bins: only those are stored and summed, 461
 * weights for Listen and Move instead of 64 x 257.
 */
#include "audio/mel.h"

#include <math.h>
#include <stdlib.h>

/* The bins first ... first + count - 1 and their weights. */
typedef struct band {
    size_t first, count;
    const double *weights; /* (count), within s2vi_mel.weights */
} band;

struct s2vi_mel {
    size_t bands;
    band *band;      /* (bands) */
    double *weights; /* all bands' weights, one after the other */
};

static double mel_of(double hertz)
{
    return 1127.0 * log(1.0 + hertz / 700.0);
}

/* Height at m of the triangle from edge `low` to edge `low + 2 * step`. */
static double triangle(double m, double low, double step)
{
    double rise = (m - low) / step;
    return rise < 2.0 - rise ? rise : 2.0 - rise;
}

s2vi_mel *s2vi_mel_create(size_t bands, size_t fft, double rate, double low,
                          double high)
{
    size_t bins = fft / 2 + 1, used = 0;
    s2vi_mel *mel = calloc(1, sizeof(*mel));
    if (!mel)
        return NULL;
    mel->bands = bands;
    mel->band = calloc(bands, sizeof(*mel->band));
    mel->weights = calloc(2 * bins, sizeof(*mel->weights)); /* 2 overlap */
    if (!mel->band || !mel->weights)
        goto fail;
    double lowest = mel_of(low);
    double step = (mel_of(high) - lowest) / (double)(bands + 1);
    for (size_t b = 0; b < bands; b++) {
        band *band = &mel->band[b];
        band->weights = mel->weights + used;
        for (size_t i = 0; i < bins; i++) {
            double m = mel_of(rate * (double)i / (double)fft);
            double weight = triangle(m, lowest + step * (double)b, step);
            if (weight <= 0.0 || used == 2 * bins)
                continue;
            if (band->count++ == 0)
                band->first = i;
            mel->weights[used++] = weight;
        }
    }
    return mel;
fail:
    s2vi_mel_close(&mel);
    return NULL;
}

void s2vi_mel_close(s2vi_mel **mel)
{
    if (!mel || !*mel)
        return;
    free((*mel)->band);
    free((*mel)->weights);
    free(*mel);
    *mel = NULL;
}

void s2vi_mel_apply(const s2vi_mel *mel, const double *magnitude, double *out)
{
    for (size_t b = 0; b < mel->bands; b++) {
        const band *band = &mel->band[b];
        double sum = 0.0;
        for (size_t i = 0; i < band->count; i++)
            sum += band->weights[i] * magnitude[band->first + i];
        out[b] = sum;
    }
}
