/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands, sticks and hammers that strike what is on a table; two sticks on a
 * drum; fists on a punching bag. Some blows stop short. */
#include "film.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

enum { SIDE, SHAFT, MISS, TEMPO, THICK }; /* of actor->p */

/* ------------------------------------------------------------ composing -- */

static void put_object(struct film_actor *a, struct impacts_dice *d,
                       enum impacts_material material, enum impacts_shape shape,
                       double width, double height)
{
    a->object = (struct impacts_object){.material = material,
                                        .shape = shape,
                                        .x = 128,
                                        .base = FILM_GROUND,
                                        .width = width,
                                        .height = height,
                                        .tint = impacts_roll(d, 0, 0.999)};
}

static void any_object(struct film_actor *a, struct impacts_dice *d)
{
    static const double tall[] = {0.42, 0.46, 1.05, 0.62, 1.15, 1.25,
                                  0.85, 0.40, 1.00, 1.15, 0.72, 0.30};
    const int material = impacts_pick(d, IMPACTS_MATERIALS);
    const int shape = 2 * material + impacts_pick(d, 2);
    const double width = impacts_roll(d, 60, 100);

    put_object(a, d, (enum impacts_material)material, (enum impacts_shape)shape,
               width, fmin(width * tall[shape], 85));
}

/* Blows on the object, at `pace` seconds or longer. */
static void strike_at_random(struct film_actor *a, struct impacts_dice *d,
                             double pace, double size)
{
    const double rest = impacts_roll(d, 0.1, 1.2);
    double time = a->from + impacts_roll(d, 0.3, 0.9), run = 0;

    while (time < a->to - 0.1) {
        struct point normal;
        const double at = impacts_roll(d, -0.6, 0.6);
        const double strength = impacts_roll(d, 0.3, 1);
        const bool miss = impacts_roll(d, 0, 1) < a->p[MISS];
        struct film_event *e =
            film_add(a, time, 0, (enum film_voice)a->object.material, strength,
                     size, impacts_surface(&a->object, at, &normal));
        if (!e)
            return;
        e->hit = !miss;
        e->gap = impacts_roll(d, 0.2, 0.4);
        run = run > 0 ? run - 1 : impacts_pick(d, 4) ? 0 : 3;
        time += pace + (run > 0 ? 0 : impacts_roll(d, 0, rest));
    }
}

static void compose_tool(struct film_actor *a, struct impacts_dice *d,
                         double pace)
{
    a->p[SIDE] = 1;
    a->p[SHAFT] = impacts_roll(d, 62, 80);
    a->p[MISS] = impacts_pick(d, 2) ? impacts_roll(d, 0.1, 0.35) : 0;
    a->p[THICK] = impacts_roll(d, 0.9, 1.3);
    a->box = (struct film_box){60, 60, 190, 150};
    strike_at_random(a, d, pace, impacts_roll(d, 0.2, 0.9));
}

void film_compose_hand(struct film_actor *a, struct impacts_dice *d)
{
    any_object(a, d);
    compose_tool(a, d, 0.22);
    for (int i = 0; i < a->count; i++)
        if (impacts_pick(d, 1 + (a->object.material == IMPACTS_DRUM)) == 0)
            a->events[i].voice = a->object.material == IMPACTS_STONE
                                     ? FILM_VOICE_SLAP
                                     : a->events[i].voice;
}

void film_compose_stick(struct film_actor *a, struct impacts_dice *d)
{
    any_object(a, d);
    compose_tool(a, d, 0.24);
}

void film_compose_hammer(struct film_actor *a, struct impacts_dice *d)
{
    const bool stone = impacts_pick(d, 3) == 0;

    put_object(a, d, stone ? IMPACTS_STONE : IMPACTS_WOOD,
               stone ? IMPACTS_SLAB : IMPACTS_BLOCK, 110, stone ? 34 : 46);
    compose_tool(a, d, 0.42);
    for (int i = 0; i < a->count; i++) {
        struct film_event *e = &a->events[i];
        e->at = (struct point){128, a->object.base - a->object.height - 14};
        e->strength = fmin(1, 0.3 + e->strength);
        e->voice = stone   ? FILM_VOICE_STONE
                   : i % 3 ? FILM_VOICE_KNOCK
                           : FILM_VOICE_METAL;
    }
}

/* A pattern of a bar, both hands in turn, and accents. */
void film_compose_drumming(struct film_actor *a, struct impacts_dice *d)
{
    const double beat = impacts_roll(d, 0.11, 0.24);
    const unsigned bar = (unsigned)impacts_pick(d, 65536) | 0x1111u;
    int hand = 0, step = 0;

    put_object(a, d, IMPACTS_DRUM,
               impacts_pick(d, 2) ? IMPACTS_TOM : IMPACTS_SNARE, 150, 74);
    a->p[SHAFT] = impacts_roll(d, 78, 92);
    a->p[TEMPO] = beat;
    a->box = (struct film_box){20, 50, 216, 160};
    for (double t = a->from + impacts_roll(d, 0.3, 0.8); t < a->to - 0.1;
         t += beat, step++) {
        if (!(bar >> step % 16 & 1))
            continue;
        const double x = 128 + (hand ? 1 : -1) * impacts_roll(d, 8, 44);
        film_add(a, t + impacts_roll(d, -0.008, 0.008), hand, FILM_VOICE_DRUM,
                 step % 4 ? impacts_roll(d, 0.3, 0.7) : impacts_roll(d, 0.7, 1),
                 a->object.shape == IMPACTS_TOM ? 0.8 : 0.2,
                 (struct point){x, FILM_GROUND - 74 + impacts_roll(d, -5, 5)});
        hand = !hand;
    }
}

void film_compose_punch(struct film_actor *a, struct impacts_dice *d)
{
    double t = a->from + impacts_roll(d, 0.4, 0.9);

    a->box = (struct film_box){60, 10, 190, 190};
    for (int hand = 0; t < a->to - 0.1; hand = !hand) {
        film_add(a, t, hand, FILM_VOICE_PUNCH, impacts_roll(d, 0.4, 1), 0.6,
                 (struct point){146, impacts_roll(d, 88, 130)});
        t += impacts_pick(d, 3) ? impacts_roll(d, 0.28, 0.5)
                                : impacts_roll(d, 0.7, 1.5);
    }
}

/* -------------------------------------------------------------- drawing -- */

static void draw_object(cairo_t *cr, const struct film_actor *a, double time)
{
    const double shaken = film_shaken(a, time, 0.12);
    const struct impacts_reaction r = {.lean = 0.03 * shaken * sin(60 * time),
                                       .sink = 0.05 * shaken,
                                       .ring = shaken * cos(88 * time)};
    const struct impacts_dice d = {.seed = a->seed,
                                   .stream = IMPACTS_STREAM_TEXTURE};

    film_shadow(cr, 128, FILM_GROUND, 0.75 * a->object.width, 0.5);
    impacts_object_draw(cr, &a->object, &r, 0.4, d);
}

/* The angle of a shaft, from the hand to the head: 0 is level, to the left. */
static struct point towards(double angle, double side)
{
    return (struct point){-side * cos(angle), -sin(angle)};
}

/* A hand that holds a shaft, whose head comes down on the target. */
struct grip {
    struct point hand, head, way;
    double angle;
};

static struct grip grip_at(const struct film_actor *a, int limb, double time,
                           double side, const struct film_swing *w,
                           double clear)
{
    const double lift = film_lift(a, limb, time, w);
    struct point to = film_target(a, limb, time, w);
    struct grip g = {.angle = -0.16 + 1.25 * lift};

    to.y -= clear;
    g.hand = along(to, towards(-0.16, side), -a->p[SHAFT]);
    g.hand.y -= 26 * lift;
    g.hand.x += 8 * side * lift;
    g.way = towards(g.angle, side);
    g.head = along(g.hand, g.way, a->p[SHAFT]);
    return g;
}

static const struct film_swing swing = {0.13, 0.16, 0.42};

static void under(cairo_t *cr, const struct film_actor *a, struct point head)
{
    const double top = a->object.base - a->object.height;
    const double far = fmax(top - head.y, 0);

    film_shadow(cr, head.x, top, 16 + 0.2 * far, 0.5 / (1 + far / 25));
}

void film_draw_hand(cairo_t *cr, const struct film_actor *a, double time)
{
    const double lift = film_lift(a, 0, time, &swing);
    struct point to = film_target(a, 0, time, &swing);

    draw_object(cr, a, time);
    to.y -= 4 + 62 * lift;
    const double angle = pi + 0.08 + 0.55 * lift;
    const struct point wrist = {to.x - 30 * cos(angle), to.y - 30 * sin(angle)};
    under(cr, a, to);
    film_arm(cr, (struct point){285, 95 - 20 * lift}, wrist, a, -1, 5);
    film_palm(cr, wrist, angle, 52, 1, a->skin);
}

void film_draw_stick(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct grip g = grip_at(a, 0, time, 1, &swing, 3);

    draw_object(cr, a, time);
    under(cr, a, g.head);
    film_arm(cr, (struct point){300, 130}, g.hand, a, -1, 5);
    draw_line(cr, along(g.hand, g.way, -20), g.head, 5 * a->p[THICK],
              (struct colour){0.80, 0.62, 0.38});
    draw_line(cr, along(g.head, g.way, -3), g.head, 8 * a->p[THICK],
              (struct colour){0.88, 0.72, 0.48});
    film_fist(cr, g.hand, 25, a->skin);
}

static void draw_nail(cairo_t *cr, const struct film_actor *a)
{
    const double top = a->object.base - a->object.height;
    const struct colour steel = {0.62, 0.63, 0.66};

    draw_line(cr, (struct point){128, top}, (struct point){128, top - 13}, 3.2,
              steel);
    draw_line(cr, (struct point){122, top - 14}, (struct point){134, top - 14},
              3, film_shade(steel, 0.8));
}

void film_draw_hammer(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_swing w = {0.16, 0.2, 0.35};
    const struct grip g = grip_at(a, 0, time, 1, &w, 17);
    const struct colour steel = {0.36, 0.37, 0.40};

    draw_object(cr, a, time);
    draw_nail(cr, a);
    film_arm(cr, (struct point){300, 120}, g.hand, a, -1, 5);
    draw_line(cr, along(g.hand, g.way, -16), g.head, 8,
              (struct colour){0.66, 0.43, 0.22});
    cairo_save(cr);
    cairo_translate(cr, g.head.x, g.head.y);
    cairo_rotate(cr, g.angle);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    draw_line(cr, (struct point){0, -22}, (struct point){0, 16}, 15, steel);
    draw_line(cr, (struct point){0, 9}, (struct point){0, 17}, 20,
              film_shade(steel, 1.25));
    draw_line(cr, (struct point){-4, -20}, (struct point){-4, 14}, 3,
              film_shade(steel, 1.8));
    /* The claw. */
    cairo_new_path(cr);
    cairo_move_to(cr, -7, -18);
    cairo_curve_to(cr, -6, -30, 2, -34, 14, -34);
    cairo_curve_to(cr, 8, -28, 8, -24, 7, -18);
    cairo_close_path(cr);
    set_colour(cr, steel);
    cairo_fill(cr);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_restore(cr);
    film_fist(cr, g.hand, 27, a->skin);
}

void film_draw_drumming(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_swing w = {0.09, 0.09, 0.4};

    draw_object(cr, a, time);
    for (int k = 0; k < 2; k++) {
        const double side = k ? 1 : -1;
        const struct grip g = grip_at(a, k, time, side, &w, 2);
        under(cr, a, g.head);
        film_arm(cr, (struct point){128 + 175 * side, 190}, g.hand, a, -side,
                 5);
        draw_line(cr, along(g.hand, g.way, -18), g.head, 4.5,
                  (struct colour){0.85, 0.68, 0.42});
        film_ellipse(cr, g.head.x, g.head.y, 4, 3.4);
        set_colour(cr, (struct colour){0.92, 0.80, 0.58});
        cairo_fill(cr);
        film_fist(cr, g.hand, 24, a->skin);
    }
}

/* The bag swings away from the last blow. */
static double bag_lean(const struct film_actor *a, double time)
{
    double lean = 0;

    for (int i = 0; i < a->count && a->events[i].time <= time; i++) {
        const double t = time - a->events[i].time;
        lean += 0.10 * a->events[i].strength * exp(-t / 0.5) * sin(5.5 * t);
    }
    return lean;
}

void film_draw_punch(cairo_t *cr, const struct film_actor *a, double time)
{
    const struct film_swing w = {0.12, 0.2, 1};
    const struct colour leather = a->thing;

    cairo_save(cr);
    cairo_translate(cr, 112, -60);
    cairo_rotate(cr, bag_lean(a, time));
    draw_line(cr, (struct point){0, -400}, (struct point){0, 72}, 4,
              (struct colour){0.25, 0.25, 0.27});
    cairo_rectangle(cr, -36, 72, 72, 176);
    fill_gradient(cr, (struct point){-36, 0}, (struct point){36, 0},
                  film_shade(leather, 1.25), film_shade(leather, 0.45));
    for (int i = 0; i < 3; i++)
        draw_line(cr, (struct point){-35, 86 + 74.0 * i},
                  (struct point){35, 86 + 74.0 * i}, 5,
                  film_shade(leather, 0.35));
    cairo_restore(cr);
    for (int k = 0; k < 2; k++) {
        const double lift = film_lift(a, k, time, &w);
        const struct point to = film_target(a, k, time, &w);
        const struct point fist = {to.x + 11 + 68 * lift, to.y + 12 * lift};
        film_arm(cr, (struct point){262 + 12.0 * k, 90 + 24.0 * k}, fist, a, -1,
                 5);
        film_ellipse(cr, fist.x, fist.y, 19, 17);
        set_colour(cr, (struct colour){0.75, 0.10, 0.10});
        cairo_fill(cr);
        film_ellipse(cr, fist.x + 4, fist.y - 9, 9, 6);
        set_colour(cr, (struct colour){0.90, 0.25, 0.22});
        cairo_fill(cr);
    }
}
