/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A weight file in memory whose metadata can be changed while its tensors and
 * their checksum stay. */
#ifndef S2V_TESTS_FUZZ_CONTAINER_H
#define S2V_TESTS_FUZZ_CONTAINER_H

#include "fuzz.h"

typedef struct fuzz_container {
    char *file; /* its bytes */
    size_t size;
} fuzz_container;

/** Read a file; freed by fuzz_container_free(). */
void fuzz_container_read(fuzz_container *c, const char *path);

/** A path (see fuzz_file()) of the file with metadata `key[i]` changed to
 * `value[i]`, where that is not NULL. */
const char *fuzz_container_change(const fuzz_container *c,
                                  const char *const *key, char *const *value,
                                  int n);

void fuzz_container_free(fuzz_container *c);

#endif
