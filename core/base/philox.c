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
#include "base/philox_number.h"

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

/* Word w of the batch's block i is x[w][i]. */
typedef struct batch {
    uint32_t x[4][LANES];
} batch;

/* A function that fills a batch of numbers from a batch of words. */
typedef void (*convert_fn)(const batch *b, float out[restrict BATCH]);

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

static void uniform_batch(const batch *b, float out[restrict BATCH])
{
    for (int i = 0; i < LANES; i++) {
        out[4 * i + 0] = uniform(b->x[0][i]);
        out[4 * i + 1] = uniform(b->x[1][i]);
        out[4 * i + 2] = uniform(b->x[2][i]);
        out[4 * i + 3] = uniform(b->x[3][i]);
    }
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
