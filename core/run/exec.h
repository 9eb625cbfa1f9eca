/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exec: one runner's memory of a plan, and the runs.
 *
 * An exec is one thread's at a time. Nothing is allocated while running.
 */
#ifndef S2VI_RUN_EXEC_H
#define S2VI_RUN_EXEC_H

#include "base/state.h"
#include "run/plan.h"

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

/** Save all STATE variables, or restore them; their names in a state begin with
 * "state.". */
void s2vi_exec_pass_state(s2vi_exec *exec, s2vi_state *state);

/** Compute every output, then carry out the effects. */
int s2vi_exec_run(s2vi_exec *exec, const s2vi_clock *clock, s2v_error *err);

/**
 * Called after each step of a run when set: for profiling and tests. A plan
 * that resumes (plan.h) does not run all of them each time.
 *
 * @param nodes   what the step has computed, the exec's own list: one, or
 *                those of a join (join.h)
 * @param seconds the step's own time
 */
typedef void (*s2vi_exec_watch)(void *opaque, const s2vi_node *const *nodes,
                                int n, double seconds);
void s2vi_exec_set_watch(s2vi_exec *exec, s2vi_exec_watch watch, void *opaque);

/** The same, of a device that works while the host goes on: called once a step
 * is queued, so that its time is of that. */
void s2vi_exec_set_queue_watch(s2vi_exec *exec, s2vi_exec_watch watch,
                               void *opaque);

/** Steps of a run. */
int s2vi_exec_steps(const s2vi_exec *exec);

/** The step, from 0, that computes a node; -1: none does. */
int s2vi_exec_step_of(const s2vi_exec *exec, const s2vi_node *node);

/** Where an output is in the backend's memory, from run to run; NULL: nowhere.
 */
void *s2vi_exec_address(const s2vi_exec *exec, const s2vi_node *node);

/** For a watch: replace an output's value, for the steps that follow. */
int s2vi_exec_overwrite(s2vi_exec *exec, const s2vi_node *node,
                        const float *data);

#endif
