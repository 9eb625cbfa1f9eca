/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builders: one short function for each op that a model may record. */
#ifndef S2VI_GRAPH_BUILD_H
#define S2VI_GRAPH_BUILD_H

#include "graph/graph.h"

/* Leaves. `name` is copied. */
s2vi_node *s2vi_input(s2vi_graph *g, const char *name, s2vi_shape shape);
s2vi_node *s2vi_var(s2vi_graph *g, s2vi_var_kind kind, const char *name,
                    s2vi_shape shape);
s2vi_node *s2vi_fill(s2vi_graph *g, double value, s2vi_shape shape);
/** N(0,1); row n of the first dimension is frame (clock + n), philox.h. */
s2vi_node *s2vi_normal(s2vi_graph *g, uint32_t stream, s2vi_shape shape);
/** Uniform in (0,1), keyed likewise. */
s2vi_node *s2vi_uniform(s2vi_graph *g, uint32_t stream, s2vi_shape shape);

/**
 * The code of columns 0 .. T - 1, (T,C) (Vaswani et al. 2017, sec. 3.5):
 * sin(t / 10000^(2i/C)) in channel 2i, its cosine in channel 2i + 1.
 */
s2vi_node *s2vi_position(s2vi_graph *g, s2vi_shape shape);

/* Element by element: an s2vi_NAME() for each S2VI_MAP of ops.def. */
#define S2VI_BUILDER_1_none(name) s2vi_node *s2vi_##name(s2vi_node *x)
#define S2VI_BUILDER_1_slope(name)                                             \
    s2vi_node *s2vi_##name(s2vi_node *x, double slope)
#define S2VI_BUILDER_1_scale_offset(name)                                      \
    s2vi_node *s2vi_##name(s2vi_node *x, double scale, double offset)
#define S2VI_BUILDER_2_none(name)                                              \
    s2vi_node *s2vi_##name(s2vi_node *a, s2vi_node *b)
#define S2VI_MAP(id, name, arity, grad, tol, builder, constants, ...)          \
    S2VI_BUILDER_##arity##_##constants(builder);
#include "graph/ops.def"
s2vi_node *s2vi_scale(s2vi_node *x, double scale);

/* Moving data. */
s2vi_node *s2vi_detach(s2vi_node *x); /* x, but no gradient flows */
s2vi_node *s2vi_reshape(s2vi_node *x, s2vi_shape shape);
/** Zeros before and after each dimension; negative amounts cut. */
s2vi_node *s2vi_pad(s2vi_node *x, const int64_t lo[], const int64_t hi[]);
/** Elements [from, from + count) of dimension `axis`. */
s2vi_node *s2vi_slice(s2vi_node *x, int axis, int64_t from, int64_t count);
s2vi_node *s2vi_concat(s2vi_node *const *x, int n, int axis);
s2vi_node *s2vi_permute(s2vi_node *x, const int perm[]);
s2vi_node *s2vi_broadcast(s2vi_node *x, s2vi_shape shape);
/** Rows index[i] of x's first dimension; index: (n), whole numbers. */
s2vi_node *s2vi_gather(s2vi_node *x, s2vi_node *index);
/** Adjoint of s2vi_gather(): rows of y added up into `rows` rows. */
s2vi_node *s2vi_scatter(s2vi_node *y, s2vi_node *index, int64_t rows);
/** Nearest neighbour, each spatial dimension times its factor. */
s2vi_node *s2vi_upsample(s2vi_node *x, const int factor[]);

/**
 * Images sampled where a flow points to: pixel (i, j) of the result is x at
 * (i + v, j + u), bilinear between pixels, clamped to the border.
 *
 * @param x    (n,H,W,C); no gradient flows to it
 * @param flow (n,h,w,2): (u, v) in pixels of x, to the right and down, itself
 *             brought to (H,W) bilinearly (half-pixel centres, clamped); no
 *             gradient flows to it
 */
s2vi_node *s2vi_warp(s2vi_node *x, s2vi_node *flow);

/**
 * Images upsampled by zeros, filtered and downsampled (upfirdn). In each
 * dimension: up - 1 zeros after every pixel, then `lo` and `hi` zeros around,
 * the convolution by the taps, then every down-th result; so
 * out = (in up + lo + hi - taps) / down + 1, rounded down.
 *
 * @param x    (n,H,W,C)
 * @param taps (n), of both dimensions, or (n,m), of an image; no gradient flows
 *             to them
 */
s2vi_node *s2vi_fir_filter(s2vi_node *x, s2vi_node *taps, const s2vi_fir *fir);

/* Summing up: dimensions in `axes` (bit i = dimension i) become 1. */
s2vi_node *s2vi_sum(s2vi_node *x, uint32_t axes);
s2vi_node *s2vi_mean(s2vi_node *x, uint32_t axes);
/** To `shape`, to which x was broadcast from: the adjoint of broadcasting. */
s2vi_node *s2vi_sum_to(s2vi_node *x, const s2vi_shape *shape);
/** Every element: shape (1). */
s2vi_node *s2vi_sum_all(s2vi_node *x);
s2vi_node *s2vi_mean_all(s2vi_node *x);
/** Mean over windows of `factor`, stride `factor`, spatial dimensions. */
s2vi_node *s2vi_avgpool(s2vi_node *x, const int factor[]);
s2vi_node *s2vi_maxpool(s2vi_node *x, const s2vi_window *window);

/* Products. */
/** (..,m,k) x (..,k,n); trans_* swap the operand's last two dimensions. */
s2vi_node *s2vi_matmul(s2vi_node *a, s2vi_node *b, bool trans_a, bool trans_b);
/**
 * Convolution, 1, 2 or 3 spatial dimensions.
 *
 * @param x    (N, spatial.., Cin)
 * @param w    (Cout, kernel.., Cin)
 * @param bias (Cout), or NULL
 */
s2vi_node *s2vi_conv(s2vi_node *x, s2vi_node *w, s2vi_node *bias,
                     const s2vi_window *window);
/**
 * Adjoint of s2vi_conv() in x; also the transposed convolution.
 *
 * @param y     (N, spatial.., Cout)
 * @param w     (Cout, kernel.., Cin)
 * @param shape the result's (N, spatial.., Cin), since strides lose it
 */
s2vi_node *s2vi_conv_data(s2vi_node *y, s2vi_node *w, const s2vi_window *window,
                          s2vi_shape shape);
/** Adjoint of s2vi_conv() in w, of the given (Cout, kernel.., Cin) shape. */
s2vi_node *s2vi_conv_weight(s2vi_node *x, s2vi_node *y,
                            const s2vi_window *window, s2vi_shape shape);
/**
 * The same with the channels of x and y in `groups` parts, each of which is
 * convolved by itself: w is (Cout, kernel.., Cin / groups). A depthwise
 * convolution has as many groups as x has channels.
 */
s2vi_node *s2vi_conv_grouped(s2vi_node *x, s2vi_node *w, s2vi_node *bias,
                             const s2vi_window *window, int groups);
s2vi_node *s2vi_conv_data_grouped(s2vi_node *y, s2vi_node *w,
                                  const s2vi_window *window, int groups,
                                  s2vi_shape shape);
s2vi_node *s2vi_conv_weight_grouped(s2vi_node *x, s2vi_node *y,
                                    const s2vi_window *window, int groups,
                                    s2vi_shape shape);

/* Composites with kernels of their own. */
/** x's mean over `axes`, and 1 / sqrt(variance + eps); both NULL on a mistake.
 * Axes are neighbours of one another, but for the last ones, if they are. */
typedef struct s2vi_moments {
    s2vi_node *mean, *rstd;
} s2vi_moments;
s2vi_moments s2vi_moments_of(s2vi_node *x, uint32_t axes, double eps);
/** (x - mean) rstd gamma + beta; the moments must be x's own. */
s2vi_node *s2vi_norm(s2vi_node *x, const s2vi_moments *moments,
                     s2vi_node *gamma, s2vi_node *beta);
/**
 * Gated recurrent unit, PyTorch's equations, element by element.
 *
 * r = sigmoid(a_r + b_r); z = sigmoid(a_z + b_z); n = tanh(a_n + r b_n);
 * result = (1 - z) n + z h.
 *
 * @param a input half of the gates, biases included: (.., 3C) = (r, z, n)
 * @param b hidden half, likewise
 * @param h (.., C)
 */
s2vi_node *s2vi_gru(s2vi_node *a, s2vi_node *b, s2vi_node *h);
/**
 * Long short-term memory over n sequences from a zero state, PyTorch's
 * equations. With g = a_t + w h_{t-1}, its quarters i, f, g, o:
 * c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g); h_t = sigmoid(o) tanh(c_t).
 *
 * @param a       input half of the gates, biases included: (n,T,4C)
 * @param w       of the hidden half: (4C,C)
 * @param reverse from column T - 1 to 0
 * @return (n,T,2C): h in the first C channels, c in the others
 */
s2vi_node *s2vi_lstm(s2vi_node *a, s2vi_node *w, bool reverse);
/**
 * s2vi_conv() by a 3x3 window of s2vi_upsample(), twice as large, as large.
 *
 * @param bias (Cout) or NULL
 */
s2vi_node *s2vi_upconv(s2vi_node *x, s2vi_node *w, s2vi_node *bias);
/**
 * A convolutional gated recurrent unit: s2vi_gru() of the convolutions of x
 * and h (biases included, as large as they) by one window.
 */
s2vi_node *s2vi_gru_cell(s2vi_node *x, s2vi_node *wx, s2vi_node *bx,
                         s2vi_node *h, s2vi_node *wh, s2vi_node *bh,
                         const s2vi_window *window);
/**
 * x' + sigmoid(m) (x - x'), where x' = w all + b and m = wm all + bm at each
 * pixel, `all` the channels of the images one after the other.
 *
 * @param w  (C,1..,total channels) and its bias b (C); C: x's
 * @param wm (1,1..,total channels) and its bias bm (1)
 */
s2vi_node *s2vi_blend(s2vi_node *x, s2vi_node *w, s2vi_node *b, s2vi_node *wm,
                      s2vi_node *bm, s2vi_node *const *images, int n);

/* Effects, carried out at the end of a run. */
s2vi_node *s2vi_assign(s2vi_node *var, s2vi_node *value);
/**
 * One step of Adam in place (Kingma and Ba 2015, algorithm 1).
 *
 * @param step (1): the step's number, from 1
 */
s2vi_node *s2vi_adam(s2vi_node *param, s2vi_node *m, s2vi_node *v,
                     s2vi_node *grad, s2vi_node *step, double rate,
                     double beta1, double beta2, double eps);
/**
 * The same with weights that decay by themselves (AdamW: Loshchilov and Hutter
 * 2019, algorithm 2, as PyTorch scales it): param is also moved by -rate decay
 * param, whatever its gradient.
 */
s2vi_node *s2vi_adamw(s2vi_node *param, s2vi_node *m, s2vi_node *v,
                      s2vi_node *grad, s2vi_node *step, double rate,
                      double beta1, double beta2, double eps, double decay);

#endif
