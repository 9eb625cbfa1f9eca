/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mesh.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------- triangulation -- */

/* Twice the signed area. */
static double cross(struct point a, struct point b, struct point c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

static bool in_circle(struct point a, struct point b, struct point c,
                      struct point p)
{
    const double ax = a.x - p.x, ay = a.y - p.y;
    const double bx = b.x - p.x, by = b.y - p.y;
    const double cx = c.x - p.x, cy = c.y - p.y;
    const double det = (ax * ax + ay * ay) * (bx * cy - cx * by) -
                       (bx * bx + by * by) * (ax * cy - cx * ay) +
                       (cx * cx + cy * cy) * (ax * by - bx * ay);
    return cross(a, b, c) > 0 ? det > 0 : det < 0;
}

struct edges {
    int16_t edge[3 * MESH_TRIANGLES][2];
    int count;
};

/* An edge that two removed triangles share vanishes. */
static void toggle_edge(struct edges *e, int a, int b)
{
    for (int i = 0; i < e->count; i++)
        if (e->edge[i][0] == b && e->edge[i][1] == a) {
            memcpy(e->edge[i], e->edge[--e->count], sizeof(e->edge[i]));
            return;
        }
    e->edge[e->count][0] = (int16_t)a;
    e->edge[e->count++][1] = (int16_t)b;
}

static void add_triangle(struct mesh *m, int a, int b, int c)
{
    m->triangle[m->count][0] = (int16_t)a;
    m->triangle[m->count][1] = (int16_t)b;
    m->triangle[m->count++][2] = (int16_t)c;
}

/* Bowyer and Watson's insertion of one point. */
static void insert(struct mesh *m, const struct point *p, int n)
{
    struct edges hole = {.count = 0};

    for (int i = 0; i < m->count;) {
        const int16_t *t = m->triangle[i];
        if (!in_circle(p[t[0]], p[t[1]], p[t[2]], p[n])) {
            i++;
            continue;
        }
        for (int k = 0; k < 3; k++)
            toggle_edge(&hole, t[k], t[(k + 1) % 3]);
        memcpy(m->triangle[i], m->triangle[--m->count], sizeof(m->triangle[0]));
    }
    for (int i = 0; i < hole.count; i++)
        add_triangle(m, hole.edge[i][0], hole.edge[i][1], n);
}

void mesh_triangulate(struct mesh *mesh, const struct point *points, int n)
{
    struct point p[MESH_POINTS + 3];

    memcpy(p, points, (size_t)n * sizeof(*p));
    p[n] = (struct point){-1e3, -1e3};
    p[n + 1] = (struct point){1e3, -1e3};
    p[n + 2] = (struct point){0, 2e3};
    mesh->count = 0;
    add_triangle(mesh, n, n + 1, n + 2);
    for (int i = 0; i < n; i++)
        insert(mesh, p, i);
    int kept = 0;
    for (int i = 0; i < mesh->count; i++) {
        const int16_t *t = mesh->triangle[i];
        if (t[0] < n && t[1] < n && t[2] < n)
            memmove(mesh->triangle[kept++], t, sizeof(mesh->triangle[0]));
    }
    mesh->count = kept;
}

/* --------------------------------------------------------- rasterising -- */

/* Barycentric coordinates as planes over the pixels: w_i = a x + b y + c. */
struct planes {
    double a[3], b[3], c[3];
    int left, right, top, bottom; /* pixels that may lie inside */
};

static int bound(double v, int limit)
{
    return v < 0 ? 0 : v > limit ? limit : (int)v;
}

/* false: too thin to hold a pixel's centre. */
static bool set_planes(struct planes *q, const struct point p[3], int width,
                       int height)
{
    const double area = cross(p[0], p[1], p[2]);

    if (fabs(area) < 1e-9)
        return false;
    for (int i = 0; i < 3; i++) {
        const struct point u = p[(i + 1) % 3], v = p[(i + 2) % 3];
        q->a[i] = (u.y - v.y) / area;
        q->b[i] = (v.x - u.x) / area;
        q->c[i] = (u.x * v.y - u.y * v.x) / area;
    }
    q->left = bound(fmin(p[0].x, fmin(p[1].x, p[2].x)) - 0.5, width);
    q->right = bound(fmax(p[0].x, fmax(p[1].x, p[2].x)) + 1.5, width);
    q->top = bound(fmin(p[0].y, fmin(p[1].y, p[2].y)) - 0.5, height);
    q->bottom = bound(fmax(p[0].y, fmax(p[1].y, p[2].y)) + 1.5, height);
    return true;
}

/* On an edge between two triangles, one of both: that to its right. */
static bool inside(const struct planes *q, const double w[3])
{
    for (int i = 0; i < 3; i++)
        if (w[i] < 0 ||
            (w[i] == 0 && (q->a[i] < 0 || (q->a[i] == 0 && q->b[i] < 0))))
            return false;
    return true;
}

/* The pixels of row y whose centres lie inside: from *first to before *last. */
static void row_span(const struct planes *q, int y, int *first, int *last)
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
static void slope(const struct planes *q, const double v[3], double *step,
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
    struct planes q;
    double step[3], down[3], start[3];

    if (!set_planes(&q, p, to->width, to->height))
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
    const int16_t *t = mesh->triangle[i];

    return (struct point){
        w[0] * p[t[0]].x + w[1] * p[t[1]].x + w[2] * p[t[2]].x,
        w[0] * p[t[0]].y + w[1] * p[t[1]].y + w[2] * p[t[2]].y};
}

static void weights_at(const struct planes *q, double x, double y, double w[3])
{
    for (int i = 0; i < 3; i++)
        w[i] = q->a[i] * x + q->b[i] * y + q->c[i];
}

void mesh_flow(float *flow, int side, const struct mesh *mesh,
               const struct point *at, const struct point *then)
{
    memset(flow, 0, 2 * (size_t)side * (size_t)side * sizeof(*flow));
    for (int i = 0; i < mesh->count; i++) {
        struct point p[3];
        struct planes q;
        for (int k = 0; k < 3; k++) {
            p[k].x = at[mesh->triangle[i][k]].x * side;
            p[k].y = at[mesh->triangle[i][k]].y * side;
        }
        if (!set_planes(&q, p, side, side))
            continue;
        for (int y = q.top; y < q.bottom; y++)
            for (int x = q.left; x < q.right; x++) {
                double w[3];
                weights_at(&q, x + 0.5, y + 0.5, w);
                if (!inside(&q, w))
                    continue;
                const struct point to = weighed(mesh, i, then, w);
                flow[2 * (y * side + x)] = (float)(to.x * side - x - 0.5);
                flow[2 * (y * side + x) + 1] = (float)(to.y * side - y - 0.5);
            }
    }
}

struct point mesh_carry(const struct mesh *mesh, const struct point *at,
                        const struct point *then, struct point p)
{
    for (int i = 0; i < mesh->count; i++) {
        struct point c[3];
        struct planes q;
        double w[3];
        for (int k = 0; k < 3; k++)
            c[k] = at[mesh->triangle[i][k]];
        if (fabs(cross(c[0], c[1], c[2])) < 1e-9)
            continue;
        set_planes(&q, c, 1, 1);
        weights_at(&q, p.x, p.y, w);
        if (w[0] >= -1e-9 && w[1] >= -1e-9 && w[2] >= -1e-9)
            return weighed(mesh, i, then, w);
    }
    return p;
}
