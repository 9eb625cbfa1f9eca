/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sound front-end of a stream: sound of any level in, a vector of features
 * for each frame out.
 *
 * Samples pass the leveller (audio/level.h) or a fixed gain, which the option
 * `level` chooses, and go to the family's feature extractor.
 */
#ifndef S2VI_SESSION_FRONT_END_H
#define S2VI_SESSION_FRONT_END_H

#include <stdbool.h>

#include "audio/level.h"
#include "base/log.h"
#include "base/state.h"
#include "weights/weights.h"

/** How a family makes features of mono sound at 16 kHz; `self` is a stream's.
 */
typedef struct s2vi_extractor {
    int count; /* features of a frame */
    /** Start a stream of features; closed on failure as well.
     *
     * @param trained what the weight file says of the sound that the model was
     *                trained on, of the family's own type; outlives the stream
     * @param logger  outlives it, too */
    int (*create)(void **self, const void *trained, const s2vi_logger *logger,
                  s2v_error *err);
    void (*close)(void *self);
    /** Optional: the level is "auto" from now on, or it is not. */
    void (*set_automatic)(void *self, bool automatic);
    /** Make room for `n` more samples, so that sending them cannot fail.
     * S2V_ERR_EOF after a drain; S2V_ERR_NOMEM. */
    int (*reserve)(void *self, size_t n);
    /** Take all samples or, on failure, none; as `reserve`. */
    int (*send)(void *self, const float *samples, size_t n);
    /** The sound has ended. */
    void (*drain)(void *self);
    /** The next frame's features; S2V_ERR_AGAIN; S2V_ERR_EOF. */
    int (*receive)(void *self, float *features);
    void (*flush)(void *self);
    /** As that of a family (family.h): without it, streams cannot be saved. */
    void (*pass_state)(void *self, s2vi_state *state);
} s2vi_extractor;

/** The loudness of the sound that a model was trained on, "s2v.level", in LUFS;
 * NaN: the file does not say it. S2V_ERR_MODEL with the path. */
int s2vi_trained_level_read(double *level, const s2v_weights *weights,
                            s2v_error *err);

/** Of one stream. */
typedef struct s2vi_front_end {
    const s2vi_extractor *extractor;
    void *features;
    double target;     /* LUFS; NaN: unknown */
    s2vi_level *level; /* NULL: a fixed gain */
    float gain;        /* that one */
} s2vi_front_end;

/**
 * Start a front-end, all zeros before, which is closed on failure as well.
 *
 * @param extractor outlives it
 * @param trained   for the extractor
 * @param target    LUFS of the training's sound; NaN: unknown
 * @param logger    outlives it
 */
int s2vi_front_end_create(s2vi_front_end *front,
                          const s2vi_extractor *extractor, const void *trained,
                          double target, const s2vi_logger *logger,
                          s2v_error *err);
void s2vi_front_end_close(s2vi_front_end *front);

/**
 * Set the level: "auto", a leveller where the target is known; or a gain;
 * before, it is "off". For the samples sent and the frames received from now
 * on; what the leveller before holds is still levelled by it.
 *
 * @return S2V_OK; S2V_ERR_INVALID; S2V_ERR_NOMEM. On failure it is as before.
 */
int s2vi_front_end_set_level(s2vi_front_end *front, const char *level,
                             s2v_error *err);

/** All of it is taken or, on failure, none. S2V_ERR_EOF after a drain. */
int s2vi_front_end_send(s2vi_front_end *front, const float *samples,
                        size_t count, s2v_error *err);

void s2vi_front_end_drain(s2vi_front_end *front);

/** The next frame's features, as many as the extractor says; S2V_ERR_AGAIN:
 * send more, or drain; S2V_ERR_EOF: drained, and no frame is left. */
int s2vi_front_end_receive(s2vi_front_end *front, float *features);

/** Save what was sent and not received, or restore it: with the same level. */
void s2vi_front_end_pass_state(s2vi_front_end *front, s2vi_state *state);

/** As new, with the same level. */
void s2vi_front_end_flush(s2vi_front_end *front);

#endif
