/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of s2v-train: `s2v-train MODEL CLIP... -o FILE [options]`,
 * with the same words in a file of `key = value` lines (--config).
 *
 *     s2vi_train_options o;
 *     if (s2vi_train_options_parse(&o, argc, argv, &err) < 0) {
 *         fprintf(stderr, "s2v-train: %s\n", err.message);
 *         return 2;
 *     }
 *     if (o.action != S2VI_TRAIN_RUN)
 *         s2vi_train_options_print(&o, stdout);
 *     s2vi_train_options_free(&o);
 */
#ifndef S2VI_TRAIN_OPTIONS_H
#define S2VI_TRAIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "models/listen_and_move.h"

/** What the user asks for. */
typedef enum s2vi_train_action {
    S2VI_TRAIN_RUN = 0,    /**< train */
    S2VI_TRAIN_HELP,       /**< list the models */
    S2VI_TRAIN_MODEL_HELP, /**< list the options of `model` */
    S2VI_TRAIN_VERSION,
} s2vi_train_action;

/** What is trained; the words of the command line are "listen-and-move",
 * "varietysound" and "hifigan". */
typedef enum s2vi_train_model {
    S2VI_TRAIN_LISTEN_AND_MOVE = 0,
    S2VI_TRAIN_VARIETYSOUND,
    S2VI_TRAIN_HIFIGAN,
} s2vi_train_model;

/** What numbers are rounded to before they are multiplied; --dtype's words. */
typedef enum s2vi_train_dtype {
    S2VI_DTYPE_F32 = 0,
    S2VI_DTYPE_BF16,
} s2vi_train_dtype;

/** Numbers in a weight file; the words of --store in their order. */
typedef enum s2vi_train_store {
    S2VI_STORE_F32 = 0,
    S2VI_STORE_F16,
    S2VI_STORE_BF16,
} s2vi_train_store;

/** Loss without an image network; the words of --loss in their order. */
typedef enum s2vi_train_loss {
    S2VI_LOSS_L1 = 0,
    S2VI_LOSS_L2,
} s2vi_train_loss;

/**
 * What to do: checked, with defaults filled in. Strings belong to the struct;
 * NULL where the option was not given.
 */
typedef struct s2vi_train_options {
    s2vi_train_action action;
    const char *model;     /**< its word; NULL for HELP and VERSION */
    s2vi_train_model kind; /**< the same */
    char **clips;          /**< NULL-terminated */
    int n_clips;           /**< at least 1 for RUN */
    const char *output;    /**< the weight file; set for RUN */
    const char *config;    /**< the file that was read */

    /* Clips. */
    int size;               /**< 64, 128 or 256; varietysound's 16 to 128 */
    int crop[4];            /**< x, y, width, height; width 0: the
                                 centred square; of varietysound,
                                 the whole picture */
    double start, duration; /**< seconds of each clip; duration 0: all */
    int track;              /**< sound track, from 0; -1: ffmpeg's choice */
    bool skip_bad;          /**< leave out bad clips */
    double split;           /**< part trained on, (0, 1] */

    /* Training. */
    int64_t iterations; /**< in all, those before a resume too */
    int sequence;       /**< frames an iteration, or columns of mel */
    uint64_t seed;
    double rate;            /**< Adam's learning rate */
    const char *perceptual; /**< weights of a perceptual loss */
    const char *lpips;      /**< LPIPS's heads for them: the best by LPIPS */
    s2vi_train_loss loss;   /**< without them */
    bool adversarial;       /**< against discriminators */
    double critic_rate;     /**< Adam's learning rate of those */
    double alpha;           /**< the reconstruction loss's weight beside them */
    double average;         /**< of weights, per iteration; 0: none */
    int stretch;            /**< sequences before a jump; 0: none */
    double sound_noise;     /**< on sound features, standard deviation */
    bool level;             /**< sound is brought to one level */
    double level_jitter;    /**< dB */
    double spectrum_jitter; /**< dB */
    const char *init;       /**< a weight file to start from */
    const char *resume;     /**< a checkpoint to go on from */
    int batch;              /**< windows, or pieces of sound, an iteration */
    double decay;           /**< of weights: AdamW's */

    /* Model. */
    s2vi_lm_motion motion;
    s2vi_lm_connection connection;
    s2vi_lm_prediction prediction;
    bool mfs, sac, acin, noise; /**< default true */
    int channels_max;           /**< a power of two, 16 to 512 */

    /* VarietySound. */
    int width;           /**< of its networks, 16 to 512 */
    int features;        /**< W: numbers in a feature of sight */
    int sight_channels;  /**< of sight's outermost layer */
    bool critics;        /**< discriminators */
    double clear;        /**< part of windows without background */
    bool balance;        /**< each window counts alike */
    const char *vocoder; /**< a weight file that is put into the result */

    /* HiFi-GAN. */
    int variant; /**< 0, 1, 2: V1, V2, V3 */
    int divide;  /**< of the discriminators' channels: 1, 2, 4, 8 */

    /* Output. */
    int64_t checkpoint_every;           /**< iterations; 0: see the next */
    double checkpoint_seconds;          /**< 0: see the one before */
    const char *preview;                /**< PNG file */
    int64_t preview_every;              /**< iterations */
    const char *curves;                 /**< CSV file; its plot beside it */
    int64_t hold_out_every;             /**< iterations; 0: never measured */
    const char *license, *title, *note; /**< UTF-8, for the weight file */
    s2vi_train_store store;             /**< type of its numbers */

    /* Running. */
    const char *device; /**< "auto", "cpu", "ref", "cuda[:N]" */
    s2vi_train_dtype dtype;
    int threads; /**< 0: all */
    bool quiet, verbose;

    char **words, **lines; /**< the command line and the file, where the
                                strings lie */
} s2vi_train_options;

/**
 * Parse a command line and the configuration file it names. What the command
 * line says wins over the file.
 *
 * @param o to be freed with s2vi_train_options_free() on success; all zero on
 *          failure
 * @return S2V_OK; S2V_ERR_INVALID: one sentence with the option, what was
 *         expected and what was found; S2V_ERR_IO: the configuration file
 */
int s2vi_train_options_parse(s2vi_train_options *o, int argc, char *const *argv,
                             s2v_error *err);

/** Print what `o->action` asks for: help or version; nothing for RUN. */
void s2vi_train_options_print(const s2vi_train_options *o, FILE *out);

/** Free what is inside and clear. */
void s2vi_train_options_free(s2vi_train_options *o);

#endif
