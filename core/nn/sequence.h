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

#endif
