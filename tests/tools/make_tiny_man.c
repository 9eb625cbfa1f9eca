/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make_tiny_man OUT.bin [--KEY VALUE]...: write a talking head for tests.
 *
 * KEY is one of
 *     seed N           of the weights
 *     config TEXT      another "s2v.config", unchecked
 *     level TEXT       "s2v.level", unchecked
 *     missing TENSOR
 *     preset NAME      the widths of a named size, which is not tiny
 *     untrained N      1: weights as a training begins with
 *     blend N          behind preset; 1: the moved portrait shows through
 *
 *     make_tiny_man man.bin --seed 3
 */
#include "tiny_man.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool set(tiny_man *spec, const char *key, const char *value)
{
    if (!strcmp(key, "preset")) {
        s2vi_man_defaults(&spec->config);
        return s2vi_man_set_preset(&spec->config, value);
    }
    if (!strcmp(key, "blend"))
        spec->config.blend = atoi(value);
    else if (!strcmp(key, "untrained"))
        spec->untrained = atoi(value);
    else if (!strcmp(key, "seed"))
        spec->seed = strtoull(value, NULL, 0);
    else if (!strcmp(key, "config"))
        spec->config_text = value;
    else if (!strcmp(key, "level"))
        spec->level = value;
    else if (!strcmp(key, "missing"))
        spec->missing = value;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    tiny_man spec = tiny_man_defaults();
    s2v_error err = {0};
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: make_tiny_man OUT.bin [--KEY VALUE]...\n");
        return 2;
    }
    for (int i = 2; i < argc; i += 2)
        if (strncmp(argv[i], "--", 2) || i + 1 == argc ||
            !set(&spec, argv[i] + 2, argv[i + 1])) {
            fprintf(stderr, "make_tiny_man: '%s': expected --KEY VALUE\n",
                    argv[i]);
            return 2;
        }
    if (tiny_man_write(argv[1], &spec, &err) < 0) {
        fprintf(stderr, "make_tiny_man: %s\n", err.message);
        return 1;
    }
    return 0;
}
