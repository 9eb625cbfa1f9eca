/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Under water. An event is a burst of bubbles, each of which is seen and
 * heard. */
#include <math.h>

#include "sound.h"
#include "view.h"

enum { BUBBLES = 12, WEEDS = 26, FISH = 9, SHAFTS = 4, SPECKS = 40 };

struct underwater {
    struct colour light, water, deep; /* top, middle, bottom */
    double floor;                     /* row of the sea floor */
    double shaft[SHAFTS], slant, beams;
    int weeds, fish;
    struct point weed[WEEDS];
    double length[WEEDS], broad[WEEDS];
    struct colour weed_colour[2], fish_colour, sand;
    double school_y, school_way, fish_size;
    struct {
        double time;
    } now;
};

/* --------------------------------------------------------------- bubbles -- */

struct bubble {
    double at, r; /* seconds after the event; metres */
    double rise, x;
};

/* 3 to 12 bubbles, 30 to 80 ms apart, each smaller than the one before. */
static int burst_of(const struct land_event *e, struct bubble *b)
{
    struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_EVENTS};
    const int n = 3 + (int)(e->size * 9.99);
    double at = 0, r = 0.001 * mix(6, 15, e->size * land_roll(&d, 0.6, 1));

    for (int i = 0; i < n; i++) {
        b[i] = (struct bubble){at, r, land_roll(&d, 0.1, 0.3),
                               land_roll(&d, -1, 1)};
        at += land_roll(&d, 0.03, 0.08);
        r = fmax(r * land_roll(&d, 0.82, 0.97), 0.003);
    }
    return n;
}

static void draw_bubble(struct land_view *v, const struct underwater *u,
                        double x, double y, double r)
{
    const struct colour rim = blend(u->light, (struct colour){1, 1, 1}, 0.6);

    set_rgba(v->cr, u->light, 0.22);
    fill_dot(v->cr, x, y, r);
    cairo_new_path(v->cr);
    cairo_arc(v->cr, x, y, r * 0.92, 0, 6.2832);
    cairo_set_line_width(v->cr, fmax(0.0035, r * 0.16));
    set_rgba(v->cr, rim, 0.85);
    cairo_stroke(v->cr);
    cairo_set_source_rgba(v->cr, 1, 1, 1, 0.95);
    fill_dot(v->cr, x - r * 0.35, y - r * 0.35, fmax(r * 0.2, 0.003));
}

static void draw_burst(struct land_view *v, const struct underwater *u,
                       const struct land_event *e, double time)
{
    struct bubble b[BUBBLES];
    const int n = burst_of(e, b);
    const double y0 = 0.50 + 0.42 * e->y, x0 = 0.08 + 0.84 * e->x;

    for (int i = 0; i < n; i++) {
        const struct land_event own = {.time = e->time + b[i].at};
        const double age = land_age(v, &own, time);
        const double speed = 0.15 + 0.25 * (b[i].r - 0.003) / 0.012;
        const double y = y0 - speed * age;
        if (age < 0 || y < -0.05)
            continue;
        const double x = x0 + 0.035 * b[i].x * fmin(age * 2, 1) +
                         0.012 * sin(12.57 * age + 7 * b[i].x);
        draw_bubble(v, u, x, y, b[i].r / 0.015 * 0.046 * (1 + 0.12 * age));
    }
}

/* -------------------------------------------------------------- picture -- */

static struct rgba water_at(const struct land_view *v, const void *user,
                            float x, float y)
{
    const struct underwater *u = user;
    const float t = (float)u->now.time;
    const double d = (double)y;
    struct colour c = d < 0.45 ? blend(u->light, u->water, d / 0.45)
                               : blend(u->water, u->deep, (d - 0.45) / 0.55);
    /* The surface, from below. */
    const float z = 1 / (y + 0.10f);
    const float s = noise_warped(&v->noise, (x - 0.5f) * z * 1.6f, z * 1.1f,
                                 1.5f, t * 1.6f, 3);
    const double shine = smooth_step(0.5, 0.75, (double)s) * exp(-d * 7);
    c = blend(c, (struct colour){1, 1, 1}, 0.6 * shine);
    for (int i = 0; i < SHAFTS; i++) {
        const double sway = 0.05 * sin(0.5 * u->now.time + 2.1 * i);
        const double mid = u->shaft[i] + (u->slant + sway) * d;
        const double half = 0.025 + 0.11 * d;
        const double w = fabs((double)x - mid) / half;
        if (w < 1) {
            const float ray = noise_value(
                &v->noise, (float)((x - mid) / half) * 2.5f + (float)i * 9,
                t * 0.6f);
            c = blend(c, u->light,
                      u->beams * (1 - w * w) * (0.25 + 0.6 * (double)ray) *
                          exp(-1.3 * d));
        }
    }
    return opaque(c, 1);
}

static struct rgba floor_at(const struct land_view *v, const void *user,
                            float x, float y)
{
    const struct underwater *u = user;
    const float t = (float)u->now.time;
    const double top =
        u->floor +
        0.10 * ((double)noise_fbm(&v->noise, x * 2.5f, 4.5f, 3) - 0.5);
    const double d = (double)y - top;
    if (d < 0)
        return (struct rgba){0, 0, 0, 0};
    const float z = (float)(1 / (d + 0.12));
    const float px = (x - 0.5f) * z * 1.5f;
    const float n = noise_fbm(&v->noise, px * 3, z * 5, 4);
    const float a = noise_ridged(&v->noise, px + 0.3f * t, z - 0.2f * t, 2);
    const float b = noise_ridged(&v->noise, px * 1.3f - 0.2f * t, z + 5, 2);
    const double net = smooth_step(0.62, 0.9, (double)(a + b) * 0.72);
    struct colour c =
        scaled(times(u->sand, u->light), 0.55 + 0.6 * ((double)n - 0.3));
    c = blend(c, u->light, 0.5 * net * u->beams);
    return opaque(blend(c, u->deep, 0.35 + 0.45 * exp(-6 * d)), 1);
}

static void choose_colours(struct land_view *v, struct underwater *u)
{
    static const struct colour waters[6][3] = {
        {{.62, .92, .92}, {.10, .56, .70}, {.02, .20, .38}}, /* tropical */
        {{.40, .70, .92}, {.06, .32, .64}, {.01, .07, .24}}, /* deep blue */
        {{.66, .84, .60}, {.22, .50, .40}, {.03, .18, .16}}, /* lake */
        {{.50, .86, .78}, {.06, .46, .50}, {.01, .15, .24}}, /* teal */
        {{.74, .88, .96}, {.30, .56, .76}, {.08, .22, .42}}, /* milky */
        {{.56, .66, .88}, {.20, .24, .56}, {.05, .05, .22}}, /* violet */
    };
    static const struct colour plants[5] = {{.20, .46, .16},
                                            {.40, .44, .12},
                                            {.50, .20, .22},
                                            {.12, .36, .30},
                                            {.48, .30, .44}};
    static const struct colour fishes[5] = {{.96, .62, .16},
                                            {.94, .86, .30},
                                            {.80, .86, .92},
                                            {.92, .34, .26},
                                            {.30, .50, .92}};
    /* Dawn and dusk warm the light, night takes most of it. */
    static const struct colour tints[LAND_TIMES] = {
        {1.06, .92, .86}, {1, 1, 1}, {1.06, .72, .62}, {.34, .40, .54}};
    struct land_dice *d = &v->layout;
    const struct colour *w = waters[land_pick(d, 6)];
    const struct colour tint =
        scaled(tints[v->clip->time], land_roll(d, 0.9, 1.08));

    u->light = times(w[0], tint);
    u->water = times(w[1], blend(tint, scaled(tint, 0.9), 0.5));
    u->deep = times(w[2], tint);
    u->weed_colour[0] = times(plants[land_pick(d, 5)], tint);
    u->weed_colour[1] = times(plants[land_pick(d, 5)], tint);
    u->fish_colour = times(fishes[land_pick(d, 5)], tint);
    u->sand = land_chance(d, 0.7) ? (struct colour){.92, .86, .68}
                                  : (struct colour){.50, .50, .48};
}

static void draw_rocks(struct land_view *v, const struct underwater *u)
{
    struct land_dice *d = &v->layout;
    const int n = land_pick(d, 7);
    const struct colour grey = {.34, .36, .40}, coral = {.72, .36, .40};

    for (int i = 0; i < n; i++) {
        const double r = land_roll(d, 0.05, 0.16);
        const struct colour c = blend(
            times(land_chance(d, 0.3) ? coral : grey, u->light), u->deep, 0.4);
        land_stone(v->back, d, land_roll(d, 0, 1),
                   u->floor + land_roll(d, 0.05, 0.25), r * 1.3, r, c, 0.1);
    }
}

static void compose(struct land_view *v)
{
    struct underwater *u = v->look;
    struct land_dice *d = &v->layout;

    land_palette_draw(&v->palette, v->clip->time, v->clip->seed, 0);
    choose_colours(v, u);
    u->floor = land_chance(d, 0.75) ? land_roll(d, 0.72, 0.9) : 1.2;
    u->slant = land_roll(d, -0.5, 0.5);
    u->beams = v->clip->time == LAND_NIGHT ? 0.35 : land_roll(d, 0.5, 1);
    for (int i = 0; i < SHAFTS; i++)
        u->shaft[i] = land_roll(d, -0.1, 1.1) - 0.3 * u->slant;
    u->weeds = u->floor < 1 ? land_pick(d, WEEDS) : 0;
    for (int i = 0; i < u->weeds; i++) {
        const double x = land_roll(d, 0, 1);
        u->weed[i] = (struct point){x < 0.5 ? x * 0.8 : 1 - (1 - x) * 0.8,
                                    land_roll(d, u->floor + 0.04, 1.02)};
        u->length[i] = land_roll(d, 0.12, 0.46);
        u->broad[i] = land_roll(d, 0.010, 0.022);
    }
    u->fish = land_chance(d, 0.6) ? 1 + land_pick(d, FISH) : 0;
    u->school_y = land_roll(d, 0.25, 0.7);
    u->school_way = land_chance(d, 0.5) ? 1 : -1;
    u->fish_size = land_roll(d, 0.018, 0.042);
    draw_rocks(v, u);
}

static void draw_weeds(struct land_view *v, const struct underwater *u,
                       double time)
{
    for (int i = 0; i < u->weeds; i++) {
        const struct point a = u->weed[i];
        const double l = u->length[i];
        const double s = sin(1.1 * time + 3 * a.x + 0.4 * i);
        const double t = sin(1.1 * time + 3 * a.x + 0.4 * i - 1.1);
        const struct point m = {a.x + 0.10 * l * s, a.y - l * 0.55};
        const struct point tip = {a.x + 0.34 * l * t, a.y - l};
        set_rgba(v->cr,
                 blend(u->weed_colour[i % 2], u->deep,
                       0.15 + 0.3 * (1.05 - a.y) / 0.3),
                 1);
        draw_blade(v->cr, a, m, tip, u->broad[i] * 1.6);
    }
}

static void draw_fish(struct land_view *v, const struct underwater *u,
                      double time)
{
    struct land_dice d = {.seed = v->clip->seed,
                          .stream = LAND_STREAM_PARTICLES};

    for (int i = 0; i < u->fish; i++) {
        const double s = u->fish_size * land_roll(&d, 0.7, 1.2);
        double x = land_roll(&d, 0, 1.4) +
                   u->school_way * time * land_roll(&d, 0.05, 0.08);
        const double y =
            u->school_y + land_roll(&d, -0.16, 0.16) + 0.01 * sin(time + i);
        const double tail = 0.5 * sin(9 * time + 2 * i);
        x -= 1.4 * floor(x / 1.4);
        cairo_save(v->cr);
        cairo_translate(v->cr, x - 0.2, y);
        cairo_scale(v->cr, s * u->school_way, s);
        set_rgba(v->cr, blend(u->fish_colour, u->water, 0.30), 1);
        cairo_move_to(v->cr, 1.2, 0);
        cairo_curve_to(v->cr, 0.5, -0.62, -0.5, -0.5, -1, 0);
        cairo_curve_to(v->cr, -0.5, 0.5, 0.5, 0.62, 1.2, 0);
        cairo_move_to(v->cr, -0.85, 0);
        cairo_line_to(v->cr, -1.65, -0.5 + 0.3 * tail);
        cairo_line_to(v->cr, -1.45, 0.1 * tail);
        cairo_line_to(v->cr, -1.65, 0.5 + 0.3 * tail);
        cairo_fill(v->cr);
        cairo_set_source_rgba(v->cr, 0, 0, 0, 0.7);
        fill_dot(v->cr, 0.72, -0.1, 0.11);
        cairo_restore(v->cr);
    }
}

/* What floats in the water. */
static void draw_specks(struct land_view *v, const struct underwater *u,
                        double time)
{
    struct land_dice d = {.seed = v->clip->seed,
                          .stream = LAND_STREAM_PARTICLES,
                          .counter = 5000};

    set_rgba(v->cr, u->light, 0.35);
    for (int i = 0; i < SPECKS; i++) {
        const double x = land_roll(&d, 0, 1) + 0.02 * sin(0.4 * time + i);
        double y = land_roll(&d, 0, 1) + 0.012 * time * land_roll(&d, -1, 1);
        y -= floor(y);
        fill_dot(v->cr, x, y, 0.0025);
    }
}

static void draw(struct land_view *v, double time)
{
    struct underwater *u = v->look;

    u->now.time = time;
    land_shade(v, v->cr, true, 0, 1, water_at, u);
    land_shade(v, v->cr, true, u->floor - 0.08, 1, floor_at, u);
    land_backdrop(v, 0, 0);
    draw_weeds(v, u, time);
    draw_fish(v, u, time);
    draw_specks(v, u, time);
    for (int k = 0; k < v->clip->event_count; k++)
        draw_burst(v, u, &v->clip->events[k], time);
}

/* ---------------------------------------------------------------- sound -- */

static void sound(const struct land_clip *c, float *out, size_t n)
{
    struct white w = white_of(c->seed, 0);
    struct biquad brown = low_pass(90), lp = low_pass(800);
    struct biquad a = low_pass(1200), b = low_pass(1200);
    struct wander slow = wander_of(c->seed, 1, 0.5);

    for (int i = 0; i < c->event_count; i++) {
        struct bubble list[BUBBLES];
        const struct land_event *e = &c->events[i];
        const int count = burst_of(e, list);
        for (int k = 0; k < count; k++)
            add_bubble(out, n, e->time + list[k].at, list[k].r,
                       0.028 * (0.5 + 0.5 * e->size) * sqrt(0.008 / list[k].r),
                       list[k].rise);
    }
    for (size_t i = 0; i < n; i++) {
        const float x = white_next(&w);
        const float bed =
            0.5f * filtered(&brown, x) + 0.012f * filtered(&lp, x);
        const float sway = 0.8f + 0.3f * wander_next(&slow);
        out[i] = filtered(&b, filtered(&a, out[i] + 1.6f * bed * sway));
    }
}

const struct land_kind land_underwater = {
    .name = "underwater",
    .phrases = {"bubbles under water", "underwater bubbles", "underwater scene",
                "bubbles in the sea"},
    .levels = {{"gentle", "sparse", "calm"},
               {"steady", "lively", "constant"},
               {"fierce", "wild", "teeming"}},
    .rate = 0.3,
    .rate_more = 3,
    .loudness = {-28.7f, -18.8f, -15.4f, -12.5f, -10.4f},
    .sound = sound,
    .look_size = sizeof(struct underwater),
    .compose = compose,
    .draw = draw,
};
