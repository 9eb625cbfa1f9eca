/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recording: nodes in an arena, the first mistake kept. */
#include "graph/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (64 * 1024)

typedef struct block {
    struct block *next;
    size_t used, size;
    max_align_t data[];
} block;

/* A parameter, placed or not. */
typedef struct param {
    struct param *next;
    s2vi_node *node;
} param;

struct s2vi_graph {
    block *blocks;
    param *params;
    s2vi_node **node;
    int count, capacity;
    s2v_error mistake; /* code S2V_OK: none yet */
};

s2vi_graph *s2vi_graph_create(void)
{
    return calloc(1, sizeof(s2vi_graph));
}

void s2vi_graph_close(s2vi_graph **graph)
{
    if (!graph || !*graph)
        return;
    for (block *b = (*graph)->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free((*graph)->node);
    free(*graph);
    *graph = NULL;
}

int s2vi_graph_status(const s2vi_graph *graph, s2v_error *err)
{
    if (!graph)
        return s2vi_error_nomem(err, "a graph");
    if (graph->mistake.code)
        return s2vi_error(err, graph->mistake.code, "%s",
                          graph->mistake.message);
    return S2V_OK;
}

int s2vi_graph_count(const s2vi_graph *graph)
{
    return graph->count;
}

s2vi_node *s2vi_graph_node(const s2vi_graph *graph, int id)
{
    return graph->node[id];
}

s2vi_node *s2vi_graph_find(const s2vi_graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (graph->node[i]->name && !strcmp(graph->node[i]->name, name))
            return graph->node[i];
    return NULL;
}

void *s2vi_graph_mistake(s2vi_graph *graph, const char *format, ...)
{
    if (!graph || graph->mistake.code)
        return NULL;
    char text[900];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    s2vi_error(&graph->mistake, S2V_ERR_INTERNAL, "%s", text);
    return NULL;
}

static void *out_of_memory(s2vi_graph *graph)
{
    if (!graph->mistake.code)
        s2vi_error_nomem(&graph->mistake, "a graph's nodes");
    return NULL;
}

void *s2vi_graph_alloc(s2vi_graph *graph, size_t size)
{
    const size_t align = sizeof(max_align_t);
    size = (size + align - 1) / align * align;
    if (!graph->blocks || graph->blocks->size - graph->blocks->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block *b = calloc(1, sizeof(*b) + room);
        if (!b)
            return out_of_memory(graph);
        b->size = room;
        b->next = graph->blocks;
        graph->blocks = b;
    }
    void *p = (char *)graph->blocks->data + graph->blocks->used;
    graph->blocks->used += size;
    return p;
}

static bool append(s2vi_graph *graph, s2vi_node *node)
{
    if (graph->count == graph->capacity) {
        int capacity = graph->capacity ? 2 * graph->capacity : 256;
        s2vi_node **p = realloc(graph->node, (size_t)capacity * sizeof(*p));
        if (!p)
            return out_of_memory(graph) != NULL;
        graph->node = p;
        graph->capacity = capacity;
    }
    node->id = graph->count;
    graph->node[graph->count++] = node;
    return true;
}

static bool inputs_fit(s2vi_graph *graph, const s2vi_op_info *info,
                       s2vi_node *const *inputs, int n_inputs)
{
    if (info->arity >= 0 ? n_inputs != info->arity : n_inputs > S2VI_MAX_INPUTS)
        return s2vi_graph_mistake(graph, "%s: %d operands, expected %d",
                                  info->name, n_inputs, info->arity) != NULL;
    for (int i = 0; i < n_inputs; i++) {
        if (!inputs[i])
            return s2vi_graph_mistake(graph, "%s: operand %d is missing",
                                      info->name, i) != NULL;
        if (inputs[i]->graph != graph)
            return s2vi_graph_mistake(graph,
                                      "%s: operand %d is of another "
                                      "graph",
                                      info->name, i) != NULL;
    }
    return true;
}

/* Parameters that are used for the first time. */
static bool place_params(s2vi_graph *graph, s2vi_node *const *inputs,
                         int n_inputs)
{
    bool ok = true;
    for (int i = n_inputs - 1; i >= 0 && ok; i--)
        ok = inputs[i]->id >= 0 || append(graph, inputs[i]);
    return ok;
}

/* A node that has no place yet. */
static s2vi_node *create(s2vi_graph *graph, s2vi_op op,
                         s2vi_node *const *inputs, int n_inputs,
                         const s2vi_attr *attr, const s2vi_shape *shape)
{
    const s2vi_op_info *info = s2vi_op_get(op);
    if (!graph || graph->mistake.code ||
        !inputs_fit(graph, info, inputs, n_inputs))
        return NULL;
    s2vi_node *node = s2vi_graph_alloc(graph, sizeof(*node) + (size_t)n_inputs *
                                                                  sizeof(node));
    if (!node)
        return NULL;
    node->graph = graph;
    node->id = -1;
    node->op = op;
    node->n_inputs = n_inputs;
    node->input = (s2vi_node **)(node + 1);
    if (n_inputs)
        memcpy(node->input, inputs, (size_t)n_inputs * sizeof(node));
    if (attr)
        node->attr = *attr;
    if (shape)
        node->shape = *shape;
    if (!info->shape(node) || graph->mistake.code)
        return NULL;
    if (!s2vi_shape_count(&node->shape))
        return s2vi_graph_mistake(graph, "%s: the result has no elements",
                                  info->name);
    return node;
}

s2vi_node *s2vi_node_create(s2vi_graph *graph, s2vi_op op,
                            s2vi_node *const *inputs, int n_inputs,
                            const s2vi_attr *attr, const s2vi_shape *shape)
{
    s2vi_node *node = create(graph, op, inputs, n_inputs, attr, shape);
    return node && place_params(graph, inputs, n_inputs) && append(graph, node)
               ? node
               : NULL;
}

/* The one of that name. */
static s2vi_node *find_param(const s2vi_graph *graph, const char *name)
{
    for (const param *p = graph->params; p; p = p->next)
        if (!strcmp(p->node->name, name))
            return p->node;
    return s2vi_graph_find(graph, name);
}

s2vi_node *s2vi_graph_param(s2vi_graph *graph, const char *name,
                            s2vi_shape shape)
{
    s2vi_node *known = graph ? find_param(graph, name) : NULL;
    if (known)
        return known;
    s2vi_node *node = create(graph, S2VI_OP_VAR, NULL, 0, NULL, &shape);
    const size_t size = strlen(name) + 1;
    char *copy = node ? s2vi_graph_alloc(graph, size) : NULL;
    param *p = copy ? s2vi_graph_alloc(graph, sizeof(*p)) : NULL;
    if (!p)
        return NULL;
    node->name = memcpy(copy, name, size);
    node->var_kind = S2VI_VAR_PARAM;
    *p = (param){graph->params, node};
    graph->params = p;
    return node;
}
