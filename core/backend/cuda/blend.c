/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blend of the video prediction layer (graph/build.h). */
#include "backend/cuda/cuda.h"

typedef struct blend_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    s2vi_cuda_launch launch;
    s2vi_dev_blend p;
} blend_kernel;

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const blend_kernel *k = (const blend_kernel *)kernel;
    s2vi_dev_blend p = k->p;
    p.x = in[0];
    p.w = in[1];
    p.wm = in[2];
    p.b = in[3];
    p.bm = in[4];
    p.out = out;
    for (int i = 0; i < p.images; i++)
        p.image[i] = in[5 + i];
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    blend_kernel *k = (blend_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    (void)constant;
    k->cuda = cuda;
    k->base.run = run;
    k->p.count = s2vi_cuda_count(&node->shape);
    k->p.channels = (s2vi_index)s2vi_shape_channels(&node->shape);
    k->p.total = (s2vi_index)s2vi_shape_channels(&node->input[1]->shape);
    k->p.images = node->n_inputs - 5;
    for (int i = 0; i < k->p.images; i++)
        k->p.width[i] =
            (s2vi_index)s2vi_shape_channels(&node->input[5 + i]->shape);
    return s2vi_cuda_find(cuda, &k->launch, "s2vi_k_blend", k->p.count, err);
}

const s2vi_cuda_group s2vi_cuda_blend = {sizeof(blend_kernel), compile};
