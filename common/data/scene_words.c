/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of a clip. */
#include "data/scene_words.h"

#include "base/error.h"

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* CLIP of CLIP.mkv, and an ending; to be freed with g_free(). */
static char *beside(const char *path, const char *ending)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    const size_t n =
        dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
    return g_strdup_printf("%.*s%s", (int)n, path, ending);
}

/* The place of a text in a list, to which it is added where it is new; -1:
 * memory. */
static int intern(char ***list, int *count, const char *text)
{
    for (int i = 0; i < *count; i++)
        if (!strcmp((*list)[i], text))
            return i;
    char **more = realloc(*list, ((size_t)*count + 1) * sizeof(*more));
    if (!more)
        return -1;
    *list = more;
    more[*count] = strdup(text);
    return more[*count] ? (*count)++ : -1;
}

static int set_scene(s2vi_scene_clips *data, s2vi_scene_clip *c,
                     const char *name, s2v_error *err)
{
    c->scene = intern(&data->scene, &data->scenes, name);
    return c->scene < 0 ? s2vi_error_nomem(err, "scenes") : S2V_OK;
}

/* A caption of the frames [from, to), cut to those that there are. */
static int add_caption(s2vi_scene_clips *data, s2vi_scene_clip *c, int64_t from,
                       int64_t to, const char *text, s2v_error *err)
{
    s2vi_vocabulary words = {0};
    s2v_error why;
    int ret = s2vi_vocabulary_add(&words, text, &why);
    s2vi_vocabulary_close(&words);
    if (ret < 0)
        return s2vi_error(err, S2V_ERR_FORMAT, "'%s': a caption is wrong: %s",
                          c->path, why.message);
    s2vi_caption *more =
        realloc(c->caption, ((size_t)c->captions + 1) * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, "captions");
    c->caption = more;
    s2vi_caption *new = &more[c->captions];
    new->from = from < 0 ? 0 : from;
    new->to = to < c->frames ? to : c->frames;
    if (new->from >= new->to)
        return S2V_OK;
    new->text = intern(&data->text, &data->texts, text);
    if (new->text < 0)
        return s2vi_error_nomem(err, "captions");
    c->captions++;
    return S2V_OK;
}

/* ---------------------------------------------------------------- lines -- */

static int read_lines(s2vi_scene_clips *data, s2vi_scene_clip *c,
                      const char *text, s2v_error *err)
{
    /* Some editors begin a file with a byte order mark. */
    char **lines =
        g_strsplit(text + 3 * g_str_has_prefix(text, "\xef\xbb\xbf"), "\n", -1);
    const char *first = NULL;
    int ret = S2V_OK;
    for (int i = 0; lines[i] && !ret; i++) {
        g_strstrip(lines[i]);
        if (!*lines[i])
            continue;
        first = first ? first : lines[i];
        ret = add_caption(data, c, 0, c->frames, lines[i], err);
    }
    if (!ret && first)
        ret = set_scene(data, c, first, err);
    g_strfreev(lines);
    return ret;
}

/* ----------------------------------------------------------------- JSON -- */

static int read_captions(s2vi_scene_clips *data, s2vi_scene_clip *c,
                         const json_t *list, double start, s2v_error *err)
{
    int ret = S2V_OK;
    for (size_t i = 0; i < json_array_size(list) && !ret; i++) {
        const json_t *item = json_array_get(list, i);
        const char *text = json_string_value(json_array_get(item, 2));
        const double from = json_number_value(json_array_get(item, 0));
        const double to = json_number_value(json_array_get(item, 1));
        if (!text || !(fabs(from) < 1e6) || !(fabs(to) < 1e6))
            return s2vi_error(err, S2V_ERR_FORMAT,
                              "'%s': expected captions of [begin, end, text] "
                              "in its .json, found others",
                              c->path);
        ret = add_caption(data, c, llround((from - start) * S2VI_SCENE_RATE),
                          llround((to - start) * S2VI_SCENE_RATE), text, err);
    }
    return ret;
}

/* A number for each frame from `start` on; the last one goes on. */
static int read_intensity(s2vi_scene_clip *c, const json_t *list, double start,
                          s2v_error *err)
{
    const int64_t n = (int64_t)json_array_size(list);
    const int64_t from = llround(start * S2VI_SCENE_RATE);
    if (!n)
        return S2V_OK;
    c->intensity = malloc((size_t)c->frames * sizeof(float));
    if (!c->intensity)
        return s2vi_error_nomem(err, "the intensity");
    for (int64_t t = 0; t < c->frames; t++) {
        const int64_t at = from + t < n ? from + t : n - 1;
        const double x = json_number_value(json_array_get(list, (size_t)at));
        c->intensity[t] = (float)fmax(0, fmin(1, x));
    }
    return S2V_OK;
}

/* Whether it is one of s2v-landscapes. */
static int read_json(s2vi_scene_clips *data, s2vi_scene_clip *c,
                     const json_t *root, double start, s2v_error *err)
{
    const char *scene = json_string_value(json_object_get(root, "scene"));
    const char *text = json_string_value(json_object_get(root, "caption"));
    int ret = set_scene(data, c, scene, err);
    if (!ret)
        ret = read_captions(data, c, json_object_get(root, "captions"), start,
                            err);
    if (!ret && !c->captions && text)
        ret = add_caption(data, c, 0, c->frames, text, err);
    return ret < 0 ? ret
                   : read_intensity(c, json_object_get(root, "intensity"),
                                    start, err);
}

/* ----------------------------------------------------------------- both -- */

static int expect_captions(const s2vi_scene_clip *c, const char *found,
                           s2v_error *err)
{
    char *txt = beside(c->path, ".txt"), *json = beside(c->path, ".json");
    s2vi_error(err, S2V_ERR_FORMAT,
               "'%s': expected its captions in '%s', a line each, or in '%s', "
               "as s2v-landscapes writes it, found %s",
               c->path, txt, json, found);
    g_free(txt);
    g_free(json);
    return S2V_ERR_FORMAT;
}

int s2vi_scene_words_read(s2vi_scene_clips *data, s2vi_scene_clip *c,
                          double start, s2v_error *err)
{
    char *path = beside(c->path, ".json"), *text = NULL;
    json_t *root = json_load_file(path, 0, NULL);
    int ret = S2V_OK;
    g_free(path);
    path = beside(c->path, ".txt");
    if (json_is_string(json_object_get(root, "scene")))
        ret = read_json(data, c, root, start, err);
    else if (!g_file_get_contents(path, &text, NULL, NULL))
        ret = expect_captions(c, "neither", err);
    else
        ret = read_lines(data, c, text, err);
    if (!ret && !c->captions)
        ret = expect_captions(c, "none", err);
    g_free(text);
    g_free(path);
    json_decref(root);
    return ret;
}

int s2vi_scene_words_restore(s2vi_scene_clips *data, s2vi_scene_clip *c,
                             const json_t *facts, s2v_error *err)
{
    const char *scene = json_string_value(json_object_get(facts, "scene"));
    const json_t *list = json_object_get(facts, "captions");
    int ret = scene && json_array_size(list) ? set_scene(data, c, scene, err)
                                             : S2V_ERR_FORMAT;
    for (size_t i = 0; i < json_array_size(list) && !ret; i++) {
        const json_t *item = json_array_get(list, i);
        const char *text = json_string_value(json_array_get(item, 2));
        ret = text ? add_caption(
                         data, c, json_integer_value(json_array_get(item, 0)),
                         json_integer_value(json_array_get(item, 1)), text, err)
                   : S2V_ERR_FORMAT;
    }
    return ret != S2V_ERR_FORMAT && c->captions
               ? ret
               : s2vi_error(err, S2V_ERR_FORMAT,
                            "'%s': expected a scene and captions in its shard, "
                            "found none",
                            c->path);
}
