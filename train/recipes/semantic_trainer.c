/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The training of "Sound-guided Semantic Video Generation" (the citation is in
 * core/models/sound_inversion.c): E_a, E_RNN, D_V and D_I on a generator that
 * does not learn.
 *
 * Shapes: n sequences of T frames; N side of a frame; L codes, w their width.
 *
 * Stages:
 *   inversion  E_a alone: eq. 1-3 and the paired terms, of frames drawn from
 *              all clips, each with a start of its own (so that eq. 3's mean
 *              over time has no part in it): those of one video are too alike
 *   video      all: eq. 4-9, and the paired terms; eq. 7 and 8 count a tenth,
 *              or they drive codes to where the generator makes no pictures,
 *              and so does a frame whose layers have codes of their own; the
 *              adversaries count from 0, rising over the first tenth of the
 *              stage, since what they say at first is arbitrary and large
 *
 * Choices and deviations, where the paper is silent or errs:
 * - The start's codes are random ones, drawn towards the average (psi), not the
 *   average itself; with an embedding, those whose pictures are of the clip's
 *   scene (semantic_gallery.c), which is eq. 1's "frame-0 choice" by text: E_a
 *   and E_RNN then learn how a scene moves, not to make one of another.
 * - Paired terms (table 3b, weights of pSp): E_a has to make the clip's own
 *   frame: mean square, LPIPS, and |delta w|. They carry the synchrony, the
 *   embedding's terms the meaning.
 * - With an embedding and clips whose intensity is known, what a linear reading
 *   of the pictures' places says of it (semantic_gallery.c) has to be the
 *   clip's: the cosines alone leave most of the curve out.
 * - Least squares for eq. 7 and 8; see semantic_loss.c.
 * - E_RNN learns by all terms of the generator, E_a by the adversaries', too.
 * - The window of sound of frame t ends 95 ms after its beginning, as a stream
 *   hears it.
 * - Adam(0.5, 0.999); a fifth of the published code's rate for the
 *   discriminators, whose losses jump otherwise.
 */
#include "recipes/semantic_trainer.h"

#include "audio/mel_window.h"
#include "base/error.h"
#include "base/philox.h"
#include "files.h"
#include "models/param_file.h"
#include "networks/lpips.h"
#include "recipes/embedding_trainer.h"
#include "recipes/semantic_gallery.h"
#include "semantic_loss.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM_FRAME = 0x610,
    STREAM_Z = 0x611,
    STREAM_SAMPLE = 0x612,
    STREAM_START = 0x614,
    STREAM_DROPOUT = 0x620, /* of real and made videos: a number each */
    WINDOW = S2VI_MEL_WINDOW_NUMBERS,
};

enum { INVERSION, VIDEO }; /* stages */

static const double RISE = 0.1; /* of the second stage */

static const char *const inversion_prefix = S2VI_SEMANTIC_INVERSION;
static const char *const recurrent_prefix = S2VI_SEMANTIC_RECURRENT;
static const char *const embedding_prefix = S2VI_SEMANTIC_EMBEDDING;
static const char *const di_prefix = "d_i.";
static const char *const dv_prefix = "d_v.";

/* One recording's inputs; NULL where it has none. */
typedef struct inputs {
    s2vi_node *z;               /* (n,z): the start; or */
    s2vi_node *start;           /* (n,L,w) */
    s2vi_node *sound;           /* (n T,bands,columns,1) */
    s2vi_node *text;            /* (n T,words) */
    s2vi_node *real;            /* (n T,N,N,3) */
    s2vi_node *reading, *level; /* (n T,width), (n T,1): of the intensity */
    s2vi_node *adversary;       /* (1): what eq. 7 and 8 count */
} inputs;

/* Terms of a loss, to be told of behind their sum. */
typedef struct part {
    const char *name;
    s2vi_node *node;
} part;

/* What is recorded over them. */
typedef struct scene {
    int n, T;
    s2vi_node *start;  /* (n,L,w) */
    s2vi_node *delta;  /* E_a's: (n T,L,w) */
    s2vi_node *codes;  /* (n,T,L,w) */
    s2vi_node *frames; /* (n T,N,N,3) */
    part part[S2VI_TRAIN_STEP_TERMS];
    int parts;
} scene;

struct s2vi_semantic_trainer {
    s2vi_trainer trainer;
    s2vi_semantic_trainer_params params;
    s2vi_param_list frozen, embedding; /* what does not learn */
    s2vi_perceptual *phi;
    s2vi_lpips *lpips;
    inputs critics, generator, viewer;
    s2vi_node *similar, *similar_real;  /* of the viewer */
    float *start, *sound, *text, *real; /* a batch; start: z or codes */
    float *reading, *level;
    float *made;          /* T frames */
    s2vi_gallery gallery; /* with an embedding, once chosen */
};

/* --------------------------------------------------------------- stages -- */

static int stage_at(const s2vi_trainer *trainer)
{
    const s2vi_semantic_trainer *t = trainer->self;
    return trainer->share < t->params.alone ? INVERSION : VIDEO;
}

static int enter_stage(s2vi_trainer *trainer, s2v_error *err)
{
    (void)err;
    trainer->critics_rest = trainer->stage == INVERSION;
    return S2V_OK;
}

const char *s2vi_semantic_trainer_stage(const s2vi_semantic_trainer *t)
{
    return t->trainer.stage == INVERSION ? "inversion" : "video";
}

/* ------------------------------------------------- what does not learn -- */

/* t = affine(w) of the camera is what it is for the average w, always. */
static int hold_camera(const s2vi_semantic_trainer *t, s2vi_store *store,
                       s2v_error *err)
{
    enum { ROWS = 4 };
    const int W = s2vi_semantic_mapping(&t->params.config.generator).w;
    float *a = calloc((size_t)(ROWS + 1) * (size_t)W, sizeof(*a));
    float *average = a ? a + ROWS * (ptrdiff_t)W : NULL, b[ROWS];
    int ret =
        a ? s2vi_store_read(store, "synthesis.input.affine.weight", a, err)
          : s2vi_error_nomem(err, "the camera");
    if (!ret)
        ret = s2vi_store_read(store, "synthesis.input.affine.bias", b, err);
    if (!ret)
        ret = s2vi_store_read(store, "mapping.w_avg", average, err);
    for (int k = 0; k < ROWS && !ret; k++) {
        double sum = 0;
        for (int i = 0; i < W; i++)
            sum += (double)a[k * W + i] * (double)average[i];
        b[k] += (float)(sum / sqrt(W));
        memset(a + k * (ptrdiff_t)W, 0, (size_t)W * sizeof(*a));
    }
    if (!ret)
        ret = s2vi_store_write(store, "synthesis.input.affine.weight", a, err);
    if (!ret)
        ret = s2vi_store_write(store, "synthesis.input.affine.bias", b, err);
    free(a);
    return ret;
}

static int load_frozen(s2vi_semantic_trainer *t, s2vi_store *store,
                       s2v_error *err)
{
    const s2vi_semantic_trainer_params *p = &t->params;
    int ret = s2vi_param_list_load(&t->frozen, p->generator, store, err);
    if (!ret && p->still && p->config.generator.alias_free)
        ret = hold_camera(t, store, err);
    if (!ret && p->embedding)
        ret = s2vi_param_list_load_part(&t->embedding, p->embedding, "",
                                        embedding_prefix, store, err);
    if (!ret && t->lpips)
        ret = s2vi_perceptual_load(t->phi, store, err);
    return ret < 0 || !t->lpips ? ret : s2vi_lpips_load(t->lpips, store, err);
}

/* Starts for the scenes, chosen once: nothing of it learns. */
static int make_gallery(s2vi_semantic_trainer *t, s2v_error *err)
{
    const s2vi_gallery_params params = {.config = &t->params.config,
                                        .data = t->params.data,
                                        .store = t->trainer.store,
                                        .psi = t->params.psi,
                                        .seed = t->trainer.params.seed,
                                        .starts = t->params.starts,
                                        .each = S2VI_SEMANTIC_EACH};
    return t->gallery.codes || !t->params.embedding
               ? S2V_OK
               : s2vi_gallery_make(&params, &t->gallery, err);
}

/* ------------------------------------------------------------ recording -- */

static int side(const s2vi_semantic_trainer *t)
{
    return s2vi_semantic_size(&t->params.config.generator);
}

static void record_inputs(const s2vi_semantic_trainer *t, s2vi_graph *g,
                          int all, inputs *in)
{
    const s2vi_inversion_config *c = &t->params.config.inversion;
    const int N = side(t);
    in->sound =
        s2vi_input(g, "sound", S2VI_SHAPE(all, c->bands, c->columns, 1));
    in->real = s2vi_input(g, "real", S2VI_SHAPE(all, N, N, 3));
}

/* The start's codes: (n,L,w). With an embedding those of the gallery, which a
 * stream begins with, too. */
static int record_start(const s2vi_semantic_trainer *t, s2vi_graph *g, int n,
                        inputs *in, s2vi_node **start, s2v_error *err)
{
    const s2vi_semantic_generator *c = &t->params.config.generator;
    const s2vi_stylegan_mapping m = s2vi_semantic_mapping(c);
    s2vi_stylegan_mapping_graph mapping;
    if (t->params.embedding) {
        *start = in->start =
            s2vi_input(g, "start", S2VI_SHAPE(n, s2vi_semantic_codes(c), m.w));
        return S2V_OK;
    }
    const int ret = s2vi_stylegan_mapping_build(g, &m, n, &mapping, err);
    in->z = mapping.z;
    *start = s2vi_detach(s2vi_stylegan_truncate(
        mapping.w, s2vi_semantic_codes(c), t->params.psi, -1));
    return ret;
}

/* Eq. 1, of each frame by itself: (n,T,L,w) */
static s2vi_node *invert(const scene *s)
{
    if (!s->start || !s->delta)
        return NULL;
    const int64_t L = s->start->shape.dim[1], w = s->start->shape.dim[2];
    return s2vi_add(s2vi_reshape(s->delta, S2VI_SHAPE(s->n, s->T, L, w)),
                    s2vi_reshape(s->start, S2VI_SHAPE(s->n, 1, L, w)));
}

/* Eq. 4, step by step: (n,T,L,w) */
static int recur(const s2vi_semantic_trainer *t, s2vi_graph *g, scene *s,
                 s2v_error *err)
{
    const s2vi_recurrent_config *c = &t->params.config.recurrent;
    const int64_t L = s2vi_recurrent_codes(c), w = c->w;
    s2vi_node *delta = s2vi_reshape(s->delta, S2VI_SHAPE(s->n, s->T, L, w));
    s2vi_node *codes[S2VI_MAX_INPUTS];
    s2vi_recurrent_step step = {.start = s->start, .previous = s->start};
    int ret = S2V_OK;
    for (int i = 0; i < c->groups; i++)
        step.h[i] = s2vi_fill(g, 0, S2VI_SHAPE(s->n, s2vi_recurrent_state(c)));
    for (int k = 0; k < s->T && !ret; k++) {
        step.sound =
            s2vi_reshape(s2vi_slice(delta, 1, k, 1), S2VI_SHAPE(s->n, L, w));
        ret = s2vi_recurrent_build(g, c, recurrent_prefix, &step,
                                   &step.previous, err);
        codes[k] = s2vi_reshape(step.previous, S2VI_SHAPE(s->n, 1, L, w));
    }
    s->codes = ret < 0 ? NULL : s2vi_concat(codes, s->T, 1);
    return ret;
}

/* The networks of n sequences of T frames in this stage. */
static int record_scene(const s2vi_semantic_trainer *t, s2vi_graph *g, int n,
                        int T, inputs *in, scene *s, s2v_error *err)
{
    const s2vi_semantic_config *c = &t->params.config;
    s2vi_inversion_graph inversion;
    *in = (inputs){0};
    *s = (scene){.n = n, .T = T};
    record_inputs(t, g, n * T, in);
    int ret = record_start(t, g, n, in, &s->start, err);
    if (!ret)
        ret = s2vi_inversion_build(g, &c->inversion, inversion_prefix,
                                   in->sound, false, &inversion, err);
    s->delta = ret < 0 ? NULL : inversion.codes;
    if (!ret && t->trainer.stage == VIDEO)
        ret = recur(t, g, s, err);
    else if (!ret)
        s->codes = invert(s);
    if (ret < 0 || !s->codes)
        return ret < 0 ? ret : s2vi_graph_status(g, err);
    s2vi_node *flat =
        s2vi_reshape(s->codes, S2VI_SHAPE(n * (int64_t)s->T, c->inversion.codes,
                                          c->inversion.w));
    return s2vi_semantic_generate(g, &c->generator, flat, &s->frames, err);
}

/* Places of pictures, sound and, where `in` has it, text. */
static int embed(const s2vi_semantic_trainer *t, s2vi_graph *g,
                 s2vi_node *frames, const inputs *in, s2vi_embedding_graph *e,
                 s2v_error *err)
{
    const s2vi_embedding_config *c = &t->params.config.embedding;
    const s2vi_embedding_inputs all = {s2vi_embedding_picture(frames, c->size),
                                       in->sound, in->text};
    return s2vi_embedding_build(g, c, embedding_prefix, &all, e, err);
}

static s2vi_node *plus(s2vi_node *sum, s2vi_node *term, double weight)
{
    term = s2vi_scale(term, weight);
    return sum ? s2vi_add(sum, term) : term;
}

static void note(scene *s, const char *name, s2vi_node *node)
{
    s->part[s->parts++] = (part){name, node};
}

/* How far the intensity that is read from pictures is from the clip's: its mean
 * square, of frames whose intensity is known. */
static s2vi_node *record_intensity(const s2vi_semantic_trainer *t,
                                   s2vi_graph *g, inputs *in, const scene *s,
                                   s2vi_node *picture)
{
    const int64_t all = s->n * (int64_t)s->T;
    in->reading = s2vi_input(g, "reading",
                             S2VI_SHAPE(all, t->params.config.embedding.width));
    in->level = s2vi_input(g, "level", S2VI_SHAPE(all, 1));
    s2vi_node *read = s2vi_sum(s2vi_mul(picture, in->reading), 1u << 1);
    return s2vi_mean_all(s2vi_square(
        s2vi_sub(s2vi_reshape(read, S2VI_SHAPE(all, 1)), in->level)));
}

/* L_enc, eq. 3 */
static int record_encoder_loss(s2vi_semantic_trainer *t, s2vi_graph *g,
                               inputs *in, scene *s, s2vi_node **loss,
                               s2v_error *err)
{
    const s2vi_semantic_weights *w = &t->params.weights;
    s2vi_embedding_graph e;
    s2vi_node *identity = s2vi_semantic_identity(s->codes), *sum = NULL;
    if (t->params.embedding) {
        in->text = s2vi_input(
            g, "text",
            S2VI_SHAPE(s->n * (int64_t)s->T, t->params.config.embedding.words));
        const int ret = embed(t, g, s->frames, in, &e, err);
        if (ret < 0)
            return ret;
        s2vi_node *av = s2vi_semantic_distance(e.picture, e.sound);
        s2vi_node *tv = s2vi_semantic_distance(e.picture, e.text);
        note(s, "sound-picture", av);
        note(s, "text-picture", tv);
        sum = plus(plus(NULL, av, w->clip), tv, w->clip);
        s2vi_node *off = record_intensity(t, g, in, s, e.picture);
        note(s, "intensity", off);
        sum = plus(sum, off, w->intensity);
    }
    note(s, "identity", identity);
    *loss = plus(sum, identity, w->identity);
    return S2V_OK;
}

/* How far the codes are from the start's: E_a's result, in the video stage with
 * what E_RNN adds, which nothing else would hold back: (n T,L,w) */
static s2vi_node *displacement(const scene *s)
{
    if (!s->codes || !s->start)
        return NULL;
    const int64_t L = s->start->shape.dim[1], w = s->start->shape.dim[2];
    s2vi_node *start = s2vi_reshape(s->start, S2VI_SHAPE(s->n, 1, L, w));
    return s2vi_reshape(s2vi_sub(s->codes, start),
                        S2VI_SHAPE(s->n * (int64_t)s->T, L, w));
}

static s2vi_node *record_paired(s2vi_semantic_trainer *t, s2vi_graph *g,
                                const inputs *in, scene *s)
{
    const s2vi_semantic_weights *w = &t->params.weights;
    s2vi_node *mse = s2vi_mean_all(s2vi_square(s2vi_sub(s->frames, in->real)));
    s2vi_node *length = s2vi_semantic_length(displacement(s));
    s2vi_node *spread = s2vi_semantic_spread(s->codes);
    s2vi_node *sum = plus(plus(NULL, mse, w->mse), length, w->length);
    sum = plus(sum, spread, w->spread);
    note(s, "mse", mse);
    note(s, "length", length);
    note(s, "spread", spread);
    if (!t->lpips)
        return sum;
    s2vi_node *lpips =
        s2vi_mean_all(s2vi_lpips_record(t->lpips, g, s->frames, in->real));
    note(s, "lpips", lpips);
    return plus(sum, lpips, w->lpips);
}

/* What D_V says of videos (n T,N,N,3). */
static int judge_video(const s2vi_semantic_trainer *t, const scene *s,
                       s2vi_node *frames, int which, s2vi_semantic_dv_graph *d,
                       s2v_error *err)
{
    const s2vi_semantic_d_config *c = &t->params.critics;
    const int N = side(t);
    if (!frames)
        return S2V_ERR_INTERNAL;
    s2vi_node *video = s2vi_reshape(frames, S2VI_SHAPE(s->n, s->T, N, N, 3));
    s2vi_node *dropout = s2vi_semantic_dv_dropout(
        frames->graph, c, s->n, s->T, STREAM_DROPOUT + (uint32_t)which);
    return s2vi_semantic_dv_build(frames->graph, c, dv_prefix, video, dropout,
                                  d, err);
}

static s2vi_node *judge_frames(const s2vi_semantic_trainer *t,
                               s2vi_node *frames, s2v_error *err)
{
    return s2vi_semantic_di_build(frames->graph, &t->params.critics, di_prefix,
                                  frames, NULL, err);
}

/* The generator's terms of eq. 9. */
static int record_adversaries(s2vi_semantic_trainer *t, s2vi_graph *g, scene *s,
                              s2vi_node **loss, s2v_error *err)
{
    s2vi_semantic_dv_graph d;
    const int ret = judge_video(t, s, s->frames, 0, &d, err);
    if (ret < 0)
        return ret;
    s2vi_node *video = s2vi_semantic_dv_generator(&d);
    s2vi_node *image =
        s2vi_least_squares_generator(judge_frames(t, s->frames, err));
    note(s, "g.video", video);
    note(s, "g.image", image);
    t->generator.adversary = s2vi_input(g, "adversary", S2VI_SHAPE(1));
    *loss = s2vi_add(*loss,
                     s2vi_mul(s2vi_add(video, image), t->generator.adversary));
    return s2vi_graph_status(g, err);
}

static const s2vi_adam_factors adam = {0.5, 0.999, 1e-8, 0};

static int record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_semantic_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->generator;
    s2vi_node *encoder = NULL;
    scene s;
    /* E_a by itself learns on frames of any clips, each with its own start. */
    const bool apart = trainer->stage == INVERSION;
    const int n = t->params.batch, T = t->params.sequence;
    int ret = load_frozen(t, trainer->store, err);
    if (!ret)
        ret = make_gallery(t, err);
    if (!ret)
        ret = record_scene(t, step->graph, apart ? n * T : n, apart ? 1 : T,
                           &t->generator, &s, err);
    if (!ret)
        ret = record_encoder_loss(t, step->graph, &t->generator, &s, &encoder,
                                  err);
    if (ret < 0)
        return ret;
    s2vi_node *loss = plus(record_paired(t, step->graph, &t->generator, &s),
                           encoder, t->params.weights.encoder);
    if (trainer->stage == VIDEO)
        ret = record_adversaries(t, step->graph, &s, &loss, err);
    s2vi_train_step_add_term(step, "loss", loss);
    for (int i = 0; i < s.parts; i++)
        s2vi_train_step_add_term(step, s.part[i].name, s.part[i].node);
    return ret < 0 ? ret
                   : s2vi_train_step_learn(step, loss, &trainer->g, &adam, err);
}

/* Eq. 7 and 8. */
static int record_critics(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_semantic_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->critics;
    s2vi_semantic_dv_graph of_made, of_real;
    scene s;
    int ret = record_scene(t, step->graph, t->params.batch, t->params.sequence,
                           &t->critics, &s, err);
    if (ret < 0)
        return ret;
    s2vi_node *made = s2vi_detach(s.frames), *real = t->critics.real;
    ret = judge_video(t, &s, made, 1, &of_made, err);
    if (!ret)
        ret = judge_video(t, &s, real, 2, &of_real, err);
    if (ret < 0)
        return ret;
    s2vi_node *video = s2vi_semantic_dv_loss(&of_real, &of_made);
    s2vi_node *image = s2vi_least_squares(judge_frames(t, real, err),
                                          judge_frames(t, made, err));
    s2vi_train_step_add_term(step, "d.video", video);
    s2vi_train_step_add_term(step, "d.image", image);
    return s2vi_train_step_learn(step, s2vi_add(video, image),
                                 &trainer->critic[0], &adam, err);
}

/* Those of all stages. */
static int terms(const s2vi_trainer *trainer, const char **name, int room)
{
    static const char *const all[] = {
        "loss",          "mse",          "length",    "spread",   "lpips",
        "sound-picture", "text-picture", "intensity", "identity", "g.video",
        "g.image",       "d.video",      "d.image"};
    const s2vi_semantic_trainer *t = trainer->self;
    int n = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all) && n < room; i++) {
        const bool of_embedding = i >= 5 && i <= 7;
        if ((i != 4 || t->lpips) && (!of_embedding || t->params.embedding))
            name[n++] = all[i];
    }
    return n;
}

static int record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_semantic_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->viewer;
    s2vi_embedding_graph made, real;
    scene s;
    int ret =
        trainer->averages ? load_frozen(t, trainer->averages, err) : S2V_OK;
    if (!ret)
        ret = record_scene(t, step->graph, 1, t->params.sequence, &t->viewer,
                           &s, err);
    if (ret < 0)
        return ret;
    step->output = s.frames;
    if (t->params.embedding) {
        ret = embed(t, step->graph, s.frames, &t->viewer, &made, err);
        if (!ret)
            ret = embed(t, step->graph, t->viewer.real, &t->viewer, &real, err);
        if (ret < 0)
            return ret;
        t->similar = s2vi_semantic_distance(made.picture, made.sound);
        t->similar_real = s2vi_semantic_distance(real.picture, real.sound);
        s2vi_train_step_add_term(step, "similar", t->similar);
        s2vi_train_step_add_term(step, "real", t->similar_real);
    } else { /* the input is there in any case */
        s2vi_train_step_add_term(step, "real", s2vi_mean_all(t->viewer.real));
    }
    return s2vi_graph_status(step->graph, err);
}

/* --------------------------------------------------------------- batches -- */

static size_t picture_size(const s2vi_semantic_trainer *t)
{
    const size_t N = (size_t)side(t);
    return 3 * N * N;
}

/* What frame k of the batch is to be read as; 0 of nothing where its intensity
 * is not known. */
static void fill_intensity(s2vi_semantic_trainer *t, int k,
                           const s2vi_scene_clip *clip, int64_t frame)
{
    const size_t width = (size_t)t->params.config.embedding.width;
    const float *reading =
        t->gallery.reading + (size_t)clip->scene * (width + 1);
    float *out = t->reading + (size_t)k * width;
    t->level[k] = clip->intensity ? clip->intensity[frame] - reading[width] : 0;
    for (size_t i = 0; i < width; i++)
        out[i] = clip->intensity ? reading[i] : 0;
}

/* Frame k of the batch. */
static void fill_frame(s2vi_semantic_trainer *t, int k,
                       const s2vi_scene_clip *clip, int64_t frame,
                       uint32_t pick)
{
    const s2vi_scene_clips *data = t->params.data;
    const size_t n = picture_size(t), words = (size_t)data->vocabulary.count;
    const uint8_t *rgb = clip->rgb + (size_t)frame * n;
    const int text = s2vi_scene_text(clip, frame, pick);
    for (size_t i = 0; i < n; i++)
        t->real[(size_t)k * n + i] = (float)rgb[i] / 127.5F - 1;
    s2vi_mel_window_of(clip->columns, frame, t->sound + (ptrdiff_t)k * WINDOW);
    if (t->params.embedding)
        fill_intensity(t, k, clip, frame);
    if (t->text)
        memcpy(t->text + (size_t)k * words, data->share + (size_t)text * words,
               words * sizeof(float));
}

/* Numbers of a start: of z, or of codes. */
static size_t start_size(const s2vi_semantic_trainer *t)
{
    const s2vi_semantic_generator *c = &t->params.config.generator;
    const s2vi_stylegan_mapping m = s2vi_semantic_mapping(c);
    return t->params.embedding ? (size_t)s2vi_semantic_codes(c) * (size_t)m.w
                               : (size_t)m.z;
}

/* Start k of the batch: one of those of the clip's scene. */
static void fill_start(s2vi_semantic_trainer *t, int k,
                       const s2vi_scene_clip *clip, uint64_t pick)
{
    const size_t n = start_size(t);
    const uint64_t i =
        (uint64_t)clip->scene * S2VI_SEMANTIC_EACH + pick % S2VI_SEMANTIC_EACH;
    if (t->params.embedding)
        memcpy(t->start + (size_t)k * n, t->gallery.codes + i * n,
               n * sizeof(float));
}

/* A stretch of T frames that are trained on, anywhere. */
static const s2vi_scene_clip *draw_stretch(const s2vi_semantic_trainer *t,
                                           int64_t number, int64_t *frame,
                                           uint32_t *pick)
{
    const s2vi_scene_clips *data = t->params.data;
    const int T = t->params.sequence;
    const s2vi_philox key = {t->trainer.params.seed, STREAM_FRAME,
                             (uint64_t)number};
    for (uint32_t i = 0;; i++) { /* one fits: start() has asked */
        uint32_t word[4];
        s2vi_philox_block(&key, i, word);
        const uint64_t at = (uint64_t)word[0] << 32 | word[1];
        const s2vi_scene_clip *c = s2vi_scene_frame(
            data, false, (int64_t)(at % (uint64_t)data->train), frame);
        *pick = word[2];
        if (c->train < T)
            continue;
        if (*frame > c->train - T)
            *frame = (int64_t)(word[3] % (uint64_t)(c->train - T + 1));
        return c;
    }
}

/* Video i of the batch, by its number: T frames of one clip; or T frames of
 * any. */
static void fill_video(s2vi_semantic_trainer *t, int i, int64_t number,
                       bool apart)
{
    const int T = t->params.sequence;
    const s2vi_scene_clip *c = NULL;
    const s2vi_philox key = {t->trainer.params.seed, STREAM_START,
                             (uint64_t)number};
    int64_t frame = 0;
    uint32_t pick = 0, word[4];
    for (int k = 0; k < T; k++) {
        if (apart || !k) {
            c = draw_stretch(t, apart ? number * T + k : number, &frame, &pick);
            s2vi_philox_block(&key, (uint32_t)k, word);
            fill_start(t, apart ? i * T + k : i, c, word[0]);
        }
        fill_frame(t, i * T + k, c, apart ? frame : frame + k, pick);
    }
}

/* Stretches drawn with replacement: they follow from the iteration's number. */
static int prepare(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_semantic_trainer *t = trainer->self;
    const int n = t->params.batch;
    const s2vi_philox z = {trainer->params.seed, STREAM_Z,
                           (uint64_t)trainer->step};
    const int64_t first = trainer->step * s2vi_trainer_all(trainer, n) +
                          (int64_t)s2vi_trainer_rank(trainer) * n;
    const bool apart = trainer->stage == INVERSION;
    const size_t zs =
        start_size(t) * (size_t)(apart ? n * t->params.sequence : n);
    (void)err;
    for (int i = 0; i < n; i++)
        fill_video(t, i, first + i, apart);
    if (!t->params.embedding)
        s2vi_philox_normal(&z,
                           (uint32_t)((size_t)s2vi_trainer_rank(trainer) * zs),
                           zs, t->start);
    trainer->fresh = true;
    return S2V_OK;
}

static int write_if(s2vi_train_step *step, const s2vi_node *input,
                    const float *data, s2v_error *err)
{
    return input ? s2vi_train_step_write(step, input, data, err) : S2V_OK;
}

static int write_inputs(const s2vi_semantic_trainer *t, s2vi_train_step *step,
                        const inputs *in, s2v_error *err)
{
    int ret = write_if(step, in->z, t->start, err);
    if (!ret)
        ret = write_if(step, in->start, t->start, err);
    if (!ret)
        ret = s2vi_train_step_write(step, in->sound, t->sound, err);
    if (!ret)
        ret = s2vi_train_step_write(step, in->real, t->real, err);
    if (!ret)
        ret = write_if(step, in->reading, t->reading, err);
    if (!ret)
        ret = write_if(step, in->level, t->level, err);
    return ret ? ret : write_if(step, in->text, t->text, err);
}

/* What the adversaries count by now. */
static float adversary(const s2vi_semantic_trainer *t)
{
    const double alone = t->params.alone;
    const double gone = (t->trainer.share - alone) / (RISE * (1 - alone));
    return (float)(t->params.weights.adversary * fmin(1, fmax(0, gone)));
}

static int feed(s2vi_trainer *trainer, s2vi_train_step *step, s2v_error *err)
{
    const s2vi_semantic_trainer *t = trainer->self;
    const bool critics = step == &trainer->critics;
    const inputs *in = critics ? &t->critics : &t->generator;
    const float weight = adversary(t);
    const int ret = write_inputs(t, step, in, err);
    return ret ? ret : write_if(step, in->adversary, &weight, err);
}

/* --------------------------------------------------------------- texts -- */

static char *config_text(const s2vi_trainer *trainer, bool exported)
{
    const s2vi_semantic_trainer *t = trainer->self;
    (void)exported;
    return s2vi_semantic_config_text(&t->params.config);
}

static const char *hash_of(const s2v_weights *w)
{
    return w ? s2v_weights_get_metadata(w, "s2v.sha256") : NULL;
}

static json_t *identity(const s2vi_trainer *trainer)
{
    const s2vi_semantic_trainer *t = trainer->self;
    const s2vi_semantic_trainer_params *p = &t->params;
    const s2vi_semantic_weights *w = &p->weights;
    return json_pack(
        "{s:s, s:i, s:i, s:I, s:s?, s:s?, s:s?, s:f, s:f, s:f, s:f, s:f, s:f, "
        "s:f, s:f, s:f, s:f, s:f, s:b, s:i, s:i, s:i}",
        "clips", p->data->hash, "batch", s2vi_trainer_all(trainer, p->batch),
        "sequence", p->sequence, "trained_frames", (json_int_t)p->data->train,
        "generator", hash_of(p->generator), "embedding", hash_of(p->embedding),
        "network", t->lpips ? s2vi_perceptual_name(t->phi) : NULL, "psi",
        p->psi, "alone", p->alone, "clip", w->clip, "intensity", w->intensity,
        "identity", w->identity, "encoder", w->encoder, "mse", w->mse, "lpips",
        w->lpips, "length", w->length, "spread", w->spread, "adversary",
        w->adversary, "still", p->still, "critic_channels", p->critics.channels,
        "dv", (int)p->critics.dv, "starts", p->embedding ? p->starts : 0);
}

static json_t *training(const s2vi_trainer *trainer)
{
    const s2vi_semantic_trainer *t = trainer->self;
    json_t *root = identity(trainer);
    bool good = !json_object_set_new(root, "critic_rate",
                                     json_real(t->params.trainer.critic_rate));
    good = good && !json_object_set_new(root, "average",
                                        json_real(t->params.trainer.average));
    if (good)
        return root;
    json_decref(root);
    return NULL;
}

static int metadata(const s2vi_trainer *trainer, s2vi_writer *w, s2v_error *err)
{
    const s2vi_semantic_trainer *t = trainer->self;
    return s2vi_scene_metadata(t->params.data, t->params.embedding, w, err);
}

/* A part's tensors, under a prefix, as they are in the store. */
static int export_part(const s2vi_trainer *trainer, const s2vi_param_list *list,
                       const char *prefix, s2vi_writer *w, s2v_error *err)
{
    char name[2 * S2VI_PARAM_NAME];
    int ret = S2V_OK;
    for (int i = 0; i < list->count && !ret; i++) {
        const s2vi_param *p = &list->param[i];
        snprintf(name, sizeof(name), "%s%s", prefix, p->name);
        ret = s2vi_file_add(w, trainer->store, p->name, name, p,
                            trainer->params.store, err);
    }
    return ret;
}

/* The deviation of w, which the walk's pulse is measured by. */
static int export_deviation(const s2vi_semantic_trainer *t, s2vi_writer *w,
                            s2v_error *err)
{
    const s2vi_tensor *std =
        s2vi_weights_find(t->params.generator, "mapping.w_std");
    if (!std)
        return S2V_OK;
    float *x = malloc((size_t)std->count * sizeof(*x));
    int ret = x ? s2vi_weights_read_f32(t->params.generator, std, x, err)
                : s2vi_error_nomem(err, "w_std");
    if (!ret)
        ret = s2vi_writer_add(w, S2VI_SEMANTIC_GENERATOR "mapping.w_std",
                              S2VI_STORED_F32, std->rank, std->shape, x, err);
    free(x);
    return ret;
}

/* A scene's starts, NAME, NAME-2 .., and where its sound lies. */
static int export_scene(const s2vi_semantic_trainer *t, int scene,
                        const char *name, s2vi_writer *w, s2v_error *err)
{
    const s2vi_inversion_config *c = &t->params.config.inversion;
    const int64_t shape[] = {c->codes, c->w};
    const int64_t width = t->params.config.embedding.width;
    const float *codes =
        t->gallery.codes + (size_t)scene * S2VI_SEMANTIC_EACH * start_size(t);
    const float *seen = t->gallery.seen + scene * S2VI_SEMANTIC_EACH * width;
    char full[2 * S2VI_GALLERY_NAME], number[16] = "";
    int ret = S2V_OK;
    for (int k = 0; k < S2VI_SEMANTIC_EACH && !ret; k++) {
        if (k)
            snprintf(number, sizeof(number), "-%d", k + 1);
        snprintf(full, sizeof(full), S2VI_SEMANTIC_GALLERY "%s%s", name,
                 number);
        ret = s2vi_writer_add(w, full, S2VI_STORED_F32, 2, shape,
                              codes + (size_t)k * start_size(t), err);
        snprintf(full, sizeof(full), S2VI_SEMANTIC_SEEN "%s%s", name, number);
        if (!ret)
            ret = s2vi_writer_add(w, full, S2VI_STORED_F32, 1, &width,
                                  seen + k * width, err);
    }
    snprintf(full, sizeof(full), S2VI_SEMANTIC_HEARD "%s", name);
    return ret ? ret
               : s2vi_writer_add(w, full, S2VI_STORED_F32, 1, &width,
                                 t->gallery.heard + scene * width, err);
}

/* Of scenes that would have the same name, the first. */
static bool is_taken(const s2vi_scene_clips *data, int scene, const char *name)
{
    char other[S2VI_GALLERY_NAME];
    for (int i = 0; i < scene; i++) {
        s2vi_gallery_name(data->scene[i], other);
        if (!strcmp(name, other))
            return true;
    }
    return false;
}

static int export_gallery(s2vi_semantic_trainer *t, s2vi_writer *w,
                          s2v_error *err)
{
    const s2vi_scene_clips *data = t->params.data;
    char name[S2VI_GALLERY_NAME];
    int ret = make_gallery(t, err);
    for (int i = 0; t->gallery.codes && i < data->scenes && !ret; i++) {
        s2vi_gallery_name(data->scene[i], name);
        if (*name && !is_taken(data, i, name))
            ret = export_scene(t, i, name, w, err);
    }
    return ret;
}

static int export_more(const s2vi_trainer *trainer, s2vi_writer *w,
                       s2v_error *err)
{
    s2vi_semantic_trainer *t = trainer->self;
    int ret = export_part(trainer, &t->frozen, S2VI_SEMANTIC_GENERATOR, w, err);
    if (!ret)
        ret = export_part(trainer, &t->embedding, "", w, err);
    if (!ret)
        ret = export_deviation(t, w, err);
    return ret ? ret : export_gallery(t, w, err);
}

/* ------------------------------------------------------------ starting -- */

static const s2vi_trainer_hooks hooks = {
    .model = S2VI_SEMANTIC_NAME,
    .stage_at = stage_at,
    .enter_stage = enter_stage,
    .adam_by_stage = true,
    .terms = terms,
    .record_generator = record_generator,
    .record_critics = record_critics,
    .record_viewer = record_viewer,
    .prepare = prepare,
    .feed = feed,
    .config = config_text,
    .identity = identity,
    .training = training,
    .metadata = metadata,
    .export_more = export_more,
};

static int allocate(s2vi_semantic_trainer *t, s2v_error *err)
{
    const size_t T = (size_t)t->params.sequence, number = sizeof(float);
    const size_t n = (size_t)t->params.batch * T;
    const size_t words = (size_t)t->params.data->vocabulary.count;
    t->start = calloc(n * start_size(t), number); /* one a frame, at most */
    t->sound = calloc(n * WINDOW, number);
    t->real = calloc(n * picture_size(t), number);
    t->made = calloc(T * picture_size(t), number);
    if (t->params.embedding) {
        t->text = calloc(n * words, number);
        t->reading =
            calloc(n * (size_t)t->params.config.embedding.width, number);
        t->level = calloc(n, number);
    }
    return t->start && t->sound && t->real && t->made &&
                   ((t->text && t->reading && t->level) || !t->params.embedding)
               ? S2V_OK
               : s2vi_error_nomem(err, "a batch");
}

static int declare(s2vi_semantic_trainer *t, s2v_error *err)
{
    const s2vi_semantic_trainer_params *p = &t->params;
    s2vi_param_list *list = &t->trainer.list;
    int ret = s2vi_inversion_params(&p->config.inversion, inversion_prefix,
                                    list, err);
    if (!ret)
        ret = s2vi_recurrent_params(&p->config.recurrent, recurrent_prefix,
                                    list, err);
    s2vi_trainer_add_generator(&t->trainer);
    if (!ret)
        ret = s2vi_semantic_di_params(&p->critics, di_prefix, list, err);
    if (!ret)
        ret = s2vi_semantic_dv_params(&p->critics, dv_prefix, list, err);
    s2vi_trainer_add_critic(&t->trainer);
    if (!ret)
        ret = s2vi_semantic_generator_params(&p->config.generator, &t->frozen,
                                             err);
    return ret < 0 || !p->embedding
               ? ret
               : s2vi_embedding_params(&p->config.embedding, embedding_prefix,
                                       &t->embedding, err);
}

static int open_lpips(s2vi_semantic_trainer *t, s2v_error *err)
{
    if (!t->params.perceptual)
        return S2V_OK;
    const int ret = s2vi_perceptual_open(&t->phi, t->params.perceptual, err);
    return ret < 0 ? ret
                   : s2vi_lpips_open(&t->lpips, t->phi, t->params.heads, err);
}

static int check_data(const s2vi_semantic_trainer *t, s2v_error *err)
{
    int64_t longest = 0;
    for (int i = 0; i < t->params.data->count; i++)
        if (t->params.data->clip[i].train > longest)
            longest = t->params.data->clip[i].train;
    return longest >= t->params.sequence
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "--sequence: expected at most the %lld frames "
                            "that the longest clip has to train on, found %d",
                            (long long)longest, t->params.sequence);
}

static int start(s2vi_semantic_trainer *t, s2v_error *err)
{
    int ret = s2vi_semantic_config_check(&t->params.config, err);
    if (!ret)
        ret = s2vi_semantic_d_config_check(&t->params.critics, err);
    if (!ret)
        ret = check_data(t, err);
    if (!ret)
        ret = allocate(t, err);
    if (!ret)
        ret = open_lpips(t, err);
    if (!ret)
        ret = declare(t, err);
    return ret < 0 ? ret : s2vi_trainer_open(&t->trainer, err);
}

int s2vi_semantic_trainer_create(s2vi_semantic_trainer **out,
                                 const s2vi_semantic_trainer_params *params,
                                 s2v_error *err)
{
    s2vi_semantic_trainer *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->params = *params;
    t->params.batch = s2vi_trainer_part(&params->trainer, params->batch);
    t->trainer = (s2vi_trainer){.hooks = &hooks,
                                .self = t,
                                .params = params->trainer,
                                .frames = t->params.batch * params->sequence};
    const int ret = start(t, err);
    if (ret < 0)
        s2vi_semantic_trainer_close(out);
    return ret;
}

void s2vi_semantic_trainer_close(s2vi_semantic_trainer **out)
{
    s2vi_semantic_trainer *t = *out;
    if (!t)
        return;
    s2vi_trainer_close(&t->trainer);
    s2vi_param_list_close(&t->frozen);
    s2vi_param_list_close(&t->embedding);
    s2vi_lpips_close(&t->lpips);
    s2vi_perceptual_close(&t->phi);
    free(t->start);
    free(t->sound);
    free(t->text);
    free(t->reading);
    free(t->level);
    free(t->real);
    free(t->made);
    s2vi_gallery_close(&t->gallery);
    free(t);
    *out = NULL;
}

s2vi_trainer *s2vi_semantic_trainer_base(s2vi_semantic_trainer *trainer)
{
    return &trainer->trainer;
}

/* -------------------------------------------------------------- viewing -- */

static double square_error(const s2vi_semantic_trainer *t)
{
    const size_t n = (size_t)t->params.sequence * picture_size(t);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double off = (double)t->made[i] - (double)t->real[i];
        sum += off * off;
    }
    return sum / (double)n;
}

static int read_similarity(const s2vi_semantic_trainer *t, s2vi_node *distance,
                           double *out, s2v_error *err)
{
    float x = NAN;
    const int ret = t->params.embedding
                        ? s2vi_exec_read(t->trainer.viewer.exec, distance, &x)
                        : S2V_OK;
    (void)err;
    *out = 1 - (double)x;
    return ret;
}

int s2vi_semantic_trainer_make(s2vi_semantic_trainer *t,
                               const s2vi_scene_clip *clip, int64_t frame,
                               int64_t number, s2vi_semantic_made *made,
                               s2v_error *err)
{
    const int T = t->params.sequence;
    const s2vi_philox z = {t->trainer.params.seed, STREAM_SAMPLE,
                           (uint64_t)number};
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    if (ret < 0)
        return ret;
    for (int k = 0; k < T; k++)
        fill_frame(t, k, clip, frame + k, 0);
    fill_start(t, 0, clip, (uint64_t)number);
    if (!t->params.embedding)
        s2vi_philox_normal(&z, 0, start_size(t), t->start);
    ret = write_inputs(t, &t->trainer.viewer, &t->viewer, err);
    if (!ret)
        ret = s2vi_trainer_view(&t->trainer, 0, t->made, err);
    for (size_t i = 0; i < (size_t)T * picture_size(t) && !ret; i++)
        t->made[i] = fmaxf(-1, fminf(1, t->made[i]));
    *made = (s2vi_semantic_made){.frames = t->made, .mse = square_error(t)};
    if (!ret)
        ret = read_similarity(t, t->similar, &made->similar, err);
    return ret ? ret : read_similarity(t, t->similar_real, &made->real, err);
}
