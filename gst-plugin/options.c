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

/* Goes through the options of all families that the element runs. */
typedef struct Cursor {
    size_t next, index; /* of the next family, and of the next option */
    s2v_family_info family;
    s2v_option option;
} Cursor;

static gboolean serves(const s2v_family_info *family)
{
    return (family->inputs & S2V_MEDIUM_AUDIO) &&
           (family->outputs & S2V_MEDIUM_VIDEO);
}

static gboolean advance(Cursor *c)
{
    c->family.size = sizeof(c->family);
    c->option.size = sizeof(c->option);
    while (!c->next || !serves(&c->family) ||
           s2v_family_get_option(c->next - 1, c->index++, &c->option)) {
        if (s2v_family_get_info(c->next++, &c->family))
            return FALSE;
        c->index = 0;
    }
    return TRUE;
}

/*
 * The option of that name. One that several families have is of all their
 * ranges; `help`, if any, receives what it does in each.
 */
static gboolean find(const char *name, s2v_option *all, GString *help)
{
    gboolean found = FALSE;
    for (Cursor c = {0}; advance(&c);) {
        const s2v_option *o = &c.option;
        if (strcmp(o->name, name))
            continue;
        if (!found)
            *all = *o;
        found = TRUE;
        all->minimum = MIN(all->minimum, o->minimum);
        all->maximum = MAX(all->maximum, o->maximum);
        all->when = MIN(all->when, o->when);
        if (all->kind != o->kind)
            all->kind = S2V_OPTION_TEXT;
        if (help && !help->len)
            g_string_append(help, o->help);
        else if (help && !strstr(help->str, o->help))
            g_string_append_printf(help, "; of '%s' models: %s", c.family.name,
                                   o->help);
    }
    return found;
}

const char *gst_s2v_option_default(const char *name, const char *family)
{
    const char *first = NULL;
    for (Cursor c = {0}; advance(&c);) {
        if (strcmp(c.option.name, name))
            continue;
        if (family && !strcmp(c.family.name, family))
            return c.option.default_value;
        if (!first)
            first = c.option.default_value;
    }
    return first;
}

static gboolean is_switch(const s2v_option *o)
{
    return o->kind == S2V_OPTION_INTEGER && o->minimum == 0 && o->maximum == 1;
}

/* Properties have a dash for the library's underscore, and both are found. */
static const char *property_name(const char *option)
{
    char *name = g_strdelimit(g_strdup(option), "_", '-');
    const char *kept = g_intern_string(name);
    g_free(name);
    return kept;
}

/* A property of the option's kind; an integer of 0 and 1 is a switch. Its nick
 * is the library's name. */
static GParamSpec *spec_of(const s2v_option *o, const char *blurb)
{
    const GParamFlags flags =
        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING |
        (o->when == S2V_OPTION_RUNNING && o->kind != S2V_OPTION_TEXT
             ? GST_PARAM_CONTROLLABLE
             : 0);
    const char *nick = g_intern_string(o->name);
    const char *name = property_name(o->name);
    if (is_switch(o))
        return g_param_spec_boolean(name, nick, blurb, *o->default_value == '1',
                                    flags);
    if (o->kind == S2V_OPTION_INTEGER)
        return g_param_spec_int(name, nick, blurb, (gint)o->minimum,
                                (gint)o->maximum, atoi(o->default_value),
                                flags);
    if (o->kind == S2V_OPTION_NUMBER)
        return g_param_spec_double(name, nick, blurb, o->minimum, o->maximum,
                                   g_ascii_strtod(o->default_value, NULL),
                                   flags);
    return g_param_spec_string(name, nick, blurb, o->default_value, flags);
}

/* Of options for the opening of a model, those that gst_s2v_option_size() and
 * the like read. */
static gboolean is_property(const s2v_option *o)
{
    return !is_own(o->name) &&
           (o->when != S2V_OPTION_OPEN || !strcmp(o->name, "size") ||
            !strcmp(o->name, "fps"));
}

void gst_s2v_options_install(GObjectClass *object_class, guint first)
{
    for (Cursor c = {0}; advance(&c);) {
        s2v_option all;
        if (!is_property(&c.option) ||
            g_object_class_find_property(object_class,
                                         property_name(c.option.name)))
            continue;
        GString *help = g_string_new(NULL);
        find(c.option.name, &all, help);
        help->str[0] = g_ascii_toupper(help->str[0]);
        g_object_class_install_property(
            object_class, first++, spec_of(&all, g_intern_string(help->str)));
        g_string_free(help, TRUE);
    }
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
    return g_value_dup_string(value);
}

gboolean gst_s2v_option_is_default(const char *name, const char *text)
{
    gboolean same = TRUE;
    for (Cursor c = {0}; advance(&c);) {
        const s2v_option *o = &c.option;
        if (strcmp(o->name, name))
            continue;
        if (o->kind == S2V_OPTION_TEXT)
            same = same && !strcmp(text, o->default_value);
        else
            same = same && g_ascii_strtod(text, NULL) ==
                               g_ascii_strtod(o->default_value, NULL);
    }
    return same;
}

void gst_s2v_option_get(const char *name, const char *family, const char *text,
                        GValue *value)
{
    if (!text)
        text = gst_s2v_option_default(name, family);
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
    return find(name, &o, NULL) && o.when == S2V_OPTION_RUNNING;
}

gboolean gst_s2v_option_is_of_session(const char *name)
{
    s2v_option o;
    return !find(name, &o, NULL) || o.when != S2V_OPTION_OPEN;
}

int gst_s2v_option_size(GHashTable *options)
{
    const char *text = options ? g_hash_table_lookup(options, "size") : NULL;
    return text ? atoi(text) : 0;
}

const char *gst_s2v_option_fps(GHashTable *options)
{
    return options ? g_hash_table_lookup(options, "fps") : NULL;
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
