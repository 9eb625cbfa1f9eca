/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VarietySound's training, with its own visual encoder or on feature sets: the
 * paper's losses, eq. (1)-(7), as a GAN; see foley_trainer.c.
 */
#ifndef S2VI_TRAIN_FOLEY_TRAINER_H
#define S2VI_TRAIN_FOLEY_TRAINER_H

#include "trainer.h"
#include "data/foley_data.h"
#include "models/foley.h"

typedef struct s2vi_foley_trainer s2vi_foley_trainer;

typedef struct s2vi_foley_trainer_params {
    s2vi_trainer_params trainer;
    s2vi_foley_config config;    /* has_vocoder: false */
    const s2vi_foley_data *data; /* outlives the trainer */
    int width;                   /* of the networks; 512: the paper's */
    int sequence;                /* T: columns of mel in a window */
    bool critics;                /* else it learns of the mel alone */
    int batch;                   /* windows of an iteration */
    bool squares;                /* whose mean L_mel is; else of |.|, eq. (2) */
    bool balance;  /* L_mel relative to how strong a window's own mel is */
    double clear;  /* part of windows whose background is zeros: 0 .. 1 */
    bool augment;  /* pictures as other cameras and codecs have them */
    double onsets; /* weight of the onsets' loss beside L_mel; 0: none */
    const char *vocoder; /* a weight file, or NULL */
} s2vi_foley_trainer_params;

/** VarietySound of that width: 512 gives table 3, fewer all in proportion. */
void s2vi_foley_width(s2vi_vs_config *config, int width);

int s2vi_foley_trainer_create(s2vi_foley_trainer **trainer,
                              const s2vi_foley_trainer_params *params,
                              s2v_error *err);
void s2vi_foley_trainer_close(s2vi_foley_trainer **trainer);

/** What iterates, saves, resumes and exports. */
s2vi_trainer *s2vi_foley_trainer_base(s2vi_foley_trainer *trainer);

/** Make spectrograms of a few windows of the last batch with their own timbre
 * and no background.
 *
 * @param real,made set to (n T, 80), the trainer's
 * @param columns   set to n T
 */
int s2vi_foley_trainer_view(s2vi_foley_trainer *trainer, const float **real,
                            const float **made, int *columns, s2v_error *err);

/** The same of what is held out: the mean absolute difference of mels (0.01 is
 * a decibel). NaN, and 0 columns, where no window is held out. */
int s2vi_foley_trainer_hold_out(s2vi_foley_trainer *trainer, double *distance,
                                int64_t *columns, s2v_error *err);

/** Sound of n columns of mel, 256 n samples, through the vocoder; S2V_OK and
 * *sound NULL where there is none. The caller frees. */
int s2vi_foley_trainer_voice(s2vi_foley_trainer *trainer, const float *mel,
                             int columns, float **sound, s2v_error *err);

#endif
