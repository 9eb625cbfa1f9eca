/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What each kernel of the device is given: one structure, by value. Read by
 * the host's C, by nvcc, by NVRTC (hence no header is included) and by the
 * tests, which compile the kernels for the host.
 *
 * Arrays are dense and row-major; `count` is the number of results, which one
 * thread each makes unless said otherwise. Numbers of elements are below 2^31:
 * the host checks it.
 */
#ifndef S2VI_CUDA_PARAMS_H
#define S2VI_CUDA_PARAMS_H

typedef unsigned int s2vi_index;

enum {
    S2VI_DEV_RANK = 5,    /* S2VI_MAX_RANK */
    S2VI_DEV_INPUTS = 12, /* S2VI_CHAIN_MAX_INPUTS */
    S2VI_DEV_IMAGES = 59, /* of a blend: S2VI_MAX_INPUTS - 5 */
    S2VI_DEV_BLOCK = 256, /* threads, where a kernel does not say another */
    S2VI_DEV_CELL = 128,  /* threads of an LSTM's block: 32 a gate */
};

/* ------------------------------------------------------- moving data -- */

/* out[at] = in[sum of stride (at / factor - lo)], 0 outside [0, from); to
 * `rounded` as bf16, if that is given. */
typedef struct s2vi_dev_move {
    const float *in;
    float *out;
    unsigned short *rounded;
    s2vi_index count;
    int rank;
    s2vi_index dim[S2VI_DEV_RANK], factor[S2VI_DEV_RANK], from[S2VI_DEV_RANK],
        stride[S2VI_DEV_RANK];
    int lo[S2VI_DEV_RANK];
} s2vi_dev_move;

/* Runs of `run` elements of `in` to places `pitch` apart in `out`. `count`:
 * elements of `in`. */
typedef struct s2vi_dev_place {
    const float *in;
    float *out;
    s2vi_index count, run, pitch;
} s2vi_dev_place;

/* Numbers as bf16: the upper halves of floats, rounded to the nearest. */
typedef struct s2vi_dev_narrow {
    const float *in;
    unsigned short *out;
    s2vi_index count;
} s2vi_dev_narrow;

/* GATHER and SCATTER: `length` elements a row, `rows` rows of the array that
 * is indexed, `picked` indices. */
typedef struct s2vi_dev_rows {
    const float *in, *index;
    float *out;
    s2vi_index count, length, rows, picked;
} s2vi_dev_rows;

/* WARP: images (n,h,w,c), a flow (n,flow_h,flow_w,2). */
typedef struct s2vi_dev_warp {
    const float *in, *flow;
    float *out;
    s2vi_index count, h, w, c, flow_h, flow_w;
} s2vi_dev_warp;

/* FIR: images (n,h,w,c) to (n,out_h,out_w,c); taps (n) or (n,m). */
typedef struct s2vi_dev_fir {
    const float *in, *taps;
    float *out;
    s2vi_index count, h, w, c, out_h, out_w, n, m;
    int separable, correlate, up[2], down[2], lo[2];
    float gain;
} s2vi_dev_fir;

/* ------------------------------------------------ leaves and effects -- */

typedef struct s2vi_dev_fill {
    float *out;
    s2vi_index count;
    float value;
} s2vi_dev_fill;

typedef struct s2vi_dev_position {
    float *out;
    s2vi_index count, channels;
} s2vi_dev_position;

/* The clock that RANDOM reads, which a run begins with. A kernel's parameters
 * are read before its launch returns, unlike the host's memory, maybe. */
typedef struct s2vi_dev_set_clock {
    unsigned long long *clock, now[2];
} s2vi_dev_set_clock;

/* A thread makes a block of four numbers; `blocks` a row. `clock`: seed and
 * frame, in the device's memory, where a replayed run finds new ones. */
typedef struct s2vi_dev_random {
    const unsigned long long *clock;
    float *out;
    s2vi_index count, length, blocks, stream;
    int uniform;
} s2vi_dev_random;

typedef struct s2vi_dev_adam {
    float *theta, *m, *v;
    const float *g, *step;
    s2vi_index count;
    double rate, beta1, beta2, eps, decay;
} s2vi_dev_adam;

/* ----------------------------------------------------------- windows -- */

/* As backend/ref/window.h: x the large image, y the small one. */
typedef struct s2vi_dev_window {
    int x[3], y[3], kernel[3], stride[3], pad[3];
    s2vi_index x_size, y_size, taps; /* products of the above */
} s2vi_dev_window;

/* Pools: `value`, what is taken (GET) or added (PUT) where `in` is largest. */
typedef struct s2vi_dev_pool {
    const float *in, *value;
    float *out;
    s2vi_index count, channels;
    s2vi_dev_window window;
} s2vi_dev_pool;

/* Convolutions without a library: a and b are the node's first two inputs.
 * `groups` of channels, at least 1; `keep`: what is there is added to. */
typedef struct s2vi_dev_conv {
    const float *a, *b;
    float *out;
    s2vi_index count, images, cin, cout, groups;
    int keep;
    s2vi_dev_window window;
} s2vi_dev_conv;

/* out = act(out + bias + addend + plane scale); NULL: without. `rounded`: as
 * bf16, instead of out; `keep`: out is added to that. */
typedef struct s2vi_dev_finish {
    float *out;
    const unsigned short *rounded;
    const float *bias, *addend, *plane, *scale;
    s2vi_index count, channels;
    int act; /* s2vi_activation */
    float slope;
    int keep;
} s2vi_dev_finish;

typedef struct s2vi_dev_blend {
    const float *x, *w, *wm, *b, *bm;
    float *out;
    s2vi_index count, channels, total;
    int images;
    s2vi_index width[S2VI_DEV_IMAGES]; /* channels of each image */
    const float *image[S2VI_DEV_IMAGES];
} s2vi_dev_blend;

/* ------------------------------------------------------------- cells -- */

/* GRU and its adjoints; `g`: the gradient that comes in. `bias_*`: added to a
 * and b, or NULL. `rounded_*`: a or b as bf16 instead, or NULL. */
typedef struct s2vi_dev_gru {
    const float *a, *b, *h, *g, *bias_a, *bias_b;
    const unsigned short *rounded_a, *rounded_b;
    float *out;
    s2vi_index count, channels; /* count: rows times channels */
} s2vi_dev_gru;

/* LSTM and its adjoint at column `column` of each of n sequences of T;
 * `before`: the column run before it, or -1. A block is 32 threads a gate, for
 * one channel (x) of one sequence (y). */
typedef struct s2vi_dev_lstm {
    const float *a, *w, *y_in, *gy;
    float *y, *da, *gates, *dh, *dc;
    s2vi_index n, T, channels;
    int column, before, last; /* last: nothing has been run after it */
    int reverse;
} s2vi_dev_lstm;

/* --------------------------------------------------------- summing up -- */

/* How sums are shared out: a block makes `lanes` results, a power of two, of
 * the terms [y chunk, (y + 1) chunk). */
typedef struct s2vi_dev_reduce {
    s2vi_index count, terms, chunk, splits, lanes;
} s2vi_dev_reduce;

/* Places of a number: index i is unravelled along `dim`, and array k's offset
 * is the sum of stride[k]. */
typedef struct s2vi_dev_strided_iter {
    s2vi_index dim[S2VI_DEV_RANK];
    s2vi_index stride[S2VI_DEV_INPUTS][S2VI_DEV_RANK];
} s2vi_dev_strided_iter;

/* A chain: `kept` goes through the results, `summed` a result's terms.
 * `partial`: (splits, count), where there is more than one split. */
typedef struct s2vi_dev_chain {
    const float *in[S2VI_DEV_INPUTS];
    float *out;
    double *partial;
    s2vi_index count;
    s2vi_dev_strided_iter kept, summed;
    s2vi_dev_reduce reduce;
} s2vi_dev_chain;

/* The second half of a sum: its terms are the first half's splits. */
typedef struct s2vi_dev_parts {
    const double *partial;
    float *out;
    s2vi_dev_reduce reduce;
} s2vi_dev_parts;

/* First half: sums of x and x^2, partial (2, splits, count). Second half:
 * means and 1 / deviations. */
typedef struct s2vi_dev_moments {
    const float *in;
    float *out;
    double *partial;
    int kept_rank, summed_rank;
    s2vi_dev_strided_iter kept, summed; /* stride[0] */
    s2vi_dev_reduce reduce;
    double n, eps;
} s2vi_dev_moments;

#endif
