/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Long short-term memory over sequences, column after column, and its adjoint.
 */
#include "backend/cuda/cuda.h"

typedef struct lstm_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    s2vi_cuda_launch column, gates, hidden;
    s2vi_dev_lstm p;
    size_t gates_size, state_size; /* bytes of scratch memory */
} lstm_kernel;

/* Column number k in the order of running, and the one run before it. */
static void go_to(s2vi_dev_lstm *p, int k)
{
    const int T = (int)p->T;
    p->column = p->reverse ? T - 1 - k : k;
    p->before = k ? p->column + (p->reverse ? 1 : -1) : -1;
    p->last = k == T - 1;
}

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    (void)scratch, (void)clock;
    const lstm_kernel *k = (const lstm_kernel *)kernel;
    s2vi_dev_lstm p = k->p;
    int ret = S2V_OK;
    p.a = in[0];
    p.w = in[1];
    p.y = out;
    for (int t = 0; t < (int)p.T && !ret; t++) {
        go_to(&p, t);
        ret = s2vi_cuda_start(k->cuda, &k->column, &p);
    }
    return ret;
}

/* Inputs a, w, y and y's gradient. */
static int run_adjoint(const s2vi_kernel *kernel, void *out, void *const *in,
                       void *scratch, const s2vi_clock *clock)
{
    (void)clock;
    const lstm_kernel *k = (const lstm_kernel *)kernel;
    s2vi_dev_lstm p = k->p;
    p.a = in[0];
    p.w = in[1];
    p.y_in = in[2];
    p.gy = in[3];
    p.da = out;
    p.gates = scratch;
    p.dh = (float *)((char *)scratch + k->gates_size);
    p.dc = (float *)((char *)p.dh + k->state_size);
    int ret = s2vi_cuda_start(k->cuda, &k->gates, &p);
    for (int t = (int)p.T - 1; t >= 0 && !ret; t--) {
        go_to(&p, t);
        ret = s2vi_cuda_start(k->cuda, &k->column, &p);
        if (!ret && t > 0)
            ret = s2vi_cuda_start(k->cuda, &k->hidden, &p);
    }
    return ret;
}

static int find_kernels(lstm_kernel *k, const s2vi_node *node, s2v_error *err)
{
    const s2vi_index C = k->p.channels, n = k->p.n;
    int ret;
    if (node->op == S2VI_OP_LSTM) {
        k->base.run = run;
        ret = s2vi_cuda_find(k->cuda, &k->column, "s2vi_k_lstm_column", n * C,
                             err);
        k->column.x = C;
        k->column.y = n;
        k->column.block = S2VI_DEV_CELL;
        return ret;
    }
    k->base.run = run_adjoint;
    k->gates_size = s2vi_cuda_aligned((size_t)s2vi_shape_count(&node->shape) *
                                      sizeof(float));
    k->state_size = s2vi_cuda_aligned((size_t)n * C * sizeof(float));
    k->base.scratch_size = k->gates_size + 2 * k->state_size;
    ret = s2vi_cuda_find(k->cuda, &k->gates, "s2vi_k_lstm_gates", n * C, err);
    k->gates.x = C;
    k->gates.y = n * k->p.T;
    k->gates.block = S2VI_DEV_CELL;
    if (!ret)
        ret = s2vi_cuda_find(k->cuda, &k->column, "s2vi_k_lstm_da_column",
                             n * C, err);
    if (!ret)
        ret = s2vi_cuda_find(k->cuda, &k->hidden, "s2vi_k_lstm_dh", n * C, err);
    return ret;
}

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    lstm_kernel *k = (lstm_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    enum { MOST_ROWS = 65535 }; /* blocks along y */
    const s2vi_shape *a = &node->input[0]->shape;
    (void)constant;
    if (a->dim[0] * a->dim[1] > MOST_ROWS)
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "cuda: an %s of %lld columns in all, expected at "
                          "most %d",
                          s2vi_op_get(node->op)->name,
                          (long long)(a->dim[0] * a->dim[1]), MOST_ROWS);
    k->cuda = cuda;
    k->p.n = (s2vi_index)a->dim[0];
    k->p.T = (s2vi_index)a->dim[1];
    k->p.channels = (s2vi_index)node->input[1]->shape.dim[1];
    k->p.reverse = node->attr.reverse;
    return find_kernels(k, node, err);
}

const s2vi_cuda_group s2vi_cuda_lstm = {sizeof(lstm_kernel), compile};
