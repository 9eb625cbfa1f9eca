/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A brush that is drawn over a board, to and fro. */
#include "film.h"

#include <math.h>

/* An event is a stroke: it begins at `time`, goes on for `lasts`, towards `at`.
 */
void film_compose_scrape(struct film_actor *a, struct impacts_dice *d)
{
    double t = a->from + impacts_roll(d, 0.4, 1), x = 80;

    a->box = (struct film_box){30, 110, 220, 110};
    while (t < a->to - 0.3) {
        struct film_event *e;
        const double lasts = fmin(impacts_roll(d, 0.2, 0.55), a->to - t);
        x = x < 128 ? impacts_roll(d, 160, 190) : impacts_roll(d, 66, 96);
        e = film_add(a, t, 0, FILM_VOICE_SCRAPE, impacts_roll(d, 0.4, 1), 0.5,
                     (struct point){x, FILM_GROUND - 10});
        if (!e)
            return;
        e->lasts = lasts;
        t += lasts + (impacts_pick(d, 2) ? impacts_roll(d, 0.12, 0.25)
                                         : impacts_roll(d, 0.4, 1.1));
    }
}

void film_draw_scrape(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_around f = film_around(a, 0, time);
    double x = 80;

    for (int i = 0; i < a->count && a->events[i].time <= time; i++) {
        const struct film_event *e = &a->events[i];
        x = mix(x, e->at.x, film_smooth((time - e->time) / e->lasts));
    }
    film_shadow(cr, 128, FILM_GROUND + 4, 120, 0.45);
    cairo_rectangle(cr, 30, FILM_GROUND - 10, 200, 14);
    fill_gradient(cr, (struct point){0, FILM_GROUND - 10},
                  (struct point){0, FILM_GROUND + 4}, film_shade(a->thing, 1.1),
                  film_shade(a->thing, 0.5));
    const double slant = f.before && time < f.before->time + f.before->lasts
                             ? (f.before->at.x > x ? -1 : 1) * 4.0
                             : 0;
    for (int i = 0; i < 15; i++) /* bristles that lag behind */
        draw_line(cr, (struct point){x - 28 + 4 * i, FILM_GROUND - 26},
                  (struct point){x - 28 + 4 * i + slant, FILM_GROUND - 11}, 1.8,
                  (struct colour){0.90, 0.85, 0.70});
    cairo_rectangle(cr, x - 33, FILM_GROUND - 42, 66, 17);
    fill_gradient(cr, (struct point){0, FILM_GROUND - 42},
                  (struct point){0, FILM_GROUND - 25},
                  (struct colour){0.70, 0.45, 0.24},
                  (struct colour){0.42, 0.25, 0.13});
    film_arm(cr, (struct point){x * 0.4 + 200, 40},
             (struct point){x + 12, FILM_GROUND - 62}, a, -1, 5);
    film_palm(cr, (struct point){x + 22, FILM_GROUND - 58}, 2.75, 50, 1,
              a->skin);
}
