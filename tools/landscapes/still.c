/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "still.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* Any time, or that of an event: strikes and blasts are rare and short,
 * and belong to the scene. */
static double choose_moment(const struct land_clip *c)
{
    struct land_dice d = {.seed = c->seed, .stream = LAND_STREAM_STILL};
    const double any = land_roll(&d, 0, c->seconds - 1);
    const bool rare = land_kind(c->scene)->rate_more < 1;
    const bool event = land_chance(&d, rare ? 0.8 : 0.5);
    const double early = c->scene == LAND_WAVES ? 1.3 : 0; /* they come in */
    const double after = land_roll(&d, -early,
                                   early > 0 ? 1.5
                                   : rare    ? 0.06
                                             : 0.3);
    int first = 0;

    while (first < c->event_count && c->events[first].time < 0)
        first++;
    const int n = c->event_count - first;
    if (!event || n < 1)
        return any;
    return fmax(c->events[first + land_pick(&d, n)].time + after, 0);
}

int land_still_make(struct land_still *s, const struct land_clip_params *p,
                    int size)
{
    struct land_clip_params params = *p;
    struct land_clip c;
    const size_t bytes = 4 * (size_t)size * (size_t)size;
    const uint8_t *drawn = NULL;

    params.seconds = LAND_STILL_SECONDS;
    *s = (struct land_still){.pixels = malloc(bytes)};
    if (!s->pixels || land_clip_make(&c, &params) < 0) {
        free(s->pixels);
        return -1;
    }
    struct land_view *v = land_view_new(&c, size);
    s->at = choose_moment(&c);
    s->intensity = land_at(&c, c.intensity, s->at);
    s->time = c.time;
    land_caption(s->caption, sizeof(s->caption), &c, s->intensity);
    if (v)
        drawn = land_view_draw(v, s->at, s->at + 0.5 / LAND_FPS);
    if (drawn)
        memcpy(s->pixels, drawn, bytes);
    land_view_free(&v);
    land_clip_free(&c);
    if (!drawn)
        free(s->pixels);
    return drawn ? 0 : -1;
}
