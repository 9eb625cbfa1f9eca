/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 3x3 convolutions with fewer products; see winograd.c. */
#ifndef S2VI_CPU_WINOGRAD_H
#define S2VI_CPU_WINOGRAD_H

#include "backend/cpu/cpu.h"

/** G of the form, of *n points in a dimension. */
const double (*s2vi_winograd_taps(s2vi_winograd form, int *n))[3];

/**
 * What a 3x3 kernel is at the points of the form: u = G g G'.
 *
 * @param step floats from one tap to the next
 * @param u    receives 36, 16 or 9 numbers
 */
void s2vi_winograd_weights(s2vi_winograd form, const float *g, int64_t step,
                           double *u);

/** True of a CONV or CONV_DATA that is faster so than by oneDNN. */
bool s2vi_cpu_winograd_suits(const s2vi_node *node, uint32_t constant);

/** True of such a node that takes a fourth of the products, F(4,3). */
bool s2vi_cpu_winograd_is_f43(const s2vi_node *node, uint32_t constant);

/** Such a node, or an UPCONV. */
int s2vi_cpu_winograd(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                      s2vi_kernel **kernel, s2v_error *err);

#endif
