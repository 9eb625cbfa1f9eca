/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where an exec's time goes: each step's, what it computes, and how fast.
 *
 * @code
 * s2vi_profile *profile;
 * s2vi_profile_create(&profile, exec, err);
 * ... s2vi_exec_run() as often as you like ...
 * s2vi_profile_report(profile, "profile", &logger);
 * s2vi_profile_close(&profile);
 * @endcode
 */
#ifndef S2VI_RUN_PROFILE_H
#define S2VI_RUN_PROFILE_H

#include "base/log.h"
#include "run/exec.h"

typedef struct s2vi_profile s2vi_profile;

/** Begin to watch an exec, which outlives the profile's use of it. */
int s2vi_profile_create(s2vi_profile **profile, s2vi_exec *exec,
                        s2v_error *err);

/**
 * Log a table, its lines begun with `name`, slowest step first: milliseconds a
 * run, percent, GFLOPS (as the ops table counts; a step that does less work by
 * a better algorithm has more), ops and result. Each step's first three runs do
 * not count.
 */
void s2vi_profile_report(const s2vi_profile *profile, const char *name,
                         const s2vi_logger *logger);

void s2vi_profile_close(s2vi_profile **profile);

#endif
