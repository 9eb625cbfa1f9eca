/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CONV, CONV_DATA, CONV_WEIGHT: oneDNN's convolutions as kernels. */
#include "backend/cpu/dnnl.h"

#include <oneapi/dnnl/dnnl.h>
#include <string.h>

typedef struct conv_kernel {
    s2vi_kernel base;
    s2vi_dnnl_conv *conv;
    const s2vi_simd *simd;
    bool packed;  /* input 1 comes in oneDNN's own form */
    size_t bytes; /* of the result */
} conv_kernel;

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static void close_kernel(s2vi_kernel *kernel)
{
    s2vi_dnnl_conv_close(((conv_kernel *)kernel)->conv);
    s2vi_kernel_free(kernel);
}

static int instance(const s2vi_kernel *kernel, s2vi_kernel **other)
{
    conv_kernel *k = s2vi_kernel_create(sizeof(*k), kernel->node, NULL);
    *other = k ? &k->base : NULL;
    if (!k)
        return S2V_ERR_NOMEM;
    *k = *(const conv_kernel *)kernel;
    k->conv = s2vi_dnnl_conv_clone(k->conv);
    if (k->conv)
        return S2V_OK;
    close_kernel(*other);
    *other = NULL;
    return S2V_ERR_NOMEM;
}

static int pack(const s2vi_kernel *kernel, int i, const void *from, void *to)
{
    (void)i; /* the weight is the only input that is packed */
    return s2vi_dnnl_pack(((const conv_kernel *)kernel)->conv, from, to);
}

/* Weights in oneDNN's form: given so, or made so at the scratch's start. */
static void *packed_weight(const conv_kernel *k, void *const *in,
                           char **scratch)
{
    if (k->packed)
        return in[1];
    void *to = *scratch;
    *scratch += aligned(s2vi_dnnl_packed_size(k->conv));
    return s2vi_dnnl_pack(k->conv, in[1], to) < 0 ? NULL : to;
}

static int run_forward(const s2vi_kernel *kernel, void *out, void *const *in,
                       void *scratch, const s2vi_clock *clock)
{
    const conv_kernel *k = (const conv_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    char *rest = scratch;
    (void)clock;
    void *w = packed_weight(k, in, &rest);
    int last = node->n_inputs - 1;
    if (node->attr.accumulate && in[last] != out)
        memcpy(out, in[last], k->bytes);
    bool bias = node->n_inputs - node->attr.accumulate > 2;
    return w ? s2vi_dnnl_run(k->conv, in[0], w, bias ? in[2] : NULL, out, rest)
             : S2V_ERR_DEVICE;
}

/* Elements that one thread takes at a time, in whole pixels. */
#define PIECE 4096

/* oneDNN's adjoint takes no bias, addend or activation: they follow.
 * out = act(from + bias + addend); `out` may be either. */
static void finish_data(const conv_kernel *k, float *out, const float *from,
                        const float *bias, const float *addend)
{
    const s2vi_node *node = k->base.node;
    s2vi_simd_map *const *map = k->simd->map;
    const int64_t n = (int64_t)(k->bytes / sizeof(float));
    const int c = (int)s2vi_shape_channels(&node->shape);
    const int piece = c < PIECE ? PIECE / c * c : c;
    s2vi_chain_step step = {.slope = node->attr.slope, .scale = 1};
    s2vi_op act = node->attr.act == S2VI_ACT_LRELU  ? S2VI_OP_LRELU
                  : node->attr.act == S2VI_ACT_TANH ? S2VI_OP_TANH
                                                    : S2VI_OP_SIGMOID;
#pragma omp parallel for schedule(static) if (n > 4 * PIECE)
    for (int64_t i = 0; i < n; i += piece) {
        const int m = n - i < piece ? (int)(n - i) : piece;
        const float *x = from + i;
        float *y = out + i;
        if (addend) {
            map[S2VI_OP_ADD](y, x, addend + i, m, &step);
            x = y;
        }
        for (int j = 0; bias && j < m; j += c)
            map[S2VI_OP_ADD](y + j, x + j, bias, c, &step);
        if (node->attr.act)
            map[act](y, bias ? y : x, y, m, &step);
    }
}

static int run_data(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    const conv_kernel *k = (const conv_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    char *rest = scratch;
    void *to = out, *addend = NULL;
    (void)clock;
    if (node->attr.accumulate) {
        addend = in[node->n_inputs - 1];
        if (addend == out) { /* not to be overwritten yet */
            to = rest;
            rest += aligned(k->bytes);
        }
    }
    void *w = packed_weight(k, in, &rest);
    int ret =
        w ? s2vi_dnnl_run(k->conv, to, w, NULL, in[0], rest) : S2V_ERR_DEVICE;
    bool bias = node->n_inputs - node->attr.accumulate > 2;
    if (ret >= 0 && (node->n_inputs > 2 || node->attr.act))
        finish_data(k, out, to, bias ? in[2] : NULL, addend);
    return ret;
}

static int run_weight(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    const conv_kernel *k = (const conv_kernel *)kernel;
    char *rest = (char *)scratch + aligned(s2vi_dnnl_packed_size(k->conv));
    (void)clock;
    int ret = s2vi_dnnl_run(k->conv, in[0], scratch, NULL, in[1], rest);
    return ret < 0 ? ret : s2vi_dnnl_unpack(k->conv, scratch, out);
}

/* ----------------------------------------------- points a stride apart -- */

/*
 * CONV_WEIGHT of a kernel of one tap and a stride, without padding. oneDNN
 * (2.6.3, jit_1x1) writes outside its arrays for some of these with few
 * channels; it is one product of matrices, once the points are side by side.
 */
static bool is_points(const s2vi_node *node)
{
    const s2vi_window *w = &node->attr.window;
    bool strided = false;
    for (int i = 0; i < w->rank; i++) {
        if (node->shape.dim[1 + i] != 1 || w->pad_lo[i] || w->pad_hi[i])
            return false;
        strided |= w->stride[i] > 1;
    }
    return node->op == S2VI_OP_CONV_WEIGHT && strided && !s2vi_is_grouped(node);
}

static int run_points(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    const s2vi_node *node = kernel->node;
    const s2vi_shape *x = &node->input[0]->shape, *y = &node->input[1]->shape;
    const int64_t cin = s2vi_shape_channels(x), cout = s2vi_shape_channels(y);
    const int64_t rows = s2vi_shape_count(y) / cout;
    float *points = scratch;
    (void)clock;
    for (int64_t row = 0; row < rows; row++) {
        int64_t rest = row, at = 0, step = 1;
        for (int d = x->rank - 2; d >= 0; d--) {
            const int stride = d ? node->attr.window.stride[d - 1] : 1;
            at += rest % y->dim[d] * stride * step;
            rest /= y->dim[d];
            step *= x->dim[d];
        }
        memcpy(points + row * cin, (const float *)in[0] + at * cin,
               (size_t)cin * sizeof(*points));
    }
    return dnnl_sgemm('T', 'N', cout, cin, rows, 1, in[1], cout, points, cin, 0,
                      out, cin) == dnnl_success
               ? S2V_OK
               : S2V_ERR_DEVICE;
}

static int compile_points(const s2vi_node *node, s2vi_kernel **kernel,
                          s2v_error *err)
{
    const s2vi_shape *x = &node->input[0]->shape, *y = &node->input[1]->shape;
    s2vi_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->scratch_size = (size_t)(s2vi_shape_count(y) / s2vi_shape_channels(y) *
                               s2vi_shape_channels(x)) *
                      sizeof(float);
    k->run = run_points;
    k->close = s2vi_kernel_free;
    *kernel = k;
    return S2V_OK;
}

/* ------------------------------------------- groups in three dimensions -- */

/*
 * CONV_WEIGHT of grouped channels in three dimensions. oneDNN (2.6.3) gives
 * infinite results for some of these; no network has them: a plain sum.
 */
static bool is_solid(const s2vi_node *node)
{
    return node->op == S2VI_OP_CONV_WEIGHT && s2vi_is_grouped(node) &&
           node->attr.window.rank == 3;
}

/* Of one weight, over all results whose tap lies inside. */
static double solid_sum(const s2vi_node *node, const float *x, const float *y,
                        const int64_t *tap)
{
    const s2vi_window *w = &node->attr.window;
    const int64_t *in = node->input[0]->shape.dim;
    const int64_t *out = node->input[1]->shape.dim;
    const int64_t points = out[1] * out[2] * out[3];
    double sum = 0;
    for (int64_t i = 0; i < out[0] * points; i++) {
        const int64_t rest = i % points;
        const int64_t place[] = {rest / out[3] / out[2], rest / out[3] % out[2],
                                 rest % out[3]};
        int64_t flat = i / points;
        bool inside = true;
        for (int d = 0; d < 3; d++) {
            const int64_t at = place[d] * w->stride[d] + tap[d] - w->pad_lo[d];
            inside = inside && at >= 0 && at < in[1 + d];
            flat = flat * in[1 + d] + at;
        }
        if (inside)
            sum += (double)x[flat * in[4]] * y[i * out[4]];
    }
    return sum;
}

static int run_solid(const s2vi_kernel *kernel, void *out, void *const *in,
                     void *scratch, const s2vi_clock *clock)
{
    const s2vi_node *node = kernel->node;
    const int64_t *w = node->shape.dim;
    const int64_t results = w[0] / node->attr.groups;
    (void)scratch, (void)clock;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < s2vi_shape_count(&node->shape); i++) {
        const int64_t line = i / w[4], co = line / w[3] / w[2] / w[1];
        const int64_t tap[] = {line / w[3] / w[2] % w[1], line / w[3] % w[2],
                               line % w[3]};
        ((float *)out)[i] = (float)solid_sum(
            node, (const float *)in[0] + co / results * w[4] + i % w[4],
            (const float *)in[1] + co, tap);
    }
    return S2V_OK;
}

static int compile_solid(const s2vi_node *node, s2vi_kernel **kernel,
                         s2v_error *err)
{
    s2vi_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->run = run_solid;
    k->close = s2vi_kernel_free;
    *kernel = k;
    return S2V_OK;
}

/* ------------------------------------------------------------- compile -- */

static s2vi_dnnl_spec spec_of(const s2vi_node *node)
{
    const s2vi_shape *a = &node->input[0]->shape, *b = &node->input[1]->shape;
    s2vi_dnnl_spec spec = {.window = node->attr.window,
                           .groups = node->attr.groups};
    switch (node->op) {
    case S2VI_OP_CONV:
        spec.kind = S2VI_DNNL_FORWARD;
        spec.x = *a, spec.w = *b, spec.y = node->shape;
        spec.bias = node->n_inputs - node->attr.accumulate > 2;
        spec.accumulate = node->attr.accumulate;
        spec.act = node->attr.act;
        spec.slope = (float)node->attr.slope;
        break;
    case S2VI_OP_CONV_DATA:
        spec.kind = S2VI_DNNL_DATA;
        spec.x = node->shape, spec.w = *b, spec.y = *a;
        break;
    default:
        spec.kind = S2VI_DNNL_WEIGHT;
        spec.x = *a, spec.w = node->shape, spec.y = *b;
        break;
    }
    return spec;
}

int s2vi_cpu_conv(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                  s2vi_kernel **kernel, s2v_error *err)
{
    if (node->attr.plane)
        return s2vi_error(err, S2V_ERR_INTERNAL,
                          "device 'cpu' adds planes to 3x3 convolutions of "
                          "large images only");
    if (is_points(node))
        return compile_points(node, kernel, err);
    if (is_solid(node))
        return compile_solid(node, kernel, err);
    conv_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    s2vi_dnnl_spec spec = spec_of(node);
    *kernel = &k->base;
    k->simd = cpu->simd;
    k->bytes = (size_t)s2vi_shape_count(&node->shape) * sizeof(float);
    k->base.close = close_kernel;
    k->base.instance = instance;
    k->base.pack = pack;
    k->base.run = node->op == S2VI_OP_CONV        ? run_forward
                  : node->op == S2VI_OP_CONV_DATA ? run_data
                                                  : run_weight;
    k->conv = s2vi_dnnl_conv_create(cpu, &spec);
    if (!k->conv) {
        s2vi_kernel_free(*kernel);
        *kernel = NULL;
        return s2vi_error(
            err, S2V_ERR_DEVICE,
            "oneDNN does not support a %s of this shape, or is out of memory",
            s2vi_op_get(node->op)->name);
    }
    size_t packed = s2vi_dnnl_packed_size(k->conv);
    k->packed = node->op != S2VI_OP_CONV_WEIGHT && constant & 2u;
    if (k->packed)
        k->base.packed_size[1] = packed;
    k->base.scratch_size =
        s2vi_dnnl_scratch_size(k->conv) + 64 +
        (k->packed ? 0 : aligned(packed)) +
        (node->op == S2VI_OP_CONV_DATA && node->attr.accumulate
             ? aligned(k->bytes)
             : 0);
    return S2V_OK;
}
