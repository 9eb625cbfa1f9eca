/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a struck body rings. */
#include "measure/ringing.h"

#include <math.h>
#include <string.h>

#include "audio/foley_mel.h"
#include "audio/stft.h"
#include "base/error.h"
#include "measure/onsets.h"

enum {
    RATE = S2VI_FOLEY_RATE,
    WINDOW = 4096,
    FFT = 8192,
    SKIPPED = RATE / 50, /* of a stroke: the noise of the impact */
    LOUD = RATE / 5,     /* samples that say which stroke is the loudest */
    HOP = 256,
    MOST_HOPS = 20 * RATE / HOP, /* of a decay */
    LEAST_HOPS = 4,
};

static const double LOWEST = 60, HIGHEST = 10000; /* Hz */
static const double PEAK = 0.1;                   /* of the highest */
static const double FALL = 25;                    /* dB */

static double energy(const float *samples, size_t n, size_t from, size_t count)
{
    double sum = 0;
    for (size_t i = from; i < from + count && i < n; i++)
        sum += (double)samples[i] * samples[i];
    return sum;
}

/* The loudest onset; *next is the one after it, or n. */
static bool find_stroke(const float *samples, size_t n, size_t *at,
                        size_t *next, s2v_error *err, int *ret)
{
    s2vi_onsets onsets;
    double most = 0;
    *next = n;
    *ret = s2vi_onsets_of_sound(&onsets, samples, n, err);
    for (size_t i = 0; !*ret && i < onsets.count; i++) {
        const size_t from = (size_t)(onsets.times[i] * RATE);
        const double e = energy(samples, n, from, LOUD);
        if (e <= most)
            continue;
        most = e;
        *at = from;
        *next = i + 1 < onsets.count ? (size_t)(onsets.times[i + 1] * RATE) : n;
    }
    s2vi_onsets_free(&onsets);
    return most > 0;
}

/* Where between bins the peak at b is: of a parabola through the logarithms. */
static double interpolate(const double *x, int b)
{
    const double low = log(x[b - 1] + 1e-12), mid = log(x[b] + 1e-12);
    const double high = log(x[b + 1] + 1e-12), bend = low - 2 * mid + high;
    return bend < 0 ? b + 0.5 * (low - high) / bend : b;
}

/* The strongest local maximum that is not taken yet; 0: none. */
static int find_peak(const double *x, const bool *taken)
{
    int best = 0;
    for (int b = (int)(LOWEST * FFT / RATE) + 1; b < HIGHEST * FFT / RATE; b++)
        if (!taken[b] && x[b] > x[b - 1] && x[b] >= x[b + 1] &&
            (!best || x[b] > x[best]))
            best = b;
    return best;
}

static void find_partials(s2vi_ringing *r, const double *x)
{
    bool taken[FFT / 2 + 1] = {0};
    double highest = 0;
    for (int b; r->count < S2VI_RINGING_PARTIALS && (b = find_peak(x, taken));
         taken[b] = true) {
        highest = r->count ? highest : x[b];
        if (x[b] <= PEAK * highest)
            return;
        r->partial[r->count++] = interpolate(x, b) * RATE / FFT;
    }
}

/* Seconds to -60 dB, of a line through levels [0, count). */
static double fit(const double *level, int count)
{
    double t = 0, y = 0, tt = 0, ty = 0;
    for (int i = 0; i < count; i++) {
        t += i;
        y += level[i];
        tt += (double)i * i;
        ty += i * level[i];
    }
    const double slope = (count * ty - t * y) / (count * tt - t * t);
    return slope < 0 ? -60 / slope * HOP / RATE : NAN;
}

static double find_decay(const float *samples, size_t from, size_t to)
{
    double level[MOST_HOPS];
    int count = 0, top = 0;
    for (size_t at = from; at + HOP <= to && count < MOST_HOPS; at += HOP) {
        level[count] = 10 * log10(energy(samples, to, at, HOP) + 1e-12);
        if (level[count] > level[top])
            top = count;
        if (level[count++] < level[top] - FALL)
            break;
    }
    return count - top >= LEAST_HOPS ? fit(level + top, count - top) : NAN;
}

int s2vi_ringing_of_sound(s2vi_ringing *r, const float *samples, size_t n,
                          s2v_error *err)
{
    size_t at = 0, next;
    int ret;
    *r = (s2vi_ringing){.decay = NAN};
    if (!find_stroke(samples, n, &at, &next, err, &ret))
        return ret;
    s2vi_stft *stft = s2vi_stft_create(WINDOW, FFT);
    if (!stft)
        return s2vi_error_nomem(err, "a spectrum");
    if (at + SKIPPED < n) {
        const size_t left = n - at - SKIPPED;
        find_partials(r, s2vi_stft_column(stft, samples + at + SKIPPED,
                                          left < WINDOW ? left : WINDOW));
    }
    r->decay = find_decay(samples, at, next);
    s2vi_stft_close(&stft);
    return S2V_OK;
}

bool s2vi_ringing_same_pitch(const s2vi_ringing *made,
                             const s2vi_ringing *reference)
{
    for (int i = 0; made->count && i < reference->count; i++)
        if (fabs(made->partial[0] / reference->partial[i] - 1) <=
            S2VI_RINGING_TOLERANCE)
            return true;
    return false;
}
