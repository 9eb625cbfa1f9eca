/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAN's training (section 4).
 *
 * Stages, as parts of all iterations or, of a training by time, of the time,
 * where the paper trains everything at once:
 *
 *   sound      20 %, 10 %  the predictor's network of the sound learns to tell
 *                          the mouth's shape (man_mouth.h), from sound alone
 *   predictor  45 %, 20 %  it alone learns geometry, from real frames
 *   frames     15 %, 40 %  the generator as well, without critics
 *   critics    20 %, 30 %  all, against the discriminators
 *
 * Other choices and deviations, where the paper is silent or errs:
 * - No gradient flows from the pictures to the predictor. Where it did, in a
 *   stage after `frames`, heads drifted in a stream and got double edges: SSIM
 *   0.822 at its start, 0.768 after 3,131 iterations (models/talker.md).
 * - The generator sees the true geometry with a probability that falls from 1
 *   to 0.2 in the stage `frames`, else the predicted one.
 * - In all stages MOUTHS sounds more are heard for the mouth's shape alone,
 *   which cost little beside frames: from the errors of maps alone the
 *   predictor learns to hear only late.
 * - Within a run (man_sample.h) the frames before are the predictor's own
 *   with a probability that rises from 0 to 0.8 in that stage.
 * - z is the posterior's in a quarter of the samples, else drawn from N(0, 1),
 *   as it will be: the posterior tells where mouth and lids are, and sound and
 *   controls would be ignored.
 * - Errors of the geometry count up to nine times as much at the lips, which
 *   are few pixels.
 * - Adam(0, 0.9), eps 1e-8; 1e-4 for the generator, five times that in the
 *   stage `sound`, whose batch is larger; 4e-4 for the critics; in the last
 *   10 % of the iterations rates fall to 0, in 8 steps.
 */
#include "recipes/man_trainer.h"

#include "base/error.h"
#include "base/philox.h"
#include "graph/build.h"
#include "man_loss.h"
#include "models/man_predictor.h"
#include "nn/nn.h"
#include "nn/param.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM_POSTERIOR = 0x310, /* of z in the graph */
    STREAM_MIX = 0x311,       /* truth or not, for each sample */
    STREAM_PRIOR = 0x312,
    MOUTHS = 32, /* of all processes */
    COLUMNS = S2VI_SPEECH_COLUMNS,
    PREVIOUS = 3 * S2VI_MAN_PREVIOUS,
    FALLS = 8, /* steps of the rates in the last tenth */
};

typedef enum phase {
    SOUND,
    PREDICTOR,
    FRAMES,
    CRITICS,
    PHASES,
} phase;

/* Stretches of parameters that are not exported: the posterior and the layer
 * that tells mouths; the critics. */
enum { HELPERS, JUDGES };

/* One recorded step's inputs; NULL where it has none. */
typedef struct inputs {
    s2vi_node *portrait, *real; /* (n,N,N,3) */
    s2vi_node *previous;        /* (n,P,P,15): real ones */
    s2vi_node *own;             /* (n,1): 1: those of the state instead */
    s2vi_node *geometry;        /* (n,P,P,G): the truth */
    s2vi_node *truth;           /* (n,1): 1: it is the generator's */
    s2vi_node *known;           /* (n,1): 1: z is the posterior's */
    s2vi_node *amf, *mfcc, *pitch, *energy, *controls;
    s2vi_node *heard, *mouth; /* (m,13,256), (m,4): of m sounds */
} inputs;

/* What is recorded over them. */
typedef struct nets {
    s2vi_node *predicted, *mean, *log_variance, *frames, *told;
} nets;

struct s2vi_man_trainer {
    s2vi_trainer trainer;
    s2vi_man_trainer_params params;
    inputs critics, generator, viewer;
    s2vi_node *predicted; /* of the viewer */
    s2vi_perceptual *phi;
    s2vi_man_sampler *sampler;
    /* A batch, as the inputs. */
    float *portrait, *real, *previous, *geometry, *speech, *controls;
    float *own, *truth, *known, *part, *heard, *mouth;
    float *made, *drawn; /* one frame, one geometry */
};

/* --------------------------------------------------------------- stages -- */

/* Where each phase begins, as a share of the iterations, or of the time. */
static const double begins[2][PHASES] = {{0, 0.2, 0.65, 0.8},
                                         {0, 0.1, 0.3, 0.7}};
static const double TRUTH_AT_LAST = 0.2, OWN_AT_LAST = 0.8, FALLING = 0.9;
static const double DETAILS = 8, KNOWN = 0.25;
static const double SOUND_RATE = 5; /* of the others' in the stage `sound` */

/* The phase, and in the last one steps that the rates have fallen by. */
static int stage_at(const s2vi_trainer *trainer)
{
    const s2vi_man_trainer *t = trainer->self;
    const double share = trainer->share;
    const int falls = (int)floor((share - FALLING) / (1 - FALLING) * FALLS) + 1;
    int k = CRITICS;
    while (share < begins[t->params.timed][k])
        k--;
    return share < FALLING ? k : CRITICS + (falls < FALLS ? falls : FALLS);
}

static phase phase_now(const s2vi_man_trainer *t)
{
    const int k = t->trainer.stage;
    return k < CRITICS ? (phase)k : t->params.critics ? CRITICS : FRAMES;
}

static int enter_stage(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_man_trainer *t = trainer->self;
    const s2vi_trainer_params *p = &t->params.trainer;
    const int falls = trainer->stage - CRITICS;
    const double rate = falls > 0               ? 1 - (falls - 0.5) / FALLS
                        : phase_now(t) == SOUND ? SOUND_RATE
                                                : 1;
    (void)err;
    trainer->g.rate = rate * p->rate;
    trainer->critic[HELPERS].rate = rate * p->rate;
    trainer->critic[JUDGES].rate = rate * p->critic_rate;
    trainer->critics_rest = phase_now(t) < CRITICS;
    return S2V_OK;
}

const char *s2vi_man_trainer_stage(const s2vi_man_trainer *t)
{
    static const char *const name[] = {"sound", "predictor", "frames",
                                       "critics"};
    return name[phase_now(t)];
}

/* How far the phase `frames` is, 0 to 1. */
static double ramp(const s2vi_man_trainer *t)
{
    const double *at = begins[t->params.timed];
    const double into =
        (t->trainer.share - at[FRAMES]) / (at[CRITICS] - at[FRAMES]);
    return fmax(0, fmin(1, into));
}

/* ------------------------------------------------------------ recording -- */

static void record_inputs(const s2vi_man_trainer *t, s2vi_graph *g, int n,
                          inputs *in)
{
    const s2vi_man_config *c = &t->params.config;
    const int N = c->size, P = c->geometry_size;
    in->portrait = s2vi_input(g, "portrait", S2VI_SHAPE(n, N, N, 3));
    in->previous = s2vi_input(g, "previous", S2VI_SHAPE(n, P, P, PREVIOUS));
    in->amf = s2vi_input(g, "amf", S2VI_SHAPE(n, COLUMNS, S2VI_SPEECH_BANDS));
    if (c->controls)
        in->controls =
            s2vi_input(g, "controls", S2VI_SHAPE(n, S2VI_MAN_CONTROLS));
}

/* Beside those, where frames are made. */
static void record_frame_inputs(const s2vi_man_trainer *t, s2vi_graph *g, int n,
                                inputs *in)
{
    const s2vi_man_config *c = &t->params.config;
    in->own = s2vi_input(g, "own", S2VI_SHAPE(n, 1));
    in->mfcc = s2vi_input(
        g, "mfcc", S2VI_SHAPE(n, COLUMNS * (int64_t)S2VI_SPEECH_CEPSTRUM));
    if (s2vi_man_has_modality(c, S2VI_MAN_PITCH))
        in->pitch = s2vi_input(g, "pitch", S2VI_SHAPE(n * (int64_t)COLUMNS));
    if (s2vi_man_has_modality(c, S2VI_MAN_ENERGY))
        in->energy = s2vi_input(g, "energy", S2VI_SHAPE(n * (int64_t)COLUMNS));
}

/* A number for each sample, over its pixels. */
static s2vi_node *mix(s2vi_node *part, s2vi_node *one, s2vi_node *other)
{
    return s2vi_add(other,
                    s2vi_mul(s2vi_nn_over_pixels(part), s2vi_sub(one, other)));
}

/* z from the posterior where that is known, else from N(0, 1); without truth,
 * 0. */
static int record_z(const s2vi_man_trainer *t, s2vi_graph *g, int n, inputs *in,
                    nets *out, s2vi_node **z, s2v_error *err)
{
    const s2vi_man_config *c = &t->params.config;
    const s2vi_shape shape = S2VI_SHAPE(n, c->z);
    if (!c->z)
        return S2V_OK;
    if (!in->geometry) {
        *z = s2vi_fill(g, 0, shape);
        return S2V_OK;
    }
    const int ret = s2vi_man_posterior_build(g, c, in->geometry, &out->mean,
                                             &out->log_variance, err);
    in->known = s2vi_input(g, "known", S2VI_SHAPE(n, 1));
    s2vi_node *seen = s2vi_add(
        out->mean, s2vi_mul(s2vi_exp(s2vi_scale(out->log_variance, 0.5)),
                            s2vi_normal(g, STREAM_POSTERIOR, shape)));
    s2vi_node *blind = s2vi_normal(g, STREAM_PRIOR, shape);
    *z = s2vi_add(blind, s2vi_mul(in->known, s2vi_sub(seen, blind)));
    return ret;
}

/* The layer that tells the mouth's shape from the sound's code. */
static s2vi_layer declare_mouth(const s2vi_scope *scope,
                                const s2vi_man_config *c)
{
    return s2vi_declare_layer(scope,
                              S2VI_SHAPE(S2VI_MAN_MOUTH, c->predictor_lstm),
                              S2VI_INIT_XAVIER, S2VI_MAN_MOUTH, "mouth");
}

/* This process's part of MOUTHS. */
static int mouths_of(const s2vi_man_trainer *t)
{
    const int n = MOUTHS / s2vi_trainer_ranks(&t->trainer);
    return n ? n : 1;
}

static int record_mouths(const s2vi_man_trainer *t, s2vi_graph *g, inputs *in,
                         nets *out, s2v_error *err)
{
    const s2vi_man_config *c = &t->params.config;
    s2vi_node *code;
    const int n = mouths_of(t);
    in->heard =
        s2vi_input(g, "heard", S2VI_SHAPE(n, COLUMNS, S2VI_SPEECH_BANDS));
    in->mouth = s2vi_input(g, "mouth", S2VI_SHAPE(n, S2VI_MAN_MOUTH));
    const int ret = s2vi_man_predictor_listen(g, c, in->heard, &code, err);
    out->told =
        s2vi_nn_linear(code, declare_mouth(&(s2vi_scope){.graph = g}, c));
    return ret;
}

static int record_predictor(s2vi_man_trainer *t, s2vi_graph *g, int n,
                            inputs *in, s2vi_node *previous, nets *out,
                            s2v_error *err)
{
    s2vi_man_predictor_inputs predictor = {.portrait = in->portrait,
                                           .previous = previous,
                                           .amf = in->amf,
                                           .controls = in->controls};
    int ret = record_z(t, g, n, in, out, &predictor.z, err);
    return ret < 0 ? ret
                   : s2vi_man_predictor_build(g, &t->params.config, &predictor,
                                              &out->predicted, NULL, err);
}

/* The frames before, the oldest first: those of the state or real ones; and
 * the state that this frame leaves. */
static s2vi_node *record_state(const s2vi_man_trainer *t, s2vi_graph *g, int n,
                               const inputs *in, s2vi_node **state)
{
    const int P = t->params.config.geometry_size;
    *state = s2vi_var(g, S2VI_VAR_STATE, "previous.own",
                      S2VI_SHAPE(n, P, P, PREVIOUS));
    return mix(in->own, *state, in->previous);
}

static s2vi_node *leave_state(const s2vi_man_trainer *t, s2vi_node *state,
                              s2vi_node *previous, s2vi_node *frames)
{
    s2vi_node *const parts[] = {
        s2vi_slice(previous, 3, 3, PREVIOUS - 3),
        s2vi_man_resize(s2vi_detach(frames), t->params.config.geometry_size)};
    return s2vi_assign(state, s2vi_concat(parts, 2, 3));
}

static int record_frames(s2vi_man_trainer *t, s2vi_train_step *step, int n,
                         inputs *in, nets *out, s2v_error *err)
{
    s2vi_graph *g = step->graph;
    s2vi_man_outputs made;
    s2vi_node *state;
    record_frame_inputs(t, g, n, in);
    s2vi_node *previous = record_state(t, g, n, in, &state);
    int ret = record_predictor(t, g, n, in, previous, out, err);
    if (ret < 0)
        return ret;
    s2vi_node *geometry = s2vi_detach(out->predicted);
    if (in->truth)
        geometry = mix(in->truth, in->geometry, geometry);
    const s2vi_man_inputs generator = {in->portrait, geometry,  in->amf,
                                       in->mfcc,     in->pitch, in->energy};
    ret =
        s2vi_man_generator_build(g, &t->params.config, &generator, &made, err);
    out->frames = made.frames;
    return ret < 0
               ? ret
               : s2vi_train_step_add_effect(
                     step, leave_state(t, state, previous, made.frames), err);
}

/* The networks of a training step. */
static int record_nets(s2vi_man_trainer *t, s2vi_train_step *step, phase now,
                       inputs *in, nets *out, s2v_error *err)
{
    const s2vi_man_config *c = &t->params.config;
    const int n = t->params.batch, P = c->geometry_size, N = c->size;
    *in = (inputs){0};
    record_inputs(t, step->graph, n, in);
    in->geometry =
        s2vi_input(step->graph, "geometry",
                   S2VI_SHAPE(n, P, P, s2vi_man_geometry_channels(c)));
    if (now == PREDICTOR)
        return record_predictor(t, step->graph, n, in, in->previous, out, err);
    in->real = s2vi_input(step->graph, "real", S2VI_SHAPE(n, N, N, 3));
    if (c->warp || s2vi_man_has_modality(c, S2VI_MAN_GEOMETRY))
        in->truth = s2vi_input(step->graph, "truth", S2VI_SHAPE(n, 1));
    return record_frames(t, step, n, in, out, err);
}

static s2vi_man_loss_inputs loss_of(const s2vi_man_trainer *t, const inputs *in,
                                    const nets *made)
{
    return (s2vi_man_loss_inputs){
        .config = &t->params.config,
        .portrait = in->portrait,
        .real = in->real,
        .fake = made->frames,
        .no_critics = phase_now(t) < CRITICS,
        .phi = t->phi,
        .predicted = made->predicted,
        .truth = in->geometry,
        .details = DETAILS,
        .mean = made->mean,
        .log_variance = made->log_variance,
        .told = made->told,
        .mouth = in->mouth,
    };
}

static const s2vi_adam_factors adam = {0, 0.9, 1e-8, 0};

static const char *const critic_terms[] = {"d.loss", "d.gan", "d.cam"};

/* Those of all stages. */
static int terms(const s2vi_trainer *trainer, const char **name, int room)
{
    const s2vi_man_trainer *t = trainer->self;
    int n = 0;
    name[n++] = "loss";
    for (int i = 0; i < S2VI_MAN_TERMS && n < room; i++)
        name[n++] = s2vi_man_term_names[i];
    for (int i = 0; t->params.critics && i < 3 && n < room; i++)
        name[n++] = critic_terms[i];
    return n;
}

static int load_perceptual(s2vi_man_trainer *t, s2v_error *err)
{
    int ret = S2V_OK;
    if (!t->params.perceptual)
        return S2V_OK;
    if (!t->phi)
        ret = s2vi_perceptual_open(&t->phi, t->params.perceptual, err);
    return ret < 0 ? ret : s2vi_perceptual_load(t->phi, t->trainer.store, err);
}

static int record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_man_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->generator;
    s2vi_man_generator_loss loss = {0};
    nets made = {0};
    int ret = load_perceptual(t, err);
    t->generator = (inputs){0};
    if (!ret && phase_now(t) > SOUND)
        ret = record_nets(t, step, phase_now(t), &t->generator, &made, err);
    if (!ret)
        ret = record_mouths(t, step->graph, &t->generator, &made, err);
    const s2vi_man_loss_inputs in = loss_of(t, &t->generator, &made);
    if (!ret)
        ret = s2vi_man_loss_generator(step->graph, &in, &loss, err);
    if (ret < 0)
        return ret;
    s2vi_train_step_add_term(step, "loss", loss.loss);
    for (int i = 0; i < S2VI_MAN_TERMS; i++)
        if (loss.term[i])
            s2vi_train_step_add_term(step, s2vi_man_term_names[i],
                                     loss.term[i]);
    ret = s2vi_train_step_learn(step, loss.loss, &trainer->g, &adam, err);
    return ret < 0
               ? ret
               : s2vi_train_step_learn(step, loss.loss,
                                       &trainer->critic[HELPERS], &adam, err);
}

static int record_critics(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_man_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->critics;
    s2vi_man_critic_loss loss = {0};
    nets made = {0};
    if (!t->params.critics)
        return S2V_OK;
    int ret = record_nets(t, step, CRITICS, &t->critics, &made, err);
    const s2vi_man_loss_inputs in = loss_of(t, &t->critics, &made);
    if (!ret)
        ret = s2vi_man_loss_critics(step->graph, &in, &loss, err);
    s2vi_node *const term[] = {loss.loss, loss.gan, loss.cam};
    for (int i = 0; i < 3; i++)
        s2vi_train_step_add_term(step, critic_terms[i], term[i]);
    return ret < 0 ? ret
                   : s2vi_train_step_learn(
                         step, loss.loss, &trainer->critic[JUDGES], &adam, err);
}

static int record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_man_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->viewer;
    nets made = {0};
    t->viewer = (inputs){0};
    record_inputs(t, step->graph, 1, &t->viewer);
    const int ret = record_frames(t, step, 1, &t->viewer, &made, err);
    step->output = made.frames;
    if (!ret)
        s2vi_train_step_add_term(step, "predicted", made.predicted);
    t->predicted = made.predicted;
    return ret;
}

/* --------------------------------------------------------------- batches -- */

static int64_t picture_size(const s2vi_man_trainer *t)
{
    return (int64_t)t->params.config.size * t->params.config.size * 3;
}

static int64_t map_size(const s2vi_man_trainer *t, int channels)
{
    const int64_t P = t->params.config.geometry_size;
    return P * P * channels;
}

/* Room for sample i of the batch. */
static s2vi_man_sample sample_at(const s2vi_man_trainer *t, int i)
{
    const int G = s2vi_man_geometry_channels(&t->params.config);
    return (s2vi_man_sample){
        .portrait = t->portrait + i * picture_size(t),
        .real = t->real + i * picture_size(t),
        .previous = t->previous + i * map_size(t, PREVIOUS),
        .geometry = t->geometry + i * map_size(t, G),
        .speech = t->speech + i * (int64_t)S2VI_SPEECH_NUMBERS,
        .controls = t->controls + i * (int64_t)S2VI_MAN_CONTROLS,
    };
}

static void prepare_mouths(s2vi_man_trainer *t)
{
    enum { MEL = COLUMNS * S2VI_SPEECH_BANDS };
    const int n = mouths_of(t);
    const uint64_t first =
        (uint64_t)t->trainer.step * (uint64_t)s2vi_trainer_all(&t->trainer, n) +
        (uint64_t)s2vi_trainer_rank(&t->trainer) * (uint64_t)n;
    for (int i = 0; i < n; i++) {
        s2vi_man_sampler_hear(t->sampler, first + (uint64_t)i, t->part,
                              t->mouth + (ptrdiff_t)i * S2VI_MAN_MOUTH);
        memcpy(t->heard + (ptrdiff_t)i * MEL, t->part + S2VI_SPEECH_MEL,
               MEL * sizeof(float));
    }
}

static int prepare(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_man_trainer *t = trainer->self;
    const double into = ramp(t);
    const int frames = phase_now(t) > SOUND ? t->params.batch : 0;
    (void)err;
    prepare_mouths(t);
    for (int i = 0; i < frames; i++) {
        const s2vi_philox key = {trainer->params.seed, STREAM_MIX,
                                 s2vi_trainer_place(trainer, trainer->step) +
                                     (uint64_t)i};
        s2vi_man_sample sample = sample_at(t, i);
        bool first = true;
        float u[3];
        s2vi_philox_uniform(&key, 0, 3, u);
        s2vi_man_sampler_draw(t->sampler, trainer->step,
                              s2vi_trainer_rank(trainer) * t->params.batch + i,
                              &sample, &first);
        t->own[i] = !first && trainer->step > trainer->stage_step &&
                    (double)u[0] < OWN_AT_LAST * into;
        t->known[i] = (double)u[2] < KNOWN;
        t->truth[i] = (double)u[1] < 1 - (1 - TRUTH_AT_LAST) * into;
    }
    return S2V_OK;
}

/* An input that is recorded and on which something depends: the critics of a
 * generator without geometry do without the predictor. */
static int write_if(s2vi_train_step *step, const s2vi_node *input,
                    const float *data, s2v_error *err)
{
    return input && s2vi_plan_has(step->plan, input)
               ? s2vi_train_step_write(step, input, data, err)
               : S2V_OK;
}

/* A stretch of each sample's speech. */
static int write_speech(const s2vi_man_trainer *t, s2vi_train_step *step,
                        const s2vi_node *input, int from, int n, s2v_error *err)
{
    const int samples = input ? (int)(s2vi_shape_count(&input->shape) / n) : 0;
    for (int i = 0; i < samples; i++)
        memcpy(t->part + (ptrdiff_t)i * n,
               t->speech + (ptrdiff_t)i * S2VI_SPEECH_NUMBERS + from,
               (size_t)n * sizeof(float));
    return write_if(step, input, t->part, err);
}

static int write_inputs(const s2vi_man_trainer *t, s2vi_train_step *step,
                        const inputs *in, s2v_error *err)
{
    static const int mel = S2VI_SPEECH_COLUMNS * S2VI_SPEECH_BANDS,
                     mfcc = S2VI_SPEECH_COLUMNS * S2VI_SPEECH_CEPSTRUM;
    int ret = write_if(step, in->portrait, t->portrait, err);
    if (!ret)
        ret = write_if(step, in->real, t->real, err);
    if (!ret)
        ret = write_if(step, in->previous, t->previous, err);
    if (!ret)
        ret = write_if(step, in->geometry, t->geometry, err);
    if (!ret)
        ret = write_if(step, in->controls, t->controls, err);
    if (!ret)
        ret = write_if(step, in->own, t->own, err);
    if (!ret)
        ret = write_if(step, in->truth, t->truth, err);
    if (!ret)
        ret = write_if(step, in->known, t->known, err);
    if (!ret)
        ret = write_if(step, in->heard, t->heard, err);
    if (!ret)
        ret = write_if(step, in->mouth, t->mouth, err);
    if (!ret)
        ret = write_speech(t, step, in->amf, S2VI_SPEECH_MEL, mel, err);
    if (!ret)
        ret = write_speech(t, step, in->mfcc, S2VI_SPEECH_MFCC, mfcc, err);
    if (!ret)
        ret = write_speech(t, step, in->pitch, S2VI_SPEECH_PITCH, COLUMNS, err);
    if (!ret)
        ret =
            write_speech(t, step, in->energy, S2VI_SPEECH_ENERGY, COLUMNS, err);
    return ret;
}

static int feed(s2vi_trainer *trainer, s2vi_train_step *step, s2v_error *err)
{
    const s2vi_man_trainer *t = trainer->self;
    return write_inputs(
        t, step, step == &trainer->critics ? &t->critics : &t->generator, err);
}

/* --------------------------------------------------------------- texts -- */

static char *config_text(const s2vi_trainer *trainer, bool exported)
{
    const s2vi_man_trainer *t = trainer->self;
    (void)exported;
    return s2vi_man_config_text(&t->params.config);
}

static json_t *identity(const s2vi_trainer *trainer)
{
    const s2vi_man_trainer *t = trainer->self;
    return json_pack(
        "{s:s, s:i, s:I, s:b, s:s?}", "clips", t->params.data->hash, "batch",
        s2vi_trainer_all(trainer, t->params.batch), "trained_frames",
        (json_int_t)t->params.data->train, "critics", t->params.critics,
        "network", t->phi ? s2vi_perceptual_name(t->phi) : NULL);
}

static json_t *training(const s2vi_trainer *trainer)
{
    const s2vi_man_trainer *t = trainer->self;
    const s2vi_man_trainer_params *p = &t->params;
    return json_pack("{s:s, s:i, s:I, s:i, s:f, s:f, s:f, s:s?}", "clips",
                     p->data->hash, "batch",
                     s2vi_trainer_all(trainer, p->batch), "trained_frames",
                     (json_int_t)p->data->train, "clip_count", p->data->count,
                     "critic_rate", p->critics ? p->trainer.critic_rate : 0,
                     "average", p->trainer.average, "level", p->data->level,
                     "network", t->phi ? s2vi_perceptual_name(t->phi) : NULL);
}

static int metadata(const s2vi_trainer *trainer, s2vi_writer *w, s2v_error *err)
{
    const s2vi_man_trainer *t = trainer->self;
    char text[32];
    snprintf(text, sizeof(text), "%.1f", t->params.data->level);
    return s2vi_writer_set_metadata(w, "s2v.level", text, err);
}

/* ------------------------------------------------------------ starting -- */

static const s2vi_trainer_hooks hooks = {
    .model = S2VI_MAN_NAME,
    .stage_at = stage_at,
    .enter_stage = enter_stage,
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
};

static int allocate(s2vi_man_trainer *t, s2v_error *err)
{
    const size_t n = (size_t)t->params.batch, number = sizeof(float);
    const size_t picture = (size_t)picture_size(t);
    const size_t map = (size_t)map_size(t, 1);
    const size_t G = (size_t)s2vi_man_geometry_channels(&t->params.config);
    t->portrait = calloc(n * picture, number);
    t->real = calloc(n * picture, number);
    t->previous = calloc(n * map * PREVIOUS, number);
    t->geometry = calloc(n * map * G, number);
    t->speech = calloc(n * S2VI_SPEECH_NUMBERS, number);
    t->part = calloc(n * S2VI_SPEECH_NUMBERS, number);
    t->controls = calloc(n * S2VI_MAN_CONTROLS, number);
    t->own = calloc(n, number);
    t->truth = calloc(n, number);
    t->known = calloc(n, number);
    t->heard = calloc((size_t)MOUTHS * COLUMNS * S2VI_SPEECH_BANDS, number);
    t->mouth = calloc((size_t)MOUTHS * S2VI_MAN_MOUTH, number);
    t->made = calloc(picture, number);
    t->drawn = calloc(map * G, number);
    return t->portrait && t->real && t->previous && t->geometry && t->speech &&
                   t->part && t->controls && t->own && t->truth && t->known &&
                   t->heard && t->mouth && t->made && t->drawn
               ? S2V_OK
               : s2vi_error_nomem(err, "a batch");
}

static int declare(s2vi_man_trainer *t, s2v_error *err)
{
    const s2vi_man_config *c = &t->params.config;
    s2vi_trainer *trainer = &t->trainer;
    int ret = s2vi_man_predictor_params(c, &trainer->list, err);
    if (!ret)
        ret = s2vi_man_generator_params(c, &trainer->list, err);
    s2vi_trainer_add_generator(trainer);
    if (!ret)
        ret = s2vi_man_posterior_params(c, &trainer->list, err);
    const int before = trainer->list.count;
    declare_mouth(&(s2vi_scope){.list = &trainer->list}, c);
    if (!ret)
        ret = s2vi_param_list_end(&trainer->list, before, err);
    s2vi_trainer_add_critic(trainer); /* not a critic: it is not exported */
    if (!ret && t->params.critics)
        ret = s2vi_man_critic_params(c, &trainer->list, err);
    if (t->params.critics)
        s2vi_trainer_add_critic(trainer);
    return ret;
}

static int start(s2vi_man_trainer *t, s2v_error *err)
{
    const s2vi_man_sampler_params sampler = {
        .config = &t->params.config,
        .data = t->params.data,
        .seed = t->params.trainer.seed,
        .batch = s2vi_trainer_all(&t->trainer, t->params.batch),
    };
    int ret = s2vi_man_config_check(&t->params.config, err);
    if (!ret)
        ret = allocate(t, err);
    if (!ret)
        ret = s2vi_man_sampler_create(&t->sampler, &sampler, err);
    if (!ret)
        ret = declare(t, err);
    return ret < 0 ? ret : s2vi_trainer_open(&t->trainer, err);
}

int s2vi_man_trainer_create(s2vi_man_trainer **out,
                            const s2vi_man_trainer_params *params,
                            s2v_error *err)
{
    s2vi_man_trainer *t = *out = calloc(1, sizeof(*t));
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
        s2vi_man_trainer_close(out);
    return ret;
}

void s2vi_man_trainer_close(s2vi_man_trainer **out)
{
    s2vi_man_trainer *t = *out;
    if (!t)
        return;
    s2vi_trainer_close(&t->trainer);
    s2vi_perceptual_close(&t->phi);
    s2vi_man_sampler_close(&t->sampler);
    float *const memory[] = {t->portrait, t->real,     t->previous, t->geometry,
                             t->speech,   t->controls, t->own,      t->truth,
                             t->known,    t->part,     t->heard,    t->mouth,
                             t->made,     t->drawn};
    for (size_t i = 0; i < sizeof(memory) / sizeof(*memory); i++)
        free(memory[i]);
    free(t);
    *out = NULL;
}

s2vi_trainer *s2vi_man_trainer_base(s2vi_man_trainer *trainer)
{
    return &trainer->trainer;
}

/* -------------------------------------------------------------- viewing -- */

/* Frame `frame` of a clip, the first one or one that others were made before.
 */
static int make_frame(s2vi_man_trainer *t, const s2vi_talking_head *clip,
                      int64_t frame, bool first, s2v_error *err)
{
    s2vi_man_sample sample = sample_at(t, 0);
    s2vi_man_sampler_plain(t->sampler, clip, frame, &sample);
    t->own[0] = !first;
    int ret = write_inputs(t, &t->trainer.viewer, &t->viewer, err);
    if (!ret)
        ret = s2vi_trainer_view(&t->trainer, (uint64_t)frame, t->made, err);
    return ret < 0
               ? ret
               : s2vi_exec_read(t->trainer.viewer.exec, t->predicted, t->drawn);
}

static int make_clip(s2vi_man_trainer *t, const s2vi_talking_head *clip,
                     int64_t count,
                     int (*each)(void *self, const s2vi_man_made *made,
                                 s2v_error *err),
                     void *self, s2v_error *err)
{
    const int64_t from = clip->train < clip->frames ? clip->train : 0;
    int ret = S2V_OK;
    for (int64_t k = from; k < clip->frames && k < from + count && !ret; k++) {
        const s2vi_man_made made = {clip,        k,        t->real, t->portrait,
                                    t->geometry, t->drawn, t->made};
        ret = make_frame(t, clip, k, k == from, err);
        if (!ret)
            ret = each(self, &made, err);
    }
    return ret;
}

int s2vi_man_trainer_make(s2vi_man_trainer *t,
                          const s2vi_talking_head *const *clip, int clips,
                          int64_t count,
                          int (*each)(void *self, const s2vi_man_made *made,
                                      s2v_error *err),
                          void *self, s2v_error *err)
{
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    for (int i = 0; i < clips && !ret; i++)
        ret = make_clip(t, clip[i], count, each, self, err);
    return ret;
}
