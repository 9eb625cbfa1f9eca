/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s2v-bench: how fast models make frames, one by one, as a filter would, and
 * the floor below which oneDNN would not let them go. Each row is measured by a
 * process of its own, so that its peak memory is its own, too.
 */
#include "bench.h"

#include "option/option.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_ROWS = 16 };

/* Whole numbers of one option. */
typedef struct bench_list {
    int value[MAX_ROWS], n;
} bench_list;

typedef struct bench_dtypes {
    const char *name[2];
    int n;
} bench_dtypes;

typedef struct bench_options {
    bench_list threads, sessions;
    bench_dtypes dtypes;
    int frames;
    const char *device, *fps;
    bool json, profile, no_floor, start, header;
    const char *compare;
    bench_earlier *earlier; /* of `compare`; NULL: none */
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

static void print_json(const bench_job *job, const bench_row *r,
                       const bench_comparison *c)
{
    json_t *j = json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:f, s:f, "
        "s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}",
        "model", job->path, "kind", r->info.name, "size", r->info.width,
        "dtype", r->info.dtype, "device", r->info.device, "threads",
        job->threads, "sessions", job->sessions, "fps", measured(r->fps),
        "ms_median", measured(r->median), "ms_p99", measured(r->p99), "rtf",
        measured(r->fps / job->sessions / r->rate), "start_ms", r->start,
        "rss_mb", r->memory, "gflops", measured(r->gflop * r->fps), "floor_ms",
        measured(r->floor), "floor_ratio", measured(floor_ratio(job, r)),
        "stream_mb", measured(r->each), "spread", measured(r->spread),
        "fps_low", measured(r->fps_low), "fps_high", measured(r->fps_high),
        "processor", bench_processor());
    if (c)
        json_object_update_new(j, json_pack("{s:o, s:o, s:o}", "before",
                                            measured(c->before), "ratio",
                                            measured(c->ratio), "noise",
                                            measured(c->noise)));
    char *text = j ? json_dumps(j, JSON_PRESERVE_ORDER | JSON_COMPACT) : NULL;
    puts(text ? text : "{}");
    free(text);
    json_decref(j);
}

static void print(const bench_job *job, const bench_row *r,
                  const bench_options *o)
{
    char ratio[16] = "-";
    bench_comparison c;
    if (o->earlier)
        bench_compare(o->earlier, job, r, &c);
    if (o->json) {
        print_json(job, r, o->earlier ? &c : NULL);
        return;
    }
    if (o->header)
        printf("%-24s %5s %5s %7s %8s %9s %8s %8s %7s %8s %6s %7s %6s %7s "
               "%6s%s\n",
               "model", "size", "dtype", "threads", "sessions", "median ms",
               "p99 ms", "fps", "rtf", "start ms", "MB", "MB each", "spread",
               "GFLOPS", "floor", o->earlier ? "   before  ratio noise,%" : "");
    if (floor_ratio(job, r) > 0)
        snprintf(ratio, sizeof(ratio), "%.2f", floor_ratio(job, r));
    printf("%-24s %5d %5s %7d %8d %9.2f %8.2f %8.1f %7.2f %8.0f %6.0f %7.1f "
           "%6.2f %7.0f %6s",
           job->path, r->info.width, r->info.dtype, job->threads, job->sessions,
           r->median, r->p99, r->fps, r->fps / job->sessions / r->rate,
           r->start, r->memory, r->each, r->spread, r->gflop * r->fps, ratio);
    if (o->earlier && c.before > 0)
        printf(" %8.1f %6.3f %7.1f", c.before, c.ratio, 100 * c.noise);
    else if (o->earlier)
        printf(" %8s %6s %7s", "-", "-", "-");
    putchar('\n');
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

/* Numbers with commas between, each within the row's limits. */
static bool parse_list(void *to, const option_row *row, const char *text)
{
    bench_list *list = to;
    for (list->n = 0; list->n < MAX_ROWS; text++) {
        char *end;
        errno = 0;
        const long value = strtol(text, &end, 10);
        if (errno || end == text || value < row->min || value > row->max ||
            (*end && *end != ','))
            return false;
        list->value[list->n++] = (int)value;
        text = end;
        if (!*text)
            return true;
    }
    return false;
}

static bool parse_dtypes(void *to, const option_row *row, const char *text)
{
    static const struct {
        const char *text;
        bench_dtypes dtypes;
    } known[] = {{"f32", {{"f32"}, 1}},
                 {"bf16", {{"bf16"}, 1}},
                 {"f32,bf16", {{"f32", "bf16"}, 2}},
                 {"bf16,f32", {{"bf16", "f32"}, 2}}};
    (void)row;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (!strcmp(text, known[i].text)) {
            *(bench_dtypes *)to = known[i].dtypes;
            return true;
        }
    return false;
}

#define AT(member) offsetof(bench_options, member)

static const option_row rows[] = {
    {"threads", 't', OPTION_PARSED, AT(threads), "N[,N...]", 0, 1024,
     .parse = parse_list, .expected = "up to 16 numbers from 0 to 1024",
     .help = "CPU threads; 0: one per processor (default 0)"},
    {"sessions", 's', OPTION_PARSED, AT(sessions), "N[,N...]", 1, 64,
     .parse = parse_list, .expected = "up to 16 numbers from 1 to 64",
     .help = "parallel streams on one model, each with that number of threads "
             "(default 1)"},
    {"frames", 'n', OPTION_INT, AT(frames), "N", 1, 1000000,
     .help = "frames to measure per stream (default 200; 1500 frames, one "
             "minute, for a video-to-audio model)"},
    {"device", 'd', OPTION_STRING, AT(device), "NAME",
     .help = "auto, cpu, ref, cuda or cuda:N (default auto)"},
    {"dtype", 'T', OPTION_PARSED, AT(dtypes), "NAME[,NAME]",
     .parse = parse_dtypes, .expected = "f32, bf16 or f32,bf16",
     .help = "f32, bf16 or both (default f32)"},
    {"fps", 0, OPTION_STRING, AT(fps), "RATE",
     .help = "frames a second of a StyleGAN's video, which rtf is relative to: "
             "1 to 60, as 12 or 30000/1001 (default 20)"},
    {"start", 0, OPTION_ON, AT(start),
     .help = "measure the start only: the time to the first frame, or for a "
             "video-to-audio model, until it accepts the first frame"},
    {"no-floor", 0, OPTION_ON, AT(no_floor),
     .help = "do not measure the floor, which takes some seconds"},
    {"json", 'j', OPTION_ON, AT(json), .help = "print one JSON object per row"},
    {"compare", 'c', OPTION_STRING, AT(compare), "FILE",
     .help = "also print how much faster this run is than that in FILE, which "
             "--json printed: ratios of frames per second, or of start times "
             "with --start"},
    {"profile", 'p', OPTION_ON, AT(profile),
     .help = "also print a profile to standard error: time and GFLOPS of each "
             "step"},
    {"help", 'h', OPTION_HELP, .help = "print this help and exit"},
    {"version", 'V', OPTION_VERSION, .help = "print the version and exit"},
};

static const option_program program = {
    .name = "s2v-bench",
    .rows = rows,
    .n_rows = OPTION_ROWS(rows),
    .column = 26,
    .usage = "Usage: s2v-bench [OPTION]... MODEL...\n"
             "Measure the speed of models, frame by frame.\n"
             "\n",
    .notes = "\n"
             "median, p99: milliseconds from the audio of a frame to the "
             "frame; for a\n"
             "video-to-audio model, from a frame to the audio that it "
             "completes. The first\n"
             "ten frames are not counted. fps: mean frames per second of all "
             "streams. rtf:\n"
             "speed relative to the frame rate of the video. start: from "
             "opening the file to\n"
             "the first frame. MB: peak memory of the process; MB each: what a "
             "stream adds to\n"
             "the model's, which all share. spread: time of the slowest stream "
             "relative to the\n"
             "fastest. GFLOPS: as counted by the table of ops. "
             "floor: the mean\n"
             "time of a frame relative to the model's\n"
             "convolutions and matrix products alone, through oneDNN, with the "
             "same dtype\n"
             "and threads; it is below 1 where libs2v has a faster algorithm.\n"
             "\n"
             "A name without a slash is searched in the current folder, in the "
             "folders of\n"
             "$S2V_MODEL_PATH (separated by colons) and among the installed "
             "models.\n"
             "Machines are noisy: compare results of one run, and repeat it. "
             "With --compare,\n"
             "before is the earlier run's fps or start, ratio above 1 is "
             "faster, and noise is\n"
             "half the range of the fifths of both runs: a smaller change "
             "tells nothing.\n"
             "\n"
             "Exit status: 0; 1 if a model cannot be run; 2 for a command line "
             "error.\n"
             "\n"
             "Example:\n"
             "  s2v-bench --threads 1,2 --dtype f32,bf16 quintet.bin\n"
             "  s2v-bench --json quintet.bin >before.json\n"
             "  s2v-bench --compare before.json quintet.bin\n",
};

/* All rows of a model. */
static int run_model(const char *path, bench_options *o)
{
    int status = 0;
    for (int d = 0; d < o->dtypes.n; d++)
        for (int t = 0; t < o->threads.n; t++)
            for (int s = 0; s < o->sessions.n; s++) {
                const bench_job job = {.path = path,
                                       .device = o->device,
                                       .fps = o->fps,
                                       .dtype = o->dtypes.name[d],
                                       .threads = o->threads.value[t],
                                       .sessions = o->sessions.value[s],
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
    bench_options o = {.threads = {.n = 1},
                       .sessions = {{1}, 1},
                       .dtypes = {{"f32"}, 1},
                       .header = true};
    int status = option_start(&program, argv, &o);
    if (status >= 0)
        return status;
    if (!argv[1]) {
        fputs("s2v-bench: expected a model, found none: see s2v-bench --help\n",
              stderr);
        return 2;
    }
    if (o.profile)
        setenv("S2V_PROFILE", "1", 1);
    status = o.compare && bench_earlier_open(&o.earlier, o.compare) < 0;
    const bool refused = status;
    for (int i = 1; i < argc && argv[i] && !refused; i++)
        status |= run_model(argv[i], &o);
    bench_earlier_close(&o.earlier);
    return status;
}
