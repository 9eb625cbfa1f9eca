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
    g_strlcpy(p->last, more, sizeof(p->last));
    g_checksum_update(sum, (const guchar *)p->hash, -1);
    g_checksum_update(sum, (const guchar *)more, -1);
    memcpy(p->hash, g_checksum_get_string(sum), sizeof(p->hash));
    g_checksum_free(sum);
}

/* Room for one more file, of the class that is being added. */
static int reserve_file(s2vi_pictures *p, s2v_error *err)
{
    const size_t n = (size_t)p->files + 1;
    int64_t *end = realloc(p->end, n * sizeof(*end));
    p->end = end ? end : p->end;
    int *class_of = realloc(p->class_of, n * sizeof(*class_of));
    p->class_of = class_of ? class_of : p->class_of;
    if (!end || !class_of)
        return s2vi_error_nomem(err, "pictures");
    class_of[p->files] = p->class;
    return S2V_OK;
}

static int append(s2vi_pictures *p, const s2vi_clip *clip, s2v_error *err)
{
    int ret = reserve_file(p, err);
    if (!ret)
        ret = reserve(p, clip->frames, err);
    if (ret < 0)
        return ret;
    memcpy(p->rgb + (size_t)p->count * bytes_of(p), clip->rgb,
           (size_t)clip->frames * bytes_of(p));
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

/* The file that a picture is of. */
static int file_of(const s2vi_pictures *p, int64_t index)
{
    int low = 0, high = p->files - 1;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (p->end[middle] <= index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* -------------------------------------------------------------- shards -- */

const uint8_t *s2vi_pictures_at(const s2vi_pictures *p, int64_t index)
{
    if (!p->from)
        return p->rgb + (size_t)index * bytes_of(p);
    const int file = file_of(p, index);
    const int64_t begin = file ? p->end[file - 1] : 0;
    return p->from[file] + (size_t)(index - begin) * bytes_of(p);
}

int s2vi_pictures_pack(const s2vi_pictures *p, s2vi_shard_item *item,
                       s2v_error *err)
{
    const int64_t rgb[] = {p->count, p->side, p->side, 3};
    item->facts = json_pack("{s:I, s:s}", "frames", (json_int_t)p->count,
                            "hash", p->last);
    s2vi_shard_put(item, "rgb", S2VI_STORED_U8, p->rgb, 4, rgb);
    return item->facts ? S2V_OK : s2vi_error_nomem(err, "a picture");
}

static int add_shard_clip(void *self, const s2vi_shard_clip *from,
                          s2v_error *err)
{
    s2vi_pictures *p = self;
    const int64_t frames = s2vi_shard_number(from, "frames", err);
    char hash[65];
    if (frames < 1)
        return S2V_ERR_FORMAT;
    int ret = s2vi_shard_hash(from, hash, err);
    if (!ret)
        ret = reserve_file(p, err);
    if (ret < 0)
        return ret;
    const uint8_t **more =
        realloc(p->from, ((size_t)p->files + 1) * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, "pictures");
    p->from = more;
    p->from[p->files] = s2vi_shard_array(from, "rgb", S2VI_STORED_U8,
                                         frames * (int64_t)bytes_of(p), err);
    if (!p->from[p->files])
        return S2V_ERR_FORMAT;
    p->count += frames;
    p->end[p->files++] = p->count;
    rehash(p, hash);
    return S2V_OK;
}

static int add_shards(s2vi_pictures *p, const char *folder,
                      const s2vi_picture_source *source, s2v_error *err)
{
    s2vi_shards_kind want = s2vi_shards_pictures;
    want.size = p->side;
    return s2vi_shards_read(&p->shards, folder, &want, &source->clip,
                            add_shard_clip, p, err);
}

int s2vi_pictures_add(s2vi_pictures *p, const char *path,
                      const s2vi_picture_source *source, s2v_error *err)
{
    const bool shards = s2vi_shards_at(path);
    if (p->files && shards != (p->from != NULL))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "'%s': expected folders of shards or other files, "
                          "found both",
                          path);
    if (shards)
        return add_shards(p, path, source, err);
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
    return p->classes ? p->class_of[file_of(p, i)] : 0;
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

void s2vi_pictures_close(s2vi_pictures *p)
{
    free(p->rgb);
    free(p->order);
    free(p->end);
    for (int i = 0; i < p->classes; i++)
        free(p->class_name[i]);
    free(p->class_name);
    free(p->class_of);
    free(p->from);
    s2vi_shards_close(&p->shards);
    *p = (s2vi_pictures){0};
}
