/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How things move: swings of the mallets, what struck objects do, the camera.
 *
 * A swing turns about the hand. The head falls faster and faster until contact,
 * rests there for a moment and rebounds; a swing that misses is slowed down and
 * stops short. Between swings the hand travels with the head raised.
 */
#include "impacts.h"

#include <math.h>

static const double pi = 3.14159265358979323846;
static const double level = -0.26; /* elevation of the shaft at contact */
static const double dwell = 0.012; /* the head rests on what it struck */

/* 0 to 1, slow at both ends. */
static double smooth(double s)
{
    s = fmin(fmax(s, 0), 1);
    return s * s * (3 - 2 * s);
}

static struct point between(struct point a, struct point b, double w)
{
    return (struct point){mix(a.x, b.x, w), mix(a.y, b.y, w)};
}

static struct point towards_head(const struct impacts_mallet *m, double lift)
{
    return (struct point){-m->side * cos(level + lift), -sin(level + lift)};
}

/* Where the hand is at the contact. */
static struct point hand_at(const struct impacts_mallet *m,
                            const struct impacts_event *e)
{
    const struct point head = along(e->point, e->normal, m->radius);

    return along(head, towards_head(m, 0), -m->shaft);
}

/* The angle a swing stops at. */
static double lowest(const struct impacts_mallet *m,
                     const struct impacts_event *e)
{
    return e->gap / m->shaft;
}

static double rebound(const struct impacts_mallet *m,
                      const struct impacts_event *e)
{
    return lowest(m, e) + 0.4 * e->raise;
}

/* The swings before and after a moment; NULL for none. */
struct around {
    const struct impacts_event *before, *after;
};

static struct around find(const struct impacts_scene *s, int mallet,
                          double time)
{
    struct around a = {0};

    for (int i = 0; i < s->event_count; i++) {
        const struct impacts_event *e = &s->events[i];
        if (e->mallet != mallet)
            continue;
        if (e->time > time) {
            a.after = e;
            break;
        }
        a.before = e;
    }
    return a;
}

/* When one swing's rebound ends and the next one's fall begins. */
struct phases {
    double leave, up, fall;
};

static struct phases phases_of(const struct around *a)
{
    const double begin = a->before ? a->before->time : -0.5;
    const double end = a->after ? a->after->time : begin + 10;
    const double span = end - begin;
    const double strength = a->after ? a->after->strength : 1;
    struct phases p = {.leave = begin + dwell};

    p.up = p.leave + fmin(0.17, 0.4 * (span - dwell));
    p.fall = end - fmin(0.17 - 0.07 * strength, 0.42 * (span - dwell));
    return p;
}

static double falling(const struct impacts_mallet *m,
                      const struct impacts_event *e, double raise, double s)
{
    const double low = lowest(m, e);

    return low + raise * (e->hit ? 1 - s * s : 1 - smooth(s));
}

/* The angle of the shaft above that at contact. */
static double lift_at(const struct impacts_mallet *m, const struct around *a,
                      const struct phases *p, double time)
{
    const struct impacts_event *b = a->before, *e = a->after;
    const double rest = b ? rebound(m, b) : 0.8;
    const double low = b ? lowest(m, b) : rest;
    /* What is raised in a short time is not raised far. */
    const double raise =
        e ? fmin(e->raise, rest + 7 * fmax(p->fall - p->up, 0)) : 0;

    if (b && time < p->leave)
        return low;
    if (b && time < p->up) {
        const double s = 1 - (time - p->leave) / (p->up - p->leave);
        return mix(low, rest, 1 - s * s);
    }
    if (!e)
        return mix(rest, 0.8, smooth((time - p->up) / 0.6));
    if (time >= p->fall)
        return falling(m, e, raise, (time - p->fall) / (e->time - p->fall));

    const double s = smooth((time - p->up) / (p->fall - p->up));
    const double way = b ? fabs(b->point.x - e->point.x) : 0;
    return mix(rest, lowest(m, e) + raise, s) +
           fmin(way / 300, 0.4) * 4 * s * (1 - s);
}

struct impacts_pose impacts_pose_at(const struct impacts_scene *scene,
                                    int mallet, double time)
{
    const struct impacts_mallet *m = &scene->mallets[mallet];
    const struct around a = find(scene, mallet, time);
    const struct phases p = phases_of(&a);
    struct point from = {128 + m->side * 90, 120}, to;

    if (a.after && !a.before)
        from = along(hand_at(m, a.after), (struct point){m->side, -0.5}, 25);
    if (a.before)
        from = hand_at(m, a.before);
    to = a.after ? hand_at(m, a.after)
                 : along(from, (struct point){m->side, -0.4}, 12);
    const double end = a.after ? p.fall : p.leave + 1.2;
    const double s = smooth((time - p.leave) / (end - p.leave));
    const struct point hand = between(from, to, s);
    const struct point way = towards_head(m, lift_at(m, &a, &p, time));
    return (struct impacts_pose){hand, along(hand, way, m->shaft)};
}

/* How far, how fast and how long objects move, in the order of enum
 * impacts_shape. */
static const struct {
    double lean, sink, hertz, decay;
} looseness[] = {
    {0.020, 0.05, 11, 0.10}, {0.030, 0.04, 9, 0.12},  {0.050, 0.01, 3.4, 0.6},
    {0.050, 0.02, 7, 0.25},  {0.050, 0.01, 8, 0.20},  {0.045, 0.01, 7, 0.20},
    {0.020, 0.04, 10, 0.15}, {0.020, 0.04, 12, 0.15}, {0.070, 0.05, 8, 0.20},
    {0.080, 0.05, 7, 0.25},  {0.012, 0.01, 12, 0.06}, {0.012, 0.02, 13, 0.06},
};

struct impacts_reaction impacts_react(const struct impacts_scene *scene,
                                      int object, double time)
{
    struct impacts_reaction r = {0};
    const int shape = (int)scene->objects[object].shape;

    for (int i = 0; i < scene->event_count; i++) {
        const struct impacts_event *e = &scene->events[i];
        const double t = time - e->time;
        if (!e->hit || e->object != object || t < 0)
            continue;
        const double fade = e->strength * exp(-t / looseness[shape].decay);
        const double swing = fade * sin(2 * pi * looseness[shape].hertz * t);
        /* A push to one side of the middle; a push at the middle sinks it. */
        r.lean += looseness[shape].lean * swing *
                  (e->along + (e->along < 0 ? -0.4 : 0.4));
        r.sink += looseness[shape].sink * fabs(swing);
        r.ring += e->strength * exp(-t / 0.12) * cos(2 * pi * 14 * t);
    }
    r.ring = fmin(fmax(r.ring, -1), 1);
    return r;
}

void impacts_camera(const struct impacts_scene *scene, double time,
                    cairo_matrix_t *matrix)
{
    const struct impacts_look *l = &scene->look;
    const double *p = l->phase;
    const double x = l->drift * sin(0.7 * time + p[0]) +
                     l->shake * (sin(9.1 * time + p[1]) + sin(14.3 * time));
    const double y = 0.6 * l->drift * sin(0.5 * time + p[2]) +
                     l->shake * (sin(10.7 * time + p[3]) + sin(16.9 * time));
    const double zoom = l->zoom * (1 + 0.006 * l->drift * sin(0.4 * time));

    cairo_matrix_init_translate(matrix, 128 + x, 128 + y);
    cairo_matrix_rotate(matrix, l->roll + 0.002 * l->drift * sin(0.6 * time));
    cairo_matrix_scale(matrix, zoom, zoom);
    cairo_matrix_translate(matrix, -128, -128);
}
