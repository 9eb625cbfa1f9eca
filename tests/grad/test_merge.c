/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sums of gradients: what gradient_merge.c makes of random mixtures of terms
 * is their plain sum; and of an unrolled recurrence one product remains.
 */
#include "lab.h"

#include <stdio.h>

#define MERGED (3 * 4.0e-16) /* three times what is measured */

enum { MIXTURES = 300, MAX_TERMS = 12 };

#define SHAPE S2VI_SHAPE

/* All terms are of this shape, which each kind of term can have. */
static const s2vi_shape common = {.rank = 3, .dim = {4, 1, 2}};

static s2vi_node *conv_weight_term(lab *l)
{
    s2vi_window w = {.rank = 1, .stride = {1}};
    w.pad_lo[0] = rng_int(&l->rng, 2); /* another window: must stay apart */
    w.pad_hi[0] = 1 - w.pad_lo[0];
    int64_t n = 1 + rng_int(&l->rng, 3), length = 3;
    s2vi_node *x = lab_constant(l, SHAPE(n, length, 2), ANY);
    s2vi_node *y = lab_constant(l, SHAPE(n, length + 1, 4), ANY);
    return s2vi_conv_weight(x, y, &w, common);
}

/* A matrix product is of rank 2: sums of them are tested by themselves. */
static s2vi_node *matmul_term(lab *l)
{
    int64_t rows = 1 + rng_int(&l->rng, 3);
    s2vi_node *a = lab_constant(l, SHAPE(rows, 4), ANY);
    s2vi_node *b = lab_constant(l, SHAPE(rows, 2), ANY);
    bool other = !rng_int(&l->rng, 4);
    if (other) /* the same product, not of the form that stacks */
        return s2vi_matmul(s2vi_permute(a, (const int[]){1, 0}), b, false,
                           false);
    return s2vi_matmul(a, b, true, false);
}

static s2vi_node *sum_term(lab *l)
{
    if (rng_bool(&l->rng)) { /* reshaped, as a bias's gradient is */
        int64_t n = 1 + rng_int(&l->rng, 3);
        s2vi_node *x = lab_constant(l, SHAPE(n, 3, 8), ANY);
        return s2vi_reshape(s2vi_sum(x, 3), common);
    }
    return s2vi_sum(lab_constant(l, SHAPE(4, 5, 2), ANY), 2);
}

/* A slice's gradient; where few rows are left the pads overlap or not. */
static s2vi_node *pad_term(lab *l)
{
    int64_t rows = 1 + rng_int(&l->rng, 2);
    int64_t from = rng_int(&l->rng, (int)(5 - rows));
    s2vi_node *x = lab_constant(l, SHAPE(rows, 1, 2), ANY);
    const int64_t lo[] = {from, 0, 0}, hi[] = {4 - rows - from, 0, 0};
    return s2vi_pad(x, lo, hi);
}

static s2vi_node *plain_term(lab *l)
{
    return s2vi_tanh(lab_constant(l, common, ANY));
}

static s2vi_node *random_term(lab *l, bool matrices)
{
    if (matrices)
        return matmul_term(l);
    switch (rng_int(&l->rng, 4)) {
    case 0: return conv_weight_term(l);
    case 1: return sum_term(l);
    case 2: return pad_term(l);
    default: return plain_term(l);
    }
}

static void test_mixture(int seed, int *checks, int *failures)
{
    lab l;
    lab_open(&l, "mixture", (uint64_t)seed);
    s2vi_node *term[MAX_TERMS], *plain = NULL;
    int n = 1 + rng_int(&l.rng, MAX_TERMS);
    for (int i = 0; i < n; i++) {
        /* Some terms twice over: the very same node. */
        term[i] =
            i && !rng_int(&l.rng, 6) ? term[i - 1] : random_term(&l, seed & 1);
        plain = plain ? s2vi_add(plain, term[i]) : term[i];
    }
    s2vi_node *total = plain ? s2vi_gradient_total(term, n) : NULL;
    lab_same(&l, "merged and plain sum", total, plain, MERGED);
    lab_close(&l, checks, failures);
}

/* ----------------------------------------------------- unrolled steps -- */

enum { STEPS = 6 };

/* h' = tanh(x_t W + h U + b), with one set of weights or one for each step. */
typedef struct recurrence {
    s2vi_node *loss, *w[STEPS], *u[STEPS], *b[STEPS], *x, *start;
} recurrence;

static recurrence unroll(lab *l, const double *numbers, bool shared)
{
    recurrence r = {.x = lab_constant(l, SHAPE(STEPS * 2, 3), ANY)};
    s2vi_node *h = r.start = lab_constant(l, SHAPE(2, 4), ANY);
    for (int t = 0; t < STEPS; t++) {
        bool same = shared && t > 0;
        r.w[t] = same ? r.w[0] : lab_constant(l, SHAPE(3, 4), ANY);
        r.u[t] = same ? r.u[0] : lab_constant(l, SHAPE(4, 4), ANY);
        r.b[t] = same ? r.b[0] : lab_constant(l, SHAPE(1, 4), ANY);
        for (int i = 0; i < 16; i++) {
            lab_numbers(l, r.u[t])[i] = numbers[i];
            lab_numbers(l, r.w[t])[i % 12] = numbers[16 + i % 12];
            lab_numbers(l, r.b[t])[i % 4] = numbers[28 + i % 4];
        }
        s2vi_node *xt = s2vi_slice(r.x, 0, 2 * t, 2);
        s2vi_node *in = s2vi_matmul(xt, r.w[t], false, false);
        s2vi_node *back = s2vi_matmul(h, r.u[t], false, false);
        h = s2vi_tanh(s2vi_add(s2vi_add(in, back), r.b[t]));
    }
    r.loss = s2vi_sum_all(s2vi_square(h));
    return r;
}

static void copy_numbers(lab *l, const s2vi_node *from, const s2vi_node *to)
{
    int64_t n = s2vi_shape_count(&from->shape);
    for (int64_t i = 0; i < n; i++)
        lab_numbers(l, to)[i] = lab_numbers(l, from)[i];
}

static s2vi_node *sum_of(s2vi_node *const *g)
{
    s2vi_node *total = g[0];
    for (int t = 1; t < STEPS; t++)
        total = s2vi_add(total, g[t]);
    return total;
}

static int count_matmuls(const s2vi_node *node, bool *seen)
{
    if (seen[node->id])
        return 0;
    seen[node->id] = true;
    int count = node->op == S2VI_OP_MATMUL && node->attr.trans_a;
    for (int i = 0; i < node->n_inputs; i++)
        count += count_matmuls(node->input[i], seen);
    return count;
}

static void test_unrolled(int *checks, int *failures)
{
    lab l;
    double numbers[32];
    lab_open(&l, "unrolled", 99);
    for (int i = 0; i < 32; i++)
        numbers[i] = rng_range(&l.rng, -1, 1);
    recurrence one = unroll(&l, numbers, true);
    recurrence all = unroll(&l, numbers, false);
    copy_numbers(&l, one.x, all.x);
    copy_numbers(&l, one.start, all.start);
    s2vi_node *const x[] = {one.w[0], one.u[0], one.b[0], one.x};
    s2vi_node *merged[4], *each[3][STEPS], *gx;
    if (s2vi_gradients(one.loss, NULL, x, 4, merged) < 0 ||
        s2vi_gradients(all.loss, NULL, all.w, STEPS, each[0]) < 0 ||
        s2vi_gradients(all.loss, NULL, all.u, STEPS, each[1]) < 0 ||
        s2vi_gradients(all.loss, NULL, all.b, STEPS, each[2]) < 0 ||
        s2vi_gradients(all.loss, NULL, &all.x, 1, &gx) < 0) {
        lab_fail(&l, "no gradient");
    } else {
        static bool seen[1 << 16];
        lab_same(&l, "weight", merged[0], sum_of(each[0]), MERGED);
        lab_same(&l, "recurrent", merged[1], sum_of(each[1]), MERGED);
        lab_same(&l, "bias", merged[2], sum_of(each[2]), MERGED);
        lab_same(&l, "sequence", merged[3], gx, MERGED);
        if (count_matmuls(merged[0], seen) != 1)
            lab_fail(&l, "more than one product for a shared weight");
    }
    lab_close(&l, checks, failures);
}

int main(void)
{
    int checks = 0, failures = 0;
    for (int seed = 0; seed < MIXTURES; seed++)
        test_mixture(seed, &checks, &failures);
    test_unrolled(&checks, &failures);
    printf("merge: %d checks, %d failures\n", checks, failures);
    return failures != 0;
}
