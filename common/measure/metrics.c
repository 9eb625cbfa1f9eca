/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How near made frames come to real ones. */
#include "measure/metrics.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

#define WINDOW S2VI_SSIM_WINDOW
#define SIGMA  1.5
#define C1     (0.01 * 0.01) /* (K1 L)^2, L = 1 */
#define C2     (0.03 * 0.03) /* (K2 L)^2 */

/* -------------------------------------------------------------- frames -- */

void s2vi_frame_to_float(const uint8_t *rgb, ptrdiff_t stride, int width,
                         int height, float *out)
{
    for (int y = 0; y < height; y++)
        for (int i = 0; i < width * 3; i++)
            *out++ = rgb[y * stride + i] / 255.0f;
}

/* Weighted sums under the window: of a, b, and their products. */
typedef struct window_sums {
    double a, b, aa, bb, ab;
} window_sums;

static void gaussian(double *taps)
{
    double sum = 0;
    for (int i = 0; i < WINDOW; i++) {
        double at = i - WINDOW / 2;
        sum += taps[i] = exp(-at * at / (2 * SIGMA * SIGMA));
    }
    for (int i = 0; i < WINDOW; i++)
        taps[i] /= sum;
}

/* Along a row, of one channel: `n` windows. */
static void filter_row(const float *a, const float *b, int n,
                       const double *taps, window_sums *out)
{
    for (int x = 0; x < n; x++) {
        window_sums s = {0};
        for (int k = 0; k < WINDOW; k++) {
            double va = a[3 * (x + k)], vb = b[3 * (x + k)];
            double ta = taps[k] * va, tb = taps[k] * vb;
            s.a += ta;
            s.b += tb;
            s.aa += ta * va;
            s.bb += tb * vb;
            s.ab += ta * vb;
        }
        out[x] = s;
    }
}

/* Down a column of row sums that are `step` apart. */
static window_sums filter_column(const window_sums *row, int step,
                                 const double *taps)
{
    window_sums s = {0};
    for (int k = 0; k < WINDOW; k++, row += step) {
        s.a += taps[k] * row->a;
        s.b += taps[k] * row->b;
        s.aa += taps[k] * row->aa;
        s.bb += taps[k] * row->bb;
        s.ab += taps[k] * row->ab;
    }
    return s;
}

/* Equation (13) of the paper. */
static double similarity(const window_sums *s)
{
    double ab = s->a * s->b, squares = s->a * s->a + s->b * s->b;
    double variances = s->aa + s->bb - squares;
    double covariance = s->ab - ab;
    return (2 * ab + C1) * (2 * covariance + C2) /
           ((squares + C1) * (variances + C2));
}

size_t s2vi_ssim_scratch(int width, int height)
{
    if (width < WINDOW || height < WINDOW)
        return 0;
    return (size_t)height * (size_t)(width - WINDOW + 1) *
           (sizeof(window_sums) / sizeof(double));
}

double s2vi_ssim(const float *a, const float *b, int width, int height,
                 double *scratch)
{
    const int n = width - WINDOW + 1, rows = height - WINDOW + 1;
    window_sums *sums = (window_sums *)scratch;
    double taps[WINDOW], total = 0;
    gaussian(taps);
    for (int c = 0; c < 3; c++) {
        for (int y = 0; y < height; y++) {
            size_t at = (size_t)y * (size_t)width * 3 + (size_t)c;
            filter_row(a + at, b + at, n, taps, sums + (size_t)y * (size_t)n);
        }
        for (int i = 0; i < n * rows; i++) {
            window_sums s = filter_column(sums + i, n, taps);
            total += similarity(&s);
        }
    }
    return total / (3.0 * n * rows);
}

s2vi_squares s2vi_square_errors(const float *a, const float *b, int64_t pixels,
                                const uint8_t *moves)
{
    s2vi_squares s = {0, 0};
    for (int64_t i = 0; i < pixels; i++) {
        double pixel = 0;
        for (int c = 0; c < 3; c++) {
            double d = (double)a[3 * i + c] - b[3 * i + c];
            pixel += d * d;
        }
        s.all += pixel;
        if (moves[i])
            s.moving += pixel;
    }
    return s;
}

double s2vi_psnr(double mse)
{
    return 10 * log10(1 / mse);
}

double s2vi_brightness(const float *rgb, int width, int x, int y, int w, int h)
{
    double sum = 0;
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++) {
            const float *p = rgb + 3 * ((size_t)j * (size_t)width + (size_t)i);
            sum += 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
        }
    return sum / ((double)w * h);
}

/* ----------------------------------------------------------- over time -- */

int s2vi_moments_init(s2vi_moments *m, int64_t pixels, s2v_error *err)
{
    *m = (s2vi_moments){.pixels = pixels};
    m->sum = calloc((size_t)pixels * 3, sizeof(*m->sum));
    m->square = calloc((size_t)pixels * 3, sizeof(*m->square));
    return m->sum && m->square ? S2V_OK
                               : s2vi_error_nomem(err, "the mean frame");
}

void s2vi_moments_add(s2vi_moments *m, const uint8_t *rgb)
{
    for (int64_t i = 0; i < 3 * m->pixels; i++) {
        m->sum[i] += rgb[i];
        m->square[i] += (uint32_t)rgb[i] * rgb[i];
    }
    m->frames++;
}

void s2vi_moments_free(s2vi_moments *m)
{
    free(m->sum);
    free(m->square);
    *m = (s2vi_moments){0};
}

void s2vi_moments_mean(const s2vi_moments *m, float *mean)
{
    for (int64_t i = 0; i < 3 * m->pixels; i++)
        mean[i] = (float)((double)m->sum[i] / (255.0 * (double)m->frames));
}

int64_t s2vi_moments_moving(const s2vi_moments *m, double deviation,
                            uint8_t *moves)
{
    const double n = (double)m->frames;
    const double least = deviation * 255 * deviation * 255;
    int64_t count = 0;
    for (int64_t i = 0; i < m->pixels; i++) {
        moves[i] = 0;
        for (int64_t k = 3 * i; k < 3 * i + 3; k++) {
            double mean = (double)m->sum[k] / n;
            double variance = (double)m->square[k] / n - mean * mean;
            moves[i] |= variance > least;
        }
        count += moves[i];
    }
    return count;
}

void s2vi_batched_add(s2vi_batched *b, double value)
{
    b->sum += value;
    b->batch_sum += value;
    if (++b->frames % S2VI_SCORE_BATCH)
        return;
    double mean = b->batch_sum / S2VI_SCORE_BATCH, d = mean - b->batch_mean;
    b->batch_sum = 0;
    b->batch_mean += d / (double)++b->batches;
    b->batch_square += d * (mean - b->batch_mean);
}

double s2vi_batched_mean(const s2vi_batched *b)
{
    return b->frames ? b->sum / (double)b->frames : NAN;
}

double s2vi_batched_deviation(const s2vi_batched *b)
{
    return b->batches < 2 ? NAN
                          : sqrt(b->batch_square / (double)(b->batches - 1));
}

void s2vi_score_add(s2vi_score *s, double ssim, s2vi_squares squares)
{
    s2vi_batched_add(&s->ssim, ssim);
    s->squares.all += squares.all;
    s->squares.moving += squares.moving;
}

static double mean_square(double sum, int64_t frames, int64_t pixels)
{
    return frames && pixels ? sum / (3.0 * (double)frames * (double)pixels)
                            : NAN;
}

s2vi_squares s2vi_score_mse(const s2vi_score *s, int64_t pixels, int64_t moving)
{
    return (s2vi_squares){
        .all = mean_square(s->squares.all, s->ssim.frames, pixels),
        .moving = mean_square(s->squares.moving, s->ssim.frames, moving),
    };
}

void s2vi_correlation_add(s2vi_correlation *c, double x, double y)
{
    double n = (double)++c->n;
    double dx = x - c->mean_x, dy = y - c->mean_y;
    c->mean_x += dx / n;
    c->mean_y += dy / n;
    c->xx += dx * (x - c->mean_x);
    c->yy += dy * (y - c->mean_y);
    c->xy += dx * (y - c->mean_y);
}

double s2vi_correlation_r(const s2vi_correlation *c)
{
    return c->xx > 0 && c->yy > 0 ? c->xy / sqrt(c->xx * c->yy) : NAN;
}

void s2vi_correlation_pool(s2vi_correlation *pool,
                           const s2vi_correlation *group)
{
    pool->n += group->n;
    pool->xx += group->xx;
    pool->yy += group->yy;
    pool->xy += group->xy;
}
