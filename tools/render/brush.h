/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brushes for cairo, and the points and colours they take; y downwards. */
#ifndef S2V_TOOLS_RENDER_BRUSH_H
#define S2V_TOOLS_RENDER_BRUSH_H

#include <cairo.h>

struct point {
    double x, y;
};

struct colour {
    double r, g, b;
};

static inline double mix(double a, double b, double w)
{
    return a + w * (b - a);
}

static inline struct point along(struct point p, struct point dir, double d)
{
    return (struct point){p.x + dir.x * d, p.y + dir.y * d};
}

/* A colour under light; above 1 it turns towards warm white. */
struct colour lit(struct colour c, double light);
void set_colour(cairo_t *cr, struct colour c);

/* Fills the path with a gradient between two points, keeping no path. */
void fill_gradient(cairo_t *cr, struct point from, struct point to,
                   struct colour a, struct colour b);

/* A line with the round or flat ends that are set. */
void draw_line(cairo_t *cr, struct point a, struct point b, double width,
               struct colour c);

/* An ellipse that fades out from its centre. */
void draw_glow(cairo_t *cr, double x, double y, double rx, double ry,
               struct colour c, double alpha);

#endif
