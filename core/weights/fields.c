/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration's fields as JSON. */
#include "weights/fields.h"

#include <stdbool.h>
#include <string.h>

enum { MOST = 1 << 20 };

/* ------------------------------------------------------------ reading -- */

static int read_word(const s2vi_fields *fields, const s2vi_field *f, int *out,
                     const json_t *value, s2v_error *err)
{
    const char *word = json_string_value(value);
    for (int i = 0; word && f->words[i]; i++)
        if (!strcmp(word, f->words[i])) {
            *out = i;
            return S2V_OK;
        }
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: %s is %s%.40s%s, expected %s, %s%s%s", fields->owner,
                      f->name, word ? "'" : "", word ? word : "not a word",
                      word ? "'" : "", f->words[0], f->words[1],
                      f->words[2] ? ", " : "", f->words[2] ? f->words[2] : "");
}

static int read_value(const s2vi_fields *fields, const s2vi_field *f, void *to,
                      const json_t *value, s2v_error *err)
{
    const json_int_t number = json_integer_value(value);
    switch (f->kind) {
    case S2VI_FIELD_WORD: return read_word(fields, f, to, value, err);
    case S2VI_FIELD_BOOL:
        if (!json_is_boolean(value))
            return s2vi_error(err, S2V_ERR_MODEL, "%s: %s is not true or false",
                              fields->owner, f->name);
        *(bool *)to = json_is_true(value);
        return S2V_OK;
    default:
        if (!json_is_integer(value) || number < 0 || number > MOST)
            return s2vi_error(err, S2V_ERR_MODEL,
                              "%s: %s is not a whole number from 0 to %d",
                              fields->owner, f->name, MOST);
        *(int *)to = (int)number;
        return S2V_OK;
    }
}

static const s2vi_field *find(const s2vi_fields *fields, const char *name)
{
    for (int i = 0; i < fields->n; i++)
        if (!strcmp(fields->field[i].name, name))
            return &fields->field[i];
    return NULL;
}

int s2vi_fields_read_object(const s2vi_fields *fields, void *config,
                            const json_t *object, s2v_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        const s2vi_field *f = find(fields, name);
        if (!f)
            return s2vi_error(err, S2V_ERR_MODEL,
                              "%s: unknown setting '%.60s' in s2v.config; is "
                              "the file newer than this library?",
                              fields->owner, name);
        const int ret =
            read_value(fields, f, (char *)config + f->offset, value, err);
        if (ret < 0)
            return ret;
    }
    return S2V_OK;
}

int s2vi_fields_read(const s2vi_fields *fields, void *config, const char *json,
                     s2v_error *err)
{
    json_error_t why;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &why);
    const int ret = json_is_object(root)
                        ? s2vi_fields_read_object(fields, config, root, err)
                        : s2vi_error(err, S2V_ERR_MODEL,
                                     "s2v.config is not a JSON object: %s",
                                     root ? "found an array" : why.text);
    json_decref(root);
    return ret;
}

/* ----------------------------------------------------------- checking -- */

int s2vi_fields_check_range(const s2vi_fields *fields, const char *name,
                            int value, int min, int max, s2v_error *err)
{
    if (value >= min && value <= max)
        return S2V_OK;
    if (min == max)
        return s2vi_error(err, S2V_ERR_MODEL, "%s: %s is %d, expected %d",
                          fields->owner, name, value, max);
    return s2vi_error(err, S2V_ERR_MODEL, "%s: %s is %d, expected %d to %d",
                      fields->owner, name, value, min, max);
}

int s2vi_fields_check(const s2vi_fields *fields, const void *config,
                      s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < fields->n && ret >= 0; i++) {
        const s2vi_field *f = &fields->field[i];
        const int *value = (const int *)((const char *)config + f->offset);
        if (f->kind == S2VI_FIELD_INT && f->max > 0)
            ret = s2vi_fields_check_range(fields, f->name, *value, f->min,
                                          f->max, err);
    }
    return ret;
}

/* ------------------------------------------------------------ writing -- */

static json_t *value_of(const s2vi_field *f, const void *at)
{
    switch (f->kind) {
    case S2VI_FIELD_WORD: return json_string(f->words[*(const int *)at]);
    case S2VI_FIELD_BOOL: return json_boolean(*(const bool *)at);
    default: return json_integer(*(const int *)at);
    }
}

json_t *s2vi_fields_object(const s2vi_fields *fields, const void *config)
{
    json_t *root = json_object();
    for (int i = 0; root && i < fields->n; i++) {
        const s2vi_field *f = &fields->field[i];
        const void *at = (const char *)config + f->offset;
        if (json_object_set_new(root, f->name, value_of(f, at)) < 0) {
            json_decref(root);
            root = NULL;
        }
    }
    return root;
}

char *s2vi_fields_text(const s2vi_fields *fields, const void *config)
{
    json_t *root = s2vi_fields_object(fields, config);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}
