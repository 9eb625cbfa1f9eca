/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound_networks.h"

#include "graph/build.h"
#include "models/hifigan.h"

#include <stdlib.h>
#include <string.h>

static int number(const sound_network *net, const char *key)
{
    const char *text = s2v_weights_get_metadata(net->file, key);
    return text ? atoi(text) : 0;
}

/* An INPUT of the shape of the golden's tensor "in.NAME". */
static s2vi_node *input(sound_network *net, const char *name)
{
    char full[80] = "in.";
    s2vi_shape shape = {0};
    strncat(full, name, sizeof(full) - 4);
    const s2vi_tensor *t = s2vi_weights_find(net->file, full);
    if (!t)
        return s2vi_graph_mistake(net->graph, "the golden has no %s", full);
    shape.rank = t->rank;
    for (int i = 0; i < t->rank; i++)
        shape.dim[i] = t->shape[i];
    sound_node *in = &net->input[net->n_inputs++];
    *in = (sound_node){name, s2vi_input(net->graph, name, shape)};
    return in->node;
}

static void output(sound_network *net, const char *name, s2vi_node *node)
{
    net->output[net->n_outputs++] = (sound_node){name, node};
}

/* ------------------------------------------------------------- HiFi-GAN -- */

static int hifigan(sound_network *net, s2v_error *err)
{
    s2vi_hifigan_config config;
    s2vi_node *audio;
    s2vi_hifigan_version(&config, number(net, "version"));
    if (number(net, "channels"))
        config.channels = number(net, "channels");
    int ret = s2vi_hifigan_params(&config, &net->params, err);
    if (ret >= 0)
        ret = s2vi_hifigan_build(net->graph, &config, input(net, "mel"), &audio,
                                 err);
    if (ret >= 0)
        output(net, "audio", audio);
    return ret;
}

/* ---------------------------------------------------------------- table -- */

static const struct network {
    const char *name;
    int (*record)(sound_network *net, s2v_error *err);
} networks[] = {
    {"hifigan", hifigan},
};

int sound_network_open(sound_network *net, const s2v_weights *file,
                       s2v_error *err)
{
    const char *name = s2v_weights_get_metadata(file, "network");
    *net = (sound_network){.file = file, .graph = s2vi_graph_create()};
    for (size_t i = 0; name && i < sizeof(networks) / sizeof(*networks); i++)
        if (!strcmp(networks[i].name, name))
            return networks[i].record(net, err);
    return s2vi_error(err, S2V_ERR_INVALID, "no network '%s'",
                      name ? name : "");
}

void sound_network_close(sound_network *net)
{
    s2vi_param_list_close(&net->params);
    s2vi_graph_close(&net->graph);
}
