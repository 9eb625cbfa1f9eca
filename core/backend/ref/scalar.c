/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element-wise ops on one element, and what scratch kernels want. */
#include "backend/ref/private.h"

#include <math.h>

double s2vi_ref_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

double s2vi_ref_map(const s2vi_chain_step *step, double a, double b)
{
    switch (step->op) {
    case S2VI_OP_AFFINE: return step->scale * a + step->offset;
    case S2VI_OP_ABS: return fabs(a);
    case S2VI_OP_SIGN: return (a > 0) - (a < 0);
    case S2VI_OP_SQUARE: return a * a;
    case S2VI_OP_SQRT: return sqrt(a);
    case S2VI_OP_RSQRT: return 1 / sqrt(a);
    case S2VI_OP_RECIP: return 1 / a;
    case S2VI_OP_EXP: return exp(a);
    case S2VI_OP_LOG: return log(a);
    case S2VI_OP_TANH: return tanh(a);
    case S2VI_OP_SIGMOID: return s2vi_ref_sigmoid(a);
    case S2VI_OP_LRELU: return a > 0 ? a : step->slope * a;
    case S2VI_OP_STEP: return a > 0 ? 1 : step->slope;
    case S2VI_OP_ADD: return a + b;
    case S2VI_OP_SUB: return a - b;
    case S2VI_OP_MUL: return a * b;
    case S2VI_OP_MAX: return a > b ? a : b;
    default: return NAN; /* not element-wise */
    }
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
