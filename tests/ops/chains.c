/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random chains: programs of element-wise ops over operands that are broadcast
 * at random, summed or not. Bounds of each value are carried along, so that
 * every op gets what it is defined for and nothing grows.
 */
#include "cases.h"

#include "graph/chain.h"

#include <math.h>

typedef struct bounds {
    double lo, hi;
    bool exact; /* an operand: the same on every backend */
} bounds;

typedef struct program {
    s2vi_chain *chain;
    rng *rng;
    bounds value[S2VI_MAX_INPUTS + S2VI_CHAIN_MAX];
} program;

static double largest(bounds x)
{
    return fmax(fabs(x.lo), fabs(x.hi));
}

static bounds monotonous(double (*f)(double), bounds x)
{
    return (bounds){f(x.lo), f(x.hi), false};
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double reciprocal(double x)
{
    return 1 / x;
}

static double reciprocal_root(double x)
{
    return 1 / sqrt(x);
}

static bounds swapped(bounds x)
{
    return (bounds){x.hi, x.lo, x.exact};
}

/* Bounds of an op of one operand; false where it must not be used. SIGN and
 * STEP jump: they get only what all backends agree on. */
static bool bounds_of_one(const s2vi_chain_step *s, bounds x, bounds *out)
{
    double a = s->scale * x.lo + s->offset, b = s->scale * x.hi + s->offset;
    double most = largest(x);
    switch (s->op) {
    case S2VI_OP_AFFINE:
        *out = (bounds){fmin(a, b), fmax(a, b), false};
        return true;
    case S2VI_OP_ABS: *out = (bounds){0, most, x.exact}; return true;
    case S2VI_OP_SIN: *out = (bounds){-1, 1, false}; return most < 30;
    case S2VI_OP_SIGN: *out = (bounds){-1, 1, x.exact}; return x.exact;
    case S2VI_OP_STEP: *out = (bounds){-1, 1, x.exact}; return x.exact;
    case S2VI_OP_SQUARE: *out = (bounds){0, most * most, false}; return true;
    case S2VI_OP_EXP: *out = monotonous(exp, x); return x.hi < 2;
    case S2VI_OP_TANH: *out = monotonous(tanh, x); return true;
    case S2VI_OP_SIGMOID: *out = monotonous(sigmoid, x); return true;
    case S2VI_OP_LRELU: *out = (bounds){-most, most, false}; return true;
    case S2VI_OP_SQRT: *out = monotonous(sqrt, x); return x.lo > 0.1;
    case S2VI_OP_LOG: *out = monotonous(log, x); return x.lo > 0.1;
    case S2VI_OP_RECIP:
        *out = monotonous(reciprocal, swapped(x));
        return x.lo > 0.1;
    case S2VI_OP_RSQRT:
        *out = monotonous(reciprocal_root, swapped(x));
        return x.lo > 0.1;
    default: return false;
    }
}

static bool bounds_of_two(const s2vi_chain_step *s, bounds x, bounds y,
                          bounds *out)
{
    double most = largest(x) * largest(y);
    switch (s->op) {
    case S2VI_OP_ADD:
        *out = (bounds){x.lo + y.lo, x.hi + y.hi, false};
        return true;
    case S2VI_OP_SUB:
        *out = (bounds){x.lo - y.hi, x.hi - y.lo, false};
        return true;
    case S2VI_OP_MUL: *out = (bounds){-most, most, false}; return true;
    case S2VI_OP_MAX:
        *out = (bounds){fmax(x.lo, y.lo), fmax(x.hi, y.hi), false};
        return true;
    default: return false;
    }
}

/* An op that may be an instruction here, with random constants. */
static s2vi_chain_step random_step(program *p, int values)
{
    static const s2vi_op ops[] = {
        S2VI_OP_AFFINE, S2VI_OP_ABS,  S2VI_OP_SIGN,  S2VI_OP_SQUARE,
        S2VI_OP_SQRT,   S2VI_OP_LOG,  S2VI_OP_RSQRT, S2VI_OP_RECIP,
        S2VI_OP_EXP,    S2VI_OP_TANH, S2VI_OP_LRELU, S2VI_OP_SIGMOID,
        S2VI_OP_STEP,   S2VI_OP_ADD,  S2VI_OP_SUB,   S2VI_OP_MUL,
        S2VI_OP_MAX,    S2VI_OP_ADD,  S2VI_OP_MUL,   S2VI_OP_SUB};
    s2vi_chain_step step = {.op = ops[rng_int(p->rng, 20)],
                            .scale = rng_range(p->rng, -1.5, 1.5),
                            .offset = rng_range(p->rng, -1, 1),
                            .slope = rng_range(p->rng, 0, 1)};
    bool recent = rng_int(p->rng, 3) > 0;
    step.operand[0] = recent ? values - 1 : rng_int(p->rng, values);
    step.operand[1] = step.operand[0];
    if (s2vi_op_get(step.op)->arity == 2)
        step.operand[1] = rng_int(p->rng, values);
    return step;
}

static void append_random(program *p)
{
    s2vi_chain *chain = p->chain;
    int values = chain->n_inputs + chain->n_steps;
    for (;;) {
        s2vi_chain_step s = random_step(p, values);
        bounds x = p->value[s.operand[0]], y = p->value[s.operand[1]], out;
        bool fits = s2vi_op_get(s.op)->arity == 2
                        ? bounds_of_two(&s, x, y, &out)
                        : bounds_of_one(&s, x, &out);
        if (!fits || largest(out) > 6)
            continue;
        p->value[values] = out;
        chain->step[chain->n_steps++] = s;
        return;
    }
}

void case_chain(test_case *c, s2vi_op op, int v)
{
    static const int lengths[] = {1, 2, 3, 5, 9, 17, S2VI_CHAIN_MAX};
    s2vi_chain *chain = s2vi_graph_alloc(c->graph, sizeof(*chain));
    if (!chain)
        return;
    program p = {.chain = chain, .rng = &c->rng};
    int rank = 1 + v % 5, steps = lengths[rng_int(&c->rng, 7)];
    unsigned all = (1u << rank) - 1;
    chain->space = case_shape(&c->rng, rank, v % 7 == 6);
    chain->n_inputs = 1 + rng_int(&c->rng, 6);
    chain->sum_axes = v % 3 ? 0 : 1 + (unsigned)rng_int(&c->rng, (int)all);
    for (int i = 0; i < chain->n_inputs; i++) {
        unsigned ones =
            rng_bool(&c->rng) ? 0 : (unsigned)rng_int(&c->rng, (int)all + 1);
        domain from = rng_int(&c->rng, 3) ? ANY : POSITIVE;
        case_operand(c, case_shrink(chain->space, ones), from);
        p.value[i] =
            from == ANY ? (bounds){-2, 2, true} : (bounds){0.1 + 1e-6, 4, true};
    }
    while (chain->n_steps < steps)
        append_random(&p);
    s2vi_shape result = case_shrink(chain->space, chain->sum_axes);
    case_node(c, op, &(s2vi_attr){.chain = chain}, &result);
}
