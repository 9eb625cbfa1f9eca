/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builders: one short function for each op that a model may record. */
#include "graph/build.h"

#include <string.h>

/* ------------------------------------------------------------ leaves -- */

static s2vi_node *named(s2vi_graph *g, s2vi_op op, const char *name,
                        s2vi_shape shape)
{
    s2vi_node *node = s2vi_node_create(g, op, NULL, 0, NULL, &shape);
    size_t size = strlen(name) + 1;
    char *copy = node ? s2vi_graph_alloc(g, size) : NULL;
    if (!copy)
        return NULL;
    node->name = memcpy(copy, name, size);
    return node;
}

s2vi_node *s2vi_input(s2vi_graph *g, const char *name, s2vi_shape shape)
{
    return named(g, S2VI_OP_INPUT, name, shape);
}

s2vi_node *s2vi_var(s2vi_graph *g, s2vi_var_kind kind, const char *name,
                    s2vi_shape shape)
{
    s2vi_node *node = named(g, S2VI_OP_VAR, name, shape);
    if (node)
        node->var_kind = kind;
    return node;
}

s2vi_node *s2vi_fill(s2vi_graph *g, double value, s2vi_shape shape)
{
    return s2vi_node_create(g, S2VI_OP_FILL, NULL, 0,
                            &(s2vi_attr){.offset = value}, &shape);
}

s2vi_node *s2vi_normal(s2vi_graph *g, uint32_t stream, s2vi_shape shape)
{
    return s2vi_node_create(g, S2VI_OP_RANDOM, NULL, 0,
                            &(s2vi_attr){.stream = stream}, &shape);
}

s2vi_node *s2vi_uniform(s2vi_graph *g, uint32_t stream, s2vi_shape shape)
{
    s2vi_attr attr = {.stream = stream, .uniform = true};
    return s2vi_node_create(g, S2VI_OP_RANDOM, NULL, 0, &attr, &shape);
}

s2vi_node *s2vi_position(s2vi_graph *g, s2vi_shape shape)
{
    return s2vi_node_create(g, S2VI_OP_POSITION, NULL, 0, NULL, &shape);
}

/* ------------------------------------------------------ element-wise -- */

static s2vi_node *unary(s2vi_op op, s2vi_node *x, const s2vi_attr *attr)
{
    return x ? s2vi_node_create(x->graph, op, &x, 1, attr, NULL) : NULL;
}

static s2vi_node *binary(s2vi_op op, s2vi_node *a, s2vi_node *b,
                         const s2vi_attr *attr)
{
    s2vi_node *const in[] = {a, b};
    return a && b ? s2vi_node_create(a->graph, op, in, 2, attr, NULL) : NULL;
}

#define RECORD_1_none(op)  unary(op, x, NULL)
#define RECORD_1_slope(op) unary(op, x, &(s2vi_attr){.slope = slope})
#define RECORD_1_scale_offset(op)                                              \
    unary(op, x, &(s2vi_attr){.scale = scale, .offset = offset})
#define RECORD_2_none(op) binary(op, a, b, NULL)
#define S2VI_MAP(id, name, arity, grad, tol, builder, constants, ...)          \
    S2VI_BUILDER_##arity##_##constants(builder)                                \
    {                                                                          \
        return RECORD_##arity##_##constants(S2VI_OP_##id);                     \
    }
#include "graph/ops.def"

s2vi_node *s2vi_scale(s2vi_node *x, double scale)
{
    return s2vi_affine(x, scale, 0);
}

/* ------------------------------------------------------- moving data -- */

s2vi_node *s2vi_detach(s2vi_node *x)
{
    return unary(S2VI_OP_DETACH, x, NULL);
}

s2vi_node *s2vi_reshape(s2vi_node *x, s2vi_shape shape)
{
    if (x && s2vi_shape_equal(&x->shape, &shape))
        return x;
    return x ? s2vi_node_create(x->graph, S2VI_OP_RESHAPE, &x, 1, NULL, &shape)
             : NULL;
}

s2vi_node *s2vi_pad(s2vi_node *x, const int64_t lo[], const int64_t hi[])
{
    if (!x)
        return NULL;
    s2vi_attr attr = {0};
    bool changes = false;
    for (int i = 0; i < x->shape.rank; i++) {
        attr.lo[i] = lo[i];
        attr.hi[i] = hi[i];
        changes |= lo[i] || hi[i];
    }
    return changes ? unary(S2VI_OP_PAD, x, &attr) : x;
}

s2vi_node *s2vi_slice(s2vi_node *x, int axis, int64_t from, int64_t count)
{
    if (!x)
        return NULL;
    int64_t lo[S2VI_MAX_RANK] = {0}, hi[S2VI_MAX_RANK] = {0};
    if (axis < 0 || axis >= x->shape.rank || from < 0 || count < 1 ||
        from > x->shape.dim[axis] - count)
        return s2vi_graph_mistake(x->graph,
                                  "slice: [%lld, +%lld) of axis %d "
                                  "is outside",
                                  (long long)from, (long long)count, axis);
    lo[axis] = -from;
    hi[axis] = from + count - x->shape.dim[axis];
    return s2vi_pad(x, lo, hi);
}

s2vi_node *s2vi_concat(s2vi_node *const *x, int n, int axis)
{
    if (n <= 1)
        return n == 1 ? x[0] : NULL;
    for (int i = 0; i < n; i++)
        if (!x[i])
            return NULL;
    /* More parts than a node may have inputs: concatenate groups first. */
    if (n > S2VI_MAX_INPUTS) {
        int half = n / 2;
        s2vi_node *const parts[] = {s2vi_concat(x, half, axis),
                                    s2vi_concat(x + half, n - half, axis)};
        return s2vi_concat(parts, 2, axis);
    }
    return s2vi_node_create(x[0]->graph, S2VI_OP_CONCAT, x, n,
                            &(s2vi_attr){.axis = axis}, NULL);
}

s2vi_node *s2vi_permute(s2vi_node *x, const int perm[])
{
    s2vi_attr attr = {0};
    for (int i = 0; x && i < x->shape.rank; i++)
        attr.perm[i] = perm[i];
    return unary(S2VI_OP_PERMUTE, x, &attr);
}

s2vi_node *s2vi_broadcast(s2vi_node *x, s2vi_shape shape)
{
    if (!x || s2vi_shape_equal(&x->shape, &shape))
        return x;
    if (!s2vi_shape_broadcasts(&x->shape, &shape))
        return s2vi_graph_mistake(x->graph, "broadcast: shapes do not fit");
    return s2vi_node_create(x->graph, S2VI_OP_BROADCAST, &x, 1, NULL, &shape);
}

s2vi_node *s2vi_gather(s2vi_node *x, s2vi_node *index)
{
    return binary(S2VI_OP_GATHER, x, index, NULL);
}

s2vi_node *s2vi_warp(s2vi_node *x, s2vi_node *flow)
{
    return binary(S2VI_OP_WARP, x, flow, NULL);
}

s2vi_node *s2vi_fir_filter(s2vi_node *x, s2vi_node *taps, const s2vi_fir *fir)
{
    return binary(S2VI_OP_FIR, x, taps, &(s2vi_attr){.fir = *fir});
}

s2vi_node *s2vi_scatter(s2vi_node *y, s2vi_node *index, int64_t rows)
{
    s2vi_node *const in[] = {y, index};
    s2vi_shape shape = {.rank = 1, .dim = {rows}};
    return y && index ? s2vi_node_create(y->graph, S2VI_OP_SCATTER, in, 2, NULL,
                                         &shape)
                      : NULL;
}

static s2vi_window factor_window(const s2vi_node *x, const int factor[])
{
    s2vi_window w = {.rank = x->shape.rank - 2};
    for (int i = 0; i < w.rank && i < 3; i++)
        w.kernel[i] = w.stride[i] = factor[i];
    return w;
}

s2vi_node *s2vi_upsample(s2vi_node *x, const int factor[])
{
    s2vi_attr attr = {0};
    if (x)
        attr.window = factor_window(x, factor);
    return unary(S2VI_OP_UPSAMPLE, x, &attr);
}

/* -------------------------------------------------------- summing up -- */

s2vi_node *s2vi_sum(s2vi_node *x, uint32_t axes)
{
    uint32_t needed = 0;
    for (int i = 0; x && i < x->shape.rank; i++)
        if (axes & 1u << i && x->shape.dim[i] > 1)
            needed |= 1u << i;
    return needed ? unary(S2VI_OP_SUM, x, &(s2vi_attr){.axes = needed}) : x;
}

s2vi_node *s2vi_mean(s2vi_node *x, uint32_t axes)
{
    if (!x)
        return NULL;
    double n = 1;
    for (int i = 0; i < x->shape.rank; i++)
        if (axes & 1u << i)
            n *= (double)x->shape.dim[i];
    return s2vi_scale(s2vi_sum(x, axes), 1 / n);
}

s2vi_node *s2vi_sum_to(s2vi_node *x, const s2vi_shape *shape)
{
    uint32_t axes = 0;
    for (int i = 0; x && i < x->shape.rank; i++)
        if (shape->dim[i] == 1)
            axes |= 1u << i;
    return s2vi_sum(x, axes);
}

s2vi_node *s2vi_sum_all(s2vi_node *x)
{
    return s2vi_reshape(s2vi_sum(x, ~0u), S2VI_SHAPE(1));
}

s2vi_node *s2vi_mean_all(s2vi_node *x)
{
    return x ? s2vi_scale(s2vi_sum_all(x),
                          1 / (double)s2vi_shape_count(&x->shape))
             : NULL;
}

s2vi_node *s2vi_avgpool(s2vi_node *x, const int factor[])
{
    s2vi_attr attr = {0};
    if (x)
        attr.window = factor_window(x, factor);
    return unary(S2VI_OP_AVGPOOL, x, &attr);
}

s2vi_node *s2vi_maxpool(s2vi_node *x, const s2vi_window *window)
{
    return unary(S2VI_OP_MAXPOOL, x, &(s2vi_attr){.window = *window});
}

/* ---------------------------------------------------------- products -- */

s2vi_node *s2vi_matmul(s2vi_node *a, s2vi_node *b, bool trans_a, bool trans_b)
{
    s2vi_attr attr = {.trans_a = trans_a, .trans_b = trans_b};
    return binary(S2VI_OP_MATMUL, a, b, &attr);
}

s2vi_node *s2vi_conv_grouped(s2vi_node *x, s2vi_node *w, s2vi_node *bias,
                             const s2vi_window *window, int groups)
{
    s2vi_node *const in[] = {x, w, bias};
    s2vi_attr attr = {.window = *window, .groups = groups};
    return x && w ? s2vi_node_create(x->graph, S2VI_OP_CONV, in, bias ? 3 : 2,
                                     &attr, NULL)
                  : NULL;
}

s2vi_node *s2vi_conv(s2vi_node *x, s2vi_node *w, s2vi_node *bias,
                     const s2vi_window *window)
{
    return s2vi_conv_grouped(x, w, bias, window, 0);
}

s2vi_node *s2vi_upconv(s2vi_node *x, s2vi_node *w, s2vi_node *bias)
{
    s2vi_node *const in[] = {x, w, bias};
    return x && w ? s2vi_node_create(x->graph, S2VI_OP_UPCONV, in, bias ? 3 : 2,
                                     NULL, NULL)
                  : NULL;
}

s2vi_node *s2vi_conv_data_grouped(s2vi_node *y, s2vi_node *w,
                                  const s2vi_window *window, int groups,
                                  s2vi_shape shape)
{
    s2vi_node *const in[] = {y, w};
    s2vi_attr attr = {.window = *window, .groups = groups};
    return y && w ? s2vi_node_create(y->graph, S2VI_OP_CONV_DATA, in, 2, &attr,
                                     &shape)
                  : NULL;
}

s2vi_node *s2vi_conv_data(s2vi_node *y, s2vi_node *w, const s2vi_window *window,
                          s2vi_shape shape)
{
    return s2vi_conv_data_grouped(y, w, window, 0, shape);
}

s2vi_node *s2vi_conv_weight_grouped(s2vi_node *x, s2vi_node *y,
                                    const s2vi_window *window, int groups,
                                    s2vi_shape shape)
{
    s2vi_node *const in[] = {x, y};
    s2vi_attr attr = {.window = *window, .groups = groups};
    return x && y ? s2vi_node_create(x->graph, S2VI_OP_CONV_WEIGHT, in, 2,
                                     &attr, &shape)
                  : NULL;
}

s2vi_node *s2vi_conv_weight(s2vi_node *x, s2vi_node *y,
                            const s2vi_window *window, s2vi_shape shape)
{
    return s2vi_conv_weight_grouped(x, y, window, 0, shape);
}

/* -------------------------------------------------------- composites -- */

s2vi_moments s2vi_moments_of(s2vi_node *x, uint32_t axes, double eps)
{
    s2vi_attr attr = {.axes = axes, .eps = eps};
    s2vi_node *both = unary(S2VI_OP_MOMENTS, x, &attr);
    const int64_t n = both ? both->shape.dim[0] / 2 : 0;
    return (s2vi_moments){.mean = s2vi_slice(both, 0, 0, n),
                          .rstd = s2vi_slice(both, 0, n, n)};
}

s2vi_node *s2vi_norm(s2vi_node *x, const s2vi_moments *moments,
                     s2vi_node *gamma, s2vi_node *beta)
{
    s2vi_node *const in[] = {x, moments->mean, moments->rstd, gamma, beta};
    for (int i = 0; i < 5; i++)
        if (!in[i])
            return NULL;
    return s2vi_node_create(x->graph, S2VI_OP_NORM, in, 5, NULL, NULL);
}

s2vi_node *s2vi_gru(s2vi_node *a, s2vi_node *b, s2vi_node *h)
{
    s2vi_node *const in[] = {a, b, h};
    return a && b && h
               ? s2vi_node_create(a->graph, S2VI_OP_GRU, in, 3, NULL, NULL)
               : NULL;
}

s2vi_node *s2vi_lstm(s2vi_node *a, s2vi_node *w, bool reverse)
{
    return binary(S2VI_OP_LSTM, a, w, &(s2vi_attr){.reverse = reverse});
}

s2vi_node *s2vi_gru_cell(s2vi_node *x, s2vi_node *wx, s2vi_node *bx,
                         s2vi_node *h, s2vi_node *wh, s2vi_node *bh,
                         const s2vi_window *window)
{
    /* The large constants first: those may be packed (backend.h). */
    s2vi_node *const in[] = {x, wx, wh, bx, bh, h};
    for (int i = 0; i < 6; i++)
        if (!in[i])
            return NULL;
    return s2vi_node_create(x->graph, S2VI_OP_GRU_CELL, in, 6,
                            &(s2vi_attr){.window = *window}, NULL);
}

s2vi_node *s2vi_blend(s2vi_node *x, s2vi_node *w, s2vi_node *b, s2vi_node *wm,
                      s2vi_node *bm, s2vi_node *const *images, int n)
{
    s2vi_node *in[S2VI_MAX_INPUTS] = {x, w, wm, b, bm};
    for (int i = 0; i < n && 5 + i < S2VI_MAX_INPUTS; i++)
        in[5 + i] = images[i];
    for (int i = 0; i < 5 + n; i++)
        if (i >= S2VI_MAX_INPUTS || !in[i])
            return NULL;
    return s2vi_node_create(x->graph, S2VI_OP_BLEND, in, 5 + n, NULL, NULL);
}

/* ----------------------------------------------------------- effects -- */

s2vi_node *s2vi_assign(s2vi_node *var, s2vi_node *value)
{
    return binary(S2VI_OP_ASSIGN, var, value, NULL);
}

s2vi_node *s2vi_adam(s2vi_node *param, s2vi_node *m, s2vi_node *v,
                     s2vi_node *grad, s2vi_node *step, double rate,
                     double beta1, double beta2, double eps)
{
    return s2vi_adamw(param, m, v, grad, step, rate, beta1, beta2, eps, 0);
}

s2vi_node *s2vi_adamw(s2vi_node *param, s2vi_node *m, s2vi_node *v,
                      s2vi_node *grad, s2vi_node *step, double rate,
                      double beta1, double beta2, double eps, double decay)
{
    s2vi_node *const in[] = {param, m, v, grad, step};
    s2vi_attr attr = {.rate = rate,
                      .beta1 = beta1,
                      .beta2 = beta2,
                      .eps = eps,
                      .decay = decay};
    for (int i = 0; i < 5; i++)
        if (!in[i])
            return NULL;
    return s2vi_node_create(param->graph, S2VI_OP_ADAM, in, 5, &attr, NULL);
}
