/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cameras: on a tripod or in a hand, that pan, zoom and refocus. */
#include "film.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

void film_camera_compose(struct film_camera *c, struct impacts_dice *d,
                         double from, double to)
{
    const bool hand = impacts_pick(d, 2);

    *c = (struct film_camera){.zoom_to = 1, .focus_time = {-1, -1}};
    c->zoom = impacts_roll(d, 0.8, 1.25);
    c->x = impacts_roll(d, -22, 22);
    c->y = impacts_roll(d, -16, 16);
    c->roll = impacts_roll(d, -0.05, 0.05) * (hand ? 1 : 0.4);
    c->shake = hand ? impacts_roll(d, 0.3, 3) : 0;
    if (impacts_pick(d, 3) == 0) {
        c->pan = impacts_roll(d, 6, 45);
        c->tilt = impacts_roll(d, 0, 12);
        c->pan_hertz = impacts_roll(d, 0.04, 0.2);
    }
    if (impacts_pick(d, 4) == 0) {
        c->zoom_to = impacts_roll(d, 0.75, 1.5);
        c->zoom_from_time = impacts_roll(d, from, mix(from, to, 0.6));
        c->zoom_to_time = c->zoom_from_time + impacts_roll(d, 0.3, 3);
    }
    c->blur = impacts_roll(d, 1.5, 6);
    c->focus_lasts = impacts_roll(d, 0.25, 0.8);
    for (int i = 0; i < 2; i++)
        if (impacts_pick(d, 5) == 0)
            c->focus_time[i] = impacts_roll(d, from, to);
    for (int i = 0; i < 6; i++)
        c->phase[i] = impacts_roll(d, 0, 2 * pi);
}

void film_camera_at(const struct film_camera *c, double time, cairo_matrix_t *m)
{
    const double *p = c->phase;
    const double sway = 2 * pi * c->pan_hertz * time + p[0];
    const double x =
        c->x + c->pan * sin(sway) +
        c->shake * (sin(2.3 * time + p[1]) + 0.5 * sin(6.1 * time + p[2]) +
                    0.2 * sin(17.3 * time + p[3]));
    const double y =
        c->y + c->tilt * sin(0.7 * sway) +
        c->shake * (sin(2.9 * time + p[4]) + 0.5 * sin(7.7 * time + p[5]) +
                    0.2 * sin(19.1 * time + p[0]));
    const double s =
        film_smooth((time - c->zoom_from_time) /
                    fmax(c->zoom_to_time - c->zoom_from_time, 0.1));
    const double zoom = c->zoom * pow(c->zoom_to, s);

    cairo_matrix_init_translate(m, 128, 128);
    cairo_matrix_rotate(m, c->roll + 0.004 * c->shake * sin(1.9 * time + p[3]));
    cairo_matrix_scale(m, zoom, zoom);
    cairo_matrix_translate(m, -128 - x, -128 - y);
}

double film_camera_blur(const struct film_camera *c, double time)
{
    double out = 0;

    for (int i = 0; i < 2; i++) {
        const double off = fabs(time - c->focus_time[i]) / c->focus_lasts;
        if (c->focus_time[i] >= 0 && off < 1)
            out = fmax(out, c->blur * film_smooth(1 - off));
    }
    return out;
}
