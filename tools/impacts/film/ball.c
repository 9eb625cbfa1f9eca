/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Balls that bounce: exact parabolas, whose intervals shrink. */
#include "film.h"

#include <math.h>

enum { RADIUS, RETURN, LOOK, GRAVITY }; /* of actor->p */

static const double pi = 3.14159265358979323846;

/* A throw: event.gap of its first bounce is the height it fell from. */
void film_compose_ball(struct film_actor *a, struct impacts_dice *d)
{
    const int look = impacts_pick(d, 3); /* basketball, tennis, small one */

    a->p[LOOK] = look;
    a->p[RADIUS] = look == 0   ? impacts_roll(d, 22, 30)
                   : look == 1 ? impacts_roll(d, 12, 16)
                               : impacts_roll(d, 8, 11);
    a->p[RETURN] = impacts_roll(d, 0.68, 0.86);
    a->p[GRAVITY] = impacts_roll(d, 700, 1300);
    a->box = (struct film_box){30, 0, 196, 215};
    for (double t = a->from + 0.2; t < a->to - 0.3;) {
        const double fall = impacts_roll(d, 100, 170),
                     side = impacts_pick(d, 2);
        double x = impacts_roll(d, 60, 110), v = sqrt(2 * a->p[GRAVITY] * fall);
        const double drift = impacts_roll(d, 5, 30);
        const double first = v;
        t += v / a->p[GRAVITY];
        for (int k = 0; v > 0.12 * first && t < a->to - 0.05; k++) {
            struct film_event *e = film_add(
                a, t, 0, look == 2 ? FILM_VOICE_PLASTIC : FILM_VOICE_BALL,
                0.15 + 0.85 * pow(v / first, 1.3), look == 0 ? 0.9 : 0.4,
                (struct point){side ? x : 256 - x, FILM_GROUND});
            if (!e)
                return;
            e->gap = k ? 0 : fall;
            v *= a->p[RETURN];
            e->lasts = 2 * v / a->p[GRAVITY]; /* in the air after it */
            t += e->lasts;
            x += drift * e->lasts * 2;
        }
        t += impacts_roll(d, 0.5, 1.2);
    }
    for (int i = 0; i < a->count; i++) /* the end of a throw: it lies there */
        if (i + 1 == a->count || a->events[i + 1].gap > 0)
            a->events[i].lasts = 0;
}

/* Height over the ground, and x. */
static struct point ball_at(const struct film_actor *a, double time,
                            double *squash)
{
    const struct film_around f = film_around(a, 0, time);
    const double g = a->p[GRAVITY];

    *squash = 0;
    if (f.after && f.after->gap > 0) {
        const double left = f.after->time - time, fall = f.after->gap;
        const double high = fall - g * pow(sqrt(2 * fall / g) - left, 2) / 2;
        if (left < sqrt(2 * fall / g))
            return (struct point){f.after->at.x, high};
        if (!f.before || left < sqrt(2 * fall / g) + 0.25)
            return (struct point){f.after->at.x, fall};
    }
    if (!f.before)
        return (struct point){128, 100};
    const double t = time - f.before->time;
    *squash = f.before->strength * exp(-t / 0.025);
    if (f.before->lasts <= 0 || t > f.before->lasts)
        return (struct point){f.before->at.x, 0};
    const double x =
        f.after ? mix(f.before->at.x, f.after->at.x, t / f.before->lasts)
                : f.before->at.x;
    return (struct point){x, g * t * (f.before->lasts - t) / 2};
}

static void draw_seams(cairo_t *cr, const struct film_actor *a, double turn)
{
    const double r = a->p[RADIUS];
    const struct colour line = a->p[LOOK] < 0.5
                                   ? (struct colour){0.15, 0.08, 0.05}
                                   : (struct colour){0.95, 0.95, 0.92};

    cairo_rotate(cr, turn);
    set_colour(cr, line);
    cairo_set_line_width(cr, 0.08 * r);
    cairo_arc(cr, -1.25 * r, 0, r, -0.75, 0.75);
    cairo_stroke(cr);
    cairo_arc(cr, 1.25 * r, 0, r, pi - 0.75, pi + 0.75);
    cairo_stroke(cr);
    if (a->p[LOOK] > 0.5)
        return;
    draw_line(cr, (struct point){-r, 0}, (struct point){r, 0}, 0.08 * r, line);
    draw_line(cr, (struct point){0, -r}, (struct point){0, r}, 0.08 * r, line);
}

void film_draw_ball(cairo_t *cr, const struct film_actor *a, double time)
{
    static const struct colour looks[] = {
        {0.85, 0.42, 0.14}, {0.78, 0.88, 0.22}, {0.95, 0.93, 0.88}};
    const struct colour c = looks[(int)a->p[LOOK]];
    const double r = a->p[RADIUS];
    double squash;
    const struct point at = ball_at(a, time, &squash);

    film_shadow(cr, at.x, FILM_GROUND, r * (1.1 + at.y / 150),
                0.65 / (1 + at.y / 60));
    cairo_save(cr);
    cairo_translate(cr, at.x, FILM_GROUND - at.y);
    cairo_scale(cr, 1 + 0.15 * squash, 1 - 0.25 * squash);
    cairo_translate(cr, 0, -r);
    cairo_pattern_t *p =
        cairo_pattern_create_radial(-0.35 * r, -0.4 * r, 0.1 * r, 0, 0, r);
    const struct colour bright = film_shade(c, 1.3), dark = film_shade(c, 0.5);
    cairo_pattern_add_color_stop_rgb(p, 0, bright.r, bright.g, bright.b);
    cairo_pattern_add_color_stop_rgb(p, 0.5, c.r, c.g, c.b);
    cairo_pattern_add_color_stop_rgb(p, 1, dark.r, dark.g, dark.b);
    cairo_new_path(cr);
    cairo_arc(cr, 0, 0, r, 0, 2 * pi);
    cairo_set_source(cr, p);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
    if (a->p[LOOK] < 1.5)
        draw_seams(cr, a, at.x / r);
    cairo_restore(cr);
}
