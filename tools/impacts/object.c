/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Draws the objects. Most are turned shapes: a profile from top to foot, shaded
 * across, under an elliptic top. Blocks and slabs are boxes, a log lies on its
 * side, a boulder is a polygon.
 */
#include "impacts.h"

#include <math.h>

static const double pi = 3.14159265358979323846;
static const double flat = 0.15; /* height over width of an ellipse seen */

static const struct colour colours[IMPACTS_MATERIALS][4] = {
    [IMPACTS_WOOD] = {{0.72, 0.48, 0.24},
                      {0.56, 0.33, 0.16},
                      {0.82, 0.62, 0.36},
                      {0.44, 0.24, 0.13}},
    [IMPACTS_METAL] = {{0.72, 0.74, 0.78},
                       {0.83, 0.66, 0.26},
                       {0.78, 0.46, 0.28},
                       {0.50, 0.53, 0.58}},
    [IMPACTS_GLASS] = {{0.62, 0.82, 0.88},
                       {0.50, 0.78, 0.60},
                       {0.72, 0.74, 0.92},
                       {0.86, 0.72, 0.50}},
    [IMPACTS_DRUM] = {{0.70, 0.10, 0.12},
                      {0.12, 0.22, 0.55},
                      {0.10, 0.10, 0.12},
                      {0.16, 0.42, 0.30}},
    [IMPACTS_PLASTIC] = {{0.93, 0.22, 0.16},
                         {0.98, 0.78, 0.12},
                         {0.14, 0.62, 0.88},
                         {0.40, 0.78, 0.26}},
    [IMPACTS_STONE] = {{0.55, 0.54, 0.52},
                       {0.42, 0.41, 0.43},
                       {0.66, 0.60, 0.52},
                       {0.36, 0.38, 0.36}},
};

/* A drawing in progress: the object stands on the origin. */
struct canvas {
    cairo_t *cr;
    const struct impacts_object *o;
    struct colour colour;
    double from; /* of the light */
    double w, h, ring;
    struct impacts_dice dice;
};

static struct colour shade(struct colour c, double light)
{
    return (struct colour){fmin(c.r * light, 1), fmin(c.g * light, 1),
                           fmin(c.b * light, 1)};
}

static void add_stop(cairo_pattern_t *p, double at, struct colour c,
                     double alpha)
{
    cairo_pattern_add_color_stop_rgba(p, fmin(fmax(at, 0), 1), c.r, c.g, c.b,
                                      alpha);
}

/* Fills the path with the shading of something round, its axis upright. */
static void fill_round(struct canvas *c, struct colour base, double gloss,
                       double alpha)
{
    const double bright = 0.5 + 0.27 * c->from;
    const struct colour white = {1, 1, 1};
    const struct colour shine = {mix(base.r, white.r, gloss),
                                 mix(base.g, white.g, gloss),
                                 mix(base.b, white.b, gloss)};
    cairo_pattern_t *p = cairo_pattern_create_linear(-c->w / 2, 0, c->w / 2, 0);

    add_stop(p, 0.0, shade(base, 0.45), alpha);
    add_stop(p, bright - 0.26, shade(base, 0.95), alpha);
    add_stop(p, bright - 0.05, shine, alpha);
    add_stop(p, bright + 0.05, shine, alpha);
    add_stop(p, bright + 0.26, shade(base, 0.9), alpha);
    add_stop(p, 1.0, shade(base, 0.4), alpha);
    cairo_set_source(c->cr, p);
    cairo_fill(c->cr);
    cairo_pattern_destroy(p);
}

static void ellipse(cairo_t *cr, double x, double y, double rx, double ry)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, rx, ry);
    cairo_new_sub_path(cr);
    cairo_arc(cr, 0, 0, 1, 0, 2 * pi);
    cairo_restore(cr);
}

/* A hoop around a turned shape: the front half of an ellipse. */
static void hoop(struct canvas *c, double y, double half, double width,
                 struct colour colour)
{
    cairo_save(c->cr);
    cairo_translate(c->cr, 0, y);
    cairo_scale(c->cr, half, half * flat);
    cairo_new_path(c->cr);
    cairo_arc(c->cr, 0, 0, 1, 0, pi);
    cairo_restore(c->cr);
    set_colour(c->cr, colour);
    cairo_set_line_width(c->cr, width);
    cairo_stroke(c->cr);
}

/* Half the width at v, 0 top to 1 foot, of each turned shape. */
static double profile(enum impacts_shape shape, double v)
{
    switch (shape) {
    case IMPACTS_BELL: {
        const double dome = 1 - v / 0.45;
        return v < 0.45 ? 0.31 * sqrt(1 - dome * dome)
                        : 0.31 + 0.19 * pow((v - 0.45) / 0.55, 2.2);
    }
    case IMPACTS_POT: return v < 0.1 ? 0.5 : 0.47 - 0.05 * v;
    case IMPACTS_TUMBLER: return 0.38 + 0.12 * v;
    case IMPACTS_JAR:
        return v < 0.16 ? 0.38 : fmin(0.38 + (v - 0.16) * 0.9, 0.5);
    case IMPACTS_BUCKET: return v > 0.93 ? 0.5 : 0.34 + 0.13 * v;
    case IMPACTS_CANISTER: return v > 0.12 ? 0.5 : 0.44 + 0.5 * v;
    default: return 0.5;
    }
}

static void turned_path(struct canvas *c)
{
    enum { STEPS = 24 };
    const double foot = profile(c->o->shape, 1) * c->w;
    const double top = profile(c->o->shape, 0) * c->w;

    cairo_new_path(c->cr);
    for (int i = 0; i <= STEPS; i++)
        cairo_line_to(c->cr, -profile(c->o->shape, (double)i / STEPS) * c->w,
                      -c->h * (1 - (double)i / STEPS));
    cairo_save(c->cr);
    cairo_scale(c->cr, foot, foot * flat);
    cairo_arc_negative(c->cr, 0, 0, 1, pi, 0);
    cairo_restore(c->cr);
    for (int i = STEPS; i >= 0; i--)
        cairo_line_to(c->cr, profile(c->o->shape, (double)i / STEPS) * c->w,
                      -c->h * (1 - (double)i / STEPS));
    if (top > 1) {
        cairo_save(c->cr);
        cairo_translate(c->cr, 0, -c->h);
        cairo_scale(c->cr, top, top * flat);
        cairo_arc_negative(c->cr, 0, 0, 1, 0, pi);
        cairo_restore(c->cr);
    }
    cairo_close_path(c->cr);
}

static void fill_top(struct canvas *c, struct colour colour, double alpha)
{
    const double half = profile(c->o->shape, 0) * c->w;

    cairo_new_path(c->cr);
    ellipse(c->cr, 0, -c->h, half, half * flat);
    cairo_set_source_rgba(c->cr, colour.r, colour.g, colour.b, alpha);
    cairo_fill(c->cr);
}

/* --------------------------------------------------------------- kinds -- */

static void draw_metal(struct canvas *c)
{
    const struct colour dark = shade(c->colour, 0.3);

    turned_path(c);
    fill_round(c, c->colour, 0.85, 1);
    if (c->o->shape == IMPACTS_POT) {
        fill_top(c, shade(c->colour, 1.15), 1);
        hoop(c, -c->h, 0.5 * c->w, 1.2, dark);
        draw_line(c->cr, (struct point){-0.5 * c->w, -0.75 * c->h},
                  (struct point){-0.62 * c->w, -0.75 * c->h}, 3, dark);
        draw_line(c->cr, (struct point){0.5 * c->w, -0.75 * c->h},
                  (struct point){0.62 * c->w, -0.75 * c->h}, 3, dark);
        return;
    }
    hoop(c, -0.12 * c->h, 0.455 * c->w, 1, dark);
    hoop(c, -0.5 * c->h, 0.315 * c->w, 1, dark);
    /* An edge that trembles. */
    hoop(c, 0, (0.5 + 0.02 * c->ring) * c->w, 1.6, shade(c->colour, 1.2));
}

static void draw_glass(struct canvas *c)
{
    const double bright = 0.30 * c->from * c->w;
    const struct colour white = {1, 1, 1};

    turned_path(c);
    fill_round(c, c->colour, 0.7, 0.42);
    fill_top(c, white, 0.38);
    hoop(c, 0, profile(c->o->shape, 1) * c->w, 1.6, shade(c->colour, 1.3));
    cairo_set_source_rgba(c->cr, 1, 1, 1, 0.75);
    cairo_set_line_width(c->cr, 0.05 * c->w);
    cairo_move_to(c->cr, bright, -0.8 * c->h);
    cairo_line_to(c->cr, bright * 1.15, -0.2 * c->h);
    cairo_stroke(c->cr);
    turned_path(c);
    cairo_set_source_rgba(c->cr, 1, 1, 1, 0.5);
    cairo_set_line_width(c->cr, 1);
    cairo_stroke(c->cr);
    if (c->o->shape != IMPACTS_JAR)
        return;
    cairo_rectangle(c->cr, -0.46 * c->w, -0.45 * c->h, 0.92 * c->w,
                    0.45 * c->h);
    cairo_set_source_rgba(c->cr, c->colour.r * 0.7, c->colour.g * 0.7,
                          c->colour.b, 0.35);
    cairo_fill(c->cr);
}

static void draw_drum(struct canvas *c)
{
    const struct colour chrome = {0.80, 0.82, 0.85};
    const double half = 0.5 * c->w, ripple = fabs(c->ring);

    turned_path(c);
    fill_round(c, c->colour, 0.35, 1);
    for (int i = -2; i <= 2; i++)
        draw_line(c->cr, (struct point){i * 0.21 * c->w, -0.80 * c->h},
                  (struct point){i * 0.21 * c->w, -0.1 * c->h}, 1.6,
                  shade(chrome, i == 0 ? 1 : 0.75));
    fill_top(c, (struct colour){0.95, 0.92, 0.84}, 1);
    cairo_set_line_width(c->cr, 0.8);
    for (int i = 1; i <= 2; i++) {
        const double part = 0.33 * i + 0.05 * c->ring;
        cairo_new_path(c->cr);
        ellipse(c->cr, 0, -c->h, half * part, half * flat * part);
        cairo_set_source_rgba(c->cr, 0.35, 0.30, 0.25, 0.15 + 0.6 * ripple);
        cairo_stroke(c->cr);
    }
    cairo_new_path(c->cr);
    ellipse(c->cr, 0, -c->h, half, half * flat);
    set_colour(c->cr, shade(chrome, 0.8));
    cairo_set_line_width(c->cr, 2);
    cairo_stroke(c->cr);
    hoop(c, -c->h + 4, half, 3, chrome);
    hoop(c, -1, half, 3, shade(chrome, 0.8));
}

static void draw_plastic(struct canvas *c)
{
    const struct colour pale = {0.96, 0.96, 0.94};

    turned_path(c);
    fill_round(c, c->colour, 0.45, 1);
    fill_top(c, shade(c->colour, 1.25), 1);
    if (c->o->shape == IMPACTS_BUCKET) {
        hoop(c, -0.05 * c->h, 0.5 * c->w, 2.4, shade(c->colour, 0.6));
        hoop(c, -c->h, profile(IMPACTS_BUCKET, 0) * c->w, 1,
             shade(c->colour, 0.7));
        return;
    }
    cairo_rectangle(c->cr, -0.5 * c->w, -0.66 * c->h, c->w, 0.4 * c->h);
    fill_round(c, pale, 0.3, 1);
    cairo_new_path(c->cr);
    ellipse(c->cr, 0, -c->h, 0.14 * c->w, 0.05 * c->w);
    set_colour(c->cr, shade(c->colour, 0.5));
    cairo_fill(c->cr);
}

/* The lighter face on top of a box, seen from a little above. */
static void box(struct canvas *c, double edge)
{
    const double half = c->w / 2, deep = flat * c->w;
    cairo_t *cr = c->cr;

    cairo_rectangle(cr, -half, -c->h + deep / 2, c->w, c->h - deep / 2);
    fill_gradient(cr, (struct point){-half * c->from, -c->h},
                  (struct point){half * c->from, 0}, shade(c->colour, 0.75),
                  shade(c->colour, 0.95));
    cairo_move_to(cr, -half, -c->h + deep / 2);
    cairo_line_to(cr, -half * edge, -c->h - deep / 2);
    cairo_line_to(cr, half * edge, -c->h - deep / 2);
    cairo_line_to(cr, half, -c->h + deep / 2);
    cairo_close_path(cr);
    set_colour(cr, shade(c->colour, 1.22));
    cairo_fill(cr);
}

static void draw_block(struct canvas *c)
{
    box(c, 0.88);
    cairo_set_line_width(c->cr, 0.7);
    for (int i = 0; i < 5; i++) {
        const double y = -c->h * impacts_roll(&c->dice, 0.05, 0.8);
        const double bend = impacts_roll(&c->dice, -3, 3);
        cairo_move_to(c->cr, -c->w / 2, y);
        cairo_curve_to(c->cr, -c->w / 5, y + bend, c->w / 5, y - bend, c->w / 2,
                       y);
        set_colour(c->cr, shade(c->colour, 0.55));
        cairo_stroke(c->cr);
    }
}

static void draw_log(struct canvas *c)
{
    const double half = c->w / 2, r = c->h / 2;
    const struct colour bark = shade(c->colour, 0.6);
    const struct colour wood = shade(c->colour, 1.25);
    cairo_t *cr = c->cr;

    cairo_rectangle(cr, -half, -c->h, c->w, c->h);
    fill_gradient(cr, (struct point){0, -c->h}, (struct point){0, 0},
                  shade(bark, 1.5), shade(bark, 0.6));
    cairo_set_line_width(cr, 0.8);
    for (int i = 0; i < 6; i++) {
        const double y = -c->h * impacts_roll(&c->dice, 0.1, 0.95);
        const double x = c->w * impacts_roll(&c->dice, -0.45, 0.2);
        draw_line(cr, (struct point){x, y}, (struct point){x + 0.25 * c->w, y},
                  0.8, shade(bark, 0.55));
    }
    const double end = c->from < 0 ? half : -half;
    for (int i = 0; i < 4; i++) {
        const double part = 1 - 0.26 * i;
        cairo_new_path(cr);
        ellipse(cr, end, -r, 0.4 * r * part, r * part);
        set_colour(cr, i % 2 ? shade(wood, 0.8) : wood);
        cairo_fill(cr);
    }
}

static void speckle(struct canvas *c, int count)
{
    for (int i = 0; i < count; i++) {
        const double x = c->w * impacts_roll(&c->dice, -0.45, 0.45);
        const double y = -c->h * impacts_roll(&c->dice, 0.02, 0.85);
        const double r = impacts_roll(&c->dice, 0.4, 1.4);
        const double light = impacts_roll(&c->dice, 0.5, 1.35);
        cairo_new_path(c->cr);
        cairo_arc(c->cr, x, y, r, 0, 2 * pi);
        set_colour(c->cr, shade(c->colour, light));
        cairo_fill(c->cr);
    }
}

/* Its upper part is the ellipse that impacts_surface() has. */
static void draw_boulder(struct canvas *c)
{
    const double half = 0.475 * c->w, high = 0.6 * c->h;
    cairo_t *cr = c->cr;

    cairo_new_path(cr);
    for (int i = 0; i <= 20; i++) {
        const double a = pi + pi * i / 20;
        cairo_line_to(cr, half * cos(a), -c->h + high + high * sin(a));
    }
    for (int i = 1; i < 6; i++)
        cairo_line_to(cr,
                      half * (1 - i / 3.0) * impacts_roll(&c->dice, 0.94, 1),
                      -0.05 * c->h * impacts_roll(&c->dice, 0, 1));
    cairo_close_path(cr);
    cairo_save(cr);
    cairo_clip_preserve(cr);
    fill_round(c, c->colour, 0.12, 1);
    cairo_rectangle(cr, -c->w / 2, -c->h, c->w, c->h);
    cairo_pattern_t *p = cairo_pattern_create_linear(0, -c->h, 0, 0);
    cairo_pattern_add_color_stop_rgba(p, 0, 1, 1, 1, 0.22);
    cairo_pattern_add_color_stop_rgba(p, 0.45, 0, 0, 0, 0);
    cairo_pattern_add_color_stop_rgba(p, 1, 0, 0, 0, 0.45);
    cairo_set_source(cr, p);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
    speckle(c, 40);
    cairo_restore(cr);
}

void impacts_object_draw(cairo_t *cr, const struct impacts_object *o,
                         const struct impacts_reaction *r, double from,
                         struct impacts_dice dice)
{
    struct canvas c = {.cr = cr,
                       .o = o,
                       .from = from,
                       .w = o->width,
                       .h = o->height,
                       .ring = r->ring,
                       .dice = dice};

    c.colour = colours[o->material][(int)(o->tint * 4)];
    cairo_save(cr);
    cairo_translate(cr, o->x, o->base);
    cairo_rotate(cr, r->lean);
    cairo_scale(cr, 1 + 0.5 * r->sink, 1 - r->sink);
    if (o->material == IMPACTS_METAL)
        draw_metal(&c);
    else if (o->material == IMPACTS_GLASS)
        draw_glass(&c);
    else if (o->material == IMPACTS_DRUM)
        draw_drum(&c);
    else if (o->material == IMPACTS_PLASTIC)
        draw_plastic(&c);
    else if (o->shape == IMPACTS_BLOCK)
        draw_block(&c);
    else if (o->shape == IMPACTS_LOG)
        draw_log(&c);
    else if (o->shape == IMPACTS_BOULDER)
        draw_boulder(&c);
    else {
        box(&c, 0.92);
        speckle(&c, 30);
    }
    cairo_restore(cr);
}
