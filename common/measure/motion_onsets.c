/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plain detector: where motion stops in a part of the picture. */
#include "measure/motion_onsets.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
    GRID = 16, /* blocks of a row, and of a column */
    BLOCKS = GRID * GRID,
    NEAR = 2,   /* frames: a peak is the highest within so many, each way */
    AROUND = 8, /* frames, each way, of the mean it must stand out from */
};

/* Found on rendered impacts: what a peak must exceed, in means around it; and
 * the motion that a block always has, of white. */
static const double TIMES = 1.6, STILL = 0.004;

static double luminance(const uint8_t *p)
{
    return (0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]) / 255;
}

/* Mean absolute difference in each block. */
static void fill_motion(const uint8_t *before, const uint8_t *now, int size,
                        double *energy)
{
    int pixels[BLOCKS] = {0};
    memset(energy, 0, BLOCKS * sizeof(*energy));
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++, before += 3, now += 3) {
            const int b = y * GRID / size * GRID + x * GRID / size;
            energy[b] += fabs(luminance(now) - luminance(before));
            pixels[b]++;
        }
    for (int b = 0; b < BLOCKS; b++)
        energy[b] = pixels[b] ? energy[b] / pixels[b] : 0;
}

/* change[k]: how far the motion into frame k is below that into frame k - 1, in
 * the block where this is most. */
static void fill_change(const double *energy, int64_t frames, double *change)
{
    double mean[BLOCKS] = {0};
    for (int64_t i = 0; i < frames * BLOCKS; i++)
        mean[i % BLOCKS] += energy[i] / (double)frames;
    for (int64_t k = 2; k < frames; k++) {
        const double *now = energy + k * BLOCKS, *before = now - BLOCKS;
        for (int b = 0; b < BLOCKS; b++)
            change[k] =
                fmax(change[k], (before[b] - now[b]) / (mean[b] + STILL));
    }
}

static bool is_peak(const double *change, int64_t frames, int64_t k)
{
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = k - AROUND; i <= k + AROUND; i++) {
        if (i < 0 || i >= frames)
            continue;
        const bool near = i >= k - NEAR && i <= k + NEAR;
        if (near &&
            (change[i] > change[k] || (change[i] == change[k] && i < k)))
            return false;
        sum += change[i];
        n++;
    }
    return change[k] > TIMES * sum / (double)n;
}

int s2vi_onsets_of_motion(s2vi_onsets *onsets, const uint8_t *rgb,
                          int64_t frames, int size, double fps, s2v_error *err)
{
    const size_t n = (size_t)frames + 1;
    const size_t bytes = 3 * (size_t)size * (size_t)size;
    double *energy = calloc(n * BLOCKS, sizeof(*energy));
    double *change = calloc(n, sizeof(*change));
    *onsets = (s2vi_onsets){.times = calloc(n, sizeof(*onsets->times))};
    if (!energy || !change || !onsets->times) {
        free(energy);
        free(change);
        s2vi_onsets_free(onsets);
        return s2vi_error_nomem(err, "onsets");
    }
    for (int64_t k = 1; k < frames; k++, rgb += bytes)
        fill_motion(rgb, rgb + bytes, size, energy + k * BLOCKS);
    fill_change(energy, frames, change);
    for (int64_t k = 0; k < frames; k++)
        if (is_peak(change, frames, k))
            onsets->times[onsets->count++] = (double)k / fps;
    free(energy);
    free(change);
    return S2V_OK;
}
