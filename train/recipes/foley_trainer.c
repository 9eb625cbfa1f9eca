/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VarietySound's training.
 *
 * Choices and deviations, where the paper is silent or contradicts itself:
 * - Windows are T columns from anywhere in the clips; the paper takes 860.
 * - The reference of timbre is the window itself, resampled (R[.]), without its
 *   silent columns: E_A ends in an LSTM's last states, which know little of
 *   sounds that are long past. The background is the window, too, its loud
 *   columns masked.
 * - AdamW: beta 0.5 and 0.999, eps 1e-8; a weight decay of 0.01, PyTorch's,
 *   unless another is asked for. D_t and D_m have one rate.
 * - A part of the windows (none unless asked for) has zeros as background, as
 *   inference has: where sound rises from silence, zeros otherwise stand for
 *   windows without sound, and so would what inference makes.
 * - Discriminators first, on what the generator makes then; dropout and R[.]
 *   are the same in both steps of an iteration.
 * - D_m's windows are 32, 64 and 128 columns, or T/4, T/2 and T of a T below
 *   128.
 * - At a width C other than 512 all networks, D_t and D_m too, shrink in
 *   proportion; the bottleneck of 8 stays.
 * - Without critics the mel's distance alone is learned from, at half the
 *   cost: beside it, times 1e4, the critics weigh little. Its squares, instead
 *   of the paper's absolute values, do not call silence the best guess where
 *   it is unknown when something sounds.
 * - Balanced, differences are over the window's own root mean square, so that
 *   short sounds count as long ones do: of things that ring or do not, the
 *   paper's loss, a sum over columns, learns what rings.
 * - The mean timbre is a running average over batches.
 * - With `onsets`, the first four of E_T's eight outputs learn, beside L_mel,
 *   the log-odds that a sound begins in each of a feature's four columns
 *   (binary cross-entropy; the truth is what s2v-impacts wrote beside a clip,
 *   otherwise the onsets of its own sound, its background's among them):
 *   what is seen then learns when things sound from the first iteration on, and
 *   not from what a decoder that cannot make sounds yet passes back.
 * - With `augment`, pictures are changed as cameras and codecs change them
 *   (networks/film_augment.h); what is held out is not.
 */
#include "recipes/foley_trainer.h"

#include "base/error.h"
#include "base/philox.h"
#include "data/impact_truth.h"
#include "files.h"
#include "graph/build.h"
#include "measure/onsets.h"
#include "networks/film_augment.h"
#include "networks/varietysound_data.h"
#include "networks/varietysound_discriminator.h"
#include "video/pixel.h"

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    RATIO = S2VI_VS_RATIO,
    PAPER = 512, /* its width */
    VIEWED = 4,  /* windows of a preview at most */
};

enum { STREAM_CLEAR = 0x251 }; /* a uniform number for each window */

#define ONSET_WEIGHT 5   /* of a column with an onset: there are few */
#define ONSET_WIDTH  1.5 /* columns, the standard deviation of an onset */

#define FORGET 0.99  /* what the mean timbre keeps of itself */
#define SILENT 0.005 /* what silence's mean square counts as, balanced */

/* One recorded step's inputs. */
typedef struct inputs {
    s2vi_node *visual; /* the visual encoder's input, or (n,K,W) */
    s2vi_node *onsets; /* (n,T); NULL: not learned */
    s2vi_node *mel;    /* (n,T,80) */
    s2vi_node *reference, *masked;
    s2vi_node *forget; /* (1); of the generator's step */
    s2vi_vs_graph net;
    s2vi_vs_loss_inputs loss;
} inputs;

struct s2vi_foley_trainer {
    s2vi_trainer trainer;
    s2vi_foley_trainer_params params;
    inputs critics, generator, viewer;
    int viewed; /* windows of the viewer */
    /* A batch, (n,..) as above, and what is drawn for it. */
    float *visual, *mel, *reference, *masked, *made;
    float *low, *high, *weight; /* (n T) each */
    float *balance;             /* (n) */
    float *onsets;              /* (n,T) */
    float **onsets_of;          /* of each clip, (columns): 1 at an onset */
    s2vi_motion *motion;        /* NULL: pictures are seen */
    uint8_t *rgb;               /* (history + K,N,N,3) of a window, */
    float *film;                /* and changed, in [-1, 1] */
    /* The vocoder, if there is one. */
    s2v_weights *voice;
    s2vi_hifigan_config vocoder;
};

void s2vi_foley_width(s2vi_vs_config *c, int width)
{
    c->temporal_channels = c->acoustic_channels = width;
    c->temporal_lstm = c->acoustic_lstm = width / 2;
    c->background_lstm = c->background_out = width / 4;
    c->decoder_up_channels = 2 * width;
    c->decoder_channels = c->decoder_filter = width;
}

static s2vi_vs_disc_config critics_of(const s2vi_foley_trainer_params *p)
{
    s2vi_vs_disc_config c;
    s2vi_vs_disc_defaults(&c, &p->config.generator);
    c.up_channels = c.up_channels * p->width / PAPER;
    c.channels = c.channels * p->width / PAPER;
    c.window_channels = c.window_channels * p->width / PAPER;
    for (int k = 0; k < S2VI_VS_WINDOWS; k++)
        if (p->sequence < c.window[S2VI_VS_WINDOWS - 1])
            c.window[k] = p->sequence >> (S2VI_VS_WINDOWS - 1 - k);
    return c;
}

/* ----------------------------------------------------------- recording -- */

/* Visual features, timbre, background and mel of n windows. */
static int record_net(s2vi_foley_trainer *t, s2vi_graph *g, inputs *in, int n,
                      bool training, s2v_error *err)
{
    const s2vi_foley_config *c = &t->params.config;
    const int T = t->params.sequence, K = T / RATIO;
    const s2vi_vs_options options = {training, training,
                                     training ? S2VI_VS_DROPOUT : 0};
    s2vi_node *features;
    int ret = S2V_OK;
    in->visual = features =
        s2vi_input(g, "visual",
                   c->has_sight ? s2vi_visual_encoder_input(&c->sight, n, K)
                                : S2VI_SHAPE(n, K, c->generator.features));
    in->mel = s2vi_input(g, "mel", S2VI_SHAPE(n, T, BANDS));
    in->reference = s2vi_input(g, "reference", S2VI_SHAPE(n, T, BANDS));
    in->masked = training ? s2vi_input(g, "masked", S2VI_SHAPE(n, T, BANDS))
                          : s2vi_fill(g, 0, S2VI_SHAPE(n, T, BANDS));
    if (c->has_sight)
        ret =
            s2vi_visual_encoder_build(g, &c->sight, in->visual, &features, err);
    if (!ret)
        ret = s2vi_vs_record_timbre(g, &c->generator, &options, in->reference,
                                    &in->net, err);
    if (!ret)
        ret = s2vi_vs_record_background(g, &c->generator, in->masked, &in->net,
                                        err);
    if (!ret)
        ret = s2vi_vs_record_mel(g, &c->generator, &options, features, &in->net,
                                 err);
    in->loss = (s2vi_vs_loss_inputs){.config = critics_of(&t->params),
                                     .real = in->mel,
                                     .fake = in->net.mel,
                                     .features = features,
                                     .squares = t->params.squares};
    return ret;
}

static s2vi_adam_factors adam_of(const s2vi_foley_trainer *t)
{
    return (s2vi_adam_factors){0.5, 0.999, 1e-8, t->params.trainer.decay};
}

static int record_critics(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_foley_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->critics;
    const s2vi_adam_factors adam = adam_of(t);
    s2vi_vs_critic d_t = {0}, d_m = {0};
    int ret =
        record_net(t, step->graph, &t->critics, t->params.batch, true, err);
    if (ret < 0)
        return ret;
    s2vi_vs_loss_record_inputs(step->graph, &t->critics.loss);
    ret = s2vi_vs_loss_temporal(step->graph, &t->critics.loss, &d_t, err);
    if (!ret)
        ret = s2vi_vs_loss_windows(step->graph, &t->critics.loss, &d_m, err);
    s2vi_train_step_add_term(step, "d_t.loss", d_t.loss);
    s2vi_train_step_add_term(step, "d_t.real", d_t.real);
    s2vi_train_step_add_term(step, "d_t.fake", d_t.fake);
    s2vi_train_step_add_term(step, "d_t.shifted", d_t.shifted);
    s2vi_train_step_add_term(step, "d_m.loss", d_m.loss);
    s2vi_train_step_add_term(step, "d_m.real", d_m.real);
    s2vi_train_step_add_term(step, "d_m.fake", d_m.fake);
    if (!ret)
        ret = s2vi_train_step_learn(step, d_t.loss, &trainer->critic[0], &adam,
                                    err);
    return ret < 0 ? ret
                   : s2vi_train_step_learn(step, d_m.loss, &trainer->critic[1],
                                           &adam, err);
}

/* The running averages: of batch norms, and of timbre. */
static int record_averages(s2vi_foley_trainer *t, s2v_error *err)
{
    s2vi_train_step *step = &t->trainer.generator;
    inputs *in = &t->generator;
    int ret = S2V_OK;
    for (int i = 0; i < in->net.n_updates && !ret; i++)
        ret = s2vi_train_step_add_effect(step, in->net.update[i], err);
    in->forget = s2vi_input(step->graph, "forget", S2VI_SHAPE(1));
    s2vi_node *kept =
        s2vi_param_var(step->graph, &t->trainer.list, S2VI_FOLEY_TIMBRE);
    s2vi_node *mean = s2vi_detach(s2vi_mean(in->net.timbre, 1u << 0));
    if (!kept || !mean)
        return s2vi_graph_status(step->graph, err);
    mean = s2vi_reshape(mean, kept->shape);
    s2vi_node *next =
        s2vi_add(mean, s2vi_mul(in->forget, s2vi_sub(kept, mean)));
    return ret < 0
               ? ret
               : s2vi_train_step_add_effect(step, s2vi_assign(kept, next), err);
}

/* ln(1 + e^x), of any x. */
static s2vi_node *softplus(s2vi_node *x)
{
    s2vi_node *less = s2vi_exp(s2vi_scale(s2vi_abs(x), -1));
    return s2vi_add(s2vi_lrelu(x, 0), s2vi_ln(s2vi_affine(less, 1, 1)));
}

/* The cross-entropy of E_T's first four outputs with the onsets y: w y ln(1 +
 * e^-x) + (1 - y) ln(1 + e^x). */
static s2vi_node *onset_loss(s2vi_foley_trainer *t, s2vi_graph *g, int n)
{
    const int T = t->params.sequence;
    s2vi_node *y = t->generator.onsets =
        s2vi_input(g, "onsets", S2VI_SHAPE(n, T));
    s2vi_node *x = s2vi_reshape(
        s2vi_slice(t->generator.net.temporal, 2, 0, RATIO), S2VI_SHAPE(n, T));
    s2vi_node *missed =
        s2vi_mul(s2vi_scale(y, ONSET_WEIGHT), softplus(s2vi_scale(x, -1)));
    s2vi_node *wrong = s2vi_mul(s2vi_affine(y, -1, 1), softplus(x));
    return s2vi_mean_all(s2vi_add(missed, wrong));
}

/* The same weight relative to L_mel's, with critics and without. */
static void add_onsets(s2vi_foley_trainer *t, s2vi_node **loss)
{
    s2vi_train_step *step = &t->trainer.generator;
    const double weight = t->params.onsets;
    if (weight <= 0)
        return;
    s2vi_node *onsets = onset_loss(t, step->graph, t->params.batch);
    s2vi_train_step_add_term(step, "onsets", onsets);
    *loss = s2vi_add(*loss, s2vi_scale(onsets, t->params.critics
                                                   ? weight * S2VI_VS_LAMBDA_MEL
                                                   : weight));
}

/* What the generator learns from. */
static int record_loss(s2vi_foley_trainer *t, s2vi_node **loss, s2v_error *err)
{
    s2vi_train_step *step = &t->trainer.generator;
    s2vi_vs_loss_inputs *loss_in = &t->generator.loss;
    s2vi_vs_generator_loss g = {0};
    if (!t->params.critics) {
        *loss = s2vi_vs_loss_mel(loss_in);
        s2vi_train_step_add_term(step, "mel", *loss);
        return s2vi_graph_status(step->graph, err);
    }
    s2vi_vs_loss_record_inputs(step->graph, loss_in);
    loss_in->shift = NULL; /* nothing is shifted here */
    int ret = s2vi_vs_loss_generator(step->graph, loss_in, &g, err);
    s2vi_train_step_add_term(step, "mel", g.mel);
    s2vi_train_step_add_term(step, "g.loss", g.loss);
    s2vi_train_step_add_term(step, "g.temporal", g.temporal);
    s2vi_train_step_add_term(step, "g.windows", g.windows);
    *loss = g.loss;
    return ret;
}

static int record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_foley_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->generator;
    const s2vi_adam_factors adam = adam_of(t);
    const int n = t->params.batch;
    s2vi_node *loss;
    int ret = record_net(t, step->graph, &t->generator, n, true, err);
    if (!ret && t->params.balance)
        t->generator.loss.weight =
            s2vi_input(step->graph, "weight", S2VI_SHAPE(n, 1, 1));
    if (!ret)
        ret = record_loss(t, &loss, err);
    if (!ret)
        add_onsets(t, &loss);
    if (!ret)
        ret = s2vi_train_step_learn(step, loss, &trainer->g, &adam, err);
    return ret < 0 ? ret : record_averages(t, err);
}

static int record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_foley_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->viewer;
    int ret = record_net(t, step->graph, &t->viewer, t->viewed, false, err);
    step->output = t->viewer.net.mel;
    return ret;
}

/* --------------------------------------------------------------- batches -- */

static int64_t visual_size(const s2vi_foley_trainer *t)
{
    const s2vi_foley_config *c = &t->params.config;
    const int64_t K = t->params.sequence / RATIO;
    const s2vi_shape in = s2vi_visual_encoder_input(&c->sight, 1, K);
    return c->has_sight ? s2vi_shape_count(&in) : K * c->generator.features;
}

static int64_t picture_size(const s2vi_foley_trainer *t)
{
    const int64_t N = t->params.config.sight.size;
    return N * N * 3;
}

/* Pictures before a window that its first feature depends on, but for those
 * before a film's beginning. */
static int64_t history(const s2vi_foley_trainer *t)
{
    return t->motion ? S2VI_MOTION_RECENT : 1;
}

/* The pictures of a window from `first` on, in [-1, 1], changed or not. */
static void put_film(const s2vi_foley_trainer *t, const s2vi_foley_window *w,
                     int64_t first, int64_t n, const s2vi_film_change *change)
{
    const int64_t size = picture_size(t);
    for (int64_t k = 0; k < n; k++)
        memcpy(t->rgb + k * size,
               w->clip->rgb + (first + k < 0 ? 0 : first + k) * size,
               (size_t)size);
    if (change) {
        s2vi_film_apply(change, t->rgb, n, t->params.config.sight.size,
                        t->film);
        return;
    }
    for (int64_t i = 0; i < n * size; i++)
        t->film[i] = s2vi_pixel_value(t->rgb[i]);
}

static void put_pictures(const s2vi_foley_trainer *t,
                         const s2vi_foley_window *w,
                         const s2vi_film_change *change, float *out)
{
    const int64_t K = t->params.sequence / RATIO, size = picture_size(t);
    const int64_t want = w->unit - history(t);
    const int64_t first = t->motion && want < 0 ? 0 : want;
    const int64_t n = w->unit + K - first, planes = visual_size(t) / K;
    put_film(t, w, first, n, change);
    if (!t->motion) {
        memcpy(out, t->film, (size_t)(n * size) * sizeof(*out));
        return;
    }
    s2vi_motion_flush(t->motion);
    for (int64_t k = 0; k < n; k++) {
        const int64_t at = first + k - w->unit;
        s2vi_motion_push(t->motion, t->film + k * size,
                         out + (at < 0 ? 0 : at) * planes);
    }
}

/* One over the root mean square, which silence keeps finite. */
static float balance_of(const float *mel, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)mel[i] * mel[i];
    return (float)(1 / sqrt(sum / (double)n + SILENT));
}

/* Window i of a batch. */
static int put_window(s2vi_foley_trainer *t, int i, const s2vi_foley_window *w,
                      const s2vi_film_change *change, s2v_error *err)
{
    const int64_t T = t->params.sequence, n = T * BANDS;
    const int64_t W = t->params.config.generator.features;
    float *mel = t->mel + i * n, *visual = t->visual + i * visual_size(t);
    if (t->params.config.has_sight)
        put_pictures(t, w, change, visual);
    else
        memcpy(visual, w->clip->features + w->unit * W,
               (size_t)(T / RATIO * W) * sizeof(*visual));
    memcpy(mel, w->clip->mel + w->unit * RATIO * BANDS,
           (size_t)n * sizeof(*mel));
    t->balance[i] = balance_of(mel, n);
    if (t->onsets_of)
        memcpy(t->onsets + i * T,
               t->onsets_of[w->clip - t->params.data->clip] + w->unit * RATIO,
               (size_t)T * sizeof(*t->onsets));
    s2vi_foley_mel_sounding(mel, (size_t)T, t->reference + i * n, (size_t)T);
    return s2vi_vs_mask_energy(mel, T, BANDS, t->masked + i * n, err);
}

static uint64_t clock_of(const s2vi_trainer *trainer, int64_t step)
{
    return s2vi_trainer_place(trainer, step);
}

/* Whether the background of frame `clock` is zeros. */
static bool is_clear(const s2vi_foley_trainer *t, uint64_t clock)
{
    const s2vi_philox key = {t->trainer.params.seed, STREAM_CLEAR, clock};
    float u;
    s2vi_philox_uniform(&key, 0, 1, &u);
    return u < t->params.clear;
}

static int draw_batch(s2vi_foley_trainer *t, int64_t step, s2v_error *err)
{
    const int64_t n = (int64_t)t->params.sequence * BANDS;
    int ret = S2V_OK;
    for (int i = 0; i < t->params.batch && !ret; i++) {
        const uint64_t clock = clock_of(&t->trainer, step) + (uint64_t)i;
        const s2vi_foley_window w =
            s2vi_foley_data_draw(t->params.data, t->trainer.params.seed, clock,
                                 t->params.sequence / RATIO);
        const s2vi_film_change change =
            s2vi_film_draw(t->trainer.params.seed, clock);
        ret = put_window(t, i, &w, t->params.augment ? &change : NULL, err);
        if (is_clear(t, clock))
            memset(t->masked + i * n, 0, (size_t)n * sizeof(*t->masked));
    }
    return ret;
}

static int prepare(s2vi_trainer *trainer, s2v_error *err)
{
    return draw_batch(trainer->self, trainer->step, err);
}

/* R[.] of every SGAU. */
static int feed_resampling(s2vi_foley_trainer *t, s2vi_train_step *step,
                           const inputs *in, s2v_error *err)
{
    const uint64_t clock = clock_of(&t->trainer, t->trainer.step);
    int ret = S2V_OK;
    for (int l = 0; l < t->params.config.generator.acoustic_layers && !ret;
         l++) {
        const s2vi_vs_resample *r = &in->net.resample[l];
        s2vi_vs_draw(t->trainer.params.seed, clock, l, t->params.batch,
                     t->params.sequence, t->low, t->high, t->weight);
        ret = s2vi_train_step_write(step, r->low, t->low, err);
        if (!ret)
            ret = s2vi_train_step_write(step, r->high, t->high, err);
        if (!ret)
            ret = s2vi_train_step_write(step, r->weight, t->weight, err);
    }
    return ret;
}

/* S[.] and the windows that D_m sees. */
static int feed_loss(s2vi_foley_trainer *t, s2vi_train_step *step,
                     const s2vi_vs_loss_inputs *loss_in, s2v_error *err)
{
    const uint64_t clock = clock_of(&t->trainer, t->trainer.step);
    const uint64_t seed = t->trainer.params.seed;
    const int n = t->params.batch, T = t->params.sequence;
    int ret = S2V_OK;
    if (loss_in->shift) {
        s2vi_vs_draw_shift(seed, clock, n, T, t->low);
        ret = s2vi_train_step_write(step, loss_in->shift, t->low, err);
    }
    for (int k = 0; k < S2VI_VS_WINDOWS && !ret; k++) {
        s2vi_vs_draw_window(seed, clock, k, n, T, loss_in->config.window[k],
                            t->low);
        ret = s2vi_train_step_write(step, loss_in->window[k], t->low, err);
    }
    return ret;
}

static int feed(s2vi_trainer *trainer, s2vi_train_step *step, s2v_error *err)
{
    s2vi_foley_trainer *t = trainer->self;
    const inputs *in = step == &trainer->critics ? &t->critics : &t->generator;
    const float forget = (float)s2vi_ema_decay(FORGET, trainer->step);
    int ret = s2vi_train_step_write(step, in->visual, t->visual, err);
    if (!ret)
        ret = s2vi_train_step_write(step, in->mel, t->mel, err);
    if (!ret)
        ret = s2vi_train_step_write(step, in->reference, t->reference, err);
    if (!ret)
        ret = s2vi_train_step_write(step, in->masked, t->masked, err);
    if (!ret && in->loss.weight)
        ret = s2vi_train_step_write(step, in->loss.weight, t->balance, err);
    if (!ret && in->onsets)
        ret = s2vi_train_step_write(step, in->onsets, t->onsets, err);
    if (!ret && in->forget)
        ret = s2vi_train_step_write(step, in->forget, &forget, err);
    if (!ret)
        ret = feed_resampling(t, step, in, err);
    return ret < 0 || !t->params.critics ? ret
                                         : feed_loss(t, step, &in->loss, err);
}

/* --------------------------------------------------------------- texts -- */

static char *config_text(const s2vi_trainer *trainer, bool exported)
{
    const s2vi_foley_trainer *t = trainer->self;
    s2vi_foley_config c = t->params.config;
    c.has_vocoder = exported && t->voice;
    c.vocoder = t->vocoder;
    return s2vi_foley_config_text(&c);
}

/* Settings that came later stand only where they are not what they were. */
static json_t *with_later(const s2vi_foley_trainer_params *p, json_t *root)
{
    if (p->augment)
        json_object_set_new(root, "augment", json_true());
    if (p->onsets > 0)
        json_object_set_new(root, "onsets", json_real(p->onsets));
    return root;
}

static json_t *identity(const s2vi_trainer *trainer)
{
    const s2vi_foley_trainer *t = trainer->self;
    const s2vi_foley_trainer_params *p = &t->params;
    json_t *root = json_pack(
        "{s:s, s:i, s:i, s:I, s:i, s:f, s:b, s:b, s:b}", "clips", p->data->hash,
        "sequence", p->sequence, "batch", s2vi_trainer_all(trainer, p->batch),
        "trained_columns", (json_int_t)(p->data->train * p->data->columns),
        "width", p->width, "clear", p->clear, "critics", p->critics, "squares",
        p->squares, "balance", p->balance);
    return with_later(p, root);
}

static json_t *training(const s2vi_trainer *trainer)
{
    const s2vi_foley_trainer *t = trainer->self;
    const s2vi_foley_trainer_params *p = &t->params;
    json_t *root = json_pack(
        "{s:i, s:i, s:i, s:f, s:s, s:b, s:f, s:f, s:s, s:I}", "sequence",
        p->sequence, "batch", s2vi_trainer_all(trainer, p->batch), "width",
        p->width, "critic_rate", p->critics ? p->trainer.critic_rate : 0,
        "loss", p->squares ? "l2" : "l1", "balance", p->balance, "decay",
        p->trainer.decay, "average", p->trainer.average, "clips", p->data->hash,
        "trained_columns", (json_int_t)(p->data->train * p->data->columns));
    return with_later(p, root);
}

/* ------------------------------------------------------------- vocoder -- */

static int read_vocoder(s2vi_foley_trainer *t, s2v_error *err)
{
    const char *path = t->params.vocoder;
    s2vi_param_list list = {0};
    s2v_error why;
    int ret = s2vi_file_open(&t->voice, path, err);
    if (ret < 0)
        return ret;
    const char *kind = s2v_weights_get_metadata(t->voice, "s2v.model");
    const char *config = s2v_weights_get_metadata(t->voice, "s2v.config");
    if (!kind || strcmp(kind, S2VI_HIFIGAN_NAME) || !config)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: expected a vocoder from s2v-train hifigan, "
                          "found '%s' as its s2v.model",
                          path, kind ? kind : "");
    if (s2vi_hifigan_config_parse(&t->vocoder, config, &why) < 0)
        return s2vi_error(err, S2V_ERR_MODEL, "%s: %.900s", path, why.message);
    s2vi_foley_config c = t->params.config;
    c.has_vocoder = true;
    c.vocoder = t->vocoder;
    if (s2vi_foley_config_check(&c, &why) < 0)
        return s2vi_error(err, S2V_ERR_MODEL, "%s: %.900s", path, why.message);
    ret = s2vi_hifigan_params(&t->vocoder, &list, err);
    if (ret >= 0)
        ret = s2vi_param_list_check(&list, t->voice, NULL, err);
    s2vi_param_list_close(&list);
    return ret;
}

/* The vocoder; and the window, since the position code of another length was
 * not learned. */
static int export_more(const s2vi_trainer *trainer, s2vi_writer *w,
                       s2v_error *err)
{
    const s2vi_foley_trainer *t = trainer->self;
    const size_t n = t->voice ? s2v_weights_count(t->voice) : 0;
    char window[16];
    snprintf(window, sizeof(window), "%d", t->params.sequence / RATIO);
    int ret = s2vi_writer_set_metadata(w, "s2v.window", window, err);
    for (size_t i = 0; i < n && !ret; i++) {
        const s2vi_tensor *from = s2vi_weights_at(t->voice, i);
        float *data = malloc(from->count * sizeof(*data));
        ret = data ? s2vi_weights_read_f32(t->voice, from, data, err)
                   : s2vi_error_nomem(err, from->name);
        if (!ret)
            ret = s2vi_writer_add(w, from->name, trainer->params.store,
                                  from->rank, from->shape, data, err);
        free(data);
    }
    return ret;
}

static int load_voice(const s2vi_foley_trainer *t, s2vi_store *store,
                      s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret = s2vi_hifigan_params(&t->vocoder, &list, err);
    for (int i = 0; i < list.count && !ret; i++)
        ret = s2vi_param_load(&list.param[i], t->voice, list.param[i].name,
                              store, err);
    s2vi_param_list_close(&list);
    return ret;
}

int s2vi_foley_trainer_voice(s2vi_foley_trainer *t, const float *mel,
                             int columns, float **sound, s2v_error *err)
{
    s2vi_train_step step = {0};
    s2vi_store *store = NULL;
    s2vi_node *in, *out;
    const s2vi_clock clock = {0};
    *sound = NULL;
    if (!t->voice)
        return S2V_OK;
    int ret = s2vi_store_create(&store, t->trainer.backend, err);
    if (!ret)
        ret = load_voice(t, store, err);
    if (!ret)
        ret = s2vi_train_step_begin(&step, err);
    if (ret < 0)
        goto fail;
    in = s2vi_input(step.graph, "mel", S2VI_SHAPE(1, columns, BANDS));
    ret = s2vi_hifigan_build(step.graph, &t->vocoder, in, &out, err);
    step.output = out;
    if (!ret)
        ret = s2vi_train_step_plan(&step, store, err);
    if (!ret)
        ret = s2vi_train_step_write(&step, in, mel, err);
    if (!ret)
        ret = s2vi_train_step_run(&step, 0, 0, &clock, err);
    *sound = ret ? NULL
                 : malloc((size_t)columns * S2VI_FOLEY_MEL_HOP * sizeof(float));
    if (!ret)
        ret = *sound ? s2vi_exec_read(step.exec, out, *sound)
                     : s2vi_error_nomem(err, "sound");
fail:
    s2vi_train_step_close(&step);
    s2vi_store_close(&store);
    return ret;
}

/* ------------------------------------------------------------ starting -- */

static const s2vi_trainer_hooks hooks = {
    .model = S2VI_FOLEY_NAME,
    .record_generator = record_generator,
    .record_critics = record_critics,
    .record_viewer = record_viewer,
    .prepare = prepare,
    .feed = feed,
    .config = config_text,
    .identity = identity,
    .training = training,
    .export_more = export_more,
};

static int list_params(s2vi_foley_trainer *t, s2v_error *err)
{
    const s2vi_vs_disc_config critics = critics_of(&t->params);
    s2vi_trainer *trainer = &t->trainer;
    int ret = s2vi_foley_params(&t->params.config, &trainer->list, err);
    s2vi_trainer_add_generator(trainer);
    if (ret < 0 || !t->params.critics)
        return ret;
    if (!ret)
        ret = s2vi_vs_temporal_params(&critics, &trainer->list, err);
    s2vi_trainer_add_critic(trainer);
    if (!ret)
        ret = s2vi_vs_window_params(&critics, &trainer->list, err);
    s2vi_trainer_add_critic(trainer);
    return ret;
}

static int allocate(s2vi_foley_trainer *t, s2v_error *err)
{
    const size_t n = (size_t)t->params.batch, T = (size_t)t->params.sequence;
    t->visual = calloc(n * (size_t)visual_size(t), sizeof(float));
    t->mel = calloc(4 * n * T * BANDS, sizeof(float));
    t->low = malloc((4 * T + 1) * n * sizeof(float));
    if (!t->visual || !t->mel || !t->low)
        return s2vi_error_nomem(err, "a batch");
    t->masked = t->mel + n * T * BANDS;
    t->made = t->masked + n * T * BANDS;
    t->reference = t->made + n * T * BANDS;
    t->high = t->low + n * T;
    t->weight = t->high + n * T;
    t->onsets = t->weight + n * T;
    t->balance = t->onsets + n * T;
    return S2V_OK;
}

/* What pictures go through, where there are any. */
static int create_film(s2vi_foley_trainer *t, s2v_error *err)
{
    const s2vi_visual_encoder_config *c = &t->params.config.sight;
    const int kinds = s2vi_front_end_motion(c->front_end);
    if (!t->params.config.has_sight)
        return S2V_OK;
    int ret =
        kinds ? s2vi_motion_create(&t->motion, kinds, c->size, err) : S2V_OK;
    if (ret < 0)
        return ret;
    const size_t n =
        (size_t)((t->params.sequence / RATIO + history(t)) * picture_size(t));
    t->rgb = malloc(n);
    t->film = malloc(n * sizeof(*t->film));
    return t->rgb && t->film ? S2V_OK : s2vi_error_nomem(err, "a batch");
}

/* Each column's largest share of an onset, a bell around it. */
static void spread_onsets(const s2vi_onsets *onsets, float *out,
                          int64_t columns)
{
    const double second = (double)S2VI_FOLEY_RATE / S2VI_FOLEY_MEL_HOP;
    for (size_t k = 0; k < onsets->count; k++)
        for (int64_t j = 0; j < columns; j++) {
            const double off =
                ((double)j - onsets->times[k] * second) / ONSET_WIDTH;
            out[j] = fmaxf(out[j], (float)exp(-0.5 * off * off));
        }
}

/* What is known of a clip, or what is heard. */
static int onsets_of_clip(const s2vi_foley_clip *c, s2vi_onsets *onsets,
                          s2v_error *err)
{
    char *path = s2vi_truth_path(c->path);
    int ret;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        s2vi_truth truth;
        ret = s2vi_truth_read(&truth, path, err);
        *onsets = truth.onsets;
        truth.onsets = (s2vi_onsets){0};
        s2vi_truth_free(&truth);
    } else {
        ret =
            s2vi_onsets_of_mel(onsets, c->mel, (size_t)(c->units * RATIO), err);
    }
    g_free(path);
    return ret;
}

static int find_onsets(s2vi_foley_trainer *t, s2v_error *err)
{
    const s2vi_foley_data *data = t->params.data;
    if (t->params.onsets <= 0)
        return S2V_OK;
    t->onsets_of = calloc((size_t)data->count, sizeof(*t->onsets_of));
    int ret = t->onsets_of ? S2V_OK : s2vi_error_nomem(err, "onsets");
    for (int i = 0; i < data->count && !ret; i++) {
        const int64_t columns = data->clip[i].units * RATIO;
        s2vi_onsets onsets;
        t->onsets_of[i] = calloc((size_t)columns, sizeof(float));
        ret = t->onsets_of[i] ? onsets_of_clip(&data->clip[i], &onsets, err)
                              : s2vi_error_nomem(err, "onsets");
        if (ret < 0)
            return ret;
        spread_onsets(&onsets, t->onsets_of[i], columns);
        s2vi_onsets_free(&onsets);
    }
    return ret;
}

static int start(s2vi_foley_trainer *t, s2v_error *err)
{
    int ret = allocate(t, err);
    if (!ret)
        ret = create_film(t, err);
    if (!ret)
        ret = find_onsets(t, err);
    if (!ret && t->params.vocoder)
        ret = read_vocoder(t, err);
    if (!ret)
        ret = list_params(t, err);
    return ret < 0 ? ret : s2vi_trainer_open(&t->trainer, err);
}

int s2vi_foley_trainer_create(s2vi_foley_trainer **out,
                              const s2vi_foley_trainer_params *params,
                              s2v_error *err)
{
    s2vi_foley_trainer *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->params = *params;
    t->params.batch = s2vi_trainer_part(&params->trainer, params->batch);
    t->viewed = t->params.batch < VIEWED ? t->params.batch : VIEWED;
    t->trainer = (s2vi_trainer){.hooks = &hooks,
                                .self = t,
                                .params = params->trainer,
                                .frames = t->params.batch};
    int ret = start(t, err);
    if (ret < 0)
        s2vi_foley_trainer_close(out);
    return ret;
}

void s2vi_foley_trainer_close(s2vi_foley_trainer **out)
{
    s2vi_foley_trainer *t = *out;
    if (!t)
        return;
    s2vi_trainer_close(&t->trainer);
    s2v_weights_close(&t->voice);
    for (int i = 0; t->onsets_of && i < t->params.data->count; i++)
        free(t->onsets_of[i]);
    free(t->onsets_of);
    s2vi_motion_close(&t->motion);
    free(t->rgb);
    free(t->film);
    free(t->visual);
    free(t->mel);
    free(t->low);
    free(t);
    *out = NULL;
}

s2vi_trainer *s2vi_foley_trainer_base(s2vi_foley_trainer *trainer)
{
    return &trainer->trainer;
}

/* -------------------------------------------------------------- viewing -- */

/* Make the spectrograms of the windows that lie in the batch. */
static int make(s2vi_foley_trainer *t, s2v_error *err)
{
    s2vi_train_step *step = &t->trainer.viewer;
    int ret = s2vi_train_step_write(step, t->viewer.visual, t->visual, err);
    if (!ret)
        ret =
            s2vi_train_step_write(step, t->viewer.reference, t->reference, err);
    return ret < 0 ? ret : s2vi_trainer_view(&t->trainer, 0, t->made, err);
}

int s2vi_foley_trainer_view(s2vi_foley_trainer *t, const float **real,
                            const float **made, int *columns, s2v_error *err)
{
    const int64_t last = t->trainer.step ? t->trainer.step - 1 : 0;
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    if (!ret)
        ret = draw_batch(t, last, err);
    if (!ret)
        ret = make(t, err);
    *real = t->mel;
    *made = t->made;
    *columns = t->viewed * t->params.sequence;
    return ret;
}

int s2vi_foley_trainer_hold_out(s2vi_foley_trainer *t, double *distance,
                                int64_t *columns, s2v_error *err)
{
    const int64_t T = t->params.sequence, n = T * BANDS;
    s2vi_foley_window w;
    int64_t windows = 0;
    double sum = 0;
    int ret = s2vi_trainer_view_begin(&t->trainer, err), room = 1;
    while (room && !ret) {
        room = 0;
        while (room < t->viewed && !ret &&
               s2vi_foley_data_held_out(t->params.data, windows + room,
                                        T / RATIO, &w))
            ret = put_window(t, room++, &w, NULL, err);
        if (room && !ret)
            ret = make(t, err);
        for (int64_t i = 0; i < room * n; i++)
            sum += fabs((double)t->mel[i] - (double)t->made[i]);
        windows += room;
    }
    *columns = windows * T;
    *distance = windows ? sum / (double)(windows * n) : NAN;
    return ret;
}
