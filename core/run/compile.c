/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan's kernels. Most of the time goes to oneDNN, which generates code for
 * each convolution, so threads take the nodes in turn. They are no OpenMP
 * threads: in a parallel region oneDNN plans for a single thread.
 */
#include "base/error.h"
#include "run/join.h"
#include "run/plan_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define MOST_THREADS 8

static bool is_fixed(const s2vi_plan *plan, const s2vi_node *node)
{
    const s2vi_place *root =
        s2vi_layout_root(&plan->layout, plan->layout.index[node->id], NULL);
    return root->region == S2VI_CONSTANT ||
           (plan->frozen && root->region == S2VI_SHARED);
}

bool s2vi_plan_has_kernel(const s2vi_plan *plan, int i)
{
    const s2vi_node *node = plan->schedule.node[i];
    const s2vi_place *place = &plan->layout.place[i];
    return node->op != S2VI_OP_INPUT && node->op != S2VI_OP_VAR &&
           !place->is_view && !place->elided;
}

static int compile_step(s2vi_plan *plan, int i, s2v_error *err)
{
    const s2vi_node *node = plan->schedule.node[i];
    uint32_t constant = 0;
    for (int j = 0; j < node->n_inputs && j < 3; j++)
        if (is_fixed(plan, node->input[j]))
            constant |= 1u << j;
    return plan->backend->table->compile(plan->backend, node, constant,
                                         &plan->kernel[i], err);
}

/* ------------------------------------------------------------ threads -- */

typedef struct work {
    s2vi_plan *plan;
    atomic_int next; /* place in the schedule */
    atomic_bool failed;
} work;

/* One thread's share, and the first place that failed. */
typedef struct worker {
    work *work;
    pthread_t thread;
    int place, ret;
    s2v_error err;
} worker;

static void take_steps(worker *w)
{
    s2vi_plan *plan = w->work->plan;
    while (!atomic_load(&w->work->failed)) {
        const int i = atomic_fetch_add(&w->work->next, 1);
        if (i >= plan->schedule.count)
            return;
        if (s2vi_plan_has_kernel(plan, i))
            w->ret = compile_step(plan, i, &w->err);
        if (w->ret < 0) {
            w->place = i;
            atomic_store(&w->work->failed, true);
            return;
        }
    }
}

static void *run_worker(void *opaque)
{
    worker *w = opaque;
    take_steps(w);
    s2vi_backend_release_threads(w->work->plan->backend);
    return NULL;
}

static int threads_of(const s2vi_plan *plan)
{
    const int n = plan->backend->threads;
    return !plan->backend->table->compiles_on_threads ? 1
           : n < MOST_THREADS                         ? n
                                                      : MOST_THREADS;
}

static int compile_steps(s2vi_plan *plan, s2v_error *err)
{
    work work = {.plan = plan};
    worker workers[MOST_THREADS] = {{0}}, *first = NULL;
    const int threads = threads_of(plan);
    int started = 1; /* this one */
    for (int i = 0; i < threads; i++)
        workers[i].work = &work;
    while (started < threads && !pthread_create(&workers[started].thread, NULL,
                                                run_worker, &workers[started]))
        started++;
    take_steps(&workers[0]);
    for (int i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    for (worker *w = workers; w < workers + started; w++)
        if (w->ret < 0 && (!first || w->place < first->place))
            first = w;
    if (first && err)
        *err = first->err;
    return first ? first->ret : S2V_OK;
}

/* -------------------------------------------------------------- joins -- */

/* The join that ends at node `last`. */
static int join_steps(s2vi_plan *plan, int last, s2v_error *err)
{
    s2vi_kernel *part[S2VI_JOIN_MAX];
    const s2vi_backend_table *table = plan->backend->table;
    const int first = plan->layout.place[last].join_first;
    int n = 0;
    for (int i = first; i <= last; i++)
        if (plan->kernel[i] && plan->layout.place[i].join_last == last)
            part[n++] = plan->kernel[i];
    return table->join(plan->backend, part, n, &plan->joined[last], err);
}

static void need_scratch(s2vi_plan *plan, const s2vi_kernel *kernel)
{
    if (kernel && plan->scratch_size < kernel->scratch_size)
        plan->scratch_size = kernel->scratch_size;
}

int s2vi_plan_compile(s2vi_plan *plan, s2v_error *err)
{
    size_t n = (size_t)plan->schedule.count + 1;
    plan->kernel = calloc(n, sizeof(*plan->kernel));
    plan->joined = calloc(n, sizeof(*plan->joined));
    plan->packed = calloc(n, sizeof(*plan->packed));
    if (!plan->kernel || !plan->joined || !plan->packed)
        return s2vi_error_nomem(err, "a plan");
    int ret = compile_steps(plan, err);
    for (int i = 0; i < plan->schedule.count && !ret; i++) {
        const s2vi_place *place = &plan->layout.place[i];
        if (plan->kernel[i] && place->join_last == i && place->join_first < i)
            ret = join_steps(plan, i, err);
        need_scratch(plan, plan->kernel[i]);
        need_scratch(plan, plan->joined[i]);
    }
    return ret;
}
