/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A causal equaliser of sound features: brings the average spectrum of a sound
 * towards that of a model's training, without looking ahead.
 *
 * A band's magnitude is m = exp(x) - 0.01 for the feature x (audio/lms.h). The
 * average spectrum is the mean of m^2 over the frames so far, from 60 s on with
 * exponential weights of that time constant; a fifth of a second at the target
 * counts as heard before the first frame. Frames whose energy is 30 dB below
 * the average's, or more, do not count.
 *
 * The difference in dB from the average to the target is approximated by the
 * first four cosines of the DCT-II over the bands, the k-th of amplitude 22 / k
 * dB at most. Once 20 frames have counted, an amplitude changes by at most half
 * a dB a frame. The gains are smooth, such as training draws them at random
 * (--spectrum-jitter). They are then scaled by one factor, to leave the energy
 * of the average spectrum as it is: how loud a sound is, is the leveller's
 * matter (audio/level.h). A feature becomes log(m gain + 0.01).
 *
 * Weight files hold the target as "s2v.spectrum", a list of 64 numbers in dB.
 */
#ifndef S2VI_AUDIO_EQUALISER_H
#define S2VI_AUDIO_EQUALISER_H

#include <stdint.h>

#include "audio/lms.h"
#include "base/state.h"

/** An average spectrum: mean square magnitudes in dB, lowest band first. */
typedef struct s2vi_spectrum {
    float db[S2VI_LMS_BANDS];
} s2vi_spectrum;

enum { S2VI_EQUALISER_COSINES = 4 };

/** The cosines of a spectrum's curves, the k-th in row k - 1. */
typedef struct s2vi_cosines {
    double value[S2VI_EQUALISER_COSINES][S2VI_LMS_BANDS];
} s2vi_cosines;

void s2vi_cosines_init(s2vi_cosines *cosines);

/** Add the cosines of these amplitudes to a curve over the bands, in dB. */
void s2vi_cosines_add(const s2vi_cosines *cosines,
                      const double amplitude[S2VI_EQUALISER_COSINES],
                      double db[S2VI_LMS_BANDS]);

/** One stream of features. Nothing in it is allocated. */
typedef struct s2vi_equaliser {
    s2vi_spectrum target;
    s2vi_cosines cosines;
    double amplitude[S2VI_EQUALISER_COSINES]; /* dB */
    double average[S2VI_LMS_BANDS];           /* mean of m^2 */
    double frames;                            /* its weight */
} s2vi_equaliser;

/** Start a stream, or start it anew. */
void s2vi_equaliser_start(s2vi_equaliser *equaliser,
                          const s2vi_spectrum *target);

/**
 * Equalise the next frame, which counts itself.
 *
 * @param features (64), changed in place
 * @param gain     receives the frame's gains, dB; or NULL
 */
void s2vi_equaliser_apply(s2vi_equaliser *equaliser,
                          float features[S2VI_LMS_BANDS],
                          double gain[S2VI_LMS_BANDS]);

/** Save what was heard, or restore it: of the same target. */
void s2vi_equaliser_pass_state(s2vi_equaliser *equaliser, s2vi_state *state);

/** Consecutive rows of features. */
typedef struct s2vi_feature_rows {
    const float *row; /* (n, 64) */
    int64_t n;
} s2vi_feature_rows;

/**
 * The average spectrum of features: that of the frames whose energy is within
 * 30 dB of the mean's; bands 50 dB below the greatest are put there.
 *
 * @param rows  (parts), at least one row in all
 */
void s2vi_spectrum_measure(s2vi_spectrum *spectrum,
                           const s2vi_feature_rows *rows, int parts);

/** The text of a weight file, in hundredths of a dB, to be freed; NULL: out of
 * memory. */
char *s2vi_spectrum_text(const s2vi_spectrum *spectrum);

/** Read such a text: S2V_ERR_MODEL with what was expected and found. */
int s2vi_spectrum_parse(s2vi_spectrum *spectrum, const char *text,
                        s2v_error *err);

#endif
