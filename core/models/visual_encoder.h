/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The visual encoder of VarietySound, a small one, as a graph; see
 * visual_encoder.c. In weight files it is "sight".
 *
 * Pictures are squares of RGB in [-1, 1], one for each 1024 samples at
 * 22,050 Hz: exactly 11025/512 = 21.533203125 a second. Picture k is the one on
 * display k 512/11025 s after the beginning. It becomes feature k, which
 * belongs to columns 4 k to 4 k + 3 of the mel spectrogram.
 */
#ifndef S2VI_MODELS_VISUAL_ENCODER_H
#define S2VI_MODELS_VISUAL_ENCODER_H

#include "nn/param.h"
#include "video/motion.h"

enum {
    S2VI_VISUAL_ENCODER_HOP = 1024,       /* samples at 22,050 Hz, a picture */
    S2VI_VISUAL_ENCODER_RATE_NUM = 11025, /* pictures a second: NUM / DEN */
    S2VI_VISUAL_ENCODER_RATE_DEN = 512,
    S2VI_VISUAL_ENCODER_LEAST = 8, /* side of a picture */
    S2VI_VISUAL_ENCODER_MOST = 256,
};

/** What the convolutions see; the words of "front_end" in their order. */
typedef enum s2vi_front_end {
    S2VI_FRONT_END_PICTURES = 0, /* each, and its difference to the last */
    S2VI_FRONT_END_DIFFERENCES,  /* motion.h's, of a pyramid */
    S2VI_FRONT_END_FLOW,         /* motion.h's */
    S2VI_FRONT_END_MOTION,       /* both of these */
} s2vi_front_end;
extern const char *const s2vi_front_end_words[]; /* NULL-terminated */

typedef struct s2vi_visual_encoder_config {
    int size;     /* N: side of a picture, a power of 2: 64 */
    int channels; /* C of the outermost layer, doubling inwards to 8 C: 16 */
    int features; /* W: numbers in a feature */
    s2vi_front_end front_end;
} s2vi_visual_encoder_config;

/** `features` is the generator's to say. */
void s2vi_visual_encoder_defaults(s2vi_visual_encoder_config *config,
                                  int features);

/** S2V_OK, or S2V_ERR_MODEL and a sentence on what cannot be. */
int s2vi_visual_encoder_config_check(const s2vi_visual_encoder_config *config,
                                     s2v_error *err);

/** The kinds of motion.h that a front-end has; 0: it sees pictures. */
int s2vi_front_end_motion(s2vi_front_end front_end);

/** What the network sees for K features of n sequences: its input's shape. */
s2vi_shape s2vi_visual_encoder_input(const s2vi_visual_encoder_config *config,
                                     int64_t n, int64_t K);

/**
 * Append the parameters, "sight.*". The columns of sight.linear.weight (W, 16
 * c) are the innermost layer's numbers in the order (h, w, c), not PyTorch's
 * (c, h, w); of motion they are c maxima and c means, (W, 2 c).
 *
 * @return S2V_OK; S2V_ERR_MODEL; S2V_ERR_NOMEM. On failure the list is as it
 *         was.
 */
int s2vi_visual_encoder_params(const s2vi_visual_encoder_config *config,
                               s2vi_param_list *list, s2v_error *err);

/**
 * Record the visual encoder. A feature is made of its picture and the one
 * before alone, or of its planes of motion: windows give the features that a
 * whole film would give.
 *
 * @param seen     (n,K + 1,N,N,3) in [-1, 1]: the picture before the first
 *                 (at a film's beginning the first itself, so that nothing has
 *                 moved), then K; or the planes of K pictures, (n,K,N/2,N/2,P)
 * @param features set to (n,K,W)
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_visual_encoder_build(s2vi_graph *graph,
                              const s2vi_visual_encoder_config *config,
                              s2vi_node *seen, s2vi_node **features,
                              s2v_error *err);

#endif
