/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of one training, by MPI. */
#include "ranks.h"

#include "base/error.h"

#include <assert.h>
#include <glib.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static_assert(sizeof(MPI_Request) <= sizeof(((s2vi_ranks_sum *)0)->request),
              "room for a request");

enum { MOST = 1 << 28 }; /* numbers in a call, whose count is an int */

/* MPI_Init takes its time, and warns where there is no network: only with
 * mpirun, mpiexec or srun. */
static bool is_started_by_mpi(void)
{
    static const char *const set[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK",
                                      "PMI_RANK", "PMI_SIZE"};
    for (size_t i = 0; i < G_N_ELEMENTS(set); i++)
        if (getenv(set[i]))
            return true;
    return false;
}

/* This process's number on its machine. */
static int local_rank(void)
{
    MPI_Comm machine;
    int rank;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL,
                        &machine);
    MPI_Comm_rank(machine, &rank);
    MPI_Comm_free(&machine);
    return rank;
}

int s2vi_ranks_open(s2vi_ranks *r, s2v_error *err)
{
    int level;
    *r = (s2vi_ranks){.count = 1};
    if (!is_started_by_mpi())
        return S2V_OK;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return s2vi_error(err, S2V_ERR_DEVICE, "MPI cannot be started");
    MPI_Comm_rank(MPI_COMM_WORLD, &r->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &r->count);
    r->local = local_rank();
    gethostname(r->machine, sizeof(r->machine) - 1);
    return S2V_OK;
}

static bool is_on(void)
{
    int begun = 0, ended = 0;
    MPI_Initialized(&begun);
    MPI_Finalized(&ended);
    return begun && !ended;
}

void s2vi_ranks_close(s2vi_ranks *r)
{
    (void)r;
    if (is_on())
        MPI_Finalize();
}

void s2vi_ranks_abort(const s2vi_ranks *r)
{
    if (r->count > 1 && is_on())
        MPI_Abort(MPI_COMM_WORLD, 1);
}

/* ------------------------------------------------------------ agreement -- */

int s2vi_ranks_agree(s2vi_ranks *r, int ret, s2v_error *err)
{
    int first = ret < 0 ? r->rank : r->count;
    if (r->count == 1)
        return ret;
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (first == r->count)
        return ret;
    s2v_error its = {0};
    if (first == r->rank && !first)
        its = *err;
    else if (first == r->rank)
        s2vi_error(&its, ret, "process %d of %d on %s: %s", first, r->count,
                   r->machine, err->message);
    MPI_Bcast(&ret, 1, MPI_INT, first, MPI_COMM_WORLD);
    MPI_Bcast(its.message, sizeof(its.message), MPI_CHAR, first,
              MPI_COMM_WORLD);
    r->agreed = true;
    return s2vi_error(err, ret, "%s", its.message);
}

/* Where two texts differ, some of either. */
static void excerpt(const char *a, const char *b, char out[2][80])
{
    size_t at = 0;
    while (a[at] && a[at] == b[at])
        at++;
    at = at > 24 ? at - 24 : 0;
    g_strlcpy(out[0], a + at, 80);
    g_strlcpy(out[1], b + at, 80);
    for (int i = 0; i < 2; i++)
        if (strlen(out[i]) == 79)
            memcpy(out[i] + 76, "...", 4);
}

int s2vi_ranks_same(s2vi_ranks *r, const char *what, const char *text,
                    s2v_error *err)
{
    if (r->count == 1)
        return S2V_OK;
    int n = r->rank ? 0 : (int)strlen(text) + 1;
    MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);
    char *first = g_malloc0((gsize)n);
    if (!r->rank)
        memcpy(first, text, (size_t)n);
    MPI_Bcast(first, n, MPI_CHAR, 0, MPI_COMM_WORLD);
    int ret = S2V_OK;
    if (strcmp(first, text) != 0) {
        char part[2][80];
        excerpt(first, text, part);
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "expected the %s of process 0, '%s', found '%s'", what,
                         part[0], part[1]);
    }
    g_free(first);
    return s2vi_ranks_agree(r, ret, err);
}

/* -------------------------------------------------------------- numbers -- */

void s2vi_ranks_mean(const s2vi_ranks *r, float *data, size_t n)
{
    if (r->count == 1)
        return;
    for (size_t i = 0; i < n; i += MOST) {
        const size_t left = n - i;
        MPI_Allreduce(MPI_IN_PLACE, data + i, (int)(left < MOST ? left : MOST),
                      MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    }
    for (size_t i = 0; i < n; i++)
        data[i] /= (float)r->count;
}

void s2vi_ranks_max(const s2vi_ranks *r, double *data, int n)
{
    if (r->count > 1)
        MPI_Allreduce(MPI_IN_PLACE, data, n, MPI_DOUBLE, MPI_MAX,
                      MPI_COMM_WORLD);
}

void s2vi_ranks_share(const s2vi_ranks *r, void *data, size_t bytes)
{
    if (r->count > 1)
        MPI_Bcast(data, (int)bytes, MPI_BYTE, 0, MPI_COMM_WORLD);
}

void s2vi_ranks_gather(const s2vi_ranks *r, const float *mine, size_t n,
                       float *all)
{
    if (r->count == 1) {
        memcpy(all, mine, n * sizeof(*all));
        return;
    }
    assert(n < MOST);
    MPI_Gather(mine, (int)n, MPI_FLOAT, all, (int)n, MPI_FLOAT, 0,
               MPI_COMM_WORLD);
}

void s2vi_ranks_gather_all(const s2vi_ranks *r, const float *mine, size_t n,
                           float *all)
{
    if (r->count == 1) {
        memcpy(all, mine, n * sizeof(*all));
        return;
    }
    assert(n < MOST);
    MPI_Allgather(mine, (int)n, MPI_FLOAT, all, (int)n, MPI_FLOAT,
                  MPI_COMM_WORLD);
}

char **s2vi_ranks_gather_texts(const s2vi_ranks *r, const char *mine)
{
    const int n = (int)strlen(mine) + 1;
    const size_t count = (size_t)r->count;
    char **texts = NULL;
    if (r->count == 1) {
        texts = g_new0(char *, 2);
        texts[0] = g_strdup(mine);
        return texts;
    }
    if (r->rank) {
        MPI_Send(mine, n, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
        return NULL;
    }
    texts = g_new0(char *, count + 1);
    texts[0] = g_strdup(mine);
    for (int i = 1; i < r->count; i++) {
        MPI_Status status;
        int bytes = 0;
        MPI_Probe(i, 0, MPI_COMM_WORLD, &status);
        MPI_Get_count(&status, MPI_CHAR, &bytes);
        texts[i] = g_malloc((gsize)bytes + 1);
        MPI_Recv(texts[i], bytes, MPI_CHAR, i, 0, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
        texts[i][bytes] = '\0';
    }
    return texts;
}

/* ----------------------------------------------------------------- sums -- */

static MPI_Request *request_of(s2vi_ranks_sum *sum)
{
    return (MPI_Request *)(void *)sum->request;
}

void s2vi_ranks_sum_begin(const s2vi_ranks *r, s2vi_ranks_sum *sum, float *data,
                          size_t n)
{
    (void)r;
    assert(n < MOST);
    MPI_Iallreduce(MPI_IN_PLACE, data, (int)n, MPI_FLOAT, MPI_SUM,
                   MPI_COMM_WORLD, request_of(sum));
    sum->waiting = true;
}

bool s2vi_ranks_sum_test(s2vi_ranks_sum *sum)
{
    int done = 1;
    if (sum->waiting)
        MPI_Test(request_of(sum), &done, MPI_STATUS_IGNORE);
    sum->waiting = !done;
    return done;
}

void s2vi_ranks_sum_end(s2vi_ranks_sum *sum)
{
    if (sum->waiting)
        MPI_Wait(request_of(sum), MPI_STATUS_IGNORE);
    sum->waiting = false;
}
