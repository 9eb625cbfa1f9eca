/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BN-Inception, after
 *   S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network
 *   Training by Reducing Internal Covariate Shift", ICML 2015 (figure 5);
 * as features of pictures and of optical flow, after
 *   L. Wang et al., "Temporal Segment Networks: Towards Good Practices for Deep
 *   Action Recognition", ECCV 2016;
 *   P. Chen et al., "Generating Visually Aligned Sound from Videos", IEEE
 *   Transactions on Image Processing 2020 (RegNet), whose features VarietySound
 *   takes.
 *
 * Shapes: T pictures, H x W pixels, C channels; memory is (T,H,W,C).
 *
 * Choices, where the papers are silent, as the public weights have them:
 * - Each convolution has a bias, then batch norm by running statistics (eps
 *   1e-5), then ReLU.
 * - Pooling by 2 takes 3x3 windows, and the last may hang over. Averages within
 *   modules are of 3x3 windows, zeros around, divided by 9 everywhere.
 * - Pictures go in as B, G, R in 0 .. 255 less 104, 117, 128. A flow's planes
 *   are pixels of motion within -20 .. 20 as 0 .. 255, less 128 (RegNet's).
 * - Features are the mean over all places of module 5b; its dropout and the
 *   classifier are left out.
 *
 * Two exact economies: a norm is folded into its convolution's weights, once
 * per plan; an average and the 1x1 convolution after it change places, since
 * the convolution leaves fewer channels.
 */
#include "networks/bn_inception.h"

#include "models/param_file.h"
#include "nn/sequence.h"
#include "weights/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPS 1e-5

/* -------------------------------------------------------- the network -- */

typedef enum pool { AVERAGE, MAXIMUM, HALVE } pool;

/* Figure 5: channels of a module's four branches. HALVE: stride 2 and no 1x1
 * branches, the pool goes out as it is. */
typedef struct module {
    const char *name;
    int one;                          /* 1x1 */
    int reduce, three;                /* 1x1, 3x3 */
    int double_reduce, first, second; /* 1x1, 3x3, 3x3 */
    pool pool;
    int proj; /* 1x1 */
} module;

/* clang-format off */
static const module modules[] = {
    {"3a",  64,  64,  64,  64,  96,  96, AVERAGE,  32},
    {"3b",  64,  64,  96,  64,  96,  96, AVERAGE,  64},
    {"3c",   0, 128, 160,  64,  96,  96, HALVE,     0},
    {"4a", 224,  64,  96,  96, 128, 128, AVERAGE, 128},
    {"4b", 192,  96, 128,  96, 128, 128, AVERAGE, 128},
    {"4c", 160, 128, 160, 128, 160, 160, AVERAGE, 128},
    {"4d",  96, 128, 192, 160, 192, 192, AVERAGE, 128},
    {"4e",   0, 128, 192, 192, 256, 256, HALVE,     0},
    {"5a", 352, 192, 320, 160, 224, 224, AVERAGE, 128},
    {"5b", 352, 192, 320, 192, 224, 224, MAXIMUM, 128},
};
/* clang-format on */

enum { MODULES = sizeof(modules) / sizeof(*modules) };

/* --------------------------------------------------------- parameters -- */

/* A convolution and its norm. */
typedef struct unit {
    s2vi_layer conv;
    s2vi_batch_norm norm;
} unit;

/* Units that a module does not have stay as they are. */
typedef struct branches {
    unit one, reduce, three, double_reduce, first, second, proj;
} branches;

typedef struct network {
    unit conv1, conv2_reduce, conv2;
    branches module[MODULES];
} network;

static void declare_unit(const s2vi_scope *scope, int cin, int cout, int kernel,
                         const char *name, unit *u)
{
    if (!cout)
        return;
    u->conv = s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, kernel, kernel),
                                 S2VI_INIT_FAN_IN, cout, "%s", name);
    u->norm = s2vi_declare_batch_norm(scope, cout, "%s_bn", name);
}

/* One of a module's convolutions. */
static void declare_part(const s2vi_scope *scope, const module *r, int cin,
                         int cout, int kernel, const char *part, unit *u)
{
    char name[S2VI_PARAM_NAME];
    snprintf(name, sizeof(name), "inception_%s_%s", r->name, part);
    declare_unit(scope, cin, cout, kernel, name, u);
}

/* Returns how many channels come out. */
static int declare_module(const s2vi_scope *scope, const module *r, int cin,
                          branches *b)
{
    declare_part(scope, r, cin, r->one, 1, "1x1", &b->one);
    declare_part(scope, r, cin, r->reduce, 1, "3x3_reduce", &b->reduce);
    declare_part(scope, r, r->reduce, r->three, 3, "3x3", &b->three);
    declare_part(scope, r, cin, r->double_reduce, 1, "double_3x3_reduce",
                 &b->double_reduce);
    declare_part(scope, r, r->double_reduce, r->first, 3, "double_3x3_1",
                 &b->first);
    declare_part(scope, r, r->first, r->second, 3, "double_3x3_2", &b->second);
    declare_part(scope, r, cin, r->proj, 1, "pool_proj", &b->proj);
    return r->one + r->three + r->second + (r->pool == HALVE ? cin : r->proj);
}

static void declare(const s2vi_scope *scope, int planes, network *n)
{
    int channels = 192;
    declare_unit(scope, planes, 64, 7, "conv1_7x7_s2", &n->conv1);
    declare_unit(scope, 64, 64, 1, "conv2_3x3_reduce", &n->conv2_reduce);
    declare_unit(scope, 64, 192, 3, "conv2_3x3", &n->conv2);
    for (int i = 0; i < MODULES; i++)
        channels = declare_module(scope, &modules[i], channels, &n->module[i]);
}

int s2vi_bn_inception_params(int planes, s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    network n;
    declare(&(s2vi_scope){.list = list}, planes, &n);
    return s2vi_param_list_end(list, before, err);
}

/* ------------------------------------------------------------ weights -- */

struct s2vi_bn_inception {
    s2v_weights *file;
    s2vi_param_list params; /* with shapes as the file has them */
    char (*name)[96];       /* of each in the file */
    int planes;             /* that the network is to take */
};

#define FIRST "conv1_7x7_s2.weight"

/* What stands before the first convolution's name in the file; "" if it has
 * none. */
static const char *find_prefix(const s2v_weights *file)
{
    static const char *const prefixes[] = {"", "module.", "base_model.",
                                           "module.base_model."};
    char name[64];
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        snprintf(name, sizeof(name), "%s" FIRST, prefixes[i]);
        if (s2vi_weights_find(file, name))
            return prefixes[i];
    }
    return "";
}

/* A parameter's shape becomes what a file may have instead. */
static void adapt(const s2v_weights *file, const char *name, s2vi_shape *shape)
{
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    if (!t)
        return;
    if (shape->rank == 1 && t->rank == 2 && t->shape[0] == 1)
        *shape = S2VI_SHAPE(1, shape->dim[0]);
    if (shape->rank == 4 && t->rank == 4 && shape->dim[1] == S2VI_BN_FLOW &&
        t->shape[1] == S2VI_BN_RGB)
        shape->dim[1] = S2VI_BN_RGB;
}

static int check(s2vi_bn_inception *net, s2v_error *err)
{
    static const char *const any[] = {"*", NULL};
    const char *prefix = find_prefix(net->file);
    int ret = s2vi_bn_inception_params(net->planes, &net->params, err);
    if (ret < 0)
        return ret;
    const size_t n = (size_t)net->params.count;
    s2vi_expect *expect = calloc(n, sizeof(*expect));
    net->name = calloc(n, sizeof(*net->name));
    if (!expect || !net->name)
        ret = s2vi_error_nomem(err, "BN-Inception's parameters");
    for (size_t i = 0; i < n && !ret; i++) {
        s2vi_param *p = &net->params.param[i];
        snprintf(net->name[i], sizeof(net->name[i]), "%s%s", prefix, p->name);
        adapt(net->file, net->name[i], &p->file_shape);
        expect[i] = (s2vi_expect){net->name[i], p->file_shape.rank, {0}};
        memcpy(expect[i].shape, p->file_shape.dim,
               (size_t)p->file_shape.rank * sizeof(*expect[i].shape));
    }
    if (!ret)
        ret = s2vi_weights_check(net->file, expect, n, any, err);
    free(expect);
    return ret;
}

int s2vi_bn_inception_open(s2vi_bn_inception **net, const char *path,
                           int planes, s2v_error *err)
{
    s2vi_bn_inception *n = *net = calloc(1, sizeof(*n));
    s2v_error why = {0};
    if (!n)
        return s2vi_error_nomem(err, "BN-Inception");
    n->planes = planes;
    int ret = s2v_weights_open(&n->file, path, err);
    if (!ret && (ret = check(n, &why)) < 0)
        s2vi_error(err, ret,
                   "%.880s (expected BN-Inception with %d input planes)",
                   why.message, planes);
    if (!ret)
        ret = s2vi_weights_verify_sha256(n->file, err);
    if (ret < 0)
        s2vi_bn_inception_close(net);
    return ret;
}

void s2vi_bn_inception_close(s2vi_bn_inception **net)
{
    if (!*net)
        return;
    s2vi_param_list_close(&(*net)->params);
    s2v_weights_close(&(*net)->file);
    free((*net)->name);
    free(*net);
    *net = NULL;
}

/* (Cout,3,k,k) -> (Cout,2,k,k), in place: each plane the mean of the three. */
static void average_planes(const s2vi_shape *file, float *w)
{
    const int64_t taps = file->dim[2] * file->dim[3];
    for (int64_t o = 0; o < file->dim[0]; o++)
        for (int64_t t = 0; t < taps; t++) {
            const float *from = w + o * S2VI_BN_RGB * taps + t;
            const float mean = (from[0] + from[taps] + from[2 * taps]) / 3;
            for (int i = 0; i < S2VI_BN_FLOW; i++)
                w[(o * S2VI_BN_FLOW + i) * taps + t] = mean;
        }
}

static int load(const s2vi_bn_inception *net, int i, s2vi_store *store,
                s2v_error *err)
{
    s2vi_param p = net->params.param[i];
    const size_t n = (size_t)s2vi_shape_count(&p.file_shape);
    float *file = malloc(2 * n * sizeof(*file));
    if (!file)
        return s2vi_error_nomem(err, p.name);
    int ret = s2vi_weights_read_f32(
        net->file, s2vi_weights_find(net->file, net->name[i]), file, err);
    if (!ret && p.file_shape.rank == 4 &&
        p.file_shape.dim[1] != p.shape.dim[3]) {
        average_planes(&p.file_shape, file);
        p.file_shape.dim[1] = p.shape.dim[3];
    }
    if (!ret) {
        s2vi_param_from_file(&p, file, file + n);
        ret = s2vi_store_add(store, p.name, &p.shape, err);
    }
    if (!ret)
        ret = s2vi_store_write(store, p.name, file + n, err);
    free(file);
    return ret;
}

int s2vi_bn_inception_load(const s2vi_bn_inception *net, s2vi_store *store,
                           s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < net->params.count && !ret; i++)
        ret = load(net, i, store, err);
    return ret;
}

/* ---------------------------------------------------------- recording -- */

/* A convolution with its norm folded in. */
static s2vi_layer fold(const unit *u)
{
    const s2vi_batch_norm *n = &u->norm;
    s2vi_node *rstd = s2vi_rsqrt(s2vi_affine(n->variance, 1, EPS));
    s2vi_node *scale = s2vi_mul(n->affine.weight, rstd);
    const int64_t cout = scale ? scale->shape.dim[0] : 1;
    s2vi_layer f;
    f.weight = s2vi_mul(u->conv.weight,
                        s2vi_reshape(scale, S2VI_SHAPE(cout, 1, 1, 1)));
    f.bias = s2vi_add(s2vi_mul(s2vi_sub(u->conv.bias, n->mean), scale),
                      n->affine.bias);
    return f;
}

/* Convolution, norm, ReLU. */
static s2vi_node *run(const unit *u, int stride, s2vi_node *x)
{
    const s2vi_layer f = fold(u);
    if (!f.weight)
        return NULL;
    const int pad = (int)f.weight->shape.dim[1] / 2;
    const s2vi_window window = {.rank = 2,
                                .stride = {stride, stride},
                                .pad_lo = {pad, pad},
                                .pad_hi = {pad, pad}};
    return s2vi_lrelu(s2vi_conv(x, f.weight, f.bias, &window), 0);
}

/* (T,H,W,C) -> (T,H/2,W/2,C): of 3x3, the last windows hanging over. */
static s2vi_node *halve(s2vi_node *x)
{
    const s2vi_window window = {
        .rank = 2, .kernel = {3, 3}, .stride = {2, 2}, .pad_hi = {1, 1}};
    return s2vi_maxpool(x, &window);
}

/* As large as before. */
static s2vi_node *maximum(s2vi_node *x)
{
    const s2vi_window window = {.rank = 2,
                                .kernel = {3, 3},
                                .stride = {1, 1},
                                .pad_lo = {1, 1},
                                .pad_hi = {1, 1}};
    return s2vi_maxpool(x, &window);
}

/* A pixel and its two neighbours, by rows or by columns. */
static s2vi_node *sum3(s2vi_node *x, int rows, int columns)
{
    return s2vi_add(s2vi_add(x, s2vi_nn_shift(x, rows, columns)),
                    s2vi_nn_shift(x, -rows, -columns));
}

static s2vi_node *average(s2vi_node *x)
{
    return s2vi_scale(sum3(sum3(x, 1, 0), 0, 1), 1.0 / 9);
}

/* An average, then a 1x1 convolution, norm and ReLU; the other way round. */
static s2vi_node *project_average(const unit *proj, s2vi_node *x)
{
    const s2vi_layer f = fold(proj);
    s2vi_node *bias = s2vi_nn_over_pixels(f.bias);
    x = average(s2vi_nn_conv2d(x, (s2vi_layer){.weight = f.weight}));
    return s2vi_lrelu(s2vi_add(x, bias), 0);
}

static s2vi_node *pool_branch(const module *r, const branches *b, s2vi_node *x)
{
    switch (r->pool) {
    case HALVE: return halve(x);
    case AVERAGE: return project_average(&b->proj, x);
    case MAXIMUM: return run(&b->proj, 1, maximum(x));
    }
    return NULL;
}

/* Figure 5's module: four branches side by side. */
static s2vi_node *inception(const module *r, const branches *b, s2vi_node *x)
{
    const int stride = r->pool == HALVE ? 2 : 1;
    s2vi_node *out[4];
    int n = 0;
    if (r->one)
        out[n++] = run(&b->one, 1, x);
    s2vi_node *y = run(&b->reduce, 1, x);
    out[n++] = run(&b->three, stride, y);
    y = run(&b->double_reduce, 1, x);
    y = run(&b->first, 1, y);
    out[n++] = run(&b->second, stride, y);
    out[n++] = pool_branch(r, b, x);
    return s2vi_concat(out, n, 3);
}

/* x (T,H,W,planes) -> (T,1024) */
static s2vi_node *look(const network *net, s2vi_node *x)
{
    const int64_t T = x->shape.dim[0];
    x = halve(run(&net->conv1, 2, x)); /* (T,H/4,W/4,64) */
    x = run(&net->conv2_reduce, 1, x);
    x = halve(run(&net->conv2, 1, x)); /* (T,H/8,W/8,192) */
    for (int i = 0; i < MODULES; i++)
        x = inception(&modules[i], &net->module[i], x);
    x = s2vi_mean(x, 1u << 1 | 1u << 2); /* (T,1,1,1024) */
    return s2vi_reshape(x, S2VI_SHAPE(T, S2VI_BN_FEATURES));
}

int s2vi_bn_inception_build(s2vi_graph *graph, int planes, s2vi_node *x,
                            s2vi_node **features, s2v_error *err)
{
    const s2vi_shape *s = x ? &x->shape : NULL;
    network n;
    *features = NULL;
    declare(&(s2vi_scope){.graph = graph}, planes, &n);
    if (s && (s->rank != 4 || s->dim[1] % S2VI_BN_GRAIN ||
              s->dim[2] % S2VI_BN_GRAIN || s->dim[3] != planes))
        s2vi_graph_mistake(graph,
                           "BN-Inception: not (T,H,W,%d) of sides that are "
                           "multiples of %d",
                           planes, S2VI_BN_GRAIN);
    else if (s)
        *features = look(&n, x);
    return s2vi_graph_status(graph, err);
}
