/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The networks of MAN, recorded as goldens say. */
#include "golden_networks.h"

#include "graph/build.h"
#include "man_loss.h"
#include "models/man.h"
#include "models/man_predictor.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    GENERATOR_SEED = 4321,
    PREDICTOR_SEED = 4322,
    POSTERIOR_SEED = 4323,
    CRITIC_SEED = 4324,
};

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

/* What the generator hears. */
static s2vi_man_inputs sound_of(s2vi_node *features)
{
    enum { C = S2VI_SPEECH_COLUMNS, M = C * S2VI_SPEECH_CEPSTRUM };
    if (!features)
        return (s2vi_man_inputs){0};
    const int64_t n = features->shape.dim[0];
    return (s2vi_man_inputs){
        .amf = amf_of(features, n),
        .mfcc = part(features, S2VI_SPEECH_MFCC, M, S2VI_SHAPE(n, M)),
        .pitch = part(features, S2VI_SPEECH_PITCH, C, S2VI_SHAPE(n * C)),
        .energy = part(features, S2VI_SPEECH_ENERGY, C, S2VI_SHAPE(n * C)),
    };
}

int golden_network_man_generator(golden_network *net, s2v_error *err)
{
    static char stage[S2VI_MAN_BLOCKS][16];
    s2vi_man_config config;
    s2vi_man_outputs out;
    int ret = read_config(net, &config, err);
    if (ret >= 0)
        ret = s2vi_man_generator_params(&config, &net->params, err);
    if (ret < 0)
        return ret;
    s2vi_node *f = golden_network_input(net, "features");
    s2vi_man_inputs in = sound_of(f);
    in.portrait = golden_network_input(net, "portrait");
    in.geometry = golden_network_input(net, "geometry");
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

/* --------------------------------------------------- of the training -- */

int golden_network_man_critics(golden_network *net, s2v_error *err)
{
    static char name[S2VI_MAN_CRITICS_MAX][6][16];
    s2vi_man_config config;
    s2vi_man_critic out[S2VI_MAN_CRITICS_MAX];
    int ret = read_config(net, &config, err);
    if (ret >= 0)
        ret = s2vi_man_critic_params(&config, &net->params, err);
    if (ret >= 0)
        ret = s2vi_man_critic_build(
            net->graph, &config, golden_network_input(net, "frames"),
            golden_network_input(net, "portrait"), out, err);
    if (ret < 0)
        return ret;
    net->seed = CRITIC_SEED;
    for (int i = 0; i < config.critics; i++) {
        snprintf(name[i][4], sizeof(name[i][4]), "%d.decisions", i);
        snprintf(name[i][5], sizeof(name[i][5]), "%d.logits", i);
        golden_network_output(net, name[i][4], out[i].decisions);
        golden_network_output(net, name[i][5], out[i].logits);
    }
    net->n_weighted = net->n_outputs;
    for (int i = 0; i < config.critics; i++)
        for (int k = 0; k < S2VI_MAN_CRITIC_MAPS; k++) {
            snprintf(name[i][k], sizeof(name[i][k]), "%d.map%d", i, k);
            golden_network_output(net, name[i][k], out[i].map[k]);
        }
    return S2V_OK;
}

static int losses_params(golden_network *net, const s2vi_man_config *config,
                         s2v_error *err)
{
    const struct {
        uint64_t seed;
        int (*params)(const s2vi_man_config *config, s2vi_param_list *list,
                      s2v_error *err);
    } parts[] = {
        {GENERATOR_SEED, s2vi_man_generator_params},
        {PREDICTOR_SEED, s2vi_man_predictor_params},
        {POSTERIOR_SEED, s2vi_man_posterior_params},
        {CRITIC_SEED, s2vi_man_critic_params},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        golden_network_part(net, parts[i].seed);
        const int ret = parts[i].params(config, &net->params, err);
        if (ret < 0)
            return ret;
    }
    return S2V_OK;
}

/* A number of the file's metadata; 0: none. */
static double number_of(const golden_network *net, const char *key)
{
    const char *text = s2v_weights_get_metadata(net->file, key);
    return text ? atof(text) : 0;
}

/* Posterior, predictor and generator, as training runs them: sets fake,
 * predicted, mean and log_variance. */
static int make_frames(golden_network *net, s2vi_man_loss_inputs *x,
                       s2v_error *err)
{
    const s2vi_man_config *config = x->config;
    s2vi_man_outputs out;
    s2vi_node *z = NULL;
    s2vi_man_inputs in = sound_of(golden_network_input(net, "features"));
    int ret = s2vi_man_posterior_build(net->graph, config, x->truth, &x->mean,
                                       &x->log_variance, err);
    if (config->z)
        z = s2vi_add(x->mean,
                     s2vi_mul(s2vi_exp(s2vi_scale(x->log_variance, 0.5)),
                              golden_network_input(net, "epsilon")));
    const s2vi_man_predictor_inputs seen = {
        .portrait = x->portrait,
        .previous = golden_network_input(net, "previous"),
        .amf = in.amf,
        .controls = golden_network_input(net, "controls"),
        .z = z,
    };
    if (ret >= 0)
        ret = s2vi_man_predictor_build(net->graph, config, &seen, &x->predicted,
                                       NULL, err);
    in.portrait = x->portrait;
    in.geometry =
        number_of(net, "detach") ? s2vi_detach(x->predicted) : x->predicted;
    if (ret >= 0)
        ret = s2vi_man_generator_build(net->graph, config, &in, &out, err);
    x->fake = out.frames;
    return ret;
}

/* An iteration. */
int golden_network_man_losses(golden_network *net, s2v_error *err)
{
    static char name[S2VI_MAN_TERMS][16];
    s2vi_man_config config;
    s2vi_man_critic_loss d;
    s2vi_man_generator_loss g;
    int ret = read_config(net, &config, err);
    if (ret >= 0)
        ret = losses_params(net, &config, err);
    if (ret < 0)
        return ret;
    s2vi_man_loss_inputs x = {
        .config = &config,
        .portrait = golden_network_input(net, "portrait"),
        .real = golden_network_input(net, "real"),
        .truth = golden_network_input(net, "truth"),
        .seen = golden_network_input(net, "seen"),
        .details = number_of(net, "details"),
    };
    if (make_frames(net, &x, err) < 0 ||
        s2vi_man_loss_critics(net->graph, &x, &d, err) < 0 ||
        s2vi_man_loss_generator(net->graph, &x, &g, err) < 0)
        return S2V_ERR_INTERNAL;
    golden_network_output(net, "frames", x.fake);
    golden_network_output(net, "geometry", x.predicted);
    golden_network_output(net, "d.gan", d.gan);
    golden_network_output(net, "d.cam", d.cam);
    golden_network_output(net, "d.loss", d.loss);
    for (int i = 0; i < S2VI_MAN_TERMS; i++)
        if (g.term[i]) {
            snprintf(name[i], sizeof(name[i]), "g.%s", s2vi_man_term_names[i]);
            golden_network_output(net, name[i], g.term[i]);
        }
    golden_network_output(net, "g.loss", g.loss);
    net->loss = g.loss;
    net->last_loss = d.loss;
    return S2V_OK;
}
