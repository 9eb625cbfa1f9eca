/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures as CLIP's picture tower has them. */
#include "video/clip_picture.h"

#include <math.h>
#include <stdlib.h>

enum {
    RGB = 3,
    BITS = 22,  /* of a weight's fraction */
    RADIUS = 2, /* of the filter, in pixels of the coarser image */
    MOST_SIDE = 4096,
};

static const float mean[RGB] = {0.48145466f, 0.4578275f, 0.40821073f};
static const float deviation[RGB] = {0.26862954f, 0.26130258f, 0.27577711f};

/* ------------------------------------------------------------- weights -- */

/* One dimension: pixel i of the square is the sum of `count` weights times the
 * picture's pixels from `first` on. */
typedef struct axis {
    int side, taps; /* taps: room for weights of a pixel */
    int *first, *count;
    int32_t *weight; /* (side,taps) */
} axis;

static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static void axis_close(axis *x)
{
    free(x->first);
    free(x->count);
    free(x->weight);
}

/* Weights of pixel i of the square, which is pixel `i + offset` of an image of
 * `whole` pixels; `in` pixels become those. */
static void weigh(axis *x, int i, double offset, double whole, int in,
                  double *work)
{
    const double scale = in / whole, m = fmax(scale, 1);
    const double centre = (i + offset + 0.5) * scale;
    const int from = (int)fmax(floor(centre - RADIUS * m + 0.5), 0);
    const int to = (int)fmin(floor(centre + RADIUS * m + 0.5), in);
    double sum = 0;
    for (int j = from; j < to; j++)
        sum += work[j - from] = cubic((j + 0.5 - centre) / m);
    for (int j = from; j < to; j++)
        x->weight[(size_t)i * (size_t)x->taps + (size_t)(j - from)] =
            (int32_t)round(work[j - from] / sum * (1 << BITS));
    x->first[i] = from;
    x->count[i] = to - from;
}

/* The middle `side` of `whole` pixels that `in` become. */
static int axis_open(axis *x, int in, double whole, int side, s2v_error *err)
{
    const double m = fmax(in / whole, 1);
    const double offset = nearbyint((whole - side) / 2); /* .5 to even */
    const size_t taps = (size_t)(2 * RADIUS * m) + 3;
    double *work = malloc(taps * sizeof(*work));
    *x = (axis){.side = side, .taps = (int)taps};
    x->first = calloc((size_t)side, sizeof(*x->first));
    x->count = calloc((size_t)side, sizeof(*x->count));
    x->weight = calloc((size_t)side * taps, sizeof(*x->weight));
    const bool whole_memory = work && x->first && x->count && x->weight;
    for (int i = 0; i < side && whole_memory; i++)
        weigh(x, i, offset, whole, in, work);
    free(work);
    return whole_memory ? S2V_OK : s2vi_error_nomem(err, "CLIP's picture");
}

/* ------------------------------------------------------ interpolation -- */

static uint8_t level(int64_t sum)
{
    const int64_t v = (sum + (1 << (BITS - 1))) >> BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* A row of the picture, to the square's width. */
static void across(const axis *x, const uint8_t *row, uint8_t *out)
{
    for (int i = 0; i < x->side; i++) {
        const int32_t *w = x->weight + (size_t)i * (size_t)x->taps;
        int64_t sum[RGB] = {0};
        for (int j = 0; j < x->count[i]; j++)
            for (int c = 0; c < RGB; c++)
                sum[c] += (int64_t)w[j] * row[(x->first[i] + j) * RGB + c];
        for (int c = 0; c < RGB; c++)
            *out++ = level(sum[c]);
    }
}

/* Row i of the square from rows (side,3), the first of which is the picture's
 * row `top`. */
static void down(const axis *y, int i, const uint8_t *rows, int top,
                 uint8_t *out)
{
    const int32_t *w = y->weight + (size_t)i * (size_t)y->taps;
    const size_t width = (size_t)y->side * RGB;
    rows += (size_t)(y->first[i] - top) * width;
    for (size_t k = 0; k < width; k++) {
        int64_t sum = 0;
        for (int j = 0; j < y->count[i]; j++)
            sum += (int64_t)w[j] * rows[(size_t)j * width + k];
        out[k] = level(sum);
    }
}

static int resize(const s2vi_image *p, const axis *x, const axis *y,
                  uint8_t *out, s2v_error *err)
{
    const int last = y->side - 1, top = y->first[0];
    const int bottom = y->first[last] + y->count[last];
    const size_t width = (size_t)x->side * RGB;
    uint8_t *rows = malloc((size_t)(bottom - top) * width);
    if (!rows)
        return s2vi_error_nomem(err, "CLIP's picture");
    for (int i = top; i < bottom; i++)
        across(x, p->rgb + i * p->stride, rows + (size_t)(i - top) * width);
    for (int i = 0; i < y->side; i++)
        down(y, i, rows, top, out + (size_t)i * width);
    free(rows);
    return S2V_OK;
}

int s2vi_clip_levels(const s2vi_image *p, int side, uint8_t *out,
                     s2v_error *err)
{
    enum { MOST = S2VI_CLIP_PICTURE_MOST };
    axis x = {0}, y = {0};
    if (!p->rgb || p->width < 1 || p->height < 1 || p->width > MOST ||
        p->height > MOST || side < 1 || side > MOST_SIDE)
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "a picture of %dx%d for a square of %d: expected sides "
            "of 1 to %d",
            p->width, p->height, side, MOST);
    const int64_t shorter = p->width < p->height ? p->width : p->height;
    int ret = axis_open(
        &x, p->width, (double)(side * (int64_t)p->width / shorter), side, err);
    if (ret >= 0)
        ret =
            axis_open(&y, p->height,
                      (double)(side * (int64_t)p->height / shorter), side, err);
    if (ret >= 0)
        ret = resize(p, &x, &y, out, err);
    axis_close(&x);
    axis_close(&y);
    return ret;
}

/* -------------------------------------------------------------- numbers -- */

void s2vi_clip_normalise(const uint8_t *levels, size_t pixels, float *out)
{
    for (size_t i = 0; i < pixels * RGB; i++)
        out[i] =
            ((float)levels[i] / 255.0f - mean[i % RGB]) / deviation[i % RGB];
}

int s2vi_clip_picture(const s2vi_image *picture, int side, float *out,
                      s2v_error *err)
{
    const size_t pixels = (size_t)side * (size_t)side;
    uint8_t *levels = malloc(side > 0 ? pixels * RGB : 1);
    if (!levels)
        return s2vi_error_nomem(err, "CLIP's picture");
    const int ret = s2vi_clip_levels(picture, side, levels, err);
    if (ret >= 0)
        s2vi_clip_normalise(levels, pixels, out);
    free(levels);
    return ret;
}
