/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sliding windows in three spatial dimensions; fewer are leading ones.
 *
 * A window at place y (of the small image) has at its tap k the place
 * x = y stride + k - pad (of the large image), if that is inside.
 */
#ifndef S2VI_BACKEND_REF_WINDOW_H
#define S2VI_BACKEND_REF_WINDOW_H

#include "graph/graph.h"

typedef struct s2vi_ref_window {
    int64_t images; /* N */
    int64_t x[3], y[3], kernel[3], stride[3], pad[3];
    int64_t x_size, y_size, taps; /* products of the above */
} s2vi_ref_window;

/** `kernel`: the window's sides, as many as its rank. */
static inline s2vi_ref_window s2vi_ref_window_of(const s2vi_window *w,
                                                 const s2vi_shape *x,
                                                 const s2vi_shape *y,
                                                 const int64_t *kernel)
{
    s2vi_ref_window r = {
        .images = x->dim[0], .x_size = 1, .y_size = 1, .taps = 1};
    for (int i = 0; i < 3; i++) {
        int from = i - (3 - w->rank);
        bool given = from >= 0;
        r.x[i] = given ? x->dim[1 + from] : 1;
        r.y[i] = given ? y->dim[1 + from] : 1;
        r.kernel[i] = given ? kernel[from] : 1;
        r.stride[i] = given ? w->stride[from] : 1;
        r.pad[i] = given ? w->pad_lo[from] : 0;
        r.x_size *= r.x[i];
        r.y_size *= r.y[i];
        r.taps *= r.kernel[i];
    }
    return r;
}

/** Row-major number `flat` within `size`, by dimensions. */
static inline void s2vi_ref_unflatten(int64_t flat, const int64_t size[3],
                                      int64_t at[3])
{
    at[2] = flat % size[2];
    at[1] = flat / size[2] % size[1];
    at[0] = flat / size[2] / size[1];
}

/** Number of x at tap `tap` of the window at y; -1: outside. */
static inline int64_t s2vi_ref_x_at(const s2vi_ref_window *w,
                                    const int64_t y[3], int64_t tap)
{
    int64_t k[3], flat = 0;
    s2vi_ref_unflatten(tap, w->kernel, k);
    for (int i = 0; i < 3; i++) {
        int64_t x = y[i] * w->stride[i] + k[i] - w->pad[i];
        if (x < 0 || x >= w->x[i])
            return -1;
        flat = flat * w->x[i] + x;
    }
    return flat;
}

/** Number of the y whose window has x at tap `tap`; -1: there is none. */
static inline int64_t s2vi_ref_y_at(const s2vi_ref_window *w,
                                    const int64_t x[3], int64_t tap)
{
    int64_t k[3], flat = 0;
    s2vi_ref_unflatten(tap, w->kernel, k);
    for (int i = 0; i < 3; i++) {
        int64_t y = x[i] + w->pad[i] - k[i];
        if (y < 0 || y % w->stride[i] || y / w->stride[i] >= w->y[i])
            return -1;
        flat = flat * w->y[i] + y / w->stride[i];
    }
    return flat;
}

#endif
