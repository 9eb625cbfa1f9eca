/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a device by its name. */
#include "backend/backend.h"

#include <string.h>

#ifndef S2V_HAVE_CPU
#define S2V_HAVE_CPU 0
#endif

static int open_cpu(s2vi_backend **backend, s2vi_dtype dtype, int threads,
                    s2v_error *err)
{
#if S2V_HAVE_CPU
    return s2vi_backend_cpu.open(backend, dtype, threads, err);
#else
    (void)backend, (void)dtype, (void)threads;
    return s2vi_error(err, S2V_ERR_DEVICE,
                      "device \"cpu\": this build is without oneDNN, only "
                      "\"ref\" is there");
#endif
}

/* Double precision is the reference backend's alone. */
static int open_best(s2vi_backend **backend, s2vi_dtype dtype, int threads,
                     s2v_error *err)
{
    if (S2V_HAVE_CPU && dtype != S2VI_F64)
        return open_cpu(backend, dtype, threads, err);
    return s2vi_backend_ref.open(backend, dtype, threads, err);
}

/* "cuda", or "cuda:" and a decimal number. */
static bool is_cuda(const char *device)
{
    if (strncmp(device, "cuda", 4))
        return false;
    const char *number = device + 4 + (device[4] == ':');
    size_t digits = strspn(number, "0123456789");
    return !number[digits] && (device[4] == ':') == (digits > 0);
}

int s2vi_backend_open(s2vi_backend **backend, const char *device,
                      s2vi_dtype dtype, int threads, s2v_error *err)
{
    *backend = NULL;
    if (!device || !strcmp(device, "auto"))
        return open_best(backend, dtype, threads, err);
    if (!strcmp(device, "cpu"))
        return open_cpu(backend, dtype, threads, err);
    if (!strcmp(device, "ref"))
        return s2vi_backend_ref.open(backend, dtype, threads, err);
    if (is_cuda(device))
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "device \"%.40s\": this build is without CUDA",
                          device);
    return s2vi_error(err, S2V_ERR_INVALID,
                      "no device is called \"%.40s\": it is one of \"auto\", "
                      "\"cpu\", \"ref\", \"cuda\", \"cuda:N\"",
                      device);
}

void s2vi_backend_close(s2vi_backend **backend)
{
    if (!backend || !*backend)
        return;
    (*backend)->table->close(*backend);
    *backend = NULL;
}
