/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two training steps of an iteration of "Listen and Move", recorded once
 * and run many times.
 *
 * - The generator's step: G and R make T frames; reconstruction loss and, in
 *   adversarial training, what deceiving the critics gains; Adam's step of G
 *   and R; R's and the prediction layer's states for the next sequence.
 * - The critics' step: the same frames, without gradients; the losses of D_I
 *   and D_V; Adam's step of both.
 *
 *     s2vi_train_step_begin(&step, err);
 *     s2vi_lm_step_begin(&p, &step, &config, T, err);
 *     s2vi_lm_step_record_critics(&p, &d_i, &d_v, err);   (or another)
 *     s2vi_train_step_plan(&step, store, err);
 *     s2vi_lm_step_feed(&p, &batch, &clock, err);
 *     s2vi_train_step_run(&step, iteration, ema_decay, &clock, err);
 */
#ifndef S2VI_TRAIN_LISTEN_AND_MOVE_STEP_H
#define S2VI_TRAIN_LISTEN_AND_MOVE_STEP_H

#include "recipes/listen_and_move_adversarial.h"
#include "train_step.h"
#include "networks/perceptual.h"

typedef struct s2vi_lm_step {
    s2vi_train_step *step; /* its graph, plan and exec */
    s2vi_lm_graph lm;
    s2vi_adversarial adversarial; /* .frame: NULL where it has no part */
    s2vi_node *real;              /* INPUT (T,N,N,3) in [-1, 1] */
} s2vi_lm_step;

/** What a run reads; a step that does not learn, the features alone. */
typedef struct s2vi_batch {
    const float *real;     /* (T,N,N,3) in [-1, 1] */
    const float *features; /* (T,64) */
} s2vi_batch;

/** The generator's loss. */
typedef struct s2vi_lm_loss_config {
    const s2vi_perceptual *phi; /* frames alike to it; NULL: pixel by pixel */
    bool squares;               /* without phi: multi-scale L2, else L1 */
    bool adversarial;           /* of D_I and D_V as well */
    double alpha;               /* alikeness's weight beside that, eq. (6) */
    double beta1;               /* Adam's; 0: the paper's 0.3 */
} s2vi_lm_loss_config;

/** Begin to record on a step: G, R and the inputs. The frames are its output.
 *
 * @param options T, and whether the prediction layer takes part
 */
int s2vi_lm_step_begin(s2vi_lm_step *p, s2vi_train_step *step,
                       const s2vi_lm_config *config,
                       const s2vi_lm_options *options, s2v_error *err);

/** Record the generator's; terms: "L1", "L2" or "perceptual", then
 * "g.image", "g.video" and "g.loss" if adversarial. */
int s2vi_lm_step_record_generator(s2vi_lm_step *p,
                                  const s2vi_lm_loss_config *config,
                                  const s2vi_trained *g, s2v_error *err);

/** Record the critics'; terms: "d_i.loss", "d_v.loss" and what they are made
 * of. */
int s2vi_lm_step_record_critics(s2vi_lm_step *p, const s2vi_trained *d_i,
                                const s2vi_trained *d_v, s2v_error *err);

/** Record that frames are made, and no more: to measure them. */
int s2vi_lm_step_record_frames(s2vi_lm_step *p, s2v_error *err);

/** Write the inputs of a run at that clock. */
int s2vi_lm_step_feed(s2vi_lm_step *p, const s2vi_batch *batch,
                      const s2vi_clock *clock, s2v_error *err);

#endif
