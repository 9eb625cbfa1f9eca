/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StyleGAN3's generator, configurations T and R; see stylegan3.c. Its mapping
 * network is StyleGAN2's. */
#ifndef S2VI_MODELS_STYLEGAN3_H
#define S2VI_MODELS_STYLEGAN3_H

#include "models/stylegan2.h"

#define S2VI_STYLEGAN3_NAME "stylegan3"

enum {
    S2VI_STYLEGAN3_LAYERS = 15, /* the last one makes RGB */
    S2VI_STYLEGAN3_TAPS = 24,   /* of a filter, at most */
};

typedef enum s2vi_stylegan3_variant {
    S2VI_STYLEGAN3_T, /* moves with its input, */
    S2VI_STYLEGAN3_R, /* and turns with it */
} s2vi_stylegan3_variant;

typedef struct s2vi_stylegan3_config {
    int size; /* N: side of the picture, 32 to 1024, a power of 2 */
    int z, w, mapping, classes; /* as StyleGAN2's */
    int codes;                  /* L: 16 */
    int base, max; /* channels of layer i: min(base / 2 / cutoff, max) */
    s2vi_stylegan3_variant variant;
    double clamp; /* of a layer's result, + and -; 0: none */
} s2vi_stylegan3_config;

int s2vi_stylegan3_config_parse(s2vi_stylegan3_config *config, const char *json,
                                s2v_error *err);
int s2vi_stylegan3_config_check(const s2vi_stylegan3_config *config,
                                s2v_error *err);
void s2vi_stylegan3_defaults(s2vi_stylegan3_config *config, int size);
char *s2vi_stylegan3_config_text(const s2vi_stylegan3_config *config);

/* -------------------------------------------------------------- design -- */

/** A signal: pixels of a side, theirs in a picture's width, and the edge of
 * what it holds, in periods of that width. */
typedef struct s2vi_stylegan3_signal {
    int size, rate, channels;
    double cutoff, half_width; /* of the filter's transition band */
} s2vi_stylegan3_signal;

typedef struct s2vi_stylegan3_layer {
    char name[32]; /* "L4_52_512" */
    s2vi_stylegan3_signal in, out;
    int kernel;
    int up, down;           /* of the nonlinearity's rate */
    int lo, hi;             /* zeros around, once upsampled */
    int up_taps, down_taps; /* 0: no filter */
    bool radial;            /* the filter down is two-dimensional */
    bool rgb;
} s2vi_stylegan3_layer;

/** Section 3.2 and appendix C.1: the layers that the size makes. */
void s2vi_stylegan3_design(const s2vi_stylegan3_config *config,
                           s2vi_stylegan3_layer layer[S2VI_STYLEGAN3_LAYERS]);

/** The filter of a layer, up or down: (taps), or (taps,taps) if radial. */
void s2vi_stylegan3_filter(const s2vi_stylegan3_layer *layer, bool up,
                           float *out);

/* ----------------------------------------------------------- synthesis -- */

typedef struct s2vi_stylegan3_graph {
    s2vi_node *transform; /* INPUT (3,3): where the camera looks; or NULL */
    s2vi_node *input;     /* (n,36,36,C) */
    s2vi_node *layer[S2VI_STYLEGAN3_LAYERS];
    s2vi_node *video; /* (n,N,N,3): black -1, white 1, not clamped */
} s2vi_stylegan3_graph;

s2vi_stylegan_mapping s2vi_stylegan3_mapping(
    const s2vi_stylegan3_config *config);

/** Append all parameters. */
int s2vi_stylegan3_params_list(const s2vi_stylegan3_config *config,
                               s2vi_param_list *list, s2v_error *err);

/**
 * @param camera the transform is an INPUT, not the file's
 * @param ws     (n,L,w): style codes of each picture
 */
int s2vi_stylegan3_build(s2vi_graph *graph, const s2vi_stylegan3_config *config,
                         bool camera, s2vi_node *ws, s2vi_stylegan3_graph *out,
                         s2v_error *err);

#endif
