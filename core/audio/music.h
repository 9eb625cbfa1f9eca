/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Features of music for each frame, streaming and causal: how loud it is, what
 * begins, what is struck and what sounds on, its tones and its tempo.
 *
 * Sound is mono at 16 kHz. A frame hears 1520 samples, 95 ms, from its own
 * start on, as those of lms.h. Columns of 25 ms, one each 10 ms, are
 * transformed; those that belong to a frame are those in which what happens
 * while it lasts shows first: five at 20 frames a second. Of a frame that lasts
 * longer than 100 ms, the end is the next one's, since it is not heard yet. A
 * column depends on the sound before it alone, so that no result depends on how
 * the sound was cut.
 *
 * All but the tempo are in [0,1]: an automatic gain divides by the largest
 * value so far, which halves in 10 s; below -60 dBFS a column is silent, and 0.
 */
#ifndef S2VI_AUDIO_MUSIC_H
#define S2VI_AUDIO_MUSIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/state.h"

enum {
    S2VI_MUSIC_RATE = 16000,
    S2VI_MUSIC_FPS = 20,    /* frames a second, if nothing else is asked for: */
    S2VI_MUSIC_MOST = 60,   /* at most, from 1 on; each has a column */
    S2VI_MUSIC_SPAN = 1520, /* samples a frame needs, from its own start on */
    S2VI_MUSIC_TONES = 12,
};

/** Places of a frame's features. */
typedef enum s2vi_music_feature {
    S2VI_MUSIC_LEVEL,  /* loudness */
    S2VI_MUSIC_LOW,    /* onsets below 150 Hz: kicks */
    S2VI_MUSIC_HIGH,   /* onsets above 500 Hz: snares, hats */
    S2VI_MUSIC_PERC,   /* what rises above the median of 170 ms */
    S2VI_MUSIC_HARM,   /* the rest */
    S2VI_MUSIC_TEMPO,  /* beats a minute; 0: unknown, for instance before 4 s */
    S2VI_MUSIC_PHASE,  /* since the last beat, of a beat: [0,1) */
    S2VI_MUSIC_CHROMA, /* 12 tones from C on, of sum 1; 0: no sound yet */
    S2VI_MUSIC_COUNT = S2VI_MUSIC_CHROMA + S2VI_MUSIC_TONES,
} s2vi_music_feature;

/** Frames a second: a fraction from 1 to S2VI_MUSIC_MOST, den up to 1001. */
typedef struct s2vi_frame_rate {
    int num, den;
} s2vi_frame_rate;

/** One stream of sound; one thread at a time. */
typedef struct s2vi_music s2vi_music;

/** Start a stream. S2V_ERR_NOMEM: `*music` is NULL. */
int s2vi_music_create(s2vi_music **music, s2vi_frame_rate rate, s2v_error *err);

/** Close a stream and set the pointer to NULL. NULL is fine. */
void s2vi_music_close(s2vi_music **music);

/** Room for `n` more samples, so that sending them cannot fail. */
int s2vi_music_reserve(s2vi_music *music, size_t n);

/** All of it is taken or, on failure, none. S2V_ERR_EOF after a drain. */
int s2vi_music_send(s2vi_music *music, const float *samples, size_t n);

/** The sound has ended: silence follows. */
void s2vi_music_drain(s2vi_music *music);

/** The next frame, ceil(seconds x rate) in all. S2V_ERR_AGAIN; S2V_ERR_EOF. */
int s2vi_music_receive(s2vi_music *music, float out[S2VI_MUSIC_COUNT]);

/** Forget everything sent: as new, but keep the memory. */
void s2vi_music_flush(s2vi_music *music);

/** Save what was sent and not received, or restore it. */
void s2vi_music_pass_state(s2vi_music *music, s2vi_state *state);

#endif
