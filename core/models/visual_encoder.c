/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The visual encoder: a small one, of no paper, in the place of VarietySound's
 * BN-Inception of pictures and of optical flow (appendix A.1), whose weights
 * would have to be brought. It is trained together with the generator.
 *
 * Shapes: n sequences, K pictures, N side, C channels, W numbers in a feature.
 * Memory is channels last: (n K,N,N,C).
 *
 * What is seen: six planes, an eighth of the picture and four times its
 * difference to the one before. Of four rendered impacts and seven real clips,
 * pictures have an rms of 0.22 to 0.58 around their mean, differences of 0.03
 * to 0.13; and what stands still differs from film to film more than all that
 * moves in one: at its full strength it would set the scale of the temporal
 * encoder's first batch norm. 3x3 convolutions of stride 2, each with a leaky
 * ReLU (0.2), down to 4x4, and a linear layer of all that is left, so that
 * where something moves can matter. There is no norm: one over pixels would
 * hide how much has moved, one over time would see the future. The temporal
 * encoder's batch norm follows its first convolution of the features.
 *
 * Front-ends of motion see planes of half the side (video/motion.h), already
 * relative to their recent mean. What of the picture moves should not matter,
 * nor how much of it: in place of the linear layer of all that is left, one of
 * each channel's maximum over the 4x4, so that one small hand counts, and of
 * its mean.
 *
 * Weights start from N(0, sqrt(2 / inputs)), biases from 0.
 */
#include "models/visual_encoder.h"

#include "nn/nn.h"

#define SLOPE 0.2
#define STILL 0.125 /* gain of pictures */
#define MOVED 4     /* of differences */

enum {
    KERNEL = 3,
    PLANES = 6,
    INNERMOST = 4,  /* side at which the convolutions end */
    WIDEST = 8,     /* C's multiple at most */
    MAX_LAYERS = 6, /* of pictures of 256 */
    MAX_CHANNELS = 1024,
    MAX_FEATURES = 1 << 14,
};

const char *const s2vi_front_end_words[] = {"pictures", "differences", "flow",
                                            "motion", NULL};

int s2vi_front_end_motion(s2vi_front_end front_end)
{
    static const int kinds[] = {
        [S2VI_FRONT_END_PICTURES] = 0,
        [S2VI_FRONT_END_DIFFERENCES] = S2VI_MOTION_DIFFERENCES,
        [S2VI_FRONT_END_FLOW] = S2VI_MOTION_FLOW,
        [S2VI_FRONT_END_MOTION] = S2VI_MOTION_DIFFERENCES | S2VI_MOTION_FLOW,
    };
    return kinds[front_end];
}

/* ------------------------------------------------------ configuration -- */

void s2vi_visual_encoder_defaults(s2vi_visual_encoder_config *config,
                                  int features)
{
    *config = (s2vi_visual_encoder_config){
        .size = 64, .channels = 16, .features = features};
}

static int check(const char *name, int value, int least, int most,
                 s2v_error *err)
{
    return value >= least && value <= most
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_MODEL,
                            "visual encoder: %s is %d, expected %d to %d", name,
                            value, least, most);
}

/* Flow needs larger frames. */
static int least_size(const s2vi_visual_encoder_config *c)
{
    return s2vi_front_end_motion(c->front_end) & S2VI_MOTION_FLOW
               ? S2VI_MOTION_LEAST_FLOW
               : 2 * INNERMOST * 2;
}

int s2vi_visual_encoder_config_check(const s2vi_visual_encoder_config *c,
                                     s2v_error *err)
{
    int ret = check("size", c->size, S2VI_VISUAL_ENCODER_LEAST,
                    S2VI_VISUAL_ENCODER_MOST, err);
    if (ret >= 0 && c->size & (c->size - 1))
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         "visual encoder: size is %d, expected a power of 2",
                         c->size);
    if (ret >= 0 && s2vi_front_end_motion(c->front_end))
        ret = check("size", c->size, least_size(c), S2VI_VISUAL_ENCODER_MOST,
                    err);
    if (ret >= 0)
        ret = check("channels", c->channels, 1, MAX_CHANNELS, err);
    if (ret >= 0)
        ret = check("features", c->features, 1, MAX_FEATURES, err);
    return ret;
}

static bool sees_motion(const s2vi_visual_encoder_config *c)
{
    return s2vi_front_end_motion(c->front_end);
}

/* Of what the first convolution sees. */
static int side(const s2vi_visual_encoder_config *c)
{
    return sees_motion(c) ? c->size / 2 : c->size;
}

static int planes_seen(const s2vi_visual_encoder_config *c)
{
    return sees_motion(c)
               ? s2vi_motion_planes(s2vi_front_end_motion(c->front_end))
               : PLANES;
}

s2vi_shape s2vi_visual_encoder_input(const s2vi_visual_encoder_config *c,
                                     int64_t n, int64_t K)
{
    return sees_motion(c) ? S2VI_SHAPE(n, K, side(c), side(c), planes_seen(c))
                          : S2VI_SHAPE(n, K + 1, side(c), side(c), 3);
}

static int layers(const s2vi_visual_encoder_config *c)
{
    int n = 0;
    for (int size = side(c); size > INNERMOST; size /= 2)
        n++;
    return n;
}

/* Of layer i's result; of motion, whose first convolution is the second of
 * pictures, the next layer's. */
static int channels(const s2vi_visual_encoder_config *c, int i)
{
    const int multiple = 1 << (sees_motion(c) ? i + 1 : i);
    return c->channels * (multiple < WIDEST ? multiple : WIDEST);
}

/* --------------------------------------------------------- parameters -- */

typedef struct network {
    s2vi_layer convs[MAX_LAYERS];
    s2vi_layer linear;
} network;

static void declare(const s2vi_scope *scope,
                    const s2vi_visual_encoder_config *c, network *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "sight");
    int cin = planes_seen(c);
    for (int i = 0; i < layers(c); i++) {
        const int cout = channels(c, i);
        n->convs[i] =
            s2vi_declare_layer(&in, S2VI_SHAPE(cout, cin, KERNEL, KERNEL),
                               S2VI_INIT_HE, cout, "convs.%d", i);
        cin = cout;
    }
    const int left = sees_motion(c) ? 2 * cin : INNERMOST * INNERMOST * cin;
    const s2vi_shape w = S2VI_SHAPE(c->features, left);
    n->linear = s2vi_declare_layer(&in, w, S2VI_INIT_HE, c->features, "linear");
}

int s2vi_visual_encoder_params(const s2vi_visual_encoder_config *c,
                               s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    network n;
    int ret = s2vi_visual_encoder_config_check(c, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.list = list}, c, &n);
    return s2vi_param_list_end(list, before, err);
}

/* ---------------------------------------------------------- recording -- */

/* (n,K + 1,N,N,3) -> (n K,N,N,6): each picture, and what has changed. */
static s2vi_node *planes(s2vi_node *pictures)
{
    const s2vi_shape s = pictures->shape;
    const int64_t K = s.dim[1] - 1;
    s2vi_node *now = s2vi_slice(pictures, 1, 1, K);
    s2vi_node *moved = s2vi_sub(now, s2vi_slice(pictures, 1, 0, K));
    s2vi_node *const both[] = {s2vi_scale(now, STILL),
                               s2vi_scale(moved, MOVED)};
    return s2vi_reshape(s2vi_concat(both, 2, 4),
                        S2VI_SHAPE(s.dim[0] * K, s.dim[2], s.dim[3], PLANES));
}

/* (m,4,4,c) -> (m,2 c): each channel's maximum, and its mean. */
static s2vi_node *pool(s2vi_node *x)
{
    const s2vi_window all = {.rank = 2,
                             .kernel = {INNERMOST, INNERMOST},
                             .stride = {INNERMOST, INNERMOST}};
    s2vi_node *const both[] = {s2vi_maxpool(x, &all),
                               s2vi_mean(x, 1u << 1 | 1u << 2)};
    return s2vi_concat(both, 2, 3);
}

static s2vi_node *look(const network *net, const s2vi_visual_encoder_config *c,
                       s2vi_node *seen)
{
    const s2vi_shape in = s2vi_visual_encoder_input(c, seen->shape.dim[0], 0);
    const int64_t n = in.dim[0], K = seen->shape.dim[1] - in.dim[1];
    const int64_t last = channels(c, layers(c) - 1);
    const int64_t left =
        sees_motion(c) ? 2 * last : (int64_t)INNERMOST * INNERMOST * last;
    const s2vi_window half = {
        .rank = 2, .stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}};
    s2vi_node *x = sees_motion(c)
                       ? s2vi_reshape(seen, S2VI_SHAPE(n * K, in.dim[2],
                                                       in.dim[3], in.dim[4]))
                       : planes(seen);
    for (int i = 0; i < layers(c); i++) {
        const s2vi_layer *l = &net->convs[i];
        x = s2vi_lrelu(s2vi_conv(x, l->weight, l->bias, &half), SLOPE);
    }
    x = sees_motion(c) ? pool(x) : x;
    x = s2vi_nn_linear(s2vi_reshape(x, S2VI_SHAPE(n * K, left)), net->linear);
    return s2vi_reshape(x, S2VI_SHAPE(n, K, c->features));
}

/* Whether `seen` is an input of one sequence or more, of one feature or more.
 */
static bool fits(const s2vi_visual_encoder_config *c, const s2vi_shape *seen)
{
    const s2vi_shape least = s2vi_visual_encoder_input(c, 1, 1);
    bool ok = seen->rank == least.rank && seen->dim[1] >= least.dim[1];
    for (int i = 2; i < least.rank && ok; i++)
        ok = seen->dim[i] == least.dim[i];
    return ok;
}

int s2vi_visual_encoder_build(s2vi_graph *graph,
                              const s2vi_visual_encoder_config *config,
                              s2vi_node *seen, s2vi_node **features,
                              s2v_error *err)
{
    network n;
    *features = NULL;
    int ret = s2vi_visual_encoder_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, config, &n);
    if (seen && !fits(config, &seen->shape)) {
        if (sees_motion(config))
            s2vi_graph_mistake(
                graph, "visual encoder: expected %d planes of motion, %dx%d",
                planes_seen(config), side(config), side(config));
        else
            s2vi_graph_mistake(
                graph, "visual encoder: expected two or more images of %dx%d",
                config->size, config->size);
    } else if (seen) {
        *features = look(&n, config, seen);
    }
    return s2vi_graph_status(graph, err);
}
