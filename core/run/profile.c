/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles: a watch that adds up, and the table. */
#include "run/profile.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM_UP 3 /* runs */

typedef struct row {
    const s2vi_node *const *nodes;
    int n, runs;
    double seconds;
} row;

struct s2vi_profile {
    row *rows;
    int count, room;
};

static void watch(void *opaque, const s2vi_node *const *nodes, int n,
                  double seconds)
{
    s2vi_profile *p = opaque;
    int i = 0;
    while (i < p->count && p->rows[i].nodes != nodes)
        i++;
    if (i == p->room)
        return;
    if (i == p->count)
        p->rows[p->count++] = (row){.nodes = nodes, .n = n};
    if (p->rows[i].runs++ >= WARM_UP)
        p->rows[i].seconds += seconds;
}

int s2vi_profile_create(s2vi_profile **out, s2vi_exec *exec, s2v_error *err)
{
    s2vi_profile *p = *out = calloc(1, sizeof(*p));
    if (p) {
        p->room = s2vi_exec_steps(exec);
        p->rows = calloc((size_t)p->room + 1, sizeof(*p->rows));
    }
    if (!p || !p->rows) {
        s2vi_profile_close(out);
        return s2vi_error_nomem(err, "a profile");
    }
    s2vi_exec_set_watch(exec, watch, p);
    return S2V_OK;
}

void s2vi_profile_close(s2vi_profile **profile)
{
    if (!profile || !*profile)
        return;
    free((*profile)->rows);
    free(*profile);
    *profile = NULL;
}

/* ------------------------------------------------------------- table -- */

static int slowest_first(const void *a, const void *b)
{
    const double x = ((const row *)a)->seconds, y = ((const row *)b)->seconds;
    return x < y ? 1 : x > y ? -1 : 0;
}

static double milliseconds(const row *r)
{
    return r->runs > WARM_UP ? 1e3 * r->seconds / (r->runs - WARM_UP) : 0;
}

static double flops(const row *r)
{
    double sum = 0;
    for (int i = 0; i < r->n; i++)
        sum += s2vi_op_get(r->nodes[i]->op)->flops(r->nodes[i]);
    return sum;
}

/* "5 gru_cell, blend, conv: 1x256x256x3" */
static void spell(const row *r, char *text, size_t size)
{
    const s2vi_shape *shape = &r->nodes[r->n - 1]->shape;
    size_t used = 0;
    for (int i = 0, same; i < r->n && used < size; i += same) {
        const char *name = s2vi_op_get(r->nodes[i]->op)->name;
        same = 1;
        while (i + same < r->n && r->nodes[i + same]->op == r->nodes[i]->op)
            same++;
        used +=
            (size_t)(same > 1 ? snprintf(text + used, size - used, "%s%d %s",
                                         i ? ", " : "", same, name)
                              : snprintf(text + used, size - used, "%s%s",
                                         i ? ", " : "", name));
    }
    for (int i = 0; i < shape->rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld",
                                 i ? "x" : ": ", (long long)shape->dim[i]);
}

void s2vi_profile_report(const s2vi_profile *profile, const char *name,
                         const s2vi_logger *logger)
{
    double all = 0, work = 0;
    for (int i = 0; i < profile->count; i++) {
        all += milliseconds(&profile->rows[i]);
        work += flops(&profile->rows[i]);
    }
    int runs = 0; /* of the step that was run most: some may be left out */
    for (int i = 0; i < profile->count; i++)
        if (profile->rows[i].runs - WARM_UP > runs)
            runs = profile->rows[i].runs - WARM_UP;
    if (runs < 1) {
        s2vi_log(logger, S2V_LOG_INFO, "%s: fewer than %d runs", name,
                 WARM_UP + 1);
        return;
    }
    qsort(profile->rows, (size_t)profile->count, sizeof(*profile->rows),
          slowest_first);
    s2vi_log(logger, S2V_LOG_INFO,
             "%s: %d runs of %.3f ms and %.2f GFLOP, %.0f GFLOPS", name, runs,
             all, 1e-9 * work, 1e-6 * work / all);
    s2vi_log(logger, S2V_LOG_INFO, "%s:       ms      %%   GFLOPS  what", name);
    for (int i = 0; i < profile->count; i++) {
        const row *r = &profile->rows[i];
        const double ms = milliseconds(r);
        char text[200];
        spell(r, text, sizeof(text));
        s2vi_log(logger, S2V_LOG_INFO, "%s: %8.3f  %5.1f  %7.1f  %s", name, ms,
                 100 * ms / all, ms > 0 ? 1e-6 * flops(r) / ms : 0, text);
    }
}
