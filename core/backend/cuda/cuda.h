/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the cuda backend, a module (backend/module.h), is made of: for cuda.c,
 * which brings it together. */
#ifndef S2VI_CUDA_CUDA_H
#define S2VI_CUDA_CUDA_H

#include "backend/cuda/gpu.h"

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

/** Around a run; see s2vi_backend_table. */
int s2vi_cuda_begin(s2vi_backend *backend, s2vi_recording **recording,
                    const s2vi_clock *clock);
int s2vi_cuda_end(s2vi_backend *backend, s2vi_recording **recording);
void s2vi_cuda_forget(s2vi_backend *backend, s2vi_recording *recording);

/** Forget the chains' kernels that were compiled. */
void s2vi_cuda_chains_close(s2vi_cuda_chains *chains);

#endif
