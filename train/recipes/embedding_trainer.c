/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The training of the small joint embedding (core/models/joint_embedding.c):
 * InfoNCE (van den Oord et al. 2018) of sound and picture, sound and text,
 * picture and text, and sound and the same sound with a band of frequencies and
 * of time left out (SpecAugment: Park et al. 2019), as that of CLIP's sound
 * encoder (Lee et al. 2021). A batch is of frames anywhere in the clips, with
 * what is heard up to then and a caption of then. All frames of one scene and
 * one third of intensity are right answers of one another: soft targets.
 *
 * Of several processes, each embeds its part of the batch twice: first for the
 * others, who compare theirs with it, then for the gradients of its own among
 * all (GradCache: Gao et al. 2021). The sum of those is the whole batch's.
 */
#include "recipes/embedding_trainer.h"

#include "audio/mel_window.h"
#include "base/error.h"
#include "base/philox.h"
#include "files.h"
#include "semantic_loss.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM_FRAME = 0x600,
    STREAM_MASK = 0x601,
    VIEWED = 16, /* frames of a run of the viewer */
    PARTS = 4,   /* picture, sound, text, and sound with its mask */
    BANDS = S2VI_MEL_WINDOW_BANDS,
    COLUMNS = S2VI_MEL_WINDOW_COLUMNS,
    WINDOW = S2VI_MEL_WINDOW_NUMBERS,
};

/* SpecAugment's masks, at most: parts of the bands, of the columns. */
static const double BANDS_MASKED = 0.15, COLUMNS_MASKED = 0.3;

typedef struct inputs {
    s2vi_node *picture, *sound, *text;
    s2vi_node *mask;    /* (n,bands,columns,1): 0 or 1 */
    s2vi_node *others;  /* (N,4 width): of all processes; NULL: of one */
    s2vi_node *targets; /* (N,N), N: the whole batch */
} inputs;

struct s2vi_embedding_trainer {
    s2vi_trainer trainer;
    s2vi_embedding_trainer_params params;
    inputs in, viewer, embedder;
    s2vi_train_step embedding; /* of this process's part, for the others */
    float *picture, *sound, *text, *mask, *targets; /* a batch */
    float *own, *others;                            /* embeddings */
    int *group;                                     /* of the whole batch */
    float *made; /* of the viewer: (VIEWED,3 width) */
};

/* ------------------------------------------------------------ recording -- */

static void record_inputs(const s2vi_embedding_trainer *t, s2vi_graph *g, int n,
                          inputs *in)
{
    const s2vi_embedding_config *c = &t->params.config;
    *in = (inputs){
        .picture = s2vi_input(g, "picture", S2VI_SHAPE(n, c->size, c->size, 3)),
        .sound = s2vi_input(g, "sound", S2VI_SHAPE(n, c->bands, c->columns, 1)),
        .text = s2vi_input(g, "text", S2VI_SHAPE(n, c->words)),
    };
}

static int record_nets(const s2vi_embedding_trainer *t, s2vi_graph *g,
                       const inputs *in, s2vi_embedding_graph *out,
                       s2v_error *err)
{
    const s2vi_embedding_inputs all = {in->picture, in->sound, in->text};
    return s2vi_embedding_build(g, &t->params.config, "", &all, out, err);
}

static const s2vi_adam_factors adam = {0.9, 0.999, 1e-8, 0};

static int whole_batch(const s2vi_embedding_trainer *t)
{
    return s2vi_trainer_all(&t->trainer, t->params.batch);
}

/* The networks on a batch, and on its sound with the mask. */
static int record_batch(const s2vi_embedding_trainer *t, s2vi_graph *g,
                        inputs *in, s2vi_embedding_graph *e,
                        s2vi_embedding_graph *masked, s2v_error *err)
{
    const int n = t->params.batch;
    record_inputs(t, g, n, in);
    in->mask = s2vi_input(g, "mask", S2VI_SHAPE(n, BANDS, COLUMNS, 1));
    const inputs again = {.sound = s2vi_mul(in->sound, in->mask)};
    const int ret = record_nets(t, g, in, e, err);
    return ret < 0 ? ret : record_nets(t, g, &again, masked, err);
}

/* What the other processes are to have: (n,4 width) */
static int record_embedding(s2vi_embedding_trainer *t, s2v_error *err)
{
    s2vi_train_step *step = &t->embedding;
    s2vi_embedding_graph e, masked;
    int ret = s2vi_train_step_begin(step, err);
    if (!ret)
        ret = record_batch(t, step->graph, &t->embedder, &e, &masked, err);
    if (ret < 0)
        return ret;
    s2vi_node *const parts[] = {e.picture, e.sound, e.text, masked.sound};
    step->output = s2vi_concat(parts, PARTS, 1);
    return s2vi_train_step_plan(step, t->trainer.store, err);
}

/* This process's rows between those of the others: (N,width) */
static s2vi_node *among_others(const s2vi_embedding_trainer *t, s2vi_node *own,
                               int part)
{
    const int n = t->params.batch, w = t->params.config.width;
    const int first = s2vi_trainer_rank(&t->trainer) * n;
    const int after = whole_batch(t) - first - n;
    s2vi_node *rows[3];
    int k = 0;
    if (!t->in.others)
        return own;
    s2vi_node *all = s2vi_slice(t->in.others, 1, part * (int64_t)w, w);
    if (first)
        rows[k++] = s2vi_slice(all, 0, 0, first);
    rows[k++] = own;
    if (after)
        rows[k++] = s2vi_slice(all, 0, first + n, after);
    return s2vi_concat(rows, k, 0);
}

/* Each process has the whole gradient of it, and only a part of the sum. */
static s2vi_node *shared(const s2vi_embedding_trainer *t, s2vi_node *x)
{
    const double part = 1.0 / s2vi_trainer_ranks(&t->trainer);
    return part < 1 ? s2vi_add(s2vi_scale(x, part),
                               s2vi_scale(s2vi_detach(x), 1 - part))
                    : x;
}

static int record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_embedding_trainer *t = trainer->self;
    const int N = whole_batch(t), ranks = s2vi_trainer_ranks(trainer);
    s2vi_train_step *step = &trainer->generator;
    s2vi_graph *g = step->graph;
    s2vi_embedding_graph e, masked;
    int ret = record_batch(t, g, &t->in, &e, &masked, err);
    if (!ret && ranks > 1)
        ret = record_embedding(t, err);
    if (ret < 0)
        return ret;
    t->in.targets = s2vi_input(g, "targets", S2VI_SHAPE(N, N));
    if (ranks > 1)
        t->in.others =
            s2vi_input(g, "others",
                       S2VI_SHAPE(N, PARTS * (int64_t)t->params.config.width));
    s2vi_node *picture = among_others(t, e.picture, 0);
    s2vi_node *sound = among_others(t, e.sound, 1);
    s2vi_node *text = among_others(t, e.text, 2);
    const struct {
        const char *name;
        s2vi_node *a, *b;
    } term[] = {{"sound-picture", sound, picture},
                {"sound-text", sound, text},
                {"picture-text", picture, text},
                {"sound-sound", sound, among_others(t, masked.sound, 3)}};
    s2vi_node *loss = NULL, *each[4], *scale = shared(t, e.scale);
    for (int i = 0; i < 4; i++) {
        each[i] = s2vi_info_nce(term[i].a, term[i].b, t->in.targets, scale);
        loss = loss ? s2vi_add(loss, each[i]) : each[i];
    }
    loss = s2vi_scale(loss, 0.25);
    s2vi_train_step_add_term(step, "loss", loss);
    for (int i = 0; i < 4; i++)
        s2vi_train_step_add_term(step, term[i].name, each[i]);
    s2vi_train_step_add_term(step, "scale", e.scale);
    if (ranks > 1) /* of the mean of gradients, for the sum */
        loss = s2vi_scale(loss, ranks);
    return s2vi_train_step_learn(step, loss, &trainer->g, &adam, err);
}

static int record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_embedding_trainer *t = trainer->self;
    s2vi_embedding_graph e;
    record_inputs(t, trainer->viewer.graph, VIEWED, &t->viewer);
    const int ret = record_nets(t, trainer->viewer.graph, &t->viewer, &e, err);
    s2vi_node *const parts[] = {e.picture, e.sound, e.text};
    trainer->viewer.output = s2vi_concat(parts, 3, 1);
    return ret;
}

/* --------------------------------------------------------------- batches -- */

static size_t picture_size(const s2vi_embedding_trainer *t)
{
    const size_t N = (size_t)t->params.config.size;
    return 3 * N * N;
}

static void fill_frame(s2vi_embedding_trainer *t, int i,
                       const s2vi_embedded_frame *f)
{
    const s2vi_scene_clips *data = t->params.data;
    const size_t n = picture_size(t), words = (size_t)data->vocabulary.count;
    const uint8_t *rgb = f->clip->rgb + (size_t)f->frame * n;
    for (size_t k = 0; k < n; k++)
        t->picture[(size_t)i * n + k] = (float)rgb[k] / 127.5F - 1;
    s2vi_mel_window_of(f->clip->columns, f->frame,
                       t->sound + (ptrdiff_t)i * WINDOW);
    memcpy(t->text + (size_t)i * words, data->share + (size_t)f->text * words,
           words * sizeof(float));
}

/* Zeros for a stretch of bands and one of columns. */
static void fill_mask(const float u[4], float *mask)
{
    const int bands = (int)((double)u[0] * (1 + BANDS_MASKED * BANDS));
    const int columns = (int)((double)u[1] * (1 + COLUMNS_MASKED * COLUMNS));
    const int band = (int)(u[2] * (float)(BANDS - bands + 1));
    const int column = (int)(u[3] * (float)(COLUMNS - columns + 1));
    for (int b = 0; b < BANDS; b++)
        for (int k = 0; k < COLUMNS; k++)
            mask[b * COLUMNS + k] = !((b >= band && b < band + bands) ||
                                      (k >= column && k < column + columns));
}

/* Frames drawn with replacement: they follow from the iteration's number. */
static int prepare(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_embedding_trainer *t = trainer->self;
    const s2vi_scene_clips *data = t->params.data;
    const uint64_t seed = trainer->params.seed, step = (uint64_t)trainer->step;
    const s2vi_philox key = {seed, STREAM_FRAME, step};
    const s2vi_philox masks = {seed, STREAM_MASK, step};
    const int first = s2vi_trainer_rank(trainer) * t->params.batch;
    (void)err;
    for (int k = 0; k < whole_batch(t); k++) {
        const int i = k - first; /* in this process's part, if there */
        s2vi_embedded_frame f;
        uint32_t word[4];
        float u[4];
        s2vi_philox_block(&key, (uint32_t)k, word);
        s2vi_philox_uniform(&masks, 4 * (uint32_t)k, 4, u);
        const uint64_t pick = (uint64_t)word[0] << 32 | word[1];
        f.clip = s2vi_scene_frame(
            data, false, (int64_t)(pick % (uint64_t)data->train), &f.frame);
        f.text = s2vi_scene_text(f.clip, f.frame, word[2]);
        t->group[k] = s2vi_scene_group(f.clip, f.frame);
        if (i < 0 || i >= t->params.batch)
            continue;
        fill_frame(t, i, &f);
        fill_mask(u, t->mask + (ptrdiff_t)i * WINDOW);
    }
    s2vi_soft_targets(t->group, whole_batch(t), t->targets);
    return S2V_OK;
}

static int write_inputs(s2vi_embedding_trainer *t, s2vi_train_step *step,
                        const inputs *in, s2v_error *err)
{
    int ret = s2vi_train_step_write(step, in->picture, t->picture, err);
    if (!ret)
        ret = s2vi_train_step_write(step, in->sound, t->sound, err);
    return ret ? ret : s2vi_train_step_write(step, in->text, t->text, err);
}

static int write_batch(s2vi_embedding_trainer *t, s2vi_train_step *step,
                       const inputs *in, s2v_error *err)
{
    const int ret = write_inputs(t, step, in, err);
    return ret ? ret : s2vi_train_step_write(step, in->mask, t->mask, err);
}

/* All processes' embeddings, of the weights as they are. */
static int embed_for_others(s2vi_embedding_trainer *t, s2v_error *err)
{
    const s2vi_clock clock = s2vi_trainer_clock(&t->trainer);
    s2vi_train_step *step = &t->embedding;
    int ret = write_batch(t, step, &t->embedder, err);
    if (!ret)
        ret = s2vi_train_step_run(step, 0, 0, &clock, err);
    if (!ret)
        ret = s2vi_exec_read(step->exec, step->output, t->own);
    if (!ret)
        s2vi_ranks_gather_all(t->params.trainer.ranks, t->own,
                              (size_t)t->params.batch * PARTS *
                                  (size_t)t->params.config.width,
                              t->others);
    return ret;
}

static int feed(s2vi_trainer *trainer, s2vi_train_step *step, s2v_error *err)
{
    s2vi_embedding_trainer *t = trainer->self;
    int ret = write_batch(t, step, &t->in, err);
    if (!ret)
        ret = s2vi_train_step_write(step, t->in.targets, t->targets, err);
    if (ret < 0 || !t->in.others)
        return ret;
    ret = embed_for_others(t, err);
    return ret ? ret
               : s2vi_train_step_write(step, t->in.others, t->others, err);
}

/* --------------------------------------------------------------- texts -- */

static char *config_text(const s2vi_trainer *trainer, bool exported)
{
    const s2vi_embedding_trainer *t = trainer->self;
    (void)exported;
    return s2vi_embedding_config_text(&t->params.config);
}

static json_t *identity(const s2vi_trainer *trainer)
{
    const s2vi_embedding_trainer *t = trainer->self;
    return json_pack("{s:s, s:i, s:I}", "clips", t->params.data->hash, "batch",
                     whole_batch(t), "trained_frames",
                     (json_int_t)t->params.data->train);
}

static json_t *training(const s2vi_trainer *trainer)
{
    const s2vi_embedding_trainer *t = trainer->self;
    const s2vi_scene_clips *data = t->params.data;
    return json_pack("{s:s, s:i, s:I, s:i, s:i, s:f}", "clips", data->hash,
                     "batch", whole_batch(t), "trained_frames",
                     (json_int_t)data->train, "clip_count", data->count,
                     "scenes", data->scenes, "average",
                     t->params.trainer.average);
}

int s2vi_scene_metadata(const s2vi_scene_clips *data, bool words,
                        s2vi_writer *w, s2v_error *err)
{
    char level[32], *text = NULL;
    snprintf(level, sizeof(level), "%.1f", data->level);
    int ret = s2vi_writer_set_metadata(w, "s2v.level", level, err);
    if (ret < 0 || !words)
        return ret;
    text = s2vi_vocabulary_text(&data->vocabulary);
    ret = s2vi_file_set_text(w, "s2v.vocabulary", text, err);
    free(text);
    return ret;
}

static int metadata(const s2vi_trainer *trainer, s2vi_writer *w, s2v_error *err)
{
    const s2vi_embedding_trainer *t = trainer->self;
    return s2vi_scene_metadata(t->params.data, true, w, err);
}

/* ------------------------------------------------------------ starting -- */

static const s2vi_trainer_hooks hooks = {
    .model = S2VI_EMBEDDING_NAME,
    .record_generator = record_generator,
    .record_viewer = record_viewer,
    .prepare = prepare,
    .feed = feed,
    .config = config_text,
    .identity = identity,
    .training = training,
    .metadata = metadata,
};

static int allocate(s2vi_embedding_trainer *t, s2v_error *err)
{
    const size_t batch = (size_t)t->params.batch, number = sizeof(float);
    const size_t n = batch > VIEWED ? batch : VIEWED;
    const size_t words = (size_t)t->params.config.words;
    const size_t whole = (size_t)whole_batch(t);
    const size_t each = PARTS * (size_t)t->params.config.width;
    t->picture = calloc(n * picture_size(t), number);
    t->sound = calloc(n * WINDOW, number);
    t->mask = calloc(n * WINDOW, number);
    t->text = calloc(n * words, number);
    t->targets = calloc(whole * whole, number);
    t->own = calloc(batch * each, number);
    t->others = calloc(whole * each, number);
    t->group = calloc(whole, sizeof(*t->group));
    t->made = calloc(VIEWED * 3 * (size_t)t->params.config.width, number);
    return t->picture && t->sound && t->mask && t->text && t->targets &&
                   t->own && t->others && t->group && t->made
               ? S2V_OK
               : s2vi_error_nomem(err, "a batch");
}

static int start(s2vi_embedding_trainer *t, s2v_error *err)
{
    int ret = s2vi_embedding_config_check(&t->params.config, err);
    if (!ret)
        ret = allocate(t, err);
    if (!ret)
        ret =
            s2vi_embedding_params(&t->params.config, "", &t->trainer.list, err);
    s2vi_trainer_add_generator(&t->trainer);
    return ret < 0 ? ret : s2vi_trainer_open(&t->trainer, err);
}

int s2vi_embedding_trainer_create(s2vi_embedding_trainer **out,
                                  const s2vi_embedding_trainer_params *params,
                                  s2v_error *err)
{
    s2vi_embedding_trainer *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->params = *params;
    t->params.batch = s2vi_trainer_part(&params->trainer, params->batch);
    t->trainer = (s2vi_trainer){.hooks = &hooks,
                                .self = t,
                                .params = params->trainer,
                                .frames = t->params.batch};
    const int ret = start(t, err);
    if (ret < 0)
        s2vi_embedding_trainer_close(out);
    return ret;
}

void s2vi_embedding_trainer_close(s2vi_embedding_trainer **out)
{
    s2vi_embedding_trainer *t = *out;
    if (!t)
        return;
    s2vi_train_step_close(&t->embedding);
    s2vi_trainer_close(&t->trainer);
    free(t->picture);
    free(t->sound);
    free(t->mask);
    free(t->text);
    free(t->targets);
    free(t->own);
    free(t->others);
    free(t->group);
    free(t->made);
    free(t);
    *out = NULL;
}

s2vi_trainer *s2vi_embedding_trainer_base(s2vi_embedding_trainer *trainer)
{
    return &trainer->trainer;
}

/* -------------------------------------------------------------- viewing -- */

int s2vi_embedding_trainer_embed(s2vi_embedding_trainer *t,
                                 const s2vi_embedded_frame *frame, int n,
                                 float *out, s2v_error *err)
{
    const size_t each = 3 * (size_t)t->params.config.width;
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    for (int i = 0; i < n && !ret; i += VIEWED) {
        const int count = n - i < VIEWED ? n - i : VIEWED;
        for (int k = 0; k < count; k++)
            fill_frame(t, k, &frame[i + k]);
        ret = write_inputs(t, &t->trainer.viewer, &t->viewer, err);
        if (!ret)
            ret = s2vi_trainer_view(&t->trainer, 0, t->made, err);
        if (!ret)
            memcpy(out + (size_t)i * each, t->made,
                   (size_t)count * each * sizeof(float));
    }
    return ret;
}
