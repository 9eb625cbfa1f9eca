/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "talkers.h"

#include <math.h>

double talkers_roll(struct talkers_dice *d, double lo, double hi)
{
    return lo + (hi - lo) * render_uniform(d->seed, d->stream, d->counter++);
}

int talkers_pick(struct talkers_dice *d, int n)
{
    return (int)(render_random(d->seed, d->stream, d->counter++) % (unsigned)n);
}

bool talkers_chance(struct talkers_dice *d, double p)
{
    return talkers_roll(d, 0, 1) < p;
}

double talkers_normal(struct talkers_dice *d)
{
    const double radius = sqrt(-2 * log(1 - talkers_roll(d, 0, 1)));

    return radius * cos(6.283185307179586 * talkers_roll(d, 0, 1));
}
