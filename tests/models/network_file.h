/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of image networks and of LPIPS's heads, with numbers by the rule
 * at the head of tests/reference/perceptual.py. */
#ifndef S2V_TESTS_MODELS_NETWORK_FILE_H
#define S2V_TESTS_MODELS_NETWORK_FILE_H

#include "weights/weights.h"

/** The convolutions of a network, written down once more. */
typedef struct network_conv {
    char name[64];
    int64_t cout, cin, k;
} network_conv;

typedef struct network_convs {
    network_conv conv[32];
    int count;
} network_convs;

/** @param network "vgg16", "vgg19"; else SqueezeNet 1.1 */
network_convs network_convs_of(const char *network);

/** Add tensor i: the weight (even) or the bias (odd) of convolution i / 2. */
void network_add_tensor(s2vi_writer *w, const network_convs *l, int i,
                        bool caffe);

/** @param input metadata, or NULL; `caffe`: weights for pixels of 0..255 */
void network_file_write(const char *path, const char *network,
                        const char *input, bool caffe);

/** LPIPS's heads over a network; the last `missing` ones not. */
void heads_file_write(const char *path, const char *network, int missing);

#endif
