/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The training step of one network, of any model: a graph of its own over
 * parameters that both of an iteration's steps (the generator's, the critics')
 * find in one store.
 *
 *     s2vi_train_step_begin(&step, err);
 *     ...                                      record networks on step.graph
 *     s2vi_train_step_add_term(&step, "mel", loss);
 *     s2vi_train_step_learn(&step, loss, &trained, &adam, err);
 *     step.output = made;
 *     s2vi_train_step_plan(&step, store, err);
 *     s2vi_train_step_write(&step, input, data, err);   ... of each input
 *     s2vi_train_step_run(&step, iteration, ema_decay, &clock, err);
 *     s2vi_exec_read(step.exec, step.term[0].node, &value);
 */
#ifndef S2VI_TRAIN_TRAIN_STEP_H
#define S2VI_TRAIN_TRAIN_STEP_H

#include "nn/param.h"
#include "reduction.h"
#include "run/exec.h"

enum { S2VI_TRAIN_STEP_TERMS = 12 };

#define S2VI_NOT_BEGUN INT64_C(-1) /* no iteration: nothing was learned yet */

/** A number of shape (1) that a run gives. */
typedef struct s2vi_train_step_term {
    const char *name; /* a literal: "L1", "d_v.penalty" */
    s2vi_node *node;
} s2vi_train_step_term;

/** Parameters that one loss trains; those marked `buffer` are left alone. */
typedef struct s2vi_trained {
    const s2vi_param *param;
    int count;
    double rate;  /* Adam's */
    bool average; /* keep a moving average of each, in SLOT ema.NAME */
    /* Of each, the iterations that were done when it began to learn, or
     * S2VI_NOT_BEGUN; NULL: all began with the training. */
    int64_t *began;
} s2vi_trained;

/** How many numbers those are that are learned. */
int64_t s2vi_trained_numbers(const s2vi_trained *t);

/** Adam's other factors. */
typedef struct s2vi_adam_factors {
    double beta1, beta2, eps;
    double decay; /* AdamW's; 0: Adam */
} s2vi_adam_factors;

/** INPUT (1): the number of an iteration, from 1, among those since parameters
 * began to learn. Adam corrects the bias of their moments by it. */
typedef struct s2vi_train_step_count {
    int64_t before; /* iterations that were done then */
    s2vi_node *node;
} s2vi_train_step_count;

typedef struct s2vi_train_step {
    s2vi_graph *graph;
    /* Iterations that are done when it is recorded: what is in the graph and
     * did not learn yet begins there. */
    int64_t before;
    s2vi_train_step_count *count; /* one for each beginning */
    int n_counts;                 /* 0: nothing learns */
    s2vi_node *ema_decay;         /* INPUT (1): of averages; or NULL */
    s2vi_train_step_term term[S2VI_TRAIN_STEP_TERMS];
    int n_terms;
    s2vi_node **effect;
    int n_effects;
    s2vi_node *output; /* to be read after a run, beside the terms; or NULL */
    /* The processes that each have a part of the batch: gradients and terms are
     * means over all. NULL, or one: this is the only one. */
    const s2vi_ranks *ranks;
    s2vi_node **gradient; /* of the parameters, where there are several */
    int n_gradients;
    s2vi_reduction *reduction;
    s2vi_plan *plan;
    s2vi_exec *exec;
} s2vi_train_step;

/** Start with an empty graph. s2vi_train_step_close() also after a failure. */
int s2vi_train_step_begin(s2vi_train_step *step, s2v_error *err);

/** Have a run give this number. */
void s2vi_train_step_add_term(s2vi_train_step *step, const char *name,
                              s2vi_node *node);

/** Have a run carry out an ASSIGN, after those before. */
int s2vi_train_step_add_effect(s2vi_train_step *step, s2vi_node *effect,
                               s2v_error *err);

/** Record the loss's gradients and Adam's step of those of the parameters that
 * are in the graph. Slots m.NAME and v.NAME hold the moments. */
int s2vi_train_step_learn(s2vi_train_step *step, s2vi_node *loss,
                          const s2vi_trained *t, const s2vi_adam_factors *adam,
                          s2v_error *err);

/** Plan what was recorded; the store gains what it lacks. */
int s2vi_train_step_plan(s2vi_train_step *step, s2vi_store *store,
                         s2v_error *err);

/** Set an input. */
int s2vi_train_step_write(s2vi_train_step *step, const s2vi_node *input,
                          const float *data, s2v_error *err);

/**
 * Run, all inputs but counts and ema_decay being set.
 *
 * @param iteration of the training, from 1
 * @param ema_decay of averages: 0 .. 1
 */
int s2vi_train_step_run(s2vi_train_step *step, int64_t iteration,
                        double ema_decay, const s2vi_clock *clock,
                        s2v_error *err);

/** Give `to` the recurrent states that `from` has now, by name: both begin the
 * next sequence alike. A state that `from` does not have stays. */
int s2vi_train_step_follow(s2vi_train_step *to, const s2vi_train_step *from,
                           s2v_error *err);

void s2vi_train_step_close(s2vi_train_step *step);

/** The decay of a moving average in the iteration after `iteration`, `most` in
 * the long run: a short memory at first, and none of the initial weights. */
double s2vi_ema_decay(double most, int64_t iteration);

/** A loss term of an iteration. */
typedef struct s2vi_trainer_loss {
    const char *name;
    double value;
} s2vi_trainer_loss;

/**
 * Read a run's terms.
 *
 * @param iteration its number, from 1, for the message
 * @param loss      room for `room`, of which *n are filled; more are appended
 * @param advice    what to try, for the message: "a smaller --rate"
 * @return S2V_OK; S2V_ERR_DEVICE and a sentence at one that is not finite, all
 *         being read nevertheless
 */
int s2vi_train_step_read(const s2vi_train_step *step, int64_t iteration,
                         s2vi_trainer_loss *loss, int room, int *n,
                         const char *advice, s2v_error *err);

/** Copy the averages of the trained parameters (or, where none are kept, the
 * parameters) into another store, under the parameters' own names. */
int s2vi_train_step_copy_averages(const s2vi_trained *t, s2vi_store *from,
                                  s2vi_store *to, s2v_error *err);

/** Give a store the initial values of all parameters of a list. */
int s2vi_train_step_init_params(const s2vi_param_list *list, uint64_t seed,
                                s2vi_store *store, s2v_error *err);

/** Give a store a parameter's moments, zero, and, if wanted, its average, which
 * is the parameter's value there. */
int s2vi_train_step_init_slots(const s2vi_param *p, s2vi_store *store,
                               bool average, s2v_error *err);

#endif
