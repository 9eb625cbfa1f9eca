/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listen and Move's training; see listen_and_move_trainer.h. */
#include "recipes/listen_and_move_trainer.h"

#include "audio/lms.h"
#include "base/error.h"
#include "base/philox.h"
#include "files.h"
#include "measure/metrics.h"
#include "video/pixel.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------- recording -- */

/* T of this stage's iterations. */
static int frames_of(const s2vi_lm_trainer *t)
{
    return t->stage && !t->stage->prediction ? t->longest : t->params.sequence;
}

static int record(s2vi_lm_trainer *t, s2vi_lm_step *p, s2vi_train_step *step,
                  int T, s2v_error *err)
{
    const s2vi_lm_options options = {
        .frames = T, .bypass = t->stage && !t->stage->prediction};
    return s2vi_lm_step_begin(p, step, &t->params.config, &options, err);
}

static int load_perceptual(s2vi_lm_trainer *t, s2v_error *err)
{
    if (!t->params.perceptual || t->phi)
        return S2V_OK;
    int ret = s2vi_perceptual_open(&t->phi, t->params.perceptual, err);
    return ret < 0 ? ret : s2vi_perceptual_load(t->phi, t->trainer.store, err);
}

static int record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_lm_trainer *t = trainer->self;
    int ret = load_perceptual(t, err);
    const s2vi_lm_stage *stage = t->stage;
    const bool adversarial = stage ? stage->adversarial : t->params.adversarial;
    const s2vi_lm_loss_config loss = {
        .phi = stage && !adversarial ? NULL : t->phi,
        .squares = stage ? !adversarial : t->params.squares,
        .adversarial = adversarial,
        .alpha = t->params.alpha,
        .beta1 = stage ? stage->beta1 : 0};
    if (!ret)
        ret = record(t, &t->generator, &trainer->generator, frames_of(t), err);
    return ret < 0 ? ret
                   : s2vi_lm_step_record_generator(&t->generator, &loss,
                                                   &trainer->g, err);
}

static int record_critics(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_lm_trainer *t = trainer->self;
    int ret =
        record(t, &t->critics, &trainer->critics, t->params.sequence, err);
    return ret < 0
               ? ret
               : s2vi_lm_step_record_critics(&t->critics, &trainer->critic[0],
                                             &trainer->critic[1], err);
}

static int record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_lm_trainer *t = trainer->self;
    int ret = record(t, &t->viewer, &trainer->viewer, t->params.sequence, err);
    return ret < 0 ? ret : s2vi_lm_step_record_frames(&t->viewer, err);
}

/* -------------------------------------------------------------- stages -- */

/* The prediction layer's blend, eq. (4): x'' = a x + (1 - a) x'. As long as the
 * layer is bypassed a is 1 in single precision, in the weight file, too; where
 * it begins to take part, little changes at first, and it can learn. */
static const float BYPASSED = 20, BEGINNING = 3;

static int set_mask(s2vi_trainer *trainer, float value, s2v_error *err)
{
    static const char *const names[] = {"p.mask.bias", "ema.p.mask.bias"};
    int ret = S2V_OK;
    for (int i = 0; i < (trainer->g.average && trainer->step ? 2 : 1) && !ret;
         i++)
        ret = s2vi_store_write(trainer->store, names[i], &value, err);
    return ret;
}

static int stage_at(const s2vi_trainer *trainer)
{
    const s2vi_lm_trainer *t = trainer->self;
    return t->params.staged
               ? s2vi_lm_stage_at(t->params.adversarial, trainer->share)
               : 0;
}

static int enter_stage(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_lm_trainer *t = trainer->self;
    const bool before = t->stage && t->stage->prediction;
    int n;
    if (!t->params.staged)
        return S2V_OK;
    const s2vi_lm_stage *all = s2vi_lm_stages(t->params.adversarial, &n);
    t->stage = &all[trainer->stage < n ? trainer->stage : n - 1];
    trainer->params.rate = trainer->g.rate = t->stage->rate;
    trainer->params.critic_rate = 4 * t->stage->rate;
    for (int i = 0; i < trainer->n_critics; i++)
        trainer->critic[i].rate = trainer->params.critic_rate;
    trainer->critics_rest = !t->stage->adversarial;
    if (t->params.config.prediction == S2VI_LM_NO_PREDICTION ||
        (before && t->stage->prediction))
        return S2V_OK;
    return set_mask(trainer, t->stage->prediction ? BEGINNING : BYPASSED, err);
}

/* Of the reconstruction, then of the critics' game. */
static int terms(const s2vi_trainer *trainer, const char **name, int room)
{
    static const char *const staged[] = {
        "L2",       "perceptual", "L1",       "g.image",      "g.video",
        "g.loss",   "d_i.loss",   "d_i.real", "d_i.fake",     "d_i.penalty",
        "d_v.loss", "d_v.real",   "d_v.fake", "d_v.shuffled", "d_v.penalty"};
    const s2vi_lm_trainer *t = trainer->self;
    if (!t->params.staged)
        return s2vi_trainer_recorded_terms(trainer, name, room);
    int n = 0;
    const int all = t->params.adversarial ? 15 : 1;
    for (int i = 0; i < all && n < room; i++)
        if (i == 0 || i > 2 || (i == 1) == (t->params.perceptual != NULL))
            name[n++] = staged[i];
    return n;
}

/* ------------------------------------------------------------- batches -- */

static size_t frame_bytes(const s2vi_lm_trainer *t)
{
    return (size_t)t->params.config.size * (size_t)t->params.config.size * 3;
}

static const uint8_t *real_frames(const s2vi_lm_trainer *t,
                                  const s2vi_dataset_clip *clip, int64_t frame)
{
    return clip->clip->rgb + (size_t)frame * frame_bytes(t);
}

static void add_noise(s2vi_lm_trainer *t, float *features, size_t n)
{
    const s2vi_philox key = {t->trainer.params.seed, S2VI_STREAM_SOUND,
                             (uint64_t)t->trainer.step *
                                     (uint64_t)s2vi_trainer_ranks(&t->trainer) +
                                 (uint64_t)s2vi_trainer_rank(&t->trainer)};
    s2vi_philox_normal(&key, 0, n, t->noise);
    for (size_t i = 0; i < n; i++)
        features[i] += (float)t->params.sound_noise * t->noise[i];
}

/* A sequence's sound features into t->features: with the gains of its stretch,
 * and the noise that belongs to this step. */
static int hear(s2vi_lm_trainer *t, const s2vi_sequence *s, s2v_error *err)
{
    static const s2vi_hearing plain;
    const int T = frames_of(t);
    const uint64_t place =
        (uint64_t)t->cursor.epoch << 20 | (uint64_t)t->cursor.clip;
    int ret =
        s2vi_hearing_features(t->params.hearing ? t->params.hearing : &plain, s,
                              place, T, t->features, err);
    if (!ret && t->params.sound_noise > 0)
        add_noise(t, t->features, (size_t)T * S2VI_LMS_BANDS);
    return ret;
}

static int prepare(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_lm_trainer *t = trainer->self;
    s2vi_dataset data = *t->params.data;
    data.streams = s2vi_trainer_ranks(trainer);
    if (t->stage && !data.stretch)
        data.stretch = t->stage->stretch;
    const s2vi_sequence s = t->last = s2vi_dataset_next(
        &data, &t->cursor, frames_of(t), trainer->params.seed);
    const uint8_t *rgb = real_frames(t, s.from, s.frame);
    size_t n = (size_t)frames_of(t) * frame_bytes(t);
    for (size_t i = 0; i < n; i++)
        t->real[i] = s2vi_pixel_value(rgb[i]);
    trainer->fresh = s.fresh;
    return hear(t, &s, err);
}

static int feed(s2vi_trainer *trainer, s2vi_train_step *step, s2v_error *err)
{
    s2vi_lm_trainer *t = trainer->self;
    const s2vi_clock clock = s2vi_trainer_clock(trainer);
    const s2vi_batch batch = {.real = t->real, .features = t->features};
    return s2vi_lm_step_feed(step == &trainer->critics ? &t->critics
                                                       : &t->generator,
                             &batch, &clock, err);
}

/* --------------------------------------------------------------- texts -- */

static const char *loss_name(const s2vi_lm_trainer *t)
{
    return t->phi              ? "perceptual"
           : t->params.squares ? "multi-scale L2"
                               : "multi-scale L1";
}

static char *config_text(const s2vi_trainer *trainer, bool exported)
{
    const s2vi_lm_trainer *t = trainer->self;
    (void)exported;
    return s2vi_lm_config_text(&t->params.config);
}

static json_t *identity(const s2vi_trainer *trainer)
{
    const s2vi_lm_trainer *t = trainer->self;
    const s2vi_lm_trainer_params *p = &t->params;
    json_t *root = json_pack(
        "{s:s, s:i, s:s, s:s*, s:i, s:b}", "clips", p->data->hash, "sequence",
        p->sequence, "loss", loss_name(t), "network",
        t->phi ? s2vi_perceptual_name(t->phi) : NULL, "trained_frames",
        (int)p->data->train, "adversarial", p->adversarial);
    if (root && p->hearing && p->hearing->levelled)
        json_object_set_new(root, "levelled", json_true());
    if (root && p->hearing && p->hearing->normalised)
        json_object_set_new(root, "normalised", json_true());
    if (root && p->staged)
        json_object_set_new(root, "staged", json_true());
    return root;
}

/* Where it is not 0. */
static void add_number(json_t *root, const char *key, double value)
{
    if (root && value > 0)
        json_object_set_new(root, key, json_real(value));
}

static json_t *training(const s2vi_trainer *trainer)
{
    const s2vi_lm_trainer *t = trainer->self;
    const s2vi_lm_trainer_params *p = &t->params;
    json_t *root = json_pack(
        "{s:i, s:s, s:i, s:s, s:s*, s:b}", "sequence", p->sequence, "clips",
        p->data->hash, "trained_frames", (int)p->data->train, "loss",
        loss_name(t), "network", t->phi ? s2vi_perceptual_name(t->phi) : NULL,
        "adversarial", p->adversarial);
    if (p->adversarial) {
        add_number(root, "critic_rate", p->trainer.critic_rate);
        add_number(root, "alpha", p->alpha);
    }
    add_number(root, "average", p->trainer.average);
    if (root && p->data->stretch)
        json_object_set_new(root, "stretch", json_integer(p->data->stretch));
    add_number(root, "sound_noise", p->sound_noise);
    add_number(root, "level_jitter", p->hearing ? p->hearing->level_jitter : 0);
    add_number(root, "spectrum_jitter",
               p->hearing ? p->hearing->spectrum_jitter : 0);
    return root;
}

static json_t *position(const s2vi_trainer *trainer)
{
    return s2vi_file_cursor(&((const s2vi_lm_trainer *)trainer->self)->cursor);
}

static bool set_position(s2vi_trainer *trainer, json_t *progress)
{
    s2vi_lm_trainer *t = trainer->self;
    return s2vi_file_read_cursor(progress, t->params.data, &t->cursor);
}

/* Takes `text`. */
static int set_text(s2vi_writer *w, const char *key, char *text, s2v_error *err)
{
    int ret = s2vi_file_set_text(w, key, text, err);
    free(text);
    return ret;
}

/* How a session is to hear sound. */
static int metadata(const s2vi_trainer *trainer, s2vi_writer *w, s2v_error *err)
{
    const s2vi_lm_trainer *t = trainer->self;
    const s2vi_hearing *h = t->params.hearing;
    char level[32]; /* "-18.2", in LUFS */
    int ret = S2V_OK;
    if (!h)
        return S2V_OK;
    if (h->levelled) {
        g_ascii_formatd(level, sizeof(level), "%.1f", h->level);
        ret = s2vi_file_set_text(w, "s2v.level", level, err);
        if (!ret)
            ret = set_text(w, "s2v.spectrum", s2vi_spectrum_text(&h->spectrum),
                           err);
    }
    return ret < 0 ? ret
                   : set_text(w, "s2v.features",
                              s2vi_feature_range_text(&h->range), err);
}

/* ------------------------------------------------------------ starting -- */

static const s2vi_trainer_hooks hooks = {
    .model = S2VI_LM_NAME,
    .record_generator = record_generator,
    .record_critics = record_critics,
    .record_viewer = record_viewer,
    .prepare = prepare,
    .feed = feed,
    .config = config_text,
    .identity = identity,
    .training = training,
    .stage_at = stage_at,
    .enter_stage = enter_stage,
    .terms = terms,
    .position = position,
    .set_position = set_position,
    .metadata = metadata,
};

static int add_critics(s2vi_lm_trainer *t, s2v_error *err)
{
    static const s2vi_disc_kind kind[] = {S2VI_DISC_IMAGE, S2VI_DISC_VIDEO};
    int ret = S2V_OK;
    for (int k = 0; k < 2 && !ret; k++) {
        s2vi_disc_config critic;
        s2vi_disc_mirror(&critic, &t->params.config, kind[k],
                         t->params.sequence);
        ret = s2vi_disc_params(&critic, &t->trainer.list, err);
        if (!ret)
            s2vi_trainer_add_critic(&t->trainer);
    }
    return ret;
}

static int list_params(s2vi_lm_trainer *t, s2v_error *err)
{
    int ret = s2vi_lm_params(&t->params.config, &t->trainer.list, err);
    s2vi_trainer_add_generator(&t->trainer);
    return ret < 0 || !t->params.adversarial ? ret : add_critics(t, err);
}

static int allocate(s2vi_lm_trainer *t, s2v_error *err)
{
    const size_t T = (size_t)t->longest;
    t->real = malloc(T * frame_bytes(t) * sizeof(float));
    t->video = malloc(T * frame_bytes(t) * sizeof(float));
    t->features = malloc(T * S2VI_LMS_BANDS * sizeof(float));
    t->noise = malloc(T * S2VI_LMS_BANDS * sizeof(float));
    return t->real && t->video && t->features && t->noise
               ? S2V_OK
               : s2vi_error_nomem(err, "a sequence");
}

/* The background begins as the mean frame of what is trained on. */
static int warm_start(s2vi_lm_trainer *t, s2v_error *err)
{
    const int64_t pixels = (int64_t)(frame_bytes(t) / 3);
    const s2vi_dataset *data = t->params.data;
    s2vi_moments moments;
    float *mean = malloc(frame_bytes(t) * sizeof(*mean));
    int ret = s2vi_moments_init(&moments, pixels, err);
    if (!ret && !mean)
        ret = s2vi_error_nomem(err, "the mean frame");
    for (int i = 0; i < data->count && !ret; i++) {
        for (int64_t k = 0; k < data->clip[i].train; k++)
            s2vi_moments_add(&moments, real_frames(t, &data->clip[i], k));
        s2vi_shards_trim(data->shards);
    }
    if (!ret)
        s2vi_moments_mean(&moments, mean);
    /* Not where the tanh hardly has a slope. */
    for (int64_t i = 0; i < 3 * pixels && !ret; i++)
        mean[i] = atanhf(fminf(fmaxf(2 * mean[i] - 1, -0.98f), 0.98f));
    if (!ret)
        ret = s2vi_store_write(t->trainer.store, "g.background", mean, err);
    s2vi_moments_free(&moments);
    free(mean);
    return ret;
}

static int start(s2vi_lm_trainer *t, s2v_error *err)
{
    int ret = allocate(t, err);
    if (!ret)
        ret = s2vi_lm_config_check(&t->params.config, err);
    if (!ret)
        ret = list_params(t, err);
    if (!ret)
        ret = s2vi_trainer_open(&t->trainer, err);
    return ret < 0 || !t->params.config.background ? ret : warm_start(t, err);
}

/* Without the prediction layer there is time and memory for three sequences in
 * a row; as far as every clip that is used has so many frames. */
static int longest(const s2vi_lm_trainer_params *p)
{
    int64_t T = p->staged ? 3 * (int64_t)p->sequence : p->sequence;
    if (T > S2VI_LM_MAX_FRAMES)
        T = S2VI_LM_MAX_FRAMES;
    for (int i = 0; i < p->data->count; i++) {
        const int64_t train = p->data->clip[i].train;
        if (train >= p->sequence && train < T)
            T = train;
    }
    return (int)(T > p->sequence ? T : p->sequence);
}

int s2vi_lm_trainer_create(s2vi_lm_trainer **out,
                           const s2vi_lm_trainer_params *params, s2v_error *err)
{
    s2vi_lm_trainer *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->params = *params;
    t->trainer = (s2vi_trainer){.hooks = &hooks,
                                .self = t,
                                .params = params->trainer,
                                .frames = longest(params)};
    t->longest = longest(params);
    s2vi_dataset data = *params->data;
    data.streams = s2vi_trainer_ranks(&t->trainer);
    t->cursor = s2vi_dataset_begin(&data, s2vi_trainer_rank(&t->trainer));
    int ret = start(t, err);
    if (ret < 0)
        s2vi_lm_trainer_close(out);
    return ret;
}

void s2vi_lm_trainer_close(s2vi_lm_trainer **out)
{
    s2vi_lm_trainer *t = out ? *out : NULL;
    if (!t)
        return;
    s2vi_trainer_close(&t->trainer);
    s2vi_perceptual_close(&t->phi);
    free(t->real);
    free(t->video);
    free(t->features);
    free(t->noise);
    free(t);
    *out = NULL;
}

/* -------------------------------------------------------------- viewing -- */

int s2vi_lm_trainer_frames(s2vi_lm_trainer *t, const uint8_t **real,
                           const float **made, s2v_error *err)
{
    const s2vi_train_step *step = &t->trainer.generator;
    *real = NULL;
    *made = NULL;
    if (!t->last.from)
        return S2V_OK;
    int ret = s2vi_exec_read(step->exec, step->output, t->video);
    if (ret < 0)
        return s2vi_error(err, ret, "the frames of the last iteration");
    *real = real_frames(t, t->last.from, t->last.frame);
    *made = t->video;
    return S2V_OK;
}

/* The features of held-out frames [i, i + T), `shift` frames further, into
 * t->features. */
static void hear_held_out(s2vi_lm_trainer *t, const s2vi_dataset_clip *c,
                          int64_t i, int64_t shift)
{
    const int T = t->params.sequence;
    const int64_t part = c->clip->frames - c->train;
    for (int k = 0; k < T; k++) {
        const int64_t from = c->train + (i - c->train + k + shift) % part;
        memcpy(t->features + k * S2VI_LMS_BANDS,
               c->features + from * S2VI_LMS_BANDS,
               S2VI_LMS_BANDS * sizeof(float));
    }
    if (t->params.hearing)
        s2vi_hearing_normalise(t->params.hearing, t->features, T);
}

static int view_clip(s2vi_lm_trainer *t, const s2vi_dataset_clip *c,
                     int64_t shift, float *made, s2vi_lm_trainer_sink sink,
                     void *opaque, s2v_error *err)
{
    const int T = t->params.sequence;
    int ret = S2V_OK;
    s2vi_exec_reset(t->trainer.viewer.exec);
    for (int64_t i = c->train; i + T <= c->clip->frames && !ret; i += T) {
        hear_held_out(t, c, i, shift);
        ret = s2vi_train_step_write(&t->trainer.viewer, t->viewer.lm.features,
                                    t->features, err);
        if (!ret)
            ret = s2vi_trainer_view(&t->trainer, (uint64_t)(i - c->train), made,
                                    err);
        if (!ret)
            ret = sink(opaque, real_frames(t, c, i), made, T, err);
    }
    return ret;
}

int s2vi_lm_trainer_hold_out(s2vi_lm_trainer *t, int64_t shift,
                             s2vi_lm_trainer_sink sink, void *opaque,
                             s2v_error *err)
{
    const s2vi_dataset *data = t->params.data;
    size_t n = (size_t)t->params.sequence * frame_bytes(t);
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    float *made = ret < 0 ? NULL : malloc(n * sizeof(*made));
    if (!ret && !made)
        ret = s2vi_error_nomem(err, "a sequence");
    for (int i = 0; i < data->count && !ret; i++)
        ret = view_clip(t, &data->clip[i], shift, made, sink, opaque, err);
    free(made);
    return ret;
}
