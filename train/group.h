/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The devices of several processes: which each has, and that they sum. */
#ifndef S2VI_TRAIN_GROUP_H
#define S2VI_TRAIN_GROUP_H

#include "backend/backend.h"
#include "ranks.h"

/** The device of this process: of several on a machine that are to have "cuda"
 * or "auto" (NULL), each takes one. */
void s2vi_group_device(const s2vi_ranks *ranks, const char *device, char *name,
                       size_t size);

/**
 * Before the first iteration of several processes, each of which calls it:
 * they have the same kind of device, whose own library sums the gradients if it
 * has one (backend.h).
 *
 * @param why it does not, or empty
 */
int s2vi_group_join(s2vi_ranks *ranks, s2vi_backend *backend, s2v_error *why,
                    s2v_error *err);

#endif
