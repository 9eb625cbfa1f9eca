/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The training iteration: recorded once, run as often as asked. */
#include "recipes/listen_and_move_trainer_internal.h"

#include "audio/lms.h"
#include "base/philox.h"
#include "video/pixel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------ starting -- */

/* Append a network's parameters, trained at that rate. The list may move:
 * `param` is set when all are there. */
static s2vi_trained stretch(const s2vi_lm_trainer *t, int first, double rate)
{
    return (s2vi_trained){.count = t->list.count - first, .rate = rate};
}

static int add_critics(s2vi_lm_trainer *t, s2v_error *err)
{
    const s2vi_lm_trainer_params *p = &t->params;
    s2vi_disc_config image, video;
    s2vi_disc_mirror(&image, &p->config, S2VI_DISC_IMAGE, p->sequence);
    s2vi_disc_mirror(&video, &p->config, S2VI_DISC_VIDEO, p->sequence);
    int ret = s2vi_disc_params(&image, &t->list, err);
    if (ret < 0)
        return ret;
    t->d_i = stretch(t, t->g.count, p->critic_rate);
    ret = s2vi_disc_params(&video, &t->list, err);
    t->d_v = stretch(t, t->g.count + t->d_i.count, p->critic_rate);
    return ret;
}

static int list_params(s2vi_lm_trainer *t, s2v_error *err)
{
    int ret = s2vi_lm_params(&t->params.config, &t->list, err);
    t->g = stretch(t, 0, t->params.rate);
    t->g.average = t->params.average > 0;
    if (!ret && t->params.adversarial)
        ret = add_critics(t, err);
    t->g.param = t->list.param;
    t->d_i.param = t->g.param + t->g.count;
    t->d_v.param = t->d_i.param + t->d_i.count;
    return ret;
}

static int record_generator(s2vi_lm_trainer *t, s2v_error *err)
{
    const s2vi_lm_loss_config loss = {.phi = t->phi,
                                      .squares = t->params.squares,
                                      .adversarial = t->params.adversarial,
                                      .alpha = t->params.alpha};
    s2vi_lm_step *p = &t->generator;
    int ret = s2vi_lm_step_begin(p, &t->params.config, t->params.sequence, err);
    if (!ret)
        ret = s2vi_lm_step_record_generator(p, &loss, &t->g, err);
    return ret < 0 ? ret : s2vi_lm_step_plan(p, t->store, err);
}

static int record_critics(s2vi_lm_trainer *t, s2v_error *err)
{
    s2vi_lm_step *p = &t->critics;
    int ret = s2vi_lm_step_begin(p, &t->params.config, t->params.sequence, err);
    if (!ret)
        ret = s2vi_lm_step_record_critics(p, &t->d_i, &t->d_v, err);
    return ret < 0 ? ret : s2vi_lm_step_plan(p, t->store, err);
}

static int start(s2vi_lm_trainer *t, s2v_error *err)
{
    const s2vi_lm_trainer_params *p = &t->params;
    size_t pixels = (size_t)p->sequence * (size_t)p->config.size *
                    (size_t)p->config.size * 3;
    t->upload = malloc(pixels * sizeof(float));
    t->video = malloc(pixels * sizeof(float));
    t->features = malloc((size_t)p->sequence * S2VI_LMS_BANDS * sizeof(float));
    t->noise = malloc((size_t)p->sequence * S2VI_LMS_BANDS * sizeof(float));
    if (!t->upload || !t->video || !t->features || !t->noise)
        return s2vi_error_nomem(err, "a sequence");
    int ret = s2vi_lm_config_check(&p->config, err);
    if (!ret)
        ret = s2vi_backend_open(&t->backend, p->device ? p->device : "auto",
                                p->dtype, p->threads, err);
    if (!ret)
        ret = s2vi_store_create(&t->store, t->backend, err);
    if (!ret)
        ret = list_params(t, err);
    if (!ret)
        ret = s2vi_train_step_init_params(&t->list, p->seed, t->store, err);
    if (!ret && p->perceptual)
        ret = s2vi_perceptual_open(&t->phi, p->perceptual, err);
    if (!ret && t->phi)
        ret = s2vi_perceptual_load(t->phi, t->store, err);
    if (!ret)
        ret = record_generator(t, err);
    if (!ret && p->adversarial)
        ret = record_critics(t, err);
    return ret;
}

int s2vi_lm_trainer_create(s2vi_lm_trainer **out,
                           const s2vi_lm_trainer_params *params, s2v_error *err)
{
    s2vi_lm_trainer *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->params = *params;
    if (!t->params.store)
        t->params.store = S2VI_STORED_F32;
    t->cursor.frame = -1;
    t->best = NAN;
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
    s2vi_lm_step_close(&t->generator);
    s2vi_lm_step_close(&t->critics);
    s2vi_lm_step_close(&t->viewer);
    s2vi_perceptual_close(&t->phi);
    s2vi_store_close(&t->averages);
    s2vi_store_close(&t->store);
    s2vi_backend_close(&t->backend);
    s2vi_param_list_close(&t->list);
    free(t->upload);
    free(t->video);
    free(t->features);
    free(t->noise);
    free(t);
    *out = NULL;
}

/* ----------------------------------------------------------- iterating -- */

s2vi_train_summary s2vi_lm_trainer_summary(const s2vi_lm_trainer *t)
{
    return (s2vi_train_summary){
        .backend = t->backend,
        .generator = s2vi_trained_numbers(&t->g),
        .critics =
            s2vi_trained_numbers(&t->d_i) + s2vi_trained_numbers(&t->d_v),
    };
}

int64_t s2vi_lm_trainer_step(const s2vi_lm_trainer *trainer)
{
    return trainer->step;
}

double s2vi_lm_trainer_best(const s2vi_lm_trainer *trainer)
{
    return trainer->best;
}

void s2vi_lm_trainer_set_best(s2vi_lm_trainer *trainer, double score)
{
    trainer->best = score;
}

int s2vi_lm_trainer_terms(const s2vi_lm_trainer *t, const char **name, int room)
{
    const s2vi_lm_step *step[] = {&t->generator, &t->critics};
    int n = 0;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < step[k]->step.n_terms && n < room; i++)
            name[n++] = step[k]->step.term[i].name;
    return n;
}

static size_t frame_bytes(const s2vi_lm_trainer *t)
{
    return (size_t)t->params.config.size * (size_t)t->params.config.size * 3;
}

static const uint8_t *real_frames(const s2vi_lm_trainer *t,
                                  const s2vi_dataset_clip *clip, int64_t frame)
{
    return clip->clip->rgb + (size_t)frame * frame_bytes(t);
}

void s2vi_lm_trainer_frames(const s2vi_lm_trainer *t, const uint8_t **real,
                            const float **made)
{
    *real = t->last.from ? real_frames(t, t->last.from, t->last.frame) : NULL;
    *made = t->video;
}

static int read_terms(s2vi_lm_trainer *t, const s2vi_lm_step *p,
                      s2vi_trainer_loss *loss, int room, int *n, s2v_error *err)
{
    return s2vi_train_step_read(&p->step, t->step + 1, loss, room, n,
                                t->params.adversarial
                                    ? "a smaller --rate or --critic-rate"
                                    : "a smaller --rate",
                                err);
}

static void add_noise(s2vi_lm_trainer *t, float *features, size_t n)
{
    const s2vi_philox key = {t->params.seed, S2VI_STREAM_SOUND,
                             (uint64_t)t->step};
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

static int next_batch(s2vi_lm_trainer *t, s2vi_batch *batch, s2v_error *err)
{
    const s2vi_sequence s = t->last = s2vi_dataset_next(
        t->params.data, &t->cursor, t->params.sequence, t->params.seed);
    const uint8_t *rgb = real_frames(t, s.from, s.frame);
    size_t n = (size_t)t->params.sequence * frame_bytes(t);
    for (size_t i = 0; i < n; i++)
        t->upload[i] = s2vi_pixel_value(rgb[i]);
    *batch = (s2vi_batch){
        .real = t->upload,
        .features = t->features,
        .step = t->step + 1,
        .ema_decay = s2vi_ema_decay(t->params.average, t->step),
    };
    return hear(t, &s, err);
}

/* The critics first: the generator deceives them as they are then. */
static int run_critics(s2vi_lm_trainer *t, const s2vi_batch *batch,
                       const s2vi_clock *clock, s2v_error *err)
{
    if (t->last.fresh)
        s2vi_exec_reset(t->critics.step.exec);
    else {
        int ret = s2vi_lm_step_follow(&t->critics, &t->generator, err);
        if (ret < 0)
            return ret;
    }
    return s2vi_lm_step_run(&t->critics, batch, clock, err);
}

int s2vi_lm_trainer_iterate(s2vi_lm_trainer *t, s2vi_trainer_loss *loss, int *n,
                            s2v_error *err)
{
    const int room = *n;
    const s2vi_clock clock = {
        .seed = t->params.seed,
        .frame = (uint64_t)t->step * (uint64_t)t->params.sequence,
    };
    s2vi_batch batch;
    s2v_error spoilt;
    int ret = next_batch(t, &batch, err), bad = S2V_OK;
    *n = 0;
    if (!ret && t->params.adversarial)
        ret = run_critics(t, &batch, &clock, err);
    if (t->last.fresh)
        s2vi_exec_reset(t->generator.step.exec);
    if (!ret)
        ret = s2vi_lm_step_run(&t->generator, &batch, &clock, err);
    if (!ret)
        ret = s2vi_exec_read(t->generator.step.exec, t->generator.lm.video,
                             t->video);
    if (ret < 0)
        return ret;
    ret = read_terms(t, &t->generator, loss, room, n, err);
    if (t->params.adversarial)
        bad = read_terms(t, &t->critics, loss, room, n, &spoilt);
    if (bad < 0) { /* which is what spoils the generator's */
        *err = spoilt;
        ret = bad;
    }
    t->step++;
    return ret;
}

/* ------------------------------------------------------ what is held out -- */

static int open_viewer(s2vi_lm_trainer *t, s2v_error *err)
{
    s2vi_lm_step *p = &t->viewer;
    int ret = S2V_OK;
    if (t->g.average)
        ret = s2vi_store_create(&t->averages, t->backend, err);
    if (!ret)
        ret = s2vi_lm_step_begin(p, &t->params.config, t->params.sequence, err);
    if (!ret)
        ret = s2vi_lm_step_record_frames(p, err);
    if (!ret)
        ret = s2vi_lm_step_plan(p, t->averages ? t->averages : t->store, err);
    if (ret < 0)
        s2vi_lm_step_close(p);
    return ret;
}

static int view_clip(s2vi_lm_trainer *t, const s2vi_dataset_clip *c,
                     float *made, s2vi_lm_trainer_sink sink, void *opaque,
                     s2v_error *err)
{
    const int T = t->params.sequence;
    int ret = S2V_OK;
    s2vi_exec_reset(t->viewer.step.exec);
    for (int64_t i = c->train; i + T <= c->clip->frames && !ret; i += T) {
        const s2vi_batch batch = {.features = c->features + i * S2VI_LMS_BANDS};
        const s2vi_clock clock = {t->params.seed, (uint64_t)(i - c->train)};
        ret = s2vi_lm_step_run(&t->viewer, &batch, &clock, err);
        if (!ret)
            ret = s2vi_exec_read(t->viewer.step.exec, t->viewer.lm.video, made);
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
    int ret = t->viewer.step.exec ? S2V_OK : open_viewer(t, err);
    if (!ret && t->averages)
        ret = s2vi_train_step_copy_averages(&t->g, t->store, t->averages, err);
    float *made = ret < 0 ? NULL : malloc(n * sizeof(*made));
    if (!ret && !made)
        ret = s2vi_error_nomem(err, "a sequence");
    for (int i = 0; i < data->count && !ret; i++)
        ret = view_clip(t, &data->clip[i], made, sink, opaque, err);
    free(made);
    return ret;
}
