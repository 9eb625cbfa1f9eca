/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lies in or on the skin: nostrils, creases, freckles; brows and beard,
 * stroke by stroke; glasses. */
#include "paint.h"

#include <math.h>

static void dim_curve(cairo_t *cr, const struct point *p, int n, double width,
                      struct colour c, double alpha)
{
    for (int i = 3; i >= 1; i--) { /* soft: wide and faint to narrow */
        path_through(cr, p, n, true);
        cairo_set_source_rgba(cr, c.r, c.g, c.b, alpha / 3);
        cairo_set_line_width(cr, width * i);
        cairo_stroke(cr);
    }
}

static struct point between(struct point a, struct point b, double w)
{
    return (struct point){mix(a.x, b.x, w), mix(a.y, b.y, w)};
}

static void paint_nostrils(cairo_t *cr, const struct talkers_face *f)
{
    const struct point *p = f->canonical;
    const struct colour dark = tinted(f->id->blush, 0.20);
    const struct colour shade = tinted(f->id->blush, 0.50);

    draw_glow(cr, 0, p[33].y + 0.05, p[35].x * 1.25, 0.10, shade, 0.42);
    for (int side = -1; side <= 1; side += 2) {
        const struct point wing = p[side < 0 ? 31 : 35];
        const struct point hole = p[side < 0 ? 32 : 34];
        draw_glow(cr, mix(hole.x, wing.x, 0.25), hole.y - 0.020, 0.078, 0.044,
                  dark, 0.95);
        const struct point groove[] = {
            {wing.x + side * 0.015, wing.y - 0.13},
            {wing.x + side * 0.055, wing.y - 0.05},
            {wing.x + side * 0.030, wing.y + 0.02},
            {mix(hole.x, wing.x, 0.55), wing.y + 0.03}};
        dim_curve(cr, groove, 4, 0.018, shade, 0.75);
    }
}

/* The fold over each eye, and a softer one below. */
static void paint_creases(cairo_t *cr, const struct talkers_face *f)
{
    const struct colour dark = tinted(f->id->blush, 0.50);

    for (int k = 0; k < 2; k++) {
        const struct point *e = f->canonical + 36 + 6 * k;
        const double side = k ? 1 : -1;
        const struct point outer = k ? e[3] : e[0], inner = k ? e[0] : e[3];
        const struct point up1 = k ? e[2] : e[1], up2 = k ? e[1] : e[2];
        const struct point crease[] = {
            {outer.x + side * 0.035, outer.y - 0.035},
            {up1.x + side * 0.015, up1.y - 0.062},
            {up2.x, up2.y - 0.060},
            {inner.x - side * 0.02, inner.y - 0.055}};
        dim_curve(cr, crease, 4, 0.016, dark, 0.75);
        const struct point low1 = k ? e[4] : e[5], low2 = k ? e[5] : e[4];
        const struct point bag[] = {{inner.x + side * 0.02, inner.y + 0.05},
                                    {low2.x, low2.y + 0.085},
                                    {low1.x, low1.y + 0.095}};
        dim_curve(cr, bag, 3, 0.025, dark, 0.12 + 0.3 * f->id->age);
    }
}

static void paint_age(cairo_t *cr, const struct talkers_face *f)
{
    const double a = smooth_step(0.45, 1, f->id->age);
    const struct colour dark = tinted(f->id->blush, 0.55);

    if (a <= 0)
        return;
    for (int k = 0; k < 2; k++) {
        const struct point c = f->canonical[k ? 45 : 36];
        const double side = k ? 1 : -1;
        for (int i = -1; i <= 1; i++) {
            const struct point foot[] = {{c.x + side * 0.06, c.y + 0.03 * i},
                                         {c.x + side * 0.13, c.y + 0.06 * i},
                                         {c.x + side * 0.20, c.y + 0.11 * i}};
            dim_curve(cr, foot, 3, 0.012, dark, 0.32 * a);
        }
    }
}

static void paint_spots(cairo_t *cr, const struct talkers_face *f)
{
    struct talkers_dice d = {f->id->seed, 1u << 30, TALKERS_STREAM_SKIN};
    const struct colour brown = tinted(f->id->blush, 0.72);
    const struct colour mole = tinted(f->id->blush, 0.42);

    for (int i = 0; f->id->freckles > 0 && i < 130; i++) {
        const double x = 0.42 * talkers_normal(&d);
        const double y = 0.42 + 0.2 * talkers_normal(&d);
        const double r = talkers_roll(&d, 0.010, 0.022);
        draw_glow(cr, x, y, r, r, brown, talkers_roll(&d, 0.15, 0.5));
    }
    for (int i = 0; i < f->id->moles; i++) {
        const double side = talkers_chance(&d, 0.5) ? 1 : -1;
        const double x = side * talkers_roll(&d, 0.42, 0.85);
        const double y = talkers_roll(&d, 0.35, 1.25);
        const double r = talkers_roll(&d, 0.018, 0.032);
        draw_glow(cr, x, y, r, r, mole, 0.9);
    }
}

void paint_features(struct canvas *c, const struct talkers_face *f)
{
    cairo_save(c->cr);
    path_face(c->cr, f);
    cairo_clip(c->cr);
    paint_spots(c->cr, f);
    paint_nostrils(c->cr, f);
    paint_creases(c->cr, f);
    paint_age(c->cr, f);
    cairo_restore(c->cr);
}

/* --------------------------------------------------------------- brows -- */

/* The brow's middle line, from the nose outwards; its thickness there. */
static struct point brow_at(const struct talkers_face *f, int side, double t)
{
    const double at = t * 4;
    const int i = at >= 4 ? 3 : (int)at;
    const struct point *p = f->canonical;

    return side < 0 ? between(p[21 - i], p[20 - i], at - i)
                    : between(p[22 + i], p[23 + i], at - i);
}

void paint_brows(struct canvas *c, const struct talkers_face *f)
{
    struct talkers_dice d = {f->id->seed, 0, TALKERS_STREAM_HAIR};
    const double thick = f->id->brow_thick;

    for (int i = 0; i < 40; i++) { /* the skin below them */
        const struct point at = brow_at(f, i % 2 ? 1 : -1, i / 2 / 19.0);
        draw_glow(c->cr, at.x, at.y, 0.10, 0.055 * thick,
                  tinted(f->id->brow, 1.1), 0.16 * fmin(thick, 1));
    }
    for (int i = 0; i < 640; i++) {
        const int side = i % 2 ? 1 : -1;
        const double t = talkers_roll(&d, 0, 1), v = talkers_roll(&d, -1, 1);
        const double half =
            thick * 0.062 * (1 - 0.70 * t * t) * smooth_step(-0.12, 0.15, t);
        const struct point at = brow_at(f, side, t);
        const double angle = mix(1.15, 0.05, smooth_step(0, 0.5, t)) - 0.4 * v;
        const double length = talkers_roll(&d, 0.09, 0.15) * mix(1, 0.8, t);
        const struct point root = {at.x, at.y + v * half};
        const struct point tip = {root.x + side * length * cos(angle),
                                  root.y - length * sin(angle) * 0.7};
        const struct colour tone =
            tinted(f->id->brow, talkers_roll(&d, 0.75, 1.35));
        draw_strand(c->cr, root, tip, -side * 0.1, 0.008, tone,
                    talkers_roll(&d, 0.35, 0.75) * (thick > 0.8 ? 1 : 0.8));
    }
}

/* --------------------------------------------------------------- beard -- */

double beard_at(const struct talkers_face *f, double x, double y)
{
    const struct point *p = f->canonical;
    const double lip = p[51].y, under = p[57].y, ax = fabs(x);
    const double corner = p[54].x;
    const double tache = smooth_step(p[33].y + 0.05, p[33].y + 0.13, y) *
                         smooth_step(corner + 0.15, corner - 0.02, ax) *
                         smooth_step(lip + 0.12, lip + 0.02, y - 0.35 * ax);
    /* From below the lower lip, up to the corners beside it. */
    const double edge = mix(under, lip + 0.10, smooth_step(0.12, 0.42, ax));
    const double chin = smooth_step(edge - 0.01, edge + 0.10, y);
    const double goatee = chin * smooth_step(0.54, 0.42, ax);
    const double from = mix(lip + 0.12, -0.10, smooth_step(0.5, 1.05, ax));
    const double cheek = smooth_step(from, from + 0.26, y) *
                         smooth_step(corner + 0.06, corner + 0.17, ax);

    switch (f->id->beard) {
    case TALKERS_BEARD_MOUSTACHE: return tache;
    case TALKERS_BEARD_GOATEE: return fmax(tache, goatee);
    case TALKERS_BEARD_FULL:
        return fmax(tache, fmax(chin * smooth_step(0.85, 0.65, ax), cheek));
    default: return 0;
    }
}

void paint_beard(struct canvas *c, const struct talkers_face *f)
{
    struct talkers_dice d = {f->id->seed, 1u << 20, TALKERS_STREAM_HAIR};
    const struct colour tone = blended(f->id->hair_colour, f->id->brow, 0.5);

    if (f->id->beard < TALKERS_BEARD_MOUSTACHE)
        return;
    cairo_save(c->cr);
    path_face(c->cr, f);
    cairo_clip(c->cr);
    for (int i = 0; i < 13000; i++) {
        const double x = talkers_roll(&d, -1.15, 1.15);
        const double y = talkers_roll(&d, 0.0, 2.1);
        const double v = talkers_roll(&d, 0, 1), k = talkers_roll(&d, -1, 1);
        const double light = 0.85 + 0.3 * f->id->light_x * x / 1.1;
        if (v > beard_at(f, x, y))
            continue;
        const double lean =
            (y < 1.1 && fabs(x) < 0.5 ? 1.1 : 0.35) * (x < 0 ? -1 : 1);
        const double length = 0.10;
        const struct point tip = {x + length * (lean * 0.7 + 0.3 * k),
                                  y + length * 0.9};
        draw_strand(c->cr, (struct point){x, y}, tip, 0.1 * k, 0.008,
                    tinted(tone, light * talkers_roll(&d, 0.65, 1.45)), 0.55);
    }
    cairo_restore(c->cr);
}

/* ------------------------------------------------------------- glasses -- */

static void path_lens(cairo_t *cr, double x, double y, double w, double h,
                      double round)
{
    const double r = round * fmin(w, h);

    cairo_new_sub_path(cr);
    cairo_arc(cr, x + w - r, y - h + r, r, -1.5708, 0);
    cairo_arc(cr, x + w - r, y + h - r, r, 0, 1.5708);
    cairo_arc(cr, x - w + r, y + h - r, r, 1.5708, 3.1416);
    cairo_arc(cr, x - w + r, y - h + r, r, 3.1416, 4.7124);
    cairo_close_path(cr);
}

static void paint_lens(cairo_t *cr, const struct talkers_identity *id, int side)
{
    const double round = id->glasses == 1 ? 0.95 : 0.45;
    const double w = id->glasses == 1 ? 0.34 : 0.375;
    const double h = id->glasses == 1 ? 0.31 : 0.265;
    const double x = side * 0.50, y = 0.05;
    const double rim = id->glasses == 3 ? 0.014 : 0.042;

    path_lens(cr, x, y + 0.03, w, h, round); /* its shadow on the skin */
    cairo_set_source_rgba(cr, 0.1, 0.05, 0.03, 0.12);
    cairo_set_line_width(cr, rim * 2);
    cairo_stroke(cr);
    path_lens(cr, x, y, w, h, round);
    cairo_pattern_t *p =
        cairo_pattern_create_linear(x - w, y - h, x + w, y + h);
    cairo_pattern_add_color_stop_rgba(p, 0, 1, 1, 1, 0.16);
    cairo_pattern_add_color_stop_rgba(p, 0.28, 1, 1, 1, 0.07);
    cairo_pattern_add_color_stop_rgba(p, 0.30, 1, 1, 1, 0.02);
    cairo_pattern_add_color_stop_rgba(p, 1, 1, 1, 1, 0.03);
    cairo_set_source(cr, p);
    cairo_fill_preserve(cr);
    cairo_pattern_destroy(p);
    set_colour(cr, id->glasses_colour);
    cairo_set_line_width(cr, rim);
    cairo_stroke(cr);
    draw_line(cr, (struct point){side * (0.5 + w), y - 0.08},
              (struct point){side * 1.17, y - 0.06}, rim, id->glasses_colour);
}

void paint_glasses(struct canvas *c, const struct talkers_face *f)
{
    const double w = f->id->glasses == 1 ? 0.34 : 0.375;

    if (!f->id->glasses)
        return;
    paint_lens(c->cr, f->id, -1);
    paint_lens(c->cr, f->id, 1);
    const struct point bridge[] = {
        {-0.5 + w, 0.0}, {0, -0.055}, {0.5 - w, 0.0}};
    path_through(c->cr, bridge, 3, true);
    cairo_set_line_width(c->cr, f->id->glasses == 3 ? 0.020 : 0.042);
    set_colour(c->cr, f->id->glasses_colour);
    cairo_stroke(c->cr);
}
