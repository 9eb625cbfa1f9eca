/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running graphs: store (shared variables), plan (kernels and addresses) and
 * exec (one runner's memory).
 *
 * A plan is immutable once made and may serve many execs on many threads; an
 * exec is one thread's at a time. Nothing is allocated while running.
 */
#ifndef S2VI_RUN_PLAN_H
#define S2VI_RUN_PLAN_H

#include "backend/backend.h"
#include "graph/graph.h"

/* ------------------------------------------------------------- store -- */

typedef struct s2vi_store s2vi_store;

/** Variables by name in a backend's memory; outlives what is planned on it. */
int s2vi_store_create(s2vi_store **store, s2vi_backend *backend,
                      s2v_error *err);
void s2vi_store_close(s2vi_store **store);

/** Add a zeroed variable, or find the one of that name and same shape. */
int s2vi_store_add(s2vi_store *store, const char *name, const s2vi_shape *shape,
                   s2v_error *err);

/** Copy all elements in or out, converting to or from the backend's dtype. */
int s2vi_store_write(s2vi_store *store, const char *name, const float *data,
                     s2v_error *err);
int s2vi_store_read(s2vi_store *store, const char *name, float *data,
                    s2v_error *err);
int s2vi_store_write_f64(s2vi_store *store, const char *name,
                         const double *data, s2v_error *err);

/** The backend's own memory of a variable, or NULL. */
void *s2vi_store_memory(s2vi_store *store, const char *name);

/* -------------------------------------------------------------- plan -- */

typedef struct s2vi_plan s2vi_plan;

typedef struct s2vi_plan_params {
    s2vi_node *const *outputs; /* whose values are read after a run */
    int n_outputs;
    s2vi_node *const *effects; /* ASSIGN, ADAM: carried out last, in order */
    int n_effects;
    bool frozen;    /* PARAMs never change from here on: fold and pack them */
    bool no_fusion; /* for tests: run the graph as it was recorded */
} s2vi_plan_params;

/**
 * Plan a graph for a store's backend. The graph must outlive the plan.
 *
 * PARAM and SLOT variables are bound to the store's of the same name (added,
 * zeroed, where missing). With `frozen`, what depends on PARAMs alone is
 * computed now, once.
 */
int s2vi_plan_create(s2vi_plan **plan, s2vi_graph *graph, s2vi_store *store,
                     const s2vi_plan_params *params, s2v_error *err);
void s2vi_plan_close(s2vi_plan **plan);

/** Bytes of memory: of each exec, and of the plan's own constants. */
void s2vi_plan_memory(const s2vi_plan *plan, size_t *exec, size_t *constants);

/** Floating-point operations of one run, by ops.def. */
double s2vi_plan_flops(const s2vi_plan *plan);

/** Node `i` of those that a run computes, in order; NULL past the last. */
const s2vi_node *s2vi_plan_node(const s2vi_plan *plan, int i);

/* -------------------------------------------------------------- exec -- */

typedef struct s2vi_exec s2vi_exec;

int s2vi_exec_create(s2vi_exec **exec, const s2vi_plan *plan, s2v_error *err);
void s2vi_exec_close(s2vi_exec **exec);

/** Set an INPUT or STATE node: all its elements. */
int s2vi_exec_write(s2vi_exec *exec, const s2vi_node *node, const float *data);
int s2vi_exec_write_f64(s2vi_exec *exec, const s2vi_node *node,
                        const double *data);

/** Get an output, INPUT, STATE, PARAM or SLOT node after a run. */
int s2vi_exec_read(s2vi_exec *exec, const s2vi_node *node, float *data);
int s2vi_exec_read_f64(s2vi_exec *exec, const s2vi_node *node, double *data);

/** The value in place, on a backend whose memory is the host's; or NULL. */
const float *s2vi_exec_view(const s2vi_exec *exec, const s2vi_node *node);

/** All STATE variables to zero. */
void s2vi_exec_reset(s2vi_exec *exec);

/** Compute every output, then carry out the effects. */
int s2vi_exec_run(s2vi_exec *exec, const s2vi_clock *clock, s2v_error *err);

/** STATE variables of the plan, in recorded order: count, and each. */
int s2vi_plan_state_count(const s2vi_plan *plan);
const s2vi_node *s2vi_plan_state(const s2vi_plan *plan, int i);

/**
 * Called after each step of a run when set: for profiling and tests.
 *
 * @param nodes   what the step has computed, the exec's own list: one, or
 *                those of a join (join.h)
 * @param seconds the step's own time
 */
typedef void (*s2vi_exec_watch)(void *opaque, const s2vi_node *const *nodes,
                                int n, double seconds);
void s2vi_exec_set_watch(s2vi_exec *exec, s2vi_exec_watch watch, void *opaque);

/** Steps of a run. */
int s2vi_exec_steps(const s2vi_exec *exec);

#endif
