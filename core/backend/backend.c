/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a device by its name. */
#include "backend/backend.h"
#include "backend/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef S2V_HAVE_CPU
#define S2V_HAVE_CPU 0
#endif

/* Backends that are modules, the best first. */
static const char *const modules[] = {"cuda"};
enum { MODULES = sizeof(modules) / sizeof(modules[0]) };

static int open_cpu(s2vi_backend **backend, s2vi_dtype dtype, int threads,
                    s2v_error *err)
{
#if S2V_HAVE_CPU
    return s2vi_backend_cpu.open(backend, dtype, threads, err);
#else
    (void)backend, (void)dtype, (void)threads;
    return s2vi_error(
        err, S2V_ERR_DEVICE,
        "device \"cpu\": this build has no oneDNN, only \"ref\" is available");
#endif
}

/* Double precision is the reference backend's alone. */
static int open_host(s2vi_backend **backend, s2vi_dtype dtype, int threads,
                     s2v_error *err)
{
    if (S2V_HAVE_CPU && dtype != S2VI_F64)
        return open_cpu(backend, dtype, threads, err);
    return s2vi_backend_ref.open(backend, dtype, threads, err);
}

static int open_best(s2vi_backend **backend, int number, s2vi_dtype dtype,
                     int threads, s2v_error *err)
{
    s2v_error why = {.message = ""};
    for (int i = 0; i < MODULES && dtype != S2VI_F64; i++)
        if (s2vi_module_has_driver(modules[i], &why) &&
            !s2vi_module_open(backend, modules[i], modules[i], number, dtype,
                              &why)) {
            snprintf((*backend)->selected, sizeof((*backend)->selected),
                     "device \"auto\": using \"%s\"", modules[i]);
            return S2V_OK;
        }
    int ret = open_host(backend, dtype, threads, err);
    if (!ret)
        snprintf((*backend)->selected, sizeof((*backend)->selected),
                 "device \"auto\": using \"%s\"%s%.200s",
                 (*backend)->table->name, *why.message ? ": " : "",
                 why.message);
    return ret;
}

/* The number of device "NAME" (0) or "NAME:N", or -1 for other names. */
static int module_device(const char *device, const char *name)
{
    const size_t length = strlen(name);
    if (strncmp(device, name, length))
        return -1;
    const char *number = device + length;
    if (!*number)
        return 0;
    const size_t digits = *number == ':' ? strspn(number + 1, "0123456789") : 0;
    if (!digits || number[1 + digits])
        return -1;
    return digits > 4 ? 9999 : atoi(number + 1);
}

static int open_device(s2vi_backend **backend, const char *device,
                       s2vi_dtype dtype, int threads, s2v_error *err)
{
    const int best = module_device(device ? device : "auto", "auto");
    if (best >= 0)
        return open_best(backend, best, dtype, threads, err);
    if (!strcmp(device, "cpu"))
        return open_cpu(backend, dtype, threads, err);
    if (!strcmp(device, "ref"))
        return s2vi_backend_ref.open(backend, dtype, threads, err);
    for (int i = 0; i < MODULES; i++) {
        const int number = module_device(device, modules[i]);
        if (number >= 0)
            return s2vi_module_open(backend, modules[i], device, number, dtype,
                                    err);
    }
    return s2vi_error(err, S2V_ERR_INVALID,
                      "unknown device \"%.40s\": expected \"auto\", \"cpu\", "
                      "\"ref\", \"cuda\" or \"cuda:N\"",
                      device);
}

int s2vi_backend_open(s2vi_backend **backend, const char *device,
                      s2vi_dtype dtype, int threads, s2v_error *err)
{
    *backend = NULL;
    const int ret = open_device(backend, device, dtype, threads, err);
    if (!ret && dtype == S2VI_BF16)
        (*backend)->bf16 = true;
    return ret;
}

void s2vi_backend_close(s2vi_backend **backend)
{
    if (!backend || !*backend)
        return;
    (*backend)->table->close(*backend);
    *backend = NULL;
}

void s2vi_backend_release_threads(s2vi_backend *backend)
{
    if (backend && backend->table->release_threads)
        backend->table->release_threads(backend);
}
