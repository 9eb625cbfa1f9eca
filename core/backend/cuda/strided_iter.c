/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where results and the terms of sums lie in their operands. */
#include "backend/cuda/strided_iter.h"

/* Dimension d of `space`: an array that has 1 there stays where it is. */
static s2vi_cuda_axis axis_of(const s2vi_shape *space, int d,
                              const s2vi_shape *const *in, int arrays)
{
    s2vi_cuda_axis axis = {.dim = (s2vi_index)space->dim[d]};
    for (int k = 0; k < arrays; k++) {
        int64_t step = 1;
        for (int i = d + 1; i < in[k]->rank; i++)
            step *= in[k]->dim[i];
        axis.stride[k] = in[k]->dim[d] == 1 ? 0 : (s2vi_index)step;
    }
    return axis;
}

/* Whether one stride of `outer` is the whole of `inner`, for all arrays. */
static bool continues(const s2vi_cuda_axis *outer, const s2vi_cuda_axis *inner,
                      int arrays)
{
    for (int k = 0; k < arrays; k++)
        if (outer->stride[k] != inner->stride[k] * inner->dim)
            return false;
    return true;
}

/* One more axis, inside those that are there. */
static void append(s2vi_cuda_axis *axes, int *rank, const s2vi_cuda_axis *axis,
                   int arrays)
{
    if (axis->dim == 1)
        return;
    if (*rank && continues(&axes[*rank - 1], axis, arrays)) {
        const s2vi_index outer = axes[*rank - 1].dim;
        axes[*rank - 1] = *axis;
        axes[*rank - 1].dim *= outer;
        return;
    }
    axes[(*rank)++] = *axis;
}

s2vi_cuda_space s2vi_cuda_space_of(const s2vi_shape *space, uint32_t axes,
                                   const s2vi_shape *const *in, int arrays)
{
    s2vi_cuda_space s = {.arrays = arrays, .columns = true};
    for (int d = 0; d < space->rank; d++) {
        const s2vi_cuda_axis axis = axis_of(space, d, in, arrays);
        const bool summed = axes >> d & 1u;
        if (summed)
            append(s.summed, &s.summed_rank, &axis, arrays);
        else
            append(s.kept, &s.kept_rank, &axis, arrays);
        if (axis.dim > 1)
            s.columns = !summed;
    }
    return s;
}

s2vi_index s2vi_cuda_strided_iter(const s2vi_cuda_axis *axes, int rank,
                                  int arrays, s2vi_dev_strided_iter *iter)
{
    s2vi_index count = 1;
    for (int d = 0; d < rank; d++) {
        iter->dim[d] = axes[d].dim;
        count *= axes[d].dim;
        for (int k = 0; k < arrays; k++)
            iter->stride[k][d] = axes[d].stride[k];
    }
    return count;
}
