/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A training of a generator against critics by AdamW: what VarietySound's and
 * the vocoder's have in common. In an iteration the critics learn first, then
 * the generator deceives them as they are then; both see the same batch.
 *
 *     d = (s2vi_duel){.hooks = &hooks, .params = .., .batch = n};
 *     append to d.list, s2vi_duel_generator(&d); append, s2vi_duel_critic(&d)
 *     s2vi_duel_open(&d, err);
 *     s2vi_duel_iterate(&d, loss, &n, err); ...
 *     s2vi_duel_close(&d);
 */
#ifndef S2VI_TRAIN_DUEL_H
#define S2VI_TRAIN_DUEL_H

#include "half.h"
#include "weights/weights.h"

typedef struct s2vi_duel s2vi_duel;

/** What a model says of itself. Texts are JSON, to be freed; NULL: memory. */
typedef struct s2vi_duel_hooks {
    const char *model; /* s2v.model */
    /* Record and plan d->critics, which is left out where there are none, and
     * d->generator, on d->store. */
    int (*record_critics)(s2vi_duel *d, s2v_error *err);
    int (*record_generator)(s2vi_duel *d, s2v_error *err);
    /* Get the batch of iteration d->step ready. */
    int (*prepare)(s2vi_duel *d, s2v_error *err);
    /* Write that batch to a half's inputs. */
    int (*feed)(s2vi_duel *d, s2vi_half *half, s2v_error *err);
    char *(*config)(const s2vi_duel *d, bool exported);
    char *(*identity)(const s2vi_duel *d); /* what a resume may not change */
    char *(*training)(const s2vi_duel *d); /* how it was trained */
    /* Add what a weight file has beside the generator; or NULL. */
    int (*export_more)(s2vi_duel *d, s2vi_writer *w, s2v_error *err);
} s2vi_duel_hooks;

typedef struct s2vi_duel_params {
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
} s2vi_duel_params;

enum { S2VI_DUEL_CRITICS = 2 };

struct s2vi_duel {
    const s2vi_duel_hooks *hooks;
    void *self; /* the model's */
    s2vi_duel_params params;
    int batch; /* sequences of an iteration; i's frame is step batch + i */
    s2vi_param_list list;
    s2vi_trained g, critic[S2VI_DUEL_CRITICS]; /* stretches of it */
    int n_critics;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_half critics; /* empty where there are none */
    s2vi_half generator;
    s2vi_half viewer;     /* what the exported model makes; or empty... */
    s2vi_node *view;      /* ...its result */
    s2vi_store *averages; /* the exported parameters, where averaged */
    int64_t step;
    double best; /* held-out score; NaN: none */
};

/** What was appended to the list since the last of these: the generator's, then
 * each critic's. */
void s2vi_duel_generator(s2vi_duel *d);
void s2vi_duel_critic(s2vi_duel *d);

/** Open device and store, give all parameters their initial values, and record
 * both halves.
 * s2vi_duel_close() also after a failure. */
int s2vi_duel_open(s2vi_duel *d, s2v_error *err);
void s2vi_duel_close(s2vi_duel *d);

/** As s2vi_trainer_makeup(). */
s2vi_makeup s2vi_duel_makeup(const s2vi_duel *d);

/** The store that d->viewer is to be planned on. */
s2vi_store *s2vi_duel_view_store(const s2vi_duel *d);

/** Run d->viewer, whose inputs are set, with the weights that an export would
 * write. */
int s2vi_duel_view(s2vi_duel *d, float *out, s2v_error *err);

/** As s2vi_trainer_iterate(), _terms(), _save(), ... */
int s2vi_duel_iterate(s2vi_duel *d, s2vi_trainer_loss *loss, int *n,
                      s2v_error *err);
int s2vi_duel_terms(const s2vi_duel *d, const char **name, int room);
int s2vi_duel_save(s2vi_duel *d, const char *path, s2v_error *err);
int s2vi_duel_resume(s2vi_duel *d, const char *path, s2v_error *err);
int s2vi_duel_export(s2vi_duel *d, const char *path, s2v_error *err);
int s2vi_duel_start_from(s2vi_duel *d, const char *path, s2v_error *err);

#endif
