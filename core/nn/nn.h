/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layers: a few ops under the name that the field gives them, and what they
 * learn; param.h has an example. Images are (N,H,W,C); convolution weights
 * (Cout,kh,kw,Cin), which is a PyTorch weight (Cout,Cin,kh,kw) permuted;
 * matrices (out,in) as in PyTorch.
 */
#ifndef S2VI_NN_NN_H
#define S2VI_NN_NN_H

#include "graph/build.h"
#include "nn/param.h"

/** What PyTorch's linear layers, convolutions and norms learn. */
typedef struct s2vi_layer {
    s2vi_node *weight;
    s2vi_node *bias; /* NULL: it has none */
} s2vi_layer;

/**
 * Declare NAME.weight and, from zero, NAME.bias; NAME is made as printf() does.
 *
 * @param weight as in a file: (out,in), (Cout,Cin,k..); of a transposed
 *               convolution (Cin,Cout,k..)
 * @param bias   its numbers: out, Cout; 0: none
 */
#if defined(__GNUC__)
__attribute__((format(printf, 5, 6)))
#endif
s2vi_layer
s2vi_declare_layer(const s2vi_scope *scope, s2vi_shape weight, s2vi_init init,
                   int64_t bias, const char *format, ...);

/** Declare a norm's NAME.weight, gamma, from one, and NAME.bias, beta, from
 * zero: (C). */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
s2vi_layer
s2vi_declare_norm(const s2vi_scope *scope, int64_t C, const char *format, ...);

/** x (n,in) -> x w^T + b (n,out). */
s2vi_node *s2vi_nn_linear(s2vi_node *x, s2vi_layer layer);

/** Odd kernel, stride 1, zero padded to the same size. */
s2vi_node *s2vi_nn_conv2d(s2vi_node *x, s2vi_layer layer);

/** TensorFlow's SAME: 1 / stride as large, rounded up; of an odd number of
 * zeros, one more at the end. */
s2vi_node *s2vi_nn_conv2d_same(s2vi_node *x, s2vi_layer layer, int stride);

/** The same of each channel by itself; its weight is (C,k,k,1). */
s2vi_node *s2vi_nn_depthwise_same(s2vi_node *x, s2vi_layer layer, int stride);

/** x, or slope x where x is negative (He et al. 2015); slope (C). */
s2vi_node *s2vi_nn_prelu(s2vi_node *x, s2vi_node *slope);

/** The Gaussian error linear unit x Phi(x) (Hendrycks and Gimpel 2016), within
 * 1.5e-7 |x|. */
s2vi_node *s2vi_nn_gelu(s2vi_node *x);

/** Nearest neighbour, twice the height and width. */
s2vi_node *s2vi_nn_upsample2(s2vi_node *x);

/**
 * Nearest x2, then a 3x3 convolution, as one transposed 4x4 convolution of
 * stride 2: exact, for 4/9 of the multiplications. The plain form is
 * s2vi_nn_conv2d(s2vi_nn_upsample2(x), (s2vi_layer){.weight = w}).
 *
 * @param w (Cout,3,3,Cin)
 */
s2vi_node *s2vi_nn_upsample2_conv3x3(s2vi_node *x, s2vi_node *w);

/** Instance norm: moments over H and W; gamma, beta broadcast to (N,1,1,C). */
s2vi_node *s2vi_nn_instance_norm(s2vi_node *x, s2vi_node *gamma,
                                 s2vi_node *beta, double eps);

/** Rows (n,C), or a vector (C), as (n,1,1,C), to broadcast over pixels. */
s2vi_node *s2vi_nn_over_pixels(s2vi_node *v);

/** Bilinear, to (N,height,width,C): pixel i is read at (i + 0.5) old / new -
 * 0.5, clamped, or, with `corners`, at i (old - 1) / (new - 1). */
s2vi_node *s2vi_nn_resize_bilinear(s2vi_node *x, int64_t height, int64_t width,
                                   bool corners);

/** The mean over each window, of those pixels of it that are in the image; any
 * rank. */
s2vi_node *s2vi_nn_window_mean(s2vi_node *x, const s2vi_window *window);

/** Rows x / |x|, of rank 2. */
s2vi_node *s2vi_nn_unit(s2vi_node *x);

/** Moved by (rows, columns); what comes in is zero. */
s2vi_node *s2vi_nn_shift(s2vi_node *x, int rows, int columns);

/** Rows [from, to) of an image: itself where these are all. */
s2vi_node *s2vi_nn_rows(s2vi_node *x, int64_t from, int64_t to);

/**
 * An image made of strips of at most `height` rows, for what is never to be
 * whole: what strip() makes of the rows [from, to) of its result.
 */
typedef s2vi_node *s2vi_nn_strip(const void *opaque, int64_t from, int64_t to);
s2vi_node *s2vi_nn_strips(s2vi_nn_strip *strip, const void *opaque,
                          int64_t rows, int64_t height);

#endif
