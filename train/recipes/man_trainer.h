/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAN's training: predictor, then frames, then the critics; see man_trainer.c.
 */
#ifndef S2VI_RECIPES_MAN_TRAINER_H
#define S2VI_RECIPES_MAN_TRAINER_H

#include "recipes/man_sample.h"
#include "trainer.h"

typedef struct s2vi_man_trainer_params {
    s2vi_trainer_params trainer;
    s2vi_man_config config;
    const s2vi_talking_heads *data; /* split and levelled; outlives it */
    int batch;
    bool timed;             /* it lasts a time, not a number of iterations */
    bool critics;           /* there is a last stage, against them */
    const char *perceptual; /* a file, or NULL */
} s2vi_man_trainer_params;

typedef struct s2vi_man_trainer s2vi_man_trainer;

int s2vi_man_trainer_create(s2vi_man_trainer **trainer,
                            const s2vi_man_trainer_params *params,
                            s2v_error *err);
void s2vi_man_trainer_close(s2vi_man_trainer **trainer);

/** The name of its stage. */
const char *s2vi_man_trainer_stage(const s2vi_man_trainer *trainer);

/** The trainer in it. */
s2vi_trainer *s2vi_man_trainer_base(s2vi_man_trainer *trainer);

/** A frame that was made after the portrait, the clip's frame 0. */
typedef struct s2vi_man_made {
    const s2vi_talking_head *clip;
    int64_t frame;                     /* this one */
    const float *real, *portrait;      /* (N,N,3) in [-1, 1] */
    const float *geometry, *predicted; /* (P,P,G) */
    const float *frame_made;           /* (N,N,3) */
} s2vi_man_made;

/**
 * Make parts of clips with the weights that would be exported, one after the
 * other, z being 0: of each clip what is held out or, if nothing is, all.
 *
 * @param clip  so many clips...
 * @param count ...of so many frames each, or fewer
 * @param each  called for each frame in order; stops where not S2V_OK
 */
int s2vi_man_trainer_make(s2vi_man_trainer *trainer,
                          const s2vi_talking_head *const *clip, int clips,
                          int64_t count,
                          int (*each)(void *self, const s2vi_man_made *made,
                                      s2v_error *err),
                          void *self, s2v_error *err);

#endif
