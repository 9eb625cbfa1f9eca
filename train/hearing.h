/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the sound of clips is heard in training: at one level and equalised
 * towards their average spectrum, as a session will bring it there
 * (audio/level.h, audio/equaliser.h), and made louder, softer, brighter or
 * duller at random, so that what is learned is the music, not its level or
 * spectrum.
 */
#ifndef S2VI_TRAIN_HEARING_H
#define S2VI_TRAIN_HEARING_H

#include "audio/equaliser.h"
#include "audio/feature_range.h"
#include "data/dataset.h"

/** Zero but for `levelled`: features as they are. */
typedef struct s2vi_hearing {
    bool levelled;       /* the clips' sound is brought to `level`, and its
                            features towards `spectrum` */
    double level;        /* LUFS; set by s2vi_hearing_prepare() */
    double level_jitter; /* dB: a stretch is so much louder or softer at most */
    double
        spectrum_jitter; /* dB: and its spectrum tilted so much at either
                            end, and bent by half, a third, a quarter of it */
    bool normalised; /* the network takes features less their mean, over their
                        deviation: s2vi_hearing_features() gives them so */
    uint64_t seed;
    s2vi_cosines cosines;     /* of its curves: set by s2vi_hearing_prepare() */
    s2vi_spectrum spectrum;   /* average, without jitter: set likewise */
    s2vi_feature_range range; /* of what is heard: set likewise */
} s2vi_hearing;

/**
 * Measure the loudness of what is trained on, all clips together, level each
 * clip's sound in place, compute its features, measure their average
 * spectrum, equalise them towards it, and measure their range: of each band all
 * but one in a thousand of what training will hear.
 *
 * @param data split already
 * @return S2V_OK; S2V_ERR_INVALID: all of it is silence; S2V_ERR_NOMEM
 */
int s2vi_hearing_prepare(s2vi_hearing *hearing, s2vi_dataset *data,
                         s2v_error *err);

/** Features (n, 64) of the data set as the network takes them, in place. */
void s2vi_hearing_normalise(const s2vi_hearing *hearing, float *features,
                            int64_t n);

/**
 * The features of a sequence, augmented for training.
 *
 * @param place a number of the stretch, or of the time through a clip: another
 *              one, other gains
 * @param out   (T, 64)
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_hearing_features(const s2vi_hearing *hearing, const s2vi_sequence *s,
                          uint64_t place, int T, float *out, s2v_error *err);

#endif
