/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One column of a short-time Fourier transform: window, zero-pad, magnitude. */
#ifndef S2VI_AUDIO_STFT_H
#define S2VI_AUDIO_STFT_H

#include <stdbool.h>
#include <stddef.h>

/** A transform of one size. One thread at a time: it holds scratch memory. */
typedef struct s2vi_stft s2vi_stft;

/**
 * Make a transform with a periodic Hann window.
 *
 * @param window samples in a window, at least 1 and at most `fft`
 * @param fft    points of the transform: a power of two, at least 4
 * @return a new transform, which the caller frees; NULL: out of memory, or
 *         sizes that are not as above
 */
s2vi_stft *s2vi_stft_create(size_t window, size_t fft);

/** Free a transform and set the pointer to NULL. NULL is fine. */
void s2vi_stft_close(s2vi_stft **stft);

/**
 * Magnitudes |X[b]| of one windowed column, b = 0 ... fft / 2, not scaled.
 *
 * @param samples the column's first `n` samples, at most a window's; the rest
 *                of the window is silence
 * @param out     (fft / 2 + 1) magnitudes, owned by `stft`, valid until the
 *                next call
 */
const double *s2vi_stft_column(s2vi_stft *stft, const float *samples, size_t n);

/**
 * The samples of a whole sound around one of them, [centre - size / 2, centre +
 * size / 2). Before its start and after its end it is reflected, more than once
 * if it is short, without its last sample repeated; or silent. Samples that are
 * not finite count as 0, and beyond +-loudest they are clipped.
 *
 * @param n   at least 1
 * @param out (size)
 */
void s2vi_stft_centred(const float *samples, size_t n, size_t centre,
                       size_t size, bool reflect, float loudest, float *out);

#endif
