/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A training as s2v-train sees it, whatever it trains: clips loaded, networks
 * recorded, ready for iterations.
 */
#ifndef S2VI_TRAIN_TRAINING_H
#define S2VI_TRAIN_TRAINING_H

#include "train_step.h"
#include "media/ingest.h"
#include "media/media.h"
#include "options.h"
#include "weights/weights.h"

/** How it does on what is held out. */
typedef struct s2vi_measured {
    double score;  /* more is better */
    double curve;  /* for the curves */
    char text[96]; /* "SSIM 0.91, PSNR 27.10 dB of 40 held-out frames" */
} s2vi_measured;

/** What each model does in its own way; `self` is the model's. Errors are
 * returned as a status and a sentence. */
typedef struct s2vi_training_table {
    s2vi_train_summary (*summary)(void *self);
    int64_t (*step)(void *self); /* iterations done so far */
    /* The best held-out score so far, which a checkpoint keeps; NaN: none. */
    double (*best)(void *self);
    void (*set_best)(void *self, double score);
    /* Names of the terms that an iteration has: at most `room`; their count. */
    int (*terms)(void *self, const char **name, int room);
    /* One iteration; *n is the room for terms, then their count. */
    int (*iterate)(void *self, s2vi_trainer_loss *loss, int *n, s2v_error *err);
    int (*measure_held_out)(void *self, s2vi_measured *out, s2v_error *err);
    int (*preview)(void *self, const char *path, s2v_error *err);
    int (*save)(void *self, const char *path, s2v_error *err);
    int (*export)(void *self, const char *path, s2v_error *err);
    int (*resume)(void *self, const char *path, s2v_error *err);
    int (*start_from)(void *self, const char *path, s2v_error *err);
    void (*close)(void *self);
} s2vi_training_table;

typedef struct s2vi_training {
    const s2vi_training_table *table;
    void *self;          /* NULL: none */
    const char *measure; /* the curve of what is held out: "held-out.SSIM" */
} s2vi_training;

/**
 * Load the clips of the options and make a training of them, saying on stderr
 * how much there is unless it is to be quiet.
 *
 * @param t set to it, for t->table->close(t->self); empty on failure
 * @param o outlives the training
 */
int s2vi_training_listen_and_move(s2vi_training *t, const s2vi_train_options *o,
                                  const char *version, s2v_error *err);
int s2vi_training_varietysound(s2vi_training *t, const s2vi_train_options *o,
                               const char *version, s2v_error *err);
int s2vi_training_hifigan(s2vi_training *t, const s2vi_train_options *o,
                          const char *version, s2v_error *err);

/** How the options have clips taken in. */
s2vi_ingest s2vi_training_ingest(const s2vi_train_options *o);

/** What the options say of --crop, --start, --duration and of stopping. */
s2vi_clip_params s2vi_training_clip(const s2vi_train_options *o);

/** What --dtype opens a device with. */
s2vi_dtype s2vi_training_dtype(const s2vi_train_options *o);

/** The numbers of a weight file that --store names. */
s2vi_stored s2vi_training_stored(const s2vi_train_options *o);

#endif
