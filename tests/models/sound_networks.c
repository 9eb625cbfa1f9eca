/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound_networks.h"

#include "graph/build.h"
#include "models/hifigan.h"
#include "networks/hifigan_discriminator.h"
#include "networks/varietysound_discriminator.h"

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

static int hifigan_losses(sound_network *net, s2v_error *err)
{
    const s2vi_hifigan_loss_inputs inputs = {
        .config = {.divide = number(net, "divide")},
        .real = input(net, "real"),
        .fake = input(net, "fake"),
    };
    s2vi_hifigan_critic d;
    s2vi_hifigan_generator_loss g;
    if (s2vi_hifigan_disc_params(&inputs.config, &net->params, err) < 0 ||
        s2vi_hifigan_loss_discriminators(net->graph, &inputs, &d, err) < 0 ||
        s2vi_hifigan_loss_generator(net->graph, &inputs, &g, err) < 0)
        return S2V_ERR_INTERNAL;
    s2vi_node *mel =
        s2vi_hifigan_loss_mel(inputs.real, inputs.fake, input(net, "basis"),
                              input(net, "filters"), number(net, "hop"));
    output(net, "d.loss", d.loss);
    output(net, "d.real", d.real);
    output(net, "d.fake", d.fake);
    for (int i = 0; i < d.n_updates; i++)
        output(net, d.update[i]->input[0]->name, d.update[i]->input[1]);
    output(net, "g.loss", g.loss);
    output(net, "g.adversarial", g.adversarial);
    output(net, "g.features", g.features);
    output(net, "mel", mel);
    net->loss =
        s2vi_add(s2vi_add(d.loss, mel), s2vi_add(g.adversarial, g.features));
    return S2V_OK;
}

/* ---------------------------------------------------------- VarietySound -- */

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
    int ret = s2vi_vs_config_parse(
        &config, s2v_weights_get_metadata(net->file, "s2v.config"), err);
    if (ret >= 0)
        ret = s2vi_vs_params(&config, &net->params, err);
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

/* Three numbers, as "8 16 24". */
static void numbers(const sound_network *net, const char *key, int out[3])
{
    const char *text = s2v_weights_get_metadata(net->file, key);
    for (int i = 0; text && i < 3; i++) {
        char *end;
        out[i] = (int)strtol(text, &end, 10);
        text = end;
    }
}

static void add_input(sound_network *net, s2vi_node *node)
{
    if (node)
        net->input[net->n_inputs++] = (sound_node){node->name, node};
}

static int foley_losses(sound_network *net, s2v_error *err)
{
    s2vi_vs_loss_inputs inputs = {
        .config = {.bands = number(net, "bands"),
                   .features = number(net, "features"),
                   .up_channels = number(net, "up_channels"),
                   .channels = number(net, "channels"),
                   .window_channels = number(net, "window_channels")},
        .real = input(net, "real"),
        .fake = input(net, "fake"),
        .features = input(net, "features"),
    };
    s2vi_vs_critic t, m;
    s2vi_vs_generator_loss g;
    numbers(net, "window", inputs.config.window);
    s2vi_vs_loss_record_inputs(net->graph, &inputs);
    add_input(net, inputs.shift);
    for (int k = 0; k < S2VI_VS_WINDOWS; k++)
        add_input(net, inputs.window[k]);
    if (s2vi_vs_temporal_params(&inputs.config, &net->params, err) < 0 ||
        s2vi_vs_window_params(&inputs.config, &net->params, err) < 0 ||
        s2vi_vs_loss_temporal(net->graph, &inputs, &t, err) < 0 ||
        s2vi_vs_loss_windows(net->graph, &inputs, &m, err) < 0 ||
        s2vi_vs_loss_generator(net->graph, &inputs, &g, err) < 0)
        return S2V_ERR_INTERNAL;
    output(net, "d_t.loss", t.loss);
    output(net, "d_t.real", t.real);
    output(net, "d_t.fake", t.fake);
    output(net, "d_t.shifted", t.shifted);
    output(net, "d_m.loss", m.loss);
    output(net, "d_m.real", m.real);
    output(net, "d_m.fake", m.fake);
    output(net, "g.loss", g.loss);
    output(net, "g.mel", g.mel);
    output(net, "g.temporal", g.temporal);
    output(net, "g.windows", g.windows);
    net->loss =
        s2vi_add(s2vi_add(t.loss, m.loss), s2vi_add(g.temporal, g.windows));
    return S2V_OK;
}

/* ---------------------------------------------------------------- table -- */

static const struct network {
    const char *name;
    int (*record)(sound_network *net, s2v_error *err);
} networks[] = {
    {"hifigan", hifigan},
    {"hifigan-losses", hifigan_losses},
    {"varietysound", foley},
    {"varietysound-losses", foley_losses},
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
