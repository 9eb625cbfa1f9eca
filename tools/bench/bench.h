/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files of s2v-bench: what is measured, and what comes out. */
#ifndef S2V_TOOLS_BENCH_H
#define S2V_TOOLS_BENCH_H

#include <s2v/s2v.h>

/** What to measure. */
typedef struct bench_job {
    const char *path, *device, *dtype;
    int threads, sessions;
    int frames; /* of each session; 0: 200, or a minute's pictures */
    bool profile;
    bool start; /* nothing but the way to the first frame */
} bench_job;

/** What came out; times in milliseconds. */
typedef struct bench_row {
    s2v_model_info info;            /* strings as the model, which stays open */
    double rate;                    /* frames a second that a film has */
    double fps, median, p99, start; /* 0: not measured */
    double memory;                  /* MB, the most that the process held */
    double gflop;                   /* of a frame, by the ops table */
    double floor;                   /* of a frame; 0: not measured */
} bench_row;

/** Run the sessions, each on a thread of its own. The model is left open, at
 * `model`. */
int bench_streams(const bench_job *job, s2v_model **model, bench_row *row,
                  s2v_error *err);

/** The operations of a frame, by the ops table. */
void bench_gflop(const s2v_model *model, bench_row *row);

/** The floor (floor.c); it stays 0 without oneDNN, and of another device. */
int bench_floor(const bench_job *job, const s2v_model *model, bench_row *row,
                s2v_error *err);

double bench_now_ms(void);

/** The q-th part, in [0, 1], of the numbers from the least on; sorts them. */
double bench_quantile(double *x, int n, double q);

#endif
