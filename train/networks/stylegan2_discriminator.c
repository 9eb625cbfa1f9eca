/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The discriminator of StyleGAN2 (core/models/stylegan2.c has the citation),
 * "resnet" architecture, as in stylegan2-ada-pytorch.
 *
 * Shapes: n pictures, N side, C channels at side r.
 */
#include "networks/stylegan2_discriminator.h"

#include "nn/equalised.h"

#include <math.h>

enum { RGB = 3, LAST = 4 }; /* LAST: side of the last block */

typedef struct block {
    s2vi_layer fromrgb; /* the first block's alone */
    s2vi_layer conv0, conv1, skip;
} block;

typedef struct network {
    s2vi_layer embed, mapping[S2VI_STYLEGAN2_D_MAPPING];
    block block[S2VI_STYLEGAN2_BLOCKS];
    s2vi_layer conv, fc, out; /* of 4 pixels */
} network;

static s2vi_layer declare_conv(const s2vi_scope *scope, int cout, int cin,
                               int k, bool bias, const char *name)
{
    return s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, k, k),
                              S2VI_INIT_UNIT, bias ? cout : 0, "%s", name);
}

static void declare(const s2vi_scope *scope, const s2vi_stylegan2_config *c,
                    const char *classes, network *n)
{
    const int last = s2vi_stylegan2_channels(c, LAST);
    const s2vi_scope mapping = s2vi_scope_in(scope, "%s", classes);
    if (c->classes)
        n->embed = s2vi_declare_layer(&mapping, S2VI_SHAPE(last, c->classes),
                                      S2VI_INIT_UNIT, last, "embed");
    for (int i = 0; c->classes && i < S2VI_STYLEGAN2_D_MAPPING; i++)
        n->mapping[i] = s2vi_declare_layer(&mapping, S2VI_SHAPE(last, last),
                                           S2VI_INIT_HUNDRED, last, "fc%d", i);
    for (int i = s2vi_stylegan2_blocks(c) - 1; i > 0; i--) {
        const int r = s2vi_stylegan2_side(i);
        const int C = s2vi_stylegan2_channels(c, r);
        const int half = s2vi_stylegan2_channels(c, r / 2);
        const s2vi_scope in = s2vi_scope_in(scope, "b%d", r);
        block *b = &n->block[i];
        if (r == c->size)
            b->fromrgb = declare_conv(&in, C, RGB, 1, true, "fromrgb");
        b->conv0 = declare_conv(&in, C, C, 3, true, "conv0");
        b->conv1 = declare_conv(&in, half, C, 3, true, "conv1");
        b->skip = declare_conv(&in, half, C, 1, false, "skip");
    }
    const s2vi_scope in = s2vi_scope_in(scope, "b4");
    const int out = c->classes ? last : 1;
    n->conv = declare_conv(&in, last, last + 1, 3, true, "conv");
    n->fc = s2vi_declare_layer(&in, S2VI_SHAPE(last, last * LAST * LAST),
                               S2VI_INIT_UNIT, last, "fc");
    n->out = s2vi_declare_layer(&in, S2VI_SHAPE(out, last), S2VI_INIT_UNIT, out,
                                "out");
}

int s2vi_stylegan2_discriminator_params(const s2vi_stylegan2_config *config,
                                        const char *mapping,
                                        s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    network n;
    declare(&(s2vi_scope){.list = list}, config, mapping, &n);
    return s2vi_param_list_end(list, before, err);
}

/* -------------------------------------------------------------- layers -- */

typedef struct critic {
    const s2vi_stylegan2_config *config;
    s2vi_node *taps;
} critic;

static s2vi_node *act(const critic *d, s2vi_node *x)
{
    x = s2vi_scale(s2vi_lrelu(x, d->config->slope), sqrt(2));
    return s2vi_nn_clamp(x, d->config->clamp);
}

static s2vi_layer used(s2vi_layer layer)
{
    return (s2vi_layer){.weight = s2vi_nn_equalised_weight(layer.weight),
                        .bias = layer.bias};
}

static s2vi_node *dense(const critic *d, s2vi_node *x, s2vi_layer layer,
                        double rate)
{
    x = s2vi_nn_equalised(x, layer, rate);
    return s2vi_scale(s2vi_lrelu(x, d->config->slope), sqrt(2));
}

/* The filter, then a convolution of 3x3 pixels with stride 2. */
static s2vi_node *down_conv(const critic *d, s2vi_node *x, s2vi_layer layer)
{
    const s2vi_fir smooth = {
        .up = {1, 1}, .down = {1, 1}, .lo = {2, 2}, .hi = {2, 2}, .gain = 1};
    const s2vi_window two = {.rank = 2, .stride = {2, 2}};
    const s2vi_layer l = used(layer);
    return s2vi_conv(s2vi_fir_filter(x, d->taps, &smooth), l.weight, l.bias,
                     &two);
}

/* Half as large, then 1x1 pixels, without bias or activation. */
static s2vi_node *down_skip(const critic *d, s2vi_node *x, s2vi_layer layer)
{
    const s2vi_fir halve = {
        .up = {1, 1}, .down = {2, 2}, .lo = {1, 1}, .hi = {1, 1}, .gain = 1};
    return s2vi_nn_conv2d(s2vi_fir_filter(x, d->taps, &halve), used(layer));
}

static s2vi_node *run_block(const critic *d, s2vi_node *x, const block *b)
{
    s2vi_node *skip = down_skip(d, x, b->skip);
    x = act(d, s2vi_nn_conv2d(x, used(b->conv0)));
    x = act(d, down_conv(d, x, b->conv1));
    return s2vi_scale(s2vi_add(x, skip), sqrt(0.5));
}

/* One more channel: the standard deviation over a group of pictures, averaged
 * over all pixels and channels (Karras et al. 2018, sec. 3). A group is of
 * pictures n / group apart. */
static s2vi_node *minibatch(s2vi_node *x, int group, s2vi_node **deviation)
{
    const double eps = 1e-8;
    if (!x)
        return NULL;
    const int64_t n = x->shape.dim[0], count = s2vi_shape_count(&x->shape) / n;
    const int64_t g = group < n ? group : n;
    if (g < 1 || n % g)
        return s2vi_graph_mistake(x->graph,
                                  "a group of %d does not divide %d pictures",
                                  (int)g, (int)n);
    s2vi_node *y = s2vi_reshape(x, S2VI_SHAPE(g, n / g, count));
    y = s2vi_sub(y, s2vi_mean(y, 1u << 0));
    s2vi_node *power = s2vi_mean(s2vi_square(y), 1u << 0);
    s2vi_node *std = s2vi_mean(s2vi_sqrt(s2vi_affine(power, 1, eps)), 1u << 2);
    std = s2vi_broadcast(std, S2VI_SHAPE(g, n / g, 1));
    *deviation = s2vi_reshape(std, S2VI_SHAPE(n, 1, 1, 1));
    s2vi_node *plane = s2vi_broadcast(
        *deviation, S2VI_SHAPE(n, x->shape.dim[1], x->shape.dim[2], 1));
    return s2vi_concat((s2vi_node *[]){x, plane}, 2, 3);
}

/* (n,4,4,C) to (n,16C), in the file's order: channels first. */
static s2vi_node *flat(s2vi_node *x)
{
    x = s2vi_permute(x, (const int[]){0, 3, 1, 2});
    return x ? s2vi_reshape(
                   x, S2VI_SHAPE(x->shape.dim[0],
                                 s2vi_shape_count(&x->shape) / x->shape.dim[0]))
             : NULL;
}

/* How well the picture suits its class (Miyato and Koyama 2018): (n,1) */
static s2vi_node *project(const critic *d, const network *net, s2vi_node *x,
                          s2vi_node *classes)
{
    s2vi_node *m = s2vi_nn_normalise(s2vi_nn_equalised(classes, net->embed, 1));
    for (int i = 0; i < S2VI_STYLEGAN2_D_MAPPING; i++)
        m = dense(d, m, net->mapping[i], 0.01);
    if (!m)
        return NULL;
    return s2vi_scale(s2vi_sum(s2vi_mul(x, m), 1u << 1),
                      1 / sqrt((double)m->shape.dim[1]));
}

int s2vi_stylegan2_discriminator_build(s2vi_graph *graph,
                                       const s2vi_stylegan2_config *config,
                                       const char *mapping, s2vi_node *images,
                                       s2vi_node *classes, int group,
                                       s2vi_stylegan2_discriminator *out,
                                       s2v_error *err)
{
    const critic d = {.config = config,
                      .taps =
                          s2vi_nn_taps(graph, config->kernel, config->taps)};
    const int first = s2vi_stylegan2_blocks(config) - 1;
    network net;
    declare(&(s2vi_scope){.graph = graph}, config, mapping, &net);
    *out = (s2vi_stylegan2_discriminator){0};
    s2vi_node *x =
        act(&d, s2vi_nn_conv2d(images, used(net.block[first].fromrgb)));
    for (int i = first; i > 0; i--)
        x = out->x[i] = run_block(&d, x, &net.block[i]);
    x = minibatch(x, group, &out->deviation);
    x = act(&d, s2vi_nn_conv2d(x, used(net.conv)));
    x = dense(&d, flat(x), net.fc, 1);
    x = s2vi_nn_equalised(x, net.out, 1);
    out->logits = config->classes ? project(&d, &net, x, classes) : x;
    return s2vi_graph_status(graph, err);
}
