/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places: walls, tables, floors, streets, water, their textures; and what moves
 * in the background. */
#include "film.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

enum { LEFT = 128 - FILM_EXTENT, RIGHT = 128 + FILM_EXTENT };

enum wall {
    WALL_PLAIN,
    WALL_STRIPES,
    WALL_TILES,
    WALL_BRICKS,
    WALL_PLANKS,
    WALL_DOTS,
    WALL_SHELF,
    WALL_WINDOW,
    WALL_LIGHTS, /* out of focus */
    WALL_PICTURES,
    WALLS,
    WALL_SKY = WALLS, /* outdoors */
};

enum ground {
    GROUND_PLAIN,
    GROUND_PLANKS,
    GROUND_TILES,
    GROUND_CHECKS,
    GROUND_GRASS,
    GROUND_ROAD,
    GROUND_SAND,
    GROUNDS,
};

/* What moves behind. */
enum moving { MOVING_NOTHING, MOVING_SCREEN, MOVING_BLINDS, MOVING_TREES };

void film_place_compose(struct film_place *p, enum film_place_kind kind,
                        uint64_t seed, int stream)
{
    struct impacts_dice d = {.seed = seed, .stream = stream};
    const bool outdoors =
        kind == FILM_AT_WATER || (kind == FILM_ON_FLOOR && impacts_pick(&d, 2));

    *p = (struct film_place){.kind = kind, .seed = seed, .stream = stream};
    p->wall = outdoors ? WALL_SKY : impacts_pick(&d, WALLS);
    p->ground = outdoors ? GROUND_GRASS + impacts_pick(&d, 3)
                         : impacts_pick(&d, GROUND_GRASS);
    p->wall_colour = film_pick_colour(&d);
    p->ground_colour = film_pick_colour(&d);
    p->horizon = kind == FILM_AT_TABLE  ? impacts_roll(&d, 150, 180)
                 : kind == FILM_BY_WALL ? FILM_GROUND + 7
                 : kind == FILM_AT_WALL ? 128 + FILM_EXTENT
                                        : impacts_roll(&d, 120, 185);
    p->grain = impacts_roll(&d, 0.05, 0.6);
    p->wall_grain = impacts_roll(&d, 0, 0.45);
    p->from = impacts_roll(&d, -1, 1);
    const int moving = impacts_pick(&d, 9);
    p->moving = outdoors      ? (moving < 5 ? MOVING_TREES : MOVING_NOTHING)
                : moving == 0 ? MOVING_SCREEN
                : moving == 1 ? MOVING_BLINDS
                              : MOVING_NOTHING;
}

/* ------------------------------------------------------------- textures -- */

/* Multiplies by noise of several octaves; `stretch` makes it a grain. */
static void paint_grain(cairo_t *cr, const struct film_place *p, double y,
                        double height, double strength, double stretch)
{
    enum { SIDE = 128 };
    cairo_surface_t *s =
        cairo_image_surface_create(CAIRO_FORMAT_A8, SIDE, SIDE);
    uint8_t *pixels = cairo_image_surface_get_data(s);
    const int stride = cairo_image_surface_get_stride(s);

    if (!pixels) {
        cairo_surface_destroy(s);
        return;
    }
    for (int i = 0; i < SIDE; i++)
        for (int k = 0; k < SIDE; k++) {
            double v = 0;
            for (int o = 0; o < 4; o++)
                v += render_uniform(p->seed, p->stream,
                                    50000 + (uint64_t)((i >> o) * SIDE +
                                                       (k >> o) + o * 70000)) *
                     (0.5 + 0.2 * o);
            pixels[i * stride + k] = (uint8_t)(255 * strength * v / 3.2);
        }
    cairo_surface_mark_dirty(s);
    cairo_save(cr);
    cairo_rectangle(cr, LEFT, y, RIGHT - LEFT, height);
    cairo_clip(cr);
    cairo_pattern_t *pattern = cairo_pattern_create_for_surface(s);
    cairo_pattern_set_extend(pattern, CAIRO_EXTEND_REFLECT);
    cairo_matrix_t m;
    cairo_matrix_init_scale(&m, 1 / stretch, 1.4);
    cairo_pattern_set_matrix(pattern, &m);
    cairo_set_source_rgb(cr, 0.04, 0.03, 0.02);
    cairo_mask(cr, pattern);
    cairo_pattern_destroy(pattern);
    cairo_restore(cr);
    cairo_surface_destroy(s);
}

/* ---------------------------------------------------------------- walls -- */

static void lines(cairo_t *cr, double step, double to, bool down, bool across,
                  double width, struct colour c)
{
    for (double x = LEFT; x < RIGHT; x += step) {
        if (down)
            draw_line(cr, (struct point){x, LEFT}, (struct point){x, to}, width,
                      c);
        if (across && x < to)
            draw_line(cr, (struct point){LEFT, x}, (struct point){RIGHT, x},
                      width, c);
    }
}

static void draw_bricks(cairo_t *cr, const struct film_place *p,
                        struct impacts_dice *d, double to)
{
    for (int row = 0; LEFT + 13 * row < to; row++)
        for (double x = LEFT - (row % 2 ? 15 : 0); x < RIGHT; x += 30) {
            cairo_rectangle(cr, x + 0.8, LEFT + 13 * row + 0.8, 28.4, 11.4);
            set_colour(cr,
                       film_shade(p->wall_colour, impacts_roll(d, 0.75, 1.15)));
            cairo_fill(cr);
        }
}

static void draw_shelf(cairo_t *cr, const struct film_place *p,
                       struct impacts_dice *d, double to)
{
    for (double y = to - 40; y > LEFT; y -= 56) {
        for (double x = LEFT; x < RIGHT; x += 3) {
            const double w = impacts_roll(d, 6, 15),
                         h = impacts_roll(d, 20, 44);
            cairo_rectangle(cr, x, y - h, w, h);
            set_colour(cr, film_pick_colour(d));
            cairo_fill(cr);
            x += impacts_pick(d, 6) ? w - 2 : w + 16;
        }
        cairo_rectangle(cr, LEFT, y, RIGHT - LEFT, 5);
        set_colour(cr, film_shade(p->wall_colour, 0.5));
        cairo_fill(cr);
    }
}

static void draw_window(cairo_t *cr, struct impacts_dice *d)
{
    const struct colour frame = {0.92, 0.90, 0.86};

    for (double x = LEFT + 20; x < RIGHT; x += 150) {
        const double w = impacts_roll(d, 80, 110), h = impacts_roll(d, 90, 120);
        cairo_rectangle(cr, x, 6, w, h);
        fill_gradient(cr, (struct point){0, 6}, (struct point){0, 6 + h},
                      (struct colour){0.62, 0.80, 0.97},
                      (struct colour){0.85, 0.92, 0.85});
        cairo_rectangle(cr, x, 6, w, h);
        set_colour(cr, frame);
        cairo_set_line_width(cr, 5);
        cairo_stroke(cr);
        draw_line(cr, (struct point){x + w / 2, 6},
                  (struct point){x + w / 2, 6 + h}, 3, frame);
    }
}

static void draw_spots(cairo_t *cr, struct impacts_dice *d, bool lights)
{
    for (int i = 0; i < (lights ? 70 : 0); i++) {
        const struct colour c = film_pick_colour(d);
        draw_glow(cr, impacts_roll(d, LEFT, RIGHT), impacts_roll(d, LEFT, 200),
                  impacts_roll(d, 8, 34), impacts_roll(d, 8, 34),
                  film_shade(c, 1.6), impacts_roll(d, 0.2, 0.8));
    }
    for (int i = 0; i < (lights ? 0 : 14); i++) {
        const double x = impacts_roll(d, LEFT, RIGHT),
                     w = impacts_roll(d, 30, 60);
        const double y = impacts_roll(d, -90, 110), h = impacts_roll(d, 25, 50);
        cairo_rectangle(cr, x - 3, y - 3, w + 6, h + 6);
        set_colour(cr, film_shade(film_pick_colour(d), 0.5));
        cairo_fill(cr);
        cairo_rectangle(cr, x, y, w, h);
        fill_gradient(cr, (struct point){x, y}, (struct point){x + w, y + h},
                      film_pick_colour(d), film_pick_colour(d));
    }
}

static void draw_sky(cairo_t *cr, const struct film_place *p,
                     struct impacts_dice *d)
{
    const double grey = impacts_roll(d, 0, 1);

    cairo_rectangle(cr, LEFT, LEFT, RIGHT - LEFT, p->horizon - LEFT);
    fill_gradient(cr, (struct point){0, p->horizon - 260},
                  (struct point){0, p->horizon},
                  (struct colour){mix(0.30, 0.6, grey), mix(0.55, 0.63, grey),
                                  mix(0.90, 0.68, grey)},
                  (struct colour){0.82, 0.86, 0.90});
    for (int i = 0; i < 14; i++)
        draw_glow(cr, impacts_roll(d, LEFT, RIGHT), impacts_roll(d, -150, 110),
                  impacts_roll(d, 30, 80), impacts_roll(d, 8, 22),
                  (struct colour){1, 1, 1}, 0.6);
    for (int i = 0; i < 26; i++) { /* houses and hedges */
        const bool house = impacts_pick(d, 2);
        const double x = impacts_roll(d, LEFT, RIGHT),
                     w = impacts_roll(d, 20, 70);
        const double h = impacts_roll(d, 8, house ? 60 : 22);
        const struct colour green = {0.22, 0.38, 0.18};
        cairo_rectangle(cr, x, p->horizon - h, w, h + 1);
        set_colour(cr, house ? film_pick_colour(d)
                             : film_shade(green, impacts_roll(d, 0.6, 1.3)));
        cairo_fill(cr);
    }
}

static void draw_wall(cairo_t *cr, const struct film_place *p,
                      struct impacts_dice *d)
{
    const double to = p->horizon;
    const struct colour c = p->wall_colour, line = film_shade(c, 0.75);
    const double step = impacts_roll(d, 16, 40);

    if (p->wall == WALL_SKY) {
        draw_sky(cr, p, d);
        return;
    }
    cairo_rectangle(cr, LEFT, LEFT, RIGHT - LEFT, to - LEFT);
    fill_gradient(cr, (struct point){128 - 250 * p->from, -100},
                  (struct point){128 + 250 * p->from, 300}, film_shade(c, 1.15),
                  film_shade(c, 0.6));
    switch ((enum wall)p->wall) {
    case WALL_STRIPES:
        lines(cr, step, to, true, false, 0.4 * step, line);
        break;
    case WALL_TILES: lines(cr, step, to, true, true, 1.4, line); break;
    case WALL_BRICKS: draw_bricks(cr, p, d, to); break;
    case WALL_PLANKS: lines(cr, step, to, true, false, 1.6, line); break;
    case WALL_DOTS:
        for (double y = LEFT; y < to; y += step)
            for (double x = LEFT; x < RIGHT; x += step) {
                film_ellipse(cr, x, y, 0.18 * step, 0.18 * step);
                set_colour(cr, line);
                cairo_fill(cr);
            }
        break;
    case WALL_SHELF: draw_shelf(cr, p, d, fmin(to, 300)); break;
    case WALL_WINDOW: draw_window(cr, d); break;
    case WALL_LIGHTS: draw_spots(cr, d, true); break;
    case WALL_PICTURES: draw_spots(cr, d, false); break;
    default: break;
    }
    paint_grain(cr, p, LEFT, to - LEFT, p->wall_grain,
                p->wall == WALL_PLANKS ? 0.3 : 2.5);
}

/* -------------------------------------------------------------- grounds -- */

/* Lines that meet at the horizon, and lines across, nearer to it ever denser.
 */
static void perspective(cairo_t *cr, double y, double step, bool across,
                        struct colour c)
{
    for (int i = -40; i <= 40; i++)
        draw_line(cr, (struct point){128 + step * i * 0.35, y},
                  (struct point){128 + step * i * 3.2, y + 260}, 1.1, c);
    for (int i = 1; across && i < 14; i++) {
        const double at = y + 260.0 / i - 18;
        if (at > y)
            draw_line(cr, (struct point){LEFT, at}, (struct point){RIGHT, at},
                      1.1, c);
    }
}

static struct colour ground_colour(const struct film_place *p)
{
    static const struct colour own[] = {[GROUND_GRASS] = {0.28, 0.46, 0.18},
                                        [GROUND_ROAD] = {0.34, 0.34, 0.36},
                                        [GROUND_SAND] = {0.78, 0.67, 0.47}};
    if (p->ground >= GROUND_GRASS)
        return own[p->ground];
    return p->ground == GROUND_PLANKS
               ? film_shade((struct colour){0.62, 0.42, 0.24},
                            0.6 + 0.7 * p->ground_colour.r)
               : p->ground_colour;
}

static void draw_ground(cairo_t *cr, const struct film_place *p,
                        struct impacts_dice *d)
{
    const double y = p->horizon;
    const struct colour c = ground_colour(p), line = film_shade(c, 0.7);

    cairo_rectangle(cr, LEFT, y, RIGHT - LEFT, RIGHT - y);
    fill_gradient(cr, (struct point){0, y}, (struct point){0, 270},
                  film_shade(c, 0.75), film_shade(c, 1.15));
    if (p->ground >= GROUND_PLANKS && p->ground <= GROUND_CHECKS)
        perspective(cr, y, 24, p->ground != GROUND_PLANKS, line);
    for (int i = 0; p->ground == GROUND_GRASS && i < 900; i++) {
        const double s = impacts_roll(d, 0, 1),
                     x = impacts_roll(d, LEFT, RIGHT);
        const double at = y + 150 * s * s;
        draw_line(cr, (struct point){x, at},
                  (struct point){x + impacts_roll(d, -2, 2), at - 2 - 7 * s},
                  0.6 + s, film_shade(c, impacts_roll(d, 0.6, 1.5)));
    }
    for (int i = 0; p->ground == GROUND_ROAD && i < 9; i++)
        draw_line(cr, (struct point){LEFT + 95.0 * i, y + 14},
                  (struct point){LEFT + 95.0 * i + 46, y + 14}, 2.6,
                  (struct colour){0.85, 0.84, 0.78});
    paint_grain(cr, p, y, RIGHT - y, p->grain,
                p->ground == GROUND_PLANKS ? 5 : 1.5);
    if (p->kind != FILM_AT_TABLE && p->kind != FILM_BY_WALL)
        return;
    draw_line(cr, (struct point){LEFT, y}, (struct point){RIGHT, y}, 1.6,
              film_shade(c, 0.4));
}

static void draw_water(cairo_t *cr, const struct film_place *p)
{
    cairo_rectangle(cr, LEFT, p->horizon, RIGHT - LEFT, RIGHT - p->horizon);
    fill_gradient(cr, (struct point){0, p->horizon}, (struct point){0, 260},
                  (struct colour){0.45, 0.60, 0.70},
                  (struct colour){0.08, 0.24, 0.34});
}

void film_place_draw(cairo_t *cr, const struct film_place *p)
{
    struct impacts_dice d = {
        .seed = p->seed, .stream = p->stream, .counter = 1000};

    draw_wall(cr, p, &d);
    if (p->kind == FILM_AT_WATER)
        draw_water(cr, p);
    else if (p->kind != FILM_AT_WALL)
        draw_ground(cr, p, &d);
}

/* --------------------------------------------------------------- moving -- */

static void draw_waves(cairo_t *cr, const struct film_place *p, double time)
{
    struct impacts_dice d = {
        .seed = p->seed, .stream = p->stream, .counter = 9000};

    for (int i = 0; i < 70; i++) {
        const double s = impacts_roll(&d, 0, 1),
                     x = impacts_roll(&d, LEFT, RIGHT);
        const double w = impacts_roll(&d, 8, 40) * (0.3 + s);
        const double y = p->horizon + 4 + 150 * s * s;
        const double shift = 9 * sin((0.8 + s) * time + i);
        cairo_set_source_rgba(cr, 0.85, 0.93, 1, 0.1 + 0.25 * (1 - s));
        cairo_set_line_width(cr, 0.8 + 1.6 * s);
        cairo_move_to(cr, x + shift - w, y + sin(1.7 * time + i));
        cairo_curve_to(cr, x + shift - w / 3, y - 3 * s, x + shift + w / 3,
                       y - 3 * s, x + shift + w, y);
        cairo_stroke(cr);
    }
}

static void draw_screen(cairo_t *cr, const struct film_place *p, double time)
{
    const double x = p->from < 0 ? -40 : 190, y = 10 + 40 * p->grain;
    struct impacts_dice d = {.seed = p->seed,
                             .stream = p->stream,
                             .counter = 20000 + 16 * (uint64_t)(time / 1.3)};
    const struct colour a = film_pick_colour(&d), b = film_pick_colour(&d);

    cairo_rectangle(cr, x - 4, y - 4, 108, 68);
    set_colour(cr, (struct colour){0.04, 0.04, 0.05});
    cairo_fill(cr);
    cairo_rectangle(cr, x, y, 100, 60);
    fill_gradient(cr, (struct point){x, y}, (struct point){x + 100, y + 60}, a,
                  b);
    film_ellipse(cr, x + 50 + 38 * sin(2.1 * time), y + 34, 12, 18);
    set_colour(cr, film_shade(b, 1.6));
    cairo_fill(cr);
}

static void draw_trees(cairo_t *cr, const struct film_place *p, double time)
{
    struct impacts_dice d = {
        .seed = p->seed, .stream = p->stream, .counter = 30000};

    for (int i = 0; i < 6; i++) {
        const double x = impacts_roll(&d, LEFT, RIGHT);
        const double h = impacts_roll(&d, 40, 90);
        const double sway =
            3 * sin(1.3 * time + i) + 1.5 * sin(3.7 * time + 2 * i);
        draw_line(cr, (struct point){x, p->horizon},
                  (struct point){x + sway / 2, p->horizon - 0.6 * h}, 5,
                  (struct colour){0.28, 0.20, 0.13});
        for (int k = 0; k < 7; k++) {
            const double l = impacts_roll(&d, 0.6, 1.2);
            film_ellipse(cr, x + sway + impacts_roll(&d, -0.3, 0.3) * h,
                         p->horizon - h * impacts_roll(&d, 0.45, 0.9), 0.25 * h,
                         0.2 * h);
            set_colour(cr, film_shade((struct colour){0.22, 0.40, 0.16}, l));
            cairo_fill(cr);
        }
    }
}

/* Stripes of sun that wander over everything. */
static void draw_blinds(cairo_t *cr, const struct film_place *p, double time)
{
    cairo_save(cr);
    cairo_rotate(cr, 0.25 * p->from);
    for (int i = 0; i < 12; i++) {
        cairo_rectangle(cr, LEFT, -120 + 34.0 * i + 14 * sin(0.6 * time), 840,
                        13);
        cairo_set_source_rgba(cr, 1, 0.95, 0.8,
                              0.16 + 0.05 * sin(2 * pi * time));
        cairo_fill(cr);
    }
    cairo_restore(cr);
}

void film_place_draw_moving(cairo_t *cr, const struct film_place *p,
                            double time)
{
    if (p->kind == FILM_AT_WATER)
        draw_waves(cr, p, time);
    switch ((enum moving)p->moving) {
    case MOVING_SCREEN: draw_screen(cr, p, time); break;
    case MOVING_BLINDS: draw_blinds(cr, p, time); break;
    case MOVING_TREES: draw_trees(cr, p, time); break;
    default: break;
    }
}
