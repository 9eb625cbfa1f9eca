/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HiFi-GAN's training (Kong et al. 2020, sec. 2.4 and 3), on VarietySound's
 * mel.
 *
 * Choices and deviations, where the paper is silent or contradicts itself:
 * - A piece is T columns from anywhere, and the samples [256 j, 256 (j + T))
 *   that go with them. Columns are those of the whole sound, centred on their
 *   first sample; the paper's are of the piece alone.
 * - L_mel compares natural logarithms of this mel's magnitudes.
 * - Without critics the bins are compared as well: the mel, from 125 Hz on,
 *   leaves free what is below, and a constant.
 * - AdamW: beta 0.8 and 0.99; a weight decay of 0.01 unless another is asked
 *   for. The rate stays: lower it with a resume, as the paper does each epoch.
 */
#include "recipes/vocoder_trainer.h"

#include "base/error.h"
#include "graph/build.h"
#include "networks/hifigan_discriminator.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    HOP = S2VI_FOLEY_MEL_HOP,
    FFT = S2VI_FOLEY_MEL_FFT,
    BINS = S2VI_FOLEY_MEL_BINS,
    VIEWED = 4, /* pieces of a preview at most */
};

/* One recorded step's inputs. */
typedef struct inputs {
    s2vi_node *mel;   /* (n,T,80) */
    s2vi_node *sound; /* (n,256 T,1) */
    s2vi_node *basis, *filters;
    s2vi_hifigan_loss_inputs loss;
} inputs;

struct s2vi_vocoder_trainer {
    s2vi_trainer trainer;
    s2vi_vocoder_trainer_params params;
    inputs critics, generator, viewer;
    int viewed; /* pieces of the viewer */
    float *mel, *sound, *made;
    float *basis, *filters;
};

/* ----------------------------------------------------------- recording -- */

static int record_net(s2vi_vocoder_trainer *t, s2vi_graph *g, inputs *in, int n,
                      s2v_error *err)
{
    const int T = t->params.sequence;
    in->mel = s2vi_input(g, "mel", S2VI_SHAPE(n, T, BANDS));
    in->loss.config.divide = t->params.divide;
    return s2vi_hifigan_build(g, &t->params.config, in->mel, &in->loss.fake,
                              err);
}

/* Of a step that compares: the real sound beside. */
static int record_pair(s2vi_vocoder_trainer *t, s2vi_train_step *step,
                       inputs *in, s2v_error *err)
{
    const int n = t->params.batch;
    int ret = record_net(t, step->graph, in, n, err);
    if (ret < 0)
        return ret;
    in->sound = in->loss.real = s2vi_input(
        step->graph, "sound", S2VI_SHAPE(n, t->params.sequence * HOP, 1));
    return S2V_OK;
}

static s2vi_adam_factors adam_of(const s2vi_vocoder_trainer *t)
{
    return (s2vi_adam_factors){0.8, 0.99, 1e-8, t->params.trainer.decay};
}

static int record_critics(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_vocoder_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->critics;
    const s2vi_adam_factors adam = adam_of(t);
    s2vi_hifigan_critic c = {0};
    int ret = record_pair(t, step, &t->critics, err);
    if (!ret)
        ret = s2vi_hifigan_loss_discriminators(step->graph, &t->critics.loss,
                                               &c, err);
    s2vi_train_step_add_term(step, "d.loss", c.loss);
    s2vi_train_step_add_term(step, "d.real", c.real);
    s2vi_train_step_add_term(step, "d.fake", c.fake);
    if (!ret)
        ret = s2vi_train_step_learn(step, c.loss, &t->trainer.critic[0], &adam,
                                    err);
    for (int i = 0; i < c.n_updates && !ret; i++)
        ret = s2vi_train_step_add_effect(step, c.update[i], err);
    return ret;
}

/* What the generator learns from. */
static int record_loss(s2vi_vocoder_trainer *t, s2vi_node **loss,
                       s2v_error *err)
{
    s2vi_train_step *step = &t->trainer.generator;
    inputs *in = &t->generator;
    s2vi_hifigan_generator_loss g = {0};
    in->basis = s2vi_input(step->graph, "basis", S2VI_SHAPE(2 * BINS, FFT, 1));
    in->filters = s2vi_input(step->graph, "filters", S2VI_SHAPE(BANDS, BINS));
    s2vi_node *mel = s2vi_hifigan_loss_mel(in->loss.real, in->loss.fake,
                                           in->basis, in->filters, HOP);
    s2vi_train_step_add_term(step, "mel", mel);
    if (!t->params.critics) {
        s2vi_node *bins = s2vi_hifigan_loss_bins(in->loss.real, in->loss.fake,
                                                 in->basis, HOP);
        s2vi_train_step_add_term(step, "spectrum", bins);
        *loss = s2vi_add(mel, bins);
        return s2vi_graph_status(step->graph, err);
    }
    int ret = s2vi_hifigan_loss_generator(step->graph, &in->loss, &g, err);
    *loss = s2vi_add(g.loss, s2vi_scale(mel, S2VI_HIFIGAN_LAMBDA_MEL));
    s2vi_train_step_add_term(step, "g.loss", *loss);
    s2vi_train_step_add_term(step, "g.adversarial", g.adversarial);
    s2vi_train_step_add_term(step, "g.features", g.features);
    return ret;
}

static int record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_vocoder_trainer *t = trainer->self;
    s2vi_train_step *step = &t->trainer.generator;
    const s2vi_adam_factors adam = adam_of(t);
    s2vi_node *loss;
    int ret = record_pair(t, step, &t->generator, err);
    if (!ret)
        ret = record_loss(t, &loss, err);
    if (!ret)
        ret = s2vi_train_step_learn(step, loss, &t->trainer.g, &adam, err);
    return ret;
}

static int record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_vocoder_trainer *t = trainer->self;
    s2vi_train_step *step = &trainer->viewer;
    int ret = record_net(t, step->graph, &t->viewer, t->viewed, err);
    step->output = t->viewer.loss.fake;
    return ret;
}

/* --------------------------------------------------------------- batches -- */

static void put_piece(s2vi_vocoder_trainer *t, int i,
                      const s2vi_foley_window *w)
{
    const int64_t T = t->params.sequence;
    memcpy(t->mel + i * T * BANDS, w->clip->mel + w->unit * BANDS,
           (size_t)(T * BANDS) * sizeof(float));
    memcpy(t->sound + i * T * HOP, w->clip->sound + w->unit * HOP,
           (size_t)(T * HOP) * sizeof(float));
}

static void draw_batch(s2vi_vocoder_trainer *t, int64_t step)
{
    for (int i = 0; i < t->params.batch; i++) {
        const uint64_t clock =
            s2vi_trainer_place(&t->trainer, step) + (uint64_t)i;
        const s2vi_foley_window w = s2vi_foley_data_draw(
            t->params.data, t->trainer.params.seed, clock, t->params.sequence);
        put_piece(t, i, &w);
    }
}

static int prepare(s2vi_trainer *trainer, s2v_error *err)
{
    (void)err;
    draw_batch(trainer->self, trainer->step);
    return S2V_OK;
}

static int feed(s2vi_trainer *trainer, s2vi_train_step *step, s2v_error *err)
{
    s2vi_vocoder_trainer *t = trainer->self;
    const inputs *in = step == &trainer->critics ? &t->critics : &t->generator;
    int ret = s2vi_train_step_write(step, in->mel, t->mel, err);
    if (!ret)
        ret = s2vi_train_step_write(step, in->sound, t->sound, err);
    if (!ret && in->basis)
        ret = s2vi_train_step_write(step, in->basis, t->basis, err);
    if (!ret && in->filters)
        ret = s2vi_train_step_write(step, in->filters, t->filters, err);
    return ret;
}

/* --------------------------------------------------------------- texts -- */

static char *config_text(const s2vi_trainer *trainer, bool exported)
{
    const s2vi_vocoder_trainer *t = trainer->self;
    (void)exported;
    return s2vi_hifigan_config_text(&t->params.config);
}

static json_t *identity(const s2vi_trainer *trainer)
{
    const s2vi_vocoder_trainer *t = trainer->self;
    const s2vi_vocoder_trainer_params *p = &t->params;
    return json_pack("{s:s, s:i, s:i, s:I, s:i, s:b}", "clips", p->data->hash,
                     "sequence", p->sequence, "batch",
                     s2vi_trainer_all(trainer, p->batch), "trained_columns",
                     (json_int_t)p->data->train, "divide", p->divide, "critics",
                     p->critics);
}

static json_t *training(const s2vi_trainer *trainer)
{
    const s2vi_vocoder_trainer *t = trainer->self;
    const s2vi_vocoder_trainer_params *p = &t->params;
    return json_pack(
        "{s:i, s:i, s:i, s:f, s:f, s:f, s:s, s:I}", "sequence", p->sequence,
        "batch", s2vi_trainer_all(trainer, p->batch), "divide", p->divide,
        "critic_rate", p->critics ? p->trainer.critic_rate : 0, "decay",
        p->trainer.decay, "average", p->trainer.average, "clips", p->data->hash,
        "trained_columns", (json_int_t)p->data->train);
}

/* ------------------------------------------------------------ starting -- */

static const s2vi_trainer_hooks hooks = {
    .model = S2VI_HIFIGAN_NAME,
    .record_generator = record_generator,
    .record_critics = record_critics,
    .record_viewer = record_viewer,
    .prepare = prepare,
    .feed = feed,
    .config = config_text,
    .identity = identity,
    .training = training,
};

static int allocate(s2vi_vocoder_trainer *t, s2v_error *err)
{
    const size_t n = (size_t)t->params.batch, T = (size_t)t->params.sequence;
    t->mel = calloc(n * T * BANDS, sizeof(float));
    t->sound = calloc(2 * n * T * HOP, sizeof(float));
    t->basis = malloc(2 * BINS * FFT * sizeof(float));
    t->filters = malloc(BANDS * BINS * sizeof(float));
    if (!t->mel || !t->sound || !t->basis || !t->filters)
        return s2vi_error_nomem(err, "a batch");
    t->made = t->sound + n * T * HOP;
    s2vi_hifigan_fourier(FFT, t->basis);
    return s2vi_foley_mel_filters(t->filters, err);
}

static int start(s2vi_vocoder_trainer *t, s2v_error *err)
{
    const s2vi_hifigan_disc_config critics = {.divide = t->params.divide};
    s2vi_trainer *trainer = &t->trainer;
    int ret = allocate(t, err);
    if (!ret)
        ret = s2vi_hifigan_params(&t->params.config, &trainer->list, err);
    s2vi_trainer_add_generator(trainer);
    if (!ret && t->params.critics)
        ret = s2vi_hifigan_disc_params(&critics, &trainer->list, err);
    if (t->params.critics)
        s2vi_trainer_add_critic(trainer);
    return ret < 0 ? ret : s2vi_trainer_open(trainer, err);
}

int s2vi_vocoder_trainer_create(s2vi_vocoder_trainer **out,
                                const s2vi_vocoder_trainer_params *params,
                                s2v_error *err)
{
    s2vi_vocoder_trainer *t = *out = calloc(1, sizeof(*t));
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
        s2vi_vocoder_trainer_close(out);
    return ret;
}

void s2vi_vocoder_trainer_close(s2vi_vocoder_trainer **out)
{
    s2vi_vocoder_trainer *t = *out;
    if (!t)
        return;
    s2vi_trainer_close(&t->trainer);
    free(t->mel);
    free(t->sound);
    free(t->basis);
    free(t->filters);
    free(t);
    *out = NULL;
}

s2vi_trainer *s2vi_vocoder_trainer_base(s2vi_vocoder_trainer *trainer)
{
    return &trainer->trainer;
}

/* -------------------------------------------------------------- viewing -- */

static int make(s2vi_vocoder_trainer *t, s2v_error *err)
{
    int ret =
        s2vi_train_step_write(&t->trainer.viewer, t->viewer.mel, t->mel, err);
    return ret < 0 ? ret : s2vi_trainer_view(&t->trainer, 0, t->made, err);
}

int s2vi_vocoder_trainer_view(s2vi_vocoder_trainer *t, const float **mel,
                              const float **sound, int *columns, s2v_error *err)
{
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    draw_batch(t, t->trainer.step ? t->trainer.step - 1 : 0);
    if (!ret)
        ret = make(t, err);
    *mel = t->mel;
    *sound = t->made;
    *columns = t->viewed * t->params.sequence;
    return ret;
}

/* Of one piece, both sounds by themselves: their ends are the same. */
static int compare(const s2vi_vocoder_trainer *t, int i, double *sum,
                   s2v_error *err)
{
    const size_t T = (size_t)t->params.sequence, at = (size_t)i * T * HOP;
    float *real = malloc(2 * T * BANDS * sizeof(*real));
    if (!real)
        return s2vi_error_nomem(err, "a piece");
    float *made = real + T * BANDS;
    int ret = s2vi_foley_mel(t->sound + at, T * HOP, real, T, err);
    if (!ret)
        ret = s2vi_foley_mel(t->made + at, T * HOP, made, T, err);
    for (size_t k = 0; k < T * BANDS && !ret; k++)
        *sum += fabs((double)real[k] - (double)made[k]);
    free(real);
    return ret;
}

int s2vi_vocoder_trainer_hold_out(s2vi_vocoder_trainer *t, double *distance,
                                  int64_t *columns, s2v_error *err)
{
    const int64_t T = t->params.sequence;
    s2vi_foley_window w;
    int64_t pieces = 0;
    double sum = 0;
    int ret = s2vi_trainer_view_begin(&t->trainer, err), room = 1;
    while (room && !ret) {
        room = 0;
        while (room < t->viewed &&
               s2vi_foley_data_held_out(t->params.data, pieces + room, T, &w))
            put_piece(t, room++, &w);
        if (room)
            ret = make(t, err);
        for (int i = 0; i < room && !ret; i++)
            ret = compare(t, i, &sum, err);
        pieces += room;
    }
    *columns = pieces * T;
    *distance = pieces ? sum / (double)(pieces * T * BANDS) : NAN;
    return ret;
}
