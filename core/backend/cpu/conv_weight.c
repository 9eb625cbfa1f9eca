/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CONV_WEIGHT of one or two dimensions:
 *     w[co][tap][ci] = sum over pixels of y[pixel][co] x[pixel + tap][ci].
 *
 * A tap's sums are outer products of the channels of two images. Those of one
 * are taken as vectors, those of the other as single numbers, and as many sums
 * as there are registers stay there over a band of lines, which stays in the
 * first-level cache for all taps and channels.
 *
 * 3x3 taps by Winograd's minimal filtering, the adjoint of winograd.c's: with
 * y = A' (V U) A, V = B' x B and U = G g G', the gradient of g is
 *     G' (sum over tiles of V (A y A')) G:
 * an outer product at each point of a tile, a fourth of those of F(4,3)'s
 * pixels. 4x4 taps with a stride of 2 likewise.
 *
 * What is summed in which order follows from the shapes alone, so that the
 * result does not depend on the number of threads.
 */
#include "backend/cpu/conv_weight.h"
#include "backend/cpu/winograd.h"

#include <string.h>

#define PARTS      8           /* where there are few sums to share */
#define BAND       (32 << 10)  /* bytes of both images */
#define BAND_LARGE (128 << 10) /* where the sums are larger than a cache */
#define LARGE_SUMS (256 << 10)
#define TILES_SIZE (384 << 10) /* bytes of a band's points */
#define LEAST      32          /* tiles in a band */
#define MOST       128

/* An image of the two. */
typedef struct side {
    int64_t image, row, col; /* floats from one to the next */
    int channels;
} side;

typedef struct weight_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int threads;
    int64_t images, in[2], out[2]; /* heights and widths */
    int64_t taps[2], stride[2], lo[2];
    side x, y;
    int x_channels; /* of all phases, where 4x4 taps are split (winograd.c) */
    bool swapped;   /* x's channels are the vectors */
    int wide, narrow, vectors, numbers, wide_blocks, narrow_blocks;
    int64_t planes; /* of sums: taps or points */
    int64_t rows;   /* lines of a band, */
    int64_t group;  /* or whole images */
    int64_t bands, parts;
    /* Winograd's */
    bool winograd;
    s2vi_simd_tiles x_tiles, y_tiles;
    int64_t tiles, band; /* of an image; of a band */
} weight_kernel;

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t plane_size(const weight_kernel *k)
{
    return (int64_t)k->wide * k->narrow;
}

static int64_t sums_size(const weight_kernel *k)
{
    return k->planes * plane_size(k);
}

/* A block of sums: of which plane, from which channels on. */
typedef struct unit {
    int64_t plane;
    int wide, narrow, numbers;
} unit;

static unit unit_of(const weight_kernel *k, int64_t i)
{
    unit u = {.narrow = (int)(i % k->narrow_blocks) * k->numbers};
    i /= k->narrow_blocks;
    u.plane = i % k->planes;
    u.wide = (int)(i / k->planes) * k->vectors * k->simd->cell_lanes;
    u.numbers = (int)least(k->numbers, k->narrow - u.narrow);
    return u;
}

static int64_t units(const weight_kernel *k)
{
    return (int64_t)k->narrow_blocks * k->planes * k->wide_blocks;
}

/* ------------------------------------------------------------ directly -- */

/* Results [*from, *to) of a dimension that see the image under a tap. */
static void clip(const weight_kernel *k, int d, int64_t tap, int64_t *from,
                 int64_t *to)
{
    const int64_t shift = k->lo[d] - tap;
    const int64_t first = shift > 0 ? ceil_div(shift, k->stride[d]) : 0;
    const int64_t end =
        k->in[d] + shift > 0 ? ceil_div(k->in[d] + shift, k->stride[d]) : 0;
    *from = *from > first ? *from : first;
    *to = least(*to, end);
}

/* Lines [from, to) of an image's results. */
static void add_lines(const weight_kernel *k, float *sums, const unit *u,
                      const float *x, const float *y, int64_t from, int64_t to)
{
    const int64_t tap[] = {u->plane / k->taps[1], u->plane % k->taps[1]};
    int64_t left = 0, right = k->out[1];
    clip(k, 0, tap[0], &from, &to);
    clip(k, 1, tap[1], &left, &right);
    if (from >= to || left >= right)
        return;
    x += (from * k->stride[0] + tap[0] - k->lo[0]) * k->x.row +
         (left * k->stride[1] + tap[1] - k->lo[1]) * k->x.col;
    y += from * k->y.row + left * k->y.col;
    const int64_t x_row = k->x.row * k->stride[0];
    const int64_t x_col = k->x.col * k->stride[1];
    s2vi_simd_outer o = {.wide = y + u->wide,
                         .narrow = x + u->narrow,
                         .wide_row = k->y.row,
                         .wide_col = k->y.col,
                         .narrow_row = x_row,
                         .narrow_col = x_col,
                         .rows = (int)(to - from),
                         .cols = (int)(right - left),
                         .vectors = k->vectors,
                         .numbers = u->numbers};
    if (k->swapped) {
        o.wide = x + u->wide, o.narrow = y + u->narrow;
        o.wide_row = x_row, o.wide_col = x_col;
        o.narrow_row = k->y.row, o.narrow_col = k->y.col;
    }
    k->simd->outer(sums + u->plane * plane_size(k) + u->narrow * k->wide +
                       u->wide,
                   k->wide, &o);
}

/* A band: lines of one image, or some whole images. */
static void add_band(const weight_kernel *k, float *sums, const unit *u,
                     const float *x, const float *y, int64_t band)
{
    const int64_t across = ceil_div(k->out[0], k->rows);
    const int64_t row = band % across * k->rows;
    const int64_t first = band / across * k->group;
    const int64_t end = least(first + k->group, k->images);
    for (int64_t i = first; i < end; i++)
        add_lines(k, sums, u, x + i * k->x.image, y + i * k->y.image, row,
                  least(row + k->rows, k->out[0]));
}

static void add_directly(const weight_kernel *k, float *sums, const float *x,
                         const float *y)
{
    const int64_t n = units(k), longest = ceil_div(k->bands, k->parts);
#pragma omp parallel num_threads(k->threads)
    for (int64_t j = 0; j < longest; j++) {
        /* The same thread has a unit in every band: nobody waits. */
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < n * k->parts; i++) {
            const int64_t part = i / n;
            const int64_t band = k->bands * part / k->parts + j;
            const unit u = unit_of(k, i % n);
            if (band < k->bands * (part + 1) / k->parts)
                add_band(k, sums + part * sums_size(k), &u, x, y, band);
        }
    }
}

/* To (Cout, taps, Cin). */
static void store(const weight_kernel *k, float *out, const float *sums)
{
    const int64_t wide = k->swapped ? 1 : k->planes * k->x.channels;
    const int64_t narrow = k->swapped ? k->planes * k->x.channels : 1;
#pragma omp parallel for schedule(static) num_threads(k->threads)
    for (int64_t i = 0; i < k->planes * k->narrow; i++) {
        const float *from = sums + i * k->wide;
        float *to =
            out + i / k->narrow * k->x.channels + i % k->narrow * narrow;
        for (int64_t j = 0; j < k->wide; j++) {
            float sum = from[j];
            for (int64_t part = 1; part < k->parts; part++)
                sum += from[part * sums_size(k) + j];
            to[j * wide] = sum;
        }
    }
}

/* ------------------------------------------------------------ Winograd -- */

static size_t points_size(const s2vi_simd_tiles *t, int64_t planes)
{
    return (size_t)(t->v_plane * planes) * sizeof(float);
}

/* One of a band's tiles, to both images' points. */
static void transform(const weight_kernel *k, float *v, float *m,
                      const float *x, const float *y, int64_t tile, int64_t at)
{
    s2vi_simd_tiles xt = k->x_tiles, yt = k->y_tiles;
    const int64_t image = tile / k->tiles, i = tile % k->tiles;
    xt.image = x + image * k->x.image;
    yt.image = y + image * k->y.image;
    k->simd->winograd_in(v + at * xt.v_step, &xt, i, i + 1);
    k->simd->winograd_results(m + at * yt.v_step, &yt, i, i + 1);
}

static void add_points(const weight_kernel *k, float *sums, const unit *u,
                       const float *v, const float *m, int64_t tiles)
{
    const s2vi_simd_tiles *xt = &k->x_tiles, *yt = &k->y_tiles;
    v += u->plane * xt->v_plane;
    m += u->plane * yt->v_plane;
    const s2vi_simd_outer o = {.wide = (k->swapped ? v : m) + u->wide,
                               .narrow = (k->swapped ? m : v) + u->narrow,
                               .wide_col = (k->swapped ? xt : yt)->v_step,
                               .narrow_col = (k->swapped ? yt : xt)->v_step,
                               .rows = 1,
                               .cols = (int)tiles,
                               .vectors = k->vectors,
                               .numbers = u->numbers};
    k->simd->outer(sums + u->plane * plane_size(k) + u->narrow * k->wide +
                       u->wide,
                   k->wide, &o);
}

static void add_tiles(const weight_kernel *k, float *sums, float *v, float *m,
                      const float *x, const float *y)
{
    const int64_t all = k->images * k->tiles;
#pragma omp parallel num_threads(k->threads)
    for (int64_t from = 0; from < all; from += k->band) {
        const int64_t n = least(k->band, all - from);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < n; i++)
            transform(k, v, m, x, y, from + i, i);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < units(k); i++) {
            const unit u = unit_of(k, i);
            add_points(k, sums, &u, v, m, n);
        }
    }
}

/* 3x3 taps, or 2x2 of a phase's, of some channels of x and y. */
static void store_kernel(const weight_kernel *k, float *out, const float *g,
                         int64_t step, int x, int y)
{
    const int cin = k->x.channels, phase = x / cin;
    const int n = k->x_tiles.split ? 2 : 3, wide = k->x_tiles.split ? 4 : 3;
    out += (int64_t)y * wide * wide * cin + x % cin;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const int tap = n == 3
                                ? 3 * i + j
                                : (phase / 2 + 2 * i) * 4 + phase % 2 + 2 * j;
            out[tap * cin] = g[(3 * i + j) * step];
        }
}

static void store_taps(const weight_kernel *k, float *out, const float *sums)
{
    const int lanes = k->simd->cell_lanes;
    int n;
    const double(*G)[3] = s2vi_winograd_taps(k->x_tiles.form, &n);
#pragma omp parallel for schedule(static) num_threads(k->threads)
    for (int i = 0; i < k->narrow; i++)
        for (int j = 0; j < k->wide; j += lanes) {
            float g[9 * 16];
            k->simd->winograd_taps(g, sums + (int64_t)i * k->wide + j,
                                   plane_size(k), G, n);
            for (int l = 0; l < lanes; l++)
                store_kernel(k, out, g + l, lanes, k->swapped ? j + l : i,
                             k->swapped ? i : j + l);
        }
}

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    const weight_kernel *k = (const weight_kernel *)kernel;
    float *sums = scratch;
    (void)clock;
    memset(sums, 0, (size_t)(k->parts * sums_size(k)) * sizeof(*sums));
    if (k->winograd) {
        float *v = sums + sums_size(k);
        add_tiles(k, sums, v, v + k->x_tiles.v_plane * k->planes, in[0], in[1]);
        store_taps(k, out, sums);
    } else {
        add_directly(k, sums, in[0], in[1]);
        store(k, out, sums);
    }
    return S2V_OK;
}

/* ------------------------------------------------------------- compile -- */

/* Vectors at a time of so many channels; 0: not whole vectors. */
static int vectors_of(const s2vi_simd *simd, int64_t channels)
{
    const int64_t n = channels / simd->cell_lanes;
    if (channels % simd->cell_lanes)
        return 0;
    return n % 3 == 0 ? 3 : n % 2 == 0 ? 2 : 1;
}

/* With fewer channels, transforming takes as long as it saves. */
#define LEAST_CHANNELS 32

static bool suits_winograd(const s2vi_node *node)
{
    const s2vi_window *win = &node->attr.window;
    const int64_t *w = node->shape.dim, *y = node->input[1]->shape.dim;
    return win->rank == 2 && w[0] % 16 == 0 && w[3] % 16 == 0 && w[1] == 3 &&
           w[2] == 3 && least(w[0], w[3]) >= LEAST_CHANNELS &&
           win->stride[0] == 1 && win->stride[1] == 1 && y[1] * y[2] >= 64 &&
           y[0] * y[1] * y[2] >= 1024;
}

/* 4x4 taps as in winograd.c. */
#define LEAST_SPLIT 64 /* pixels of y */

static bool suits_split(const s2vi_node *node)
{
    const s2vi_window *win = &node->attr.window;
    const int64_t *w = node->shape.dim, *x = node->input[0]->shape.dim;
    const int64_t *y = node->input[1]->shape.dim;
    if (win->rank != 2 || w[0] % 16 || w[3] % 16 || y[1] * y[2] < LEAST_SPLIT ||
        y[0] * y[1] * y[2] < 1024)
        return false;
    for (int i = 0; i < 2; i++)
        if (w[1 + i] != 4 || win->stride[i] != 2 || win->pad_lo[i] != 1 ||
            win->pad_hi[i] != 1 || x[1 + i] != 2 * y[1 + i])
            return false;
    return true;
}

bool s2vi_cpu_conv_weight_suits(const s2vi_cpu *cpu, const s2vi_node *node)
{
    const s2vi_shape *w = &node->shape, *y = &node->input[1]->shape;
    const int64_t cin = s2vi_shape_channels(w), cout = w->dim[0];
    return node->op == S2VI_OP_CONV_WEIGHT && !s2vi_is_grouped(node) &&
           node->attr.window.rank <= 2 &&
           (vectors_of(cpu->simd, cin) || vectors_of(cpu->simd, cout)) &&
           s2vi_shape_count(y) / cout >= 256;
}

static side side_of(const s2vi_shape *s)
{
    const int64_t c = s2vi_shape_channels(s), width = s->dim[s->rank - 2];
    return (side){.image = s2vi_shape_count(s) / s->dim[0],
                  .row = width * c,
                  .col = c,
                  .channels = (int)c};
}

static void describe(weight_kernel *k, const s2vi_node *node)
{
    const s2vi_shape *x = &node->input[0]->shape, *y = &node->input[1]->shape;
    const s2vi_window *win = &node->attr.window;
    k->images = x->dim[0];
    k->x = side_of(x);
    k->y = side_of(y);
    for (int d = 0; d < 2; d++) {
        const int from = d - (2 - win->rank);
        k->in[d] = from < 0 ? 1 : x->dim[1 + from];
        k->out[d] = from < 0 ? 1 : y->dim[1 + from];
        k->taps[d] = from < 0 ? 1 : node->shape.dim[1 + from];
        k->stride[d] = from < 0 ? 1 : win->stride[from];
        k->lo[d] = from < 0 ? 0 : win->pad_lo[from];
    }
    k->x_channels = k->x.channels * (suits_split(node) ? 4 : 1);
    const int vx = vectors_of(k->simd, k->x_channels);
    const int vy = vectors_of(k->simd, k->y.channels);
    k->swapped = vx >= vy;
    k->vectors = k->swapped ? vx : vy;
    k->wide = k->swapped ? k->x_channels : k->y.channels;
    k->narrow = k->swapped ? k->y.channels : k->x_channels;
    k->numbers = (int)least(S2VI_OUTER_MOST, k->narrow);
    k->wide_blocks = k->wide / (k->vectors * k->simd->cell_lanes);
    k->narrow_blocks = (int)ceil_div(k->narrow, k->numbers);
    k->planes = k->taps[0] * k->taps[1];
}

static void cut_bands(weight_kernel *k)
{
    const int64_t bytes =
        (k->stride[0] * k->x.row + k->y.row) * (int64_t)sizeof(float);
    const bool large = sums_size(k) * (int64_t)sizeof(float) > LARGE_SUMS;
    const int64_t rows = (large ? BAND_LARGE : BAND) / bytes;
    k->rows = least(rows > 1 ? rows : 1, k->out[0]);
    k->group = least(rows > k->out[0] ? rows / k->out[0] : 1, k->images);
    k->bands = ceil_div(k->out[0], k->rows) * ceil_div(k->images, k->group);
    k->parts = units(k) < PARTS ? least(PARTS, k->bands) : 1;
}

static int64_t tiles_of(const weight_kernel *k, int results)
{
    return ceil_div(k->out[0], results) * ceil_div(k->out[1], results);
}

static s2vi_simd_tiles describe_tiles(const weight_kernel *k, const side *s,
                                      const int64_t *size, int results)
{
    /* Powers of two apart, tiles would share sets of the cache. */
    return (s2vi_simd_tiles){.form = results == 4   ? S2VI_WINOGRAD_F43
                                     : results == 3 ? S2VI_WINOGRAD_F32
                                                    : S2VI_WINOGRAD_F23,
                             .height = size[0],
                             .width = size[1],
                             .across = ceil_div(k->out[1], results),
                             .channels = s->channels,
                             .v_step = s->channels + 16};
}

static void plan_winograd(weight_kernel *k, bool split)
{
    const bool large = 36 * tiles_of(k, 4) <= 16 * tiles_of(k, 2);
    const int results = split ? 3 : large ? 4 : 2;
    k->winograd = true;
    k->parts = 1;
    k->planes = results == 4 ? 36 : 16;
    k->tiles = tiles_of(k, results);
    k->x_tiles = describe_tiles(k, &k->x, k->in, results);
    k->y_tiles = describe_tiles(k, &k->y, k->out, results);
    k->x_tiles.split = split;
    k->x_tiles.v_step = k->x_channels + 16;
    for (int d = 0; d < 2; d++)
        k->x_tiles.lo[d] = (int)k->lo[d];
    const int64_t step = k->x_tiles.v_step + k->y_tiles.v_step;
    const int64_t fit =
        TILES_SIZE / (k->planes * step * (int64_t)sizeof(float));
    k->band =
        least(fit > LEAST ? least(fit, MOST) : LEAST, k->images * k->tiles);
    k->x_tiles.v_plane = k->band * k->x_tiles.v_step + 16;
    k->y_tiles.v_plane = k->band * k->y_tiles.v_step + 16;
}

int s2vi_cpu_conv_weight(s2vi_cpu *cpu, const s2vi_node *node,
                         s2vi_kernel **kernel, s2v_error *err)
{
    weight_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->simd = cpu->simd;
    k->threads = cpu->base.threads;
    describe(k, node);
    if (suits_winograd(node) || suits_split(node))
        plan_winograd(k, suits_split(node));
    else
        cut_bands(k);
    k->base.scratch_size = (size_t)(k->parts * sums_size(k)) * sizeof(float) +
                           points_size(&k->x_tiles, k->planes) +
                           points_size(&k->y_tiles, k->planes);
    k->base.run = run;
    k->base.close = s2vi_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
