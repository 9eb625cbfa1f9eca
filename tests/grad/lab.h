/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Graphs evaluated node by node in double on the reference backend, and
 * gradients measured against central finite differences.
 */
#ifndef S2V_TESTS_GRAD_LAB_H
#define S2V_TESTS_GRAD_LAB_H

#include "backend/backend.h"
#include "graph/build.h"
#include "graph/gradient.h"

#include "../graph/rng.h"

/** Greatest relative errors of derivatives, each case's own. */
typedef struct lab_bounds {
    double first, second;
} lab_bounds;

/** What a case may be off, by what was measured. */
static inline lab_bounds lab_three_times(lab_bounds measured)
{
    return (lab_bounds){3 * measured.first, 3 * measured.second};
}

enum { LAB_LEAVES = 64 };

/** What a leaf is drawn from. */
typedef enum domain {
    ANY,      /* -1 to 1 */
    POSITIVE, /* 0.5 to 2 */
    NONZERO,  /* 0.2 to 1 and its negatives: no kink near */
    GRID,     /* multiples of 1/4 */
    OFF_GRID, /* 0.1 more: never near one of GRID */
} domain;

typedef struct lab {
    const char *name; /* of the case, for messages */
    s2vi_graph *graph;
    rng rng;
    s2vi_backend *backend;
    s2vi_node *leaf[LAB_LEAVES]; /* those that vary */
    int n_leaves;
    /* By node id, up to `capacity`: */
    int capacity;
    double **value;
    s2vi_kernel **kernel;
    lab_bounds worst; /* errors so far */
    double same;      /* the same of lab_same() */
    int checks, failures;
} lab;

void lab_open(lab *l, const char *name, uint64_t seed);

/** Close, adding the case's counts up; prints a line if it failed. */
void lab_close(lab *l, int *checks, int *failures);

/** A leaf with respect to which gradients are checked. */
s2vi_node *lab_leaf(lab *l, s2vi_shape shape, domain from);

/** A leaf that stays as it is. */
s2vi_node *lab_constant(lab *l, s2vi_shape shape, domain from);

/** The numbers of a leaf, to be changed, or of any node last evaluated. */
double *lab_numbers(lab *l, const s2vi_node *node);

/** Evaluate; NULL, and a failure noted, where that cannot be. */
const double *lab_value(lab *l, s2vi_node *node);

/** Note a failure of the case, with the mistake of the graph if any. */
void lab_fail(lab *l, const char *what);

/** Check that two nodes have the same value, to `tolerance`. */
void lab_same(lab *l, const char *what, s2vi_node *a, s2vi_node *b,
              double tolerance);

/** Check the gradients of `loss`, one number, in all leaves; *worst grows. */
void lab_check(lab *l, const char *what, s2vi_node *loss, double tolerance,
               double *worst);

/**
 * Check first derivatives of sum(y r), r random, and those of
 * sum over leaves of sum(g q), g the first derivatives and q random.
 */
void lab_check_orders(lab *l, s2vi_node *y, lab_bounds bounds);

#endif
