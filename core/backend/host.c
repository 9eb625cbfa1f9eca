/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of the host: aligned, zeroed, and within reach. */
#define _DEFAULT_SOURCE /* madvise() */
#include "backend/host.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Arrays of megabytes, gone through from end to end, take some percent less
 * time in pages of megabytes; Linux gives such pages if it is asked to. */
#define HUGE_PAGE   ((size_t)2 << 20)
#define LARGE_BLOCK (4 * HUGE_PAGE)

static void *alloc_large(size_t size)
{
    size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *memory = aligned_alloc(HUGE_PAGE, size);
#ifdef MADV_HUGEPAGE
    if (memory)
        madvise(memory, size, MADV_HUGEPAGE); /* or not: slower */
#endif
    return memory;
}

void *s2vi_host_alloc(s2vi_backend *backend, size_t size)
{
    (void)backend;
    if (size > SIZE_MAX - HUGE_PAGE)
        return NULL;
    size = (size + 63) / 64 * 64;
    void *memory = size >= LARGE_BLOCK ? alloc_large(size)
                                       : aligned_alloc(64, size ? size : 64);
    return memory ? memset(memory, 0, size) : NULL;
}

void s2vi_host_free(s2vi_backend *backend, void *memory)
{
    (void)backend;
    free(memory);
}

int s2vi_host_copy(s2vi_backend *backend, void *to, const void *from,
                   size_t size)
{
    (void)backend;
    if (from)
        memcpy(to, from, size);
    else
        memset(to, 0, size);
    return S2V_OK;
}

void s2vi_host_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
