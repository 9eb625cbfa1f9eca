/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gradients of convolutions in their weights; see conv_weight.c. */
#ifndef S2VI_CPU_CONV_WEIGHT_H
#define S2VI_CPU_CONV_WEIGHT_H

#include "backend/cpu/cpu.h"

/** True of a CONV_WEIGHT that is faster so than by oneDNN. */
bool s2vi_cpu_conv_weight_suits(const s2vi_cpu *cpu, const s2vi_node *node);

int s2vi_cpu_conv_weight(s2vi_cpu *cpu, const s2vi_node *node,
                         s2vi_kernel **kernel, s2v_error *err);

#endif
