/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A convolutional GRU's kernel, and the two ways in which it runs. */
#ifndef S2VI_CPU_GRU_CELL_H
#define S2VI_CPU_GRU_CELL_H

#include "backend/cpu/strips.h"

/** The two halves of the gates: of x, and of h. */
enum { S2VI_CELL_X, S2VI_CELL_H };

#define S2VI_CELL_POINTS 36 /* of F(4x4,3x3) */

typedef struct s2vi_cell {
    s2vi_strip_kernel strips;
    const s2vi_simd *simd;
    const s2vi_bf16 *bf16; /* direct, in that; or NULL */
    int kernel[2], lo[2];  /* the window: height and width, zeros before */
    int shift[2];          /* tiles: zero taps before the window's own */
    int channels[2], cell, blocks;
    int64_t across;   /* tiles in a line; 0: direct */
    size_t line[2];   /* direct: bytes of a line that is kept, padded */
    size_t weight[2]; /* bytes of packed weights */
    bool packed[2];   /* they come so */
    /* Of the kernel's own memory: joined biases, then packed weights that do
     * not come so, then what each thread keeps. */
    size_t weight_at[2], kept_at, kept_size;
} s2vi_cell;

/** Direct: packed weights are the taps that are not all zero, then theirs; in
 * bf16, of 16 channels, two neighbours go together. */
typedef struct s2vi_cell_taps {
    int n, row[S2VI_CELL_TAPS], column[S2VI_CELL_TAPS];
    char fill[128 - (1 + 2 * S2VI_CELL_TAPS) * sizeof(int)];
} s2vi_cell_taps;

/* Bytes a thread keeps of what others overwrite; and floats it works in. */
size_t s2vi_cell_tiles_kept(const s2vi_cell *k);
size_t s2vi_cell_rows_kept(const s2vi_cell *k);
size_t s2vi_cell_tiles_work(const s2vi_cell *k);

/** Joined biases. */
static inline const float *s2vi_cell_bias(const s2vi_strip *s)
{
    return (const float *)s->own;
}

/** A half's packed weights. */
static inline const void *s2vi_cell_weights(const s2vi_cell *k,
                                            const s2vi_strip *s, int half)
{
    return k->packed[half] ? s->in[1 + half] : s->own + k->weight_at[half];
}

/** What thread `s->thread` keeps. */
static inline void *s2vi_cell_kept(const s2vi_cell *k, const s2vi_strip *s)
{
    return s->own + k->kept_at + (size_t)s->thread * k->kept_size;
}

/* begin() and strip(), by tiles and directly. */
void s2vi_cell_tiles_begin(const s2vi_kernel *kernel, const s2vi_strip *s);
void s2vi_cell_tiles_strip(const s2vi_kernel *kernel, const s2vi_strip *s,
                           int64_t i);
void s2vi_cell_rows_begin(const s2vi_kernel *kernel, const s2vi_strip *s);
void s2vi_cell_rows_strip(const s2vi_kernel *kernel, const s2vi_strip *s,
                          int64_t i);

#endif
