/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a model and a session are made of: between model.c and session.c. */
#ifndef S2VI_SESSION_SESSION_H
#define S2VI_SESSION_SESSION_H

#include "audio/equaliser.h"
#include "audio/feature_range.h"
#include "audio/level.h"
#include "audio/lms.h"
#include "base/log.h"
#include "models/listen_and_move.h"
#include "run/exec.h"
#include "run/profile.h"
#include "session/foley.h"

#include <stdatomic.h>

struct s2v_model {
    atomic_int holders; /* the opener, and each session */
    s2vi_logger logger;
    s2vi_backend *backend;
    s2vi_dtype dtype;  /* F32 or BF16 */
    s2vi_store *store; /* the parameters */

    /* either sound for pictures ... */
    s2vi_foley_model *foley;

    /* ... or, where that is NULL, Listen and Move */
    s2vi_lm_config config;
    s2vi_graph *graph;
    s2vi_lm_graph lm; /* one frame */
    s2vi_plan *plan;
    double level;      /* LUFS of what it was trained on; NaN: unknown */
    bool has_spectrum; /* and its average spectrum */
    s2vi_spectrum spectrum;
    bool has_range; /* and the range of its features */
    s2vi_feature_range range;
};

void s2vi_model_hold(s2v_model *model);

struct s2v_session {
    s2v_model *model;
    s2vi_logger logger;
    int failed; /* a status: the state is not what it should be */

    s2vi_foley_stream
        *foley; /* as the model's; the rest is Listen and Move's */

    s2vi_level *level; /* NULL: a fixed gain */
    float gain;        /* that one */
    s2vi_lms *lms;
    bool equalised; /* the features are, by: */
    s2vi_equaliser equaliser;
    int checked, foreign; /* frames compared with the model's range, of the
                             latest few; those far outside it */
    bool warned;          /* that most are */
    s2vi_exec *exec;
    s2vi_profile *profile; /* NULL: not wanted */
    uint64_t seed;
    int64_t pts;  /* of the next frame */
    uint8_t *rgb; /* size x size x 3: the frame given out */
    float *video; /* as many numbers: a copy, where the device's are not the
                     host's; else NULL */
};

#endif
