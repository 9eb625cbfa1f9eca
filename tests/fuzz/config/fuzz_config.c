/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz the configurations of the models, as weight files hold them: the first
 * byte says whose, the others are its JSON. What is accepted is written in
 * such a way that it is read back as it was, and has parameters.
 */
#include "fuzz.h"

#include "models/foley.h"
#include "models/listen_and_move.h"

#include <stdlib.h>
#include <string.h>

typedef union config {
    s2vi_lm_config lm;
    s2vi_foley_config foley;
    s2vi_hifigan_config hifigan;
    s2vi_vs_config vs;
} config;

typedef struct kind {
    int (*parse)(config *c, const char *json, s2v_error *err);
    char *(*text)(const config *c);
    int (*params)(const config *c, s2vi_param_list *list, s2v_error *err);
} kind;

#define KIND(name)                                                             \
    static int name##_parse(config *c, const char *json, s2v_error *err)       \
    {                                                                          \
        return s2vi_##name##_config_parse(&c->name, json, err);                \
    }                                                                          \
    static char *name##_text(const config *c)                                  \
    {                                                                          \
        return s2vi_##name##_config_text(&c->name);                            \
    }                                                                          \
    static int name##_params(const config *c, s2vi_param_list *list,           \
                             s2v_error *err)                                   \
    {                                                                          \
        return s2vi_##name##_params(&c->name, list, err);                      \
    }

KIND(lm)
KIND(foley)
KIND(hifigan)
KIND(vs)

static const kind kinds[] = {
    {lm_parse, lm_text, lm_params},
    {foley_parse, foley_text, foley_params},
    {hifigan_parse, hifigan_text, hifigan_params},
    {vs_parse, vs_text, vs_params},
};

static void check_params(const kind *k, const config *c)
{
    s2vi_param_list list = {0};
    s2v_error err = {0};
    REQUIRE(k->params(c, &list, &err) == S2V_OK);
    REQUIRE(list.count > 0);
    for (int i = 0; i < list.count; i++)
        REQUIRE(s2vi_shape_count(&list.param[i].shape) > 0);
    s2vi_param_list_close(&list);
}

static void check_text(const kind *k, const config *c)
{
    config again;
    s2v_error err = {0};
    char *text = k->text(c);
    REQUIRE(text != NULL);
    REQUIRE(k->parse(&again, text, &err) == S2V_OK);
    char *second = k->text(&again);
    REQUIRE(second != NULL);
    REQUIRE(!strcmp(text, second));
    free(second);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const kind *k = &kinds[fuzz_byte(&in) % (sizeof(kinds) / sizeof(*kinds))];
    char *json = fuzz_text(&in);
    s2v_error err = {0};
    config c;
    if (!json)
        return 0;
    const int ret = k->parse(&c, json, &err);
    fuzz_require_sentence(ret, &err);
    if (!ret) {
        check_text(k, &c);
        check_params(k, &c);
    }
    free(json);
    return 0;
}
