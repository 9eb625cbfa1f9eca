/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VarietySound: the generator, as a graph; see varietysound.c.
 *
 *     s2vi_vs_record_timbre(graph, &config, &options, reference, &net, err);
 *     s2vi_vs_record_background(graph, &config, masked, &net, err);
 *     s2vi_vs_record_mel(graph, &config, &options, features, &net, err);
 *
 * A timbre that is known already goes into net.timbre instead of the first.
 */
#ifndef S2VI_MODELS_VARIETYSOUND_H
#define S2VI_MODELS_VARIETYSOUND_H

#include "nn/param.h"

#define S2VI_VS_NAME "varietysound"

enum {
    S2VI_VS_MAX_LAYERS = 16,
    S2VI_VS_RATIO = 4,  /* columns of mel to one of features */
    S2VI_VS_GROUP = 16, /* channels of a group norm's group */
};

/** Table 3; s2vi_vs_defaults() is the paper's model. */
typedef struct s2vi_vs_config {
    int bands;               /* of the mel spectrogram: 80 */
    int features;            /* of a picture, a column: 2048 */
    int temporal_layers;     /* convolutions of E_T: 8 */
    int temporal_channels;   /* 512 */
    int temporal_lstm;       /* hidden, a direction: 256 */
    int temporal_out;        /* the bottleneck: 8 */
    int acoustic_layers;     /* SGAUs of E_A: 5 */
    int acoustic_channels;   /* 512 */
    int acoustic_lstm;       /* 256; the timbre is twice as wide */
    int background_lstm;     /* of E_B: 128 */
    int background_out;      /* 128 */
    int decoder_up_channels; /* of the transposed convolutions: 1024 */
    int decoder_channels;    /* of the FFT blocks: 512 */
    int decoder_layers;      /* 4 */
    int decoder_heads;       /* 2 */
    int decoder_filter;      /* of their convolutions: 512 */
} s2vi_vs_config;

void s2vi_vs_defaults(s2vi_vs_config *config);

/** S2V_OK, or S2V_ERR_MODEL and a sentence on what cannot be. */
int s2vi_vs_config_check(const s2vi_vs_config *config, s2v_error *err);

/** Read a weight file's s2v.config; every key known, missing ones default. */
int s2vi_vs_config_parse(s2vi_vs_config *config, const char *json,
                         s2v_error *err);

/** The config as JSON, keys in fixed order; the caller frees. NULL: memory. */
char *s2vi_vs_config_text(const s2vi_vs_config *config);

/**
 * Append the generator's parameters, among them running statistics, which
 * are marked `buffer`.
 *
 * @return S2V_OK; S2V_ERR_MODEL; S2V_ERR_NOMEM. On failure the list is as it
 *         was.
 */
int s2vi_vs_params(const s2vi_vs_config *config, s2vi_param_list *list,
                   s2v_error *err);

/** How a generator is recorded. */
typedef struct s2vi_vs_options {
    bool training;  /* batch norm by the batch; statistics in `update` */
    bool resample;  /* R[.]: with inputs, drawn anew for each run */
    double dropout; /* of the FFT blocks, in training: S2VI_VS_DROPOUT; 0 */
} s2vi_vs_options;

#define S2VI_VS_DROPOUT 0.1

/** Streams of random numbers of frame (clock + n) for sequence n: the two
 * dropouts of FFT block l. What training draws has others. */
enum { S2VI_VS_STREAM_DROPOUT = 0x220 };

/** How to resample rows of all sequences, one after the other: INPUTs (n T).
 * Row i becomes (1 - weight) x[low] + weight x[high]. */
typedef struct s2vi_vs_resample {
    s2vi_node *low, *high, *weight;
} s2vi_vs_resample;

/** A recorded generator; n sequences. */
typedef struct s2vi_vs_graph {
    s2vi_node *timbre;                             /* (n,2 acoustic_lstm) */
    s2vi_node *background;                         /* (n,background_out) */
    s2vi_node *temporal;                           /* (n,T/4,temporal_out) */
    s2vi_node *mel;                                /* (n,T,bands) */
    s2vi_vs_resample resample[S2VI_VS_MAX_LAYERS]; /* of each SGAU */
    /* ASSIGNs of E_T's running statistics, to be a training step's effects */
    s2vi_node *update[2 * S2VI_VS_MAX_LAYERS];
    int n_updates;
} s2vi_vs_graph;

/**
 * Record E_A: the timbre of a sound.
 *
 * @param reference (n,T,bands), any T
 * @return S2V_OK, or the graph's mistake; so the others
 */
int s2vi_vs_record_timbre(s2vi_graph *graph, const s2vi_vs_config *config,
                          const s2vi_vs_options *options, s2vi_node *reference,
                          s2vi_vs_graph *out, s2v_error *err);

/**
 * Record E_B: the background.
 *
 * @param masked (n,T,bands), any T: a sound whose columns of more than the
 *               median energy are zero; zeros to generate clear sound
 */
int s2vi_vs_record_background(s2vi_graph *graph, const s2vi_vs_config *config,
                              s2vi_node *masked, s2vi_vs_graph *out,
                              s2v_error *err);

/**
 * Record E_T and the mel decoder, out of out->timbre and out->background.
 *
 * @param features (n,T/4,features)
 */
int s2vi_vs_record_mel(s2vi_graph *graph, const s2vi_vs_config *config,
                       const s2vi_vs_options *options, s2vi_node *features,
                       s2vi_vs_graph *out, s2v_error *err);

#endif
