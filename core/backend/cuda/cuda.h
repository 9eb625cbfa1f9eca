/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the cuda backend, a module (backend/module.h), is made of: for cuda.c,
 * which brings it together. */
#ifndef S2VI_CUDA_CUDA_H
#define S2VI_CUDA_CUDA_H

#include "backend/cuda/gpu.h"

/** How the kernels of a group of ops are made: of one struct, which begins with
 * an s2vi_kernel. */
typedef struct s2vi_cuda_group {
    size_t size; /* of the struct */
    /* Fill in the kernel, zero but for node and close, which frees it alone:
     * whatever else it comes to own, its close() must free even where this
     * fails. */
    int (*compile)(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err);
} s2vi_cuda_group;

extern const s2vi_cuda_group s2vi_cuda_blend, s2vi_cuda_chain, s2vi_cuda_concat,
    s2vi_cuda_conv, s2vi_cuda_data, s2vi_cuda_effect, s2vi_cuda_gru,
    s2vi_cuda_lstm, s2vi_cuda_matmul, s2vi_cuda_moments, s2vi_cuda_pool;

/** Around a run; see s2vi_backend_table. */
int s2vi_cuda_begin(s2vi_backend *backend, s2vi_recording **recording,
                    const s2vi_clock *clock);
int s2vi_cuda_end(s2vi_backend *backend, s2vi_recording **recording);
void s2vi_cuda_forget(s2vi_backend *backend, s2vi_recording *recording);

/** Sums over processes, by NCCL; see s2vi_backend_table. */
int s2vi_cuda_group_find(s2vi_backend *backend, s2v_error *err);
int s2vi_cuda_group_name(s2vi_backend *backend, s2vi_group_id *id,
                         s2v_error *err);
int s2vi_cuda_group_open(s2vi_backend *backend, const s2vi_group_id *id,
                         int rank, int count, s2v_error *err);
int s2vi_cuda_sum(s2vi_backend *backend, float *const *data, const size_t *n,
                  int arrays);
int s2vi_cuda_sums_end(s2vi_backend *backend);
void s2vi_cuda_sums_close(s2vi_cuda_sums *sums);

/** Forget the chains' kernels that were compiled. */
void s2vi_cuda_chains_close(s2vi_cuda_chains *chains);

#endif
