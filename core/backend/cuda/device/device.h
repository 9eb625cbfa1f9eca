/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What device code is written in: C that nvcc, NVRTC and, for the tests
 * (emulate.h), the host's compiler take alike.
 */
#ifndef S2VI_CUDA_DEVICE_H
#define S2VI_CUDA_DEVICE_H

#include "params.h"

#ifdef __CUDACC__
#define S2VI_KERNEL extern "C" __global__ void
#define S2VI_DEVICE static __device__ __forceinline__
#define S2VI_SHARED __shared__
#define S2VI_SYNC() __syncthreads()
#endif

/* The thread's first element, and how far it is to its next. */
S2VI_DEVICE s2vi_index first(void)
{
    return blockIdx.x * blockDim.x + threadIdx.x;
}

S2VI_DEVICE s2vi_index apart(void)
{
    return gridDim.x * blockDim.x;
}

/* What the formulas of graph/ops.def call. */
#define abs_of  fabsf
#define sqrt_of sqrtf
#define exp_of  expf
#define log_of  logf
#define sin_of  sinf
#define tanh_of tanhf

S2VI_DEVICE float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/* Offset of array k at element i of an iterator of `rank` dimensions. */
S2VI_DEVICE s2vi_index offset_of(const s2vi_dev_strided_iter *iter, int rank,
                                 int k, s2vi_index i)
{
    s2vi_index offset = 0;
    for (int d = rank - 1; d > 0; d--) {
        offset += i % iter->dim[d] * iter->stride[k][d];
        i /= iter->dim[d];
    }
    return rank ? offset + i * iter->stride[k][0] : 0;
}

/* ---------------------------------------------------------- summing up -- */

/* The result that this thread helps to sum up; `count` or more: none. */
S2VI_DEVICE s2vi_index reduce_result(const s2vi_dev_reduce *r)
{
    return blockIdx.x * r->lanes + threadIdx.x % r->lanes;
}

/* The thread's terms: from here, `reduce_step` apart, to `reduce_end`. */
S2VI_DEVICE s2vi_index reduce_begin(const s2vi_dev_reduce *r)
{
    return blockIdx.y * r->chunk + threadIdx.x / r->lanes;
}

S2VI_DEVICE s2vi_index reduce_end(const s2vi_dev_reduce *r)
{
    const s2vi_index end = (blockIdx.y + 1) * r->chunk;
    return end < r->terms ? end : r->terms;
}

S2VI_DEVICE s2vi_index reduce_step(const s2vi_dev_reduce *r)
{
    return S2VI_DEV_BLOCK / r->lanes;
}

/* Each lane's sum over the block, in its first thread; always in the same
 * order. All threads of the block take part; `part` is theirs. */
S2VI_DEVICE double reduce_block(const s2vi_dev_reduce *r, double sum,
                                double *part)
{
    const s2vi_index t = threadIdx.x;
    part[t] = sum;
    for (s2vi_index half = S2VI_DEV_BLOCK / 2; half >= r->lanes; half /= 2) {
        S2VI_SYNC();
        if (t < half)
            part[t] += part[t + half];
    }
    sum = part[t];
    S2VI_SYNC();
    return sum;
}

#endif
