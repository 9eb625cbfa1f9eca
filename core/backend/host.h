/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table's memory, for backends whose memory is the host's. */
#ifndef S2VI_BACKEND_HOST_H
#define S2VI_BACKEND_HOST_H

#include "backend/backend.h"

void *s2vi_host_alloc(s2vi_backend *backend, size_t size);
void s2vi_host_free(s2vi_backend *backend, void *memory);

/** Give what was freed back to the system, where the C library keeps it. */
void s2vi_host_trim(void);

/** upload() and download(). */
int s2vi_host_copy(s2vi_backend *backend, void *to, const void *from,
                   size_t size);

#endif
