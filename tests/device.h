/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of a device that may not be there: they skip, and say why. */
#ifndef S2V_TESTS_DEVICE_H
#define S2V_TESTS_DEVICE_H

#include "backend/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Leave as skipped, or as failed where S2V_TEST_REQUIRED is "1". */
static inline void device_is_missing(const char *why)
{
    const char *wish = getenv("S2V_TEST_REQUIRED");
    const bool required = wish && !strcmp(wish, "1");
    printf("%s: %s\n", required ? "FAIL" : "SKIP", why);
    exit(required ? 1 : 77);
}

/** Leave where `device`, a module's, cannot be had. Devices that are built in
 * are always there: the test itself finds out. */
static inline void device_is_needed(const char *device)
{
    s2vi_backend *backend = NULL;
    s2v_error err;
    if (!strncmp(device, "cuda", 4) &&
        s2vi_backend_open(&backend, device, S2VI_F32, 0, &err) < 0)
        device_is_missing(err.message);
    s2vi_backend_close(&backend);
}

/** For tests of "auto": leave where it is not what S2V_TEST_DEVICE names for
 * `dtype`. */
static inline void device_is_automatic(s2vi_dtype dtype)
{
    const char *name = getenv("S2V_TEST_DEVICE");
    s2vi_backend *backend = NULL;
    s2v_error err;
    if (!name)
        return;
    if (s2vi_backend_open(&backend, "auto", dtype, 0, &err) < 0)
        device_is_missing(err.message);
    if (strcmp(backend->table->name, name))
        device_is_missing(backend->selected);
    s2vi_backend_close(&backend);
}

#endif
