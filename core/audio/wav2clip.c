/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The image of a sound that Wav2CLIP has. */
#include "audio/wav2clip.h"

#include <math.h>

#include "audio/stft.h"
#include "base/error.h"

enum {
    FFT = S2VI_WAV2CLIP_FFT,
    HOP = S2VI_WAV2CLIP_HOP,
    BINS = S2VI_WAV2CLIP_BINS,
};

static const float LOUDEST = 1e15f; /* its power is a finite float */

size_t s2vi_wav2clip_columns(size_t n)
{
    return n ? 1 + n / HOP : 0;
}

/* Less the mean, over the standard deviation, that of a sample. */
static void standardise(float *x, size_t n)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += ((double)x[i] - mean) * ((double)x[i] - mean);
    const double deviation = sqrt(square / (double)(n - 1)) + 1e-9;
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(((double)x[i] - mean) / deviation);
}

int s2vi_wav2clip_image(const float *samples, size_t n, float *out,
                        s2v_error *err)
{
    const size_t columns = s2vi_wav2clip_columns(n);
    s2vi_stft *stft = s2vi_stft_create(FFT, FFT);
    if (!stft)
        return s2vi_error_nomem(err, "a spectrum");
    for (size_t k = 0; k < columns; k++) {
        float window[FFT];
        s2vi_stft_centred(samples, n, k * HOP, FFT, true, LOUDEST, window);
        const double *magnitude = s2vi_stft_column(stft, window, FFT);
        for (size_t b = 0; b < BINS; b++)
            out[b * columns + k] =
                (float)log(magnitude[b] * magnitude[b] + 1e-7);
    }
    if (columns)
        standardise(out, columns * BINS);
    s2vi_stft_close(&stft);
    return S2V_OK;
}
