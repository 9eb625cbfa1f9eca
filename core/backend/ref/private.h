/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reference backend: what each op means, in plain C.
 *
 * One function an op, compiled for float and for double (kernels.inc). Sums
 * and products are accumulated, and functions computed, in double; what a
 * float backend may lose is the rounding of the result alone.
 */
#ifndef S2VI_BACKEND_REF_PRIVATE_H
#define S2VI_BACKEND_REF_PRIVATE_H

#include "backend/backend.h"

/** What a kernel is run on: see s2vi_kernel.run. */
typedef struct s2vi_ref_args {
    const s2vi_node *node;
    void *out;
    void *const *in;
    double *scratch; /* as s2vi_ref_scratch() says */
    const s2vi_clock *clock;
} s2vi_ref_args;

typedef void (*s2vi_ref_fn)(const s2vi_ref_args *a);

/** By op; NULL for leaves that are not computed. */
extern const s2vi_ref_fn s2vi_ref_f32[S2VI_OP_COUNT];
extern const s2vi_ref_fn s2vi_ref_f64[S2VI_OP_COUNT];

/** Doubles of scratch that a node's kernel wants. */
int64_t s2vi_ref_scratch(const s2vi_node *node);

/** An element-wise op on one element (two operands: a and b). */
double s2vi_ref_map(const s2vi_chain_step *step, double a, double b);

double s2vi_ref_sigmoid(double x);

/** The activation folded into a node. */
double s2vi_ref_activate(const s2vi_attr *attr, double x);

#endif
