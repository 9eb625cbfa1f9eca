/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One column of a short-time Fourier transform.
 *
 * The transform is KISS FFT's: BSD-3-Clause, so that anyone who may use s2v
 * may use it; maintained, and in Debian (libkissfft-dev). FFTW is faster, but
 * under the GPL, which would bind the whole program; at 100 columns for each
 * second of sound the transform is not what takes the time.
 *
 * It computes in float, which limits an error in |X| to about 1e-7 of the
 * column's energy sqrt(sum x^2) (tests/audio/lms.c has the numbers). All that
 * is done here besides is in double.
 */
#include "audio/stft.h"

#include <kiss_fftr.h>
#include <math.h>
#include <stdlib.h>

struct s2vi_stft {
    size_t window, fft;
    double *hann;       /* (window) */
    float *in;          /* (fft), zero from `window` on */
    kiss_fft_cpx *out;  /* (fft / 2 + 1) */
    double *magnitude;  /* (fft / 2 + 1) */
    kiss_fftr_cfg plan; /* one block of memory */
};

static void fill_hann(double *hann, size_t window)
{
    const double pi = 3.14159265358979323846;
    for (size_t i = 0; i < window; i++)
        hann[i] = 0.5 - 0.5 * cos(2.0 * pi * (double)i / (double)window);
}

s2vi_stft *s2vi_stft_create(size_t window, size_t fft)
{
    if (window < 1 || window > fft || fft < 4 || fft > 1 << 20 ||
        (fft & (fft - 1)) != 0)
        return NULL;
    s2vi_stft *stft = calloc(1, sizeof(*stft));
    if (!stft)
        return NULL;
    stft->window = window;
    stft->fft = fft;
    stft->hann = calloc(window, sizeof(*stft->hann));
    stft->in = calloc(fft, sizeof(*stft->in));
    stft->out = calloc(fft / 2 + 1, sizeof(*stft->out));
    stft->magnitude = calloc(fft / 2 + 1, sizeof(*stft->magnitude));
    /* In memory of ours: KISS FFT does not check its own allocation. */
    size_t size = 0;
    kiss_fftr_alloc((int)fft, 0, NULL, &size);
    void *memory = malloc(size);
    if (memory)
        stft->plan = kiss_fftr_alloc((int)fft, 0, memory, &size);
    if (!stft->plan)
        free(memory);
    if (!stft->hann || !stft->in || !stft->out || !stft->magnitude ||
        !stft->plan)
        goto fail;
    fill_hann(stft->hann, window);
    return stft;
fail:
    s2vi_stft_close(&stft);
    return NULL;
}

void s2vi_stft_close(s2vi_stft **stft)
{
    if (!stft || !*stft)
        return;
    free((*stft)->hann);
    free((*stft)->in);
    free((*stft)->out);
    free((*stft)->magnitude);
    free((*stft)->plan);
    free(*stft);
    *stft = NULL;
}

const double *s2vi_stft_column(s2vi_stft *stft, const float *samples, size_t n)
{
    for (size_t i = 0; i < n; i++)
        stft->in[i] = (float)(samples[i] * stft->hann[i]);
    for (size_t i = n; i < stft->window; i++)
        stft->in[i] = 0.0f;
    kiss_fftr(stft->plan, stft->in, stft->out);
    for (size_t b = 0; b <= stft->fft / 2; b++) {
        double re = stft->out[b].r, im = stft->out[b].i;
        stft->magnitude[b] = sqrt(re * re + im * im);
    }
    return stft->magnitude;
}

/* The sample at i, which may lie before the sound or after it. */
static float sample_at(const float *samples, ptrdiff_t n, ptrdiff_t i,
                       bool reflect)
{
    if (n == 1 && reflect)
        i = 0;
    while (reflect && (i < 0 || i >= n))
        i = i < 0 ? -i : 2 * (n - 1) - i;
    return i >= 0 && i < n && isfinite(samples[i]) ? samples[i] : 0.0f;
}

void s2vi_stft_centred(const float *samples, size_t n, size_t centre,
                       size_t size, bool reflect, float loudest, float *out)
{
    const ptrdiff_t start = (ptrdiff_t)centre - (ptrdiff_t)(size / 2);
    for (size_t i = 0; i < size; i++) {
        float x =
            sample_at(samples, (ptrdiff_t)n, start + (ptrdiff_t)i, reflect);
        x = x < loudest ? x : loudest;
        out[i] = x > -loudest ? x : -loudest;
    }
}
