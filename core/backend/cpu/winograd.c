/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 3x3 convolutions with fewer products: CONV and CONV_DATA of large images, or
 * many, and UPCONV.
 *
 * Winograd's minimal filtering (A. Lavin and S. Gray, "Fast Algorithms for
 * Convolutional Neural Networks", CVPR 2016): the image is cut into tiles; a
 * tile's pixels d and the taps g become as many points each,
 *     V = B' d B,  U = G g G',
 * a point's product V U is a matrix product over the channels, and
 *     y = A' (V U) A.
 * F(4,3): 4 results of 3 taps in a dimension are 6 products, not 12. The
 * polynomials behind it are taken at 0, +-sqrt(1/2), +-sqrt(2) and infinity,
 * for which errors are a quarter of those of the usual 0, +-1, +-2.
 *
 * A nearest x2 before: with the pixels x0, x1, x2 and the taps g0, g1, g2 the
 * two results over x1 are
 *     g0 x0 + (g1 + g2) x1 = g0 (x0 - x1) + (g0 + g1 + g2) x1,
 *     (g0 + g1) x1 + g2 x2 = (g0 + g1 + g2) x1 + g2 (x2 - x1):
 * 3 products, not 4, or not 6 of the taps themselves.
 *
 * 4x4 taps with a stride of 2 and zeros of one pixel around, and the adjoint:
 * with the pixels of odd and even lines and columns taken apart, they are four
 * convolutions of 2x2 taps, whose sum is the result or which have a fourth of
 * the adjoint's results each, F(3,2): 3 results of 2 taps are 4 products. So is
 * the adjoint of 3x3 taps with a stride of 2, but results of every other line
 * or column have one tap: of their points the last is zero, and not taken.
 *
 * Tiles are taken in bands whose points stay in the second-level cache. Each
 * thread has bands of its own; where the weights are larger than that cache,
 * threads share each band and divide the result's channels.
 */
#include "backend/cpu/winograd.h"

#include <omp.h>
#include <string.h>

#define MOST_POINTS 6
#define ROOT_2      1.41421356237309504880

typedef struct winograd_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    s2vi_winograd form;
    int threads, points; /* points: of both dimensions */
    int64_t images, tiles, band;
    int64_t in_size, out_size; /* floats of one image */
    int in_channels, channels, vectors, blocks;
    bool share;  /* a band's channels are divided, not the bands */
    bool packed; /* the weights come so */
    /* Of the weights (Cout,3,3,Cin) or, for CONV_DATA, of their turned form:
     * the first, and from tap to tap, channel to channel, result to result. */
    int64_t tap0, tap[2], channel, result;
    int64_t phase[2]; /* from an odd line or column's to an even one's */
    int taps[2];
    bool uneven; /* odd lines and columns have a tap less */
    s2vi_simd_tiles in;
    s2vi_simd_result out;
} winograd_kernel;

/* Bytes that a band's points may take: of one thread, of all. */
#define BAND_OWN    (160 << 10)
#define BAND_SHARED (1280 << 10)

/* ----------------------------------------------------------- weights -- */

static int width(const winograd_kernel *k)
{
    return k->vectors * k->simd->cell_lanes;
}

static size_t weight_size(const winograd_kernel *k)
{
    return (size_t)k->points * (size_t)k->in_channels * (size_t)k->blocks *
           (size_t)width(k) * sizeof(float);
}

const double (*s2vi_winograd_taps(s2vi_winograd form, int *n))[3]
{
    static const double f43[6][3] = {
        {1, 0, 0},
        {-2. / 3, -ROOT_2 / 3, -1. / 3},
        {-2. / 3, ROOT_2 / 3, -1. / 3},
        {1. / 6, ROOT_2 / 6, 1. / 3},
        {1. / 6, -ROOT_2 / 6, 1. / 3},
        {0, 0, 1},
    };
    static const double f23[4][3] = {
        {1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
    static const double f32[4][3] = {
        {1, 0, 0}, {.5, .5, 0}, {.5, -.5, 0}, {0, 1, 0}};
    static const double nearest[3][3] = {{1, 0, 0}, {1, 1, 1}, {0, 0, 1}};
    *n = form == S2VI_WINOGRAD_F43 ? 6 : form == S2VI_WINOGRAD_NEAREST ? 3 : 4;
    return form == S2VI_WINOGRAD_F43   ? f43
           : form == S2VI_WINOGRAD_F23 ? f23
           : form == S2VI_WINOGRAD_F32 ? f32
                                       : nearest;
}

void s2vi_winograd_weights(s2vi_winograd form, const float *g, int64_t step,
                           double *u)
{
    int n;
    const double(*G)[3] = s2vi_winograd_taps(form, &n);
    for (int p = 0; p < n; p++) {
        double row[3] = {0};
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                row[j] += G[p][i] * (double)g[(3 * i + j) * step];
        for (int q = 0; q < n; q++)
            u[p * n + q] =
                G[q][0] * row[0] + G[q][1] * row[1] + G[q][2] * row[2];
    }
}

/* Where the first tap of a channel and a result is. */
static const float *kernel_of(const winograd_kernel *k, const float *w, int c,
                              int result)
{
    const int channels = k->in.channels, results = k->out.channels;
    const int phase = c / channels + result / results;
    return w + k->tap0 + c % channels * k->channel +
           result % results * k->result + phase / 2 * k->phase[0] +
           phase % 2 * k->phase[1];
}

/* Down and across, of a result, counted over phases. */
static void taps_of(const winograd_kernel *k, int result, int *taps)
{
    const int phase = result / k->out.channels;
    taps[0] = k->taps[0] - (k->uneven && phase / 2 == 0);
    taps[1] = k->taps[1] - (k->uneven && phase % 2 == 0);
}

/* True of a point at which all weights of a block are zero. */
static bool is_zero(const winograd_kernel *k, int block, int point)
{
    const int wide = width(k), lanes = k->simd->cell_lanes;
    for (int out = block * wide; out < (block + 1) * wide; out += lanes) {
        int taps[2];
        taps_of(k, out, taps);
        if (!k->uneven || ((taps[0] == 2 || point / 4 < 3) &&
                           (taps[1] == 2 || point % 4 < 3)))
            return false;
    }
    return true;
}

/* To [block][point][channel][width]. */
static void pack_weights(const winograd_kernel *k, const float *w, float *to)
{
    const int wide = width(k), cin = k->in_channels,
              lanes = k->simd->cell_lanes;
    const int64_t point = (int64_t)cin * wide;
    int n;
    const double(*G)[3] = s2vi_winograd_taps(k->form, &n);
    if (k->channels % wide) /* the last block has fewer */
        memset(to + (k->blocks - 1) * k->points * point, 0,
               (size_t)(k->points * point) * sizeof(*to));
#pragma omp parallel for schedule(static) num_threads(k->threads)
    for (int out = 0; out < k->channels; out += lanes) {
        float *at = to + out / wide * k->points * point + out % wide;
        int taps[2];
        taps_of(k, out, taps);
        for (int c = 0; c < cin; c++)
            k->simd->winograd_weights(at + (int64_t)c * wide, point, G, n,
                                      kernel_of(k, w, c, out), taps, k->tap,
                                      k->result);
    }
}

static int pack(const s2vi_kernel *kernel, int i, const void *from, void *to)
{
    (void)i; /* the weight is the only input that is packed */
    pack_weights((const winograd_kernel *)kernel, from, to);
    return S2V_OK;
}

/* ------------------------------------------------------------ running -- */

static size_t points_size(const winograd_kernel *k)
{
    return (size_t)k->in.v_plane * (size_t)k->points * sizeof(float);
}

static int64_t products_plane(const winograd_kernel *k)
{
    return k->band * width(k) + 16;
}

/* Of one block's products. */
static size_t products_size(const winograd_kernel *k)
{
    return (size_t)k->points * (size_t)products_plane(k) * sizeof(float);
}

/* What a run reads and writes: of the first image. */
typedef struct images {
    const float *x, *w;
    s2vi_simd_result out;
} images;

/* Tiles [from, to) of all images' that belong to the image of the first. */
typedef struct stretch {
    int64_t image, from, to; /* of the image's */
} stretch;

static stretch stretch_of(const winograd_kernel *k, int64_t from, int64_t to)
{
    const int64_t image = from / k->tiles, before = image * k->tiles;
    const int64_t end = to - before;
    return (stretch){image, from - before, end < k->tiles ? end : k->tiles};
}

static void points_of(const winograd_kernel *k, const images *all, float *v,
                      int64_t from, int64_t to)
{
    s2vi_simd_tiles t = k->in;
    for (int64_t n; from < to; from += n, v += n * t.v_step) {
        const stretch s = stretch_of(k, from, to);
        n = s.to - s.from;
        t.image = all->x + s.image * k->in_size;
        k->simd->winograd_in(v, &t, s.from, s.to);
    }
}

static void results_of(const winograd_kernel *k, const images *all,
                       const float *m, int channel, int64_t from, int64_t to)
{
    const int64_t pixels = k->out.height * k->out.width;
    for (int64_t n; from < to; from += n, m += n * width(k)) {
        const stretch s = stretch_of(k, from, to);
        s2vi_simd_result r = all->out;
        n = s.to - s.from;
        r.out += s.image * k->out_size;
        if (r.addend)
            r.addend += s.image * k->out_size;
        if (r.plane)
            r.plane += s.image * pixels;
        k->simd->winograd_out(&r, m, products_plane(k), channel, k->vectors,
                              s.from, s.to);
    }
}

/* One block of a band's channels; v: the band's points. */
static void run_block(const winograd_kernel *k, const images *all,
                      const float *v, float *m, int block, int64_t from,
                      int64_t to)
{
    const int64_t plane = products_plane(k);
    const int64_t size = (int64_t)k->in_channels * width(k);
    for (int p = 0; p < k->points; p++)
        if (is_zero(k, block, p))
            memset(m + p * plane, 0,
                   (size_t)((to - from) * width(k)) * sizeof(*m));
        else
            k->simd->winograd_product(
                m + p * plane, v + p * k->in.v_plane, k->in.v_step,
                all->w + (block * k->points + p) * size, k->in_channels,
                k->vectors, (int)(to - from));
    results_of(k, all, m, block * width(k), from, to);
}

static int64_t tiles_in_all(const winograd_kernel *k)
{
    return k->images * k->tiles;
}

static int64_t band_end(const winograd_kernel *k, int64_t from)
{
    const int64_t all = tiles_in_all(k);
    return from + k->band < all ? from + k->band : all;
}

/* Each thread takes bands. */
static void run_apart(const winograd_kernel *k, const images *all,
                      char *scratch)
{
    const size_t size = points_size(k) + products_size(k);
    const int64_t tiles = tiles_in_all(k);
#pragma omp parallel num_threads(k->threads) if (tiles > k->band)
    {
        float *v = (float *)(scratch + (size_t)omp_get_thread_num() * size);
        float *m = (float *)((char *)v + points_size(k));
#pragma omp for schedule(dynamic)
        for (int64_t from = 0; from < tiles; from += k->band) {
            const int64_t to = band_end(k, from);
            points_of(k, all, v, from, to);
            for (int block = 0; block < k->blocks; block++)
                run_block(k, all, v, m, block, from, to);
        }
    }
}

/* All threads take blocks of channels of one band after the other. */
static void run_shared(const winograd_kernel *k, const images *all,
                       char *scratch)
{
    float *v = (float *)scratch;
    const int64_t tiles = tiles_in_all(k);
#pragma omp parallel num_threads(k->threads)
    {
        float *m = (float *)(scratch + points_size(k) +
                             (size_t)omp_get_thread_num() * products_size(k));
        for (int64_t from = 0; from < tiles; from += k->band) {
            const int64_t to = band_end(k, from);
#pragma omp for schedule(static)
            for (int64_t tile = from; tile < to; tile++)
                points_of(k, all, v + (tile - from) * k->in.v_step, tile,
                          tile + 1);
#pragma omp for schedule(dynamic)
            for (int block = 0; block < k->blocks; block++)
                run_block(k, all, v, m, block, from, to);
        }
    }
}

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    const winograd_kernel *k = (const winograd_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    images all = {.x = in[0], .w = in[1], .out = k->out};
    char *rest = scratch;
    (void)clock;
    if (!k->packed) {
        pack_weights(k, in[1], scratch);
        all.w = scratch;
        rest += weight_size(k);
    }
    const int planes = node->n_inputs - 2 * node->attr.plane;
    const int addends = planes - node->attr.accumulate;
    all.out.out = out;
    all.out.bias = addends > 2 ? in[2] : NULL;
    all.out.addend = node->attr.accumulate ? in[addends] : NULL;
    all.out.plane = node->attr.plane ? in[planes] : NULL;
    all.out.scale = node->attr.plane ? in[planes + 1] : NULL;
    (k->share ? run_shared : run_apart)(k, &all, rest);
    return S2V_OK;
}

/* ------------------------------------------------------------ compile -- */

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static bool fits(const s2vi_node *node)
{
    const s2vi_shape *w = &node->input[1]->shape;
    return w->rank == 4 && w->dim[0] % 16 == 0 && w->dim[3] % 16 == 0 &&
           !s2vi_is_grouped(node);
}

/* Weights become 4 times as many for F(4,3), not 2 for F(2,3): that must not
 * cost more than is saved. */
#define LEAST_F43 576
#define LEAST_F23 196

/* Weights that change are transformed every time: as much work as some ten
 * results. And many images make up for more weights: for an image alone they
 * come from memory, for the next ones from the cache. */
#define LEAST_RESULTS 1024
#define MANY_IMAGES   8
#define MANY_F43      256
#define MANY_F23      64

static bool has_many(const s2vi_node *node, uint32_t constant)
{
    return !(constant & 2u) && node->shape.dim[0] >= MANY_IMAGES;
}

/* 3x3 taps; or 2x3 or 3x2 that change, if there are fewer results than
 * channels: results take as long to transform. */
static bool has_taps(const s2vi_node *node, uint32_t constant)
{
    const int64_t *w = node->input[1]->shape.dim;
    const bool fewer = s2vi_shape_channels(&node->shape) <
                       s2vi_shape_channels(&node->input[0]->shape);
    return w[1] <= 3 && w[2] <= 3 &&
           (w[1] * w[2] == 9 ||
            (w[1] * w[2] == 6 && !(constant & 2u) && fewer));
}

/* 4x4 taps with a stride of 2 of twice as large an image, or their adjoint. */
static bool is_split(const s2vi_node *node)
{
    const s2vi_window *win = &node->attr.window;
    const bool data = node->op == S2VI_OP_CONV_DATA;
    const s2vi_shape *fine = data ? &node->shape : &node->input[0]->shape;
    const s2vi_shape *coarse = data ? &node->input[0]->shape : &node->shape;
    if ((!data && node->op != S2VI_OP_CONV) || !fits(node))
        return false;
    for (int i = 0; i < 2; i++)
        if (node->input[1]->shape.dim[1 + i] != 4 || win->stride[i] != 2 ||
            win->pad_lo[i] != 1 || win->pad_hi[i] != 1 ||
            fine->dim[1 + i] != 2 * coarse->dim[1 + i])
            return false;
    return true;
}

/* The adjoint of 3x3 taps with a stride of 2. */
static bool is_uneven(const s2vi_node *node)
{
    const int64_t *w = node->input[1]->shape.dim;
    const s2vi_window *win = &node->attr.window;
    return node->op == S2VI_OP_CONV_DATA && fits(node) && w[1] == 3 &&
           w[2] == 3 && win->stride[0] == 2 && win->stride[1] == 2;
}

/* Of a smaller one, too many tiles reach beyond it. */
#define LEAST_SPLIT 256 /* pixels of the coarse image */

/* Weights become 64 / 9 times as many: from memory, they take longer than what
 * is saved for fewer pixels. */
#define LEAST_UNEVEN 2048
#define FEW_WEIGHTS  (4 << 20) /* bytes of those */

static bool suits_uneven(const s2vi_node *node, uint32_t constant)
{
    const s2vi_shape *x = &node->input[0]->shape, *w = &node->input[1]->shape;
    const int64_t pixels = x->dim[1] * x->dim[2];
    const int64_t bytes = s2vi_shape_count(w) / 9 * 64 * (int64_t)sizeof(float);
    return is_uneven(node) && pixels >= LEAST_SPLIT &&
           (pixels >= LEAST_UNEVEN || bytes <= FEW_WEIGHTS) &&
           (constant & 2u || x->dim[0] * pixels >= LEAST_RESULTS);
}

static bool suits_split(const s2vi_node *node)
{
    const int64_t *x = node->input[0]->shape.dim, *y = node->shape.dim;
    const int64_t pixels =
        x[1] * x[2] < y[1] * y[2] ? x[1] * x[2] : y[1] * y[2];
    return is_split(node) && pixels >= LEAST_SPLIT &&
           y[0] * pixels >= LEAST_RESULTS;
}

bool s2vi_cpu_winograd_suits(const s2vi_node *node, uint32_t constant)
{
    const s2vi_shape *y = &node->shape;
    const s2vi_window *win = &node->attr.window;
    if ((!(constant & 2u) && suits_split(node)) || suits_uneven(node, constant))
        return true;
    if ((node->op != S2VI_OP_CONV &&
         (node->op != S2VI_OP_CONV_DATA || constant & 2u)) ||
        !fits(node) || !has_taps(node, constant) || win->stride[0] != 1 ||
        win->stride[1] != 1)
        return false;
    const int64_t pixels = y->dim[1] * y->dim[2];
    return pixels >= (has_many(node, constant) ? MANY_F23 : LEAST_F23) &&
           (constant & 2u || y->dim[0] * pixels >= LEAST_RESULTS);
}

static void cut_bands(winograd_kernel *k)
{
    const int step = k->simd->winograd_sums / k->vectors;
    const int64_t tile =
        (int64_t)k->points * k->in.v_step * (int64_t)sizeof(float);
    k->share = weight_size(k) > 1 << 20;
    k->band = (k->share ? BAND_SHARED : BAND_OWN) / tile;
    if (k->band > k->images * k->tiles)
        k->band = k->images * k->tiles;
    k->band = ceil_div(k->band > 0 ? k->band : 1, step) * step;
    k->in.v_plane = k->band * k->in.v_step + 16; /* as above */
}

/* CONV_DATA is a convolution by the kernel turned by half a turn, its channels
 * and results exchanged. */
static void describe_weights(winograd_kernel *k, const s2vi_node *node)
{
    const int64_t *w = node->input[1]->shape.dim, last = w[3];
    const bool turned = node->op == S2VI_OP_CONV_DATA;
    k->tap0 = turned ? (w[1] * w[2] - 1) * last : 0;
    k->tap[1] = turned ? -last : last;
    k->tap[0] = w[2] * k->tap[1];
    k->channel = turned ? w[1] * w[2] * last : 1;
    k->result = turned ? 1 : w[1] * w[2] * last;
    for (int i = 0; i < 2; i++) {
        const int lo = node->attr.window.pad_lo[i];
        k->taps[i] = (int)w[1 + i];
        k->in.lo[i] = node->op == S2VI_OP_UPCONV ? 1
                      : turned                   ? k->taps[i] - 1 - lo
                                                 : lo;
    }
}

/* Taps 0 and 2 are of odd lines, 1 and 3 of even ones; turned 2 and 0, 3 and
 * 1. */
static void describe_split(winograd_kernel *k, const s2vi_node *node)
{
    const int64_t last = node->input[1]->shape.dim[3];
    const bool turned = node->op == S2VI_OP_CONV_DATA;
    k->tap0 = turned ? 10 * last : 0;
    k->tap[0] = (turned ? -8 : 8) * last;
    k->tap[1] = (turned ? -2 : 2) * last;
    k->phase[0] = 4 * last;
    k->phase[1] = last;
    k->channel = turned ? 16 * last : 1;
    k->result = turned ? 1 : 16 * last;
    k->taps[0] = k->taps[1] = 2;
    k->in.split = !turned;
    k->in.lo[0] = k->in.lo[1] = 1;
    k->out.split = turned;
    k->out.lo[0] = k->out.lo[1] = turned;
}

/* Taps 1 are of odd lines, 2 and 0 of even ones. */
static void describe_uneven(winograd_kernel *k, const s2vi_node *node)
{
    const int64_t last = node->input[1]->shape.dim[3];
    k->uneven = true;
    k->tap0 = 4 * last;
    k->tap[0] = -6 * last;
    k->tap[1] = -2 * last;
    k->phase[0] = 3 * last;
    k->phase[1] = last;
    k->channel = 9 * last;
    k->result = 1;
    k->taps[0] = k->taps[1] = 2;
    k->out.split = true;
    for (int i = 0; i < 2; i++) {
        k->in.lo[i] = 1;
        k->out.lo[i] = 1 + node->attr.window.pad_lo[i];
    }
}

static s2vi_winograd form_of(const s2vi_node *node, uint32_t constant)
{
    const int64_t *y = node->shape.dim;
    const int least = has_many(node, constant) ? MANY_F43 : LEAST_F43;
    return node->op == S2VI_OP_UPCONV          ? S2VI_WINOGRAD_NEAREST
           : is_split(node) || is_uneven(node) ? S2VI_WINOGRAD_F32
           : y[1] * y[2] >= least              ? S2VI_WINOGRAD_F43
                                               : S2VI_WINOGRAD_F23;
}

bool s2vi_cpu_winograd_is_f43(const s2vi_node *node, uint32_t constant)
{
    return node->op != S2VI_OP_UPCONV &&
           s2vi_cpu_winograd_suits(node, constant) &&
           form_of(node, constant) == S2VI_WINOGRAD_F43;
}

/* Tiles that cover so many results in a dimension: of each phase, from those
 * outside on. */
static int64_t tiles_of(const winograd_kernel *k, int64_t results, int dim)
{
    if (k->form == S2VI_WINOGRAD_F32)
        return k->out.split ? ceil_div(results + k->out.lo[dim], 6)
                            : ceil_div(results, 3);
    return ceil_div(results, k->form == S2VI_WINOGRAD_F43 ? 4 : 2);
}

/* Blocks of 4 or 2 vectors, where that adds at most an eighth: a number of the
 * image is read once for all of them. They are of one phase, if some of its
 * points are zero. */
static void cut_channels(winograd_kernel *k)
{
    const int lanes = k->simd->cell_lanes;
    const int all = k->channels / lanes;
    const int whole = k->uneven ? k->out.channels / lanes : all;
    k->vectors = k->simd->winograd_sums == 24 ? 4 : 2;
    while (k->vectors > 1 &&
           (k->uneven
                ? whole % k->vectors
                : 8 * (ceil_div(all, k->vectors) * k->vectors - all) > all))
        k->vectors /= 2;
    k->blocks = (int)ceil_div(all, k->vectors);
}

static void describe(winograd_kernel *k, const s2vi_node *node,
                     uint32_t constant)
{
    const s2vi_shape *x = &node->input[0]->shape, *y = &node->shape;
    int n;
    k->form = form_of(node, constant);
    s2vi_winograd_taps(k->form, &n);
    k->points = n * n;
    k->images = y->dim[0];
    k->in_size = x->dim[1] * x->dim[2] * x->dim[3];
    k->out_size = y->dim[1] * y->dim[2] * y->dim[3];
    k->in = (s2vi_simd_tiles){.form = k->form,
                              .height = x->dim[1],
                              .width = x->dim[2],
                              .channels = (int)x->dim[3]};
    k->out = (s2vi_simd_result){.form = k->form,
                                .height = y->dim[1],
                                .width = y->dim[2],
                                .channels = (int)y->dim[3],
                                .act = node->attr.act,
                                .slope = (float)node->attr.slope};
    (is_uneven(node)                ? describe_uneven
     : k->form == S2VI_WINOGRAD_F32 ? describe_split
                                    : describe_weights)(k, node);
    k->in_channels = k->in.channels * (k->in.split ? 4 : 1);
    k->channels = k->out.channels * (k->out.split ? 4 : 1);
    cut_channels(k);
    k->in.across = k->out.across = tiles_of(k, y->dim[2], 1);
    k->tiles = tiles_of(k, y->dim[1], 0) * k->in.across;
    /* Powers of two apart, tiles or points would share sets of the cache. */
    k->in.v_step = k->in_channels + (k->in_channels % 256 ? 0 : 16);
    cut_bands(k);
}

int s2vi_cpu_winograd(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                      s2vi_kernel **kernel, s2v_error *err)
{
    if (!fits(node))
        return s2vi_error(err, S2V_ERR_INTERNAL,
                          "device 'cpu' upsamples and convolves images of "
                          "whole vectors of channels only");
    winograd_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->simd = cpu->simd;
    k->threads = cpu->base.threads;
    describe(k, node, constant);
    const size_t threads = (size_t)k->threads;
    k->base.scratch_size =
        (k->share ? 1 : threads) * points_size(k) + threads * products_size(k);
    k->packed = constant >> 1 & 1u;
    if (k->packed)
        k->base.packed_size[1] = weight_size(k);
    else
        k->base.scratch_size += weight_size(k);
    k->base.run = run;
    k->base.pack = pack;
    k->base.close = s2vi_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
