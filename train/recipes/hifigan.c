/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train hifigan: its options, trainer and previews. */
#include "recipes/foley.h"
#include "recipes/vocoder_trainer.h"

#include "base/error.h"
#include "picture/mel_picture.h"

#include <stdlib.h>

/* ------------------------------------------------------------- options -- */

#define AT(member) offsetof(s2vi_hifigan_train_options, member)

static const option_row rows[] = {
    {"sequence", 0, OPTION_INT, S2VI_SHARED(sequence), "T", 8, 4096,
     .help = "length of an audio segment in columns of mel, 256 samples each"},
    {"batch", 0, OPTION_INT, S2VI_SHARED(batch), "N", 1, 1024,
     .help = "audio segments per iteration"},
    S2VI_FOLEY_ROW_NO_CRITICS(AT(critics)),
    S2VI_ROW_RATE("AdamW"),
    S2VI_ROW_CRITIC_RATE,
    S2VI_FOLEY_ROW_DECAY,
    {"variant", 0, OPTION_CHOICE, AT(variant), "V", .choices = "v1|v2|v3",
     .of = S2VI_ROWS_MODEL,
     .help = "generator: v1 (best), v2 (narrow) or v3 (fastest)"},
    {"divide", 0, OPTION_SIZE, AT(divide), "N", .choices = "1|2|4|8",
     .of = S2VI_ROWS_MODEL,
     .help = "divide the number of channels of the discriminators by this, for "
             "small machines"},
    {"output", 'o', S2VI_OPTION_FILE(S2VI_SHARED(output), "FILE"),
     .of = S2VI_ROWS_OUTPUT,
     .help = "weight file, for s2v-train varietysound --vocoder (required)"},
    S2VI_FOLEY_ROW_PREVIEW,
    S2VI_FOLEY_ROW_HOLD_OUT,
};

static void set_defaults(s2vi_train_options *shared)
{
    s2vi_hifigan_train_options *o = (s2vi_hifigan_train_options *)shared;
    s2vi_foley_set_defaults(shared);
    o->critics = true;
    o->variant = 2;
    o->divide = 1;
}

/* ------------------------------------------------------------- trainer -- */

typedef struct training {
    const s2vi_hifigan_train_options *o;
    s2vi_foley_clips clips;
    s2vi_vocoder_trainer *trainer;
} training;

static int make_trainer(training *t, s2v_error *err)
{
    const s2vi_hifigan_train_options *o = t->o;
    s2vi_vocoder_trainer_params params = {
        .trainer = s2vi_recipe_trainer(&o->shared),
        .data = &t->clips.data,
        .divide = o->divide,
        .sequence = o->shared.sequence,
        .batch = o->shared.batch,
        .critics = o->critics,
    };
    s2vi_hifigan_version(&params.config, o->variant + 1);
    return s2vi_vocoder_trainer_create(&t->trainer, &params, err);
}

static void close_training(void *self)
{
    training *t = self;
    s2vi_vocoder_trainer_close(&t->trainer);
    s2vi_foley_clips_close(&t->clips);
    free(t);
}

static int open_training(s2vi_training *out, const s2vi_train_options *o,
                         s2v_error *err)
{
    training *t = out->self = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->o = (const s2vi_hifigan_train_options *)o;
    int ret = s2vi_foley_clips_load(&t->clips, o, 1, true, err);
    if (!ret)
        ret = make_trainer(t, err);
    if (ret < 0)
        return ret;
    out->trainer = s2vi_vocoder_trainer_base(t->trainer);
    out->measure = "held-out.mel";
    out->shards = t->clips.data.shards;
    return S2V_OK;
}

/* --------------------------------------------------- measures, previews -- */

static int measure_held_out(void *self, s2vi_measured *out, s2v_error *err)
{
    training *t = self;
    double distance;
    int64_t columns;
    int ret =
        s2vi_vocoder_trainer_hold_out(t->trainer, &distance, &columns, err);
    *out = s2vi_foley_measured(distance, columns);
    return ret;
}

static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    const float *mel, *sound;
    int columns;
    int ret =
        s2vi_vocoder_trainer_view(t->trainer, &mel, &sound, &columns, err);
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
        ret = s2vi_foley_write_sound(path, sound, columns, err);
    free(made);
    return ret;
}

/* ----------------------------------------------------------------- row -- */

const s2vi_recipe s2vi_recipe_hifigan = {
    .name = "hifigan",
    .summary = "mel spectrogram to audio: varietysound's vocoder",
    .about = "Trains a vocoder, which converts VarietySound's mel spectrograms "
             "to audio, for s2v-train varietysound --vocoder. Each CLIP is a "
             "media file with audio, or a folder of such.",
    .examples =
        "  s2v-train hifigan impacts -o vocoder.bin --variant v3 --divide 4\n",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .share = S2VI_SHARE_BATCH,
    .options = sizeof(s2vi_hifigan_train_options),
    .set_defaults = set_defaults,
    .open = open_training,
    .close = close_training,
    .measure_held_out = measure_held_out,
    .preview = preview,
};
