/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan: a graph's schedule, layout, kernels (compile.c) and constants for one
 * backend. */
#include "run/plan_internal.h"

#include "backend/host.h"
#include "run/join.h"

#include <stdlib.h>

/* ----------------------------------------------------------- roots -- */

static s2vi_node **join_roots(const s2vi_plan_params *params, int *n)
{
    *n = params->n_outputs + params->n_effects;
    s2vi_node **root = calloc((size_t)*n + 1, sizeof(*root));
    for (int i = 0; root && i < *n; i++)
        root[i] = i < params->n_outputs
                      ? params->outputs[i]
                      : params->effects[i - params->n_outputs];
    return root;
}

const s2vi_node *s2vi_plan_resolve(const s2vi_plan *plan, const s2vi_node *node,
                                   int *index)
{
    const s2vi_schedule *s = &plan->schedule;
    if (node->id < s->n_given)
        node = s->stands_for[node->id];
    for (int i = 0; node && i < s->count; i++)
        if (s->node[i] == node) {
            *index = i;
            return node;
        }
    return NULL;
}

bool s2vi_plan_has(const s2vi_plan *plan, const s2vi_node *input)
{
    int i;
    return s2vi_plan_resolve(plan, input, &i) != NULL;
}

static int make_schedule(s2vi_plan *plan, const s2vi_plan_params *params,
                         s2v_error *err)
{
    int n, ret = s2vi_graph_status(plan->graph, err);
    if (ret < 0)
        return ret;
    bool fuse = plan->backend->table->fuses && !params->no_fusion;
    s2vi_node **root = join_roots(params, &n);
    if (!root)
        return s2vi_error_nomem(err, "a plan");
    for (int i = 0; i < n && !ret; i++)
        if (!root[i])
            ret = s2vi_error(err, S2V_ERR_INTERNAL, "a plan without a root");
    if (!ret)
        ret = s2vi_schedule_create(plan->graph, root, n, fuse, params->frozen,
                                   &plan->schedule, err);
    free(root);
    return ret;
}

static int make_layout(s2vi_plan *plan, const s2vi_plan_params *params,
                       s2v_error *err)
{
    bool *is_output = calloc((size_t)plan->schedule.count + 1, sizeof(bool));
    if (!is_output)
        return s2vi_error_nomem(err, "a plan");
    for (int i = 0, at; i < params->n_outputs; i++)
        if (s2vi_plan_resolve(plan, params->outputs[i], &at))
            is_output[at] = true;
    int ret = s2vi_layout_create(&plan->schedule,
                                 s2vi_dtype_size(plan->backend->dtype),
                                 is_output, params->frozen, &plan->layout, err);
    free(is_output);
    if (!ret && !params->no_fusion && plan->backend->table->join)
        s2vi_find_joins(&plan->schedule, &plan->layout);
    return ret < 0 ? ret
                   : s2vi_layout_pack(&plan->schedule, &plan->layout, err);
}

/* ---------------------------------------------------------- addresses -- */

void *s2vi_plan_address(const s2vi_plan *plan, char *arena, char *kept, int i)
{
    size_t offset;
    const s2vi_place *root = s2vi_layout_root(&plan->layout, i, &offset);
    char *base = NULL;
    switch (root->region) {
    case S2VI_ARENA: base = arena ? arena + root->address : NULL; break;
    case S2VI_KEPT: base = kept ? kept + root->address : NULL; break;
    case S2VI_SHARED:
    case S2VI_CONSTANT: base = plan->fixed[root - plan->layout.place]; break;
    }
    return base ? base + offset : NULL;
}

/* Memory of store variables, by place in the schedule; constants' follows as
 * they are computed. */
static int bind_fixed(s2vi_plan *plan, s2v_error *err)
{
    const s2vi_layout *layout = &plan->layout;
    plan->fixed = calloc((size_t)layout->count + 1, sizeof(*plan->fixed));
    if (!plan->fixed)
        return s2vi_error_nomem(err, "a plan");
    for (int i = 0; i < layout->count; i++) {
        const s2vi_node *node = plan->schedule.node[i];
        if (layout->place[i].root != i)
            continue;
        if (layout->place[i].region == S2VI_SHARED) {
            int ret =
                s2vi_store_add(plan->store, node->name, &node->shape, err);
            if (ret < 0)
                return ret;
            plan->fixed[i] = s2vi_store_memory(plan->store, node->name);
        }
    }
    return S2V_OK;
}

/* --------------------------------------------------------- constants -- */

static int fold_step(s2vi_plan *plan, int i, void *scratch, s2v_error *err)
{
    static const s2vi_clock clock = {0};
    const s2vi_node *node = plan->schedule.node[i];
    const size_t bytes = plan->layout.place[i].bytes;
    void *in[S2VI_MAX_INPUTS];
    plan->fixed[i] = plan->backend->table->alloc(plan->backend, bytes);
    if (!plan->fixed[i])
        return s2vi_error_nomem(err, "a plan's constants");
    plan->constant_size += bytes;
    for (int j = 0; j < node->n_inputs; j++)
        in[j] = s2vi_plan_address(plan, NULL, NULL,
                                  plan->layout.index[node->input[j]->id]);
    const s2vi_kernel *k = plan->kernel[i];
    for (int j = 0; j < 3; j++)
        if (k->packed_size[j] && plan->packed[i].memory[j])
            in[j] = plan->packed[i].memory[j];
    return k->run(k, plan->fixed[i], in, scratch, &clock) < 0
               ? s2vi_error(err, S2V_ERR_DEVICE,
                            "computing a model's constants failed")
               : S2V_OK;
}

/* Give a kernel's unchanging inputs the form it asks for. */
static int pack_step(s2vi_plan *plan, int i, s2v_error *err)
{
    const s2vi_kernel *k = plan->kernel[i];
    const s2vi_node *node = plan->schedule.node[i];
    for (int j = 0; j < 3; j++) {
        if (!k->packed_size[j])
            continue;
        void *to =
            plan->backend->table->alloc(plan->backend, k->packed_size[j]);
        plan->packed[i].memory[j] = to;
        if (!to)
            return s2vi_error_nomem(err, "packed weights");
        plan->constant_size += k->packed_size[j];
        int from = plan->layout.index[node->input[j]->id];
        if (k->pack(k, j, s2vi_plan_address(plan, NULL, NULL, from), to) < 0)
            return s2vi_error(err, S2V_ERR_DEVICE,
                              "packing the weights of a "
                              "%s failed",
                              s2vi_op_get(node->op)->name);
    }
    return S2V_OK;
}

/* A constant is wanted at run time if a kernel that is not folded reads it as
 * it is, or if it is an output. */
static bool is_read(const s2vi_plan *plan, int root)
{
    const s2vi_layout *layout = &plan->layout;
    for (int i = 0; i < layout->count; i++) {
        const s2vi_node *node = plan->schedule.node[i];
        if (layout->place[i].is_output &&
            s2vi_layout_root(layout, i, NULL) == &layout->place[root])
            return true;
        if (!plan->kernel[i] || layout->place[i].region == S2VI_CONSTANT)
            continue;
        for (int j = 0; j < node->n_inputs; j++) {
            int from = layout->index[node->input[j]->id];
            bool packed = j < 3 && plan->packed[i].memory[j];
            if (!packed &&
                s2vi_layout_root(layout, from, NULL) == &layout->place[root])
                return true;
        }
    }
    return false;
}

static void drop_if_spent(s2vi_plan *plan, int i)
{
    const s2vi_place *place = &plan->layout.place[i];
    const s2vi_node *node = plan->schedule.node[i];
    const bool param = plan->owns && place->region == S2VI_SHARED &&
                       node->op == S2VI_OP_VAR &&
                       node->var_kind == S2VI_VAR_PARAM;
    if (place->root != i || (place->region != S2VI_CONSTANT && !param) ||
        !plan->fixed[i] || is_read(plan, i))
        return;
    if (param) {
        s2vi_store_drop(plan->store, node->name);
    } else {
        plan->backend->table->free(plan->backend, plan->fixed[i]);
        plan->constant_size -= place->bytes;
    }
    plan->fixed[i] = NULL;
}

static int root_index(const s2vi_plan *plan, const s2vi_node *node)
{
    int i = plan->layout.index[node->id];
    return (int)(s2vi_layout_root(&plan->layout, i, NULL) - plan->layout.place);
}

/* The last kernel that reads each root, by place; as many as the schedule. */
static int *last_readers(const s2vi_plan *plan)
{
    int *last = malloc(((size_t)plan->layout.count + 1) * sizeof(*last));
    for (int i = 0; last && i < plan->layout.count; i++)
        last[i] = -1;
    for (int i = 0; last && i < plan->layout.count; i++) {
        const s2vi_node *node = plan->schedule.node[i];
        for (int j = 0; plan->kernel[i] && j < node->n_inputs; j++)
            last[root_index(plan, node->input[j])] = i;
    }
    return last;
}

/* Pack, compute, and let go of what nothing needs any more: what is folded
 * can be several times as much as what stays. */
static int fold_all(s2vi_plan *plan, const int *last, void *scratch,
                    s2v_error *err)
{
    for (int i = 0; i < plan->schedule.count; i++) {
        const s2vi_node *node = plan->schedule.node[i];
        if (!plan->kernel[i])
            continue;
        int ret = pack_step(plan, i, err);
        if (!ret && plan->layout.place[i].region == S2VI_CONSTANT)
            ret = fold_step(plan, i, scratch, err);
        if (ret < 0)
            return ret;
        for (int j = 0; j < node->n_inputs; j++) {
            int from = root_index(plan, node->input[j]);
            if (last[from] == i)
                drop_if_spent(plan, from);
        }
    }
    return S2V_OK;
}

static int fold(s2vi_plan *plan, s2v_error *err)
{
    const s2vi_backend_table *table = plan->backend->table;
    void *scratch = table->alloc(plan->backend, plan->scratch_size + 64);
    int *last = last_readers(plan);
    table->enter(plan->backend);
    int ret = scratch && last ? fold_all(plan, last, scratch, err)
                              : s2vi_error_nomem(err, "a plan");
    table->leave(plan->backend);
    if (scratch)
        table->free(plan->backend, scratch);
    free(last);
    if (plan->owns && plan->backend->table->on_host)
        s2vi_host_trim();
    return ret;
}

/* ------------------------------------------------------------- entry -- */

int s2vi_plan_create(s2vi_plan **out, s2vi_graph *graph, s2vi_store *store,
                     const s2vi_plan_params *params, s2v_error *err)
{
    s2vi_plan *plan = *out = calloc(1, sizeof(*plan));
    if (!plan)
        return s2vi_error_nomem(err, "a plan");
    plan->graph = graph;
    plan->store = store;
    plan->backend = s2vi_store_backend(store);
    plan->frozen = params->frozen;
    plan->owns = params->owns;
    plan->resumes = params->resumes;
    int ret = make_schedule(plan, params, err);
    if (!ret)
        ret = make_layout(plan, params, err);
    if (!ret)
        ret = bind_fixed(plan, err);
    if (!ret)
        ret = s2vi_plan_compile(plan, err);
    if (!ret)
        ret = fold(plan, err);
    if (ret < 0)
        s2vi_plan_close(out);
    return ret;
}

static void close_step(s2vi_plan *plan, int i)
{
    const s2vi_backend_table *table = plan->backend->table;
    for (int j = 0; plan->packed && j < 3; j++)
        if (plan->packed[i].memory[j])
            table->free(plan->backend, plan->packed[i].memory[j]);
    if (plan->joined && plan->joined[i])
        plan->joined[i]->close(plan->joined[i]);
    if (plan->kernel && plan->kernel[i])
        plan->kernel[i]->close(plan->kernel[i]);
    if (plan->fixed && plan->fixed[i] &&
        plan->layout.place[i].region == S2VI_CONSTANT)
        table->free(plan->backend, plan->fixed[i]);
}

void s2vi_plan_close(s2vi_plan **out)
{
    if (!out || !*out)
        return;
    s2vi_plan *plan = *out;
    for (int i = 0; i < plan->layout.count; i++)
        close_step(plan, i);
    free(plan->kernel);
    free(plan->joined);
    free(plan->packed);
    free(plan->fixed);
    s2vi_layout_close(&plan->layout);
    s2vi_schedule_close(&plan->schedule);
    free(plan);
    *out = NULL;
}

void s2vi_plan_memory(const s2vi_plan *plan, size_t *exec, size_t *constants)
{
    *exec =
        plan->layout.arena_size + plan->layout.kept_size + plan->scratch_size;
    *constants = plan->constant_size;
}

const s2vi_node *s2vi_plan_node(const s2vi_plan *plan, int index)
{
    for (int i = 0; i < plan->schedule.count; i++)
        if (plan->kernel[i] && plan->layout.place[i].region != S2VI_CONSTANT &&
            index-- == 0)
            return plan->schedule.node[i];
    return NULL;
}

double s2vi_plan_flops(const s2vi_plan *plan)
{
    const s2vi_node *node;
    double flops = 0;
    for (int i = 0; (node = s2vi_plan_node(plan, i)); i++)
        flops += s2vi_op_get(node->op)->flops(node);
    return flops;
}

static bool is_state(const s2vi_node *node)
{
    return node->op == S2VI_OP_VAR && node->var_kind == S2VI_VAR_STATE;
}

int s2vi_plan_state_count(const s2vi_plan *plan)
{
    int n = 0;
    for (int i = 0; i < plan->schedule.count; i++)
        n += is_state(plan->schedule.node[i]);
    return n;
}

const s2vi_node *s2vi_plan_state(const s2vi_plan *plan, int index)
{
    for (int i = 0; i < plan->schedule.count; i++)
        if (is_state(plan->schedule.node[i]) && index-- == 0)
            return plan->schedule.node[i];
    return NULL;
}
