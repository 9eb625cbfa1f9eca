/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Similarity of two sounds: mel-cepstral distortion, and the similarity of
 * timbre, on the mel spectra of audio/foley_mel.h, (columns, 80) in [0, 1].
 *
 * VarietySound reports MCD, and the cosine of timbre features from a network
 * for speakers. The latter cannot be redistributed; here the features are
 * statistics of the mel, and reports must say so.
 */
#ifndef S2VI_TRAIN_TIMBRE_H
#define S2VI_TRAIN_TIMBRE_H

#include "audio/foley_mel.h"
#include "s2v/s2v.h"

enum {
    S2VI_MCD_ORDER = 13,   /* cepstral coefficients 1 to 13 */
    S2VI_TIMBRE_WIDTH = 4, /* bands, sigma of the smoothing */
};

/**
 * Mel-cepstral distortion (Kubichek, "Mel-cepstral distance measure for
 * objective speech quality assessment", 1993), in dB: the mean over columns of
 * 10 / ln 10 sqrt(2 sum_k (c_k - c'_k)^2), k = 1 ... 13, where c is the
 * orthonormal cosine transform (DCT-II) of ln m. Loudness, c_0, does not count.
 * Column is compared with column, without warping, since the audio must be
 * synchronous.
 *
 * @param a, b (columns, 80)
 * @return NaN for no columns
 */
double s2vi_mcd(const float *a, const float *b, size_t columns);

/**
 * What a sound is like, whenever and however loudly it sounds: of the level in
 * dB in each band, its mean and its (population) standard deviation over the
 * columns that sound. Both are smoothed over bands (a Gaussian of sigma 4, cut
 * off at 12, the outermost bands repeated), so that the same body at another
 * pitch is alike; then their means over bands are taken off.
 */
typedef struct s2vi_timbre {
    size_t columns; /**< that sound: within 40 dB of the loudest, not empty */
    double mean[S2VI_FOLEY_MEL_BANDS];
    double deviation[S2VI_FOLEY_MEL_BANDS];
} s2vi_timbre;

/** @param mel (columns, 80); without sound `columns` is 0 and all else too */
void s2vi_timbre_of_mel(s2vi_timbre *timbre, const float *mel, size_t columns);

/** The cosine of the angle between two sounds' (mean, deviation), 160 numbers:
 * 1 for the same timbre at any level; NaN where one is without sound. */
double s2vi_timbre_cosine(const s2vi_timbre *a, const s2vi_timbre *b);

/** Root mean square over bands of the difference of means, dB; NaN likewise. */
double s2vi_timbre_distance(const s2vi_timbre *a, const s2vi_timbre *b);

#endif
