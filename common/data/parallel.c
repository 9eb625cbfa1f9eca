/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same work on many things, on several threads. */
#include "data/parallel.h"

#include <glib.h>

enum { MOST_THREADS = 64 };

typedef struct job {
    int n;
    int (*work)(void *self, int i, s2v_error *err);
    void *self;
    int next; /* atomic */
    GMutex lock;
    int failed, status; /* the first that has; n: none */
    s2v_error why;
} job;

static void note(job *j, int i, int status, const s2v_error *why)
{
    g_mutex_lock(&j->lock);
    if (i < j->failed) {
        j->failed = i;
        j->status = status;
        j->why = *why;
    }
    g_mutex_unlock(&j->lock);
    g_atomic_int_set(&j->next, j->n);
}

static void *run(void *data)
{
    job *j = data;
    s2v_error why = {0};
    for (;;) {
        const int i = g_atomic_int_add(&j->next, 1);
        if (i >= j->n)
            return NULL;
        const int status = j->work(j->self, i, &why);
        if (status < 0)
            note(j, i, status, &why);
    }
}

int s2vi_parallel(int n, int threads,
                  int (*work)(void *self, int i, s2v_error *err), void *self,
                  s2v_error *err)
{
    GThread *thread[MOST_THREADS];
    job j = {.n = n, .work = work, .self = self, .failed = n};
    int more = 0;
    if (!threads)
        threads = (int)g_get_num_processors();
    if (threads > n)
        threads = n;
    g_mutex_init(&j.lock);
    /* One that cannot be had is one fewer. */
    for (; more < threads - 1 && more < MOST_THREADS; more++) {
        thread[more] = g_thread_try_new("s2v-data", run, &j, NULL);
        if (!thread[more])
            break;
    }
    run(&j);
    while (more > 0)
        g_thread_join(thread[--more]);
    g_mutex_clear(&j.lock);
    if (j.failed < n && err)
        *err = j.why;
    return j.failed < n ? j.status : S2V_OK;
}
