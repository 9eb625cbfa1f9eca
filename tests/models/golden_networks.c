/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "golden_networks.h"

#include "graph/build.h"
#include "models/hifigan.h"
#include "networks/hifigan_discriminator.h"
#include "networks/varietysound_discriminator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT_SEED = 4321 };

static int number(const golden_network *net, const char *key)
{
    const char *text = s2v_weights_get_metadata(net->file, key);
    return text ? atoi(text) : 0;
}

/* An INPUT of the shape of the golden's tensor "in.NAME". */
s2vi_node *golden_network_input(golden_network *net, const char *name)
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
    golden_node *in = &net->input[net->n_inputs++];
    *in = (golden_node){name, s2vi_input(net->graph, name, shape)};
    return in->node;
}

void golden_network_output(golden_network *net, const char *name,
                           s2vi_node *node)
{
    net->output[net->n_outputs++] = (golden_node){name, node};
}

void golden_network_part(golden_network *net, uint64_t seed)
{
    net->part[net->n_parts++] = (golden_part){net->params.count, seed};
}

/* ------------------------------------------------------------- HiFi-GAN -- */

static int hifigan(golden_network *net, s2v_error *err)
{
    s2vi_hifigan_config config;
    s2vi_node *audio;
    s2vi_hifigan_version(&config, number(net, "version"));
    if (number(net, "channels"))
        config.channels = number(net, "channels");
    int ret = s2vi_hifigan_params(&config, &net->params, err);
    if (ret >= 0)
        ret = s2vi_hifigan_build(net->graph, &config,
                                 golden_network_input(net, "mel"), &audio, err);
    if (ret >= 0)
        golden_network_output(net, "audio", audio);
    return ret;
}

static int hifigan_losses(golden_network *net, s2v_error *err)
{
    const s2vi_hifigan_loss_inputs inputs = {
        .config = {.divide = number(net, "divide")},
        .real = golden_network_input(net, "real"),
        .fake = golden_network_input(net, "fake"),
    };
    s2vi_hifigan_critic d;
    s2vi_hifigan_generator_loss g;
    if (s2vi_hifigan_disc_params(&inputs.config, &net->params, err) < 0 ||
        s2vi_hifigan_loss_discriminators(net->graph, &inputs, &d, err) < 0 ||
        s2vi_hifigan_loss_generator(net->graph, &inputs, &g, err) < 0)
        return S2V_ERR_INTERNAL;
    s2vi_node *mel = s2vi_hifigan_loss_mel(
        inputs.real, inputs.fake, golden_network_input(net, "basis"),
        golden_network_input(net, "filters"), number(net, "hop"));
    golden_network_output(net, "d.loss", d.loss);
    golden_network_output(net, "d.real", d.real);
    golden_network_output(net, "d.fake", d.fake);
    for (int i = 0; i < d.n_updates; i++)
        golden_network_output(net, d.update[i]->input[0]->name,
                              d.update[i]->input[1]);
    golden_network_output(net, "g.loss", g.loss);
    golden_network_output(net, "g.adversarial", g.adversarial);
    golden_network_output(net, "g.features", g.features);
    golden_network_output(net, "mel", mel);
    net->loss =
        s2vi_add(s2vi_add(d.loss, mel), s2vi_add(g.adversarial, g.features));
    return S2V_OK;
}

/* ---------------------------------------------------------- VarietySound -- */

/* The inputs of R[.] and the running statistics after a step. */
static void foley_training(golden_network *net, const s2vi_vs_config *config,
                           const s2vi_vs_graph *g)
{
    for (int i = 0; i < config->acoustic_layers; i++) {
        s2vi_node *const nodes[] = {g->resample[i].low, g->resample[i].high,
                                    g->resample[i].weight};
        for (int k = 0; k < 3; k++)
            net->input[net->n_inputs++] =
                (golden_node){nodes[k]->name, nodes[k]};
    }
    for (int i = 0; i < g->n_updates; i++) {
        const char *name = g->update[i]->input[0]->name;
        golden_network_output(net, strstr(name, "norms."),
                              g->update[i]->input[1]);
    }
}

static int foley(golden_network *net, s2v_error *err)
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
                                    golden_network_input(net, "reference"), &g,
                                    err);
    if (ret >= 0)
        ret = s2vi_vs_record_background(
            net->graph, &config, golden_network_input(net, "masked"), &g, err);
    if (ret >= 0)
        ret =
            s2vi_vs_record_mel(net->graph, &config, &options,
                               golden_network_input(net, "features"), &g, err);
    if (ret < 0)
        return ret;
    golden_network_output(net, "mel", g.mel);
    golden_network_output(net, "temporal", g.temporal);
    golden_network_output(net, "timbre", g.timbre);
    golden_network_output(net, "background", g.background);
    net->n_weighted = net->n_outputs;
    if (training)
        foley_training(net, &config, &g);
    return ret;
}

/* Three numbers, as "8 16 24". */
static void numbers(const golden_network *net, const char *key, int out[3])
{
    const char *text = s2v_weights_get_metadata(net->file, key);
    for (int i = 0; text && i < 3; i++) {
        char *end;
        out[i] = (int)strtol(text, &end, 10);
        text = end;
    }
}

static void add_input(golden_network *net, s2vi_node *node)
{
    if (node)
        net->input[net->n_inputs++] = (golden_node){node->name, node};
}

static int foley_losses(golden_network *net, s2v_error *err)
{
    s2vi_vs_loss_inputs inputs = {
        .config = {.bands = number(net, "bands"),
                   .features = number(net, "features"),
                   .up_channels = number(net, "up_channels"),
                   .channels = number(net, "channels"),
                   .window_channels = number(net, "window_channels")},
        .real = golden_network_input(net, "real"),
        .fake = golden_network_input(net, "fake"),
        .features = golden_network_input(net, "features"),
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
    golden_network_output(net, "d_t.loss", t.loss);
    golden_network_output(net, "d_t.real", t.real);
    golden_network_output(net, "d_t.fake", t.fake);
    golden_network_output(net, "d_t.shifted", t.shifted);
    golden_network_output(net, "d_m.loss", m.loss);
    golden_network_output(net, "d_m.real", m.real);
    golden_network_output(net, "d_m.fake", m.fake);
    golden_network_output(net, "g.loss", g.loss);
    golden_network_output(net, "g.mel", g.mel);
    golden_network_output(net, "g.temporal", g.temporal);
    golden_network_output(net, "g.windows", g.windows);
    net->loss =
        s2vi_add(s2vi_add(t.loss, m.loss), s2vi_add(g.temporal, g.windows));
    return S2V_OK;
}

/* ---------------------------------------------------------------- table -- */

static const struct network {
    const char *name;
    int (*record)(golden_network *net, s2v_error *err);
} networks[] = {
    {"hifigan", hifigan},
    {"hifigan-losses", hifigan_losses},
    {"varietysound", foley},
    {"varietysound-losses", foley_losses},
    {"man-generator", golden_network_man_generator},
    {"man-predictor", golden_network_man_predictor},
    {"man-posterior", golden_network_man_posterior},
    {"man-hourglass", golden_network_man_hourglass},
    {"man-critics", golden_network_man_critics},
    {"man-losses", golden_network_man_losses},
};

int golden_network_open(golden_network *net, const s2v_weights *file,
                        s2v_error *err)
{
    const char *name = s2v_weights_get_metadata(file, "network");
    *net = (golden_network){
        .file = file, .graph = s2vi_graph_create(), .seed = WEIGHT_SEED};
    for (size_t i = 0; name && i < sizeof(networks) / sizeof(*networks); i++)
        if (!strcmp(networks[i].name, name))
            return networks[i].record(net, err);
    return s2vi_error(err, S2V_ERR_INVALID, "no network '%s'",
                      name ? name : "");
}

void golden_network_close(golden_network *net)
{
    s2vi_param_list_close(&net->params);
    s2vi_graph_close(&net->graph);
}
