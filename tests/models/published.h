/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of MAN against goldens of published code, which are not in this
 * repository: a graph of a part, and the tensors of its golden.
 *
 * Tensors are (N,C,H,W) there. What a golden's output NAME is multiplied with
 * in the loss is "seed.NAME", gradients are "grad.NAME", of large ones the L2
 * norms "gradnorm.NAME".
 */
#ifndef S2V_TESTS_MODELS_PUBLISHED_H
#define S2V_TESTS_MODELS_PUBLISHED_H

#include "nn/param.h"
#include "weights/weights.h"

enum { PUBLISHED_MOST = 64, PUBLISHED_NAME = 96 };

/** A tensor, and the node that it is the value of. */
typedef struct published_tensor {
    char name[PUBLISHED_NAME];
    s2vi_node *node;
    bool leaf; /* of inputs: there is a gradient of it */
} published_tensor;

typedef struct published {
    s2v_weights *file;
    const char *values;    /* begins the names of inputs and parameters, */
    const char *gradients; /* of seeds and gradients */
    s2vi_graph *graph;
    s2vi_param_list params;
    /* A parameter's name in the file; NULL: the same. */
    void (*rename)(const char *name, char out[PUBLISHED_NAME]);
    published_tensor input[PUBLISHED_MOST], output[PUBLISHED_MOST];
    int n_inputs, n_outputs;
    s2vi_node *loss;
} published;

/** Records a part: declares its parameters in `params` and in `graph`. */
typedef void published_record(published *p);

/** An INPUT of the file's tensor of that name; channels last. */
s2vi_node *published_input(published *p, const char *name, bool leaf);

/** Compare the node with the tensor of that name. */
void published_output(published *p, const char *name, s2vi_node *node);

/** The same of `gradients` + name; its product with "seed.NAME" is part of the
 * loss. */
void published_weigh(published *p, const char *name, s2vi_node *node);

/* Parts whose functions no header declares: their files include man.c and
 * man_predictor.c. */
published_record published_eca, published_partial, published_block,
    published_unet;

#endif
