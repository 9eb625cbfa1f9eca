/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is on the device, and what the device said. */
#define _GNU_SOURCE
#include "backend/cuda/cuda.h"

#include <stdio.h>

/* Of all backends in the process. */
static pthread_mutex_t alone = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void s2vi_cuda_hold(s2vi_cuda *cuda)
{
    pthread_mutex_lock(&cuda->lock);
    if (cuda->depth++)
        return;
    cudaGetDevice(&cuda->outside);
    if (cuda->outside != cuda->device)
        cudaSetDevice(cuda->device);
}

void s2vi_cuda_release(s2vi_cuda *cuda)
{
    if (!--cuda->depth && cuda->outside != cuda->device)
        cudaSetDevice(cuda->outside);
    pthread_mutex_unlock(&cuda->lock);
}

void s2vi_cuda_hold_alone(s2vi_cuda *cuda)
{
    s2vi_cuda_hold(cuda);
    pthread_mutex_lock(&alone);
}

void s2vi_cuda_release_alone(s2vi_cuda *cuda)
{
    pthread_mutex_unlock(&alone);
    s2vi_cuda_release(cuda);
}

static int trouble(s2vi_cuda *cuda, const char *what)
{
    snprintf(cuda->base.trouble, sizeof(cuda->base.trouble), "%s", what);
    return S2V_ERR_DEVICE;
}

int s2vi_cuda_check(s2vi_cuda *cuda, cudaError_t status)
{
    return status ? trouble(cuda, cudaGetErrorString(status)) : S2V_OK;
}

int s2vi_cuda_check_dnn(s2vi_cuda *cuda, cudnnStatus_t status)
{
    return status ? trouble(cuda, cudnnGetErrorString(status)) : S2V_OK;
}

int s2vi_cuda_check_lt(s2vi_cuda *cuda, cublasStatus_t status)
{
    return status ? trouble(cuda, cublasLtGetStatusString(status)) : S2V_OK;
}
