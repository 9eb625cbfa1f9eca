/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The graphs of the training of a semantic model (semantic_trainer.c): what the
 * generator, the discriminators and the viewer compute, and the terms of their
 * losses.
 */
#include "recipes/semantic_trainer_internal.h"

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

static int side(const s2vi_semantic_trainer *t)
{
    return s2vi_semantic_size(&t->params.config.generator);
}

static void record_inputs(const s2vi_semantic_trainer *t, s2vi_graph *g,
                          int all, s2vi_semantic_inputs *in)
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
                        s2vi_semantic_inputs *in, s2vi_node **start,
                        s2v_error *err)
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
        ret = s2vi_recurrent_build(g, c, S2VI_SEMANTIC_RECURRENT, &step,
                                   &step.previous, err);
        codes[k] = s2vi_reshape(step.previous, S2VI_SHAPE(s->n, 1, L, w));
    }
    s->codes = ret < 0 ? NULL : s2vi_concat(codes, s->T, 1);
    return ret;
}

/* The networks of n sequences of T frames in this stage. */
static int record_scene(const s2vi_semantic_trainer *t, s2vi_graph *g, int n,
                        int T, s2vi_semantic_inputs *in, scene *s,
                        s2v_error *err)
{
    const s2vi_semantic_config *c = &t->params.config;
    s2vi_inversion_graph inversion;
    *in = (s2vi_semantic_inputs){0};
    *s = (scene){.n = n, .T = T};
    record_inputs(t, g, n * T, in);
    int ret = record_start(t, g, n, in, &s->start, err);
    if (!ret)
        ret = s2vi_inversion_build(g, &c->inversion, S2VI_SEMANTIC_INVERSION,
                                   in->sound, false, &inversion, err);
    s->delta = ret < 0 ? NULL : inversion.codes;
    if (!ret && t->trainer.stage == S2VI_SEMANTIC_STAGE_VIDEO)
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
                 s2vi_node *frames, const s2vi_semantic_inputs *in,
                 s2vi_embedding_graph *e, s2v_error *err)
{
    const s2vi_embedding_config *c = &t->params.config.embedding;
    const s2vi_embedding_inputs all = {s2vi_embedding_picture(frames, c->size),
                                       in->sound, in->text};
    return s2vi_embedding_build(g, c, S2VI_SEMANTIC_EMBEDDING, &all, e, err);
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
                                   s2vi_graph *g, s2vi_semantic_inputs *in,
                                   const scene *s, s2vi_node *picture)
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
                               s2vi_semantic_inputs *in, scene *s,
                               s2vi_node **loss, s2v_error *err)
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
                                const s2vi_semantic_inputs *in, scene *s)
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
    s2vi_node *dropout = s2vi_semantic_dv_dropout(frames->graph, c, s->n, s->T,
                                                  S2VI_SEMANTIC_STREAM_DROPOUT +
                                                      (uint32_t)which);
    return s2vi_semantic_dv_build(frames->graph, c, S2VI_SEMANTIC_DV, video,
                                  dropout, d, err);
}

static s2vi_node *judge_frames(const s2vi_semantic_trainer *t,
                               s2vi_node *frames, s2v_error *err)
{
    return s2vi_semantic_di_build(frames->graph, &t->params.critics,
                                  S2VI_SEMANTIC_DI, frames, NULL, err);
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

int s2vi_semantic_record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_semantic_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->generator;
    s2vi_node *encoder = NULL;
    scene s;
    /* E_a by itself learns on frames of any clips, each with its own start. */
    const bool apart = trainer->stage == S2VI_SEMANTIC_STAGE_INVERSION;
    const int n = t->params.batch, T = t->params.sequence;
    int ret = s2vi_semantic_load_frozen(t, trainer->store, err);
    if (!ret)
        ret = s2vi_semantic_make_gallery(t, err);
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
    if (trainer->stage == S2VI_SEMANTIC_STAGE_VIDEO)
        ret = record_adversaries(t, step->graph, &s, &loss, err);
    s2vi_train_step_add_term(step, "loss", loss);
    for (int i = 0; i < s.parts; i++)
        s2vi_train_step_add_term(step, s.part[i].name, s.part[i].node);
    return ret < 0 ? ret
                   : s2vi_train_step_learn(step, loss, &trainer->g, &adam, err);
}

/* Eq. 7 and 8. */
int s2vi_semantic_record_critics(s2vi_trainer *trainer, s2v_error *err)
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
int s2vi_semantic_terms(const s2vi_trainer *trainer, const char **name,
                        int room)
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

int s2vi_semantic_record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_semantic_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->viewer;
    s2vi_embedding_graph made, real;
    scene s;
    int ret = trainer->averages
                  ? s2vi_semantic_load_frozen(t, trainer->averages, err)
                  : S2V_OK;
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
