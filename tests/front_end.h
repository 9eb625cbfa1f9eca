/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests of a front-end, of sound or pictures, share: checks, and a count
 * of the library's allocations, of which one may be made to fail. For programs
 * of one file, linked with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc.
 */
#ifndef S2V_TESTS_FRONT_END_H
#define S2V_TESTS_FRONT_END_H

#include "check.h"

static unsigned long allocations;
static unsigned long failing_allocation; /* 1 for the next; 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool fails(void)
{
    allocations++;
    return failing_allocation > 0 && --failing_allocation == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

#endif
