/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random numbers: known answers, the same bits everywhere, distribution. */
#include "../check.h"
#include "../worst.h"
#include "base/philox.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000000 };

/* Of the first COUNT numbers under KEY. */
#define NORMAL_SUM  UINT64_C(0x7b37f3cda9e6be17)
#define UNIFORM_SUM UINT64_C(0x42803ff85e90c1c7)

static float numbers[COUNT];

static const s2vi_philox KEY = {
    .seed = UINT64_C(0x0123456789ABCDEF), .stream = 7, .frame = 42};

/* Random123 1.14, examples/kat_vectors, "philox4x32 10". */
static void test_known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], expected[4];
    } known[] = {
        {{0, 0, 0, 0},
         {0, 0},
         {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const uint32_t *c = known[i].counter;
        s2vi_philox key = {.seed = (uint64_t)known[i].key[1] << 32 |
                                   known[i].key[0],
                           .frame = (uint64_t)c[2] << 32 | c[1],
                           .stream = c[3]};
        uint32_t out[4];
        s2vi_philox_block(&key, c[0], out);
        CHECK(!memcmp(out, known[i].expected, sizeof(out)),
              "vector %zu: %08x %08x %08x %08x", i, out[0], out[1], out[2],
              out[3]);
    }
}

/* FNV-1a of the numbers' bits, the same on either byte order. */
static uint64_t checksum(const float *x, size_t n)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof(bits));
        for (int byte = 0; byte < 4; byte++, bits >>= 8)
            hash = (hash ^ (bits & 0xFF)) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* The noise of every video ever made with a seed: these must never change. */
static void test_same_bits(void)
{
    s2vi_philox_normal(&KEY, 0, COUNT, numbers);
    uint64_t normal = checksum(numbers, COUNT);
    s2vi_philox_uniform(&KEY, 0, COUNT, numbers);
    uint64_t uniform = checksum(numbers, COUNT);
    CHECK(normal == NORMAL_SUM, "normals %016llx", (unsigned long long)normal);
    CHECK(uniform == UNIFORM_SUM, "uniforms %016llx",
          (unsigned long long)uniform);
}

static double unit(uint32_t x)
{
    return ((x >> 8) + 0.5) / 16777216.0;
}

/* Against Box-Muller in double, by the C library. */
static void test_against_double(void)
{
    double worst = 0.0;
    s2vi_philox_normal(&KEY, 0, COUNT, numbers);
    for (uint32_t block = 0; block < COUNT / 4; block++) {
        uint32_t x[4];
        s2vi_philox_block(&KEY, block, x);
        for (int i = 0; i < 4; i++) {
            double radius = sqrt(-2.0 * log(unit(x[i & 2])));
            double angle = 2.0 * 3.14159265358979323846 * unit(x[(i & 2) + 1]);
            double z = radius * (i & 1 ? sin(angle) : cos(angle));
            double error =
                fabs(numbers[4 * block + (uint32_t)i] - z) / fmax(fabs(z), 2.0);
            worst = worse(worst, error);
        }
    }
    /* Three roundings of half an ulp (6e-8), and small change. */
    CHECK(worst < 2.5e-7, "largest error %.3g", worst);
    printf("against double: largest error %.2g (of max(|z|, 2))\n", worst);
}

static void test_cuts(void)
{
    static float part[2000];
    static const size_t sizes[] = {0,   1,   2,   3,   4,   5,   63,  64,
                                   127, 128, 129, 191, 255, 256, 257, 1000};
    s2vi_philox_normal(&KEY, 0, 2000, numbers);
    for (uint32_t first = 0; first < 300; first++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
            size_t n = sizes[s];
            part[n] = 1234.0f;
            s2vi_philox_normal(&KEY, first, n, part);
            CHECK(!memcmp(part, numbers + first, n * sizeof(*part)),
                  "%zu normals from %u differ", n, first);
            CHECK(part[n] == 1234.0f, "%zu normals from %u: one more", n,
                  first);
        }
    }
    s2vi_philox_uniform(&KEY, 0, 2000, numbers);
    s2vi_philox_uniform(&KEY, 101, 777, part);
    CHECK(!memcmp(part, numbers + 101, 777 * sizeof(*part)), "uniforms differ");
}

static void test_keys_matter(void)
{
    float a[8], b[8];
    s2vi_philox other[4] = {KEY, KEY, KEY, KEY};
    other[0].seed ^= UINT64_C(1) << 63;
    other[1].stream ^= 1;
    other[2].frame ^= 1;
    other[3].frame ^= UINT64_C(1) << 63;
    s2vi_philox_normal(&KEY, 0, 8, a);
    for (int i = 0; i < 4; i++) {
        s2vi_philox_normal(&other[i], 0, 8, b);
        for (int j = 0; j < 8; j++)
            CHECK(a[j] != b[j], "key %d gives number %d again", i, j);
    }
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Largest distance to the distribution, times sqrt(n); sorts the numbers. */
static double kolmogorov(bool normal)
{
    double worst = 0.0;
    qsort(numbers, COUNT, sizeof(*numbers), compare);
    for (int i = 0; i < COUNT; i++) {
        double x = numbers[i];
        double p = normal ? 0.5 * erfc(-x / sqrt(2.0)) : x;
        worst = worse(worst, fabs(p - (i + 0.5) / COUNT));
    }
    return worst * sqrt(COUNT);
}

/* Limits of four standard deviations of each moment of 1e6 numbers. */
static void test_normal_distribution(void)
{
    double m[5] = {0.0}, together = 0.0;
    s2vi_philox_normal(&KEY, 0, COUNT, numbers);
    for (int i = 0; i < COUNT; i++) {
        double power = 1.0;
        for (int k = 0; k < 5; k++, power *= numbers[i])
            m[k] += power / COUNT;
        together += i > 0 ? (double)numbers[i] * numbers[i - 1] / COUNT : 0.0;
    }
    CHECK(fabs(m[1]) < 4e-3, "mean %g", m[1]);
    CHECK(fabs(m[2] - 1.0) < 4e-3 * sqrt(2.0), "variance %g", m[2]);
    CHECK(fabs(m[3]) < 4e-3 * sqrt(15.0), "third moment %g", m[3]);
    CHECK(fabs(m[4] - 3.0) < 4e-3 * sqrt(96.0), "fourth moment %g", m[4]);
    CHECK(fabs(together) < 4e-3, "neighbours' covariance %g", together);
    double d = kolmogorov(true);
    CHECK(d < 1.63, "Kolmogorov-Smirnov %g, above it in 1 %% of cases", d);
}

static void test_uniform_distribution(void)
{
    s2vi_philox_uniform(&KEY, 0, COUNT, numbers);
    double d = kolmogorov(false); /* sorts */
    CHECK(d < 1.63, "Kolmogorov-Smirnov %g, above it in 1 %% of cases", d);
    CHECK(numbers[0] > 0.0f && numbers[COUNT - 1] < 1.0f, "not within (0, 1)");
}

int main(void)
{
    test_known_answers();
    test_same_bits();
    test_against_double();
    test_cuts();
    test_keys_matter();
    test_normal_distribution();
    test_uniform_distribution();
    return check_done();
}
