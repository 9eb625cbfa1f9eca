/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A foot that stamps; a person who walks. */
#include "film.h"

#include <math.h>

enum { HEIGHT, STRIDE, STEP, CLOSE }; /* of actor->p */

void film_compose_stomp(struct film_actor *a, struct impacts_dice *d)
{
    double t = a->from + impacts_roll(d, 0.4, 1);
    const double miss = impacts_pick(d, 3) ? 0 : 0.25;

    a->box = (struct film_box){70, 0, 130, 210};
    while (t < a->to - 0.1) {
        struct film_event *e =
            film_add(a, t, 0, FILM_VOICE_STOMP, impacts_roll(d, 0.5, 1), 0.8,
                     (struct point){impacts_roll(d, 110, 135), FILM_GROUND});
        if (!e)
            return;
        e->hit = impacts_roll(d, 0, 1) >= miss;
        e->gap = impacts_roll(d, 0.25, 0.45);
        t += impacts_pick(d, 3) ? impacts_roll(d, 0.45, 0.7)
                                : impacts_roll(d, 0.9, 1.8);
    }
}

void film_draw_stomp(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_swing w = {0.16, 0.25, 0.05};
    const double lift = film_lift(a, 0, time, &w);
    const struct point to = film_target(a, 0, time, &w);
    const double shaken = film_shaken(a, time, 0.1);

    film_shadow(cr, 165, FILM_GROUND + 4, 55, 0.5);
    draw_line(cr, (struct point){165, -60}, (struct point){170, -400}, 34,
              film_shade(a->cloth2, 0.7));
    draw_line(cr, (struct point){120, -60}, (struct point){130, -400}, 36,
              a->cloth2);
    film_leg(cr, (struct point){165, -60},
             (struct point){158, FILM_GROUND - 12}, 26, 0, 1,
             film_shade(a->cloth2, 0.7), film_shade(a->thing, 0.7));
    film_shadow(cr, to.x + 10, FILM_GROUND + 4, 50 + 20 * lift,
                0.55 / (1 + 2 * lift));
    for (int i = 0; i < 6 && shaken > 0.05; i++) /* dust */
        film_shadow(cr, to.x - 40 + 20 * i,
                    FILM_GROUND - 10 * (1 - shaken) * (i % 3), 10,
                    0.2 * shaken);
    film_leg(cr, (struct point){120, -60},
             (struct point){to.x, FILM_GROUND - 14 - 78 * lift}, 28,
             -0.35 * lift, 1, a->cloth2, a->thing);
}

/* Both feet land in turn, a stride apart; at the end of the way they turn. */
void film_compose_steps(struct film_actor *a, struct impacts_dice *d)
{
    const bool close = impacts_pick(d, 2);
    double x = impacts_roll(d, 40, 90), side = 1;
    double t = a->from + impacts_roll(d, 0.1, 0.4);

    a->p[CLOSE] = close;
    a->p[HEIGHT] = close ? 400 : impacts_roll(d, 150, 185);
    a->p[STEP] = impacts_roll(d, 0.34, 0.62);
    a->p[STRIDE] = (close ? 0.155 : 0.2) * a->p[HEIGHT];
    a->box = close ? (struct film_box){20, 60, 216, 150}
                   : (struct film_box){20, 20, 216, 190};
    for (int k = 0; t < a->to - 0.05; k = !k) {
        struct film_event *e =
            film_add(a, t, k, FILM_VOICE_STEP, impacts_roll(d, 0.45, 0.9), 0.5,
                     (struct point){x, FILM_GROUND});
        if (!e)
            return;
        e->gap = side; /* which way the foot points */
        if (x + side * a->p[STRIDE] > 226 || x + side * a->p[STRIDE] < 30)
            side = -side;
        x += side * a->p[STRIDE];
        t += a->p[STEP] * impacts_roll(d, 0.97, 1.03);
    }
}

/* Where foot k is: it stands where it landed until the other one has landed. */
static struct point foot_at(const struct film_actor *a, int k, double time)
{
    const struct film_around f = film_around(a, k, time);

    if (!f.before || !f.after)
        return f.after    ? (struct point){f.after->at.x - 20, FILM_GROUND}
               : f.before ? f.before->at
                          : (struct point){128, FILM_GROUND};
    const struct film_around other = film_around(a, !k, f.after->time - 1e-6);
    const double from = other.before ? other.before->time : f.before->time;
    const double s = fmin(fmax((time - from) / (f.after->time - from), 0), 1);
    /* It comes down with speed. */
    const double high = 0.055 * a->p[HEIGHT] * sin(3.14159 * pow(s, 1.3));
    return (struct point){mix(f.before->at.x, f.after->at.x, film_smooth(s)),
                          FILM_GROUND - high};
}

void film_draw_steps(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct point feet[2] = {foot_at(a, 0, time), foot_at(a, 1, time)};
    const struct film_around f = film_around(a, 0, time);
    const double side = f.before ? f.before->gap : f.after ? f.after->gap : 1;
    const double h = a->p[HEIGHT], apart = feet[0].x - feet[1].x;
    const double sole = 0.5 * 0.075 * h;
    const struct point hip = {(feet[0].x + feet[1].x) / 2,
                              FILM_GROUND - 0.50 * h + 0.0015 * apart * apart};

    film_shadow(cr, feet[0].x, FILM_GROUND + 2, 0.14 * h, 0.45);
    film_shadow(cr, feet[1].x, FILM_GROUND + 2, 0.14 * h, 0.45);
    film_person(cr, hip, (struct point){feet[0].x, feet[0].y - sole},
                (struct point){feet[1].x, feet[1].y - sole}, h, side,
                -side * apart / a->p[STRIDE], a);
}
