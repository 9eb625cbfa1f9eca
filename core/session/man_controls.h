/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What MAN's predictor is told beside the sound: blinks, and how the head
 * turns. Both are random processes of a seed and the frame's number, which also
 * follow whether someone talks: the same sound, the same controls.
 *
 * Blinks: 0.43 a second in speech and 0.28 in silence; gaps are log-normal, and
 * a blink is likelier right after a phrase. Lids close in 80 to 120 ms, stay
 * shut for up to 40 and open in 150 to 240.
 *
 * Head: yaw, pitch and roll are Ornstein-Uhlenbeck processes (3.5, 2.5 and 1.5
 * degrees, 1.2 s) through a critically damped filter of 3 Hz, smaller in
 * pauses. They begin where the portrait's head is.
 */
#ifndef S2VI_SESSION_MAN_CONTROLS_H
#define S2VI_SESSION_MAN_CONTROLS_H

#include "base/state.h"

enum { S2VI_MAN_ANGLES = 3 }; /* yaw, pitch, roll */

/** Philox streams of a session; 0 is the graph's, for z. */
enum { S2VI_MAN_STREAM_Z, S2VI_MAN_STREAM_HEAD, S2VI_MAN_STREAM_BLINK };

/** What is heard at a frame. */
typedef struct s2vi_man_heard {
    bool talking;
    bool ended; /* a phrase has, in the last 300 ms */
} s2vi_man_heard;

/** A value that follows another one: critically damped. */
typedef struct s2vi_man_follower {
    double value, speed;
} s2vi_man_follower;

typedef struct s2vi_man_controls {
    /* Settings. */
    uint64_t seed;
    double blink;  /* factor of the rate; 0: none */
    double motion; /* of the head, 0 to 1 */
    bool still;    /* the head does not move */

    /* The process; zeros at the beginning. */
    uint64_t frame;
    uint64_t blinks;           /* that have begun */
    double waited, gap, ready; /* seconds: since the last one; until the next
                                  one; when there may be one at the earliest */
    double start, close, shut, open; /* the last one */
    double angle[S2VI_MAN_ANGLES];   /* degrees, before the filter */
    s2vi_man_follower head[S2VI_MAN_ANGLES], calm;
} s2vi_man_controls;

/** Back to the first frame; settings stay. */
void s2vi_man_controls_restart(s2vi_man_controls *controls);

/** Save the process, or restore it. */
void s2vi_man_controls_pass_state(s2vi_man_controls *controls,
                                  s2vi_state *state);

/** The next frame's: closure of the eyes, 0 to 1; yaw, pitch and roll, degrees
 * over 20. */
void s2vi_man_controls_next(s2vi_man_controls *controls,
                            const s2vi_man_heard *heard, float q[4]);

#endif
