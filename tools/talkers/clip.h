/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A clip before it is drawn: the sound, and the state of the face in each
 * frame. */
#ifndef S2V_TOOLS_TALKERS_CLIP_H
#define S2V_TOOLS_TALKERS_CLIP_H

#include "speech.h"

struct talkers_blink {
    double start;             /* of the closing */
    double close, shut, open; /* how long each takes */
};

struct talkers_clip {
    double seconds;
    struct talkers_speech speech;
    struct talkers_state *states; /* one a frame, at its middle */
    int frames;
    struct talkers_blink *blinks;
    int blink_count;
};

/* 0, or -1 without memory. */
int talkers_clip_make(struct talkers_clip *clip,
                      const struct talkers_identity *id, double seconds,
                      bool held_out);
void talkers_clip_free(struct talkers_clip *clip);

/* Head, gaze and brows move so much as they did; 0: they are those of the first
 * frame, and what moves but the lids is told by the speech. */
void talkers_clip_calm(struct talkers_clip *clip, double motion);

/* ------------------------------------------------------- parts of motion -- */

enum { TALKERS_STEPS = 200 }; /* a second, in which motion is computed */

/* One number a step, `count` of them. */
struct talkers_motion {
    struct talkers_state *at;
    int count;
};

/* Whether there is speech at a time. */
bool talkers_is_talking(const struct talkers_speech *speech, double time);

void talkers_move_mouth(struct talkers_motion *m,
                        const struct talkers_speech *speech,
                        const struct talkers_identity *id);
void talkers_move_head(struct talkers_motion *m,
                       const struct talkers_speech *speech,
                       const struct talkers_identity *id);
void talkers_move_gaze(struct talkers_motion *m,
                       const struct talkers_identity *id);

/* When the lids fall. Returns how many blinks, and sets *blinks, which the
 * caller frees; -1 without memory. */
int talkers_draw_blinks(struct talkers_blink **blinks,
                        const struct talkers_speech *speech,
                        const struct talkers_identity *id, double seconds);

/* How far the lids are shut. */
double talkers_closure(const struct talkers_blink *blinks, int n, double time);

#endif
