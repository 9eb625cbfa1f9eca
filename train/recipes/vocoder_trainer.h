/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HiFi-GAN's training on the mel of VarietySound, as a GAN; see
 * vocoder_trainer.c. */
#ifndef S2VI_TRAIN_VOCODER_TRAINER_H
#define S2VI_TRAIN_VOCODER_TRAINER_H

#include "trainer.h"
#include "data/foley_data.h"
#include "models/hifigan.h"

typedef struct s2vi_vocoder_trainer s2vi_vocoder_trainer;

typedef struct s2vi_vocoder_trainer_params {
    s2vi_trainer_params trainer;
    s2vi_hifigan_config config;
    const s2vi_foley_data *data; /* of sounds; outlives the trainer */
    int divide;                  /* the discriminators' channels: 1 to 8 */
    int sequence;                /* T: columns in a piece; 32: the paper's */
    int batch;                   /* pieces of an iteration */
    bool critics;                /* else it learns of spectrograms alone */
} s2vi_vocoder_trainer_params;

/** The least T: L_mel needs some windows of 1024 samples. */
enum { S2VI_VOCODER_LEAST = 8 };

int s2vi_vocoder_trainer_create(s2vi_vocoder_trainer **trainer,
                                const s2vi_vocoder_trainer_params *params,
                                s2v_error *err);
void s2vi_vocoder_trainer_close(s2vi_vocoder_trainer **trainer);

/** What iterates, saves, resumes and exports. */
s2vi_trainer *s2vi_vocoder_trainer_base(s2vi_vocoder_trainer *trainer);

/**
 * Make the sound of a few pieces of the last batch.
 *
 * @param mel,sound set to (n T, 80) and (n T 256): what goes in and what came
 *                  of it, the trainer's
 * @param columns   set to n T
 */
int s2vi_vocoder_trainer_view(s2vi_vocoder_trainer *trainer, const float **mel,
                              const float **sound, int *columns,
                              s2v_error *err);

/** Make what is held out: the mean absolute difference of its mel to the real
 * one's (0.01 is a decibel). NaN, and 0 columns, where there is none. */
int s2vi_vocoder_trainer_hold_out(s2vi_vocoder_trainer *trainer,
                                  double *distance, int64_t *columns,
                                  s2v_error *err);

#endif
