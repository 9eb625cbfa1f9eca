/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements as weight files store them, little-endian, to and from floats. */
#include "base/float_bits.h"
#include "weights/weights.h"

#include <string.h>

static const struct {
    const char *name;
    uint8_t size;
    bool is_float;
} types[S2VI_STORED_COUNT] = {
    [S2VI_STORED_BOOL] = {"BOOL", 1, false},
    [S2VI_STORED_U8] = {"U8", 1, false},
    [S2VI_STORED_I8] = {"I8", 1, false},
    [S2VI_STORED_U16] = {"U16", 2, false},
    [S2VI_STORED_I16] = {"I16", 2, false},
    [S2VI_STORED_U32] = {"U32", 4, false},
    [S2VI_STORED_I32] = {"I32", 4, false},
    [S2VI_STORED_U64] = {"U64", 8, false},
    [S2VI_STORED_I64] = {"I64", 8, false},
    [S2VI_STORED_F16] = {"F16", 2, true},
    [S2VI_STORED_BF16] = {"BF16", 2, true},
    [S2VI_STORED_F32] = {"F32", 4, true},
    [S2VI_STORED_F64] = {"F64", 8, true},
};

const char *s2vi_stored_name(s2vi_stored type)
{
    return types[type].name;
}

bool s2vi_stored_from_name(s2vi_stored *type, const char *name)
{
    for (int i = 0; i < S2VI_STORED_COUNT; i++) {
        if (!strcmp(types[i].name, name)) {
            *type = (s2vi_stored)i;
            return true;
        }
    }
    return false;
}

size_t s2vi_stored_size(s2vi_stored type)
{
    return types[type].size;
}

bool s2vi_stored_is_float(s2vi_stored type)
{
    return types[type].is_float;
}

bool s2vi_stored_extent(s2vi_stored type, int rank, const int64_t *shape,
                        uint64_t *elements, uint64_t *bytes)
{
    uint64_t n = 1;
    if (rank < 0 || rank > S2VI_STORED_MAX_RANK)
        return false;
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return false;
        uint64_t dim = (uint64_t)shape[i];
        if (dim && n > UINT64_MAX / dim)
            return false;
        n *= dim;
    }
    if (n > UINT64_MAX / types[type].size)
        return false;
    *elements = n;
    *bytes = n * types[type].size;
    return true;
}

/* ------------------------------------------------- bits and numbers -- */

/* Byte by byte: right on any host; compilers make it one load. */
static uint64_t load_le(const uint8_t *p, size_t size)
{
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static void store_le(uint8_t *p, size_t size, uint64_t v)
{
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

void s2vi_stored_copy(s2vi_stored type, const void *src, size_t n, void *dst)
{
    const uint16_t probe = 1;
    const bool little = *(const uint8_t *)&probe;
    const size_t size = types[type].size;
    const uint8_t *from = src;
    uint8_t *to = dst;
    for (size_t i = 0; i < n * size && !little; i += size)
        for (size_t b = 0; b < size; b++)
            to[i + b] = from[i + size - 1 - b];
    if (little && n)
        memcpy(to, from, n * size);
}

static double double_of_bits(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof(d));
    return d;
}

/* IEEE 754 binary16: sign, 5 exponent bits of bias 15, 10 fraction bits. */
static float half_to_float(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, size = h & 0x7FFF;
    /* Selected, not branched to: loops become vectors. */
    const uint32_t subnormal = s2vi_bits_of((float)(int)size * 0x1p-24f);
    const uint32_t bias = size < 0x7C00 ? 112u << 23 : 224u << 23;
    const uint32_t normal = (size << 13) + bias;
    return s2vi_float_of(sign | (size < 0x400 ? subnormal : normal));
}

static uint16_t float_to_half(float f)
{
    uint32_t bits = s2vi_bits_of(f), magnitude = bits & 0x7FFFFFFF;
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    if (magnitude > 0x7F800000) /* NaN, made quiet */
        return sign | 0x7E00;
    if (magnitude >= 0x477FF000) /* 65520 and more round to infinity */
        return sign | 0x7C00;
    int shift = 13; /* fraction bits to drop */
    uint32_t kept = magnitude - (112u << 23);
    if (magnitude < 0x38800000) { /* below 2^-14: subnormal */
        int exponent = (int)(magnitude >> 23);
        if (exponent < 102)
            return sign;
        shift = 126 - exponent;
        kept = (magnitude & 0x7FFFFF) | 0x800000;
    }
    uint32_t half = 1u << (shift - 1), odd = kept >> shift & 1;
    return (uint16_t)(sign | (kept + half - 1 + odd) >> shift);
}

/* bfloat16: the upper half of a float. */
static uint16_t float_to_bfloat(float f)
{
    uint32_t bits = s2vi_bits_of(f);
    if ((bits & 0x7FFFFFFF) > 0x7F800000)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/* ------------------------------------------------------------ arrays -- */

double s2vi_stored_value(s2vi_stored type, const void *bytes, size_t i)
{
    size_t size = types[type].size;
    uint64_t v = load_le((const uint8_t *)bytes + i * size, size);
    switch (type) {
    case S2VI_STORED_I8: return (double)(v ^ 0x80) - 0x1p7;
    case S2VI_STORED_I16: return (double)(v ^ 0x8000) - 0x1p15;
    case S2VI_STORED_I32: return (double)(v ^ 0x80000000) - 0x1p31;
    case S2VI_STORED_I64: /* by sign and magnitude: exact near zero */
        return v >> 63 ? -(double)(~v + 1) : (double)v;
    case S2VI_STORED_F16: return half_to_float((uint16_t)v);
    case S2VI_STORED_BF16: return s2vi_float_of((uint32_t)v << 16);
    case S2VI_STORED_F32: return s2vi_float_of((uint32_t)v);
    case S2VI_STORED_F64: return double_of_bits(v);
    default: return (double)v;
    }
}

void s2vi_stored_decode(s2vi_stored type, const void *bytes, size_t n,
                        float *dst)
{
    const uint8_t *p = bytes;
    switch (type) {
    case S2VI_STORED_F32:
        for (size_t i = 0; i < n; i++)
            dst[i] = s2vi_float_of((uint32_t)load_le(p + 4 * i, 4));
        break;
    case S2VI_STORED_F16:
        for (size_t i = 0; i < n; i++)
            dst[i] = half_to_float((uint16_t)load_le(p + 2 * i, 2));
        break;
    case S2VI_STORED_BF16:
        for (size_t i = 0; i < n; i++)
            dst[i] = s2vi_float_of((uint32_t)load_le(p + 2 * i, 2) << 16);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            dst[i] = (float)s2vi_stored_value(type, bytes, i);
        break;
    }
}

void s2vi_stored_encode(s2vi_stored type, const float *src, size_t n,
                        void *bytes)
{
    uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        if (type == S2VI_STORED_F16)
            store_le(p + 2 * i, 2, float_to_half(src[i]));
        else if (type == S2VI_STORED_BF16)
            store_le(p + 2 * i, 2, float_to_bfloat(src[i]));
        else
            store_le(p + 4 * i, 4, s2vi_bits_of(src[i]));
    }
}

/* By exponent bits, which even a build with -ffast-math looks at. */
static bool bits_are_bad(s2vi_stored type, uint64_t v)
{
    switch (type) {
    case S2VI_STORED_F16: return (v & 0x7C00) == 0x7C00;
    case S2VI_STORED_BF16: return (v & 0x7F80) == 0x7F80;
    case S2VI_STORED_F32: return (v & 0x7F800000) == 0x7F800000;
    default: /* F64, which may also be out of float's range */
        return (s2vi_bits_of((float)double_of_bits(v)) & 0x7F800000) ==
               0x7F800000;
    }
}

/* Whether any of n numbers is; a loop of one type becomes vectors. */
static bool any_is_bad(s2vi_stored type, const uint8_t *p, size_t n)
{
    uint32_t bad = 0;
    switch (type) {
    case S2VI_STORED_F16:
        for (size_t i = 0; i < n; i++)
            bad |= bits_are_bad(S2VI_STORED_F16, load_le(p + 2 * i, 2));
        break;
    case S2VI_STORED_BF16:
        for (size_t i = 0; i < n; i++)
            bad |= bits_are_bad(S2VI_STORED_BF16, load_le(p + 2 * i, 2));
        break;
    case S2VI_STORED_F32:
        for (size_t i = 0; i < n; i++)
            bad |= bits_are_bad(S2VI_STORED_F32, load_le(p + 4 * i, 4));
        break;
    default:
        for (size_t i = 0; i < n; i++)
            bad |= bits_are_bad(S2VI_STORED_F64, load_le(p + 8 * i, 8));
        break;
    }
    return bad;
}

size_t s2vi_stored_find_bad(s2vi_stored type, const void *bytes, size_t n)
{
    const size_t size = types[type].size, piece = 4096;
    const uint8_t *p = bytes;
    size_t at = 0;
    if (!types[type].is_float)
        return n;
    while (at < n) {
        const size_t m = n - at < piece ? n - at : piece;
        if (any_is_bad(type, p + at * size, m))
            break;
        at += m;
    }
    while (at < n && !bits_are_bad(type, load_le(p + at * size, size)))
        at++;
    return at;
}
