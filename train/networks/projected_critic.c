/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Projected critics:
 *   A. Sauer, K. Chitta, J. Mueller, A. Geiger, "Projected GANs Converge
 *   Faster", NeurIPS 2021.
 *
 * Shapes: n pictures; F_l (n,r_l,r_l,C_l), features of depth l = 0 .. 3 of the
 * image network phi, which does not learn; M = 64 channels.
 *
 *   G_l = mix_l(F_l), cross-channel mixing: 1x1 convolution to M channels
 *   H_3 = spread_3(G_3), cross-scale mixing, from coarse to fine:
 *   H_l = spread_l(G_l + up(H_{l+1})), 3x3 convolution; up: bilinear
 *   D_l(H_l): blocks of a 4x4 convolution of stride 2, batch norm and leaky
 *             ReLU, until r = r_3; then a 4x4 convolution to one logit a place
 *
 * mix and spread are random and fixed. The discriminators' convolutions have
 * spectral norm (Miyato et al. 2018): W / sigma, with one step of the power
 * iteration in each step of the discriminators.
 *
 *   L_D = sum_l mean max(0, 1 - D_l(x)) + mean max(0, 1 + D_l(G(z)))
 *   L_G = -sum_l mean D_l(G(z))                          (eq. 4, as a hinge)
 *
 * Choices:
 * - Depths are the last four sides of phi's maps, of each the last layer that
 *   LPIPS takes: relu1, fire4, fire7 and fire12 of SqueezeNet.
 * - Pictures are not scaled up to phi's usual size.
 * - M is the same at all depths, and D_l has at most 256 channels: the
 *   published code has 64 to 512.
 * - Where r_3 is less than 4, the last convolution is of that size.
 * - Classes: M logits a place, weighted by a linear map of the class
 *   (projection), 1 / sqrt(M).
 */
#include "networks/projected_critic.h"

#include "base/error.h"
#include "graph/build.h"
#include "nn/equalised.h"
#include "nn/nn.h"
#include "nn/sequence.h"

#include <math.h>
#include <stdio.h>

enum {
    DEPTHS = S2VI_PROJECTED_DEPTHS,
    DOWN = S2VI_PROJECTED_DOWN,
    M = 64,
    MOST = 256, /* channels */
    KERNEL = 4,
};

static const double slope = 0.2, batch_eps = 1e-5, spectral_eps = 1e-12;

/* A convolution with spectral norm: u (Cout) nears its first left singular
 * vector. */
typedef struct spectral {
    s2vi_node *weight, *u;
} spectral;

typedef struct discriminator {
    int n_down;
    spectral down[DOWN];
    s2vi_layer norm[DOWN];
    spectral out;
    s2vi_layer classes;
} discriminator;

typedef struct network {
    s2vi_node *mix[DEPTHS], *spread[DEPTHS]; /* weights */
    discriminator d[DEPTHS];
} network;

static int last_side(const s2vi_projected_config *c)
{
    return c->side[c->depths - 1];
}

static spectral declare_spectral(const s2vi_scope *scope, int cout, int cin,
                                 int k, const char *name)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", name);
    return (spectral){
        .weight = s2vi_declare(&in, S2VI_SHAPE(cout, cin, k, k),
                               S2VI_INIT_UNIFORM, "weight"),
        .u = s2vi_declare_buffer(&in, S2VI_SHAPE(cout), S2VI_INIT_UNIT, "u")};
}

static void declare_discriminator(const s2vi_scope *scope,
                                  const s2vi_projected_config *c, int depth,
                                  discriminator *d)
{
    const int end = last_side(c), k = end < KERNEL ? end : KERNEL;
    int channels = M;
    *d = (discriminator){0};
    for (int side = c->side[depth]; side > end && d->n_down < DOWN; side /= 2) {
        const int i = d->n_down++,
                  out = 2 * channels < MOST ? 2 * channels : MOST;
        char name[16];
        snprintf(name, sizeof(name), "down%d", i);
        d->down[i] = declare_spectral(scope, out, channels, KERNEL, name);
        d->norm[i] = s2vi_declare_norm(scope, out, "norm%d", i);
        channels = out;
    }
    d->out = declare_spectral(scope, c->classes ? M : 1, channels, k, "out");
    if (c->classes)
        d->classes = s2vi_declare_layer(scope, S2VI_SHAPE(M, c->classes),
                                        S2VI_INIT_UNIT, M, "classes");
}

static void declare(const s2vi_scope *scope, const s2vi_projected_config *c,
                    network *n)
{
    const s2vi_scope critic = s2vi_scope_in(scope, "critic");
    for (int l = 0; l < c->depths; l++) {
        const s2vi_scope in = s2vi_scope_in(&critic, "d%d", l);
        n->mix[l] =
            s2vi_declare_buffer(&critic, S2VI_SHAPE(M, c->channels[l], 1, 1),
                                S2VI_INIT_UNIT, "mix%d.weight", l);
        n->spread[l] =
            s2vi_declare_buffer(&critic, S2VI_SHAPE(M, M, 3, 3), S2VI_INIT_UNIT,
                                "spread%d.weight", l);
        declare_discriminator(&in, c, l, &n->d[l]);
    }
}

int s2vi_projected_critic_params(const s2vi_projected_config *config,
                                 s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    network n;
    declare(&(s2vi_scope){.list = list}, config, &n);
    return s2vi_param_list_end(list, before, err);
}

/* -------------------------------------------------------------- depths -- */

/* Sides of phi's maps are seen by recording it. */
int s2vi_projected_config_of(s2vi_projected_config *config,
                             const s2vi_perceptual *phi, int size, int classes,
                             s2v_error *err)
{
    s2vi_node *features[S2VI_PERCEPTUAL_MAX_LAYERS] = {NULL};
    const int last = s2vi_perceptual_layers(phi) - 1;
    s2vi_graph *graph = s2vi_graph_create();
    if (!graph)
        return s2vi_error_nomem(err, "a critic");
    s2vi_node *x = s2vi_input(graph, "x", S2VI_SHAPE(1, size, size, 3));
    s2vi_perceptual_record(phi, graph, x, last, features);
    const int ret = s2vi_graph_status(graph, err);
    int above = 0; /* the side of the one before */
    *config = (s2vi_projected_config){.classes = classes};
    for (int i = last; i >= 0 && !ret && config->depths < DEPTHS; i--) {
        const int side = (int)features[i]->shape.dim[1];
        if (side <= above)
            continue;
        above = side;
        for (int k = config->depths++; k > 0; k--) {
            config->layer[k] = config->layer[k - 1];
            config->side[k] = config->side[k - 1];
            config->channels[k] = config->channels[k - 1];
        }
        config->layer[0] = i;
        config->side[0] = side;
        config->channels[0] = s2vi_perceptual_layer_channels(phi, i);
    }
    s2vi_graph_close(&graph);
    return ret;
}

/* -------------------------------------------------------------- layers -- */

/* x / |x| of all its numbers. */
static s2vi_node *unit(s2vi_node *x)
{
    s2vi_node *power = s2vi_sum(s2vi_square(x), 1u << 0 | 1u << 1);
    return s2vi_mul(x, s2vi_rsqrt(s2vi_affine(power, 1, spectral_eps)));
}

/* W / sigma, sigma = u^T W v, where u and v are constants to the gradient. */
static s2vi_node *normalised(spectral s, s2vi_projected_critic *out)
{
    if (!s.weight || !s.u)
        return NULL;
    const int64_t rows = s.weight->shape.dim[0];
    const int64_t columns = s2vi_shape_count(&s.weight->shape) / rows;
    s2vi_node *w = s2vi_reshape(s.weight, S2VI_SHAPE(rows, columns));
    s2vi_node *constant = s2vi_detach(w);
    s2vi_node *u = s2vi_reshape(s.u, S2VI_SHAPE(1, rows));
    s2vi_node *v = unit(s2vi_matmul(u, constant, false, false));
    u = unit(s2vi_matmul(v, constant, false, true));
    s2vi_node *sigma = s2vi_sum(s2vi_mul(s2vi_matmul(v, w, false, true), u),
                                1u << 0 | 1u << 1);
    if (!sigma)
        return NULL;
    out->effect[out->n_effects++] =
        s2vi_assign(s.u, s2vi_reshape(u, S2VI_SHAPE(rows)));
    return s2vi_mul(s.weight,
                    s2vi_recip(s2vi_reshape(sigma, S2VI_SHAPE(1, 1, 1, 1))));
}

static s2vi_node *convolve(s2vi_node *x, s2vi_node *weight, int stride, int pad)
{
    const s2vi_window window = {.rank = 2,
                                .stride = {stride, stride},
                                .pad_lo = {pad, pad},
                                .pad_hi = {pad, pad}};
    return s2vi_conv(x, weight, NULL, &window);
}

/* The projections, from coarse to fine. */
static void project(const network *net, const s2vi_projected_config *c,
                    s2vi_node *const *features, s2vi_projected_critic *out)
{
    s2vi_node *above = NULL;
    for (int l = c->depths - 1; l >= 0; l--) {
        s2vi_node *x = convolve(features[c->layer[l]],
                                s2vi_nn_equalised_weight(net->mix[l]), 1, 0);
        if (above)
            x = s2vi_add(x, s2vi_nn_resize_bilinear(above, c->side[l],
                                                    c->side[l], true));
        above = out->mixed[l] =
            convolve(x, s2vi_nn_equalised_weight(net->spread[l]), 1, 1);
    }
}

static s2vi_node *judge(const discriminator *d, s2vi_node *x,
                        s2vi_node *classes, s2vi_projected_critic *out)
{
    for (int i = 0; i < d->n_down; i++) {
        x = convolve(x, normalised(d->down[i], out), 2, 1);
        x = s2vi_nn_batch_norm(x, d->norm[i], batch_eps, NULL, NULL);
        x = s2vi_lrelu(x, slope);
    }
    x = convolve(x, normalised(d->out, out), 1, 0);
    if (!classes || !x)
        return x;
    s2vi_node *m = s2vi_nn_equalised(classes, d->classes, 1);
    m = s2vi_reshape(m, S2VI_SHAPE(x->shape.dim[0], 1, 1, M));
    return s2vi_scale(s2vi_sum(s2vi_mul(x, m), 1u << 3), 1 / sqrt(M));
}

int s2vi_projected_critic_build(s2vi_graph *graph,
                                const s2vi_projected_config *config,
                                const s2vi_perceptual *phi, s2vi_node *images,
                                s2vi_node *classes, s2vi_projected_critic *out,
                                s2v_error *err)
{
    s2vi_node *features[S2VI_PERCEPTUAL_MAX_LAYERS] = {NULL};
    const int last = config->layer[config->depths - 1];
    network net;
    declare(&(s2vi_scope){.graph = graph}, config, &net);
    *out = (s2vi_projected_critic){0};
    s2vi_perceptual_record(phi, graph, images, last, features);
    project(&net, config, features, out);
    for (int l = 0; l < config->depths; l++)
        out->logits[l] = judge(&net.d[l], out->mixed[l], classes, out);
    return s2vi_graph_status(graph, err);
}

/* ---------------------------------------------------------------- loss -- */

/* The sum over the depths of means of factor x + offset, or 0 below 0. */
static s2vi_node *sum_of(const s2vi_projected_critic *critic, double factor,
                         double offset, bool hinge)
{
    s2vi_node *sum = NULL;
    for (int l = 0; l < DEPTHS && critic->logits[l]; l++) {
        s2vi_node *x = s2vi_affine(critic->logits[l], factor, offset);
        x = s2vi_mean_all(hinge ? s2vi_lrelu(x, 0) : x);
        sum = sum ? s2vi_add(sum, x) : x;
    }
    return sum;
}

s2vi_node *s2vi_projected_critic_loss(const s2vi_projected_critic *critic,
                                      bool real)
{
    return sum_of(critic, real ? -1 : 1, 1, true);
}

s2vi_node *s2vi_projected_generator_loss(const s2vi_projected_critic *critic)
{
    return sum_of(critic, -1, 0, false);
}

s2vi_node *s2vi_projected_mean(const s2vi_projected_critic *critic)
{
    int n = 0;
    while (n < DEPTHS && critic->logits[n])
        n++;
    return s2vi_scale(sum_of(critic, 1, 0, false), n ? 1.0 / n : 0);
}
