/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sound of the reference's own strokes, in place of the vocoder's:
 * concatenative synthesis. The reference is cut at its onsets; at each onset of
 * the mel that the network makes of the film, one of the strokes is played, the
 * one whose loudness is nearest. What rings in the reference rings in the film,
 * which a vocoder of 80 bands does not do; what has no onsets, such as rain, is
 * better left to the vocoder.
 *
 * Positions are samples of the film at S2VI_FOLEY_RATE; column k of a mel
 * stands at sample 256 k.
 */
#ifndef S2VI_SESSION_FOLEY_STROKES_H
#define S2VI_SESSION_FOLEY_STROKES_H

#include "audio/foley_mel.h"
#include "base/state.h"
#include "session/foley_edit.h"

typedef struct s2vi_foley_strokes s2vi_foley_strokes;

/** @param strokes set to them, for s2vi_foley_strokes_close(); NULL on failure
 */
int s2vi_foley_strokes_create(s2vi_foley_strokes **strokes, s2v_error *err);
void s2vi_foley_strokes_close(s2vi_foley_strokes **strokes);

/** Start anew, with the film's first column. */
void s2vi_foley_strokes_flush(s2vi_foley_strokes *strokes);

/**
 * Take the strokes of a reference. Without an onset, all of it is one.
 *
 * @param samples (count) are copied
 * @param mel     (columns, 80) theirs
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_foley_strokes_learn(s2vi_foley_strokes *strokes, const float *samples,
                             size_t count, const float *mel, size_t columns,
                             s2v_error *err);

/** How many there are. */
int s2vi_foley_strokes_count(const s2vi_foley_strokes *strokes);

/**
 * Find the onsets of the film's next columns.
 *
 * @param columns (n, 80)
 * @param ahead   (n_ahead, 80) what probably follows: whether a column near the
 *                end is an onset depends on it
 * @param onsets  a file that they are written to, or are read from instead;
 * NULL
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_foley_strokes_columns(s2vi_foley_strokes *strokes,
                               const float *columns, int n, const float *ahead,
                               int n_ahead, s2vi_foley_onsets *onsets,
                               s2v_error *err);

/** The film's samples [from, from + n), which follow those before. */
void s2vi_foley_strokes_render(s2vi_foley_strokes *strokes, float *out,
                               int64_t from, int64_t n);

/** Save or restore what sounds, with the same reference. */
void s2vi_foley_strokes_pass_state(s2vi_foley_strokes *strokes,
                                   s2vi_state *state);

#endif
