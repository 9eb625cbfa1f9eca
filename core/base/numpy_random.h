/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NumPy's older random numbers, numpy.random.RandomState(seed).randn(n), which
 * everybody's scripts for StyleGAN draw from: a seed is the same picture here.
 * Noise of our own is Philox's (philox.h).
 */
#ifndef S2VI_BASE_NUMPY_RANDOM_H
#define S2VI_BASE_NUMPY_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/** The first n numbers, N(0,1). */
void s2vi_numpy_randn(uint32_t seed, size_t n, double *out);

#endif
