/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "data/face_maps.h"

#include <math.h>

enum { MOST = 9 }; /* points of a contour */

/* -1 ends a row. */
static const int8_t contours[S2VI_FACE_MAPS - 1][MOST + 1] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, -1},
    {8, 9, 10, 11, 12, 13, 14, 15, 16, -1},
    {17, 18, 19, 20, 21, -1},
    {22, 23, 24, 25, 26, -1},
    {27, 28, 29, 30, -1},
    {31, 32, 33, 34, 35, -1},
    {36, 37, 38, 39, -1},
    {39, 40, 41, 36, -1},
    {42, 43, 44, 45, -1},
    {45, 46, 47, 42, -1},
    {48, 49, 50, 51, 52, 53, 54, -1},
    {54, 55, 56, 57, 58, 59, 48, -1},
    {60, 61, 62, 63, 64, -1},
    {64, 65, 66, 67, 60, -1},
};

static void eye_centre(float *to, const float *landmarks, int first)
{
    to[0] = to[1] = 0;
    for (int i = first; i < first + 6; i++) {
        to[0] += landmarks[2 * i] / 6;
        to[1] += landmarks[2 * i + 1] / 6;
    }
}

void s2vi_face_points(float *points, const float *landmarks)
{
    static const int8_t of[S2VI_FACE_MAPS - 2] = {42, 45, 39, 36, 22, 26, 21,
                                                  17, 30, 54, 48, 51, 57};

    eye_centre(points, landmarks, 42);
    eye_centre(points + 2, landmarks, 36);
    for (int i = 2; i < S2VI_FACE_MAPS; i++) {
        points[2 * i] = landmarks[2 * of[i - 2]];
        points[2 * i + 1] = landmarks[2 * of[i - 2] + 1];
    }
}

void s2vi_face_points_map(float *maps, int side, const float *points,
                          const uint8_t *visible)
{
    const double sigma = 5.0 * side / 96;

    for (int i = 0; i < side * side * S2VI_FACE_MAPS; i++) {
        const int k = i % S2VI_FACE_MAPS, at = i / S2VI_FACE_MAPS;
        const double dx = at % side + 0.5 - (double)points[2 * k];
        const double dy = at / side + 0.5 - (double)points[2 * k + 1];
        const double v = exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
        maps[i] = !visible || visible[k] ? (float)v : 0;
    }
}

/* Squared distance of (x, y) from the segment from a to b. */
static double from_segment(double x, double y, const float *a, const float *b)
{
    const double ax = (double)a[0], ay = (double)a[1];
    const double dx = (double)b[0] - ax, dy = (double)b[1] - ay;
    const double length = dx * dx + dy * dy;
    double t = length > 0 ? ((x - ax) * dx + (y - ay) * dy) / length : 0;

    t = fmin(fmax(t, 0), 1);
    const double ex = x - ax - t * dx, ey = y - ay - t * dy;
    return ex * ex + ey * ey;
}

static double from_contour(double x, double y, const float *landmarks, int k)
{
    const int8_t *c = contours[k];
    double least = HUGE_VAL;

    for (int i = 0; c[i + 1] >= 0; i++)
        least = fmin(least, from_segment(x, y, landmarks + 2 * c[i],
                                         landmarks + 2 * c[i + 1]));
    return least;
}

void s2vi_face_contours_map(float *maps, int side, const float *landmarks,
                            const float *irises)
{
    const double sigma = 1.5 * side / 64;
    float eyes[4];

    if (!irises) {
        eye_centre(eyes, landmarks, 36);
        eye_centre(eyes + 2, landmarks, 42);
        irises = eyes;
    }
    for (int at = 0; at < side * side; at++) {
        const double x = at % side + 0.5, y = at / side + 0.5;
        float *to = maps + at * S2VI_FACE_MAPS;
        for (int k = 0; k < S2VI_FACE_MAPS; k++) {
            const double d =
                k < S2VI_FACE_MAPS - 1
                    ? from_contour(x, y, landmarks, k)
                    : fmin(from_segment(x, y, irises, irises),
                           from_segment(x, y, irises + 2, irises + 2));
            to[k] = (float)exp(-d / (2 * sigma * sigma));
        }
    }
}
