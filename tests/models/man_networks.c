/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The networks of MAN, recorded as goldens say. */
#include "golden_networks.h"

#include "graph/build.h"
#include "models/man.h"
#include "models/man_predictor.h"

#include <stdio.h>

enum { PREDICTOR_SEED = 4322, POSTERIOR_SEED = 4323 };

static int read_config(const golden_network *net, s2vi_man_config *config,
                       s2v_error *err)
{
    return s2vi_man_config_parse(
        config, s2v_weights_get_metadata(net->file, "s2v.config"), err);
}

/* Part of the features of n frames (n,3523), in a shape of as many numbers. */
static s2vi_node *part(s2vi_node *features, int from, int count,
                       s2vi_shape shape)
{
    return s2vi_reshape(s2vi_slice(features, 1, from, count), shape);
}

static s2vi_node *amf_of(s2vi_node *features, int64_t n)
{
    return part(features, S2VI_SPEECH_MEL, S2VI_SPEECH_MFCC,
                S2VI_SHAPE(n, S2VI_SPEECH_COLUMNS, S2VI_SPEECH_BANDS));
}

int golden_network_man_generator(golden_network *net, s2v_error *err)
{
    static char stage[S2VI_MAN_BLOCKS][16];
    enum { C = S2VI_SPEECH_COLUMNS, M = C * S2VI_SPEECH_CEPSTRUM };
    s2vi_man_config config;
    s2vi_man_outputs out;
    int ret = read_config(net, &config, err);
    if (ret >= 0)
        ret = s2vi_man_generator_params(&config, &net->params, err);
    if (ret < 0)
        return ret;
    s2vi_man_inputs in = {
        .portrait = golden_network_input(net, "portrait"),
        .geometry = golden_network_input(net, "geometry"),
    };
    s2vi_node *f = golden_network_input(net, "features");
    if (!f)
        return s2vi_graph_status(net->graph, err);
    const int64_t n = f->shape.dim[0];
    in.amf = amf_of(f, n);
    in.mfcc = part(f, S2VI_SPEECH_MFCC, M, S2VI_SHAPE(n, M));
    in.pitch = part(f, S2VI_SPEECH_PITCH, C, S2VI_SHAPE(n * C));
    in.energy = part(f, S2VI_SPEECH_ENERGY, C, S2VI_SHAPE(n * C));
    ret = s2vi_man_generator_build(net->graph, &config, &in, &out, err);
    if (ret < 0)
        return ret;
    golden_network_output(net, "frames", out.frames);
    golden_network_output(net, "logits", out.logits);
    net->n_weighted = net->n_outputs;
    golden_network_output(net, "fc", out.fc);
    for (int i = 0; i < S2VI_MAN_BLOCKS; i++) {
        snprintf(stage[i], sizeof(stage[i]), "block%d", i);
        golden_network_output(net, stage[i], out.block[i]);
    }
    golden_network_output(net, "cam", out.cam);
    if (out.warped)
        golden_network_output(net, "warped", out.warped);
    if (out.encoded[S2VI_MAN_AMF])
        golden_network_output(net, "encoded.amf", out.encoded[S2VI_MAN_AMF]);
    if (out.encoded[S2VI_MAN_PITCH])
        golden_network_output(net, "encoded.pitch",
                              out.encoded[S2VI_MAN_PITCH]);
    if (out.encoded[S2VI_MAN_ENERGY])
        golden_network_output(net, "encoded.energy",
                              out.encoded[S2VI_MAN_ENERGY]);
    return S2V_OK;
}

int golden_network_man_predictor(golden_network *net, s2v_error *err)
{
    s2vi_man_config config;
    s2vi_node *geometry, *sound;
    int ret = read_config(net, &config, err);
    if (ret >= 0)
        ret = s2vi_man_predictor_params(&config, &net->params, err);
    if (ret < 0)
        return ret;
    net->seed = PREDICTOR_SEED;
    s2vi_node *f = golden_network_input(net, "features");
    if (!f)
        return s2vi_graph_status(net->graph, err);
    const s2vi_man_predictor_inputs in = {
        .portrait = config.predictor_portrait
                        ? golden_network_input(net, "portrait")
                        : NULL,
        .previous = golden_network_input(net, "previous"),
        .amf = amf_of(f, f->shape.dim[0]),
        .controls =
            config.controls ? golden_network_input(net, "controls") : NULL,
        .z = config.z ? golden_network_input(net, "z") : NULL,
    };
    ret = s2vi_man_predictor_build(net->graph, &config, &in, &geometry, &sound,
                                   err);
    if (ret < 0)
        return ret;
    golden_network_output(net, "geometry", geometry);
    net->n_weighted = net->n_outputs;
    golden_network_output(net, "sound", sound);
    return S2V_OK;
}

int golden_network_man_posterior(golden_network *net, s2v_error *err)
{
    s2vi_man_config config;
    s2vi_node *mean, *log_variance;
    int ret = read_config(net, &config, err);
    if (ret >= 0)
        ret = s2vi_man_posterior_params(&config, &net->params, err);
    if (ret >= 0)
        ret = s2vi_man_posterior_build(net->graph, &config,
                                       golden_network_input(net, "geometry"),
                                       &mean, &log_variance, err);
    if (ret < 0)
        return ret;
    net->seed = POSTERIOR_SEED;
    golden_network_output(net, "mean", mean);
    golden_network_output(net, "log_variance", log_variance);
    /* KL to N(0, 1): summed over z, the mean over frames. */
    s2vi_node *terms =
        s2vi_sub(s2vi_add(s2vi_square(mean), s2vi_exp(log_variance)),
                 s2vi_affine(log_variance, 1.0, 1.0));
    s2vi_node *kl =
        s2vi_scale(s2vi_sum_all(terms), 0.5 / (double)mean->shape.dim[0]);
    golden_network_output(net, "kl", kl);
    return S2V_OK;
}

int golden_network_man_hourglass(golden_network *net, s2v_error *err)
{
    enum { WIDTH = 8, DEPTH = 2 };
    s2vi_node *maps;
    net->seed = PREDICTOR_SEED;
    int ret = s2vi_man_hourglass_params(WIDTH, DEPTH, &net->params, err);
    if (ret >= 0)
        ret = s2vi_man_hourglass_build(net->graph, WIDTH, DEPTH,
                                       golden_network_input(net, "x"), &maps,
                                       err);
    if (ret >= 0)
        golden_network_output(net, "maps", maps);
    return ret;
}
