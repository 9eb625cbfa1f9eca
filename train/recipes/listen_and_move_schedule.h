/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stages of Listen and Move's default schedule, as shares of its time or
 * iterations. docs/learning.md has the measurements that they follow from.
 */
#ifndef S2VI_TRAIN_LISTEN_AND_MOVE_SCHEDULE_H
#define S2VI_TRAIN_LISTEN_AND_MOVE_SCHEDULE_H

#include <stdbool.h>

typedef struct s2vi_lm_stage {
    const char *name;
    double until; /* the share of the whole at which it ends */
    double rate;  /* of G and R; of the critics four times that */
    double beta1; /* Adam's */
    /* Sequences before a jump to another position, unless --stretch says it:
     * where each iteration is elsewhere, G learns many times as fast; where
     * they follow each other, the recurrent states are learned. */
    int stretch;
    /* The video prediction layer takes part. It takes four fifths of an
     * iteration's time: without it, an iteration is of three sequences. */
    bool prediction;
    bool adversarial; /* against the critics, with the perceptual loss; else
                         multi-scale L2 */
} s2vi_lm_stage;

/** The stages in their order, `*n` of them, the last one until 1; with critics
 * at the end or by reconstruction alone. */
const s2vi_lm_stage *s2vi_lm_stages(bool adversarial, int *n);

/** The stage at that share of the whole. */
int s2vi_lm_stage_at(bool adversarial, double share);

#endif
