/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is right: each op's result on numbers small enough to be worked out by
 * hand, on every backend, `ref` in double included.
 */
#include "../device.h"
#include "../worst.h"
#include "backends.h"
#include "runner.h"

#include "base/philox.h"
#include "graph/chain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* An operand (1st: its shape) of the given numbers. */
#define OPERAND(c, shape, ...)                                                 \
    memcpy(case_operand(c, shape, GRID), (const double[]){__VA_ARGS__},        \
           sizeof((const double[]){__VA_ARGS__}))

#define RESULT(...)                                                            \
    do {                                                                       \
        static const double numbers[] = {__VA_ARGS__};                         \
        return numbers;                                                        \
    } while (0)

#define SHAPE S2VI_SHAPE

/* Each maker records a case and returns the numbers that it must give. */
typedef const double *(*known)(test_case *c);

static const double *known_sub(test_case *c)
{
    OPERAND(c, SHAPE(2, 1), 10, 20);
    OPERAND(c, SHAPE(1, 3), 1, 2, 3);
    case_node(c, S2VI_OP_SUB, NULL, NULL);
    RESULT(9, 8, 7, 19, 18, 17);
}

static const double *known_norm(test_case *c)
{
    OPERAND(c, SHAPE(2, 2), 1, 2, 3, 4);
    OPERAND(c, SHAPE(1, 2), 2, 3);
    OPERAND(c, SHAPE(1, 2), 10, 100);
    OPERAND(c, SHAPE(1, 1), 2);
    OPERAND(c, SHAPE(1, 2), 1, -1);
    case_node(c, S2VI_OP_NORM, NULL, NULL);
    RESULT(-19, -201, 21, 199);
}

/* ------------------------------------------------------- moving data -- */

static const double *known_pad(test_case *c)
{
    s2vi_attr attr = {.lo = {1, -1}, .hi = {0, 1}};
    OPERAND(c, SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    case_node(c, S2VI_OP_PAD, &attr, NULL);
    RESULT(0, 0, 0, 2, 3, 0, 5, 6, 0);
}

/* Cut by more than there is, and padded again. */
static const double *known_pad_away(test_case *c)
{
    s2vi_attr attr = {.lo = {-3}, .hi = {4}};
    OPERAND(c, SHAPE(2), 1, 2);
    case_node(c, S2VI_OP_PAD, &attr, NULL);
    RESULT(0, 0, 0);
}

static const double *known_concat(test_case *c)
{
    OPERAND(c, SHAPE(2, 1), 1, 2);
    OPERAND(c, SHAPE(2, 2), 3, 4, 5, 6);
    case_node(c, S2VI_OP_CONCAT, &(s2vi_attr){.axis = 1}, NULL);
    RESULT(1, 3, 4, 2, 5, 6);
}

static const double *known_permute(test_case *c)
{
    OPERAND(c, SHAPE(2, 1, 3), 1, 2, 3, 4, 5, 6);
    case_node(c, S2VI_OP_PERMUTE, &(s2vi_attr){.perm = {2, 0, 1}}, NULL);
    RESULT(1, 4, 2, 5, 3, 6);
}

static const double *known_broadcast(test_case *c)
{
    OPERAND(c, SHAPE(2, 1), 1, 2);
    case_node(c, S2VI_OP_BROADCAST, NULL, &SHAPE(2, 3));
    RESULT(1, 1, 1, 2, 2, 2);
}

static const double *known_gather(test_case *c)
{
    OPERAND(c, SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
    OPERAND(c, SHAPE(4), 2, 0, 2, 1);
    case_node(c, S2VI_OP_GATHER, NULL, NULL);
    RESULT(5, 6, 1, 2, 5, 6, 3, 4);
}

static const double *known_scatter(test_case *c)
{
    OPERAND(c, SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
    OPERAND(c, SHAPE(3), 1, 1, 0);
    case_node(c, S2VI_OP_SCATTER, NULL, &SHAPE(3));
    RESULT(5, 6, 4, 6, 0, 0);
}

static const double *known_upsample(test_case *c)
{
    s2vi_attr attr = {.window = {.rank = 2, .stride = {2, 3}}};
    OPERAND(c, SHAPE(1, 1, 2, 1), 1, 2);
    case_node(c, S2VI_OP_UPSAMPLE, &attr, NULL);
    RESULT(1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2);
}

/* A flow of one vector for all: half a pixel to the right and one down, beyond
 * the border at the last of each. */
static const double *known_warp(test_case *c)
{
    OPERAND(c, SHAPE(1, 2, 3, 1), 1, 2, 4, 10, 20, 40);
    OPERAND(c, SHAPE(1, 1, 1, 2), 0.5, 1);
    case_node(c, S2VI_OP_WARP, NULL, NULL);
    RESULT(15, 30, 40, 15, 30, 40);
}

/* u is 0 and 2 at the flow's two pixels: 0, 0.5, 1.5, 2 at the image's four. */
static const double *known_warp_up(test_case *c)
{
    OPERAND(c, SHAPE(1, 1, 4, 1), 0, 10, 20, 40);
    OPERAND(c, SHAPE(1, 1, 2, 2), 0, 0, 2, 0);
    case_node(c, S2VI_OP_WARP, NULL, NULL);
    RESULT(0, 15, 40, 40);
}

/* Columns: zeros between 1, 10, 100 and two before, by (1,2,4) turned round:
 * (0,0,1,0,10,0,100,0) . (4,2,1) at every second place. Lines as they are, but
 * a tap of three that meets one pixel: 4, 2, 1. Twice. */
static const double *known_fir(test_case *c)
{
    const s2vi_fir f = {
        .up = {1, 2}, .down = {1, 2}, .lo = {2, 2}, .hi = {2, 0}, .gain = 2};
    OPERAND(c, SHAPE(1, 1, 3, 1), 1, 10, 100);
    OPERAND(c, SHAPE(3), 1, 2, 4);
    case_node(c, S2VI_OP_FIR, &(s2vi_attr){.fir = f}, NULL);
    RESULT(2, 28, 280, 4, 56, 560, 8, 112, 1120);
}

/* Not turned round, the first column cut off. */
static const double *known_fir_two(test_case *c)
{
    const s2vi_fir f = {.up = {1, 1},
                        .down = {1, 1},
                        .lo = {0, -1},
                        .gain = 1,
                        .correlate = true};
    OPERAND(c, SHAPE(1, 2, 3, 1), 9, 1, 2, 9, 3, 4);
    OPERAND(c, SHAPE(2, 2), 1, 10, 100, 1000);
    case_node(c, S2VI_OP_FIR, &(s2vi_attr){.fir = f}, NULL);
    RESULT(4321);
}

/* -------------------------------------------------------- summing up -- */

static const double *known_sum(test_case *c)
{
    OPERAND(c, SHAPE(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8);
    case_node(c, S2VI_OP_SUM, &(s2vi_attr){.axes = 5}, NULL);
    RESULT(14, 22);
}

static const double *known_moments(test_case *c)
{
    OPERAND(c, SHAPE(2, 2), 1, 3, 4, 12);
    case_node(c, S2VI_OP_MOMENTS, &(s2vi_attr){.axes = 2, .eps = 9}, NULL);
    RESULT(2, 8, 0.31622776601683794, 0.2);
}

static const double *known_avgpool(test_case *c)
{
    s2vi_attr attr = {
        .window = {.rank = 2, .kernel = {2, 1}, .stride = {2, 1}}};
    OPERAND(c, SHAPE(1, 2, 2, 1), 1, 2, 3, 4);
    case_node(c, S2VI_OP_AVGPOOL, &attr, NULL);
    RESULT(2, 3);
}

static const s2vi_window three = {
    .rank = 1, .kernel = {3}, .stride = {1}, .pad_lo = {1}, .pad_hi = {1}};

/* Padding counts as less than anything. */
static const double *known_maxpool(test_case *c)
{
    OPERAND(c, SHAPE(1, 4, 1), -1, -3, -3, -2);
    case_node(c, S2VI_OP_MAXPOOL, &(s2vi_attr){.window = three}, NULL);
    RESULT(-1, -1, -2, -2);
}

/* Of equals the first: 7 and 8 to element 0, 9 and 10 to elements 1 and 2. */
static const double *known_maxpool_put(test_case *c)
{
    OPERAND(c, SHAPE(1, 4, 1), 5, 5, 5, 5);
    OPERAND(c, SHAPE(1, 4, 1), 7, 8, 9, 10);
    case_node(c, S2VI_OP_MAXPOOL_PUT, &(s2vi_attr){.window = three}, NULL);
    RESULT(15, 9, 10, 0);
}

static const double *known_maxpool_get(test_case *c)
{
    OPERAND(c, SHAPE(1, 4, 1), 5, 5, 5, 6);
    OPERAND(c, SHAPE(1, 4, 1), 1, 2, 3, 4);
    case_node(c, S2VI_OP_MAXPOOL_GET, &(s2vi_attr){.window = three}, NULL);
    RESULT(1, 1, 4, 4);
}

/* ---------------------------------------------------------- products -- */

static const double *known_matmul_ta(test_case *c)
{
    OPERAND(c, SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    OPERAND(c, SHAPE(2, 1), 1, 10);
    case_node(c, S2VI_OP_MATMUL, &(s2vi_attr){.trans_a = true}, NULL);
    RESULT(41, 52, 63);
}

static const double *known_matmul_tb(test_case *c)
{
    OPERAND(c, SHAPE(2, 1, 2), 1, 10, 1, 100);
    OPERAND(c, SHAPE(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8);
    case_node(c, S2VI_OP_MATMUL, &(s2vi_attr){.trans_b = true}, NULL);
    RESULT(21, 43, 605, 807);
}

/* Padded before, not after; kernels are not turned round. */
static const double *known_conv(test_case *c)
{
    s2vi_attr attr = {.window = {.rank = 1, .stride = {1}, .pad_lo = {1}}};
    OPERAND(c, SHAPE(1, 4, 1), 1, 2, 3, 4);
    OPERAND(c, SHAPE(1, 3, 1), 1, 10, 100);
    case_node(c, S2VI_OP_CONV, &attr, NULL);
    RESULT(210, 321, 432);
}

/* A kernel that is higher than wide. */
static const double *known_conv_column(test_case *c)
{
    s2vi_attr attr = {.window = {.rank = 2, .stride = {1, 1}}};
    OPERAND(c, SHAPE(1, 2, 3, 1), 1, 2, 3, 4, 5, 6);
    OPERAND(c, SHAPE(1, 2, 1, 1), 1, 10);
    case_node(c, S2VI_OP_CONV, &attr, NULL);
    RESULT(41, 52, 63);
}

/* lrelu(conv + bias + addend), channels in and out. */
static const double *known_conv_fused(test_case *c)
{
    s2vi_attr attr = {.window = {.rank = 1, .stride = {2}},
                      .act = S2VI_ACT_LRELU,
                      .slope = 0.5,
                      .accumulate = true};
    OPERAND(c, SHAPE(1, 4, 2), 1, 2, 3, 4, 5, 6, 7, 8);
    OPERAND(c, SHAPE(2, 2, 2), 1, 0, 0, 1, 0, 1, -1, 0);
    OPERAND(c, SHAPE(2), 10, -10);
    OPERAND(c, SHAPE(1, 2, 2), 1, 2, 3, 4);
    case_node(c, S2VI_OP_CONV, &attr, NULL);
    RESULT(16, -4.5, 26, -3.5);
}

static const s2vi_window strided = {.rank = 1, .stride = {2}, .pad_lo = {1}};

static const double *known_conv_data(test_case *c)
{
    OPERAND(c, SHAPE(1, 2, 1), 1, 2);
    OPERAND(c, SHAPE(1, 3, 1), 1, 10, 100);
    case_node(c, S2VI_OP_CONV_DATA, &(s2vi_attr){.window = strided},
              &SHAPE(1, 4, 1));
    RESULT(10, 102, 20, 200);
}

static const double *known_conv_weight(test_case *c)
{
    OPERAND(c, SHAPE(1, 4, 1), 1, 2, 3, 4);
    OPERAND(c, SHAPE(1, 2, 1), 1, 10);
    case_node(c, S2VI_OP_CONV_WEIGHT, &(s2vi_attr){.window = strided},
              &SHAPE(1, 3, 1));
    RESULT(20, 31, 42);
}

/* One tap: points 0 and 2 of each channel. */
static const double *known_conv_points(test_case *c)
{
    static const s2vi_window strided = {.rank = 1, .stride = {2}};
    OPERAND(c, SHAPE(1, 4, 2), 1, 2, 3, 4, 5, 6, 7, 8);
    OPERAND(c, SHAPE(1, 2, 1), 1, 10);
    case_node(c, S2VI_OP_CONV_WEIGHT, &(s2vi_attr){.window = strided},
              &SHAPE(1, 1, 2));
    RESULT(51, 62);
}

/* Two groups of one channel, two results of each. */
static const double *known_groups(test_case *c)
{
    s2vi_attr attr = {.window = {.rank = 1, .stride = {1}}, .groups = 2};
    OPERAND(c, SHAPE(1, 3, 2), 1, 2, 3, 4, 5, 6);
    OPERAND(c, SHAPE(4, 2, 1), 1, 10, 1, 100, 1, 10, 1, 100);
    OPERAND(c, SHAPE(4), 1000, 2000, 3000, 4000);
    case_node(c, S2VI_OP_CONV, &attr, NULL);
    RESULT(1031, 2301, 3042, 4402, 1053, 2503, 3064, 4604);
}

/* Depthwise, two results a channel: sums over them. */
static const double *known_groups_x(test_case *c)
{
    s2vi_attr attr = {.window = {.rank = 1, .stride = {1}}, .groups = 2};
    OPERAND(c, SHAPE(1, 1, 4), 1, 2, 3, 4);
    OPERAND(c, SHAPE(4, 2, 1), 1, 10, 1, 100, 1, 10, 1, 100);
    case_node(c, S2VI_OP_CONV_DATA, &attr, &SHAPE(1, 2, 2));
    RESULT(3, 7, 210, 430);
}

static const double *known_groups_w(test_case *c)
{
    s2vi_attr attr = {.window = {.rank = 1, .stride = {1}}, .groups = 2};
    OPERAND(c, SHAPE(1, 3, 2), 1, 2, 3, 4, 5, 6);
    OPERAND(c, SHAPE(1, 2, 2), 1, 1, 10, 100);
    case_node(c, S2VI_OP_CONV_WEIGHT, &attr, &SHAPE(2, 2, 1));
    RESULT(31, 53, 402, 604);
}

/* ------------------------------------------------------------ others -- */

/* r = z = 1/2, n = tanh(1) */
static const double *known_gru(test_case *c)
{
    OPERAND(c, SHAPE(1, 3), 0, 0, 0);
    OPERAND(c, SHAPE(1, 3), 0, 0, 2);
    OPERAND(c, SHAPE(1, 1), 4);
    case_node(c, S2VI_OP_GRU, NULL, NULL);
    RESULT(2.3807970779778823);
}

/* From the last column on: i = f = o = 1/2, g = tanh(1), then tanh(2 + h). */
static const double *known_lstm(test_case *c)
{
    OPERAND(c, SHAPE(1, 2, 4), 0, 0, 2, 0, 0, 0, 1, 0);
    OPERAND(c, SHAPE(4, 1), 0, 0, 1, 0);
    case_node(c, S2VI_OP_LSTM, &(s2vi_attr){.reverse = true}, NULL);
    RESULT(0.2950513621, 0.6778236589, 0.1816997422, 0.3807970780);
}

static const double *known_position(test_case *c)
{
    case_node(c, S2VI_OP_POSITION, NULL, &SHAPE(2, 4));
    RESULT(0, 1, 0, 1, 0.8414709848, 0.5403023059, 0.0099998333, 0.9999500004);
}

/* sum over rows of 2 (x - y) */
static const double *known_chain(test_case *c)
{
    static const s2vi_chain chain = {
        .n_inputs = 2,
        .n_steps = 2,
        .space = {.rank = 2, .dim = {2, 2}},
        .sum_axes = 1,
        .step = {{.op = S2VI_OP_SUB, .operand = {0, 1}},
                 {.op = S2VI_OP_AFFINE, .operand = {2, 2}, .scale = 2}}};
    OPERAND(c, SHAPE(2, 2), 1, 2, 3, 4);
    OPERAND(c, SHAPE(1, 2), 1, -1);
    case_node(c, S2VI_OP_CHAIN, &(s2vi_attr){.chain = &chain}, &SHAPE(1, 2));
    RESULT(4, 16);
}

/* The first step moves by the rate, whatever the gradient's size. */
static void first_adam(test_case *c, double decay)
{
    static const double old[] = {1, 0, 0};
    s2vi_attr attr = {.rate = 0.125,
                      .beta1 = 0.9,
                      .beta2 = 0.999,
                      .eps = 1e-8,
                      .decay = decay};
    for (int i = 0; i < 3; i++) {
        *case_operand(c, SHAPE(1), GRID) = old[i];
        c->operand[i] =
            s2vi_node_create(c->graph, S2VI_OP_VAR, NULL, 0, NULL, &SHAPE(1));
    }
    OPERAND(c, SHAPE(1), 2);
    OPERAND(c, SHAPE(1), 1);
    case_node(c, S2VI_OP_ADAM, &attr, NULL);
}

static const double *known_adam(test_case *c)
{
    first_adam(c, 0);
    RESULT(0.875, 0.2, 0.004);
}

/* And decays by 0.125 * 0.25 of itself beside; the moments know nothing of it.
 */
static const double *known_adamw(test_case *c)
{
    first_adam(c, 0.25);
    RESULT(0.84375, 0.2, 0.004);
}

static const s2vi_clock clock_used = {.seed = 7, .frame = 0xFFFFFFFF};

/* Row n is frame `frame + n`, numbered from 0 within. */
static const double *known_random(test_case *c)
{
    static double numbers[2 * 3];
    for (int n = 0; n < 2; n++) {
        float row[3];
        s2vi_philox key = {.seed = clock_used.seed,
                           .stream = 5,
                           .frame = clock_used.frame + (uint64_t)n};
        s2vi_philox_normal(&key, 0, 3, row);
        for (int i = 0; i < 3; i++)
            numbers[3 * n + i] = row[i];
    }
    case_node(c, S2VI_OP_RANDOM, &(s2vi_attr){.stream = 5}, &SHAPE(2, 3));
    return numbers;
}

/* ------------------------------------------------- tiles of threads -- */

enum { OUTER = 7, ROWS = 15, COLS = 100, CELLS = OUTER * ROWS * COLS };

/* ((tanh((x + h) q) + h) q): of 15 rows, ten make a tile and five the next, so
 * that some thread begins with a tile of five, and goes on with one of ten. */
static void make_tails(test_case *c, double *right)
{
    static const s2vi_chain chain = {
        .n_inputs = 3,
        .n_steps = 5,
        .space = {.rank = 3, .dim = {OUTER, ROWS, COLS}},
        .step = {{.op = S2VI_OP_ADD, .operand = {0, 1}},
                 {.op = S2VI_OP_MUL, .operand = {3, 2}},
                 {.op = S2VI_OP_TANH, .operand = {4, 4}},
                 {.op = S2VI_OP_ADD, .operand = {5, 1}},
                 {.op = S2VI_OP_MUL, .operand = {6, 2}}}};
    const double *x = case_operand(c, SHAPE(OUTER, ROWS, COLS), ANY);
    const double *h = case_operand(c, SHAPE(1, 1, COLS), ANY);
    const double *q = case_operand(c, SHAPE(OUTER, 1, 1), ANY);
    case_node(c, S2VI_OP_CHAIN, &(s2vi_attr){.chain = &chain},
              &SHAPE(OUTER, ROWS, COLS));
    for (int i = 0; i < CELLS; i++) {
        const double hi = h[i % COLS], qi = q[i / (ROWS * COLS)];
        right[i] = (tanh((x[i] + hi) * qi) + hi) * qi;
    }
}

static int test_tails(const char *name, int threads)
{
    static double right[CELLS], got[CELLS];
    s2vi_backend *backend = NULL;
    s2v_error err;
    test_case c;
    char failure[200] = "";
    double worst = 0;
    const run_options options = {.in_place = -1};
    if (s2vi_backend_open(&backend, name, S2VI_F32, threads, &err) < 0) {
        printf("FAIL %s: %s\n", name, err.message);
        return 1;
    }
    case_begin(&c, 1);
    make_tails(&c, right);
    const bool ran = run_case(backend, &c, &options, got, failure);
    for (int i = 0; ran && i < CELLS; i++)
        worst = worse(worst, fabs(got[i] - right[i]));
    const bool ok = ran && worst < 1.6e-6; /* measured: 5.5e-7 */
    if (!ok)
        printf("FAIL %s, tiles of %d threads: %s, off by %g\n", name, threads,
               failure, worst);
    case_free(&c);
    s2vi_backend_close(&backend);
    return !ok;
}

/* -------------------------------------------------------------- main -- */

#define KNOWN(name)                                                            \
    {                                                                          \
#name, known_##name                                                    \
    }

static const struct {
    const char *name;
    known make;
} table[] = {
    KNOWN(sub),         KNOWN(norm),        KNOWN(pad),        KNOWN(pad_away),
    KNOWN(concat),      KNOWN(permute),     KNOWN(broadcast),  KNOWN(gather),
    KNOWN(scatter),     KNOWN(upsample),    KNOWN(warp),       KNOWN(warp_up),
    KNOWN(sum),         KNOWN(moments),     KNOWN(avgpool),    KNOWN(maxpool),
    KNOWN(maxpool_put), KNOWN(maxpool_get), KNOWN(matmul_ta),  KNOWN(matmul_tb),
    KNOWN(conv),        KNOWN(conv_column), KNOWN(conv_fused), KNOWN(conv_data),
    KNOWN(conv_weight), KNOWN(gru),         KNOWN(chain),      KNOWN(adam),
    KNOWN(adamw),       KNOWN(random),      KNOWN(lstm),       KNOWN(position),
    KNOWN(conv_points), KNOWN(groups),      KNOWN(groups_x),   KNOWN(groups_w),
    KNOWN(fir),         KNOWN(fir_two),
};

enum { KNOWNS = sizeof(table) / sizeof(table[0]) };

static bool check(s2vi_backend *backend, const char *name, const test_case *c,
                  const double *right)
{
    double got[64];
    char failure[200] = "";
    run_options options = {.in_place = -1, .clock = clock_used};
    bool ok = run_case(backend, c, &options, got, failure);
    int n =
        ok ? (int)s2vi_shape_count(&c->node->shape) * run_results(c->node) : 0;
    for (int i = 0; i < n; i++)
        if (!(fabs(got[i] - right[i]) <= 1e-6 * (1 + fabs(right[i])))) {
            snprintf(failure, sizeof(failure), "number %d is %.9g, not %.9g", i,
                     got[i], right[i]);
            ok = false;
        }
    if (!ok)
        printf("FAIL %s %s: %s\n", backend->table->name, name, failure);
    return ok;
}

static bool test_one(s2vi_backend *backend, int number)
{
    test_case c;
    case_begin(&c, 1);
    const double *right = table[number].make(&c);
    const bool ok = check(backend, table[number].name, &c, right);
    case_free(&c);
    return ok;
}

/* -------------------------------------------------------------- maps -- */

/*
 * The maps of ops.def, whose formula all backends compute: scale 2, offset -1,
 * slope 1/4. Each needs a row, and each branch of its formula a number.
 */
static const struct known_map {
    s2vi_op op;
    double a[3], b[3], y[3];
} maps[] = {
    {S2VI_OP_AFFINE, {-2, 0, 3}, {0}, {-5, -1, 5}},
    {S2VI_OP_ABS, {-2, 0, 3}, {0}, {2, 0, 3}},
    {S2VI_OP_SIGN, {-2, 0, 3}, {0}, {-1, 0, 1}},
    {S2VI_OP_SQUARE, {-2, 0, 3}, {0}, {4, 0, 9}},
    {S2VI_OP_SQRT, {0.25, 0, 9}, {0}, {0.5, 0, 3}},
    {S2VI_OP_RSQRT, {0.25, 1, 4}, {0}, {2, 1, 0.5}},
    {S2VI_OP_RECIP, {-2, 0.25, 1}, {0}, {-0.5, 4, 1}},
    {S2VI_OP_EXP, {-2, 0, 3}, {0}, {0.1353352832366127, 1, 20.085536923187668}},
    {S2VI_OP_LOG,
     {0.5, 1, 10},
     {0},
     {-0.6931471805599453, 0, 2.302585092994046}},
    {S2VI_OP_TANH,
     {-2, 0, 0.5},
     {0},
     {-0.9640275800758169, 0, 0.46211715726000975}},
    {S2VI_OP_SIN,
     {-20, 0.5, 2},
     {0},
     {-0.9129452507276277, 0.4794255386042030, 0.9092974268256817}},
    {S2VI_OP_SIGMOID,
     {-2, 0, 3},
     {0},
     {0.11920292202211755, 0.5, 0.9525741268224334}},
    {S2VI_OP_LRELU, {-2, 0, 3}, {0}, {-0.5, 0, 3}},
    {S2VI_OP_STEP, {-2, 0, 3}, {0}, {0.25, 0.25, 1}}, /* at 0, as below */
    {S2VI_OP_ADD, {-2, 0, 3}, {5, 1, 2}, {3, 1, 5}},
    {S2VI_OP_SUB, {-2, 0, 3}, {5, 1, 2}, {-7, -1, 1}},
    {S2VI_OP_MUL, {-2, 0, 3}, {5, 1, 2}, {-10, 0, 6}},
    {S2VI_OP_MAX, {-2, 2, 3}, {5, 2, 2}, {5, 2, 3}},
};

enum { MAPS = sizeof(maps) / sizeof(maps[0]) };

static bool test_map(s2vi_backend *backend, const struct known_map *m)
{
    const s2vi_op_info *info = s2vi_op_get(m->op);
    test_case c;
    case_begin(&c, 1);
    memcpy(case_operand(&c, SHAPE(3), GRID), m->a, sizeof(m->a));
    if (info->arity == 2)
        memcpy(case_operand(&c, SHAPE(3), GRID), m->b, sizeof(m->b));
    case_node(&c, m->op, &(s2vi_attr){.scale = 2, .offset = -1, .slope = 0.25},
              NULL);
    const bool ok = check(backend, info->name, &c, m->y);
    case_free(&c);
    return ok;
}

/* Maps that no row is of. */
static int missing_maps(void)
{
    static const s2vi_op all[] = {
#define S2VI_MAP(id, ...) S2VI_OP_##id,
#include "graph/ops.def"
    };
    int missing = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        bool found = false;
        for (int j = 0; j < MAPS; j++)
            found = found || maps[j].op == all[i];
        if (!found)
            printf("FAIL %s: has a formula, but no known result\n",
                   s2vi_op_get(all[i])->name);
        missing += !found;
    }
    return missing;
}

static int test_backend(const char *name, s2vi_dtype dtype)
{
    s2vi_backend *backend = NULL;
    s2v_error err;
    int passes = 0;
    if (s2vi_backend_open(&backend, name, dtype, 0, &err) < 0) {
        printf("FAIL %s: %s\n", name, err.message);
        return 1;
    }
    for (int i = 0; i < KNOWNS; i++)
        passes += test_one(backend, i);
    for (int i = 0; i < MAPS; i++)
        passes += test_map(backend, &maps[i]);
    s2vi_backend_close(&backend);
    printf("%s %s: %d of %d known results\n", name,
           dtype == S2VI_F64 ? "f64" : "f32", passes, KNOWNS + MAPS);
    return KNOWNS + MAPS - passes;
}

int main(int argc, char **argv)
{
    const char *asked = argc > 1 ? argv[1] : NULL;
    int failures = missing_maps(), backends = 0;
    if (asked)
        device_is_needed(asked);
    else
        failures += test_backend("ref", S2VI_F64);
    for (int i = 0; i < BACKENDS; i++) {
        if (!backend_is_asked(backend_names[i], asked))
            continue;
        failures += test_backend(backend_names[i], S2VI_F32);
        for (int threads = 1; threads <= 5; threads++)
            failures += test_tails(backend_names[i], threads);
        backends++;
    }
    printf("known: %d results on %d backends, %d failures\n", KNOWNS + MAPS,
           backends, failures);
    return failures || !backends;
}
