/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Measures of a talking face. */
#include "measure/face_measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RIGHT_EYE = S2VI_FACE_RIGHT_EYE,
    LEFT_EYE = S2VI_FACE_LEFT_EYE,
    EYE = S2VI_FACE_EYE,
    MOUTH = 48,
    MOUTH_END = 68,
    UPPER_LIP = 50, /* to 52; the lower from 58 back to 56 */
    LOWER_LIP = 58,
    UPPER_INNER_LIP = 61, /* to 63; the lower from 67 back to 65 */
    LOWER_INNER_LIP = 67,
    BESIDE = 2 * S2VI_FACE_RATE, /* frames of the median to each side */
    WINDOW = 2 * BESIDE + 1,
    SHORTEST_BLINK = 2, /* frames */
    LONGEST_BLINK = 12,
    AROUND = 5, /* of closed lips */
    SHORTEST_PAUSE = 10,
    MARGIN = 3, /* of a pause */
};

static const double CLOSED = 0.25;
static const double SHUT_EYES = 0.36;
static const double QUIET = 1e-5;    /* mean square: -50 dB */
static const double FAINT = 0.00316; /* -25 dB */

static double distance(const double a[2], const double b[2])
{
    return hypot(a[0] - b[0], a[1] - b[1]);
}

/* Smallest first. */
static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---------------------------------------------------------------- eyes -- */

static double ratio_of(const double (*p)[2])
{
    return (distance(p[1], p[5]) + distance(p[2], p[4])) /
           (2 * distance(p[0], p[3]));
}

double s2vi_eye_ratio(const s2vi_face_marks marks)
{
    return (ratio_of(marks + RIGHT_EYE) + ratio_of(marks + LEFT_EYE)) / 2;
}

bool s2vi_eye_closures(const double *ratio, int64_t frames, double *closure)
{
    double *sorted = malloc((size_t)(frames + 1) * sizeof(*sorted));
    if (!sorted)
        return false;
    memcpy(sorted, ratio, (size_t)frames * sizeof(*sorted));
    qsort(sorted, (size_t)frames, sizeof(*sorted), compare);
    const double open =
        frames ? sorted[(int64_t)(0.9 * (double)(frames - 1) + 0.5)] : 1;
    for (int64_t t = 0; t < frames; t++)
        closure[t] = fmax(0, fmin(1, (1 - ratio[t] / open) / SHUT_EYES));
    free(sorted);
    return true;
}

/* Of what is there around frame t. */
static double median_around(const double *v, int64_t frames, int64_t t)
{
    double near[WINDOW];
    int n = 0;
    for (int64_t i = t - BESIDE; i <= t + BESIDE; i++)
        if (i >= 0 && i < frames && !isnan(v[i]))
            near[n++] = v[i];
    qsort(near, (size_t)n, sizeof(*near), compare);
    return n ? (near[n / 2] + near[(n - 1) / 2]) / 2 : NAN;
}

int s2vi_count_blinks(const double *ratio, int64_t frames, double shut)
{
    int blinks = 0, run = 0;
    for (int64_t t = 0; t <= frames; t++) {
        if (t < frames && ratio[t] < shut * median_around(ratio, frames, t)) {
            run++;
            continue;
        }
        blinks += run >= SHORTEST_BLINK && run <= LONGEST_BLINK;
        run = 0;
    }
    return blinks;
}

/* --------------------------------------------------------------- mouth -- */

void s2vi_face_mean(const s2vi_face_marks marks, int from, int to,
                    double mean[2])
{
    mean[0] = mean[1] = 0;
    for (int i = from; i < to; i++)
        for (int k = 0; k < 2; k++)
            mean[k] += marks[i][k] / (to - from);
}

/* Mean distance of three landmarks from `upper` on and three back from `lower`,
 * in distances of the eyes. */
static double height_of(const s2vi_face_marks marks, int upper, int lower)
{
    double right[2], left[2], sum = 0;
    for (int i = 0; i < 3; i++)
        sum += distance(marks[upper + i], marks[lower - i]);
    s2vi_face_mean(marks, RIGHT_EYE, RIGHT_EYE + EYE, right);
    s2vi_face_mean(marks, LEFT_EYE, LEFT_EYE + EYE, left);
    return sum / 3 / distance(right, left);
}

double s2vi_mouth_opening(const s2vi_face_marks marks)
{
    return height_of(marks, UPPER_INNER_LIP, LOWER_INNER_LIP);
}

double s2vi_mouth_height(const s2vi_face_marks marks)
{
    return height_of(marks, UPPER_LIP, LOWER_LIP);
}

double s2vi_mouth_distance(const s2vi_face_marks a, const s2vi_face_marks b)
{
    double of_a[2], of_b[2], sum = 0;
    s2vi_face_mean(a, MOUTH, MOUTH_END, of_a);
    s2vi_face_mean(b, MOUTH, MOUTH_END, of_b);
    for (int i = MOUTH; i < MOUTH_END; i++)
        sum += hypot(a[i][0] - of_a[0] - (b[i][0] - of_b[0]),
                     a[i][1] - of_a[1] - (b[i][1] - of_b[1]));
    return sum / (MOUTH_END - MOUTH);
}

double s2vi_square_jerk(const s2vi_face_marks before, const s2vi_face_marks at,
                        const s2vi_face_marks after)
{
    double sum = 0;
    for (int i = 0; i < S2VI_FACE_MARKS; i++)
        for (int k = 0; k < 2; k++) {
            const double d = before[i][k] - 2 * at[i][k] + after[i][k];
            sum += d * d;
        }
    return sum / S2VI_FACE_MARKS;
}

void s2vi_lagged_add(s2vi_lagged *l, const double *made, const double *truth,
                     int64_t frames)
{
    for (int lag = -S2VI_FACE_LAGS; lag <= S2VI_FACE_LAGS; lag++) {
        s2vi_correlation clip = {0};
        for (int64_t t = 0; t < frames; t++) {
            const int64_t late = t + lag;
            if (late >= 0 && late < frames && !isnan(made[late]) &&
                !isnan(truth[t]))
                s2vi_correlation_add(&clip, made[late], truth[t]);
        }
        if (clip.n)
            s2vi_correlation_pool(&l->at[lag + S2VI_FACE_LAGS], &clip);
    }
}

double s2vi_lagged_best(const s2vi_lagged *l, int *lag)
{
    double best = NAN;
    *lag = 0;
    for (int i = -S2VI_FACE_LAGS; i <= S2VI_FACE_LAGS; i++) {
        const double r = s2vi_correlation_r(&l->at[i + S2VI_FACE_LAGS]);
        if (isnan(r) || (!isnan(best) && r <= best))
            continue;
        best = r;
        *lag = i;
    }
    return best;
}

/* ------------------------------------------------------------- closing -- */

/* What is there of a series, smallest first: for free(). NULL: nothing. */
static double *sort(const double *v, int64_t frames, int64_t *n)
{
    double *sorted = malloc((size_t)(frames + 1) * sizeof(*sorted));
    *n = 0;
    for (int64_t t = 0; sorted && t < frames; t++)
        if (!isnan(v[t]))
            sorted[(*n)++] = v[t];
    if (sorted && *n) {
        qsort(sorted, (size_t)*n, sizeof(*sorted), compare);
        return sorted;
    }
    free(sorted);
    return NULL;
}

double s2vi_least_opening(const double *opening, int64_t frames)
{
    int64_t n;
    double *sorted = sort(opening, frames, &n);
    const double least = sorted ? sorted[(n - 1) * 5 / 100] : NAN;
    free(sorted);
    return least;
}

double s2vi_closed_level(const double *opening, int64_t frames)
{
    int64_t n;
    double *sorted = sort(opening, frames, &n);
    if (!sorted)
        return NAN;
    const double least = sorted[(n - 1) * 5 / 100];
    const double level = least + CLOSED * (sorted[(n - 1) * 95 / 100] - least);
    free(sorted);
    return level;
}

double s2vi_matching_level(const double *opening, const double *truth,
                           int64_t frames, double level)
{
    int64_t n, closed = 0;
    double *sorted = sort(opening, frames, &n);
    if (!sorted)
        return NAN;
    for (int64_t t = 0; t < frames; t++)
        closed += truth[t] <= level;
    const int64_t at = closed * n / frames;
    const double found = sorted[at ? at - 1 : 0];
    free(sorted);
    return found;
}

/* Whether a frame from `first` to `last` is at most, or above, the level. */
static bool is_there(const double *opening, int64_t frames, int64_t first,
                     int64_t last, double level, bool above)
{
    for (int64_t t = first < 0 ? 0 : first; t <= last && t < frames; t++)
        if (above ? opening[t] > level : opening[t] <= level)
            return true;
    return false;
}

bool s2vi_shows_closure(const double *opening, int64_t frames, double level,
                        double from, double to)
{
    const int64_t middle = (int64_t)floor((from + to) / 2 * S2VI_FACE_RATE);
    int64_t first = (int64_t)ceil(from * S2VI_FACE_RATE - 0.5);
    int64_t last = (int64_t)floor(to * S2VI_FACE_RATE - 0.5);
    first = first < middle ? first : middle;
    last = last > middle ? last : middle;
    return is_there(opening, frames, first - 1, last + 1, level, false) &&
           is_there(opening, frames, first - AROUND, last + AROUND, level,
                    true);
}

/* ------------------------------------------------------------- silence -- */

void s2vi_mark_silence(const uint8_t *speaks, int64_t frames, s2vi_voice *voice)
{
    int64_t t = 0;
    while (t < frames) {
        int64_t end = t;
        while (end < frames && !speaks[end] == !speaks[t])
            end++;
        const bool pause = !speaks[t] && end - t >= SHORTEST_PAUSE;
        for (int64_t i = t; i < end; i++) {
            const bool near = (t > 0 && i < t + MARGIN) ||
                              (end < frames && i >= end - MARGIN);
            voice[i] = speaks[t]        ? S2VI_VOICE_SPEECH
                       : pause && !near ? S2VI_VOICE_SILENCE
                                        : S2VI_VOICE_NEITHER;
        }
        t = end;
    }
}

/* Of frame t, mean square. */
static double energy(const float *sound, int64_t samples, int64_t hop,
                     int64_t t)
{
    double sum = 0;
    for (int64_t i = t * hop; i < (t + 1) * hop && i < samples; i++)
        sum += (double)sound[i] * (double)sound[i];
    return sum / (double)hop;
}

void s2vi_mark_speech(const float *sound, int64_t samples, int64_t hop,
                      int64_t frames, uint8_t *speaks)
{
    double least = QUIET;
    for (int64_t t = 0; t < frames; t++)
        least = fmax(least, FAINT * energy(sound, samples, hop, t));
    for (int64_t t = 0; t < frames; t++)
        speaks[t] = energy(sound, samples, hop, t) > least;
}
