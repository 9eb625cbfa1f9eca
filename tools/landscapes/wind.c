/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wind over grass. The drive is the gust, which bends blades and trees and is
 * heard; an event is a squall, which adds to it. */
#include <math.h>

#include "sound.h"
#include "view.h"

enum { BLADES = 560, TREES = 3, LEAVES = 220, STREAKS = 26 };

struct wind {
    struct colour near, far, leaf, flower, trunk, crown;
    double cover, scale, way; /* 1: blows to the right, -1 to the left */
    double tall;
    bool flowers;
    int trees;
    struct point tree[TREES];
    double height[TREES];
    bool bare[TREES];
};

/* ----------------------------------------------------------------- gusts -- */

static int move(struct land_clip *c)
{
    const double up = (double)LAND_SYNTH / LAND_STEPS;
    struct wander w[3] = {wander_of(c->seed, 50, 0.2 * up * 2),
                          wander_of(c->seed, 51, 0.5 * up * 2),
                          wander_of(c->seed, 52, 4 * up)};

    for (int i = 0; i < c->steps; i++) {
        const double x = (double)c->intensity[i];
        const double gust = 0.42 * (double)wander_next(&w[0]) +
                            0.34 * (double)wander_next(&w[1]) +
                            0.10 * (double)wander_next(&w[2]);
        c->drive[i] = (float)(x * (0.92 + gust));
    }
    for (int k = 0; k < c->event_count; k++) {
        const struct land_event *e = &c->events[k];
        const int from = (int)((e->time + LAND_LEAD) * LAND_STEPS);
        for (int i = from; i < c->steps; i++) {
            const double t = (double)(i - from) / LAND_STEPS;
            c->drive[i] +=
                (float)(0.45 * e->size * fmin(t / 0.4, 1) * exp(-t / 1.2));
        }
    }
    for (int i = 0; i < c->steps; i++)
        c->drive[i] = (float)clamp((double)c->drive[i], 0, 1);
    return 0;
}

/* -------------------------------------------------------------- picture -- */

static void choose_colours(struct land_view *v, struct wind *w)
{
    static const struct colour sets[6][4] = {
        /* near, far, leaf, crown: meadow, wheat, spring, autumn, heath, dry */
        {{.22, .46, .14}, {.46, .60, .24}, {.70, .62, .20}, {.24, .44, .16}},
        {{.76, .58, .22}, {.88, .74, .38}, {.80, .56, .18}, {.30, .42, .18}},
        {{.30, .58, .22}, {.58, .76, .36}, {.98, .80, .86}, {.92, .66, .76}},
        {{.50, .42, .18}, {.66, .54, .28}, {.86, .36, .10}, {.82, .38, .12}},
        {{.42, .26, .44}, {.58, .42, .58}, {.72, .52, .70}, {.28, .40, .26}},
        {{.60, .52, .34}, {.78, .70, .48}, {.66, .50, .26}, {.46, .46, .22}},
    };
    const int set = land_pick(&v->layout, 6);
    const struct colour light = scaled(v->palette.light, 1.05);

    w->near = times(sets[set][0], light);
    w->far = times(sets[set][1], light);
    w->leaf = times(sets[set][2], scaled(light, 1.1));
    w->crown = times(sets[set][3], light);
    w->trunk = times((struct colour){.26, .19, .13}, light);
    w->flowers = set != 1 && land_chance(&v->layout, 0.4);
    static const struct colour petals[3] = {
        {.95, .92, .95}, {.95, .30, .26}, {.98, .84, .24}};
    w->flower = times(petals[land_pick(&v->layout, 3)], light);
}

static void compose(struct land_view *v)
{
    struct wind *w = v->look;
    struct land_dice *d = &v->layout;

    land_palette_draw(&v->palette, v->clip->time, v->clip->seed,
                      land_roll(d, 0, 0.5));
    choose_colours(v, w);
    v->horizon = land_roll(d, 0.42, 0.70);
    w->cover = land_roll(d, 0.3, 0.75);
    w->scale = land_roll(d, 0.9, 1.8);
    w->way = land_chance(d, 0.5) ? 1 : -1;
    w->tall = land_roll(d, 0.16, 0.34);
    land_ridges(v, 1 + land_pick(d, 3), (struct colour){.30, .38, .26}, 0.7);
    const struct land_ground g = {w->far, blend(w->near, w->far, 0.5), 0.4,
                                  0.5};
    struct colour light = v->palette.light;
    v->palette.light = (struct colour){1, 1, 1}; /* in the colours already */
    land_ground(v, &g);
    v->palette.light = light;
    w->trees = land_pick(d, TREES + 1);
    for (int i = 0; i < w->trees; i++) {
        w->tree[i] = (struct point){land_roll(d, 0.06, 0.94),
                                    v->horizon + land_roll(d, 0.02, 0.12)};
        w->height[i] = land_roll(d, 0.24, 0.46);
        w->bare[i] = land_chance(d, 0.2);
    }
}

/* The gust that has come as far as x. */
static double gust_at(const struct land_view *v, const struct wind *w, double x,
                      double time)
{
    const double way = w->way > 0 ? x : 1 - x;

    return land_at(v->clip, v->clip->drive, time - way * 0.6);
}

static void draw_trees(struct land_view *v, const struct wind *w, double time)
{
    for (int i = 0; i < w->trees; i++) {
        const double g = gust_at(v, w, w->tree[i].x, time);
        const double sway = 0.03 * g * sin(5 * time + i * 2);
        const double bend = w->way * w->height[i] * (0.62 * g * g + sway);
        const struct land_dice d = {.seed = v->clip->seed + (uint64_t)i,
                                    .stream = LAND_STREAM_PARTICLES};
        if (w->bare[i])
            land_bare_tree(v->cr, d, w->tree[i], w->height[i],
                           w->way * (0.8 * g * g + sway), w->trunk);
        else
            land_tree(v->cr, d, w->tree[i], w->height[i], bend, w->trunk,
                      w->crown);
    }
}

static void draw_flower(struct land_view *v, const struct wind *w,
                        struct point at, double size)
{
    set_rgba(v->cr, w->flower, 1);
    fill_dot(v->cr, at.x, at.y, size);
}

/* Rows from the horizon to the lower edge. */
static void draw_grass(struct land_view *v, const struct wind *w, double time)
{
    struct land_dice d = {.seed = v->clip->seed,
                          .stream = LAND_STREAM_PARTICLES,
                          .counter = 10000};

    for (int i = 0; i < BLADES; i++) {
        const double row = (double)i / BLADES, depth = row * row;
        const double x = land_roll(&d, -0.05, 1.05);
        const double y = v->horizon + 0.02 + depth * (1.10 - v->horizon) + 0.02;
        const double h =
            w->tall * (0.12 + 0.95 * depth) * land_roll(&d, 0.65, 1.2);
        const double g = gust_at(v, w, x, time);
        const double flutter =
            (0.03 + 0.10 * g) * sin(9 * time + 40 * land_roll(&d, 0, 1));
        const double lean = w->way * (0.06 + 2.3 * g * g) + flutter +
                            land_roll(&d, -0.15, 0.15);
        const double up = h / sqrt(1 + 0.8 * lean * lean);
        const struct point tip = {x + up * lean, y - up};
        const struct point bend = {x + up * lean * 0.12, y - up * 0.9};
        const double tone = land_roll(&d, 0.72, 1.2) + 0.25 * g * g;
        set_rgba(v->cr, scaled(blend(w->far, w->near, depth), tone), 1);
        draw_blade(v->cr, (struct point){x, y}, bend, tip,
                   0.006 + 0.013 * depth);
        if (w->flowers && i % 9 == 0)
            draw_flower(v, w, tip, 0.004 + 0.011 * depth);
    }
}

static void draw_leaves(struct land_view *v, const struct wind *w, double time)
{
    const struct land_clip *c = v->clip;
    const double g = land_at(c, c->drive, time);
    const double way = land_at(c, c->travel, time);
    const int n = (int)(12 + (LEAVES - 20) * g * g);

    for (int i = 0; i < n; i++) {
        struct land_dice d = {.seed = c->seed,
                              .stream = LAND_STREAM_PARTICLES,
                              .counter = 20000 + 8 * (uint64_t)i};
        const double near = land_roll(&d, 0.35, 1);
        double x =
            land_roll(&d, 0, 1.2) + w->way * near * (0.12 * time + 1.5 * way);
        const double p = land_roll(&d, 0, 6.28);
        double y = land_roll(&d, 0.08, 1) + 0.05 * sin(3 * time * near + p);
        x -= 1.2 * floor(x / 1.2);
        cairo_save(v->cr);
        cairo_translate(v->cr, x - 0.1, y);
        cairo_rotate(v->cr, p + 6 * time * near);
        cairo_scale(v->cr, 1, 0.35 + 0.3 * sin(7 * time + p));
        set_rgba(v->cr, scaled(w->leaf, land_roll(&d, 0.75, 1.2)), 0.95);
        fill_dot(v->cr, 0, 0, 0.017 * near);
        cairo_restore(v->cr);
    }
}

/* Dust in the air, drawn out by what blows it. */
static void draw_dust(struct land_view *v, const struct wind *w, double time)
{
    const struct land_clip *c = v->clip;
    const double g = land_at(c, c->drive, time);
    const double way = land_at(c, c->travel, time);
    const struct colour dust =
        blend(v->palette.cloud, (struct colour){1, 1, 1}, 0.3);

    for (int i = 0; i < STREAKS; i++) {
        struct land_dice d = {.seed = c->seed,
                              .stream = LAND_STREAM_PARTICLES,
                              .counter = 40000 + 8 * (uint64_t)i};
        const double near = land_roll(&d, 0.5, 1), l = 0.08 + 0.30 * g * near;
        const double y = land_roll(&d, 0.05, 0.95);
        double x =
            land_roll(&d, 0, 1.8) + w->way * near * (0.2 * time + 2.2 * way);
        const double wave = 0.03 * sin(4 * x + 2 * time);
        x -= 1.8 * floor(x / 1.8);
        x -= 0.4;
        set_rgba(v->cr, dust, 0.42 * g * g * near);
        cairo_set_line_width(v->cr, 0.005 * near);
        cairo_move_to(v->cr, x, y);
        cairo_curve_to(v->cr, x + l / 3, y + wave, x + 2 * l / 3, y - wave,
                       x + l, y + 0.3 * wave);
        cairo_stroke(v->cr);
    }
}

static void draw(struct land_view *v, double time)
{
    const struct wind *w = v->look;
    const double way = land_at(v->clip, v->clip->travel, time);
    const struct land_sky sky = {.cover = w->cover,
                                 .scale = w->scale,
                                 .drift = -w->way * (0.05 * time + 0.4 * way),
                                 .boil = 0.1 * time + 0.2 * way,
                                 .warp = 1.6};

    land_sky(v, &sky);
    land_backdrop(v, 0, 0);
    draw_trees(v, w, time);
    draw_grass(v, w, time);
    draw_dust(v, w, time);
    draw_leaves(v, w, time);
}

/* ---------------------------------------------------------------- sound -- */

static void add_howl(const struct land_clip *c, float *out, size_t n)
{
    struct white w = white_of(c->seed, 1);
    struct wander pitch = wander_of(c->seed, 2, 0.4);
    struct biquad bp = band_pass(600, 40);

    for (size_t i = 0; i < n; i++) {
        const float g = sound_curve(c->drive, i);
        const float p = wander_next(&pitch);
        if (i % 64 == 0)
            retune_band_pass(&bp, 420 + 180 * (double)p + 320 * (double)g, 40);
        const float y = filtered(&bp, white_next(&w));
        if (g > 0.45f)
            out[i] += 1.6f * (g - 0.45f) * y;
    }
}

static void sound(const struct land_clip *c, float *out, size_t n)
{
    struct white w = white_of(c->seed, 0), rustle = white_of(c->seed, 3);
    struct wander clip = wander_of(c->seed, 4, 0.4);
    struct biquad a = band_pass(1000, 3), b = band_pass(1000, 5);
    struct biquad wide = band_pass(1000, 1.4), lp = low_pass(8000);
    struct biquad hp = high_pass(3000), low = low_pass(260);

    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / LAND_SYNTH;
        const float g = sound_curve(c->drive, i);
        const double lfo = 250 * (sin(0.19 * t + 1) + sin(1.9 * t)) +
                           300 * (double)wander_next(&clip);
        if (i % 64 == 0) {
            const double up = 380 + 600 * (double)g;
            retune_band_pass(&a, fmax(up + 0.5 * lfo, 150), 3);
            retune_band_pass(&b, fmax(0.6 * up - 0.3 * lfo, 120), 5);
        }
        const float x = white_next(&w), body = g * g + 0.05f;
        const float tone = filtered(&a, x) + filtered(&b, x);
        out[i] += filtered(&lp, tone + 0.15f * filtered(&wide, x)) * body;
        out[i] += 0.7f * filtered(&low, x) * body;
        out[i] += 0.10f * g * g * g * filtered(&hp, white_next(&rustle));
    }
    add_howl(c, out, n);
}

const struct land_kind land_wind = {
    .name = "wind",
    .phrases = {"wind over the grass", "wind", "wind in the trees",
                "blowing wind"},
    .levels = {{"gentle", "light", "soft"},
               {"steady", "fresh", "constant"},
               {"fierce", "stormy", "howling"}},
    .rate = 0.1,
    .rate_more = 0.4,
    .loudness = {-47.7f, -38.0f, -26.5f, -19.7f, -18.0f},
    .move = move,
    .sound = sound,
    .look_size = sizeof(struct wind),
    .compose = compose,
    .draw = draw,
};
