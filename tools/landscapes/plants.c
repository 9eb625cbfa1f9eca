/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "view.h"

void land_conifer(cairo_t *cr, struct land_dice *d, double x, double base,
                  double height, struct colour c)
{
    const int tiers = 4 + land_pick(d, 3);
    const double wide = height * land_roll(d, 0.17, 0.26);

    set_rgba(cr, c, 1);
    cairo_rectangle(cr, x - height * 0.02, base - height * 0.2, height * 0.04,
                    height * 0.22);
    cairo_fill(cr);
    for (int i = 0; i < tiers; i++) {
        const double low = (double)i / tiers;
        const double y = base - height * (0.08 + 0.86 * low);
        const double w = wide * (1 - low) * land_roll(d, 0.85, 1.1);
        cairo_move_to(cr, x - w, y);
        cairo_line_to(cr, x, y - height * (1.5 / tiers) * (1 - 0.2 * low));
        cairo_line_to(cr, x + w, y);
        cairo_line_to(cr, x + w * 0.3, y - height * 0.02);
        cairo_line_to(cr, x - w * 0.3, y - height * 0.02);
        cairo_fill(cr);
    }
}

/* Tufts of leaves, the light ones last and to the upper left. */
static void draw_crown(cairo_t *cr, struct land_dice *d, struct point at,
                       double radius, struct colour leaf)
{
    enum { TUFTS = 80 };

    for (int i = 0; i < TUFTS; i++) {
        const double up = (double)i / TUFTS;
        const double angle = land_roll(d, 0, 6.283);
        const double far = radius * sqrt(land_roll(d, 0, 1));
        const double x = at.x + 1.15 * far * cos(angle) - radius * 0.12 * up;
        const double y = at.y + 0.9 * far * sin(angle) - radius * 0.2 * up;
        const double tone = 0.45 + 0.6 * up + land_roll(d, -0.08, 0.12);
        set_rgba(cr, scaled(leaf, tone), 0.9);
        fill_dot(cr, x, y, radius * land_roll(d, 0.09, 0.22));
    }
}

void land_tree(cairo_t *cr, struct land_dice d, struct point base,
               double height, double bend, struct colour trunk,
               struct colour leaf)
{
    const struct point top = {base.x + bend,
                              base.y - height * 0.66 + bend * bend * 0.6};
    const struct point way = {base.x + bend * 0.25, base.y - height * 0.4};

    set_rgba(cr, trunk, 1);
    draw_blade(cr, base, way, (struct point){top.x, top.y - height * 0.1},
               height * 0.10);
    draw_crown(cr, &d, top, height * 0.30, leaf);
}

static void draw_branch(cairo_t *cr, struct land_dice *d, struct point at,
                        double angle, double length, double bend, int left)
{
    const double a = angle + bend * (0.3 + 0.25 * (6 - left)) * 0.4;
    const struct point tip = {at.x + length * sin(a), at.y - length * cos(a)};

    cairo_set_line_width(cr, length * 0.13 + 0.0012);
    cairo_move_to(cr, at.x, at.y);
    cairo_line_to(cr, tip.x, tip.y);
    cairo_stroke(cr);
    if (!left)
        return;
    const double spread = land_roll(d, 0.25, 0.55);
    draw_branch(cr, d, tip, angle - spread, length * land_roll(d, .62, .82),
                bend, left - 1);
    draw_branch(cr, d, tip, angle + land_roll(d, 0.2, 0.6),
                length * land_roll(d, .6, .8), bend, left - 1);
}

void land_bare_tree(cairo_t *cr, struct land_dice d, struct point base,
                    double height, double bend, struct colour c)
{
    set_rgba(cr, c, 1);
    draw_branch(cr, &d, base, land_roll(&d, -0.1, 0.1), height * 0.30, bend, 5);
}

void land_stone(cairo_t *cr, struct land_dice *d, double x, double y, double rx,
                double ry, struct colour c, double lx)
{
    enum { CORNERS = 9 };
    cairo_pattern_t *p = cairo_pattern_create_linear(
        x - lx * rx, y - ry, x + lx * rx * 0.6, y + ry * 0.9);

    for (int i = 0; i < CORNERS; i++) {
        const double a = 6.2832 * i / CORNERS, r = land_roll(d, 0.76, 1.08);
        const double sink = sin(a) > 0 ? 0.65 : 1; /* it lies flat */
        cairo_line_to(cr, x + rx * r * cos(a), y + ry * r * sink * sin(a));
    }
    cairo_close_path(cr);
    const struct colour hi = scaled(c, 1.25), lo = scaled(c, 0.35);
    cairo_pattern_add_color_stop_rgb(p, 0, hi.r, hi.g, hi.b);
    cairo_pattern_add_color_stop_rgb(p, 0.5, c.r * 0.8, c.g * 0.8, c.b * 0.8);
    cairo_pattern_add_color_stop_rgb(p, 1, lo.r, lo.g, lo.b);
    cairo_set_source(cr, p);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
}
