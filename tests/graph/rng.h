/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seeded random numbers for tests: splitmix64 (Steele, Lea, Flood 2014). */
#ifndef S2V_TESTS_GRAPH_RNG_H
#define S2V_TESTS_GRAPH_RNG_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

static inline uint64_t rng_next(rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/** A whole number in [0, n). */
static inline int rng_int(rng *r, int n)
{
    return (int)(rng_next(r) % (uint64_t)n);
}

static inline bool rng_bool(rng *r)
{
    return rng_next(r) & 1;
}

/** A number in [lo, hi). */
static inline double rng_range(rng *r, double lo, double hi)
{
    return lo + (hi - lo) * ((double)(rng_next(r) >> 11) * 0x1p-53);
}

#endif
