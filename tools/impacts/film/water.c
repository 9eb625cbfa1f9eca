/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stones that fall into water. */
#include "film.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

enum { FALL, RADIUS }; /* of actor->p */

void film_compose_splash(struct film_actor *a, struct impacts_dice *d)
{
    double t = a->from + impacts_roll(d, 0.5, 1.2);

    a->p[FALL] = impacts_roll(d, 0.35, 0.55);
    a->p[RADIUS] = impacts_roll(d, 7, 14);
    a->box = (struct film_box){20, 0, 216, 230};
    while (t < a->to - 0.1) {
        film_add(a, t, 0, FILM_VOICE_SPLASH, impacts_roll(d, 0.4, 1),
                 a->p[RADIUS] / 14,
                 (struct point){impacts_roll(d, 70, 186),
                                FILM_GROUND + impacts_roll(d, -25, 5)});
        t += impacts_roll(d, 0.8, 2.2);
    }
}

static void draw_rings(cairo_t *cr, const struct film_event *e, double t)
{
    for (int k = 0; k < 3; k++) {
        const double r = 70 * (t - 0.16 * k), fade = exp(-t / 0.7);
        if (r <= 1)
            continue;
        film_ellipse(cr, e->at.x, e->at.y, r, 0.3 * r);
        cairo_set_source_rgba(cr, 0.92, 0.97, 1, 0.8 * fade * e->strength);
        cairo_set_line_width(cr, 2.6 * fade + 0.4);
        cairo_stroke(cr);
        film_ellipse(cr, e->at.x, e->at.y + 2, r * 0.93, 0.28 * r);
        cairo_set_source_rgba(cr, 0.02, 0.10, 0.16, 0.5 * fade);
        cairo_stroke(cr);
    }
}

/* Drops on parabolas, and a crown. */
static void draw_drops(cairo_t *cr, const struct film_actor *a,
                       const struct film_event *e, double t)
{
    struct impacts_dice d = {.seed = a->seed,
                             .stream = FILM_STREAM_NOISE,
                             .counter = (uint64_t)(e->time * 1000)};
    const double crown = exp(-t / 0.09) * 30 * e->strength * sqrt(t * 20);

    film_ellipse(cr, e->at.x, e->at.y - crown / 2, 10 + 20 * t,
                 fmax(crown, 0.5));
    cairo_set_source_rgba(cr, 0.88, 0.95, 1, 0.75 * exp(-t / 0.15));
    cairo_fill(cr);
    for (int i = 0; i < 26; i++) {
        const double angle = impacts_roll(&d, 0.15 * pi, 0.85 * pi);
        const double speed = impacts_roll(&d, 70, 330) * e->strength;
        const double r = impacts_roll(&d, 0.8, 3.2);
        const double y = speed * sin(angle) * t - 450 * t * t;
        if (y < 0)
            continue;
        film_ellipse(cr, e->at.x + 0.7 * speed * cos(angle) * t, e->at.y - y, r,
                     1.3 * r);
        cairo_set_source_rgba(cr, 0.90, 0.96, 1, 0.85);
        cairo_fill(cr);
    }
}

void film_draw_splash(cairo_t *cr, const struct film_actor *a, double time)
{
    for (int i = 0; i < a->count; i++) {
        const struct film_event *e = &a->events[i];
        const double t = time - e->time;
        if (t >= 0 && t < 2.5) {
            draw_rings(cr, e, t);
            draw_drops(cr, a, e, t);
        }
        if (t >= 0 || t < -a->p[FALL])
            continue;
        const double s = -t, v = 300; /* falls from above the picture */
        const double y = e->at.y - v * s - 420 * (a->p[FALL] * s - s * s / 2);
        film_ellipse(cr, e->at.x, y - a->p[RADIUS], a->p[RADIUS],
                     0.85 * a->p[RADIUS]);
        set_colour(cr, (struct colour){0.30, 0.29, 0.28});
        cairo_fill(cr);
        film_ellipse(cr, e->at.x - 2, y - 1.3 * a->p[RADIUS],
                     0.5 * a->p[RADIUS], 0.35 * a->p[RADIUS]);
        set_colour(cr, (struct colour){0.50, 0.49, 0.47});
        cairo_fill(cr);
    }
}
