/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The family semantic: a text chooses among the pictures of the gallery, in the
 * space of the file's embedding or of a user's CLIP. */
#include "base/error.h"
#include "graph/build.h"
#include "session/semantic.h"
#include "video/pixel.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 2000 }; /* bytes of a text */

static const char *const list_name = "bpe_simple_vocab_16e6.txt.gz";

/* ------------------------------------------------- the file's embedding -- */

static int read_words(s2vi_semantic_model *m, const s2v_weights *w,
                      s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *words = s2v_weights_get_metadata(w, "s2v.vocabulary");
    s2v_error why;
    const int ret = s2vi_vocabulary_parse(&m->words, words ? words : "", &why);
    if (ret < 0)
        return s2vi_error(err, ret, "%s: %.900s", path, why.message);
    return m->words.count == m->config.embedding.words
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_MODEL,
                            "%s: s2v.vocabulary has %d words, the embedding %d",
                            path, m->words.count, m->config.embedding.words);
}

static int plan_embedding(s2vi_semantic_model *m, s2v_error *err)
{
    const s2vi_embedding_config *c = &m->config.embedding;
    s2vi_graph *g = m->embedding_graph = s2vi_graph_create();
    s2vi_embedding_graph *e = &m->embedding;
    if (!g)
        return s2vi_error_nomem(err, "an embedding");
    m->picture = s2vi_input(g, "picture", m->generator.video->shape);
    m->share = s2vi_input(g, "text", S2VI_SHAPE(1, c->words));
    const s2vi_embedding_inputs in = {
        .picture = s2vi_embedding_picture(m->picture, c->size),
        .text = m->share};
    const int ret =
        s2vi_embedding_build(g, c, S2VI_SEMANTIC_EMBEDDING, &in, e, err);
    if (ret < 0)
        return ret;
    s2vi_node *out[] = {e->picture, e->text};
    const s2vi_plan_params params = {
        .outputs = out, .n_outputs = 2, .frozen = true};
    return s2vi_plan_create(&m->embedding_plan, g, m->store, &params, err);
}

/* The place of a picture or of a text, whichever is given. */
static int embed(const s2vi_semantic_model *m, s2vi_exec *exec,
                 const float *video, const float *share, float *place,
                 s2v_error *err)
{
    const s2vi_embedding_graph *e = &m->embedding;
    int ret = video ? s2vi_exec_write(exec, m->picture, video)
                    : s2vi_exec_write(exec, m->share, share);
    if (!ret)
        ret = s2vi_exec_run(exec, &(s2vi_clock){0}, err);
    return ret < 0 ? ret
                   : s2vi_exec_read(exec, video ? e->picture : e->text, place);
}

typedef struct embedder {
    const s2vi_semantic_model *model;
    s2vi_exec *exec;
} embedder;

static int embed_picture(void *opaque, const float *video, float *place,
                         s2v_error *err)
{
    const embedder *x = opaque;
    return embed(x->model, x->exec, video, NULL, place, err);
}

static int place_starts(s2vi_semantic_model *m, const s2v_weights *w,
                        s2v_error *err)
{
    const int width = m->config.embedding.width;
    embedder x = {.model = m};
    m->place =
        calloc((size_t)m->starts.count * (size_t)width + 1, sizeof(*m->place));
    if (!m->place)
        return s2vi_error_nomem(err, "a gallery");
    int ret = s2vi_starts_read_seen(&m->starts, w, width, m->place, err);
    if (ret)
        return ret < 0 ? ret : S2V_OK;
    ret = s2vi_exec_create(&x.exec, m->embedding_plan, err);
    if (!ret)
        ret = s2vi_starts_places(&m->starts, &m->generator, embed_picture, &x,
                                 width, m->place, err);
    s2vi_exec_close(&x.exec);
    return ret;
}

int s2vi_semantic_open_texts(s2vi_semantic_model *m, const s2v_weights *w,
                             s2v_error *err)
{
    if (!m->config.has_embedding)
        return S2V_OK;
    int ret = read_words(m, w, err);
    if (!ret)
        ret = s2vi_starts_read_heard(&m->starts, w, m->config.embedding.width,
                                     err);
    if (!ret)
        ret = plan_embedding(m, err);
    return ret < 0 ? ret : place_starts(m, w, err);
}

static int choose_by_embedding(const s2vi_semantic_model *m, const char *text,
                               int *entry, s2v_error *err)
{
    const int width = m->config.embedding.width;
    float *share = calloc((size_t)m->words.count, sizeof(*share));
    float *place = calloc((size_t)width, sizeof(*place));
    s2vi_exec *exec = NULL;
    int ret = share && place
                  ? s2vi_vocabulary_share(&m->words, text, share, err)
                  : s2vi_error_nomem(err, "a text");
    if (!ret)
        ret = s2vi_exec_create(&exec, m->embedding_plan, err);
    if (!ret)
        ret = embed(m, exec, NULL, share, place, err);
    if (!ret)
        *entry = s2vi_starts_nearest(&m->starts, m->place, width, place);
    s2vi_exec_close(&exec);
    free(place);
    free(share);
    return ret;
}

/* ----------------------------------------------------------------- CLIP -- */

struct s2vi_semantic_clip {
    s2vi_clip_encoder *encoder;
    int width, side; /* of the embedding; of the generator's pictures */
    float *place;    /* (starts,width) */
    uint8_t *rgb;    /* a picture; not after the opening */
};

static int clip_picture(void *opaque, const float *video, float *place,
                        s2v_error *err)
{
    const s2vi_semantic_clip *c = opaque;
    const s2vi_image image = {c->rgb, (ptrdiff_t)c->side * 3, c->side, c->side};
    for (int i = 0; i < 3 * c->side * c->side; i++)
        c->rgb[i] = s2vi_pixel_byte(video[i]);
    return s2vi_clip_encode_picture(c->encoder, &image, place, err);
}

/* The list of merges: as named, or beside the file of weights; to be freed. */
static char *find_merges(const s2v_weights *w, const char *merges,
                         s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    if (*merges)
        return g_strdup(merges);
    char *folder = g_path_get_dirname(path);
    char *found = g_build_filename(folder, list_name, NULL);
    g_free(folder);
    if (g_file_test(found, G_FILE_TEST_EXISTS))
        return found;
    g_free(found);
    s2vi_error(err, S2V_ERR_INVALID,
               "merges: CLIP's list of merges, %s, is not beside %s: name it",
               list_name, path);
    return NULL;
}

static int open_encoder(s2vi_semantic_clip *c, const s2vi_semantic_model *m,
                        const s2v_weights *w, const char *merges,
                        s2v_error *err)
{
    s2vi_clip_config config;
    int ret = s2vi_clip_config_read(&config, S2VI_CLIP_BOTH, w, err);
    if (ret < 0)
        return ret; /* of the file, before the list is missed */
    char *list = find_merges(w, merges, err);
    if (!list)
        return S2V_ERR_INVALID;
    ret = s2vi_clip_encoder_open(&c->encoder, w, S2VI_CLIP_BOTH, list,
                                 s2vi_store_backend(m->store), err);
    g_free(list);
    return ret;
}

static int open_clip(s2vi_semantic_clip *c, const s2vi_semantic_model *m,
                     const char *path, const char *merges, s2v_error *err)
{
    s2v_weights *w = NULL;
    int ret = s2v_weights_open(&w, path, err);
    if (!ret)
        ret = open_encoder(c, m, w, merges, err);
    s2v_weights_close(&w);
    if (ret < 0)
        return ret;
    c->side = (int)m->generator.video->shape.dim[1];
    c->width = s2vi_clip_encoder_config(c->encoder)->embedding;
    c->place = calloc((size_t)m->starts.count * (size_t)c->width + 1,
                      sizeof(*c->place));
    c->rgb = malloc(3 * (size_t)c->side * (size_t)c->side);
    ret = c->place && c->rgb
              ? s2vi_starts_places(&m->starts, &m->generator, clip_picture, c,
                                   c->width, c->place, err)
              : s2vi_error_nomem(err, "a gallery");
    free(c->rgb);
    c->rgb = NULL;
    return ret;
}

int s2vi_semantic_clip_open(s2vi_semantic_clip **out,
                            const s2vi_semantic_model *model, const char *path,
                            const char *merges, s2v_error *err)
{
    s2vi_semantic_clip *c = *out = calloc(1, sizeof(*c));
    const int ret = c ? open_clip(c, model, path, merges, err)
                      : s2vi_error_nomem(err, "CLIP");
    if (ret < 0)
        s2vi_semantic_clip_close(out);
    return ret;
}

void s2vi_semantic_clip_close(s2vi_semantic_clip **out)
{
    s2vi_semantic_clip *c = out ? *out : NULL;
    if (!c)
        return;
    s2vi_clip_encoder_close(&c->encoder);
    free(c->place);
    free(c);
    *out = NULL;
}

static int choose_by_clip(const s2vi_semantic_model *m, s2vi_semantic_clip *c,
                          const char *text, const s2vi_logger *logger,
                          int *entry, s2v_error *err)
{
    const int context = s2vi_clip_encoder_config(c->encoder)->context;
    float *place = calloc((size_t)c->width, sizeof(*place));
    int tokens = 0;
    const int ret =
        place ? s2vi_clip_encode_text(c->encoder, text, place, &tokens, err)
              : s2vi_error_nomem(err, "a text");
    if (!ret && tokens > context)
        s2vi_log(logger, S2V_LOG_WARNING,
                 "text: it has %d tokens, of which CLIP heeds the first %d",
                 tokens, context);
    if (!ret)
        *entry = s2vi_starts_nearest(&m->starts, c->place, c->width, place);
    free(place);
    return ret;
}

/* ----------------------------------------------------------------- both -- */

static int check_text(const s2vi_semantic_model *m, const char *text,
                      s2v_error *err)
{
    const size_t bytes = strlen(text);
    if (bytes > MOST)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "text: expected at most %d bytes, found %zu", MOST,
                          bytes);
    if (!m->starts.count)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "text: the model has no gallery of pictures to "
                          "choose from");
    return S2V_OK;
}

int s2vi_semantic_choose(const s2vi_semantic_model *m, s2vi_semantic_clip *clip,
                         const char *text, const s2vi_logger *logger,
                         int *entry, s2v_error *err)
{
    int ret = check_text(m, text, err);
    if (ret < 0)
        return ret;
    if (clip)
        ret = choose_by_clip(m, clip, text, logger, entry, err);
    else if (m->config.has_embedding)
        ret = choose_by_embedding(m, text, entry, err);
    else
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "text: the model has no embedding of texts: expected "
                         "option clip, a weight file of CLIP");
    if (!ret)
        s2vi_log(logger, S2V_LOG_INFO, "text: the start is '%s' of the gallery",
                 m->starts.name[*entry]);
    return ret;
}
