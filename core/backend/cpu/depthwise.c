/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CONV with a group for each channel, line by line. There is nothing to
 * multiply matrices of; channels are neighbours in memory, so that all taps of
 * some channels are summed up in registers. Weights are packed tap by tap.
 */
#include "backend/cpu/depthwise.h"

typedef struct depthwise_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int64_t images, in[2], out[2]; /* one dimension: one line */
    int64_t channels, kernel[2], stride[2], lo[2];
} depthwise_kernel;

/* Taps [from, to) that see the image. */
typedef struct taps {
    int64_t from, to;
} taps;

static taps inside(const depthwise_kernel *k, int d, int64_t at)
{
    const int64_t first = at * k->stride[d] - k->lo[d];
    const int64_t left = k->in[d] - first;
    taps t = {.from = first < 0 ? -first : 0,
              .to = left < k->kernel[d] ? left : k->kernel[d]};
    if (t.from >= t.to) /* none */
        t.from = t.to = 0;
    return t;
}

static void run_line(const depthwise_kernel *k, const float *x, const float *w,
                     const float *bias, const float *addend, int64_t line,
                     float *out)
{
    const s2vi_attr *attr = &k->base.node->attr;
    const int64_t c = k->channels;
    const taps rows = inside(k, 0, line);
    s2vi_simd_depthwise d = {.bias = bias,
                             .line = k->in[1] * c,
                             .w_line = k->kernel[1] * c,
                             .step = k->stride[1] * c,
                             .rows = (int)(rows.to - rows.from),
                             .channels = (int)c,
                             .act = attr->act,
                             .slope = (float)attr->slope};
    x += (line * k->stride[0] - k->lo[0] + rows.from) * d.line;
    w += rows.from * d.w_line;
    for (int64_t i = 0, n; i < k->out[1]; i += n) {
        const taps columns = inside(k, 1, i);
        const int64_t first = i * k->stride[1] - k->lo[1] + columns.from;
        taps next = columns;
        for (n = 0; i + n < k->out[1] && next.from == columns.from &&
                    next.to == columns.to;
             next = inside(k, 1, i + ++n))
            ;
        d.columns = (int)(columns.to - columns.from);
        d.x = d.rows && d.columns ? x + first * c : NULL;
        d.w = w + columns.from * c;
        d.addend = addend ? addend + i * c : NULL;
        k->simd->depthwise(out + i * c, &d, n);
    }
}

/* (channels, taps) to (taps, channels). */
static int pack(const s2vi_kernel *kernel, int i, const void *from, void *to)
{
    const depthwise_kernel *k = (const depthwise_kernel *)kernel;
    const int64_t all = k->kernel[0] * k->kernel[1];
    (void)i; /* the weight is the only input that is packed */
    for (int64_t tap = 0; tap < all; tap++)
        for (int64_t c = 0; c < k->channels; c++)
            ((float *)to)[tap * k->channels + c] =
                ((const float *)from)[c * all + tap];
    return S2V_OK;
}

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    const depthwise_kernel *k = (const depthwise_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    const int addends = node->n_inputs - node->attr.accumulate;
    const float *bias = addends > 2 ? in[2] : NULL, *w = in[1];
    const float *addend = node->attr.accumulate ? in[addends] : NULL;
    const int64_t image = k->in[0] * k->in[1] * k->channels;
    const int64_t line = k->out[1] * k->channels;
    (void)clock;
    if (!k->base.packed_size[1]) {
        pack(kernel, 1, in[1], scratch);
        w = scratch;
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < k->images * k->out[0]; i++)
        run_line(k, (const float *)in[0] + i / k->out[0] * image, w, bias,
                 addend ? addend + i * line : NULL, i % k->out[0],
                 (float *)out + i * line);
    return S2V_OK;
}

/* ------------------------------------------------------------- compile -- */

bool s2vi_cpu_depthwise_suits(const s2vi_node *node)
{
    return node->op == S2VI_OP_CONV && s2vi_is_grouped(node) &&
           node->attr.window.rank <= 2 && !node->attr.plane &&
           s2vi_shape_channels(&node->input[1]->shape) == 1 &&
           s2vi_shape_channels(&node->shape) == node->attr.groups;
}

static void describe(depthwise_kernel *k, const s2vi_node *node)
{
    const s2vi_shape *x = &node->input[0]->shape, *w = &node->input[1]->shape;
    const s2vi_window *win = &node->attr.window;
    k->images = x->dim[0];
    k->channels = s2vi_shape_channels(x);
    for (int d = 0; d < 2; d++) {
        const int from = d - (2 - win->rank);
        const bool there = from >= 0;
        k->in[d] = there ? x->dim[1 + from] : 1;
        k->out[d] = there ? node->shape.dim[1 + from] : 1;
        k->kernel[d] = there ? w->dim[1 + from] : 1;
        k->stride[d] = there ? win->stride[from] : 1;
        k->lo[d] = there ? win->pad_lo[from] : 0;
    }
}

int s2vi_cpu_depthwise(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                       s2vi_kernel **kernel, s2v_error *err)
{
    depthwise_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    const size_t weights =
        (size_t)s2vi_shape_count(&node->input[1]->shape) * sizeof(float);
    if (!k)
        return S2V_ERR_NOMEM;
    k->simd = cpu->simd;
    describe(k, node);
    if (constant & 2u)
        k->base.packed_size[1] = weights;
    else
        k->base.scratch_size = weights;
    k->base.run = run;
    k->base.pack = pack;
    k->base.close = s2vi_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
