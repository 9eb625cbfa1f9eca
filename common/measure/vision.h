/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Features of an image network: LPIPS of a pair of frames, and the features for
 * a Frechet distance.
 */
#ifndef S2VI_TRAIN_VISION_H
#define S2VI_TRAIN_VISION_H

#include "s2v/s2v.h"

typedef struct s2vi_vision s2vi_vision;

typedef struct s2vi_vision_params {
    const char *network; /**< weight file: VGG16, VGG19 or SqueezeNet 1.1 */
    const char *heads;   /**< LPIPS's for it, or NULL: no LPIPS */
    int width, height;   /**< of the frames, at least 32 each */
    const char *device;  /**< NULL: auto */
    int threads;         /**< 0: all */
} s2vi_vision_params;

/** @param vision to be closed; NULL on failure */
int s2vi_vision_open(s2vi_vision **vision, const s2vi_vision_params *params,
                     s2v_error *err);
void s2vi_vision_close(s2vi_vision **vision);

/** The network's name, such as "squeezenet1.1-caffe"; its layer whose features
 * s2vi_vision_compare() gives, and how many they are. */
const char *s2vi_vision_network(const s2vi_vision *vision);
const char *s2vi_vision_layer(const s2vi_vision *vision);
int s2vi_vision_channels(const s2vi_vision *vision);

/**
 * Compare a real and a generated frame.
 *
 * @param real, made (height, width, 3) in [0, 1]
 * @param lpips      their distance; NaN without heads
 * @param of_real, of_made receive (channels): the last layer's features, mean
 *                   over all places; may be NULL
 */
int s2vi_vision_compare(s2vi_vision *vision, const float *real,
                        const float *made, double *lpips, float *of_real,
                        float *of_made, s2v_error *err);

#endif
