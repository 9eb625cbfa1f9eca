/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Frechet distance against its closed forms. */
#include "measure/frechet.h"

#include <math.h>
#include <stdio.h>

static int failed;

static void check(const char *what, double found, double want)
{
    bool ok = fabs(found - want) <= 1e-9 * fmax(1, fabs(want));
    printf("%s - %s: %.12g, expected %.12g\n", ok ? "ok" : "not ok", what,
           found, want);
    failed += !ok;
}

static double distance(const float (*a)[2], int n, const float (*b)[2], int m)
{
    s2vi_feature_stats x, y;
    double d = -1;
    s2vi_feature_stats_init(&x, 2, NULL);
    s2vi_feature_stats_init(&y, 2, NULL);
    for (int i = 0; i < n; i++)
        s2vi_feature_stats_add(&x, a[i]);
    for (int i = 0; i < m; i++)
        s2vi_feature_stats_add(&y, b[i]);
    if (s2vi_frechet(&x, &y, &d, NULL) < 0)
        d = -1;
    s2vi_feature_stats_free(&x);
    s2vi_feature_stats_free(&y);
    return d;
}

int main(void)
{
    /* Covariance diag(2, 8) / 3 about (0, 0); diag(32, 18) / 3 about (3, 4);
     * ((4, 2), (2, 2)) / 3 about (0, 0). */
    static const float a[4][2] = {{1, 0}, {-1, 0}, {0, 2}, {0, -2}};
    static const float b[4][2] = {{7, 4}, {-1, 4}, {3, 7}, {3, 1}};
    static const float c[4][2] = {{1, 1}, {-1, -1}, {1, 0}, {-1, 0}};
    static const float line[3][2] = {{-1, 1}, {0, 0}, {1, -1}};
    check("equal", distance(a, 4, a, 4), 0);
    check("axes in common", distance(a, 4, b, 4),
          25 + pow(sqrt(32 / 3.) - sqrt(2 / 3.), 2) +
              pow(sqrt(18 / 3.) - sqrt(8 / 3.), 2));
    /* (C1 C2)^(1/2) of 2 x 2: trace sqrt(tr C1 C2 + 2 sqrt(det C1 C2)). With
     * C1 = diag(2, 8) / 3, C2 = ((4, 2), (2, 2)) / 3. */
    check("axes turned", distance(a, 4, c, 4),
          (10 + 6) / 3. - 2 * sqrt((8 + 16) / 9. + 2 * sqrt(16 * 4) / 9.));
    check("the same, exchanged", distance(c, 4, a, 4), distance(a, 4, c, 4));
    /* C2 = ((1, -1), (-1, 1)), of rank one. */
    check("fewer directions", distance(a, 4, line, 3),
          10 / 3. + 2 - 2 * sqrt(2 / 3. + 8 / 3.));
    bool none = isnan(distance(a, 1, b, 4));
    printf("%s - one feature has no spread\n", none ? "ok" : "not ok");
    printf("1..6\n");
    return failed || !none;
}
