/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shapes of dense arrays, outermost dimension first, channels last: images are
 * (N,H,W,C), volumes (N,D,H,W,C), sequences (N,L,C), matrices (rows,columns).
 */
#ifndef S2VI_GRAPH_SHAPE_H
#define S2VI_GRAPH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S2VI_MAX_RANK 5

typedef struct s2vi_shape {
    int rank; /* 1 .. S2VI_MAX_RANK */
    int64_t dim[S2VI_MAX_RANK];
} s2vi_shape;

/** Shape literals: S2VI_SHAPE(n, h, w, c). */
#define S2VI_SHAPE(...)                                                        \
    ((s2vi_shape){.rank = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),  \
                  .dim = {__VA_ARGS__}})

/** Number of elements; 0 where a dimension is not positive or it overflows. */
int64_t s2vi_shape_count(const s2vi_shape *shape);

bool s2vi_shape_equal(const s2vi_shape *a, const s2vi_shape *b);

/** Last dimension: channels, or columns. */
int64_t s2vi_shape_channels(const s2vi_shape *shape);

/** True if `from`, of the same rank, has `to`'s dimension or 1 everywhere. */
bool s2vi_shape_broadcasts(const s2vi_shape *from, const s2vi_shape *to);

/** "(1,64,64,16)" into `text`; returns `text`. */
const char *s2vi_shape_text(const s2vi_shape *shape, char *text, size_t size);

#endif
