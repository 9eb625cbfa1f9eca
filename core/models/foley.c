/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Foley: what one weight file holds: networks, configuration, parameters. */
#include "models/foley.h"

#include "audio/foley_mel.h"
#include "weights/fields.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------ configuration -- */

static int check_visual_encoder(const s2vi_foley_config *c, s2v_error *err)
{
    if (c->sight.features != c->generator.features)
        return s2vi_error(
            err, S2V_ERR_MODEL,
            S2VI_FOLEY_NAME
            ": the visual encoder has %d features, expected the generator's %d",
            c->sight.features, c->generator.features);
    return s2vi_visual_encoder_config_check(&c->sight, err);
}

static int check_vocoder(const s2vi_foley_config *c, s2v_error *err)
{
    const s2vi_hifigan_config *v = &c->vocoder;
    s2v_error why;
    if (s2vi_hifigan_config_check(v, &why) < 0)
        return s2vi_error(err, S2V_ERR_MODEL, "%s", why.message);
    if (v->bands != c->generator.bands ||
        s2vi_hifigan_hop(v) != S2VI_FOLEY_MEL_HOP)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_FOLEY_NAME
                          ": a vocoder of %d bands and %d samples per column, "
                          "expected %d and %d",
                          v->bands, s2vi_hifigan_hop(v), c->generator.bands,
                          S2VI_FOLEY_MEL_HOP);
    return S2V_OK;
}

int s2vi_foley_config_check(const s2vi_foley_config *c, s2v_error *err)
{
    int ret = s2vi_vs_config_check(&c->generator, err);
    if (ret >= 0 && c->generator.bands != S2VI_FOLEY_MEL_BANDS)
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         S2VI_FOLEY_NAME ": bands is %d, expected %d",
                         c->generator.bands, S2VI_FOLEY_MEL_BANDS);
    if (ret >= 0 && c->has_sight)
        ret = check_visual_encoder(c, err);
    if (ret >= 0 && c->has_vocoder)
        ret = check_vocoder(c, err);
    return ret;
}

/* ------------------------------------------------------------ reading -- */

/* What s2v.config says of sight: its features are the generator's. */
static const s2vi_field sight_table[] = {
    S2VI_INT(s2vi_visual_encoder_config, size, 0, 0),
    S2VI_INT(s2vi_visual_encoder_config, channels, 0, 0),
    S2VI_LATER_WORD(s2vi_visual_encoder_config, front_end,
                    s2vi_front_end_words),
};
static const s2vi_fields sight_fields = {
    "sight", sight_table, sizeof(sight_table) / sizeof(*sight_table), false};

/* One of the parts, whose parsers take text where there are any. */
static int parse_part(s2vi_foley_config *c, const char *name,
                      const json_t *object, s2v_error *err)
{
    if (!json_is_object(object))
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_FOLEY_NAME ": '%.60s' in s2v.config is not an "
                                          "object",
                          name);
    if (!strcmp(name, "sight")) {
        c->has_sight = true;
        return s2vi_fields_read_object(&sight_fields, &c->sight, object, err);
    }
    char *text = json_dumps(object, JSON_COMPACT);
    int ret = S2V_OK;
    if (!text)
        ret = s2vi_error_nomem(err, "a configuration");
    else if (!strcmp(name, "generator"))
        ret = s2vi_vs_config_parse(&c->generator, text, err);
    else if (!strcmp(name, "vocoder"))
        ret = s2vi_hifigan_config_parse(&c->vocoder, text, err);
    else
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         S2VI_FOLEY_NAME ": unknown part '%.60s' in "
                                         "s2v.config; is the file newer than "
                                         "this library?",
                         name);
    c->has_vocoder |= !strcmp(name, "vocoder");
    free(text);
    return ret;
}

int s2vi_foley_config_parse(s2vi_foley_config *config, const char *json,
                            s2v_error *err)
{
    json_error_t why;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &why), *part;
    const char *name;
    int ret = S2V_OK;
    *config = (s2vi_foley_config){0};
    s2vi_vs_defaults(&config->generator);
    s2vi_visual_encoder_defaults(&config->sight, 0);
    if (!json_is_object(root))
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         "s2v.config is not a JSON object: %s",
                         root ? "found an array" : why.text);
    json_object_foreach(root, name, part)
    {
        if (ret >= 0)
            ret = parse_part(config, name, part, err);
    }
    json_decref(root);
    config->sight.features = config->generator.features;
    return ret < 0 ? ret : s2vi_foley_config_check(config, err);
}

/* ------------------------------------------------------------ writing -- */

/* The object that `text` spells; frees it. NULL of NULL. */
static json_t *object_of(char *text)
{
    json_t *object = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return object;
}

char *s2vi_foley_config_text(const s2vi_foley_config *c)
{
    json_t *root = json_object();
    int bad = json_object_set_new(
        root, "generator", object_of(s2vi_vs_config_text(&c->generator)));
    if (c->has_sight)
        bad |= json_object_set_new(
            root, "sight", s2vi_fields_object(&sight_fields, &c->sight));
    if (c->has_vocoder)
        bad |= json_object_set_new(
            root, "vocoder", object_of(s2vi_hifigan_config_text(&c->vocoder)));
    char *text = bad ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

/* --------------------------------------------------------- parameters -- */

int s2vi_foley_params(const s2vi_foley_config *c, s2vi_param_list *list,
                      s2v_error *err)
{
    const s2vi_shape timbre = S2VI_SHAPE(2 * c->generator.acoustic_lstm);
    const int before = list->count;
    int ret = s2vi_foley_config_check(c, err);
    if (ret >= 0)
        ret = s2vi_vs_params(&c->generator, list, err);
    if (ret >= 0) {
        s2vi_declare_buffer(&(s2vi_scope){.list = list}, timbre, S2VI_INIT_ZERO,
                            S2VI_FOLEY_TIMBRE);
        ret = s2vi_param_list_end(list, before, err);
    }
    if (ret >= 0 && c->has_sight)
        ret = s2vi_visual_encoder_params(&c->sight, list, err);
    if (ret >= 0 && c->has_vocoder)
        ret = s2vi_hifigan_params(&c->vocoder, list, err);
    if (ret < 0)
        list->count = before;
    return ret;
}

/* -------------------------------------------------------- weight files -- */

static int read_config(s2vi_foley_config *config, const s2v_weights *w,
                       s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *kind = s2v_weights_get_metadata(w, "s2v.model");
    s2v_error why;
    if (!kind || strcmp(kind, S2VI_FOLEY_NAME))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: %s%.60s%s, expected a '%s' model", path,
                          kind ? "a '" : "no s2v model", kind ? kind : "",
                          kind ? "' model" : "", S2VI_FOLEY_NAME);
    const char *text = s2vi_weights_config(w, err);
    if (!text)
        return S2V_ERR_MODEL;
    int ret = s2vi_foley_config_parse(config, text, &why);
    return ret < 0 ? s2vi_error(err, ret, "%s: %.900s", path, why.message)
                   : S2V_OK;
}

int s2vi_foley_read(s2vi_foley_config *config, const s2v_weights *weights,
                    s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret = read_config(config, weights, err);
    if (ret >= 0)
        ret = s2vi_foley_params(config, &list, err);
    if (ret >= 0)
        ret = s2vi_param_list_check(&list, weights, NULL, err);
    s2vi_param_list_close(&list);
    return ret;
}

int s2vi_foley_load(const s2vi_foley_config *config, const s2v_weights *weights,
                    s2vi_store *store, s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret = s2vi_foley_params(config, &list, err);
    if (ret >= 0)
        ret = s2vi_param_list_load(&list, weights, store, err);
    s2vi_param_list_close(&list);
    return ret;
}
