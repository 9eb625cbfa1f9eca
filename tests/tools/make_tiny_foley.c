/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make_tiny_foley OUT.bin [--KEY VALUE]...: write a model for tests.
 *
 * KEY is one of
 *     seed N         of the weights
 *     window TEXT    "s2v.window"; '' for none
 *     config TEXT    another "s2v.config", unchecked
 *     missing TENSOR
 *     without PART   sight or vocoder
 *     size paper     the papers' own, with HiFi-GAN V1: not tiny, to time it
 *
 *     make_tiny_foley foley.bin --window 64
 */
#include "tiny_foley.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void enlarge(tiny_foley *spec)
{
    s2vi_foley_config *c = &spec->config;
    s2vi_vs_defaults(&c->generator);
    s2vi_visual_encoder_defaults(&c->sight, c->generator.features);
    s2vi_hifigan_version(&c->vocoder, 1);
    spec->window = NULL;
}

static bool set(tiny_foley *spec, const char *key, const char *value)
{
    if (!strcmp(key, "seed"))
        spec->seed = strtoull(value, NULL, 0);
    else if (!strcmp(key, "window"))
        spec->window = *value ? value : NULL;
    else if (!strcmp(key, "config"))
        spec->config_text = value;
    else if (!strcmp(key, "missing"))
        spec->missing = value;
    else if (!strcmp(key, "without") && !strcmp(value, "sight"))
        spec->config.has_sight = false;
    else if (!strcmp(key, "without") && !strcmp(value, "vocoder"))
        spec->config.has_vocoder = false;
    else if (!strcmp(key, "size") && !strcmp(value, "paper"))
        enlarge(spec);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    tiny_foley spec = tiny_foley_defaults();
    s2v_error err = {0};
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: make_tiny_foley OUT.bin [--KEY VALUE]...\n");
        return 2;
    }
    for (int i = 2; i < argc; i += 2)
        if (strncmp(argv[i], "--", 2) || i + 1 == argc ||
            !set(&spec, argv[i] + 2, argv[i + 1])) {
            fprintf(stderr, "make_tiny_foley: '%s': expected --KEY VALUE\n",
                    argv[i]);
            return 2;
        }
    if (tiny_foley_write(argv[1], &spec, &err) < 0) {
        fprintf(stderr, "make_tiny_foley: %s\n", err.message);
        return 1;
    }
    return 0;
}
