/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listen and Move's training, adversarial or by reconstruction alone, on clips
 * gone through in order: R's and the prediction layer's states go on from one
 * sequence to the next.
 *
 *     s2vi_lm_trainer_create(&t, &params, err);
 *     s2vi_trainer_iterate(&t->trainer, loss, &n, err); ...
 *     s2vi_lm_trainer_close(&t);
 */
#ifndef S2VI_TRAIN_LISTEN_AND_MOVE_TRAINER_H
#define S2VI_TRAIN_LISTEN_AND_MOVE_TRAINER_H

#include "data/dataset.h"
#include "hearing.h"
#include "recipes/listen_and_move_schedule.h"
#include "recipes/listen_and_move_step.h"
#include "trainer.h"

/** What to train and how. */
typedef struct s2vi_lm_trainer_params {
    s2vi_trainer_params trainer; /* its rates: of G and R, of D_I and D_V */
    s2vi_lm_config config;
    const s2vi_dataset *data;    /* outlives the trainer */
    const s2vi_hearing *hearing; /* likewise; NULL: their features as they are,
                                    and the weight file says nothing of them */
    int sequence;                /* T */
    bool adversarial;            /* against D_I and D_V; else reconstruction */
    double alpha;                /* of eq. (6): the reconstruction loss's weight
                                    beside theirs */
    double sound_noise;          /* standard deviation, on features; 0: none */
    const char *perceptual;      /* a weight file, or NULL: multi-scale L1... */
    bool squares;                /* ...or L2 */
    bool staged;                 /* rates, losses and what takes part follow
                                    listen_and_move_schedule.h; `adversarial`:
                                    with critics at the end */
} s2vi_lm_trainer_params;

typedef struct s2vi_lm_trainer {
    s2vi_trainer trainer; /* what iterates, saves, resumes and exports */
    s2vi_lm_trainer_params params;
    s2vi_perceptual *phi; /* NULL without */
    s2vi_lm_step generator, critics, viewer;
    const s2vi_lm_stage *stage; /* of the schedule; NULL without one */
    int longest; /* T where the prediction layer is bypassed; else sequence */
    s2vi_cursor cursor;
    s2vi_sequence last;
    float *real, *video; /* (T,N,N,3) each */
    float *features;     /* (T,64): a sequence's, as training hears it */
    float *noise;        /* (T,64) */
} s2vi_lm_trainer;

/** @return S2V_OK; an error, and *trainer NULL */
int s2vi_lm_trainer_create(s2vi_lm_trainer **trainer,
                           const s2vi_lm_trainer_params *params,
                           s2v_error *err);
void s2vi_lm_trainer_close(s2vi_lm_trainer **trainer);

/**
 * Receives held-out frames in order, and what was made of their sound.
 *
 * @param real (n,N,N,3), a clip's own
 * @param made (n,N,N,3) in [-1, 1]
 * @return S2V_OK, or what the measuring is to end with
 */
typedef int (*s2vi_lm_trainer_sink)(void *opaque, const uint8_t *real,
                                    const float *made, int n, s2v_error *err);

/**
 * Make the frames of what is held out, from the sound alone, with the weights
 * that s2vi_trainer_export() would write; each clip's part anew, in whole
 * sequences. Training goes on afterwards as if this had not been.
 *
 * @param shift frames by which the sound is moved within each clip's held-out
 *              part, around its end
 */
int s2vi_lm_trainer_hold_out(s2vi_lm_trainer *trainer, int64_t shift,
                             s2vi_lm_trainer_sink sink, void *opaque,
                             s2v_error *err);

/** The last iteration's frames: real bytes and made floats, (T,N,N,3); NULL
 * both if there was none since the trainer was created or resumed. */
int s2vi_lm_trainer_frames(s2vi_lm_trainer *trainer, const uint8_t **real,
                           const float **made, s2v_error *err);

#endif
