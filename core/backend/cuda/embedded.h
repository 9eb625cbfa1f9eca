/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files in device/, as embed.py puts them into the module. */
#ifndef S2VI_CUDA_EMBEDDED_H
#define S2VI_CUDA_EMBEDDED_H

extern const unsigned char s2vi_cuda_kernels[]; /* what nvcc made */
extern const unsigned char s2vi_cuda_params_h[], s2vi_cuda_device_h[],
    s2vi_cuda_chain_map[], s2vi_cuda_chain_sum[]; /* text */

#endif
