/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between plan.c and exec.c: what a plan and an exec are made of. */
#ifndef S2VI_RUN_PLAN_INTERNAL_H
#define S2VI_RUN_PLAN_INTERNAL_H

#include "run/memory.h"
#include "run/plan.h"
#include "run/store.h"

struct s2vi_plan {
    s2vi_graph *graph;
    s2vi_store *store;
    s2vi_backend *backend;
    bool frozen;
    s2vi_schedule schedule;
    s2vi_layout layout;
    /* By place in the schedule: */
    s2vi_kernel **kernel; /* NULL: nothing to run */
    s2vi_kernel **joined; /* at a join's last node: what runs all of them */
    struct s2vi_packed {
        void *memory[3];
    } * packed;
    void **fixed; /* memory of SHARED and CONSTANT roots */
    size_t scratch_size, constant_size;
};

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
    s2vi_exec_watch watch;
    void *watch_opaque;
};

/** What computes `node` now and its place in the schedule, or NULL. */
const s2vi_node *s2vi_plan_resolve(const s2vi_plan *plan, const s2vi_node *node,
                                   int *index);

/** Address of the value at place i; `exec` NULL: of constants only. */
void *s2vi_plan_address(const s2vi_plan *plan, const s2vi_exec *exec, int i);

#endif
