/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small joint embedding of pictures, sound and words, in the place of CLIP
 * (Radford et al. 2021, arXiv 2103.00020) and its sound encoder (Lee et al.
 * 2021, arXiv 2112.00007): of no paper, and small enough to be trained on one
 * machine's clips and shipped with a model. What belongs together has a large
 * cosine.
 *
 * Shapes: n of each; N side of a picture; C channels; V words known; E width.
 * Memory is channels last.
 *
 * Pictures and windows of sound each have a network of four residual blocks:
 * y = conv3x3(LReLU(conv3x3 stride 2(x))) + conv1x1 stride 2(x). A text is the
 * mean of its known words' vectors, and two layers; their order does not
 * matter.
 */
#include "models/joint_embedding.h"

#include "weights/fields.h"

#include <math.h>
#include <string.h>

#define SLOPE 0.2

enum {
    KERNEL = 3,
    MOST_SIDE = 1024,
    MOST_WIDTH = 1 << 12,
    MOST_WORDS = 1 << 16,
};

/* ------------------------------------------------------- configuration -- */

#define INT(member, least, most)                                               \
    S2VI_INT(s2vi_embedding_config, member, least, most)

static const s2vi_field table[] = {
    INT(size, 2, MOST_SIDE),
    INT(bands, 2, MOST_SIDE),
    INT(columns, 2, MOST_SIDE),
    S2VI_INTS(s2vi_embedding_config, "widths", widths, S2VI_RESIDUAL_BLOCKS,
              blocks),
    INT(width, 1, MOST_WIDTH),
    INT(words, 1, MOST_WORDS),
    INT(word, 1, MOST_WIDTH),
    INT(hidden, 1, MOST_WIDTH),
};

static const s2vi_fields fields = {S2VI_EMBEDDING_NAME, table,
                                   sizeof(table) / sizeof(*table), false};

void s2vi_embedding_defaults(s2vi_embedding_config *config)
{
    *config = (s2vi_embedding_config){.size = 64,
                                      .bands = 64,
                                      .columns = 64,
                                      .widths = {32, 64, 128, 128},
                                      .blocks = S2VI_RESIDUAL_BLOCKS,
                                      .width = 128,
                                      .words = 1,
                                      .word = 64,
                                      .hidden = 128};
}

int s2vi_embedding_config_check(const s2vi_embedding_config *config,
                                s2v_error *err)
{
    int ret = s2vi_fields_check(&fields, config, err);
    if (!ret && config->blocks != S2VI_RESIDUAL_BLOCKS)
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         S2VI_EMBEDDING_NAME ": %d widths, expected %d",
                         config->blocks, S2VI_RESIDUAL_BLOCKS);
    for (int i = 0; i < config->blocks && !ret; i++)
        ret = s2vi_fields_check_range(&fields, "widths", config->widths[i], 1,
                                      MOST_WIDTH, err);
    return ret;
}

int s2vi_embedding_config_parse(s2vi_embedding_config *config, const char *json,
                                s2v_error *err)
{
    s2vi_embedding_defaults(config);
    const int ret = s2vi_fields_read(&fields, config, json, err);
    return ret < 0 ? ret : s2vi_embedding_config_check(config, err);
}

char *s2vi_embedding_config_text(const s2vi_embedding_config *config)
{
    return s2vi_fields_text(&fields, config);
}

/* -------------------------------------------- the network of residuals -- */

s2vi_residual_net s2vi_residual_net_declare(
    const s2vi_scope *scope, int cin, const int widths[S2VI_RESIDUAL_BLOCKS],
    int features)
{
    s2vi_residual_net net;
    for (int i = 0; i < S2VI_RESIDUAL_BLOCKS; i++) {
        const int C = widths[i];
        const s2vi_scope in = s2vi_scope_in(scope, "block%d", i);
        net.block[i].conv0 = s2vi_declare_layer(
            &in, S2VI_SHAPE(C, cin, KERNEL, KERNEL), S2VI_INIT_HE, C, "conv0");
        net.block[i].conv1 =
            s2vi_declare_layer(&in, S2VI_SHAPE(C, C, KERNEL, KERNEL),
                               S2VI_INIT_FAN_IN, C, "conv1");
        net.block[i].skip = s2vi_declare_layer(&in, S2VI_SHAPE(C, cin, 1, 1),
                                               S2VI_INIT_FAN_IN, 0, "skip");
        cin = C;
    }
    net.fc = s2vi_declare_layer(scope, S2VI_SHAPE(features, cin),
                                S2VI_INIT_FAN_IN, features, "fc");
    return net;
}

static s2vi_node *halve(s2vi_node *x, s2vi_layer layer, int pad)
{
    const s2vi_window two = {.rank = 2,
                             .stride = {2, 2},
                             .pad_lo = {pad, pad},
                             .pad_hi = {pad, pad}};
    return s2vi_conv(x, layer.weight, layer.bias, &two);
}

s2vi_node *s2vi_residual_net_record(const s2vi_residual_net *net, s2vi_node *x)
{
    for (int i = 0; i < S2VI_RESIDUAL_BLOCKS; i++) {
        s2vi_node *skip = halve(x, net->block[i].skip, 0);
        x = s2vi_lrelu(halve(x, net->block[i].conv0, KERNEL / 2), SLOPE);
        x = s2vi_add(s2vi_nn_conv2d(x, net->block[i].conv1), skip);
    }
    x = s2vi_mean(x, 1u << 1 | 1u << 2);
    if (!x)
        return NULL;
    x = s2vi_reshape(x, S2VI_SHAPE(x->shape.dim[0], x->shape.dim[3]));
    return s2vi_nn_linear(x, net->fc);
}

/* ---------------------------------------------------------- parameters -- */

typedef struct network {
    s2vi_residual_net picture, sound;
    s2vi_node *words; /* (V,word) */
    s2vi_layer fc0, fc1;
    s2vi_node *logit_scale; /* (1): the scale's logarithm */
} network;

static void declare(const s2vi_scope *scope, const s2vi_embedding_config *c,
                    network *n)
{
    const s2vi_scope picture = s2vi_scope_in(scope, "picture");
    const s2vi_scope sound = s2vi_scope_in(scope, "sound");
    const s2vi_scope text = s2vi_scope_in(scope, "text");
    const int E = c->width;
    n->picture = s2vi_residual_net_declare(&picture, 3, c->widths, E);
    n->sound = s2vi_residual_net_declare(&sound, 1, c->widths, E);
    n->words = s2vi_declare(&text, S2VI_SHAPE(c->words, c->word),
                            S2VI_INIT_UNIT, "words");
    n->fc0 = s2vi_declare_layer(&text, S2VI_SHAPE(c->hidden, c->word),
                                S2VI_INIT_HE, c->hidden, "fc0");
    n->fc1 = s2vi_declare_layer(&text, S2VI_SHAPE(E, c->hidden),
                                S2VI_INIT_FAN_IN, E, "fc1");
    n->logit_scale = s2vi_declare(scope, S2VI_SHAPE(1), S2VI_INIT_LOGIT_SCALE,
                                  "logit_scale");
}

int s2vi_embedding_params(const s2vi_embedding_config *config,
                          const char *prefix, s2vi_param_list *list,
                          s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = s2vi_scope_under(prefix, list, NULL);
    network n;
    declare(&scope, config, &n);
    return s2vi_param_list_end(list, before, err);
}

/* ----------------------------------------------------------- recording -- */

/* (n,V) -> (n,E) */
static s2vi_node *embed_text(const network *net, s2vi_node *text)
{
    s2vi_node *mean = s2vi_matmul(text, net->words, false, false);
    s2vi_node *x = s2vi_lrelu(s2vi_nn_linear(mean, net->fc0), SLOPE);
    return s2vi_nn_linear(x, net->fc1);
}

/* min(exp(x), 100) */
static s2vi_node *scale_of(s2vi_node *x)
{
    const double most = log(100);
    if (!x)
        return NULL;
    s2vi_node *below = s2vi_lrelu(s2vi_affine(x, -1, most), 0);
    return s2vi_exp(s2vi_affine(below, -1, most));
}

s2vi_node *s2vi_embedding_picture(s2vi_node *x, int side)
{
    if (!x || x->shape.dim[1] == side)
        return x;
    const int factor = (int)(x->shape.dim[1] / side);
    return x->shape.dim[1] % side
               ? s2vi_nn_resize_bilinear(x, side, side, false)
               : s2vi_avgpool(x, (const int[]){factor, factor});
}

int s2vi_embedding_build(s2vi_graph *graph, const s2vi_embedding_config *config,
                         const char *prefix,
                         const s2vi_embedding_inputs *inputs,
                         s2vi_embedding_graph *out, s2v_error *err)
{
    const s2vi_scope scope = s2vi_scope_under(prefix, NULL, graph);
    network net;
    declare(&scope, config, &net);
    *out = (s2vi_embedding_graph){.scale = scale_of(net.logit_scale)};
    if (inputs->picture)
        out->picture = s2vi_nn_unit(
            s2vi_residual_net_record(&net.picture, inputs->picture));
    if (inputs->sound)
        out->sound =
            s2vi_nn_unit(s2vi_residual_net_record(&net.sound, inputs->sound));
    if (inputs->text)
        out->text = s2vi_nn_unit(embed_text(&net, inputs->text));
    return s2vi_graph_status(graph, err);
}
