/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The range of sound features that a model was trained on. */
#include "audio/feature_range.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"

enum { BANDS = S2VI_LMS_BANDS };

static const float MARGIN = 0.25f; /* beyond the edge at most */
static const double LEAST = 0.1;   /* deviation: about a decibel */

static float beyond(float distance)
{
    return MARGIN * (1.0f - expf(-distance / MARGIN));
}

int s2vi_feature_range_apply(const s2vi_feature_range *range,
                             float features[S2VI_LMS_BANDS])
{
    int outside = 0;
    for (int b = 0; b < BANDS; b++) {
        const float x = features[b];
        const float low = range->low[b], high = range->high[b];
        if (x >= low && x <= high)
            continue;
        features[b] =
            x > high ? high + beyond(x - high) : low - beyond(low - x);
        outside++;
    }
    return outside;
}

void s2vi_feature_range_normalise(const s2vi_feature_range *range,
                                  float *features, int64_t n)
{
    for (int64_t i = 0; i < n && range->normalised; i++)
        for (int b = 0; b < BANDS; b++) {
            float *x = &features[i * BANDS + b];
            *x = (*x - range->mean[b]) / range->deviation[b];
        }
}

static float in_thousandths(double x)
{
    return (float)(round(x * 1000.0) / 1000.0);
}

void s2vi_feature_range_measure_normal(s2vi_feature_range *range,
                                       const float *rows, int64_t n)
{
    for (int b = 0; b < BANDS; b++) {
        double sum = 0, square = 0;
        for (int64_t i = 0; i < n; i++)
            sum += rows[i * BANDS + b];
        const double mean = sum / (double)n;
        for (int64_t i = 0; i < n; i++) {
            const double d = rows[i * BANDS + b] - mean;
            square += d * d;
        }
        const double deviation = sqrt(square / (double)n);
        range->mean[b] = in_thousandths(mean);
        range->deviation[b] =
            in_thousandths(deviation > LEAST ? deviation : LEAST);
    }
    range->normalised = true;
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int s2vi_feature_range_measure(s2vi_feature_range *range, const float *rows,
                               int64_t n, double part)
{
    const int64_t skipped = (int64_t)(part * (double)n);
    float *column = malloc((size_t)n * sizeof(*column));
    if (!column)
        return S2V_ERR_NOMEM;
    for (int b = 0; b < BANDS; b++) {
        for (int64_t i = 0; i < n; i++)
            column[i] = rows[i * BANDS + b];
        qsort(column, (size_t)n, sizeof(*column), compare);
        range->low[b] = column[skipped];
        range->high[b] = column[n - 1 - skipped];
    }
    free(column);
    return S2V_OK;
}

/* ---------------------------------------------------------------- text -- */

/* Thousandths are far below what a network tells apart. */
static json_t *numbers(const float *values)
{
    json_t *list = json_array();
    for (int b = 0; b < BANDS; b++)
        json_array_append_new(list,
                              json_real(round(values[b] * 1000.0) / 1000.0));
    return list;
}

char *s2vi_feature_range_text(const s2vi_feature_range *range)
{
    json_t *root = json_pack("{s:o, s:o}", "low", numbers(range->low), "high",
                             numbers(range->high));
    if (root && range->normalised) {
        json_object_set_new(root, "mean", numbers(range->mean));
        json_object_set_new(root, "deviation", numbers(range->deviation));
    }
    char *text =
        root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    json_decref(root);
    return text;
}

static int read_numbers(const json_t *root, const char *key, float *out,
                        s2v_error *err)
{
    const json_t *list = json_object_get(root, key);
    if (json_array_size(list) != BANDS)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "'s2v.features': expected %d numbers in '%s', found "
                          "%zu",
                          BANDS, key, json_array_size(list));
    for (size_t b = 0; b < BANDS; b++) {
        const json_t *item = json_array_get(list, b);
        out[b] = (float)json_number_value(item);
        if (!json_is_number(item) || !isfinite(out[b]))
            return s2vi_error(
                err, S2V_ERR_MODEL,
                "'s2v.features': entry %zu of '%s' is not a number", b, key);
    }
    return S2V_OK;
}

static int read_normal(s2vi_feature_range *range, const json_t *root,
                       s2v_error *err)
{
    range->normalised = json_object_get(root, "mean") != NULL;
    if (!range->normalised)
        return S2V_OK;
    int ret = read_numbers(root, "mean", range->mean, err);
    if (!ret)
        ret = read_numbers(root, "deviation", range->deviation, err);
    for (int b = 0; b < BANDS && !ret; b++)
        if (!(range->deviation[b] > 0))
            ret = s2vi_error(err, S2V_ERR_MODEL,
                             "'s2v.features': band %d has 'deviation' %g, "
                             "expected a number above 0",
                             b, (double)range->deviation[b]);
    return ret;
}

int s2vi_feature_range_parse(s2vi_feature_range *range, const char *text,
                             s2v_error *err)
{
    json_t *root = json_loads(text, 0, NULL);
    int ret = root
                  ? S2V_OK
                  : s2vi_error(err, S2V_ERR_MODEL,
                               "'s2v.features' is not JSON: expected {\"low\": "
                               "[...], \"high\": [...]}");
    if (!ret)
        ret = read_numbers(root, "low", range->low, err);
    if (!ret)
        ret = read_numbers(root, "high", range->high, err);
    if (!ret)
        ret = read_normal(range, root, err);
    for (int b = 0; b < BANDS && !ret; b++)
        if (range->low[b] > range->high[b])
            ret = s2vi_error(err, S2V_ERR_MODEL,
                             "'s2v.features': band %d has 'low' %g above "
                             "'high' %g",
                             b, (double)range->low[b], (double)range->high[b]);
    json_decref(root);
    return ret;
}
