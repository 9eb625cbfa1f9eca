/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Joins: neighbours in a schedule that a backend may run together, a strip of
 * lines of the image at a time, so that what one makes of a strip is in the
 * cache still when the next reads it.
 */
#ifndef S2VI_RUN_JOIN_H
#define S2VI_RUN_JOIN_H

#include "run/memory.h"

/**
 * Set join_first and join_last of the places that are run together. A node
 * reads results of its own join at the lines alone that it makes; results and
 * inputs of a join's nodes are in use from its first node to its last.
 */
void s2vi_find_joins(const s2vi_schedule *schedule, s2vi_layout *layout);

#endif
