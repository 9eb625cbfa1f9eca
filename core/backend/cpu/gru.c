/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GRU, its adjoints and the whole cell: simd.c's loops over rows, shared
 * between threads. */
#include "backend/cpu/cpu.h"

#include <omp.h>
#include <string.h>

typedef struct gru_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int64_t rows;
    int c; /* channels of the cell */
} gru_kernel;

/* Rows that one thread takes at a time. */
#define STRIP 256

static void run_strip(const gru_kernel *k, float *out, float *const *in,
                      int64_t row, int rows)
{
    const s2vi_simd *simd = k->simd;
    int64_t cell = row * k->c, gates = 3 * cell;
    const float *a = in[0] + gates, *b = in[1] + gates;
    switch (k->base.node->op) {
    case S2VI_OP_GRU:
        simd->gru(out + cell, a, b, in[2] + cell, rows, k->c);
        break;
    case S2VI_OP_GRU_DA:
        simd->gru_da(out + gates, a, b, in[2] + cell, in[3] + cell, rows, k->c);
        break;
    case S2VI_OP_GRU_DB:
        simd->gru_db(out + gates, a, b, in[2] + gates, rows, k->c);
        break;
    default: simd->gru_dh(out + cell, a, b, in[2] + cell, rows, k->c); break;
    }
}

static int gru_run(const s2vi_kernel *kernel, void *out, void *const *in,
                   void *scratch, const s2vi_clock *clock)
{
    const gru_kernel *k = (const gru_kernel *)kernel;
    (void)scratch, (void)clock;
#pragma omp parallel for schedule(static) if (k->rows > STRIP)
    for (int64_t row = 0; row < k->rows; row += STRIP) {
        int64_t left = k->rows - row;
        run_strip(k, out, (float *const *)in, row,
                  left < STRIP ? (int)left : STRIP);
    }
    return S2V_OK;
}

int s2vi_cpu_gru(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                 s2v_error *err)
{
    gru_kernel *k = s2vi_cpu_kernel(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->simd = cpu->simd;
    k->c = (int)s2vi_shape_channels(&node->input[0]->shape) / 3;
    k->rows = s2vi_shape_count(&node->input[0]->shape) / (3 * k->c);
    k->base.run = gru_run;
    k->base.close = s2vi_cpu_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}

/* ------------------------------------------------------- GRU_CELL -- */

/* The two halves of the gates: of x, and of h. */
enum { X, H };

typedef struct cell_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int threads;
    int64_t images, height, width;
    int kernel[2], lo[2]; /* the window: height and width, zeros before */
    int channels[2], cell, blocks;
    size_t line[2];   /* floats that are kept of a line of pixels... */
    size_t padded[2]; /* ...of which the first are it, padded */
    int tiles;        /* a line in tiles, which follow it; 0: direct */
    size_t weight[2]; /* bytes of packed weights */
    bool packed[2];   /* they come so */
} cell_kernel;

/* Packed weights: the taps that are not all zero, then their weights. */
typedef struct cell_head {
    int n, row[S2VI_CELL_TAPS], column[S2VI_CELL_TAPS];
    char fill[128 - (1 + 2 * S2VI_CELL_TAPS) * sizeof(int)];
} cell_head;

/* A thread's band of lines. Of each half it keeps the lines around the one at
 * work as they were, padded: lines of the image may be overwritten. */
typedef struct band {
    const cell_kernel *k;
    const float *image[2];
    float *lines[2];
    int64_t from, to;
} band;

static size_t whole(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static bool is_zero_tap(const float *w, int64_t outputs, int64_t step, int c)
{
    for (int64_t o = 0; o < outputs; o++)
        for (int i = 0; i < c; i++)
            if (w[o * step + i] != 0)
                return false;
    return true;
}

/* The kernel's three taps of a line, at one of a tile's points. */
static float tile_weight(const float *w, int c, int point)
{
    static const float g[S2VI_TILE_POINTS][3] = {
        {1.0f / 4, 0, 0},
        {-1.0f / 6, -1.0f / 6, -1.0f / 6},
        {-1.0f / 6, 1.0f / 6, -1.0f / 6},
        {1.0f / 24, 1.0f / 12, 1.0f / 6},
        {1.0f / 24, -1.0f / 12, 1.0f / 6},
        {0, 0, 1},
    };
    return g[point][0] * w[0] + g[point][1] * w[c] + g[point][2] * w[2 * c];
}

/* One tap of one block: [channel][gate][lane] out of (3P, taps, channels);
 * `point` -1: as it is, else of the three that begin there. */
static float *pack_tap(const cell_kernel *k, int c, const float *w,
                       int64_t step, int block, int point, float *to)
{
    const int lanes = k->simd->cell_lanes;
    for (int i = 0; i < c; i++)
        for (int gate = 0; gate < 3; gate++)
            for (int j = 0; j < lanes; j++) {
                int channel = block * lanes + j;
                const float *at = w + (gate * k->cell + channel) * step + i;
                if (channel >= k->cell)
                    *to++ = 0;
                else
                    *to++ = point < 0 ? *at : tile_weight(at, c, point);
            }
    return to;
}

static void pack_half(const cell_kernel *k, int half, const float *w, void *to)
{
    const int taps = k->kernel[0] * k->kernel[1], c = k->channels[half];
    const int64_t step = (int64_t)taps * c;
    const int width = k->tiles ? k->kernel[1] : 1; /* taps taken together */
    cell_head *head = to;
    int kept[S2VI_CELL_TAPS];
    head->n = 0;
    for (int tap = 0; tap < taps; tap += width)
        if (!is_zero_tap(w + (int64_t)tap * c, 3 * (int64_t)k->cell, step,
                         width * c)) {
            head->row[head->n] = tap / k->kernel[1];
            head->column[head->n] = tap % k->kernel[1];
            kept[head->n++] = tap;
        }
    float *next = (float *)(head + 1);
    const int points = k->tiles ? S2VI_TILE_POINTS : 1;
    for (int block = 0; block < k->blocks; block++)
        for (int point = 0; point < points; point++)
            for (int i = 0; i < head->n; i++)
                next = pack_tap(k, c, w + (int64_t)kept[i] * c, step, block,
                                k->tiles ? point : -1, next);
}

static int cell_pack(const s2vi_kernel *kernel, int i, const void *from,
                     void *to)
{
    pack_half((const cell_kernel *)kernel, i - 1, from, to);
    return S2V_OK;
}

/* ------------------------------------------------------ a band's lines -- */

/* Where line y is kept: a ring, and those below the band after it. */
static float *line_of(const band *b, int half, int64_t y)
{
    int64_t n = b->k->kernel[0];
    int64_t slot = y >= b->to ? n + y - b->to : (y + n) % n;
    return b->lines[half] + (size_t)slot * b->k->line[half];
}

/* Floats from one of a tile's points to the next. */
static int64_t plane(const cell_kernel *k, int half)
{
    return (int64_t)k->tiles * k->channels[half];
}

static void keep_line(const band *b, int64_t y)
{
    const cell_kernel *k = b->k;
    for (int half = X; half <= H; half++) {
        float *to = line_of(b, half, y);
        size_t c = (size_t)k->channels[half], n = (size_t)k->width * c;
        size_t before = (size_t)k->lo[1] * c;
        bool inside = y >= 0 && y < k->height;
        memset(to, 0, (inside ? before : k->line[half]) * sizeof(*to));
        if (!inside)
            continue;
        memcpy(to + before, b->image[half] + (size_t)y * n, n * sizeof(*to));
        memset(to + before + n, 0,
               (k->padded[half] - before - n) * sizeof(*to));
        if (k->tiles)
            k->simd->make_tiles(to + k->padded[half], plane(k, half), to,
                                k->tiles, (int)c);
    }
}

/* The lines around the band, which other threads will overwrite. */
static void keep_border(const band *b)
{
    const cell_kernel *k = b->k;
    for (int64_t y = b->from - k->lo[0]; y < b->from; y++)
        keep_line(b, y);
    for (int64_t y = b->to; y < b->to + k->kernel[0] - 1 - k->lo[0]; y++)
        keep_line(b, y);
}

static void set_taps(const band *b, int half, int64_t y, const void *packed,
                     s2vi_simd_taps *t)
{
    const cell_kernel *k = b->k;
    const cell_head *head = packed;
    t->n = head->n;
    t->channels = k->channels[half];
    t->w = (const float *)(head + 1);
    t->plane = plane(k, half);
    for (int i = 0; i < t->n; i++)
        t->at[i] = line_of(b, half, y + head->row[i] - k->lo[0]) +
                   (k->tiles ? k->padded[half]
                             : (size_t)(head->column[i] * t->channels));
}

static void run_band(const band *b, void *const *weight, const float *bias,
                     float *out)
{
    const cell_kernel *k = b->k;
    const int64_t below = k->kernel[0] - 1 - k->lo[0];
    for (int64_t y = b->from; y < b->from + below && y < b->to; y++)
        keep_line(b, y);
    for (int64_t y = b->from; y < b->to; y++) {
        if (y + below < b->to)
            keep_line(b, y + below);
        s2vi_simd_cell cell = {.bias = bias,
                               .channels = k->cell,
                               .blocks = k->blocks,
                               .old = line_of(b, H, y) + k->lo[1] * k->cell};
        set_taps(b, X, y, weight[X], &cell.x);
        set_taps(b, H, y, weight[H], &cell.h);
        (k->tiles ? k->simd->cell_tiles : k->simd->cell_row)(
            out + y * k->width * k->cell, &cell, (int)k->width);
    }
}

/* ------------------------------------------------------------- a cell -- */

static size_t bias_size(const cell_kernel *k)
{
    return whole(4 * (size_t)(k->blocks * k->simd->cell_lanes) * sizeof(float));
}

static size_t lines_size(const cell_kernel *k)
{
    return whole((size_t)(2 * k->kernel[0] - 1) * (k->line[X] + k->line[H]) *
                 sizeof(float));
}

/* r, z: both halves' together; n: apart. */
static void join_biases(const cell_kernel *k, const float *x, const float *h,
                        float *to)
{
    const int n = k->blocks * k->simd->cell_lanes, c = k->cell;
    memset(to, 0, 4 * (size_t)n * sizeof(*to));
    for (int i = 0; i < c; i++) {
        to[i] = x[i] + h[i];
        to[n + i] = x[c + i] + h[c + i];
        to[2 * n + i] = x[2 * c + i];
        to[3 * n + i] = h[2 * c + i];
    }
}

static void run_images(const cell_kernel *k, float *out, void *const *in,
                       void *const *weight, const float *bias, char *lines)
{
    const int64_t pixels = k->height * k->width;
#pragma omp parallel num_threads(k->threads) if (pixels * k->cell > 2048)
    {
        int64_t threads = omp_get_num_threads(), thread = omp_get_thread_num();
        float *own = (float *)(lines + (size_t)thread * lines_size(k));
        band b = {
            .k = k,
            .lines = {own, own + (size_t)(2 * k->kernel[0] - 1) * k->line[X]},
            .from = k->height * thread / threads,
            .to = k->height * (thread + 1) / threads};
        for (int64_t i = 0; i < k->images; i++) {
            b.image[X] = (const float *)in[0] + i * pixels * k->channels[X];
            b.image[H] = (const float *)in[5] + i * pixels * k->cell;
            keep_border(&b);
#pragma omp barrier
            run_band(&b, weight, bias, out + i * pixels * k->cell);
        }
    }
}

static int cell_run(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    const cell_kernel *k = (const cell_kernel *)kernel;
    float *bias = scratch;
    char *rest = (char *)scratch + bias_size(k);
    void *weight[2] = {in[1], in[2]};
    (void)clock;
    for (int half = X; half <= H; half++)
        if (!k->packed[half]) {
            pack_half(k, half, in[1 + half], rest);
            weight[half] = rest;
            rest += k->weight[half];
        }
    join_biases(k, in[3], in[4], bias);
    run_images(k, out, in, weight, bias, rest);
    return S2V_OK;
}

static int round_up(int64_t n, int step)
{
    return (int)((n + step - 1) / step * step);
}

/* A line of three taps costs half in tiles; one of a single tap, half more. */
static bool by_tiles(const cell_kernel *k)
{
    return k->kernel[0] >= 2 && k->kernel[1] == 3;
}

static void describe_cell(cell_kernel *k, const s2vi_node *node)
{
    const s2vi_shape *h = &node->shape, *w = &node->input[1]->shape;
    const int lanes = k->simd->cell_lanes, step = k->simd->cell_pixels;
    k->images = h->dim[0];
    k->height = h->dim[1];
    k->width = h->dim[2];
    k->cell = (int)h->dim[3];
    k->blocks = (k->cell + lanes - 1) / lanes;
    k->channels[X] = (int)s2vi_shape_channels(&node->input[0]->shape);
    k->channels[H] = k->cell;
    for (int i = 0; i < 2; i++) {
        k->kernel[i] = (int)w->dim[1 + i];
        k->lo[i] = node->attr.window.pad_lo[i];
    }
    if (by_tiles(k))
        k->tiles = round_up(round_up(k->width, S2VI_TILE) / S2VI_TILE, step);
    size_t pixels =
        (size_t)(k->tiles ? k->tiles * S2VI_TILE : round_up(k->width, step)) +
        (size_t)k->kernel[1] - 1;
    int taps = k->kernel[0] * (k->tiles ? S2VI_TILE_POINTS : k->kernel[1]);
    for (int half = X; half <= H; half++) {
        size_t c = (size_t)k->channels[half];
        k->padded[half] = whole(pixels * c * sizeof(float)) / sizeof(float);
        k->line[half] =
            k->padded[half] + S2VI_TILE_POINTS *
                                  whole((size_t)k->tiles * c * sizeof(float)) /
                                  sizeof(float);
        k->weight[half] = whole(sizeof(cell_head) + 3 * sizeof(float) *
                                                        (size_t)(taps * lanes) *
                                                        (size_t)k->blocks * c);
    }
}

int s2vi_cpu_gru_cell(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                      s2vi_kernel **kernel, s2v_error *err)
{
    const s2vi_shape *w = &node->input[1]->shape;
    if (w->rank != 4 || w->dim[1] > 3 || w->dim[2] > 3)
        return s2vi_error(err, S2V_ERR_INTERNAL,
                          "device 'cpu' has recurrent cells of images and "
                          "kernels up to 3x3 only");
    cell_kernel *k = s2vi_cpu_kernel(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->simd = cpu->simd;
    k->threads = cpu->base.threads;
    describe_cell(k, node);
    k->base.scratch_size = bias_size(k) + (size_t)k->threads * lines_size(k);
    for (int half = X; half <= H; half++) {
        k->packed[half] = constant >> (1 + half) & 1u;
        if (k->packed[half])
            k->base.packed_size[1 + half] = k->weight[half];
        else
            k->base.scratch_size += k->weight[half];
    }
    k->base.run = cell_run;
    k->base.pack = cell_pack;
    k->base.close = s2vi_cpu_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
