/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sound front-end of a stream: sound of any level in, features of a frame
 * out, near those that the model was trained on.
 *
 * Samples pass the leveller (audio/level.h) or a fixed gain, then become
 * features (audio/lms.h), which are equalised (audio/equaliser.h) and brought
 * into the range of the training (audio/feature_range.h), with one warning
 * where most of a sound lies outside it. Which of these happen depends on what
 * the weight file says and on the level that the user has set.
 */
#ifndef S2VI_SESSION_FRONT_END_H
#define S2VI_SESSION_FRONT_END_H

#include "audio/equaliser.h"
#include "audio/feature_range.h"
#include "audio/level.h"
#include "audio/lms.h"
#include "base/log.h"
#include "weights/weights.h"

/** What a weight file says of the sound that the model was trained on. */
typedef struct s2vi_trained_sound {
    double level;      /* LUFS; NaN: unknown */
    bool has_spectrum; /* its average spectrum is known */
    s2vi_spectrum spectrum;
    bool has_range; /* and the range of its features */
    s2vi_feature_range range;
} s2vi_trained_sound;

/** Read s2v.level, s2v.spectrum and s2v.features, each of which may be
 * missing. S2V_ERR_MODEL with the path. */
int s2vi_trained_sound_read(s2vi_trained_sound *sound,
                            const s2v_weights *weights, s2v_error *err);

/** Of one stream. */
typedef struct s2vi_front_end {
    const s2vi_trained_sound *trained;
    const s2vi_logger *logger;
    s2vi_level *level; /* NULL: a fixed gain */
    float gain;        /* that one */
    s2vi_lms *lms;
    bool equalised; /* the features are, by: */
    s2vi_equaliser equaliser;
    int checked, foreign; /* frames compared with the range, of the latest
                             few; those far outside it */
    bool warned;          /* that most are */
} s2vi_front_end;

/**
 * Start a front-end, all zeros before, which is closed on failure as well.
 *
 * @param trained outlives it
 * @param logger  receives the warning; outlives it
 */
int s2vi_front_end_create(s2vi_front_end *front,
                          const s2vi_trained_sound *trained,
                          const s2vi_logger *logger, s2v_error *err);
void s2vi_front_end_close(s2vi_front_end *front);

/**
 * Set the level: a leveller and an equaliser for "auto", or a gain; before, it
 * is "off". For the samples sent and the frames received from now on; what the
 * leveller before holds is still levelled by it.
 *
 * @return S2V_OK; S2V_ERR_INVALID; S2V_ERR_NOMEM. On failure it is as before.
 */
int s2vi_front_end_set_level(s2vi_front_end *front, const char *level,
                             s2v_error *err);

/** All of it is taken or, on failure, none. S2V_ERR_EOF after a drain. */
int s2vi_front_end_send(s2vi_front_end *front, const float *samples,
                        size_t count, s2v_error *err);

void s2vi_front_end_drain(s2vi_front_end *front);

/** The next frame's features; S2V_ERR_AGAIN and S2V_ERR_EOF as s2vi_lms_receive
 * () has them. */
int s2vi_front_end_receive(s2vi_front_end *front,
                           float features[S2VI_LMS_BANDS]);

/** As new, with the same level; a warning is not given again. */
void s2vi_front_end_flush(s2vi_front_end *front);

#endif
