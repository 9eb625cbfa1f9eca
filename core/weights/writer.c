/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Write a safetensors container, whole or not at all: under another name in
 * the same folder, flushed to the disk, then renamed over the final name.
 */
#define _XOPEN_SOURCE 700
#include "weights/private.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PREFIX = 8,
    ALIGNMENT = 64, /* of the tensor data: the header is padded with spaces */
};

typedef struct piece {
    uint8_t *bytes;
    size_t size;
} piece;

struct s2vi_writer {
    char *path;      /* the final name, links followed */
    char *temporary; /* beside it; NULL: not there */
    char label[128]; /* the final name, for messages */
    int fd;          /* of the temporary file */
    bool in_memory;  /* there is none; what is written goes to: */
    uint8_t *memory;
    size_t filled;
    json_t *header, *metadata;
    GChecksum *sum; /* of the tensor bytes so far */
    piece *pieces;  /* those bytes */
    size_t count, capacity;
    uint64_t size;
    s2v_error first; /* the first failure: the commit reports it */
};

/* -------------------------------------------------- beginning a file -- */

/* The file that `path` means: a link is followed, so that it stays one. */
static int resolve(s2vi_writer *w, const char *path, s2v_error *err)
{
    struct stat st;
    w->path = !lstat(path, &st) && S_ISLNK(st.st_mode) ? realpath(path, NULL)
                                                       : strdup(path);
    if (!w->path)
        return s2vi_error(err, errno == ENOMEM ? S2V_ERR_NOMEM : S2V_ERR_IO,
                          "cannot write %s: %s", w->label, g_strerror(errno));
    /* A rename would replace /dev/null as gladly as a file. */
    if (!stat(w->path, &st) && !S_ISREG(st.st_mode))
        return s2vi_error(
            err, S2V_ERR_IO,
            "cannot write %s: it is %s, expected a file or a "
            "new name",
            w->label, S_ISDIR(st.st_mode) ? "a folder" : "a pipe or device");
    return S2V_OK;
}

/* Bytes of `path` up to and with its last slash. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* A name of its own, however long the final one is. */
static int open_temporary(s2vi_writer *w, s2v_error *err)
{
    size_t folder = folder_length(w->path), size = folder + 64;
    w->temporary = malloc(size);
    if (!w->temporary)
        return s2vi_error_nomem(err, "a path");
    for (int i = 0; i < 1000; i++) {
        snprintf(w->temporary, size, "%.*s.s2v-%ld-%d.tmp", (int)folder,
                 w->path, (long)getpid(), i);
        w->fd =
            open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (w->fd >= 0 || errno != EEXIST)
            break;
    }
    if (w->fd >= 0)
        return S2V_OK;
    int reason = errno;
    free(w->temporary);
    w->temporary = NULL;
    return s2vi_error(err, S2V_ERR_IO, "cannot write %s: %s", w->label,
                      g_strerror(reason));
}

/* A writer without a place to write to. */
static int create(s2vi_writer **writer, const char *name, s2v_error *err)
{
    s2vi_writer *w = *writer = calloc(1, sizeof(*w));
    if (!w)
        return s2vi_error_nomem(err, "writing a weight file");
    w->fd = -1;
    s2vi_quote_path(w->label, sizeof(w->label), name);
    w->header = json_object();
    w->metadata = json_object();
    w->sum = g_checksum_new(G_CHECKSUM_SHA256);
    if (w->header && w->metadata)
        return S2V_OK;
    s2vi_writer_abort(writer);
    return s2vi_error_nomem(err, "writing a weight file");
}

int s2vi_writer_create_memory(s2vi_writer **writer, const char *name,
                              s2v_error *err)
{
    const int ret = create(writer, name, err);
    if (!ret)
        (*writer)->in_memory = true;
    return ret;
}

int s2vi_writer_create(s2vi_writer **writer, const char *path, s2v_error *err)
{
    struct stat st;
    s2vi_writer *w;
    int ret = create(&w, path, err);
    *writer = NULL;
    if (ret < 0)
        return ret;
    if ((ret = resolve(w, path, err)) < 0 || (ret = open_temporary(w, err)) < 0)
        goto fail;
    /* The new file keeps the old one's permissions, where it may. */
    if (!stat(w->path, &st) && fchmod(w->fd, st.st_mode & 0777))
        errno = 0;
    *writer = w;
    return S2V_OK;
fail:
    s2vi_writer_abort(&w);
    return ret;
}

void s2vi_writer_abort(s2vi_writer **writer)
{
    s2vi_writer *w = writer ? *writer : NULL;
    if (!w)
        return;
    *writer = NULL;
    if (w->fd >= 0)
        close(w->fd);
    if (w->temporary)
        unlink(w->temporary);
    for (size_t i = 0; i < w->count; i++)
        free(w->pieces[i].bytes);
    free(w->pieces);
    free(w->memory);
    json_decref(w->header);
    json_decref(w->metadata);
    g_checksum_free(w->sum);
    free(w->temporary);
    free(w->path);
    free(w);
}

/* ---------------------------------------------------------- contents -- */

/* Keep the first error for the commit. */
static int note(s2vi_writer *w, const s2v_error *e, s2v_error *err)
{
    if (!w->first.code)
        w->first = *e;
    if (err)
        *err = *e;
    return e->code;
}

int s2vi_writer_set_metadata(s2vi_writer *writer, const char *key,
                             const char *value, s2v_error *err)
{
    s2v_error e;
    if (!strcmp(key, "s2v.sha256"))
        s2vi_error(&e, S2V_ERR_INVALID,
                   "%s: metadata \"s2v.sha256\" is computed, not set",
                   writer->label);
    else if (!json_object_set_new(writer->metadata, key, json_string(value)))
        return S2V_OK;
    else if (g_utf8_validate(key, -1, NULL) && g_utf8_validate(value, -1, NULL))
        s2vi_error_nomem(&e, "metadata");
    else
        s2vi_error(&e, S2V_ERR_INVALID,
                   "%s: metadata \"%s\" is not valid UTF-8", writer->label,
                   s2vi_quote(key).text);
    return note(writer, &e, err);
}

static int check_new_tensor(const s2vi_writer *w, const char *name,
                            s2vi_stored type, int rank, const int64_t *shape,
                            piece *p, uint64_t *elements, s2v_error *e)
{
    uint64_t bytes;
    if (!g_utf8_validate(name, -1, NULL) || !strcmp(name, "__metadata__"))
        return s2vi_error(e, S2V_ERR_INVALID,
                          "%s: \"%s\" cannot be a tensor's name", w->label,
                          s2vi_quote(name).text);
    if (json_object_get(w->header, name))
        return s2vi_error(e, S2V_ERR_INVALID,
                          "%s: tensor \"%s\" is added twice", w->label,
                          s2vi_quote(name).text);
    if (!s2vi_stored_extent(type, rank, shape, elements, &bytes) ||
        bytes > INT64_MAX - w->size || bytes > SIZE_MAX / 2)
        return s2vi_error(e, S2V_ERR_INVALID,
                          "%s: tensor \"%s\" has more than %d dimensions, a "
                          "negative one or too many elements",
                          w->label, s2vi_quote(name).text,
                          S2VI_STORED_MAX_RANK);
    p->size = (size_t)bytes;
    p->bytes = malloc(p->size + !p->size);
    return p->bytes ? S2V_OK : s2vi_error_nomem(e, "a tensor");
}

static json_t *describe(const s2vi_writer *w, s2vi_stored type, int rank,
                        const int64_t *shape, size_t size)
{
    json_t *dims = json_array();
    for (int i = 0; i < rank; i++) {
        if (json_array_append_new(dims, json_integer(shape[i]))) {
            json_decref(dims);
            return NULL;
        }
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", s2vi_stored_name(type),
                     "shape", dims, "data_offsets", (json_int_t)w->size,
                     (json_int_t)(w->size + size));
}

/* Take `p` over, on failure too. */
static int append(s2vi_writer *w, const char *name, s2vi_stored type, int rank,
                  const int64_t *shape, piece p, s2v_error *e)
{
    if (w->count == w->capacity) {
        size_t capacity = w->capacity ? 2 * w->capacity : 64;
        piece *grown = realloc(w->pieces, capacity * sizeof(*grown));
        if (!grown)
            goto fail;
        w->pieces = grown;
        w->capacity = capacity;
    }
    if (json_object_set_new(w->header, name,
                            describe(w, type, rank, shape, p.size)))
        goto fail;
    w->pieces[w->count++] = p;
    w->size += p.size;
    for (size_t at = 0; at < p.size; at += 1 << 20)
        g_checksum_update(w->sum, p.bytes + at,
                          (gssize)MIN(p.size - at, 1 << 20));
    return S2V_OK;
fail:
    free(p.bytes);
    return s2vi_error_nomem(e, "a tensor");
}

/* Refuse what a reader would refuse. */
static int check_finite(const s2vi_writer *w, const char *name,
                        s2vi_stored type, const piece *p, size_t elements,
                        const float *src, s2v_error *e)
{
    size_t bad = s2vi_stored_find_bad(type, p->bytes, elements);
    if (bad == elements)
        return S2V_OK;
    double value = src ? src[bad] : s2vi_stored_value(type, p->bytes, bad);
    return s2vi_error(e, S2V_ERR_INVALID,
                      "cannot write %s: tensor \"%s\" holds %g at index %zu "
                      "of %zu, expected numbers that are finite as %s",
                      w->label, s2vi_quote(name).text, value, bad, elements,
                      s2vi_stored_name(type));
}

int s2vi_writer_add(s2vi_writer *writer, const char *name, s2vi_stored type,
                    int rank, const int64_t *shape, const float *src,
                    s2v_error *err)
{
    s2v_error e = {0};
    piece p = {NULL, 0};
    uint64_t n;
    if (!s2vi_stored_is_float(type) || type == S2VI_STORED_F64) {
        s2vi_error(&e, S2V_ERR_INVALID,
                   "%s: tensor \"%s\": floats cannot be stored as %s",
                   writer->label, s2vi_quote(name).text,
                   s2vi_stored_name(type));
        return note(writer, &e, err);
    }
    if (check_new_tensor(writer, name, type, rank, shape, &p, &n, &e) < 0)
        return note(writer, &e, err);
    s2vi_stored_encode(type, src, (size_t)n, p.bytes);
    if (check_finite(writer, name, type, &p, (size_t)n, src, &e) < 0) {
        free(p.bytes);
        return note(writer, &e, err);
    }
    if (append(writer, name, type, rank, shape, p, &e) < 0)
        return note(writer, &e, err);
    return S2V_OK;
}

int s2vi_writer_add_raw(s2vi_writer *writer, const char *name, s2vi_stored type,
                        int rank, const int64_t *shape, const void *src,
                        s2v_error *err)
{
    s2v_error e = {0};
    piece p = {NULL, 0};
    uint64_t n;
    if (check_new_tensor(writer, name, type, rank, shape, &p, &n, &e) < 0)
        return note(writer, &e, err);
    s2vi_stored_copy(type, src, (size_t)n, p.bytes);
    if (check_finite(writer, name, type, &p, (size_t)n, NULL, &e) < 0) {
        free(p.bytes);
        return note(writer, &e, err);
    }
    if (append(writer, name, type, rank, shape, p, &e) < 0)
        return note(writer, &e, err);
    return S2V_OK;
}

/* ------------------------------------------------------------ commit -- */

static int io_error(const s2vi_writer *w, const char *what, s2v_error *err)
{
    return s2vi_error(err, S2V_ERR_IO, "cannot write %s: %s: %s", w->label,
                      what, g_strerror(errno));
}

static int write_memory(s2vi_writer *w, const void *bytes, size_t size,
                        s2v_error *err)
{
    uint8_t *grown = realloc(w->memory, w->filled + size + 1);
    if (!grown)
        return s2vi_error_nomem(err, w->label);
    w->memory = grown;
    memcpy(w->memory + w->filled, bytes, size);
    w->filled += size;
    return S2V_OK;
}

static int write_all(s2vi_writer *w, const void *bytes, size_t size,
                     s2v_error *err)
{
    const uint8_t *p = bytes;
    if (w->in_memory)
        return write_memory(w, bytes, size, err);
    while (size) {
        ssize_t n = write(w->fd, p, MIN(size, (size_t)1 << 30));
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ENOSPC;
        if (n <= 0)
            return io_error(w, "writing failed", err);
        p += n;
        size -= (size_t)n;
    }
    return S2V_OK;
}

static int write_header(s2vi_writer *w, s2v_error *err)
{
    static const char spaces[ALIGNMENT + 1] =
        "                                                                ";
    if (json_object_set_new(w->metadata, "s2v.sha256",
                            json_string(g_checksum_get_string(w->sum))) ||
        json_object_set(w->header, "__metadata__", w->metadata))
        return s2vi_error_nomem(err, "the header of a weight file");
    char *text = json_dumps(w->header, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        return s2vi_error_nomem(err, "the header of a weight file");
    size_t length = strlen(text);
    size_t padding = (ALIGNMENT - (PREFIX + length) % ALIGNMENT) % ALIGNMENT;
    uint64_t total = length + padding;
    uint8_t prefix[PREFIX];
    for (int i = 0; i < PREFIX; i++)
        prefix[i] = (uint8_t)(total >> (8 * i));
    int ret;
    if (total > S2VI_HEADER_MAX)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "cannot write %s: expected a header of at most %d "
                         "bytes, found %" PRIu64,
                         w->label, (int)S2VI_HEADER_MAX, total);
    else if ((ret = write_all(w, prefix, PREFIX, err)) >= 0 &&
             (ret = write_all(w, text, length, err)) >= 0)
        ret = write_all(w, spaces, padding, err);
    free(text);
    return ret;
}

/* Make the rename itself last. Best effort: some file systems cannot, and the
 * file is whole by now, under one name or the other. */
static void sync_folder(const char *path)
{
    size_t length = folder_length(path);
    char *folder = length ? strndup(path, length) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

static int write_contents(s2vi_writer *w, s2v_error *err)
{
    int ret = write_header(w, err);
    for (size_t i = 0; i < w->count && ret >= 0; i++)
        ret = write_all(w, w->pieces[i].bytes, w->pieces[i].size, err);
    return ret;
}

static int write_file(s2vi_writer *w, s2v_error *err)
{
    const int ret = write_contents(w, err);
    if (ret < 0)
        return ret;
    if (fsync(w->fd))
        return io_error(w, "flushing to the disk failed", err);
    int failed = close(w->fd); /* network file systems report here */
    w->fd = -1;
    if (failed)
        return io_error(w, "closing failed", err);
    if (rename(w->temporary, w->path))
        return io_error(w, "renaming failed", err);
    free(w->temporary);
    w->temporary = NULL;
    sync_folder(w->path);
    return S2V_OK;
}

int s2vi_writer_commit(s2vi_writer **writer, s2v_error *err)
{
    s2vi_writer *w = *writer;
    int ret = w->first.code;
    if (ret < 0 && err)
        *err = w->first;
    else if (ret >= 0)
        ret = write_file(w, err);
    s2vi_writer_abort(writer);
    return ret;
}

int s2vi_writer_commit_memory(s2vi_writer **writer, void **data, size_t *size,
                              s2v_error *err)
{
    s2vi_writer *w = *writer;
    int ret = w->first.code;
    *data = NULL;
    *size = 0;
    if (ret < 0 && err)
        *err = w->first;
    else if (ret >= 0)
        ret = write_contents(w, err);
    if (ret >= 0) {
        *data = w->memory;
        *size = w->filled;
        w->memory = NULL;
    }
    s2vi_writer_abort(writer);
    return ret;
}
