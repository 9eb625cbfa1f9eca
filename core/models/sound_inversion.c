/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * E_a, the sound inversion encoder of S. H. Lee, G. Oh, W. Byeon, C. Kim,
 * W. J. Ryoo, S. H. Yoon, H. Cho, J. Bae, J. Kim and S. Kim, "Sound-guided
 * Semantic Video Generation", ECCV 2022 (section 3.1): style codes of StyleGAN,
 * to be added to a picture's own (eq. 1), out of a mel spectrogram.
 *
 * Shapes: n windows of sound; C channels; L codes, w their width. Memory is
 * channels last.
 *
 * PSP is the published code's: pixel2style2pixel's encoder (Richardson et al.
 * 2021, arXiv 2008.00951) of the mel as a picture: an IR-SE50 (Deng et al.
 * 2019 with Hu et al. 2018), whose results at a quarter, an eighth and a
 * sixteenth of the side are added up from coarse to fine (Lin et al. 2017), and
 * a head ("map2style") for each code: 0 to 2 on the coarsest, 3 to 6 on the
 * middle one, the others on the finest. Names are pixel2style2pixel's.
 *
 * SMALL, of no paper: the joint embedding's network of sound, and a head for
 * each of E_RNN's groups of codes, which starts at 0.
 *
 * The last layers start at 0, so that a picture begins as its own.
 */
#include "models/sound_inversion.h"

#include "nn/equalised.h"
#include "weights/fields.h"

#include <stdio.h>

#define EPS 1e-5

#define MOMENTUM 0.1 /* of running averages, PyTorch's */

enum {
    STAGES = S2VI_INVERSION_STAGES,
    UNITS = S2VI_INVERSION_UNITS,
    PYRAMID = 3, /* stages, the last ones, whose results heads see */
    MOST_CONVS = 8,
    MOST_WIDTH = 1 << 12,
    MOST_SIDE = 1024,
};

/* ------------------------------------------------------- configuration -- */

static const char *const kinds[] = {"small", "psp", NULL};
static const char *const heads[] = {"psp", "code", NULL};

#define INT(member, least, most)                                               \
    S2VI_INT(s2vi_inversion_config, member, least, most)

static const s2vi_field table[] = {
    S2VI_WORD(s2vi_inversion_config, kind, kinds),
    S2VI_WORD(s2vi_inversion_config, head, heads),
    INT(codes, 1, S2VI_INVERSION_CODES),
    INT(w, 1, MOST_WIDTH),
    S2VI_INTS(s2vi_inversion_config, "widths", widths, STAGES, stages),
    INT(size, 0, MOST_SIDE),
    S2VI_INTS_AS(s2vi_inversion_config, "units", units, STAGES, stages),
    INT(reduction, 0, MOST_WIDTH),
    INT(coarse, 0, S2VI_INVERSION_CODES),
    INT(middle, 0, S2VI_INVERSION_CODES),
    INT(bands, 0, MOST_SIDE),
    INT(columns, 0, MOST_SIDE),
    INT(features, 0, MOST_WIDTH),
    S2VI_INTS(s2vi_inversion_config, "group", group, S2VI_INVERSION_GROUPS,
              groups),
};

static const s2vi_fields fields = {"inversion", table,
                                   sizeof(table) / sizeof(*table), false};

void s2vi_inversion_defaults(s2vi_inversion_config *config, int codes, int w)
{
    *config = (s2vi_inversion_config){.kind = S2VI_INVERSION_SMALL,
                                      .codes = codes,
                                      .w = w,
                                      .widths = {32, 64, 128, 128},
                                      .stages = STAGES,
                                      .bands = 64,
                                      .columns = 64,
                                      .features = 128,
                                      .groups = codes > 8 ? 3 : 1};
    config->group[0] = config->groups > 1 ? 4 : codes;
    config->group[1] = 4;
    config->group[2] = codes - 8;
}

void s2vi_inversion_paper(s2vi_inversion_config *config, int codes, int w)
{
    *config = (s2vi_inversion_config){.kind = S2VI_INVERSION_PSP,
                                      .codes = codes,
                                      .w = w,
                                      .widths = {64, 128, 256, 512},
                                      .stages = STAGES,
                                      .size = 256,
                                      .units = {3, 4, 14, 3},
                                      .reduction = 16,
                                      .coarse = 3,
                                      .middle = 7,
                                      .group = {codes},
                                      .groups = 1};
}

static int check_each(const int *value, int n, const char *name, int most,
                      s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < n && !ret; i++)
        ret = s2vi_fields_check_range(&fields, name, value[i], 1, most, err);
    return ret;
}

static int sum_of(const int *value, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += value[i];
    return sum;
}

static int check_small(const s2vi_inversion_config *c, s2v_error *err)
{
    const int codes = sum_of(c->group, c->groups);
    if (codes != c->codes)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "inversion: the groups have %d codes, expected %d",
                          codes, c->codes);
    int ret =
        check_each(c->group, c->groups, "group", S2VI_INVERSION_CODES, err);
    if (!ret)
        ret = check_each(&c->bands, 1, "bands", MOST_SIDE, err);
    if (!ret)
        ret = check_each(&c->columns, 1, "columns", MOST_SIDE, err);
    return ret ? ret : check_each(&c->features, 1, "features", MOST_WIDTH, err);
}

static int check_psp(const s2vi_inversion_config *c, s2v_error *err)
{
    const int units = sum_of(c->units, STAGES);
    int ret = check_each(c->units, STAGES, "units", UNITS, err);
    if (!ret)
        ret = s2vi_fields_check_range(&fields, "reduction", c->reduction, 1,
                                      c->widths[0], err);
    if (ret < 0)
        return ret;
    if (units > UNITS)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "inversion: %d units, expected at most %d", units,
                          UNITS);
    return c->size >= 32 && !(c->size & (c->size - 1))
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_MODEL,
                            "inversion: size is %d, expected a power of 2, at "
                            "least 32",
                            c->size);
}

int s2vi_inversion_config_check(const s2vi_inversion_config *c, s2v_error *err)
{
    int ret = s2vi_fields_check(&fields, c, err);
    if (!ret && c->stages != STAGES)
        ret =
            s2vi_error(err, S2V_ERR_MODEL, "inversion: %d widths, expected %d",
                       c->stages, STAGES);
    if (!ret)
        ret = check_each(c->widths, STAGES, "widths", MOST_WIDTH, err);
    if (ret < 0)
        return ret;
    return c->kind == S2VI_INVERSION_PSP ? check_psp(c, err)
                                         : check_small(c, err);
}

int s2vi_inversion_config_parse(s2vi_inversion_config *config, const char *json,
                                s2v_error *err)
{
    *config = (s2vi_inversion_config){0};
    const int ret = s2vi_fields_read(&fields, config, json, err);
    return ret < 0 ? ret : s2vi_inversion_config_check(config, err);
}

char *s2vi_inversion_config_text(const s2vi_inversion_config *config)
{
    return s2vi_fields_text(&fields, config);
}

/* --------------------------------------------------------- parameters -- */

/* An IR-SE unit (bottleneck_IR_SE). */
typedef struct unit {
    int stride;
    s2vi_batch_norm norm0, norm4;
    s2vi_layer conv1, conv3, fc1, fc2;
    s2vi_node *slope;
    bool widens; /* else pixels are dropped beside */
    s2vi_layer shortcut;
    s2vi_batch_norm shortcut_norm;
} unit;

/* A map2style head (GradualStyleBlock). */
typedef struct head {
    s2vi_layer conv[MOST_CONVS], linear;
    int convs;
} head;

typedef struct psp {
    s2vi_layer conv;
    s2vi_batch_norm norm;
    s2vi_node *slope;
    unit body[UNITS];
    s2vi_layer lateral1, lateral2; /* of c2, of c1 */
    head style[S2VI_INVERSION_CODES];
} psp;

typedef struct small {
    s2vi_residual_net net;
    s2vi_layer head[S2VI_INVERSION_GROUPS];
} small;

static s2vi_layer declare_conv(const s2vi_scope *scope, int cout, int cin,
                               int k, bool bias, const char *name)
{
    return s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, k, k), S2VI_INIT_HE,
                              bias ? cout : 0, "%s", name);
}

static unit declare_unit(const s2vi_scope *scope, int cin, int cout, int stride,
                         int reduction)
{
    const s2vi_scope res = s2vi_scope_in(scope, "res_layer");
    const s2vi_scope se = s2vi_scope_in(&res, "5");
    const s2vi_scope beside = s2vi_scope_in(scope, "shortcut_layer");
    unit u = {.stride = stride, .widens = cin != cout};
    u.norm0 = s2vi_declare_batch_norm(&res, cin, "0");
    u.conv1 = declare_conv(&res, cout, cin, 3, false, "1");
    u.slope = s2vi_declare(&res, S2VI_SHAPE(cout), S2VI_INIT_ZERO, "2.weight");
    u.conv3 = declare_conv(&res, cout, cout, 3, false, "3");
    u.norm4 = s2vi_declare_batch_norm(&res, cout, "4");
    u.fc1 = declare_conv(&se, cout / reduction, cout, 1, false, "fc1");
    u.fc2 = declare_conv(&se, cout, cout / reduction, 1, false, "fc2");
    if (u.widens) {
        u.shortcut = declare_conv(&beside, cout, cin, 1, false, "0");
        u.shortcut_norm = s2vi_declare_batch_norm(&beside, cout, "1");
    }
    return u;
}

static head declare_head(const s2vi_scope *scope, int cin, int w, int side)
{
    head h = {0};
    char name[16];
    for (; side > 1 && h.convs < MOST_CONVS; side /= 2, cin = w, h.convs++) {
        snprintf(name, sizeof(name), "convs.%d", 2 * h.convs);
        h.conv[h.convs] = declare_conv(scope, w, cin, 3, true, name);
    }
    h.linear = s2vi_declare_layer(scope, S2VI_SHAPE(w, w), S2VI_INIT_ZERO, w,
                                  "linear");
    return h;
}

/* Side of what code i's head sees. */
static int side_of(const s2vi_inversion_config *c, int code)
{
    return c->size / (code < c->coarse ? 16 : code < c->middle ? 8 : 4);
}

static void declare_body(const s2vi_scope *scope,
                         const s2vi_inversion_config *c, unit *body)
{
    int cin = c->widths[0], i = 0;
    for (int stage = 0; stage < STAGES; stage++)
        for (int k = 0; k < c->units[stage]; k++, i++) {
            const s2vi_scope in = s2vi_scope_in(scope, "body.%d", i);
            body[i] = declare_unit(&in, cin, c->widths[stage], k ? 1 : 2,
                                   c->reduction);
            cin = c->widths[stage];
        }
}

static void declare_input(const s2vi_scope *scope,
                          const s2vi_inversion_config *c, psp *p)
{
    const s2vi_scope first = s2vi_scope_in(scope, "input_layer");
    const int C = c->widths[0];
    p->conv = declare_conv(&first, C, 3, 3, false, "0");
    p->norm = s2vi_declare_batch_norm(&first, C, "1");
    p->slope = s2vi_declare(&first, S2VI_SHAPE(C), S2VI_INIT_ZERO, "2.weight");
}

static void declare_psp(const s2vi_scope *scope, const s2vi_inversion_config *c,
                        psp *p)
{
    const int deep = c->widths[STAGES - 1];
    declare_input(scope, c, p);
    declare_body(scope, c, p->body);
    p->lateral1 = declare_conv(scope, deep, c->widths[2], 1, true, "latlayer1");
    p->lateral2 = declare_conv(scope, deep, c->widths[1], 1, true, "latlayer2");
    for (int i = 0; i < c->codes; i++) {
        const s2vi_scope in = s2vi_scope_in(scope, "styles.%d", i);
        p->style[i] = declare_head(&in, deep, c->w, side_of(c, i));
    }
}

static void declare_small(const s2vi_scope *scope,
                          const s2vi_inversion_config *c, small *s)
{
    s->net = s2vi_residual_net_declare(scope, 1, c->widths, c->features);
    for (int i = 0; i < c->groups; i++)
        s->head[i] = s2vi_declare_layer(
            scope, S2VI_SHAPE(c->group[i] * (int64_t)c->w, c->features),
            S2VI_INIT_ZERO, c->group[i] * (int64_t)c->w, "head%d", i);
}

int s2vi_inversion_params(const s2vi_inversion_config *config,
                          const char *prefix, s2vi_param_list *list,
                          s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = s2vi_scope_under(prefix, list, NULL);
    psp large;
    small little;
    if (config->kind == S2VI_INVERSION_PSP)
        declare_psp(&scope, config, &large);
    else
        declare_small(&scope, config, &little);
    return s2vi_param_list_end(list, before, err);
}

/* ---------------------------------------------------------- recording -- */

typedef struct run {
    bool training; /* batch norms go by the batch */
    s2vi_inversion_graph *out;
} run;

static s2vi_node *convolve(s2vi_node *x, s2vi_layer layer, int stride, int pad)
{
    const s2vi_window window = {.rank = 2,
                                .stride = {stride, stride},
                                .pad_lo = {pad, pad},
                                .pad_hi = {pad, pad}};
    return s2vi_conv(x, layer.weight, layer.bias, &window);
}

/* The running average, moved towards this batch's statistic. */
static void count(s2vi_inversion_graph *out, s2vi_node *kept,
                  s2vi_node *statistic)
{
    s2vi_node *moved = s2vi_scale(s2vi_detach(statistic), MOMENTUM);
    out->update[out->n_updates++] =
        s2vi_assign(kept, s2vi_add(s2vi_scale(kept, 1 - MOMENTUM), moved));
}

static s2vi_node *batch_norm(const run *r, s2vi_node *x,
                             const s2vi_batch_norm *norm)
{
    s2vi_node *mean = NULL, *variance = NULL;
    if (!r->training)
        return s2vi_nn_batch_norm_by(x, norm, EPS);
    x = s2vi_nn_batch_norm(x, norm->affine, EPS, &mean, &variance);
    count(r->out, norm->mean, mean);
    count(r->out, norm->variance, variance);
    return x;
}

/* What the unit adds, before it is weighed: (n,H / stride,W / stride,C) */
static s2vi_node *residual(const run *r, const unit *u, s2vi_node *x)
{
    x = convolve(batch_norm(r, x, &u->norm0), u->conv1, 1, 1);
    x = convolve(s2vi_nn_prelu(x, u->slope), u->conv3, u->stride, 1);
    return batch_norm(r, x, &u->norm4);
}

/* x, each channel times what all of them say. */
static s2vi_node *squeeze(const unit *u, s2vi_node *x)
{
    s2vi_node *s = s2vi_mean(x, 1u << 1 | 1u << 2);
    s = s2vi_lrelu(s2vi_nn_conv2d(s, u->fc1), 0);
    return s2vi_mul(x, s2vi_sigmoid(s2vi_nn_conv2d(s, u->fc2)));
}

static s2vi_node *shortcut(const run *r, const unit *u, s2vi_node *x)
{
    const s2vi_window every = {
        .rank = 2, .kernel = {1, 1}, .stride = {u->stride, u->stride}};
    if (u->widens)
        return batch_norm(r, convolve(x, u->shortcut, u->stride, 0),
                          &u->shortcut_norm);
    return u->stride > 1 ? s2vi_maxpool(x, &every) : x;
}

static s2vi_node *run_unit(const run *r, const unit *u, s2vi_node *x)
{
    s2vi_node *y = squeeze(u, residual(r, u, x));
    return s2vi_add(y, shortcut(r, u, x));
}

static s2vi_node *run_input(const run *r, const psp *p, s2vi_node *x)
{
    x = batch_norm(r, s2vi_nn_conv2d(x, p->conv), &p->norm);
    return s2vi_nn_prelu(x, p->slope);
}

/* x as large as `beside`, and that through its 1x1 convolution. */
static s2vi_node *merge(s2vi_node *x, s2vi_node *beside, s2vi_layer lateral)
{
    if (!x || !beside)
        return NULL;
    return s2vi_add(s2vi_nn_resize_bilinear(x, beside->shape.dim[1],
                                            beside->shape.dim[2], true),
                    s2vi_nn_conv2d(beside, lateral));
}

/* (n,side,side,C) -> (n,w) before the linear layer. */
static s2vi_node *shrink(const head *h, s2vi_node *x)
{
    for (int i = 0; i < h->convs; i++)
        x = s2vi_lrelu(convolve(x, h->conv[i], 2, 1), 0.01);
    return x ? s2vi_reshape(x, S2VI_SHAPE(x->shape.dim[0], x->shape.dim[3]))
             : NULL;
}

/* (n,side,side,C) -> (n,w) */
static s2vi_node *run_head(const head *h, s2vi_inversion_head kind,
                           s2vi_node *x)
{
    const s2vi_layer scaled = {.weight = h->linear.weight};
    x = shrink(h, x);
    return kind == S2VI_INVERSION_HEAD_PSP
               ? s2vi_nn_add_bias(s2vi_nn_equalised(x, scaled, 1),
                                  h->linear.bias)
               : s2vi_lrelu(s2vi_nn_linear(x, h->linear), 0.01);
}

/* (n,size,size,3) -> (n,L,w) */
static s2vi_node *run_psp(const s2vi_inversion_config *c, const run *r,
                          const psp *p, s2vi_node *x)
{
    s2vi_node *seen[PYRAMID] = {0}, *code[S2VI_INVERSION_CODES];
    const int64_t n = x ? x->shape.dim[0] : 0;
    x = run_input(r, p, x);
    for (int stage = 0, i = 0; stage < STAGES; stage++) {
        for (int k = 0; k < c->units[stage]; k++)
            x = run_unit(r, &p->body[i++], x);
        if (stage)
            seen[stage - 1] = x;
    }
    r->out->c1 = seen[0];
    r->out->c2 = seen[1];
    r->out->c3 = x;
    r->out->p2 = seen[1] = merge(x, seen[1], p->lateral1);
    r->out->p1 = seen[0] = merge(seen[1], seen[0], p->lateral2);
    for (int i = 0; i < c->codes; i++)
        code[i] = s2vi_reshape(run_head(&p->style[i], c->head,
                                        seen[i < c->coarse   ? 2
                                             : i < c->middle ? 1
                                                             : 0]),
                               S2VI_SHAPE(n, 1, c->w));
    return s2vi_concat(code, c->codes, 1);
}

/* (n,bands,columns,1) -> (n,L,w) */
static s2vi_node *run_small(const s2vi_inversion_config *c, const run *r,
                            const small *s, s2vi_node *x)
{
    s2vi_node *part[S2VI_INVERSION_GROUPS];
    r->out->features = x = s2vi_residual_net_record(&s->net, x);
    if (!x)
        return NULL;
    for (int i = 0; i < c->groups; i++)
        part[i] = s2vi_nn_linear(x, s->head[i]);
    return s2vi_reshape(s2vi_concat(part, c->groups, 1),
                        S2VI_SHAPE(x->shape.dim[0], c->codes, c->w));
}

int s2vi_inversion_build(s2vi_graph *graph, const s2vi_inversion_config *config,
                         const char *prefix, s2vi_node *x, bool training,
                         s2vi_inversion_graph *out, s2v_error *err)
{
    const s2vi_scope scope = s2vi_scope_under(prefix, NULL, graph);
    const run r = {training, out};
    psp large;
    small little;
    *out = (s2vi_inversion_graph){0};
    if (config->kind == S2VI_INVERSION_PSP) {
        declare_psp(&scope, config, &large);
        out->codes = run_psp(config, &r, &large, x);
    } else {
        declare_small(&scope, config, &little);
        out->codes = run_small(config, &r, &little, x);
    }
    return s2vi_graph_status(graph, err);
}
