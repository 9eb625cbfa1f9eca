/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* device/kernels.cu for the host, and its kernels by name. */
#include "emulated.h"

#include "emulate.h"

#include "backend/cuda/device/kernels.cu"

static emulated place;

#define KERNEL(kernel, type)                                                   \
    static void run_##kernel(const void *params)                               \
    {                                                                          \
        s2vi_k_##kernel(*(const type *)params);                                \
    }
#include "kernels.def"
#undef KERNEL

#define KERNEL(kernel, type)                                                   \
    {.name = "s2vi_k_" #kernel,                                                \
     .run = run_##kernel,                                                      \
     .size = sizeof(type),                                                     \
     .place = &place},
static emulated_kernel kernels[] = {
#include "kernels.def"
};
#undef KERNEL

emulated_kernel *emulated_builtin(const char *name)
{
    now_emulated = &place;
    for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
        if (!strcmp(kernels[i].name, name))
            return &kernels[i];
    return NULL;
}
