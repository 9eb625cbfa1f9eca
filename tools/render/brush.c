/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "brush.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

struct colour lit(struct colour c, double light)
{
    const double white = light > 1.0 ? light - 1.0 : 0.0;
    const double gain = light > 1.0 ? 1.0 : light;

    return (struct colour){
        mix(c.r * gain, 1.00, white),
        mix(c.g * gain, 0.90, white),
        mix(c.b * gain, 0.70, white),
    };
}

void set_colour(cairo_t *cr, struct colour c)
{
    cairo_set_source_rgb(cr, c.r, c.g, c.b);
}

void fill_gradient(cairo_t *cr, struct point from, struct point to,
                   struct colour a, struct colour b)
{
    cairo_pattern_t *p =
        cairo_pattern_create_linear(from.x, from.y, to.x, to.y);

    cairo_pattern_add_color_stop_rgb(p, 0.0, a.r, a.g, a.b);
    cairo_pattern_add_color_stop_rgb(p, 1.0, b.r, b.g, b.b);
    cairo_set_source(cr, p);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
}

void draw_line(cairo_t *cr, struct point a, struct point b, double width,
               struct colour c)
{
    set_colour(cr, c);
    cairo_set_line_width(cr, width);
    cairo_move_to(cr, a.x, a.y);
    cairo_line_to(cr, b.x, b.y);
    cairo_stroke(cr);
}

void draw_glow(cairo_t *cr, double x, double y, double rx, double ry,
               struct colour c, double alpha)
{
    cairo_pattern_t *p = cairo_pattern_create_radial(0, 0, 0, 0, 0, 1);

    cairo_pattern_add_color_stop_rgba(p, 0.0, c.r, c.g, c.b, alpha);
    cairo_pattern_add_color_stop_rgba(p, 0.55, c.r, c.g, c.b, alpha * 0.6);
    cairo_pattern_add_color_stop_rgba(p, 1.0, c.r, c.g, c.b, 0.0);
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, rx, ry);
    cairo_set_source(cr, p);
    cairo_arc(cr, 0, 0, 1, 0, 2 * pi);
    cairo_fill(cr);
    cairo_restore(cr);
    cairo_pattern_destroy(p);
}
