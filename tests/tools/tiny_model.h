/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tiny Listen and Move models with made-up weights, sound ones and broken
 * ones, for tests: see make_tiny_model.c for the program. */
#ifndef S2V_TESTS_TOOLS_TINY_MODEL_H
#define S2V_TESTS_TOOLS_TINY_MODEL_H

#include "models/listen_and_move.h"

/** What to write; all zero but `config` means a model that works. */
typedef struct tiny_model {
    s2vi_lm_config config;
    uint64_t seed;           /* of the weights */
    const char *kind;        /* s2v.model; "": none */
    const char *config_text; /* s2v.config, in place of `config`'s; "": none */
    const char *level;       /* s2v.level; NULL: none */
    const char *spectrum;    /* s2v.spectrum; NULL: none */
    const char *features;    /* s2v.features; NULL: none */
    const char *nan;         /* a tensor whose first number is not one */
    const char *missing;     /* a tensor that is left out */
    const char *extra;       /* a tensor beside the model's */
    const char *flat;        /* a tensor whose shape becomes one-dimensional */
} tiny_model;

/** 64x64, 4 to 16 channels, every part of the network. */
tiny_model tiny_model_defaults(void);

/** An s2v.features of that range in every band; valid until the next call. */
const char *tiny_model_features(float low, float high);

/** An s2v.spectrum that falls by `fall` dB from the first to the last band;
 * valid until the next call. */
const char *tiny_model_spectrum(float fall);

/** Write it to `path`; S2V_OK, or a status and a sentence. */
int tiny_model_write(const char *path, const tiny_model *spec, s2v_error *err);

#endif
