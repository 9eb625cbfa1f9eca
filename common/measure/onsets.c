/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When sounds begin: peaks of spectral flux, moved to where energy rises. */
#include "measure/onsets.h"

#include <math.h>
#include <stdlib.h>

#include "audio/foley_mel.h"
#include "audio/onset_picker.h"
#include "base/error.h"

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    RATE = S2VI_FOLEY_RATE,
    STEP = 11,   /* samples, 0.5 ms */
    SHORT = 110, /* samples whose energies are compared, 5 ms */
    REACH = 660, /* samples, 30 ms, by which an onset is moved at most */
};

static const float RANGE = 0.6f; /* of the mel that counts: 60 dB */

/* 60 dB below the loudest. */
static float floor_of(const float *mel, size_t columns)
{
    float loudest = 0;
    for (size_t i = 0; i < columns * BANDS; i++)
        loudest = fmaxf(loudest, mel[i]);
    return fmaxf(loudest - RANGE, 0);
}

int s2vi_onsets_of_mel(s2vi_onsets *onsets, const float *mel, size_t columns,
                       s2v_error *err)
{
    s2vi_onset_picker picker = {0};
    const float floor = floor_of(mel, columns);
    int64_t peak;
    *onsets = (s2vi_onsets){0};
    onsets->times = calloc(columns + 1, sizeof(*onsets->times));
    if (!onsets->times)
        return s2vi_error_nomem(err, "onsets");
    for (size_t k = 0; k < columns; k++)
        if (s2vi_onset_picker_push(&picker, mel + k * BANDS, floor, &peak))
            onsets->times[onsets->count++] = s2vi_onset_time(peak);
    while (s2vi_onset_picker_finish(&picker, &peak))
        onsets->times[onsets->count++] = s2vi_onset_time(peak);
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
