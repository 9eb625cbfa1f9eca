/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mel spectrum of VarietySound: that of the published VAS features (RegNet,
 * SpecVQGAN), which its networks and its vocoder speak.
 *
 * Sound is mono at 22,050 Hz (stereo averaged, 0.5 / 0.5), nominally in
 * [-1, 1]. Column k is centred on sample 256 k: the samples [256 k - 512, 256 k
 * + 512) under a periodic Hann window, the sound reflected at both ends without
 * its last sample repeated. Its magnitudes are summed by 80 of Slaney's mel
 * filters from 125 to 7600 Hz; m becomes
 *
 *     clip((20 log10(max(m, 1e-5)) - 20 + 100) / 100, 0, 1)
 *
 * so that 0 is -80 dB or less, 1 is 20 dB or more, and 0.01 is a decibel.
 */
#ifndef S2VI_AUDIO_FOLEY_MEL_H
#define S2VI_AUDIO_FOLEY_MEL_H

#include <stddef.h>

#include "s2v/s2v.h"

enum {
    S2VI_FOLEY_MEL_BANDS = 80,
    S2VI_FOLEY_RATE = 22050,  /* samples a second */
    S2VI_FOLEY_MEL_HOP = 256, /* samples from one column to the next */
    S2VI_FOLEY_MEL_FFT = 1024,
    S2VI_FOLEY_MEL_BINS = 513, /* of its magnitudes */
    S2VI_FOLEY_MEL_RANGE = 40, /* dB below the loudest column: what sounds */
};

/** Columns of n samples: 1 + n / 256, rounded down; 0 of none. */
size_t s2vi_foley_mel_columns(size_t n);

/**
 * The mel spectrum of a whole sound.
 *
 * @param samples (n) those that are not finite count as 0, and beyond +-1e30
 *                they are clipped
 * @param out     (columns, 80) values in [0, 1], column after column, in each
 *                the lowest band first: a network's (T, C), the published
 *                (80, 860) transposed
 * @param columns how many to fill: the first; those beyond the sound's own are
 *                0, silence
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_foley_mel(const float *samples, size_t n, float *out, size_t columns,
                   s2v_error *err);

/** The filters' weights (80,513) of magnitudes, to record them on a graph. */
int s2vi_foley_mel_filters(float *out, s2v_error *err);

/** A column's power, all bands together. */
double s2vi_foley_mel_power(const float *column);

/** The least power of a column that sounds: 40 dB below the loudest one's, and
 * above silence, which is columns of zeros. */
double s2vi_foley_mel_least(const float *mel, size_t columns);

/**
 * The sounding columns, without silence, from which the timbre is taken. Where
 * sounds are short, a spectrum is mostly silence.
 *
 * @param mel (columns, 80)
 * @param out (wanted, 80) the columns that sound, in order, again and again
 *            from the first; all columns where none does; not `mel`
 * @return how many differ: those that sound
 */
size_t s2vi_foley_mel_sounding(const float *mel, size_t columns, float *out,
                               size_t wanted);

/** A value v in [0, 1] is -80 to 20 dB... */
double s2vi_foley_mel_decibel(double v);

/** ...and this natural logarithm of m. */
double s2vi_foley_mel_log(double v);

#endif
