/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Log-mel spectrum of Listen and Move, streaming: sound in, one vector of 64
 * features for each video frame out.
 *
 * Sound is mono at 16 kHz, nominally in [-1, 1]. Column k is the samples
 * [160 k, 160 k + 400) under a periodic Hann window, zero-padded to 512, its
 * magnitudes summed by 64 mel filters from 125 to 7500 Hz, log(x + 0.01).
 * Frame t, at 20 a second, is the mean of columns 5 t ... 5 t + 7: it hears
 * the samples [800 t, 800 t + 1520), a look-ahead of 95 ms.
 *
 * @code
 * float f[S2VI_LMS_BANDS];
 * while ((n = read_mono_16khz(samples, 1024)) > 0) {
 *     if (s2vi_lms_send(lms, samples, n) < 0)
 *         goto fail;
 *     while (s2vi_lms_receive(lms, f) == S2V_OK)
 *         use(f);
 * }
 * s2vi_lms_drain(lms);
 * while (s2vi_lms_receive(lms, f) == S2V_OK)
 *     use(f);
 * @endcode
 */
#ifndef S2VI_AUDIO_LMS_H
#define S2VI_AUDIO_LMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/state.h"

enum {
    S2VI_LMS_BANDS = 64,   /* features of a frame */
    S2VI_LMS_RATE = 16000, /* samples a second */
    S2VI_LMS_STEP = 800,   /* samples from one frame to the next */
    S2VI_LMS_SPAN = 1520,  /* samples a frame needs, from its own start on */
    S2VI_LMS_COLUMNS = 8,  /* of a frame */
    S2VI_LMS_ADVANCE = 5,  /* from one frame to the next */
};

/** Added to a band's magnitude before the logarithm. */
#define S2VI_LMS_FLOOR 0.01

/** One stream of sound; one thread at a time. */
typedef struct s2vi_lms s2vi_lms;

/**
 * Start a stream.
 *
 * @param lms set to a new stream, which the caller closes; NULL on failure
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_lms_create(s2vi_lms **lms, s2v_error *err);

/** Close a stream and set the pointer to NULL. NULL is fine. */
void s2vi_lms_close(s2vi_lms **lms);

/**
 * Send sound, any count, zero included. The samples are copied; those that
 * are not finite count as 0, and beyond +-1e30 they are clipped, so that every
 * feature is finite. All of it is taken or, on failure, none. Memory grows
 * only with sound that has been sent and not been received as frames.
 *
 * @param samples (n) mono at 16 kHz; may be NULL if n is 0
 * @return S2V_OK; S2V_ERR_EOF after a drain; S2V_ERR_NOMEM
 */
int s2vi_lms_send(s2vi_lms *lms, const float *samples, size_t n);

/**
 * The next frame's features: frame t once 800 t + 1520 samples have come, or
 * after a drain; ceil(samples / 800) in all, the same bits however the sound
 * was cut.
 *
 * @param out (64) natural logarithms, lowest band first; untouched unless
 *            S2V_OK
 * @return S2V_OK; S2V_ERR_AGAIN: send more, or drain; S2V_ERR_EOF: drained,
 *         and no frame is left
 */
int s2vi_lms_receive(s2vi_lms *lms, float out[S2VI_LMS_BANDS]);

/** The same of the frame's columns instead of their mean; the first three are
 * the last ones of the frame before. */
int s2vi_lms_receive_columns(s2vi_lms *lms,
                             double out[S2VI_LMS_COLUMNS][S2VI_LMS_BANDS]);

/** The sound has ended: silence follows. More than once is fine. */
void s2vi_lms_drain(s2vi_lms *lms);

/**
 * Make room for `n` more samples, so that sending them cannot fail.
 *
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_lms_reserve(s2vi_lms *lms, size_t n);

/**
 * Multiply the bands' magnitudes from now on, before their logarithm: what an
 * equaliser does to sound. For training.
 *
 * @param gain (64) factors, copied; NULL: 1
 */
void s2vi_lms_equalise(s2vi_lms *lms, const double *gain);

/** Forget everything sent: as new, but keep the memory. */
void s2vi_lms_flush(s2vi_lms *lms);

/**
 * The features of a whole clip, by the functions above.
 *
 * @param samples (n) as for s2vi_lms_send()
 * @param out     (frames, 64), row after row
 * @param frames  how many rows to fill: at most the clip's ceil(n / 800); rows
 *                beyond are those of silence
 * @param gain    (64) as for s2vi_lms_equalise(), or NULL
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_lms_features(const float *samples, size_t n, float *out,
                      int64_t frames, const double *gain);

/** Save what was sent and not received, or restore it. */
void s2vi_lms_pass_state(s2vi_lms *lms, s2vi_state *state);

#endif
