/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One GPU, as the files of the cuda backend share it.
 *
 * All work of a backend goes to one stream, in the order in which it is asked
 * for. Whoever touches the device locks the backend (s2vi_cuda_lock), so that
 * nothing of one thread gets into what another one records.
 */
#ifndef S2VI_CUDA_GPU_H
#define S2VI_CUDA_GPU_H

#include "backend/backend.h"
#include "backend/cuda/device/params.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <pthread.h>

typedef struct s2vi_cuda_chains s2vi_cuda_chains;
typedef struct s2vi_dnn s2vi_dnn;
typedef struct s2vi_cuda_sums s2vi_cuda_sums;

/** A kernel of device/kernels.cu (or a chain's), and how many threads. */
typedef struct s2vi_cuda_launch {
    cudaKernel_t kernel;
    unsigned x, y;  /* blocks */
    unsigned block; /* threads of each */
} s2vi_cuda_launch;

typedef struct s2vi_cuda {
    s2vi_backend base;
    int device, capability; /* 90: 9.0 */
    int processors;         /* multiprocessors */
    bool bf16;              /* products of weights are of such numbers */
    bool tf32;              /* products may use it: S2V_CUDA_TF32=1 */
    bool graphs;            /* runs are recorded: not S2V_CUDA_GRAPHS=0 */
    pthread_mutex_t lock;   /* recursive */
    int depth, outside;     /* of the lock; the device that was current */
    cudaStream_t stream;
    cudaLibrary_t library; /* device/kernels.cu */
    cublasLtHandle_t lt;
    s2vi_dnn *dnn;
    s2vi_cuda_chains *chains;
    s2vi_cuda_sums *sums;       /* over processes; NULL: none yet */
    unsigned long long *clock;  /* the device's: seed, frame */
    s2vi_cuda_launch set_clock; /* sets it */
    bool clock_is_set;          /* it is this run's: see s2vi_cuda_set_clock */
} s2vi_cuda;

/** Take the backend for this thread, and its device; nests. */
void s2vi_cuda_lock(s2vi_cuda *cuda);
void s2vi_cuda_unlock(s2vi_cuda *cuda);

/** And while no other backend of the process does this: to capture a stream,
 * and for what spoils a capture, in whichever thread: to load, allocate and
 * free. */
void s2vi_cuda_lock_exclusive(s2vi_cuda *cuda);
void s2vi_cuda_unlock_exclusive(s2vi_cuda *cuda);

/** S2V_OK, or S2V_ERR_DEVICE with what was said in `last_error`. */
int s2vi_cuda_check(s2vi_cuda *cuda, cudaError_t status);
int s2vi_cuda_check_dnn(s2vi_cuda *cuda, cudnnStatus_t status);
int s2vi_cuda_check_lt(s2vi_cuda *cuda, cublasStatus_t status);

/** Bytes, rounded up to where another array may begin in scratch memory. */
static inline size_t s2vi_cuda_aligned(size_t bytes)
{
    return (bytes + 255) / 256 * 256;
}

/** Whether a product's arrays all begin at multiples of `bytes`. */
static inline bool s2vi_cuda_placed(const void *a, const void *b,
                                    const void *out, size_t bytes)
{
    return !((uintptr_t)a % bytes || (uintptr_t)b % bytes ||
             (uintptr_t)out % bytes);
}

/** Elements of a shape, as kernels count; compile() has checked the range. */
static inline s2vi_index s2vi_cuda_count(const s2vi_shape *shape)
{
    return (s2vi_index)s2vi_shape_count(shape);
}

/* ----------------------------------------------------------- launches -- */

/** Find a kernel by name; a thread for each of `count` results. */
int s2vi_cuda_find(s2vi_cuda *cuda, s2vi_cuda_launch *launch, const char *name,
                   s2vi_index count, s2v_error *err);

/** Launch it on `params`, the kernel's structure (device/params.h). */
int s2vi_cuda_start(s2vi_cuda *cuda, const s2vi_cuda_launch *launch,
                    const void *params);

/** Copy within the device; nothing where it is the same memory. */
int s2vi_cuda_copy(s2vi_cuda *cuda, void *to, const void *from, size_t size);

/** Bring the clock to the device, unless begin() has. */
int s2vi_cuda_set_clock(s2vi_cuda *cuda, const s2vi_clock *clock);

/** How `count` sums of `terms` are shared out. `columns`: results next to one
 * another have terms next to one another. */
s2vi_dev_reduce s2vi_cuda_reduce(const s2vi_cuda *cuda, s2vi_index count,
                                 s2vi_index terms, bool columns);

#endif
