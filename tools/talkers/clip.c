/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double mixed(double a, double b, double w)
{
    return a + (b - a) * w;
}

/* Between two steps. All members are numbers. */
static struct talkers_state state_at(const struct talkers_motion *m,
                                     double time)
{
    enum { NUMBERS = sizeof(struct talkers_state) / sizeof(double) };
    const double at = time * TALKERS_STEPS;
    const int i = (int)clamp(floor(at), 0, m->count - 2);
    double a[NUMBERS], b[NUMBERS];
    struct talkers_state s;

    memcpy(a, &m->at[i], sizeof(a));
    memcpy(b, &m->at[i + 1], sizeof(b));
    for (int k = 0; k < NUMBERS; k++)
        a[k] = mixed(a[k], b[k], clamp(at - i, 0, 1));
    memcpy(&s, a, sizeof(s));
    return s;
}

static int move(struct talkers_clip *c, const struct talkers_identity *id)
{
    struct talkers_motion m = {.count = (int)(c->seconds * TALKERS_STEPS) + 2};

    m.at = calloc((size_t)m.count, sizeof(*m.at));
    if (!m.at)
        return -1;
    talkers_move_mouth(&m, &c->speech, id);
    talkers_move_gaze(&m, id);
    talkers_move_head(&m, &c->speech, id);
    for (int t = 0; t < c->frames; t++) {
        const double time = (t + 0.5) / TALKERS_FPS;
        c->states[t] = state_at(&m, time);
        c->states[t].face.closure =
            talkers_closure(c->blinks, c->blink_count, time);
    }
    free(m.at);
    return 0;
}

int talkers_clip_make(struct talkers_clip *c, const struct talkers_identity *id,
                      double seconds, bool held_out)
{
    *c = (struct talkers_clip){.seconds = seconds};
    c->frames = (int)ceil(seconds * TALKERS_FPS - 1e-9);
    c->states = calloc((size_t)c->frames, sizeof(*c->states));
    if (c->states && !talkers_speech_make(&c->speech, id, seconds, held_out)) {
        c->blink_count =
            talkers_draw_blinks(&c->blinks, &c->speech, id, seconds);
        if (c->blink_count >= 0 && !move(c, id))
            return 0;
    }
    talkers_clip_free(c);
    return -1;
}

void talkers_clip_calm(struct talkers_clip *c, double motion)
{
    const struct talkers_state first = c->states[0];

    for (int t = 0; t < c->frames; t++) {
        struct talkers_pose *h = &c->states[t].head;
        struct talkers_expression *e = &c->states[t].face;
        h->yaw = mixed(first.head.yaw, h->yaw, motion);
        h->pitch = mixed(first.head.pitch, h->pitch, motion);
        h->roll = mixed(first.head.roll, h->roll, motion);
        h->x = mixed(first.head.x, h->x, motion);
        h->y = mixed(first.head.y, h->y, motion);
        e->gaze_x = mixed(first.face.gaze_x, e->gaze_x, motion);
        e->gaze_y = mixed(first.face.gaze_y, e->gaze_y, motion);
        e->brow = mixed(first.face.brow, e->brow, motion);
    }
}

void talkers_clip_free(struct talkers_clip *c)
{
    talkers_speech_free(&c->speech);
    free(c->states);
    free(c->blinks);
    *c = (struct talkers_clip){0};
}
