/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ridge regression, by Cholesky's method on the covariance. */
#include "recipes/intensity_reading.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* Of the mean variance of a coordinate: places have few directions. */
static const double RIDGE = 0.1;

typedef struct moments {
    int width;
    double *mean;       /* (width) */
    double *covariance; /* (width,width), its lower half */
    double *with_level; /* (width) */
    double level;       /* mean */
} moments;

static void find_means(moments *m, const float *place, const float *level,
                       int n)
{
    const int w = m->width;
    for (int i = 0; i < n; i++) {
        m->level += (double)level[i] / n;
        for (int j = 0; j < w; j++)
            m->mean[j] += (double)place[i * w + j] / n;
    }
}

static void find_covariance(moments *m, const float *place, const float *level,
                            int n)
{
    const int w = m->width;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < w; j++) {
            const double x = (double)place[i * w + j] - m->mean[j];
            m->with_level[j] += x * ((double)level[i] - m->level) / n;
            for (int k = 0; k <= j; k++)
                m->covariance[j * w + k] +=
                    x * ((double)place[i * w + k] - m->mean[k]) / n;
        }
    double trace = 1e-12;
    for (int j = 0; j < w; j++)
        trace += m->covariance[j * w + j];
    for (int j = 0; j < w; j++)
        m->covariance[j * w + j] += RIDGE * trace / w;
}

/* covariance = L L^T in place, then with_level = covariance^-1 with_level. */
static void solve(moments *m)
{
    const int w = m->width;
    double *a = m->covariance, *b = m->with_level;
    for (int j = 0; j < w; j++)
        for (int i = j; i < w; i++) {
            double sum = a[i * w + j];
            for (int k = 0; k < j; k++)
                sum -= a[i * w + k] * a[j * w + k];
            a[i * w + j] = i == j ? sqrt(sum) : sum / a[j * w + j];
        }
    for (int i = 0; i < w; i++) {
        for (int k = 0; k < i; k++)
            b[i] -= a[i * w + k] * b[k];
        b[i] /= a[i * w + i];
    }
    for (int i = w - 1; i >= 0; i--) {
        for (int k = i + 1; k < w; k++)
            b[i] -= a[k * w + i] * b[k];
        b[i] /= a[i * w + i];
    }
}

int s2vi_intensity_reading(const float *place, const float *level, int n,
                           int width, float *out, s2v_error *err)
{
    const size_t w = (size_t)width;
    double *memory = calloc(w * w + 2 * w, sizeof(*memory));
    if (!memory)
        return s2vi_error_nomem(err, "a reading of the intensity");
    moments m = {.width = width,
                 .covariance = memory,
                 .mean = memory + w * w,
                 .with_level = memory + w * w + w};
    find_means(&m, place, level, n);
    find_covariance(&m, place, level, n);
    solve(&m);
    double constant = m.level;
    for (int j = 0; j < width; j++) {
        out[j] = (float)m.with_level[j];
        constant -= m.with_level[j] * m.mean[j];
    }
    out[width] = (float)constant;
    free(memory);
    return S2V_OK;
}
