/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of simd.c's compilations this machine runs. */
#include "backend/cpu/simd.h"

const s2vi_simd *s2vi_simd_get(void)
{
#if S2V_HAVE_X86
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return &s2vi_simd_v4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &s2vi_simd_v3;
#endif
    return &s2vi_simd_base;
}
