/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listen and Move's training; see listen_and_move_trainer.h. */
#include "recipes/listen_and_move_trainer.h"

#include "audio/lms.h"
#include "base/error.h"
#include "base/philox.h"
#include "files.h"
#include "video/pixel.h"

#include <glib.h>
#include <stdlib.h>

/* ----------------------------------------------------------- recording -- */

static int record(s2vi_lm_trainer *t, s2vi_lm_step *p, s2vi_train_step *step,
                  s2v_error *err)
{
    return s2vi_lm_step_begin(p, step, &t->params.config, t->params.sequence,
                              err);
}

static int load_perceptual(s2vi_lm_trainer *t, s2v_error *err)
{
    if (!t->params.perceptual)
        return S2V_OK;
    int ret = s2vi_perceptual_open(&t->phi, t->params.perceptual, err);
    return ret < 0 ? ret : s2vi_perceptual_load(t->phi, t->trainer.store, err);
}

static int record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_lm_trainer *t = trainer->self;
    int ret = load_perceptual(t, err);
    const s2vi_lm_loss_config loss = {.phi = t->phi,
                                      .squares = t->params.squares,
                                      .adversarial = t->params.adversarial,
                                      .alpha = t->params.alpha};
    if (!ret)
        ret = record(t, &t->generator, &trainer->generator, err);
    return ret < 0 ? ret
                   : s2vi_lm_step_record_generator(&t->generator, &loss,
                                                   &trainer->g, err);
}

static int record_critics(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_lm_trainer *t = trainer->self;
    int ret = record(t, &t->critics, &trainer->critics, err);
    return ret < 0
               ? ret
               : s2vi_lm_step_record_critics(&t->critics, &trainer->critic[0],
                                             &trainer->critic[1], err);
}

static int record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_lm_trainer *t = trainer->self;
    int ret = record(t, &t->viewer, &trainer->viewer, err);
    return ret < 0 ? ret : s2vi_lm_step_record_frames(&t->viewer, err);
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
                             (uint64_t)t->trainer.step};
    s2vi_philox_normal(&key, 0, n, t->noise);
    for (size_t i = 0; i < n; i++)
        features[i] += (float)t->params.sound_noise * t->noise[i];
}

/* A sequence's sound features into t->features: with the gains of its stretch,
 * and the noise that belongs to this step. */
static int hear(s2vi_lm_trainer *t, const s2vi_sequence *s, s2v_error *err)
{
    static const s2vi_hearing plain;
    const int T = t->params.sequence;
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
    const s2vi_sequence s = t->last = s2vi_dataset_next(
        t->params.data, &t->cursor, t->params.sequence, trainer->params.seed);
    const uint8_t *rgb = real_frames(t, s.from, s.frame);
    size_t n = (size_t)t->params.sequence * frame_bytes(t);
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
    const size_t T = (size_t)t->params.sequence;
    t->real = malloc(T * frame_bytes(t) * sizeof(float));
    t->video = malloc(T * frame_bytes(t) * sizeof(float));
    t->features = malloc(T * S2VI_LMS_BANDS * sizeof(float));
    t->noise = malloc(T * S2VI_LMS_BANDS * sizeof(float));
    return t->real && t->video && t->features && t->noise
               ? S2V_OK
               : s2vi_error_nomem(err, "a sequence");
}

static int start(s2vi_lm_trainer *t, s2v_error *err)
{
    int ret = allocate(t, err);
    if (!ret)
        ret = s2vi_lm_config_check(&t->params.config, err);
    if (!ret)
        ret = list_params(t, err);
    return ret < 0 ? ret : s2vi_trainer_open(&t->trainer, err);
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
                                .frames = params->sequence};
    t->cursor.frame = -1;
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

static int view_clip(s2vi_lm_trainer *t, const s2vi_dataset_clip *c,
                     float *made, s2vi_lm_trainer_sink sink, void *opaque,
                     s2v_error *err)
{
    const int T = t->params.sequence;
    int ret = S2V_OK;
    s2vi_exec_reset(t->trainer.viewer.exec);
    for (int64_t i = c->train; i + T <= c->clip->frames && !ret; i += T) {
        ret = s2vi_train_step_write(&t->trainer.viewer, t->viewer.lm.features,
                                    c->features + i * S2VI_LMS_BANDS, err);
        if (!ret)
            ret = s2vi_trainer_view(&t->trainer, (uint64_t)(i - c->train), made,
                                    err);
        if (!ret)
            ret = sink(opaque, real_frames(t, c, i), made, T, err);
    }
    return ret;
}

int s2vi_lm_trainer_hold_out(s2vi_lm_trainer *t, s2vi_lm_trainer_sink sink,
                             void *opaque, s2v_error *err)
{
    const s2vi_dataset *data = t->params.data;
    size_t n = (size_t)t->params.sequence * frame_bytes(t);
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    float *made = ret < 0 ? NULL : malloc(n * sizeof(*made));
    if (!ret && !made)
        ret = s2vi_error_nomem(err, "a sequence");
    for (int i = 0; i < data->count && !ret; i++)
        ret = view_clip(t, &data->clip[i], made, sink, opaque, err);
    free(made);
    return ret;
}
