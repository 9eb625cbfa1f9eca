/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Evaluating graphs, and finite differences. */
#include "lab.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lab_open(lab *l, const char *name, uint64_t seed)
{
    *l = (lab){.name = name, .rng = {seed}, .graph = s2vi_graph_create()};
    s2v_error err;
    if (!l->graph ||
        s2vi_backend_open(&l->backend, "ref", S2VI_F64, 1, &err) < 0)
        abort();
}

void lab_close(lab *l, int *checks, int *failures)
{
    if (l->failures)
        printf("FAIL %s: %d of %d checks\n", l->name, l->failures, l->checks);
    for (int i = 0; i < l->capacity; i++) {
        free(l->value[i]);
        if (l->kernel[i])
            l->kernel[i]->close(l->kernel[i]);
    }
    free(l->value);
    free(l->kernel);
    s2vi_backend_close(&l->backend);
    s2vi_graph_close(&l->graph);
    *checks += l->checks;
    *failures += l->failures;
}

void lab_fail(lab *l, const char *what)
{
    s2v_error err = {.message = ""};
    s2vi_graph_status(l->graph, &err);
    printf("FAIL %s: %s%s%s\n", l->name, what, err.message[0] ? ": " : "",
           err.message);
    l->failures++;
    l->checks++;
}

/* -------------------------------------------------------- evaluation -- */

static void *grown(void *p, size_t old, size_t new, size_t size)
{
    char *q = realloc(p, new *size);
    if (!q)
        abort();
    memset(q + old * size, 0, (new - old) * size);
    return q;
}

double *lab_numbers(lab *l, const s2vi_node *node)
{
    if (node->id >= l->capacity) {
        size_t old = (size_t)l->capacity, new = 2 * (size_t)node->id + 64;
        l->value = grown(l->value, old, new, sizeof(*l->value));
        l->kernel = grown(l->kernel, old, new, sizeof(*l->kernel));
        l->capacity = (int)new;
    }
    if (!l->value[node->id]) {
        size_t n = (size_t)s2vi_shape_count(&node->shape);
        l->value[node->id] = calloc(n, sizeof(double));
        if (!l->value[node->id])
            abort();
    }
    return l->value[node->id];
}

static double draw(rng *r, domain from)
{
    switch (from) {
    case POSITIVE: return rng_range(r, 0.5, 2);
    case NONZERO: return rng_range(r, 0.2, 1) * (rng_bool(r) ? 1 : -1);
    case GRID: return (rng_int(r, 9) - 4) / 4.0;
    case OFF_GRID: return (rng_int(r, 9) - 4) / 4.0 + 0.1;
    default: return rng_range(r, -1, 1);
    }
}

s2vi_node *lab_constant(lab *l, s2vi_shape shape, domain from)
{
    s2vi_node *node = s2vi_input(l->graph, "leaf", shape);
    int64_t n = node ? s2vi_shape_count(&shape) : 0;
    for (int64_t i = 0; i < n; i++)
        lab_numbers(l, node)[i] = draw(&l->rng, from);
    return node;
}

s2vi_node *lab_leaf(lab *l, s2vi_shape shape, domain from)
{
    s2vi_node *node = lab_constant(l, shape, from);
    if (node && l->n_leaves < LAB_LEAVES)
        l->leaf[l->n_leaves++] = node;
    else
        lab_fail(l, "a leaf too many");
    return node;
}

static bool run_node(lab *l, s2vi_node *node)
{
    void *in[S2VI_MAX_INPUTS];
    void *out = lab_numbers(l, node);
    s2vi_kernel **k = &l->kernel[node->id];
    s2v_error err;
    if (!*k && l->backend->table->compile(l->backend, node, 0, k, &err) < 0) {
        lab_fail(l, err.message);
        return false;
    }
    for (int i = 0; i < node->n_inputs; i++)
        in[i] = lab_numbers(l, node->input[i]);
    size_t size = (*k)->scratch_size;
    void *scratch = l->backend->table->alloc(l->backend, size);
    int ret = scratch ? (*k)->run(*k, out, in, scratch, &(s2vi_clock){0})
                      : S2V_ERR_NOMEM;
    l->backend->table->free(l->backend, scratch);
    return ret == S2V_OK;
}

static bool is_leaf(const s2vi_node *node)
{
    return node->op == S2VI_OP_INPUT || node->op == S2VI_OP_VAR;
}

const double *lab_value(lab *l, s2vi_node *node)
{
    if (!node) {
        lab_fail(l, "not recorded");
        return NULL;
    }
    bool *needed = calloc((size_t)node->id + 1, sizeof(*needed));
    bool ok = needed != NULL;
    if (ok)
        needed[node->id] = true;
    for (int id = node->id; ok && id >= 0; id--) {
        const s2vi_node *n = s2vi_graph_node(l->graph, id);
        for (int i = 0; needed[id] && i < n->n_inputs; i++)
            needed[n->input[i]->id] = true;
    }
    for (int id = 0; ok && id <= node->id; id++) {
        s2vi_node *n = s2vi_graph_node(l->graph, id);
        if (needed[id] && !is_leaf(n))
            ok = run_node(l, n);
    }
    free(needed);
    return ok ? lab_numbers(l, node) : NULL;
}

void lab_same(lab *l, const char *what, s2vi_node *a, s2vi_node *b,
              double tolerance)
{
    const double *x = lab_value(l, a), *y = lab_value(l, b);
    if (!x || !y || !s2vi_shape_equal(&a->shape, &b->shape)) {
        lab_fail(l, what);
        return;
    }
    double most = 0, size = 0;
    int64_t n = s2vi_shape_count(&a->shape);
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, isfinite(x[i]) ? fabs(x[i] - y[i]) : INFINITY);
        size = fmax(size, fabs(y[i]));
    }
    l->checks++;
    l->same = fmax(l->same, most / (size + 1e-3));
    if (most > tolerance * (size + 1e-3)) {
        printf("FAIL %s: %s: %.3g of %.3g\n", l->name, what, most, size);
        l->failures++;
    }
}

/* ------------------------------------------------ finite differences -- */

static double loss_at(lab *l, s2vi_node *loss, double *number, double value)
{
    double before = *number;
    *number = value;
    const double *v = lab_value(l, loss);
    *number = before;
    return v ? *v : NAN;
}

/* d loss / d *number, to about 1e-9 of the loss's size. */
static double difference(lab *l, s2vi_node *loss, double *number)
{
    const double h = 1e-5, x = *number;
    return (loss_at(l, loss, number, x + h) - loss_at(l, loss, number, x - h)) /
           (2 * h);
}

/* Compare in all numbers of the leaf, or in many of them. */
static double leaf_error(lab *l, s2vi_node *loss, s2vi_node *leaf,
                         const s2vi_node *gradient)
{
    enum { MANY = 24 };
    int64_t n = s2vi_shape_count(&leaf->shape);
    const double *g = lab_numbers(l, gradient);
    double size = 1e-2, most = 0;
    for (int64_t i = 0; i < n; i++)
        size = fmax(size, fabs(g[i]));
    for (int64_t i = 0; i < n && i < MANY; i++) {
        int64_t at = n <= MANY ? i : rng_int(&l->rng, (int)n);
        double right = difference(l, loss, &lab_numbers(l, leaf)[at]);
        double d = fabs(lab_numbers(l, gradient)[at] - right);
        most = isfinite(d) ? fmax(most, d) : INFINITY;
    }
    return most / size;
}

void lab_check(lab *l, const char *what, s2vi_node *loss, double tolerance,
               double *worst)
{
    s2vi_node *g[LAB_LEAVES];
    if (!loss || s2vi_gradients(loss, NULL, l->leaf, l->n_leaves, g) < 0) {
        lab_fail(l, what);
        return;
    }
    for (int i = 0; i < l->n_leaves; i++) {
        if (!lab_value(l, g[i]))
            return;
        double e = leaf_error(l, loss, l->leaf[i], g[i]);
        l->checks++;
        *worst = fmax(*worst, e);
        if (!(e <= tolerance)) {
            printf("FAIL %s: %s: leaf %d: error %.3g\n", l->name, what, i, e);
            l->failures++;
        }
    }
}

/* sum(x r), r random: another leaf, since it too may vary. */
static s2vi_node *random_sum(lab *l, s2vi_node *x, bool varies)
{
    if (!x)
        return NULL;
    s2vi_node *r =
        varies ? lab_leaf(l, x->shape, ANY) : lab_constant(l, x->shape, ANY);
    return s2vi_sum_all(s2vi_mul(x, r));
}

void lab_check_orders(lab *l, s2vi_node *y, lab_bounds bounds)
{
    s2vi_node *loss = random_sum(l, y, true), *g[LAB_LEAVES], *second = NULL;
    lab_check(l, "first order", loss, bounds.first, &l->worst.first);
    if (!loss || s2vi_gradients(loss, NULL, l->leaf, l->n_leaves, g) < 0) {
        lab_fail(l, "first order again");
        return;
    }
    for (int i = 0; i < l->n_leaves; i++) {
        s2vi_node *part = random_sum(l, g[i], false);
        second = second ? s2vi_add(second, part) : part;
    }
    lab_check(l, "second order", second, bounds.second, &l->worst.second);
}
