/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first frame of a text ("Sound-guided Semantic Video Generation", whose
 * citation is in core/models/sound_inversion.c, takes it from a text prompt):
 * of random style codes, drawn towards the average, those whose picture has the
 * largest cosine with the text in the joint embedding. Chosen when the model is
 * written, for each scene of the clips, since a session has no time for it.
 */
#include "recipes/semantic_gallery.h"

#include "base/error.h"
#include "base/philox.h"
#include "semantic_loss.h"
#include "train_step.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM = 0x613,
    EACH = 16,   /* pictures, or texts, of a run */
    STARTS = 128 /* that are tried */
};

void s2vi_gallery_name(const char *scene, char out[S2VI_GALLERY_NAME])
{
    int n = 0;
    for (const char *p = scene; *p && n < S2VI_GALLERY_NAME - 1; p++)
        if (g_ascii_isalnum(*p))
            out[n++] = g_ascii_tolower(*p);
        else if (n && out[n - 1] != '-')
            out[n++] = '-';
    while (n && out[n - 1] == '-')
        n--;
    out[n] = 0;
}

typedef struct chooser {
    const s2vi_gallery_params *p;
    s2vi_train_step step;
    s2vi_node *z, *text, *codes, *picture, *said;
    size_t words, numbers, width; /* of a text, of a start's codes, embedded */
    float *in, *made, *place;     /* a run's; places of EACH */
    float *wish;                  /* (scenes,width) */
    double *best;                 /* (scenes) */
} chooser;

static int record(chooser *c, s2v_error *err)
{
    const s2vi_semantic_config *config = c->p->config;
    const s2vi_stylegan_mapping m = s2vi_semantic_mapping(&config->generator);
    s2vi_stylegan_mapping_graph mapping;
    s2vi_embedding_graph e;
    s2vi_node *frames;
    int ret = s2vi_train_step_begin(&c->step, err);
    s2vi_graph *g = c->step.graph;
    if (!ret)
        ret = s2vi_stylegan_mapping_build(g, &m, EACH, &mapping, err);
    if (ret < 0)
        return ret;
    c->z = mapping.z;
    c->codes = s2vi_stylegan_truncate(
        mapping.w, s2vi_semantic_codes(&config->generator), c->p->psi, -1);
    ret = s2vi_semantic_generate(g, &config->generator, c->codes, &frames, err);
    if (ret < 0)
        return ret;
    c->text = s2vi_input(g, "text", S2VI_SHAPE(EACH, config->embedding.words));
    const s2vi_embedding_inputs in = {
        .picture = s2vi_embedding_picture(frames, config->embedding.size),
        .text = c->text};
    ret = s2vi_embedding_build(g, &config->embedding, S2VI_SEMANTIC_EMBEDDING,
                               &in, &e, err);
    c->picture = e.picture;
    c->said = e.text;
    c->step.output = c->codes;
    s2vi_train_step_add_term(&c->step, "picture", e.picture);
    s2vi_train_step_add_term(&c->step, "text", e.text);
    return ret < 0 ? ret : s2vi_train_step_plan(&c->step, c->p->store, err);
}

static int allocate(chooser *c, s2v_error *err)
{
    const s2vi_semantic_config *config = c->p->config;
    const s2vi_stylegan_mapping m = s2vi_semantic_mapping(&config->generator);
    const size_t scenes = (size_t)c->p->data->scenes;
    c->words = (size_t)config->embedding.words;
    c->width = (size_t)config->embedding.width;
    c->numbers = (size_t)s2vi_semantic_codes(&config->generator) * (size_t)m.w;
    const size_t most = c->words > (size_t)m.z ? c->words : (size_t)m.z;
    c->in = calloc(EACH * most, sizeof(float));
    c->made = calloc(EACH * c->numbers, sizeof(float));
    c->place = calloc(EACH * c->width, sizeof(float));
    c->wish = calloc(scenes * c->width, sizeof(float));
    c->best = calloc(scenes, sizeof(double));
    return c->in && c->made && c->place && c->wish && c->best
               ? S2V_OK
               : s2vi_error_nomem(err, "a gallery");
}

static void close_chooser(chooser *c)
{
    s2vi_train_step_close(&c->step);
    free(c->in);
    free(c->made);
    free(c->place);
    free(c->wish);
    free(c->best);
}

/* The words of all captions of a scene. */
static void fill_text(const chooser *c, int scene, float *out)
{
    const s2vi_scene_clips *d = c->p->data;
    float n = 0;
    memset(out, 0, c->words * sizeof(*out));
    for (int i = 0; i < d->count; i++)
        for (int k = 0; d->clip[i].scene == scene && k < d->clip[i].captions;
             k++, n++)
            for (size_t j = 0; j < c->words; j++)
                out[j] +=
                    d->share[(size_t)d->clip[i].caption[k].text * c->words + j];
    for (size_t j = 0; j < c->words && n > 0; j++)
        out[j] /= n;
}

static int run(chooser *c, s2vi_node *place, s2v_error *err)
{
    const s2vi_clock clock = {0};
    int ret = s2vi_train_step_run(&c->step, 0, 0, &clock, err);
    if (!ret)
        ret = s2vi_exec_read(c->step.exec, place, c->place);
    return ret ? ret : s2vi_exec_read(c->step.exec, c->codes, c->made);
}

static int embed_texts(chooser *c, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < c->p->data->scenes && !ret; i += EACH) {
        const int left = c->p->data->scenes - i;
        const int n = left < EACH ? left : EACH;
        for (int k = 0; k < n; k++)
            fill_text(c, i + k, c->in + (size_t)k * c->words);
        ret = s2vi_train_step_write(&c->step, c->text, c->in, err);
        if (!ret)
            ret = run(c, c->said, err);
        if (!ret)
            memcpy(c->wish + (size_t)i * c->width, c->place,
                   (size_t)n * c->width * sizeof(float));
    }
    return ret;
}

/* Start k of a run: each scene takes it if it is nearer than those before. */
static void offer(chooser *c, int k, float *codes)
{
    const float *x = c->place + (size_t)k * c->width;
    for (int s = 0; s < c->p->data->scenes; s++) {
        const float *y = c->wish + (size_t)s * c->width;
        double near = 0;
        for (size_t j = 0; j < c->width; j++)
            near += (double)x[j] * (double)y[j];
        if (near <= c->best[s])
            continue;
        c->best[s] = near;
        memcpy(codes + (size_t)s * c->numbers, c->made + (size_t)k * c->numbers,
               c->numbers * sizeof(float));
    }
}

static int choose(chooser *c, float *codes, s2v_error *err)
{
    const size_t n = (size_t)s2vi_shape_count(&c->z->shape);
    int ret = embed_texts(c, err);
    for (int s = 0; s < c->p->data->scenes; s++)
        c->best[s] = -2;
    for (int i = 0; i < STARTS / EACH && !ret; i++) {
        const s2vi_philox key = {c->p->seed, STREAM, (uint64_t)i};
        s2vi_philox_normal(&key, 0, n, c->in);
        ret = s2vi_train_step_write(&c->step, c->z, c->in, err);
        if (!ret)
            ret = run(c, c->picture, err);
        for (int k = 0; k < EACH && !ret; k++)
            offer(c, k, codes);
    }
    return ret;
}

int s2vi_gallery_make(const s2vi_gallery_params *params, float *codes,
                      s2v_error *err)
{
    chooser c = {.p = params};
    int ret = record(&c, err);
    if (!ret)
        ret = allocate(&c, err);
    if (!ret)
        ret = choose(&c, codes, err);
    close_chooser(&c);
    return ret;
}
