/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GRU and its adjoints: simd.c's loops over rows, shared between threads. */
#include "backend/cpu/cpu.h"

typedef struct gru_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int64_t rows;
    int c; /* channels of the cell */
} gru_kernel;

/* Rows that one thread takes at a time. */
#define STRIP 256

static void run_strip(const gru_kernel *k, float *out, float *const *in,
                      int64_t row, int rows)
{
    const s2vi_simd *simd = k->simd;
    int64_t cell = row * k->c, gates = 3 * cell;
    const float *a = in[0] + gates, *b = in[1] + gates;
    switch (k->base.node->op) {
    case S2VI_OP_GRU:
        simd->gru(out + cell, a, b, in[2] + cell, rows, k->c);
        break;
    case S2VI_OP_GRU_DA:
        simd->gru_da(out + gates, a, b, in[2] + cell, in[3] + cell, rows, k->c);
        break;
    case S2VI_OP_GRU_DB:
        simd->gru_db(out + gates, a, b, in[2] + gates, rows, k->c);
        break;
    default: simd->gru_dh(out + cell, a, b, in[2] + cell, rows, k->c); break;
    }
}

static int gru_run(const s2vi_kernel *kernel, void *out, void *const *in,
                   void *scratch, const s2vi_clock *clock)
{
    const gru_kernel *k = (const gru_kernel *)kernel;
    (void)scratch, (void)clock;
#pragma omp parallel for schedule(static) if (k->rows > STRIP)
    for (int64_t row = 0; row < k->rows; row += STRIP) {
        int64_t left = k->rows - row;
        run_strip(k, out, (float *const *)in, row,
                  left < STRIP ? (int)left : STRIP);
    }
    return S2V_OK;
}

int s2vi_cpu_gru(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                 s2v_error *err)
{
    gru_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->simd = cpu->simd;
    k->c = (int)s2vi_shape_channels(&node->input[0]->shape) / 3;
    k->rows = s2vi_shape_count(&node->input[0]->shape) / (3 * k->c);
    k->base.run = gru_run;
    k->base.close = s2vi_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
