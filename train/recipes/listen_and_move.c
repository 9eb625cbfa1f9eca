/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train listen-and-move: its clips, its trainer, its previews. */
#include "data/dataset.h"
#include "hold_out.h"
#include "picture/picture.h"
#include "recipes/listen_and_move_trainer.h"
#include "training.h"
#include "measure/vision.h"

#include "base/error.h"
#include "terminal/interrupt.h"

#include <stdio.h>
#include <stdlib.h>

enum { PREVIEW_COLUMNS = 8 };

typedef struct training {
    const s2vi_train_options *o;
    s2vi_ingest ingest;
    s2vi_dataset data;
    s2vi_hearing hearing;
    s2vi_lm_trainer *trainer;
    s2vi_vision *vision; /* that measures LPIPS; NULL: SSIM is the measure */
} training;

/* --------------------------------------------------------------- clips -- */

static int load_clip(training *t, const char *path, s2v_error *err)
{
    s2vi_clip *clip = NULL;
    s2vi_clip_params params = s2vi_training_clip(t->o);
    int ret = s2vi_clip_load(&clip, path, &params, err);
    if (!ret)
        ret = s2vi_ingest_check(&t->ingest, path, &clip->facts, err);
    bool skipped;
    ret = s2vi_ingest_settle(&t->ingest, ret, &skipped, err);
    if (!ret && !skipped)
        ret = s2vi_dataset_add(&t->data, &clip, err);
    s2vi_clip_close(&clip);
    return ret;
}

static int check_held_out(const training *t, s2v_error *err)
{
    const int T = t->o->sequence;
    for (int i = 0; i < t->data.count; i++)
        if (t->data.clip[i].clip->frames - t->data.clip[i].train >= T)
            return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "--hold-out-every: expected a clip of which a sequence "
                      "(%d frames) is held out, found %lld held-out frames in "
                      "all: give a smaller --split or --sequence",
                      T, (long long)(t->data.frames - t->data.train));
}

static int load_clips(training *t, s2v_error *err)
{
    const s2vi_train_options *o = t->o;
    int ret = S2V_OK;
    t->ingest = s2vi_training_ingest(o);
    for (int i = 0; i < o->n_clips && !ret; i++) {
        if (s2vi_interrupt_requested())
            return s2vi_error(err, S2V_ERR_CANCELLED, "interrupted");
        ret = load_clip(t, o->clips[i], err);
    }
    if (!ret)
        ret = s2vi_ingest_require(&t->ingest, t->data.count, err);
    t->data.stretch = o->stretch;
    if (!ret)
        ret = s2vi_dataset_split(&t->data, o->split, o->sequence, err);
    if (!ret && o->hold_out_every)
        ret = check_held_out(t, err);
    t->hearing = (s2vi_hearing){.levelled = o->level,
                                .level_jitter = o->level_jitter,
                                .spectrum_jitter = o->spectrum_jitter,
                                .seed = o->seed};
    if (!ret)
        ret = s2vi_hearing_prepare(&t->hearing, &t->data, err);
    if (!ret && !o->quiet)
        fprintf(stderr,
                "%d clip%s, %lld frames at 20 a second: %lld to train "
                "on, %lld held out\n",
                t->data.count, t->data.count > 1 ? "s" : "",
                (long long)t->data.frames, (long long)t->data.train,
                (long long)(t->data.frames - t->data.train));
    return ret;
}

/* ------------------------------------------------------------- trainer -- */

static s2vi_lm_config config_of(const s2vi_train_options *o)
{
    s2vi_lm_config c;
    s2vi_lm_defaults(&c);
    c.size = o->size;
    c.channels_max = o->channels_max;
    c.motion = o->motion;
    c.mfs = o->mfs;
    c.sac = o->sac;
    c.acin = o->acin;
    c.noise = o->noise;
    c.connection = o->connection;
    c.prediction = o->prediction;
    return c;
}

static int make_trainer(training *t, const char *version, s2v_error *err)
{
    const s2vi_train_options *o = t->o;
    const s2vi_lm_trainer_params params = {
        .config = config_of(o),
        .data = &t->data,
        .hearing = &t->hearing,
        .sequence = o->sequence,
        .rate = o->rate,
        .seed = o->seed,
        .device = o->device,
        .dtype = s2vi_training_dtype(o),
        .threads = o->threads,
        .perceptual = o->perceptual,
        .squares = o->loss == S2VI_LOSS_L2,
        .score_is_lpips = o->lpips,
        .adversarial = o->adversarial,
        .critic_rate = o->critic_rate,
        .alpha = o->alpha,
        .average = o->average,
        .sound_noise = o->sound_noise,
        .version = version,
        .license = o->license,
        .title = o->title,
        .note = o->note,
        .store = s2vi_training_stored(o),
    };
    return s2vi_lm_trainer_create(&t->trainer, &params, err);
}

static int make_vision(training *t, s2v_error *err)
{
    const s2vi_train_options *o = t->o;
    const s2vi_vision_params params = {.network = o->perceptual,
                                       .heads = o->lpips,
                                       .width = o->size,
                                       .height = o->size,
                                       .device = o->device,
                                       .threads = o->threads};
    return o->lpips ? s2vi_vision_open(&t->vision, &params, err) : S2V_OK;
}

/* --------------------------------------------------------------- table -- */

static s2vi_train_summary summary(void *self)
{
    return s2vi_lm_trainer_summary(((training *)self)->trainer);
}

static int64_t step(void *self)
{
    return s2vi_lm_trainer_step(((training *)self)->trainer);
}

static double best(void *self)
{
    return s2vi_lm_trainer_best(((training *)self)->trainer);
}

static void set_best(void *self, double score)
{
    s2vi_lm_trainer_set_best(((training *)self)->trainer, score);
}

static int terms(void *self, const char **name, int room)
{
    return s2vi_lm_trainer_terms(((training *)self)->trainer, name, room);
}

static int iterate(void *self, s2vi_trainer_loss *loss, int *n, s2v_error *err)
{
    return s2vi_lm_trainer_iterate(((training *)self)->trainer, loss, n, err);
}

static int measure_held_out(void *self, s2vi_measured *out, s2v_error *err)
{
    training *t = self;
    s2vi_held_out h;
    char lpips[32] = "";
    int ret = s2vi_hold_out(t->trainer, t->o->size, t->vision, &h, err);
    *out = (s2vi_measured){.score = t->vision ? -h.lpips : h.ssim,
                           .curve = t->vision ? h.lpips : h.ssim};
    if (t->vision)
        snprintf(lpips, sizeof(lpips), "LPIPS %.4f, ", h.lpips);
    snprintf(out->text, sizeof(out->text),
             "%sSSIM %.4f, PSNR %.2f dB of %lld held-out frames", lpips, h.ssim,
             h.psnr, (long long)h.frames);
    return ret;
}

static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    s2vi_preview_row row[2] = {{0}, {0}};
    s2vi_picture sheet = {0};
    s2vi_lm_trainer_frames(t->trainer, &row[0].bytes, &row[1].floats);
    if (!row[0].bytes) /* no iteration yet, after a resume */
        return S2V_OK;
    int ret = s2vi_preview_sheet(&sheet, row, 2, t->o->sequence, t->o->size,
                                 PREVIEW_COLUMNS, err);
    if (!ret)
        ret = s2vi_picture_write_png(path, sheet.rgb, sheet.width, sheet.height,
                                     (ptrdiff_t)sheet.width * 3, err);
    s2vi_picture_free(&sheet);
    return ret;
}

static int save(void *self, const char *path, s2v_error *err)
{
    return s2vi_lm_trainer_save(((training *)self)->trainer, path, err);
}

static int export(void *self, const char *path, s2v_error *err)
{
    return s2vi_lm_trainer_export(((training *)self)->trainer, path, err);
}

static int resume(void *self, const char *path, s2v_error *err)
{
    return s2vi_lm_trainer_resume(((training *)self)->trainer, path, err);
}

static int start_from(void *self, const char *path, s2v_error *err)
{
    return s2vi_lm_trainer_start_from(((training *)self)->trainer, path, err);
}

static void close_training(void *self)
{
    training *t = self;
    s2vi_vision_close(&t->vision);
    s2vi_lm_trainer_close(&t->trainer);
    s2vi_dataset_close(&t->data);
    s2vi_ingest_close(&t->ingest);
    free(t);
}

static const s2vi_training_table table = {
    .summary = summary,
    .step = step,
    .best = best,
    .set_best = set_best,
    .terms = terms,
    .iterate = iterate,
    .measure_held_out = measure_held_out,
    .preview = preview,
    .save = save,
    .export = export,
    .resume = resume,
    .start_from = start_from,
    .close = close_training,
};

int s2vi_training_listen_and_move(s2vi_training *out,
                                  const s2vi_train_options *o,
                                  const char *version, s2v_error *err)
{
    *out = (s2vi_training){0};
    training *t = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->o = o;
    int ret = load_clips(t, err);
    if (!ret)
        ret = make_trainer(t, version, err);
    if (!ret)
        ret = make_vision(t, err);
    if (ret < 0) {
        close_training(t);
        return ret;
    }
    *out = (s2vi_training){&table, t,
                           t->vision ? "held-out.LPIPS" : "held-out.SSIM"};
    if (!o->perceptual && !o->quiet)
        fprintf(stderr,
                "no --perceptual file: frames are compared by "
                "multi-scale %s, which learns less detail\n",
                o->loss == S2VI_LOSS_L2 ? "L2" : "L1");
    return S2V_OK;
}
