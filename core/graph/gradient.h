/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gradients as a graph transform: more nodes, made of the same ops, so that
 * the gradient of a gradient is one more call.
 */
#ifndef S2VI_GRAPH_GRADIENT_H
#define S2VI_GRAPH_GRADIENT_H

#include "graph/graph.h"

/**
 * Record the gradients of sum(y * gy) with respect to each of x[0 .. n).
 *
 * @param y  any node
 * @param gy of y's shape; NULL: ones
 * @param gx receives n nodes of the shapes of x; a fill of zeros where y does
 *           not depend on x[i]
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_gradients(s2vi_node *y, s2vi_node *gy, s2vi_node *const *x, int n,
                   s2vi_node **gx);

/** The same value out of plain ops, for a composite op; NULL for others. */
s2vi_node *s2vi_expand(s2vi_node *node);

/* Between gradient.c, gradient_rules.c and gradient_merge.c: */

/** The backward pass of one s2vi_gradients(). */
typedef struct s2vi_backward_pass s2vi_backward_pass;

/**
 * s2vi_gradients() through the nodes recorded from id `first` on alone. The
 * partial derivatives, where some of the x depend on others and are older.
 */
int s2vi_gradients_since(int first, s2vi_node *y, s2vi_node *gy,
                         s2vi_node *const *x, int n, s2vi_node **gx);

/** True if some of the x depend on... feed `node`: its gradient is wanted. */
bool s2vi_gradient_wanted(const s2vi_backward_pass *pass,
                          const s2vi_node *node);

/** True if the gradient of `node` is wanted for its inputs' alone: a rule may
 * then flow to those inputs directly. */
bool s2vi_gradient_propagates(const s2vi_backward_pass *pass,
                              const s2vi_node *node);

/** Add `g`, of `node`'s shape, to the gradient of `node`. */
void s2vi_gradient_flow(s2vi_backward_pass *pass, s2vi_node *node,
                        s2vi_node *g);

/** Call the rule of node's op: flows gy to its inputs. */
void s2vi_gradient_rule(s2vi_backward_pass *pass, s2vi_node *node,
                        s2vi_node *gy);

/**
 * The sum of n nodes of one shape. Products over slices of a sequence are
 * merged into one product over the whole sequence, and slices' gradients into
 * a concatenation, which is what makes an unrolled recurrence fast.
 */
s2vi_node *s2vi_gradient_total(s2vi_node **g, int n);

#endif
