/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scenes out of sound, measured on clips with captions: a probe that was
 * trained on real frames tells which scene made frames show, and how intense it
 * is, beside real frames, the same model without sound and with another clip's
 * sound, and each group of style codes alone.
 *
 *     s2vi_scene_eval e = {.options = &o};
 *     ret = s2vi_scene_eval_run(&e, model, &err);
 *     s2vi_scene_eval_print(&e, stdout);
 *     s2vi_scene_eval_free(&e);
 */
#ifndef S2VI_EVAL_SCENE_H
#define S2VI_EVAL_SCENE_H

#include "command.h"
#include "data/scene_clips.h"
#include "measure/face_measure.h"
#include "measure/frechet.h"
#include "measure/metrics.h"
#include "picture/picture.h"
#include "scene_file.h"

#define S2VI_SCENE_FAMILY "semantic" /* s2v_model_info.name */

/** What is measured: a row of the table each. */
typedef enum s2vi_scene_kind {
    S2VI_SCENE_REAL = 0, /**< the clip's frames */
    S2VI_SCENE_RIGHT,    /**< made of its sound */
    S2VI_SCENE_SILENT,   /**< of silence */
    S2VI_SCENE_WRONG,    /**< of the sound of a clip of another scene */
    S2VI_SCENE_ALONE,    /**< of its sound, one group of codes alone; and on */
    S2VI_SCENE_KINDS = S2VI_SCENE_ALONE + S2VI_SCENE_GROUPS,
} s2vi_scene_kind;

/** The measures of one kind, over all clips. */
typedef struct s2vi_scene_result {
    int64_t frames;
    int64_t right;            /**< of them with the clip's scene */
    int clips, clips_right;   /**< by the mean over their frames */
    s2vi_lagged intensity;    /**< with the truth's */
    s2vi_batched change;      /**< mean absolute difference of frames, of 1 */
    s2vi_batched jerk;        /**< of second differences */
    s2vi_batched sound, text; /**< cosines in the file's own embedding */
    s2vi_score score;         /**< against the real ones */
    s2vi_feature_stats stats; /**< with --perceptual */
    double frechet;           /**< from the real ones; NaN */
} s2vi_scene_result;

/** Real sounds of one folder. */
typedef struct s2vi_scene_folder {
    char *name;
    int scene; /**< that its name says; -1: none */
    int sounds;
    int *shown; /**< (scenes): sounds that each was made of */
} s2vi_scene_folder;

/** Everything that the report needs. */
typedef struct s2vi_scene_eval {
    const s2vi_eval_options *options;
    s2v_model_info model;
    s2vi_ingest ingest;
    s2vi_scene_clips data;
    int measured;  /**< clips */
    bool embedded; /**< the file has an embedding */
    int groups;    /**< of codes, where they are measured alone */
    int group[S2VI_SCENE_GROUPS]; /**< codes of each */
    const char *network; /**< of LPIPS and the Frechet distance, or NULL */
    s2vi_scene_result result[S2VI_SCENE_KINDS];
    int texts, texts_right; /**< captions alone */
    s2vi_scene_folder *folder;
    int folders;
    s2vi_picture sheet; /**< where options->sheet */
    struct s2vi_vision *vision;
} s2vi_scene_eval;

/**
 * Measure a model of scenes.
 *
 * @param e all zero but `options`; s2vi_scene_eval_free() in any case
 */
int s2vi_scene_eval_run(s2vi_scene_eval *e, s2v_model *model, s2v_error *err);
void s2vi_scene_eval_free(s2vi_scene_eval *e);

/** How a clip is read. */
s2vi_clip_params s2vi_scene_eval_clip(const s2vi_eval_options *o, int size);

/** Load the clips, with pictures of `side`: e->data, in which what is trained
 * on is for the probe, and what is held out is measured. */
int s2vi_scene_eval_load(s2vi_scene_eval *e, int side, s2v_error *err);

/** Whether a kind was measured; and its name, in the words of a group. */
bool s2vi_scene_has(const s2vi_scene_eval *e, int kind);

/** By the real frames' of the same measure; NaN. */
double s2vi_scene_change(const s2vi_scene_eval *e, const s2vi_scene_result *r);
double s2vi_scene_flicker(const s2vi_scene_result *r);

/** The table, and an explanation of its columns. */
void s2vi_scene_eval_print(const s2vi_scene_eval *e, FILE *out);

/** One JSON object with every number; what does not exist is null. */
int s2vi_scene_eval_print_json(const s2vi_scene_eval *e, FILE *out,
                               s2v_error *err);

#endif
