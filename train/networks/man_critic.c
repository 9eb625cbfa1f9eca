/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAN: the discriminator of "Multi Modal Adaptive Normalization for Audio to
 * Video Generation" (section 3.4): the multi-scale one of pix2pixHD (the
 * paper's [55]) with a class activation map (CAM: its [23]).
 *
 * Shapes: n frames; N side of the picture; W channels of the first layer.
 *
 * Choices, where the paper leaves it open:
 * - Layers are pix2pixHD's: 4x4 windows, padding 2, strides 2, 2, 2, 1, 1;
 *   leaky ReLU (0.2); instance norms that learn nothing after the second to
 *   fourth convolution, whose biases, idle so, are there as in its files.
 * - Each scale sees the frames at half the side of the one before: means of
 *   3x3 pixels, of those that are in the picture.
 * - CAM stands before the last convolution.
 * - `critic_portrait`: the frames come with the portrait they are made from.
 * - No spectral norm.
 */
#include "networks/man_critic.h"

#include "nn/sequence.h"

#define SLOPE 0.2
#define EPS   1e-5

#define PIXELS (1u << 1 | 1u << 2)

enum {
    KERNEL = 4,
    PADDING = 2,
    LAYERS = S2VI_MAN_CRITIC_MAPS, /* and the decisions' */
};

static const int strides[LAYERS + 1] = {2, 2, 2, 1, 1};

/* Of one scale. */
typedef struct critic {
    s2vi_layer conv[LAYERS + 1];
    s2vi_man_cam cam;
} critic;

static void declare_critic(const s2vi_scope *scope, const s2vi_man_config *c,
                           critic *d)
{
    int cin = c->critic_portrait ? 6 : 3, cout = c->critic_channels;
    for (int i = 0; i <= LAYERS; i++, cin = cout, cout *= 2) {
        if (i == LAYERS) {
            d->cam = s2vi_man_cam_declare(scope, cin, "cam");
            cout = 1;
        }
        d->conv[i] =
            s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, KERNEL, KERNEL),
                               S2VI_INIT_XAVIER, cout, "conv%d", i);
    }
}

static void declare(const s2vi_scope *scope, const s2vi_man_config *c,
                    critic critics[S2VI_MAN_CRITICS_MAX])
{
    for (int i = 0; i < c->critics; i++) {
        const s2vi_scope in = s2vi_scope_in(scope, "critic.%d", i);
        declare_critic(&in, c, &critics[i]);
    }
}

int s2vi_man_critic_params(const s2vi_man_config *config, s2vi_param_list *list,
                           s2v_error *err)
{
    const int before = list->count;
    critic critics[S2VI_MAN_CRITICS_MAX];
    const int ret = s2vi_man_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.list = list}, config, critics);
    return s2vi_param_list_end(list, before, err);
}

/* ---------------------------------------------------------- recording -- */

/* x (n,S,S,C) at half the side. */
static s2vi_node *halve(s2vi_node *x)
{
    const s2vi_window window = {.rank = 2,
                                .kernel = {3, 3},
                                .stride = {2, 2},
                                .pad_lo = {1, 1},
                                .pad_hi = {1, 1}};
    return s2vi_nn_window_mean(x, &window);
}

static s2vi_node *convolve(const critic *d, int i, s2vi_node *x)
{
    const s2vi_window window = {.rank = 2,
                                .stride = {strides[i], strides[i]},
                                .pad_lo = {PADDING, PADDING},
                                .pad_hi = {PADDING, PADDING}};
    return s2vi_conv(x, d->conv[i].weight, d->conv[i].bias, &window);
}

static void record(const critic *d, s2vi_node *x, s2vi_man_critic *out)
{
    for (int i = 0; i < LAYERS; i++) {
        x = convolve(d, i, x);
        if (x && i > 0)
            x = s2vi_nn_standardise(x, PIXELS, EPS);
        x = out->map[i] = s2vi_lrelu(x, SLOPE);
    }
    x = s2vi_man_cam_record(x, &d->cam, SLOPE, &out->logits);
    out->decisions = convolve(d, LAYERS, x);
}

int s2vi_man_critic_build(s2vi_graph *graph, const s2vi_man_config *config,
                          s2vi_node *frames, s2vi_node *portrait,
                          s2vi_man_critic out[S2VI_MAN_CRITICS_MAX],
                          s2v_error *err)
{
    critic critics[S2VI_MAN_CRITICS_MAX];
    const int ret = s2vi_man_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, config, critics);
    s2vi_node *const both[] = {frames, portrait};
    s2vi_node *x = config->critic_portrait ? s2vi_concat(both, 2, 3) : frames;
    for (int i = 0; i < config->critics; i++) {
        x = i ? halve(x) : x;
        record(&critics[i], x, &out[i]);
    }
    return s2vi_graph_status(graph, err);
}
