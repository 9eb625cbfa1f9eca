/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers on the command line. Each function prints its error and returns -1
 * then, 0 otherwise; name is what the message calls the number. */
#ifndef S2V_TOOLS_RENDER_ARGUMENTS_H
#define S2V_TOOLS_RENDER_ARGUMENTS_H

#include <stdint.h>

/* A number from lo to hi that takes up the whole text. */
int render_parse_number(const char *program, const char *name, const char *text,
                        double lo, double hi, double *out);
int render_parse_int(const char *program, const char *name, const char *text,
                     int lo, int hi, int *out);
int render_parse_seed(const char *program, const char *name, const char *text,
                      uint64_t *out);

/* Prints the help: 1, or -1 where that fails. */
int render_show_help(const char *program, const char *usage);
/* Prints "PROGRAM VERSION", likewise. */
int render_show_version(const char *program);

#endif
