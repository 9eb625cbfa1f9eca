/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BN-Inception: the image network of temporal segment networks, whose features
 * of pictures and of optical flow VarietySound was trained on; see
 * bn_inception.c.
 *
 *     s2vi_bn_inception_open(&net, "bn_inception.safetensors", 3, err);
 *     s2vi_bn_inception_load(net, store, err);
 *     s2vi_bn_inception_build(graph, 3, pictures, &features, err);
 */
#ifndef S2VI_NETWORKS_BN_INCEPTION_H
#define S2VI_NETWORKS_BN_INCEPTION_H

#include "nn/param.h"
#include "run/store.h"

enum {
    S2VI_BN_FEATURES = 1024,
    S2VI_BN_SIDE = 224, /* pixels that it was trained on */
    S2VI_BN_GRAIN = 32, /* sides are multiples of it */
    S2VI_BN_RGB = 3,    /* planes of a picture, in the order B, G, R */
    S2VI_BN_FLOW = 2,   /* planes of a flow: to the right, downwards */
};

/** An open weight file, known to hold the network; immutable. */
typedef struct s2vi_bn_inception s2vi_bn_inception;

/**
 * Append the parameters under their public names ("conv1_7x7_s2.weight",
 * "inception_3a_1x1_bn.running_var"); statistics are buffers.
 *
 * @param planes of the input
 * @return S2V_OK; S2V_ERR_NOMEM: the list is as it was
 */
int s2vi_bn_inception_params(int planes, s2vi_param_list *list, s2v_error *err);

/**
 * Open a safetensors file of the network under the names that the PyTorch
 * versions of it share, with or without "module." and "base_model." before
 * them. The classifier is ignored; a norm's parameters may be (1,C).
 *
 * The first convolution's input planes are `planes`, or 3 where a flow's 2 are
 * wanted: then each plane's weights are their mean, as temporal segment
 * networks begin ("cross modality pre-training").
 *
 * @param net set to the network, to be closed; NULL on failure
 * @return S2V_OK; S2V_ERR_MODEL and a sentence naming what is missing or of
 *         another shape; what s2v_weights_open() returns
 */
int s2vi_bn_inception_open(s2vi_bn_inception **net, const char *path,
                           int planes, s2v_error *err);

/** Close and set the pointer to NULL. NULL is fine. */
void s2vi_bn_inception_close(s2vi_bn_inception **net);

/** Put the weights into a store under their public names. */
int s2vi_bn_inception_load(const s2vi_bn_inception *net, s2vi_store *store,
                           s2v_error *err);

/**
 * Record the network up to its global average.
 *
 * @param x        (T,H,W,planes), 0 .. 255 less the mean: 104, 117, 128 of B,
 *                 G, R, 128 of a flow (bn_inception.c); sides are multiples of
 *                 32
 * @param features set to (T,1024)
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_bn_inception_build(s2vi_graph *graph, int planes, s2vi_node *x,
                            s2vi_node **features, s2v_error *err);

#endif
