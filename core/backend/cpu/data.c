/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moving data: FILL, PAD, CONCAT, PERMUTE, GATHER, SCATTER, plain copies. */
#include "backend/cpu/cpu.h"

#include <math.h>
#include <string.h>

typedef struct data_kernel {
    s2vi_kernel base;
    int64_t outer, inner; /* CONCAT, GATHER: before and after the axis */
    int64_t stride[S2VI_MAX_RANK]; /* PERMUTE: of the input, as the result */
} data_kernel;

static const data_kernel *self(const s2vi_kernel *kernel)
{
    return (const data_kernel *)kernel;
}

static int64_t product(const int64_t *dim, int from, int to)
{
    int64_t n = 1;
    for (int i = from; i < to; i++)
        n *= dim[i];
    return n;
}

static int run_fill(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    int64_t n = s2vi_shape_count(&kernel->node->shape);
    float value = (float)kernel->node->attr.offset, *to = out;
    (void)in, (void)scratch, (void)clock;
    for (int64_t i = 0; i < n; i++)
        to[i] = value;
    return S2V_OK;
}

static int run_copy(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    size_t n = (size_t)s2vi_shape_count(&kernel->node->shape);
    (void)scratch, (void)clock;
    if (out != in[0])
        memcpy(out, in[0], n * sizeof(float));
    return S2V_OK;
}

/* --------------------------------------------------------------- pad -- */

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The innermost dimension that is padded or cut: those after it move as one. */
static int innermost_pad(const s2vi_node *node)
{
    int d = node->shape.rank - 1;
    while (d > 0 && !node->attr.lo[d] && !node->attr.hi[d])
        d--;
    return d;
}

/* Row `r` (the dimensions before `inner`) of the result, in the input; -1
 * where that row is padding. */
static int64_t input_row(const s2vi_node *node, int inner, int64_t r)
{
    const s2vi_shape *x = &node->input[0]->shape;
    int64_t row = 0, scale = 1;
    for (int d = inner - 1; d >= 0; d--) {
        int64_t at = r % node->shape.dim[d] - node->attr.lo[d];
        r /= node->shape.dim[d];
        if (at < 0 || at >= x->dim[d])
            return -1;
        row += at * scale;
        scale *= x->dim[d];
    }
    return row;
}

static void pad_row(float *to, int64_t width, int64_t lo, const float *from,
                    int64_t n)
{
    if (n < 0)
        n = 0;
    if (lo > width - n)
        lo = width - n;
    memset(to, 0, (size_t)lo * sizeof(float));
    memcpy(to + lo, from, (size_t)n * sizeof(float));
    memset(to + lo + n, 0, (size_t)(width - lo - n) * sizeof(float));
}

static int run_pad(const s2vi_kernel *kernel, void *out, void *const *in,
                   void *scratch, const s2vi_clock *clock)
{
    const s2vi_node *node = kernel->node;
    const s2vi_shape *x = &node->input[0]->shape;
    const int d = innermost_pad(node);
    const int64_t one = product(x->dim, d + 1, x->rank);
    const int64_t width = node->shape.dim[d] * one, from = x->dim[d] * one;
    const int64_t lo = node->attr.lo[d] * one, hi = node->attr.hi[d] * one;
    const int64_t skip = max64(-lo, 0), n = from - skip - max64(-hi, 0);
    const int64_t rows = s2vi_shape_count(&node->shape) / width;
    (void)scratch, (void)clock;
#pragma omp parallel for schedule(static) if (rows * width > 16384)
    for (int64_t r = 0; r < rows; r++) {
        const int64_t row = input_row(node, d, r);
        const float *line = (const float *)in[0] + max64(row, 0) * from + skip;
        pad_row((float *)out + r * width, width, max64(lo, 0), line,
                row < 0 ? 0 : n);
    }
    return S2V_OK;
}

/* ------------------------------------------------------------ concat -- */

static int run_concat(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    const s2vi_node *node = kernel->node;
    const data_kernel *k = self(kernel);
    int axis = node->attr.axis;
    int64_t width = node->shape.dim[axis] * k->inner, at = 0;
    (void)scratch, (void)clock;
    for (int i = 0; i < node->n_inputs; i++) {
        int64_t n = node->input[i]->shape.dim[axis] * k->inner;
        const float *from = in[i];
        float *to = (float *)out + at;
        at += n;
        if (from == to) /* made in place */
            continue;
#pragma omp parallel for schedule(static) if (k->outer * n > 16384)
        for (int64_t o = 0; o < k->outer; o++)
            memcpy(to + o * width, from + o * n, (size_t)n * sizeof(float));
    }
    return S2V_OK;
}

/* ----------------------------------------------------------- permute -- */

static int run_permute(const s2vi_kernel *kernel, void *out, void *const *in,
                       void *scratch, const s2vi_clock *clock)
{
    const data_kernel *k = self(kernel);
    const s2vi_shape *y = &kernel->node->shape;
    int last = y->rank - 1;
    int64_t width = y->dim[last], rows = s2vi_shape_count(y) / width;
    (void)scratch, (void)clock;
#pragma omp parallel for schedule(static) if (rows * width > 16384)
    for (int64_t r = 0; r < rows; r++) {
        const float *from = in[0];
        float *to = (float *)out + r * width;
        int64_t rest = r;
        for (int d = last - 1; d >= 0; d--) {
            from += rest % y->dim[d] * k->stride[d];
            rest /= y->dim[d];
        }
        for (int64_t j = 0; j < width; j++)
            to[j] = from[j * k->stride[last]];
    }
    return S2V_OK;
}

static void set_strides(data_kernel *k, const s2vi_node *node)
{
    const s2vi_shape *x = &node->input[0]->shape;
    for (int d = 0; d < x->rank; d++)
        k->stride[d] = product(x->dim, node->attr.perm[d] + 1, x->rank);
}

/* ------------------------------------------------------------ position -- */

/* In double, as s2vi_position() says: large angles want it. */
static int run_position(const s2vi_kernel *kernel, void *out, void *const *in,
                        void *scratch, const s2vi_clock *clock)
{
    const int64_t c = s2vi_shape_channels(&kernel->node->shape);
    const int64_t count = s2vi_shape_count(&kernel->node->shape);
    (void)in, (void)scratch, (void)clock;
    for (int64_t j = 0; j < c; j++) {
        const double rate = pow(10000, -(double)(j / 2 * 2) / (double)c);
        for (int64_t i = j; i < count; i += c) {
            const double angle = (double)(i / c) * rate;
            ((float *)out)[i] = (float)(j % 2 ? cos(angle) : sin(angle));
        }
    }
    return S2V_OK;
}

/* ---------------------------------------------------- gather, scatter -- */

static int run_gather(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    const data_kernel *k = self(kernel);
    int64_t rows = kernel->node->input[0]->shape.dim[0];
    (void)scratch, (void)clock;
    for (int64_t i = 0; i < k->outer; i++) {
        int64_t row = (int64_t)((const float *)in[1])[i];
        if (row < 0 || row >= rows)
            return S2V_ERR_INTERNAL;
        memcpy((float *)out + i * k->inner,
               (const float *)in[0] + row * k->inner,
               (size_t)k->inner * sizeof(float));
    }
    return S2V_OK;
}

static int run_scatter(const s2vi_kernel *kernel, void *out, void *const *in,
                       void *scratch, const s2vi_clock *clock)
{
    const data_kernel *k = self(kernel);
    const int64_t rows = kernel->node->shape.dim[0], n = rows * k->inner;
    double *sum = scratch; /* many rows may meet in one */
    (void)clock;
    memset(sum, 0, (size_t)n * sizeof(*sum));
    for (int64_t i = 0; i < k->outer; i++) {
        int64_t row = (int64_t)((const float *)in[1])[i];
        if (row < 0 || row >= rows)
            return S2V_ERR_INTERNAL;
        double *to = sum + row * k->inner;
        const float *from = (const float *)in[0] + i * k->inner;
        for (int64_t j = 0; j < k->inner; j++)
            to[j] += from[j];
    }
    for (int64_t i = 0; i < n; i++)
        ((float *)out)[i] = (float)sum[i];
    return S2V_OK;
}

/* ------------------------------------------------------------ compile -- */

static void set_extents(data_kernel *k, const s2vi_node *node)
{
    bool concat = node->op == S2VI_OP_CONCAT;
    int axis = concat ? node->attr.axis : 0;
    k->outer = concat ? product(node->shape.dim, 0, axis)
                      : node->input[1]->shape.dim[0];
    k->inner = product(node->shape.dim, axis + 1, node->shape.rank);
}

int s2vi_cpu_data(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                  s2v_error *err)
{
    data_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    (void)cpu;
    if (!k)
        return S2V_ERR_NOMEM;
    *kernel = &k->base;
    k->base.close = s2vi_kernel_free;
    switch (node->op) {
    case S2VI_OP_FILL: k->base.run = run_fill; break;
    case S2VI_OP_DETACH:
    case S2VI_OP_RESHAPE: k->base.run = run_copy; break;
    case S2VI_OP_POSITION: k->base.run = run_position; break;
    case S2VI_OP_PAD: k->base.run = run_pad; break;
    case S2VI_OP_PERMUTE:
        k->base.run = run_permute;
        set_strides(k, node);
        break;
    case S2VI_OP_CONCAT:
    case S2VI_OP_GATHER:
    case S2VI_OP_SCATTER:
        k->base.run = node->op == S2VI_OP_CONCAT   ? run_concat
                      : node->op == S2VI_OP_GATHER ? run_gather
                                                   : run_scatter;
        set_extents(k, node);
        if (node->op == S2VI_OP_SCATTER)
            k->base.scratch_size =
                (size_t)s2vi_shape_count(&node->shape) * sizeof(double);
        break;
    default:
        s2vi_kernel_free(*kernel);
        *kernel = NULL;
        return s2vi_error(err, S2V_ERR_INTERNAL, "device 'cpu' has no op '%s'",
                          s2vi_op_get(node->op)->name);
    }
    return S2V_OK;
}
