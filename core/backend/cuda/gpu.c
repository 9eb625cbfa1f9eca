/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is, what the device said, and launches of kernels. */
#define _GNU_SOURCE
#include "backend/cuda/gpu.h"

#include <stdio.h>

/* Of all backends in the process. */
static pthread_mutex_t alone = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void s2vi_cuda_lock(s2vi_cuda *cuda)
{
    pthread_mutex_lock(&cuda->lock);
    if (cuda->depth++)
        return;
    cudaGetDevice(&cuda->outside);
    if (cuda->outside != cuda->device)
        cudaSetDevice(cuda->device);
}

void s2vi_cuda_unlock(s2vi_cuda *cuda)
{
    if (!--cuda->depth && cuda->outside != cuda->device)
        cudaSetDevice(cuda->outside);
    pthread_mutex_unlock(&cuda->lock);
}

void s2vi_cuda_lock_exclusive(s2vi_cuda *cuda)
{
    s2vi_cuda_lock(cuda);
    pthread_mutex_lock(&alone);
}

void s2vi_cuda_unlock_exclusive(s2vi_cuda *cuda)
{
    pthread_mutex_unlock(&alone);
    s2vi_cuda_unlock(cuda);
}

static int fail(s2vi_cuda *cuda, const char *what)
{
    snprintf(cuda->base.last_error, sizeof(cuda->base.last_error), "%s", what);
    return S2V_ERR_DEVICE;
}

int s2vi_cuda_check(s2vi_cuda *cuda, cudaError_t status)
{
    return status ? fail(cuda, cudaGetErrorString(status)) : S2V_OK;
}

int s2vi_cuda_check_dnn(s2vi_cuda *cuda, cudnnStatus_t status)
{
    return status ? fail(cuda, cudnnGetErrorString(status)) : S2V_OK;
}

int s2vi_cuda_check_lt(s2vi_cuda *cuda, cublasStatus_t status)
{
    return status ? fail(cuda, cublasLtGetStatusString(status)) : S2V_OK;
}

/* ------------------------------------------------------------ launches -- */

int s2vi_cuda_find(s2vi_cuda *cuda, s2vi_cuda_launch *launch, const char *name,
                   s2vi_index count, s2v_error *err)
{
    launch->block = S2VI_DEV_BLOCK;
    launch->x = (count + S2VI_DEV_BLOCK - 1) / S2VI_DEV_BLOCK;
    launch->y = 1;
    cudaError_t status =
        cudaLibraryGetKernel(&launch->kernel, cuda->library, name);
    return status ? s2vi_error(err, S2V_ERR_DEVICE,
                               "cuda: kernel %s is not there: %s", name,
                               cudaGetErrorString(status))
                  : S2V_OK;
}

int s2vi_cuda_start(s2vi_cuda *cuda, const s2vi_cuda_launch *launch,
                    const void *params)
{
    const dim3 grid = {launch->x, launch->y, 1}, block = {launch->block, 1, 1};
    void *arguments[] = {(void *)params};
    return s2vi_cuda_check(cuda,
                           cudaLaunchKernel((const void *)launch->kernel, grid,
                                            block, arguments, 0, cuda->stream));
}

int s2vi_cuda_copy(s2vi_cuda *cuda, void *to, const void *from, size_t size)
{
    if (to == from)
        return S2V_OK;
    return s2vi_cuda_check(cuda, cudaMemcpyAsync(to, from, size,
                                                 cudaMemcpyDeviceToDevice,
                                                 cuda->stream));
}

int s2vi_cuda_set_clock(s2vi_cuda *cuda, const s2vi_clock *clock)
{
    const s2vi_dev_set_clock params = {cuda->clock,
                                       {clock->seed, clock->frame}};
    return cuda->clock_is_set
               ? S2V_OK
               : s2vi_cuda_start(cuda, &cuda->set_clock, &params);
}

/* The least power of two that is as large as n; at most `most`, which is one.
 */
static s2vi_index power_of_two(s2vi_index n, s2vi_index most)
{
    s2vi_index power = 1;
    while (power < n && power < most)
        power *= 2;
    return power;
}

s2vi_dev_reduce s2vi_cuda_reduce(const s2vi_cuda *cuda, s2vi_index count,
                                 s2vi_index terms, bool columns)
{
    enum { WARP = 32, FEW = 8, WAVES = 4, MOST = 1024 };
    s2vi_dev_reduce r = {.count = count, .terms = terms};
    /* Neighbouring threads read neighbouring terms; none is idle. */
    const s2vi_index least =
        S2VI_DEV_BLOCK / power_of_two(terms, S2VI_DEV_BLOCK);
    r.lanes = columns ? power_of_two(count, WARP) : 1;
    if (r.lanes < least)
        r.lanes = least;
    /* As many splits as fill the device, while each thread has some terms. */
    const s2vi_index blocks = (count + r.lanes - 1) / r.lanes;
    const s2vi_index each = S2VI_DEV_BLOCK / r.lanes * FEW;
    s2vi_index splits = WAVES * (s2vi_index)cuda->processors / blocks;
    if (splits > terms / each)
        splits = terms / each;
    if (splits > MOST)
        splits = MOST;
    if (splits < 1)
        splits = 1;
    r.chunk = (terms + splits - 1) / splits;
    r.splits = (terms + r.chunk - 1) / r.chunk;
    return r;
}
