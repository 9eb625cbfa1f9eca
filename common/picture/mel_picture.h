/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Previews of sound: mel spectrograms as a picture, and a short sound file. */
#ifndef S2VI_TRAIN_MEL_PICTURE_H
#define S2VI_TRAIN_MEL_PICTURE_H

#include "audio/foley_mel.h"
#include "picture/picture.h"

/**
 * Draw mel spectrograms (columns,80) in [0, 1] one above the other, low bands
 * below: black is silence.
 *
 * @param picture receives it, for s2vi_picture_free()
 */
int s2vi_mel_picture_draw(s2vi_picture *picture, const float *const *mel,
                          int rows, int columns, s2v_error *err);

/** Draw two and write them as PNG. */
int s2vi_mel_picture_write(const char *path, const float *above,
                           const float *below, int columns, s2v_error *err);

/** Write 22,050 Hz mono sound, clipped to [-1, 1], as 16-bit WAV; whole, or
 * what was there before stays. */
int s2vi_wav_write(const char *path, const float *sound, int64_t n,
                   s2v_error *err);

#endif
