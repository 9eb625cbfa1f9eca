/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gated recurrent units: element by element, and with their convolutions. */
#include "backend/cuda/cuda.h"
#include "backend/cuda/window.h"

typedef struct gru_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    s2vi_cuda_launch launch;
    s2vi_dev_gru p;
    /* GRU_CELL */
    s2vi_cuda_product of_x, of_h;
    size_t gates_x, gates_h; /* bytes; none in bf16: the product has them */
} gru_kernel;

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const gru_kernel *k = (const gru_kernel *)kernel;
    s2vi_dev_gru p = k->p;
    p.a = in[0];
    p.b = in[1];
    p.out = out;
    p.h = in[2]; /* GRU, GRU_DA; the others do not read it */
    p.g = in[kernel->node->n_inputs - 1];
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

/* Inputs x, wx, wh, bx, bh, h. The result, written last, may be h. */
static int run_cell(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    (void)clock;
    const gru_kernel *k = (const gru_kernel *)kernel;
    char *a = scratch, *b = a + k->gates_x, *rest = b + k->gates_h;
    char *more = rest + k->of_x.scratch_size;
    s2vi_dev_gru p = k->p;
    p.a = (const float *)a;
    p.b = (const float *)b;
    p.rounded_a = s2vi_cuda_product_sum(&k->of_x, rest);
    p.rounded_b = s2vi_cuda_product_sum(&k->of_h, more);
    p.bias_a = in[3];
    p.bias_b = in[4];
    p.h = in[5];
    p.out = out;
    int ret = s2vi_cuda_product_run(&k->of_x, in[0], in[1], a, false, rest);
    if (!ret)
        ret = s2vi_cuda_product_run(&k->of_h, in[5], in[2], b, false, more);
    return ret < 0 ? ret : s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int pack(const s2vi_kernel *kernel, int i, const void *from, void *to)
{
    const gru_kernel *k = (const gru_kernel *)kernel;
    return s2vi_cuda_product_pack(i == 1 ? &k->of_x : &k->of_h, from, to);
}

static int open_cell(gru_kernel *k, const s2vi_node *node, uint32_t constant,
                     s2v_error *err)
{
    s2vi_shape gates = node->shape;
    gates.dim[gates.rank - 1] *= 3;
    k->base.run = run_cell;
    const size_t size =
        s2vi_cuda_aligned((size_t)s2vi_shape_count(&gates) * sizeof(float));
    int ret = s2vi_cuda_product_open(
        &k->of_x, k->cuda, S2VI_OP_CONV, &node->attr.window,
        &node->input[0]->shape, &node->input[1]->shape, &gates, false, err);
    if (!ret)
        ret = s2vi_cuda_product_open(
            &k->of_h, k->cuda, S2VI_OP_CONV, &node->attr.window, &node->shape,
            &node->input[2]->shape, &gates, false, err);
    if (!ret && constant & 2)
        k->base.packed_size[1] = s2vi_cuda_product_packs(&k->of_x);
    if (!ret && constant & 4)
        k->base.packed_size[2] = s2vi_cuda_product_packs(&k->of_h);
    k->base.pack = pack;
    k->gates_x = k->of_x.bf16 ? 0 : size;
    k->gates_h = k->of_h.bf16 ? 0 : size;
    k->base.scratch_size =
        k->gates_x + k->gates_h + k->of_x.scratch_size + k->of_h.scratch_size;
    return ret;
}

static const char *name_of(s2vi_op op)
{
    switch (op) {
    case S2VI_OP_GRU_DA: return "s2vi_k_gru_da";
    case S2VI_OP_GRU_DB: return "s2vi_k_gru_db";
    case S2VI_OP_GRU_DH: return "s2vi_k_gru_dh";
    default: return "s2vi_k_gru";
    }
}

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    gru_kernel *k = (gru_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    const bool is_gates =
        node->op == S2VI_OP_GRU_DA || node->op == S2VI_OP_GRU_DB;
    const s2vi_index three = is_gates ? 3 : 1;
    k->cuda = cuda;
    k->base.run = run;
    k->p.count = s2vi_cuda_count(&node->shape) / three;
    k->p.channels = (s2vi_index)s2vi_shape_channels(&node->shape) / three;
    int ret =
        s2vi_cuda_find(cuda, &k->launch, name_of(node->op), k->p.count, err);
    if (!ret && node->op == S2VI_OP_GRU_CELL)
        ret = open_cell(k, node, constant, err);
    return ret;
}

const s2vi_cuda_group s2vi_cuda_gru = {sizeof(gru_kernel), compile};
