/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures as squares: rows are summed up first, then columns. */
#include "video/area_downscale.h"

#include <string.h>

/*
 * In units of 1 / side of a pixel, a pixel is `side` long, and of `length`
 * pixels each of the square's covers `length`.
 */
typedef struct cover {
    int first, end;   /* pixels */
    int64_t from, to; /* what is covered, in units */
} cover;

static cover covered(int i, int length, int side)
{
    const int64_t from = (int64_t)i * length, to = from + length;
    return (cover){.first = (int)(from / side),
                   .end = (int)((to + side - 1) / side),
                   .from = from,
                   .to = to};
}

static uint32_t weight(const cover *c, int pixel, int side)
{
    const int64_t from = (int64_t)pixel * side, to = from + side;
    return (uint32_t)((to < c->to ? to : c->to) -
                      (from > c->from ? from : c->from));
}

/* At most 255 * 32768 in all. */
static void add_row(const uint8_t *row, size_t n, uint32_t by, uint32_t *sums)
{
    for (size_t i = 0; i < n; i++)
        sums[i] += by * row[i];
}

static void sum_columns(const uint32_t *sums, int width, int height, int side,
                        float *out)
{
    const double scale = 2.0 / (255.0 * (double)width * (double)height);
    for (int x = 0; x < side; x++, out += 3) {
        const cover c = covered(x, width, side);
        uint64_t rgb[3] = {0};
        for (int i = c.first; i < c.end; i++)
            for (int k = 0; k < 3; k++)
                rgb[k] += (uint64_t)weight(&c, i, side) * sums[3 * i + k];
        for (int k = 0; k < 3; k++)
            out[k] = (float)((double)rgb[k] * scale - 1.0);
    }
}

void s2vi_area_downscale(const uint8_t *rgb, ptrdiff_t stride, int width,
                         int height, uint32_t *sums, int side, float *out)
{
    const size_t n = (size_t)width * 3;
    for (int y = 0; y < side; y++) {
        const cover c = covered(y, height, side);
        memset(sums, 0, n * sizeof(*sums));
        for (int i = c.first; i < c.end; i++)
            add_row(rgb + i * stride, n, weight(&c, i, side), sums);
        sum_columns(sums, width, height, side, out + (ptrdiff_t)y * side * 3);
    }
}
