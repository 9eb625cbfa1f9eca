/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of options. */
#include "option/option_internal.h"

#include "base/sentence.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ROOM = 256 }; /* for what was expected */

int option_error(s2v_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err->code = S2V_ERR_INVALID;
    s2vi_sentence(err->message, sizeof(err->message), format, args);
    va_end(args);
    return S2V_ERR_INVALID;
}

static bool set_whole(void *to, const option_row *row, const char *text)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || isspace((unsigned char)*text) ||
        value < row->min || value > row->max)
        return false;
    if (row->kind == OPTION_INT)
        *(int *)to = (int)value;
    else
        *(int64_t *)to = value;
    return true;
}

static bool set_seed(void *to, const char *text)
{
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || errno || *end) /* it takes a sign */
        return false;
    *(uint64_t *)to = value;
    return true;
}

static bool set_number(double *to, const option_row *row, const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end || isspace((unsigned char)*text) ||
        !isfinite(value) || value < row->min || value > row->max ||
        (row->above && value == row->min) || (row->below && value == row->max))
        return false;
    *to = value;
    return true;
}

/* The index of the choice `text`, or -1. */
static int find_choice(const char *choices, const char *text)
{
    for (int i = 0;; i++) {
        const size_t n = strcspn(choices, "|");
        if (n == strlen(text) && !strncmp(choices, text, n))
            return i;
        if (!choices[n])
            return -1;
        choices += n + 1;
    }
}

static bool set_choice(void *to, const option_row *row, const char *text)
{
    const int index = find_choice(row->choices, text);
    if (index < 0)
        return false;
    if (row->kind == OPTION_WORD)
        *(const char **)to = text;
    else
        *(int *)to = row->kind == OPTION_SIZE ? atoi(text) : index;
    return true;
}

/* "true" or "false", as in a configuration file; NULL as on a command line. */
static bool set_switch(bool *to, const option_row *row, const char *text)
{
    const bool given = !text || find_choice("true|yes|on|1", text) >= 0;
    if (!given && find_choice("false|no|off|0", text) < 0)
        return false;
    *to = given == (row->kind == OPTION_ON);
    return true;
}

static bool set_string(const char **to, const option_row *row, const char *text)
{
    const size_t n = strlen(text), end = row->ending ? strlen(row->ending) : 0;
    *to = text;
    return n > end && (!end || !strcasecmp(text + n - end, row->ending));
}

static bool set(void *to, const option_row *row, const char *text)
{
    switch (row->kind) {
    case OPTION_ON:
    case OPTION_OFF: return set_switch(to, row, text);
    case OPTION_INT:
    case OPTION_COUNT: return set_whole(to, row, text);
    case OPTION_SEED: return set_seed(to, text);
    case OPTION_NUMBER: return set_number(to, row, text);
    case OPTION_CHOICE:
    case OPTION_SIZE:
    case OPTION_WORD: return set_choice(to, row, text);
    case OPTION_STRING: return set_string(to, row, text);
    case OPTION_PARSED: return row->parse(to, row, text);
    default: return true;
    }
}

/* "a|b|c" as "a, b or c". */
static void spell_choices(char *out, const char *choices)
{
    for (int used = 0;;) {
        const int n = (int)strcspn(choices, "|");
        const char *rest = choices + n;
        const char *joint = !*rest ? "" : strchr(rest + 1, '|') ? ", " : " or ";
        used += snprintf(out + used, (size_t)(ROOM - used), "%.*s%s", n,
                         choices, joint);
        if (!*rest || used >= ROOM)
            return;
        choices = rest + 1;
    }
}

static void spell_number(char *out, const option_row *row)
{
    const char *from = row->above   ? "above"
                       : row->below ? "of at least"
                                    : "from";
    const char *to = row->below   ? "and below"
                     : row->above ? "and at most"
                                  : "to";
    snprintf(out, ROOM, "a number %s %g %s %g", from, row->min, to, row->max);
}

static void spell_expected(char *out, const option_row *row)
{
    switch (row->kind) {
    case OPTION_ON:
    case OPTION_OFF: snprintf(out, ROOM, "true or false"); break;
    case OPTION_INT:
    case OPTION_COUNT:
        snprintf(out, ROOM, "a whole number from %.0f to %.0f", row->min,
                 row->max);
        break;
    case OPTION_SEED:
        snprintf(out, ROOM, "a whole number from 0 to %llu",
                 (unsigned long long)UINT64_MAX);
        break;
    case OPTION_NUMBER: spell_number(out, row); break;
    case OPTION_CHOICE:
    case OPTION_SIZE:
    case OPTION_WORD: spell_choices(out, row->choices); break;
    default:
        if (row->ending)
            snprintf(out, ROOM, "a file name that ends in %s", row->ending);
        else
            snprintf(out, ROOM, "%s", row->argument);
    }
}

int option_set(void *options, const option_row *row, const char *where,
               const char *text, s2v_error *err)
{
    char expected[ROOM];
    if (row->kind == OPTION_HELP || row->kind == OPTION_VERSION)
        return row->kind;
    if (set((char *)options + row->offset, row, text))
        return S2V_OK;
    spell_expected(expected, row);
    return option_error(
        err, "%s: expected %s, found '%s'", where,
        row->expected && !row->ending ? row->expected : expected, text);
}
