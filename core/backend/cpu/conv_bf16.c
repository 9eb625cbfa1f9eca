/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions of one or two dimensions in bf16: CONV of stride 1, CONV_DATA of
 * any stride, and UPCONV. Weights that are not constant, as in training, are
 * packed at each run.
 *
 * A thread rounds a band of the image, zeros around it, to a buffer of its own,
 * whose pixels are rows of a matrix one after the other. A tap's products are
 * those of the rows a fixed distance on, so that no row is ever copied; rows
 * that lie across the band's border give results of no use, left out.
 *
 * Results between which a stride lies are phases, each a convolution of its
 * own: with stride s, of CONV_DATA result o = s q + r takes the taps k for
 * which r + lo - k is a multiple of s, of pixels q + (r + lo - k) / s. A
 * nearest x2 before 3 taps leaves 2 taps to each of its phases: g0 and g1 + g2,
 * or g0 + g1 and g2.
 *
 * Where there are more weights than image, all threads take the same band, and
 * each of them some channels of the result.
 */
#include "backend/cpu/conv_bf16.h"

#include "backend/cpu/bf16.h"
#include "backend/cpu/winograd.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define ROWS        S2VI_BF16_ROWS
#define STEP        S2VI_BF16_STEP
#define BLOCK       S2VI_BF16_BLOCK
#define AT_ONCE     (ROWS * S2VI_BF16_GROUPS)
#define RESULTS     (AT_ONCE * ROWS * S2VI_BF16_BLOCKS)
#define MOST_KERNEL 32

/* Bytes: weights that are worth dividing; a band's buffer, of one thread. */
#define MANY_WEIGHTS (512 << 10)
#define BAND_OWN     (192 << 10)
#define BAND_SHARED  (1024 << 10)

/* A displacement in one dimension, and the kernel's taps that it sums up. */
typedef struct reach {
    int64_t by;
    int from, to;
} reach;

typedef struct tap {
    reach dim[2];
} tap;

/* 32 numbers of a row: channels of one tap, or 16 of two neighbours. */
typedef struct step {
    int tap[2]; /* [1]: -1 without */
    int channel;
} step;

typedef struct phase {
    int64_t at[2], size[2]; /* of its first result; of its results */
    int tap, taps, step, steps;
} phase;

typedef struct conv_kernel {
    s2vi_kernel base;
    const s2vi_bf16 *bf16;
    int threads, parts; /* parts: of the result's channels */
    int kernel[2], stride[2], lo[2];
    int64_t images, in[2], out[2], size[2]; /* size: of the largest phase */
    int channels, outputs;
    bool narrow;         /* 16 channels or fewer */
    int64_t pixel;       /* numbers from pixel to pixel */
    int64_t first[2];    /* the least displacement */
    int64_t border[2];   /* from that to the greatest */
    int64_t pitch;       /* pixels of a line of the buffer */
    int64_t band, bands; /* lines of `size` */
    int n_phases, n_taps, n_steps;
    phase *phases;
    tap *taps;
    step *steps;
    int64_t *offset; /* of each step */
} conv_kernel;

/* --------------------------------------------------------------- taps -- */

/* The displacements of phase `r` in dimension `d`, in rising order. */
static int reaches(const conv_kernel *k, int d, int r, reach *to)
{
    const int s = k->stride[d];
    int n = 0;
    switch (k->base.node->op) {
    case S2VI_OP_CONV:
        for (int i = 0; i < k->kernel[d]; i++)
            to[n++] = (reach){i - k->lo[d], i, i};
        break;
    case S2VI_OP_UPCONV:
        to[n++] = (reach){r - 1, 0, r};
        to[n++] = (reach){r, r + 1, 2};
        break;
    default:
        for (int i = k->kernel[d] - 1; i >= 0; i--)
            if ((r + k->lo[d] - i) % s == 0)
                to[n++] = (reach){(r + k->lo[d] - i) / s, i, i};
        break;
    }
    return n;
}

static void add_taps(conv_kernel *k, phase *p)
{
    reach down[MOST_KERNEL], across[MOST_KERNEL];
    const int n = reaches(k, 0, (int)p->at[0], down);
    const int m = reaches(k, 1, (int)p->at[1], across);
    p->tap = k->n_taps;
    p->taps = n * m;
    for (int i = 0; i < n * m; i++)
        k->taps[k->n_taps++] = (tap){{down[i / m], across[i % m]}};
}

static void find_border(conv_kernel *k)
{
    for (int d = 0; d < 2; d++) {
        int64_t least = 0, most = 0;
        for (int i = 0; i < k->n_taps; i++) {
            const int64_t by = k->taps[i].dim[d].by;
            least = by < least ? by : least;
            most = by > most ? by : most;
        }
        k->first[d] = least;
        k->border[d] = most - least;
    }
    k->pitch = k->size[1] + k->border[1];
}

/* Pixels from a result's place in the buffer to what the tap sees. */
static int64_t distance(const conv_kernel *k, int i)
{
    const reach *dim = k->taps[i].dim;
    return (dim[0].by - k->first[0]) * k->pitch + dim[1].by - k->first[1];
}

static void add_step(conv_kernel *k, step s)
{
    k->offset[k->n_steps] = distance(k, s.tap[0]) * k->pixel + s.channel;
    k->steps[k->n_steps++] = s;
}

static void add_steps(conv_kernel *k, phase *p)
{
    const int end = p->tap + p->taps;
    p->step = k->n_steps;
    for (int i = p->tap; i < end; i++) {
        const bool pair = k->narrow && i + 1 < end &&
                          distance(k, i + 1) == distance(k, i) + 1;
        for (int c = 0; c < k->channels; c += STEP)
            add_step(k, (step){{i, pair ? i + 1 : -1}, c});
        i += pair;
    }
    p->steps = k->n_steps - p->step;
}

/* ------------------------------------------------------------ weights -- */

static int blocks(const conv_kernel *k)
{
    return k->outputs / ROWS;
}

static size_t weights_size(const conv_kernel *k)
{
    return (size_t)k->n_steps * (size_t)blocks(k) * BLOCK * sizeof(uint16_t);
}

/* Add a tap's weights, n channels from `channel` on, for 16 of the result, to
 * columns of `sum`, (16, 32). */
static void add_tap(const conv_kernel *k, const float *w, const tap *t,
                    int channel, int n, int block, float *sum)
{
    const bool data = k->base.node->op == S2VI_OP_CONV_DATA;
    const int64_t inner = data ? k->outputs : k->channels;
    const int64_t outer = inner * k->kernel[0] * k->kernel[1];
    const int64_t next_channel = data ? outer : 1, next = data ? 1 : outer;
    for (int y = t->dim[0].from; y <= t->dim[0].to; y++)
        for (int x = t->dim[1].from; x <= t->dim[1].to; x++) {
            const float *from = w + (y * k->kernel[1] + x) * inner +
                                channel * next_channel + block * ROWS * next;
            for (int o = 0; o < ROWS; o++)
                for (int c = 0; c < n; c++)
                    sum[o * STEP + c] += from[o * next + c * next_channel];
        }
}

/* A step's weights for 16 channels of the result: [16 pairs][16 channels][2] */
static void pack_step(const conv_kernel *k, const float *w, const step *s,
                      int block, uint16_t *to)
{
    float sum[ROWS * STEP] = {0};
    const int most = k->narrow ? ROWS : STEP, left = k->channels - s->channel;
    for (int half = 0; half < STEP / most && s->tap[half] >= 0; half++)
        add_tap(k, w, &k->taps[s->tap[half]], s->channel,
                left < most ? left : most, block, sum + half * most);
    for (int pair = 0; pair < STEP / 2; pair++)
        for (int o = 0; o < ROWS; o++, to += 2) {
            to[0] = s2vi_bf16_of(sum[o * STEP + 2 * pair]);
            to[1] = s2vi_bf16_of(sum[o * STEP + 2 * pair + 1]);
        }
}

/* Phase by phase: [block][step][16 pairs][16 channels][2] */
static int pack(const s2vi_kernel *kernel, int input, const void *from,
                void *memory)
{
    const conv_kernel *k = (const conv_kernel *)kernel;
    uint16_t *to = memory;
    (void)input; /* the weight is the only input that is packed */
    for (const phase *p = k->phases; p < k->phases + k->n_phases; p++) {
        const int n = blocks(k) * p->steps;
#pragma omp parallel for schedule(static) num_threads(k->threads)
        for (int i = 0; i < n; i++)
            pack_step(k, from, &k->steps[p->step + i % p->steps], i / p->steps,
                      to + (int64_t)i * BLOCK);
        to += (int64_t)n * BLOCK;
    }
    return S2V_OK;
}

/* ------------------------------------------------------------ running -- */

/* One image's arrays, and a thread's memory. */
typedef struct work {
    const float *image, *addend, *bias, *plane, *scale;
    float *out;
    uint16_t *buffer;
    float *c;
} work;

static size_t whole(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Rows past the last one are read, and numbers past those. */
static size_t buffer_size(const conv_kernel *k)
{
    const int64_t pixels = (k->band + k->border[0]) * k->pitch + ROWS;
    return whole((size_t)(pixels * k->pixel + STEP) * sizeof(uint16_t));
}

static size_t work_size(const conv_kernel *k)
{
    return buffer_size(k) + RESULTS * sizeof(float);
}

/* Line y of the image to a line of the buffer. */
static void fill_line(const conv_kernel *k, const float *image, int64_t y,
                      uint16_t *to)
{
    const int64_t c = k->channels, before = -k->first[1];
    const int64_t n =
        k->in[1] < k->pitch - before ? k->in[1] : k->pitch - before;
    const float *from = image + y * k->in[1] * c;
    if (y < 0 || y >= k->in[0] || k->pixel != c) {
        memset(to, 0, (size_t)(k->pitch * k->pixel) * sizeof(*to));
        for (int64_t x = 0; x < n && y >= 0 && y < k->in[0]; x++)
            k->bf16->round(to + (before + x) * k->pixel, from + x * c, c);
        return;
    }
    memset(to, 0, (size_t)(before * c) * sizeof(*to));
    k->bf16->round(to + before * c, from, n * c);
    memset(to + (before + n) * c, 0,
           (size_t)((k->pitch - before - n) * c) * sizeof(*to));
}

static void fill(const conv_kernel *k, const work *w, int64_t from, int64_t to)
{
    const int64_t lines = to - from + k->border[0];
    for (int64_t i = 0; i < lines; i++)
        fill_line(k, w->image, from + k->first[0] + i,
                  w->buffer + i * k->pitch * k->pixel);
    memset(w->buffer + lines * k->pitch * k->pixel, 0,
           STEP * sizeof(*w->buffer));
}

/* Whether results of one line go on in the next, the same distance apart. */
static bool is_flat(const conv_kernel *k)
{
    return k->pitch == 1 ||
           (k->border[1] == 0 && k->stride[0] == 1 && k->stride[1] == 1);
}

/* Rows [from, to) of the buffer, now in c, to results of lines from `line` on.
 */
static void finish(const conv_kernel *k, const phase *p, const work *w,
                   const float *c, int block, int64_t line, int64_t from,
                   int64_t to)
{
    const s2vi_attr *attr = &k->base.node->attr;
    const int64_t apart =
        k->pitch == 1 ? k->stride[0] * k->out[1] : k->stride[1];
    s2vi_bf16_result r = {.bias = w->bias ? w->bias + block * ROWS : NULL,
                          .scale = w->scale ? w->scale + block * ROWS : NULL,
                          .pixel = apart * k->outputs,
                          .plane_pixel = apart,
                          .act = attr->act,
                          .slope = (float)attr->slope};
    for (int64_t i = from, n; i < to; i += n) {
        const int64_t y = line + i / k->pitch, x = i % k->pitch;
        n = is_flat(k) || to - i < k->pitch - x ? to - i : k->pitch - x;
        if (x >= p->size[1])
            continue;
        const int64_t left =
            is_flat(k) || n < p->size[1] - x ? n : p->size[1] - x;
        const int64_t at = (y * k->stride[0] + p->at[0]) * k->out[1] +
                           x * k->stride[1] + p->at[1];
        const int64_t number = at * k->outputs + block * ROWS;
        r.out = w->out + number;
        r.addend = w->addend ? w->addend + number : NULL;
        r.plane = w->plane ? w->plane + at : NULL;
        k->bf16->finish(&r, c + (i - from) * ROWS, left);
    }
}

/* Lines [from, to) of a phase, one or two blocks of channels. */
static void run_blocks(const conv_kernel *k, const phase *p, const work *w,
                       const uint16_t *weights, int block, int blocks,
                       int64_t from, int64_t to)
{
    const int64_t rows = (to - from - 1) * k->pitch + p->size[1];
    s2vi_bf16_product product = {.row = k->pixel,
                                 .offset = k->offset + p->step,
                                 .b = weights,
                                 .steps = p->steps,
                                 .blocks = blocks};
    for (int64_t i = 0; i < rows; i += AT_ONCE) {
        const int64_t n = rows - i < AT_ONCE ? rows - i : AT_ONCE;
        product.a = w->buffer + i * k->pixel;
        product.groups = (int)((n + ROWS - 1) / ROWS);
        k->bf16->product(w->c, &product);
        for (int b = 0; b < blocks; b++)
            finish(k, p, w, w->c + b * product.groups * ROWS * ROWS, block + b,
                   from, i, i + n);
    }
}

/* Part `part` of the channels of lines [from, to). */
static void run_band(const conv_kernel *k, const work *w,
                     const uint16_t *weights, int part, int64_t from,
                     int64_t to)
{
    const int n = blocks(k);
    const int first = n * part / k->parts, last = n * (part + 1) / k->parts;
    fill(k, w, from, to);
    for (const phase *p = k->phases; p < k->phases + k->n_phases; p++) {
        const int64_t size = (int64_t)p->steps * BLOCK;
        const int64_t end = to < p->size[0] ? to : p->size[0];
        for (int b = first, m; b < last; b += m) {
            m = last - b < S2VI_BF16_BLOCKS ? last - b : S2VI_BF16_BLOCKS;
            if (from < end && p->size[1])
                run_blocks(k, p, w, weights + b * size, b, m, from, end);
        }
        weights += n * size;
    }
}

/* What the node's inputs are for image i. */
static work arrays_of(const conv_kernel *k, void *const *in, void *out,
                      int64_t i)
{
    const s2vi_node *node = k->base.node;
    const int planes = node->n_inputs - 2 * node->attr.plane;
    const int addends = planes - node->attr.accumulate;
    const int64_t pixels = k->out[0] * k->out[1], size = pixels * k->outputs;
    work w = {.image =
                  (const float *)in[0] + i * k->in[0] * k->in[1] * k->channels,
              .out = (float *)out + i * size,
              .bias = addends > 2 ? in[2] : NULL};
    if (node->attr.accumulate)
        w.addend = (const float *)in[addends] + i * size;
    if (node->attr.plane) {
        w.plane = (const float *)in[planes] + i * pixels;
        w.scale = in[planes + 1];
    }
    return w;
}

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    const conv_kernel *k = (const conv_kernel *)kernel;
    const int64_t each = k->bands * k->parts, all = k->images * each;
    const uint16_t *weights = in[1];
    (void)clock;
    if (!k->base.packed_size[1]) {
        weights = scratch;
        pack(kernel, 1, in[1], scratch);
        scratch = (char *)scratch + whole(weights_size(k));
    }
#pragma omp parallel num_threads(k->threads) if (all > 1)
    {
        char *memory =
            (char *)scratch + (size_t)omp_get_thread_num() * work_size(k);
        k->bf16->begin();
#pragma omp for schedule(dynamic)
        for (int64_t i = 0; i < all; i++) {
            const int64_t from = i % each / k->parts * k->band;
            const int64_t to =
                from + k->band < k->size[0] ? from + k->band : k->size[0];
            work w = arrays_of(k, in, out, i / each);
            w.c = (float *)memory;
            w.buffer = (uint16_t *)(memory + RESULTS * sizeof(float));
            run_band(k, &w, weights, (int)(i % k->parts), from, to);
        }
        k->bf16->end();
    }
    return S2V_OK;
}

/* ------------------------------------------------------------- compile -- */

static void close_kernel(s2vi_kernel *kernel)
{
    conv_kernel *k = (conv_kernel *)kernel;
    free(k->phases);
    free(k->taps);
    free(k->steps);
    free(k->offset);
    s2vi_kernel_free(kernel);
}

/* Images of one dimension are one pixel wide. */
static void describe(conv_kernel *k, const s2vi_node *node)
{
    const s2vi_shape *x = &node->input[0]->shape, *w = &node->input[1]->shape;
    const s2vi_window *win = &node->attr.window;
    k->images = x->dim[0];
    k->channels = (int)s2vi_shape_channels(x);
    k->outputs = (int)s2vi_shape_channels(&node->shape);
    for (int d = 0; d < 2; d++) {
        const bool there = d < x->rank - 2;
        k->in[d] = there ? x->dim[1 + d] : 1;
        k->out[d] = there ? node->shape.dim[1 + d] : 1;
        k->kernel[d] = there ? (int)w->dim[1 + d] : 1;
        k->lo[d] = there ? win->pad_lo[d] : 0;
        k->stride[d] = !there                       ? 1
                       : node->op == S2VI_OP_UPCONV ? 2
                                                    : win->stride[d];
        k->size[d] = (k->out[d] + k->stride[d] - 1) / k->stride[d];
    }
    k->narrow = k->channels <= ROWS;
    k->pixel = k->narrow ? ROWS : (k->channels + STEP - 1) / STEP * STEP;
    if (k->pixel % 128 == 0) /* lest rows share sets of the cache */
        k->pixel += STEP;
}

/* Results a stride apart, from each of the first ones on. */
static void add_phases(conv_kernel *k)
{
    for (int y = 0; y < k->stride[0]; y++)
        for (int x = 0; x < k->stride[1]; x++) {
            const int at[2] = {y, x};
            phase *p = &k->phases[k->n_phases++];
            for (int d = 0; d < 2; d++) {
                p->at[d] = at[d];
                p->size[d] =
                    (k->out[d] - at[d] + k->stride[d] - 1) / k->stride[d];
            }
            add_taps(k, p);
        }
    find_border(k);
    for (int i = 0; i < k->n_phases; i++)
        add_steps(k, &k->phases[i]);
}

static bool plan(conv_kernel *k)
{
    const size_t phases = (size_t)k->stride[0] * (size_t)k->stride[1];
    const size_t taps = phases * (size_t)k->kernel[0] * (size_t)k->kernel[1];
    const size_t steps = taps * (size_t)((k->channels + STEP - 1) / STEP);
    k->phases = calloc(phases, sizeof(*k->phases));
    k->taps = calloc(taps, sizeof(*k->taps));
    k->steps = calloc(steps, sizeof(*k->steps));
    k->offset = calloc(steps, sizeof(*k->offset));
    if (!k->phases || !k->taps || !k->steps || !k->offset)
        return false;
    add_phases(k);
    return true;
}

static void cut_bands(conv_kernel *k)
{
    const bool share = weights_size(k) > MANY_WEIGHTS;
    const int64_t line = k->pitch * k->pixel * (int64_t)sizeof(uint16_t);
    const int64_t most = (share ? BAND_SHARED : BAND_OWN) / line - k->border[0];
    const int64_t fair = (k->size[0] + 2 * k->threads - 1) / (2 * k->threads);
    k->parts = !share ? 1 : k->threads < blocks(k) ? k->threads : blocks(k);
    k->band = share || most < fair ? most : fair;
    k->band = k->band < 1 ? 1 : k->band;
    k->band = k->band > k->size[0] ? k->size[0] : k->band;
    k->bands = (k->size[0] + k->band - 1) / k->band;
}

bool s2vi_cpu_conv_bf16_suits(const s2vi_cpu *cpu, const s2vi_node *node,
                              uint32_t constant)
{
    const s2vi_window *win = &node->attr.window;
    if (!cpu->bf16 || node->shape.rank > 4 || s2vi_is_grouped(node) ||
        s2vi_shape_channels(&node->shape) % ROWS ||
        (!cpu->bf16->fastest && s2vi_cpu_winograd_is_f43(node, constant)))
        return false;
    for (int d = 0; d < node->shape.rank - 2; d++)
        if (node->input[1]->shape.dim[1 + d] > MOST_KERNEL ||
            (node->op == S2VI_OP_CONV && win->stride[d] != 1))
            return false;
    return node->op == S2VI_OP_CONV || node->op == S2VI_OP_CONV_DATA ||
           node->op == S2VI_OP_UPCONV;
}

int s2vi_cpu_conv_bf16(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                       s2vi_kernel **kernel, s2v_error *err)
{
    conv_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->bf16 = cpu->bf16;
    k->threads = cpu->base.threads;
    describe(k, node);
    if (!plan(k)) {
        close_kernel(&k->base);
        return s2vi_error_nomem(err, "a convolution");
    }
    cut_bands(k);
    k->base.scratch_size = (size_t)k->threads * work_size(k);
    if (constant & 2u)
        k->base.packed_size[1] = weights_size(k);
    else
        k->base.scratch_size += whole(weights_size(k));
    k->base.run = run;
    k->base.pack = pack;
    k->base.close = close_kernel;
    *kernel = &k->base;
    return S2V_OK;
}
