/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines from a table: the words. */
#include "option/option_internal.h"

#include "base/nearest.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

enum {
    MAX_ROWS = 256,
    CODE = 256, /* what getopt_long() returns for row 0; then come the others */
};

static bool is_repeated(const option_program *p, int row)
{
    for (int i = 0; i < row; i++)
        if (p->rows[i].name && !strcmp(p->rows[i].name, p->rows[row].name))
            return true;
    return false;
}

/* The table as getopt_long() wants it. */
typedef struct getopt_table {
    struct option longs[MAX_ROWS + 1];
    char letters[2 + 2 * MAX_ROWS + 1];
} getopt_table;

static void make_table(getopt_table *t, const option_program *p)
{
    /* '-': plain words come in their place, whatever POSIXLY_CORRECT says;
     * ':': a missing value is told from an unknown option. */
    char *letter = t->letters;
    int n = 0;
    assert(p->n_rows <= MAX_ROWS);
    *letter++ = '-';
    *letter++ = ':';
    for (int i = 0; i < p->n_rows; i++) {
        const option_row *row = &p->rows[i];
        if (!row->name || is_repeated(p, i))
            continue;
        const int value = row->argument ? required_argument : no_argument;
        t->longs[n++] = (struct option){row->name, value, NULL, CODE + i};
        if (row->letter)
            *letter++ = row->letter;
        if (row->letter && row->argument)
            *letter++ = ':';
    }
    t->longs[n] = (struct option){0};
    *letter = '\0';
}

static const option_row *row_of(const option_program *p, int code)
{
    if (code >= CODE && code < CODE + p->n_rows)
        return &p->rows[code - CODE];
    for (int i = 0; i < p->n_rows; i++)
        if (code && p->rows[i].name && p->rows[i].letter == code)
            return &p->rows[i];
    return NULL;
}

/* The sentence about `word`, of which getopt_long() said '?' or ':'. */
static int refuse_word(const option_program *p, int code, const char *word,
                       s2v_error *err)
{
    const option_row *row = row_of(p, optopt);
    const char *command = p->command ? p->command : p->name;
    if (code == ':' && row)
        return option_error(err, "--%s: expected a value (%s), found none",
                            row->name, row->argument);
    if (row)
        return option_error(err, "--%s: expected no value, found '%s'",
                            row->name, word);
    if (optopt)
        return option_error(err, "unknown option '-%c': see %s --help", optopt,
                            command);
    s2vi_nearest nearest = s2vi_nearest_to_option(word);
    for (int i = 0; i < p->n_rows; i++)
        if (p->rows[i].name)
            s2vi_nearest_try(&nearest, p->rows[i].name);
    return option_error(err,
                        "unknown or ambiguous option '%s': %s%s%ssee %s --help",
                        word, *nearest.best ? "did you mean --" : "",
                        nearest.best, *nearest.best ? "? " : "", command);
}

int option_scan(const option_program *p, char **argv, option_take take,
                void *user, s2v_error *err)
{
    getopt_table t;
    int argc = 0, n_words = 1, code, ret = S2V_OK;
    make_table(&t, p);
    while (argv[argc])
        argc++;
    optind = 0; /* start anew, also when called twice */
    opterr = 0;
    while (!ret &&
           (code = getopt_long(argc, argv, t.letters, t.longs, NULL)) != -1) {
        const option_row *row = row_of(p, code);
        if (code == 1) /* into the place of a word that has been read */
            argv[n_words++] = optarg;
        else if (code != '?' && code != ':')
            ret = take(user, row, optarg, err);
        else
            ret = refuse_word(p, code, argv[optind > 1 ? optind - 1 : 1], err);
    }
    while (!ret && optind < argc) /* after "--" */
        argv[n_words++] = argv[optind++];
    if (n_words < argc)
        argv[n_words] = NULL;
    return ret;
}

static int take_value(void *options, const option_row *row, const char *text,
                      s2v_error *err)
{
    char where[64];
    snprintf(where, sizeof(where), "--%s", row->name);
    return option_set(options, row, where, text, err);
}

int option_parse(const option_program *p, char **argv, void *options,
                 s2v_error *err)
{
    return option_scan(p, argv, take_value, options, err);
}

int option_start(const option_program *p, char **argv, void *options)
{
    s2v_error err = {0};
    const int ret = option_parse(p, argv, options, &err);
    if (ret < 0)
        fprintf(stderr, "%s: %s\n", p->name, err.message);
    if (ret <= 0)
        return ret < 0 ? 2 : -1;
    if (ret == OPTION_HELP)
        option_print_help(p, stdout);
    else
        printf("%s %s\n", p->name, S2V_VERSION);
    if (!fflush(stdout) && !ferror(stdout))
        return 0;
    fprintf(stderr, "%s: cannot write to standard output: %s\n", p->name,
            strerror(errno));
    return 1;
}
