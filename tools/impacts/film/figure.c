/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands, arms, legs, people: what moves things. */
#include "film.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

struct colour film_shade(struct colour c, double light)
{
    return (struct colour){fmin(c.r * light, 1), fmin(c.g * light, 1),
                           fmin(c.b * light, 1)};
}

struct colour film_pick_skin(struct impacts_dice *d)
{
    static const struct colour skins[] = {{0.97, 0.80, 0.67},
                                          {0.91, 0.70, 0.55},
                                          {0.76, 0.54, 0.39},
                                          {0.55, 0.37, 0.26},
                                          {0.36, 0.24, 0.17}};
    return film_shade(skins[impacts_pick(d, 5)], impacts_roll(d, 0.93, 1.05));
}

struct colour film_pick_colour(struct impacts_dice *d)
{
    const double grey = impacts_roll(d, 0.08, 0.85);
    const double hue = impacts_roll(d, 0, 2 * pi);
    const double vivid = impacts_roll(d, 0, 1);
    const double full = 0.3 * vivid * vivid;

    return (struct colour){
        fmin(fmax(grey + full * cos(hue), 0.03), 0.97),
        fmin(fmax(grey + full * cos(hue - 2.1), 0.03), 0.97),
        fmin(fmax(grey + full * cos(hue + 2.1), 0.03), 0.97)};
}

void film_ellipse(cairo_t *cr, double x, double y, double rx, double ry)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, fmax(rx, 0.01), fmax(ry, 0.01));
    cairo_new_path(cr);
    cairo_arc(cr, 0, 0, 1, 0, 2 * pi);
    cairo_restore(cr);
}

void film_shadow(cairo_t *cr, double x, double y, double rx, double alpha)
{
    draw_glow(cr, x, y, rx, 0.22 * rx, (struct colour){0, 0, 0}, alpha);
}

/* The joint of two bones of the same length, bent to the side of `bend`. */
static struct point joint(struct point a, struct point b, double bone,
                          double bend)
{
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double way = fmax(hypot(dx, dy), 1e-6);
    const double off = sqrt(fmax(bone * bone - way * way / 4, 0));

    return (struct point){(a.x + b.x) / 2 - bend * off * dy / way,
                          (a.y + b.y) / 2 + bend * off * dx / way};
}

void film_arm(cairo_t *cr, struct point shoulder, struct point wrist,
              const struct film_actor *a, double bend, double beyond)
{
    const double reach = hypot(wrist.x - shoulder.x, wrist.y - shoulder.y);
    const struct point elbow =
        joint(shoulder, wrist, fmax(62, 0.52 * reach), bend);
    const struct point cuff = {mix(elbow.x, wrist.x, 0.55),
                               mix(elbow.y, wrist.y, 0.55)};

    draw_line(cr, elbow, wrist, 13, film_shade(a->skin, 0.92));
    const struct point end = {shoulder.x + beyond * (shoulder.x - elbow.x),
                              shoulder.y + beyond * (shoulder.y - elbow.y)};
    draw_line(cr, end, elbow, 25, film_shade(a->cloth, 0.8));
    draw_line(cr, elbow, cuff, 20, a->cloth);
}

void film_fist(cairo_t *cr, struct point at, double size, struct colour skin)
{
    film_ellipse(cr, at.x, at.y, 0.62 * size, 0.55 * size);
    set_colour(cr, skin);
    cairo_fill(cr);
    for (int i = 0; i < 4; i++) {
        const double x = at.x + (i - 1.5) * 0.27 * size;
        draw_line(cr, (struct point){x, at.y - 0.12 * size},
                  (struct point){x, at.y + 0.42 * size}, 0.24 * size,
                  film_shade(skin, i % 2 ? 0.98 : 0.90));
    }
    draw_line(cr, (struct point){at.x - 0.45 * size, at.y - 0.28 * size},
              (struct point){at.x + 0.2 * size, at.y - 0.12 * size},
              0.26 * size, film_shade(skin, 1.04));
}

void film_palm(cairo_t *cr, struct point wrist, double angle, double size,
               double up, struct colour skin)
{
    cairo_save(cr);
    cairo_translate(cr, wrist.x, wrist.y);
    cairo_rotate(cr, angle);
    cairo_scale(cr, size, up * size);
    /* The back of the hand, then four fingers and the thumb. */
    draw_line(cr, (struct point){0, 0}, (struct point){0.42, 0}, 0.30, skin);
    for (int i = 0; i < 4; i++) {
        const double y = (i - 1.5) * 0.075;
        draw_line(cr, (struct point){0.42, y},
                  (struct point){0.88 - 0.05 * fabs(i - 1.2), 1.25 * y}, 0.095,
                  film_shade(skin, i % 2 ? 1.0 : 0.93));
    }
    draw_line(cr, (struct point){0.16, -0.1}, (struct point){0.48, -0.32}, 0.11,
              film_shade(skin, 1.05));
    cairo_restore(cr);
}

void film_leg(cairo_t *cr, struct point hip, struct point ankle, double width,
              double tilt, double side, struct colour trousers,
              struct colour shoe)
{
    const double reach = hypot(ankle.x - hip.x, ankle.y - hip.y);
    const struct point knee = joint(hip, ankle, 0.515 * reach + 2, -side);

    draw_line(cr, hip, knee, 1.15 * width, trousers);
    draw_line(cr, knee, ankle, 0.85 * width, film_shade(trousers, 0.92));
    cairo_save(cr);
    cairo_translate(cr, ankle.x, ankle.y);
    cairo_scale(cr, side, 1);
    cairo_rotate(cr, tilt);
    /* heel, sole, tip */
    cairo_new_path(cr);
    cairo_move_to(cr, -0.55 * width, -0.5 * width);
    cairo_line_to(cr, 0.5 * width, -0.5 * width);
    cairo_curve_to(cr, 0.9 * width, 0, 1.6 * width, 0, 1.75 * width,
                   0.5 * width);
    cairo_line_to(cr, -0.6 * width, 0.5 * width);
    cairo_close_path(cr);
    set_colour(cr, shoe);
    cairo_fill(cr);
    draw_line(cr, (struct point){-0.6 * width, 0.5 * width},
              (struct point){1.7 * width, 0.5 * width}, 0.18 * width,
              film_shade(shoe, 0.45));
    cairo_restore(cr);
}

void film_person(cairo_t *cr, struct point hip, struct point left,
                 struct point right, double height, double side, double swing,
                 const struct film_actor *a)
{
    const double w = 0.075 * height;
    const struct point neck = {hip.x + 0.02 * side * height,
                               hip.y - 0.33 * height};
    const struct point head = {neck.x + 0.015 * side * height,
                               neck.y - 0.095 * height};
    const struct colour far = film_shade(a->cloth2, 0.75);

    for (int k = 0; k < 2; k++) { /* the far limbs, body, the near ones */
        const double way = k ? swing : -swing;
        const struct point hand = {neck.x + way * 0.20 * height,
                                   neck.y + 0.33 * height};
        const struct point elbow = joint(neck, hand, 0.18 * height, -side);
        if (k) {
            draw_line(cr, hip, along(neck, (struct point){0, 1}, w), 2.3 * w,
                      a->cloth);
            film_ellipse(cr, head.x, head.y, 0.062 * height, 0.078 * height);
            set_colour(cr, a->skin);
            cairo_fill(cr);
            cairo_new_path(cr);
            cairo_arc(cr, head.x - 0.008 * side * height,
                      head.y - 0.02 * height, 0.068 * height, pi,
                      2 * pi + 0.25);
            set_colour(cr, a->thing);
            cairo_fill(cr);
        }
        film_leg(cr, hip, k ? left : right, w, 0, side, k ? a->cloth2 : far,
                 film_shade(a->thing, k ? 0.7 : 0.5));
        draw_line(cr, along(neck, (struct point){0, 1}, w), elbow, 0.95 * w,
                  film_shade(a->cloth, k ? 1.12 : 0.7));
        draw_line(cr, elbow, hand, 0.75 * w,
                  film_shade(a->cloth, k ? 1.05 : 0.66));
        film_ellipse(cr, hand.x, hand.y, 0.5 * w, 0.5 * w);
        set_colour(cr, film_shade(a->skin, k ? 1 : 0.75));
        cairo_fill(cr);
    }
}
