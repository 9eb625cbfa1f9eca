/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between device code that is compiled for the host and what runs it. */
#ifndef S2V_TESTS_EMULATED_KERNEL_H
#define S2V_TESTS_EMULATED_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct emulated_index {
    unsigned x, y;
} emulated_index;

/** Where the kernel that runs is, and its barrier. */
typedef struct emulated {
    emulated_index thread, block, threads, blocks;
    void (*sync)(void);
} emulated;

/** A kernel: a function of its parameters' structure. */
typedef struct emulated_kernel {
    const char *name;
    void (*run)(const void *params);
    size_t size; /* bytes of the parameters */
    emulated *place;
    bool has_barrier; /* found when it is first run */
} emulated_kernel;

#endif
