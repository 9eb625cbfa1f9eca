/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VarietySound: what training does to its data; see varietysound_data.h. */
#include "networks/varietysound_data.h"

#include "base/error.h"
#include "base/philox.h"

#include <math.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- R[.] -- */

enum {
    SEGMENT_LEAST = 19, /* columns */
    SEGMENT_MOST = 32,
    MAX_SEGMENTS = 4096, /* what is behind them, 15 minutes, is not drawn */
};

/* Numbers of one key, one after the other. */
typedef struct dice {
    s2vi_philox key;
    uint32_t index;
} dice;

static uint32_t word(dice *d)
{
    uint32_t words[4];
    s2vi_philox_block(&d->key, d->index / 4, words);
    return words[d->index++ % 4];
}

/* A whole number below n. */
static int64_t below(dice *d, int64_t n)
{
    return (int64_t)((uint64_t)word(d) * (uint64_t)n >> 32);
}

static double uniform(dice *d)
{
    return ((word(d) >> 8) + 0.5) / 16777216;
}

typedef struct segment {
    int64_t from, length;
    double stretch;
} segment;

static segment draw_segment(dice *d, int64_t from, int64_t T)
{
    segment s = {.from = from};
    s.length = SEGMENT_LEAST + below(d, SEGMENT_MOST - SEGMENT_LEAST + 1);
    s.length = s.length < T - from ? s.length : T - from;
    s.stretch = 0.5 + uniform(d);
    return s;
}

/* Columns [at, ..) of the result from one segment; returns the next. */
static int64_t put(const segment *s, int64_t at, int64_t T, int64_t base,
                   float *low, float *high, float *weight)
{
    int64_t columns = (int64_t)floor((double)s->length * s->stretch + 0.5);
    const int64_t last = s->length - 1;
    for (int64_t j = 0; j < (columns > 1 ? columns : 1) && at < T; j++, at++) {
        double place = (double)j / s->stretch;
        place = place < (double)last ? place : (double)last;
        const int64_t left = (int64_t)place;
        low[at] = (float)(base + s->from + left);
        high[at] = (float)(base + s->from + (left < last ? left + 1 : last));
        weight[at] = (float)(place - (double)left);
    }
    return at;
}

/* One sequence, whose rows begin at `base`; the segments' order by Fisher and
 * Yates, from the end on. */
static void draw_sequence(dice d, int64_t T, int64_t base, float *low,
                          float *high, float *weight)
{
    segment segments[MAX_SEGMENTS];
    int64_t n = 0, at = 0;
    for (int64_t from = 0; from < T && n < MAX_SEGMENTS; n++) {
        segments[n] = draw_segment(&d, from, T);
        from += segments[n].length;
    }
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = below(&d, i + 1);
        const segment kept = segments[i];
        segments[i] = segments[j];
        segments[j] = kept;
    }
    for (int64_t i = 0; at < T; i++)
        at = put(&segments[i % n], at, T, base, low, high, weight);
}

void s2vi_vs_draw(uint64_t seed, uint64_t clock, int layer, int64_t n,
                  int64_t T, float *low, float *high, float *weight)
{
    for (int64_t i = 0; i < n; i++) {
        const dice d = {
            .key = {.seed = seed,
                    .stream = S2VI_VS_STREAM_RESAMPLE + (uint32_t)layer,
                    .frame = clock + (uint64_t)i}};
        draw_sequence(d, T, i * T, low + i * T, high + i * T, weight + i * T);
    }
}

/* ---------------------------------------------------- energy masking -- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* m = (20 log10(magnitude) + 80) / 100, so that magnitude^2 is 10^(10 m) but
 * for a factor. */
int s2vi_vs_mask_energy(const float *mel, int64_t T, int bands, float *out,
                        s2v_error *err)
{
    double *energy = malloc(2 * (size_t)T * sizeof(*energy));
    if (!energy)
        return s2vi_error_nomem(err, "energies");
    double *sorted = energy + T;
    for (int64_t t = 0; t < T; t++) {
        energy[t] = 0;
        for (int b = 0; b < bands; b++)
            energy[t] += pow(10, 10 * (double)mel[t * bands + b]);
        sorted[t] = energy[t];
    }
    qsort(sorted, (size_t)T, sizeof(*sorted), ascending);
    const double median = (sorted[(T - 1) / 2] + sorted[T / 2]) / 2;
    for (int64_t i = 0; i < T * bands; i++)
        out[i] = energy[i / bands] > median ? 0 : mel[i];
    free(energy);
    return S2V_OK;
}

/* ------------------------------------------- S[.], and D_m's windows -- */

/* A whole number below n: the first word of the key. */
static int64_t choose(uint64_t seed, uint32_t stream, uint64_t frame, int64_t n)
{
    const s2vi_philox key = {seed, stream, frame};
    uint32_t word[4];
    s2vi_philox_block(&key, 0, word);
    return (int64_t)((uint64_t)word[0] * (uint64_t)n >> 32);
}

void s2vi_vs_draw_shift(uint64_t seed, uint64_t clock, int64_t n, int64_t T,
                        float *rows)
{
    const int64_t least = T / 8;
    for (int64_t i = 0; i < n; i++) {
        const int64_t by =
            least + choose(seed, S2VI_VS_STREAM_SHIFT, clock + (uint64_t)i,
                           T - 2 * least + 1);
        for (int64_t t = 0; t < T; t++)
            *rows++ = (float)(i * T + (t + by) % T);
    }
}

void s2vi_vs_draw_window(uint64_t seed, uint64_t clock, int k, int64_t n,
                         int64_t T, int64_t columns, float *rows)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t from = choose(seed, S2VI_VS_STREAM_WINDOW + (uint32_t)k,
                                    clock + (uint64_t)i, T - columns + 1);
        for (int64_t t = 0; t < columns; t++)
            *rows++ = (float)(i * T + from + t);
    }
}
