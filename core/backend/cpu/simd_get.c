/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which compilations this machine runs: what it has, within the limit that
 * oneDNN keeps to (ONEDNN_MAX_CPU_ISA), so that one switch serves both.
 */
#include "backend/cpu/bf16.h"
#include "backend/cpu/simd.h"

#include <oneapi/dnnl/dnnl.h>

#if S2V_HAVE_X86
/* Sets are sets of bits, each with those of the narrower ones. */
static bool has(dnnl_cpu_isa_t set)
{
    return (dnnl_get_effective_cpu_isa() & set) == set;
}
#endif

const s2vi_simd *s2vi_simd_get(void)
{
#if S2V_HAVE_X86
    if (has(dnnl_cpu_isa_avx512_core))
        return &s2vi_simd_v4;
    if (has(dnnl_cpu_isa_avx2))
        return &s2vi_simd_v3;
#endif
    return &s2vi_simd_base;
}

const s2vi_bf16 *s2vi_bf16_get(void)
{
#if S2V_HAVE_X86
    if (has(dnnl_cpu_isa_avx512_core_amx))
        return &s2vi_bf16_amx;
    if (has(dnnl_cpu_isa_avx512_core_bf16))
        return &s2vi_bf16_avx512;
#endif
    return NULL;
}
