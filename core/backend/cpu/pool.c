/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UPSAMPLE, AVGPOOL and the max pools, over 1 to 3 spatial dimensions. */
#include "backend/cpu/cpu.h"

#include <string.h>

/* Images as (n, size[0], size[1], size[2], c): fewer dimensions lead with 1. */
typedef struct pool_kernel {
    s2vi_kernel base;
    int64_t n, c, in[3], out[3];
    int64_t kernel[3], stride[3], lo[3];
} pool_kernel;

static int64_t volume(const int64_t *size)
{
    return size[0] * size[1] * size[2];
}

static int64_t linear(const int64_t *size, int64_t i, int64_t j, int64_t k)
{
    return (i * size[1] + j) * size[2] + k;
}

static void split(const int64_t *size, int64_t at, int64_t *pos)
{
    pos[2] = at % size[2];
    pos[1] = at / size[2] % size[1];
    pos[0] = at / size[2] / size[1];
}

/* ------------------------------------------- nearest and average -- */

/* A line of pixels, each `times` times. */
static void stretch(float *restrict to, const float *restrict from, int64_t n,
                    int64_t c, int64_t times)
{
    for (int64_t i = 0; i < n; i++, from += c)
        for (int64_t j = 0; j < times; j++, to += c)
            for (int64_t l = 0; l < c; l++)
                to[l] = from[l];
}

/* Each line of the input once, and then its copies. */
static int run_upsample(const s2vi_kernel *kernel, void *out, void *const *in,
                        void *scratch, const s2vi_clock *clock)
{
    const pool_kernel *k = (const pool_kernel *)kernel;
    const int64_t line = k->out[2] * k->c;
    (void)scratch, (void)clock;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < k->n * k->in[0] * k->in[1]; i++) {
        const int64_t plane = i / k->in[1] * k->stride[0];
        const int64_t row = i % k->in[1] * k->stride[1];
        float *first = (float *)out + (plane * k->out[1] + row) * line;
        stretch(first, (const float *)in[0] + i * k->in[2] * k->c, k->in[2],
                k->c, k->stride[2]);
        for (int64_t j = 1; j < k->stride[0] * k->stride[1]; j++)
            memcpy(first +
                       (j / k->stride[1] * k->out[1] + j % k->stride[1]) * line,
                   first, (size_t)line * sizeof(float));
    }
    return S2V_OK;
}

static void add_row(float *restrict to, const float *restrict from, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        to[j] += from[j];
}

static void average(const pool_kernel *k, const float *image, const int64_t *at,
                    float *to)
{
    float share = 1.0f / (float)volume(k->kernel);
    memset(to, 0, (size_t)k->c * sizeof(float));
    for (int64_t w = 0; w < volume(k->kernel); w++) {
        int64_t tap[3];
        split(k->kernel, w, tap);
        int64_t from = linear(k->in, at[0] * k->stride[0] + tap[0],
                              at[1] * k->stride[1] + tap[1],
                              at[2] * k->stride[2] + tap[2]);
        add_row(to, image + from * k->c, k->c);
    }
    for (int64_t j = 0; j < k->c; j++)
        to[j] *= share;
}

/* Windows of 2x2 side by side: two lines to one. */
static void average_lines(const pool_kernel *k, const float *restrict first,
                          float *restrict to)
{
    const float *restrict second = first + k->in[2] * k->c;
    const int64_t c = k->c;
    for (int64_t i = 0; i < k->out[2]; i++, to += c)
        for (int64_t j = 0; j < c; j++) {
            const int64_t at = 2 * i * c + j;
            to[j] = 0.25f *
                    (first[at] + first[at + c] + second[at] + second[at + c]);
        }
}

static bool is_halving(const pool_kernel *k)
{
    bool halves = k->in[0] == 1;
    for (int d = 1; d < 3; d++)
        halves =
            halves && k->kernel[d] == 2 && k->stride[d] == 2 && k->lo[d] == 0;
    return halves;
}

static int run_halving(const s2vi_kernel *kernel, void *out, void *const *in,
                       void *scratch, const s2vi_clock *clock)
{
    const pool_kernel *k = (const pool_kernel *)kernel;
    (void)scratch, (void)clock;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < k->n * k->out[1]; i++) {
        const int64_t line = i / k->out[1] * k->in[1] + i % k->out[1] * 2;
        average_lines(k, (const float *)in[0] + line * k->in[2] * k->c,
                      (float *)out + i * k->out[2] * k->c);
    }
    return S2V_OK;
}

static int run_avgpool(const s2vi_kernel *kernel, void *out, void *const *in,
                       void *scratch, const s2vi_clock *clock)
{
    const pool_kernel *k = (const pool_kernel *)kernel;
    int64_t pixels = volume(k->out);
    (void)scratch, (void)clock;
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < k->n * pixels; p++) {
        int64_t at[3];
        split(k->out, p % pixels, at);
        average(k, (const float *)in[0] + p / pixels * volume(k->in) * k->c, at,
                (float *)out + p * k->c);
    }
    return S2V_OK;
}

/* ---------------------------------------------------------- maximum -- */

/* The pixel under a tap of the window at `at`, or -1 in the padding. */
static int64_t tap_pixel(const pool_kernel *k, const int64_t *at, int64_t w)
{
    int64_t tap[3];
    split(k->kernel, w, tap);
    for (int d = 0; d < 3; d++) {
        tap[d] += at[d] * k->stride[d] - k->lo[d];
        if (tap[d] < 0 || tap[d] >= k->in[d])
            return -1;
    }
    return linear(k->in, tap[0], tap[1], tap[2]);
}

/* Pixel of the largest value of channel `c` in the window; the first wins. */
static int64_t largest(const pool_kernel *k, const float *image,
                       const int64_t *at, int64_t c)
{
    int64_t best = -1;
    for (int64_t w = 0; w < volume(k->kernel); w++) {
        int64_t pixel = tap_pixel(k, at, w);
        if (pixel >= 0 &&
            (best < 0 || image[pixel * k->c + c] > image[best * k->c + c]))
            best = pixel;
    }
    return best;
}

/* One image: the maximum itself (g NULL), or g there, or g put there. */
static void max_image(const pool_kernel *k, const float *x, const float *g,
                      float *out)
{
    bool put = k->base.node->op == S2VI_OP_MAXPOOL_PUT;
    for (int64_t p = 0; p < volume(k->out); p++) {
        int64_t at[3];
        split(k->out, p, at);
        for (int64_t c = 0; c < k->c; c++) {
            int64_t best = largest(k, x, at, c);
            if (best < 0)
                continue;
            if (put)
                out[best * k->c + c] += g[p * k->c + c];
            else
                out[p * k->c + c] = (g ? g : x)[best * k->c + c];
        }
    }
}

static int run_maxpool(const s2vi_kernel *kernel, void *out, void *const *in,
                       void *scratch, const s2vi_clock *clock)
{
    const pool_kernel *k = (const pool_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    int64_t whole = volume(k->in) * k->c, pooled = volume(k->out) * k->c;
    int64_t made = node->op == S2VI_OP_MAXPOOL_PUT ? whole : pooled;
    int64_t given = node->op == S2VI_OP_MAXPOOL_PUT ? pooled : whole;
    (void)scratch, (void)clock;
    memset(out, 0, (size_t)(k->n * made) * sizeof(float));
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < k->n; i++)
        max_image(k, (const float *)in[0] + i * whole,
                  node->n_inputs > 1 ? (const float *)in[1] + i * given : NULL,
                  (float *)out + i * made);
    return S2V_OK;
}

/* ------------------------------------------------------------ compile -- */

static void describe(pool_kernel *k, const s2vi_node *node)
{
    const s2vi_window *w = &node->attr.window;
    const s2vi_shape *x = &node->input[0]->shape;
    const s2vi_shape *y =
        node->op == S2VI_OP_MAXPOOL_PUT ? &node->input[1]->shape : &node->shape;
    k->n = x->dim[0];
    k->c = s2vi_shape_channels(x);
    for (int d = 0; d < 3; d++) {
        int from = d - (3 - w->rank); /* which of the window's dimensions */
        k->in[d] = from < 0 ? 1 : x->dim[1 + from];
        k->out[d] = from < 0 ? 1 : y->dim[1 + from];
        k->kernel[d] = from < 0 ? 1 : w->kernel[from];
        k->stride[d] = from < 0 ? 1 : w->stride[from];
        k->lo[d] = from < 0 ? 0 : w->pad_lo[from];
    }
}

int s2vi_cpu_pool(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                  s2v_error *err)
{
    pool_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    (void)cpu;
    if (!k)
        return S2V_ERR_NOMEM;
    describe(k, node);
    k->base.close = s2vi_kernel_free;
    k->base.run = node->op == S2VI_OP_UPSAMPLE  ? run_upsample
                  : node->op != S2VI_OP_AVGPOOL ? run_maxpool
                  : is_halving(k)               ? run_halving
                                                : run_avgpool;
    *kernel = &k->base;
    return S2V_OK;
}
