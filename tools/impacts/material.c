/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "impacts.h"

#include <string.h>

static const char *const names[IMPACTS_MATERIALS] = {
    [IMPACTS_WOOD] = "wood",       [IMPACTS_METAL] = "metal",
    [IMPACTS_GLASS] = "glass",     [IMPACTS_DRUM] = "drum",
    [IMPACTS_PLASTIC] = "plastic", [IMPACTS_STONE] = "stone",
};

const char *impacts_material_name(enum impacts_material material)
{
    return names[material];
}

int impacts_material_find(const char *name, size_t length)
{
    for (int m = 0; m < IMPACTS_MATERIALS; m++)
        if (strlen(names[m]) == length && !memcmp(names[m], name, length))
            return m;
    return -1;
}
