/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a pSp encoder of sound sees, streaming: for each video frame a picture
 * of the last ten seconds, the mel spectrum of decibel_mel.h.
 *
 * Sound comes at 16 kHz, as for the other front-ends, and is interpolated at
 * 44.1 kHz; bands above 8 kHz stay empty. Frame t, at 20 a second, has the last
 * 864 columns of those that the samples up to 800 t + 1520 complete; of fewer
 * there are zeros after them, as in training.
 *
 * A stream does not know the maximum of the whole sound, which decibels are
 * below: S_max is the largest so far, falling by 1 dB a second, and never below
 * what a sine of -40 dBFS makes. What is louder counts as S_max.
 */
#ifndef S2VI_AUDIO_DECIBEL_WINDOW_H
#define S2VI_AUDIO_DECIBEL_WINDOW_H

#include "audio/decibel_mel.h"
#include "base/state.h"

enum {
    S2VI_DECIBEL_WINDOW_RATE = 16000, /* samples a second */
    S2VI_DECIBEL_WINDOW_STEP = 800,   /* from one frame to the next */
    S2VI_DECIBEL_WINDOW_SPAN = 1520,  /* that a frame hears */
};

/** One stream of sound; one thread at a time. */
typedef struct s2vi_decibel_window s2vi_decibel_window;

/**
 * Start a stream.
 *
 * @param side of the pictures, and the number of bands, up to
 *             S2VI_DECIBEL_MEL_MOST
 * @return S2V_OK; S2V_ERR_NOMEM: `*window` is NULL
 */
int s2vi_decibel_window_create(s2vi_decibel_window **window, size_t side,
                               s2v_error *err);
void s2vi_decibel_window_close(s2vi_decibel_window **window);

/** As those of lms.h. */
int s2vi_decibel_window_reserve(s2vi_decibel_window *window, size_t n);
int s2vi_decibel_window_send(s2vi_decibel_window *window, const float *samples,
                             size_t n);
void s2vi_decibel_window_drain(s2vi_decibel_window *window);
void s2vi_decibel_window_flush(s2vi_decibel_window *window);

/**
 * The next frame's picture, ceil(samples / 800) in all.
 *
 * @param out (side,side), the lowest band first; untouched unless S2V_OK
 * @return S2V_OK; S2V_ERR_AGAIN: send more, or drain; S2V_ERR_EOF
 */
int s2vi_decibel_window_receive(s2vi_decibel_window *window, float *out);

void s2vi_decibel_window_pass_state(s2vi_decibel_window *window,
                                    s2vi_state *state);

#endif
