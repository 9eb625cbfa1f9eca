/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layers of StyleGAN: weights are stored as N(0,1) and scaled where they are
 * used ("equalised", Karras et al. 2018, sec. 4.1), so that all learn at one
 * rate.
 */
#ifndef S2VI_NN_EQUALISED_H
#define S2VI_NN_EQUALISED_H

#include "nn/nn.h"

/**
 * x W^T rate / sqrt(inputs) + b rate.
 *
 * @param x (n,in)
 */
s2vi_node *s2vi_nn_equalised(s2vi_node *x, s2vi_layer layer, double rate);

/** A convolution's weight / sqrt(inputs of one result). */
s2vi_node *s2vi_nn_equalised_weight(s2vi_node *w);

/** Add (C) to each pixel, or row, of x. */
s2vi_node *s2vi_nn_add_bias(s2vi_node *x, s2vi_node *bias);

/** min(max(x, -limit), limit); limit 0: x. */
s2vi_node *s2vi_nn_clamp(s2vi_node *x, double limit);

/** x / sqrt(mean(x^2) + 1e-8) over the last of two dimensions. */
s2vi_node *s2vi_nn_normalise(s2vi_node *x);

/** Taps (n), a constant: the numbers over their sum. */
s2vi_node *s2vi_nn_taps(s2vi_graph *graph, const int *number, int n);

#endif
