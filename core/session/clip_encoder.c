/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts and pictures in CLIP's space. */
#include "session/clip_encoder.h"

#include "graph/build.h"
#include "run/exec.h"
#include "text/clip_tokens.h"
#include "video/clip_picture.h"

#include <stdlib.h>

/* Columns of the text tower: most prompts are short. The last one is the
 * context. */
static const int columns[] = {16, 32, S2VI_CLIP_CONTEXT};

enum { LENGTHS = sizeof(columns) / sizeof(*columns) };

/* A tower of one size, which is made when it is first needed. */
typedef struct tower {
    s2vi_graph *graph;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *in, *ends, *out;
} tower;

struct s2vi_clip_encoder {
    s2vi_clip_config config;
    s2vi_store *store;
    s2vi_clip_tokenizer *tokenizer; /* NULL: no text */
    tower picture, text[LENGTHS];
    float *image;
};

/* --------------------------------------------------------------- towers -- */

static int plan(s2vi_clip_encoder *e, tower *t, const s2vi_clip_graph *g,
                s2v_error *err)
{
    t->out = g->normalised;
    const s2vi_plan_params params = {
        .outputs = &t->out, .n_outputs = 1, .frozen = true};
    const int ret =
        s2vi_plan_create(&t->plan, t->graph, e->store, &params, err);
    return ret < 0 ? ret : s2vi_exec_create(&t->exec, t->plan, err);
}

static void close_tower(tower *t)
{
    s2vi_exec_close(&t->exec);
    s2vi_plan_close(&t->plan);
    s2vi_graph_close(&t->graph);
    *t = (tower){0};
}

static int open_picture(s2vi_clip_encoder *e, s2v_error *err)
{
    tower *t = &e->picture;
    const int side = e->config.size;
    s2vi_clip_graph g;
    if (t->exec)
        return S2V_OK;
    t->graph = s2vi_graph_create();
    if (!t->graph)
        return s2vi_error_nomem(err, "CLIP");
    t->in = s2vi_input(t->graph, "picture", S2VI_SHAPE(1, side, side, 3));
    int ret = s2vi_clip_build_picture(t->graph, &e->config, t->in, &g, err);
    if (ret >= 0)
        ret = plan(e, t, &g, err);
    if (ret < 0)
        close_tower(t);
    return ret;
}

static int open_text(s2vi_clip_encoder *e, tower *t, int T, s2v_error *err)
{
    s2vi_clip_graph g;
    if (t->exec)
        return S2V_OK;
    t->graph = s2vi_graph_create();
    if (!t->graph)
        return s2vi_error_nomem(err, "CLIP");
    t->in = s2vi_input(t->graph, "ids", S2VI_SHAPE(1, T));
    t->ends = s2vi_input(t->graph, "ends", S2VI_SHAPE(1));
    int ret =
        s2vi_clip_build_text(t->graph, &e->config, t->in, t->ends, &g, err);
    if (ret >= 0)
        ret = plan(e, t, &g, err);
    if (ret < 0)
        close_tower(t);
    return ret;
}

/* -------------------------------------------------------------- opening -- */

static int prepare(s2vi_clip_encoder *e, const s2v_weights *weights,
                   s2vi_clip_part part, const char *merges, s2v_error *err)
{
    const s2vi_clip_config *c = &e->config;
    int ret = s2vi_clip_config_read(&e->config, part, weights, err);
    if (ret >= 0)
        ret = s2vi_clip_tower_load(c, part, weights, e->store, err);
    if (ret >= 0 && part & S2VI_CLIP_TEXT && merges)
        ret =
            s2vi_clip_tokenizer_open(&e->tokenizer, merges, c->vocabulary, err);
    if (ret < 0 || !(part & S2VI_CLIP_PICTURE))
        return ret;
    e->image =
        malloc((size_t)c->size * (size_t)c->size * 3 * sizeof(*e->image));
    return e->image ? S2V_OK : s2vi_error_nomem(err, "CLIP");
}

int s2vi_clip_encoder_open(s2vi_clip_encoder **out, const s2v_weights *weights,
                           s2vi_clip_part part, const char *merges,
                           s2vi_backend *backend, s2v_error *err)
{
    s2vi_clip_encoder *e = *out = calloc(1, sizeof(*e));
    if (!e)
        return s2vi_error_nomem(err, "CLIP");
    int ret = s2vi_store_create(&e->store, backend, err);
    if (ret >= 0)
        ret = prepare(e, weights, part, merges, err);
    if (ret < 0)
        s2vi_clip_encoder_close(out);
    return ret;
}

void s2vi_clip_encoder_close(s2vi_clip_encoder **out)
{
    s2vi_clip_encoder *e = out ? *out : NULL;
    if (!e)
        return;
    close_tower(&e->picture);
    for (int i = 0; i < LENGTHS; i++)
        close_tower(&e->text[i]);
    s2vi_clip_tokenizer_close(&e->tokenizer);
    s2vi_store_close(&e->store);
    free(e->image);
    free(e);
    *out = NULL;
}

const s2vi_clip_config *s2vi_clip_encoder_config(const s2vi_clip_encoder *e)
{
    return &e->config;
}

/* ------------------------------------------------------------- encoding -- */

static int run(const tower *t, float *out, s2v_error *err)
{
    const int ret = s2vi_exec_run(t->exec, &(s2vi_clock){0}, err);
    return ret < 0 ? ret : s2vi_exec_read(t->exec, t->out, out);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

int s2vi_clip_encode_text(s2vi_clip_encoder *e, const char *text, float *out,
                          int *tokens, s2v_error *err)
{
    s2vi_clip_text words;
    float ids[S2VI_CLIP_CONTEXT];
    int k = 0;
    if (!e->tokenizer)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "CLIP was opened without texts: expected its text "
                          "tower and the list of merges");
    int ret = s2vi_clip_prompt(e->tokenizer, text, &words, err);
    if (ret < 0)
        return ret;
    const int n = smaller(words.n, e->config.context);
    *tokens = words.whole;
    words.id[n - 1] = words.id[words.n - 1]; /* the end is kept */
    while (columns[k] < n)
        k++;
    const int T = smaller(columns[k], e->config.context);
    for (int i = 0; i < T; i++)
        ids[i] = i < n ? (float)words.id[i] : 0;
    ret = open_text(e, &e->text[k], T, err);
    if (ret >= 0)
        ret = s2vi_exec_write(e->text[k].exec, e->text[k].in, ids);
    if (ret >= 0)
        ret = s2vi_exec_write(e->text[k].exec, e->text[k].ends,
                              &(float){(float)(n - 1)});
    return ret < 0 ? ret : run(&e->text[k], out, err);
}

int s2vi_clip_encode_picture(s2vi_clip_encoder *e, const s2vi_image *picture,
                             float *out, s2v_error *err)
{
    if (!e->image)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "CLIP was opened without its picture tower");
    int ret = s2vi_clip_picture(picture, e->config.size, e->image, err);
    if (ret >= 0)
        ret = open_picture(e, err);
    if (ret >= 0)
        ret = s2vi_exec_write(e->picture.exec, e->picture.in, e->image);
    return ret < 0 ? ret : run(&e->picture, out, err);
}
