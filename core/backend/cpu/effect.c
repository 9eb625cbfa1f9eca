/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RANDOM, and the effects: ASSIGN and ADAM. */
#include "backend/cpu/cpu.h"
#include "base/philox.h"

#include <math.h>
#include <string.h>

/* -------------------------------------------------------------- random -- */

static int run_random(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    const s2vi_node *node = kernel->node;
    int64_t rows = node->shape.dim[0];
    int64_t width = s2vi_shape_count(&node->shape) / rows;
    /* Pieces of a row, so that a single row is shared between threads. */
    const int64_t piece = 4096, pieces = (width + piece - 1) / piece;
    (void)in, (void)scratch;
#pragma omp parallel for schedule(static) if (rows * width > 2048)
    for (int64_t i = 0; i < rows * pieces; i++) {
        int64_t row = i / pieces, first = i % pieces * piece;
        int64_t n = width - first < piece ? width - first : piece;
        s2vi_philox key = {clock->seed, node->attr.stream,
                           clock->frame + (uint64_t)row};
        (node->attr.uniform ? s2vi_philox_uniform : s2vi_philox_normal)(
            &key, (uint32_t)first, (size_t)n,
            (float *)out + row * width + first);
    }
    return S2V_OK;
}

int s2vi_cpu_random(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                    s2v_error *err)
{
    s2vi_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    (void)cpu;
    if (!k)
        return S2V_ERR_NOMEM;
    k->run = run_random;
    k->close = s2vi_kernel_free;
    *kernel = k;
    return S2V_OK;
}

/* ------------------------------------------------------------- effects -- */

typedef struct effect_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
} effect_kernel;

static int run_assign(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    (void)out, (void)scratch, (void)clock;
    if (in[0] != in[1])
        memmove(in[0], in[1],
                (size_t)s2vi_shape_count(&kernel->node->shape) * sizeof(float));
    return S2V_OK;
}

static int run_adam(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    const effect_kernel *k = (const effect_kernel *)kernel;
    const s2vi_attr *attr = &kernel->node->attr;
    double step = *(const float *)in[4];
    const s2vi_simd_adam factors = {
        .beta1 = (float)attr->beta1,
        .new1 = (float)(1 - attr->beta1),
        .beta2 = (float)attr->beta2,
        .new2 = (float)(1 - attr->beta2),
        .rate = (float)(attr->rate / (1 - pow(attr->beta1, step))),
        .root = (float)(1 / sqrt(1 - pow(attr->beta2, step))),
        .eps = (float)attr->eps,
        .shrink = (float)(attr->rate * attr->decay),
    };
    int64_t n = s2vi_shape_count(&kernel->node->shape);
    float *const *v = (float *const *)in;
    (void)out, (void)scratch, (void)clock;
#pragma omp parallel for schedule(static) if (n > 16384)
    for (int64_t i = 0; i < n; i += 4096)
        k->simd->adam(v[0] + i, v[1] + i, v[2] + i, v[3] + i,
                      n - i < 4096 ? n - i : 4096, &factors);
    return S2V_OK;
}

int s2vi_cpu_effect(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                    s2v_error *err)
{
    effect_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->simd = cpu->simd;
    k->base.run = node->op == S2VI_OP_ASSIGN ? run_assign : run_adam;
    k->base.close = s2vi_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
