/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder for a test's files, and programs that are run in it: for tests whose
 * checks are in one file. */
#ifndef S2V_TESTS_SCRATCH_H
#define S2V_TESTS_SCRATCH_H

#include "check.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <sys/wait.h>

static char *folder;

static inline void make_folder(void)
{
    folder = g_dir_make_tmp("s2v-test-XXXXXX", NULL);
    if (!folder)
        abort();
}

static inline void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        char *inner = g_build_filename(path, name, NULL);
        if (g_file_test(inner, G_FILE_TEST_IS_DIR))
            remove_tree(inner);
        g_remove(inner);
        g_free(inner);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(path);
}

static inline void remove_folder(void)
{
    remove_tree(folder);
    g_clear_pointer(&folder, g_free);
}

/** The path of a file in it; to be freed. */
static inline char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/** Run a program in the folder; the exit status, or -1. What it writes is to be
 * freed; where `out` or `err` is NULL, it is dropped. */
static inline int run_program(const char *program, const char *line, char **out,
                              char **err)
{
    const GSpawnFlags flags = (out ? 0 : G_SPAWN_STDOUT_TO_DEV_NULL) |
                              (err ? 0 : G_SPAWN_STDERR_TO_DEV_NULL);
    int status = -1;
    char **words;
    char *whole = g_strdup_printf("'%s' %s", program, line);
    g_shell_parse_argv(whole, NULL, &words, NULL);
    CHECK(g_spawn_sync(folder, words, NULL, flags, NULL, NULL, out, err,
                       &status, NULL),
          "%s", whole);
    g_strfreev(words);
    g_free(whole);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
