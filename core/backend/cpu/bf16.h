/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Products of bf16 numbers, summed up in f32, by AMX's tiles or AVX-512's
 * VDPBF16PS: for convolutions and recurrent cells whose weights never change.
 * Arrays are f32 all the same; what is multiplied is rounded on its way in.
 *
 * A product is taken in groups of 16 rows (pixels) and blocks of 16 columns
 * (channels of the result), 32 numbers of a row at a time: a step. bf16_simd.c
 * is compiled once for each instruction set.
 */
#ifndef S2VI_CPU_BF16_H
#define S2VI_CPU_BF16_H

#include "base/float_bits.h"
#include "graph/graph.h"

#define S2VI_BF16_ROWS   16  /* of a group; and columns of a block */
#define S2VI_BF16_STEP   32  /* numbers of a row */
#define S2VI_BF16_GROUPS 6   /* at a time, at most */
#define S2VI_BF16_BLOCKS 2   /* likewise */
#define S2VI_BF16_BLOCK  512 /* numbers of a block's weights, one step */
#define S2VI_BF16_TAPS   9   /* of a cell's window */

/** c: [block][group][16][16] = the sum over steps of a (rows, 32) times b. */
typedef struct s2vi_bf16_product {
    const uint16_t *a;     /* the first row */
    int64_t row;           /* numbers from row to row */
    const int64_t *offset; /* of each step, from `a` */
    const uint16_t *b;     /* [block][step][16 pairs][16 columns][2] */
    int steps, groups, blocks;
} s2vi_bf16_product;

/** A block of some pixels' results: act(c + bias + addend + plane scale). */
typedef struct s2vi_bf16_result {
    float *out;          /* the first pixel's, the block's channels */
    const float *addend; /* likewise; may be out; or NULL */
    const float *bias;   /* 16 numbers, or NULL */
    const float *plane;  /* the first pixel's, or NULL */
    const float *scale;  /* of it: 16 numbers */
    int64_t pixel;       /* floats from pixel to pixel, of out and addend */
    int64_t plane_pixel; /* and of the plane */
    s2vi_activation act;
    float slope;
} s2vi_bf16_result;

/** One half of a recurrent cell's gates along a row of pixels. */
typedef struct s2vi_bf16_taps {
    int n;                              /* steps */
    int64_t row;                        /* numbers from pixel to pixel */
    const uint16_t *at[S2VI_BF16_TAPS]; /* each step's first pixel */
    const uint16_t *w;                  /* [block][step][r, z, n][512] */
} s2vi_bf16_taps;

/** A row of a convolutional GRU. */
typedef struct s2vi_bf16_cell {
    s2vi_bf16_taps x, h;
    const float *bias; /* [r, z, n of x, n of h][channels] */
    const float *old;  /* h's row itself; may be the result's */
    int channels;      /* whole blocks */
} s2vi_bf16_cell;

typedef struct s2vi_bf16 {
    const char *name;
    /* Products take so little time (AMX's, a tenth of f32's) that Winograd's in
     * f32, a fourth of them, gain nothing. VDPBF16PS's take half of f32's. */
    bool fastest;
    /* Around products, on each thread. */
    void (*begin)(void);
    void (*end)(void);
    /* To the nearest, ties to even; NaN stays. */
    void (*round)(uint16_t *to, const float *from, int64_t n);
    void (*product)(float *c, const s2vi_bf16_product *p);
    /* `pixels` rows of c, one after the other, to results. */
    void (*finish)(const s2vi_bf16_result *r, const float *c, int64_t pixels);
    /* `width` pixels; taps are read as if it were a multiple of 16. */
    void (*cell_row)(float *out, const s2vi_bf16_cell *cell, int width);
} s2vi_bf16;

/** What this machine has, within oneDNN's limit of instruction sets; or NULL.
 */
const s2vi_bf16 *s2vi_bf16_get(void);

#if S2V_HAVE_X86
extern const s2vi_bf16 s2vi_bf16_amx, s2vi_bf16_avx512;
#endif

/** A number as bf16, rounded as round() does; not a NaN. */
static inline uint16_t s2vi_bf16_of(float x)
{
    const uint32_t bits = s2vi_bits_of(x);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

#endif
