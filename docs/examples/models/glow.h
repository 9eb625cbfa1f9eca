/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Glow: one colour a frame, from its sound; the smallest model there is. */
#ifndef S2VI_MODELS_GLOW_H
#define S2VI_MODELS_GLOW_H

#include "graph/graph.h"
#include "nn/param.h"

#define S2VI_GLOW_NAME "glow"

typedef struct s2vi_glow_config {
    int size;  /* N: side of the picture */
    int bands; /* B: numbers in a sound feature */
} s2vi_glow_config;

typedef struct s2vi_glow_graph {
    s2vi_node *features; /* INPUT (T,B): f */
    s2vi_node *video;    /* (T,N,N,3) in [-1, 1] */
} s2vi_glow_graph;

/** Parse the JSON of "s2v.config": S2V_ERR_MODEL with what is wrong. */
int s2vi_glow_config_parse(s2vi_glow_config *config, const char *json,
                           s2v_error *err);

/** The JSON; the caller frees it. NULL: out of memory. */
char *s2vi_glow_config_text(const s2vi_glow_config *config);

/** Append the parameters of that configuration. */
int s2vi_glow_params(const s2vi_glow_config *config, s2vi_param_list *list,
                     s2v_error *err);

/** Record the model for T frames. */
int s2vi_glow_build(s2vi_graph *graph, const s2vi_glow_config *config, int T,
                    s2vi_glow_graph *out, s2v_error *err);

#endif
