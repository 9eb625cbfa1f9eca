/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Glow: an example, of no paper. Shapes: T frames, B sound bands, N image
 * side; memory is channels last.
 *
 *   colour_t = tanh(W f_t + b)                                         (1)
 */
#include "models/glow.h"

#include "nn/nn.h"
#include "weights/fields.h"

/* -------------------------------------------------------------- config -- */

static const s2vi_field table[] = {
    S2VI_INT(s2vi_glow_config, size, 8, 64),
    S2VI_INT(s2vi_glow_config, bands, 64, 64),
};

static const s2vi_fields fields = {.owner = S2VI_GLOW_NAME,
                                   .field = table,
                                   .n = sizeof(table) / sizeof(*table),
                                   .complete = true};

int s2vi_glow_config_parse(s2vi_glow_config *config, const char *json,
                           s2v_error *err)
{
    const int ret = s2vi_fields_read(&fields, config, json, err);
    return ret < 0 ? ret : s2vi_fields_check(&fields, config, err);
}

char *s2vi_glow_config_text(const s2vi_glow_config *config)
{
    return s2vi_fields_text(&fields, config);
}

/* ------------------------------------------------------------- network -- */

typedef struct network {
    s2vi_layer colour; /* W and b, eq. (1) */
} network;

static void declare(const s2vi_scope *scope, const s2vi_glow_config *config,
                    network *n)
{
    n->colour = s2vi_declare_layer(scope, S2VI_SHAPE(3, config->bands),
                                   S2VI_INIT_FAN_IN, 3, "colour");
}

int s2vi_glow_params(const s2vi_glow_config *config, s2vi_param_list *list,
                     s2v_error *err)
{
    const int before = list->count;
    network n;
    declare(&(s2vi_scope){.list = list}, config, &n);
    return s2vi_param_list_end(list, before, err);
}

int s2vi_glow_build(s2vi_graph *graph, const s2vi_glow_config *config, int T,
                    s2vi_glow_graph *out, s2v_error *err)
{
    const int N = config->size;
    network n;
    declare(&(s2vi_scope){.graph = graph}, config, &n);
    out->features = s2vi_input(graph, "features", S2VI_SHAPE(T, config->bands));
    /* (T,3), eq. (1) */
    s2vi_node *colour = s2vi_tanh(s2vi_nn_linear(out->features, n.colour));
    out->video =
        s2vi_broadcast(s2vi_nn_over_pixels(colour), S2VI_SHAPE(T, N, N, 3));
    return s2vi_graph_status(graph, err);
}
