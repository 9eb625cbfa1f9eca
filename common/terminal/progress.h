/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far a long job is, on stderr: one line redrawn in place on a terminal, a
 * plain line every half minute elsewhere.
 *
 *     s2vi_progress *bar = s2vi_progress_new(&(s2vi_progress_params){
 *         .total = 1000, .unit = "it"});
 *     for (int64_t i = 1; i <= 1000; i++)
 *         s2vi_progress_update(bar, i, losses, n_losses);
 *     s2vi_progress_close(&bar);
 *
 * All functions take a NULL bar and then do nothing, but for the message,
 * which is printed all the same. One thread at a time.
 */
#ifndef S2VI_TRAIN_PROGRESS_H
#define S2VI_TRAIN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct s2vi_progress s2vi_progress;

/** A number to show beside the bar, for instance a loss. */
typedef struct s2vi_progress_value {
    const char *name; /**< short; used during the call only */
    double value;
} s2vi_progress_value;

/** How the bar looks; zero means default. */
typedef struct s2vi_progress_params {
    int64_t total;        /**< steps in all; 0: not known */
    int64_t first;        /**< steps done before, by an earlier run */
    const char *unit;     /**< of a step, for "it/s"; default "it" */
    bool quiet;           /**< show nothing, messages neither */
    double plain_seconds; /**< between plain lines; default 30 */
    /* For tests; elsewhere left zero. */
    FILE *out;               /**< default stderr */
    bool force_bar;          /**< as if `out` were a terminal */
    bool ascii;              /**< no UTF-8, whatever the locale */
    int width;               /**< columns; default the terminal's */
    double (*clock)(void *); /**< seconds; default a monotonic clock */
    void *clock_opaque;
} s2vi_progress_params;

/** A new bar, for s2vi_progress_close(); NULL: out of memory. */
s2vi_progress *s2vi_progress_new(const s2vi_progress_params *params);

/**
 * Say that `done` steps are done, and show it if it is time to.
 *
 * @param values shown in this order; as many as fit
 */
void s2vi_progress_update(s2vi_progress *p, int64_t done,
                          const s2vi_progress_value *values, size_t count);

/**
 * What else the line says: the name of a stage, and, where the total is a time
 * and not a count (total 0), how much of it is done and left.
 *
 * @param stage NULL: none; copied
 * @param part  0 to 1; negative: not known
 * @param left  seconds
 */
void s2vi_progress_stage(s2vi_progress *progress, const char *stage,
                         double part, double left);

/** Say that what was done up to step `done` is safe on disk. */
void s2vi_progress_saved(s2vi_progress *p, int64_t done);

/** Print a line above the bar. No newline at the end of `format`. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void s2vi_progress_message(s2vi_progress *p, const char *format, ...);

/** Take the bar off the terminal until the next update. */
void s2vi_progress_hide(s2vi_progress *p);

/** Show the last state, end the line, free, and set the pointer to NULL. */
void s2vi_progress_close(s2vi_progress **p);

#endif
