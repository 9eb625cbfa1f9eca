/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows of a log-mel spectrum, streaming: sound in, a picture of the last 64
 * columns out for each video frame.
 *
 * Columns are those of lms.h, one each 10 ms, 64 bands; frame t, at 20 a
 * second, has columns 5 t - 56 to 5 t + 7, so that it hears up to the sample
 * 800 t + 1520, as the frames there. Before the beginning is silence. A number
 * x, ln(magnitude + 0.01), becomes (x + 0.4) / 2, which, of rendered landscapes
 * at -16 LUFS, has the mean 0 and the deviation 1.
 */
#ifndef S2VI_AUDIO_MEL_WINDOW_H
#define S2VI_AUDIO_MEL_WINDOW_H

#include "audio/lms.h"

#include <stdbool.h>

enum {
    S2VI_MEL_WINDOW_BANDS = S2VI_LMS_BANDS,
    S2VI_MEL_WINDOW_COLUMNS = 64,
    S2VI_MEL_WINDOW_NUMBERS = S2VI_LMS_BANDS * S2VI_MEL_WINDOW_COLUMNS,
};

/** One stream of sound; one thread at a time. */
typedef struct s2vi_mel_window s2vi_mel_window;

/** Start a stream. S2V_ERR_NOMEM: `*window` is NULL. */
int s2vi_mel_window_create(s2vi_mel_window **window, s2v_error *err);

/** Close a stream and set the pointer to NULL. NULL is fine. */
void s2vi_mel_window_close(s2vi_mel_window **window);

/** As those of lms.h. */
int s2vi_mel_window_reserve(s2vi_mel_window *window, size_t n);
int s2vi_mel_window_send(s2vi_mel_window *window, const float *samples,
                         size_t n);
void s2vi_mel_window_drain(s2vi_mel_window *window);
void s2vi_mel_window_flush(s2vi_mel_window *window);

/**
 * The next frame's window, ceil(samples / 800) in all.
 *
 * @param out (64,64): band by band from the lowest, each from its oldest column
 *            to the newest; untouched unless S2V_OK
 * @return S2V_OK; S2V_ERR_AGAIN: send more, or drain; S2V_ERR_EOF
 */
int s2vi_mel_window_receive(s2vi_mel_window *window,
                            float out[S2VI_MEL_WINDOW_NUMBERS]);

/** Whether a window has no sound: nothing above what silence is taken for, some
 * 36 dB below the mean of the landscapes. */
bool s2vi_mel_window_is_silent(const float window[S2VI_MEL_WINDOW_NUMBERS]);

/** A window whose sound has begun not long ago as if it had been there before:
 * the columns since the first that is not silent, again and again. */
void s2vi_mel_window_repeat(const float window[S2VI_MEL_WINDOW_NUMBERS],
                            float out[S2VI_MEL_WINDOW_NUMBERS]);
void s2vi_mel_window_pass_state(s2vi_mel_window *window, s2vi_state *state);

/* ---- of whole clips, for training ---- */

/** Columns that the windows of so many frames need. */
int64_t s2vi_mel_columns_count(int64_t frames);

/**
 * A clip's columns, as they are in windows.
 *
 * @param out (s2vi_mel_columns_count(frames),64)
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_mel_columns(const float *samples, size_t n, int64_t frames, float *out,
                     s2v_error *err);

/** The window of a frame, the numbers of s2vi_mel_window_receive(). */
void s2vi_mel_window_of(const float *columns, int64_t frame,
                        float out[S2VI_MEL_WINDOW_NUMBERS]);

#endif
