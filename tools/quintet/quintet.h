/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-quintet: what its parts share: the score, the pose it implies, the
 * sound and the stage. Picture and sound both follow from the score alone. */
#ifndef S2V_TOOLS_QUINTET_H
#define S2V_TOOLS_QUINTET_H

#include <stddef.h>
#include <stdint.h>

#include "random.h"

enum {
    QUINTET_PLAYERS = 5,
    QUINTET_RATE = 48000, /* samples a second: a whole number a frame */
};

enum quintet_player {
    QUINTET_VIOLIN1,
    QUINTET_VIOLIN2,
    QUINTET_VIOLA,
    QUINTET_CELLO,
    QUINTET_BASS,
};

/* Streams of random numbers; one seed gives each its own sequence. */
enum quintet_stream {
    QUINTET_STREAM_CLIP,
    QUINTET_STREAM_SONG,
    QUINTET_STREAM_BOW_NOISE,
    QUINTET_STREAM_STAGE,
    QUINTET_STREAM_TIMBRE,
};

/* A note, in sixteenths; step counts D minor scale degrees from D1. */
struct quintet_note {
    int onset, length;
    int step, midi;
    int dynamic; /* 1 (piano) to 4 (forte) */
};

struct quintet_part {
    struct quintet_note *notes; /* in order of onset, never overlapping */
    size_t count;
    int low, high; /* range in steps, both ends included */
};

struct quintet_score {
    struct quintet_part parts[QUINTET_PLAYERS];
    int bars;
    double seconds;
};

/* What the picture shows of one player at one moment; all in 0..1. */
struct quintet_pose {
    double raise; /* 0: at rest, bow down; 1: playing */
    double bow;   /* point of the bow on the string; 0: frog, 1: tip */
    double pitch; /* place in the player's range: string and left hand */
    double level; /* loudness */
    double nod;   /* head movement just after an onset */
};

/* Composes a score that fills the seconds. 0, or -1 without memory. */
int quintet_score_compose(struct quintet_score *score, uint64_t seed,
                          int stream, double seconds);
void quintet_score_free(struct quintet_score *score);

/* Onset and end of the sounding note, in seconds. */
double quintet_note_onset(const struct quintet_note *note);
double quintet_note_end(const struct quintet_note *note);

/* Point of the bow and loudness, t seconds after the onset. The picture and
 * the sound both use these, so what is seen can be heard. */
double quintet_note_bow(const struct quintet_note *note, double t);
double quintet_note_level(const struct quintet_note *note, double t);

/* Pose of one player at a moment of the score. */
struct quintet_pose quintet_pose_at(const struct quintet_part *part,
                                    double time);

/* Renders a score to interleaved stereo; the caller frees the samples. The
 * timbre: 0 is the quintet's own, another number other instruments in another
 * room, which play the same. NULL without memory. */
int16_t *quintet_synth(const struct quintet_score *score, uint64_t seed,
                       uint64_t timbre, size_t *frames);

/* The stage: a picture drawn again for each frame. */
struct quintet_stage;

struct quintet_stage *quintet_stage_new(int size);
void quintet_stage_free(struct quintet_stage **stage);

/* Draws the poses of all players; the pixels (native 0xXXRRGGBB) stay the
 * stage's and change with the next call. NULL if cairo fails. */
const uint8_t *quintet_stage_draw(struct quintet_stage *stage,
                                  const struct quintet_pose *poses,
                                  int *stride);

#endif
