/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BLEND: simd.c's loop over pixels, a strip at a time. */
#include "backend/cpu/strips.h"

#include <string.h>

typedef struct blend_kernel {
    s2vi_strip_kernel strips;
    const s2vi_simd *simd;
    int channels, whole, total; /* whole: channels in whole vectors */
    int images, image_channels[S2VI_MAX_INPUTS];
    bool packed; /* the weights come so */
} blend_kernel;

/* Weights: (channels, total) to [block][total][lane]. */
static void pack_weights(const blend_kernel *k, const float *w, float *to)
{
    const int lanes = k->simd->cell_lanes;
    for (int first = 0; first < k->whole; first += lanes)
        for (int c = 0; c < k->total; c++)
            for (int j = first; j < first + lanes; j++)
                *to++ = j < k->channels ? w[(size_t)j * k->total + c] : 0;
}

static int pack(const s2vi_kernel *kernel, int i, const void *from, void *to)
{
    (void)i; /* input 1 */
    pack_weights((const blend_kernel *)kernel, from, to);
    return S2V_OK;
}

static size_t packed_size(const blend_kernel *k)
{
    return ((size_t)k->whole * (size_t)k->total * sizeof(float) + 63) / 64 * 64;
}

static size_t bias_size(const blend_kernel *k)
{
    return ((size_t)k->whole * sizeof(float) + 63) / 64 * 64;
}

static void prepare(const s2vi_kernel *kernel, const s2vi_strip *s)
{
    const blend_kernel *k = (const blend_kernel *)kernel;
    float *bias = (float *)s->own;
    memset(bias, 0, (size_t)k->whole * sizeof(*bias));
    memcpy(bias, s->in[3], (size_t)k->channels * sizeof(*bias));
    if (!k->packed)
        pack_weights(k, s->in[1], (float *)(s->own + bias_size(k)));
}

static void strip(const s2vi_kernel *kernel, const s2vi_strip *s, int64_t i)
{
    const blend_kernel *k = (const blend_kernel *)kernel;
    const int64_t width = k->strips.width;
    int64_t first, end;
    s2vi_strip_lines(&k->strips, i, &first, &end);
    s2vi_simd_blend b = {
        .images = k->images,
        .channels = k->channels,
        .total = k->total,
        .image = (const float *const *)(s->in + 5),
        .image_channels = k->image_channels,
        .x = s->in[0],
        .w = k->packed ? s->in[1] : (const float *)(s->own + bias_size(k)),
        .bias = (const float *)s->own,
        .mask = s->in[2],
        .mask_bias = s->in[4]};
    const int64_t before = s->image * k->strips.height;
    k->simd->blend(s->out, &b, (before + first) * width,
                   (before + end) * width);
}

/* Lines of pixels; an image or a matrix of whatever rank. */
static void describe(blend_kernel *k, const s2vi_node *node)
{
    const s2vi_shape *y = &node->shape;
    k->channels = (int)s2vi_shape_channels(y);
    k->strips.images = y->rank > 3 ? y->dim[0] : 1;
    k->strips.width = y->rank > 1 ? y->dim[y->rank - 2] : 1;
    k->strips.height = s2vi_shape_count(y) /
                       (k->strips.images * k->strips.width * k->channels);
    k->images = node->n_inputs - 5;
    for (int i = 0; i < k->images; i++) {
        k->image_channels[i] =
            (int)s2vi_shape_channels(&node->input[5 + i]->shape);
        k->total += k->image_channels[i];
    }
}

int s2vi_cpu_blend(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                   s2vi_kernel **kernel, s2v_error *err)
{
    blend_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    const int lanes = cpu->simd->cell_lanes;
    s2vi_strip_kernel *strips = &k->strips;
    k->simd = cpu->simd;
    strips->threads = cpu->base.threads;
    describe(k, node);
    k->whole = (k->channels + lanes - 1) / lanes * lanes;
    k->packed = constant >> 1 & 1u;
    if (k->packed)
        strips->base.packed_size[1] = packed_size(k);
    strips->own_size = bias_size(k) + (k->packed ? 0 : packed_size(k));
    strips->prepare = prepare;
    strips->strip = strip;
    strips->base.pack = pack;
    strips->base.close = s2vi_kernel_free;
    s2vi_cpu_strips_finish(strips);
    *kernel = &strips->base;
    return S2V_OK;
}
