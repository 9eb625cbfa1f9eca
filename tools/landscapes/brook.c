/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A brook between stones. The drive is how fast it runs; an event is a cluster
 * of bubbles, of which each large one splashes. */
#include <math.h>

#include "sound.h"
#include "view.h"

enum { BUBBLES = 8, STONES = 16, TUFTS = 260 };

struct brook {
    double start, x, bend, swing, wide; /* the stream's course */
    struct colour bed, grass, grass2, stone, foam, shallow;
    double cover;
    int stones;
    struct point stone_at[STONES]; /* across the stream, and d */
    double stone_size[STONES];
    bool trees, flowers;
    struct {
        double time, flow, intensity;
    } now;
};

/* --------------------------------------------------------------- bubbles -- */

struct bubble {
    double at, r, rise;
};

/* 3 to 8 within 60 ms. */
static int cluster_of(const struct land_event *e, struct bubble *b)
{
    struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_EVENTS};
    const int n = 3 + land_pick(&d, BUBBLES - 2);

    for (int i = 0; i < n; i++) {
        b[i].at = i ? land_roll(&d, 0, 0.06) : 0;
        b[i].r = bubble_radius(&d, 0.001, 0.006);
        b[i].rise = land_chance(&d, 0.5) ? 0.1 : 0;
        if (i == 0 && e->size > 0.5) /* a large one starts many clusters */
            b[i].r = 0.001 * mix(3, 6, e->size);
    }
    return n;
}

/* ------------------------------------------------------------ the stream -- */

/* d: 0 at the far end, 1 at the lower edge. */
static double middle(const struct brook *b, double d)
{
    const double s = sqrt(d);

    return b->x + b->bend * (1 - s) * (1 - s) +
           b->swing * sin(5.5 * s + 1) * (0.25 + 0.75 * d) * 0.35;
}

static double half_of(const struct brook *b, double d)
{
    return b->wide * (0.05 + 0.95 * d);
}

static struct point place_in(const struct brook *b, double u, double d)
{
    return (struct point){middle(b, d) + u * half_of(b, d),
                          b->start + d * (1 - b->start)};
}

static struct rgba stream_at(const struct land_view *v, const void *user,
                             float x, float y)
{
    const struct brook *b = user;
    const double d = ((double)y - b->start) / (1 - b->start);
    if (d <= 0.004)
        return (struct rgba){0, 0, 0, 0};
    const double u = ((double)x - middle(b, d)) / half_of(b, d);
    const float z = (float)(1 / (d + 0.14));
    const double bank =
        0.22 *
        ((double)noise_value(&v->noise, (float)u * 2 + z * 2.4f, z * 5) - 0.5);
    const double edge = fabs(u) + bank;
    if (edge > 1.06)
        return (struct rgba){0, 0, 0, 0};
    const float fu = (float)u, s = z * 2.2f + (float)b->now.flow;
    const double i = b->now.intensity;
    const float n = noise_warped(&v->noise, fu * 2.2f, s * 1.6f, 1.4f,
                                 (float)b->now.time, 4);
    const float m = noise_ridged(&v->noise, fu * 3 + n * 1.5f, s * 2.3f, 3);
    const float fine = noise_value(&v->noise, fu * 16 + 20, s * 9);
    const float pebble = noise_fbm(&v->noise, fu * 9, z * 13, 3);
    struct colour c = scaled(b->bed, 0.5 + 0.95 * (double)pebble);

    c = blend(c, b->shallow, clamp(0.25 + 0.45 * (1 - edge), 0, 1));
    const double mirror =
        clamp(0.22 + 0.55 * (1 - d) + 1.5 * (n - 0.5f), 0, 0.9);
    c = blend(c, blend(v->palette.middle, v->palette.horizon, 0.5), mirror);
    c = scaled(c, 0.85 + 0.5 * ((double)n - 0.35));
    const double white = smooth_step(0.86 - 0.42 * i, 1.02 - 0.34 * i,
                                     (double)m + 0.25 * ((double)fine - 0.4));
    c = blend(c, b->foam, 0.9 * white);
    const double glint = smooth_step(0.90, 0.97, (double)fine) *
                         smooth_step(0.5, 0.66, (double)n);
    c = blend(c, (struct colour){1, 1, 1}, glint * (0.4 + 0.5 * i));
    const double shade = smooth_step(0.82, 1.05, edge);
    return opaque(scaled(c, 1 - 0.6 * shade), 1 - smooth_step(1.0, 1.06, edge));
}

/* ------------------------------------------------------------- the banks -- */

static void draw_tufts(struct land_view *v, const struct brook *b)
{
    struct land_dice d = {.seed = v->clip->seed,
                          .stream = LAND_STREAM_PARTICLES};

    for (int i = 0; i < TUFTS; i++) {
        const double depth = pow((double)i / TUFTS, 1.4);
        const double x = land_roll(&d, -0.02, 1.02);
        const double y = b->start + depth * (1.04 - b->start);
        const double u = (x - middle(b, depth)) / half_of(b, depth);
        const double h = (0.012 + 0.055 * depth) * land_roll(&d, 0.6, 1.3);
        const double tone = land_roll(&d, 0.6, 1.25);
        const double lean = land_roll(&d, -0.4, 0.4);
        const bool flower = b->flowers && land_chance(&d, 0.12);
        if (fabs(u) < 1.10)
            continue;
        set_rgba(v->back,
                 scaled(blend(b->grass2, b->grass, land_roll(&d, 0, 1)), tone),
                 1);
        for (int k = -1; k <= 1; k++)
            draw_blade(v->back, (struct point){x + 0.2 * k * h, y},
                       (struct point){x + 0.3 * k * h, y - 0.6 * h},
                       (struct point){x + (0.6 * k + lean) * h, y - h},
                       h * 0.22);
        if (flower) {
            const struct colour petal = {1, 0.9, land_roll(&d, 0.3, 1)};
            set_rgba(v->back, times(petal, v->palette.light), 1);
            fill_dot(v->back, x, y - h, 0.003 + 0.006 * depth);
        }
    }
}

static void draw_woods(struct land_view *v, const struct brook *b)
{
    struct land_dice *d = &v->layout;
    const int n = 8 + land_pick(d, 8);
    const bool firs = land_chance(d, 0.5);

    for (int i = 0; i < n; i++) {
        const double near = (double)i / n;
        double x = land_roll(d, -0.05, 1.05);
        if (fabs(x - middle(b, 0.02 + 0.1 * near)) < 0.10)
            x = x < 0.5 ? x - 0.2 : x + 0.2;
        const double h = (0.18 + 0.30 * near) * land_roll(d, 0.7, 1.2);
        const struct colour c = blend(scaled(b->grass, land_roll(d, 0.6, 1)),
                                      v->palette.horizon, 0.5 * (1 - near));
        const struct point at = {x, b->start + 0.015 + 0.09 * near};
        const struct land_dice own = {.seed = v->clip->seed + (uint64_t)i,
                                      .stream = LAND_STREAM_PARTICLES};
        if (firs)
            land_conifer(v->back, d, x, at.y, h, scaled(c, 0.75));
        else
            land_tree(v->back, own, at, h, 0, scaled(b->bed, 0.6), c);
    }
}

static void choose_colours(struct land_view *v, struct brook *b)
{
    /* bed, grass, other grass, shallows */
    static const struct colour sets[6][4] = {
        {{.44, .34, .22}, {.26, .48, .16}, {.42, .58, .22}, {.22, .40, .38}},
        {{.50, .44, .36}, {.34, .44, .20}, {.54, .50, .26}, {.20, .44, .50}},
        {{.42, .28, .18}, {.70, .42, .14}, {.56, .24, .12}, {.30, .32, .26}},
        {{.40, .42, .42}, {.80, .86, .92}, {.62, .70, .80}, {.20, .38, .48}},
        {{.36, .36, .28}, {.16, .38, .22}, {.26, .50, .34}, {.14, .36, .34}},
        {{.52, .40, .28}, {.56, .52, .28}, {.70, .62, .36}, {.28, .42, .40}},
    };
    const struct colour light = v->palette.light;
    const struct colour *s = sets[land_pick(&v->layout, 6)];

    b->bed = times(s[0], light);
    b->grass = times(s[1], light);
    b->grass2 = times(s[2], light);
    b->shallow = times(s[3], light);
    b->stone =
        times(land_chance(&v->layout, 0.5) ? (struct colour){.52, .51, .52}
                                           : (struct colour){.50, .43, .36},
              light);
    b->foam = blend(times((struct colour){.96, .98, 1}, light),
                    (struct colour){.9, .95, 1},
                    v->clip->time == LAND_NIGHT ? 0.1 : 0.35);
}

static void compose(struct land_view *v)
{
    struct brook *b = v->look;
    struct land_dice *d = &v->layout;

    land_palette_draw(&v->palette, v->clip->time, v->clip->seed,
                      land_roll(d, 0, 0.6));
    choose_colours(v, b);
    b->start = land_roll(d, 0.24, 0.44);
    b->x = land_roll(d, 0.35, 0.65);
    b->bend = land_roll(d, -0.4, 0.4);
    b->swing = land_roll(d, -0.7, 0.7);
    b->wide = land_roll(d, 0.30, 0.46);
    b->cover = land_roll(d, 0.1, 0.7);
    b->trees = land_chance(d, 0.75);
    b->flowers = land_chance(d, 0.5);
    v->horizon = b->start;
    land_ridges(v, 1 + land_pick(d, 3), (struct colour){.28, .38, .24}, 0.8);
    const struct colour light = v->palette.light;
    v->palette.light = (struct colour){1, 1, 1}; /* in the colours already */
    const struct land_ground g = {scaled(b->grass, 0.8),
                                  scaled(b->grass2, 0.75), 0.25, 0.8};
    land_ground(v, &g);
    v->palette.light = light;
    if (b->trees)
        draw_woods(v, b);
    draw_tufts(v, b);
    b->stones = 5 + land_pick(d, STONES - 5);
    for (int i = 0; i < b->stones; i++) {
        const double depth = 0.05 + 0.9 * pow((i + 0.5) / b->stones, 1.3);
        const bool inside = land_chance(d, 0.5);
        const double side = land_chance(d, 0.5) ? 1 : -1;
        b->stone_at[i] = (struct point){
            side * (inside ? land_roll(d, 0, 0.8) : land_roll(d, 0.9, 1.15)),
            depth};
        b->stone_size[i] = land_roll(d, 0.05, 0.12) * (0.25 + 0.75 * depth);
    }
}

/* A stone, and the foam that piles up before it and trails behind it. */
static void draw_stones(struct land_view *v, const struct brook *b)
{
    for (int i = 0; i < b->stones; i++) {
        struct land_dice d = {.seed = v->clip->seed,
                              .stream = LAND_STREAM_PARTICLES,
                              .counter = 9000 + 40 * (uint64_t)i};
        const struct point at = place_in(b, b->stone_at[i].x, b->stone_at[i].y);
        const double r = b->stone_size[i];
        const double beat =
            0.8 + 0.4 * (double)noise_value(&v->noise, (float)b->now.flow * 3,
                                            (float)i * 3.1f);
        if (fabs(b->stone_at[i].x) < 0.95) {
            draw_glow(v->cr, at.x, at.y + r * 0.42, r * 1.5 * beat, r * 0.5,
                      b->foam, 0.35 + 0.5 * b->now.intensity);
            draw_glow(v->cr, at.x, at.y + r * 0.9, r * 0.9 * beat, r * 0.9,
                      b->foam, 0.55 * b->now.intensity);
        }
        land_stone(v->cr, &d, at.x, at.y, r * land_roll(&d, 1.1, 1.5), r * 0.8,
                   scaled(b->stone, land_roll(&d, 0.7, 1.15)), 0.5);
    }
}

static void draw_splash(struct land_view *v, const struct brook *b,
                        struct land_dice *d, struct point at, double depth,
                        double age, double size)
{
    const double scale = (0.25 + 0.75 * depth) * size;
    const double fade = 1 - age / 0.6;

    cairo_save(v->cr);
    cairo_translate(v->cr, at.x, at.y);
    cairo_scale(v->cr, 1, 0.34);
    cairo_new_path(v->cr);
    cairo_arc(v->cr, 0, 0, (0.01 + 0.16 * age) * scale, 0, 6.2832);
    cairo_restore(v->cr);
    cairo_set_line_width(v->cr, 0.008 * scale);
    set_rgba(v->cr, b->foam, 0.8 * fade);
    cairo_stroke(v->cr);
    for (int i = 0; i < 7; i++) {
        const double vx = land_roll(d, -0.22, 0.22);
        const double vy = land_roll(d, 0.25, 0.55);
        const double y = at.y - scale * (vy * age - 0.9 * age * age);
        set_rgba(v->cr, b->foam, 0.95);
        if (y <= at.y)
            fill_dot(v->cr, at.x + vx * age * scale, y, 0.008 * scale);
    }
}

static void draw_splashes(struct land_view *v, const struct brook *b,
                          double time)
{
    for (int k = 0; k < v->clip->event_count; k++) {
        const struct land_event *e = &v->clip->events[k];
        struct bubble list[BUBBLES];
        if (land_age(v, e, time) < 0 || time - e->time > 0.7)
            continue;
        struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_PARTICLES};
        const int n = cluster_of(e, list);
        for (int i = 0; i < n; i++) {
            const struct land_event own = {.time = e->time + list[i].at};
            const double age = land_age(v, &own, time);
            const double depth = clamp(
                0.08 + 0.85 * e->y + land_roll(&d, -0.03, 0.03), 0.05, 0.95);
            const double u =
                clamp(1.5 * (e->x - 0.5) + land_roll(&d, -0.1, 0.1), -0.8, 0.8);
            if (list[i].r > 0.004 && age >= 0 && age < 0.6)
                draw_splash(v, b, &d, place_in(b, u, depth), depth, age,
                            list[i].r / 0.004);
        }
    }
}

static void draw(struct land_view *v, double time)
{
    struct brook *b = v->look;
    const struct land_clip *c = v->clip;
    const struct land_sky sky = {.cover = b->cover,
                                 .scale = 1.3,
                                 .drift = 0.02 * time,
                                 .boil = 0.06 * time,
                                 .warp = 1.4};

    b->now.time = time;
    b->now.intensity = land_intensity(v, time);
    b->now.flow = 3.5 * (0.1 * time + 0.5 * land_at(c, c->travel, time));
    land_sky(v, &sky);
    land_backdrop(v, 0, 0);
    land_shade(v, v->cr, false, b->start, 1, stream_at, b);
    draw_stones(v, b);
    draw_splashes(v, b, time);
}

/* ---------------------------------------------------------------- sound -- */

static void sound(const struct land_clip *c, float *out, size_t n)
{
    struct white w = white_of(c->seed, 0);
    struct wander slow = wander_of(c->seed, 1, 3);
    struct biquad bp = band_pass(1850, 1.2), low = band_pass(500, 0.8);

    for (size_t i = 0; i < n; i++) {
        const float x = sound_curve(c->intensity, i);
        const float gain = 0.7f + 0.4f * wander_next(&slow);
        const float y = white_next(&w);
        out[i] += (0.004f + 0.014f * x * x) * gain *
                  (filtered(&bp, y) + 0.8f * filtered(&low, y));
    }
    for (int i = 0; i < c->event_count; i++) {
        const struct land_event *e = &c->events[i];
        struct bubble list[BUBBLES];
        const int count = cluster_of(e, list);
        for (int k = 0; k < count; k++)
            add_bubble(out, n, e->time + list[k].at, list[k].r,
                       0.014 * (0.4 + 0.6 * e->size), list[k].rise);
    }
}

const struct land_kind land_brook = {
    .name = "brook",
    .phrases = {"brook", "babbling brook", "stream between stones",
                "small stream"},
    .levels = {{"gentle", "quiet", "slow"},
               {"steady", "lively", "bubbling"},
               {"fierce", "rushing", "wild"}},
    .rate = 3,
    .rate_more = 45,
    .loudness = {-37.3f, -30.5f, -26.3f, -23.1f, -20.6f},
    .sound = sound,
    .look_size = sizeof(struct brook),
    .compose = compose,
    .draw = draw,
};
