/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Glow: an example, of no paper. Shapes: T frames, B sound bands, N image
 * side; memory is channels last.
 *
 *   colour_t = tanh(W f_t + b)                                         (1)
 */
#include "models/glow.h"

#include "graph/build.h"
#include "nn/nn.h"

#include <stdio.h>
#include <stdlib.h>

static const struct row {
    const char *name;
    int outputs, per_band;
    s2vi_init init;
} table[] = {
    {"colour.weight", 3, 1, S2VI_INIT_FAN_IN}, /* W, eq. (1) */
    {"colour.bias", 3, 0, S2VI_INIT_ZERO},     /* b */
};

int s2vi_glow_params(const s2vi_glow_config *config, s2vi_param_list *list,
                     s2v_error *err)
{
    const int n = sizeof(table) / sizeof(*table);
    *list = (s2vi_param_list){.param = calloc(n, sizeof(s2vi_param))};
    if (!list->param)
        return s2vi_error_nomem(err, "a model's parameters");
    for (int i = 0; i < n; i++) {
        s2vi_param *p = &list->param[list->count++];
        snprintf(p->name, sizeof(p->name), "%s", table[i].name);
        p->shape = table[i].per_band
                       ? S2VI_SHAPE(table[i].outputs, config->bands)
                       : S2VI_SHAPE(table[i].outputs);
        p->file_shape = p->shape;
        p->init = table[i].init;
    }
    return S2V_OK;
}

static s2vi_node *param(s2vi_graph *g, const s2vi_param_list *list,
                        const char *name)
{
    const s2vi_param *p = s2vi_param_find(list, name);
    return p ? s2vi_var(g, S2VI_VAR_PARAM, p->name, p->shape)
             : s2vi_graph_mistake(g, "no parameter '%s'", name);
}

int s2vi_glow_build(s2vi_graph *graph, const s2vi_glow_config *config, int T,
                    s2vi_glow_graph *out, s2v_error *err)
{
    const int N = config->size;
    s2vi_param_list list;
    int ret = s2vi_glow_params(config, &list, err);
    if (ret < 0)
        return ret;
    out->features = s2vi_input(graph, "features", S2VI_SHAPE(T, config->bands));
    s2vi_node *w = param(graph, &list, "colour.weight");
    s2vi_node *b = param(graph, &list, "colour.bias");
    /* (T,3), eq. (1) */
    s2vi_node *colour = s2vi_tanh(s2vi_nn_linear(out->features, w, b));
    out->video =
        s2vi_broadcast(s2vi_nn_over_pixels(colour), S2VI_SHAPE(T, N, N, 3));
    s2vi_param_list_close(&list);
    return s2vi_graph_status(graph, err);
}
