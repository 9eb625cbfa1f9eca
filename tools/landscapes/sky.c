/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Colours of the hour, and the sky. */
#include <math.h>

#include "view.h"

/* ------------------------------------------------------------- palettes -- */

struct hour {
    struct colour top, middle, horizon, glow, light, cloud, shade;
};

enum { HOURS = 4 }; /* of each time of day */

static const struct hour hours[LAND_TIMES][HOURS] = {
    {
        /* dawn: rose, gold, mist, lilac */
        {{.36, .45, .68},
         {.76, .66, .74},
         {.99, .78, .68},
         {1, .86, .66},
         {.92, .78, .72},
         {1, .84, .78},
         {.56, .52, .66}},
        {{.40, .58, .78},
         {.80, .80, .72},
         {1, .86, .58},
         {1, .93, .70},
         {.98, .86, .66},
         {1, .93, .76},
         {.62, .62, .66}},
        {{.56, .66, .74},
         {.74, .80, .80},
         {.94, .90, .82},
         {1, .96, .86},
         {.84, .84, .80},
         {.96, .95, .90},
         {.64, .70, .74}},
        {{.30, .32, .58},
         {.62, .50, .72},
         {.96, .68, .72},
         {1, .80, .74},
         {.82, .70, .78},
         {.98, .78, .80},
         {.46, .42, .62}},
    },
    {
        /* day: clear, hazy, deep, milky */
        {{.20, .46, .82},
         {.46, .68, .92},
         {.78, .89, .96},
         {1, 1, .92},
         {1, .98, .92},
         {1, 1, 1},
         {.66, .72, .80}},
        {{.44, .62, .80},
         {.66, .78, .86},
         {.88, .90, .88},
         {1, .98, .90},
         {.96, .94, .88},
         {.98, .98, .96},
         {.68, .72, .76}},
        {{.10, .34, .70},
         {.30, .58, .86},
         {.70, .86, .94},
         {1, 1, .96},
         {1, 1, .96},
         {1, 1, 1},
         {.58, .68, .80}},
        {{.38, .64, .76},
         {.60, .82, .84},
         {.86, .94, .90},
         {1, 1, .92},
         {.96, 1, .92},
         {.98, 1, .98},
         {.60, .72, .74}},
    },
    {
        /* dusk: orange, crimson, violet, ember */
        {{.20, .22, .46},
         {.62, .40, .50},
         {1, .60, .30},
         {1, .72, .36},
         {.86, .58, .46},
         {1, .62, .42},
         {.34, .26, .40}},
        {{.18, .12, .30},
         {.54, .22, .36},
         {.96, .38, .30},
         {1, .56, .38},
         {.74, .44, .44},
         {.96, .44, .40},
         {.26, .16, .28}},
        {{.16, .16, .42},
         {.40, .30, .62},
         {.86, .56, .72},
         {1, .74, .70},
         {.64, .52, .70},
         {.88, .58, .74},
         {.26, .22, .44}},
        {{.24, .28, .40},
         {.64, .52, .44},
         {1, .76, .36},
         {1, .86, .50},
         {.88, .68, .46},
         {1, .78, .46},
         {.40, .34, .38}},
    },
    {
        /* night: blue, black, green, violet */
        {{.02, .04, .13},
         {.05, .09, .22},
         {.12, .18, .34},
         {.86, .92, 1},
         {.40, .46, .64},
         {.40, .46, .62},
         {.05, .07, .15}},
        {{.02, .03, .07},
         {.05, .07, .14},
         {.12, .15, .24},
         {1, .96, .86},
         {.40, .40, .47},
         {.36, .38, .44},
         {.03, .04, .07}},
        {{.01, .06, .10},
         {.03, .14, .18},
         {.10, .26, .28},
         {.88, 1, .92},
         {.34, .50, .52},
         {.34, .50, .50},
         {.03, .09, .11}},
        {{.05, .02, .14},
         {.12, .07, .26},
         {.26, .17, .38},
         {1, .90, .98},
         {.46, .40, .62},
         {.44, .38, .58},
         {.08, .05, .16}},
    },
};

/* A little of everything: no two clips have the same colours. */
static struct colour vary(struct colour c, const double *shift, double light)
{
    return (struct colour){clamp((c.r + shift[0]) * light, 0, 1),
                           clamp((c.g + shift[1]) * light, 0, 1),
                           clamp((c.b + shift[2]) * light, 0, 1)};
}

/* Towards the grey of its own lightness. */
static struct colour covered(struct colour c, double w, double dim)
{
    const double y = 0.3 * c.r + 0.55 * c.g + 0.15 * c.b;
    const struct colour grey = {y * 0.97, y, y * 1.05};

    return scaled(blend(c, grey, w), dim);
}

void land_palette_draw(struct land_palette *p, enum land_time time,
                       uint64_t seed, double overcast)
{
    struct land_dice d = {.seed = seed, .stream = LAND_STREAM_PALETTE};
    const struct hour *h = &hours[time][land_pick(&d, HOURS)];
    const double dark = time == LAND_NIGHT ? 0.25 : 1;
    const double light = land_roll(&d, 0.88, 1.08);
    double shift[3];

    for (int i = 0; i < 3; i++)
        shift[i] = land_roll(&d, -0.045, 0.045) * dark;
    const double dim = 1 - 0.28 * overcast * (dark < 1 ? 0.2 : 1),
                 grey = 0.75 * overcast;
    p->top = covered(vary(h->top, shift, light), grey, dim);
    p->middle = covered(vary(h->middle, shift, light), grey, dim);
    p->horizon = covered(vary(h->horizon, shift, light), grey * 0.8, dim);
    p->glow = vary(h->glow, shift, 1);
    p->light = covered(vary(h->light, shift, light), grey, dim);
    p->cloud = covered(vary(h->cloud, shift, light), grey, dim);
    p->shade = covered(vary(h->shade, shift, light), grey, dim);
    p->sun.x = land_roll(&d, 0.08, 0.92);
    p->sun.y = time == LAND_DAY || time == LAND_NIGHT
                   ? land_roll(&d, 0.15, 0.6)
                   : land_roll(&d, 0.72, 0.98);
    p->disc = land_roll(&d, 0.025, 0.05);
    if (overcast > 0.5 || (time == LAND_NIGHT && land_chance(&d, 0.4)))
        p->disc = 0;
    p->stars = time == LAND_NIGHT ? land_roll(&d, 0.5, 1) : 0;
    p->stars *= 1 - overcast;
}

/* ------------------------------------------------------------------ sky -- */

static double star_at(const struct land_view *v, float x, float y)
{
    const int cx = whole(x * 42), cy = whole(y * 42);
    const float *at =
        v->noise.at + ((cy * 3 + 40) & 127) * NOISE_SIDE + ((cx * 3) & 125);
    const float dx = x * 42 - (float)cx - at[0],
                dy = y * 42 - (float)cy - at[1];
    const float bright = at[2] - 0.82f;

    if (bright <= 0)
        return 0;
    return (double)(bright * 7 * expf(-14 * (dx * dx + dy * dy)));
}

/* Light of sun or moon, and its disc. */
static struct colour add_sun(const struct land_view *v, struct colour c,
                             double x, double y)
{
    const struct land_palette *p = &v->palette;
    const double sy = p->sun.y * v->horizon;
    const double d2 = (x - p->sun.x) * (x - p->sun.x) + (y - sy) * (y - sy);
    const double wide = p->disc > 0 ? 0.5 : 0.28;

    c = blend(c, p->glow, wide * exp(-d2 / 0.03) + 0.25 * exp(-d2 / 0.16));
    if (p->disc > 0)
        c = blend(c, blend(p->glow, (struct colour){1, 1, 1}, 0.5),
                  1 - smooth_step(p->disc * 0.82, p->disc * 1.1, sqrt(d2)));
    return c;
}

static struct colour clear_sky(const struct land_view *v, double x, double y)
{
    const struct land_palette *p = &v->palette;
    const double h = clamp(y / v->horizon, 0, 1);
    struct colour c = h < 0.6 ? blend(p->top, p->middle, h / 0.6)
                              : blend(p->middle, p->horizon, (h - 0.6) / 0.4);

    if (p->stars > 0) {
        const double s =
            star_at(v, (float)x, (float)y) * p->stars * (1 - h * h);
        c = (struct colour){c.r + s, c.g + s, c.b + s};
    }
    return add_sun(v, c, x, y);
}

static struct rgba sky_at(const struct land_view *v, const void *user, float x,
                          float y)
{
    const struct land_sky *s = user;
    const struct land_palette *p = &v->palette;
    const struct colour c = clear_sky(v, (double)x, (double)y);
    const float h = (float)v->horizon;
    const float depth = 0.55f / (h * 1.25f - (y < h ? y : h)); /* perspective */
    const float px = ((x - 0.5f) * depth + (float)s->drift) * (float)s->scale;
    const float py = depth * 1.5f * (float)s->scale;
    const float n =
        noise_warped(&v->noise, px, py, (float)s->warp, (float)s->boil, 5);
    const double limit = 1.02 - 0.92 * s->cover;
    const double thick = smooth_step(limit - 0.16, limit + 0.2, (double)n);
    const float sx = ((float)p->sun.x - x) * 0.25f;
    const float n2 = noise_fbm(&v->noise, px + sx + 0.1f, py - 0.22f, 3);
    const double lit = clamp(0.5 + 2.4 * (double)(n - n2), 0, 1);
    struct colour cloud = blend(p->shade, p->cloud, lit);

    if (s->flash > 0) {
        const double dx = (double)x - s->at.x, dy = (double)y - s->at.y;
        const double near = exp(-(dx * dx + dy * dy) / 0.10) + 0.25;
        const double w = clamp(s->flash * near * (0.4 + 0.9 * lit), 0, 0.95);
        cloud = blend(cloud, (struct colour){.86, .88, 1}, w);
    }
    const double far = smooth_step(1, 0.75, (double)(y / h));
    return opaque(blend(c, cloud, thick * (0.35 + 0.65 * far)), 1);
}

void land_sky(struct land_view *v, const struct land_sky *s)
{
    land_shade(v, v->cr, true, 0, fmin(v->horizon + 0.12, 1), sky_at, s);
}
