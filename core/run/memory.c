/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory plan: views, concatenations, in-place results, then offsets. */
#include "run/memory.h"

#include "graph/chain.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 64u

typedef struct planner {
    const s2vi_schedule *schedule;
    s2vi_layout *out;
} planner;

static s2vi_node *node_at(const planner *p, int i)
{
    return p->schedule->node[i];
}

static int index_of(const planner *p, const s2vi_node *node)
{
    return p->out->index[node->id];
}

static s2vi_place *place_of(const planner *p, const s2vi_node *node)
{
    return &p->out->place[index_of(p, node)];
}

const s2vi_place *s2vi_layout_root(const s2vi_layout *layout, int i,
                                   size_t *offset)
{
    size_t sum = 0;
    while (layout->place[i].root != i) {
        sum += layout->place[i].offset;
        i = layout->place[i].root;
    }
    if (offset)
        *offset = sum;
    return &layout->place[i];
}

static s2vi_place *root_of(const planner *p, const s2vi_node *node,
                           size_t *offset)
{
    return (s2vi_place *)s2vi_layout_root(p->out, index_of(p, node), offset);
}

/* ----------------------------------------------------------- regions -- */

static s2vi_region region_of(const planner *p, const s2vi_node *node,
                             bool frozen)
{
    switch (node->op) {
    case S2VI_OP_INPUT: return S2VI_KEPT;
    case S2VI_OP_FILL: return S2VI_CONSTANT;
    case S2VI_OP_RANDOM: return S2VI_ARENA;
    case S2VI_OP_VAR:
        if (node->var_kind == S2VI_VAR_STATE)
            return S2VI_KEPT;
        return S2VI_SHARED;
    case S2VI_OP_ASSIGN:
    case S2VI_OP_ADAM: return S2VI_ARENA; /* no storage of their own */
    default: break;
    }
    for (int i = 0; i < node->n_inputs; i++) {
        const s2vi_node *in = node->input[i];
        bool fixed =
            place_of(p, in)->region == S2VI_CONSTANT ||
            (frozen && in->op == S2VI_OP_VAR && in->var_kind == S2VI_VAR_PARAM);
        if (!fixed)
            return S2VI_ARENA;
    }
    return S2VI_CONSTANT;
}

/* ------------------------------------------------------------- views -- */

/* Byte offset of a cut whose elements lie together, or -1. */
static int64_t cut_offset(const s2vi_node *node, size_t element)
{
    const s2vi_shape *from = &node->input[0]->shape;
    int64_t stride = 1, offset = 0;
    bool outer_single = true;
    int cut_axis = -1;
    for (int i = 0; i < from->rank; i++) {
        if (node->attr.lo[i] > 0 || node->attr.hi[i] > 0)
            return -1;
        if (node->attr.lo[i] || node->attr.hi[i]) {
            if (!outer_single || cut_axis >= 0)
                return -1;
            cut_axis = i;
        }
        outer_single = outer_single && from->dim[i] == 1;
    }
    for (int i = from->rank - 1; i >= 0; i--) {
        offset += -node->attr.lo[i] * stride;
        stride *= from->dim[i];
    }
    return offset * (int64_t)element;
}

static bool make_view(planner *p, int i, size_t element)
{
    const s2vi_node *node = node_at(p, i);
    int64_t offset = 0;
    if (node->op == S2VI_OP_PAD)
        offset = cut_offset(node, element);
    else if (node->op != S2VI_OP_RESHAPE && node->op != S2VI_OP_DETACH)
        return false;
    if (offset < 0)
        return false;
    s2vi_place *place = &p->out->place[i];
    place->is_view = true;
    place->root = index_of(p, node->input[0]);
    place->offset = (size_t)offset;
    return true;
}

/* -------------------------------------------------------- lifetimes -- */

static void touch(planner *p, const s2vi_node *node, int step)
{
    s2vi_place *root = root_of(p, node, NULL);
    if (root->first > step)
        root->first = step;
    if (root->last < step)
        root->last = step;
}

static void find_lifetimes(planner *p)
{
    for (int i = 0; i < p->out->count; i++) {
        p->out->place[i].first = p->out->count;
        p->out->place[i].last = -1;
    }
    for (int i = 0; i < p->out->count; i++) {
        const s2vi_node *node = node_at(p, i);
        const s2vi_place *place = &p->out->place[i];
        touch(p, node, place->join_first);
        touch(p, node, place->join_last);
        for (int j = 0; j < node->n_inputs; j++)
            touch(p, node->input[j], place->join_last);
        if (place->is_output)
            touch(p, node, p->out->count);
    }
}

/* ---------------------------------------------------- concatenations -- */

/* Operands that lie one after the other in the result. */
static bool is_stack(const s2vi_node *node)
{
    if (node->op != S2VI_OP_CONCAT)
        return false;
    for (int i = 0; i < node->attr.axis; i++)
        if (node->shape.dim[i] != 1)
            return false;
    return true;
}

/* Storage of its own that `node` fills whole, in the arena. */
static s2vi_place *own_storage(const planner *p, const s2vi_node *node)
{
    size_t offset;
    s2vi_place *root = root_of(p, node, &offset);
    const s2vi_place *self = place_of(p, node);
    return root->region == S2VI_ARENA && !offset &&
                   root->bytes == self->bytes && root->root >= 0
               ? root
               : NULL;
}

/* Let the producers of a concatenation's operands write into its storage. */
static void place_operands(planner *p, int i)
{
    const s2vi_node *node = node_at(p, i);
    size_t offset = 0;
    if (p->out->place[i].region != S2VI_ARENA || !is_stack(node))
        return;
    for (int j = 0; j < node->n_inputs; j++) {
        s2vi_place *own = own_storage(p, node->input[j]);
        int root = own ? (int)(own - p->out->place) : -1;
        const s2vi_place *top = s2vi_layout_root(p->out, i, NULL);
        if (own && own != top) {
            p->out->place[root].root = i;
            p->out->place[root].offset = offset;
        }
        offset += place_of(p, node->input[j])->bytes;
    }
}

/* ---------------------------------------------------------- in place -- */

/* True if kernel `node` may write its result over input j. */
static bool runs_in_place(const s2vi_node *node, int j)
{
    switch (node->op) {
    case S2VI_OP_CHAIN:
        return !node->attr.chain->sum_axes &&
               s2vi_shape_equal(&node->input[j]->shape, &node->shape);
    case S2VI_OP_GRU: return j == 2;
    case S2VI_OP_GRU_CELL: return j == 5;
    case S2VI_OP_BLEND: return j == 0;
    case S2VI_OP_CONV:
    case S2VI_OP_CONV_DATA:
    case S2VI_OP_UPCONV:
        return node->attr.accumulate &&
               j == node->n_inputs - 1 - 2 * node->attr.plane;
    default: return false;
    }
}

/* No other input of the node lies in the same storage. */
static bool sole_reader(const planner *p, const s2vi_node *node, int j)
{
    const s2vi_place *root = root_of(p, node->input[j], NULL);
    for (int k = 0; k < node->n_inputs; k++)
        if (k != j && root_of(p, node->input[k], NULL) == root)
            return false;
    return true;
}

static void reuse_input(planner *p, int i)
{
    s2vi_node *node = node_at(p, i);
    s2vi_place *self = &p->out->place[i];
    if (self->region != S2VI_ARENA || self->root != i ||
        self->join_first != self->join_last)
        return;
    for (int j = 0; j < node->n_inputs; j++) {
        s2vi_place *own = own_storage(p, node->input[j]);
        if (!own || !runs_in_place(node, j) || own->last != i ||
            own->bytes != self->bytes || !sole_reader(p, node, j))
            continue;
        self->root = (int)(own - p->out->place);
        self->offset = 0;
        if (own->last < self->last)
            own->last = self->last;
        return;
    }
}

/* The last step that reads `var`'s storage, but for these two. */
static int last_reader(const planner *p, const s2vi_place *var, int assign,
                       int maker)
{
    int last = -1;
    for (int i = 0; i < p->out->count; i++) {
        const s2vi_node *node = node_at(p, i);
        bool reads = false;
        for (int j = 0; j < node->n_inputs; j++)
            reads = reads || root_of(p, node->input[j], NULL) == var;
        if (reads && i != assign && i != maker && !p->out->place[i].is_view)
            last = i;
    }
    return last;
}

/* A state's next value is made in the state's own storage, where nothing
 * reads the old value after that. */
static void elide_assign(planner *p, int i)
{
    s2vi_node *assign = node_at(p, i), *value = assign->input[1];
    s2vi_place *var = place_of(p, assign->input[0]);
    s2vi_place *own = own_storage(p, value);
    if (var->region != S2VI_KEPT || !own || own->is_output ||
        place_of(p, value)->is_output)
        return;
    /* A concatenation's storage is written from its first operand on. */
    int made = (int)(own - p->out->place);
    const s2vi_node *maker = node_at(p, made);
    if (last_reader(p, var, i, made) >= own->first)
        return;
    for (int j = 0; j < maker->n_inputs; j++)
        if (root_of(p, maker->input[j], NULL) == var &&
            (!runs_in_place(maker, j) || !sole_reader(p, maker, j) ||
             place_of(p, maker->input[j])->bytes != var->bytes))
            return;
    own->root = (int)(var - p->out->place);
    own->offset = 0;
    p->out->place[i].elided = true;
}

/* ----------------------------------------------------------- offsets -- */

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static int by_size(const void *a, const void *b)
{
    const s2vi_place *x = *(s2vi_place *const *)a;
    const s2vi_place *y = *(s2vi_place *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->root - y->root;
}

static int by_address(const void *a, const void *b)
{
    const s2vi_place *x = *(s2vi_place *const *)a;
    const s2vi_place *y = *(s2vi_place *const *)b;
    return x->address < y->address ? -1 : x->address > y->address;
}

/* The lowest gap that holds `place` beside those alive at the same time. */
static void fit(s2vi_place *place, s2vi_place **done, int n_done,
                s2vi_place **alive)
{
    int n = 0;
    for (int i = 0; i < n_done; i++)
        if (done[i]->first <= place->last && place->first <= done[i]->last)
            alive[n++] = done[i];
    qsort(alive, (size_t)n, sizeof(*alive), by_address);
    size_t address = 0;
    for (int i = 0; i < n; i++) {
        if (alive[i]->address >= address + place->bytes)
            break;
        size_t end = alive[i]->address + aligned(alive[i]->bytes);
        if (end > address)
            address = end;
    }
    place->address = address;
}

/* Largest first, each as low as it goes (Pisarchyk and Lee 2020, "greedy by
 * size"). */
static bool pack_arena(s2vi_layout *out)
{
    size_t n = (size_t)out->count;
    s2vi_place **root = calloc(2 * n + 1, sizeof(*root));
    if (!root)
        return false;
    int roots = 0;
    for (int i = 0; i < out->count; i++)
        if (out->place[i].root == i && out->place[i].region == S2VI_ARENA &&
            out->place[i].bytes)
            root[roots++] = &out->place[i];
    qsort(root, (size_t)roots, sizeof(*root), by_size);
    for (int i = 0; i < roots; i++) {
        fit(root[i], root, i, root + n);
        size_t end = root[i]->address + aligned(root[i]->bytes);
        if (end > out->arena_size)
            out->arena_size = end;
    }
    free(root);
    return true;
}

static void pack_kept(s2vi_layout *out)
{
    for (int i = 0; i < out->count; i++)
        if (out->place[i].root == i && out->place[i].region == S2VI_KEPT) {
            out->place[i].address = out->kept_size;
            out->kept_size += aligned(out->place[i].bytes);
        }
}

/* ------------------------------------------------------------- entry -- */

static void describe(planner *p, size_t element, const bool *is_output,
                     bool frozen)
{
    for (int i = 0; i < p->out->count; i++) {
        const s2vi_node *node = node_at(p, i);
        bool effect = s2vi_op_get(node->op)->kind == S2VI_KIND_EFFECT;
        p->out->place[i] = (s2vi_place){
            .root = i,
            .region = region_of(p, node, frozen),
            .bytes =
                effect ? 0 : (size_t)s2vi_shape_count(&node->shape) * element,
            .is_output = is_output[i],
            .join_first = i,
            .join_last = i,
        };
        make_view(p, i, element);
    }
}

int s2vi_layout_create(const s2vi_schedule *schedule, size_t element,
                       const bool *is_output, bool frozen, s2vi_layout *out,
                       s2v_error *err)
{
    planner p = {schedule, out};
    *out = (s2vi_layout){.count = schedule->count};
    int last_id = 0;
    for (int i = 0; i < schedule->count; i++)
        if (schedule->node[i]->id > last_id)
            last_id = schedule->node[i]->id;
    out->place = calloc((size_t)schedule->count + 1, sizeof(*out->place));
    out->index = malloc(((size_t)last_id + 1) * sizeof(*out->index));
    if (!out->place || !out->index) {
        s2vi_layout_close(out);
        return s2vi_error_nomem(err, "a memory plan");
    }
    memset(out->index, -1, ((size_t)last_id + 1) * sizeof(*out->index));
    for (int i = 0; i < schedule->count; i++)
        out->index[schedule->node[i]->id] = i;
    describe(&p, element, is_output, frozen);
    return S2V_OK;
}

int s2vi_layout_pack(const s2vi_schedule *schedule, s2vi_layout *layout,
                     s2v_error *err)
{
    planner p = {schedule, layout};
    for (int i = layout->count - 1; i >= 0; i--)
        place_operands(&p, i);
    find_lifetimes(&p);
    for (int i = 0; i < layout->count; i++)
        if (schedule->node[i]->op == S2VI_OP_ASSIGN)
            elide_assign(&p, i);
    for (int i = 0; i < layout->count; i++)
        reuse_input(&p, i);
    if (!pack_arena(layout))
        return s2vi_error_nomem(err, "a memory plan");
    pack_kept(layout);
    return S2V_OK;
}

void s2vi_layout_close(s2vi_layout *layout)
{
    free(layout->place);
    free(layout->index);
    *layout = (s2vi_layout){0};
}
