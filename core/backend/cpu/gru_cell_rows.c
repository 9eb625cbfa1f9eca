/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A convolutional GRU directly, tap by tap, in registers: for windows of one
 * pixel's height or width, or channels that fill no vector. A ring of lines of
 * x and h, padded with zeros, goes down the image. In bf16 (bf16.h), of
 * whatever window: the lines are rounded as they come in.
 */
#include "backend/cpu/gru_cell.h"

#include <string.h>

enum { X = S2VI_CELL_X, H = S2VI_CELL_H };

/* A thread's share of one image. */
typedef struct band {
    const s2vi_cell *k;
    const float *image[2];
    const void *weight[2];
    const float *bias;
    float *out;
    char *lines[2];   /* kept: a ring, and those below the band after it */
    int64_t from, to; /* lines */
    int below;        /* lines that the window sees below */
} band;

static int64_t kept_lines(const s2vi_cell *k)
{
    return 2 * k->kernel[0] - 1;
}

size_t s2vi_cell_rows_kept(const s2vi_cell *k)
{
    return (size_t)kept_lines(k) * (k->line[X] + k->line[H]);
}

static band band_of(const s2vi_cell *k, const s2vi_strip *s)
{
    const int64_t pixels = k->strips.height * k->strips.width;
    band b = {.k = k, .below = k->kernel[0] - 1 - k->lo[0]};
    int64_t end;
    s2vi_strip_lines(&k->strips, s->from, &b.from, &end);
    b.to = s->to * S2VI_STRIP < k->strips.height ? s->to * S2VI_STRIP
                                                 : k->strips.height;
    b.image[X] = (const float *)s->in[0] + s->image * pixels * k->channels[X];
    b.image[H] = (const float *)s->in[5] + s->image * pixels * k->cell;
    b.out = (float *)s->out + s->image * pixels * k->cell;
    b.bias = s2vi_cell_bias(s);
    for (int half = X; half <= H; half++)
        b.weight[half] = s2vi_cell_weights(k, s, half);
    b.lines[X] = s2vi_cell_kept(k, s);
    b.lines[H] = b.lines[X] + (size_t)kept_lines(k) * k->line[X];
    return b;
}

static void *line_of(const band *b, int half, int64_t y)
{
    int64_t n = b->k->kernel[0];
    int64_t slot = y >= b->to ? n + y - b->to : (y + n) % n;
    return b->lines[half] + (size_t)slot * b->k->line[half];
}

static void keep_line(const band *b, int64_t y)
{
    const s2vi_cell *k = b->k;
    for (int half = X; half <= H; half++) {
        void *to = line_of(b, half, y);
        size_t c = (size_t)k->channels[half], n = (size_t)k->strips.width * c;
        size_t before = (size_t)k->lo[1] * c;
        memset(to, 0, k->line[half]);
        if (y < 0 || y >= k->strips.height)
            continue;
        const float *from = b->image[half] + (size_t)y * n;
        if (k->bf16)
            k->bf16->round((uint16_t *)to + before, from, (int64_t)n);
        else
            memcpy((float *)to + before, from, n * sizeof(*from));
    }
}

/* The lines around the band, which other threads will overwrite. */
void s2vi_cell_rows_begin(const s2vi_kernel *kernel, const s2vi_strip *s)
{
    const band b = band_of((const s2vi_cell *)kernel, s);
    for (int64_t y = b.from - b.k->lo[0]; y < b.from; y++)
        keep_line(&b, y);
    for (int64_t y = b.to; y < b.to + b.below; y++)
        keep_line(&b, y);
    for (int64_t y = b.from; y < b.from + b.below && y < b.to; y++)
        keep_line(&b, y);
}

/* Where a tap sees the first pixel of line y. */
static const void *tap_at(const band *b, int half, int64_t y, int row,
                          int column)
{
    const s2vi_cell *k = b->k;
    const size_t element = k->bf16 ? sizeof(uint16_t) : sizeof(float);
    const char *line = line_of(b, half, y + row - k->lo[0]);
    return line + (size_t)(column * k->channels[half]) * element;
}

static void set_taps(const band *b, int half, int64_t y, s2vi_simd_taps *t)
{
    const s2vi_cell_taps *head = b->weight[half];
    t->n = head->n;
    t->channels = b->k->channels[half];
    t->w = (const float *)(head + 1);
    for (int i = 0; i < t->n; i++)
        t->at[i] = tap_at(b, half, y, head->row[i], head->column[i]);
}

static void set_bf16_taps(const band *b, int half, int64_t y, s2vi_bf16_taps *t)
{
    const s2vi_cell_taps *head = b->weight[half];
    t->n = head->n;
    t->row = b->k->channels[half];
    t->w = (const uint16_t *)(head + 1);
    for (int i = 0; i < t->n; i++)
        t->at[i] = tap_at(b, half, y, head->row[i], head->column[i]);
}

static void run_line(const band *b, int64_t y)
{
    const s2vi_cell *k = b->k;
    s2vi_simd_cell cell = {.bias = b->bias,
                           .channels = k->cell,
                           .blocks = k->blocks,
                           .old = tap_at(b, H, y, k->lo[0], k->lo[1])};
    set_taps(b, X, y, &cell.x);
    set_taps(b, H, y, &cell.h);
    k->simd->cell_row(b->out + y * k->strips.width * k->cell, &cell,
                      (int)k->strips.width);
}

static void run_bf16_line(const band *b, int64_t y)
{
    const s2vi_cell *k = b->k;
    const int64_t at = y * k->strips.width * k->cell;
    s2vi_bf16_cell cell = {
        .bias = b->bias, .channels = k->cell, .old = b->image[H] + at};
    set_bf16_taps(b, X, y, &cell.x);
    set_bf16_taps(b, H, y, &cell.h);
    k->bf16->begin();
    k->bf16->cell_row(b->out + at, &cell, (int)k->strips.width);
    k->bf16->end();
}

void s2vi_cell_rows_strip(const s2vi_kernel *kernel, const s2vi_strip *s,
                          int64_t i)
{
    const band b = band_of((const s2vi_cell *)kernel, s);
    const s2vi_cell *k = b.k;
    int64_t first, end;
    s2vi_strip_lines(&k->strips, i, &first, &end);
    for (int64_t y = first; y < end; y++) {
        if (y + b.below < b.to)
            keep_line(&b, y + b.below);
        if (k->bf16)
            run_bf16_line(&b, y);
        else
            run_line(&b, y);
    }
}
