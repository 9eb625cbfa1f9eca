/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of weights/ share: an open file, and names made printable. */
#ifndef S2VI_WEIGHTS_PRIVATE_H
#define S2VI_WEIGHTS_PRIVATE_H

#include "weights/weights.h"

#include <jansson.h>

typedef struct s2vi_metadata {
    const char *key, *value;
} s2vi_metadata;

struct s2v_weights {
    char *path;
    char label[128]; /* the path, for messages */

    const uint8_t *data; /* the whole file */
    size_t size;
    size_t payload; /* where tensor bytes start */
    bool mapped;

    json_t *header;              /* owns the names, keys and values below */
    s2vi_tensor *tensors;        /* by offset */
    const s2vi_tensor **by_name; /* the same, sorted by name */
    s2vi_metadata *metadata;     /* sorted by key */
    size_t count, metadata_count;
};

typedef struct s2vi_quoted {
    char text[80];
} s2vi_quoted;

/** A name from a hostile file, fit to print: UTF-8, no control characters, cut
 * with "..." where it is long. */
s2vi_quoted s2vi_quote(const char *name);

/** The same for a path, of which the end matters more. */
void s2vi_quote_path(char *dst, size_t size, const char *path);

/** What a file that is not safetensors seems to be ("a zip archive ..."), or
 * NULL. */
const char *s2vi_foreign_format(const uint8_t *data, size_t size);

#endif
