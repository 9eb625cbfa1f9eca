/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bf16.h's loops, compiled once with AMX's tiles and once without, as
 * s2vi_bf16_SET.
 */
#include "backend/cpu/bf16.h"

#include <math.h>
#include <string.h>

#include "backend/cpu/simd_vector.inc"

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define STR_(a)     #a
#define STR(a)      STR_(a)

#define ROWS  S2VI_BF16_ROWS
#define TILE  (ROWS * ROWS)
#define BLOCK S2VI_BF16_BLOCK
#define GATES 4 /* r, z, n of x, n of h */

static void round_numbers(uint16_t *to, const float *from, int64_t n)
{
    int64_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256(
            (__m256i *)(to + i),
            (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(from + i)));
    if (i == n)
        return;
    const __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
    const __m512 x = _mm512_maskz_loadu_ps(rest, from + i);
    _mm256_mask_storeu_epi16(to + i, rest, (__m256i)_mm512_cvtneps_pbh(x));
}

/* ---------------------------------------------------------- products -- */

#if defined(__AMX_BF16__)

/* Eight tiles of 16 rows of 64 bytes. */
static void begin(void)
{
    static const struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } shape = {.palette = 1,
               .bytes = {64, 64, 64, 64, 64, 64, 64, 64},
               .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
    _tile_loadconfig(&shape);
}

static void end(void)
{
    _tile_release();
}

/* Tiles 0 to 5 sum up groups; 6 is of a, 7 of b. */
#define GROUP(g)                                                               \
    if (groups > g) {                                                          \
        _tile_loadd(6, a + (g)*ROWS * p->row, row);                            \
        _tile_dpbf16ps(g, 6, 7);                                               \
    }
#define STORE(g)                                                               \
    if (groups > g)                                                            \
    _tile_stored(g, c + (g)*TILE, ROWS * sizeof(*c))

INLINE void product_of(float *c, const s2vi_bf16_product *p, const int groups)
{
    const int64_t row = p->row * (int64_t)sizeof(*p->a);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    for (int s = 0; s < p->steps; s++) {
        const uint16_t *a = p->a + p->offset[s];
        _tile_loadd(7, p->b + (int64_t)s * BLOCK, 64);
        GROUP(0)
        GROUP(1)
        GROUP(2)
        GROUP(3)
        GROUP(4)
        GROUP(5)
    }
    STORE(0);
    STORE(1);
    STORE(2);
    STORE(3);
    STORE(4);
    STORE(5);
}

static void product_block(float *c, const s2vi_bf16_product *p)
{
    switch (p->groups) {
    case 1: product_of(c, p, 1); break;
    case 2: product_of(c, p, 2); break;
    case 3: product_of(c, p, 3); break;
    case 4: product_of(c, p, 4); break;
    case 5: product_of(c, p, 5); break;
    default: product_of(c, p, 6); break;
    }
}

static void product(float *c, const s2vi_bf16_product *p)
{
    s2vi_bf16_product one = *p;
    for (int k = 0; k < p->blocks; k++, c += p->groups * TILE) {
        product_block(c, &one);
        one.b += (int64_t)p->steps * BLOCK;
    }
}

/* The gates of 16 pixels. Tiles 0 to 3 sum them up; 4 is of the image. */
static void cell_products(float *c, const s2vi_bf16_cell *cell, int block,
                          int64_t pixel)
{
    const s2vi_bf16_taps *x = &cell->x, *h = &cell->h;
    const uint16_t *w = x->w + (int64_t)block * x->n * 3 * BLOCK;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int s = 0; s < x->n; s++, w += 3 * BLOCK) {
        _tile_loadd(4, x->at[s] + pixel * x->row, 2 * x->row);
        _tile_loadd(5, w, 64);
        _tile_loadd(6, w + BLOCK, 64);
        _tile_loadd(7, w + 2 * BLOCK, 64);
        _tile_dpbf16ps(0, 4, 5);
        _tile_dpbf16ps(1, 4, 6);
        _tile_dpbf16ps(2, 4, 7);
    }
    w = h->w + (int64_t)block * h->n * 3 * BLOCK;
    for (int s = 0; s < h->n; s++, w += 3 * BLOCK) {
        _tile_loadd(4, h->at[s] + pixel * h->row, 2 * h->row);
        _tile_loadd(5, w, 64);
        _tile_loadd(6, w + BLOCK, 64);
        _tile_loadd(7, w + 2 * BLOCK, 64);
        _tile_dpbf16ps(0, 4, 5);
        _tile_dpbf16ps(1, 4, 6);
        _tile_dpbf16ps(3, 4, 7);
    }
    _tile_stored(0, c, 64);
    _tile_stored(1, c + TILE, 64);
    _tile_stored(2, c + 2 * TILE, 64);
    _tile_stored(3, c + 3 * TILE, 64);
}

#else

static void begin(void)
{
}

static void end(void)
{
}

/* Rows of `blocks` blocks, a register each: of two blocks half as many rows,
 * whose numbers are read once for both, since two reads keep up with no more
 * than two products. */
INLINE void rows_of(float *c, const s2vi_bf16_product *p, const uint16_t *a,
                    const int rows, const int blocks)
{
    const int64_t block = (int64_t)p->steps * BLOCK;
    __m512 sum[2][ROWS];
#pragma GCC unroll 2
    for (int k = 0; k < blocks; k++)
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++)
            sum[k][i] = _mm512_setzero_ps();
    for (int s = 0; s < p->steps; s++) {
        const uint16_t *from = a + p->offset[s];
        const uint16_t *b = p->b + (int64_t)s * BLOCK;
        for (int pair = 0; pair < ROWS; pair++, from += 2, b += 2 * ROWS) {
            __m512bh w[2];
#pragma GCC unroll 2
            for (int k = 0; k < blocks; k++)
                w[k] = (__m512bh)_mm512_loadu_si512(b + k * block);
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                int two;
                memcpy(&two, from + i * p->row, sizeof(two));
                const __m512bh x = (__m512bh)_mm512_set1_epi32(two);
#pragma GCC unroll 2
                for (int k = 0; k < blocks; k++)
                    sum[k][i] = _mm512_dpbf16_ps(sum[k][i], x, w[k]);
            }
        }
    }
#pragma GCC unroll 2
    for (int k = 0; k < blocks; k++)
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++)
            _mm512_storeu_ps(c + k * p->groups * TILE + i * ROWS, sum[k][i]);
}

static void product(float *c, const s2vi_bf16_product *p)
{
    const uint16_t *a = p->a;
    for (int g = 0; g < p->groups; g++, a += ROWS * p->row, c += TILE)
        if (p->blocks == 1) {
            rows_of(c, p, a, ROWS, 1);
        } else {
            rows_of(c, p, a, ROWS / 2, 2);
            rows_of(c + TILE / 2, p, a + ROWS / 2 * p->row, ROWS / 2, 2);
        }
}

/* Pixels and gates that a register each sums up: with three gates a number of
 * the image is read once for all, and memory keeps up with the products. */
enum { PIXELS = 8, HALF_GATES = 3 };

typedef struct gates {
    __m512 of[HALF_GATES][PIXELS];
} gates;

/* One half of the gates of PIXELS pixels, += all of its steps. */
INLINE void add_half(gates *c, const s2vi_bf16_taps *t, int block,
                     int64_t pixel)
{
    const uint16_t *w = t->w + (int64_t)block * t->n * HALF_GATES * BLOCK;
    for (int s = 0; s < t->n; s++, w += HALF_GATES * BLOCK) {
        const uint16_t *a = t->at[s] + pixel * t->row;
        for (int pair = 0; pair < ROWS; pair++, a += 2) {
            __m512bh b[HALF_GATES];
#pragma GCC unroll 3
            for (int k = 0; k < HALF_GATES; k++)
                b[k] = (__m512bh)_mm512_loadu_si512(w + k * BLOCK + 32 * pair);
#pragma GCC unroll 8
            for (int i = 0; i < PIXELS; i++) {
                int two;
                memcpy(&two, a + i * t->row, sizeof(two));
                const __m512bh x = (__m512bh)_mm512_set1_epi32(two);
#pragma GCC unroll 3
                for (int k = 0; k < HALF_GATES; k++)
                    c->of[k][i] = _mm512_dpbf16_ps(c->of[k][i], x, b[k]);
            }
        }
    }
}

INLINE void put_gate(float *to, __m512 *c, bool again)
{
#pragma GCC unroll 8
    for (int i = 0; i < PIXELS; i++) {
        _mm512_storeu_ps(to + i * ROWS, c[i]);
        if (again)
            c[i] = _mm512_setzero_ps();
    }
}

/* n of x and n of h are apart: the one is put away before the other. */
static void cell_products(float *c, const s2vi_bf16_cell *cell, int block,
                          int64_t pixel)
{
    for (int i = 0; i < ROWS; i += PIXELS, c += PIXELS * ROWS) {
        gates sum;
#pragma GCC unroll 3
        for (int k = 0; k < HALF_GATES; k++)
#pragma GCC unroll 8
            for (int p = 0; p < PIXELS; p++)
                sum.of[k][p] = _mm512_setzero_ps();
        add_half(&sum, &cell->x, block, pixel + i);
        put_gate(c + 2 * TILE, sum.of[2], true);
        add_half(&sum, &cell->h, block, pixel + i);
        put_gate(c, sum.of[0], false);
        put_gate(c + TILE, sum.of[1], false);
        put_gate(c + 3 * TILE, sum.of[2], false);
    }
}

#endif

/* ------------------------------------------------------------ results -- */

static void finish(const s2vi_bf16_result *r, const float *c, int64_t pixels)
{
    const cell_vector none = {0};
    const cell_vector bias = r->bias ? cell_load(r->bias) : none;
    const cell_vector scale = r->plane ? cell_load(r->scale) : none;
    for (int64_t i = 0; i < pixels; i++, c += ROWS) {
        cell_vector y = cell_load(c) + bias;
        if (r->addend)
            y += cell_load(r->addend + i * r->pixel);
        if (r->plane)
            y += r->plane[i * r->plane_pixel] * scale;
        *(cell_memory *)(r->out + i * r->pixel) =
            activated(y, r->act, r->slope);
    }
}

/* A block of `pixels` pixels, their products in c. */
static void cell_gates(float *out, const s2vi_bf16_cell *cell, const float *c,
                       int64_t pixel, int64_t pixels, int first)
{
    const float *bias = cell->bias + first;
    const cell_vector r = cell_load(bias);
    const cell_vector z = cell_load(bias + cell->channels);
    const cell_vector a = cell_load(bias + 2 * cell->channels);
    const cell_vector b = cell_load(bias + 3 * cell->channels);
    for (int64_t i = 0; i < pixels; i++, c += ROWS) {
        const int64_t at = (pixel + i) * cell->channels + first;
        *(cell_memory *)(out + at) =
            cell_value(cell_load(c) + r, cell_load(c + TILE) + z,
                       cell_load(c + 2 * TILE) + a, cell_load(c + 3 * TILE) + b,
                       cell_load(cell->old + at));
    }
}

static void cell_row(float *out, const s2vi_bf16_cell *cell, int width)
{
    float c[GATES * TILE] __attribute__((aligned(64)));
    for (int first = 0; first < cell->channels; first += ROWS)
        for (int64_t at = 0; at < width; at += ROWS) {
            cell_products(c, cell, first / ROWS, at);
            cell_gates(out, cell, c, at, width - at < ROWS ? width - at : ROWS,
                       first);
        }
}

const s2vi_bf16 JOIN(s2vi_bf16_, S2V_BF16_SET) = {
    .name = STR(S2V_BF16_SET),
#if defined(__AMX_BF16__)
    .fastest = true,
#endif
    .begin = begin,
    .end = end,
    .round = round_numbers,
    .product = product,
    .finish = finish,
    .cell_row = cell_row,
};
