/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream from audio to frames, for any family that generates a frame in one
 * run of a network: the features come from the audio front-end, conditions may
 * be set at any time, recurrent state is in its STATE variables.
 *
 * Frame t is a run at the clock {seed, t}. The functions from
 * s2vi_frame_stream_send() on fit a row of the table (family.h): `stream` is
 * what s2vi_frame_stream_create() has made.
 */
#ifndef S2VI_SESSION_FRAME_STREAM_H
#define S2VI_SESSION_FRAME_STREAM_H

#include "run/exec.h"
#include "session/family.h"
#include "session/front_end.h"

enum { S2VI_FRAME_FEATURES = 4 }; /* inputs of features at most */

/** The network of one frame; all of it outlives the stream. */
typedef struct s2vi_frame_network {
    const s2vi_plan *plan;
    /* INPUTs, written for each frame: they share its features in turn. */
    const s2vi_node *features[S2VI_FRAME_FEATURES];
    int n_features;
    const s2vi_node *video;          /* (1,H,W,3) in [-1, 1] */
    const s2vi_extractor *extractor; /* of those features */
    const void *trained;             /* for it */
    double level; /* LUFS of the training's sound; NaN: unknown */
    /** Optional: write inputs that are made of a frame's features. */
    int (*feed)(void *opaque, const float *features, s2vi_exec *exec,
                s2v_error *err);
    /** Optional: change the `n` numbers of a frame, a copy of the video. */
    void (*grade)(void *opaque, float *video, size_t n);
    void *opaque; /* of both; outlives the stream */
} s2vi_frame_network;

/**
 * Start a stream.
 *
 * @param stream set to a new stream; on failure to be closed as well
 */
int s2vi_frame_stream_create(void **stream, const s2vi_frame_network *network,
                             const s2vi_logger *logger, s2v_error *err);

/** NULL is fine. */
void s2vi_frame_stream_close(void *stream);

/** Set a condition, an INPUT node: all its elements, for the frames from the
 * next one on, beyond a flush. */
int s2vi_frame_stream_condition(void *stream, const s2vi_node *node,
                                const float *data);

/** Get one of the plan's outputs, as it was for the last frame received. */
int s2vi_frame_stream_read(const void *stream, const s2vi_node *node,
                           float *data);

void s2vi_frame_stream_pass_state(void *stream, s2vi_state *state);

int s2vi_frame_stream_set_seed(void *stream, const s2vi_value *value,
                               s2v_error *err);
int s2vi_frame_stream_set_level(void *stream, const s2vi_value *value,
                                s2v_error *err);

/** Rows of a family's table of options, by the function that sets them. */
#define S2VI_SEED_OPTION(function)                                             \
    {                                                                          \
        .about = {.name = "seed",                                              \
                  .kind = S2V_OPTION_INTEGER,                                  \
                  .when = S2V_OPTION_RUNNING,                                  \
                  .maximum = (double)UINT64_MAX,                               \
                  .default_value = "0",                                        \
                  .help = "set the seed of the random numbers"},               \
        .set = function                                                        \
    }
#define S2VI_LEVEL_OPTION(function)                                            \
    {                                                                          \
        .about = {.name = "level",                                             \
                  .kind = S2V_OPTION_TEXT,                                     \
                  .when = S2V_OPTION_RUNNING,                                  \
                  .default_value = "auto",                                     \
                  .unit = "dB",                                                \
                  .help = "set the loudness of the audio: auto (that of the "  \
                          "training), off, or a gain from -60 to 60 dB"},      \
        .set = function                                                        \
    }
#define S2VI_FRAME_STREAM_SEED  S2VI_SEED_OPTION(s2vi_frame_stream_set_seed)
#define S2VI_FRAME_STREAM_LEVEL S2VI_LEVEL_OPTION(s2vi_frame_stream_set_level)

int s2vi_frame_stream_send(void *stream, const float *samples, size_t count,
                           s2v_error *err);
int s2vi_frame_stream_drain(void *stream, s2v_error *err);
int s2vi_frame_stream_receive(void *stream, s2v_video_frame *frame,
                              s2v_error *err);
void s2vi_frame_stream_flush(void *stream);
void s2vi_frame_stream_report(const void *stream, const s2vi_logger *logger);

#endif
