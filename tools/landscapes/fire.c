/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fire in the open. An event is a crackle: what is heard throws sparks. */
#include <math.h>

#include "sound.h"
#include "view.h"

enum { SPARKS = 5, LOGS = 6 };

enum place { FOREST, BEACH, DESERT, SNOW, PLACES };

struct fire {
    enum place place;
    struct point at;   /* the middle of its foot */
    double wide, tall; /* at full intensity */
    double lean;
    struct land_water sea;
    double cover;
    struct { /* of the frame that is drawn */
        double height, time, light;
    } now;
};

/* -------------------------------------------------------------- picture -- */

static void draw_logs(struct land_view *v, const struct fire *f)
{
    struct land_dice *d = &v->layout;
    const struct colour bark = {.20, .13, .08};

    cairo_set_source_rgba(v->back, 0, 0, 0, 0.55);
    cairo_save(v->back);
    cairo_translate(v->back, f->at.x, f->at.y + 0.01);
    cairo_scale(v->back, 1, 0.25);
    fill_dot(v->back, 0, 0, f->wide * 1.5);
    cairo_restore(v->back);
    for (int i = 0; i < LOGS; i++) {
        const double side = i % 2 ? 1 : -1, reach = f->wide * 1.15;
        const struct point a = {f->at.x + side * reach * land_roll(d, 0.6, 1),
                                f->at.y + land_roll(d, -0.005, 0.03)};
        const struct point b = {f->at.x - side * reach * land_roll(d, 0, 0.6),
                                f->at.y - land_roll(d, 0.01, 0.09)};
        cairo_set_line_width(v->back, f->wide * land_roll(d, 0.16, 0.26));
        set_rgba(v->back, scaled(bark, land_roll(d, 0.6, 1.3)), 1);
        cairo_move_to(v->back, a.x, a.y);
        cairo_line_to(v->back, b.x, b.y);
        cairo_stroke(v->back);
    }
}

static void draw_stones(struct land_view *v, const struct fire *f, bool front)
{
    struct land_dice *d = &v->layout;
    const struct colour grey =
        times((struct colour){.42, .39, .37}, v->palette.light);

    for (int i = 0; i < 7; i++) {
        const double a = 3.1416 * (i + 0.5) / 7 + (front ? 0 : 3.1416);
        const double r = f->wide * land_roll(d, 0.20, 0.30);
        land_stone(v->back, d, f->at.x + 1.5 * f->wide * cos(a),
                   f->at.y + 0.015 + 0.38 * f->wide * sin(a), r, r * 0.75,
                   scaled(grey, land_roll(d, 0.7, 1.2)),
                   cos(a) > 0 ? 0.8 : -0.8);
    }
}

static void draw_forest(struct land_view *v)
{
    struct land_dice *d = &v->layout;
    const int n = 8 + land_pick(d, 8);
    const struct colour dark =
        times((struct colour){.10, .15, .11}, v->palette.light);

    for (int i = 0; i < n; i++) {
        const double near = (double)i / n;
        const double h = (0.25 + 0.5 * near) * land_roll(d, 0.8, 1.2);
        double x = land_roll(d, -0.05, 1.05);
        if (near > 0.5) /* leave the fire free */
            x = x < 0.5 ? x * 0.45 : 1 - (1 - x) * 0.45;
        land_conifer(v->back, d, x, v->horizon + 0.02 + 0.10 * near, h,
                     blend(v->palette.horizon, dark, 0.45 + 0.5 * near));
    }
}

static const struct colour grounds[PLACES][2] = {
    {{.20, .20, .12}, {.28, .22, .14}},
    {{.66, .56, .40}, {.56, .47, .34}},
    {{.58, .36, .22}, {.46, .28, .18}},
    {{.84, .88, .94}, {.70, .76, .86}},
};

static void compose(struct land_view *v)
{
    struct fire *f = v->look;
    struct land_dice *d = &v->layout;

    land_palette_draw(&v->palette, v->clip->time, v->clip->seed,
                      land_roll(d, 0, 0.6));
    if (v->clip->time == LAND_DAY) /* fires are lit late */
        v->palette.light = scaled(v->palette.light, 0.75);
    f->place = (enum place)land_pick(d, PLACES);
    v->horizon = land_roll(d, 0.42, 0.66);
    f->at = (struct point){land_roll(d, 0.34, 0.66), land_roll(d, 0.78, 0.88)};
    f->wide = land_roll(d, 0.11, 0.17);
    f->tall = land_roll(d, 0.55, 0.72);
    f->lean = land_roll(d, -0.12, 0.12);
    f->cover = land_roll(d, 0.2, 0.7);
    const struct colour *g = grounds[f->place];
    if (f->place != BEACH)
        land_ridges(v, 1 + land_pick(d, 3),
                    f->place == DESERT ? (struct colour){.50, .30, .20}
                                       : (struct colour){.20, .26, .20},
                    0.6);
    const struct land_ground ground = {g[0], g[1], 0.3, 0.8};
    land_ground(v, &ground);
    if (f->place == FOREST || f->place == SNOW)
        draw_forest(v);
    f->sea = (struct land_water){
        .shore = v->horizon,
        .bottom = mix(v->horizon, f->at.y, 0.55),
        .tint = times((struct colour){.20, .34, .42}, v->palette.light),
        .mirror = 0.6,
        .ripple = 0.07};
    draw_stones(v, f, false);
    draw_logs(v, f);
    draw_stones(v, f, true);
}

static struct rgba ramp(double h)
{
    static const double stops[6][3] = {{.25, .02, .0},  {.75, .10, .02},
                                       {.98, .38, .05}, {1, .68, .16},
                                       {1, .90, .45},   {1, .98, .85}};
    const double at = clamp(h, 0, 1) * 5;
    const int i = at < 4 ? (int)at : 4;
    const double w = at - i;

    return (struct rgba){(float)mix(stops[i][0], stops[i + 1][0], w),
                         (float)mix(stops[i][1], stops[i + 1][1], w),
                         (float)mix(stops[i][2], stops[i + 1][2], w),
                         (float)smooth_step(0.0, 0.28, h)};
}

static struct rgba flame_at(const struct land_view *v, const void *user,
                            float x, float y)
{
    const struct fire *f = user;
    const double up = (f->at.y - (double)y) / f->now.height;
    const float t = (float)f->now.time;

    if (up < -0.12 || up > 1.35)
        return (struct rgba){0, 0, 0, 0};
    const double sway =
        f->lean * up * up + 0.05 * up * sin(2.1 * f->now.time + 5 * up);
    const double u = ((double)x - f->at.x - sway) / f->wide;
    if (fabs(u) > 1.7)
        return (struct rgba){0, 0, 0, 0};
    const float n =
        noise_warped(&v->noise, (float)u * 1.9f, y * 6.5f + t * 9.8f,
                     1.0f + 0.8f * (float)up, t * 1.5f, 4);
    const float tongue =
        noise_fbm(&v->noise, (float)u * 1.6f + 30, y * 1.6f + t * 2.6f, 2);
    const double body = up < 0 ? 1 + 5 * up : 1;
    const double half = 0.95 * pow(fmax(1 - 0.72 * up, 0.02), 0.8);
    const double edge = fabs(u) / half;
    const double h = body * (1.00 - 0.62 * edge * edge - 0.85 * up +
                             2.1 * ((double)n - 0.5) * (0.50 + 0.8 * up) +
                             1.5 * ((double)tongue - 0.5));
    return ramp(h);
}

/* Warm light on ground and surroundings, that flickers. */
static void draw_light(struct land_view *v, const struct fire *f, double i)
{
    const double l = f->now.light;
    const double dark = v->clip->time == LAND_DAY ? 0.5 : 1;
    const struct colour warm = {1, .50, .16};

    cairo_save(v->cr);
    cairo_set_operator(v->cr, CAIRO_OPERATOR_ADD);
    draw_glow(v->cr, f->at.x, f->at.y + 0.02, 0.42 + 0.45 * i, 0.10 + 0.12 * i,
              warm, 0.42 * l * dark);
    draw_glow(v->cr, f->at.x, f->at.y - 0.5 * f->now.height, 0.35 + 0.5 * i,
              0.35 + 0.5 * i, warm, 0.24 * l * dark);
    cairo_restore(v->cr);
}

static void draw_sparks(struct land_view *v, const struct fire *f, double time)
{
    for (int k = 0; k < v->clip->event_count; k++) {
        const struct land_event *e = &v->clip->events[k];
        const double age = land_age(v, e, time);
        struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_PARTICLES};
        if (age < 0 || age > 1.6)
            continue;
        const int n = 2 + (int)(SPARKS * e->size);
        for (int i = 0; i < n; i++) {
            const double life = land_roll(&d, 0.6, 1.6), u = age / life;
            const double up = land_roll(&d, 0.25, 0.62);
            const double side = land_roll(&d, -0.28, 0.28);
            const double p = land_roll(&d, 0, 6.28);
            const double x0 = f->at.x + f->wide * land_roll(&d, -0.6, 0.6);
            if (u > 1)
                continue;
            const double x = x0 + side * age + 0.025 * sin(7 * age + p) +
                             f->lean * age * 0.5;
            const double y = f->at.y - 0.06 - up * (age - 0.18 * age * age);
            set_rgba(v->cr, (struct colour){1, 0.85 - 0.4 * u, 0.45 - 0.4 * u},
                     1 - u * u);
            fill_dot(v->cr, x, y, 0.0045 + 0.004 * e->size * (1 - u));
        }
    }
}

static void draw(struct land_view *v, double time)
{
    struct fire *f = v->look;
    const double i = land_intensity(v, time);
    const struct land_sky sky = {.cover = f->cover,
                                 .scale = 1.1,
                                 .drift = 0.02 * time,
                                 .boil = 0.1 * time,
                                 .warp = 1.5};

    f->now.time = time;
    f->now.height = f->tall * (0.25 + 0.6 * i) / 0.85;
    f->now.light =
        (0.45 + 0.55 * i) *
        (0.8 + 0.4 * (double)noise_value(&v->noise, (float)time * 7, 3.3f));
    land_sky(v, &sky);
    land_backdrop(v, 0, 0);
    if (f->place == BEACH) {
        f->sea.flow = 0.5 * time;
        f->sea.boil = 0.7 * time;
        land_water(v, &f->sea);
        const struct land_mist foam = {.colour = {1, 1, 1},
                                       .top = f->sea.bottom - 0.015,
                                       .bottom = f->sea.bottom + 0.015,
                                       .alpha = 0.3,
                                       .scale = 6};
        land_mist(v, &foam);
    }
    draw_light(v, f, i);
    const struct land_mist smoke = {
        .colour = blend(v->palette.shade, (struct colour){.5, .42, .38}, 0.3),
        .top = f->at.y - f->now.height - 0.5,
        .bottom = f->at.y - f->now.height * 0.6,
        .alpha = 0.10 + 0.12 * i,
        .drift = 0.3 * time,
        .scale = 3};
    land_mist(v, &smoke);
    land_shade(v, v->cr, false, f->at.y - 1.35 * f->now.height,
               f->at.y + 0.12 * f->now.height, flame_at, f);
    draw_sparks(v, f, time);
}

/* ---------------------------------------------------------------- sound -- */

static void add_crackle(const struct land_event *e, float *out, size_t n)
{
    struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_GRAINS};
    struct white w = white_of(e->seed, 0);
    const double lasts = 0.001 * pow(30, land_roll(&d, 0, 1));
    struct biquad bp = band_pass(2000 * pow(4, land_roll(&d, 0, 1)), 1);
    const long length = lround((lasts + 0.003) * LAND_SYNTH);
    const long first = lround(e->time * LAND_SYNTH);
    const double level = 0.35 * (0.2 + e->size) * exp(0.5 * land_normal(&d));

    for (long i = 0; i < length && first + i < (long)n; i++) {
        const double u = 1 - (double)i / (lasts * LAND_SYNTH);
        const double x = u > 0 ? u * u * (double)white_next(&w) : 0;
        const float y = filtered(&bp, (float)(x * level));
        if (first + i >= 0)
            out[first + i] += y;
    }
}

static void sound(const struct land_clip *c, float *out, size_t n)
{
    struct white a = white_of(c->seed, 0), b = white_of(c->seed, 1);
    struct biquad low = band_pass(30, 5), hp = high_pass(25),
                  hp2 = high_pass(25), hiss = high_pass(1000);
    struct wander slow = wander_of(c->seed, 2, 14);
    struct biquad bands[3] = {band_pass(600, 5), band_pass(1200, 1.7),
                              band_pass(2600, 2.5)};

    for (int i = 0; i < c->event_count; i++)
        add_crackle(&c->events[i], out, n);
    for (size_t i = 0; i < n; i++) {
        const float x = 0.15f + 0.85f * sound_curve(c->intensity, i);
        float lap = 100 * filtered(&low, white_next(&a));
        lap = filtered(&hp, lap);
        lap = filtered(&hp2, lap < -0.9f ? -0.9f : lap > 0.9f ? 0.9f : lap);
        const float w = 0.5f + 0.5f * wander_next(&slow);
        const float h = 0.28f * w * w * w * filtered(&hiss, white_next(&b));
        const float dry = out[i] + x * (0.05f * lap + 0.3f * h);
        float wet = dry;
        for (int k = 0; k < 3; k++)
            wet += 0.6f * filtered(&bands[k], dry);
        out[i] = wet;
    }
}

const struct land_kind land_fire = {
    .name = "fire",
    .phrases = {"campfire", "fire", "crackling fire", "burning fire"},
    .levels = {{"gentle", "small", "low"},
               {"steady", "lively", "warm"},
               {"fierce", "blazing", "roaring"}},
    .rate = 2,
    .rate_more = 25,
    .loudness = {-45.2f, -37.2f, -33.1f, -30.7f, -29.5f},
    .sound = sound,
    .look_size = sizeof(struct fire),
    .compose = compose,
    .draw = draw,
};
