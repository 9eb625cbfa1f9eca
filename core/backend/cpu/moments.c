/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MOMENTS: mean and 1 / deviation in one pass through memory. Pieces that lie
 * in the first-level cache are gone through twice there, for their mean and
 * for the squares about it, and joined by Chan, Golub and LeVeque (1979): no
 * cancellation, whatever the mean.
 *
 * The parts that are joined follow from the shapes alone, so that the result
 * does not depend on the number of threads.
 */
#include "backend/cpu/cpu.h"

#include <math.h>
#include <string.h>

#define PARTS 16    /* of a large image */
#define PIECE 8192  /* floats: two thirds of the first-level cache */
#define LARGE 32768 /* floats that are worth another thread */

/* x as (outer, rows, columns): moments over the rows, and over `inner` of the
 * columns at a time. */
typedef struct moments_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    int threads;
    int64_t outer, rows, columns, inner, parts, piece;
    double eps;
} moments_kernel;

/* Of some rows: their count, and a column's mean and squares about it. */
typedef struct sums {
    int64_t rows;
    double *mean, *squares;
} sums;

static sums sums_at(const moments_kernel *k, void *scratch, int64_t which)
{
    double *at = (double *)scratch + which * 2 * k->columns;
    return (sums){0, at, at + k->columns};
}

static void join(sums *to, const sums *from, int64_t columns)
{
    const double all = (double)(to->rows + from->rows);
    const double share = (double)from->rows / all;
    const double weight = (double)to->rows * share;
    for (int64_t i = 0; i < columns; i++) {
        const double d = from->mean[i] - to->mean[i];
        to->mean[i] += d * share;
        to->squares[i] += from->squares[i] + d * d * weight;
    }
    to->rows += from->rows;
}

/* Rows [from, to) of an image; `piece`: room for a piece's sums. */
static void sum_part(const moments_kernel *k, const float *x, int64_t from,
                     int64_t to, sums *sum, sums *piece)
{
    sum->rows = 0;
    memset(sum->mean, 0, 2 * (size_t)k->columns * sizeof(*sum->mean));
    for (int64_t row = from; row < to; row += k->piece) {
        piece->rows = to - row < k->piece ? to - row : k->piece;
        k->simd->moments(piece->mean, piece->squares, x + row * k->columns,
                         (int)piece->rows, (int)k->columns);
        join(sum, piece, k->columns);
    }
}

static int64_t part_begin(const moments_kernel *k, int64_t part)
{
    return k->rows * part / k->parts;
}

static void finish(const moments_kernel *k, float *out, int64_t image,
                   void *scratch)
{
    sums sum = sums_at(k, scratch, image * k->parts);
    sum.rows = part_begin(k, 1);
    for (int64_t part = 1; part < k->parts; part++) {
        sums more = sums_at(k, scratch, image * k->parts + part);
        more.rows = part_begin(k, part + 1) - part_begin(k, part);
        join(&sum, &more, k->columns);
    }
    const int64_t results = k->columns / k->inner;
    float *mean = out + image * results;
    float *rstd = mean + k->outer * results;
    for (int64_t i = 0; i < results; i++) {
        sums all = {sum.rows, sum.mean + i * k->inner,
                    sum.squares + i * k->inner};
        for (int64_t j = 1; j < k->inner; j++) {
            const sums one = {sum.rows, all.mean + j, all.squares + j};
            join(&all, &one, 1);
        }
        mean[i] = (float)all.mean[0];
        rstd[i] = (float)(1 / sqrt(all.squares[0] / (double)all.rows + k->eps));
    }
}

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    const moments_kernel *k = (const moments_kernel *)kernel;
    const int64_t units = k->outer * k->parts;
    (void)clock;
#pragma omp parallel for schedule(static)                                      \
    num_threads(k->threads) if (k->outer * k->rows * k->columns >= LARGE)
    for (int64_t i = 0; i < units; i++) {
        const int64_t image = i / k->parts, part = i % k->parts;
        sums sum = sums_at(k, scratch, i);
        sums piece = sums_at(k, scratch, units + i);
        sum_part(k, (const float *)in[0] + image * k->rows * k->columns,
                 part_begin(k, part), part_begin(k, part + 1), &sum, &piece);
    }
    for (int64_t image = 0; image < k->outer; image++)
        finish(k, out, image, scratch);
    return S2V_OK;
}

/* Kept, summed, kept, summed: each may be missing but the first that is
 * summed (shape_moments() in ops.c). */
static void describe(moments_kernel *k, const s2vi_node *node)
{
    const s2vi_shape *x = &node->input[0]->shape;
    int64_t *const part[] = {&k->outer, &k->rows, &k->columns, &k->inner};
    int at = 0;
    k->outer = k->rows = k->columns = k->inner = 1;
    for (int i = 0; i < x->rank; i++) {
        at += (int)(node->attr.axes >> i & 1u) != at % 2;
        *part[at] *= x->dim[i];
    }
    k->columns *= k->inner;
    k->parts = k->rows * k->columns >= LARGE && k->rows >= PARTS ? PARTS : 1;
    k->piece = PIECE / k->columns > 8 ? PIECE / k->columns : 8;
}

int s2vi_cpu_moments(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                     s2v_error *err)
{
    moments_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->simd = cpu->simd;
    k->threads = cpu->base.threads;
    k->eps = node->attr.eps;
    describe(k, node);
    k->base.scratch_size =
        2 * sizeof(double) * 2 * (size_t)(k->outer * k->parts * k->columns);
    k->base.run = run;
    k->base.close = s2vi_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
