/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A waterfall. The drive is its flow; an event is a surge: a heap of water that
 * falls, and is heard where it hits the pool. */
#include <math.h>

#include "sound.h"
#include "view.h"

enum { FALLS = 3, RINGS = 7 };

static const double fall_time = 0.45; /* from the edge to the pool */

struct fall {
    double x, top, bottom, share; /* share of the width */
};

struct waterfall {
    double edge, pool;   /* rows of the cliff's edge, of the pool's shore */
    double strata, tilt; /* of the rock */
    double open;         /* how much sky there is beside the cliff */
    double moss, cover;
    struct colour rock, green, water;
    int falls;
    struct fall fall[FALLS];
    struct land_water mirror;
    struct { /* of the frame that is drawn */
        double time, flow, intensity;
        const struct fall *fall;
    } now;
};

/* -------------------------------------------------------------- the rock -- */

static double edge_at(const struct land_view *v, const struct waterfall *w,
                      float x)
{
    const double n = (double)noise_fbm(&v->noise, x * 5, 2.5f, 4) - 0.5;
    double low = 1; /* the falls have cut into it */

    for (int i = 0; i < w->falls; i++) {
        const double far = fabs((double)x - w->fall[i].x);
        low = fmin(low, smooth_step(0.06, 0.16, far));
    }
    const double aside = smooth_step(0.28, 0.5, fabs((double)x - 0.5));
    return w->edge - 0.10 * low + 0.12 * n * low - 0.10 * aside * low +
           w->open * aside * 0.3;
}

static struct rgba rock_at(const struct land_view *v, const void *user, float x,
                           float y)
{
    const struct waterfall *w = user;
    const double top = edge_at(v, w, x), below = (double)y - top;

    if (below < 0)
        return (struct rgba){0, 0, 0, 0};
    const float sx = x * 6, sy = (y + x * (float)w->tilt) * (float)w->strata;
    const float n = noise_fbm(&v->noise, sx, sy, 5);
    const float m = noise_fbm(&v->noise, sx - 0.25f, sy - 0.3f, 5);
    const float block = noise_ridged(&v->noise, x * 7, y * 5, 4);
    const double lit = 0.62 + 0.35 * (double)block + 2.3 * (double)(n - m);
    const double deep = smooth_step(0, 0.7, (double)y) * 0.3;
    struct colour c = scaled(w->rock, clamp(lit - deep, 0.18, 1.5));
    const double g = (double)noise_fbm(&v->noise, x * 8 + 30, y * 6, 4);
    const double grown = smooth_step(0.72 - w->moss, 0.86 - w->moss,
                                     g + 0.35 * exp(-below * 14));
    c = blend(c, scaled(w->green, clamp(lit * 1.1, 0.4, 1.5)), grown * 0.9);
    return opaque(times(c, v->palette.light), 1);
}

static void place_falls(struct land_view *v, struct waterfall *w)
{
    struct land_dice *d = &v->layout;
    const double mid = land_roll(d, 0.36, 0.64);

    w->falls = 1 + (land_chance(d, 0.45) ? 1 + land_pick(d, 2) : 0);
    for (int i = 0; i < w->falls; i++) {
        struct fall *f = &w->fall[i];
        f->share = i ? land_roll(d, 0.18, 0.4) : 1;
        f->x = i == 0   ? mid
               : i == 1 ? mid - land_roll(d, 0.2, 0.3)
                        : mid + land_roll(d, 0.2, 0.3);
        f->top = w->edge + land_roll(d, -0.01, 0.03);
        f->bottom = w->pool + 0.02;
    }
}

static void draw_plants(struct land_view *v, struct waterfall *w)
{
    struct land_dice *d = &v->layout;
    const int n = 6 + land_pick(d, 10);
    const bool firs = land_chance(d, 0.5);

    for (int i = 0; i < n; i++) {
        const double x = land_roll(d, 0, 1);
        const double y = edge_at(v, w, (float)x) + 0.02;
        const double h = land_roll(d, 0.10, 0.22);
        const struct land_dice own = {.seed = v->clip->seed + (uint64_t)i,
                                      .stream = LAND_STREAM_PARTICLES};
        const struct colour c =
            scaled(times(w->green, v->palette.light), land_roll(d, 0.55, 0.9));
        bool free = true;
        for (int k = 0; k < w->falls; k++)
            free =
                free && fabs(x - w->fall[k].x) > 0.10 + 0.1 * w->fall[k].share;
        if (!free)
            continue;
        if (firs)
            land_conifer(v->back, d, x, y, h, c);
        else
            land_tree(v->back, own, (struct point){x, y}, h, 0, scaled(c, 0.4),
                      c);
    }
}

/* Boulders at the shore, ferns in the lower corners. */
static void draw_shore(struct land_view *v, struct waterfall *w)
{
    struct land_dice *d = &v->layout;
    const int stones = 6 + land_pick(d, 8);

    for (int i = 0; i < stones; i++) {
        const double x = land_roll(d, 0, 1), far = fabs(x - w->fall[0].x);
        const double r = land_roll(d, 0.025, 0.06);
        if (far < 0.14)
            continue;
        land_stone(
            v->back, d, x, w->pool + 0.01, r * 1.3, r,
            times(scaled(w->rock, land_roll(d, 0.7, 1.1)), v->palette.light),
            0.5);
    }
}

static void compose(struct land_view *v)
{
    struct waterfall *w = v->look;
    struct land_dice *d = &v->layout;
    static const struct colour rocks[5] = {{.46, .44, .44},
                                           {.52, .42, .34},
                                           {.36, .40, .42},
                                           {.58, .38, .28},
                                           {.40, .36, .42}};
    static const struct colour greens[4] = {
        {.30, .48, .18}, {.22, .40, .20}, {.50, .46, .18}, {.62, .36, .16}};

    land_palette_draw(&v->palette, v->clip->time, v->clip->seed,
                      land_roll(d, 0, 0.7));
    w->edge = land_roll(d, 0.20, 0.36);
    w->pool = land_roll(d, 0.72, 0.84);
    w->strata = land_roll(d, 5, 16);
    w->tilt = land_roll(d, -0.4, 0.4);
    w->open = land_chance(d, 0.3) ? land_roll(d, 0.4, 1) : 0;
    w->moss = land_roll(d, 0.12, 0.36);
    w->cover = land_roll(d, 0.1, 0.8);
    w->rock = rocks[land_pick(d, 5)];
    w->green = greens[land_pick(d, 4)];
    w->water = blend(times((struct colour){.92, .97, 1}, v->palette.light),
                     (struct colour){.9, .95, 1},
                     v->clip->time == LAND_NIGHT ? 0.12 : 0.4);
    place_falls(v, w);
    v->horizon = w->pool - 0.25; /* of the sky and what is far behind */
    land_ridges(v, 2, scaled(w->green, 0.7), 0.8);
    v->horizon = w->pool;
    draw_plants(v, w);
    land_shade(v, v->back, false, 0, w->pool + 0.03, rock_at, w);
    draw_shore(v, w);
    const double light = land_roll(d, 0.8, 1.2);
    w->mirror = (struct land_water){
        .shore = w->pool + 0.012,
        .bottom = 1,
        .tint =
            scaled(times(land_chance(d, 0.5) ? (struct colour){.16, .40, .42}
                                             : (struct colour){.16, .28, .26},
                         v->palette.light),
                   light),
        .mirror = 0.5};
}

/* ------------------------------------------------------------ the water -- */

static double width_of(const struct waterfall *w, const struct fall *f)
{
    return (0.10 + 0.25 * w->now.intensity) * (f->share < 1 ? f->share : 1);
}

static struct rgba sheet_at(const struct land_view *v, const void *user,
                            float x, float y)
{
    const struct waterfall *w = user;
    const struct fall *f = w->now.fall;
    const double down = ((double)y - f->top) / (f->bottom - f->top);
    const double half = width_of(w, f) / 2 * (0.85 + 0.35 * down);
    const double u = ((double)x - f->x) / half;

    if (fabs(u) > 1.35 || down < -0.02)
        return (struct rgba){0, 0, 0, 0};
    /* Threads six times as long as wide; what falls, falls faster. */
    const float s = y * 4 - (float)w->now.flow * 4 + y * y;
    const float n = noise_fbm(&v->noise, x * 26, s, 4);
    const float m = noise_fbm(&v->noise, x * 52 + 9, s * 1.7f, 3);
    const float wide = noise_value(&v->noise, x * 8, s * 0.5f);
    const double edge =
        smooth_step(1.2, 0.55, fabs(u) + 0.9 * ((double)m - 0.5));
    const double over = smooth_step(-0.02, 0.04, down);
    const double light = 0.56 + 0.75 * ((double)n - 0.35) +
                         0.3 * ((double)wide - 0.5) + 0.22 * down;
    const struct colour shade = times((struct colour){.50, .66, .74}, w->water);

    return opaque(
        blend(shade, w->water, clamp(light, 0, 1)),
        over * edge *
            clamp(0.55 + 0.7 * (double)n + 0.3 * w->now.intensity, 0, 1));
}

/* Heaps of falling water, and the splash at the foot. */
static void draw_surges(struct land_view *v, const struct waterfall *w,
                        double time)
{
    for (int k = 0; k < v->clip->event_count; k++) {
        const struct land_event *e = &v->clip->events[k];
        const struct fall *f = &w->fall[0];
        const double until = e->time - time;
        const double age = land_age(v, e, time);
        const double x = f->x + (e->x - 0.5) * 0.6 * width_of(w, f);
        if (until > 0 && until < fall_time && age < 0) {
            const double u = 1 - until / fall_time;
            const double y = mix(f->top, f->bottom, u * u);
            draw_glow(v->cr, x, y, 0.03 + 0.02 * e->size, 0.05 + 0.06 * u,
                      w->water, 0.6 * e->size);
        }
        if (age < 0 || age > 0.8)
            continue;
        struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_PARTICLES};
        const int n = 6 + (int)(12 * e->size);
        for (int i = 0; i < n; i++) {
            const double vx = land_roll(&d, -0.35, 0.35);
            const double vy = land_roll(&d, 0.15, 0.5) * (0.5 + 0.5 * e->size);
            const double y = f->bottom - vy * age + 0.7 * age * age;
            set_rgba(v->cr, w->water, 0.85 * (1 - age / 0.8));
            if (y < f->bottom + 0.03)
                fill_dot(v->cr, x + vx * age, y, land_roll(&d, .004, .009));
        }
        draw_glow(v->cr, x, f->bottom - 0.02, 0.06 + 0.25 * age * e->size,
                  0.05 + 0.16 * age * e->size, w->water,
                  0.55 * e->size * (1 - age / 0.8));
    }
}

/* Rings that spread from the foot over the pool. */
static void draw_rings(struct land_view *v, const struct waterfall *w,
                       double time)
{
    for (int i = 0; i < RINGS; i++) {
        const double u = fmod(time * 0.28 + (double)i / RINGS, 1);
        const struct fall *f = &w->fall[0];
        const double rx = width_of(w, f) * 0.4 + 0.55 * u;
        cairo_save(v->cr);
        cairo_translate(v->cr, f->x, f->bottom + 0.01);
        cairo_scale(v->cr, 1, 0.30);
        cairo_arc(v->cr, 0, 0, rx, 0.1, 3.04);
        cairo_restore(v->cr);
        cairo_set_line_width(v->cr, 0.006 + 0.008 * u);
        set_rgba(v->cr, w->water,
                 (0.12 + 0.30 * w->now.intensity) * (1 - u) * (1 - u));
        cairo_stroke(v->cr);
    }
}

static void draw_mist(struct land_view *v, const struct waterfall *w,
                      double time)
{
    const double i = w->now.intensity;

    for (int k = 0; k < w->falls; k++) {
        const struct fall *f = &w->fall[k];
        const double wide = width_of(w, f);
        const double beat =
            0.9 + 0.2 * (double)noise_value(&v->noise, (float)time * 3,
                                            (float)k * 5 + 0.5f);
        for (int s = -2; s <= 2; s++)
            draw_glow(v->cr, f->x + 0.32 * s * wide, f->bottom - 0.01,
                      wide * 0.40 + 0.03, (0.05 + 0.10 * i) * beat, w->water,
                      (0.25 + 0.35 * i) * sqrt(f->share));
    }
    const struct land_mist mist = {.colour = w->water,
                                   .top = w->pool - 0.18 - 0.25 * i,
                                   .bottom = w->pool + 0.14,
                                   .alpha = 0.12 + 0.50 * i,
                                   .drift = 0.25 * time,
                                   .scale = 3};
    land_mist(v, &mist);
}

static void draw(struct land_view *v, double time)
{
    struct waterfall *w = v->look;
    const struct land_clip *c = v->clip;
    const struct land_sky sky = {.cover = w->cover,
                                 .scale = 1.3,
                                 .drift = 0.03 * time,
                                 .boil = 0.1 * time,
                                 .warp = 1.5};

    w->now.time = time;
    w->now.intensity = land_intensity(v, time);
    w->now.flow = 0.6 * time + 0.8 * land_at(c, c->travel, time);
    land_sky(v, &sky);
    land_backdrop(v, 0, 0);
    for (int k = w->falls; k-- > 0;) {
        w->now.fall = &w->fall[k];
        land_shade(v, v->cr, false, w->fall[k].top - 0.02, w->fall[k].bottom,
                   sheet_at, w);
    }
    w->mirror.flow = -0.5 * w->now.flow;
    w->mirror.boil = 1.2 * time;
    w->mirror.ripple = 0.05 + 0.09 * w->now.intensity;
    land_water(v, &w->mirror);
    draw_rings(v, w, time);
    draw_mist(v, w, time);
    draw_surges(v, w, time);
}

/* ---------------------------------------------------------------- sound -- */

/* A band of noise, which wanders by 2 dB either way. */
static void add_band(const struct land_clip *c, float *out, size_t n, int voice,
                     double lo, double hi, float level)
{
    struct white w = white_of(c->seed, voice);
    struct wander slow = wander_of(c->seed, voice + 10, 0.2 + 0.6 * voice);
    struct biquad hp = high_pass(lo), lp = low_pass(hi);

    for (size_t i = 0; i < n; i++) {
        const float gain = 1 + 0.25f * wander_next(&slow);
        const float x = sound_curve(c->intensity, i);
        out[i] += level * (0.2f + 0.8f * x) * gain *
                  filtered(&lp, filtered(&hp, white_next(&w)));
    }
}

static void add_bubbles(const struct land_clip *c, float *out, size_t n)
{
    struct land_dice d = {.seed = c->seed, .stream = LAND_STREAM_GRAINS};
    double t = -0.1;

    while ((t = next_time(c, c->intensity, &d, t, 200, 2000)) < c->seconds) {
        const double r = bubble_radius(&d, 0.0003, 0.003);
        add_bubble(out, n, t, r, 0.012 * land_roll(&d, 0.3, 1),
                   land_chance(&d, 0.33) ? 0.1 : 0);
    }
}

static void add_surge(const struct land_event *e, float *out, size_t n)
{
    struct white w = white_of(e->seed, 0);
    struct biquad lp = low_pass(500 + 400 * e->x), hp = high_pass(70);
    const long first = lround(e->time * LAND_SYNTH);

    for (long i = 0; i < LAND_SYNTH && first + i < (long)n; i++) {
        const double t = (double)i / LAND_SYNTH;
        const double env = fmin(t / 0.015, 1) * exp(-t / 0.16);
        const float y = filtered(&hp, filtered(&lp, white_next(&w)));
        if (first + i >= 0)
            out[first + i] += (float)(0.30 * e->size * env * (double)y);
    }
}

static void sound(const struct land_clip *c, float *out, size_t n)
{
    add_band(c, out, n, 0, 300, 800, 0.12f);
    add_band(c, out, n, 1, 800, 3000, 0.10f);
    add_band(c, out, n, 2, 3000, 8000, 0.07f);
    add_bubbles(c, out, n);
    for (int i = 0; i < c->event_count; i++)
        add_surge(&c->events[i], out, n);
}

const struct land_kind land_waterfall = {
    .name = "waterfall",
    .phrases = {"waterfall", "cascade", "falling water",
                "waterfall in a gorge"},
    .levels = {{"gentle", "thin", "quiet"},
               {"steady", "full", "rushing"},
               {"fierce", "mighty", "thundering"}},
    .rate = 0.5,
    .rate_more = 2,
    .loudness = {-38.9f, -33.3f, -30.4f, -28.3f, -26.8f},
    .sound = sound,
    .look_size = sizeof(struct waterfall),
    .compose = compose,
    .draw = draw,
};
