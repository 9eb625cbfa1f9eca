/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-train semantic: its options, clips, measure and preview. */
#include "base/error.h"
#include "files.h"
#include "option_record.h"
#include "picture/picture.h"
#include "recipes/scene_recipe.h"
#include "recipes/semantic_trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEASURED = 8, /* held-out clips, at most, evenly spread */
    VIEWED_COLUMNS = 8,
    ROWS = 3, /* of a preview: real, made, the intensity */
};

/* ------------------------------------------------------------- options -- */

typedef struct options {
    s2vi_train_options shared;
    const char *generator, *embedding, *perceptual, *heads;
    int groups[S2VI_RECURRENT_GROUPS]; /* 0: the default's, or no more */
    const char *recurrent;
    s2vi_recurrent_feedback feedback;
    s2vi_semantic_dv dv;
    int camera; /* 0: still, 1: free */
    double psi, alone, blend;
    int critic_channels, starts;
    s2vi_semantic_weights weights;
} options;

#define AT(member) offsetof(options, member)

static bool parse_groups(void *to, const option_row *row, const char *text)
{
    int *group = to, n = 0;
    (void)row;
    memset(group, 0, S2VI_RECURRENT_GROUPS * sizeof(*group));
    for (;;) {
        char *end;
        const long count = strtol(text, &end, 10);
        if (end == text || n == S2VI_RECURRENT_GROUPS || count < 1 ||
            count > S2VI_INVERSION_CODES)
            return false;
        group[n++] = (int)count;
        if (!*end)
            return true;
        if (*end != ',')
            return false;
        text = end + 1;
    }
}

static const option_row rows[] = {
    {"generator", 0, S2VI_OPTION_FILE(AT(generator), "FILE"),
     .of = S2VI_ROWS_MODEL,
     .help = "weight file of the generator of pictures, stylegan2 or "
             "stylegan3: it is used as it is and becomes part of the model"},
    {"embedding", 0, S2VI_OPTION_FILE(AT(embedding), "FILE"),
     .of = S2VI_ROWS_MODEL,
     .help = "weight file of a joint embedding (s2v-train embedding), whose "
             "likeness of sound, text and picture is learned by; it becomes "
             "part of the model"},
    {"groups", 0, OPTION_PARSED, AT(groups), "LIST", .parse = parse_groups,
     .expected = "1 to 8 numbers of codes, such as 4,4,4",
     .of = S2VI_ROWS_MODEL,
     .help = "style codes of each recurrent network, from coarse to fine "
             "(default: 4,4 and the rest; of stylegan3 3,3 and the rest)"},
    {"recurrent", 0, OPTION_WORD, AT(recurrent), "SIZE",
     .choices = "small|paper", .of = S2VI_ROWS_MODEL,
     .help = "recurrent networks: small (2 layers of 256) or paper (5 of 512, "
             "both ways)"},
    {"feedback", 0, OPTION_CHOICE, AT(feedback), "KIND",
     .choices = "previous|start", .of = S2VI_ROWS_MODEL,
     .help = "what a frame's sound is added to: start (the style codes of the "
             "start) or previous (those of the frame before, as in the paper, "
             "which drifts in long streams)"},
    {"blend", 0, OPTION_NUMBER, AT(blend), "PART", 0, 1, .above = true,
     .of = S2VI_ROWS_MODEL,
     .help = "part of the new style codes in a frame's, the rest being those "
             "of the frame before; the published code has 0.4"},
    {"camera", 0, OPTION_CHOICE, AT(camera), "KIND", .choices = "still|free",
     .of = S2VI_ROWS_MODEL,
     .help = "of stylegan3: still, or free to turn and move"},
    S2VI_ROW_CROP(
        "region of the frame to use, in pixels of the clip; it should "
        "show what the generator makes (default: the largest centred "
        "square)"),
    S2VI_ROW_START,
    S2VI_ROW_DURATION,
    S2VI_ROW_SCENE_SPLIT,
    S2VI_ROW_TIME("total time instead of --iterations, including that before "
                  "--resume: 90s, 45m or 3h"),
    {"sequence", 0, OPTION_INT, S2VI_SHARED(sequence), "T", 2, 64,
     .help = "frames of a training video"},
    {"batch", 0, OPTION_INT, S2VI_SHARED(batch), "N", 1, 256,
     .help = "videos per iteration"},
    S2VI_ROW_RATE("Adam"),
    S2VI_ROW_CRITIC_RATE,
    {"alone", 0, OPTION_NUMBER, AT(alone), "PART", 0, 1,
     .help = "part of the training in which the sound inversion learns by "
             "itself, without recurrent networks and discriminators"},
    {"dv", 0, OPTION_CHOICE, AT(dv), "KIND", .choices = "motion|frame",
     .help = "discriminator of videos: motion (MoCoGAN-HD's) or frame (the "
             "published code's, which sees no motion)"},
    {"critic-channels", 0, OPTION_INT, AT(critic_channels), "N", 1, 256,
     .help = "channels of the discriminators' first layers; in the paper 64"},
    {"psi", 0, OPTION_NUMBER, AT(psi), "PSI", 0, 2,
     .help = "how far random starts are from the average picture"},
    {"starts", 0, OPTION_INT, AT(starts), "N", 16, 100000,
     .help = "random pictures that the gallery is chosen from: those that are "
             "of a scene by the embedding are what it starts with"},
    {"clip", 0, OPTION_NUMBER, AT(weights.clip), "WEIGHT", 0, 1000,
     .help = "weight of the likeness of sound and picture, and of text and "
             "picture"},
    {"intensity", 0, OPTION_NUMBER, AT(weights.intensity), "WEIGHT", 0, 1000,
     .help = "weight of the squared difference between the clip's intensity, "
             "where it is known, and that which the embedding sees"},
    {"identity", 0, OPTION_NUMBER, AT(weights.identity), "WEIGHT", 0, 1000,
     .help = "weight of keeping style codes near their mean: less is more "
             "motion"},
    {"mse", 0, OPTION_NUMBER, AT(weights.mse), "WEIGHT", 0, 1000,
     .help = "weight of the squared difference from the clip's own frames"},
    {"length", 0, OPTION_NUMBER, AT(weights.length), "WEIGHT", 0, 1000,
     .help = "weight of the distance of style codes from those of the start: "
             "more keeps pictures that the generator makes well"},
    {"spread", 0, OPTION_NUMBER, AT(weights.spread), "WEIGHT", 0, 1000,
     .help = "weight of the difference between a frame's style codes, of which "
             "the generator was trained with one for all layers"},
    {"adversary", 0, OPTION_NUMBER, AT(weights.adversary), "WEIGHT", 0, 1000,
     .help = "weight of the discriminators"},
    {"perceptual", 0, S2VI_OPTION_FILE(AT(perceptual), "FILE"),
     .help = "image network of LPIPS (safetensors: VGG16, VGG19 or SqueezeNet "
             "1.1, torchvision's names); with --lpips"},
    {"lpips", 0, S2VI_OPTION_FILE(AT(heads), "FILE"),
     .help = "LPIPS 0.1 heads for that network: learn by LPIPS, too, with the "
             "weight 0.8"},
    {"preview", 0, S2VI_OPTION_FILE(S2VI_SHARED(preview), "FILE.png"),
     .of = S2VI_ROWS_OUTPUT,
     .help = "preview image: a clip's frames, below those made of its sound, "
             "and the curve of its intensity"},
};

static void set_defaults(s2vi_train_options *shared)
{
    options *o = (options *)shared;
    shared->iterations = 6000;
    shared->sequence = 16;
    shared->batch = 1;
    shared->rate = 2e-4;
    shared->critic_rate = 2e-5; /* at 1e-4, the published code's, D_I's losses
                                   jump to 40, with a video an iteration */
    shared->average = 0.999;
    shared->split = 0.9;
    o->recurrent = "small";
    o->feedback = S2VI_RECURRENT_FEEDBACK_START;
    o->blend = 1;
    o->psi = 0.7;
    o->alone = 1 / 3.0;
    o->critic_channels = 32;
    o->starts = 2048;
    o->weights = (s2vi_semantic_weights){.clip = 1,
                                         .intensity = 4,
                                         .identity = 1,
                                         .encoder = 1,
                                         .adversary = 0.1,
                                         .spread = 1,
                                         .mse = 0.3,
                                         .lpips = 0.8,
                                         .length = 0.005};
}

static int check(s2vi_train_options *shared, s2v_error *err)
{
    static const char *const of_embedding[] = {"clip", "intensity", "starts"};
    const options *o = (const options *)shared;
    if (!o->generator)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--generator: expected the weight file of a "
                          "generator of pictures, found none");
    if (!o->perceptual != !o->heads)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--perceptual and --lpips: expected both or none, "
                          "found one");
    for (size_t i = 0; i < sizeof(of_embedding) / sizeof(*of_embedding); i++)
        if (!o->embedding &&
            s2vi_option_record_has(o->shared.record, of_embedding[i]))
            return s2vi_error(err, S2V_ERR_INVALID,
                              "--%s: expected --embedding as well, by which it "
                              "counts, found none",
                              of_embedding[i]);
    return S2V_OK;
}

/* ------------------------------------------------------------- training -- */

typedef struct training {
    const options *o;
    s2vi_ingest ingest;
    s2vi_scene_clips data;
    s2v_weights *generator, *embedding;
    s2vi_semantic_config config;
    s2vi_semantic_trainer *trainer;
} training;

static void close_training(void *self)
{
    training *t = self;
    s2vi_semantic_trainer_close(&t->trainer);
    s2vi_scene_clips_close(&t->data);
    s2vi_ingest_close(&t->ingest);
    s2v_weights_close(&t->embedding);
    s2v_weights_close(&t->generator);
    free(t);
}

static int read_words(training *t, s2v_error *err)
{
    const char *path = s2v_weights_get_path(t->embedding, NULL);
    const char *words =
        s2v_weights_get_metadata(t->embedding, "s2v.vocabulary");
    const char *level = s2v_weights_get_metadata(t->embedding, "s2v.level");
    s2v_error why;
    int ret =
        s2vi_vocabulary_parse(&t->data.vocabulary, words ? words : "", &why);
    if (ret < 0)
        return s2vi_error(err, ret, "%s: %.900s", path, why.message);
    if (t->data.vocabulary.count != t->config.embedding.words)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: s2v.vocabulary has %d words, expected %d", path,
                          t->data.vocabulary.count, t->config.embedding.words);
    t->data.level = level ? atof(level) : 0; /* heard as it was learned */
    return S2V_OK;
}

static int read_embedding(training *t, s2v_error *err)
{
    if (!t->o->embedding)
        return S2V_OK;
    int ret = s2vi_file_open(&t->embedding, t->o->embedding, err);
    if (ret < 0)
        return ret;
    const char *path = s2v_weights_get_path(t->embedding, NULL);
    const char *kind = s2v_weights_get_metadata(t->embedding, "s2v.model");
    const char *text = s2vi_weights_config(t->embedding, err);
    s2v_error why;
    if (!text)
        return S2V_ERR_MODEL;
    if (!kind || strcmp(kind, S2VI_EMBEDDING_NAME) != 0)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: expected an '" S2VI_EMBEDDING_NAME
                          "' model, found '%.60s'",
                          path, kind ? kind : "none");
    ret = s2vi_embedding_config_parse(&t->config.embedding, text, &why);
    if (ret < 0)
        return s2vi_error(err, ret, "%s: %.900s", path, why.message);
    t->config.has_embedding = true;
    return read_words(t, err);
}

static void set_recurrent(training *t, int codes, int w)
{
    const options *o = t->o;
    s2vi_recurrent_config *c = &t->config.recurrent;
    const int first = t->config.generator.alias_free ? 3 : 4;
    if (!strcmp(o->recurrent, "paper"))
        s2vi_recurrent_paper(c, codes, w, first);
    else
        s2vi_recurrent_defaults(c, codes, w, first);
    c->feedback = o->feedback;
    c->blend = o->blend;
    if (!o->groups[0])
        return;
    memset(c->group, 0, sizeof(c->group));
    for (c->groups = 0;
         c->groups < S2VI_RECURRENT_GROUPS && o->groups[c->groups]; c->groups++)
        c->group[c->groups] = o->groups[c->groups];
}

static int read_parts(training *t, s2v_error *err)
{
    int ret = s2vi_file_open(&t->generator, t->o->generator, err);
    if (!ret)
        ret = s2vi_semantic_generator_read(&t->config.generator, t->generator,
                                           err);
    if (ret < 0)
        return ret;
    if (t->o->camera && !t->config.generator.alias_free)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--camera free: expected a generator of "
                          "'" S2VI_STYLEGAN3_NAME "', which has a camera, "
                          "found '" S2VI_STYLEGAN2_NAME "'");
    const int codes = s2vi_semantic_codes(&t->config.generator);
    const int w = s2vi_semantic_mapping(&t->config.generator).w;
    set_recurrent(t, codes, w);
    s2vi_inversion_defaults(&t->config.inversion, codes, w);
    memcpy(t->config.inversion.group, t->config.recurrent.group,
           sizeof(t->config.inversion.group));
    t->config.inversion.groups = t->config.recurrent.groups;
    if (s2vi_recurrent_codes(&t->config.recurrent) != codes)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--groups: expected %d codes in all, as the "
                          "generator takes, found %d",
                          codes, s2vi_recurrent_codes(&t->config.recurrent));
    return read_embedding(t, err);
}

static int make_trainer(training *t, s2v_error *err)
{
    const options *o = t->o;
    const int N = s2vi_semantic_size(&t->config.generator);
    const s2vi_semantic_trainer_params params = {
        .trainer = s2vi_recipe_trainer(&o->shared),
        .config = t->config,
        .critics = {N, o->critic_channels, o->dv},
        .generator = t->generator,
        .embedding = t->embedding,
        .still = !o->camera,
        .data = &t->data,
        .batch = o->shared.batch,
        .sequence = o->shared.sequence,
        .psi = o->psi,
        .alone = o->alone,
        .starts = o->starts,
        .weights = o->weights,
        .perceptual = o->perceptual,
        .heads = o->heads,
    };
    return s2vi_semantic_trainer_create(&t->trainer, &params, err);
}

static const char *stage_of(const void *self)
{
    const training *t = self;
    return s2vi_semantic_trainer_stage(t->trainer);
}

/* The first frame of a stretch that is held out; -1: there is none. */
static int64_t held_out_stretch(const training *t, const s2vi_scene_clip *c)
{
    return c->frames - c->train >= t->o->shared.sequence ? c->train : -1;
}

static int check_held_out(const training *t, s2v_error *err)
{
    if (!t->o->shared.hold_out_every)
        return S2V_OK;
    for (int i = 0; i < t->data.count; i++)
        if (held_out_stretch(t, &t->data.clip[i]) >= 0)
            return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "--hold-out-every: expected a clip with %d held-out "
                      "frames, found none: use a smaller --split or "
                      "--sequence",
                      t->o->shared.sequence);
}

static int open_training(s2vi_training *out, const s2vi_train_options *o,
                         s2v_error *err)
{
    training *t = out->self = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->o = (const options *)o;
    int ret = read_parts(t, err);
    if (!ret)
        ret = s2vi_scene_load(o, s2vi_semantic_size(&t->config.generator),
                              &t->ingest, &t->data, err);
    if (!ret)
        ret = check_held_out(t, err);
    if (!ret)
        ret = make_trainer(t, err);
    if (ret < 0)
        return ret;
    out->trainer = s2vi_semantic_trainer_base(t->trainer);
    out->shards = t->data.shards;
    out->measure =
        t->config.has_embedding ? "held-out.similarity" : "held-out.MSE";
    return S2V_OK;
}

/* ------------------------------------------------------ what is held out -- */

/* Clips that a stretch is held out of, evenly spread. */
static int pick_held_out(const training *t,
                         const s2vi_scene_clip *clip[MEASURED])
{
    int n = 0, all = 0;
    for (int i = 0; i < t->data.count; i++)
        all += held_out_stretch(t, &t->data.clip[i]) >= 0;
    for (int i = 0, k = 0; i < t->data.count && n < MEASURED; i++)
        if (held_out_stretch(t, &t->data.clip[i]) >= 0 &&
            k++ * MEASURED >= n * all)
            clip[n++] = &t->data.clip[i];
    return n;
}

static int measure_held_out(void *self, s2vi_measured *out, s2v_error *err)
{
    training *t = self;
    const s2vi_scene_clip *clip[MEASURED];
    const int n = pick_held_out(t, clip);
    double mse = 0, similar = 0, real = 0;
    int ret = S2V_OK;
    for (int i = 0; i < n && !ret; i++) {
        s2vi_semantic_made made;
        ret = s2vi_semantic_trainer_make(
            t->trainer, clip[i], held_out_stretch(t, clip[i]), i, &made, err);
        mse += made.mse / n;
        similar += made.similar / n;
        real += made.real / n;
    }
    const bool embedded = t->config.has_embedding;
    const double score = embedded ? similar : -mse;
    *out = (s2vi_measured){.score = score, .curve = embedded ? similar : mse};
    if (embedded)
        snprintf(out->text, sizeof(out->text),
                 "sound and picture %.4f alike (real frames %.4f), MSE %.4f of "
                 "%d held-out videos",
                 similar, real, mse, n);
    else
        snprintf(out->text, sizeof(out->text), "MSE %.4f of %d held-out videos",
                 mse, n);
    return ret;
}

/* -------------------------------------------------------------- preview -- */

/* A clip to show, and its first frame. */
static const s2vi_scene_clip *pick_viewed(const training *t, int64_t *frame)
{
    for (int i = 0; i < t->data.count; i++) {
        *frame = held_out_stretch(t, &t->data.clip[i]);
        if (*frame >= 0)
            return &t->data.clip[i];
    }
    *frame = 0;
    for (int i = 0; i < t->data.count; i++)
        if (t->data.clip[i].frames >= t->o->shared.sequence)
            return &t->data.clip[i];
    return NULL;
}

/* The intensity of T frames as pictures: as high as it is. */
static void draw_curve(const s2vi_scene_clip *c, int64_t frame, int T, int N,
                       uint8_t *out)
{
    for (int k = 0; k < T; k++) {
        const float now = c->intensity[frame + k];
        const float next =
            c->intensity[frame + k + (frame + k + 1 < c->frames)];
        for (int y = 0; y < N; y++)
            for (int x = 0; x < N; x++, out += 3) {
                const float part = (float)x / (float)N;
                const float high = now + part * (next - now);
                memset(out, (float)(N - y) <= high * (float)N ? 200 : 24, 3);
            }
    }
}

static int write_view(const training *t, const s2vi_scene_clip *c,
                      int64_t frame, const float *made, const char *path,
                      s2v_error *err)
{
    const int T = t->o->shared.sequence, N = t->data.side;
    const size_t n = 3 * (size_t)N * (size_t)N;
    uint8_t *curve = malloc((size_t)T * n);
    s2vi_preview_row row[ROWS] = {{.bytes = c->rgb + (size_t)frame * n},
                                  {.floats = made},
                                  {.bytes = curve}};
    s2vi_picture sheet = {0};
    if (!curve)
        return s2vi_error_nomem(err, "a preview");
    if (c->intensity)
        draw_curve(c, frame, T, N, curve);
    int ret = s2vi_preview_sheet(&sheet, row, c->intensity ? ROWS : ROWS - 1, T,
                                 N, VIEWED_COLUMNS, err);
    if (!ret)
        ret = s2vi_picture_write_png(path, sheet.rgb, sheet.width, sheet.height,
                                     (ptrdiff_t)sheet.width * 3, err);
    s2vi_picture_free(&sheet);
    free(curve);
    return ret;
}

static int preview(void *self, const char *path, s2v_error *err)
{
    training *t = self;
    int64_t frame;
    const s2vi_scene_clip *c = pick_viewed(t, &frame);
    s2vi_semantic_made made;
    if (!c)
        return S2V_OK;
    const int ret =
        s2vi_semantic_trainer_make(t->trainer, c, frame, 0, &made, err);
    return ret < 0 ? ret : write_view(t, c, frame, made.frames, path, err);
}

const s2vi_recipe s2vi_recipe_semantic = {
    .name = "semantic",
    .summary = "audio to video of what sounds, by a StyleGAN",
    .about =
        "Trains what makes a scene out of its sound with a generator of "
        "pictures (Sound-guided Semantic Video Generation): first the sound "
        "inversion by itself, then with recurrent networks, against "
        "discriminators of frames and of videos. " S2VI_SCENE_ABOUT
        " All pictures are kept in memory.",
    .examples =
        "  s2v-train stylegan2 stills -o landscape-g.bin --diffaugment\n"
        "  s2v-train embedding landscapes -o embedding.bin\n"
        "  s2v-train semantic landscapes --generator landscape-g.bin \\\n"
        "      --embedding embedding.bin -o landscape.bin\n",
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
