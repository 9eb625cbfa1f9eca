/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element-wise ops on one element, and what scratch kernels want. */
#include "backend/ref/private.h"

#include <math.h>

double s2vi_ref_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* What the formulas of ops.def call. */
#define abs_of  fabs
#define sqrt_of sqrt
#define exp_of  exp
#define log_of  log
#define sin_of  sin
#define tanh_of tanh

#define S2VI_MAP(id, name, arity, grad, tol, builder, constants, domain,       \
                 formula)                                                      \
    static double map_##name(const s2vi_chain_step *step, double a, double b)  \
    {                                                                          \
        const double scale = step->scale, offset = step->offset;               \
        const double slope = step->slope;                                      \
        (void)scale, (void)offset, (void)slope, (void)b;                       \
        return formula;                                                        \
    }
#include "graph/ops.def"

double s2vi_ref_map(const s2vi_chain_step *step, double a, double b)
{
    static double (*const map[S2VI_OP_COUNT])(const s2vi_chain_step *, double,
                                              double) = {
#define S2VI_MAP(id, name, ...) [S2VI_OP_##id] = map_##name,
#include "graph/ops.def"
    };
    return map[step->op] ? map[step->op](step, a, b) : NAN; /* no map */
}

double s2vi_ref_activate(const s2vi_attr *attr, double x)
{
    switch (attr->act) {
    case S2VI_ACT_LRELU: return x > 0 ? x : attr->slope * x;
    case S2VI_ACT_TANH: return tanh(x);
    case S2VI_ACT_SIGMOID: return s2vi_ref_sigmoid(x);
    default: return x;
    }
}

int64_t s2vi_ref_scratch(const s2vi_node *node)
{
    const s2vi_shape *in = node->n_inputs ? &node->input[0]->shape : NULL;
    switch (node->op) {
    case S2VI_OP_SUM:
    case S2VI_OP_MOMENTS:
    case S2VI_OP_SCATTER:
    case S2VI_OP_CONV_WEIGHT:
    case S2VI_OP_MAXPOOL_PUT:
    case S2VI_OP_CHAIN: return s2vi_shape_count(&node->shape);
    case S2VI_OP_AVGPOOL:
    case S2VI_OP_CONV:
    case S2VI_OP_UPCONV:
    case S2VI_OP_CONV_DATA: return s2vi_shape_channels(&node->shape);
    case S2VI_OP_GRU_CELL: /* the result, and a pixel's gates */
        return s2vi_shape_count(&node->shape) +
               6 * s2vi_shape_channels(&node->shape);
    case S2VI_OP_LSTM: /* h, c and the gates */
    case S2VI_OP_LSTM_DA: return 6 * node->input[1]->shape.dim[1];
    case S2VI_OP_MATMUL: /* a row of the result, and one of a */
        return s2vi_shape_channels(&node->shape) +
               in->dim[in->rank - 1 - node->attr.trans_a];
    default: return 0;
    }
}
