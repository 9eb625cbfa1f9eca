/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAN's predictor (sections 3.2 and 3.3): a U-Net for optical flow and maps, or
 * the stacked hourglass of the paper's [14] for maps.
 *
 * Shapes: n frames; P side, G channels of the geometry; A numbers of the
 * sound's code; V numbers of the vector that drives the norms; w_l channels of
 * level l; f channels of the hourglass.
 *
 * Choices:
 * - "256 mel features concatenated along the channel axis" are constant planes,
 *   which the next instance norm would take away: the vector v = [sound,
 *   controls, z] gives each norm its gamma and beta instead.
 * - The sound's code is the last state of an LSTM over the frame's 13 columns,
 *   from zero: nothing but pictures is carried from frame to frame.
 * - Flow is linear, maps pass a sigmoid.
 */
#include "models/man_predictor.h"

#include "nn/sequence.h"

#include <string.h>

#define SLOPE 0.2
#define EPS   1e-5

#define PIXELS (1u << 1 | 1u << 2)

enum {
    KERNEL = 3,
    COLUMNS = S2VI_SPEECH_COLUMNS,
    BANDS = S2VI_SPEECH_BANDS,
    POINTS = S2VI_MAN_POINTS,
    RESIDUALS = 3,        /* of a level of the hourglass */
    MAX_DEPTH = 6,        /* of it */
    POSTERIOR_LAYERS = 4, /* of stride 2... */
    POSTERIOR_CHANNELS = 32,
};

static int vector_of(const s2vi_man_config *c)
{
    return c->predictor_lstm + (c->controls ? S2VI_MAN_CONTROLS : 0) + c->z;
}

static int planes_of(const s2vi_man_config *c)
{
    return 3 * (S2VI_MAN_PREVIOUS + c->predictor_portrait);
}

/* --------------------------------------------------------- parameters -- */

/* A norm: driven by v, or a batch norm of an imported hourglass. */
typedef struct norm {
    s2vi_layer film; /* (2C,V) */
    s2vi_batch_norm batch;
} norm;

/* x + [norm, ReLU, 1x1 to f / 2, norm, ReLU, 3x3, norm, ReLU, 1x1 to f] */
typedef struct residual {
    norm norm[3];
    s2vi_layer conv[3];
} residual;

typedef struct hourglass {
    int V; /* 0: imported */
    int depth;
    s2vi_layer conv[2];
    residual level[MAX_DEPTH][RESIDUALS], center;
    s2vi_layer head;
    norm head_norm;
} hourglass;

typedef struct level {
    s2vi_layer conv[2];
    norm norm[2];
} level;

typedef struct predictor {
    const s2vi_man_config *config;
    s2vi_recurrent lstm;
    level down[S2VI_MAN_LEVELS_MAX];
    s2vi_layer up[S2VI_MAN_LEVELS_MAX];
    norm up_norm[S2VI_MAN_LEVELS_MAX];
    s2vi_layer out;
    hourglass hourglass;
} predictor;

static norm declare_norm(const s2vi_scope *scope, int C, int V,
                         const char *film, const char *batch)
{
    norm n = {0};
    if (V)
        n.film = s2vi_declare_layer(scope, S2VI_SHAPE(2 * C, V),
                                    S2VI_INIT_XAVIER, 2 * C, "%s", film);
    else
        n.batch = s2vi_declare_batch_norm(scope, C, "%s", batch ? batch : "");
    return n;
}

static s2vi_layer conv_of(const s2vi_scope *scope, int cout, int cin, int k,
                          const char *name)
{
    return s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, k, k),
                              S2VI_INIT_XAVIER, cout, "%s", name);
}

static void declare_unet(const s2vi_scope *scope, const s2vi_man_config *c,
                         predictor *p)
{
    const int V = vector_of(c), *w = c->predictor_channels;
    for (int l = 0; l < c->predictor_levels; l++) {
        const s2vi_scope in = s2vi_scope_in(scope, "down.%d", l);
        p->down[l].conv[0] =
            conv_of(&in, w[l], l ? w[l - 1] : planes_of(c), KERNEL, "conv0");
        p->down[l].norm[0] = declare_norm(&in, w[l], V, "film0", NULL);
        p->down[l].conv[1] = conv_of(&in, w[l], w[l], KERNEL, "conv1");
        p->down[l].norm[1] = declare_norm(&in, w[l], V, "film1", NULL);
    }
    for (int l = c->predictor_levels - 2; l >= 0; l--) {
        const s2vi_scope in = s2vi_scope_in(scope, "up.%d", l);
        p->up[l] = conv_of(&in, w[l], w[l + 1] + w[l], KERNEL, "conv");
        p->up_norm[l] = declare_norm(&in, w[l], V, "film", NULL);
    }
    p->out = conv_of(scope, s2vi_man_geometry_channels(c), w[0], KERNEL, "out");
}

static residual declare_residual(const s2vi_scope *scope, int f, int V,
                                 const char *name)
{
    static const char *const film[] = {"0.film", "3.film", "6.film"};
    static const char *const batch[] = {"0", "3", "6"};
    static const char *const conv[] = {"2", "5", "8"};
    const s2vi_scope at = s2vi_scope_in(scope, "%s", name);
    const s2vi_scope in = s2vi_scope_in(&at, "convBlock");
    const int channels[] = {f, f / 2, f / 2, f};
    residual r;
    for (int i = 0; i < 3; i++) {
        r.norm[i] = declare_norm(&in, channels[i], V, film[i], batch[i]);
        r.conv[i] = conv_of(&in, channels[i + 1], channels[i],
                            i == 1 ? KERNEL : 1, conv[i]);
    }
    return r;
}

/* The names are those of [14]. */
static void declare_hourglass(const s2vi_scope *scope, int planes, int f,
                              int depth, int V, hourglass *h)
{
    const s2vi_scope hg = s2vi_scope_in(scope, "hg");
    const s2vi_scope lin = s2vi_scope_in(scope, "lin");
    h->V = V;
    h->depth = depth;
    h->conv[0] = conv_of(scope, f / 2, planes, 1, "conv1");
    h->conv[1] = conv_of(scope, f, f / 2, 1, "conv2");
    for (int i = depth; i > 0; i--)
        for (int j = 0; j < RESIDUALS; j++) {
            char name[16] = "res1_1";
            name[3] = (char)('0' + i);
            name[5] = (char)('1' + j);
            h->level[i - 1][j] = declare_residual(&hg, f, V, name);
        }
    h->center = declare_residual(&hg, f, V, "res_center");
    h->head = conv_of(&lin, POINTS, f, 1, "conv");
    h->head_norm = declare_norm(&lin, POINTS, V, "bn.film", "bn");
}

static void declare(const s2vi_scope *scope, const s2vi_man_config *c,
                    predictor *p)
{
    const s2vi_scope in = s2vi_scope_in(scope, "predictor");
    const s2vi_scope lstm = s2vi_scope_in(&in, "lstm");
    p->config = c;
    p->lstm = s2vi_declare_recurrent(&lstm, "_l0", 4, BANDS, c->predictor_lstm,
                                     S2VI_INIT_UNIFORM, S2VI_INIT_UNIFORM);
    if (c->predictor == S2VI_MAN_UNET)
        declare_unet(&in, c, p);
    else
        declare_hourglass(&in, planes_of(c), c->hourglass_width,
                          c->hourglass_depth, vector_of(c), &p->hourglass);
}

int s2vi_man_predictor_params(const s2vi_man_config *config,
                              s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    predictor p = {0};
    const int ret = s2vi_man_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.list = list}, config, &p);
    return s2vi_param_list_end(list, before, err);
}

/* ------------------------------------------------------------- layers -- */

/* (1 + gamma) IN(x) + beta, [gamma; beta] = W v + b; or a batch norm. */
static s2vi_node *normalise(s2vi_node *x, const norm *n, s2vi_node *v)
{
    if (!x)
        return NULL;
    const int64_t C = x->shape.dim[3];
    if (!v)
        return s2vi_nn_batch_norm_by(x, &n->batch, EPS);
    s2vi_node *both = s2vi_nn_linear(v, n->film);
    s2vi_node *gamma = s2vi_affine(s2vi_slice(both, 1, 0, C), 1.0, 1.0);
    return s2vi_nn_instance_norm(x, s2vi_nn_over_pixels(gamma),
                                 s2vi_nn_over_pixels(s2vi_slice(both, 1, C, C)),
                                 EPS);
}

static s2vi_node *relu(s2vi_node *x)
{
    return s2vi_lrelu(x, 0.0);
}

static s2vi_node *half(s2vi_node *x)
{
    return s2vi_avgpool(x, (const int[]){2, 2});
}

/* -------------------------------------------------------------- U-Net -- */

static s2vi_node *conv_norm(s2vi_node *x, s2vi_layer conv, const norm *n,
                            s2vi_node *v)
{
    return s2vi_lrelu(normalise(s2vi_nn_conv2d(x, conv), n, v), SLOPE);
}

static s2vi_node *unet(const predictor *p, s2vi_node *x, s2vi_node *v)
{
    const int L = p->config->predictor_levels;
    s2vi_node *skip[S2VI_MAN_LEVELS_MAX];
    for (int l = 0; l < L; l++) {
        const level *d = &p->down[l];
        x = conv_norm(l ? half(x) : x, d->conv[0], &d->norm[0], v);
        skip[l] = x = conv_norm(x, d->conv[1], &d->norm[1], v);
    }
    for (int l = L - 2; l >= 0; l--) {
        s2vi_node *both[] = {s2vi_nn_upsample2(x), skip[l]};
        x = conv_norm(s2vi_concat(both, 2, 3), p->up[l], &p->up_norm[l], v);
    }
    return s2vi_nn_conv2d(x, p->out);
}

/* ---------------------------------------------------------- hourglass -- */

static s2vi_node *res(s2vi_node *x, const residual *r, s2vi_node *v)
{
    s2vi_node *t = x;
    for (int i = 0; i < 3; i++)
        t = s2vi_nn_conv2d(relu(normalise(t, &r->norm[i], v)), r->conv[i]);
    return s2vi_add(x, t);
}

static s2vi_node *descend(const hourglass *h, int depth, s2vi_node *x,
                          s2vi_node *v)
{
    const residual *r = h->level[depth - 1];
    const s2vi_window two = {.rank = 2, .kernel = {2, 2}, .stride = {2, 2}};
    s2vi_node *t = res(s2vi_maxpool(x, &two), &r[1], v);
    t = depth > 1 ? descend(h, depth - 1, t, v) : res(t, &h->center, v);
    return s2vi_add(res(x, &r[0], v), s2vi_nn_upsample2(res(t, &r[2], v)));
}

static s2vi_node *record_hourglass(const hourglass *h, s2vi_node *x,
                                   s2vi_node *v)
{
    x = relu(s2vi_nn_conv2d(x, h->conv[0]));
    x = relu(s2vi_nn_conv2d(x, h->conv[1]));
    x = s2vi_nn_conv2d(descend(h, h->depth, x, v), h->head);
    return relu(normalise(x, &h->head_norm, v));
}

static int check_hourglass(int width, int depth, s2v_error *err)
{
    return width >= 2 && width <= 1024 && width % 2 == 0 && depth >= 1 &&
                   depth <= MAX_DEPTH
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_MODEL,
                            "hourglass: width %d, depth %d: expected an even "
                            "width of 2 to 1024, and a depth of 1 to %d",
                            width, depth, MAX_DEPTH);
}

int s2vi_man_hourglass_params(int width, int depth, s2vi_param_list *list,
                              s2v_error *err)
{
    const int before = list->count;
    hourglass h;
    const int ret = check_hourglass(width, depth, err);
    if (ret < 0)
        return ret;
    declare_hourglass(&(s2vi_scope){.list = list, .prefix = "_KFSGNet__"}, 1,
                      width, depth, 0, &h);
    return s2vi_param_list_end(list, before, err);
}

int s2vi_man_hourglass_build(s2vi_graph *graph, int width, int depth,
                             s2vi_node *x, s2vi_node **maps, s2v_error *err)
{
    hourglass h;
    *maps = NULL;
    const int ret = check_hourglass(width, depth, err);
    if (ret < 0)
        return ret;
    declare_hourglass(&(s2vi_scope){.graph = graph, .prefix = "_KFSGNet__"}, 1,
                      width, depth, 0, &h);
    *maps = record_hourglass(&h, x, NULL);
    return s2vi_graph_status(graph, err);
}

/* ---------------------------------------------------------- predictor -- */

/* The sound's code: the last h of the LSTM over the columns. */
static s2vi_node *listen(const predictor *p, s2vi_node *amf)
{
    if (!amf)
        return NULL;
    const int A = p->config->predictor_lstm;
    s2vi_node *h = s2vi_nn_lstm(amf, &p->lstm, false);
    return s2vi_reshape(s2vi_slice(h, 1, COLUMNS - 1, 1),
                        S2VI_SHAPE(amf->shape.dim[0], A));
}

static s2vi_node *gather_vector(const s2vi_man_config *c,
                                const s2vi_man_predictor_inputs *in,
                                s2vi_node *sound)
{
    s2vi_node *part[3] = {sound};
    int n = 1;
    if (c->controls)
        part[n++] = in->controls;
    if (c->z)
        part[n++] = in->z;
    return s2vi_concat(part, n, 1);
}

/* Flow as it is, maps between 0 and 1. */
static s2vi_node *finish(const s2vi_man_config *c, s2vi_node *x)
{
    const int G = s2vi_man_geometry_channels(c);
    const int flow = s2vi_man_has_flow(c) ? 2 : 0;
    if (G == flow)
        return x;
    s2vi_node *maps = s2vi_sigmoid(s2vi_slice(x, 3, flow, G - flow));
    if (!flow)
        return maps;
    s2vi_node *both[] = {s2vi_slice(x, 3, 0, flow), maps};
    return s2vi_concat(both, 2, 3);
}

int s2vi_man_predictor_build(s2vi_graph *graph, const s2vi_man_config *config,
                             const s2vi_man_predictor_inputs *in,
                             s2vi_node **geometry, s2vi_node **sound,
                             s2v_error *err)
{
    predictor p = {0};
    *geometry = NULL;
    const int ret = s2vi_man_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, config, &p);
    s2vi_node *code = listen(&p, in->amf);
    s2vi_node *v = gather_vector(config, in, code);
    s2vi_node *x = in->previous;
    if (config->predictor_portrait) {
        s2vi_node *both[] = {
            x, s2vi_man_resize(in->portrait, config->geometry_size)};
        x = s2vi_concat(both, 2, 3);
    }
    *geometry = config->predictor == S2VI_MAN_UNET
                    ? finish(config, unet(&p, x, v))
                    : record_hourglass(&p.hourglass, x, v);
    if (sound)
        *sound = code;
    return s2vi_graph_status(graph, err);
}

int s2vi_man_predictor_listen(s2vi_graph *graph, const s2vi_man_config *config,
                              s2vi_node *amf, s2vi_node **sound, s2v_error *err)
{
    predictor p = {0};
    *sound = NULL;
    const int ret = s2vi_man_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, config, &p);
    *sound = listen(&p, amf);
    return s2vi_graph_status(graph, err);
}

/* ---------------------------------------------------------- posterior -- */

typedef struct posterior {
    s2vi_layer conv[POSTERIOR_LAYERS];
    s2vi_layer linear;
} posterior;

static void declare_posterior(const s2vi_scope *scope, const s2vi_man_config *c,
                              posterior *q)
{
    const s2vi_scope in = s2vi_scope_in(scope, "posterior");
    const s2vi_scope conv = s2vi_scope_in(&in, "conv");
    static const char *const name[] = {"0", "1", "2", "3"};
    int side = c->geometry_size;
    for (int i = 0; i < POSTERIOR_LAYERS; i++) {
        q->conv[i] =
            conv_of(&conv, POSTERIOR_CHANNELS,
                    i ? POSTERIOR_CHANNELS : s2vi_man_geometry_channels(c),
                    KERNEL, name[i]);
        side = (side + 1) / 2;
    }
    q->linear = s2vi_declare_layer(
        &in, S2VI_SHAPE(2 * c->z, POSTERIOR_CHANNELS * side * side),
        S2VI_INIT_XAVIER, 2 * c->z, "linear");
}

int s2vi_man_posterior_params(const s2vi_man_config *config,
                              s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    posterior q;
    const int ret = s2vi_man_config_check(config, err);
    if (ret < 0 || !config->z)
        return ret;
    declare_posterior(&(s2vi_scope){.list = list}, config, &q);
    return s2vi_param_list_end(list, before, err);
}

int s2vi_man_posterior_build(s2vi_graph *graph, const s2vi_man_config *config,
                             s2vi_node *truth, s2vi_node **mean,
                             s2vi_node **log_variance, s2v_error *err)
{
    const s2vi_window stride2 = {
        .rank = 2, .stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}};
    posterior q;
    *mean = *log_variance = NULL;
    const int ret = s2vi_man_config_check(config, err);
    if (ret < 0 || !config->z)
        return ret;
    declare_posterior(&(s2vi_scope){.graph = graph}, config, &q);
    s2vi_node *x = truth;
    for (int i = 0; i < POSTERIOR_LAYERS; i++)
        x = s2vi_lrelu(s2vi_conv(x, q.conv[i].weight, q.conv[i].bias, &stride2),
                       SLOPE);
    if (x) {
        const int64_t n = x->shape.dim[0];
        x = s2vi_reshape(x, S2VI_SHAPE(n, s2vi_shape_count(&x->shape) / n));
    }
    x = s2vi_nn_linear(x, q.linear);
    *mean = s2vi_slice(x, 1, 0, config->z);
    *log_variance = s2vi_slice(x, 1, config->z, config->z);
    return s2vi_graph_status(graph, err);
}
