/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shapes of dense arrays. */
#include "graph/shape.h"

#include <stdio.h>
#include <string.h>

int64_t s2vi_shape_count(const s2vi_shape *shape)
{
    int64_t count = 1;
    for (int i = 0; i < shape->rank; i++)
        if (shape->dim[i] <= 0 ||
            __builtin_mul_overflow(count, shape->dim[i], &count))
            return 0;
    return count;
}

bool s2vi_shape_equal(const s2vi_shape *a, const s2vi_shape *b)
{
    return a->rank == b->rank &&
           !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof(a->dim[0]));
}

int64_t s2vi_shape_channels(const s2vi_shape *shape)
{
    return shape->dim[shape->rank - 1];
}

bool s2vi_shape_broadcasts(const s2vi_shape *from, const s2vi_shape *to)
{
    if (from->rank != to->rank)
        return false;
    for (int i = 0; i < from->rank; i++)
        if (from->dim[i] != to->dim[i] && from->dim[i] != 1)
            return false;
    return true;
}

const char *s2vi_shape_text(const s2vi_shape *shape, char *text, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < shape->rank && used < size; i++) {
        int n = snprintf(text + used, size - used, "%c%lld", i ? ',' : '(',
                         (long long)shape->dim[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    if (used < size)
        snprintf(text + used, size - used, ")");
    return text;
}
