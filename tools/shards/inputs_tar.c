/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tar files as WebDataset has them: members that share their name up to the
 * first point, one after the other, are one clip and what is known of it:
 *
 *     0007.mp4 0007.txt 0008.mp4 0008.txt
 *
 * A clip's members are written to a folder of their own for temporary files, as
 * FFmpeg wants to seek and the rest is looked for beside the clip. Their names
 * there are not the archive's.
 */
#include "inputs.h"

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 1 << 20 };

/* A clip that is being put together. */
typedef struct group {
    char *key;    /* name up to the first point */
    char *folder; /* of its files */
    char *media;  /* its media's path there, or NULL... */
    char *name;   /* ...and name */
    char *set;    /* likewise of its .safetensors */
} group;

/* Length of a member's name up to the first point of its last part. */
static size_t key_length(const char *name)
{
    const char *slash = strrchr(name, '/');
    return (size_t)(slash ? slash + 1 - name : 0) +
           strcspn(slash ? slash + 1 : name, ".");
}

static void forget(group *g)
{
    g_free(g->key);
    g_free(g->media);
    g_free(g->name);
    g_free(g->set);
    g_free(g->folder);
    *g = (group){0};
}

static void drop(group *g)
{
    if (g->folder) {
        input *files = g_new0(input, 1);
        files->folder = g_steal_pointer(&g->folder);
        input_free(files);
    }
    forget(g);
}

/* Hand the clip over, if it is one. */
static int finish(const inputs *in, group *g, s2v_error *err)
{
    if (!g->media && in->sets)
        g->media = g_steal_pointer(&g->set);
    if (!g->media) {
        drop(g);
        return S2V_OK;
    }
    input *file = g_new0(input, 1);
    file->name = g_steal_pointer(&g->name);
    file->path = g_steal_pointer(&g->media);
    file->folder = g_steal_pointer(&g->folder);
    forget(g);
    return in->each(in->self, file, err);
}

static bool has_ending(const char *name, const char *const *endings)
{
    for (int i = 0; endings[i]; i++)
        if (g_str_has_suffix(name, endings[i]))
            return true;
    return false;
}

static int copy(struct archive *a, const char *path, s2v_error *err)
{
    char *block = g_malloc(BLOCK);
    FILE *f = fopen(path, "wb");
    la_ssize_t n = f ? 1 : 0;
    bool good = f != NULL;
    while (good && (n = archive_read_data(a, block, BLOCK)) > 0)
        good = fwrite(block, 1, (size_t)n, f) == (size_t)n;
    if (f && fclose(f))
        good = false;
    const int why = errno;
    g_free(block);
    if (n < 0)
        return s2vi_error(err, S2V_ERR_FORMAT, "%s", archive_error_string(a));
    return good ? S2V_OK
                : s2vi_error(err, S2V_ERR_IO, "'%s' cannot be written: %s",
                             path, g_strerror(why));
}

/* The member into the clip's folder, if it is of use. */
static int take(const inputs *in, group *g, const char *tar, struct archive *a,
                const char *name, s2v_error *err)
{
    static const char *const words[] = {".json", ".txt", NULL};
    static const char *const set[] = {".safetensors", NULL};
    const char *ending = strrchr(name, '.');
    const bool media = has_ending(name, in->endings) && !g->media;
    const bool is_set = has_ending(name, set);
    if (!media && !is_set && !has_ending(name, words))
        return S2V_OK;
    if (!g->folder)
        g->folder = g_dir_make_tmp("s2v-shards-XXXXXX", NULL);
    if (!g->folder)
        return s2vi_error(err, S2V_ERR_IO,
                          "'%s': expected room for a temporary folder in '%s', "
                          "found none: %s",
                          tar, g_get_tmp_dir(), g_strerror(errno));
    char *file = g_strconcat("clip", ending, NULL);
    char *path = g_build_filename(g->folder, file, NULL);
    const int ret = copy(a, path, err);
    if (media || (is_set && !g->media)) {
        g_free(g->name);
        g->name = g_strconcat(tar, "/", name, NULL);
    }
    if (media)
        g->media = g_steal_pointer(&path);
    else if (is_set)
        g->set = g_steal_pointer(&path);
    g_free(file);
    g_free(path);
    return ret;
}

/* Whether a clip is wanted is known from its media's name alone, so all of its
 * members but those are read only then. */
static int each_member(const inputs *in, group *g, const char *tar,
                       struct archive *a, struct archive_entry *entry,
                       s2v_error *err)
{
    const char *utf8 = archive_entry_pathname_utf8(entry);
    const char *path = utf8 ? utf8 : archive_entry_pathname(entry);
    char *name = path ? g_utf8_make_valid(path, -1) : NULL;
    int ret = S2V_OK;
    if (!name || archive_entry_filetype(entry) != AE_IFREG) {
        g_free(name);
        return S2V_OK;
    }
    const size_t n = key_length(name);
    if (!g->key || strlen(g->key) != n || strncmp(g->key, name, n) != 0) {
        ret = finish(in, g, err);
        g->key = g_strndup(name, n);
    }
    char *whole = g_strconcat(tar, "/", name, NULL);
    const bool media = has_ending(name, in->endings) ||
                       (in->sets && g_str_has_suffix(name, ".safetensors"));
    if (!ret && (!media || in->wanted(in->self, whole)))
        ret = take(in, g, tar, a, name, err);
    g_free(whole);
    g_free(name);
    return ret;
}

static int each(const inputs *in, const char *path, const char *tar,
                struct archive *a, s2v_error *err)
{
    group g = {0};
    struct archive_entry *entry;
    s2v_error why;
    int ret = S2V_OK, status = archive_read_open_filename(a, path, BLOCK);
    while (!ret && status >= ARCHIVE_WARN &&
           (status = archive_read_next_header(a, &entry)) >= ARCHIVE_WARN &&
           status != ARCHIVE_EOF)
        ret = each_member(in, &g, tar, a, entry, &why);
    if (!ret && status == ARCHIVE_EOF)
        ret = finish(in, &g, &why);
    drop(&g);
    if (ret == S2V_ERR_FORMAT)
        return s2vi_error(err, ret, "'%s': expected a tar file, found: %s", tar,
                          why.message);
    if (ret) {
        *err = why;
        return ret;
    }
    return status == ARCHIVE_EOF
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_FORMAT,
                            "'%s': expected a tar file, found: %s", tar,
                            archive_error_string(a));
}

int inputs_each_member(const inputs *in, const char *path, s2v_error *err)
{
    struct archive *a = archive_read_new();
    if (!a)
        return s2vi_error_nomem(err, "a tar file");
    archive_read_support_filter_all(a);
    archive_read_support_format_tar(a);
    char *name = g_filename_display_name(path);
    const int ret = each(in, path, name, a, err);
    g_free(name);
    archive_read_free(a);
    return ret;
}
