/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration's fields as JSON. */
#include "weights/fields.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 1 << 20 };

static int int_at(const void *config, size_t offset)
{
    return *(const int *)((const char *)config + offset);
}

/* ------------------------------------------------------------ reading -- */

static int read_word(const s2vi_fields *fields, const s2vi_field *f, int *out,
                     const json_t *value, s2v_error *err)
{
    const char *word = json_string_value(value);
    char words[160] = "";
    for (int i = 0; f->words[i]; i++) {
        const size_t used = strlen(words);
        if (word && !strcmp(word, f->words[i])) {
            *out = i;
            return S2V_OK;
        }
        snprintf(words + used, sizeof(words) - used, "%s%s", i ? ", " : "",
                 f->words[i]);
    }
    return s2vi_error(err, S2V_ERR_MODEL, "%s: %s is %s%.40s%s, expected %s",
                      fields->owner, f->name, word ? "'" : "",
                      word ? word : "not a word", word ? "'" : "", words);
}

static int read_set(const s2vi_fields *fields, const s2vi_field *f, int *out,
                    const json_t *value, s2v_error *err)
{
    int ret = S2V_OK, word = 0;
    if (!json_is_array(value))
        return s2vi_error(err, S2V_ERR_MODEL, "%s: %s is not a list of words",
                          fields->owner, f->name);
    *out = 0;
    for (size_t i = 0; i < json_array_size(value) && ret >= 0; i++) {
        ret = read_word(fields, f, &word, json_array_get(value, i), err);
        if (ret >= 0)
            *out |= 1 << word;
    }
    return ret;
}

static bool is_number(const json_t *value)
{
    const json_int_t number = json_integer_value(value);
    return json_is_integer(value) && number >= 0 && number <= MOST;
}

/* @param count how many there are: set, or known before */
static int read_ints(const s2vi_fields *fields, const s2vi_field *f, int *out,
                     int *count, bool known, const json_t *value,
                     s2v_error *err)
{
    const size_t n = json_array_size(value); /* 0 of what is none */
    bool ok = n >= 1 && n <= (size_t)f->room;
    for (size_t i = 0; i < n && ok; i++) {
        const json_t *number = json_array_get(value, i);
        ok = is_number(number);
        out[i] = (int)json_integer_value(number);
    }
    if (!ok)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: %s is not a list of 1 to %d whole numbers from "
                          "0 to %d",
                          fields->owner, f->name, f->room, MOST);
    if (known && (int)n != *count)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: %s has a list of %zu numbers, expected %d",
                          fields->owner, f->name, n, *count);
    *count = (int)n;
    return S2V_OK;
}

static int read_grid(const s2vi_fields *fields, const s2vi_field *f,
                     void *config, const json_t *value, s2v_error *err)
{
    int *out = (int *)((char *)config + f->offset), ret = S2V_OK;
    int *count = (int *)((char *)config + f->count);
    const int rows = int_at(config, f->rows);
    if (!json_is_array(value) || json_array_size(value) != (size_t)rows)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: %s is not a list of %d lists", fields->owner,
                          f->name, rows);
    for (int i = 0; i < rows && ret >= 0; i++)
        ret = read_ints(fields, f, out + i * f->room, count, i > 0,
                        json_array_get(value, (size_t)i), err);
    return ret;
}

static int read_number(const s2vi_fields *fields, const s2vi_field *f,
                       double *out, const json_t *value, s2v_error *err)
{
    if (!json_is_number(value) && !json_is_null(value))
        return s2vi_error(err, S2V_ERR_MODEL, "%s: %s is not a number",
                          fields->owner, f->name);
    *out = json_number_value(value); /* 0 of null */
    return S2V_OK;
}

static int read_value(const s2vi_fields *fields, const s2vi_field *f,
                      void *config, const json_t *value, s2v_error *err)
{
    void *to = (char *)config + f->offset;
    switch (f->kind) {
    case S2VI_FIELD_WORD: return read_word(fields, f, to, value, err);
    case S2VI_FIELD_SET: return read_set(fields, f, to, value, err);
    case S2VI_FIELD_INTS:
        return read_ints(fields, f, to, (int *)((char *)config + f->count),
                         f->counted, value, err);
    case S2VI_FIELD_GRID: return read_grid(fields, f, config, value, err);
    case S2VI_FIELD_NUMBER: return read_number(fields, f, to, value, err);
    case S2VI_FIELD_BOOL:
        if (!json_is_boolean(value))
            return s2vi_error(err, S2V_ERR_MODEL, "%s: %s is not true or false",
                              fields->owner, f->name);
        *(bool *)to = json_is_true(value);
        return S2V_OK;
    default:
        if (!is_number(value))
            return s2vi_error(err, S2V_ERR_MODEL,
                              "%s: %s is not a whole number from 0 to %d",
                              fields->owner, f->name, MOST);
        *(int *)to = (int)json_integer_value(value);
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

static int check_known(const s2vi_fields *fields, const json_t *object,
                       s2v_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (!find(fields, name))
            return s2vi_error(err, S2V_ERR_MODEL,
                              "%s: unknown setting '%.60s' in s2v.config; is "
                              "the file newer than this library?",
                              fields->owner, name);
    }
    return S2V_OK;
}

int s2vi_fields_read_object(const s2vi_fields *fields, void *config,
                            const json_t *object, s2v_error *err)
{
    int ret = check_known(fields, object, err);
    for (int i = 0; i < fields->n && ret >= 0; i++) {
        const s2vi_field *f = &fields->field[i];
        const json_t *value = json_object_get(object, f->name);
        if (value)
            ret = read_value(fields, f, config, value, err);
        else if (fields->complete)
            ret = s2vi_error(err, S2V_ERR_MODEL,
                             "%s: '%s' is missing in s2v.config", fields->owner,
                             f->name);
    }
    return ret;
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

static int check_number(const s2vi_fields *fields, const s2vi_field *f,
                        double value, s2v_error *err)
{
    if (value >= f->min && value <= f->max)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_MODEL, "%s: %s is %g, expected %d to %d",
                      fields->owner, f->name, value, f->min, f->max);
}

int s2vi_fields_check(const s2vi_fields *fields, const void *config,
                      s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < fields->n && ret >= 0; i++) {
        const s2vi_field *f = &fields->field[i];
        const void *value = (const char *)config + f->offset;
        if (f->kind == S2VI_FIELD_INT && f->max > 0)
            ret = s2vi_fields_check_range(fields, f->name, *(const int *)value,
                                          f->min, f->max, err);
        else if (f->kind == S2VI_FIELD_NUMBER)
            ret = check_number(fields, f, *(const double *)value, err);
    }
    return ret;
}

/* ------------------------------------------------------------ writing -- */

/* Each value's reference is taken over; NULL where memory ran out. */
static json_t *append(json_t *list, json_t *value)
{
    if (json_array_append_new(list, value) >= 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *list_of(const int *number, int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++)
        list = append(list, json_integer(number[i]));
    return list;
}

static json_t *words_of(int set, const char *const *words)
{
    json_t *list = json_array();
    for (int i = 0; words[i]; i++)
        if (set & 1 << i)
            list = append(list, json_string(words[i]));
    return list;
}

static json_t *grid_of(const int *number, int room, int rows, int n)
{
    json_t *grid = json_array();
    for (int i = 0; i < rows; i++)
        grid = append(grid, list_of(number + i * room, n));
    return grid;
}

static json_t *number_of(double value)
{
    return value == 0 ? json_null() : json_real(value);
}

static json_t *value_of(const s2vi_field *f, const void *config)
{
    const void *at = (const char *)config + f->offset;
    switch (f->kind) {
    case S2VI_FIELD_WORD: return json_string(f->words[*(const int *)at]);
    case S2VI_FIELD_NUMBER: return number_of(*(const double *)at);
    case S2VI_FIELD_BOOL: return json_boolean(*(const bool *)at);
    case S2VI_FIELD_SET: return words_of(*(const int *)at, f->words);
    case S2VI_FIELD_INTS: return list_of(at, int_at(config, f->count));
    case S2VI_FIELD_GRID:
        return grid_of(at, f->room, int_at(config, f->rows),
                       int_at(config, f->count));
    default: return json_integer(*(const int *)at);
    }
}

/* That a sparse field is not what it is where it is missing. */
static bool is_set(const s2vi_field *f, const void *config)
{
    return f->kind == S2VI_FIELD_WORD
               ? int_at(config, f->offset)
               : *(const bool *)((const char *)config + f->offset);
}

json_t *s2vi_fields_object(const s2vi_fields *fields, const void *config)
{
    json_t *root = json_object();
    for (int i = 0; root && i < fields->n; i++) {
        const s2vi_field *f = &fields->field[i];
        if (f->sparse && !is_set(f, config))
            continue;
        if (json_object_set_new(root, f->name, value_of(f, config)) < 0) {
            json_decref(root);
            root = NULL;
        }
    }
    return root;
}

char *s2vi_fields_text(const s2vi_fields *fields, const void *config)
{
    json_t *root = s2vi_fields_object(fields, config);
    char *text =
        root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(root);
    return text;
}
