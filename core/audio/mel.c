/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mel filter banks: as in HTK and VGGish (the sound features of AudioSet), and
 * as in Slaney's Auditory Toolbox (1998) and librosa.
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

/* What a bank's filters are made of. */
typedef struct spec {
    double low, step; /* lowest edge and the edges' distance, in mel */
    double (*weight)(const struct spec *spec, size_t band, double hertz);
} spec;

static double htk_mel(double hertz)
{
    return 1127.0 * log(1.0 + hertz / 700.0);
}

/* Height at m of the triangle from edge `low` to edge `low + 2 * step`. */
static double triangle(double m, double low, double step)
{
    double rise = (m - low) / step;
    return rise < 2.0 - rise ? rise : 2.0 - rise;
}

static double htk_weight(const spec *spec, size_t band, double hertz)
{
    return triangle(htk_mel(hertz), spec->low + spec->step * (double)band,
                    spec->step);
}

static double htk_hertz(double mel)
{
    return 700.0 * (exp(mel / 1127.0) - 1.0);
}

/* Where the straight lines through the edges of a band are at `hertz`, of
 * which the lower one counts; both are 1 at its middle edge. */
static double straight(const spec *spec, size_t band, double hertz,
                       double (*edge)(double mel), double *width)
{
    const double low = edge(spec->low + spec->step * (double)band);
    const double top = edge(spec->low + spec->step * (double)(band + 1));
    const double high = edge(spec->low + spec->step * (double)(band + 2));
    const double rise = (hertz - low) / (top - low);
    const double fall = (high - hertz) / (high - top);
    *width = high - low;
    return rise < fall ? rise : fall;
}

static double hertz_weight(const spec *spec, size_t band, double hertz)
{
    double width;
    return straight(spec, band, hertz, htk_hertz, &width);
}

/* Linear up to 1 kHz, then 27 steps for each factor of 6.4. */
static const double linear_step = 200.0 / 3.0, linear_end = 1000.0,
                    log_base = 6.4, log_steps = 27.0;

static double slaney_mel(double hertz)
{
    if (hertz < linear_end)
        return hertz / linear_step;
    return linear_end / linear_step +
           log_steps * log(hertz / linear_end) / log(log_base);
}

static double slaney_hertz(double mel)
{
    double beyond = mel - linear_end / linear_step;
    if (beyond < 0.0)
        return mel * linear_step;
    return linear_end * exp(beyond * log(log_base) / log_steps);
}

static double slaney_weight(const spec *spec, size_t band, double hertz)
{
    double width;
    const double height = straight(spec, band, hertz, slaney_hertz, &width);
    return 2.0 / width * height;
}

static s2vi_mel *create(const spec *spec, size_t bands, size_t fft, double rate)
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
    for (size_t b = 0; b < bands; b++) {
        band *band = &mel->band[b];
        band->weights = mel->weights + used;
        for (size_t i = 0; i < bins; i++) {
            double weight =
                spec->weight(spec, b, rate * (double)i / (double)fft);
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

s2vi_mel *s2vi_mel_create(size_t bands, size_t fft, double rate, double low,
                          double high)
{
    spec spec = {.low = htk_mel(low), .weight = htk_weight};
    spec.step = (htk_mel(high) - spec.low) / (double)(bands + 1);
    return create(&spec, bands, fft, rate);
}

s2vi_mel *s2vi_mel_create_hertz(size_t bands, size_t fft, double rate,
                                double low, double high)
{
    spec spec = {.low = htk_mel(low), .weight = hertz_weight};
    spec.step = (htk_mel(high) - spec.low) / (double)(bands + 1);
    return create(&spec, bands, fft, rate);
}

s2vi_mel *s2vi_mel_create_slaney(size_t bands, size_t fft, double rate,
                                 double low, double high)
{
    spec spec = {.low = slaney_mel(low), .weight = slaney_weight};
    spec.step = (slaney_mel(high) - spec.low) / (double)(bands + 1);
    return create(&spec, bands, fft, rate);
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
