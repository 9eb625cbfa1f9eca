/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moving data: copies, cuts, permutations, rows. */
#include "backend/cuda/cuda.h"

#include <string.h>

typedef struct data_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    s2vi_cuda_launch launch;
    size_t bytes; /* of the result */
    union {
        s2vi_dev_move move;
        s2vi_dev_rows rows;
        s2vi_dev_warp warp;
        s2vi_dev_fir fir;
    } p;
} data_kernel;

static int run_copy(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const data_kernel *k = (const data_kernel *)kernel;
    return s2vi_cuda_copy(k->cuda, out, in[0], k->bytes);
}

static int run_move(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const data_kernel *k = (const data_kernel *)kernel;
    s2vi_dev_move p = k->p.move;
    p.in = in[0];
    p.out = out;
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int run_rows(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const data_kernel *k = (const data_kernel *)kernel;
    s2vi_dev_rows p = k->p.rows;
    p.in = in[0];
    p.index = in[1];
    p.out = out;
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int run_warp(const s2vi_kernel *kernel, void *out, void *const *in,
                    void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const data_kernel *k = (const data_kernel *)kernel;
    s2vi_dev_warp p = k->p.warp;
    p.in = in[0];
    p.flow = in[1];
    p.out = out;
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

static int run_fir(const s2vi_kernel *kernel, void *out, void *const *in,
                   void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const data_kernel *k = (const data_kernel *)kernel;
    s2vi_dev_fir p = k->p.fir;
    p.in = in[0];
    p.taps = in[1];
    p.out = out;
    return s2vi_cuda_start(k->cuda, &k->launch, &p);
}

/* -------------------------------------------------------------- moves -- */

s2vi_dev_move s2vi_cuda_move_of(const s2vi_shape *out, const s2vi_shape *in)
{
    s2vi_dev_move p = {.count = s2vi_cuda_count(out), .rank = out->rank};
    s2vi_index step = 1;
    for (int i = out->rank - 1; i >= 0; i--) {
        p.dim[i] = (s2vi_index)out->dim[i];
        p.factor[i] = 1;
        p.from[i] = (s2vi_index)in->dim[i];
        p.stride[i] = step;
        step *= p.from[i];
    }
    return p;
}

static void set_permutation(s2vi_dev_move *p, const s2vi_node *node)
{
    const s2vi_dev_move in = *p;
    for (int i = 0; i < p->rank; i++) {
        p->from[i] = in.from[node->attr.perm[i]];
        p->stride[i] = in.stride[node->attr.perm[i]];
    }
}

static int compile_move(data_kernel *k, const s2vi_node *node, s2v_error *err)
{
    s2vi_dev_move *p = &k->p.move;
    *p = s2vi_cuda_move_of(&node->shape, &node->input[0]->shape);
    if (node->op == S2VI_OP_PERMUTE)
        set_permutation(p, node);
    for (int i = 0; node->op == S2VI_OP_PAD && i < p->rank; i++)
        p->lo[i] = (int)node->attr.lo[i];
    for (int i = 0; node->op == S2VI_OP_UPSAMPLE && i < p->rank - 2; i++)
        p->factor[1 + i] = (s2vi_index)node->attr.window.stride[i];
    k->base.run = run_move;
    return s2vi_cuda_find(k->cuda, &k->launch, "s2vi_k_move", p->count, err);
}

static int compile_rows(data_kernel *k, const s2vi_node *node, s2v_error *err)
{
    const bool gather = node->op == S2VI_OP_GATHER;
    const s2vi_shape *indexed = gather ? &node->input[0]->shape : &node->shape;
    k->p.rows = (s2vi_dev_rows){
        .count = s2vi_cuda_count(&node->shape),
        .length = s2vi_cuda_count(indexed) / (s2vi_index)indexed->dim[0],
        .rows = (s2vi_index)indexed->dim[0],
        .picked = s2vi_cuda_count(&node->input[1]->shape),
    };
    k->base.run = run_rows;
    return s2vi_cuda_find(k->cuda, &k->launch,
                          gather ? "s2vi_k_gather_rows" : "s2vi_k_scatter_rows",
                          k->p.rows.count, err);
}

static int compile_warp(data_kernel *k, const s2vi_node *node, s2v_error *err)
{
    const s2vi_shape *s = &node->shape, *flow = &node->input[1]->shape;
    k->p.warp = (s2vi_dev_warp){
        .count = s2vi_cuda_count(s),
        .h = (s2vi_index)s->dim[1],
        .w = (s2vi_index)s->dim[2],
        .c = (s2vi_index)s->dim[3],
        .flow_h = (s2vi_index)flow->dim[1],
        .flow_w = (s2vi_index)flow->dim[2],
    };
    k->base.run = run_warp;
    return s2vi_cuda_find(k->cuda, &k->launch, "s2vi_k_warp", k->p.warp.count,
                          err);
}

static int compile_fir(data_kernel *k, const s2vi_node *node, s2v_error *err)
{
    const s2vi_shape *x = &node->input[0]->shape, *y = &node->shape;
    const s2vi_shape *taps = &node->input[1]->shape;
    const s2vi_fir *f = &node->attr.fir;
    s2vi_dev_fir *p = &k->p.fir;
    *p = (s2vi_dev_fir){
        .count = s2vi_cuda_count(y),
        .h = (s2vi_index)x->dim[1],
        .w = (s2vi_index)x->dim[2],
        .c = (s2vi_index)x->dim[3],
        .out_h = (s2vi_index)y->dim[1],
        .out_w = (s2vi_index)y->dim[2],
        .n = (s2vi_index)taps->dim[0],
        .m = (s2vi_index)taps->dim[taps->rank - 1],
        .separable = taps->rank == 1,
        .correlate = f->correlate,
        .gain = (float)f->gain,
    };
    for (int i = 0; i < 2; i++) {
        p->up[i] = f->up[i];
        p->down[i] = f->down[i];
        p->lo[i] = f->lo[i];
    }
    k->base.run = run_fir;
    return s2vi_cuda_find(k->cuda, &k->launch, "s2vi_k_fir", p->count, err);
}

/* ------------------------------------------------------------ joining -- */

typedef struct concat_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    struct part {
        s2vi_dev_place p;
        s2vi_cuda_launch launch;
        s2vi_index offset; /* of its first run in the result */
    } part[S2VI_MAX_INPUTS];
} concat_kernel;

static int run_concat(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const concat_kernel *k = (const concat_kernel *)kernel;
    int ret = S2V_OK;
    for (int i = 0; i < kernel->node->n_inputs && !ret; i++) {
        s2vi_dev_place p = k->part[i].p;
        p.in = in[i];
        p.out = (float *)out + k->part[i].offset;
        /* Made in its place already: see place_operands() in memory.c. */
        if (p.in != p.out)
            ret = s2vi_cuda_start(k->cuda, &k->part[i].launch, &p);
    }
    return ret;
}

static int compile_concat(s2vi_kernel *kernel, s2vi_cuda *cuda,
                          uint32_t constant, s2v_error *err)
{
    concat_kernel *k = (concat_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    s2vi_index outer = 1, offset = 0;
    int ret = S2V_OK;
    (void)constant;
    k->cuda = cuda;
    k->base.run = run_concat;
    for (int i = 0; i < node->attr.axis; i++)
        outer *= (s2vi_index)node->shape.dim[i];
    for (int i = 0; i < node->n_inputs && !ret; i++) {
        struct part *part = &k->part[i];
        part->p.count = s2vi_cuda_count(&node->input[i]->shape);
        part->p.run = part->p.count / outer;
        part->p.pitch = s2vi_cuda_count(&node->shape) / outer;
        part->offset = offset;
        offset += part->p.run;
        ret = s2vi_cuda_find(cuda, &part->launch, "s2vi_k_place_runs",
                             part->p.count, err);
    }
    return ret;
}

const s2vi_cuda_group s2vi_cuda_concat = {sizeof(concat_kernel),
                                          compile_concat};

/* ------------------------------------------------------------- entry -- */

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    data_kernel *k = (data_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    (void)constant;
    k->cuda = cuda;
    k->bytes = (size_t)s2vi_shape_count(&node->shape) * sizeof(float);
    switch (node->op) {
    case S2VI_OP_DETACH:
    case S2VI_OP_RESHAPE: k->base.run = run_copy; return S2V_OK;
    case S2VI_OP_PAD:
    case S2VI_OP_PERMUTE:
    case S2VI_OP_UPSAMPLE: return compile_move(k, node, err);
    case S2VI_OP_GATHER:
    case S2VI_OP_SCATTER: return compile_rows(k, node, err);
    case S2VI_OP_WARP: return compile_warp(k, node, err);
    case S2VI_OP_FIR: return compile_fir(k, node, err);
    default:
        return s2vi_error(err, S2V_ERR_INTERNAL, "cuda: %s is not computed",
                          s2vi_op_get(node->op)->name);
    }
}

const s2vi_cuda_group s2vi_cuda_data = {sizeof(data_kernel), compile};
