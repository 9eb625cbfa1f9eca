/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Choosing what to run, and fusing it: maps into chains, the rest around. */
#include "run/fuse.h"

#include "graph/build.h"
#include "graph/chain.h"

#include <stdlib.h>
#include <string.h>

typedef struct fuser {
    s2vi_graph *graph;
    int count; /* nodes when the pass began; ids below it are given */
    bool frozen;
    bool *needed;     /* by id */
    int *uses;        /* by id: consumers among the needed, roots count 1 */
    s2vi_node **user; /* by id: one of the consumers */
    int *group;       /* by id: id of the chain's root it is absorbed by */
    s2vi_node **made; /* by id: what stands for it now */
    s2vi_schedule *out;
} fuser;

/* ---------------------------------------------------------- choosing -- */

static void count_uses(fuser *f, s2vi_node *const *roots, int n)
{
    for (int i = 0; i < n; i++) {
        f->needed[roots[i]->id] = true;
        f->uses[roots[i]->id]++;
    }
    for (int id = f->count - 1; id >= 0; id--) {
        s2vi_node *node = s2vi_graph_node(f->graph, id);
        for (int i = 0; f->needed[id] && i < node->n_inputs; i++) {
            int from = node->input[i]->id;
            f->needed[from] = true;
            f->uses[from]++;
            f->user[from] = node;
        }
    }
}

/* -------------------------------------------------- folding into convs -- */

static bool is_conv(const s2vi_node *node)
{
    return node->op == S2VI_OP_CONV || node->op == S2VI_OP_CONV_DATA;
}

static s2vi_activation activation_of(const s2vi_node *node)
{
    switch (node->op) {
    case S2VI_OP_LRELU:
        return node->attr.slope >= 0 ? S2VI_ACT_LRELU : S2VI_ACT_NONE;
    case S2VI_OP_TANH: return S2VI_ACT_TANH;
    case S2VI_OP_SIGMOID: return S2VI_ACT_SIGMOID;
    default: return S2VI_ACT_NONE;
    }
}

/* An activation that alone uses a convolution runs inside it. */
static bool folds_activation(const fuser *f, const s2vi_node *node)
{
    return activation_of(node) && is_conv(node->input[0]) &&
           f->uses[node->input[0]->id] == 1;
}

/* The operand of an addition that is a convolution used by it alone, or -1.
 * Where the sum goes on into a chain, the chain adds for less. */
static int folds_addition(const fuser *f, const s2vi_node *node)
{
    const s2vi_node *next = f->user[node->id];
    if (node->op != S2VI_OP_ADD ||
        !s2vi_shape_equal(&node->input[0]->shape, &node->input[1]->shape) ||
        (f->uses[node->id] == 1 && next && s2vi_is_map(next)))
        return -1;
    for (int i = 1; i >= 0; i--)
        if (is_conv(node->input[i]) && f->uses[node->input[i]->id] == 1 &&
            node->input[0] != node->input[1])
            return i;
    return -1;
}

/* A 3x3 convolution that alone uses an image upsampled x2: both are one. Whole
 * vectors of channels only: backends need no other. */
static bool folds_upsampling(const fuser *f, const s2vi_node *conv)
{
    if (conv->op != S2VI_OP_CONV || s2vi_is_grouped(conv) ||
        conv->attr.window.rank != 2 || conv->input[0]->op != S2VI_OP_UPSAMPLE ||
        f->uses[conv->input[0]->id] != 1)
        return false;
    const s2vi_window *w = &conv->attr.window;
    const s2vi_shape *weight = &conv->input[1]->shape;
    for (int i = 0; i < 2; i++)
        if (conv->input[0]->attr.window.stride[i] != 2 || w->stride[i] != 1 ||
            w->pad_lo[i] != 1 || w->pad_hi[i] != 1 || weight->dim[1 + i] != 3)
            return false;
    return weight->dim[0] % 16 == 0 && weight->dim[3] % 16 == 0;
}

/* Images on which a backend has no better way than tiles of a convolution. */
#define LARGE_IMAGE 196 /* pixels */

/* A 3x3 convolution of a large image by weights that never change. */
static bool takes_plane(const fuser *f, const s2vi_node *conv)
{
    if (conv->op != S2VI_OP_CONV || s2vi_is_grouped(conv))
        return false;
    const s2vi_window *w = &conv->attr.window;
    const s2vi_shape *y = &conv->shape, *weight = &conv->input[1]->shape;
    return f->uses[conv->id] == 1 && w->rank == 2 && w->stride[0] == 1 &&
           w->stride[1] == 1 && w->pad_lo[0] == 1 && w->pad_lo[1] == 1 &&
           w->pad_hi[0] == 1 && w->pad_hi[1] == 1 && weight->dim[1] == 3 &&
           weight->dim[2] == 3 && weight->dim[0] % 16 == 0 &&
           weight->dim[3] % 16 == 0 && conv->input[1]->op == S2VI_OP_VAR &&
           conv->input[1]->var_kind == S2VI_VAR_PARAM &&
           y->dim[1] * y->dim[2] >= LARGE_IMAGE;
}

/* Whether `node` adds to its first input, such a convolution, a plane times a
 * number a channel: one of noise, say. */
static bool folds_plane(const fuser *f, const s2vi_node *node)
{
    if (!f->frozen || node->op != S2VI_OP_ADD)
        return false;
    const s2vi_node *conv = node->input[0], *product = node->input[1];
    if (product->op != S2VI_OP_MUL || f->uses[product->id] != 1 ||
        !takes_plane(f, conv) || !s2vi_shape_equal(&conv->shape, &node->shape))
        return false;
    const s2vi_shape *plane = &product->input[0]->shape;
    const s2vi_shape *scale = &product->input[1]->shape;
    const int64_t c = s2vi_shape_channels(&node->shape);
    return s2vi_shape_channels(plane) == 1 && s2vi_shape_channels(scale) == c &&
           s2vi_shape_count(scale) == c &&
           s2vi_shape_count(plane) * c == s2vi_shape_count(&node->shape);
}

static bool is_folded_product(const fuser *f, const s2vi_node *node)
{
    const s2vi_node *user = f->user[node->id];
    return node->op == S2VI_OP_MUL && user && user->input[0] != node &&
           folds_plane(f, user);
}

/* A convolution again, with an activation or an addend. */
static s2vi_node *fold(fuser *f, const s2vi_node *conv, const s2vi_node *act,
                       s2vi_node *addend, const s2vi_node *product)
{
    s2vi_node *in[6];
    int n = 0;
    s2vi_attr attr = conv->attr;
    const bool up = folds_upsampling(f, conv);
    for (; n < conv->n_inputs; n++)
        in[n] = f->made[conv->input[n]->id];
    if (up)
        in[0] = f->made[conv->input[0]->input[0]->id];
    if (act) {
        attr.act = activation_of(act);
        attr.slope = act->attr.slope;
    }
    if (addend) {
        attr.accumulate = true;
        in[n++] = addend;
    }
    if (product) {
        attr.plane = true;
        in[n++] = f->made[product->input[0]->id];
        in[n++] = f->made[product->input[1]->id];
    }
    return s2vi_node_create(f->graph, up ? S2VI_OP_UPCONV : conv->op, in, n,
                            &attr, &conv->shape);
}

/* What a cut that cuts nothing shows; a frame of a sequence of one is so. */
static const s2vi_node *seen_through(const fuser *f, const s2vi_node *node)
{
    while (node->op == S2VI_OP_PAD && f->uses[node->id] == 1 &&
           s2vi_shape_equal(&node->shape, &node->input[0]->shape))
        node = node->input[0];
    return node;
}

/* A convolution with a bias that gives one half of a cell's gates. */
static bool is_half(const fuser *f, const s2vi_node *conv)
{
    const s2vi_window *w = &conv->attr.window;
    if (conv->op != S2VI_OP_CONV || s2vi_is_grouped(conv) ||
        conv->n_inputs != 3 || w->rank != 2 || conv->attr.accumulate ||
        f->uses[conv->id] != 1)
        return false;
    for (int i = 0; i < 2; i++)
        if (w->stride[i] != 1 || conv->input[1]->shape.dim[1 + i] > 3 ||
            conv->shape.dim[1 + i] != conv->input[0]->shape.dim[1 + i])
            return false;
    return true;
}

static bool same_window(const s2vi_node *a, const s2vi_node *b)
{
    for (int i = 0; i < 2; i++)
        if (a->attr.window.pad_lo[i] != b->attr.window.pad_lo[i] ||
            a->input[1]->shape.dim[1 + i] != b->input[1]->shape.dim[1 + i])
            return false;
    return true;
}

/* A GRU that alone uses its two convolutions runs as one with them, in
 * registers. Whole vectors of channels only: else less is gained. */
static bool folds_cell(const fuser *f, const s2vi_node *node)
{
    if (node->op != S2VI_OP_GRU || s2vi_shape_channels(&node->shape) % 16)
        return false;
    const s2vi_node *a = seen_through(f, node->input[0]);
    const s2vi_node *b = seen_through(f, node->input[1]);
    return is_half(f, a) && is_half(f, b) && same_window(a, b) &&
           b->input[0] == node->input[2] &&
           s2vi_shape_channels(&a->input[0]->shape) % 16 == 0;
}

static s2vi_node *cell(const fuser *f, const s2vi_node *gru)
{
    const s2vi_node *a = seen_through(f, gru->input[0]);
    const s2vi_node *b = seen_through(f, gru->input[1]);
    s2vi_node *const *made = f->made;
    return s2vi_gru_cell(made[a->input[0]->id], made[a->input[1]->id],
                         made[a->input[2]->id], made[b->input[0]->id],
                         made[b->input[1]->id], made[b->input[2]->id],
                         &a->attr.window);
}

/* The one user of a node, cuts that cut nothing aside. */
static const s2vi_node *final_user(const fuser *f, const s2vi_node *node)
{
    const s2vi_node *user = f->user[node->id];
    while (user && user->op == S2VI_OP_PAD && f->uses[user->id] == 1 &&
           s2vi_shape_equal(&user->shape, &user->input[0]->shape))
        user = f->user[user->id];
    return user;
}

/* Half of a cell, or a cut between: the cell takes it in. */
static bool is_in_cell(const fuser *f, const s2vi_node *node)
{
    if (f->uses[node->id] != 1 ||
        (node->op != S2VI_OP_CONV && node->op != S2VI_OP_PAD))
        return false;
    const s2vi_node *user = final_user(f, node);
    if (!user || !folds_cell(f, user))
        return false;
    node = seen_through(f, node);
    return node == seen_through(f, user->input[0]) ||
           node == seen_through(f, user->input[1]);
}

/* The nodes of a blend (ops.def): x' + mask (x - x'). */
typedef struct blend {
    const s2vi_node *xp, *gated, *sigmoid, *mask, *difference, *all;
} blend;

/* A 1x1 convolution with a bias. */
static bool is_pointwise(const s2vi_node *conv)
{
    return s2vi_is_pointwise(conv) && conv->n_inputs == 3 &&
           !conv->attr.accumulate;
}

static bool is_alone(const fuser *f, const s2vi_node *node, s2vi_op op,
                     int uses)
{
    return node->op == op && f->uses[node->id] == uses;
}

/* True where `node` ends a blend of which nothing else uses a part. */
static bool find_blend(const fuser *f, const s2vi_node *node, blend *b)
{
    if (node->op != S2VI_OP_ADD || !is_alone(f, node->input[1], S2VI_OP_MUL, 1))
        return false;
    b->xp = node->input[0];
    b->gated = node->input[1];
    b->sigmoid = b->gated->input[0];
    b->difference = b->gated->input[1];
    if (!is_alone(f, b->xp, S2VI_OP_CONV, 2) || !is_pointwise(b->xp) ||
        !is_alone(f, b->sigmoid, S2VI_OP_SIGMOID, 1) ||
        !is_alone(f, b->difference, S2VI_OP_SUB, 1) ||
        b->difference->input[1] != b->xp)
        return false;
    b->mask = b->sigmoid->input[0];
    b->all = b->xp->input[0];
    return is_alone(f, b->mask, S2VI_OP_CONV, 1) && is_pointwise(b->mask) &&
           b->mask->input[0] == b->all &&
           s2vi_shape_channels(&b->mask->shape) == 1 &&
           is_alone(f, b->all, S2VI_OP_CONCAT, 2) &&
           b->all->attr.axis == b->all->shape.rank - 1 &&
           b->all->n_inputs + 5 <= S2VI_MAX_INPUTS &&
           s2vi_shape_equal(&b->difference->input[0]->shape, &node->shape);
}

static s2vi_node *blended(const fuser *f, const blend *b)
{
    s2vi_node *image[S2VI_MAX_INPUTS], *const *made = f->made;
    for (int i = 0; i < b->all->n_inputs; i++)
        image[i] = made[b->all->input[i]->id];
    return s2vi_blend(made[b->difference->input[0]->id],
                      made[b->xp->input[1]->id], made[b->xp->input[2]->id],
                      made[b->mask->input[1]->id], made[b->mask->input[2]->id],
                      image, b->all->n_inputs);
}

/* Note what is part of a blend: found once, since it takes a walk. */
static void find_blends(fuser *f)
{
    for (int id = 0; id < f->count; id++) {
        blend b;
        if (!f->needed[id] || !find_blend(f, s2vi_graph_node(f->graph, id), &b))
            continue;
        const s2vi_node *const part[] = {b.xp,   b.gated,      b.sigmoid,
                                         b.mask, b.difference, b.all};
        for (int i = 0; i < 6; i++)
            f->group[part[i]->id] = id;
        f->group[id] = id;
    }
}

/* ---------------------------------------------------------- grouping -- */

static bool may_root(const fuser *f, const s2vi_node *node)
{
    return (s2vi_is_map(node) || node->op == S2VI_OP_SUM) &&
           !folds_activation(f, node) && !folds_plane(f, node) &&
           folds_addition(f, node) < 0 && !is_folded_product(f, node);
}

/* True if every use of `node` is by the group of `root`. */
static bool only_used_by(const fuser *f, const s2vi_node *node, int root)
{
    int inside = 0;
    for (int id = node->id + 1; id <= root && inside < f->uses[node->id]; id++)
        if (f->needed[id] && f->group[id] == root) {
            const s2vi_node *user = s2vi_graph_node(f->graph, id);
            for (int i = 0; i < user->n_inputs; i++)
                inside += user->input[i] == node;
        }
    return inside == f->uses[node->id];
}

/* The farthest that a member may lie from its root in the recording: a chain
 * is local, and this bounds the search. */
#define REACH 400

/* Absorb into the group of `root` what it alone uses, nearest first. */
static void grow(fuser *f, const s2vi_node *root)
{
    const s2vi_shape *space = s2vi_chain_space(root);
    int steps = s2vi_chain_steps(root), open = root->n_inputs;
    f->group[root->id] = root->id;
    for (int id = root->id - 1; id >= 0 && id > root->id - REACH && open;
         id--) {
        const s2vi_node *node = s2vi_graph_node(f->graph, id);
        if (!f->needed[id] || f->group[id] >= 0 || !s2vi_is_map(node) ||
            !f->user[id] || f->group[f->user[id]->id] != root->id)
            continue;
        int more = s2vi_chain_steps(node);
        if (!s2vi_shape_equal(&node->shape, space) ||
            steps + more > S2VI_CHAIN_MAX ||
            open + node->n_inputs - 1 > S2VI_CHAIN_MAX_INPUTS ||
            folds_activation(f, node) || folds_plane(f, node) ||
            folds_addition(f, node) >= 0 || is_folded_product(f, node) ||
            !only_used_by(f, node, root->id))
            continue;
        f->group[id] = root->id;
        steps += more;
        open += node->n_inputs - 1;
    }
}

static void group(fuser *f)
{
    for (int id = 0; id < f->count; id++)
        f->group[id] = -1;
    find_blends(f);
    for (int id = f->count - 1; id >= 0; id--) {
        const s2vi_node *node = s2vi_graph_node(f->graph, id);
        if (f->needed[id] && f->group[id] < 0 && may_root(f, node))
            grow(f, node);
    }
}

/* --------------------------------------------------------- emitting -- */

/* The group of `root` as one CHAIN node. */
static s2vi_node *chain_node(fuser *f, const s2vi_node *root)
{
    s2vi_chain_builder b;
    int from = root->id - REACH > 0 ? root->id - REACH : 0;
    if (!s2vi_chain_begin(&b, root))
        return NULL;
    for (int id = from; id <= root->id; id++) {
        if (!f->needed[id] || f->group[id] != root->id)
            continue;
        if (!s2vi_chain_append(&b, s2vi_graph_node(f->graph, id)))
            return NULL;
    }
    return s2vi_chain_end(&b, f->made);
}

static s2vi_node *rewired(fuser *f, s2vi_node *node)
{
    s2vi_node *in[S2VI_MAX_INPUTS];
    bool same = true;
    for (int i = 0; i < node->n_inputs; i++) {
        in[i] = f->made[node->input[i]->id];
        same = same && in[i] == node->input[i];
    }
    return same ? node
                : s2vi_node_create(f->graph, node->op, in, node->n_inputs,
                                   &node->attr, &node->shape);
}

static s2vi_node *emit(fuser *f, s2vi_node *node)
{
    blend b;
    if (f->group[node->id] == node->id)
        return find_blend(f, node, &b) ? blended(f, &b) : chain_node(f, node);
    if (folds_cell(f, node))
        return cell(f, node);
    if (folds_activation(f, node))
        return fold(f, node->input[0], node, NULL, NULL);
    if (folds_plane(f, node))
        return fold(f, node->input[0], NULL, NULL, node->input[1]);
    int conv = folds_addition(f, node);
    if (conv >= 0)
        return fold(f, node->input[conv], NULL,
                    f->made[node->input[1 - conv]->id], NULL);
    if (folds_upsampling(f, node))
        return fold(f, node, NULL, NULL, NULL);
    return rewired(f, node);
}

/* What the next activation, addition, convolution or cell takes in. */
static bool is_folded_away(const fuser *f, const s2vi_node *node)
{
    const s2vi_node *user = f->user[node->id];
    if (is_in_cell(f, node) || (user && folds_plane(f, user)))
        return true;
    if (node->op == S2VI_OP_UPSAMPLE && user)
        return folds_upsampling(f, user);
    if (!is_conv(node) || f->uses[node->id] != 1 || !user)
        return false;
    if (folds_activation(f, user))
        return true;
    int conv = folds_addition(f, user);
    return conv >= 0 && user->input[conv] == node;
}

static bool emit_all(fuser *f, bool fuse, bool effects)
{
    for (int id = 0; id < f->count; id++) {
        s2vi_node *node = s2vi_graph_node(f->graph, id);
        bool effect = s2vi_op_get(node->op)->kind == S2VI_KIND_EFFECT;
        if (!f->needed[id] || effect != effects)
            continue;
        if (fuse && ((f->group[id] >= 0 && f->group[id] != id) ||
                     is_folded_away(f, node)))
            continue;
        f->made[id] = fuse ? emit(f, node) : node;
        if (!f->made[id])
            return false;
        f->out->node[f->out->count++] = f->made[id];
    }
    return true;
}

/* ------------------------------------------------------------- entry -- */

static bool allocate(fuser *f)
{
    size_t n = (size_t)f->count;
    f->needed = calloc(n, sizeof(*f->needed));
    f->uses = calloc(n, sizeof(*f->uses));
    f->user = calloc(n, sizeof(*f->user));
    f->group = calloc(n, sizeof(*f->group));
    f->made = calloc(n, sizeof(*f->made));
    f->out->node = calloc(n, sizeof(*f->out->node));
    return f->needed && f->uses && f->user && f->group && f->made &&
           f->out->node;
}

static void release(fuser *f)
{
    free(f->needed);
    free(f->uses);
    free(f->user);
    free(f->group);
}

int s2vi_schedule_create(s2vi_graph *graph, s2vi_node *const *roots, int n,
                         bool fuse, bool frozen, s2vi_schedule *out,
                         s2v_error *err)
{
    fuser f = {.graph = graph,
               .count = s2vi_graph_count(graph),
               .frozen = frozen,
               .out = out};
    int ret = s2vi_graph_status(graph, err);
    *out = (s2vi_schedule){0};
    if (ret < 0)
        return ret;
    if (!allocate(&f)) {
        ret = s2vi_error_nomem(err, "a schedule");
        goto fail;
    }
    count_uses(&f, roots, n);
    if (fuse)
        group(&f);
    if (!emit_all(&f, fuse, false) || !emit_all(&f, fuse, true)) {
        ret = s2vi_graph_status(graph, err);
        goto fail;
    }
    release(&f);
    out->stands_for = f.made;
    out->n_given = f.count;
    return S2V_OK;
fail:
    release(&f);
    free(f.made);
    s2vi_schedule_close(out);
    return ret;
}

void s2vi_schedule_close(s2vi_schedule *schedule)
{
    free(schedule->node);
    free(schedule->stands_for);
    *schedule = (s2vi_schedule){0};
}
