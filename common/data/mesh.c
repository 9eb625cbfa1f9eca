/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "data/mesh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double s2vi_mesh_cross(const double a[2], const double b[2], const double c[2])
{
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/* ------------------------------------------------------- triangulation -- */

typedef struct triangulation {
    double (*point)[2]; /* three more, of a triangle around all others */
    int32_t (*triangle)[3];
    int count;
    int32_t (*edge)[2]; /* of the hole that a point makes */
    int edges;
} triangulation;

static bool in_circle(const double a[2], const double b[2], const double c[2],
                      const double p[2])
{
    const double ax = a[0] - p[0], ay = a[1] - p[1];
    const double bx = b[0] - p[0], by = b[1] - p[1];
    const double cx = c[0] - p[0], cy = c[1] - p[1];
    const double det = (ax * ax + ay * ay) * (bx * cy - cx * by) -
                       (bx * bx + by * by) * (ax * cy - cx * ay) +
                       (cx * cx + cy * cy) * (ax * by - bx * ay);
    return s2vi_mesh_cross(a, b, c) > 0 ? det > 0 : det < 0;
}

/* An edge that two removed triangles share vanishes. */
static void toggle_edge(triangulation *t, int32_t a, int32_t b)
{
    for (int i = 0; i < t->edges; i++)
        if (t->edge[i][0] == b && t->edge[i][1] == a) {
            memcpy(t->edge[i], t->edge[--t->edges], sizeof(t->edge[i]));
            return;
        }
    t->edge[t->edges][0] = a;
    t->edge[t->edges++][1] = b;
}

static void add_triangle(triangulation *t, int32_t a, int32_t b, int32_t c)
{
    const int32_t corner[3] = {a, b, c};
    memcpy(t->triangle[t->count++], corner, sizeof(corner));
}

static void insert(triangulation *t, int n)
{
    double(*const p)[2] = t->point;
    t->edges = 0;
    for (int i = 0; i < t->count;) {
        const int32_t *k = t->triangle[i];
        if (!in_circle(p[k[0]], p[k[1]], p[k[2]], p[n])) {
            i++;
            continue;
        }
        for (int j = 0; j < 3; j++)
            toggle_edge(t, k[j], k[(j + 1) % 3]);
        t->count--;
        memmove(t->triangle[i], t->triangle[t->count], sizeof(*t->triangle));
    }
    for (int i = 0; i < t->edges; i++)
        add_triangle(t, t->edge[i][0], t->edge[i][1], n);
}

/* Without what hangs on the three. */
static int keep(const triangulation *t, int n, int32_t (*triangle)[3])
{
    int kept = 0;
    for (int i = 0; i < t->count; i++) {
        const int32_t *k = t->triangle[i];
        if (k[0] < n && k[1] < n && k[2] < n)
            memcpy(triangle[kept++], k, sizeof(*triangle));
    }
    return kept;
}

int s2vi_mesh_triangulate(const double (*point)[2], int n,
                          int32_t (*triangle)[3], int *count, s2v_error *err)
{
    static const double around[3][2] = {{-1e3, -1e3}, {1e3, -1e3}, {0, 2e3}};
    const size_t points = (size_t)n + 3, most = S2VI_MESH_TRIANGLES(points) + 2;
    triangulation t = {.point = malloc(points * sizeof(*t.point)),
                       .triangle = malloc(most * sizeof(*t.triangle)),
                       .edge = malloc(3 * most * sizeof(*t.edge))};
    const bool good = t.point && t.triangle && t.edge;
    if (good) {
        memcpy(t.point, point, (size_t)n * sizeof(*point));
        memcpy(t.point + n, around, sizeof(around));
        add_triangle(&t, n, n + 1, n + 2);
        for (int i = 0; i < n; i++)
            insert(&t, i);
        *count = keep(&t, n, triangle);
    }
    free(t.point);
    free(t.triangle);
    free(t.edge);
    return good ? S2V_OK : s2vi_error_nomem(err, "a mesh");
}

/* --------------------------------------------------------- rasterising -- */

static int bound(double v, int limit)
{
    return v < 0 ? 0 : v > limit ? limit : (int)v;
}

static void span(const double p[3][2], int axis, int limit, int *from, int *to)
{
    *from = bound(fmin(p[0][axis], fmin(p[1][axis], p[2][axis])) - 0.5, limit);
    *to = bound(fmax(p[0][axis], fmax(p[1][axis], p[2][axis])) + 1.5, limit);
}

bool s2vi_mesh_planes_set(s2vi_mesh_planes *q, const double p[3][2], int width,
                          int height)
{
    const double area = s2vi_mesh_cross(p[0], p[1], p[2]);
    if (fabs(area) < 1e-9)
        return false;
    for (int i = 0; i < 3; i++) {
        const double *u = p[(i + 1) % 3], *v = p[(i + 2) % 3];
        q->a[i] = (u[1] - v[1]) / area;
        q->b[i] = (v[0] - u[0]) / area;
        q->c[i] = (u[0] * v[1] - u[1] * v[0]) / area;
    }
    span(p, 0, width, &q->left, &q->right);
    span(p, 1, height, &q->top, &q->bottom);
    return true;
}

void s2vi_mesh_weights(const s2vi_mesh_planes *q, double x, double y,
                       double w[3])
{
    for (int i = 0; i < 3; i++)
        w[i] = q->a[i] * x + q->b[i] * y + q->c[i];
}

/* On an edge between two triangles, one of both: that to its right. */
static bool inside(const s2vi_mesh_planes *q, const double w[3])
{
    for (int i = 0; i < 3; i++)
        if (w[i] < 0 ||
            (w[i] == 0 && (q->a[i] < 0 || (q->a[i] == 0 && q->b[i] < 0))))
            return false;
    return true;
}

/* ---------------------------------------------------------------- flow -- */

static void flow_of_triangle(float *flow, int side, const double at[3][2],
                             const double then[3][2])
{
    s2vi_mesh_planes q;
    double w[3];
    if (!s2vi_mesh_planes_set(&q, at, side, side))
        return;
    for (int y = q.top; y < q.bottom; y++)
        for (int x = q.left; x < q.right; x++) {
            s2vi_mesh_weights(&q, x + 0.5, y + 0.5, w);
            if (!inside(&q, w))
                continue;
            for (int k = 0; k < 2; k++) {
                const double to =
                    w[0] * then[0][k] + w[1] * then[1][k] + w[2] * then[2][k];
                flow[2 * (y * side + x) + k] =
                    (float)(to * side - (k ? y : x) - 0.5);
            }
        }
}

void s2vi_mesh_flow(float *flow, int side, const int32_t (*triangle)[3],
                    int count, const double (*at)[2], const double (*then)[2])
{
    memset(flow, 0, 2 * (size_t)side * (size_t)side * sizeof(*flow));
    for (int i = 0; i < count; i++) {
        double from[3][2], to[3][2];
        for (int k = 0; k < 3; k++)
            for (int j = 0; j < 2; j++) {
                from[k][j] = at[triangle[i][k]][j] * side;
                to[k][j] = then[triangle[i][k]][j];
            }
        flow_of_triangle(flow, side, from, to);
    }
}
