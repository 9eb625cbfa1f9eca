/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The range of sound features that a model was trained on: what lies outside is
 * brought smoothly to its edge, so that a network never sees far more than it
 * knows. Weight files hold it as "s2v.features":
 *
 *     {"low": [64 numbers], "high": [64 numbers]}
 *
 * With "mean" and "deviation", 64 numbers each, the network takes features
 * minus their mean, over their deviation.
 */
#ifndef S2VI_AUDIO_FEATURE_RANGE_H
#define S2VI_AUDIO_FEATURE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "audio/lms.h"

/** Of each band, lowest first. */
typedef struct s2vi_feature_range {
    float low[S2VI_LMS_BANDS], high[S2VI_LMS_BANDS];
    bool normalised; /* the next two are set */
    float mean[S2VI_LMS_BANDS], deviation[S2VI_LMS_BANDS];
} s2vi_feature_range;

/**
 * Bring a frame's features into the range: those inside stay as they are to the
 * bit; x above `high` becomes high + m (1 - exp((high - x) / m)), m = 0.25
 * (2.2 dB), which goes on with the same slope and never exceeds high + m; below
 * `low` likewise.
 *
 * @param features (64), changed in place
 * @return how many of them were outside
 */
int s2vi_feature_range_apply(const s2vi_feature_range *range,
                             float features[S2VI_LMS_BANDS]);

/** Features (n, 64) as the network takes them, in place: less their mean, over
 * their deviation; as they are where the range has none. */
void s2vi_feature_range_normalise(const s2vi_feature_range *range,
                                  float *features, int64_t n);

/** Set mean and deviation to those of rows (n, 64), in thousandths as a weight
 * file has them; of a band that hardly changes the deviation is 0.1, a decibel.
 */
void s2vi_feature_range_measure_normal(s2vi_feature_range *range,
                                       const float *rows, int64_t n);

/**
 * The range of a clip's features: of each band, the quantiles `part` and
 * 1 - part, that is, what is left as floor(part n) values are taken off at
 * either end.
 *
 * @param rows (n, 64), n at least 1
 * @param part from 0 (least and greatest) to below 0.5
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_feature_range_measure(s2vi_feature_range *range, const float *rows,
                               int64_t n, double part);

/** The text of a weight file, in thousandths, to be freed; NULL: out of memory.
 */
char *s2vi_feature_range_text(const s2vi_feature_range *range);

/** Read such a text: S2V_ERR_MODEL with what was expected and found. A range of
 * a single value (low = high) is fine. */
int s2vi_feature_range_parse(s2vi_feature_range *range, const char *text,
                             s2v_error *err);

#endif
