/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "noise.h"

#include <math.h>

#include "landscapes.h"

void noise_draw(struct noise *n, uint64_t seed)
{
    for (int i = 0; i < NOISE_SIDE * NOISE_SIDE; i++)
        n->at[i] =
            (float)render_uniform(seed, LAND_STREAM_TEXTURE, (uint64_t)i);
}

float noise_warped(const struct noise *n, float x, float y, float amount,
                   float t, int octaves)
{
    const float u = noise_fbm(n, x + 0.13f * t, y - 0.31f * t, 3) - 0.5f;
    const float v =
        noise_fbm(n, x + 41.7f - 0.27f * t, y + 9.2f + 0.11f * t, 3) - 0.5f;

    return noise_fbm(n, x + amount * u, y + amount * v, octaves);
}

float noise_ridged(const struct noise *n, float x, float y, int octaves)
{
    float sum = 0, gain = 0.5f;

    for (int i = 0; i < octaves; i++) {
        sum += gain * (1 - fabsf(2 * noise_value(n, x, y) - 1));
        gain *= 0.5f;
        const float t = 2 * (0.7986f * x - 0.6018f * y) + 17.3f;
        y = 2 * (0.6018f * x + 0.7986f * y) + 5.9f;
        x = t;
    }
    return sum;
}
