/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parameters: a network's list of them, and the scope in which its layers
 * declare them. From the list come initialisation, loading, saving and the
 * optimiser.
 *
 * A network is a struct of layers (nn.h, sequence.h), whose members are nodes,
 * and one function that declares them: each name, shape and initial value
 * stands there, and nowhere else. That function is run over a list, to append
 * to it, or over a graph, to have the parameters as VARs for recording:
 *
 *     typedef struct network { s2vi_layer fc1, fc2; } network;
 *
 *     static void declare(const s2vi_scope *s, network *n)
 *     {
 *         n->fc1 = s2vi_declare_layer(s, S2VI_SHAPE(64, 16), HE, 64, "fc1");
 *         n->fc2 = s2vi_declare_layer(s, S2VI_SHAPE(3, 64), HE, 3, "fc2");
 *     }
 *
 *     declare(&(s2vi_scope){.list = list}, &n);
 *     declare(&(s2vi_scope){.graph = graph}, &n);
 *     y = s2vi_nn_linear(s2vi_lrelu(s2vi_nn_linear(x, n.fc1), 0.2), n.fc2);
 *
 * Why so, as PyTorch's modules and not as layers that declare while they are
 * recorded: the list's order, on which initial values and files depend, is not
 * the order of the computation, which may be changed; a list needs no shapes
 * of data; what is recorded twice on a graph has one set of names; and a name
 * that is not declared does not compile.
 */
#ifndef S2VI_NN_PARAM_H
#define S2VI_NN_PARAM_H

#include "graph/graph.h"

#include <stdarg.h>

typedef enum s2vi_init {
    S2VI_INIT_ZERO,
    S2VI_INIT_ONE,
    S2VI_INIT_NORMAL,       /* N(0, 0.02) */
    S2VI_INIT_FAN_IN,       /* N(0, 1 / sqrt(inputs)) */
    S2VI_INIT_HE,           /* N(0, sqrt(2 / inputs)), for rectifiers: as loud
                               behind a layer as before it */
    S2VI_INIT_HE_UP,        /* the same of a transposed convolution of stride 2,
                               (Cin,Cout,k): half its taps meet in a result */
    S2VI_INIT_UNIFORM,      /* U(-1, 1) / sqrt(inputs), PyTorch's habit */
    S2VI_INIT_ORTHOGONAL,   /* rows (or columns) orthonormal, as a matrix
                               (first dimension, all the others) */
    S2VI_INIT_XAVIER,       /* N(0, sqrt(2 / (inputs + results))), of a
                               convolution or a matrix */
    S2VI_INIT_XAVIER_SMALL, /* a fiftieth of that */
    S2VI_INIT_UNIT,         /* N(0, 1), of what is scaled where it is used
                               (equalised.h) */
    S2VI_INIT_HUNDRED,      /* N(0, 100), of what learns at a hundredth of the
                               rate there */
    S2VI_INIT_LOGIT_SCALE,  /* ln(1 / 0.07), of cosines' scale (CLIP) */
} s2vi_init;

enum { S2VI_PARAM_NAME = 64 }; /* with the ending 0 */

typedef struct s2vi_param {
    char name[S2VI_PARAM_NAME];
    s2vi_shape file_shape; /* PyTorch's: (Cout,Cin,kh,kw), (out,in), (n) */
    s2vi_shape shape;      /* the engine's: (Cout,kh,kw,Cin), ... */
    s2vi_init init;
    bool buffer; /* not learned, as in PyTorch: a running mean or variance */
} s2vi_param;

/** Zeroed before first use. */
typedef struct s2vi_param_list {
    s2vi_param *param;
    int count;
    s2v_error mistake; /* the first of declaring; code S2V_OK: none */
} s2vi_param_list;

const s2vi_param *s2vi_param_find(const s2vi_param_list *list,
                                  const char *name);
void s2vi_param_list_close(s2vi_param_list *list);

/**
 * Whether all that was declared since the list had `before` parameters is in
 * it; otherwise the list is as it was then.
 *
 * @return S2V_OK; S2V_ERR_NOMEM; S2V_ERR_INTERNAL: a name is too long
 */
int s2vi_param_list_end(s2vi_param_list *list, int before, s2v_error *err);

/* ----------------------------------------------------------- declaring -- */

/** Where parameters are declared. */
typedef struct s2vi_scope {
    s2vi_param_list *list; /* gets them; or NULL */
    s2vi_graph *graph;     /* gets VARs of them, once each; or NULL */
    /* The same parameter of each layer stands side by side in the list, so
     * convs.0.weight, convs.1.weight, convs.0.bias, ...: the order that files
     * of some models have. New models leave it false. */
    bool by_kind;
    char
        prefix[S2VI_PARAM_NAME]; /* of their names: "" or "decoder.blocks.3." */
} s2vi_scope;

/** The scope of a network whose names all begin with `prefix`: "" or
 * "blazeface.". Of list and graph, one. */
s2vi_scope s2vi_scope_under(const char *prefix, s2vi_param_list *list,
                            s2vi_graph *graph);

/** The scope of a part: its name, made as printf() does, and a dot are added
 * to the prefix. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
s2vi_scope
s2vi_scope_in(const s2vi_scope *scope, const char *format, ...);
s2vi_scope s2vi_scope_in_v(const s2vi_scope *scope, const char *format,
                           va_list args);

/**
 * Declare a parameter of that name, made as printf() does, under the prefix.
 * The engine's shape follows from the file's, rank 3 and more being
 * convolutions' weights.
 *
 * @return its PARAM VAR on the scope's graph; NULL without a graph
 */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
s2vi_node *
s2vi_declare(const s2vi_scope *scope, s2vi_shape file_shape, s2vi_init init,
             const char *format, ...);

/** The same of what is not learned. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
s2vi_node *
s2vi_declare_buffer(const s2vi_scope *scope, s2vi_shape file_shape,
                    s2vi_init init, const char *format, ...);

/**
 * The PARAM VAR of a list's parameter, recorded where the graph has none yet;
 * NULL, and a mistake on the graph, if the list has no such name.
 */
s2vi_node *s2vi_param_var(s2vi_graph *graph, const s2vi_param_list *list,
                          const char *name);

/* -------------------------------------------------------------- values -- */

/** Permute between the file's layout and the engine's; to != from. */
void s2vi_param_from_file(const s2vi_param *param, const float *from,
                          float *to);
void s2vi_param_to_file(const s2vi_param *param, const float *from, float *to);

/**
 * Initial values, engine layout. The same seed and place in the list, the
 * same values.
 */
int s2vi_param_init(const s2vi_param_list *list, int index, uint64_t seed,
                    float *out, s2v_error *err);

#endif
