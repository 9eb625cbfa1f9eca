/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The weight tests' main program, and what they share. */
#define _XOPEN_SOURCE 700
#include "harness.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int checks, failures, skips;
static char folder[1024];

bool check(bool holds, const char *format, ...)
{
    va_list args;
    printf("%sok %d - ", holds ? "" : "not ", ++checks);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    failures += !holds;
    return holds;
}

void skip(const char *name, const char *why)
{
    printf("ok %d - %s # SKIP %s\n", ++checks, name, why);
    skips++;
}

void check_error(const char *name, int ret, int code, const s2v_error *err,
                 const char *part)
{
    if (!check(ret == code && err->code == code && strstr(err->message, part),
               "%s is refused", name))
        printf("# expected status %d and \"%s\", found %d and \"%s\"\n", code,
               part, ret, err->message);
}

int report(void)
{
    printf("1..%d\n# %d checks, %d failed, %d skipped\n", checks, checks,
           failures, skips);
    return failures != 0;
}

const char *scratch(const char *name)
{
    static char paths[4][1400];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

uint8_t *slurp(const char *path, size_t *size)
{
    enum { MOST = 1 << 20 };
    FILE *f = fopen(path, "rb");
    uint8_t *data = f ? calloc(1, MOST + 1) : NULL;
    if (data)
        *size = fread(data, 1, MOST, f);
    if (f)
        fclose(f);
    return data;
}

void spill(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f))
        abort();
}

/* Count the scratch folder's files, and remove them where asked to. */
static int sweep(bool remove_them)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int n = 0;
    while (dir && (entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        n++;
        if (remove_them)
            remove(scratch(entry->d_name));
    }
    if (dir)
        closedir(dir);
    return n;
}

int count_scratch_files(void)
{
    return sweep(false);
}

void make_scratch(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/s2v-weights-XXXXXX",
             base && *base ? base : "/tmp");
    if (!mkdtemp(folder))
        abort();
}

void remove_scratch(void)
{
    sweep(true);
    rmdir(folder);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_weights CORPUS_FOLDER\n");
        return 2;
    }
    make_scratch();
    test_dtypes();
    test_round_trip();
    test_corpus(argv[1]);
    test_starts(argv[1]);
    test_check();
    test_paths();
    test_writer_arguments();
    test_all_or_nothing();
    remove_scratch();
    return report();
}
