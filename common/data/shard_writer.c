/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder of shards, as it is written. */
#include "data/shard_writer.h"

#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Arrays begin at multiples of this, as their elements have to. */
enum { ALIGNMENT = 8 };

struct s2vi_shard_writer {
    char *folder;
    s2vi_shards_kind kind;
    int64_t limit; /* bytes of a shard */
    json_t *index;
    GHashTable *names; /* of clips that are written, or wait */
    int64_t written;   /* clips in the index */
    int next;          /* number of the next file */
    /* The shard that is being filled. */
    s2vi_writer *file;
    json_t *clips;
    int64_t bytes;
};

/* --------------------------------------------------------------- items -- */

void s2vi_shard_put(s2vi_shard_item *item, const char *name, s2vi_stored type,
                    const void *data, int rank, const int64_t *shape)
{
    if (!data)
        return;
    assert(item->n < S2VI_SHARD_ARRAYS);
    s2vi_shard_array_of *a = &item->array[item->n++];
    *a = (s2vi_shard_array_of){name, type, rank, {0}, data};
    memcpy(a->shape, shape, (size_t)rank * sizeof(*shape));
}

/* ---------------------------------------------------------------- index -- */

static json_t *shards_of(const s2vi_shard_writer *w)
{
    return json_object_get(w->index, "shards");
}

static int write_index(const s2vi_shard_writer *w, s2v_error *err)
{
    char *path = g_build_filename(w->folder, S2VI_SHARDS_INDEX, NULL);
    char *text = json_dumps(w->index, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    GError *why = NULL;
    int ret = text ? S2V_OK : s2vi_error_nomem(err, "an index");
    if (!ret && !g_file_set_contents(path, text, -1, &why)) {
        ret = s2vi_error(err, S2V_ERR_IO, "'%s' cannot be written: %s", path,
                         why->message);
        g_error_free(why);
    }
    free(text);
    g_free(path);
    return ret;
}

static char *path_of(const s2vi_shard_writer *w, const char *name)
{
    return g_build_filename(strchr(w->folder, '/') ? "" : ".", w->folder, name,
                            NULL);
}

/* Note the names of a shard's clips; false: it is not whole. */
static bool read_names(s2vi_shard_writer *w, const json_t *item)
{
    const char *name = json_string_value(json_object_get(item, "file"));
    const json_int_t bytes = json_integer_value(json_object_get(item, "bytes"));
    char *path = path_of(w, name ? name : "?");
    struct stat st;
    s2v_weights *file = NULL;
    const bool whole = !stat(path, &st) && st.st_size == bytes &&
                       s2v_weights_open(&file, path, NULL) >= 0;
    const char *text =
        whole ? s2v_weights_get_metadata(file, "s2v.shard") : NULL;
    json_t *list = text ? json_loads(text, 0, NULL) : NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *clip =
            json_string_value(json_object_get(json_array_get(list, i), "clip"));
        if (clip)
            g_hash_table_add(w->names, g_strdup(clip));
    }
    w->written += (int64_t)json_array_size(list);
    const int number = name ? atoi(name) : 0;
    if (number >= w->next)
        w->next = number + 1;
    json_decref(list);
    s2v_weights_close(&file);
    g_free(path);
    return text != NULL;
}

/* Shards that are gone or not whole are forgotten, and their clips with them.
 */
static void read_shards(s2vi_shard_writer *w)
{
    json_t *list = shards_of(w);
    for (size_t i = 0; i < json_array_size(list);)
        if (read_names(w, json_array_get(list, i)))
            i++;
        else
            json_array_remove(list, i);
}

static int check_same(const s2vi_shard_writer *w, const json_t *fresh,
                      s2v_error *err)
{
    static const char *const keys[] = {"format", "version", "kind",
                                       "size",   "rate",    "options"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        const json_t *want = json_object_get(fresh, keys[i]);
        const json_t *found = json_object_get(w->index, keys[i]);
        if (json_equal(want, found))
            continue;
        char *a = json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS);
        char *b = json_dumps(found, JSON_ENCODE_ANY | JSON_SORT_KEYS);
        s2vi_error(err, S2V_ERR_INVALID,
                   "'%s': expected a new folder, or shards with the %s %s, "
                   "found %s",
                   w->folder, keys[i], a ? a : "?", b ? b : "none");
        free(a);
        free(b);
        return S2V_ERR_INVALID;
    }
    return S2V_OK;
}

/* The index of the folder, or a new one. Takes `fresh`. */
static int open_index(s2vi_shard_writer *w, json_t *fresh, s2v_error *err)
{
    char *path = g_build_filename(w->folder, S2VI_SHARDS_INDEX, NULL);
    json_error_t why;
    int ret = fresh ? S2V_OK : s2vi_error_nomem(err, "an index");
    if (!ret && !g_file_test(path, G_FILE_TEST_EXISTS)) {
        w->index = json_incref(fresh);
    } else if (!ret) {
        w->index = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
        ret = w->index ? check_same(w, fresh, err)
                       : s2vi_error(err, S2V_ERR_FORMAT,
                                    "'%s': expected the index of a folder of "
                                    "shards, found what is not JSON: line %d: "
                                    "%s",
                                    path, why.line, why.text);
    }
    if (!ret)
        read_shards(w);
    json_decref(fresh);
    g_free(path);
    return ret;
}

int s2vi_shard_writer_open(s2vi_shard_writer **out, const char *folder,
                           const s2vi_shards_kind *kind, const json_t *options,
                           int64_t bytes, s2v_error *err)
{
    s2vi_shard_writer *w = *out = calloc(1, sizeof(*w));
    if (!w)
        return s2vi_error_nomem(err, "shards");
    w->folder = g_strdup(folder);
    w->kind = *kind;
    w->limit = bytes;
    w->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_t *fresh = json_pack(
        "{s:s, s:i, s:s, s:i, s:i, s:O, s:[]}", "format", S2VI_SHARDS_FORMAT,
        "version", S2VI_SHARDS_VERSION, "kind", kind->name, "size", kind->size,
        "rate", kind->rate, "options", (json_t *)(uintptr_t)options, "shards");
    int ret = g_mkdir_with_parents(folder, 0777) < 0
                  ? s2vi_error(err, S2V_ERR_IO,
                               "the folder '%s' cannot be created: %s", folder,
                               g_strerror(errno))
                  : S2V_OK;
    if (!ret)
        ret = open_index(w, fresh, err);
    else
        json_decref(fresh);
    if (ret < 0)
        s2vi_shard_writer_close(out);
    return ret;
}

bool s2vi_shard_writer_has(const s2vi_shard_writer *w, const char *path)
{
    return g_hash_table_contains(w->names, path);
}

void s2vi_shard_writer_count(const s2vi_shard_writer *w, int64_t *clips,
                             int64_t *shards, int64_t *bytes)
{
    *clips = w->written;
    *shards = (int64_t)json_array_size(shards_of(w));
    *bytes = 0;
    for (size_t i = 0; i < json_array_size(shards_of(w)); i++)
        *bytes += json_integer_value(
            json_object_get(json_array_get(shards_of(w), i), "bytes"));
}

/* --------------------------------------------------------------- shards -- */

static int begin(s2vi_shard_writer *w, s2v_error *err)
{
    char name[32];
    snprintf(name, sizeof(name), "%05d.safetensors", w->next);
    char *path = path_of(w, name);
    w->clips = json_array();
    w->bytes = 0;
    const int ret = w->clips ? s2vi_writer_create(&w->file, path, err)
                             : s2vi_error_nomem(err, "a shard");
    g_free(path);
    return ret;
}

/* The file, then its line in the index. */
static int finish(s2vi_shard_writer *w, s2v_error *err)
{
    char name[32];
    struct stat st = {0};
    snprintf(name, sizeof(name), "%05d.safetensors", w->next);
    char *path = path_of(w, name);
    char *text = json_dumps(w->clips, JSON_COMPACT);
    int ret = text ? s2vi_writer_set_metadata(w->file, "s2v.shard", text, err)
                   : s2vi_error_nomem(err, "a shard");
    if (!ret)
        ret = s2vi_writer_commit(&w->file, err);
    if (!ret && stat(path, &st) < 0)
        ret = s2vi_error(err, S2V_ERR_IO, "'%s' cannot be read: %s", path,
                         g_strerror(errno));
    if (!ret &&
        json_array_append_new(
            shards_of(w), json_pack("{s:s, s:I, s:I}", "file", name, "bytes",
                                    (json_int_t)st.st_size, "clips",
                                    (json_int_t)json_array_size(w->clips))))
        ret = s2vi_error_nomem(err, "an index");
    if (!ret)
        ret = write_index(w, err);
    if (!ret) {
        w->written += (int64_t)json_array_size(w->clips);
        w->next++;
    }
    s2vi_writer_abort(&w->file);
    json_decref(w->clips);
    w->clips = NULL;
    free(text);
    g_free(path);
    return ret;
}

static int add_array(s2vi_shard_writer *w, int clip,
                     const s2vi_shard_array_of *a, s2v_error *err)
{
    static const uint8_t none[ALIGNMENT];
    char name[80];
    uint64_t elements, bytes;
    snprintf(name, sizeof(name), "%d.%s", clip, a->name);
    if (!s2vi_stored_extent(a->type, a->rank, a->shape, &elements, &bytes))
        return s2vi_error(err, S2V_ERR_INTERNAL, "the array '%s'", name);
    int ret = s2vi_writer_add_raw(w->file, name, a->type, a->rank, a->shape,
                                  a->data, err);
    const int64_t fill = (int64_t)(-bytes % ALIGNMENT);
    snprintf(name, sizeof(name), "%d.%s.fill", clip, a->name);
    if (!ret && fill)
        ret = s2vi_writer_add_raw(w->file, name, S2VI_STORED_U8, 1, &fill, none,
                                  err);
    w->bytes += (int64_t)bytes + fill;
    return ret;
}

int s2vi_shard_writer_add(s2vi_shard_writer *w, const char *path,
                          const s2vi_shard_item *item, s2v_error *err)
{
    int ret = w->file ? S2V_OK : begin(w, err);
    const int clip = (int)json_array_size(w->clips);
    for (int i = 0; i < item->n && !ret; i++)
        ret = add_array(w, clip, &item->array[i], err);
    json_t *facts = item->facts ? json_copy(item->facts) : json_object();
    if (!ret && (json_object_set_new(facts, "clip", json_string(path)) ||
                 json_array_append(w->clips, facts)))
        ret = s2vi_error_nomem(err, "a shard");
    json_decref(facts);
    if (ret < 0)
        return ret;
    g_hash_table_add(w->names, g_strdup(path));
    return w->bytes >= w->limit ? finish(w, err) : S2V_OK;
}

int s2vi_shard_writer_flush(s2vi_shard_writer *w, s2v_error *err)
{
    return w->file && json_array_size(w->clips) ? finish(w, err) : S2V_OK;
}

void s2vi_shard_writer_close(s2vi_shard_writer **out)
{
    s2vi_shard_writer *w = *out;
    if (!w)
        return;
    s2vi_writer_abort(&w->file);
    json_decref(w->clips);
    json_decref(w->index);
    g_hash_table_destroy(w->names);
    g_free(w->folder);
    free(w);
    *out = NULL;
}
