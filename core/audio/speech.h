/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Features of speech for MAN, streaming: sound in, one vector for each video
 * frame out.
 *
 * Sound is mono at 16 kHz, nominally in [-1, 1], with silence before and after
 * it. Column i is the 1024 samples from 128 i - 448 on, centred on 128 i + 64,
 * under a periodic Hann window, zero-padded to 2048. It has
 *
 *   mel     256 triangles straight in hertz from 50 to 7600 Hz, of the
 *           magnitudes, ln(x + 0.01) / 4.6
 *   MFCC    40 such, ln(x + 0.01), coefficients 0 to 12 of the orthonormal
 *           DCT-II, / 10
 *   pitch   a level: 0 where YIN (yin.h, without the Hann window) finds none,
 *           else 1 to 255, the logarithm of 71 to 500 Hz; up to two columns
 *           after a voiced one follow its pitch, i - 2 being the one before i
 *   energy  a level: 0 to 255 of the energy of the 1024-point spectrum, -30 to
 *           50 dB
 *
 * Frame t, at 25 a second, has the 13 columns 5 t - 10, 5 t - 8, ... 5 t + 14:
 * it hears samples up to 640 t + 2367, a look-ahead of 148 ms. Its vector is
 *
 *   mel (13,256), MFCC (13,13), pitch (13), energy (13)
 *
 * column after column, levels as whole numbers.
 */
#ifndef S2VI_AUDIO_SPEECH_H
#define S2VI_AUDIO_SPEECH_H

#include "base/state.h"

enum {
    S2VI_SPEECH_RATE = 16000, /* samples a second */
    S2VI_SPEECH_STEP = 640,   /* samples from one frame to the next */
    S2VI_SPEECH_SPAN = 2368,  /* samples a frame needs, from its own start... */
    S2VI_SPEECH_LEAD = 2240,  /* ...and before it */
    S2VI_SPEECH_COLUMNS = 13, /* of a frame */
    S2VI_SPEECH_BANDS = 256,  /* of a column's mel */
    S2VI_SPEECH_CEPSTRUM = 13, /* coefficients of its MFCC */
    S2VI_SPEECH_LEVELS = 256,  /* of pitch and of energy */
    /* Where each begins in a frame's vector, and its length. */
    S2VI_SPEECH_MEL = 0,
    S2VI_SPEECH_MFCC = S2VI_SPEECH_COLUMNS * S2VI_SPEECH_BANDS,
    S2VI_SPEECH_PITCH =
        S2VI_SPEECH_MFCC + S2VI_SPEECH_COLUMNS * S2VI_SPEECH_CEPSTRUM,
    S2VI_SPEECH_ENERGY = S2VI_SPEECH_PITCH + S2VI_SPEECH_COLUMNS,
    S2VI_SPEECH_NUMBERS = S2VI_SPEECH_ENERGY + S2VI_SPEECH_COLUMNS,
};

/** One stream of sound; one thread at a time. */
typedef struct s2vi_speech s2vi_speech;

/**
 * Start a stream.
 *
 * @param speech set to a new stream, which the caller closes; NULL on failure
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_speech_create(s2vi_speech **speech, s2v_error *err);

/** Close a stream and set the pointer to NULL. NULL is fine. */
void s2vi_speech_close(s2vi_speech **speech);

/**
 * Send sound, any count, zero included; as s2vi_sample_queue_append(). All of
 * it is taken or, on failure, none.
 *
 * @param samples (n) mono at 16 kHz; may be NULL if n is 0
 * @return S2V_OK; S2V_ERR_EOF after a drain; S2V_ERR_NOMEM
 */
int s2vi_speech_send(s2vi_speech *speech, const float *samples, size_t n);

/** Make room for `n` more samples, so that sending them cannot fail; returns
 * as s2vi_speech_send(). */
int s2vi_speech_reserve(s2vi_speech *speech, size_t n);

/**
 * The next frame's features: frame t once 640 t + 2368 samples have come, or
 * after a drain; ceil(samples / 640) in all, the same bits however the sound
 * was cut.
 *
 * @param out (S2VI_SPEECH_NUMBERS), untouched unless S2V_OK
 * @return S2V_OK; S2V_ERR_AGAIN: send more, or drain; S2V_ERR_EOF: drained,
 *         and no frame is left
 */
int s2vi_speech_receive(s2vi_speech *speech, float *out);

/**
 * One frame by itself: the bits that a stream would give for it. The stream is
 * left as it is.
 *
 * @param samples (S2VI_SPEECH_LEAD + S2VI_SPEECH_SPAN), those around its start
 * @param out     (S2VI_SPEECH_NUMBERS)
 */
void s2vi_speech_frame(s2vi_speech *speech, const float *samples, float *out);

/** The sound has ended: silence follows. More than once is fine. */
void s2vi_speech_drain(s2vi_speech *speech);

/** Forget everything sent: as new, but keep the memory. */
void s2vi_speech_flush(s2vi_speech *speech);

/** Save what was sent and not received, or restore it. */
void s2vi_speech_pass_state(s2vi_speech *speech, s2vi_state *state);

/** The level of a pitch in hertz, 0 for 0. */
int s2vi_speech_pitch_level(double hertz);

#endif
