/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Goldens of sound-guided semantic video generation: graphs of what they have.
 */
#ifndef S2V_TESTS_MODELS_GOLDEN_SEMANTIC_H
#define S2V_TESTS_MODELS_GOLDEN_SEMANTIC_H

#include "nn/param.h"
#include "run/exec.h"
#include "weights/weights.h"

enum { GOLDEN_SEMANTIC_MOST = 2048, GOLDEN_SEMANTIC_NAME = 128 };

/** A tensor of the file, the node that is it, and how that lies there. */
typedef struct golden_semantic_tensor {
    char name[GOLDEN_SEMANTIC_NAME];
    s2vi_node *node;
    s2vi_param layout;
    bool gradient;
    float *values; /* instead of the file's, to be freed; or NULL */
} golden_semantic_tensor;

typedef struct golden_semantic {
    const char *label;
    s2v_weights *file, *beside; /* that has what `file` lacks; or NULL */
    s2vi_graph *graph;
    s2vi_param_list params; /* the generator's first */
    int n_generator;
    const char *skip; /* begins the parameters' names here alone */
    golden_semantic_tensor input[32], output[GOLDEN_SEMANTIC_MOST];
    int n_inputs, n_outputs;
} golden_semantic;

/** Declares parameters in `params`, and records inputs and outputs. */
typedef void golden_semantic_record(golden_semantic *g);

/** A tensor's numbers, in memory's order if `layout` is not NULL; to be
 * freed. Exits where the file has none of that name. */
float *golden_semantic_read(const golden_semantic *g, const char *name,
                            const s2vi_param *layout);

/** What the file's kind is recorded by. */
golden_semantic_record *golden_semantic_of(const golden_semantic *g);

/** Of the published code. Parts whose functions no header declares: their file
 * includes sound_inversion.c. */
golden_semantic_record golden_semantic_irse, golden_semantic_style_head,
    golden_semantic_e_rnn, golden_semantic_e_rnn_noise,
    golden_semantic_published_di, golden_semantic_published_dv1,
    golden_semantic_published_dv0;

/* ----------------------------------------------- for those who record -- */

/** An INPUT of the tensor of that name; (n,C,..) is channels last unless it is
 * `raw`. */
s2vi_node *golden_semantic_input(golden_semantic *g, const char *name,
                                 bool raw);

/** Compare the node with that tensor, if the file has it. */
void golden_semantic_output(golden_semantic *g, const char *name,
                            s2vi_node *node, bool raw);

/** Compare the gradients of a loss in all parameters and inputs: "out.PREFIX."
 * and the name. */
void golden_semantic_gradients(golden_semantic *g, const char *prefix,
                               s2vi_node *loss);

#endif
