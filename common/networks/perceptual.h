/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Perceptual networks: image classifiers whose features a loss or a metric
 * compares; see perceptual.c.
 *
 *     s2vi_perceptual_open(&phi, "vgg16.safetensors", err);
 *     s2vi_perceptual_load(phi, store, err);
 *     loss = s2vi_perceptual_distance(phi, graph, real, made,
 *                                     s2vi_perceptual_default_layer(phi));
 */
#ifndef S2VI_NETWORKS_PERCEPTUAL_H
#define S2VI_NETWORKS_PERCEPTUAL_H

#include "run/store.h"

#define S2VI_PERCEPTUAL_MAX_LAYERS 7

/** An open weight file, known to hold one of the networks; immutable. */
typedef struct s2vi_perceptual s2vi_perceptual;

/**
 * Open a safetensors file of VGG16, VGG19 or SqueezeNet 1.1 under torchvision's
 * tensor names. Which one it is, its tensors tell; others (the classifier's)
 * are ignored.
 *
 * Metadata "input" says how pictures go in, such as "BGR in 0..255 minus
 * (104,117,123)" or "RGB in 0..1 minus (.485,.456,.406) over (.229,.224,.225)",
 * which is torchvision's and what a file without it means. More text may
 * follow after a ';'.
 *
 * @param phi set to the network, to be closed; NULL on failure
 * @return S2V_OK; S2V_ERR_MODEL and a sentence naming the nearest network and
 *         what is missing or of another shape; what s2v_weights_open() returns
 */
int s2vi_perceptual_open(s2vi_perceptual **phi, const char *path,
                         s2v_error *err);

/** Close and set the pointer to NULL. NULL is fine. */
void s2vi_perceptual_close(s2vi_perceptual **phi);

/** "vgg16", "vgg19", "squeezenet1.1"; with "-caffe" if it wants BGR. */
const char *s2vi_perceptual_name(const s2vi_perceptual *phi);

/** How many layers give features: 5 in a VGG, 7 in SqueezeNet; LPIPS's. */
int s2vi_perceptual_layers(const s2vi_perceptual *phi);

/** That which stands for eq. (6)'s "intermediate VGG layer". */
int s2vi_perceptual_default_layer(const s2vi_perceptual *phi);

/** A layer's name: "relu3_3", "fire7"; NULL if there is none of that number. */
const char *s2vi_perceptual_layer_name(const s2vi_perceptual *phi, int layer);

/** A layer's channels; 0 if there is none of that number. */
int s2vi_perceptual_layer_channels(const s2vi_perceptual *phi, int layer);

/** Put the weights into a store: PARAMs "phi.features.0.weight" and so on. */
int s2vi_perceptual_load(const s2vi_perceptual *phi, s2vi_store *store,
                         s2v_error *err);

/**
 * Record the network up to layer `last`.
 *
 * The weights become PARAM VARs, once in a graph. `phi` is not needed by the
 * graph later on.
 *
 * @param video    (T,H,W,3), RGB in [-1,1]; 32 pixels a side are enough
 * @param features receives (T,h,w,C) for layers 0 .. last, NULL for later ones
 */
void s2vi_perceptual_record(const s2vi_perceptual *phi, s2vi_graph *graph,
                            s2vi_node *video, int last,
                            s2vi_node *features[S2VI_PERCEPTUAL_MAX_LAYERS]);

/** phi(v), the features of one layer, likewise; NULL after a mistake. */
s2vi_node *s2vi_perceptual_features(const s2vi_perceptual *phi,
                                    s2vi_graph *graph, s2vi_node *video,
                                    int layer);

/**
 * The term of eq. (6), ||phi(v) - phi(v~)||_2, as a part of ||phi(v)||_2:
 * shape (1); 0.0001 where they are equal, about 1 where v~ is a blank.
 *
 * @param real v (T,H,W,3); no gradient flows into it
 * @param made v~, of v's shape
 */
s2vi_node *s2vi_perceptual_distance(const s2vi_perceptual *phi,
                                    s2vi_graph *graph, s2vi_node *real,
                                    s2vi_node *made, int layer);

#endif
