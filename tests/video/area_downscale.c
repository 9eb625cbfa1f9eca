/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures as squares: against sums in double over each area, on sizes that
 * divide and do not, smaller and larger; rows apart and upside down. */
#include "../worst.h"
#include "video/area_downscale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int checks, failures;

static void check(int holds, const char *what, int w, int h, int side)
{
    checks++;
    if (!holds && ++failures)
        fprintf(stderr, "FAIL: %s: %dx%d to %d\n", what, w, h, side);
}

static double overlap(double a, double b, double c, double d)
{
    const double from = a > c ? a : c, to = b < d ? b : d;
    return to > from ? to - from : 0;
}

/* The mean over the area of pixel (x, y) of the square. */
static double mean(const uint8_t *rgb, ptrdiff_t stride, int w, int h, int side,
                   int x, int y, int k)
{
    const double fx = (double)w / side, fy = (double)h / side;
    double sum = 0;
    for (int j = 0; j < h; j++)
        for (int i = 0; i < w; i++)
            sum += overlap(i, i + 1, x * fx, (x + 1) * fx) *
                   overlap(j, j + 1, y * fy, (y + 1) * fy) *
                   rgb[j * stride + 3 * i + k];
    return sum / (fx * fy) / 127.5 - 1;
}

static void compare(int w, int h, int side, ptrdiff_t stride)
{
    const size_t size = (size_t)h * (size_t)labs(stride);
    uint8_t *bytes = malloc(size);
    uint32_t *sums = malloc((size_t)w * 3 * sizeof(*sums));
    float *out = malloc((size_t)side * (size_t)side * 3 * sizeof(*out));
    uint32_t state = (uint32_t)(w * 31 + h * 7 + side);
    double worst = 0;
    if (!bytes || !sums || !out)
        abort();
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24);
    }
    const uint8_t *top = stride < 0 ? bytes - (h - 1) * stride : bytes;
    s2vi_area_downscale(top, stride, w, h, sums, side, out);
    for (int i = 0; i < side * side * 3; i++) {
        const double wanted =
            mean(top, stride, w, h, side, i / 3 % side, i / 3 / side, i % 3);
        const double off = fabs((double)out[i] - wanted);
        worst = worse(worst, off);
    }
    check(worst < 1e-6, "the mean over the area", w, h, side);
    free(bytes);
    free(sums);
    free(out);
}

static void test_extremes(void)
{
    const uint8_t dark[12] = {0}, bright[12] = {255, 255, 255, 255, 255, 255,
                                                255, 255, 255, 255, 255, 255};
    uint32_t sums[6];
    float out[27];
    s2vi_area_downscale(dark, 6, 2, 2, sums, 3, out);
    check(out[0] == -1.0f && out[26] == -1.0f, "black is -1", 2, 2, 3);
    s2vi_area_downscale(bright, 6, 2, 2, sums, 3, out);
    check(out[0] == 1.0f && out[26] == 1.0f, "white is 1", 2, 2, 3);
}

int main(void)
{
    static const int size[][3] = {{8, 8, 8},   {16, 16, 8}, {64, 48, 8},
                                  {35, 21, 8}, {5, 3, 8},   {1, 1, 4},
                                  {1, 40, 4},  {97, 1, 16}, {33, 64, 16}};
    for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
        const int w = size[i][0], h = size[i][1], side = size[i][2];
        compare(w, h, side, 3 * w);
        compare(w, h, side, 3 * w + 5);
        compare(w, h, side, -3 * w);
    }
    test_extremes();
    printf("area-downscale: %d checks, %d failed\n", checks, failures);
    return failures != 0;
}
