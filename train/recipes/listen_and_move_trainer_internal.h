/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between listen_and_move_trainer.c (the iteration) and
 * listen_and_move_checkpoint.c (its files). */
#ifndef S2VI_TRAIN_LISTEN_AND_MOVE_TRAINER_INTERNAL_H
#define S2VI_TRAIN_LISTEN_AND_MOVE_TRAINER_INTERNAL_H

#include "recipes/listen_and_move_trainer.h"

struct s2vi_lm_trainer {
    s2vi_lm_trainer_params params;
    s2vi_param_list list;     /* G's and R's; where adversarial D_I's, D_V's */
    s2vi_trained g, d_i, d_v; /* stretches of it */
    s2vi_perceptual *phi;     /* NULL without */
    s2vi_backend *backend;
    s2vi_store *store; /* parameters, m.NAME and v.NAME of each, ema.NAME */
    s2vi_lm_step generator;
    s2vi_lm_step critics; /* where adversarial */
    /* Made when first asked for what is held out. */
    s2vi_lm_step viewer;
    s2vi_store *averages; /* the exported parameters, where averaged */
    int64_t step;
    double best; /* held-out score; NaN: none */
    s2vi_cursor cursor;
    s2vi_sequence last;
    float *upload, *video; /* (T,N,N,3) each */
    float *features;       /* (T,64): a sequence's, as training hears it */
    float *noise;          /* (T,64) */
};

#endif
