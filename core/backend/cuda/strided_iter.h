/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where results and the terms of sums lie in their operands. */
#ifndef S2VI_CUDA_STRIDED_ITER_H
#define S2VI_CUDA_STRIDED_ITER_H

#include "backend/cuda/gpu.h"

/** One dimension of an iterator, and the strides of arrays along it. */
typedef struct s2vi_cuda_axis {
    s2vi_index dim, stride[S2VI_DEV_INPUTS];
} s2vi_cuda_axis;

/** A space, split into what results are numbered by and what is summed. */
typedef struct s2vi_cuda_space {
    int arrays, kept_rank, summed_rank;
    s2vi_cuda_axis kept[S2VI_DEV_RANK], summed[S2VI_DEV_RANK];
    bool columns; /* as s2vi_cuda_reduce() */
} s2vi_cuda_space;

/**
 * Iterate over `space`, summing over `axes`; arrays of shape *in[i], broadcast
 * to it. Dimensions that all arrays go through in one stride are made one.
 */
s2vi_cuda_space s2vi_cuda_space_of(const s2vi_shape *space, uint32_t axes,
                                   const s2vi_shape *const *in, int arrays);

/** The axes as kernels read them; the product of their dimensions. */
s2vi_index s2vi_cuda_strided_iter(const s2vi_cuda_axis *axes, int rank,
                                  int arrays, s2vi_dev_strided_iter *iter);

#endif
