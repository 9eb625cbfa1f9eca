/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The skin's colour in the identity's light, pixel by pixel, and the ears. */
#include "paint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct field {
    float *z, *wide; /* height; the same, blurred: for what lies in hollows */
    int side;
    double scale, x0, y0;
};

/* ---------------------------------------------------------------- maps -- */

/* A running mean along the rows, transposed. */
static void blur_pass(const float *in, float *out, int n, int radius)
{
    for (int y = 0; y < n; y++) {
        double sum = 0;
        for (int x = -radius; x < n; x++) {
            const int enter = x + radius, leave = x - radius - 1;
            sum += enter < n ? (double)in[y * n + enter] : 0;
            sum -= leave >= 0 ? (double)in[y * n + leave] : 0;
            if (x >= 0)
                out[x * n + y] = (float)(sum / (2 * radius + 1));
        }
    }
}

static void blur(const float *in, float *out, float *work, int n, int radius)
{
    blur_pass(in, work, n, radius);
    blur_pass(work, out, n, radius);
}

static int open_field(struct field *s, const struct canvas *c,
                      const struct talkers_face *f)
{
    const int n = c->side;
    const size_t all = (size_t)n * (size_t)n;
    float *work = malloc(all * sizeof(float));

    *s = (struct field){.side = n, .scale = c->scale, .x0 = c->x0, .y0 = c->y0};
    s->z = calloc(all, sizeof(float));
    s->wide = malloc(all * sizeof(float));
    if (!work || !s->z || !s->wide) {
        free(work);
        return -1;
    }
    const double lowest = f->outline[FACE_OUTLINE - 1].y + 0.05;
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) {
            const double px = (x + 0.5) / s->scale + s->x0;
            const double py = (y + 0.5) / s->scale + s->y0;
            if (fabs(px) < 1.45 && py > -2.2 && py < lowest)
                work[y * n + x] = (float)talkers_surface_height(f, px, py);
            else
                work[y * n + x] = 0;
        }
    const int small = (int)fmax(0.012 * s->scale, 1);
    blur(work, s->z, s->wide, n, small);
    memcpy(work, s->z, all * sizeof(float));
    blur(s->z, s->wide, work, n, (int)(0.09 * s->scale) + 1);
    free(work);
    return 0;
}

/* ------------------------------------------------------------- albedo -- */

static double spot(double x, double y, double cx, double cy, double rx,
                   double ry)
{
    const double dx = (x - cx) / rx, dy = (y - cy) / ry;

    return exp(-(dx * dx + dy * dy) / 2);
}

/* Smooth noise of unit cells, in -1..1. */
static double cloud(uint64_t seed, double x, double y)
{
    const int ix = (int)floor(x), iy = (int)floor(y);
    const double fx = smooth_step(0, 1, x - ix), fy = smooth_step(0, 1, y - iy);
    double v[4];

    for (int i = 0; i < 4; i++)
        v[i] = render_uniform(seed, TALKERS_STREAM_SKIN,
                              (uint64_t)(ix + 512 + i % 2) * 4096 +
                                  (uint64_t)(iy + 512 + i / 2));
    return 2 * mix(mix(v[0], v[1], fx), mix(v[2], v[3], fx), fy) - 1;
}

/* Where a beard grows. */
static double beard_area(const struct talkers_face *f, double x, double y)
{
    const double mouth = f->canonical[62].y;
    const double side = smooth_step(0.55, 0.95, fabs(x));
    const double from = mix(mouth - 0.16, 0.55, side);
    const double lip = spot(x, y, 0, mouth + 0.06, 0.30, 0.13);

    return smooth_step(from - 0.10, from + 0.14, y) *
           (1 - 0.9 * fmin(lip * 1.3, 1));
}

static struct colour albedo(const struct talkers_face *f, double x, double y)
{
    const struct talkers_identity *id = f->id;
    const double nose = f->canonical[30].y, ax = fabs(x);
    const double red =
        0.42 * spot(ax, y, 0.66, 0.52, 0.30, 0.26) +
        0.38 * spot(x, y, 0, nose + 0.02, 0.17, 0.12) +
        0.25 * spot(x, y, 0, f->canonical[8].y - 0.15, 0.3, 0.15) +
        0.16 * spot(x, y, 0, -0.75, 0.6, 0.3);
    const double dusk = 0.13 * spot(ax, y, 0.47, 0.13, 0.20, 0.09) +
                        0.10 * spot(ax, y, 0.45, -0.15, 0.26, 0.08);
    struct colour c = blended(id->skin, id->blush, clamp(red, 0, 1));

    c = blended(c, tinted(id->blush, 0.72), dusk * (1 + 0.8 * id->age));
    if (id->masculine > 0.5 && id->beard != TALKERS_BEARD_FULL) {
        const double grown = id->beard == TALKERS_BEARD_STUBBLE ? 0.38 : 0.15;
        const struct colour dark = blended(id->brow, id->skin, 0.35);
        c = blended(c, dark, grown * beard_area(f, x, y));
    }
    if (id->beard >= TALKERS_BEARD_MOUSTACHE) /* skin seen through it */
        c = blended(c, blended(id->hair_colour, id->brow, 0.6),
                    0.62 * beard_at(f, x, y));
    return c;
}

/* ------------------------------------------------------------- shading -- */

struct lamp {
    double x, y, z;    /* direction, of length 1 */
    double hx, hy, hz; /* halfway to the camera */
    struct colour colour;
};

static struct lamp key_lamp(const struct talkers_identity *id)
{
    struct lamp l = {id->light_x * 0.9, id->light_y, 0.8, 0, 0, 0,
                     light_colour(id)};
    const double n = sqrt(l.x * l.x + l.y * l.y + l.z * l.z);

    l.x /= n, l.y /= n, l.z /= n;
    const double h = sqrt(l.x * l.x + l.y * l.y + (l.z + 1) * (l.z + 1));
    l.hx = l.x / h, l.hy = l.y / h, l.hz = (l.z + 1) / h;
    return l;
}

/* Light on a place of the field: how much, and how much of it is gloss. */
static double lit_by(const struct talkers_identity *id, const struct field *s,
                     const struct lamp *l, int at, double *gloss)
{
    const int n = s->side;
    const double k = s->scale / 2;
    double nx = -(double)(s->z[at + 1] - s->z[at - 1]) * k;
    double ny = -(double)(s->z[at + n] - s->z[at - n]) * k;
    const double length = sqrt(nx * nx + ny * ny + 1), nz = 1 / length;

    nx /= length, ny /= length;
    const double facing = nx * l->x + ny * l->y + nz * l->z;
    const double key = fmax(0, (facing + 0.3) / 1.3);
    const double fill = mix(0.80, 0.46, id->contrast);
    const double hollow =
        clamp(1 + 1.5 * (double)(s->z[at] - s->wide[at]), 0.72, 1.10);
    const double half = fmax(0, nx * l->hx + ny * l->hy + nz * l->hz);
    *gloss = id->gloss * (0.13 * pow(half, 22) + 0.08 * pow(half, 90));
    return (fill + (1.16 - fill) * key) * (0.78 + 0.22 * sqrt(nz)) * hollow;
}

static uint32_t packed(struct colour c)
{
    const int r = (int)(clamp(c.r, 0, 1) * 255 + 0.5);
    const int g = (int)(clamp(c.g, 0, 1) * 255 + 0.5);
    const int b = (int)(clamp(c.b, 0, 1) * 255 + 0.5);

    return 0xff000000u | (uint32_t)r << 16 | (uint32_t)g << 8 | (uint32_t)b;
}

/* Skin lets red through: what is in the dark turns to it. */
static struct colour shaded(const struct talkers_face *f, struct colour c,
                            double light, double gloss, const struct lamp *l)
{
    const double deep = 0.80 + 0.1 * clamp((10 - f->id->ita) / 60, 0, 1);

    return (struct colour){
        c.r * pow(light, deep) * l->colour.r + gloss * l->colour.r,
        c.g * light * l->colour.g + gloss * l->colour.g,
        c.b * pow(light, 1.08) * l->colour.b + gloss * l->colour.b};
}

static void shade(const struct canvas *c, const struct talkers_face *f,
                  const struct field *s, cairo_surface_t *to)
{
    const struct lamp l = key_lamp(f->id);
    const int n = c->side, stride = cairo_image_surface_get_stride(to) / 4;
    uint32_t *pixels = (uint32_t *)(void *)cairo_image_surface_get_data(to);
    const int reach = (int)(1.5 * c->scale), middle = (int)(-c->x0 * c->scale);

    for (int y = 1; y + 1 < n; y++)
        for (int x = middle - reach; x < middle + reach; x++) {
            const double px = (x + 0.5) / c->scale + c->x0;
            const double py = (y + 0.5) / c->scale + c->y0;
            if (py < -2.3 || py > 2.4)
                continue;
            double gloss;
            const double light = lit_by(f->id, s, &l, y * n + x, &gloss);
            const double mottle = 1 +
                                  0.022 * cloud(f->id->seed, px * 5, py * 5) +
                                  0.020 * cloud(f->id->seed, px * 38, py * 38);
            pixels[y * stride + x] =
                packed(shaded(f, albedo(f, px, py), light * mottle, gloss, &l));
        }
    cairo_surface_mark_dirty(to);
}

/* ---------------------------------------------------------------- ears -- */

static void paint_ear(cairo_t *cr, const struct talkers_face *f, double side)
{
    const struct talkers_identity *id = f->id;
    const double towards = 0.5 + 0.5 * side * id->light_x;
    const double light = mix(0.95, mix(0.62, 0.92, towards), id->contrast);
    const struct colour skin = tinted(blended(id->skin, id->blush, 0.3), light);
    const double x = talkers_surface_half_width(f, 0.2), e = id->shape.ear;
    const struct point shell[] = {{x - 0.10, -0.02},     {x + 0.06 * e, -0.16},
                                  {x + 0.17 * e, -0.08}, {x + 0.19 * e, 0.14},
                                  {x + 0.12 * e, 0.38},  {x + 0.04, 0.58 * e},
                                  {x - 0.06, 0.56},      {x - 0.15, 0.30}};

    cairo_save(cr);
    cairo_scale(cr, side, 1);
    path_through(cr, shell, 8, true);
    cairo_close_path(cr);
    fill_gradient(cr, (struct point){x - 0.1, 0}, (struct point){x + 0.2, 0.1},
                  tinted(skin, 0.72), skin);
    const struct point fold[] = {{x + 0.02, 0.02},
                                 {x + 0.10 * e, -0.05},
                                 {x + 0.12 * e, 0.12},
                                 {x + 0.05, 0.34}};
    path_through(cr, fold, 4, true);
    const struct colour dark = tinted(blended(skin, id->blush, 0.5), 0.68);
    cairo_set_source_rgba(cr, dark.r, dark.g, dark.b, 0.8);
    cairo_set_line_width(cr, 0.035);
    cairo_stroke(cr);
    draw_glow(cr, x + 0.03, 0.20, 0.07, 0.13, tinted(dark, 0.7), 0.7);
    if (id->earrings) {
        const struct colour gold = {0.88, 0.74, 0.42}, white = {1, 1, 0.95};
        draw_glow(cr, x + 0.01, 0.62, 0.05, 0.05, gold, 1);
        draw_glow(cr, x + 0.00, 0.605, 0.018, 0.018, white, 1);
    }
    cairo_restore(cr);
}

void paint_skin(struct canvas *c, const struct talkers_face *f)
{
    struct field s;
    cairo_surface_t *skin =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, c->side, c->side);

    paint_ear(c->cr, f, -1);
    paint_ear(c->cr, f, 1);
    if (!open_field(&s, c, f) && !cairo_surface_status(skin)) {
        shade(c, f, &s, skin);
        cairo_save(c->cr);
        path_face(c->cr, f);
        cairo_identity_matrix(c->cr);
        cairo_set_source_surface(c->cr, skin, 0, 0);
        cairo_fill(c->cr);
        cairo_restore(c->cr);
    }
    free(s.z);
    free(s.wide);
    cairo_surface_destroy(skin);
}
