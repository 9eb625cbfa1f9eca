/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listen and Move: D_I and D_V of
 *   R. Redondo, "Listen and Move: Improving GANs Coherency in Agnostic
 *   Sound-to-Video Generation", sec. 3.3.
 *
 * Shapes: n samples, T frames, N image side, L = log2(N) - 2 layers, C
 * channels. Memory is channels last: images (n,N,N,C), videos (n,T,N,N,C).
 *
 * Choices and deviations, where the paper is silent or contradicts itself:
 * - Channels mirror G's layers: from the picture, layer i = 0 .. L-1 takes
 *   what G's layer L-1-i makes and makes what that one takes.
 * - The last map is 4x4. Time halves in the first floor(log2 T) layers.
 * - Batch norm: sequences come one at a time (sec. 3.2, "single sequence
 *   batch size"), so a forward pass is a batch of one, and its statistics are
 *   taken over the pixels of the one frame (D_I), or the pixels and frames of
 *   the one sequence (D_V). Real, generated, shuffled and interpolated samples
 *   are passes of their own: recorded as n samples side by side, each with its
 *   own statistics, which is the same. No running averages are kept, since
 *   discriminators only ever train. eps is 1e-5.
 * - Skip connections, figure 3b: fRGB, a 1x1 convolution and tanh, stands
 *   before every layer, of the picture pooled to that layer's size, and is
 *   added to what the layer before made. None on the last map, which goes to
 *   the decision. Otherwise one fRGB makes the first layer's input.
 * - Residual connections as in G: a 1x1 convolution of the layer's pooled
 *   input, added before the last activation.
 * - Convolutions before a norm and the shortcut have no bias, which the norm's
 *   beta makes idle; nor has the decision, whose bias would cancel in eq. (5)
 *   and drift in eq. (6), idle as well.
 */
#include "networks/discriminator.h"

#include "nn/nn.h"

#define SLOPE 0.2  /* of every leaky ReLU */
#define EPS   1e-5 /* of the batch norms */

static int floor_log2(int n)
{
    int l = 0;
    while (n >> (l + 1))
        l++;
    return l;
}

static int layers(const s2vi_disc_config *c)
{
    return floor_log2(c->size) - 2;
}

/* By how much layer i pools time. */
static int time_factor(const s2vi_disc_config *c, int i)
{
    return i < floor_log2(c->frames) ? 2 : 1;
}

/* Channels of layer i's input; i = L: of the last layer's result, which, as in
 * G, has no more than its input. */
static int channels(const s2vi_disc_config *c, int i)
{
    const int64_t last = layers(c) - 1;
    int64_t n = c->channels_min;
    for (int k = 0; k < (i < last ? i : last) && n < c->channels_max; k++)
        n *= 2;
    return (int)(n < c->channels_max ? n : c->channels_max);
}

static int check_config(const s2vi_disc_config *c, s2v_error *err)
{
    if (c->size < 8 || c->size > 1024 || c->size & (c->size - 1))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "discriminator: size is %d, expected a power of 2 "
                          "from 8 to 1024",
                          c->size);
    if (c->channels_min < 1 || c->channels_max < c->channels_min)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "discriminator: channels from %d to %d",
                          c->channels_min, c->channels_max);
    if (c->kind != S2VI_DISC_VIDEO)
        return S2V_OK;
    if (c->frames < 1 || c->frames > S2VI_LM_MAX_FRAMES)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "discriminator: a sequence of %d frames, expected 1 "
                          "to %d",
                          c->frames, S2VI_LM_MAX_FRAMES);
    const int halvings = floor_log2(c->frames), l = layers(c);
    const int factor = 1 << (halvings < l ? halvings : l);
    if (c->frames % factor)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "discriminator: a sequence of %d frames, expected a "
                          "multiple of %d",
                          c->frames, factor);
    return S2V_OK;
}

void s2vi_disc_mirror(s2vi_disc_config *config, const s2vi_lm_config *g,
                      s2vi_disc_kind kind, int frames)
{
    *config = (s2vi_disc_config){
        .kind = kind,
        .size = g->size,
        .frames = frames,
        .channels_min = g->channels_min,
        .channels_max = g->channels_max,
        .connection = S2VI_LM_SKIP,
    };
}

/* --------------------------------------------------------- parameters -- */

#define NORM S2VI_INIT_NORMAL

typedef struct layer {
    s2vi_layer rgb; /* with skip connections */
    s2vi_layer conv1, norm1, conv2, norm2;
    s2vi_layer shortcut; /* with residual ones */
} layer;

typedef struct model {
    const s2vi_disc_config *config;
    layer layer[S2VI_LM_MAX_LAYERS];
    s2vi_layer rgb; /* without skip connections */
    s2vi_layer decision;
} model;

/* A convolution's weight in a file, 2-D or 3-D. */
static s2vi_shape kernel(const s2vi_disc_config *c, int cout, int cin, int k)
{
    return c->kind == S2VI_DISC_VIDEO ? S2VI_SHAPE(cout, cin, k, k, k)
                                      : S2VI_SHAPE(cout, cin, k, k);
}

static void declare_layer(const s2vi_scope *scope, const s2vi_disc_config *c,
                          int i, layer *l)
{
    const s2vi_scope in = s2vi_scope_in(scope, "layers.%d", i);
    const int cin = channels(c, i), cout = channels(c, i + 1);
    if (c->connection == S2VI_LM_SKIP)
        l->rgb =
            s2vi_declare_layer(&in, kernel(c, cin, 3, 1), NORM, cin, "rgb");
    l->conv1 =
        s2vi_declare_layer(&in, kernel(c, cout, cin, 3), NORM, 0, "conv1");
    l->norm1 = s2vi_declare_norm(&in, cout, "norm1");
    l->conv2 =
        s2vi_declare_layer(&in, kernel(c, cout, cout, 3), NORM, 0, "conv2");
    l->norm2 = s2vi_declare_norm(&in, cout, "norm2");
    if (c->connection == S2VI_LM_RESIDUAL)
        l->shortcut = s2vi_declare_layer(&in, kernel(c, cout, cin, 1), NORM, 0,
                                         "shortcut");
}

static void declare(const s2vi_scope *scope, const s2vi_disc_config *c,
                    model *m)
{
    const bool video = c->kind == S2VI_DISC_VIDEO;
    const s2vi_scope in = s2vi_scope_in(scope, video ? "d_v" : "d_i");
    const int first = channels(c, 0), last = channels(c, layers(c));
    m->config = c;
    if (c->connection != S2VI_LM_SKIP)
        m->rgb =
            s2vi_declare_layer(&in, kernel(c, first, 3, 1), NORM, first, "rgb");
    for (int i = 0; i < layers(c); i++)
        declare_layer(&in, c, i, &m->layer[i]);
    m->decision =
        s2vi_declare_layer(&in, kernel(c, 1, last, 1), NORM, 0, "decision");
}

int s2vi_disc_params(const s2vi_disc_config *config, s2vi_param_list *list,
                     s2v_error *err)
{
    const int before = list->count;
    model m;
    int ret = check_config(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.list = list, .by_kind = true}, config, &m);
    return s2vi_param_list_end(list, before, err);
}

/* --------------------------------------------------------- recording -- */

/* Stride 1, zero padded to the same size, 2-D or 3-D as its weight is. */
static s2vi_node *conv(s2vi_node *x, s2vi_layer layer)
{
    const s2vi_node *w = layer.weight;
    s2vi_window window = {.rank = w ? w->shape.rank - 2 : 0};
    for (int i = 0; i < window.rank; i++) {
        window.stride[i] = 1;
        window.pad_lo[i] = window.pad_hi[i] = (int)w->shape.dim[1 + i] / 2;
    }
    return s2vi_conv(x, layer.weight, layer.bias, &window);
}

/* As layer i's beginning does: pictures to a half, time too in the first. */
static s2vi_node *pool(const model *m, int i, s2vi_node *x)
{
    const int video[] = {time_factor(m->config, i), 2, 2};
    return s2vi_avgpool(
        x, m->config->kind == S2VI_DISC_VIDEO ? video : (const int[]){2, 2});
}

/* (C) to broadcast over x. */
static s2vi_node *over(s2vi_node *v, const s2vi_node *x)
{
    s2vi_shape shape = {.rank = x->shape.rank, .dim = {1, 1, 1, 1, 1}};
    shape.dim[shape.rank - 1] = s2vi_shape_channels(&x->shape);
    return s2vi_reshape(v, shape);
}

/* Over the one sequence of each pass: all but samples and channels. */
static s2vi_node *batch_norm(s2vi_layer norm, s2vi_node *x)
{
    if (!x)
        return NULL;
    const uint32_t axes = (1u << (x->shape.rank - 1)) - 2;
    const s2vi_moments moments = s2vi_moments_of(x, axes, EPS);
    s2vi_node *beta = over(norm.bias, x);
    return s2vi_norm(x, &moments, over(norm.weight, x), beta);
}

/* To a half: (n,(T,)2k,2k,Cin) -> (n,(T/2,)k,k,Cout), figure 3a. */
static s2vi_node *halve(const model *m, int i, s2vi_node *x)
{
    const layer *l = &m->layer[i];
    x = pool(m, i, x);
    s2vi_node *y = s2vi_lrelu(batch_norm(l->norm1, conv(x, l->conv1)), SLOPE);
    y = batch_norm(l->norm2, conv(y, l->conv2));
    if (m->config->connection == S2VI_LM_RESIDUAL)
        y = s2vi_add(y, conv(x, l->shortcut));
    return s2vi_lrelu(y, SLOPE);
}

/* Colours to channels. */
static s2vi_node *from_rgb(s2vi_layer rgb, s2vi_node *v)
{
    return s2vi_tanh(conv(v, rgb));
}

/* Figure 3b: v, already pooled to the size of layer i's input x. */
static s2vi_node *skip(const model *m, int i, s2vi_node *x, s2vi_node *v)
{
    s2vi_node *rgb = from_rgb(m->layer[i].rgb, v);
    return x ? s2vi_add(x, rgb) : rgb;
}

static s2vi_node *decide(const model *m, s2vi_node *v)
{
    const int L = layers(m->config);
    const bool skips = m->config->connection == S2VI_LM_SKIP;
    s2vi_node *x = skips ? NULL : from_rgb(m->rgb, v);
    for (int i = 0; i < L; i++) {
        if (skips)
            x = skip(m, i, x, v);
        if (skips && i < L - 1)
            v = pool(m, i, v);
        x = halve(m, i, x);
    }
    return conv(x, m->decision);
}

int s2vi_disc_build(s2vi_graph *graph, const s2vi_disc_config *config,
                    s2vi_node *x, s2vi_node **map, s2v_error *err)
{
    const s2vi_disc_config *c = config;
    model m;
    *map = NULL;
    int ret = check_config(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, config, &m);
    const bool video = c->kind == S2VI_DISC_VIDEO;
    s2vi_shape want = S2VI_SHAPE(x ? x->shape.dim[0] : 0, c->size, c->size, 3);
    if (video)
        want = S2VI_SHAPE(want.dim[0], c->frames, c->size, c->size, 3);
    if (x && !s2vi_shape_equal(&x->shape, &want))
        s2vi_graph_mistake(graph,
                           "a discriminator's samples are not of its shape");
    else
        *map = decide(&m, x);
    return s2vi_graph_status(graph, err);
}
