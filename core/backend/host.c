/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of the host: aligned, zeroed, and within reach. */
#include "backend/host.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *s2vi_host_alloc(s2vi_backend *backend, size_t size)
{
    (void)backend;
    if (size > SIZE_MAX - 64)
        return NULL;
    size = (size + 63) / 64 * 64;
    void *memory = aligned_alloc(64, size ? size : 64);
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
