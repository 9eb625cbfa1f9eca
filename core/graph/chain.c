/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making chains out of map nodes. */
#include "graph/chain.h"

#include <string.h>

bool s2vi_is_map(const s2vi_node *node)
{
    return s2vi_op_get(node->op)->kind == S2VI_KIND_MAP &&
           node->op != S2VI_OP_CHAIN;
}

const s2vi_shape *s2vi_chain_space(const s2vi_node *root)
{
    return root->op == S2VI_OP_SUM ? &root->input[0]->shape : &root->shape;
}

int s2vi_chain_steps(const s2vi_node *node)
{
    return node->op == S2VI_OP_NORM ? 4 : 1;
}

/* ----------------------------------------------------- instructions -- */

static int append_step(s2vi_chain *chain, const s2vi_chain_step *step)
{
    chain->step[chain->n_steps] = *step;
    return chain->n_steps++;
}

/* Operands are numbered as chain.h says only once the inputs are counted:
 * until then input i is ~i and step i is i. */
static int append_binary(s2vi_chain *chain, s2vi_op op, int a, int b)
{
    return append_step(chain, &(s2vi_chain_step){.op = op, .operand = {a, b}});
}

static int append_norm(s2vi_chain *chain, const int *in)
{
    int centred = append_binary(chain, S2VI_OP_SUB, in[0], in[1]);
    int unit = append_binary(chain, S2VI_OP_MUL, centred, in[2]);
    int scaled = append_binary(chain, S2VI_OP_MUL, unit, in[3]);
    return append_binary(chain, S2VI_OP_ADD, scaled, in[4]);
}

static int append_node(s2vi_chain *chain, const s2vi_node *node, const int *in)
{
    if (node->op == S2VI_OP_NORM)
        return append_norm(chain, in);
    s2vi_chain_step step = {.op = node->op,
                            .operand = {in[0], in[0]},
                            .scale = node->attr.scale,
                            .offset = node->attr.offset,
                            .slope = node->attr.slope};
    if (node->op == S2VI_OP_BROADCAST || node->op == S2VI_OP_SUM) {
        step.op = S2VI_OP_AFFINE; /* a copy */
        step.scale = 1;
    }
    if (node->n_inputs == 2)
        step.operand[1] = in[1];
    return append_step(chain, &step);
}

static void renumber(s2vi_chain *chain)
{
    for (int i = 0; i < chain->n_steps; i++)
        for (int j = 0; j < 2; j++) {
            int *operand = &chain->step[i].operand[j];
            *operand = *operand < 0 ? ~*operand : chain->n_inputs + *operand;
        }
}

/* ---------------------------------------------------------- builder -- */

bool s2vi_chain_begin(s2vi_chain_builder *b, const s2vi_node *root)
{
    *b = (s2vi_chain_builder){.root = root};
    b->chain = s2vi_graph_alloc(root->graph, sizeof(*b->chain));
    if (!b->chain)
        return false;
    b->chain->space = *s2vi_chain_space(root);
    b->chain->sum_axes = root->op == S2VI_OP_SUM ? root->attr.axes : 0;
    return true;
}

/* What an operand is within the chain: a member's value, or ~input. */
static int operand_value(s2vi_chain_builder *b, s2vi_node *node)
{
    for (int i = 0; i < b->n_members; i++)
        if (b->member[i] == node)
            return b->value[i];
    for (int i = 0; i < b->chain->n_inputs; i++)
        if (b->input[i] == node)
            return ~i;
    b->input[b->chain->n_inputs] = node;
    return ~b->chain->n_inputs++;
}

/* True if an operand is a member or an input already. */
static bool is_known(const s2vi_chain_builder *b, const s2vi_node *node)
{
    for (int i = 0; i < b->n_members; i++)
        if (b->member[i] == node)
            return true;
    for (int i = 0; i < b->chain->n_inputs; i++)
        if (b->input[i] == node)
            return true;
    return false;
}

bool s2vi_chain_append(s2vi_chain_builder *b, const s2vi_node *node)
{
    int in[5], more = 0;
    for (int i = 0; i < node->n_inputs; i++)
        more += !is_known(b, node->input[i]);
    if (b->n_members == S2VI_CHAIN_MAX_NODES ||
        b->chain->n_inputs + more > S2VI_CHAIN_MAX_INPUTS)
        return s2vi_graph_mistake(node->graph, "chain: too long") != NULL;
    for (int i = 0; i < node->n_inputs; i++)
        in[i] = operand_value(b, node->input[i]);
    b->member[b->n_members] = node;
    /* A broadcast or a sum inside a chain is its operand, read so. */
    bool plain = node->op == S2VI_OP_BROADCAST || node->op == S2VI_OP_SUM;
    bool sole = plain && node == b->root && !b->chain->n_steps;
    b->value[b->n_members++] =
        plain && !sole ? in[0] : append_node(b->chain, node, in);
    return true;
}

s2vi_node *s2vi_chain_end(s2vi_chain_builder *b, s2vi_node *const *stands_for)
{
    s2vi_chain *chain = b->chain;
    s2vi_graph *graph = b->root->graph;
    renumber(chain);
    for (int i = 0; stands_for && i < chain->n_inputs; i++)
        b->input[i] = stands_for[b->input[i]->id];
    return s2vi_node_create(graph, S2VI_OP_CHAIN, b->input, chain->n_inputs,
                            &(s2vi_attr){.chain = chain}, &b->root->shape);
}

bool s2vi_chain_of_node(const s2vi_node *node, s2vi_chain *chain)
{
    if (!s2vi_is_map(node) && node->op != S2VI_OP_SUM)
        return false;
    int in[5];
    for (int i = 0; i < node->n_inputs; i++)
        in[i] = ~i;
    *chain = (s2vi_chain){.n_inputs = node->n_inputs,
                          .space = *s2vi_chain_space(node)};
    chain->sum_axes = node->op == S2VI_OP_SUM ? node->attr.axes : 0;
    append_node(chain, node, in);
    renumber(chain);
    return true;
}
