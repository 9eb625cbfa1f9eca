/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ops table: each op's shape rule and operation count (ops.def). */
#include "graph/graph.h"

/* Note what does not fit, with the shapes of the first two operands. */
static bool misfit(s2vi_node *node, const char *what)
{
    char a[80] = "none", b[80] = "none";
    if (node->n_inputs > 0)
        s2vi_shape_text(&node->input[0]->shape, a, sizeof(a));
    if (node->n_inputs > 1)
        s2vi_shape_text(&node->input[1]->shape, b, sizeof(b));
    s2vi_graph_mistake(node->graph, "%s: %s (operands %s, %s)",
                       s2vi_op_get(node->op)->name, what, a, b);
    return false;
}

static const s2vi_shape *in(const s2vi_node *node, int i)
{
    return &node->input[i]->shape;
}

/* ------------------------------------------------------- shape rules -- */

static bool shape_given(s2vi_node *node)
{
    return node->shape.rank >= 1 && node->shape.rank <= S2VI_MAX_RANK
               ? true
               : misfit(node, "no shape given");
}

static bool shape_same(s2vi_node *node)
{
    node->shape = *in(node, 0);
    return true;
}

static bool shape_broadcast(s2vi_node *node)
{
    const s2vi_shape *a = in(node, 0), *b = in(node, 1);
    if (a->rank != b->rank)
        return misfit(node, "ranks differ");
    node->shape = *a;
    for (int i = 0; i < a->rank; i++) {
        if (a->dim[i] != b->dim[i] && a->dim[i] != 1 && b->dim[i] != 1)
            return misfit(node, "shapes do not broadcast");
        if (a->dim[i] == 1)
            node->shape.dim[i] = b->dim[i];
    }
    return true;
}

static bool shape_map(s2vi_node *node)
{
    return node->n_inputs == 2 ? shape_broadcast(node) : shape_same(node);
}

static bool shape_norm(s2vi_node *node)
{
    node->shape = *in(node, 0);
    if (!s2vi_shape_broadcasts(in(node, 1), &node->shape) ||
        !s2vi_shape_equal(in(node, 1), in(node, 2)))
        return misfit(node, "moments do not broadcast");
    /* The gradient counts on the affine being constant where moments are. */
    for (int i = 3; i < 5; i++)
        if (!s2vi_shape_broadcasts(in(node, i), in(node, 1)))
            return misfit(node, "affine differs within what is normed");
    return true;
}

static bool shape_reshape(s2vi_node *node)
{
    return node->shape.rank >= 1 && node->shape.rank <= S2VI_MAX_RANK &&
                   s2vi_shape_count(&node->shape) ==
                       s2vi_shape_count(in(node, 0))
               ? true
               : misfit(node, "another number of elements");
}

static bool shape_pad(s2vi_node *node)
{
    node->shape = *in(node, 0);
    for (int i = 0; i < node->shape.rank; i++) {
        node->shape.dim[i] += node->attr.lo[i] + node->attr.hi[i];
        if (node->shape.dim[i] <= 0)
            return misfit(node, "nothing is left");
    }
    return true;
}

static bool shape_concat(s2vi_node *node)
{
    int axis = node->attr.axis;
    if (!node->n_inputs || axis < 0 || axis >= in(node, 0)->rank)
        return misfit(node, "no such axis");
    node->shape = *in(node, 0);
    for (int i = 1; i < node->n_inputs; i++) {
        s2vi_shape other = *in(node, i);
        int64_t extent = other.rank > axis ? other.dim[axis] : 0;
        other.dim[axis] = node->shape.dim[axis];
        if (!s2vi_shape_equal(&other, &node->shape))
            return misfit(node, "shapes differ off the axis");
        node->shape.dim[axis] += extent;
    }
    return true;
}

static bool shape_permute(s2vi_node *node)
{
    const s2vi_shape *x = in(node, 0);
    unsigned seen = 0;
    node->shape.rank = x->rank;
    for (int i = 0; i < x->rank; i++) {
        int from = node->attr.perm[i];
        if (from < 0 || from >= x->rank || seen & 1u << from)
            return misfit(node, "not a permutation");
        seen |= 1u << from;
        node->shape.dim[i] = x->dim[from];
    }
    return true;
}

static bool shape_gather(s2vi_node *node)
{
    if (in(node, 1)->rank != 1)
        return misfit(node, "the index is not of rank 1");
    node->shape = *in(node, 0);
    node->shape.dim[0] = in(node, 1)->dim[0];
    return true;
}

static bool shape_scatter(s2vi_node *node)
{
    int64_t rows = node->shape.dim[0];
    if (in(node, 1)->rank != 1 || in(node, 1)->dim[0] != in(node, 0)->dim[0])
        return misfit(node, "not one index a row");
    node->shape = *in(node, 0);
    node->shape.dim[0] = rows;
    return true;
}

static bool shape_upsample(s2vi_node *node)
{
    const s2vi_window *w = &node->attr.window;
    node->shape = *in(node, 0);
    if (w->rank != node->shape.rank - 2)
        return misfit(node, "not (N, spatial, C)");
    for (int i = 0; i < w->rank; i++)
        node->shape.dim[1 + i] *= w->stride[i];
    return true;
}

static bool shape_warp(s2vi_node *node)
{
    const s2vi_shape *flow = in(node, 1);
    node->shape = *in(node, 0);
    return node->shape.rank == 4 && flow->rank == 4 &&
                   flow->dim[0] == node->shape.dim[0] && flow->dim[3] == 2
               ? true
               : misfit(node, "not images and a flow of two numbers each");
}

static bool shape_fir(s2vi_node *node)
{
    const s2vi_fir *f = &node->attr.fir;
    const s2vi_shape *x = in(node, 0), *taps = in(node, 1);
    node->shape = *x;
    if (x->rank != 4 || taps->rank < 1 || taps->rank > 2)
        return misfit(node, "not images and taps of one or two dimensions");
    for (int i = 0; i < 2; i++) {
        if (f->up[i] < 1 || f->down[i] < 1)
            return misfit(node, "a factor is below 1");
        const int64_t span = x->dim[1 + i] * f->up[i] + f->lo[i] + f->hi[i] -
                             taps->dim[taps->rank > 1 ? i : 0];
        if (span < 0)
            return misfit(node, "the image is smaller than the filter");
        node->shape.dim[1 + i] = span / f->down[i] + 1;
    }
    return true;
}

static bool shape_sum(s2vi_node *node)
{
    node->shape = *in(node, 0);
    for (int i = 0; i < node->shape.rank; i++)
        if (node->attr.axes & 1u << i)
            node->shape.dim[i] = 1;
    return true;
}

/* Neighbouring axes; beside them perhaps the last ones. */
static bool shape_moments(s2vi_node *node)
{
    const int rank = in(node, 0)->rank;
    int turns = 0;
    for (int i = 0; i < rank; i++)
        turns += (int)(node->attr.axes >> i & 1u) != turns % 2;
    if (turns < 1 || turns > 3 || node->attr.axes >> rank)
        return misfit(node, "neither neighbouring axes nor the last besides");
    shape_sum(node);
    node->shape.dim[0] *= 2;
    return true;
}

/* Windows along `size` elements, or 0 where none fits. */
static int64_t windows(const s2vi_window *w, int i, int64_t size,
                       int64_t kernel)
{
    int64_t span = size + w->pad_lo[i] + w->pad_hi[i] - kernel;
    return w->stride[i] > 0 && span >= 0 ? span / w->stride[i] + 1 : 0;
}

static bool window_fits(s2vi_node *node, int rank)
{
    const s2vi_window *w = &node->attr.window;
    return w->rank >= 1 && w->rank <= 3 && w->rank == rank - 2
               ? true
               : misfit(node, "not (N, spatial, C) for the window's rank");
}

static bool pooled(s2vi_node *node, s2vi_shape *shape)
{
    const s2vi_window *w = &node->attr.window;
    *shape = *in(node, 0);
    if (!window_fits(node, shape->rank))
        return false;
    for (int i = 0; i < w->rank; i++)
        if (w->kernel[i] < 1 || w->pad_lo[i] >= w->kernel[i] ||
            w->pad_hi[i] >= w->kernel[i])
            return misfit(node, "a window could lie in the padding alone");
    for (int i = 0; i < w->rank; i++)
        shape->dim[1 + i] = windows(w, i, shape->dim[1 + i], w->kernel[i]);
    return s2vi_shape_count(shape) ? true : misfit(node, "no window fits");
}

static bool shape_pool(s2vi_node *node)
{
    const s2vi_window *w = &node->attr.window;
    for (int i = 0; node->op == S2VI_OP_AVGPOOL && i < w->rank; i++)
        if (w->kernel[i] <= 0 || w->kernel[i] != w->stride[i] ||
            in(node, 0)->rank <= 1 + i ||
            in(node, 0)->dim[1 + i] % w->kernel[i])
            return misfit(node, "the size is not a multiple of the window");
    return pooled(node, &node->shape);
}

static bool shape_pool_put(s2vi_node *node)
{
    s2vi_shape shape;
    if (!pooled(node, &shape))
        return false;
    node->shape = *in(node, 0);
    return s2vi_shape_equal(&shape, in(node, 1))
               ? true
               : misfit(node, "not of the pooled shape");
}

static bool shape_pool_get(s2vi_node *node)
{
    if (!s2vi_shape_equal(in(node, 0), in(node, 1)))
        return misfit(node, "shapes differ");
    return pooled(node, &node->shape);
}

static bool shape_matmul(s2vi_node *node)
{
    const s2vi_shape *a = in(node, 0), *b = in(node, 1);
    const s2vi_attr *attr = &node->attr;
    int r = a->rank;
    if (r < 2 || r > 3 || b->rank != r || (r == 3 && a->dim[0] != b->dim[0]))
        return misfit(node, "not two matrices, or as many of each");
    int64_t m = a->dim[r - 2 + attr->trans_a],
            k = a->dim[r - 1 - attr->trans_a];
    int64_t k2 = b->dim[r - 2 + attr->trans_b],
            n = b->dim[r - 1 - attr->trans_b];
    if (k != k2)
        return misfit(node, "inner dimensions differ");
    node->shape = *a;
    node->shape.dim[r - 2] = m;
    node->shape.dim[r - 1] = n;
    return true;
}

/* x (N, spatial, Cin) and w (Cout, kernel, Cin / groups) give y (N, spatial,
 * Cout). */
static bool convolved(s2vi_node *node, const s2vi_shape *x, const s2vi_shape *w,
                      s2vi_shape *y)
{
    const s2vi_window *win = &node->attr.window;
    const int64_t groups = s2vi_is_grouped(node) ? node->attr.groups : 1;
    if (!window_fits(node, x->rank) || w->rank != x->rank ||
        s2vi_shape_channels(w) * groups != s2vi_shape_channels(x))
        return misfit(node, "image and weight do not fit");
    if (w->dim[0] % groups)
        return misfit(node, "the results are no multiple of the groups");
    *y = *x;
    y->dim[x->rank - 1] = w->dim[0];
    for (int i = 0; i < win->rank; i++)
        y->dim[1 + i] = windows(win, i, x->dim[1 + i], w->dim[1 + i]);
    return s2vi_shape_count(y) ? true : misfit(node, "the kernel is too large");
}

/* A plane (T,H,W,1) and its scale, as many numbers as there are channels. */
static bool plane_fits(s2vi_node *node)
{
    const s2vi_shape *y = &node->shape, *plane = in(node, node->n_inputs - 2);
    const s2vi_shape *scale = in(node, node->n_inputs - 1);
    const int64_t c = s2vi_shape_channels(y);
    return s2vi_shape_channels(plane) == 1 &&
           s2vi_shape_count(plane) * c == s2vi_shape_count(y) &&
           s2vi_shape_count(scale) == c && s2vi_shape_channels(scale) == c;
}

/* What follows image and weight: a bias (channels), then an addend. */
static bool extras_fit(s2vi_node *node)
{
    int n = node->n_inputs - node->attr.accumulate - 2 * node->attr.plane;
    if (n < 2 || n > 3)
        return misfit(node, "not image, weight and at most a bias");
    if (n == 3 && (in(node, 2)->rank != 1 ||
                   in(node, 2)->dim[0] != s2vi_shape_channels(&node->shape)))
        return misfit(node, "the bias is not one number a channel");
    if (node->attr.accumulate && !s2vi_shape_equal(in(node, n), &node->shape))
        return misfit(node, "the addend is not of the result's shape");
    if (node->attr.plane && !plane_fits(node))
        return misfit(node, "the plane or its scale do not fit the result");
    return true;
}

static bool shape_conv(s2vi_node *node)
{
    return node->n_inputs >= 2 &&
           convolved(node, in(node, 0), in(node, 1), &node->shape) &&
           extras_fit(node);
}

static bool shape_upconv(s2vi_node *node)
{
    if (node->n_inputs < 2 || in(node, 0)->rank != 4 || in(node, 1)->rank != 4)
        return misfit(node, "not an image and a weight");
    const s2vi_shape *x = in(node, 0), *w = in(node, 1);
    if (w->dim[1] != 3 || w->dim[2] != 3 || w->dim[3] != x->dim[3])
        return misfit(node, "image and 3x3 weight do not fit");
    node->shape =
        S2VI_SHAPE(x->dim[0], 2 * x->dim[1], 2 * x->dim[2], w->dim[0]);
    return extras_fit(node);
}

static bool shape_conv_data(s2vi_node *node)
{
    s2vi_shape y;
    if (node->n_inputs < 2 || !convolved(node, &node->shape, in(node, 1), &y))
        return false;
    return s2vi_shape_equal(&y, in(node, 0))
               ? extras_fit(node)
               : misfit(node, "not the adjoint of the given shape");
}

static bool shape_conv_weight(s2vi_node *node)
{
    s2vi_shape y;
    if (!convolved(node, in(node, 0), &node->shape, &y))
        return false;
    return s2vi_shape_equal(&y, in(node, 1))
               ? true
               : misfit(node, "not the adjoint of the given shape");
}

/* `gates` must be `cell` with three times the channels. */
static bool is_gates(const s2vi_shape *gates, const s2vi_shape *cell)
{
    s2vi_shape triple = *cell;
    triple.dim[cell->rank - 1] *= 3;
    return s2vi_shape_equal(gates, &triple);
}

static bool shape_gru(s2vi_node *node)
{
    node->shape = *in(node, 2);
    return is_gates(in(node, 0), &node->shape) &&
                   is_gates(in(node, 1), &node->shape)
               ? true
               : misfit(node, "gates are not three times the cell");
}

static bool shape_gru_da(s2vi_node *node) /* a, b, h, dh' */
{
    node->shape = *in(node, 0);
    return is_gates(in(node, 0), in(node, 2)) &&
                   s2vi_shape_equal(in(node, 0), in(node, 1)) &&
                   s2vi_shape_equal(in(node, 2), in(node, 3))
               ? true
               : misfit(node, "gates are not three times the cell");
}

static bool shape_gru_db(s2vi_node *node) /* a, b, da */
{
    node->shape = *in(node, 0);
    return s2vi_shape_equal(in(node, 0), in(node, 1)) &&
                   s2vi_shape_equal(in(node, 0), in(node, 2)) &&
                   s2vi_shape_channels(in(node, 0)) % 3 == 0
               ? true
               : misfit(node, "gates differ in shape");
}

static bool shape_gru_dh(s2vi_node *node) /* a, b, dh' */
{
    node->shape = *in(node, 2);
    return is_gates(in(node, 0), in(node, 2)) &&
                   s2vi_shape_equal(in(node, 0), in(node, 1))
               ? true
               : misfit(node, "gates are not three times the cell");
}

/* x, wx, wh, bx, bh, h: both images as large as the result, one window. */
static bool shape_gru_cell(s2vi_node *node)
{
    const s2vi_shape *h = in(node, 5), *wx = in(node, 1), *wh = in(node, 2);
    s2vi_shape a, b;
    node->shape = *h;
    if (!convolved(node, in(node, 0), wx, &a) || !convolved(node, h, wh, &b))
        return false;
    for (int i = 1; i < h->rank - 1; i++)
        if (wx->dim[i] != wh->dim[i] || a.dim[i] != h->dim[i])
            return misfit(node, "kernels differ, or sizes");
    for (int i = 3; i < 5; i++)
        if (in(node, i)->rank != 1 || in(node, i)->dim[0] != wx->dim[0])
            return misfit(node, "the bias is not one number a gate");
    return is_gates(&a, h) && is_gates(&b, h)
               ? true
               : misfit(node, "gates are not three times the cell");
}

/* a (n,T,4C), w (4C,C): (n,T,2C). */
static bool shape_lstm(s2vi_node *node)
{
    const s2vi_shape *a = in(node, 0), *w = in(node, 1);
    if (a->rank != 3 || w->rank != 2 || w->dim[0] != a->dim[2] ||
        w->dim[0] != 4 * w->dim[1])
        return misfit(node, "not sequences of gates and a weight for them");
    node->shape = S2VI_SHAPE(a->dim[0], a->dim[1], 2 * w->dim[1]);
    return true;
}

static bool shape_lstm_da(s2vi_node *node) /* a, w, y, gy */
{
    if (!shape_lstm(node))
        return false;
    const s2vi_shape y = node->shape;
    node->shape = *in(node, 0);
    return s2vi_shape_equal(in(node, 2), &y) &&
                   s2vi_shape_equal(in(node, 3), &y)
               ? true
               : misfit(node, "not the result and its gradient");
}

/* x, w, wm, b, bm, images of x's size. */
static bool shape_blend(s2vi_node *node)
{
    if (node->n_inputs < 6 || in(node, 0)->rank < 3)
        return misfit(node, "not x, two weights, two biases and images");
    const s2vi_shape *x = in(node, 0);
    s2vi_shape w = {.rank = x->rank}, part = *x;
    int last = x->rank - 1;
    for (int i = 0; i <= last; i++)
        w.dim[i] = 1;
    w.dim[last] = 0;
    for (int i = 5; i < node->n_inputs; i++) {
        w.dim[last] += s2vi_shape_channels(in(node, i));
        part.dim[last] = s2vi_shape_channels(in(node, i));
        if (!s2vi_shape_equal(in(node, i), &part))
            return misfit(node, "images differ in size");
    }
    bool fits = s2vi_shape_equal(in(node, 2), &w);
    w.dim[0] = x->dim[last];
    fits = fits && s2vi_shape_equal(in(node, 1), &w) &&
           s2vi_shape_count(in(node, 3)) == x->dim[last] &&
           s2vi_shape_count(in(node, 4)) == 1;
    node->shape = *x;
    return fits ? true : misfit(node, "weights do not fit");
}

static bool shape_assign(s2vi_node *node)
{
    node->shape = *in(node, 0);
    if (node->input[0]->op != S2VI_OP_VAR)
        return misfit(node, "only a variable can be assigned to");
    return s2vi_shape_equal(in(node, 0), in(node, 1))
               ? true
               : misfit(node, "shapes differ");
}

static bool shape_adam(s2vi_node *node) /* parameter, m, v, gradient, step */
{
    node->shape = *in(node, 0);
    for (int i = 0; i < 4; i++)
        if ((i < 3 && node->input[i]->op != S2VI_OP_VAR) ||
            !s2vi_shape_equal(in(node, i), &node->shape))
            return misfit(node, "not variables and gradient of one shape");
    return s2vi_shape_count(in(node, 4)) == 1
               ? true
               : misfit(node, "the step is not one number");
}

/* ------------------------------------------------- operation counts -- */

static double count(const s2vi_shape *shape)
{
    return (double)s2vi_shape_count(shape);
}

static double flops_zero(const s2vi_node *node)
{
    (void)node;
    return 0;
}

static double flops_each(const s2vi_node *node)
{
    return count(&node->shape);
}

static double flops_random(const s2vi_node *node)
{
    return 40 * count(&node->shape); /* ten rounds and Box-Muller */
}

static double flops_sum(const s2vi_node *node)
{
    return count(in(node, 0));
}

static double flops_pool(const s2vi_node *node)
{
    double n = count(&node->shape);
    for (int i = 0; i < node->attr.window.rank; i++)
        n *= node->attr.window.kernel[i];
    return n;
}

/* Three linear interpolations an element, and six a pixel of the flow. */
static double flops_warp(const s2vi_node *node)
{
    const double n = (double)s2vi_shape_count(&node->shape);
    return 9 * n + 18 * n / (double)node->shape.dim[3];
}

/* Taps that meet a pixel: along each dimension in turn, or all at once. */
static double flops_fir(const s2vi_node *node)
{
    const s2vi_shape *taps = in(node, 1), *x = in(node, 0), *y = &node->shape;
    const s2vi_fir *f = &node->attr.fir;
    const double rows = (double)taps->dim[0] / f->up[0];
    const double columns = (double)taps->dim[taps->rank - 1] / f->up[1];
    if (taps->rank > 1)
        return 2 * count(y) * rows * columns;
    return 2 * count(y) *
           (columns + rows * (double)x->dim[2] / (double)y->dim[2]);
}

static double flops_matmul(const s2vi_node *node)
{
    int r = in(node, 0)->rank;
    return 2 * count(&node->shape) *
           (double)in(node, 0)->dim[r - 1 - node->attr.trans_a];
}

/* Each tap of the convolution (for an adjoint: of the one it belongs to). */
static double flops_conv(const s2vi_node *node)
{
    const s2vi_shape *w =
        node->op == S2VI_OP_CONV_WEIGHT ? &node->shape : in(node, 1);
    const s2vi_shape *y = node->op == S2VI_OP_CONV        ? &node->shape
                          : node->op == S2VI_OP_CONV_DATA ? in(node, 0)
                                                          : in(node, 1);
    return 2 * count(y) / (double)s2vi_shape_channels(y) * count(w);
}

static double flops_upconv(const s2vi_node *node)
{
    return 2 * count(&node->shape) * 9 *
           (double)s2vi_shape_channels(in(node, 0));
}

static double flops_gru(const s2vi_node *node)
{
    return 20 * count(&node->shape);
}

static double flops_gru_cell(const s2vi_node *node)
{
    double taps = count(in(node, 1)) + count(in(node, 2));
    double pixels =
        count(&node->shape) / (double)s2vi_shape_channels(&node->shape);
    return 2 * pixels * taps + flops_gru(node);
}

/* Either op: the hidden half's product, and the adjoint's backwards. */
static double flops_lstm(const s2vi_node *node)
{
    const double gates = count(in(node, 0));
    const double product = 2 * gates * (double)in(node, 1)->dim[1];
    return (node->op == S2VI_OP_LSTM ? 1 : 2) * product + 10 * gates;
}

static double flops_blend(const s2vi_node *node)
{
    double pixels =
        count(&node->shape) / (double)s2vi_shape_channels(&node->shape);
    return 2 * pixels * (count(in(node, 1)) + count(in(node, 2))) +
           10 * count(&node->shape);
}

static double flops_moments(const s2vi_node *node)
{
    return 4 * count(in(node, 0));
}

static double flops_chain(const s2vi_node *node)
{
    return 4 * count(&node->shape);
}

static double flops_adam(const s2vi_node *node)
{
    return 12 * count(&node->shape);
}

/* ------------------------------------------------------------- table -- */

static const s2vi_op_info table[S2VI_OP_COUNT] = {
#define S2VI_OP(id, op_name, n, op_kind, shape_rule, grad, count, tol)         \
    [S2VI_OP_##id] = {.name = #op_name,                                        \
                      .arity = n,                                              \
                      .kind = S2VI_KIND_##op_kind,                             \
                      .shape = shape_##shape_rule,                             \
                      .flops = flops_##count,                                  \
                      .tolerance = tol},
#include "graph/ops.def"
};

const s2vi_op_info *s2vi_op_get(s2vi_op op)
{
    return &table[op];
}

bool s2vi_is_grouped(const s2vi_node *node)
{
    return node->attr.groups > 1;
}

bool s2vi_is_pointwise(const s2vi_node *node)
{
    const s2vi_window *w = &node->attr.window;
    if (node->op != S2VI_OP_CONV || s2vi_is_grouped(node))
        return false;
    for (int i = 0; i < w->rank; i++)
        if (w->stride[i] != 1 || w->pad_lo[i] || w->pad_hi[i] ||
            in(node, 1)->dim[1 + i] != 1)
            return false;
    return true;
}
