/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory plan changes no number: values that are made where others lie, or
 * in a state's own storage, against numbers worked out by hand; and random
 * graphs against what they mean.
 */
#include "../check.h"
#include "../must.h"
#include "graph/build.h"
#include "run/exec.h"

#include "../graph/rng.h"
#include "../worst.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef S2V_HAVE_CPU
#define S2V_HAVE_CPU 0
#endif

#define SHAPE S2VI_SHAPE

/* ------------------------------------------------------------- running -- */

typedef struct runner {
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
} runner;

static void start(runner *r, const char *device, s2vi_dtype dtype,
                  s2vi_graph *g, const s2vi_plan_params *params)
{
    s2v_error err = {0};
    must(s2vi_graph_status(g, &err), &err);
    must(s2vi_backend_open(&r->backend, device, dtype, 1, &err), &err);
    must(s2vi_store_create(&r->store, r->backend, &err), &err);
    must(s2vi_plan_create(&r->plan, g, r->store, params, &err), &err);
    must(s2vi_exec_create(&r->exec, r->plan, &err), &err);
}

static void run(runner *r)
{
    const s2vi_clock clock = {0};
    s2v_error err = {0};
    must(s2vi_exec_run(r->exec, &clock, &err), &err);
}

static void stop(runner *r)
{
    s2vi_exec_close(&r->exec);
    s2vi_plan_close(&r->plan);
    s2vi_store_close(&r->store);
    s2vi_backend_close(&r->backend);
}

static void expect_numbers(runner *r, const s2vi_node *node, const char *what,
                           const double *wanted, int n)
{
    double found[16], worst = 0;
    must(s2vi_exec_read_f64(r->exec, node, found), NULL);
    for (int i = 0; i < n; i++)
        worst = worse(worst, fabs(found[i] - wanted[i]));
    CHECK(worst < 1e-5, "%s: %g", what, worst);
}

/* --------------------------------------------------------------- by hand -- */

/* Both are read after the run: y must not be made where a lies. */
static void test_output_of_output(const char *device)
{
    static const float x[] = {1, 2}, w[] = {0.5f, -1, 0.25f, 1};
    static const double wa[] = {1, 1}, wy[] = {0.76159416, 0.76159416};
    runner r;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *nx = s2vi_input(g, "x", SHAPE(1, 2));
    s2vi_node *nw = s2vi_input(g, "w", SHAPE(2, 2));
    s2vi_node *a = s2vi_matmul(nx, nw, false, false), *y = s2vi_tanh(a);
    s2vi_node *const outputs[] = {a, y};
    const s2vi_plan_params params = {.outputs = outputs, .n_outputs = 2};
    start(&r, device, S2VI_F32, g, &params);
    s2vi_exec_write(r.exec, nx, x);
    s2vi_exec_write(r.exec, nw, w);
    run(&r);
    expect_numbers(&r, a, "a = x w, an output, beside tanh(a)", wa, 2);
    expect_numbers(&r, y, "tanh(a), an output, beside a", wy, 2);
    stop(&r);
    s2vi_graph_close(&g);
}

/* s = concat([1 3] s, x): the first part reads all of s, and must not be made
 * where s lies. Row 0 is 0, then 3 x, then 3 x + 3 x. */
static void test_state_of_parts(const char *device)
{
    static const float x[] = {1, 2, 3, 4}, w[] = {1, 3};
    static const double wanted[] = {6, 12, 18, 24, 1, 2, 3, 4};
    runner r;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *nx = s2vi_input(g, "x", SHAPE(1, 4));
    s2vi_node *nw = s2vi_input(g, "w", SHAPE(1, 2));
    s2vi_node *s = s2vi_var(g, S2VI_VAR_STATE, "s", SHAPE(2, 4));
    s2vi_node *const part[] = {s2vi_matmul(nw, s, false, false), nx};
    s2vi_node *carry = s2vi_assign(s, s2vi_concat(part, 2, 0));
    const s2vi_plan_params params = {.effects = &carry, .n_effects = 1};
    start(&r, device, S2VI_F32, g, &params);
    s2vi_exec_write(r.exec, nx, x);
    s2vi_exec_write(r.exec, nw, w);
    for (int i = 0; i < 3; i++)
        run(&r);
    expect_numbers(&r, s, "s = concat([1 3] s, x), three times", wanted, 8);
    stop(&r);
    s2vi_graph_close(&g);
}

/* s = [0 1; 1 1] s reads all of s for each row: Fibonacci's numbers. */
static void test_state_of_itself(const char *device)
{
    static const float w[] = {0, 1, 1, 1}, first[] = {0, 1};
    static const double wanted[] = {5, 8};
    runner r;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *nw = s2vi_input(g, "w", SHAPE(2, 2));
    s2vi_node *s = s2vi_var(g, S2VI_VAR_STATE, "s", SHAPE(2, 1));
    s2vi_node *carry = s2vi_assign(s, s2vi_matmul(nw, s, false, false));
    const s2vi_plan_params params = {.effects = &carry, .n_effects = 1};
    start(&r, device, S2VI_F32, g, &params);
    s2vi_exec_write(r.exec, nw, w);
    s2vi_exec_write(r.exec, s, first);
    for (int i = 0; i < 5; i++)
        run(&r);
    expect_numbers(&r, s, "s = [0 1; 1 1] s, five times", wanted, 2);
    stop(&r);
    s2vi_graph_close(&g);
}

/* s - (s's row 0), rows of more than a tile. */
static void test_state_and_its_row(const char *device)
{
    enum { N = 1500 };
    static float x[3 * N];
    static const double row[] = {0, 1, 3};
    runner r;
    double worst = 0;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *s = s2vi_var(g, S2VI_VAR_STATE, "s", SHAPE(3, N));
    s2vi_node *carry = s2vi_assign(s, s2vi_sub(s, s2vi_slice(s, 0, 0, 1)));
    const s2vi_plan_params params = {.effects = &carry, .n_effects = 1};
    start(&r, device, S2VI_F32, g, &params);
    for (int i = 0; i < 3 * N; i++)
        x[i] = (float)(1 << i / N);
    s2vi_exec_write(r.exec, s, x);
    run(&r);
    must(s2vi_exec_read(r.exec, s, x), NULL);
    for (int i = 0; i < 3 * N; i++)
        worst = worse(worst, fabs(x[i] - row[i / N]));
    CHECK(worst == 0, "s = s - s[0]: %g", worst);
    stop(&r);
    s2vi_graph_close(&g);
}

/* ---------------------------------------------------------------- random -- */

enum { ROWS = 3, COLS = 4, WIDE = 600 /* more than a tile of cpu's */ };
enum { CELLS = ROWS * WIDE, NODES = 18, STATES = 2 };
enum { FIRST = 1 + STATES, LAST = NODES / 2, RUNS = 3 };

typedef enum kind {
    TANH,
    GATED,
    DIFFERENCE,
    PRODUCT,
    FLAT,
    CENTRED,
    ROW,           /* a row of b taken off all of a */
    COLUMNS,       /* two of a, the others of b */
    CORNER,        /* without the first row and column, which become 0 */
    STACK,         /* single rows of a, b, a */
    PRODUCT_STACK, /* rows of W a, then of b */
    KINDS,
} kind;

/* A value (ROWS,cols), made of two earlier ones. */
typedef struct value {
    kind kind;
    int a, b;
    int row[3];     /* STACK: which rows; PRODUCT_STACK: how many of W a */
    bool squash[3]; /* parts are tanh of rows, not rows as they lie */
} value;

typedef double matrix[ROWS][WIDE];

typedef struct program {
    int cols;
    value value[NODES]; /* from FIRST on: before them x and the states */
    int next[STATES];
    float x[CELLS], w[ROWS * ROWS];
    s2vi_graph *graph;
    s2vi_node *input, *weight, *node[NODES];
} program;

/* The last, mostly; or x, a state or any. */
static int any_value(rng *r, int n)
{
    return rng_bool(r) ? n - 1 : rng_int(r, rng_bool(r) ? FIRST : n);
}

static void draw(program *p, rng *r)
{
    for (int i = FIRST; i < NODES; i++) {
        value *v = &p->value[i];
        v->kind = (kind)rng_int(r, KINDS);
        v->a = any_value(r, i);
        v->b = rng_bool(r) ? v->a : any_value(r, i);
        for (int k = 0; k < 3; k++) {
            v->row[k] = rng_int(r, ROWS);
            v->squash[k] = rng_int(r, 3);
        }
        v->row[0] = v->kind == PRODUCT_STACK ? 1 + v->row[0] % 2 : v->row[0];
    }
    for (int i = 0; i < STATES; i++)
        p->next[i] = NODES - 1 - rng_int(r, LAST);
}

/* ---- as a graph ---- */

static s2vi_node *part(const value *v, int k, s2vi_node *x, int from, int n)
{
    s2vi_node *rows = s2vi_slice(x, 0, from, n);
    return v->squash[k] ? s2vi_tanh(rows) : rows;
}

static s2vi_node *stack(const value *v, s2vi_node *a, s2vi_node *b)
{
    s2vi_node *const parts[] = {part(v, 0, a, v->row[0], 1),
                                part(v, 1, b, v->row[1], 1),
                                part(v, 2, a, v->row[2], 1)};
    return s2vi_concat(parts, 3, 0);
}

static s2vi_node *product_stack(const value *v, s2vi_node *w, s2vi_node *a,
                                s2vi_node *b)
{
    const int n = v->row[0];
    s2vi_node *const parts[] = {
        s2vi_matmul(s2vi_slice(w, 0, 0, n), a, false, false),
        part(v, 1, b, 0, ROWS - n)};
    return s2vi_concat(parts, 2, 0);
}

static s2vi_node *columns(const value *v, s2vi_node *a, s2vi_node *b)
{
    const int64_t n = a->shape.dim[1];
    s2vi_node *deep = s2vi_reshape(b, SHAPE(ROWS, 1, n));
    s2vi_node *const parts[] = {
        s2vi_slice(a, 1, v->row[0], 2),
        s2vi_reshape(s2vi_slice(deep, 2, v->row[1], n - 2),
                     SHAPE(ROWS, n - 2))};
    return s2vi_concat(parts, 2, 1);
}

static s2vi_node *corner(s2vi_node *a)
{
    static const int64_t cut[] = {-1, -1}, none[] = {0, 0}, fill[] = {1, 1};
    return s2vi_pad(s2vi_pad(a, cut, none), fill, none);
}

static s2vi_node *record_value(const program *p, const value *v)
{
    s2vi_node *a = p->node[v->a], *b = p->node[v->b];
    switch (v->kind) {
    case TANH: return s2vi_tanh(a);
    case GATED: return s2vi_mul(a, s2vi_sigmoid(b));
    case DIFFERENCE: return s2vi_sub(s2vi_scale(a, 0.7), b);
    case PRODUCT: return s2vi_matmul(p->weight, a, false, false);
    case CENTRED: return s2vi_sub(a, s2vi_mean(b, 1));
    case ROW: return s2vi_sub(a, s2vi_slice(b, 0, v->row[0], 1));
    case COLUMNS: return columns(v, a, b);
    case CORNER: return corner(a);
    case STACK: return stack(v, a, b);
    case PRODUCT_STACK: return product_stack(v, p->weight, a, b);
    default:
        a = s2vi_reshape(a, SHAPE(p->cols, ROWS));
        return s2vi_reshape(s2vi_tanh(a), SHAPE(ROWS, p->cols));
    }
}

static void record(program *p)
{
    p->graph = s2vi_graph_create();
    p->weight = s2vi_input(p->graph, "w", SHAPE(ROWS, ROWS));
    p->input = p->node[0] = s2vi_input(p->graph, "x", SHAPE(ROWS, p->cols));
    for (int i = 0; i < STATES; i++)
        p->node[1 + i] = s2vi_var(p->graph, S2VI_VAR_STATE, i ? "t" : "s",
                                  SHAPE(ROWS, p->cols));
    for (int i = FIRST; i < NODES; i++)
        p->node[i] = record_value(p, &p->value[i]);
}

/* ---- as numbers ---- */

static double product(const program *p, const matrix a, int row, int col)
{
    double sum = 0;
    for (int k = 0; k < ROWS; k++)
        sum += (double)p->w[row * ROWS + k] * a[k][col];
    return sum;
}

static double part_number(const value *v, int k, double x)
{
    return v->squash[k] ? tanh(x) : x;
}

static double number(const program *p, const value *v, const matrix a,
                     const matrix b, int i, int j)
{
    const int n = v->row[0];
    switch (v->kind) {
    case GATED: return a[i][j] / (1 + exp(-b[i][j]));
    case DIFFERENCE: return 0.7 * a[i][j] - b[i][j];
    case PRODUCT: return product(p, a, i, j);
    case CENTRED: return a[i][j] - (b[0][j] + b[1][j] + b[2][j]) / ROWS;
    case ROW: return a[i][j] - b[n][j];
    case COLUMNS: return j < 2 ? a[i][n + j] : b[i][v->row[1] + j - 2];
    case CORNER: return i && j ? a[i][j] : 0;
    case STACK:
        return part_number(v, i, i == 1 ? b[v->row[1]][j] : a[v->row[i]][j]);
    case PRODUCT_STACK:
        return i < n ? product(p, a, i, j) : part_number(v, 1, b[i - n][j]);
    default: return tanh(a[i][j]);
    }
}

static void evaluate(const program *p, matrix *m)
{
    for (int k = FIRST; k < NODES; k++)
        for (int c = 0; c < ROWS * p->cols; c++)
            m[k][c / p->cols][c % p->cols] =
                number(p, &p->value[k], (const double(*)[WIDE])m[p->value[k].a],
                       (const double(*)[WIDE])m[p->value[k].b], c / p->cols,
                       c % p->cols);
}

static void write_inputs(program *p, rng *r, runner *runs, matrix x)
{
    for (int i = 0; i < ROWS * p->cols; i++)
        x[i / p->cols][i % p->cols] = p->x[i] = (float)rng_range(r, -1, 1);
    for (int i = 0; i < ROWS * ROWS; i++)
        p->w[i] = (float)rng_range(r, -0.5, 0.5);
    s2vi_exec_write(runs->exec, p->input, p->x);
    s2vi_exec_write(runs->exec, p->weight, p->w);
}

/* The largest difference of an output in one run. */
static double step(const program *p, runner *runs, const int *output, int n,
                   matrix *m)
{
    static double found[CELLS];
    double worst = 0;
    evaluate(p, m);
    run(runs);
    for (int i = 0; i < n; i++) {
        must(s2vi_exec_read_f64(runs->exec, p->node[output[i]], found), NULL);
        for (int c = 0; c < ROWS * p->cols; c++)
            worst = worse(
                worst, fabs(found[c] - m[output[i]][c / p->cols][c % p->cols]));
    }
    for (int i = 0; i < STATES; i++)
        memcpy(m[1 + i], m[p->next[i]], sizeof(*m));
    return worst;
}

/* A few values are outputs, which leaves room for others to be written over. */
static void test_random(const char *device, uint64_t seed, int cols)
{
    rng r = {seed};
    program p = {.cols = cols};
    static matrix m[NODES];
    runner runs;
    int output[3];
    s2vi_node *outputs[3], *effects[STATES];
    double worst = 0;
    char what[64];
    memset(m, 0, sizeof(m));
    draw(&p, &r);
    record(&p);
    const int n = 1 + rng_int(&r, 3);
    for (int i = 0; i < n; i++)
        outputs[i] = p.node[output[i] = NODES - 1 - rng_int(&r, LAST)];
    for (int i = 0; i < STATES; i++)
        effects[i] = s2vi_assign(p.node[1 + i], p.node[p.next[i]]);
    const s2vi_plan_params params = {.outputs = outputs,
                                     .n_outputs = n,
                                     .effects = effects,
                                     .n_effects = STATES};
    start(&runs, device, S2VI_F32, p.graph, &params);
    write_inputs(&p, &r, &runs, m[0]); /* which stay */
    for (int k = 0; k < RUNS; k++)
        worst = worse(worst, step(&p, &runs, output, n, m));
    snprintf(what, sizeof(what), "graph %d on %s", (int)seed, device);
    CHECK(worst < 1e-5, "%s: %g", what, worst);
    stop(&runs);
    s2vi_graph_close(&p.graph);
}

int main(void)
{
    static const char *const device[] = {"ref", "cpu"};
    for (int d = 0; d < 1 + S2V_HAVE_CPU; d++) {
        test_output_of_output(device[d]);
        test_state_of_parts(device[d]);
        test_state_of_itself(device[d]);
        test_state_and_its_row(device[d]);
        for (uint64_t seed = 1; seed <= 1000; seed++)
            test_random(device[d], seed, seed % 3 ? COLS : WIDE);
    }
    return check_done();
}
