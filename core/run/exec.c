/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exec: one runner's memory, and the loop over the kernels. */
#include "run/exec.h"

#include "run/copy.h"
#include "run/plan_internal.h"
#include "run/resume.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct s2vi_exec {
    const s2vi_plan *plan;
    char *arena, *kept, *scratch;
    struct s2vi_step {
        const s2vi_kernel *kernel;
        s2vi_kernel *own; /* this exec's instance, or NULL */
        void *out;
        void **in;                     /* into `operands` */
        const s2vi_node *const *nodes; /* into `nodes` */
        int n_nodes;
    } * step;
    int n_steps;
    void **operands;
    const s2vi_node **nodes;
    s2vi_recording *recording; /* the backend's: of a run */
    s2vi_resume *resume;       /* NULL: each run is a whole one */
    s2vi_exec_watch watch;
    void *watch_opaque;
    bool watch_queue; /* does not wait for a step's end */
};

static bool is_run(const s2vi_plan *plan, int i)
{
    return plan->kernel[i] && plan->layout.place[i].region != S2VI_CONSTANT;
}

/* The kernel that runs node i among others, or NULL. */
static const s2vi_kernel *joined(const s2vi_plan *plan, int i)
{
    return plan->joined[plan->layout.place[i].join_last];
}

static void *address(const s2vi_exec *exec, int i)
{
    return s2vi_plan_address(exec->plan, exec->arena, exec->kept, i);
}

/* Put node i's inputs at `to`; their number. */
static int bind_inputs(const s2vi_exec *exec, int i, void **to)
{
    const s2vi_plan *plan = exec->plan;
    const s2vi_node *node = plan->schedule.node[i];
    for (int j = 0; j < node->n_inputs; j++) {
        void *packed = j < 3 ? plan->packed[i].memory[j] : NULL;
        int from = plan->layout.index[node->input[j]->id];
        to[j] = packed ? packed : address(exec, from);
    }
    return node->n_inputs;
}

/* The next step, its list of nodes begun where the last one's ends. */
static struct s2vi_step *next_step(s2vi_exec *exec)
{
    struct s2vi_step *step = &exec->step[exec->n_steps++], *last = step - 1;
    step->nodes = exec->n_steps > 1 ? last->nodes + last->n_nodes : exec->nodes;
    return step;
}

/* Note that the step computes node i. */
static void note(s2vi_exec *exec, struct s2vi_step *step, int i)
{
    const size_t at = (size_t)(step->nodes - exec->nodes);
    exec->nodes[at + (size_t)step->n_nodes++] = exec->plan->schedule.node[i];
}

static bool bind_step(s2vi_exec *exec, int i, void **operands)
{
    struct s2vi_step *step = next_step(exec);
    note(exec, step, i);
    step->kernel = exec->plan->kernel[i];
    if (step->kernel->instance) {
        if (step->kernel->instance(step->kernel, &step->own) < 0)
            return false;
        step->kernel = step->own;
    }
    step->out = address(exec, i);
    step->in = operands;
    return true;
}

/* The join that ends at node `last`: results and inputs in turn. */
static int bind_join(s2vi_exec *exec, int last, void **operands)
{
    const s2vi_plan *plan = exec->plan;
    struct s2vi_step *step = next_step(exec);
    int used = 0;
    step->kernel = plan->joined[last];
    step->in = operands;
    for (int i = plan->layout.place[last].join_first; i <= last; i++)
        if (is_run(plan, i) && plan->layout.place[i].join_last == last) {
            note(exec, step, i);
            operands[used++] = address(exec, i);
            used += bind_inputs(exec, i, operands + used);
        }
    return used;
}

static bool bind_all(s2vi_exec *exec)
{
    const s2vi_plan *plan = exec->plan;
    void **next = exec->operands;
    for (int i = 0; i < plan->schedule.count; i++) {
        if (!is_run(plan, i))
            continue;
        if (plan->joined[i]) {
            next += bind_join(exec, i, next);
        } else if (!joined(plan, i)) {
            if (!bind_step(exec, i, next))
                return false;
            next += bind_inputs(exec, i, next);
        }
    }
    return true;
}

static bool bind(s2vi_exec *exec)
{
    const s2vi_plan *plan = exec->plan;
    size_t steps = 0, operands = 0;
    for (int i = 0; i < plan->schedule.count; i++)
        if (is_run(plan, i)) {
            steps++;
            operands += 1 + (size_t)plan->schedule.node[i]->n_inputs;
        }
    exec->step = calloc(steps + 1, sizeof(*exec->step));
    exec->operands = calloc(operands + 1, sizeof(*exec->operands));
    exec->nodes = calloc(steps + 1, sizeof(*exec->nodes));
    return exec->step && exec->operands && exec->nodes && bind_all(exec);
}

static int start_resuming(s2vi_exec *exec, s2v_error *err)
{
    int *node = malloc(((size_t)exec->n_steps + 1) * sizeof(*node));
    if (!node)
        return s2vi_error_nomem(err, "a runner");
    for (int i = 0; i < exec->n_steps; i++)
        node[i] = exec->plan->layout.index[exec->step[i].nodes[0]->id];
    const int ret =
        s2vi_resume_create(&exec->resume, exec->plan, node, exec->n_steps, err);
    free(node);
    return ret;
}

int s2vi_exec_create(s2vi_exec **out, const s2vi_plan *plan, s2v_error *err)
{
    s2vi_exec *exec = *out = calloc(1, sizeof(*exec));
    if (!exec)
        return s2vi_error_nomem(err, "a runner");
    const s2vi_backend_table *table = plan->backend->table;
    exec->plan = plan;
    exec->arena = table->alloc(plan->backend, plan->layout.arena_size + 64);
    exec->kept = table->alloc(plan->backend, plan->layout.kept_size + 64);
    exec->scratch = table->alloc(plan->backend, plan->scratch_size + 64);
    int ret = exec->arena && exec->kept && exec->scratch && bind(exec)
                  ? S2V_OK
                  : s2vi_error_nomem(err, "a runner's arrays");
    if (!ret && s2vi_resume_suits(plan))
        ret = start_resuming(exec, err);
    if (ret < 0)
        s2vi_exec_close(out);
    return ret;
}

void s2vi_exec_close(s2vi_exec **out)
{
    if (!out || !*out)
        return;
    s2vi_exec *exec = *out;
    s2vi_backend *be = exec->plan->backend;
    if (exec->recording)
        be->table->forget(be, exec->recording);
    s2vi_resume_close(&exec->resume);
    be->table->free(be, exec->arena);
    be->table->free(be, exec->kept);
    be->table->free(be, exec->scratch);
    for (int i = 0; i < exec->n_steps; i++)
        if (exec->step[i].own)
            exec->step[i].own->close(exec->step[i].own);
    free(exec->step);
    free(exec->operands);
    free(exec->nodes);
    free(exec);
    *out = NULL;
}

/* ---------------------------------------------------- in and out -- */

static void note_changes(const s2vi_exec *exec, int i, const void *data,
                         s2vi_dtype type)
{
    const size_t bytes = exec->plan->layout.place[i].bytes;
    if (type == S2VI_F32)
        s2vi_resume_write(exec->resume, i, address(exec, i), data, bytes);
    else
        s2vi_resume_end(exec->resume, false);
}

static int write_as(s2vi_exec *exec, const s2vi_node *node, const void *data,
                    s2vi_dtype type)
{
    int i;
    if (!s2vi_plan_resolve(exec->plan, node, &i) ||
        exec->plan->layout.place[i].region != S2VI_KEPT)
        return S2V_ERR_INTERNAL;
    if (exec->resume)
        note_changes(exec, i, data, type);
    return s2vi_copy_in(exec->plan->backend, address(exec, i), data, type,
                        s2vi_shape_count(&node->shape));
}

static int read_as(s2vi_exec *exec, const s2vi_node *node, void *data,
                   s2vi_dtype type)
{
    int i;
    const void *from =
        s2vi_plan_resolve(exec->plan, node, &i) ? address(exec, i) : NULL;
    return from ? s2vi_copy_out(exec->plan->backend, data, type, from,
                                s2vi_shape_count(&node->shape))
                : S2V_ERR_INTERNAL;
}

int s2vi_exec_write(s2vi_exec *exec, const s2vi_node *node, const float *data)
{
    return write_as(exec, node, data, S2VI_F32);
}

int s2vi_exec_write_f64(s2vi_exec *exec, const s2vi_node *node,
                        const double *data)
{
    return write_as(exec, node, data, S2VI_F64);
}

int s2vi_exec_read(s2vi_exec *exec, const s2vi_node *node, float *data)
{
    return read_as(exec, node, data, S2VI_F32);
}

int s2vi_exec_read_f64(s2vi_exec *exec, const s2vi_node *node, double *data)
{
    return read_as(exec, node, data, S2VI_F64);
}

const float *s2vi_exec_view(const s2vi_exec *exec, const s2vi_node *node)
{
    int i;
    if (exec->plan->backend->dtype != S2VI_F32 ||
        !exec->plan->backend->table->on_host ||
        !s2vi_plan_resolve(exec->plan, node, &i))
        return NULL;
    return address(exec, i);
}

void s2vi_exec_reset(s2vi_exec *exec)
{
    const s2vi_plan *plan = exec->plan;
    for (int s = 0; s < s2vi_plan_state_count(plan); s++) {
        int i = plan->layout.index[s2vi_plan_state(plan, s)->id];
        plan->backend->table->upload(plan->backend, address(exec, i), NULL,
                                     plan->layout.place[i].bytes);
    }
}

static void pass_variable(s2vi_exec *exec, const s2vi_node *node,
                          s2vi_state *state)
{
    const size_t n = (size_t)s2vi_shape_count(&node->shape);
    float *data = calloc(n, sizeof(*data));
    char name[160];
    int ret = S2V_OK;
    snprintf(name, sizeof(name), "state.%s", node->name);
    if (!data) {
        s2vi_state_fail(state, S2V_ERR_NOMEM, "out of memory for '%s'", name);
        return;
    }
    if (!state->restoring)
        ret = s2vi_exec_read(exec, node, data);
    s2vi_state_floats(state, name, data, n, FLT_MAX);
    if (state->restoring && s2vi_state_ok(state))
        ret = s2vi_exec_write(exec, node, data);
    if (ret < 0)
        s2vi_state_fail(state, ret, "'%s' cannot be copied", name);
    free(data);
}

void s2vi_exec_pass_state(s2vi_exec *exec, s2vi_state *state)
{
    for (int i = 0; i < s2vi_plan_state_count(exec->plan); i++)
        pass_variable(exec, s2vi_plan_state(exec->plan, i), state);
}

/* --------------------------------------------------------------- run -- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int s2vi_exec_steps(const s2vi_exec *exec)
{
    return exec->n_steps;
}

int s2vi_exec_step_of(const s2vi_exec *exec, const s2vi_node *node)
{
    int i;
    if (!s2vi_plan_resolve(exec->plan, node, &i))
        return -1;
    for (int s = 0; s < exec->n_steps; s++)
        for (int k = 0; k < exec->step[s].n_nodes; k++)
            if (exec->step[s].nodes[k] == exec->plan->schedule.node[i])
                return s;
    return -1;
}

void *s2vi_exec_address(const s2vi_exec *exec, const s2vi_node *node)
{
    int i;
    return s2vi_plan_resolve(exec->plan, node, &i) ? address(exec, i) : NULL;
}

int s2vi_exec_overwrite(s2vi_exec *exec, const s2vi_node *node,
                        const float *data)
{
    int i;
    if (!s2vi_plan_resolve(exec->plan, node, &i))
        return S2V_ERR_INTERNAL;
    return s2vi_copy_in(exec->plan->backend, address(exec, i), data, S2VI_F32,
                        s2vi_shape_count(&node->shape));
}

void s2vi_exec_set_watch(s2vi_exec *exec, s2vi_exec_watch watch, void *opaque)
{
    exec->watch = watch;
    exec->watch_opaque = opaque;
    exec->watch_queue = false;
}

void s2vi_exec_set_queue_watch(s2vi_exec *exec, s2vi_exec_watch watch,
                               void *opaque)
{
    s2vi_exec_set_watch(exec, watch, opaque);
    exec->watch_queue = true;
}

static int run_step(s2vi_exec *exec, const struct s2vi_step *step,
                    const s2vi_clock *clock, s2v_error *err)
{
    s2vi_backend *be = exec->plan->backend;
    double start = exec->watch ? now() : 0;
    int ret = step->kernel->run(step->kernel, step->out, step->in,
                                exec->scratch, clock);
    if (!ret && exec->watch && !exec->watch_queue && be->table->wait)
        ret = be->table->wait(be);
    if (ret < 0)
        return s2vi_error(err, ret, "%s: a %s failed to run%s%s",
                          be->table->name,
                          s2vi_op_get(step->kernel->node->op)->name,
                          *be->last_error ? ": " : "", be->last_error);
    if (exec->watch)
        exec->watch(exec->watch_opaque, step->nodes, step->n_nodes,
                    now() - start);
    return S2V_OK;
}

/* All steps, recorded or replayed where the backend can; S2VI_REPEAT where it
 * asks for that. A watched run is neither: a replayed one has no steps. */
static int run_all(s2vi_exec *exec, const s2vi_clock *clock, s2v_error *err)
{
    s2vi_backend *be = exec->plan->backend;
    const bool records = be->table->begin && !exec->watch;
    int ret = records ? be->table->begin(be, &exec->recording, clock) : S2V_OK;
    if (ret == S2VI_REPLAYED)
        return S2V_OK;
    if (ret < 0)
        return s2vi_error(err, ret, "%s: a run cannot be started: %s",
                          be->table->name, be->last_error);
    const int first =
        exec->resume ? s2vi_resume_begin(exec->resume, exec->arena) : 0;
    for (int i = first; i < exec->n_steps && ret >= 0; i++) {
        if (exec->resume)
            s2vi_resume_pass(exec->resume, i, exec->arena);
        ret = run_step(exec, &exec->step[i], clock, err);
    }
    if (exec->resume)
        s2vi_resume_end(exec->resume, ret >= 0);
    const int end = records ? be->table->end(be, &exec->recording) : S2V_OK;
    if (end < 0 && ret >= 0)
        return s2vi_error(err, end, "%s: a run failed: %s", be->table->name,
                          be->last_error);
    return end == S2VI_REPEAT ? end : ret;
}

int s2vi_exec_run(s2vi_exec *exec, const s2vi_clock *clock, s2v_error *err)
{
    s2vi_backend *be = exec->plan->backend;
    be->table->enter(be);
    int ret = run_all(exec, clock, err);
    while (ret == S2VI_REPEAT)
        ret = run_all(exec, clock, err);
    be->table->leave(be);
    return ret;
}
