/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef S2VI_CPU_DEPTHWISE_H
#define S2VI_CPU_DEPTHWISE_H

#include "backend/cpu/cpu.h"

/** A CONV of one or two dimensions with a group for each channel. */
bool s2vi_cpu_depthwise_suits(const s2vi_node *node);
int s2vi_cpu_depthwise(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                       s2vi_kernel **kernel, s2v_error *err);

#endif
