/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When sounds begin: peaks of spectral flux, moved to where energy rises. */
#include "measure/onsets.h"

#include <math.h>
#include <stdlib.h>

#include "audio/foley_mel.h"
#include "base/error.h"

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    HOP = S2VI_FOLEY_MEL_HOP,
    RATE = S2VI_FOLEY_RATE,
    LAG = 2,     /* columns over which a rise is measured */
    NEAR = 3,    /* columns: a peak is the highest within so many */
    EDGE = 2,    /* columns at the end that see what is not there */
    AROUND = 12, /* columns, each way, of the mean it must stand out from */
    STEP = 11,   /* samples, 0.5 ms */
    SHORT = 110, /* samples whose energies are compared, 5 ms */
    REACH = 660, /* samples, 30 ms, by which an onset is moved at most */
};

static const float RANGE = 0.6f; /* of the mel that counts: 60 dB */
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

static void fill_flux(const float *mel, size_t columns, float *flux)
{
    float loudest = 0;
    for (size_t i = 0; i < columns * BANDS; i++)
        loudest = fmaxf(loudest, mel[i]);
    const float floor = fmaxf(loudest - RANGE, 0);
    for (size_t k = 0; k < columns; k++)
        flux[k] =
            rise(mel + (k < LAG ? 0 : k - LAG) * BANDS, mel + k * BANDS, floor);
}

static bool is_peak(const float *flux, size_t columns, size_t k)
{
    const size_t first = k < AROUND ? 0 : k - AROUND;
    double sum = 0;
    /* The last windows reach beyond the sound, where a tone is cut off. */
    if (k + EDGE >= columns)
        return false;
    size_t n = 0;
    for (size_t i = first; i < columns && i <= k + AROUND; i++, n++) {
        const bool near = i + NEAR >= k && i <= k + NEAR;
        sum += flux[i];
        if (near && (flux[i] > flux[k] || (flux[i] == flux[k] && i < k)))
            return false;
    }
    return flux[k] > TIMES * sum / (double)n + STANDS;
}

int s2vi_onsets_of_mel(s2vi_onsets *onsets, const float *mel, size_t columns,
                       s2v_error *err)
{
    *onsets = (s2vi_onsets){0};
    float *flux = calloc(columns + 1, sizeof(*flux));
    onsets->times = calloc(columns / NEAR + 1, sizeof(*onsets->times));
    if (!flux || !onsets->times) {
        free(flux);
        s2vi_onsets_free(onsets);
        return s2vi_error_nomem(err, "onsets");
    }
    fill_flux(mel, columns, flux);
    for (size_t k = 0; k < columns; k++)
        if (is_peak(flux, columns, k))
            onsets->times[onsets->count++] =
                ((double)k + LATE) * HOP / (double)RATE;
    free(flux);
    return S2V_OK;
}

/* Energy of n samples' differences: low tones that ring on count little. */
static double energy(const float *samples, size_t n, ptrdiff_t from,
                     ptrdiff_t to)
{
    double sum = 0;
    from = from < 1 ? 1 : from;
    for (ptrdiff_t i = from; i < to && i < (ptrdiff_t)n; i++) {
        const double d = (double)samples[i] - samples[i - 1];
        sum += d * d;
    }
    return sum;
}

static double refine(const float *samples, size_t n, double time)
{
    const ptrdiff_t middle = (ptrdiff_t)(time * RATE);
    const double all =
        energy(samples, n, middle - REACH - SHORT, middle + REACH + SHORT);
    double best = -1;
    ptrdiff_t at = middle;
    for (ptrdiff_t i = middle - REACH; i <= middle + REACH; i += STEP) {
        const double before = energy(samples, n, i - SHORT, i);
        const double after = energy(samples, n, i, i + SHORT);
        const double ratio = (after + 1e-12) / (before + 1e-3 * all + 1e-12);
        if (ratio > best) {
            best = ratio;
            at = i;
        }
    }
    return at > 0 ? (double)at / RATE : 0;
}

/* In order again, one of those that were moved to the same place. */
static void tidy(s2vi_onsets *onsets)
{
    size_t kept = 0;
    for (size_t i = 0; i < onsets->count; i++)
        if (!kept || onsets->times[i] > onsets->times[kept - 1] + 0.01)
            onsets->times[kept++] = onsets->times[i];
    onsets->count = kept;
}

int s2vi_onsets_of_sound(s2vi_onsets *onsets, const float *samples, size_t n,
                         s2v_error *err)
{
    const size_t columns = s2vi_foley_mel_columns(n);
    *onsets = (s2vi_onsets){0};
    float *mel = calloc(columns * BANDS + 1, sizeof(*mel));
    if (!mel)
        return s2vi_error_nomem(err, "onsets");
    int ret = s2vi_foley_mel(samples, n, mel, columns, err);
    if (ret >= 0)
        ret = s2vi_onsets_of_mel(onsets, mel, columns, err);
    free(mel);
    for (size_t i = 0; i < onsets->count; i++)
        onsets->times[i] = refine(samples, n, onsets->times[i]);
    tidy(onsets);
    return ret;
}

void s2vi_onsets_free(s2vi_onsets *onsets)
{
    free(onsets->times);
    *onsets = (s2vi_onsets){0};
}

/* With one tolerance for all, taking the earliest pair that fits leaves as many
 * as possible for the rest. */
void s2vi_onset_match(s2vi_onset_score *score, const s2vi_onsets *truth,
                      const s2vi_onsets *found, double tolerance)
{
    size_t i = 0, k = 0;
    score->truth += truth->count;
    score->found += found->count;
    while (i < truth->count && k < found->count) {
        const double early = truth->times[i] - found->times[k];
        if (fabs(early) <= tolerance) {
            score->matched++;
            score->early += early;
            score->off += fabs(early);
            i++;
            k++;
        } else if (early < 0) {
            i++;
        } else {
            k++;
        }
    }
}

static double part(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

double s2vi_onset_precision(const s2vi_onset_score *score)
{
    return part((double)score->matched, (double)score->found);
}

double s2vi_onset_recall(const s2vi_onset_score *score)
{
    return part((double)score->matched, (double)score->truth);
}

double s2vi_onset_f1(const s2vi_onset_score *score)
{
    return part(2.0 * (double)score->matched,
                (double)score->truth + (double)score->found);
}
