/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All kernels but those of chains, which chain.c generates. Compiled without
 * contraction of a * b + c, which philox_number.h forbids: where it pays, the
 * code says fmaf().
 */
#include "device.h"

#ifdef __CUDACC__
#define S2VI_PHILOX_FN static __device__
#endif
#include "base/philox_number.h"

#include "data.inc"
#include "window.inc"
#include "cells.inc"
#include "reduce.inc"
