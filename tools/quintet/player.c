/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Draws one player: body, arms by two-bone inverse kinematics, head and
 * instrument. Origin at the feet; the audience sees the player's right arm,
 * which bows, at the left of the picture. */
#include "stage.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* How a kind of player stands or sits, and holds bow and instrument. */
struct build {
    struct point hip, right, left, head; /* right: the bowing shoulder */
    double torso;                        /* half the width at the hips */
    double upper, lower;                 /* lengths of the arm's bones */
    struct point elbow_out;              /* left elbow, from its mid-arm */
    struct point base;                   /* end button of the instrument */
    double axis, axis_rest;              /* its angle playing and at rest */
    double contact;                      /* of the bow, in body lengths */
    double bow_low, bow_high;            /* bow angle, lowest to highest note */
    double bow_length, frog, travel;
    double neck_low, neck_high; /* left hand, in necks above the body */
    double sway;                /* radians at full stroke and loudness */
    struct point rest;          /* bowing hand at rest */
    double rest_bow;            /* angle from the bow's tip to that hand */
};

static const struct build builds[] = {
    [HELD_AT_CHIN] = {.hip = {0, -60},
                      .right = {-12, -97},
                      .left = {12, -97},
                      .head = {0, -116},
                      .torso = 10,
                      .upper = 22,
                      .lower = 22,
                      .elbow_out = {1, 11},
                      .base = {4, -104},
                      .axis = 20,
                      .axis_rest = 62,
                      .contact = 0.62,
                      .bow_low = 158,
                      .bow_high = 126,
                      .bow_length = 54,
                      .frog = 5,
                      .travel = 40,
                      .neck_low = 0.85,
                      .neck_high = 0.0,
                      .sway = 0.17,
                      .rest = {-22, -58},
                      .rest_bow = -80},
    [BETWEEN_KNEES] = {.hip = {0, -36},
                       .right = {-14, -76},
                       .left = {14, -76},
                       .head = {-2, -97},
                       .torso = 12,
                       .upper = 27,
                       .lower = 27,
                       .elbow_out = {13, 9},
                       .base = {3, -5},
                       .axis = -74,
                       .axis_rest = -70,
                       .contact = 0.52,
                       .bow_low = 188,
                       .bow_high = 158,
                       .bow_length = 58,
                       .frog = 8,
                       .travel = 40,
                       .neck_low = 0.95,
                       .neck_high = -0.05,
                       .sway = 0.15,
                       .rest = {-25, -36},
                       .rest_bow = 100},
    [UPRIGHT] = {.hip = {-5, -64},
                 .right = {-18, -104},
                 .left = {9, -104},
                 .head = {-8, -124},
                 .torso = 12,
                 .upper = 30,
                 .lower = 30,
                 .elbow_out = {15, 9},
                 .base = {8, -8},
                 .axis = -86,
                 .axis_rest = -80,
                 .contact = 0.58,
                 .bow_low = 188,
                 .bow_high = 162,
                 .bow_length = 54,
                 .frog = 10,
                 .travel = 36,
                 .neck_low = 0.85,
                 .neck_high = 0.05,
                 .sway = 0.12,
                 .rest = {-34, -46},
                 .rest_bow = -80},
};

/* One player while being drawn. */
struct scene {
    cairo_t *cr;
    const struct figure *f;
    const struct build *b;
    const struct quintet_pose *pose;
    double light;
    double axis; /* of the instrument, radians */
};

static struct point direction(double degrees)
{
    return (struct point){cos(degrees * pi / 180), sin(degrees * pi / 180)};
}

/* The elbow of an arm from a to b, on the side of the bend's sign. */
static struct point elbow(struct point a, struct point b, double upper,
                          double lower, double bend)
{
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double d = fmin(fmax(hypot(dx, dy), 1e-3), upper + lower - 1e-3);
    const double m = (d * d + upper * upper - lower * lower) / (2 * d);
    const double h = sqrt(fmax(upper * upper - m * m, 0.0)) * bend;

    return (struct point){a.x + (dx * m - dy * h) / d,
                          a.y + (dy * m + dx * h) / d};
}

/* Sleeve, cuff and hand, darker outline first so that the arm stands out. */
static void draw_arm(const struct scene *s, struct point shoulder,
                     struct point joint, struct point hand)
{
    cairo_t *cr = s->cr;
    const struct colour sleeve = lit(s->f->cloth, 1.12 * s->light);
    const struct colour edge = lit(s->f->cloth, 0.45 * s->light);
    const struct point wrist = {mix(joint.x, hand.x, 0.82),
                                mix(joint.y, hand.y, 0.82)};

    for (int pass = 0; pass < 2; pass++) {
        const double grow = pass ? 0.0 : 1.6;
        const struct colour c = pass ? sleeve : edge;
        draw_line(cr, shoulder, joint, 8.0 + grow, c);
        draw_line(cr, joint, wrist, 6.4 + grow, c);
    }
    draw_line(cr, shoulder, joint, 2.4, lit(s->f->cloth, 1.28 * s->light));
    draw_line(cr, wrist, hand, 4.6, lit(s->f->skin, 0.95 * s->light));
    set_colour(cr, lit(s->f->skin, 1.05 * s->light));
    cairo_arc(cr, hand.x, hand.y, 3.4, 0, 2 * pi);
    cairo_fill(cr);
}

static void draw_gown(const struct scene *s)
{
    cairo_t *cr = s->cr;
    const struct point h = s->b->hip;
    const double w = s->b->torso;

    cairo_move_to(cr, h.x - w, h.y);
    cairo_curve_to(cr, h.x - w - 2, h.y * 0.6, -w - 9, -16, -w - 12, 0);
    cairo_curve_to(cr, -8, 4, 8, 4, w + 12, 0);
    cairo_curve_to(cr, w + 9, -16, h.x + w + 2, h.y * 0.6, h.x + w, h.y);
    cairo_close_path(cr);
    fill_gradient(cr, (struct point){-w - 6, h.y}, (struct point){w + 10, 0},
                  lit(s->f->cloth, s->light),
                  lit(s->f->cloth, 0.42 * s->light));
    for (int i = -1; i <= 1; i++)
        draw_line(cr, (struct point){h.x + i * 4, h.y + 8},
                  (struct point){i * 11, 0}, 0.9,
                  lit(s->f->cloth, 0.55 * s->light));
}

static void draw_trousers(const struct scene *s)
{
    cairo_t *cr = s->cr;
    const struct point h = s->b->hip;
    const struct colour cloth = lit(s->f->cloth, 0.50 * s->light);
    const struct colour shoe = {0.06, 0.04, 0.04};

    for (int side = -1; side <= 1; side += 2) {
        const struct point foot = {side * 8.0, -2};
        draw_line(cr, (struct point){h.x + side * 5.0, h.y},
                  (struct point){foot.x, foot.y - 3}, 10.0, cloth);
        draw_line(cr, foot, (struct point){foot.x + side * 4, -1}, 4.0, shoe);
    }
}

/* Chair, thighs and shins of a seated player, knees apart. */
static void draw_seated(const struct scene *s)
{
    cairo_t *cr = s->cr;
    const struct colour wood = lit((struct colour){0.30, 0.17, 0.09}, s->light);
    const struct colour cloth = lit(s->f->cloth, 0.62 * s->light);
    const struct colour shoe = {0.06, 0.04, 0.04};

    for (int side = -1; side <= 1; side += 2) {
        const struct point knee = {side * 21.0, -33};
        const struct point foot = {side * 19.0, -3};
        draw_line(cr, (struct point){side * 14.0, -32},
                  (struct point){side * 13.0, -4}, 2.4, wood);
        draw_line(cr, (struct point){side * 7.0, -37}, knee, 12.0, cloth);
        draw_line(cr, knee, foot, 9.0, lit(s->f->cloth, 0.50 * s->light));
        draw_line(cr, foot, (struct point){foot.x + side * 4, -1}, 4.4, shoe);
    }
}

static void draw_torso(const struct scene *s)
{
    cairo_t *cr = s->cr;
    const struct build *b = s->b;
    const double w = b->torso, top = b->right.y;

    cairo_move_to(cr, b->hip.x - w, b->hip.y + 3);
    cairo_curve_to(cr, b->hip.x - w + 3, mix(b->hip.y, top, 0.5),
                   b->right.x - 2, top + 14, b->right.x - 3, top + 3);
    cairo_curve_to(cr, b->right.x, top - 5, b->right.x + 6, top - 5,
                   b->head.x - 3, top - 8);
    cairo_line_to(cr, b->head.x + 3, top - 8);
    cairo_curve_to(cr, b->left.x - 6, top - 5, b->left.x, top - 5,
                   b->left.x + 3, top + 3);
    cairo_curve_to(cr, b->left.x + 2, top + 14, b->hip.x + w - 3,
                   mix(b->hip.y, top, 0.5), b->hip.x + w, b->hip.y + 3);
    cairo_close_path(cr);
    fill_gradient(cr, (struct point){b->right.x, top},
                  (struct point){b->left.x + 6, b->hip.y},
                  lit(s->f->cloth, 1.10 * s->light),
                  lit(s->f->cloth, 0.50 * s->light));
    if (s->f->gown)
        return;
    cairo_move_to(cr, b->head.x - 4, top - 7);
    cairo_line_to(cr, b->head.x + 4, top - 7);
    cairo_line_to(cr, b->head.x + 0.5, top + 16);
    cairo_close_path(cr);
    set_colour(cr, lit((struct colour){0.96, 0.92, 0.84}, s->light));
    cairo_fill(cr);
}

static void draw_hair_behind(const struct scene *s, double r)
{
    cairo_t *cr = s->cr;

    set_colour(cr, lit(s->f->hair_colour, 0.8 * s->light));
    if (s->f->hair == HAIR_LONG) {
        cairo_move_to(cr, -r * 1.12, -r * 0.2);
        cairo_curve_to(cr, -r * 1.4, r, -r * 1.3, r * 2, -r * 0.9, r * 2.3);
        cairo_line_to(cr, r * 0.9, r * 2.3);
        cairo_curve_to(cr, r * 1.3, r * 2, r * 1.4, r, r * 1.12, -r * 0.2);
        cairo_fill(cr);
    } else if (s->f->hair == HAIR_BUN) {
        cairo_arc(cr, -r * 0.1, -r * 1.35, r * 0.55, 0, 2 * pi);
        cairo_fill(cr);
    } else if (s->f->hair == HAIR_BOB) {
        cairo_arc(cr, 0, r * 0.1, r * 1.22, 0, 2 * pi);
        cairo_fill(cr);
    }
}

static void draw_hair_above(const struct scene *s, double r)
{
    cairo_t *cr = s->cr;
    const double low = s->f->hair == HAIR_BALD ? 0.35 : -0.12;

    set_colour(cr, lit(s->f->hair_colour, 1.0 * s->light));
    if (s->f->hair == HAIR_BALD) {
        for (int side = -1; side <= 1; side += 2) {
            cairo_arc(cr, side * r * 0.93, -r * 0.05, r * 0.27, 0, 2 * pi);
            cairo_fill(cr);
        }
        cairo_arc(cr, 0, r * 0.62, r * 0.55, 0, pi); /* a beard */
        cairo_fill(cr);
        return;
    }
    cairo_arc(cr, 0, -r * 0.1, r * 1.08, pi * (1.0 - low), pi * (2.0 + low));
    cairo_curve_to(cr, r * 0.7, -r * 0.6, -r * 0.2, -r * 0.85, -r * 0.95,
                   r * 0.22);
    cairo_close_path(cr);
    cairo_fill(cr);
}

static void draw_face(const struct scene *s, double r)
{
    cairo_t *cr = s->cr;
    const struct colour ink = {0.22, 0.12, 0.09};

    for (int side = -1; side <= 1; side += 2) {
        set_colour(cr, ink);
        cairo_set_line_width(cr, 0.9);
        cairo_arc(cr, side * r * 0.38, r * 0.02, r * 0.2, 0.15 * pi, 0.85 * pi);
        cairo_stroke(cr);
        cairo_set_source_rgba(cr, 0.85, 0.30, 0.22, 0.30);
        cairo_arc(cr, side * r * 0.52, r * 0.38, r * 0.22, 0, 2 * pi);
        cairo_fill(cr);
    }
    cairo_set_source_rgb(cr, 0.62, 0.22, 0.18);
    cairo_set_line_width(cr, 0.9);
    cairo_arc(cr, 0, r * 0.38, r * 0.24, 0.2 * pi, 0.8 * pi);
    cairo_stroke(cr);
}

static void draw_head(const struct scene *s)
{
    cairo_t *cr = s->cr;
    const double r = 9.5;
    const double tilt = s->f->kind == HELD_AT_CHIN ? 0.22 : -0.10;

    draw_line(cr, (struct point){s->b->head.x, s->b->head.y + 4},
              (struct point){s->b->head.x, s->b->right.y - 4}, 6.5,
              lit(s->f->skin, 0.66 * s->light));
    cairo_save(cr);
    cairo_translate(cr, s->b->head.x + 1.5 * s->pose->nod,
                    s->b->head.y + 4.5 * s->pose->nod);
    cairo_rotate(cr, s->pose->raise * (tilt + 0.16 * (s->pose->pitch - 0.5)));
    draw_hair_behind(s, r);
    cairo_save(cr);
    cairo_scale(cr, 0.93, 1.06);
    cairo_arc(cr, 0, 0, r, 0, 2 * pi);
    cairo_restore(cr);
    fill_gradient(cr, (struct point){-r, -r}, (struct point){r, r},
                  lit(s->f->skin, 1.12 * s->light),
                  lit(s->f->skin, 0.72 * s->light));
    draw_face(s, r);
    draw_hair_above(s, r);
    cairo_restore(cr);
}

static struct point on_axis(const struct scene *s, double d)
{
    return along(s->b->base, (struct point){cos(s->axis), sin(s->axis)}, d);
}

static void draw_held(const struct scene *s)
{
    cairo_t *cr = s->cr;

    if (s->f->kind != HELD_AT_CHIN)
        draw_line(cr, s->b->base, on_axis(s, -6), 1.6,
                  (struct colour){0.25, 0.22, 0.20});
    cairo_save(cr);
    cairo_translate(cr, s->b->base.x, s->b->base.y);
    cairo_rotate(cr, s->axis);
    draw_instrument(cr, s->f, s->light);
    cairo_restore(cr);
}

static void draw_left_arm(const struct scene *s)
{
    const struct build *b = s->b;
    const double place = mix(b->neck_low, b->neck_high, s->pose->pitch);
    const struct point hand = on_axis(s, s->f->body + place * s->f->neck);
    /* The arm points at the audience: its bones look shorter than they are,
     * so the elbow just hangs out from the middle. */
    const struct point joint = {
        (b->left.x + hand.x) / 2 + b->elbow_out.x,
        (b->left.y + hand.y) / 2 + b->elbow_out.y,
    };

    draw_arm(s, b->left, joint, hand);
}

static void draw_bowing(const struct scene *s)
{
    const struct build *b = s->b;
    const struct quintet_pose *p = s->pose;
    const struct point contact = on_axis(s, b->contact * s->f->body);
    const double held = b->frog + b->travel * p->bow;
    const struct point to = direction(mix(b->bow_low, b->bow_high, p->pitch));
    const struct point at = along(contact, to, held);

    /* From the rest pose the bow swings up to the string. */
    const double w = p->raise;
    const struct point hand = {mix(b->rest.x, at.x, w),
                               mix(b->rest.y, at.y, w)};
    const struct point rest_dir = direction(b->rest_bow);
    struct point dir = {mix(rest_dir.x, to.x, w), mix(rest_dir.y, to.y, w)};
    const double norm = fmax(hypot(dir.x, dir.y), 0.05);
    dir = (struct point){dir.x / norm, dir.y / norm};

    draw_bow(s->cr, hand, dir, 0.0, b->bow_length, 1.1 * s->light);
    draw_arm(s, b->right, elbow(b->right, hand, b->upper, b->lower, 1), hand);
}

/* Everything above the hips sways about them with bow and loudness. */
static void draw_upper(const struct scene *s, double sway)
{
    cairo_t *cr = s->cr;
    const struct point pivot =
        s->f->kind == HELD_AT_CHIN ? s->b->hip : (struct point){0, 0};

    cairo_save(cr);
    cairo_translate(cr, pivot.x, pivot.y);
    cairo_rotate(cr, s->f->kind == HELD_AT_CHIN ? sway : 0.55 * sway);
    cairo_translate(cr, -pivot.x, -pivot.y);
    if (s->f->kind != HELD_AT_CHIN) {
        cairo_save(cr);
        cairo_translate(cr, s->b->hip.x, s->b->hip.y);
        cairo_rotate(cr, 0.45 * sway);
        cairo_translate(cr, -s->b->hip.x, -s->b->hip.y);
        draw_torso(s);
        draw_head(s);
        cairo_restore(cr);
    } else {
        draw_torso(s);
        draw_head(s);
    }
    draw_held(s);
    draw_left_arm(s);
    draw_bowing(s);
    cairo_restore(cr);
}

void draw_player(cairo_t *cr, const struct figure *f,
                 const struct quintet_pose *pose)
{
    struct scene s = {.cr = cr,
                      .f = f,
                      .b = &builds[f->kind],
                      .pose = pose,
                      .light = 0.80 + 0.32 * pose->level};
    const double lift = -7 * pose->level + 8 * (0.5 - pose->pitch);
    const double sway = s.b->sway * pose->raise *
                        (-1.5 * (pose->bow - 0.5) * (0.5 + pose->level) +
                         0.5 * (pose->level - 0.4));

    s.axis = mix(s.b->axis_rest, s.b->axis, pose->raise) * pi / 180;
    if (f->kind == HELD_AT_CHIN)
        s.axis += pose->raise * lift * pi / 180;

    cairo_save(cr);
    cairo_translate(cr, f->x, f->y);
    cairo_scale(cr, f->scale, f->scale);
    if (f->kind == BETWEEN_KNEES)
        draw_seated(&s);
    else if (f->gown)
        draw_gown(&s);
    else
        draw_trousers(&s);
    draw_upper(&s, sway);
    cairo_restore(cr);
}
