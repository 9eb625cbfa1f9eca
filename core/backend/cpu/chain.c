/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains, run tile by tile: each instruction is one loop over a tile that
 * stays in the first-level cache.
 *
 * The iteration space is folded to (outer, rows, columns) by merging
 * neighbouring dimensions along which every operand is either whole or
 * broadcast. A tile is some rows of all columns, or a piece of one row.
 * The result is one more operand: where it is summed, it is "broadcast".
 *
 * Sums do not depend on the number of threads: a result is summed by one
 * thread, or in a number of parts that the shapes alone give.
 */
#include "backend/cpu/cpu.h"
#include "graph/chain.h"

#include <omp.h>
#include <string.h>

#define TILE  1024
#define PARTS 16

/* An operand's stride in elements along each dimension; 0: broadcast. */
typedef struct strides {
    int64_t outer[S2VI_MAX_RANK];
    bool rows, cols;
} strides;

typedef struct chain_kernel {
    s2vi_kernel base;
    const s2vi_simd *simd;
    s2vi_chain program;
    int n_outer; /* outer dimensions */
    int64_t outer[S2VI_MAX_RANK], rows, cols;
    strides in[S2VI_CHAIN_MAX_INPUTS], out;
    int64_t tile_rows, tile_cols, row_blocks, col_blocks;
    int64_t kept, summed; /* outer positions that keep / add up a result */
    int64_t units, terms; /* results' blocks; tiles added up in each */
    int n_buffers;        /* of TILE floats, a thread */
    int threads;
    int place[S2VI_CHAIN_MAX]; /* buffer of each instruction's result */
} chain_kernel;

/* A thread's tile buffers, and which operand values they hold. */
typedef struct bench {
    float *buffer;
    const float *held[S2VI_CHAIN_MAX_INPUTS];
    int held_rows[S2VI_CHAIN_MAX_INPUTS], held_cols[S2VI_CHAIN_MAX_INPUTS];
} bench;

/* Where a tile lies. */
typedef struct tile {
    int64_t outer; /* linear outer position */
    int64_t row, rows, col, cols;
} tile;

/* ------------------------------------------------------------ setup -- */

/* Bit d: the operand is whole along dimension d of the space. */
static unsigned whole_dims(const s2vi_shape *space, const s2vi_shape *operand)
{
    unsigned whole = 0;
    for (int d = 0; d < space->rank; d++)
        if (operand->dim[d] == space->dim[d])
            whole |= 1u << d;
    return whole;
}

typedef struct folding {
    int n;
    int64_t dim[S2VI_MAX_RANK];
    unsigned whole[S2VI_CHAIN_MAX_INPUTS + 1]; /* bits of the folded dims */
} folding;

/* Merge dimensions along which all operands agree; drop those of 1. */
static folding fold_dims(const s2vi_shape *space, const unsigned *whole,
                         int operands)
{
    folding f = {0};
    unsigned last[S2VI_CHAIN_MAX_INPUTS + 1] = {0};
    for (int d = 0; d < space->rank; d++) {
        bool same = f.n > 0;
        if (space->dim[d] == 1)
            continue;
        for (int i = 0; i < operands; i++)
            same = same && last[i] == (whole[i] >> d & 1u);
        if (same) {
            f.dim[f.n - 1] *= space->dim[d];
            continue;
        }
        for (int i = 0; i < operands; i++) {
            last[i] = whole[i] >> d & 1u;
            f.whole[i] |= last[i] << f.n;
        }
        f.dim[f.n++] = space->dim[d];
    }
    return f;
}

static strides strides_of(const folding *f, unsigned whole)
{
    strides w = {0};
    int64_t stride = 1;
    for (int d = f->n - 1; d >= 0; d--) {
        bool steps = whole >> d & 1u;
        if (d == f->n - 1)
            w.cols = steps;
        else if (d == f->n - 2)
            w.rows = steps;
        else
            w.outer[d] = steps ? stride : 0;
        stride *= steps ? f->dim[d] : 1;
    }
    return w;
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static void fold_space(chain_kernel *k, const s2vi_node *node)
{
    unsigned whole[S2VI_CHAIN_MAX_INPUTS + 1];
    int n = k->program.n_inputs;
    const s2vi_shape *space = &k->program.space;
    for (int i = 0; i < n; i++)
        whole[i] = whole_dims(space, &node->input[i]->shape);
    whole[n] = ~k->program.sum_axes;
    folding f = fold_dims(space, whole, n + 1);
    k->cols = f.n > 0 ? f.dim[f.n - 1] : 1;
    k->rows = f.n > 1 ? f.dim[f.n - 2] : 1;
    k->n_outer = f.n > 2 ? f.n - 2 : 0;
    memcpy(k->outer, f.dim, sizeof(k->outer));
    for (int i = 0; i < n; i++)
        k->in[i] = strides_of(&f, f.whole[i]);
    k->out = strides_of(&f, f.whole[n]);
    /* Where there are no rows or columns, one of each, which is whole. */
    if (f.n < 1)
        k->out.cols = !k->program.sum_axes;
    if (f.n < 2)
        k->out.rows = true;
}

static void cut_tiles(chain_kernel *k)
{
    k->tile_cols = k->cols < TILE ? k->cols : TILE;
    k->tile_rows = k->cols < TILE ? TILE / k->cols : 1;
    if (k->tile_rows > k->rows)
        k->tile_rows = k->rows;
    k->row_blocks = ceil_div(k->rows, k->tile_rows);
    k->col_blocks = ceil_div(k->cols, k->tile_cols);
    k->kept = k->summed = 1;
    for (int d = 0; d < k->n_outer; d++)
        *(k->out.outer[d] ? &k->kept : &k->summed) *= k->outer[d];
    k->units = k->kept * (k->out.rows ? k->row_blocks : 1) *
               (k->out.cols ? k->col_blocks : 1);
    k->terms = k->summed * (k->out.rows ? 1 : k->row_blocks) *
               (k->out.cols ? 1 : k->col_blocks);
}

/* Give each instruction's result a buffer, free again after its last use.
 * The first n_inputs buffers are the operands'. */
static void assign_buffers(chain_kernel *k)
{
    const s2vi_chain *p = &k->program;
    int last_use[S2VI_CHAIN_MAX] = {0};
    bool busy[S2VI_CHAIN_MAX] = {false};
    int used = 0;
    for (int i = 0; i < p->n_steps; i++)
        for (int j = 0; j < 2; j++)
            if (p->step[i].operand[j] >= p->n_inputs)
                last_use[p->step[i].operand[j] - p->n_inputs] = i;
    for (int i = 0; i < p->n_steps; i++) {
        int b = 0;
        while (busy[b])
            b++;
        busy[b] = true;
        k->place[i] = p->n_inputs + b;
        used = b + 1 > used ? b + 1 : used;
        for (int j = 0; j < i; j++)
            if (last_use[j] == i)
                busy[k->place[j] - p->n_inputs] = false;
    }
    k->n_buffers = p->n_inputs + used;
}

/* --------------------------------------------------------- one tile -- */

static int64_t outer_offset(const chain_kernel *k, const strides *w,
                            int64_t position)
{
    int64_t offset = 0;
    for (int d = k->n_outer - 1; d >= 0; d--) {
        offset += position % k->outer[d] * w->outer[d];
        position /= k->outer[d];
    }
    return offset;
}

/* The operand's values over the tile, one after the other. */
static const float *load(const chain_kernel *k, int i, const float *base,
                         const tile *t, bench *b)
{
    const strides *w = &k->in[i];
    const float *p = base + outer_offset(k, w, t->outer);
    int rows = (int)t->rows, cols = (int)t->cols;
    if (w->rows)
        p += t->row * (w->cols ? k->cols : 1);
    if (w->cols)
        p += t->col;
    if (w->cols && (w->rows || rows == 1))
        return p;
    float *to = b->buffer + (size_t)i * TILE;
    if (w->rows && !w->cols) {
        k->simd->spread(to, p, rows, cols);
        return to;
    }
    if (b->held[i] == p && b->held_rows[i] >= rows && b->held_cols[i] == cols)
        return to;
    if (w->cols)
        k->simd->repeat_row(to, p, rows, cols);
    else
        k->simd->spread(to, p, 1, rows * cols);
    b->held[i] = p;
    b->held_rows[i] = rows;
    b->held_cols[i] = cols;
    return to;
}

/* Run the program over a tile; `to` NULL: into a buffer. Returns the result. */
static const float *run_tile(const chain_kernel *k, float *const *in,
                             const tile *t, bench *b, float *to)
{
    const s2vi_chain *p = &k->program;
    const float *value[S2VI_CHAIN_MAX_INPUTS + S2VI_CHAIN_MAX];
    int n = (int)(t->rows * t->cols);
    for (int i = 0; i < p->n_inputs; i++)
        value[i] = load(k, i, in[i], t, b);
    for (int i = 0; i < p->n_steps; i++) {
        const s2vi_chain_step *s = &p->step[i];
        float *dst = i == p->n_steps - 1 && to
                         ? to
                         : b->buffer + (size_t)k->place[i] * TILE;
        k->simd->map[s->op](dst, value[s->operand[0]], value[s->operand[1]], n,
                            s);
        value[p->n_inputs + i] = dst;
    }
    return value[p->n_inputs + p->n_steps - 1];
}

/* --------------------------------------------------- units and terms -- */

static int64_t take(int64_t *index, int64_t count)
{
    int64_t at = *index % count;
    *index /= count;
    return at;
}

/* The outer position out of those that are kept and those summed over. */
static int64_t join_outer(const chain_kernel *k, int64_t kept, int64_t summed)
{
    int64_t position = 0, scale = 1;
    for (int d = k->n_outer - 1; d >= 0; d--) {
        int64_t at = take(k->out.outer[d] ? &kept : &summed, k->outer[d]);
        position += at * scale;
        scale *= k->outer[d];
    }
    return position;
}

/* Tile number `term` of those that make up the unit's results. */
static tile tile_of(const chain_kernel *k, int64_t unit, int64_t term)
{
    int64_t cb = take(k->out.cols ? &unit : &term, k->col_blocks);
    int64_t rb = take(k->out.rows ? &unit : &term, k->row_blocks);
    tile t = {.outer = join_outer(k, unit, term),
              .row = rb * k->tile_rows,
              .col = cb * k->tile_cols};
    t.rows = k->rows - t.row < k->tile_rows ? k->rows - t.row : k->tile_rows;
    t.cols = k->cols - t.col < k->tile_cols ? k->cols - t.col : k->tile_cols;
    return t;
}

/* Where the tile's results begin, and how many there are. */
static int64_t result_of(const chain_kernel *k, const tile *t, int64_t *count)
{
    int64_t at = outer_offset(k, &k->out, t->outer);
    if (k->out.rows)
        at += t->row * (k->out.cols ? k->cols : 1);
    if (k->out.cols)
        at += t->col;
    *count = (k->out.rows ? t->rows : 1) * (k->out.cols ? t->cols : 1);
    return at;
}

static void add_tile(const chain_kernel *k, const tile *t, const float *x,
                     double *sum)
{
    int rows = (int)t->rows, cols = (int)t->cols;
    if (k->out.rows && k->out.cols)
        for (int i = 0; i < rows * cols; i++)
            sum[i] += x[i];
    else if (k->out.cols)
        k->simd->add_columns(sum, x, rows, cols);
    else if (k->out.rows)
        for (int r = 0; r < rows; r++)
            sum[r] += k->simd->total(x + (size_t)r * cols, cols);
    else
        sum[0] += k->simd->total(x, rows * cols);
}

/* Add up terms [from, to) of a unit. */
static void sum_terms(const chain_kernel *k, float *const *in, int64_t unit,
                      int64_t from, int64_t to, bench *b, double *sum)
{
    memset(sum, 0, TILE * sizeof(*sum));
    for (int64_t term = from; term < to; term++) {
        tile t = tile_of(k, unit, term);
        add_tile(k, &t, run_tile(k, in, &t, b, NULL), sum);
    }
}

static void store(const chain_kernel *k, int64_t unit, const double *sum,
                  float *out)
{
    int64_t count;
    tile t = tile_of(k, unit, 0);
    float *to = out + result_of(k, &t, &count);
    for (int64_t i = 0; i < count; i++)
        to[i] = (float)sum[i];
}

/* --------------------------------------------------------------- run -- */

static size_t bench_size(const chain_kernel *k)
{
    return (size_t)k->n_buffers * TILE * sizeof(float);
}

static bench bench_of(const chain_kernel *k, void *scratch)
{
    size_t thread = (size_t)omp_get_thread_num();
    return (bench){.buffer =
                       (float *)((char *)scratch + thread * bench_size(k))};
}

static double *sums_of(const chain_kernel *k, void *scratch, int64_t which)
{
    char *after = (char *)scratch + (size_t)k->threads * bench_size(k);
    return (double *)after + which * TILE;
}

/* Too little work to wake another thread for. */
static bool is_small(const chain_kernel *k)
{
    return (double)k->units * (double)k->terms *
               (double)(k->tile_rows * k->tile_cols) * k->program.n_steps <
           16384;
}

static void run_maps(const chain_kernel *k, float *const *in, float *out,
                     void *scratch)
{
#pragma omp parallel num_threads(k->threads) if (!is_small(k))
    {
        bench b = bench_of(k, scratch);
#pragma omp for schedule(static)
        for (int64_t u = 0; u < k->units; u++) {
            int64_t count;
            tile t = tile_of(k, u, 0);
            run_tile(k, in, &t, &b, out + result_of(k, &t, &count));
        }
    }
}

static void run_sums(const chain_kernel *k, float *const *in, float *out,
                     void *scratch)
{
#pragma omp parallel num_threads(k->threads) if (!is_small(k))
    {
        bench b = bench_of(k, scratch);
        double *sum = sums_of(k, scratch, omp_get_thread_num());
#pragma omp for schedule(static)
        for (int64_t u = 0; u < k->units; u++) {
            sum_terms(k, in, u, 0, k->terms, &b, sum);
            store(k, u, sum, out);
        }
    }
}

/* Few results of many tiles each: a fixed number of parts. */
static void run_parts(const chain_kernel *k, float *const *in, float *out,
                      void *scratch)
{
    for (int64_t u = 0; u < k->units; u++) {
#pragma omp parallel num_threads(k->threads) if (!is_small(k))
        {
            bench b = bench_of(k, scratch);
#pragma omp for schedule(static)
            for (int64_t part = 0; part < PARTS; part++)
                sum_terms(k, in, u, k->terms * part / PARTS,
                          k->terms * (part + 1) / PARTS, &b,
                          sums_of(k, scratch, part));
        }
        double *sum = sums_of(k, scratch, 0);
        for (int64_t part = 1; part < PARTS; part++)
            for (int i = 0; i < TILE; i++)
                sum[i] += sums_of(k, scratch, part)[i];
        store(k, u, sum, out);
    }
}

static int chain_run(const s2vi_kernel *kernel, void *out, void *const *in,
                     void *scratch, const s2vi_clock *clock)
{
    const chain_kernel *k = (const chain_kernel *)kernel;
    (void)clock;
    if (!k->program.sum_axes)
        run_maps(k, (float *const *)in, out, scratch);
    else if (k->units < PARTS && k->terms >= PARTS)
        run_parts(k, (float *const *)in, out, scratch);
    else
        run_sums(k, (float *const *)in, out, scratch);
    return S2V_OK;
}

/* ------------------------------------------------------------ compile -- */

/* The first instruction that simd.c lacks, or NULL. */
static const char *lacking(const s2vi_cpu *cpu, const s2vi_chain *program)
{
    for (int i = 0; i < program->n_steps; i++)
        if (!cpu->simd->map[program->step[i].op])
            return s2vi_op_get(program->step[i].op)->name;
    return NULL;
}

int s2vi_cpu_chain(s2vi_cpu *cpu, const s2vi_node *node, s2vi_kernel **kernel,
                   s2v_error *err)
{
    chain_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    if (node->op == S2VI_OP_CHAIN)
        k->program = *node->attr.chain;
    else
        s2vi_chain_of_node(node, &k->program);
    const char *lack = lacking(cpu, &k->program);
    if (lack) {
        s2vi_kernel_free(&k->base);
        return s2vi_error(err, S2V_ERR_INTERNAL, "device 'cpu' has no op '%s'",
                          lack);
    }
    k->simd = cpu->simd;
    k->threads = cpu->base.threads;
    fold_space(k, node);
    cut_tiles(k);
    assign_buffers(k);
    int sums = k->threads > PARTS ? k->threads : PARTS;
    k->base.scratch_size =
        (size_t)k->threads * bench_size(k) +
        (k->program.sum_axes ? (size_t)sums * TILE * sizeof(double) : 0);
    k->base.run = chain_run;
    k->base.close = s2vi_kernel_free;
    *kernel = &k->base;
    return S2V_OK;
}
