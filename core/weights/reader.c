/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Open a safetensors container and hand out its tensors.
 *
 *     8 bytes   N, the length of the header, little-endian
 *     N bytes   the header: a JSON object, {"name": {"dtype": "F32",
 *               "shape": [2, 3], "data_offsets": [0, 24]}, ...,
 *               "__metadata__": {"key": "value", ...}}
 *     the rest  the tensors' bytes, without gaps; offsets count from here
 *
 * The file is taken as hostile: nothing in it is used before it is checked.
 */
#define _XOPEN_SOURCE 700
#include "weights/private.h"

#include "base/error.h"
#include "base/sized.h"
#include "base/sentence.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define METADATA_KEY "__metadata__"

enum {
    PREFIX = 8,      /* bytes of the header's length */
    MAX_DEPTH = 8,   /* brackets in brackets; a sound header has 3 */
    MAX_ITEMS = 256, /* in an array; a sound header has 8 */
};

/* ------------------------------------------------------- the header -- */

/*
 * Bound what the JSON parser may be made to do: its recursion, by nesting, and
 * its memory, by arrays of millions of two-byte items.
 */
static bool is_moderate(const uint8_t *json, size_t size)
{
    size_t room[MAX_DEPTH + 1] = {0}; /* for more items */
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = json[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > MAX_DEPTH)
                return false;
            room[depth] = c == '[' ? MAX_ITEMS : SIZE_MAX;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        } else if (c == ',' && depth > 0 && !--room[depth]) {
            return false;
        }
    }
    return true;
}

/* The header's length, once the file looks like safetensors at all. */
static int check_prefix(const s2v_weights *w, size_t *header_size,
                        s2v_error *err)
{
    uint64_t n = 0;
    if (!w->size)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: the file is empty, expected a safetensors "
                          "container",
                          w->label);
    for (size_t i = 0; i < PREFIX && i < w->size; i++)
        n |= (uint64_t)w->data[i] << (8 * i);
    bool opens = w->size > PREFIX && w->data[PREFIX] == '{';
    if (opens && n <= S2VI_HEADER_MAX && n > w->size - PREFIX)
        return s2vi_error(
            err, S2V_ERR_FORMAT,
            "%s: the file is truncated within its header, expected %" PRIu64
            " bytes of header, found %zu",
            w->label, n, w->size - PREFIX);
    if (opens && n >= 2 && n <= S2VI_HEADER_MAX) {
        *header_size = (size_t)n;
        return S2V_OK;
    }
    const char *what = s2vi_foreign_format(w->data, w->size);
    if (what)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: this is %s, expected a safetensors container",
                          w->label, what);
    if (w->size <= PREFIX)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: expected a safetensors container, found only "
                          "%zu byte%s",
                          w->label, w->size, S2VI_PLURAL(w->size));
    if (!opens)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: this is not a safetensors container: expected "
                          "'{' at byte 8, found 0x%02x",
                          w->label, w->data[PREFIX]);
    return s2vi_error(err, S2V_ERR_FORMAT,
                      "%s: expected a header of 2 to %d bytes, found a length "
                      "of %" PRIu64,
                      w->label, (int)S2VI_HEADER_MAX, n);
}

static int parse_json(s2v_weights *w, size_t header_size, s2v_error *err)
{
    const uint8_t *text = w->data + PREFIX;
    if (!is_moderate(text, header_size))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: the header nests deeper than %d brackets or "
                          "has an array of more than %d items, expected "
                          "tensors of at most %d dimensions",
                          w->label, MAX_DEPTH, MAX_ITEMS, S2VI_STORED_MAX_RANK);
    json_error_t e;
    w->header =
        json_loadb((const char *)text, header_size, JSON_REJECT_DUPLICATES, &e);
    if (w->header && !json_is_object(w->header)) /* not after a '{' */
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: the header is not a JSON object", w->label);
    if (w->header)
        return S2V_OK;
    /* Jansson has no words for most failed allocations. */
    if (!*e.text || json_error_code(&e) == json_error_out_of_memory)
        return s2vi_error_nomem(err, "the header of a weight file");
    if (json_error_code(&e) == json_error_duplicate_key)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: the header has a duplicate name: %s", w->label,
                          s2vi_quote(e.text).text);
    return s2vi_error(err, S2V_ERR_FORMAT,
                      "%s: the header is not valid UTF-8 JSON: %s, at byte %d",
                      w->label, s2vi_quote(e.text).text, PREFIX + e.position);
}

/* --------------------------------------------------------- metadata -- */

static int compare_metadata(const void *a, const void *b)
{
    return strcmp(((const s2vi_metadata *)a)->key,
                  ((const s2vi_metadata *)b)->key);
}

static int parse_metadata(s2v_weights *w, s2v_error *err)
{
    json_t *object = json_object_get(w->header, METADATA_KEY), *value;
    const char *key;
    if (!object)
        return S2V_OK;
    if (!json_is_object(object))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: \"" METADATA_KEY "\" is not a JSON object of "
                          "strings",
                          w->label);
    w->metadata = calloc(json_object_size(object) + 1, sizeof(*w->metadata));
    if (!w->metadata)
        return s2vi_error_nomem(err, "the metadata of a weight file");
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value))
            return s2vi_error(err, S2V_ERR_FORMAT,
                              "%s: metadata \"%s\" is not a string", w->label,
                              s2vi_quote(key).text);
        w->metadata[w->metadata_count++] =
            (s2vi_metadata){key, json_string_value(value)};
    }
    qsort(w->metadata, w->metadata_count, sizeof(*w->metadata),
          compare_metadata);
    return S2V_OK;
}

/* ---------------------------------------------------------- tensors -- */

static int parse_shape(const s2v_weights *w, s2vi_tensor *t,
                       const json_t *shape, s2v_error *err)
{
    if (json_array_size(shape) > S2VI_STORED_MAX_RANK)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: tensor \"%s\" has %zu dimensions, expected at "
                          "most %d",
                          w->label, s2vi_quote(t->name).text,
                          json_array_size(shape), S2VI_STORED_MAX_RANK);
    t->rank = (int)json_array_size(shape);
    for (int i = 0; i < t->rank; i++) {
        const json_t *dim = json_array_get(shape, (size_t)i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return s2vi_error(err, S2V_ERR_FORMAT,
                              "%s: dimension %d of tensor \"%s\" is not a "
                              "whole number of at least 0",
                              w->label, i, s2vi_quote(t->name).text);
        t->shape[i] = json_integer_value(dim);
    }
    return S2V_OK;
}

/* Set t->offset (still from the payload on) and t->bytes. */
static int parse_offsets(const s2v_weights *w, s2vi_tensor *t,
                         const json_t *offsets, s2v_error *err)
{
    const json_t *first = json_array_get(offsets, 0);
    const json_t *last = json_array_get(offsets, 1);
    json_int_t begin = json_integer_value(first),
               end = json_integer_value(last);
    if (json_array_size(offsets) != 2 || !json_is_integer(first) ||
        !json_is_integer(last) || begin < 0 || end < begin)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: data_offsets of tensor \"%s\" are not [begin, "
                          "end] with 0 <= begin <= end",
                          w->label, s2vi_quote(t->name).text);
    if ((uint64_t)end > w->size - w->payload)
        return s2vi_error(
            err, S2V_ERR_FORMAT,
            "%s: the file is truncated: tensor \"%s\" ends at byte %" PRIu64
            " of the data, found only %zu "
            "byte%s",
            w->label, s2vi_quote(t->name).text, (uint64_t)end,
            w->size - w->payload, S2VI_PLURAL(w->size - w->payload));
    t->offset = (size_t)begin;
    t->bytes = (size_t)(end - begin);
    return S2V_OK;
}

static int parse_tensor(const s2v_weights *w, s2vi_tensor *t,
                        const json_t *object, s2v_error *err)
{
    const json_t *dtype = json_object_get(object, "dtype");
    const json_t *shape = json_object_get(object, "shape");
    const json_t *offsets = json_object_get(object, "data_offsets");
    uint64_t elements, bytes;
    int ret;
    if (!json_is_string(dtype) || !json_is_array(shape) ||
        !json_is_array(offsets) || json_object_size(object) != 3)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: tensor \"%s\" is not described by dtype, shape "
                          "and data_offsets, and these alone",
                          w->label, s2vi_quote(t->name).text);
    if (!s2vi_stored_from_name(&t->type, json_string_value(dtype)))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: tensor \"%s\" is of dtype \"%s\", expected "
                          "BOOL, U8 to U64, I8 to I64, F16, BF16, F32 or F64",
                          w->label, s2vi_quote(t->name).text,
                          s2vi_quote(json_string_value(dtype)).text);
    if ((ret = parse_shape(w, t, shape, err)) < 0 ||
        (ret = parse_offsets(w, t, offsets, err)) < 0)
        return ret;
    if (!s2vi_stored_extent(t->type, t->rank, t->shape, &elements, &bytes))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: the shape of tensor \"%s\" has more elements "
                          "than can be counted",
                          w->label, s2vi_quote(t->name).text);
    if (bytes != t->bytes)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: the shape of tensor \"%s\" needs %" PRIu64
                          " bytes, but its data_offsets span %zu",
                          w->label, s2vi_quote(t->name).text, bytes, t->bytes);
    t->count = (size_t)elements;
    return S2V_OK;
}

static int compare_offsets(const void *a, const void *b)
{
    const s2vi_tensor *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->bytes != y->bytes) /* an empty tensor before the one that starts */
        return x->bytes < y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const s2vi_tensor *const *)a)->name,
                  (*(const s2vi_tensor *const *)b)->name);
}

/* The tensors must tile the payload: no gap, no overlap, nothing after. */
static int check_tiling(s2v_weights *w, s2v_error *err)
{
    size_t end = 0, total = w->size - w->payload;
    for (size_t i = 0; i < w->count; i++) {
        s2vi_tensor *t = &w->tensors[i];
        if (t->offset != end)
            return s2vi_error(err, S2V_ERR_FORMAT,
                              "%s: tensor \"%s\" %s: expected it to start at "
                              "byte %zu of the data, found %zu",
                              w->label, s2vi_quote(t->name).text,
                              t->offset < end ? "overlaps the one before"
                                              : "leaves a gap before it",
                              end, t->offset);
        end += t->bytes;
        t->offset += w->payload;
    }
    if (end != total)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: expected %zu bytes of tensor data, found %zu "
                          "more after the last tensor",
                          w->label, end, total - end);
    return S2V_OK;
}

static int parse_tensors(s2v_weights *w, s2v_error *err)
{
    size_t n = json_object_size(w->header);
    const char *key;
    json_t *value;
    int ret;
    w->tensors = calloc(n + 1, sizeof(*w->tensors));
    w->by_name = calloc(n + 1, sizeof(*w->by_name));
    if (!w->tensors || !w->by_name)
        return s2vi_error_nomem(err, "the list of tensors");
    json_object_foreach(w->header, key, value)
    {
        if (!strcmp(key, METADATA_KEY))
            continue;
        s2vi_tensor *t = &w->tensors[w->count++];
        t->name = key;
        if ((ret = parse_tensor(w, t, value, err)) < 0)
            return ret;
    }
    qsort(w->tensors, w->count, sizeof(*w->tensors), compare_offsets);
    for (size_t i = 0; i < w->count; i++)
        w->by_name[i] = &w->tensors[i];
    qsort(w->by_name, w->count, sizeof(*w->by_name), compare_names);
    return check_tiling(w, err);
}

/* ---------------------------------------------------- open and close -- */

static s2v_weights *new_weights(const char *path)
{
    s2v_weights *w = calloc(1, sizeof(*w));
    if (w && !(w->path = strdup(path))) {
        free(w);
        return NULL;
    }
    if (w)
        s2vi_quote_path(w->label, sizeof(w->label), path);
    return w;
}

static int parse(s2v_weights *w, s2v_error *err)
{
    size_t header_size = 0;
    int ret;
    if ((ret = check_prefix(w, &header_size, err)) < 0 ||
        (ret = parse_json(w, header_size, err)) < 0)
        return ret;
    w->payload = PREFIX + header_size;
    if ((ret = parse_metadata(w, err)) < 0)
        return ret;
    return parse_tensors(w, err);
}

static int map_descriptor(s2v_weights *w, int fd, s2v_error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return s2vi_error(err, S2V_ERR_IO, "cannot examine %s: %s", w->label,
                          g_strerror(errno));
    if (S_ISDIR(st.st_mode))
        return s2vi_error(err, S2V_ERR_IO,
                          "%s: this is a folder, expected a weight file",
                          w->label);
    if (!S_ISREG(st.st_mode))
        return s2vi_error(err, S2V_ERR_IO,
                          "%s: this is a pipe or device, expected a regular "
                          "file, which can be mapped",
                          w->label);
    if ((uint64_t)st.st_size > SIZE_MAX / 2)
        return s2vi_error(err, S2V_ERR_NOMEM,
                          "%s: %" PRIu64 " bytes are more than this system "
                          "can map",
                          w->label, (uint64_t)st.st_size);
    w->size = (size_t)st.st_size;
    if (!w->size) /* nothing to map; the parser says so */
        return S2V_OK;
    void *map = mmap(NULL, w->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return s2vi_error(err, errno == ENOMEM ? S2V_ERR_NOMEM : S2V_ERR_IO,
                          "cannot map %s: %s", w->label, g_strerror(errno));
    w->data = map;
    w->mapped = true;
    return S2V_OK;
}

static int map_file(s2v_weights *w, s2v_error *err)
{
    /* O_NONBLOCK: opening a pipe must not wait for its writer */
    int fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return s2vi_error(err, S2V_ERR_IO, "cannot open %s: %s", w->label,
                          g_strerror(errno));
    int ret = map_descriptor(w, fd, err);
    close(fd);
    return ret;
}

int s2v_weights_open(s2v_weights **weights, const char *path, s2v_error *err)
{
    char *found = NULL;
    int ret;
    if (!weights || !path || !*path) {
        if (weights)
            *weights = NULL;
        return s2vi_error(err, S2V_ERR_INVALID, "no weight file given");
    }
    *weights = NULL;
    if ((ret = s2vi_weights_find_path(&found, path, err)) < 0)
        return ret;
    s2v_weights *w = new_weights(found);
    free(found);
    if (!w)
        return s2vi_error_nomem(err, "a weight file");
    if ((ret = map_file(w, err)) < 0 || (ret = parse(w, err)) < 0) {
        s2v_weights_close(&w);
        return ret;
    }
    *weights = w;
    return S2V_OK;
}

int s2vi_weights_open_memory(s2v_weights **weights, const void *data,
                             size_t size, const char *name, s2v_error *err)
{
    *weights = NULL;
    s2v_weights *w = new_weights(name);
    if (!w)
        return s2vi_error_nomem(err, "a weight file");
    w->data = data;
    w->size = size;
    int ret = parse(w, err);
    if (ret < 0)
        s2v_weights_close(&w);
    *weights = w;
    return ret;
}

void s2v_weights_close(s2v_weights **weights)
{
    s2v_weights *w = weights ? *weights : NULL;
    if (!w)
        return;
    *weights = NULL;
    if (w->mapped)
        munmap((void *)(uintptr_t)w->data, w->size);
    free(w->metadata);
    free(w->by_name);
    free(w->tensors);
    json_decref(w->header);
    free(w->path);
    free(w);
}

/* ---------------------------------------------------------- look up -- */

size_t s2v_weights_count(const s2v_weights *weights)
{
    return weights->count;
}

const s2vi_tensor *s2vi_weights_at(const s2v_weights *weights, size_t index)
{
    return &weights->tensors[index];
}

int s2v_weights_get_tensor(const s2v_weights *weights, size_t index,
                           s2v_tensor_info *info)
{
    if (index >= weights->count ||
        s2vi_sized_check(info, "s2v_tensor_info", NULL) < 0)
        return S2V_ERR_INVALID;
    const s2vi_tensor *t = &weights->tensors[index];
    s2v_tensor_info full = {
        .name = t->name,
        .dtype = s2vi_stored_name(t->type),
        .rank = t->rank,
        .byte_offset = t->offset,
        .byte_size = t->bytes,
    };
    memcpy(full.shape, t->shape, sizeof(full.shape));
    s2vi_sized_fill(info, &full, sizeof(full));
    return S2V_OK;
}

const char *s2v_weights_get_metadata(const s2v_weights *weights,
                                     const char *key)
{
    s2vi_metadata wanted = {key, NULL};
    if (!weights->metadata_count)
        return NULL;
    const s2vi_metadata *found =
        bsearch(&wanted, weights->metadata, weights->metadata_count,
                sizeof(wanted), compare_metadata);
    return found ? found->value : NULL;
}

const char *s2v_weights_get_metadata_key(const s2v_weights *weights,
                                         size_t index)
{
    return index < weights->metadata_count ? weights->metadata[index].key
                                           : NULL;
}

const char *s2v_weights_get_path(const s2v_weights *weights,
                                 uint64_t *byte_size)
{
    if (byte_size)
        *byte_size = weights->size;
    return weights->path;
}

const s2vi_tensor *s2vi_weights_find(const s2v_weights *weights,
                                     const char *name)
{
    const s2vi_tensor wanted = {.name = name}, *key = &wanted;
    if (!weights->count)
        return NULL;
    const s2vi_tensor *const *found =
        bsearch(&key, weights->by_name, weights->count,
                sizeof(*weights->by_name), compare_names);
    return found ? *found : NULL;
}

const void *s2vi_weights_data(const s2v_weights *weights,
                              const s2vi_tensor *tensor)
{
    return weights->data + tensor->offset;
}

const char *s2vi_weights_config(const s2v_weights *weights, s2v_error *err)
{
    const char *config = s2v_weights_get_metadata(weights, "s2v.config");
    if (!config)
        s2vi_error(err, S2V_ERR_MODEL, "%s: its metadata has no 's2v.config'",
                   s2v_weights_get_path(weights, NULL));
    return config;
}
