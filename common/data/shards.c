/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips that were decoded once: read by mapping. */
#define _DEFAULT_SOURCE /* madvise */
#include "data/shards.h"

#include "audio/foley_mel.h"
#include "audio/level.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK = 16 << 20,   /* bytes that the file without a name grows by */
    RESIDENT = 8 << 20, /* of mapped pages, beside those at the last trim */
    ALIGNMENT = 64,
};

const s2vi_shards_kind s2vi_shards_clips = {"clips", "listen-and-move", 0,
                                            S2VI_CLIP_RATE},
                       s2vi_shards_foley = {"foley", "varietysound", 0,
                                            S2VI_FOLEY_RATE},
                       s2vi_shards_sounds = {"sounds", "hifigan", 0,
                                             S2VI_FOLEY_RATE},
                       s2vi_shards_faces = {"faces", "man", 0, S2VI_CLIP_RATE},
                       s2vi_shards_pictures = {"pictures", "stylegan2", 0, 0},
                       s2vi_shards_scenes = {"scenes", "embedding, semantic", 0,
                                             S2VI_CLIP_RATE};

/* Pages that are mapped. */
typedef struct range {
    char *begin;
    size_t bytes;
} range;

struct s2vi_shards {
    GPtrArray *files; /* s2v_weights */
    GArray *ranges;   /* of the files, then of the memory */
    char *folder;     /* of the first */
    int fd;           /* where memory lies; -1: not there yet */
    char *temporary;  /* its name until it is whole; NULL: it has none */
    char *kept;       /* and then */
    bool whole;       /* an earlier run has filled it */
    off_t size;       /* of what is mapped of it */
    char *next;       /* what is free of its last chunk... */
    size_t left;      /* ...so many bytes */
    int statm;        /* /proc/self/statm, or -1 */
    GMutex trimming;
    size_t resident; /* bytes that were at the last trim */
};

/* --------------------------------------------------------------- memory -- */

/* Bytes of mapped files that are in memory, the program's own among them. */
static size_t resident(const s2vi_shards *s)
{
    char text[128];
    unsigned long pages = 0;
    const ssize_t n =
        s->statm < 0 ? 0 : pread(s->statm, text, sizeof(text) - 1, 0);
    if (n <= 0)
        return SIZE_MAX; /* not known: a trim does no harm */
    text[n] = '\0';
    sscanf(text, "%*s %*s %lu", &pages);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void trim_all(s2vi_shards *s)
{
    if (resident(s) < s->resident + RESIDENT)
        return;
    for (guint i = 0; i < s->ranges->len; i++) {
        const range *r = &g_array_index(s->ranges, range, i);
        madvise(r->begin, r->bytes, MADV_DONTNEED);
    }
    s->resident = resident(s);
    if (s->resident == SIZE_MAX)
        s->resident = 0;
}

void s2vi_shards_trim(s2vi_shards *s)
{
    if (!s)
        return;
    g_mutex_lock(&s->trimming);
    trim_all(s);
    g_mutex_unlock(&s->trimming);
}

static int open_nameless(const char *folder)
{
    char *path = g_build_filename(folder, ".s2v-XXXXXX", NULL);
    const int fd = mkstemp(path);
    if (fd >= 0)
        unlink(path);
    g_free(path);
    return fd;
}

static int grow(s2vi_shards *s, size_t bytes, s2v_error *err)
{
    const size_t chunk =
        bytes > CHUNK ? (bytes + CHUNK - 1) / CHUNK * CHUNK : CHUNK;
    struct stat st;
    if (s->fd < 0)
        s->fd = open_nameless(s->folder);
    if (s->fd < 0)
        s->fd = open_nameless(g_get_tmp_dir());
    if (s->whole &&
        (fstat(s->fd, &st) < 0 || st.st_size < s->size + (off_t)chunk))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s': expected %lld bytes more of what was computed "
                          "of the clips, found none: delete it",
                          s->kept, (long long)chunk);
    /* Reserved: a page that does not fit later would kill the program. */
    const int why = s->fd < 0  ? errno
                    : s->whole ? 0
                               : posix_fallocate(s->fd, s->size, (off_t)chunk);
    if (why)
        return s2vi_error(err, S2V_ERR_IO,
                          "'%s': expected room for %zu MB of what is computed "
                          "of the clips, found none: %s",
                          s->folder, chunk >> 20, g_strerror(why));
    void *map = mmap(NULL, chunk, PROT_READ | (s->whole ? 0 : PROT_WRITE),
                     MAP_SHARED, s->fd, s->size);
    if (map == MAP_FAILED)
        return s2vi_error_nomem(err, "clips");
    s->size += (off_t)chunk;
    s->next = map;
    s->left = chunk;
    const range r = {map, chunk};
    g_array_append_val(s->ranges, r);
    return S2V_OK;
}

void *s2vi_shards_memory(s2vi_shards *s, size_t bytes, s2v_error *err)
{
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes > s->left && grow(s, bytes, err) < 0)
        return NULL;
    void *memory = s->next;
    s->next += bytes;
    s->left -= bytes;
    return memory;
}

/* At the end of a file that is whole: it, and the file's size before it. */
typedef struct ending {
    char word[16];
    int64_t size;
} ending;

static const char whole_word[16] = "s2v prepared 1\n";

/* Forget the file, whose memory stays. */
static void leave_file(s2vi_shards *s)
{
    if (s->temporary)
        unlink(s->temporary);
    if (s->fd >= 0)
        close(s->fd);
    g_clear_pointer(&s->temporary, g_free);
    g_clear_pointer(&s->kept, g_free);
    s->fd = -1;
    s->whole = false;
    s->size = 0;
    s->left = 0;
}

static bool is_whole(int fd)
{
    ending e = {{0}, 0};
    struct stat st;
    return fd >= 0 && !fstat(fd, &st) && st.st_size > (off_t)sizeof(e) &&
           pread(fd, &e, sizeof(e), st.st_size - (off_t)sizeof(e)) ==
               (ssize_t)sizeof(e) &&
           !memcmp(e.word, whole_word, sizeof(e.word)) &&
           e.size == st.st_size - (off_t)sizeof(e);
}

bool s2vi_shards_prepare_begin(s2vi_shards *s, const char *what)
{
    if (!s)
        return false;
    leave_file(s);
    char *key = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
    char *name = g_strdup_printf("prepared-%.16s", key);
    s->kept = g_build_filename(s->folder, name, NULL);
    s->fd = open(s->kept, O_RDONLY | O_CLOEXEC);
    s->whole = is_whole(s->fd);
    if (!s->whole) {
        if (s->fd >= 0)
            close(s->fd);
        s->temporary = g_strdup_printf("%s-XXXXXX", s->kept);
        s->fd = mkstemp(s->temporary);
        if (s->fd < 0)
            g_clear_pointer(&s->temporary, g_free);
    }
    g_free(name);
    g_free(key);
    return s->whole;
}

/* What cannot be kept is computed again. */
void s2vi_shards_prepare_end(s2vi_shards *s)
{
    if (!s)
        return;
    ending e = {{0}, s->size};
    memcpy(e.word, whole_word, sizeof(e.word));
    if (s->temporary && s->size && !fchmod(s->fd, 0644) &&
        pwrite(s->fd, &e, sizeof(e), s->size) == (ssize_t)sizeof(e) &&
        !fsync(s->fd) && !rename(s->temporary, s->kept))
        g_clear_pointer(&s->temporary, g_free);
    leave_file(s);
}

void *s2vi_shards_alloc(s2vi_shards *s, bool mapped, size_t bytes,
                        s2v_error *err)
{
    if (mapped)
        return s2vi_shards_memory(s, bytes, err);
    void *memory = malloc(bytes);
    if (!memory)
        s2vi_error_nomem(err, "clips");
    return memory;
}

static void trim(void *self)
{
    s2vi_shards_trim(self);
}

int s2vi_shards_loudness(s2vi_shards *s, const s2vi_sound_span *span, int n,
                         double *lufs, s2v_error *err)
{
    return s2vi_loudness_measure_each(span, n, trim, s, lufs, err);
}

int s2vi_shards_level(s2vi_shards *s, bool mapped, float **sound, int64_t count,
                      double lufs, s2v_error *err)
{
    if (!mapped)
        return s2vi_loudness_level(sound, count, lufs, err);
    float *levelled =
        s2vi_shards_memory(s, (size_t)count * sizeof(*levelled), err);
    if (!levelled)
        return S2V_ERR_IO;
    if (s2vi_level_clip(*sound, (size_t)count, lufs, levelled) < 0)
        return s2vi_error_nomem(err, "sound");
    *sound = levelled;
    s2vi_shards_trim(s);
    return S2V_OK;
}

/* -------------------------------------------------------------- opening -- */

static void close_file(void *file)
{
    s2v_weights *w = file;
    s2v_weights_close(&w);
}

static s2vi_shards *create(const char *folder)
{
    s2vi_shards *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->files = g_ptr_array_new_with_free_func(close_file);
    s->ranges = g_array_new(FALSE, FALSE, sizeof(range));
    s->folder = g_strdup(folder);
    g_mutex_init(&s->trimming);
    s->fd = -1;
    s->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    s->resident = resident(s);
    if (s->resident == SIZE_MAX)
        s->resident = 0;
    return s;
}

void s2vi_shards_close(s2vi_shards **out)
{
    s2vi_shards *s = *out;
    if (!s)
        return;
    const guint files = s->files->len;
    for (guint i = files; i < s->ranges->len; i++) {
        const range *r = &g_array_index(s->ranges, range, i);
        munmap(r->begin, r->bytes);
    }
    g_ptr_array_free(s->files, TRUE);
    g_array_free(s->ranges, TRUE);
    g_free(s->folder);
    leave_file(s);
    if (s->statm >= 0)
        close(s->statm);
    g_mutex_clear(&s->trimming);
    free(s);
    *out = NULL;
}

bool s2vi_shards_at(const char *path)
{
    char *index = g_build_filename(path, S2VI_SHARDS_INDEX, NULL);
    const bool there = g_file_test(index, G_FILE_TEST_IS_REGULAR);
    g_free(index);
    return there;
}

/* The file's pages. They are wanted in any order. */
static range range_of(const s2v_weights *w, size_t bytes)
{
    const s2vi_tensor *t = s2vi_weights_at(w, 0);
    range r = {(char *)(uintptr_t)s2vi_weights_data(w, t) - t->offset, bytes};
    madvise(r.begin, r.bytes, MADV_RANDOM);
    return r;
}

static int damaged(s2v_error *err, const char *path, const char *what)
{
    return s2vi_error(err, S2V_ERR_FORMAT,
                      "'%s': expected a shard that s2v-shards wrote, found %s; "
                      "the command that wrote it writes it anew",
                      path, what);
}

/* The clips of a file, in turn. */
static int hand_over(const s2v_weights *w, const char *path, int64_t clips,
                     int (*add)(void *self, const s2vi_shard_clip *clip,
                                s2v_error *err),
                     void *self, s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(w, "s2v.shard");
    json_t *list = text ? json_loads(text, 0, NULL) : NULL;
    int ret = (int64_t)json_array_size(list) == clips
                  ? S2V_OK
                  : damaged(err, path,
                            "another number of clips than the "
                            "index has");
    for (size_t i = 0; i < json_array_size(list) && !ret; i++) {
        const json_t *facts = json_array_get(list, i);
        const s2vi_shard_clip clip = {
            json_string_value(json_object_get(facts, "clip")), facts, w,
            (int)i};
        ret = clip.path ? add(self, &clip, err)
                        : damaged(err, path, "a clip without a name");
    }
    json_decref(list);
    return ret;
}

static int check_size(const char *path, int64_t bytes, s2v_error *err)
{
    struct stat st;
    char found[64];
    if (stat(path, &st) < 0)
        return s2vi_error(err, S2V_ERR_IO,
                          "'%s': expected a shard, as the index of its folder "
                          "has it, found none: %s",
                          path, g_strerror(errno));
    if (st.st_size == bytes)
        return S2V_OK;
    snprintf(found, sizeof(found), "%lld bytes instead of %lld",
             (long long)st.st_size, (long long)bytes);
    return damaged(err, path, found);
}

static int read_shard(s2vi_shards *s, const char *folder, const json_t *item,
                      int (*add)(void *self, const s2vi_shard_clip *clip,
                                 s2v_error *err),
                      void *self, s2v_error *err)
{
    const char *name = json_string_value(json_object_get(item, "file"));
    const json_int_t bytes = json_integer_value(json_object_get(item, "bytes"));
    const json_int_t clips = json_integer_value(json_object_get(item, "clips"));
    s2v_weights *w = NULL;
    s2v_error why;
    if (!name || strchr(name, '/'))
        return damaged(err, folder, "an index without the names of files");
    char *path =
        g_build_filename(strchr(folder, '/') ? "" : ".", folder, name, NULL);
    int ret = check_size(path, bytes, err);
    if (!ret && s2v_weights_open(&w, path, &why) < 0)
        ret = damaged(err, path, why.message);
    if (!ret && !s2v_weights_count(w))
        ret = damaged(err, path, "no arrays");
    if (!ret) {
        const range r = range_of(w, (size_t)bytes);
        g_ptr_array_add(s->files, w);
        g_array_insert_val(s->ranges, s->files->len - 1, r);
        ret = hand_over(w, path, clips, add, self, err);
        s2vi_shards_trim(s);
    } else {
        s2v_weights_close(&w);
    }
    g_free(path);
    return ret;
}

/* ------------------------------------------------------------- checking -- */

static int check_version(const char *folder, const json_t *index,
                         s2v_error *err)
{
    const char *format = json_string_value(json_object_get(index, "format"));
    const json_t *version = json_object_get(index, "version");
    if (g_strcmp0(format, S2VI_SHARDS_FORMAT) || !json_is_integer(version))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s': expected the index of a folder of shards, "
                          "found another file of that name",
                          folder);
    return json_integer_value(version) == S2VI_SHARDS_VERSION
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_FORMAT,
                            "'%s': expected shards of version %d, found "
                            "version %lld: write them anew with s2v-shards",
                            folder, S2VI_SHARDS_VERSION,
                            (long long)json_integer_value(version));
}

static int check_number(const char *folder, const json_t *index,
                        const char *key, const char *what, int want,
                        s2v_error *err)
{
    const json_int_t found = json_integer_value(json_object_get(index, key));
    return !want || found == want
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "'%s': expected shards with %s %d, found %lld: "
                            "write others with s2v-shards",
                            folder, what, want, (long long)found);
}

static int check_kind(const char *folder, const json_t *index,
                      const s2vi_shards_kind *want, s2v_error *err)
{
    const char *kind = json_string_value(json_object_get(index, "kind"));
    int ret = !g_strcmp0(kind, want->name)
                  ? S2V_OK
                  : s2vi_error(err, S2V_ERR_INVALID,
                               "'%s': expected shards of '%s' (for %s), found "
                               "those of '%s'",
                               folder, want->name, want->models,
                               kind ? kind : "nothing");
    if (!ret)
        ret = check_number(folder, index, "rate", "a sample rate of",
                           want->rate, err);
    return ret ? ret
               : check_number(folder, index, "size", "pictures of a side of",
                              want->size, err);
}

static int check_params(const char *folder, const s2vi_clip_params *p,
                        s2v_error *err)
{
    const char *name = p->crop_w        ? "--crop"
                       : p->start_ms    ? "--start"
                       : p->duration_ms ? "--duration"
                       : p->track       ? "--track"
                                        : NULL;
    return !name ? S2V_OK
                 : s2vi_error(err, S2V_ERR_INVALID,
                              "%s: expected clips, found the shards '%s', "
                              "which were cut by s2v-shards when they were "
                              "written",
                              name, folder);
}

static json_t *load_index(const char *folder, s2v_error *err)
{
    char *path = g_build_filename(folder, S2VI_SHARDS_INDEX, NULL);
    json_error_t why;
    json_t *index = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!index)
        s2vi_error(err, S2V_ERR_FORMAT,
                   "'%s': expected the index of a folder of shards, found "
                   "what is not JSON: line %d: %s",
                   path, why.line, why.text);
    g_free(path);
    return index;
}

int s2vi_shards_read(s2vi_shards **out, const char *folder,
                     const s2vi_shards_kind *want,
                     const s2vi_clip_params *params,
                     int (*add)(void *self, const s2vi_shard_clip *clip,
                                s2v_error *err),
                     void *self, s2v_error *err)
{
    json_t *index = load_index(folder, err);
    int ret = index ? check_version(folder, index, err) : S2V_ERR_FORMAT;
    const json_t *list = json_object_get(index, "shards");
    if (!ret)
        ret = check_kind(folder, index, want, err);
    if (!ret)
        ret = check_params(folder, params, err);
    if (!ret && G_BYTE_ORDER != G_LITTLE_ENDIAN)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "'%s': expected a little-endian processor, whose "
                         "numbers shards hold, found a big-endian one",
                         folder);
    if (!ret && !json_array_size(list))
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "'%s': expected shards, found none", folder);
    if (!ret && !*out)
        *out = create(folder);
    if (!ret && !*out)
        ret = s2vi_error_nomem(err, "shards");
    for (size_t i = 0; i < json_array_size(list) && !ret; i++)
        ret = params->progress && params->progress(params->progress_opaque, -1)
                  ? s2vi_error(err, S2V_ERR_CANCELLED, "interrupted")
                  : read_shard(*out, folder, json_array_get(list, i), add, self,
                               err);
    json_decref(index);
    return ret;
}

/* --------------------------------------------------------------- arrays -- */

static const s2vi_tensor *find(const s2vi_shard_clip *clip, const char *name)
{
    char key[80];
    snprintf(key, sizeof(key), "%d.%s", clip->index, name);
    return s2vi_weights_find(clip->w, key);
}

int64_t s2vi_shard_count(const s2vi_shard_clip *clip, const char *name)
{
    const s2vi_tensor *t = find(clip, name);
    return t ? (int64_t)t->count : 0;
}

void *s2vi_shard_array(const s2vi_shard_clip *clip, const char *name,
                       s2vi_stored type, int64_t count, s2v_error *err)
{
    const s2vi_tensor *t = find(clip, name);
    char what[128];
    if (t && t->type == type && (int64_t)t->count == count &&
        t->offset % s2vi_stored_size(type) == 0)
        return (void *)(uintptr_t)s2vi_weights_data(clip->w, t);
    snprintf(what, sizeof(what), "no usable '%d.%s'", clip->index, name);
    damaged(err, s2v_weights_get_path(clip->w, NULL), what);
    return NULL;
}

int64_t s2vi_shard_number(const s2vi_shard_clip *clip, const char *key,
                          s2v_error *err)
{
    const json_t *value = json_object_get(clip->facts, key);
    const json_int_t number = json_integer_value(value);
    char what[80];
    if (json_is_integer(value) && number >= 0 && number <= INT32_MAX)
        return number;
    snprintf(what, sizeof(what), "a clip without '%s'", key);
    damaged(err, s2v_weights_get_path(clip->w, NULL), what);
    return -1;
}

int s2vi_shard_hash(const s2vi_shard_clip *clip, char hash[65], s2v_error *err)
{
    const char *text = json_string_value(json_object_get(clip->facts, "hash"));
    if (!text || strlen(text) != 64)
        return damaged(err, s2v_weights_get_path(clip->w, NULL),
                       "a clip without 'hash'");
    memcpy(hash, text, 65);
    return S2V_OK;
}
