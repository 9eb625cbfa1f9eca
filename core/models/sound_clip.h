/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encoders of sound into CLIP's space; see sound_clip.c. Their images are made
 * by audio/decibel_mel.h and audio/wav2clip.h. */
#ifndef S2VI_MODELS_SOUND_CLIP_H
#define S2VI_MODELS_SOUND_CLIP_H

#include "nn/param.h"
#include "run/store.h"
#include "weights/weights.h"

#define S2VI_SOUND_CLIP_NAME "sound-clip"

enum { S2VI_SOUND_CLIP_STAGES = 4, S2VI_SOUND_CLIP_BLOCKS = 8 };

typedef struct s2vi_sound_clip_config {
    int width[S2VI_SOUND_CLIP_STAGES], stages; /* channels; 4 */
    int hidden;    /* Wav2CLIP: width between its last layers; 0: Lee et al. */
    int embedding; /* width of the space */
} s2vi_sound_clip_config;

/** That of a file: from its tensors, whose names may begin with "module.". */
int s2vi_sound_clip_config_read(s2vi_sound_clip_config *config,
                                const s2v_weights *weights, s2v_error *err);
int s2vi_sound_clip_config_check(const s2vi_sound_clip_config *config,
                                 s2v_error *err);

/** Append the parameters. */
int s2vi_sound_clip_params(const s2vi_sound_clip_config *config,
                           s2vi_param_list *list, s2v_error *err);

/** Check a file against the configuration, and load it into the store. */
int s2vi_sound_clip_load(const s2vi_sound_clip_config *config,
                         const s2v_weights *weights, s2vi_store *store,
                         s2v_error *err);

typedef struct s2vi_sound_clip_graph {
    s2vi_node *stem;                          /* (n,h,w,C): after the pooling */
    s2vi_node *block[S2VI_SOUND_CLIP_BLOCKS]; /* (n,h,w,C) */
    s2vi_node *embedding;                     /* (n,E) */
    s2vi_node *normalised;                    /* the same at length 1 */
} s2vi_sound_clip_graph;

/** @param images (n,height,width,1): S2VI_SOUND_CLIP_HEIGHT and _WIDTH, or
 *                S2VI_WAV2CLIP_BINS and so many columns as there are */
int s2vi_sound_clip_build(s2vi_graph *graph,
                          const s2vi_sound_clip_config *config,
                          s2vi_node *images, s2vi_sound_clip_graph *out,
                          s2v_error *err);

#endif
