/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every op on every backend against `ref` in double: many random shapes and
 * attributes, operands constant or not, memory aligned or not, results in
 * place where plans put them there. test_known.c says what is right.
 *
 *   test_ops [backend [op [variant]]]
 *
 * "cpu-bf16" is the cpu backend in bf16: the ops that round, on numbers that
 * are bf16 already, whose products are exact. It is left out where the
 * processor has none. "cuda-bf16" is cuda's, which rounds sums as well.
 */
#include "../device.h"
#include "backends.h"
#include "runner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN = 6, /* failures of an op that are printed */
    SKIPPED = -77,
};

typedef struct tally {
    int runs, failures;
    double worst, tolerance;
} tally;

/* The measure of ops.def, against `right` as a float backend can give it. */
static double error_of(const double *got, const double *right, int64_t n)
{
    double most = 0, square = 0;
    for (int64_t i = 0; i < n; i++) {
        double b = (float)right[i], d = fabs(got[i] - b);
        if (got[i] == b)
            d = 0;
        if (isnan(d))
            return INFINITY;
        most = d > most ? d : most;
        square += b * b;
    }
    return most / (sqrt(square / (double)n) + 1e-6);
}

/* The input whose memory a plan may give the result, or -1. */
static int in_place_input(const s2vi_node *node)
{
    switch (node->op) {
    case S2VI_OP_GRU: return 2;
    case S2VI_OP_GRU_CELL: return 5;
    case S2VI_OP_BLEND: return 0;
    case S2VI_OP_CONV:
    case S2VI_OP_CONV_DATA:
    case S2VI_OP_UPCONV:
        return node->attr.accumulate ? node->n_inputs - 1 - 2 * node->attr.plane
                                     : -1;
    case S2VI_OP_CHAIN:
        for (int i = 0; i < node->n_inputs; i++)
            if (!node->attr.chain->sum_axes &&
                s2vi_shape_equal(&node->input[i]->shape, &node->shape))
                return i;
        return -1;
    default: return -1;
    }
}

static void compare(s2vi_backend *backend, const test_case *c, int variant,
                    const run_options *options, const double *right,
                    double *got, tally *t)
{
    const s2vi_op_info *info = s2vi_op_get(c->node->op);
    int64_t n = s2vi_shape_count(&c->node->shape);
    char failure[200] = "";
    bool ok = run_case(backend, c, options, got, failure);
    for (int i = 0; ok && i < run_results(c->node); i++) {
        double e = error_of(got + i * n, right + i * n, n);
        t->worst = e > t->worst ? e : t->worst;
        if (!(e <= t->tolerance)) {
            ok = false;
            snprintf(failure, sizeof(failure), "result %d: error %.3g", i, e);
        }
    }
    t->runs++;
    if (ok)
        return;
    char shape[80];
    if (t->failures++ >= SHOWN)
        return;
    printf("FAIL %s %s %d, result %s, constant %x, shift %d, in place %d: "
           "%s\n",
           backend->table->name, info->name, variant,
           s2vi_shape_text(&c->node->shape, shape, sizeof(shape)),
           (unsigned)options->constant, options->shift, options->in_place,
           failure);
}

/* Clocks of all sizes: a frame's number does not stay below 2^32. */
static s2vi_clock clock_of(int variant)
{
    return (s2vi_clock){.seed =
                            UINT64_C(0x9E3779B97F4A7C15) * (uint64_t)variant,
                        .frame = (uint64_t)variant << (variant % 40)};
}

/* The least step of a buffer's beginning, in elements. oneDNN 2.6's SSE4.1 1x1
 * convolutions that add to their result read it as aligned; plans align all. */
static int granule(void)
{
    const char *set = getenv("ONEDNN_MAX_CPU_ISA");
    return set && !strcmp(set, "SSE41") ? 4 : 1;
}

/* One case, in several ways. */
static void test_case_on(s2vi_backend *backend, const test_case *c, int variant,
                         const double *right, double *got, tally *t)
{
    /* Each of the first inputs, weight and bias, and all that pack. */
    static const uint32_t constants[] = {1, 2, 4, 6, 7};
    int place = in_place_input(c->node);
    run_options o = {.in_place = -1, .clock = clock_of(variant)};
    compare(backend, c, variant, &o, right, got, t);
    o.shift = (1 + variant % 15) / granule() * granule();
    compare(backend, c, variant, &o, right, got, t);
    o.shift = 0;
    for (int i = 0; i < 5; i++) {
        o.constant = constants[i];
        if (c->n >= 3 || !(o.constant >> c->n))
            compare(backend, c, variant, &o, right, got, t);
    }
    o.constant = 0;
    o.in_place = place;
    if (place >= 0)
        compare(backend, c, variant, &o, right, got, t);
}

/* Whether the cpu backend rounds what the op multiplies. */
static bool rounds(s2vi_op op)
{
    return op == S2VI_OP_CONV || op == S2VI_OP_CONV_DATA ||
           op == S2VI_OP_UPCONV || op == S2VI_OP_GRU_CELL;
}

/* To so many bits after the leading one of the largest number. */
static void coarsen(double *x, int64_t n, int bits)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fabs(x[i]) > most ? fabs(x[i]) : most;
    const double grid = most ? ldexp(1, ilogb(most) - bits) : 1;
    for (int64_t i = 0; i < n; i++)
        x[i] = rint(x[i] / grid) * grid;
}

/* Images to 8 bits, weights to 5: sums of four are bf16 still (UPCONV). */
static void make_bf16(test_case *c)
{
    const bool cell = c->node->op == S2VI_OP_GRU_CELL;
    for (int i = 0; i < c->n; i++) {
        const bool weight = i == 1 || (cell && i == 2);
        coarsen(c->data[i], s2vi_shape_count(&c->operand[i]->shape),
                weight ? 4 : 7);
    }
}

static void test_variant(s2vi_backend *backend, s2vi_backend *oracle,
                         s2vi_op op, int variant, bool bf16, tally *t)
{
    test_case c;
    char failure[200];
    case_make(&c, op, variant);
    if (bf16 && c.node)
        make_bf16(&c);
    size_t n = c.node ? (size_t)s2vi_shape_count(&c.node->shape) * 3 : 0;
    double *right = calloc(n + 1, sizeof(*right));
    double *got = calloc(n + 1, sizeof(*got));
    run_options o = {.in_place = -1, .clock = clock_of(variant)};
    if (!right || !got || !run_case(oracle, &c, &o, right, failure)) {
        printf("FAIL %s %d in double: %s\n", s2vi_op_get(op)->name, variant,
               right && got ? failure : "out of memory");
        t->failures++;
    } else {
        test_case_on(backend, &c, variant, right, got, t);
    }
    free(right);
    free(got);
    case_free(&c);
}

static int test_op(s2vi_backend *backend, s2vi_backend *oracle, s2vi_op op,
                   bool bf16, int only)
{
    /* A sum that leaves cuDNN in bf16, of 8 binary digits, is wrong by 2^-8 of
     * itself at most, and is no more than 8 times the results' root mean
     * square. */
    const double sums = 8.0 / 256;
    const s2vi_op_info *info = s2vi_op_get(op);
    const bool rounds_sums = bf16 && !backend->table->on_host;
    tally t = {.tolerance = rounds_sums ? sums : info->tolerance};
    int cases = case_count(op);
    for (int v = 0; v < cases; v++)
        if (only < 0 || v == only)
            test_variant(backend, oracle, op, v, bf16, &t);
    if (!cases) {
        printf("FAIL %s: no cases\n", info->name);
        t.failures++;
    }
    printf("%s%s %-13s %4d cases %5d runs, worst %8.2g of %g%s\n",
           backend->table->name, bf16 ? "-bf16" : "", info->name, cases, t.runs,
           t.worst, t.tolerance, t.failures ? "  FAILED" : "");
    if (rounds_sums && only < 0 && t.worst <= info->tolerance) {
        printf("FAIL %s: nothing is rounded to bf16\n", info->name);
        t.failures++;
    }
    return t.failures;
}

/* Failures, or SKIPPED. */
static int test_backend(const char *name, const char *only_op, int only_variant,
                        int *ops)
{
    s2vi_backend *backend = NULL, *oracle = NULL;
    s2v_error err;
    int failures = 0;
    const bool bf16 = strchr(name, '-') != NULL;
    char device[16];
    snprintf(device, sizeof(device), "%.*s", (int)strcspn(name, "-"), name);
    if (bf16 && s2vi_backend_open(&backend, device, S2VI_BF16, 0, &err) ==
                    S2V_ERR_DEVICE) {
        printf("SKIP %s: %s\n", name, err.message);
        return SKIPPED;
    }
    if ((!backend &&
         s2vi_backend_open(&backend, device, S2VI_F32, 0, &err) < 0) ||
        s2vi_backend_open(&oracle, "ref", S2VI_F64, 0, &err) < 0) {
        printf("FAIL %s: %s\n", name, err.message);
        failures = 1;
        goto end;
    }
    for (int op = 0; op < S2VI_OP_COUNT; op++) {
        if (op == S2VI_OP_INPUT || op == S2VI_OP_VAR ||
            (bf16 && !rounds((s2vi_op)op)) ||
            (only_op && strcmp(only_op, s2vi_op_get((s2vi_op)op)->name)))
            continue;
        failures += test_op(backend, oracle, (s2vi_op)op, bf16, only_variant);
        ++*ops;
    }
end:
    s2vi_backend_close(&backend);
    s2vi_backend_close(&oracle);
    return failures;
}

int main(int argc, char **argv)
{
    const char *only_op = argc > 2 ? argv[2] : NULL;
    int only_variant = argc > 3 ? atoi(argv[3]) : -1;
    static const char *const names[] = {
        "ref",
#if S2V_HAVE_CPU
        "cpu",
        "cpu-bf16",
#endif
        "cuda",
        "cuda-bf16",
    };
    const int n = sizeof(names) / sizeof(*names);
    int failures = 0, ops = 0, backends = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1)
        device_is_needed(!strncmp(argv[1], "cuda", 4) ? "cuda" : argv[1]);
    for (int i = 0; i < n; i++) {
        if (!backend_is_asked(names[i], argc > 1 ? argv[1] : NULL))
            continue;
        const int ret = test_backend(names[i], only_op, only_variant, &ops);
        if (ret == SKIPPED && argc > 1)
            return 77;
        failures += ret == SKIPPED ? 0 : ret;
        backends += ret != SKIPPED;
    }
    printf("ops: %d ops on %d backends, %d failures\n", ops, backends,
           failures);
    return failures || !ops;
}
