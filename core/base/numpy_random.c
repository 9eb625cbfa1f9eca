/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NumPy's RandomState: MT19937 (Matsumoto and Nishimura 1998), and the polar
 * method (Marsaglia and Bray 1964). */
#include "base/numpy_random.h"

#include <math.h>

enum { N = 624, M = 397 };

typedef struct mersenne {
    uint32_t word[N];
    int at;
} mersenne;

static void begin(mersenne *m, uint32_t seed)
{
    m->word[0] = seed;
    for (uint32_t i = 1; i < N; i++)
        m->word[i] = 1812433253u * (m->word[i - 1] ^ m->word[i - 1] >> 30) + i;
    m->at = N;
}

static void renew(mersenne *m)
{
    for (int i = 0; i < N; i++) {
        const uint32_t y =
            (m->word[i] & 0x80000000u) | (m->word[(i + 1) % N] & 0x7fffffffu);
        m->word[i] = m->word[(i + M) % N] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0u);
    }
    m->at = 0;
}

static uint32_t next(mersenne *m)
{
    if (m->at == N)
        renew(m);
    uint32_t y = m->word[m->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

/* [0, 1), of 53 bits */
static double uniform(mersenne *m)
{
    const uint32_t a = next(m) >> 5, b = next(m) >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
}

void s2vi_numpy_randn(uint32_t seed, size_t n, double *out)
{
    mersenne m;
    begin(&m, seed);
    for (size_t i = 0; i < n; i += 2) {
        double x1, x2, square;
        do {
            x1 = 2 * uniform(&m) - 1;
            x2 = 2 * uniform(&m) - 1;
            square = x1 * x1 + x2 * x2;
        } while (square >= 1 || square == 0);
        const double f = sqrt(-2 * log(square) / square);
        out[i] = f * x2;
        if (i + 1 < n)
            out[i + 1] = f * x1;
    }
}
