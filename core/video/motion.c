/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Motion in a film.
 *
 * Shapes: N side of a picture, M = N/2 that of the planes, Y luma in [0, 1], k
 * the picture's number. "Cells" are 8x8 (4x4 where M is 4) equal parts of the
 * planes.
 *
 * Differences. Y_0 = Y, and Y_i+1 is Y_i averaged over 2x2 pixels; d_i = Y_i(k)
 * - Y_i(k - 1). Planes: |d_0| averaged over 2x2; d_1, d_2, d_3, pixels of the
 * coarser ones repeated; and |d_i(k)| - |d_i(k - 1)| of 1, 2 and 3, which are
 * negative where something stops.
 *
 * Flow (flow.h) from Y_1(k - 1) to Y_1(k), less its mean over the picture,
 * which is mostly the camera's: (u, v). Planes: u, v, twice their divergence
 * (central differences, the border repeated), u(k) - u(k - 1), v(k) - v(k - 1).
 *
 * A measure is what is averaged: |d_i| for each i, and (|u| + |v|) / 2. Its
 * mean in a cell, over the last 20 pictures, is m; that of all cells g. Planes
 * are divided by (m + g) / 2 + floor, d_i and its change by d_i's, all of the
 * flow by the flow's: a cell that always moves is muted, and a still one in a
 * film that moves is not blown up. The floors are a quarter of a step of 8-bit
 * luma, and a twentieth of a pixel. x / (1 + |x| / 8) then limits what a cut
 * does.
 *
 * Means are sums of what is kept for each picture, added up anew: nothing of
 * what is longer past is left in them.
 */
#include "video/motion.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "video/flow.h"

enum {
    LEVELS = 4, /* of luma */
    CELLS = 8,  /* of a row, and of a column, at most */
    MEASURES = LEVELS + 1,
    FLOW = LEVELS, /* the flow's measure */
    DIFFERENCE_PLANES = 7,
    FLOW_PLANES = 5,
    RECENT = S2VI_MOTION_RECENT,
};

#define LUMA_FLOOR (0.25f / 255.0f)
#define FLOW_FLOOR 0.05f /* pixels of Y_1 */
#define LIMIT      8.0f
#define DIVERGENCE 2.0f /* what it is multiplied by */

typedef float means[CELLS * CELLS]; /* a measure's, over cells */

struct s2vi_motion {
    int kinds, N, M, cells;
    int64_t pushed;      /* pictures so far */
    s2vi_flow *flow;     /* NULL: none is wanted */
    float *memory;       /* all of the following */
    float *luma[LEVELS]; /* Y_i of this picture */
    float *before[LEVELS];
    float *moved[LEVELS];           /* d_i */
    float *was_moved[LEVELS];       /* of the picture before */
    float *uv, *was_uv;             /* (M,M,2) */
    float *divisor;                 /* (M,M) of a measure */
    means recent[RECENT][MEASURES]; /* of the last pictures, a ring */
};

int s2vi_motion_planes(int kinds)
{
    return (kinds & S2VI_MOTION_DIFFERENCES ? DIFFERENCE_PLANES : 0) +
           (kinds & S2VI_MOTION_FLOW ? FLOW_PLANES : 0);
}

/* ----------------------------------------------------------- lifetime -- */

static size_t level_size(const s2vi_motion *m, int level)
{
    const size_t side = (size_t)(m->N >> level);
    return side * side;
}

/* Hands memory out, or, where there is none yet, counts it. */
static size_t lay_out(s2vi_motion *m)
{
    float **each[] = {m->luma, m->before, m->moved, m->was_moved};
    const size_t M = (size_t)m->M;
    size_t used = 0;
    for (size_t k = 0; k < sizeof(each) / sizeof(*each); k++)
        for (int i = 0; i < LEVELS; used += level_size(m, i++))
            each[k][i] = m->memory ? m->memory + used : NULL;
    float **planes[] = {&m->uv, &m->was_uv, &m->divisor};
    for (size_t k = 0; k < 3; used += (k < 2 ? 2 : 1) * M * M, k++)
        *planes[k] = m->memory ? m->memory + used : NULL;
    return used;
}

int s2vi_motion_create(s2vi_motion **out, int kinds, int size, s2v_error *err)
{
    const bool flows = kinds & S2VI_MOTION_FLOW;
    const int least = flows ? S2VI_MOTION_LEAST_FLOW : S2VI_MOTION_LEAST;
    *out = NULL;
    if (size < least || size > S2VI_MOTION_MOST || size & (size - 1))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "motion: frames of %d pixels a side, expected a "
                          "power of 2 from %d to %d",
                          size, least, S2VI_MOTION_MOST);
    s2vi_motion *m = calloc(1, sizeof(*m));
    if (!m)
        return s2vi_error_nomem(err, "motion");
    m->kinds = kinds;
    m->N = size;
    m->M = size / 2;
    m->cells = m->M < CELLS ? m->M : CELLS;
    m->memory = calloc(lay_out(m), sizeof(float));
    int ret = m->memory ? S2V_OK : s2vi_error_nomem(err, "motion");
    lay_out(m);
    if (!ret && flows)
        ret = s2vi_flow_create(&m->flow, m->M, m->M, err);
    *out = m;
    if (ret < 0)
        s2vi_motion_close(out);
    return ret;
}

void s2vi_motion_close(s2vi_motion **motion)
{
    s2vi_motion *m = motion ? *motion : NULL;
    if (!m)
        return;
    s2vi_flow_close(&m->flow);
    free(m->memory);
    free(m);
    *motion = NULL;
}

void s2vi_motion_flush(s2vi_motion *m)
{
    m->pushed = 0;
}

void s2vi_motion_pass_state(s2vi_motion *m, s2vi_state *state)
{
    static const char *const luma[LEVELS] = {"motion.luma0", "motion.luma1",
                                             "motion.luma2", "motion.luma3"};
    static const char *const moved[LEVELS] = {"motion.moved0", "motion.moved1",
                                              "motion.moved2", "motion.moved3"};
    const double most = 1e6;
    s2vi_state_int64(state, "motion.pushed", &m->pushed, 0, (int64_t)1 << 40);
    for (int l = 0; l < LEVELS; l++) {
        s2vi_state_floats(state, luma[l], m->luma[l], level_size(m, l), most);
        s2vi_state_floats(state, moved[l], m->moved[l], level_size(m, l), most);
    }
    s2vi_state_floats(state, "motion.uv", m->uv, 2 * level_size(m, 1), most);
    s2vi_state_floats(state, "motion.recent", &m->recent[0][0][0],
                      sizeof(m->recent) / sizeof(float), most);
}

/* -------------------------------------------------------------- motion -- */

static void swap(float **a, float **b)
{
    float *kept = *a;
    *a = *b;
    *b = kept;
}

static void fill_luma(s2vi_motion *m, const float *rgb)
{
    for (size_t i = 0; i < level_size(m, 0); i++, rgb += 3)
        m->luma[0][i] =
            0.5f + 0.5f * (0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]);
    for (int l = 1; l < LEVELS; l++) {
        const int w = m->N >> l;
        const float *in = m->luma[l - 1];
        float *out = m->luma[l];
        for (int y = 0; y < w; y++, in += 4 * w)
            for (int x = 0; x < w; x++)
                *out++ = 0.25f * (in[2 * x] + in[2 * x + 1] +
                                  in[2 * w + 2 * x] + in[2 * w + 2 * x + 1]);
    }
}

/* Of the first picture nothing has moved. */
static void fill_moved(s2vi_motion *m)
{
    for (int l = 0; l < LEVELS; l++)
        for (size_t i = 0; i < level_size(m, l); i++)
            m->moved[l][i] = m->pushed ? m->luma[l][i] - m->before[l][i] : 0;
}

static void fill_flow(s2vi_motion *m)
{
    const size_t n = level_size(m, 1);
    double u = 0, v = 0;
    memset(m->uv, 0, 2 * n * sizeof(*m->uv));
    if (!m->pushed)
        return;
    s2vi_flow_run(m->flow, m->before[1], m->luma[1], m->uv);
    for (size_t i = 0; i < n; i++) {
        u += m->uv[2 * i];
        v += m->uv[2 * i + 1];
    }
    for (size_t i = 0; i < n; i++) {
        m->uv[2 * i] -= (float)(u / (double)n);
        m->uv[2 * i + 1] -= (float)(v / (double)n);
    }
}

/* The previous picture's become those before; at the beginning, zeros. */
static void turn(s2vi_motion *m)
{
    for (int l = 0; l < LEVELS; l++) {
        swap(&m->luma[l], &m->before[l]);
        swap(&m->moved[l], &m->was_moved[l]);
        if (!m->pushed)
            memset(m->was_moved[l], 0, level_size(m, l) * sizeof(float));
    }
    swap(&m->uv, &m->was_uv);
    if (!m->pushed)
        memset(m->was_uv, 0, 2 * level_size(m, 1) * sizeof(float));
}

/* --------------------------------------------------------------- means -- */

/* How much moves at pixel (x, y) of the planes. */
static float measure_at(const s2vi_motion *m, int measure, int x, int y)
{
    const int M = m->M;
    if (measure == FLOW) {
        const float *uv = m->uv + 2 * (y * M + x);
        return 0.5f * (fabsf(uv[0]) + fabsf(uv[1]));
    }
    if (measure) {
        const int shift = measure - 1;
        return fabsf(
            m->moved[measure][(y >> shift) * (M >> shift) + (x >> shift)]);
    }
    const float *d = m->moved[0] + 4 * y * M + 2 * x;
    return 0.25f *
           (fabsf(d[0]) + fabsf(d[1]) + fabsf(d[2 * M]) + fabsf(d[2 * M + 1]));
}

static void keep_means(s2vi_motion *m, int measure)
{
    const int side = m->M / m->cells;
    float *mean = m->recent[m->pushed % RECENT][measure];
    for (int c = 0; c < m->cells * m->cells; c++) {
        const int left = c % m->cells * side, top = c / m->cells * side;
        float sum = 0;
        for (int i = 0; i < side * side; i++)
            sum += measure_at(m, measure, left + i % side, top + i / side);
        mean[c] = sum / (float)(side * side);
    }
}

/* What a measure's planes are divided by, pixel by pixel. */
static void fill_divisor(s2vi_motion *m, int measure)
{
    const int n = m->cells * m->cells, side = m->M / m->cells;
    const int64_t kept = m->pushed + 1 < RECENT ? m->pushed + 1 : RECENT;
    float mean[CELLS * CELLS] = {0}, all = 0;
    for (int64_t k = m->pushed - kept + 1; k <= m->pushed; k++)
        for (int c = 0; c < n; c++)
            mean[c] += m->recent[k % RECENT][measure][c];
    for (int c = 0; c < n; c++) {
        mean[c] /= (float)kept;
        all += mean[c];
    }
    const float floor = measure == FLOW ? FLOW_FLOOR : LUMA_FLOOR;
    for (int y = 0, i = 0; y < m->M; y++)
        for (int x = 0; x < m->M; x++, i++)
            m->divisor[i] =
                0.5f * (mean[y / side * m->cells + x / side] + all / (float)n) +
                floor;
}

/* -------------------------------------------------------------- planes -- */

static float limited(float x)
{
    return x / (1.0f + fabsf(x) / LIMIT);
}

/* Planes 0 to 6; P: of a pixel. */
static void put_differences(s2vi_motion *m, float *planes, int P)
{
    for (int l = 0; l < LEVELS; l++) {
        const int shift = l ? l - 1 : 0, M = m->M;
        keep_means(m, l);
        fill_divisor(m, l);
        for (int y = 0, i = 0; y < M; y++)
            for (int x = 0; x < M; x++, i++) {
                float *to = planes + (ptrdiff_t)i * P + l;
                if (!l) {
                    *to = limited(measure_at(m, 0, x, y) / m->divisor[i]);
                    continue;
                }
                const int at = (y >> shift) * (M >> shift) + (x >> shift);
                const float d = m->moved[l][at], was = m->was_moved[l][at];
                to[0] = limited(d / m->divisor[i]);
                to[3] = limited((fabsf(d) - fabsf(was)) / m->divisor[i]);
            }
    }
}

/* u or v, the border repeated. */
static float flow_at(const s2vi_motion *m, int x, int y, int component)
{
    const int last = m->M - 1;
    x = x < 0 ? 0 : x > last ? last : x;
    y = y < 0 ? 0 : y > last ? last : y;
    return m->uv[2 * (y * m->M + x) + component];
}

static void put_flow(s2vi_motion *m, float *planes, int P)
{
    keep_means(m, FLOW);
    fill_divisor(m, FLOW);
    for (int y = 0, i = 0; y < m->M; y++)
        for (int x = 0; x < m->M; x++, i++) {
            float *to = planes + (ptrdiff_t)i * P;
            const float *uv = m->uv + 2 * i, *was = m->was_uv + 2 * i;
            const float divergence =
                0.5f * (flow_at(m, x + 1, y, 0) - flow_at(m, x - 1, y, 0) +
                        flow_at(m, x, y + 1, 1) - flow_at(m, x, y - 1, 1));
            const float plane[FLOW_PLANES] = {uv[0], uv[1],
                                              DIVERGENCE * divergence,
                                              uv[0] - was[0], uv[1] - was[1]};
            for (int p = 0; p < FLOW_PLANES; p++)
                to[p] = limited(plane[p] / m->divisor[i]);
        }
}

void s2vi_motion_push(s2vi_motion *m, const float *picture, float *planes)
{
    const int P = s2vi_motion_planes(m->kinds);
    turn(m);
    fill_luma(m, picture);
    if (m->kinds & S2VI_MOTION_DIFFERENCES) {
        fill_moved(m);
        put_differences(m, planes, P);
    }
    if (m->kinds & S2VI_MOTION_FLOW) {
        fill_flow(m);
        put_flow(m, planes + P - FLOW_PLANES, P);
    }
    m->pushed++;
}
