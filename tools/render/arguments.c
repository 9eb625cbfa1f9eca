/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arguments.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int render_parse_number(const char *program, const char *name, const char *text,
                        double lo, double hi, double *out)
{
    char *end;
    const double v = strtod(text, &end);

    if (end == text || *end || !(v >= lo && v <= hi)) {
        fprintf(stderr, "%s: %s must be a number from %g to %g, not \"%s\"\n",
                program, name, lo, hi, text);
        return -1;
    }
    *out = v;
    return 0;
}

int render_parse_int(const char *program, const char *name, const char *text,
                     int lo, int hi, int *out)
{
    double v;

    if (render_parse_number(program, name, text, lo, hi, &v) < 0)
        return -1;
    if (v != floor(v)) {
        fprintf(stderr, "%s: %s must be a whole number, not \"%s\"\n", program,
                name, text);
        return -1;
    }
    *out = (int)v;
    return 0;
}

int render_parse_seed(const char *program, const char *name, const char *text,
                      uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    if (errno || end == text || *end || strchr(text, '-')) {
        fprintf(stderr,
                "%s: %s must be a whole number from 0 to 2^64-1, not \"%s\"\n",
                program, name, text);
        return -1;
    }
    return 0;
}

int render_show_help(const char *program, const char *usage)
{
    if (fputs(usage, stdout) >= 0 && fflush(stdout) == 0)
        return 1;
    fprintf(stderr, "%s: cannot write the help\n", program);
    return -1;
}

int render_show_version(const char *program)
{
    if (printf("%s %s\n", program, S2V_VERSION) >= 0 && fflush(stdout) == 0)
        return 1;
    fprintf(stderr, "%s: cannot write the version\n", program);
    return -1;
}
