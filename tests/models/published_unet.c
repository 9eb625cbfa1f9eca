/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of the predictor: the U-Net, driven by a vector. */
#include "published.h"

/* For its static functions. */
#include "models/man_predictor.c"

#include <stdio.h>

/* "down.1.film0.bias": "down1.0.film.bias"; "up.1.conv.bias": "up1.bias" */
static void rename_unet(const char *name, char out[PUBLISHED_NAME])
{
    char part[8], layer[8], last[8];
    int level;
    if (sscanf(name, "%7[a-z].%d.%7[a-z0-9].%7[a-z]", part, &level, layer,
               last) < 4) {
        snprintf(out, PUBLISHED_NAME, "%s", name);
        return;
    }
    const char *film = strncmp(layer, "film", 4) ? "" : ".film";
    if (strcmp(part, "down") != 0)
        snprintf(out, PUBLISHED_NAME, "%s%d%s.%s", part, level, film, last);
    else
        snprintf(out, PUBLISHED_NAME, "%s%d.%c%s.%s", part, level,
                 layer[strlen(layer) - 1], film, last);
}

void published_unet(published *p)
{
    static const int widths[] = {6, 8, 10};
    s2vi_man_config c;
    predictor u = {.config = &c};
    s2vi_man_defaults(&c);
    memcpy(c.predictor_channels, widths, sizeof(widths));
    c.predictor_levels = 3;
    c.predictor_lstm = 2; /* with 4 controls a vector of 9 */
    c.z = 3;
    p->rename = rename_unet;
    declare_unet(&(s2vi_scope){.list = &p->params}, &c, &u);
    declare_unet(&(s2vi_scope){.graph = p->graph}, &c, &u);
    s2vi_node *x = published_input(p, "x", true);
    published_weigh(p, "y",
                    finish(&c, unet(&u, x, published_input(p, "v", true))));
}
