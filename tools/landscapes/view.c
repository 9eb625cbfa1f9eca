/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "view.h"

#include <math.h>
#include <stdlib.h>

/* ------------------------------------------------------------- surfaces -- */

static cairo_surface_t *surface_of(int side)
{
    return cairo_image_surface_create(CAIRO_FORMAT_ARGB32, side, side);
}

static cairo_t *context_of(cairo_surface_t *surface, int side)
{
    cairo_t *cr = cairo_create(surface);

    cairo_scale(cr, side, side);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    return cr;
}

static int open_surfaces(struct land_view *v)
{
    v->backdrop = surface_of(v->side);
    v->canvas = surface_of(v->side);
    v->scratch[0] = surface_of(v->side);
    v->scratch[1] = surface_of(v->size);
    v->out = surface_of(v->size);
    v->cr = context_of(v->canvas, v->side);
    v->back = context_of(v->backdrop, v->side);
    return cairo_status(v->cr) || cairo_status(v->back) ||
                   cairo_surface_status(v->scratch[0]) ||
                   cairo_surface_status(v->scratch[1]) ||
                   cairo_surface_status(v->out)
               ? -1
               : 0;
}

struct land_view *land_view_new(const struct land_clip *clip, int size)
{
    struct land_view *v = calloc(1, sizeof(*v));

    if (!v)
        return NULL;
    v->clip = clip;
    v->kind = land_kind(clip->scene);
    v->size = size;
    v->side = 2 * size;
    v->look = calloc(1, v->kind->look_size + 1);
    v->layout =
        (struct land_dice){.seed = clip->seed, .stream = LAND_STREAM_LAYOUT};
    noise_draw(&v->noise, clip->seed);
    if (!v->look || open_surfaces(v) < 0) {
        land_view_free(&v);
        return NULL;
    }
    v->horizon = land_roll(&v->layout, 0.35, 0.65);
    v->kind->compose(v);
    return v;
}

void land_view_free(struct land_view **view)
{
    struct land_view *v = *view;

    if (!v)
        return;
    cairo_destroy(v->cr);
    cairo_destroy(v->back);
    cairo_surface_destroy(v->backdrop);
    cairo_surface_destroy(v->canvas);
    cairo_surface_destroy(v->scratch[0]);
    cairo_surface_destroy(v->scratch[1]);
    cairo_surface_destroy(v->out);
    free(v->look);
    free(v);
    *view = NULL;
}

/* Means of 2 x 2 points. */
static void reduce(const struct land_view *v)
{
    const uint8_t *from = cairo_image_surface_get_data(v->canvas);
    uint8_t *to = cairo_image_surface_get_data(v->out);
    const size_t stride = (size_t)cairo_image_surface_get_stride(v->canvas);

    for (int y = 0; y < v->size; y++) {
        const uint8_t *a = from + 2 * (size_t)y * stride, *b = a + stride;
        uint8_t *row = to + 4 * (size_t)y * (size_t)v->size;
        for (int x = 0; x < v->size; x++)
            for (int c = 0; c < 4; c++)
                row[4 * x + c] =
                    (uint8_t)((a[8 * x + c] + a[8 * x + 4 + c] + b[8 * x + c] +
                               b[8 * x + 4 + c] + 2) /
                              4);
    }
}

const uint8_t *land_view_draw(struct land_view *v, double time, double end)
{
    v->end = end;
    cairo_save(v->cr);
    v->kind->draw(v, time);
    cairo_restore(v->cr);
    cairo_surface_flush(v->canvas);
    if (cairo_status(v->cr))
        return NULL;
    reduce(v);
    return cairo_image_surface_get_data(v->out);
}

double land_intensity(const struct land_view *v, double time)
{
    return land_at(v->clip, v->clip->intensity, time);
}

double land_age(const struct land_view *v, const struct land_event *e,
                double time)
{
    if (e->time >= v->end)
        return -1;
    return time > e->time ? time - e->time : 0;
}

/* ------------------------------------------------------------- painting -- */

static uint32_t packed(struct rgba c)
{
    const float a = c.a < 0 ? 0 : c.a > 1 ? 1 : c.a;
    const float in[3] = {c.r, c.g, c.b};
    uint32_t out = (uint32_t)(a * 255 + 0.5f);

    for (int i = 0; i < 3; i++) {
        const float v = in[i] < 0 ? 0 : in[i] > 1 ? 1 : in[i];
        out = out << 8 | (uint32_t)(v * a * 255 + 0.5f);
    }
    return out;
}

void land_shade(struct land_view *v, cairo_t *cr, bool soft, double y0,
                double y1, land_shader shader, const void *user)
{
    cairo_surface_t *s = v->scratch[soft];
    const int side = soft ? v->size : v->side;
    const int from = (int)floor(clamp(y0, 0, 1) * side);
    const int to = (int)ceil(clamp(y1, 0, 1) * side);
    uint8_t *data = cairo_image_surface_get_data(s);
    const size_t stride = (size_t)cairo_image_surface_get_stride(s);
    const float step = 1.0f / (float)side;

    for (int y = from; y < to; y++) {
        uint32_t *row = (uint32_t *)(void *)(data + (size_t)y * stride);
        for (int x = 0; x < side; x++)
            row[x] = packed(shader(v, user, ((float)x + 0.5f) * step,
                                   ((float)y + 0.5f) * step));
    }
    cairo_surface_mark_dirty(s);
    cairo_save(cr);
    cairo_rectangle(cr, 0, (double)from / side, 1, (double)(to - from) / side);
    cairo_clip(cr);
    cairo_scale(cr, 1.0 / side, 1.0 / side);
    cairo_set_source_surface(cr, s, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), soft ? CAIRO_FILTER_BILINEAR
                                                        : CAIRO_FILTER_NEAREST);
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_paint(cr);
    cairo_restore(cr);
}

void land_backdrop(struct land_view *v, double dx, double dy)
{
    cairo_save(v->cr);
    cairo_identity_matrix(v->cr);
    cairo_set_source_surface(v->cr, v->backdrop, dx * v->side, dy * v->side);
    cairo_pattern_set_extend(cairo_get_source(v->cr), CAIRO_EXTEND_PAD);
    cairo_paint(v->cr);
    cairo_restore(v->cr);
}

struct colour blend(struct colour a, struct colour b, double w)
{
    return (struct colour){mix(a.r, b.r, w), mix(a.g, b.g, w),
                           mix(a.b, b.b, w)};
}

struct colour scaled(struct colour c, double gain)
{
    return (struct colour){c.r * gain, c.g * gain, c.b * gain};
}

struct colour times(struct colour a, struct colour b)
{
    return (struct colour){a.r * b.r, a.g * b.g, a.b * b.b};
}

void set_rgba(cairo_t *cr, struct colour c, double alpha)
{
    cairo_set_source_rgba(cr, c.r, c.g, c.b, alpha);
}

void fill_dot(cairo_t *cr, double x, double y, double radius)
{
    cairo_new_sub_path(cr);
    cairo_arc(cr, x, y, radius, 0, 6.2831853);
    cairo_fill(cr);
}

void draw_blade(cairo_t *cr, struct point root, struct point bend,
                struct point tip, double width)
{
    const struct point a = {root.x + (bend.x - root.x) * 2 / 3,
                            root.y + (bend.y - root.y) * 2 / 3};
    const struct point b = {tip.x + (bend.x - tip.x) * 2 / 3,
                            tip.y + (bend.y - tip.y) * 2 / 3};

    cairo_move_to(cr, root.x - width / 2, root.y);
    cairo_curve_to(cr, a.x - width * 0.4, a.y, b.x - width * 0.2, b.y, tip.x,
                   tip.y);
    cairo_curve_to(cr, b.x + width * 0.2, b.y, a.x + width * 0.4, a.y,
                   root.x + width / 2, root.y);
    cairo_fill(cr);
}

static struct rgba mist_at(const struct land_view *v, const void *user, float x,
                           float y)
{
    const struct land_mist *m = user;
    const float scale = (float)m->scale, drift = (float)m->drift;
    const float n = noise_fbm(&v->noise, x * scale + drift,
                              y * scale * 2 + 0.3f * drift, 4);
    const double middle = (m->top + m->bottom) / 2;
    const double reach = (m->bottom - m->top) / 2;
    const double d = fabs((double)y - middle) / reach;
    const double fade = d < 1 ? (1 - d * d) * (1 - d * d) : 0;

    return opaque(m->colour,
                  m->alpha * fade * clamp(0.2 + 1.6 * (double)n, 0, 1.3));
}

void land_mist(struct land_view *v, const struct land_mist *m)
{
    if (m->alpha > 0.004)
        land_shade(v, v->cr, true, m->top, m->bottom, mist_at, m);
}
