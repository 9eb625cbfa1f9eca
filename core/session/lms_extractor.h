/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Features of Listen and Move for a stream, near those that the model was
 * trained on: audio/lms.h, then, where the weight file knows of them, an
 * equaliser (audio/equaliser.h; level "auto" only) and the range of the
 * training (audio/feature_range.h), with one warning where most of a sound lies
 * outside it.
 */
#ifndef S2VI_SESSION_LMS_EXTRACTOR_H
#define S2VI_SESSION_LMS_EXTRACTOR_H

#include "audio/equaliser.h"
#include "audio/feature_range.h"
#include "session/front_end.h"
#include "weights/weights.h"

/** What a weight file says of the sound that the model was trained on. */
typedef struct s2vi_trained_sound {
    double level;      /* LUFS; NaN: unknown */
    bool has_spectrum; /* its average spectrum is known */
    s2vi_spectrum spectrum;
    bool has_range; /* and the range of its features */
    s2vi_feature_range range;
} s2vi_trained_sound;

/** Read s2v.level, s2v.spectrum and s2v.features, each of which may be
 * missing. S2V_ERR_MODEL with the path. */
int s2vi_trained_sound_read(s2vi_trained_sound *sound,
                            const s2v_weights *weights, s2v_error *err);

/** Its `trained` is an s2vi_trained_sound. A warning is not given again after a
 * flush. */
extern const s2vi_extractor s2vi_lms_extractor;

#endif
