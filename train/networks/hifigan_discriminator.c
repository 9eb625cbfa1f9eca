/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HiFi-GAN: the multi-period and the multi-scale discriminator, and the losses
 * of
 *   J. Kong, J. Kim, J. Bae, "HiFi-GAN: Generative Adversarial Networks for
 *   Efficient and High Fidelity Speech Synthesis", NeurIPS 2020, sec. 2.3-2.4.
 *
 * Shapes: n pieces of audio, L samples, C channels. Memory is channels last:
 * MSD's (n,L,C), MPD's (n,L/p,p,C).
 *
 * Choices and deviations, where the paper is silent or contradicts itself:
 * - Sizes of kernels, strides and groups are those of the authors' published
 *   weights. MPD: four convolutions of 5 taps and stride 3, one of stride 1.
 *   MSD: 15 taps; four of 41 taps in 4 or 16 groups, strides 2, 2, 4, 4; one
 *   of stride 1; 5 taps. All end in a convolution of 3 taps to one channel.
 * - MPD's audio is filled up to whole periods by reflection; MSD's scales are
 *   means of 4 samples, 2 apart, zero padded by 2.
 * - A piece's features are every layer's result after its leaky ReLU (0.1),
 *   and the decision map itself.
 * - Weight norm is recorded: w = g v / ||v||, gains g start from 1. The first
 *   scale has spectral norm instead: w / sigma, sigma by one step of the power
 *   iteration from the kept vector u in every loss; only the discriminators'
 *   loss moves u on.
 * - Real and generated pieces are one batch.
 * - L_mel counts the windows that lie in the piece; natural logarithm, at
 *   least of 1e-5.
 * - Weights start from U(-1, 1) / sqrt(inputs), biases from 0, u from 1.
 */
#include "networks/hifigan_discriminator.h"

#include "nn/sequence.h"

#include <math.h>

#define SLOPE     0.1
#define TINY      1e-12 /* least norm that is divided by */
#define MAGNITUDE 1e-9  /* under the root of a magnitude */
#define LEAST     1e-5  /* mel magnitude that is told from silence */
#define FAINT     1e-3  /* the same of a bin's: 108 dB below a full sine's */

/* ------------------------------------------------------------- layers -- */

typedef struct layer {
    int cin, cout, kernel, stride, groups;
} layer;

enum {
    PERIODS = 5,
    SCALES = 3,
    MPD_LAYERS = 6,
    MSD_LAYERS = 8, /* both with the decision */
    MAX_LAYERS = 8,
};

static const int periods[PERIODS] = {2, 3, 5, 7, 11};

static const layer mpd[MPD_LAYERS] = {
    {1, 32, 5, 3, 1},     {32, 128, 5, 3, 1},    {128, 512, 5, 3, 1},
    {512, 1024, 5, 3, 1}, {1024, 1024, 5, 1, 1}, {1024, 1, 3, 1, 1},
};

static const layer msd[MSD_LAYERS] = {
    {1, 128, 15, 1, 1},    {128, 128, 41, 2, 4},   {128, 256, 41, 2, 16},
    {256, 512, 41, 4, 16}, {512, 1024, 41, 4, 16}, {1024, 1024, 41, 1, 16},
    {1024, 1024, 5, 1, 1}, {1024, 1, 3, 1, 1},
};

/* A convolution's weight under weight norm, v and g, or under spectral norm,
 * v and u. */
typedef struct weights {
    s2vi_node *v, *g, *u, *bias;
} weights;

/* A discriminator: which one of which kind. */
typedef struct judge {
    bool period; /* of MPD; else of MSD */
    int index;
    const layer *layers;
    int count;
    weights weights[MAX_LAYERS];
} judge;

static judge judge_at(int i)
{
    return i < PERIODS ? (judge){true, i, mpd, MPD_LAYERS, {{0}}}
                       : (judge){false, i - PERIODS, msd, MSD_LAYERS, {{0}}};
}

/* The first scale's, which sees the raw audio. */
static bool is_spectral(const judge *j)
{
    return !j->period && j->index == 0;
}

/* --------------------------------------------------------- parameters -- */

static int divided(int channels, int by)
{
    return channels > 1 ? channels / by : channels;
}

typedef struct model {
    judge judges[PERIODS + SCALES];
    s2vi_hifigan_critic *critic; /* gets the updates; or NULL */
} model;

/* In the scope of the layer. */
static void declare_layer(const s2vi_scope *in, judge *j, int l, int by)
{
    weights *w = &j->weights[l];
    const layer *y = &j->layers[l];
    const int64_t cout = divided(y->cout, by);
    const int64_t cin = divided(y->cin, by) / y->groups;
    const s2vi_shape each = S2VI_SHAPE(cout);
    s2vi_shape v = S2VI_SHAPE(cout, cin, y->kernel);
    s2vi_shape g = S2VI_SHAPE(cout, 1, 1);
    if (j->period)
        v.dim[v.rank++] = g.dim[g.rank++] = 1;
    if (is_spectral(j)) {
        w->v = s2vi_declare(in, v, S2VI_INIT_UNIFORM, "weight_orig");
        w->u = s2vi_declare_buffer(in, each, S2VI_INIT_ONE, "weight_u");
    } else {
        w->g = s2vi_declare(in, g, S2VI_INIT_ONE, "weight_g");
        w->v = s2vi_declare(in, v, S2VI_INIT_UNIFORM, "weight_v");
    }
    w->bias = s2vi_declare(in, each, S2VI_INIT_ZERO, "bias");
}

static void declare_judge(const s2vi_scope *scope, judge *j, int by)
{
    for (int l = 0; l < j->count; l++) {
        const s2vi_scope in = l + 1 < j->count
                                  ? s2vi_scope_in(scope, "convs.%d", l)
                                  : s2vi_scope_in(scope, "conv_post");
        declare_layer(&in, j, l, by);
    }
}

static void declare(const s2vi_scope *scope,
                    const s2vi_hifigan_disc_config *config, model *m)
{
    for (int i = 0; i < PERIODS + SCALES; i++) {
        judge *j = &m->judges[i];
        *j = judge_at(i);
        const s2vi_scope in = s2vi_scope_in(
            scope, "%s.discriminators.%d", j->period ? "mpd" : "msd", j->index);
        declare_judge(&in, j, config->divide);
    }
}

static int check_config(const s2vi_hifigan_disc_config *config, s2v_error *err)
{
    const int by = config->divide;
    if (by < 1 || by > 8 || by & (by - 1))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "hifigan discriminators: channels divided by %d, "
                          "expected 1, 2, 4 or 8",
                          by);
    return S2V_OK;
}

int s2vi_hifigan_disc_params(const s2vi_hifigan_disc_config *config,
                             s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    model m;
    int ret = check_config(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.list = list}, config, &m);
    return s2vi_param_list_end(list, before, err);
}

/* ------------------------------------------------------------ weights -- */

/* g v / ||v||, a norm for each output. */
static s2vi_node *weight_norm(s2vi_node *v, s2vi_node *g)
{
    if (!v)
        return NULL;
    const uint32_t inputs = (1u << v->shape.rank) - 2;
    s2vi_node *square = s2vi_sum(s2vi_square(v), inputs);
    return s2vi_mul(v, s2vi_mul(g, s2vi_rsqrt(square)));
}

/* x / ||x||; x a matrix of one row or column. */
static s2vi_node *unit(s2vi_node *x)
{
    s2vi_node *norm = s2vi_sqrt(s2vi_sum(s2vi_square(x), 3));
    if (!norm)
        return NULL;
    s2vi_node *least = s2vi_fill(x->graph, TINY, norm->shape);
    return s2vi_mul(x, s2vi_recip(s2vi_max(norm, least)));
}

/* w / sigma(w) (Miyato et al. 2018, algorithm 1); u goes on for `critic`. */
static s2vi_node *spectral_norm(s2vi_node *w, s2vi_node *u,
                                s2vi_hifigan_critic *critic)
{
    if (!w || !u)
        return NULL;
    const int64_t cout = w->shape.dim[0];
    const int64_t inputs = s2vi_shape_count(&w->shape) / cout;
    s2vi_node *matrix = s2vi_reshape(w, S2VI_SHAPE(cout, inputs));
    s2vi_node *still = s2vi_detach(matrix);
    s2vi_node *row = s2vi_reshape(s2vi_detach(u), S2VI_SHAPE(1, cout));
    s2vi_node *v = unit(s2vi_matmul(row, still, false, false));
    s2vi_node *next = unit(s2vi_matmul(v, still, false, true)); /* (1,cout) */
    s2vi_node *sigma = s2vi_matmul(s2vi_matmul(next, matrix, false, false), v,
                                   false, true); /* (1,1) */
    if (critic && next)
        critic->update[critic->n_updates++] =
            s2vi_assign(u, s2vi_reshape(next, u->shape));
    return s2vi_reshape(s2vi_mul(matrix, s2vi_recip(sigma)), w->shape);
}

/* ----------------------------------------------------- discriminators -- */

/* Audio as an image, a period wide: (n,L,1) -> (n,L/p,p,1), filled up by
 * reflection. */
static s2vi_node *fold(s2vi_node *x, int p)
{
    const int64_t n = x->shape.dim[0], L = x->shape.dim[1];
    const int more = (int)((p - L % p) % p);
    s2vi_node *parts[12] = {x};
    for (int i = 0; i < more; i++)
        parts[1 + i] = s2vi_slice(x, 1, L - 2 - i, 1);
    return s2vi_reshape(s2vi_concat(parts, 1 + more, 1),
                        S2VI_SHAPE(n, (L + more) / p, p, 1));
}

/* Half as many samples, for the next scale. */
static s2vi_node *mean_pool(s2vi_node *x)
{
    if (!x)
        return NULL;
    const s2vi_layer mean = {
        .weight = s2vi_fill(x->graph, 0.25, S2VI_SHAPE(1, 4, 1))};
    return s2vi_nn_conv1d(x, mean, 2, 2);
}

static s2vi_node *convolve(const model *m, const judge *j, int l, s2vi_node *x)
{
    const layer *y = &j->layers[l];
    const weights *w = &j->weights[l];
    const s2vi_layer conv = {is_spectral(j)
                                 ? spectral_norm(w->v, w->u, m->critic)
                                 : weight_norm(w->v, w->g),
                             w->bias};
    const s2vi_window down = {.rank = 2,
                              .stride = {y->stride, 1},
                              .pad_lo = {y->kernel / 2},
                              .pad_hi = {y->kernel / 2}};
    return j->period ? s2vi_conv(x, conv.weight, conv.bias, &down)
                     : s2vi_nn_conv1d_grouped(x, conv, y->groups, y->stride,
                                              y->kernel / 2);
}

/* Every layer's result, of audio (n,L,1), already at its scale. */
static void features(const model *m, const judge *j, s2vi_node *x,
                     s2vi_node *out[MAX_LAYERS])
{
    if (j->period)
        x = fold(x, periods[j->index]);
    for (int l = 0; l < j->count; l++) {
        x = convolve(m, j, l, x);
        if (l + 1 < j->count)
            x = s2vi_lrelu(x, SLOPE);
        out[l] = x;
    }
}

/* -------------------------------------------------------------- losses -- */

/* The first or second half of the pieces. */
static s2vi_node *half(s2vi_node *x, int second)
{
    return x ? s2vi_slice(x, 0, second * x->shape.dim[0] / 2,
                          x->shape.dim[0] / 2)
             : NULL;
}

static s2vi_node *distance(s2vi_node *d, double target)
{
    return s2vi_mean_all(s2vi_square(s2vi_affine(d, 1, -target)));
}

static s2vi_node *plus(s2vi_node *sum, s2vi_node *x)
{
    return sum ? s2vi_add(sum, x) : x;
}

static int check(s2vi_graph *graph, const s2vi_hifigan_loss_inputs *inputs,
                 s2v_error *err)
{
    const s2vi_node *x = inputs->real;
    int ret = check_config(&inputs->config, err);
    if (ret < 0)
        return ret;
    if (!x || !inputs->fake ||
        !s2vi_shape_equal(&x->shape, &inputs->fake->shape) ||
        x->shape.rank != 3 || x->shape.dim[1] < 64 || x->shape.dim[2] != 1)
        s2vi_graph_mistake(graph, "hifigan discriminators: not two audios "
                                  "(n,L,1) of at least 64 samples");
    return s2vi_graph_status(graph, err);
}

/* All eight judge `both`, real pieces and as many generated ones; called with
 * each one's features. */
typedef void (*verdict)(void *opaque, const judge *j,
                        s2vi_node *const features[MAX_LAYERS]);

static void judge_all(const model *m, s2vi_node *both, verdict tell,
                      void *opaque)
{
    s2vi_node *scaled = both;
    for (int i = 0; both && i < PERIODS + SCALES; i++) {
        s2vi_node *f[MAX_LAYERS];
        const judge *j = &m->judges[i];
        if (!j->period && j->index > 0)
            scaled = mean_pool(scaled);
        features(m, j, scaled, f);
        tell(opaque, j, f);
    }
}

static void tell_critic(void *opaque, const judge *j,
                        s2vi_node *const f[MAX_LAYERS])
{
    s2vi_hifigan_critic *out = opaque;
    s2vi_node *d = f[j->count - 1];
    out->real = plus(out->real, distance(half(d, 0), 1));
    out->fake = plus(out->fake, distance(half(d, 1), 0));
}

int s2vi_hifigan_loss_discriminators(s2vi_graph *graph,
                                     const s2vi_hifigan_loss_inputs *inputs,
                                     s2vi_hifigan_critic *out, s2v_error *err)
{
    model m = {.critic = out};
    *out = (s2vi_hifigan_critic){0};
    int ret = check(graph, inputs, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, &inputs->config, &m);
    s2vi_node *const both[] = {s2vi_detach(inputs->real),
                               s2vi_detach(inputs->fake)};
    judge_all(&m, s2vi_concat(both, 2, 0), tell_critic, out);
    out->loss = s2vi_add(out->real, out->fake); /* (1) */
    return s2vi_graph_status(graph, err);
}

static void tell_generator(void *opaque, const judge *j,
                           s2vi_node *const f[MAX_LAYERS])
{
    s2vi_hifigan_generator_loss *out = opaque;
    out->adversarial =
        plus(out->adversarial, distance(half(f[j->count - 1], 1), 1)); /* (2) */
    for (int l = 0; l < j->count; l++) {
        s2vi_node *step = s2vi_sub(s2vi_detach(half(f[l], 0)), half(f[l], 1));
        out->features =
            plus(out->features, s2vi_mean_all(s2vi_abs(step))); /* (4) */
    }
}

int s2vi_hifigan_loss_generator(s2vi_graph *graph,
                                const s2vi_hifigan_loss_inputs *inputs,
                                s2vi_hifigan_generator_loss *out,
                                s2v_error *err)
{
    model m = {.critic = NULL};
    *out = (s2vi_hifigan_generator_loss){0};
    int ret = check(graph, inputs, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, &inputs->config, &m);
    s2vi_node *const both[] = {s2vi_detach(inputs->real), inputs->fake};
    judge_all(&m, s2vi_concat(both, 2, 0), tell_generator, out);
    out->loss =
        s2vi_add(out->adversarial,
                 s2vi_scale(out->features, S2VI_HIFIGAN_LAMBDA_FEATURES));
    return s2vi_graph_status(graph, err);
}

/* ------------------------------------------------------ mel spectrogram -- */

/* Magnitudes of all bins: (n,T,size/2 + 1) */
static s2vi_node *magnitudes(s2vi_node *audio, s2vi_node *basis, int hop)
{
    s2vi_node *parts =
        s2vi_nn_conv1d(audio, (s2vi_layer){.weight = basis}, hop, 0);
    if (!parts)
        return NULL;
    const int64_t bins = parts->shape.dim[2] / 2;
    s2vi_node *power = s2vi_add(s2vi_square(s2vi_slice(parts, 2, 0, bins)),
                                s2vi_square(s2vi_slice(parts, 2, bins, bins)));
    return s2vi_sqrt(s2vi_affine(power, 1, MAGNITUDE));
}

static s2vi_node *ln_from(s2vi_node *x, double least)
{
    return x ? s2vi_ln(s2vi_max(
                   x, s2vi_fill(x->graph, (float)least, S2VI_SHAPE(1, 1, 1))))
             : NULL;
}

static s2vi_node *difference(s2vi_node *real, s2vi_node *fake)
{
    return s2vi_mean_all(s2vi_abs(s2vi_sub(s2vi_detach(real), fake)));
}

s2vi_node *s2vi_hifigan_loss_mel(s2vi_node *real, s2vi_node *fake,
                                 s2vi_node *basis, s2vi_node *filters, int hop)
{
    const s2vi_layer mel = {.weight = filters};
    s2vi_node *x = s2vi_nn_columns(magnitudes(real, basis, hop), mel);
    s2vi_node *y = s2vi_nn_columns(magnitudes(fake, basis, hop), mel);
    return difference(ln_from(x, LEAST), ln_from(y, LEAST)); /* (3) */
}

s2vi_node *s2vi_hifigan_loss_bins(s2vi_node *real, s2vi_node *fake,
                                  s2vi_node *basis, int hop)
{
    s2vi_node *x = magnitudes(real, basis, hop);
    s2vi_node *y = magnitudes(fake, basis, hop);
    return s2vi_add(difference(ln_from(x, FAINT), ln_from(y, FAINT)),
                    difference(x, y));
}

void s2vi_hifigan_fourier(int size, float *basis)
{
    const int bins = size / 2 + 1;
    const double tau = 6.283185307179586476925;
    for (int k = 0; k < bins; k++)
        for (int t = 0; t < size; t++) {
            const double hann = 0.5 - 0.5 * cos(tau * t / size);
            const double angle = tau * ((int64_t)k * t % size) / size;
            basis[k * size + t] = (float)(hann * cos(angle));
            basis[(bins + k) * size + t] = (float)(-hann * sin(angle));
        }
}
