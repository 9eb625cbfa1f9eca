/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The networks of sound that goldens are of, recorded as those say. */
#ifndef S2V_TESTS_MODELS_SOUND_NETWORKS_H
#define S2V_TESTS_MODELS_SOUND_NETWORKS_H

#include "nn/param.h"
#include "weights/weights.h"

enum { SOUND_MAX_NODES = 32 };

typedef struct sound_node {
    const char *name; /* after "in." or "out." in the golden */
    s2vi_node *node;
} sound_node;

/** A recorded network. */
typedef struct sound_network {
    const s2v_weights *file; /* the golden's */
    s2vi_graph *graph;
    s2vi_param_list params;
    sound_node input[SOUND_MAX_NODES];
    int n_inputs;
    sound_node output[SOUND_MAX_NODES];
    int n_outputs;
    s2vi_node *loss; /* NULL: the test makes one of the outputs, ... */
    int n_weighted;  /* ... of the first ones alone, unless this is 0 */
} sound_network;

/** Record the network that the golden's metadata "network" names. */
int sound_network_open(sound_network *net, const s2v_weights *file,
                       s2v_error *err);
void sound_network_close(sound_network *net);

#endif
