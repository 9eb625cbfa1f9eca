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

int s2vi_cuda_pool(s2vi_cuda *cuda, const s2vi_node *node, s2vi_kernel **kernel,
                   s2v_error *err)
{
    const bool put = node->op == S2VI_OP_MAXPOOL_PUT;
    int64_t sides[3];
    pool_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    for (int i = 0; i < 3; i++)
        sides[i] = node->attr.window.kernel[i];
    k->cuda = cuda;
    k->base.run = run;
    k->base.close = s2vi_kernel_free;
    k->p.count = s2vi_cuda_count(&node->shape);
    k->p.channels = (s2vi_index)s2vi_shape_channels(&node->shape);
    k->p.window =
        s2vi_cuda_window(&node->attr.window, &node->input[0]->shape,
                         put ? &node->input[1]->shape : &node->shape, sides);
    int ret =
        s2vi_cuda_find(cuda, &k->launch, name_of(node->op), k->p.count, err);
    if (ret < 0)
        s2vi_kernel_free(&k->base);
    else
        *kernel = &k->base;
    return ret;
}
