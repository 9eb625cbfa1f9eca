/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Run a fuzz target over given files and folders, without libFuzzer. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    enum { MOST = 1 << 20 };
    FILE *f = fopen(path, "rb");
    uint8_t *all = malloc(MOST), *data = NULL;
    size_t size = 0;
    if (f && all) {
        size = fread(all, 1, MOST, f);
        /* of the very size, so that a checker sees each read past it */
        data = malloc(size + !size);
    }
    bool failed = !data || ferror(f);
    if (failed)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    else
        LLVMFuzzerTestOneInput(memcpy(data, all, size), size);
    free(data);
    free(all);
    if (f)
        fclose(f);
    return failed ? -1 : 0;
}

/* A folder's files, or one file: how many, or -1. */
static int replay_all(const char *path)
{
    struct dirent *entry;
    DIR *dir = opendir(path);
    int n = 0;
    if (!dir)
        return replay(path) < 0 ? -1 : 1;
    while (n >= 0 && (entry = readdir(dir))) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        n = replay(file) < 0 ? -1 : n + 1;
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int n = replay_all(argv[i]);
        if (n < 0)
            return 1;
        total += n;
    }
    printf("%d inputs, no failure\n", total);
    return total == 0;
}
