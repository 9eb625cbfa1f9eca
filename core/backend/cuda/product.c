/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions and their adjoints by cuDNN; by our own kernel, which is slow,
 * where cuDNN has no plan or arrays begin where it may not read them.
 *
 * In bf16, where channels are what tensor cores take: image and weight are
 * rounded, and so is the result, which cuDNN sums up in f32 and gives in their
 * type only; whoever goes on with it reads it so. Gradients of weights stay
 * f32, as on the CPU.
 */
#include "backend/cuda/window.h"

#include <stdio.h>

enum { GRANULE = 8 }; /* channels of bf16 that tensor cores take at once */

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

/* -------------------------------------------------------------- opening -- */

static s2vi_dnn_task task_of(const s2vi_cuda_product *p, bool bf16, bool keep)
{
    const s2vi_dev_window *w = &p->own.window;
    s2vi_dnn_task task = {.op = (int32_t)p->op,
                          .bf16 = bf16,
                          .tf32 = !bf16 && p->cuda->tf32,
                          .keep = keep,
                          .images = (int32_t)p->own.images,
                          .cin = (int32_t)p->own.cin,
                          .cout = (int32_t)p->own.cout,
                          .groups = (int32_t)p->own.groups};
    for (int i = 0; i < 3; i++) {
        task.x[i] = w->x[i];
        task.y[i] = w->y[i];
        task.kernel[i] = w->kernel[i];
        task.stride[i] = w->stride[i];
        task.pad[i] = w->pad[i];
    }
    return task;
}

/* Of the first, the user hears. */
static void warn(const s2vi_cuda_product *p)
{
    s2vi_backend *backend = &p->cuda->base;
    const s2vi_dev_window *w = &p->own.window;
    if (!*backend->warning)
        snprintf(backend->warning, sizeof(backend->warning),
                 "cuDNN has no engine for a convolution of %u to %u channels "
                 "of %dx%dx%d by %dx%dx%d, which will be slow",
                 p->own.cin, p->own.cout, w->x[0], w->x[1], w->x[2],
                 w->kernel[0], w->kernel[1], w->kernel[2]);
}

/* What cuDNN does of it. In bf16 the result is added by others. */
static void ask_library(s2vi_cuda_product *p, bool keeps)
{
    s2vi_cuda *cuda = p->cuda;
    const bool may_round = cuda->bf16 && p->own.groups == 1 &&
                           p->op != S2VI_OP_CONV_WEIGHT &&
                           !(p->own.cin % GRANULE) && !(p->own.cout % GRANULE);
    if (may_round) {
        const s2vi_dnn_task task = task_of(p, true, false);
        p->plan[0] = s2vi_dnn_find(cuda->dnn, &task);
        p->bf16 = p->plan[0];
    }
    for (int keep = 0; !p->bf16 && keep <= keeps; keep++) {
        const s2vi_dnn_task task = task_of(p, false, keep);
        p->plan[keep] = s2vi_dnn_find(cuda->dnn, &task);
    }
    if (!p->plan[0] || (keeps && !p->bf16 && !p->plan[1]))
        warn(p);
    for (int i = 0; i < 2; i++)
        if (p->plan[i]) {
            const size_t size =
                s2vi_cuda_aligned(s2vi_dnn_workspace(p->plan[i]));
            if (p->scratch_size < size)
                p->scratch_size = size;
        }
}

static size_t narrow_size(const s2vi_cuda_product *p, int which)
{
    return s2vi_cuda_aligned(p->count[which] * sizeof(unsigned short));
}

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
                           const s2vi_shape *w, const s2vi_shape *y, bool keeps,
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
        .groups = (s2vi_index)(s2vi_shape_channels(x) / s2vi_shape_channels(w)),
        .window = s2vi_cuda_window(window, x, y, w->dim + 1),
    };
    int ret = s2vi_cuda_find(cuda, &p->launch, name_of(op), p->own.count, err);
    if (!ret)
        ask_library(p, keeps);
    return ret || !p->bf16 ? ret : prepare_bf16(p, err);
}

size_t s2vi_cuda_product_packs(s2vi_cuda_product *p)
{
    if (!p->bf16)
        return 0;
    p->packed = true;
    p->scratch_size -= narrow_size(p, 1);
    return narrow_size(p, 1);
}

/* ------------------------------------------------------------- running -- */

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

/* In scratch memory lie the result, the image, the weight unless it is packed,
 * and what cuDNN works in. */
unsigned short *s2vi_cuda_product_image(const s2vi_cuda_product *p,
                                        void *scratch)
{
    return p->bf16 ? (void *)((char *)scratch + narrow_size(p, 2)) : NULL;
}

const unsigned short *s2vi_cuda_product_sum(const s2vi_cuda_product *p,
                                            const void *scratch)
{
    return p->bf16 ? scratch : NULL;
}

static int run_bf16(const s2vi_cuda_product *p, const void *a, const void *b,
                    void *scratch)
{
    void *image = s2vi_cuda_product_image(p, scratch);
    char *weight = (char *)image + narrow_size(p, 0);
    char *rest = weight + (p->packed ? 0 : narrow_size(p, 1));
    int ret = a ? run_narrow(p, 0, a, image) : S2V_OK;
    if (!ret && !p->packed)
        ret = run_narrow(p, 1, b, weight);
    return ret < 0 ? ret
                   : s2vi_cuda_check_dnn(
                         p->cuda,
                         s2vi_dnn_run(p->cuda->dnn, p->plan[0], image,
                                      p->packed ? b : weight, scratch, rest));
}

int s2vi_cuda_product_run(const s2vi_cuda_product *p, const void *a,
                          const void *b, void *out, bool keep, void *scratch)
{
    if (p->bf16)
        return run_bf16(p, a, b, scratch);
    if (!p->plan[keep] || !s2vi_cuda_placed(a, b, out, S2VI_DNN_ALIGNMENT))
        return run_own(p, a, b, out, keep);
    return s2vi_cuda_check_dnn(
        p->cuda, s2vi_dnn_run(p->cuda->dnn, p->plan[keep], a, b, out, scratch));
}
