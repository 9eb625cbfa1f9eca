/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gradients in buckets, summed over processes during the backward pass: by the
 * device's own library, where they are, or by MPI, in the host's memory. */
#include "reduction.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a bucket: few enough that the first is on its way early, enough that
 * a network's delay does not count. */
enum { BUCKET = 4 << 20 };

/* A gradient, and the step of the run after which it is there. */
typedef struct ready {
    const s2vi_node *node;
    size_t count, offset; /* numbers; place among all */
    int step;
} ready;

typedef struct bucket {
    int first, last; /* gradients */
    s2vi_ranks_sum sum;
} bucket;

struct s2vi_reduction {
    const s2vi_ranks *ranks;
    s2vi_backend *backend;
    s2vi_exec *exec;
    ready *gradient; /* in the order in which they are there */
    int n;
    bucket *bucket;
    int n_buckets;
    float *data;   /* of all gradients: in the host's memory... */
    float **array; /* ...or each of them in the device's */
    size_t *count;
    int last; /* step before the first effect */
    /* Of a run: */
    int step;  /* the next */
    int taken; /* gradients that are packed */
    int begun; /* buckets */
    bool done; /* sums are in place */
    int status;
};

/* -------------------------------------------------------------- a run -- */

static void note(s2vi_reduction *r, int status)
{
    if (status < 0 && !r->status)
        r->status = status;
}

static void begin_bucket(s2vi_reduction *r, bucket *b)
{
    const ready *first = &r->gradient[b->first];
    const ready *last = &r->gradient[b->last];
    if (r->array)
        note(r, r->backend->table->sum(r->backend, r->array + b->first,
                                       r->count + b->first,
                                       b->last + 1 - b->first));
    else
        s2vi_ranks_sum_begin(r->ranks, &b->sum, r->data + first->offset,
                             last->offset + last->count - first->offset);
}

static void begin_full_buckets(s2vi_reduction *r)
{
    for (; r->begun < r->n_buckets && r->bucket[r->begun].last < r->taken;
         r->begun++)
        begin_bucket(r, &r->bucket[r->begun]);
}

/* Put the sums where the optimiser finds them. */
static void finish(s2vi_reduction *r)
{
    r->done = true;
    if (r->array) {
        note(r, r->backend->table->sums_end(r->backend));
        return;
    }
    for (int i = 0; i < r->n_buckets; i++)
        s2vi_ranks_sum_end(&r->bucket[i].sum);
    for (int i = 0; i < r->n; i++)
        note(r, s2vi_exec_overwrite(r->exec, r->gradient[i].node,
                                    r->data + r->gradient[i].offset));
}

/* After each step of the run. */
static void watch(void *self, const s2vi_node *const *nodes, int n,
                  double seconds)
{
    s2vi_reduction *r = self;
    (void)nodes;
    (void)n;
    (void)seconds;
    for (; r->taken < r->n && r->gradient[r->taken].step <= r->step; r->taken++)
        if (r->data)
            note(r, s2vi_exec_read(r->exec, r->gradient[r->taken].node,
                                   r->data + r->gradient[r->taken].offset));
    begin_full_buckets(r);
    for (int i = 0; r->data && i < r->begun && r->step < r->last; i++)
        s2vi_ranks_sum_test(&r->bucket[i].sum);
    if (r->step == r->last)
        finish(r);
    r->step++;
}

/* Before the first run: the processes' devices may have met since it was made.
 */
static int choose_memory(s2vi_reduction *r, s2v_error *err)
{
    const size_t room = (size_t)r->n + 1;
    size_t numbers = 0;
    for (int i = 0; i < r->n; i++)
        numbers += r->gradient[i].count;
    if (!*r->backend->group) {
        r->data = malloc((numbers + 1) * sizeof(*r->data));
        s2vi_exec_set_watch(r->exec, watch, r);
        return r->data ? S2V_OK : s2vi_error_nomem(err, "gradients");
    }
    r->array = calloc(room, sizeof(*r->array));
    r->count = calloc(room, sizeof(*r->count));
    if (!r->array || !r->count)
        return s2vi_error_nomem(err, "gradients");
    for (int i = 0; i < r->n; i++) {
        r->array[i] = s2vi_exec_address(r->exec, r->gradient[i].node);
        r->count[i] = r->gradient[i].count;
    }
    s2vi_exec_set_queue_watch(r->exec, watch, r);
    return S2V_OK;
}

int s2vi_reduction_begin(s2vi_reduction *r, s2v_error *err)
{
    if (!r->data && !r->array) {
        const int ret = choose_memory(r, err);
        if (ret < 0)
            return ret;
    }
    r->step = r->taken = r->begun = 0;
    r->status = S2V_OK;
    r->done = false;
    return S2V_OK;
}

int s2vi_reduction_end(s2vi_reduction *r, s2v_error *err)
{
    return r->done && !r->status
               ? S2V_OK
               : s2vi_error(err, r->status ? r->status : S2V_ERR_INTERNAL,
                            "gradients cannot be summed over processes%s%s",
                            *r->backend->last_error ? ": " : "",
                            r->backend->last_error);
}

/* ------------------------------------------------------------- starting -- */

static int by_step(const void *a, const void *b)
{
    const ready *x = a, *y = b;
    return x->step != y->step          ? (x->step < y->step ? -1 : 1)
           : x->node->id < y->node->id ? -1
                                       : x->node->id > y->node->id;
}

static void fill_buckets(s2vi_reduction *r)
{
    size_t offset = 0;
    for (int i = 0; i < r->n; i++) {
        bucket *b = &r->bucket[r->n_buckets];
        r->gradient[i].offset = offset;
        offset += r->gradient[i].count;
        b->last = i;
        const size_t n = offset - r->gradient[b->first].offset;
        if (n * sizeof(*r->data) < BUCKET && i + 1 < r->n)
            continue;
        r->bucket[++r->n_buckets].first = i + 1;
    }
}

/* Where each gradient is ready, and the optimiser begins. */
static int find_steps(s2vi_reduction *r, s2vi_node *const *gradient,
                      s2vi_node *const *effect, int n_effects, s2v_error *err)
{
    r->last = s2vi_exec_steps(r->exec) - 1;
    for (int i = 0; i < n_effects; i++) {
        const int step = s2vi_exec_step_of(r->exec, effect[i]);
        if (step >= 0 && step <= r->last)
            r->last = step - 1;
    }
    for (int i = 0; i < r->n; i++) {
        ready *g = &r->gradient[i];
        *g = (ready){.node = gradient[i],
                     .count = (size_t)s2vi_shape_count(&gradient[i]->shape),
                     .step = s2vi_exec_step_of(r->exec, gradient[i])};
        if (g->step < 0 || g->step > r->last)
            return s2vi_error(err, S2V_ERR_INTERNAL,
                              "a gradient is not there before the optimiser");
    }
    return S2V_OK;
}

int s2vi_reduction_create(s2vi_reduction **out, const s2vi_ranks *ranks,
                          s2vi_backend *backend, s2vi_exec *exec,
                          s2vi_node *const *gradient, int n,
                          s2vi_node *const *effect, int n_effects,
                          s2v_error *err)
{
    const size_t room = (size_t)n + 1;
    s2vi_reduction *r = *out = calloc(1, sizeof(*r));
    if (!r)
        return s2vi_error_nomem(err, "gradients");
    *r = (s2vi_reduction){
        .ranks = ranks, .backend = backend, .exec = exec, .n = n};
    r->gradient = calloc(room, sizeof(*r->gradient));
    r->bucket = calloc(room, sizeof(*r->bucket));
    int ret = r->gradient && r->bucket
                  ? find_steps(r, gradient, effect, n_effects, err)
                  : s2vi_error_nomem(err, "gradients");
    if (ret < 0) {
        s2vi_reduction_close(out);
        return ret;
    }
    qsort(r->gradient, (size_t)n, sizeof(*r->gradient), by_step);
    fill_buckets(r);
    return S2V_OK;
}

void s2vi_reduction_close(s2vi_reduction **out)
{
    s2vi_reduction *r = *out;
    if (!r)
        return;
    free(r->gradient);
    free(r->bucket);
    free(r->data);
    free(r->array);
    free(r->count);
    free(r);
    *out = NULL;
}
