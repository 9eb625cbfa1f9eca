/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The picture: wall and table, drawn once; on them the objects, the mallets and
 * their shadows, through a camera that may move, in light that may change. */
#include "impacts.h"

#include <math.h>
#include <stdlib.h>

enum { MARGIN = 24 }; /* of the backdrop, around what a camera at rest sees */

static const double pi = 3.14159265358979323846;

struct impacts_picture {
    const struct impacts_scene *scene;
    cairo_surface_t *backdrop, *surface;
    cairo_t *cr;
    double scale;
};

/* ------------------------------------------------------------ backdrop -- */

static struct colour times(struct colour c, double light)
{
    return (struct colour){fmin(c.r * light, 1), fmin(c.g * light, 1),
                           fmin(c.b * light, 1)};
}

static void draw_shelf(cairo_t *cr, struct impacts_dice *d, double horizon,
                       struct colour wall)
{
    const struct colour board = times(wall, 0.55);

    for (double y = horizon - 46; y > -MARGIN; y -= 52) {
        for (double x = -MARGIN; x < 256 + MARGIN;) {
            const double w = impacts_roll(d, 5, 13),
                         h = impacts_roll(d, 22, 40);
            const struct colour book = {impacts_roll(d, 0.2, 0.75),
                                        impacts_roll(d, 0.2, 0.7),
                                        impacts_roll(d, 0.2, 0.7)};
            cairo_rectangle(cr, x, y - h, w - 0.8, h);
            fill_gradient(cr, (struct point){x, 0}, (struct point){x + w, 0},
                          book, times(book, 0.65));
            x += impacts_pick(d, 7) ? w : w + 14;
        }
        cairo_rectangle(cr, -MARGIN, y, 256 + 2 * MARGIN, 4);
        set_colour(cr, board);
        cairo_fill(cr);
    }
}

static void draw_window(cairo_t *cr, struct impacts_dice *d)
{
    const double x = impacts_roll(d, 20, 130), w = impacts_roll(d, 60, 100);
    const double h = impacts_roll(d, 70, 100);
    const struct colour frame = {0.92, 0.90, 0.86};

    cairo_rectangle(cr, x, 14, w, h);
    fill_gradient(cr, (struct point){0, 14}, (struct point){0, 14 + h},
                  (struct colour){0.62, 0.80, 0.97},
                  (struct colour){0.90, 0.95, 0.98});
    cairo_rectangle(cr, x, 14 + 0.75 * h, w, 0.25 * h);
    fill_gradient(cr, (struct point){0, 14 + 0.75 * h},
                  (struct point){0, 14 + h}, (struct colour){0.42, 0.62, 0.34},
                  (struct colour){0.28, 0.46, 0.24});
    cairo_rectangle(cr, x, 14, w, h);
    set_colour(cr, frame);
    cairo_set_line_width(cr, 5);
    cairo_stroke(cr);
    draw_line(cr, (struct point){x + w / 2, 14},
              (struct point){x + w / 2, 14 + h}, 3, frame);
    draw_line(cr, (struct point){x, 14 + h / 2},
              (struct point){x + w, 14 + h / 2}, 3, frame);
}

static void draw_wall(cairo_t *cr, const struct impacts_look *l,
                      struct impacts_dice *d)
{
    const double side = l->from < 0 ? 0 : 256;
    const struct colour line = times(l->wall_colour, 0.8);

    fill_gradient(cr, (struct point){side, 0}, (struct point){256 - side, 200},
                  l->wall_colour, l->wall_colour);
    cairo_rectangle(cr, -MARGIN, -MARGIN, 256 + 2 * MARGIN,
                    l->horizon + MARGIN + 1);
    fill_gradient(cr, (struct point){side, 0}, (struct point){256 - side, 200},
                  times(l->wall_colour, 1.15), times(l->wall_colour, 0.6));
    const double step = impacts_roll(d, 14, 34);
    if (l->wall == IMPACTS_WALL_STRIPES)
        for (double x = -MARGIN; x < 256 + MARGIN; x += step)
            draw_line(cr, (struct point){x, -MARGIN},
                      (struct point){x, l->horizon}, step * 0.35, line);
    if (l->wall == IMPACTS_WALL_TILES)
        for (double x = -MARGIN; x < 256 + MARGIN; x += step) {
            draw_line(cr, (struct point){x, -MARGIN},
                      (struct point){x, l->horizon}, 1.2, line);
            draw_line(cr, (struct point){-MARGIN, x},
                      (struct point){256 + MARGIN, x}, 1.2, line);
        }
    if (l->wall == IMPACTS_WALL_SHELF)
        draw_shelf(cr, d, l->horizon, l->wall_colour);
    if (l->wall == IMPACTS_WALL_WINDOW)
        draw_window(cr, d);
}

static void draw_table(cairo_t *cr, const struct impacts_look *l,
                       struct impacts_dice *d)
{
    const double y = l->horizon, deep = 256 + MARGIN - y;
    const struct colour wood = {0.62, 0.40, 0.22}, steel = {0.60, 0.62, 0.66};
    const struct colour c = l->table == IMPACTS_TABLE_PLANKS  ? wood
                            : l->table == IMPACTS_TABLE_STEEL ? steel
                                                              : l->table_colour;

    cairo_rectangle(cr, -MARGIN, y, 256 + 2 * MARGIN, deep);
    fill_gradient(cr, (struct point){0, y}, (struct point){0, 256},
                  times(c, 0.72), times(c, 1.12));
    if (l->table == IMPACTS_TABLE_PLANKS)
        for (int i = -8; i <= 8; i++)
            draw_line(cr, (struct point){128 + i * 24, y},
                      (struct point){128 + i * 44, 256 + MARGIN}, 1,
                      times(c, 0.55));
    if (l->table == IMPACTS_TABLE_CLOTH)
        for (int i = 0; i < 60; i++) {
            const double x = impacts_roll(d, -MARGIN, 256 + MARGIN);
            const double at = impacts_roll(d, y, 256 + MARGIN);
            draw_line(cr, (struct point){x, at}, (struct point){x + 5, at}, 0.7,
                      times(c, impacts_roll(d, 0.75, 1.2)));
        }
    if (l->table == IMPACTS_TABLE_STEEL)
        draw_glow(cr, 128 + 90 * l->from, y + 45, 110, 22,
                  (struct colour){1, 1, 1}, 0.35);
    draw_line(cr, (struct point){-MARGIN, y}, (struct point){256 + MARGIN, y},
              1.4, times(c, 0.5));
}

static void draw_backdrop(cairo_t *cr, const struct impacts_scene *s)
{
    const struct impacts_look *l = &s->look;
    struct impacts_dice d = {.seed = s->seed, .stream = IMPACTS_STREAM_TEXTURE};

    draw_wall(cr, l, &d);
    draw_table(cr, l, &d);
    for (int i = 0; i < s->object_count; i++) {
        const struct impacts_object *o = &s->objects[i];
        draw_glow(cr, o->x - 8 * l->from, o->base + 2, o->width * 0.72,
                  o->width * 0.20, (struct colour){0, 0, 0}, 0.75);
    }
}

/* -------------------------------------------------------------- mallet -- */

/* Forearm, hand, shaft and head. */
static void draw_mallet(cairo_t *cr, const struct impacts_mallet *m,
                        const struct impacts_pose *p, double from)
{
    const struct point way = {(p->head.x - p->hand.x) / m->shaft,
                              (p->head.y - p->hand.y) / m->shaft};
    const struct point elbow = {p->hand.x + m->side * 300, p->hand.y - 40};
    const struct point grip = along(p->hand, way, -9);

    draw_line(cr, p->hand, elbow, 15, times(m->skin, 0.85));
    draw_line(cr,
              (struct point){mix(p->hand.x, elbow.x, 0.07),
                             mix(p->hand.y, elbow.y, 0.07)},
              elbow, 21, m->sleeve);
    draw_line(cr, grip, p->head, 2.6, times(m->stick, 0.6));
    draw_line(cr, grip, p->head, 1.6, m->stick);
    cairo_arc(cr, p->hand.x, p->hand.y, 8, 0, 2 * pi);
    set_colour(cr, m->skin);
    cairo_fill(cr);
    for (int i = -1; i <= 1; i++) { /* fingers around the shaft */
        const struct point f = along(p->hand, way, 3.5 * i);
        draw_line(cr, (struct point){f.x - 2, f.y - 3},
                  (struct point){f.x + 1, f.y + 4}, 3,
                  times(m->skin, i ? 0.92 : 0.98));
    }

    cairo_pattern_t *ball = cairo_pattern_create_radial(
        p->head.x + 0.35 * from * m->radius, p->head.y - 0.4 * m->radius,
        0.1 * m->radius, p->head.x, p->head.y, m->radius);
    const struct colour bright = times(m->head, 1.5), dark = times(m->head, .5);
    cairo_pattern_add_color_stop_rgb(ball, 0, fmin(bright.r + 0.2, 1),
                                     fmin(bright.g + 0.2, 1),
                                     fmin(bright.b + 0.2, 1));
    cairo_pattern_add_color_stop_rgb(ball, 0.5, m->head.r, m->head.g,
                                     m->head.b);
    cairo_pattern_add_color_stop_rgb(ball, 1, dark.r, dark.g, dark.b);
    cairo_set_source(cr, ball);
    cairo_arc(cr, p->head.x, p->head.y, m->radius, 0, 2 * pi);
    cairo_fill(cr);
    cairo_pattern_destroy(ball);
}

/* Whether x is over the object, and how high its surface is there. */
static bool over(const struct impacts_object *o, double x, double *y)
{
    const bool curved = o->shape == IMPACTS_BELL || o->shape == IMPACTS_BOULDER;
    const double reach = o->shape == IMPACTS_BOULDER ? 0.32 : 0.21;
    const double at = (x - o->x) / ((curved ? reach : 0.4) * o->width);
    struct point normal;

    *y = impacts_surface(o, at, &normal).y;
    return fabs(at) <= 1.2;
}

/* The higher above what lies below it, the wider and the fainter. */
static void draw_shadow(cairo_t *cr, const struct impacts_scene *s,
                        const struct impacts_mallet *m, struct point head)
{
    double ground = 212, y;

    for (int i = 0; i < s->object_count; i++)
        if (over(&s->objects[i], head.x, &y) && y > head.y)
            ground = fmin(ground, y);
    const double height = fmax(ground - head.y - m->radius, 0);
    const double wide = m->radius * (1.1 + height / 70);
    draw_glow(cr, head.x, ground, wide, 0.3 * wide, (struct colour){0, 0, 0},
              0.75 / (1 + height / 22));
}

/* Averages over the time that the shutter is open, where that can be seen. */
static void draw_moving(cairo_t *cr, const struct impacts_scene *s, int mallet,
                        double time, double open)
{
    const struct impacts_mallet *m = &s->mallets[mallet];
    const struct impacts_pose a = impacts_pose_at(s, mallet, time);
    const struct impacts_pose b = impacts_pose_at(s, mallet, time + open);
    const struct impacts_pose h = impacts_pose_at(s, mallet, time + open / 2);
    const double way = hypot(h.head.x - a.head.x, h.head.y - a.head.y) +
                       hypot(b.head.x - h.head.x, b.head.y - h.head.y);
    const int parts = (int)fmin(1 + way / 2.5, 10);

    draw_shadow(cr, s, m, a.head);
    if (parts == 1) {
        draw_mallet(cr, m, &a, s->look.from);
        return;
    }
    cairo_push_group(cr);
    cairo_set_operator(cr, CAIRO_OPERATOR_ADD);
    for (int i = 0; i < parts; i++) {
        const struct impacts_pose p =
            impacts_pose_at(s, mallet, time + open * i / (parts - 1));
        cairo_push_group(cr);
        cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
        draw_mallet(cr, m, &p, s->look.from);
        cairo_pop_group_to_source(cr);
        cairo_paint_with_alpha(cr, 1.0 / parts);
    }
    cairo_pop_group_to_source(cr);
    cairo_paint(cr);
}

/* --------------------------------------------------------------- light -- */

static void wander_shadow(cairo_t *cr, const struct impacts_look *l,
                          double time)
{
    if (l->shadow > 0)
        draw_glow(cr, 128 + 130 * sin(0.45 * time + l->phase[3]),
                  70 + 20 * sin(0.8 * time + l->phase[2]), 70, 90,
                  (struct colour){0, 0, 0}, l->shadow);
}

static void expose(cairo_t *cr, const struct impacts_look *l, double time)
{
    const double light =
        l->light * (1 + l->flicker * sin(7 * time + l->phase[0]));
    const double warm = 0.10 * l->warmth;

    cairo_set_operator(cr, CAIRO_OPERATOR_MULTIPLY);
    cairo_set_source_rgb(cr, fmin(light * (1 + warm), 1), fmin(light, 1),
                         fmin(light * (1 - warm), 1));
    cairo_paint(cr);
    cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
    cairo_pattern_t *p =
        cairo_pattern_create_radial(128, 120, 100, 128, 128, 200);
    cairo_pattern_add_color_stop_rgba(p, 0, 0, 0, 0, 0);
    cairo_pattern_add_color_stop_rgba(p, 1, 0, 0, 0, 0.5);
    cairo_set_source(cr, p);
    cairo_paint(cr);
    cairo_pattern_destroy(p);
}

/* ------------------------------------------------------------- picture -- */

struct impacts_picture *impacts_picture_new(const struct impacts_scene *scene,
                                            int size)
{
    struct impacts_picture *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->scene = scene;
    p->scale = size / 256.0;
    const int wide = (int)ceil((256 + 2 * MARGIN) * p->scale);
    p->backdrop = cairo_image_surface_create(CAIRO_FORMAT_RGB24, wide, wide);
    p->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, size, size);
    cairo_t *cr = cairo_create(p->backdrop);
    cairo_scale(cr, p->scale, p->scale);
    cairo_translate(cr, MARGIN, MARGIN);
    draw_backdrop(cr, scene);
    const cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    p->cr = cairo_create(p->surface);
    if (status || cairo_status(p->cr))
        impacts_picture_free(&p);
    return p;
}

void impacts_picture_free(struct impacts_picture **picture)
{
    struct impacts_picture *p = *picture;

    if (!p)
        return;
    cairo_destroy(p->cr);
    cairo_surface_destroy(p->surface);
    cairo_surface_destroy(p->backdrop);
    free(p);
    *picture = NULL;
}

static void paint_backdrop(struct impacts_picture *p)
{
    cairo_save(p->cr);
    cairo_translate(p->cr, -MARGIN, -MARGIN);
    cairo_scale(p->cr, 1 / p->scale, 1 / p->scale);
    cairo_set_source_surface(p->cr, p->backdrop, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(p->cr), CAIRO_FILTER_BILINEAR);
    cairo_pattern_set_extend(cairo_get_source(p->cr), CAIRO_EXTEND_PAD);
    cairo_paint(p->cr);
    cairo_restore(p->cr);
}

const uint8_t *impacts_picture_draw(struct impacts_picture *p, double time,
                                    double lasts, int *stride)
{
    const struct impacts_scene *s = p->scene;
    cairo_t *cr = p->cr;
    cairo_matrix_t camera;

    cairo_identity_matrix(cr);
    cairo_scale(cr, p->scale, p->scale);
    impacts_camera(s, time, &camera);
    cairo_save(cr);
    cairo_transform(cr, &camera);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    paint_backdrop(p);
    wander_shadow(cr, &s->look, time);
    for (int i = 0; i < s->object_count; i++) {
        const struct impacts_reaction r = impacts_react(s, i, time);
        const struct impacts_dice d = {.seed = s->seed,
                                       .stream = IMPACTS_STREAM_TEXTURE,
                                       .counter = 10000 + 1000 * (uint64_t)i};
        impacts_object_draw(cr, &s->objects[i], &r, s->look.from, d);
    }
    for (int i = 0; i < s->mallet_count; i++)
        draw_moving(cr, s, i, time, lasts * s->look.shutter);
    cairo_restore(cr);
    expose(cr, &s->look, time);
    cairo_surface_flush(p->surface);
    if (cairo_status(cr))
        return NULL;
    *stride = cairo_image_surface_get_stride(p->surface);
    return cairo_image_surface_get_data(p->surface);
}
