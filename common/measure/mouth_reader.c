/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The opening of a mouth from its pixels, by ridge regression. */
#include "measure/mouth_reader.h"

#include "base/error.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIXELS = S2VI_MOUTH_WIDTH * S2VI_MOUTH_HEIGHT,
    FOLDS = 5,
    RIGHT_EYE = S2VI_FACE_RIGHT_EYE,
    LEFT_EYE = S2VI_FACE_LEFT_EYE,
    EYE = S2VI_FACE_EYE,
    NOSE = 27, /* to 35 */
    NOSE_END = 36,
};

/* In distances of the eyes: the crop, and its middle below the nose's. */
static const double WIDTH = 1.4, HEIGHT = 1.2, BELOW = 0.75;
/* The ridge, of the mean variance of a pixel. */
static const double RIDGE = 0.3;

/* ----------------------------------------------------------------- crop -- */

static double luminance(const uint8_t *rgb, int size, int x, int y)
{
    x = x < 0 ? 0 : x < size ? x : size - 1;
    y = y < 0 ? 0 : y < size ? y : size - 1;
    const uint8_t *p = rgb + 3 * ((ptrdiff_t)y * size + x);
    return (0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]) / 255;
}

static double sample(const uint8_t *rgb, int size, double x, double y)
{
    const double left = floor(x - 0.5), top = floor(y - 0.5);
    const double u = x - 0.5 - left, v = y - 0.5 - top;
    const int i = (int)left, k = (int)top;
    return (1 - v) * ((1 - u) * luminance(rgb, size, i, k) +
                      u * luminance(rgb, size, i + 1, k)) +
           v * ((1 - u) * luminance(rgb, size, i, k + 1) +
                u * luminance(rgb, size, i + 1, k + 1));
}

void s2vi_mouth_crop(const uint8_t *rgb, int size, const s2vi_face_marks marks,
                     s2vi_mouth_pixels out)
{
    double right[2], left[2], nose[2];
    s2vi_face_mean(marks, RIGHT_EYE, RIGHT_EYE + EYE, right);
    s2vi_face_mean(marks, LEFT_EYE, LEFT_EYE + EYE, left);
    s2vi_face_mean(marks, NOSE, NOSE_END, nose);
    if (isnan(nose[0])) {
        out[0] = NAN;
        return;
    }
    /* One distance of the eyes, along them. */
    const double dx = left[0] - right[0], dy = left[1] - right[1];
    for (int i = 0; i < PIXELS; i++) {
        double sum = 0;
        for (int part = 0; part < 4; part++) {
            const double u = (i % S2VI_MOUTH_WIDTH + 0.25 + 0.5 * (part % 2)) /
                             S2VI_MOUTH_WIDTH;
            const double v = (i / S2VI_MOUTH_WIDTH + 0.25 + 0.5 * (part / 2)) /
                             S2VI_MOUTH_HEIGHT;
            const double across = WIDTH * (u - 0.5);
            const double down = HEIGHT * (v - 0.5) + BELOW;
            sum += sample(rgb, size, nose[0] + across * dx - down * dy,
                          nose[1] + across * dy + down * dx);
        }
        out[i] = (float)(sum / 4);
    }
}

/* ------------------------------------------------------------------ fit -- */

/* Means over what is fitted to, and how many frames that is. */
typedef struct means {
    double pixel[PIXELS], opening;
    int64_t count;
} means;

static bool is_used(const s2vi_mouth_pixels *mouth, int64_t t, int64_t from,
                    int64_t to)
{
    return !isnan(mouth[t][0]) && (t < from || t >= to);
}

static void add_frame(const s2vi_mouth_pixels mouth, double opening,
                      const means *m, double *square, double *product)
{
    double x[PIXELS];
    for (int i = 0; i < PIXELS; i++)
        x[i] = (double)mouth[i] - m->pixel[i];
    for (int i = 0; i < PIXELS; i++) {
        for (int k = 0; k <= i; k++)
            square[i * PIXELS + k] += x[i] * x[k];
        product[i] += x[i] * (opening - m->opening);
    }
}

/* weight = (X'X + ridge)^-1 X'y */
static int solve(s2vi_mouth_reader *reader, double *square, s2v_error *err)
{
    double trace = 0;
    for (int i = 0; i < PIXELS; i++)
        trace += square[i * PIXELS + i];
    for (int i = 0; i < PIXELS; i++)
        square[i * PIXELS + i] += RIDGE * trace / PIXELS + 1e-9;
    return LAPACKE_dposv(LAPACK_ROW_MAJOR, 'L', PIXELS, 1, square, PIXELS,
                         reader->weight, 1)
               ? s2vi_error(err, S2V_ERR_INTERNAL,
                            "the opening of a mouth cannot be fitted")
               : S2V_OK;
}

int s2vi_mouth_reader_fit(s2vi_mouth_reader *reader,
                          const s2vi_mouth_pixels *mouth, const double *opening,
                          int64_t frames, int64_t from, int64_t to,
                          s2v_error *err)
{
    means m = {.count = 0};
    double *square = calloc((size_t)PIXELS * PIXELS, sizeof(*square));
    if (!square)
        return s2vi_error_nomem(err, "the opening of a mouth");
    for (int64_t t = 0; t < frames; t++)
        m.count += is_used(mouth, t, from, to);
    for (int64_t t = 0; t < frames; t++) {
        if (!is_used(mouth, t, from, to))
            continue;
        m.opening += opening[t] / (double)m.count;
        for (int i = 0; i < PIXELS; i++)
            m.pixel[i] += (double)mouth[t][i] / (double)m.count;
    }
    *reader = (s2vi_mouth_reader){.bias = m.opening};
    for (int64_t t = 0; t < frames; t++)
        if (is_used(mouth, t, from, to))
            add_frame(mouth[t], opening[t], &m, square, reader->weight);
    const int ret = solve(reader, square, err);
    for (int i = 0; i < PIXELS; i++)
        reader->bias -= reader->weight[i] * m.pixel[i];
    free(square);
    return ret;
}

double s2vi_mouth_reader_read(const s2vi_mouth_reader *reader,
                              const s2vi_mouth_pixels mouth)
{
    double sum = reader->bias;
    if (isnan(mouth[0]))
        return NAN;
    for (int i = 0; i < PIXELS; i++)
        sum += reader->weight[i] * (double)mouth[i];
    return sum;
}

int s2vi_mouth_reader_cross(const s2vi_mouth_pixels *mouth,
                            const double *opening, int64_t frames, double *out,
                            s2v_error *err)
{
    s2vi_mouth_reader reader;
    int ret = S2V_OK;
    for (int64_t fold = 0; fold < FOLDS && !ret; fold++) {
        const int64_t from = frames * fold / FOLDS;
        const int64_t to = frames * (fold + 1) / FOLDS;
        ret = s2vi_mouth_reader_fit(&reader, mouth, opening, frames, from, to,
                                    err);
        for (int64_t t = from; t < to && !ret; t++)
            out[t] = s2vi_mouth_reader_read(&reader, mouth[t]);
    }
    return ret;
}
