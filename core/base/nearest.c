/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Distances of words. Free of other parts: tools without libs2v use it, too. */
#include "base/nearest.h"

#include <limits.h>
#include <string.h>

enum { LONGEST = 63 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

int s2vi_edit_distance(const char *a, const char *b)
{
    /* Row i of the table: distances of a's first i bytes to b's first j. */
    int rows[3][LONGEST + 1];
    const size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return INT_MAX;
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *const spare = before;
        before = last;
        last = row;
        row = spare;
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]),
                           least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[m];
}

static s2vi_nearest nearest_to(const char *word, size_t length)
{
    s2vi_nearest nearest = {.distance = 0};
    if (length < sizeof(nearest.word))
        memcpy(nearest.word, word, length);
    return nearest;
}

s2vi_nearest s2vi_nearest_to(const char *word)
{
    return nearest_to(word, strlen(word));
}

s2vi_nearest s2vi_nearest_to_option(const char *option)
{
    option += strspn(option, "-");
    return nearest_to(option, strcspn(option, "="));
}

void s2vi_nearest_try(s2vi_nearest *nearest, const char *known)
{
    const size_t n = strlen(nearest->word), m = strlen(known);
    const int longer = (int)(n > m ? n : m);
    int distance = s2vi_edit_distance(nearest->word, known);
    if (!n || m > LONGEST)
        return;
    /* What is cut off counts as one mistake. */
    if (n >= 3 && m > n && !strncmp(nearest->word, known, n))
        distance = 1;
    if (distance > longer / 3)
        return;
    if (*nearest->best &&
        (distance > nearest->distance ||
         (distance == nearest->distance && strcmp(known, nearest->best) >= 0)))
        return;
    nearest->distance = distance;
    memcpy(nearest->best, known, m + 1);
}
