/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VarietySound: the discriminators and the losses, eq. (1)-(7), as graphs; see
 * varietysound_discriminator.c.
 *
 *     s2vi_vs_loss_inputs inputs = {.config = .., .real = m, ..};
 *     s2vi_vs_loss_record_inputs(graph, &inputs);
 *     s2vi_vs_loss_temporal(graph, &inputs, &d_t, err);
 *     s2vi_vs_loss_windows(graph, &inputs, &d_m, err);
 *     s2vi_vs_loss_generator(graph, &inputs, &g, err);
 *
 *     s2vi_vs_draw_shift(seed, clock, n, T, rows); // varietysound_data.h
 *     s2vi_exec_write(exec, inputs.shift, rows); ...
 */
#ifndef S2VI_NETWORKS_VARIETYSOUND_DISCRIMINATOR_H
#define S2VI_NETWORKS_VARIETYSOUND_DISCRIMINATOR_H

#include "models/varietysound.h"

enum { S2VI_VS_WINDOWS = 3 };

#define S2VI_VS_LAMBDA_MEL         10000.0 /* table 3 */
#define S2VI_VS_LAMBDA_ADVERSARIAL 1.0

typedef struct s2vi_vs_disc_config {
    int bands, features;         /* the generator's */
    int up_channels;             /* D_t's transposed convolutions: 1024 */
    int channels;                /* D_t's convolutions: 512 */
    int window_channels;         /* D_m's: 128 */
    int window[S2VI_VS_WINDOWS]; /* D_m's, in columns: 32, 64, 128 */
} s2vi_vs_disc_config;

/** Those of the paper for a generator. */
void s2vi_vs_disc_defaults(s2vi_vs_disc_config *config,
                           const s2vi_vs_config *generator);

/**
 * Append the parameters of D_t, "d_t.*", or of D_m, "d_m.*".
 *
 * @return S2V_OK; S2V_ERR_INVALID and a sentence; S2V_ERR_NOMEM. On failure
 *         the list is as it was.
 */
int s2vi_vs_temporal_params(const s2vi_vs_disc_config *config,
                            s2vi_param_list *list, s2v_error *err);
int s2vi_vs_window_params(const s2vi_vs_disc_config *config,
                          s2vi_param_list *list, s2v_error *err);

/** What the losses are about. */
typedef struct s2vi_vs_loss_inputs {
    s2vi_vs_disc_config config;
    s2vi_node *real;     /* m (n,T,bands), T at least the greatest window */
    s2vi_node *fake;     /* m^, likewise */
    s2vi_node *features; /* v (n,T/4,features) */
    s2vi_node *shift;    /* INPUT (n T): rows of m that S[m] has */
    s2vi_node *window[S2VI_VS_WINDOWS]; /* INPUTs (n window): rows that D_m
                                           sees of m and m^ */
    bool squares;      /* L_mel of squares, not of (2)'s absolute values */
    s2vi_node *weight; /* (n,1,1): of L_mel's differences; NULL: 1 */
} s2vi_vs_loss_inputs;

/** A discriminator's loss, to be minimised in its parameters. */
typedef struct s2vi_vs_critic {
    s2vi_node *loss;    /* real + fake + shifted, eq. (4), (7) */
    s2vi_node *real;    /* E[(1 - D(m))^2], eq. (5) */
    s2vi_node *fake;    /* E[D(m^)^2] */
    s2vi_node *shifted; /* E[D_t(S[m] | v)^2], eq. (6); NULL of D_m's */
} s2vi_vs_critic;

/** The generator's. */
typedef struct s2vi_vs_generator_loss {
    s2vi_node *loss;     /* eq. (1) */
    s2vi_node *mel;      /* L_mel, eq. (2) */
    s2vi_node *temporal; /* E[(1 - D_t(m^ | v))^2], eq. (3) */
    s2vi_node *windows;  /* E[(1 - D_m(m^))^2] */
} s2vi_vs_generator_loss;

/** Record the inputs "shift", "window.0", ... */
void s2vi_vs_loss_record_inputs(s2vi_graph *graph, s2vi_vs_loss_inputs *inputs);

/**
 * Record L_Dt, eq. (4)-(6), or L_Dm, eq. (7). No gradient flows to the
 * spectrograms and features.
 *
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_vs_loss_temporal(s2vi_graph *graph, const s2vi_vs_loss_inputs *inputs,
                          s2vi_vs_critic *out, s2v_error *err);
int s2vi_vs_loss_windows(s2vi_graph *graph, const s2vi_vs_loss_inputs *inputs,
                         s2vi_vs_critic *out, s2v_error *err);

/** Record L_mel, eq. (2): of real and fake, which is all of the inputs that it
 * takes. NULL of a graph with a mistake. */
s2vi_node *s2vi_vs_loss_mel(const s2vi_vs_loss_inputs *inputs);

/** Record L_G, eq. (1)-(3). Its gradient flows to m^ alone. */
int s2vi_vs_loss_generator(s2vi_graph *graph, const s2vi_vs_loss_inputs *inputs,
                           s2vi_vs_generator_loss *out, s2v_error *err);

#endif
