/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions and their adjoints by cuDNN; by our own kernel, which is slow,
 * where cuDNN has no algorithm or arrays begin where it may not read them.
 *
 * In bf16, where channels are what tensor cores take: image and weight are
 * rounded, and so is the result, which cuDNN sums up in f32 and gives in their
 * type only. Gradients of weights stay f32, as on the CPU.
 *
 * cuDNN's own layouts are described by strides: channels last, as ours are. It
 * pads both sides alike; where ours differ, a padded copy of x is made.
 */
#include "backend/cuda/window.h"

#include <string.h>

enum {
    LIMIT = 512 << 20, /* bytes that an algorithm may work in */
    PLACE = 16,        /* bytes that arrays must be aligned to for cuDNN */
    ASKED = 10,        /* algorithms */
    GRANULE = 8,       /* channels of bf16 that tensor cores take at once */
};

s2vi_dev_window s2vi_cuda_window(const s2vi_window *window, const s2vi_shape *x,
                                 const s2vi_shape *y, const int64_t *kernel)
{
    s2vi_dev_window w = {.x_size = 1, .y_size = 1, .taps = 1};
    for (int i = 0; i < 3; i++) {
        const int from = i - (3 - window->rank);
        const bool given = from >= 0;
        w.x[i] = given ? (int)x->dim[1 + from] : 1;
        w.y[i] = given ? (int)y->dim[1 + from] : 1;
        w.kernel[i] = given ? (int)kernel[from] : 1;
        w.stride[i] = given ? window->stride[from] : 1;
        w.pad[i] = given ? window->pad_lo[from] : 0;
        w.x_size *= (s2vi_index)w.x[i];
        w.y_size *= (s2vi_index)w.y[i];
        w.taps *= (s2vi_index)w.kernel[i];
    }
    return w;
}

/* ------------------------------------------------------- asking cuDNN -- */

/* One or two dimensions are two of cuDNN's, three are three. */
static int dimensions(const s2vi_dev_window *w)
{
    return w->x[0] == 1 && w->kernel[0] == 1 && w->y[0] == 1 ? 2 : 3;
}

static cudnnDataType_t type_of(const s2vi_cuda_product *p)
{
    return p->bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

/* What cuDNN calls its default is TF32, where there is no need to forbid it. */
static cudnnMathType_t math_of(const s2vi_cuda_product *p)
{
    if (p->bf16)
        return CUDNN_TENSOR_OP_MATH;
    return p->cuda->tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
}

/* (images, channels, spatial), channels last in memory. */
static cudnnStatus_t describe(const s2vi_cuda_product *p,
                              cudnnTensorDescriptor_t tensor,
                              s2vi_index channels, const int *spatial, int n)
{
    int dim[5] = {(int)p->own.images, (int)channels}, stride[5] = {0, 1};
    int step = (int)channels;
    for (int i = n - 1; i >= 0; i--) {
        dim[2 + i] = spatial[3 - n + i];
        stride[2 + i] = step;
        step *= dim[2 + i];
    }
    stride[0] = step;
    return cudnnSetTensorNdDescriptor(tensor, type_of(p), 2 + n, dim, stride);
}

static cudnnStatus_t describe_all(s2vi_cuda_product *p)
{
    const s2vi_dev_window *w = &p->own.window;
    const int n = dimensions(w), *pad = w->pad + 3 - n;
    const int *stride = w->stride + 3 - n, one[3] = {1, 1, 1};
    int filter[5] = {(int)p->own.cout, (int)p->own.cin};
    memcpy(filter + 2, w->kernel + 3 - n, (size_t)n * sizeof(int));
    cudnnStatus_t s = describe(p, p->x, p->own.cin, w->x, n);
    if (!s)
        s = describe(p, p->y, p->own.cout, w->y, n);
    if (!s)
        s = cudnnSetFilterNdDescriptor(p->w, type_of(p), CUDNN_TENSOR_NHWC,
                                       2 + n, filter);
    if (!s)
        s = cudnnSetConvolutionNdDescriptor(p->conv, n, pad, stride, one,
                                            CUDNN_CROSS_CORRELATION,
                                            CUDNN_DATA_FLOAT);
    if (!s)
        s = cudnnSetConvolutionMathType(p->conv, math_of(p));
    return s;
}

/* The first of the algorithms, best first, that always gives the same bits and
 * is small enough. Three types of result differ in nothing but their name. */
#define CHOOSE(p, found, n)                                                    \
    for (int i = 0; i < (n); i++)                                              \
        if ((found)[i].status == CUDNN_STATUS_SUCCESS &&                       \
            (found)[i].determinism == CUDNN_DETERMINISTIC &&                   \
            (found)[i].memory <= LIMIT) {                                      \
            (p)->algorithm = (int)(found)[i].algo;                             \
            (p)->workspace = (found)[i].memory;                                \
            return math_of(p) == CUDNN_FMA_MATH ||                             \
                   !cudnnSetConvolutionMathType((p)->conv,                     \
                                                (found)[i].mathType);          \
        }

static bool choose_forward(s2vi_cuda_product *p)
{
    cudnnConvolutionFwdAlgoPerf_t found[ASKED];
    int n = 0;
    if (cudnnGetConvolutionForwardAlgorithm_v7(p->cuda->dnn, p->x, p->w,
                                               p->conv, p->y, ASKED, &n, found))
        return false;
    CHOOSE(p, found, n)
    return false;
}

static bool choose_data(s2vi_cuda_product *p)
{
    cudnnConvolutionBwdDataAlgoPerf_t found[ASKED];
    int n = 0;
    if (cudnnGetConvolutionBackwardDataAlgorithm_v7(
            p->cuda->dnn, p->w, p->y, p->conv, p->x, ASKED, &n, found))
        return false;
    CHOOSE(p, found, n)
    return false;
}

static bool choose_weight(s2vi_cuda_product *p)
{
    cudnnConvolutionBwdFilterAlgoPerf_t found[ASKED];
    int n = 0;
    if (cudnnGetConvolutionBackwardFilterAlgorithm_v7(
            p->cuda->dnn, p->x, p->y, p->conv, p->w, ASKED, &n, found))
        return false;
    CHOOSE(p, found, n)
    return false;
}

static bool start_library(s2vi_cuda *cuda)
{
    if (cuda->dnn)
        return true;
    if (cudnnCreate(&cuda->dnn)) {
        cuda->dnn = NULL;
        return false;
    }
    return !cudnnSetStream(cuda->dnn, cuda->stream);
}

/* Whether cuDNN does it, in bf16 or not. */
static bool choose(s2vi_cuda_product *p, bool bf16)
{
    p->bf16 = bf16;
    if (describe_all(p))
        return false;
    switch (p->op) {
    case S2VI_OP_CONV_DATA: return choose_data(p);
    case S2VI_OP_CONV_WEIGHT: return choose_weight(p);
    default: return choose_forward(p);
    }
}

static bool ask_library(s2vi_cuda_product *p)
{
    const bool bf16 = p->cuda->bf16 && p->op != S2VI_OP_CONV_WEIGHT &&
                      !(p->own.cin % GRANULE) && !(p->own.cout % GRANULE);
    if (!start_library(p->cuda) || cudnnCreateTensorDescriptor(&p->x) ||
        cudnnCreateTensorDescriptor(&p->y) ||
        cudnnCreateFilterDescriptor(&p->w) ||
        cudnnCreateConvolutionDescriptor(&p->conv))
        return false;
    return (bf16 && choose(p, true)) || choose(p, false);
}

/* -------------------------------------------------------------- opening -- */

/* Whether padding as much after each dimension gives as many windows. */
static bool is_even(const s2vi_dev_window *w)
{
    for (int i = 0; i < 3; i++) {
        const int span = w->x[i] + 2 * w->pad[i] - w->kernel[i];
        if (span < 0 || span / w->stride[i] + 1 != w->y[i])
            return false;
    }
    return true;
}

/* Let the library see x with its padding, as much of it as windows reach:
 * copied before a run, or for CONV_DATA after it. */
static int stage(s2vi_cuda_product *p, s2v_error *err)
{
    s2vi_dev_window *w = &p->own.window;
    const bool back = p->op == S2VI_OP_CONV_DATA;
    const int64_t n = p->own.images, c = p->own.cin;
    const s2vi_shape x = S2VI_SHAPE(n, w->x[0], w->x[1], w->x[2], c);
    s2vi_shape all = x;
    for (int i = 0; i < 3; i++)
        all.dim[1 + i] = (w->y[i] - 1) * w->stride[i] + w->kernel[i];
    p->stage = back ? s2vi_cuda_move_of(&x, &all) : s2vi_cuda_move_of(&all, &x);
    for (int i = 0; i < 3; i++) {
        p->stage.lo[1 + i] = back ? -w->pad[i] : w->pad[i];
        w->x[i] = (int)all.dim[1 + i];
        w->pad[i] = 0;
    }
    w->x_size = (s2vi_index)(w->x[0] * w->x[1] * w->x[2]);
    p->stages = true;
    p->staged =
        s2vi_cuda_aligned((size_t)s2vi_shape_count(&all) * sizeof(float));
    return s2vi_cuda_find(p->cuda, &p->stage_launch, "s2vi_k_move",
                          p->stage.count, err);
}

static size_t narrow_size(const s2vi_cuda_product *p, int which)
{
    return s2vi_cuda_aligned(p->count[which] * sizeof(unsigned short));
}

/* After ask_library(), which has chosen for the window as cuDNN sees it. */
static int prepare_bf16(s2vi_cuda_product *p, s2v_error *err)
{
    const s2vi_dev_window *w = &p->own.window;
    const s2vi_index x = p->own.images * w->x_size * p->own.cin;
    const s2vi_index y = p->own.images * w->y_size * p->own.cout;
    const bool back = p->op == S2VI_OP_CONV_DATA;
    p->count[0] = back ? y : x;
    p->count[1] = p->own.cout * w->taps * p->own.cin;
    p->count[2] = back ? x : y;
    int ret = S2V_OK;
    for (int i = 0; i < 2 && !ret; i++)
        ret = s2vi_cuda_find(p->cuda, &p->narrow[i], "s2vi_k_narrow",
                             p->count[i], err);
    if (!ret)
        ret = s2vi_cuda_find(p->cuda, &p->widen, "s2vi_k_widen", p->count[2],
                             err);
    for (int i = 0; i < 3; i++)
        p->scratch_size += narrow_size(p, i);
    return ret;
}

static const char *name_of(s2vi_op op)
{
    switch (op) {
    case S2VI_OP_CONV_DATA: return "s2vi_k_conv_data";
    case S2VI_OP_CONV_WEIGHT: return "s2vi_k_conv_weight";
    default: return "s2vi_k_conv";
    }
}

int s2vi_cuda_product_open(s2vi_cuda_product *p, s2vi_cuda *cuda, s2vi_op op,
                           const s2vi_window *window, const s2vi_shape *x,
                           const s2vi_shape *w, const s2vi_shape *y,
                           s2v_error *err)
{
    const s2vi_shape *out = op == S2VI_OP_CONV_DATA     ? x
                            : op == S2VI_OP_CONV_WEIGHT ? w
                                                        : y;
    *p = (s2vi_cuda_product){.cuda = cuda, .op = op};
    p->own = (s2vi_dev_conv){
        .count = s2vi_cuda_count(out),
        .images = (s2vi_index)x->dim[0],
        .cin = (s2vi_index)s2vi_shape_channels(x),
        .cout = (s2vi_index)s2vi_shape_channels(y),
        .window = s2vi_cuda_window(window, x, y, w->dim + 1),
    };
    const s2vi_dev_window given = p->own.window;
    int ret = s2vi_cuda_find(cuda, &p->launch, name_of(op), p->own.count, err);
    if (!ret && !is_even(&given))
        ret = stage(p, err);
    if (ret < 0)
        return ret;
    p->library = ask_library(p);
    if (p->library)
        p->scratch_size = s2vi_cuda_aligned(p->workspace) + p->staged;
    if (p->library && p->bf16)
        ret = prepare_bf16(p, err);
    p->own.window = given;
    return ret;
}

size_t s2vi_cuda_product_packs(s2vi_cuda_product *p)
{
    /* Our own kernel may be what runs a staged adjoint. */
    if (!p->library || !p->bf16 || (p->stages && p->op == S2VI_OP_CONV_DATA))
        return 0;
    p->packed = true;
    p->scratch_size -= narrow_size(p, 1);
    return narrow_size(p, 1);
}

void s2vi_cuda_product_close(s2vi_cuda_product *p)
{
    if (p->x)
        cudnnDestroyTensorDescriptor(p->x);
    if (p->y)
        cudnnDestroyTensorDescriptor(p->y);
    if (p->w)
        cudnnDestroyFilterDescriptor(p->w);
    if (p->conv)
        cudnnDestroyConvolutionDescriptor(p->conv);
}

/* ------------------------------------------------------------- running -- */

static cudnnStatus_t run_library(const s2vi_cuda_product *p, const void *a,
                                 const void *b, void *out, bool keep,
                                 void *scratch)
{
    const float alpha = 1, beta = keep;
    cudnnHandle_t dnn = p->cuda->dnn;
    switch (p->op) {
    case S2VI_OP_CONV_DATA: /* y, w: x */
        return cudnnConvolutionBackwardData(
            dnn, &alpha, p->w, b, p->y, a, p->conv,
            (cudnnConvolutionBwdDataAlgo_t)p->algorithm, scratch, p->workspace,
            &beta, p->x, out);
    case S2VI_OP_CONV_WEIGHT: /* x, y: w */
        return cudnnConvolutionBackwardFilter(
            dnn, &alpha, p->x, a, p->y, b, p->conv,
            (cudnnConvolutionBwdFilterAlgo_t)p->algorithm, scratch,
            p->workspace, &beta, p->w, out);
    default: /* x, w: y */
        return cudnnConvolutionForward(dnn, &alpha, p->x, a, p->w, b, p->conv,
                                       (cudnnConvolutionFwdAlgo_t)p->algorithm,
                                       scratch, p->workspace, &beta, p->y, out);
    }
}

static int run_own(const s2vi_cuda_product *p, const void *a, const void *b,
                   void *out, bool keep)
{
    s2vi_dev_conv params = p->own;
    params.a = a;
    params.b = b;
    params.out = out;
    params.keep = keep;
    return s2vi_cuda_start(p->cuda, &p->launch, &params);
}

static int run_stage(const s2vi_cuda_product *p, const void *in, void *out)
{
    s2vi_dev_move params = p->stage;
    params.in = in;
    params.out = out;
    return s2vi_cuda_start(p->cuda, &p->stage_launch, &params);
}

static int run_narrow(const s2vi_cuda_product *p, int which, const void *in,
                      void *out)
{
    const s2vi_dev_narrow params = {in, out, p->count[which]};
    return s2vi_cuda_start(p->cuda, &p->narrow[which], &params);
}

int s2vi_cuda_product_pack(const s2vi_cuda_product *p, const void *b, void *to)
{
    return run_narrow(p, 1, b, to);
}

static int run_bf16(const s2vi_cuda_product *p, const void *a, const void *b,
                    void *out, bool keep, void *scratch)
{
    char *a16 = scratch, *b16 = a16 + narrow_size(p, 0);
    char *out16 = b16 + (p->packed ? 0 : narrow_size(p, 1));
    char *rest = out16 + narrow_size(p, 2);
    const s2vi_dev_widen widen = {(unsigned short *)out16, out, p->count[2],
                                  keep};
    int ret = run_narrow(p, 0, a, a16);
    if (!ret && !p->packed)
        ret = run_narrow(p, 1, b, b16);
    if (!ret)
        ret = s2vi_cuda_check_dnn(
            p->cuda,
            run_library(p, a16, p->packed ? b : b16, out16, false, rest));
    return ret < 0 ? ret : s2vi_cuda_start(p->cuda, &p->widen, &widen);
}

static bool is_placed(const void *memory)
{
    return (uintptr_t)memory % PLACE == 0;
}

int s2vi_cuda_product_run(const s2vi_cuda_product *p, const void *a,
                          const void *b, void *out, bool keep, void *scratch)
{
    const bool back = p->op == S2VI_OP_CONV_DATA;
    const bool placed = is_placed(a) && is_placed(b) && is_placed(out);
    if (!p->library || (!p->bf16 && !placed) || (p->stages && back && keep))
        return run_own(p, a, b, out, keep);
    void *staged = scratch, *to = p->stages && back ? staged : out;
    int ret = S2V_OK;
    scratch = (char *)scratch + p->staged;
    if (p->stages && !back) {
        ret = run_stage(p, a, staged);
        a = staged;
    }
    if (!ret)
        ret = p->bf16 ? run_bf16(p, a, b, to, keep, scratch)
                      : s2vi_cuda_check_dnn(
                            p->cuda, run_library(p, a, b, to, keep, scratch));
    return ret < 0 || !p->stages || !back ? ret : run_stage(p, staged, out);
}
