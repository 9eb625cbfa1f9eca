/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Value noise, and sums of it. */
#ifndef S2V_TOOLS_LANDSCAPES_NOISE_H
#define S2V_TOOLS_LANDSCAPES_NOISE_H

#include <stdint.h>

enum { NOISE_SIDE = 128 }; /* cells until it repeats; a power of two */

struct noise {
    float at[NOISE_SIDE * NOISE_SIDE]; /* 0 to 1 */
};

void noise_draw(struct noise *n, uint64_t seed);

/* The greatest whole number that is not above x. */
static inline int whole(float x)
{
    const int i = (int)x;

    return i - (x < (float)i);
}

/* 0 to 1, smooth; a cell is 1 x 1. */
static inline float noise_value(const struct noise *n, float x, float y)
{
    enum { MASK = NOISE_SIDE - 1 };
    const int ix = whole(x), iy = whole(y);
    float u = x - (float)ix, v = y - (float)iy;
    const float *a = n->at + (iy & MASK) * NOISE_SIDE;
    const float *b = n->at + ((iy + 1) & MASK) * NOISE_SIDE;
    const int l = ix & MASK, r = (ix + 1) & MASK;

    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    const float top = a[l] + u * (a[r] - a[l]);
    const float low = b[l] + u * (b[r] - b[l]);
    return top + v * (low - top);
}

/* Octaves of it, each half as strong and turned by 37 degrees; mean 0.5. */
static inline float noise_fbm(const struct noise *n, float x, float y,
                              int octaves)
{
    float sum = 0, gain = 0.5f;

    for (int i = 0; i < octaves; i++) {
        sum += gain * (noise_value(n, x, y) - 0.5f);
        gain *= 0.5f;
        const float t = 2 * (0.7986f * x - 0.6018f * y) + 17.3f;
        y = 2 * (0.6018f * x + 0.7986f * y) + 5.9f;
        x = t;
    }
    return 0.5f + 1.2f * sum;
}

/* fbm(p + fbm(p)): wisps. `t` makes it boil. */
float noise_warped(const struct noise *n, float x, float y, float amount,
                   float t, int octaves);

/* Ridges: creases at 1, mean about 0.6. */
float noise_ridged(const struct noise *n, float x, float y, int octaves);

#endif
