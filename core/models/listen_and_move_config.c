/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listen and Move: its configuration, as JSON in a weight file. */
#include "models/listen_and_move.h"

#include <jansson.h>
#include <string.h>

static const char *const motions[] = {"dilated", "gru", NULL};
static const char *const connections[] = {"residual", "skip", "none", NULL};
static const char *const predictions[] = {"dirconvgru", "convgru", "none",
                                          NULL};

typedef enum key_type { KEY_INT, KEY_BOOL, KEY_WORD } key_type;

typedef struct key {
    const char *name;
    key_type type;
    size_t offset;
    const char *const *words;
} key;

#define KEY(member, type, words)                                               \
    {                                                                          \
#member, type, offsetof(s2vi_lm_config, member), words                 \
    }

static const key keys[] = {
    KEY(size, KEY_INT, NULL),
    KEY(channels_min, KEY_INT, NULL),
    KEY(channels_max, KEY_INT, NULL),
    KEY(bands, KEY_INT, NULL),
    KEY(noise_e, KEY_INT, NULL),
    KEY(motion_layers, KEY_INT, NULL),
    KEY(motion, KEY_WORD, motions),
    KEY(mfs, KEY_BOOL, NULL),
    KEY(sac, KEY_BOOL, NULL),
    KEY(acin, KEY_BOOL, NULL),
    KEY(noise, KEY_BOOL, NULL),
    KEY(connection, KEY_WORD, connections),
    KEY(prediction, KEY_WORD, predictions),
    KEY(prediction_kernel, KEY_INT, NULL),
};

#define N_KEYS (sizeof(keys) / sizeof(*keys))

void s2vi_lm_defaults(s2vi_lm_config *config)
{
    *config = (s2vi_lm_config){
        .size = 128,
        .channels_min = 16,
        .channels_max = 512,
        .bands = 64,
        .noise_e = 2,
        .motion_layers = 3,
        .mfs = true,
        .sac = true,
        .acin = true,
        .noise = true,
        .prediction_kernel = 3,
    };
}

static int check_range(const char *name, int value, int from, int to,
                       s2v_error *err)
{
    if (value >= from && value <= to)
        return S2V_OK;
    if (from == to)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_LM_NAME ": %s is %d, expected %d", name, value,
                          to);
    return s2vi_error(err, S2V_ERR_MODEL,
                      S2VI_LM_NAME ": %s is %d, expected %d to %d", name, value,
                      from, to);
}

int s2vi_lm_config_check(const s2vi_lm_config *c, s2v_error *err)
{
    int ret = check_range("size", c->size, 8, 1024, err);
    if (!ret && c->size & (c->size - 1))
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         S2VI_LM_NAME ": size is %d, expected a power of 2",
                         c->size);
    if (!ret)
        ret = check_range("channels_min", c->channels_min, 1, 1024, err);
    if (!ret)
        ret = check_range("channels_max", c->channels_max, c->channels_min,
                          4096, err);
    if (!ret)
        ret = check_range("bands", c->bands, 64, 64, err);
    if (!ret)
        ret = check_range("noise_e", c->noise_e, 1, 1024, err);
    if (!ret)
        ret = check_range("motion_layers", c->motion_layers, 1, 8, err);
    if (!ret)
        ret = check_range("prediction_kernel", c->prediction_kernel, 3, 3, err);
    return ret;
}

/* ------------------------------------------------------------ reading -- */

static int parse_word(const key *k, const json_t *value, int *out,
                      s2v_error *err)
{
    const char *word = json_string_value(value);
    for (int i = 0; word && k->words[i]; i++)
        if (!strcmp(word, k->words[i])) {
            *out = i;
            return S2V_OK;
        }
    return s2vi_error(err, S2V_ERR_MODEL,
                      S2VI_LM_NAME ": %s is %s%.40s%s, expected %s, %s%s%s",
                      k->name, word ? "'" : "", word ? word : "not a word",
                      word ? "'" : "", k->words[0], k->words[1],
                      k->words[2] ? ", " : "", k->words[2] ? k->words[2] : "");
}

static int parse_value(const key *k, const json_t *value,
                       s2vi_lm_config *config, s2v_error *err)
{
    void *member = (char *)config + k->offset;
    switch (k->type) {
    case KEY_WORD: return parse_word(k, value, member, err);
    case KEY_BOOL:
        if (!json_is_boolean(value))
            return s2vi_error(err, S2V_ERR_MODEL,
                              S2VI_LM_NAME ": %s is not true or false",
                              k->name);
        *(bool *)member = json_is_true(value);
        return S2V_OK;
    default:
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            json_integer_value(value) > 1 << 20)
            return s2vi_error(err, S2V_ERR_MODEL,
                              S2VI_LM_NAME
                              ": %s is not a whole number from 0 to %d",
                              k->name, 1 << 20);
        *(int *)member = (int)json_integer_value(value);
        return S2V_OK;
    }
}

static const key *find_key(const char *name)
{
    for (size_t i = 0; i < N_KEYS; i++)
        if (!strcmp(keys[i].name, name))
            return &keys[i];
    return NULL;
}

int s2vi_lm_config_parse(s2vi_lm_config *config, const char *json,
                         s2v_error *err)
{
    json_error_t why;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &why), *value;
    const char *name;
    int ret = S2V_OK;
    s2vi_lm_defaults(config);
    if (!json_is_object(root)) {
        const char *found = root ? "found an array" : why.text;
        json_decref(root);
        return s2vi_error(err, S2V_ERR_MODEL,
                          "s2v.config is not a JSON object: %s", found);
    }
    json_object_foreach(root, name, value)
    {
        const key *k = find_key(name);
        ret = k ? parse_value(k, value, config, err)
                : s2vi_error(err, S2V_ERR_MODEL,
                             S2VI_LM_NAME
                             ": unknown setting '%.60s' in "
                             "s2v.config; is the file newer than this "
                             "library?",
                             name);
        if (ret < 0)
            break;
    }
    json_decref(root);
    return ret < 0 ? ret : s2vi_lm_config_check(config, err);
}

/* ------------------------------------------------------------ writing -- */

static json_t *value_of(const key *k, const s2vi_lm_config *config)
{
    const void *member = (const char *)config + k->offset;
    switch (k->type) {
    case KEY_WORD: return json_string(k->words[*(const int *)member]);
    case KEY_BOOL: return json_boolean(*(const bool *)member);
    default: return json_integer(*(const int *)member);
    }
}

char *s2vi_lm_config_text(const s2vi_lm_config *config)
{
    json_t *root = json_object();
    for (size_t i = 0; root && i < N_KEYS; i++)
        if (json_object_set_new(root, keys[i].name,
                                value_of(&keys[i], config)) < 0) {
            json_decref(root);
            root = NULL;
        }
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}
