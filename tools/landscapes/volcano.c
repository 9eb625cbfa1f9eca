/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A volcano. An event is a blast: rocks, a puff of ash, a jolt. */
#include <math.h>

#include "sound.h"
#include "view.h"

enum { DROPS = 190, ROCKS = 60, STREAMS = 5, STEPS = 14 };

enum place { PLAIN, SEA, FOREST, PLACES };

struct volcano {
    enum place place;
    struct point top;
    double crater, wide, curve; /* half widths; how concave the slopes are */
    double snow, drift, cover;
    struct colour rock;
    int streams;
    double side[STREAMS], bend[STREAMS], reach[STREAMS];
    struct land_water sea;
    struct { /* of the frame that is drawn */
        double time, glow, strength, rise;
    } now;
};

static const struct colour hot = {1, .42, .08};

/* -------------------------------------------------------------- the cone -- */

static double slope_at(const struct land_view *v, const struct volcano *o,
                       double x)
{
    const double far = fabs(x - o->top.x);
    const double base = v->horizon + 0.03;

    if (far < o->crater)
        return o->top.y + 0.016 * (1 - far * far / (o->crater * o->crater));
    const double d = clamp((far - o->crater) / o->wide, 0, 1);
    return base - (base - o->top.y) * pow(1 - d, o->curve);
}

static struct rgba cone_at(const struct land_view *v, const void *user, float x,
                           float y)
{
    const struct volcano *o = user;
    const double rough =
        0.012 * ((double)noise_fbm(&v->noise, x * 24, 7.5f, 4) - 0.5) * 2;
    const double top = slope_at(v, o, (double)x) + rough;
    const double below = (double)y - top;

    if (below < 0)
        return (struct rgba){0, 0, 0, 0};
    const double down = (double)y - o->top.y + 0.06;
    const float a = (float)(((double)x - o->top.x) / down);
    const float n = noise_ridged(&v->noise, a * 5, y * 5, 5);
    const float m = noise_ridged(&v->noise, a * 5 + 0.3f, y * 5 + 0.1f, 5);
    const double left = v->palette.sun.x < o->top.x ? -1 : 1;
    const double lit = 0.85 + 1.3 * left * (double)(m - n) +
                       0.35 * left * clamp(((double)x - o->top.x) / 0.2, -1, 1);
    struct colour c = o->rock;
    if (o->snow > 0)
        c = blend(c, (struct colour){.92, .94, .98},
                  smooth_step(o->snow, o->snow * 0.4,
                              down - 0.16 * (double)n + 0.03));
    c = scaled(times(c, v->palette.light), clamp(lit, 0.3, 1.6));
    const double haze = 0.35 * smooth_step(0.1, 0.5, down);
    return opaque(blend(c, v->palette.horizon, haze), 1);
}

/* A point of a stream, `u` of the way down. */
static struct point stream_at(const struct land_view *v,
                              const struct volcano *o, int i, double u)
{
    const double x =
        o->top.x +
        o->side[i] * (o->crater * 0.9 + o->wide * 0.62 * u * u * o->bend[i]) +
        0.02 * sin(9 * u + 5 * o->bend[i]) * u;
    const double y = slope_at(v, o, x);

    return (struct point){x, y + 0.01 + 0.10 * u * (1.2 - o->bend[i])};
}

static void compose(struct land_view *v)
{
    struct volcano *o = v->look;
    struct land_dice *d = &v->layout;
    const struct colour rocks[3] = {
        {.26, .22, .23}, {.34, .25, .20}, {.24, .28, .28}};

    land_palette_draw(&v->palette, v->clip->time, v->clip->seed,
                      land_roll(d, 0, 0.7));
    v->horizon = land_roll(d, 0.68, 0.86);
    o->place = (enum place)land_pick(d, PLACES);
    o->top = (struct point){land_roll(d, 0.32, 0.68), land_roll(d, 0.34, 0.50)};
    o->crater = land_roll(d, 0.035, 0.065);
    o->wide = land_roll(d, 0.42, 0.75);
    o->curve = land_roll(d, 1.25, 1.9);
    o->rock = rocks[land_pick(d, 3)];
    o->snow = land_chance(d, 0.3) ? land_roll(d, 0.12, 0.3) : 0;
    o->drift = land_roll(d, -0.6, 0.6);
    o->cover = land_roll(d, 0.1, 0.6);
    o->streams = 2 + land_pick(d, STREAMS - 1);
    for (int i = 0; i < o->streams; i++) {
        o->side[i] = i % 2 ? 1 : -1;
        o->bend[i] = land_roll(d, 0.1, 0.9);
        o->reach[i] = land_roll(d, 0.5, 1);
    }
    land_ridges(v, 1, (struct colour){.30, .32, .30}, 0.75);
    land_shade(v, v->back, false, o->top.y - 0.03, v->horizon + 0.03, cone_at,
               o);
    const struct colour soil = o->place == FOREST
                                   ? (struct colour){.14, .20, .12}
                                   : (struct colour){.24, .22, .18};
    const struct land_ground g = {soil, scaled(soil, 0.6), 0.3, 1};
    land_ground(v, &g);
    for (int i = 0; o->place == FOREST && i < 26; i++)
        land_conifer(
            v->back, d, land_roll(d, 0, 1), mix(v->horizon, 1, 0.1 + 0.035 * i),
            land_roll(d, 0.06, 0.10) + 0.004 * i,
            scaled(times(soil, v->palette.light), land_roll(d, 0.5, 1)));
    o->sea = (struct land_water){
        .shore = v->horizon + 0.02,
        .bottom = 1,
        .tint = times((struct colour){.14, .22, .28}, v->palette.light),
        .mirror = 0.7,
        .ripple = 0.08};
}

/* ------------------------------------------------------------- the plume -- */

static struct rgba plume_at(const struct land_view *v, const void *user,
                            float x, float y)
{
    const struct volcano *o = user;
    const double up = o->top.y + 0.01 - (double)y;

    if (up < 0)
        return (struct rgba){0, 0, 0, 0};
    const double s = o->now.strength;
    const double mid = o->top.x + o->drift * up * sqrt(up);
    const double half = o->crater * 0.8 + up * (0.22 + 0.42 * s);
    const double u = ((double)x - mid) / half;
    if (fabs(u) > 1.7)
        return (struct rgba){0, 0, 0, 0};
    const float rise = (float)o->now.rise, t = (float)o->now.time;
    const float px = (x - (float)mid) * 6, py = y * 6 + rise;
    const float n = noise_warped(&v->noise, px, py, 1.6f, 0.4f * t, 5);
    const float m = noise_fbm(&v->noise, px + 0.35f, py - 0.35f, 3);
    const double thick =
        smooth_step(0.15, 0.6, 1.15 - fabs(u) * 0.85 + 1.7 * ((double)n - 0.5));
    const double lit = clamp(0.5 + 2.4 * (double)(n - m), 0, 1);
    const struct colour ash = {.30, .28, .28};
    struct colour c = blend(scaled(times(ash, v->palette.light), 0.55),
                            blend(v->palette.cloud, ash, 0.45), lit);
    const double under = exp(-up * 7) * o->now.glow;
    c = blend(c, hot, clamp(under * (0.4 + 0.8 * (1 - lit)), 0, 0.9));
    const double top = smooth_step(0, 0.10, (double)y + 0.10 * s);
    return opaque(c, thick * (0.45 + 0.53 * s) * top);
}

/* Of what flies up at t = 0: where it is, and how hot. */
static void draw_flyer(struct land_view *v, const struct volcano *o,
                       struct land_dice *d, double age, double speed,
                       double size)
{
    const double vy = speed * land_roll(d, 0.5, 1);
    const double vx = speed * land_roll(d, -0.26, 0.26);
    const double x0 = o->top.x + o->crater * land_roll(d, -0.6, 0.6);
    const double g = 0.62, last = fmax(age - 0.045, 0);
    const double x = x0 + vx * age,
                 y = o->top.y + 0.01 - vy * age + g / 2 * age * age;
    const double lx = x0 + vx * last;
    const double ly = o->top.y + 0.01 - vy * last + g / 2 * last * last;
    const double cool = clamp(age / 2.2, 0, 1);

    if (age < 0 || y > slope_at(v, o, x) + 0.02)
        return;
    set_rgba(v->cr, (struct colour){1, 0.92 - 0.62 * cool, 0.55 - 0.5 * cool},
             1);
    cairo_set_line_width(v->cr, size * (1 - 0.4 * cool));
    cairo_move_to(v->cr, lx, ly);
    cairo_line_to(v->cr, x, y);
    cairo_stroke(v->cr);
}

static void draw_fountain(struct land_view *v, const struct volcano *o,
                          double time)
{
    for (int i = 0; i < DROPS; i++) {
        struct land_dice d = {.seed = v->clip->seed,
                              .stream = LAND_STREAM_PARTICLES,
                              .counter = 16 * (uint64_t)i};
        const double period = land_roll(&d, 1.1, 2.2);
        const double at = time / period + 50 + land_roll(&d, 0, 1);
        const double turn = floor(at), age = (at - turn) * period;
        const double x = land_intensity(v, time - age);
        d.counter += 100000 * (uint64_t)turn;
        if (i < 12 + (DROPS - 12) * x)
            draw_flyer(v, o, &d, age, 0.26 + 0.56 * sqrt(x), 0.008);
    }
    for (int k = 0; k < v->clip->event_count; k++) {
        const struct land_event *e = &v->clip->events[k];
        const double age = land_age(v, e, time);
        struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_PARTICLES};
        const int n = (int)(ROCKS * (0.4 + 0.6 * e->size));
        for (int i = 0; age >= 0 && age < 3 && i < n; i++)
            draw_flyer(v, o, &d, age, 0.62 + 0.35 * e->size, 0.012);
    }
}

static void draw_puffs(struct land_view *v, const struct volcano *o,
                       double time)
{
    for (int k = 0; k < v->clip->event_count; k++) {
        const struct land_event *e = &v->clip->events[k];
        const double age = land_age(v, e, time);
        struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_LAYOUT};
        if (age < 0 || age > 4)
            continue;
        const double grow = sqrt(age), fade = 1 - age / 4;
        for (int i = 0; i < 9; i++) {
            const double x = land_roll(&d, -1, 1), y = land_roll(&d, -0.3, 1);
            const double r = (0.03 + 0.075 * grow) * land_roll(&d, 0.6, 1.2) *
                             (0.5 + 0.5 * e->size);
            const struct colour ash = blend(
                times((struct colour){.36, .33, .32}, v->palette.light), hot,
                clamp(0.7 * exp(-age / 0.5) * land_roll(&d, 0.4, 1), 0, 1));
            draw_glow(v->cr, o->top.x + x * 0.09 * grow + o->drift * 0.1 * age,
                      o->top.y - 0.10 * grow - y * 0.10 * grow - 0.03 * age, r,
                      r, ash, 0.75 * fade);
        }
    }
}

static void draw_streams(struct land_view *v, const struct volcano *o,
                         double time, double intensity)
{
    for (int i = 0; i < o->streams; i++) {
        const double reach = o->reach[i] * (0.40 + 0.60 * intensity);
        struct point last = stream_at(v, o, i, 0);
        for (int k = 1; k <= STEPS; k++) {
            const double u = reach * k / STEPS;
            const struct point p = stream_at(v, o, i, u);
            const double n = (double)noise_value(
                &v->noise, (float)(u * 9 - time * 0.9), (float)i * 3.7f);
            const double heat =
                clamp((1.1 - 0.8 * u / reach) * (0.55 + n), 0, 1);
            const struct colour c = {0.55 + 0.45 * heat, 0.72 * heat * heat,
                                     0.25 * heat * heat * heat};
            cairo_set_line_width(v->cr, 0.06 * (0.5 + 0.5 * intensity));
            set_rgba(v->cr, hot, 0.16 * heat);
            cairo_move_to(v->cr, last.x, last.y);
            cairo_line_to(v->cr, p.x, p.y);
            cairo_stroke_preserve(v->cr);
            cairo_set_line_width(v->cr, 0.010 + 0.014 * intensity + 0.010 * u);
            set_rgba(v->cr, c, 0.95);
            cairo_stroke(v->cr);
            last = p;
        }
    }
}

static void draw_glows(struct land_view *v, const struct volcano *o)
{
    const double g = o->now.glow;

    cairo_save(v->cr);
    cairo_set_operator(v->cr, CAIRO_OPERATOR_ADD);
    draw_glow(v->cr, o->top.x, o->top.y - 0.02, 0.10 + 0.22 * g,
              0.09 + 0.18 * g, hot, clamp(0.25 + 0.5 * g, 0, 0.85));
    draw_glow(v->cr, o->top.x, o->top.y, o->crater * 1.6, 0.03,
              (struct colour){1, .75, .35}, clamp(0.4 + 0.6 * g, 0, 1));
    cairo_restore(v->cr);
}

static void draw(struct land_view *v, double time)
{
    struct volcano *o = v->look;
    const struct land_clip *c = v->clip;
    const double i = land_intensity(v, time);
    const struct land_sky sky = {.cover = o->cover,
                                 .scale = 1.2,
                                 .drift = 0.02 * time,
                                 .boil = 0.05 * time,
                                 .warp = 1.5};
    double jolt = 0;

    for (int k = 0; k < c->event_count; k++) {
        const double age = land_age(v, &c->events[k], time);
        if (age >= 0 && age < 3)
            jolt += c->events[k].size * exp(-age / 0.35);
    }
    o->now.time = time;
    o->now.strength = i;
    o->now.rise = 1.0 * time + 2.0 * land_at(c, c->travel, time);
    o->now.glow = clamp(0.15 + 0.6 * i + 0.7 * jolt, 0, 1.3);
    land_sky(v, &sky);
    cairo_save(v->cr);
    if (jolt > 0.25) /* a pixel either way, frame by frame */
        cairo_translate(
            v->cr, (fmod(floor(time * LAND_FPS), 2) * 2 - 1) / v->size * 0.7,
            0);
    land_shade(v, v->cr, true, 0, o->top.y + 0.02, plume_at, o);
    draw_puffs(v, o, time);
    draw_glows(v, o);
    land_backdrop(v, 0, 0);
    draw_streams(v, o, time, i);
    draw_fountain(v, o, time);
    cairo_restore(v->cr);
    if (o->place == SEA) {
        o->sea.flow = 0.6 * time;
        o->sea.boil = 1.2 * time;
        land_water(v, &o->sea);
    }
}

/* ---------------------------------------------------------------- sound -- */

static void add_blast(const struct land_event *e, float *out, size_t n)
{
    struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_GRAINS};
    struct white w = white_of(e->seed, 0), rock = white_of(e->seed, 1);
    struct biquad lp = low_pass(200), bp = band_pass(80, 2), hi = low_pass(900);
    const long first = lround(e->time * LAND_SYNTH);

    for (long i = 0; i < 4L * LAND_SYNTH && first + i < (long)n; i++) {
        const double t = (double)i / LAND_SYNTH;
        const float x = white_next(&w) * (float)fmin(t / 0.004, 1);
        const double low =
            (double)(filtered(&lp, x) + 1.6f * filtered(&bp, x)) *
            exp(-t / 0.6);
        const double high = (double)filtered(&hi, x) * exp(-t / 0.12);
        if (first + i >= 0)
            out[first + i] +=
                (float)((1.6 * low + 0.7 * high) * (0.3 + 0.7 * e->size));
    }
    /* The rocks come down. */
    for (double t = e->time + 0.4; t < e->time + 2.4;
         t -= log(1 - land_roll(&d, 0, 1)) / 14)
        add_grain(out, n, &rock, t, land_roll(&d, 0.008, 0.03),
                  land_roll(&d, 300, 900), 0.05 * e->size);
}

/* Jets of gas, half a second to two long. */
static void add_jets(const struct land_clip *c, float *out, size_t n)
{
    struct land_dice d = {.seed = c->seed, .stream = LAND_STREAM_GRAINS};
    struct white w = white_of(c->seed, 2);
    double t = -2;

    while ((t = next_time(c, c->intensity, &d, t, 0.15, 0.6)) < c->seconds) {
        const double lasts = land_roll(&d, 0.5, 2);
        struct biquad bp = band_pass(land_roll(&d, 400, 900), 1);
        const double level = land_roll(&d, 0.03, 0.10);
        const long first = lround(t * LAND_SYNTH);
        const long length = lround(lasts * LAND_SYNTH);
        for (long i = 0; i < length && first + i < (long)n; i++) {
            const double u = (double)i / (double)length;
            const double env = fmin(u * 8, 1) * (1 - u);
            const float y = filtered(&bp, white_next(&w));
            if (first + i >= 0)
                out[first + i] += (float)(level * env * (double)y);
        }
    }
}

static void sound(const struct land_clip *c, float *out, size_t n)
{
    struct white w = white_of(c->seed, 0);
    struct wander slow = wander_of(c->seed, 1, 1.5);
    struct biquad a = low_pass(90), b = low_pass(120), hp = high_pass(28);

    for (size_t i = 0; i < n; i++) {
        const float x = sound_curve(c->intensity, i);
        const float roll = 0.75f + 0.35f * wander_next(&slow);
        out[i] += 2.0f * (0.3f + 0.7f * x) * roll *
                  filtered(&hp, filtered(&b, filtered(&a, white_next(&w))));
    }
    add_jets(c, out, n);
    for (int i = 0; i < c->event_count; i++)
        add_blast(&c->events[i], out, n);
}

const struct land_kind land_volcano = {
    .name = "volcano",
    .phrases = {"volcano", "volcanic eruption", "erupting volcano",
                "lava fountain"},
    .levels = {{"gentle", "quiet", "weak"},
               {"steady", "active", "rumbling"},
               {"fierce", "violent", "explosive"}},
    .rate = 0.1,
    .rate_more = 0.6,
    .loudness = {-36.6f, -31.6f, -28.6f, -26.6f, -25.8f},
    .sound = sound,
    .look_size = sizeof(struct volcano),
    .compose = compose,
    .draw = draw,
};
