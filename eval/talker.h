/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talking heads measured on clips: each clip's first frame and sound make
 * frames, which are compared with the real ones, beside the portrait held
 * still and the frames of the wrong sound, the clip's own from its middle on.
 *
 * The lower face is a square of 3/8 of the frame's side, of 32 pixels at least,
 * about the mean of the mouth's and the chin's landmarks in the real frame:
 * what speech tells is there, whatever the rest of the head does.
 *
 *     s2vi_talker_eval e = {.options = &o};
 *     ret = s2vi_talker_eval_run(&e, model, &err);
 *     s2vi_talker_eval_print(&e, stdout);
 *     s2vi_talker_eval_free(&e);
 */
#ifndef S2VI_EVAL_TALKER_H
#define S2VI_EVAL_TALKER_H

#include "command.h"
#include "generate.h"
#include "measure/face_measure.h"
#include "media/ingest.h"
#include "picture/picture.h"

#define S2VI_TALKER_FAMILY "man" /* s2v_model_info.name */

/** What is measured: a row of the table each. */
typedef enum s2vi_talker_kind {
    S2VI_TALKER_TRUTH = 0, /**< landmarks of s2v-talkers, where known */
    S2VI_TALKER_REAL,      /**< the clip's frames */
    S2VI_TALKER_RIGHT,     /**< made of its sound */
    S2VI_TALKER_WRONG,     /**< of its sound from the middle on */
    S2VI_TALKER_STILL,     /**< the portrait */
    S2VI_TALKER_KINDS,
} s2vi_talker_kind;

/** The measures of one kind, over all clips. Lengths are in pixels of frames
 * 256 wide, openings in distances of the eyes. */
typedef struct s2vi_talker_result {
    int64_t frames;     /**< looked at */
    int64_t lost;       /**< without a face */
    s2vi_score score;   /**< against the real ones */
    s2vi_score lower;   /**< the same of the lower face */
    s2vi_batched mouth; /**< LMD */
    s2vi_batched jerk;  /**< squares of second differences */
    int64_t blinks;
    s2vi_lagged opening; /**< with the truth's */
    s2vi_lagged height;  /**< of the lips' outer edges, likewise */
    int closures;        /**< found */
    s2vi_batched open[S2VI_VOICE_SILENCE + 1];   /**< by s2vi_voice */
    s2vi_batched motion[S2VI_VOICE_SILENCE + 1]; /**< its change, a frame */
    s2vi_batched upper[2]; /**< SSIM of the upper half with the portrait's, in
                                the first and the last part of each clip */
    s2vi_batched colour;   /**< how much a clip's mean colour changes from
                                there to there, of the range */
} s2vi_talker_result;

/** Makes frames of a portrait and sound. */
typedef struct s2vi_talker_maker {
    int size; /**< of the frames */
    /**
     * @param portrait (size,size,3)
     * @param fn       called for each of `frames` frames, in order
     */
    int (*make)(void *opaque, const uint8_t *portrait,
                const s2vi_eval_sound *sound, int64_t frames,
                s2vi_eval_frame_fn fn, void *fn_opaque, s2v_error *err);
    void *opaque;
} s2vi_talker_maker;

/** Everything that the report needs. */
typedef struct s2vi_talker_eval {
    const s2vi_eval_options *options;
    s2v_model_info model;
    s2vi_ingest ingest;
    int clips;
    int known;    /**< of them with the truth of s2v-talkers */
    int closures; /**< p, b, m that the truth shows */
    int64_t frames;
    const char *network; /**< of LPIPS, or NULL */
    int lower;           /**< side of the square that is the lower face */
    s2vi_talker_result result[S2VI_TALKER_KINDS];
    s2vi_picture sheet; /**< where options->sheet */
    struct s2vi_vision *vision, *lower_vision;
} s2vi_talker_eval;

/**
 * Measure a model of talking heads.
 *
 * @param e all zero but `options`; s2vi_talker_eval_free() in any case
 * @return S2V_OK, or a status and one sentence
 */
int s2vi_talker_eval_run(s2vi_talker_eval *e, s2v_model *model, s2v_error *err);

/** The same with frames of another origin; e->model is set. */
int s2vi_talker_eval_with(s2vi_talker_eval *e, const s2vi_talker_maker *maker,
                          s2v_error *err);

void s2vi_talker_eval_free(s2vi_talker_eval *e);

/* Of a result; NaN: it is not there. */
double s2vi_talker_jitter(const s2vi_talker_result *r);
double s2vi_talker_blink_rate(const s2vi_talker_result *r);

/** In silence by in speech. */
double s2vi_talker_silent_opening(const s2vi_talker_result *r);
double s2vi_talker_silent_motion(const s2vi_talker_result *r);

/** Relative change of the upper half's SSIM with the portrait. */
double s2vi_talker_drift(const s2vi_talker_result *r);

/** The table, and an explanation of its columns. */
void s2vi_talker_eval_print(const s2vi_talker_eval *e, FILE *out);

/** One JSON object with every number; what does not exist is null. */
int s2vi_talker_eval_print_json(const s2vi_talker_eval *e, FILE *out,
                                s2v_error *err);

#endif
