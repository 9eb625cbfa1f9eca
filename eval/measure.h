/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The comparison of generated frames with real ones, in three ways. */
#ifndef S2VI_EVAL_MEASURE_H
#define S2VI_EVAL_MEASURE_H

#include "clips.h"
#include "measure/frechet.h"
#include "likeness.h"
#include "measure/metrics.h"
#include "picture/picture.h"
#include "terminal/progress.h"
#include "measure/sharpness.h"
#include "measure/vision.h"

enum { S2VI_EVAL_COLUMNS = 8 /* of the sheet */ };

/** The results of one kind of generated frames. */
typedef struct s2vi_eval_result {
    s2vi_score score;
    s2vi_correlation pooled;  /**< of the region, about each clip's mean */
    double *clip_r;           /**< (clips) of the region; NaN: none */
    s2vi_feature_stats stats; /**< how they look to the network, where one is */
    double frechet;           /**< from the real frames; NaN: none */
} s2vi_eval_result;

/** The mean of the clips' correlations that exist; NaN for none. */
double s2vi_eval_mean_r(const s2vi_eval_result *result, int clips,
                        int *counted);

/** Everything that the report needs. */
typedef struct s2vi_eval {
    const s2vi_eval_options *options;
    s2v_model_info model;
    s2vi_eval_region region; /**< w 0: none */
    s2vi_eval_clips clips;
    s2vi_eval_shift shift;
    s2vi_vision *vision;     /**< NULL without options->perceptual */
    s2vi_feature_stats real; /**< how the real frames look */
    s2vi_batched sharp;      /**< their CPBD */
    s2vi_eval_result right, wrong, mean;
    s2vi_eval_result foreign; /**< of options->sounds: no score, statistics */
    int sounds;               /**< files */
    s2vi_real_frames frames;  /**< where there are sounds */
    s2vi_likeness own;        /**< of what is made of the right sound */
    s2vi_likeness *likeness;  /**< (sounds) */
    s2vi_picture sheet;       /**< where options->sheet */
} s2vi_eval;

/**
 * Load the clips and measure them, with matching and with shifted audio, and
 * the mean training frame.
 *
 * @param model NULL where options->made is a video instead
 * @param e all zero but `options`; s2vi_eval_free() in any case
 * @return S2V_OK, or a status and one sentence
 */
int s2vi_eval_run(s2vi_eval *e, s2v_model *model, s2v_error *err);

void s2vi_eval_free(s2vi_eval *e);

#endif
