/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files of the cpu backend. */
#ifndef S2VI_CPU_CPU_H
#define S2VI_CPU_CPU_H

#include "backend/backend.h"
#include "backend/cpu/bf16.h"
#include "backend/cpu/simd.h"

typedef struct s2vi_cpu {
    s2vi_backend base;
    const s2vi_simd *simd;
    const s2vi_bf16 *bf16; /* NULL: computes in f32 */
    void *engine;          /* a dnnl_engine_t */
    void *stream;          /* a dnnl_stream_t */
} s2vi_cpu;

/* One compiler for each group of ops; each fills *kernel. */
int s2vi_cpu_chain(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                   s2v_error *err);
int s2vi_cpu_conv(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                  s2vi_kernel **kernel, s2v_error *err);
int s2vi_cpu_matmul(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                    s2v_error *err);
int s2vi_cpu_moments(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                     s2v_error *err);
int s2vi_cpu_gru(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                 s2v_error *err);
int s2vi_cpu_lstm(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                  s2v_error *err);
int s2vi_cpu_gru_cell(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                      s2vi_kernel **kernel, s2v_error *err);
int s2vi_cpu_blend(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                   s2vi_kernel **kernel, s2v_error *err);
int s2vi_cpu_data(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                  s2v_error *err);
int s2vi_cpu_warp(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                  s2v_error *err);
int s2vi_cpu_fir(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                 s2v_error *err);
int s2vi_cpu_pool(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                  s2v_error *err);
int s2vi_cpu_random(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                    s2v_error *err);
int s2vi_cpu_effect(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                    s2v_error *err);

#endif
