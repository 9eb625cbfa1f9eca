/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --help, from the table. */
#include "option/option.h"

#include <string.h>

enum { WIDTH = 79 };

void option_print_wrapped(FILE *out, const char *text, int at, int indent)
{
    while (*text) {
        const int n = (int)strcspn(text, " \n");
        if (at > indent && at + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        }
        at += fprintf(out, "%s%.*s", at > indent ? " " : "", n, text);
        text += n;
        if (*text == '\n') {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            text++;
        } else {
            text += *text == ' ';
        }
    }
    fputc('\n', out);
}

static void print_row(const option_program *program, const option_row *row,
                      FILE *out)
{
    if (!row->name) {
        const bool heading = row->kind == OPTION_GROUP;
        fprintf(out, heading ? "\n%s:\n" : "%s\n", row->help);
        return;
    }
    char letter[] = "    ";
    if (row->letter)
        snprintf(letter, sizeof(letter), "-%c, ", row->letter);
    int n =
        fprintf(out, "  %s--%s%s%s",
                row->letter || !program->flush ? letter : "", row->name,
                row->argument ? " " : "", row->argument ? row->argument : "");
    if (n + 1 > program->column)
        n = fprintf(out, "\n") - 1;
    fprintf(out, "%*s", program->column - n, "");
    option_print_wrapped(out, row->help, program->column, program->column);
}

void option_print_help(const option_program *program, FILE *out)
{
    fputs(program->usage, out);
    for (int i = 0; i < program->n_rows; i++)
        print_row(program, &program->rows[i], out);
    if (program->notes)
        fputs(program->notes, out);
}
