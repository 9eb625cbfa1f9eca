/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Composite ops out of plain ones: what they mean, and how they derive. */
#include "graph/gradient.h"

#include "graph/build.h"

static s2vi_node *expand_moments(s2vi_node *node)
{
    s2vi_node *x = node->input[0], *mean = s2vi_mean(x, node->attr.axes);
    s2vi_node *var = s2vi_mean(s2vi_square(s2vi_sub(x, mean)), node->attr.axes);
    s2vi_node *const both[] = {mean,
                               s2vi_rsqrt(s2vi_affine(var, 1, node->attr.eps))};
    return s2vi_concat(both, 2, 0);
}

/* Third `i` of the channels: 0, 1, 2 for the gates r, z, n. */
static s2vi_node *gate(s2vi_node *gates, int i)
{
    int axis = gates->shape.rank - 1;
    int64_t c = gates->shape.dim[axis] / 3;
    return s2vi_slice(gates, axis, i * c, c);
}

typedef struct gru_values {
    s2vi_node *r, *z, *n, *b_n;
} gru_values;

static gru_values gru_forward(s2vi_node *a, s2vi_node *b)
{
    gru_values v = {
        .r = s2vi_sigmoid(s2vi_add(gate(a, 0), gate(b, 0))),
        .z = s2vi_sigmoid(s2vi_add(gate(a, 1), gate(b, 1))),
        .b_n = gate(b, 2),
    };
    v.n = s2vi_tanh(s2vi_add(gate(a, 2), s2vi_mul(v.r, v.b_n)));
    return v;
}

static s2vi_node *one_minus(s2vi_node *x)
{
    return s2vi_affine(x, -1, 1);
}

static s2vi_node *expand_gru(s2vi_node *node)
{
    s2vi_node *h = node->input[2];
    gru_values v = gru_forward(node->input[0], node->input[1]);
    return s2vi_add(s2vi_mul(one_minus(v.z), v.n), s2vi_mul(v.z, h));
}

static s2vi_node *expand_gru_cell(s2vi_node *node)
{
    s2vi_node *const *in = node->input;
    const s2vi_window *win = &node->attr.window;
    return s2vi_gru(s2vi_conv(in[0], in[1], in[3], win),
                    s2vi_conv(in[5], in[2], in[4], win), in[5]);
}

static s2vi_node *expand_upconv(s2vi_node *node)
{
    s2vi_node *const *in = node->input;
    const s2vi_window near = {
        .rank = 2, .stride = {1, 1}, .pad_lo = {1, 1}, .pad_hi = {1, 1}};
    return s2vi_conv(s2vi_upsample(in[0], (const int[]){2, 2}), in[1],
                     node->n_inputs > 2 ? in[2] : NULL, &near);
}

static s2vi_node *expand_gru_da(s2vi_node *node)
{
    s2vi_node *h = node->input[2], *dy = node->input[3];
    gru_values v = gru_forward(node->input[0], node->input[1]);
    s2vi_node *dn =
        s2vi_mul(s2vi_mul(dy, one_minus(v.z)), one_minus(s2vi_square(v.n)));
    s2vi_node *dz =
        s2vi_mul(s2vi_mul(dy, s2vi_sub(h, v.n)), s2vi_mul(v.z, one_minus(v.z)));
    s2vi_node *dr =
        s2vi_mul(s2vi_mul(dn, v.b_n), s2vi_mul(v.r, one_minus(v.r)));
    s2vi_node *const parts[] = {dr, dz, dn};
    return s2vi_concat(parts, 3, node->shape.rank - 1);
}

static s2vi_node *expand_gru_db(s2vi_node *node)
{
    s2vi_node *da = node->input[2];
    gru_values v = gru_forward(node->input[0], node->input[1]);
    s2vi_node *const parts[] = {gate(da, 0), gate(da, 1),
                                s2vi_mul(gate(da, 2), v.r)};
    return s2vi_concat(parts, 3, node->shape.rank - 1);
}

static s2vi_node *expand_gru_dh(s2vi_node *node)
{
    gru_values v = gru_forward(node->input[0], node->input[1]);
    return s2vi_mul(node->input[2], v.z);
}

static s2vi_node *expand_norm(s2vi_node *node)
{
    s2vi_node *const *in = node->input;
    s2vi_node *xhat = s2vi_mul(s2vi_sub(in[0], in[1]), in[2]);
    return s2vi_add(s2vi_mul(xhat, in[3]), in[4]);
}

static s2vi_node *expand_blend(s2vi_node *node)
{
    s2vi_node *const *in = node->input;
    int last = node->shape.rank - 1;
    s2vi_window one = {.rank = last - 1, .stride = {1, 1, 1}};
    s2vi_node *all = s2vi_concat(in + 5, node->n_inputs - 5, last);
    s2vi_node *xp = s2vi_conv(all, in[1], in[3], &one);
    s2vi_node *m = s2vi_sigmoid(s2vi_conv(all, in[2], in[4], &one));
    return s2vi_add(xp, s2vi_mul(m, s2vi_sub(in[0], xp)));
}

s2vi_node *s2vi_expand(s2vi_node *node)
{
    switch (node->op) {
    case S2VI_OP_MOMENTS: return expand_moments(node);
    case S2VI_OP_NORM: return expand_norm(node);
    case S2VI_OP_GRU: return expand_gru(node);
    case S2VI_OP_BLEND: return expand_blend(node);
    case S2VI_OP_GRU_CELL: return expand_gru_cell(node);
    case S2VI_OP_UPCONV: return expand_upconv(node);
    case S2VI_OP_GRU_DA: return expand_gru_da(node);
    case S2VI_OP_GRU_DB: return expand_gru_db(node);
    case S2VI_OP_GRU_DH: return expand_gru_dh(node);
    default: return NULL;
    }
}
