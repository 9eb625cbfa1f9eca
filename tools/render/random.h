/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random numbers that depend on their arguments alone (splitmix64). */
#ifndef S2V_TOOLS_RENDER_RANDOM_H
#define S2V_TOOLS_RENDER_RANDOM_H

#include <stdint.h>

/* One seed gives each stream its own sequence; counter is the place in it. */
uint64_t render_random(uint64_t seed, int stream, uint64_t counter);

/* The same as a number in [0, 1). */
double render_uniform(uint64_t seed, int stream, uint64_t counter);

#endif
