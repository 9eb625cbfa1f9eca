/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Precision and recall of generated pictures; see manifold.h. */
#include "measure/manifold.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8 }; /* sums side by side, so that they are vectors */

int s2vi_manifold_add(s2vi_manifold *m, const float *feature, s2v_error *err)
{
    const size_t C = (size_t)m->channels;
    if (m->count == m->room) {
        const int64_t room = 2 * m->room + 64;
        float *more =
            realloc(m->feature, (size_t)room * C * sizeof(*m->feature));
        if (!more)
            return s2vi_error_nomem(err, "features");
        m->feature = more;
        m->room = room;
    }
    memcpy(m->feature + (size_t)m->count++ * C, feature,
           C * sizeof(*m->feature));
    return S2V_OK;
}

static double distance2(const float *a, const float *b, int n)
{
    double sum[LANES] = {0}, all = 0;
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            const double d = (double)a[i + k] - (double)b[i + k];
            sum[k] += d * d;
        }
    for (; i < n; i++) {
        const double d = (double)a[i] - (double)b[i];
        all += d * d;
    }
    for (int k = 0; k < LANES; k++)
        all += sum[k];
    return all;
}

static const float *feature_of(const s2vi_manifold *m, int64_t i)
{
    return m->feature + (size_t)i * (size_t)m->channels;
}

/* Put d among the k least, in order. */
static void insert(double *least, int k, double d)
{
    int at = k - 1;
    if (!(d < least[at]))
        return;
    for (; at > 0 && d < least[at - 1]; at--)
        least[at] = least[at - 1];
    least[at] = d;
}

int s2vi_manifold_measure(s2vi_manifold *m, int k, s2v_error *err)
{
    const int64_t others = m->count > 1 ? m->count - 1 : 1;
    const int nth = k < others ? k : (int)others;
    double *least = malloc((size_t)nth * sizeof(*least));
    free(m->radius2);
    m->radius2 = malloc(((size_t)m->count + 1) * sizeof(*m->radius2));
    if (!least || !m->radius2) {
        free(least);
        return s2vi_error_nomem(err, "features");
    }
    for (int64_t i = 0; i < m->count; i++) {
        for (int n = 0; n < nth; n++)
            least[n] = INFINITY;
        for (int64_t j = 0; j < m->count; j++)
            if (j != i)
                insert(
                    least, nth,
                    distance2(feature_of(m, i), feature_of(m, j), m->channels));
        m->radius2[i] = m->count > 1 ? least[nth - 1] : 0;
    }
    free(least);
    return S2V_OK;
}

static bool is_in(const s2vi_manifold *m, const float *point)
{
    for (int64_t i = 0; i < m->count; i++)
        if (distance2(feature_of(m, i), point, m->channels) <= m->radius2[i])
            return true;
    return false;
}

double s2vi_manifold_covers(const s2vi_manifold *m, const s2vi_manifold *points)
{
    int64_t in = 0;
    if (!m->count || !points->count)
        return NAN;
    for (int64_t i = 0; i < points->count; i++)
        in += is_in(m, feature_of(points, i));
    return (double)in / (double)points->count;
}

void s2vi_manifold_free(s2vi_manifold *m)
{
    free(m->feature);
    free(m->radius2);
    *m = (s2vi_manifold){0};
}
