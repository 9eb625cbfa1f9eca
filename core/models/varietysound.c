/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VarietySound: the generator of
 *   C. Cui, Y. Ren, J. Liu, R. Huang, Z. Zhao, "VarietySound:
 *   Timbre-Controllable Video to Sound Generation via Unsupervised Information
 *   Disentanglement".
 *
 * Shapes: n sequences, T columns of mel, T/4 of features, C channels. Memory is
 * channels last: (n,T,C).
 *
 * Choices and deviations, where the paper is silent or contradicts itself:
 * - Leaky ReLUs have slope 0.2, norms eps 1e-5.
 * - E_T: convolution, batch norm, leaky ReLU, eight times. Batch norm counts a
 *   running average (momentum 0.1, PyTorch's rule), which inference uses.
 * - The LSTMs have two layers in each direction (table 3, not "a single
 *   layer"). "The last hidden state" of one is that of its second layer:
 *   forwards at the last column, backwards at the first, side by side.
 * - SGAU: between the input gate's two convolutions stands a leaky ReLU, since
 *   two without one would be a single one. Instance norm, without an affine,
 *   follows the second; the gates' group norms have 16 channels a group.
 * - R[.] of a unit moves feature and condition output alike, so that they stay
 *   together; every unit draws its own. Segments of 19 to 32 columns, stretched
 *   by 0.5 to 1.5 with linear interpolation, change places at random; what is
 *   longer than T is cut, what is shorter begins again. Drawn outside of the
 *   graph, as indices and weights of a gather.
 * - E_B: energy is the sum of squared magnitudes over the bands, and columns
 *   above the median become zero. The linear layer has 128 outputs.
 * - The mel decoder's transposed convolutions (padding 1: twice the length)
 *   are followed by a leaky ReLU and no norm; a linear layer makes the FFT
 *   blocks' 512 channels of their 1024. Position code: sines and cosines.
 * - FFT blocks as in FastSpeech 2: post-norm; a convolution of 9 taps, ReLU,
 *   and one of 1 tap; dropout 0.1 after attention and after convolutions.
 * - No bias before a batch or instance norm, which makes it idle, nor in the
 *   keys of an attention, where it adds the same to a whole row of scores.
 * - Weights start from U(-1, 1) / sqrt(inputs), biases from 0. Inner
 *   linear layers, transposed convolutions and what goes into LSTMs start from
 * He's normal numbers instead: with the others' the picture's share of what
 * enters the FFT blocks began some 400 times below the position code's.
 */
#include "models/varietysound.h"

#include "nn/sequence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SLOPE    0.2
#define EPS      1e-5
#define MOMENTUM 0.1

enum {
    LSTM_LAYERS = 2,
    TEMPORAL_KERNEL = 5,
    INPUT_KERNEL1 = 5,
    INPUT_KERNEL2 = 7,
    OUTPUT_KERNEL = 3,
    SKIP_KERNEL = 5,
    GROUP = S2VI_VS_GROUP,
    UPS = 2,
    UP_KERNEL = 4,
    FFT_KERNEL = 9,
};

/* --------------------------------------------------------- parameters -- */

#define UNIFORM S2VI_INIT_UNIFORM
#define HE      S2VI_INIT_HE
#define ZERO    S2VI_INIT_ZERO
#define ONE     S2VI_INIT_ONE

/* An nn.LSTM of both directions: cin -> 2 hidden. */
static void lstm_params(s2vi_param_maker *m, const char *name, int cin,
                        int hidden)
{
    for (int l = 0; l < LSTM_LAYERS; l++)
        for (int d = 0; d < 2; d++) {
            const int64_t gates = 4 * hidden, in = l ? 2 * hidden : cin;
            const char *way = d ? "_reverse" : "";
            s2vi_param_make(m, S2VI_SHAPE(gates, in), HE, "%s.weight_ih_l%d%s",
                            name, l, way);
            s2vi_param_make(m, S2VI_SHAPE(gates, hidden), UNIFORM,
                            "%s.weight_hh_l%d%s", name, l, way);
            s2vi_param_make(m, S2VI_SHAPE(gates), ZERO, "%s.bias_ih_l%d%s",
                            name, l, way);
            s2vi_param_make(m, S2VI_SHAPE(gates), ZERO, "%s.bias_hh_l%d%s",
                            name, l, way);
        }
}

static void linear_params(s2vi_param_maker *m, const char *name, int cin,
                          int cout, s2vi_init init)
{
    s2vi_param_make(m, S2VI_SHAPE(cout, cin), init, "%s.weight", name);
    s2vi_param_make(m, S2VI_SHAPE(cout), ZERO, "%s.bias", name);
}

/* E_T: figure 3b. */
static void temporal_params(s2vi_param_maker *m, const s2vi_vs_config *c)
{
    const int C = c->temporal_channels;
    for (int i = 0; i < c->temporal_layers; i++) {
        const int cin = i ? C : c->features;
        s2vi_param_make(m, S2VI_SHAPE(C, cin, TEMPORAL_KERNEL), UNIFORM,
                        "temporal.convs.%d.weight", i);
        s2vi_param_make(m, S2VI_SHAPE(C), ONE, "temporal.norms.%d.weight", i);
        s2vi_param_make(m, S2VI_SHAPE(C), ZERO, "temporal.norms.%d.bias", i);
        s2vi_param_make(m, S2VI_SHAPE(C), ZERO,
                        "temporal.norms.%d.running_mean", i);
        s2vi_param_make(m, S2VI_SHAPE(C), ONE, "temporal.norms.%d.running_var",
                        i);
    }
    lstm_params(m, "temporal.lstm", C, c->temporal_lstm);
    linear_params(m, "temporal.linear", 2 * c->temporal_lstm, c->temporal_out,
                  HE);
}

/* A gate of SGAU i: a convolution and a group norm. */
static void gate_params(s2vi_param_maker *m, int i, const char *gate, int cin,
                        int C, int kernel)
{
    s2vi_param_make(m, S2VI_SHAPE(C, cin, kernel), UNIFORM,
                    "acoustic.units.%d.%s.conv.weight", i, gate);
    s2vi_param_make(m, S2VI_SHAPE(C), ZERO, "acoustic.units.%d.%s.conv.bias", i,
                    gate);
    s2vi_param_make(m, S2VI_SHAPE(C), ONE, "acoustic.units.%d.%s.norm.weight",
                    i, gate);
    s2vi_param_make(m, S2VI_SHAPE(C), ZERO, "acoustic.units.%d.%s.norm.bias", i,
                    gate);
}

/* E_A: figures 3c and 4. */
static void acoustic_params(s2vi_param_maker *m, const s2vi_vs_config *c)
{
    const int C = c->acoustic_channels;
    for (int i = 0; i < c->acoustic_layers; i++) {
        const int cin = i ? C : c->bands;
        s2vi_param_make(m, S2VI_SHAPE(C, cin, INPUT_KERNEL1), UNIFORM,
                        "acoustic.units.%d.input.conv1.weight", i);
        s2vi_param_make(m, S2VI_SHAPE(C), ZERO,
                        "acoustic.units.%d.input.conv1.bias", i);
        s2vi_param_make(m, S2VI_SHAPE(C, C, INPUT_KERNEL2), UNIFORM,
                        "acoustic.units.%d.input.conv2.weight", i);
        gate_params(m, i, "output", cin, C, OUTPUT_KERNEL);
        gate_params(m, i, "skip", cin, C, SKIP_KERNEL);
    }
    lstm_params(m, "acoustic.lstm", C, c->acoustic_lstm);
}

/* E_B: figure 3d. */
static void background_params(s2vi_param_maker *m, const s2vi_vs_config *c)
{
    lstm_params(m, "background.lstm", c->bands, c->background_lstm);
    linear_params(m, "background.linear", 2 * c->background_lstm,
                  c->background_out, HE);
}

static void block_params(s2vi_param_maker *m, const s2vi_vs_config *c, int i)
{
    static const char *const maps[] = {"query", "key", "value", "output"};
    const int C = c->decoder_channels, F = c->decoder_filter;
    for (int k = 0; k < 4; k++) {
        s2vi_param_make(m, S2VI_SHAPE(C, C), UNIFORM,
                        "decoder.blocks.%d.attention.%s.weight", i, maps[k]);
        if (strcmp(maps[k], "key"))
            s2vi_param_make(m, S2VI_SHAPE(C), ZERO,
                            "decoder.blocks.%d.attention.%s.bias", i, maps[k]);
    }
    for (int k = 1; k <= 2; k++) {
        s2vi_param_make(m, S2VI_SHAPE(C), ONE,
                        "decoder.blocks.%d.norm%d.weight", i, k);
        s2vi_param_make(m, S2VI_SHAPE(C), ZERO, "decoder.blocks.%d.norm%d.bias",
                        i, k);
    }
    s2vi_param_make(m, S2VI_SHAPE(F, C, FFT_KERNEL), UNIFORM,
                    "decoder.blocks.%d.conv1.weight", i);
    s2vi_param_make(m, S2VI_SHAPE(F), ZERO, "decoder.blocks.%d.conv1.bias", i);
    s2vi_param_make(m, S2VI_SHAPE(C, F, 1), UNIFORM,
                    "decoder.blocks.%d.conv2.weight", i);
    s2vi_param_make(m, S2VI_SHAPE(C), ZERO, "decoder.blocks.%d.conv2.bias", i);
}

/* The mel decoder: figure 3e. */
static void decoder_params(s2vi_param_maker *m, const s2vi_vs_config *c)
{
    const int up = c->decoder_up_channels;
    const int all = c->temporal_out + 2 * c->acoustic_lstm + c->background_out;
    for (int i = 0; i < UPS; i++) {
        s2vi_param_make(m, S2VI_SHAPE(i ? up : all, up, UP_KERNEL),
                        S2VI_INIT_HE_UP, "decoder.ups.%d.weight", i);
        s2vi_param_make(m, S2VI_SHAPE(up), ZERO, "decoder.ups.%d.bias", i);
    }
    linear_params(m, "decoder.input", up, c->decoder_channels, HE);
    for (int i = 0; i < c->decoder_layers; i++)
        block_params(m, c, i);
    linear_params(m, "decoder.linear", c->decoder_channels, c->bands, UNIFORM);
}

int s2vi_vs_params(const s2vi_vs_config *config, s2vi_param_list *list,
                   s2v_error *err)
{
    const int before = list->count;
    s2vi_param_maker m = {.list = list, .err = err};
    m.status = s2vi_vs_config_check(config, err);
    if (m.status >= 0) {
        temporal_params(&m, config);
        acoustic_params(&m, config);
        background_params(&m, config);
        decoder_params(&m, config);
    }
    for (int i = before; m.status >= 0 && i < list->count; i++)
        list->param[i].buffer =
            strstr(list->param[i].name, ".running_") != NULL;
    if (m.status < 0)
        list->count = before;
    return m.status;
}

/* --------------------------------------------------------- recording -- */

typedef struct model {
    s2vi_graph *graph;
    const s2vi_vs_config *config;
    s2vi_vs_options options;
    s2vi_param_list params;
    s2vi_vs_graph *out;
} model;

#define PARAM(m, ...) s2vi_param_var((m)->graph, &(m)->params, __VA_ARGS__)

static s2vi_node *linear(const model *m, const char *name, s2vi_node *x)
{
    return s2vi_nn_columns(x, PARAM(m, "%s.weight", name),
                           PARAM(m, "%s.bias", name));
}

/* One direction of one layer. */
static s2vi_node *lstm_way(const model *m, const char *name, int layer,
                           bool reverse, s2vi_node *x)
{
    const char *way = reverse ? "_reverse" : "";
    return s2vi_nn_lstm(x, PARAM(m, "%s.weight_ih_l%d%s", name, layer, way),
                        PARAM(m, "%s.weight_hh_l%d%s", name, layer, way),
                        PARAM(m, "%s.bias_ih_l%d%s", name, layer, way),
                        PARAM(m, "%s.bias_hh_l%d%s", name, layer, way),
                        reverse);
}

/* Both directions of the last layer, apart. */
static void lstm(const model *m, const char *name, s2vi_node *x,
                 s2vi_node *ways[2])
{
    for (int l = 0; l < LSTM_LAYERS; l++) {
        if (l)
            x = s2vi_concat(ways, 2, 2);
        ways[0] = lstm_way(m, name, l, false, x);
        ways[1] = lstm_way(m, name, l, true, x);
    }
}

/* (n,T,C) -> the last hidden state, (n,1,2H). */
static s2vi_node *last_hidden(const model *m, const char *name, s2vi_node *x)
{
    s2vi_node *ways[2];
    lstm(m, name, x, ways);
    if (!ways[0])
        return NULL;
    s2vi_node *const ends[] = {
        s2vi_slice(ways[0], 1, ways[0]->shape.dim[1] - 1, 1),
        s2vi_slice(ways[1], 1, 0, 1),
    };
    return s2vi_concat(ends, 2, 2);
}

/* ------------------------------------------------- E_T, figure 3b -- */

/* The running average, moved towards this batch's statistic. */
static void count(const model *m, const char *which, int i,
                  s2vi_node *statistic)
{
    s2vi_node *kept = PARAM(m, "temporal.norms.%d.%s", i, which);
    s2vi_node *next = s2vi_add(s2vi_scale(kept, 1 - MOMENTUM),
                               s2vi_scale(s2vi_detach(statistic), MOMENTUM));
    m->out->update[m->out->n_updates++] = s2vi_assign(kept, next);
}

static s2vi_node *temporal_norm(const model *m, int i, s2vi_node *x)
{
    s2vi_node *gamma = PARAM(m, "temporal.norms.%d.weight", i);
    s2vi_node *beta = PARAM(m, "temporal.norms.%d.bias", i);
    s2vi_node *mean = NULL, *variance = NULL;
    if (!m->options.training)
        return s2vi_nn_batch_norm_by(
            x, PARAM(m, "temporal.norms.%d.running_mean", i),
            PARAM(m, "temporal.norms.%d.running_var", i), gamma, beta, EPS);
    x = s2vi_nn_batch_norm(x, gamma, beta, EPS, &mean, &variance);
    count(m, "running_mean", i, mean);
    count(m, "running_var", i, variance);
    return x;
}

static s2vi_node *temporal_encoder(const model *m, s2vi_node *x)
{
    s2vi_node *ways[2];
    for (int i = 0; i < m->config->temporal_layers; i++) {
        x = s2vi_nn_conv1d(x, PARAM(m, "temporal.convs.%d.weight", i), NULL, 1,
                           TEMPORAL_KERNEL / 2);
        x = s2vi_lrelu(temporal_norm(m, i, x), SLOPE);
    }
    lstm(m, "temporal.lstm", x, ways);
    return linear(m, "temporal.linear", s2vi_concat(ways, 2, 2));
}

/* --------------------------------------------- E_A, figures 3c and 4 -- */

/* R[.] of unit i, of sequences of x's length. */
static void resample_inputs(const model *m, int i, const s2vi_node *x)
{
    s2vi_vs_resample *r = &m->out->resample[i];
    const s2vi_shape rows = S2VI_SHAPE(x->shape.dim[0] * x->shape.dim[1]);
    char name[48];
    snprintf(name, sizeof(name), "resample.%d.low", i);
    r->low = s2vi_input(m->graph, name, rows);
    snprintf(name, sizeof(name), "resample.%d.high", i);
    r->high = s2vi_input(m->graph, name, rows);
    snprintf(name, sizeof(name), "resample.%d.weight", i);
    r->weight = s2vi_input(m->graph, name, rows);
}

static s2vi_node *resample(const s2vi_vs_resample *r, s2vi_node *x)
{
    if (!x)
        return NULL;
    const s2vi_shape s = x->shape;
    const int64_t rows = s.dim[0] * s.dim[1];
    x = s2vi_reshape(x, S2VI_SHAPE(rows, s.dim[2]));
    s2vi_node *low = s2vi_gather(x, r->low);
    s2vi_node *step = s2vi_sub(s2vi_gather(x, r->high), low);
    s2vi_node *weight = s2vi_reshape(r->weight, S2VI_SHAPE(rows, 1));
    return s2vi_reshape(s2vi_add(low, s2vi_mul(step, weight)), s);
}

/* W * c: convolution and group norm of unit i's "output" or "skip". */
static s2vi_node *gate(const model *m, int i, const char *which, s2vi_node *c)
{
    s2vi_node *w = PARAM(m, "acoustic.units.%d.%s.conv.weight", i, which);
    c = s2vi_nn_conv1d(c, w,
                       PARAM(m, "acoustic.units.%d.%s.conv.bias", i, which), 1,
                       w ? (int)w->shape.dim[1] / 2 : 0);
    return s2vi_nn_group_norm(
        c, GROUP, PARAM(m, "acoustic.units.%d.%s.norm.weight", i, which),
        PARAM(m, "acoustic.units.%d.%s.norm.bias", i, which), EPS);
}

/* Unit i: x and c become x_o and c_o. */
static void sgau(const model *m, int i, s2vi_node **x, s2vi_node **c)
{
    s2vi_node *v =
        s2vi_nn_conv1d(*x, PARAM(m, "acoustic.units.%d.input.conv1.weight", i),
                       PARAM(m, "acoustic.units.%d.input.conv1.bias", i), 1,
                       INPUT_KERNEL1 / 2);
    v = s2vi_nn_conv1d(s2vi_lrelu(v, SLOPE),
                       PARAM(m, "acoustic.units.%d.input.conv2.weight", i),
                       NULL, 1, INPUT_KERNEL2 / 2);
    v = s2vi_nn_standardise(v, 1u << 1, EPS); /* V_i * x_i */
    s2vi_node *skip = gate(m, i, "skip", *c), *open = gate(m, i, "output", *c);
    *x = s2vi_mul(s2vi_tanh(s2vi_add(skip, v)),
                  s2vi_sigmoid(s2vi_add(open, v))); /* (8) */
    *c = skip;                                      /* (9) */
    if (!m->options.resample || !*x)
        return;
    const s2vi_vs_resample *r = &m->out->resample[i];
    resample_inputs(m, i, *x);
    *x = resample(r, *x);
    if (i + 1 < m->config->acoustic_layers) /* the last one is not used */
        *c = resample(r, *c);
}

static s2vi_node *acoustic_encoder(const model *m, s2vi_node *mel)
{
    s2vi_node *x = mel, *c = mel;
    for (int i = 0; i < m->config->acoustic_layers; i++)
        sgau(m, i, &x, &c);
    return last_hidden(m, "acoustic.lstm", x);
}

/* ------------------------------------------- the mel decoder, figure 3e -- */

static s2vi_node *attention(const model *m, int i, s2vi_node *x)
{
    char query[48], value[48], output[48];
    snprintf(query, sizeof(query), "decoder.blocks.%d.attention.query", i);
    snprintf(value, sizeof(value), "decoder.blocks.%d.attention.value", i);
    snprintf(output, sizeof(output), "decoder.blocks.%d.attention.output", i);
    s2vi_node *key = s2vi_nn_columns(
        x, PARAM(m, "decoder.blocks.%d.attention.key.weight", i), NULL);
    return linear(m, output,
                  s2vi_nn_attention(linear(m, query, x), key,
                                    linear(m, value, x),
                                    m->config->decoder_heads));
}

static s2vi_node *convolutions(const model *m, int i, s2vi_node *x)
{
    x = s2vi_nn_conv1d(x, PARAM(m, "decoder.blocks.%d.conv1.weight", i),
                       PARAM(m, "decoder.blocks.%d.conv1.bias", i), 1,
                       FFT_KERNEL / 2);
    return s2vi_nn_conv1d(s2vi_lrelu(x, 0),
                          PARAM(m, "decoder.blocks.%d.conv2.weight", i),
                          PARAM(m, "decoder.blocks.%d.conv2.bias", i), 1, 0);
}

/* x + dropout(y), normed: what ends either half of block i. */
static s2vi_node *residual(const model *m, int i, int half, s2vi_node *x,
                           s2vi_node *y)
{
    const double p = m->options.training ? m->options.dropout : 0;
    const uint32_t stream =
        S2VI_VS_STREAM_DROPOUT + 2 * (uint32_t)i + (uint32_t)half;
    x = s2vi_add(x, s2vi_nn_dropout(y, p, stream));
    return s2vi_nn_layer_norm(
        x, PARAM(m, "decoder.blocks.%d.norm%d.weight", i, half + 1),
        PARAM(m, "decoder.blocks.%d.norm%d.bias", i, half + 1), EPS);
}

/* (n,T/4,all) -> (n,T,bands) */
static s2vi_node *mel_decoder(const model *m, s2vi_node *x)
{
    for (int i = 0; i < UPS; i++)
        x = s2vi_lrelu(
            s2vi_nn_conv1d_transposed(x, PARAM(m, "decoder.ups.%d.weight", i),
                                      PARAM(m, "decoder.ups.%d.bias", i), 2, 1),
            SLOPE);
    x = linear(m, "decoder.input", x);
    if (!x)
        return NULL;
    const int64_t T = x->shape.dim[1], C = x->shape.dim[2];
    s2vi_node *place = s2vi_position(m->graph, S2VI_SHAPE(T, C));
    x = s2vi_add(x, s2vi_reshape(place, S2VI_SHAPE(1, T, C)));
    for (int i = 0; i < m->config->decoder_layers; i++) {
        x = residual(m, i, 0, x, attention(m, i, x));
        x = residual(m, i, 1, x, convolutions(m, i, x));
    }
    return linear(m, "decoder.linear", x);
}

/* ---------------------------------------------------------- recording -- */

/* (n,T,C), or a mistake on the graph. */
static bool fits(const model *m, const s2vi_node *x, int64_t C,
                 const char *what)
{
    if (x && x->shape.rank == 3 && x->shape.dim[2] == C)
        return true;
    s2vi_graph_mistake(m->graph, "varietysound: %s are not columns of %d", what,
                       (int)C);
    return false;
}

static int begin(model *m, s2vi_graph *graph, const s2vi_vs_config *config,
                 const s2vi_vs_options *options, s2vi_vs_graph *out,
                 s2v_error *err)
{
    *m = (model){.graph = graph, .config = config, .out = out};
    if (options)
        m->options = *options;
    int ret = s2vi_vs_params(config, &m->params, err);
    if (ret < 0)
        s2vi_param_list_close(&m->params);
    return ret;
}

static int finish(model *m, s2v_error *err)
{
    s2vi_param_list_close(&m->params);
    return s2vi_graph_status(m->graph, err);
}

/* (n,1,C) -> (n,C) */
static s2vi_node *vector(s2vi_node *x)
{
    return x ? s2vi_reshape(x, S2VI_SHAPE(x->shape.dim[0], x->shape.dim[2]))
             : NULL;
}

int s2vi_vs_record_timbre(s2vi_graph *graph, const s2vi_vs_config *config,
                          const s2vi_vs_options *options, s2vi_node *reference,
                          s2vi_vs_graph *out, s2v_error *err)
{
    model m;
    int ret = begin(&m, graph, config, options, out, err);
    if (ret < 0)
        return ret;
    if (fits(&m, reference, config->bands, "a reference's bands"))
        out->timbre = vector(acoustic_encoder(&m, reference));
    return finish(&m, err);
}

int s2vi_vs_record_background(s2vi_graph *graph, const s2vi_vs_config *config,
                              s2vi_node *masked, s2vi_vs_graph *out,
                              s2v_error *err)
{
    model m;
    int ret = begin(&m, graph, config, NULL, out, err);
    if (ret < 0)
        return ret;
    if (fits(&m, masked, config->bands, "a background's bands"))
        out->background =
            vector(linear(&m, "background.linear",
                          last_hidden(&m, "background.lstm", masked)));
    return finish(&m, err);
}

/* (n,C) -> (n,T,C), the same in every column. */
static s2vi_node *repeated(s2vi_node *x, int64_t T)
{
    if (!x || x->shape.rank != 2)
        return NULL;
    const int64_t n = x->shape.dim[0], C = x->shape.dim[1];
    return s2vi_broadcast(s2vi_reshape(x, S2VI_SHAPE(n, 1, C)),
                          S2VI_SHAPE(n, T, C));
}

int s2vi_vs_record_mel(s2vi_graph *graph, const s2vi_vs_config *config,
                       const s2vi_vs_options *options, s2vi_node *features,
                       s2vi_vs_graph *out, s2v_error *err)
{
    model m;
    int ret = begin(&m, graph, config, options, out, err);
    if (ret < 0)
        return ret;
    if (!out->timbre || !out->background)
        s2vi_graph_mistake(graph, "varietysound: no timbre or background");
    else if (fits(&m, features, config->features, "features of sight")) {
        const int64_t T = features->shape.dim[1];
        out->temporal = temporal_encoder(&m, features);
        s2vi_node *const all[] = {out->temporal, repeated(out->timbre, T),
                                  repeated(out->background, T)};
        out->mel = mel_decoder(&m, s2vi_concat(all, 3, 2));
    }
    return finish(&m, err);
}
