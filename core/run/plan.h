/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plan: a graph made ready to run on a backend; exec.h runs it.
 *
 * A plan is immutable once made and may serve many execs on many threads.
 */
#ifndef S2VI_RUN_PLAN_H
#define S2VI_RUN_PLAN_H

#include "graph/graph.h"
#include "run/store.h"

typedef struct s2vi_plan s2vi_plan;

typedef struct s2vi_plan_params {
    s2vi_node *const *outputs; /* whose values are read after a run */
    int n_outputs;
    s2vi_node *const *effects; /* ASSIGN, ADAM: carried out last, in order */
    int n_effects;
    bool frozen;    /* PARAMs never change from here on: fold and pack them */
    bool no_fusion; /* for tests: run the graph as it was recorded */
    bool owns;      /* frozen, and nobody else reads these PARAMs: those that no
                       run reads, having been folded or packed, are dropped from
                       the store */
    bool resumes;   /* runs leave out what unchanged inputs make needless
                       (resume.h): frozen, without states, effects and random
                       numbers, on the host */
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

/** Whether anything that the plan computes depends on an input. */
bool s2vi_plan_has(const s2vi_plan *plan, const s2vi_node *input);

/** STATE variables of the plan, in recorded order: count, and each. */
int s2vi_plan_state_count(const s2vi_plan *plan);
const s2vi_node *s2vi_plan_state(const s2vi_plan *plan, int i);

#endif
