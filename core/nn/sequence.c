/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers of sequences: a few ops under the name that the field gives them. */
#include "nn/sequence.h"

#include "nn/nn.h"

#include <math.h>

/* ------------------------------------------------------ convolutions -- */

s2vi_node *s2vi_nn_columns(s2vi_node *x, s2vi_node *w, s2vi_node *b)
{
    if (!x || !w)
        return NULL;
    const int64_t n = x->shape.dim[0], T = x->shape.dim[1];
    s2vi_node *rows =
        s2vi_reshape(x, S2VI_SHAPE(n * T, s2vi_shape_channels(&x->shape)));
    return s2vi_reshape(s2vi_nn_linear(rows, w, b),
                        S2VI_SHAPE(n, T, w->shape.dim[0]));
}

s2vi_node *s2vi_nn_conv1d(s2vi_node *x, s2vi_node *w, s2vi_node *b, int stride,
                          int pad)
{
    const s2vi_window window = {
        .rank = 1, .stride = {stride}, .pad_lo = {pad}, .pad_hi = {pad}};
    return s2vi_conv(x, w, b, &window);
}

s2vi_node *s2vi_nn_conv1d_grouped(s2vi_node *x, s2vi_node *w, s2vi_node *b,
                                  int groups, int stride, int pad)
{
    s2vi_node *part[S2VI_MAX_INPUTS];
    if (!x || !w || groups > S2VI_MAX_INPUTS)
        return NULL;
    const int64_t cin = w->shape.dim[2], cout = w->shape.dim[0] / groups;
    if (groups == 1)
        return s2vi_nn_conv1d(x, w, b, stride, pad);
    for (int i = 0; i < groups; i++)
        part[i] = s2vi_nn_conv1d(
            s2vi_slice(x, 2, i * cin, cin), s2vi_slice(w, 0, i * cout, cout),
            b ? s2vi_slice(b, 0, i * cout, cout) : NULL, stride, pad);
    return s2vi_concat(part, groups, 2);
}

/* Column t as pixel (t / d, t % d) of an image d pixels wide: its neighbours
 * in a column of pixels are those d columns of the sequence apart. */
s2vi_node *s2vi_nn_conv1d_dilated(s2vi_node *x, s2vi_node *w, s2vi_node *b,
                                  int dilation)
{
    if (!x || !w)
        return NULL;
    const int64_t n = x->shape.dim[0], T = x->shape.dim[1], d = dilation;
    const int64_t k = w->shape.dim[1], rows = (T + d - 1) / d;
    const int64_t cin = w->shape.dim[2], cout = w->shape.dim[0];
    if (d == 1)
        return s2vi_nn_conv1d(x, w, b, 1, (int)k / 2);
    const s2vi_window window = {.rank = 2,
                                .stride = {1, 1},
                                .pad_lo = {(int)k / 2},
                                .pad_hi = {(int)k / 2}};
    x = s2vi_pad(x, (const int64_t[]){0, 0, 0},
                 (const int64_t[]){0, rows * d - T, 0});
    s2vi_node *y =
        s2vi_conv(s2vi_reshape(x, S2VI_SHAPE(n, rows, d, cin)),
                  s2vi_reshape(w, S2VI_SHAPE(cout, k, 1, cin)), b, &window);
    return s2vi_slice(s2vi_reshape(y, S2VI_SHAPE(n, rows * d, cout)), 1, 0, T);
}

s2vi_node *s2vi_nn_conv1d_transposed(s2vi_node *x, s2vi_node *w, s2vi_node *b,
                                     int stride, int pad)
{
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

s2vi_node *s2vi_nn_channel_affine(s2vi_node *x, s2vi_node *gamma,
                                  s2vi_node *beta)
{
    return x ? s2vi_add(s2vi_mul(x, over(gamma, x)), over(beta, x)) : NULL;
}

s2vi_node *s2vi_nn_batch_norm(s2vi_node *x, s2vi_node *gamma, s2vi_node *beta,
                              double eps, s2vi_node **mean,
                              s2vi_node **variance)
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
    return s2vi_norm(x, &m, over(gamma, x), over(beta, x));
}

s2vi_node *s2vi_nn_batch_norm_by(s2vi_node *x, s2vi_node *mean,
                                 s2vi_node *variance, s2vi_node *gamma,
                                 s2vi_node *beta, double eps)
{
    if (!x)
        return NULL;
    s2vi_node *scale =
        s2vi_mul(gamma, s2vi_rsqrt(s2vi_affine(variance, 1, eps)));
    return s2vi_nn_channel_affine(x, scale,
                                  s2vi_sub(beta, s2vi_mul(mean, scale)));
}

s2vi_node *s2vi_nn_group_norm(s2vi_node *x, int size, s2vi_node *gamma,
                              s2vi_node *beta, double eps)
{
    if (!x)
        return NULL;
    const s2vi_shape s = x->shape;
    s2vi_node *groups =
        s2vi_reshape(x, S2VI_SHAPE(s.dim[0], s.dim[1], s.dim[2] / size, size));
    groups = s2vi_nn_standardise(groups, 1u << 1 | 1u << 3, eps);
    return s2vi_nn_channel_affine(s2vi_reshape(groups, s), gamma, beta);
}

s2vi_node *s2vi_nn_layer_norm(s2vi_node *x, s2vi_node *gamma, s2vi_node *beta,
                              double eps)
{
    return s2vi_nn_channel_affine(s2vi_nn_standardise(x, 1u << 2, eps), gamma,
                                  beta);
}

/* ------------------------------------------------------ across columns -- */

s2vi_node *s2vi_nn_lstm(s2vi_node *x, s2vi_node *w_ih, s2vi_node *w_hh,
                        s2vi_node *b_ih, s2vi_node *b_hh, bool reverse)
{
    s2vi_node *gates = s2vi_nn_columns(x, w_ih, s2vi_add(b_ih, b_hh));
    s2vi_node *y = s2vi_lstm(gates, w_hh, reverse);
    return y ? s2vi_slice(y, 2, 0, y->shape.dim[2] / 2) : NULL;
}

/* Each row less its greatest number, which leaves the result and its gradient
 * as they are, but no exponential is too large. */
s2vi_node *s2vi_nn_softmax(s2vi_node *x)
{
    if (!x)
        return NULL;
    const s2vi_shape s = x->shape;
    const s2vi_window row = {
        .rank = 1, .kernel = {(int)s.dim[2]}, .stride = {(int)s.dim[2]}};
    s2vi_node *rows = s2vi_reshape(
        s2vi_detach(x), S2VI_SHAPE(s.dim[0] * s.dim[1], s.dim[2], 1));
    s2vi_node *most = s2vi_reshape(s2vi_maxpool(rows, &row),
                                   S2VI_SHAPE(s.dim[0], s.dim[1], 1));
    s2vi_node *e = s2vi_exp(s2vi_sub(x, most));
    return s2vi_mul(e, s2vi_recip(s2vi_sum(e, 1u << 2)));
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

s2vi_node *s2vi_nn_attention(s2vi_node *query, s2vi_node *key, s2vi_node *value,
                             int heads)
{
    if (!query)
        return NULL;
    const double width = (double)query->shape.dim[2] / heads;
    s2vi_node *q = s2vi_scale(split(query, heads), 1 / sqrt(width));
    s2vi_node *score = s2vi_matmul(q, split(key, heads), false, true);
    return join(
        s2vi_matmul(s2vi_nn_softmax(score), split(value, heads), false, false),
        heads);
}

s2vi_node *s2vi_nn_dropout(s2vi_node *x, double p, uint32_t stream)
{
    if (!x || p <= 0)
        return x;
    s2vi_node *u = s2vi_uniform(x->graph, stream, x->shape);
    s2vi_node *keep = s2vi_step(s2vi_affine(u, 1, -p), 0);
    return s2vi_mul(x, s2vi_scale(keep, 1 / (1 - p)));
}
