/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device code compiled for the host: what CUDA's built-in names are here. To
 * be included before it, once in a shared object; grid.c runs it.
 */
#ifndef S2V_TESTS_EMULATE_H
#define S2V_TESTS_EMULATE_H

#include "kernel.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static emulated *now_emulated; /* set before a kernel is run */

#define threadIdx   now_emulated->thread
#define blockIdx    now_emulated->block
#define blockDim    now_emulated->threads
#define gridDim     now_emulated->blocks
#define S2VI_DEVICE static inline
#define S2VI_KERNEL static void
#define S2VI_SHARED static /* blocks run one after another */
#define S2VI_SYNC() now_emulated->sync()

static inline float __uint_as_float(unsigned bits)
{
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

static inline unsigned __float_as_uint(float f)
{
    unsigned bits;
    memcpy(&bits, &f, sizeof(bits));
    return bits;
}

#endif
