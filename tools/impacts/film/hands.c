/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands that clap, chop and type. */
#include "film.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* ---------------------------------------------------------------- claps -- */

void film_compose_clap(struct film_actor *a, struct impacts_dice *d)
{
    const double pace = impacts_roll(d, 0.24, 0.7);
    const double miss = impacts_pick(d, 3) ? 0 : 0.2;
    double t = a->from + impacts_roll(d, 0.3, 0.9);

    a->box = (struct film_box){30, 30, 196, 180};
    while (t < a->to - 0.1) {
        struct film_event *e =
            film_add(a, t, 0, FILM_VOICE_CLAP, impacts_roll(d, 0.4, 1), 0.5,
                     (struct point){128 + impacts_roll(d, -6, 6),
                                    112 + impacts_roll(d, -8, 8)});
        if (!e)
            return;
        e->hit = impacts_roll(d, 0, 1) >= miss;
        e->gap = impacts_roll(d, 0.25, 0.5);
        t += pace * impacts_roll(d, 0.93, 1.07) +
             (impacts_pick(d, 9) ? 0 : impacts_roll(d, 0.5, 1.2));
    }
}

void film_draw_clap(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_swing w = {0.13, 0.15, 0.55};
    const double lift = film_lift(a, 0, time, &w);
    const struct point to = film_target(a, 0, time, &w);

    /* The chest behind. */
    cairo_rectangle(cr, 50, 96, 156, 240);
    fill_gradient(cr, (struct point){50, 96}, (struct point){206, 256},
                  film_shade(a->cloth, 0.95), film_shade(a->cloth, 0.55));
    film_ellipse(cr, 128, 26, 34, 44);
    set_colour(cr, film_shade(a->skin, 0.9));
    cairo_fill(cr);
    draw_line(cr, (struct point){128, 62}, (struct point){128, 100}, 34,
              film_shade(a->skin, 0.78));
    cairo_new_path(cr);
    cairo_arc(cr, 128, 16, 38, pi, 2 * pi);
    set_colour(cr, a->thing);
    cairo_fill(cr);
    for (int k = 0; k < 2; k++) {
        const double side = k ? 1 : -1;
        const struct point wrist = {to.x + side * (16 + 62 * lift), to.y + 40};
        film_arm(cr, (struct point){128 + 82 * side, 130}, wrist, a, side, 0);
        film_palm(cr, wrist, -pi / 2 - side * (0.12 + 0.1 * lift), 68, side,
                  film_shade(a->skin, k ? 1 : 0.95));
    }
}

/* ----------------------------------------------------------------- chop -- */

enum { FOOD, KNIFE }; /* of actor->p */

static const struct colour foods[] = {{0.93, 0.50, 0.12},
                                      {0.45, 0.70, 0.25},
                                      {0.85, 0.20, 0.16},
                                      {0.93, 0.90, 0.80}};

void film_compose_chop(struct film_actor *a, struct impacts_dice *d)
{
    const double pace = impacts_roll(d, 0.18, 0.55);
    double t = a->from + impacts_roll(d, 0.3, 0.8), x = 84;

    a->p[FOOD] = impacts_pick(d, 4);
    a->p[KNIFE] = impacts_roll(d, 0.9, 1.15);
    a->box = (struct film_box){40, 80, 200, 140};
    while (t < a->to - 0.1) {
        film_add(a, t, 0, FILM_VOICE_CHOP, impacts_roll(d, 0.4, 1), 0.5,
                 (struct point){x, FILM_GROUND - 14});
        x += impacts_roll(d, 3, 6);
        t += pace * impacts_roll(d, 0.9, 1.12);
        if (x > 150) { /* the next piece */
            x = 84;
            t += impacts_roll(d, 0.6, 1.4);
        }
    }
}

static void draw_food(cairo_t *cr, const struct film_actor *a, double x)
{
    const struct colour c = foods[(int)a->p[FOOD]];

    /* Slices to the left of the knife, the whole to the right of it. */
    for (double s = 80; s < x - 2; s += 6) {
        const double fall = fmin((x - s) / 20, 1);
        cairo_save(cr);
        cairo_translate(cr, s - 8 * fall, FILM_GROUND - 27 + 4 * fall);
        cairo_rotate(cr, -0.7 * fall);
        film_ellipse(cr, 0, 0, 3.4, 13);
        set_colour(cr, film_shade(c, 1.15));
        cairo_fill_preserve(cr);
        set_colour(cr, film_shade(c, 0.6));
        cairo_set_line_width(cr, 1);
        cairo_stroke(cr);
        cairo_restore(cr);
    }
    cairo_new_path(cr);
    cairo_move_to(cr, x, FILM_GROUND - 40);
    cairo_curve_to(cr, x + 40, FILM_GROUND - 42, 190, FILM_GROUND - 36, 196,
                   FILM_GROUND - 27);
    cairo_curve_to(cr, 190, FILM_GROUND - 16, x + 40, FILM_GROUND - 14, x,
                   FILM_GROUND - 14);
    cairo_close_path(cr);
    fill_gradient(cr, (struct point){0, FILM_GROUND - 42},
                  (struct point){0, FILM_GROUND - 12}, film_shade(c, 1.2),
                  film_shade(c, 0.55));
}

void film_draw_chop(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_swing w = {0.1, 0.12, 0.8};
    const double lift = film_lift(a, 0, time, &w);
    const struct point to = film_target(a, 0, time, &w);
    const struct colour steel = {0.80, 0.82, 0.85};

    film_shadow(cr, 128, FILM_GROUND + 4, 110, 0.5);
    cairo_rectangle(cr, 44, FILM_GROUND - 13, 172, 16);
    fill_gradient(cr, (struct point){0, FILM_GROUND - 13},
                  (struct point){0, FILM_GROUND + 3},
                  (struct colour){0.85, 0.66, 0.42},
                  (struct colour){0.52, 0.36, 0.20});
    draw_food(cr, a, to.x);
    /* The hand that holds the food, then the knife before it. */
    film_arm(cr, (struct point){290, 140}, (struct point){218, 168}, a, 1, 5);
    film_palm(cr, (struct point){214, 170}, pi - 0.25, 44, 1,
              film_shade(a->skin, 0.93));
    cairo_save(cr);
    cairo_translate(cr, to.x, FILM_GROUND - 13 - 46 * lift);
    cairo_rotate(cr, 0.12 * lift);
    cairo_scale(cr, a->p[KNIFE], a->p[KNIFE]);
    cairo_new_path(cr); /* a blade seen from its side, a little turned */
    cairo_move_to(cr, 0, 0);
    cairo_line_to(cr, -14, -6);
    cairo_line_to(cr, -20, -76);
    cairo_line_to(cr, 4, -76);
    cairo_close_path(cr);
    fill_gradient(cr, (struct point){-20, 0}, (struct point){4, 0},
                  film_shade(steel, 0.75), film_shade(steel, 1.2));
    draw_line(cr, (struct point){-8, -82}, (struct point){-8, -108}, 14,
              (struct colour){0.16, 0.13, 0.12});
    cairo_restore(cr);
    const struct point grip = {to.x - 8,
                               FILM_GROUND - 13 - 46 * lift - 92 * a->p[KNIFE]};
    film_arm(cr, (struct point){-30, 40}, grip, a, -1, 5);
    film_fist(cr, grip, 30, a->skin);
}

/* ----------------------------------------------------------------- keys -- */

enum { ROWS = 4, KEYS = 12 };

static struct point key_at(int row, int key)
{
    return (struct point){44 + 15.2 * key + 4.0 * row + (row == 0 ? 2 : 0),
                          130 + 18.0 * row};
}

void film_compose_type(struct film_actor *a, struct impacts_dice *d)
{
    double t = a->from + impacts_roll(d, 0.3, 0.8);
    const double pace = impacts_roll(d, 0.09, 0.22);

    a->box = (struct film_box){30, 100, 200, 130};
    while (t < a->to - 0.1) {
        const int key = impacts_pick(d, KEYS), row = impacts_pick(d, ROWS);
        struct film_event *e = film_add(a, t, key >= KEYS / 2, FILM_VOICE_KEY,
                                        impacts_roll(d, 0.35, 0.8),
                                        row == 3 ? 0.7 : 0.3, key_at(row, key));
        if (!e)
            return;
        e->gap = row * KEYS + key;
        t += pace * impacts_roll(d, 0.7, 1.4) +
             (impacts_pick(d, 7) ? 0 : impacts_roll(d, 0.3, 0.9));
    }
}

static void draw_keyboard(cairo_t *cr, const struct film_actor *a, double time)
{
    int down = -1;

    for (int i = 0; i < a->count; i++)
        if (a->events[i].time <= time && time < a->events[i].time + 0.09)
            down = (int)a->events[i].gap;
    cairo_rectangle(cr, 26, 114, 208, 88);
    fill_gradient(cr, (struct point){26, 114}, (struct point){234, 202},
                  film_shade(a->thing, 0.9), film_shade(a->thing, 0.55));
    for (int i = 0; i < ROWS * KEYS; i++) {
        const struct point p = key_at(i / KEYS, i % KEYS);
        const bool pressed = i == down;
        cairo_rectangle(cr, p.x - 6.2, p.y - 7.5 + 2 * pressed, 12.4, 14);
        set_colour(cr, pressed ? (struct colour){0.10, 0.10, 0.11}
                               : (struct colour){0.17, 0.17, 0.19});
        cairo_fill(cr);
        cairo_rectangle(cr, p.x - 2, p.y - 4 + 2 * pressed, 4, 5);
        cairo_set_source_rgba(cr, 0.9, 0.9, 0.9, pressed ? 0.3 : 0.75);
        cairo_fill(cr);
    }
}

static void draw_typing_hand(cairo_t *cr, const struct film_actor *a, int k,
                             double time)
{
    const struct film_swing w = {0.06, 0.06, 0.6};
    const double lift = film_lift(a, k, time, &w), side = k ? 1 : -1;
    const struct point to = film_target(a, k, time, &w);
    const struct point palm = {to.x * 0.55 + 0.45 * (128 + 44 * side) +
                                   8 * side,
                               to.y + 56 - 3 * lift};

    film_arm(cr, (struct point){128 + 70 * side, 320},
             (struct point){palm.x + 6 * side, palm.y + 18}, a, side, 5);
    film_ellipse(cr, palm.x, palm.y, 21, 18);
    set_colour(cr, film_shade(a->skin, 0.95));
    cairo_fill(cr);
    for (int f = 0; f < 4; f++) { /* one finger presses, three wait */
        const double x = palm.x + (f - 1.5) * 11;
        const bool presses = f == (k ? 1 : 2);
        const struct point tip = {presses ? to.x : x - 3 * side,
                                  presses ? to.y + 2 - 9 * lift
                                          : palm.y - 34 - 3.0 * (f % 2)};
        draw_line(cr, (struct point){x, palm.y - 10}, tip, 9.5,
                  film_shade(a->skin, presses ? 1.06 : 0.98));
    }
    draw_line(cr, (struct point){palm.x - 14 * side, palm.y + 2},
              (struct point){palm.x - 27 * side, palm.y - 14}, 9.5,
              film_shade(a->skin, 0.9));
}

void film_draw_type(cairo_t *cr, const struct film_actor *a, double time)
{
    /* A screen, whose text grows with each key. */
    int keys = 0;
    for (int i = 0; i < a->count && a->events[i].time <= time; i++)
        keys++;
    cairo_rectangle(cr, 36, -20, 188, 126);
    set_colour(cr, film_shade(a->thing, 0.4));
    cairo_fill(cr);
    cairo_rectangle(cr, 44, -14, 172, 112);
    set_colour(cr, (struct colour){0.88, 0.91, 0.95});
    cairo_fill(cr);
    for (int line = 0, left = 40 + keys; left > 0 && line < 9; line++) {
        const int n = left > 26 ? 26 : left;
        draw_line(cr, (struct point){54, 2 + 11.0 * line},
                  (struct point){54 + 5.7 * n, 2 + 11.0 * line}, 3,
                  (struct colour){0.35, 0.38, 0.45});
        left -= 26;
    }
    draw_keyboard(cr, a, time);
    draw_typing_hand(cr, a, 0, time);
    draw_typing_hand(cr, a, 1, time);
}
