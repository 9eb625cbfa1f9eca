/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 1x1 convolutions to a few channels; see pointwise.c. */
#ifndef S2VI_CPU_POINTWISE_H
#define S2VI_CPU_POINTWISE_H

#include "backend/cpu/strips.h"

/** True of a CONV that is faster so than by oneDNN. */
bool s2vi_cpu_pointwise_suits(const s2vi_cpu *cpu, const s2vi_node *node);

/** Such a CONV. */
int s2vi_cpu_pointwise(s2vi_cpu *cpu, const s2vi_node *node,
                       s2vi_kernel **kernel, s2v_error *err);

#endif
