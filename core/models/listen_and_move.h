/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listen and Move: the generator, as a graph; see listen_and_move.c. */
#ifndef S2VI_MODELS_LISTEN_AND_MOVE_H
#define S2VI_MODELS_LISTEN_AND_MOVE_H

#include "graph/graph.h"
#include "nn/param.h"

#define S2VI_LM_NAME       "listen-and-move"
#define S2VI_LM_MAX_LAYERS 8 /* N = 1024 */
#define S2VI_LM_MAX_STATES 16
#define S2VI_LM_MAX_FRAMES 1024 /* T */

typedef enum s2vi_lm_motion {
    S2VI_LM_DILATED, /* residual dilated GRUs, eq. (1) */
    S2VI_LM_GRU,     /* the baseline: plain stacked GRUs */
} s2vi_lm_motion;

typedef enum s2vi_lm_connection {
    S2VI_LM_RESIDUAL, /* 1x1 shortcut round each layer */
    S2VI_LM_SKIP,     /* the picture is a sum over scales, sec. 5.2 */
    S2VI_LM_NONE,
} s2vi_lm_connection;

typedef enum s2vi_lm_prediction {
    S2VI_LM_DIRCONVGRU, /* five recurrent cells, sec. 3.4 */
    S2VI_LM_CONVGRU,    /* the centred one alone */
    S2VI_LM_NO_PREDICTION,
} s2vi_lm_prediction;

/** Every switch of the paper; s2vi_lm_defaults() is its full model. */
typedef struct s2vi_lm_config {
    int size;         /* N: side of the square picture, a power of 2 */
    int channels_min; /* C of the outermost layer, and P */
    int channels_max;
    int bands;         /* B: numbers in a sound feature */
    int noise_e;       /* E: numbers of motion noise */
    int motion_layers; /* L_R */
    s2vi_lm_motion motion;
    bool mfs;   /* motion from sound: R gets f */
    bool sac;   /* sound as content: G gets f beside m */
    bool acin;  /* f modulates the norms, eq. (2) */
    bool noise; /* noise injection */
    s2vi_lm_connection connection;
    s2vi_lm_prediction prediction;
    int prediction_kernel; /* K: 3 */
    /* Beyond the paper; default false. */
    bool constant;   /* a learned 4x4 image is added to the first one, as in
                        StyleGAN: position not from the zeros at the border alone
                      */
    bool background; /* a learned picture is added before the tanh */
} s2vi_lm_config;

void s2vi_lm_defaults(s2vi_lm_config *config);

/** S2V_OK, or one sentence on the first value that cannot be. */
int s2vi_lm_config_check(const s2vi_lm_config *config, s2v_error *err);

/** Read a weight file's s2v.config; every key known, missing ones default. */
int s2vi_lm_config_parse(s2vi_lm_config *config, const char *json,
                         s2v_error *err);

/** The config as JSON, keys in fixed order; the caller frees. NULL: memory. */
char *s2vi_lm_config_text(const s2vi_lm_config *config);

/** Append the parameters of that configuration. On failure, S2V_ERR_NOMEM, the
 * list is as it was. */
int s2vi_lm_params(const s2vi_lm_config *config, s2vi_param_list *list,
                   s2v_error *err);

/** How a generator is recorded. */
typedef struct s2vi_lm_options {
    int frames;  /* T: consecutive frames of one sequence */
    bool plain;  /* without the exact economies: for tests */
    bool bypass; /* the prediction layer passes x on and has no states: for
                    training, which it slows down fivefold */
} s2vi_lm_options;

/** A recorded generator. */
typedef struct s2vi_lm_graph {
    s2vi_node *features;                  /* INPUT (T,B): f */
    s2vi_node *motion;                    /* (T,M): m */
    s2vi_node *layer[S2VI_LM_MAX_LAYERS]; /* (T,n,n,C): each layer's result */
    s2vi_node *predicted;                 /* (T,N,N,C): x'' */
    s2vi_node *video;                     /* (T,N,N,3) in [-1, 1] */
    s2vi_node *carry[S2VI_LM_MAX_STATES]; /* ASSIGNs: states for the next
                                             sequence */
    int n_carry;
} s2vi_lm_graph;

/**
 * Record R and G for T frames.
 *
 * Parameters become VARs of the names in the table, states STATE VARs. Noise
 * at frame t of the sequence is keyed by the run's clock + t: stream 0 for e,
 * 1 + 2i and 2 + 2i for the two planes of layer i.
 *
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_lm_build(s2vi_graph *graph, const s2vi_lm_config *config,
                  const s2vi_lm_options *options, s2vi_lm_graph *out,
                  s2v_error *err);

#endif
