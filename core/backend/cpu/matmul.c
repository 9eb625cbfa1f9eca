/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MATMUL: oneDNN's sgemm, and short loops where a call would cost more. */
#include "backend/cpu/cpu.h"

#include <oneapi/dnnl/dnnl.h>

typedef struct matmul_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int64_t batch, m, n, k;
} matmul_kernel;

/* A few rows at a time: recurrent layers and affine maps of one frame. */
static bool is_small(const matmul_kernel *k, const s2vi_node *node)
{
    return !node->attr.trans_a && k->m <= 4 && k->m * k->n * k->k <= 200000;
}

static int run_small(const s2vi_kernel *kernel, void *out, void *const *in,
                     void *scratch, const s2vi_clock *clock)
{
    const matmul_kernel *k = (const matmul_kernel *)kernel;
    void (*rows)(float *, const float *, const float *, int, int) =
        kernel->node->attr.trans_b ? k->simd->dot_rows : k->simd->axpy_rows;
    (void)scratch, (void)clock;
    for (int64_t i = 0; i < k->batch * k->m; i++)
        rows((float *)out + i * k->n, (const float *)in[0] + i * k->k,
             (const float *)in[1] + i / k->m * k->k * k->n, (int)k->n,
             (int)k->k);
    return S2V_OK;
}

static int run_gemm(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    const matmul_kernel *k = (const matmul_kernel *)kernel;
    const s2vi_attr *attr = &kernel->node->attr;
    (void)scratch, (void)clock;
    for (int64_t i = 0; i < k->batch; i++) {
        const float *a = (const float *)in[0] + i * k->m * k->k;
        const float *b = (const float *)in[1] + i * k->k * k->n;
        float *c = (float *)out + i * k->m * k->n;
        if (dnnl_sgemm(attr->trans_a ? 'T' : 'N', attr->trans_b ? 'T' : 'N',
                       k->m, k->n, k->k, 1.0f, a, attr->trans_a ? k->m : k->k,
                       b, attr->trans_b ? k->k : k->n, 0.0f, c,
                       k->n) != dnnl_success)
            return S2V_ERR_DEVICE;
    }
    return S2V_OK;
}

int s2vi_cpu_matmul(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                    s2v_error *err)
{
    matmul_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    const s2vi_shape *a = &node->input[0]->shape, *y = &node->shape;
    int r = y->rank;
    k->simd = cpu->simd;
    k->batch = r == 3 ? y->dim[0] : 1;
    k->m = y->dim[r - 2];
    k->n = y->dim[r - 1];
    k->k = a->dim[r - 1 - node->attr.trans_a];
    k->base.run = is_small(k, node) ? run_small : run_gemm;
    k->base.close = s2vi_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
