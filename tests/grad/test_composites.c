/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gradients through what models are made of: convolution, batch norm, leaky
 * ReLU and pooling in two and three dimensions, the critic's gradient penalty,
 * gated recurrent units over several steps, weights that every step shares.
 */
#include "lab.h"

#include "run/fuse.h"

#include <math.h>
#include <stdio.h>

enum { SEEDS = 4 };

#define SHAPE S2VI_SHAPE

/* ------------------------------------------------------ convolutions -- */

/* Moments over all but the channels; gamma and beta are leaves. */
static s2vi_node *batch_norm(lab *l, s2vi_node *x)
{
    if (!x)
        return NULL;
    s2vi_shape c = {.rank = x->shape.rank, .dim = {1, 1, 1, 1, 1}};
    c.dim[c.rank - 1] = s2vi_shape_channels(&x->shape);
    uint32_t outer = (1u << (c.rank - 1)) - 1;
    const s2vi_moments moments = s2vi_moments_of(x, outer, 1e-3);
    return s2vi_norm(x, &moments, lab_leaf(l, c, POSITIVE),
                     lab_leaf(l, c, ANY));
}

static const s2vi_window same2 = {
    .rank = 2, .stride = {1, 1}, .pad_lo = {1, 1}, .pad_hi = {1, 1}};
static const s2vi_window same3 = {
    .rank = 3, .stride = {1, 1, 1}, .pad_lo = {0, 1, 1}, .pad_hi = {0, 1, 1}};

static s2vi_node *conv_bn_lrelu_pool(lab *l)
{
    s2vi_node *x = lab_leaf(l, SHAPE(2, 4, 4, 2), ANY);
    s2vi_node *w = lab_leaf(l, SHAPE(3, 3, 3, 2), ANY);
    s2vi_node *y = s2vi_conv(x, w, lab_leaf(l, SHAPE(3), ANY), &same2);
    y = s2vi_lrelu(batch_norm(l, y), 0.2);
    return s2vi_avgpool(y, (const int[]){2, 2});
}

static s2vi_node *conv3d_bn_lrelu_pool(lab *l)
{
    s2vi_node *x = lab_leaf(l, SHAPE(2, 3, 2, 4, 2), ANY);
    s2vi_node *w = lab_leaf(l, SHAPE(2, 2, 3, 3, 2), ANY);
    s2vi_node *y = s2vi_conv(x, w, NULL, &same3);
    y = s2vi_lrelu(batch_norm(l, y), 0.2);
    return s2vi_avgpool(y, (const int[]){1, 2, 2});
}

/* Up by a transposed convolution, then the largest of overlapping windows. */
static s2vi_node *up_and_maxpool(lab *l)
{
    const s2vi_window up = {
        .rank = 2, .stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}};
    const s2vi_window pool = {.rank = 2,
                              .kernel = {3, 3},
                              .stride = {2, 2},
                              .pad_lo = {1, 1},
                              .pad_hi = {1, 1}};
    s2vi_node *y = lab_leaf(l, SHAPE(1, 2, 3, 2), ANY);
    s2vi_node *w = lab_leaf(l, SHAPE(2, 4, 4, 2), ANY);
    s2vi_node *x = s2vi_conv_data(y, w, &up, SHAPE(1, 4, 6, 2));
    return s2vi_maxpool(s2vi_tanh(x), &pool);
}

/* Each image normed by itself, with an affine part of its own. */
static s2vi_node *modulated_norm(lab *l)
{
    s2vi_node *x = lab_leaf(l, SHAPE(2, 3, 2, 2), ANY);
    const s2vi_moments moments = s2vi_moments_of(x, 6, 1e-2);
    s2vi_node *scale = lab_leaf(l, SHAPE(2, 1, 1, 2), ANY);
    s2vi_node *gamma = s2vi_affine(scale, 1, 1);
    s2vi_node *beta = s2vi_square(scale);
    return s2vi_sigmoid(s2vi_norm(x, &moments, gamma, beta));
}

/* A critic's score for each of a batch: (N,1). */
static s2vi_node *critic(lab *l, s2vi_node *x, const s2vi_window *window,
                         s2vi_shape w1, s2vi_shape w2)
{
    s2vi_node *y = s2vi_conv(x, lab_leaf(l, w1, ANY), NULL, window);
    y = s2vi_lrelu(batch_norm(l, y), 0.2);
    y = s2vi_conv(y, lab_leaf(l, w2, ANY), lab_leaf(l, SHAPE(1), ANY), window);
    y = s2vi_tanh(y);
    return y ? s2vi_sum(y, (1u << y->shape.rank) - 2) : NULL;
}

/* mean over the batch of D(x) + 10 (||dD/dx|| - 1)^2 (Gulrajani et al. 2017,
 * eq. 3). Its derivative is a second derivative of D. */
static s2vi_node *penalised(s2vi_node *score, s2vi_node *x)
{
    s2vi_node *g, *total = s2vi_sum_all(score);
    if (s2vi_gradients(total, NULL, &x, 1, &g) < 0)
        return NULL;
    uint32_t inner = (1u << x->shape.rank) - 2;
    s2vi_node *norm = s2vi_sqrt(s2vi_sum(s2vi_square(g), inner));
    s2vi_node *penalty = s2vi_mean_all(s2vi_square(s2vi_affine(norm, 1, -1)));
    return s2vi_add(s2vi_mean_all(score), s2vi_scale(penalty, 10));
}

static s2vi_node *gradient_penalty(lab *l)
{
    s2vi_node *x = lab_leaf(l, SHAPE(2, 4, 3, 2), ANY);
    return penalised(critic(l, x, &same2, SHAPE(3, 3, 3, 2), SHAPE(1, 3, 3, 3)),
                     x);
}

static s2vi_node *gradient_penalty_3d(lab *l)
{
    s2vi_node *x = lab_leaf(l, SHAPE(2, 3, 2, 3, 2), ANY);
    return penalised(
        critic(l, x, &same3, SHAPE(2, 2, 3, 3, 2), SHAPE(1, 2, 3, 3, 2)), x);
}

/* ------------------------------------------------------- recurrences -- */

/* A gated recurrent unit over 4 steps of 2 rows; all states in a row. */
static s2vi_node *gru_steps(lab *l)
{
    enum { STEPS = 4, ROWS = 2, C = 2 };
    s2vi_node *x = lab_leaf(l, SHAPE(STEPS * ROWS, 3), ANY);
    s2vi_node *wx = lab_leaf(l, SHAPE(3, 3 * C), ANY);
    s2vi_node *wh = lab_leaf(l, SHAPE(C, 3 * C), ANY);
    s2vi_node *bias = lab_leaf(l, SHAPE(1, 3 * C), ANY);
    s2vi_node *h = lab_leaf(l, SHAPE(ROWS, C), ANY), *states[STEPS];
    for (int t = 0; t < STEPS; t++) {
        s2vi_node *xt = s2vi_slice(x, 0, t * ROWS, ROWS);
        s2vi_node *a = s2vi_add(s2vi_matmul(xt, wx, false, false), bias);
        s2vi_node *b = s2vi_add(s2vi_matmul(h, wh, false, false), bias);
        h = states[t] = s2vi_gru(a, b, h);
    }
    return s2vi_concat(states, STEPS, 0);
}

/* Convolutional, one image a step, read by slices that overlap. */
static s2vi_node *conv_steps(lab *l)
{
    enum { STEPS = 3 };
    s2vi_node *x = lab_leaf(l, SHAPE(STEPS + 1, 3, 2, 2), ANY);
    s2vi_node *w = lab_leaf(l, SHAPE(2, 3, 3, 2), ANY);
    s2vi_node *u = lab_leaf(l, SHAPE(2, 3, 3, 2), ANY);
    s2vi_node *bias = lab_leaf(l, SHAPE(2), ANY);
    s2vi_node *h = lab_leaf(l, SHAPE(2, 3, 2, 2), ANY), *states[STEPS];
    for (int t = 0; t < STEPS; t++) {
        s2vi_node *xt = s2vi_slice(x, 0, t, 2);
        s2vi_node *in = s2vi_conv(xt, w, bias, &same2);
        h = states[t] = s2vi_tanh(s2vi_add(in, s2vi_conv(h, u, bias, &same2)));
    }
    return s2vi_concat(states, STEPS, 3);
}

/* The same operand twice, wherever that may be. */
static s2vi_node *repeated_operands(lab *l)
{
    s2vi_node *h = lab_leaf(l, SHAPE(2, 2), ANY);
    s2vi_node *w = lab_leaf(l, SHAPE(2, 6), ANY);
    s2vi_node *a = s2vi_matmul(h, w, false, false);
    s2vi_node *y = s2vi_gru(a, a, h);
    y = s2vi_matmul(y, y, true, false);
    y = s2vi_mul(y, y);
    s2vi_node *const twice[] = {y, y};
    return s2vi_concat(twice, 2, 1);
}

/* A detached factor counts as a constant... */
static s2vi_node *detached(lab *l)
{
    s2vi_node *x = lab_constant(l, SHAPE(3), ANY);
    s2vi_node *y = lab_leaf(l, SHAPE(3), ANY);
    return s2vi_mul(s2vi_detach(s2vi_square(x)), s2vi_square(y));
}

/* ------------------------------------------------------------ fusion -- */

/* The fusion pass changes no value: neither y nor its gradients. */
static void check_fused(lab *l, s2vi_node *y)
{
    s2vi_node *root[LAB_LEAVES + 1] = {y};
    s2vi_schedule fused;
    s2v_error err;
    int n = l->n_leaves;
    if (!y || s2vi_gradients(y, NULL, l->leaf, n, root + 1) < 0 ||
        s2vi_schedule_create(l->graph, root, n + 1, true, false, &fused, &err) <
            0) {
        lab_fail(l, "no schedule");
        return;
    }
    for (int i = 0; i <= n; i++)
        lab_same(l, "fused", fused.stands_for[root[i]->id], root[i], 1e-15);
    s2vi_schedule_close(&fused);
}

/* -------------------------------------------------------------- main -- */

#define MODEL(name, ...)                                                       \
    {                                                                          \
#name, name,                                                           \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }

/* With the largest errors measured, as in test_rules.c. */
static const struct {
    const char *name;
    s2vi_node *(*make)(lab *l);
    lab_bounds measured;
} models[] = {
    MODEL(conv_bn_lrelu_pool, 2.2e-9, 1.8e-8),
    MODEL(conv3d_bn_lrelu_pool, 1.5e-10, 1.1e-10),
    MODEL(up_and_maxpool, 5.0e-11, 9.1e-11),
    MODEL(modulated_norm, 3.2e-10, 8.9e-10),
    MODEL(gradient_penalty, 2.6e-9, 8.0e-9),
    MODEL(gradient_penalty_3d, 3.9e-9, 2.5e-9),
    MODEL(gru_steps, 2.3e-10, 3.0e-10),
    MODEL(conv_steps, 1.0e-9, 1.1e-9),
    MODEL(repeated_operands, 1.2e-9, 2.5e-10),
    MODEL(detached, 7.4e-12, 5.6e-11),
};

enum { MODELS = sizeof(models) / sizeof(models[0]) };

/* ... and a leaf behind one gets a gradient of zeros. */
static void test_detached_leaf(int *checks, int *failures)
{
    lab l;
    lab_open(&l, "leaf behind detach", 1);
    s2vi_node *x = lab_leaf(&l, SHAPE(3), ANY), *g = NULL;
    s2vi_node *y = s2vi_mul(s2vi_detach(x), lab_constant(&l, SHAPE(3), ANY));
    if (s2vi_gradients(s2vi_sum_all(y), NULL, &x, 1, &g) < 0)
        lab_fail(&l, "no gradient");
    lab_same(&l, "zeros", g, s2vi_fill(l.graph, 0, SHAPE(3)), 1e-9);
    lab_close(&l, checks, failures);
}

int main(void)
{
    int checks = 0, failures = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < MODELS; i++) {
        lab_bounds worst = {0};
        double same = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            lab l;
            lab_open(&l, models[i].name, (uint64_t)(100 * i + seed));
            s2vi_node *y = models[i].make(&l);
            check_fused(&l, y);
            lab_check_orders(&l, y, lab_three_times(models[i].measured));
            worst.first = fmax(worst.first, l.worst.first);
            worst.second = fmax(worst.second, l.worst.second);
            same = fmax(same, l.same);
            lab_close(&l, &checks, &failures);
        }
        printf("%-21s errors %.1e and %.1e, fused %.1e\n", models[i].name,
               worst.first, worst.second, same);
    }
    test_detached_leaf(&checks, &failures);
    printf("composites: %d checks, %d failures\n", checks, failures);
    return failures != 0;
}
