/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Geometry of faces as maps, single precision: the largest exponent that
 * counts, some 12, keeps seven digits. */
#include "data/face_maps.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

enum { LINES = S2VI_FACE_MAPS - 1, LINE_MOST = 9 };

#define POINT_SIGMA   (5.0F / 96.0F) /* of the side */
#define CONTOUR_SIGMA (1.5F / 64.0F)

/* Landmarks that are points by themselves; the eyes' middles come before. */
static const uint8_t points_of[S2VI_FACE_MAPS - 2] = {
    42, 45, 39, 36, 22, 26, 21, 17, 30, 54, 48, 51, 57};

enum { RIGHT_EYE = 36, LEFT_EYE = 42, EYE = 6 };

static const struct line {
    uint8_t count, landmark[LINE_MOST];
} lines[LINES] = {
    {9, {0, 1, 2, 3, 4, 5, 6, 7, 8}},
    {9, {8, 9, 10, 11, 12, 13, 14, 15, 16}},
    {5, {17, 18, 19, 20, 21}},
    {5, {22, 23, 24, 25, 26}},
    {4, {27, 28, 29, 30}},
    {5, {31, 32, 33, 34, 35}},
    {4, {36, 37, 38, 39}},
    {4, {39, 40, 41, 36}},
    {4, {42, 43, 44, 45}},
    {4, {45, 46, 47, 42}},
    {7, {48, 49, 50, 51, 52, 53, 54}},
    {7, {54, 55, 56, 57, 58, 59, 48}},
    {5, {60, 61, 62, 63, 64}},
    {5, {64, 65, 66, 67, 60}},
};

static void middle_of_eye(const float *landmarks, int first, float *middle)
{
    for (int k = 0; k < 2; k++) {
        float sum = 0;
        for (int i = 0; i < EYE; i++)
            sum += landmarks[2 * (first + i) + k];
        middle[k] = sum / EYE;
    }
}

void s2vi_face_points(const float *landmarks, float *points)
{
    middle_of_eye(landmarks, LEFT_EYE, points);
    middle_of_eye(landmarks, RIGHT_EYE, points + 2);
    for (int i = 2; i < S2VI_FACE_MAPS; i++)
        for (int k = 0; k < 2; k++)
            points[2 * i + k] = landmarks[2 * points_of[i - 2] + k];
}

/* The squared distance of (x, y) to the line from a to b, which may be one
 * point. */
static float distance2(const float *a, const float *b, float x, float y)
{
    const float dx = b[0] - a[0], dy = b[1] - a[1];
    const float length2 = dx * dx + dy * dy;
    const float along = (x - a[0]) * dx + (y - a[1]) * dy;
    const float t = along <= 0 ? 0 : along >= length2 ? 1 : along / length2;
    const float u = a[0] + t * dx - x, v = a[1] + t * dy - y;
    return u * u + v * v;
}

/* 0 beyond 8 sigma, 1e-14, before numbers get denormal, which are slow. */
static float gaussian(float square, float sigma)
{
    const float exponent = square / (2 * sigma * sigma);
    return exponent < 32 ? expf(-exponent) : 0;
}

void s2vi_face_draw_points(const float *landmarks, uint32_t hidden, int side,
                           float *out, int stride)
{
    const float sigma = POINT_SIGMA * (float)side;
    float points[S2VI_FACE_MAPS * 2];
    s2vi_face_points(landmarks, points);
    for (int i = 0; i < side * side; i++, out += stride) {
        const float x = (float)(i % side) + 0.5F, y = (float)(i / side) + 0.5F;
        for (int k = 0; k < S2VI_FACE_MAPS; k++)
            out[k] =
                hidden & 1u << k
                    ? 0
                    : gaussian(distance2(points + 2 * k, points + 2 * k, x, y),
                               sigma);
    }
}

static float nearest(const struct line *line, const float *landmarks, float x,
                     float y)
{
    float least = FLT_MAX;
    for (int i = 0; i + 1 < line->count; i++)
        least = fminf(least,
                      distance2(landmarks + 2 * line->landmark[i],
                                landmarks + 2 * line->landmark[i + 1], x, y));
    return least;
}

void s2vi_face_draw_contours(const float *landmarks, const float *irises,
                             int side, float *out, int stride)
{
    const float sigma = CONTOUR_SIGMA * (float)side;
    float iris[4];
    middle_of_eye(landmarks, RIGHT_EYE, iris);
    middle_of_eye(landmarks, LEFT_EYE, iris + 2);
    for (int k = 0; irises && k < 4; k++)
        iris[k] = irises[k];
    for (int i = 0; i < side * side; i++, out += stride) {
        const float x = (float)(i % side) + 0.5F, y = (float)(i / side) + 0.5F;
        for (int k = 0; k < LINES; k++)
            out[k] = gaussian(nearest(&lines[k], landmarks, x, y), sigma);
        out[LINES] = gaussian(fminf(distance2(iris, iris, x, y),
                                    distance2(iris + 2, iris + 2, x, y)),
                              sigma);
    }
}

void s2vi_face_draw_flow(const float *flow, double scale, int side, float *out,
                         int stride)
{
    const float factor = (float)scale / S2VI_FACE_FLOW_UNIT;
    for (int i = 0; i < side * side; i++, flow += 2, out += stride)
        for (int k = 0; k < 2; k++)
            out[k] = fmaxf(-1, fminf(1, factor * flow[k]));
}
