/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listen and Move: R and G of
 *   R. Redondo, "Listen and Move: Improving GANs Coherency in Agnostic
 *   Sound-to-Video Generation".
 *
 * Shapes: T frames, B sound bands, E noise, M = B + E motion, Z = B + M,
 * N image side, L layers, C channels of the outermost layer, P = C. Memory is
 * channels last: images (T,N,N,C).
 *
 * Choices and deviations, where the paper is silent or contradicts itself:
 * - d = 2^(l-1) = 1, 2, 4 in eq. (1) (figure 2; the text's 2^l is a slip).
 * - The hidden state of eq. (1) is the GRU's own result h, d frames ago:
 *     h^l_t = GRU(m^{l-1}_t, h^l_{t-d}),  m^l_t = LReLU(h^l_t + m^{l-1}_t),
 *   which tanh bounds. Read to the letter it is m^l, the sum: that adds the
 *   layer's input to its state at every frame and grows without end.
 * - All GRUs, convolutional ones too, have PyTorch's equations (the reset gate
 *   after the hidden product), so that a cell has one hidden convolution.
 * - The first convolution has a bias and no activation; convolutions before a
 *   norm and the shortcut have no bias, which the norm's beta makes idle.
 * - Noise scales start at 0, b_gamma at 1; instance norm's eps is 1e-5.
 * - R starts from N(0, 1/sqrt(inputs)), biases from 0.
 * - Directional kernels have K = 3: one tap, and three a pixel further.
 * - Beyond the paper, if switched on: a learned 4x4 image beside z (constant),
 *   and a learned picture before the tanh (background).
 *
 * Exact economies (options.plain: without; tests/models proves them equal):
 * - nearest x2 and 3x3 as one transposed 4x4 convolution;
 * - the shortcut's 1x1 before the upsampling, with which it commutes;
 * - the input half of opposite directions' gates once, shifted either way;
 * - a direction's hidden half as one 3x2 (or 2x3) convolution.
 */
#include "models/listen_and_move.h"

#include "graph/build.h"
#include "nn/sequence.h"

#include <stdio.h>

#define SLOPE 0.2  /* of every leaky ReLU */
#define EPS   1e-5 /* of the instance norms */

/* --------------------------------------------------------- parameters -- */

#define FAN  S2VI_INIT_FAN_IN
#define NORM S2VI_INIT_NORMAL
#define ZERO S2VI_INIT_ZERO
#define ONE  S2VI_INIT_ONE
#define ORTH S2VI_INIT_ORTHOGONAL
#define UNIT S2VI_INIT_UNIT

/* Sound conditioned instance norm, eq. (2), or a learned affine. */
typedef struct norm {
    s2vi_layer gamma, beta; /* linear layers of f */
    s2vi_layer affine;
} norm;

/* A layer of G, figure 3a. */
typedef struct layer {
    s2vi_layer conv1, conv2;
    s2vi_node *noise[2]; /* scales */
    norm norm[2];
    s2vi_layer shortcut;
    s2vi_layer rgb; /* with skip connections */
} layer;

/* Convolutions that make gates: of one kernel, or of a directional pair. */
typedef struct half {
    s2vi_node *near, *far; /* far: a pixel further; NULL: centred */
    s2vi_node *bias;
} half;

/* What opposite directions share. */
enum { CENTRED, HORIZONTAL, VERTICAL, PAIRS };

typedef struct gates {
    half input, hidden;
} gates;

typedef struct network {
    s2vi_recurrent motion[S2VI_LM_MAX_LAYERS]; /* R's layers */
    s2vi_layer input;
    layer layer[S2VI_LM_MAX_LAYERS];
    s2vi_layer rgb;
    s2vi_node *constant, *background; /* (1,4,4,C), (1,N,N,3) */
    gates gates[PAIRS];               /* of the video prediction layer */
    s2vi_layer blend, mask;
} network;

static int layers(const s2vi_lm_config *c)
{
    int l = -2;
    for (int n = c->size; n > 1; n /= 2)
        l++;
    return l;
}

static int motion_width(const s2vi_lm_config *c)
{
    return (c->mfs ? c->bands : 0) + c->noise_e;
}

/* Channels of layer i's result; i = -1: of the first convolution's. */
static int channels(const s2vi_lm_config *c, int i)
{
    int64_t n = c->channels_min;
    for (int k = layers(c) - 1; k > (i < 0 ? 0 : i) && n < c->channels_max; k--)
        n *= 2;
    return (int)(n < c->channels_max ? n : c->channels_max);
}

static void declare_norm(const s2vi_scope *scope, const s2vi_lm_config *c,
                         int C, int which, norm *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "norm%d", which);
    const s2vi_shape w = S2VI_SHAPE(C, c->bands), b = S2VI_SHAPE(C);
    if (!c->acin) {
        n->affine = s2vi_declare_norm(scope, C, "norm%d", which);
        return;
    }
    n->gamma.weight = s2vi_declare(&in, w, NORM, "gamma.weight");
    n->gamma.bias = s2vi_declare(&in, b, ONE, "gamma.bias");
    n->beta = s2vi_declare_layer(&in, w, NORM, C, "beta");
}

static void declare_layer(const s2vi_scope *scope, const s2vi_lm_config *c,
                          int i, layer *l)
{
    const s2vi_scope in = s2vi_scope_in(scope, "g.layers.%d", i);
    const int cin = channels(c, i - 1), cout = channels(c, i);
    const s2vi_shape kernel = S2VI_SHAPE(cout, cin, 3, 3);
    const s2vi_shape kernel2 = S2VI_SHAPE(cout, cout, 3, 3);
    const s2vi_shape across = S2VI_SHAPE(cout, cin, 1, 1);
    l->conv1 = s2vi_declare_layer(&in, kernel, NORM, 0, "conv1");
    l->conv2 = s2vi_declare_layer(&in, kernel2, NORM, 0, "conv2");
    for (int k = 0; k < 2 && c->noise; k++)
        l->noise[k] =
            s2vi_declare(&in, S2VI_SHAPE(cout), ZERO, "noise%d.scale", k + 1);
    for (int k = 0; k < 2; k++)
        declare_norm(&in, c, cout, k + 1, &l->norm[k]);
    if (c->connection == S2VI_LM_RESIDUAL)
        l->shortcut = s2vi_declare_layer(&in, across, NORM, 0, "shortcut");
    if (c->connection == S2VI_LM_SKIP)
        l->rgb =
            s2vi_declare_layer(&in, S2VI_SHAPE(3, cout, 1, 1), NORM, 3, "rgb");
}

/* R, eq. (1), and G, sec. 3.3. */
static void declare_generator(const s2vi_scope *s, const s2vi_lm_config *c,
                              network *n)
{
    const int M = motion_width(c), Z = (c->sac ? c->bands : 0) + M;
    const int C0 = channels(c, -1);
    for (int i = 0; i < c->motion_layers; i++) {
        const s2vi_scope in = s2vi_scope_in(s, "r.layers.%d", i);
        n->motion[i] = s2vi_declare_recurrent(&in, "", 3, M, M, FAN, FAN);
    }
    n->input =
        s2vi_declare_layer(s, S2VI_SHAPE(C0, Z, 3, 3), NORM, C0, "g.input");
    for (int i = 0; i < layers(c); i++)
        declare_layer(s, c, i, &n->layer[i]);
    if (c->connection != S2VI_LM_SKIP)
        n->rgb = s2vi_declare_layer(s, S2VI_SHAPE(3, c->channels_min, 1, 1),
                                    NORM, 3, "g.rgb");
}

/* What is the same in all frames: after G's, whose places in the list, and so
 * initial values, stay. */
static void declare_pictures(const s2vi_scope *s, const s2vi_lm_config *c,
                             network *n)
{
    if (c->constant)
        n->constant = s2vi_declare(s, S2VI_SHAPE(1, channels(c, -1), 4, 4),
                                   UNIT, "g.constant");
    if (c->background)
        n->background = s2vi_declare(s, S2VI_SHAPE(1, 3, c->size, c->size),
                                     ZERO, "g.background");
}

static half declare_centred(const s2vi_scope *s, int P, const char *which)
{
    const s2vi_layer l = s2vi_declare_layer(s, S2VI_SHAPE(3 * P, P, 3, 3), ORTH,
                                            3 * P, "p.c.%s", which);
    return (half){.near = l.weight, .bias = l.bias};
}

static half declare_directional(const s2vi_scope *s, int P, bool horizontal,
                                const char *which)
{
    const s2vi_scope in =
        s2vi_scope_in(s, "p.%s.%s", horizontal ? "h" : "v", which);
    const s2vi_shape near = S2VI_SHAPE(3 * P, P, 1, 1);
    const s2vi_shape far =
        horizontal ? S2VI_SHAPE(3 * P, P, 3, 1) : S2VI_SHAPE(3 * P, P, 1, 3);
    half h;
    h.near = s2vi_declare(&in, near, ORTH, "weight0");
    h.far = s2vi_declare(&in, far, ORTH, "weight1");
    h.bias = s2vi_declare(&in, S2VI_SHAPE(3 * P), ZERO, "bias");
    return h;
}

/* The video prediction layer, sec. 3.4. */
static void declare_prediction(const s2vi_scope *s, const s2vi_lm_config *c,
                               network *n)
{
    const int P = c->channels_min;
    const bool all = c->prediction == S2VI_LM_DIRCONVGRU;
    const int X = all ? 5 * P : P; /* channels of X_t */
    n->gates[CENTRED].input = declare_centred(s, P, "input");
    n->gates[CENTRED].hidden = declare_centred(s, P, "hidden");
    for (int k = HORIZONTAL; all && k <= VERTICAL; k++) {
        const bool horizontal = k == HORIZONTAL;
        n->gates[k].input = declare_directional(s, P, horizontal, "input");
        n->gates[k].hidden = declare_directional(s, P, horizontal, "hidden");
    }
    /* eq. (4) */
    n->blend =
        s2vi_declare_layer(s, S2VI_SHAPE(P, X, 1, 1), NORM, P, "p.blend");
    n->mask = s2vi_declare_layer(s, S2VI_SHAPE(1, X, 1, 1), NORM, 1, "p.mask");
}

static void declare(const s2vi_scope *scope, const s2vi_lm_config *c,
                    network *n)
{
    declare_generator(scope, c, n);
    declare_pictures(scope, c, n);
    if (c->prediction != S2VI_LM_NO_PREDICTION)
        declare_prediction(scope, c, n);
}

int s2vi_lm_params(const s2vi_lm_config *config, s2vi_param_list *list,
                   s2v_error *err)
{
    network net;
    const int before = list->count;
    declare(&(s2vi_scope){.list = list, .by_kind = true}, config, &net);
    return s2vi_param_list_end(list, before, err);
}

/* --------------------------------------------------------- recording -- */

typedef struct model {
    s2vi_graph *graph;
    const s2vi_lm_config *config;
    network net;
    s2vi_lm_graph *out;
    int64_t T;
    bool plain, bypass;
} model;

static void carry(model *m, s2vi_node *state, s2vi_node *value)
{
    s2vi_node *assign = s2vi_assign(state, s2vi_detach(value));
    if (m->out->n_carry < S2VI_LM_MAX_STATES)
        m->out->carry[m->out->n_carry++] = assign;
    else
        s2vi_graph_mistake(m->graph, "too many states");
}

/* ------------------------------------------------------------ R: m_t -- */

/*
 * The recurrence at distance d over x (T,M): h_t = GRU(x_t, h_{t-d}), d frames
 * at a time, since none of them needs another. Returns h (T,M).
 */
static s2vi_node *recur(model *m, int l, s2vi_node *x, int64_t d)
{
    int64_t M = motion_width(m->config);
    const s2vi_recurrent *r = &m->net.motion[l];
    const s2vi_layer input = {r->weight_ih, r->bias_ih};
    const s2vi_layer hidden = {r->weight_hh, r->bias_hh};
    s2vi_node *block[S2VI_LM_MAX_FRAMES];
    char name[32];
    snprintf(name, sizeof(name), "r.layers.%d.state", l);
    s2vi_node *state =
        s2vi_var(m->graph, S2VI_VAR_STATE, name, S2VI_SHAPE(d, M));
    s2vi_node *a = s2vi_nn_linear(x, input);
    int n = 0;
    for (int64_t t = 0; t < m->T; t += d) {
        int64_t rows = m->T - t < d ? m->T - t : d;
        s2vi_node *h = s2vi_slice(n ? block[n - 1] : state, 0, 0, rows);
        s2vi_node *b = s2vi_nn_linear(h, hidden);
        block[n++] = s2vi_gru(s2vi_slice(a, 0, t, rows), b, h);
    }
    s2vi_node *h = s2vi_concat(block, n, 0);
    s2vi_node *const history[] = {state, h};
    carry(m, state, s2vi_slice(s2vi_concat(history, 2, 0), 0, m->T, d));
    return h;
}

static s2vi_node *motion(model *m, s2vi_node *f)
{
    const s2vi_lm_config *c = m->config;
    s2vi_node *e = s2vi_normal(m->graph, 0, S2VI_SHAPE(m->T, c->noise_e));
    s2vi_node *const both[] = {f, e};
    s2vi_node *x = c->mfs ? s2vi_concat(both, 2, 1) : e; /* r_t = [f, e] */
    for (int l = 0; l < c->motion_layers; l++)
        if (c->motion == S2VI_LM_DILATED)
            x = s2vi_lrelu(s2vi_add(recur(m, l, x, 1 << l), x),
                           SLOPE); /* (1) */
        else
            x = recur(m, l, x, 1);
    return x;
}

/* ----------------------------------------------------- G: the layers -- */

/* Sound conditioned instance norm, eq. (2), or a learned affine. */
static s2vi_node *normed(const norm *n, bool acin, s2vi_node *x, s2vi_node *f)
{
    s2vi_node *gamma = n->affine.weight, *beta = n->affine.bias;
    if (acin) {
        gamma = s2vi_lrelu(s2vi_nn_linear(f, n->gamma), SLOPE);
        beta = s2vi_lrelu(s2vi_nn_linear(f, n->beta), SLOPE);
    }
    beta = s2vi_nn_over_pixels(beta);
    return s2vi_nn_instance_norm(x, s2vi_nn_over_pixels(gamma), beta, EPS);
}

/* One plane of noise, scaled by a learned number a channel. */
static s2vi_node *inject(const model *m, int i, int k, s2vi_node *x)
{
    if (!m->config->noise || !x)
        return x;
    s2vi_node *plane =
        s2vi_normal(m->graph, (uint32_t)(2 * i + k + 1),
                    S2VI_SHAPE(m->T, x->shape.dim[1], x->shape.dim[2], 1));
    s2vi_node *scale = s2vi_nn_over_pixels(m->net.layer[i].noise[k]);
    return s2vi_add(x, s2vi_mul(plane, scale));
}

static s2vi_node *shortcut(const model *m, int i, s2vi_node *x)
{
    const s2vi_layer w = m->net.layer[i].shortcut;
    return m->plain ? s2vi_nn_conv2d(s2vi_nn_upsample2(x), w)
                    : s2vi_nn_upsample2(s2vi_nn_conv2d(x, w));
}

/* Figure 3a: x (T,n,n,Cin) -> (T,2n,2n,Cout). */
static s2vi_node *layer_of(const model *m, int i, s2vi_node *x, s2vi_node *f)
{
    const layer *l = &m->net.layer[i];
    const bool acin = m->config->acin;
    /* A single frame's is left to a backend, which may do better. */
    const bool plain = m->plain || m->T == 1;
    s2vi_node *y = plain ? s2vi_nn_conv2d(s2vi_nn_upsample2(x), l->conv1)
                         : s2vi_nn_upsample2_conv3x3(x, l->conv1.weight);
    y = s2vi_lrelu(normed(&l->norm[0], acin, inject(m, i, 0, y), f), SLOPE);
    y = s2vi_nn_conv2d(y, l->conv2);
    y = normed(&l->norm[1], acin, inject(m, i, 1, y), f);
    if (m->config->connection == S2VI_LM_RESIDUAL)
        y = s2vi_add(y, shortcut(m, i, x));
    return s2vi_lrelu(y, SLOPE);
}

/* ----------------------------------- the video prediction layer, V^d -- */

/* Directions of motion, in X_t's order, eq. (3). */
typedef struct direction {
    int pair; /* whose gates */
    const char *state;
    int rows, columns; /* how far a tap's value moves; 0, 0: centred */
} direction;

static const direction directions[5] = {
    {HORIZONTAL, "p.h+.state", 0, 1}, {HORIZONTAL, "p.h-.state", 0, -1},
    {CENTRED, "p.c.state", 0, 0},     {VERTICAL, "p.v+.state", 1, 0},
    {VERTICAL, "p.v-.state", -1, 0},
};

static s2vi_node *near_sum(const half *h, s2vi_node *x)
{
    return s2vi_nn_conv2d(x, (s2vi_layer){h->near, h->bias});
}

static s2vi_node *far_sum(const half *h, s2vi_node *x)
{
    return s2vi_nn_conv2d(x, (s2vi_layer){.weight = h->far});
}

/* The directional convolution as the paper has it: a sum of kernels, the
 * k-th shifted k pixels. */
static s2vi_node *shifted_sum(const half *h, const direction *d, s2vi_node *x)
{
    s2vi_node *near = near_sum(h, x);
    s2vi_node *far = far_sum(h, x);
    return s2vi_add(near, s2vi_nn_shift(far, d->rows, d->columns));
}

/* One convolution. */
typedef struct kernel {
    s2vi_node *w, *bias;
    s2vi_window window;
} kernel;

/* The directional kernels as one, two pixels deep along the direction: the
 * shifted taps are its first line where things move forward, its second where
 * they move backward. */
static kernel directional(const half *h, const direction *d)
{
    const bool horizontal = d->columns != 0;
    const bool forward = d->rows + d->columns > 0;
    const int along = horizontal ? 1 : 0, across = 1 - along;
    int64_t one[4] = {0};
    one[1 + across] = 1;
    s2vi_node *near = s2vi_pad(h->near, one, one);
    s2vi_node *const lines[] = {forward ? h->far : near,
                                forward ? near : h->far};
    kernel k = {.w = s2vi_concat(lines, 2, 1 + along),
                .bias = h->bias,
                .window = {.rank = 2, .stride = {1, 1}}};
    k.window.pad_lo[across] = k.window.pad_hi[across] = 1;
    k.window.pad_lo[along] = forward;
    k.window.pad_hi[along] = !forward;
    return k;
}

static kernel centred(const half *h)
{
    return (kernel){
        .w = h->near,
        .bias = h->bias,
        .window = {
            .rank = 2, .stride = {1, 1}, .pad_lo = {1, 1}, .pad_hi = {1, 1}}};
}

static bool is_centred(const direction *d)
{
    return d->pair == CENTRED;
}

/* What the input halves of opposite directions share. */
typedef struct shared_half {
    int pair;              /* whose it is; CENTRED: none yet */
    s2vi_node *near, *far; /* (T,N,N,3P), not yet shifted */
} shared_half;

/* The input half of direction d over x: the pair's kernels once, then shifted
 * either way. `last` is what the previous direction left. A single frame's is
 * one convolution instead, for each direction its own, which a backend may
 * take into the cell: cheaper than to store what they share. */
static s2vi_node *input_half(const model *m, const direction *d, s2vi_node *x,
                             shared_half *last)
{
    const half *h = &m->net.gates[d->pair].input;
    if (is_centred(d))
        return near_sum(h, x);
    if (m->plain)
        return shifted_sum(h, d, x);
    if (m->T == 1) {
        kernel in = directional(h, d);
        return s2vi_conv(x, in.w, in.bias, &in.window);
    }
    if (last->pair != d->pair) {
        last->pair = d->pair;
        last->near = near_sum(h, x);
        last->far = far_sum(h, x);
    }
    return s2vi_add(last->near, s2vi_nn_shift(last->far, d->rows, d->columns));
}

/* x^d (T,N,N,P): the recurrence of direction d, given its input half. */
static s2vi_node *predict(model *m, const direction *d, s2vi_node *a)
{
    s2vi_node *frame[S2VI_LM_MAX_FRAMES];
    const int64_t N = m->config->size, P = m->config->channels_min;
    const half *gates = &m->net.gates[d->pair].hidden;
    const bool plain = m->plain && !is_centred(d);
    s2vi_node *state =
        s2vi_var(m->graph, S2VI_VAR_STATE, d->state, S2VI_SHAPE(1, N, N, P));
    s2vi_node *h = state;
    kernel hidden = {0};
    if (!plain)
        hidden = is_centred(d) ? centred(gates) : directional(gates, d);
    for (int64_t t = 0; t < m->T; t++) {
        s2vi_node *b =
            plain ? shifted_sum(gates, d, h)
                  : s2vi_conv(h, hidden.w, hidden.bias, &hidden.window);
        h = frame[t] = s2vi_gru(s2vi_slice(a, 0, t, 1), b, h);
    }
    carry(m, state, h);
    return s2vi_concat(frame, (int)m->T, 0);
}

/* eq. (4): x'' = a x + (1 - a) x'. */
static s2vi_node *blend(const model *m, s2vi_node *x, s2vi_node *X)
{
    s2vi_node *xp = s2vi_nn_conv2d(X, m->net.blend);
    s2vi_node *a = s2vi_sigmoid(s2vi_nn_conv2d(X, m->net.mask));
    return s2vi_add(xp, s2vi_mul(a, s2vi_sub(x, xp)));
}

static s2vi_node *prediction(model *m, s2vi_node *x)
{
    s2vi_node *part[5];
    shared_half pair = {0};
    int n = 0;
    if (m->config->prediction == S2VI_LM_NO_PREDICTION || m->bypass)
        return x;
    for (int i = 0; i < 5; i++) {
        const direction *d = &directions[i];
        if (is_centred(d) || m->config->prediction == S2VI_LM_DIRCONVGRU)
            part[n++] = predict(m, d, input_half(m, d, x, &pair));
    }
    return blend(m, x, s2vi_concat(part, n, 3));
}

/* --------------------------------------------------------------- RGB -- */

static s2vi_node *rgb_skip(const model *m, int i, s2vi_node *x,
                           s2vi_node *so_far)
{
    s2vi_node *rgb = s2vi_nn_conv2d(x, m->net.layer[i].rgb);
    return so_far ? s2vi_add(s2vi_nn_upsample2(so_far), rgb) : rgb;
}

static s2vi_node *generate(model *m, s2vi_node *f, s2vi_node *motion)
{
    const int L = layers(m->config);
    const bool skip = m->config->connection == S2VI_LM_SKIP;
    s2vi_node *const both[] = {f, motion};
    s2vi_node *z = m->config->sac ? s2vi_concat(both, 2, 1) : motion;
    if (!z)
        return NULL;
    s2vi_shape cell = S2VI_SHAPE(m->T, 4, 4, s2vi_shape_channels(&z->shape));
    s2vi_node *rgb = NULL;
    s2vi_node *x = s2vi_broadcast(s2vi_nn_over_pixels(z), cell);
    x = s2vi_nn_conv2d(x, m->net.input);
    if (m->config->constant)
        x = s2vi_add(x, m->net.constant);
    for (int i = 0; i < L; i++) {
        x = m->out->layer[i] = layer_of(m, i, x, f);
        if (i == L - 1)
            x = m->out->predicted = prediction(m, x);
        if (skip)
            rgb = rgb_skip(m, i, x, rgb);
    }
    if (!skip)
        rgb = s2vi_nn_conv2d(x, m->net.rgb);
    if (m->config->background)
        rgb = s2vi_add(rgb, m->net.background);
    return s2vi_tanh(rgb);
}

int s2vi_lm_build(s2vi_graph *graph, const s2vi_lm_config *config,
                  const s2vi_lm_options *options, s2vi_lm_graph *out,
                  s2v_error *err)
{
    model m = {.graph = graph,
               .config = config,
               .out = out,
               .T = options->frames,
               .plain = options->plain,
               .bypass = options->bypass};
    *out = (s2vi_lm_graph){0};
    if (m.T < 1 || m.T > S2VI_LM_MAX_FRAMES)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a sequence of %d frames, "
                          "expected 1 to %d",
                          options->frames, S2VI_LM_MAX_FRAMES);
    declare(&(s2vi_scope){.graph = graph}, config, &m.net);
    out->features =
        s2vi_input(graph, "features", S2VI_SHAPE(m.T, config->bands));
    out->motion = motion(&m, out->features);
    out->video = generate(&m, out->features, out->motion);
    return s2vi_graph_status(graph, err);
}
