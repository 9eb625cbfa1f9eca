/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Perceptual networks: phi of Listen and Move's eq. (6), after
 *   J. Johnson, A. Alahi, L. Fei-Fei, "Perceptual Losses for Real-Time Style
 *   Transfer and Super-Resolution", ECCV 2016;
 * the networks are those of
 *   K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks for
 *   Large-Scale Image Recognition", ICLR 2015 (configurations D and E);
 *   F. Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer
 *   parameters", 2016 (its version 1.1);
 * and the layers whose features are taken those of
 *   R. Zhang et al., "The Unreasonable Effectiveness of Deep Features as a
 *   Perceptual Metric", CVPR 2018 (LPIPS).
 *
 * Shapes: T frames, H x W pixels, C channels; images (T,H,W,C).
 *
 * Choices, where the papers are silent:
 * - eq. (6)'s "intermediate VGG layer" is relu3_3: the third of five, in the
 *   middle of the network (7th of 13 convolutions in VGG16). In SqueezeNet it
 *   is fire4, whose places are 4 pixels apart as well. Those of fire7, which is
 *   as wide and as far in the middle, are 8 apart: seven in a row at 64x64,
 *   too few to say where things are.
 * - ||phi(v) - phi(v~)||_2 is one norm over the whole video, as written, but
 *   divided by ||phi(v)||_2, a constant to the generator: so alpha means the
 *   same for any network and layer, whatever the scale of the features (their
 *   rms is 83 at fire7 of Caffe's SqueezeNet). The trainer weighs it as a
 *   distance of videos (train/recipes/listen_and_move_step.c).
 * - The root is of the square plus 1e-8, so its gradient at equal videos is 0.
 * - Input is not resized: the networks are convolutional.
 *
 * An exact economy: BGR networks have their first weights' channels swapped
 * when loaded, not the pictures' when run.
 */
#include "networks/perceptual.h"

#include "graph/build.h"
#include "models/param_file.h"
#include "nn/nn.h"
#include "weights/weights.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "phi."

/* ---------------------------------------------------- network tables -- */

typedef enum kind {
    STEM, /* 3x3 convolution, stride 2, not padded; ReLU */
    CONV, /* 3x3 convolution, padded; ReLU */
    FIRE, /* 1x1 to C/8, then 1x1 and 3x3 to C/2 each; ReLU after all three */
    MAX2, /* maximum of 2x2, stride 2 */
    MAX3, /* maximum of 3x3, stride 2, last windows may hang over */
} kind;

typedef struct row {
    kind kind;
    int channels; /* of the result */
    const char *name;
    const char *layer; /* whose features are taken: its name; or NULL */
} row;

/* clang-format off */
static const row vgg16[] = {
    {CONV, 64, "features.0", NULL},
    {CONV, 64, "features.2", "relu1_2"},
    {MAX2, 64, "features.4", NULL},
    {CONV, 128, "features.5", NULL},
    {CONV, 128, "features.7", "relu2_2"},
    {MAX2, 128, "features.9", NULL},
    {CONV, 256, "features.10", NULL},
    {CONV, 256, "features.12", NULL},
    {CONV, 256, "features.14", "relu3_3"},
    {MAX2, 256, "features.16", NULL},
    {CONV, 512, "features.17", NULL},
    {CONV, 512, "features.19", NULL},
    {CONV, 512, "features.21", "relu4_3"},
    {MAX2, 512, "features.23", NULL},
    {CONV, 512, "features.24", NULL},
    {CONV, 512, "features.26", NULL},
    {CONV, 512, "features.28", "relu5_3"},
};

static const row vgg19[] = {
    {CONV, 64, "features.0", NULL},
    {CONV, 64, "features.2", "relu1_2"},
    {MAX2, 64, "features.4", NULL},
    {CONV, 128, "features.5", NULL},
    {CONV, 128, "features.7", "relu2_2"},
    {MAX2, 128, "features.9", NULL},
    {CONV, 256, "features.10", NULL},
    {CONV, 256, "features.12", NULL},
    {CONV, 256, "features.14", "relu3_3"},
    {CONV, 256, "features.16", NULL},
    {MAX2, 256, "features.18", NULL},
    {CONV, 512, "features.19", NULL},
    {CONV, 512, "features.21", NULL},
    {CONV, 512, "features.23", "relu4_3"},
    {CONV, 512, "features.25", NULL},
    {MAX2, 512, "features.27", NULL},
    {CONV, 512, "features.28", NULL},
    {CONV, 512, "features.30", NULL},
    {CONV, 512, "features.32", "relu5_3"}, /* features.34 serves none */
};

static const row squeezenet[] = {
    {STEM, 64, "features.0", "relu1"},
    {MAX3, 64, "features.2", NULL},
    {FIRE, 128, "features.3", NULL},
    {FIRE, 128, "features.4", "fire4"},
    {MAX3, 128, "features.5", NULL},
    {FIRE, 256, "features.6", NULL},
    {FIRE, 256, "features.7", "fire7"},
    {MAX3, 256, "features.8", NULL},
    {FIRE, 384, "features.9", "fire9"},
    {FIRE, 384, "features.10", "fire10"},
    {FIRE, 512, "features.11", "fire11"},
    {FIRE, 512, "features.12", "fire12"},
};
/* clang-format on */

#define ROWS(table) table, sizeof(table) / sizeof(*table)

typedef struct network {
    const char *name, *caffe; /* as torchvision has it, and fed with BGR */
    const row *rows;
    size_t count;
    int layers, standard; /* how many, and the default one */
} network;

static const network networks[] = {
    {"vgg16", "vgg16-caffe", ROWS(vgg16), 5, 2},
    {"vgg19", "vgg19-caffe", ROWS(vgg19), 5, 2},
    {"squeezenet1.1", "squeezenet1.1-caffe", ROWS(squeezenet), 7, 1},
};

enum {
    NETWORKS = sizeof(networks) / sizeof(*networks),
    MAX_ROWS = sizeof(vgg19) / sizeof(*vgg19),
};

/* What is done to pictures: x = range (v + 1) / 2, then (x - mean) / std, by
 * channels R, G, B whatever order the network wants. */
typedef struct input {
    double range, mean[3], std[3];
    bool bgr;
} input;

static const input torchvision = {
    1, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, false};

struct s2vi_perceptual {
    s2v_weights *file;
    const network *net;
    s2vi_param_list params;
    input input;
};

/* --------------------------------------------------------- parameters -- */

/* A row's convolutions: FIRE has three of them. */
typedef struct convs {
    s2vi_layer conv[3];
} convs;

static s2vi_layer declare_conv(const s2vi_scope *scope, int64_t cout,
                               int64_t cin, int64_t k, const char *name)
{
    return s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, k, k),
                              S2VI_INIT_ZERO, cout, "%s", name);
}

static void declare_row(const s2vi_scope *scope, const row *r, int64_t cin,
                        convs *out)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", r->name);
    const int64_t c = r->channels;
    if (r->kind == STEM || r->kind == CONV)
        out->conv[0] = declare_conv(scope, c, cin, 3, r->name);
    if (r->kind != FIRE)
        return;
    out->conv[0] = declare_conv(&in, c / 8, cin, 1, "squeeze");
    out->conv[1] = declare_conv(&in, c / 2, c / 8, 1, "expand1x1");
    out->conv[2] = declare_conv(&in, c / 2, c / 8, 3, "expand3x3");
}

/* The first `rows` rows. */
static void declare(const s2vi_scope *scope, const network *net, size_t rows,
                    convs out[MAX_ROWS])
{
    int64_t cin = 3;
    for (size_t i = 0; i < rows; i++) {
        declare_row(scope, &net->rows[i], cin, &out[i]);
        cin = net->rows[i].channels;
    }
}

static int list_params(const network *net, s2vi_param_list *list,
                       s2v_error *err)
{
    convs out[MAX_ROWS];
    *list = (s2vi_param_list){0};
    declare(&(s2vi_scope){.list = list}, net, net->count, out);
    return s2vi_param_list_end(list, 0, err);
}

/* -------------------------------------------------------- recognition -- */

static bool fits(const s2v_weights *file, const s2vi_param *p)
{
    const s2vi_tensor *t = s2vi_weights_find(file, p->name);
    const s2vi_shape *f = &p->file_shape;
    return t && s2vi_stored_is_float(t->type) && t->rank == f->rank &&
           !memcmp(t->shape, f->dim, (size_t)f->rank * sizeof(*f->dim));
}

static int count_fits(const s2v_weights *file, const s2vi_param_list *list)
{
    int n = 0;
    for (int i = 0; i < list->count; i++)
        n += fits(file, &list->param[i]);
    return n;
}

/* Take the network of which the largest part is in the file. */
static int find_nearest(s2vi_perceptual *phi, int *fitting, s2v_error *err)
{
    for (int i = 0; i < NETWORKS; i++) {
        s2vi_param_list list;
        int ret = list_params(&networks[i], &list, err);
        if (ret < 0)
            return ret;
        int n = count_fits(phi->file, &list);
        if (!phi->net || n * phi->params.count > *fitting * list.count) {
            s2vi_param_list_close(&phi->params);
            phi->params = list;
            phi->net = &networks[i];
            *fitting = n;
        } else {
            s2vi_param_list_close(&list);
        }
    }
    return S2V_OK;
}

/* Nothing in the file belongs to any of them. */
static int refuse_stranger(const s2vi_perceptual *phi, s2v_error *err)
{
    size_t n = s2v_weights_count(phi->file);
    return s2vi_error(
        err, S2V_ERR_MODEL,
        "%s: not a perceptual network: expected tensors of VGG16, VGG19 or "
        "SqueezeNet 1.1 under torchvision's names (\"features.0.weight\" ...), "
        "found %zu tensor%s%s%.80s%s",
        s2v_weights_get_path(phi->file, NULL), n, n == 1 ? "" : "s",
        n ? ", first \"" : "", n ? s2vi_weights_at(phi->file, 0)->name : "",
        n ? "\"" : "");
}

/* The tensors that keep the file from being what it most looks like. */
static int refuse_lookalike(const s2vi_perceptual *phi, int fitting,
                            s2v_error *err)
{
    static const char *const any[] = {"*", NULL};
    const s2vi_param_list *list = &phi->params;
    s2v_error why = {0};
    int ret = s2vi_param_list_check(list, phi->file, any, &why);
    return s2vi_error(err, ret,
                      "%.800s (%s is the nearest of VGG16, VGG19 and "
                      "SqueezeNet 1.1: %d of its %d tensors fit)",
                      why.message, phi->net->name, fitting, list->count);
}

static int recognise(s2vi_perceptual *phi, s2v_error *err)
{
    int fitting = 0;
    int ret = find_nearest(phi, &fitting, err);
    if (ret < 0 || fitting == phi->params.count)
        return ret;
    return fitting ? refuse_lookalike(phi, fitting, err)
                   : refuse_stranger(phi, err);
}

/* ------------------------------------------------ input normalisation -- */

static bool take(const char **at, const char *text)
{
    size_t n = strlen(text);
    bool there = !strncmp(*at, text, n);
    *at += there ? n : 0;
    return there;
}

/* A number as C writes it, whatever the locale. */
static bool take_number(const char **at, double *value)
{
    char *end;
    *value = g_ascii_strtod(*at, &end);
    bool there = end != *at && isfinite(*value);
    *at = end;
    return there;
}

/* "(1,2,3)" in the order in which the network takes the channels. */
static bool take_triple(const char **at, bool bgr, double *rgb)
{
    bool ok = take(at, "(");
    for (int i = 0; i < 3; i++)
        ok = ok && (!i || take(at, ",")) &&
             take_number(at, &rgb[bgr ? 2 - i : i]);
    return ok && take(at, ")");
}

/* "BGR in 0..255 minus (104,117,123)", "... over (58.4,57.1,57.4)". */
static bool parse_input(const char *text, input *out)
{
    input in = {.std = {1, 1, 1}, .bgr = take(&text, "BGR")};
    if (!in.bgr && !take(&text, "RGB"))
        return false;
    if (!take(&text, " in 0..") || !take_number(&text, &in.range) ||
        !take(&text, " minus ") || !take_triple(&text, in.bgr, in.mean))
        return false;
    if (take(&text, " over ") && !take_triple(&text, in.bgr, in.std))
        return false;
    *out = in;
    return (!*text || *text == ';') && in.range > 0 && in.std[0] > 0 &&
           in.std[1] > 0 && in.std[2] > 0;
}

static int read_input(s2vi_perceptual *phi, s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(phi->file, "input");
    phi->input = torchvision;
    if (!text || parse_input(text, &phi->input))
        return S2V_OK;
    return s2vi_error(
        err, S2V_ERR_MODEL,
        "%s: its metadata \"input\" is \"%.100s\", expected for instance \"BGR "
        "in 0..255 minus (104,117,123)\", or none for torchvision's",
        s2v_weights_get_path(phi->file, NULL), text);
}

/* ---------------------------------------------------- open and close -- */

int s2vi_perceptual_open(s2vi_perceptual **phi, const char *path,
                         s2v_error *err)
{
    s2vi_perceptual *p = *phi = calloc(1, sizeof(*p));
    if (!p)
        return s2vi_error_nomem(err, "a perceptual network");
    int ret = s2v_weights_open(&p->file, path, err);
    if (!ret)
        ret = recognise(p, err);
    if (!ret)
        ret = read_input(p, err);
    if (!ret)
        ret = s2vi_weights_verify_sha256(p->file, err);
    if (ret < 0)
        s2vi_perceptual_close(phi);
    return ret;
}

void s2vi_perceptual_close(s2vi_perceptual **phi)
{
    if (!phi || !*phi)
        return;
    s2vi_param_list_close(&(*phi)->params);
    s2v_weights_close(&(*phi)->file);
    free(*phi);
    *phi = NULL;
}

const char *s2vi_perceptual_name(const s2vi_perceptual *phi)
{
    return phi->input.bgr ? phi->net->caffe : phi->net->name;
}

int s2vi_perceptual_layers(const s2vi_perceptual *phi)
{
    return phi->net->layers;
}

int s2vi_perceptual_default_layer(const s2vi_perceptual *phi)
{
    return phi->net->standard;
}

/* The row of a layer whose features are taken, or NULL. */
static const row *row_of(const s2vi_perceptual *phi, int layer)
{
    for (size_t i = 0; i < phi->net->count && layer >= 0; i++)
        if (phi->net->rows[i].layer && !layer--)
            return &phi->net->rows[i];
    return NULL;
}

const char *s2vi_perceptual_layer_name(const s2vi_perceptual *phi, int layer)
{
    const row *r = row_of(phi, layer);
    return r ? r->layer : NULL;
}

int s2vi_perceptual_layer_channels(const s2vi_perceptual *phi, int layer)
{
    const row *r = row_of(phi, layer);
    return r ? r->channels : 0;
}

/* ------------------------------------------------------------ loading -- */

/* (Cout,3,k,k): the first and the third input channel change places. */
static void swap_channels(const s2vi_param *p, float *w)
{
    const int64_t *dim = p->file_shape.dim, k2 = dim[2] * dim[3];
    for (int64_t o = 0; o < dim[0]; o++)
        for (int64_t i = 0; i < k2; i++) {
            float *r = w + o * 3 * k2 + i, *b = r + 2 * k2, t = *r;
            *r = *b;
            *b = t;
        }
}

static int load_param(const s2vi_perceptual *phi, int i, s2vi_store *store,
                      s2v_error *err)
{
    const s2vi_param *p = &phi->params.param[i];
    size_t n = (size_t)s2vi_shape_count(&p->shape);
    char name[sizeof(PREFIX) + sizeof(p->name)];
    float *file = malloc(2 * n * sizeof(*file));
    if (!file)
        return s2vi_error_nomem(err, p->name);
    snprintf(name, sizeof(name), PREFIX "%s", p->name);
    int ret = s2vi_weights_read_f32(
        phi->file, s2vi_weights_find(phi->file, p->name), file, err);
    if (!ret) {
        if (i == 0 && phi->input.bgr)
            swap_channels(p, file);
        s2vi_param_from_file(p, file, file + n);
        ret = s2vi_store_add(store, name, &p->shape, err);
    }
    if (!ret)
        ret = s2vi_store_write(store, name, file + n, err);
    free(file);
    return ret;
}

int s2vi_perceptual_load(const s2vi_perceptual *phi, s2vi_store *store,
                         s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < phi->params.count && !ret; i++)
        ret = load_param(phi, i, store, err);
    return ret;
}

/* ---------------------------------------------------------- recording -- */

/* One number a colour channel: (1,1,1,3). */
static s2vi_node *channels(s2vi_graph *graph, const double *value)
{
    s2vi_node *fill[3];
    for (int i = 0; i < 3; i++)
        fill[i] = s2vi_fill(graph, value[i], S2VI_SHAPE(1, 1, 1, 1));
    return s2vi_concat(fill, 3, 3);
}

/* v (T,H,W,3) in [-1,1] -> (range (v + 1) / 2 - mean) / std. */
static s2vi_node *normalise(const s2vi_perceptual *phi, s2vi_node *video)
{
    const input *in = &phi->input;
    double scale[3], offset[3];
    for (int i = 0; i < 3; i++) {
        scale[i] = in->range / 2 / in->std[i];
        offset[i] = (in->range / 2 - in->mean[i]) / in->std[i];
    }
    s2vi_node *more = channels(video->graph, offset);
    return s2vi_add(s2vi_mul(video, channels(video->graph, scale)), more);
}

/* Convolution, bias and ReLU. */
static s2vi_node *conv(s2vi_layer layer, s2vi_node *x, int stride, int pad)
{
    s2vi_window window = {.rank = 2,
                          .stride = {stride, stride},
                          .pad_lo = {pad, pad},
                          .pad_hi = {pad, pad}};
    return s2vi_lrelu(s2vi_conv(x, layer.weight, layer.bias, &window), 0);
}

/* x (T,h,w,Cin) -> (T,h,w,C): a narrow layer, then two wide ones of it. */
static s2vi_node *fire(const convs *c, s2vi_node *x)
{
    s2vi_node *s = conv(c->conv[0], x, 1, 0), *both[2];
    both[0] = conv(c->conv[1], s, 1, 0);
    both[1] = conv(c->conv[2], s, 1, 1);
    return s2vi_concat(both, 2, 3);
}

/* Stride 2; `ceil`: a row and a column more where the windows leave one. */
static s2vi_node *maxpool(s2vi_node *x, int kernel, bool ceil)
{
    s2vi_window window = {
        .rank = 2, .kernel = {kernel, kernel}, .stride = {2, 2}};
    for (int i = 0; x && ceil && i < 2; i++)
        window.pad_hi[i] = (x->shape.dim[1 + i] - kernel) % 2 != 0;
    return s2vi_maxpool(x, &window);
}

static s2vi_node *step(const row *r, const convs *c, s2vi_node *x)
{
    switch (r->kind) {
    case STEM: return conv(c->conv[0], x, 2, 0);
    case CONV: return conv(c->conv[0], x, 1, 1);
    case FIRE: return fire(c, x);
    case MAX2: return maxpool(x, 2, false);
    case MAX3: return maxpool(x, 3, true);
    }
    return NULL;
}

/* How many rows it takes to layer `last`. */
static size_t rows_to(const network *net, int last)
{
    size_t n = 0;
    while (n < net->count && last >= 0)
        last -= net->rows[n++].layer != NULL;
    return n;
}

static bool is_video(const s2vi_node *v)
{
    return v->shape.rank == 4 && v->shape.dim[3] == 3;
}

void s2vi_perceptual_record(const s2vi_perceptual *phi, s2vi_graph *graph,
                            s2vi_node *video, int last,
                            s2vi_node *features[S2VI_PERCEPTUAL_MAX_LAYERS])
{
    const s2vi_scope scope = {.graph = graph, .prefix = PREFIX};
    const network *net = phi->net;
    convs c[MAX_ROWS];
    int n = 0;
    memset(features, 0, S2VI_PERCEPTUAL_MAX_LAYERS * sizeof(*features));
    if (last < 0 || last >= net->layers)
        s2vi_graph_mistake(graph, "%s has no layer %d", net->name, last);
    else if (video && !is_video(video))
        s2vi_graph_mistake(graph, "%s: the video is not (T,H,W,3)", net->name);
    if (!video || s2vi_graph_status(graph, NULL) < 0)
        return;
    const size_t rows = rows_to(net, last);
    declare(&scope, net, rows, c);
    video = normalise(phi, video);
    for (size_t i = 0; i < rows; i++) {
        video = step(&net->rows[i], &c[i], video);
        if (net->rows[i].layer)
            features[n++] = video;
    }
}

s2vi_node *s2vi_perceptual_features(const s2vi_perceptual *phi,
                                    s2vi_graph *graph, s2vi_node *video,
                                    int layer)
{
    s2vi_node *features[S2VI_PERCEPTUAL_MAX_LAYERS];
    s2vi_perceptual_record(phi, graph, video, layer, features);
    return layer >= 0 && layer < phi->net->layers ? features[layer] : NULL;
}

/* Mean squares in place of the norms' sums: their ratio is the same. */
s2vi_node *s2vi_perceptual_distance(const s2vi_perceptual *phi,
                                    s2vi_graph *graph, s2vi_node *real,
                                    s2vi_node *made, int layer)
{
    const double eps = 1e-8;
    s2vi_node *a =
        s2vi_detach(s2vi_perceptual_features(phi, graph, real, layer));
    s2vi_node *b = s2vi_perceptual_features(phi, graph, made, layer);
    s2vi_node *apart = s2vi_mean_all(s2vi_square(s2vi_sub(a, b)));
    s2vi_node *whole = s2vi_mean_all(s2vi_square(a));
    s2vi_node *part = s2vi_mul(apart, s2vi_recip(s2vi_affine(whole, 1, eps)));
    return s2vi_sqrt(s2vi_affine(part, 1, eps));
}
