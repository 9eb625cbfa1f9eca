/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waves on a shore. An event is a wave that breaks; the drive is how high the
 * surf stands: it rises for 1.5 s before and falls for 3 s after. */
#include <math.h>

#include "sound.h"
#include "view.h"

enum { ROCKS = 4, SPRAY = 46, TRAINS = 4 };

static const double rise_time = 1.5, fall_time = 3, come_time = 2.6;

struct waves {
    double shore; /* row of the shore between waves */
    double slant; /* of the wave fronts */
    double cover;
    struct colour deep, shallow, sand, foam;
    int rocks;
    struct point rock[ROCKS];
    double rock_size[ROCKS];
    struct colour stone;
    struct { /* of the frame that is drawn */
        double time, intensity, swash, wet, lace;
        int breakers;
        double at[6], height[6];
    } now;
};

/* ---------------------------------------------------------------- events -- */

static double surf_of(const struct land_event *e, double time)
{
    const double age = time - e->time;
    const double u = age < 0 ? 1 + age / rise_time : 1 - age / fall_time;

    return u <= 0 ? 0 : e->size * pow(sin(1.5708 * u), 2);
}

/* Waves break every 6 to 9 s, twice as often at full intensity. */
static int move(struct land_clip *c)
{
    struct land_dice d = {.seed = c->seed, .stream = LAND_STREAM_EVENTS};
    double t = -LAND_LEAD + land_roll(&d, 0, 4);

    while (t < c->seconds + come_time) {
        const double i = land_at(c, c->intensity, t);
        const struct land_event e = {
            .time = t,
            .size = clamp(0.30 + 0.65 * i + land_roll(&d, -0.1, 0.1), 0.1, 1),
            .x = land_roll(&d, 0, 1),
            .y = land_roll(&d, 0, 1),
            .seed = render_random(c->seed, LAND_STREAM_EVENTS, d.counter++)};
        if (land_clip_add(c, e) < 0)
            return -1;
        t += land_roll(&d, 6, 9) / (1 + i);
    }
    for (int i = 0; i < c->steps; i++) {
        const double now = (double)i / LAND_STEPS - LAND_LEAD;
        double most = 0;
        for (int k = 0; k < c->event_count; k++)
            most = fmax(most, surf_of(&c->events[k], now));
        c->drive[i] = (float)most;
    }
    return 0;
}

/* -------------------------------------------------------------- picture -- */

/* Four trains of waves at a place of the sea: their height and slope. */
static double trains_at(const struct land_view *v, const struct waves *w,
                        double x, double z, double *slope)
{
    static const float length[TRAINS] = {.50f, .31f, .17f, .09f};
    static const float aside[TRAINS] = {.15f, -.35f, .55f, -.75f};
    /* No wave front is straight for long. */
    const float bent = noise_value(&v->noise, (float)x * 1.7f,
                                   (float)z * 2.3f + 0.1f * (float)w->now.time);
    float height = 0, steep = 0;

    for (int i = 0; i < TRAINS; i++) {
        const float k = 6.2832f / length[i];
        const float speed = 0.55f * sqrtf(length[i]);
        const float p =
            k * ((float)z + (aside[i] + (float)w->slant) * (float)x +
                 speed * (float)w->now.time) +
            5.5f * bent;
        height += length[i] * 0.11f * sinf(p);
        steep += 0.69f * cosf(p);
    }
    *slope = (double)steep;
    return (double)height;
}

static double front_of(const struct land_view *v, const struct waves *w,
                       float x)
{
    const double n =
        (double)noise_fbm(&v->noise, x * 3.5f + (float)w->now.time * 0.05f,
                          8.5f, 3) -
        0.5;

    return 0.10 * n + w->slant * 0.15 * ((double)x - 0.5);
}

/* A wave that comes in: its lit face, its crest of foam. */
static struct colour add_breakers(const struct land_view *v,
                                  const struct waves *w, struct colour c,
                                  float x, double d, float lace)
{
    for (int k = 0; k < w->now.breakers; k++) {
        const double reach = w->now.height[k] * (0.35 + 0.65 * d);
        const double off =
            d - w->now.at[k] - front_of(v, w, x) * (0.4 + 0.8 * d);
        const double face = 0.30 * reach, back = 0.34 * reach;
        if (off > -back && off < 0)
            c = blend(c, scaled(w->shallow, 1.2), 0.7 * (1 + off / back));
        if (off >= 0 && off < face)
            c = blend(scaled(w->deep, 0.7), c, 0.15 + 0.85 * off / face);
        const double top = 0.085 * reach;
        const double foam = smooth_step(0.0, 1.0,
                                        1.25 - fabs(off - 0.2 * top) / top +
                                            0.8 * ((double)lace - 0.5));
        const double white = smooth_step(0.30, 0.62, w->now.at[k]);
        c = blend(c, w->foam, clamp(foam * white, 0, 1));
    }
    return c;
}

static struct colour open_sea(const struct land_view *v, const struct waves *w,
                              float x, double d, float lace)
{
    const double z = 1 / (d + 0.12), px = ((double)x - 0.5) * z * 0.75;
    double slope;
    const double h = trains_at(v, w, px, z * 0.8, &slope);
    const double i = w->now.intensity, swell = 0.35 + 0.65 * i;
    const double near = smooth_step(0.0, 0.25, d);
    const double tilt = slope * swell * near;
    const struct land_palette *p = &v->palette;
    struct colour c = blend(w->deep, w->shallow, d * d);
    const struct colour sky = blend(p->middle, p->horizon, 0.4);

    c = blend(c, sky, clamp(0.58 - 0.42 * d + 0.12 * tilt, 0.05, 0.95));
    c = scaled(c, clamp(1 + 0.22 * tilt + 2.0 * h * swell * near, 0.45, 1.6));
    const double side = ((double)x - p->sun.x) / (0.05 + 0.16 * d);
    const float spark = noise_value(&v->noise, (float)px * 26,
                                    (float)z * 30 + (float)w->now.time * 3);
    c = blend(c, p->glow,
              0.85 * exp(-side * side) *
                  smooth_step(0.50, 0.80, (double)spark + 0.10 * tilt) *
                  (p->disc > 0 ? 1 : 0.25));
    const float patch =
        noise_fbm(&v->noise, (float)px * 2.2f,
                  (float)z * 2.6f + 0.25f * (float)w->now.time, 2);
    const double cap = smooth_step(1.25 - 0.75 * i, 1.85 - 0.75 * i,
                                   tilt + 1.6 * ((double)lace - 0.45)) *
                       smooth_step(0.15, 0.5, i) * near *
                       smooth_step(0.40, 0.62, (double)patch);
    return blend(c, w->foam, 0.85 * cap);
}

static struct rgba sea_at(const struct land_view *v, const void *user, float x,
                          float y)
{
    const struct waves *w = user;
    const double d = ((double)y - v->horizon) / (w->shore - v->horizon);
    if (d < 0)
        return (struct rgba){0, 0, 0, 0};
    const float z = (float)(1 / (d + 0.12));
    const float lace = noise_ridged(&v->noise, (x - 0.5f) * z * 9,
                                    z * 11 + (float)w->now.time * 0.35f, 3);
    const double front = front_of(v, w, x);
    const double line = 1 + 0.02 + w->now.swash * 0.42 + front * 0.9;
    const double wet = 1 + 0.02 + w->now.wet * 0.42 + front * 0.9;

    if (d > line) {
        const double shine = smooth_step(wet + 0.05, wet - 0.03, d);
        return opaque(blend(scaled(w->sand, 0.52), v->palette.horizon, 0.30),
                      0.85 * shine);
    }
    struct colour c = open_sea(v, w, x, d < 1.1 ? d : 1.1, lace);
    c = add_breakers(v, w, c, x, d, lace);
    /* What a broken wave leaves. */
    const double broken = smooth_step(0.62, 0.95, d + 0.3 * front);
    const double left = w->now.lace * broken;
    c = blend(c, w->foam,
              0.92 * smooth_step(0.88 - 0.75 * left, 1.06 - 0.75 * left,
                                 (double)lace));
    const double rim = smooth_step(line - 0.045, line - 0.01, d);
    c = blend(c, w->foam, 0.9 * rim);
    const double thin = smooth_step(0.96, 1.12, d) * (1 - rim) * 0.5;
    return opaque(blend(c, w->sand, thin * (1 - left)),
                  1 - smooth_step(line - 0.01, line, d));
}

static void choose_colours(struct land_view *v, struct waves *w)
{
    static const struct colour seas[5][2] = {
        {{.06, .30, .44}, {.20, .62, .64}}, {{.06, .20, .36}, {.22, .44, .54}},
        {{.12, .34, .38}, {.36, .62, .56}}, {{.10, .26, .50}, {.30, .66, .78}},
        {{.18, .26, .30}, {.40, .48, .46}},
    };
    static const struct colour sands[4] = {
        {.86, .76, .58}, {.70, .62, .52}, {.34, .31, .32}, {.92, .84, .74}};
    const struct colour light = v->palette.light;
    const int sea = land_pick(&v->layout, 5);

    w->deep = times(seas[sea][0], light);
    w->shallow = times(seas[sea][1], light);
    w->sand = times(sands[land_pick(&v->layout, 4)], light);
    w->stone = times((struct colour){.30, .27, .27}, light);
    w->foam = blend(times((struct colour){.98, .99, 1}, light),
                    (struct colour){.92, .95, 1},
                    v->clip->time == LAND_NIGHT ? 0.12 : 0.4);
}

static void compose(struct land_view *v)
{
    struct waves *w = v->look;
    struct land_dice *d = &v->layout;

    land_palette_draw(&v->palette, v->clip->time, v->clip->seed,
                      land_roll(d, 0, 0.8));
    choose_colours(v, w);
    v->horizon = land_roll(d, 0.28, 0.50);
    w->shore = land_roll(d, 0.74, 0.86);
    w->slant = land_roll(d, -0.5, 0.5);
    w->cover = land_roll(d, 0.1, 0.85);
    const struct colour light = v->palette.light;
    if (land_chance(d, 0.4)) { /* an island or a headland */
        const double side = land_chance(d, 0.5) ? 0 : 1;
        cairo_save(v->back);
        cairo_rectangle(v->back, side * land_roll(d, 0.45, 0.75), 0,
                        land_roll(d, 0.3, 0.5), 1);
        cairo_clip(v->back);
        land_ridges(v, 1, (struct colour){.26, .32, .24}, 0.9);
        cairo_restore(v->back);
    }
    v->palette.light = (struct colour){1, 1, 1}; /* in the colours already */
    const double horizon = v->horizon;
    v->horizon = w->shore - 0.1;
    const struct land_ground g = {w->sand, scaled(w->sand, 0.85), 0.1, 0.5};
    land_ground(v, &g);
    v->horizon = horizon;
    v->palette.light = light;
    w->rocks = land_pick(d, ROCKS + 1);
    for (int i = 0; i < w->rocks; i++) {
        const double x = land_roll(d, 0, 1);
        w->rock[i] = (struct point){x < 0.5 ? x * 0.6 : 1 - (1 - x) * 0.6,
                                    w->shore - land_roll(d, 0.0, 0.16)};
        w->rock_size[i] = land_roll(d, 0.05, 0.15);
    }
}

/* Where each wave is that has not run out yet. */
static void place_breakers(const struct land_view *v, struct waves *w,
                           double time)
{
    w->now.breakers = 0;
    w->now.swash = w->now.wet = w->now.lace = 0;
    for (int k = 0; k < v->clip->event_count; k++) {
        const struct land_event *e = &v->clip->events[k];
        const double age = time - e->time;
        if (age < -come_time || age > 6)
            continue;
        if (age < 0.35 && w->now.breakers < 6) {
            const double u = 1 + age / come_time;
            w->now.at[w->now.breakers] = mix(0.10, 0.97, u);
            w->now.height[w->now.breakers++] = e->size;
        }
        const double up = age < 0 ? 0 : sin(1.5708 * fmin(age / 1.0, 1));
        const double down = smooth_step(fall_time + 0.6, 1.0, age);
        w->now.swash = fmax(w->now.swash, e->size * up * down);
        w->now.wet = fmax(w->now.wet, e->size * up * smooth_step(6, 3, age));
        w->now.lace =
            fmax(w->now.lace, (0.35 + 0.65 * e->size) *
                                  smooth_step(-0.25, 0.15, age) *
                                  smooth_step(fall_time + 1, 0.3, age));
    }
}

static void draw_spray(struct land_view *v, const struct waves *w,
                       struct point at, double size, double time)
{
    for (int k = 0; k < v->clip->event_count; k++) {
        const struct land_event *e = &v->clip->events[k];
        const double age = land_age(v, e, time);
        struct land_dice d = {.seed = e->seed + (uint64_t)(at.x * 1000),
                              .stream = LAND_STREAM_PARTICLES};
        if (age < 0 || age > 1.2)
            continue;
        const double fade = 1 - age / 1.2;
        draw_glow(v->cr, at.x, at.y - size * (0.4 + 0.8 * sin(2.6 * age)),
                  size * (0.9 + 1.4 * age), size * (0.9 + 1.5 * age) * e->size,
                  w->foam, 0.75 * fade * e->size);
        for (int i = 0; i < SPRAY; i++) {
            const double vy = land_roll(&d, 0.2, 1) * 0.85 * sqrt(e->size);
            const double vx = land_roll(&d, -0.28, 0.28);
            const double y = at.y - vy * age + 0.85 * age * age;
            const double r = land_roll(&d, 0.003, 0.009);
            set_rgba(v->cr, w->foam, 0.9 * fade);
            if (y < at.y + 0.02)
                fill_dot(v->cr,
                         at.x + size * land_roll(&d, -0.7, 0.7) + vx * age, y,
                         r);
        }
    }
}

static void draw_rocks(struct land_view *v, const struct waves *w, double time)
{
    for (int i = 0; i < w->rocks; i++) {
        struct land_dice d = {.seed = v->clip->seed,
                              .stream = LAND_STREAM_PARTICLES,
                              .counter = 40 * (uint64_t)i};
        const struct point at = w->rock[i];
        const double r = w->rock_size[i];
        draw_spray(v, w, (struct point){at.x, at.y - r * 0.3}, r, time);
        land_stone(v->cr, &d, at.x, at.y, r * 1.25, r,
                   scaled(w->stone, land_roll(&d, 0.8, 1.25)),
                   v->palette.sun.x < at.x ? 0.7 : -0.7);
        draw_glow(v->cr, at.x, at.y + r * 0.62, r * 1.6, r * 0.22, w->foam,
                  0.45 + 0.4 * w->now.lace);
    }
}

static void draw(struct land_view *v, double time)
{
    struct waves *w = v->look;
    const struct land_sky sky = {.cover = w->cover * 0.8 +
                                          0.4 * land_intensity(v, time),
                                 .scale = 1.2,
                                 .drift = 0.02 * time,
                                 .boil = 0.06 * time,
                                 .warp = 1.5};

    w->now.time = time;
    w->now.intensity = land_intensity(v, time);
    place_breakers(v, w, time);
    land_sky(v, &sky);
    land_backdrop(v, 0, 0);
    land_shade(v, v->cr, false, v->horizon, 1, sea_at, w);
    draw_rocks(v, w, time);
    const struct land_mist haze = {.colour = w->foam,
                                   .top = w->shore - 0.22,
                                   .bottom = w->shore + 0.05,
                                   .alpha =
                                       0.4 * w->now.lace * w->now.intensity,
                                   .drift = 0.3 * time,
                                   .scale = 3};
    land_mist(v, &haze);
}

/* ---------------------------------------------------------------- sound -- */

static void add_crash(const struct land_event *e, float *out, size_t n)
{
    struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_GRAINS};
    struct white w = white_of(e->seed, 0), r = white_of(e->seed, 1);
    struct biquad lp = low_pass(400), hp = high_pass(2000);
    const long first = lround((e->time - rise_time) * LAND_SYNTH);
    const long length = lround((rise_time + fall_time + 1.5) * LAND_SYNTH);

    for (long i = 0; i < length && first + i < (long)n; i++) {
        const double now = e->time - rise_time + (double)i / LAND_SYNTH;
        const double env = surf_of(e, now) / e->size;
        const double age = now - e->time;
        if (i % 64 == 0)
            retune_low_pass(&lp, 400 * pow(12.5, env * env));
        const double boom = age < 0 ? 0 : exp(-age / 0.35);
        const float crash = filtered(&lp, white_next(&w));
        /* The retreat: pebbles and foam, a second later. */
        const double back =
            smooth_step(0.6, 1.6, age) * smooth_step(4.4, 2.0, age);
        const float hiss = filtered(&hp, white_next(&r));
        if (first + i >= 0)
            out[first + i] += (float)(e->size * ((env * env + 0.8 * boom) *
                                                     0.30 * (double)crash +
                                                 0.05 * back * (double)hiss));
    }
    const int bubbles = (int)(500 * e->size);
    for (int i = 0; i < bubbles; i++) {
        const double t = e->time + land_roll(&d, 0, 1) * land_roll(&d, 0, 1.6);
        add_bubble(out, n, t, bubble_radius(&d, 0.0005, 0.004),
                   0.012 * e->size * land_roll(&d, 0.3, 1), 0);
    }
}

static void sound(const struct land_clip *c, float *out, size_t n)
{
    struct white w = white_of(c->seed, 0);
    struct wander slow = wander_of(c->seed, 1, 0.3);
    struct biquad lp = low_pass(500), hp = high_pass(60);

    for (size_t i = 0; i < n; i++) {
        const float x = sound_curve(c->intensity, i);
        const float y = filtered(&hp, filtered(&lp, white_next(&w)));
        out[i] += (0.03f + 0.05f * x) * (1 + 0.4f * wander_next(&slow)) * y;
    }
    for (int i = 0; i < c->event_count; i++)
        add_crash(&c->events[i], out, n);
}

const struct land_kind land_waves = {
    .name = "waves",
    .phrases = {"waves on the shore", "ocean waves", "surf", "sea waves"},
    .levels = {{"gentle", "small", "calm"},
               {"steady", "rolling", "moderate"},
               {"fierce", "stormy", "crashing"}},
    .loudness = {-33.7f, -29.9f, -27.0f, -24.6f, -23.1f},
    .move = move,
    .sound = sound,
    .look_size = sizeof(struct waves),
    .compose = compose,
    .draw = draw,
};
