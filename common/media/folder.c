/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/folder.h"

#include "base/error.h"

#include <string.h>

const char *const s2vi_folder_media[] = {".mkv", ".mp4", ".mov", ".webm",
                                         ".avi", ".mpg", ".wav", ".flac",
                                         ".ogg", ".mp3", NULL};

const char *const s2vi_folder_pictures[] = {
    ".png",  ".PNG", ".jpg", ".JPG", ".jpeg", ".JPEG", ".webp", ".bmp", ".ppm",
    ".tiff", ".mkv", ".mp4", ".mov", ".webm", ".avi",  ".mpg",  NULL};

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *s2vi_folder_files(const char *folder, const char *const *endings)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        for (int i = 0; endings[i]; i++)
            if (*name != '.' && g_str_has_suffix(name, endings[i]))
                g_ptr_array_add(files, g_build_filename(folder, name, NULL));
    if (dir)
        g_dir_close(dir);
    g_ptr_array_sort(files, by_name);
    return files;
}

GPtrArray *s2vi_folder_folders(const char *folder)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        char *path = g_build_filename(folder, name, NULL);
        if (*name != '.' && g_file_test(path, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(folders, path);
        else
            g_free(path);
    }
    if (dir)
        g_dir_close(dir);
    g_ptr_array_sort(folders, by_name);
    return folders;
}

int s2vi_folder_each_of(GPtrArray *files, const char *path,
                        int (*add)(void *self, const char *path,
                                   s2v_error *err),
                        void *self, s2v_error *err)
{
    int ret = files->len ? S2V_OK
                         : s2vi_error(err, S2V_ERR_INVALID,
                                      "'%s': expected a folder of media files, "
                                      "found none",
                                      path);
    for (guint i = 0; i < files->len && !ret; i++)
        ret = add(self, files->pdata[i], err);
    g_ptr_array_free(files, TRUE);
    return ret;
}

int s2vi_folder_each(const char *path,
                     int (*add)(void *self, const char *path, s2v_error *err),
                     void *self, s2v_error *err)
{
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return add(self, path, err);
    return s2vi_folder_each_of(s2vi_folder_files(path, s2vi_folder_media), path,
                               add, self, err);
}
