/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a stream of sound for pictures takes from its reference. */
#ifndef S2VI_SESSION_FOLEY_REFERENCE_H
#define S2VI_SESSION_FOLEY_REFERENCE_H

#include "session/foley.h"
#include "session/foley_edit.h"
#include "session/foley_strokes.h"

/** Numbers of a timbre, D. */
size_t s2vi_foley_timbre_size(const s2vi_foley_model *model);

/**
 * Read a reference: its timbre, how loud its onsets are, its strokes.
 *
 * @param samples mono at S2VI_FOLEY_RATE; the first minute counts
 * @param timbre  (D); left alone on failure
 * @param onsets  learns from it; NULL: none
 * @param strokes learn from it; NULL: none
 * @return S2V_OK; S2V_ERR_INVALID: too short, or silent; S2V_ERR_NOMEM
 */
int s2vi_foley_reference_read(const s2vi_foley_model *model,
                              const float *samples, size_t count, float *timbre,
                              s2vi_foley_onsets *onsets,
                              s2vi_foley_strokes *strokes, s2v_error *err);

#endif
