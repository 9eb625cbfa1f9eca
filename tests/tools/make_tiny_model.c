/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make_tiny_model OUT.bin [--KEY VALUE]...: write a model for tests.
 *
 * KEY is a setting of the network (size, channels_min, prediction ...; a '-'
 * serves for a '_'), or one of
 *     seed N         of the weights
 *     kind NAME      another "s2v.model"; '' for none
 *     config TEXT    another "s2v.config", unchecked; '' for none
 *     level TEXT, features TEXT: "s2v.level" and "s2v.features", unchecked
 *     nan TENSOR     its first number is NaN
 *     missing TENSOR, extra TENSOR, flat TENSOR (shape of one dimension)
 *
 *     make_tiny_model tiny.bin --size 32 --prediction convgru
 */
#include "tiny_model.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The settings given so far, as JSON for the model's own parser. */
static int set_network(json_t *settings, const char *key, const char *value)
{
    char name[40];
    size_t n = strlen(key);
    if (n >= sizeof(name))
        return -1;
    for (size_t i = 0; i <= n; i++)
        name[i] = key[i] == '-' ? '_' : key[i];
    json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
    return json_object_set_new(settings, name, v ? v : json_string(value));
}

static int set(tiny_model *spec, json_t *settings, const char *key,
               const char *value)
{
    const struct {
        const char *key;
        const char **member;
    } texts[] = {{"kind", &spec->kind},         {"config", &spec->config_text},
                 {"level", &spec->level},       {"spectrum", &spec->spectrum},
                 {"features", &spec->features}, {"nan", &spec->nan},
                 {"missing", &spec->missing},   {"extra", &spec->extra},
                 {"flat", &spec->flat}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (!strcmp(key, texts[i].key)) {
            *texts[i].member = value;
            return 0;
        }
    if (strcmp(key, "seed"))
        return set_network(settings, key, value);
    spec->seed = strtoull(value, NULL, 0);
    return 0;
}

static json_t *default_settings(const tiny_model *spec)
{
    char *text = s2vi_lm_config_text(&spec->config);
    json_t *settings = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return settings;
}

static int parse(tiny_model *spec, int argc, char **argv, s2v_error *err)
{
    json_t *settings = default_settings(spec);
    int ret = settings ? S2V_OK : S2V_ERR_NOMEM;
    for (int i = 2; i < argc && !ret; i += 2)
        if (strncmp(argv[i], "--", 2) || i + 1 == argc ||
            set(spec, settings, argv[i] + 2, argv[i + 1]) < 0) {
            snprintf(err->message, sizeof(err->message),
                     "'%s': expected --KEY VALUE", argv[i]);
            ret = S2V_ERR_INVALID;
        }
    char *text = ret ? NULL : json_dumps(settings, 0);
    if (text)
        ret = s2vi_lm_config_parse(&spec->config, text, err);
    free(text);
    json_decref(settings);
    return ret;
}

int main(int argc, char **argv)
{
    tiny_model spec = tiny_model_defaults();
    s2v_error err = {0};
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: make_tiny_model OUT.bin [--KEY VALUE]...\n");
        return 2;
    }
    int ret = parse(&spec, argc, argv, &err);
    if (!ret)
        ret = tiny_model_write(argv[1], &spec, &err);
    if (ret < 0)
        fprintf(stderr, "make_tiny_model: %s\n", err.message);
    return ret < 0;
}
