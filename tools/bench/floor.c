/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor: a model's convolutions and matrix products alone, through oneDNN,
 * one after the other in the model's order, in the dtype and with the threads
 * of the row. Weights are in oneDNN's own form beforehand. Each is given in the
 * form that costs oneDNN least:
 *
 * - nearest x2 and 3x3 as one transposed 4x4 convolution of stride 2;
 * - a recurrent cell's gates as a convolution of x and one of h;
 * - a blend's 1x1 convolution, the mask's with it, of all images as one.
 *
 * Products of matrices are f32 in any dtype: oneDNN 2's gemm knows no other.
 *
 * Not with bf16 by AMX and oneDNN 2: its convolutions (2.6.3, brgconv) end in
 * an illegal instruction. ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 has a floor.
 */
#include "bench.h"

#include "audio/foley_mel.h"
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if S2V_HAVE_CPU
#include "backend/cpu/dnnl.h"

#include <oneapi/dnnl/dnnl.h>

enum { ROUNDS = 15, MOST = 1024 };

/* A convolution, or `times` products of (m,k) and (k,n). */
typedef struct product {
    s2vi_dnnl_conv *conv; /* NULL: matrices */
    void *weights;
    int64_t times, m, n, k;
} product;

/* All products of a plan, and arrays that are large enough for each. */
typedef struct work {
    s2vi_backend *backend;
    bool bf16, failed;
    product list[MOST];
    int count;
    float *x, *y, *scratch;
    size_t x_size, y_size, scratch_size;
} work;

static void grow(size_t *size, const s2vi_shape *shape)
{
    const size_t bytes = (size_t)s2vi_shape_count(shape) * sizeof(float);
    *size = bytes > *size ? bytes : *size;
}

static float *numbers(size_t bytes)
{
    float *x = aligned_alloc(64, (bytes + 127) / 64 * 64);
    for (size_t i = 0; x && i < bytes / sizeof(*x); i++)
        x[i] = 0.01f * (float)(i % 97);
    return x;
}

/* ---------------------------------------------------------- collecting -- */

static product *next(work *w)
{
    if (w->count == MOST)
        w->failed = true;
    return w->failed ? NULL : &w->list[w->count++];
}

static void add_conv(work *w, s2vi_dnnl_spec spec)
{
    product *p = next(w);
    if (!p)
        return;
    spec.bf16 = w->bf16;
    p->conv = s2vi_dnnl_conv_create((s2vi_cpu *)w->backend, &spec);
    float *weights = numbers((size_t)s2vi_shape_count(&spec.w) * sizeof(float));
    if (p->conv)
        p->weights = numbers(s2vi_dnnl_packed_size(p->conv));
    if (!p->conv || !weights || !p->weights ||
        s2vi_dnnl_pack(p->conv, weights, p->weights) < 0)
        w->failed = true;
    free(weights);
    grow(&w->x_size, &spec.x);
    grow(&w->y_size, &spec.y);
    if (p->conv && s2vi_dnnl_scratch_size(p->conv) > w->scratch_size)
        w->scratch_size = s2vi_dnnl_scratch_size(p->conv);
}

static void add_matrices(work *w, int64_t times, int64_t m, int64_t n,
                         int64_t k)
{
    product *p = next(w);
    if (!p)
        return;
    *p = (product){.times = times, .m = m, .n = n, .k = k};
    p->weights = numbers((size_t)(n * k) * sizeof(float));
    w->failed = w->failed || !p->weights;
    grow(&w->x_size, &S2VI_SHAPE(m, k));
    grow(&w->y_size, &S2VI_SHAPE(m, n));
}

static void add_gates(work *w, const s2vi_node *node, int image, int weight)
{
    s2vi_dnnl_spec spec = {.kind = S2VI_DNNL_FORWARD,
                           .x = node->input[image]->shape,
                           .w = node->input[weight]->shape,
                           .y = node->shape,
                           .window = node->attr.window};
    spec.y.dim[spec.y.rank - 1] *= 3;
    add_conv(w, spec);
}

static void add_upconv(work *w, const s2vi_node *node)
{
    const s2vi_shape *x = &node->shape, *y = &node->input[0]->shape;
    add_conv(w, (s2vi_dnnl_spec){.kind = S2VI_DNNL_DATA,
                                 .x = *x,
                                 .w = S2VI_SHAPE(s2vi_shape_channels(y), 4, 4,
                                                 s2vi_shape_channels(x)),
                                 .y = *y,
                                 .window = {.rank = 2,
                                            .stride = {2, 2},
                                            .pad_lo = {1, 1},
                                            .pad_hi = {1, 1}}});
}

static void add_blend(work *w, const s2vi_node *node)
{
    const int64_t c = s2vi_shape_channels(&node->shape);
    const int64_t pixels = s2vi_shape_count(&node->shape) / c;
    int64_t total = 0;
    for (int i = 5; i < node->n_inputs; i++)
        total += s2vi_shape_channels(&node->input[i]->shape);
    add_conv(w, (s2vi_dnnl_spec){.kind = S2VI_DNNL_FORWARD,
                                 .x = S2VI_SHAPE(1, pixels, 1, total),
                                 .w = S2VI_SHAPE(c + 1, 1, 1, total),
                                 .y = S2VI_SHAPE(1, pixels, 1, c + 1),
                                 .window = {.rank = 2, .stride = {1, 1}}});
}

static void add_matmul(work *w, const s2vi_node *node)
{
    const s2vi_shape *a = &node->input[0]->shape, *y = &node->shape;
    const int r = y->rank;
    add_matrices(w, r == 3 ? y->dim[0] : 1, y->dim[r - 2], y->dim[r - 1],
                 a->dim[r - 1 - node->attr.trans_a]);
}

static void add_node(work *w, const s2vi_node *node)
{
    s2vi_dnnl_spec spec = {.window = node->attr.window,
                           .groups = node->attr.groups};
    switch (node->op) {
    case S2VI_OP_CONV:
        spec.kind = S2VI_DNNL_FORWARD;
        spec.x = node->input[0]->shape;
        spec.w = node->input[1]->shape;
        spec.y = node->shape;
        add_conv(w, spec);
        break;
    case S2VI_OP_CONV_DATA:
        spec.kind = S2VI_DNNL_DATA;
        spec.x = node->shape;
        spec.w = node->input[1]->shape;
        spec.y = node->input[0]->shape;
        add_conv(w, spec);
        break;
    case S2VI_OP_UPCONV: add_upconv(w, node); break;
    case S2VI_OP_GRU_CELL:
        add_gates(w, node, 0, 1);
        add_gates(w, node, 5, 2);
        break;
    case S2VI_OP_BLEND: add_blend(w, node); break;
    case S2VI_OP_MATMUL: add_matmul(w, node); break;
    case S2VI_OP_LSTM: {
        const s2vi_shape *a = &node->input[0]->shape;
        const int64_t gates = s2vi_shape_channels(a);
        const int64_t rows = s2vi_shape_count(a) / gates;
        const int64_t columns = a->dim[a->rank - 2];
        add_matrices(w, columns, rows / columns, gates, gates / 4);
        break;
    }
    default: break;
    }
}

/* ------------------------------------------------------------- running -- */

static void run(work *w)
{
    for (int i = 0; i < w->count && !w->failed; i++) {
        const product *p = &w->list[i];
        for (int64_t t = 0; !p->conv && t < p->times; t++)
            w->failed |=
                dnnl_sgemm('N', 'T', p->m, p->n, p->k, 1, w->x, p->k,
                           p->weights, p->k, 0, w->y, p->n) != dnnl_success;
        if (p->conv)
            w->failed |= s2vi_dnnl_run(p->conv, w->x, p->weights, NULL, w->y,
                                       w->scratch) < 0;
    }
}

static void close_work(work *w)
{
    for (int i = 0; i < w->count; i++) {
        s2vi_dnnl_conv_close(w->list[i].conv);
        free(w->list[i].weights);
    }
    free(w->x);
    free(w->y);
    free(w->scratch);
    free(w);
}

/* The median time of a plan's products. */
static double floor_of(s2vi_backend *backend, bool bf16, const s2vi_plan *plan,
                       bool *failed)
{
    double ms[ROUNDS] = {0};
    work *w = calloc(1, sizeof(*w));
    const s2vi_node *node;
    if (!w) {
        *failed = true;
        return 0;
    }
    w->backend = backend;
    w->bf16 = bf16;
    backend->table->enter(backend);
    for (int i = 0; (node = s2vi_plan_node(plan, i)); i++)
        add_node(w, node);
    w->x = numbers(w->x_size + w->y_size); /* CONV_DATA's goes the other way */
    w->y = numbers(w->x_size + w->y_size);
    w->scratch = numbers(w->scratch_size);
    w->failed = w->failed || !w->x || !w->y || !w->scratch;
    run(w);
    for (int i = 0; i < ROUNDS && !w->failed; i++) {
        const double begin = bench_now_ms();
        run(w);
        ms[i] = bench_now_ms() - begin;
    }
    backend->table->leave(backend);
    *failed = *failed || w->failed;
    close_work(w);
    return bench_quantile(ms, ROUNDS, 0.5);
}

#endif

/* --------------------------------------------------------------- models -- */

static s2vi_planned plan_of(const s2v_model *model, int index)
{
    return model->family->plan(model->network, index);
}

#if S2V_HAVE_CPU
static bool can_be_measured(const s2v_model *model)
{
    if (model->backend->table != &s2vi_backend_cpu)
        return false;
    const s2vi_cpu *cpu = (const s2vi_cpu *)model->backend;
    return DNNL_VERSION_MAJOR >= 3 || !cpu->bf16 ||
           strcmp(cpu->bf16->name, "amx");
}

static int measure(const bench_job *job, const s2v_model *model, bench_row *row,
                   s2v_error *err)
{
    s2vi_backend *backend = NULL;
    s2vi_planned part;
    bool failed = false;
    if (!can_be_measured(model))
        return S2V_OK;
    int ret = s2vi_backend_open(&backend, "cpu", S2VI_F32, job->threads, err);
    for (int i = 0; !ret && (part = plan_of(model, i)).plan; i++)
        if (part.rate > 0)
            row->floor += part.rate / row->rate *
                          floor_of(backend, model->dtype == S2VI_BF16,
                                   part.plan, &failed);
    s2vi_backend_close(&backend);
    if (!ret && failed)
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "the floor: oneDNN does not support one of the "
                          "model's convolutions in %s, or is out of memory",
                          row->info.dtype);
    return ret;
}
#endif

void bench_gflop(const s2v_model *model, bench_row *row)
{
    s2vi_planned part;
    for (int i = 0; (part = plan_of(model, i)).plan; i++)
        row->gflop += 1e-9 * part.rate / row->rate * s2vi_plan_flops(part.plan);
}

int bench_floor(const bench_job *job, const s2v_model *model, bench_row *row,
                s2v_error *err)
{
#if S2V_HAVE_CPU
    return measure(job, model, row, err);
#else
    (void)job, (void)model, (void)row, (void)err;
    return S2V_OK;
#endif
}
