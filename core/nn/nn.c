/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers: a few ops under the name that the field gives them. */
#include "nn/nn.h"

#include <stdarg.h>
#include <string.h>

static s2vi_layer declare(const s2vi_scope *scope, s2vi_shape weight,
                          s2vi_init init, int64_t bias)
{
    s2vi_layer layer = {.weight = s2vi_declare(scope, weight, init, "weight")};
    if (bias)
        layer.bias =
            s2vi_declare(scope, S2VI_SHAPE(bias), S2VI_INIT_ZERO, "bias");
    return layer;
}

s2vi_layer s2vi_declare_layer(const s2vi_scope *scope, s2vi_shape weight,
                              s2vi_init init, int64_t bias, const char *format,
                              ...)
{
    va_list args;
    va_start(args, format);
    const s2vi_scope in = s2vi_scope_in_v(scope, format, args);
    va_end(args);
    return declare(&in, weight, init, bias);
}

s2vi_layer s2vi_declare_norm(const s2vi_scope *scope, int64_t C,
                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const s2vi_scope in = s2vi_scope_in_v(scope, format, args);
    va_end(args);
    return declare(&in, S2VI_SHAPE(C), S2VI_INIT_ONE, C);
}

s2vi_node *s2vi_nn_linear(s2vi_node *x, s2vi_layer layer)
{
    s2vi_node *y = s2vi_matmul(x, layer.weight, false, true), *b = layer.bias;
    if (!b || !y)
        return y;
    return s2vi_add(y, s2vi_reshape(b, S2VI_SHAPE(1, y->shape.dim[1])));
}

s2vi_node *s2vi_nn_conv2d(s2vi_node *x, s2vi_layer layer)
{
    const s2vi_node *w = layer.weight;
    if (!w)
        return NULL;
    int ph = (int)w->shape.dim[1] / 2, pw = (int)w->shape.dim[2] / 2;
    s2vi_window window = {
        .rank = 2, .stride = {1, 1}, .pad_lo = {ph, pw}, .pad_hi = {ph, pw}};
    return s2vi_conv(x, layer.weight, layer.bias, &window);
}

static s2vi_node *conv2d_same(s2vi_node *x, s2vi_layer layer, int stride,
                              int groups)
{
    const s2vi_node *w = layer.weight;
    if (!x || !w)
        return NULL;
    s2vi_window window = {.rank = 2, .stride = {stride, stride}};
    for (int i = 0; i < 2; i++) {
        const int64_t size = x->shape.dim[1 + i];
        const int64_t last = (size + stride - 1) / stride * stride - stride;
        const int64_t pad = last + w->shape.dim[1 + i] - size;
        window.pad_lo[i] = pad > 0 ? (int)(pad / 2) : 0;
        window.pad_hi[i] = pad > 0 ? (int)(pad - pad / 2) : 0;
    }
    return s2vi_conv_grouped(x, layer.weight, layer.bias, &window, groups);
}

s2vi_node *s2vi_nn_conv2d_same(s2vi_node *x, s2vi_layer layer, int stride)
{
    return conv2d_same(x, layer, stride, 1);
}

s2vi_node *s2vi_nn_depthwise_same(s2vi_node *x, s2vi_layer layer, int stride)
{
    return x ? conv2d_same(x, layer, stride,
                           (int)s2vi_shape_channels(&x->shape))
             : NULL;
}

s2vi_node *s2vi_nn_prelu(s2vi_node *x, s2vi_node *slope)
{
    s2vi_node *positive = s2vi_lrelu(x, 0);
    return s2vi_add(
        positive, s2vi_mul(s2vi_sub(x, positive), s2vi_nn_over_pixels(slope)));
}

/* The error function of |x| / sqrt(2), by Abramowitz and Stegun's 7.1.26:
 * 1 - (a1 t + ... + a5 t^5) exp(-x^2 / 2), t = 1 / (1 + p |x| / sqrt(2)). */
static s2vi_node *erf_of_magnitude(s2vi_node *x)
{
    static const double a[] = {1.061405429, -1.453152027, 1.421413741,
                               -0.284496736, 0.254829592};
    const double p = 0.3275911 * 0.70710678118654752;
    s2vi_node *t = s2vi_recip(s2vi_affine(s2vi_abs(x), p, 1));
    s2vi_node *sum = s2vi_scale(t, a[0]);
    for (int i = 1; i < 5; i++)
        sum = s2vi_mul(t, s2vi_affine(sum, 1, a[i]));
    s2vi_node *e = s2vi_exp(s2vi_scale(s2vi_square(x), -0.5));
    return s2vi_affine(s2vi_mul(sum, e), -1, 1);
}

/* x (1 + erf(x / sqrt(2))) / 2 = (x + |x| erf(|x| / sqrt(2))) / 2 */
s2vi_node *s2vi_nn_gelu(s2vi_node *x)
{
    s2vi_node *odd = s2vi_mul(s2vi_abs(x), erf_of_magnitude(x));
    return s2vi_scale(s2vi_add(x, odd), 0.5);
}

s2vi_node *s2vi_nn_upsample2(s2vi_node *x)
{
    return s2vi_upsample(x, (const int[]){2, 2});
}

/* Each output pixel of the upsampled image's convolution sees two input
 * pixels a dimension; taps that fall on the same one add up. Along one
 * dimension: (w0, w1, w2) -> (w0, w0 + w1, w1 + w2, w2), reversed, since the
 * op is an adjoint. */
static s2vi_node *pair_taps(s2vi_node *w, int axis)
{
    int64_t none[4] = {0}, one[4] = {0};
    one[axis] = 1;
    return s2vi_add(s2vi_pad(w, none, one), s2vi_pad(w, one, none));
}

/* (Cout,3,3,Cin) -> mirrored in both kernel dimensions, (Cin,3,3,Cout). */
static s2vi_node *adjoint_taps(s2vi_node *w)
{
    s2vi_node *rows[3], *all[3];
    for (int i = 0; i < 3; i++) {
        s2vi_node *row = s2vi_slice(w, 1, 2 - i, 1), *tap[3];
        for (int j = 0; j < 3; j++)
            tap[j] = s2vi_slice(row, 2, 2 - j, 1);
        rows[i] = s2vi_concat(tap, 3, 2);
        all[i] = rows[i];
    }
    return s2vi_permute(s2vi_concat(all, 3, 1), (const int[]){3, 1, 2, 0});
}

s2vi_node *s2vi_nn_upsample2_conv3x3(s2vi_node *x, s2vi_node *w)
{
    if (!x || !w)
        return NULL;
    s2vi_node *w4 = pair_taps(pair_taps(adjoint_taps(w), 1), 2);
    s2vi_window window = {
        .rank = 2, .stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}};
    s2vi_shape shape = x->shape;
    shape.dim[1] *= 2;
    shape.dim[2] *= 2;
    shape.dim[3] = w->shape.dim[0];
    return s2vi_conv_data(x, w4, &window, shape);
}

s2vi_node *s2vi_nn_instance_norm(s2vi_node *x, s2vi_node *gamma,
                                 s2vi_node *beta, double eps)
{
    const uint32_t pixels = 1u << 1 | 1u << 2;
    const s2vi_moments moments = s2vi_moments_of(x, pixels, eps);
    return s2vi_norm(x, &moments, gamma, beta);
}

s2vi_node *s2vi_nn_over_pixels(s2vi_node *v)
{
    if (!v)
        return NULL;
    int64_t rows = v->shape.rank > 1 ? v->shape.dim[0] : 1;
    return s2vi_reshape(v,
                        S2VI_SHAPE(rows, 1, 1, s2vi_shape_channels(&v->shape)));
}

s2vi_node *s2vi_nn_shift(s2vi_node *x, int rows, int columns)
{
    int64_t lo[4] = {0, rows, columns, 0}, hi[4] = {0, -rows, -columns, 0};
    return s2vi_pad(x, lo, hi);
}

/* 0, 1, .. n - 1: (n). Each half is the other one moved. */
static s2vi_node *count_up(s2vi_graph *g, int64_t n)
{
    s2vi_node *x = s2vi_fill(g, 0, S2VI_SHAPE(1));
    for (int64_t have = 1; have < n; have *= 2)
        x = s2vi_concat((s2vi_node *[]){x, s2vi_affine(x, 1, (double)have)}, 2,
                        0);
    return s2vi_slice(x, 0, 0, n);
}

/* (to,from): what counts of the old pixels in each new one. */
static s2vi_node *bilinear_weights(s2vi_graph *g, int64_t to, int64_t from,
                                   bool corners)
{
    const double last = (double)(from - 1);
    const double half = (double)from / (double)to;
    const double scale =
        corners ? (to > 1 ? last / (double)(to - 1) : 0) : half;
    s2vi_node *at =
        s2vi_affine(count_up(g, to), scale, corners ? 0 : half / 2 - 0.5);
    at = s2vi_lrelu(at, 0);
    at = s2vi_affine(s2vi_lrelu(s2vi_affine(at, -1, last), 0), -1, last);
    s2vi_node *off =
        s2vi_sub(s2vi_reshape(at, S2VI_SHAPE(to, 1)),
                 s2vi_reshape(count_up(g, from), S2VI_SHAPE(1, from)));
    return s2vi_lrelu(s2vi_affine(s2vi_abs(off), -1, 1), 0);
}

/* x (n,from,C) -> (n,to,C). */
static s2vi_node *resize_rows(s2vi_node *x, int64_t to, bool corners)
{
    const int64_t n = x->shape.dim[0], from = x->shape.dim[1];
    s2vi_node *w = s2vi_reshape(bilinear_weights(x->graph, to, from, corners),
                                S2VI_SHAPE(1, to, from));
    return s2vi_matmul(s2vi_broadcast(w, S2VI_SHAPE(n, to, from)), x, false,
                       false);
}

s2vi_node *s2vi_nn_resize_bilinear(s2vi_node *x, int64_t height, int64_t width,
                                   bool corners)
{
    if (!x)
        return NULL;
    const s2vi_shape s = x->shape;
    const int64_t n = s.dim[0], h = s.dim[1], w = s.dim[2], C = s.dim[3];
    if (h != height)
        x = resize_rows(s2vi_reshape(x, S2VI_SHAPE(n, h, w * C)), height,
                        corners);
    if (w != width && x)
        x = resize_rows(s2vi_reshape(x, S2VI_SHAPE(n * height, w, C)), width,
                        corners);
    return x ? s2vi_reshape(x, S2VI_SHAPE(n, height, width, C)) : NULL;
}

/* A plane for each channel, summed over windows and divided by how much of a
 * window is in the image. */
s2vi_node *s2vi_nn_window_mean(s2vi_node *x, const s2vi_window *window)
{
    if (!x)
        return NULL;
    const int last = x->shape.rank - 1;
    const int64_t n = x->shape.dim[0], C = x->shape.dim[last];
    s2vi_shape planes = x->shape, kernel = planes, all;
    int to[S2VI_MAX_RANK] = {0, last}, back[S2VI_MAX_RANK] = {0};
    for (int i = 1; i < last; i++) {
        kernel.dim[i] = window->kernel[i - 1];
        to[i + 1] = i;
        back[i] = i + 1;
    }
    back[last] = 1;
    s2vi_window plain = *window; /* a convolution's kernel is its weight's */
    memset(plain.kernel, 0, sizeof(plain.kernel));
    planes.dim[0] = n * C;
    planes.dim[last] = kernel.dim[0] = kernel.dim[last] = 1;
    all = planes;
    all.dim[0] = 1;
    s2vi_node *ones = s2vi_fill(x->graph, 1, kernel);
    s2vi_node *count =
        s2vi_conv(s2vi_fill(x->graph, 1, all), ones, NULL, &plain);
    s2vi_node *sum = s2vi_conv(s2vi_reshape(s2vi_permute(x, to), planes), ones,
                               NULL, &plain);
    s2vi_node *mean = s2vi_mul(sum, s2vi_recip(count));
    if (!mean)
        return NULL;
    s2vi_shape parts = {.rank = x->shape.rank, .dim = {n, C}};
    for (int i = 1; i < last; i++)
        parts.dim[i + 1] = mean->shape.dim[i];
    return s2vi_permute(s2vi_reshape(mean, parts), back);
}

s2vi_node *s2vi_nn_unit(s2vi_node *x)
{
    const double eps = 1e-12;
    s2vi_node *power = s2vi_sum(s2vi_square(x), 1u << 1);
    return s2vi_mul(x, s2vi_rsqrt(s2vi_affine(power, 1, eps)));
}

s2vi_node *s2vi_nn_rows(s2vi_node *x, int64_t from, int64_t to)
{
    if (!x || (from == 0 && to == x->shape.dim[1]))
        return x;
    return s2vi_slice(x, 1, from, to - from);
}

s2vi_node *s2vi_nn_strips(s2vi_nn_strip *strip, const void *opaque,
                          int64_t rows, int64_t height)
{
    s2vi_node *part[S2VI_MAX_INPUTS];
    int n = 0;
    if (height * S2VI_MAX_INPUTS < rows)
        height = (rows + S2VI_MAX_INPUTS - 1) / S2VI_MAX_INPUTS;
    for (int64_t from = 0; from < rows; from += height) {
        const int64_t to = from + height < rows ? from + height : rows;
        part[n++] = strip(opaque, from, to);
    }
    return s2vi_concat(part, n, 1);
}
