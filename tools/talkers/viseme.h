/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From phonemes to the shape of the mouth: a target for each phoneme, blended
 * by dominance functions (Cohen and Massaro, "Modeling coarticulation in
 * synthetic visual speech", 1993): D(t) = alpha exp(-theta |t|), and a
 * parameter is the mean of the targets, weighed by D.
 */
#ifndef S2V_TOOLS_TALKERS_VISEME_H
#define S2V_TOOLS_TALKERS_VISEME_H

#include <stdbool.h>

/* A phoneme as flite names it, or "pau", silence. */
struct talkers_segment {
    char name[8];
    double start, end; /* seconds */
    bool stressed;     /* a vowel that is */
};

enum viseme_track {
    VISEME_OPEN,  /* 0 to 1 */
    VISEME_WIDTH, /* -1 to 1 */
    VISEME_ROUND, /* 0 to 1 */
    VISEME_TEETH, /* 0 to 1 */
    VISEME_TRACKS,
};

/* What the tongue or the lips do beside their shape. */
enum viseme_kind {
    VISEME_PLAIN,
    VISEME_CLOSED, /* p b m: lips pressed */
    VISEME_BITTEN, /* f v: lower lip under the upper teeth */
    VISEME_TIP,    /* th dh t d n l: tip of the tongue raised */
    VISEME_PAUSE,
};

struct viseme {
    const char *name;
    double target[VISEME_TRACKS];
    double alpha; /* dominance */
    enum viseme_kind kind;
    bool vowel;
};

/* The viseme of a phoneme; of a diphthong the first of two. One that is not
 * known is "ax". */
const struct viseme *viseme_find(const char *name);

/* All of them, for a sheet; returns their number. */
int viseme_table(const struct viseme **table);

bool viseme_is_vowel(const char *name);

/* Of consecutive segments the first within `reach` seconds of a time, and in
 * *end the one after the last: what is done at each time of a clip takes time
 * in proportion to its length. */
int viseme_near(const struct talkers_segment *segments, int n, double time,
                double reach, int *end);

/* The tracks at a time, by dominance alone. */
void viseme_tracks(const struct talkers_segment *segments, int n, double time,
                   double tracks[VISEME_TRACKS]);

/*
 * How much a time is within segments of a kind: 1 from 15 ms after their start
 * to their end, and in any case at one frame's middle, (k + 0.5) / fps; ramps
 * of `ramp` seconds lead there and away.
 */
double viseme_within(const struct talkers_segment *segments, int n,
                     enum viseme_kind kind, double time, double ramp, int fps);

#endif
