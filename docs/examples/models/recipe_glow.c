/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s2v-train glow: the smallest recipe there is. Glow learns the colour of each
 * frame from the frame's sound, on all clips in order.
 *
 * To use it: as train/recipes/glow.c, and its name, glow, in the list `recipes`
 * of train/meson.build.
 */
#include "base/error.h"
#include "files.h"
#include "graph/build.h"
#include "models/glow.h"
#include "recipe.h"
#include "video/pixel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BANDS = 64 };

/* ------------------------------------------------------------- options -- */

/* Glow has none of its own: what all have, and these. */
static const option_row rows[] = {
    {"size", 0, OPTION_SIZE, S2VI_SHARED(size), "N", .choices = "8|16|32|64",
     .of = S2VI_ROWS_CLIPS, .help = "side of the square frames, pixels"},
    {"sequence", 0, OPTION_INT, S2VI_SHARED(sequence), "T", 1, 4096,
     .help = "frames an iteration, 20 a second"},
    S2VI_ROW_RATE("Adam"),
};

static void set_defaults(s2vi_train_options *o)
{
    o->size = 16;
    o->rate = 1e-3;
}

/* ------------------------------------------------------------- training -- */

typedef struct training {
    s2vi_trainer trainer;
    const s2vi_train_options *o;
    s2vi_ingest ingest;
    s2vi_dataset data;
    s2vi_glow_graph glow, viewed; /* of a training step; of the viewer */
    s2vi_node *real;              /* INPUT (T,N,N,3) in [-1, 1] */
    s2vi_cursor cursor;
    s2vi_sequence last; /* what the iteration learns from */
    float *pixels;      /* (T,N,N,3) */
} training;

static s2vi_glow_config config_of(const training *t)
{
    return (s2vi_glow_config){.size = t->o->size, .bands = BANDS};
}

static int64_t frame_size(const training *t)
{
    return (int64_t)t->o->size * t->o->size * 3;
}

/* Frames, their distance from the real ones, and Adam's step down. */
static int record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    static const s2vi_adam_factors adam = {0.9, 0.999, 1e-8, 0};
    training *t = trainer->self;
    s2vi_train_step *step = &trainer->generator;
    const s2vi_glow_config config = config_of(t);
    int ret =
        s2vi_glow_build(step->graph, &config, t->o->sequence, &t->glow, err);
    if (ret < 0)
        return ret;
    step->output = t->glow.video;
    t->real = s2vi_input(step->graph, "real", t->glow.video->shape);
    s2vi_node *loss =
        s2vi_mean_all(s2vi_square(s2vi_sub(t->glow.video, t->real)));
    s2vi_train_step_add_term(step, "L2", loss);
    return s2vi_train_step_learn(step, loss, &trainer->g, &adam, err);
}

/* What s2vi_trainer_view() makes with the weights as they would be written. */
static int record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    training *t = trainer->self;
    const s2vi_glow_config config = config_of(t);
    int ret = s2vi_glow_build(trainer->viewer.graph, &config, t->o->sequence,
                              &t->viewed, err);
    trainer->viewer.output = t->viewed.video;
    return ret;
}

static const uint8_t *real_frames(const training *t, const s2vi_sequence *s)
{
    return s->from->clip->rgb + s->frame * frame_size(t);
}

static int prepare(s2vi_trainer *trainer, s2v_error *err)
{
    training *t = trainer->self;
    (void)err;
    t->last = s2vi_dataset_next(&t->data, &t->cursor, t->o->sequence,
                                trainer->params.seed);
    const uint8_t *rgb = real_frames(t, &t->last);
    for (int64_t i = 0; i < t->o->sequence * frame_size(t); i++)
        t->pixels[i] = s2vi_pixel_value(rgb[i]);
    return S2V_OK;
}

static int feed(s2vi_trainer *trainer, s2vi_train_step *step, s2v_error *err)
{
    training *t = trainer->self;
    const float *features = t->last.from->features + t->last.frame * BANDS;
    int ret = s2vi_train_step_write(step, t->glow.features, features, err);
    return ret < 0 ? ret : s2vi_train_step_write(step, t->real, t->pixels, err);
}

/* ---------------------------------------------------------------- files -- */

static char *config_text(const s2vi_trainer *trainer, bool exported)
{
    const training *t = trainer->self;
    const s2vi_glow_config config = config_of(t);
    (void)exported; /* the same in a checkpoint */
    return s2vi_glow_config_text(&config);
}

static json_t *identity(const s2vi_trainer *trainer)
{
    const training *t = trainer->self;
    return json_pack("{s:s, s:i, s:I}", "clips", t->data.hash, "sequence",
                     t->o->sequence, "trained_frames",
                     (json_int_t)t->data.train);
}

/* Where training stands in the clips, and back. */
static json_t *position(const s2vi_trainer *trainer)
{
    return s2vi_file_cursor(&((const training *)trainer->self)->cursor);
}

static bool set_position(s2vi_trainer *trainer, json_t *progress)
{
    training *t = trainer->self;
    return s2vi_file_read_cursor(progress, &t->data, &t->cursor);
}

static const s2vi_trainer_hooks hooks = {
    .model = S2VI_GLOW_NAME,
    .record_generator = record_generator,
    .record_viewer = record_viewer,
    .prepare = prepare,
    .feed = feed,
    .config = config_text,
    .identity = identity,
    .training = identity, /* says enough */
    .position = position,
    .set_position = set_position,
};

/* ------------------------------------------------------------- starting -- */

static int start(training *t, s2v_error *err)
{
    const s2vi_glow_config config = config_of(t);
    t->pixels =
        malloc((size_t)(t->o->sequence * frame_size(t)) * sizeof(float));
    if (!t->pixels)
        return s2vi_error_nomem(err, "a sequence");
    int ret = s2vi_glow_params(&config, &t->trainer.list, err);
    s2vi_trainer_add_generator(&t->trainer);
    return ret < 0 ? ret : s2vi_trainer_open(&t->trainer, err);
}

static int open_training(s2vi_training *out, const s2vi_train_options *o,
                         s2v_error *err)
{
    training *t = out->self = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->trainer = (s2vi_trainer){.hooks = &hooks,
                                .self = t,
                                .params = s2vi_recipe_trainer(o),
                                .frames = o->sequence};
    t->o = o;
    t->cursor.frame = -1;
    out->trainer = &t->trainer;
    out->measure = "held-out.L2";
    int ret = s2vi_recipe_load_dataset(o, &t->ingest, &t->data, err);
    if (!ret)
        ret = s2vi_dataset_features(&t->data, err);
    return ret < 0 ? ret : start(t, err);
}

static void close_training(void *self)
{
    training *t = self;
    s2vi_trainer_close(&t->trainer);
    s2vi_dataset_close(&t->data);
    s2vi_ingest_close(&t->ingest);
    free(t->pixels);
    free(t);
}

/* -------------------------------------------------------------- viewing -- */

/* The frames of a sequence's sound. */
static int make(training *t, const s2vi_sequence *s, float *out, s2v_error *err)
{
    int ret = s2vi_train_step_write(&t->trainer.viewer, t->viewed.features,
                                    s->from->features + s->frame * BANDS, err);
    return ret < 0 ? ret : s2vi_trainer_view(&t->trainer, 0, out, err);
}

/* The mean square of the difference to the real frames, over all whole
 * sequences that are held out. */
static int measure_held_out(void *self, s2vi_measured *out, s2v_error *err)
{
    training *t = self;
    const int64_t T = t->o->sequence;
    double sum = 0;
    int64_t n = 0;
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    for (int c = 0; c < t->data.count && !ret; c++) {
        s2vi_sequence s = {.from = &t->data.clip[c]};
        for (s.frame = s.from->train;
             s.frame + T <= s.from->clip->frames && !ret; s.frame += T) {
            const uint8_t *rgb = real_frames(t, &s);
            ret = make(t, &s, t->pixels, err);
            for (int64_t i = 0; i < T * frame_size(t); i++, n++)
                sum += pow(t->pixels[i] - s2vi_pixel_value(rgb[i]), 2);
        }
    }
    const double mean = n ? sum / (double)n : NAN;
    *out = (s2vi_measured){.score = -mean, .curve = mean};
    snprintf(out->text, sizeof(out->text), "L2 %.4f of held-out frames", mean);
    return ret;
}

/* The last sequence: real frames above, made ones below. */
static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    if (!t->last.from) /* no iteration yet, after a resume */
        return S2V_OK;
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    if (!ret)
        ret = make(t, &t->last, t->pixels, err);
    return ret < 0 ? ret
                   : s2vi_recipe_preview_frames(
                         t->o, path, real_frames(t, &t->last), t->pixels, err);
}

/* ------------------------------------------------------------------ row -- */

const s2vi_recipe s2vi_recipe_glow = {
    .name = "glow",
    .summary = "sound to video: one colour a frame; an example",
    .about = "Learns the colour of each frame from its sound. Each CLIP is a "
             "media file with picture and sound.",
    .examples = "  s2v-train glow concert.mp4 -o glow.bin --iterations 500\n",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .options = sizeof(s2vi_train_options),
    .set_defaults = set_defaults,
    .open = open_training,
    .close = close_training,
    .measure_held_out = measure_held_out,
    .preview = preview,
};
