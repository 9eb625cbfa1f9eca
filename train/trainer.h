/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The trainer of all models: the loop of one network, called the generator, and
 * of critics that it learns against, if it has any. It does what every training
 * needs: Adam's steps, moving averages, the clock of the noise, recurrent
 * states from one sequence to the next, checkpoints, weight files. Hooks say
 * what is trained on which data.
 *
 * In an iteration the critics learn first, then the generator against them as
 * they are then; both see the same batch. Of either there may be a second
 * recording, with costly terms (lazy regularisation), that runs instead in some
 * iterations: a stage would be one way only and record anew each time.
 *
 *     t = (s2vi_trainer){.hooks = &hooks, .params = .., .frames = n};
 *     append to t.list, s2vi_trainer_add_generator(&t);
 *     append to t.list, s2vi_trainer_add_critic(&t);
 *     s2vi_trainer_open(&t, err);
 *     s2vi_trainer_iterate(&t, loss, &n, err); ...
 *     s2vi_trainer_close(&t);
 */
#ifndef S2VI_TRAIN_TRAINER_H
#define S2VI_TRAIN_TRAINER_H

#include "train_step.h"
#include "weights/weights.h"

#include <jansson.h>

typedef struct s2vi_trainer s2vi_trainer;

/**
 * What a model does in its own way; `t->self` is its own data. JSON objects are
 * new ones, to which the trainer adds what all have; NULL: memory ran out.
 */
typedef struct s2vi_trainer_hooks {
    const char *model; /* s2v.model */

    /* Record a training step on t->generator or t->critics, which are empty;
     * the trainer plans it. Networks that do not learn are loaded into t->store
     * here. */
    int (*record_generator)(s2vi_trainer *t, s2v_error *err);
    /* Optional: only where critics were added. */
    int (*record_critics)(s2vi_trainer *t, s2v_error *err);
    /* Optional, of each also none: the same with more terms on
     * t->lazy_generator or t->lazy_critics; and whether iteration t->step runs
     * that one. Networks with recurrent states have none. */
    int (*record_lazy_generator)(s2vi_trainer *t, s2v_error *err);
    int (*record_lazy_critics)(s2vi_trainer *t, s2v_error *err);
    bool (*is_lazy_due)(const s2vi_trainer *t, const s2vi_train_step *lazy);
    /* Optional: record what the exported model makes on t->viewer, with its
     * output. */
    int (*record_viewer)(s2vi_trainer *t, s2v_error *err);

    /* Get the batch of iteration t->step ready; set t->fresh if states start
     * at zero. */
    int (*prepare)(s2vi_trainer *t, s2v_error *err);
    /* Write that batch to the inputs of t->critics or t->generator, or of the
     * lazy one that runs instead. */
    int (*feed)(s2vi_trainer *t, s2vi_train_step *step, s2v_error *err);

    /* s2v.config of a weight file, or of a checkpoint: JSON, to be freed. */
    char *(*config)(const s2vi_trainer *t, bool exported);
    /* What a resume may not change, beside the seed. */
    json_t *(*identity)(const s2vi_trainer *t);
    /* How it was trained, beside seed, iterations and rate. */
    json_t *(*training)(const s2vi_trainer *t);

    /* Optional, both or none: the stage of a schedule that t->share asks for;
     * and to enter t->stage: set rates, and what the record hooks do. Entered
     * again on a resume, before the weights are read. */
    int (*stage_at)(const s2vi_trainer *t);
    int (*enter_stage)(s2vi_trainer *t, s2v_error *err);
    /* Optional: names of the terms of all stages. */
    int (*terms)(const s2vi_trainer *t, const char **name, int room);

    /* Optional: where the data stand, beside the iteration, if batches do not
     * follow from its number; and back, false if that cannot be. */
    json_t *(*position)(const s2vi_trainer *t);
    bool (*set_position)(s2vi_trainer *t, json_t *progress);
    /* Optional: set more metadata of both kinds of file. */
    int (*metadata)(const s2vi_trainer *t, s2vi_writer *w, s2v_error *err);
    /* Optional: add what a weight file has beside the generator. */
    int (*export_more)(const s2vi_trainer *t, s2vi_writer *w, s2v_error *err);
} s2vi_trainer_hooks;

typedef struct s2vi_trainer_params {
    double rate, critic_rate; /* Adam's */
    double decay;             /* of weights: AdamW's; 0: Adam */
    double average;           /* exported weights: the moving average of so much
                                 an iteration; 0: the last ones */
    uint64_t seed;
    const char *device; /* NULL: "auto" */
    s2vi_dtype dtype;   /* S2VI_BF16: mixed precision */
    int threads;
    const char *version, *license, *title, *note; /* for the weight file */
    s2vi_stored store;                            /* its numbers; 0: F32 */
    const char *score; /* the key of t->best in a checkpoint, one for each kind
                          of score: they do not compare; NULL: "best" */
    const char *options; /* what a checkpoint keeps of the command line, JSON;
                            NULL: nothing */
    const s2vi_ranks *ranks; /* processes that share the training; NULL: one */
} s2vi_trainer_params;

enum { S2VI_TRAINER_CRITICS = 4, S2VI_TRAINER_STAGES = 15 }; /* at most */

struct s2vi_trainer {
    const s2vi_trainer_hooks *hooks;
    void *self; /* the model's */
    s2vi_trainer_params params;
    int64_t frames; /* of an iteration of this process, on the clock of the
                       noise */
    s2vi_param_list list;
    s2vi_trained g, critic[S2VI_TRAINER_CRITICS]; /* stretches of it */
    int n_critics;
    int64_t *began; /* of each parameter, see s2vi_trained: moments of what a
                       late stage begins with are 0, and corrected for the
                       iterations since the training's first they would be too
                       small, and the first steps long: with beta2 0.999 up to
                       30 times the rate */
    s2vi_backend *backend;
    s2v_error no_group; /* why its library does not sum gradients; or empty */
    /* Parameters; m.NAME and v.NAME of each, Adam's; ema.NAME, averages. */
    s2vi_store *store;
    s2vi_train_step generator;
    s2vi_train_step critics; /* empty where there are none */
    s2vi_train_step lazy_generator, lazy_critics; /* empty: none */
    s2vi_train_step viewer; /* empty until something is viewed */
    s2vi_store *averages;   /* the exported parameters, if averaged: viewer's */
    /* The batch does not go on where the last one ended: recurrent states start
     * at zero. Else both steps begin with those that the generator's left. */
    bool fresh;
    json_t *positions;  /* of the other processes' data, for a checkpoint */
    int64_t step;       /* iterations done */
    double share;       /* of the whole training that is done, 0 to 1: the
                           program sets it, for schedules */
    double seconds;     /* that earlier runs took; 0: not counted */
    int stage;          /* of the schedule; 0 without one */
    int64_t stage_step; /* the iteration before its first */
    bool critics_rest;  /* in this stage */
    bool spoilt;        /* a term was not finite, in all processes */
    double best;        /* held-out score; NaN: none... */
    int64_t best_step;  /* ...after this iteration; 0: not known */
};

/** What was appended to the list since the last of these: the generator's, then
 * each critic's, or another network's that only training needs. */
void s2vi_trainer_add_generator(s2vi_trainer *t);
void s2vi_trainer_add_critic(s2vi_trainer *t);

/** Open device and store, give all parameters their initial values, and record
 * both training steps.
 * s2vi_trainer_close() also after a failure. */
int s2vi_trainer_open(s2vi_trainer *t, s2v_error *err);
void s2vi_trainer_close(s2vi_trainer *t);

/** Enter a stage of the schedule after iteration `step`: record anew. */
int s2vi_trainer_enter_stage(s2vi_trainer *t, int stage, int64_t step,
                             s2v_error *err);

/** What a training works with and on. */
typedef struct s2vi_train_summary {
    const s2vi_backend *backend;
    const char *no_group; /* why it is in none of several processes, or empty */
    int64_t generator, critics; /* numbers that are learned */
    double flops; /* of an iteration of this process, as recorded */
} s2vi_train_summary;

s2vi_train_summary s2vi_trainer_summary(const s2vi_trainer *t);

/** Processes that share the training, this one's number among them, and what
 * `part`, something of this process alone, is of all: its part of the batch. */
int s2vi_trainer_ranks(const s2vi_trainer *t);
int s2vi_trainer_rank(const s2vi_trainer *t);
int s2vi_trainer_all(const s2vi_trainer *t, int part);

/** The part of a batch that this process has, as `params` have them.
 * @param batch a multiple of their number */
int s2vi_trainer_part(const s2vi_trainer_params *params, int batch);

/** The number of this process's first frame of iteration `step` among all
 * frames of all iterations, so that what is drawn by it does not depend on how
 * many processes there are. */
uint64_t s2vi_trainer_place(const s2vi_trainer *t, int64_t step);

/** The clock of the iteration that comes next, or is being run. */
s2vi_clock s2vi_trainer_clock(const s2vi_trainer *t);

/**
 * One iteration: the next batch; the critics' gradients and step of Adam; the
 * generator's.
 *
 * @param loss receives at most `*n` terms: the generator's, then the critics'
 * @param n    room, then count
 * @return S2V_OK; S2V_ERR_DEVICE with iteration and term if a number is not
 *         finite: then this training is spoilt, and only files go on
 */
int s2vi_trainer_iterate(s2vi_trainer *t, s2vi_trainer_loss *loss, int *n,
                         s2v_error *err);

/** Names of the terms that iterations have: at most `room`; their count. */
int s2vi_trainer_terms(const s2vi_trainer *t, const char **name, int room);

/** The same of the stage that is recorded. */
int s2vi_trainer_recorded_terms(const s2vi_trainer *t, const char **name,
                                int room);

/** Get t->viewer ready: recorded if it is not yet, with the weights that
 * s2vi_trainer_export() would write, its states at zero. Training goes on
 * afterwards as if this had not been. */
int s2vi_trainer_view_begin(s2vi_trainer *t, s2v_error *err);

/** Run t->viewer, whose inputs are set, at this frame of the clock, and read
 * its output. States go on from run to run. */
int s2vi_trainer_view(s2vi_trainer *t, uint64_t frame, float *out,
                      s2v_error *err);

/* ---- files: checkpoint.c ---- */

/**
 * Write everything that a resume needs, so that it ends bit-identical.
 * What was at `path` before stays until the new file is whole. Of several
 * processes each calls it, and the first writes.
 */
int s2vi_trainer_save(s2vi_trainer *t, const char *path, s2v_error *err);

/** What a resume may not change, and processes have to share: JSON, to be
 * freed; NULL: memory. */
char *s2vi_trainer_identity(const s2vi_trainer *t);

/** Go on from a checkpoint; S2V_ERR_MODEL names what differs. Of several
 * processes each reads it. With another number of them than it was written
 * with, recurrent states that there are none for begin at zero. */
int s2vi_trainer_resume(s2vi_trainer *t, const char *path, s2v_error *err);

/**
 * Begin with the generator of a weight file instead of random numbers.
 *
 * @return S2V_ERR_MODEL if it holds another model than is to be trained
 */
int s2vi_trainer_start_from(s2vi_trainer *t, const char *path, s2v_error *err);

/** Write the weight file. */
int s2vi_trainer_export(s2vi_trainer *t, const char *path, s2v_error *err);

#endif
