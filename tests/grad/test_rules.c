/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each op's gradient and the gradient's gradient against finite differences.
 * An op with a gradient in ops.def and no case here is a failure.
 */
#include "lab.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEEDS = 6, GROUPED = 4 }; /* GROUPED: more, of convolutions alone */

#define SHAPE S2VI_SHAPE

static int side(lab *l)
{
    return 1 + rng_int(&l->rng, 4);
}

static s2vi_shape random_shape(lab *l, int rank)
{
    s2vi_shape shape = {.rank = rank};
    for (int i = 0; i < rank; i++)
        shape.dim[i] = rank > 3 ? 1 + rng_int(&l->rng, 3) : side(l);
    return shape;
}

static s2vi_shape shrunk(lab *l, s2vi_shape shape)
{
    for (int i = 0; i < shape.rank; i++)
        if (!rng_int(&l->rng, 3))
            shape.dim[i] = 1;
    return shape;
}

static s2vi_node *record(lab *l, s2vi_op op, int n, const s2vi_attr *attr,
                         const s2vi_shape *shape)
{
    s2vi_node *const *in = l->leaf + l->n_leaves - n;
    return s2vi_node_create(l->graph, op, in, n, attr, shape);
}

/* ------------------------------------------------------ element-wise -- */

/* Of a map of ops.def. Kinks are at 0, poles too. */
static domain domain_of(s2vi_op op)
{
    enum {
        all = NONZERO,
        small = NONZERO,
        positive = POSITIVE,
        nonzero = POSITIVE,
    };
    static const int domains[S2VI_OP_COUNT] = {
#define S2VI_MAP(id, name, arity, grad, tol, builder, constants, from,         \
                 formula)                                                      \
    [S2VI_OP_##id] = from,
#include "graph/ops.def"
    };
    return (domain)domains[op];
}

static s2vi_node *make_unary(lab *l, s2vi_op op, int seed)
{
    static const double slopes[] = {0.2, -0.5, 0, 1.5};
    s2vi_attr attr = {.scale = 1.7, .offset = -0.3, .slope = slopes[seed % 4]};
    lab_leaf(l, random_shape(l, 1 + seed % 5), domain_of(op));
    return record(l, op, 1, &attr, NULL);
}

static s2vi_node *make_binary(lab *l, s2vi_op op, int seed)
{
    s2vi_shape shape = random_shape(l, 1 + seed % 5);
    lab_leaf(l, shrunk(l, shape), GRID);
    lab_leaf(l, shrunk(l, shape), OFF_GRID);
    return record(l, op, 2, NULL, NULL);
}

/* With x's own moments, over batch and space or over space alone; the affine
 * part a channel's, or each image's own. */
static s2vi_node *make_norm(lab *l, s2vi_op op, int seed)
{
    (void)op;
    int rank = 3 + seed % 3;
    s2vi_shape shape = random_shape(l, rank), affine = {.rank = rank};
    shape.dim[1] = 3; /* moments of fewer are hardly smooth */
    uint32_t axes = (1u << (rank - 1)) - 1 - (seed & 1);
    for (int i = 0; i < rank; i++)
        affine.dim[i] = axes & 1u << i ? 1 : shape.dim[i];
    if (seed & 2)
        affine.dim[0] = 1;
    s2vi_node *x = lab_leaf(l, shape, ANY);
    const s2vi_moments moments = s2vi_moments_of(x, axes, 1e-2);
    return s2vi_norm(x, &moments, lab_leaf(l, affine, ANY),
                     lab_leaf(l, affine, ANY));
}

static s2vi_node *make_moments(lab *l, s2vi_op op, int seed)
{
    s2vi_attr attr = {.axes = 1u << seed % 2, .eps = 0.1};
    lab_leaf(l, random_shape(l, 2 + seed % 3), ANY);
    return record(l, op, 1, &attr, NULL);
}

/* ------------------------------------------------------- moving data -- */

static s2vi_node *make_reshape(lab *l, s2vi_op op, int seed)
{
    (void)seed;
    s2vi_shape x = random_shape(l, 3);
    lab_leaf(l, x, ANY);
    return record(l, op, 1, NULL, &SHAPE(x.dim[0] * x.dim[1], x.dim[2]));
}

static s2vi_node *make_pad(lab *l, s2vi_op op, int seed)
{
    s2vi_shape x = random_shape(l, 1 + seed % 4);
    s2vi_attr attr = {0};
    for (int i = 0; i < x.rank; i++) {
        attr.lo[i] = rng_int(&l->rng, 4) - 1;
        attr.hi[i] = x.dim[i] + attr.lo[i] > 1 ? rng_int(&l->rng, 4) - 1 : 1;
    }
    lab_leaf(l, x, ANY);
    return record(l, op, 1, &attr, NULL);
}

static s2vi_node *make_concat(lab *l, s2vi_op op, int seed)
{
    s2vi_shape x = random_shape(l, 1 + seed % 4);
    int axis = rng_int(&l->rng, x.rank);
    for (int i = 0; i < 3; i++) {
        x.dim[axis] = side(l);
        lab_leaf(l, x, ANY);
    }
    return record(l, op, 3, &(s2vi_attr){.axis = axis}, NULL);
}

static s2vi_node *make_permute(lab *l, s2vi_op op, int seed)
{
    static const s2vi_attr attr[] = {
        {.perm = {2, 0, 1}}, {.perm = {1, 2, 0}}, {.perm = {0, 2, 1}}};
    lab_leaf(l, random_shape(l, 3), ANY);
    return record(l, op, 1, &attr[seed % 3], NULL);
}

static s2vi_node *make_broadcast(lab *l, s2vi_op op, int seed)
{
    s2vi_shape shape = random_shape(l, 1 + seed % 4);
    lab_leaf(l, shrunk(l, shape), ANY);
    return record(l, op, 1, NULL, &shape);
}

static s2vi_node *indexed(lab *l, s2vi_op op, int64_t n, int64_t rows)
{
    s2vi_node *x = l->leaf[l->n_leaves - 1];
    s2vi_node *index = lab_constant(l, SHAPE(n), ANY);
    for (int64_t i = 0; i < n; i++)
        lab_numbers(l, index)[i] = rng_int(&l->rng, (int)rows);
    return op == S2VI_OP_GATHER ? s2vi_gather(x, index)
                                : s2vi_scatter(x, index, rows);
}

static s2vi_node *make_indexed(lab *l, s2vi_op op, int seed)
{
    s2vi_shape x = random_shape(l, 1 + seed % 3);
    lab_leaf(l, x, ANY);
    return op == S2VI_OP_GATHER ? indexed(l, op, 5, x.dim[0])
                                : indexed(l, op, x.dim[0], 3);
}

static s2vi_node *make_resample(lab *l, s2vi_op op, int seed)
{
    s2vi_attr attr = {.window.rank = 1 + seed % 3};
    s2vi_shape x = random_shape(l, attr.window.rank + 2);
    for (int i = 0; i < attr.window.rank; i++) {
        attr.window.stride[i] = attr.window.kernel[i] = 1 + rng_int(&l->rng, 2);
        if (op == S2VI_OP_AVGPOOL)
            x.dim[1 + i] *= attr.window.kernel[i];
    }
    lab_leaf(l, x, ANY);
    return record(l, op, 1, &attr, NULL);
}

static s2vi_node *make_fir(lab *l, s2vi_op op, int seed)
{
    s2vi_fir f = {.gain = 1.5, .correlate = seed & 1};
    const s2vi_shape x = random_shape(l, 4);
    const int n = 1 + rng_int(&l->rng, 5);
    for (int i = 0; i < 2; i++) {
        f.up[i] = 1 + rng_int(&l->rng, 3);
        f.down[i] = 1 + rng_int(&l->rng, 3);
        f.lo[i] = rng_int(&l->rng, n + 2) - 2;
        const int span = (int)x.dim[1 + i] * f.up[i] + f.lo[i];
        f.hi[i] = rng_int(&l->rng, n + 2) - 2;
        if (span + f.hi[i] < n)
            f.hi[i] = n - span;
    }
    s2vi_node *image = lab_leaf(l, x, ANY);
    s2vi_node *taps = lab_constant(l, seed % 3 ? SHAPE(n) : SHAPE(n, n), ANY);
    (void)op;
    return s2vi_fir_filter(image, taps, &f);
}

static s2vi_node *make_sum(lab *l, s2vi_op op, int seed)
{
    s2vi_shape x = random_shape(l, 1 + seed % 4);
    s2vi_attr attr = {.axes =
                          1u + (unsigned)rng_int(&l->rng, (1 << x.rank) - 1)};
    lab_leaf(l, x, ANY);
    return record(l, op, 1, &attr, NULL);
}

/* ------------------------------------------------------------ windows -- */

static s2vi_window random_window(lab *l, int rank)
{
    s2vi_window w = {.rank = rank};
    for (int i = 0; i < rank; i++) {
        w.kernel[i] = 1 + rng_int(&l->rng, 3);
        w.stride[i] = 1 + rng_int(&l->rng, 2);
        w.pad_lo[i] = rng_int(&l->rng, w.kernel[i]);
        w.pad_hi[i] = rng_int(&l->rng, w.kernel[i]);
    }
    return w;
}

static s2vi_shape random_image(lab *l, const s2vi_window *w, s2vi_shape *y)
{
    s2vi_shape x = {.rank = w->rank + 2, .dim = {1 + rng_int(&l->rng, 2)}};
    for (int i = 0; i < w->rank; i++)
        x.dim[1 + i] = w->kernel[i] + rng_int(&l->rng, 3);
    x.dim[x.rank - 1] = 1 + rng_int(&l->rng, 3);
    *y = x;
    for (int i = 0; i < w->rank; i++)
        y->dim[1 + i] =
            (x.dim[1 + i] + w->pad_lo[i] + w->pad_hi[i] - w->kernel[i]) /
                w->stride[i] +
            1;
    return x;
}

static s2vi_node *make_maxpool(lab *l, s2vi_op op, int seed)
{
    s2vi_attr attr = {.window = random_window(l, 1 + seed % 3)};
    s2vi_shape y, x = random_image(l, &attr.window, &y);
    lab_leaf(l, x, ANY);
    if (op != S2VI_OP_MAXPOOL)
        lab_leaf(l, op == S2VI_OP_MAXPOOL_PUT ? y : x, ANY);
    return record(l, op, op == S2VI_OP_MAXPOOL ? 1 : 2, &attr, NULL);
}

static s2vi_node *make_conv(lab *l, s2vi_op op, int seed)
{
    s2vi_attr attr = {.window = random_window(l, 1 + seed % 3)};
    s2vi_shape y, x = random_image(l, &attr.window, &y), w = x;
    w.dim[0] = y.dim[y.rank - 1] = side(l);
    if (seed >= SEEDS) { /* 2 or 3 groups; every other depthwise */
        attr.groups = 2 + seed / 2 % 2;
        w.dim[w.rank - 1] = seed % 2 ? 1 : w.dim[w.rank - 1];
        w.dim[0] *= attr.groups;
        x.dim[x.rank - 1] = w.dim[w.rank - 1] * attr.groups;
        y.dim[y.rank - 1] = w.dim[0];
    }
    for (int i = 0; i < attr.window.rank; i++)
        w.dim[1 + i] = attr.window.kernel[i];
    bool bias = op != S2VI_OP_CONV_WEIGHT && seed >= 3;
    const s2vi_shape *result = op == S2VI_OP_CONV        ? &y
                               : op == S2VI_OP_CONV_DATA ? &x
                                                         : &w;
    lab_leaf(l, op == S2VI_OP_CONV_DATA ? y : x, ANY);
    lab_leaf(l, op == S2VI_OP_CONV_WEIGHT ? y : w, ANY);
    if (bias)
        lab_leaf(l, SHAPE(s2vi_shape_channels(result)), ANY);
    return record(l, op, 2 + bias, &attr, result);
}

static s2vi_node *make_upconv(lab *l, s2vi_op op, int seed)
{
    s2vi_shape x = SHAPE(1 + seed % 2, side(l), side(l), side(l));
    int c = side(l);
    lab_leaf(l, x, ANY);
    lab_leaf(l, SHAPE(c, 3, 3, x.dim[3]), ANY);
    if (seed >= 3)
        lab_leaf(l, SHAPE(c), ANY);
    return record(l, op, 2 + (seed >= 3), NULL, NULL);
}

static s2vi_node *make_matmul(lab *l, s2vi_op op, int seed)
{
    int m = side(l), k = side(l), n = side(l), batch = 1 + side(l);
    s2vi_attr attr = {.trans_a = seed & 1, .trans_b = seed >> 1 & 1};
    s2vi_shape a = attr.trans_a ? SHAPE(k, m) : SHAPE(m, k);
    s2vi_shape b = attr.trans_b ? SHAPE(n, k) : SHAPE(k, n);
    if (rng_bool(&l->rng)) {
        a = SHAPE(batch, a.dim[0], a.dim[1]);
        b = SHAPE(batch, b.dim[0], b.dim[1]);
    }
    lab_leaf(l, a, ANY);
    lab_leaf(l, b, ANY);
    return record(l, op, 2, &attr, NULL);
}

/* GRU, GRU_DA, GRU_DB, GRU_DH: two pairs of gates, then cells or gates. */
static s2vi_node *make_gru(lab *l, s2vi_op op, int seed)
{
    s2vi_shape h = random_shape(l, 1 + seed % 3), gates = h;
    gates.dim[h.rank - 1] *= 3;
    lab_leaf(l, gates, ANY);
    lab_leaf(l, gates, ANY);
    lab_leaf(l, op == S2VI_OP_GRU_DB ? gates : h, ANY);
    if (op == S2VI_OP_GRU_DA)
        lab_leaf(l, h, ANY);
    return record(l, op, op == S2VI_OP_GRU_DA ? 4 : 3, NULL, NULL);
}

/* Two halves of gates by one window, images as large as the cell. */
static s2vi_node *make_gru_cell(lab *l, s2vi_op op, int seed)
{
    s2vi_attr attr = {.window = {.rank = 2, .stride = {1, 1}}};
    int cell = 1 + seed % 2, channels = side(l);
    s2vi_shape h = SHAPE(1 + seed % 2, side(l), side(l), cell), x = h;
    s2vi_shape w = SHAPE(3 * cell, 1, 1, channels);
    x.dim[3] = channels;
    for (int i = 0; i < 2; i++) {
        int k = 1 + rng_int(&l->rng, 3), lo = rng_int(&l->rng, k);
        w.dim[1 + i] = k;
        attr.window.pad_lo[i] = lo;
        attr.window.pad_hi[i] = k - 1 - lo;
    }
    lab_leaf(l, x, ANY);
    lab_leaf(l, w, ANY);
    w.dim[3] = cell;
    lab_leaf(l, w, ANY);
    lab_leaf(l, SHAPE(3 * cell), ANY);
    lab_leaf(l, SHAPE(3 * cell), ANY);
    lab_leaf(l, h, ANY);
    return record(l, op, 6, &attr, NULL);
}

/* LSTM, LSTM_DA: gates and weights, then any result and its gradient. */
static s2vi_node *make_lstm(lab *l, s2vi_op op, int seed)
{
    const int64_t n = side(l), T = 1 + seed % 3, C = 1 + rng_int(&l->rng, 3);
    lab_leaf(l, SHAPE(n, T, 4 * C), ANY);
    lab_leaf(l, SHAPE(4 * C, C), ANY);
    for (int i = 0; op == S2VI_OP_LSTM_DA && i < 2; i++)
        lab_leaf(l, SHAPE(n, T, 2 * C), ANY);
    return record(l, op, op == S2VI_OP_LSTM_DA ? 4 : 2,
                  &(s2vi_attr){.reverse = seed & 1}, NULL);
}

static s2vi_node *make_blend(lab *l, s2vi_op op, int seed)
{
    int c = side(l), images = 1 + seed % 3;
    s2vi_shape x = SHAPE(side(l), side(l), side(l), c), image = x;
    lab_leaf(l, x, ANY);
    lab_leaf(l, SHAPE(c, 1, 1, 2 * images), ANY);
    lab_leaf(l, SHAPE(1, 1, 1, 2 * images), ANY);
    lab_leaf(l, SHAPE(c), ANY);
    lab_leaf(l, SHAPE(1), ANY);
    image.dim[3] = 2;
    for (int i = 0; i < images; i++)
        lab_leaf(l, image, ANY);
    return record(l, op, 5 + images, NULL, NULL);
}

/* ------------------------------------------------------------- table -- */

typedef s2vi_node *(*maker)(lab *l, s2vi_op op, int seed);

#define make_1 make_unary /* maps of ops.def, by their operands */
#define make_2 make_binary

static const maker makers[S2VI_OP_COUNT] = {
#define S2VI_MAP(id, name, arity, ...) [S2VI_OP_##id] = make_##arity,
#include "graph/ops.def"
    [S2VI_OP_NORM] = make_norm,
    [S2VI_OP_RESHAPE] = make_reshape,
    [S2VI_OP_PAD] = make_pad,
    [S2VI_OP_CONCAT] = make_concat,
    [S2VI_OP_PERMUTE] = make_permute,
    [S2VI_OP_BROADCAST] = make_broadcast,
    [S2VI_OP_GATHER] = make_indexed,
    [S2VI_OP_SCATTER] = make_indexed,
    [S2VI_OP_UPSAMPLE] = make_resample,
    [S2VI_OP_FIR] = make_fir,
    [S2VI_OP_SUM] = make_sum,
    [S2VI_OP_AVGPOOL] = make_resample,
    [S2VI_OP_MAXPOOL] = make_maxpool,
    [S2VI_OP_MAXPOOL_PUT] = make_maxpool,
    [S2VI_OP_MAXPOOL_GET] = make_maxpool,
    [S2VI_OP_MATMUL] = make_matmul,
    [S2VI_OP_CONV] = make_conv,
    [S2VI_OP_UPCONV] = make_upconv,
    [S2VI_OP_CONV_DATA] = make_conv,
    [S2VI_OP_CONV_WEIGHT] = make_conv,
    [S2VI_OP_GRU] = make_gru,
    [S2VI_OP_BLEND] = make_blend,
    [S2VI_OP_GRU_CELL] = make_gru_cell,
    [S2VI_OP_GRU_DA] = make_gru,
    [S2VI_OP_GRU_DB] = make_gru,
    [S2VI_OP_GRU_DH] = make_gru,
    [S2VI_OP_MOMENTS] = make_moments,
    [S2VI_OP_LSTM] = make_lstm,
    [S2VI_OP_LSTM_DA] = make_lstm,
};

/* ops.def's gradient column. */
static const char *const rules[S2VI_OP_COUNT] = {
#define S2VI_OP(id, name, arity, kind, shape, grad, flops, tol)                \
    [S2VI_OP_##id] = #grad,
#include "graph/ops.def"
};

/* The largest errors measured, which are those of the finite differences: the
 * same with -O0, -O3 and instructions that multiply and add. */
static const lab_bounds measured[S2VI_OP_COUNT] = {
    [S2VI_OP_AFFINE] = {2.6e-11, 3.5e-11},
    [S2VI_OP_ABS] = {3.8e-11, 1.8e-11},
    [S2VI_OP_SIGN] = {3.8e-11, 0},
    [S2VI_OP_SQUARE] = {1.9e-11, 1.7e-11},
    [S2VI_OP_SQRT] = {1.2e-10, 2.9e-10},
    [S2VI_OP_RSQRT] = {2.2e-10, 5.3e-10},
    [S2VI_OP_RECIP] = {2.5e-10, 4.2e-10},
    [S2VI_OP_EXP] = {2.9e-11, 4.0e-11},
    [S2VI_OP_LOG] = {8.7e-11, 5.8e-10},
    [S2VI_OP_SIN] = {9.9e-11, 5.9e-11},
    [S2VI_OP_TANH] = {4.4e-11, 7.8e-11},
    [S2VI_OP_SIGMOID] = {3.0e-10, 1.8e-10},
    [S2VI_OP_LRELU] = {1.6e-11, 2.8e-11},
    [S2VI_OP_STEP] = {3.8e-11, 0},
    [S2VI_OP_ADD] = {1.7e-11, 4.4e-11},
    [S2VI_OP_SUB] = {2.1e-11, 2.7e-11},
    [S2VI_OP_MUL] = {1.4e-11, 1.5e-11},
    [S2VI_OP_MAX] = {2.2e-11, 2.6e-11},
    [S2VI_OP_NORM] = {8.8e-10, 1.7e-10},
    [S2VI_OP_RESHAPE] = {4.2e-11, 2.3e-11},
    [S2VI_OP_PAD] = {1.9e-11, 1.4e-11},
    [S2VI_OP_CONCAT] = {8.3e-11, 1.7e-10},
    [S2VI_OP_PERMUTE] = {5.9e-11, 4.2e-11},
    [S2VI_OP_BROADCAST] = {1.7e-11, 4.5e-11},
    [S2VI_OP_GATHER] = {4.2e-11, 7.9e-11},
    [S2VI_OP_SCATTER] = {1.9e-11, 2.8e-11},
    [S2VI_OP_UPSAMPLE] = {4.0e-11, 6.3e-11},
    [S2VI_OP_FIR] = {1.6e-11, 1.9e-11},
    [S2VI_OP_SUM] = {4.4e-11, 6.0e-11},
    [S2VI_OP_AVGPOOL] = {6.4e-11, 3.6e-11},
    [S2VI_OP_MAXPOOL] = {7.5e-11, 6.6e-11},
    [S2VI_OP_MAXPOOL_PUT] = {1.3e-11, 3.5e-11},
    [S2VI_OP_MAXPOOL_GET] = {1.5e-11, 4.4e-11},
    [S2VI_OP_MATMUL] = {2.2e-11, 3.2e-11},
    [S2VI_OP_CONV] = {2.8e-11, 5.0e-11},
    [S2VI_OP_CONV_DATA] = {8.0e-11, 1.3e-10},
    [S2VI_OP_CONV_WEIGHT] = {2.5e-11, 5.2e-11},
    [S2VI_OP_UPCONV] = {5.6e-11, 9.1e-11},
    [S2VI_OP_GRU] = {4.3e-11, 1.3e-10},
    [S2VI_OP_GRU_DA] = {1.1e-10, 2.0e-10},
    [S2VI_OP_GRU_DB] = {1.8e-10, 2.0e-10},
    [S2VI_OP_GRU_DH] = {1.1e-10, 7.2e-11},
    [S2VI_OP_GRU_CELL] = {2.2e-10, 7.0e-10},
    [S2VI_OP_BLEND] = {1.7e-10, 4.5e-10},
    [S2VI_OP_LSTM] = {2.7e-10, 6.3e-10},
    [S2VI_OP_LSTM_DA] = {1.8e-10, 1.9e-10},
    [S2VI_OP_MOMENTS] = {2.2e-10, 1.5e-10},
};

static bool is_map(s2vi_op op)
{
    return s2vi_op_get(op)->kind == S2VI_KIND_MAP;
}

/* Three times those; of a map that is not there, the worst of maps. */
static lab_bounds bounds_of(s2vi_op op)
{
    lab_bounds worst = measured[op];
    for (int i = 0; is_map(op) && !measured[op].first && i < S2VI_OP_COUNT; i++)
        if (is_map((s2vi_op)i)) {
            worst.first = fmax(worst.first, measured[i].first);
            worst.second = fmax(worst.second, measured[i].second);
        }
    return lab_three_times(worst);
}

/* FNV-1a of the op's name: a new op gives the others no new cases. */
static uint64_t seed_of(const char *name, int number)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return (uint64_t)hash << 32 | (uint32_t)number;
}

static void test_op(s2vi_op op, int *checks, int *failures)
{
    const char *name = s2vi_op_get(op)->name;
    lab_bounds worst = {0};
    double same = 0;
    const int seeds = makers[op] == make_conv ? SEEDS + GROUPED : SEEDS;
    for (int seed = 0; makers[op] && seed < seeds; seed++) {
        lab l;
        lab_open(&l, name, seed_of(name, seed));
        s2vi_node *y = makers[op](&l, op, seed);
        lab_check_orders(&l, y, bounds_of(op));
        /* The value of a composite is that of its plain ops. */
        s2vi_node *plain = y ? s2vi_expand(y) : NULL;
        if (plain)
            lab_same(&l, "expanded", plain, y, 3 * 2.4e-16);
        worst.first = fmax(worst.first, l.worst.first);
        worst.second = fmax(worst.second, l.worst.second);
        same = fmax(same, l.same);
        lab_close(&l, checks, failures);
    }
    if (makers[op]) {
        printf("%-13s errors %.1e and %.1e, expanded %.1e\n", name, worst.first,
               worst.second, same);
    } else if (strcmp(rules[op], "none")) {
        printf("FAIL %s: has a gradient, but no case\n", name);
        ++*failures;
    }
}

int main(void)
{
    int checks = 0, failures = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int op = 0; op < S2VI_OP_COUNT; op++)
        test_op((s2vi_op)op, &checks, &failures);
    printf("rules: %d checks, %d failures\n", checks, failures);
    return failures != 0;
}
