/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAN's predictor: draws the geometry of a frame (optical flow, maps of points
 * or contours) from the frames before it and the sound; and what its training
 * has beside, the posterior of its random numbers. man.h has the letters for
 * shapes.
 */
#ifndef S2VI_MODELS_MAN_PREDICTOR_H
#define S2VI_MODELS_MAN_PREDICTOR_H

#include "models/man.h"

/** Append the predictor's parameters. */
int s2vi_man_predictor_params(const s2vi_man_config *config,
                              s2vi_param_list *list, s2v_error *err);

/** What it sees; what the config leaves out may be NULL. */
typedef struct s2vi_man_predictor_inputs {
    s2vi_node *portrait; /* (n,N,N,3) in [-1, 1] */
    s2vi_node *previous; /* (n,P,P,15): five frames, the oldest first */
    s2vi_node *amf;      /* (n,13,256) */
    s2vi_node *controls; /* (n,4) */
    s2vi_node *z;        /* (n,z) */
} s2vi_man_predictor_inputs;

/**
 * Record the predictor.
 *
 * @param sound if not NULL, set to its code of the sound, (n,A)
 * @param geometry set to (n,P,P,G)
 */
int s2vi_man_predictor_build(s2vi_graph *graph, const s2vi_man_config *config,
                             const s2vi_man_predictor_inputs *in,
                             s2vi_node **geometry, s2vi_node **sound,
                             s2v_error *err);

/**
 * Record the part of it that hears.
 *
 * @param amf (n,13,256)
 * @param sound set to its code of the sound, (n,A)
 */
int s2vi_man_predictor_listen(s2vi_graph *graph, const s2vi_man_config *config,
                              s2vi_node *amf, s2vi_node **sound,
                              s2v_error *err);

/** Append the posterior's parameters; none where z is 0. */
int s2vi_man_posterior_params(const s2vi_man_config *config,
                              s2vi_param_list *list, s2v_error *err);

/**
 * Record q(z | geometry), for training.
 *
 * @param truth    (n,P,P,G)
 * @param mean     set to (n,z)
 * @param log_variance set to (n,z)
 */
int s2vi_man_posterior_build(s2vi_graph *graph, const s2vi_man_config *config,
                             s2vi_node *truth, s2vi_node **mean,
                             s2vi_node **log_variance, s2v_error *err);

/**
 * Record an hourglass of an imported checkpoint: batch norms with running
 * averages, one grey plane in 0 to 1, no sound. Its parameters have the prefix
 * "_KFSGNet__".
 *
 * @param x (n,P,P,1); @return (n,P,P,15), before which no sigmoid stands
 */
int s2vi_man_hourglass_params(int width, int depth, s2vi_param_list *list,
                              s2v_error *err);
int s2vi_man_hourglass_build(s2vi_graph *graph, int width, int depth,
                             s2vi_node *x, s2vi_node **maps, s2v_error *err);

#endif
