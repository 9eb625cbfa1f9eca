/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers of StyleGAN, whose weights are scaled where they are used. */
#include "nn/equalised.h"

#include <math.h>

enum { MOST_TAPS = 64 };

s2vi_node *s2vi_nn_equalised(s2vi_node *x, s2vi_layer layer, double rate)
{
    if (!x || !layer.weight)
        return NULL;
    const double inputs = (double)layer.weight->shape.dim[1];
    const s2vi_layer used = {
        .weight = s2vi_scale(layer.weight, rate / sqrt(inputs)),
        .bias = layer.bias ? s2vi_scale(layer.bias, rate) : NULL};
    return s2vi_nn_linear(x, used);
}

s2vi_node *s2vi_nn_equalised_weight(s2vi_node *w)
{
    if (!w)
        return NULL;
    const double inputs =
        (double)s2vi_shape_count(&w->shape) / (double)w->shape.dim[0];
    return s2vi_scale(w, 1 / sqrt(inputs));
}

s2vi_node *s2vi_nn_add_bias(s2vi_node *x, s2vi_node *bias)
{
    s2vi_shape shape = {.rank = x ? x->shape.rank : 1};
    if (!x || !bias)
        return NULL;
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = 1;
    shape.dim[shape.rank - 1] = s2vi_shape_count(&bias->shape);
    return s2vi_add(x, s2vi_reshape(bias, shape));
}

/* -max(-x, -limit), which is min(x, limit), of what is max(x, -limit). */
s2vi_node *s2vi_nn_clamp(s2vi_node *x, double limit)
{
    s2vi_shape one = {.rank = x ? x->shape.rank : 1};
    if (!x || limit <= 0)
        return x;
    for (int i = 0; i < one.rank; i++)
        one.dim[i] = 1;
    s2vi_node *least = s2vi_fill(x->graph, -limit, one);
    s2vi_node *turned = s2vi_scale(s2vi_max(x, least), -1);
    return s2vi_scale(s2vi_max(turned, least), -1);
}

s2vi_node *s2vi_nn_normalise(s2vi_node *x)
{
    const double eps = 1e-8;
    s2vi_node *power = s2vi_mean(s2vi_square(x), 1u << 1);
    return s2vi_mul(x, s2vi_rsqrt(s2vi_affine(power, 1, eps)));
}

s2vi_node *s2vi_nn_taps(s2vi_graph *graph, const int *number, int n)
{
    s2vi_node *tap[MOST_TAPS];
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += number[i];
    if (n > MOST_TAPS || sum <= 0)
        return s2vi_graph_mistake(graph, "a filter of %d taps, of sum %g", n,
                                  sum);
    for (int i = 0; i < n; i++)
        tap[i] = s2vi_fill(graph, number[i] / sum, S2VI_SHAPE(1));
    return s2vi_concat(tap, n, 0);
}
