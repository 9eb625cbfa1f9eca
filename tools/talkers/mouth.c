/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mouth: its cavity with teeth and tongue, and the lips around it. */
#include "paint.h"
#include "picture.h"

#include <math.h>

enum { INNER = 7, MIDDLE = INNER / 2 };

struct mouth {
    cairo_t *cr;
    const struct talkers_face *face;
    const struct talkers_state *state;
    struct point upper_out[7], upper_in[INNER]; /* from left to right */
    struct point lower_out[7], lower_in[INNER];
    double unit, light;
};

/* A point between each corner and the next one, for a rounder curve. */
static void round_corners(struct point *p)
{
    p[1] = (struct point){mix(p[0].x, p[2].x, 0.40), mix(p[0].y, p[2].y, 0.62)};
    p[5] = (struct point){mix(p[6].x, p[4].x, 0.40), mix(p[6].y, p[4].y, 0.62)};
}

static void set_mouth(struct mouth *m, const struct face_frame *frame)
{
    const struct point *p = frame->at;

    for (int i = 0; i < 7; i++) {
        m->upper_out[i] = p[48 + i];
        m->lower_out[i] = p[i ? 60 - i : 48];
    }
    for (int i = 0; i < 5; i++) {
        const int at = i + (i > 0) + (i > 3);
        m->upper_in[at] = p[60 + i];
        m->lower_in[at] = p[i ? 68 - i : 60];
    }
    round_corners(m->upper_in);
    round_corners(m->lower_in);
}

static void path_back(cairo_t *cr, const struct point *p, int n)
{
    struct point q[8];

    for (int i = 0; i < n; i++)
        q[i] = p[n - 1 - i];
    path_through(cr, q, n, false);
    cairo_close_path(cr);
}

/* ---------------------------------------------------------- the cavity -- */

/* The head's coordinates around a point of the mouth's middle, for teeth. */
static void enter_head(const struct mouth *m, double down)
{
    const struct face_control *lip = &m->face->control[62];
    const double y = lip->rest.y + down, z = lip->z - 0.10;
    const struct talkers_pose *h = &m->state->head;
    const struct point a = talkers_face_place(m->face, h, -0.3, y, z, 1);
    const struct point b = talkers_face_place(m->face, h, 0.3, y, z, 1);
    const struct point c = talkers_face_place(m->face, h, 0, y + 0.3, z, 1);
    const struct point o = {(a.x + b.x) / 2, (a.y + b.y) / 2};
    cairo_matrix_t t;

    cairo_matrix_init(&t, (b.x - a.x) / 0.6, (b.y - a.y) / 0.6,
                      (c.x - o.x) / 0.3, (c.y - o.y) / 0.3, o.x, o.y);
    cairo_transform(m->cr, &t);
}

/* A row of teeth: its edge at y = 0, the gums in the direction of `up`. */
static void draw_teeth(cairo_t *cr, double half, double tall, double up,
                       double light)
{
    const struct colour c = tinted((struct colour){0.93, 0.90, 0.84}, light);
    const struct colour side = tinted((struct colour){0.62, 0.52, 0.46}, light);
    cairo_pattern_t *p = cairo_pattern_create_linear(-half, 0, half, 0);

    cairo_pattern_add_color_stop_rgb(p, 0.0, side.r * .5, side.g * .5,
                                     side.b * .5);
    cairo_pattern_add_color_stop_rgb(p, 0.28, c.r, c.g, c.b);
    cairo_pattern_add_color_stop_rgb(p, 0.72, c.r, c.g, c.b);
    cairo_pattern_add_color_stop_rgb(p, 1.0, side.r * .5, side.g * .5,
                                     side.b * .5);
    cairo_move_to(cr, -half, up * tall * 0.4);
    cairo_curve_to(cr, -half * 0.6, -up * 0.004, half * 0.6, -up * 0.004, half,
                   up * tall * 0.4);
    cairo_line_to(cr, half, up * tall);
    cairo_line_to(cr, -half, up * tall);
    cairo_close_path(cr);
    cairo_set_source(cr, p);
    cairo_fill(cr);
    cairo_pattern_destroy(p);
    cairo_set_source_rgba(cr, 0.45, 0.33, 0.28, 0.30);
    cairo_set_line_width(cr, 0.006);
    static const double gaps[] = {0, 0.083, 0.155, 0.215};
    for (int i = -3; i <= 3; i++) {
        const double x = (i < 0 ? -gaps[-i] : gaps[i]) * half / 0.30;
        cairo_move_to(cr, x, up * 0.012);
        cairo_line_to(cr, x, up * tall);
        cairo_stroke(cr);
    }
}

static void draw_tongue(const struct mouth *m, double inner)
{
    const struct talkers_expression *e = &m->state->face;
    const struct colour pink =
        tinted((struct colour){0.66, 0.32, 0.31}, 0.85 * m->light);
    const double rise = inner * (0.34 + 0.42 * e->tongue);

    cairo_save(m->cr);
    enter_head(m, 0.80 * inner);
    draw_glow(m->cr, 0, 0.10 - rise * 0.35, 0.27, 0.10 + rise * 0.75,
              tinted(pink, 0.6), 0.9);
    draw_glow(m->cr, 0, 0.10 - rise * 0.35, 0.22, 0.07 + rise * 0.70, pink, 1);
    cairo_restore(m->cr);
}

static void draw_cavity(const struct mouth *m)
{
    const struct talkers_expression *e = &m->state->face;
    const double inner = 0.55 * talkers_face_mouth_width(m->face) * e->open;
    const struct point top = m->upper_in[MIDDLE], low = m->lower_in[MIDDLE];

    cairo_save(m->cr);
    path_through(m->cr, m->upper_in, INNER, true);
    path_back(m->cr, m->lower_in, INNER);
    cairo_clip_preserve(m->cr);
    fill_gradient(m->cr, top, (struct point){low.x, low.y + 1e-4},
                  (struct colour){0.13, 0.04, 0.04},
                  (struct colour){0.32, 0.11, 0.10});
    draw_tongue(m, inner);
    cairo_save(m->cr);
    enter_head(m, 0.80 * inner - 0.045 * e->teeth + 0.03 * (1 - e->teeth));
    draw_teeth(m->cr, 0.24, 0.16, 1, 0.72 * m->light);
    cairo_restore(m->cr);
    cairo_save(m->cr);
    enter_head(m, 0.05 - 0.07 * (1 - e->teeth));
    draw_teeth(m->cr, 0.31, 0.19, -1, 0.94 * m->light);
    cairo_restore(m->cr);
    path_through(m->cr, m->upper_in, INNER, true); /* the upper lip's shadow */
    cairo_set_source_rgba(m->cr, 0.10, 0.02, 0.02, 0.40);
    cairo_set_line_width(m->cr, 0.035 * m->unit);
    cairo_stroke(m->cr);
    cairo_restore(m->cr);
}

/* -------------------------------------------------------------- lips -- */

static struct colour lip_colour(const struct mouth *m, double gain)
{
    static const struct colour sticks[] = {
        {0.70, 0.12, 0.16}, {0.74, 0.30, 0.34}, {0.56, 0.14, 0.22}};
    const struct talkers_identity *id = m->face->id;

    return tinted(blended(id->lips, sticks[id->seed % 3], id->lipstick * 0.7),
                  gain * m->light);
}

static void fill_lip(const struct mouth *m, const struct point *out,
                     const struct point *in, struct colour edge,
                     struct colour middle)
{
    cairo_t *cr = m->cr;

    for (int pass = 0; pass < 2; pass++) {
        path_through(cr, out, 7, true);
        path_back(cr, in, INNER);
        if (pass == 0) { /* its edge is soft */
            cairo_set_source_rgba(cr, edge.r, edge.g, edge.b, 0.38);
            cairo_set_line_width(cr, 0.030 * m->unit);
            cairo_stroke(cr);
        } else {
            fill_gradient(cr, out[3], in[MIDDLE], edge, middle);
        }
    }
}

static void draw_gloss(const struct mouth *m)
{
    const struct talkers_identity *id = m->face->id;
    const double shine = (0.16 + 0.22 * id->lipstick) * id->gloss;
    const struct point a = m->lower_out[3], b = m->lower_in[MIDDLE];
    const double tall = fmax(hypot(a.x - b.x, a.y - b.y), 1e-4);
    const double x = mix(a.x, b.x, 0.55) + 0.10 * id->light_x * m->unit;

    draw_glow(m->cr, x, mix(a.y, b.y, 0.55), 0.17 * m->unit, 0.30 * tall,
              (struct colour){1, 0.95, 0.92}, shine);
    const struct point c = m->upper_out[3], d = m->upper_in[MIDDLE];
    draw_glow(m->cr, c.x + 0.06 * id->light_x * m->unit, mix(c.y, d.y, 0.3),
              0.13 * m->unit, 0.25 * fmax(d.y - c.y, 1e-4),
              (struct colour){1, 0.95, 0.92}, shine * 0.5);
}

/* Where the lips meet, and the dark of the corners. */
static void draw_line_between(const struct mouth *m)
{
    const struct colour dark = tinted(m->face->id->lips, 0.30);
    const struct point *in[2] = {m->upper_in, m->lower_in};

    for (int i = 0; i < 2; i++) {
        path_through(m->cr, in[i], INNER, true);
        cairo_set_source_rgba(m->cr, dark.r, dark.g, dark.b, i ? 0.35 : 0.65);
        cairo_set_line_width(m->cr, 0.016 * m->unit);
        cairo_stroke(m->cr);
    }
    for (int i = 0; i < 7; i += 6)
        draw_glow(m->cr, mix(m->upper_out[i].x, m->upper_in[i].x, 0.5),
                  m->upper_out[i].y, 0.05 * m->unit, 0.035 * m->unit, dark,
                  0.5);
}

/* The upper teeth on the lower lip, of f and v. */
static void draw_bite(const struct mouth *m)
{
    const double tuck = m->state->face.tuck;

    if (tuck < 0.15)
        return;
    cairo_save(m->cr);
    const struct point *u = m->upper_in + 1;
    const double down = 0.055 * tuck * m->unit;
    cairo_move_to(m->cr, u[1].x, u[1].y);
    cairo_line_to(m->cr, u[2].x, u[2].y);
    cairo_line_to(m->cr, u[3].x, u[3].y);
    cairo_curve_to(m->cr, mix(u[3].x, u[2].x, 0.2), u[3].y + down,
                   mix(u[1].x, u[2].x, 0.2), u[1].y + down, u[1].x, u[1].y);
    cairo_clip(m->cr);
    enter_head(m, 0.06);
    draw_teeth(m->cr, 0.31, 0.19, -1, 0.9 * m->light);
    cairo_restore(m->cr);
}

void talkers_draw_mouth(cairo_t *cr, const struct talkers_face *f,
                        const struct talkers_state *s,
                        const struct face_frame *frame)
{
    struct mouth m = {.cr = cr,
                      .face = f,
                      .state = s,
                      .unit = hypot(f->view.xx, f->view.xy),
                      .light = mix(1.0, 0.90, f->id->contrast)};

    set_mouth(&m, frame);
    const struct point low = m.lower_out[3];
    draw_glow(cr, low.x, low.y + 0.05 * m.unit, 0.28 * m.unit, 0.10 * m.unit,
              tinted(f->id->blush, 0.5), 0.42);
    draw_cavity(&m);
    fill_lip(&m, m.upper_out, m.upper_in, lip_colour(&m, 0.95),
             lip_colour(&m, 0.74));
    fill_lip(&m, m.lower_out, m.lower_in, lip_colour(&m, 0.92),
             lip_colour(&m, 1.12));
    draw_line_between(&m);
    draw_gloss(&m);
    draw_bite(&m);
}
