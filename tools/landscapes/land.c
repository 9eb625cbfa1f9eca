/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hills, mountains and what mirrors them. */
#include <math.h>

#include "view.h"

/* --------------------------------------------------------------- ridges -- */

struct slope {
    const struct land_ridge *ridge;
    float place; /* in the noise: each ridge has its own */
};

static double outline(const struct land_view *v, const struct slope *s, float x)
{
    const struct land_ridge *r = s->ridge;
    const float at = x * (float)r->scale + s->place;
    const double soft = (double)noise_fbm(&v->noise, at, s->place, 3);
    const double crag =
        (double)noise_ridged(&v->noise, at * 0.8f, s->place + 7, 5) - 0.1;

    return r->base - r->rise * mix(soft, crag, r->rough);
}

static struct rgba ridge_at(const struct land_view *v, const void *user,
                            float x, float y)
{
    const struct slope *s = user;
    const struct land_ridge *r = s->ridge;
    const double top = outline(v, s, x), below = (double)y - top;

    if (below < 0)
        return (struct rgba){0, 0, 0, 0};
    const float k = (float)r->scale;
    const float n = noise_fbm(&v->noise, x * k * 4 + s->place,
                              y * k * 7 + (float)below * 9, 4);
    const float m = noise_fbm(&v->noise, x * k * 4 + s->place - 0.25f,
                              y * k * 7 + (float)below * 9 + 0.15f, 4);
    const double side = v->palette.sun.x < 0.5 ? 1 : -1;
    const double lit = 1 +
                       (0.4 + 1.6 * r->rough) * side * (double)(n - m) * 1.6 +
                       0.3 * ((double)n - 0.5);
    struct colour c = r->colour;
    if (r->snow > 0) {
        const double line = r->rise * r->snow * (0.3 + 0.7 * (double)n);
        const double high = r->base - r->rise * (1.05 - r->snow) - (double)y;
        c = blend(c, (struct colour){.94, .96, 1},
                  smooth_step(-line * 0.5, line * 0.5, high));
    }
    c = scaled(times(c, v->palette.light), clamp(lit, 0.35, 1.6));
    const double sunk = r->haze + 0.25 * clamp(below / 0.4, 0, 1) * r->haze;
    return opaque(blend(c, v->palette.horizon, clamp(sunk, 0, 0.95)), 1);
}

static void plant(struct land_view *v, const struct slope *s)
{
    const struct land_ridge *r = s->ridge;
    struct land_dice d = v->layout;
    const int count = (int)(1.5 / r->trees);
    const struct colour c =
        blend(scaled(times(r->colour, v->palette.light), 0.7),
              v->palette.horizon, r->haze);

    v->layout.counter += 1000;
    for (int i = 0; i < count; i++) {
        const double x = land_roll(&d, -0.02, 1.02);
        const double wood =
            (double)noise_value(&v->noise, (float)x * 5 + s->place, 3.5f);
        const double h = r->trees * land_roll(&d, 0.5, 1.1);
        if (wood > 0.4)
            land_conifer(v->back, &d, x, outline(v, s, (float)x) + h * 0.15, h,
                         scaled(c, land_roll(&d, 0.85, 1.1)));
    }
}

void land_ridge(struct land_view *v, const struct land_ridge *r)
{
    const struct slope s = {r, (float)land_roll(&v->layout, 0, 100)};

    if (r->trees > 0.012)
        plant(v, &s);
    land_shade(v, v->back, false, r->base - r->rise - 0.08, v->horizon + 0.03,
               ridge_at, &s);
}

void land_ridges(struct land_view *v, int count, struct colour near,
                 double haze)
{
    struct land_dice *d = &v->layout;
    const bool crags = land_chance(d, 0.5);
    const double high = land_roll(d, 0.10, 0.30) * (crags ? 1.2 : 0.8);
    const double snow = crags && land_chance(d, 0.5) ? 0.55 : 0;

    for (int i = 0; i < count; i++) {
        const double far = count > 1 ? 1 - (double)i / (count - 1) : 0;
        const struct colour grey = {.38, .42, .50};
        struct land_ridge r = {
            .base = v->horizon + 0.02 - 0.02 * far,
            .rise = high * (0.35 + 0.65 * far) * land_roll(d, 0.75, 1.1),
            .scale = mix(5.5, 2.6, far),
            .rough = crags ? far : 0.15 * far,
            .colour = blend(near, grey, 0.8 * far),
            .haze = clamp(haze * (0.25 + 0.75 * far), 0, 0.92),
            .snow = snow * far,
        };
        r.trees = far < 0.6 ? land_roll(d, 0.02, 0.09) : 0;
        land_ridge(v, &r);
    }
}

/* --------------------------------------------------------------- ground -- */

static struct rgba ground_at(const struct land_view *v, const void *user,
                             float x, float y)
{
    const struct land_ground *g = user;
    const double d = ((double)y - v->horizon) / (1 - v->horizon);
    if (d < 0)
        return (struct rgba){0, 0, 0, 0};
    const float z = (float)(1 / (d + 0.07));
    const float u = (x - 0.5f) * z * 5;
    const float n = noise_fbm(&v->noise, u, z * 6, 5);
    const float m = noise_fbm(&v->noise, u + 0.2f, z * 6 - 0.3f, 5);
    const double w = smooth_step(0.3, 0.7, (double)n);
    struct colour c = times(blend(g->a, g->b, w), v->palette.light);

    c = scaled(c, clamp(0.92 + g->relief * 2.2 * (double)(n - m), 0.4, 1.6));
    return opaque(blend(c, v->palette.horizon, g->haze * exp(-7 * d)), 1);
}

void land_ground(struct land_view *v, const struct land_ground *g)
{
    land_shade(v, v->back, false, v->horizon, 1, ground_at, g);
}

/* ---------------------------------------------------------------- water -- */

static uint32_t mixed(uint32_t a, uint32_t b, double w)
{
    uint32_t out = 0xff000000u;
    const int f = (int)(clamp(w, 0, 1) * 256);

    for (int i = 0; i < 24; i += 8) {
        const int x = (int)(a >> i & 255), y = (int)(b >> i & 255);
        out |= (uint32_t)(x + (y - x) * f / 256) << i;
    }
    return out;
}

static uint32_t pixel_of(struct colour c)
{
    const int r = (int)(clamp(c.r, 0, 1) * 255 + 0.5);
    const int g = (int)(clamp(c.g, 0, 1) * 255 + 0.5);
    const int b = (int)(clamp(c.b, 0, 1) * 255 + 0.5);

    return 0xff000000u | (uint32_t)(r << 16 | g << 8 | b);
}

/* One row: the mirror image, torn by ripples that are smaller the farther. */
static void mirror_row(const struct land_view *v, const struct land_water *w,
                       const uint8_t *data, size_t stride, int y, uint32_t *row)
{
    const double shore = w->shore * v->side;
    const double d = (y - shore) / (v->side - shore);
    const float z = (float)(1 / (d + 0.10)), fx = z * 0.5f;
    const uint32_t tint = pixel_of(w->tint);
    const double mirror = w->mirror * (1 - 0.45 * d);
    const float flow = (float)w->flow, boil = (float)w->boil;

    for (int x = 0; x < v->side; x++) {
        const float u = (float)x / (float)v->side - 0.5f;
        const float a =
            noise_value(&v->noise, u * 14 / fx + boil, z * 9 + flow) - 0.5f;
        const float b = noise_value(&v->noise, u * 31 / fx - boil * 1.3f,
                                    z * 21 + flow * 1.7f) -
                        0.5f;
        const double n = (double)(a + 0.6f * b);
        const double tear = n * w->ripple * (0.15 + d) * v->side;
        const int my = (int)(2 * shore - y - 1 + tear * 0.6);
        const int mx = (int)(x + tear * 0.25);
        const int sy = my < 0 ? 0 : my >= (int)shore ? (int)shore - 1 : my;
        const int sx = mx < 0 ? 0 : mx >= v->side ? v->side - 1 : mx;
        const uint32_t up =
            ((const uint32_t *)(const void *)(data + (size_t)sy * stride))[sx];
        const uint32_t wet = mixed(tint, up, mirror + n * 0.25 * w->ripple * 5);
        double share = 1;
        if (w->puddles > 0) {
            const double p =
                (double)noise_fbm(&v->noise, u * 5 * (1.6f - fx), z * 2.2f, 3);
            share = smooth_step(0.62 - 0.4 * w->puddles,
                                0.70 - 0.4 * w->puddles, p);
        }
        row[x] = mixed(row[x], wet, share);
    }
}

void land_water(struct land_view *v, const struct land_water *w)
{
    cairo_surface_flush(v->canvas);
    uint8_t *data = cairo_image_surface_get_data(v->canvas);
    const size_t stride = (size_t)cairo_image_surface_get_stride(v->canvas);
    const int to = (int)(clamp(w->bottom, 0, 1) * v->side);

    for (int y = (int)ceil(w->shore * v->side); y < to; y++)
        mirror_row(v, w, data, stride, y,
                   (uint32_t *)(void *)(data + (size_t)y * stride));
    cairo_surface_mark_dirty(v->canvas);
}
