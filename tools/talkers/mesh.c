/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mesh.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------- triangulation -- */

/* As common/data/mesh.h has points. */
static const double (*pairs(const struct point *p))[2]
{
    _Static_assert(sizeof(struct point) == 2 * sizeof(double), "x, y");
    return (const double(*)[2])p;
}

bool mesh_triangulate(struct mesh *mesh, const struct point *points, int n)
{
    return s2vi_mesh_triangulate(pairs(points), n, mesh->triangle, &mesh->count,
                                 NULL) >= 0;
}

/* --------------------------------------------------------- rasterising -- */

typedef s2vi_mesh_planes planes;

static int bound(double v, int limit)
{
    return v < 0 ? 0 : v > limit ? limit : (int)v;
}

/* The pixels of row y whose centres lie inside: from *first to before *last. */
static void row_span(const planes *q, int y, int *first, int *last)
{
    double lo = q->left, hi = q->right;

    for (int i = 0; i < 3; i++) {
        const double at = q->b[i] * (y + 0.5) + q->c[i] + 0.5 * q->a[i];
        if (q->a[i] > 0)
            lo = fmax(lo, ceil(-at / q->a[i]));
        else if (q->a[i] < 0)
            hi = fmin(hi, ceil(-at / q->a[i]));
        else if (at < 0 || (at == 0 && q->b[i] < 0))
            hi = lo;
    }
    *first = (int)lo;
    *last = (int)hi;
}

/* ------------------------------------------------------------ textures -- */

void mesh_texture_scan(struct mesh_texture *t, const struct mesh *mesh,
                       const struct point *source)
{
    const struct mesh_image *im = &t->image;

    for (int i = 0; i < mesh->count; i++) {
        double x[2] = {1e9, -1e9}, y[2] = {1e9, -1e9};
        for (int k = 0; k < 3; k++) {
            const struct point p = source[mesh->triangle[i][k]];
            x[0] = fmin(x[0], p.x), x[1] = fmax(x[1], p.x);
            y[0] = fmin(y[0], p.y), y[1] = fmax(y[1], p.y);
        }
        const int left = bound((x[0] - t->x0) * t->scale - 1, im->width);
        const int right = bound((x[1] - t->x0) * t->scale + 2, im->width);
        const int top = bound((y[0] - t->y0) * t->scale - 1, im->height);
        const int bottom = bound((y[1] - t->y0) * t->scale + 2, im->height);
        t->used[i] = false;
        for (int r = top; r < bottom && !t->used[i]; r++)
            for (int c = left; c < right && !t->used[i]; c++)
                t->used[i] = im->pixels[r * im->stride + c] >> 24;
    }
}

/* Two channels at a time, w of 256: a + (b - a) w. */
static uint32_t blend_pixel(uint32_t a, uint32_t b, uint32_t w)
{
    const uint32_t rb = ((a & 0xff00ff) * (256 - w) + (b & 0xff00ff) * w) >> 8;
    const uint32_t ag =
        ((a >> 8 & 0xff00ff) * (256 - w) + (b >> 8 & 0xff00ff) * w) >> 8;

    return (rb & 0xff00ff) | (ag & 0xff00ff) << 8;
}

/* Bilinear; u, v in 1/256 pixel, of pixels' centres. */
static uint32_t sample(const struct mesh_image *im, int u, int v)
{
    const int x = u >> 8, y = v >> 8;

    if (x < 0 || y < 0 || x + 1 >= im->width || y + 1 >= im->height)
        return 0;
    const uint32_t *p = im->pixels + y * im->stride + x;
    const uint32_t fx = u & 255, fy = v & 255;
    return blend_pixel(blend_pixel(p[0], p[1], fx),
                       blend_pixel(p[im->stride], p[im->stride + 1], fx), fy);
}

static uint32_t gained(uint32_t p, int gain)
{
    const uint32_t alpha = p >> 24;
    uint32_t c[3];

    for (int i = 0; i < 3; i++) {
        c[i] = ((p >> 8 * i & 255) * (uint32_t)gain + 128) >> 8;
        c[i] = c[i] > alpha ? alpha : c[i];
    }
    return alpha << 24 | c[2] << 16 | c[1] << 8 | c[0];
}

static uint32_t over(uint32_t below, uint32_t p)
{
    const uint32_t left = 255 - (p >> 24), w = left + (left >> 7);
    const uint32_t rb = (below & 0xff00ff) * w >> 8 & 0xff00ff;
    const uint32_t ag = (below >> 8 & 0xff00ff) * w >> 8 & 0xff00ff;

    return p + (rb | ag << 8);
}

/* A value that changes linearly over the triangle: its step and its start. */
static void slope(const planes *q, const double v[3], double *step,
                  double *down, double *start)
{
    *step = q->a[0] * v[0] + q->a[1] * v[1] + q->a[2] * v[2];
    *down = q->b[0] * v[0] + q->b[1] * v[1] + q->b[2] * v[2];
    *start = q->c[0] * v[0] + q->c[1] * v[1] + q->c[2] * v[2];
}

static void draw_triangle(struct mesh_image *to, const struct mesh_texture *t,
                          const struct point s[3], const struct point p[3],
                          const double gain[3])
{
    planes q;
    double step[3], down[3], start[3];

    if (!s2vi_mesh_planes_set(&q, pairs(p), to->width, to->height))
        return;
    const double u[3] = {s[0].x, s[1].x, s[2].x};
    const double v[3] = {s[0].y, s[1].y, s[2].y};
    slope(&q, u, &step[0], &down[0], &start[0]);
    slope(&q, v, &step[1], &down[1], &start[1]);
    slope(&q, gain, &step[2], &down[2], &start[2]);
    for (int y = q.top; y < q.bottom; y++) {
        int first, last, at[3], by[3];
        row_span(&q, y, &first, &last);
        for (int i = 0; i < 3; i++) {
            at[i] = (int)lrint(65536 * (start[i] + down[i] * (y + 0.5) +
                                        step[i] * (first + 0.5)));
            by[i] = (int)lrint(65536 * step[i]);
        }
        uint32_t *row = to->pixels + y * to->stride;
        for (int x = first; x < last; x++) {
            const uint32_t c = sample(&t->image, at[0] >> 8, at[1] >> 8);
            if (c >> 24)
                row[x] = over(row[x], gained(c, at[2] >> 8));
            at[0] += by[0], at[1] += by[1], at[2] += by[2];
        }
    }
}

void mesh_draw(struct mesh_image *to, const struct mesh *mesh,
               const struct mesh_texture *t, const struct point *source,
               const struct point *target, const double *light)
{
    for (int i = 0; i < mesh->count; i++) {
        struct point s[3], p[3];
        double gain[3] = {1, 1, 1};
        if (!t->used[i])
            continue;
        for (int k = 0; k < 3; k++) {
            const int n = mesh->triangle[i][k];
            s[k].x = (source[n].x - t->x0) * t->scale - 0.5;
            s[k].y = (source[n].y - t->y0) * t->scale - 0.5;
            p[k] = target[n];
            if (light)
                gain[k] = light[n];
        }
        draw_triangle(to, t, s, p, gain);
    }
}

/* ---------------------------------------------------------------- flow -- */

static struct point weighed(const struct mesh *mesh, int i,
                            const struct point *p, const double w[3])
{
    const int32_t *t = mesh->triangle[i];

    return (struct point){
        w[0] * p[t[0]].x + w[1] * p[t[1]].x + w[2] * p[t[2]].x,
        w[0] * p[t[0]].y + w[1] * p[t[1]].y + w[2] * p[t[2]].y};
}

void mesh_flow(float *flow, int side, const struct mesh *mesh,
               const struct point *at, const struct point *then)
{
    s2vi_mesh_flow(flow, side, mesh->triangle, mesh->count, pairs(at),
                   pairs(then));
}

struct point mesh_carry(const struct mesh *mesh, const struct point *at,
                        const struct point *then, struct point p)
{
    for (int i = 0; i < mesh->count; i++) {
        struct point c[3];
        planes q;
        double w[3];
        for (int k = 0; k < 3; k++)
            c[k] = at[mesh->triangle[i][k]];
        if (!s2vi_mesh_planes_set(&q, pairs(c), 1, 1))
            continue;
        s2vi_mesh_weights(&q, p.x, p.y, w);
        if (w[0] >= -1e-9 && w[1] >= -1e-9 && w[2] >= -1e-9)
            return weighed(mesh, i, then, w);
    }
    return p;
}
