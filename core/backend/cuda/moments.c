/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means and deviations. */
#include "backend/cuda/cuda.h"
#include "backend/cuda/strided_iter.h"

typedef struct moments_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    s2vi_cuda_launch sums, finish;
    s2vi_dev_moments p;
} moments_kernel;

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    (void)clock;
    const moments_kernel *k = (const moments_kernel *)kernel;
    s2vi_dev_moments p = k->p;
    p.in = in[0];
    p.out = out;
    p.partial = scratch;
    int ret = s2vi_cuda_start(k->cuda, &k->sums, &p);
    return ret < 0 ? ret : s2vi_cuda_start(k->cuda, &k->finish, &p);
}

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    moments_kernel *k = (moments_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    const s2vi_shape *in[] = {&node->input[0]->shape};
    const s2vi_cuda_space space =
        s2vi_cuda_space_of(in[0], node->attr.axes, in, 1);
    s2vi_dev_moments *p = &k->p;
    (void)constant;
    k->cuda = cuda;
    k->base.run = run;
    const s2vi_index count =
        s2vi_cuda_strided_iter(space.kept, space.kept_rank, 1, &p->kept);
    const s2vi_index terms =
        s2vi_cuda_strided_iter(space.summed, space.summed_rank, 1, &p->summed);
    p->kept_rank = space.kept_rank;
    p->summed_rank = space.summed_rank;
    p->reduce = s2vi_cuda_reduce(k->cuda, count, terms, space.columns);
    p->n = terms;
    p->eps = node->attr.eps;
    k->base.scratch_size =
        2 * (size_t)p->reduce.splits * count * sizeof(double);
    int ret =
        s2vi_cuda_find(k->cuda, &k->sums, "s2vi_k_moments_sums", count, err);
    k->sums.x = (count + p->reduce.lanes - 1) / p->reduce.lanes;
    k->sums.y = p->reduce.splits;
    return ret < 0 ? ret
                   : s2vi_cuda_find(k->cuda, &k->finish, "s2vi_k_moments",
                                    count, err);
}

const s2vi_cuda_group s2vi_cuda_moments = {sizeof(moments_kernel), compile};
