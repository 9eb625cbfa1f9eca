/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CONV, 1x1 to a few channels, a picture's colours say: a strip at a time. */
#include "backend/cpu/pointwise.h"

#define MOST 4 /* channels of the result */

typedef struct pointwise_kernel {
    s2vi_strip_kernel strips;
    const s2vi_simd *simd;
    int channels, outputs;
} pointwise_kernel;

static void strip(const s2vi_kernel *kernel, const s2vi_strip *s, int64_t i)
{
    const pointwise_kernel *k = (const pointwise_kernel *)kernel;
    const s2vi_attr *attr = &kernel->node->attr;
    const int64_t before = s->image * k->strips.height;
    int64_t first, end;
    s2vi_strip_lines(&k->strips, i, &first, &end);
    const s2vi_simd_pointwise p = {.x = s->in[0],
                                   .w = s->in[1],
                                   .bias = kernel->node->n_inputs > 2 ? s->in[2]
                                                                      : NULL,
                                   .channels = k->channels,
                                   .outputs = k->outputs,
                                   .act = attr->act,
                                   .slope = (float)attr->slope};
    k->simd->pointwise(s->out, &p, (before + first) * k->strips.width,
                       (before + end) * k->strips.width);
}

bool s2vi_cpu_pointwise_suits(const s2vi_cpu *cpu, const s2vi_node *node)
{
    return s2vi_is_pointwise(node) && !node->attr.accumulate &&
           !node->attr.plane && node->attr.window.rank == 2 &&
           s2vi_shape_channels(&node->shape) <= MOST &&
           s2vi_shape_channels(&node->input[0]->shape) %
                   cpu->simd->cell_lanes ==
               0;
}

int s2vi_cpu_pointwise(s2vi_cpu *cpu, const s2vi_node *node,
                       s2vi_kernel **kernel, s2v_error *err)
{
    pointwise_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    s2vi_strip_kernel *strips = &k->strips;
    k->simd = cpu->simd;
    k->channels = (int)s2vi_shape_channels(&node->input[0]->shape);
    k->outputs = (int)s2vi_shape_channels(&node->shape);
    strips->threads = cpu->base.threads;
    strips->images = node->shape.dim[0];
    strips->height = node->shape.dim[1];
    strips->width = node->shape.dim[2];
    strips->strip = strip;
    strips->base.close = s2vi_kernel_free;
    s2vi_cpu_strips_finish(strips);
    *kernel = &strips->base;
    return S2V_OK;
}
