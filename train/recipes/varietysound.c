/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train varietysound and hifigan: their clips, trainers and previews. */
#include "recipes/foley_trainer.h"
#include "terminal/interrupt.h"
#include "picture/mel_picture.h"
#include "training.h"
#include "recipes/vocoder_trainer.h"

#include "base/error.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct training {
    const s2vi_train_options *o;
    s2vi_ingest ingest;
    s2vi_foley_data data;
    s2vi_foley_trainer *foley;     /* one... */
    s2vi_vocoder_trainer *vocoder; /* ...of these */
    s2vi_trainer *gan;             /* its own */
} training;

/* --------------------------------------------------------------- clips -- */

static int check_held_out(const training *t, int64_t units, s2v_error *err)
{
    s2vi_foley_window w;
    if (s2vi_foley_data_held_out(&t->data, 0, units, &w))
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "--hold-out-every: expected a clip of which a window (%d "
                      "columns) is held out, found %lld held-out columns in "
                      "all: give a smaller --split or --sequence",
                      t->o->sequence,
                      (long long)(t->data.units - t->data.train) *
                          t->data.columns);
}

static void say_how_much(const training *t)
{
    const s2vi_foley_data *d = &t->data;
    const double second =
        (double)S2VI_FOLEY_MEL_HOP * d->columns / S2VI_FOLEY_RATE;
    if (!t->o->quiet)
        fprintf(
            stderr, "%d clip%s, %.1f s: %.1f s to train on, %.1f s held out\n",
            d->count, d->count > 1 ? "s" : "", (double)d->units * second,
            (double)d->train * second, (double)(d->units - d->train) * second);
}

/* @param columns of a unit */
static int load_clips(training *t, int columns, bool sound_only, s2v_error *err)
{
    const s2vi_train_options *o = t->o;
    const int64_t units = o->sequence / columns;
    const s2vi_foley_source source = {.clip = s2vi_training_clip(o),
                                      .ingest = &t->ingest,
                                      .sound_only = sound_only,
                                      .least = units};
    int ret = S2V_OK;
    t->data.columns = columns;
    t->ingest = s2vi_training_ingest(o);
    for (int i = 0; i < o->n_clips && !ret; i++) {
        if (s2vi_interrupt_requested())
            return s2vi_error(err, S2V_ERR_CANCELLED, "interrupted");
        ret = s2vi_foley_data_add(&t->data, o->clips[i], &source, err);
    }
    if (!ret)
        ret = s2vi_ingest_require(&t->ingest, t->data.count, err);
    if (!ret)
        ret = s2vi_foley_data_split(&t->data, o->split, units, err);
    if (!ret && o->hold_out_every)
        ret = check_held_out(t, units, err);
    if (!ret)
        say_how_much(t);
    return ret;
}

/* ------------------------------------------------------------- trainers -- */

static s2vi_trainer_params gan_params(const s2vi_train_options *o,
                                      const char *version)
{
    return (s2vi_trainer_params){
        .critics = o->critics,
        .rate = o->rate,
        .critic_rate = o->critic_rate,
        .decay = o->decay,
        .average = o->average,
        .seed = o->seed,
        .device = o->device,
        .dtype = s2vi_training_dtype(o),
        .threads = o->threads,
        .version = version,
        .license = o->license,
        .store = s2vi_training_stored(o),
    };
}

static int make_foley(training *t, const char *version, s2v_error *err)
{
    const s2vi_train_options *o = t->o;
    const bool sight = !t->data.features;
    s2vi_foley_trainer_params params = {
        .gan = gan_params(o, version),
        .config.has_sight = sight,
        .data = &t->data,
        .width = o->width,
        .sequence = o->sequence,
        .batch = o->batch,
        .squares = o->loss == S2VI_LOSS_L2,
        .clear = o->clear,
        .balance = o->balance,
        .vocoder = o->vocoder,
        .title = o->title,
        .note = o->note,
    };
    s2vi_vs_config *c = &params.config.generator;
    s2vi_vs_defaults(c);
    s2vi_foley_width(c, o->width);
    c->features = sight ? o->features : t->data.features;
    params.config.sight =
        (s2vi_visual_encoder_config){o->size, o->sight_channels, c->features};
    int ret = s2vi_foley_trainer_create(&t->foley, &params, err);
    if (!ret)
        t->gan = s2vi_foley_trainer_gan(t->foley);
    return ret;
}

static int make_vocoder(training *t, const char *version, s2v_error *err)
{
    const s2vi_train_options *o = t->o;
    s2vi_vocoder_trainer_params params = {
        .gan = gan_params(o, version),
        .data = &t->data,
        .divide = o->divide,
        .sequence = o->sequence,
        .batch = o->batch,
        .title = o->title,
        .note = o->note,
    };
    s2vi_hifigan_version(&params.config, o->variant + 1);
    int ret = s2vi_vocoder_trainer_create(&t->vocoder, &params, err);
    if (!ret)
        t->gan = s2vi_vocoder_trainer_gan(t->vocoder);
    return ret;
}

/* ------------------------------------------------------------- previews -- */

/* Beside FILE.png: FILE.wav. */
static int write_sound(const char *png, const float *sound, int columns,
                       s2v_error *err)
{
    const size_t n =
        g_str_has_suffix(png, ".png") ? strlen(png) - 4 : strlen(png);
    char *path = g_strdup_printf("%.*s.wav", (int)n, png);
    int ret =
        s2vi_wav_write(path, sound, (int64_t)columns * S2VI_FOLEY_MEL_HOP, err);
    g_free(path);
    return ret;
}

static int preview_foley(training *t, const char *path, s2v_error *err)
{
    const float *real, *made;
    float *sound = NULL;
    int columns;
    int ret = s2vi_foley_trainer_view(t->foley, &real, &made, &columns, err);
    if (!ret)
        ret = s2vi_mel_picture_write(path, real, made, columns, err);
    if (!ret)
        ret = s2vi_foley_trainer_voice(t->foley, made, columns, &sound, err);
    if (!ret && sound)
        ret = write_sound(path, sound, columns, err);
    free(sound);
    return ret;
}

static int preview_vocoder(training *t, const char *path, s2v_error *err)
{
    const float *mel, *sound;
    int columns;
    int ret =
        s2vi_vocoder_trainer_view(t->vocoder, &mel, &sound, &columns, err);
    if (ret < 0)
        return ret;
    const size_t n = (size_t)columns;
    float *made = malloc(n * S2VI_FOLEY_MEL_BANDS * sizeof(*made));
    if (!made)
        return s2vi_error_nomem(err, "a preview");
    ret = s2vi_foley_mel(sound, n * S2VI_FOLEY_MEL_HOP, made, n, err);
    if (!ret)
        ret = s2vi_mel_picture_write(path, mel, made, columns, err);
    if (!ret)
        ret = write_sound(path, sound, columns, err);
    free(made);
    return ret;
}

static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    return t->foley ? preview_foley(t, path, err)
                    : preview_vocoder(t, path, err);
}

/* --------------------------------------------------------------- table -- */

static s2vi_train_summary summary(void *self)
{
    return s2vi_trainer_summary(((training *)self)->gan);
}

static int64_t step(void *self)
{
    return ((training *)self)->gan->step;
}

static double best(void *self)
{
    return ((training *)self)->gan->best;
}

static void set_best(void *self, double score)
{
    ((training *)self)->gan->best = score;
}

static int terms(void *self, const char **name, int room)
{
    return s2vi_trainer_terms(((training *)self)->gan, name, room);
}

static int iterate(void *self, s2vi_trainer_loss *loss, int *n, s2v_error *err)
{
    return s2vi_trainer_iterate(((training *)self)->gan, loss, n, err);
}

static int measure_held_out(void *self, s2vi_measured *out, s2v_error *err)
{
    training *t = self;
    double distance;
    int64_t columns;
    int ret = t->foley ? s2vi_foley_trainer_hold_out(t->foley, &distance,
                                                     &columns, err)
                       : s2vi_vocoder_trainer_hold_out(t->vocoder, &distance,
                                                       &columns, err);
    *out = (s2vi_measured){.score = -distance, .curve = distance};
    snprintf(out->text, sizeof(out->text),
             "mel distance %.4f (%.2f dB) of %lld held-out columns", distance,
             100 * distance, (long long)columns);
    return ret;
}

static int save(void *self, const char *path, s2v_error *err)
{
    return s2vi_trainer_save(((training *)self)->gan, path, err);
}

static int export(void *self, const char *path, s2v_error *err)
{
    return s2vi_trainer_export(((training *)self)->gan, path, err);
}

static int resume(void *self, const char *path, s2v_error *err)
{
    return s2vi_trainer_resume(((training *)self)->gan, path, err);
}

static int start_from(void *self, const char *path, s2v_error *err)
{
    return s2vi_trainer_start_from(((training *)self)->gan, path, err);
}

static void close_training(void *self)
{
    training *t = self;
    s2vi_foley_trainer_close(&t->foley);
    s2vi_vocoder_trainer_close(&t->vocoder);
    s2vi_foley_data_close(&t->data);
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

static int make(s2vi_training *out, const s2vi_train_options *o, bool foley,
                const char *version, s2v_error *err)
{
    *out = (s2vi_training){0};
    training *t = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->o = o;
    int ret = load_clips(t, foley ? S2VI_VS_RATIO : 1, !foley, err);
    if (!ret)
        ret =
            foley ? make_foley(t, version, err) : make_vocoder(t, version, err);
    if (ret < 0)
        close_training(t);
    else
        *out = (s2vi_training){&table, t, "held-out.mel"};
    return ret;
}

int s2vi_training_varietysound(s2vi_training *t, const s2vi_train_options *o,
                               const char *version, s2v_error *err)
{
    return make(t, o, true, version, err);
}

int s2vi_training_hifigan(s2vi_training *t, const s2vi_train_options *o,
                          const char *version, s2v_error *err)
{
    return make(t, o, false, version, err);
}
