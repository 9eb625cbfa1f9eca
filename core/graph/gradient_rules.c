/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gradient of each op, out of the same ops (ops.def names the rules). */
#include "graph/gradient.h"

#include "graph/build.h"

typedef s2vi_backward_pass pass_t;

static bool wanted(const pass_t *pass, const s2vi_node *node, int i)
{
    return s2vi_gradient_wanted(pass, node->input[i]);
}

/* Flow to input i, summed over the dimensions it was broadcast along. */
static void flow(pass_t *pass, s2vi_node *node, int i, s2vi_node *g)
{
    s2vi_gradient_flow(pass, node->input[i],
                       s2vi_sum_to(g, &node->input[i]->shape));
}

static void grad_none(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    (void)pass, (void)node, (void)gy;
}

/* ------------------------------------------------------ element-wise -- */

static void grad_affine(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, s2vi_scale(gy, node->attr.scale));
}

static void grad_abs(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, s2vi_mul(gy, s2vi_sign(node->input[0])));
}

static void grad_square(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, s2vi_mul(gy, s2vi_scale(node->input[0], 2)));
}

static void grad_sqrt(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *half = s2vi_scale(s2vi_recip(node), 0.5);
    flow(pass, node, 0, s2vi_mul(gy, half));
}

static void grad_rsqrt(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *cube = s2vi_mul(node, s2vi_square(node));
    flow(pass, node, 0, s2vi_mul(gy, s2vi_scale(cube, -0.5)));
}

static void grad_recip(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, s2vi_mul(gy, s2vi_scale(s2vi_square(node), -1)));
}

static void grad_exp(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, s2vi_mul(gy, node));
}

static void grad_log(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, s2vi_mul(gy, s2vi_recip(node->input[0])));
}

static void grad_tanh(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *slope = s2vi_affine(s2vi_square(node), -1, 1);
    flow(pass, node, 0, s2vi_mul(gy, slope));
}

/* The cosine is the sine a quarter of a turn on. */
static void grad_sin(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    const double quarter = 1.57079632679489661923;
    s2vi_node *cosine = s2vi_sin(s2vi_affine(node->input[0], 1, quarter));
    flow(pass, node, 0, s2vi_mul(gy, cosine));
}

static void grad_sigmoid(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *slope = s2vi_mul(node, s2vi_affine(node, -1, 1));
    flow(pass, node, 0, s2vi_mul(gy, slope));
}

/* The result has its operand's sign, so that the operand need not be kept:
 * only then can an activation be fused into what makes its operand. */
static void grad_lrelu(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *sign = node->attr.slope >= 0 ? node : node->input[0];
    flow(pass, node, 0, s2vi_mul(gy, s2vi_step(sign, node->attr.slope)));
}

static void grad_add(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, gy);
    flow(pass, node, 1, gy);
}

static void grad_sub(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, gy);
    if (wanted(pass, node, 1))
        flow(pass, node, 1, s2vi_scale(gy, -1));
}

static void grad_mul(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    for (int i = 0; i < 2; i++)
        if (wanted(pass, node, i))
            flow(pass, node, i, s2vi_mul(gy, node->input[1 - i]));
}

static void grad_max(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *a = s2vi_step(s2vi_sub(node->input[0], node->input[1]), 0);
    flow(pass, node, 0, s2vi_mul(gy, a));
    flow(pass, node, 1, s2vi_mul(gy, s2vi_affine(a, -1, 1)));
}

/* (x - mean) rstd. Recorded anew for each use: cheaper than keeping it. */
static s2vi_node *normalised(s2vi_node *norm)
{
    s2vi_node *const *in = norm->input;
    return s2vi_mul(s2vi_sub(in[0], in[1]), in[2]);
}

/*
 * The total gradient in x, through its moments as well (Ioffe and Szegedy
 * 2015, sec. 3): with sums over the moments' axes of n elements,
 *   gx = rstd gamma (gy - sum(gy)/n - xhat sum(gy xhat)/n).
 */
static void grad_norm(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *mean = node->input[1], *rstd = node->input[2];
    double n = (double)s2vi_shape_count(&node->shape) /
               (double)s2vi_shape_count(&mean->shape);
    s2vi_node *sum_g = s2vi_sum_to(gy, &mean->shape);
    s2vi_node *sum_gx =
        s2vi_sum_to(s2vi_mul(gy, normalised(node)), &mean->shape);
    flow(pass, node, 3, sum_gx);
    flow(pass, node, 4, sum_g);
    if (!wanted(pass, node, 0))
        return;
    s2vi_node *across = s2vi_mul(normalised(node), s2vi_scale(sum_gx, 1 / n));
    s2vi_node *centred = s2vi_sub(gy, s2vi_scale(sum_g, 1 / n));
    flow(pass, node, 0,
         s2vi_mul(s2vi_sub(centred, across), s2vi_mul(rstd, node->input[3])));
}

/* ------------------------------------------------------- moving data -- */

static void grad_reshape(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, s2vi_reshape(gy, node->input[0]->shape));
}

static void grad_pad(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    int64_t lo[S2VI_MAX_RANK], hi[S2VI_MAX_RANK];
    for (int i = 0; i < node->shape.rank; i++) {
        lo[i] = -node->attr.lo[i];
        hi[i] = -node->attr.hi[i];
    }
    flow(pass, node, 0, s2vi_pad(gy, lo, hi));
}

static void grad_concat(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    int axis = node->attr.axis;
    int64_t from = 0;
    for (int i = 0; i < node->n_inputs; i++) {
        int64_t extent = node->input[i]->shape.dim[axis];
        if (wanted(pass, node, i))
            flow(pass, node, i, s2vi_slice(gy, axis, from, extent));
        from += extent;
    }
}

static void grad_permute(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    int inverse[S2VI_MAX_RANK];
    for (int i = 0; i < node->shape.rank; i++)
        inverse[node->attr.perm[i]] = i;
    flow(pass, node, 0, s2vi_permute(gy, inverse));
}

static void grad_broadcast(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, gy);
}

static void grad_gather(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *x = node->input[0];
    flow(pass, node, 0, s2vi_scatter(gy, node->input[1], x->shape.dim[0]));
}

static void grad_scatter(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, s2vi_gather(gy, node->input[1]));
}

/* up and down change places, and the taps are turned round; as many zeros that
 * each pixel meets the taps it has met (StyleGAN's upfirdn2d). */
static void grad_fir(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    const s2vi_node *x = node->input[0];
    const s2vi_shape *taps = &node->input[1]->shape;
    const s2vi_fir *f = &node->attr.fir;
    s2vi_fir back = {.gain = f->gain, .correlate = !f->correlate};
    for (int i = 0; i < 2; i++) {
        const int n = (int)taps->dim[taps->rank > 1 ? i : 0];
        const int in = (int)x->shape.dim[1 + i];
        const int out = (int)node->shape.dim[1 + i];
        back.up[i] = f->down[i];
        back.down[i] = f->up[i];
        back.lo[i] = n - 1 - f->lo[i];
        back.hi[i] = in * f->up[i] - out * f->down[i] + f->lo[i] - f->up[i] + 1;
    }
    flow(pass, node, 0, s2vi_fir_filter(gy, node->input[1], &back));
}

static double window_size(const s2vi_window *w, const int side[])
{
    double n = 1;
    for (int i = 0; i < w->rank; i++)
        n *= side[i];
    return n;
}

static void grad_upsample(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    const s2vi_window *w = &node->attr.window;
    flow(pass, node, 0,
         s2vi_scale(s2vi_avgpool(gy, w->stride), window_size(w, w->stride)));
}

/* -------------------------------------------------------- summing up -- */

static void grad_sum(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0, s2vi_broadcast(gy, node->input[0]->shape));
}

static void grad_avgpool(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    const s2vi_window *w = &node->attr.window;
    s2vi_node *share = s2vi_scale(gy, 1 / window_size(w, w->kernel));
    flow(pass, node, 0, s2vi_upsample(share, w->stride));
}

static s2vi_node *max_pool_with(s2vi_op op, const s2vi_node *node, s2vi_node *x,
                                s2vi_node *g)
{
    s2vi_node *const in[] = {x, g};
    s2vi_attr attr = {.window = node->attr.window};
    return g ? s2vi_node_create(x->graph, op, in, 2, &attr, NULL) : NULL;
}

static void grad_maxpool(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 0,
         max_pool_with(S2VI_OP_MAXPOOL_PUT, node, node->input[0], gy));
}

static void grad_maxpool_put(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 1,
         max_pool_with(S2VI_OP_MAXPOOL_GET, node, node->input[0], gy));
}

static void grad_maxpool_get(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    flow(pass, node, 1,
         max_pool_with(S2VI_OP_MAXPOOL_PUT, node, node->input[0], gy));
}

/* ---------------------------------------------------------- products -- */

static void grad_matmul(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *a = node->input[0], *b = node->input[1];
    bool ta = node->attr.trans_a, tb = node->attr.trans_b;
    if (wanted(pass, node, 0))
        flow(pass, node, 0,
             ta ? s2vi_matmul(b, gy, tb, true)
                : s2vi_matmul(gy, b, false, !tb));
    if (wanted(pass, node, 1))
        flow(pass, node, 1,
             tb ? s2vi_matmul(gy, a, true, ta)
                : s2vi_matmul(a, gy, !ta, false));
}

static void grad_bias(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    if (node->n_inputs < 3 || !wanted(pass, node, 2))
        return;
    uint32_t outer = (1u << (node->shape.rank - 1)) - 1;
    s2vi_gradient_flow(
        pass, node->input[2],
        s2vi_reshape(s2vi_sum(gy, outer), node->input[2]->shape));
}

/* To an image of several, side by side in the channels, directly: else all
 * would be computed into one array and cut apart again. */
static void flow_to_parts(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *all = node->input[0], *w = node->input[1];
    int last = w->shape.rank - 1;
    int64_t from = 0;
    for (int i = 0; i < all->n_inputs; i++) {
        s2vi_node *x = all->input[i];
        int64_t c = s2vi_shape_channels(&x->shape);
        if (wanted(pass, all, i))
            s2vi_gradient_flow(pass, x,
                               s2vi_conv_data(gy, s2vi_slice(w, last, from, c),
                                              &node->attr.window, x->shape));
        from += c;
    }
}

static bool is_side_by_side(const pass_t *pass, const s2vi_node *x)
{
    return x->op == S2VI_OP_CONCAT && x->attr.axis == x->shape.rank - 1 &&
           s2vi_gradient_propagates(pass, x);
}

static void grad_conv(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *x = node->input[0], *w = node->input[1];
    const s2vi_window *win = &node->attr.window;
    const int groups = node->attr.groups;
    if (is_side_by_side(pass, x) && !s2vi_is_grouped(node))
        flow_to_parts(pass, node, gy);
    else if (wanted(pass, node, 0))
        flow(pass, node, 0,
             s2vi_conv_data_grouped(gy, w, win, groups, x->shape));
    if (wanted(pass, node, 1))
        flow(pass, node, 1,
             s2vi_conv_weight_grouped(x, gy, win, groups, w->shape));
    grad_bias(pass, node, gy);
}

/* x = adjoint(y, w): its own adjoint in y is the convolution itself. */
static void grad_conv_data(pass_t *pass, s2vi_node *node, s2vi_node *gx)
{
    s2vi_node *y = node->input[0], *w = node->input[1];
    const s2vi_window *win = &node->attr.window;
    const int groups = node->attr.groups;
    if (wanted(pass, node, 0))
        flow(pass, node, 0, s2vi_conv_grouped(gx, w, NULL, win, groups));
    if (wanted(pass, node, 1))
        flow(pass, node, 1,
             s2vi_conv_weight_grouped(gx, y, win, groups, w->shape));
    grad_bias(pass, node, gx);
}

static void grad_conv_weight(pass_t *pass, s2vi_node *node, s2vi_node *gw)
{
    s2vi_node *x = node->input[0], *y = node->input[1];
    const s2vi_window *win = &node->attr.window;
    const int groups = node->attr.groups;
    if (wanted(pass, node, 0))
        flow(pass, node, 0,
             s2vi_conv_data_grouped(y, gw, win, groups, x->shape));
    if (wanted(pass, node, 1))
        flow(pass, node, 1, s2vi_conv_grouped(x, gw, NULL, win, groups));
}

/* -------------------------------------------------------- composites -- */

static s2vi_node *gru_adjoint(s2vi_op op, s2vi_node *const *in, int n)
{
    for (int i = 0; i < n; i++)
        if (!in[i])
            return NULL;
    return s2vi_node_create(in[0]->graph, op, in, n, NULL, NULL);
}

static void grad_gru(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *a = node->input[0], *b = node->input[1], *h = node->input[2];
    s2vi_node *const for_da[] = {a, b, h, gy};
    s2vi_node *da = gru_adjoint(S2VI_OP_GRU_DA, for_da, 4);
    flow(pass, node, 0, da);
    if (wanted(pass, node, 1)) {
        s2vi_node *const for_db[] = {a, b, da};
        flow(pass, node, 1, gru_adjoint(S2VI_OP_GRU_DB, for_db, 3));
    }
    if (wanted(pass, node, 2)) {
        s2vi_node *const for_dh[] = {a, b, gy};
        flow(pass, node, 2, gru_adjoint(S2VI_OP_GRU_DH, for_dh, 3));
    }
}

/* h_{t-1} of each column as rows, (nT,C): zero before the first. */
static s2vi_node *hidden_before(s2vi_node *lstm)
{
    const bool reverse = lstm->attr.reverse;
    const int64_t C = lstm->shape.dim[2] / 2;
    s2vi_node *h = s2vi_pad(lstm, (const int64_t[]){0, reverse ? -1 : 1, 0},
                            (const int64_t[]){0, reverse ? 1 : -1, -C});
    return s2vi_reshape(h,
                        S2VI_SHAPE(lstm->shape.dim[0] * lstm->shape.dim[1], C));
}

static void grad_lstm(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *const in[] = {node->input[0], node->input[1], node, gy};
    s2vi_node *da =
        gy ? s2vi_node_create(node->graph, S2VI_OP_LSTM_DA, in, 4,
                              &(s2vi_attr){.reverse = node->attr.reverse}, NULL)
           : NULL;
    flow(pass, node, 0, da);
    if (!da || !wanted(pass, node, 1))
        return;
    s2vi_node *h = hidden_before(node);
    s2vi_node *rows =
        h ? s2vi_reshape(da, S2VI_SHAPE(h->shape.dim[0], da->shape.dim[2]))
          : NULL;
    flow(pass, node, 1, s2vi_matmul(rows, h, true, false));
}

/* True if input i is an earlier input again. */
static bool is_repeated(const s2vi_node *node, int i)
{
    for (int j = 0; j < i; j++)
        if (node->input[j] == node->input[i])
            return true;
    return false;
}

/*
 * Through the plain ops that the composite stands for, and no farther: where
 * an input depends on another, this pass goes on from there by itself.
 */
static void grad_expand(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    s2vi_node *gx[S2VI_MAX_INPUTS];
    int first = s2vi_graph_count(node->graph);
    s2vi_node *plain = s2vi_expand(node);
    if (!plain || s2vi_gradients_since(first, plain, gy, node->input,
                                       node->n_inputs, gx) < 0)
        return;
    for (int i = 0; i < node->n_inputs; i++)
        if (!is_repeated(node, i))
            flow(pass, node, i, gx[i]);
}

/* ------------------------------------------------------------- table -- */

void s2vi_gradient_rule(pass_t *pass, s2vi_node *node, s2vi_node *gy)
{
    static void (*const rule[S2VI_OP_COUNT])(pass_t *, s2vi_node *,
                                             s2vi_node *) = {
#define S2VI_OP(id, name, arity, kind, shape, grad, flops, tol)                \
    [S2VI_OP_##id] = grad_##grad,
#include "graph/ops.def"
    };
    rule[node->op](pass, node, gy);
}
