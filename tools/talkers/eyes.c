/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Eyeballs between their lids, and the lids' edges. */
#include "paint.h"
#include "picture.h"

#include <math.h>

struct eye {
    cairo_t *cr;
    const struct talkers_identity *id;
    struct point upper[4], lower[4]; /* outer or inner corner first: left one */
    struct point iris;
    double radius, unit; /* unit: of the head's coordinates */
    double light;
};

static void path_eye(const struct eye *e)
{
    path_through(e->cr, e->upper, 4, true);
    path_through(e->cr, e->lower, 4, false);
    cairo_close_path(e->cr);
}

static void fill_sclera(const struct eye *e)
{
    const struct colour white =
        tinted((struct colour){0.93, 0.91, 0.89}, e->light);
    const struct colour pink =
        tinted((struct colour){0.80, 0.58, 0.54}, e->light);
    set_colour(e->cr, white);
    cairo_paint(e->cr);
    for (int i = 0; i < 4; i += 3)
        draw_glow(e->cr, e->upper[i].x, e->upper[i].y, 0.09 * e->unit,
                  0.09 * e->unit, pink, 0.8);
    draw_glow(e->cr, e->iris.x, e->iris.y, 1.5 * e->radius, 1.4 * e->radius,
              tinted(white, 0.8), 0.5);
}

static void fill_iris(const struct eye *e)
{
    const double x = e->iris.x, y = e->iris.y, r = e->radius;
    const struct colour c = tinted(e->id->iris, e->light);
    const struct colour bright =
        tinted(blended(c, (struct colour){1, .95, .8}, .18), 1.25);
    const struct colour dark = tinted(c, 0.35);
    cairo_pattern_t *p = cairo_pattern_create_radial(x, y, 0, x, y, r);

    cairo_pattern_add_color_stop_rgb(p, 0.40, c.r * 0.7, c.g * 0.7, c.b * 0.7);
    cairo_pattern_add_color_stop_rgb(p, 0.62, bright.r, bright.g, bright.b);
    cairo_pattern_add_color_stop_rgb(p, 0.84, c.r, c.g, c.b);
    cairo_pattern_add_color_stop_rgb(p, 0.95, dark.r, dark.g, dark.b);
    cairo_pattern_add_color_stop_rgba(p, 1.0, dark.r, dark.g, dark.b, 0.2);
    cairo_set_source(e->cr, p);
    cairo_arc(e->cr, x, y, r, 0, 6.2832);
    cairo_fill(e->cr);
    cairo_pattern_destroy(p);
    draw_glow(e->cr, x, y, r * 0.54, r * 0.54, (struct colour){.02, .02, .02},
              1);
    cairo_arc(e->cr, x, y, r * 0.38, 0, 6.2832);
    cairo_set_source_rgb(e->cr, 0.02, 0.02, 0.02);
    cairo_fill(e->cr);
}

static void add_shine(const struct eye *e)
{
    const double x = e->iris.x + e->id->light_x * 0.42 * e->radius;
    const double y = e->iris.y + e->id->light_y * 0.50 * e->radius;
    const struct colour white = {1, 1, 1};

    draw_glow(e->cr, x, y, e->radius * 0.30, e->radius * 0.30, white, 1);
    draw_glow(e->cr, 2 * e->iris.x - x, e->iris.y + 0.4 * e->radius,
              e->radius * 0.35, e->radius * 0.2, white, 0.18);
}

static void stroke_curve(const struct eye *e, const struct point *p,
                         double down, double width, struct colour c,
                         double alpha)
{
    struct point q[4];

    for (int i = 0; i < 4; i++)
        q[i] = (struct point){p[i].x, p[i].y + down * e->unit};
    path_through(e->cr, q, 4, true);
    cairo_set_source_rgba(e->cr, c.r, c.g, c.b, alpha);
    cairo_set_line_width(e->cr, width * e->unit);
    cairo_stroke(e->cr);
}

/* The lashes' line, thicker outwards; `outer` is the outer corner's index. */
static void draw_lashes(const struct eye *e, int outer)
{
    const struct colour dark =
        blended(e->id->brow, (struct colour){.05, .03, .03}, .6);
    const double thick = 0.014 + 0.022 * e->id->lashes;
    const double side = outer ? 1 : -1;
    struct point low[4], q = e->upper[outer];

    for (int i = 0; i < 4; i++)
        low[3 - i] = (struct point){
            e->upper[i].x,
            e->upper[i].y -
                (i == 1 || i == 2 ? thick : thick * 0.25) * e->unit};
    path_through(e->cr, e->upper, 4, true);
    path_through(e->cr, low, 4, false);
    cairo_close_path(e->cr);
    cairo_set_source_rgba(e->cr, dark.r, dark.g, dark.b, 0.9);
    cairo_fill_preserve(e->cr);
    cairo_set_line_width(e->cr, 0.012 * e->unit);
    cairo_stroke(e->cr);
    if (e->id->lashes > 0.5)
        draw_strand(
            e->cr,
            (struct point){q.x - side * 0.07 * e->unit, q.y - .02 * e->unit},
            (struct point){q.x + side * 0.05 * e->unit, q.y - 0.035 * e->unit},
            side * 0.15, 0.012 * e->unit, dark, 0.9);
    stroke_curve(e, e->lower, 0.006, 0.011, dark, 0.25 + 0.25 * e->id->lashes);
}

static void draw_eye(const struct eye *e, int outer, double closure)
{
    const struct colour rim =
        blended(e->id->skin, (struct colour){.85, .5, .47}, .4);
    const struct colour shade = tinted(e->id->blush, 0.25);

    if (closure < 0.95) {
        cairo_save(e->cr);
        path_eye(e);
        cairo_clip(e->cr);
        fill_sclera(e);
        fill_iris(e);
        stroke_curve(e, e->upper, 0.012, 0.07, shade, 0.28);
        stroke_curve(e, e->upper, 0.0, 0.045, shade, 0.40);
        add_shine(e);
        stroke_curve(e, e->lower, 0, 0.03, tinted(rim, e->light), 0.8);
        cairo_restore(e->cr);
    }
    draw_lashes(e, outer);
}

void talkers_draw_eyes(cairo_t *cr, const struct talkers_face *f,
                       const struct talkers_state *s,
                       const struct face_frame *frame)
{
    for (int k = 0; k < 2; k++) {
        const struct point *p = frame->at + 36 + 6 * k;
        const double side = k ? 1 : -1;
        const struct eye e = {.cr = cr,
                              .id = f->id,
                              .upper = {p[0], p[1], p[2], p[3]},
                              .lower = {p[3], p[4], p[5], p[0]},
                              .iris = frame->iris[k],
                              .radius = frame->radius,
                              .unit = hypot(f->view.xx, f->view.xy),
                              .light =
                                  mix(0.98, 0.84 + 0.14 * side * f->id->light_x,
                                      f->id->contrast)};
        draw_eye(&e, k ? 3 : 0, s->face.closure);
    }
}
