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

#include "graph/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOPE 0.2  /* of every leaky ReLU */
#define EPS   1e-5 /* of the batch norms */

/* -------------------------------------------------- parameter table -- */

/* A row's channels: a number, or one of these. */
enum {
    DIM_CIN = -1,  /* of layer i */
    DIM_COUT = -2, /* of layer i */
    DIM_LAST = -3, /* of the last layer's result */
};

/* Which configurations have a row, and how often. */
enum {
    EACH = 1, /* once for each layer: %d in the name */
    RESIDUAL = 2,
    SKIP = 4,
    NO_SKIP = 8,
};

typedef struct row {
    const char *name; /* after "d_i." or "d_v." */
    int cout, cin;
    int kernel; /* along every spatial dimension; 0: a vector (cout) */
    int when;
    s2vi_init init;
} row;

#define NORM S2VI_INIT_NORMAL
#define ZERO S2VI_INIT_ZERO
#define ONE  S2VI_INIT_ONE

/* clang-format off */
static const row table[] = {
    {"layers.%d.rgb.weight", DIM_CIN, 3, 1, EACH | SKIP, NORM},
    {"layers.%d.rgb.bias", DIM_CIN, 0, 0, EACH | SKIP, ZERO},
    {"rgb.weight", DIM_CIN, 3, 1, NO_SKIP, NORM},
    {"rgb.bias", DIM_CIN, 0, 0, NO_SKIP, ZERO},
    {"layers.%d.conv1.weight", DIM_COUT, DIM_CIN, 3, EACH, NORM},
    {"layers.%d.norm1.weight", DIM_COUT, 0, 0, EACH, ONE},
    {"layers.%d.norm1.bias", DIM_COUT, 0, 0, EACH, ZERO},
    {"layers.%d.conv2.weight", DIM_COUT, DIM_COUT, 3, EACH, NORM},
    {"layers.%d.norm2.weight", DIM_COUT, 0, 0, EACH, ONE},
    {"layers.%d.norm2.bias", DIM_COUT, 0, 0, EACH, ZERO},
    {"layers.%d.shortcut.weight", DIM_COUT, DIM_CIN, 1, EACH | RESIDUAL, NORM},
    {"decision.weight", 1, DIM_LAST, 1, 0, NORM},
};
/* clang-format on */

enum { ROWS = sizeof(table) / sizeof(*table) };

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

static int spatial(const s2vi_disc_config *c)
{
    return c->kind == S2VI_DISC_VIDEO ? 3 : 2;
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

static int64_t dim_of(const s2vi_disc_config *c, int dim, int layer)
{
    switch (dim) {
    case DIM_CIN: return channels(c, layer);
    case DIM_COUT: return channels(c, layer + 1);
    case DIM_LAST: return channels(c, layers(c));
    default: return dim;
    }
}

/* How often a configuration has a row. */
static int repeats(const s2vi_disc_config *c, int when)
{
    if ((when & RESIDUAL && c->connection != S2VI_LM_RESIDUAL) ||
        (when & SKIP && c->connection != S2VI_LM_SKIP) ||
        (when & NO_SKIP && c->connection == S2VI_LM_SKIP))
        return 0;
    return when & EACH ? layers(c) : 1;
}

static const char *prefix(const s2vi_disc_config *c)
{
    return c->kind == S2VI_DISC_VIDEO ? "d_v." : "d_i.";
}

static void fill_param(const s2vi_disc_config *c, const row *r, int layer,
                       s2vi_param *p)
{
    const int s = r->kernel ? spatial(c) : 0;
    const int64_t cout = dim_of(c, r->cout, layer);
    *p = (s2vi_param){.init = r->init};
    int at = snprintf(p->name, sizeof(p->name), "%s", prefix(c));
    snprintf(p->name + at, sizeof(p->name) - (size_t)at, r->name, layer);
    p->file_shape = p->shape = S2VI_SHAPE(cout);
    for (int i = 0; i < s; i++)
        p->file_shape.dim[2 + i] = p->shape.dim[1 + i] = r->kernel;
    if (!s)
        return;
    p->file_shape.rank = p->shape.rank = s + 2;
    p->file_shape.dim[1] = p->shape.dim[1 + s] = dim_of(c, r->cin, layer);
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

int s2vi_disc_params(const s2vi_disc_config *config, s2vi_param_list *list,
                     s2v_error *err)
{
    int ret = check_config(config, err);
    if (ret < 0)
        return ret;
    size_t more = 0;
    for (int i = 0; i < ROWS; i++)
        more += (size_t)repeats(config, table[i].when);
    s2vi_param *param = realloc(list->param, ((size_t)list->count + more) *
                                                 sizeof(*list->param));
    if (!param)
        return s2vi_error_nomem(err, "a discriminator's parameters");
    list->param = param;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < repeats(config, table[i].when); k++)
            fill_param(config, &table[i], k, &list->param[list->count++]);
    return S2V_OK;
}

/* --------------------------------------------------------- recording -- */

typedef struct model {
    s2vi_graph *graph;
    const s2vi_disc_config *config;
    s2vi_param_list params;
} model;

/* The parameter of that name; `name` may hold a %d for the layer. */
static s2vi_node *param(const model *m, const char *name, int layer)
{
    char text[64];
    int at = snprintf(text, sizeof(text), "%s", prefix(m->config));
    snprintf(text + at, sizeof(text) - (size_t)at, name, layer);
    const s2vi_param *p = s2vi_param_find(&m->params, text);
    s2vi_node *known = s2vi_graph_find(m->graph, text);
    if (!p)
        return s2vi_graph_mistake(m->graph, "no parameter '%s'", text);
    return known ? known
                 : s2vi_var(m->graph, S2VI_VAR_PARAM, p->name, p->shape);
}

/* Stride 1, zero padded to the same size, 2-D or 3-D as w is. */
static s2vi_node *conv(s2vi_node *x, s2vi_node *w, s2vi_node *bias)
{
    s2vi_window window = {.rank = w ? w->shape.rank - 2 : 0};
    for (int i = 0; i < window.rank; i++) {
        window.stride[i] = 1;
        window.pad_lo[i] = window.pad_hi[i] = (int)w->shape.dim[1 + i] / 2;
    }
    return s2vi_conv(x, w, bias, &window);
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
static s2vi_node *batch_norm(const model *m, int i, int which, s2vi_node *x)
{
    char gamma[48], beta[48];
    if (!x)
        return NULL;
    snprintf(gamma, sizeof(gamma), "layers.%d.norm%d.weight", i, which);
    snprintf(beta, sizeof(beta), "layers.%d.norm%d.bias", i, which);
    const uint32_t axes = (1u << (x->shape.rank - 1)) - 2;
    const s2vi_moments moments = s2vi_moments_of(x, axes, EPS);
    return s2vi_norm(x, &moments, over(param(m, gamma, i), x),
                     over(param(m, beta, i), x));
}

/* To a half: (n,(T,)2k,2k,Cin) -> (n,(T/2,)k,k,Cout), figure 3a. */
static s2vi_node *layer(const model *m, int i, s2vi_node *x)
{
    x = pool(m, i, x);
    s2vi_node *y = conv(x, param(m, "layers.%d.conv1.weight", i), NULL);
    y = s2vi_lrelu(batch_norm(m, i, 1, y), SLOPE);
    y = conv(y, param(m, "layers.%d.conv2.weight", i), NULL);
    y = batch_norm(m, i, 2, y);
    if (m->config->connection == S2VI_LM_RESIDUAL)
        y = s2vi_add(y,
                     conv(x, param(m, "layers.%d.shortcut.weight", i), NULL));
    return s2vi_lrelu(y, SLOPE);
}

/* Colours to channels. */
static s2vi_node *from_rgb(const model *m, const char *weight, const char *bias,
                           int i, s2vi_node *v)
{
    return s2vi_tanh(conv(v, param(m, weight, i), param(m, bias, i)));
}

/* Figure 3b: v, already pooled to the size of layer i's input x. */
static s2vi_node *skip(const model *m, int i, s2vi_node *x, s2vi_node *v)
{
    s2vi_node *rgb =
        from_rgb(m, "layers.%d.rgb.weight", "layers.%d.rgb.bias", i, v);
    return x ? s2vi_add(x, rgb) : rgb;
}

static s2vi_node *decide(const model *m, s2vi_node *v)
{
    const int L = layers(m->config);
    const bool skips = m->config->connection == S2VI_LM_SKIP;
    s2vi_node *x = skips ? NULL : from_rgb(m, "rgb.weight", "rgb.bias", 0, v);
    for (int i = 0; i < L; i++) {
        if (skips)
            x = skip(m, i, x, v);
        if (skips && i < L - 1)
            v = pool(m, i, v);
        x = layer(m, i, x);
    }
    return conv(x, param(m, "decision.weight", 0), NULL);
}

int s2vi_disc_build(s2vi_graph *graph, const s2vi_disc_config *config,
                    s2vi_node *x, s2vi_node **map, s2v_error *err)
{
    const s2vi_disc_config *c = config;
    model m = {.graph = graph, .config = config};
    *map = NULL;
    int ret = s2vi_disc_params(config, &m.params, err);
    if (ret < 0)
        return ret;
    const bool video = c->kind == S2VI_DISC_VIDEO;
    s2vi_shape want = S2VI_SHAPE(x ? x->shape.dim[0] : 0, c->size, c->size, 3);
    if (video)
        want = S2VI_SHAPE(want.dim[0], c->frames, c->size, c->size, 3);
    if (x && !s2vi_shape_equal(&x->shape, &want))
        s2vi_graph_mistake(graph,
                           "a discriminator's samples are not of its shape");
    else
        *map = decide(&m, x);
    s2vi_param_list_close(&m.params);
    return s2vi_graph_status(graph, err);
}
