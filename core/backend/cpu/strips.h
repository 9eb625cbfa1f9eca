/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernels on images that can be run a strip of lines at a time. Those that
 * follow one another run so together: what one makes of a strip is in the
 * cache still when the next wants it.
 *
 * Each thread has a band of strips and goes down it. What a kernel reads
 * beyond its strip must be no result of the others; where that is overwritten
 * (a state, by its next value) begin() keeps it.
 */
#ifndef S2VI_CPU_STRIPS_H
#define S2VI_CPU_STRIPS_H

#include "backend/cpu/cpu.h"

#define S2VI_STRIP 4 /* lines */

/** What `work` begins with: which strip of x the rest is about, for kernels
 * that make the same of it. The driver clears it. */
typedef struct s2vi_strip_tag {
    const void *image;
    int64_t strip;
    int lo[2];
} s2vi_strip_tag;

/** One thread's share of a kernel. */
typedef struct s2vi_strip {
    void *out;
    void *const *in;
    char *own;  /* own_size bytes: the kernel's, for all threads */
    char *work; /* work_size bytes: the thread's, of whichever kernel runs;
                   begins with a tag */
    int thread;
    int64_t image, from, to; /* the band: strips of one image */
} s2vi_strip;

/** What such a kernel begins with. */
typedef struct s2vi_strip_kernel {
    s2vi_kernel base;
    /* Once, before the threads; may be NULL. */
    void (*prepare)(const s2vi_kernel *kernel, const s2vi_strip *s);
    /* On each thread, before any runs a strip of the image; may be NULL. */
    void (*begin)(const s2vi_kernel *kernel, const s2vi_strip *s);
    void (*strip)(const s2vi_kernel *kernel, const s2vi_strip *s, int64_t i);
    int64_t images, height, width;
    int threads;
    size_t own_size, work_size;
} s2vi_strip_kernel;

/** Set run() and scratch_size, the rest being set. */
void s2vi_cpu_strips_finish(s2vi_strip_kernel *kernel);

/** Lines [*first, *end) of strip `i`. */
static inline void s2vi_strip_lines(const s2vi_strip_kernel *k, int64_t i,
                                    int64_t *first, int64_t *end)
{
    *first = i * S2VI_STRIP;
    *end = *first + S2VI_STRIP < k->height ? *first + S2VI_STRIP : k->height;
}

/** s2vi_backend_table.join() */
int s2vi_cpu_join(s2vi_backend *backend, s2vi_kernel *const *kernels, int n,
                  s2vi_kernel **joined, s2v_error *err);

#endif
