/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The losses of "Multi Modal Adaptive Normalization for Audio to Video
 * Generation" (section 3.5, eq. 3 to 5).
 *
 * Shapes: n frames; N side of the picture; P side, G channels of the geometry.
 *
 * Choices, where the paper leaves it open or errs:
 * - `gan`: eq. (3) and (4) with D(G) for the misprinted D(1 - G), on logits and
 *   not saturating for the generator; or the hinge or least squares instead.
 *   Means over all decisions of a scale, then over the scales.
 * - The logits of the discriminators' CAM get the same loss, with weight 1.
 * - Feature matching: mean absolute differences, summed over the four maps of a
 *   scale; the mean over the scales.
 * - Perceptual: mean absolute differences of the features of a classifier's
 *   layers, weighted 1 (the last), 1/4, 1/8, ... (the first); without a
 *   classifier, multi-scale L1.
 * - Eq. (5) is a mean of absolute values; the upper half counts, too, for less.
 * - Flow and maps: mean squares, a map that is not seen being 0 in the mean.
 */
#include "man_loss.h"

#include "loss.h"
#include "nn/nn.h"

/* Of the contours, data/face_maps.h: four of the lids, four of the lips. */
enum { FIRST = 6, COUNT = 8 };

const char *const s2vi_man_term_names[S2VI_MAN_TERMS] = {
    "gan",   "cam",  "features", "perceptual", "lower",
    "upper", "flow", "maps",     "kl",         "mouth"};

const double s2vi_man_term_weights[S2VI_MAN_TERMS] = {1,  1,  10, 10,   100,
                                                      25, 10, 50, 0.01, 1};

/* ---------------------------------------------------------- GAN losses -- */

static s2vi_node *relu(s2vi_node *x)
{
    return s2vi_lrelu(x, 0.0);
}

/* What predictions p cost the discriminator where the frames are real. */
static s2vi_node *gan_real(s2vi_man_gan kind, s2vi_node *p)
{
    switch (kind) {
    case S2VI_MAN_HINGE: return s2vi_mean_all(relu(s2vi_affine(p, -1.0, 1.0)));
    case S2VI_MAN_LOG: return s2vi_mean_all(s2vi_softplus(s2vi_scale(p, -1.0)));
    default: return s2vi_mean_all(s2vi_square(s2vi_affine(p, 1.0, -1.0)));
    }
}

/* Where they are generated. */
static s2vi_node *gan_fake(s2vi_man_gan kind, s2vi_node *p)
{
    switch (kind) {
    case S2VI_MAN_HINGE: return s2vi_mean_all(relu(s2vi_affine(p, 1.0, 1.0)));
    case S2VI_MAN_LOG: return s2vi_mean_all(s2vi_softplus(p));
    default: return s2vi_mean_all(s2vi_square(p));
    }
}

/* What they cost the generator. */
static s2vi_node *gan_generator(s2vi_man_gan kind, s2vi_node *p)
{
    return kind == S2VI_MAN_HINGE ? s2vi_scale(s2vi_mean_all(p), -1.0)
                                  : gan_real(kind, p);
}

static s2vi_node *plus(s2vi_node *sum, s2vi_node *x)
{
    return sum ? s2vi_add(sum, x) : x;
}

static s2vi_node *l1(s2vi_node *a, s2vi_node *b)
{
    return s2vi_mean_all(s2vi_abs(s2vi_sub(a, b)));
}

/* ------------------------------------------------------- discriminators -- */

/* The first or second half of the frames. */
static s2vi_node *half(s2vi_node *x, int second)
{
    return x ? s2vi_slice(x, 0, second * x->shape.dim[0] / 2,
                          x->shape.dim[0] / 2)
             : NULL;
}

static s2vi_node *tell_apart(s2vi_man_gan kind, s2vi_node *p)
{
    return s2vi_add(gan_real(kind, half(p, 0)), gan_fake(kind, half(p, 1)));
}

/* Real and generated frames are one batch: no norm mixes them. */
int s2vi_man_loss_critics(s2vi_graph *graph, const s2vi_man_loss_inputs *in,
                          s2vi_man_critic_loss *out, s2v_error *err)
{
    const s2vi_man_config *c = in->config;
    s2vi_man_critic d[S2VI_MAN_CRITICS_MAX];
    s2vi_node *const frames[] = {s2vi_detach(in->real), s2vi_detach(in->fake)};
    s2vi_node *const portraits[] = {in->portrait, in->portrait};
    *out = (s2vi_man_critic_loss){0};
    const int ret = s2vi_man_critic_build(
        graph, c, s2vi_concat(frames, 2, 0),
        c->critic_portrait ? s2vi_concat(portraits, 2, 0) : NULL, d, err);
    if (ret < 0)
        return ret;
    for (int i = 0; i < c->critics; i++) {
        out->gan = plus(out->gan, tell_apart(c->gan, d[i].decisions));
        out->cam = plus(out->cam, tell_apart(c->gan, d[i].logits));
    }
    out->gan = s2vi_scale(out->gan, 1.0 / c->critics);
    out->cam = s2vi_scale(out->cam, 1.0 / c->critics);
    out->loss = s2vi_add(out->gan, out->cam);
    return s2vi_graph_status(graph, err);
}

/* ------------------------------------------------------------ generator -- */

/* Real frames by themselves: no gradient is computed through them. */
static int adversarial(s2vi_graph *graph, const s2vi_man_loss_inputs *in,
                       s2vi_node **term, s2v_error *err)
{
    const s2vi_man_config *c = in->config;
    s2vi_man_critic real[S2VI_MAN_CRITICS_MAX], fake[S2VI_MAN_CRITICS_MAX];
    s2vi_node *gan = NULL, *cam = NULL, *features = NULL;
    int ret =
        s2vi_man_critic_build(graph, c, in->real, in->portrait, real, err);
    if (ret >= 0)
        ret =
            s2vi_man_critic_build(graph, c, in->fake, in->portrait, fake, err);
    if (ret < 0)
        return ret;
    for (int i = 0; i < c->critics; i++) {
        gan = plus(gan, gan_generator(c->gan, fake[i].decisions));
        cam = plus(cam, gan_generator(c->gan, fake[i].logits));
        for (int k = 0; k < S2VI_MAN_CRITIC_MAPS; k++)
            features =
                plus(features, l1(fake[i].map[k], s2vi_detach(real[i].map[k])));
    }
    term[S2VI_MAN_TERM_GAN] = s2vi_scale(gan, 1.0 / c->critics);
    term[S2VI_MAN_TERM_CAM] = s2vi_scale(cam, 1.0 / c->critics);
    term[S2VI_MAN_TERM_FEATURES] = s2vi_scale(features, 1.0 / c->critics);
    return S2V_OK;
}

static s2vi_node *perceptual(s2vi_graph *graph, const s2vi_man_loss_inputs *in)
{
    s2vi_node *x[S2VI_PERCEPTUAL_MAX_LAYERS], *y[S2VI_PERCEPTUAL_MAX_LAYERS];
    s2vi_node *loss = NULL;
    if (!in->phi)
        return s2vi_loss_multiscale_l1(in->real, in->fake);
    const int last = s2vi_perceptual_layers(in->phi) - 1;
    s2vi_perceptual_record(in->phi, graph, in->real, last, x);
    s2vi_perceptual_record(in->phi, graph, in->fake, last, y);
    for (int i = 0; i <= last; i++) {
        const double weight = i < last ? 0.5 / (1 << (last - i)) : 1.0;
        loss = plus(loss, s2vi_scale(l1(y[i], s2vi_detach(x[i])), weight));
    }
    return loss;
}

static void pictures(s2vi_graph *graph, const s2vi_man_loss_inputs *in,
                     s2vi_node **term)
{
    const int64_t rows = in->config->size / 2;
    s2vi_node *real[2], *fake[2];
    for (int i = 0; i < 2; i++) {
        real[i] = s2vi_slice(in->real, 1, i * rows, rows);
        fake[i] = s2vi_slice(in->fake, 1, i * rows, rows);
    }
    term[S2VI_MAN_TERM_PERCEPTUAL] = perceptual(graph, in);
    term[S2VI_MAN_TERM_LOWER] = l1(real[1], fake[1]); /* (5) */
    term[S2VI_MAN_TERM_UPPER] = l1(real[0], fake[0]);
}

/* What errors count near lids and lips, (n,P,P,1); NULL: as elsewhere. */
static s2vi_node *weight_of(const s2vi_man_loss_inputs *in, int flow)
{
    const s2vi_man_geometry kind = in->config->geometry;
    if (in->details <= 0 ||
        (kind != S2VI_MAN_CONTOURS && kind != S2VI_MAN_FLOW_CONTOURS))
        return NULL;
    s2vi_node *near =
        s2vi_sum(s2vi_slice(in->truth, 3, flow + FIRST, COUNT), 1u << 3);
    return s2vi_affine(near, in->details, 1.0);
}

static void geometry(const s2vi_man_loss_inputs *in, s2vi_node **term)
{
    const int flow = s2vi_man_has_flow(in->config) ? 2 : 0;
    const int maps = s2vi_man_geometry_channels(in->config) - flow;
    s2vi_node *square = s2vi_square(s2vi_sub(in->predicted, in->truth));
    s2vi_node *weight = weight_of(in, flow);
    if (weight)
        square = s2vi_mul(square, weight);
    if (flow)
        term[S2VI_MAN_TERM_FLOW] = s2vi_mean_all(s2vi_slice(square, 3, 0, 2));
    if (!maps)
        return;
    square = s2vi_slice(square, 3, flow, maps);
    if (in->seen)
        square = s2vi_mul(square, s2vi_nn_over_pixels(in->seen));
    term[S2VI_MAN_TERM_MAPS] = s2vi_mean_all(square);
}

/* KL(N(mean, variance) || N(0, 1)), summed over z; the mean over frames. */
static s2vi_node *kl(s2vi_node *mean, s2vi_node *log_variance)
{
    s2vi_node *twice =
        s2vi_sub(s2vi_add(s2vi_square(mean), s2vi_exp(log_variance)),
                 s2vi_affine(log_variance, 1.0, 1.0));
    return twice ? s2vi_scale(s2vi_sum_all(twice),
                              0.5 / (double)twice->shape.dim[0])
                 : NULL;
}

int s2vi_man_loss_generator(s2vi_graph *graph, const s2vi_man_loss_inputs *in,
                            s2vi_man_generator_loss *out, s2v_error *err)
{
    *out = (s2vi_man_generator_loss){0};
    int ret = s2vi_man_config_check(in->config, err);
    if (ret >= 0 && in->fake && !in->no_critics)
        ret = adversarial(graph, in, out->term, err);
    if (ret < 0)
        return ret;
    if (in->fake)
        pictures(graph, in, out->term);
    if (in->predicted)
        geometry(in, out->term);
    if (in->mean)
        out->term[S2VI_MAN_TERM_KL] = kl(in->mean, in->log_variance);
    if (in->told)
        out->term[S2VI_MAN_TERM_MOUTH] =
            s2vi_mean_all(s2vi_square(s2vi_sub(in->told, in->mouth)));
    for (int i = 0; i < S2VI_MAN_TERMS; i++)
        if (out->term[i])
            out->loss = plus(
                out->loss, s2vi_scale(out->term[i], s2vi_man_term_weights[i]));
    return s2vi_graph_status(graph, err);
}
