/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mel-cepstral distortion and the similarity of timbre. */
#include "measure/timbre.h"

#include <math.h>
#include <string.h>

enum { BANDS = S2VI_FOLEY_MEL_BANDS, REACH = 12 };

static const double WIDTH = S2VI_TIMBRE_WIDTH;
static const double pi = 3.14159265358979323846;

/* ----------------------------------------------------------------- MCD -- */

/* c_1 ... c_13 are linear in ln m: those of the difference are enough. */
static double distortion(const float *a, const float *b,
                         const double cosine[S2VI_MCD_ORDER][BANDS])
{
    double difference[BANDS], sum = 0;
    for (int i = 0; i < BANDS; i++)
        difference[i] = s2vi_foley_mel_log(a[i]) - s2vi_foley_mel_log(b[i]);
    for (int k = 0; k < S2VI_MCD_ORDER; k++) {
        double c = 0;
        for (int i = 0; i < BANDS; i++)
            c += cosine[k][i] * difference[i];
        sum += c * c;
    }
    return 10 / log(10) * sqrt(2 * sum);
}

double s2vi_mcd(const float *a, const float *b, size_t columns)
{
    double cosine[S2VI_MCD_ORDER][BANDS], sum = 0;
    for (int k = 0; k < S2VI_MCD_ORDER; k++)
        for (int i = 0; i < BANDS; i++)
            cosine[k][i] =
                sqrt(2.0 / BANDS) * cos(pi * (k + 1) * (i + 0.5) / BANDS);
    for (size_t t = 0; t < columns; t++)
        sum += distortion(a + t * BANDS, b + t * BANDS,
                          (const double(*)[BANDS])cosine);
    return columns ? sum / (double)columns : NAN;
}

/* -------------------------------------------------------------- timbre -- */

/* The envelope of what a band is to its neighbours, without its mean. */
static void smooth(double v[BANDS])
{
    double in[BANDS], sum = 0;
    memcpy(in, v, sizeof(in));
    for (int b = 0; b < BANDS; b++) {
        double weights = 0;
        v[b] = 0;
        for (int k = -REACH; k <= REACH; k++) {
            const int i = b + k < 0 ? 0 : b + k < BANDS ? b + k : BANDS - 1;
            const double w = exp(-0.5 * k * k / (WIDTH * WIDTH));
            v[b] += w * in[i];
            weights += w;
        }
        v[b] /= weights;
    }
    for (int b = 0; b < BANDS; b++)
        sum += v[b];
    for (int b = 0; b < BANDS; b++)
        v[b] -= sum / BANDS;
}

void s2vi_timbre_of_mel(s2vi_timbre *timbre, const float *mel, size_t columns)
{
    const double least = s2vi_foley_mel_least(mel, columns);
    double square[BANDS] = {0};
    *timbre = (s2vi_timbre){0};
    for (size_t t = 0; t < columns; t++) {
        if (s2vi_foley_mel_power(mel + t * BANDS) < least)
            continue;
        const double n = (double)++timbre->columns;
        for (int b = 0; b < BANDS; b++) { /* Welford's recurrence */
            const double v =
                s2vi_foley_mel_decibel((double)mel[t * BANDS + (size_t)b]);
            const double d = v - timbre->mean[b];
            timbre->mean[b] += d / n;
            square[b] += d * (v - timbre->mean[b]);
        }
    }
    if (!timbre->columns)
        return;
    for (int b = 0; b < BANDS; b++)
        timbre->deviation[b] = sqrt(square[b] / (double)timbre->columns);
    smooth(timbre->mean);
    smooth(timbre->deviation);
}

double s2vi_timbre_cosine(const s2vi_timbre *a, const s2vi_timbre *b)
{
    double aa = 0, bb = 0, ab = 0;
    for (int i = 0; i < BANDS; i++) {
        aa += a->mean[i] * a->mean[i] + a->deviation[i] * a->deviation[i];
        bb += b->mean[i] * b->mean[i] + b->deviation[i] * b->deviation[i];
        ab += a->mean[i] * b->mean[i] + a->deviation[i] * b->deviation[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

double s2vi_timbre_distance(const s2vi_timbre *a, const s2vi_timbre *b)
{
    double sum = 0;
    if (!a->columns || !b->columns)
        return NAN;
    for (int i = 0; i < BANDS; i++) {
        const double d = a->mean[i] - b->mean[i];
        sum += d * d;
    }
    return sqrt(sum / BANDS);
}
