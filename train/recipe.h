/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recipe: how one kind of model is trained by s2v-train, as a row in a file
 * of its own, recipes/NAME.c. train/meson.build lists the names; nothing else
 * knows them. The smallest is docs/examples/models/recipe_glow.c.
 *
 *     typedef struct options {
 *         s2vi_train_options shared;      first: what all trainings have
 *         int size;
 *     } options;
 *
 *     static const option_row rows[] = {
 *         S2VI_ROW_RATE("Adam"),
 *         {"size", 0, OPTION_SIZE, offsetof(options, size), "N",
 *          .choices = "8|16", .of = S2VI_ROWS_CLIPS, .help = "side, pixels"},
 *     };
 *
 *     const s2vi_recipe s2vi_recipe_glow = {.name = "glow", ...};
 */
#ifndef S2VI_TRAIN_RECIPE_H
#define S2VI_TRAIN_RECIPE_H

#include "data/dataset.h"
#include "media/ingest.h"
#include "media/media.h"
#include "option/option.h"
#include "options.h"
#include "trainer.h"

enum { S2VI_ALSO = 2 }; /* more curves of what is held out, at most */

/** A training: clips loaded, networks recorded, ready for iterations. */
typedef struct s2vi_training {
    void *self;            /**< the recipe's own; NULL: nothing to close */
    s2vi_trainer *trainer; /**< in there */
    const char *measure;   /**< curve of what is held out: "held-out.SSIM" */
    const char *also[S2VI_ALSO]; /**< more of it; NULL: none */
    s2vi_shards *shards;         /**< that its clips are of; NULL: of none */
} s2vi_training;

/** How it does on what is held out. */
typedef struct s2vi_measured {
    double score; /**< more is better */
    double curve; /**< for the curves */
    double also[S2VI_ALSO];
    char text[160]; /**< "SSIM 0.91, PSNR 27.10 dB of 40 held-out frames" */
    char note[256]; /**< what to say of it at the end; or "" */
} s2vi_measured;

/** What several processes (ranks.h) share of a training. */
typedef enum s2vi_recipe_share {
    S2VI_SHARE_NOTHING = 0, /**< there is one process */
    S2VI_SHARE_BATCH,       /**< each has a part of --batch */
    S2VI_SHARE_STREAMS,     /**< each has a sequence of its own */
} s2vi_recipe_share;

/** A row. Errors are a status and a sentence. */
typedef struct s2vi_recipe {
    const char *name;     /**< MODEL of the command line: "listen-and-move" */
    const char *summary;  /**< one line of s2v-train --help */
    const char *about;    /**< the paragraph of s2v-train MODEL --help */
    const char *examples; /**< its last lines */

    /** Its own options, beside those that all have. A row's `of` is its place
     * in the help. A name that all have replaces that row: other words, the
     * same member of `shared`; or, without help, takes it away. */
    const option_row *rows;
    int n_rows;
    size_t options; /**< size of the struct that begins with `shared` */
    s2vi_recipe_share share;
    /** Set the defaults of its own; those of all are set. */
    void (*set_defaults)(s2vi_train_options *o);
    /** Optional: check what a row cannot, and fill in what depends. */
    int (*check)(s2vi_train_options *o, s2v_error *err);

    /** Load the clips of the options, which outlive the training, and create
     * its trainer; says on stderr how much there is unless it is to be quiet.
     * On failure, close() is called if t->self is set. */
    int (*open)(s2vi_training *t, const s2vi_train_options *o, s2v_error *err);
    void (*close)(void *self);
    /** Measure it on what is held out; only with --hold-out-every. */
    int (*measure_held_out)(void *self, s2vi_measured *out, s2v_error *err);
    /** Optional: the name of the schedule's stage. */
    const char *(*stage)(const void *self);
    /** Write a picture of what it makes. */
    int (*preview)(void *self, const char *path, s2v_error *err);
} s2vi_recipe;

/** All recipes, up to a NULL. */
extern const s2vi_recipe *const s2vi_recipes[];

/* ---------------------------------------------------- rows of options -- */

/** Where a recipe's rows stand in the help: what is a row's `of`. */
enum {
    S2VI_ROWS_TRAINING = 0, /**< after --iterations */
    S2VI_ROWS_CLIPS,        /**< first of "Training data" */
    S2VI_ROWS_MODEL,        /**< "The model" */
    S2VI_ROWS_OUTPUT,       /**< after --output; file names there are written,
                                 all others are read */
};

#define S2VI_SHARED(member) offsetof(s2vi_train_options, member)

/** Kind and place of an option that is a file's name. */
#define S2VI_OPTION_FILE(at, placeholder)                                      \
    OPTION_STRING, at, placeholder, .expected = "the name of a file"

/* Options of several recipes, not of all. */

#define S2VI_ROW_CROP(text)                                                    \
    {                                                                          \
        "crop", 0, OPTION_PARSED, S2VI_SHARED(crop), "X,Y,W,H",                \
            .parse = s2vi_train_parse_crop,                                    \
            .expected = "X,Y,WIDTH,HEIGHT in whole pixels, 0 to 65535",        \
            .of = S2VI_ROWS_CLIPS, .help = text                                \
    }
#define S2VI_ROW_START                                                         \
    {                                                                          \
        "start", 0, OPTION_NUMBER, S2VI_SHARED(start), "SECONDS", 0, 1e6,      \
            .of = S2VI_ROWS_CLIPS, .help = "skip the beginning of each clip"   \
    }
#define S2VI_ROW_DURATION                                                      \
    {                                                                          \
        "duration", 0, OPTION_NUMBER, S2VI_SHARED(duration), "SECONDS", 0,     \
            1e6, .above = true, .of = S2VI_ROWS_CLIPS,                         \
                 .help = "use at most this much of each clip (default: all)"   \
    }
#define S2VI_ROW_TIME(text)                                                    \
    {                                                                          \
        "time", 0, OPTION_PARSED, S2VI_SHARED(seconds), "TIME",                \
            .parse = s2vi_train_parse_time,                                    \
            .expected = "a time such as 90s, 45m or 3h", .help = text          \
    }
#define S2VI_ROW_RATE(optimiser)                                               \
    {                                                                          \
        "rate", 0, OPTION_NUMBER, S2VI_SHARED(rate), "X", 0, 1,                \
            .above = true, .help = "learning rate of " optimiser               \
    }
#define S2VI_ROW_CRITIC_RATE                                                   \
    {                                                                          \
        "critic-rate", 0, OPTION_NUMBER, S2VI_SHARED(critic_rate), "X", 0, 1,  \
            .above = true, .help = "learning rate of the discriminators"       \
    }

/* ------------------------------------- what is the same in all recipes -- */

/** How the options have clips taken in. */
s2vi_ingest s2vi_recipe_ingest(const s2vi_train_options *o);

/** What the options say of --crop, --start, --duration and of stopping. */
s2vi_clip_params s2vi_recipe_clip(const s2vi_train_options *o);

/** What the options say of rates, seed, device, and the weight file. */
s2vi_trainer_params s2vi_recipe_trainer(const s2vi_train_options *o);

/**
 * Hand the name of each clip to `add`, until one fails or the user stops.
 *
 * @return S2V_OK; what `add` returned; S2V_ERR_CANCELLED
 */
int s2vi_recipe_each_clip(const s2vi_train_options *o,
                          int (*add)(void *self, const char *path,
                                     s2v_error *err),
                          void *self, s2v_error *err);

/**
 * Load the clips of the options as a data set, split it, and say how much there
 * is. With --hold-out-every, a sequence has to be held out.
 *
 * @param ingest set; to be closed in any case, as `data`
 * @param data   empty; its features are not computed yet
 */
int s2vi_recipe_load_dataset(const s2vi_train_options *o, s2vi_ingest *ingest,
                             s2vi_dataset *data, s2v_error *err);

/**
 * Write a preview: --sequence frames of --size, real ones above, made ones
 * below.
 *
 * @param real (T,N,N,3)
 * @param made (T,N,N,3) in [-1, 1]
 */
int s2vi_recipe_preview_frames(const s2vi_train_options *o, const char *path,
                               const uint8_t *real, const float *made,
                               s2v_error *err);

#endif
