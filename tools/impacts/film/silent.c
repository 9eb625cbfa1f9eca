/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What moves and makes no sound that the microphone hears: people far away,
 * leaves, shadows, cars that pass, arms that wave. */
#include "film.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

enum { SPEED, PHASE, HEIGHT, MORE }; /* of actor->p */

static void roll_all(struct film_actor *a, struct impacts_dice *d)
{
    a->p[SPEED] = impacts_roll(d, 0.6, 1.4);
    a->p[PHASE] = impacts_roll(d, 0, 2 * pi);
    a->p[HEIGHT] = impacts_roll(d, 0.8, 1.2);
    a->p[MORE] = impacts_roll(d, 0, 1);
    a->box = (struct film_box){0, 0, 256, 230};
}

/* --------------------------------------------------------------- people -- */

void film_compose_people(struct film_actor *a, struct impacts_dice *d)
{
    roll_all(a, d);
    a->box = (struct film_box){-40, 90, 336, 125};
}

void film_draw_people(cairo_t *cr, const struct film_actor *a, double time)
{
    const int n = 2 + (int)(3 * a->p[MORE]);

    for (int i = 0; i < n; i++) {
        struct film_actor one = *a;
        struct impacts_dice d = {.seed = a->seed + (uint64_t)i,
                                 .stream = FILM_STREAM_NOISE};
        const double side = impacts_pick(&d, 2) ? 1 : -1;
        const double speed = 34 * impacts_roll(&d, 0.8, 1.3);
        const double h = 100 * impacts_roll(&d, 0.85, 1.1);
        const double start = impacts_roll(&d, 0, 420);
        const double way = fmod(start + speed * a->p[SPEED] * time, 420) - 82;
        const double x = side > 0 ? way : 256 - way;
        const double swing = sin(2 * pi * way / (0.42 * h));
        one.cloth = film_pick_colour(&d);
        one.cloth2 = film_shade(film_pick_colour(&d), 0.6);
        one.skin = film_pick_skin(&d);
        one.thing = film_shade(film_pick_colour(&d), 0.4);
        const struct point hip = {x, FILM_GROUND - 0.5 * h + 1.5 * fabs(swing)};
        const double feet = FILM_GROUND - 0.04 * h;
        film_shadow(cr, x, FILM_GROUND, 0.25 * h, 0.35);
        film_person(
            cr, hip,
            (struct point){x + 0.14 * h * swing,
                           feet - 0.04 * h *
                                      fmax(0, cos(2 * pi * way / (0.42 * h)))},
            (struct point){x - 0.14 * h * swing, feet}, h, side, swing, &one);
    }
}

/* --------------------------------------------------------------- leaves -- */

void film_compose_leaves(struct film_actor *a, struct impacts_dice *d)
{
    roll_all(a, d);
}

static void draw_leaf(cairo_t *cr, double x, double y, double size,
                      double angle, struct colour c)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_rotate(cr, angle);
    cairo_scale(cr, size, size);
    cairo_new_path(cr);
    cairo_move_to(cr, -1, 0);
    cairo_curve_to(cr, -0.4, -0.6, 0.5, -0.5, 1.1, 0);
    cairo_curve_to(cr, 0.5, 0.5, -0.4, 0.6, -1, 0);
    set_colour(cr, c);
    cairo_fill(cr);
    draw_line(cr, (struct point){-1.3, 0}, (struct point){0.9, 0}, 0.07,
              film_shade(c, 0.6));
    cairo_restore(cr);
}

void film_draw_leaves(cairo_t *cr, const struct film_actor *a, double time)
{
    struct impacts_dice d = {.seed = a->seed, .stream = FILM_STREAM_NOISE};
    const struct colour green = {0.24, 0.48, 0.16}, dry = {0.75, 0.45, 0.14};
    const double gust = 0.5 + 0.5 * sin(0.9 * a->p[SPEED] * time + a->p[PHASE]);

    for (int b = 0; b < 3;
         b++) { /* branches that sway, from the upper corner */
        const double sway = 10 * gust * sin(2.3 * a->p[SPEED] * time + b);
        const struct point from = {-30, -20.0 + 22 * b};
        const struct point to = {175 - 30.0 * b, 38 + 30.0 * b + sway};
        draw_line(cr, from, to, 4.5 - b, (struct colour){0.30, 0.21, 0.13});
        for (int i = 0; i < 13; i++) {
            const double s = (i + 1) / 13.0, side = i % 2 ? 1 : -1;
            const double shake = 0.35 * gust * sin(9 * time + i + 3 * b);
            const double l = impacts_roll(&d, 0.7, 1.2);
            draw_leaf(cr, mix(from.x, to.x, s), mix(from.y, to.y, s) + 8 * side,
                      13, side * 0.9 + shake, film_shade(green, l));
        }
    }
    for (int i = 0; i < 7; i++) { /* and some that fall */
        const double start = impacts_roll(&d, 0, 300),
                     x = impacts_roll(&d, 10, 250);
        const double fall = fmod(start + 45 * a->p[SPEED] * time, 300) - 40;
        draw_leaf(cr, x + 22 * sin(fall / 22 + i), fall, 8,
                  2 * sin(fall / 17 + i),
                  film_shade(dry, impacts_roll(&d, 0.7, 1.15)));
    }
}

/* -------------------------------------------------------------- shadows -- */

void film_compose_shadow(struct film_actor *a, struct impacts_dice *d)
{
    roll_all(a, d);
}

/* The shadow of somebody who walks past, large and soft, head to waist. */
void film_draw_shadow(cairo_t *cr, const struct film_actor *a, double time)
{
    const double way =
        fmod(40 * a->p[PHASE] + 62 * a->p[SPEED] * time, 460) - 100;
    const double x = a->p[MORE] < 0.5 ? way : 256 - way;
    const double bob = 4 * sin(way / 9);

    cairo_push_group(cr);
    for (int k = 4; k >= 0; k--) { /* a soft edge */
        const double w = 5.0 * k;
        cairo_set_source_rgba(cr, 0.02, 0.02, 0.05, 0.2);
        film_ellipse(cr, x, 52 + bob, 25 + w, 32 + w);
        cairo_fill(cr);
        cairo_set_line_width(cr, 84 + 2 * w);
        cairo_move_to(cr, x - 2, 150 + bob);
        cairo_line_to(cr, x + 2, 330);
        cairo_stroke(cr);
        cairo_set_line_width(cr, 24 + 2 * w);
        cairo_move_to(cr, x + 42, 130 + bob);
        cairo_line_to(cr, x + 62 + 22 * sin(way / 18), 225);
        cairo_stroke(cr);
    }
    cairo_pop_group_to_source(cr);
    cairo_paint_with_alpha(cr, 0.75);
}

/* ------------------------------------------------------------------ cars -- */

void film_compose_car(struct film_actor *a, struct impacts_dice *d)
{
    roll_all(a, d);
    a->box = (struct film_box){-60, 140, 376, 70};
}

static void draw_wheel(cairo_t *cr, double x, double turn)
{
    film_ellipse(cr, x, FILM_GROUND - 11, 11, 11);
    set_colour(cr, (struct colour){0.08, 0.08, 0.09});
    cairo_fill(cr);
    film_ellipse(cr, x, FILM_GROUND - 11, 6.5, 6.5);
    set_colour(cr, (struct colour){0.65, 0.66, 0.68});
    cairo_fill(cr);
    for (int i = 0; i < 3; i++) {
        const double angle = turn + i * pi / 3;
        draw_line(cr,
                  (struct point){x - 6 * cos(angle),
                                 FILM_GROUND - 11 - 6 * sin(angle)},
                  (struct point){x + 6 * cos(angle),
                                 FILM_GROUND - 11 + 6 * sin(angle)},
                  1.4, (struct colour){0.3, 0.3, 0.32});
    }
}

void film_draw_car(cairo_t *cr, const struct film_actor *a, double time)
{
    const double way =
        fmod(70 * a->p[PHASE] + 150 * a->p[SPEED] * time, 620) - 180;

    cairo_save(cr);
    if (a->p[MORE] < 0.5) {
        cairo_translate(cr, 256, 0);
        cairo_scale(cr, -1, 1);
    }
    film_shadow(cr, way, FILM_GROUND + 1, 72, 0.6);
    cairo_new_path(cr);
    cairo_move_to(cr, way - 64, FILM_GROUND - 12);
    cairo_line_to(cr, way - 62, FILM_GROUND - 32);
    cairo_line_to(cr, way - 42, FILM_GROUND - 36);
    cairo_curve_to(cr, way - 34, FILM_GROUND - 58, way - 22, FILM_GROUND - 60,
                   way, FILM_GROUND - 60);
    cairo_curve_to(cr, way + 18, FILM_GROUND - 58, way + 24, FILM_GROUND - 46,
                   way + 34, FILM_GROUND - 37);
    cairo_line_to(cr, way + 60, FILM_GROUND - 31);
    cairo_line_to(cr, way + 64, FILM_GROUND - 12);
    cairo_close_path(cr);
    fill_gradient(cr, (struct point){0, FILM_GROUND - 60},
                  (struct point){0, FILM_GROUND - 10},
                  film_shade(a->cloth, 1.4), film_shade(a->cloth, 0.65));
    for (int k = 0; k < 2; k++) {
        const double x = way - 34 + 32.0 * k;
        cairo_move_to(cr, x, FILM_GROUND - 37);
        cairo_line_to(cr, x + (k ? 0 : 7), FILM_GROUND - 54);
        cairo_line_to(cr, x + (k ? 15 : 28), FILM_GROUND - 54);
        cairo_line_to(cr, x + 28, FILM_GROUND - 37);
        cairo_close_path(cr);
        set_colour(cr, (struct colour){0.62, 0.74, 0.82});
        cairo_fill(cr);
    }
    draw_line(cr, (struct point){way + 58, FILM_GROUND - 26},
              (struct point){way + 61, FILM_GROUND - 26}, 5,
              (struct colour){1, 0.95, 0.7});
    draw_wheel(cr, way - 38, way / 11);
    draw_wheel(cr, way + 38, way / 11);
    cairo_restore(cr);
}

/* -------------------------------------------------------------- gestures -- */

/* Somebody who waves, and swings a fist that stops short of the table. */
void film_compose_gesture(struct film_actor *a, struct impacts_dice *d)
{
    double t = a->from + impacts_roll(d, 0.3, 0.9);

    roll_all(a, d);
    a->box = (struct film_box){20, 0, 220, 215};
    while (t < a->to - 0.1) {
        struct film_event *e =
            film_add(a, t, 0, FILM_VOICE_SLAP, impacts_roll(d, 0.4, 1), 0.5,
                     (struct point){impacts_roll(d, 70, 150), FILM_GROUND - 8});
        if (!e)
            return;
        e->hit = false;
        e->gap = impacts_roll(d, 0.25, 0.5);
        t += impacts_roll(d, 0.35, 1.1);
    }
}

void film_draw_gesture(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_swing w = {0.16, 0.2, 0.6};
    const double lift = film_lift(a, 0, time, &w);
    const struct point to = film_target(a, 0, time, &w);
    const double wave = 0.5 * sin(7 * a->p[SPEED] * time);
    const struct point shoulder = {225, 120}, other = {210, 40};

    cairo_rectangle(cr, 186, 96, 110, 240);
    fill_gradient(cr, (struct point){186, 96}, (struct point){296, 256},
                  film_shade(a->cloth, 0.95), film_shade(a->cloth, 0.5));
    film_ellipse(cr, 232, 50, 30, 38);
    set_colour(cr, film_shade(a->skin, 0.95));
    cairo_fill(cr);
    cairo_new_path(cr);
    cairo_arc(cr, 232, 42, 34, pi, 2 * pi);
    set_colour(cr, a->thing);
    cairo_fill(cr);
    const struct point up = {130 + 26 * sin(wave), 40};
    film_arm(cr, (struct point){other.x, other.y + 75}, up, a, 1, 0);
    film_palm(cr, up, -pi / 2 + wave, 46, 1, a->skin);
    const struct point wrist = {to.x + 28, to.y - 8 - 95 * lift};
    film_arm(cr, shoulder, wrist, a, -1, 0);
    film_palm(cr, wrist, pi + 0.1 + 0.5 * lift, 48, 1, a->skin);
}
