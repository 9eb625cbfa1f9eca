/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains: programs of element-wise ops that a backend runs tile by tile, so
 * that what lies between them never leaves the first-level cache.
 */
#ifndef S2VI_GRAPH_FUSE_H
#define S2VI_GRAPH_FUSE_H

#include "graph/graph.h"

#define S2VI_CHAIN_MAX 48 /* instructions */
#define S2VI_JOIN_MAX  8  /* nodes of a join (join.h) */

/**
 * One instruction. Operand numbers below the chain's n_inputs are its inputs
 * (broadcast to the chain's shape); number n_inputs + i is the result of
 * instruction i.
 */
typedef struct s2vi_chain_step {
    s2vi_op op; /* a MAP op, not NORM or BROADCAST: those are taken apart */
    int operand[2];
    double scale, offset, slope; /* as in s2vi_attr */
} s2vi_chain_step;

/** The last instruction's result is the chain's, summed over `sum_axes`. */
struct s2vi_chain {
    int n_inputs, n_steps;
    s2vi_shape space;  /* what is iterated over; the result's but for sums */
    uint32_t sum_axes; /* 0: no sum */
    s2vi_chain_step step[S2VI_CHAIN_MAX];
};

/** True if the op may be an instruction, or is taken apart into some. */
bool s2vi_is_map(const s2vi_node *node);

/** What the fusion pass leaves: nodes in the order in which they run. */
typedef struct s2vi_schedule {
    s2vi_node **node;
    int count;
    s2vi_node **stands_for; /* by id of a given node: what computes it now;
                               NULL: nothing does any more */
    int n_given;
} s2vi_schedule;

/**
 * Choose the nodes that the `n` roots need, in recorded order, effects last,
 * and fuse: maps into CHAINs (with a trailing SUM), an activation into the
 * CONV or CONV_DATA before it, an addition into a convolution. New nodes are
 * recorded on the graph; the given ones stay as they are.
 *
 * @param fuse   false: only choose and order (for `ref`)
 * @param frozen PARAMs never change: scaled planes go into large convolutions
 */
int s2vi_schedule_create(s2vi_graph *graph, s2vi_node *const *roots, int n,
                         bool fuse, bool frozen, s2vi_schedule *out,
                         s2v_error *err);
void s2vi_schedule_close(s2vi_schedule *schedule);

#endif
