/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files, folders and lists. */
#include "inputs.h"

#include "base/error.h"
#include "media/folder.h"

#include <glib.h>
#include <glib/gstdio.h>

static void empty_folder(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
        g_free(path);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(folder);
}

void input_free(input *in)
{
    if (!in)
        return;
    if (in->folder)
        empty_folder(in->folder);
    g_free(in->name);
    g_free(in->path);
    g_free(in->folder);
    g_free(in);
}

static int each_file(const inputs *in, const char *path, s2v_error *err)
{
    char *name = g_filename_display_name(path);
    const bool wanted = in->wanted(in->self, name);
    input *file = wanted ? g_new0(input, 1) : NULL;
    if (!wanted) {
        g_free(name);
        return S2V_OK;
    }
    file->name = name;
    file->path = g_strdup(path);
    return in->each(in->self, file, err);
}

static int add_file(void *self, const char *path, s2v_error *err)
{
    return each_file(self, path, err);
}

static int each_of_folder(const inputs *in, const char *path, s2v_error *err)
{
    static const char *const sets[] = {".safetensors", NULL};
    GPtrArray *files = s2vi_folder_files(path, in->sets ? sets : in->endings);
    if (!files->len && in->sets) {
        g_ptr_array_free(files, TRUE);
        files = s2vi_folder_files(path, in->endings);
    }
    inputs each = *in;
    return s2vi_folder_each_of(files, path, add_file, &each, err);
}

static bool is_tar(const char *path)
{
    static const char *const endings[] = {".tar",    ".tar.gz",  ".tgz",
                                          ".tar.xz", ".tar.zst", ".tar.bz2"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(path, endings[i]))
            return true;
    return false;
}

int inputs_each(const inputs *in, const char *path, s2v_error *err)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return each_of_folder(in, path, err);
    return is_tar(path) ? inputs_each_member(in, path, err)
                        : each_file(in, path, err);
}

int inputs_each_line(const inputs *in, const char *list, s2v_error *err)
{
    char *text = NULL;
    GError *why = NULL;
    int ret = S2V_OK;
    if (!g_file_get_contents(list, &text, NULL, &why)) {
        ret = s2vi_error(err, S2V_ERR_IO, "--list: the file cannot be read: %s",
                         why->message);
        g_error_free(why);
        return ret;
    }
    char **lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i] && !ret; i++)
        if (*g_strstrip(lines[i]) && *lines[i] != '#')
            ret = inputs_each(in, lines[i], err);
    g_strfreev(lines);
    g_free(text);
    return ret;
}
