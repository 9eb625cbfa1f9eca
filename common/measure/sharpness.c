/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CPBD: edges, their widths, and the share of the narrow ones. */
#include "measure/sharpness.h"

#include <math.h>
#include <stdbool.h>

enum {
    BLOCK = 64,
    REACH = 101, /* pixels to each side of an edge, at most */
    JNB_FAINT = 5,
    JNB_CLEAR = 3, /* just noticeable: pixels */
    FAINT = 50,    /* contrast, of 255 */
};

static const double EDGES = 0.002; /* part of a block */

/* A frame's luma (0 ... 255), and the square of its slope along rows. */
typedef struct plane {
    const float *luma, *slope;
    int width, height;
    float least; /* slope squared of an edge */
} plane;

size_t s2vi_cpbd_scratch(int width, int height)
{
    return 2 * (size_t)width * (size_t)height;
}

static void to_luma(const float *rgb, size_t pixels, float *luma)
{
    for (size_t i = 0; i < pixels; i++, rgb += 3)
        luma[i] =
            255.0f * (0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]);
}

/* Sobel's derivative along the row, squared; 0 at the border. Returns the sum.
 */
static double to_slope(const float *luma, int w, int h, float *slope)
{
    double sum = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const float *p = luma + (ptrdiff_t)y * w + x;
            float s = 0;
            if (x && y && x < w - 1 && y < h - 1)
                s = ((p[1 - w] - p[-1 - w]) + 2 * (p[1] - p[-1]) +
                     (p[1 + w] - p[-1 + w])) /
                    8;
            sum += slope[(ptrdiff_t)y * w + x] = s * s;
        }
    return sum;
}

/* A ridge of the slope, twice its root mean square or more. */
static bool is_edge(const plane *p, int x, int y)
{
    const float *s = p->slope + (ptrdiff_t)y * p->width + x;
    return x && y && x < p->width - 1 && y < p->height - 1 && *s > p->least &&
           *s > s[-1] && *s >= s[1];
}

/* Pixels from `x` on, `step` after step, that go on as `sign` says. */
static int run_length(const float *row, int width, int x, int step, float sign)
{
    int n = 1;
    x += step;
    for (; n < REACH; n++, x += step)
        if (x + step < 0 || x + step >= width ||
            sign * (row[x + step] - row[x]) <= 0)
            break;
    return n;
}

/* 0: the gradient is not along the row, to the nearest 45 degrees. */
static int edge_width(const plane *p, int x, int y)
{
    const float *row = p->luma + (ptrdiff_t)y * p->width;
    const float dx = row[x + 1] - row[x - 1];
    const float dy = row[x + p->width] - row[x - p->width];
    const float tan_22_5 = 0.41421356f;
    const float sign = dx > 0 ? 1 : -1;
    if (dx == 0 || fabsf(dy) > tan_22_5 * fabsf(dx))
        return 0;
    return run_length(row, p->width, x, 1, sign) +
           run_length(row, p->width, x, -1, -sign);
}

static int noticeable_width(const plane *p, int left, int top, int w, int h)
{
    float least = INFINITY, most = -INFINITY;
    for (int y = top; y < top + h; y++)
        for (int x = left; x < left + w; x++) {
            const float v = p->luma[(ptrdiff_t)y * p->width + x];
            least = fminf(least, v);
            most = fmaxf(most, v);
        }
    return most - least <= FAINT ? JNB_FAINT : JNB_CLEAR;
}

/* Edges of a block with a width, and those of them that nobody sees blurred. */
typedef struct count {
    int edges, sharp;
} count;

static void add_block(const plane *p, int left, int top, int w, int h,
                      count *to)
{
    const int noticeable = noticeable_width(p, left, top, w, h);
    count c = {0, 0};
    int pixels = 0;
    for (int y = top; y < top + h; y++)
        for (int x = left; x < left + w; x++) {
            if (!is_edge(p, x, y))
                continue;
            const int width = edge_width(p, x, y);
            pixels++;
            c.edges += width > 0;
            c.sharp += width > 0 && width <= noticeable;
        }
    if (pixels <= EDGES * w * h)
        return;
    to->edges += c.edges;
    to->sharp += c.sharp;
}

double s2vi_cpbd(const float *rgb, int width, int height, float *scratch)
{
    const size_t pixels = (size_t)width * (size_t)height;
    const int w = width < BLOCK ? width : BLOCK;
    const int h = height < BLOCK ? height : BLOCK;
    plane p = {scratch, scratch + pixels, width, height, 0};
    count c = {0, 0};
    to_luma(rgb, pixels, scratch);
    p.least = (float)(4 * to_slope(p.luma, width, height, scratch + pixels) /
                      (double)pixels);
    for (int y = 0; y + h <= height; y += h)
        for (int x = 0; x + w <= width; x += w)
            add_block(&p, x, y, w, h, &c);
    return c.edges ? (double)c.sharp / c.edges : 0;
}
