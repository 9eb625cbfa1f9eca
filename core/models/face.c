/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BlazeFace (Bazarevsky et al. 2019, arXiv 1907.05047), its short range
 * variant, and FaceMesh (Kartynnik et al. 2019, arXiv 1907.06724), as in
 * MediaPipe 0.10 (Apache-2.0). scripts/import-face gets the weights.
 *
 * Shapes: n pictures; C channels of a layer. Memory is channels last.
 *
 * Choices, all of them MediaPipe's: convolutions are padded as TensorFlow's
 * SAME, the odd zero at the end. A block is act(shortcut + pointwise(depthwise
 * 3x3 (x))); where its stride is 2, the shortcut is the maximum of 2x2 pixels;
 * where it widens, channels of zeros are appended. act is ReLU in BlazeFace, in
 * FaceMesh a PReLU with a slope for each channel.
 */
#include "models/face.h"

#include "nn/nn.h"

enum {
    BLAZE_STEM = 24,
    BLAZE_BLOCKS = 16,
    BLAZE_FIRST = 11, /* blocks before the heads of 16x16 */
    MESH_STEM = 16,
    MESH_BLOCKS = 14,
    REDUCED = 32, /* channels of FaceMesh's heads */
    SIDE16 = 16,  /* of BlazeFace's images with heads, and boxes at a pixel */
    SIDE8 = 8,
    BOXES16 = 2,
    BOXES8 = 6,
    NUMBERS = S2VI_FACE_NUMBERS,
    POINTS = S2VI_FACEMESH_POINTS,
};

/* A layer's width, and its stride. */
typedef struct step {
    int width, stride;
} step;

static const step blaze[BLAZE_BLOCKS] = {
    {24, 1}, {28, 1}, {32, 2}, {36, 1}, {42, 1}, {48, 2}, {56, 1}, {64, 1},
    {72, 1}, {80, 1}, {88, 1}, {96, 2}, {96, 1}, {96, 1}, {96, 1}, {96, 1},
};

static const step mesh[MESH_BLOCKS] = {
    {16, 1}, {16, 1},  {32, 2},  {32, 1},  {32, 1},  {64, 2},  {64, 1},
    {64, 1}, {128, 2}, {128, 1}, {128, 1}, {128, 2}, {128, 1}, {128, 1},
};

/* --------------------------------------------------------- parameters -- */

typedef struct block {
    s2vi_layer dw, pw;
    s2vi_node *slope; /* PReLU's; NULL: ReLU */
} block;

/* A convolution and its PReLU. */
typedef struct unit {
    s2vi_layer conv;
    s2vi_node *slope;
} unit;

typedef struct detector {
    unit stem;
    block blocks[BLAZE_BLOCKS];
    s2vi_layer score16, score8, box16, box8;
} detector;

/* The last layers of FaceMesh, which has them twice over: reduce stands before
 * the last of `n` blocks. */
typedef struct head {
    block blocks[4];
    int n;
    unit reduce;
    s2vi_layer out;
} head;

typedef struct landmarker {
    unit stem;
    block blocks[MESH_BLOCKS];
    head points, flag;
} landmarker;

static s2vi_layer declare_conv(const s2vi_scope *scope, int cout, int cin,
                               int k, const char *name)
{
    return s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, k, k), S2VI_INIT_HE,
                              cout, "%s", name);
}

static s2vi_node *declare_slope(const s2vi_scope *scope, int C)
{
    return s2vi_declare(scope, S2VI_SHAPE(C), S2VI_INIT_ZERO, "slope");
}

static unit declare_unit(const s2vi_scope *scope, int cout, int cin, int k,
                         bool prelu, const char *name)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", name);
    unit u = {.conv = declare_conv(scope, cout, cin, k, name)};
    if (prelu)
        u.slope = declare_slope(&in, cout);
    return u;
}

static block declare_block(const s2vi_scope *scope, int cout, int cin,
                           bool prelu, int i)
{
    const s2vi_scope in = s2vi_scope_in(scope, "blocks.%d", i);
    block b = {.dw = declare_conv(&in, cin, 1, 3, "dw"),
               .pw = declare_conv(&in, cout, cin, 1, "pw")};
    if (prelu)
        b.slope = declare_slope(&in, cout);
    return b;
}

static void declare_detector(const s2vi_scope *scope, detector *d)
{
    int C = BLAZE_STEM;
    d->stem = declare_unit(scope, C, 3, 5, false, "stem");
    for (int i = 0; i < BLAZE_BLOCKS; C = blaze[i++].width)
        d->blocks[i] = declare_block(scope, blaze[i].width, C, false, i);
    const int C16 = blaze[BLAZE_FIRST - 1].width;
    d->score16 = declare_conv(scope, BOXES16, C16, 1, "score16");
    d->score8 = declare_conv(scope, BOXES8, C, 1, "score8");
    d->box16 = declare_conv(scope, BOXES16 * NUMBERS, C16, 1, "box16");
    d->box8 = declare_conv(scope, BOXES8 * NUMBERS, C, 1, "box8");
}

static void declare_head(const s2vi_scope *scope, const char *name, int C,
                         int n, int out, head *h)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", name);
    h->n = n;
    for (int i = 0; i < n - 1; i++)
        h->blocks[i] = declare_block(&in, C, C, true, i);
    h->reduce = declare_unit(&in, REDUCED, C, 1, true, "reduce");
    h->blocks[n - 1] = declare_block(&in, REDUCED, REDUCED, true, n - 1);
    h->out = declare_conv(&in, out, REDUCED, 3, "out");
}

static void declare_landmarker(const s2vi_scope *scope, landmarker *l)
{
    int C = MESH_STEM;
    l->stem = declare_unit(scope, C, 3, 3, true, "stem");
    for (int i = 0; i < MESH_BLOCKS; C = mesh[i++].width)
        l->blocks[i] = declare_block(scope, mesh[i].width, C, true, i);
    declare_head(scope, "mesh", C, 4, 3 * POINTS, &l->points);
    declare_head(scope, "flag", C, 2, 1, &l->flag);
}

int s2vi_blazeface_params(const char *prefix, s2vi_param_list *list,
                          s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = s2vi_scope_under(prefix, list, NULL);
    detector d;
    declare_detector(&scope, &d);
    return s2vi_param_list_end(list, before, err);
}

int s2vi_facemesh_params(const char *prefix, s2vi_param_list *list,
                         s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = s2vi_scope_under(prefix, list, NULL);
    landmarker l;
    declare_landmarker(&scope, &l);
    return s2vi_param_list_end(list, before, err);
}

/* ------------------------------------------------------------- layers -- */

static s2vi_node *act(s2vi_node *x, s2vi_node *slope)
{
    return slope ? s2vi_nn_prelu(x, slope) : s2vi_lrelu(x, 0);
}

/* As wide as the block's result, as large. */
static s2vi_node *shortcut(s2vi_node *x, const block *b, int stride)
{
    const s2vi_window half = {.rank = 2, .kernel = {2, 2}, .stride = {2, 2}};
    if (stride == 2)
        x = s2vi_maxpool(x, &half);
    if (!x || !b->pw.weight)
        return NULL;
    const int64_t more =
        b->pw.weight->shape.dim[0] - s2vi_shape_channels(&x->shape);
    return s2vi_pad(x, (const int64_t[]){0, 0, 0, 0},
                    (const int64_t[]){0, 0, 0, more});
}

static s2vi_node *run_block(s2vi_node *x, const block *b, int stride)
{
    s2vi_node *y = s2vi_nn_depthwise_same(x, b->dw, stride);
    y = s2vi_nn_conv2d(y, b->pw);
    return act(s2vi_add(y, shortcut(x, b, stride)), b->slope);
}

static s2vi_node *run_unit(s2vi_node *x, const unit *u, int stride)
{
    return act(s2vi_nn_conv2d_same(x, u->conv, stride), u->slope);
}

/* ---------------------------------------------------------- recording -- */

/* (n,side,side,boxes numbers) as rows of anchors. */
static s2vi_node *rows(s2vi_node *y, int64_t n, int anchors, int numbers)
{
    return s2vi_reshape(y, S2VI_SHAPE(n, anchors, numbers));
}

/* Both sizes of images, the finer one first. */
static s2vi_node *both(s2vi_node *x16, s2vi_layer l16, s2vi_node *x8,
                       s2vi_layer l8, int64_t n, int numbers)
{
    s2vi_node *const parts[] = {
        rows(s2vi_nn_conv2d(x16, l16), n, SIDE16 * SIDE16 * BOXES16, numbers),
        rows(s2vi_nn_conv2d(x8, l8), n, SIDE8 * SIDE8 * BOXES8, numbers)};
    return s2vi_concat(parts, 2, 1);
}

static void detect(const detector *d, s2vi_node *x, s2vi_node **score,
                   s2vi_node **box)
{
    const int64_t n = x->shape.dim[0];
    x = run_unit(x, &d->stem, 2); /* (n,64,64,24) */
    for (int i = 0; i < BLAZE_FIRST; i++)
        x = run_block(x, &d->blocks[i], blaze[i].stride);
    s2vi_node *x16 = x; /* (n,16,16,88) */
    for (int i = BLAZE_FIRST; i < BLAZE_BLOCKS; i++)
        x = run_block(x, &d->blocks[i], blaze[i].stride);
    *score = s2vi_reshape(both(x16, d->score16, x, d->score8, n, 1),
                          S2VI_SHAPE(n, S2VI_FACE_ANCHORS));
    *box = both(x16, d->box16, x, d->box8, n, NUMBERS);
}

/* (n,6,6,C) -> (n,1,1,out) */
static s2vi_node *conclude(const head *h, s2vi_node *x)
{
    const s2vi_window valid = {.rank = 2, .stride = {1, 1}};
    for (int i = 0; i < h->n - 1; i++)
        x = run_block(x, &h->blocks[i], i ? 1 : 2); /* (n,3,3,C) */
    x = run_unit(x, &h->reduce, 1);
    x = run_block(x, &h->blocks[h->n - 1], 1);
    return s2vi_conv(x, h->out.weight, h->out.bias, &valid);
}

static void trace(const landmarker *l, s2vi_node *x, s2vi_node **points,
                  s2vi_node **flag)
{
    const int64_t n = x->shape.dim[0];
    x = run_unit(x, &l->stem, 2); /* (n,96,96,16) */
    for (int i = 0; i < MESH_BLOCKS; i++)
        x = run_block(x, &l->blocks[i], mesh[i].stride);
    *points = s2vi_reshape(conclude(&l->points, x), S2VI_SHAPE(n, POINTS, 3));
    *flag = s2vi_reshape(conclude(&l->flag, x), S2VI_SHAPE(n, 1));
}

static bool is_square(s2vi_graph *graph, const s2vi_node *x, int side,
                      const char *what)
{
    const s2vi_shape *s = x ? &x->shape : NULL;
    if (s && (s->rank != 4 || s->dim[1] != side || s->dim[2] != side ||
              s->dim[3] != 3))
        s2vi_graph_mistake(graph, "%s: expected images of %dx%d", what, side,
                           side);
    return s && s2vi_graph_status(graph, NULL) >= 0;
}

int s2vi_blazeface_build(s2vi_graph *graph, const char *prefix,
                         s2vi_node *pictures, s2vi_node **score,
                         s2vi_node **box, s2v_error *err)
{
    const s2vi_scope scope = s2vi_scope_under(prefix, NULL, graph);
    detector d;
    *score = *box = NULL;
    declare_detector(&scope, &d);
    if (is_square(graph, pictures, S2VI_BLAZEFACE_SIDE, "BlazeFace"))
        detect(&d, pictures, score, box);
    return s2vi_graph_status(graph, err);
}

int s2vi_facemesh_build(s2vi_graph *graph, const char *prefix, s2vi_node *crops,
                        s2vi_node **points, s2vi_node **flag, s2v_error *err)
{
    const s2vi_scope scope = s2vi_scope_under(prefix, NULL, graph);
    landmarker l;
    *points = *flag = NULL;
    declare_landmarker(&scope, &l);
    if (is_square(graph, crops, S2VI_FACEMESH_SIDE, "FaceMesh"))
        trace(&l, crops, points, flag);
    return s2vi_graph_status(graph, err);
}
