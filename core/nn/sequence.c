/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers of sequences: a few ops under the name that the field gives them. */
#include "nn/sequence.h"

#include <math.h>
#include <stdarg.h>

/* ------------------------------------------------------ convolutions -- */

s2vi_node *s2vi_nn_columns(s2vi_node *x, s2vi_layer layer)
{
    if (!x || !layer.weight)
        return NULL;
    const int64_t n = x->shape.dim[0], T = x->shape.dim[1];
    s2vi_node *rows =
        s2vi_reshape(x, S2VI_SHAPE(n * T, s2vi_shape_channels(&x->shape)));
    return s2vi_reshape(s2vi_nn_linear(rows, layer),
                        S2VI_SHAPE(n, T, layer.weight->shape.dim[0]));
}

s2vi_node *s2vi_nn_conv1d(s2vi_node *x, s2vi_layer layer, int stride, int pad)
{
    const s2vi_window window = {
        .rank = 1, .stride = {stride}, .pad_lo = {pad}, .pad_hi = {pad}};
    return s2vi_conv(x, layer.weight, layer.bias, &window);
}

s2vi_node *s2vi_nn_conv1d_grouped(s2vi_node *x, s2vi_layer layer, int groups,
                                  int stride, int pad)
{
    s2vi_node *part[S2VI_MAX_INPUTS], *w = layer.weight, *b = layer.bias;
    if (!x || !w || groups > S2VI_MAX_INPUTS)
        return NULL;
    const int64_t cin = w->shape.dim[2], cout = w->shape.dim[0] / groups;
    if (groups == 1)
        return s2vi_nn_conv1d(x, layer, stride, pad);
    for (int i = 0; i < groups; i++) {
        s2vi_layer group = {0};
        if (b)
            group.bias = s2vi_slice(b, 0, i * cout, cout);
        group.weight = s2vi_slice(w, 0, i * cout, cout);
        part[i] =
            s2vi_nn_conv1d(s2vi_slice(x, 2, i * cin, cin), group, stride, pad);
    }
    return s2vi_concat(part, groups, 2);
}

/* Column t as pixel (t / d, t % d) of an image d pixels wide: its neighbours
 * in a column of pixels are those d columns of the sequence apart. */
s2vi_node *s2vi_nn_conv1d_dilated(s2vi_node *x, s2vi_layer layer, int dilation)
{
    s2vi_node *w = layer.weight;
    if (!x || !w)
        return NULL;
    const int64_t n = x->shape.dim[0], T = x->shape.dim[1], d = dilation;
    const int64_t k = w->shape.dim[1], rows = (T + d - 1) / d;
    const int64_t cin = w->shape.dim[2], cout = w->shape.dim[0];
    if (d == 1)
        return s2vi_nn_conv1d(x, layer, 1, (int)k / 2);
    const s2vi_window window = {.rank = 2,
                                .stride = {1, 1},
                                .pad_lo = {(int)k / 2},
                                .pad_hi = {(int)k / 2}};
    x = s2vi_pad(x, (const int64_t[]){0, 0, 0},
                 (const int64_t[]){0, rows * d - T, 0});
    w = s2vi_reshape(w, S2VI_SHAPE(cout, k, 1, cin));
    s2vi_node *y = s2vi_conv(s2vi_reshape(x, S2VI_SHAPE(n, rows, d, cin)), w,
                             layer.bias, &window);
    return s2vi_slice(s2vi_reshape(y, S2VI_SHAPE(n, rows * d, cout)), 1, 0, T);
}

s2vi_node *s2vi_nn_conv1d_transposed(s2vi_node *x, s2vi_layer layer, int stride,
                                     int pad)
{
    s2vi_node *w = layer.weight, *b = layer.bias;
    if (!x || !w)
        return NULL;
    const s2vi_window window = {
        .rank = 1, .stride = {stride}, .pad_lo = {pad}, .pad_hi = {pad}};
    const int64_t T = x->shape.dim[1], k = w->shape.dim[1];
    const s2vi_shape shape =
        S2VI_SHAPE(x->shape.dim[0], (T - 1) * stride + k - 2 * pad,
                   s2vi_shape_channels(&w->shape));
    s2vi_node *y = s2vi_conv_data(x, w, &window, shape);
    return b ? s2vi_add(y, s2vi_reshape(b, S2VI_SHAPE(1, 1, shape.dim[2]))) : y;
}

/* ------------------------------------------------------------- norms -- */

/* (C) to broadcast over x. */
static s2vi_node *over(s2vi_node *v, const s2vi_node *x)
{
    s2vi_shape shape = {.rank = x->shape.rank, .dim = {1, 1, 1, 1, 1}};
    shape.dim[shape.rank - 1] = s2vi_shape_channels(&x->shape);
    return s2vi_reshape(v, shape);
}

s2vi_node *s2vi_nn_standardise(s2vi_node *x, uint32_t axes, double eps)
{
    if (!x)
        return NULL;
    const s2vi_shape one = {.rank = x->shape.rank, .dim = {1, 1, 1, 1, 1}};
    const s2vi_moments moments = s2vi_moments_of(x, axes, eps);
    return s2vi_norm(x, &moments, s2vi_fill(x->graph, 1, one),
                     s2vi_fill(x->graph, 0, one));
}

s2vi_node *s2vi_nn_channel_affine(s2vi_node *x, s2vi_layer norm)
{
    if (!x)
        return NULL;
    s2vi_node *beta = over(norm.bias, x), *gamma = over(norm.weight, x);
    return s2vi_add(s2vi_mul(x, gamma), beta);
}

s2vi_batch_norm s2vi_declare_batch_norm(const s2vi_scope *scope, int64_t C,
                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const s2vi_scope in = s2vi_scope_in_v(scope, format, args);
    va_end(args);
    const s2vi_shape c = S2VI_SHAPE(C);
    s2vi_batch_norm norm;
    norm.affine.weight = s2vi_declare(&in, c, S2VI_INIT_ONE, "weight");
    norm.affine.bias = s2vi_declare(&in, c, S2VI_INIT_ZERO, "bias");
    norm.mean = s2vi_declare_buffer(&in, c, S2VI_INIT_ZERO, "running_mean");
    norm.variance = s2vi_declare_buffer(&in, c, S2VI_INIT_ONE, "running_var");
    return norm;
}

s2vi_node *s2vi_nn_batch_norm(s2vi_node *x, s2vi_layer norm, double eps,
                              s2vi_node **mean, s2vi_node **variance)
{
    if (!x)
        return NULL;
    const uint32_t axes = (1u << (x->shape.rank - 1)) - 1;
    const s2vi_shape vector = S2VI_SHAPE(s2vi_shape_channels(&x->shape));
    const double n = (double)s2vi_shape_count(&x->shape) / vector.dim[0];
    const s2vi_moments m = s2vi_moments_of(x, axes, eps);
    if (mean)
        *mean = s2vi_reshape(m.mean, vector);
    if (variance) {
        s2vi_node *biased =
            s2vi_affine(s2vi_recip(s2vi_square(m.rstd)), 1, -eps);
        *variance =
            s2vi_reshape(s2vi_scale(biased, n > 1 ? n / (n - 1) : 1), vector);
    }
    s2vi_node *beta = over(norm.bias, x);
    return s2vi_norm(x, &m, over(norm.weight, x), beta);
}

s2vi_node *s2vi_nn_batch_norm_by(s2vi_node *x, const s2vi_batch_norm *norm,
                                 double eps)
{
    if (!x)
        return NULL;
    s2vi_layer affine = norm->affine;
    affine.weight = s2vi_mul(affine.weight,
                             s2vi_rsqrt(s2vi_affine(norm->variance, 1, eps)));
    affine.bias = s2vi_sub(affine.bias, s2vi_mul(norm->mean, affine.weight));
    return s2vi_nn_channel_affine(x, affine);
}

s2vi_node *s2vi_nn_group_norm(s2vi_node *x, int size, s2vi_layer norm,
                              double eps)
{
    if (!x)
        return NULL;
    const s2vi_shape s = x->shape;
    s2vi_node *groups =
        s2vi_reshape(x, S2VI_SHAPE(s.dim[0], s.dim[1], s.dim[2] / size, size));
    groups = s2vi_nn_standardise(groups, 1u << 1 | 1u << 3, eps);
    return s2vi_nn_channel_affine(s2vi_reshape(groups, s), norm);
}

s2vi_node *s2vi_nn_layer_norm(s2vi_node *x, s2vi_layer norm, double eps)
{
    return s2vi_nn_channel_affine(s2vi_nn_standardise(x, 1u << 2, eps), norm);
}

/* ------------------------------------------------------ across columns -- */

s2vi_recurrent s2vi_declare_recurrent(const s2vi_scope *scope,
                                      const char *suffix, int gates,
                                      int64_t cin, int64_t C, s2vi_init ih,
                                      s2vi_init hh)
{
    const int64_t rows = gates * C;
    const s2vi_shape bias = S2VI_SHAPE(rows);
    s2vi_recurrent r;
    r.weight_ih =
        s2vi_declare(scope, S2VI_SHAPE(rows, cin), ih, "weight_ih%s", suffix);
    r.weight_hh =
        s2vi_declare(scope, S2VI_SHAPE(rows, C), hh, "weight_hh%s", suffix);
    r.bias_ih = s2vi_declare(scope, bias, S2VI_INIT_ZERO, "bias_ih%s", suffix);
    r.bias_hh = s2vi_declare(scope, bias, S2VI_INIT_ZERO, "bias_hh%s", suffix);
    return r;
}

s2vi_node *s2vi_nn_lstm(s2vi_node *x, const s2vi_recurrent *layer, bool reverse)
{
    const s2vi_layer input = {layer->weight_ih,
                              s2vi_add(layer->bias_ih, layer->bias_hh)};
    s2vi_node *y =
        s2vi_lstm(s2vi_nn_columns(x, input), layer->weight_hh, reverse);
    return y ? s2vi_slice(y, 2, 0, y->shape.dim[2] / 2) : NULL;
}

/* Each row less its greatest number, which leaves the softmax and its gradient
 * as they are, but no exponential is too large. */
static s2vi_node *less_greatest(s2vi_node *x)
{
    const s2vi_shape s = x->shape;
    const s2vi_window row = {
        .rank = 1, .kernel = {(int)s.dim[2]}, .stride = {(int)s.dim[2]}};
    s2vi_node *rows = s2vi_reshape(
        s2vi_detach(x), S2VI_SHAPE(s.dim[0] * s.dim[1], s.dim[2], 1));
    s2vi_node *most = s2vi_reshape(s2vi_maxpool(rows, &row),
                                   S2VI_SHAPE(s.dim[0], s.dim[1], 1));
    return s2vi_sub(x, most);
}

s2vi_node *s2vi_nn_softmax(s2vi_node *x)
{
    if (!x)
        return NULL;
    s2vi_node *e = s2vi_exp(less_greatest(x));
    return s2vi_mul(e, s2vi_recip(s2vi_sum(e, 1u << 2)));
}

s2vi_node *s2vi_nn_log_softmax(s2vi_node *x)
{
    if (!x)
        return NULL;
    x = less_greatest(x);
    return s2vi_sub(x, s2vi_ln(s2vi_sum(s2vi_exp(x), 1u << 2)));
}

/* (n,T,C) -> (n heads,T,C / heads). */
static s2vi_node *split(s2vi_node *x, int heads)
{
    if (!x)
        return NULL;
    const int64_t n = x->shape.dim[0], T = x->shape.dim[1];
    const int64_t width = x->shape.dim[2] / heads;
    x = s2vi_permute(s2vi_reshape(x, S2VI_SHAPE(n, T, heads, width)),
                     (const int[]){0, 2, 1, 3});
    return s2vi_reshape(x, S2VI_SHAPE(n * heads, T, width));
}

/* And back. */
static s2vi_node *join(s2vi_node *x, int heads)
{
    if (!x)
        return NULL;
    const int64_t n = x->shape.dim[0] / heads, T = x->shape.dim[1];
    const int64_t width = x->shape.dim[2];
    x = s2vi_permute(s2vi_reshape(x, S2VI_SHAPE(n, heads, T, width)),
                     (const int[]){0, 2, 1, 3});
    return s2vi_reshape(x, S2VI_SHAPE(n, T, heads * width));
}

/* (1,T,1): 0 ... T - 1 */
static s2vi_node *numbers(s2vi_graph *graph, int64_t T)
{
    s2vi_node *x = s2vi_fill(graph, 0, S2VI_SHAPE(1, 1, 1));
    for (int64_t n = 1; n < T; n *= 2) {
        s2vi_node *const both[] = {x, s2vi_affine(x, 1, (double)n)};
        x = s2vi_concat(both, 2, 1);
    }
    return s2vi_slice(x, 1, 0, T);
}

/* (1,T,T): what is added to the score of a column's (row) and another one:
 * so little for later ones that their weight is 0. */
static s2vi_node *causal_mask(s2vi_graph *graph, int64_t T)
{
    s2vi_node *row = numbers(graph, T);
    s2vi_node *column = s2vi_reshape(row, S2VI_SHAPE(1, 1, T));
    return s2vi_scale(s2vi_step(s2vi_sub(column, row), 0), -1e9);
}

static s2vi_node *attention(s2vi_node *query, s2vi_node *key, s2vi_node *value,
                            int heads, bool causal)
{
    if (!query)
        return NULL;
    const double width = (double)query->shape.dim[2] / heads;
    s2vi_node *q = s2vi_scale(split(query, heads), 1 / sqrt(width));
    s2vi_node *score = s2vi_matmul(q, split(key, heads), false, true);
    if (causal)
        score = s2vi_add(score, causal_mask(query->graph, query->shape.dim[1]));
    return join(
        s2vi_matmul(s2vi_nn_softmax(score), split(value, heads), false, false),
        heads);
}

s2vi_node *s2vi_nn_attention(s2vi_node *query, s2vi_node *key, s2vi_node *value,
                             int heads)
{
    return attention(query, key, value, heads, false);
}

s2vi_node *s2vi_nn_attention_causal(s2vi_node *query, s2vi_node *key,
                                    s2vi_node *value, int heads)
{
    return attention(query, key, value, heads, true);
}

s2vi_node *s2vi_nn_dropout(s2vi_node *x, double p, uint32_t stream)
{
    if (!x || p <= 0)
        return x;
    s2vi_node *u = s2vi_uniform(x->graph, stream, x->shape);
    s2vi_node *keep = s2vi_step(s2vi_affine(u, 1, -p), 0);
    return s2vi_mul(x, s2vi_scale(keep, 1 / (1 - p)));
}
