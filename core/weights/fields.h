/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration's fields as JSON, from a table. */
#ifndef S2VI_WEIGHTS_FIELDS_H
#define S2VI_WEIGHTS_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum s2vi_field_kind {
    S2VI_FIELD_INT = 0, /**< int from `min` to `max` */
    S2VI_FIELD_BOOL,    /**< bool */
    S2VI_FIELD_WORD,    /**< an enum of int's size: the index in `words` */
    S2VI_FIELD_SET,     /**< int: bit i is set if words[i] is in the list */
    S2VI_FIELD_INTS,    /**< int[room], of which there are `count` */
    S2VI_FIELD_NUMBER,  /**< double from `min` to `max`; null in JSON: 0 */
    S2VI_FIELD_GRID,    /**< int[..][room]: `rows` lists of `count` each */
} s2vi_field_kind;

/** A member of a configuration, which has its name in JSON, too. */
typedef struct s2vi_field {
    const char *name;
    size_t offset;
    int min, max; /**< of ints; max 0: another check has them */
    s2vi_field_kind kind;
    const char *const *words; /**< at least two, NULL-terminated */
    int room;
    size_t count; /**< offsets of ints; a GRID's rows are an INTS's count, */
    size_t rows;  /**< which stands before it in the table */
    bool counted; /**< likewise is the `count`: lists of equal length */
    bool sparse;  /**< written only where it is true, or not the first word */
} s2vi_field;

/** Rows of the table: a member of `type`. */
#define S2VI_INT(type, member, least, most)                                    \
    {                                                                          \
        .name = #member, .offset = offsetof(type, member), .min = (least),     \
        .max = (most)                                                          \
    }
#define S2VI_BOOL(type, member)                                                \
    {                                                                          \
        .name = #member, .offset = offsetof(type, member),                     \
        .kind = S2VI_FIELD_BOOL                                                \
    }
/** Those that came later: a file without them reads as before, and is written
 * so. */
#define S2VI_SWITCH(type, member)                                              \
    {                                                                          \
        .name = #member, .offset = offsetof(type, member),                     \
        .kind = S2VI_FIELD_BOOL, .sparse = true                                \
    }
#define S2VI_WORD(type, member, list)                                          \
    {                                                                          \
        .name = #member, .offset = offsetof(type, member),                     \
        .kind = S2VI_FIELD_WORD, .words = (list)                               \
    }
#define S2VI_LATER_WORD(type, member, list)                                    \
    {                                                                          \
        .name = #member, .offset = offsetof(type, member),                     \
        .kind = S2VI_FIELD_WORD, .words = (list), .sparse = true               \
    }

#define S2VI_NUMBER(type, member, least, most)                                 \
    {                                                                          \
        .name = #member, .offset = offsetof(type, member), .min = (least),     \
        .max = (most), .kind = S2VI_FIELD_NUMBER                               \
    }

/** A list of words, in their order; none is fine. */
#define S2VI_SET(type, member, list)                                           \
    {                                                                          \
        .name = #member, .offset = offsetof(type, member),                     \
        .kind = S2VI_FIELD_SET, .words = (list)                                \
    }

/** A list of its own length, set in the member `number`; S2VI_INTS_AS() of
 * one as long as that is already. */
#define S2VI_INTS(type, key, member, most, number)                             \
    {                                                                          \
        .name = (key), .offset = offsetof(type, member),                       \
        .kind = S2VI_FIELD_INTS, .room = (most),                               \
        .count = offsetof(type, number)                                        \
    }
#define S2VI_INTS_AS(type, key, member, most, number)                          \
    {                                                                          \
        .name = (key), .offset = offsetof(type, member),                       \
        .kind = S2VI_FIELD_INTS, .room = (most),                               \
        .count = offsetof(type, number), .counted = true                       \
    }
#define S2VI_GRID(type, key, member, most, lists, number)                      \
    {                                                                          \
        .name = (key), .offset = offsetof(type, member),                       \
        .kind = S2VI_FIELD_GRID, .room = (most),                               \
        .count = offsetof(type, number), .rows = offsetof(type, lists)         \
    }

/** The fields of a configuration, in the order in which they are written. */
typedef struct s2vi_fields {
    const char *owner; /**< begins the sentences: the model's name */
    const s2vi_field *field;
    int n;
    bool complete; /**< an object has all of them; false: others stay */
} s2vi_fields;

/**
 * Set the members that an object has; the others stay. Ints may be any from 0
 * to 2^20: s2vi_fields_check() knows their limits.
 *
 * @return S2V_OK; S2V_ERR_MODEL: a field that is unknown, missing or of another
 *         type
 */
int s2vi_fields_read_object(const s2vi_fields *fields, void *config,
                            const json_t *object, s2v_error *err);

/** s2vi_fields_read_object() of a weight file's s2v.config. */
int s2vi_fields_read(const s2vi_fields *fields, void *config, const char *json,
                     s2v_error *err);

/** Whether ints and numbers lie within their limits: S2V_OK or S2V_ERR_MODEL.
 */
int s2vi_fields_check(const s2vi_fields *fields, const void *config,
                      s2v_error *err);

/** One of them, with limits that others set. */
int s2vi_fields_check_range(const s2vi_fields *fields, const char *name,
                            int value, int min, int max, s2v_error *err);

/** All fields as a JSON object for json_decref(). NULL: memory. */
json_t *s2vi_fields_object(const s2vi_fields *fields, const void *config);

/** Its text; the caller frees. NULL: memory. */
char *s2vi_fields_text(const s2vi_fields *fields, const void *config);

#endif
