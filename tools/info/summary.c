/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Add up a weight file's tensors, and tell it all as JSON. */
#include "info.h"

#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t info_tensor(const s2v_weights *w, size_t i, s2v_tensor_info *info)
{
    uint64_t n = 1;
    info->size = sizeof(*info);
    s2v_weights_get_tensor(w, i, info);
    for (int d = 0; d < info->rank; d++)
        n *= (uint64_t)info->shape[d]; /* the library checked the product */
    return n;
}

static void add_dtype(info_summary *s, const char *name, uint64_t parameters)
{
    int i = 0;
    while (i < s->dtype_count && strcmp(s->dtypes[i].name, name))
        i++;
    if (i == INFO_MAX_DTYPES)
        return;
    if (i == s->dtype_count)
        s->dtypes[s->dtype_count++].name = name;
    s->dtypes[i].tensors++;
    s->dtypes[i].parameters += parameters;
}

void info_summarize(info_summary *s, const s2v_weights *w, bool sound)
{
    memset(s, 0, sizeof(*s));
    s->sound = sound;
    s->recorded = s2v_weights_get_metadata(w, "s2v.sha256") != NULL;
    s->tensors = s2v_weights_count(w);
    for (size_t i = 0; i < s->tensors; i++) {
        s2v_tensor_info info;
        uint64_t n = info_tensor(w, i, &info);
        s->parameters += n;
        s->bytes += info.byte_size;
        add_dtype(s, info.dtype, n);
    }
}

/* -------------------------------------------------------------- JSON -- */

/* Metadata that is JSON text, as JSON; as a string if it is none after all. */
static json_t *parse_or_string(const char *text)
{
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    return value ? value : json_string(text);
}

static json_t *json_of_tensor(const s2v_weights *w, size_t i)
{
    s2v_tensor_info info;
    info_tensor(w, i, &info);
    json_t *shape = json_array();
    for (int d = 0; d < info.rank; d++)
        json_array_append_new(shape, json_integer(info.shape[d]));
    return json_pack("{s:s, s:s, s:o, s:I, s:I}", "name", info.name, "dtype",
                     info.dtype, "shape", shape, "byte_offset",
                     (json_int_t)info.byte_offset, "byte_size",
                     (json_int_t)info.byte_size);
}

static json_t *json_of_metadata(const s2v_weights *w)
{
    json_t *object = json_object();
    const char *key;
    for (size_t i = 0; (key = s2v_weights_get_metadata_key(w, i)); i++)
        json_object_set_new(object, key,
                            json_string(s2v_weights_get_metadata(w, key)));
    return object;
}

void info_print_json(const s2v_weights *w, const info_summary *s)
{
    static const char *const parts[][2] = {
        {"model", "s2v.model"},       {"version", "s2v.version"},
        {"license", "s2v.license"},   {"config", "s2v.config"},
        {"training", "s2v.training"}, {"features", "s2v.features"},
    };
    uint64_t size;
    const char *path = s2v_weights_get_path(w, &size), *text;
    json_t *root = json_object(), *dtypes = json_object();
    json_t *tensors = json_array();
    /* a path need not be UTF-8, which JSON must be */
    char *valid_path = g_utf8_make_valid(path, -1);
    json_object_set_new(root, "path", json_string(valid_path));
    g_free(valid_path);
    json_object_set_new(root, "byte_size", json_integer((json_int_t)size));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if ((text = s2v_weights_get_metadata(w, parts[i][1])))
            json_object_set_new(root, parts[i][0],
                                i < 3 ? json_string(text)
                                      : parse_or_string(text));
    json_object_set_new(root, "valid", json_boolean(s->sound));
    json_object_set_new(root, "checksum_recorded", json_boolean(s->recorded));
    json_object_set_new(root, "parameters",
                        json_integer((json_int_t)s->parameters));
    for (int i = 0; i < s->dtype_count; i++)
        json_object_set_new(dtypes, s->dtypes[i].name,
                            json_integer((json_int_t)s->dtypes[i].tensors));
    json_object_set_new(root, "dtypes", dtypes);
    for (size_t i = 0; i < s->tensors; i++)
        json_array_append_new(tensors, json_of_tensor(w, i));
    json_object_set_new(root, "tensors", tensors);
    json_object_set_new(root, "metadata", json_of_metadata(w));
    /* nine digits bring every float back */
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(root);
}
