/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train man: its options, clips, measures and previews. */
#include "base/error.h"
#include "measure/metrics.h"
#include "picture/picture.h"
#include "recipe.h"
#include "recipes/man_trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEASURED_CLIPS = 10,  /* at most, of what is held out... */
    MEASURED_FRAMES = 40, /* ...so many frames of each */
    VIEWED_FRAMES = 120,
    VIEWED_EVERY = 15, /* columns of a preview */
    ROWS = 5,
};

/* ------------------------------------------------------------- options -- */

typedef struct options {
    s2vi_train_options shared;
    const char *network; /* a preset's name */
    s2vi_man_config config;
    bool mel, pitch, energy, geometry, warp, blend, critics;
    const char *perceptual;
} options;

#define AT(member) offsetof(options, member)

static const option_row rows[] = {
    {"network", 0, OPTION_WORD, AT(network), "SIZE",
     .choices = "small|medium|large|paper", .of = S2VI_ROWS_MODEL,
     .help = "widths and frame size: small (64 x 64 pixels), medium (128), "
             "large or paper (256) (default medium)"},
    S2VI_ROW_CROP("region of the frame to use, in pixels of the clip; it "
                  "should show a head as the face's own crop does, which is "
                  "the default"),
    S2VI_ROW_START,
    S2VI_ROW_DURATION,
    {"preview", 0, S2VI_OPTION_FILE(S2VI_SHARED(preview), "FILE.png"),
     .ending = ".png", .of = S2VI_ROWS_OUTPUT,
     .help = "preview image, a row each: portraits, real frames, generated "
             "ones, the predicted flow, contours (predicted red, true green)"},
    S2VI_ROW_TIME("total time instead of --iterations, including that before "
                  "--resume: 90s, 45m or 3h"),
    {"batch", 0, OPTION_INT, S2VI_SHARED(batch), "N", 1, 1024,
     .help = "frames per iteration, each of another clip"},
    S2VI_ROW_RATE("Adam"),
    S2VI_ROW_CRITIC_RATE,
    {"no-critics", 0, OPTION_OFF, AT(critics),
     .help = "train without discriminators: faster and softer"},
    {"perceptual", 0, S2VI_OPTION_FILE(AT(perceptual), "FILE"),
     .help = "image network for a perceptual loss (safetensors: VGG16, VGG19 "
             "or SqueezeNet 1.1, torchvision's names); without it, multi-scale "
             "L1, which learns less detail"},
    {"geometry", 0, OPTION_CHOICE, AT(config.geometry), "KIND",
     .choices = "flow|points|contours|flow+contours", .of = S2VI_ROWS_MODEL,
     .help = "what the predictor draws for the generator: flow, maps of points "
             "or of contours, or flow+contours"},
    {"flow", 0, OPTION_CHOICE, AT(config.flow), "KIND",
     .choices = "portrait|previous", .of = S2VI_ROWS_MODEL,
     .help = "optical flow: portrait (towards it) or previous (from the frame "
             "before, as in the paper)"},
    {"video", 0, OPTION_CHOICE, AT(config.video), "KIND",
     .choices = "conv|eca|partial", .of = S2VI_ROWS_MODEL,
     .help = "network of the image and geometry modalities: conv (2-D "
             "convolution), eca (with efficient channel attention) or partial "
             "(partial convolution)"},
    {"sound", 0, OPTION_CHOICE, AT(config.sound), "KIND",
     .choices = "conv1d|lstm", .of = S2VI_ROWS_MODEL,
     .help = "network of the sound's modalities: conv1d or lstm"},
    {"gan", 0, OPTION_CHOICE, AT(config.gan), "KIND",
     .choices = "hinge|log|lsgan", .of = S2VI_ROWS_MODEL,
     .help = "adversarial loss: hinge, log or lsgan"},
    {"no-geometry", 0, OPTION_OFF, AT(geometry), .of = S2VI_ROWS_MODEL,
     .help = "the generator does not see the predicted geometry"},
    {"no-mel", 0, OPTION_OFF, AT(mel), .of = S2VI_ROWS_MODEL,
     .help = "the generator does not see the mel spectrum"},
    {"no-pitch", 0, OPTION_OFF, AT(pitch), .of = S2VI_ROWS_MODEL,
     .help = "the generator does not see the pitch"},
    {"no-energy", 0, OPTION_OFF, AT(energy), .of = S2VI_ROWS_MODEL,
     .help = "the generator does not see the energy"},
    {"no-warp", 0, OPTION_OFF, AT(warp), .of = S2VI_ROWS_MODEL,
     .help = "do not move the portrait by the predicted flow"},
    {"no-blend", 0, OPTION_OFF, AT(blend), .of = S2VI_ROWS_MODEL,
     .help = "do not let the moved portrait show through: every pixel is made "
             "anew, as in the paper"},
};

static void set_defaults(s2vi_train_options *shared)
{
    options *o = (options *)shared;
    shared->iterations = 20000;
    shared->batch = 8;
    shared->rate = 1e-4;
    shared->critic_rate = 4e-4;
    shared->average = 0.999;
    shared->split = 0.9;
    s2vi_man_defaults(&o->config);
    o->network = "medium";
    o->mel = o->pitch = o->energy = o->geometry = o->warp = o->blend =
        o->critics = true;
}

static void drop(s2vi_man_config *c, bool kept, s2vi_man_modality m)
{
    if (!kept)
        c->modalities &= ~(1 << m);
}

static int check(s2vi_train_options *shared, s2v_error *err)
{
    options *o = (options *)shared;
    s2vi_man_config *c = &o->config;
    s2vi_man_set_preset(c, o->network);
    drop(c, o->mel, S2VI_MAN_AMF);
    drop(c, o->pitch, S2VI_MAN_PITCH);
    drop(c, o->energy, S2VI_MAN_ENERGY);
    drop(c, o->geometry, S2VI_MAN_GEOMETRY);
    c->warp =
        o->warp && s2vi_man_has_flow(c) && c->flow == S2VI_MAN_FLOW_PORTRAIT;
    c->blend = o->blend && c->warp;
    shared->size = c->size;
    return s2vi_man_config_check(c, err);
}

/* --------------------------------------------------------------- clips -- */

typedef struct training {
    const options *o;
    s2vi_ingest ingest;
    s2vi_talking_source source;
    s2vi_talking_heads data;
    s2vi_man_trainer *trainer;
} training;

static int add_clip(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    return s2vi_talking_heads_add(&t->data, path, &t->source, err);
}

static int load_clips(training *t, s2v_error *err)
{
    const s2vi_train_options *o = &t->o->shared;
    s2vi_talking_heads *d = &t->data;
    t->ingest = s2vi_recipe_ingest(o);
    t->source = (s2vi_talking_source){s2vi_recipe_clip(o), &t->ingest};
    d->side = s2vi_talking_heads_side(o->size);
    int ret = s2vi_recipe_each_clip(o, add_clip, t, err);
    if (!ret)
        ret = s2vi_ingest_require(&t->ingest, d->count, err);
    if (!ret)
        ret = s2vi_talking_heads_split(d, o->split, err);
    if (!ret)
        ret = s2vi_talking_heads_level(d, err);
    if (!ret && !o->quiet)
        fprintf(stderr,
                "%d clip%s, %lld frames at %d fps: %lld for training, %lld "
                "held out\n",
                d->count, d->count > 1 ? "s" : "", (long long)d->frames,
                S2VI_TALKING_RATE, (long long)d->train,
                (long long)(d->frames - d->train));
    return ret;
}

static int make_trainer(training *t, s2v_error *err)
{
    const options *o = t->o;
    const s2vi_man_trainer_params params = {
        .trainer = s2vi_recipe_trainer(&o->shared),
        .config = o->config,
        .data = &t->data,
        .batch = o->shared.batch,
        .timed = o->shared.seconds > 0,
        .critics = o->critics,
        .perceptual = o->perceptual,
    };
    return s2vi_man_trainer_create(&t->trainer, &params, err);
}

static const char *stage_of(const void *self)
{
    const training *t = self;
    return s2vi_man_trainer_stage(t->trainer);
}

static void close_training(void *self)
{
    training *t = self;
    s2vi_man_trainer_close(&t->trainer);
    s2vi_talking_heads_close(&t->data);
    s2vi_ingest_close(&t->ingest);
    free(t);
}

static int open_training(s2vi_training *out, const s2vi_train_options *o,
                         s2v_error *err)
{
    training *t = out->self = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->o = (const options *)o;
    int ret = load_clips(t, err);
    if (!ret)
        ret = make_trainer(t, err);
    if (ret < 0)
        return ret;
    out->trainer = s2vi_man_trainer_base(t->trainer);
    out->measure = "held-out.SSIM";
    out->shards = t->data.shards;
    if (o->rate > 5e-4 && !o->quiet)
        fprintf(stderr,
                "--rate %g: above 0.0005 this training is seldom stable; the "
                "paper's 0.002 is taken for a slip\n",
                o->rate);
    return S2V_OK;
}

/* ------------------------------------------------------ what is held out -- */

typedef struct measuring {
    int size;
    float *real, *made; /* a frame each, in [0, 1] */
    double *scratch;
    s2vi_score score, still; /* of what is made; of the portrait */
} measuring;

static void to_unit(const float *from, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = roundf(255 * fmaxf(0, fminf(1, (from[i] + 1) / 2))) / 255;
}

static void compare(measuring *m, const float *picture, s2vi_score *score)
{
    const size_t pixels = (size_t)m->size * (size_t)m->size;
    to_unit(picture, 3 * pixels, m->made);
    double sum = 0;
    for (size_t i = 0; i < 3 * pixels; i++)
        sum += ((double)m->made[i] - (double)m->real[i]) *
               ((double)m->made[i] - (double)m->real[i]);
    s2vi_score_add(score,
                   s2vi_ssim(m->real, m->made, m->size, m->size, m->scratch),
                   (s2vi_squares){.all = sum});
}

static int add_frame(void *self, const s2vi_man_made *f, s2v_error *err)
{
    measuring *m = self;
    (void)err;
    to_unit(f->real, (size_t)m->size * (size_t)m->size * 3, m->real);
    compare(m, f->frame_made, &m->score);
    compare(m, f->portrait, &m->still);
    return S2V_OK;
}

/* Clips that something is held out of, evenly spread. */
static int pick_held_out(const training *t,
                         const s2vi_talking_head *clip[MEASURED_CLIPS])
{
    int n = 0, all = 0;
    for (int i = 0; i < t->data.count; i++)
        all += t->data.clip[i].train < t->data.clip[i].frames;
    for (int i = 0, k = 0; i < t->data.count && n < MEASURED_CLIPS; i++)
        if (t->data.clip[i].train < t->data.clip[i].frames &&
            k++ * MEASURED_CLIPS >= n * all)
            clip[n++] = &t->data.clip[i];
    return n;
}

static void say(const measuring *m, s2vi_measured *out)
{
    const int64_t pixels = (int64_t)m->size * m->size;
    const double ssim = s2vi_batched_mean(&m->score.ssim);
    *out = (s2vi_measured){.score = ssim, .curve = ssim};
    snprintf(out->text, sizeof(out->text),
             "SSIM %.4f (portrait %.4f), PSNR %.2f dB (%.2f) of %lld held-out "
             "frames",
             ssim, s2vi_batched_mean(&m->still.ssim),
             s2vi_psnr(s2vi_score_mse(&m->score, pixels, 0).all),
             s2vi_psnr(s2vi_score_mse(&m->still, pixels, 0).all),
             (long long)m->score.ssim.frames);
}

static int measure_held_out(void *self, s2vi_measured *out, s2v_error *err)
{
    training *t = self;
    const s2vi_talking_head *clip[MEASURED_CLIPS];
    measuring m = {.size = t->o->shared.size};
    const size_t n = (size_t)m.size * (size_t)m.size * 3;
    const int clips = pick_held_out(t, clip);
    m.real = malloc(n * sizeof(float));
    m.made = malloc(n * sizeof(float));
    m.scratch = malloc(s2vi_ssim_scratch(m.size, m.size) * sizeof(double));
    int ret = m.real && m.made && m.scratch
                  ? s2vi_man_trainer_make(t->trainer, clip, clips,
                                          MEASURED_FRAMES, add_frame, &m, err)
                  : s2vi_error_nomem(err, "what is held out");
    say(&m, out);
    free(m.real);
    free(m.made);
    free(m.scratch);
    return ret;
}

/* -------------------------------------------------------------- preview -- */

typedef struct viewing {
    const s2vi_man_config *config;
    int columns;
    float *row[ROWS]; /* portrait, truth, made, flow, contours */
} viewing;

/* Channels [from, from + n) of a map (P,P,G) at (x, y) of side N: the largest,
 * as a value in [-1, 1]. */
static float largest(const s2vi_man_config *c, const float *map, int from,
                     int n, int x, int y)
{
    const int P = c->geometry_size, G = s2vi_man_geometry_channels(c);
    const float *at =
        map + ((ptrdiff_t)(y * P / c->size) * P + x * P / c->size) * G + from;
    float most = 0;
    for (int k = 0; k < n; k++)
        most = fmaxf(most, at[k]);
    return 2 * fminf(most, 1) - 1;
}

static float flow_at(const s2vi_man_config *c, const float *map, int k, int x,
                     int y)
{
    const int P = c->geometry_size, G = s2vi_man_geometry_channels(c);
    const float u =
        2 * map[((ptrdiff_t)(y * P / c->size) * P + x * P / c->size) * G + k];
    return fmaxf(-1, fminf(1, u));
}

/* Flow: u red, v green; maps: predicted red, the truth green. */
static void draw_geometry(const viewing *v, const s2vi_man_made *f, float *flow,
                          float *maps)
{
    const s2vi_man_config *c = v->config;
    const int first = s2vi_man_has_flow(c) ? 2 : 0;
    const int n = s2vi_man_geometry_channels(c) - first;
    for (int i = 0; i < c->size * c->size; i++, flow += 3, maps += 3) {
        const int x = i % c->size, y = i / c->size;
        for (int k = 0; k < 3; k++) {
            flow[k] = k < first ? flow_at(c, f->predicted, k, x, y) : 0;
            maps[k] = k == 2 ? -1
                             : largest(c, k ? f->geometry : f->predicted, first,
                                       n, x, y);
        }
    }
}

static int view_frame(void *self, const s2vi_man_made *f, s2v_error *err)
{
    viewing *v = self;
    const size_t n = (size_t)v->config->size * (size_t)v->config->size * 3;
    const size_t at = (size_t)v->columns * n;
    (void)err;
    if (f->frame % VIEWED_EVERY != VIEWED_EVERY - 1 ||
        v->columns >= VIEWED_FRAMES / VIEWED_EVERY)
        return S2V_OK;
    memcpy(v->row[0] + at, f->portrait, n * sizeof(float));
    memcpy(v->row[1] + at, f->real, n * sizeof(float));
    memcpy(v->row[2] + at, f->frame_made, n * sizeof(float));
    draw_geometry(v, f, v->row[3] + at, v->row[4] + at);
    v->columns++;
    return S2V_OK;
}

static int write_view(const viewing *v, const char *path, s2v_error *err)
{
    s2vi_preview_row row[ROWS];
    s2vi_picture sheet = {0};
    for (int i = 0; i < ROWS; i++)
        row[i] = (s2vi_preview_row){.floats = v->row[i]};
    if (!v->columns)
        return S2V_OK;
    int ret = s2vi_preview_sheet(&sheet, row, ROWS, v->columns, v->config->size,
                                 v->columns, err);
    if (!ret)
        ret = s2vi_picture_write_png(path, sheet.rgb, sheet.width, sheet.height,
                                     (ptrdiff_t)sheet.width * 3, err);
    s2vi_picture_free(&sheet);
    return ret;
}

static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    const s2vi_talking_head *clip[MEASURED_CLIPS] = {t->data.clip};
    viewing v = {.config = &t->o->config};
    const size_t n = (size_t)VIEWED_FRAMES / VIEWED_EVERY *
                     (size_t)v.config->size * (size_t)v.config->size * 3;
    float *memory = calloc(ROWS * n, sizeof(float));
    if (!memory)
        return s2vi_error_nomem(err, "a preview");
    for (int i = 0; i < ROWS; i++)
        v.row[i] = memory + (size_t)i * n;
    pick_held_out(t, clip);
    int ret = s2vi_man_trainer_make(t->trainer, clip, 1, VIEWED_FRAMES,
                                    view_frame, &v, err);
    if (!ret)
        ret = write_view(&v, path, err);
    free(memory);
    return ret;
}

/* ----------------------------------------------------------------- row -- */

const s2vi_recipe s2vi_recipe_man = {
    .name = "man",
    .summary = "audio to video: a portrait speaks",
    .about =
        "Trains a model on clips of talking heads; it then makes any portrait "
        "speak. Each CLIP is a media file with one face and its speech, or a "
        "folder of such; clips of s2v-talkers bring the truth of their faces "
        "with them, in others face.bin finds the face. Four stages are shares "
        "of all iterations: the network that hears, the predictor, the "
        "generator, and both against discriminators.",
    .examples = "  s2v-talkers --identities 1-300 -o talkers\n"
                "  s2v-train man talkers -o talker.bin --preview talker.png\n"
                "  ffmpeg -i speech.wav -filter_complex \\\n"
                "      s2v=model=talker.bin:image=face.png out.mp4\n",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .share = S2VI_SHARE_BATCH,
    .options = sizeof(options),
    .set_defaults = set_defaults,
    .check = check,
    .open = open_training,
    .close = close_training,
    .measure_held_out = measure_held_out,
    .stage = stage_of,
    .preview = preview,
};
