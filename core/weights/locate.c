/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where weight files lie, and how names and paths are shown in messages. */
#define _XOPEN_SOURCE 700
#include "weights/private.h"

#include "base/error.h"
#include "base/nearest.h"

#include <dirent.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Copy what is printable of `src`; a '?' stands for the rest. */
static void copy_printable(char *dst, size_t size, const char *src)
{
    static const char cut[] = "...";
    size_t n = 0;
    while (*src) {
        gunichar c = g_utf8_get_char_validated(src, -1);
        bool valid = c != (gunichar)-1 && c != (gunichar)-2;
        size_t length = valid ? (size_t)(g_utf8_next_char(src) - src) : 1;
        if (n + length + sizeof(cut) > size && strlen(src) + n >= size) {
            memcpy(dst + n, cut, sizeof(cut));
            return;
        }
        if (valid && g_unichar_isprint(c)) {
            memcpy(dst + n, src, length);
            n += length;
        } else {
            dst[n++] = '?';
        }
        src += length;
    }
    dst[n] = '\0';
}

s2vi_quoted s2vi_quote(const char *name)
{
    s2vi_quoted quoted;
    copy_printable(quoted.text, sizeof(quoted.text), name);
    return quoted;
}

void s2vi_quote_path(char *dst, size_t size, const char *path)
{
    size_t n = strlen(path);
    if (n >= size) {
        memcpy(dst, "...", 3);
        copy_printable(dst + 3, size - 3, path + n - (size - 4));
    } else {
        copy_printable(dst, size, path);
    }
}

static char *join(const char *folder, size_t length, const char *name)
{
    size_t size = length + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%.*s/%s", (int)length, folder, name);
    return path;
}

static bool is_file(const char *path)
{
    struct stat st;
    return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

/* The places tried so far, as text. */
typedef struct places {
    char text[640];
    size_t used;
    bool full;
    s2vi_nearest near; /* weight files in them */
} places;

static void add_place(places *p, const char *folder, size_t length)
{
    static const char more[] = ", ...";
    char whole[128], shown[128];
    size_t kept = length < sizeof(whole) ? length : sizeof(whole) - 1;
    memcpy(whole, folder, kept);
    whole[kept] = '\0';
    copy_printable(shown, sizeof(shown), whole);
    size_t room = sizeof(p->text) - p->used;
    if (p->full)
        return;
    p->full = strlen(shown) + 2 + sizeof(more) > room;
    p->used += (size_t)snprintf(p->text + p->used, room, "%s%s",
                                p->full ? more : ", ", p->full ? "" : shown);
}

/* Whether a file's name ends as weight files do. */
static bool is_of_weights(const char *name)
{
    const char *end = strrchr(name, '.');
    return end && (!strcmp(end, ".bin") || !strcmp(end, ".safetensors"));
}

/* Which of the folder's weight files was probably meant. */
static void look_near(s2vi_nearest *near, const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (is_of_weights(entry->d_name))
            s2vi_nearest_try(near, entry->d_name);
    if (dir)
        closedir(dir);
}

/* Try one folder: 1 found, 0 not there, negative on failure. */
static int try_folder(char **found, const char *folder, size_t length,
                      const char *name, places *tried, s2v_error *err)
{
    char *path = join(folder, length, name);
    if (!path)
        return s2vi_error_nomem(err, "a path");
    if (is_file(path)) {
        *found = path;
        return 1;
    }
    free(path);
    add_place(tried, folder, length);
    if ((path = join(folder, length, ".")))
        look_near(&tried->near, path);
    free(path);
    return 0;
}

/* Try each folder of a colon-separated list; as try_folder(). */
static int try_list(char **found, const char *list, const char *name,
                    places *tried, s2v_error *err)
{
    int ret = 0;
    while (list && *list && !ret) {
        size_t length = strcspn(list, ":");
        if (length)
            ret = try_folder(found, list, length, name, tried, err);
        list += length + (list[length] == ':');
    }
    return ret;
}

static int no_such_file(const char *shown, const places *tried, s2v_error *err)
{
    const bool near = *tried->near.best;
    return s2vi_error(err, S2V_ERR_IO,
                      "%s: no such file%s%s%s; looked in: the current "
                      "folder%s (S2V_MODEL_PATH may list more)",
                      shown, near ? " (did you mean " : "",
                      near ? s2vi_quote(tried->near.best).text : "",
                      near ? "?)" : "", tried->text);
}

int s2vi_weights_find_path(char **found, const char *name, s2v_error *err)
{
    static const char installed[] =
#ifdef S2V_MODEL_DIR
        S2V_MODEL_DIR;
#else
        "";
#endif
    places tried = {.near = s2vi_nearest_to(name)};
    struct stat st;
    int ret = 0;
    *found = NULL;
    if (!strchr(name, '/') && !is_file(name)) {
        look_near(&tried.near, ".");
        ret = try_list(found, getenv("S2V_MODEL_PATH"), name, &tried, err);
        if (!ret && *installed)
            ret = try_folder(found, installed, strlen(installed), name, &tried,
                             err);
        /* A folder of that name: opening it says so better than we could. */
        if (!ret && stat(name, &st)) {
            char shown[128];
            s2vi_quote_path(shown, sizeof(shown), name);
            return no_such_file(shown, &tried, err);
        }
    }
    if (ret < 0 || *found)
        return ret < 0 ? ret : S2V_OK;
    *found = strdup(name);
    return *found ? S2V_OK : s2vi_error_nomem(err, "a path");
}
