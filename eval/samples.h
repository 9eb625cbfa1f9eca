/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * StyleGANs measured on pictures: samples of the model against held-out
 * pictures, by an image network, beside two that need no model: pictures of the
 * training set, which no model resembles better, and their mean.
 *
 *     s2vi_samples_eval e = {.options = &o};
 *     ret = s2vi_samples_eval_run(&e, model, &err);
 *     s2vi_samples_eval_print(&e, stdout);
 *     s2vi_samples_eval_free(&e);
 */
#ifndef S2VI_EVAL_SAMPLES_H
#define S2VI_EVAL_SAMPLES_H

#include "command.h"
#include "data/pictures.h"
#include "measure/picture_features.h"
#include "picture/picture.h"

#include <jansson.h>

/** What is compared with the held-out pictures: a row of the table each. */
typedef enum s2vi_samples_kind {
    S2VI_SAMPLES_MADE = 0, /**< by the model */
    S2VI_SAMPLES_TRAINING, /**< where there are some */
    S2VI_SAMPLES_MEAN,     /**< of the training set, or else of the pictures */
    S2VI_SAMPLES_KINDS,
} s2vi_samples_kind;

/** Everything that the report needs. */
typedef struct s2vi_samples_eval {
    const s2vi_eval_options *options;
    s2v_model_info model;
    int classes;   /**< of the model; 0: none */
    json_t *names; /**< of these: a list; NULL: they have none */
    s2vi_ingest ingest;
    s2vi_pictures pictures; /**< split */
    s2vi_pictures others;   /**< of options->train_*, all for training */
    int64_t measured;       /**< held-out pictures, and samples */
    int64_t training;       /**< pictures of the training set */
    struct s2vi_vision *vision;
    s2vi_picture_features real;
    s2vi_resemblance result[S2VI_SAMPLES_KINDS];
    s2vi_picture sheet; /**< where options->sheet: of samples */
} s2vi_samples_eval;

/** A model of that family is measured so. */
bool s2vi_samples_eval_is_for(const char *family);

/**
 * Measure a StyleGAN.
 *
 * @param e all zero but `options`; s2vi_samples_eval_free() in any case
 * @return S2V_OK, or a status and one sentence
 */
int s2vi_samples_eval_run(s2vi_samples_eval *e, s2v_model *model,
                          s2v_error *err);
void s2vi_samples_eval_free(s2vi_samples_eval *e);

/** The table, and an explanation of its columns. */
void s2vi_samples_eval_print(const s2vi_samples_eval *e, FILE *out);

/** One JSON object with every number; what does not exist is null. */
int s2vi_samples_eval_print_json(const s2vi_samples_eval *e, FILE *out,
                                 s2v_error *err);

#endif
