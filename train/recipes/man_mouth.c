/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recipes/man_mouth.h"

#include "base/error.h"
#include "video/face.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Landmarks, iBUG's numbers. */
enum { RIGHT_EYE = 36, LEFT_EYE = 45 };

static const int ends[S2VI_MAN_MOUTH][2] = {
    {62, 66}, {51, 57}, {60, 64}, {48, 54}};

static double distance(const float *landmarks, int a, int b)
{
    const float *p = landmarks + 2 * (ptrdiff_t)a;
    const float *q = landmarks + 2 * (ptrdiff_t)b;
    return hypot((double)(p[0] - q[0]), (double)(p[1] - q[1]));
}

static void measure_clip(const s2vi_talking_head *c, float *out)
{
    double mean[S2VI_MAN_MOUTH] = {0};
    for (int64_t t = 0; t < c->train; t++) {
        const float *at = c->landmarks + 2 * t * S2VI_FACE_LANDMARKS;
        const double eyes = fmax(distance(at, RIGHT_EYE, LEFT_EYE), 1e-6);
        for (int k = 0; k < S2VI_MAN_MOUTH; k++) {
            const double x = distance(at, ends[k][0], ends[k][1]) / eyes;
            out[t * S2VI_MAN_MOUTH + k] = (float)x;
            mean[k] += x / (double)c->train;
        }
    }
    for (int64_t i = 0; i < c->train * S2VI_MAN_MOUTH; i++)
        out[i] -= (float)mean[i % S2VI_MAN_MOUTH];
}

static void divide_by_deviation(const s2vi_man_mouths *m,
                                const s2vi_talking_heads *data)
{
    double square[S2VI_MAN_MOUTH] = {0};
    for (int c = 0; c < m->count; c++)
        for (int64_t i = 0; i < data->clip[c].train * S2VI_MAN_MOUTH; i++) {
            const double x = (double)m->clip[c][i];
            square[i % S2VI_MAN_MOUTH] += x * x / (double)data->train;
        }
    for (int c = 0; c < m->count; c++) {
        for (int64_t i = 0; i < data->clip[c].train * S2VI_MAN_MOUTH; i++)
            m->clip[c][i] /=
                (float)fmax(sqrt(square[i % S2VI_MAN_MOUTH]), 1e-6);
        s2vi_shards_trim(data->shards);
    }
}

int s2vi_man_mouths_measure(s2vi_man_mouths *m, const s2vi_talking_heads *data,
                            s2v_error *err)
{
    m->count = data->count;
    m->mapped = data->shards != NULL;
    m->clip = calloc((size_t)data->count + 1, sizeof(*m->clip));
    for (int i = 0; i < data->count && m->clip; i++) {
        const s2vi_talking_head *c = &data->clip[i];
        const size_t n = ((size_t)c->frames + 1) * S2VI_MAN_MOUTH;
        m->clip[i] =
            s2vi_shards_alloc(data->shards, m->mapped, n * sizeof(float), err);
        if (!m->clip[i])
            return m->mapped ? S2V_ERR_IO : S2V_ERR_NOMEM;
        memset(m->clip[i], 0, n * sizeof(float));
        measure_clip(c, m->clip[i]);
        s2vi_shards_trim(data->shards);
    }
    if (!m->clip)
        return s2vi_error_nomem(err, "the mouths of clips");
    divide_by_deviation(m, data);
    return S2V_OK;
}

void s2vi_man_mouths_free(s2vi_man_mouths *m)
{
    for (int i = 0; i < m->count && m->clip && !m->mapped; i++)
        free(m->clip[i]);
    free(m->clip);
    *m = (s2vi_man_mouths){0};
}
