/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lay out a weight file's contents for a reader at a terminal. */
#include "info.h"

#include <glib.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LABEL = 11,              /* columns of "Parameters " */
    SECTION_KEY = LABEL - 2, /* the same column, indented */
    MAX_NAME = 60,           /* columns that names may widen a table to */
};

/* ------------------------------------------------------ text, numbers -- */

/* Print what is printable, '?' for the rest; returns the columns used. */
static int put_text(const char *s)
{
    int columns = 0;
    while (*s) {
        gunichar c = g_utf8_get_char_validated(s, -1);
        bool valid = c != (gunichar)-1 && c != (gunichar)-2;
        int length = valid ? (int)(g_utf8_next_char(s) - s) : 1;
        if (valid && g_unichar_isprint(c)) {
            printf("%.*s", length, s);
            columns += g_unichar_iszerowidth(c) ? 0
                       : g_unichar_iswide(c)    ? 2
                                                : 1;
        } else {
            putchar('?');
            columns++;
        }
        s += length;
    }
    return columns;
}

static void put_padded(const char *s, int columns)
{
    int used = put_text(s);
    if (used < columns)
        printf("%*s", columns - used, "");
}

typedef struct number {
    char text[32];
} number;

/* 1234567 as "1,234,567". */
static number grouped(uint64_t n)
{
    char digits[24];
    number out;
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, n);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            out.text[used++] = ',';
        out.text[used++] = digits[i];
    }
    out.text[used] = '\0';
    return out;
}

static number byte_count(uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes / 1000;
    int unit = 0;
    number out;
    for (; value >= 999.95 && unit < 5; unit++)
        value /= 1000;
    if (bytes < 1000)
        snprintf(out.text, sizeof(out.text), "%d bytes", (int)bytes);
    else
        snprintf(out.text, sizeof(out.text), "%.1f %s", value, units[unit]);
    return out;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void put_row(const char *label, const char *value)
{
    printf("%-*s ", LABEL, label);
    put_text(value);
    putchar('\n');
}

/* ----------------------------------------------------- JSON metadata -- */

/* The shortest digits that read back as the same number. */
static void put_real(double value)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, stdout);
}

static void put_value(const json_t *value)
{
    if (json_is_string(value)) {
        put_text(json_string_value(value));
    } else if (json_is_real(value)) {
        put_real(json_real_value(value));
    } else {
        char *text =
            json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
        put_text(text ? text : "?");
        free(text);
    }
    putchar('\n');
}

static int text_columns(const char *s)
{
    return (int)MIN(g_utf8_strlen(s, -1), (glong)MAX_NAME);
}

/* A section for metadata that is a JSON object: a line for each key. */
static void put_section(const s2v_weights *w, const char *title,
                        const char *key)
{
    const char *text = s2v_weights_get_metadata(w, key), *name;
    json_t *value;
    int width = SECTION_KEY;
    if (!text)
        return;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object)) { /* unexpected, but worth showing */
        put_row(title, text);
        json_decref(object);
        return;
    }
    json_object_foreach(object, name, value) width =
        MAX(width, text_columns(name));
    printf("%s%s\n", title, json_object_size(object) ? "" : "     none");
    json_object_foreach(object, name, value)
    {
        fputs("  ", stdout);
        put_padded(name, width);
        putchar(' ');
        put_value(value);
    }
    json_decref(object);
}

/* What the sound was like that the model was trained on. */
static void put_hearing(const s2v_weights *w)
{
    const char *level = s2v_weights_get_metadata(w, "s2v.level");
    const char *range = s2v_weights_get_metadata(w, "s2v.features");
    if (level)
        printf("%-*s %s LUFS in training\n", LABEL, "Level", level);
    if (range)
        printf("%-*s range in training recorded\n", LABEL, "Features");
}

static void put_media(const char *label, unsigned media, unsigned required)
{
    static const char *const names[] = {"audio", "video", "image", "text",
                                        "reference"};
    const char *between = "";
    printf("%-*s ", LABEL, label);
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!(media & 1u << i))
            continue;
        printf("%s%s%s", between, names[i],
               required & 1u << i ? "" : " (optional)");
        between = ", ";
    }
    putchar('\n');
}

/* What the library says of the model's family, if it has it. */
static void put_family(const s2v_weights *w)
{
    s2v_family_info family = {.size = sizeof(family)};
    const char *name = s2v_weights_get_metadata(w, "s2v.model");
    for (size_t i = 0; name && !s2v_family_get_info(i, &family); i++) {
        if (strcmp(family.name, name))
            continue;
        put_media("Input", family.inputs, family.required);
        put_media("Output", family.outputs, family.outputs);
    }
}

/* Metadata that s2v gives no meaning to, of other programs. */
static void put_other_metadata(const s2v_weights *w)
{
    static const char *const known[] = {
        "s2v.model",  "s2v.version", "s2v.config", "s2v.training",
        "s2v.sha256", "s2v.license", "s2v.level",  "s2v.features"};
    const char *key;
    int width = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; (key = s2v_weights_get_metadata_key(w, i)); i++) {
            bool skip = false;
            for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
                skip = skip || !strcmp(key, known[k]);
            if (skip)
                continue;
            if (pass == 0) {
                if (!width)
                    puts("Metadata");
                width = MAX(MAX(width, SECTION_KEY), text_columns(key));
                continue;
            }
            fputs("  ", stdout);
            put_padded(key, width);
            putchar(' ');
            put_text(s2v_weights_get_metadata(w, key));
            putchar('\n');
        }
    }
}

/* ----------------------------------------------------------- tensors -- */

static void put_dtypes(const info_summary *s)
{
    printf("%-*s ", LABEL, "Parameters");
    fputs(grouped(s->parameters).text, stdout);
    for (int i = 0; i < s->dtype_count; i++) {
        printf("%s%s",
               i                    ? ", "
               : s->dtype_count > 1 ? ": "
                                    : " as ",
               s->dtype_count > 1 ? grouped(s->dtypes[i].parameters).text : "");
        printf("%s%s", s->dtype_count > 1 ? " as " : "", s->dtypes[i].name);
    }
    putchar('\n');
}

static void format_shape(char *text, size_t size, const s2v_tensor_info *info)
{
    size_t used = 0;
    text[0] = '\0';
    for (int d = 0; d < info->rank; d++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRId64,
                                 d ? " x " : "", info->shape[d]);
    if (!info->rank)
        snprintf(text, size, "scalar");
}

static void put_table(const s2v_weights *w, const info_summary *s)
{
    char shape[256];
    int name_width = 4, shape_width = 5;
    s2v_tensor_info info;
    for (size_t i = 0; i < s->tensors; i++) {
        info_tensor(w, i, &info);
        format_shape(shape, sizeof(shape), &info);
        name_width = MAX(name_width, text_columns(info.name));
        shape_width = MAX(shape_width, (int)strlen(shape));
    }
    printf("\n  %-*s  Type  %-*s  %14s\n", name_width, "Name", shape_width,
           "Shape", "Parameters");
    for (size_t i = 0; i < s->tensors; i++) {
        uint64_t n = info_tensor(w, i, &info);
        format_shape(shape, sizeof(shape), &info);
        fputs("  ", stdout);
        put_padded(info.name, name_width);
        printf("  %-4s  %-*s  %14s\n", info.dtype, shape_width, shape,
               grouped(n).text);
    }
}

/* ------------------------------------------------------------- a file -- */

static void put_checksum(const s2v_weights *w, const info_summary *s)
{
    if (!s->sound)
        put_row("Checksum", "FAILED: see the error message");
    else if (!s->recorded)
        put_row("Checksum", "none recorded; all numbers are finite");
    else
        printf("%-*s verified (SHA-256 %.16s...)\n", LABEL, "Checksum",
               s2v_weights_get_metadata(w, "s2v.sha256"));
}

void info_print(const s2v_weights *w, const info_summary *s,
                const info_options *options)
{
    static const char *const rows[][2] = {
        {"Model", "s2v.model"},
        {"Version", "s2v.version"},
        {"Licence", "s2v.license"},
    };
    uint64_t size;
    const char *path = s2v_weights_get_path(w, &size), *value;
    put_row("File", path);
    printf("%-*s %s", LABEL, "Size", byte_count(size).text);
    if (size >= 1000)
        printf(" (%s bytes)", grouped(size).text);
    putchar('\n');
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if ((value = s2v_weights_get_metadata(w, rows[i][1])))
            put_row(rows[i][0], value);
        else if (i == 0)
            put_row("Model", "unknown: no s2v.model in this file");
    put_family(w);
    put_checksum(w, s);
    printf("%-*s %s tensor%s, %s\n", LABEL, "Tensors", grouped(s->tensors).text,
           plural(s->tensors), byte_count(s->bytes).text);
    put_dtypes(s);
    put_hearing(w);
    put_section(w, "Config", "s2v.config");
    put_section(w, "Training", "s2v.training");
    put_other_metadata(w);
    if (options->tensors)
        put_table(w, s);
}
