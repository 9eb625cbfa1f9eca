/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies between the host and a device, for store.c and exec.c. */
#ifndef S2VI_RUN_COPY_H
#define S2VI_RUN_COPY_H

#include "backend/backend.h"

/** `count` elements from the host to the device, converted.
 * @return S2V_OK, S2V_ERR_DEVICE or S2V_ERR_NOMEM */
int s2vi_copy_in(s2vi_backend *backend, void *to, const void *from,
                 s2vi_dtype from_type, int64_t count);

/** `count` elements from the device to the host, likewise. */
int s2vi_copy_out(s2vi_backend *backend, void *to, s2vi_dtype to_type,
                  const void *from, int64_t count);

#endif
