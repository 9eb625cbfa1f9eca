/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Precision and recall against an independent computation, and by hand. */
#include "check.h"
#include "manifold_golden.h"
#include "measure/manifold.h"

#include <math.h>

static uint32_t state;

static uint32_t byte_of(void)
{
    state = state * 1664525 + 1013904223;
    return state >> 24;
}

static void add(s2vi_manifold *m, int count, int span)
{
    float feature[CHANNELS];
    *m = (s2vi_manifold){.channels = CHANNELS};
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < CHANNELS; k++)
            feature[k] = (float)(byte_of() * (uint32_t)span / 256);
        s2vi_manifold_add(m, feature, NULL);
    }
}

static void test_golden(const struct golden *g)
{
    s2vi_manifold real, made;
    state = (uint32_t)(g - goldens) + 1;
    add(&real, g->real, 256);
    add(&made, g->made, g->span);
    CHECK(!s2vi_manifold_measure(&real, g->k, NULL) &&
              !s2vi_manifold_measure(&made, g->k, NULL),
          "%s", g->name);
    const double precision = s2vi_manifold_covers(&real, &made);
    const double recall = s2vi_manifold_covers(&made, &real);
    CHECK(fabs(precision - g->precision) < 1e-9, "%s: %.12f", g->name,
          precision);
    CHECK(fabs(recall - g->recall) < 1e-9, "%s: %.12f", g->name, recall);
    s2vi_manifold_free(&real);
    s2vi_manifold_free(&made);
}

/* Real ones at 0, 1 and 10, whose second neighbours are 10, 9 and 10 away. */
static void test_by_hand(void)
{
    static const float real[] = {0, 1, 10}, made[] = {20, -10, 20.5F, -11};
    s2vi_manifold r = {.channels = 1}, m = {.channels = 1}, none = r;
    CHECK(isnan(s2vi_manifold_covers(&r, &m)), "none of either");
    for (int i = 0; i < 3; i++)
        s2vi_manifold_add(&r, &real[i], NULL);
    for (int i = 0; i < 4; i++)
        s2vi_manifold_add(&m, &made[i], NULL);
    s2vi_manifold_measure(&r, 2, NULL);
    s2vi_manifold_measure(&m, 1, NULL);
    CHECK(r.radius2[0] == 100 && r.radius2[1] == 81 && r.radius2[2] == 100,
          "%g %g %g", r.radius2[0], r.radius2[1], r.radius2[2]);
    CHECK(s2vi_manifold_covers(&r, &m) == 0.5, "%g: a surface is inside",
          s2vi_manifold_covers(&r, &m));
    CHECK(s2vi_manifold_covers(&m, &r) == 0, "%g",
          s2vi_manifold_covers(&m, &r));
    CHECK(isnan(s2vi_manifold_covers(&r, &none)), "no points");
    s2vi_manifold_free(&r);
    s2vi_manifold_free(&m);
    /* One feature is a point. */
    s2vi_manifold one = {.channels = 1};
    s2vi_manifold_add(&one, &real[1], NULL);
    s2vi_manifold_measure(&one, 3, NULL);
    CHECK(s2vi_manifold_covers(&one, &one) == 1, "itself");
    s2vi_manifold_free(&one);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(goldens) / sizeof(*goldens); i++)
        test_golden(&goldens[i]);
    test_by_hand();
    return check_done();
}
