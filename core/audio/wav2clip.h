/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The image of a sound that Wav2CLIP has (Wu et al., ICASSP 2022).
 *
 * Sound is mono at 16 kHz. Column k is centred on sample 353 k: the samples
 * [353 k - 256, 353 k + 256) under a periodic Hann window, the sound reflected
 * at both ends. The image is ln(power + 1e-7), less its mean, over its standard
 * deviation.
 */
#ifndef S2VI_AUDIO_WAV2CLIP_H
#define S2VI_AUDIO_WAV2CLIP_H

#include <stddef.h>

#include "s2v/s2v.h"

enum {
    S2VI_WAV2CLIP_RATE = 16000, /* samples a second */
    S2VI_WAV2CLIP_FFT = 512,
    S2VI_WAV2CLIP_HOP = 353,
    S2VI_WAV2CLIP_BINS = 257, /* rows of the image, from 0 Hz on */
};

/** Columns of n samples: 1 + n / 353, rounded down; 0 of none. */
size_t s2vi_wav2clip_columns(size_t n);

/**
 * @param samples (n); those that are not finite count as 0, and beyond +-1e15
 *                they are clipped
 * @param out     (S2VI_WAV2CLIP_BINS, columns); of silence, zeros
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_wav2clip_image(const float *samples, size_t n, float *out,
                        s2v_error *err);

#endif
