/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Convolutions, with what was folded into them (run/fuse.h). */
#include "backend/cuda/cuda.h"
#include "backend/cuda/window.h"

/* window.inc knows these by number. */
_Static_assert(S2VI_ACT_NONE == 0 && S2VI_ACT_LRELU == 1 &&
                   S2VI_ACT_TANH == 2 && S2VI_ACT_SIGMOID == 3,
               "activated() in device/window.inc");

typedef struct conv_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    s2vi_cuda_product product;
    bool finishes; /* something comes after the product, if only widening */
    s2vi_cuda_launch launch;
    s2vi_dev_finish finish;
    int bias, addend, plane; /* the inputs' numbers; 0: there is none */
    /* UPCONV: the image upsampled, in scratch memory; in bf16 where the product
     * has it, else before that. */
    bool ups;
    s2vi_cuda_launch up_launch;
    s2vi_dev_move up;
    size_t up_size; /* bytes */
} conv_kernel;

/* bias, addend, plane and scale; an addend in place is in the product, or in
 * `out` where that is `rounded`. */
static int run_finish(const conv_kernel *k, void *out, void *const *in,
                      bool in_place, const unsigned short *rounded)
{
    s2vi_dev_finish p = k->finish;
    p.out = out;
    p.rounded = rounded;
    p.keep = in_place;
    if (k->bias)
        p.bias = in[k->bias];
    if (k->addend && !in_place)
        p.addend = in[k->addend];
    if (k->plane) {
        p.plane = in[k->plane];
        p.scale = in[k->plane + 1];
    }
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    (void)clock;
    const conv_kernel *k = (const conv_kernel *)kernel;
    const bool in_place = k->addend && in[k->addend] == out;
    const void *x = in[0];
    int ret = S2V_OK;
    if (k->ups) {
        s2vi_dev_move up = k->up;
        up.in = in[0];
        up.out = scratch;
        up.rounded = s2vi_cuda_product_image(&k->product, scratch);
        ret = s2vi_cuda_start(k->cuda, &k->up_launch, &up);
        x = up.rounded ? NULL : scratch;
        scratch = (char *)scratch + k->up_size;
    }
    if (!ret)
        ret = s2vi_cuda_product_run(&k->product, x, in[1], out, in_place,
                                    scratch);
    if (ret < 0 || !k->finishes)
        return ret;
    return run_finish(k, out, in, in_place,
                      s2vi_cuda_product_sum(&k->product, scratch));
}

/* What follows image and weight: a bias, an addend, a plane and its scale. */
static int open_finish(conv_kernel *k, const s2vi_node *node, s2v_error *err)
{
    int left = node->n_inputs - 2 * node->attr.plane;
    if (node->op == S2VI_OP_CONV_WEIGHT)
        return S2V_OK;
    k->plane = node->attr.plane ? left : 0;
    left -= node->attr.accumulate;
    k->addend = node->attr.accumulate ? left : 0;
    k->bias = left > 2 ? 2 : 0;
    k->finishes =
        k->plane || k->addend || k->bias || node->attr.act || k->product.bf16;
    k->finish = (s2vi_dev_finish){
        .count = s2vi_cuda_count(&node->shape),
        .channels = (s2vi_index)s2vi_shape_channels(&node->shape),
        .act = (int)node->attr.act,
        .slope = (float)node->attr.slope,
    };
    return s2vi_cuda_find(k->cuda, &k->launch, "s2vi_k_finish", k->finish.count,
                          err);
}

static int open_upconv(conv_kernel *k, const s2vi_node *node, s2v_error *err)
{
    static const s2vi_window window = {
        .rank = 2, .stride = {1, 1}, .pad_lo = {1, 1}, .pad_hi = {1, 1}};
    s2vi_shape x = node->input[0]->shape;
    x.dim[1] *= 2;
    x.dim[2] *= 2;
    k->up = s2vi_cuda_move_of(&x, &node->input[0]->shape);
    k->up.factor[1] = k->up.factor[2] = 2;
    k->ups = true;
    int ret =
        s2vi_cuda_find(k->cuda, &k->up_launch, "s2vi_k_move", k->up.count, err);
    if (!ret)
        ret = s2vi_cuda_product_open(&k->product, k->cuda, S2VI_OP_CONV,
                                     &window, &x, &node->input[1]->shape,
                                     &node->shape, node->attr.accumulate, err);
    if (!ret && !k->product.bf16)
        k->up_size = s2vi_cuda_aligned(k->up.count * sizeof(float));
    return ret;
}

static int open_product(conv_kernel *k, const s2vi_node *node, s2v_error *err)
{
    const s2vi_shape *a = &node->input[0]->shape, *b = &node->input[1]->shape;
    const s2vi_shape *result = &node->shape;
    const s2vi_window *window = &node->attr.window;
    const bool keeps = node->attr.accumulate;
    switch (node->op) {
    case S2VI_OP_UPCONV: return open_upconv(k, node, err);
    case S2VI_OP_CONV_DATA:
        return s2vi_cuda_product_open(&k->product, k->cuda, node->op, window,
                                      result, b, a, keeps, err);
    case S2VI_OP_CONV_WEIGHT:
        return s2vi_cuda_product_open(&k->product, k->cuda, node->op, window, a,
                                      result, b, keeps, err);
    default:
        return s2vi_cuda_product_open(&k->product, k->cuda, node->op, window, a,
                                      b, result, keeps, err);
    }
}

static int pack(const s2vi_kernel *kernel, int i, const void *from, void *to)
{
    (void)i; /* the weight, input 1 */
    return s2vi_cuda_product_pack(&((const conv_kernel *)kernel)->product, from,
                                  to);
}

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    conv_kernel *k = (conv_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    k->cuda = cuda;
    k->base.run = run;
    int ret = open_product(k, node, err);
    if (!ret)
        ret = open_finish(k, node, err);
    if (!ret && constant & 2)
        k->base.packed_size[1] = s2vi_cuda_product_packs(&k->product);
    k->base.pack = pack;
    k->base.scratch_size = k->up_size + k->product.scratch_size;
    return ret;
}

const s2vi_cuda_group s2vi_cuda_conv = {sizeof(conv_kernel), compile};
