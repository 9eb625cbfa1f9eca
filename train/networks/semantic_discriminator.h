/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D_I and D_V of sound-guided semantic video generation, as graphs; see
 * semantic_discriminator.c. */
#ifndef S2VI_NETWORKS_SEMANTIC_DISCRIMINATOR_H
#define S2VI_NETWORKS_SEMANTIC_DISCRIMINATOR_H

#include "nn/param.h"

enum { S2VI_SEMANTIC_D_SCALES = 2, S2VI_SEMANTIC_D_LAYERS = 5 };

/** How D_V looks at a video. */
typedef enum s2vi_semantic_dv {
    S2VI_SEMANTIC_DV_MOTION, /* MoCoGAN-HD's: patches of time and space */
    S2VI_SEMANTIC_DV_FRAME,  /* the published code's: sees no motion */
} s2vi_semantic_dv;

typedef struct s2vi_semantic_d_config {
    int size;     /* N: side of a frame, a power of 2, at least 16 */
    int channels; /* of the first layer: 64, of FRAME 32; small: 32 */
    s2vi_semantic_dv dv;
} s2vi_semantic_d_config;

/** S2V_OK, or S2V_ERR_MODEL and a sentence on what cannot be. */
int s2vi_semantic_d_config_check(const s2vi_semantic_d_config *config,
                                 s2v_error *err);

/** Append the parameters, under `prefix`: "d_i.", then as published:
 * "main.0.weight". */
int s2vi_semantic_di_params(const s2vi_semantic_d_config *config,
                            const char *prefix, s2vi_param_list *list,
                            s2v_error *err);

/** @param frames (n,N,N,3): black -1, white 1; each is judged apart
 *  @param maps   receives what is behind each leaky ReLU, or NULL
 *  @return (n,1,1,1) */
s2vi_node *s2vi_semantic_di_build(s2vi_graph *graph,
                                  const s2vi_semantic_d_config *config,
                                  const char *prefix, s2vi_node *frames,
                                  s2vi_node **maps, s2v_error *err);

/** Append the parameters, under `prefix`: "d_v.", then as published:
 * "netD.scale1_layer0.0.weight". FRAME's are "layer0.weight", ... */
int s2vi_semantic_dv_params(const s2vi_semantic_d_config *config,
                            const char *prefix, s2vi_param_list *list,
                            s2v_error *err);

/** FRAME's dropout for videos of n times T frames: 0 or 4/3, drawn anew in each
 * run; NULL for MOTION, which has none. */
s2vi_node *s2vi_semantic_dv_dropout(s2vi_graph *graph,
                                    const s2vi_semantic_d_config *config, int n,
                                    int T, uint32_t stream);

/** What D_V says: a map of patches of each scale. */
typedef struct s2vi_semantic_dv_graph {
    int scales;
    /* The results of each layer, the finest scale first; the last is the
     * judged map. */
    s2vi_node *layer[S2VI_SEMANTIC_D_SCALES][S2VI_SEMANTIC_D_LAYERS];
    int layers;
} s2vi_semantic_dv_graph;

/**
 * @param video  (n,T,N,N,3)
 * @param mask   FRAME's dropout, before the last layer, of its input's shape:
 *               s2vi_semantic_dv_dropout(); NULL: none
 */
int s2vi_semantic_dv_build(s2vi_graph *graph,
                           const s2vi_semantic_d_config *config,
                           const char *prefix, s2vi_node *video,
                           s2vi_node *mask, s2vi_semantic_dv_graph *out,
                           s2v_error *err);

#endif
