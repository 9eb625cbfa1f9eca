/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layers of sequences (n,T,C): n of them, T columns, C channels; and norms.
 * Weights of convolutions are (Cout,k,Cin), a PyTorch weight (Cout,Cin,k)
 * permuted.
 */
#ifndef S2VI_NN_SEQUENCE_H
#define S2VI_NN_SEQUENCE_H

#include "nn/nn.h"

/** x w^T + b of each column. */
s2vi_node *s2vi_nn_columns(s2vi_node *x, s2vi_layer layer);

/** Convolution, `pad` zeros at either end. */
s2vi_node *s2vi_nn_conv1d(s2vi_node *x, s2vi_layer layer, int stride, int pad);

/** Convolution of each of `groups` parts of the channels by itself; its weight
 * is (Cout,k,Cin / groups). */
s2vi_node *s2vi_nn_conv1d_grouped(s2vi_node *x, s2vi_layer layer, int groups,
                                  int stride, int pad);

/** Taps `dilation` columns apart; odd kernel, zero padded to the same T. */
s2vi_node *s2vi_nn_conv1d_dilated(s2vi_node *x, s2vi_layer layer, int dilation);

/**
 * Transposed convolution: T' = (T - 1) stride + k - 2 pad columns. Its weight
 * is (Cin,k,Cout), PyTorch's (Cin,Cout,k) permuted.
 */
s2vi_node *s2vi_nn_conv1d_transposed(s2vi_node *x, s2vi_layer layer, int stride,
                                     int pad);

/** (x - mean) / sqrt(variance + eps), the moments over `axes`; any rank. */
s2vi_node *s2vi_nn_standardise(s2vi_node *x, uint32_t axes, double eps);

/** x gamma + beta, a number each channel; any rank. */
s2vi_node *s2vi_nn_channel_affine(s2vi_node *x, s2vi_layer norm);

/** A batch norm, and what it keeps for running without a batch: all (C). */
typedef struct s2vi_batch_norm {
    s2vi_layer affine;
    s2vi_node *mean, *variance; /* running averages: buffers */
} s2vi_batch_norm;

/** Declare NAME.weight, .bias, .running_mean, .running_var. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
s2vi_batch_norm
s2vi_declare_batch_norm(const s2vi_scope *scope, int64_t C, const char *format,
                        ...);

/**
 * Batch norm by the statistics of this very x, any rank.
 *
 * @param mean,variance if not NULL, set to the statistics (C); the variance
 *                      is the unbiased one, for a running average
 */
s2vi_node *s2vi_nn_batch_norm(s2vi_node *x, s2vi_layer norm, double eps,
                              s2vi_node **mean, s2vi_node **variance);

/** Batch norm by the running averages. */
s2vi_node *s2vi_nn_batch_norm_by(s2vi_node *x, const s2vi_batch_norm *norm,
                                 double eps);

/** Group norm over the columns and each group of `size` channels. */
s2vi_node *s2vi_nn_group_norm(s2vi_node *x, int size, s2vi_layer norm,
                              double eps);

/** Layer norm: over each column's channels. */
s2vi_node *s2vi_nn_layer_norm(s2vi_node *x, s2vi_layer norm, double eps);

/** One direction of a layer of an LSTM or of GRUs: (4C,Cin), (4C,C), biases
 * (4C); 3C of GRUs. */
typedef struct s2vi_recurrent {
    s2vi_node *weight_ih, *weight_hh, *bias_ih, *bias_hh;
} s2vi_recurrent;

/**
 * Declare weight_ih, weight_hh, bias_ih, bias_hh, each name with `suffix`
 * ("_l0_reverse"), biases from zero.
 *
 * @param gates 4 of an LSTM, 3 of GRUs
 */
s2vi_recurrent s2vi_declare_recurrent(const s2vi_scope *scope,
                                      const char *suffix, int gates,
                                      int64_t cin, int64_t C, s2vi_init ih,
                                      s2vi_init hh);

/** That layer as an LSTM, under PyTorch's equations: h of each column,
 * (n,T,C). */
s2vi_node *s2vi_nn_lstm(s2vi_node *x, const s2vi_recurrent *layer,
                        bool reverse);

/** Over the last of three dimensions. */
s2vi_node *s2vi_nn_softmax(s2vi_node *x);
s2vi_node *s2vi_nn_log_softmax(s2vi_node *x);

/**
 * Scaled dot-product attention of `heads` heads (Vaswani et al. 2017, sec.
 * 3.2): queries, keys, values and result (n,T,C), C a multiple of heads.
 */
s2vi_node *s2vi_nn_attention(s2vi_node *query, s2vi_node *key, s2vi_node *value,
                             int heads);

/** The same where a column attends to itself and to those before it. */
s2vi_node *s2vi_nn_attention_causal(s2vi_node *query, s2vi_node *key,
                                    s2vi_node *value, int heads);

/**
 * Zero with probability p, the others over 1 - p; row n of the first dimension
 * is drawn for frame (clock + n) of `stream`.
 */
s2vi_node *s2vi_nn_dropout(s2vi_node *x, double p, uint32_t stream);

#endif
