/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resuming: a run starts at the first step that reads an input which has
 * changed since the last run. The steps before it would compute what they did
 * then, bit for bit, so what later steps read of their results is restored from
 * a copy. Where no input has changed, nothing is run: the outputs are there.
 *
 * The copy is of one place in the schedule, made in passing where the changes
 * of the last two runs have it, since what moves one frame mostly moves the
 * next. Its memory is bounded; where too much is alive, an earlier place is
 * taken.
 *
 * A plan has it that asks for it (plan.h), on backends whose arrays are f32 in
 * the host's memory.
 */
#ifndef S2VI_RUN_RESUME_H
#define S2VI_RUN_RESUME_H

#include "run/plan_internal.h"

typedef struct s2vi_resume s2vi_resume;

/** Whether a plan's execs may resume at all. */
bool s2vi_resume_suits(const s2vi_plan *plan);

/**
 * @param node the first node of each of `n_steps` steps, by place in the
 *             schedule
 */
int s2vi_resume_create(s2vi_resume **resume, const s2vi_plan *plan,
                       const int *node, int n_steps, s2v_error *err);
void s2vi_resume_close(s2vi_resume **resume);

/** To be called before `bytes` of data are written over the old ones, an input
 * at place `i` of the schedule. */
void s2vi_resume_write(s2vi_resume *resume, int i, const void *old,
                       const void *data, size_t bytes);

/** A run starts: the first step to run, the arena as it is to be there; the
 * number of steps where nothing is to be run. */
int s2vi_resume_begin(s2vi_resume *resume, char *arena);

/** To be called before each step that is run. */
void s2vi_resume_pass(s2vi_resume *resume, int step, const char *arena);

/** A run ends, well or not. */
void s2vi_resume_end(s2vi_resume *resume, bool ok);

#endif
