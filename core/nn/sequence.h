/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layers of sequences (n,T,C): n of them, T columns, C channels. Weights of
 * convolutions are (Cout,k,Cin), a PyTorch weight (Cout,Cin,k) permuted.
 */
#ifndef S2VI_NN_SEQUENCE_H
#define S2VI_NN_SEQUENCE_H

#include "graph/build.h"

/** x w^T + b of each column; w (Cout,Cin), b (Cout) or NULL. */
s2vi_node *s2vi_nn_columns(s2vi_node *x, s2vi_node *w, s2vi_node *b);

/** Convolution, `pad` zeros at either end; b (Cout) or NULL. */
s2vi_node *s2vi_nn_conv1d(s2vi_node *x, s2vi_node *w, s2vi_node *b, int stride,
                          int pad);

/** Convolution of each of `groups` parts of the channels by itself; w
 * (Cout,k,Cin / groups). */
s2vi_node *s2vi_nn_conv1d_grouped(s2vi_node *x, s2vi_node *w, s2vi_node *b,
                                  int groups, int stride, int pad);

/** Taps `dilation` columns apart; odd kernel, zero padded to the same T. */
s2vi_node *s2vi_nn_conv1d_dilated(s2vi_node *x, s2vi_node *w, s2vi_node *b,
                                  int dilation);

/**
 * Transposed convolution: T' = (T - 1) stride + k - 2 pad columns.
 *
 * @param w (Cin,k,Cout), PyTorch's (Cin,Cout,k) permuted
 */
s2vi_node *s2vi_nn_conv1d_transposed(s2vi_node *x, s2vi_node *w, s2vi_node *b,
                                     int stride, int pad);

/** (x - mean) / sqrt(variance + eps), the moments over `axes`; any rank. */
s2vi_node *s2vi_nn_standardise(s2vi_node *x, uint32_t axes, double eps);

/** x gamma + beta, a number each channel: both (C); any rank. */
s2vi_node *s2vi_nn_channel_affine(s2vi_node *x, s2vi_node *gamma,
                                  s2vi_node *beta);

/**
 * Batch norm by the statistics of this very x, any rank; gamma, beta (C).
 *
 * @param mean,variance if not NULL, set to the statistics (C); the variance
 *                      is the unbiased one, for a running average
 */
s2vi_node *s2vi_nn_batch_norm(s2vi_node *x, s2vi_node *gamma, s2vi_node *beta,
                              double eps, s2vi_node **mean,
                              s2vi_node **variance);

/** Batch norm by statistics given: mean, variance, gamma, beta (C). */
s2vi_node *s2vi_nn_batch_norm_by(s2vi_node *x, s2vi_node *mean,
                                 s2vi_node *variance, s2vi_node *gamma,
                                 s2vi_node *beta, double eps);

/** Group norm over the columns and each group of `size` channels. */
s2vi_node *s2vi_nn_group_norm(s2vi_node *x, int size, s2vi_node *gamma,
                              s2vi_node *beta, double eps);

/** Layer norm: over each column's channels. */
s2vi_node *s2vi_nn_layer_norm(s2vi_node *x, s2vi_node *gamma, s2vi_node *beta,
                              double eps);

/**
 * One direction of an LSTM layer, under PyTorch's equations.
 *
 * @param w_ih,w_hh (4C,Cin), (4C,C); biases (4C)
 * @return (n,T,C): h of each column
 */
s2vi_node *s2vi_nn_lstm(s2vi_node *x, s2vi_node *w_ih, s2vi_node *w_hh,
                        s2vi_node *b_ih, s2vi_node *b_hh, bool reverse);

/** Over the last of three dimensions. */
s2vi_node *s2vi_nn_softmax(s2vi_node *x);

/**
 * Scaled dot-product attention of `heads` heads (Vaswani et al. 2017, sec.
 * 3.2): queries, keys, values and result (n,T,C), C a multiple of heads.
 */
s2vi_node *s2vi_nn_attention(s2vi_node *query, s2vi_node *key, s2vi_node *value,
                             int heads);

/**
 * Zero with probability p, the others over 1 - p; row n of the first dimension
 * is drawn for frame (clock + n) of `stream`.
 */
s2vi_node *s2vi_nn_dropout(s2vi_node *x, double p, uint32_t stream);

#endif
