/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tiny models that make sound for pictures, with made-up weights, sound ones
 * and broken ones, for tests: see make_tiny_foley.c for the program. */
#ifndef S2V_TESTS_TOOLS_TINY_FOLEY_H
#define S2V_TESTS_TOOLS_TINY_FOLEY_H

#include "models/foley.h"

/** What to write; all zero but `config` means a model that works. */
typedef struct tiny_foley {
    s2vi_foley_config config;
    uint64_t seed;           /* of the weights */
    const char *window;      /* s2v.window; NULL: none */
    const char *config_text; /* s2v.config, in place of `config`'s */
    const char *missing;     /* a tensor that is left out */
} tiny_foley;

/** Every part of the networks, few channels, windows of 32 features. */
tiny_foley tiny_foley_defaults(void);

/** Write it to `path`; S2V_OK, or a status and a sentence. */
int tiny_foley_write(const char *path, const tiny_foley *spec, s2v_error *err);

#endif
