/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resuming: what a run's first steps gave the last time. */
#include "run/resume.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)48 << 20) /* of a copy */

/* Bytes of an input that a step reads. */
typedef struct reading {
    int step, root;
    size_t from, to;
} reading;

/* Before which step a copy was or is to be made. */
enum { NONE = -1 };

struct s2vi_resume {
    const s2vi_plan *plan;
    int n_steps;
    int *node;       /* of each step, its first in the schedule */
    int *copied_for; /* of each step: that or the next before it whose values
                        fit the copy */
    reading *readings;
    int n_readings;
    char *copy;
    int copied; /* step, or NONE */
    int copying;
    int changed;     /* the first step that reads what has changed */
    int changed_ago; /* the same of the last run that had one, or NONE */
    bool whole; /* the outputs are those of the inputs before they changed */
};

bool s2vi_resume_suits(const s2vi_plan *plan)
{
    const s2vi_backend *be = plan->backend;
    if (!plan->resumes || !plan->frozen || !be->table->on_host ||
        be->table->begin || be->dtype != S2VI_F32)
        return false;
    for (int i = 0; i < plan->schedule.count; i++) {
        const s2vi_node *node = plan->schedule.node[i];
        if (node->op == S2VI_OP_RANDOM ||
            s2vi_op_get(node->op)->kind == S2VI_KIND_EFFECT ||
            (node->op == S2VI_OP_VAR && node->var_kind == S2VI_VAR_STATE))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------ creation -- */

static int step_node(const s2vi_resume *r, int step)
{
    return r->plan->layout.place[r->node[step]].join_first;
}

/* Whether place i is storage that is written before the step and read in it or
 * after. */
static bool is_alive(const s2vi_resume *r, int i, int step)
{
    const s2vi_place *p = &r->plan->layout.place[i];
    const int at = step_node(r, step);
    return p->region == S2VI_ARENA && p->root == i && p->bytes &&
           p->first < at && p->last >= at;
}

static size_t bytes_alive(const s2vi_resume *r, int step)
{
    size_t bytes = 0;
    for (int i = 0; i < r->plan->layout.count; i++)
        bytes += is_alive(r, i, step) ? r->plan->layout.place[i].bytes : 0;
    return bytes;
}

/* The bytes that the largest copy takes. */
static size_t choose_copies(s2vi_resume *r)
{
    size_t most = 0;
    for (int s = 0; s < r->n_steps; s++) {
        const size_t bytes = bytes_alive(r, s);
        const bool fits = bytes <= MOST_BYTES;
        r->copied_for[s] = fits ? s : s ? r->copied_for[s - 1] : 0;
        most = fits && bytes > most ? bytes : most;
    }
    return most;
}

/* What node i reads of inputs, at `to` unless it is NULL: how many. */
static int read_by(const s2vi_plan *plan, int i, int step, reading *to)
{
    const s2vi_node *node = plan->schedule.node[i];
    int n = 0;
    for (int j = 0; j < node->n_inputs; j++) {
        size_t offset;
        const int at = plan->layout.index[node->input[j]->id];
        const s2vi_place *root = s2vi_layout_root(&plan->layout, at, &offset);
        if (root->region != S2VI_KEPT)
            continue;
        if (to)
            to[n] = (reading){step, root->root, offset,
                              offset + plan->layout.place[at].bytes};
        n++;
    }
    return n;
}

/* All readings of all steps; a step's nodes go on to the next one's. */
static int list_readings(const s2vi_resume *r, reading *to)
{
    const int count = r->plan->schedule.count;
    int n = 0;
    for (int s = 0; s < r->n_steps; s++) {
        const int end = s + 1 < r->n_steps ? r->node[s + 1] : count;
        for (int i = r->node[s]; i < end; i++)
            if (r->plan->kernel[i])
                n += read_by(r->plan, i, s, to ? to + n : NULL);
    }
    return n;
}

int s2vi_resume_create(s2vi_resume **out, const s2vi_plan *plan,
                       const int *node, int n_steps, s2v_error *err)
{
    s2vi_resume *r = *out = calloc(1, sizeof(*r));
    const size_t n = (size_t)n_steps;
    if (!r)
        return s2vi_error_nomem(err, "a runner");
    r->plan = plan;
    r->n_steps = n_steps;
    r->copied = r->copying = NONE;
    r->changed_ago = NONE;
    r->node = malloc((n + 1) * sizeof(*r->node));
    r->copied_for = malloc((n + 1) * sizeof(*r->copied_for));
    if (!r->node || !r->copied_for)
        return s2vi_error_nomem(err, "a runner");
    memcpy(r->node, node, n * sizeof(*node));
    r->readings =
        malloc(((size_t)list_readings(r, NULL) + 1) * sizeof(*r->readings));
    /* Memory that is never written takes none of the machine's. */
    r->copy = malloc(choose_copies(r) + 1);
    if (!r->readings || !r->copy)
        return s2vi_error_nomem(err, "a runner");
    r->n_readings = list_readings(r, r->readings);
    return S2V_OK;
}

void s2vi_resume_close(s2vi_resume **out)
{
    s2vi_resume *r = *out;
    if (!r)
        return;
    free(r->node);
    free(r->copied_for);
    free(r->readings);
    free(r->copy);
    free(r);
    *out = NULL;
}

/* ------------------------------------------------------------- changes -- */

void s2vi_resume_write(s2vi_resume *r, int i, const void *old, const void *data,
                       size_t bytes)
{
    const char *a = old, *b = data;
    size_t from = 0, to = bytes;
    if (!memcmp(a, b, bytes))
        return;
    while (a[from] == b[from])
        from++;
    while (a[to - 1] == b[to - 1])
        to--;
    for (int k = 0; k < r->n_readings; k++) {
        const reading *read = &r->readings[k];
        if (read->root == i && read->from < to && read->to > from &&
            read->step < r->changed)
            r->changed = read->step;
    }
}

/* ---------------------------------------------------------------- runs -- */

/* Copy what is alive before a step: out of the arena, or back. */
static void copy_alive(const s2vi_resume *r, int step, char *arena, bool back)
{
    char *at = r->copy;
    for (int i = 0; i < r->plan->layout.count; i++) {
        const s2vi_place *p = &r->plan->layout.place[i];
        if (!is_alive(r, i, step))
            continue;
        if (back)
            memcpy(arena + p->address, at, p->bytes);
        else
            memcpy(at, arena + p->address, p->bytes);
        at += p->bytes;
    }
}

/* Where this run is to make a copy. One that serves moves on only where the
 * last two changes allow it. A run before it, from which on it is void, passes
 * its place: a single early change, a beat's, costs no more than its frame. */
static int choose_copy(const s2vi_resume *r, int changed)
{
    const int ago = r->changed_ago;
    const bool first = (changed < ago) == (r->copied != NONE);
    return r->copied_for[first ? changed : ago];
}

int s2vi_resume_begin(s2vi_resume *r, char *arena)
{
    const int changed = r->whole ? r->changed : 0;
    r->copying = NONE;
    if (changed == r->n_steps)
        return changed;
    if (r->copied > changed)
        r->copied = NONE;
    const int start = r->copied == NONE ? 0 : r->copied;
    const int wanted = choose_copy(r, changed);
    if (wanted > start)
        r->copying = wanted;
    if (r->whole)
        r->changed_ago = changed;
    if (start)
        copy_alive(r, start, arena, true);
    return start;
}

void s2vi_resume_pass(s2vi_resume *r, int step, const char *arena)
{
    if (step != r->copying)
        return;
    copy_alive(r, step, (char *)arena, false);
    r->copied = step;
}

void s2vi_resume_end(s2vi_resume *r, bool ok)
{
    r->whole = ok;
    r->changed = r->n_steps;
}
