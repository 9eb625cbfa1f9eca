/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Triangles over points in the plane, and what is carried by them. */
#ifndef S2V_TOOLS_TALKERS_MESH_H
#define S2V_TOOLS_TALKERS_MESH_H

#include <stdbool.h>
#include <stdint.h>

#include "brush.h"
#include "data/mesh.h"

enum { MESH_POINTS = 288, MESH_TRIANGLES = 2 * MESH_POINTS };

struct mesh {
    int32_t triangle[MESH_TRIANGLES][3];
    int count;
};

/* Delaunay's triangulation of n <= MESH_POINTS points, no two of them equal;
 * false: memory ran out. */
bool mesh_triangulate(struct mesh *mesh, const struct point *points, int n);

/* Pixels, premultiplied ARGB as cairo's. */
struct mesh_image {
    uint32_t *pixels;
    int width, height, stride; /* stride in pixels */
};

/* A texture: pixel (x, y) of it lies at ((x - x0) / scale, ...) of the plane
 * that the mesh's source points are given in. */
struct mesh_texture {
    struct mesh_image image;
    double x0, y0, scale;
    bool used[MESH_TRIANGLES]; /* not all of it is transparent */
};

/* Finds out which triangles of the texture have something in them. */
void mesh_texture_scan(struct mesh_texture *t, const struct mesh *mesh,
                       const struct point *source);

/* Draws the texture onto `to`, each source point at its target, in pixels;
 * light, one gain a point, may be NULL. */
void mesh_draw(struct mesh_image *to, const struct mesh *mesh,
               const struct mesh_texture *t, const struct point *source,
               const struct point *target, const double *light);

/*
 * For each pixel centre of a side x side map, the point (in pixels of the map)
 * that lies there once the mesh, which lies at `at`, lies at `then`:
 * flow[2 (y side + x)] = u, v, the difference. Points are in sides of the map;
 * where no triangle lies, 0.
 */
void mesh_flow(float *flow, int side, const struct mesh *mesh,
               const struct point *at, const struct point *then);

/* One point likewise: where `p`, of the mesh at `at`, is at `then`. */
struct point mesh_carry(const struct mesh *mesh, const struct point *at,
                        const struct point *then, struct point p);

#endif
