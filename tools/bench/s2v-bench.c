/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s2v-bench: how fast models make frames, one stream, frame by frame, as a
 * filter would. Only the public interface is used. Each row is measured by a
 * process of its own, so that its peak memory is its own, too.
 */
#include <s2v/s2v.h>

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "Usage: s2v-bench [OPTION]... MODEL...\n"
    "Measure how fast models make frames: one stream, frame by frame.\n"
    "\n"
    "  -t, --threads N[,N...]  CPU threads; 0: one for each processor (default "
    "0)\n"
    "  -n, --frames N          frames to measure (default 200)\n"
    "  -d, --device NAME       auto, cpu or ref (default auto)\n"
    "  -T, --dtype NAME[,NAME] f32, bf16 or both (default f32)\n"
    "  -j, --json              print one JSON object for each row\n"
    "  -p, --profile           print where the time goes, too, to the "
    "standard\n"
    "                          error: each step's time and GFLOPS\n"
    "  -h, --help              print this and exit\n"
    "  -V, --version           print the version and exit\n"
    "\n"
    "median, p99: milliseconds from the sound of a frame to the frame, after\n"
    "ten frames that do not count. fps: frames a second, of the mean. rtf: "
    "how\n"
    "many times faster than the model's frame rate. start: from opening the\n"
    "file to the first frame. memory: the most that the process held.\n"
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
    "  s2v-bench --threads 1,2 quintet.bin\n";

enum { WARM_UP = 10, MAX_ROWS = 16 };

typedef struct bench_options {
    int threads[MAX_ROWS], n_threads;
    const char *dtype[2];
    int n_dtypes;
    int frames;
    const char *device;
    bool json, profile, header;
} bench_options;

typedef struct row {
    const char *path, *dtype;
    int threads;
    s2v_model_info info;
    double start_ms; /* from opening the file to the first frame */
    double *ms;      /* of each frame */
    int frames;
} row;

/* ------------------------------------------------------------ measuring -- */

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* A sound that moves: a tone and its octave, swelling and fading. */
static void make_sound(float *to, int64_t first, int n, int rate)
{
    for (int i = 0; i < n; i++) {
        double t = (double)(first + i) / rate;
        to[i] = (float)(0.3 * sin(2764.6 * t) * sin(9 * t) +
                        0.2 * sin(5529.2 * t) * sin(7 * t));
    }
}

/* Send sound, a frame's worth at a time, until the next frame is there. */
static int next_frame(s2v_session *session, const s2v_model_info *info,
                      int64_t *sent, s2v_error *err)
{
    float samples[4096];
    s2v_video_frame frame;
    int hop = info->sample_rate * info->fps_den / info->fps_num, ret;
    if (hop < 1 || hop > 4096)
        hop = 800;
    while ((ret = s2v_session_receive_video(session, &frame, err)) ==
           S2V_ERR_AGAIN) {
        make_sound(samples, *sent, hop, info->sample_rate);
        *sent += hop;
        ret = s2v_session_send_audio(session, samples, (size_t)hop, err);
        if (ret < 0)
            return ret;
    }
    return ret;
}

static void print_line(void *opaque, s2v_log_level level, const char *message)
{
    (void)opaque;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

static int measure(row *r, const bench_options *o, s2v_error *err)
{
    const s2v_model_params params = {.size = sizeof(params),
                                     .device = o->device,
                                     .dtype = r->dtype,
                                     .threads = r->threads,
                                     .log = o->profile ? print_line : NULL};
    s2v_model *model = NULL;
    s2v_session *session = NULL;
    int64_t sent = 0;
    double begin = now_ms();
    int ret = s2v_model_open(&model, r->path, &params, err);
    if (!ret)
        ret = s2v_session_create(&session, model, NULL, err);
    if (!ret) {
        r->info.size = sizeof(r->info);
        s2v_model_get_info(model, &r->info);
        ret = next_frame(session, &r->info, &sent, err);
    }
    r->start_ms = now_ms() - begin;
    for (int i = 1; i < WARM_UP && !ret; i++)
        ret = next_frame(session, &r->info, &sent, err);
    for (int i = 0; i < r->frames && !ret; i++) {
        begin = now_ms();
        ret = next_frame(session, &r->info, &sent, err);
        r->ms[i] = now_ms() - begin;
    }
    s2v_session_close(&session);
    /* The model stays open: its name is printed. The process ends soon. */
    return ret;
}

/* ------------------------------------------------------------- printing -- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const row *r, const bench_options *o)
{
    struct rusage used;
    double sum = 0;
    const double fps = (double)r->info.fps_num / r->info.fps_den;
    getrusage(RUSAGE_SELF, &used);
    for (int i = 0; i < r->frames; i++)
        sum += r->ms[i];
    qsort(r->ms, (size_t)r->frames, sizeof(*r->ms), ascending);
    const double median = r->ms[r->frames / 2];
    const double p99 = r->ms[(r->frames * 99 + 99) / 100 - 1];
    const double rate = 1e3 * r->frames / sum;
    const double memory = (double)used.ru_maxrss / 1024;
    if (o->json) {
        json_t *j = json_pack(
            "{s:s, s:s, s:i, s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f}",
            "model", r->path, "kind", r->info.name, "size", r->info.width,
            "dtype", r->dtype, "device", r->info.device, "threads", r->threads,
            "fps", rate, "ms_median", median, "ms_p99", p99, "rtf", rate / fps,
            "start_ms", r->start_ms, "rss_mb", memory);
        char *text =
            j ? json_dumps(j, JSON_PRESERVE_ORDER | JSON_COMPACT) : NULL;
        puts(text ? text : "{}");
        free(text);
        json_decref(j);
        return;
    }
    if (o->header)
        printf("%-24s %5s %5s %7s %9s %9s %8s %7s %9s %9s\n", "model", "size",
               "dtype", "threads", "median ms", "p99 ms", "fps", "rtf",
               "start ms", "memory MB");
    printf("%-24s %5d %5s %7d %9.2f %9.2f %8.1f %7.2f %9.0f %9.0f\n", r->path,
           r->info.width, r->dtype, r->threads, median, p99, rate, rate / fps,
           r->start_ms, memory);
}

/* In a process of its own: 0, or the exit status. */
static int run_row(const char *path, const char *dtype, int threads,
                   const bench_options *o)
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
    s2v_error err = {0};
    row r = {
        .path = path, .dtype = dtype, .threads = threads, .frames = o->frames};
    r.ms = malloc((size_t)o->frames * sizeof(*r.ms));
    int ret = r.ms ? measure(&r, o, &err) : S2V_ERR_NOMEM;
    if (ret < 0)
        fprintf(stderr, "s2v-bench: %s\n",
                *err.message ? err.message : "out of memory");
    else
        print(&r, o);
    free(r.ms);
    fflush(stdout);
    _exit(ret < 0);
}

/* ------------------------------------------------------------- options -- */

/* A whole number from `min` to `max` at the start of `text`; -1 without. */
static long parse_number(const char *text, long min, long max, char **end)
{
    errno = 0;
    long value = strtol(text, end, 10);
    return errno || *end == text || value < min || value > max ? -1 : value;
}

static bool parse_threads(bench_options *o, const char *text)
{
    char *end;
    o->n_threads = 0;
    for (;; text = end + 1) {
        long value = parse_number(text, 0, 1024, &end);
        if (value < 0 || o->n_threads == MAX_ROWS || (*end && *end != ','))
            return false;
        o->threads[o->n_threads++] = (int)value;
        if (!*end)
            return true;
    }
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
    long value = parse_number(text, 1, 1000000, &end);
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
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "t:n:d:T:jphV", longs, NULL)) != -1)
        switch (c) {
        case 't':
            if (!parse_threads(o, optarg))
                return refuse("threads", "up to 16 numbers from 0 to 1024",
                              optarg);
            break;
        case 'n':
            if (!parse_frames(o, optarg))
                return refuse("frames", "a whole number from 1 to 1000000",
                              optarg);
            break;
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
        default: return 3; /* getopt has said what is wrong */
        }
    if (optind < argc)
        return 0;
    fputs("s2v-bench: expected a model, found none\n", stderr);
    return 3;
}

int main(int argc, char **argv)
{
    bench_options o = {.n_threads = 1,
                       .dtype = {"f32"},
                       .n_dtypes = 1,
                       .frames = 200,
                       .header = true};
    int stop = parse_options(argc, argv, &o), status = 0;
    if (stop)
        return stop - 1;
    for (int i = optind; i < argc; i++)
        for (int k = 0, failed = 0; k < o.n_threads * o.n_dtypes && !failed;
             k++) {
            failed = run_row(argv[i], o.dtype[k % o.n_dtypes],
                             o.threads[k / o.n_dtypes], &o);
            status |= failed;
            o.header = o.header && failed;
        }
    return status;
}
