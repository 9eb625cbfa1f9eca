/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Video-to-audio models, measured on clips: onset timing, similarity to the
 * timbre of the reference, and distance to the real audio.
 *
 * Each clip is processed twice: with its own audio as the reference, and with
 * that of another. Mels and onsets are measured; feature sets have no audio and
 * no video, and are measured by their mels alone.
 */
#ifndef S2VI_EVAL_FOLEY_H
#define S2VI_EVAL_FOLEY_H

#include "command.h"
#include "foley_maker.h"
#include "media/ingest.h"
#include "measure/onsets.h"
#include "measure/ringing.h"
#include "picture/picture.h"
#include "measure/timbre.h"
#include "data/impact_truth.h"

/** Onsets matched within each of these, seconds. */
enum { S2VI_FOLEY_TOLERANCES = 2 };
extern const double s2vi_foley_tolerance[S2VI_FOLEY_TOLERANCES];

typedef struct s2vi_foley_score {
    s2vi_onset_score within[S2VI_FOLEY_TOLERANCES];
} s2vi_foley_score;

/** A clip, and how its sounds compare. */
typedef struct s2vi_foley_item {
    s2vi_foley_source_clip clip;
    bool known;           /**< its truth is */
    s2vi_truth truth;     /**< where known; otherwise the onsets are those found
                               in its own sound */
    s2vi_timbre timbre;   /**< of its own sound */
    s2vi_ringing ringing; /**< likewise */
    int reference;        /**< index of the clip whose timbre it gets; -1: of
                               options->reference, or none */
    s2vi_foley_score real, own, foreign;
    s2vi_foley_score motion;        /**< of the plain detector */
    double mcd, distance;           /**< of own from real; NaN: none */
    double to_reference, to_itself; /**< cosines of foreign's timbre */
} s2vi_foley_item;

typedef struct s2vi_foley_eval {
    const s2vi_eval_options *options;
    s2vi_foley_maker *maker;
    s2vi_ingest ingest;
    s2vi_foley_item *item; /**< (count) */
    int count;
    s2vi_foley_source_clip reference; /**< of options->reference */
    s2vi_timbre reference_timbre;
    s2vi_ringing reference_ringing;
    /* Of all clips together. */
    double seconds;
    int known;                           /**< clips with a truth */
    s2vi_foley_score real, own, foreign; /**< against the truth */
    s2vi_foley_score motion;             /**< of the plain detector */
    s2vi_foley_score chance;        /**< foreign against the others' truths */
    double mcd, distance;           /**< means; NaN: none */
    int compared;                   /**< clips of these means */
    double to_reference, to_itself; /**< mean cosines */
    int timbres, nearer;  /**< clips with both, those nearer to the reference */
    int ringing;          /**< clips whose reference rings */
    int partials, decays; /**< those that ring at its pitch, as long as it */
    s2vi_picture sheet;   /**< where options->sheet */
} s2vi_foley_eval;

/**
 * Measure a video-to-audio model.
 *
 * @param e all zero but `options` and `maker`; s2vi_foley_eval_free() in any
 *          case
 * @return S2V_OK, or a status and one sentence
 */
int s2vi_foley_eval_run(s2vi_foley_eval *e, s2v_error *err);
void s2vi_foley_eval_free(s2vi_foley_eval *e);

/** The table, and an explanation of its columns. */
void s2vi_foley_eval_print(const s2vi_foley_eval *e, FILE *out);

/** One JSON object with every number; what does not exist is null. */
int s2vi_foley_eval_print_json(const s2vi_foley_eval *e, FILE *out,
                               s2v_error *err);

#endif
