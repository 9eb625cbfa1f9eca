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
 *
 * Exact economies (options.plain: without; tests/models proves them equal):
 * - nearest x2 and 3x3 as one transposed 4x4 convolution;
 * - the shortcut's 1x1 before the upsampling, with which it commutes;
 * - the input half of opposite directions' gates once, shifted either way;
 * - a direction's hidden half as one 3x2 (or 2x3) convolution.
 */
#include "models/listen_and_move.h"

#include "graph/build.h"
#include "nn/nn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOPE 0.2  /* of every leaky ReLU */
#define EPS   1e-5 /* of the instance norms */

/* -------------------------------------------------- parameter table -- */

/* A row's dimensions: a number, or one of these. */
enum {
    DIM_END = 0,
    DIM_B = -1,
    DIM_M = -2,
    DIM_3M = -3,
    DIM_Z = -4,
    DIM_C0 = -5,   /* channels of the innermost layer */
    DIM_CIN = -6,  /* of layer i */
    DIM_COUT = -7, /* of layer i */
    DIM_P = -8,
    DIM_3P = -9,
    DIM_X = -10, /* channels of X_t: 5P, or P for the ConvGRU alone */
};

/* Which configurations have a row, and how often. */
enum {
    EACH_R = 1, /* once for each of R's layers: %d in the name */
    EACH_G = 2, /* once for each of G's layers */
    ACIN = 4,   /* only with acIN */
    AFFINE = 8, /* only without it */
    NOISE = 16,
    RESIDUAL = 32,
    SKIP = 64,
    NO_SKIP = 128,
    PREDICT = 256, /* with a video prediction layer */
    DIRECT = 512,  /* with the directional one */
};

typedef struct row {
    const char *name;
    int dim[4];
    int when;
    s2vi_init init;
} row;

#define FAN  S2VI_INIT_FAN_IN
#define NORM S2VI_INIT_NORMAL
#define ZERO S2VI_INIT_ZERO
#define ONE  S2VI_INIT_ONE
#define ORTH S2VI_INIT_ORTHOGONAL

/* clang-format off */
static const row table[] = {
    /* R: eq. (1) */
    {"r.layers.%d.weight_ih", {DIM_3M, DIM_M}, EACH_R, FAN},
    {"r.layers.%d.weight_hh", {DIM_3M, DIM_M}, EACH_R, FAN},
    {"r.layers.%d.bias_ih", {DIM_3M}, EACH_R, ZERO},
    {"r.layers.%d.bias_hh", {DIM_3M}, EACH_R, ZERO},
    /* G: sec. 3.3, figure 3a */
    {"g.input.weight", {DIM_C0, DIM_Z, 3, 3}, 0, NORM},
    {"g.input.bias", {DIM_C0}, 0, ZERO},
    {"g.layers.%d.conv1.weight", {DIM_COUT, DIM_CIN, 3, 3}, EACH_G, NORM},
    {"g.layers.%d.conv2.weight", {DIM_COUT, DIM_COUT, 3, 3}, EACH_G, NORM},
    {"g.layers.%d.noise1.scale", {DIM_COUT}, EACH_G | NOISE, ZERO},
    {"g.layers.%d.noise2.scale", {DIM_COUT}, EACH_G | NOISE, ZERO},
    /* eq. (2) */
    {"g.layers.%d.norm1.gamma.weight", {DIM_COUT, DIM_B}, EACH_G | ACIN, NORM},
    {"g.layers.%d.norm1.gamma.bias", {DIM_COUT}, EACH_G | ACIN, ONE},
    {"g.layers.%d.norm1.beta.weight", {DIM_COUT, DIM_B}, EACH_G | ACIN, NORM},
    {"g.layers.%d.norm1.beta.bias", {DIM_COUT}, EACH_G | ACIN, ZERO},
    {"g.layers.%d.norm2.gamma.weight", {DIM_COUT, DIM_B}, EACH_G | ACIN, NORM},
    {"g.layers.%d.norm2.gamma.bias", {DIM_COUT}, EACH_G | ACIN, ONE},
    {"g.layers.%d.norm2.beta.weight", {DIM_COUT, DIM_B}, EACH_G | ACIN, NORM},
    {"g.layers.%d.norm2.beta.bias", {DIM_COUT}, EACH_G | ACIN, ZERO},
    {"g.layers.%d.norm1.weight", {DIM_COUT}, EACH_G | AFFINE, ONE},
    {"g.layers.%d.norm1.bias", {DIM_COUT}, EACH_G | AFFINE, ZERO},
    {"g.layers.%d.norm2.weight", {DIM_COUT}, EACH_G | AFFINE, ONE},
    {"g.layers.%d.norm2.bias", {DIM_COUT}, EACH_G | AFFINE, ZERO},
    {"g.layers.%d.shortcut.weight", {DIM_COUT, DIM_CIN, 1, 1},
     EACH_G | RESIDUAL, NORM},
    {"g.layers.%d.rgb.weight", {3, DIM_COUT, 1, 1}, EACH_G | SKIP, NORM},
    {"g.layers.%d.rgb.bias", {3}, EACH_G | SKIP, ZERO},
    {"g.rgb.weight", {3, DIM_P, 1, 1}, NO_SKIP, NORM},
    {"g.rgb.bias", {3}, NO_SKIP, ZERO},
    /* The video prediction layer: sec. 3.4 */
    {"p.c.input.weight", {DIM_3P, DIM_P, 3, 3}, PREDICT, ORTH},
    {"p.c.input.bias", {DIM_3P}, PREDICT, ZERO},
    {"p.c.hidden.weight", {DIM_3P, DIM_P, 3, 3}, PREDICT, ORTH},
    {"p.c.hidden.bias", {DIM_3P}, PREDICT, ZERO},
    {"p.h.input.weight0", {DIM_3P, DIM_P, 1, 1}, DIRECT, ORTH},
    {"p.h.input.weight1", {DIM_3P, DIM_P, 3, 1}, DIRECT, ORTH},
    {"p.h.input.bias", {DIM_3P}, DIRECT, ZERO},
    {"p.h.hidden.weight0", {DIM_3P, DIM_P, 1, 1}, DIRECT, ORTH},
    {"p.h.hidden.weight1", {DIM_3P, DIM_P, 3, 1}, DIRECT, ORTH},
    {"p.h.hidden.bias", {DIM_3P}, DIRECT, ZERO},
    {"p.v.input.weight0", {DIM_3P, DIM_P, 1, 1}, DIRECT, ORTH},
    {"p.v.input.weight1", {DIM_3P, DIM_P, 1, 3}, DIRECT, ORTH},
    {"p.v.input.bias", {DIM_3P}, DIRECT, ZERO},
    {"p.v.hidden.weight0", {DIM_3P, DIM_P, 1, 1}, DIRECT, ORTH},
    {"p.v.hidden.weight1", {DIM_3P, DIM_P, 1, 3}, DIRECT, ORTH},
    {"p.v.hidden.bias", {DIM_3P}, DIRECT, ZERO},
    /* eq. (4) */
    {"p.blend.weight", {DIM_P, DIM_X, 1, 1}, PREDICT, NORM},
    {"p.blend.bias", {DIM_P}, PREDICT, ZERO},
    {"p.mask.weight", {1, DIM_X, 1, 1}, PREDICT, NORM},
    {"p.mask.bias", {1}, PREDICT, ZERO},
};
/* clang-format on */

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

static int64_t dim_of(const s2vi_lm_config *c, int dim, int layer)
{
    switch (dim) {
    case DIM_B: return c->bands;
    case DIM_M: return motion_width(c);
    case DIM_3M: return 3 * motion_width(c);
    case DIM_Z: return (c->sac ? c->bands : 0) + motion_width(c);
    case DIM_C0: return channels(c, -1);
    case DIM_CIN: return channels(c, layer - 1);
    case DIM_COUT: return channels(c, layer);
    case DIM_P: return c->channels_min;
    case DIM_3P: return 3 * c->channels_min;
    case DIM_X:
        return c->channels_min * (c->prediction == S2VI_LM_DIRCONVGRU ? 5 : 1);
    default: return dim;
    }
}

/* How often a configuration has a row. */
static int repeats(const s2vi_lm_config *c, int when)
{
    if ((when & ACIN && !c->acin) || (when & AFFINE && c->acin) ||
        (when & NOISE && !c->noise) ||
        (when & RESIDUAL && c->connection != S2VI_LM_RESIDUAL) ||
        (when & SKIP && c->connection != S2VI_LM_SKIP) ||
        (when & NO_SKIP && c->connection == S2VI_LM_SKIP) ||
        (when & PREDICT && c->prediction == S2VI_LM_NO_PREDICTION) ||
        (when & DIRECT && c->prediction != S2VI_LM_DIRCONVGRU))
        return 0;
    return when & EACH_R ? c->motion_layers : when & EACH_G ? layers(c) : 1;
}

static void fill_param(const s2vi_lm_config *c, const row *r, int layer,
                       s2vi_param *p)
{
    s2vi_shape f = {0};
    for (; f.rank < 4 && r->dim[f.rank] != DIM_END; f.rank++)
        f.dim[f.rank] = dim_of(c, r->dim[f.rank], layer);
    snprintf(p->name, sizeof(p->name), r->name, layer);
    p->file_shape = p->shape = f;
    if (f.rank == 4)
        p->shape = S2VI_SHAPE(f.dim[0], f.dim[2], f.dim[3], f.dim[1]);
    p->init = r->init;
}

int s2vi_lm_params(const s2vi_lm_config *config, s2vi_param_list *list,
                   s2v_error *err)
{
    const size_t rows = sizeof(table) / sizeof(*table);
    int most = 0;
    for (size_t i = 0; i < rows; i++)
        most += repeats(config, table[i].when);
    *list =
        (s2vi_param_list){.param = calloc((size_t)most, sizeof(s2vi_param))};
    if (!list->param)
        return s2vi_error_nomem(err, "a model's parameters");
    for (size_t i = 0; i < rows; i++)
        for (int k = 0; k < repeats(config, table[i].when); k++)
            fill_param(config, &table[i], k, &list->param[list->count++]);
    return S2V_OK;
}

/* --------------------------------------------------------- recording -- */

typedef struct model {
    s2vi_graph *graph;
    const s2vi_lm_config *config;
    s2vi_param_list params;
    s2vi_lm_graph *out;
    int64_t T;
    bool plain;
} model;

/* The parameter of that name; `name` may hold a %d for the layer. */
static s2vi_node *param(const model *m, const char *name, int layer)
{
    char text[64];
    snprintf(text, sizeof(text), name, layer);
    const s2vi_param *p = s2vi_param_find(&m->params, text);
    s2vi_node *known = s2vi_graph_find(m->graph, text);
    if (!p)
        return s2vi_graph_mistake(m->graph, "no parameter '%s'", text);
    return known ? known
                 : s2vi_var(m->graph, S2VI_VAR_PARAM, p->name, p->shape);
}

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
    char name[32];
    s2vi_node *block[S2VI_LM_MAX_FRAMES],
        *w_hh = param(m, "r.layers.%d.weight_hh", l);
    s2vi_node *b_hh = param(m, "r.layers.%d.bias_hh", l);
    snprintf(name, sizeof(name), "r.layers.%d.state", l);
    s2vi_node *state =
        s2vi_var(m->graph, S2VI_VAR_STATE, name, S2VI_SHAPE(d, M));
    s2vi_node *a = s2vi_nn_linear(x, param(m, "r.layers.%d.weight_ih", l),
                                  param(m, "r.layers.%d.bias_ih", l));
    int n = 0;
    for (int64_t t = 0; t < m->T; t += d) {
        int64_t rows = m->T - t < d ? m->T - t : d;
        s2vi_node *h = s2vi_slice(n ? block[n - 1] : state, 0, 0, rows);
        block[n++] = s2vi_gru(s2vi_slice(a, 0, t, rows),
                              s2vi_nn_linear(h, w_hh, b_hh), h);
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
static s2vi_node *norm(const model *m, int i, int which, s2vi_node *x,
                       s2vi_node *f)
{
    char gamma_w[48], gamma_b[48], beta_w[48], beta_b[48];
    s2vi_node *gamma, *beta;
    if (m->config->acin) {
        snprintf(gamma_w, 48, "g.layers.%d.norm%d.gamma.weight", i, which);
        snprintf(gamma_b, 48, "g.layers.%d.norm%d.gamma.bias", i, which);
        snprintf(beta_w, 48, "g.layers.%d.norm%d.beta.weight", i, which);
        snprintf(beta_b, 48, "g.layers.%d.norm%d.beta.bias", i, which);
        gamma = s2vi_lrelu(
            s2vi_nn_linear(f, param(m, gamma_w, i), param(m, gamma_b, i)),
            SLOPE);
        beta = s2vi_lrelu(
            s2vi_nn_linear(f, param(m, beta_w, i), param(m, beta_b, i)), SLOPE);
    } else {
        snprintf(gamma_w, 48, "g.layers.%d.norm%d.weight", i, which);
        snprintf(beta_w, 48, "g.layers.%d.norm%d.bias", i, which);
        gamma = param(m, gamma_w, i);
        beta = param(m, beta_w, i);
    }
    return s2vi_nn_instance_norm(x, s2vi_nn_over_pixels(gamma),
                                 s2vi_nn_over_pixels(beta), EPS);
}

/* One plane of noise, scaled by a learned number a channel. */
static s2vi_node *inject(const model *m, int i, int which, s2vi_node *x)
{
    char name[48];
    if (!m->config->noise || !x)
        return x;
    snprintf(name, sizeof(name), "g.layers.%d.noise%d.scale", i, which);
    s2vi_node *plane =
        s2vi_normal(m->graph, (uint32_t)(2 * i + which),
                    S2VI_SHAPE(m->T, x->shape.dim[1], x->shape.dim[2], 1));
    s2vi_node *scale = s2vi_nn_over_pixels(param(m, name, i));
    return s2vi_add(x, s2vi_mul(plane, scale));
}

static s2vi_node *shortcut(const model *m, int i, s2vi_node *x)
{
    s2vi_node *w = param(m, "g.layers.%d.shortcut.weight", i);
    return m->plain ? s2vi_nn_conv2d(s2vi_nn_upsample2(x), w, NULL)
                    : s2vi_nn_upsample2(s2vi_nn_conv2d(x, w, NULL));
}

/* Figure 3a: x (T,n,n,Cin) -> (T,2n,2n,Cout). */
static s2vi_node *layer(const model *m, int i, s2vi_node *x, s2vi_node *f)
{
    s2vi_node *w1 = param(m, "g.layers.%d.conv1.weight", i);
    s2vi_node *w2 = param(m, "g.layers.%d.conv2.weight", i);
    /* A single frame's is left to a backend, which may do better. */
    const bool plain = m->plain || m->T == 1;
    s2vi_node *y = plain ? s2vi_nn_conv2d(s2vi_nn_upsample2(x), w1, NULL)
                         : s2vi_nn_upsample2_conv3x3(x, w1);
    y = s2vi_lrelu(norm(m, i, 1, inject(m, i, 1, y), f), SLOPE);
    y = s2vi_nn_conv2d(y, w2, NULL);
    y = norm(m, i, 2, inject(m, i, 2, y), f);
    if (m->config->connection == S2VI_LM_RESIDUAL)
        y = s2vi_add(y, shortcut(m, i, x));
    return s2vi_lrelu(y, SLOPE);
}

/* ----------------------------------- the video prediction layer, V^d -- */

/* Directions of motion, in X_t's order, eq. (3). */
typedef struct direction {
    const char *weights; /* whose parameters: opposite directions share */
    const char *state;
    int rows, columns; /* how far a tap's value moves; 0, 0: centred */
} direction;

static const direction directions[5] = {
    {"p.h", "p.h+.state", 0, 1},  {"p.h", "p.h-.state", 0, -1},
    {"p.c", "p.c.state", 0, 0},   {"p.v", "p.v+.state", 1, 0},
    {"p.v", "p.v-.state", -1, 0},
};

static s2vi_node *gate_param(const model *m, const direction *d,
                             const char *half, const char *what)
{
    char name[48];
    snprintf(name, sizeof(name), "%s.%s.%s", d->weights, half, what);
    return param(m, name, 0);
}

/* The directional convolution as the paper has it: a sum of kernels, the
 * k-th shifted k pixels. */
static s2vi_node *shifted_sum(const model *m, const direction *d,
                              const char *half, s2vi_node *x)
{
    s2vi_node *near = s2vi_nn_conv2d(x, gate_param(m, d, half, "weight0"),
                                     gate_param(m, d, half, "bias"));
    s2vi_node *far = s2vi_nn_conv2d(x, gate_param(m, d, half, "weight1"), NULL);
    return s2vi_add(near, s2vi_nn_shift(far, d->rows, d->columns));
}

/* The hidden half of a direction's gates, applied at each frame. */
typedef struct half {
    s2vi_node *w, *bias;
    s2vi_window window;
} half;

/* The directional kernels as one, two pixels deep along the direction: the
 * shifted taps are its first line where things move forward, its second where
 * they move backward. */
static half directional(const model *m, const direction *d, const char *which)
{
    const bool horizontal = d->columns != 0;
    const bool forward = d->rows + d->columns > 0;
    const int along = horizontal ? 1 : 0, across = 1 - along;
    int64_t one[4] = {0};
    one[1 + across] = 1;
    s2vi_node *near = s2vi_pad(gate_param(m, d, which, "weight0"), one, one);
    s2vi_node *far = gate_param(m, d, which, "weight1");
    s2vi_node *const lines[] = {forward ? far : near, forward ? near : far};
    half h = {.w = s2vi_concat(lines, 2, 1 + along),
              .bias = gate_param(m, d, which, "bias"),
              .window = {.rank = 2, .stride = {1, 1}}};
    h.window.pad_lo[across] = h.window.pad_hi[across] = 1;
    h.window.pad_lo[along] = forward;
    h.window.pad_hi[along] = !forward;
    return h;
}

static half centred(const model *m, const direction *d)
{
    return (half){
        .w = gate_param(m, d, "hidden", "weight"),
        .bias = gate_param(m, d, "hidden", "bias"),
        .window = {
            .rank = 2, .stride = {1, 1}, .pad_lo = {1, 1}, .pad_hi = {1, 1}}};
}

static bool is_centred(const direction *d)
{
    return !d->rows && !d->columns;
}

/* What the input halves of opposite directions share. */
typedef struct shared_half {
    const char *weights;
    s2vi_node *near, *far; /* (T,N,N,3P), not yet shifted */
} shared_half;

/* The input half of direction d over x: the pair's kernels once, then shifted
 * either way. `last` is what the previous direction left. A single frame's is
 * one convolution instead, for each direction its own, which a backend may
 * take into the cell: cheaper than to store what they share. */
static s2vi_node *input_half(const model *m, const direction *d, s2vi_node *x,
                             shared_half *last)
{
    if (is_centred(d))
        return s2vi_nn_conv2d(x, gate_param(m, d, "input", "weight"),
                              gate_param(m, d, "input", "bias"));
    if (m->plain)
        return shifted_sum(m, d, "input", x);
    if (m->T == 1) {
        half in = directional(m, d, "input");
        return s2vi_conv(x, in.w, in.bias, &in.window);
    }
    if (last->weights != d->weights)
        *last = (shared_half){
            .weights = d->weights,
            .near = s2vi_nn_conv2d(x, gate_param(m, d, "input", "weight0"),
                                   gate_param(m, d, "input", "bias")),
            .far =
                s2vi_nn_conv2d(x, gate_param(m, d, "input", "weight1"), NULL),
        };
    return s2vi_add(last->near, s2vi_nn_shift(last->far, d->rows, d->columns));
}

/* x^d (T,N,N,P): the recurrence of direction d, given its input half. */
static s2vi_node *predict(model *m, const direction *d, s2vi_node *a)
{
    s2vi_node *frame[S2VI_LM_MAX_FRAMES];
    const int64_t N = m->config->size, P = m->config->channels_min;
    const bool plain = m->plain && !is_centred(d);
    s2vi_node *state =
        s2vi_var(m->graph, S2VI_VAR_STATE, d->state, S2VI_SHAPE(1, N, N, P));
    s2vi_node *h = state;
    half hidden = {0};
    if (!plain)
        hidden = is_centred(d) ? centred(m, d) : directional(m, d, "hidden");
    for (int64_t t = 0; t < m->T; t++) {
        s2vi_node *b =
            plain ? shifted_sum(m, d, "hidden", h)
                  : s2vi_conv(h, hidden.w, hidden.bias, &hidden.window);
        h = frame[t] = s2vi_gru(s2vi_slice(a, 0, t, 1), b, h);
    }
    carry(m, state, h);
    return s2vi_concat(frame, (int)m->T, 0);
}

/* eq. (4): x'' = a x + (1 - a) x'. */
static s2vi_node *blend(const model *m, s2vi_node *x, s2vi_node *X)
{
    s2vi_node *xp = s2vi_nn_conv2d(X, param(m, "p.blend.weight", 0),
                                   param(m, "p.blend.bias", 0));
    s2vi_node *a = s2vi_sigmoid(s2vi_nn_conv2d(X, param(m, "p.mask.weight", 0),
                                               param(m, "p.mask.bias", 0)));
    return s2vi_add(xp, s2vi_mul(a, s2vi_sub(x, xp)));
}

static s2vi_node *prediction(model *m, s2vi_node *x)
{
    s2vi_node *part[5];
    shared_half pair = {0};
    int n = 0;
    if (m->config->prediction == S2VI_LM_NO_PREDICTION)
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
    s2vi_node *rgb = s2vi_nn_conv2d(x, param(m, "g.layers.%d.rgb.weight", i),
                                    param(m, "g.layers.%d.rgb.bias", i));
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
    x = s2vi_nn_conv2d(x, param(m, "g.input.weight", 0),
                       param(m, "g.input.bias", 0));
    for (int i = 0; i < L; i++) {
        x = m->out->layer[i] = layer(m, i, x, f);
        if (i == L - 1)
            x = m->out->predicted = prediction(m, x);
        if (skip)
            rgb = rgb_skip(m, i, x, rgb);
    }
    if (!skip)
        rgb = s2vi_nn_conv2d(x, param(m, "g.rgb.weight", 0),
                             param(m, "g.rgb.bias", 0));
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
               .plain = options->plain};
    *out = (s2vi_lm_graph){0};
    if (m.T < 1 || m.T > S2VI_LM_MAX_FRAMES)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a sequence of %d frames, "
                          "expected 1 to %d",
                          options->frames, S2VI_LM_MAX_FRAMES);
    int ret = s2vi_lm_params(config, &m.params, err);
    if (ret < 0)
        return ret;
    out->features =
        s2vi_input(graph, "features", S2VI_SHAPE(m.T, config->bands));
    out->motion = motion(&m, out->features);
    out->video = generate(&m, out->features, out->motion);
    s2vi_param_list_close(&m.params);
    return s2vi_graph_status(graph, err);
}
