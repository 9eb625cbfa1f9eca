/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between plan.c, compile.c and exec.c: what a plan is made of. */
#ifndef S2VI_RUN_PLAN_INTERNAL_H
#define S2VI_RUN_PLAN_INTERNAL_H

#include "run/memory.h"
#include "run/plan.h"

struct s2vi_plan {
    s2vi_graph *graph;
    s2vi_store *store;
    s2vi_backend *backend;
    bool frozen, owns, resumes;
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

/** What computes `node` now and its place in the schedule, or NULL. */
const s2vi_node *s2vi_plan_resolve(const s2vi_plan *plan, const s2vi_node *node,
                                   int *index);

/** Whether the node at place i is one to run, not a view or what another does.
 */
bool s2vi_plan_has_kernel(const s2vi_plan *plan, int i);

/** Make the kernels, and the joins of them: compile.c. */
int s2vi_plan_compile(s2vi_plan *plan, s2v_error *err);

/** Address of the value at place i, in an exec's regions; NULL where it lies in
 * one that is not given. */
void *s2vi_plan_address(const s2vi_plan *plan, char *arena, char *kept, int i);

#endif
