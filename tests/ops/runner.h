/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One node's kernel on one backend, under watch: every buffer lies between
 * guards, the result and the scratch begin as NaN, and what must not be
 * written is compared afterwards.
 */
#ifndef S2V_TESTS_OPS_RUNNER_H
#define S2V_TESTS_OPS_RUNNER_H

#include "backend/backend.h"

#include "cases.h"

typedef struct run_options {
    uint32_t constant; /* as compile()'s; packed if the kernel likes */
    int shift;         /* elements by which buffers miss their alignment */
    int in_place;      /* input whose memory the result takes; -1: none */
    s2vi_clock clock;
} run_options;

/** Arrays that a node writes: one, but ADAM three; each of node's shape. */
int run_results(const s2vi_node *node);

/**
 * Compile, pack, run and check.
 *
 * @param out     receives the results, one after another
 * @param failure receives a sentence, of at most 200 bytes
 */
bool run_case(s2vi_backend *backend, const test_case *c,
              const run_options *options, double *out, char *failure);

#endif
