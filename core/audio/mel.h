/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Banks of triangular filters, evenly spaced on a mel scale. */
#ifndef S2VI_AUDIO_MEL_H
#define S2VI_AUDIO_MEL_H

#include <stddef.h>

/** A filter bank: immutable, and safe to share between threads. */
typedef struct s2vi_mel s2vi_mel;

/**
 * Make a filter bank. The filters' `bands` + 2 edges are evenly spaced from
 * `low` to `high` in mel(f) = 1127 ln(1 + f / 700); band b rises from edge b
 * to 1 at edge b + 1 and falls to edge b + 2, linearly in mel.
 *
 * @param bands filters, at least 1
 * @param fft   points of the transform whose (fft / 2 + 1) bins go in
 * @param rate  samples per second
 * @param low   lowest edge, Hz, above 0
 * @param high  highest edge, Hz, at most rate / 2
 * @return a new bank, which the caller frees; NULL: out of memory
 */
s2vi_mel *s2vi_mel_create(size_t bands, size_t fft, double rate, double low,
                          double high);

/**
 * The same edges, but each band is a triangle linear in hertz, of height 1 at
 * edge b + 1.
 */
s2vi_mel *s2vi_mel_create_hertz(size_t bands, size_t fft, double rate,
                                double low, double high);

/**
 * The same with Slaney's scale and filters, librosa's default: the edges are
 * evenly spaced in a mel that is linear up to 1 kHz and logarithmic above; band
 * b is a triangle linear in hertz from edge b over edge b + 1 to edge b + 2,
 * scaled to area 1, that is to the height 2 / (its width in Hz).
 */
s2vi_mel *s2vi_mel_create_slaney(size_t bands, size_t fft, double rate,
                                 double low, double high);

/** Free a bank and set the pointer to NULL. NULL is fine. */
void s2vi_mel_close(s2vi_mel **mel);

/** out (bands) = the bank's weights (bands, bins) x magnitude (bins). */
void s2vi_mel_apply(const s2vi_mel *mel, const double *magnitude, double *out);

#endif
