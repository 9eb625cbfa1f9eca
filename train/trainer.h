/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The GAN trainer: the loop of a generator against its critics, by AdamW, that
 * VarietySound's and the vocoder's trainings have in common. In an iteration
 * the critics learn first, then the generator against them as they are then;
 * both see the same batch.
 *
 *     gan = (s2vi_trainer){.hooks = &hooks, .params = .., .batch = n};
 *     append to gan.list, s2vi_trainer_add_generator(&gan);
 *     append to gan.list, s2vi_trainer_add_critic(&gan);
 *     s2vi_trainer_open(&gan, err);
 *     s2vi_trainer_iterate(&gan, loss, &n, err); ...
 *     s2vi_trainer_close(&gan);
 */
#ifndef S2VI_TRAIN_TRAINER_H
#define S2VI_TRAIN_TRAINER_H

#include "train_step.h"
#include "weights/weights.h"

typedef struct s2vi_trainer s2vi_trainer;

/** What a model says of itself. Texts are JSON, to be freed; NULL: memory. */
typedef struct s2vi_trainer_hooks {
    const char *model; /* s2v.model */
    /* Record and plan gan->critics, which is left out where there are none, and
     * gan->generator, on gan->store. */
    int (*record_critics)(s2vi_trainer *gan, s2v_error *err);
    int (*record_generator)(s2vi_trainer *gan, s2v_error *err);
    /* Get the batch of iteration gan->step ready. */
    int (*prepare)(s2vi_trainer *gan, s2v_error *err);
    /* Write that batch to a step's inputs. */
    int (*feed)(s2vi_trainer *gan, s2vi_train_step *step, s2v_error *err);
    char *(*config)(const s2vi_trainer *gan, bool exported);
    /* What a resume may not change. */
    char *(*identity)(const s2vi_trainer *gan);
    char *(*training)(const s2vi_trainer *gan); /* how it was trained */
    /* Add what a weight file has beside the generator; or NULL. */
    int (*export_more)(s2vi_trainer *gan, s2vi_writer *w, s2v_error *err);
} s2vi_trainer_hooks;

typedef struct s2vi_trainer_params {
    bool critics; /* false: the generator learns alone, of what it makes */
    double rate, critic_rate; /* AdamW's */
    double decay;             /* of weights */
    double average;           /* of exported weights, an iteration; 0: none */
    uint64_t seed;
    const char *device;
    s2vi_dtype dtype; /* S2VI_BF16: mixed precision */
    int threads;
    const char *version, *license; /* for the weight file */
    s2vi_stored store;             /* its numbers */
} s2vi_trainer_params;

enum { S2VI_TRAINER_CRITICS = 2 };

struct s2vi_trainer {
    const s2vi_trainer_hooks *hooks;
    void *self; /* the model's */
    s2vi_trainer_params params;
    int batch; /* sequences of an iteration; i's frame is step batch + i */
    s2vi_param_list list;
    s2vi_trained g, critic[S2VI_TRAINER_CRITICS]; /* stretches of it */
    int n_critics;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_train_step critics; /* empty where there are none */
    s2vi_train_step generator;
    s2vi_train_step viewer; /* what the exported model makes; or empty... */
    s2vi_node *view;        /* ...its result */
    s2vi_store *averages;   /* the exported parameters, where averaged */
    int64_t step;
    double best; /* held-out score; NaN: none */
};

/** What was appended to the list since the last of these: the generator's, then
 * each critic's. */
void s2vi_trainer_add_generator(s2vi_trainer *gan);
void s2vi_trainer_add_critic(s2vi_trainer *gan);

/** Open device and store, give all parameters their initial values, and record
 * both training steps.
 * s2vi_trainer_close() also after a failure. */
int s2vi_trainer_open(s2vi_trainer *gan, s2v_error *err);
void s2vi_trainer_close(s2vi_trainer *gan);

/** As s2vi_trainer_summary(). */
s2vi_train_summary s2vi_trainer_summary(const s2vi_trainer *gan);

/** The store that gan->viewer is to be planned on. */
s2vi_store *s2vi_trainer_view_store(const s2vi_trainer *gan);

/** Run gan->viewer, whose inputs are set, with the weights that an export would
 * write. */
int s2vi_trainer_view(s2vi_trainer *gan, float *out, s2v_error *err);

/** As s2vi_trainer_iterate(), _terms(), _save(), ... */
int s2vi_trainer_iterate(s2vi_trainer *gan, s2vi_trainer_loss *loss, int *n,
                         s2v_error *err);
int s2vi_trainer_terms(const s2vi_trainer *gan, const char **name, int room);
int s2vi_trainer_save(s2vi_trainer *gan, const char *path, s2v_error *err);
int s2vi_trainer_resume(s2vi_trainer *gan, const char *path, s2v_error *err);
int s2vi_trainer_export(s2vi_trainer *gan, const char *path, s2v_error *err);
int s2vi_trainer_start_from(s2vi_trainer *gan, const char *path,
                            s2v_error *err);

#endif
