/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Semantic: the parts of a weight file. */
#include "models/semantic.h"

#include "models/param_file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------- the generator -- */

static int check_generator(const s2vi_semantic_generator *g, s2v_error *err)
{
    const int classes = g->alias_free ? g->three.classes : g->two.classes;
    return classes ? s2vi_error(err, S2V_ERR_MODEL,
                                "expected a generator without classes, found "
                                "%d",
                                classes)
                   : S2V_OK;
}

static int parse_generator(s2vi_semantic_generator *g, const char *kind,
                           const char *json, s2v_error *err)
{
    int ret;
    *g = (s2vi_semantic_generator){0};
    if (!strcmp(kind, S2VI_STYLEGAN2_NAME)) {
        ret = s2vi_stylegan2_config_parse(&g->two, json, err);
    } else if (!strcmp(kind, S2VI_STYLEGAN3_NAME)) {
        g->alias_free = true;
        ret = s2vi_stylegan3_config_parse(&g->three, json, err);
    } else {
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         "expected a generator of '" S2VI_STYLEGAN2_NAME
                         "' or '" S2VI_STYLEGAN3_NAME "', found '%.60s'",
                         kind);
    }
    return ret < 0 ? ret : check_generator(g, err);
}

/* The path before what is wrong. */
static int of_file(const s2v_weights *w, int ret, const s2v_error *why,
                   s2v_error *err)
{
    return ret < 0 ? s2vi_error(err, ret, "%s: %.900s",
                                s2v_weights_get_path(w, NULL), why->message)
                   : S2V_OK;
}

int s2vi_semantic_generator_read(s2vi_semantic_generator *generator,
                                 const s2v_weights *weights, s2v_error *err)
{
    const char *kind = s2v_weights_get_metadata(weights, "s2v.model");
    const char *text = s2vi_weights_config(weights, err);
    s2vi_param_list list = {0};
    s2v_error why;
    if (!text)
        return S2V_ERR_MODEL;
    int ret = parse_generator(generator, kind ? kind : "no model", text, &why);
    ret = of_file(weights, ret, &why, err);
    if (!ret)
        ret = s2vi_semantic_generator_params(generator, &list, err);
    if (!ret)
        ret = s2vi_param_list_check(
            &list, weights, (const char *const[]){"mapping.w_std", NULL}, err);
    s2vi_param_list_close(&list);
    return ret;
}

int s2vi_semantic_size(const s2vi_semantic_generator *g)
{
    return g->alias_free ? g->three.size : g->two.size;
}

int s2vi_semantic_codes(const s2vi_semantic_generator *g)
{
    return g->alias_free ? g->three.codes : g->two.codes;
}

s2vi_stylegan_mapping s2vi_semantic_mapping(const s2vi_semantic_generator *g)
{
    return g->alias_free ? s2vi_stylegan3_mapping(&g->three)
                         : s2vi_stylegan2_mapping(&g->two);
}

int s2vi_semantic_generator_params(const s2vi_semantic_generator *g,
                                   s2vi_param_list *list, s2v_error *err)
{
    return g->alias_free ? s2vi_stylegan3_params_list(&g->three, list, err)
                         : s2vi_stylegan2_params_list(&g->two, list, err);
}

int s2vi_semantic_generate(s2vi_graph *graph, const s2vi_semantic_generator *g,
                           s2vi_node *ws, s2vi_node **video, s2v_error *err)
{
    s2vi_stylegan2_graph two;
    s2vi_stylegan3_graph three;
    const s2vi_stylegan2_params params = {.noise = S2VI_STYLEGAN2_NOISE_FILE};
    const int ret =
        g->alias_free
            ? s2vi_stylegan3_build(graph, &g->three, false, ws, &three, err)
            : s2vi_stylegan2_build(graph, &g->two, &params, ws, &two, err);
    *video = ret < 0 ? NULL : g->alias_free ? three.video : two.video;
    return ret;
}

/* ------------------------------------------------------- configuration -- */

int s2vi_semantic_config_check(const s2vi_semantic_config *c, s2v_error *err)
{
    const int codes = s2vi_semantic_codes(&c->generator);
    const int w = s2vi_semantic_mapping(&c->generator).w;
    int ret = s2vi_inversion_config_check(&c->inversion, err);
    if (!ret)
        ret = s2vi_recurrent_config_check(&c->recurrent, err);
    if (!ret && c->has_embedding)
        ret = s2vi_embedding_config_check(&c->embedding, err);
    if (ret < 0)
        return ret;
    if (c->inversion.codes != codes || c->inversion.w != w)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_SEMANTIC_NAME
                          ": the inversion makes %d codes of %d numbers, the "
                          "generator takes %d of %d",
                          c->inversion.codes, c->inversion.w, codes, w);
    if (s2vi_recurrent_codes(&c->recurrent) != codes || c->recurrent.w != w)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_SEMANTIC_NAME
                          ": the recurrent groups have %d codes of %d numbers, "
                          "the generator takes %d of %d",
                          s2vi_recurrent_codes(&c->recurrent), c->recurrent.w,
                          codes, w);
    return S2V_OK;
}

static int parse_kind(s2vi_semantic_config *c, json_t *part, s2v_error *err)
{
    const char *kind = json_string_value(json_object_get(part, "kind"));
    if (!kind)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_SEMANTIC_NAME ": the generator has no kind");
    char *name = strdup(kind);
    json_object_del(part, "kind");
    char *own = json_dumps(part, JSON_COMPACT);
    const int ret = name && own ? parse_generator(&c->generator, name, own, err)
                                : s2vi_error_nomem(err, "a configuration");
    free(name);
    free(own);
    return ret;
}

static int parse_part(s2vi_semantic_config *c, const char *name, json_t *part,
                      s2v_error *err)
{
    char *text = json_is_object(part) ? json_dumps(part, JSON_COMPACT) : NULL;
    int ret;
    if (!text)
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         S2VI_SEMANTIC_NAME ": '%.60s' is not an object", name);
    else if (!strcmp(name, "generator"))
        ret = parse_kind(c, part, err);
    else if (!strcmp(name, "inversion"))
        ret = s2vi_inversion_config_parse(&c->inversion, text, err);
    else if (!strcmp(name, "recurrent"))
        ret = s2vi_recurrent_config_parse(&c->recurrent, text, err);
    else if (!strcmp(name, "embedding"))
        ret = s2vi_embedding_config_parse(&c->embedding, text, err);
    else
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         S2VI_SEMANTIC_NAME
                         ": unknown part '%.60s' in s2v.config; is the file "
                         "newer than this library?",
                         name);
    c->has_embedding |= !strcmp(name, "embedding");
    free(text);
    return ret;
}

int s2vi_semantic_config_parse(s2vi_semantic_config *config, const char *json,
                               s2v_error *err)
{
    static const char *const required[] = {"generator", "inversion",
                                           "recurrent"};
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL), *part;
    const char *name;
    int ret = S2V_OK;
    *config = (s2vi_semantic_config){0};
    for (int i = 0; i < 3 && !ret; i++)
        if (!json_object_get(root, required[i]))
            ret = s2vi_error(err, S2V_ERR_MODEL,
                             S2VI_SEMANTIC_NAME ": s2v.config has no '%s'",
                             required[i]);
    json_object_foreach(root, name, part)
    {
        if (!ret)
            ret = parse_part(config, name, part, err);
    }
    json_decref(root);
    return ret < 0 ? ret : s2vi_semantic_config_check(config, err);
}

/* The object that `text` spells; frees it. NULL of NULL. */
static json_t *object_of(char *text)
{
    json_t *object = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return object;
}

static json_t *generator_object(const s2vi_semantic_generator *g)
{
    json_t *object =
        object_of(g->alias_free ? s2vi_stylegan3_config_text(&g->three)
                                : s2vi_stylegan2_config_text(&g->two));
    const char *kind =
        g->alias_free ? S2VI_STYLEGAN3_NAME : S2VI_STYLEGAN2_NAME;
    if (json_object_set_new(object, "kind", json_string(kind))) {
        json_decref(object);
        return NULL;
    }
    return object;
}

char *s2vi_semantic_config_text(const s2vi_semantic_config *c)
{
    json_t *root = json_object();
    int bad =
        json_object_set_new(root, "generator", generator_object(&c->generator));
    bad |= json_object_set_new(
        root, "inversion",
        object_of(s2vi_inversion_config_text(&c->inversion)));
    bad |= json_object_set_new(
        root, "recurrent",
        object_of(s2vi_recurrent_config_text(&c->recurrent)));
    if (c->has_embedding)
        bad |= json_object_set_new(
            root, "embedding",
            object_of(s2vi_embedding_config_text(&c->embedding)));
    char *text = bad ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

/* ---------------------------------------------------------------- files -- */

/* The generator's parameters, under their names in the file. */
static int generator_in_file(const s2vi_semantic_config *c,
                             s2vi_param_list *list, s2v_error *err)
{
    s2vi_param_list own = {0};
    int ret = s2vi_semantic_generator_params(&c->generator, &own, err);
    const s2vi_scope scope =
        s2vi_scope_under(S2VI_SEMANTIC_GENERATOR, list, NULL);
    for (int i = 0; i < own.count && !ret; i++)
        s2vi_declare(&scope, own.param[i].file_shape, own.param[i].init, "%s",
                     own.param[i].name);
    s2vi_param_list_close(&own);
    return ret;
}

static int other_params(const s2vi_semantic_config *c, s2vi_param_list *list,
                        s2v_error *err)
{
    int ret = s2vi_inversion_params(&c->inversion, S2VI_SEMANTIC_INVERSION,
                                    list, err);
    if (!ret)
        ret = s2vi_recurrent_params(&c->recurrent, S2VI_SEMANTIC_RECURRENT,
                                    list, err);
    return ret < 0 || !c->has_embedding
               ? ret
               : s2vi_embedding_params(&c->embedding, S2VI_SEMANTIC_EMBEDDING,
                                       list, err);
}

static int check_tensors(const s2vi_semantic_config *c, const s2v_weights *w,
                         s2v_error *err)
{
    static const char *const more[] = {
        S2VI_SEMANTIC_GALLERY "*", S2VI_SEMANTIC_SEEN "*",
        S2VI_SEMANTIC_HEARD "*", S2VI_SEMANTIC_GENERATOR "mapping.w_std", NULL};
    s2vi_param_list list = {0};
    int ret = generator_in_file(c, &list, err);
    if (!ret)
        ret = other_params(c, &list, err);
    if (!ret)
        ret = s2vi_param_list_end(&list, 0, err);
    if (!ret)
        ret = s2vi_param_list_check(&list, w, more, err);
    s2vi_param_list_close(&list);
    return ret;
}

int s2vi_semantic_read(s2vi_semantic_config *config, const s2v_weights *w,
                       s2v_error *err)
{
    const char *kind = s2v_weights_get_metadata(w, "s2v.model");
    const char *text = s2vi_weights_config(w, err);
    s2v_error why;
    if (!text)
        return S2V_ERR_MODEL;
    if (!kind || strcmp(kind, S2VI_SEMANTIC_NAME))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: expected a '" S2VI_SEMANTIC_NAME
                          "' model, found '%.60s'",
                          s2v_weights_get_path(w, NULL), kind ? kind : "none");
    int ret = s2vi_semantic_config_parse(config, text, &why);
    ret = of_file(w, ret, &why, err);
    return ret < 0 ? ret : check_tensors(config, w, err);
}

int s2vi_semantic_load(const s2vi_semantic_config *config, const s2v_weights *w,
                       s2vi_store *store, s2v_error *err)
{
    s2vi_param_list generator = {0}, others = {0};
    int ret =
        s2vi_semantic_generator_params(&config->generator, &generator, err);
    if (!ret)
        ret = s2vi_param_list_load_part(&generator, w, S2VI_SEMANTIC_GENERATOR,
                                        "", store, err);
    if (!ret)
        ret = other_params(config, &others, err);
    if (!ret)
        ret = s2vi_param_list_load(&others, w, store, err);
    s2vi_param_list_close(&generator);
    s2vi_param_list_close(&others);
    return ret;
}

/* ------------------------------------------------------ published files -- */

/* What a file's names begin with, by one that it has to have; "": nothing, or
 * it has none. */
static const char *beginning(const s2v_weights *w, const char *name,
                             const char *const *before)
{
    char full[2 * S2VI_PARAM_NAME];
    for (int i = 0; before[i]; i++) {
        snprintf(full, sizeof(full), "%s%s", before[i], name);
        if (s2vi_weights_find(w, full))
            return before[i];
    }
    return "";
}

int s2vi_semantic_load_inversion(const s2vi_inversion_config *config,
                                 const s2v_weights *w, s2vi_store *store,
                                 s2v_error *err)
{
    static const char *const before[] = {"encoder.", "module.encoder.", NULL};
    s2vi_param_list list = {0};
    int ret =
        s2vi_inversion_params(config, S2VI_SEMANTIC_INVERSION, &list, err);
    if (!ret)
        ret = s2vi_param_list_load_part(
            &list, w, beginning(w, "input_layer.0.weight", before),
            S2VI_SEMANTIC_INVERSION, store, err);
    s2vi_param_list_close(&list);
    return ret;
}

int s2vi_semantic_load_recurrent(const s2vi_recurrent_config *config, int group,
                                 const s2v_weights *w, s2vi_store *store,
                                 s2v_error *err)
{
    static const char *const before[] = {"module.", NULL};
    s2vi_param_list all = {0}, list = {0};
    char prefix[32];
    int ret = s2vi_recurrent_params(config, S2VI_SEMANTIC_RECURRENT, &all, err);
    snprintf(prefix, sizeof(prefix), S2VI_SEMANTIC_RECURRENT "%d.", group);
    for (int i = 0; i < all.count && !ret; i++)
        if (!strncmp(all.param[i].name, prefix, strlen(prefix)))
            s2vi_declare(&(s2vi_scope){.list = &list}, all.param[i].file_shape,
                         all.param[i].init, "%s", all.param[i].name);
    if (!ret)
        ret = s2vi_param_list_load_part(
            &list, w, beginning(w, "rnn.weight_ih_l0", before), prefix, store,
            err);
    s2vi_param_list_close(&all);
    s2vi_param_list_close(&list);
    return ret;
}
