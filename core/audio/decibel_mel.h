/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mel spectrum in decibels below its maximum: the input of the sound encoder of
 * CLIP's space and of the encoder E_a (Lee et al., "Sound-guided Semantic Image
 * Manipulation", CVPR 2022, and "Sound-guided Semantic Video Generation", ECCV
 * 2022).
 *
 * Sound is mono at 44.1 kHz. Column k is centred on sample 512 k: the samples
 * [512 k - 1024, 512 k + 1024) under a periodic Hann window. Their powers are
 * summed by Slaney's mel filters up to 22,050 Hz, 128 or 256 of them. A sum S
 * becomes
 *
 *     1 + max(10 log10(max(S, 1e-10)) - 10 log10(max(S_max, 1e-10)), -80) / 80
 *
 * where S_max is the whole sound's maximum: 0 is 80 dB below it, or less.
 * Silence is 1 everywhere.
 *
 * Spectra are (columns, bands) in memory, the lowest band first.
 */
#ifndef S2VI_AUDIO_DECIBEL_MEL_H
#define S2VI_AUDIO_DECIBEL_MEL_H

#include <stdbool.h>
#include <stddef.h>

#include "s2v/s2v.h"

enum {
    S2VI_DECIBEL_MEL_RATE = 44100, /* samples a second */
    S2VI_DECIBEL_MEL_FFT = 2048,   /* samples of a column */
    S2VI_DECIBEL_MEL_HOP = 512,    /* samples from one column to the next */
    S2VI_DECIBEL_MEL_WINDOW = 864, /* columns that the encoders see: 10.03 s */
    S2VI_DECIBEL_MEL_MOST = 1024,  /* bands */
    S2VI_SOUND_CLIP_BANDS = 128,   /* of the sound encoder's spectrum */
    S2VI_SOUND_CLIP_HEIGHT = 128,  /* of its image */
    S2VI_SOUND_CLIP_WIDTH = 512,
};

/* -------------------------------------------------------- one column -- */

/** The powers of columns, before the decibels: for streams. One thread at a
 * time. */
typedef struct s2vi_power_mel s2vi_power_mel;

/** @param bands 1 to S2VI_DECIBEL_MEL_MOST; NULL: out of memory */
s2vi_power_mel *s2vi_power_mel_create(size_t bands);
void s2vi_power_mel_close(s2vi_power_mel **mel);

/** S of one column, out (bands), of its S2VI_DECIBEL_MEL_FFT finite samples. */
void s2vi_power_mel_column(s2vi_power_mel *mel, const float *samples,
                           double *out);

/** A sum S in [0, 1], below the maximum `most`. */
float s2vi_decibel_mel_scaled(double S, double most);

/* ------------------------------------------------------- whole sounds -- */

/** Columns of n samples: 1 + n / 512, rounded down; 0 of none. */
size_t s2vi_decibel_mel_columns(size_t n);

/**
 * The spectrum of a whole sound.
 *
 * @param samples (n); those that are not finite count as 0, and beyond +-1e15
 *                they are clipped
 * @param bands   1 to S2VI_DECIBEL_MEL_MOST
 * @param reflect before its start and after its end, the sound is reflected,
 *                as when the published encoders were trained; false: zeros
 * @param out     (columns, bands) of s2vi_decibel_mel_columns(n)
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_decibel_mel(const float *samples, size_t n, size_t bands, bool reflect,
                     float *out, s2v_error *err);

/**
 * The columns that an encoder sees: the middle ones of a longer spectrum, a
 * shorter one with zeros after it.
 *
 * @param out (S2VI_DECIBEL_MEL_WINDOW, bands)
 */
void s2vi_decibel_mel_window(const float *mel, size_t columns, size_t bands,
                             float *out);

/**
 * A spectrum as an image, the lowest band in the first row: bilinear, half-
 * pixel centres, clamped at the edges, without a filter against aliasing.
 *
 * @param out (height, width)
 */
void s2vi_decibel_mel_image(const float *mel, size_t columns, size_t bands,
                            size_t height, size_t width, float *out);

/**
 * The sound encoder's input, from a spectrum of S2VI_SOUND_CLIP_BANDS: its
 * window as an image 128 wide and 512 high, whose numbers are then read, row
 * after row, as one 512 wide and 128 high. The published code does so by
 * mistake, and its weights need it.
 *
 * @param out (S2VI_SOUND_CLIP_HEIGHT, S2VI_SOUND_CLIP_WIDTH)
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_sound_clip_image(const float *mel, size_t columns, float *out,
                          s2v_error *err);

#endif
