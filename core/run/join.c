/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding joins: recurrent cells, their blend, and the picture's colours. */
#include "run/join.h"

#include "backend/backend.h"

#define FEW_CHANNELS 4 /* of a 1x1 convolution that is worth no step */

static bool runs(const s2vi_schedule *s, const s2vi_layout *layout, int i)
{
    const s2vi_op op = s->node[i]->op;
    const s2vi_place *place = &layout->place[i];
    return op != S2VI_OP_INPUT && op != S2VI_OP_VAR && !place->is_view &&
           place->region != S2VI_CONSTANT;
}

static bool is_pointwise(const s2vi_node *node)
{
    return s2vi_is_pointwise(node) && !node->attr.accumulate &&
           !node->attr.plane && node->attr.window.rank == 2 &&
           s2vi_shape_channels(&node->shape) <= FEW_CHANNELS;
}

/* One image, made line by line. */
static bool is_by_lines(const s2vi_node *node)
{
    return node->shape.rank == 4 && node->shape.dim[0] == 1 &&
           (node->op == S2VI_OP_GRU_CELL || node->op == S2VI_OP_BLEND ||
            is_pointwise(node));
}

/* Whether `node` reads what one of the nodes [from, to) makes as it runs. */
static bool reads(const s2vi_schedule *s, const s2vi_layout *layout,
                  const s2vi_node *node, int from, int to)
{
    for (int j = 0; j < node->n_inputs; j++) {
        const int at = layout->index[node->input[j]->id];
        const s2vi_place *root = s2vi_layout_root(layout, at, NULL);
        const int made = (int)(root - layout->place);
        if (made >= from && made < to && runs(s, layout, made))
            return true;
    }
    return false;
}

/* Node `i` after those of [first, i). A cell sees lines around its own. */
static bool may_follow(const s2vi_schedule *s, const s2vi_layout *layout,
                       int first, int i)
{
    const s2vi_node *a = s->node[first], *b = s->node[i];
    return is_by_lines(b) && a->shape.dim[1] == b->shape.dim[1] &&
           a->shape.dim[2] == b->shape.dim[2] &&
           !(b->op == S2VI_OP_GRU_CELL && reads(s, layout, b, first, i));
}

void s2vi_find_joins(const s2vi_schedule *s, s2vi_layout *layout)
{
    for (int first = 0, last; first < s->count; first = last + 1) {
        int n = 1;
        last = first;
        if (!runs(s, layout, first) || !is_by_lines(s->node[first]))
            continue;
        for (int i = first + 1; i < s->count && n < S2VI_JOIN_MAX; i++) {
            if (!runs(s, layout, i))
                continue;
            if (!may_follow(s, layout, first, i))
                break;
            last = i;
            n++;
        }
        for (int i = first; i <= last; i++)
            if (runs(s, layout, i)) {
                layout->place[i].join_first = first;
                layout->place[i].join_last = last;
            }
    }
}
