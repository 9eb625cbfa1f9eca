/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between the files of the cuda backend, a module (backend/module.h).
 *
 * All work of a backend goes to one stream, in the order in which it is asked
 * for. Whoever touches the device holds the backend (s2vi_cuda_hold), so that
 * nothing of one thread gets into what another one records.
 */
#ifndef S2VI_CUDA_CUDA_H
#define S2VI_CUDA_CUDA_H

#include "backend/backend.h"
#include "backend/cuda/device/params.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <pthread.h>

typedef struct s2vi_cuda_chains s2vi_cuda_chains;
typedef struct s2vi_dnn s2vi_dnn;

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
    unsigned long long *clock; /* the device's: seed, frame */
    s2vi_cuda_launch tell;     /* sets it */
    bool clock_is_told;        /* it is this run's: see s2vi_cuda_tell */
} s2vi_cuda;

/** Take the backend for this thread, and its device; nests. */
void s2vi_cuda_hold(s2vi_cuda *cuda);
void s2vi_cuda_release(s2vi_cuda *cuda);

/** And while no other backend of the process does this: to capture a stream,
 * and for what spoils a capture, in whichever thread: to load, allocate and
 * free. */
void s2vi_cuda_hold_alone(s2vi_cuda *cuda);
void s2vi_cuda_release_alone(s2vi_cuda *cuda);

/** S2V_OK, or S2V_ERR_DEVICE with what was said in `trouble`. */
int s2vi_cuda_check(s2vi_cuda *cuda, cudaError_t status);
int s2vi_cuda_check_dnn(s2vi_cuda *cuda, cudnnStatus_t status);
int s2vi_cuda_check_lt(s2vi_cuda *cuda, cublasStatus_t status);

/** Bytes, rounded up to where another array may begin in scratch memory. */
static inline size_t s2vi_cuda_aligned(size_t bytes)
{
    return (bytes + 255) / 256 * 256;
}

/** Elements of a shape, as kernels count; compile() has checked the range. */
static inline s2vi_index s2vi_cuda_count(const s2vi_shape *shape)
{
    return (s2vi_index)s2vi_shape_count(shape);
}

/* ---------------------------------------------------------- launches -- */

/** Find a kernel by name; a thread for each of `count` results. */
int s2vi_cuda_find(s2vi_cuda *cuda, s2vi_cuda_launch *launch, const char *name,
                   s2vi_index count, s2v_error *err);

/** Launch it on `params`, the kernel's structure (device/params.h). */
int s2vi_cuda_start(s2vi_cuda *cuda, const s2vi_cuda_launch *launch,
                    const void *params);

/** Copy within the device; nothing where it is the same memory. */
int s2vi_cuda_copy(s2vi_cuda *cuda, void *to, const void *from, size_t size);

/** Bring the clock to the device, unless begin() has. */
int s2vi_cuda_tell(s2vi_cuda *cuda, const s2vi_clock *clock);

/** How `count` sums of `terms` are shared out. `columns`: results next to one
 * another have terms next to one another. */
s2vi_dev_reduce s2vi_cuda_reduce(const s2vi_cuda *cuda, s2vi_index count,
                                 s2vi_index terms, bool columns);

/* ------------------------------------------------------------- kernels -- */

/* One compiler for each group of ops; each fills *kernel. */
int s2vi_cuda_data(s2vi_cuda *cuda, const s2vi_node *node, s2vi_kernel **kernel,
                   s2v_error *err);
int s2vi_cuda_effect(s2vi_cuda *cuda, const s2vi_node *node,
                     s2vi_kernel **kernel, s2v_error *err);
int s2vi_cuda_chain(s2vi_cuda *cuda, const s2vi_node *node,
                    s2vi_kernel **kernel, s2v_error *err);
int s2vi_cuda_moments(s2vi_cuda *cuda, const s2vi_node *node,
                      s2vi_kernel **kernel, s2v_error *err);
int s2vi_cuda_pool(s2vi_cuda *cuda, const s2vi_node *node, s2vi_kernel **kernel,
                   s2v_error *err);
int s2vi_cuda_matmul(s2vi_cuda *cuda, const s2vi_node *node,
                     s2vi_kernel **kernel, s2v_error *err);
int s2vi_cuda_conv(s2vi_cuda *cuda, const s2vi_node *node, uint32_t constant,
                   s2vi_kernel **kernel, s2v_error *err);
int s2vi_cuda_gru(s2vi_cuda *cuda, const s2vi_node *node, uint32_t constant,
                  s2vi_kernel **kernel, s2v_error *err);
int s2vi_cuda_lstm(s2vi_cuda *cuda, const s2vi_node *node, s2vi_kernel **kernel,
                   s2v_error *err);
int s2vi_cuda_blend(s2vi_cuda *cuda, const s2vi_node *node,
                    s2vi_kernel **kernel, s2v_error *err);

/* --------------------------------------------------------- recordings -- */

int s2vi_cuda_begin(s2vi_backend *backend, s2vi_recording **recording,
                    const s2vi_clock *clock);
int s2vi_cuda_end(s2vi_backend *backend, s2vi_recording **recording);
void s2vi_cuda_forget(s2vi_backend *backend, s2vi_recording *recording);

/* -------------------------------------------------------------- chains -- */

enum { S2VI_CUDA_SOURCE = 8192 }; /* bytes of the longest chain's source */

/** A chain's shape for the device; pointers and reduce.* are not set. */
typedef struct s2vi_cuda_program {
    s2vi_dev_chain params;
    s2vi_index terms; /* of each result; 1: no sum */
    bool columns;     /* as s2vi_cuda_reduce() */
    char source[S2VI_CUDA_SOURCE];
} s2vi_cuda_program;

/** Write the program of a CHAIN, a map or a SUM; false where it is none, or
 * too long. */
bool s2vi_cuda_write_chain(const s2vi_node *node, s2vi_cuda_program *program);

/** Compile source text for a compute capability, to memory of malloc(). */
int s2vi_cuda_compile_source(const char *source, int capability, void **image,
                             s2v_error *err);

void s2vi_cuda_chains_close(s2vi_cuda_chains *chains);

/* ---------------------------------------------------------- embedded -- */

/* Made by embed.py of the files in device/. */
extern const unsigned char s2vi_cuda_kernels[]; /* what nvcc made */
extern const unsigned char s2vi_cuda_params_h[], s2vi_cuda_device_h[],
    s2vi_cuda_chain_map[], s2vi_cuda_chain_sum[]; /* text */

#endif
