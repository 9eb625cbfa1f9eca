/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks that goldens are of, recorded as those say. */
#ifndef S2V_TESTS_MODELS_GOLDEN_NETWORKS_H
#define S2V_TESTS_MODELS_GOLDEN_NETWORKS_H

#include "nn/param.h"
#include "weights/weights.h"

enum { GOLDEN_MAX_NODES = 32, GOLDEN_MAX_PARTS = 4 };

typedef struct golden_node {
    const char *name; /* after "in." or "out." in the golden */
    s2vi_node *node;
} golden_node;

/** Parameters from `first` on, whose test weights are numbered by themselves.
 */
typedef struct golden_part {
    int first;
    uint64_t seed;
} golden_part;

/** A recorded network. */
typedef struct golden_network {
    const s2v_weights *file; /* the golden's */
    s2vi_graph *graph;
    s2vi_param_list params;
    uint64_t seed;                      /* of the test weights */
    golden_part part[GOLDEN_MAX_PARTS]; /* none: all have that seed */
    int n_parts;
    golden_node input[GOLDEN_MAX_NODES];
    int n_inputs;
    golden_node output[GOLDEN_MAX_NODES];
    int n_outputs;
    s2vi_node *loss;      /* NULL: the test makes one of the outputs, ... */
    int n_weighted;       /* ... of the first ones alone, unless this is 0 */
    s2vi_node *last_loss; /* of the last part's parameters, unless NULL */
} golden_network;

/** Record the network that the golden's metadata "network" names. */
int golden_network_open(golden_network *net, const s2v_weights *file,
                        s2v_error *err);
void golden_network_close(golden_network *net);

/** An INPUT of the shape of the golden's tensor "in.NAME"; an output. */
s2vi_node *golden_network_input(golden_network *net, const char *name);
void golden_network_output(golden_network *net, const char *name,
                           s2vi_node *node);

/** The parameters that are declared next are a part of that seed. */
void golden_network_part(golden_network *net, uint64_t seed);

/** Those of MAN (man_networks.c). */
int golden_network_man_generator(golden_network *net, s2v_error *err);
int golden_network_man_predictor(golden_network *net, s2v_error *err);
int golden_network_man_posterior(golden_network *net, s2v_error *err);
int golden_network_man_hourglass(golden_network *net, s2v_error *err);
int golden_network_man_critics(golden_network *net, s2v_error *err);
int golden_network_man_losses(golden_network *net, s2v_error *err);

#endif
