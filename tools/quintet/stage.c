/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The concert stage: the empty hall, drawn once, and five players in it. */
#include "stage.h"

#include <stdlib.h>

struct quintet_stage {
    cairo_surface_t *hall, *picture;
    cairo_t *cr;
    double scale;
};

/* In the order of enum quintet_player. */
static const struct figure figures[QUINTET_PLAYERS] = {
    {64,
     245,
     1.02,
     HELD_AT_CHIN,
     27,
     17,
     19,
     {0.80, 0.38, 0.12},
     {0.80, 0.10, 0.16},
     {0.98, 0.80, 0.66},
     {0.24, 0.12, 0.06},
     HAIR_BUN,
     1},
    {35,
     180,
     0.95,
     HELD_AT_CHIN,
     27,
     17,
     19,
     {0.68, 0.28, 0.08},
     {0.10, 0.52, 0.56},
     {0.80, 0.58, 0.42},
     {0.08, 0.06, 0.06},
     HAIR_SHORT,
     0},
    {114,
     176,
     0.95,
     HELD_AT_CHIN,
     33,
     21,
     22,
     {0.72, 0.42, 0.16},
     {0.86, 0.62, 0.16},
     {0.62, 0.42, 0.30},
     {0.10, 0.06, 0.05},
     HAIR_BOB,
     1},
    {160,
     247,
     1.08,
     BETWEEN_KNEES,
     54,
     36,
     36,
     {0.76, 0.32, 0.10},
     {0.30, 0.56, 0.24},
     {0.97, 0.78, 0.62},
     {0.78, 0.48, 0.18},
     HAIR_LONG,
     1},
    {216,
     202,
     1.05,
     UPRIGHT,
     78,
     48,
     46,
     {0.60, 0.26, 0.08},
     {0.36, 0.40, 0.78},
     {0.94, 0.74, 0.58},
     {0.80, 0.78, 0.74},
     HAIR_BALD,
     0},
};

/* Back row first. */
static const int order[QUINTET_PLAYERS] = {QUINTET_VIOLIN2, QUINTET_VIOLA,
                                           QUINTET_BASS, QUINTET_VIOLIN1,
                                           QUINTET_CELLO};

/* Seed of the folds: one hall for all pieces. */
static const uint64_t HALL = 1;

static void draw_wall(cairo_t *cr)
{
    cairo_pattern_t *glow =
        cairo_pattern_create_radial(128, 84, 8, 128, 100, 190);

    cairo_pattern_add_color_stop_rgb(glow, 0.0, 0.54, 0.25, 0.13);
    cairo_pattern_add_color_stop_rgb(glow, 0.5, 0.32, 0.10, 0.09);
    cairo_pattern_add_color_stop_rgb(glow, 1.0, 0.10, 0.03, 0.06);
    cairo_set_source(cr, glow);
    cairo_paint(cr);
    cairo_pattern_destroy(glow);

    /* Folds of the curtain. */
    for (int i = 0; i < 17; i++) {
        const uint64_t r = render_random(HALL, QUINTET_STREAM_STAGE, i);
        const double x = i * 16.0 - 6 + (double)(r % 7);
        cairo_pattern_t *fold = cairo_pattern_create_linear(x, 0, x + 14, 0);
        cairo_pattern_add_color_stop_rgba(fold, 0.0, 0.0, 0.0, 0.0, 0.0);
        cairo_pattern_add_color_stop_rgba(fold, 0.45, 0.0, 0.0, 0.02, 0.34);
        cairo_pattern_add_color_stop_rgba(fold, 0.6, 1.0, 0.55, 0.3, 0.09);
        cairo_pattern_add_color_stop_rgba(fold, 1.0, 1.0, 0.5, 0.3, 0.0);
        cairo_set_source(cr, fold);
        cairo_rectangle(cr, x, 0, 14, 176);
        cairo_fill(cr);
        cairo_pattern_destroy(fold);
    }
}

/* A scalloped valance with a golden hem. */
static void draw_valance(cairo_t *cr)
{
    cairo_move_to(cr, -2, -2);
    cairo_line_to(cr, -2, 12);
    for (int i = 0; i < 5; i++)
        cairo_curve_to(cr, i * 52 + 10, 27, i * 52 + 40, 27, i * 52 + 50, 12);
    cairo_line_to(cr, 262, -2);
    cairo_close_path(cr);
    set_colour(cr, (struct colour){0.72, 0.48, 0.16});
    cairo_set_line_width(cr, 2.4);
    cairo_stroke_preserve(cr);
    fill_gradient(cr, (struct point){0, 0}, (struct point){0, 25},
                  (struct colour){0.16, 0.02, 0.04},
                  (struct colour){0.50, 0.08, 0.10});
}

static void draw_floor(cairo_t *cr)
{
    cairo_rectangle(cr, 0, 172, 256, 84);
    fill_gradient(cr, (struct point){0, 172}, (struct point){0, 256},
                  (struct colour){0.30, 0.14, 0.07},
                  (struct colour){0.62, 0.36, 0.17});
    for (int i = -9; i <= 9; i++)
        draw_line(cr, (struct point){128 + i * 20, 172},
                  (struct point){128 + i * 38, 258}, 0.8,
                  (struct colour){0.27, 0.13, 0.07});

    /* The riser of the back row. */
    cairo_rectangle(cr, 0, 168, 256, 20);
    fill_gradient(cr, (struct point){0, 168}, (struct point){0, 190},
                  (struct colour){0.52, 0.29, 0.14},
                  (struct colour){0.40, 0.20, 0.10});
    cairo_rectangle(cr, 0, 188, 256, 13);
    fill_gradient(cr, (struct point){0, 188}, (struct point){0, 204},
                  (struct colour){0.20, 0.09, 0.05},
                  (struct colour){0.30, 0.14, 0.07});
    draw_line(cr, (struct point){0, 188}, (struct point){256, 188}, 1.2,
              (struct colour){0.74, 0.46, 0.22});
}

/* The empty hall. */
static void draw_hall(cairo_t *cr)
{
    const struct colour shadow = {0.04, 0.01, 0.01};

    draw_wall(cr);
    draw_floor(cr);
    draw_valance(cr);
    for (int p = 0; p < QUINTET_PLAYERS; p++)
        draw_glow(cr, figures[p].x, figures[p].y, 34, 8, shadow, 0.6);
}

/* A spot of light on one player, as bright as the player is loud. */
static void draw_spot(cairo_t *cr, const struct figure *f, double level)
{
    const struct colour warm = {1.0, 0.74, 0.40};
    const double chest = f->y - 92 * f->scale;

    draw_glow(cr, f->x + 2, chest, 46, 64, warm, 0.05 + 0.30 * level);
    draw_glow(cr, f->x, f->y, 38, 10, warm, 0.30 * level);
}

struct quintet_stage *quintet_stage_new(int size)
{
    struct quintet_stage *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->scale = size / 256.0;
    s->hall = cairo_image_surface_create(CAIRO_FORMAT_RGB24, size, size);
    s->picture = cairo_image_surface_create(CAIRO_FORMAT_RGB24, size, size);
    cairo_t *hall = cairo_create(s->hall);
    cairo_scale(hall, s->scale, s->scale);
    draw_hall(hall);
    const cairo_status_t status = cairo_status(hall);
    cairo_destroy(hall);
    s->cr = cairo_create(s->picture);
    if (status || cairo_status(s->cr))
        quintet_stage_free(&s);
    return s;
}

void quintet_stage_free(struct quintet_stage **stage)
{
    struct quintet_stage *s = *stage;

    if (!s)
        return;
    cairo_destroy(s->cr);
    cairo_surface_destroy(s->picture);
    cairo_surface_destroy(s->hall);
    free(s);
    *stage = NULL;
}

const uint8_t *quintet_stage_draw(struct quintet_stage *stage,
                                  const struct quintet_pose *poses, int *stride)
{
    cairo_t *cr = stage->cr;

    cairo_identity_matrix(cr);
    cairo_set_source_surface(cr, stage->hall, 0, 0);
    cairo_paint(cr);
    cairo_scale(cr, stage->scale, stage->scale);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    for (int i = 0; i < QUINTET_PLAYERS; i++)
        draw_spot(cr, &figures[order[i]], poses[order[i]].level);
    for (int i = 0; i < QUINTET_PLAYERS; i++)
        draw_player(cr, &figures[order[i]], &poses[order[i]]);
    cairo_surface_flush(stage->picture);
    if (cairo_status(cr))
        return NULL;
    *stride = cairo_image_surface_get_stride(stage->picture);
    return cairo_image_surface_get_data(stage->picture);
}
