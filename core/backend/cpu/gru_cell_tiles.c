/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A convolutional GRU by Winograd's F(4x4,3x3) (winograd.c), smaller kernels
 * as 3x3 ones with zeros: a tile's 4x4 pixels take 36 products of x and of h
 * each, not 144; of a 3x2 kernel 30, since the weights of six points are its
 * zeros. A strip is a line of tiles: a thread makes all their points, then
 * products and gates of some tiles at a time.
 */
#include "backend/cpu/gru_cell.h"

#include <string.h>

enum { X = S2VI_CELL_X, H = S2VI_CELL_H };

#define POINTS      S2VI_CELL_POINTS
#define TILE_PIXELS 6  /* lines and columns that a tile sees */
#define BORDER      2  /* of those, beside its own */
#define TAG         64 /* bytes for it */
#define GROUP       32 /* tiles whose products are held at a time */

/* A thread's share of one image. */
typedef struct band {
    const s2vi_cell *k;
    const float *image[2];
    const float *weight[2], *bias;
    float *out;
    s2vi_strip_tag *tag;  /* what the points of x are of */
    float *v[2], *m;      /* points of x and h, products */
    float *above, *below; /* h's lines around */
    int64_t from, to;     /* lines of tiles */
    int first[2], end[2]; /* points down and across with weights */
} band;

/* Tiles that are computed: whole groups of registers. */
static int64_t tiles_held(const s2vi_cell *k)
{
    const int64_t step = k->simd->cell_pixels;
    return (k->across + step - 1) / step * step;
}

static int64_t group_held(const s2vi_cell *k)
{
    return tiles_held(k) < GROUP ? tiles_held(k) : GROUP;
}

/* From one point to the next: one line of the cache more than there is, lest
 * all points share a set of it. */
static int64_t points_plane(const s2vi_cell *k, int half)
{
    return tiles_held(k) * k->channels[half] + 16;
}

static int64_t products_plane(const s2vi_cell *k)
{
    return 4 * group_held(k) * k->simd->cell_lanes + 16;
}

size_t s2vi_cell_tiles_kept(const s2vi_cell *k)
{
    return (size_t)(BORDER * k->strips.width * k->cell) * sizeof(float);
}

size_t s2vi_cell_tiles_work(const s2vi_cell *k)
{
    return TAG / sizeof(float) +
           (size_t)(POINTS * (points_plane(k, X) + points_plane(k, H) +
                              products_plane(k)));
}

/* The points that all have weights but for those of zero taps: the first is
 * the first tap's, the last the third's. In one dimension at most, as the
 * loops have it. */
static void find_points(const s2vi_cell *k, band *b)
{
    const bool both = k->kernel[0] == 2 && k->kernel[1] == 2;
    for (int i = 0; i < 2; i++) {
        const bool fewer = k->kernel[i] == 2 && !both;
        b->first[i] = fewer && k->shift[i] ? 1 : 0;
        b->end[i] = fewer && !k->shift[i] ? 5 : 6;
    }
}

static band band_of(const s2vi_cell *k, const s2vi_strip *s)
{
    const int64_t pixels = k->strips.height * k->strips.width;
    band b = {.k = k, .from = s->from, .to = s->to};
    b.image[X] = (const float *)s->in[0] + s->image * pixels * k->channels[X];
    b.image[H] = (const float *)s->in[5] + s->image * pixels * k->cell;
    b.out = (float *)s->out + s->image * pixels * k->cell;
    b.bias = s2vi_cell_bias(s);
    for (int half = X; half <= H; half++)
        b.weight[half] = s2vi_cell_weights(k, s, half);
    b.above = s2vi_cell_kept(k, s);
    b.below = b.above + k->lo[0] * k->strips.width * k->cell;
    b.tag = (s2vi_strip_tag *)s->work;
    b.v[X] = (float *)(s->work + TAG);
    b.v[H] = b.v[X] + POINTS * points_plane(k, X);
    b.m = b.v[H] + POINTS * points_plane(k, H);
    find_points(k, &b);
    return b;
}

/* Lines [y, y + n) of h, as far as they are. */
static void keep_lines(const band *b, float *to, int64_t y, int64_t n)
{
    const int64_t line = b->k->strips.width * b->k->cell;
    for (int64_t i = 0; i < n; i++)
        if (y + i >= 0 && y + i < b->k->strips.height)
            memcpy(to + i * line, b->image[H] + (y + i) * line,
                   (size_t)line * sizeof(*to));
}

/* The lines around the band, which other threads will overwrite. */
void s2vi_cell_tiles_begin(const s2vi_kernel *kernel, const s2vi_strip *s)
{
    const band b = band_of((const s2vi_cell *)kernel, s);
    const int lo = b.k->lo[0];
    keep_lines(&b, b.above, S2VI_TILE * b.from - lo, lo);
    keep_lines(&b, b.below, S2VI_TILE * b.to, BORDER - lo);
}

/* The points of line `ty` of tiles. */
static void make_points(const band *b, int half, int64_t ty)
{
    const s2vi_cell *k = b->k;
    const int64_t line = k->strips.width * k->channels[half];
    const int64_t top = S2VI_TILE * ty, end = S2VI_TILE * b->to;
    const float *row[TILE_PIXELS];
    for (int i = 0; i < TILE_PIXELS; i++) {
        const int64_t y = top - k->lo[0] + i;
        row[i] = b->image[half] + y * line;
        if (y < 0 || y >= k->strips.height)
            row[i] = NULL;
        else if (half == H && y < top)
            row[i] = b->above + i * line;
        else if (half == H && y >= end)
            row[i] = b->below + (y - end) * line;
    }
    s2vi_simd_tiles t = {.width = k->strips.width,
                         .across = k->across,
                         .channels = k->channels[half],
                         .lo = {k->lo[0], k->lo[1]},
                         .v_step = k->channels[half],
                         .v_plane = points_plane(k, half)};
    k->simd->cell_points(b->v[half], &t, row);
}

/* Those of x, unless the cell before has made the very same. */
static void make_points_of_x(const band *b, int64_t ty)
{
    s2vi_strip_tag *tag = b->tag;
    const int *lo = b->k->lo;
    if (tag->image == b->image[X] && tag->strip == ty && tag->lo[0] == lo[0] &&
        tag->lo[1] == lo[1])
        return;
    make_points(b, X, ty);
    *tag = (s2vi_strip_tag){b->image[X], ty, {lo[0], lo[1]}};
}

/* Line `i` that line ty + 1 of tiles will be the first to see. */
static const float *ahead(const band *b, int half, int64_t ty, int i,
                          int64_t tile)
{
    const s2vi_cell *k = b->k;
    const int64_t height = k->strips.height, width = k->strips.width;
    const int64_t y = S2VI_TILE * (ty + 1) - k->lo[0] + BORDER + i;
    const int64_t x = S2VI_TILE * tile < width ? S2VI_TILE * tile : 0;
    return b->image[half] +
           ((y < height ? y : height - 1) * width + x) * k->channels[half];
}

/* Block `block` of the channels of tiles [from, to) of a line. */
static void run_group(const band *b, int64_t ty, int block, int64_t from,
                      int64_t to)
{
    const s2vi_cell *k = b->k;
    const int lanes = k->simd->cell_lanes;
    const int64_t top = S2VI_TILE * ty, left = k->strips.height - top;
    const int64_t at = top * k->strips.width * k->cell + (int64_t)block * lanes;
    s2vi_simd_products p = {.m_plane = products_plane(k)};
    s2vi_simd_gates g = {.out = b->out + at,
                         .h = b->image[H] + at,
                         .bias = b->bias + (int64_t)block * lanes,
                         .width = k->strips.width,
                         .step = (int64_t)k->blocks * lanes,
                         .lines = (int)(left < S2VI_TILE ? left : S2VI_TILE),
                         .channels = k->cell};
    for (int i = 0; i < 2; i++) {
        p.first[i] = g.first[i] = b->first[i];
        p.end[i] = g.end[i] = b->end[i];
    }
    for (int half = X; half <= H; half++) {
        for (int i = 0; i < S2VI_TILE; i++)
            p.ahead[half * S2VI_TILE + i] = ahead(b, half, ty, i, from);
        p.channels[half] = k->channels[half];
        p.plane[half] = points_plane(k, half);
        p.v[half] = b->v[half];
        p.w[half] = b->weight[half] +
                    (int64_t)block * POINTS * k->channels[half] * 3 * lanes;
    }
    k->simd->cell_products(b->m, &p, from, to);
    k->simd->cell_gates(&g, b->m, p.m_plane, from, to);
}

void s2vi_cell_tiles_strip(const s2vi_kernel *kernel, const s2vi_strip *s,
                           int64_t i)
{
    const band b = band_of((const s2vi_cell *)kernel, s);
    const s2vi_cell *k = b.k;
    make_points_of_x(&b, i);
    make_points(&b, H, i);
    keep_lines(&b, b.above, S2VI_TILE * (i + 1) - k->lo[0], k->lo[0]);
    for (int64_t from = 0; from < k->across; from += GROUP)
        for (int block = 0; block < k->blocks; block++)
            run_group(&b, i, block, from,
                      k->across - from < GROUP ? k->across : from + GROUP);
}
