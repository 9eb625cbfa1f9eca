/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s2v-bench: how fast models make frames, one by one, as a filter would, and
 * the floor below which oneDNN would not let them go. Each row is measured by a
 * process of its own, so that its peak memory is its own, too.
 */
#include "bench.h"

#include "option_next.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
    "Usage: s2v-bench [OPTION]... MODEL...\n"
    "Measure how fast models make frames, one by one, or sound for pictures.\n"
    "\n"
    "  -t, --threads N[,N...]  CPU threads; 0: one for each processor (default "
    "0)\n"
    "  -s, --sessions N[,N...] streams at a time on one model, each with "
    "those\n"
    "                          threads (default 1)\n"
    "  -n, --frames N          frames of each stream to measure (default 200; "
    "1500\n"
    "                          pictures, a minute, of a model that makes "
    "sound)\n"
    "  -d, --device NAME       auto, cpu, ref, cuda or cuda:N (default auto)\n"
    "  -T, --dtype NAME[,NAME] f32, bf16 or both (default f32)\n"
    "      --start             nothing but the start, to the first frame; of a "
    "model\n"
    "                          that makes sound, to its first picture\n"
    "      --no-floor          leave out the floor, which takes some seconds\n"
    "  -j, --json              print one JSON object for each row\n"
    "  -p, --profile           print where the time goes, too, to the "
    "standard\n"
    "                          error: each step's time and GFLOPS\n"
    "  -h, --help              print this and exit\n"
    "  -V, --version           print the version and exit\n"
    "\n"
    "median, p99: milliseconds from the sound of a frame to the frame, after\n"
    "ten frames that do not count; or from a picture to the sound that it "
    "makes\n"
    "due. fps: frames a second, of the mean, of all streams together. rtf: "
    "how\n"
    "many times faster than the film's frame rate. start: from opening the\n"
    "file to the first frame. memory: the most that the process held. GFLOPS:\n"
    "as the ops table counts. floor: the mean time of a frame in floors, one\n"
    "being the model's convolutions and matrix products alone, through "
    "oneDNN,\n"
    "with the same dtype and threads; below 1 where there is a better way.\n"
    "\n"
    "A bare name is looked for in the current folder, in each folder of\n"
    "$S2V_MODEL_PATH (separated by colons) and among the installed models.\n"
    "Machines are noisy: compare figures of one run, and run it twice.\n"
    "\n"
    "Exit status: 0; 1 if a model cannot be run; 2 for a mistake on the "
    "command\n"
    "line.\n"
    "\n"
    "Example:\n"
    "  s2v-bench --threads 1,2 --dtype f32,bf16 quintet.bin\n";

enum { MAX_ROWS = 16 };

typedef struct bench_options {
    int threads[MAX_ROWS], n_threads;
    int sessions[MAX_ROWS], n_sessions;
    const char *dtype[2];
    int n_dtypes;
    int frames;
    const char *device;
    bool json, profile, no_floor, start, header;
} bench_options;

/* ------------------------------------------------------------- printing -- */

/* The row's time in floors: of one stream, since the floor is of one. */
static double floor_ratio(const bench_job *job, const bench_row *r)
{
    return r->floor > 0 && job->sessions == 1 ? 1e3 / r->fps / r->floor : 0;
}

/* A number, or null where it is 0: not measured. */
static json_t *measured(double x)
{
    return x > 0 ? json_real(x) : json_null();
}

static void print_json(const bench_job *job, const bench_row *r)
{
    json_t *j = json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:f, s:f, "
        "s:o, s:o, s:o}",
        "model", job->path, "kind", r->info.name, "size", r->info.width,
        "dtype", r->info.dtype, "device", r->info.device, "threads",
        job->threads, "sessions", job->sessions, "fps", measured(r->fps),
        "ms_median", measured(r->median), "ms_p99", measured(r->p99), "rtf",
        measured(r->fps / job->sessions / r->rate), "start_ms", r->start,
        "rss_mb", r->memory, "gflops", measured(r->gflop * r->fps), "floor_ms",
        measured(r->floor), "floor_ratio", measured(floor_ratio(job, r)));
    char *text = j ? json_dumps(j, JSON_PRESERVE_ORDER | JSON_COMPACT) : NULL;
    puts(text ? text : "{}");
    free(text);
    json_decref(j);
}

static void print(const bench_job *job, const bench_row *r,
                  const bench_options *o)
{
    char ratio[16] = "-";
    if (o->json) {
        print_json(job, r);
        return;
    }
    if (o->header)
        printf("%-24s %5s %5s %7s %8s %9s %8s %8s %7s %8s %6s %7s %6s\n",
               "model", "size", "dtype", "threads", "sessions", "median ms",
               "p99 ms", "fps", "rtf", "start ms", "MB", "GFLOPS", "floor");
    if (floor_ratio(job, r) > 0)
        snprintf(ratio, sizeof(ratio), "%.2f", floor_ratio(job, r));
    printf("%-24s %5d %5s %7d %8d %9.2f %8.2f %8.1f %7.2f %8.0f %6.0f %7.0f "
           "%6s\n",
           job->path, r->info.width, r->info.dtype, job->threads, job->sessions,
           r->median, r->p99, r->fps, r->fps / job->sessions / r->rate,
           r->start, r->memory, r->gflop * r->fps, ratio);
}

static int run_job(const bench_job *job, const bench_options *o)
{
    s2v_error err = {0};
    bench_row row = {0};
    s2v_model *model = NULL;
    int ret = bench_streams(job, &model, &row, &err);
    if (!ret)
        bench_gflop(model, &row);
    if (!ret && !o->no_floor && !o->start)
        ret = bench_floor(job, model, &row, &err);
    if (ret < 0)
        fprintf(stderr, "s2v-bench: %s\n",
                *err.message ? err.message : "out of memory");
    else
        print(job, &row, o);
    s2v_model_close(&model);
    return ret < 0;
}

/* In a process of its own: 0, or the exit status. */
static int run_row(const bench_job *job, const bench_options *o)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child > 0) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
    if (child < 0) {
        perror("s2v-bench: a process");
        return 1;
    }
    const int failed = run_job(job, o);
    fflush(stdout);
    _exit(failed);
}

/* ------------------------------------------------------------- options -- */

/* A whole number from `min` to `max` at the start of `text`; -1 without. */
static long parse_number(const char *text, long min, long max, char **end)
{
    errno = 0;
    long value = strtol(text, end, 10);
    return errno || *end == text || value < min || value > max ? -1 : value;
}

/* Numbers with commas between; their count, or 0. */
static int parse_list(int *to, const char *text, long min, long max)
{
    char *end;
    for (int n = 0; n < MAX_ROWS; text = end + 1) {
        const long value = parse_number(text, min, max, &end);
        if (value < 0 || (*end && *end != ','))
            return 0;
        to[n++] = (int)value;
        if (!*end)
            return n;
    }
    return 0;
}

static bool parse_dtypes(bench_options *o, const char *text)
{
    static const struct {
        const char *text, *dtype[2];
    } known[] = {{"f32", {"f32"}},
                 {"bf16", {"bf16"}},
                 {"f32,bf16", {"f32", "bf16"}},
                 {"bf16,f32", {"bf16", "f32"}}};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (!strcmp(text, known[i].text)) {
            memcpy(o->dtype, known[i].dtype, sizeof(o->dtype));
            o->n_dtypes = o->dtype[1] ? 2 : 1;
            return true;
        }
    return false;
}

static bool parse_frames(bench_options *o, const char *text)
{
    char *end;
    const long value = parse_number(text, 1, 1000000, &end);
    o->frames = (int)value;
    return value > 0 && !*end;
}

static int refuse(const char *name, const char *expected, const char *found)
{
    fprintf(stderr, "s2v-bench: --%s: expected %s, found '%s'\n", name,
            expected, found);
    return 3;
}

/* 0 to go on; otherwise the exit status plus 1. */
static int parse_options(int argc, char **argv, bench_options *o)
{
    static const struct option longs[] = {
        {"threads", required_argument, NULL, 't'},
        {"frames", required_argument, NULL, 'n'},
        {"device", required_argument, NULL, 'd'},
        {"dtype", required_argument, NULL, 'T'},
        {"json", no_argument, NULL, 'j'},
        {"profile", no_argument, NULL, 'p'},
        {"start", no_argument, NULL, 'S'},
        {"no-floor", no_argument, NULL, 'F'},
        {"sessions", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = option_next("s2v-bench", argc, argv, ":t:s:n:d:T:jphV",
                            longs)) != -1)
        switch (c) {
        case 't':
            o->n_threads = parse_list(o->threads, optarg, 0, 1024);
            if (!o->n_threads)
                return refuse("threads", "up to 16 numbers from 0 to 1024",
                              optarg);
            break;
        case 'n':
            if (!parse_frames(o, optarg))
                return refuse("frames", "a whole number from 1 to 1000000",
                              optarg);
            break;
        case 's':
            o->n_sessions = parse_list(o->sessions, optarg, 1, 64);
            if (!o->n_sessions)
                return refuse("sessions", "up to 16 numbers from 1 to 64",
                              optarg);
            break;
        case 'S': o->start = true; break;
        case 'F': o->no_floor = true; break;
        case 'd': o->device = optarg; break;
        case 'T':
            if (!parse_dtypes(o, optarg))
                return refuse("dtype", "f32, bf16 or f32,bf16", optarg);
            break;
        case 'j': o->json = true; break;
        case 'p':
            o->profile = true;
            setenv("S2V_PROFILE", "1", 1);
            break;
        case 'h': fputs(usage, stdout); return 1;
        case 'V': printf("s2v-bench %s\n", s2v_version()); return 1;
        default: return 3; /* option_next() has said what is wrong */
        }
    if (optind < argc)
        return 0;
    fputs("s2v-bench: expected a model, found none\n", stderr);
    return 3;
}

/* All rows of a model. */
static int run_model(const char *path, bench_options *o)
{
    int status = 0;
    for (int d = 0; d < o->n_dtypes; d++)
        for (int t = 0; t < o->n_threads; t++)
            for (int s = 0; s < o->n_sessions; s++) {
                const bench_job job = {.path = path,
                                       .device = o->device,
                                       .dtype = o->dtype[d],
                                       .threads = o->threads[t],
                                       .sessions = o->sessions[s],
                                       .frames = o->frames,
                                       .start = o->start,
                                       .profile = o->profile};
                const int failed = run_row(&job, o);
                status |= failed;
                o->header = o->header && failed;
                if (failed)
                    return status;
            }
    return status;
}

int main(int argc, char **argv)
{
    bench_options o = {.n_threads = 1,
                       .sessions = {1},
                       .n_sessions = 1,
                       .dtype = {"f32"},
                       .n_dtypes = 1,
                       .header = true};
    int stop = parse_options(argc, argv, &o), status = 0;
    if (stop)
        return stop - 1;
    for (int i = optind; i < argc; i++)
        status |= run_model(argv[i], &o);
    return status;
}
