/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAN: the multi-scale discriminators, as graphs; see man_critic.c.
 */
#ifndef S2VI_NETWORKS_MAN_CRITIC_H
#define S2VI_NETWORKS_MAN_CRITIC_H

#include "models/man.h"

enum {
    S2VI_MAN_CRITICS_MAX = 4, /* scales */
    S2VI_MAN_CRITIC_MAPS = 4,
};

/** What the discriminator of one scale makes of n frames. */
typedef struct s2vi_man_critic {
    s2vi_node *decisions; /* (n,h,w,1), no sigmoid */
    s2vi_node *logits;    /* (n,2), of its CAM */
    s2vi_node
        *map[S2VI_MAN_CRITIC_MAPS]; /* (n,..,..,C), for feature matching */
} s2vi_man_critic;

/**
 * Append the parameters of all scales: "critic.0.conv0.weight", ...
 *
 * @return S2V_OK; S2V_ERR_MODEL: the config; S2V_ERR_NOMEM. On failure the list
 *         is as it was.
 */
int s2vi_man_critic_params(const s2vi_man_config *config, s2vi_param_list *list,
                           s2v_error *err);

/**
 * Record the discriminators on n frames, each by itself. Parameters become
 * PARAM VARs, once in a graph: further calls use the same.
 *
 * @param frames   (n,N,N,3) in [-1, 1]
 * @param portrait (n,N,N,3); not used without critic_portrait
 * @param out      set for each of config->critics scales, the finest first
 * @return S2V_OK; S2V_ERR_MODEL: the config; or the graph's mistake
 */
int s2vi_man_critic_build(s2vi_graph *graph, const s2vi_man_config *config,
                          s2vi_node *frames, s2vi_node *portrait,
                          s2vi_man_critic out[S2VI_MAN_CRITICS_MAX],
                          s2v_error *err);

#endif
