/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schedule: which nodes run, in which order, and fused into which. */
#ifndef S2VI_RUN_FUSE_H
#define S2VI_RUN_FUSE_H

#include "graph/graph.h"

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
