/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StyleGAN2's training; see stylegan2_trainer.c. */
#ifndef S2VI_RECIPES_STYLEGAN2_TRAINER_H
#define S2VI_RECIPES_STYLEGAN2_TRAINER_H

#include "data/pictures.h"
#include "models/stylegan2.h"
#include "trainer.h"

typedef struct s2vi_stylegan2_trainer_params {
    s2vi_trainer_params trainer;
    s2vi_stylegan2_config config;
    const s2vi_pictures *data; /* split, of config.classes; outlives it */
    int batch;
    double r1;             /* gamma; 0: none */
    int r1_every;          /* iterations, 1 or more */
    double path;           /* weight of path length regularisation; 0: none */
    int path_every;        /* iterations */
    double mix;            /* part of the pictures of two style codes */
    bool mirror, augment;  /* real pictures; what the discriminator sees */
    const char *projected; /* weight file of the image network of a projected
                              critic; NULL: StyleGAN2's discriminator */
} s2vi_stylegan2_trainer_params;

typedef struct s2vi_stylegan2_trainer s2vi_stylegan2_trainer;

int s2vi_stylegan2_trainer_create(s2vi_stylegan2_trainer **trainer,
                                  const s2vi_stylegan2_trainer_params *params,
                                  s2v_error *err);
void s2vi_stylegan2_trainer_close(s2vi_stylegan2_trainer **trainer);

/** The trainer in it. */
s2vi_trainer *s2vi_stylegan2_trainer_base(s2vi_stylegan2_trainer *trainer);

/**
 * Pictures 0 .. count - 1 of an endless series, always of the same z and, as
 * often as in training, classes, by the weights that would be exported, not
 * truncated.
 *
 * @param each called for each in order with (N,N,3) in [-1, 1]; stops where
 *             not S2V_OK
 */
int s2vi_stylegan2_trainer_sample(
    s2vi_stylegan2_trainer *trainer, int64_t count,
    int (*each)(void *self, int64_t i, const float *picture, s2v_error *err),
    void *self, s2v_error *err);

#endif
