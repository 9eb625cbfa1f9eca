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

#include <stdio.h>

#define SLOPE      0.1
#define SLOPE_POST 0.01

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

/* -------------------------------------------------- parameter table -- */

/* A row's dimensions: a number, or one of these. */
enum {
    DIM_END = 0,
    DIM_BANDS = -1,
    DIM_C0 = -2,   /* h_u */
    DIM_CIN = -3,  /* of upsampling i */
    DIM_COUT = -4, /* of it, and of its residual blocks */
    DIM_KU = -5,   /* k_u[i] */
    DIM_KR = -6,   /* k_r[m] */
    DIM_LAST = -7,
};

/* How often there is a row. */
enum {
    ONCE,
    EACH_UP,    /* once for each upsampling i: %d in the name */
    EACH_CONV1, /* blocks of type 1: block i |k_r| + m, convolution j */
    EACH_CONV2, /* of type 2 */
};

typedef struct row {
    const char *name;
    int dim[3];
    int when;
} row;

static const row table[] = {
    {"conv_pre.weight", {DIM_C0, DIM_BANDS, KERNEL_PRE}, ONCE},
    {"conv_pre.bias", {DIM_C0}, ONCE},
    {"ups.%d.weight", {DIM_CIN, DIM_COUT, DIM_KU}, EACH_UP},
    {"ups.%d.bias", {DIM_COUT}, EACH_UP},
    {"resblocks.%d.convs1.%d.weight", {DIM_COUT, DIM_COUT, DIM_KR}, EACH_CONV1},
    {"resblocks.%d.convs1.%d.bias", {DIM_COUT}, EACH_CONV1},
    {"resblocks.%d.convs2.%d.weight", {DIM_COUT, DIM_COUT, DIM_KR}, EACH_CONV1},
    {"resblocks.%d.convs2.%d.bias", {DIM_COUT}, EACH_CONV1},
    {"resblocks.%d.convs.%d.weight", {DIM_COUT, DIM_COUT, DIM_KR}, EACH_CONV2},
    {"resblocks.%d.convs.%d.bias", {DIM_COUT}, EACH_CONV2},
    {"conv_post.weight", {1, DIM_LAST, KERNEL_POST}, ONCE},
    {"conv_post.bias", {1}, ONCE},
};

enum { ROWS = sizeof(table) / sizeof(*table) };

/* Channels of upsampling i's result, l = i + 1 of the paper: h_u / 2^l. */
static int channels(const s2vi_hifigan_config *c, int i)
{
    return c->channels >> (i + 1);
}

static int repeats(const s2vi_hifigan_config *c, int when)
{
    const int convs = c->n_ups * c->n_kernels * c->n_dilations;
    switch (when) {
    case EACH_UP: return c->n_ups;
    case EACH_CONV1: return c->resblock == 1 ? convs : 0;
    case EACH_CONV2: return c->resblock == 2 ? convs : 0;
    default: return 1;
    }
}

/* Upsampling i, kernel m. */
static int64_t dim_of(const s2vi_hifigan_config *c, int dim, int i, int m)
{
    switch (dim) {
    case DIM_BANDS: return c->bands;
    case DIM_C0: return c->channels;
    case DIM_CIN: return channels(c, i - 1);
    case DIM_COUT: return channels(c, i);
    case DIM_KU: return c->up_kernel[i];
    case DIM_KR: return c->kernel[m];
    case DIM_LAST: return channels(c, c->n_ups - 1);
    default: return dim;
    }
}

/* Repetition k of a row. */
static int append(const s2vi_hifigan_config *c, const row *r, int k,
                  s2vi_param_list *list, s2v_error *err)
{
    char name[64];
    s2vi_shape shape = {0};
    const bool up = r->when == EACH_UP;
    const int block = up ? k : k / c->n_dilations, conv = k % c->n_dilations;
    const int i = up ? k : block / c->n_kernels, m = block % c->n_kernels;
    for (; shape.rank < 3 && r->dim[shape.rank] != DIM_END; shape.rank++)
        shape.dim[shape.rank] = dim_of(c, r->dim[shape.rank], i, m);
    snprintf(name, sizeof(name), r->name, block, conv);
    return s2vi_param_append(
        list, name, &shape, shape.rank > 1 ? S2VI_INIT_UNIFORM : S2VI_INIT_ZERO,
        err);
}

int s2vi_hifigan_params(const s2vi_hifigan_config *config,
                        s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    int ret = s2vi_hifigan_config_check(config, err);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; ret >= 0 && k < repeats(config, table[i].when); k++)
            ret = append(config, &table[i], k, list, err);
    if (ret < 0)
        list->count = before;
    return ret;
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

typedef struct model {
    s2vi_graph *graph;
    const s2vi_hifigan_config *config;
    s2vi_param_list params;
} model;

static s2vi_node *up(const model *m, int i, s2vi_node *x)
{
    const int u = m->config->rate[i], k = m->config->up_kernel[i];
    return s2vi_nn_conv1d_transposed(
        x, s2vi_param_var(m->graph, &m->params, "ups.%d.weight", i),
        s2vi_param_var(m->graph, &m->params, "ups.%d.bias", i), u, (k - u) / 2);
}

/* LReLU and convolution j of a block: `part` is "convs", "convs1", "convs2". */
static s2vi_node *convolve(const model *m, int block, const char *part, int j,
                           s2vi_node *x, int dilation)
{
    return s2vi_nn_conv1d_dilated(
        s2vi_lrelu(x, SLOPE),
        s2vi_param_var(m->graph, &m->params, "resblocks.%d.%s.%d.weight", block,
                       part, j),
        s2vi_param_var(m->graph, &m->params, "resblocks.%d.%s.%d.bias", block,
                       part, j),
        dilation);
}

/* One kernel's residual block, figure 1: x + convolutions of x, for each
 * dilation in turn. */
static s2vi_node *resblock(const model *m, int block, int kernel, s2vi_node *x)
{
    const s2vi_hifigan_config *c = m->config;
    for (int j = 0; j < c->n_dilations; j++) {
        const int d = c->dilation[kernel][j];
        s2vi_node *y;
        if (c->resblock == 1) {
            y = convolve(m, block, "convs1", j, x, d);
            y = convolve(m, block, "convs2", j, y, 1);
        } else {
            y = convolve(m, block, "convs", j, x, d);
        }
        x = s2vi_add(x, y);
    }
    return x;
}

/* Multi-receptive field fusion, sec. 2.2. */
static s2vi_node *fusion(const model *m, int i, s2vi_node *x)
{
    const int n = m->config->n_kernels;
    s2vi_node *sum = resblock(m, i * n, 0, x);
    for (int k = 1; k < n; k++)
        sum = s2vi_add(sum, resblock(m, i * n + k, k, x));
    return s2vi_scale(sum, 1.0 / n);
}

static s2vi_node *generate(const model *m, s2vi_node *mel)
{
    s2vi_graph *g = m->graph;
    const s2vi_param_list *p = &m->params;
    s2vi_node *x = s2vi_nn_conv1d(mel, s2vi_param_var(g, p, "conv_pre.weight"),
                                  s2vi_param_var(g, p, "conv_pre.bias"), 1,
                                  KERNEL_PRE / 2); /* (n,T,h_u) */
    for (int i = 0; i < m->config->n_ups; i++) {
        x = up(m, i, s2vi_lrelu(x, SLOPE)); /* (n,T u,C/2) */
        x = fusion(m, i, x);
    }
    x = s2vi_nn_conv1d(
        s2vi_lrelu(x, SLOPE_POST), s2vi_param_var(g, p, "conv_post.weight"),
        s2vi_param_var(g, p, "conv_post.bias"), 1, KERNEL_POST / 2);
    return s2vi_tanh(x); /* (n,T hop,1) */
}

int s2vi_hifigan_build(s2vi_graph *graph, const s2vi_hifigan_config *config,
                       s2vi_node *mel, s2vi_node **audio, s2v_error *err)
{
    model m = {.graph = graph, .config = config};
    *audio = NULL;
    int ret = s2vi_hifigan_params(config, &m.params, err);
    if (ret >= 0) {
        if (mel && (mel->shape.rank != 3 || mel->shape.dim[2] != config->bands))
            s2vi_graph_mistake(graph, "hifigan: not columns of %d bands",
                               config->bands);
        else
            *audio = generate(&m, mel);
        ret = s2vi_graph_status(graph, err);
    }
    s2vi_param_list_close(&m.params);
    return ret;
}
