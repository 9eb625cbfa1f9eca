/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of s2v-train: `s2v-train MODEL CLIP... -o FILE [options]`,
 * with the same words in a file of `key = value` lines (--config).
 *
 *     s2vi_train_options *o;
 *     if (s2vi_train_options_parse(&o, argc, argv, &err) < 0) {
 *         fprintf(stderr, "s2v-train: %s\n", err.message);
 *         return 2;
 *     }
 *     if (o->action != S2VI_TRAIN_RUN)
 *         s2vi_train_options_print(o, stdout);
 *     s2vi_train_options_free(&o);
 */
#ifndef S2VI_TRAIN_OPTIONS_H
#define S2VI_TRAIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "option/option.h"
#include "s2v/s2v.h"

/** What the user asks for. */
typedef enum s2vi_train_action {
    S2VI_TRAIN_RUN = 0,    /**< train */
    S2VI_TRAIN_HELP,       /**< list the models */
    S2VI_TRAIN_MODEL_HELP, /**< list the options of `model` */
    S2VI_TRAIN_VERSION,
} s2vi_train_action;

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

struct s2vi_recipe;

/**
 * What to do: checked, with defaults filled in. Strings belong to the struct;
 * NULL where the option was not given. It is the first member of the options of
 * a recipe.
 */
typedef struct s2vi_train_options {
    s2vi_train_action action;
    const struct s2vi_recipe *recipe; /**< NULL for HELP and VERSION */
    char **clips;                     /**< NULL-terminated */
    int n_clips;                      /**< at least 1 for RUN */
    const char *output;               /**< the weight file; set for RUN */
    const char *config;               /**< the file that was read */
    char version[32];                 /**< "s2v 0.2.0", for the weight file */

    /* Clips. */
    int size;               /**< of pictures; 0: sound alone */
    int crop[4];            /**< x, y, width, height; width 0: the default */
    double start, duration; /**< seconds of each clip; duration 0: all */
    int track;              /**< audio track, from 0; -1: ffmpeg's choice */
    bool skip_bad;          /**< leave out bad clips */
    double split;           /**< part trained on, (0, 1] */

    /* Training. */
    int64_t iterations; /**< in all, those before a resume too */
    double seconds;     /**< likewise of time; 0: iterations count */
    int sequence;       /**< frames an iteration, or columns of mel */
    int batch;          /**< sequences an iteration */
    uint64_t seed;
    double rate;        /**< Adam's learning rate */
    double critic_rate; /**< that of discriminators */
    double decay;       /**< of weights: AdamW's; 0: Adam */
    double average;     /**< of weights, per iteration; 0: none */
    const char *init;   /**< a weight file to start from */
    const char *resume; /**< a checkpoint to go on from */
    const char *export; /**< a checkpoint whose weights to write, and no more */

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
    json_t *record;        /**< what was given, with what a resumed checkpoint
                                keeps of it; strings lie here, too */
    char *record_text;     /**< the same for the next checkpoint */
    const struct s2vi_ranks *ranks; /**< set by main.c; NULL: one process */
    char *resumed_output;           /**< the default of `output` */
} s2vi_train_options;

/**
 * Parse a command line and the configuration file it names. What the command
 * line says wins over the file.
 *
 * @param o receives the options of the recipe that it names, to be freed with
 *          s2vi_train_options_free(); NULL on failure
 * @return S2V_OK; S2V_ERR_INVALID: one sentence with the option, what was
 *         expected and what was found; S2V_ERR_IO: the configuration file
 */
int s2vi_train_options_parse(s2vi_train_options **o, int argc,
                             char *const *argv, s2v_error *err);

/** Print what `o->action` asks for: help or version; nothing for RUN. */
void s2vi_train_options_print(const s2vi_train_options *o, FILE *out);

/** Free it and what is inside, and set *o to NULL. */
void s2vi_train_options_free(s2vi_train_options **o);

/** For rows of OPTION_PARSED: "90s", "45m", "3h" into a double, seconds. */
bool s2vi_train_parse_time(void *to, const option_row *row, const char *text);

/** For rows of OPTION_PARSED: "X,Y,W,H" into int[4]. */
bool s2vi_train_parse_crop(void *to, const option_row *row, const char *text);

#endif
