/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of s2v-eval: `s2v-eval MODEL CLIP... [options]`, or
 * `s2v-eval --made MADE CLIP [options]`. What kind of model it is decides which
 * options it takes.
 *
 *     s2vi_eval_options o;
 *     if (s2vi_eval_options_parse(&o, argc, argv, &err) < 0) {
 *         fprintf(stderr, "s2v-eval: %s\n", err.message);
 *         return 2;
 *     }
 *     s2vi_eval_options_free(&o);
 */
#ifndef S2VI_EVAL_COMMAND_H
#define S2VI_EVAL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "s2v/s2v.h"

typedef enum s2vi_eval_action {
    S2VI_EVAL_RUN = 0,
    S2VI_EVAL_HELP,
    S2VI_EVAL_VERSION,
} s2vi_eval_action;

/** A rectangle of the model's frame, in pixels; w 0: none. */
typedef struct s2vi_eval_region {
    int x, y, w, h;
} s2vi_eval_region;

/** Checked, with defaults filled in; strings belong to the struct. */
typedef struct s2vi_eval_options {
    s2vi_eval_action action;
    const char *model;  /**< a weight file; NULL with `made` */
    const char *made;   /**< a video instead of the model, or NULL */
    int size;           /**< side of the frames compared with `made` */
    char **clips;       /**< NULL-terminated, at least one for RUN */
    char **train_clips; /**< NULL-terminated, may be empty */
    char **train_lists; /**< folders and lists of clips; the same */

    double split;           /**< part trained on, [0, 1); 0 with train_* */
    bool split_given;       /**< not the default */
    double shift;           /**< seconds; 0: no wrong sound */
    double limit;           /**< measured seconds of each clip; 0: all */
    double start, duration; /**< of each clip, as for s2v-train */
    int crop[4];            /**< x, y, width, height; width 0: centred */
    int track;              /**< audio track, from 0; -1: ffmpeg's choice */
    bool skip_bad;          /**< leave out bad clips */
    double region[4];       /**< x, y, width, height, in pixels or all of
                            them at most 1; width 0: none */

    uint64_t seed;
    int threads;            /**< 0: all */
    const char *device;     /**< NULL: auto */
    const char *sheet;      /**< PNG file, or NULL */
    const char *perceptual; /**< weight file of an image network, or NULL */
    const char *lpips;      /**< LPIPS's heads for it, or NULL */
    char **sounds;     /**< folders or files of foreign sound; may be empty */
    const char *level; /**< as s2v_session_params.level, or NULL */
    const char *face;  /**< weight file of face networks: face.bin */
    char **set;        /**< NAME=VALUE, options of a session */
    const char *reference; /**< a sound file whose timbre all get, or NULL */
    const char *parts;     /**< as of parts.h, or NULL */
    const char *part;      /**< of it: choose or report; with `parts` */
    const char *wavs;      /**< folder for what is made, or NULL */
    const char *picture_option; /**< an option given that models of pictures
                                     alone take, or NULL */
    const char *frame_option;   /**< likewise of models of a clip's frames */
    const char *talker_option;  /**< likewise of models of talking heads */
    const char *sound_option;   /**< likewise of models of sound */
    const char *no_samples;     /**< one that StyleGANs do not take, or NULL */
    const char *no_scenes;      /**< one that models of scenes do not take */
    bool json, quiet;
    char **words; /**< the command line, where the strings lie */
} s2vi_eval_options;

/**
 * Parse a command line.
 *
 * @param o to be freed on success; all zero on failure
 * @return S2V_OK; S2V_ERR_INVALID: one sentence with the option, what was
 *         expected and what was found
 */
int s2vi_eval_options_parse(s2vi_eval_options *o, int argc, char *const *argv,
                            s2v_error *err);

/** The region in pixels of frames of that size: S2V_ERR_INVALID if it does not
 * lie inside. */
int s2vi_eval_options_region(const s2vi_eval_options *o, int size,
                             s2vi_eval_region *region, s2v_error *err);

void s2vi_eval_options_print_help(FILE *out);

/** Free what is inside and clear. */
void s2vi_eval_options_free(s2vi_eval_options *o);

#endif
