/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pooling, and the moves that are maximum pooling's adjoints. */
#include "backend/cuda/cuda.h"
#include "backend/cuda/window.h"

typedef struct pool_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    s2vi_cuda_launch launch;
    s2vi_dev_pool p;
} pool_kernel;

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const pool_kernel *k = (const pool_kernel *)kernel;
    s2vi_dev_pool p = k->p;
    p.in = in[0];
    p.value = in[kernel->node->n_inputs - 1];
    p.out = out;
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static const char *name_of(s2vi_op op)
{
    switch (op) {
    case S2VI_OP_AVGPOOL: return "s2vi_k_avgpool";
    case S2VI_OP_MAXPOOL_PUT: return "s2vi_k_maxpool_put";
    default: return "s2vi_k_maxpool_get"; /* MAXPOOL takes its own values */
    }
}

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    pool_kernel *k = (pool_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    const bool put = node->op == S2VI_OP_MAXPOOL_PUT;
    int64_t sides[3];
    (void)constant;
    for (int i = 0; i < 3; i++)
        sides[i] = node->attr.window.kernel[i];
    k->cuda = cuda;
    k->base.run = run;
    k->p.count = s2vi_cuda_count(&node->shape);
    k->p.channels = (s2vi_index)s2vi_shape_channels(&node->shape);
    k->p.window =
        s2vi_cuda_window(&node->attr.window, &node->input[0]->shape,
                         put ? &node->input[1]->shape : &node->shape, sides);
    return s2vi_cuda_find(cuda, &k->launch, name_of(node->op), k->p.count, err);
}

const s2vi_cuda_group s2vi_cuda_pool = {sizeof(pool_kernel), compile};
