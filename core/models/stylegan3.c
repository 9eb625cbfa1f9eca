/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * StyleGAN3: T. Karras, M. Aittala, S. Laine, E. Harkonen, J. Hellsten,
 * J. Lehtinen and T. Aila, "Alias-Free Generative Adversarial Networks",
 * NeurIPS 2021, arXiv 2106.12423; configurations T and R.
 *
 * Shapes: n pictures; N side of a picture; C channels (I in, O out); w width
 * of a style code. Memory is channels last. Frequencies are in periods of the
 * picture's width.
 *
 * Choices, where the paper is silent those of the published code:
 * - names, shapes and filters as there, but that a scalar has the shape (1);
 * - a style is normalised by its own mean square, not by that of the batch,
 *   which shows through the 1e-8 of the demodulation alone;
 * - styles scale the pixels, demodulation the results, not the weights.
 */
#include "models/stylegan3.h"

#include "nn/equalised.h"

#include <math.h>
#include <stdio.h>

enum {
    LAYERS = S2VI_STYLEGAN3_LAYERS,
    CRITICAL = 2, /* of the layers before RGB, sampled as their cutoff asks */
    MARGIN = 10,  /* pixels around the picture that is seen */
    SHARP = 6,    /* taps for each sample */
    RGB = 3,
};

static const double PI = 3.14159265358979323846;

/* -------------------------------------------------- design (sec. 3.2) -- */

/* What layer i gives. */
static s2vi_stylegan3_signal signal_of(const s2vi_stylegan3_config *c, int i)
{
    const double N = c->size, first = 2, first_stop = pow(2, 2.1);
    const double last_stop = N / 2 * pow(2, 0.3);
    const double e = fmin((double)i / (LAYERS - 1 - CRITICAL), 1);
    const double cutoff = first * pow(N / 2 / first, e);
    const double stop = first_stop * pow(last_stop / first_stop, e);
    const double rate = pow(2, ceil(log2(fmin(2 * stop, N))));
    const bool rgb = i == LAYERS - 1, whole = i >= LAYERS - CRITICAL;
    const double channels = rint(fmin(c->base / 2.0 / cutoff, c->max));
    return (s2vi_stylegan3_signal){
        .size = whole ? c->size : (int)rate + 2 * MARGIN,
        .rate = (int)rate,
        .channels = rgb ? RGB : (int)channels,
        .cutoff = cutoff,
        .half_width = fmax(stop, rate / 2) - cutoff,
    };
}

/* Zeros so that the result is of its size; the filters move it by nothing. */
static void pad(s2vi_stylegan3_layer *l)
{
    const int total = (l->out.size - 1) * l->down + 1 -
                      (l->in.size + l->kernel - 1) * l->up + l->up_taps +
                      l->down_taps - 2;
    l->lo = (int)floor((total + l->up) / 2.0);
    l->hi = total - l->lo;
}

void s2vi_stylegan3_design(const s2vi_stylegan3_config *c,
                           s2vi_stylegan3_layer layer[LAYERS])
{
    for (int i = 0; i < LAYERS; i++) {
        s2vi_stylegan3_layer *l = &layer[i];
        const bool rgb = i == LAYERS - 1;
        const bool critical = i >= LAYERS - 1 - CRITICAL;
        *l = (s2vi_stylegan3_layer){.out = signal_of(c, i), .rgb = rgb};
        l->in = i ? layer[i - 1].out : l->out;
        l->kernel = rgb || c->variant == S2VI_STYLEGAN3_R ? 1 : 3;
        l->up = l->down = 1;
        if (!rgb) {
            const int rate =
                2 * (l->in.rate > l->out.rate ? l->in.rate : l->out.rate);
            l->up = rate / l->in.rate;
            l->down = rate / l->out.rate;
            l->up_taps = SHARP * l->up;
            l->down_taps = SHARP * l->down;
            l->radial = c->variant == S2VI_STYLEGAN3_R && !critical;
            pad(l);
        }
        snprintf(l->name, sizeof(l->name), "L%d_%d_%d", i, l->out.size,
                 l->out.channels);
    }
}

/* ---------------------------------------------- filters (appendix C.1) -- */

/* The modified Bessel function of order 0. */
static double bessel_i0(double x)
{
    double term = 1, sum = 1;
    for (int k = 1; term > 1e-18 * sum; k++) {
        term *= x / (2 * k) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

/* The Bessel function of order 1: its integral, whose sum converges as fast as
 * a power series, the integrand being periodic. */
static double bessel_j1(double x)
{
    enum { POINTS = 128 };
    double sum = 0;
    for (int k = 0; k < POINTS; k++) {
        const double t = PI * (k + 0.5) / POINTS;
        sum += cos(t - x * sin(t));
    }
    return sum / POINTS;
}

/* Kaiser's window of n taps for a transition band. */
static double kaiser(int n, int m, double width, double rate)
{
    const double A =
        2.285 * (n - 1) * PI * (width / (rate / 2)) + 7.95; /* dB */
    const double beta = A > 50 ? 0.1102 * (A - 8.7)
                        : A > 21
                            ? 0.5842 * pow(A - 21, 0.4) + 0.07886 * (A - 21)
                            : 0;
    const double at = 2.0 * m / (n - 1) - 1;
    return bessel_i0(beta * sqrt(1 - at * at)) / bessel_i0(beta);
}

static double sinc(double x)
{
    return x == 0 ? 1 : sin(PI * x) / (PI * x);
}

void s2vi_stylegan3_filter(const s2vi_stylegan3_layer *l, bool up, float *out)
{
    const s2vi_stylegan3_signal *s = up ? &l->in : &l->out;
    const int n = up ? l->up_taps : l->down_taps;
    const bool radial = !up && l->radial;
    const int rows = radial ? n : 1;
    const double rate = (double)l->in.rate * l->up, width = 2 * s->half_width;
    const double centre = (n - 1) / 2.0;
    double h[S2VI_STYLEGAN3_TAPS * S2VI_STYLEGAN3_TAPS], sum = 0;
    for (int i = 0; i < rows; i++)
        for (int m = 0; m < n; m++) {
            const double r = hypot(m - centre, i - centre) / rate;
            const double line = sinc(s->cutoff / (rate / 2) * (m - centre));
            h[i * n + m] = (radial ? bessel_j1(2 * PI * s->cutoff * r) /
                                         (PI * r) * kaiser(n, i, width, rate)
                                   : line) *
                           kaiser(n, m, width, rate);
            sum += h[i * n + m];
        }
    for (int i = 0; i < rows * n; i++)
        out[i] = (float)(h[i] / sum);
}

/* --------------------------------------------------------- parameters -- */

typedef struct layer {
    s2vi_layer conv, affine;
    s2vi_node *magnitude; /* (1): mean square of what comes in, in training */
    s2vi_node *up, *down; /* filters */
} layer;

typedef struct network {
    s2vi_layer affine; /* of the input */
    s2vi_node *weight, *freqs, *phases, *transform;
    layer layer[LAYERS];
} network;

static void declare_input(const s2vi_scope *scope,
                          const s2vi_stylegan3_config *c, int C, network *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "input");
    n->weight = s2vi_declare(&in, S2VI_SHAPE(C, C), S2VI_INIT_UNIT, "weight");
    n->affine = s2vi_declare_layer(&in, S2VI_SHAPE(4, c->w), S2VI_INIT_ZERO, 4,
                                   "affine");
    n->freqs =
        s2vi_declare_buffer(&in, S2VI_SHAPE(C, 2), S2VI_INIT_UNIT, "freqs");
    n->phases =
        s2vi_declare_buffer(&in, S2VI_SHAPE(C), S2VI_INIT_ZERO, "phases");
    n->transform =
        s2vi_declare_buffer(&in, S2VI_SHAPE(3, 3), S2VI_INIT_ZERO, "transform");
}

static layer declare_one(const s2vi_scope *scope,
                         const s2vi_stylegan3_config *c,
                         const s2vi_stylegan3_layer *l)
{
    const s2vi_scope in = s2vi_scope_in(scope, "%s", l->name);
    const int I = l->in.channels, O = l->out.channels, k = l->kernel;
    const int up = l->up_taps, down = l->down_taps;
    layer x = {0};
    x.conv = s2vi_declare_layer(scope, S2VI_SHAPE(O, I, k, k), S2VI_INIT_UNIT,
                                O, "%s", l->name);
    x.affine.weight =
        s2vi_declare(&in, S2VI_SHAPE(I, c->w), S2VI_INIT_UNIT, "affine.weight");
    x.affine.bias =
        s2vi_declare(&in, S2VI_SHAPE(I), S2VI_INIT_ONE, "affine.bias");
    x.magnitude =
        s2vi_declare_buffer(&in, S2VI_SHAPE(1), S2VI_INIT_ONE, "magnitude_ema");
    if (l->rgb)
        return x;
    x.up =
        s2vi_declare_buffer(&in, S2VI_SHAPE(up), S2VI_INIT_ZERO, "up_filter");
    x.down = s2vi_declare_buffer(
        &in, l->radial ? S2VI_SHAPE(down, down) : S2VI_SHAPE(down),
        S2VI_INIT_ZERO, "down_filter");
    return x;
}

static void declare(const s2vi_scope *scope, const s2vi_stylegan3_config *c,
                    const s2vi_stylegan3_layer design[LAYERS], network *n)
{
    const s2vi_scope in = s2vi_scope_in(scope, "synthesis");
    declare_input(&in, c, design[0].in.channels, n);
    for (int i = 0; i < LAYERS; i++)
        n->layer[i] = declare_one(&in, c, &design[i]);
}

s2vi_stylegan_mapping s2vi_stylegan3_mapping(const s2vi_stylegan3_config *c)
{
    return (s2vi_stylegan_mapping){
        .z = c->z, .w = c->w, .layers = c->mapping, .classes = c->classes};
}

int s2vi_stylegan3_params_list(const s2vi_stylegan3_config *config,
                               s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = {.list = list};
    const s2vi_stylegan_mapping m = s2vi_stylegan3_mapping(config);
    s2vi_stylegan3_layer design[LAYERS];
    network n;
    s2vi_stylegan3_design(config, design);
    s2vi_stylegan_mapping_declare(&scope, &m);
    declare(&scope, config, design, &n);
    return s2vi_param_list_end(list, before, err);
}

/* --------------------------------------------------- input (app. F.1) -- */

/* An element of a matrix: (1,1) */
static s2vi_node *element(s2vi_node *x, int row, int column)
{
    x = s2vi_slice(s2vi_slice(x, 0, row, 1), 1, column, 1);
    return s2vi_reshape(x, S2VI_SHAPE(1, 1));
}

/* Rows of the matrix that moves the picture: R(t0,t1) T(-t2,-t3) U, where
 * t = affine(w) turns it and moves it and U is the user's: each element (n,1).
 */
static void motion(s2vi_node *t, s2vi_node *U, s2vi_node *row[2][3])
{
    s2vi_node *at[4], *length;
    for (int i = 0; i < 4; i++)
        at[i] = s2vi_slice(t, 1, i, 1);
    length = s2vi_add(s2vi_square(at[0]), s2vi_square(at[1]));
    length = s2vi_rsqrt(length);
    for (int i = 0; i < 4; i++) /* t /= |t0, t1| */
        at[i] = s2vi_mul(at[i], length);
    for (int j = 0; j < 3; j++) {
        s2vi_node *last = element(U, 2, j);
        s2vi_node *x = s2vi_sub(element(U, 0, j), s2vi_mul(at[2], last));
        s2vi_node *y = s2vi_sub(element(U, 1, j), s2vi_mul(at[3], last));
        row[0][j] = s2vi_sub(s2vi_mul(at[0], x), s2vi_mul(at[1], y));
        row[1][j] = s2vi_add(s2vi_mul(at[1], x), s2vi_mul(at[0], y));
    }
}

/* A constant: centres of `size` pixels, in the picture's widths. */
static s2vi_node *centres(s2vi_graph *graph, int size, int rate)
{
    s2vi_node *at[128];
    for (int i = 0; i < size; i++) {
        const double place = (2.0 * i + 1 - size) / size;
        at[i] = s2vi_fill(graph, place * 0.5 * size / rate, S2VI_SHAPE(1));
    }
    return s2vi_concat(at, size, 0);
}

/* min(max(x, 0), 1) */
static s2vi_node *unit(s2vi_node *x)
{
    return s2vi_affine(s2vi_nn_clamp(s2vi_affine(x, 2, -1), 1), 0.5, 0.5);
}

/* Fourier features, (n,H,W,C), of eq. (F.1): waves across the picture that is
 * moved, those weaker whose frequency comes near the rate's half. */
static s2vi_node *waves(const network *net, const s2vi_stylegan3_signal *s,
                        s2vi_node *t, s2vi_node *U)
{
    s2vi_node *row[2][3];
    if (!t || !net->freqs)
        return NULL;
    const int64_t C = s->channels;
    const double half = s->rate / 2.0;
    s2vi_node *fx =
        s2vi_reshape(s2vi_slice(net->freqs, 1, 0, 1), S2VI_SHAPE(1, C));
    s2vi_node *fy =
        s2vi_reshape(s2vi_slice(net->freqs, 1, 1, 1), S2VI_SHAPE(1, C));
    s2vi_node *moved[3];
    motion(t, U, row);
    for (int j = 0; j < 3; j++) /* freqs M: (n,C) */
        moved[j] = s2vi_add(s2vi_mul(row[0][j], fx), s2vi_mul(row[1][j], fy));
    s2vi_node *phase =
        s2vi_add(moved[2], s2vi_reshape(net->phases, S2VI_SHAPE(1, C)));
    s2vi_node *norm =
        s2vi_sqrt(s2vi_add(s2vi_square(moved[0]), s2vi_square(moved[1])));
    /* 1 - (|f| - cutoff) / (half - cutoff), from 0 to 1 */
    s2vi_node *amplitude = unit(
        s2vi_affine(norm, -1 / (half - s->cutoff), half / (half - s->cutoff)));
    s2vi_node *at = centres(t->graph, s->size, s->rate);
    s2vi_node *x = s2vi_mul(s2vi_reshape(at, S2VI_SHAPE(1, 1, s->size, 1)),
                            s2vi_nn_over_pixels(moved[0]));
    s2vi_node *y = s2vi_mul(s2vi_reshape(at, S2VI_SHAPE(1, s->size, 1, 1)),
                            s2vi_nn_over_pixels(moved[1]));
    s2vi_node *angle = s2vi_add(s2vi_add(x, y), s2vi_nn_over_pixels(phase));
    return s2vi_mul(s2vi_sin(s2vi_scale(angle, 2 * PI)),
                    s2vi_nn_over_pixels(amplitude));
}

static s2vi_node *code(s2vi_node *ws, int i)
{
    s2vi_node *w = s2vi_slice(ws, 1, i, 1);
    return w ? s2vi_reshape(w, S2VI_SHAPE(w->shape.dim[0], w->shape.dim[2]))
             : NULL;
}

/* A w / sqrt(width) + b */
static s2vi_node *affine(s2vi_node *w, const s2vi_layer *a)
{
    return s2vi_nn_linear(
        w, (s2vi_layer){.weight = s2vi_nn_equalised_weight(a->weight),
                        .bias = a->bias});
}

static s2vi_node *make_input(const network *net, const s2vi_stylegan3_signal *s,
                             s2vi_node *ws, s2vi_node *U)
{
    const int64_t C = s->channels;
    s2vi_node *x = waves(net, s, affine(code(ws, 0), &net->affine), U);
    s2vi_node *W = s2vi_nn_equalised_weight(net->weight);
    return s2vi_nn_conv2d(
        x, (s2vi_layer){.weight = s2vi_reshape(W, S2VI_SHAPE(C, 1, 1, C))});
}

/* -------------------------------------------------- layers (sec. 3.2) -- */

/* x / sqrt(mean(x^2)) over all dimensions but the first. */
static s2vi_node *normalise(s2vi_node *x)
{
    return s2vi_mul(x, s2vi_rsqrt(s2vi_mean(s2vi_square(x), ~1u)));
}

/* 1 / sqrt(sum_i s_i^2 sum_k w_ik^2 + 1e-8): (n,O) */
static s2vi_node *demodulation(s2vi_node *s, s2vi_node *w)
{
    const double eps = 1e-8;
    if (!s || !w)
        return NULL;
    s2vi_node *power = s2vi_sum(s2vi_square(w), 1u << 1 | 1u << 2);
    power = s2vi_reshape(power, S2VI_SHAPE(w->shape.dim[0], w->shape.dim[3]));
    return s2vi_rsqrt(
        s2vi_affine(s2vi_matmul(s2vi_square(s), power, false, true), 1, eps));
}

enum {
    STRIP = 1 << 22, /* numbers of an upsampled strip, */
    LEAST = 16,      /* and rows of its result at least */
    VECTOR = 16,
};

/* Zeros around, k - 1 on each side: what the filters need grows there. */
static s2vi_node *convolve(s2vi_node *x, s2vi_node *w, int k)
{
    const s2vi_window full = {.rank = 2,
                              .stride = {1, 1},
                              .pad_lo = {k - 1, k - 1},
                              .pad_hi = {k - 1, k - 1}};
    return s2vi_conv(x, w, NULL, &full);
}

/* A nonlinearity, and what it is of. */
typedef struct filtered {
    s2vi_node *x;
    const s2vi_stylegan3_layer *l;
    const layer *net;
    double clamp;
} filtered;

/* Up, leaky ReLU, down: aliases of the nonlinearity are filtered away. Rows
 * [from, to) of the result are of the upsampled rows [from d, (to - 1) d + n)
 * for n taps. */
static s2vi_node *filter_rows(const void *opaque, int64_t from, int64_t to)
{
    const filtered *f = opaque;
    const s2vi_stylegan3_layer *l = f->l;
    const int u = l->up, d = l->down, first = (int)from * d;
    const int rows = (int)(to - from - 1) * d + l->down_taps;
    const int lo = l->lo - first, all = (int)f->x->shape.dim[1] * u;
    const s2vi_fir up = {.up = {u, u},
                         .down = {1, 1},
                         .lo = {lo, l->lo},
                         .hi = {rows + l->up_taps - 1 - all - lo, l->hi},
                         .gain = (double)u * u};
    const s2vi_fir down = {.up = {1, 1}, .down = {d, d}, .gain = 1};
    s2vi_node *y = s2vi_fir_filter(f->x, f->net->up, &up);
    y = s2vi_scale(s2vi_lrelu(y, 0.2), sqrt(2));
    y = s2vi_nn_clamp(y, f->clamp);
    return s2vi_fir_filter(y, f->net->down, &down);
}

/* In strips of one picture, whose upsampled rows stay in a cache; those of
 * several pictures do not lie together. */
static s2vi_node *nonlinearity(s2vi_node *x, const s2vi_stylegan3_layer *l,
                               const layer *net, double clamp)
{
    const filtered f = {x, l, net, clamp};
    if (l->rgb || !x)
        return s2vi_nn_clamp(x, clamp);
    const int64_t row = (int64_t)l->out.size * l->down * l->down *
                        s2vi_shape_channels(&x->shape);
    const int64_t height = STRIP / row > LEAST ? STRIP / row : LEAST;
    return s2vi_nn_strips(filter_rows, &f, l->out.size,
                          x->shape.dim[0] == 1 ? height : l->out.size);
}

/* Channels of one picture's maps: where they are many, zeros fill up whole
 * vectors, for which kernels are twice as fast. */
static int64_t filled(const s2vi_node *x, int64_t channels)
{
    const bool fill = x->shape.dim[0] == 1 && channels > 4 * VECTOR;
    return fill ? (channels + VECTOR - 1) / VECTOR * VECTOR : channels;
}

/* Zeros at the end of a dimension, up to n; x itself without any. */
static s2vi_node *fill(s2vi_node *x, int axis, int64_t n)
{
    int64_t none[S2VI_MAX_RANK] = {0}, more[S2VI_MAX_RANK] = {0};
    if (!x || x->shape.dim[axis] == n)
        return x;
    more[axis] = n - x->shape.dim[axis];
    return s2vi_pad(x, none, more);
}

static s2vi_node *run_layer(s2vi_node *x, const s2vi_stylegan3_layer *l,
                            const layer *net, double clamp, s2vi_node *w_i)
{
    s2vi_node *w = net->conv.weight, *s = affine(w_i, &net->affine);
    s2vi_node *gain =
        s2vi_reshape(s2vi_rsqrt(net->magnitude), S2VI_SHAPE(1, 1));
    if (l->rgb) {
        w = s2vi_nn_equalised_weight(w);
    } else {
        w = normalise(w);
        s = normalise(s);
        gain = s2vi_mul(demodulation(s, w), gain);
    }
    if (!x || !w)
        return NULL;
    const int64_t I = s2vi_shape_channels(&x->shape);
    const int64_t O = filled(x, l->out.channels);
    w = fill(fill(w, 3, I), 0, O);
    x = s2vi_mul(x, s2vi_nn_over_pixels(fill(s, 1, I)));
    x = convolve(x, w, l->kernel);
    x = s2vi_mul(x, s2vi_nn_over_pixels(l->rgb ? gain : fill(gain, 1, O)));
    x = s2vi_nn_add_bias(x, fill(net->conv.bias, 0, O));
    return nonlinearity(x, l, net, clamp);
}

int s2vi_stylegan3_build(s2vi_graph *graph, const s2vi_stylegan3_config *config,
                         bool camera, s2vi_node *ws, s2vi_stylegan3_graph *out,
                         s2v_error *err)
{
    s2vi_stylegan3_layer design[LAYERS];
    network net;
    s2vi_stylegan3_design(config, design);
    declare(&(s2vi_scope){.graph = graph}, config, design, &net);
    *out = (s2vi_stylegan3_graph){0};
    if (camera)
        out->transform = s2vi_input(graph, "transform", S2VI_SHAPE(3, 3));
    s2vi_node *x = make_input(&net, &design[0].in, ws,
                              camera ? out->transform : net.transform);
    out->input = x;
    for (int i = 0; i < LAYERS; i++)
        x = out->layer[i] = run_layer(x, &design[i], &net.layer[i],
                                      config->clamp, code(ws, i + 1));
    out->video = s2vi_scale(x, 0.25);
    return s2vi_graph_status(graph, err);
}
