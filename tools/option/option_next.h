/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What getopt_long() does not understand, in one sentence on stderr. */
#ifndef S2V_TOOLS_OPTION_NEXT_H
#define S2V_TOOLS_OPTION_NEXT_H

#include <getopt.h>

/**
 * As getopt_long() with `opterr` 0 and letters that begin with ':', but for
 * what it does not understand: "PROGRAM: unknown option '--sizes': did you mean
 * --size? PROGRAM --help lists them", and '?'.
 */
int option_next(const char *program, int argc, char *const *argv,
                const char *letters, const struct option *longs);

#endif
