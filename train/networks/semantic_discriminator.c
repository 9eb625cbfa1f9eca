/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The discriminators of "Sound-guided Semantic Video Generation" (the citation
 * is in core/models/sound_inversion.c), section 3.2: D_I of a frame by itself,
 * D_V of a video.
 *
 * Shapes: n videos of T frames; N side of a frame; C channels. Memory is
 * channels last.
 *
 * D_I is the published code's, that of a DCGAN: 4x4 convolutions of stride 2
 * without bias down to 4x4, instance norms that learn nothing from the second
 * on, leaky ReLU of 0.2, one number. Its 256 pixels have six of them; other
 * sides more or fewer at the end.
 *
 * D_V MOTION is MoCoGAN-HD's (Tian et al. 2021, arXiv 2104.15069), as the paper
 * says: two scales, the second on the video of half the side (and of half the
 * frames, above 16), each a PatchGAN of 4x4x4 windows. FRAME is the published
 * code's: 1x3x3 windows, which see no motion, and 256 maps that are all
 * judged.
 */
#include "networks/semantic_discriminator.h"

#include "nn/sequence.h"

#include <stdio.h>

#define SLOPE 0.2
#define EPS   1e-5

#define PIXELS (1u << 1 | 1u << 2)
#define VOXELS (1u << 1 | 1u << 2 | 1u << 3)

enum {
    KERNEL = 4,
    LAYERS = S2VI_SEMANTIC_D_LAYERS,
    MOST_DI = 8,        /* convolutions of stride 2, of 1024 pixels */
    WIDEST = 8,         /* times the first layer's channels */
    HALVED_FRAMES = 17, /* so many are halved in the second scale */
};

int s2vi_semantic_d_config_check(const s2vi_semantic_d_config *c,
                                 s2v_error *err)
{
    if (c->size < 16 || c->size > 1024 || c->size & (c->size - 1))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "discriminators: size is %d, expected a power of 2, "
                          "16 to 1024",
                          c->size);
    return c->channels >= 1 && c->channels <= 1024
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_MODEL,
                            "discriminators: channels is %d, expected 1 to "
                            "1024",
                            c->channels);
}

/* ----------------------------------------------------------------- D_I -- */

typedef struct image_critic {
    s2vi_layer conv[MOST_DI], last;
} image_critic;

static int di_convs(const s2vi_semantic_d_config *c)
{
    int n = 0;
    for (int side = c->size; side > KERNEL; side /= 2)
        n++;
    return n;
}

/* Numbers count the norms and leaky ReLUs, too. */
static int di_place(int conv)
{
    return conv ? 3 * conv - 1 : 0;
}

static void declare_di(const s2vi_scope *scope, const s2vi_semantic_d_config *c,
                       image_critic *d)
{
    int cin = 3, times = 1, n = di_convs(c);
    for (int i = 0; i < n; i++, times *= times < WIDEST ? 2 : 1) {
        const int cout = c->channels * times;
        d->conv[i] =
            s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, KERNEL, KERNEL),
                               S2VI_INIT_NORMAL, 0, "main.%d", di_place(i));
        cin = cout;
    }
    d->last = s2vi_declare_layer(scope, S2VI_SHAPE(1, cin, KERNEL, KERNEL),
                                 S2VI_INIT_NORMAL, 0, "main.%d", di_place(n));
}

int s2vi_semantic_di_params(const s2vi_semantic_d_config *config,
                            const char *prefix, s2vi_param_list *list,
                            s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = s2vi_scope_under(prefix, list, NULL);
    image_critic d;
    declare_di(&scope, config, &d);
    return s2vi_param_list_end(list, before, err);
}

s2vi_node *s2vi_semantic_di_build(s2vi_graph *graph,
                                  const s2vi_semantic_d_config *config,
                                  const char *prefix, s2vi_node *frames,
                                  s2vi_node **maps, s2v_error *err)
{
    const s2vi_window half = {
        .rank = 2, .stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}};
    const s2vi_window all = {.rank = 2, .stride = {1, 1}};
    const s2vi_scope scope = s2vi_scope_under(prefix, NULL, graph);
    image_critic d;
    s2vi_node *x = frames;
    declare_di(&scope, config, &d);
    for (int i = 0; i < di_convs(config); i++) {
        x = s2vi_conv(x, d.conv[i].weight, NULL, &half);
        if (i)
            x = s2vi_nn_standardise(x, PIXELS, EPS);
        x = s2vi_lrelu(x, SLOPE);
        if (maps)
            maps[i] = x;
    }
    x = s2vi_conv(x, d.last.weight, NULL, &all);
    return s2vi_graph_status(graph, err) < 0 ? NULL : x;
}

/* ----------------------------------------------------------------- D_V -- */

typedef struct video_critic {
    s2vi_layer conv[S2VI_SEMANTIC_D_SCALES][LAYERS];
} video_critic;

static const int motion_strides[LAYERS] = {2, 2, 2, 1, 1};

static int scales_of(const s2vi_semantic_d_config *c)
{
    return c->dv == S2VI_SEMANTIC_DV_MOTION ? S2VI_SEMANTIC_D_SCALES : 1;
}

static void declare_motion(const s2vi_scope *scope, int channels, int scale,
                           video_critic *d)
{
    int cin = 3;
    for (int i = 0; i < LAYERS; i++) {
        const int cout = i == LAYERS - 1 ? 1 : channels << i;
        d->conv[scale][i] = s2vi_declare_layer(
            scope, S2VI_SHAPE(cout, cin, KERNEL, KERNEL, KERNEL),
            S2VI_INIT_NORMAL, cout, "netD.scale%d_layer%d.0",
            S2VI_SEMANTIC_D_SCALES - 1 - scale, i);
        cin = cout;
    }
}

/* As many maps as the fourth layer has, all of them judged. */
static void declare_frame(const s2vi_scope *scope, int channels,
                          video_critic *d)
{
    int cin = 3;
    for (int i = 0; i < LAYERS; i++) {
        const bool last = i == LAYERS - 1;
        const int cout = last ? cin : channels << i, k = last ? 1 : 3;
        d->conv[0][i] =
            s2vi_declare_layer(scope, S2VI_SHAPE(cout, cin, 1, k, k),
                               S2VI_INIT_NORMAL, cout, "layer%d", i);
        cin = cout;
    }
}

static void declare_dv(const s2vi_scope *scope, const s2vi_semantic_d_config *c,
                       video_critic *d)
{
    if (c->dv == S2VI_SEMANTIC_DV_FRAME)
        declare_frame(scope, c->channels, d);
    else
        for (int i = 0; i < S2VI_SEMANTIC_D_SCALES; i++)
            declare_motion(scope, c->channels, i, d);
}

int s2vi_semantic_dv_params(const s2vi_semantic_d_config *config,
                            const char *prefix, s2vi_param_list *list,
                            s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = s2vi_scope_under(prefix, list, NULL);
    video_critic d;
    declare_dv(&scope, config, &d);
    return s2vi_param_list_end(list, before, err);
}

s2vi_node *s2vi_semantic_dv_dropout(s2vi_graph *graph,
                                    const s2vi_semantic_d_config *config, int n,
                                    int T, uint32_t stream)
{
    const int side = config->size >> (LAYERS - 1);
    const int channels = config->channels << (LAYERS - 2);
    if (config->dv != S2VI_SEMANTIC_DV_FRAME)
        return NULL;
    s2vi_node *all =
        s2vi_fill(graph, 1, S2VI_SHAPE(n, T, side, side, channels));
    return s2vi_nn_dropout(all, 0.25, stream);
}

static s2vi_node *run_motion(const s2vi_layer *conv, s2vi_node *x,
                             s2vi_node **layer)
{
    for (int i = 0; i < LAYERS; i++) {
        const int s = motion_strides[i];
        const s2vi_window window = {.rank = 3,
                                    .stride = {s, s, s},
                                    .pad_lo = {2, 2, 2},
                                    .pad_hi = {2, 2, 2}};
        x = s2vi_conv(x, conv[i].weight, conv[i].bias, &window);
        if (i && i < LAYERS - 1)
            x = s2vi_nn_standardise(x, VOXELS, EPS);
        layer[i] = x = i < LAYERS - 1 ? s2vi_lrelu(x, SLOPE) : x;
    }
    return x;
}

static s2vi_node *run_frame(const s2vi_layer *conv, s2vi_node *x,
                            s2vi_node *mask, s2vi_node **layer)
{
    const s2vi_window half = {.rank = 3,
                              .stride = {1, 2, 2},
                              .pad_lo = {0, 1, 1},
                              .pad_hi = {0, 1, 1}};
    const s2vi_window one = {.rank = 3, .stride = {1, 1, 1}};
    for (int i = 0; i < LAYERS - 1; i++) {
        x = s2vi_conv(x, conv[i].weight, conv[i].bias, &half);
        if (i)
            x = s2vi_nn_standardise(x, VOXELS, EPS);
        layer[i] = x = s2vi_lrelu(x, SLOPE);
    }
    x = mask ? s2vi_mul(x, mask) : x;
    return layer[LAYERS - 1] = s2vi_conv(x, conv[LAYERS - 1].weight,
                                         conv[LAYERS - 1].bias, &one);
}

/* Half the side, and above 16 frames half of them. */
static s2vi_node *halve(s2vi_node *x)
{
    if (!x)
        return NULL;
    const int s = x->shape.dim[1] >= HALVED_FRAMES ? 2 : 1;
    const s2vi_window window = {.rank = 3,
                                .kernel = {3, 3, 3},
                                .stride = {s, 2, 2},
                                .pad_lo = {1, 1, 1},
                                .pad_hi = {1, 1, 1}};
    return s2vi_nn_window_mean(x, &window);
}

int s2vi_semantic_dv_build(s2vi_graph *graph,
                           const s2vi_semantic_d_config *config,
                           const char *prefix, s2vi_node *video,
                           s2vi_node *mask, s2vi_semantic_dv_graph *out,
                           s2v_error *err)
{
    const s2vi_scope scope = s2vi_scope_under(prefix, NULL, graph);
    video_critic d;
    *out =
        (s2vi_semantic_dv_graph){.scales = scales_of(config), .layers = LAYERS};
    declare_dv(&scope, config, &d);
    if (config->dv == S2VI_SEMANTIC_DV_FRAME)
        run_frame(d.conv[0], video, mask, out->layer[0]);
    for (int i = 0;
         config->dv == S2VI_SEMANTIC_DV_MOTION && i < S2VI_SEMANTIC_D_SCALES;
         i++)
        run_motion(d.conv[i], i ? halve(video) : video, out->layer[i]);
    return s2vi_graph_status(graph, err);
}
