/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "random.h"

uint64_t render_random(uint64_t seed, int stream, uint64_t counter)
{
    uint64_t x = seed * 0xd1342543de82ef95u + (uint64_t)(stream + 1);

    for (int i = 0; i < 2; i++) {
        x ^= x >> 30;
        x *= 0xbf58476d1ce4e5b9u;
        x ^= x >> 27;
        x *= 0x94d049bb133111ebu;
        x ^= x >> 31;
        x += (counter + 1) * 0x9e3779b97f4a7c15u;
    }
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    return x ^ x >> 29;
}

double render_uniform(uint64_t seed, int stream, uint64_t counter)
{
    return (double)(render_random(seed, stream, counter) >> 11) /
           9007199254740992.0;
}
