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

/* An nn.LSTM of both directions, forwards and backwards: cin -> 2 hidden. */
typedef struct lstm {
    s2vi_recurrent way[LSTM_LAYERS][2];
} lstm;

/* E_T: figure 3b. */
typedef struct temporal {
    s2vi_layer convs[S2VI_VS_MAX_LAYERS];
    s2vi_batch_norm norms[S2VI_VS_MAX_LAYERS];
    lstm lstm;
    s2vi_layer linear;
} temporal;

typedef struct gate {
    s2vi_layer conv, norm;
} gate;

/* E_A: figures 3c and 4. */
typedef struct unit {
    s2vi_layer conv1, conv2; /* the input gate's */
    gate output, skip;
} unit;

typedef struct acoustic {
    unit units[S2VI_VS_MAX_LAYERS];
    lstm lstm;
} acoustic;

/* E_B: figure 3d. */
typedef struct background {
    lstm lstm;
    s2vi_layer linear;
} background;

/* An FFT block. */
typedef struct block {
    s2vi_layer query, key, value, output; /* attention */
    s2vi_layer norm[2];
    s2vi_layer conv1, conv2;
} block;

/* The mel decoder: figure 3e. */
typedef struct decoder {
    s2vi_layer ups[UPS];
    s2vi_layer input;
    block blocks[S2VI_VS_MAX_LAYERS];
    s2vi_layer linear;
} decoder;

static void declare_lstm(const s2vi_scope *scope, int cin, int hidden, lstm *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "lstm");
    for (int l = 0; l < LSTM_LAYERS; l++)
        for (int d = 0; d < 2; d++) {
            char suffix[16];
            snprintf(suffix, sizeof(suffix), "_l%d%s", l, d ? "_reverse" : "");
            n->way[l][d] = s2vi_declare_recurrent(
                &in, suffix, 4, l ? 2 * hidden : cin, hidden, HE, UNIFORM);
        }
}

static void declare_temporal(const s2vi_scope *scope, const s2vi_vs_config *c,
                             temporal *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "temporal");
    const int C = c->temporal_channels, H = c->temporal_lstm;
    for (int i = 0; i < c->temporal_layers; i++) {
        const s2vi_shape w =
            S2VI_SHAPE(C, i ? C : c->features, TEMPORAL_KERNEL);
        n->convs[i] = s2vi_declare_layer(&in, w, UNIFORM, 0, "convs.%d", i);
        n->norms[i] = s2vi_declare_batch_norm(&in, C, "norms.%d", i);
    }
    declare_lstm(&in, C, H, &n->lstm);
    n->linear = s2vi_declare_layer(&in, S2VI_SHAPE(c->temporal_out, 2 * H), HE,
                                   c->temporal_out, "linear");
}

/* A convolution and a group norm. */
static gate declare_gate(const s2vi_scope *scope, const char *name, int cin,
                         int C, int kernel)
{
    gate g;
    g.conv = s2vi_declare_layer(scope, S2VI_SHAPE(C, cin, kernel), UNIFORM, C,
                                "%s.conv", name);
    g.norm = s2vi_declare_norm(scope, C, "%s.norm", name);
    return g;
}

static void declare_acoustic(const s2vi_scope *scope, const s2vi_vs_config *c,
                             acoustic *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "acoustic");
    const int C = c->acoustic_channels;
    for (int i = 0; i < c->acoustic_layers; i++) {
        const s2vi_scope at = s2vi_scope_in(&in, "units.%d", i);
        const int cin = i ? C : c->bands;
        const s2vi_shape w1 = S2VI_SHAPE(C, cin, INPUT_KERNEL1);
        const s2vi_shape w2 = S2VI_SHAPE(C, C, INPUT_KERNEL2);
        unit *u = &n->units[i];
        u->conv1 = s2vi_declare_layer(&at, w1, UNIFORM, C, "input.conv1");
        u->conv2 = s2vi_declare_layer(&at, w2, UNIFORM, 0, "input.conv2");
        u->output = declare_gate(&at, "output", cin, C, OUTPUT_KERNEL);
        u->skip = declare_gate(&at, "skip", cin, C, SKIP_KERNEL);
    }
    declare_lstm(&in, C, c->acoustic_lstm, &n->lstm);
}

static void declare_background(const s2vi_scope *scope, const s2vi_vs_config *c,
                               background *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "background");
    const int H = c->background_lstm, out = c->background_out;
    declare_lstm(&in, c->bands, H, &n->lstm);
    n->linear =
        s2vi_declare_layer(&in, S2VI_SHAPE(out, 2 * H), HE, out, "linear");
}

static void declare_block(const s2vi_scope *in, const s2vi_vs_config *c,
                          block *b)
{
    const int C = c->decoder_channels, F = c->decoder_filter;
    const s2vi_shape map = S2VI_SHAPE(C, C);
    const s2vi_shape w1 = S2VI_SHAPE(F, C, FFT_KERNEL);
    const s2vi_shape w2 = S2VI_SHAPE(C, F, 1);
    b->query = s2vi_declare_layer(in, map, UNIFORM, C, "attention.query");
    b->key = s2vi_declare_layer(in, map, UNIFORM, 0, "attention.key");
    b->value = s2vi_declare_layer(in, map, UNIFORM, C, "attention.value");
    b->output = s2vi_declare_layer(in, map, UNIFORM, C, "attention.output");
    for (int k = 0; k < 2; k++)
        b->norm[k] = s2vi_declare_norm(in, C, "norm%d", k + 1);
    b->conv1 = s2vi_declare_layer(in, w1, UNIFORM, F, "conv1");
    b->conv2 = s2vi_declare_layer(in, w2, UNIFORM, C, "conv2");
}

static void declare_decoder(const s2vi_scope *scope, const s2vi_vs_config *c,
                            decoder *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "decoder");
    const int up = c->decoder_up_channels, C = c->decoder_channels;
    const int all = c->temporal_out + 2 * c->acoustic_lstm + c->background_out;
    for (int i = 0; i < UPS; i++) {
        const s2vi_shape w = S2VI_SHAPE(i ? up : all, up, UP_KERNEL);
        n->ups[i] =
            s2vi_declare_layer(&in, w, S2VI_INIT_HE_UP, up, "ups.%d", i);
    }
    n->input = s2vi_declare_layer(&in, S2VI_SHAPE(C, up), HE, C, "input");
    for (int i = 0; i < c->decoder_layers; i++) {
        const s2vi_scope at = s2vi_scope_in(&in, "blocks.%d", i);
        declare_block(&at, c, &n->blocks[i]);
    }
    n->linear = s2vi_declare_layer(&in, S2VI_SHAPE(c->bands, C), UNIFORM,
                                   c->bands, "linear");
}

int s2vi_vs_params(const s2vi_vs_config *config, s2vi_param_list *list,
                   s2v_error *err)
{
    const s2vi_scope scope = {.list = list};
    const int before = list->count;
    temporal t;
    acoustic a;
    background b;
    decoder d;
    int ret = s2vi_vs_config_check(config, err);
    if (ret < 0)
        return ret;
    declare_temporal(&scope, config, &t);
    declare_acoustic(&scope, config, &a);
    declare_background(&scope, config, &b);
    declare_decoder(&scope, config, &d);
    return s2vi_param_list_end(list, before, err);
}

/* --------------------------------------------------------- recording -- */

typedef struct model {
    s2vi_graph *graph;
    const s2vi_vs_config *config;
    s2vi_vs_options options;
    s2vi_vs_graph *out;
} model;

static const s2vi_vs_options NONE;

/* Both directions of the last layer, apart. */
static void run_lstm(const lstm *n, s2vi_node *x, s2vi_node *ways[2])
{
    for (int l = 0; l < LSTM_LAYERS; l++) {
        if (l)
            x = s2vi_concat(ways, 2, 2);
        ways[0] = s2vi_nn_lstm(x, &n->way[l][0], false);
        ways[1] = s2vi_nn_lstm(x, &n->way[l][1], true);
    }
}

/* (n,T,C) -> the last hidden state, (n,1,2H). */
static s2vi_node *last_hidden(const lstm *n, s2vi_node *x)
{
    s2vi_node *ways[2];
    run_lstm(n, x, ways);
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
static void count(const model *m, s2vi_node *kept, s2vi_node *statistic)
{
    s2vi_node *moved = s2vi_scale(s2vi_detach(statistic), MOMENTUM);
    s2vi_node *next = s2vi_add(s2vi_scale(kept, 1 - MOMENTUM), moved);
    m->out->update[m->out->n_updates++] = s2vi_assign(kept, next);
}

static s2vi_node *temporal_norm(const model *m, const s2vi_batch_norm *n,
                                s2vi_node *x)
{
    s2vi_node *mean = NULL, *variance = NULL;
    if (!m->options.training)
        return s2vi_nn_batch_norm_by(x, n, EPS);
    x = s2vi_nn_batch_norm(x, n->affine, EPS, &mean, &variance);
    count(m, n->mean, mean);
    count(m, n->variance, variance);
    return x;
}

static s2vi_node *temporal_encoder(const model *m, const temporal *n,
                                   s2vi_node *x)
{
    s2vi_node *ways[2];
    for (int i = 0; i < m->config->temporal_layers; i++) {
        x = s2vi_nn_conv1d(x, n->convs[i], 1, TEMPORAL_KERNEL / 2);
        x = s2vi_lrelu(temporal_norm(m, &n->norms[i], x), SLOPE);
    }
    run_lstm(&n->lstm, x, ways);
    return s2vi_nn_columns(s2vi_concat(ways, 2, 2), n->linear);
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

/* W * c: convolution and group norm. */
static s2vi_node *run_gate(const gate *g, int kernel, s2vi_node *c)
{
    c = s2vi_nn_conv1d(c, g->conv, 1, kernel / 2);
    return s2vi_nn_group_norm(c, GROUP, g->norm, EPS);
}

/* Unit i: x and c become x_o and c_o. */
static void sgau(const model *m, int i, const unit *u, s2vi_node **x,
                 s2vi_node **c)
{
    s2vi_node *v = s2vi_nn_conv1d(*x, u->conv1, 1, INPUT_KERNEL1 / 2);
    v = s2vi_nn_conv1d(s2vi_lrelu(v, SLOPE), u->conv2, 1, INPUT_KERNEL2 / 2);
    v = s2vi_nn_standardise(v, 1u << 1, EPS); /* V_i * x_i */
    s2vi_node *skip = run_gate(&u->skip, SKIP_KERNEL, *c);
    s2vi_node *open = run_gate(&u->output, OUTPUT_KERNEL, *c);
    open = s2vi_sigmoid(s2vi_add(open, v));
    *x = s2vi_mul(s2vi_tanh(s2vi_add(skip, v)), open); /* (8) */
    *c = skip;                                         /* (9) */
    if (!m->options.resample || !*x)
        return;
    const s2vi_vs_resample *r = &m->out->resample[i];
    resample_inputs(m, i, *x);
    *x = resample(r, *x);
    if (i + 1 < m->config->acoustic_layers) /* the last one is not used */
        *c = resample(r, *c);
}

static s2vi_node *acoustic_encoder(const model *m, const acoustic *n,
                                   s2vi_node *mel)
{
    s2vi_node *x = mel, *c = mel;
    for (int i = 0; i < m->config->acoustic_layers; i++)
        sgau(m, i, &n->units[i], &x, &c);
    return last_hidden(&n->lstm, x);
}

/* ------------------------------------------- the mel decoder, figure 3e -- */

static s2vi_node *attention(const model *m, const block *b, s2vi_node *x)
{
    s2vi_node *key = s2vi_nn_columns(x, b->key);
    s2vi_node *value = s2vi_nn_columns(x, b->value);
    s2vi_node *query = s2vi_nn_columns(x, b->query);
    return s2vi_nn_columns(
        s2vi_nn_attention(query, key, value, m->config->decoder_heads),
        b->output);
}

static s2vi_node *convolutions(const block *b, s2vi_node *x)
{
    x = s2vi_nn_conv1d(x, b->conv1, 1, FFT_KERNEL / 2);
    return s2vi_nn_conv1d(s2vi_lrelu(x, 0), b->conv2, 1, 0);
}

/* x + dropout(y), normed: what ends either half of block i. */
static s2vi_node *residual(const model *m, const decoder *n, int i, int half,
                           s2vi_node *x, s2vi_node *y)
{
    const double p = m->options.training ? m->options.dropout : 0;
    const uint32_t stream =
        S2VI_VS_STREAM_DROPOUT + 2 * (uint32_t)i + (uint32_t)half;
    x = s2vi_add(x, s2vi_nn_dropout(y, p, stream));
    return s2vi_nn_layer_norm(x, n->blocks[i].norm[half], EPS);
}

/* (n,T/4,all) -> (n,T,bands) */
static s2vi_node *mel_decoder(const model *m, const decoder *n, s2vi_node *x)
{
    for (int i = 0; i < UPS; i++)
        x = s2vi_lrelu(s2vi_nn_conv1d_transposed(x, n->ups[i], 2, 1), SLOPE);
    x = s2vi_nn_columns(x, n->input);
    if (!x)
        return NULL;
    const int64_t T = x->shape.dim[1], C = x->shape.dim[2];
    s2vi_node *place = s2vi_position(m->graph, S2VI_SHAPE(T, C));
    x = s2vi_add(x, s2vi_reshape(place, S2VI_SHAPE(1, T, C)));
    for (int i = 0; i < m->config->decoder_layers; i++) {
        x = residual(m, n, i, 0, x, attention(m, &n->blocks[i], x));
        x = residual(m, n, i, 1, x, convolutions(&n->blocks[i], x));
    }
    return s2vi_nn_columns(x, n->linear);
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
    const model m = {graph, config, options ? *options : NONE, out};
    acoustic n;
    int ret = s2vi_vs_config_check(config, err);
    if (ret < 0)
        return ret;
    declare_acoustic(&(s2vi_scope){.graph = graph}, config, &n);
    if (fits(&m, reference, config->bands, "a reference's bands"))
        out->timbre = vector(acoustic_encoder(&m, &n, reference));
    return s2vi_graph_status(graph, err);
}

int s2vi_vs_record_background(s2vi_graph *graph, const s2vi_vs_config *config,
                              s2vi_node *masked, s2vi_vs_graph *out,
                              s2v_error *err)
{
    const model m = {graph, config, NONE, out};
    background n;
    int ret = s2vi_vs_config_check(config, err);
    if (ret < 0)
        return ret;
    declare_background(&(s2vi_scope){.graph = graph}, config, &n);
    if (fits(&m, masked, config->bands, "a background's bands"))
        out->background =
            vector(s2vi_nn_columns(last_hidden(&n.lstm, masked), n.linear));
    return s2vi_graph_status(graph, err);
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
    const model m = {graph, config, options ? *options : NONE, out};
    const s2vi_scope scope = {.graph = graph};
    temporal t;
    decoder d;
    int ret = s2vi_vs_config_check(config, err);
    if (ret < 0)
        return ret;
    declare_temporal(&scope, config, &t);
    declare_decoder(&scope, config, &d);
    if (!out->timbre || !out->background)
        s2vi_graph_mistake(graph, "varietysound: no timbre or background");
    else if (fits(&m, features, config->features, "features of sight")) {
        const int64_t T = features->shape.dim[1];
        out->temporal = temporal_encoder(&m, &t, features);
        s2vi_node *const all[] = {out->temporal, repeated(out->timbre, T),
                                  repeated(out->background, T)};
        out->mel = mel_decoder(&m, &d, s2vi_concat(all, 3, 2));
    }
    return s2vi_graph_status(graph, err);
}
