/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Losses: of reconstruction, as nodes of shape (1), and what others need. */
#ifndef S2VI_TRAIN_LOSS_H
#define S2VI_TRAIN_LOSS_H

#include "graph/graph.h"

/**
 * Multi-scale L1: the mean absolute difference of the pictures, of the
 * pictures pooled to a half, a quarter and an eighth, added up. Coarse scales
 * pull moving parts towards where they should be, fine ones sharpen them.
 *
 * @param real, made (T,N,N,3) in [-1, 1]; N a multiple of 8
 */
s2vi_node *s2vi_loss_multiscale_l1(s2vi_node *real, s2vi_node *made);

/** Likewise of squared differences: where a part may be in several places it
 * fades there, which errs least on average and looks soft. */
s2vi_node *s2vi_loss_multiscale_l2(s2vi_node *real, s2vi_node *made);

/** ln(1 + e^x), for any x. */
s2vi_node *s2vi_softplus(s2vi_node *x);

#endif
