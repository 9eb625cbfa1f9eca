/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reverse sweep: from y back to the x, one rule a node. */
#include "graph/gradient.h"

#include "graph/build.h"

#include <stdlib.h>

typedef struct list {
    s2vi_node **item;
    int count, capacity;
} list;

struct s2vi_backward_pass {
    s2vi_graph *graph;
    int first;    /* id: what was recorded before stands still */
    int last;     /* id of y: nothing after it takes part */
    bool *wanted; /* by id */
    bool *asked;  /* by id: one of the x */
    list *flow;   /* by id: the contributions so far */
};

bool s2vi_gradient_wanted(const s2vi_backward_pass *pass, const s2vi_node *node)
{
    return node->id <= pass->last && pass->wanted[node->id];
}

bool s2vi_gradient_propagates(const s2vi_backward_pass *pass,
                              const s2vi_node *node)
{
    return node->id >= pass->first && s2vi_gradient_wanted(pass, node) &&
           !pass->asked[node->id];
}

static bool push(list *l, s2vi_node *node)
{
    if (l->count == l->capacity) {
        int capacity = l->capacity ? 2 * l->capacity : 4;
        s2vi_node **p = realloc(l->item, (size_t)capacity * sizeof(*p));
        if (!p)
            return false;
        l->item = p;
        l->capacity = capacity;
    }
    l->item[l->count++] = node;
    return true;
}

void s2vi_gradient_flow(s2vi_backward_pass *pass, s2vi_node *node, s2vi_node *g)
{
    if (!g || !s2vi_gradient_wanted(pass, node))
        return;
    if (!s2vi_shape_equal(&node->shape, &g->shape))
        s2vi_graph_mistake(pass->graph, "gradient of %s: wrong shape",
                           s2vi_op_get(node->op)->name);
    else if (!push(&pass->flow[node->id], g))
        s2vi_graph_mistake(pass->graph, "out of memory for gradients");
}

/* Mark the nodes, up to y, through which some x reaches y. */
static void mark(s2vi_backward_pass *pass, s2vi_node *const *x, int n)
{
    for (int i = 0; i < n; i++)
        if (x[i]->id <= pass->last)
            pass->wanted[x[i]->id] = pass->asked[x[i]->id] = true;
    for (int id = pass->first; id <= pass->last; id++) {
        const s2vi_node *node = s2vi_graph_node(pass->graph, id);
        if (node->op == S2VI_OP_DETACH)
            continue;
        for (int i = 0; i < node->n_inputs && !pass->wanted[id]; i++)
            pass->wanted[id] = pass->wanted[node->input[i]->id];
    }
}

/* Replace a node's contributions by their sum, and return it. */
static s2vi_node *settle(s2vi_backward_pass *pass, int id)
{
    list *l = &pass->flow[id];
    if (l->count > 1) {
        l->item[0] = s2vi_gradient_total(l->item, l->count);
        l->count = 1;
    }
    return l->count ? l->item[0] : NULL;
}

static void sweep(s2vi_backward_pass *pass)
{
    for (int id = pass->last; id >= pass->first; id--) {
        if (!pass->wanted[id])
            continue;
        s2vi_node *gy = settle(pass, id);
        if (gy)
            s2vi_gradient_rule(pass, s2vi_graph_node(pass->graph, id), gy);
    }
}

static void collect(s2vi_backward_pass *pass, s2vi_node *const *x, int n,
                    s2vi_node **gx)
{
    for (int i = 0; i < n; i++) {
        bool before = x[i]->id <= pass->last;
        gx[i] = before ? settle(pass, x[i]->id) : NULL;
        if (!gx[i])
            gx[i] = s2vi_fill(pass->graph, 0, x[i]->shape);
    }
}

static void release(s2vi_backward_pass *pass)
{
    for (int id = 0; pass->flow && id <= pass->last; id++)
        free(pass->flow[id].item);
    free(pass->flow);
    free(pass->wanted);
    free(pass->asked);
}

int s2vi_gradients_since(int first, s2vi_node *y, s2vi_node *gy,
                         s2vi_node *const *x, int n, s2vi_node **gx)
{
    bool complete = y != NULL;
    for (int i = 0; i < n; i++) {
        complete = complete && x[i];
        gx[i] = NULL;
    }
    if (!complete)
        return S2V_ERR_INTERNAL;
    s2vi_backward_pass pass = {
        .graph = y->graph, .first = first, .last = y->id};
    pass.wanted = calloc((size_t)y->id + 1, sizeof(*pass.wanted));
    pass.asked = calloc((size_t)y->id + 1, sizeof(*pass.asked));
    pass.flow = calloc((size_t)y->id + 1, sizeof(*pass.flow));
    if (!pass.wanted || !pass.asked || !pass.flow) {
        s2vi_graph_mistake(y->graph, "out of memory for gradients");
    } else {
        mark(&pass, x, n);
        s2vi_gradient_flow(&pass, y,
                           gy ? gy : s2vi_fill(y->graph, 1, y->shape));
        sweep(&pass);
        collect(&pass, x, n, gx);
    }
    release(&pass);
    return s2vi_graph_status(y->graph, NULL);
}

int s2vi_gradients(s2vi_node *y, s2vi_node *gy, s2vi_node *const *x, int n,
                   s2vi_node **gx)
{
    return s2vi_gradients_since(0, y, gy, x, n, gx);
}
