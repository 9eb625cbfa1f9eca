/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Square pictures for training; see pictures.h. */
#include "data/pictures.h"

#include "base/error.h"
#include "media/folder.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t bytes_of(const s2vi_pictures *p)
{
    return (size_t)p->side * (size_t)p->side * 3;
}

static int reserve(s2vi_pictures *p, int64_t more, s2v_error *err)
{
    const int64_t least = p->count + more;
    if (least <= p->room)
        return S2V_OK;
    const int64_t room = least + least / 2;
    uint8_t *rgb = (uint64_t)room <= SIZE_MAX / bytes_of(p)
                       ? realloc(p->rgb, (size_t)room * bytes_of(p))
                       : NULL;
    if (!rgb)
        return s2vi_error_nomem(err, "pictures");
    p->rgb = rgb;
    p->room = room;
    return S2V_OK;
}

/* The hash is of those before and of the file's. */
static void rehash(s2vi_pictures *p, const char *more)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)p->hash, -1);
    g_checksum_update(sum, (const guchar *)more, -1);
    memcpy(p->hash, g_checksum_get_string(sum), sizeof(p->hash));
    g_checksum_free(sum);
}

static int append(s2vi_pictures *p, const s2vi_clip *clip, s2v_error *err)
{
    int64_t *end = realloc(p->end, ((size_t)p->files + 1) * sizeof(*end));
    if (!end)
        return s2vi_error_nomem(err, "pictures");
    p->end = end;
    const int ret = reserve(p, clip->frames, err);
    if (ret < 0)
        return ret;
    memcpy(p->rgb + (size_t)p->count * bytes_of(p), clip->rgb,
           (size_t)clip->frames * bytes_of(p));
    if (p->classes) {
        int *class_of =
            realloc(p->class_of, ((size_t)p->files + 1) * sizeof(*class_of));
        if (!class_of)
            return s2vi_error_nomem(err, "pictures");
        p->class_of = class_of;
        class_of[p->files] = p->class;
    }
    p->count += clip->frames;
    p->end[p->files++] = p->count;
    rehash(p, clip->hash);
    return S2V_OK;
}

static int add_file(s2vi_pictures *p, const char *path,
                    const s2vi_picture_source *source, s2v_error *err)
{
    s2vi_clip_params params = source->clip;
    s2vi_clip *clip = NULL;
    params.size = p->side;
    params.mute = true;
    /* A long folder: Ctrl-C counts between its files, too. */
    if (params.progress && params.progress(params.progress_opaque, -1))
        return s2vi_error(err, S2V_ERR_CANCELLED, "interrupted");
    int ret = s2vi_ingest_clip(source->ingest, &clip, path, &params, true, err);
    if (!ret && clip)
        ret = append(p, clip, err);
    s2vi_clip_close(&clip);
    return ret;
}

int s2vi_pictures_add(s2vi_pictures *p, const char *path,
                      const s2vi_picture_source *source, s2v_error *err)
{
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return add_file(p, path, source, err);
    GPtrArray *files = s2vi_folder_files(path, s2vi_folder_pictures);
    int ret = files->len ? S2V_OK
                         : s2vi_error(err, S2V_ERR_INVALID,
                                      "'%s': expected a folder of pictures or "
                                      "clips, found none",
                                      path);
    for (guint i = 0; i < files->len && !ret; i++)
        ret = add_file(p, files->pdata[i], source, err);
    g_ptr_array_free(files, TRUE);
    return ret;
}

/* ------------------------------------------------------------- classes -- */

/* The class of that name, the last one if it is new; p->class. */
static int enter_class(s2vi_pictures *p, const char *name, s2v_error *err)
{
    p->class = 0;
    while (p->class < p->classes && strcmp(p->class_name[p->class], name) != 0)
        p->class ++;
    if (p->class < p->classes)
        return S2V_OK;
    char **names =
        realloc(p->class_name, ((size_t)p->classes + 1) * sizeof(*names));
    char *copy = strdup(name);
    if (names)
        p->class_name = names;
    if (!names || !copy) {
        free(copy);
        return s2vi_error_nomem(err, "classes");
    }
    names[p->classes++] = copy;
    rehash(p, name);
    return S2V_OK;
}

int s2vi_pictures_add_classes(s2vi_pictures *p, const char *path,
                              const s2vi_picture_source *source, s2v_error *err)
{
    GPtrArray *folders = s2vi_folder_folders(path);
    int ret = folders->len ? S2V_OK
                           : s2vi_error(err, S2V_ERR_INVALID,
                                        "'%s': expected a folder of folders, "
                                        "each a class, found none",
                                        path);
    for (guint i = 0; i < folders->len && !ret; i++) {
        char *name = g_path_get_basename(folders->pdata[i]);
        ret = enter_class(p, name, err);
        if (!ret)
            ret = s2vi_pictures_add(p, folders->pdata[i], source, err);
        g_free(name);
    }
    g_ptr_array_free(folders, TRUE);
    return ret;
}

int s2vi_pictures_class_at(const s2vi_pictures *p, int64_t i)
{
    int low = 0, high = p->files - 1;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (i < p->end[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return p->classes ? p->class_of[low] : 0;
}

/* --------------------------------------------------------------- split -- */

/* Of n things in a row, so many of the first are trained on: 1 of 1. */
static int64_t trained_of(int64_t n, double part)
{
    return (int64_t)ceil(part * (double)n - 1e-9);
}

static void put(s2vi_pictures *p, int64_t at, bool trained, int64_t *held)
{
    p->order[trained ? p->train++ : --*held] = at;
}

int s2vi_pictures_split(s2vi_pictures *p, double part, s2v_error *err)
{
    int64_t held = p->count, single = 0;
    free(p->order);
    p->order = malloc(((size_t)p->count + 1) * sizeof(*p->order));
    if (!p->order)
        return s2vi_error_nomem(err, "pictures");
    p->train = 0;
    for (int f = 0; f < p->files; f++) {
        const int64_t begin = f ? p->end[f - 1] : 0, n = p->end[f] - begin;
        for (int64_t i = 0; i < n && n > 1; i++)
            put(p, begin + i, i < trained_of(n, part), &held);
        if (n > 1)
            continue;
        put(p, begin, trained_of(single + 1, part) > trained_of(single, part),
            &held);
        single++;
    }
    return S2V_OK;
}

const uint8_t *s2vi_pictures_at(const s2vi_pictures *p, int64_t i)
{
    return p->rgb + (size_t)i * bytes_of(p);
}

void s2vi_pictures_close(s2vi_pictures *p)
{
    free(p->rgb);
    free(p->order);
    free(p->end);
    for (int i = 0; i < p->classes; i++)
        free(p->class_name[i]);
    free(p->class_name);
    free(p->class_of);
    *p = (s2vi_pictures){0};
}
