/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that options name, and what is in them. */
#include "option_files.h"

#include "option_rows.h"

#include <glib.h>
#include <string.h>

/* Clips and configuration are in the record of options. */
static bool is_read(const option_row *row)
{
    return row->name && row->kind == OPTION_STRING && row->argument &&
           !strcmp(row->argument, "FILE") && row->of != S2VI_ROWS_OUTPUT &&
           strcmp(row->name, "output") != 0 && strcmp(row->name, "config") != 0;
}

static void append(GString *text, const char *name, const char *path)
{
    GMappedFile *file = g_mapped_file_new(path, FALSE, NULL);
    char *sum = file ? g_compute_checksum_for_data(
                           G_CHECKSUM_SHA256,
                           (const guchar *)g_mapped_file_get_contents(file),
                           g_mapped_file_get_length(file))
                     : NULL;
    g_string_append_printf(text, "%s%.16s of --%s %s", text->len ? "; " : "",
                           sum ? sum : "nothing", name, path);
    g_free(sum);
    if (file)
        g_mapped_file_unref(file);
}

char *s2vi_option_files_text(const s2vi_train_options *o)
{
    s2vi_option_rows *rows = g_new(s2vi_option_rows, 1);
    GString *text = g_string_new(NULL);
    s2vi_option_rows_of(o->recipe, rows);
    for (int i = 0; i < rows->count; i++) {
        const option_row *row = &rows->row[i];
        const char *path =
            is_read(row) ? *(const char *const *)((const char *)o + row->offset)
                         : NULL;
        if (path)
            append(text, row->name, path);
    }
    g_free(rows);
    return g_string_free(text, FALSE);
}
