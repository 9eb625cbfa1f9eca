/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train varietysound: its options, trainer and previews. */
#include "recipes/foley.h"
#include "recipes/foley_trainer.h"

#include "base/error.h"
#include "picture/mel_picture.h"

#include <stdlib.h>

/* ------------------------------------------------------------- options -- */

#define AT(member) offsetof(s2vi_vs_train_options, member)

static const option_row rows[] = {
    {"size", 0, OPTION_SIZE, S2VI_SHARED(size), "N", .choices = "16|32|64|128",
     .of = S2VI_ROWS_CLIPS,
     .help = "size of the visual encoder's input in pixels"},
    S2VI_ROW_CROP("region of the frame to use, in pixels of the clip, scaled "
                  "to N x N (default: the whole frame, as in inference)"),
    S2VI_ROW_START,
    S2VI_ROW_DURATION,
    {"sequence", 0, OPTION_INT, S2VI_SHARED(sequence), "T", 64, 4096,
     .help = "window length in columns of mel, 86.13 per second; a multiple of "
             "16. The paper's is 860, 10 s"},
    {"batch", 0, OPTION_INT, S2VI_SHARED(batch), "N", 2, 1024,
     .help = "windows per iteration; the paper's is 48"},
    {"clear", 0, OPTION_NUMBER, AT(clear), "PART", 0, 1,
     .help = "fraction of the windows to train without background, as in "
             "inference: for clips whose sound rises from silence. The paper's "
             "is 0"},
    {"loss", 0, OPTION_CHOICE, AT(loss), "KIND", .choices = "l1|l2",
     .help = "reconstruction loss: l1 (the paper's) or l2 (learns onset times "
             "better if most of the audio is silent)"},
    {"balance", 0, OPTION_ON, AT(balance),
     .help = "divide the loss by the energy of each window: weights short "
             "sounds as much as long ones"},
    {"onsets", 0, OPTION_NUMBER, AT(onsets), "X", 0, 1000,
     .help = "weight of a second loss, of onset times alone, beside the "
             "reconstruction loss: learns sooner when things sound. 0.1 with "
             "--loss l2"},
    {"augment", 0, OPTION_ON, AT(augment),
     .help = "change the frames as other cameras and codecs would: crop, "
             "mirror, shake, exposure, noise, frame rate, compression"},
    S2VI_FOLEY_ROW_NO_CRITICS(AT(critics)),
    S2VI_ROW_RATE("AdamW"),
    S2VI_ROW_CRITIC_RATE,
    S2VI_FOLEY_ROW_DECAY,
    {"width", 0, OPTION_SIZE, AT(width), "N", .choices = "16|32|64|128|256|512",
     .of = S2VI_ROWS_MODEL,
     .help = "channels of the networks; the paper's is 512. Fewer are faster "
             "and learn less"},
    {"features", 0, OPTION_INT, AT(features), "N", 1, 16384,
     .of = S2VI_ROWS_MODEL,
     .help =
         "dimension of the visual encoder's output; with feature sets, theirs"},
    {"sight-channels", 0, OPTION_INT, AT(sight_channels), "N", 1, 256,
     .of = S2VI_ROWS_MODEL,
     .help = "channels of the visual encoder's first layer"},
    {"front-end", 0, OPTION_CHOICE, AT(front_end), "NAME",
     .choices = "pictures|differences|flow|motion", .of = S2VI_ROWS_MODEL,
     .help =
         "what the visual encoder sees: pictures, each and its difference "
         "to the last; differences of luma at four scales, or optical flow, "
         "both relative to their recent mean; motion, these two"},
    {"vocoder", 0, S2VI_OPTION_FILE(AT(vocoder), "FILE"), .of = S2VI_ROWS_MODEL,
     .help = "weight file of s2v-train hifigan to include; without it, the "
             "model outputs spectrograms only"},
    S2VI_FOLEY_ROW_PREVIEW,
    S2VI_FOLEY_ROW_HOLD_OUT,
};

static void set_defaults(s2vi_train_options *shared)
{
    s2vi_vs_train_options *o = (s2vi_vs_train_options *)shared;
    s2vi_foley_set_defaults(shared);
    shared->size = 64;
    shared->sequence = 256;
    o->critics = true;
    o->width = 512;
    o->features = 256;
    o->sight_channels = 16;
}

static int check(s2vi_train_options *o, s2v_error *err)
{
    const int front_end = ((const s2vi_vs_train_options *)o)->front_end;
    const int kinds = s2vi_front_end_motion((s2vi_front_end)front_end);
    if (kinds & S2VI_MOTION_FLOW && o->size < S2VI_MOTION_LEAST_FLOW)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--front-end %s: expected a --size of at least %d, "
                          "found %d",
                          s2vi_front_end_words[front_end],
                          S2VI_MOTION_LEAST_FLOW, o->size);
    return o->sequence % 16
               ? s2vi_error(err, S2V_ERR_INVALID,
                            "--sequence: expected a multiple of 16, found %d",
                            o->sequence)
               : S2V_OK;
}

/* ------------------------------------------------------------- trainer -- */

typedef struct training {
    const s2vi_vs_train_options *o;
    s2vi_foley_clips clips;
    s2vi_foley_trainer *trainer;
} training;

static int make_trainer(training *t, s2v_error *err)
{
    const s2vi_vs_train_options *o = t->o;
    const s2vi_foley_data *data = &t->clips.data;
    const bool sight = !data->features;
    s2vi_foley_trainer_params params = {
        .trainer = s2vi_recipe_trainer(&o->shared),
        .config.has_sight = sight,
        .data = data,
        .width = o->width,
        .sequence = o->shared.sequence,
        .batch = o->shared.batch,
        .critics = o->critics,
        .squares = o->loss == S2VI_VS_TRAIN_L2,
        .clear = o->clear,
        .balance = o->balance,
        .augment = o->augment,
        .onsets = o->onsets,
        .vocoder = o->vocoder,
    };
    s2vi_vs_config *c = &params.config.generator;
    s2vi_vs_defaults(c);
    s2vi_foley_width(c, o->width);
    c->features = sight ? o->features : data->features;
    params.config.sight =
        (s2vi_visual_encoder_config){o->shared.size, o->sight_channels,
                                     c->features, (s2vi_front_end)o->front_end};
    return s2vi_foley_trainer_create(&t->trainer, &params, err);
}

static void close_training(void *self)
{
    training *t = self;
    s2vi_foley_trainer_close(&t->trainer);
    s2vi_foley_clips_close(&t->clips);
    free(t);
}

static int open_training(s2vi_training *out, const s2vi_train_options *o,
                         s2v_error *err)
{
    training *t = out->self = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->o = (const s2vi_vs_train_options *)o;
    int ret = s2vi_foley_clips_load(&t->clips, o, S2VI_VS_RATIO, false, err);
    if (!ret)
        ret = make_trainer(t, err);
    if (ret < 0)
        return ret;
    out->trainer = s2vi_foley_trainer_base(t->trainer);
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
    int ret = s2vi_foley_trainer_hold_out(t->trainer, &distance, &columns, err);
    *out = s2vi_foley_measured(distance, columns);
    return ret;
}

static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    const float *real, *made;
    float *sound = NULL;
    int columns;
    int ret = s2vi_foley_trainer_view(t->trainer, &real, &made, &columns, err);
    if (!ret)
        ret = s2vi_mel_picture_write(path, real, made, columns, err);
    if (!ret)
        ret = s2vi_foley_trainer_voice(t->trainer, made, columns, &sound, err);
    if (!ret && sound)
        ret = s2vi_foley_write_sound(path, sound, columns, err);
    free(sound);
    return ret;
}

/* ----------------------------------------------------------------- row -- */

const s2vi_recipe s2vi_recipe_varietysound = {
    .name = "varietysound",
    .summary = "video to audio: generates the sounds of visible events",
    .about = "Trains a model on many clips to generate audio for video, in the "
             "timbre of a reference. Each CLIP is a media file with video and "
             "audio, a feature set (safetensors of `features` (T,W) and `mel` "
             "(80,4 T)), or a folder of either.",
    .examples =
        "  s2v-impacts --count 200 --size 64 --rate 21.5 -o impacts\n"
        "  s2v-train varietysound impacts -o foley.bin --preview foley.png \\\n"
        "      --width 128 --clear 0.8 --vocoder vocoder.bin\n",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .share = S2VI_SHARE_BATCH,
    .options = sizeof(s2vi_vs_train_options),
    .set_defaults = set_defaults,
    .check = check,
    .open = open_training,
    .close = close_training,
    .measure_held_out = measure_held_out,
    .preview = preview,
};
