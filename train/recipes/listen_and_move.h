/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of s2v-train listen-and-move, beside those that all have. */
#ifndef S2VI_TRAIN_LISTEN_AND_MOVE_H
#define S2VI_TRAIN_LISTEN_AND_MOVE_H

#include "models/listen_and_move.h"
#include "options.h"

/** Loss without an image network; the words of --loss in their order. */
typedef enum s2vi_lm_train_loss {
    S2VI_LM_TRAIN_L1 = 0,
    S2VI_LM_TRAIN_L2,
} s2vi_lm_train_loss;

/** The words of --schedule in their order. */
typedef enum s2vi_lm_train_schedule {
    S2VI_LM_SCHEDULE_STAGED = 0,
    S2VI_LM_SCHEDULE_PAPER,
} s2vi_lm_train_schedule;

/** The words of --background in their order. */
typedef enum s2vi_lm_train_background {
    S2VI_LM_BACKGROUND_NONE = 0,
    S2VI_LM_BACKGROUND_LEARNED,
} s2vi_lm_train_background;

typedef struct s2vi_lm_train_options {
    s2vi_train_options shared;

    /* Training. */
    const char *perceptual;  /**< weights of a perceptual loss */
    const char *lpips;       /**< LPIPS's heads for them: the best by LPIPS */
    s2vi_lm_train_loss loss; /**< without them */
    bool adversarial;        /**< against discriminators */
    double alpha; /**< the reconstruction loss's weight beside them */
    s2vi_lm_train_schedule schedule;
    bool staged;            /**< what it comes to */
    int stretch;            /**< sequences before a jump; 0: none */
    double sound_noise;     /**< on sound features, standard deviation */
    bool level;             /**< sound is brought to one level */
    double level_jitter;    /**< dB */
    double spectrum_jitter; /**< dB */

    /* Model. */
    s2vi_lm_motion motion;
    s2vi_lm_connection connection;
    s2vi_lm_prediction prediction;
    bool mfs, sac, acin, noise; /**< default true */
    int channels_max;           /**< a power of two, 16 to 512 */
    s2vi_lm_train_background background;
    bool constant;
} s2vi_lm_train_options;

#endif
