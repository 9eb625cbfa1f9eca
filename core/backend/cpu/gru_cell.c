/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GRU_CELL: a convolutional GRU whole, so that its gates are never stored.
 * Here are its description and its weights; gru_cell_tiles.c has the way it
 * runs where the window has two pixels or more either way, gru_cell_rows.c
 * the other.
 *
 * The result may replace h. So a thread, which has a band of lines, first
 * keeps the lines around the band that others will overwrite, and then those
 * that it overwrites itself and still needs.
 */
#include "backend/cpu/gru_cell.h"

#include "backend/cpu/winograd.h"

#include <string.h>

enum { X = S2VI_CELL_X, H = S2VI_CELL_H };

static size_t whole(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* ------------------------------------------------------------ weights -- */

/* Vectors of the three gates out of (3P, taps, channels); `point` < 0: the tap
 * itself, else of the 3x3 taps. */
static float *pack_channel(const s2vi_cell *k, int c, const float *w, int block,
                           int point, float *to)
{
    const int lanes = k->simd->cell_lanes, columns = k->kernel[1];
    const int64_t step = (int64_t)k->kernel[0] * columns * c;
    for (int gate = 0; gate < 3; gate++)
        for (int j = 0; j < lanes; j++, to++) {
            const int channel = block * lanes + j;
            const float *at = w + (gate * k->cell + channel) * step;
            float taps[9] = {0};
            double u[S2VI_CELL_POINTS];
            *to = 0;
            if (channel >= k->cell)
                continue;
            if (point < 0) {
                *to = *at;
                continue;
            }
            for (int i = 0; i < k->kernel[0]; i++)
                for (int l = 0; l < columns; l++)
                    taps[3 * (i + k->shift[0]) + l + k->shift[1]] =
                        at[(i * columns + l) * c];
            s2vi_winograd_weights(S2VI_WINOGRAD_F43, taps, 1, u);
            *to = (float)u[point];
        }
    return to;
}

/* [block][point][channel][gate][lane] */
static void pack_points(const s2vi_cell *k, int half, const float *w, float *to)
{
    const int c = k->channels[half];
    for (int block = 0; block < k->blocks; block++)
        for (int point = 0; point < S2VI_CELL_POINTS; point++)
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

/* The taps that are not all zero; their number. */
static int find_taps(const s2vi_cell *k, int half, const float *w, int *to)
{
    const int taps = k->kernel[0] * k->kernel[1], c = k->channels[half];
    int n = 0;
    for (int tap = 0; tap < taps; tap++)
        if (!is_zero_tap(w + (int64_t)tap * c, 3 * (int64_t)k->cell,
                         (int64_t)taps * c, c))
            to[n++] = tap;
    return n;
}

static void add_tap(const s2vi_cell *k, s2vi_cell_taps *head, int tap)
{
    head->row[head->n] = tap / k->kernel[1];
    head->column[head->n++] = tap % k->kernel[1];
}

/* [block][tap][channel][gate][lane] */
static void pack_taps(const s2vi_cell *k, int half, const float *w,
                      s2vi_cell_taps *head)
{
    const int c = k->channels[half];
    int kept[S2VI_CELL_TAPS];
    const int n = find_taps(k, half, w, kept);
    head->n = 0;
    for (int i = 0; i < n; i++)
        add_tap(k, head, kept[i]);
    float *to = (float *)(head + 1);
    for (int block = 0; block < k->blocks; block++)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < c; j++)
                to = pack_channel(k, c, w + (int64_t)kept[i] * c + j, block, -1,
                                  to);
}

/* One gate's weights of a step: of a tap's 32 channels, or of 16 and those of
 * the tap beside it, -1: none. */
static void pack_bf16_step(const s2vi_cell *k, int c, const float *w,
                           const int *tap, uint16_t *to)
{
    const int64_t step = (int64_t)k->kernel[0] * k->kernel[1] * c;
    for (int j = 0; j < S2VI_BF16_BLOCK; j++) {
        const int i = j / 32 * 2 + j % 2; /* of the row's numbers */
        const int t = tap[i / c];
        to[j] = s2vi_bf16_of(t < 0 ? 0 : w[j / 2 % 16 * step + t * c + i % c]);
    }
}

/* [block][step][gate][512] */
static void pack_bf16(const s2vi_cell *k, int half, const float *w,
                      s2vi_cell_taps *head)
{
    const int c = k->channels[half], columns = k->kernel[1];
    const int64_t step = (int64_t)k->kernel[0] * columns * c;
    int kept[S2VI_CELL_TAPS], taps[S2VI_CELL_TAPS][2];
    const int n = find_taps(k, half, w, kept);
    head->n = 0;
    for (int i = 0; i < n; i++) {
        const bool pair = c == 16 && i + 1 < n && kept[i + 1] == kept[i] + 1 &&
                          kept[i + 1] % columns;
        taps[head->n][0] = kept[i];
        taps[head->n][1] = pair ? kept[i + 1] : -1;
        add_tap(k, head, kept[i]);
        i += pair;
    }
    uint16_t *to = (uint16_t *)(head + 1);
    for (int block = 0; block < k->blocks; block++)
        for (int i = 0; i < head->n; i++)
            for (int gate = 0; gate < 3; gate++, to += S2VI_BF16_BLOCK)
                pack_bf16_step(k, c, w + (gate * k->cell + block * 16) * step,
                               taps[i], to);
}

static void pack_half(const s2vi_cell *k, int half, const float *w, void *to)
{
    if (k->across)
        pack_points(k, half, w, to);
    else if (k->bf16)
        pack_bf16(k, half, w, to);
    else
        pack_taps(k, half, w, to);
}

static int cell_pack(const s2vi_kernel *kernel, int i, const void *from,
                     void *to)
{
    pack_half((const s2vi_cell *)kernel, i - 1, from, to);
    return S2V_OK;
}

/* ------------------------------------------------- the kernel's memory -- */

/* Bytes of it all. */
static size_t lay_out(s2vi_cell *k)
{
    const size_t kept =
        k->across ? s2vi_cell_tiles_kept(k) : s2vi_cell_rows_kept(k);
    size_t at =
        whole(4 * (size_t)(k->blocks * k->simd->cell_lanes) * sizeof(float));
    for (int half = X; half <= H; half++) {
        k->weight_at[half] = at;
        at += k->packed[half] ? 0 : k->weight[half];
    }
    k->kept_at = at;
    k->kept_size = whole(kept);
    return at + (size_t)k->strips.threads * k->kept_size;
}

/* r, z: both halves' together; n: apart. */
static void join_biases(const s2vi_cell *k, const float *x, const float *h,
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

static void cell_prepare(const s2vi_kernel *kernel, const s2vi_strip *s)
{
    const s2vi_cell *k = (const s2vi_cell *)kernel;
    join_biases(k, s->in[3], s->in[4], (float *)s->own);
    for (int half = X; half <= H; half++)
        if (!k->packed[half])
            pack_half(k, half, s->in[1 + half],
                      (void *)s2vi_cell_weights(k, s, half));
}

/* ------------------------------------------------------------- a cell -- */

static bool suits_tiles(const s2vi_cell *k)
{
    const int lanes = k->simd->cell_lanes;
    return k->kernel[0] >= 2 && k->kernel[1] >= 2 && k->cell % lanes == 0 &&
           k->channels[X] % lanes == 0;
}

/* Whole steps of 32 numbers, whole blocks; weights that never change. */
static bool suits_bf16(const s2vi_cell *k, uint32_t constant)
{
    const int x = k->channels[X], h = k->cell;
    return (constant & 6u) == 6u && (x == 16 || x == 32) &&
           (h == 16 || h == 32);
}

/* As a 3x3 kernel around each pixel, so that cells see the same points of x. */
static void describe_tiles(s2vi_cell *k)
{
    k->across = (k->strips.width + S2VI_TILE - 1) / S2VI_TILE;
    for (int i = 0; i < 2; i++)
        if (k->kernel[i] == 2) {
            k->shift[i] = 1 - k->lo[i];
            k->lo[i] = 1;
        }
}

/* Of lines and weights. In bf16 a pixel more than there is may be read. */
static void describe_memory(s2vi_cell *k)
{
    const int64_t step = k->bf16 ? S2VI_BF16_ROWS : k->simd->cell_pixels;
    const size_t pixels =
        (size_t)((k->strips.width + step - 1) / step * step + k->kernel[1]);
    const size_t head = k->across ? 0 : sizeof(s2vi_cell_taps);
    const size_t taps =
        k->across ? S2VI_CELL_POINTS : (size_t)(k->kernel[0] * k->kernel[1]);
    const size_t element = k->bf16 ? sizeof(uint16_t) : sizeof(float);
    for (int half = X; half <= H; half++) {
        const size_t c = (size_t)k->channels[half];
        const size_t each =
            k->bf16 ? S2VI_BF16_BLOCK : (size_t)k->simd->cell_lanes * c;
        k->line[half] = whole(pixels * c * element);
        k->weight[half] =
            whole(head + 3 * element * taps * each * (size_t)k->blocks);
    }
}

static void describe(s2vi_cell *k, const s2vi_node *node, uint32_t constant,
                     const s2vi_bf16 *bf16)
{
    const s2vi_shape *h = &node->shape, *w = &node->input[1]->shape;
    const int lanes = k->simd->cell_lanes;
    k->strips.images = h->dim[0];
    k->strips.height = h->dim[1];
    k->strips.width = h->dim[2];
    k->cell = (int)h->dim[3];
    k->blocks = (k->cell + lanes - 1) / lanes;
    k->channels[X] = (int)s2vi_shape_channels(&node->input[0]->shape);
    k->channels[H] = k->cell;
    for (int i = 0; i < 2; i++) {
        k->kernel[i] = (int)w->dim[1 + i];
        k->lo[i] = node->attr.window.pad_lo[i];
    }
    if (bf16 && suits_bf16(k, constant) && (bf16->fastest || !suits_tiles(k)))
        k->bf16 = bf16;
    else if (suits_tiles(k))
        describe_tiles(k);
    describe_memory(k);
}

int s2vi_cpu_gru_cell(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                      s2vi_kernel **kernel, s2v_error *err)
{
    const s2vi_shape *w = &node->input[1]->shape;
    if (w->rank != 4 || w->dim[1] > 3 || w->dim[2] > 3)
        return s2vi_error(err, S2V_ERR_INTERNAL,
                          "device 'cpu' has recurrent cells of images and "
                          "kernels up to 3x3 only");
    s2vi_cell *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    s2vi_strip_kernel *strips = &k->strips;
    k->simd = cpu->simd;
    strips->threads = cpu->base.threads;
    describe(k, node, constant, cpu->bf16);
    for (int half = X; half <= H; half++) {
        k->packed[half] = constant >> (1 + half) & 1u;
        if (k->packed[half])
            strips->base.packed_size[1 + half] = k->weight[half];
    }
    strips->own_size = lay_out(k);
    strips->work_size = k->across ? s2vi_cell_tiles_work(k) * sizeof(float) : 0;
    strips->prepare = cell_prepare;
    strips->begin = k->across ? s2vi_cell_tiles_begin : s2vi_cell_rows_begin;
    strips->strip = k->across ? s2vi_cell_tiles_strip : s2vi_cell_rows_strip;
    strips->base.pack = cell_pack;
    strips->base.close = s2vi_kernel_free;
    s2vi_cpu_strips_finish(strips);
    *kernel = &strips->base;
    return S2V_OK;
}
