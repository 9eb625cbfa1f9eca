/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The largest error so far. */
#ifndef S2V_TESTS_WORST_H
#define S2V_TESTS_WORST_H

#include <math.h>

/** The larger; NaN once there was one, which fmax() would leave out: a result
 * that is no number must not look like one without error. */
static inline double worse(double worst, double error)
{
    return error > worst || isnan(error) ? error : worst;
}

#endif
