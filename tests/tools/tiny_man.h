/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tiny talking heads with made-up weights, for tests: see make_tiny_man.c for
 * the program. */
#ifndef S2V_TESTS_TOOLS_TINY_MAN_H
#define S2V_TESTS_TOOLS_TINY_MAN_H

#include "models/man.h"

/** What to write; all zero but `config` means a model that works. */
typedef struct tiny_man {
    s2vi_man_config config;
    uint64_t seed;           /* of the weights */
    const char *config_text; /* s2v.config, in place of `config`'s */
    const char *level;       /* s2v.level; NULL: none */
    const char *missing;     /* a tensor that is left out */
    bool untrained;          /* weights as a training begins with */
} tiny_man;

/** 32x32, 8 channels, every part of the networks. */
tiny_man tiny_man_defaults(void);

/** Write it to `path`; S2V_OK, or a status and a sentence. */
int tiny_man_write(const char *path, const tiny_man *spec, s2v_error *err);

#endif
