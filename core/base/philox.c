/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Philox 4x32-10, and normals that are the same bits on every machine.
 *
 * The C library's logf(), sinf() and cosf() differ from one system to the
 * next, so the normals use polynomials made of plain float additions and
 * multiplications, each of them rounded as IEEE 754 says, and sqrtf(), which
 * IEEE 754 rounds correctly too. All argument reductions are in integers and
 * exact. What remains to be ruled out:
 *
 * - contraction to fused multiply-adds: Clang obeys the pragma below; GCC has
 *   none and needs -ffp-contract=off (or -std=c11, which implies it);
 * - -ffast-math and its kin, and x87 arithmetic: not supported.
 *
 * Numbers are made in batches of 32 blocks held as a structure of arrays:
 * each loop over LANES is one the compiler vectorises (GCC: -O3, and
 * -fno-math-errno for the square root; both for speed alone). Lanes do not
 * mix, hence neither the width of a vector nor the cut of a range matters.
 */
#include "base/philox.h"

#include <math.h>
#include <string.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

enum {
    /* Blocks in a batch: whole vectors, and more than the 16 rounds of a loop
     * that GCC would rather unroll than vectorise. */
    LANES = 32,
    BATCH = 4 * LANES, /* numbers in a batch */
};

/* Multipliers and key increments: table 2 of the paper and Random123. */
#define MULTIPLIER0 UINT32_C(0xD2511F53)
#define MULTIPLIER1 UINT32_C(0xCD9E8D57)
#define WEYL0       UINT32_C(0x9E3779B9)
#define WEYL1       UINT32_C(0xBB67AE85)
#define ROUNDS      10

/* Word w of the batch's block i is x[w][i]. */
typedef struct batch {
    uint32_t x[4][LANES];
} batch;

/* A function that fills a batch of numbers from a batch of words. */
typedef void (*convert_fn)(const batch *b, float out[restrict BATCH]);

static uint32_t bits_of(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof(u));
    return u;
}

static float float_of(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof(f));
    return f;
}

static void one_round(batch *b, uint32_t k0, uint32_t k1)
{
    for (int i = 0; i < LANES; i++) {
        uint64_t p0 = (uint64_t)MULTIPLIER0 * b->x[0][i];
        uint64_t p1 = (uint64_t)MULTIPLIER1 * b->x[2][i];
        b->x[0][i] = (uint32_t)(p1 >> 32) ^ b->x[1][i] ^ k0;
        b->x[1][i] = (uint32_t)p1;
        b->x[2][i] = (uint32_t)(p0 >> 32) ^ b->x[3][i] ^ k1;
        b->x[3][i] = (uint32_t)p0;
    }
}

/* Blocks block, block + 1 ... block + LANES - 1. */
static void fill_batch(batch *b, const s2vi_philox *key, uint32_t block)
{
    for (int i = 0; i < LANES; i++) {
        b->x[0][i] = block + (uint32_t)i;
        b->x[1][i] = (uint32_t)key->frame;
        b->x[2][i] = (uint32_t)(key->frame >> 32);
        b->x[3][i] = key->stream;
    }
    uint32_t k0 = (uint32_t)key->seed, k1 = (uint32_t)(key->seed >> 32);
    for (int r = 0; r < ROUNDS; r++) {
        one_round(b, k0, k1);
        k0 += WEYL0;
        k1 += WEYL1;
    }
}

void s2vi_philox_block(const s2vi_philox *key, uint32_t block, uint32_t out[4])
{
    batch b;
    fill_batch(&b, key, block);
    for (int w = 0; w < 4; w++)
        out[w] = b.x[w][0];
}

/*
 * The 24 high bits k as u = (k + 0.5) / 2^24. From k = 2^23 on, u has a bit
 * more than a float: it is rounded, and kept below 1.
 */
static float uniform(uint32_t x)
{
    const float below_one = 1.0f - 0x1p-24f;
    float u = ((float)(int32_t)(x >> 8) + 0.5f) * 0x1p-24f;
    return u < below_one ? u : below_one;
}

static void uniform_batch(const batch *b, float out[restrict BATCH])
{
    for (int i = 0; i < LANES; i++) {
        out[4 * i + 0] = uniform(b->x[0][i]);
        out[4 * i + 1] = uniform(b->x[1][i]);
        out[4 * i + 2] = uniform(b->x[2][i]);
        out[4 * i + 3] = uniform(b->x[3][i]);
    }
}

/*
 * sqrt(-2 ln u) for u = (k + 0.5) / 2^24 = m / 2^25, m odd. With p = 2^e the
 * power of two for which m / p is in [sqrt(1/2), sqrt(2)), ln m is
 * e ln 2 + ln(1 + f), and f = (m - p) / p is exact: no digits are lost as u
 * nears 1. Then ln(1 + f) = f - f^2 / 2 + f^3 P(f), where P interpolates at
 * Chebyshev's nodes, its error below 7e-9 f. ln 2 = LN2_HIGH + LN2_LOW;
 * LN2_HIGH has 9 bits, so its product with e is exact.
 */
static float radius(uint32_t x)
{
    const float LN2_HIGH = 0.693359375f, LN2_LOW = -2.121944417e-04f;
    const uint32_t sqrt_half = 0x3F3504F3, one = 0x3F800000;
    int32_t m = (int32_t)(x >> 8) * 2 + 1;
    uint32_t above = bits_of((float)m) - sqrt_half;
    uint32_t power = (above & 0xFF800000) + one;
    float e = (float)((int32_t)(above >> 23) - 25);
    float f = (float)(m - (int32_t)float_of(power)) *
              float_of(2 * one - power); /* 1 / p */
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
static void cos_sin(uint32_t x, float *cosine, float *sine)
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
    uint32_t sb = bits_of(s), cb = bits_of(c), change = (sb ^ cb) & odd;
    *cosine = float_of(cb ^ change ^ ((q + 1) << 30 & 0x80000000));
    *sine = float_of(sb ^ change ^ (q << 30 & 0x80000000));
}

static void normal_batch(const batch *b, float out[restrict BATCH])
{
    float z[4][LANES];
    for (int pair = 0; pair < 4; pair += 2) {
        const uint32_t *x0 = b->x[pair], *x1 = b->x[pair + 1];
        float *z0 = z[pair], *z1 = z[pair + 1];
        for (int i = 0; i < LANES; i++) {
            float c, s, r = radius(x0[i]);
            cos_sin(x1[i], &c, &s);
            z0[i] = r * c;
            z1[i] = r * s;
        }
    }
    for (int i = 0; i < LANES; i++) {
        out[4 * i + 0] = z[0][i];
        out[4 * i + 1] = z[1][i];
        out[4 * i + 2] = z[2][i];
        out[4 * i + 3] = z[3][i];
    }
}

/* Numbers first to first + n - 1, in whole batches from first's block on. */
static void generate(const s2vi_philox *key, uint32_t first, size_t n,
                     float *out, convert_fn convert)
{
    uint32_t block = first / 4;
    size_t skip = first % 4;
    batch b;
    for (; n > 0; block += LANES) {
        size_t take = BATCH - skip < n ? BATCH - skip : n;
        fill_batch(&b, key, block);
        if (take == BATCH) {
            convert(&b, out);
        } else {
            float all[BATCH];
            convert(&b, all);
            memcpy(out, all + skip, take * sizeof(*out));
        }
        out += take;
        n -= take;
        skip = 0;
    }
}

void s2vi_philox_uniform(const s2vi_philox *key, uint32_t first, size_t n,
                         float *out)
{
    generate(key, first, n, out, uniform_batch);
}

void s2vi_philox_normal(const s2vi_philox *key, uint32_t first, size_t n,
                        float *out)
{
    generate(key, first, n, out, normal_batch);
}
