/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of a device that may not be there: they skip, and say why. */
#ifndef S2V_TESTS_DEVICE_H
#define S2V_TESTS_DEVICE_H

#include "backend/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Leave as skipped where `device` cannot be had; as failed, where
 * S2V_TEST_DEVICE is "required". Devices that are built in are always there:
 * the test itself finds out. */
static inline void device_is_needed(const char *device)
{
    const char *wish = getenv("S2V_TEST_DEVICE");
    s2vi_backend *backend = NULL;
    s2v_error err;
    if (strncmp(device, "cuda", 4) ||
        !s2vi_backend_open(&backend, device, S2VI_F32, 0, &err)) {
        s2vi_backend_close(&backend);
        return;
    }
    const bool required = wish && !strcmp(wish, "required");
    printf("%s: %s\n", required ? "FAIL" : "SKIP", err.message);
    exit(required ? 1 : 77);
}

#endif
