/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The processes of one training, started by mpirun: each has a part of the
 * batch, and sums its gradients with the others'. By MPI, where it was built
 * with it; else, and without mpirun, there is one.
 *
 * All functions but open and abort are collective: each process calls them, in
 * the same order. With one process they do nothing.
 */
#ifndef S2VI_TRAIN_RANKS_H
#define S2VI_TRAIN_RANKS_H

#include "s2v/s2v.h"

typedef struct s2vi_ranks {
    int rank, count; /* this process, from 0, of so many */
    int local;       /* of those on this machine */
    char machine[64];
    bool agreed; /* all processes know of the error that ends this one */
} s2vi_ranks;

/** A sum that is under way. */
typedef struct s2vi_ranks_sum {
    void *request[2]; /* an MPI_Request, whatever it is */
    bool waiting;
} s2vi_ranks_sum;

/**
 * Join the other processes, if mpirun has started this one.
 *
 * @return S2V_OK; S2V_ERR_INVALID: it has, and this was built without MPI
 */
int s2vi_ranks_open(s2vi_ranks *ranks, s2v_error *err);

/** Wait for the others to get here, too. */
void s2vi_ranks_close(s2vi_ranks *ranks);

/** End all processes at once. Does not return where there are others. */
void s2vi_ranks_abort(const s2vi_ranks *ranks);

/**
 * Fail if any process has failed: each then has the sentence of the first that
 * did, with its number and machine before it.
 *
 * @param ret this process's status
 */
int s2vi_ranks_agree(s2vi_ranks *ranks, int ret, s2v_error *err);

/** S2V_ERR_INVALID, and both texts, unless each process has the same text.
 * @param what it is: "options" */
int s2vi_ranks_same(s2vi_ranks *ranks, const char *what, const char *text,
                    s2v_error *err);

/** Replace numbers by their means over the processes, or by their maxima. */
void s2vi_ranks_mean(const s2vi_ranks *ranks, float *data, size_t n);
void s2vi_ranks_max(const s2vi_ranks *ranks, double *data, int n);

/** Replace bytes by process 0's. */
void s2vi_ranks_share(const s2vi_ranks *ranks, void *data, size_t bytes);

/** Process 0 receives all processes' numbers in `all` (count, n). */
void s2vi_ranks_gather(const s2vi_ranks *ranks, const float *mine, size_t n,
                       float *all);

/** The same for each process. */
void s2vi_ranks_gather_all(const s2vi_ranks *ranks, const float *mine, size_t n,
                           float *all);

/** Process 0 receives all processes' texts, to be freed with g_strfreev(); NULL
 * elsewhere. */
char **s2vi_ranks_gather_texts(const s2vi_ranks *ranks, const char *mine);

/** Begin to replace numbers by their sums over the processes; they are not to
 * be touched before the end. Sums may overlap in time, each process beginning
 * them in the same order. */
void s2vi_ranks_sum_begin(const s2vi_ranks *ranks, s2vi_ranks_sum *sum,
                          float *data, size_t n);

/** Whether it has ended; lets it go on where MPI works inside its calls only.
 */
bool s2vi_ranks_sum_test(s2vi_ranks_sum *sum);
void s2vi_ranks_sum_end(s2vi_ranks_sum *sum);

#endif
