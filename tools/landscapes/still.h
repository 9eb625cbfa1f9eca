/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single pictures: of each number another landscape. */
#ifndef S2V_TOOLS_LANDSCAPES_STILL_H
#define S2V_TOOLS_LANDSCAPES_STILL_H

#include "landscapes.h"

enum { LAND_STILL_SECONDS = 24 }; /* of the clip that it is taken from */

struct land_still {
    uint8_t *pixels; /* rows of 0xXXRRGGBB; the caller frees them */
    double intensity, at;
    enum land_time time;
    char caption[128];
};

/* The picture of a number; p->seconds does not matter. 0, or -1 without
 * memory. */
int land_still_make(struct land_still *still, const struct land_clip_params *p,
                    int size);

#endif
