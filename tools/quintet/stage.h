/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the hall, the figures and the instruments share. Coordinates: a stage of
 * 256 x 256, y downwards. */
#ifndef S2V_TOOLS_QUINTET_STAGE_H
#define S2V_TOOLS_QUINTET_STAGE_H

#include "brush.h"
#include "quintet.h"

enum instrument_kind { HELD_AT_CHIN, BETWEEN_KNEES, UPRIGHT };
enum hair { HAIR_BUN, HAIR_BOB, HAIR_SHORT, HAIR_LONG, HAIR_BALD };

/* The looks of one player; lengths at scale 1. */
struct figure {
    double x, y, scale; /* where the feet stand */
    enum instrument_kind kind;
    double body, width, neck; /* instrument: box, lower bout, free neck */
    struct colour varnish, cloth, skin, hair_colour;
    enum hair hair;
    int gown;
};

/* The instrument lies along +x from its end button at the origin. */
void draw_instrument(cairo_t *cr, const struct figure *f, double light);

/* The bow touches the strings at contact; toward points to the hand. Returns
 * where the hand holds it. */
struct point draw_bow(cairo_t *cr, struct point contact, struct point toward,
                      double held, double length, double light);

/* One player with the instrument, at the figure's place. */
void draw_player(cairo_t *cr, const struct figure *f,
                 const struct quintet_pose *pose);

#endif
