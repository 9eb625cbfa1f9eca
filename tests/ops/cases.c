/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random nodes: element-wise ops, moving data, reductions, the rest. */
#include "cases.h"

#include "windows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --------------------------------------------------- making of cases -- */

void case_begin(test_case *c, uint64_t seed)
{
    *c = (test_case){.rng = {seed}, .graph = s2vi_graph_create()};
}

void case_free(test_case *c)
{
    for (int i = 0; i < c->n; i++)
        free(c->data[i]);
    s2vi_graph_close(&c->graph);
}

static double draw(rng *r, domain from)
{
    double x = 0;
    switch (from) {
    case ANY: x = rng_range(r, -2, 2); break;
    case WIDE: x = rng_range(r, -30, 30); break;
    case POSITIVE: x = rng_range(r, 0.1, 4); break;
    case NONZERO: x = rng_range(r, 0.2, 2) * (rng_bool(r) ? 1 : -1); break;
    case GRID: x = (rng_int(r, 9) - 4) / 4.0; break;
    }
    return (float)x;
}

static double *operand_of(test_case *c, s2vi_op op, s2vi_shape shape,
                          domain from)
{
    int64_t count = s2vi_shape_count(&shape);
    double *data = calloc((size_t)count, sizeof(*data));
    if (!data)
        abort();
    for (int64_t i = 0; i < count; i++)
        data[i] = draw(&c->rng, from);
    c->operand[c->n] = s2vi_node_create(c->graph, op, NULL, 0, NULL, &shape);
    c->data[c->n++] = data;
    return data;
}

double *case_operand(test_case *c, s2vi_shape shape, domain from)
{
    return operand_of(c, S2VI_OP_INPUT, shape, from);
}

static double *variable(test_case *c, s2vi_shape shape, domain from)
{
    return operand_of(c, S2VI_OP_VAR, shape, from);
}

void case_node(test_case *c, s2vi_op op, const s2vi_attr *attr,
               const s2vi_shape *shape)
{
    c->node = s2vi_node_create(c->graph, op, c->operand, c->n, attr, shape);
}

s2vi_shape case_shape(rng *r, int rank, bool large)
{
    static const int small[] = {1, 2, 3, 5, 7, 4, 9};
    static const int channels[] = {1, 3, 16, 17, 48, 96};
    s2vi_shape shape = {.rank = rank};
    for (int i = 0; i < rank - 1; i++)
        shape.dim[i] = small[rng_int(r, rank > 3 ? 4 : 7)];
    shape.dim[rank - 1] = channels[rng_int(r, 6)];
    if (large) /* enough for every thread, and not a multiple of a vector */
        shape.dim[rng_int(r, rank)] *= 20000 / s2vi_shape_count(&shape) + 1;
    return shape;
}

s2vi_shape case_shrink(s2vi_shape shape, unsigned ones)
{
    for (int i = 0; i < shape.rank; i++)
        if (ones & 1u << i)
            shape.dim[i] = 1;
    return shape;
}

/* ------------------------------------------------------------ leaves -- */

static void make_fill(test_case *c, s2vi_op op, int v)
{
    s2vi_shape shape = case_shape(&c->rng, 1 + v % 5, v % 7 == 6);
    case_node(c, op, &(s2vi_attr){.offset = draw(&c->rng, GRID)}, &shape);
}

static void make_random(test_case *c, s2vi_op op, int v)
{
    s2vi_shape shape = case_shape(&c->rng, 1 + v % 5, v % 7 == 6);
    case_node(c, op, &(s2vi_attr){.uniform = v & 1, .stream = (uint32_t)v},
              &shape);
}

static void make_position(test_case *c, s2vi_op op, int v)
{
    s2vi_shape shape = case_shape(&c->rng, 2, v % 7 == 6);
    case_node(c, op, NULL, &shape);
}

/* ------------------------------------------------------ element-wise -- */

/* Where the numbers for a map of ops.def come from; `all`: in turn. */
static domain domain_of(s2vi_op op, int v)
{
    enum { all, small, positive, nonzero };
    static const int domains[S2VI_OP_COUNT] = {
#define S2VI_MAP(id, name, arity, grad, tol, builder, constants, domain,       \
                 formula)                                                      \
    [S2VI_OP_##id] = domain,
#include "graph/ops.def"
    };
    static const domain of_all[] = {ANY, GRID, WIDE};
    switch (domains[op]) {
    case small: return ANY;
    case positive: return POSITIVE;
    case nonzero: return NONZERO;
    default: return of_all[v % 3];
    }
}

static void make_unary(test_case *c, s2vi_op op, int v)
{
    static const double slopes[] = {0.2, 0.01, 0, -0.5, 1.5};
    s2vi_attr attr = {.scale = rng_range(&c->rng, -2, 2),
                      .offset = v % 4 ? rng_range(&c->rng, -1, 1) : 0,
                      .slope = slopes[v % 5]};
    case_operand(c, case_shape(&c->rng, 1 + v % 5, v % 7 == 6),
                 domain_of(op, v));
    case_node(c, op, &attr, NULL);
}

enum { PATTERNS = 4 + 16 + 64 + 256 };

/* Every pattern of ones in either operand of rank 1 to 4, then random ones of
 * rank 5 and of large arrays. */
static void make_binary(test_case *c, s2vi_op op, int v)
{
    int rank = v < 4 ? 1 : v < 20 ? 2 : v < 84 ? 3 : v < PATTERNS ? 4 : 5;
    static const int first[] = {0, 0, 4, 20, 84};
    unsigned pattern = rank < 5 ? (unsigned)(v - first[rank])
                                : (unsigned)rng_int(&c->rng, 1024);
    bool large = v >= PATTERNS && v % 3 == 0;
    if (large)
        rank = 1 + rng_int(&c->rng, 5);
    s2vi_shape shape = case_shape(&c->rng, rank, large);
    unsigned mask = (1u << rank) - 1;
    case_operand(c, case_shrink(shape, pattern & mask), v & 1 ? GRID : ANY);
    case_operand(c, case_shrink(shape, pattern >> rank & mask),
                 v & 1 ? GRID : ANY);
    case_node(c, op, NULL, NULL);
}

/* Moments over batch and space, over space, or anyhow; x shrinks never. */
static unsigned moment_ones(rng *r, int rank, int v)
{
    unsigned outer = (1u << (rank - 1)) - 1;
    switch (v % 3) {
    case 0: return outer;
    case 1: return outer & ~1u;
    default: return (unsigned)rng_int(r, 1 << rank);
    }
}

static void make_norm(test_case *c, s2vi_op op, int v)
{
    int rank = 2 + v % 4;
    s2vi_shape x = case_shape(&c->rng, rank, v % 7 == 6);
    case_operand(c, x, ANY);
    unsigned ones = moment_ones(&c->rng, rank, v);
    for (int i = 1; i < 5; i++) {
        if (i >= 3 && v % 3 == 2) /* one affine for several moments */
            ones |= (unsigned)rng_int(&c->rng, 1 << rank);
        case_operand(c, case_shrink(x, ones), i == 2 ? POSITIVE : ANY);
    }
    case_node(c, op, NULL, NULL);
}

/* ------------------------------------------------------- moving data -- */

static void make_same(test_case *c, s2vi_op op, int v)
{
    case_operand(c, case_shape(&c->rng, 1 + v % 5, v % 7 == 6), ANY);
    case_node(c, op, NULL, NULL);
}

static void make_reshape(test_case *c, s2vi_op op, int v)
{
    s2vi_shape from = case_shape(&c->rng, 2 + v % 4, v % 7 == 6), to = from;
    to.rank = from.rank - 1; /* the first two dimensions become one */
    to.dim[0] = from.dim[0] * from.dim[1];
    for (int i = 1; i < to.rank; i++)
        to.dim[i] = from.dim[i + 1];
    case_operand(c, from, ANY);
    case_node(c, op, NULL, &to);
}

static void make_pad(test_case *c, s2vi_op op, int v)
{
    s2vi_shape shape = case_shape(&c->rng, 1 + v % 5, v % 7 == 6);
    s2vi_attr attr = {0};
    for (int i = 0; i < shape.rank; i++) {
        attr.lo[i] = rng_int(&c->rng, 6) - 2;
        attr.hi[i] = rng_int(&c->rng, 6) - 2;
        if (shape.dim[i] + attr.lo[i] + attr.hi[i] < 1)
            attr.hi[i] = 1 - shape.dim[i] - attr.lo[i];
    }
    case_operand(c, shape, ANY);
    case_node(c, op, &attr, NULL);
}

static void make_concat(test_case *c, s2vi_op op, int v)
{
    int rank = 1 + v % 5, axis = rng_int(&c->rng, rank);
    int parts = v == 0 ? S2VI_MAX_INPUTS : 1 + rng_int(&c->rng, 6);
    s2vi_shape shape = case_shape(&c->rng, rank, v % 7 == 6);
    for (int i = 0; i < parts; i++) {
        case_operand(c, shape, ANY);
        shape.dim[axis] = 1 + rng_int(&c->rng, 9);
    }
    case_node(c, op, &(s2vi_attr){.axis = axis}, NULL);
}

static void make_permute(test_case *c, s2vi_op op, int v)
{
    s2vi_attr attr = {.perm = {0, 1, 2, 3, 4}};
    int rank = 1 + v % 5;
    for (int i = rank - 1; i > 0; i--) {
        int j = rng_int(&c->rng, i + 1), t = attr.perm[i];
        attr.perm[i] = attr.perm[j];
        attr.perm[j] = t;
    }
    case_operand(c, case_shape(&c->rng, rank, v % 7 == 6), ANY);
    case_node(c, op, &attr, NULL);
}

static void make_broadcast(test_case *c, s2vi_op op, int v)
{
    int rank = 1 + v % 5;
    s2vi_shape shape = case_shape(&c->rng, rank, v % 7 == 6);
    unsigned ones = (unsigned)rng_int(&c->rng, 1 << rank);
    case_operand(c, case_shrink(shape, ones), ANY);
    case_node(c, op, NULL, &shape);
}

/* An index operand: n whole numbers below `rows`. */
static void index_operand(test_case *c, int64_t n, int64_t rows)
{
    double *index = case_operand(c, S2VI_SHAPE(n), ANY);
    for (int64_t i = 0; i < n; i++)
        index[i] = rng_int(&c->rng, (int)rows);
}

static void make_gather(test_case *c, s2vi_op op, int v)
{
    s2vi_shape x = case_shape(&c->rng, 1 + v % 5, v % 7 == 6);
    case_operand(c, x, ANY);
    index_operand(c, 1 + rng_int(&c->rng, 20), x.dim[0]);
    case_node(c, op, NULL, NULL);
}

static void make_scatter(test_case *c, s2vi_op op, int v)
{
    s2vi_shape y = case_shape(&c->rng, 1 + v % 5, v % 7 == 6);
    s2vi_shape rows = S2VI_SHAPE(1 + rng_int(&c->rng, 9));
    case_operand(c, y, ANY);
    index_operand(c, y.dim[0], rows.dim[0]);
    case_node(c, op, NULL, &rows);
}

static void make_upsample(test_case *c, s2vi_op op, int v)
{
    int rank = 3 + v % 3;
    s2vi_attr attr = {.window.rank = rank - 2};
    for (int i = 0; i < rank - 2; i++)
        attr.window.kernel[i] = attr.window.stride[i] = 1 + rng_int(&c->rng, 3);
    case_operand(c, case_shape(&c->rng, rank, v % 7 == 6), ANY);
    case_node(c, op, &attr, NULL);
}

/* A flow of some pixels, as large as the image or smaller. */
static void make_warp(test_case *c, s2vi_op op, int v)
{
    s2vi_shape x = case_shape(&c->rng, 4, v % 7 == 6);
    s2vi_shape flow = x;
    for (int i = 1; i < 3; i++)
        flow.dim[i] = v % 3 ? 1 + rng_int(&c->rng, (int)x.dim[i]) : x.dim[i];
    flow.dim[3] = 2;
    case_operand(c, x, ANY);
    case_operand(c, flow, ANY);
    case_node(c, op, NULL, NULL);
}

/* Taps of one dimension or two; images that are cut, padded, and smaller than
 * the filter; as StyleGAN's, and of any factors. */
static void make_fir(test_case *c, s2vi_op op, int v)
{
    s2vi_shape x = case_shape(&c->rng, 4, v % 7 == 6);
    s2vi_shape taps = {.rank = 1 + v % 2};
    s2vi_fir f = {.gain = rng_range(&c->rng, 0.5, 4), .correlate = v % 3 == 0};
    const bool wide = v % 3 == 1; /* results that meet all taps, side by side */
    if (wide) {
        x.dim[2] = 8 + rng_int(&c->rng, 30);
        x.dim[3] = v % 2 ? 3 : x.dim[3];
    }
    for (int i = 0; i < taps.rank; i++)
        taps.dim[i] = 1 + rng_int(&c->rng, v % 5 ? 6 : 24);
    for (int i = 0; i < 2; i++) {
        const int n = (int)taps.dim[taps.rank > 1 ? i : 0];
        f.up[i] = 1 + rng_int(&c->rng, 4);
        f.down[i] = wide ? 1 : 1 + rng_int(&c->rng, 3);
        f.lo[i] = rng_int(&c->rng, n + 3) - 3;
        const int span = (int)x.dim[1 + i] * f.up[i] + f.lo[i];
        f.hi[i] = rng_int(&c->rng, n + 3) - 3;
        if (span + f.hi[i] < n)
            f.hi[i] = n - span;
    }
    case_operand(c, x, ANY);
    case_operand(c, taps, ANY);
    case_node(c, op, &(s2vi_attr){.fir = f}, NULL);
}

/* -------------------------------------------------------- summing up -- */

/* Every set of axes of every rank in turn. */
static uint32_t axes_of(int v, int *rank)
{
    int at = v % (1 + 3 + 7 + 15 + 31);
    for (*rank = 1; at >= (1 << *rank) - 1; ++*rank)
        at -= (1 << *rank) - 1;
    return (uint32_t)at + 1;
}

static void make_sum(test_case *c, s2vi_op op, int v)
{
    int rank;
    s2vi_attr attr = {.axes = axes_of(v, &rank)};
    case_operand(c, case_shape(&c->rng, rank, v % 5 == 4), ANY);
    case_node(c, op, &attr, NULL);
}

/* Neighbouring axes, perhaps the last besides; images of whole vectors, too,
 * and a mean far from 0. */
static void make_moments(test_case *c, s2vi_op op, int v)
{
    const int rank = 1 + v % 5, first = v / 5 % rank;
    const int n = 1 + v / 25 % (rank - first);
    s2vi_attr attr = {.axes = ((1u << n) - 1) << first, .eps = 1e-5};
    s2vi_shape x = case_shape(&c->rng, rank, v % 7 == 4);
    if (v % 4 == 1 && first + n < rank - 1)
        attr.axes |= 1u << (rank - 1);
    if (v % 3 == 0)
        x.dim[rank - 1] = 32;
    if (v % 9 == 0)
        x.dim[first] = 1100;
    double *data = case_operand(c, x, ANY);
    for (int64_t i = 0; i < s2vi_shape_count(&x); i++)
        data[i] = (float)(data[i] + v % 4);
    case_node(c, op, &attr, NULL);
}

/* ---------------------------------------------------------- products -- */

static void make_matmul(test_case *c, s2vi_op op, int v)
{
    static const int sizes[] = {1, 3, 7, 16, 17, 33, 48, 96, 130};
    int64_t m = sizes[rng_int(&c->rng, 9)], k = sizes[rng_int(&c->rng, 9)];
    int64_t n = sizes[rng_int(&c->rng, 9)], batch = 1 + rng_int(&c->rng, 4);
    s2vi_attr attr = {.trans_a = v & 1, .trans_b = v >> 1 & 1};
    s2vi_shape a = attr.trans_a ? S2VI_SHAPE(k, m) : S2VI_SHAPE(m, k);
    s2vi_shape b = attr.trans_b ? S2VI_SHAPE(n, k) : S2VI_SHAPE(k, n);
    if (v >> 2 & 1) {
        a = S2VI_SHAPE(batch, a.dim[0], a.dim[1]);
        b = S2VI_SHAPE(batch, b.dim[0], b.dim[1]);
    }
    case_operand(c, a, ANY);
    case_operand(c, b, ANY);
    case_node(c, op, &attr, NULL);
}

/* ------------------------------------------------------- composites -- */

static void make_gru(test_case *c, s2vi_op op, int v)
{
    s2vi_shape h = case_shape(&c->rng, 1 + v % 4, v % 7 == 6), gates = h;
    gates.dim[h.rank - 1] *= 3;
    case_operand(c, gates, ANY);
    case_operand(c, gates, op == S2VI_OP_GRU && v % 5 == 4 ? WIDE : ANY);
    switch (op) {
    case S2VI_OP_GRU_DA:
        case_operand(c, h, ANY);
        case_operand(c, h, ANY);
        break;
    case S2VI_OP_GRU_DB: case_operand(c, gates, ANY); break;
    default: case_operand(c, h, ANY); break; /* h, or GRU_DH's gradient */
    }
    case_node(c, op, NULL, NULL);
}

/* Kernels up to 3x3, some of whose taps are zero in both halves or in one. */
static void make_gru_cell(test_case *c, s2vi_op op, int v)
{
    static const int channels[] = {16, 32, 16, 3, 17, 48};
    s2vi_attr attr = {.window = {.rank = 2, .stride = {1, 1}}};
    int64_t cin = channels[rng_int(&c->rng, 6)], p = channels[v % 6];
    s2vi_shape h = S2VI_SHAPE(1 + v % 2, 1 + rng_int(&c->rng, v % 7 ? 12 : 40),
                              1 + rng_int(&c->rng, v % 7 ? 20 : 50), p);
    s2vi_shape x = h, wx = S2VI_SHAPE(3 * p, 1, 1, cin), wh;
    x.dim[3] = cin;
    for (int i = 0; i < 2; i++) {
        int k = 1 + rng_int(&c->rng, 3), lo = rng_int(&c->rng, k);
        wx.dim[1 + i] = k;
        attr.window.pad_lo[i] = lo;
        attr.window.pad_hi[i] = k - 1 - lo;
    }
    wh = wx;
    wh.dim[3] = p;
    case_operand(c, x, ANY);
    for (int i = 1; i < 3; i++) {
        const s2vi_shape *w = i == 1 ? &wx : &wh;
        double *data = case_operand(c, *w, ANY);
        int64_t taps = w->dim[1] * w->dim[2], count = s2vi_shape_count(w);
        int64_t gone = rng_int(&c->rng, 12);
        for (int64_t j = 0; j < count; j++)
            data[j] = j / w->dim[3] % taps == gone
                          ? 0
                          : (float)(data[j] / sqrt((double)(taps * w->dim[3])));
    }
    case_operand(c, S2VI_SHAPE(3 * p), ANY);
    case_operand(c, S2VI_SHAPE(3 * p), ANY);
    case_operand(c, h, ANY);
    case_node(c, op, &attr, NULL);
}

/* Weights as large as they come in networks; the adjoint on any y. */
static void make_lstm(test_case *c, s2vi_op op, int v)
{
    static const int channels[] = {1, 3, 16, 17, 64, 33};
    const int64_t n = v % 7 == 6 ? 9 : 1 + rng_int(&c->rng, 6);
    const int64_t T = v % 5 == 4 ? 1 : 1 + rng_int(&c->rng, 40);
    const int64_t C = channels[v % 6];
    const s2vi_shape y = S2VI_SHAPE(n, T, 2 * C);
    case_operand(c, S2VI_SHAPE(n, T, 4 * C), ANY);
    double *w = case_operand(c, S2VI_SHAPE(4 * C, C), ANY);
    for (int64_t i = 0; i < 4 * C * C; i++)
        w[i] = (float)(w[i] / sqrt((double)C));
    for (int i = 0; op == S2VI_OP_LSTM_DA && i < 2; i++)
        case_operand(c, y, ANY);
    case_node(c, op, &(s2vi_attr){.reverse = v & 1}, NULL);
}

static void make_blend(test_case *c, s2vi_op op, int v)
{
    static const int channels[] = {16, 32, 16, 3, 17, 1};
    int rank = 3 + v % 3, images = 1 + rng_int(&c->rng, 6);
    s2vi_shape x = case_shape(&c->rng, rank, v % 7 == 6), w = {.rank = rank};
    s2vi_shape image[6];
    x.dim[rank - 1] = channels[rng_int(&c->rng, 6)];
    for (int i = 0; i < rank - 1; i++)
        w.dim[i] = 1;
    for (int i = 0; i < images; i++) {
        image[i] = x;
        image[i].dim[rank - 1] = channels[rng_int(&c->rng, 6)];
        w.dim[rank - 1] += image[i].dim[rank - 1];
    }
    s2vi_shape wm = w;
    w.dim[0] = x.dim[rank - 1];
    case_operand(c, x, ANY);
    for (int i = 1; i < 3; i++) {
        const s2vi_shape *s = i == 1 ? &w : &wm;
        double *data = case_operand(c, *s, ANY);
        for (int64_t j = 0; j < s2vi_shape_count(s); j++)
            data[j] = (float)(data[j] / sqrt((double)wm.dim[rank - 1]));
    }
    case_operand(c, S2VI_SHAPE(w.dim[0]), ANY);
    case_operand(c, S2VI_SHAPE(1), ANY);
    for (int i = 0; i < images; i++)
        case_operand(c, image[i], ANY);
    case_node(c, op, NULL, NULL);
}

static void make_assign(test_case *c, s2vi_op op, int v)
{
    s2vi_shape shape = case_shape(&c->rng, 1 + v % 5, v % 7 == 6);
    variable(c, shape, ANY);
    case_operand(c, shape, ANY);
    case_node(c, op, NULL, NULL);
}

static void make_adam(test_case *c, s2vi_op op, int v)
{
    s2vi_shape shape = case_shape(&c->rng, 1 + v % 5, v % 7 == 6);
    int64_t count = s2vi_shape_count(&shape);
    s2vi_attr attr = {.rate = 1e-2,
                      .beta1 = v % 2 ? 0.9 : 0.5,
                      .beta2 = 0.999,
                      .eps = 1e-8,
                      .decay = v % 3 ? 0 : 0.5};
    variable(c, shape, ANY);
    double *m = variable(c, shape, ANY), *s = variable(c, shape, POSITIVE);
    for (int64_t i = 0; i < count; i++) { /* a new variable's are zero */
        m[i] = v % 4 ? (float)(m[i] / 8) : 0;
        s[i] = v % 4 ? (float)(s[i] / 64) : 0;
    }
    case_operand(c, shape, ANY);
    case_operand(c, S2VI_SHAPE(1), ANY)[0] =
        v % 4 ? 2 + rng_int(&c->rng, 2000) : 1;
    case_node(c, op, &attr, NULL);
}

/* ------------------------------------------------------------- table -- */

typedef struct maker {
    void (*make)(test_case *c, s2vi_op op, int variant);
    int count;
} maker;

/* Of a map of ops.def: by its operands and constants. */
#define make_1 make_unary
#define make_2 make_binary
enum {
    count_1_none = 42,
    count_1_slope = 56,
    count_1_scale_offset = 56,
    count_2_none = PATTERNS + 60,
};

static const maker makers[S2VI_OP_COUNT] = {
    [S2VI_OP_FILL] = {make_fill, 42},
    [S2VI_OP_RANDOM] = {make_random, 42},
    [S2VI_OP_POSITION] = {make_position, 28},
#define S2VI_MAP(id, name, arity, grad, tol, builder, constants, ...)          \
    [S2VI_OP_##id] = {make_##arity, count_##arity##_##constants},
#include "graph/ops.def"
    [S2VI_OP_NORM] = {make_norm, 96},
    [S2VI_OP_DETACH] = {make_same, 28},
    [S2VI_OP_RESHAPE] = {make_reshape, 42},
    [S2VI_OP_PAD] = {make_pad, 84},
    [S2VI_OP_CONCAT] = {make_concat, 56},
    [S2VI_OP_PERMUTE] = {make_permute, 84},
    [S2VI_OP_BROADCAST] = {make_broadcast, 84},
    [S2VI_OP_GATHER] = {make_gather, 42},
    [S2VI_OP_SCATTER] = {make_scatter, 42},
    [S2VI_OP_UPSAMPLE] = {make_upsample, 56},
    [S2VI_OP_WARP] = {make_warp, 42},
    [S2VI_OP_FIR] = {make_fir, 140},
    [S2VI_OP_SUM] = {make_sum, 171},
    [S2VI_OP_AVGPOOL] = {make_avgpool, 60},
    [S2VI_OP_MAXPOOL] = {make_maxpool, 84},
    [S2VI_OP_MAXPOOL_PUT] = {make_maxpool, 84},
    [S2VI_OP_MAXPOOL_GET] = {make_maxpool, 84},
    [S2VI_OP_MATMUL] = {make_matmul, 96},
    [S2VI_OP_CONV] = {make_conv, CASES_CONV + CASES_GROUPED},
    [S2VI_OP_UPCONV] = {make_upconv, 48},
    [S2VI_OP_CONV_DATA] = {make_conv, CASES_CONV_DATA + CASES_GROUPED},
    [S2VI_OP_CONV_WEIGHT] = {make_conv, CASES_CONV_WEIGHT + CASES_GROUPED},
    [S2VI_OP_GRU] = {make_gru, 42},
    [S2VI_OP_GRU_DA] = {make_gru, 42},
    [S2VI_OP_GRU_DB] = {make_gru, 42},
    [S2VI_OP_GRU_DH] = {make_gru, 42},
    [S2VI_OP_GRU_CELL] = {make_gru_cell, 84},
    [S2VI_OP_BLEND] = {make_blend, 84},
    [S2VI_OP_LSTM] = {make_lstm, 84},
    [S2VI_OP_LSTM_DA] = {make_lstm, 84},
    [S2VI_OP_CHAIN] = {case_chain, 400},
    [S2VI_OP_MOMENTS] = {make_moments, 126},
    [S2VI_OP_ASSIGN] = {make_assign, 28},
    [S2VI_OP_ADAM] = {make_adam, 42},
};

int case_count(s2vi_op op)
{
    return makers[op].count;
}

void case_make(test_case *c, s2vi_op op, int variant)
{
    case_begin(c, (uint64_t)op << 32 | (uint32_t)variant);
    makers[op].make(c, op, variant);
    s2v_error err;
    if (s2vi_graph_status(c->graph, &err) < 0)
        printf("%s %d: %s\n", s2vi_op_get(op)->name, variant, err.message);
}
