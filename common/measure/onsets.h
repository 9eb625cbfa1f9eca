/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Onset detection, and the agreement of two lists of onsets.
 *
 * Onsets are in seconds from the first sample; lists are in ascending
 * order. Sound is as audio/foley_mel.h takes it: mono at 22,050 Hz.
 */
#ifndef S2VI_TRAIN_ONSETS_H
#define S2VI_TRAIN_ONSETS_H

#include "s2v/s2v.h"

/** Seconds within which two onsets are the same one, unless another is said. */
#define S2VI_ONSET_TOLERANCE 0.05

typedef struct s2vi_onsets {
    double *times; /**< (count) */
    size_t count;
} s2vi_onsets;

/**
 * Onsets in a mel spectrum: peaks of its spectral flux, the rise in decibels
 * over two columns beyond that of neighbouring bands (Boeck and Widmer,
 * "Maximum filter vibrato suppression for onset detection", DAFx 2013). What is
 * more than 60 dB below the loudest does not count, nor what begins within 25
 * ms of either end. To about 10 ms.
 *
 * @param onsets for s2vi_onsets_free(); empty on failure
 * @param mel    (columns, 80) of s2vi_foley_mel()
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_onsets_of_mel(s2vi_onsets *onsets, const float *mel, size_t columns,
                       s2v_error *err);

/** The same of sound; each is then moved to where within 30 ms the sound grows
 * most: to a few milliseconds. */
int s2vi_onsets_of_sound(s2vi_onsets *onsets, const float *samples, size_t n,
                         s2v_error *err);

/** Free the list and leave it empty. */
void s2vi_onsets_free(s2vi_onsets *onsets);

/** Counts, so that clips can be pooled by adding them up; all zero is none. */
typedef struct s2vi_onset_score {
    size_t truth, found, matched;
    double early; /**< sum over matches of truth - found, s */
    double off;   /**< sum of its absolute values */
} s2vi_onset_score;

/**
 * Match detected onsets with the ground truth: as many pairs as possible, each
 * onset in one at most, no pair further apart than `tolerance`. Added to the
 * score.
 */
void s2vi_onset_match(s2vi_onset_score *score, const s2vi_onsets *truth,
                      const s2vi_onsets *found, double tolerance);

/** matched / found, matched / truth, and their harmonic mean; NaN where the
 * division is by 0. */
double s2vi_onset_precision(const s2vi_onset_score *score);
double s2vi_onset_recall(const s2vi_onset_score *score);
double s2vi_onset_f1(const s2vi_onset_score *score);

#endif
