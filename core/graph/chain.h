/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making chains (fuse.h) out of map nodes, for the fusion pass and backends. */
#ifndef S2VI_GRAPH_CHAIN_H
#define S2VI_GRAPH_CHAIN_H

#include "graph/fuse.h"

/* A chain's inputs, and the nodes that may take part in one. */
#define S2VI_CHAIN_MAX_INPUTS 12
#define S2VI_CHAIN_MAX_NODES  64

typedef struct s2vi_chain_builder {
    s2vi_chain *chain; /* the graph's memory */
    const s2vi_node *root;
    s2vi_node *input[S2VI_CHAIN_MAX_INPUTS];
    const s2vi_node *member[S2VI_CHAIN_MAX_NODES];
    int value[S2VI_CHAIN_MAX_NODES]; /* of each member: step, or ~input */
    int n_members;
} s2vi_chain_builder;

/** What a chain that ends in `root` (a map or a SUM) iterates over. */
const s2vi_shape *s2vi_chain_space(const s2vi_node *root);

/** Instructions that a node takes: NORM four, BROADCAST none... at most. */
int s2vi_chain_steps(const s2vi_node *node);

/** Start the chain that ends in `root`; false without memory. */
bool s2vi_chain_begin(s2vi_chain_builder *b, const s2vi_node *root);

/** Append a member; operands that are no members become inputs. */
bool s2vi_chain_append(s2vi_chain_builder *b, const s2vi_node *node);

/** Record the CHAIN node. `stands_for`, by id, replaces inputs; or NULL. */
s2vi_node *s2vi_chain_end(s2vi_chain_builder *b, s2vi_node *const *stands_for);

/**
 * The program of a single MAP or SUM node, its inputs the node's own, in
 * their order: for a backend that is handed an unfused node.
 *
 * @return false if the node is neither
 */
bool s2vi_chain_of_node(const s2vi_node *node, s2vi_chain *chain);

#endif
