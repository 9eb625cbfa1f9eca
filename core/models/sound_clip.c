/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoders of sound into CLIP's space: S. H. Lee, W. Roh, W. Byeon, S. H.
 * Yoon, C. Kim, J. Kim and S. Kim, "Sound-Guided Semantic Image Manipulation",
 * CVPR 2022, arXiv 2112.00007; and H.-H. Wu, P. Seetharaman, K. Kumar and J. P.
 * Bello, "Wav2CLIP", ICASSP 2022, arXiv 2110.11499. Both are a ResNet-18 (K.
 * He, X. Zhang, S. Ren and J. Sun, CVPR 2016, arXiv 1512.03385).
 *
 * Shapes: n sounds; C channels; h and w of an image; E width of the space.
 * Memory is channels last.
 *
 * Choices, those of the published code: in that of Lee et al., a convolution
 * without padding first makes three channels out of one; Wav2CLIP has two
 * linear layers behind the mean, ReLU between them; torchvision's names; batch
 * norms by their running averages: the encoders are not trained here.
 */
#include "models/sound_clip.h"

#include "models/param_file.h"
#include "nn/sequence.h"
#include "weights/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPS    1e-5 /* of batch norms */
#define PREFIX "module."

enum {
    STAGES = S2VI_SOUND_CLIP_STAGES,
    BLOCKS = S2VI_SOUND_CLIP_BLOCKS,
    DEPTH = BLOCKS / STAGES, /* blocks of a stage */
    RGB = 3,
    MAX_WIDTH = 1 << 12,
};

/* ------------------------------------------------------ configuration -- */

#define INT(member, least, most)                                               \
    S2VI_INT(s2vi_sound_clip_config, member, least, most)

static const s2vi_field table[] = {
    S2VI_INTS(s2vi_sound_clip_config, "widths", width, STAGES, stages),
    INT(hidden, 0, MAX_WIDTH),
    INT(embedding, 1, MAX_WIDTH),
};

static const s2vi_fields fields = {S2VI_SOUND_CLIP_NAME, table,
                                   sizeof(table) / sizeof(*table), false};

int s2vi_sound_clip_config_check(const s2vi_sound_clip_config *c,
                                 s2v_error *err)
{
    int ret = s2vi_fields_check(&fields, c, err);
    if (ret >= 0)
        ret = s2vi_fields_check_range(&fields, "widths", c->stages, STAGES,
                                      STAGES, err);
    for (int i = 0; i < c->stages && ret >= 0; i++)
        ret = s2vi_fields_check_range(&fields, "widths", c->width[i], 1,
                                      MAX_WIDTH, err);
    return ret;
}

/* --------------------------------------------------------- parameters -- */

typedef struct block {
    s2vi_node *conv1, *conv2, *down; /* down: NULL where nothing changes */
    s2vi_batch_norm bn1, bn2, down_bn;
} block;

typedef struct network {
    s2vi_layer conv; /* 1 -> 3; not Wav2CLIP's */
    s2vi_node *conv1;
    s2vi_batch_norm bn1;
    block block[BLOCKS];
    s2vi_layer fc, last; /* last: Wav2CLIP's */
} network;

static s2vi_node *declare_conv(const s2vi_scope *scope, int cout, int cin,
                               int k, const char *name)
{
    return s2vi_declare(scope, S2VI_SHAPE(cout, cin, k, k), S2VI_INIT_HE,
                        "%s.weight", name);
}

static block declare_block(const s2vi_scope *scope, int cout, int cin, int i)
{
    const s2vi_scope in =
        s2vi_scope_in(scope, "layer%d.%d", i / DEPTH + 1, i % DEPTH);
    block b = {0};
    b.conv1 = declare_conv(&in, cout, cin, 3, "conv1");
    b.bn1 = s2vi_declare_batch_norm(&in, cout, "bn1");
    b.conv2 = declare_conv(&in, cout, cout, 3, "conv2");
    b.bn2 = s2vi_declare_batch_norm(&in, cout, "bn2");
    if (i >= DEPTH && i % DEPTH == 0) {
        b.down = declare_conv(&in, cout, cin, 1, "downsample.0");
        b.down_bn = s2vi_declare_batch_norm(&in, cout, "downsample.1");
    }
    return b;
}

static const char *trunk(const s2vi_sound_clip_config *c)
{
    return c->hidden ? "audio_encoder" : "feature_extractor";
}

static void declare_head(const s2vi_scope *scope, const s2vi_scope *in,
                         const s2vi_sound_clip_config *c, network *n)
{
    const s2vi_scope head = s2vi_scope_in(scope, "audio_transform.sequential");
    const int width = c->width[STAGES - 1], E = c->embedding, h = c->hidden;
    if (!c->hidden) {
        n->fc = s2vi_declare_layer(in, S2VI_SHAPE(E, width), S2VI_INIT_FAN_IN,
                                   E, "fc");
        return;
    }
    n->fc =
        s2vi_declare_layer(&head, S2VI_SHAPE(h, width), S2VI_INIT_HE, h, "0");
    n->last =
        s2vi_declare_layer(&head, S2VI_SHAPE(E, h), S2VI_INIT_FAN_IN, E, "3");
}

static void declare(const s2vi_scope *scope, const s2vi_sound_clip_config *c,
                    network *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", trunk(c));
    *n = (network){0};
    if (!c->hidden)
        n->conv = s2vi_declare_layer(scope, S2VI_SHAPE(RGB, 1, 3, 3),
                                     S2VI_INIT_HE, RGB, "conv");
    n->conv1 = declare_conv(&in, c->width[0], c->hidden ? 1 : RGB, 7, "conv1");
    n->bn1 = s2vi_declare_batch_norm(&in, c->width[0], "bn1");
    for (int i = 0; i < BLOCKS; i++)
        n->block[i] = declare_block(&in, c->width[i / DEPTH],
                                    c->width[i ? (i - 1) / DEPTH : 0], i);
    declare_head(scope, &in, c, n);
}

static int list_params(const s2vi_sound_clip_config *config, bool prefixed,
                       s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = {.list = list, .prefix = PREFIX};
    const s2vi_scope bare = {.list = list};
    network n;
    const int ret = s2vi_sound_clip_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(prefixed ? &scope : &bare, config, &n);
    return s2vi_param_list_end(list, before, err);
}

int s2vi_sound_clip_params(const s2vi_sound_clip_config *config,
                           s2vi_param_list *list, s2v_error *err)
{
    return list_params(config, false, list, err);
}

/* --------------------------------------------------------------- files -- */

/* The file's tensor of that name, with or without the prefix. */
static const s2vi_tensor *find(const s2v_weights *weights, const char *name)
{
    char full[S2VI_PARAM_NAME + sizeof(PREFIX)];
    const s2vi_tensor *t = s2vi_weights_find(weights, name);
    snprintf(full, sizeof(full), PREFIX "%s", name);
    return t ? t : s2vi_weights_find(weights, full);
}

static int size_of(const s2v_weights *weights, const char *name, int *size,
                   s2v_error *err)
{
    const s2vi_tensor *t = find(weights, name);
    if (!t || t->rank < 1)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: holds no encoder of sound: tensor '%s' is %s",
                          s2v_weights_get_path(weights, NULL), name,
                          t ? "of another rank" : "missing");
    *size = t->shape[0] < MAX_WIDTH ? (int)t->shape[0] : MAX_WIDTH + 1;
    return S2V_OK;
}

int s2vi_sound_clip_config_read(s2vi_sound_clip_config *config,
                                const s2v_weights *weights, s2v_error *err)
{
    const char *const last = "audio_transform.sequential.3.weight";
    int ret = S2V_OK;
    *config = (s2vi_sound_clip_config){.stages = STAGES};
    if (find(weights, last))
        ret = size_of(weights, "audio_transform.sequential.0.weight",
                      &config->hidden, err);
    for (int i = 0; i < STAGES && ret >= 0; i++) {
        char name[S2VI_PARAM_NAME];
        snprintf(name, sizeof(name), "%s.layer%d.0.conv1.weight", trunk(config),
                 i + 1);
        ret = size_of(weights, name, &config->width[i], err);
    }
    if (ret >= 0)
        ret = size_of(weights,
                      config->hidden ? last : "feature_extractor.fc.weight",
                      &config->embedding, err);
    return ret < 0 ? ret : s2vi_sound_clip_config_check(config, err);
}

static int load_one(const s2vi_param *param, const s2v_weights *weights,
                    s2vi_store *store, s2v_error *err)
{
    const s2vi_tensor *t = find(weights, param->name);
    float *x = malloc(t->count * sizeof(*x));
    if (!x)
        return s2vi_error_nomem(err, param->name);
    int ret = s2vi_weights_read_f32(weights, t, x, err);
    if (ret >= 0)
        ret = s2vi_param_put(param, x, param->name, store, err);
    free(x);
    return ret;
}

int s2vi_sound_clip_load(const s2vi_sound_clip_config *config,
                         const s2v_weights *weights, s2vi_store *store,
                         s2v_error *err)
{
    /* Of Wav2CLIP, what its training alone needs. */
    static const char *const ignored[] = {
        "*.num_batches_tracked", "audio_encoder.fc.*",
        "audio_encoder.spectrogram.*", "image_transform.*", NULL};
    const bool prefixed = s2vi_weights_find(weights, PREFIX "conv.weight");
    s2vi_param_list stored = {0}, list = {0};
    int ret = list_params(config, prefixed, &stored, err);
    if (ret >= 0)
        ret = s2vi_param_list_check(&stored, weights, ignored, err);
    if (ret >= 0)
        ret = list_params(config, false, &list, err);
    for (int i = 0; i < list.count && ret >= 0; i++)
        ret = load_one(&list.param[i], weights, store, err);
    s2vi_param_list_close(&stored);
    s2vi_param_list_close(&list);
    return ret;
}

/* ---------------------------------------------------------- recording -- */

static s2vi_node *conv(s2vi_node *x, s2vi_node *weight, int stride, int pad)
{
    const s2vi_window window = {.rank = 2,
                                .stride = {stride, stride},
                                .pad_lo = {pad, pad},
                                .pad_hi = {pad, pad}};
    return s2vi_conv(x, weight, NULL, &window);
}

static s2vi_node *relu(s2vi_node *x)
{
    return s2vi_lrelu(x, 0);
}

static s2vi_node *norm(s2vi_node *x, const s2vi_batch_norm *bn)
{
    return s2vi_nn_batch_norm_by(x, bn, EPS);
}

/* (n,h,w,C), or half as large and twice as wide */
static s2vi_node *run_block(s2vi_node *x, const block *b)
{
    const int stride = b->down ? 2 : 1;
    s2vi_node *y = relu(norm(conv(x, b->conv1, stride, 1), &b->bn1));
    y = norm(conv(y, b->conv2, 1, 1), &b->bn2);
    if (b->down)
        x = norm(conv(x, b->down, stride, 0), &b->down_bn);
    return relu(s2vi_add(y, x));
}

static void hear(const network *net, const s2vi_sound_clip_config *c,
                 s2vi_node *images, s2vi_sound_clip_graph *out)
{
    const int64_t n = images->shape.dim[0];
    const s2vi_window whole = {.rank = 2, .stride = {1, 1}};
    const s2vi_window pool = {.rank = 2,
                              .kernel = {3, 3},
                              .stride = {2, 2},
                              .pad_lo = {1, 1},
                              .pad_hi = {1, 1}};
    s2vi_node *x = images;
    if (!c->hidden)
        x = s2vi_conv(x, net->conv.weight, net->conv.bias, &whole);
    x = relu(norm(conv(x, net->conv1, 2, 3), &net->bn1));
    out->stem = x = s2vi_maxpool(x, &pool);
    for (int i = 0; i < BLOCKS; i++)
        out->block[i] = x = run_block(x, &net->block[i]);
    x = s2vi_reshape(s2vi_mean(x, 1u << 1 | 1u << 2),
                     S2VI_SHAPE(n, c->width[STAGES - 1]));
    x = s2vi_nn_linear(x, net->fc);
    if (c->hidden)
        x = s2vi_nn_linear(relu(x), net->last);
    out->embedding = x; /* (n,E) */
    out->normalised =
        s2vi_mul(x, s2vi_rsqrt(s2vi_sum(s2vi_square(x), 1u << 1)));
}

int s2vi_sound_clip_build(s2vi_graph *graph,
                          const s2vi_sound_clip_config *config,
                          s2vi_node *images, s2vi_sound_clip_graph *out,
                          s2v_error *err)
{
    const s2vi_shape *s = images ? &images->shape : NULL;
    network n;
    *out = (s2vi_sound_clip_graph){0};
    const int ret = s2vi_sound_clip_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, config, &n);
    if (s && (s->rank != 4 || s->dim[3] != 1))
        s2vi_graph_mistake(graph, S2VI_SOUND_CLIP_NAME
                           ": expected images of one channel");
    else if (s && s2vi_graph_status(graph, NULL) >= 0)
        hear(&n, config, images, out);
    return s2vi_graph_status(graph, err);
}
