/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Triangles over points in the plane, and the optical flow of a mesh whose
 * points move. A point is (x, y).
 */
#ifndef S2VI_DATA_MESH_H
#define S2VI_DATA_MESH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** At most so many triangles are over n points. */
#define S2VI_MESH_TRIANGLES(n) (2 * (n))

/**
 * Delaunay's triangulation of points of which no two are equal, by insertion
 * (Bowyer 1981, Watson 1981).
 *
 * @param triangle room for S2VI_MESH_TRIANGLES(n)
 * @param count    set to how many there are
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_mesh_triangulate(const double (*point)[2], int n,
                          int32_t (*triangle)[3], int *count, s2v_error *err);

/** Barycentric coordinates of a triangle as planes over the pixels: that of
 * corner i is a[i] x + b[i] y + c[i]. */
typedef struct s2vi_mesh_planes {
    double a[3], b[3], c[3];
    int left, right, top, bottom; /* pixels that may lie inside */
} s2vi_mesh_planes;

/** Twice the signed area. */
double s2vi_mesh_cross(const double a[2], const double b[2], const double c[2]);

/** Set them in a picture of width x height pixels; false: the triangle is too
 * thin to hold a pixel's centre. */
bool s2vi_mesh_planes_set(s2vi_mesh_planes *q, const double corner[3][2],
                          int width, int height);

/** The three coordinates of a place. */
void s2vi_mesh_weights(const s2vi_mesh_planes *q, double x, double y,
                       double w[3]);

/**
 * For each pixel's centre of a side x side map, where the point that lies there
 * once the mesh lies at `at` is when it lies at `then`, as the difference (u,
 * v) in pixels of the map. Points are in sides of the map; where no triangle
 * lies, 0.
 *
 * @param flow (side,side,2)
 */
void s2vi_mesh_flow(float *flow, int side, const int32_t (*triangle)[3],
                    int count, const double (*at)[2], const double (*then)[2]);

#endif
