/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events, and how limbs move between them. */
#include "film.h"

#include <math.h>
#include <stdlib.h>

static const double dwell = 0.015; /* seconds of contact */

double film_smooth(double s)
{
    s = fmin(fmax(s, 0), 1);
    return s * s * (3 - 2 * s);
}

struct film_event *film_add(struct film_actor *a, double time, int limb,
                            enum film_voice voice, double strength, double size,
                            struct point at)
{
    if (a->count == a->room) {
        const int room = a->room ? 2 * a->room : 16;
        struct film_event *more =
            realloc(a->events, (size_t)room * sizeof(*more));
        if (!more) {
            a->failed = true;
            return NULL;
        }
        a->events = more;
        a->room = room;
    }
    a->events[a->count] = (struct film_event){.time = time,
                                              .hit = true,
                                              .limb = limb,
                                              .voice = voice,
                                              .strength = strength,
                                              .size = size,
                                              .at = at};
    return &a->events[a->count++];
}

struct film_around film_around(const struct film_actor *a, int limb,
                               double time)
{
    struct film_around f = {0};

    for (int i = 0; i < a->count; i++) {
        if (a->events[i].limb != limb)
            continue;
        if (a->events[i].time > time) {
            f.after = &a->events[i];
            break;
        }
        f.before = &a->events[i];
    }
    return f;
}

/* When the rebound begins and ends, and the fall begins. */
struct phases {
    double leave, up, fall, end;
};

static struct phases phases_of(const struct film_actor *a,
                               const struct film_around *f,
                               const struct film_swing *w)
{
    const double begin = f->before ? f->before->time : a->from - 1;
    const double end = f->after ? f->after->time : begin + 20;
    const double span = end - begin;
    struct phases p = {.leave = begin + fmin(dwell, 0.2 * span), .end = end};

    p.up = p.leave + fmin(w->rise, 0.4 * span);
    p.fall = end - fmin(w->fall, 0.42 * span);
    return p;
}

double film_lift(const struct film_actor *a, int limb, double time,
                 const struct film_swing *w)
{
    const struct film_around f = film_around(a, limb, time);
    const struct phases p = phases_of(a, &f, w);
    const double low = f.before && !f.before->hit ? f.before->gap : 0;
    const double next = f.after && !f.after->hit ? f.after->gap : 0;
    /* Strong blows come from farther; what is raised in little time is not
     * raised far. */
    const double strong = f.after ? 0.6 + 0.4 * f.after->strength : 1;
    const double high =
        f.before ? fmin(strong, w->rest + 4 * fmax(p.fall - p.up, 0)) : strong;

    if (f.before && time < p.leave)
        return low;
    if (f.before && time < p.up) {
        const double s = 1 - (time - p.leave) / (p.up - p.leave);
        return mix(fmax(w->rest, low), low, s * s);
    }
    if (!f.after)
        return fmax(w->rest, low);
    if (time >= p.fall) {
        const double s = (time - p.fall) / (p.end - p.fall);
        const double left = f.after->hit ? 1 - s * s : 1 - film_smooth(s);
        return next + (high - next) * left;
    }
    return mix(f.before ? fmax(w->rest, low) : w->rest, high,
               film_smooth((time - p.up) / (p.fall - p.up)));
}

struct point film_target(const struct film_actor *a, int limb, double time,
                         const struct film_swing *w)
{
    const struct film_around f = film_around(a, limb, time);
    const struct phases p = phases_of(a, &f, w);

    if (!f.before || !f.after)
        return f.after    ? f.after->at
               : f.before ? f.before->at
                          : (struct point){128, FILM_GROUND};
    const double s = film_smooth((time - p.leave) / (p.fall - p.leave));
    return (struct point){mix(f.before->at.x, f.after->at.x, s),
                          mix(f.before->at.y, f.after->at.y, s)};
}

double film_shaken(const struct film_actor *a, double time, double decay)
{
    double sum = 0;

    for (int i = 0; i < a->count && a->events[i].time <= time; i++)
        if (a->events[i].hit)
            sum += a->events[i].strength *
                   exp(-(time - a->events[i].time) / decay);
    return fmin(sum, 1);
}
