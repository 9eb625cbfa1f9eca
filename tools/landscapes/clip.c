/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "landscapes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct land_kind *const kinds[LAND_SCENES] = {
    &land_rain,  &land_thunder,    &land_wind,
    &land_fire,  &land_volcano,    &land_waterfall,
    &land_brook, &land_underwater, &land_waves,
};

const struct land_kind *land_kind(enum land_scene scene)
{
    return kinds[scene];
}

int land_scene_find(const char *name, size_t length)
{
    for (int i = 0; i < LAND_SCENES; i++)
        if (strlen(kinds[i]->name) == length &&
            !strncmp(kinds[i]->name, name, length))
            return i;
    return -1;
}

/* ------------------------------------------------------------- the curve -- */

/* An Ornstein-Uhlenbeck process of tau 3 s, through the normal distribution
 * function, so that every intensity is as likely as any other. */
static void draw_intensity(struct land_clip *c)
{
    struct land_dice d = {.seed = c->seed, .stream = LAND_STREAM_CURVE};
    const double keep = exp(-1.0 / (3.0 * LAND_STEPS));
    const double noise = sqrt(1 - keep * keep);
    double x = land_normal(&d);

    for (int i = 0; i < c->steps; i++) {
        c->intensity[i] = (float)(0.5 * erfc(-x / sqrt(2)));
        x = keep * x + noise * land_normal(&d);
    }
}

/* A moving mean over 0.25 s either way: what is seen and heard cannot jitter
 * as the process does. */
static int smooth(float *curve, int n)
{
    const int reach = LAND_STEPS / 4;
    double *sum = malloc(((size_t)n + 1) * sizeof(*sum));

    if (!sum)
        return -1;
    sum[0] = 0;
    for (int i = 0; i < n; i++)
        sum[i + 1] = sum[i] + (double)curve[i];
    for (int i = 0; i < n; i++) {
        const int from = i < reach ? 0 : i - reach;
        const int to = i + reach < n ? i + reach + 1 : n;
        curve[i] = (float)((sum[to] - sum[from]) / (to - from));
    }
    free(sum);
    return 0;
}

static void integrate(struct land_clip *c)
{
    double sum = 0;

    for (int i = 0; i < c->steps; i++) {
        c->travel[i] = (float)sum;
        sum += (double)c->drive[i] / LAND_STEPS;
    }
    const float zero = c->travel[LAND_LEAD * LAND_STEPS];
    for (int i = 0; i < c->steps; i++)
        c->travel[i] -= zero;
}

double land_at(const struct land_clip *c, const float *curve, double time)
{
    const double at = clamp((time + LAND_LEAD) * LAND_STEPS, 0, c->steps - 1.0);
    const int i = (int)at < c->steps - 1 ? (int)at : c->steps - 2;

    return mix((double)curve[i], (double)curve[i + 1], at - i);
}

double land_mean(const struct land_clip *c, const float *curve)
{
    double sum = 0;
    const int from = LAND_LEAD * LAND_STEPS;
    const int to = from + (int)(c->seconds * LAND_STEPS);

    for (int i = from; i < to; i++)
        sum += (double)curve[i];
    return sum / (to - from);
}

/* ------------------------------------------------------------ the events -- */

int land_clip_add(struct land_clip *c, struct land_event event)
{
    if (c->event_count == c->event_room) {
        const int room = c->event_room ? 2 * c->event_room : 64;
        struct land_event *more =
            realloc(c->events, (size_t)room * sizeof(*more));
        if (!more)
            return -1;
        c->events = more;
        c->event_room = room;
    }
    c->events[c->event_count++] = event;
    return 0;
}

/* A Poisson process whose rate follows the intensity, by thinning. */
static int draw_events(struct land_clip *c, const struct land_kind *kind)
{
    struct land_dice d = {.seed = c->seed, .stream = LAND_STREAM_EVENTS};
    const double most = kind->rate + kind->rate_more;
    double time = -LAND_LEAD;

    while (most > 0) {
        time -= log(1 - land_roll(&d, 0, 1)) / most;
        if (time >= c->seconds)
            break;
        const double i = land_at(c, c->intensity, time);
        const bool kept =
            land_chance(&d, (kind->rate + kind->rate_more * i) / most);
        const double u = land_roll(&d, 0, 1);
        struct land_event e = {.time = time, .size = mix(u, i, 0.5)};
        e.x = land_roll(&d, 0, 1);
        e.y = land_roll(&d, 0, 1);
        e.seed = render_random(c->seed, LAND_STREAM_EVENTS, d.counter++);
        if (kept && land_clip_add(c, e) < 0)
            return -1;
    }
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const double x = ((const struct land_event *)a)->time;
    const double y = ((const struct land_event *)b)->time;

    return (x > y) - (x < y);
}

/* -------------------------------------------------------------- the clip -- */

static int open_curves(struct land_clip *c)
{
    c->steps = (int)ceil((c->seconds + LAND_LEAD) * LAND_STEPS) + LAND_STEPS;
    const size_t bytes = (size_t)c->steps * sizeof(float);
    c->intensity = malloc(bytes);
    c->drive = malloc(bytes);
    c->travel = malloc(bytes);
    return c->intensity && c->drive && c->travel ? 0 : -1;
}

int land_clip_make(struct land_clip *c, const struct land_clip_params *p)
{
    const struct land_kind *kind = kinds[p->scene];
    const uint64_t which = (uint64_t)p->number * LAND_SCENES + p->scene;

    *c = (struct land_clip){.seed =
                                render_random(p->seed, LAND_STREAM_CLIP, which),
                            .scene = p->scene,
                            .number = p->number,
                            .seconds = p->seconds};
    c->time = p->time;
    if (p->time == LAND_ANY_TIME)
        c->time = (enum land_time)(c->seed % LAND_TIMES);
    if (open_curves(c) < 0)
        goto fail;
    if (p->intensity < 0)
        draw_intensity(c);
    for (int i = 0; p->intensity >= 0 && i < c->steps; i++)
        c->intensity[i] = (float)p->intensity;
    if (smooth(c->intensity, c->steps) < 0)
        goto fail;
    memcpy(c->drive, c->intensity, (size_t)c->steps * sizeof(float));
    if (draw_events(c, kind) < 0 || (kind->move && kind->move(c) < 0))
        goto fail;
    if (c->event_count)
        qsort(c->events, (size_t)c->event_count, sizeof(*c->events), by_time);
    integrate(c);
    return 0;

fail:
    land_clip_free(c);
    return -1;
}

void land_clip_free(struct land_clip *c)
{
    free(c->intensity);
    free(c->drive);
    free(c->travel);
    free(c->events);
    *c = (struct land_clip){0};
}

/* ----------------------------------------------------------- the caption -- */

const char *land_time_name(enum land_time time)
{
    static const char *const names[LAND_TIMES] = {"dawn", "day", "dusk",
                                                  "night"};

    return names[time];
}

void land_caption(char *to, size_t size, const struct land_clip *c,
                  double intensity)
{
    static const char *const times[LAND_TIMES][2] = {
        {"at dawn", "at sunrise"},
        {"by day", "in daylight"},
        {"at dusk", "at sunset"},
        {"at night", "in the night"},
    };
    const struct land_kind *kind = kinds[c->scene];
    const int third = intensity < 1 / 3.0 ? 0 : intensity < 2 / 3.0 ? 1 : 2;
    struct land_dice d = {.seed = c->seed, .stream = LAND_STREAM_CAPTION};
    const int word = land_pick(&d, 3), noun = land_pick(&d, LAND_SYNONYMS);
    const int time = land_pick(&d, 2);

    snprintf(to, size, "%s %s %s", kind->levels[third][word],
             kind->phrases[noun], times[c->time][time]);
}
