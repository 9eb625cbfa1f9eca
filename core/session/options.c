/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of sessions: by name, from text. */
#include "base/error.h"
#include "base/nearest.h"
#include "session/family.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

static const s2vi_option *find(const s2vi_family *family, const char *name)
{
    const s2vi_option *o = family->options;
    while (o->about.name && strcmp(o->about.name, name))
        o++;
    return o->about.name ? o : NULL;
}

/* That other families have the option; false where none has. */
static bool refuse_others(const s2vi_family *family, const char *name,
                          s2v_error *err)
{
    char names[S2VI_FAMILY_NAMES];
    size_t used = 0;
    for (const s2vi_family *const *f = s2vi_families; *f; f++)
        if (find(*f, name) && used < sizeof(names))
            used += (size_t)snprintf(names + used, sizeof(names) - used,
                                     "%s'%s'", used ? ", " : "", (*f)->name);
    if (used)
        s2vi_error(err, S2V_ERR_INVALID,
                   "a '%s' model has no option '%s': it is one of %s models",
                   family->name, name, names);
    return used;
}

const s2vi_option *s2vi_option_find(const s2vi_family *family, const char *name,
                                    s2v_error *err)
{
    const s2vi_option *found = name ? find(family, name) : NULL;
    if (found || (name && refuse_others(family, name, err)))
        return found;
    s2vi_nearest nearest = s2vi_nearest_to(name ? name : "");
    for (const s2vi_option *o = family->options; o->about.name; o++)
        s2vi_nearest_try(&nearest, o->about.name);
    s2vi_error(err, S2V_ERR_INVALID, "a '%s' model has no option '%.40s'%s%s%s",
               family->name, name ? name : "",
               *nearest.best ? ": did you mean '" : "", nearest.best,
               *nearest.best ? "'?" : "");
    return NULL;
}

/* A bound of an integer, which is a double, or of a number. */
static const char *bound_text(char text[32], double bound)
{
    if (bound >= 0x1p64)
        return "18446744073709551615";
    return g_ascii_formatd(text, 32, "%.15g", bound);
}

static int refuse(const s2v_option *o, const char *text, s2v_error *err)
{
    char low[32], high[32];
    return s2vi_error(err, S2V_ERR_INVALID,
                      "%s: expected %s from %s to %s%s%s, found '%.40s'",
                      o->name,
                      o->kind == S2V_OPTION_INTEGER ? "an integer" : "a number",
                      bound_text(low, o->minimum), bound_text(high, o->maximum),
                      o->unit ? " " : "", o->unit ? o->unit : "", text);
}

/* All of the text as an integer of 64 bits, with a sign where it is below 0. */
static bool read_integer(const char *text, s2vi_value *value)
{
    char *end;
    errno = 0;
    if (*text == '-') {
        const gint64 n = g_ascii_strtoll(text, &end, 10);
        value->integer = (uint64_t)n;
        value->number = (double)n;
    } else {
        value->integer = g_ascii_strtoull(text, &end, 10);
        value->number = (double)value->integer;
    }
    return g_ascii_isdigit(text[*text == '-']) && !*end && !errno;
}

static bool read_number(const char *text, s2vi_value *value)
{
    char *end;
    value->number = g_ascii_strtod(text, &end);
    return end != text && !*end && !g_ascii_isspace(*text);
}

int s2vi_option_parse(const s2v_option *o, const char *text, s2vi_value *value,
                      s2v_error *err)
{
    *value = (s2vi_value){.text = text};
    if (!text)
        return s2vi_error(err, S2V_ERR_INVALID, "%s: the value is NULL",
                          o->name);
    if (o->kind == S2V_OPTION_TEXT)
        return S2V_OK;
    const bool read = o->kind == S2V_OPTION_INTEGER ? read_integer(text, value)
                                                    : read_number(text, value);
    return read && value->number >= o->minimum && value->number <= o->maximum
               ? S2V_OK
               : refuse(o, text, err);
}
