/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loops that gain from wide registers. simd.c holds them in plain C; it is
 * compiled once for each instruction set, and the widest that the machine has
 * is chosen at run time. No other file of the backend depends on the set.
 */
#ifndef S2VI_CPU_SIMD_H
#define S2VI_CPU_SIMD_H

#include "graph/chain.h"

/** dst[i] = op(a[i], b[i]), i < n; dst may be a or b. */
typedef void s2vi_simd_map(float *dst, const float *a, const float *b, int n,
                           const s2vi_chain_step *step);

/** Adam's factors, the bias correction in `rate` and `root`. */
typedef struct s2vi_simd_adam {
    float beta1, new1; /* new1 = 1 - beta1, rounded once */
    float beta2, new2;
    float rate, root, eps;
    float shrink; /* of a weight by itself: rate decay; 0: none */
} s2vi_simd_adam;

#define S2VI_CELL_TAPS 9

/** One half of a convolutional GRU's gates along a row of pixels. */
typedef struct s2vi_simd_taps {
    int n, channels;                 /* taps; of the image */
    const float *at[S2VI_CELL_TAPS]; /* where each tap sees its first pixel */
    const float *w; /* [block][tap][channel][r, z, n][cell_lanes] */
} s2vi_simd_taps;

/** A row of a convolutional GRU; arrays by channel are whole blocks long. */
typedef struct s2vi_simd_cell {
    s2vi_simd_taps x, h;
    const float *bias; /* [r, z, n of x, n of h][blocks * cell_lanes] */
    const float *old;  /* h's row itself */
    int channels, blocks;
} s2vi_simd_cell;

/** Pixels of a BLEND (ops.def). */
typedef struct s2vi_simd_blend {
    int images, channels, total; /* channels: the result's; total: images' */
    const float *const *image;
    const int *image_channels;
    const float *x, *w, *bias; /* w: [block][total][cell_lanes]; bias: whole */
    const float *mask, *mask_bias; /* mask: [total] */
} s2vi_simd_blend;

/** Pixels of a 1x1 convolution to a few channels. */
typedef struct s2vi_simd_pointwise {
    const float *x, *w, *bias; /* w: (outputs, channels); bias: or NULL */
    int channels, outputs;     /* channels: whole vectors */
    s2vi_activation act;
    float slope;
} s2vi_simd_pointwise;

/** Pixels of a depthwise convolution that see the same taps of a line. */
typedef struct s2vi_simd_depthwise {
    const float *x; /* the first pixel's first tap; NULL: none sees the image */
    const float *w; /* that tap's: [tap][channels] */
    const float *bias, *addend; /* (channels); (pixels, channels); or NULL */
    int64_t line, w_line;       /* floats from line to line of taps */
    int64_t step;               /* floats of x from pixel to pixel */
    int rows, columns, channels;
    s2vi_activation act;
    float slope;
} s2vi_simd_depthwise;

/** Winograd's forms in each dimension, and nearest x2 before (winograd.c). */
typedef enum s2vi_winograd {
    S2VI_WINOGRAD_F43,     /* 4 results of 3 taps: 6 points of 6 pixels */
    S2VI_WINOGRAD_F23,     /* 2 results: 4 points of 4 pixels */
    S2VI_WINOGRAD_NEAREST, /* 2 results: 3 points of 3 pixels */
    S2VI_WINOGRAD_F32,     /* 3 results of 2 taps: 4 points of 4 pixels */
} s2vi_winograd;

/** An image that is cut into tiles, `across` of them in a row. */
typedef struct s2vi_simd_tiles {
    s2vi_winograd form;
    const float *image; /* (height, width, channels) */
    int64_t height, width, across;
    int channels, lo[2]; /* lo: zeros above and to the left */
    bool split; /* as four images, of pixels 2 apart: [phase][channels] */
    int64_t v_step, v_plane; /* floats from tile to tile, point to point */
} s2vi_simd_tiles;

/** Where tiles' results go: out = act(sum + bias + addend + plane scale). */
typedef struct s2vi_simd_result {
    s2vi_winograd form;
    float *out;          /* (height, width, channels) */
    const float *addend; /* of the same shape; may be out; or NULL */
    const float *bias;   /* (channels), or NULL */
    const float *plane;  /* (height, width), or NULL */
    const float *scale;  /* of it: (channels) */
    int64_t height, width, across;
    int channels;
    bool split; /* of tiles [phase][channels]: pixels 2 apart... */
    int lo[2];  /* ...of the image from so many outside on */
    s2vi_activation act;
    float slope;
} s2vi_simd_result;

#define S2VI_TILE 4 /* pixels of F(4,3) */

/** A cell's products of points and weights, of one block of channels. */
typedef struct s2vi_simd_products {
    const float *v[2];         /* of x and h: [point][tile][channel] */
    const float *w[2];         /* [point][channel][r, z, n][cell_lanes] */
    int64_t plane[2], m_plane; /* floats from point to point */
    int channels[2];
    int first[2], end[2]; /* points down and across of which weights are not
                             all zero */
    const float *ahead[2 * S2VI_TILE]; /* lines of pixels wanted next */
} s2vi_simd_products;

/** The gates of a line of tiles, of one block of channels. */
typedef struct s2vi_simd_gates {
    float *out;        /* the tiles' first pixel, the block's channels */
    const float *h;    /* likewise; may be out */
    const float *bias; /* r; z, n of x, n of h follow `step` apart */
    int64_t width, step;
    int lines, channels;  /* lines of the image from there on */
    int first[2], end[2]; /* as the products'; the others count as zero */
} s2vi_simd_gates;

#define S2VI_OUTER_MOST 16 /* numbers that simd.c takes at once */

/** Pixels of two images, of which all products of a vector of the one and a
 * number of the other are summed. */
typedef struct s2vi_simd_outer {
    const float *wide, *narrow;
    int64_t wide_row, wide_col, narrow_row, narrow_col; /* floats */
    int rows, cols;
    int vectors, numbers; /* 1 to 3; 1 to S2VI_OUTER_MOST */
} s2vi_simd_outer;

typedef struct s2vi_simd {
    const char *name;
    s2vi_simd_map *map[S2VI_OP_COUNT]; /* NULL: not a map */
    /* Rows of `c` (a multiple of nothing): dst[r][j] = v[j], or s[r]. */
    void (*repeat_row)(float *dst, const float *v, int rows, int c);
    void (*spread)(float *dst, const float *s, int rows, int c);
    /* sum[j] += x[r][j] over r; and sum[r] = sum of x[r][j] over j. */
    void (*add_columns)(double *sum, const float *x, int rows, int c);
    double (*total)(const float *x, int n);
    /* Each column's mean over the rows, and its squares about that. */
    void (*moments)(double *mean, double *squares, const float *x, int rows,
                    int c);
    /* GRU rows, as in ops.def: a, b, da: 3c wide; h, dy, out: c wide. */
    void (*gru)(float *out, const float *a, const float *b, const float *h,
                int rows, int c);
    void (*gru_da)(float *out, const float *a, const float *b, const float *h,
                   const float *dy, int rows, int c);
    void (*gru_db)(float *out, const float *a, const float *b, const float *da,
                   int rows, int c);
    void (*gru_dh)(float *out, const float *a, const float *b, const float *dy,
                   int rows, int c);
    /* LSTM (ops.def) at one column: y (h, c) of the gates' halves a and b, 4c
     * wide, and the c before; and da, of h's gradient dh and c's dc, which
     * becomes that of the c before. */
    void (*lstm)(float *y, const float *a, const float *b, const float *before,
                 int c);
    void (*lstm_da)(float *da, const float *a, const float *b, const float *y,
                    const float *before, const float *dh, float *dc, int c);
    /* `width` pixels of a cell, cell_pixels at once: taps are read as if
     * width were a multiple of that. A block is cell_lanes channels. */
    void (*cell_row)(float *out, const s2vi_simd_cell *cell, int width);
    int cell_lanes, cell_pixels;
    /* Winograd (winograd.c), on whole vectors of cell_lanes channels: tiles
     * [from, to) to v: [point][tile][channel]; m: [tile][vectors * cell_lanes]
     * = v times w: [channel][vectors * cell_lanes] at one point, for `tiles`
     * rounded up to winograd_sums / vectors (1, 2 or 4); m: [point][tile][..]
     * to results. Kernels of cell_lanes results, taps `tap` apart down and
     * across, `lane` from one result to the next, to n x n points G g G',
     * `point` apart; of fewer than 3x3 taps the others are zero. */
    void (*winograd_in)(float *v, const s2vi_simd_tiles *t, int64_t from,
                        int64_t to);
    void (*winograd_product)(float *m, const float *v, int64_t v_step,
                             const float *w, int channels, int vectors,
                             int tiles);
    void (*winograd_out)(const s2vi_simd_result *r, const float *m,
                         int64_t m_plane, int channel, int vectors,
                         int64_t from, int64_t to);
    void (*winograd_weights)(float *u, int64_t point, const double (*G)[3],
                             int n, const float *g, const int *taps,
                             const int64_t *tap, int64_t lane);
    int winograd_sums;
    /* Gradients in weights (conv_weight.c): sum[i step + lane] += numbers times
     * vectors; points of results' gradients; u at n x n points to 3x3 taps, of
     * cell_lanes channels. */
    void (*outer)(float *sum, int64_t step, const s2vi_simd_outer *o);
    void (*winograd_results)(float *m, const s2vi_simd_tiles *t, int64_t from,
                             int64_t to);
    void (*winograd_taps)(float *g, const float *u, int64_t point,
                          const double (*G)[3], int n);
    /* A cell by tiles of one line, F(4x4,3x3), whole vectors of channels:
     * points of a line of tiles, whose 6 lines of pixels begin at `row` (NULL:
     * zeros); products of tiles [from, to), cell_pixels at once; results. */
    void (*cell_points)(float *v, const s2vi_simd_tiles *t,
                        const float *const *row);
    void (*cell_products)(float *m, const s2vi_simd_products *p, int64_t from,
                          int64_t to);
    void (*cell_gates)(const s2vi_simd_gates *g, const float *m,
                       int64_t m_plane, int64_t from, int64_t to);
    /* Pixels [from, to) of a blend; w as cell_lanes channels a block. */
    void (*blend)(float *out, const s2vi_simd_blend *blend, int64_t from,
                  int64_t to);
    /* Pixels [from, to) of a 1x1 convolution. */
    void (*pointwise)(float *out, const s2vi_simd_pointwise *p, int64_t from,
                      int64_t to);
    /* Pixels of a depthwise convolution; out may be the addend. */
    void (*depthwise)(float *out, const s2vi_simd_depthwise *d, int64_t pixels);
    /* out[j] = sum of w[t] x[t step + j] over t, j < n, t < taps; or added. */
    void (*weigh)(float *out, const float *x, int64_t step, const float *w,
                  int taps, int n, bool add);
    /* y[n] = (x[k] times w, n x k if rows, else k x n), a few rows at once. */
    void (*dot_rows)(float *y, const float *x, const float *w, int n, int k);
    void (*axpy_rows)(float *y, const float *x, const float *w, int n, int k);
    /* One Adam step over n elements. */
    void (*adam)(float *p, float *m, float *v, const float *g, int64_t n,
                 const s2vi_simd_adam *k);
} s2vi_simd;

/** The loops for this machine's widest instruction set. */
const s2vi_simd *s2vi_simd_get(void);

extern const s2vi_simd s2vi_simd_base;
#if S2V_HAVE_X86
extern const s2vi_simd s2vi_simd_v3; /* x86-64-v3: AVX2, FMA */
extern const s2vi_simd s2vi_simd_v4; /* x86-64-v4: AVX-512 */
#endif

#endif
