/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Generates frames from audio through a session, one at a time. */
#ifndef S2VI_EVAL_GENERATE_H
#define S2VI_EVAL_GENERATE_H

#include "s2v/s2v.h"

/** The audio for the model: samples, looped. */
typedef struct s2vi_eval_sound {
    const float *samples; /**< not owned */
    int64_t count;        /**< at least 1 */
    int64_t delay;        /**< heard so many samples late: sample i is
                               samples[(i - delay) mod count]; >= 0 */
    int64_t length;       /**< samples heard in all */
} s2vi_eval_sound;

/** Copy samples [from, from + n) of the looped audio. */
void s2vi_eval_sound_read(const s2vi_eval_sound *sound, int64_t from, int64_t n,
                          float *out);

/**
 * Called with each frame, in order.
 *
 * @return 0 to continue; a status with its sentence to stop
 */
typedef int (*s2vi_eval_frame_fn)(void *opaque, const s2v_video_frame *frame,
                                  s2v_error *err);

/**
 * Generate frames 0 ... frames - 1 from audio, after a flush of the session.
 * Audio is sent one frame's worth at a time; no frames past the last are
 * generated.
 *
 * @param hop samples to a frame, 1 to 65536
 * @return S2V_OK; S2V_ERR_INTERNAL: fewer frames came; what `fn` returned
 */
int s2vi_eval_generate(s2v_session *session, const s2vi_eval_sound *sound,
                       int64_t frames, int64_t hop, s2vi_eval_frame_fn fn,
                       void *opaque, s2v_error *err);

/** Set a session's options, each NAME=VALUE; the list ends with NULL. */
int s2vi_eval_set_options(s2v_session *session, char *const *set,
                          s2v_error *err);

#endif
