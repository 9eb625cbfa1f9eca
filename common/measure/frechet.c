/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tr (C1 C2)^(1/2) = tr (S C2 S)^(1/2) with S = C1^(1/2), which is symmetric:
 * two symmetric eigenvalue problems, LAPACK's.
 */
#include "measure/frechet.h"

#include "base/error.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int s2vi_feature_stats_init(s2vi_feature_stats *stats, int channels,
                            s2v_error *err)
{
    size_t n = (size_t)channels;
    *stats = (s2vi_feature_stats){.channels = channels};
    stats->mean = calloc(n, sizeof(double));
    stats->delta = calloc(n, sizeof(double));
    stats->scatter = calloc(n * n, sizeof(double));
    return stats->mean && stats->delta && stats->scatter
               ? S2V_OK
               : s2vi_error_nomem(err, "features");
}

void s2vi_feature_stats_free(s2vi_feature_stats *stats)
{
    free(stats->mean);
    free(stats->delta);
    free(stats->scatter);
    *stats = (s2vi_feature_stats){0};
}

void s2vi_feature_stats_add(s2vi_feature_stats *stats, const float *feature)
{
    const int n = stats->channels;
    const double count = (double)++stats->count;
    for (int i = 0; i < n; i++) {
        stats->delta[i] = feature[i] - stats->mean[i];
        stats->mean[i] += stats->delta[i] / count;
    }
    for (int i = 0; i < n; i++) {
        double left = feature[i] - stats->mean[i];
        for (int k = 0; k < n; k++)
            stats->scatter[i * n + k] += left * stats->delta[k];
    }
}

/* C, exactly symmetric. */
static void covariance(const s2vi_feature_stats *stats, double *c)
{
    const int n = stats->channels;
    const double scale = 0.5 / (double)(stats->count - 1);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            c[i * n + k] =
                scale * (stats->scatter[i * n + k] + stats->scatter[k * n + i]);
}

/* out = a b, all (n,n). */
static void multiply(const double *a, const double *b, double *out, int n)
{
    memset(out, 0, (size_t)n * (size_t)n * sizeof(*out));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            for (int k = 0; k < n; k++)
                out[i * n + k] += a[i * n + j] * b[j * n + k];
}

/* The square root of a covariance: V diag(sqrt(w)) V^T. Destroys `c`. */
static int square_root(double *c, double *w, double *root, int n)
{
    int ret = LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', n, c, n, w);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            double sum = 0;
            for (int j = 0; j < n; j++)
                sum += c[i * n + j] * sqrt(fmax(w[j], 0)) * c[k * n + j];
            root[i * n + k] = sum;
        }
    return ret;
}

/* tr (a b)^(1/2) of covariances, which it destroys; x and y are scratch. */
static int trace_of_root(double *a, double *b, double *x, double *y, double *w,
                         int n, double *trace)
{
    int ret = square_root(a, w, x, n);
    multiply(x, b, y, n);
    multiply(y, x, a, n);
    if (!ret)
        ret = LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'N', 'U', n, a, n, w);
    *trace = 0;
    for (int i = 0; i < n; i++)
        *trace += sqrt(fmax(w[i], 0));
    return ret;
}

int s2vi_frechet(const s2vi_feature_stats *a, const s2vi_feature_stats *b,
                 double *distance, s2v_error *err)
{
    const int n = a->channels;
    const size_t square = (size_t)n * (size_t)n;
    double sum = 0, trace;
    *distance = NAN;
    if (a->count < 2 || b->count < 2)
        return S2V_OK;
    double *work = malloc((4 * square + (size_t)n) * sizeof(*work));
    if (!work)
        return s2vi_error_nomem(err, "a Frechet distance");
    double *ca = work, *cb = ca + square;
    covariance(a, ca);
    covariance(b, cb);
    for (int i = 0; i < n; i++) {
        double d = a->mean[i] - b->mean[i];
        sum += d * d + ca[i * n + i] + cb[i * n + i];
    }
    int ret = trace_of_root(ca, cb, cb + square, cb + 2 * square,
                            work + 4 * square, n, &trace);
    free(work);
    if (ret)
        return s2vi_error(err, S2V_ERR_NOMEM,
                          "a Frechet distance: LAPACK stopped with %d", ret);
    *distance = fmax(sum - 2 * trace, 0); /* but for rounding */
    return S2V_OK;
}
