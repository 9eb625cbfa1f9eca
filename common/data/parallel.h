/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same work on many things, on several threads. */
#ifndef S2VI_DATA_PARALLEL_H
#define S2VI_DATA_PARALLEL_H

#include "s2v/s2v.h"

/**
 * Call work(self, i) for each i of [0, n), in any order. After a failure no
 * more are begun.
 *
 * @param threads at most; 0: as many as there are processors
 * @return S2V_OK, or the status and sentence of the first i that failed
 */
int s2vi_parallel(int n, int threads,
                  int (*work)(void *self, int i, s2v_error *err), void *self,
                  s2v_error *err);

#endif
