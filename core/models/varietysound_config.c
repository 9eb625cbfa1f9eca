/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VarietySound: its configuration, as JSON in a weight file. */
#include "models/varietysound.h"

#include <jansson.h>
#include <string.h>

enum { MAX_WIDTH = 1 << 14 };

/* A whole number of the configuration, from 1 to `most`. */
typedef struct key {
    const char *name;
    size_t offset;
    int most;
} key;

#define KEY(member, most)                                                      \
    {                                                                          \
#member, offsetof(s2vi_vs_config, member), most                        \
    }

static const key keys[] = {
    KEY(bands, MAX_WIDTH),
    KEY(features, MAX_WIDTH),
    KEY(temporal_layers, S2VI_VS_MAX_LAYERS),
    KEY(temporal_channels, MAX_WIDTH),
    KEY(temporal_lstm, MAX_WIDTH),
    KEY(temporal_out, MAX_WIDTH),
    KEY(acoustic_layers, S2VI_VS_MAX_LAYERS),
    KEY(acoustic_channels, MAX_WIDTH),
    KEY(acoustic_lstm, MAX_WIDTH),
    KEY(background_lstm, MAX_WIDTH),
    KEY(background_out, MAX_WIDTH),
    KEY(decoder_up_channels, MAX_WIDTH),
    KEY(decoder_channels, MAX_WIDTH),
    KEY(decoder_layers, S2VI_VS_MAX_LAYERS),
    KEY(decoder_heads, MAX_WIDTH),
    KEY(decoder_filter, MAX_WIDTH),
};

enum { N_KEYS = sizeof(keys) / sizeof(*keys) };

static int *member(s2vi_vs_config *config, const key *k)
{
    return (int *)((char *)config + k->offset);
}

void s2vi_vs_defaults(s2vi_vs_config *config)
{
    *config = (s2vi_vs_config){
        .bands = 80,
        .features = 2048,
        .temporal_layers = 8,
        .temporal_channels = 512,
        .temporal_lstm = 256,
        .temporal_out = 8,
        .acoustic_layers = 5,
        .acoustic_channels = 512,
        .acoustic_lstm = 256,
        .background_lstm = 128,
        .background_out = 128,
        .decoder_up_channels = 1024,
        .decoder_channels = 512,
        .decoder_layers = 4,
        .decoder_heads = 2,
        .decoder_filter = 512,
    };
}

int s2vi_vs_config_check(const s2vi_vs_config *config, s2v_error *err)
{
    s2vi_vs_config c = *config;
    for (int i = 0; i < N_KEYS; i++) {
        const int value = *member(&c, &keys[i]);
        if (value < 1 || value > keys[i].most)
            return s2vi_error(err, S2V_ERR_MODEL,
                              S2VI_VS_NAME ": %s is %d, expected 1 to %d",
                              keys[i].name, value, keys[i].most);
    }
    if (c.acoustic_channels % S2VI_VS_GROUP)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_VS_NAME ": acoustic_channels is %d, expected a "
                                       "multiple of %d",
                          c.acoustic_channels, S2VI_VS_GROUP);
    if (c.decoder_channels % c.decoder_heads || c.decoder_channels % 2)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_VS_NAME ": decoder_channels is %d, expected an "
                                       "even multiple of %d heads",
                          c.decoder_channels, c.decoder_heads);
    return S2V_OK;
}

static int parse_value(const char *name, const json_t *value,
                       s2vi_vs_config *config, s2v_error *err)
{
    const json_int_t number = json_integer_value(value);
    for (int i = 0; i < N_KEYS; i++) {
        if (strcmp(keys[i].name, name))
            continue;
        if (!json_is_integer(value) || number < 0 || number > 1 << 20)
            return s2vi_error(err, S2V_ERR_MODEL,
                              S2VI_VS_NAME
                              ": %s is not a whole number from 0 to %d",
                              name, 1 << 20);
        *member(config, &keys[i]) = (int)number;
        return S2V_OK;
    }
    return s2vi_error(err, S2V_ERR_MODEL,
                      S2VI_VS_NAME ": unknown setting '%.60s' in s2v.config; "
                                   "is the file newer than this library?",
                      name);
}

int s2vi_vs_config_parse(s2vi_vs_config *config, const char *json,
                         s2v_error *err)
{
    json_error_t why;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &why), *value;
    const char *name;
    int ret = S2V_OK;
    s2vi_vs_defaults(config);
    if (!json_is_object(root)) {
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         "s2v.config is not a JSON object: %s",
                         root ? "found an array" : why.text);
        json_decref(root);
        return ret;
    }
    json_object_foreach(root, name, value)
    {
        ret = parse_value(name, value, config, err);
        if (ret < 0)
            break;
    }
    json_decref(root);
    return ret < 0 ? ret : s2vi_vs_config_check(config, err);
}

char *s2vi_vs_config_text(const s2vi_vs_config *config)
{
    s2vi_vs_config c = *config;
    json_t *root = json_object();
    for (int i = 0; root && i < N_KEYS; i++)
        if (json_object_set_new(root, keys[i].name,
                                json_integer(*member(&c, &keys[i]))) < 0) {
            json_decref(root);
            root = NULL;
        }
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}
