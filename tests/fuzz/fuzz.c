/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzz targets share; see fuzz.h. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Noreturn void fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

void fuzz_require_sentence(int ret, const s2v_error *err)
{
    REQUIRE(ret <= 0);
    REQUIRE(ret == S2V_OK || err->code == ret);
    REQUIRE(ret == S2V_OK || strlen(err->message) > 10);
    REQUIRE(ret == S2V_OK || strlen(err->message) < sizeof(err->message));
}

/* -------------------------------------------------------------- input -- */

uint8_t fuzz_byte(fuzz_input *in)
{
    if (!in->size)
        return 0;
    in->size--;
    return *in->data++;
}

uint32_t fuzz_word(fuzz_input *in)
{
    const uint32_t high = fuzz_byte(in);
    return high << 8 | fuzz_byte(in);
}

char *fuzz_text(fuzz_input *in)
{
    if (!in->size)
        return NULL;
    const size_t n = strnlen((const char *)in->data, in->size);
    char *text = malloc(n + 1);
    REQUIRE(text != NULL);
    memcpy(text, in->data, n);
    text[n] = '\0';
    const size_t taken = n < in->size ? n + 1 : n;
    in->data += taken;
    in->size -= taken;
    return text;
}

/* -------------------------------------------------------------- files -- */

const char *fuzz_file(const void *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    const char *at = data;
    if (fd >= 0)
        close(fd);
    fd = memfd_create("fuzz", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    while (size) {
        const ssize_t n = write(fd, at, size);
        REQUIRE(n > 0);
        at += n;
        size -= (size_t)n;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return path;
}

static char folder[1024];

static void remove_folder(void)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            remove(fuzz_scratch(entry->d_name));
    if (dir)
        closedir(dir);
    rmdir(folder);
}

const char *fuzz_scratch(const char *name)
{
    static char path[1400];
    const char *base = getenv("TMPDIR");
    if (!*folder) {
        snprintf(folder, sizeof(folder), "%s/s2v-fuzz-XXXXXX",
                 base && *base ? base : "/tmp");
        REQUIRE(mkdtemp(folder) != NULL);
        atexit(remove_folder);
    }
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

/* -------------------------------------------------------- allocations -- */

/* The linker's --wrap brings what is linked in statically here; shared
 * libraries call the C library's own. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t most);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t most);

static unsigned left; /* calls to come, the one that fails included */
static bool failed;

static bool fails(void)
{
    if (!left || --left)
        return false;
    failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return fails() ? NULL : __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t most)
{
    return fails() ? NULL : __real_strndup(text, most);
}

void fuzz_fail_allocation(unsigned k)
{
    left = k;
    failed = false;
}

bool fuzz_allocation_failed(void)
{
    const bool it_did = failed;
    fuzz_fail_allocation(0);
    return it_did;
}
