/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random pools and convolutions. */
#include "windows.h"

#include <math.h>

static const int channels[] = {1, 3, 16, 17, 48, 96};

/* Kernel and stride of the windows that are tried, in turn. */
static const struct {
    int rank, kernel[3], stride[3];
} windows[] = {
    {2, {3, 3}, {1, 1}},
    {2, {1, 1}, {1, 1}},
    {2, {4, 4}, {2, 2}},
    {2, {3, 1}, {1, 1}},
    {2, {1, 3}, {1, 1}},
    {2, {3, 2}, {1, 1}},
    {2, {2, 3}, {2, 1}},
    {2, {3, 3}, {2, 2}},
    {2, {5, 5}, {1, 2}},
    {2, {1, 1}, {2, 2}},
    {1, {3}, {1}},
    {1, {4}, {2}},
    {1, {1}, {1}},
    {3, {3, 3, 3}, {1, 1, 1}},
    {3, {1, 2, 3}, {1, 2, 1}},
    {3, {4, 4, 4}, {2, 2, 2}},
};

enum { WINDOWS = sizeof(windows) / sizeof(windows[0]) };

/* Window `number`, padded at random, mostly differently on both sides. */
static s2vi_window random_window(rng *r, int number)
{
    s2vi_window w = {.rank = windows[number].rank};
    for (int i = 0; i < w.rank; i++) {
        w.kernel[i] = windows[number].kernel[i];
        w.stride[i] = windows[number].stride[i];
        w.pad_lo[i] = rng_int(r, w.kernel[i]);
        w.pad_hi[i] = rng_int(r, w.kernel[i]);
    }
    return w;
}

/* An image of `c` channels in which the window fits. */
static s2vi_shape random_image(rng *r, const s2vi_window *w, int64_t c,
                               bool large)
{
    static const int range[] = {0, 40, 12, 6};
    s2vi_shape x = {.rank = w->rank + 2, .dim = {1 + rng_int(r, 3)}};
    for (int i = 0; i < w->rank; i++) {
        int least = w->kernel[i] - w->pad_lo[i] - w->pad_hi[i];
        x.dim[1 + i] = (least > 1 ? least : 1) + rng_int(r, range[w->rank]) +
                       (large ? range[w->rank] : 0);
    }
    x.dim[w->rank + 1] = c;
    return x;
}

static s2vi_shape windowed(const s2vi_window *w, s2vi_shape x)
{
    for (int i = 0; i < w->rank; i++)
        x.dim[1 + i] =
            (x.dim[1 + i] + w->pad_lo[i] + w->pad_hi[i] - w->kernel[i]) /
                w->stride[i] +
            1;
    return x;
}

void make_avgpool(test_case *c, s2vi_op op, int v)
{
    s2vi_attr attr = {.window.rank = 1 + v % 3};
    s2vi_shape x = case_shape(&c->rng, attr.window.rank + 2, v % 7 == 6);
    for (int i = 0; i < attr.window.rank; i++) {
        attr.window.kernel[i] = attr.window.stride[i] = 1 + rng_int(&c->rng, 3);
        x.dim[1 + i] *= attr.window.kernel[i];
    }
    case_operand(c, x, ANY);
    case_node(c, op, &attr, NULL);
}

/* On a grid, so that the largest is often there twice. */
void make_maxpool(test_case *c, s2vi_op op, int v)
{
    s2vi_attr attr = {.window = random_window(&c->rng, v % WINDOWS)};
    s2vi_shape x = random_image(&c->rng, &attr.window,
                                channels[rng_int(&c->rng, 6)], v % 7 == 6);
    double *data = case_operand(c, x, GRID);
    for (int64_t i = 0; v % 4 == 3 && i < s2vi_shape_count(&x); i++)
        data[i] -= 2; /* all below zero: padding must not win */
    if (op == S2VI_OP_MAXPOOL_PUT)
        case_operand(c, windowed(&attr.window, x), ANY);
    if (op == S2VI_OP_MAXPOOL_GET)
        case_operand(c, x, ANY);
    case_node(c, op, &attr, NULL);
}

/* Weights for which results are about as large as images: an activation of
 * far larger ones would be of nothing but their rounding. */
static void scale_weights(test_case *c, s2vi_op op)
{
    const s2vi_shape *w = &c->operand[1]->shape;
    int64_t count = s2vi_shape_count(w);
    int64_t results = op == S2VI_OP_CONV ? w->dim[0] : s2vi_shape_channels(w);
    double scale = 1 / sqrt((double)(count / results));
    for (int64_t i = 0; i < count; i++)
        c->data[1][i] = (float)(c->data[1][i] * scale);
}

/* Combination number 0 to 15 of activation, addend and bias, after image and
 * weight. */
static void add_extras(test_case *c, s2vi_attr *attr, const s2vi_shape *result,
                       int combination)
{
    attr->slope = 0.2;
    attr->act = (s2vi_activation)(combination % 4);
    attr->accumulate = combination / 4 % 2;
    if (combination / 8 % 2)
        case_operand(c, S2VI_SHAPE(s2vi_shape_channels(result)), ANY);
    if (attr->accumulate)
        case_operand(c, *result, ANY);
}

/* Channels of the images that backends convolve by tiles. */
static const int whole[] = {16, 32, 48, 64, 96, 112};

/* A convolution or adjoint: of an image, `cout` results and weights of `cin`
 * channels, with the combination `extras` of bias, addend and activation. */
static void record_conv(test_case *c, s2vi_op op, s2vi_attr *attr, s2vi_shape x,
                        int64_t cin, int64_t cout, int extras)
{
    const s2vi_window *win = &attr->window;
    s2vi_shape y = windowed(win, x), w = x;
    w.dim[0] = y.dim[y.rank - 1] = cout;
    w.dim[w.rank - 1] = cin;
    for (int i = 0; i < win->rank; i++)
        w.dim[1 + i] = win->kernel[i];
    case_operand(c, op == S2VI_OP_CONV_DATA ? y : x, ANY);
    case_operand(c, op == S2VI_OP_CONV_WEIGHT ? y : w, ANY);
    for (int i = 0; i < 3; i++) /* a convolution's is its weight's shape */
        attr->window.kernel[i] = 0;
    const s2vi_shape *result = op == S2VI_OP_CONV        ? &y
                               : op == S2VI_OP_CONV_DATA ? &x
                                                         : &w;
    if (op != S2VI_OP_CONV_WEIGHT) {
        scale_weights(c, op);
        add_extras(c, attr, result, extras);
    }
    case_node(c, op, attr, result);
}

/* A 3x3 window, or one of six or 16 taps, on an image that is large for it; for
 * adjoints, in turn on many that are not. */
static void make_large_conv(test_case *c, s2vi_op op, int v)
{
    rng *r = &c->rng;
    s2vi_attr attr = {.window = {.rank = 2, .stride = {1, 1}}};
    s2vi_shape x = S2VI_SHAPE(1 + v % 2, 20 + rng_int(r, 30),
                              20 + rng_int(r, 30), whole[rng_int(r, 6)]);
    if (op != S2VI_OP_CONV && v % 3 == 0)
        x = S2VI_SHAPE(8 + rng_int(r, 4), 8 + rng_int(r, 10),
                       8 + rng_int(r, 10), x.dim[3]);
    s2vi_shape y = x, w = S2VI_SHAPE(whole[v % 6], 3, 3, x.dim[3]);
    if (v / 6 % 4 == 1) /* 2x3 or 3x2 */
        w.dim[1 + v % 2] = 2;
    if (v / 6 % 4 == 2) { /* 4x4 with a stride */
        const int64_t least = v % 3 ? 16 : 8;
        x.dim[1] = 2 * (least + rng_int(r, 20));
        x.dim[2] = 2 * (least + rng_int(r, 20));
        record_conv(c, op,
                    &(s2vi_attr){.window = {.rank = 2,
                                            .kernel = {4, 4},
                                            .stride = {2, 2},
                                            .pad_lo = {1, 1},
                                            .pad_hi = {1, 1}}},
                    x, x.dim[3], w.dim[0], v % 16);
        return;
    }
    if (v / 6 % 8 == 3) { /* 3x3 with a stride */
        s2vi_attr strided = {
            .window = {.rank = 2, .kernel = {3, 3}, .stride = {2, 2}}};
        for (int i = 0; i < 2; i++) {
            x.dim[1 + i] = 33 + rng_int(r, 20);
            strided.window.pad_lo[i] = rng_int(r, 3);
            strided.window.pad_hi[i] = rng_int(r, 3);
        }
        record_conv(c, op, &strided, x, x.dim[3], w.dim[0], v % 16);
        return;
    }
    for (int i = 0; i < 2; i++) {
        attr.window.pad_lo[i] = rng_int(r, (int)w.dim[1 + i]);
        attr.window.pad_hi[i] = rng_int(r, (int)w.dim[1 + i]);
        y.dim[1 + i] +=
            attr.window.pad_lo[i] + attr.window.pad_hi[i] - (w.dim[1 + i] - 1);
    }
    y.dim[3] = w.dim[0];
    case_operand(c, op == S2VI_OP_CONV_DATA ? y : x, ANY);
    case_operand(c, op == S2VI_OP_CONV_WEIGHT ? y : w, ANY);
    if (op == S2VI_OP_CONV_WEIGHT) {
        case_node(c, op, &attr, &w);
        return;
    }
    scale_weights(c, op);
    add_extras(c, &attr, op == S2VI_OP_CONV_DATA ? &x : &y, v % 16);
    case_node(c, op, &attr, op == S2VI_OP_CONV_DATA ? &x : NULL);
}

void make_upconv(test_case *c, s2vi_op op, int v)
{
    rng *r = &c->rng;
    s2vi_attr attr = {0};
    int most = v % 5 ? 12 : 40;
    s2vi_shape x = S2VI_SHAPE(1 + v % 2, 1 + rng_int(r, most),
                              1 + rng_int(r, most), whole[rng_int(r, 6)]);
    s2vi_shape w = S2VI_SHAPE(whole[v % 6], 3, 3, x.dim[3]), y = x;
    if (v % 12 == 11) /* more weights than a cache holds */
        x.dim[3] = w.dim[3] = 272;
    y.dim[1] *= 2;
    y.dim[2] *= 2;
    y.dim[3] = w.dim[0];
    case_operand(c, x, ANY);
    case_operand(c, w, ANY);
    scale_weights(c, S2VI_OP_CONV);
    add_extras(c, &attr, &y, v % 16);
    attr.plane = v % 3 == 1;
    if (attr.plane) {
        case_operand(c, S2VI_SHAPE(y.dim[0], y.dim[1], y.dim[2], 1), ANY);
        case_operand(c, S2VI_SHAPE(1, 1, 1, y.dim[3]), ANY);
    }
    case_node(c, op, &attr, NULL);
}

/* Groups, and the channels of each: depthwise ones, of whole vectors and not;
 * with several results a channel; groups that are convolutions of their own. */
static const struct {
    int groups, cin, cout;
} groupings[] = {
    {3, 1, 1},   {16, 1, 1}, {28, 1, 1}, {96, 1, 1}, {17, 1, 1},
    {40, 1, 1},  {3, 1, 2},  {16, 1, 2}, {4, 3, 5},  {2, 8, 8},
    {2, 16, 32}, {16, 4, 8}, {3, 17, 1},
};

enum { GROUPINGS = sizeof(groupings) / sizeof(groupings[0]) };

static int first_grouped(s2vi_op op)
{
    return op == S2VI_OP_CONV        ? CASES_CONV
           : op == S2VI_OP_CONV_DATA ? CASES_CONV_DATA
                                     : CASES_CONV_WEIGHT;
}

/* All windows, each with other groups than the last time. */
static void make_grouped(test_case *c, s2vi_op op, int v)
{
    const int i = (v + v / WINDOWS) % GROUPINGS;
    const int groups = groupings[i].groups;
    s2vi_attr attr = {.window = random_window(&c->rng, v % WINDOWS),
                      .groups = groups};
    s2vi_shape x = random_image(&c->rng, &attr.window,
                                groups * groupings[i].cin, v % 3 == 2);
    record_conv(c, op, &attr, x, groupings[i].cin, groups * groupings[i].cout,
                v % 16 ^ v / WINDOWS);
}

/* Window v % 16 with the combination v / 16 of bias, addend and activation. */
void make_conv(test_case *c, s2vi_op op, int v)
{
    if (v >= first_grouped(op)) {
        make_grouped(c, op, v - first_grouped(op));
        return;
    }
    if (v >= (op == S2VI_OP_CONV_WEIGHT ? 8 : 16) * WINDOWS) {
        make_large_conv(c, op, v);
        return;
    }
    s2vi_attr attr = {.window = random_window(&c->rng, v % WINDOWS)};
    int64_t cin = channels[rng_int(&c->rng, 6)];
    int64_t cout = channels[rng_int(&c->rng, 6)];
    s2vi_shape x = random_image(&c->rng, &attr.window, cin, v % 11 == 10);
    record_conv(c, op, &attr, x, cin, cout, v / WINDOWS);
}
