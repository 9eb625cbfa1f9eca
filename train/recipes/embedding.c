/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train embedding: its options, clips, measure and preview. */
#include "base/error.h"
#include "picture/picture.h"
#include "recipes/embedding_trainer.h"
#include "recipes/scene_recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEASURED = 512, /* held-out frames, at most, evenly spread */
    VIEWED_ROWS = 9,
    VIEWED_COLUMNS = 8,
    PARTS = 3, /* of a frame: picture, sound, text */
};

enum part { PICTURE, SOUND, TEXT };

/* ------------------------------------------------------------- options -- */

typedef struct options {
    s2vi_train_options shared;
} options;

static const option_row rows[] = {
    {"size", 0, OPTION_SIZE, S2VI_SHARED(size), "N", .choices = "32|64|128",
     .of = S2VI_ROWS_MODEL,
     .help = "side of the pictures in pixels: 32, 64 or 128"},
    S2VI_ROW_CROP("region of the frame to use, in pixels of the clip, scaled "
                  "to N x N (default: the largest centred square)"),
    S2VI_ROW_START,
    S2VI_ROW_DURATION,
    S2VI_ROW_SCENE_SPLIT,
    S2VI_ROW_TIME("total time instead of --iterations, including that before "
                  "--resume: 90s, 45m or 3h"),
    {"batch", 0, OPTION_INT, S2VI_SHARED(batch), "N", 2, 1024,
     .help = "frames per iteration, each compared with all others"},
    S2VI_ROW_RATE("Adam"),
    {"preview", 0, S2VI_OPTION_FILE(S2VI_SHARED(preview), "FILE.png"),
     .of = S2VI_ROWS_OUTPUT,
     .help = "preview image: a row for each scene: a held-out frame, then the "
             "frames of other clips that its sound is nearest to"},
};

static void set_defaults(s2vi_train_options *o)
{
    o->size = 64;
    o->iterations = 3000;
    o->batch = 64;
    o->rate = 1e-3;
    o->average = 0.99;
    o->split = 0.9;
}

/* ------------------------------------------------------------- training -- */

typedef struct training {
    const options *o;
    s2vi_ingest ingest;
    s2vi_scene_clips data;
    s2vi_embedding_trainer *trainer;
} training;

static void close_training(void *self)
{
    training *t = self;
    s2vi_embedding_trainer_close(&t->trainer);
    s2vi_scene_clips_close(&t->data);
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
    s2vi_embedding_trainer_params params = {
        .trainer = s2vi_recipe_trainer(o), .data = &t->data, .batch = o->batch};
    int ret = s2vi_scene_load(o, o->size, &t->ingest, &t->data, err);
    s2vi_embedding_defaults(&params.config);
    params.config.size = o->size;
    params.config.words = t->data.vocabulary.count;
    if (!ret)
        ret = s2vi_embedding_trainer_create(&t->trainer, &params, err);
    if (ret < 0)
        return ret;
    out->trainer = s2vi_embedding_trainer_base(t->trainer);
    out->measure = "held-out.scene";
    out->shards = t->data.shards;
    return S2V_OK;
}

/* ------------------------------------------------------ what is held out -- */

/* Frames, and where they are. */
typedef struct sample {
    s2vi_embedded_frame *frame;
    float *at; /* (n,3,width) */
    int n, width;
} sample;

static void close_sample(sample *s)
{
    free(s->frame);
    free(s->at);
}

/* At most MEASURED frames, evenly spread over what is held out, or, if nothing
 * is, over all. */
static int take_sample(training *t, sample *s, s2v_error *err)
{
    const s2vi_scene_clips *d = &t->data;
    const bool held_out = d->train < d->frames;
    const int64_t all = held_out ? d->frames - d->train : d->train;
    s2vi_embedding_config c;
    s2vi_embedding_defaults(&c);
    *s =
        (sample){.n = (int)(all < MEASURED ? all : MEASURED), .width = c.width};
    s->frame = calloc((size_t)s->n, sizeof(*s->frame));
    s->at = calloc((size_t)(s->n * PARTS * s->width), sizeof(*s->at));
    if (!s->frame || !s->at)
        return s2vi_error_nomem(err, "what is held out");
    for (int i = 0; i < s->n; i++) {
        s2vi_embedded_frame *f = &s->frame[i];
        f->clip = s2vi_scene_frame(d, held_out, i * all / s->n, &f->frame);
        f->text = s2vi_scene_text(f->clip, f->frame, 0);
    }
    return s2vi_embedding_trainer_embed(t->trainer, s->frame, s->n, s->at, err);
}

static double cosine(const sample *s, int i, enum part a, int k, enum part b)
{
    const float *x = s->at + (ptrdiff_t)((i * PARTS + (int)a) * s->width);
    const float *y = s->at + (ptrdiff_t)((k * PARTS + (int)b) * s->width);
    double sum = 0;
    for (int j = 0; j < s->width; j++)
        sum += (double)x[j] * (double)y[j];
    return sum;
}

/* Whether another clip shows the scene of frame i. */
static bool has_other(const sample *s, int i)
{
    for (int k = 0; k < s->n; k++)
        if (s->frame[k].clip != s->frame[i].clip &&
            s->frame[k].clip->scene == s->frame[i].clip->scene)
            return true;
    return false;
}

/* How often the nearest frame of another clip is of the scene, and how often a
 * frame drawn from those would be. */
typedef struct retrieval {
    double right, chance;
    int n;
} retrieval;

/* @param anywhere other frames of the same clip count, too */
static void ask(const sample *s, int i, enum part by, enum part of,
                bool anywhere, retrieval *r)
{
    double best = -2;
    int nearest = 0, candidates = 0, good = 0;
    for (int k = 0; k < s->n; k++) {
        if (k == i || (!anywhere && s->frame[k].clip == s->frame[i].clip))
            continue;
        const double near = cosine(s, i, by, k, of);
        candidates++;
        good += s->frame[k].clip->scene == s->frame[i].clip->scene;
        if (near > best) {
            best = near;
            nearest = k;
        }
    }
    if (!candidates)
        return;
    r->right += s->frame[nearest].clip->scene == s->frame[i].clip->scene;
    r->chance += (double)good / candidates;
    r->n++;
}

/* Of frames of scenes that have several clips; if none has, of all. */
static retrieval retrieve(const sample *s, enum part by, enum part of)
{
    retrieval r = {0};
    for (int i = 0; i < s->n; i++)
        if (has_other(s, i))
            ask(s, i, by, of, false, &r);
    for (int i = 0, none = !r.n; i < s->n && none; i++)
        ask(s, i, by, of, true, &r);
    r.right *= r.n ? 100.0 / r.n : 0;
    r.chance *= r.n ? 100.0 / r.n : 0;
    return r;
}

static int measure_held_out(void *self, s2vi_measured *out, s2v_error *err)
{
    training *t = self;
    sample s;
    const int ret = take_sample(t, &s, err);
    const retrieval picture = retrieve(&s, SOUND, PICTURE);
    const retrieval text = retrieve(&s, SOUND, TEXT);
    const retrieval seen = retrieve(&s, TEXT, PICTURE);
    const double mean = (picture.right + text.right + seen.right) / 3;
    *out = (s2vi_measured){.score = mean, .curve = mean};
    snprintf(out->text, sizeof(out->text),
             "scene right: sound-picture %.1f %%, sound-text %.1f, "
             "text-picture %.1f (chance %.1f) of %d held-out frames",
             picture.right, text.right, seen.right, picture.chance, picture.n);
    close_sample(&s);
    return ret;
}

/* -------------------------------------------------------------- preview -- */

/* Frames of other clips, the nearest first: places in the sample. */
static void find_nearest(const sample *s, int i, int *place, int n)
{
    for (int k = 0; k < n; k++) {
        double best = -2;
        place[k] = i;
        for (int j = 0; j < s->n; j++) {
            bool other = s->frame[j].clip != s->frame[i].clip;
            for (int m = 0; m < k && other; m++)
                other = s->frame[j].clip != s->frame[place[m]].clip ||
                        abs(j - place[m]) > s->n / 64;
            const double near = cosine(s, i, SOUND, j, PICTURE);
            if (other && near > best) {
                best = near;
                place[k] = j;
            }
        }
    }
}

static void copy_frame(const training *t, const s2vi_embedded_frame *f,
                       uint8_t *to)
{
    const size_t n = 3 * (size_t)t->data.side * (size_t)t->data.side;
    memcpy(to, f->clip->rgb + (size_t)f->frame * n, n);
}

/* The middle one of the sample's frames of a scene; -1: there is none. */
static int middle_of(const sample *s, int scene)
{
    int n = 0;
    for (int i = 0; i < s->n; i++)
        n += s->frame[i].clip->scene == scene;
    n /= 2;
    for (int i = 0; i < s->n; i++)
        if (s->frame[i].clip->scene == scene && !n--)
            return i;
    return -1;
}

static int write_view(const training *t, const sample *s, uint8_t *memory,
                      const char *path, s2v_error *err)
{
    const size_t n = 3 * (size_t)t->data.side * (size_t)t->data.side;
    s2vi_preview_row row[VIEWED_ROWS];
    s2vi_picture sheet = {0};
    int count = 0, place[VIEWED_COLUMNS - 1];
    for (int i = 0; i < t->data.scenes && count < VIEWED_ROWS; i++) {
        const int at = middle_of(s, i);
        uint8_t *to = memory + (size_t)(count * VIEWED_COLUMNS) * n;
        if (at < 0)
            continue;
        find_nearest(s, at, place, VIEWED_COLUMNS - 1);
        copy_frame(t, &s->frame[at], to);
        for (int k = 0; k < VIEWED_COLUMNS - 1; k++)
            copy_frame(t, &s->frame[place[k]], to + (size_t)(k + 1) * n);
        row[count++] = (s2vi_preview_row){.bytes = to};
    }
    int ret = s2vi_preview_sheet(&sheet, row, count, VIEWED_COLUMNS,
                                 t->data.side, VIEWED_COLUMNS, err);
    if (!ret)
        ret = s2vi_picture_write_png(path, sheet.rgb, sheet.width, sheet.height,
                                     (ptrdiff_t)sheet.width * 3, err);
    s2vi_picture_free(&sheet);
    return ret;
}

static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    const size_t n = 3 * (size_t)t->data.side * (size_t)t->data.side;
    sample s;
    int ret = take_sample(t, &s, err);
    uint8_t *memory = malloc(VIEWED_ROWS * VIEWED_COLUMNS * n);
    if (!ret)
        ret = memory ? write_view(t, &s, memory, path, err)
                     : s2vi_error_nomem(err, "a preview");
    free(memory);
    close_sample(&s);
    return ret;
}

const s2vi_recipe s2vi_recipe_embedding = {
    .name = "embedding",
    .summary = "a joint embedding of pictures, sound and words",
    .about =
        "Trains a joint embedding: networks of pictures, of sound and of words "
        "whose results are near one another where they are of the same scene. "
        "s2v-train semantic learns by it. " S2VI_SCENE_ABOUT
        " All pictures are kept in memory.",
    .examples = "  s2v-landscapes --count 360 -s 64 -o landscapes\n"
                "  s2v-train embedding landscapes -o embedding.bin \\\n"
                "      --hold-out-every 500\n",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .options = sizeof(options),
    .share = S2VI_SHARE_BATCH,
    .set_defaults = set_defaults,
    .open = open_training,
    .close = close_training,
    .measure_held_out = measure_held_out,
    .preview = preview,
};
