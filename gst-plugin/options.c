/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of models as properties: the words are the library's. */
#include "gsts2vgen.h"

#include <string.h>

enum { OWN = 2 }; /* options that are properties of the element itself */

static gboolean is_own(const char *name)
{
    static const char *const own[OWN] = {"seed", "level"};
    return !strcmp(name, own[0]) || !strcmp(name, own[1]);
}

/* Whether the element runs models of that family. */
static gboolean serves(const s2v_family_info *family)
{
    return (family->inputs & S2V_MEDIUM_AUDIO) &&
           (family->outputs & S2V_MEDIUM_VIDEO);
}

/* The option of that name. */
static gboolean find(const char *name, s2v_option *option)
{
    s2v_family_info family = {.size = sizeof(family)};
    option->size = sizeof(*option);
    for (size_t i = 0; !s2v_family_get_info(i, &family); i++)
        for (size_t k = 0;
             serves(&family) && !s2v_family_get_option(i, k, option); k++)
            if (!strcmp(option->name, name))
                return TRUE;
    return FALSE;
}

static gboolean is_switch(const s2v_option *o)
{
    return o->kind == S2V_OPTION_INTEGER && o->minimum == 0 && o->maximum == 1;
}

/* A property of the option's kind; an integer of 0 and 1 is a switch. */
static GParamSpec *spec_of(const s2v_option *o)
{
    const GParamFlags flags =
        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
    const char *name = g_intern_string(o->name);
    char *help = g_strdup(o->help);
    help[0] = g_ascii_toupper(help[0]);
    const char *blurb = g_intern_string(help);
    g_free(help);
    if (is_switch(o))
        return g_param_spec_boolean(name, name, blurb, *o->default_value == '1',
                                    flags);
    if (o->kind == S2V_OPTION_INTEGER)
        return g_param_spec_int(name, name, blurb, (gint)o->minimum,
                                (gint)o->maximum, atoi(o->default_value),
                                flags);
    if (o->kind == S2V_OPTION_NUMBER)
        return g_param_spec_double(name, name, blurb, o->minimum, o->maximum,
                                   g_ascii_strtod(o->default_value, NULL),
                                   flags);
    return g_param_spec_string(name, name, blurb, o->default_value, flags);
}

void gst_s2v_options_install(GObjectClass *object_class, guint first)
{
    s2v_family_info family = {.size = sizeof(family)};
    s2v_option o = {.size = sizeof(o)};
    for (size_t i = 0; !s2v_family_get_info(i, &family); i++)
        for (size_t k = 0; serves(&family) && !s2v_family_get_option(i, k, &o);
             k++)
            if (!is_own(o.name) && o.when != S2V_OPTION_OPEN &&
                !g_object_class_find_property(object_class, o.name))
                g_object_class_install_property(object_class, first++,
                                                spec_of(&o));
}

/* -------------------------------------------------------------- values -- */

char *gst_s2v_option_text(const GValue *value)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    if (G_VALUE_HOLDS_BOOLEAN(value))
        return g_strdup(g_value_get_boolean(value) ? "1" : "0");
    if (G_VALUE_HOLDS_INT(value))
        return g_strdup_printf("%d", g_value_get_int(value));
    if (G_VALUE_HOLDS_DOUBLE(value))
        return g_strdup(
            g_ascii_dtostr(number, sizeof(number), g_value_get_double(value)));
    const char *text = g_value_get_string(value);
    return g_strdup(text ? text : "");
}

void gst_s2v_option_get(const char *name, const char *text, GValue *value)
{
    s2v_option o;
    if (!text && find(name, &o))
        text = o.default_value;
    if (G_VALUE_HOLDS_BOOLEAN(value))
        g_value_set_boolean(value, text && *text == '1');
    else if (G_VALUE_HOLDS_INT(value))
        g_value_set_int(value, text ? atoi(text) : 0);
    else if (G_VALUE_HOLDS_DOUBLE(value))
        g_value_set_double(value, text ? g_ascii_strtod(text, NULL) : 0);
    else
        g_value_set_string(value, text);
}

gboolean gst_s2v_option_is_live(const char *name)
{
    s2v_option o;
    return find(name, &o) && o.when == S2V_OPTION_RUNNING;
}

GHashTable *gst_s2v_options_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

GHashTable *gst_s2v_options_copy(GHashTable *options)
{
    GHashTable *copy = gst_s2v_options_new();
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, options);
    while (g_hash_table_iter_next(&iter, &name, &value))
        g_hash_table_insert(copy, g_strdup(name), g_strdup(value));
    return copy;
}
