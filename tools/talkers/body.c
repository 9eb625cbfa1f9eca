/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Neck, shoulders and clothes. */
#include "paint.h"

#include <math.h>

static double neck_width(const struct talkers_identity *id)
{
    return mix(0.60, 0.80, id->masculine) * id->shape.width;
}

static double side_light(const struct talkers_identity *id, double side)
{
    return mix(0.92, 0.74 + 0.24 * side * id->light_x, id->contrast);
}

static void paint_neck(cairo_t *cr, const struct talkers_identity *id)
{
    const double w = neck_width(id);
    const struct point left[] = {{-w, 0.9},         {-w, 1.55},
                                 {-w * 1.04, 1.95}, {-w * 1.30, 2.28},
                                 {-1.75, 2.55},     {-2.7, 2.95}};
    const struct colour skin = blended(id->skin, id->blush, 0.15);
    struct point right[6];

    for (int i = 0; i < 6; i++)
        right[i] = (struct point){-left[5 - i].x, left[5 - i].y};
    path_through(cr, left, 6, true);
    path_through(cr, right, 6, false);
    cairo_close_path(cr);
    cairo_save(cr);
    cairo_clip_preserve(cr);
    fill_gradient(cr, (struct point){-w, 0}, (struct point){w, 0},
                  tinted(skin, side_light(id, -1)),
                  tinted(skin, side_light(id, 1)));
    const struct colour dark = tinted(id->blush, 0.30);
    draw_glow(cr, -w, 1.9, 0.25, 0.9, dark, 0.55);
    draw_glow(cr, w, 1.9, 0.25, 0.9, dark, 0.55);
    draw_glow(cr, -0.15 * id->light_x, 1.70, 1.0, 0.55, dark, 0.85);
    draw_glow(cr, -0.30, 2.40, 0.26, 0.06, dark, 0.16); /* collar bones */
    draw_glow(cr, 0.30, 2.40, 0.26, 0.06, dark, 0.16);
    cairo_restore(cr);
}

/* The garment's outline from the neckline's left end down and around. */
static void path_garment(cairo_t *cr, double w, double neck, double dip,
                         double sharp)
{
    cairo_move_to(cr, -w * 1.30, neck);
    cairo_curve_to(cr, -w * mix(1.1, 0.75, sharp),
                   mix(dip, neck, 0.3 + 0.2 * sharp),
                   -w * mix(0.6, 0.25, sharp), dip, 0, dip);
    cairo_curve_to(cr, w * mix(0.6, 0.25, sharp), dip,
                   w * mix(1.1, 0.75, sharp), mix(dip, neck, 0.3 + 0.2 * sharp),
                   w * 1.30, neck);
    cairo_curve_to(cr, w * 1.7, neck + 0.16, 2.0, 2.42, 2.75, 2.75);
    cairo_line_to(cr, 2.8, 3.2);
    cairo_line_to(cr, -2.8, 3.2);
    cairo_line_to(cr, -2.75, 2.75);
    cairo_curve_to(cr, -2.0, 2.42, -w * 1.7, neck + 0.16, -w * 1.30, neck);
    cairo_close_path(cr);
}

static void fill_cloth(cairo_t *cr, const struct talkers_identity *id,
                       struct colour c)
{
    const struct colour l = tinted(c, 1.1 * side_light(id, -1));
    const struct colour r = tinted(c, 1.1 * side_light(id, 1));

    fill_gradient(cr, (struct point){-2.2, 2.2}, (struct point){2.2, 2.5}, l,
                  r);
}

/* Folds and the neck's shadow, on what is clipped. */
static void fold_cloth(cairo_t *cr, const struct talkers_identity *id)
{
    struct talkers_dice d = {id->seed, 0, TALKERS_STREAM_BODY};

    for (int i = 0; i < 14; i++) {
        const double x = talkers_roll(&d, -2.4, 2.4);
        const double y = talkers_roll(&d, 2.3, 2.9);
        const struct point tip = {x * 0.86, y - talkers_roll(&d, 0.2, 0.5)};
        draw_strand(cr, (struct point){x, y}, tip, talkers_roll(&d, -.2, .2),
                    talkers_roll(&d, 0.06, 0.14),
                    i % 2 ? (struct colour){0, 0, 0} : (struct colour){1, 1, 1},
                    i % 2 ? 0.06 : 0.03);
    }
    draw_glow(cr, 0, 2.10, 0.9, 0.35, (struct colour){0, 0, 0}, 0.22);
}

static void paint_garment(cairo_t *cr, const struct talkers_identity *id,
                          struct colour c, double neck, double dip,
                          double sharp)
{
    const double w = neck_width(id);
    const struct colour hem = tinted(c, 0.78);

    path_garment(cr, w, neck, dip, sharp);
    cairo_save(cr);
    cairo_clip_preserve(cr);
    fill_cloth(cr, id, c);
    fold_cloth(cr, id);
    path_garment(cr, w, neck, dip, sharp);
    cairo_set_source_rgba(cr, hem.r, hem.g, hem.b, 0.8);
    cairo_set_line_width(cr, 0.11);
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void paint_collar(cairo_t *cr, const struct talkers_identity *id,
                         struct colour c, bool lapel)
{
    const double w = neck_width(id), drop = lapel ? 0.75 : 0.42;

    for (int side = -1; side <= 1; side += 2) {
        cairo_move_to(cr, side * w * 1.02, lapel ? 2.10 : 1.95);
        cairo_line_to(cr, side * w * 1.50, 2.30);
        cairo_line_to(cr, side * w * (lapel ? 1.05 : 0.75), 2.28 + drop * 0.9);
        cairo_line_to(cr, side * 0.03, 2.55 + (lapel ? 0.4 : 0));
        cairo_close_path(cr);
        set_colour(cr, tinted(c, side_light(id, side)));
        cairo_fill_preserve(cr);
        cairo_set_source_rgba(cr, 0, 0, 0, 0.25);
        cairo_set_line_width(cr, 0.02);
        cairo_stroke(cr);
    }
}

static void paint_roll_neck(cairo_t *cr, const struct talkers_identity *id)
{
    const double w = neck_width(id) * 1.06;
    const struct point top[] = {
        {-w, 1.86}, {-0.4, 2.02}, {0.4, 2.02}, {w, 1.86}};

    paint_garment(cr, id, id->cloth, 2.2, 2.3, 0);
    path_through(cr, top, 4, true);
    cairo_line_to(cr, w * 1.25, 2.42);
    cairo_curve_to(cr, 0.4, 2.62, -0.4, 2.62, -w * 1.25, 2.42);
    cairo_close_path(cr);
    cairo_save(cr);
    cairo_clip_preserve(cr);
    fill_cloth(cr, id, tinted(id->cloth, 1.06));
    for (double x = -1.1; x < 1.1; x += 0.055)
        draw_line(cr, (struct point){x, 1.8}, (struct point){x * 1.2, 2.6},
                  0.014, tinted(id->cloth, 0.72));
    draw_glow(cr, 0, 1.85, 1.1, 0.28, (struct colour){0, 0, 0}, 0.5);
    cairo_restore(cr);
}

void paint_body(struct canvas *c, const struct talkers_face *f)
{
    const struct talkers_identity *id = f->id;
    const struct colour shirt =
        blended(id->cloth2, (struct colour){1, 1, 1}, .5);

    paint_neck(c->cr, id);
    switch (id->clothes) {
    case TALKERS_CLOTHES_V:
        paint_garment(c->cr, id, id->cloth, 2.18, 2.95, 1);
        break;
    case TALKERS_CLOTHES_SHIRT:
        paint_garment(c->cr, id, id->cloth, 2.14, 2.60, 0.8);
        paint_collar(c->cr, id, tinted(id->cloth, 1.05), false);
        break;
    case TALKERS_CLOTHES_ROLL: paint_roll_neck(c->cr, id); break;
    case TALKERS_CLOTHES_JACKET:
        paint_garment(c->cr, id, shirt, 2.14, 2.58, 0.8);
        paint_collar(c->cr, id, tinted(shirt, 1.04), false);
        paint_garment(c->cr, id, id->cloth, 2.22, 3.10, 1);
        paint_collar(c->cr, id, tinted(id->cloth, 0.9), true);
        break;
    default: paint_garment(c->cr, id, id->cloth, 2.20, 2.50, 0);
    }
}
