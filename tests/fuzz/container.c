/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A weight file whose metadata can be changed; see container.h. */
#include "container.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX = 8, MOST = 1 << 24 };

void fuzz_container_read(fuzz_container *c, const char *path)
{
    FILE *f = fopen(path, "rb");
    REQUIRE(f != NULL);
    c->file = malloc(MOST);
    REQUIRE(c->file != NULL);
    c->size = fread(c->file, 1, MOST, f);
    REQUIRE(c->size > PREFIX && c->size < MOST && !fclose(f));
}

void fuzz_container_free(fuzz_container *c)
{
    free(c->file);
    *c = (fuzz_container){0};
}

/* The length of the JSON text, a little-endian number. */
static size_t header_size(const char *file)
{
    size_t n = 0;
    for (int i = PREFIX - 1; i >= 0; i--)
        n = n << 8 | (uint8_t)file[i];
    return n;
}

/* A text that is not UTF-8 is none that JSON could hold: `text` is freed. */
static char *changed_header(const fuzz_container *c, const char *const *key,
                            char *const *value, int n)
{
    json_t *root = json_loadb(c->file + PREFIX, header_size(c->file), 0, NULL);
    json_t *metadata = json_object_get(root, "__metadata__");
    REQUIRE(metadata != NULL);
    for (int i = 0; i < n; i++)
        if (value[i]) {
            json_t *text = json_string(value[i]);
            json_object_set_new(metadata, key[i],
                                text ? text : json_string(""));
        }
    char *header = json_dumps(root, JSON_COMPACT);
    REQUIRE(header != NULL);
    json_decref(root);
    return header;
}

const char *fuzz_container_change(const fuzz_container *c,
                                  const char *const *key, char *const *value,
                                  int n)
{
    char *header = changed_header(c, key, value, n);
    const size_t before = PREFIX + header_size(c->file);
    const size_t data = c->size - before;
    const size_t length = (strlen(header) + PREFIX - 1) / PREFIX * PREFIX;
    char *file = malloc(PREFIX + length + data);
    REQUIRE(file != NULL);
    for (int i = 0; i < PREFIX; i++)
        file[i] = (char)(length >> (8 * i));
    memset(file + PREFIX, ' ', length);
    memcpy(file + PREFIX, header, strlen(header));
    memcpy(file + PREFIX + length, c->file + before, data);
    const char *path = fuzz_file(file, PREFIX + length + data);
    free(header);
    free(file);
    return path;
}
