/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recording: what shapes ops give, which mistakes are found and in what
 * words, and what becomes of NULL.
 */
#include "../check.h"
#include "graph/build.h"
#include "graph/chain.h"
#include "graph/gradient.h"

#include <stdio.h>
#include <string.h>

#define SHAPE S2VI_SHAPE

/* ---------------------------------------------------------- mistakes -- */

static s2vi_node *in(s2vi_graph *g, s2vi_shape shape)
{
    return s2vi_input(g, "x", shape);
}

static s2vi_node *var(s2vi_graph *g, s2vi_shape shape)
{
    return s2vi_var(g, S2VI_VAR_PARAM, "v", shape);
}

static s2vi_node *bad_empty(s2vi_graph *g)
{
    return in(g, SHAPE(2, 0));
}

static s2vi_node *bad_huge(s2vi_graph *g)
{
    return in(g, SHAPE(INT64_C(1) << 40, INT64_C(1) << 40));
}

static s2vi_node *bad_no_shape(s2vi_graph *g)
{
    return s2vi_node_create(g, S2VI_OP_FILL, NULL, 0, NULL, NULL);
}

static s2vi_node *bad_arity(s2vi_graph *g)
{
    s2vi_node *x = in(g, SHAPE(2));
    return s2vi_node_create(g, S2VI_OP_ADD, &x, 1, NULL, NULL);
}

static s2vi_node *bad_missing(s2vi_graph *g)
{
    s2vi_node *const x[] = {in(g, SHAPE(2)), NULL};
    return s2vi_node_create(g, S2VI_OP_ADD, x, 2, NULL, NULL);
}

static s2vi_node *bad_add_ranks(s2vi_graph *g)
{
    return s2vi_add(in(g, SHAPE(2, 3)), in(g, SHAPE(3)));
}

static s2vi_node *bad_add_sizes(s2vi_graph *g)
{
    return s2vi_add(in(g, SHAPE(2, 3)), in(g, SHAPE(2, 4)));
}

static s2vi_node *bad_norm(s2vi_graph *g)
{
    s2vi_node *c = in(g, SHAPE(1, 3));
    return s2vi_norm(in(g, SHAPE(2, 3)), &(s2vi_moments){c, c}, in(g, SHAPE(3)),
                     c);
}

static s2vi_node *bad_reshape(s2vi_graph *g)
{
    return s2vi_reshape(in(g, SHAPE(2, 3)), SHAPE(5));
}

static s2vi_node *bad_pad(s2vi_graph *g)
{
    return s2vi_pad(in(g, SHAPE(2)), (const int64_t[]){-1},
                    (const int64_t[]){-1});
}

static s2vi_node *bad_slice_end(s2vi_graph *g)
{
    return s2vi_slice(in(g, SHAPE(4, 2)), 0, 2, 3);
}

static s2vi_node *bad_slice_axis(s2vi_graph *g)
{
    return s2vi_slice(in(g, SHAPE(4, 2)), 2, 0, 1);
}

static s2vi_node *bad_concat_axis(s2vi_graph *g)
{
    s2vi_node *const x[] = {in(g, SHAPE(2)), in(g, SHAPE(2))};
    return s2vi_concat(x, 2, 1);
}

static s2vi_node *bad_concat_sizes(s2vi_graph *g)
{
    s2vi_node *const x[] = {in(g, SHAPE(2, 3)), in(g, SHAPE(2, 4))};
    return s2vi_concat(x, 2, 0);
}

static s2vi_node *bad_permute(s2vi_graph *g)
{
    return s2vi_permute(in(g, SHAPE(2, 3)), (const int[]){1, 1});
}

static s2vi_node *bad_broadcast(s2vi_graph *g)
{
    return s2vi_broadcast(in(g, SHAPE(2, 3)), SHAPE(4, 3));
}

static s2vi_node *bad_gather(s2vi_graph *g)
{
    return s2vi_gather(in(g, SHAPE(2, 3)), in(g, SHAPE(2, 1)));
}

static s2vi_node *bad_scatter(s2vi_graph *g)
{
    return s2vi_scatter(in(g, SHAPE(2, 3)), in(g, SHAPE(3)), 5);
}

static s2vi_node *bad_upsample(s2vi_graph *g)
{
    return s2vi_upsample(in(g, SHAPE(1, 2, 3)), (const int[]){0});
}

static s2vi_node *bad_moments(s2vi_graph *g)
{
    return s2vi_moments_of(in(g, SHAPE(2, 3, 4, 5, 6)), 21, 0).mean;
}

static s2vi_node *bad_avgpool(s2vi_graph *g)
{
    return s2vi_avgpool(in(g, SHAPE(1, 5, 1)), (const int[]){2});
}

static s2vi_node *bad_maxpool_rank(s2vi_graph *g)
{
    const s2vi_window w = {.rank = 2, .kernel = {2, 2}, .stride = {1, 1}};
    return s2vi_maxpool(in(g, SHAPE(1, 5, 1)), &w);
}

static s2vi_node *bad_maxpool_size(s2vi_graph *g)
{
    const s2vi_window w = {.rank = 1, .kernel = {6}, .stride = {1}};
    return s2vi_maxpool(in(g, SHAPE(1, 5, 1)), &w);
}

static s2vi_node *bad_maxpool_put(s2vi_graph *g)
{
    s2vi_node *const x[] = {in(g, SHAPE(1, 5, 1)), in(g, SHAPE(1, 5, 1))};
    s2vi_attr attr = {.window = {.rank = 1, .kernel = {2}, .stride = {1}}};
    return s2vi_node_create(g, S2VI_OP_MAXPOOL_PUT, x, 2, &attr, NULL);
}

static s2vi_node *bad_maxpool_get(s2vi_graph *g)
{
    s2vi_node *const x[] = {in(g, SHAPE(1, 5, 1)), in(g, SHAPE(1, 4, 1))};
    s2vi_attr attr = {.window = {.rank = 1, .kernel = {2}, .stride = {1}}};
    return s2vi_node_create(g, S2VI_OP_MAXPOOL_GET, x, 2, &attr, NULL);
}

static s2vi_node *bad_matmul_inner(s2vi_graph *g)
{
    return s2vi_matmul(in(g, SHAPE(2, 3)), in(g, SHAPE(2, 3)), false, false);
}

static s2vi_node *bad_matmul_batch(s2vi_graph *g)
{
    return s2vi_matmul(in(g, SHAPE(2, 3, 3)), in(g, SHAPE(1, 3, 3)), false,
                       false);
}

static const s2vi_window plain = {.rank = 2, .stride = {1, 1}};

static s2vi_node *bad_conv_channels(s2vi_graph *g)
{
    return s2vi_conv(in(g, SHAPE(1, 4, 4, 3)), in(g, SHAPE(8, 3, 3, 2)), NULL,
                     &plain);
}

static s2vi_node *bad_conv_kernel(s2vi_graph *g)
{
    return s2vi_conv(in(g, SHAPE(1, 4, 4, 3)), in(g, SHAPE(8, 5, 5, 3)), NULL,
                     &plain);
}

/* Six channels, of which a group has four. */
static s2vi_node *bad_conv_group_channels(s2vi_graph *g)
{
    return s2vi_conv_grouped(in(g, SHAPE(1, 4, 4, 6)), in(g, SHAPE(8, 3, 3, 4)),
                             NULL, &plain, 2);
}

static s2vi_node *bad_conv_groups(s2vi_graph *g)
{
    return s2vi_conv_grouped(in(g, SHAPE(1, 4, 4, 6)), in(g, SHAPE(8, 3, 3, 2)),
                             NULL, &plain, 3);
}

static s2vi_node *bad_conv_rank(s2vi_graph *g)
{
    return s2vi_conv(in(g, SHAPE(4, 4, 3)), in(g, SHAPE(8, 3, 3)), NULL,
                     &plain);
}

static s2vi_node *bad_conv_stride(s2vi_graph *g)
{
    const s2vi_window w = {.rank = 2, .stride = {1, 0}};
    return s2vi_conv(in(g, SHAPE(1, 4, 4, 3)), in(g, SHAPE(8, 3, 3, 3)), NULL,
                     &w);
}

static s2vi_node *bad_conv_bias(s2vi_graph *g)
{
    return s2vi_conv(in(g, SHAPE(1, 4, 4, 3)), in(g, SHAPE(8, 3, 3, 3)),
                     in(g, SHAPE(3)), &plain);
}

static s2vi_node *bad_conv_addend(s2vi_graph *g)
{
    s2vi_node *const x[] = {in(g, SHAPE(1, 4, 4, 3)), in(g, SHAPE(8, 3, 3, 3)),
                            in(g, SHAPE(1, 4, 4, 8))};
    s2vi_attr attr = {.window = plain, .accumulate = true};
    return s2vi_node_create(g, S2VI_OP_CONV, x, 3, &attr, NULL);
}

static s2vi_node *bad_conv_data(s2vi_graph *g)
{
    return s2vi_conv_data(in(g, SHAPE(1, 2, 2, 8)), in(g, SHAPE(8, 3, 3, 3)),
                          &plain, SHAPE(1, 5, 4, 3));
}

static s2vi_node *bad_conv_weight(s2vi_graph *g)
{
    return s2vi_conv_weight(in(g, SHAPE(1, 4, 4, 3)), in(g, SHAPE(1, 2, 2, 8)),
                            &plain, SHAPE(8, 2, 3, 3));
}

static s2vi_node *bad_gru(s2vi_graph *g)
{
    s2vi_node *a = in(g, SHAPE(2, 6));
    return s2vi_gru(a, a, in(g, SHAPE(2, 3)));
}

static s2vi_node *bad_gru_db(s2vi_graph *g)
{
    s2vi_node *a = in(g, SHAPE(2, 4)), *const x[] = {a, a, a};
    return s2vi_node_create(g, S2VI_OP_GRU_DB, x, 3, NULL, NULL);
}

static s2vi_node *bad_lstm(s2vi_graph *g)
{
    return s2vi_lstm(in(g, SHAPE(1, 5, 8)), in(g, SHAPE(8, 3)), false);
}

static s2vi_node *bad_lstm_da(s2vi_graph *g)
{
    s2vi_node *y = in(g, SHAPE(1, 5, 2));
    s2vi_node *const x[] = {in(g, SHAPE(1, 5, 8)), in(g, SHAPE(8, 2)), y, y};
    return s2vi_node_create(g, S2VI_OP_LSTM_DA, x, 4, NULL, NULL);
}

static s2vi_node *bad_assign_input(s2vi_graph *g)
{
    return s2vi_assign(in(g, SHAPE(2)), in(g, SHAPE(2)));
}

static s2vi_node *bad_assign_shape(s2vi_graph *g)
{
    return s2vi_assign(var(g, SHAPE(2)), in(g, SHAPE(3)));
}

static s2vi_node *bad_adam_gradient(s2vi_graph *g)
{
    s2vi_node *v = var(g, SHAPE(2));
    return s2vi_adam(v, v, v, in(g, SHAPE(3)), in(g, SHAPE(1)), 0, 0, 0, 0);
}

static s2vi_node *bad_adam_step(s2vi_graph *g)
{
    s2vi_node *v = var(g, SHAPE(2));
    return s2vi_adam(v, v, v, in(g, SHAPE(2)), in(g, SHAPE(2)), 0, 0, 0, 0);
}

/* A recording, and words of the sentence that must come of it. */
static const struct {
    const char *name, *words;
    s2vi_node *(*record)(s2vi_graph *g);
} mistakes[] = {
#define BAD(name, words)                                                       \
    {                                                                          \
#name, words, bad_##name                                               \
    }
    BAD(empty, "no elements"),
    BAD(huge, "no elements"),
    BAD(no_shape, "fill: no shape given"),
    BAD(arity, "add: 1 operands, expected 2"),
    BAD(missing, "operand 1 is missing"),
    BAD(add_ranks, "add: ranks differ (operands (2,3), (3))"),
    BAD(add_sizes, "do not broadcast (operands (2,3), (2,4))"),
    BAD(norm, "norm: affine differs within what is normed"),
    BAD(reshape, "reshape: another number of elements"),
    BAD(pad, "pad: nothing is left"),
    BAD(slice_end, "slice: [2, +3) of axis 0 is outside"),
    BAD(slice_axis, "of axis 2 is outside"),
    BAD(concat_axis, "concat: no such axis"),
    BAD(concat_sizes, "concat: shapes differ off the axis"),
    BAD(permute, "permute: not a permutation"),
    BAD(broadcast, "broadcast: shapes do not fit"),
    BAD(gather, "gather: the index is not of rank 1"),
    BAD(scatter, "scatter_add: not one index a row"),
    BAD(upsample, "upsample: the result has no elements"),
    BAD(moments, "moments: neither neighbouring axes nor the last besides"),
    BAD(avgpool, "avg_pool: the size is not a multiple of the window"),
    BAD(maxpool_rank, "max_pool: not (N, spatial, C)"),
    BAD(maxpool_size, "max_pool: no window fits"),
    BAD(maxpool_put, "max_pool_put: not of the pooled shape"),
    BAD(maxpool_get, "max_pool_get: shapes differ"),
    BAD(matmul_inner, "matmul: inner dimensions differ"),
    BAD(matmul_batch, "matmul: not two matrices"),
    BAD(conv_channels, "conv: image and weight do not fit"),
    BAD(conv_kernel, "conv: the kernel is too large"),
    BAD(conv_group_channels, "conv: image and weight do not fit"),
    BAD(conv_groups, "conv: the results are no multiple of the groups"),
    BAD(conv_rank, "conv: not (N, spatial, C) for the window's rank"),
    BAD(conv_stride, "conv: the kernel is too large"),
    BAD(conv_bias, "conv: the bias is not one number a channel"),
    BAD(conv_addend, "conv: the addend is not of the result's shape"),
    BAD(conv_data, "conv_data: not the adjoint of the given shape"),
    BAD(conv_weight, "conv_weight: not the adjoint of the given shape"),
    BAD(gru, "gru: gates are not three times the cell"),
    BAD(gru_db, "gru_db: gates differ in shape"),
    BAD(lstm, "lstm: not sequences of gates and a weight for them"),
    BAD(lstm_da, "lstm_da: not the result and its gradient"),
    BAD(assign_input, "assign: only a variable can be assigned to"),
    BAD(assign_shape, "assign: shapes differ"),
    BAD(adam_gradient, "adam: not variables and gradient of one shape"),
    BAD(adam_step, "adam: the step is not one number"),
#undef BAD
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        s2vi_graph *g = s2vi_graph_create();
        s2v_error err = {.message = "no mistake"}, again;
        const char *name = mistakes[i].name;
        check_named(!mistakes[i].record(g), name, "was recorded");
        int status = s2vi_graph_status(g, &err);
        check_named(status == S2V_ERR_INTERNAL, name, "not an internal error");
        check_named(strstr(err.message, mistakes[i].words), name, err.message);
        /* From the first mistake on nothing is recorded, and it stays. */
        check_named(!in(g, SHAPE(1)), name, "recorded after a mistake");
        bad_permute(g);
        s2vi_graph_status(g, &again);
        check_named(!strcmp(err.message, again.message), name, again.message);
        s2vi_graph_close(&g);
        check_named(!g, name, "closing leaves the pointer");
    }
}

static void test_other_graph(void)
{
    s2vi_graph *g = s2vi_graph_create(), *other = s2vi_graph_create();
    s2v_error err = {.message = ""};
    check_named(!s2vi_add(in(g, SHAPE(1)), in(other, SHAPE(1))), "other graph",
                "was recorded");
    s2vi_graph_status(g, &err);
    check_named(strstr(err.message, "operand 1 is of another graph"),
                "other graph", err.message);
    check_named(s2vi_graph_status(other, NULL) == S2V_OK, "other graph",
                "the mistake went to the other");
    check_named(s2vi_graph_status(NULL, &err) == S2V_ERR_NOMEM, "no graph",
                "has no status");
    s2vi_graph_close(&g);
    s2vi_graph_close(&other);
    s2vi_graph_close(&other);
    s2vi_graph_close(NULL);
}

/* -------------------------------------------------------------- NULL -- */

/* Every builder passes NULL on, without a mistake of its own. */
static void test_null(void)
{
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *x = in(g, SHAPE(1, 2, 3)), *const parts[] = {x, NULL}, *gx;
    const int ones[3] = {1, 1, 1};
    const int64_t zeros[3] = {0};
    const s2vi_shape shape = SHAPE(1);
    s2vi_node *const results[] = {
        s2vi_affine(NULL, 1, 0),
        s2vi_scale(NULL, 1),
        s2vi_abs(NULL),
        s2vi_sign(NULL),
        s2vi_square(NULL),
        s2vi_sqrt(NULL),
        s2vi_rsqrt(NULL),
        s2vi_recip(NULL),
        s2vi_exp(NULL),
        s2vi_ln(NULL),
        s2vi_tanh(NULL),
        s2vi_sigmoid(NULL),
        s2vi_lrelu(NULL, 0),
        s2vi_step(NULL, 0),
        s2vi_add(x, NULL),
        s2vi_sub(NULL, x),
        s2vi_mul(x, NULL),
        s2vi_max(NULL, x),
        s2vi_detach(NULL),
        s2vi_reshape(NULL, shape),
        s2vi_pad(NULL, zeros, zeros),
        s2vi_slice(NULL, 0, 0, 1),
        s2vi_concat(parts, 2, 0),
        s2vi_concat(parts + 1, 1, 0),
        s2vi_permute(NULL, ones),
        s2vi_broadcast(NULL, shape),
        s2vi_gather(NULL, x),
        s2vi_scatter(x, NULL, 1),
        s2vi_upsample(NULL, ones),
        s2vi_sum(NULL, 1),
        s2vi_mean(NULL, 1),
        s2vi_sum_to(NULL, &shape),
        s2vi_sum_all(NULL),
        s2vi_mean_all(NULL),
        s2vi_avgpool(NULL, ones),
        s2vi_maxpool(NULL, &plain),
        s2vi_matmul(x, NULL, false, false),
        s2vi_conv(x, NULL, NULL, &plain),
        s2vi_conv_data(NULL, x, &plain, shape),
        s2vi_conv_weight(x, NULL, &plain, shape),
        s2vi_moments_of(NULL, 1, 0).mean,
        s2vi_norm(x, &(s2vi_moments){x, x}, x, NULL),
        s2vi_gru(NULL, x, x),
        s2vi_assign(x, NULL),
        s2vi_adam(x, x, x, NULL, x, 0, 0, 0, 0),
    };
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        char number[16];
        snprintf(number, sizeof(number), "result %d", (int)i);
        check_named(!results[i], "NULL operand", number);
    }
    check_named(s2vi_graph_status(g, NULL) == S2V_OK, "NULL operand",
                "noted a mistake");
    check_named(s2vi_gradients(NULL, NULL, &x, 1, &gx) < 0 && !gx,
                "NULL operand", "gradients of nothing");
    check_named(!s2vi_input(NULL, "x", shape), "NULL graph", "recorded");
    s2vi_graph_close(&g);
}

/* ------------------------------------------------------------ shapes -- */

static void expect_shape(const s2vi_node *node, s2vi_shape shape,
                         const char *what)
{
    char text[80] = "not recorded";
    if (node)
        s2vi_shape_text(&node->shape, text, sizeof(text));
    check_named(node && s2vi_shape_equal(&node->shape, &shape), what, text);
}

static void test_broadcasting(void)
{
    static const struct {
        s2vi_shape a, b, result;
    } table[] = {
        {{1, {3}}, {1, {3}}, {1, {3}}},
        {{1, {1}}, {1, {3}}, {1, {3}}},
        {{2, {2, 1}}, {2, {1, 3}}, {2, {2, 3}}},
        {{3, {2, 1, 4}}, {3, {1, 1, 1}}, {3, {2, 1, 4}}},
        {{4, {1, 5, 1, 7}}, {4, {2, 1, 6, 1}}, {4, {2, 5, 6, 7}}},
        {{5, {1, 1, 1, 1, 1}}, {5, {2, 3, 4, 5, 6}}, {5, {2, 3, 4, 5, 6}}},
    };
    s2vi_graph *g = s2vi_graph_create();
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        s2vi_node *a = in(g, table[i].a), *b = in(g, table[i].b), *gx[2];
        s2vi_node *const x[] = {a, b};
        expect_shape(s2vi_add(a, b), table[i].result, "broadcast");
        expect_shape(s2vi_max(b, a), table[i].result, "broadcast");
        s2vi_gradients(s2vi_mul(a, b), NULL, x, 2, gx);
        expect_shape(gx[0], table[i].a, "gradient of a");
        expect_shape(gx[1], table[i].b, "gradient of b");
    }
    s2vi_graph_close(&g);
}

static void test_shapes(void)
{
    s2vi_graph *g = s2vi_graph_create();
    const s2vi_window w = {.rank = 2,
                           .kernel = {4, 3},
                           .stride = {2, 1},
                           .pad_lo = {1, 0},
                           .pad_hi = {1, 2}};
    s2vi_node *x = in(g, SHAPE(2, 8, 5, 3)), *parts[130];
    expect_shape(s2vi_conv(x, in(g, SHAPE(7, 4, 3, 3)), NULL, &w),
                 SHAPE(2, 4, 5, 7), "conv");
    expect_shape(s2vi_conv_data(in(g, SHAPE(2, 4, 5, 7)),
                                in(g, SHAPE(7, 4, 3, 3)), &w, x->shape),
                 x->shape, "conv_data");
    expect_shape(s2vi_maxpool(x, &w), SHAPE(2, 4, 5, 3), "max_pool");
    expect_shape(s2vi_avgpool(x, (const int[]){2, 5}), SHAPE(2, 4, 1, 3),
                 "avg_pool");
    expect_shape(s2vi_upsample(x, (const int[]){1, 3}), SHAPE(2, 8, 15, 3),
                 "upsample");
    expect_shape(s2vi_slice(x, 1, 2, 3), SHAPE(2, 3, 5, 3), "slice");
    expect_shape(s2vi_permute(x, (const int[]){3, 0, 2, 1}), SHAPE(3, 2, 5, 8),
                 "permute");
    expect_shape(s2vi_mean(x, 6), SHAPE(2, 1, 1, 3), "mean");
    expect_shape(s2vi_sum_all(x), SHAPE(1), "sum_all");
    expect_shape(
        s2vi_matmul(in(g, SHAPE(3, 2, 5)), in(g, SHAPE(3, 4, 2)), true, true),
        SHAPE(3, 5, 4), "matmul");
    for (int i = 0; i < 130; i++) /* more than a node may have inputs */
        parts[i] = in(g, SHAPE(1, 2));
    expect_shape(s2vi_concat(parts, 130, 0), SHAPE(130, 2), "concat");
    expect_shape(s2vi_concat(parts, 3, 1), SHAPE(1, 6), "concat");
    check_named(s2vi_graph_status(g, NULL) == S2V_OK, "shapes", "a mistake");
    s2vi_graph_close(&g);
}

/* What changes nothing is not recorded. */
static void test_nothing_to_do(void)
{
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *x = in(g, SHAPE(1, 3));
    const int64_t zeros[2] = {0};
    check_named(s2vi_reshape(x, SHAPE(1, 3)) == x, "nothing to do", "reshape");
    check_named(s2vi_pad(x, zeros, zeros) == x, "nothing to do", "pad");
    check_named(s2vi_slice(x, 1, 0, 3) == x, "nothing to do", "slice");
    check_named(s2vi_broadcast(x, SHAPE(1, 3)) == x, "nothing to do",
                "broadcast");
    check_named(s2vi_concat(&x, 1, 0) == x, "nothing to do", "concat");
    check_named(s2vi_sum(x, 1) == x, "nothing to do", "sum");
    check_named(s2vi_graph_count(g) == 1, "nothing to do", "recorded");
    s2vi_graph_close(&g);
}

static void test_shape_text(void)
{
    char text[64], tiny[6];
    s2vi_shape shape = SHAPE(1, 64, 64, 16), empty = SHAPE(3, 0, 2);
    s2vi_shape huge = SHAPE(INT64_MAX, 2);
    s2vi_shape_text(&shape, text, sizeof(text));
    check_named(!strcmp(text, "(1,64,64,16)"), "shape text", text);
    s2vi_shape_text(&shape, tiny, sizeof(tiny));
    check_named(!strncmp(tiny, "(1,64", 5) && !tiny[5], "shape text cut", tiny);
    check_named(s2vi_shape_count(&shape) == 65536, "shape count", text);
    check_named(!s2vi_shape_count(&empty), "shape count", "of nothing");
    check_named(!s2vi_shape_count(&huge), "shape count", "overflow");
    check_named(s2vi_shape_channels(&shape) == 16, "shape channels", text);
}

/* ------------------------------------------------------------- others -- */

static void test_find(void)
{
    s2vi_graph *g = s2vi_graph_create();
    char name[] = "conv1.weight";
    s2vi_node *w = s2vi_var(g, S2VI_VAR_PARAM, name, SHAPE(2));
    s2vi_node *x = s2vi_input(g, "x", SHAPE(2)), *y = s2vi_mul(w, x);
    name[0] = '?'; /* the name has been copied */
    check_named(s2vi_graph_find(g, "conv1.weight") == w, "find", "a variable");
    check_named(s2vi_graph_find(g, "x") == x, "find", "an input");
    check_named(!s2vi_graph_find(g, "conv1"), "find", "half a name");
    check_named(!s2vi_graph_find(g, ""), "find", "no name");
    check_named(w->var_kind == S2VI_VAR_PARAM, "find", "kind");
    check_named(s2vi_graph_count(g) == 3 && s2vi_graph_node(g, y->id) == y,
                "find", "by id");
    s2vi_graph_close(&g);
}

/* Nodes come after all their operands, whatever is recorded. */
static void test_order(void)
{
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *x = in(g, SHAPE(4, 3)), *y = x, *gx;
    for (int i = 0; i < 1000; i++) /* more than the first blocks hold */
        y = s2vi_tanh(s2vi_affine(y, 1, 0.5));
    check_named(s2vi_gradients(y, NULL, &x, 1, &gx) == S2V_OK, "order",
                "gradient");
    bool ordered = true;
    for (int id = 0; id < s2vi_graph_count(g); id++) {
        const s2vi_node *node = s2vi_graph_node(g, id);
        ordered = ordered && node->id == id;
        for (int i = 0; i < node->n_inputs; i++)
            ordered = ordered && node->input[i]->id < id;
    }
    check_named(ordered, "order", "an operand comes later");
    s2vi_graph_close(&g);
}

static bool is_zeros(const s2vi_node *node, const s2vi_node *like)
{
    return node && node->op == S2VI_OP_FILL && !node->attr.offset &&
           s2vi_shape_equal(&node->shape, &like->shape);
}

/* No dependence, none but through a detach or an index, and none yet. */
static void test_zero_gradients(void)
{
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *a = in(g, SHAPE(2, 3)), *b = in(g, SHAPE(4));
    s2vi_node *index = in(g, SHAPE(2)), *c = in(g, SHAPE(2, 3));
    s2vi_node *y = s2vi_add(s2vi_gather(a, index), s2vi_detach(c));
    s2vi_node *later = in(g, SHAPE(7));
    s2vi_node *const x[] = {b, index, c, later, a}, *gx[5];
    check_named(s2vi_gradients(y, NULL, x, 5, gx) == S2V_OK, "zeros", "status");
    for (int i = 0; i < 4; i++)
        check_named(is_zeros(gx[i], x[i]), "zeros", "not a fill of zeros");
    check_named(gx[4] && gx[4]->op == S2VI_OP_SCATTER, "zeros", "too many");
    check_named(s2vi_gradients(y, b, x, 5, gx) < 0, "zeros",
                "took a start of another shape");
    s2vi_graph_close(&g);
}

/* All inputs a chain may have, come before the members that join them. */
static void test_chain_inputs(void)
{
    enum { N = S2VI_CHAIN_MAX_INPUTS };
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *x[N], *root = NULL;
    int first;
    for (int i = 0; i < N; i++)
        x[i] = s2vi_fill(g, i, SHAPE(2));
    first = s2vi_graph_count(g);
    for (int n = N; n > 1; n = (n + 1) / 2)
        for (int i = 0; i < n / 2; i++)
            x[i] = root = s2vi_add(x[i], x[n - 1 - i]);
    s2vi_chain_builder b;
    bool ok = s2vi_chain_begin(&b, root);
    for (int id = first; id <= root->id; id++)
        ok = ok && s2vi_chain_append(&b, s2vi_graph_node(g, id));
    s2vi_node *chain = ok ? s2vi_chain_end(&b, NULL) : NULL;
    check_named(chain && chain->n_inputs == N, "chain", "a tree of all inputs");
    s2vi_graph_close(&g);
}

int main(void)
{
    test_mistakes();
    test_other_graph();
    test_null();
    test_broadcasting();
    test_shapes();
    test_nothing_to_do();
    test_shape_text();
    test_find();
    test_order();
    test_zero_gradients();
    test_chain_inputs();
    return check_done();
}
