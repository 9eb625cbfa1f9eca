/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Built without MPI: there is one process. */
#include "ranks.h"

#include "base/error.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

int s2vi_ranks_open(s2vi_ranks *r, s2v_error *err)
{
    static const char *const set[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
    *r = (s2vi_ranks){.count = 1};
    for (size_t i = 0; i < G_N_ELEMENTS(set); i++) {
        const char *size = getenv(set[i]);
        if (size && atoi(size) > 1)
            return s2vi_error(err, S2V_ERR_INVALID,
                              "expected one process, found %s that mpirun has "
                              "started: this s2v-train was built without MPI "
                              "(-Dmpi=enabled)",
                              size);
    }
    return S2V_OK;
}

void s2vi_ranks_close(s2vi_ranks *r)
{
    (void)r;
}

void s2vi_ranks_abort(const s2vi_ranks *r)
{
    (void)r;
}

int s2vi_ranks_agree(s2vi_ranks *r, int ret, s2v_error *err)
{
    (void)r;
    (void)err;
    return ret;
}

int s2vi_ranks_same(s2vi_ranks *r, const char *what, const char *text,
                    s2v_error *err)
{
    (void)r;
    (void)what;
    (void)text;
    (void)err;
    return S2V_OK;
}

void s2vi_ranks_mean(const s2vi_ranks *r, float *data, size_t n)
{
    (void)r;
    (void)data;
    (void)n;
}

void s2vi_ranks_max(const s2vi_ranks *r, double *data, int n)
{
    (void)r;
    (void)data;
    (void)n;
}

void s2vi_ranks_share(const s2vi_ranks *r, void *data, size_t bytes)
{
    (void)r;
    (void)data;
    (void)bytes;
}

void s2vi_ranks_gather(const s2vi_ranks *r, const float *mine, size_t n,
                       float *all)
{
    (void)r;
    memcpy(all, mine, n * sizeof(*all));
}

void s2vi_ranks_gather_all(const s2vi_ranks *r, const float *mine, size_t n,
                           float *all)
{
    s2vi_ranks_gather(r, mine, n, all);
}

char **s2vi_ranks_gather_texts(const s2vi_ranks *r, const char *mine)
{
    char **texts = g_new0(char *, 2);
    (void)r;
    texts[0] = g_strdup(mine);
    return texts;
}

void s2vi_ranks_sum_begin(const s2vi_ranks *r, s2vi_ranks_sum *sum, float *data,
                          size_t n)
{
    (void)r;
    (void)data;
    (void)n;
    *sum = (s2vi_ranks_sum){0};
}

bool s2vi_ranks_sum_test(s2vi_ranks_sum *sum)
{
    (void)sum;
    return true;
}

void s2vi_ranks_sum_end(s2vi_ranks_sum *sum)
{
    (void)sum;
}
