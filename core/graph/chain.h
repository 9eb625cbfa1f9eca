/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains: programs of element-wise ops that a backend runs tile by tile, so
 * that what lies between them never leaves the first-level cache. The fusion
 * pass makes them out of map nodes.
 */
#ifndef S2VI_GRAPH_CHAIN_H
#define S2VI_GRAPH_CHAIN_H

#include "graph/graph.h"

#define S2VI_CHAIN_MAX 48 /* instructions */

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
