/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HiFi-GAN: the generator of
 *   J. Kong, J. Kim, J. Bae, "HiFi-GAN: Generative Adversarial Networks for
 *   Efficient and High Fidelity Speech Synthesis", NeurIPS 2020.
 *
 * Shapes: n sequences, T columns of a mel spectrogram, C channels. Memory is
 * channels last: (n,T,C).
 *
 * Choices and deviations, where the paper is silent or contradicts itself:
 * - Weight norm is folded: a weight is one tensor, here and in the files, also
 *   while training.
 * - The slope of the leaky ReLUs is 0.1 (sec. 2.2), but 0.01 before the last
 *   convolution, which the authors' published weights were trained with.
 * - A stack of residual blocks gives the mean over its kernels, not the sum.
 * - Weights start from U(-1, 1) / sqrt(inputs), biases from 0.
 */
#include "models/hifigan.h"

#include "nn/sequence.h"

#define SLOPE      0.1
#define SLOPE_POST 0.01
#define UNIFORM    S2VI_INIT_UNIFORM

enum { KERNEL_PRE = 7, KERNEL_POST = 7, MAX_CHANNELS = 1 << 14 };

/* ------------------------------------------------------ configuration -- */

void s2vi_hifigan_version(s2vi_hifigan_config *config, int version)
{
    static const s2vi_hifigan_config wide = {
        .bands = 80,
        .channels = 512,
        .n_ups = 4,
        .rate = {8, 8, 2, 2},
        .up_kernel = {16, 16, 4, 4},
        .resblock = 1,
        .n_kernels = 3,
        .kernel = {3, 7, 11},
        .n_dilations = 3,
        .dilation = {{1, 3, 5}, {1, 3, 5}, {1, 3, 5}},
    };
    static const s2vi_hifigan_config light = {
        .bands = 80,
        .channels = 256,
        .n_ups = 3,
        .rate = {8, 8, 4},
        .up_kernel = {16, 16, 8},
        .resblock = 2,
        .n_kernels = 3,
        .kernel = {3, 5, 7},
        .n_dilations = 2,
        .dilation = {{1, 2}, {2, 6}, {3, 12}},
    };
    *config = version == 3 ? light : wide;
    if (version == 2)
        config->channels = 128;
}

static bool within(int value, int least, int most)
{
    return value >= least && value <= most;
}

static int check_ups(const s2vi_hifigan_config *c, s2v_error *err)
{
    for (int i = 0; i < c->n_ups; i++) {
        const int u = c->rate[i], k = c->up_kernel[i];
        if (!within(u, 1, 64) || !within(k, u, 256) || (k - u) % 2)
            return s2vi_error(err, S2V_ERR_INVALID,
                              "hifigan: upsampling %d by %d with a kernel of "
                              "%d, expected one larger by an even number",
                              i, u, k);
    }
    return S2V_OK;
}

static int check_kernels(const s2vi_hifigan_config *c, s2v_error *err)
{
    for (int i = 0; i < c->n_kernels; i++) {
        if (!within(c->kernel[i], 1, 63) || c->kernel[i] % 2 == 0)
            return s2vi_error(err, S2V_ERR_INVALID,
                              "hifigan: a residual kernel of %d, expected an "
                              "odd number up to 63",
                              c->kernel[i]);
        for (int j = 0; j < c->n_dilations; j++)
            if (!within(c->dilation[i][j], 1, 1024))
                return s2vi_error(err, S2V_ERR_INVALID,
                                  "hifigan: a dilation of %d, expected 1 to "
                                  "1024",
                                  c->dilation[i][j]);
    }
    return S2V_OK;
}

int s2vi_hifigan_config_check(const s2vi_hifigan_config *c, s2v_error *err)
{
    if (!within(c->n_ups, 1, S2VI_HIFIGAN_MAX_UPS) ||
        !within(c->n_kernels, 1, S2VI_HIFIGAN_MAX_KERNELS) ||
        !within(c->n_dilations, 1, S2VI_HIFIGAN_MAX_DILATIONS))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "hifigan: %d upsamplings, %d kernels, %d dilations: "
                          "expected 1 to %d, %d, %d",
                          c->n_ups, c->n_kernels, c->n_dilations,
                          S2VI_HIFIGAN_MAX_UPS, S2VI_HIFIGAN_MAX_KERNELS,
                          S2VI_HIFIGAN_MAX_DILATIONS);
    if (!within(c->bands, 1, 1024))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "hifigan: %d bands, expected 1 to 1024", c->bands);
    if (!within(c->channels, 1, MAX_CHANNELS) || c->channels % (1 << c->n_ups))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "hifigan: %d channels, expected a multiple of %d, "
                          "which %d upsamplings halve",
                          c->channels, 1 << c->n_ups, c->n_ups);
    if (!within(c->resblock, 1, 2))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "hifigan: residual blocks of type %d, expected 1 or "
                          "2",
                          c->resblock);
    int ret = check_ups(c, err);
    return ret < 0 ? ret : check_kernels(c, err);
}

int s2vi_hifigan_hop(const s2vi_hifigan_config *config)
{
    int hop = 1;
    for (int i = 0; i < config->n_ups; i++)
        hop *= config->rate[i];
    return hop;
}

/* --------------------------------------------------------- parameters -- */

/* One kernel's residual block: the convolutions of each dilation, of which
 * blocks of type 1 have pairs. */
typedef struct block {
    s2vi_layer convs[S2VI_HIFIGAN_MAX_DILATIONS];
    s2vi_layer second[S2VI_HIFIGAN_MAX_DILATIONS];
} block;

typedef struct generator {
    const s2vi_hifigan_config *config;
    s2vi_layer pre, post;
    s2vi_layer up[S2VI_HIFIGAN_MAX_UPS];
    block block[S2VI_HIFIGAN_MAX_UPS][S2VI_HIFIGAN_MAX_KERNELS];
} generator;

/* Channels of upsampling i's result, l = i + 1 of the paper: h_u / 2^l. */
static int channels(const s2vi_hifigan_config *c, int i)
{
    return c->channels >> (i + 1);
}

static void declare_block(const s2vi_scope *scope, const s2vi_hifigan_config *c,
                          int i, int m, block *b)
{
    const s2vi_scope in =
        s2vi_scope_in(scope, "resblocks.%d", i * c->n_kernels + m);
    const int C = channels(c, i);
    const s2vi_shape w = S2VI_SHAPE(C, C, c->kernel[m]);
    const bool pairs = c->resblock == 1;
    for (int j = 0; j < c->n_dilations; j++) {
        b->convs[j] = s2vi_declare_layer(&in, w, UNIFORM, C, "convs%s.%d",
                                         pairs ? "1" : "", j);
        if (pairs)
            b->second[j] =
                s2vi_declare_layer(&in, w, UNIFORM, C, "convs2.%d", j);
    }
}

static void declare(const s2vi_scope *scope, const s2vi_hifigan_config *c,
                    generator *g)
{
    s2vi_shape w = S2VI_SHAPE(c->channels, c->bands, KERNEL_PRE);
    g->config = c;
    g->pre = s2vi_declare_layer(scope, w, UNIFORM, c->channels, "conv_pre");
    for (int i = 0; i < c->n_ups; i++) {
        const int cin = channels(c, i - 1), cout = channels(c, i);
        w = S2VI_SHAPE(cin, cout, c->up_kernel[i]);
        g->up[i] = s2vi_declare_layer(scope, w, UNIFORM, cout, "ups.%d", i);
        for (int m = 0; m < c->n_kernels; m++)
            declare_block(scope, c, i, m, &g->block[i][m]);
    }
    w = S2VI_SHAPE(1, channels(c, c->n_ups - 1), KERNEL_POST);
    g->post = s2vi_declare_layer(scope, w, UNIFORM, 1, "conv_post");
}

int s2vi_hifigan_params(const s2vi_hifigan_config *config,
                        s2vi_param_list *list, s2v_error *err)
{
    generator g;
    const int before = list->count;
    int ret = s2vi_hifigan_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.list = list, .by_kind = true}, config, &g);
    return s2vi_param_list_end(list, before, err);
}

/* The version whose first convolution is as wide as the file's; V1 if none. */
static int nearest_version(const s2v_weights *weights)
{
    const s2vi_tensor *first = s2vi_weights_find(weights, "conv_pre.weight");
    s2vi_hifigan_config c;
    for (int version = 2; first && version <= 3; version++) {
        s2vi_hifigan_version(&c, version);
        if (first->rank > 0 && (int64_t)first->shape[0] == c.channels)
            return version;
    }
    return 1;
}

int s2vi_hifigan_recognise(s2vi_hifigan_config *config,
                           const s2v_weights *weights,
                           const char *const *ignore, s2v_error *err)
{
    s2vi_param_list list = {0};
    s2vi_hifigan_version(config, nearest_version(weights));
    int ret = s2vi_hifigan_params(config, &list, err);
    if (ret >= 0)
        ret = s2vi_param_list_check(&list, weights, ignore, err);
    s2vi_param_list_close(&list);
    return ret;
}

/* --------------------------------------------------------- recording -- */

static s2vi_node *up(const generator *g, int i, s2vi_node *x)
{
    const int u = g->config->rate[i], k = g->config->up_kernel[i];
    return s2vi_nn_conv1d_transposed(x, g->up[i], u, (k - u) / 2);
}

/* One kernel's residual block, figure 1: x + convolutions of x, for each
 * dilation in turn. */
static s2vi_node *resblock(const generator *g, int i, int m, s2vi_node *x)
{
    const s2vi_hifigan_config *c = g->config;
    const block *b = &g->block[i][m];
    for (int j = 0; j < c->n_dilations; j++) {
        s2vi_node *y = s2vi_nn_conv1d_dilated(s2vi_lrelu(x, SLOPE), b->convs[j],
                                              c->dilation[m][j]);
        if (c->resblock == 1)
            y = s2vi_nn_conv1d_dilated(s2vi_lrelu(y, SLOPE), b->second[j], 1);
        x = s2vi_add(x, y);
    }
    return x;
}

/* Multi-receptive field fusion, sec. 2.2. */
static s2vi_node *fusion(const generator *g, int i, s2vi_node *x)
{
    const int n = g->config->n_kernels;
    s2vi_node *sum = resblock(g, i, 0, x);
    for (int m = 1; m < n; m++)
        sum = s2vi_add(sum, resblock(g, i, m, x));
    return s2vi_scale(sum, 1.0 / n);
}

static s2vi_node *generate(const generator *g, s2vi_node *mel)
{
    s2vi_node *x =
        s2vi_nn_conv1d(mel, g->pre, 1, KERNEL_PRE / 2); /* (n,T,h_u) */
    for (int i = 0; i < g->config->n_ups; i++) {
        x = up(g, i, s2vi_lrelu(x, SLOPE)); /* (n,T u,C/2) */
        x = fusion(g, i, x);
    }
    x = s2vi_nn_conv1d(s2vi_lrelu(x, SLOPE_POST), g->post, 1, KERNEL_POST / 2);
    return s2vi_tanh(x); /* (n,T hop,1) */
}

int s2vi_hifigan_build(s2vi_graph *graph, const s2vi_hifigan_config *config,
                       s2vi_node *mel, s2vi_node **audio, s2v_error *err)
{
    generator g;
    *audio = NULL;
    int ret = s2vi_hifigan_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, config, &g);
    if (mel && (mel->shape.rank != 3 || mel->shape.dim[2] != config->bands))
        s2vi_graph_mistake(graph, "hifigan: not columns of %d bands",
                           config->bands);
    else
        *audio = generate(&g, mel);
    return s2vi_graph_status(graph, err);
}
