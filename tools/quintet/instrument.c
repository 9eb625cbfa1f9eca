/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Draws string instruments and bows. */
#include "stage.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* One side of the outline, from the end button to the neck or back. */
static void box_path(cairo_t *cr, double l, double w)
{
    const double h = w / 2;

    cairo_move_to(cr, 0, 0);
    cairo_curve_to(cr, 0, h * 0.9, 0.16 * l, h * 1.1, 0.30 * l, h);
    cairo_curve_to(cr, 0.44 * l, h * 0.9, 0.42 * l, h * 0.6, 0.55 * l, h * 0.6);
    cairo_curve_to(cr, 0.66 * l, h * 0.6, 0.66 * l, h * 0.85, 0.78 * l,
                   h * 0.82);
    cairo_curve_to(cr, 0.95 * l, h * 0.8, l, h * 0.45, l, 0);
    cairo_curve_to(cr, l, -h * 0.45, 0.95 * l, -h * 0.8, 0.78 * l, -h * 0.82);
    cairo_curve_to(cr, 0.66 * l, -h * 0.85, 0.66 * l, -h * 0.6, 0.55 * l,
                   -h * 0.6);
    cairo_curve_to(cr, 0.42 * l, -h * 0.6, 0.44 * l, -h * 0.9, 0.30 * l, -h);
    cairo_curve_to(cr, 0.16 * l, -h * 1.1, 0, -h * 0.9, 0, 0);
    cairo_close_path(cr);
}

static void draw_box(cairo_t *cr, double l, double w, struct colour varnish,
                     double light)
{
    box_path(cr, l, w);
    set_colour(cr, lit(varnish, 0.38 * light));
    cairo_set_line_width(cr, 0.045 * w + 0.9);
    cairo_stroke_preserve(cr);
    fill_gradient(cr, (struct point){0.3 * l, -w / 2},
                  (struct point){0.5 * l, w / 2}, lit(varnish, 1.18 * light),
                  lit(varnish, 0.68 * light));

    const struct colour hole = lit(varnish, 0.22 * light);
    for (int side = -1; side <= 1; side += 2)
        draw_line(cr, (struct point){0.32 * l, side * 0.25 * w},
                  (struct point){0.50 * l, side * 0.17 * w}, 0.03 * w + 0.4,
                  hole);
}

void draw_instrument(cairo_t *cr, const struct figure *f, double light)
{
    const struct colour ebony = {0.10, 0.07, 0.06};
    const struct colour maple = {0.93, 0.78, 0.50};
    const double l = f->body, w = f->width, end = l + f->neck;
    const double t = 0.05 * w + 1.2;

    draw_line(cr, (struct point){l, 0}, (struct point){end, 0}, t + 1.0,
              lit(f->varnish, 0.55 * light));
    draw_box(cr, l, w, f->varnish, light);
    draw_line(cr, (struct point){0.60 * l, 0}, (struct point){end - 1.5, 0}, t,
              lit(ebony, light));
    draw_line(cr, (struct point){0.05 * l, 0}, (struct point){0.26 * l, 0}, t,
              lit(ebony, light));
    draw_line(cr, (struct point){0.42 * l, -0.12 * w},
              (struct point){0.42 * l, 0.12 * w}, 0.8, lit(maple, light));
    draw_line(cr, (struct point){0.2 * l, 0}, (struct point){end, 0},
              0.02 * w + 0.15, lit(maple, 0.9 * light));

    set_colour(cr, lit(f->varnish, 0.8 * light));
    cairo_arc(cr, end + 0.03 * l, 0.02 * w, 0.04 * w + 1.2, 0, 2 * pi);
    cairo_fill(cr);
    for (int side = -1; side <= 1; side += 2)
        draw_line(cr, (struct point){end - 0.06 * l, 0},
                  (struct point){end - 0.06 * l, side * (0.07 * w + 1.5)}, 0.9,
                  lit(ebony, light));
}

struct point draw_bow(cairo_t *cr, struct point contact, struct point toward,
                      double held, double length, double light)
{
    const struct colour stick = {0.42, 0.20, 0.09};
    const struct colour hair = {1.00, 0.97, 0.88};
    const struct point normal = {toward.y, -toward.x};
    const double lift = toward.x < 0 ? -2.0 : 2.0;
    const struct point hand = along(contact, toward, held);
    const struct point tip = along(contact, toward, held - length);
    const struct point frog = along(hand, normal, lift);
    const struct point middle =
        along(along(hand, toward, -length / 2), normal, lift * 0.6);

    draw_line(cr, hand, tip, 1.5, lit(hair, light));
    set_colour(cr, lit(stick, light));
    cairo_set_line_width(cr, 1.5);
    cairo_move_to(cr, frog.x, frog.y);
    cairo_curve_to(cr, middle.x, middle.y, middle.x, middle.y,
                   tip.x + normal.x * lift, tip.y + normal.y * lift);
    cairo_line_to(cr, tip.x, tip.y);
    cairo_stroke(cr);
    draw_line(cr, hand, frog, 2.2,
              lit((struct colour){0.1, 0.08, 0.07}, light));
    return hand;
}
