/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A weight file of the family semantic, and its embedding. */
#include "scene_file.h"

#include "base/error.h"
#include "graph/build.h"
#include "models/semantic.h"
#include "run/exec.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 3 }; /* picture, sound, text */

typedef struct embedder {
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_graph *graph;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *in[PARTS], *out[PARTS];
    float *place[PARTS];
} embedder;

static int plan(embedder *x, const s2vi_embedding_config *c, int size,
                s2v_error *err)
{
    s2vi_graph *g = x->graph = s2vi_graph_create();
    s2vi_embedding_graph e;
    if (!g)
        return s2vi_error_nomem(err, "an embedding");
    x->in[0] = s2vi_input(g, "picture", S2VI_SHAPE(1, size, size, 3));
    x->in[1] = s2vi_input(g, "sound", S2VI_SHAPE(1, c->bands, c->columns, 1));
    x->in[2] = s2vi_input(g, "text", S2VI_SHAPE(1, c->words));
    const s2vi_embedding_inputs in = {s2vi_embedding_picture(x->in[0], c->size),
                                      x->in[1], x->in[2]};
    int ret = s2vi_embedding_build(g, c, S2VI_SEMANTIC_EMBEDDING, &in, &e, err);
    if (ret < 0)
        return ret;
    x->out[0] = e.picture;
    x->out[1] = e.sound;
    x->out[2] = e.text;
    const s2vi_plan_params params = {
        .outputs = x->out, .n_outputs = PARTS, .frozen = true};
    ret = s2vi_plan_create(&x->plan, g, x->store, &params, err);
    if (!ret)
        ret = s2vi_exec_create(&x->exec, x->plan, err);
    for (int i = 0; i < PARTS && !ret; i++) {
        x->place[i] = calloc((size_t)c->width, sizeof(float));
        if (!x->place[i])
            ret = s2vi_error_nomem(err, "an embedding");
    }
    return ret;
}

static int open_embedder(s2vi_scene_file *f, const s2vi_semantic_config *c,
                         const s2v_weights *w, int size, const char *device,
                         int threads, s2v_error *err)
{
    embedder *x = f->embedder = calloc(1, sizeof(*x));
    if (!x)
        return s2vi_error_nomem(err, "an embedding");
    f->width = c->embedding.width;
    int ret = s2vi_backend_open(&x->backend, device ? device : "auto", S2VI_F32,
                                threads, err);
    if (!ret)
        ret = s2vi_store_create(&x->store, x->backend, err);
    if (!ret)
        ret = s2vi_semantic_load(c, w, x->store, err);
    return ret < 0 ? ret : plan(x, &c->embedding, size, err);
}

int s2vi_scene_file_open(s2vi_scene_file *f, const char *path, int size,
                         const char *device, int threads,
                         s2vi_vocabulary *vocabulary, s2v_error *err)
{
    s2vi_semantic_config c;
    s2v_weights *w = NULL;
    *f = (s2vi_scene_file){0};
    int ret = s2v_weights_open(&w, path, err);
    if (!ret)
        ret = s2vi_semantic_read(&c, w, err);
    if (!ret) {
        const char *level = s2v_weights_get_metadata(w, "s2v.level");
        f->level = level ? g_ascii_strtod(level, NULL) : 0;
        f->groups = c.recurrent.groups;
        for (int i = 0; i < f->groups; i++)
            f->group[i] = c.recurrent.group[i];
    }
    if (!ret && c.has_embedding) {
        const char *words = s2v_weights_get_metadata(w, "s2v.vocabulary");
        ret = s2vi_vocabulary_parse(vocabulary, words ? words : "", err);
        if (!ret)
            ret = open_embedder(f, &c, w, size, device, threads, err);
    }
    s2v_weights_close(&w);
    return ret;
}

void s2vi_scene_file_close(s2vi_scene_file *f)
{
    embedder *x = f->embedder;
    if (!x)
        return;
    s2vi_exec_close(&x->exec);
    s2vi_plan_close(&x->plan);
    s2vi_graph_close(&x->graph);
    s2vi_store_close(&x->store);
    s2vi_backend_close(&x->backend);
    for (int i = 0; i < PARTS; i++)
        free(x->place[i]);
    free(x);
    f->embedder = NULL;
}

static double cosine(const s2vi_scene_file *f, const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < f->width; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

int s2vi_scene_file_embed(s2vi_scene_file *f, const float *picture,
                          const float *window, const float *share,
                          double *sound, double *text, s2v_error *err)
{
    const embedder *x = f->embedder;
    const float *const in[PARTS] = {picture, window, share};
    int ret = S2V_OK;
    for (int i = 0; i < PARTS && !ret; i++)
        ret = s2vi_exec_write(x->exec, x->in[i], in[i]);
    if (!ret)
        ret = s2vi_exec_run(x->exec, &(s2vi_clock){0}, err);
    for (int i = 0; i < PARTS && !ret; i++)
        ret = s2vi_exec_read(x->exec, x->out[i], x->place[i]);
    *sound = cosine(f, x->place[0], x->place[1]);
    *text = cosine(f, x->place[0], x->place[2]);
    return ret;
}
