/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thunderstorm. An event is a strike: the flash and its thunder begin
 * together, as if it were near. */
#include <math.h>

#include "sound.h"
#include "view.h"

enum { LEVELS = 7, POINTS = (1 << LEVELS) + 1, BRANCHES = 3, FLASHES = 4 };

enum place { PLAIN, SEA, TOWN, PLACES };

struct storm {
    enum place place;
    double slant, scale, warp, dark;
    struct colour rain;
    struct land_water water;
};

/* --------------------------------------------------------------- strikes -- */

/* A strike flashes 2 to 4 times. */
static double flash_of(const struct land_event *e, double age)
{
    struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_EVENTS};
    const int n = 2 + land_pick(&d, FLASHES - 1);
    double at = 0, sum = 0;

    for (int i = 0; i < n; i++) {
        const double gain = i ? land_roll(&d, 0.4, 0.9) : 1;
        if (age >= at)
            sum += gain * exp(-(age - at) / 0.08);
        at += land_roll(&d, 0.06, 0.16);
    }
    return sum * (0.55 + 0.45 * e->size);
}

static bool is_bolt(const struct land_event *e)
{
    return e->seed % 10 < 8; /* others stay in the clouds */
}

static struct point foot_of(const struct land_view *v,
                            const struct land_event *e)
{
    struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_LAYOUT};

    return (struct point){
        clamp(0.1 + 0.8 * e->x + land_roll(&d, -0.18, 0.18), 0.04, 0.96),
        v->horizon + land_roll(&d, -0.01, 0.04)};
}

static struct point head_of(const struct land_event *e)
{
    return (struct point){0.1 + 0.8 * e->x, 0.02 + 0.14 * e->y};
}

/* Midpoint displacement: each half of a stretch bends by 0.35 of its length. */
static void draw_path(struct point *p, struct land_dice *d, struct point a,
                      struct point b)
{
    p[0] = a;
    p[POINTS - 1] = b;
    for (int step = POINTS - 1; step > 1; step /= 2)
        for (int i = 0; i + step < POINTS; i += step) {
            const struct point l = p[i], r = p[i + step];
            const double off = land_roll(d, -0.35, 0.35) * 0.62;
            p[i + step / 2] =
                (struct point){(l.x + r.x) / 2 - off * (r.y - l.y),
                               (l.y + r.y) / 2 + off * (r.x - l.x)};
        }
}

static void stroke_path(cairo_t *cr, const struct point *p, double width,
                        double bright)
{
    static const struct {
        double width, alpha;
    } passes[] = {{7, 0.10}, {3, 0.30}, {1, 1}};
    const struct colour violet = {.72, .74, 1}, white = {.97, .97, 1};

    for (int k = 0; k < 3; k++) {
        cairo_move_to(cr, p[0].x, p[0].y);
        for (int i = 1; i < POINTS; i++)
            cairo_line_to(cr, p[i].x, p[i].y);
        cairo_set_line_width(cr, width * passes[k].width);
        set_rgba(cr, k < 2 ? violet : white,
                 clamp(passes[k].alpha * bright, 0, 1));
        cairo_stroke(cr);
    }
}

static void draw_bolt(struct land_view *v, const struct land_event *e,
                      double bright)
{
    struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_PARTICLES};
    struct point main[POINTS], side[POINTS];

    draw_path(main, &d, head_of(e), foot_of(v, e));
    stroke_path(v->cr, main, 0.008 + 0.004 * e->size, bright);
    for (int i = 0; i < BRANCHES; i++) {
        const struct point a = main[20 + land_pick(&d, 70)];
        const double left = v->horizon - a.y;
        const struct point b = {a.x + left * land_roll(&d, -0.9, 0.9),
                                a.y + left * land_roll(&d, 0.4, 0.8)};
        draw_path(side, &d, a, b);
        stroke_path(v->cr, side, 0.004, 0.7 * bright);
    }
}

/* -------------------------------------------------------------- picture -- */

static void draw_town(struct land_view *v)
{
    struct land_dice *d = &v->layout;

    for (double x = land_roll(d, -0.1, 0); x < 1;) {
        const double w = land_roll(d, 0.04, 0.12), h = land_roll(d, 0.03, 0.20);
        set_rgba(v->back, scaled(v->palette.shade, 0.35), 1);
        cairo_rectangle(v->back, x, v->horizon + 0.03 - h, w, h);
        cairo_fill(v->back);
        for (int i = 0; i < 8; i++) {
            cairo_set_source_rgba(v->back, 1, 0.85, 0.5,
                                  land_chance(d, 0.4) ? 0.9 : 0);
            cairo_rectangle(v->back, x + land_roll(d, 0.1, 0.8) * w,
                            v->horizon + 0.03 - h * land_roll(d, 0.2, 0.9),
                            0.009, 0.012);
            cairo_fill(v->back);
        }
        x += w + land_roll(d, -0.01, 0.03);
    }
}

static void compose(struct land_view *v)
{
    struct storm *s = v->look;
    struct land_dice *d = &v->layout;
    const struct colour greens[3] = {
        {.20, .26, .14}, {.28, .26, .14}, {.16, .20, .20}};
    const struct colour green = greens[land_pick(d, 3)];

    land_palette_draw(&v->palette, v->clip->time, v->clip->seed,
                      land_roll(d, 0.55, 0.9));
    s->dark = v->clip->time == LAND_NIGHT ? 1 : land_roll(d, 0.32, 0.55);
    v->palette.disc = 0;
    struct land_palette *p = &v->palette;
    struct colour *all[] = {&p->top,   &p->middle, &p->horizon,
                            &p->light, &p->cloud,  &p->shade};
    for (int i = 0; i < 6; i++)
        *all[i] = scaled(*all[i], i == 2 ? 0.5 + 0.5 * s->dark : s->dark);
    p->cloud = scaled(p->cloud, 1.35);
    p->shade = scaled(p->shade, 0.55);
    v->horizon = land_roll(d, 0.60, 0.84);
    s->place = (enum place)land_pick(d, PLACES);
    s->slant = land_roll(d, -0.4, 0.4);
    s->scale = land_roll(d, 0.7, 1.5);
    s->warp = land_roll(d, 1.5, 3);
    s->rain = blend(p->cloud, (struct colour){.8, .85, .95}, 0.4);
    land_ridges(v, 1 + land_pick(d, 3), green, 0.5);
    const struct land_ground g = {green, scaled(green, 0.6), 0.3, 0.9};
    land_ground(v, &g);
    if (s->place == TOWN)
        draw_town(v);
    if (s->place == PLAIN && land_chance(d, 0.7))
        land_bare_tree(
            v->back, *d,
            (struct point){land_roll(d, 0.1, 0.9), mix(v->horizon, 1, 0.5)},
            land_roll(d, 0.3, 0.6), 0, scaled(p->shade, 0.3));
    s->water = (struct land_water){.shore = v->horizon + 0.01,
                                   .bottom = 1,
                                   .tint = scaled(p->shade, 0.6),
                                   .mirror = 0.75,
                                   .ripple = 0.09};
}

static void draw_rain(struct land_view *v, double time)
{
    const struct storm *s = v->look;
    const int n = (int)(20 + 300 * land_intensity(v, time));

    for (int i = 0; i < n; i++) {
        const double own =
            render_uniform(v->clip->seed, LAND_STREAM_PARTICLES, (uint64_t)i);
        const double at = time * (1.8 + 0.5 * own) + 100 + own * 37;
        const double turn = floor(at), y = -0.15 + 1.25 * (at - turn);
        const double x =
            -0.2 + 1.4 * render_uniform(v->clip->seed, LAND_STREAM_PARTICLES,
                                        (uint64_t)(turn * 400 + i + 5000));
        cairo_move_to(v->cr, x + s->slant * y, y);
        cairo_line_to(v->cr, x + s->slant * (y + 0.07), y + 0.07);
    }
    cairo_set_line_width(v->cr, 0.004);
    set_rgba(v->cr, s->rain, 0.3);
    cairo_stroke(v->cr);
}

static void draw(struct land_view *v, double time)
{
    const struct land_clip *c = v->clip;
    struct storm *s = v->look;
    const double i = land_intensity(v, time);
    struct land_sky sky = {.cover = 0.80 + 0.2 * i,
                           .scale = s->scale,
                           .drift =
                               0.05 * time + 0.1 * land_at(c, c->travel, time),
                           .boil = 0.5 * time,
                           .warp = s->warp};
    double most = 0;

    for (int k = 0; k < c->event_count; k++) {
        const double age = land_age(v, &c->events[k], time);
        const double f = age < 0 || age > 1 ? 0 : flash_of(&c->events[k], age);
        sky.flash += f;
        if (f > most) {
            most = f;
            sky.at = head_of(&c->events[k]);
        }
    }
    land_sky(v, &sky);
    for (int k = 0; k < c->event_count; k++) {
        const double age = land_age(v, &c->events[k], time);
        if (age >= 0 && age < 0.6 && is_bolt(&c->events[k]))
            draw_bolt(v, &c->events[k], 1.3 * flash_of(&c->events[k], age));
    }
    land_backdrop(v, 0, 0);
    if (s->place == SEA) {
        s->water.flow = 0.8 * time;
        s->water.boil = 2 * time;
        land_water(v, &s->water);
    } else if (sky.flash > 0.02) {
        set_rgba(v->cr, (struct colour){.7, .75, 1},
                 clamp(0.28 * sky.flash, 0, 0.4));
        cairo_rectangle(v->cr, 0, v->horizon, 1, 1 - v->horizon);
        cairo_fill(v->cr);
    }
    draw_rain(v, time);
}

/* ---------------------------------------------------------------- sound -- */

static void add_crack(const struct land_event *e, float *out, size_t n)
{
    static const double hz[6] = {80, 480, 720, 3600, 4600, 7200};
    static const double gain[6] = {10, 1.2, 2.5, 2, 2, 2};
    struct land_dice d = {.seed = e->seed, .stream = LAND_STREAM_GRAINS};
    struct white w = white_of(e->seed, 0);
    const int bursts = 8 + land_pick(&d, 13);
    struct biquad bands[6], all = band_pass(2500, 0.5);
    double at = 0, begin[21], tau[21];
    const long first = lround(e->time * LAND_SYNTH);

    for (int i = 0; i < 6; i++)
        bands[i] = band_pass(hz[i], land_roll(&d, 0.3, 0.8));
    for (int j = 0; j < bursts; j++) {
        begin[j] = at;
        tau[j] = 0.008 * pow(50, (double)j / (bursts - 1));
        at += land_roll(&d, 0.012, 0.050);
    }
    const long length = lround((at + 1.2) * LAND_SYNTH);
    for (long i = 0; i < length && first + i < (long)n; i++) {
        const double t = (double)i / LAND_SYNTH;
        double env = 0, sum = 0;
        for (int j = 0; j < bursts && begin[j] <= t; j++)
            env = fmax(env, mix(1, 0.25, (double)j / bursts) *
                                exp(-(t - begin[j]) / tau[j]));
        const double x = clamp(10 * env * (double)white_next(&w), -0.3, 1);
        const double m = mix(2, 0.1, clamp(t / at, 0, 1));
        for (int k = 0; k < 6; k++)
            sum += gain[k] * (k > 2 ? m : 1) *
                   (double)filtered(&bands[k], (float)x);
        const double y = (double)filtered(&all, (float)sum) + 0.25 * sum;
        if (first + i >= 0)
            out[first + i] += (float)(0.16 * y * (0.4 + 0.6 * e->size));
    }
}

/* The tail of 6 s and the boom of 10 s. */
static void add_roll(const struct land_event *e, float *out, size_t n)
{
    struct wander slow = wander_of(e->seed, 1, 14),
                  big = wander_of(e->seed, 2, 3);
    struct white a = white_of(e->seed, 3), b = white_of(e->seed, 4);
    struct biquad lp = low_pass(330), bp = band_pass(80, 5),
                  low = low_pass(200);
    const long first = lround(e->time * LAND_SYNTH);

    for (long i = 0; i < 10L * LAND_SYNTH && first + i < (long)n; i++) {
        const double t = (double)i / LAND_SYNTH;
        const double shape = fmin(t / 0.08, 1);
        const double env =
            shape * exp(-t / 1.9) * (0.65 + 0.55 * (double)wander_next(&big));
        const double rough =
            clamp(2.2 * (double)(white_next(&a) * wander_next(&slow)), -1, 1);
        const double tail = (double)filtered(&lp, (float)rough) * env * 2.2;
        const double boom =
            (double)filtered(&low, filtered(&bp, white_next(&b))) *
            exp(-t / 3.0) * shape * 2.2;
        if (first + i >= 0)
            out[first + i] += (float)((tail + boom) * (0.4 + 0.6 * e->size));
    }
}

static void sound(const struct land_clip *c, float *out, size_t n)
{
    struct white w = white_of(c->seed, 0), b = white_of(c->seed, 1);
    struct wander far = wander_of(c->seed, 2, 0.7);
    struct biquad hp = high_pass(700), lp = low_pass(7000);
    struct biquad deep = low_pass(110), deeper = low_pass(180);

    for (size_t i = 0; i < n; i++) {
        const float x = sound_curve(c->intensity, i);
        const float roll = 0.5f + 0.5f * wander_next(&far);
        out[i] += (0.004f + 0.022f * x) *
                  filtered(&lp, filtered(&hp, white_next(&w)));
        out[i] += 2.0f * (0.5f + 0.6f * x) * roll * roll *
                  filtered(&deeper, filtered(&deep, white_next(&b)));
    }
    for (int i = 0; i < c->event_count; i++) {
        if (is_bolt(&c->events[i]))
            add_crack(&c->events[i], out, n);
        add_roll(&c->events[i], out, n);
    }
}

const struct land_kind land_thunder = {
    .name = "thunder",
    .phrases = {"thunderstorm", "thunder and lightning", "lightning storm",
                "electric storm"},
    .levels = {{"gentle", "distant", "weak"},
               {"steady", "rolling", "growing"},
               {"fierce", "violent", "raging"}},
    .rate = 0.05,
    .rate_more = 0.25,
    .loudness = {-25.3f, -20.4f, -17.8f, -16.2f, -15.6f},
    .sound = sound,
    .look_size = sizeof(struct storm),
    .compose = compose,
    .draw = draw,
};
