/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The training of the small joint embedding; see embedding_trainer.c. */
#ifndef S2VI_TRAIN_EMBEDDING_TRAINER_H
#define S2VI_TRAIN_EMBEDDING_TRAINER_H

#include "data/scene_clips.h"
#include "models/joint_embedding.h"
#include "trainer.h"

typedef struct s2vi_embedding_trainer s2vi_embedding_trainer;

typedef struct s2vi_embedding_trainer_params {
    s2vi_trainer_params trainer;
    s2vi_embedding_config config; /* words: the data's */
    const s2vi_scene_clips *data; /* prepared, of the config's side; outlives
                                     the training */
    int batch;
} s2vi_embedding_trainer_params;

/** s2vi_embedding_trainer_close() also after a failure. */
int s2vi_embedding_trainer_create(s2vi_embedding_trainer **trainer,
                                  const s2vi_embedding_trainer_params *params,
                                  s2v_error *err);
void s2vi_embedding_trainer_close(s2vi_embedding_trainer **trainer);

/** The trainer in there. */
s2vi_trainer *s2vi_embedding_trainer_base(s2vi_embedding_trainer *trainer);

/** Set what a weight file says of such clips: s2v.level and, if wanted,
 * s2v.vocabulary. */
int s2vi_scene_metadata(const s2vi_scene_clips *data, bool words,
                        s2vi_writer *w, s2v_error *err);

/** A frame of a clip, and the text that it is embedded with. */
typedef struct s2vi_embedded_frame {
    const s2vi_scene_clip *clip;
    int64_t frame;
    int text;
} s2vi_embedded_frame;

/**
 * Embed frames with the weights that would be exported.
 *
 * @param out (n,3,width): picture, sound, text
 */
int s2vi_embedding_trainer_embed(s2vi_embedding_trainer *trainer,
                                 const s2vi_embedded_frame *frame, int n,
                                 float *out, s2v_error *err);

#endif
