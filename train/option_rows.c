/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options that all trainings have, and how a recipe's own join them. The
 * command line, the configuration file and --help all come from these rows, so
 * that they cannot disagree.
 */
#include "option_rows.h"

#include "option_record.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

/* ------------------------------------------------------------ values -- */

static bool parse_text(void *to, const option_row *row, const char *text)
{
    (void)row;
    *(const char **)to = text;
    return g_utf8_validate(text, -1, NULL);
}

static bool parse_device(void *to, const option_row *row, const char *text)
{
    (void)row;
    *(const char **)to = text;
    if (!strcmp(text, "auto") || !strcmp(text, "cpu") || !strcmp(text, "ref") ||
        !strcmp(text, "cuda"))
        return true;
    if (strncmp(text, "cuda:", 5) || !text[5] || strlen(text) > 8)
        return false;
    return !text[5 + strspn(text + 5, "0123456789")];
}

static bool parse_int64(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *out = value;
    return !errno && end != text && !*end && !g_ascii_isspace(*text);
}

bool s2vi_train_parse_crop(void *to, const option_row *row, const char *text)
{
    char **words = g_strsplit(text, ",", -1);
    bool good = g_strv_length(words) == 4;
    (void)row;
    for (int i = 0; i < 4 && good; i++) {
        int64_t value = 0;
        good = parse_int64(words[i], &value) && value >= (i < 2 ? 0 : 1) &&
               value <= 65535;
        ((int *)to)[i] = (int)value;
    }
    g_strfreev(words);
    return good;
}

bool s2vi_train_parse_time(void *to, const option_row *row, const char *text)
{
    char *unit;
    const double number = g_ascii_strtod(text, &unit);
    const double seconds = !strcmp(unit, "s")                           ? 1
                           : !strcmp(unit, "m") || !strcmp(unit, "min") ? 60
                           : !strcmp(unit, "h")                         ? 3600
                                                                        : 0;
    (void)row;
    *(double *)to = number * seconds;
    return unit != text && *(double *)to > 0 && *(double *)to <= 1e8;
}

/* "1000": iterations; "10m" or "10min": minutes. @param to the options */
static bool parse_period(void *to, const option_row *row, const char *text)
{
    s2vi_train_options *o = to;
    const size_t digits = strspn(text, "0123456789.");
    const char *unit = text + digits;
    int64_t iterations = 0;
    double minutes = 0;
    (void)row;
    if (!strcmp(unit, "m") || !strcmp(unit, "min")) {
        char *end;
        minutes = g_ascii_strtod(text, &end);
        if (end != unit || !(minutes > 0 && minutes <= 1e6))
            return false;
    } else if (!parse_int64(text, &iterations) || iterations < 1) {
        return false;
    }
    o->checkpoint_every = iterations;
    o->checkpoint_seconds = minutes * 60;
    return true;
}

/* -------------------------------------------------------- of all recipes -- */

#define AT(member) S2VI_SHARED(member)
#define PARSED_OPTION(at, placeholder, parser, what)                           \
    OPTION_PARSED, at, placeholder, .parse = parser, .expected = what
#define TEXT_OPTION(at, placeholder)                                           \
    PARSED_OPTION(at, placeholder, parse_text, "text in UTF-8")

/* A heading without text is where a recipe's own rows come that are `of` it. */
static const option_row shared[] = {
    {.help = "Training data"},
    {.of = S2VI_ROWS_CLIPS},
    {"track", 0, OPTION_INT, AT(track), "N", 0, 999,
     .help = "audio track of each clip, counted from 0 as in ffmpeg's a:N "
             "(default: the one that ffmpeg selects)"},
    {"skip-bad", 0, OPTION_ON, AT(skip_bad),
     .help = "leave out clips that do not decode, are silent, truncated or "
             "damaged, and list them at the end"},
    {"split", 0, OPTION_NUMBER, AT(split), "PART", 0, 1, .above = true,
     .help = "fraction of the frames, from the beginning, to train on; the "
             "rest is the held-out set"},
    {.help = "Training"},
    {"iterations", 0, OPTION_COUNT, AT(iterations), "N", 1, 1e12,
     .help = "iterations in all; with --resume, those done before count"},
    {.of = S2VI_ROWS_TRAINING},
    {"seed", 0, OPTION_SEED, AT(seed), "N",
     .help = "random seed: the same seed gives the same result"},
    {"average", 0, OPTION_NUMBER, AT(average), "D", 0, 0.99999,
     .help =
         "write the exponential moving average (EMA) of the weights with this "
         "decay per iteration, for instance 0.999; 0: the last weights"},
    {"init", 0, S2VI_OPTION_FILE(AT(init), "FILE"),
     .help = "initialise the weights from this model instead of at random"},
    {"resume", 0, S2VI_OPTION_FILE(AT(resume), "FILE"),
     .help = "resume from a checkpoint (.ckpt); the result is that of an "
             "uninterrupted training. Clips and options are those of the "
             "checkpoint unless given anew, FILE is its name without .ckpt"},
    {"export", 0, S2VI_OPTION_FILE(AT(export), "FILE"),
     .help = "do not train: write the latest weights of a checkpoint to "
             "--output, where the weight file has the best ones "
             "(--hold-out-every)"},
    {.help = "The model"},
    {.of = S2VI_ROWS_MODEL},
    {.help = "Output"},
    {"output", 'o', S2VI_OPTION_FILE(AT(output), "FILE"),
     .of = S2VI_ROWS_OUTPUT, .help = "weight file (required)"},
    {.of = S2VI_ROWS_OUTPUT},
    {"checkpoint-every", 0,
     PARSED_OPTION(
         0, "N", parse_period,
         "a whole number of iterations above 0, or minutes as in 10m"),
     .help = "save FILE and FILE.ckpt every N iterations, or every N minutes: "
             "10m (default 1000)"},
    {"preview", 0, S2VI_OPTION_FILE(AT(preview), "FILE.png"), .ending = ".png",
     .of = S2VI_ROWS_OUTPUT,
     .help = "preview image: real frames above generated ones"},
    {"preview-every", 0, OPTION_COUNT, AT(preview_every), "N", 1, 1e12,
     .help = "iterations between previews"},
    {"curves", 0, S2VI_OPTION_FILE(AT(curves), "FILE.csv"),
     .of = S2VI_ROWS_OUTPUT,
     .help = "write the losses of every iteration, and plot them as FILE.png"},
    {"hold-out-every", 0, OPTION_COUNT, AT(hold_out_every), "N", 1, 1e12,
     .help = "make what is held out (--split) every N iterations: the weight "
             "file is then the best so far"},
    {"title", 0, TEXT_OPTION(AT(title), "TEXT"),
     .help = "title of the model, stored in the weight file"},
    {"license", 0, TEXT_OPTION(AT(license), "TEXT"),
     .help = "licence of the weights, for instance CC-BY-4.0"},
    {"note", 0, TEXT_OPTION(AT(note), "TEXT"),
     .help = "any other information to store in the weight file"},
    {"store", 0, OPTION_CHOICE, AT(store), "TYPE", .choices = "f32|f16|bf16",
     .help = "data type of the weight file: f16 and bf16 halve its size. "
             "Checkpoints are always f32"},
    {.help = "General"},
    {"device", 0,
     PARSED_OPTION(AT(device), "NAME", parse_device,
                   "auto, cpu, ref, cuda or cuda:N"),
     .help = "auto, cpu, ref, cuda or cuda:N (default auto)"},
    {"dtype", 0, OPTION_CHOICE, AT(dtype), "TYPE", .choices = "f32|bf16",
     .help =
         "compute precision; bf16: mixed precision, operands of convolutions "
         "and matrix products are bf16 where that is faster on the device; "
         "accumulation, weights and Adam stay f32 (default f32)"},
    {"threads", 0, OPTION_INT, AT(threads), "N", 0, 1024,
     .help = "CPU threads; 0: one per processor"},
    {"config", 0, S2VI_OPTION_FILE(AT(config), "FILE"),
     .help = "read options from lines such as `size = 64` and `no-noise = "
             "true`, clips from `clip = FILE`; # starts a comment. The command "
             "line takes precedence"},
    {"quiet", 'q', OPTION_ON, AT(quiet), .help = "print errors only"},
    {"verbose", 'v', OPTION_ON, AT(verbose), .help = "print more information"},
    {"help", 'h', OPTION_HELP, 0, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, 0, .help = "print the version and exit"},
};

/* --------------------------------------------------------------- joining -- */

static bool is_heading(const option_row *row)
{
    return !row->name;
}

static const option_row *find(const option_row *rows, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (rows[i].name && !strcmp(rows[i].name, name))
            return &rows[i];
    return NULL;
}

const option_row *s2vi_option_rows_find(const s2vi_option_rows *rows,
                                        const char *name)
{
    return find(rows->row, rows->count, name);
}

/* A heading that nothing followed gives its place up. */
static void append(s2vi_option_rows *out, const option_row *row)
{
    if (out->count && is_heading(row) && is_heading(&out->row[out->count - 1]))
        out->count--;
    assert(out->count < S2VI_MOST_ROWS);
    out->row[out->count++] = *row;
}

/* A recipe's own rows of one place, but for those that replace others. */
static void append_own(s2vi_option_rows *out, const s2vi_recipe *r, int place)
{
    for (int i = 0; i < r->n_rows; i++)
        if (r->rows[i].of == place &&
            (is_heading(&r->rows[i]) ||
             !find(shared, OPTION_ROWS(shared), r->rows[i].name)))
            append(out, &r->rows[i]);
}

void s2vi_option_rows_of(const s2vi_recipe *r, s2vi_option_rows *out)
{
    out->count = 0;
    for (int i = 0; i < OPTION_ROWS(shared); i++) {
        const option_row *row = &shared[i];
        const option_row *own =
            row->name ? find(r->rows, r->n_rows, row->name) : NULL;
        if (is_heading(row) && !row->help)
            append_own(out, r, row->of);
        else if (!own || own->help)
            append(out, own ? own : row);
    }
}

void s2vi_option_rows_all(s2vi_option_rows *out)
{
    s2vi_option_rows *rows = g_new(s2vi_option_rows, 1);
    out->count = 0;
    for (int k = 0; s2vi_recipes[k]; k++) {
        s2vi_option_rows_of(s2vi_recipes[k], rows);
        for (int i = 0; i < rows->count; i++)
            if (rows->row[i].name &&
                !s2vi_option_rows_find(out, rows->row[i].name))
                append(out, &rows->row[i]);
    }
    g_free(rows);
}

/* -------------------------------------------------------------- defaults -- */

s2vi_train_options *s2vi_train_options_new(const s2vi_recipe *recipe)
{
    s2vi_train_options *o =
        g_malloc0(recipe ? recipe->options : sizeof(s2vi_train_options));
    o->recipe = recipe;
    o->record = s2vi_option_record_new();
    snprintf(o->version, sizeof(o->version), "s2v %s", s2v_version());
    if (!recipe)
        return o;
    o->track = -1;
    o->split = 0.8;
    o->iterations = 50000;
    o->sequence = 32;
    o->batch = 1;
    o->checkpoint_every = 1000;
    o->preview_every = 500;
    o->device = "auto";
    recipe->set_defaults(o);
    return o;
}

/* ------------------------------------------------------------------ help -- */

/* The row's default as a user would type it; NULL: nothing to say. */
static char *spell_default(const option_row *e, const s2vi_train_options *o)
{
    const void *at = (const char *)o + e->offset;
    if (strstr(e->help, "(default"))
        return NULL;
    if (e->kind == OPTION_INT || e->kind == OPTION_SIZE)
        return g_strdup_printf("%d", *(const int *)at);
    if (e->kind == OPTION_COUNT)
        return g_strdup_printf("%lld", (long long)*(const int64_t *)at);
    if (e->kind == OPTION_SEED)
        return g_strdup("0");
    if (e->kind == OPTION_NUMBER)
        return g_strdup_printf("%g", *(const double *)at);
    if (e->kind != OPTION_CHOICE)
        return NULL;
    char **words = g_strsplit(e->choices, "|", -1);
    char *word = g_strdup(words[*(const int *)at]);
    g_strfreev(words);
    return word;
}

/* A recipe's rows, and their defaults. */
static void print_rows(FILE *out, const s2vi_recipe *recipe)
{
    s2vi_option_rows *rows = g_new(s2vi_option_rows, 1);
    s2vi_train_options *defaults = s2vi_train_options_new(recipe);
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    s2vi_option_rows_of(recipe, rows);
    for (int i = 0; i < rows->count; i++) {
        option_row *row = &rows->row[i];
        char *value = row->name ? spell_default(row, defaults) : NULL;
        if (value) {
            char *text = g_strdup_printf("%s (default %s)", row->help, value);
            row->help = text;
            g_ptr_array_add(texts, text);
        }
        g_free(value);
    }
    const option_program program = {.name = "s2v-train",
                                    .usage = "",
                                    .rows = rows->row,
                                    .n_rows = rows->count,
                                    .column = 26};
    option_print_help(&program, out);
    g_ptr_array_free(texts, TRUE);
    s2vi_train_options_free(&defaults);
    g_free(rows);
}

static void print_models(FILE *out)
{
    fprintf(out, "Usage: s2v-train MODEL CLIP... -o FILE [options]\n\n"
                 "Trains a model of libs2v on clips and writes its weight "
                 "file.\n\nModels:\n");
    for (int i = 0; s2vi_recipes[i]; i++)
        fprintf(out, "  %-22s%s\n", s2vi_recipes[i]->name,
                s2vi_recipes[i]->summary);
    fprintf(out, "\nSee s2v-train MODEL --help for the options of a model.\n");
}

static void print_model(FILE *out, const s2vi_recipe *r)
{
    fprintf(out, "Usage: s2v-train %s CLIP... -o FILE [options]\n\n", r->name);
    option_print_wrapped(out, r->about, 0, 0);
    fprintf(out, "A folder that s2v-shards wrote may stand for clips.\n");
    print_rows(out, r);
    fprintf(out, "\nExamples:\n%s", r->examples);
    fprintf(out, "\nCtrl-C stops and saves; a second Ctrl-C stops at once.\n");
}

void s2vi_train_options_print(const s2vi_train_options *o, FILE *out)
{
    if (o->action == S2VI_TRAIN_VERSION)
        fprintf(out, "s2v-train %s\n", s2v_version());
    if (o->action == S2VI_TRAIN_HELP)
        print_models(out);
    if (o->action == S2VI_TRAIN_MODEL_HELP)
        print_model(out, o->recipe);
}
