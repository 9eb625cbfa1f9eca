/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BLEND: simd.c's loop over pixels, shared between threads. */
#include "backend/cpu/cpu.h"

#include <string.h>

typedef struct blend_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int64_t pixels;
    int channels, whole, total; /* whole: channels in whole vectors */
    int images, image_channels[S2VI_MAX_INPUTS];
    bool packed; /* the weights come so */
} blend_kernel;

/* Pixels that one thread takes at a time. */
#define STRIP 256

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

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    const blend_kernel *k = (const blend_kernel *)kernel;
    float *bias = scratch;
    float *packed = bias + (k->whole + 15) / 16 * 16;
    (void)clock;
    memset(bias, 0, (size_t)k->whole * sizeof(*bias));
    memcpy(bias, in[3], (size_t)k->channels * sizeof(*bias));
    if (!k->packed)
        pack_weights(k, in[1], packed);
    s2vi_simd_blend b = {.images = k->images,
                         .channels = k->channels,
                         .total = k->total,
                         .image = (const float *const *)(in + 5),
                         .image_channels = k->image_channels,
                         .x = in[0],
                         .w = k->packed ? in[1] : packed,
                         .bias = bias,
                         .mask = in[2],
                         .mask_bias = in[4]};
#pragma omp parallel for schedule(static) if (k->pixels > STRIP)
    for (int64_t i = 0; i < k->pixels; i += STRIP)
        k->simd->blend(out, &b, i,
                       k->pixels - i < STRIP ? k->pixels : i + STRIP);
    return S2V_OK;
}

int s2vi_cpu_blend(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                   s2vi_kernel **kernel, s2v_error *err)
{
    blend_kernel *k = s2vi_cpu_kernel(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    const int lanes = cpu->simd->cell_lanes;
    k->simd = cpu->simd;
    k->channels = (int)s2vi_shape_channels(&node->shape);
    k->pixels = s2vi_shape_count(&node->shape) / k->channels;
    k->whole = (k->channels + lanes - 1) / lanes * lanes;
    k->images = node->n_inputs - 5;
    for (int i = 0; i < k->images; i++) {
        k->image_channels[i] =
            (int)s2vi_shape_channels(&node->input[5 + i]->shape);
        k->total += k->image_channels[i];
    }
    k->base.scratch_size = (size_t)(k->whole + 16) * sizeof(float);
    k->packed = constant >> 1 & 1u;
    if (k->packed)
        k->base.packed_size[1] = packed_size(k);
    else
        k->base.scratch_size += packed_size(k);
    k->base.run = run;
    k->base.pack = pack;
    k->base.close = s2vi_cpu_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
