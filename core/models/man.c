/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The generator of "Multi Modal Adaptive Normalization for Audio to Video
 * Generation" (fig. 2 to 4, eq. 1 and 2), which makes a frame of a talking head
 * from a portrait, the geometry that a predictor draws, and the sound.
 *
 * Shapes: n frames; N side of the picture, P of the geometry, S of a block; G
 * channels of the geometry; h channels that modulate; H numbers of a sound's
 * code; C channels. Memory is channels last.
 *
 * Choices, where the paper leaves it open or errs:
 * - rho is a softmax over the modalities that are there, of one number for each
 *   in each MAN, 0 at first.
 * - gamma is a factor as in eq. (1), not 1 + gamma; its biases start at 1.
 * - Image and geometry are brought to the MAN's side: mean down, nearest up;
 *   the geometry's gamma and beta are computed at min(S, P).
 * - Blocks are at sides max(4, N / 2^(8 - i)), nearest x2 between the first
 *   activation and its convolution; one transposed convolution does both.
 * - The encoders of AMF, pitch and energy serve all MANs (`share`); without it,
 *   fig. 3 to the letter, each MAN has its own.
 * - `warp`: the image modality sees the portrait as the flow moves it, not the
 *   still one, or what it keeps in place would ghost. No gradient flows into
 *   the flow from there.
 * - `blend`: the last convolution gives a fourth channel x, and the frame is
 *   m times the warped portrait and 1 - m times the tanh of the others, m =
 *   sigmoid(x + 2): at first mostly the portrait, and what the flow explains
 *   (skin, hair, background) stays as sharp as that.
 * - Partial convolution's mask: all of the image; where the flow moves by half
 *   a pixel; where a map is above 0.05. No gradient flows through it.
 */
#include "models/man.h"

#include "nn/sequence.h"

#include <math.h>
#include <string.h>

#define SLOPE     0.2
#define EPS       1e-5
#define FIELD     8.0 /* a geometry's flow is in pixels over this */
#define MASK_BIAS 2.0

#define PIXELS (1u << 1 | 1u << 2)

enum {
    INNERMOST = 4, /* least side: an instance norm needs pixels */
    COLUMNS = S2VI_SPEECH_COLUMNS,
    BANDS = S2VI_SPEECH_BANDS,
    LEVELS = S2VI_SPEECH_LEVELS,
    CEPSTRUM = S2VI_SPEECH_COLUMNS * S2VI_SPEECH_CEPSTRUM,
    KERNEL = 3,
    CAM_BLOCK = 7, /* CAM comes behind so many blocks */
    VIDEO = 2,     /* modalities of pictures: image and geometry */
    SIDES = 7,     /* of blocks: 4 to 256 */
};

static const char *const modality_name[S2VI_MAN_MODALITIES] = {
    "image", "geometry", "amf", "pitch", "energy"};

/* --------------------------------------------------------- parameters -- */

/* Of a sound modality: an LSTM, or two convolutions. */
typedef struct encoder {
    s2vi_recurrent lstm;
    s2vi_layer conv[2];
} encoder;

/* A modality of a MAN. */
typedef struct modality {
    s2vi_layer conv; /* of pictures */
    s2vi_node *eca;
    encoder encoder; /* of sound, where not shared */
    s2vi_layer gamma, beta;
} modality;

typedef struct man {
    s2vi_node *rho;
    modality modality[S2VI_MAN_MODALITIES];
} man;

typedef struct block {
    man man[2];
    s2vi_layer conv[2];
    s2vi_layer shortcut; /* none where the channels stay */
} block;

typedef struct generator {
    const s2vi_man_config *config;
    const s2vi_man_inputs *in;
    encoder encoder[S2VI_MAN_MODALITIES]; /* where shared */
    s2vi_layer fc, out;
    block block[S2VI_MAN_BLOCKS];
    s2vi_man_cam cam;
    /* Recorded. */
    s2vi_node *picture;                   /* that the image modality sees */
    s2vi_node *small[VIDEO][SIDES];       /* pictures, for each side */
    s2vi_node *code[S2VI_MAN_MODALITIES]; /* (n,H), where shared */
} generator;

static encoder declare_encoder(const s2vi_scope *scope,
                               const s2vi_man_config *c, const char *name)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", name);
    const int H = c->sound_hidden;
    encoder e = {0};
    if (c->sound == S2VI_MAN_SOUND_LSTM) {
        e.lstm = s2vi_declare_recurrent(&in, "_l0", 4, BANDS, H,
                                        S2VI_INIT_UNIFORM, S2VI_INIT_UNIFORM);
        return e;
    }
    e.conv[0] = s2vi_declare_layer(&in, S2VI_SHAPE(H, BANDS, KERNEL),
                                   S2VI_INIT_XAVIER, H, "conv0");
    e.conv[1] = s2vi_declare_layer(&in, S2VI_SHAPE(H, H, KERNEL),
                                   S2VI_INIT_XAVIER, H, "conv1");
    return e;
}

/* Taps of an ECA over so many channels: [54], eq. (9), an odd number from 3. */
static int eca_taps(int channels)
{
    int k = (int)(fabs(log2(channels) + 1.0) / 2.0);
    k += k % 2 == 0;
    return k < 3 ? 3 : k;
}

/* gamma starts at 1 wherever it is, beta at 0. */
static void declare_affine(const s2vi_scope *scope, modality *m,
                           s2vi_shape weight)
{
    const s2vi_scope gamma = s2vi_scope_in(scope, "gamma");
    m->gamma.weight =
        s2vi_declare(&gamma, weight, S2VI_INIT_XAVIER_SMALL, "weight");
    m->gamma.bias =
        s2vi_declare(&gamma, S2VI_SHAPE(weight.dim[0]), S2VI_INIT_ONE, "bias");
    m->beta = s2vi_declare_layer(scope, weight, S2VI_INIT_XAVIER_SMALL,
                                 weight.dim[0], "beta");
}

static modality declare_modality(const s2vi_scope *scope,
                                 const s2vi_man_config *c, int i, int64_t C)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", modality_name[i]);
    const int h = c->hidden;
    const int planes = i == S2VI_MAN_IMAGE ? 3 : s2vi_man_geometry_channels(c);
    modality m = {0};
    if (i >= VIDEO) {
        if (!c->share)
            m.encoder = declare_encoder(&in, c, "encoder");
        declare_affine(&in, &m, S2VI_SHAPE(C, c->sound_hidden));
        return m;
    }
    m.conv = s2vi_declare_layer(&in, S2VI_SHAPE(h, planes, KERNEL, KERNEL),
                                S2VI_INIT_XAVIER, h, "conv");
    if (c->video == S2VI_MAN_VIDEO_ECA)
        m.eca = s2vi_declare(&in, S2VI_SHAPE(1, 1, eca_taps(h)),
                             S2VI_INIT_UNIFORM, "eca.weight");
    declare_affine(&in, &m, S2VI_SHAPE(C, h, KERNEL, KERNEL));
    return m;
}

static man declare_man(const s2vi_scope *scope, const s2vi_man_config *c,
                       int64_t C, const char *name)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", name);
    int count = 0;
    man m = {0};
    for (int i = 0; i < S2VI_MAN_MODALITIES; i++)
        count += s2vi_man_has_modality(c, i);
    m.rho = s2vi_declare(&in, S2VI_SHAPE(count), S2VI_INIT_ZERO, "rho");
    for (int i = 0; i < S2VI_MAN_MODALITIES; i++)
        if (s2vi_man_has_modality(c, i))
            m.modality[i] = declare_modality(&in, c, i, C);
    return m;
}

/* Channels of a block's input and result. */
static int cin_of(const s2vi_man_config *c, int i)
{
    return c->channels[i ? i - 1 : 0];
}

static block declare_block(const s2vi_scope *scope, const s2vi_man_config *c,
                           int i)
{
    const s2vi_scope in = s2vi_scope_in(scope, "blocks.%d", i);
    const int cin = cin_of(c, i), cout = c->channels[i];
    const int middle = cin < cout ? cin : cout;
    block b = {0};
    b.man[0] = declare_man(&in, c, cin, "man0");
    b.conv[0] = s2vi_declare_layer(&in, S2VI_SHAPE(middle, cin, KERNEL, KERNEL),
                                   S2VI_INIT_XAVIER, middle, "conv0");
    b.man[1] = declare_man(&in, c, middle, "man1");
    b.conv[1] =
        s2vi_declare_layer(&in, S2VI_SHAPE(cout, middle, KERNEL, KERNEL),
                           S2VI_INIT_XAVIER, cout, "conv1");
    if (cin != cout)
        b.shortcut = s2vi_declare_layer(&in, S2VI_SHAPE(cout, cin, 1, 1),
                                        S2VI_INIT_XAVIER, 0, "shortcut");
    return b;
}

s2vi_man_cam s2vi_man_cam_declare(const s2vi_scope *scope, int64_t C,
                                  const char *name)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", name);
    s2vi_man_cam cam;
    const s2vi_shape vector = S2VI_SHAPE(1, C);
    cam.gap = s2vi_declare(&in, vector, S2VI_INIT_XAVIER, "gap_fc.weight");
    cam.gmp = s2vi_declare(&in, vector, S2VI_INIT_XAVIER, "gmp_fc.weight");
    const s2vi_layer conv = s2vi_declare_layer(&in, S2VI_SHAPE(C, 2 * C, 1, 1),
                                               S2VI_INIT_XAVIER, C, "conv1x1");
    cam.weight = conv.weight;
    cam.bias = conv.bias;
    return cam;
}

static void declare(const s2vi_scope *scope, const s2vi_man_config *c,
                    generator *g)
{
    const s2vi_scope encoders = s2vi_scope_in(scope, "encoders");
    const s2vi_scope in = s2vi_scope_in(scope, "generator");
    const int first = INNERMOST * INNERMOST * c->channels[0];
    const int last = c->channels[S2VI_MAN_BLOCKS - 1];
    g->config = c;
    for (int i = VIDEO; i < S2VI_MAN_MODALITIES && c->share; i++)
        if (s2vi_man_has_modality(c, i))
            g->encoder[i] = declare_encoder(&encoders, c, modality_name[i]);
    g->fc = s2vi_declare_layer(&in, S2VI_SHAPE(first, CEPSTRUM),
                               S2VI_INIT_XAVIER, first, "fc");
    for (int i = 0; i < S2VI_MAN_BLOCKS; i++)
        g->block[i] = declare_block(&in, c, i);
    g->cam = s2vi_man_cam_declare(&in, c->channels[CAM_BLOCK - 1], "cam");
    g->out =
        s2vi_declare_layer(&in, S2VI_SHAPE(3 + c->blend, last, KERNEL, KERNEL),
                           S2VI_INIT_XAVIER, 3 + c->blend, "out");
}

int s2vi_man_generator_params(const s2vi_man_config *config,
                              s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    generator g = {0};
    const int ret = s2vi_man_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.list = list}, config, &g);
    return s2vi_param_list_end(list, before, err);
}

/* -------------------------------------------------------------- sound -- */

/* Rows of a matrix's transpose: w (K,256), levels (n x 13) -> (n,13,K). */
static s2vi_node *look_up(s2vi_node *w, s2vi_node *levels)
{
    if (!w || !levels)
        return NULL;
    const int64_t n = levels->shape.dim[0] / COLUMNS, K = w->shape.dim[0];
    s2vi_node *rows = s2vi_gather(s2vi_permute(w, (const int[]){1, 0}), levels);
    return s2vi_reshape(rows, S2VI_SHAPE(n, COLUMNS, K));
}

/* The convolution of one-hot columns: a row for each tap. w (H,3,256) */
static s2vi_node *look_up_conv(s2vi_node *levels, s2vi_layer conv)
{
    s2vi_node *sum = NULL;
    if (!conv.weight)
        return NULL;
    const int64_t H = conv.weight->shape.dim[0];
    for (int k = 0; k < KERNEL; k++) {
        s2vi_node *tap = s2vi_reshape(s2vi_slice(conv.weight, 1, k, 1),
                                      S2VI_SHAPE(H, LEVELS));
        const int64_t lo[] = {0, 1 - k, 0}, hi[] = {0, k - 1, 0};
        s2vi_node *rows = s2vi_pad(look_up(tap, levels), lo, hi);
        sum = sum ? s2vi_add(sum, rows) : rows;
    }
    return s2vi_add(sum, s2vi_reshape(conv.bias, S2VI_SHAPE(1, 1, H)));
}

/* The last h of an LSTM over gates' input halves a (n,13,4H). */
static s2vi_node *last_of_lstm(s2vi_node *a, s2vi_node *weight_hh)
{
    if (!a)
        return NULL;
    const int64_t n = a->shape.dim[0], H = a->shape.dim[2] / 4;
    s2vi_node *h = s2vi_lstm(a, weight_hh, false); /* (n,13,2H): h, c */
    h = s2vi_slice(s2vi_slice(h, 1, COLUMNS - 1, 1), 2, 0, H);
    return s2vi_reshape(h, S2VI_SHAPE(n, H));
}

static s2vi_node *biases(const s2vi_recurrent *lstm)
{
    if (!lstm->bias_ih)
        return NULL;
    return s2vi_reshape(s2vi_add(lstm->bias_ih, lstm->bias_hh),
                        S2VI_SHAPE(1, 1, lstm->bias_ih->shape.dim[0]));
}

/* The code of a sound modality, (n,H). x: AMF (n,13,256) or levels. */
static s2vi_node *encode(const s2vi_man_config *c, const encoder *e, int i,
                         s2vi_node *x)
{
    const bool levels = i != S2VI_MAN_AMF;
    if (!x)
        return NULL;
    if (c->sound == S2VI_MAN_SOUND_LSTM) {
        s2vi_node *a =
            levels ? look_up(e->lstm.weight_ih, x)
                   : s2vi_nn_columns(x, (s2vi_layer){e->lstm.weight_ih, NULL});
        return last_of_lstm(s2vi_add(a, biases(&e->lstm)), e->lstm.weight_hh);
    }
    s2vi_node *t = levels ? look_up_conv(x, e->conv[0])
                          : s2vi_nn_conv1d(x, e->conv[0], 1, 1);
    t = s2vi_nn_conv1d(s2vi_lrelu(t, SLOPE), e->conv[1], 1, 1);
    t = s2vi_mean(s2vi_lrelu(t, SLOPE), 1u << 1);
    return t ? s2vi_reshape(t, S2VI_SHAPE(t->shape.dim[0], c->sound_hidden))
             : NULL;
}

static s2vi_node *sound_of(const s2vi_man_inputs *in, int i)
{
    return i == S2VI_MAN_AMF     ? in->amf
           : i == S2VI_MAN_PITCH ? in->pitch
                                 : in->energy;
}

/* ------------------------------------------------------------ pictures -- */

static int greatest_divisor(int a, int b)
{
    while (b) {
        const int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Rows (n,S up,S,C), every `step`-th of them from the step's middle. */
static s2vi_node *every(s2vi_node *x, int step, int64_t rows)
{
    if (!x || step == 1)
        return x;
    const int64_t n = x->shape.dim[0], S = x->shape.dim[2], C = x->shape.dim[3];
    x = s2vi_reshape(x, S2VI_SHAPE(n * rows, step, S, C));
    return s2vi_reshape(s2vi_slice(x, 1, step / 2, 1),
                        S2VI_SHAPE(n, rows, S, C));
}

/* The same of columns (n,R,S up,C). */
static s2vi_node *every_column(s2vi_node *x, int step, int64_t columns)
{
    if (!x || step == 1)
        return x;
    const int64_t n = x->shape.dim[0], R = x->shape.dim[1], C = x->shape.dim[3];
    x = s2vi_reshape(x, S2VI_SHAPE(n * R, columns, step, C));
    return s2vi_reshape(s2vi_slice(x, 2, step / 2, 1),
                        S2VI_SHAPE(n, R, columns, C));
}

/* Sides that do not divide each other meet at their least common multiple: up,
 * rows before columns, so that what lies between stays small. */
s2vi_node *s2vi_man_resize(s2vi_node *x, int64_t side)
{
    if (!x || x->shape.dim[1] == side)
        return x;
    const int now = (int)x->shape.dim[1], to = (int)side;
    const int common = greatest_divisor(now, to);
    const int up = to / common, down = now / common;
    if (now > to) {
        if (up > 1)
            x = s2vi_upsample(x, (const int[]){up, up});
        return s2vi_avgpool(x, (const int[]){down, down});
    }
    if (down == 1)
        return s2vi_upsample(x, (const int[]){up, up});
    x = every(s2vi_upsample(x, (const int[]){up, 1}), down, side);
    return every_column(s2vi_upsample(x, (const int[]){1, up}), down, side);
}

/* Efficient channel attention [54]: t sigmoid(conv1d(mean over pixels)), the
 * convolution being over the channels. */
static s2vi_node *attend(s2vi_node *t, s2vi_node *w)
{
    if (!t || !w)
        return NULL;
    const int64_t n = t->shape.dim[0], h = t->shape.dim[3];
    s2vi_node *mean = s2vi_reshape(s2vi_mean(t, PIXELS), S2VI_SHAPE(n, h, 1));
    s2vi_node *logits = s2vi_nn_conv1d(mean, (s2vi_layer){w, NULL}, 1,
                                       (int)w->shape.dim[1] / 2);
    return s2vi_mul(t,
                    s2vi_reshape(s2vi_sigmoid(logits), S2VI_SHAPE(n, 1, 1, h)));
}

/* Known pixels of a picture, 1 or 0: (n,s,s,1). */
static s2vi_node *mask_of(const s2vi_man_config *c, s2vi_node *map, int i)
{
    const double moving = 0.5 / FIELD, drawn = 0.05;
    s2vi_node *sum = NULL;
    if (!map)
        return NULL;
    s2vi_shape shape = map->shape;
    shape.dim[3] = 1;
    if (i == S2VI_MAN_IMAGE)
        return s2vi_fill(map->graph, 1.0, shape);
    const int G = s2vi_man_geometry_channels(c);
    const int flow = s2vi_man_has_flow(c) ? 2 : 0;
    if (flow) {
        s2vi_node *uv = s2vi_slice(map, 3, 0, flow);
        s2vi_node *length2 = s2vi_sum(s2vi_square(uv), 1u << 3);
        sum = s2vi_step(s2vi_affine(length2, 1.0, -moving * moving), 0.0);
    }
    if (G > flow) {
        s2vi_node *maps = s2vi_slice(map, 3, flow, G - flow);
        s2vi_node *n =
            s2vi_sum(s2vi_step(s2vi_affine(maps, 1.0, -drawn), 0.0), 1u << 3);
        sum = sum ? s2vi_add(sum, n) : n;
    }
    return s2vi_step(sum, 0.0);
}

/* Where a partial convolution has known pixels in its window: the factor of
 * its sum, and the next mask. */
typedef struct partial {
    s2vi_node *factor; /* 9 / known pixels */
    s2vi_node *mask;   /* 1 where there is one */
} partial;

static partial count_known(s2vi_node *mask)
{
    if (!mask)
        return (partial){0};
    s2vi_node *ones =
        s2vi_fill(mask->graph, 1.0, S2VI_SHAPE(1, KERNEL, KERNEL, 1));
    s2vi_node *known = s2vi_nn_conv2d(mask, (s2vi_layer){ones, NULL});
    s2vi_node *one = s2vi_fill(mask->graph, 1.0, S2VI_SHAPE(1, 1, 1, 1));
    return (partial){
        s2vi_scale(s2vi_recip(s2vi_max(known, one)), KERNEL * KERNEL),
        s2vi_step(s2vi_affine(known, 1.0, -0.5), 0.0)};
}

/* Partial convolution [28]: x's pixels beyond the mask do not count, and where
 * none is known the result is 0. */
static s2vi_node *partial_conv(s2vi_node *x, s2vi_node *mask,
                               const partial *next, s2vi_layer conv)
{
    s2vi_node *sum =
        s2vi_nn_conv2d(s2vi_mul(x, mask), (s2vi_layer){conv.weight, NULL});
    s2vi_node *y =
        s2vi_add(s2vi_mul(sum, next->factor), s2vi_nn_over_pixels(conv.bias));
    return s2vi_mul(y, next->mask);
}

/* ----------------------------------------------------------------- MAN -- */

/* gamma and beta of a modality, that broadcast to (n,S,S,C). */
typedef struct affine {
    s2vi_node *gamma, *beta;
} affine;

/* Image or geometry for a MAN of that side: once for all of these. */
static s2vi_node *picture_at(generator *g, int i, int64_t side)
{
    int k = 0;
    while (INNERMOST << k < side)
        k++;
    s2vi_node **map = &g->small[i][k];
    if (*map)
        return *map;
    if (i == S2VI_MAN_IMAGE)
        return *map = s2vi_man_resize(g->picture, side);
    const int P = g->config->geometry_size;
    return *map = s2vi_man_resize(g->in->geometry, P < side ? P : side);
}

static affine of_picture(generator *g, const modality *m, int i, int64_t side)
{
    const s2vi_man_config *c = g->config;
    s2vi_node *map = picture_at(g, i, side);
    affine a;
    if (c->video == S2VI_MAN_VIDEO_PARTIAL) {
        s2vi_node *mask = mask_of(c, map, i);
        const partial first = count_known(mask);
        const partial second = count_known(first.mask);
        s2vi_node *t =
            s2vi_lrelu(partial_conv(map, mask, &first, m->conv), 0.0);
        a.gamma = partial_conv(t, first.mask, &second, m->gamma);
        a.beta = partial_conv(t, first.mask, &second, m->beta);
    } else {
        s2vi_node *t = s2vi_lrelu(s2vi_nn_conv2d(map, m->conv), 0.0);
        if (c->video == S2VI_MAN_VIDEO_ECA)
            t = attend(t, m->eca);
        a.gamma = s2vi_nn_conv2d(t, m->gamma);
        a.beta = s2vi_nn_conv2d(t, m->beta);
    }
    a.gamma = s2vi_man_resize(a.gamma, side);
    a.beta = s2vi_man_resize(a.beta, side);
    return a;
}

static affine of_sound(const generator *g, const modality *m, int i)
{
    s2vi_node *code = g->config->share ? g->code[i]
                                       : encode(g->config, &m->encoder, i,
                                                sound_of(g->in, i));
    return (affine){s2vi_nn_over_pixels(s2vi_nn_linear(code, m->gamma)),
                    s2vi_nn_over_pixels(s2vi_nn_linear(code, m->beta))};
}

static s2vi_node *weigh(s2vi_node *sum, s2vi_node *x, s2vi_node *rho)
{
    s2vi_node *y = s2vi_mul(x, rho);
    return sum ? s2vi_add(sum, y) : y;
}

/* Eq. (1) and (2): sum_i rho_i (gamma_i IN(x) + beta_i), one norm for all. */
static s2vi_node *normalise(generator *g, const man *m, s2vi_node *x)
{
    const s2vi_man_config *c = g->config;
    s2vi_node *gamma = NULL, *beta = NULL;
    int k = 0;
    if (!x || !m->rho)
        return NULL;
    const int64_t count = m->rho->shape.dim[0];
    s2vi_node *rho = s2vi_reshape(
        s2vi_nn_softmax(s2vi_reshape(m->rho, S2VI_SHAPE(1, 1, count))),
        S2VI_SHAPE(1, 1, 1, count));
    for (int i = 0; i < S2VI_MAN_MODALITIES; i++) {
        if (!s2vi_man_has_modality(c, i))
            continue;
        const modality *mod = &m->modality[i];
        const affine a = i < VIDEO ? of_picture(g, mod, i, x->shape.dim[1])
                                   : of_sound(g, mod, i);
        s2vi_node *share = s2vi_slice(rho, 3, k++, 1);
        gamma = weigh(gamma, a.gamma, share);
        beta = weigh(beta, a.beta, share);
    }
    return s2vi_add(s2vi_mul(s2vi_nn_standardise(x, PIXELS, EPS), gamma), beta);
}

/* --------------------------------------------------------- generator -- */

static int side_of(const s2vi_man_config *c, int i)
{
    const int side = c->size >> (S2VI_MAN_BLOCKS - 1 - i);
    return i < 0 || side < INNERMOST ? INNERMOST : side;
}

/* A convolution by 3x3, of x twice as large where it doubles. */
static s2vi_node *convolve(s2vi_node *x, s2vi_layer conv, bool doubles)
{
    if (!doubles)
        return s2vi_nn_conv2d(x, conv);
    return s2vi_add(s2vi_nn_upsample2_conv3x3(x, conv.weight),
                    s2vi_nn_over_pixels(conv.bias));
}

/* Fig. 4, with the activation before the convolution. */
static s2vi_node *res_block(generator *g, int i, s2vi_node *x)
{
    const block *b = &g->block[i];
    const bool doubles = side_of(g->config, i) == 2 * side_of(g->config, i - 1);
    s2vi_node *t = s2vi_lrelu(normalise(g, &b->man[0], x), SLOPE);
    t = convolve(t, b->conv[0], doubles);
    t = s2vi_nn_conv2d(s2vi_lrelu(normalise(g, &b->man[1], t), SLOPE),
                       b->conv[1]);
    s2vi_node *s = cin_of(g->config, i) != g->config->channels[i]
                       ? s2vi_nn_conv2d(x, b->shortcut)
                       : x;
    return s2vi_add(doubles ? s2vi_nn_upsample2(s) : s, t);
}

/* Both halves of the 1x1 see the same x: one convolution of C channels. */
s2vi_node *s2vi_man_cam_record(s2vi_node *x, const s2vi_man_cam *cam,
                               double slope, s2vi_node **logits)
{
    if (!x || !cam->weight)
        return *logits = NULL;
    const int64_t n = x->shape.dim[0], S = x->shape.dim[1], C = x->shape.dim[3];
    const s2vi_window all = {.rank = 2,
                             .kernel = {(int)S, (int)x->shape.dim[2]},
                             .stride = {(int)S, (int)x->shape.dim[2]}};
    s2vi_node *mean = s2vi_reshape(s2vi_mean(x, PIXELS), S2VI_SHAPE(n, C));
    s2vi_node *most = s2vi_reshape(s2vi_maxpool(x, &all), S2VI_SHAPE(n, C));
    s2vi_node *both[] = {s2vi_matmul(mean, cam->gap, false, true),
                         s2vi_matmul(most, cam->gmp, false, true)};
    *logits = s2vi_concat(both, 2, 1);
    const s2vi_shape row = S2VI_SHAPE(1, 1, 1, C);
    s2vi_node *w = s2vi_add(
        s2vi_mul(s2vi_slice(cam->weight, 3, 0, C), s2vi_reshape(cam->gap, row)),
        s2vi_mul(s2vi_slice(cam->weight, 3, C, C),
                 s2vi_reshape(cam->gmp, row)));
    return s2vi_lrelu(s2vi_nn_conv2d(x, (s2vi_layer){w, cam->bias}), slope);
}

/* The portrait, moved by the flow. */
static s2vi_node *warp(const generator *g)
{
    const s2vi_man_config *c = g->config;
    const double pixels = FIELD * c->size / c->geometry_size;
    s2vi_node *flow = s2vi_slice(g->in->geometry, 3, 0, 2);
    return s2vi_warp(g->in->portrait, s2vi_scale(s2vi_detach(flow), pixels));
}

/* The frame: what was made, or the warped portrait where the mask says so. */
static s2vi_node *finish(const s2vi_man_config *c, s2vi_node *x,
                         s2vi_man_outputs *out)
{
    if (!c->blend || !x)
        return s2vi_tanh(x);
    s2vi_node *made = s2vi_tanh(s2vi_slice(x, 3, 0, 3));
    out->mask =
        s2vi_sigmoid(s2vi_affine(s2vi_slice(x, 3, 3, 1), 1.0, MASK_BIAS));
    return s2vi_add(made, s2vi_mul(out->mask, s2vi_sub(out->warped, made)));
}

static void record(generator *g, s2vi_man_outputs *out)
{
    const s2vi_man_config *c = g->config;
    const s2vi_man_inputs *in = g->in;
    if (!in->mfcc)
        return;
    const int64_t n = in->mfcc->shape.dim[0];
    if (s2vi_man_has_modality(c, S2VI_MAN_IMAGE))
        g->picture = c->warp ? (out->warped = warp(g)) : in->portrait;
    for (int i = VIDEO; i < S2VI_MAN_MODALITIES && c->share; i++)
        if (s2vi_man_has_modality(c, i))
            out->encoded[i] = g->code[i] =
                encode(c, &g->encoder[i], i, sound_of(in, i));
    s2vi_node *x = out->fc =
        s2vi_reshape(s2vi_nn_linear(in->mfcc, g->fc),
                     S2VI_SHAPE(n, INNERMOST, INNERMOST, c->channels[0]));
    for (int i = 0; i < S2VI_MAN_BLOCKS; i++) {
        if (i == CAM_BLOCK)
            x = out->cam = s2vi_man_cam_record(x, &g->cam, 0.0, &out->logits);
        x = out->block[i] = res_block(g, i, x);
    }
    out->frames = finish(c, s2vi_nn_conv2d(s2vi_lrelu(x, SLOPE), g->out), out);
}

int s2vi_man_generator_build(s2vi_graph *graph, const s2vi_man_config *config,
                             const s2vi_man_inputs *in, s2vi_man_outputs *out,
                             s2v_error *err)
{
    generator g = {.in = in};
    memset(out, 0, sizeof(*out));
    const int ret = s2vi_man_config_check(config, err);
    if (ret < 0)
        return ret;
    declare(&(s2vi_scope){.graph = graph}, config, &g);
    record(&g, out);
    return s2vi_graph_status(graph, err);
}
