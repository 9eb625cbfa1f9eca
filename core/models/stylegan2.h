/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StyleGAN2's generator: pictures out of random numbers; see stylegan2.c. */
#ifndef S2VI_MODELS_STYLEGAN2_H
#define S2VI_MODELS_STYLEGAN2_H

#include "graph/graph.h"
#include "nn/param.h"

#define S2VI_STYLEGAN2_NAME   "stylegan2"
#define S2VI_STYLEGAN_CLASSES "s2v.classes" /* metadata: their names, JSON */

enum {
    S2VI_STYLEGAN2_STREAM_NOISE = 0x400, /* and so on: of each layer */
    S2VI_STYLEGAN2_BLOCKS = 9,           /* of 4, 8, .. 1024 pixels */
    S2VI_STYLEGAN2_TAPS = 8,
};

typedef struct s2vi_stylegan2_config {
    int size;    /* N: side of the picture, 32 to 1024, a power of 2 */
    int z;       /* random numbers of a picture */
    int w;       /* width of a style code */
    int codes;   /* L: style codes of a picture, 2 log2 N - 2 */
    int mapping; /* layers of the mapping network */
    int classes; /* 0: unconditional */
    int base;    /* channels at side r: min(base / r, max) */
    int max;
    int kernel[S2VI_STYLEGAN2_TAPS]; /* of the resampling filter */
    int taps;
    double slope; /* of the leaky ReLU */
    double clamp; /* of a layer's result, + and -; 0: none */
} s2vi_stylegan2_config;

/** Parse the JSON of "s2v.config": S2V_ERR_MODEL with what is wrong. What it
 * does not have is as in the paper's config F. */
int s2vi_stylegan2_config_parse(s2vi_stylegan2_config *config, const char *json,
                                s2v_error *err);
int s2vi_stylegan2_config_check(const s2vi_stylegan2_config *config,
                                s2v_error *err);
void s2vi_stylegan2_defaults(s2vi_stylegan2_config *config, int size);

/** The JSON; the caller frees it. NULL: out of memory. */
char *s2vi_stylegan2_config_text(const s2vi_stylegan2_config *config);

/** Blocks of that configuration, and a block's side: 4, 8, ... */
int s2vi_stylegan2_blocks(const s2vi_stylegan2_config *config);
int s2vi_stylegan2_side(int block);
int s2vi_stylegan2_channels(const s2vi_stylegan2_config *config, int side);

/* ------------------------------------------------- the mapping network -- */

/** StyleGAN3's is the same (stylegan3.h). */
typedef struct s2vi_stylegan_mapping {
    int z, w, layers, classes;
} s2vi_stylegan_mapping;

typedef struct s2vi_stylegan_mapping_graph {
    s2vi_node *z; /* INPUT (n,z) */
    s2vi_node *c; /* INPUT (n,classes): weights, of a class 1; or NULL */
    s2vi_node *w; /* (n,w) */
} s2vi_stylegan_mapping_graph;

void s2vi_stylegan_mapping_declare(const s2vi_scope *scope,
                                   const s2vi_stylegan_mapping *m);
int s2vi_stylegan_mapping_build(s2vi_graph *graph,
                                const s2vi_stylegan_mapping *m, int n,
                                s2vi_stylegan_mapping_graph *out,
                                s2v_error *err);

/**
 * Style codes of w: (n,codes,w). Those below `cutoff` are drawn towards the
 * average: w_avg + psi (w - w_avg); cutoff < 0: all.
 */
s2vi_node *s2vi_stylegan_truncate(s2vi_node *w, int codes, double psi,
                                  int cutoff);

s2vi_stylegan_mapping s2vi_stylegan2_mapping(
    const s2vi_stylegan2_config *config);

/* ------------------------------------------------------- the synthesis -- */

typedef enum s2vi_stylegan2_noise {
    S2VI_STYLEGAN2_NOISE_FILE,  /* the file's planes */
    S2VI_STYLEGAN2_NOISE_GIVEN, /* INPUTs */
    S2VI_STYLEGAN2_NOISE_NONE,
    S2VI_STYLEGAN2_NOISE_DRAWN, /* in each run, of each picture: training */
} s2vi_stylegan2_noise;

typedef struct s2vi_stylegan2_params {
    int size; /* of the picture: a block's side; 0: config.size */
    s2vi_stylegan2_noise noise;
    bool strips; /* of one large picture: layers in strips of rows, for memory;
                    x of the last block is NULL */
} s2vi_stylegan2_params;

typedef struct s2vi_stylegan2_graph {
    s2vi_node *x[S2VI_STYLEGAN2_BLOCKS];   /* (n,r,r,C) behind each block */
    s2vi_node *rgb[S2VI_STYLEGAN2_BLOCKS]; /* (n,r,r,3): the sum up to there */
    /* INPUT (1,r,r,1), N(0,1): of conv0, conv1; NULL: not given, or no conv0 */
    s2vi_node *noise[S2VI_STYLEGAN2_BLOCKS][2];
    s2vi_node *video; /* the last block's rgb: black -1, white 1, not clamped */
} s2vi_stylegan2_graph;

/** Append all parameters. */
int s2vi_stylegan2_params_list(const s2vi_stylegan2_config *config,
                               s2vi_param_list *list, s2v_error *err);

/** @param ws (n,L,w): style codes of each picture */
int s2vi_stylegan2_build(s2vi_graph *graph, const s2vi_stylegan2_config *config,
                         const s2vi_stylegan2_params *params, s2vi_node *ws,
                         s2vi_stylegan2_graph *out, s2v_error *err);

#endif
