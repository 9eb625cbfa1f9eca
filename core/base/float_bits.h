/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Floats and their bits, on hosts and devices.
 *
 * S2VI_FLOAT_BITS_FN says how functions are declared, where not `static
 * inline`.
 */
#ifndef S2VI_BASE_FLOAT_BITS_H
#define S2VI_BASE_FLOAT_BITS_H

#include <stdint.h>
#include <string.h>

#ifndef S2VI_FLOAT_BITS_FN
#define S2VI_FLOAT_BITS_FN static inline
#endif

S2VI_FLOAT_BITS_FN uint32_t s2vi_bits_of(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    return bits;
}

S2VI_FLOAT_BITS_FN float s2vi_float_of(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

#endif
