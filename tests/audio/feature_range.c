/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The range of features: its curve, its measure, and its text. */
#include "../worst.h"
#include "audio/feature_range.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../front_end.h"

enum { BANDS = S2VI_LMS_BANDS };

static const double MARGIN = 0.25;

/* Another range in each band; in the last two, a single value and none. */
static s2vi_feature_range make_range(void)
{
    s2vi_feature_range range = {.low = {0}};
    for (int b = 0; b < BANDS; b++) {
        range.low[b] = -4.0f + (float)b / 32.0f;
        range.high[b] = range.low[b] + 3.0f - (float)b / 64.0f;
    }
    range.high[BANDS - 1] = range.low[BANDS - 1];
    return range;
}

/* ---------------------------------------------------------------- curve -- */

static void fill(float *features, const s2vi_feature_range *range, double part)
{
    for (int b = 0; b < BANDS; b++)
        features[b] =
            (float)(range->low[b] * (1.0 - part) + range->high[b] * part);
}

static void test_inside(const s2vi_feature_range *range)
{
    static const double parts[] = {0.0, 1e-6, 0.1, 0.5, 0.987, 1.0};
    float features[BANDS], same[BANDS];
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        fill(features, range, parts[i]);
        memcpy(same, features, sizeof(same));
        int outside = s2vi_feature_range_apply(range, features);
        CHECK(!outside && !memcmp(features, same, sizeof(same)),
              "%g of the range: %d outside, or other bytes", parts[i], outside);
    }
    s2vi_feature_range zero = {.low = {0}};
    memset(features, 0, sizeof(features));
    features[3] = -0.0f;
    memcpy(same, features, sizeof(same));
    CHECK(!s2vi_feature_range_apply(&zero, features) &&
              !memcmp(features, same, sizeof(same)),
          "zeros in a range of 0 alone");
}

/*
 * Values of a few units are rounded to float, by 2.4e-7 each at the most, as
 * are the distance, the exponential and the sum: three times what is measured.
 */
static const double ERROR = 3 * 2.4e-7;

static void test_outside(const s2vi_feature_range *range)
{
    static const double distances[] = {1e-5, 1e-3, 0.01, 0.1, 0.25,
                                       0.7,  2.0,  10.0, 1e6};
    double worst = 0.0;
    for (size_t i = 0; i < sizeof(distances) / sizeof(*distances); i++) {
        float features[BANDS];
        double wanted[BANDS];
        for (int b = 0; b < BANDS; b++) {
            const bool up = b % 2;
            const double edge = up ? range->high[b] : range->low[b];
            features[b] = (float)(edge + (up ? 1 : -1) * distances[i]);
            const double d = fabs(features[b] - edge);
            const double beyond = MARGIN * (1.0 - exp(-d / MARGIN));
            wanted[b] = edge + (up ? beyond : -beyond);
        }
        int outside = s2vi_feature_range_apply(range, features);
        CHECK(outside == BANDS, "%g outside: %d of %d", distances[i], outside,
              BANDS);
        for (int b = 0; b < BANDS; b++) {
            const double wrong = fabs(features[b] - wanted[b]);
            CHECK(wrong <= ERROR, "%g outside, band %d: %.8f, expected %.8f",
                  distances[i], b, (double)features[b], wanted[b]);
            worst = worse(worst, wrong);
            CHECK(features[b] <= range->high[b] + 0.25f &&
                      features[b] >= range->low[b] - 0.25f,
                  "%g outside, band %d: %.8f is beyond the limit", distances[i],
                  b, (double)features[b]);
        }
    }
    printf("outside: largest error %.2g\n", worst);
}

/* It is continuous, its slope is 1 at the edge, and order stays. */
static void test_slope(void)
{
    const s2vi_feature_range range = {.low = {0}};
    float last = 0.0f;
    for (int i = 1; i < 4000; i++) {
        const float x = (float)i / 1000.0f;
        float features[BANDS] = {x, -x};
        s2vi_feature_range_apply(&range, features);
        CHECK(features[0] >= last && features[0] <= x, "%g becomes %g after %g",
              (double)x, (double)features[0], (double)last);
        CHECK(features[1] == -features[0], "%g and %g", (double)features[0],
              (double)features[1]);
        if (i == 1)
            CHECK(features[0] / x > 0.997f, "a slope of %g at the edge",
                  (double)(features[0] / x));
        last = features[0];
    }
    CHECK(last > 0.249999f && last <= 0.25f, "far outside: %g", (double)last);
    float far[BANDS] = {INFINITY, -INFINITY, 3e38f, -3e38f};
    int outside = s2vi_feature_range_apply(&range, far);
    CHECK(outside == 4 && far[0] == 0.25f && far[1] == -0.25f &&
              far[2] == 0.25f && far[3] == -0.25f,
          "%d outside; %g %g %g %g", outside, (double)far[0], (double)far[1],
          (double)far[2], (double)far[3]);
}

/* -------------------------------------------------------------- measure -- */

/* 0 .. n - 1 in another order in each band, moved by the band. */
static void test_measure(void)
{
    enum { N = 101 };
    static float rows[N * BANDS];
    static const struct {
        double part;
        int low, high;
    } cases[] = {{0.0, 0, 100},
                 {0.01, 1, 99},
                 {0.1, 10, 90},
                 {0.25, 25, 75},
                 {0.499, 50, 50}};
    s2vi_feature_range range = {.low = {0}};
    for (int i = 0; i < N; i++)
        for (int b = 0; b < BANDS; b++)
            rows[i * BANDS + b] = (float)(i * (b + 1) % N - b);
    for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
        int ret = s2vi_feature_range_measure(&range, rows, N, cases[c].part);
        CHECK(ret == S2V_OK, "status %d", ret);
        for (int b = 0; b < BANDS; b++)
            CHECK(range.low[b] == (float)(cases[c].low - b) &&
                      range.high[b] == (float)(cases[c].high - b),
                  "quantile %g of band %d: %g to %g, expected %d to %d",
                  cases[c].part, b, (double)range.low[b], (double)range.high[b],
                  cases[c].low - b, cases[c].high - b);
    }
    CHECK(s2vi_feature_range_measure(&range, rows, 1, 0.4) == S2V_OK &&
              range.low[5] == rows[5] && range.high[5] == rows[5],
          "one row");
    failing_allocation = 1;
    int ret = s2vi_feature_range_measure(&range, rows, N, 0.0);
    CHECK(ret == S2V_ERR_NOMEM, "status %d without memory", ret);
    failing_allocation = 0;
}

/* ----------------------------------------------------------------- text -- */

static void test_round_trip(const s2vi_feature_range *range)
{
    s2vi_feature_range again;
    s2v_error err = {0};
    char *text = s2vi_feature_range_text(range);
    if (!text) {
        CHECK(false, "no text");
        return;
    }
    int ret = s2vi_feature_range_parse(&again, text, &err);
    CHECK(ret == S2V_OK, "%s", err.message);
    for (int b = 0; b < BANDS && !ret; b++)
        CHECK(fabsf(again.low[b] - range->low[b]) <= 0.000501f &&
                  fabsf(again.high[b] - range->high[b]) <= 0.000501f,
              "band %d: %g to %g becomes %g to %g", b, (double)range->low[b],
              (double)range->high[b], (double)again.low[b],
              (double)again.high[b]);
    /* What was read is written as it is. */
    char *second = s2vi_feature_range_text(&again);
    CHECK(second && !strcmp(text, second), "written again: %s", second);
    free(second);
    free(text);
}

/* {"low": [n times value, then last], "high": ...} */
static const char *text_of(int n, const char *low, const char *last,
                           const char *high)
{
    static char text[4096];
    char *at = text + sprintf(text, "{\"low\": [");
    for (int i = 0; i < n; i++)
        at += sprintf(at, "%s%s", i ? ", " : "", i < n - 1 ? low : last);
    at += sprintf(at, "], \"high\": [");
    for (int i = 0; i < BANDS; i++)
        at += sprintf(at, "%s%s", i ? ", " : "", high);
    sprintf(at, "]}");
    return text;
}

static void refuse(const char *text, const char *sentence)
{
    s2vi_feature_range range = {.low = {0}};
    s2v_error err = {0};
    int ret = s2vi_feature_range_parse(&range, text, &err);
    CHECK(ret == S2V_ERR_MODEL && err.code == ret &&
              !strcmp(err.message, sentence),
          "%.60s: status %d, \"%s\", expected \"%s\"", text, ret, err.message,
          sentence);
    CHECK(s2vi_feature_range_parse(&range, text, NULL) == S2V_ERR_MODEL,
          "%.60s: without an err", text);
}

#define NO_JSON                                                                \
    "'s2v.features' is not JSON: expected {\"low\": [...], \"high\": [...]}"
#define COUNT(key, n)                                                          \
    "'s2v.features': expected 64 numbers in '" key "', found " n

static void test_bad_texts(void)
{
    refuse("", NO_JSON);
    refuse("low", NO_JSON);
    refuse("{\"low\": [", NO_JSON);
    refuse("{}{}", NO_JSON);
    refuse(text_of(64, "0", "NaN", "1"), NO_JSON);
    refuse(text_of(64, "0", "Infinity", "1"), NO_JSON);
    refuse(text_of(64, "0", "1e999", "1"), NO_JSON);
    refuse("{}", COUNT("low", "0"));
    refuse("[1, 2]", COUNT("low", "0"));
    refuse("{\"low\": 3, \"high\": 4}", COUNT("low", "0"));
    refuse(text_of(63, "0", "0", "1"), COUNT("low", "63"));
    refuse(text_of(65, "0", "0", "1"), COUNT("low", "65"));
    refuse("{\"low\": {\"a\": 1}}", COUNT("low", "0"));
    refuse(text_of(64, "0", "\"0\"", "1"),
           "'s2v.features': entry 63 of 'low' is not a number");
    refuse(text_of(64, "0", "null", "1"),
           "'s2v.features': entry 63 of 'low' is not a number");
    refuse(text_of(64, "0", "1e39", "1"),
           "'s2v.features': entry 63 of 'low' is not a number");
    refuse(text_of(64, "0", "0", "[]"),
           "'s2v.features': entry 0 of 'high' is not a number");
    refuse(text_of(64, "0", "1.5", "1"),
           "'s2v.features': band 63 has 'low' 1.5 above 'high' 1");
    char text[4096];
    snprintf(text, sizeof(text), "%s", text_of(64, "0", "0", "1"));
    memcpy(strstr(text, "high"), "tall", 4);
    refuse(text, COUNT("high", "0"));
}

static void test_good_texts(void)
{
    s2vi_feature_range range = {.low = {0}};
    s2v_error err = {0};
    int ret = s2vi_feature_range_parse(&range,
                                       text_of(64, "-4.605", "1e0", "1"), &err);
    CHECK(ret == S2V_OK, "%s", err.message);
    CHECK(range.low[0] == -4.605f && range.low[63] == 1.0f &&
              range.high[63] == 1.0f,
          "read: %g, %g, %g", (double)range.low[0], (double)range.low[63],
          (double)range.high[63]);
}

/* Mean 2 + b / 4 and deviation 3, of rows 3 below and 3 above it in turn; the
 * last band never changes. */
static void test_normal(const s2vi_feature_range *range)
{
    enum { ROWS = 6 };
    float rows[ROWS][BANDS], same[ROWS][BANDS];
    s2vi_feature_range normal = *range, read = {.low = {0}};
    s2v_error err = {0};
    for (int i = 0; i < ROWS; i++)
        for (int b = 0; b < BANDS; b++)
            rows[i][b] = (float)(2 + b / 4.0 +
                                 (b == BANDS - 1 ? 0
                                  : i % 2        ? 3
                                                 : -3));
    memcpy(same, rows, sizeof(same));
    s2vi_feature_range_normalise(range, rows[0], ROWS);
    CHECK(!memcmp(same, rows, sizeof(same)), "without a mean: as they are");
    s2vi_feature_range_measure_normal(&normal, rows[0], ROWS);
    CHECK(normal.mean[8] == 4 && normal.deviation[8] == 3, "%g %g",
          (double)normal.mean[8], (double)normal.deviation[8]);
    CHECK(normal.deviation[BANDS - 1] == 0.1f, "a constant band: %g",
          (double)normal.deviation[BANDS - 1]);
    char *text = s2vi_feature_range_text(&normal);
    CHECK(!s2vi_feature_range_parse(&read, text, &err) &&
              !memcmp(read.mean, normal.mean, sizeof(read.mean)) &&
              !memcmp(read.deviation, normal.deviation, sizeof(read.mean)),
          "read back: %s", err.message);
    s2vi_feature_range_normalise(&read, rows[0], ROWS);
    for (int i = 0; i < ROWS; i++)
        for (int b = 0; b < BANDS; b++)
            CHECK(rows[i][b] == (b == BANDS - 1 ? 0
                                 : i % 2        ? 1
                                                : -1),
                  "row %d, band %d: %g", i, b, (double)rows[i][b]);
    free(text);
    normal.deviation[3] = 0;
    text = s2vi_feature_range_text(&normal);
    refuse(text, "'s2v.features': band 3 has 'deviation' 0, expected a number "
                 "above 0");
    free(text);
}

int main(void)
{
    const s2vi_feature_range range = make_range();
    test_inside(&range);
    test_outside(&range);
    test_slope();
    test_measure();
    test_round_trip(&range);
    test_good_texts();
    test_bad_texts();
    test_normal(&range);
    return check_done();
}
