/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Run a fuzz target over given files and folders, without libFuzzer. A read
 * past an input meets a page that may not be read. */
#define _DEFAULT_SOURCE
#include "../guard.h"

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
    uint8_t *all = malloc(MOST);
    guarded input = {0};
    size_t size = 0;
    if (f && all) {
        size = fread(all, 1, MOST, f);
        input = guarded_copy(all, size);
    }
    bool failed = !input.data || ferror(f);
    if (failed)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    else
        LLVMFuzzerTestOneInput(input.data, size);
    guarded_free(&input);
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
