/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * StyleGAN2: T. Karras, S. Laine, M. Aittala, J. Hellsten, J. Lehtinen and
 * T. Aila, "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020,
 * arXiv 1912.04958; its configuration F. scripts/import-stylegan gets weights.
 *
 * Shapes: n pictures; N side of a picture, r of a block; C channels; L style
 * codes; z, w widths. Memory is channels last.
 *
 * Choices, where the paper is silent those of the published code:
 * - the generator adds up pictures ("skip" architecture, sec. 4.1); layers are
 *   named and stored as in stylegan2-ada-pytorch, but that a scalar has the
 *   shape (1);
 * - W is not scaled where a layer is demodulated, which undoes it but for the
 *   1e-8;
 * - styles scale the pixels and d the results (sec. 2.2), not the weights: one
 *   set of weights serves all pictures;
 * - `clamp` limits what a layer gives, at every side: networks that were
 *   trained in half precision have it.
 */
#include "models/stylegan2.h"

#include "nn/equalised.h"

#include <math.h>
#include <stdio.h>

enum { RGB = 3 };

/* --------------------------------------------------------- parameters -- */

/* A modulated convolution. */
typedef struct styled {
    s2vi_layer conv, affine;
    s2vi_node *noise, *strength; /* NULL: without */
} styled;

typedef struct block {
    styled conv0, conv1, torgb; /* the first block has no conv0 */
} block;

typedef struct network {
    s2vi_node *constant; /* (C,4,4) */
    block block[S2VI_STYLEGAN2_BLOCKS];
} network;

typedef struct mapping {
    s2vi_layer embed; /* of a class */
    s2vi_layer fc[32];
} mapping;

/* Where weights are stored for a hundredth of the rate (sec. B). */
static const double SLOW = 0.01;

static void declare_mapping(const s2vi_scope *scope,
                            const s2vi_stylegan_mapping *m, mapping *out)
{
    const s2vi_scope in = s2vi_scope_in(scope, "mapping");
    const int both = m->z + (m->classes ? m->w : 0);
    if (m->classes)
        out->embed = s2vi_declare_layer(&in, S2VI_SHAPE(m->w, m->classes),
                                        S2VI_INIT_UNIT, m->w, "embed");
    for (int i = 0; i < m->layers; i++)
        out->fc[i] = s2vi_declare_layer(&in, S2VI_SHAPE(m->w, i ? m->w : both),
                                        S2VI_INIT_HUNDRED, m->w, "fc%d", i);
}

void s2vi_stylegan_mapping_declare(const s2vi_scope *scope,
                                   const s2vi_stylegan_mapping *m)
{
    mapping unused;
    declare_mapping(scope, m, &unused);
    s2vi_declare_buffer(scope, S2VI_SHAPE(m->w), S2VI_INIT_ZERO,
                        "mapping.w_avg");
}

static styled declare_styled(const s2vi_scope *scope,
                             const s2vi_stylegan2_config *c, int cout, int cin,
                             int k, int noise, const char *name)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", name);
    styled s = {0};
    s.conv = s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, k, k),
                                S2VI_INIT_UNIT, cout, "%s", name);
    s.affine.weight = s2vi_declare(&in, S2VI_SHAPE(cin, c->w), S2VI_INIT_UNIT,
                                   "affine.weight");
    s.affine.bias =
        s2vi_declare(&in, S2VI_SHAPE(cin), S2VI_INIT_ONE, "affine.bias");
    if (noise) {
        s.noise = s2vi_declare_buffer(&in, S2VI_SHAPE(noise, noise),
                                      S2VI_INIT_UNIT, "noise_const");
        s.strength =
            s2vi_declare(&in, S2VI_SHAPE(1), S2VI_INIT_ZERO, "noise_strength");
    }
    return s;
}

static void declare(const s2vi_scope *scope, const s2vi_stylegan2_config *c,
                    network *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "synthesis");
    int cin = s2vi_stylegan2_channels(c, 4);
    n->constant =
        s2vi_declare(&in, S2VI_SHAPE(cin, 4, 4), S2VI_INIT_UNIT, "b4.const");
    for (int i = 0; i < s2vi_stylegan2_blocks(c); i++) {
        const int r = s2vi_stylegan2_side(i);
        const int C = s2vi_stylegan2_channels(c, r);
        const s2vi_scope b = s2vi_scope_in(&in, "b%d", r);
        if (i)
            n->block[i].conv0 = declare_styled(&b, c, C, cin, 3, r, "conv0");
        n->block[i].conv1 = declare_styled(&b, c, C, C, 3, r, "conv1");
        n->block[i].torgb = declare_styled(&b, c, RGB, C, 1, 0, "torgb");
        cin = C;
    }
}

s2vi_stylegan_mapping s2vi_stylegan2_mapping(const s2vi_stylegan2_config *c)
{
    return (s2vi_stylegan_mapping){
        .z = c->z, .w = c->w, .layers = c->mapping, .classes = c->classes};
}

int s2vi_stylegan2_params_list(const s2vi_stylegan2_config *config,
                               s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = {.list = list};
    const s2vi_stylegan_mapping m = s2vi_stylegan2_mapping(config);
    network n;
    s2vi_stylegan_mapping_declare(&scope, &m);
    declare(&scope, config, &n);
    return s2vi_param_list_end(list, before, err);
}

/* ------------------------------------------------------------- mapping -- */

int s2vi_stylegan_mapping_build(s2vi_graph *graph,
                                const s2vi_stylegan_mapping *m, int n,
                                s2vi_stylegan_mapping_graph *out,
                                s2v_error *err)
{
    mapping net;
    declare_mapping(&(s2vi_scope){.graph = graph}, m, &net);
    *out = (s2vi_stylegan_mapping_graph){0};
    out->z = s2vi_input(graph, "z", S2VI_SHAPE(n, m->z));
    s2vi_node *x = s2vi_nn_normalise(out->z);
    if (m->classes) {
        out->c = s2vi_input(graph, "c", S2VI_SHAPE(n, m->classes));
        s2vi_node *y =
            s2vi_nn_normalise(s2vi_nn_equalised(out->c, net.embed, 1));
        x = s2vi_concat((s2vi_node *[]){x, y}, 2, 1);
    }
    for (int i = 0; i < m->layers; i++) {
        x = s2vi_nn_equalised(x, net.fc[i], SLOW);
        x = s2vi_scale(s2vi_lrelu(x, 0.2), sqrt(2));
    }
    out->w = x;
    return s2vi_graph_status(graph, err);
}

s2vi_node *s2vi_stylegan_truncate(s2vi_node *w, int codes, double psi,
                                  int cutoff)
{
    if (!w)
        return NULL;
    const int64_t n = w->shape.dim[0], width = w->shape.dim[1];
    const int near = cutoff < 0 || cutoff > codes ? codes : cutoff;
    s2vi_node *average = s2vi_reshape(
        s2vi_graph_param(w->graph, "mapping.w_avg", S2VI_SHAPE(width)),
        S2VI_SHAPE(1, width));
    s2vi_node *drawn = s2vi_add(average, s2vi_scale(s2vi_sub(w, average), psi));
    s2vi_node *part[2];
    int parts = 0;
    if (near)
        part[parts++] =
            s2vi_broadcast(s2vi_reshape(drawn, S2VI_SHAPE(n, 1, width)),
                           S2VI_SHAPE(n, near, width));
    if (near < codes)
        part[parts++] = s2vi_broadcast(s2vi_reshape(w, S2VI_SHAPE(n, 1, width)),
                                       S2VI_SHAPE(n, codes - near, width));
    return s2vi_concat(part, parts, 1);
}

/* ----------------------------------------------------------- synthesis -- */

/* Rows that are made together, of large pictures, where memory counts. */
enum { STRIP = 128, STRIPS_FROM = 512 };

typedef struct synthesis {
    const s2vi_stylegan2_config *config;
    s2vi_node *ws, *taps;
    bool strips;
} synthesis;

/* s = A w_i + b: (n,C) */
static s2vi_node *style(const synthesis *g, const styled *layer, int i)
{
    s2vi_node *w = s2vi_slice(g->ws, 1, i, 1);
    if (!w)
        return NULL;
    w = s2vi_reshape(w, S2VI_SHAPE(w->shape.dim[0], g->config->w));
    const s2vi_layer A = {.weight =
                              s2vi_nn_equalised_weight(layer->affine.weight),
                          .bias = layer->affine.bias};
    return s2vi_nn_linear(w, A);
}

/* d = 1 / sqrt(sum_i s_i^2 sum_k w_ik^2 + 1e-8): (n,O), eq. (3) */
static s2vi_node *demodulation(s2vi_node *s, s2vi_node *w)
{
    const double eps = 1e-8;
    if (!s || !w)
        return NULL;
    const s2vi_shape *shape = &w->shape;
    s2vi_node *power = s2vi_sum(s2vi_square(w), 1u << 1 | 1u << 2);
    power = s2vi_reshape(power, S2VI_SHAPE(shape->dim[0], shape->dim[3]));
    s2vi_node *sum = s2vi_matmul(s2vi_square(s), power, false, true);
    return s2vi_rsqrt(s2vi_affine(sum, 1, eps));
}

/* A layer at work: styles and the rest are of all its rows. */
typedef struct work {
    const synthesis *g;
    const styled *layer;
    s2vi_node *x;             /* what it is of, modulated: multiplied by s; */
    const struct work *first; /* or the layer that is, row by row */
    s2vi_node *s, *w, *d, *noise;
    bool up;
    int64_t side;
    /* The block's toRGB and its style, where it follows in each strip: */
    const styled *torgb;
    s2vi_node *rgb_style;
} work;

/* Twice as large: a transposed convolution, then the filter. Rows [from, to) of
 * the result see rows from - 1 to to + 1 of the convolution's, and row q of
 * those sees rows (q - 2) / 2, rounded up, to q / 2 of x. */
static s2vi_node *up_conv(const work *k, int64_t from, int64_t to)
{
    const s2vi_window two = {.rank = 2, .stride = {2, 2}};
    s2vi_fir smooth = {
        .up = {1, 1}, .down = {1, 1}, .lo = {1, 1}, .hi = {1, 1}, .gain = 4};
    if (!k->x || !k->w)
        return NULL;
    const int64_t h = k->x->shape.dim[1], end = (to + 1) / 2 + 1;
    const int64_t first = from > 2 ? (from - 2) / 2 : 0;
    const int64_t last = end < h ? end : h;
    s2vi_node *x = s2vi_nn_rows(k->x, first, last);
    if (!x)
        return NULL;
    const s2vi_shape *s = &x->shape;
    const int64_t rows = 2 * s->dim[1] + 1;
    s2vi_node *y = s2vi_conv_data(
        x, s2vi_permute(k->w, (const int[]){3, 1, 2, 0}), &two,
        S2VI_SHAPE(s->dim[0], rows, 2 * s->dim[2] + 1, k->w->shape.dim[0]));
    smooth.lo[0] = (int)(2 * first + 1 - from);
    smooth.hi[0] = (int)(to - from - rows - smooth.lo[0] + 3);
    return s2vi_fir_filter(y, k->g->taps, &smooth);
}

static s2vi_node *layer_rows(const void *opaque, int64_t from, int64_t to);

/* 3x3, zeros around the image. */
static s2vi_node *conv(const work *k, int64_t from, int64_t to)
{
    const int64_t first = from > 0 ? from - 1 : 0;
    const int64_t last = to < k->side ? to + 1 : to;
    const s2vi_window w = {.rank = 2,
                           .stride = {1, 1},
                           .pad_lo = {(int)(first + 1 - from), 1},
                           .pad_hi = {(int)(to + 1 - last), 1}};
    s2vi_node *x = k->first ? s2vi_mul(layer_rows(k->first, first, last), k->s)
                            : s2vi_nn_rows(k->x, first, last);
    return s2vi_conv(x, k->w, NULL, &w);
}

/* + strength noise: one plane for all channels */
static s2vi_node *add_noise(s2vi_node *x, const styled *layer, s2vi_node *plane)
{
    if (!plane)
        return x;
    s2vi_node *strength = s2vi_reshape(layer->strength, S2VI_SHAPE(1, 1, 1, 1));
    return s2vi_add(x, s2vi_mul(plane, strength));
}

/* (n,r,r,3): without demodulation, noise and activation */
static s2vi_node *to_rgb(const synthesis *g, s2vi_node *x, const styled *layer,
                         s2vi_node *s)
{
    const s2vi_layer scaled = {.weight =
                                   s2vi_nn_equalised_weight(layer->conv.weight),
                               .bias = layer->conv.bias};
    return s2vi_nn_clamp(s2vi_nn_conv2d(s2vi_mul(x, s), scaled),
                         g->config->clamp);
}

/* Figure 2 (d): convolution, demodulation, noise, bias. */
static s2vi_node *layer_rows(const void *opaque, int64_t from, int64_t to)
{
    const work *k = opaque;
    s2vi_node *x = k->up ? up_conv(k, from, to) : conv(k, from, to);
    s2vi_node *noise = k->noise ? s2vi_nn_rows(k->noise, from, to) : NULL;
    x = add_noise(s2vi_mul(x, k->d), k->layer, noise);
    x = s2vi_nn_add_bias(x, k->layer->conv.bias);
    x = s2vi_scale(s2vi_lrelu(x, k->g->config->slope), sqrt(2));
    x = s2vi_nn_clamp(x, k->g->config->clamp);
    return k->torgb ? to_rgb(k->g, x, k->torgb, k->rgb_style) : x;
}

/* A layer of a block of `side` pixels, with its styles; x NULL: follows. */
static work begin_layer(const synthesis *g, s2vi_node *x, const styled *layer,
                        int code, int64_t side, s2vi_node *noise)
{
    work k = {.g = g,
              .layer = layer,
              .w = layer->conv.weight,
              .noise = noise,
              .side = side};
    s2vi_node *s = style(g, layer, code);
    k.d = s2vi_nn_over_pixels(demodulation(s, k.w));
    k.s = s2vi_nn_over_pixels(s);
    k.x = x ? s2vi_mul(x, k.s) : NULL;
    return k;
}

static s2vi_node *run_layer(const work *k)
{
    const bool strips = k->g->strips && k->side >= STRIPS_FROM;
    return s2vi_nn_strips(layer_rows, k, k->side, strips ? STRIP : k->side);
}

static s2vi_node *enlarge(const synthesis *g, s2vi_node *picture)
{
    const s2vi_fir twice = {
        .up = {2, 2}, .down = {1, 1}, .lo = {2, 2}, .hi = {1, 1}, .gain = 4};
    return s2vi_fir_filter(picture, g->taps, &twice);
}

/* The plane that a layer of `n` pictures adds, or NULL. */
static s2vi_node *plane_of(s2vi_graph *graph, const styled *layer, int64_t n,
                           int side, int conv, s2vi_stylegan2_noise kind,
                           s2vi_node **input)
{
    const s2vi_shape shape = S2VI_SHAPE(1, side, side, 1);
    char name[32];
    if (kind == S2VI_STYLEGAN2_NOISE_NONE)
        return NULL;
    if (kind == S2VI_STYLEGAN2_NOISE_FILE)
        return s2vi_reshape(layer->noise, shape);
    if (kind == S2VI_STYLEGAN2_NOISE_DRAWN)
        return s2vi_normal(graph,
                           S2VI_STYLEGAN2_STREAM_NOISE + 2 * (uint32_t)side +
                               (uint32_t)conv,
                           S2VI_SHAPE(n, side, side, 1));
    snprintf(name, sizeof(name), "noise.b%d.conv%d", side, conv);
    return *input = s2vi_input(graph, name, shape);
}

/* The learned constant, for each picture: (n,4,4,C). A parameter of three
 * dimensions, (C,height,width) in the file, is (C,width,height) here. */
static s2vi_node *constant_of(const network *net, s2vi_node *ws)
{
    s2vi_node *x = s2vi_permute(net->constant, (const int[]){2, 1, 0});
    if (!x || !ws)
        return NULL;
    const int64_t C = x->shape.dim[2];
    x = s2vi_reshape(x, S2VI_SHAPE(1, 4, 4, C));
    return s2vi_broadcast(x, S2VI_SHAPE(ws->shape.dim[0], 4, 4, C));
}

int s2vi_stylegan2_build(s2vi_graph *graph, const s2vi_stylegan2_config *config,
                         const s2vi_stylegan2_params *params, s2vi_node *ws,
                         s2vi_stylegan2_graph *out, s2v_error *err)
{
    const int size = params->size ? params->size : config->size;
    const int64_t n = ws ? ws->shape.dim[0] : 0;
    const synthesis g = {.config = config,
                         .ws = ws,
                         .taps =
                             s2vi_nn_taps(graph, config->kernel, config->taps),
                         .strips = params->strips && n == 1};
    network net;
    declare(&(s2vi_scope){.graph = graph}, config, &net);
    *out = (s2vi_stylegan2_graph){0};
    s2vi_node *x = constant_of(&net, ws), *rgb = NULL;
    for (int i = 0, code = 0; s2vi_stylegan2_side(i) <= size; i++) {
        const block *b = &net.block[i];
        const int r = s2vi_stylegan2_side(i);
        /* The next block's conv0 has the same code as toRGB. The last block
         * is for its toRGB alone, so that nothing else of it is ever whole. */
        const bool together = g.strips && r == size && r >= STRIPS_FROM;
        work conv0 = {.up = true}, conv1;
        if (i) {
            s2vi_node *noise = plane_of(graph, &b->conv0, n, r, 0,
                                        params->noise, &out->noise[i][0]);
            conv0 = begin_layer(&g, x, &b->conv0, code++, r, noise);
            conv0.up = true;
            x = together ? NULL : run_layer(&conv0);
        }
        s2vi_node *noise = plane_of(graph, &b->conv1, n, r, 1, params->noise,
                                    &out->noise[i][1]);
        conv1 = begin_layer(&g, x, &b->conv1, code++, r, noise);
        s2vi_node *s = NULL, *part = NULL;
        if (together) {
            conv1.first = &conv0;
            conv1.torgb = &b->torgb;
            conv1.rgb_style = s2vi_nn_over_pixels(style(&g, &b->torgb, code));
            part = run_layer(&conv1);
        } else {
            x = run_layer(&conv1);
            s = s2vi_nn_over_pixels(style(&g, &b->torgb, code));
            part = to_rgb(&g, x, &b->torgb, s);
        }
        rgb = i ? s2vi_add(enlarge(&g, rgb), part) : part;
        out->x[i] = x;
        out->video = out->rgb[i] = rgb;
    }
    return s2vi_graph_status(graph, err);
}
