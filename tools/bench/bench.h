/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files of s2v-bench: what is measured, and what comes out. */
#ifndef S2V_TOOLS_BENCH_H
#define S2V_TOOLS_BENCH_H

#include <s2v/s2v.h>

/** What to measure. */
typedef struct bench_job {
    const char *path, *device, *dtype;
    const char *fps; /* of a StyleGAN's video; NULL: the model's */
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
    double fps_low, fps_high;       /* of the slowest and the fastest fifth */
    double memory;                  /* MB, the most that the process held */
    double each;   /* MB, what a stream added to the model's, on average */
    double spread; /* time of the slowest stream by that of the fastest */
    double gflop;  /* of a frame, by the ops table */
    double floor;  /* of a frame; 0: not measured */
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

/** Rows of an earlier run (compare.c). */
typedef struct bench_earlier bench_earlier;

/** @return 0, or -1 once a sentence was printed; close it then, too. */
int bench_earlier_open(bench_earlier **earlier, const char *path);
void bench_earlier_close(bench_earlier **earlier);

/** This run beside an earlier one. */
typedef struct bench_comparison {
    double before; /* frames a second; with --start, ms; 0: no such row */
    double ratio;  /* of speeds: above 1 this run is faster */
    double noise;  /* of the ratio: what both runs' fifths differ by */
} bench_comparison;

/** Look for the row of the same file name, dtype, device, threads and
 * sessions. */
void bench_compare(const bench_earlier *earlier, const bench_job *job,
                   const bench_row *row, bench_comparison *out);

/** The name of the processor, as Linux has it. */
const char *bench_processor(void);

double bench_now_ms(void);

/** The q-th part, in [0, 1], of the numbers from the least on; sorts them. */
double bench_quantile(double *x, int n, double q);

#endif
