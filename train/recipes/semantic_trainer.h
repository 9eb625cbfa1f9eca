/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The training of sound-guided semantic video generation; see
 * semantic_trainer.c. */
#ifndef S2VI_TRAIN_SEMANTIC_TRAINER_H
#define S2VI_TRAIN_SEMANTIC_TRAINER_H

#include "data/scene_clips.h"
#include "models/semantic.h"
#include "networks/semantic_discriminator.h"
#include "trainer.h"

typedef struct s2vi_semantic_trainer s2vi_semantic_trainer;

enum { S2VI_SEMANTIC_EACH = 16 }; /* starts of a scene, in the gallery */

/** What the terms of the losses count. */
typedef struct s2vi_semantic_weights {
    double clip;       /* each of eq. 2's terms: 0.1 */
    double intensity;  /* of what is read from pictures: 4 */
    double identity;   /* lambda_b: 1 */
    double encoder;    /* lambda_enc: 1 */
    double mse, lpips; /* the paired terms: 1, 0.8 */
    double spread;     /* between the codes of a frame's layers: 1 */
    double length;     /* of |w^ - w| */
    double adversary;  /* of eq. 7 and 8 in the generator's loss */
} s2vi_semantic_weights;

typedef struct s2vi_semantic_trainer_params {
    s2vi_trainer_params trainer;
    s2vi_semantic_config config;
    s2vi_semantic_d_config critics; /* size: the generator's */
    const s2v_weights *generator;   /* its file; they outlive the training */
    const s2v_weights *embedding;   /* NULL: without the terms of it */
    bool still;                     /* StyleGAN3: the camera does not move */
    const s2vi_scene_clips *data; /* prepared, of the generator's side and with
                                     the embedding's vocabulary */
    int batch, sequence;          /* n sequences of T frames */
    double psi;                   /* truncation of the start's codes */
    int starts;   /* random ones that the gallery is chosen from */
    double alone; /* share of the training that E_a learns by itself */
    s2vi_semantic_weights weights;
    const char *perceptual, *heads; /* files of LPIPS; NULL: without */
} s2vi_semantic_trainer_params;

/** s2vi_semantic_trainer_close() also after a failure. */
int s2vi_semantic_trainer_create(s2vi_semantic_trainer **trainer,
                                 const s2vi_semantic_trainer_params *params,
                                 s2v_error *err);
void s2vi_semantic_trainer_close(s2vi_semantic_trainer **trainer);

/** The trainer in there; and the stage's name. */
s2vi_trainer *s2vi_semantic_trainer_base(s2vi_semantic_trainer *trainer);
const char *s2vi_semantic_trainer_stage(const s2vi_semantic_trainer *trainer);

/** A video that was made of a clip's sound. */
typedef struct s2vi_semantic_made {
    const float *frames;  /* (T,N,N,3): black -1, white 1 */
    double mse;           /* of the clip's own frames; NaN with random ones */
    double similar, real; /* cosine of sound and picture, of those made and of
                             the clip's own; NaN: no embedding */
} s2vi_semantic_made;

/**
 * Make a video of T frames with the weights that would be exported.
 *
 * @param frame  of the clip: its first
 * @param start  number of the random start
 * @param made   its frames live until the next call
 */
int s2vi_semantic_trainer_make(s2vi_semantic_trainer *trainer,
                               const s2vi_scene_clip *clip, int64_t frame,
                               int64_t start, s2vi_semantic_made *made,
                               s2v_error *err);

#endif
