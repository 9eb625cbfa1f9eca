/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "option_next.h"

#include "base/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The option that getopt_long() knows but did not like; NULL: it knows none. */
static const struct option *known(const char *word, const char *letters,
                                  const struct option *longs)
{
    const bool is_long = !strncmp(word, "--", 2) || optopt > 255;
    if (!optopt || (!is_long && !strchr(letters, optopt)))
        return NULL;
    for (; longs->name; longs++)
        if (optopt == longs->val)
            return longs;
    return NULL;
}

/* The option that `word`, such as "--sizes=3", was meant to be. */
static s2vi_nearest meant(const char *word, const struct option *longs)
{
    s2vi_nearest nearest = s2vi_nearest_to_option(word);
    for (; longs->name; longs++)
        s2vi_nearest_try(&nearest, longs->name);
    return nearest;
}

static void explain(const char *program, int code, const char *word,
                    const char *letters, const struct option *longs)
{
    const struct option *e = known(word, letters, longs);
    if (code == ':' && e)
        fprintf(stderr, "%s: --%s: expected a value, found none", program,
                e->name);
    else if (e)
        fprintf(stderr, "%s: --%s: expected no value, found '%s'", program,
                e->name, word);
    else if (optopt)
        fprintf(stderr, "%s: unknown option '-%c'", program, optopt);
    else
        fprintf(stderr, "%s: unknown or ambiguous option '%s'", program, word);
    const s2vi_nearest nearest = meant(e || optopt ? "" : word, longs);
    if (*nearest.best)
        fprintf(stderr, ": did you mean --%s? %s --help lists them\n",
                nearest.best, program);
    else
        fprintf(stderr, ": %s --help lists them\n", program);
}

int option_next(const char *program, int argc, char *const *argv,
                const char *letters, const struct option *longs)
{
    opterr = 0;
    const int code = getopt_long(argc, argv, letters, longs, NULL);
    if (code != '?' && code != ':')
        return code;
    explain(program, code, argv[optind > 1 ? optind - 1 : 1], letters, longs);
    return '?';
}
