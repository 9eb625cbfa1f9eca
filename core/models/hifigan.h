/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HiFi-GAN: the generator, a vocoder, as a graph; see hifigan.c. */
#ifndef S2VI_MODELS_HIFIGAN_H
#define S2VI_MODELS_HIFIGAN_H

#include "models/param_file.h"

#define S2VI_HIFIGAN_NAME "hifigan"

enum {
    S2VI_HIFIGAN_MAX_UPS = 6,
    S2VI_HIFIGAN_MAX_KERNELS = 4,
    S2VI_HIFIGAN_MAX_DILATIONS = 4,
};

/** The paper's hyperparameters, sec. 2.2 and appendix A.1. */
typedef struct s2vi_hifigan_config {
    int bands;                           /* of the mel spectrogram */
    int channels;                        /* h_u: of the first convolution */
    int n_ups;                           /* |k_u| */
    int rate[S2VI_HIFIGAN_MAX_UPS];      /* strides: half of k_u */
    int up_kernel[S2VI_HIFIGAN_MAX_UPS]; /* k_u */
    int resblock;  /* 1: pairs of convolutions; 2: single */
    int n_kernels; /* |k_r| */
    int kernel[S2VI_HIFIGAN_MAX_KERNELS]; /* k_r */
    int n_dilations;                      /* of each kernel */
    int dilation[S2VI_HIFIGAN_MAX_KERNELS]
                [S2VI_HIFIGAN_MAX_DILATIONS]; /* D_r */
} s2vi_hifigan_config;

/** The configuration V1, V2 or V3 (`version` 1, 2, 3), for 80 bands. */
void s2vi_hifigan_version(s2vi_hifigan_config *config, int version);

/** S2V_OK, or S2V_ERR_INVALID and a sentence on what cannot be. */
int s2vi_hifigan_config_check(const s2vi_hifigan_config *config,
                              s2v_error *err);

/** Read a weight file's s2v.config: every key of
 * s2vi_hifigan_config_text(), and no others. S2V_ERR_MODEL and a sentence. */
int s2vi_hifigan_config_parse(s2vi_hifigan_config *config, const char *json,
                              s2v_error *err);

/** The config as JSON, keys in fixed order; the caller frees. NULL: memory. */
char *s2vi_hifigan_config_text(const s2vi_hifigan_config *config);

/** Samples made of each column: the product of the rates. */
int s2vi_hifigan_hop(const s2vi_hifigan_config *config);

/**
 * Append the parameters, under the names of the authors' files with weight
 * norm folded: "conv_pre.weight", "ups.0.weight" (Cin,Cout,k), ...
 *
 * @return S2V_OK; S2V_ERR_INVALID; S2V_ERR_NOMEM. On failure the list is as
 *         it was.
 */
int s2vi_hifigan_params(const s2vi_hifigan_config *config,
                        s2vi_param_list *list, s2v_error *err);

/**
 * Which of V1, V2 and V3 a weight file holds, by names and shapes.
 *
 * @param ignore patterns of other tensors that the file may have, ended by
 *               NULL, as s2vi_param_list_check() wants them; or NULL
 * @return S2V_OK; S2V_ERR_MODEL and a sentence on what the nearest lacks
 */
int s2vi_hifigan_recognise(s2vi_hifigan_config *config,
                           const s2v_weights *weights,
                           const char *const *ignore, s2v_error *err);

/**
 * Record the generator. Its parameters become PARAM VARs, once in a graph.
 *
 * @param mel   (n,T,bands)
 * @param audio set to (n,T hop,1), in [-1, 1]
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_hifigan_build(s2vi_graph *graph, const s2vi_hifigan_config *config,
                       s2vi_node *mel, s2vi_node **audio, s2v_error *err);

#endif
