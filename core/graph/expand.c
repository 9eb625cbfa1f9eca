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

/* ------------------------------------------------------------- lstm -- */

/* Column t of x's channels [from, from + c), as rows (n,c); NULL outside. */
static s2vi_node *column(s2vi_node *x, int64_t t, int64_t from, int64_t c)
{
    if (t < 0 || t >= x->shape.dim[1])
        return NULL;
    s2vi_node *part = s2vi_slice(s2vi_slice(x, 1, t, 1), 2, from, c);
    return s2vi_reshape(part, S2VI_SHAPE(x->shape.dim[0], c));
}

typedef struct lstm_values {
    s2vi_node *i, *f, *g, *o;
} lstm_values;

/* The gates at column t; h: the state before, NULL for zero. */
static lstm_values lstm_gates(s2vi_node *a, s2vi_node *w, int64_t t,
                              s2vi_node *h)
{
    const int64_t c = w->shape.dim[1];
    s2vi_node *all = column(a, t, 0, 4 * c);
    if (h)
        all = s2vi_add(all, s2vi_matmul(h, w, false, true));
    return (lstm_values){
        .i = s2vi_sigmoid(s2vi_slice(all, 1, 0, c)),
        .f = s2vi_sigmoid(s2vi_slice(all, 1, c, c)),
        .g = s2vi_tanh(s2vi_slice(all, 1, 2 * c, c)),
        .o = s2vi_sigmoid(s2vi_slice(all, 1, 3 * c, c)),
    };
}

/* T rows (n,c), which become columns, as (n,T,c). */
static s2vi_node *columns(s2vi_node **x, int64_t T)
{
    for (int64_t t = 0; t < T; t++)
        if (x[t])
            x[t] = s2vi_reshape(
                x[t], S2VI_SHAPE(x[t]->shape.dim[0], 1, x[t]->shape.dim[1]));
    return s2vi_concat(x, (int)T, 1);
}

static s2vi_node *expand_lstm(s2vi_node *node)
{
    s2vi_node *a = node->input[0], *w = node->input[1];
    const int64_t T = node->shape.dim[1];
    s2vi_node **y = s2vi_graph_alloc(node->graph, (size_t)T * sizeof(*y));
    s2vi_node *h = NULL, *c = NULL;
    for (int64_t k = 0; y && k < T; k++) {
        const int64_t t = node->attr.reverse ? T - 1 - k : k;
        lstm_values v = lstm_gates(a, w, t, h);
        s2vi_node *new = s2vi_mul(v.i, v.g);
        c = c ? s2vi_add(s2vi_mul(v.f, c), new) : new;
        h = s2vi_mul(v.o, s2vi_tanh(c));
        s2vi_node *const both[] = {h, c};
        y[t] = s2vi_concat(both, 2, 1);
    }
    return y ? columns(y, T) : NULL;
}

/* x + y, or x where there is no y. */
static s2vi_node *plus(s2vi_node *x, s2vi_node *y)
{
    return y ? s2vi_add(x, y) : x;
}

/* Inputs a, w, y and y's gradient: back from the last step's column. */
static s2vi_node *expand_lstm_da(s2vi_node *node)
{
    s2vi_node *const *in = node->input;
    const int64_t T = node->shape.dim[1], C = node->shape.dim[2] / 4;
    s2vi_node **da = s2vi_graph_alloc(node->graph, (size_t)T * sizeof(*da));
    s2vi_node *dh = NULL, *dc = NULL;
    for (int64_t k = T - 1; da && k >= 0; k--) {
        const int64_t t = node->attr.reverse ? T - 1 - k : k;
        const int64_t before = node->attr.reverse ? t + 1 : t - 1;
        s2vi_node *c0 = column(in[2], before, C, C);
        lstm_values v =
            lstm_gates(in[0], in[1], t, column(in[2], before, 0, C));
        s2vi_node *tc = s2vi_tanh(column(in[2], t, C, C));
        dh = plus(column(in[3], t, 0, C), dh);
        dc = plus(
            s2vi_add(column(in[3], t, C, C),
                     s2vi_mul(s2vi_mul(dh, v.o), one_minus(s2vi_square(tc)))),
            dc);
        s2vi_node *of_f = s2vi_mul(s2vi_mul(dc, v.f), one_minus(v.f));
        s2vi_node *const parts[] = {
            s2vi_mul(s2vi_mul(dc, v.g), s2vi_mul(v.i, one_minus(v.i))),
            c0 ? s2vi_mul(of_f, c0) : s2vi_scale(of_f, 0),
            s2vi_mul(s2vi_mul(dc, v.i), one_minus(s2vi_square(v.g))),
            s2vi_mul(s2vi_mul(dh, tc), s2vi_mul(v.o, one_minus(v.o))),
        };
        da[t] = s2vi_concat(parts, 4, 1);
        dh = s2vi_matmul(da[t], in[1], false, false);
        dc = s2vi_mul(dc, v.f);
    }
    return da ? columns(da, T) : NULL;
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
    case S2VI_OP_LSTM: return expand_lstm(node);
    case S2VI_OP_LSTM_DA: return expand_lstm_da(node);
    default: return NULL;
    }
}
