/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of s2v-train; see option_rows.c for the options. */
#include "options.h"

#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "base/nearest.h"
#include "option_record.h"
#include "option_rows.h"

/* The words of the command line, before any is believed. */
typedef struct command_words {
    char **plain;                      /* the model, then clips, then NULL */
    s2vi_option_rows all;              /* options of any recipe... */
    const char *value[S2VI_MOST_ROWS]; /* ...the last value given */
    bool given[S2VI_MOST_ROWS];
    s2vi_option_rows own; /* the recipe's, once it is known */
} command_words;

/* ------------------------------------------------------ command line -- */

/* ": did you mean --size?", of these options; or "". */
static char *suggest(const char *word, const s2vi_option_rows *rows)
{
    s2vi_nearest nearest = s2vi_nearest_to_option(word);
    for (int i = 0; i < rows->count; i++)
        if (rows->row[i].name)
            s2vi_nearest_try(&nearest, rows->row[i].name);
    return *nearest.best ? g_strdup_printf(": did you mean --%s?", nearest.best)
                         : g_strdup(":");
}

static int refuse_unknown(const command_words *w, const s2vi_recipe *recipe,
                          const char *name, const char *where, s2v_error *err)
{
    char *hint = suggest(name, &w->own);
    int ret = s2vi_error(err, S2V_ERR_INVALID,
                         "%s: unknown option '%s'%s see s2v-train %s --help",
                         where, name, hint, recipe->name);
    g_free(hint);
    return ret;
}

/* The recipes whose own option that is: ", but of man, semantic"; "" if it is
 * none's own, or of most. */
static char *owners(const char *name)
{
    enum { MOST = 3 };
    GString *text = g_string_new("");
    int count = 0;
    for (int i = 0; s2vi_recipes[i]; i++)
        for (int k = 0; k < s2vi_recipes[i]->n_rows; k++) {
            const option_row *row = &s2vi_recipes[i]->rows[k];
            if (row->name && row->help && !strcmp(row->name, name))
                g_string_append_printf(text, "%s %s",
                                       count++ ? "," : ", but of",
                                       s2vi_recipes[i]->name);
        }
    if (count > MOST)
        g_string_truncate(text, 0);
    return g_string_free(text, FALSE);
}

static int refuse_other(const s2vi_recipe *recipe, const char *name,
                        const char *where, s2v_error *err)
{
    char *of = owners(name);
    int ret = s2vi_error(err, S2V_ERR_INVALID,
                         "%s: not an option of %s%s: see s2v-train %s --help",
                         where, recipe->name, of, recipe->name);
    g_free(of);
    return ret;
}

/* The recipe's row of that name; or NULL, and a sentence that names `where` the
 * option was given. */
static const option_row *find_row(const command_words *w,
                                  const s2vi_recipe *recipe, const char *name,
                                  const char *where, s2v_error *err)
{
    const option_row *row = s2vi_option_rows_find(&w->own, name);
    if (!row && s2vi_option_rows_find(&w->all, name))
        refuse_other(recipe, name, where, err);
    else if (!row)
        refuse_unknown(w, recipe, name, where, err);
    return row;
}

static int take(void *user, const option_row *row, const char *text,
                s2v_error *err)
{
    command_words *w = user;
    (void)err;
    w->given[row - w->all.row] = true;
    w->value[row - w->all.row] = text;
    return S2V_OK;
}

static bool given(const command_words *w, option_kind kind)
{
    for (int i = 0; i < w->all.count; i++)
        if (w->all.row[i].kind == kind && w->given[i])
            return true;
    return false;
}

/* ------------------------------------------------- configuration file -- */

/* The option of a line; --config and those that end the parsing stay out of
 * files. */
static int set_named(s2vi_train_options *o, const command_words *w,
                     const char *name, const char *value, int number,
                     s2v_error *err)
{
    char *where = g_strdup_printf("--config '%s' line %d", o->config, number);
    const option_row *row = find_row(w, o->recipe, name, where, err);
    int ret = S2V_ERR_INVALID;
    if (row && row->kind < OPTION_HELP && strcmp(name, "config")) {
        char *option = g_strdup_printf("%s, %s", where, name);
        ret = option_set(o, row, option, value, err);
        s2vi_option_record_set(o->record, name, value);
        g_free(option);
    } else if (row) {
        refuse_unknown(w, o->recipe, name, where, err);
    }
    g_free(where);
    return ret;
}

/* One line: `key = value`, with quotes around the value if need be. */
static int read_line(s2vi_train_options *o, const command_words *w,
                     GPtrArray *clips, char *line, int number, s2v_error *err)
{
    char *value = strchr(g_strstrip(line), '=');
    if (!*line || *line == '#')
        return S2V_OK;
    if (!value)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--config '%s' line %d: expected key = value, found "
                          "'%s'",
                          o->config, number, line);
    *value++ = '\0';
    g_strchomp(line);
    g_strstrip(value);
    size_t n = strlen(value);
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
        value[n - 1] = '\0';
        value++;
    }
    if (strcmp(line, "clip"))
        return set_named(o, w, line, value, number, err);
    if (!*value)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--config '%s' line %d, clip: expected the name of a "
                          "file, found ''",
                          o->config, number);
    g_ptr_array_add(clips, g_strdup(value));
    return S2V_OK;
}

static int read_config(s2vi_train_options *o, const command_words *w,
                       GPtrArray *clips, s2v_error *err)
{
    char *text = NULL;
    gsize size = 0;
    GError *error = NULL;
    if (!g_file_get_contents(o->config, &text, &size, &error)) {
        int ret =
            s2vi_error(err, S2V_ERR_IO, "--config: the file cannot be read: %s",
                       error->message);
        g_error_free(error);
        return ret;
    }
    int ret = S2V_OK;
    if (memchr(text, '\0', size))
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "--config '%s': expected lines of text, found a "
                         "binary file",
                         o->config);
    o->lines = g_strsplit(text, "\n", -1); /* strings lie in them */
    for (int i = 0; !ret && o->lines[i]; i++)
        ret = read_line(o, w, clips, o->lines[i], i + 1, err);
    g_free(text);
    return ret;
}

/* ----------------------------------------------------------- checking -- */

static const s2vi_recipe *pick_recipe(const char *name, s2v_error *err)
{
    GString *known = g_string_new(NULL);
    s2vi_nearest nearest = s2vi_nearest_to(name ? name : "");
    const s2vi_recipe *picked = NULL;
    for (int i = 0; s2vi_recipes[i]; i++) {
        const s2vi_recipe *r = s2vi_recipes[i];
        s2vi_nearest_try(&nearest, r->name);
        if (!g_strcmp0(name, r->name))
            picked = r;
        g_string_append_printf(known, "%s%s", i ? ", " : "", r->name);
    }
    if (!picked)
        s2vi_error(err, S2V_ERR_INVALID,
                   "expected the model to train as the first word (%s), "
                   "found %s%s%s: %s%s%ssee s2v-train --help",
                   known->str, name ? "'" : "", name ? name : "nothing",
                   name ? "'" : "", *nearest.best ? "did you mean " : "",
                   nearest.best, *nearest.best ? "? " : "");
    g_string_free(known, TRUE);
    return picked;
}

/* The files of these options, those that are written or all others. */
static GPtrArray *file_rows(const s2vi_option_rows *rows, bool written)
{
    GPtrArray *out = g_ptr_array_new();
    for (int i = 0; i < rows->count; i++) {
        const option_row *row = &rows->row[i];
        if (row->name && row->kind == OPTION_STRING &&
            (row->of == S2VI_ROWS_OUTPUT) == written)
            g_ptr_array_add(out, (void *)row);
    }
    return out;
}

/* A file that is written must not be one that is read, or another output. */
static int check_path(const s2vi_train_options *o, const char *name,
                      const char *written, const GPtrArray *others,
                      s2v_error *err)
{
    bool clash = false;
    for (int i = 0; i < o->n_clips; i++)
        clash |= !g_strcmp0(written, o->clips[i]);
    for (guint i = 0; i < others->len; i++)
        clash |= !g_strcmp0(written, others->pdata[i]);
    return written && clash
               ? s2vi_error(err, S2V_ERR_INVALID,
                            "%s: expected a distinct file, found '%s', which "
                            "is another file of this run",
                            name, written)
               : S2V_OK;
}

/* "FILE.csv" as "FILE.png". */
static char *plot_name(const char *curves)
{
    return curves ? g_strdup_printf("%.*s.png", (int)strlen(curves) - 4, curves)
                  : NULL;
}

static const char *value_of(const s2vi_train_options *o, const option_row *row)
{
    return *(const char *const *)((const char *)o + row->offset);
}

static int check_paths(const s2vi_train_options *o,
                       const s2vi_option_rows *rows, s2v_error *err)
{
    GPtrArray *read = file_rows(rows, false), *written = file_rows(rows, true);
    GPtrArray *others = g_ptr_array_new();
    char *plot = plot_name(o->curves);
    int ret = S2V_OK;
    for (guint i = 0; i < read->len; i++)
        g_ptr_array_add(others, (void *)value_of(o, read->pdata[i]));
    for (guint i = 0; i < written->len && !ret; i++) {
        const option_row *row = written->pdata[i];
        char *name = g_strconcat("--", row->name, NULL);
        ret = check_path(o, name, value_of(o, row), others, err);
        g_ptr_array_add(others, (void *)value_of(o, row));
        g_free(name);
    }
    if (!ret)
        ret = check_path(o, "--curves (its plot)", plot, others, err);
    g_free(plot);
    g_ptr_array_free(others, TRUE);
    g_ptr_array_free(read, TRUE);
    g_ptr_array_free(written, TRUE);
    return ret;
}

static int check_all(s2vi_train_options *o, const s2vi_option_rows *rows,
                     s2v_error *err)
{
    if (!o->n_clips)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "no clip to train on: expected s2v-train %s "
                          "CLIP... -o FILE",
                          o->recipe->name);
    if (!o->output)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--output: expected the weight file to write (-o "
                          "FILE), found none");
    if (o->quiet && o->verbose)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--quiet and --verbose: expected one of the two, "
                          "found both");
    if (o->init && o->resume)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--init and --resume: expected one of the two, found "
                          "both");
    if (o->export && (o->init || o->resume))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--export: expected no --%s with it, found both",
                          o->init ? "init" : "resume");
    if (o->curves && !g_str_has_suffix(o->curves, ".csv"))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--curves: expected a name that ends in .csv, found "
                          "'%s'",
                          o->curves);
    if (o->hold_out_every && o->split >= 1)
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "--hold-out-every: expected a held-out set, found --split %g",
            o->split);
    int ret = o->recipe->check ? o->recipe->check(o, err) : S2V_OK;
    return ret < 0 ? ret : check_paths(o, rows, err);
}

/* The clips of the command line, or, if it has none, of the file. */
static void take_clips(s2vi_train_options *o, const command_words *w,
                       GPtrArray *clips)
{
    if (w->plain[1] && w->plain[2]) {
        g_ptr_array_set_size(clips, 0);
        for (int i = 2; w->plain[i]; i++)
            g_ptr_array_add(clips, g_strdup(w->plain[i]));
    }
    o->n_clips = (int)clips->len;
    o->clips = g_new0(char *, clips->len + 1);
    for (guint i = 0; i < clips->len; i++)
        o->clips[i] = g_strdup(clips->pdata[i]);
}

static int apply(s2vi_train_options *o, const command_words *w,
                 bool config_only, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < w->all.count && !ret; i++) {
        const char *name = w->all.row[i].name;
        if (!w->given[i] || !strcmp(name, "config") != config_only)
            continue;
        char *where = g_strconcat("--", name, NULL);
        const option_row *row = find_row(w, o->recipe, name, where, err);
        ret =
            row ? option_set(o, row, where, w->value[i], err) : S2V_ERR_INVALID;
        s2vi_option_record_set(o->record, name, w->value[i]);
        g_free(where);
    }
    return ret;
}

/* ---------------------------------------------------------- resuming -- */

/* An option that a checkpoint keeps, unless it was given anew. */
static int set_kept(s2vi_train_options *o, const command_words *w,
                    const char *checkpoint, const char *name, json_t *value,
                    s2v_error *err)
{
    json_t *given = json_object_get(o->record, "options");
    if (json_object_get(given, name))
        return S2V_OK;
    char *where = g_strdup_printf("%s: its option --%s", checkpoint, name);
    const option_row *row = find_row(w, o->recipe, name, where, err);
    int ret = row ? option_set(o, row, where, json_string_value(value), err)
                  : S2V_ERR_INVALID;
    json_object_set(given, name, value); /* where the string lies */
    g_free(where);
    return ret;
}

/* "concert.bin" of "concert.bin.ckpt". */
static void take_output(s2vi_train_options *o)
{
    if (!o->output && o->resume && g_str_has_suffix(o->resume, ".ckpt"))
        o->output = o->resumed_output =
            g_strndup(o->resume, strlen(o->resume) - strlen(".ckpt"));
}

/* What the command line leaves to the checkpoint. Where it leaves nothing, one
 * that cannot be read is refused when it is loaded. */
static int take_kept(s2vi_train_options *o, const command_words *w,
                     GPtrArray *clips, s2v_error *err)
{
    const char *checkpoint = o->resume ? o->resume : o->export;
    json_t *kept = NULL, *value;
    const char *name;
    size_t i;
    const bool alone = !clips->len && !w->plain[2];
    if (!checkpoint)
        return S2V_OK;
    int ret = s2vi_option_record_read(&kept, checkpoint, o->recipe->name, err);
    if (ret < 0 && alone)
        return ret;
    ret = S2V_OK;
    json_object_foreach(json_object_get(kept, "options"), name, value)
    {
        if (!ret)
            ret = set_kept(o, w, checkpoint, name, value, err);
    }
    if (alone)
        json_array_foreach(json_object_get(kept, "clips"), i, value)
        {
            g_ptr_array_add(clips, g_strdup(json_string_value(value)));
        }
    take_output(o);
    json_decref(kept);
    return ret;
}

static int parse_run(s2vi_train_options *o, const command_words *w,
                     s2v_error *err)
{
    GPtrArray *clips = g_ptr_array_new_with_free_func(g_free);
    int ret = apply(o, w, true, err);
    if (!ret && o->config)
        ret = read_config(o, w, clips, err);
    if (!ret)
        ret = apply(o, w, false, err);
    if (!ret)
        ret = take_kept(o, w, clips, err);
    if (!ret) {
        take_clips(o, w, clips);
        s2vi_option_record_clips(o->record, o->clips);
        o->record_text = s2vi_option_record_text(o->record);
        ret = check_all(o, &w->own, err);
    }
    g_ptr_array_free(clips, TRUE);
    return ret;
}

static int parse(s2vi_train_options **out, command_words *w, s2v_error *err)
{
    const char *model = w->plain[0] ? w->plain[1] : NULL;
    const bool version = given(w, OPTION_VERSION), help = given(w, OPTION_HELP);
    const bool general = version || (help && !model);
    const s2vi_recipe *recipe = general ? NULL : pick_recipe(model, err);
    if (!general && !recipe)
        return S2V_ERR_INVALID;
    s2vi_train_options *o = *out = s2vi_train_options_new(recipe);
    o->action = version   ? S2VI_TRAIN_VERSION
                : general ? S2VI_TRAIN_HELP
                : help    ? S2VI_TRAIN_MODEL_HELP
                          : S2VI_TRAIN_RUN;
    if (o->action != S2VI_TRAIN_RUN)
        return S2V_OK;
    s2vi_option_rows_of(recipe, &w->own);
    return parse_run(o, w, err);
}

/* The words are kept in the options, whose strings lie in them. */
int s2vi_train_options_parse(s2vi_train_options **o, int argc,
                             char *const *argv, s2v_error *err)
{
    command_words *w = g_new0(command_words, 1);
    char **kept = g_new0(char *, argc + 1);
    w->plain = g_new0(char *, argc + 2);
    for (int i = 0; i < argc; i++)
        w->plain[i] = kept[i] = g_strdup(argv[i]);
    s2vi_option_rows_all(&w->all);
    const option_program program = {.name = "s2v-train",
                                    .command = "s2v-train MODEL",
                                    .rows = w->all.row,
                                    .n_rows = w->all.count};
    *o = NULL;
    int ret = option_scan(&program, w->plain, take, w, err);
    if (!ret)
        ret = parse(o, w, err);
    if (*o)
        (*o)->words = kept;
    else
        g_strfreev(kept);
    g_free(w->plain);
    g_free(w);
    if (ret < 0)
        s2vi_train_options_free(o);
    return ret;
}

void s2vi_train_options_free(s2vi_train_options **o)
{
    if (!*o)
        return;
    g_strfreev((*o)->clips);
    g_strfreev((*o)->words);
    g_strfreev((*o)->lines);
    json_decref((*o)->record);
    free((*o)->record_text);
    g_free((*o)->resumed_output);
    g_free(*o);
    *o = NULL;
}
