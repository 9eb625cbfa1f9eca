/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound_networks.h"

#include "graph/build.h"
#include "models/hifigan.h"
#include "models/varietysound.h"

#include <stdio.h>
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

/* ---------------------------------------------------------- VarietySound -- */

static void foley_config(const sound_network *net, s2vi_vs_config *c)
{
    const struct {
        const char *key;
        int *value;
    } all[] = {
        {"bands", &c->bands},
        {"features", &c->features},
        {"temporal_layers", &c->temporal_layers},
        {"temporal_channels", &c->temporal_channels},
        {"temporal_lstm", &c->temporal_lstm},
        {"temporal_out", &c->temporal_out},
        {"acoustic_layers", &c->acoustic_layers},
        {"acoustic_channels", &c->acoustic_channels},
        {"acoustic_lstm", &c->acoustic_lstm},
        {"background_lstm", &c->background_lstm},
        {"background_out", &c->background_out},
        {"decoder_up_channels", &c->decoder_up_channels},
        {"decoder_channels", &c->decoder_channels},
        {"decoder_layers", &c->decoder_layers},
        {"decoder_heads", &c->decoder_heads},
        {"decoder_filter", &c->decoder_filter},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        *all[i].value = number(net, all[i].key);
}

/* The inputs of R[.] and the running statistics after a step. */
static void foley_training(sound_network *net, const s2vi_vs_config *config,
                           const s2vi_vs_graph *g)
{
    for (int i = 0; i < config->acoustic_layers; i++) {
        s2vi_node *const nodes[] = {g->resample[i].low, g->resample[i].high,
                                    g->resample[i].weight};
        for (int k = 0; k < 3; k++)
            net->input[net->n_inputs++] =
                (sound_node){nodes[k]->name, nodes[k]};
    }
    for (int i = 0; i < g->n_updates; i++) {
        const char *name = g->update[i]->input[0]->name;
        output(net, strstr(name, "norms."), g->update[i]->input[1]);
    }
}

static int foley(sound_network *net, s2v_error *err)
{
    s2vi_vs_config config;
    s2vi_vs_graph g = {0};
    const bool training = number(net, "training");
    const s2vi_vs_options options = {
        .training = training, .resample = training, .dropout = S2VI_VS_DROPOUT};
    foley_config(net, &config);
    int ret = s2vi_vs_params(&config, &net->params, err);
    if (ret >= 0)
        ret = s2vi_vs_record_timbre(net->graph, &config, &options,
                                    input(net, "reference"), &g, err);
    if (ret >= 0)
        ret = s2vi_vs_record_background(net->graph, &config,
                                        input(net, "masked"), &g, err);
    if (ret >= 0)
        ret = s2vi_vs_record_mel(net->graph, &config, &options,
                                 input(net, "features"), &g, err);
    if (ret < 0)
        return ret;
    output(net, "mel", g.mel);
    output(net, "temporal", g.temporal);
    output(net, "timbre", g.timbre);
    output(net, "background", g.background);
    net->n_weighted = net->n_outputs;
    if (training)
        foley_training(net, &config, &g);
    return ret;
}

/* ---------------------------------------------------------------- table -- */

static const struct network {
    const char *name;
    int (*record)(sound_network *net, s2v_error *err);
} networks[] = {
    {"hifigan", hifigan},
    {"varietysound", foley},
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
