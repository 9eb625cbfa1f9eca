/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the recipes varietysound and hifigan have in common, and the options of
 * both. */
#ifndef S2VI_TRAIN_RECIPES_FOLEY_H
#define S2VI_TRAIN_RECIPES_FOLEY_H

#include "data/foley_data.h"
#include "recipe.h"

/** How spectrograms are compared; the words of --loss in their order. */
typedef enum s2vi_vs_train_loss {
    S2VI_VS_TRAIN_L1 = 0,
    S2VI_VS_TRAIN_L2,
} s2vi_vs_train_loss;

typedef struct s2vi_vs_train_options {
    s2vi_train_options shared;
    int width;          /**< of its networks, 16 to 512 */
    int features;       /**< W: numbers in a feature of sight */
    int sight_channels; /**< of sight's outermost layer */
    bool critics;       /**< discriminators */
    s2vi_vs_train_loss loss;
    double clear;        /**< part of windows without background */
    bool balance;        /**< each window counts alike */
    int front_end;       /**< s2vi_front_end */
    bool augment;        /**< pictures as other cameras have them */
    double onsets;       /**< weight of the onsets' loss */
    const char *vocoder; /**< a weight file that is put into the result */
} s2vi_vs_train_options;

typedef struct s2vi_hifigan_train_options {
    s2vi_train_options shared;
    bool critics; /**< discriminators */
    int variant;  /**< 0, 1, 2: V1, V2, V3 */
    int divide;   /**< of the discriminators' channels: 1, 2, 4, 8 */
} s2vi_hifigan_train_options;

#define S2VI_FOLEY_ROW_NO_CRITICS(at)                                          \
    {                                                                          \
        "no-critics", 0, OPTION_OFF, at,                                       \
            .help = "train without discriminators, by the reconstruction "     \
                    "loss alone: "                                             \
                    "softer results, in half the time"                         \
    }
#define S2VI_FOLEY_ROW_DECAY                                                   \
    {                                                                          \
        "decay", 0, OPTION_NUMBER, S2VI_SHARED(decay), "X", 0, 1,              \
            .help = "weight decay of AdamW"                                    \
    }
#define S2VI_FOLEY_ROW_PREVIEW                                                 \
    {                                                                          \
        "preview", 0, S2VI_OPTION_FILE(S2VI_SHARED(preview), "FILE.png"),      \
            .of = S2VI_ROWS_OUTPUT,                                            \
            .help = "preview of mel spectrograms, real ones above generated "  \
                    "ones, and of their audio, "                               \
                    "FILE.wav, if there is a vocoder"                          \
    }
#define S2VI_FOLEY_ROW_HOLD_OUT                                                \
    {                                                                          \
        "hold-out-every", 0, OPTION_COUNT, S2VI_SHARED(hold_out_every), "N",   \
            1, 1e12, .of = S2VI_ROWS_OUTPUT,                                   \
                     .help = "generate the held-out set (--split) every N "    \
                             "iterations; the weight file "                    \
                             "is then the best so far by mel distance"         \
    }

/** Clips and how they were taken in. */
typedef struct s2vi_foley_clips {
    const s2vi_train_options *o;
    s2vi_ingest ingest;
    s2vi_foley_data data;
    s2vi_foley_source source;
} s2vi_foley_clips;

/**
 * Load the clips of the options, and say how much there is.
 *
 * @param columns    of mel in a unit
 * @param sound_only there are no pictures
 */
int s2vi_foley_clips_load(s2vi_foley_clips *clips, const s2vi_train_options *o,
                          int columns, bool sound_only, s2v_error *err);
void s2vi_foley_clips_close(s2vi_foley_clips *clips);

/** The defaults that both have. */
void s2vi_foley_set_defaults(s2vi_train_options *o);

/** The measure of both: the distance of mels. */
s2vi_measured s2vi_foley_measured(double distance, int64_t columns);

/** Write sound beside a preview: FILE.wav of FILE.png. */
int s2vi_foley_write_sound(const char *png, const float *sound, int columns,
                           s2v_error *err);

#endif
