/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FIR, a line of the result at a time: by taps of one dimension, the lines of
 * the image that it sees become one line, and that one's pixels the result;
 * by taps of two, each line adds to the result. Pixels that meet all taps are
 * made together, a sum over whole lines, where they are not every second one.
 * Zeros are skipped, those between the pixels and those around, so that neither
 * the padded nor the upsampled image is ever made.
 */
#include "backend/cpu/cpu.h"

#include <omp.h>
#include <string.h>

typedef struct fir_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int64_t images, in[2], out[2], channels;
    int64_t work;         /* numbers of a thread's own */
    int taps[2], most[2]; /* most: that meet pixels, of one result */
    int64_t inner[2];     /* from, to: what filter_inner() makes of a line */
    int threads;
} fir_kernel;

/* Taps that meet pixels of the image, neighbours both. */
typedef struct meeting {
    int64_t pixel; /* the first of `count` */
    int phase;     /* the tap that meets the first pixel, seen or not */
    int first;     /* taps of that phase before */
    int count;
} meeting;

static meeting meet(const fir_kernel *k, int d, int64_t o)
{
    const s2vi_fir *f = &k->base.node->attr.fir;
    const int64_t at = o * f->down[d] - f->lo[d], up = f->up[d];
    const int phase = (int)((up - at % up) % up); /* at may be negative */
    const int64_t pixel = (at + phase) / up;
    const int64_t all =
        phase < k->taps[d] ? (k->taps[d] - 1 - phase) / up + 1 : 0;
    const int64_t from = pixel < 0 ? -pixel : 0;
    const int64_t to = k->in[d] - pixel < all ? k->in[d] - pixel : all;
    return (meeting){.pixel = pixel + from,
                     .phase = phase,
                     .first = (int)from,
                     .count = to > from ? (int)(to - from) : 0};
}

/* Where down is 1 and all taps meet pixels, neighbours see neighbours by the
 * same taps, except that `up` phases take turns. */
static void find_inner(fir_kernel *k)
{
    const s2vi_fir *f = &k->base.node->attr.fir;
    const int64_t in = k->in[1], out = k->out[1];
    if (f->down[1] > 1 ||
        (f->up[1] > 1 && k->base.node->input[1]->shape.rank > 1))
        return;
    int64_t from = f->lo[1] > 0 ? f->lo[1] : 0;
    int64_t to = (in - k->most[1]) * f->up[1] + f->lo[1] + 1;
    from = from < out ? from : out;
    to = to < out ? to : out;
    k->inner[0] = from;
    k->inner[1] = to > from ? to : from;
}

/* Pixels [from,to) of one line, one by one. */
static void filter_pixels(const fir_kernel *k, const float *line,
                          const float *w, bool add, int64_t from, int64_t to,
                          float *out)
{
    const int64_t c = k->channels;
    for (int64_t o = from; o < to; o++) {
        const meeting m = meet(k, 1, o);
        const float *taps = w + m.phase * k->most[1] + m.first;
        k->simd->weigh(out + o * c, line + (m.count ? m.pixel * c : 0), c, taps,
                       m.count, (int)c, add);
    }
}

/* n pixels of c numbers, to places `step` numbers apart. */
static void spread(const float *row, int64_t n, int64_t c, int64_t step,
                   float *out)
{
    if (c == 3) /* RGB; of a size that is known, a copy is no call */
        for (int64_t i = 0; i < n; i++)
            memcpy(out + i * step, row + i * 3, 3 * sizeof(*out));
    else
        for (int64_t i = 0; i < n; i++)
            memcpy(out + i * step, row + i * c, (size_t)c * sizeof(*out));
}

/* The inner pixels of one line, those of a phase at once. */
static void filter_inner(const fir_kernel *k, const float *line, const float *w,
                         bool add, float *row, float *out)
{
    const int64_t c = k->channels, up = k->base.node->attr.fir.up[1];
    for (int64_t o = k->inner[0]; o < k->inner[0] + up && o < k->inner[1];
         o++) {
        const meeting m = meet(k, 1, o);
        const int64_t n = (k->inner[1] - o + up - 1) / up;
        k->simd->weigh(up > 1 ? row : out + o * c, line + m.pixel * c, c,
                       w + m.phase * k->most[1], m.count, (int)(n * c), add);
        if (up > 1)
            spread(row, n, c, up * c, out + o * c);
    }
}

/* Pixels of one line, by the taps of one line: [phase][most]. */
static void filter_line(const fir_kernel *k, const float *line, const float *w,
                        bool add, float *row, float *out)
{
    filter_pixels(k, line, w, add, 0, k->inner[0], out);
    filter_inner(k, line, w, add, row, out);
    filter_pixels(k, line, w, add, k->inner[1], k->out[1], out);
}

/* Line o of an image's result. w: [phase][most] of the lines, then of their
 * pixels; with two dimensions one after another of lines of those. */
static void make_line(const fir_kernel *k, const float *image, const float *w,
                      int64_t o, float *work, float *out)
{
    const int64_t line = k->in[1] * k->channels;
    const int64_t across = (int64_t)k->base.node->attr.fir.up[1] * k->most[1];
    const meeting m = meet(k, 0, o);
    const float *x = image + (m.count ? m.pixel * line : 0);
    const int at = m.phase * k->most[0] + m.first;
    if (k->base.node->input[1]->shape.rank == 1) {
        k->simd->weigh(work, x, line, w + at, m.count, (int)line, false);
        const int down = k->base.node->attr.fir.up[0] * k->most[0];
        filter_line(k, work, w + down, false, work + line, out);
        return;
    }
    if (!m.count)
        memset(out, 0, (size_t)(k->out[1] * k->channels) * sizeof(*out));
    for (int i = 0; i < m.count; i++)
        filter_line(k, x + i * line, w + (at + i) * across, i > 0, NULL, out);
}

/* n taps as the result meets them, those `up` apart one after another. */
static void by_phase(const fir_kernel *k, int d, const float *taps, double gain,
                     float *to)
{
    const s2vi_fir *f = &k->base.node->attr.fir;
    const int n = k->taps[d];
    memset(to, 0, (size_t)(f->up[d] * k->most[d]) * sizeof(*to));
    for (int j = 0; j < n; j++)
        to[j % f->up[d] * k->most[d] + j / f->up[d]] =
            (float)(gain * (double)taps[f->correlate ? j : n - 1 - j]);
}

/* The taps in the order of make_line(), with the gain. */
static void arrange(const fir_kernel *k, const float *taps, float *to)
{
    const s2vi_fir *f = &k->base.node->attr.fir;
    const int down = f->up[0] * k->most[0], across = f->up[1] * k->most[1];
    if (k->base.node->input[1]->shape.rank == 1) {
        by_phase(k, 0, taps, f->gain, to);
        by_phase(k, 1, taps, 1, to + down);
        return;
    }
    memset(to, 0, (size_t)(down * across) * sizeof(*to));
    for (int i = 0; i < k->taps[0]; i++) {
        const int row = f->correlate ? i : k->taps[0] - 1 - i;
        const int at = i % f->up[0] * k->most[0] + i / f->up[0];
        by_phase(k, 1, taps + row * k->taps[1], f->gain, to + at * across);
    }
}

static int64_t arranged(const fir_kernel *k)
{
    const s2vi_fir *f = &k->base.node->attr.fir;
    const int64_t down = (int64_t)f->up[0] * k->most[0];
    const int64_t across = (int64_t)f->up[1] * k->most[1];
    const bool separable = k->base.node->input[1]->shape.rank == 1;
    const int64_t n = separable ? down + across : down * across;
    return (n + 15) / 16 * 16;
}

static int run_fir(const s2vi_kernel *kernel, void *out, void *const *in,
                   void *scratch, const s2vi_clock *clock)
{
    const fir_kernel *k = (const fir_kernel *)kernel;
    const int64_t image = k->in[0] * k->in[1] * k->channels;
    const int64_t line = k->out[1] * k->channels;
    float *taps = scratch, *work = taps + arranged(k);
    (void)clock;
    arrange(k, in[1], taps);
#pragma omp parallel for schedule(static) num_threads(k->threads)
    for (int64_t i = 0; i < k->images * k->out[0]; i++)
        make_line(k, (const float *)in[0] + i / k->out[0] * image, taps,
                  i % k->out[0], work + omp_get_thread_num() * k->work,
                  (float *)out + i * line);
    return S2V_OK;
}

int s2vi_cpu_fir(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                 s2v_error *err)
{
    fir_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    const s2vi_shape *x = &node->input[0]->shape, *y = &node->shape;
    const s2vi_shape *taps = &node->input[1]->shape;
    if (!k)
        return S2V_ERR_NOMEM;
    k->base.run = run_fir;
    k->base.close = s2vi_kernel_free;
    k->simd = cpu->simd;
    k->threads = cpu->base.threads;
    k->images = x->dim[0];
    k->channels = x->dim[3];
    for (int d = 0; d < 2; d++) {
        const int up = node->attr.fir.up[d];
        k->in[d] = x->dim[1 + d];
        k->out[d] = y->dim[1 + d];
        k->taps[d] = (int)taps->dim[taps->rank > 1 ? d : 0];
        k->most[d] = (k->taps[d] + up - 1) / up;
    }
    find_inner(k);
    if (taps->rank == 1) /* a line, and a phase of its results */
        k->work = (k->in[1] + k->out[1]) * k->channels;
    k->base.scratch_size =
        (size_t)(arranged(k) + k->threads * k->work) * sizeof(float);
    *kernel = &k->base;
    return S2V_OK;
}
