/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loss curves: rows, their file, and (curves_plot.c) their picture. */
#include "curves_internal.h"

#include "base/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *header_of(const s2vi_curves *c)
{
    char *names = g_strjoinv(",", c->names);
    char *header = g_strconcat("iteration,", names, NULL);
    g_free(names);
    return header;
}

int s2vi_curves_add(s2vi_curves *c, int64_t iteration, const double *values,
                    s2v_error *err)
{
    if (c->rows == c->room) {
        int64_t room = c->room ? 2 * c->room : 1024;
        double *more =
            realloc(c->row, (size_t)(room * (1 + c->n)) * sizeof(*more));
        if (!more)
            return s2vi_error_nomem(err, c->csv);
        c->row = more;
        c->room = room;
    }
    double *row = c->row + c->rows++ * (1 + c->n);
    row[0] = (double)iteration;
    memcpy(row + 1, values, (size_t)c->n * sizeof(*row));
    return S2V_OK;
}

/* ------------------------------------------------------------- reading -- */

/* 0: none yet. */
static int64_t last_iteration(const s2vi_curves *c)
{
    return c->rows ? (int64_t)c->row[(c->rows - 1) * (1 + c->n)] : 0;
}

static int add_line(s2vi_curves *c, const char *line, int64_t done,
                    s2v_error *err)
{
    char **field = g_strsplit(line, ",", -1);
    double *value = g_new(double, (size_t)c->n);
    int ret = S2V_OK;
    if (g_strv_length(field) != (guint)c->n + 1) {
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "%s: expected %d fields in each line, found '%s'",
                         c->csv, c->n + 1, line);
    } else {
        int64_t iteration = g_ascii_strtoll(field[0], NULL, 10);
        const int64_t last = last_iteration(c);
        for (int i = 0; i < c->n; i++)
            value[i] = *field[1 + i] ? g_ascii_strtod(field[1 + i], NULL) : NAN;
        if (iteration <= last)
            ret = s2vi_error(err, S2V_ERR_INVALID,
                             "%s: expected iterations in ascending order, "
                             "found '%s' after %lld",
                             c->csv, line, (long long)last);
        else if (iteration <= done)
            ret = s2vi_curves_add(c, iteration, value, err);
    }
    g_free(value);
    g_strfreev(field);
    return ret;
}

static int read_lines(s2vi_curves *c, char **line, int64_t done, s2v_error *err)
{
    char *header = header_of(c);
    int ret = S2V_OK;
    if (!line[0] || strcmp(line[0], header))
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "--curves: %s has other columns: expected '%s', found "
                         "'%s'",
                         c->csv, header, line[0] ? line[0] : "");
    for (int i = 1; !ret && line[0] && line[i]; i++)
        if (*line[i])
            ret = add_line(c, line[i], done, err);
    g_free(header);
    return ret;
}

static int read_file(s2vi_curves *c, int64_t done, s2v_error *err)
{
    char *text = NULL;
    GError *why = NULL;
    if (!g_file_get_contents(c->csv, &text, NULL, &why)) {
        bool none = g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        int ret =
            none ? S2V_OK
                 : s2vi_error(err, S2V_ERR_IO, "--curves: %s", why->message);
        g_error_free(why);
        return ret;
    }
    char **line = g_strsplit(text, "\n", -1);
    int ret = read_lines(c, line, done, err);
    g_strfreev(line);
    g_free(text);
    return ret;
}

int s2vi_curves_open(s2vi_curves **out, const char *csv,
                     const char *const *names, int n, int64_t done,
                     s2v_error *err)
{
    s2vi_curves *c = *out = calloc(1, sizeof(*c));
    if (!c)
        return s2vi_error_nomem(err, csv);
    c->n = n;
    c->csv = g_strdup(csv);
    c->png = g_strdup_printf("%.*s.png", (int)strlen(csv) - 4, csv);
    c->names = g_new0(char *, (size_t)n + 1);
    for (int i = 0; i < n; i++)
        c->names[i] = g_strdup(names[i]);
    int ret = done > 0 ? read_file(c, done, err) : S2V_OK;
    if (ret < 0)
        s2vi_curves_close(out);
    return ret;
}

void s2vi_curves_close(s2vi_curves **curves)
{
    s2vi_curves *c = curves ? *curves : NULL;
    if (!c)
        return;
    g_strfreev(c->names);
    g_free(c->csv);
    g_free(c->png);
    free(c->row);
    free(c);
    *curves = NULL;
}

/* ------------------------------------------------------------- writing -- */

static void print_row(const s2vi_curves *c, const double *row, GString *text)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf(text, "%" G_GINT64_FORMAT, (gint64)row[0]);
    for (int i = 1; i <= c->n; i++)
        g_string_append_printf(
            text, ",%s",
            isnan(row[i])
                ? ""
                : g_ascii_formatd(number, sizeof(number), "%.9g", row[i]));
    g_string_append_c(text, '\n');
}

int s2vi_curves_write(const s2vi_curves *c, s2v_error *err)
{
    GError *why = NULL;
    char *header = header_of(c);
    GString *text = g_string_new(header);
    g_string_append_c(text, '\n');
    for (int64_t i = 0; i < c->rows; i++)
        print_row(c, c->row + i * (1 + c->n), text);
    int ret = S2V_OK;
    if (!g_file_set_contents(c->csv, text->str, (gssize)text->len, &why)) {
        ret = s2vi_error(err, S2V_ERR_IO, "--curves: %s", why->message);
        g_error_free(why);
    }
    g_string_free(text, TRUE);
    g_free(header);
    return ret < 0 ? ret : s2vi_curves_plot(c, err);
}
