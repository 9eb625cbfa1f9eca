/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* WARP: images sampled where a flow points to. */
#include "backend/cpu/cpu.h"

typedef struct warp_kernel {
    s2vi_kernel base;
    int64_t n, h, w, c;             /* of the images */
    int64_t flow_h, flow_w;         /* of the flow */
    double flow_rows, flow_columns; /* its pixels for one of the image */
} warp_kernel;

/* A place between two of n numbers, and the second's weight. */
typedef struct between {
    int64_t first, second;
    float weight;
} between;

/* Places are doubles: a float near pixel 1000 resolves no better than 1e-4 of
 * one. What is no number counts as 0. */
static between find(double at, int64_t n)
{
    const double last = (double)(n - 1);
    at = at > 0.0 ? at < last ? at : last : 0.0;
    const int64_t first = (int64_t)at;
    return (between){first, first + 1 < n ? first + 1 : first,
                     (float)(at - (double)first)};
}

/* @param image (..,w,c), from the wanted channel on */
static float sample(const float *image, between y, between x, int64_t w,
                    int64_t c)
{
    const float *top = image + y.first * w * c,
                *bottom = image + y.second * w * c;
    const float above =
        top[x.first * c] + x.weight * (top[x.second * c] - top[x.first * c]);
    const float below = bottom[x.first * c] +
                        x.weight * (bottom[x.second * c] - bottom[x.first * c]);
    return above + y.weight * (below - above);
}

static void warp_row(const warp_kernel *k, const float *image,
                     const float *flow, int64_t i, float *out)
{
    const between row = find(((double)i + 0.5) * k->flow_rows - 0.5, k->flow_h);
    for (int64_t j = 0; j < k->w; j++) {
        const between column =
            find(((double)j + 0.5) * k->flow_columns - 0.5, k->flow_w);
        const float u = sample(flow, row, column, k->flow_w, 2);
        const float v = sample(flow + 1, row, column, k->flow_w, 2);
        const between y = find((double)i + (double)v, k->h),
                      x = find((double)j + (double)u, k->w);
        for (int64_t c = 0; c < k->c; c++)
            *out++ = sample(image + c, y, x, k->w, k->c);
    }
}

static int run_warp(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    const warp_kernel *k = (const warp_kernel *)kernel;
    (void)scratch, (void)clock;
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < k->n * k->h; r++)
        warp_row(k, (const float *)in[0] + r / k->h * k->h * k->w * k->c,
                 (const float *)in[1] + r / k->h * k->flow_h * k->flow_w * 2,
                 r % k->h, (float *)out + r * k->w * k->c);
    return S2V_OK;
}

int s2vi_cpu_warp(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                  s2v_error *err)
{
    warp_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    const s2vi_shape *s = &node->shape, *f = &node->input[1]->shape;
    (void)cpu;
    if (!k)
        return S2V_ERR_NOMEM;
    k->base.run = run_warp;
    k->base.close = s2vi_kernel_free;
    k->n = s->dim[0];
    k->h = s->dim[1];
    k->w = s->dim[2];
    k->c = s->dim[3];
    k->flow_h = f->dim[1];
    k->flow_w = f->dim[2];
    k->flow_rows = (double)f->dim[1] / (double)s->dim[1];
    k->flow_columns = (double)f->dim[2] / (double)s->dim[2];
    *kernel = &k->base;
    return S2V_OK;
}
