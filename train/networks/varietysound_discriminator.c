/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VarietySound: D_t (the time-domain alignment discriminator), D_m (the
 * multi-window mel discriminator) and the losses of
 *   C. Cui, Y. Ren, J. Liu, R. Huang, Z. Zhao, "VarietySound:
 *   Timbre-Controllable Video to Sound Generation via Unsupervised Information
 *   Disentanglement".
 *
 * Shapes: n sequences, T columns of mel, T/4 of sight, C channels. Memory is
 * channels last: (n,T,C), D_m's images (n,W,bands,C).
 *
 * Choices and deviations, where the paper is silent or contradicts itself:
 * - D_t: the features pass two transposed convolutions (4 taps, stride 2,
 *   padding 1), each with a leaky ReLU, as in the mel decoder; the spectrogram
 *   one convolution of 3 taps and 512 channels. Side by side they pass four
 *   convolutions of 4 taps, padding 1: three of stride 2, and one of stride 1
 *   to a decision, which covers some 50 columns and looks at T/8 - 1 places.
 * - D_m: each window's three 3x3 convolutions have stride 2, padding 1 and
 *   128 channels; one decision a window, by a matrix over all that is left, and
 *   without a sigmoid. No dropout.
 * - Batch norm and leaky ReLU (0.2) after every convolution but the last and
 *   the transposed ones. Statistics are those of the pass: real, generated and
 *   shifted samples each have their own. No running averages are kept, since
 *   discriminators only ever train. eps is 1e-5. No bias before one, where it
 *   would be idle.
 * - ||.||_2 in eq. (3)-(7) is the mean of squares over decisions, as in least
 *   squares GANs, ||.||_1 in eq. (2) the mean of absolute values.
 * - Eq. (6) shifts the generated spectrogram; the text says "a real sample
 *   after time-shifting", which is what is done: S[.] turns m in a circle by
 *   T/8 to 7T/8 columns.
 * - D_m sees the same random pieces of m and m^.
 * - No gradient flows into the features: a front-end learns through the
 *   temporal encoder alone.
 * - Weights start from U(-1, 1) / sqrt(inputs), biases from 0.
 */
#include "networks/varietysound_discriminator.h"

#include "nn/sequence.h"

#include <stdio.h>

#define SLOPE 0.2
#define EPS   1e-5

enum {
    UPS = 2,
    KERNEL = 4,
    MEL_KERNEL = 3,
    CONVS = 4, /* D_t's, the decision among them */
    WINDOW_CONVS = 3,
    WINDOW_KERNEL = 3,
    MAX_WIDTH = 1 << 14,
};

/* ------------------------------------------------------ configuration -- */

void s2vi_vs_disc_defaults(s2vi_vs_disc_config *config,
                           const s2vi_vs_config *generator)
{
    *config = (s2vi_vs_disc_config){
        .bands = generator->bands,
        .features = generator->features,
        .up_channels = 1024,
        .channels = 512,
        .window_channels = 128,
        .window = {32, 64, 128},
    };
}

static int check_config(const s2vi_vs_disc_config *c, s2v_error *err)
{
    const struct {
        const char *name;
        int value;
    } widths[] = {
        {"bands", c->bands},
        {"features", c->features},
        {"up_channels", c->up_channels},
        {"channels", c->channels},
        {"window_channels", c->window_channels},
        {"window[0]", c->window[0]},
        {"window[1]", c->window[1]},
        {"window[2]", c->window[2]},
    };
    for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++)
        if (widths[i].value < 1 || widths[i].value > MAX_WIDTH)
            return s2vi_error(err, S2V_ERR_INVALID,
                              "varietysound discriminator: %s is %d, expected "
                              "1 to %d",
                              widths[i].name, widths[i].value, MAX_WIDTH);
    return S2V_OK;
}

/* --------------------------------------------------------- parameters -- */

#define UNIFORM S2VI_INIT_UNIFORM

/* A convolution and its batch norm. */
typedef struct unit {
    s2vi_layer conv, norm;
} unit;

/* D_t: figure 3f. */
typedef struct temporal {
    s2vi_layer ups[UPS];
    unit mel;
    unit convs[CONVS]; /* the last, the decision, has no norm */
} temporal;

/* D_m of one window. */
typedef struct window_net {
    unit convs[WINDOW_CONVS];
    s2vi_layer decision;
} window_net;

static void declare_temporal(const s2vi_scope *scope,
                             const s2vi_vs_disc_config *c, temporal *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "d_t");
    const int C = c->channels, up = c->up_channels;
    const s2vi_shape mel = S2VI_SHAPE(C, c->bands, MEL_KERNEL);
    for (int i = 0; i < UPS; i++) {
        const s2vi_shape w = S2VI_SHAPE(i ? up : c->features, up, KERNEL);
        n->ups[i] = s2vi_declare_layer(&in, w, UNIFORM, up, "ups.%d", i);
    }
    n->mel.conv = s2vi_declare_layer(&in, mel, UNIFORM, 0, "mel.0");
    n->mel.norm = s2vi_declare_norm(&in, C, "mel_norm.0");
    for (int i = 0; i < CONVS; i++) {
        const bool last = i + 1 == CONVS;
        const int cout = last ? 1 : C, bias = last ? 1 : 0;
        const s2vi_shape w = S2VI_SHAPE(cout, i ? C : up + C, KERNEL);
        n->convs[i].conv =
            s2vi_declare_layer(&in, w, UNIFORM, bias, "convs.%d", i);
        if (!last)
            n->convs[i].norm = s2vi_declare_norm(&in, C, "norms.%d", i);
    }
}

int s2vi_vs_temporal_params(const s2vi_vs_disc_config *config,
                            s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    temporal n;
    int ret = check_config(config, err);
    if (ret < 0)
        return ret;
    declare_temporal(&(s2vi_scope){.list = list}, config, &n);
    return s2vi_param_list_end(list, before, err);
}

/* What three halvings leave of a side. */
static int64_t eighth(int64_t side)
{
    for (int i = 0; i < WINDOW_CONVS; i++)
        side = (side + 1) / 2;
    return side;
}

static void declare_windows(const s2vi_scope *scope,
                            const s2vi_vs_disc_config *c,
                            window_net n[S2VI_VS_WINDOWS])
{
    const int C = c->window_channels;
    for (int k = 0; k < S2VI_VS_WINDOWS; k++) {
        const s2vi_scope in = s2vi_scope_in(scope, "d_m.windows.%d", k);
        const s2vi_shape all =
            S2VI_SHAPE(1, C, eighth(c->window[k]), eighth(c->bands));
        for (int i = 0; i < WINDOW_CONVS; i++) {
            const s2vi_shape w =
                S2VI_SHAPE(C, i ? C : 1, WINDOW_KERNEL, WINDOW_KERNEL);
            n[k].convs[i].conv =
                s2vi_declare_layer(&in, w, UNIFORM, 0, "convs.%d", i);
            n[k].convs[i].norm = s2vi_declare_norm(&in, C, "norms.%d", i);
        }
        n[k].decision = s2vi_declare_layer(&in, all, UNIFORM, 1, "decision");
    }
}

int s2vi_vs_window_params(const s2vi_vs_disc_config *config,
                          s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    window_net n[S2VI_VS_WINDOWS];
    int ret = check_config(config, err);
    if (ret < 0)
        return ret;
    declare_windows(&(s2vi_scope){.list = list}, config, n);
    return s2vi_param_list_end(list, before, err);
}

/* ---------------------------------------------------------- recording -- */

static s2vi_node *normed(s2vi_layer norm, s2vi_node *x)
{
    return s2vi_lrelu(s2vi_nn_batch_norm(x, norm, EPS, NULL, NULL), SLOPE);
}

/* --------------------------------------------------- D_t, figure 3f -- */

/* The condition: (n,T/4,features) -> (n,T,up_channels). */
static s2vi_node *condition(const temporal *n, s2vi_node *features)
{
    s2vi_node *v = s2vi_detach(features);
    for (int i = 0; i < UPS; i++)
        v = s2vi_lrelu(s2vi_nn_conv1d_transposed(v, n->ups[i], 2, 1), SLOPE);
    return v;
}

/* D_t(m | v): (n,T/8 - 1,1) */
static s2vi_node *aligned(const temporal *n, s2vi_node *mel, s2vi_node *v)
{
    s2vi_node *x = s2vi_nn_conv1d(mel, n->mel.conv, 1, 1);
    s2vi_node *const both[] = {v, normed(n->mel.norm, x)};
    x = s2vi_concat(both, 2, 2);
    for (int i = 0; i < CONVS - 1; i++)
        x = normed(n->convs[i].norm, s2vi_nn_conv1d(x, n->convs[i].conv, 2, 1));
    return s2vi_sigmoid(s2vi_nn_conv1d(x, n->convs[CONVS - 1].conv, 1, 1));
}

/* ------------------------------------------------------------- D_m -- */

/* Rows of (n,T,C), as sequences of `columns`. */
static s2vi_node *piece(s2vi_node *x, s2vi_node *rows, int64_t columns)
{
    if (!x)
        return NULL;
    const s2vi_shape s = x->shape;
    x = s2vi_reshape(x, S2VI_SHAPE(s.dim[0] * s.dim[1], s.dim[2]));
    return s2vi_reshape(s2vi_gather(x, rows),
                        S2VI_SHAPE(s.dim[0], columns, s.dim[2]));
}

/* Window k's decisions: (n,1,1,1) */
static s2vi_node *window(const s2vi_vs_loss_inputs *inputs, const window_net *n,
                         int k, s2vi_node *mel)
{
    const s2vi_window halving = {
        .rank = 2, .stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}};
    const s2vi_window whole = {.rank = 2, .stride = {1, 1}};
    const int64_t W = inputs->config.window[k];
    s2vi_node *x = piece(mel, inputs->window[k], W);
    if (!x)
        return NULL;
    x = s2vi_reshape(x, S2VI_SHAPE(x->shape.dim[0], W, x->shape.dim[2], 1));
    for (int i = 0; i < WINDOW_CONVS; i++) {
        x = s2vi_conv(x, n->convs[i].conv.weight, NULL, &halving);
        x = normed(n->convs[i].norm, x);
    }
    return s2vi_conv(x, n->decision.weight, n->decision.bias, &whole);
}

/* D_m(m): (n,3) */
static s2vi_node *decisions(const s2vi_vs_loss_inputs *inputs,
                            const window_net n[S2VI_VS_WINDOWS], s2vi_node *mel)
{
    s2vi_node *all[S2VI_VS_WINDOWS];
    for (int k = 0; k < S2VI_VS_WINDOWS; k++) {
        all[k] = window(inputs, &n[k], k, mel);
        if (all[k])
            all[k] = s2vi_reshape(all[k], S2VI_SHAPE(all[k]->shape.dim[0], 1));
    }
    return s2vi_concat(all, S2VI_VS_WINDOWS, 1);
}

/* -------------------------------------------------------------- losses -- */

/* E[(target - D)^2] */
static s2vi_node *distance(s2vi_node *d, double target)
{
    return s2vi_mean_all(s2vi_square(s2vi_affine(d, -1, target)));
}

/* As large as they say, and no window greater. */
static bool fits(const s2vi_graph *graph, const s2vi_vs_loss_inputs *g)
{
    if (!g->real || !g->fake || !g->features || g->real->shape.rank != 3)
        return false;
    const int64_t n = g->real->shape.dim[0], T = g->real->shape.dim[1];
    const s2vi_shape mel = S2VI_SHAPE(n, T, g->config.bands);
    const s2vi_shape sight =
        S2VI_SHAPE(n, T / S2VI_VS_RATIO, g->config.features);
    bool ok = T % S2VI_VS_RATIO == 0 && T >= 16 && graph == g->real->graph;
    for (int k = 0; k < S2VI_VS_WINDOWS; k++)
        ok = ok && g->config.window[k] <= T;
    return ok && s2vi_shape_equal(&g->real->shape, &mel) &&
           s2vi_shape_equal(&g->fake->shape, &mel) &&
           s2vi_shape_equal(&g->features->shape, &sight);
}

static int check(s2vi_graph *graph, const s2vi_vs_loss_inputs *inputs,
                 s2v_error *err)
{
    int ret = check_config(&inputs->config, err);
    if (ret < 0)
        return ret;
    if (!fits(graph, inputs))
        s2vi_graph_mistake(graph, "varietysound discriminator: spectrograms, "
                                  "features and windows do not fit");
    return s2vi_graph_status(graph, err);
}

void s2vi_vs_loss_record_inputs(s2vi_graph *graph, s2vi_vs_loss_inputs *inputs)
{
    const s2vi_shape *s = &inputs->real->shape;
    char name[16];
    inputs->shift =
        s2vi_input(graph, "shift", S2VI_SHAPE(s->dim[0] * s->dim[1]));
    for (int k = 0; k < S2VI_VS_WINDOWS; k++) {
        snprintf(name, sizeof(name), "window.%d", k);
        inputs->window[k] = s2vi_input(
            graph, name, S2VI_SHAPE(s->dim[0] * inputs->config.window[k]));
    }
}

int s2vi_vs_loss_temporal(s2vi_graph *graph, const s2vi_vs_loss_inputs *inputs,
                          s2vi_vs_critic *out, s2v_error *err)
{
    temporal n;
    int ret = check(graph, inputs, err);
    if (ret < 0)
        return ret;
    declare_temporal(&(s2vi_scope){.graph = graph}, &inputs->config, &n);
    s2vi_node *real = s2vi_detach(inputs->real);
    s2vi_node *v = condition(&n, inputs->features);
    s2vi_node *shifted = piece(real, inputs->shift, real->shape.dim[1]);
    out->real = distance(aligned(&n, real, v), 1); /* (5) */
    out->fake = distance(aligned(&n, s2vi_detach(inputs->fake), v), 0);
    out->shifted = distance(aligned(&n, shifted, v), 0); /* (6) */
    out->loss =
        s2vi_add(out->real, s2vi_add(out->fake, out->shifted)); /* (4) */
    return s2vi_graph_status(graph, err);
}

int s2vi_vs_loss_windows(s2vi_graph *graph, const s2vi_vs_loss_inputs *inputs,
                         s2vi_vs_critic *out, s2v_error *err)
{
    window_net n[S2VI_VS_WINDOWS];
    int ret = check(graph, inputs, err);
    if (ret < 0)
        return ret;
    declare_windows(&(s2vi_scope){.graph = graph}, &inputs->config, n);
    *out = (s2vi_vs_critic){0};
    out->real = distance(decisions(inputs, n, s2vi_detach(inputs->real)), 1);
    out->fake = distance(decisions(inputs, n, s2vi_detach(inputs->fake)), 0);
    out->loss = s2vi_add(out->real, out->fake); /* (7) */
    return s2vi_graph_status(graph, err);
}

s2vi_node *s2vi_vs_loss_mel(const s2vi_vs_loss_inputs *inputs)
{
    s2vi_node *off = s2vi_sub(inputs->fake, s2vi_detach(inputs->real));
    if (inputs->weight)
        off = s2vi_mul(off, inputs->weight);
    return s2vi_mean_all(inputs->squares ? s2vi_square(off)
                                         : s2vi_abs(off)); /* (2) */
}

int s2vi_vs_loss_generator(s2vi_graph *graph, const s2vi_vs_loss_inputs *inputs,
                           s2vi_vs_generator_loss *out, s2v_error *err)
{
    const s2vi_scope scope = {.graph = graph};
    temporal t;
    window_net m[S2VI_VS_WINDOWS];
    int ret = check(graph, inputs, err);
    if (ret < 0)
        return ret;
    declare_temporal(&scope, &inputs->config, &t);
    declare_windows(&scope, &inputs->config, m);
    out->mel = s2vi_vs_loss_mel(inputs);
    s2vi_node *v = condition(&t, inputs->features);
    out->temporal = distance(aligned(&t, inputs->fake, v), 1);
    out->windows = distance(decisions(inputs, m, inputs->fake), 1);
    s2vi_node *adversarial = s2vi_add(out->temporal, out->windows); /* (3) */
    adversarial = s2vi_scale(adversarial, S2VI_VS_LAMBDA_ADVERSARIAL);
    out->loss = s2vi_add(s2vi_scale(out->mel, S2VI_VS_LAMBDA_MEL),
                         adversarial); /* (1) */
    return s2vi_graph_status(graph, err);
}
