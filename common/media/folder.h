/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a folder. */
#ifndef S2VI_MEDIA_FOLDER_H
#define S2VI_MEDIA_FOLDER_H

#include "s2v/s2v.h"

#include <glib.h>

/** Endings of media files' names, up to a NULL. */
extern const char *const s2vi_folder_media[];

/** Of pictures, and of media files that have them. */
extern const char *const s2vi_folder_pictures[];

/** Paths of a folder's files whose names end in one of `endings`, in order of
 * name; to be freed with g_ptr_array_free(files, TRUE). Empty where it cannot
 * be read. */
GPtrArray *s2vi_folder_files(const char *folder, const char *const *endings);

/** Paths of the folders in a folder, likewise. */
GPtrArray *s2vi_folder_folders(const char *folder);

/**
 * `add` for a file, or for each media file of a folder in order of name, until
 * it fails.
 *
 * @return S2V_OK; S2V_ERR_INVALID: a folder without media files; what `add`
 *         returned
 */
int s2vi_folder_each(const char *path,
                     int (*add)(void *self, const char *path, s2v_error *err),
                     void *self, s2v_error *err);

/** The same for files that were listed by s2vi_folder_files(), which are freed;
 * `path` is the folder's. */
int s2vi_folder_each_of(GPtrArray *files, const char *path,
                        int (*add)(void *self, const char *path,
                                   s2v_error *err),
                        void *self, s2v_error *err);

#endif
