/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leaves that are computed, and writing variables. */
#include "backend/cuda/cuda.h"

typedef struct effect_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    s2vi_cuda_launch launch;
    union {
        s2vi_dev_fill fill;
        s2vi_dev_position position;
        s2vi_dev_random random;
        s2vi_dev_adam adam;
    } p;
} effect_kernel;

static int run_fill(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    (void)in, (void)scratch, (void)clock;
    const effect_kernel *k = (const effect_kernel *)kernel;
    s2vi_dev_fill p = k->p.fill;
    p.out = out;
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int run_position(const s2vi_kernel *kernel, void *out, void *const *in,
                        void *scratch, const s2vi_clock *clock)
{
    (void)in, (void)scratch, (void)clock;
    const effect_kernel *k = (const effect_kernel *)kernel;
    s2vi_dev_position p = k->p.position;
    p.out = out;
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int run_random(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    (void)in, (void)scratch;
    const effect_kernel *k = (const effect_kernel *)kernel;
    s2vi_dev_random p = k->p.random;
    p.clock = k->cuda->clock;
    p.out = out;
    int ret = s2vi_cuda_set_clock(k->cuda, clock);
    return ret < 0 ? ret : s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int run_assign(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    (void)out, (void)scratch, (void)clock;
    const effect_kernel *k = (const effect_kernel *)kernel;
    return s2vi_cuda_copy(k->cuda, in[0], in[1],
                          (size_t)s2vi_shape_count(&kernel->node->shape) *
                              sizeof(float));
}

/* Inputs: parameter, m, v, gradient, step */
static int run_adam(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    (void)out, (void)scratch, (void)clock;
    const effect_kernel *k = (const effect_kernel *)kernel;
    s2vi_dev_adam p = k->p.adam;
    p.theta = in[0];
    p.m = in[1];
    p.v = in[2];
    p.g = in[3];
    p.step = in[4];
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int compile_random(effect_kernel *k, const s2vi_node *node,
                          s2v_error *err)
{
    s2vi_dev_random *p = &k->p.random;
    const s2vi_index rows = (s2vi_index)node->shape.dim[0];
    p->length = s2vi_cuda_count(&node->shape) / rows;
    p->blocks = (p->length + 3) / 4;
    p->count = rows * p->blocks;
    p->stream = node->attr.stream;
    p->uniform = node->attr.uniform;
    k->base.run = run_random;
    return s2vi_cuda_find(k->cuda, &k->launch, "s2vi_k_random_rows", p->count,
                          err);
}

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    effect_kernel *k = (effect_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    const s2vi_index count = s2vi_cuda_count(&node->shape);
    const s2vi_attr *attr = &node->attr;
    (void)constant;
    k->cuda = cuda;
    switch (node->op) {
    case S2VI_OP_FILL:
        k->base.run = run_fill;
        k->p.fill =
            (s2vi_dev_fill){.count = count, .value = (float)attr->offset};
        return s2vi_cuda_find(k->cuda, &k->launch, "s2vi_k_fill_all", count,
                              err);
    case S2VI_OP_POSITION:
        k->base.run = run_position;
        k->p.position = (s2vi_dev_position){
            .count = count,
            .channels = (s2vi_index)s2vi_shape_channels(&node->shape)};
        return s2vi_cuda_find(k->cuda, &k->launch, "s2vi_k_position_codes",
                              count, err);
    case S2VI_OP_RANDOM: return compile_random(k, node, err);
    case S2VI_OP_ASSIGN: k->base.run = run_assign; return S2V_OK;
    default: /* ADAM */
        k->base.run = run_adam;
        k->p.adam = (s2vi_dev_adam){.count = count,
                                    .rate = attr->rate,
                                    .beta1 = attr->beta1,
                                    .beta2 = attr->beta2,
                                    .eps = attr->eps,
                                    .decay = attr->decay};
        return s2vi_cuda_find(k->cuda, &k->launch, "s2vi_k_adam_step", count,
                              err);
    }
}

const s2vi_cuda_group s2vi_cuda_effect = {sizeof(effect_kernel), compile};
