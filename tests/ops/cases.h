/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random nodes of each op, with random operands. */
#ifndef S2V_TESTS_OPS_CASES_H
#define S2V_TESTS_OPS_CASES_H

#include "graph/graph.h"

#include "../graph/rng.h"

/** What an operand is drawn from. All numbers are floats' exactly. */
typedef enum domain {
    ANY,      /* -2 to 2 */
    WIDE,     /* -30 to 30 */
    POSITIVE, /* 0.1 to 4 */
    NONZERO,  /* 0.2 to 2 and its negatives */
    GRID,     /* multiples of 1/4: zeros and equal numbers abound */
} domain;

/** One node, its operands INPUTs or VARs, and their numbers. */
typedef struct test_case {
    rng rng;
    s2vi_graph *graph;
    s2vi_node *node; /* NULL: not recorded */
    int n;
    s2vi_node *operand[S2VI_MAX_INPUTS];
    double *data[S2VI_MAX_INPUTS];
} test_case;

/** Number of cases that there are of an op; 0 for INPUT and VAR. */
int case_count(s2vi_op op);

/** Make case number `variant`; always the same. */
void case_make(test_case *c, s2vi_op op, int variant);
void case_free(test_case *c);

/* For makers of cases: */

void case_begin(test_case *c, uint64_t seed);

/** Another operand, filled from the domain; its numbers may be changed. */
double *case_operand(test_case *c, s2vi_shape shape, domain from);

/** Record the node of all operands so far. */
void case_node(test_case *c, s2vi_op op, const s2vi_attr *attr,
               const s2vi_shape *shape);

/** A shape of that rank: ones, odd sizes, and many numbers where `large`. */
s2vi_shape case_shape(rng *r, int rank, bool large);

/** `shape` with some dimensions 1: those whose bit in `ones` is set. */
s2vi_shape case_shrink(s2vi_shape shape, unsigned ones);

/** A random CHAIN (chains.c). */
void case_chain(test_case *c, s2vi_op op, int variant);

#endif
