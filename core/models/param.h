/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A model's parameters, as its table gives them: one list from which
 * initialisation, loading, saving and the optimiser all come. */
#ifndef S2VI_MODELS_PARAM_H
#define S2VI_MODELS_PARAM_H

#include "base/error.h"
#include "graph/graph.h"

typedef enum s2vi_init {
    S2VI_INIT_ZERO,
    S2VI_INIT_ONE,
    S2VI_INIT_NORMAL,     /* N(0, 0.02) */
    S2VI_INIT_FAN_IN,     /* N(0, 1 / sqrt(inputs)) */
    S2VI_INIT_HE,         /* N(0, sqrt(2 / inputs)), for rectifiers: as loud
                             behind a layer as before it */
    S2VI_INIT_HE_UP,      /* the same of a transposed convolution of stride 2,
                             (Cin,Cout,k): half its taps meet in a result */
    S2VI_INIT_UNIFORM,    /* U(-1, 1) / sqrt(inputs), PyTorch's habit */
    S2VI_INIT_ORTHOGONAL, /* rows (or columns) orthonormal, as a matrix
                             (first dimension, all the others) */
} s2vi_init;

typedef struct s2vi_param {
    char name[64];
    s2vi_shape file_shape; /* PyTorch's: (Cout,Cin,kh,kw), (out,in), (n) */
    s2vi_shape shape;      /* the engine's: (Cout,kh,kw,Cin), ... */
    s2vi_init init;
    bool buffer; /* not learned, as in PyTorch: a running mean or variance */
} s2vi_param;

typedef struct s2vi_param_list {
    s2vi_param *param;
    int count;
} s2vi_param_list;

const s2vi_param *s2vi_param_find(const s2vi_param_list *list,
                                  const char *name);
void s2vi_param_list_close(s2vi_param_list *list);

/**
 * Append a parameter; the engine's shape follows from the file's, rank 3 and
 * more being convolutions' weights.
 *
 * @return S2V_OK; S2V_ERR_NOMEM: the list is as it was
 */
int s2vi_param_append(s2vi_param_list *list, const char *name,
                      const s2vi_shape *file_shape, s2vi_init init,
                      s2v_error *err);

/** Appends one after the other; after a failure nothing more happens. */
typedef struct s2vi_param_maker {
    s2vi_param_list *list;
    s2v_error *err;
    int status; /* S2V_OK, or what failed */
} s2vi_param_maker;

/** s2vi_param_append() of a name made as printf() does. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
void
s2vi_param_make(s2vi_param_maker *maker, s2vi_shape file_shape, s2vi_init init,
                const char *format, ...);

/**
 * The PARAM VAR of a name, recorded where the graph has none yet; NULL, and a
 * mistake on the graph, if the list has no such name.
 */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
s2vi_node *
s2vi_param_var(s2vi_graph *graph, const s2vi_param_list *list,
               const char *format, ...);

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
