/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between trainer.c (the iteration) and checkpoint.c (its files). */
#ifndef S2VI_TRAIN_TRAINER_INTERNAL_H
#define S2VI_TRAIN_TRAINER_INTERNAL_H

#include "graph/plan.h"
#include "models/perceptual.h"
#include "trainer.h"

struct s2vi_trainer {
    s2vi_trainer_params params;
    s2vi_param_list list;
    s2vi_perceptual *phi; /* NULL without */
    s2vi_backend *backend;
    s2vi_store *store; /* parameters, and m.NAME and v.NAME of each */
    s2vi_graph *graph;
    s2vi_lm_graph lm;
    s2vi_node *real, *step_input, *loss;
    s2vi_plan *plan;
    s2vi_exec *exec;
    int64_t step;
    s2vi_cursor cursor;
    s2vi_sequence last;
    float *upload, *video; /* (T,N,N,3) each */
};

#endif
