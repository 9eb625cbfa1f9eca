/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between store.c, plan.c and exec.c. */
#ifndef S2VI_RUN_STORE_H
#define S2VI_RUN_STORE_H

#include "run/plan.h"

s2vi_backend *s2vi_store_backend(const s2vi_store *store);

/** `count` elements from the host to the device, converted; or NOMEM. */
int s2vi_copy_in(s2vi_backend *backend, void *to, const void *from,
                 s2vi_dtype from_type, int64_t count);

/** `count` elements from the device to the host, converted; or NOMEM. */
int s2vi_copy_out(s2vi_backend *backend, void *to, s2vi_dtype to_type,
                  const void *from, int64_t count);

#endif
