/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the words of a Philox block to numbers, one at a time: for philox.c and
 * for devices, which must give the same bits. philox.c says what the compiler
 * must not do.
 *
 * S2VI_PHILOX_FN says how functions are declared, where not `static`.
 */
#ifndef S2VI_BASE_PHILOX_NUMBER_H
#define S2VI_BASE_PHILOX_NUMBER_H

#ifdef S2VI_PHILOX_FN
#define S2VI_FLOAT_BITS_FN S2VI_PHILOX_FN
#else
#define S2VI_PHILOX_FN static
#endif

#include "base/float_bits.h"

#include <math.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* Multipliers and key increments: table 2 of the paper and Random123. */
#define MULTIPLIER0 UINT32_C(0xD2511F53)
#define MULTIPLIER1 UINT32_C(0xCD9E8D57)
#define WEYL0       UINT32_C(0x9E3779B9)
#define WEYL1       UINT32_C(0xBB67AE85)
#define ROUNDS      10

/*
 * The 24 high bits k as u = (k + 0.5) / 2^24. From k = 2^23 on, u has a bit
 * more than a float: it is rounded, and kept below 1.
 */
S2VI_PHILOX_FN float uniform(uint32_t x)
{
    const float below_one = 1.0f - 0x1p-24f;
    float u = ((float)(int32_t)(x >> 8) + 0.5f) * 0x1p-24f;
    return u < below_one ? u : below_one;
}

/*
 * sqrt(-2 ln u) for u = (k + 0.5) / 2^24 = m / 2^25, m odd. With p = 2^e the
 * power of two for which m / p is in [sqrt(1/2), sqrt(2)), ln m is
 * e ln 2 + ln(1 + f), and f = (m - p) / p is exact: no digits are lost as u
 * nears 1. Then ln(1 + f) = f - f^2 / 2 + f^3 P(f), where P interpolates at
 * Chebyshev's nodes, its error below 7e-9 f. ln 2 = LN2_HIGH + LN2_LOW;
 * LN2_HIGH has 9 bits, so its product with e is exact.
 */
S2VI_PHILOX_FN float radius(uint32_t x)
{
    const float LN2_HIGH = 0.693359375f, LN2_LOW = -2.121944417e-04f;
    const uint32_t sqrt_half = 0x3F3504F3, one = 0x3F800000;
    int32_t m = (int32_t)(x >> 8) * 2 + 1;
    uint32_t above = s2vi_bits_of((float)m) - sqrt_half;
    uint32_t power = (above & 0xFF800000) + one;
    float e = (float)((int32_t)(above >> 23) - 25);
    float f = (float)(m - (int32_t)s2vi_float_of(power)) *
              s2vi_float_of(2 * one - power); /* 1 / p */
    float p = 6.971620768e-02f;
    p = p * f - 1.147974879e-01f;
    p = p * f + 1.168542355e-01f;
    p = p * f - 1.242568567e-01f;
    p = p * f + 1.424905658e-01f;
    p = p * f - 1.666780263e-01f;
    p = p * f + 2.000071555e-01f;
    p = p * f - 2.499999702e-01f;
    p = p * f + 3.333333135e-01f;
    float f2 = f * f;
    float small = p * f2 * f + e * LN2_LOW;
    small = small - 0.5f * f2;
    float ln_u = e * LN2_HIGH + (f + small);
    return sqrtf(-2.0f * ln_u);
}

/*
 * The cosine and sine of 2 pi u for u = m / 2^25, m odd. Less the nearest
 * quarter turn, m is z in (-1, 1) eighths of a turn, exactly; then
 * sin(pi z / 4) and cos(pi z / 4) by interpolation in z^2, their errors below
 * 2e-10. pi / 4 = EIGHTH_HIGH + EIGHTH_LOW.
 */
S2VI_PHILOX_FN void cos_sin(uint32_t x, float *cosine, float *sine)
{
    const float EIGHTH_HIGH = 7.853981853e-01f;
    const float EIGHTH_LOW = -2.185569414e-08f;
    int32_t m = (int32_t)(x >> 8) * 2 + 1;
    int32_t quarter = (m + (1 << 22)) >> 23;
    float z = (float)(m - quarter * (1 << 23)) * 0x1p-22f;
    float w = z * z;
    float s = 3.098662376e-07f;
    s = s * w - 3.657402340e-05f;
    s = s * w + 2.490394050e-03f;
    s = s * w - 8.074551076e-02f;
    s = s * w + EIGHTH_LOW;
    s = s * z + EIGHTH_HIGH * z;
    float c = 3.541952765e-06f;
    c = c * w - 3.259613877e-04f;
    c = c * w + 1.585433818e-02f;
    c = c * w - 3.084251285e-01f;
    c = c * w + 1.0f;
    uint32_t q = (uint32_t)quarter;
    uint32_t odd = 0 - (q & 1); /* all ones: exchange the two */
    uint32_t sb = s2vi_bits_of(s), cb = s2vi_bits_of(c),
             change = (sb ^ cb) & odd;
    *cosine = s2vi_float_of(cb ^ change ^ ((q + 1) << 30 & 0x80000000));
    *sine = s2vi_float_of(sb ^ change ^ (q << 30 & 0x80000000));
}

#endif
