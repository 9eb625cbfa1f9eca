/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "landscapes.h"

#include <math.h>

double land_roll(struct land_dice *d, double lo, double hi)
{
    return lo + (hi - lo) * render_uniform(d->seed, d->stream, d->counter++);
}

int land_pick(struct land_dice *d, int n)
{
    return (int)(render_random(d->seed, d->stream, d->counter++) % (unsigned)n);
}

bool land_chance(struct land_dice *d, double p)
{
    return land_roll(d, 0, 1) < p;
}

double land_normal(struct land_dice *d)
{
    const double radius = sqrt(-2 * log(1 - land_roll(d, 0, 1)));

    return radius * cos(6.283185307179586 * land_roll(d, 0, 1));
}
