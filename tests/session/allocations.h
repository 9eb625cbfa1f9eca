/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every allocation of the process, counted by who asked for it, and made to
 * fail on demand: malloc and its kin are defined in the test program, so that
 * the calls of all libraries end here (glibc only, without sanitizers).
 */
#ifndef S2V_TESTS_SESSION_ALLOCATIONS_H
#define S2V_TESTS_SESSION_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

/* By the place that the call came from. */
typedef enum owner {
    OWNER_S2V,    /* this program: libs2v is linked in statically */
    OWNER_LIBC,   /* strdup and the like; KISS FFT and all else */
    OWNER_JSON,   /* jansson, GLib */
    OWNER_ONEDNN, /* and the C++ run-time, which nobody else uses */
    OWNER_OPENMP,
    OWNER_LOADER, /* thread-local storage of new threads */
    OWNERS
} owner;

extern const char *const owner_name[OWNERS];

typedef struct owned {
    unsigned long calls; /* that asked for memory */
    long blocks, bytes;  /* asked for since the start, not given back */
} owned;

/** False where they cannot be counted. */
bool allocations_can_count(void);

/** Count from zero. Blocks from before are of no concern. */
void allocations_start(void);
void allocations_stop(void);
owned allocations_of(owner who);

/** Let the k-th call from now on fail of those owners, bit 1 << owner each;
 * 0: none. */
void allocations_fail(unsigned long k, unsigned owners);

/** Whether that call has come. */
bool allocations_have_failed(void);

#endif
