/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers of sequences: a few ops under the name that the field gives them. */
#include "nn/sequence.h"

#include "nn/nn.h"

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
