/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walking an array row by row (a row: the last dimension), and other arrays
 * alongside, of other layouts or broadcast.
 */
#ifndef S2VI_BACKEND_REF_ROWS_H
#define S2VI_BACKEND_REF_ROWS_H

#include "graph/shape.h"

/** Elements from one index to the next, for each dimension. */
typedef struct s2vi_strides {
    int64_t step[S2VI_MAX_RANK];
    int64_t last; /* step[rank - 1]: along the row */
} s2vi_strides;

typedef struct s2vi_rows {
    s2vi_shape shape;
    int64_t length; /* elements of a row */
    int64_t index[S2VI_MAX_RANK];
} s2vi_rows;

/** Of an array of shape `from`, as if broadcast to `to`. */
static inline s2vi_strides s2vi_strides_of(const s2vi_shape *from,
                                           const s2vi_shape *to)
{
    s2vi_strides s = {.last = 0};
    int64_t step = 1;
    for (int i = from->rank - 1; i >= 0; i--) {
        s.step[i] = from->dim[i] == 1 && to->dim[i] != 1 ? 0 : step;
        step *= from->dim[i];
    }
    s.last = s.step[from->rank - 1];
    return s;
}

static inline s2vi_rows s2vi_rows_of(const s2vi_shape *shape)
{
    return (s2vi_rows){.shape = *shape, .length = shape->dim[shape->rank - 1]};
}

/** Where the current row begins in an array. */
static inline int64_t s2vi_rows_at(const s2vi_rows *rows,
                                   const s2vi_strides *strides)
{
    int64_t at = 0;
    for (int i = 0; i < rows->shape.rank - 1; i++)
        at += rows->index[i] * strides->step[i];
    return at;
}

/** On to the next row; false after the last. */
static inline bool s2vi_rows_next(s2vi_rows *rows)
{
    for (int i = rows->shape.rank - 2; i >= 0; i--) {
        if (++rows->index[i] < rows->shape.dim[i])
            return true;
        rows->index[i] = 0;
    }
    return false;
}

#endif
