/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One frame of a talking head, recorded: the sound's features and the controls,
 * MAN's predictor and generator, and what they keep for the next frame.
 */
#ifndef S2VI_SESSION_MAN_FRAME_H
#define S2VI_SESSION_MAN_FRAME_H

#include "models/man.h"

enum { S2VI_MAN_CARRIES = 3 };

typedef struct s2vi_man_frame {
    s2vi_node *features; /* INPUT (1,F): of speech_extractor.h */
    s2vi_node *portrait; /* INPUT (1,N,N,3) in [-1, 1] */
    s2vi_node *z;        /* INPUT (1,1): a factor of z; NULL: there is none */
    s2vi_node *more;     /* INPUT (1,P,P,1): how much more the flow moves, by
                            pixel; NULL: there is no flow */
    s2vi_node *video;    /* (1,N,N,3) in [-1, 1] */
    s2vi_node *flow;     /* (1,P,P,2) in pixels of P over 8; NULL: none */
    s2vi_node *carry[S2VI_MAN_CARRIES]; /* ASSIGNs */
    int n_carry;
} s2vi_man_frame;

/**
 * Record a frame. Before the first one, five frames of the portrait have been;
 * z_0 is N(0, 1), z_t = 0.9 z_{t-1} + 0.436 e_t of the run's clock.
 *
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_man_frame_build(s2vi_graph *graph, const s2vi_man_config *config,
                         s2vi_man_frame *frame, s2v_error *err);

#endif
