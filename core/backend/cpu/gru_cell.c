/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GRU_CELL: a convolutional GRU whole, so that its gates are never stored.
 *
 * Where the window has two pixels or more either way it runs by Winograd's
 * F(4x4,3x3) (winograd.c), smaller kernels as 3x3 ones with zeros: a tile's
 * 4x4 pixels take 36 products of x and of h each, not 144; of a 3x2 kernel 30,
 * since the weights of the last six points are its zeros. A thread makes the
 * points of a line of tiles, then products and gates of some tiles at a time.
 * Other windows run directly, tap by tap, in registers.
 *
 * The result may replace h. So a thread, which has a band of lines, first
 * keeps the lines around the band that others will overwrite, and then those
 * that it overwrites itself and still needs.
 */
#include "backend/cpu/winograd.h"

#include <omp.h>
#include <string.h>

/* The two halves of the gates: of x, and of h. */
enum { X, H };

#define POINTS      36 /* of F(4x4,3x3) */
#define TILE_PIXELS 6  /* lines and columns that a tile sees */
#define GROUP       32 /* tiles whose products are held at a time */

typedef struct cell_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int threads;
    int64_t images, height, width;
    int kernel[2], lo[2]; /* the window: height and width, zeros before */
    int channels[2], cell, blocks;
    int64_t across;   /* tiles in a line; 0: direct */
    size_t line[2];   /* direct: floats of a line that is kept, padded */
    size_t weight[2]; /* bytes of packed weights */
    bool packed[2];   /* they come so */
} cell_kernel;

/* A thread's share of one image. */
typedef struct band {
    const cell_kernel *k;
    const float *image[2];
    void *const *weight;
    const float *bias;
    float *out;
    int64_t from, to; /* lines, or lines of tiles */
} band;

static size_t whole(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* ----------------------------------------------------------- by tiles -- */

/* A thread's memory. */
typedef struct workshop {
    float *v[2], *m, *above, *below;
} workshop;

/* Points down (0) or across (1) with weights: the last is the third tap's. */
static int points_of(const cell_kernel *k, int dimension)
{
    return k->kernel[dimension] < 3 ? 5 : 6;
}

/* Tiles that are computed: whole groups of registers. */
static int64_t tiles_held(const cell_kernel *k)
{
    const int64_t step = k->simd->cell_pixels;
    return (k->across + step - 1) / step * step;
}

static int64_t group_held(const cell_kernel *k)
{
    return tiles_held(k) < GROUP ? tiles_held(k) : GROUP;
}

/* From one point to the next: one line of the cache more than there is, lest
 * all points share a set of it. */
static int64_t points_plane(const cell_kernel *k, int half)
{
    return tiles_held(k) * k->channels[half] + 16;
}

static int64_t products_plane(const cell_kernel *k)
{
    return 4 * group_held(k) * k->simd->cell_lanes + 16;
}

static size_t workshop_floats(const cell_kernel *k)
{
    return (size_t)(POINTS * (points_plane(k, X) + points_plane(k, H) +
                              products_plane(k)) +
                    2 * k->width * k->cell);
}

static workshop workshop_at(const cell_kernel *k, float *memory)
{
    workshop s = {.v[X] = memory};
    s.v[H] = s.v[X] + POINTS * points_plane(k, X);
    s.m = s.v[H] + POINTS * points_plane(k, H);
    s.above = s.m + POINTS * products_plane(k);
    s.below = s.above + k->lo[0] * k->width * k->cell;
    return s;
}

/* Lines [y, y + n) of h, as far as they are. */
static void keep_lines(const band *b, float *to, int64_t y, int64_t n)
{
    const int64_t line = b->k->width * b->k->cell;
    for (int64_t i = 0; i < n; i++)
        if (y + i >= 0 && y + i < b->k->height)
            memcpy(to + i * line, b->image[H] + (y + i) * line,
                   (size_t)line * sizeof(*to));
}

/* The lines around the band, which other threads will overwrite. */
static void keep_border(const band *b, const workshop *s)
{
    const int lo = b->k->lo[0];
    keep_lines(b, s->above, S2VI_TILE * b->from - lo, lo);
    keep_lines(b, s->below, S2VI_TILE * b->to, 2 - lo);
}

/* The points of line `ty` of tiles. */
static void make_points(const band *b, const workshop *s, int64_t ty)
{
    const cell_kernel *k = b->k;
    for (int half = X; half <= H; half++) {
        const int64_t line = k->width * k->channels[half];
        const int64_t top = S2VI_TILE * ty, end = S2VI_TILE * b->to;
        const float *row[TILE_PIXELS];
        for (int i = 0; i < TILE_PIXELS; i++) {
            const int64_t y = top - k->lo[0] + i;
            row[i] = b->image[half] + y * line;
            if (y < 0 || y >= k->height)
                row[i] = NULL;
            else if (half == H && y < top)
                row[i] = s->above + i * line;
            else if (half == H && y >= end)
                row[i] = s->below + (y - end) * line;
        }
        s2vi_simd_tiles t = {.width = k->width,
                             .across = k->across,
                             .channels = k->channels[half],
                             .lo = {k->lo[0], k->lo[1]},
                             .v_step = k->channels[half],
                             .v_plane = points_plane(k, half)};
        k->simd->cell_points(s->v[half], &t, row);
    }
}

/* Line `i` that line ty + 1 of tiles will be the first to see. */
static const float *ahead(const band *b, int half, int64_t ty, int i,
                          int64_t tile)
{
    const cell_kernel *k = b->k;
    const int64_t y = S2VI_TILE * (ty + 1) - k->lo[0] + 2 + i;
    const int64_t x = S2VI_TILE * tile < k->width ? S2VI_TILE * tile : 0;
    return b->image[half] +
           ((y < k->height ? y : k->height - 1) * k->width + x) *
               k->channels[half];
}

/* Block `block` of the channels of tiles [from, to) of a line. */
static void run_group(const band *b, const workshop *s, int64_t ty, int block,
                      int64_t from, int64_t to)
{
    const cell_kernel *k = b->k;
    const int lanes = k->simd->cell_lanes;
    const int64_t top = S2VI_TILE * ty;
    const int64_t at = top * k->width * k->cell + (int64_t)block * lanes;
    s2vi_simd_products p = {.m_plane = products_plane(k),
                            .points = {points_of(k, 0), points_of(k, 1)}};
    for (int half = X; half <= H; half++) {
        for (int i = 0; i < S2VI_TILE; i++)
            p.ahead[half * S2VI_TILE + i] = ahead(b, half, ty, i, from);
        p.channels[half] = k->channels[half];
        p.plane[half] = points_plane(k, half);
        p.v[half] = s->v[half];
        p.w[half] = (const float *)b->weight[half] +
                    (int64_t)block * POINTS * k->channels[half] * 3 * lanes;
    }
    s2vi_simd_gates g = {
        .out = b->out + at,
        .h = b->image[H] + at,
        .bias = b->bias + (int64_t)block * lanes,
        .width = k->width,
        .step = (int64_t)k->blocks * lanes,
        .lines =
            (int)(k->height - top < S2VI_TILE ? k->height - top : S2VI_TILE),
        .channels = k->cell,
        .points = {p.points[0], p.points[1]}};
    k->simd->cell_products(s->m, &p, from, to);
    k->simd->cell_gates(&g, s->m, p.m_plane, from, to);
}

static void run_tiles(const band *b, const workshop *s)
{
    const cell_kernel *k = b->k;
    const int lo = k->lo[0];
    for (int64_t ty = b->from; ty < b->to; ty++) {
        make_points(b, s, ty);
        keep_lines(b, s->above, S2VI_TILE * (ty + 1) - lo, lo);
        for (int64_t from = 0; from < k->across; from += GROUP)
            for (int block = 0; block < k->blocks; block++)
                run_group(b, s, ty, block, from,
                          k->across - from < GROUP ? k->across : from + GROUP);
    }
}

/* ------------------------------------------------------------- direct -- */

/* Packed weights: the taps that are not all zero, then their weights. */
typedef struct cell_head {
    int n, row[S2VI_CELL_TAPS], column[S2VI_CELL_TAPS];
    char fill[128 - (1 + 2 * S2VI_CELL_TAPS) * sizeof(int)];
} cell_head;

/* Where line y is kept: a ring, and those below the band after it. */
static float *line_of(const band *b, float *const *lines, int half, int64_t y)
{
    int64_t n = b->k->kernel[0];
    int64_t slot = y >= b->to ? n + y - b->to : (y + n) % n;
    return lines[half] + (size_t)slot * b->k->line[half];
}

static void keep_line(const band *b, float *const *lines, int64_t y)
{
    const cell_kernel *k = b->k;
    for (int half = X; half <= H; half++) {
        float *to = line_of(b, lines, half, y);
        size_t c = (size_t)k->channels[half], n = (size_t)k->width * c;
        size_t before = (size_t)k->lo[1] * c;
        bool inside = y >= 0 && y < k->height;
        memset(to, 0, k->line[half] * sizeof(*to));
        if (inside)
            memcpy(to + before, b->image[half] + (size_t)y * n,
                   n * sizeof(*to));
    }
}

/* The lines around the band, which other threads will overwrite. */
static void keep_around(const band *b, float *const *lines)
{
    const cell_kernel *k = b->k;
    for (int64_t y = b->from - k->lo[0]; y < b->from; y++)
        keep_line(b, lines, y);
    for (int64_t y = b->to; y < b->to + k->kernel[0] - 1 - k->lo[0]; y++)
        keep_line(b, lines, y);
}

static void set_taps(const band *b, float *const *lines, int half, int64_t y,
                     s2vi_simd_taps *t)
{
    const cell_kernel *k = b->k;
    const cell_head *head = b->weight[half];
    t->n = head->n;
    t->channels = k->channels[half];
    t->w = (const float *)(head + 1);
    for (int i = 0; i < t->n; i++)
        t->at[i] = line_of(b, lines, half, y + head->row[i] - k->lo[0]) +
                   head->column[i] * t->channels;
}

static void run_rows(const band *b, float *const *lines)
{
    const cell_kernel *k = b->k;
    const int64_t below = k->kernel[0] - 1 - k->lo[0];
    for (int64_t y = b->from; y < b->from + below && y < b->to; y++)
        keep_line(b, lines, y);
    for (int64_t y = b->from; y < b->to; y++) {
        if (y + below < b->to)
            keep_line(b, lines, y + below);
        s2vi_simd_cell cell = {.bias = b->bias,
                               .channels = k->cell,
                               .blocks = k->blocks,
                               .old = line_of(b, lines, H, y) +
                                      k->lo[1] * k->cell};
        set_taps(b, lines, X, y, &cell.x);
        set_taps(b, lines, H, y, &cell.h);
        k->simd->cell_row(b->out + y * k->width * k->cell, &cell,
                          (int)k->width);
    }
}

/* ------------------------------------------------------------ weights -- */

/* Vectors of the three gates out of (3P, taps, channels); `point` < 0: the tap
 * itself, else of the 3x3 taps. */
static float *pack_channel(const cell_kernel *k, int c, const float *w,
                           int block, int point, float *to)
{
    const int lanes = k->simd->cell_lanes, columns = k->kernel[1];
    const int64_t step = (int64_t)k->kernel[0] * columns * c;
    for (int gate = 0; gate < 3; gate++)
        for (int j = 0; j < lanes; j++, to++) {
            const int channel = block * lanes + j;
            const float *at = w + (gate * k->cell + channel) * step;
            float taps[9] = {0};
            double u[POINTS];
            *to = 0;
            if (channel >= k->cell)
                continue;
            if (point < 0) {
                *to = *at;
                continue;
            }
            for (int i = 0; i < k->kernel[0]; i++)
                for (int l = 0; l < columns; l++)
                    taps[3 * i + l] = at[(i * columns + l) * c];
            s2vi_winograd_weights(S2VI_WINOGRAD_F43, taps, 1, u);
            *to = (float)u[point];
        }
    return to;
}

/* [block][point][channel][gate][lane] */
static void pack_points(const cell_kernel *k, int half, const float *w,
                        float *to)
{
    const int c = k->channels[half];
    for (int block = 0; block < k->blocks; block++)
        for (int point = 0; point < POINTS; point++)
            for (int i = 0; i < c; i++)
                to = pack_channel(k, c, w + i, block, point, to);
}

static bool is_zero_tap(const float *w, int64_t outputs, int64_t step, int c)
{
    for (int64_t o = 0; o < outputs; o++)
        for (int i = 0; i < c; i++)
            if (w[o * step + i] != 0)
                return false;
    return true;
}

/* [block][tap][channel][gate][lane] */
static void pack_taps(const cell_kernel *k, int half, const float *w,
                      cell_head *head)
{
    const int taps = k->kernel[0] * k->kernel[1], c = k->channels[half];
    int kept[S2VI_CELL_TAPS];
    head->n = 0;
    for (int tap = 0; tap < taps; tap++)
        if (!is_zero_tap(w + (int64_t)tap * c, 3 * (int64_t)k->cell,
                         (int64_t)taps * c, c)) {
            head->row[head->n] = tap / k->kernel[1];
            head->column[head->n] = tap % k->kernel[1];
            kept[head->n++] = tap;
        }
    float *to = (float *)(head + 1);
    for (int block = 0; block < k->blocks; block++)
        for (int i = 0; i < head->n; i++)
            for (int j = 0; j < c; j++)
                to = pack_channel(k, c, w + (int64_t)kept[i] * c + j, block, -1,
                                  to);
}

static void pack_half(const cell_kernel *k, int half, const float *w, void *to)
{
    if (k->across)
        pack_points(k, half, w, to);
    else
        pack_taps(k, half, w, to);
}

static int cell_pack(const s2vi_kernel *kernel, int i, const void *from,
                     void *to)
{
    pack_half((const cell_kernel *)kernel, i - 1, from, to);
    return S2V_OK;
}

/* ------------------------------------------------------------- a cell -- */

static size_t bias_size(const cell_kernel *k)
{
    return whole(4 * (size_t)(k->blocks * k->simd->cell_lanes) * sizeof(float));
}

/* Bytes of a thread's own memory. */
static size_t own_size(const cell_kernel *k)
{
    size_t lines = (size_t)(2 * k->kernel[0] - 1) * (k->line[X] + k->line[H]);
    return whole((k->across ? workshop_floats(k) : lines) * sizeof(float));
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

/* All threads, each with a band of image b->image; `own`: its memory. */
static void run_band(const band *b, float *own)
{
    const cell_kernel *k = b->k;
    const workshop s = k->across ? workshop_at(k, own) : (workshop){0};
    float *const lines[] = {own,
                            own + (size_t)(2 * k->kernel[0] - 1) * k->line[X]};
    if (k->across)
        keep_border(b, &s);
    else
        keep_around(b, lines);
#pragma omp barrier
    if (k->across)
        run_tiles(b, &s);
    else
        run_rows(b, lines);
}

static void run_images(const cell_kernel *k, float *out, void *const *in,
                       void *const *weight, const float *bias, char *memory)
{
    const int64_t pixels = k->height * k->width;
    const int64_t lines =
        k->across ? (k->height + S2VI_TILE - 1) / S2VI_TILE : k->height;
#pragma omp parallel num_threads(k->threads) if (pixels * k->cell > 2048)
    {
        int64_t threads = omp_get_num_threads(), thread = omp_get_thread_num();
        band b = {.k = k,
                  .weight = weight,
                  .bias = bias,
                  .from = lines * thread / threads,
                  .to = lines * (thread + 1) / threads};
        for (int64_t i = 0; i < k->images; i++) {
            b.image[X] = (const float *)in[0] + i * pixels * k->channels[X];
            b.image[H] = (const float *)in[5] + i * pixels * k->cell;
            b.out = out + i * pixels * k->cell;
            run_band(&b, (float *)(memory + (size_t)thread * own_size(k)));
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

static bool by_tiles(const cell_kernel *k)
{
    const int lanes = k->simd->cell_lanes;
    return k->kernel[0] >= 2 && k->kernel[1] >= 2 && k->cell % lanes == 0 &&
           k->channels[X] % lanes == 0;
}

static void describe(cell_kernel *k, const s2vi_node *node)
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
        k->across = (k->width + S2VI_TILE - 1) / S2VI_TILE;
    const size_t head = k->across ? 0 : sizeof(cell_head);
    const int taps = k->across ? POINTS : k->kernel[0] * k->kernel[1];
    const size_t pixels =
        (size_t)((k->width + step - 1) / step * step + k->kernel[1] - 1);
    for (int half = X; half <= H; half++) {
        size_t c = (size_t)k->channels[half];
        k->line[half] = whole(pixels * c * sizeof(float)) / sizeof(float);
        k->weight[half] =
            whole(head + 3 * sizeof(float) * (size_t)(taps * lanes) *
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
    describe(k, node);
    k->base.scratch_size = bias_size(k) + (size_t)k->threads * own_size(k);
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
