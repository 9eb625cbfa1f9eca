/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CONV, CONV_DATA and UPCONV in bf16: see conv_bf16.c. */
#ifndef S2VI_CPU_CONV_BF16_H
#define S2VI_CPU_CONV_BF16_H

#include "backend/cpu/cpu.h"

/** Whether the node is one that s2vi_cpu_conv_bf16() takes, and is not faster
 * in f32. */
bool s2vi_cpu_conv_bf16_suits(const s2vi_cpu *cpu, const s2vi_node *node,
                              uint32_t constant);

int s2vi_cpu_conv_bf16(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                       s2vi_kernel **kernel, s2v_error *err);

#endif
