/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors: that a fist knocks on, that fall shut. */
#include "film.h"

#include <math.h>

static void draw_panels(cairo_t *cr, const struct film_actor *a, double x,
                        double y, double w, double h)
{
    cairo_rectangle(cr, x, y, w, h);
    fill_gradient(cr, (struct point){x, y}, (struct point){x + w, y + h},
                  film_shade(a->thing, 1.05), film_shade(a->thing, 0.75));
    for (int i = 0; i < 4; i++) {
        const double px = x + w * (i % 2 ? 0.55 : 0.12);
        const double py = y + h * (i / 2 ? 0.55 : 0.08);
        cairo_rectangle(cr, px, py, 0.33 * w, 0.37 * h);
        fill_gradient(cr, (struct point){px, py},
                      (struct point){px, py + 0.37 * h},
                      film_shade(a->thing, 0.6), film_shade(a->thing, 0.95));
        cairo_rectangle(cr, px, py, 0.33 * w, 0.37 * h);
        set_colour(cr, film_shade(a->thing, 0.45));
        cairo_set_line_width(cr, 1.6);
        cairo_stroke(cr);
    }
}

static void draw_handle(cairo_t *cr, double x, double y, double wide)
{
    const struct colour brass = {0.83, 0.70, 0.36};

    film_ellipse(cr, x, y, 5 * wide, 7);
    set_colour(cr, film_shade(brass, 0.7));
    cairo_fill(cr);
    draw_line(cr, (struct point){x, y}, (struct point){x - 20 * wide, y}, 5,
              brass);
}

/* ---------------------------------------------------------------- knock -- */

void film_compose_knock(struct film_actor *a, struct impacts_dice *d)
{
    const double pace = impacts_roll(d, 0.17, 0.32);
    const double miss = impacts_pick(d, 3) ? 0 : 0.2;
    double t = a->from + impacts_roll(d, 0.4, 1);
    const struct point at = {120 + impacts_roll(d, -8, 8),
                             96 + impacts_roll(d, -12, 12)};

    a->box = (struct film_box){90, 50, 150, 150};
    while (t < a->to - 0.1) {
        const int n = 2 + impacts_pick(d, 4);
        for (int i = 0; i < n && t < a->to - 0.1; i++) {
            struct film_event *e = film_add(a, t, 0, FILM_VOICE_KNOCK,
                                            impacts_roll(d, 0.5, 1), 0.5, at);
            if (!e)
                return;
            e->hit = impacts_roll(d, 0, 1) >= miss;
            e->gap = impacts_roll(d, 0.3, 0.5);
            t += pace * impacts_roll(d, 0.92, 1.1);
        }
        t += impacts_roll(d, 0.7, 1.8);
    }
}

void film_draw_knock(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_swing w = {0.09, 0.1, 0.7};
    const double lift = film_lift(a, 0, time, &w);
    const struct point to = film_target(a, 0, time, &w);
    const double shaken = film_shaken(a, time, 0.06) * sin(120 * time);

    cairo_rectangle(cr, 14, -60, 176, 420);
    set_colour(cr, film_shade(a->thing, 0.4));
    cairo_fill(cr);
    draw_panels(cr, a, 22 + 0.7 * shaken, -52, 160, 330);
    draw_handle(cr, 50, 150, -1);
    /* The fist turns about the elbow; it comes from the lower right. */
    const struct point fist = {to.x + 14 + 44 * lift, to.y + 8 - 16 * lift};
    draw_glow(cr, to.x + 8 + 20 * lift, to.y + 18, 18 + 14 * lift,
              16 + 10 * lift, (struct colour){0, 0, 0}, 0.5 / (1 + 2 * lift));
    film_arm(cr, (struct point){300, 265},
             (struct point){fist.x + 14, fist.y + 14}, a, -1, 5);
    cairo_save(cr);
    cairo_translate(cr, fist.x, fist.y);
    cairo_rotate(cr, 0.9 + 0.5 * lift);
    film_fist(cr, (struct point){0, 0}, 36, a->skin);
    cairo_restore(cr);
}

/* ----------------------------------------------------------------- door -- */

void film_compose_door(struct film_actor *a, struct impacts_dice *d)
{
    double t = a->from + impacts_roll(d, 0.8, 1.6);

    a->box = (struct film_box){50, 0, 170, 215};
    while (t < a->to - 0.1) {
        struct film_event *e =
            film_add(a, t, 0, FILM_VOICE_DOOR, impacts_roll(d, 0.5, 1), 0.8,
                     (struct point){180, 110});
        if (!e)
            return;
        if (impacts_pick(d, 5) == 0) { /* it stays ajar */
            e->hit = false;
            e->gap = impacts_roll(d, 0.2, 0.5);
        }
        t += impacts_roll(d, 1.6, 3.2);
    }
}

/* A door seen from the front: its hinge on the left, its edge comes nearer as
 * it opens, and is larger there. */
void film_draw_door(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_swing w = {0.5, 1.1, 0.75};
    const double lift = film_lift(a, 0, time, &w);
    const double shaken = film_shaken(a, time, 0.08) * sin(110 * time);
    const double angle = 1.25 * lift, left = 72, wide = 112;
    const double near = 1 + 0.28 * sin(angle);
    const double right = left + wide * cos(angle) * near;
    const double top = 8, bottom = FILM_GROUND + 8;
    const double middle = (top + bottom) / 2, half = (bottom - top) / 2;

    /* The frame, and the dark room behind. */
    cairo_rectangle(cr, left - 12, top - 12, wide + 24, bottom - top + 12);
    set_colour(cr, (struct colour){0.90, 0.88, 0.83});
    cairo_fill(cr);
    cairo_rectangle(cr, left, top, wide, bottom - top);
    fill_gradient(cr, (struct point){left, top}, (struct point){left, bottom},
                  (struct colour){0.05, 0.06, 0.08},
                  (struct colour){0.16, 0.14, 0.12});
    cairo_save(cr);
    cairo_new_path(cr);
    cairo_move_to(cr, left + shaken, top);
    cairo_line_to(cr, right + shaken, middle - half * near);
    cairo_line_to(cr, right + shaken, middle + half * near);
    cairo_line_to(cr, left + shaken, bottom);
    cairo_close_path(cr);
    cairo_clip_preserve(cr);
    set_colour(cr, a->thing);
    cairo_fill(cr);
    /* Panels squeezed to the leaf's width; the far half is lower. */
    cairo_translate(cr, left, middle);
    cairo_scale(cr, fmax(right - left, 0.5) / wide, 0.5 + 0.5 * near);
    draw_panels(cr, a, 0, -half, wide, 2 * half);
    cairo_set_source_rgba(cr, 0, 0, 0, 0.35 * sin(angle));
    cairo_paint(cr);
    draw_handle(cr, wide - 12, 6, 1);
    cairo_restore(cr);
    draw_line(cr, (struct point){right + shaken, middle - half * near},
              (struct point){right + shaken, middle + half * near},
              1 + 4 * sin(angle), film_shade(a->thing, 0.5));
}
