/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "paint.h"

#include <math.h>

int canvas_open(struct canvas *c, int side)
{
    c->scale = side / 4.9;
    c->x0 = -2.85;
    c->y0 = -2.65;
    c->side = (int)ceil(5.7 * c->scale);
    c->surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, c->side, c->side);
    c->cr = cairo_create(c->surface);
    cairo_scale(c->cr, c->scale, c->scale);
    cairo_translate(c->cr, -c->x0, -c->y0);
    cairo_set_line_cap(c->cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
    return cairo_status(c->cr) ? -1 : 0;
}

void canvas_close(struct canvas *c)
{
    if (c->cr)
        cairo_destroy(c->cr);
    if (c->surface)
        cairo_surface_destroy(c->surface);
    c->cr = NULL;
    c->surface = NULL;
}

struct colour tinted(struct colour c, double gain)
{
    return (struct colour){clamp(c.r * gain, 0, 1), clamp(c.g * gain, 0, 1),
                           clamp(c.b * gain, 0, 1)};
}

struct colour blended(struct colour a, struct colour b, double w)
{
    return (struct colour){mix(a.r, b.r, w), mix(a.g, b.g, w),
                           mix(a.b, b.b, w)};
}

struct colour light_colour(const struct talkers_identity *id)
{
    return (struct colour){1 + 0.07 * id->warmth, 1 + 0.01 * id->warmth,
                           1 - 0.09 * id->warmth};
}

/* Catmull and Rom's curve, as Bezier's. */
void path_through(cairo_t *cr, const struct point *p, int n, bool move)
{
    if (move)
        cairo_move_to(cr, p[0].x, p[0].y);
    else
        cairo_line_to(cr, p[0].x, p[0].y);
    for (int i = 0; i + 1 < n; i++) {
        const struct point a = p[i ? i - 1 : 0], b = p[i], c = p[i + 1];
        const struct point d = p[i + 2 < n ? i + 2 : n - 1];
        cairo_curve_to(cr, b.x + (c.x - a.x) / 6, b.y + (c.y - a.y) / 6,
                       c.x - (d.x - b.x) / 6, c.y - (d.y - b.y) / 6, c.x, c.y);
    }
}

void draw_strand(cairo_t *cr, struct point a, struct point b, double bend,
                 double width, struct colour c, double alpha)
{
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double length = hypot(dx, dy) + 1e-6;
    const double nx = -dy / length * width, ny = dx / length * width;
    const struct point m = {(a.x + b.x) / 2 - dy * bend,
                            (a.y + b.y) / 2 + dx * bend};

    cairo_move_to(cr, a.x, a.y);
    cairo_curve_to(cr, m.x + nx - dx * 0.2, m.y + ny - dy * 0.2,
                   m.x + nx + dx * 0.2, m.y + ny + dy * 0.2, b.x, b.y);
    cairo_curve_to(cr, m.x - nx + dx * 0.2, m.y - ny + dy * 0.2,
                   m.x - nx - dx * 0.2, m.y - ny - dy * 0.2, a.x, a.y);
    cairo_set_source_rgba(cr, c.r, c.g, c.b, alpha);
    cairo_fill(cr);
}

void path_face(cairo_t *cr, const struct talkers_face *f)
{
    struct point p[2 * FACE_OUTLINE - 1];
    const int n = FACE_OUTLINE;

    for (int i = 0; i < n; i++) {
        p[i] = f->outline[i];
        p[2 * n - 2 - i] = (struct point){-f->outline[i].x, f->outline[i].y};
    }
    path_through(cr, p, 2 * n - 1, true);
    cairo_close_path(cr);
}
