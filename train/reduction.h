/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gradients of a training step, summed over all processes: between the
 * backward pass and the optimiser, within one run of the step. Those that are
 * ready are packed into buckets, whose sums are under way while the rest of the
 * backward pass is computed.
 */
#ifndef S2VI_TRAIN_REDUCTION_H
#define S2VI_TRAIN_REDUCTION_H

#include "ranks.h"
#include "run/exec.h"

typedef struct s2vi_reduction s2vi_reduction;

/**
 * Have each run of `exec` sum them. The exec's watch is taken for it. Where the
 * backend is in a group (backend.h), it does so itself.
 *
 * @param gradient outputs of the plan, each with memory of its own
 * @param effect   of the plan, which read them
 */
int s2vi_reduction_create(s2vi_reduction **reduction, const s2vi_ranks *ranks,
                          s2vi_backend *backend, s2vi_exec *exec,
                          s2vi_node *const *gradient, int n,
                          s2vi_node *const *effect, int n_effects,
                          s2v_error *err);
void s2vi_reduction_close(s2vi_reduction **reduction);

/** Before each run; the first is after the backend has joined a group, if it
 * does. */
int s2vi_reduction_begin(s2vi_reduction *reduction, s2v_error *err);

/** After it: S2V_OK, or what went wrong. */
int s2vi_reduction_end(s2vi_reduction *reduction, s2v_error *err);

#endif
