/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* YIN: a pitch estimator. */
#include "audio/yin.h"

#include <math.h>
#include <string.h>

enum {
    WINDOW = S2VI_YIN_WINDOW,
    LAGS = S2VI_YIN_LAGS,
    SHORTEST = 32, /* lag: 500 Hz */
    LONGEST = 225, /* 71 Hz */
    SUMMED = WINDOW - (LAGS - 1),
};

static const double SURE = 0.15, DOUBTFUL = 0.30;
static const double FOLLOWED = 0.50, NEAR = 0.20;
static const double QUIET = 1e-5; /* mean square: -50 dB */

/* The inner loop is over lags: each sum is in the order of j, and several are
 * computed at a time. */
void s2vi_yin_difference(const float *x, double d[LAGS])
{
    double sum = 0.0;
    memset(d, 0, LAGS * sizeof(*d));
    for (int j = 0; j < SUMMED; j++)
        for (int l = 0; l < LAGS; l++) {
            const double difference = (double)x[j] - (double)x[j + l];
            d[l] += difference * difference;
        }
    d[0] = 1.0;
    for (int l = 1; l < LAGS; l++) {
        sum += d[l];
        d[l] = sum > 0.0 ? l * d[l] / sum : 1.0;
    }
}

static bool is_candidate(const double d[LAGS], int l)
{
    return d[l] < d[l - 1] && d[l] <= d[l + 1];
}

static int find_lag(const double d[LAGS])
{
    int best = 0;
    for (int l = SHORTEST; l <= LONGEST; l++) {
        if (!is_candidate(d, l))
            continue;
        if (d[l] < SURE)
            return l;
        if (!best || d[l] < d[best])
            best = l;
    }
    return best && d[best] < DOUBTFUL ? best : 0;
}

/* One that is doubtful, but close to a pitch. */
static int find_near(const double d[LAGS], double pitch)
{
    int best = 0;
    for (int l = SHORTEST; l <= LONGEST; l++)
        if (is_candidate(d, l) && d[l] < FOLLOWED &&
            (!best || d[l] < d[best]) &&
            fabs(S2VI_YIN_RATE / (l * pitch) - 1.0) < NEAR)
            best = l;
    return best;
}

static bool is_quiet(const float *x)
{
    double sum = 0.0;
    for (int i = 0; i < WINDOW; i++)
        sum += (double)x[i] * (double)x[i];
    return sum < QUIET * WINDOW;
}

/* d[lag - 1] > d[lag]: the parabola has a least point. */
static double refine(const double d[LAGS], int lag)
{
    const double left = d[lag - 1], right = d[lag + 1];
    const double vertex = 0.5 * (left - right) / (left - 2.0 * d[lag] + right);
    return S2VI_YIN_RATE / (lag + vertex);
}

double s2vi_yin_follow(const float *samples, double before, bool *followed)
{
    double d[LAGS];
    *followed = false;
    if (is_quiet(samples))
        return 0.0;
    s2vi_yin_difference(samples, d);
    int lag = find_lag(d);
    if (!lag && before > 0.0) {
        lag = find_near(d, before);
        *followed = lag > 0;
    }
    return lag ? refine(d, lag) : 0.0;
}

double s2vi_yin_pitch(const float *samples)
{
    bool followed;
    return s2vi_yin_follow(samples, 0.0, &followed);
}
