/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When sounds begin: peaks of spectral flux. */
#include "audio/onset_picker.h"

#include <math.h>
#include <string.h>

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    LAG = S2VI_ONSET_LAG,
    AROUND = S2VI_ONSET_AHEAD,
    NEAR = 3, /* columns: a peak is the highest within so many */
    EDGE = 2, /* columns at the end that see what is not there */
};

/* What a peak must exceed: so many times the mean around it, and so much more.
 * Found on rendered blows, clean and in noise of -50 and -40 dB. */
static const double TIMES = 1.5, STANDS = 0.01;
/* A column hears an onset before its middle reaches it. */
static const double LATE = 0.1; /* columns */

static float rise(const float *before, const float *now, float floor)
{
    float sum = 0;
    for (int b = 0; b < BANDS; b++) {
        float past = floor;
        for (int i = b ? b - 1 : 0; i <= b + 1 && i < BANDS; i++)
            past = fmaxf(past, before[i]);
        sum += fmaxf(now[b] - past, 0);
    }
    return sum / BANDS;
}

static float flux_at(const s2vi_onset_picker *p, int64_t k)
{
    return p->flux[k % S2VI_ONSET_SEEN];
}

/* Whether column k is one, of `pushed` columns as far as they are known. */
static bool is_peak(const s2vi_onset_picker *p, int64_t k)
{
    const int64_t first = k < AROUND ? 0 : k - AROUND;
    const float flux = flux_at(p, k);
    double sum = 0;
    int64_t n = 0;
    /* The last windows reach beyond the sound, where a tone is cut off. */
    if (k + EDGE >= p->pushed)
        return false;
    for (int64_t i = first; i < p->pushed && i <= k + AROUND; i++, n++) {
        const float other = flux_at(p, i);
        const bool near = i + NEAR >= k && i <= k + NEAR;
        sum += other;
        if (near && (other > flux || (other == flux && i < k)))
            return false;
    }
    return flux > TIMES * sum / (double)n + STANDS;
}

bool s2vi_onset_picker_push(s2vi_onset_picker *p, const float *column,
                            float floor, int64_t *peak)
{
    float *last = p->before[p->pushed % LAG];
    /* At the beginning there is nothing but the first column. */
    for (int i = 0; !p->pushed && i < LAG; i++)
        memcpy(p->before[i], column, BANDS * sizeof(*column));
    p->flux[p->pushed % S2VI_ONSET_SEEN] =
        rise(p->pushed < LAG ? p->before[0] : last, column, floor);
    if (p->pushed)
        memcpy(last, column, BANDS * sizeof(*column));
    p->pushed++;
    if (p->pushed <= AROUND)
        return false;
    *peak = p->decided++;
    return is_peak(p, *peak);
}

bool s2vi_onset_picker_finish(s2vi_onset_picker *p, int64_t *peak)
{
    while (p->decided < p->pushed) {
        *peak = p->decided++;
        if (is_peak(p, *peak))
            return true;
    }
    return false;
}

double s2vi_onset_time(int64_t column)
{
    return ((double)column + LATE) * S2VI_FOLEY_MEL_HOP / S2VI_FOLEY_RATE;
}
