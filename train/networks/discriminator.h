/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listen and Move: the discriminators, as graphs; see discriminator.c. */
#ifndef S2VI_NETWORKS_DISCRIMINATOR_H
#define S2VI_NETWORKS_DISCRIMINATOR_H

#include "models/listen_and_move.h"

typedef enum s2vi_disc_kind {
    S2VI_DISC_IMAGE, /* D_I: single frames */
    S2VI_DISC_VIDEO, /* D_V: sequences of T frames, 3-D kernels */
} s2vi_disc_kind;

typedef struct s2vi_disc_config {
    s2vi_disc_kind kind;
    int size;         /* N: side of the square picture, a power of 2 */
    int frames;       /* T; D_I ignores it */
    int channels_min; /* of the outermost layer */
    int channels_max;
    s2vi_lm_connection connection;
} s2vi_disc_config;

/** A generator's counterpart: its size and channels, skip connections (which
 * the paper found best for discriminators, sec. 5.2). */
void s2vi_disc_mirror(s2vi_disc_config *config, const s2vi_lm_config *g,
                      s2vi_disc_kind kind, int frames);

/**
 * Append the parameters of that configuration: "d_i.*" or "d_v.*".
 *
 * A list may hold several networks': since initial values are keyed by the
 * place in it, no two of them then start from the same numbers.
 *
 * @return S2V_OK; S2V_ERR_INVALID and a sentence on a configuration that
 *         cannot be; S2V_ERR_NOMEM. On failure the list is as it was.
 */
int s2vi_disc_params(const s2vi_disc_config *config, s2vi_param_list *list,
                     s2v_error *err);

/**
 * Record the decisions on n samples, each with batch statistics of its own.
 *
 * Parameters become PARAM VARs of the names in the table, once in a graph:
 * further calls use the same.
 *
 * @param x   (n,N,N,3) for D_I, (n,T,N,N,3) for D_V, in [-1, 1]
 * @param map set to (n,4,4,1), or (n,T',4,4,1), T' = T >> layers, at least 1
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_disc_build(s2vi_graph *graph, const s2vi_disc_config *config,
                    s2vi_node *x, s2vi_node **map, s2v_error *err);

#endif
