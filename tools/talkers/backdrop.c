/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is behind: out of focus, so drawn small and enlarged. */
#include "paint.h"

#include <math.h>

enum { PARTS = 4, BORDER = 12 }; /* of the small drawing */

static void wall(cairo_t *cr, const struct talkers_identity *id, double depth)
{
    const double side = id->light_x < 0 ? 0 : 1;

    cairo_rectangle(cr, -1, -1, 3, 3);
    fill_gradient(cr, (struct point){side, 0}, (struct point){1 - side, 1.1},
                  tinted(id->wall, 1.05), tinted(id->wall, depth));
}

static void lights(cairo_t *cr, const struct talkers_identity *id,
                   struct talkers_dice *d)
{
    wall(cr, id, 0.45);
    cairo_set_source_rgba(cr, 0, 0, 0, 0.35);
    cairo_paint(cr);
    for (int i = 0; i < 26; i++) {
        const struct colour c = {talkers_roll(d, 0.6, 1),
                                 talkers_roll(d, .5, .9),
                                 talkers_roll(d, 0.3, 0.9)};
        const double r = talkers_roll(d, 0.03, 0.09);
        cairo_arc(cr, talkers_roll(d, 0, 1), talkers_roll(d, 0, 0.8), r, 0,
                  6.3);
        cairo_set_source_rgba(cr, c.r, c.g, c.b, talkers_roll(d, 0.12, 0.5));
        cairo_fill(cr);
    }
}

static void window(cairo_t *cr, const struct talkers_identity *id,
                   struct talkers_dice *d)
{
    const double left = id->light_x < 0 ? talkers_roll(d, -0.15, 0.05)
                                        : talkers_roll(d, 0.55, 0.72);
    const double w = talkers_roll(d, 0.35, 0.5);

    wall(cr, id, 0.70);
    cairo_rectangle(cr, left, 0.06, w, 0.62);
    fill_gradient(cr, (struct point){0, 0}, (struct point){0, 0.7},
                  (struct colour){0.80, 0.90, 0.98},
                  (struct colour){0.66, 0.76, 0.66});
    for (int i = 0; i <= 2; i++)
        draw_line(cr, (struct point){left + w * i / 2, 0.06},
                  (struct point){left + w * i / 2, 0.68}, 0.026,
                  (struct colour){0.93, 0.92, 0.90});
    draw_line(cr, (struct point){left, 0.36}, (struct point){left + w, 0.36},
              0.022, (struct colour){0.93, 0.92, 0.90});
}

static void shelf(cairo_t *cr, const struct talkers_identity *id,
                  struct talkers_dice *d)
{
    wall(cr, id, 0.6);
    for (int row = 0; row < 4; row++) {
        const double y = 0.22 + 0.27 * row;
        for (double x = -0.05; x < 1.05;) {
            const double w = talkers_roll(d, 0.025, 0.06);
            const double h = talkers_roll(d, 0.13, 0.21);
            const struct colour c = {talkers_roll(d, 0.2, 0.65),
                                     talkers_roll(d, 0.2, 0.6),
                                     talkers_roll(d, 0.2, 0.55)};
            cairo_rectangle(cr, x, y - h, w * 0.92, h);
            set_colour(cr, c);
            cairo_fill(cr);
            x += talkers_chance(d, 0.1) ? w + 0.08 : w;
        }
        draw_line(cr, (struct point){-0.1, y + 0.012},
                  (struct point){1.1, y + 0.012}, 0.028,
                  tinted(id->wall, 0.55));
    }
}

static void garden(cairo_t *cr, struct talkers_dice *d)
{
    cairo_rectangle(cr, -1, -1, 3, 3);
    fill_gradient(cr, (struct point){0, 0}, (struct point){0, 1},
                  (struct colour){0.72, 0.84, 0.92},
                  (struct colour){0.40, 0.52, 0.30});
    for (int i = 0; i < 60; i++) {
        const double y = talkers_roll(d, 0.12, 1);
        const struct colour c = {0.18 + 0.25 * y * talkers_roll(d, 0, 1),
                                 talkers_roll(d, 0.30, 0.58),
                                 talkers_roll(d, 0.12, 0.26)};
        draw_glow(cr, talkers_roll(d, 0, 1), y, talkers_roll(d, 0.05, 0.16),
                  talkers_roll(d, 0.05, 0.14), c, talkers_roll(d, 0.4, 0.9));
    }
}

static void draw_small(cairo_t *cr, const struct talkers_identity *id)
{
    struct talkers_dice d = {id->seed, 0, TALKERS_STREAM_BACKDROP};

    switch (id->backdrop) {
    case TALKERS_BACKDROP_LIGHTS: lights(cr, id, &d); break;
    case TALKERS_BACKDROP_WINDOW: window(cr, id, &d); break;
    case TALKERS_BACKDROP_SHELF: shelf(cr, id, &d); break;
    case TALKERS_BACKDROP_GARDEN: garden(cr, &d); break;
    default:
        wall(cr, id, 0.5);
        draw_glow(cr, 0.5 + 0.3 * id->light_x, 0.35, 0.7, 0.7,
                  tinted(id->wall, 1.35), 0.5);
    }
}

/* A running mean over 2 radius + 1 of n bytes, `step` apart. */
static void soften_line(uint8_t *p, int n, int step, int radius)
{
    uint8_t line[4096];
    int sum = radius * p[0];

    for (int i = 0; i < n; i++)
        line[i] = p[i * step];
    for (int i = 0; i < radius; i++)
        sum += line[i < n ? i : n - 1];
    for (int i = 0; i < n; i++) {
        sum += line[i + radius < n ? i + radius : n - 1];
        p[i * step] = (uint8_t)(sum / (2 * radius + 1));
        sum -= line[i > radius ? i - radius : 0];
    }
}

/* Three means make nearly a gaussian. */
static void soften(cairo_surface_t *s, int n, int radius)
{
    cairo_surface_flush(s);
    uint8_t *p = cairo_image_surface_get_data(s);
    const int stride = cairo_image_surface_get_stride(s);

    for (int pass = 0; pass < 3; pass++)
        for (int c = 0; c < 4; c++)
            for (int i = 0; i < n; i++) {
                soften_line(p + i * stride + c, n, 4, radius);
                soften_line(p + 4 * i + c, n, stride, radius);
            }
    cairo_surface_mark_dirty(s);
}

void paint_backdrop(cairo_t *cr, const struct talkers_identity *id, int side)
{
    const int inner = side / PARTS, n = inner + 2 * BORDER;
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, n, n);
    cairo_t *small = cairo_create(s);
    const double scale = (double)side / inner;

    cairo_translate(small, BORDER, BORDER);
    cairo_scale(small, inner, inner);
    draw_small(small, id);
    cairo_destroy(small);
    if (!cairo_surface_status(s))
        soften(s, n, 1 + inner / 64);
    cairo_save(cr);
    cairo_scale(cr, scale, scale);
    cairo_set_source_surface(cr, s, -BORDER, -BORDER);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_BILINEAR);
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_paint(cr);
    cairo_restore(cr);
    cairo_surface_destroy(s);
}
