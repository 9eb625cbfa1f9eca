/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train stylegan2: its options, pictures, measure and previews. */
#include "base/error.h"
#include "measure/picture_features.h"
#include "picture/picture.h"
#include "recipe.h"
#include "recipes/stylegan2_trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEASURED = 2000,    /* held-out pictures, at most, evenly spread */
    VIEWED_SIDE = 1024, /* of a preview, about... */
    VIEWED = 8,         /* ...of so many samples at most in a row */
};

/* ------------------------------------------------------------- options -- */

typedef struct options {
    s2vi_train_options shared;
    int base, max, latent, mapping;
    double fps, r1, path, mix;
    int r1_every, path_every;
    bool classes, mirror, augment;
    const char *perceptual, *projected;
} options;

#define AT(member) offsetof(options, member)

static const option_row rows[] = {
    {"size", 0, OPTION_SIZE, S2VI_SHARED(size), "N",
     .choices = "32|64|128|256|512|1024", .of = S2VI_ROWS_MODEL,
     .help = "side of the pictures in pixels: 32, 64, 128, 256, 512 or 1024"},
    {"base", 0, OPTION_INT, AT(base), "N", 32, 131072, .of = S2VI_ROWS_MODEL,
     .help = "channels of both networks at side R: N / R, at most --max; the "
             "paper's are 32768 and 512, or base 16384 up to side 256"},
    {"max", 0, OPTION_INT, AT(max), "N", 1, 4096, .of = S2VI_ROWS_MODEL,
     .help = "most channels"},
    {"latent", 0, OPTION_INT, AT(latent), "N", 1, 4096, .of = S2VI_ROWS_MODEL,
     .help = "width of z and w; in the paper 512"},
    {"mapping", 0, OPTION_INT, AT(mapping), "N", 1, 32, .of = S2VI_ROWS_MODEL,
     .help = "layers of the mapping network; in the paper 8"},
    {"track", .help = NULL}, /* nobody hears it */
    S2VI_ROW_CROP("region to use, in pixels of the picture, scaled to N x N "
                  "(default: the largest centred square)"),
    S2VI_ROW_START,
    S2VI_ROW_DURATION,
    {"fps", 0, OPTION_NUMBER, AT(fps), "N", 0.01, 25, .of = S2VI_ROWS_CLIPS,
     .help = "frames of each second of a clip"},
    {"split", 0, OPTION_NUMBER, S2VI_SHARED(split), "PART", 0, 1, .above = true,
     .help = "fraction of the pictures to train on; the held-out set is the "
             "end of each clip, and of single pictures some evenly spread"},
    {"classes", 0, OPTION_ON, AT(classes), .of = S2VI_ROWS_CLIPS,
     .help =
         "pictures are in folders of folders, each of which is a class; the "
         "model makes pictures of a class that is asked for"},
    {"mirror", 0, OPTION_ON, AT(mirror), .of = S2VI_ROWS_CLIPS,
     .help = "mirror pictures left to right at random"},
    {"diffaugment", 0, OPTION_ON, AT(augment), .of = S2VI_ROWS_CLIPS,
     .help = "DiffAugment (colour, translation, cutout): for some thousand "
             "pictures or fewer"},
    S2VI_ROW_TIME("total time instead of --iterations, including that before "
                  "--resume: 90s, 45m or 3h"),
    {"batch", 0, OPTION_INT, S2VI_SHARED(batch), "N", 1, 1024,
     .help = "pictures per iteration"},
    S2VI_ROW_RATE("Adam"),
    S2VI_ROW_CRITIC_RATE,
    {"r1", 0, OPTION_NUMBER, AT(r1), "GAMMA", 0, 10000,
     .help = "weight of R1 regularisation (default: 0.0002 N^2 / batch); 0: "
             "none"},
    {"r1-every", 0, OPTION_INT, AT(r1_every), "N", 1, 1024,
     .help = "iterations from one R1 regularisation to the next"},
    {"projected", 0, S2VI_OPTION_FILE(AT(projected), "FILE"),
     .help = "projected critic over this image network (as --perceptual) "
             "instead of StyleGAN2's discriminator: with DiffAugment, without "
             "R1"},
    {"path", 0, OPTION_NUMBER, AT(path), "WEIGHT", 0, 1000,
     .help = "weight of path length regularisation; 0: none; in the paper 2"},
    {"path-every", 0, OPTION_INT, AT(path_every), "N", 1, 1024,
     .help = "iterations from one to the next; the paper has 8, later code 4"},
    {"mix", 0, OPTION_NUMBER, AT(mix), "PART", 0, 1,
     .help = "style mixing: part of the generated pictures that have two style "
             "codes; in the paper 0.9"},
    {"perceptual", 0, S2VI_OPTION_FILE(AT(perceptual), "FILE"),
     .help = "image network for the Frechet distance, precision and recall "
             "of --hold-out-every (safetensors: VGG16, VGG19 or SqueezeNet "
             "1.1, torchvision's names)"},
    {"preview", 0, S2VI_OPTION_FILE(S2VI_SHARED(preview), "FILE.png"),
     .of = S2VI_ROWS_OUTPUT,
     .help = "preview image: samples, always of the same random numbers"},
};

static void set_defaults(s2vi_train_options *shared)
{
    options *o = (options *)shared;
    shared->size = 128;
    shared->iterations = 22000;
    shared->batch = 16;
    shared->rate = 0.0025;
    shared->critic_rate = 0.0025;
    shared->average = 0.9989; /* halves in 10,000 pictures */
    shared->split = 0.95;
    o->base = 2048;
    o->max = 128;
    o->latent = 128;
    o->mapping = 2;
    o->fps = 1;
    o->r1 = NAN;
    o->r1_every = 16;
    o->path_every = 4;
    o->mix = 0.5;
}

static s2vi_stylegan2_config config_of(const options *o)
{
    s2vi_stylegan2_config c;
    s2vi_stylegan2_defaults(&c, o->shared.size);
    c.base = o->base;
    c.max = o->max;
    c.z = c.w = o->latent;
    c.mapping = o->mapping;
    return c;
}

static int check(s2vi_train_options *shared, s2v_error *err)
{
    options *o = (options *)shared;
    const s2vi_stylegan2_config c = config_of(o);
    if (o->projected && o->r1 > 0)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--r1: a projected critic has no R1, expected 0, "
                          "found %g",
                          o->r1);
    o->augment = o->augment || o->projected;
    if (o->projected)
        o->r1 = 0;
    else if (isnan(o->r1))
        o->r1 = 0.0002 * shared->size * shared->size / shared->batch;
    if (o->base < shared->size)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--base: expected at least the side of the pictures, "
                          "%d, found %d",
                          shared->size, o->base);
    if (shared->hold_out_every && !o->perceptual)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--hold-out-every: expected --perceptual FILE, whose "
                          "network measures, found none");
    return s2vi_stylegan2_config_check(&c, err);
}

/* ------------------------------------------------------------- pictures -- */

typedef struct training {
    const options *o;
    s2vi_ingest ingest;
    s2vi_picture_source source;
    s2vi_pictures data;
    s2vi_stylegan2_trainer *trainer;
    s2vi_vision *vision; /* what is held out is measured by it, or NULL */
    s2vi_picture_features real; /* of what is held out */
    char network[64];           /* the score's key in a checkpoint */
} training;

/* What renderers write beside clips, which a glob of all files names, too. */
static bool is_truth(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (!strcmp(dot, ".json") || !strcmp(dot, ".safetensors"));
}

static int add(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    if (is_truth(path))
        return S2V_OK;
    return t->o->classes
               ? s2vi_pictures_add_classes(&t->data, path, &t->source, err)
               : s2vi_pictures_add(&t->data, path, &t->source, err);
}

static int check_held_out(const training *t, s2v_error *err)
{
    const int64_t n = t->data.count - t->data.train;
    return !t->o->shared.hold_out_every || n >= 2
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "--hold-out-every: expected at least two held-out "
                            "pictures, found %lld of %lld: use a smaller "
                            "--split",
                            (long long)n, (long long)t->data.count);
}

static int check_classes(const training *t, s2v_error *err)
{
    const s2vi_pictures *d = &t->data;
    return !t->o->classes || d->classes > 1
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "--classes: expected two folders in '%s' at least, "
                            "found '%s' alone",
                            t->o->shared.clips[0], d->class_name[0]);
}

static void say_pictures(const s2vi_pictures *d)
{
    fprintf(stderr,
            "%d file%s, %lld picture%s: %lld for training, %lld held out\n",
            d->files, d->files > 1 ? "s" : "", (long long)d->count,
            d->count > 1 ? "s" : "", (long long)d->train,
            (long long)(d->count - d->train));
    for (int i = 0; i < d->classes; i++)
        fprintf(stderr, "%s%s%s", i ? ", " : "classes: ", d->class_name[i],
                i < d->classes - 1 ? "" : "\n");
}

static int load_pictures(training *t, s2v_error *err)
{
    const s2vi_train_options *o = &t->o->shared;
    s2vi_pictures *d = &t->data;
    t->ingest = s2vi_recipe_ingest(o);
    t->source = (s2vi_picture_source){s2vi_recipe_clip(o), &t->ingest};
    t->source.clip.fps_num = (int)lround(1000 * t->o->fps);
    t->source.clip.fps_den = 1000;
    d->side = o->size;
    int ret = s2vi_recipe_each_clip(o, add, t, err);
    if (!ret)
        ret = s2vi_ingest_require(&t->ingest, d->files, err);
    if (!ret && !d->files)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "expected pictures or clips, found '%s' and the like "
                         "alone",
                         o->clips[0]);
    if (!ret)
        ret = s2vi_pictures_split(d, o->split, err);
    if (!ret)
        ret = check_held_out(t, err);
    if (!ret)
        ret = check_classes(t, err);
    if (!ret && !o->quiet)
        say_pictures(d);
    return ret;
}

/* ------------------------------------------------------ what is held out -- */

/* As it would be in 8 bits, as real ones are. */
static int take_made(void *self, int64_t i, const float *picture,
                     s2v_error *err)
{
    s2vi_picture_features *made = self;
    float *to = s2vi_picture_features_room(made);
    (void)i;
    for (size_t k = 0; k < made->numbers; k++)
        to[k] = roundf(127.5F * (picture[k] + 1)) / 255;
    return s2vi_picture_features_take(made, err);
}

static int64_t measured(const training *t)
{
    const int64_t n = t->data.count - t->data.train;
    return n < MEASURED ? n : MEASURED;
}

static int measure_real(training *t, s2v_error *err)
{
    const s2vi_pictures *d = &t->data;
    const int64_t n = measured(t), all = d->count - d->train;
    int ret = s2vi_picture_features_open(&t->real, t->vision, d->side, err);
    for (int64_t i = 0; i < n && !ret; i++)
        ret = s2vi_picture_features_take_rgb(
            &t->real, s2vi_pictures_at(d, d->order[d->train + i * all / n]),
            err);
    return ret < 0 ? ret : s2vi_picture_features_end(&t->real, err);
}

static int open_vision(training *t, s2v_error *err)
{
    const options *o = t->o;
    const s2vi_vision_params params = {.network = o->perceptual,
                                       .width = o->shared.size,
                                       .height = o->shared.size,
                                       .device = o->shared.device,
                                       .threads = o->shared.threads};
    if (!o->shared.hold_out_every)
        return S2V_OK;
    const int ret = s2vi_vision_open(&t->vision, &params, err);
    if (ret < 0)
        return ret;
    snprintf(t->network, sizeof(t->network), "frechet.%s",
             s2vi_vision_network(t->vision));
    return measure_real(t, err);
}

static int measure_held_out(void *self, s2vi_measured *out, s2v_error *err)
{
    training *t = self;
    s2vi_picture_features made;
    s2vi_resemblance found = {NAN, NAN, NAN};
    int ret = s2vi_picture_features_open(&made, t->vision, t->data.side, err);
    if (!ret)
        ret = s2vi_stylegan2_trainer_sample(t->trainer, measured(t), take_made,
                                            &made, err);
    if (!ret)
        ret = s2vi_picture_features_end(&made, err);
    if (!ret)
        ret = s2vi_picture_features_compare(&t->real, &made, &found, err);
    *out = (s2vi_measured){.score = -found.frechet,
                           .curve = found.frechet,
                           .also = {found.precision, found.recall}};
    snprintf(out->text, sizeof(out->text),
             "Frechet distance %.4f, precision %.3f, recall %.3f (%s) of %lld "
             "held-out pictures and as many samples",
             found.frechet, found.precision, found.recall,
             s2vi_vision_network(t->vision), (long long)measured(t));
    s2vi_picture_features_close(&made);
    return ret;
}

/* -------------------------------------------------------------- training -- */

static int make_trainer(training *t, s2v_error *err)
{
    const options *o = t->o;
    s2vi_stylegan2_trainer_params params = {
        .trainer = s2vi_recipe_trainer(&o->shared),
        .config = config_of(o),
        .data = &t->data,
        .batch = o->shared.batch,
        .r1 = o->r1,
        .r1_every = o->r1_every,
        .path = o->path,
        .path_every = o->path_every,
        .mix = o->mix,
        .mirror = o->mirror,
        .augment = o->augment,
        .projected = o->projected,
    };
    params.config.classes = t->data.classes;
    if (t->vision)
        params.trainer.score = t->network;
    return s2vi_stylegan2_trainer_create(&t->trainer, &params, err);
}

static void close_training(void *self)
{
    training *t = self;
    s2vi_stylegan2_trainer_close(&t->trainer);
    s2vi_picture_features_close(&t->real);
    s2vi_vision_close(&t->vision);
    s2vi_pictures_close(&t->data);
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
    int ret = load_pictures(t, err);
    if (!ret)
        ret = open_vision(t, err);
    if (!ret)
        ret = make_trainer(t, err);
    if (ret < 0)
        return ret;
    out->trainer = s2vi_stylegan2_trainer_base(t->trainer);
    out->shards = t->data.shards;
    out->measure = "held-out.Frechet";
    out->also[0] = "held-out.precision";
    out->also[1] = "held-out.recall";
    return S2V_OK;
}

/* -------------------------------------------------------------- preview -- */

typedef struct viewing {
    size_t numbers; /* of a picture */
    float *picture;
} viewing;

static int view(void *self, int64_t i, const float *picture, s2v_error *err)
{
    viewing *v = self;
    (void)err;
    memcpy(v->picture + (size_t)i * v->numbers, picture,
           v->numbers * sizeof(float));
    return S2V_OK;
}

static int write_grid(const viewing *v, int columns, int side, const char *path,
                      s2v_error *err)
{
    s2vi_preview_row row[VIEWED];
    s2vi_picture sheet = {0};
    for (int i = 0; i < columns; i++)
        row[i] = (s2vi_preview_row){
            .floats = v->picture + (size_t)(i * columns) * v->numbers};
    int ret =
        s2vi_preview_sheet(&sheet, row, columns, columns, side, columns, err);
    if (!ret)
        ret = s2vi_picture_write_png(path, sheet.rgb, sheet.width, sheet.height,
                                     (ptrdiff_t)sheet.width * 3, err);
    s2vi_picture_free(&sheet);
    return ret;
}

/* The first samples, as a square. */
static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    const int side = t->o->shared.size;
    const int wanted = VIEWED_SIDE / side;
    const int columns = wanted > VIEWED ? VIEWED : wanted > 2 ? wanted : 2;
    viewing v = {.numbers = (size_t)side * (size_t)side * 3};
    v.picture = malloc((size_t)(columns * columns) * v.numbers * sizeof(float));
    if (!v.picture)
        return s2vi_error_nomem(err, "a preview");
    int ret = s2vi_stylegan2_trainer_sample(
        t->trainer, (int64_t)columns * columns, view, &v, err);
    if (!ret)
        ret = write_grid(&v, columns, side, path, err);
    free(v.picture);
    return ret;
}

const s2vi_recipe s2vi_recipe_stylegan2 = {
    .name = "stylegan2",
    .summary = "audio to video: a walk among pictures (StyleGAN2)",
    .about =
        "Trains StyleGAN2's generator, against its discriminator, on pictures: "
        "files of pictures, frames of clips, or folders of either. The model "
        "makes pictures out of random numbers; s2v and s2vgen walk among them "
        "by sound. All pictures are kept in memory.",
    .examples = "  s2v-landscapes --stills 14400 -o stills\n"
                "  s2v-train stylegan2 stills -o mine.bin --diffaugment \\\n"
                "      --preview grid.png\n"
                "  ffmpeg -i song.wav -filter_complex s2v=model=mine.bin "
                "out.mp4\n",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .share = S2VI_SHARE_BATCH,
    .options = sizeof(options),
    .set_defaults = set_defaults,
    .check = check,
    .open = open_training,
    .close = close_training,
    .measure_held_out = measure_held_out,
    .preview = preview,
};
