/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sums of gradients, merged where that is exact algebra:
 *   sum_t x_t^T y_t       = X^T Y with the x_t and y_t stacked (weights of
 *                           convolutions and matrix products used at each t)
 *   sum_t rows(g_t)       = rows of the stacked g_t (biases)
 *   sum_t pad_t(g_t)      = a concatenation, where the pads do not overlap
 *                           (a sequence read slice by slice)
 * An unrolled recurrence has one term a step; merged, it has one in all.
 */
#include "graph/gradient.h"

#include "graph/build.h"

#include <string.h>

#define MAX_TERMS 4096

/* ------------------------------------------------- stacked products -- */

/* A bias gradient is a sum in the bias's shape: look at the sum itself. */
static const s2vi_node *core(const s2vi_node *term)
{
    return term->op == S2VI_OP_RESHAPE && term->input[0]->op == S2VI_OP_SUM
               ? term->input[0]
               : term;
}

/* A term is one product of two stacks of rows, or one sum over rows. */
static bool is_stackable(const s2vi_node *term)
{
    const s2vi_node *node = core(term);
    switch (node->op) {
    case S2VI_OP_CONV_WEIGHT: return true;
    case S2VI_OP_MATMUL:
        return node->attr.trans_a && !node->attr.trans_b &&
               node->shape.rank == 2;
    case S2VI_OP_SUM: /* over the rows, of which there may be one */
        return node->attr.axes & 1u || node->input[0]->shape.dim[0] == 1;
    default: return false;
    }
}

static bool same_tail(const s2vi_shape *a, const s2vi_shape *b)
{
    return a->rank == b->rank &&
           !memcmp(a->dim + 1, b->dim + 1,
                   (size_t)(a->rank - 1) * sizeof(a->dim[0]));
}

/* Attributes of those ops, member by member: padding bytes may differ. */
static bool same_attributes(const s2vi_attr *a, const s2vi_attr *b)
{
    return (a->axes | 1u) == (b->axes | 1u) && a->trans_a == b->trans_a &&
           a->trans_b == b->trans_b && a->groups == b->groups &&
           !memcmp(&a->window, &b->window, sizeof(a->window));
}

static bool stack_together(const s2vi_node *term_a, const s2vi_node *term_b)
{
    const s2vi_node *a = core(term_a), *b = core(term_b);
    if (a->op != b->op || !same_attributes(&a->attr, &b->attr))
        return false;
    for (int i = 0; i < a->n_inputs; i++)
        if (!same_tail(&a->input[i]->shape, &b->input[i]->shape))
            return false;
    return true;
}

static s2vi_node *stack_operand(s2vi_node *const *term, int n, int operand)
{
    s2vi_node *part[MAX_TERMS];
    /* The sweep runs backwards in time: stack forwards, as memory lies. */
    for (int i = 0; i < n; i++)
        part[i] = core(term[n - 1 - i])->input[operand];
    return s2vi_concat(part, n, 0);
}

static s2vi_node *stack(s2vi_node *const *term, int n)
{
    const s2vi_node *first = core(term[0]);
    s2vi_attr attr = first->attr;
    s2vi_node *operand[2] = {0};
    for (int i = 0; i < first->n_inputs; i++)
        operand[i] = stack_operand(term, n, i);
    for (int i = 0; i < first->n_inputs; i++)
        if (!operand[i])
            return NULL;
    if (first->op == S2VI_OP_SUM)
        attr.axes |= 1u;
    s2vi_node *whole = s2vi_node_create(first->graph, first->op, operand,
                                        first->n_inputs, &attr, &first->shape);
    return s2vi_reshape(whole, term[0]->shape);
}

/* Gather the terms that stack with term[0] into `group`; the others close up.
 * Returns the group's size. */
static int take_group(s2vi_node **term, int *n, s2vi_node **group)
{
    int taken = 0, kept = 0;
    const s2vi_node *first = term[0];
    for (int i = 0; i < *n; i++) {
        if (i == 0 || stack_together(first, term[i]))
            group[taken++] = term[i];
        else
            term[kept++] = term[i];
    }
    *n = kept;
    return taken;
}

/* --------------------------------------------------- disjoint slices -- */

/* A pad along dimension 0 alone, by non-negative amounts. */
static bool is_row_pad(const s2vi_node *node)
{
    if (node->op != S2VI_OP_PAD || node->attr.lo[0] < 0 || node->attr.hi[0] < 0)
        return false;
    for (int i = 1; i < node->shape.rank; i++)
        if (node->attr.lo[i] || node->attr.hi[i])
            return false;
    return true;
}

static void sort_by_first_row(s2vi_node **term, int n)
{
    for (int i = 1; i < n; i++) /* the sweep leaves them nearly reversed */
        for (int j = i; j > 0 && term[j]->attr.lo[0] < term[j - 1]->attr.lo[0];
             j--) {
            s2vi_node *t = term[j];
            term[j] = term[j - 1];
            term[j - 1] = t;
        }
}

/* The concatenation that n pads add up to, or NULL where they overlap. */
static s2vi_node *tile(s2vi_node **term, int n)
{
    s2vi_node *part[2 * MAX_TERMS + 1];
    int parts = 0;
    int64_t row = 0, rows = term[0]->shape.dim[0];
    sort_by_first_row(term, n);
    for (int i = 0; i <= n; i++) {
        int64_t next = i < n ? term[i]->attr.lo[0] : rows;
        if (next < row)
            return NULL;
        if (next > row) {
            s2vi_shape gap = term[0]->shape;
            gap.dim[0] = next - row;
            part[parts++] = s2vi_fill(term[0]->graph, 0, gap);
        }
        if (i < n) {
            part[parts++] = term[i]->input[0];
            row = next + term[i]->input[0]->shape.dim[0];
        }
    }
    return s2vi_concat(part, parts, 0);
}

/* -------------------------------------------------------------- both -- */

static int merge_pads(s2vi_node **term, int n)
{
    s2vi_node *pad[MAX_TERMS];
    int pads = 0, kept = 0;
    for (int i = 0; i < n; i++)
        if (is_row_pad(term[i]))
            pad[pads++] = term[i];
    s2vi_node *whole = pads > 1 ? tile(pad, pads) : NULL;
    if (!whole)
        return n;
    for (int i = 0; i < n; i++)
        if (!is_row_pad(term[i]))
            term[kept++] = term[i];
    term[kept++] = whole;
    return kept;
}

static s2vi_node *add_up(s2vi_node *total, s2vi_node *term)
{
    return total ? s2vi_add(total, term) : term;
}

s2vi_node *s2vi_gradient_total(s2vi_node **g, int n)
{
    s2vi_node *group[MAX_TERMS], *total = NULL;
    if (n > MAX_TERMS)
        return s2vi_graph_mistake(g[0]->graph,
                                  "%d gradients to add up, at "
                                  "most %d",
                                  n, MAX_TERMS);
    n = merge_pads(g, n);
    while (n > 0) {
        if (!is_stackable(g[0])) {
            total = add_up(total, g[0]);
            memmove(g, g + 1, (size_t)--n * sizeof(*g));
            continue;
        }
        int taken = take_group(g, &n, group);
        total = add_up(total, taken > 1 ? stack(group, taken) : group[0]);
    }
    return total;
}
