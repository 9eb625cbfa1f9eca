/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of BN-Inception, with numbers by the rule at the head of
 * tests/reference/bn_inception.py. */
#ifndef S2V_TESTS_MODELS_BN_FILE_H
#define S2V_TESTS_MODELS_BN_FILE_H

#include <stdbool.h>

/** How a file is written, and what is wrong with it. */
typedef struct bn_file {
    int planes;
    const char *prefix; /* before each name, or NULL */
    bool rows;          /* norms' parameters as (1,C), a classifier, counters */
    const char *left_out, *cut; /* a tensor that is missing, is too small */
} bn_file;

/** Exits with a message on failure. */
void bn_file_write(const char *path, const bn_file *how);

#endif
