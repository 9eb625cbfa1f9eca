/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rain on a lake, on a meadow with puddles, or on a street. An event is a drop
 * that is seen: a ring on the ground, and a bubble. */
#include <math.h>

#include "sound.h"
#include "view.h"

enum { STREAKS = 650, LAMPS = 4 };

enum place { LAKE, MEADOW, STREET, PLACES };

struct rain {
    enum place place;
    double slant, cover, scale;
    struct land_water water;
    struct colour drop;
    int lamps;
    struct point lamp[LAMPS];
    struct colour lamp_colour;
};

/* -------------------------------------------------------------- picture -- */

static void draw_house(cairo_t *cr, struct land_dice *d, double x, double w,
                       double base, double h, struct colour wall, bool lights)
{
    const double roof = h * land_roll(d, 0.2, 0.5);

    set_rgba(cr, wall, 1);
    cairo_rectangle(cr, x, base - h, w, h);
    cairo_fill(cr);
    set_rgba(cr, scaled(wall, 0.6), 1);
    cairo_move_to(cr, x - w * 0.06, base - h);
    cairo_line_to(cr, x + w * land_roll(d, 0.3, 0.7), base - h - roof);
    cairo_line_to(cr, x + w * 1.06, base - h);
    cairo_fill(cr);
    for (double wy = base - h * 0.86; wy < base - h * 0.3; wy += 0.05)
        for (double wx = x + 0.015; wx < x + w - 0.025; wx += 0.04) {
            const bool on = lights && land_chance(d, 0.55);
            if (on)
                cairo_set_source_rgb(cr, 1, 0.84, 0.5);
            else
                set_rgba(cr, scaled(wall, 0.45), 1);
            cairo_rectangle(cr, wx, wy, 0.018, 0.026);
            cairo_fill(cr);
        }
}

static void draw_street(struct land_view *v, struct rain *r)
{
    struct land_dice *d = &v->layout;
    const bool lights = v->clip->time != LAND_DAY;
    double x = land_roll(d, -0.15, 0);

    while (x < 1) {
        const double w = land_roll(d, 0.10, 0.26), h = land_roll(d, 0.10, 0.30);
        const struct colour wall = {land_roll(d, .35, .75),
                                    land_roll(d, .32, .6),
                                    land_roll(d, .3, .55)};
        draw_house(
            v->back, d, x, w, v->horizon + 0.015, h,
            blend(times(wall, v->palette.light), v->palette.horizon, 0.2),
            lights);
        x += w + (land_chance(d, 0.3) ? land_roll(d, 0, 0.12) : 0);
    }
    r->lamps = land_pick(d, LAMPS + 1);
    for (int i = 0; i < r->lamps; i++) {
        const double lx = land_roll(d, 0.08, 0.92);
        const double h = land_roll(d, 0.25, 0.34);
        r->lamp[i] = (struct point){lx, v->horizon + 0.04 - h};
        cairo_set_source_rgb(v->back, 0.06, 0.06, 0.08);
        cairo_set_line_width(v->back, 0.008);
        cairo_move_to(v->back, lx, v->horizon + 0.04);
        cairo_line_to(v->back, lx, v->horizon + 0.04 - h);
        cairo_stroke(v->back);
    }
    r->lamp_colour = land_chance(d, 0.6) ? (struct colour){1, .78, .42}
                                         : (struct colour){.84, .92, 1};
}

static void draw_trees(struct land_view *v, struct colour green)
{
    struct land_dice *d = &v->layout;
    const int n = land_pick(d, 4);

    for (int i = 0; i < n; i++) {
        const struct point base = {land_roll(d, 0, 1),
                                   v->horizon + land_roll(d, 0.01, 0.06)};
        const double h = land_roll(d, 0.16, 0.36);
        const struct land_dice own = {.seed = v->clip->seed + (uint64_t)i,
                                      .stream = LAND_STREAM_PARTICLES};
        const struct colour c =
            blend(times(green, v->palette.light), v->palette.horizon, 0.25);
        if (land_chance(d, 0.5))
            land_tree(v->back, own, base, h, 0, scaled(c, 0.4), c);
        else
            land_conifer(v->back, d, base.x, base.y, h, scaled(c, 0.7));
    }
}

static void lay_water(struct land_view *v, struct rain *r)
{
    struct land_dice *d = &v->layout;
    const struct land_palette *p = &v->palette;
    const struct colour deep = {.20, .27, .30}, asphalt = {.22, .22, .25};

    r->water = (struct land_water){
        .shore = v->horizon + 0.02,
        .bottom = 1,
        .tint =
            times(r->place == STREET ? asphalt : deep, scaled(p->light, 1.2)),
        .mirror = r->place == STREET ? 0.62 : 0.78,
        .ripple = r->place == LAKE ? 0.05 : 0.025,
        .puddles = r->place == MEADOW ? land_roll(d, 0.3, 0.6) : 0,
    };
}

static void compose(struct land_view *v)
{
    struct rain *r = v->look;
    struct land_dice *d = &v->layout;
    const struct colour greens[4] = {
        {.26, .34, .20}, {.34, .36, .18}, {.20, .30, .26}, {.36, .30, .20}};
    const struct colour green = greens[land_pick(d, 4)];

    land_palette_draw(&v->palette, v->clip->time, v->clip->seed,
                      land_roll(d, 0.65, 1));
    v->horizon = clamp(v->horizon, 0.36, 0.6);
    r->place = (enum place)land_pick(d, PLACES);
    r->slant = land_roll(d, -0.35, 0.35);
    r->cover = land_roll(d, 0.75, 1);
    r->scale = land_roll(d, 0.8, 1.6);
    r->drop = blend(v->palette.cloud, (struct colour){.9, .94, 1}, 0.55);
    land_ridges(v, 1 + land_pick(d, 4), green, 0.9);
    const struct land_ground g = {green, scaled(green, 0.6), 0.6, 0.8};
    land_ground(v, &g);
    if (r->place == STREET)
        draw_street(v, r);
    else
        draw_trees(v, green);
    lay_water(v, r);
}

static void draw_lamps(struct land_view *v, const struct rain *r)
{
    const double on = v->clip->time == LAND_DAY ? 0.25 : 1;

    for (int i = 0; i < r->lamps; i++) {
        const struct point p = r->lamp[i];
        draw_glow(v->cr, p.x, p.y, 0.16, 0.16, r->lamp_colour, 0.4 * on);
        draw_glow(v->cr, p.x, p.y, 0.03, 0.03, r->lamp_colour, 0.9 * on);
        cairo_set_source_rgba(v->cr, 1, 0.97, 0.9, 0.4 + 0.6 * on);
        fill_dot(v->cr, p.x, p.y, 0.008);
    }
}

/* Rings that grow 12 pixels of 128 in half a second, and what jumps up. */
static void draw_rings(struct land_view *v, double time)
{
    const struct land_clip *c = v->clip;
    const struct rain *r = v->look;

    for (int i = 0; i < c->event_count; i++) {
        const struct land_event *e = &c->events[i];
        const double age = land_age(v, e, time);
        if (age < 0 || age > 0.5)
            continue;
        const double d = 0.08 + 0.92 * e->y * e->y;
        const double y = v->horizon + 0.03 + d * (0.95 - v->horizon);
        const double far = 0.3 + 0.9 * d, grow = 2 * age;
        const double rx = (0.008 + 0.094 * grow) * far * (0.6 + 0.4 * e->size);
        cairo_save(v->cr);
        cairo_translate(v->cr, e->x, y);
        cairo_scale(v->cr, 1, 0.36);
        cairo_arc(v->cr, 0, 0, rx, 0, 6.2832);
        cairo_restore(v->cr);
        cairo_set_line_width(v->cr, 0.007 * far);
        set_rgba(v->cr, r->drop, 0.75 * (1 - grow));
        cairo_stroke(v->cr);
        if (grow > 0.4)
            continue;
        const double jump = sin(grow / 0.4 * 3.14159) * 0.035 * far * e->size;
        set_rgba(v->cr, r->drop, 0.9);
        for (int k = -1; k <= 1; k++)
            fill_dot(v->cr, e->x + k * grow * 0.05 * far,
                     y - jump * (k ? 0.6 : 1), 0.0045 * far);
    }
}

/* Slot i falls again and again, each time elsewhere. */
static void draw_streaks(struct land_view *v, double time, bool near)
{
    const struct rain *r = v->look;
    const uint64_t seed = v->clip->seed;

    for (int i = near; i < STREAKS; i += 2) {
        const double own =
            render_uniform(seed, LAND_STREAM_PARTICLES, (uint64_t)i);
        const double at =
            time * (near ? 2.2 : 1.6) * (0.85 + 0.3 * own) + 100 + own * 37;
        const double turn = floor(at), u = at - turn;
        const uint64_t place = (uint64_t)(turn * STREAKS + i + 5000);
        if (i > 50 + 600 * land_intensity(v, time))
            break;
        const double x =
            -0.2 + 1.4 * render_uniform(seed, LAND_STREAM_PARTICLES, place);
        const double y = -0.15 + 1.25 * u * (near ? 1 : 0.85);
        const double length = (near ? 0.08 : 0.05) + 0.045 * own;
        cairo_move_to(v->cr, x + r->slant * y, y);
        cairo_line_to(v->cr, x + r->slant * (y + length), y + length);
    }
    cairo_set_line_width(v->cr, near ? 0.0055 : 0.0035);
    set_rgba(v->cr, r->drop, near ? 0.40 : 0.27);
    cairo_stroke(v->cr);
}

static void draw(struct land_view *v, double time)
{
    struct rain *r = v->look;
    const double i = land_intensity(v, time);
    const struct land_sky sky = {.cover = r->cover,
                                 .scale = r->scale,
                                 .drift = 0.04 * time,
                                 .boil = 0.1 * time,
                                 .warp = 1.2};

    land_sky(v, &sky);
    land_backdrop(v, 0, 0);
    draw_lamps(v, r);
    r->water.flow = 0.5 * time;
    r->water.boil = 1.5 * time;
    r->water.ripple = (r->place == LAKE ? 0.04 : 0.02) + 0.06 * i;
    land_water(v, &r->water);
    const struct land_mist fog = {.colour = v->palette.horizon,
                                  .top = v->horizon - 0.35,
                                  .bottom = v->horizon + 0.30,
                                  .alpha = 0.10 + 0.55 * i,
                                  .drift = 0.15 * time,
                                  .scale = 2};
    land_mist(v, &fog);
    draw_streaks(v, time, false);
    draw_rings(v, time);
    draw_streaks(v, time, true);
}

/* ---------------------------------------------------------------- sound -- */

static void add_drops(const struct land_clip *c, float *out, size_t n)
{
    struct land_dice d = {.seed = c->seed, .stream = LAND_STREAM_GRAINS};
    struct white w = white_of(c->seed, 1);
    double t = -0.1;

    while ((t = next_time(c, c->intensity, &d, t, 40, 800)) < c->seconds) {
        const double hz = land_chance(&d, 0.6) ? land_roll(&d, 2000, 7000) : 0;
        const double level = 0.05 * exp(0.8 * land_normal(&d));
        add_grain(out, n, &w, t, land_roll(&d, 0.0005, 0.003), hz, level);
    }
    /* The many that are farther away. */
    for (t = -0.1;
         (t = next_time(c, c->intensity, &d, t, 20, 2500)) < c->seconds;)
        add_grain(out, n, &w, t, 0.0006, land_roll(&d, 2500, 8000), 0.018);
}

static void sound(const struct land_clip *c, float *out, size_t n)
{
    struct white w = white_of(c->seed, 0);
    struct biquad hp = high_pass(500), lp = low_pass(10000);

    for (size_t i = 0; i < n; i++) {
        const float x = sound_curve(c->intensity, i);
        out[i] +=
            (0.012f + 0.11f * x) * filtered(&lp, filtered(&hp, white_next(&w)));
    }
    add_drops(c, out, n);
    for (int i = 0; i < c->event_count; i++) {
        const struct land_event *e = &c->events[i];
        add_bubble(out, n, e->time, mix(0.0009, 0.0024, e->size),
                   0.035 * (0.4 + e->size), e->seed % 3 ? 0 : 0.1);
    }
}

const struct land_kind land_rain = {
    .name = "rain",
    .phrases = {"rain", "rainfall", "rain shower", "falling rain"},
    .levels = {{"gentle", "light", "soft"},
               {"steady", "moderate", "constant"},
               {"heavy", "fierce", "pouring"}},
    .rate = 10,
    .rate_more = 60,
    .loudness = {-37.4f, -29.1f, -25.7f, -23.2f, -21.2f},
    .sound = sound,
    .look_size = sizeof(struct rain),
    .compose = compose,
    .draw = draw,
};
