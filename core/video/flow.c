/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dense optical flow: Lucas and Kanade, "An iterative image registration
 * technique with an application to stereo vision" (1981), at every pixel, from
 * coarse to fine (Bouguet, "Pyramidal implementation of the Lucas Kanade
 * feature tracker", 2000).
 *
 * On each level of a pyramid b is warped by the flow so far, and the rest of
 * the motion is solved for in a window around each pixel; the window's matrix
 * is that of a, so that it is computed once a level. After that the flow is
 * averaged with weights that say how sure it is: it spreads into what has no
 * texture of its own.
 *
 * Written here because the libraries that do it are C++ (OpenCV) or estimate
 * the motion of blocks (libavfilter).
 */
#include "video/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
    LEVELS = 8,    /* at most */
    COARSEST = 12, /* pixels, the least side of a level */
    ROUNDS = 3,    /* of warping and solving on a level */
    WINDOW = 3,    /* radius of the two averages that make a window */
    SPREAD = 2,    /* of the two that spread the flow */
};

/* Noise of the gradients, squared: below it there is no texture. */
static const float NOISE = 1e-5f;
static const float LEAP = 2.0f; /* pixels, the longest step of a round */

typedef struct level {
    int w, h;
    float *a, *b; /* (h, w) */
    float *u, *v;
} level;

/* Planes (h, w) of the finest level's size, for all. */
typedef struct planes {
    float *gx, *gy;        /* gradient of a */
    float *xx, *xy, *yy;   /* the windows' matrix */
    float *ex, *ey;        /* gradient times difference, averaged */
    float *weight, *spare; /* sureness; for averaging */
} planes;

struct s2vi_flow {
    int levels;
    level level[LEVELS];
    planes p;
    float *column; /* (w) sums over rows */
    float *memory; /* all of it */
};

static int count_levels(int w, int h)
{
    int n = 1;
    while (n < LEVELS && w / 2 >= COARSEST && h / 2 >= COARSEST) {
        w = (w + 1) / 2;
        h = (h + 1) / 2;
        n++;
    }
    return n;
}

/* Hands out memory, or, where there is none yet, counts it. */
static float *take(float *memory, size_t *used, size_t n)
{
    float *at = memory ? memory + *used : NULL;
    *used += n;
    return at;
}

static size_t lay_out(s2vi_flow *f, int width, int height)
{
    const size_t all = (size_t)width * (size_t)height;
    size_t used = 0;
    for (int i = 0, w = width, h = height; i < f->levels; i++) {
        const size_t n = (size_t)w * (size_t)h;
        f->level[i] = (level){
            .w = w,
            .h = h,
            .a = take(f->memory, &used, n),
            .b = take(f->memory, &used, n),
            .u = take(f->memory, &used, n),
            .v = take(f->memory, &used, n),
        };
        w = (w + 1) / 2;
        h = (h + 1) / 2;
    }
    float **planes[] = {&f->p.gx, &f->p.gy, &f->p.xx,     &f->p.xy,   &f->p.yy,
                        &f->p.ex, &f->p.ey, &f->p.weight, &f->p.spare};
    for (size_t i = 0; i < sizeof(planes) / sizeof(*planes); i++)
        *planes[i] = take(f->memory, &used, all);
    f->column = take(f->memory, &used, (size_t)width);
    return used;
}

int s2vi_flow_create(s2vi_flow **out, int width, int height, s2v_error *err)
{
    *out = NULL;
    if (width < S2VI_FLOW_LEAST || width > S2VI_FLOW_MOST ||
        height < S2VI_FLOW_LEAST || height > S2VI_FLOW_MOST)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "optical flow needs frames of %d to %d pixels a "
                          "side, found %dx%d",
                          S2VI_FLOW_LEAST, S2VI_FLOW_MOST, width, height);
    s2vi_flow *f = calloc(1, sizeof(*f));
    if (!f)
        return s2vi_error_nomem(err, "optical flow");
    f->levels = count_levels(width, height);
    f->memory = malloc(lay_out(f, width, height) * sizeof(float));
    if (!f->memory) {
        free(f);
        return s2vi_error_nomem(err, "optical flow");
    }
    lay_out(f, width, height);
    *out = f;
    return S2V_OK;
}

void s2vi_flow_close(s2vi_flow **flow)
{
    if (!flow || !*flow)
        return;
    free((*flow)->memory);
    free(*flow);
    *flow = NULL;
}

void s2vi_flow_grey(const uint8_t *rgb, size_t pixels, float *grey)
{
    for (size_t i = 0; i < pixels; i++)
        grey[i] = (0.299f * rgb[3 * i] + 0.587f * rgb[3 * i + 1] +
                   0.114f * rgb[3 * i + 2]) /
                  255.0f;
}

/* ------------------------------------------------------------- filters -- */

/* Not fminf() and fmaxf(), which are calls: their NaN is not the compiler's. */
static float within(float x, float lo, float hi)
{
    x = x > lo ? x : lo;
    return x < hi ? x : hi;
}

static int clamp(int i, int n)
{
    return i < 0 ? 0 : i < n ? i : n - 1;
}

/* Each sum by itself: unlike running ones, many at a time. */
static void average_row(const float *restrict in, float *restrict out, int w,
                        int r)
{
    const float scale = 1.0f / (float)(2 * r + 1);
    memset(out, 0, (size_t)w * sizeof(*out));
    for (int k = -r; k <= r; k++)
        for (int x = r; x < w - r; x++)
            out[x] += in[x + k];
    for (int x = 0; x < w; x++) {
        if (x == r && w > 2 * r)
            x = w - r;
        for (int k = -r; k <= r; k++)
            out[x] += in[clamp(x + k, w)];
    }
    for (int x = 0; x < w; x++)
        out[x] *= scale;
}

/* Averages of (2 r + 1) x (2 r + 1), the border repeated. */
static void average(s2vi_flow *f, float *plane, int w, int h, int r)
{
    const float scale = 1.0f / (float)(2 * r + 1);
    float *rows = f->p.spare, *sum = f->column;
    for (int y = 0; y < h; y++)
        average_row(plane + (ptrdiff_t)y * w, rows + (ptrdiff_t)y * w, w, r);
    memset(sum, 0, (size_t)w * sizeof(*sum));
    for (int y = -r; y <= r; y++)
        for (int x = 0; x < w; x++)
            sum[x] += rows[(ptrdiff_t)clamp(y, h) * w + x];
    for (int y = 0; y < h; y++) {
        const float *in = rows + (ptrdiff_t)clamp(y + r + 1, h) * w;
        const float *gone = rows + (ptrdiff_t)clamp(y - r, h) * w;
        float *out = plane + (ptrdiff_t)y * w;
        for (int x = 0; x < w; x++) {
            out[x] = sum[x] * scale;
            sum[x] += in[x] - gone[x];
        }
    }
}

/* A window whose weights fall off towards its rim: two averages. */
static void window(s2vi_flow *f, float *plane, const level *l, int r)
{
    average(f, plane, l->w, l->h, r);
    average(f, plane, l->w, l->h, r);
}

/* Half the size, through 1 4 6 4 1 each way. */
static void halve(const float *in, int w, int h, float *out, float *spare)
{
    static const float tap[5] = {1 / 16.f, 4 / 16.f, 6 / 16.f, 4 / 16.f,
                                 1 / 16.f};
    const int half_w = (w + 1) / 2, half_h = (h + 1) / 2;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < half_w; x++) {
            float sum = 0;
            for (int k = 0; k < 5; k++)
                sum += tap[k] * in[(ptrdiff_t)y * w + clamp(2 * x + k - 2, w)];
            spare[(ptrdiff_t)y * half_w + x] = sum;
        }
    for (int y = 0; y < half_h; y++)
        for (int x = 0; x < half_w; x++) {
            float sum = 0;
            for (int k = 0; k < 5; k++)
                sum += tap[k] *
                       spare[(ptrdiff_t)clamp(2 * y + k - 2, h) * half_w + x];
            out[(ptrdiff_t)y * half_w + x] = sum;
        }
}

/* ---------------------------------------------------------------- flow -- */

/* Half the difference of neighbours, corrected by those beyond: exact for
 * polynomials of the fourth degree. */
static float slope(float far_back, float back, float on, float far_on)
{
    return (8 * (on - back) - far_on + far_back) / 12;
}

static void differentiate(const level *l, planes *p)
{
    const int w = l->w, h = l->h;
    for (int y = 0; y < h; y++) {
        const float *row[5];
        for (int k = 0; k < 5; k++)
            row[k] = l->a + (ptrdiff_t)clamp(y + k - 2, h) * w;
        float *gx = p->gx + (ptrdiff_t)y * w, *gy = p->gy + (ptrdiff_t)y * w;
        for (int x = 0; x < w; x++)
            gy[x] = slope(row[0][x], row[1][x], row[3][x], row[4][x]);
        for (int x = 2; x < w - 2; x++)
            gx[x] = slope(row[2][x - 2], row[2][x - 1], row[2][x + 1],
                          row[2][x + 2]);
        for (int x = 0; x < w; x = x == 1 ? w - 2 : x + 1)
            gx[x] = slope(row[2][clamp(x - 2, w)], row[2][clamp(x - 1, w)],
                          row[2][clamp(x + 1, w)], row[2][clamp(x + 2, w)]);
    }
}

static void fill_matrix(s2vi_flow *f, const level *l)
{
    planes *p = &f->p;
    const ptrdiff_t n = (ptrdiff_t)l->w * l->h;
    for (ptrdiff_t i = 0; i < n; i++) {
        p->xx[i] = p->gx[i] * p->gx[i];
        p->xy[i] = p->gx[i] * p->gy[i];
        p->yy[i] = p->gy[i] * p->gy[i];
    }
    window(f, p->xx, l, WINDOW);
    window(f, p->xy, l, WINDOW);
    window(f, p->yy, l, WINDOW);
}

/* Weights of the four samples around: Catmull and Rom's cubic. */
static void cubic(float t, float out[4])
{
    out[0] = t * (-0.5f + t * (1 - 0.5f * t));
    out[1] = 1 + t * t * (-2.5f + 1.5f * t);
    out[2] = t * (0.5f + t * (2 - 1.5f * t));
    out[3] = t * t * (-0.5f + 0.5f * t);
}

static float sample(const float *plane, int w, int h, float x, float y)
{
    x = within(x, 0, (float)(w - 1));
    y = within(y, 0, (float)(h - 1));
    const int left = (int)x, top = (int)y;
    float across[4], down[4], sum = 0;
    cubic(x - (float)left, across);
    cubic(y - (float)top, down);
    if (left >= 1 && top >= 1 && left + 2 < w && top + 2 < h) {
        const float *row = plane + (ptrdiff_t)(top - 1) * w + left - 1;
        for (int k = 0; k < 4; k++, row += w)
            sum += down[k] * (across[0] * row[0] + across[1] * row[1] +
                              across[2] * row[2] + across[3] * row[3]);
        return sum;
    }
    for (int k = 0; k < 4; k++) {
        const float *row = plane + (ptrdiff_t)clamp(top + k - 1, h) * w;
        for (int i = 0; i < 4; i++)
            sum += down[k] * across[i] * row[clamp(left + i - 1, w)];
    }
    return sum;
}

/* What is left between a and b, warped: gradient times difference. */
static void compare(const level *l, planes *p)
{
    for (int y = 0; y < l->h; y++)
        for (int x = 0; x < l->w; x++) {
            const ptrdiff_t i = (ptrdiff_t)y * l->w + x;
            const float d =
                l->a[i] - sample(l->b, l->w, l->h, (float)x + l->u[i],
                                 (float)y + l->v[i]);
            p->ex[i] = p->gx[i] * d;
            p->ey[i] = p->gy[i] * d;
        }
}

static void solve(const level *l, const planes *p)
{
    const ptrdiff_t n = (ptrdiff_t)l->w * l->h;
    for (ptrdiff_t i = 0; i < n; i++) {
        const float xx = p->xx[i] + NOISE, yy = p->yy[i] + NOISE;
        const float xy = p->xy[i], det = xx * yy - xy * xy;
        l->u[i] += within((yy * p->ex[i] - xy * p->ey[i]) / det, -LEAP, LEAP);
        l->v[i] += within((xx * p->ey[i] - xy * p->ex[i]) / det, -LEAP, LEAP);
    }
}

/* How sure: the determinant over the trace, between half the smaller
 * eigenvalue and all of it. */
static void fill_weight(const level *l, planes *p)
{
    const ptrdiff_t n = (ptrdiff_t)l->w * l->h;
    for (ptrdiff_t i = 0; i < n; i++) {
        const float det = p->xx[i] * p->yy[i] - p->xy[i] * p->xy[i];
        const float trace = p->xx[i] + p->yy[i];
        p->weight[i] = (det > 0 ? det : 0) / (trace + NOISE) + 1e-3f * NOISE;
    }
}

/* u and v become their weighted averages. */
static void spread(s2vi_flow *f, const level *l)
{
    planes *p = &f->p;
    const ptrdiff_t n = (ptrdiff_t)l->w * l->h;
    fill_weight(l, p);
    for (ptrdiff_t i = 0; i < n; i++) {
        l->u[i] *= p->weight[i];
        l->v[i] *= p->weight[i];
    }
    window(f, l->u, l, SPREAD);
    window(f, l->v, l, SPREAD);
    window(f, p->weight, l, SPREAD);
    for (ptrdiff_t i = 0; i < n; i++) {
        l->u[i] /= p->weight[i];
        l->v[i] /= p->weight[i];
    }
}

/* The coarser level's flow, twice as long on twice as many pixels. */
static void inherit(const level *from, const level *to)
{
    for (int y = 0; y < to->h; y++)
        for (int x = 0; x < to->w; x++) {
            const ptrdiff_t i = (ptrdiff_t)y * to->w + x;
            const float at_x = (float)x / 2, at_y = (float)y / 2;
            to->u[i] = 2 * sample(from->u, from->w, from->h, at_x, at_y);
            to->v[i] = 2 * sample(from->v, from->w, from->h, at_x, at_y);
        }
}

static void build_pyramids(s2vi_flow *f, const float *a, const float *b)
{
    const size_t n = (size_t)f->level[0].w * (size_t)f->level[0].h;
    memcpy(f->level[0].a, a, n * sizeof(*a));
    memcpy(f->level[0].b, b, n * sizeof(*b));
    for (int i = 1; i < f->levels; i++) {
        const level *l = &f->level[i - 1];
        halve(l->a, l->w, l->h, f->level[i].a, f->p.spare);
        halve(l->b, l->w, l->h, f->level[i].b, f->p.spare);
    }
}

void s2vi_flow_run(s2vi_flow *f, const float *a, const float *b, float *out)
{
    const level *last = &f->level[f->levels - 1], *first = &f->level[0];
    const size_t n = (size_t)first->w * (size_t)first->h;
    build_pyramids(f, a, b);
    memset(last->u, 0, (size_t)last->w * (size_t)last->h * sizeof(float));
    memset(last->v, 0, (size_t)last->w * (size_t)last->h * sizeof(float));
    for (const level *l = last; l >= first; l--) {
        if (l < last)
            inherit(l + 1, l);
        differentiate(l, &f->p);
        fill_matrix(f, l);
        for (int round = 0; round < ROUNDS; round++) {
            compare(l, &f->p);
            window(f, f->p.ex, l, WINDOW);
            window(f, f->p.ey, l, WINDOW);
            solve(l, &f->p);
            spread(f, l);
        }
    }
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = first->u[i];
        out[2 * i + 1] = first->v[i];
    }
}
