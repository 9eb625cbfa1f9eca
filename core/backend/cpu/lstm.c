/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LSTM and its adjoint: all sequences take a step together, by one product of
 * their states and the hidden weights. In the adjoint only the product that
 * goes backwards waits for the step before; the gates are computed at once.
 *
 * Shapes: n sequences, T columns, C channels; the state before the first
 * column is a row of zeros.
 */
#include "backend/cpu/cpu.h"

#include <oneapi/dnnl/dnnl.h>
#include <string.h>

typedef struct lstm_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int64_t n, T;
    int c;
    bool reverse;
} lstm_kernel;

/* Where the parts of the scratch memory begin. */
typedef struct lstm_parts {
    float *zeros; /* (2C): a state */
    float *gates; /* (n,4C); adjoint: (n,T,4C) */
    float *dh;    /* adjoint: (n,C) */
    float *dc;    /* likewise */
} lstm_parts;

/* A few rows: a call of sgemm would cost more. */
#define FEW 2

static lstm_parts parts_of(const lstm_kernel *k, void *scratch)
{
    lstm_parts p = {.zeros = scratch};
    const int64_t gates = 4 * k->c * k->n;
    p.gates = p.zeros + 2 * k->c;
    p.dh = p.gates + gates * (k->base.node->op == S2VI_OP_LSTM_DA ? k->T : 1);
    p.dc = p.dh + k->n * k->c;
    memset(p.zeros, 0, 2 * (size_t)k->c * sizeof(float));
    return p;
}

static size_t scratch_size(const lstm_kernel *k)
{
    const size_t rows = (size_t)k->n, c = (size_t)k->c;
    const bool adjoint = k->base.node->op == S2VI_OP_LSTM_DA;
    const size_t gates = 4 * c * rows * (adjoint ? (size_t)k->T : 1);
    return (2 * c + gates + (adjoint ? 2 * rows * c : 0)) * sizeof(float);
}

/* y (rows,out) = x (rows,in), x_step apart, times w (out,in) transposed, or
 * w (in,out) as it is. */
static bool product(const lstm_kernel *k, int64_t rows, int64_t out, int64_t in,
                    const float *x, int64_t x_step, const float *w,
                    bool transposed, float *y)
{
    if (rows > FEW)
        return dnnl_sgemm('N', transposed ? 'T' : 'N', rows, out, in, 1, x,
                          x_step, w, transposed ? in : out, 0, y,
                          out) == dnnl_success;
    for (int64_t i = 0; i < rows; i++)
        (transposed ? k->simd->dot_rows : k->simd->axpy_rows)(
            y + i * out, x + i * x_step, w, (int)out, (int)in);
    return true;
}

/* Step i's column. */
static int64_t column_of(const lstm_kernel *k, int64_t i)
{
    return k->reverse ? k->T - 1 - i : i;
}

static int run_forward(const s2vi_kernel *kernel, void *out, void *const *in,
                       void *scratch, const s2vi_clock *clock)
{
    const lstm_kernel *k = (const lstm_kernel *)kernel;
    const lstm_parts p = parts_of(k, scratch);
    const int64_t T = k->T, c = k->c;
    const float *a = in[0];
    float *y = out;
    (void)clock;
    memset(p.gates, 0, (size_t)(4 * c * k->n) * sizeof(float));
    for (int64_t i = 0; i < T; i++) {
        const int64_t t = column_of(k, i);
        const float *before = i ? y + column_of(k, i - 1) * 2 * c : NULL;
        if (before && !product(k, k->n, 4 * c, c, before, T * 2 * c, in[1],
                               true, p.gates))
            return S2V_ERR_DEVICE;
        for (int64_t s = 0; s < k->n; s++)
            k->simd->lstm(y + (s * T + t) * 2 * c, a + (s * T + t) * 4 * c,
                          p.gates + s * 4 * c,
                          before ? before + s * T * 2 * c + c : p.zeros,
                          (int)c);
    }
    return S2V_OK;
}

/* The hidden half of all gates: zero in the first step's column. */
static bool hidden_gates(const lstm_kernel *k, const lstm_parts *p,
                         const float *y, const float *w)
{
    const int64_t T = k->T, c = k->c;
    for (int64_t s = 0; s < k->n; s++) {
        float *gates = p->gates + s * T * 4 * c;
        const float *from = y + (s * T + (k->reverse ? 1 : 0)) * 2 * c;
        memset(gates + column_of(k, 0) * 4 * c, 0,
               4 * (size_t)c * sizeof(float));
        if (T > 1 && !product(k, T - 1, 4 * c, c, from, 2 * c, w, true,
                              gates + (k->reverse ? 0 : 4 * c)))
            return false;
    }
    return true;
}

/* One column's da of each sequence; dh and dc: what comes from the next. */
static void adjoint_column(const lstm_kernel *k, const lstm_parts *p, int64_t i,
                           float *da, void *const *in)
{
    const int64_t T = k->T, c = k->c;
    for (int64_t s = 0; s < k->n; s++) {
        const int64_t row = s * T + column_of(k, i);
        const int64_t old = s * T + column_of(k, i - 1);
        const float *gy = (const float *)in[3] + row * 2 * c;
        const float *y = in[2];
        float *dh = p->dh + s * c, *dc = p->dc + s * c;
        for (int64_t j = 0; j < c; j++) {
            dh[j] += gy[j];
            dc[j] += gy[c + j];
        }
        k->simd->lstm_da(da + row * 4 * c, (const float *)in[0] + row * 4 * c,
                         p->gates + row * 4 * c, y + row * 2 * c,
                         i ? y + old * 2 * c + c : p->zeros, dh, dc, (int)c);
    }
}

static int run_adjoint(const s2vi_kernel *kernel, void *out, void *const *in,
                       void *scratch, const s2vi_clock *clock)
{
    const lstm_kernel *k = (const lstm_kernel *)kernel;
    const lstm_parts p = parts_of(k, scratch);
    const int64_t T = k->T, c = k->c;
    (void)clock;
    memset(p.dh, 0, (size_t)(2 * k->n * c) * sizeof(float));
    if (!hidden_gates(k, &p, in[2], in[1]))
        return S2V_ERR_DEVICE;
    for (int64_t i = T - 1; i >= 0; i--) {
        adjoint_column(k, &p, i, out, in);
        const float *da = (const float *)out + column_of(k, i) * 4 * c;
        if (i && !product(k, k->n, c, 4 * c, da, T * 4 * c, in[1], false, p.dh))
            return S2V_ERR_DEVICE;
    }
    return S2V_OK;
}

int s2vi_cpu_lstm(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                  s2v_error *err)
{
    lstm_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->simd = cpu->simd;
    k->n = node->shape.dim[0];
    k->T = node->shape.dim[1];
    k->c = (int)node->input[1]->shape.dim[1];
    k->reverse = node->attr.reverse;
    k->base.scratch_size = scratch_size(k);
    k->base.run = node->op == S2VI_OP_LSTM ? run_forward : run_adjoint;
    k->base.close = s2vi_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
